"""Reading exports: every fault is told, every row is accounted for."""

import datetime
import gzip

import duckdb
import pandas as pd
import pytest
from exports import adds_up

from toolkit import metrics
from toolkit.errors import BadData, BadParameter, BadSettings, MissingColumn, MissingTable, ToolkitError
from toolkit.load import open_data
from toolkit.report import ledger as ledger_page
from toolkit.vocabulary import likely_column

HEADER = "conversation_id,channel,created_at,first_response_at\n"
GOOD = HEADER + "a,email,2024-03-01T09:00:00Z,2024-03-01T09:30:00Z\nb,x,2024-03-01T10:00:00Z,\n"


def export(folder, **files):
    """A folder of CSVs: export(tmp_path, conversations="...")."""
    for name, content in files.items():
        path = folder / (name.replace("_dot_", ".") if "_dot_" in name else f"{name}.csv")
        if isinstance(content, bytes):
            path.write_bytes(content)
        else:
            path.write_text(content, encoding="utf-8")
    return folder


def ledger(data):
    return data.ledger[["key", "rule", "action", "column"]].values.tolist()


def test_a_good_export(tmp_path):
    data = open_data(export(tmp_path, conversations=GOOD))
    assert data.counts[["table", "rows_in", "rows_used"]].values.tolist() == [["conversations", 2, 2]]
    assert data.ledger.empty
    assert data.as_of == datetime.datetime(2024, 3, 1, 10, tzinfo=datetime.UTC)  # the newest event
    assert metrics.response_rate(data.conversations)["response_rate"].tolist() == [0.5]


@pytest.mark.parametrize(
    "row, rule, action",
    [
        ("c,,2024-03-01T09:00:00Z,", "required value missing", "rejected"),
        ("c,NaN,2024-03-01T09:00:00Z,", "required value missing", "rejected"),
        ("c,email,,", "required value missing", "rejected"),
        ("c,email,NaN,", "required value missing", "rejected"),
        ("c,email,yesterday,", "not a time", "rejected"),
        ("c,email,31/02/2024,", "not a time", "rejected"),
        ("c,email,2024-02-30T10:00:00Z,", "not a time", "rejected"),
        ("c,email,03/04/2024 10:00,", "not a time", "rejected"),  # day or month first? nobody said
        ("c,email,2024-03-01T09:00:00Z,soon", "not a time", "rejected"),
        ("c,email,2024-03-01T09:00:00Z,2024-03-01T08:59:59Z", "order of times", "rejected"),
        ("a,email,2024-03-01T09:00:00Z,", "duplicate id", "rejected"),
        ("c, email ,2024-03-01T09:00:00Z,", "surrounding blanks", "repaired"),
        ("c,email,2024-03-01T09:00:00Z,,extra", "unreadable line", "rejected"),
        ('c,"email,2024-03-01T09:00:00Z', "unreadable line", "rejected"),
        ("c,email", "unreadable line", "rejected"),
    ],
)
def test_a_dirty_row_is_in_the_ledger(tmp_path, row, rule, action):
    data = open_data(export(tmp_path, conversations=GOOD + row + "\n"))
    assert adds_up(data)
    assert [(one[1], one[2]) for one in ledger(data)] == [(rule, action)]
    entry = data.ledger.iloc[0]
    assert entry["table"] == "conversations"
    assert entry["file"].endswith("conversations.csv")
    assert entry["row"] == 4  # the line on which it stands
    assert entry["reason"]


@pytest.mark.parametrize(
    "table, content, expected",
    [
        ("calls", "call_id,started_at,talk_seconds\na,2024-03-01,5\nb,2024-03-01,-1\n", [["b", "negative duration"]]),
        ("calls", "call_id,started_at,talk_seconds\na,2024-03-01,315360000\nb,2024-03-01,9223372036854775807\n", [["b", "endless duration"]]),
        ("calls", "call_id,started_at,wrap_up_seconds\na,2024-03-01,5\nb,2024-03-01,1e18\nc,2024-03-01,315360001\n", [["b", "endless duration"], ["c", "endless duration"]]),
        ("calls", "call_id,started_at,talk_seconds\na,2024-03-01,5\nb,2024-03-01,abc\n", [["b", "not a number"]]),
        ("calls", "call_id,started_at,talk_seconds\na,2024-03-01,5\nb,2024-03-01,inf\n", [["b", "not a number"]]),
        ("calls", "call_id,started_at,outcome\na,2024-03-01,answered\nb,2024-03-01,lost\n", [["b", "unknown category"]]),
        ("surveys", "survey_id,kind,sent_at,score\na,csat,2024-03-01,5\nb,csat,2024-03-01,7\n", [["b", "score out of range"]]),
        ("surveys", "survey_id,kind,sent_at,score\na,csat,2024-03-01,5\nb,csat,2024-03-01,0\n", [["b", "score out of range"]]),
        ("surveys", "survey_id,kind,sent_at,score\na,nps,2024-03-01,0\nb,csat,2024-03-01,4.5\n", [["b", "not a whole number"]]),
        ("surveys", "survey_id,kind,sent_at,score\na,nps,2024-03-01,0\nb,ces,2024-03-01,4\n", [["b", "unknown category"]]),
        ("messages", "message_id,conversation_id,sent_at,sender,is_public\na,1,2024-03-01,customer,yes\nb,1,2024-03-01,agent,maybe\n", [["b", "not true or false"]]),
        ("messages", "message_id,conversation_id,sent_at,sender,sentiment\na,1,2024-03-01,customer,-0.6\nb,1,2024-03-01,customer,meh\n", [["b", "unknown sentiment"]]),
        ("site_visits", "day,page,visits\n2024-03-01,/a,3\n2024-03-02,/a,-3\n", [["2024-03-02 / /a", "negative count"]]),
    ],
)  # fmt: skip
def test_rules_of_each_table(tmp_path, table, content, expected):
    data = open_data(export(tmp_path, **{table: content}))
    assert adds_up(data)
    assert data.ledger[["key", "rule"]].values.tolist() == expected


