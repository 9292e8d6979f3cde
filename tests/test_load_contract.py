"""What the contract holds besides times and texts: copies, directions, scales, changes of status, agents; forms of an export."""

import json

import pandas as pd
import pytest
from exports import adds_up

from toolkit import metrics
from toolkit.errors import BadData, BadSettings, MissingTable
from toolkit.load import open_data

HEAD = "conversation_id,channel,created_at,agent,direction,closed_at,solved_at,updated_at\n"
AT = "2024-03-{:02d}T{:02d}:00:00Z".format


def write(folder, **files):
    for name, content in files.items():
        (folder / f"{name}.csv").write_text(content, encoding="utf-8")
    return folder


def rows(data, table, *columns):
    return data.every(table).to_pandas().sort_values(data.every(table).columns[0])[list(columns)].values.tolist()


# ------------------------------------------------------------------------------------------ copies


def test_a_row_that_comes_again_newer_replaces_the_older_one(tmp_path):
    # in one file, the newest first: the time of the change decides, not the order
    lines = [f"a,email,{AT(1, 9)},{agent},,,,{AT(day, 9)}\n" for agent, day in (("new", 9), ("old", 2), ("older", 1))]
    data = open_data(write(tmp_path, conversations=HEAD + "".join(lines)))
    assert adds_up(data)
    assert rows(data, "conversations", "agent") == [["new"]]
    assert data.ledger[["rule", "action", "row"]].values.tolist() == [
        ["older copy", "rejected", 3],
        ["older copy", "rejected", 4],
    ]


def test_a_folder_of_daily_exports_is_one_data_set(tmp_path):
    head = "conversation_id,channel,created_at,status\n"
    folder = tmp_path / "conversations"
    folder.mkdir()
    write(folder, **{"2024-03-01": head + f"a,email,{AT(1, 9)},open\nb,email,{AT(1, 10)},open\n"})
    write(
        folder,
        **{"2024-03-02": head + f"a,email,{AT(1, 9)},closed\nc,email,{AT(2, 9)},open\nc,email,{AT(2, 9)},again\n"},
    )
    data = open_data(tmp_path)
    assert adds_up(data)
    assert rows(data, "conversations", "conversation_id", "status") == [["a", "closed"], ["b", "open"], ["c", "open"]]
    found = {(rule, file[-14:], row) for rule, file, row in data.ledger[["rule", "file", "row"]].values.tolist()}
    assert found == {("older copy", "2024-03-01.csv", 2), ("duplicate id", "2024-03-02.csv", 4)}


# -------------------------------------------------------------------------------------- directions


def test_what_the_service_began_is_kept_and_is_no_contact(tmp_path):
    lines = f"a,email,{AT(1, 9)},,inbound,,,\nb,email,{AT(1, 9)},,Proactive,,,\nc,email,{AT(1, 9)},,,,,\nd,email,{AT(1, 9)},,sideways,,,\n"
    calls = "call_id,started_at,outcome,direction,is_callback,contact_id\n" + "".join(
        f"{key},{AT(1, hour)},{outcome},{direction},{callback},{contact}\n"
        for key, hour, outcome, direction, callback, contact in (
            (1, 9, "answered", "inbound", "", "x"),
            (2, 10, "answered", "", "false", "x"),  # a second leg of the same contact
            (3, 11, "answered", "outbound", "", "y"),
            (4, 12, "abandoned", "inbound", "true", "z"),
            (5, 13, "abandoned", "", "", ""),
            (6, 14, "failed", "", "", ""),
            (7, 15, "voicemail", "", "", ""),
        )
    )
    data = open_data(write(tmp_path, conversations=HEAD + lines, calls=calls))
    assert adds_up(data)
    assert data.ledger[["rule", "action"]].values.tolist() == [["unknown category", "repaired"]]  # sideways
    assert metrics.inbound_volume(data.conversations)["n"].tolist() == [3]
    assert rows(data, "conversations", "conversation_id") == [["a"], ["b"], ["c"], ["d"]]
    offered = metrics.abandonment_rate(data.calls)
    assert offered[["n", "abandoned_count"]].values.tolist() == [[4, 1]]  # 1, 2, 5, 7
    assert metrics.inbound_volume(data.calls)["n"].tolist() == [4]  # as many as the abandonment is of
    frame = data.every("calls").to_pandas()
    assert metrics.abandonment_rate(frame)[["n", "abandoned_count"]].values.tolist() == [[4, 1]]
    assert metrics.inbound_volume(frame)["n"].tolist() == [4]
    assert [note for note in data.notes if "began itself" in note] and [
        note for note in data.notes if "callback" in note
    ]


