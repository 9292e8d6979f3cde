"""Which system wrote an export: told by columns, JSON keys and names; two candidates or none are said."""

import json
import shutil

import pytest

from toolkit.cli import main
from toolkit.errors import BadData
from toolkit.load import open_data
from toolkit.load.detect import Candidate, recognise
from toolkit.load.files import peek
from toolkit.sources import HERE, FileSpec, Source, SourceSpec, list_sources

CASES = "Id,CaseNumber,Status,CreatedDate,OwnerId,Origin\n500A,1,New,2024-03-01T09:00:00.000Z,005A,Email\n"
TICKETS = {"tickets": [{"id": 1, "created_at": "2024-03-01T09:00:00Z", "status": "open", "via": {"channel": "web"}}]}
OWN = "conversation_id,channel,created_at\na,email,2024-03-01T09:00:00Z\n"


def put(folder, name, content):
    (folder / name).write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
    return folder


@pytest.mark.parametrize(
    "name, content, source, said",
    [
        ("Case.csv", CASES, "salesforce", "Case.csv has the columns Id, CaseNumber"),
        ("whatever.csv", CASES, "salesforce", "whatever.csv has the columns"),  # the name doesn't matter
        ("page 1.json", TICKETS, "zendesk", "page 1.json, tickets[] has the keys"),
        ("my export.csv", OWN, "tables", ""),
    ],
)
def test_an_export_is_known_by_its_columns(tmp_path, name, content, source, said):
    for path in (put(tmp_path, name, content), tmp_path / name):
        found, why = recognise(path)
        assert found == source and said in why and bool(why) == bool(said)
        data = open_data(path)
        assert data.source == source and data.recognised == why
        assert data.counts["rows_used"].sum() == 1


def test_what_is_asked_for_is_not_recognised(tmp_path):
    data = open_data(put(tmp_path, "Case.csv", CASES), source="salesforce")
    assert data.recognised == ""


def test_none_is_told_with_what_there_is_and_what_to_do(tmp_path):
    put(tmp_path, "tickets.csv", "Nr,Datum,Kunde\n1,2,3\n")
    put(tmp_path, "notes.md", "hello")
    for path in (tmp_path, tmp_path / "tickets.csv"):
        with pytest.raises(BadData) as caught:
            open_data(path)
        said = str(caught.value)
        assert "tickets.csv: Nr, Datum, Kunde" in said and f"toolkit map {tmp_path / 'tickets.csv'}" in said
        assert "toolkit sources" in said


@pytest.mark.parametrize(
    "made, said",
    [
        (lambda folder: put(folder, "service.toml", 'time_zone = "UTC"'), "/ holds no export yet: put it there"),
        (lambda folder: put(folder, "notes.bin", "\x00"), "holds nothing that can be read as a table"),
    ],
)
def test_nothing_to_read_is_told(tmp_path, made, said):
    made(tmp_path)
    with pytest.raises(BadData, match=said):
        open_data(tmp_path)


def test_columns_that_anyone_may_have_written_are_shown_short(tmp_path):
    put(tmp_path, "x.csv", "\x1b[31m" + "a" * 300 + ",b\n1,2\n")
    with pytest.raises(BadData) as caught:
        open_data(tmp_path)
    assert "\x1b" not in str(caught.value) and "a" * 41 not in str(caught.value)


def test_an_export_that_lacks_a_column_is_known_by_its_name_and_told_what_it_lacks(tmp_path):
    put(tmp_path, "Case.csv", CASES.replace("CreatedDate", "Created"))
    with pytest.raises(BadData) as caught:
        open_data(tmp_path)
    assert "has no column 'CreatedDate' (did you mean 'Created'?)" in str(caught.value)


@pytest.mark.parametrize("header, is_own", [
    ("conversation_id,channel,topic", True),  # a column is missing, the others are the contract's
    ("Conversation ID,Channel,Opened at,Nr,Kunde,Datum", True),  # each is there, or one that is likely it
    ("Conversation ID,Channel,Teammate,State,Closed at", False),  # another system's that is called so
])  # fmt: skip
def test_a_file_called_as_an_own_table_is_one_only_by_its_columns(tmp_path, header, is_own):
    file = put(tmp_path, "conversations.csv", f"{header}\n{'x,' * header.count(',')}x\n") / "conversations.csv"
    with pytest.raises(BadData) as caught:
        open_data(tmp_path)
    said = str(caught.value)
    assert f"toolkit map {file}" in said  # either way
    assert ("which conversations can't do without" in said) == is_own
    assert ("isn't an export that is known" in said) != is_own