def test_a_label_or_score_in_the_data_wins(tmp_path):
    content = "message_id,conversation_id,sent_at,sender,text,sentiment\n"
    content += "a,1,2024-03-01,customer,wonderful thank you so much,-0.9\nb,1,2024-03-01,customer,terrible awful service,Positive\n"
    content += "c,1,2024-03-01,customer,this is terrible and awful service,\n"
    scored = open_data(export(tmp_path, messages=content)).scored_messages.order_by("message_id").execute()
    assert scored["sentiment"].tolist() == ["negative", "positive", "negative"]
    assert scored["sentiment_engine"].tolist() == ["data", "data", "vader"]


def test_parents_must_be_there(tmp_path):
    messages = (
        "message_id,conversation_id,sent_at,sender\n1,a,2024-03-01T09:00Z,customer\n2,zz,2024-03-01T09:00Z,customer\n"
    )
    data = open_data(export(tmp_path, conversations=GOOD, messages=messages))
    assert ledger(data) == [["2", "unknown parent", "rejected", "conversation_id"]]
    assert adds_up(data)


def test_a_clock_that_runs_ahead(tmp_path):
    rows = GOOD + "c,email,2024-03-09T09:00:00Z,\nd,email,2024-03-01T09:00:00Z,2024-03-09T09:00:00Z\n"
    data = open_data(export(tmp_path, conversations=rows), as_of="2024-03-02T00:00:00Z")
    assert ledger(data) == [
        ["c", "after as_of", "rejected", "created_at"],
        # an answer that had not come yet: the conversation was open then
        ["d", "not yet happened at as_of", "repaired", "first_response_at"],
    ]
    assert metrics.response_rate(data.conversations)["answered_count"].tolist() == [1]
    assert adds_up(data)


@pytest.mark.parametrize(
    "text, zone, utc",
    [
        ("2024-03-01T09:00:00Z", "Europe/Rome", "2024-03-01 09:00:00"),
        ("2024-03-01T09:00:00+02:00", "Europe/Rome", "2024-03-01 07:00:00"),
        ("2024-03-01 09:00:00 UTC", "Europe/Rome", "2024-03-01 09:00:00"),
        ("2024-03-01T09:00Z", "Europe/Rome", "2024-03-01 09:00:00"),
        ("2024-03-01 09:00+0100", "Europe/Rome", "2024-03-01 08:00:00"),
        ("2024-03-01 09:00:00 +01:00", "Europe/Rome", "2024-03-01 08:00:00"),
        ("2024-03-01T09:00:00z", "Europe/Rome", "2024-03-01 09:00:00"),
        ("2024-03-01T09:00:00.250Z", "Europe/Rome", "2024-03-01 09:00:00.250000"),
        ("2024-03-01 09:00:00", "Europe/Rome", "2024-03-01 08:00:00"),
        ("2024-07-01 09:00", "Europe/Rome", "2024-07-01 07:00:00"),
        ("2024-07-01", "Europe/Rome", "2024-06-30 22:00:00"),
        ("2024-10-27 02:30:00", "Europe/Rome", "2024-10-27 00:30:00"),  # shown twice: the first
        ("2024-03-31 02:30:00", "Europe/Rome", "2024-03-31 01:30:00"),  # never shown: moved on
    ],
)
def test_times(tmp_path, text, zone, utc):
    content = f"conversation_id,channel,created_at\na,email,{text}\n"
    folder = export(tmp_path, conversations=content, service_dot_toml=f'time_zone = "{zone}"')
    data = open_data(folder)
    assert str(data.conversations.execute()["created_at"].iloc[0].tz_localize(None)) == utc
    gaps = [["a", "local time does not exist", "repaired", "created_at"]] if text == "2024-03-31 02:30:00" else []
    assert ledger(data) == gaps


def test_times_without_an_offset_or_a_zone_are_told(tmp_path):
    (tmp_path / "raw").mkdir()
    folder = export(
        tmp_path / "raw",
        conversations="conversation_id,channel,created_at,closed_at\na,x,2024-03-01 09:00,2024-03-01T10:00:00Z\n",
        calls="call_id,started_at,ended_at\n1,2024-03-01T09:00:00Z,\n2,2024-03-01 09:00,2024-03-01 09:05\n",
    )
    data = open_data(folder)
    (note,) = [note for note in data.notes if "which time zone" in note]
    # who reads a report is told what was assumed; columns and setting are for those who prepare the data
    assert data.plain_doubts == ["Times carry no time zone: UTC is assumed, so that days and hours may be shifted."]
    assert data.doubts == [note] and note in data.notes_of_period()
    assert "(conversations.created_at, calls.started_at and calls.ended_at)" in note
    assert "taken as UTC" in note and "set time_zone in service.toml" in note
    assert not data.zone_is_known and not data.during("2024-03").zone_is_known
    again = open_data(data.save(tmp_path / "prepared"))
    assert not again.zone_is_known and note in again.notes
    export(folder, service_dot_toml='time_zone = "UTC"')
    told = open_data(folder)
    assert told.zone_is_known and not any("which time zone" in note for note in told.notes)
    assert open_data(told.save(tmp_path / "prepared")).zone_is_known


def test_times_with_an_offset_need_no_zone_to_be_read(tmp_path):
    data = open_data(export(tmp_path, conversations=GOOD))
    assert not any("which time zone" in note for note in data.notes)
    assert not data.zone_is_known  # but whose hours they are isn't told


@pytest.mark.parametrize("order, expected", [("dmy", "2024-04-03 10:00:00"), ("mdy", "2024-03-04 10:00:00")])
def test_mixed_date_formats_when_the_order_is_told(tmp_path, order, expected):
    content = "conversation_id,channel,created_at\na,email,03/04/2024 10:00\nb,email,2024-03-01T00:00:00Z\n"
    data = open_data(export(tmp_path, conversations=content, service_dot_toml=f'date_order = "{order}"'))
    assert (
        str(data.conversations.order_by("conversation_id").execute()["created_at"].iloc[0].tz_localize(None))
        == expected
    )