# ------------------------------------------------------------------------------------------ scales


@pytest.mark.parametrize(
    "scores, settings, expected, scale",
    [
        ([(1, 0, 1), (0, 0, 1), (1, 0, 1)], "", 2 / 3, (0, 1)),  # good or bad
        ([(1, 0, 1), (0, 0, 1), (1, 0, 1)], "csat_scale = [1, 5]\n", 2 / 3, (1, 5)),  # 1 of 0 to 1 is 5 of 1 to 5
        ([(5, 1, 7), (6, 1, 7), (7, 1, 7)], "", 2 / 3, (1, 7)),
        ([(5, 1, 5), (4, "", ""), (1, "", "")], "", 2 / 3, (1, 5)),
        ([(5, 1, 5), (1, 1, 5), (1, 0, 1)], "", 2 / 3, (1, 5)),  # the scale of most of them
    ],
)
def test_a_scale_of_two_points_is_not_read_as_one_of_five(tmp_path, scores, settings, expected, scale):
    head = "survey_id,kind,sent_at,answered_at,score,scale_min,scale_max\n"
    lines = [f"{key},csat,{AT(1, 9)},{AT(1, 10)},{a},{b},{c}\n" for key, (a, b, c) in enumerate(scores)]
    (tmp_path / "service.toml").write_text(settings)
    data = open_data(write(tmp_path, surveys=head + "".join(lines)))
    assert adds_up(data) and data.ledger.empty
    assert data.service.csat_scale == scale
    assert metrics.csat(data.surveys)["csat"].tolist() == [pytest.approx(expected)]


def test_a_score_outside_its_own_scale_is_set_aside(tmp_path):
    head = "survey_id,kind,sent_at,score,scale_min,scale_max\n"
    data = open_data(write(tmp_path, surveys=head + f"a,csat,{AT(1, 9)},2,0,1\nb,csat,{AT(1, 9)},1,0,1\n"))
    assert data.ledger[["key", "rule"]].values.tolist() == [["a", "score out of range"]]


# --------------------------------------------------------------------------------- changes, closes


def change(conversation, hour, status, closing="", field="status"):
    return f"{conversation},{field},{AT(1, hour)},{status},{closing}\n"


CHANGES = "conversation_id,field,changed_at,to_value,is_closing\n"


def test_changes_of_status_tell_closes_reopenings_and_waiting(tmp_path):
    changes = [
        change("a", 10, "pending"), change("a", 12, "open"), change("a", 13, "solved"), change("a", 14, "closed"),
        change("b", 10, "Erledigt", "true"), change("b", 11, "open"), change("b", 12, "on hold"), change("b", 13, "open"),
        change("c", 10, "T1", field="team"), change("c", 11, "open"),
        change("zz", 10, "open"),
    ]  # fmt: skip
    lines = "".join(f"{key},email,{AT(1, 9)}\n" for key in "abcd")
    data = open_data(
        write(
            tmp_path,
            conversations="conversation_id,channel,created_at\n" + lines,
            status_changes=CHANGES + "".join(changes),
        )
    )
    assert adds_up(data)
    frame = data.every("conversations").to_pandas().set_index("conversation_id").sort_index()

    def hours(column):
        return [None if pd.isna(at) else at.hour for at in frame[column]]

    assert hours("first_closed_at") == [13, 10, None, None]
    assert hours("closed_at") == [13, None, None, None]  # closing what is solved is no second close; b is open again
    assert hours("reopened_at") == [None, 11, None, None]
    assert [None if pd.isna(n) else int(n) for n in frame["reopen_count"]] == [0, 1, 0, None]  # of d nothing is known
    assert [None if pd.isna(n) else int(n) for n in frame["waiting_seconds"]] == [7200, 0, 0, None]
    assert hours("team_assigned_at") == [None, None, 10, None]
    assert metrics.reopen_rate(data.conversations)[["n", "reopened_count"]].values.tolist() == [[3, 1]]


