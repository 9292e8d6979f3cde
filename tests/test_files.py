"""Files of every kind: rows in = rows used + ledger, and a sentence for what can't be read."""

import gzip
import json
import sqlite3
import zipfile
from pathlib import Path

import pandas as pd
import pytest
from exports import adds_up
from workbooks import xlsx

from toolkit.errors import BadData
from toolkit.load import open_data
from toolkit.load.files import packed, peek

HEADER = "conversation_id,channel,created_at,topic\n"
CSV = HEADER + "a,email,2024-03-01,bills\nb,x,2024-03-02,\n"
RECORDS = [
    {"conversation_id": "a", "channel": "email", "created_at": "2024-03-01", "topic": "bills"},
    {"conversation_id": "b", "channel": "x", "created_at": "2024-03-02", "topic": None},
]
HOSTILE = 'it\'s; DROP TABLE x --\n"q" [1].json'


def written(folder, name, content):
    folder.mkdir(exist_ok=True, parents=True)
    (folder / name).parent.mkdir(exist_ok=True)
    if isinstance(content, bytes):
        (folder / name).write_bytes(content)
    else:
        (folder / name).write_text(content, encoding="utf-8")
    return folder


def opened(folder, name, content, source="tables"):
    return open_data(written(folder, name, content), source=source)


def rows_of(data):
    rows = data.conversations.order_by("conversation_id").execute()
    return rows[["conversation_id", "channel", "topic"]].fillna("-").values.tolist()


def told(data):
    assert adds_up(data)
    return data.ledger[["rule", "row"]].values.tolist()


def source_of(folder, toml, **selects):
    """A source of one file of one's own; the selects by their tables."""
    (folder / "desk").mkdir()
    (folder / "desk" / "source.toml").write_text('title = "Desk"\nreads = "tickets"\n' + toml)
    for table, select in selects.items():
        (folder / "desk" / f"{table}.sql").write_text(select)
    return str(folder / "desk")


TICKETS = "SELECT id AS conversation_id, 'x' AS channel, opened AS created_at, who->>'$.name' AS agent, _file, _row FROM raw.t"
TOML = '[files.t]\npatterns = ["tickets*.json"]\nrecords = ["tickets", "data.items", ""]\nrequires = ["id", "opened"]\nmay_lack = ["who"]\n'
ONE = {"id": 9223372036854775807, "opened": "2024-03-01", "who": {"name": "Ann", "ids": [1, 2]}}


# --- JSON -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "content",
    [
        json.dumps(RECORDS),
        json.dumps(RECORDS, indent=2),
        json.dumps({"conversations": RECORDS, "next_page": None}),
        json.dumps({"meta": {"count": 2}, "data": {"rows": RECORDS}}),
        "\ufeff" + json.dumps(RECORDS),
        "\n\n".join(map(json.dumps, RECORDS)) + "\n",
        "\r\n".join(map(json.dumps, RECORDS)),
        json.dumps(RECORDS).encode("utf-16"),
        gzip.compress(json.dumps(RECORDS).encode()),
        "\n".join(json.dumps([one], indent=1) for one in RECORDS),  # pages put together
    ],
)
def test_json_of_any_form(tmp_path, content):
    data = opened(tmp_path, "conversations.json", content)
    assert rows_of(data) == [["a", "email", "bills"], ["b", "x", "-"]]
    assert told(data) == []


def test_a_broken_line_and_what_is_no_object_are_in_the_ledger(tmp_path):
    lines = [json.dumps(RECORDS[0]), "", '{"conversation_id": "c", ', "17", json.dumps(RECORDS[1]), '"text"']
    data = opened(tmp_path, "conversations.ndjson", "\n".join(lines))
    assert told(data) == [["unreadable line", 3], ["unreadable line", 4], ["unreadable line", 6]]
    assert len(rows_of(data)) == 2
    data = opened(tmp_path, "conversations.ndjson", json.dumps([*RECORDS, 17, None, [RECORDS[0]]]))
    assert told(data) == [["unreadable line", row] for row in (3, 4, 5)]