@pytest.mark.parametrize(
    "content",
    [
        b"\xef\xbb\xbf" + GOOD.encode(),  # BOM
        GOOD.replace(",", ";").encode(),  # semicolons
        GOOD.replace(",", "\t").encode(),
        GOOD.replace("\n", "\r\n").encode(),
        GOOD.rstrip("\n").encode(),  # no final newline
        GOOD.encode("utf-16"),
        GOOD.replace("conversation_id", " Conversation_ID ").encode(),
    ],
)
def test_spellings_of_one_file(tmp_path, content):
    data = open_data(export(tmp_path, conversations=content))
    assert data.conversations.count().execute() == 2
    assert data.ledger.empty


def test_latin_1_is_read_and_said(tmp_path):
    data = open_data(export(tmp_path, conversations=GOOD.replace("email", "caffè").encode("latin-1")))
    assert "caffè" in data.conversations.execute()["channel"].tolist()
    assert any("isn't UTF-8" in note for note in data.notes)


def test_gzip_parts_and_parquet(tmp_path):
    (tmp_path / "a").mkdir()
    with gzip.open(tmp_path / "a" / "conversations.csv.gz", "wt") as file:
        file.write(GOOD)
    assert open_data(tmp_path / "a").conversations.count().execute() == 2
    (tmp_path / "b" / "conversations").mkdir(parents=True)
    for part in (1, 2):
        text = GOOD.replace("\na,", f"\na{part},").replace("\nb,", f"\nb{part},")
        (tmp_path / "b" / "conversations" / f"{part}.csv").write_text(text)
    assert open_data(tmp_path / "b").conversations.count().execute() == 4
    (tmp_path / "c").mkdir()
    frame = pd.DataFrame(
        {"conversation_id": ["a"], "channel": ["x"], "created_at": pd.to_datetime(["2024-03-01T09:00Z"])}
    )
    frame.to_parquet(tmp_path / "c" / "conversations.parquet")
    assert open_data(tmp_path / "c").conversations.count().execute() == 1


def test_a_duckdb_file(tmp_path):
    path = tmp_path / "export.duckdb"
    with duckdb.connect(str(path)) as con:
        con.execute(
            "CREATE TABLE conversations AS SELECT 'a' AS conversation_id, 'x' AS channel, TIMESTAMPTZ '2024-03-01 09:00:00+00' AS created_at"
        )
    assert open_data(path).conversations.count().execute() == 1


@pytest.mark.parametrize(
    "files, words",
    [
        ({"conversations": ""}, ["conversations.csv", "empty"]),
        ({"conversations": "\n"}, ["conversations.csv", "blank"]),
        ({"conversations": "conversation_id,chanel,created_at\na,email,2024-03-01\n"}, ["conversations.csv", "'channel'", "did you mean 'chanel'"]),
        ({"conversations": "conversation_id,channel,created_at\na,email,one\nb,email,two\n"}, ["none of its 2 rows", "created_at", "not a time"]),
        ({"conversations": "conversation_id,channel,channel,created_at\n"}, ["channel", "twice"]),
        ({"conversations": b"PK\x03\x04\x00\x00"}, ["conversations.csv", "zip archive"]),
        ({"conversations": b"a,b\x00\n"}, ["conversations.csv", "null bytes"]),
        ({"notes": "hello"}, ["isn't an export that is known", "notes.csv"]),
        ({"conversations": GOOD, "service_dot_toml": "timezone = 'Europe/Rome'"}, ["service.toml", "timezone", "did you mean 'time_zone'"]),
        ({"conversations": GOOD, "service_dot_toml": "time_zone = 'Rome'"}, ["time_zone", "'Rome'", "Europe/Rome"]),
        ({"conversations": GOOD, "service_dot_toml": "time_zone = "}, ["service.toml", "TOML"]),
    ],
)  # fmt: skip
def test_what_cannot_be_read_says_why(tmp_path, files, words):
    with pytest.raises(ToolkitError) as error:
        open_data(export(tmp_path, **files))
    for word in words:
        assert word in str(error.value)


def test_all_missing_columns_are_told_at_once_with_their_likeliest_match(tmp_path):
    export(
        tmp_path,
        conversations="Ticket ID,via,Opened At,first_response_at\n1,email,2024-03-01,\n",
        messages="message_id,conversation_id,date,direction\n1,1,2024-03-01,in\n",
        surveys="survey_id,kind,sent_on\n1,csat,2024-03-01\n",
        calls="call_id,started_at\n1,2024-03-01\n",
    )
    with pytest.raises(BadData) as error:
        open_data(tmp_path)
    lines = str(error.value).splitlines()
    assert [line.split(": has no column ")[1].split(", which")[0] for line in lines] == [
        "'conversation_id' (did you mean 'Ticket ID'?), 'channel' (did you mean 'via'?), 'created_at' (did you mean 'Opened At'?)",
        "'sent_at' (did you mean 'date'?), 'sender' (did you mean 'direction'?)",
        "'sent_at' (did you mean 'sent_on'?)",
    ]
    assert "conversations.csv" in lines[0] and "which messages can't do without" in lines[1]


def test_raw_columns_that_are_missing_are_told_at_once(tmp_path):
    export(tmp_path, tweets="tweet_id,author,inbound,date,text\n1,a,True,x,y\n")
    with pytest.raises(BadData) as error:
        open_data(tmp_path, source="twitter")
    for word in (
        "'author_id' (did you mean 'author'?)",
        "'created_at' (did you mean 'date'?)",
        "'in_response_to_tweet_id'",
    ):
        assert word in str(error.value)