def test_what_a_conversation_says_itself_stays(tmp_path):
    conversations = f"conversation_id,channel,created_at,closed_at,reopen_count\na,email,{AT(1, 9)},{AT(1, 20)},3\n"
    data = open_data(write(tmp_path, conversations=conversations, status_changes=CHANGES + change("a", 13, "solved")))
    frame = data.every("conversations").to_pandas()
    assert frame["closed_at"].dt.hour.tolist() == [20] and frame["reopen_count"].tolist() == [3]
    assert frame["first_closed_at"].dt.hour.tolist() == [13]


def test_what_was_solved_is_closed_then_and_not_days_later(tmp_path):
    lines = f"a,email,{AT(1, 9)},,,{AT(5, 9)},{AT(1, 11)},\nb,email,{AT(1, 9)},,,,{AT(1, 12)},\nc,email,{AT(1, 9)},,,{AT(1, 13)},,\n"
    data = open_data(write(tmp_path, conversations=HEAD + lines))
    frame = data.every("conversations").to_pandas().sort_values("conversation_id")
    assert [(at.day, at.hour) for at in frame["closed_at"]] == [(1, 11), (1, 12), (1, 13)]
    assert metrics.final_resolution_time(data.conversations)["n"].tolist() == [3]


# ------------------------------------------------------------------------------------------ agents


def test_agents_are_called_by_name_and_bots_are_bots(tmp_path):
    agents = "agent_id,name,team,is_bot\n1,Ada,Care,false\n2,Ada,Sales,false\n3,Robi,,true\n4,,Care,false\n"
    conversations = "conversation_id,channel,created_at,agent,team\n" + "".join(
        f"{key},email,{AT(1, 9)},{agent},{team}\n"
        for key, agent, team in zip("abcde", "12349", ["", "Own", "", "", ""], strict=True)
    )
    messages = "message_id,conversation_id,sent_at,sender,agent\n" + f"m,a,{AT(1, 9)},agent,3\nn,a,{AT(1, 9)},agent,1\n"
    data = open_data(write(tmp_path, agents=agents, conversations=conversations, messages=messages))
    assert adds_up(data)
    expected = [["Ada (1)", "Care"], ["Ada (2)", "Own"], ["Robi", None], ["4", "Care"], ["9", None]]
    got = [[agent, None if pd.isna(team) else team] for agent, team in rows(data, "conversations", "agent", "team")]
    assert got == expected
    assert rows(data, "messages", "sender", "agent") == [["bot", "Robi"], ["agent", "Ada (1)"]]
    assert any("1 agent isn't among" in note for note in data.notes)
    assert data.during("2023-01").agents.count().to_pandas() == 4  # agents are of no period


def test_agents_alone_are_data_without_a_time(tmp_path):
    data = open_data(write(tmp_path, agents="agent_id,name\n1,Ada\n"), period="2024-03")
    assert data.agents.count().to_pandas() == 1 and data.first_event is None
    with pytest.raises(MissingTable, match="conversations"):
        _ = data.conversations


# ------------------------------------------------------------------------------ forms of an export

TOML = """
title = "Two forms"
reads = "old.csv or new.csv, and people.csv"
views = ["both"]
[files.old]
patterns = ["old*.csv"]
requires = ["nr", "born"]
may_lack = ["who"]
optional = true
[files.new]
patterns = ["new*.csv"]
requires = ["key", "created"]
may_lack = ["who", "changed"]
optional = true
[files.people]
patterns = ["people.csv"]
requires = ["id", "name"]
optional = true
lookup = true
without = "agents are shown by their key"
"""
VIEW = """-- raw.people is read elsewhere
SELECT nr AS id, born AS begun, who, NULL AS changed, _file, _row FROM raw.old
UNION ALL SELECT key, created, who, changed, _file, _row FROM raw.new"""
SELECT = """SELECT id AS conversation_id, 'email' AS channel, begun AS created_at, who AS agent, _file, _row, changed AS _version
FROM raw.both WHERE begun <> 'skip'"""