def test_records_of_pages_and_of_one_object(tmp_path):
    source = source_of(tmp_path, TOML, conversations=TICKETS)
    folder = tmp_path / "data"
    written(
        folder,
        "tickets-1.json",
        json.dumps({"tickets": [ONE, {"id": 2, "opened": "2024-03-01", "more": 1.50}], "count": 2}),
    )
    written(folder, "tickets-2.json", json.dumps({"data": {"items": [{"id": "3", "opened": "soon"}]}}))
    written(folder, "tickets-3.json", json.dumps({"tickets": {"id": 4, "opened": "2024-03-01", "who": None}}))
    written(folder, "tickets-4.json", json.dumps({"id": 5, "opened": "2024-03-01"}))
    data = open_data(folder, source=source)
    assert told(data) == [["not a time", 1]]
    rows = data.conversations.order_by("conversation_id").execute()
    assert rows[["conversation_id", "agent"]].fillna("-").values.tolist() == [
        ["2", "-"],
        ["4", "-"],
        ["5", "-"],
        ["9223372036854775807", "Ann"],
    ]


def test_an_empty_page_beside_others(tmp_path):
    source = source_of(tmp_path, TOML, conversations=TICKETS)
    written(tmp_path / "data", "tickets-1.json", json.dumps({"tickets": [ONE]}))
    written(tmp_path / "data", "tickets-2.json", json.dumps({"tickets": []}))
    data = open_data(tmp_path / "data", source=source)
    assert told(data) == [] and data.conversations.count().execute() == 1


def test_strange_keys_and_values(tmp_path):
    record = {
        **RECORDS[0],
        'a"b; DROP': "1",
        "a/b~c.d": "2",
        "": "3",
        "Topic": "again",
        "_file": "mine",
        "deep": [[{"x": [1]}]],
        "n": 12345678901234567890123,
    }
    text = json.dumps(record)[:-1] + ', "twice": 1, "twice": 2, "half": "\\ud83d", "zero": "a\\u0000b"}'
    data = opened(tmp_path, "conversations.json", f"[{text}]")
    row = data.conversations.execute().iloc[0]
    assert told(data) == []
    assert row[['a"b; DROP', "a/b~c.d", "column6", "topic", "Topic_2", "_file_given"]].tolist() == [
        "1",
        "2",
        "3",
        "bills",
        "again",
        "mine",
    ]
    assert row[["deep", "n", "half", "zero"]].tolist() == ['[[{"x":[1]}]]', "12345678901234567890123", "\ufffd", "a\0b"]


def test_a_key_that_is_there_twice_is_told(tmp_path):
    text = json.dumps(RECORDS[0])[:-1] + ', "twice": 1, "twice": 2}'
    data = opened(tmp_path, "conversations.json", f"[{text}]")
    assert data.conversations.execute()["twice"].tolist() == ["1"]
    assert any("1 record has a key twice" in note for note in data.notes)


@pytest.mark.parametrize(
    "content, words",
    [
        (json.dumps({"tickets": [ONE, ONE]})[:-20], ["breaks off at byte", "download it again"]),
        ('{"tickets": [{"id": 1, "opened": "20', ["breaks off at byte 36"]),
        ('{"tickets": [{"id": 1} {"id": 2}]}', ["isn't JSON from byte 23 on"]),
        ("<html>Please log in</html>", ["isn't JSON but a web page"]),
        ("", ["is empty"]),
        ("[" * 100_000, ["too deep"]),
        ('{"users": [{"id": 1}]}', ["'tickets' or 'data.items'", "'opened'"]),
        ('{"tickets": "none"}', ["'opened'"]),
        (json.dumps({f"k{n}": 1 for n in range(6000)}), ["6,000 keys"]),
        ('{"tickets": [{"id": 1, "Opened-At": 2}]}', ["'opened' (did you mean 'Opened-At'?)"]),
    ],
)  # fmt: skip
def test_json_that_cannot_be_read_says_why(tmp_path, content, words):
    source = source_of(tmp_path, TOML if "users" not in content else TOML.replace(', ""', ""), conversations=TICKETS)
    with pytest.raises(BadData) as error:
        opened(tmp_path / "data", "tickets.json", content, source=source)
    assert "tickets.json" in str(error.value)
    wanted = words[:1] if "users" in content else words
    assert all(word in str(error.value) for word in wanted), str(error.value)


# --- archives ---------------------------------------------------------------------------------------


def zipped(path, members):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return path