@pytest.mark.parametrize(
    "wanted, have, likely",
    [
        ("conversation_id", ["id", "ticket_id"], "ticket_id"),
        ("created_at", ["Created"], "Created"),
        ("created_at", ["date", "opened-at"], "opened-at"),
        ("first_response_at", ["first_reply_at"], "first_reply_at"),
        ("closed_at", ["Solved At"], "Solved At"),
        ("score", ["rating"], "rating"),
        ("channel", ["chanel", "x"], "chanel"),
        ("channel", ["x"], None),
        ("channel", [], None),
    ],
)
def test_the_likeliest_column(wanted, have, likely):
    assert likely_column(wanted, have) == likely


def test_a_header_only_is_no_data(tmp_path):
    data = open_data(export(tmp_path, conversations=HEADER))
    assert data.conversations.count().execute() == 0
    assert data.as_of_reason == "now"  # there is no newest event
    buckets = metrics.response_time_buckets(data.conversations)
    assert len(buckets) == 0
    assert metrics.response_rate(data.conversations)[["n", "answered_count"]].values.tolist() == [[0, 0]]
    assert metrics.response_rate(data.conversations)["response_rate"].isna().all()  # undefined, not 0


def test_no_row_in_the_period(tmp_path):
    data = open_data(export(tmp_path, conversations=GOOD), period="2020-01")
    assert data.conversations.count().execute() == 0
    assert data.quality()["in_period"].tolist() == [0]


@pytest.mark.parametrize(
    "arguments, error, words",
    [
        ({"source": "twiter"}, BadParameter, "did you mean 'twitter'"),
        ({"period": "lastweek"}, BadParameter, "lastweek"),
        ({"as_of": "today-ish"}, BadParameter, "as_of"),
        ({"service": "nowhere.toml"}, BadSettings, "nowhere.toml"),
    ],
)
def test_wrong_arguments(tmp_path, arguments, error, words):
    with pytest.raises(error, match=words):
        open_data(export(tmp_path, conversations=GOOD), **arguments)


def test_a_path_that_is_not_there():
    with pytest.raises(BadData, match="no such file or folder"):
        open_data("nowhere/at/all")


def test_a_missing_table_names_the_sources_that_fill_it(tmp_path):
    data = open_data(export(tmp_path, conversations=GOOD))
    with pytest.raises(MissingTable, match="toolkit sources"):
        _ = data.calls
    with pytest.raises(MissingColumn, match="'chanel'.*did you mean 'channel'"):
        metrics.response_rate(data.conversations, by="chanel")


def test_conversations_are_derived_from_messages(tmp_path):
    content = "message_id,conversation_id,sent_at,sender,channel,customer_id\n"
    content += "1,a,2024-03-01T09:00Z,agent,x,\n"  # the brand wrote first: no response to anything
    content += "2,a,2024-03-01T10:00Z,customer,x,ann\n3,a,2024-03-01T10:05Z,bot,x,\n4,a,2024-03-01T10:30Z,agent,x,\n"
    content += "5,b,2024-03-01T11:00Z,agent,x,\n"
    data = open_data(export(tmp_path, messages=content))
    rows = data.conversations.execute()
    assert rows["conversation_id"].tolist() == ["a"]
    assert str(rows["created_at"].iloc[0]) == "2024-03-01 10:00:00+00:00"
    assert str(rows["first_response_at"].iloc[0]) == "2024-03-01 10:30:00+00:00"
    assert rows["customer_id"].tolist() == ["ann"]
    assert any("1 thread holds no customer message" in note for note in data.notes)


def test_topics_from_keywords(tmp_path):
    toml = '[topics.billing]\nkeywords = ["bill", "invoice"]\n[topics.delivery]\nkeywords = ["parcel"]\n'
    messages = "message_id,conversation_id,sent_at,sender,text\n1,a,2024-03-01T09:00Z,customer,My BILLS and an invoice; a parcel\n"
    messages += "2,b,2024-03-01T09:00Z,customer,no handbill (c++) here\n"
    folder = export(tmp_path, conversations=GOOD, messages=messages, service_dot_toml=toml)
    rows = open_data(folder).conversations.order_by("conversation_id").execute()
    assert rows["topic"].fillna("-").tolist() == ["billing", "-"]


def test_prepared_data_is_the_same_data(tmp_path, sample):
    folder = sample.save(tmp_path / "prepared")
    again = open_data(folder, period="2024-03")
    assert again.zone == sample.zone and again.as_of == sample.as_of
    assert len(again.ledger) == len(sample.ledger)
    before = metrics.response_time_buckets(sample.during("2024-03").conversations, by="channel")
    after = metrics.response_time_buckets(again.conversations, by="channel")
    pd.testing.assert_frame_equal(pd.DataFrame(before), pd.DataFrame(after))


def test_the_sample_adds_up_and_finds_what_was_planted(sample):
    from toolkit.sample import planted

    assert adds_up(sample)
    entries = {table: rows.to_csv() for table, rows in sample.ledger.groupby("table")}
    repaired = sample.ledger.query("action == 'repaired'").to_csv()
    for one in planted():
        kind = one["kind"].split(":")[0]
        if kind in ("kept", "inert"):
            assert one["key"] not in entries[one["table"]], one
        else:
            assert one["key"] in entries[one["table"]], one
        if kind == "repaired":
            assert one["key"] in repaired, one


def test_a_source_of_ones_own(tmp_path):
    source = tmp_path / "helpdesk"
    source.mkdir()
    (source / "source.toml").write_text(
        'title = "Help desk"\nreads = "tickets.csv"\ntime_zone = "Europe/Rome"\n[files.tickets]\npatterns = ["tickets.csv"]\nrequires = ["opened"]\n'
    )
    (source / "conversations.sql").write_text(
        "SELECT nr AS conversation_id, 'email' AS channel, opened AS created_at, _file, _row FROM raw.tickets;"
    )
    folder = tmp_path / "data"
    folder.mkdir()
    (folder / "tickets.csv").write_text("nr,opened\n1,2024-07-01 09:00\n")
    data = open_data(folder, source=str(source))
    assert data.zone == "Europe/Rome"
    assert str(data.conversations.execute()["created_at"].iloc[0]) == "2024-07-01 07:00:00+00:00"
    (folder / "tickets.csv").write_text("nr,opend\n1,2024-07-01 09:00\n")
    with pytest.raises(BadData, match="'opened' .did you mean 'opend'"):
        open_data(folder, source=str(source))