@pytest.fixture
def forms(tmp_path):
    folder = tmp_path / "forms"
    folder.mkdir()
    (folder / "source.toml").write_text(TOML)
    (folder / "both.view.sql").write_text(VIEW)
    (folder / "conversations.sql").write_text(SELECT)
    (folder / "agents.sql").write_text("SELECT id AS agent_id, name, _file, _row FROM raw.people")
    (tmp_path / "export").mkdir()
    return folder


def test_one_select_reads_two_forms_of_an_export(tmp_path, forms):
    export = tmp_path / "export"
    write(export, new=f"key,created,changed\na,{AT(1, 9)},9\na,{AT(1, 10)},10\nb,skip,1\n")
    data = open_data(export, source=forms)
    assert adds_up(data)
    # the versions are numbers: 10 is newer than 9
    assert data.every("conversations").created_at.to_pandas().dt.hour.tolist() == [10]
    assert sorted(data.ledger["rule"]) == ["left out by the source", "older copy"]
    assert "_version" not in data.every("conversations").columns and not data.has("agents")
    assert any("people.csv" in note and "by their key" in note for note in data.notes)
    write(export, old=f"nr,born,who\nc,{AT(1, 9)},7\n", people="id,name\n7,Ada\n")
    data = open_data(export, source=forms)
    assert adds_up(data) and data.has("agents")
    assert rows(data, "conversations", "conversation_id", "agent")[1] == ["c", "Ada"]


def test_what_is_only_looked_up_makes_no_table(tmp_path, forms):
    write(tmp_path / "export", people="id,name\n7,Ada\n")
    data = open_data(tmp_path / "export", source=forms)
    assert not data.has("conversations")


@pytest.mark.parametrize(
    "file, content, error, words",
    [
        ("both.view.sql", "SELECT nope FROM raw.old", BadData, "both.view.sql: can't run: Binder Error"),
        ("source.toml", TOML.replace('["both"]', '["gone"]'), BadSettings, "no gone.view.sql"),
        (
            "source.toml",
            TOML.replace("lookup =", "lookups ="),
            BadSettings,
            "files.people.lookups = True: unknown key; did you mean 'lookup'? Allowed here: patterns,",
        ),
        (
            "source.toml",
            TOML.replace("title", "titel"),
            BadSettings,
            "titel = 'Two forms': unknown key; did you mean 'title'?",
        ),
        ("source.toml", TOML.replace('["people.csv"]', "7"), BadSettings, "files.people.patterns = 7: "),
        ("source.toml", TOML.replace("title =", "title"), BadSettings, "source.toml: is not TOML"),
        (
            "conversations.sql",
            "SELECT id AS conversation_id FROM raw.both",
            BadData,
            "conversations.sql: returns no column 'channel', 'created_at'",
        ),
    ],
)
def test_a_fault_of_the_source_is_told_as_its_own(tmp_path, forms, file, content, error, words):
    (forms / file).write_text(content)
    write(tmp_path / "export", new=f"key,created,changed\na,{AT(1, 9)},9\n")
    with pytest.raises(error) as caught:
        open_data(tmp_path / "export", source=forms)
    assert words in str(caught.value)


def test_prepared_data_knows_the_new_tables(tmp_path):
    export = tmp_path / "export"
    export.mkdir()
    write(
        export,
        agents="agent_id,name\n1,Ada\n",
        conversations=HEAD + f"a,email,{AT(1, 9)},1,proactive,,,\nb,email,{AT(1, 9)},1,,,,\n",
    )
    open_data(export).save(tmp_path / "prepared")
    again = open_data(tmp_path / "prepared")
    assert metrics.inbound_volume(again.conversations)["n"].tolist() == [1]
    assert again.agents.name.to_pandas().tolist() == ["Ada"] and len(rows(again, "conversations", "agent")) == 2
    assert json.loads((tmp_path / "prepared" / "prepared.json").read_text())["tables"]