def test_other_ways_out_of_a_system_are_told_and_of_none_is_it_taken(tmp_path):
    """Whatever the file is called: as one of a source's files would be, too."""
    routes = [(source, route) for source in list_sources() for route in source.spec.elsewhere]
    assert {source.name for source, _ in routes} >= {"zendesk", "salesforce", "genesys", "amazon_connect", "intercom"}
    for name in ("tickets.csv", "conversations.csv"):
        for source, route in routes:
            columns = ",".join(f'"{column.upper()}"' for column in [*route.columns, "more"])
            put(tmp_path, name, f"{columns}\n{'1,' * len(route.columns)}1\n")
            with pytest.raises(BadData) as caught:
                recognise(tmp_path / name)
            assert f"  {name} looks like {route.says}\n" in str(caught.value)
            assert f"(toolkit sources {source.name})" in route.says
    folder = tmp_path / "report"
    folder.mkdir()
    put(folder, "report1.csv", "Case Number,Date/Time Opened,Status\n1,3/4/2024,New\n")
    for path in (folder, folder / "report1.csv"):
        with pytest.raises(BadData, match="report1.csv looks like a Salesforce report"):
            open_data(path, source="salesforce")


def test_two_candidates_are_both_told(tmp_path, monkeypatch):
    def source(name):
        spec = SourceSpec(title=name.title(), reads="x", files={"t": FileSpec(patterns=["t.csv"], requires=["a", "b"])})
        return Source(name, HERE / name, spec)

    monkeypatch.setattr("toolkit.load.detect.list_sources", lambda: [source("one"), source("two")])
    put(tmp_path, "t.csv", "a,b\n1,2\n")
    with pytest.raises(BadData) as caught:
        recognise(tmp_path)
    assert (
        "--source one" in str(caught.value) and "--source two" in str(caught.value) and "say which" in str(caught.value)
    )


def test_the_better_of_two_is_taken_and_lookups_alone_are_none(tmp_path):
    put(tmp_path, "t.csv", "a,b,c\n1,2,3\n")
    [table] = peek(tmp_path / "t.csv")

    def candidate(**more):
        spec = SourceSpec(title="x", reads="x", files={"t": FileSpec(patterns=["t.csv"], **more)})
        return Candidate(Source("x", tmp_path, spec), {"t": [table]})

    assert candidate(requires=["a", "b", "c"]).score > candidate(requires=["a", "b"]).score
    assert not candidate(requires=["a"], lookup=True).is_possible


def test_many_daily_files_are_looked_at_by_the_first_and_the_last(tmp_path, monkeypatch):
    for day in range(1, 30):
        put(tmp_path, f"tickets-2024-03-{day:02d}.json", TICKETS)
    seen = []
    real = peek
    monkeypatch.setattr("toolkit.load.detect.peek", lambda path, **more: seen.append(path) or real(path, **more))
    assert recognise(tmp_path)[0] == "zendesk"
    assert len(seen) <= 4


CONTACT = {
    "ContactId": "c1",
    "Channel": "VOICE",
    "InitiationMethod": "INBOUND",
    "InitiationTimestamp": "2024-03-04T10:00:00Z",
    "DisconnectTimestamp": "2024-03-04T10:01:00Z",
}


def test_folders_of_hours_are_read_whole_and_links_that_lead_back_only_once(tmp_path, monkeypatch):
    monkeypatch.setattr("toolkit.load.files.find.MOST_LOOKED_AT", 3)
    for hour in range(6):
        name = f"2024/03/04/{hour:02d}/stream-1-{hour:02d}-0f8b7c6d-1111-4222-8333-abcdefabcde{hour}"
        for top in ("contacts", "of no name"):
            (tmp_path / top / name).parent.mkdir(parents=True)
            # one after the other on one line, as Firehose writes them
            records = [CONTACT | {"ContactId": f"{hour}-{n}"} for n in range(2)]
            (tmp_path / top / name).write_text("".join(map(json.dumps, records)))
        (tmp_path / "contacts" / "2024" / "03" / "04" / f"{hour:02d}" / "back").symlink_to(tmp_path / "contacts")
    (tmp_path / "mixed" / "contacts" / "2024").mkdir(parents=True)
    (tmp_path / "mixed" / "contacts" / "2024" / "one").write_text(json.dumps(CONTACT))
    (tmp_path / "mixed" / "notes.pdf").write_text("x")
    (tmp_path.joinpath(*"123456789") / "x.json").parent.mkdir(parents=True)
    for place in (tmp_path / "contacts", tmp_path / "of no name"):
        seen = set()
        monkeypatch.setattr(
            "toolkit.load.detect.peek", lambda path, seen=seen, **more: seen.add(path) or peek(path, **more)
        )
        assert recognise(place)[0] == "amazon_connect" and len(seen) <= 3
    calls = open_data(tmp_path / "of no name", source="amazon_connect").calls
    assert calls.call_id.nunique().execute() == 12
    data = open_data(tmp_path, source="amazon_connect")  # by their name: below a folder contacts
    assert data.calls.count().execute() == 13
    (unread,) = [note for note in data.notes if note.startswith("Not read")]
    assert all(name in unread for name in ("of no name", "1/2/3/4/5/6/7/8/9", "mixed/notes.pdf"))