@pytest.mark.parametrize("after", ["", "c2,email,2024-03-02,\nc3,email,2024-03-03,\n", 'c2,"e,x",2024-03-02,\n'])
@pytest.mark.parametrize(
    "broken", ['q,email,2024-03-01,"oops', 'q,"email,2024-03-01,', 'q,email,2024-03-01,"a"b', '"q,email,2024-03-01,']
)
def test_a_quote_that_is_never_closed_loses_one_line_only(tmp_path, broken, after):
    data = open_data(export(tmp_path, conversations=HEADER + "c1,email,2024-03-01,\n" + broken + "\n" + after))
    assert adds_up(data)
    assert data.ledger[["rule", "row"]].values.tolist() == [["unreadable line", 3]]
    assert data.conversations.count().execute() == 1 + after.count("\n")


def test_quotes_and_lines_within_quotes_are_fine(tmp_path):
    content = "message_id,conversation_id,sent_at,sender,text\n"
    content += '1,a,2024-03-01,customer,"two\nlines, and a ""quote"""\n2,a,2024-03-01,customer,"oops\n3,a,2024-03-01,customer,fine\n'
    data = open_data(export(tmp_path, messages=content))
    assert data.messages.order_by("message_id").execute()["text"].tolist() == ['two\nlines, and a "quote"', "fine"]
    assert data.ledger["row"].tolist() == [4]


@pytest.mark.parametrize(
    "name", ["_id", "_row", "_file", "_raw_created_at", "_utc_created_at", "select", 'a"b', "n", "filename"]
)
@pytest.mark.parametrize("kind", ["csv", "parquet", "duckdb"])
def test_columns_called_like_our_own(tmp_path, name, kind):
    frame = pd.DataFrame(
        {
            "conversation_id": ["a", "b", "c", "a"],
            "channel": ["x", "x", "x", "y"],
            "created_at": ["2024-03-01", "bad", "2024-03-02", "2024-03-03"],
            name: ["p", "p", "p", "q"],
        }
    )
    if kind == "csv":
        frame.to_csv(tmp_path / "conversations.csv", index=False)
    elif kind == "parquet":
        frame.to_parquet(tmp_path / "conversations.parquet")
    else:
        with duckdb.connect(str(tmp_path / "x.duckdb")) as con:
            con.register("frame", frame)
            con.execute("CREATE TABLE conversations AS SELECT * FROM frame")
            con.execute("CREATE SCHEMA other; CREATE TABLE other.calls AS SELECT 1 AS x")
    data = open_data(tmp_path / "x.duckdb" if kind == "duckdb" else tmp_path)
    assert adds_up(data)
    assert data.ledger[["key", "rule"]].values.tolist() == [["b", "not a time"], ["a", "duplicate id"]]
    rows = data.conversations.order_by("conversation_id").execute()
    assert rows["channel"].tolist() == ["x", "x"]  # the first of the two is kept
    kept = f"{name}_given" if name in ("_row", "_file") else name
    assert rows[kept].tolist() == ["p", "p"]


def test_columns_called_as_those_of_the_weeks_mean_nothing_to_the_figures(tmp_path):
    content = "conversation_id,channel,created_at,first_response_at,Read_At,history_week\n"
    content += "a,email,2024-03-01 09:00,2024-03-01 10:00,2024-03-01 09:10,ok\nb,email,2024-03-04 09:00,,,ok\n"
    data = open_data(export(tmp_path, conversations=content), as_of="2024-03-05T00:00:00Z")
    assert [name for name in data.conversations.columns if name.endswith("_given")] == [
        "Read_At_given",
        "history_week_given",
    ]
    assert metrics.response_rate(data.conversations)[["n", "answered_count"]].values.tolist() == [[2, 1]]
    assert metrics.response_rate(data.read_each("week").conversations, by="week")["n"].tolist() == [1, 1]


@pytest.mark.parametrize(
    "order, text, expected",
    [
        ("dmy", "03/04/24 09:00", "2024-04-03 09:00:00"),
        ("dmy", "15.03.24", "2024-03-15 00:00:00"),
        ("mdy", "1/2/24 5:00 PM", "2024-01-02 17:00:00"),
    ],
)
def test_years_of_two_digits(tmp_path, order, text, expected):
    content = f"conversation_id,channel,created_at\na,email,{text}\n"
    data = open_data(export(tmp_path, conversations=content, service_dot_toml=f'date_order = "{order}"'))
    assert str(data.conversations.execute()["created_at"].iloc[0].tz_localize(None)) == expected


@pytest.mark.parametrize("zone", ["UTC", "Europe/Rome"])
def test_filler_dates(tmp_path, zone):
    content = "conversation_id,channel,created_at,closed_at\n"
    content += "a,x,2024-03-01,9999-12-31 23:59:59\nb,x,2024-03-01,0001-01-01\nc,x,2024-03-01,\n"
    data = open_data(export(tmp_path, conversations=content, service_dot_toml=f'time_zone = "{zone}"'))
    # the far future has not happened yet: open; the year 1 is no time
    assert ledger(data) == [
        ["b", "not a time", "rejected", "closed_at"],
        ["a", "not yet happened at as_of", "repaired", "closed_at"],
    ]
    assert data.conversations.execute()["closed_at"].isna().all()