def test_a_zip_is_read_as_the_folder_that_it_holds(tmp_path):
    members = {
        "Export 2024/conversations.csv": CSV,
        "Export 2024/messages/1.json": json.dumps([{"message_id": 1, "conversation_id": "a", "sent_at": "2024-03-01", "sender": "customer"}]),
        "Export 2024/read me.pdf": "x",
        "__MACOSX/._conversations.csv": "x",
    }  # fmt: skip
    path = zipped(tmp_path / "export.zip", members)
    for place in (path, tmp_path):
        data = open_data(place)
        assert told(data) == [] and len(rows_of(data)) == 2
        assert data.messages.count().execute() == 1
        assert any("read me.pdf" in note for note in data.notes)
        assert [file[-34:] for file in data.files][0].endswith("export.zip/conversations.csv")
    assert open_data(path, as_of="file").as_of_reason == "file"
    assert sorted(str(one.file)[len(str(path)) :] for one in peek(path) if one.columns[0] != "x") == [
        "/conversations.csv",
        "/messages/1.json",
    ]


def test_the_ledger_of_a_file_in_a_zip(tmp_path):
    zipped(tmp_path / "x.zip", {"conversations.csv": CSV + "short\n", "../../evil.csv": "x", "/etc/evil.csv": "x"})
    data = open_data(tmp_path)
    assert told(data) == [["unreadable line", 4]]
    assert data.ledger["file"].tolist() == [f"{tmp_path}/x.zip/conversations.csv"]
    assert not (tmp_path.parent / "evil.csv").exists()


def test_bombs_are_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(packed, "LARGEST", 1 << 20)
    bomb = HEADER + "a,email,2024-03-01," + "0" * (8 << 20) + "\n"
    zipped(tmp_path / "x.zip", {"conversations.csv": bomb})
    with pytest.raises(BadData, match="x.zip: unpacks to more than 1 MB, more than 100 times its size"):
        open_data(tmp_path)
    with pytest.raises(BadData, match="unpacks to more than"):
        opened(tmp_path / "gz", "conversations.xlsx.gz", gzip.compress(b"PK\x03\x04" + bytes(8 << 20)))
    xlsx(tmp_path / "conversations.xlsx", {"S": [HEADER.strip().split(","), ["a", "x", "2024-03-01", "0" * (4 << 20)]]})
    with pytest.raises(BadData, match="conversations.xlsx: unpacks to more than"):
        open_data(tmp_path / "conversations.xlsx")


@pytest.mark.parametrize(
    "content, words",
    [
        (b"PK\x03\x04nothing", "can't be opened"),
        (b"text", "isn't the zip archive that it is called"),
        (None, "without a file"),
    ],
)
def test_what_is_no_archive(tmp_path, content, words):
    if content is None:
        zipped(tmp_path / "conversations.zip", {})
    else:
        written(tmp_path, "conversations.zip", content)
    with pytest.raises(BadData, match=words):
        open_data(tmp_path / "conversations.zip")


@pytest.mark.parametrize(
    "name", ["conversations.parquet", "conversations.xlsx", "conversations.json", "conversations.tsv"]
)
def test_gzip_of_anything(tmp_path, name):
    frame = pd.DataFrame(RECORDS)
    plain = tmp_path / name
    if name.endswith("parquet"):
        frame.to_parquet(plain)
    elif name.endswith("xlsx"):
        xlsx(
            plain,
            {
                "S": [
                    list(frame.columns),
                    *[[None if pd.isna(cell) else cell for cell in row] for row in frame.values.tolist()],
                ]
            },
        )
    else:
        plain.write_text(json.dumps(RECORDS) if name.endswith("json") else CSV.replace(",", "\t"))
    data = opened(tmp_path / "gz", f"{name}.gz", gzip.compress(plain.read_bytes()))
    assert rows_of(data) == [["a", "email", "bills"], ["b", "x", "-"]]
    assert told(data) == []