def test_a_source_is_begun_from_a_skeleton_that_reads(tmp_path, capsys):
    from toolkit.cli import main

    assert main(["source", "new", "helpdesk", "--out", str(tmp_path)]) == 0
    folder = tmp_path / "helpdesk"
    assert str(folder) in capsys.readouterr().out
    export = tmp_path / "export"
    export.mkdir()
    write(export, tickets=f"Ticket ID,Created,Status,Channel\n1,{AT(1, 9)},Open,E-Mail\n2,{AT(1, 9)},Spam,E-Mail\n")
    data = open_data(export, source=folder)
    assert adds_up(data)
    assert rows(data, "conversations", "conversation_id", "channel") == [["1", "e-mail"]]
    assert [reason for reason in data.ledger["reason"] if "spam" in reason]
    for name in ("helpdesk", "zendesk", "../x", "1x", ""):  # there already, the toolkit's own, no name
        assert main(["source", "new", name, "--out", str(tmp_path)]) == 2
        assert "Traceback" not in capsys.readouterr().err


def test_what_no_file_tells_is_left_out_and_not_null(tmp_path, forms):
    toml = TOML.replace(
        'views = ["both"]',
        'views = ["both"]\nblanks_are_null = true\n[needs]\n"conversations.agent" = ["old.who", "new.who"]',
    )
    (forms / "source.toml").write_text(toml)
    export = write(tmp_path / "export", old=f"nr,born\na,{AT(1, 9)}\n,{AT(1, 9)}\n")
    data = open_data(export, source=forms)
    assert adds_up(data) and data.ledger["rule"].tolist() == ["required value missing"]
    assert "agent" not in data.every("conversations").columns
    data = open_data(write(export, new=f"key,created,who\nb,{AT(1, 9)},\n"), source=forms)
    found = data.every("conversations").to_pandas()
    assert found["conversation_id"].tolist() == ["a", "b"] and found["agent"].isna().all()


@pytest.mark.parametrize("needs", ['"conversations.agent" = ["nothing.who"]', 'tickets = ["old"]'])
def test_what_a_need_names_must_be_there(tmp_path, forms, needs):
    (forms / "source.toml").write_text(TOML.replace('views = ["both"]', f'views = ["both"]\n[needs]\n{needs}'))
    with pytest.raises(BadSettings, match="nothing.who|tickets"):
        open_data(tmp_path / "export", source=forms)


# ----------------------------------------------------------------- what readers of this found


def test_of_two_changes_at_one_instant_the_later_row_counts(tmp_path):
    changes = change("a", 10, "pending") + change("a", 10, "solved")
    data = open_data(
        write(
            tmp_path,
            conversations=f"conversation_id,channel,created_at\na,email,{AT(1, 9)}\n",
            status_changes=CHANGES + changes,
        )
    )
    frame = data.every("conversations").to_pandas()
    assert frame["first_closed_at"].notna().all() and (frame["closed_at"] == frame["first_closed_at"]).all()


def test_what_was_opened_again_after_it_was_solved_is_open(tmp_path):
    head = "conversation_id,channel,created_at,solved_at,reopened_at\n"
    lines = f"a,email,{AT(1, 9)},{AT(2, 9)},{AT(3, 9)}\nb,email,{AT(1, 9)},{AT(4, 9)},{AT(3, 9)}\n"
    frame = open_data(write(tmp_path, conversations=head + lines)).every("conversations").to_pandas()
    closed = dict(zip(frame["conversation_id"], frame["closed_at"], strict=True))
    assert pd.isna(closed["a"]) and closed["b"] == pd.Timestamp(AT(4, 9))


def test_numbers_in_the_names_of_files_count_as_numbers(tmp_path):
    folder = tmp_path / "conversations"
    folder.mkdir()
    head = "conversation_id,channel,created_at,status\n"
    write(folder, part_9=head + f"a,email,{AT(1, 9)},open\n", part_10=head + f"a,email,{AT(1, 9)},closed\n")
    assert rows(open_data(tmp_path), "conversations", "status") == [["closed"]]


@pytest.mark.parametrize(
    "word, seconds",
    [
        ("Waiting for customer", 7200), ("pending reminder", 7200), ("Awaiting Info", 7200), ("On Hold", 7200),
        ("Waiting for support", None), ("Warten auf Kunden", None),  # nothing is known to wait: null, and not 0
    ],
)  # fmt: skip
def test_what_waits_for_the_customer_is_known_by_its_word(tmp_path, word, seconds):
    changes = change("a", 10, word) + change("a", 12, "open") + change("a", 13, "closed")
    export = write(
        tmp_path,
        conversations=f"conversation_id,channel,created_at\na,email,{AT(1, 9)}\n",
        status_changes=CHANGES + changes,
    )
    [waited] = open_data(export).every("conversations").to_pandas()["waiting_seconds"]
    assert pd.isna(waited) if seconds is None else waited == seconds