def test_keys_that_pandas_wrote_as_floats(tmp_path):
    content = "conversation_id,channel,created_at,topic\n1,x,2024-03-01,bills\n2,x,2024-03-01,parts\n"
    surveys = pd.DataFrame(
        {"survey_id": [7, 8], "kind": "csat", "sent_at": "2024-03-01", "score": [1, 5], "conversation_id": [1.0, None]}
    )
    export(tmp_path, conversations=content)
    for write in (
        lambda: surveys.to_csv(tmp_path / "surveys.csv", index=False),
        lambda: surveys.to_parquet(tmp_path / "surveys.parquet"),
    ):
        write()
        data = open_data(tmp_path)
        assert data.surveys.order_by("survey_id").execute()["topic"].fillna("-").tolist() == ["bills", "-"]
        (tmp_path / "surveys.csv").unlink(missing_ok=True)


def test_an_infinite_time_in_parquet_is_told(tmp_path):
    with duckdb.connect() as con:
        con.execute(
            f"COPY (SELECT 'a' AS conversation_id, 'x' AS channel, TIMESTAMPTZ '2024-03-01 00:00:00+00' AS created_at, "
            f"'infinity'::TIMESTAMPTZ AS closed_at UNION ALL SELECT 'b', 'x', '2024-03-01', NULL) TO '{tmp_path}/conversations.parquet'"
        )
    assert ledger(open_data(tmp_path)) == [["a", "not a time", "rejected", "closed_at"]]


def test_what_followed_from_a_later_event_is_emptied_with_it(tmp_path):
    surveys = (
        "survey_id,kind,sent_at,answered_at,score\na,csat,2024-03-01,2024-03-01,5\nb,csat,2024-03-01,2024-03-09,1\n"
    )
    calls = "call_id,started_at,answered_at,ended_at,outcome,talk_seconds\na,2024-03-01,2024-03-09,2024-03-09,answered,9\nb,2024-03-01,2024-03-01,2024-03-01,answered,9\n"
    data = open_data(export(tmp_path, surveys=surveys, calls=calls), as_of="2024-03-02T00:00:00Z")
    assert metrics.csat(data.surveys)[["n", "csat"]].values.tolist() == [[1, 1.0]]
    assert metrics.abandonment_rate(data.calls)[["n", "answered_count"]].values.tolist() == [[2, 1]]
    assert adds_up(data)


def test_a_rejected_row_does_not_say_when_the_data_was_read(tmp_path):
    data = open_data(export(tmp_path, conversations=GOOD + ",email,2025-06-01T00:00:00Z,\n"))
    assert data.as_of == datetime.datetime(2024, 3, 1, 10, tzinfo=datetime.UTC)


def test_two_data_sets_do_not_mix(tmp_path):
    (tmp_path / "1").mkdir()
    (tmp_path / "2").mkdir()
    one, two = (
        open_data(export(tmp_path / "1", conversations=GOOD)),
        open_data(export(tmp_path / "2", conversations=HEADER)),
    )
    assert one.conversations.count().execute() == 2 and two.conversations.count().execute() == 0
    with pytest.raises(Exception, match="[Mm]ultiple backends"):
        one.conversations.union(two.conversations).execute()


def test_a_table_outlives_its_data_set(tmp_path):
    table = open_data(export(tmp_path, conversations=GOOD)).conversations
    assert metrics.response_rate(table)["n"].tolist() == [2]


def test_folders_with_strange_names(tmp_path):
    for name in ("exp[12]", "exp1", "it's, a \u00e9xport"):
        (tmp_path / name).mkdir()
        export(tmp_path / name, conversations=GOOD.replace("\na,", f"\n{len(name)},"))
    for name in ("exp[12]", "it's, a \u00e9xport"):
        assert str(len(name)) in open_data(tmp_path / name).conversations.execute()["conversation_id"].tolist()


def test_files_that_are_not_read_are_named(tmp_path):
    export(tmp_path, conversations=GOOD, calls_2="x", notes_dot_txt="x")
    (tmp_path / "surveys.csv").mkdir()
    (tmp_path / "surveys.csv" / "part.bin").write_bytes(b"x")
    (note,) = [note for note in open_data(tmp_path).notes if note.startswith("Not read")]
    assert "calls_2.csv" in note and "notes.txt" in note and "surveys.csv" in note


def test_csv_beside_parquet_is_refused(tmp_path):
    export(tmp_path, conversations=GOOD)
    pd.DataFrame({"conversation_id": ["z"]}).to_parquet(tmp_path / "conversations.parquet")
    with pytest.raises(BadData, match="keep one of CSV and Parquet"):
        open_data(tmp_path)


def test_capital_letters_in_file_names(tmp_path):
    with gzip.open(tmp_path / "CONVERSATIONS.CSV.GZ", "wt") as file:
        file.write(GOOD)
    assert open_data(tmp_path).conversations.count().execute() == 2


@pytest.mark.parametrize(
    "given, kept, rule, shown",
    [
        ("\x1f", None, "nothing but blanks", "\\x1f"),
        ("\x01", None, "nothing but blanks", "\\x01"),
        ("\t \u00a0", None, "nothing but blanks", "\\x09 \\xa0"),
        (" ", None, "nothing but blanks", " "),
        ("x\x01", "x", "surrounding blanks", "x\\x01"),
        ("\x1fx\x01y", "x\x01y", "surrounding blanks", "\\x1fx\\x01y"),
        ("x\x01y", "x\x01y", None, None),  # what isn't changed isn't told
        ("", None, None, None),
        ("x", "x", None, None),
    ],
)
@pytest.mark.parametrize("kind", ["csv", "parquet"])
def test_control_characters_are_cut_and_told(tmp_path, given, kept, rule, shown, kind):
    frame = pd.DataFrame(
        {"conversation_id": ["a"], "channel": "x", "created_at": "2024-03-01", "topic": given, "own": given}
    )
    frame.to_csv(tmp_path / "conversations.csv", index=False) if kind == "csv" else frame.to_parquet(
        tmp_path / "conversations.parquet"
    )
    data = open_data(tmp_path)
    row = data.conversations.execute().iloc[0]
    assert [None if pd.isna(row[column]) else row[column] for column in ("topic", "own")] == [kept, kept]
    told = data.ledger[["rule", "action", "column", "value"]].values.tolist()
    assert told == ([[rule, "repaired", column, shown] for column in ("topic", "own")] if rule else [])