# --- databases --------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["export.sqlite", "export.db", 'it\'s; "x".sqlite3'])
def test_sqlite(tmp_path, name):
    with sqlite3.connect(tmp_path / name) as con:
        con.execute(
            'CREATE TABLE Conversations("Conversation_ID" INTEGER, channel, created_at, "a""b; DROP", topic BLOB)'
        )
        rows = [
            (2**53 + 1, "email", "2024-03-01", 1.5, b"x"),
            (2, "x", "soon", None, b"\xff"),
            (3, "x", "2024-03-01", "", None),
        ]
        con.executemany("INSERT INTO conversations VALUES (?, ?, ?, ?, ?)", rows)
        con.execute(
            "CREATE VIEW surveys AS SELECT 1 AS survey_id, 'csat' AS kind, created_at AS sent_at FROM conversations WHERE topic = 'none'"
        )
        con.execute("CREATE TABLE other(a)")
    con.close()
    data = open_data(tmp_path / name)
    assert told(data) == [["not a time", 2]]
    rows = data.conversations.order_by("conversation_id").execute()
    assert rows[["conversation_id", 'a"b; DROP']].fillna("-").values.tolist() == [
        ["3", "-"],
        ["9007199254740993", "1.5"],
    ]
    assert any("other" in note for note in data.notes)
    assert [one.part for one in peek(tmp_path / name)] == ["Conversations", "other", "surveys"]


@pytest.mark.parametrize(
    "content, words", [(b"SQLite format 3\0" + bytes(200), "SQLite"), (b"", "can't be opened as a DuckDB")]
)
def test_what_is_no_database(tmp_path, content, words):
    with pytest.raises(BadData, match=words):
        open_data(written(tmp_path, "export.db", content) / "export.db")


def test_a_database_without_what_the_source_reads(tmp_path):
    with sqlite3.connect(tmp_path / "x.db") as con:
        con.execute("CREATE TABLE other(a)")
    con.close()
    with pytest.raises(BadData, match="has none of the tables conversations.*it has: other"):
        open_data(tmp_path / "x.db", source="tables")


def test_a_table_is_found_by_the_patterns_of_files_and_its_columns(tmp_path):
    source = source_of(tmp_path, TOML.replace("tickets*.json", "Ticket*.csv"), conversations=TICKETS)
    with sqlite3.connect(tmp_path / "x.db") as con:
        con.execute("CREATE TABLE ticket_tags(id, tag)")
        con.execute("CREATE TABLE ticket_data AS SELECT 1 AS id, '2024-03-01' AS opened, '{\"name\": \"Ann\"}' AS who")
    con.close()
    data = open_data(tmp_path / "x.db", source=source)
    assert data.conversations.execute()[["conversation_id", "agent"]].values.tolist() == [["1", "Ann"]]


# --- mail and lines ---------------------------------------------------------------------------------

MBOX = b"""From ann@example.org Fri Mar  1 09:00:00 2024
Message-ID: <1@x>
From: =?utf-8?q?Ann_=C3=81?= <ann@example.org>
To: help@example.org
Date: Fri, 1 Mar 2024 10:00:00 +0100
Subject: =?iso-8859-1?q?caf=E9?=
X-Gmail-Labels: Inbox,"To do"
Content-Type: text/plain; charset=iso-8859-1

caf\xe9
From here on it is broken.

>From the train

From where I stand
it isn't a new message

From
Message-ID: <2@x>
In-Reply-To: <1@x>
References: <0@x>
 <1@x>
From: help@example.org
Date: not a date
Content-Type: multipart/mixed; boundary=b

--b
Content-Type: text/html; charset=nonsense

<p>Hello<br>there &amp; <script>evil()</script>you</p>
--b
Content-Type: text/plain
Content-Disposition: attachment; filename="a.txt"

attached
--b--

From nobody
nothing: x
"""
MAIL = 'title = "Mail"\nreads = "mbox"\n[files.mail]\npatterns = ["*.mbox"]\nformat = "mbox"\nrequires = ["message_id", "date"]\n'


def test_mail(tmp_path):
    [table] = peek(written(tmp_path, "a.mbox", MBOX) / "a.mbox")
    assert table.format == "mbox" and len(table.rows) == 3
    first, second, third = (dict(zip(table.columns, row, strict=True)) for row in table.rows)
    assert first == {
        "message_id": "1@x",
        "in_reply_to": None,
        "references": None,
        "from": "Ann Á <ann@example.org>",
        "to": "help@example.org",
        "date": "2024-03-01 10:00:00+01:00",
        "subject": "café",
        "text": "café\nFrom here on it is broken.\n\nFrom the train\n\nFrom where I stand\nit isn't a new message",
        "labels": 'Inbox,"To do"',
    }
    assert (second["in_reply_to"], second["references"], second["date"]) == ("1@x", "0@x 1@x", "not a date")
    assert second["text"] == "Hello\nthere & you"
    assert third["message_id"] is None