def test_a_source_may_say_what_waits(tmp_path):
    changes = "conversation_id,field,changed_at,to_value,is_waiting\n"
    changes += (
        f"a,status,{AT(1, 10)},beim Kunden,true\na,status,{AT(1, 12)},pending,false\na,status,{AT(1, 13)},closed,\n"
    )
    export = write(
        tmp_path, conversations=f"conversation_id,channel,created_at\na,email,{AT(1, 9)}\n", status_changes=changes
    )
    assert open_data(export).every("conversations").to_pandas()["waiting_seconds"].tolist() == [7200]


def test_a_direction_that_is_not_known_is_emptied_and_its_row_kept(tmp_path):
    calls = "call_id,started_at,outcome,direction\n" + "".join(
        f"{key},{AT(1, 9)},answered,{direction}\n"
        for key, direction in enumerate(("in", "OUT", "sideways", "Incoming"))
    )
    data = open_data(write(tmp_path, calls=calls))
    assert adds_up(data) and len(data.every("calls").to_pandas()) == 4
    assert data.ledger[["rule", "action", "value"]].values.tolist() == [["unknown category", "repaired", "sideways"]]
    assert metrics.abandonment_rate(data.calls)["n"].tolist() == [3]


def test_what_belongs_to_no_contact_goes_with_it(tmp_path):
    conversations = f"conversation_id,channel,created_at,direction\na,email,{AT(1, 9)},\nb,email,{AT(1, 9)},proactive\n"
    messages = "message_id,conversation_id,sent_at,sender\n" + "".join(
        f"{key},{key},{AT(1, 9)},customer\n" for key in "ab"
    )
    calls = f"call_id,started_at,outcome,direction\nc,{AT(1, 9)},answered,\nd,{AT(1, 9)},answered,outbound\n"
    stages = "call_id,position,stage,entered_at\n" + "".join(f"{key},1,queue,{AT(1, 9)}\n" for key in "cd")
    data = open_data(write(tmp_path, conversations=conversations, messages=messages, calls=calls, call_stages=stages))
    for seen in (data, data.during("2024-03")):
        assert metrics.inbound_volume(seen.messages)["n"].tolist() == [1]
        assert seen.call_stages.count().to_pandas() == 1
    assert len(data.every("messages").to_pandas()) == 2


def test_read_at_an_earlier_instant_a_later_reopening_has_not_happened(tmp_path):
    head = "conversation_id,channel,created_at,first_closed_at,closed_at,reopened_at,reopen_count\n"
    lines = f"a,email,{AT(1, 9)},{AT(2, 9)},{AT(6, 9)},{AT(5, 9)},2\nb,email,{AT(1, 9)},{AT(2, 9)},{AT(2, 9)},,0\n"
    export = write(tmp_path, conversations=head + lines)
    for data in (open_data(export).read_at(AT(3, 9)), open_data(export, as_of=AT(3, 9))):
        frame = data.conversations.to_pandas().sort_values("conversation_id")
        assert frame["reopen_count"].tolist() == [1, 0] and frame["reopened_at"].isna().all()


def test_the_second_leg_of_a_contact_is_no_second_contact(tmp_path):
    head = "call_id,started_at,outcome,contact_id,customer_id\n"
    legs = [
        (1, 9, "x", "ann"),
        (2, 10, "x", "ann"),
        (3, 9, "y", "bob"),
        (4, 12, "z", "bob"),
    ]  # bob calls twice, ann once
    calls = head + "".join(f"{key},{AT(1, hour)},answered,{contact},{who}\n" for key, hour, contact, who in legs)
    data = open_data(write(tmp_path, calls=calls))
    for table in (data.calls, data.calls.to_pandas()):
        assert metrics.unique_customers(table)[["n", "repeat_count", "known_count"]].values.tolist() == [[2, 1, 3]]
        assert metrics.inbound_volume(table)["n"].tolist() == [4]