def test_a_file_of_unreadable_lines_only_is_an_error(tmp_path):
    with pytest.raises(BadData, match="none of its 2 rows can be used"):
        open_data(export(tmp_path, conversations=HEADER + "a\nb\n"))
    with pytest.raises(BadData, match="its only row cannot be used: conversations: unreadable line"):
        open_data(export(tmp_path, conversations=HEADER + "a\n"))


def test_the_ledger_of_data_that_is_refused(tmp_path):
    with pytest.raises(BadData, match="none of its 3 rows can be used") as error:
        open_data(export(tmp_path, conversations=HEADER + "a,x,soon,\nb,x,later,\nc\n"))
    assert error.value.ledger[["rule", "row"]].values.tolist() == [
        ["unreadable line", 4],
        ["not a time", 2],
        ["not a time", 3],
    ]


@pytest.mark.parametrize(
    "files, table, rule",
    [
        ({"surveys": "survey_id,kind,sent_at\n1,csat,soon\n2,csat,later\n"}, "surveys", "not a time"),
        ({"messages": "message_id,conversation_id,sent_at,sender\n1,77,2024-03-01,agent\n2,78,2024-03-01,agent\n"}, "messages", "unknown parent"),
        ({"calls": "call_id,started_at\n1\n2\n"}, "calls", "unreadable line"),
    ],
)  # fmt: skip
def test_a_table_that_cannot_be_used_does_not_stop_the_others(tmp_path, files, table, rule):
    data = open_data(export(tmp_path, conversations=GOOD, **files))
    assert metrics.response_rate(data.conversations)["n"].tolist() == [2]
    with pytest.raises(MissingTable, match=table):
        getattr(data, table)
    (note,) = [note for note in data.notes if "set aside" in note]
    assert str(tmp_path) not in note  # where the files lie is no reader's business
    assert (
        note.startswith(f"{table.capitalize()}: set aside")
        and "none of its 2 rows can be used" in note
        and rule in note
    )
    assert data.ledger[["table", "rule"]].values.tolist() == [[table, rule]] * 2
    assert data.counts.set_index("table").loc[table, ["rows_in", "rows_used", "rejected"]].tolist() == [2, 0, 2]
    assert data.quality()["in_period"].tolist() == [2, 0]
    assert adds_up(data)
    again = open_data(data.save(tmp_path / "prepared"))
    assert list(again.tables) == ["conversations"] and note in again.notes


def test_conversations_that_cannot_be_used_are_not_made_of_messages(tmp_path):
    messages = "message_id,conversation_id,sent_at,sender\n1,a,2024-03-01,customer\n"
    data = open_data(export(tmp_path, conversations=HEADER + "a,x,soon,\n", messages=messages))
    assert list(data.tables) == ["messages"]
    assert adds_up(data)


HELPDESK = """
title = "Help desk"
reads = "tickets.csv, people.csv"
[files.tickets]
patterns = ["tickets*.csv"]
[files.people]
patterns = ["people.csv"]
optional = true
"""


def helpdesk(folder, toml=HELPDESK, **selects):
    """A source of one's own: helpdesk(tmp_path, conversations="SELECT ...")."""
    source = folder / "helpdesk"
    source.mkdir()
    (source / "source.toml").write_text(toml)
    for table, select in selects.items():
        (source / f"{table}.sql").write_text(select)
    (folder / "data").mkdir()
    return str(source), folder / "data"


TICKETS = "nr,kind,opened,who\n1,ticket,2024-03-01,p\n2,deleted,2024-03-01,p\n\n3,call,2024-03-01,q\nbad\n4,ticket,2024-03-02,q\n"
CONVERSATIONS = (
    "SELECT nr AS conversation_id, 'x' AS channel, opened AS created_at, tickets._file, tickets._row FROM raw.tickets"
)


def test_rows_that_a_source_leaves_out_are_told(tmp_path):
    source, folder = helpdesk(tmp_path, conversations=CONVERSATIONS + " WHERE kind = 'ticket'")
    export(folder, tickets_1=TICKETS, tickets_2=TICKETS.replace("\n1,", "\n10,").replace("\n4,", "\n40,"))
    data = open_data(folder, source=source)
    assert data.counts[["table", "rows_in", "rows_used", "rejected"]].values.tolist() == [["conversations", 10, 4, 6]]
    assert adds_up(data)
    told = [(row["rule"], row["file"][-5:], row["row"], row["value"]) for _, row in data.ledger.iterrows()]
    assert told == [
        (rule, f"{file}.csv", row, value)
        for file in (1, 2)
        for rule, row, value in (
            ("left out by the source", 3, "2, deleted, 2024-03-01, p"),
            ("left out by the source", 5, "3, call, 2024-03-01, q"),
            ("unreadable line", 6, "bad"),
        )
    ]
    assert data.ledger["reason"].iloc[0].endswith("(conversations.sql)")


def test_what_another_select_or_unused_sql_returns_is_not_left_out(tmp_path):
    source, folder = helpdesk(
        tmp_path,
        conversations=CONVERSATIONS + " WHERE kind = 'ticket'",
        calls="SELECT nr AS call_id, opened AS started_at, _file, _row FROM raw.tickets WHERE kind = 'call'",
        unused="SELECT 'conversations' AS \"table\", nr AS value, 'it was deleted' AS reason, _file, _row FROM raw.tickets WHERE kind = 'deleted'",
    )  # fmt: skip
    data = open_data(export(folder, tickets=TICKETS), source=source)
    assert data.ledger[["rule", "row"]].values.tolist() == [["set aside on purpose", 3], ["unreadable line", 6]]
    assert data.counts[["table", "rows_in", "rows_used"]].values.tolist() == [["conversations", 4, 2], ["calls", 1, 1]]
    # what was deleted is no wrong row
    assert data.counts[["rejected", "on_purpose"]].values.tolist() == [[2, 1], [0, 0]] and adds_up(data)
    assert data.quality()["on_purpose"].tolist() == [1, 0] and "on_purpose" not in open_data("data/sample").quality()
    said = "<h1>60.0\xa0% of the rows are used; 1 left out on purpose, 1 set aside, 0 mended</h1>"
    assert said in ledger_page.draw(data, data.as_of)