def test_messages_of_a_mailbox_are_rows_with_the_line_on_which_they_begin(tmp_path):
    (tmp_path / "desk").mkdir()
    (tmp_path / "desk" / "source.toml").write_text(MAIL)
    select = "SELECT message_id, coalesce(in_reply_to, message_id) AS conversation_id, date AS sent_at, 'customer' AS sender, text, _file, _row FROM raw.mail"
    (tmp_path / "desk" / "messages.sql").write_text(select)
    data = opened(tmp_path / "data", "a.mbox", MBOX, source=str(tmp_path / "desk"))
    assert told(data) == [["not a time", 18], ["required value missing", 38]]
    assert data.messages.execute()["message_id"].tolist() == ["1@x"]


def test_lines(tmp_path):
    toml = '[files.log]\npatterns = ["*.log"]\nformat = "lines"\n'
    select = "SELECT line->>'$.id' AS conversation_id, 'x' AS channel, line->>'$.at' AS created_at, _file, _row FROM raw.log WHERE json_valid(line)"
    source = source_of(tmp_path, toml, conversations=select)
    content = '{"id": 1, "at": "2024-03-01"}\r\n\r\nstarted; "quoted, not closed\n{"id": 2, "at": "soon"}'.encode(
        "utf-16"
    )
    data = opened(tmp_path / "data", "a.log", content, source=source)
    assert told(data) == [["left out by the source", 3], ["not a time", 4]]


# --- delimited text ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text, skipped",
    [
        ("\n" + CSV, 1),
        ("\r\n \r\n" + CSV.replace("\n", "\r\n"), 2),
        ("sep=;\n" + CSV.replace(",", ";"), 1),
        ('"sep=,"\r\n' + CSV, 1),
        ("Tickets of March\n" + CSV, 1),
        ("Tickets, all; of March\n\n" + CSV.replace(",", "\t"), 2),
        ("Report,,,\nfrom March,,,\n" + CSV, 2),
        ("\ufeff\n" + CSV, 1),
    ],
)
def test_lines_above_the_names_are_skipped_and_told(tmp_path, text, skipped):
    content = (text + text.splitlines()[-1][:4] + "\n").encode()
    is_packed = skipped == 2
    data = opened(tmp_path, f"conversations.csv{'.gz' * is_packed}", gzip.compress(content) if is_packed else content)
    assert rows_of(data) == [["a", "email", "bills"], ["b", "x", "-"]]
    assert told(data) == [["unreadable line", skipped + 4]]
    assert any("above the names of the columns" in note for note in data.notes)


@pytest.mark.parametrize("name", ["conversations.tsv", "CONVERSATIONS.TXT.gz"])
@pytest.mark.parametrize("encoding", ["utf-16", "cp1252"])
def test_endings_and_encodings(tmp_path, name, encoding):
    content = CSV.replace("bills", "caffè").replace(",", "\t").encode(encoding)
    data = opened(tmp_path, name, gzip.compress(content) if name.endswith("gz") else content)
    assert rows_of(data)[0] == ["a", "email", "caffè"]
    assert told(data) == []
    assert any("isn't UTF-8" in note for note in data.notes)


def test_names_that_are_there_twice_get_a_number(tmp_path):
    text = "conversation_id,channel,created_at,Comment,Comment,comment_2,COMMENT,,\na,x,2024-03-01,1,2,3,4,5,6\n"
    data = opened(tmp_path, "conversations.csv", text)
    row = data.conversations.execute().iloc[0]
    assert row[["Comment", "Comment_3", "comment_2", "COMMENT_4", "column7", "column8"]].tolist() == list("123456")
    assert any("more than one column is called Comment" in note for note in data.notes)
    assert told(data) == []


def test_names_in_two_rows(tmp_path):
    toml = '[files.t]\npatterns = ["t.csv"]\nheader_rows = 2\nrequires = ["Nr", "Times opened"]\n'
    select = 'SELECT "Nr" AS conversation_id, \'x\' AS channel, "Times opened" AS created_at, "Times closed" AS closed_at, _file, _row FROM raw.t'
    source = source_of(tmp_path, toml, conversations=select)
    text = 'All tickets\nNr,Times,,\n,opened,"closed",Who\n1,2024-03-01,2024-03-02,Ann\n2,soon,,"two\nlines"\n3\n'
    data = opened(tmp_path / "data", "t.csv", text, source=source)
    assert told(data) == [["unreadable line", 7], ["not a time", 5]]
    assert data.conversations.count().execute() == 1