def test_every_source_can_be_recognised_by_something():
    for source in list_sources():
        made = [spec for spec in source.spec.files.values() if not spec.lookup]
        assert any(spec.requires if spec.header and spec.format != "lines" else spec.like for spec in made), source.name


EXPECTED = {
    "amazon_connect": "amazon_connect", "anonymous_bank": "anonymous_bank", "asterisk": "asterisk", "asterisk_cdr": "asterisk",
    "freshdesk": "freshdesk", "freeswitch": "freeswitch", "genesys": "genesys", "hubspot": "hubspot", "intercom": "intercom",
    "jira": "jira", "qualtrics": "qualtrics", "salesforce": "salesforce", "servicenow": "servicenow", "threecx": "threecx",
    "twitter_support": "twitter", "whatsapp": "whatsapp", "zendesk": "zendesk", "zendesk_api": "zendesk",
    "zendesk_warehouse": "zendesk",
    # of no system that is known: these go to `toolkit map`
    "generic": None, "sentiment": None, "sf311": None,
}  # fmt: skip


def test_every_folder_of_real_exports_is_taken_for_what_it_is(real_data):
    found = {}
    for folder in sorted(one for one in real_data.iterdir() if one.is_dir()):
        try:
            found[folder.name] = recognise(folder)[0]
        except BadData as error:
            assert "toolkit map" in str(error)
            found[folder.name] = None
    assert found == EXPECTED


def test_a_real_export_among_other_files_is_still_known(real_data, tmp_path):
    shutil.copy(real_data / "genesys" / "conversation_details.json", tmp_path / "download (3).json")
    put(tmp_path, "notes.csv", "a,b\n1,2\n")
    assert open_data(tmp_path).source == "genesys"


def test_a_name_and_two_common_columns_make_no_freshdesk(tmp_path):
    put(tmp_path, "support_tickets_q3.csv", "Ticket ID,Status,Created Date\n1,Open,2024-03-01\n")
    with pytest.raises(BadData) as caught:
        open_data(tmp_path)
    assert "isn't an export that is known" in str(caught.value) and "toolkit map" in str(caught.value)


def test_what_is_taken_by_its_name_says_so_where_it_cannot_be_read(tmp_path):
    put(tmp_path, "Case.csv", CASES.replace("CreatedDate", "Created"))
    with pytest.raises(BadData) as caught:
        open_data(tmp_path)
    assert "The export is taken for Salesforce" in str(caught.value) and "toolkit map" in str(caught.value)


def test_what_was_mapped_is_known_to_its_project(tmp_path, monkeypatch, capsys):
    """From the project's folder, and from its notebooks/; nowhere else, and one that is broken stops nothing."""
    desk = tmp_path / "desk"
    for name in ("data", "notebooks", "sources/broken"):
        (desk / name).mkdir(parents=True)
    put(desk / "sources" / "broken", "source.toml", "title = 1\n")
    rows = "".join(f"T-{n},2024-03-0{n},2024-03-0{n + 1},Chat\n" for n in range(1, 8))
    put(desk / "data", "vorgaenge.csv", f"Ticket Nr,Opened On,Closed On,Channel\n{rows}")
    monkeypatch.chdir(desk)
    with pytest.raises(BadData, match="isn't an export that is known(.|\\n)*broken/source.toml: .* wrong"):
        open_data("data")
    assert main(["map", "data/vorgaenge.csv", "--yes"]) == 0
    assert "Next: toolkit report --data data/vorgaenge.csv\n" in capsys.readouterr().out
    data = open_data("data")
    assert data.source == "vorgaenge" and data.recognised.endswith("(--source sources/vorgaenge)")
    assert data.counts["rows_used"].sum() == 7
    assert main(["check", "--data", "data/vorgaenge.csv"]) == 0
    monkeypatch.chdir(desk / "notebooks")
    assert open_data("data").source == "vorgaenge"
    monkeypatch.chdir(tmp_path)
    with pytest.raises(BadData, match="isn't an export that is known"):
        open_data("desk/data")