def test_a_file_that_is_looked_up_is_not_left_out(tmp_path):
    joined = CONVERSATIONS.replace("nr AS", "name AS agent, nr AS") + " LEFT JOIN raw.people ON id = who"
    source, folder = helpdesk(tmp_path, conversations=joined)
    data = open_data(export(folder, tickets=TICKETS, people="id,name\np,Ann\nz,Zoe\n"), source=source)
    assert data.ledger["rule"].tolist() == ["unreadable line"]
    assert adds_up(data)


def test_a_source_that_leaves_everything_out(tmp_path):
    source, folder = helpdesk(tmp_path, conversations=CONVERSATIONS + " WHERE kind = 'nothing'")
    with pytest.raises(BadData, match="none of its 5 rows can be used.*left out by the source") as error:
        open_data(export(folder, tickets=TICKETS), source=source)
    assert len(error.value.ledger) == 5


@pytest.mark.parametrize(
    "toml, told", [(HELPDESK, 1), (HELPDESK.replace('"tickets*.csv"]', '"tickets*.csv"]\naggregates = true'), 0)]
)
def test_events_that_make_one_row_are_not_left_out_where_the_source_says_so(tmp_path, toml, told):
    select = "SELECT nr AS call_id, min(opened) AS started_at, max(opened) AS ended_at, min(_file) AS _file, min(_row) AS _row FROM raw.tickets GROUP BY nr"
    source, folder = helpdesk(tmp_path, toml, calls=select)
    data = open_data(export(folder, tickets="nr,opened\n1,2024-03-01\n1,2024-03-02\n"), source=source)
    assert data.ledger["rule"].tolist() == ["left out by the source"] * told
    assert adds_up(data)


def test_asterisk_rotated_junk_and_local_times(tmp_path):
    export(tmp_path, queue_log_dot_1="1700000000|c1|q|NONE|ENTERQUEUE||555|1\n")
    (tmp_path / "queue_log.1").exists()
    (tmp_path / "queue_log").write_text(
        "1700000030|c1|q|Agent/1|CONNECT|30|x|5\n1700000040|c1|q|Agent/1|COMPLETECALLER|30|10|1\n"
        "junk\n1700000050|c0|q|Agent/1|COMPLETECALLER|30|10|1\nnot a time|c1|q|NONE|ENTERQUEUE||1|1\n"
        "2024-01-01 10:00:00.123|c3|q|NONE|ENTERQUEUE||1|1\n"
    )
    (tmp_path / "service.toml").write_text('time_zone = "Europe/Rome"')
    data = open_data(tmp_path, source="asterisk")
    rows = data.calls.order_by("call_id").execute()
    assert rows["call_id"].tolist() == ["c1", "c3"]
    assert rows["outcome"].fillna("-").tolist() == ["answered", "-"]
    assert str(rows["started_at"].iloc[1]) == "2024-01-01 09:00:00.123000+00:00"
    assert data.ledger["rule"].tolist() == ["unusable line", "set aside on purpose", "unusable line"]
    assert adds_up(data)


def test_tweets_twice_and_without_direction(tmp_path):
    header = "tweet_id,author_id,inbound,created_at,text,in_response_to_tweet_id\n"
    when = "Tue Oct 31 22:10:47 +0000 2017"
    chain = "".join(
        f"{n},{'brand' if n % 2 else 'ann'},{'False' if n % 2 else 'True'},{when},t,{n - 1 if n else ''}\n"
        for n in range(40)
    )
    lost = f"99,ann,,{when},t,0\n"
    data = open_data(export(tmp_path, tweets=header + chain + chain + lost), source="twitter")
    assert data.conversations.count().execute() == 1
    assert sorted(data.ledger["rule"].value_counts().items()) == [("duplicate id", 40), ("required value missing", 1)]


def test_messages_with_a_time_of_creation_of_their_own(tmp_path):
    content = "message_id,conversation_id,sent_at,sender,created_at\n1,a,2024-03-01T09:00Z,customer,2024-01-01\n"
    assert (
        str(open_data(export(tmp_path, messages=content)).conversations.execute()["created_at"].iloc[0])[:10]
        == "2024-03-01"
    )


def test_prepared_without_sentiment_is_scored_when_asked(tmp_path, sample):
    again = open_data(sample.save(tmp_path / "prepared", sentiment=False))
    assert again.scored_messages.sentiment.count().execute() > 1000


def test_prepared_data_that_is_broken_says_so(tmp_path):
    (tmp_path / "prepared.json").write_text("{")
    with pytest.raises(BadData, match="prepared.json"):
        open_data(tmp_path)


def test_no_comparison_with_a_time_that_the_data_does_not_cover(tmp_path):
    rows = "".join(f"c{day},email,2024-03-{day:02d}T09:00:00Z,\n" for day in range(1, 32))
    data = open_data(export(tmp_path, conversations=HEADER + rows))
    assert data.during("2024-03-25..2024-03-31").previous.period.label == "2024-W12"
    assert data.during("-28d").previous is None  # the 28 days before begin in February
    assert any("no comparison" in note for note in data.during("-28d").notes_of_period())


def test_the_covered_part_of_a_period(tmp_path):
    data = open_data(export(tmp_path, conversations=GOOD + "c,email,2024-03-05T09:00:00Z,\n"), period="2024-03")
    # the 5th was not over when the data was read
    assert (data.covered.first_day, data.covered.last_day) == (datetime.date(2024, 3, 1), datetime.date(2024, 3, 4))