def test_three_hundred_columns_and_too_many(tmp_path):
    names = [f"c{n}" for n in range(300)]
    text = HEADER.strip() + "," + ",".join(names) + "\na,x,2024-03-01,t," + ",".join(names) + "\n"
    data = opened(tmp_path, "conversations.csv", text)
    assert data.conversations.execute()["c299"].tolist() == ["c299"]
    with pytest.raises(BadData, match="has 20,004 columns, and at most 1,000 can be read"):
        opened(tmp_path, "conversations.csv", HEADER.strip() + "," + ",".join(f"c{n}" for n in range(20_000)) + "\n")


# --- which file is which ----------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["my tickets.csv", "Tickets (1).TSV", "export", HOSTILE[:-5] + ".csv"])
@pytest.mark.parametrize("alone", [True, False])
def test_a_file_of_any_name_is_read_when_its_columns_fit(tmp_path, name, alone):
    folder = written(
        tmp_path, name, CSV.replace("conversation_id", " Conversation ID ").replace("created_at", "Created At")
    )
    data = open_data(folder / name if alone else folder)
    assert rows_of(data) == [["a", "email", "bills"], ["b", "x", "-"]]
    assert told(data) == []
    assert any("Read as conversations, as the columns fit" in note for note in data.notes)


def test_files_of_any_name_make_one_table_or_more(tmp_path):
    written(tmp_path, "january.csv", CSV)
    written(tmp_path, "february.csv", CSV.replace("\na,", "\nc,").replace("\nb,", "\nd,"))
    written(tmp_path, "answers.csv", "survey_id,kind,sent_at,score\n1,csat,2024-03-01,5\n")
    written(tmp_path, "other.csv", "a,b\n1,2\n")
    written(tmp_path, "notes.pdf", "conversation_id,channel,created_at\n")
    data = open_data(tmp_path)
    assert len(rows_of(data)) == 4 and data.surveys.count().execute() == 1
    (note,) = [note for note in data.notes if note.startswith("Not read")]
    assert "other.csv" in note and "notes.pdf" in note


def test_a_file_that_is_called_right_goes_before_one_that_fits(tmp_path):
    written(tmp_path, "conversations.csv", CSV)
    written(tmp_path, "old copy.csv", CSV.replace("\na,", "\nz,"))
    data = open_data(tmp_path)
    assert [row[0] for row in rows_of(data)] == ["a", "b"]
    assert any("old copy.csv" in note for note in data.notes if note.startswith("Not read"))


def test_a_file_that_comes_near_is_told_what_it_lacks(tmp_path):
    written(tmp_path, "my tickets.csv", "Ticket-ID,chanel,Ñandú,creationDate\n1,x,2,3\n")
    for place in (tmp_path, tmp_path / "my tickets.csv"):
        with pytest.raises(BadData) as error:
            open_data(place, source="tables")
        for words in (
            "my tickets.csv",
            "'conversation_id' ('Ticket-ID' looks like it)",
            "'channel' ('chanel'",
            "'created_at' ('creationDate'",
        ):
            assert words in str(error.value)


def test_the_same_in_two_formats_is_refused(tmp_path):
    written(tmp_path, "a.csv", CSV)
    written(tmp_path, "b.json", json.dumps(RECORDS))
    with pytest.raises(BadData, match="both hold conversations: keep one of CSV and JSON"):
        open_data(tmp_path)


def test_a_file_that_two_patterns_meet_is_read_as_what_its_columns_say(tmp_path):
    toml = (
        '[files.t]\npatterns = ["ticket*.csv"]\nrequires = ["id", "opened"]\noptional = true\n'
        '[files.c]\npatterns = ["*_comments.csv"]\nrequires = ["id", "said"]\noptional = true\n'
    )
    conversations = "SELECT id AS conversation_id, 'x' AS channel, opened AS created_at, _file, _row FROM raw.t"
    messages = (
        "SELECT id AS message_id, id AS conversation_id, said AS sent_at, 'customer' AS sender, _file, _row FROM raw.c"
    )
    source = source_of(tmp_path, toml, conversations=conversations, messages=messages)
    written(tmp_path / "data", "tickets.csv", "id,opened\n1,2024-03-01\n")
    data = opened(tmp_path / "data", "ticket_comments.csv", "ID,Said\n1,2024-03-01\n", source=source)
    assert data.counts[["table", "rows_used"]].values.tolist() == [["conversations", 1], ["messages", 1]]


def test_hostile_names_and_values(tmp_path):
    record = {**RECORDS[0], "topic": "'; DROP TABLE x; --", HOSTILE: "a\n\"'\\"}
    data = opened(tmp_path, HOSTILE, json.dumps([record]))
    assert data.conversations.execute()[["topic", HOSTILE]].values.tolist() == [["'; DROP TABLE x; --", "a\n\"'\\"]]
    assert told(data) == []


@pytest.mark.parametrize(
    "url",
    ["https://ann:hunter2@example.org/x.csv?token=hunter2", "s3://b/x?key=hunter2", "ftp://ann:hunter2@example.org"],
)
@pytest.mark.parametrize("ask", [open_data, peek])
def test_urls_are_downloaded_first(url, ask):
    with pytest.raises(BadData, match="download the file first") as error:
        ask(Path(url) if ask is open_data else url)
    assert "hunter2" not in str(error.value)


# --- peek -------------------------------------------------------------------------------------------


def test_peek_of_a_cut_document_shows_its_beginning(tmp_path):
    content = json.dumps({"count": 50_000, "tickets": [{"id": n, "tags": ["a", {"b": n}]} for n in range(30_000)]})
    assert len(content) > 1 << 20
    first = peek(written(tmp_path, "a.json", content) / "a.json", rows=3)[0]
    assert (first.part, first.columns) == ("tickets", ["id", "tags"])
    assert first.rows == [[str(n), f'["a",{{"b":{n}}}]'] for n in range(3)]


def test_peek_of_a_long_line_of_objects_that_follow_one_another(tmp_path):
    content = "".join(json.dumps({"id": n, "tags": ["a", {"b": n}]}) for n in range(40_000))
    assert len(content) > 1 << 20
    (first,) = peek(written(tmp_path, "a.json", content) / "a.json", rows=2)
    assert (first.columns, first.rows) == (["id", "tags"], [["0", '["a",{"b":0}]'], ["1", '["a",{"b":1}]']])


def test_peek_of_everything_in_a_folder(tmp_path):
    written(tmp_path, "a.csv", "id;name\n1;\n2;x\n")
    written(tmp_path, "empty.csv", "")
    written(tmp_path, "lines.ndjson", '{"id": 1}\n{"id": 2, "more": null}\n')
    xlsx(tmp_path / "b.xlsx", {"One": [["id"], ["1"]], "Two": [["t"], [5]]})
    pd.DataFrame({"id": [1]}).to_parquet(tmp_path / "c.parquet")
    found = {(one.file.name, one.part): (one.columns, one.rows) for one in peek(tmp_path)}
    assert found == {
        ("a.csv", ""): (["id", "name"], [["1", None], ["2", "x"]]),
        ("b.xlsx", "One"): (["id"], [["1"]]),
        ("b.xlsx", "Two"): (["t"], [["5"]]),
        ("c.parquet", ""): (["id"], [["1"]]),
        ("lines.ndjson", ""): (["id", "more"], [["1", None], ["2", None]]),
    }


def test_real_files(real_data):
    [chamados] = peek(real_data / "generic" / "chamados_1746.csv", rows=5000)
    assert len(chamados.rows) == 1903
    assert sum(row[chamados.columns.index("id_bairro")] is None for row in chamados.rows) == 131
    genesys = peek(real_data / "genesys" / "conversation_details.json")[0]
    assert (genesys.part, len(genesys.rows)) == ("conversations", 6)


def test_pages_a_line_of_which_one_has_no_records(tmp_path):
    source = source_of(tmp_path, TOML.replace(', ""', ""), conversations=TICKETS)
    lines = [
        json.dumps({"tickets": [ONE]}),
        json.dumps({"error": "rate limit"}),
        json.dumps({"tickets": [ONE | {"id": 2}, 5]}),
    ]
    data = opened(tmp_path / "data", "tickets.json", "\n".join(lines), source=source)
    assert told(data) == [["unreadable line", 2], ["unreadable line", 3]]
    assert data.conversations.count().execute() == 2
