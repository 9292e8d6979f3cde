"""Attacks: what a stranger may write into an export, a source, settings or a parameter, and what has to hold all the same."""

import contextlib
import csv
import gzip
import os
import re
import socket
import sqlite3
import stat
import warnings
import zipfile
from pathlib import Path

import duckdb
import pandas as pd
import pytest
import workbooks

from toolkit import blocks, metrics, show
from toolkit.backend import connect
from toolkit.cli import main
from toolkit.errors import BadData, BadParameter, BadSettings, ToolkitError
from toolkit.guard import CONTROL, guarded
from toolkit.load import apart, open_data, sandbox
from toolkit.load.complete import _check_selects
from toolkit.load.files import databases, delimited, packed
from toolkit.metrics.compare import beside_previous, what_moved
from toolkit.report.notebooks import find_notebooks, own_notebooks
from toolkit.service import load_service
from toolkit.sources import find_source, list_sources
from toolkit.words import display_name

HEAD = "conversation_id,channel,created_at,topic\n"
ROW = "{},email,2024-03-0{} 10:00:00,billing\n"

# --- 1. a source's SQL, and a database that is data -------------------------------------------------

TOML = 'title = "Desk"\nreads = "tickets"\n[files.t]\npatterns = ["t.csv"]\nrequires = ["id"]\n'
SELECT = "SELECT id AS conversation_id, {} AS channel, created AS created_at, _file, _row FROM raw.t"
READS = [
    "(SELECT content FROM read_text('{secret}'))",
    "(SELECT content::VARCHAR FROM read_blob('{secret}'))",
    "(SELECT column0 FROM read_csv('{secret}', header = false))",
    "(SELECT column0 FROM read_csv_auto('{secret}'))",
    "(SELECT any_value(json) FROM read_json_objects('{secret}'))",
    "(SELECT column0 FROM '{secret}')",
    '(SELECT column0 FROM "{secret}")',
    "(SELECT max(file) FROM glob('{folder}/*'))",
    "(SELECT max(file_name) FROM parquet_metadata('{secret}'))",
    "(SELECT max(delimiter) FROM sniff_csv('{secret}'))",
    "(SELECT * FROM query('SELECT content FROM read_text(''{secret}'')'))",
    "(SELECT * FROM json_execute_serialized_sql(json_serialize_sql('SELECT content FROM read_text(''{secret}'')')))",
    "(SELECT content FROM read_text('https://127.0.0.1:9/x'))",
    "(SELECT max(a) FROM read_parquet('s3://bucket/x'))",
    "(SELECT max(path) FROM duckdb_databases())",
    "(SELECT max(value) FROM duckdb_settings())",
    "(SELECT max(name) FROM duckdb_secrets())",
    "(SELECT max(extension_name) FROM duckdb_extensions())",
    "(SELECT count(*) FROM enable_logging(storage = 'file', storage_path = '{folder}/pwn'))",
    "(SELECT count(*) FROM pandas_scan(1::POINTER))",
    "(SELECT count(*) FROM checkpoint())",
    "(SELECT max(setting) FROM pg_catalog.pg_settings)",
    "(SELECT max(name) FROM pg_settings)",
    "(SELECT max(sql) FROM sqlite_master)",
    "(SELECT max(path) FROM duckdb_databases)",
    "(SELECT max(table_name) FROM information_schema.tables)",
    "(SELECT max(table_name) FROM memory.information_schema.tables)",
    "(SELECT max(name) FROM (SELECT 1 AS x), (WITH pg_settings AS (SELECT 1) SELECT * FROM pg_settings), pg_settings)",
    "(SELECT count(*) FROM main.ledger)",
    "(SELECT max(database_name) FROM (SHOW DATABASES))",
    "version()",
    "current_query()",
    "pg_catalog.current_query()",
    "current_setting('temp_directory')",
    "getenv('HOME')",
    "write_log('x')",
    "(WITH x AS (SELECT content FROM read_text('{secret}')) SELECT content FROM x)",
    "list_transform([1], lambda x: (SELECT content FROM read_text('{secret}')))[1]",
]
STATEMENTS = [
    "COPY (SELECT 1) TO '{folder}/pwn'",
    "ATTACH '{folder}/pwn' AS pwn",
    "INSTALL httpfs",
    "LOAD httpfs",
    "PRAGMA enable_profiling",
    "SET enable_external_access = true",
    "CREATE TABLE x AS SELECT 1",
    "DROP TABLE raw.t",
    "CALL pragma_version()",
    "EXPORT DATABASE '{folder}/pwn'",
    "CREATE SECRET (TYPE s3)",
    "{select}; COPY (SELECT 1) TO '{folder}/pwn'",
    "{select}) ; COPY (SELECT 1) TO '{folder}/pwn' ; SELECT * FROM (SELECT 1",
]


def source_of(tmp_path, conversations, toml=TOML, **more):
    """(an export, the folder of a source) whose select is hostile."""
    source = tmp_path / "desk"
    source.mkdir(exist_ok=True)
    (source / "source.toml").write_text(toml)
    for name, text in {"conversations": conversations, **more}.items():
        (source / f"{name.replace('__', '.')}.sql").write_text(text)
    (tmp_path / "t.csv").write_text("id,created\n1,2024-03-01 10:00:00\n2,2024-03-02 10:00:00\n")
    (tmp_path / "secret.txt").write_text("TOPSECRET")
    return str(tmp_path / "t.csv"), str(source)


def filled(tmp_path, text):
    return text.format(secret=tmp_path / "secret.txt", folder=tmp_path, select=SELECT.format("'email'"))


@pytest.mark.parametrize("attack", READS)
@pytest.mark.parametrize("place", ["select", "view", "unused"])
def test_no_select_reads_a_file_or_the_machine(tmp_path, attack, place):
    attack = filled(tmp_path, attack)
    if place == "select":
        data, source = source_of(tmp_path, SELECT.format(attack))
    elif place == "view":
        view = f"SELECT {attack} AS x"
        select = SELECT.format("(SELECT x::VARCHAR FROM raw.a)")
        data, source = source_of(tmp_path, select, 'views = ["a"]\n' + TOML, a__view=view)
    else:
        unused = f"SELECT 'conversations' AS \"table\", {attack} AS value, 'x' AS reason, _file, _row FROM raw.t"
        data, source = source_of(tmp_path, SELECT.format("'email'"), unused=unused)
    with pytest.raises(ToolkitError) as error:
        open_data(data, source=source)
    assert "TOPSECRET" not in str(error.value) and ".sql" in str(error.value)
    assert not (tmp_path / "pwn").exists()


@pytest.mark.parametrize(
    "attack",
    [
        "(SELECT max(sql) FROM sqlite_master)",
        "(SELECT max(setting) FROM pg_catalog.pg_settings)",
        "(SELECT max(table_name) FROM information_schema.tables)",
        "(SELECT max(database_name) FROM duckdb_databases)",
        "(SELECT max(sql) FROM (WITH sqlite_master AS (SELECT 1) SELECT 1), sqlite_master)",
        "(SELECT max(name) FROM (SHOW ALL TABLES))",
        "version()",
        "current_query()",
    ],
)
def test_no_select_reads_what_the_engine_knows(tmp_path, attack):
    data, source = source_of(tmp_path, SELECT.format(attack))
    with pytest.raises(ToolkitError, match=r"conversations\.sql: (reads|calls) "):
        open_data(data, source=source)


def test_a_select_may_end_in_a_comment(tmp_path):
    data, source = source_of(tmp_path, SELECT.format("'email'").rstrip().removesuffix(";") + " -- all of it")
    assert open_data(data, source=source).conversations.count().execute() == 2


def test_a_link_that_leads_out_of_the_folder_is_not_read(tmp_path):
    data, source = source_of(tmp_path, SELECT.format("'email'"))
    folder = tmp_path / "export"
    (folder / "in").mkdir(parents=True)
    Path(data).rename(folder / "in" / "t.csv")
    (folder / "again.csv").symlink_to(folder / "in" / "t.csv")
    (tmp_path / "whole").symlink_to(folder)
    assert (
        len(open_data(tmp_path / "whole", source=source).ledger) == 2
    )  # what the user names may be a link, and those within
    (folder / "t2.csv").symlink_to(tmp_path / "secret.txt")
    with pytest.raises(BadData, match="t2.csv: is a link that leads out of "):
        open_data(folder, source=source)
    (folder / "t2.csv").unlink()
    (folder / "t3.csv").symlink_to("/dev/zero")
    with pytest.raises(BadData, match="t3.csv: is a link that leads out of "):
        open_data(folder, source=source)
    (folder / "t3.csv").unlink()
    (folder / "more").symlink_to(tmp_path)
    with pytest.raises(BadData, match="more: is a link that leads out of "):
        open_data(folder)


@pytest.mark.parametrize("attack", STATEMENTS)
def test_no_other_statement_is_run(tmp_path, attack):
    data, source = source_of(tmp_path, filled(tmp_path, attack))
    with pytest.raises(ToolkitError, match=r"\.sql"):
        open_data(data, source=source)
    assert not (tmp_path / "pwn").exists()


@pytest.mark.parametrize("attack", [*READS, *STATEMENTS])
def test_the_lock_alone_holds_too(tmp_path, attack):
    """What the look at the words of a select lets pass, the engine doesn't do."""
    (tmp_path / "secret.txt").write_text("TOPSECRET")
    attack = filled(tmp_path, attack)
    with connect(tmp_path / "spill") as con:
        con.execute("CREATE SCHEMA raw")
        con.execute("CREATE TABLE raw.t AS SELECT 1 AS id, 1 AS created, 1 AS _file, 1 AS _row")
        sandbox.lock(con)
        try:
            said = str(
                con.execute(
                    f"SELECT {attack}" if attack in [filled(tmp_path, one) for one in READS] else attack
                ).fetchall()
            )
        except (duckdb.Error, RuntimeError) as error:
            said = str(error)
    assert "TOPSECRET" not in said and not (tmp_path / "pwn").exists()
    assert sorted(path.name for path in tmp_path.iterdir() if path.name != "spill") == ["secret.txt"]


@pytest.mark.parametrize("command", ["check", "metric", "report", "list"])
def test_every_command_refuses_it(tmp_path, command, capsys):
    data, source = source_of(tmp_path, SELECT.format(filled(tmp_path, READS[0])))
    given = {"metric": ["inbound_volume"], "list": ["--metrics"]}.get(command, [])
    out = ["--out", str(tmp_path / "out")] if command == "report" else []
    assert main([command, *given, "--data", data, "--source", source, *out]) == 2
    said = "".join(capsys.readouterr())
    assert "calls read_text" in said and "TOPSECRET" not in said and "Traceback" not in said


def test_the_sources_that_come_with_the_toolkit_call_nothing_that_is_refused():
    with connect() as con:
        for source in list_sources():
            _check_selects(con, source)
        assert len(list_sources()) > 10


ENDLESS = [
    "(WITH RECURSIVE e(i) AS (SELECT 1 UNION ALL SELECT i FROM e) SELECT max(i)::VARCHAR FROM e)",
    "(SELECT count(*)::VARCHAR FROM range(10000000000) a(i), range(10000000000) b(j) WHERE a.i * b.j % 7 = 1)",
]
LARGE = [
    "(SELECT list_sum(range(4000000000))::VARCHAR)",
    "(SELECT length(string_agg(repeat('x', 100000000), ''))::VARCHAR FROM range(60))",
    "(SELECT count(DISTINCT i || 'x')::VARCHAR FROM range(2000000000) e(i))",
]


@pytest.mark.parametrize("attack", ENDLESS)
def test_what_has_no_end_is_stopped(tmp_path, attack, monkeypatch):
    monkeypatch.setattr(sandbox, "MOST_SECONDS", 0.5)
    data, source = source_of(tmp_path, SELECT.format(attack))
    with pytest.raises(BadData, match="conversations.sql.*(was stopped|more room|more memory)"):
        open_data(data, source=source)


@pytest.mark.parametrize("attack", LARGE)
def test_what_takes_all_memory_is_stopped(tmp_path, attack, monkeypatch):
    monkeypatch.setattr("toolkit.backend.MEMORY", 0.01)
    monkeypatch.setattr("toolkit.backend.DISK", 1e-6)
    monkeypatch.setattr(sandbox, "SPARE", 1 << 28)
    data, source = source_of(tmp_path, SELECT.format(attack))
    with pytest.raises(BadData, match="conversations.sql.*needs more (memory|room)"):
        open_data(data, source=source)
    assert len(open_data(*_plain(tmp_path)).conversations.to_pandas()) == 2  # and the process lives on


def _plain(tmp_path):
    return source_of(tmp_path, SELECT.format("'email'"))


@pytest.mark.parametrize("attack", ["(" * 3000 + "1" + ")" * 3000, "1" + " + 1" * 20_000, "CASE WHEN " * 400])
def test_deep_sql_is_an_error(tmp_path, attack):
    data, source = source_of(tmp_path, SELECT.format(f"({attack})::VARCHAR"))
    with contextlib.suppress(ToolkitError):
        assert len(open_data(data, source=source).conversations.to_pandas()) == 2


def test_an_analysts_own_session_writes_files(tmp_path):
    data = open_data(*_plain(tmp_path))
    data.conversations.to_parquet(tmp_path / "mine.parquet")
    data.conversations.to_csv(tmp_path / "mine.csv")
    assert len(open_data(data.save(tmp_path / "saved")).conversations.to_pandas()) == 2
    assert duckdb.sql(f"SELECT count(*) FROM '{tmp_path}/mine.parquet'").fetchone() == (2,)
    assert (tmp_path / "mine.csv").read_text().count("\n") == 3


@pytest.mark.parametrize("name", ["../secret", "/etc/passwd", "calls'; DROP", "nope"])
def test_prepared_data_names_no_file_of_another_folder(tmp_path, name):
    saved = Path(open_data(*_plain(tmp_path)).save(tmp_path / "saved"))
    said = (saved / "prepared.json").read_text()
    (saved / "prepared.json").write_text(said.replace('"tables": [', f'"tables": ["{name}", ', 1))
    with pytest.raises(BadData, match="prepared.json: isn't what Data.save wrote"):
        open_data(saved)


@pytest.mark.parametrize(
    "text", ["{}", "[]", "null", "[" * 9000, '{"tables": 5}', '{"tables": ["calls"], "scored": false}']
)
def test_prepared_data_that_is_none(tmp_path, text):
    (tmp_path / "prepared.json").write_text(text)
    with pytest.raises(BadData, match="prepared.json: isn't what Data.save wrote"):
        open_data(tmp_path)


def sqlite_of(tmp_path, *statements):
    file = tmp_path / "desk.sqlite"
    with contextlib.closing(sqlite3.connect(file)) as con:
        for one in statements:
            con.execute(one)
        con.commit()
    return file


@pytest.mark.parametrize(
    "rows, words",
    [
        ("WITH RECURSIVE e(i) AS (SELECT 1 UNION ALL SELECT i FROM e) SELECT max(i) AS conversation_id, 'x' AS channel, '2024-03-01' AS created_at FROM e", "didn't end in"),
        ("SELECT hex(zeroblob(30000000)) AS conversation_id, 'x' AS channel, '2024-03-01' AS created_at", "more than 16 MB"),
        ("SELECT load_extension('/tmp/x.so') AS conversation_id, 'x' AS channel, '2024-03-01' AS created_at", "can't be read"),
        ("SELECT readfile('/etc/passwd') AS conversation_id, 'x' AS channel, '2024-03-01' AS created_at", "can't be read"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("how", ["check", "map"])
def test_a_view_of_sqlite_does_no_harm(tmp_path, rows, words, how, monkeypatch, capsys):
    monkeypatch.setattr(sandbox, "MOST_SECONDS", 0.3)
    file = sqlite_of(tmp_path, f"CREATE VIEW conversations AS {rows}")
    call = (
        ["check", "--data", str(file), "--source", "tables"]
        if how == "check"
        else ["map", str(file), "--yes", "--out", str(tmp_path / "o")]
    )
    assert main(call) == 2
    assert words in capsys.readouterr().err


def test_many_values_of_sqlite_are_held_in_parts(tmp_path, monkeypatch):
    monkeypatch.setattr(databases, "MOST_HELD", 100)
    rows = "SELECT i AS conversation_id, 'email' AS channel, '2024-03-01 10:00:00' AS created_at FROM (WITH RECURSIVE t(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM t WHERE i < 40) SELECT i FROM t)"
    file = sqlite_of(tmp_path, f"CREATE TABLE conversations AS {rows}")
    assert open_data(file).conversations.count().execute() == 40


def test_a_duckdb_file_gives_its_tables_and_nothing_else(tmp_path):
    (tmp_path / "secret.txt").write_text("TOPSECRET")
    with duckdb.connect(tmp_path / "desk.duckdb") as con:
        con.execute(
            "CREATE TABLE conversations AS SELECT i AS conversation_id, 'email' AS channel, '2024-03-01 10:00:00' AS created_at FROM range(3) t(i)"
        )
        con.execute(f"CREATE MACRO trim(x) AS (SELECT content FROM read_text('{tmp_path}/secret.txt'))")
        con.execute(f"CREATE MACRO coalesce_(x) AS TABLE SELECT content FROM read_text('{tmp_path}/secret.txt')")
        con.execute(f"CREATE VIEW surveys AS SELECT content AS survey_id FROM read_text('{tmp_path}/secret.txt')")
    data = open_data(tmp_path / "desk.duckdb")
    assert data.conversations.count().execute() == 3 and not data.has("surveys")
    assert "TOPSECRET" not in data.conversations.to_pandas().to_csv() + str(data.notes)
    assert main(["map", str(tmp_path / "desk.duckdb"), "--yes", "--out", str(tmp_path / "out")]) == 0


def test_the_limits_are_those_of_the_machine(monkeypatch, tmp_path):
    from toolkit import backend

    (tmp_path / "memory.max").write_text("1073741824\n")
    monkeypatch.setattr(backend, "CGROUP", (str(tmp_path / "memory.max"), str(tmp_path / "none")))
    assert backend.machine_memory() == 1 << 30
    with backend.connect(tmp_path / "spill") as con:
        limit, spill, auto = con.execute(
            "SELECT current_setting('memory_limit'), current_setting('max_temp_directory_size'), "
            "current_setting('autoload_known_extensions')"
        ).fetchone()
    assert limit == "614.0 MiB" and "iB" in spill and auto is False


# --- 2. files made to take all memory or time -------------------------------------------------------


def packed_of(tmp_path, text, name="conversations.csv.gz"):
    (tmp_path / name).write_bytes(gzip.compress(text) if name.endswith(".gz") else text)
    return tmp_path / name


LINE = b"1,email,2024-03-01 10:00:00,"
FILES = [
    ("conversations.csv.gz", HEAD.encode() + LINE + b"x" * (80 << 20), "unpacks to more than"),
    ("conversations.csv", HEAD.encode() + b'"' * (2 << 20), "quotes or line ends in a row"),
    ("conversations.csv", HEAD.encode() + b"\r" * (2 << 20), "quotes or line ends in a row"),
    ("conversations.csv", HEAD.encode() + b'"\n' * 20_000, "can't be (told apart|read)"),
    (
        "conversations.csv",
        HEAD.encode() + b"x\n" * 20_000,
        "more than 2,000 lines that can't be read, such as line 2",
    ),
    ("conversations.csv", HEAD.encode() + b"1,em\0ail,2024-03-01,a\n", "null bytes"),
    ("conversations.csv", b"abc," * 300_000 + b"\n", "has .* columns, and at most 1,000"),
    ("conversations.json", b'[{"a":' + b"[" * 100_000 + b"]" * 100_000 + b"}]", "too deep|can't be read|has no column"),
    ("conversations.json", b'[{"conversation_id":"' + b"x" * (17 << 20) + b'"}]', "a record of 17 MB"),
    ("conversations.json", b"[{" + b",".join(b'"k%d":1' % n for n in range(20_000)) + b"}]", "20,000 keys"),
]


@pytest.mark.parametrize("name, content, words", FILES, ids=range(len(FILES)))
def test_a_file_made_to_take_all_is_refused(tmp_path, name, content, words, monkeypatch):
    monkeypatch.setattr(delimited, "MOST_BROKEN", 2000)
    with pytest.raises(BadData, match=words):
        open_data(packed_of(tmp_path, content, name), source="tables")


# --- archives and workbooks

LINES = HEAD + ROW.format(1, 1) + ROW.format(2, 2)


def zip_of(file, *members):
    with warnings.catch_warnings(), zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        warnings.simplefilter("ignore")  # of a name that comes twice
        for name, content in members:
            archive.writestr(name, content)
    return file


def link():
    info = zipfile.ZipInfo("conversations.csv")
    info.external_attr = (stat.S_IFLNK | 0o777) << 16
    return info


def patched(file, *changes):
    """The file with bytes after each signature of its directory changed: (signature, offset, bytes)."""
    held = bytearray(file.read_bytes())
    for signature, offset, to in changes:
        at = held.find(signature)
        while at >= 0:
            held[at + offset : at + offset + len(to)] = to
            at = held.find(signature, at + 4)
    file.write_bytes(held)
    return file


ARCHIVES = [  # (members, what is said; None: it is read)
    ([("../../../pwn/conversations.csv", LINES)], "without a file"),
    ([("/tmp/pwn/conversations.csv", LINES)], None),
    ([("..\\..\\pwn\\conversations.csv", LINES)], "without a file"),
    ([("C:\\pwn\\conversations.csv", LINES)], None),
    ([("conversations.csv", LINES), ("CONVERSATIONS.csv", HEAD + ROW.format(3, 3))], None),
    ([("conversations.csv", LINES), ("conversations.csv", LINES)], "holds 'conversations.csv' twice"),
    ([(link(), "/etc/passwd")], "has no column"),
    ([("conversations.zip", b"PK")], "is an archive, too"),
    ([(f"{number}.csv", "") for number in range(11)], "more than 10 files"),
    ([(f"conversations_{number}.csv", b"x" * (1 << 20)) for number in range(4)], "unpacks to more than"),
]


@pytest.mark.parametrize("members, words", ARCHIVES, ids=range(len(ARCHIVES)))
def test_an_archive_writes_nowhere_and_no_more_than_a_limit(tmp_path, members, words, monkeypatch):
    monkeypatch.setattr(packed, "MOST_MEMBERS", 10)
    monkeypatch.setattr(packed, "LARGEST_ARCHIVE", 3 << 20)
    (tmp_path / "a/b/c").mkdir(parents=True)
    file = zip_of(tmp_path / "a/b/c/export.zip", *members)
    before = set(tmp_path.rglob("*"))
    if words:
        with pytest.raises(BadData, match=words):
            open_data(file, source="tables")
    else:
        assert open_data(file, source="tables").conversations.count().execute() == len(members) + 1
    assert set(tmp_path.rglob("*")) == before and not Path("/tmp/pwn").exists()


def test_an_archive_that_lies_is_told(tmp_path):
    central, local = b"PK\x01\x02", b"PK\x03\x04"
    for changes, said in [
        ([(central, 8, b"\1\0"), (local, 6, b"\1\0")], "with a password"),
        ([(central, 10, b"\x63\0")], "compression method is not supported"),
        ([(central, 24, b"\5\0\0\0"), (local, 22, b"\5\0\0\0")], "can't be unpacked"),
    ]:
        file = patched(zip_of(tmp_path / "export.zip", ("conversations.csv", LINES)), *changes)
        with pytest.raises(BadData, match=said):
            open_data(file, source="tables")


FAR = '<row r="{row}"><c r="{place}" t="inlineStr"><is><t>x</t></is></c></row>'
LOL = (
    "<!DOCTYPE l ["
    + '<!ENTITY a0 "lol">'
    + "".join(f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, 12))
    + "]>"
)
BOOKS = [  # (before the sheet, more rows, texts that cells share, what is said)
    ("", FAR.format(row=1_048_576, place="XFD1048576"), "", "lie so far apart"),
    ("", FAR.format(row=1_048_576, place="xfd1048576").replace('"', "'"), "", "lie so far apart"),
    ("", FAR.format(row=9, place="ZZZZZZ4294967295"), "", "beyond the last row or column"),
    ("", "<row>" + "<c><v>1</v></c>" * 100_000 + "</row>", "", "beyond the last row or column"),
    ("", "<row>" + "<c><v>1</v></c>" * 9_000 + "</row>", "", "has 9,000 columns"),
    ("", '<row><c t="s"><v>0</v></c></row>' * 40_000, f"<si><t>{'x' * 300_000}</t></si>", "more than 1 GB of text"),
    (LOL, FAR.format(row=9, place="A9").replace("<t>x", "<t>&a11;"), "", None),
    ('<!DOCTYPE l [<!ENTITY x SYSTEM "file:///etc/passwd">]>', FAR.format(row=9, place="A9").replace("<t>x", "<t>&x;"), "", None),
]  # fmt: skip


@pytest.mark.parametrize("before, rows, texts, words", BOOKS, ids=range(len(BOOKS)))
def test_a_workbook_made_to_take_all_is_refused(tmp_path, before, rows, texts, words):
    names = HEAD.strip().split(",")
    plain = workbooks.xlsx(
        tmp_path / "plain.xlsx", {"conversations": [names, ["1", "email", "2024-03-01 10:00:00", "a"]]}
    )
    with zipfile.ZipFile(plain) as archive:
        held = {name: archive.read(name).decode() for name in archive.namelist()}
    relations = "xl/_rels/workbook.xml.rels"
    held[relations] = held[relations].replace("</Rel", f'<Relationship Id="rId9" Type="{workbooks.OFFICE}/sharedStrings" Target="sharedStrings.xml"/></Rel', 1) if texts else held[relations]  # fmt: skip
    held["xl/sharedStrings.xml"] = f'<sst xmlns="{workbooks.MAIN}">{texts}</sst>'
    sheet = "xl/worksheets/sheet1.xml"
    held[sheet] = before + held[sheet].replace("</sheetData>", f"{rows}</sheetData>")
    if rows.startswith("<row><c><v>"):  # its first line
        held[sheet] = held[sheet].replace("<sheetData>", f"<sheetData>{rows}")
    file = zip_of(tmp_path / "conversations.xlsx", *held.items())
    try:
        read = open_data(file, source="tables").conversations.to_pandas().to_csv()
    except BadData as error:
        assert words is None or re.search(words, str(error)), error
        read = str(error)
    else:
        assert words is None
    assert "root:" not in read and "lollol" not in read and len(read) < 1000


NAMED = {0: dict(enumerate(HEAD.strip().split(","))), 1: dict(enumerate(["1", "email", "2024-03-01 10:00:00", "a"]))}
BINARY_BOOKS = {  # (rows besides, texts that they share, bytes after them, what is said)
    "plain": ({2: {0: "2", 1: 0, 2: "2024-03-01 10:00:00"}}, ["chat"], b"", None),
    "far": ({1_048_575: {16_383: "x"}}, [], b"", "lie so far apart"),
    "beyond": ({1 << 31: {1 << 30: "x"}}, [], b"", "beyond the last row or column"),
    "wide": ({2: dict.fromkeys(range(9_000), "x")}, [], b"", "has 9,000 columns"),
    "shared": ({row: {3: 0} for row in range(2, 20_000)}, ["x" * 60_000], b"", "more than 1 GB of text"),
    "bomb": ({}, [], bytes(65 << 20), "unpacks to more than"),
    "lost": ({2: {0: 9}}, ["chat"], b"", "is damaged"),
    "backwards": ({9: {0: "2"}, 5: {0: "3"}}, [], b"", "is damaged"),
    "cut": ({}, [], workbooks.record(6, bytes(99))[:-90], None),
    "endless": ({}, [], b"\6\xff\xff\xff\x7f", None),
}


@pytest.mark.parametrize("place", ["worksheets/sheet1.bin", "worksheets/a/x"])
@pytest.mark.parametrize("name", BINARY_BOOKS)
def test_a_binary_workbook_made_to_take_all_is_refused(tmp_path, name, place):
    rows, texts, more, words = BINARY_BOOKS[name]
    file = workbooks.xlsb(tmp_path / "conversations.xlsb", NAMED | rows, texts, place, more)
    if words:
        with pytest.raises(BadData, match=words):
            open_data(file, source="tables")
    else:
        with contextlib.suppress(BadData):
            read = open_data(file, source="tables").conversations.to_pandas()
            assert read["channel"].tolist() == ["email", "chat"][: len(read)] and len(read) == 1 + (name == "plain")


def test_a_sheet_that_lies_elsewhere_is_looked_at_too(tmp_path):
    plain = workbooks.xlsx(tmp_path / "plain.xlsx", {"conversations": [HEAD.strip().split(",")]})
    with zipfile.ZipFile(plain) as archive:
        held = {name: archive.read(name).decode() for name in archive.namelist()}
    sheet = held.pop("xl/worksheets/sheet1.xml")
    held["xl/other.xml"] = sheet.replace("</sheetData>", f"{FAR.format(row=1_048_576, place='XFD1048576')}</sheetData>")
    relations = "xl/_rels/workbook.xml.rels"
    held[relations] = held[relations].replace("worksheets/sheet1.xml", "o&#116;her.xml")
    with pytest.raises(BadData, match="lie so far apart"):
        open_data(zip_of(tmp_path / "conversations.xlsx", *held.items()), source="tables")


@pytest.mark.parametrize(
    "row, cells", [(1, 10**9), (10**6, 16_000), (10**9, 1)], ids=["columns", "both", "rows"]
)  # fmt: skip
def test_a_sheet_of_repeated_cells_is_refused(tmp_path, row, cells):
    text = "<table:table-cell table:number-columns-repeated='{}'><text:p>{}</text:p></table:table-cell>"
    head = "".join(text.format(1, name) for name in HEAD.strip().split(","))
    content = (
        '<o:d xmlns:o="urn:oasis:names:tc:opendocument:xmlns:office:1.0" xmlns:table="urn:oasis:names:tc:opendocument:xmlns:'
        'table:1.0" xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0"><table:table table:name="conversations">'
        f"<table:table-row>{head}</table:table-row><table:table-row table:number-rows-repeated='{row}'>"
        f"{text.format(cells, 'x')}</table:table-row></table:table></o:d>"
    )
    kind = ("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
    file = zip_of(tmp_path / "conversations.ods", kind, ("content.xml", content))
    with pytest.raises(BadData, match="beyond the last row or column|lie so far apart"):
        open_data(file, source="tables")


def test_what_is_no_file_in_a_folder_is_passed_over(tmp_path, monkeypatch):
    (tmp_path / "conversations.csv").write_text(LINES)
    os.mkfifo(tmp_path / "messages.csv")
    (tmp_path / "calls.csv").symlink_to(tmp_path / "calls.csv")
    (tmp_path / "loop").symlink_to(tmp_path)
    with contextlib.closing(socket.socket(socket.AF_UNIX)) as listener:
        monkeypatch.chdir(tmp_path)  # the path of a socket is short
        listener.bind("agents.csv")
        data = open_data(tmp_path, source="tables")
    assert list(data.tables) == ["conversations"] and data.conversations.count().execute() == 2


# --- very many groups -------------------------------------------------------------------------------


def test_of_very_many_groups_the_rarer_are_told_together(tmp_path, monkeypatch):
    monkeypatch.setattr(apart, "MOST_GROUPS", 20)
    when = pd.date_range("2024-01-01T08:00Z", periods=6_000, freq="20min")
    names = [f"topic {min(number % 2_000, number % 71)}" for number in range(len(when))]
    names[::3] = [f"rare {number}" for number in range(2_000)]
    frame = pd.DataFrame({"conversation_id": range(len(when)), "channel": "email", "created_at": when})
    frame.assign(topic=names, agent=names).to_csv(tmp_path / "conversations.csv", index=False)
    survey = {"survey_id": range(len(when)), "kind": "csat", "sent_at": when, "score": [5, 4, 1] * 2_000}
    pd.DataFrame(survey | {"topic": names, "agent": names}).to_csv(tmp_path / "surveys.csv", index=False)
    data = open_data(tmp_path, period="2024-03")
    asked = []
    counted = apart.count_groups
    monkeypatch.setattr(apart, "count_groups", lambda view, column: asked.append(column) or counted(view, column))
    result, comparison = beside_previous(data, metrics.csat, by="topic")
    whole = metrics.csat(data.surveys)
    assert len(result) == len(comparison) <= 21 and "(others)" in set(result["topic"])
    assert result[["n", "satisfied_count"]].sum().tolist() == whole[["n", "satisfied_count"]].iloc[0].tolist()
    moved = what_moved(data, metrics.csat, "topic")
    assert len(moved) <= 22 and moved["n"].iloc[-1] == whole["n"].iloc[0]
    team = metrics.team_report(data, metrics.csat, by="agent")
    assert len(team) <= 21 and team["n"].sum() == whole["n"].iloc[0] and team["agent"].iloc[-1] == "(others)"
    assert team["verdict"].iloc[-1] == "untested"  # they are no member
    assert len(asked) == len(set(asked)) and {"agent", "topic"} <= set(asked), "each is counted once, whatever is asked"
    made = blocks.block(result, comparison)
    assert "(All others)" in made["tables"][0]["all"] or "(all others)" in made["tables"][0]["all"]
    assert "others" not in made["heading"] + made["note"]
    (said,) = [text for text in show.remarks(data) if "topic" in text]
    assert said.startswith("Very many values of topic: the 20 with most rows are told apart, and the 2,0")
    assert not any("“" in name for name in result["topic"])
    rare = data.where(topic="rare 7")
    assert metrics.inbound_volume(rare.during("all").conversations, by="topic")["topic"].tolist() == ["rare 7"]


def test_a_group_that_is_called_as_the_rarer_ones_are_is_told_apart_from_them(tmp_path, monkeypatch):
    monkeypatch.setattr(apart, "MOST_GROUPS", 3)
    names = ["(others)"] * 40 + ["(all others)"] * 30 + ["billing"] * 50 + [f"rare {number}" for number in range(20)]
    when = pd.date_range("2024-01-01T08:00Z", periods=len(names), freq="1h")
    frame = pd.DataFrame({"conversation_id": range(len(names)), "channel": "email", "created_at": when, "topic": names})
    frame.to_csv(tmp_path / "conversations.csv", index=False)
    result = metrics.inbound_volume(open_data(tmp_path).conversations, by="topic")
    assert dict(zip(result["topic"], result["n"], strict=True)) == {
        "billing": 50,
        "“(others)”": 40,
        "“(all others)”": 30,
        "(others)": 20,
    }
    assert display_name("“(others)”", "topic") == "“(others)”"


# --- 3. terminals, spreadsheets, lines that read both ways ------------------------------------------

NASTY = [
    "\x1b[2J\x1b]0;owned\x07",
    "\x1b]8;;http://x\x1b\\a",
    "\x9b31m",
    "a\rb",
    "a\x08b",
    "invoice\u202efdp",
    "[bold]x[/bold]",
    "=1+1",
    "@SUM(1)",
]


def test_no_value_commands_the_terminal_or_a_spreadsheet(tmp_path, capsys):
    file, ledger = tmp_path / "conversations.csv", tmp_path / "ledger.csv"
    with open(file, "w", newline="", encoding="utf-8") as write:
        rows = csv.writer(write)
        rows.writerow([*HEAD.strip().split(","), *(one for one in NASTY if "\r" not in one)])
        for number, one in enumerate(NASTY):
            rows.writerow([number, one, "2024-03-01 10:00:00", one, *NASTY[1:]])
            rows.writerow([f"{one}{number}", one, one, one, *NASTY[1:]])
    given = ["inbound_volume", "--data", str(file), "-p", "all", "--by"]
    calls = [
        ["check", "--data", str(file), "--out", str(ledger)],
        *(["metric", *given, "topic", "--format", one] for one in ("table", "csv", "json")),
        *(["metric", *given, one] for one in NASTY),
        *(["check", "--data", str(tmp_path / one.replace("/", ""))] for one in NASTY),
    ]
    codes = [main(call) for call in calls]
    said = "".join(capsys.readouterr()) + ledger.read_text("utf-8")
    assert codes[:4] == [0, 0, 0, 0] and "owned" in said
    assert not CONTROL.findall(said)
    cells = [cell for row in csv.reader(ledger.read_text("utf-8").splitlines()) for cell in row]
    assert "'=1+1" in cells and [cell for cell in cells if guarded(cell) != cell] == []


WRITTEN = {
    "control": "a\x1b]0;x\x07\x1b[2J\r\n\u202egnp\u2066",
    "path": "../../../tmp/pwn",
    "sql": "x'; DROP TABLE conversations; --\"",
    "long": "password" * 125_000,
    "nul": "a\0b",
    "no text": "a\udcff",
}
PLACES = ["report --each {}", "report --period {}", "report --as-of {}", "report --source {}", "report --where {}=x", "report --where topic={}",
          "report --param by={}", "report --param {}=1", "report --config {}", "metric inbound_volume --by {}", "metric {}"]  # fmt: skip


@pytest.mark.parametrize("place", PLACES)
def test_no_value_of_an_option_does_harm(tmp_path, place, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "conversations.csv").write_text(HEAD + ROW.format("c1", 1))
    before = set(tmp_path.rglob("*"))
    for name, value in WRITTEN.items():
        command, *rest = [one.format(value) for one in place.split()]
        given = ["--data", "data", *(["--out", "out"] if command == "report" else [])]
        assert main([command, *(["response_times"] if command == "report" else []), *rest, *given]) in (2, 6), name
        out, err = capsys.readouterr()
        assert err.strip() and "Traceback" not in err and "the toolkit itself" not in err, name
        assert not CONTROL.search(out + err) and len(out + err) < 50_000, name
    assert set(tmp_path.rglob("*")) == before and not Path("/tmp/pwn").exists()


@pytest.mark.parametrize("name", ["a\nb", "a\x1b[2J", "a\u202eb", "a\u2028b", "a\x7f"])
def test_a_notebook_whose_name_is_two_lines_is_refused(tmp_path, name):
    (tmp_path / f"{name}.ipynb").write_bytes((own_notebooks() / "csat_by_topic.ipynb").read_bytes())
    with pytest.raises(BadParameter, match="the name of a notebook can't hold a line break"):
        find_notebooks([str(tmp_path / f"{name}.ipynb")])


def test_names_that_read_from_right_to_left_are_isolated():
    from toolkit import words
    from toolkit.plots.svg import width_of
    from toolkit.report.clean import with_bdi

    name = words.display_name("\u05d7\u05d9\u05d5\u05d1\u202e", "topic")
    assert name == "\u2068\u05d7\u05d9\u05d5\u05d1\u2069" and words.display_name("a\u200bb\u202e") == "Ab"
    page = f'<title>{name}</title><p title="{name}">{name} rose</p><svg><text>{name}</text></svg>'
    assert with_bdi(page).count("<bdi>") == 1 and '<p title="\u2068' in with_bdi(page)
    assert width_of(name, 12) == width_of(name.strip("\u2068\u2069"), 12)


# --- 6. settings ------------------------------------------------------------------------------------

SETTINGS = [
    ("[targets]\nanswer_within = inf", "too long"),
    ("[targets]\nanswer_within = nan", "is not a duration"),
    (f'[targets]\nanswer_within = "{"9" * 400} h"', "too long|is not a duration"),
    ("[targets]\ncsat = nan", "targets.csat"),
    ("x = " + "[" * 5000 + "]" * 5000, "too deep"),
    ("x = " + "{a=" * 3000 + "1" + "}" * 3000, "too deep"),
    ("a" + ".a" * 5000 + " = 1", "too deep"),
    ('[topics.billing]\nkeywords = [""]', "is no word"),
    ('[topics.billing]\nkeywords = ["invoice", " - "]', "is no word"),
    ('time_zone = "+25:00"', "is not a time zone"),
    ('time_zone = "../../etc/passwd"', "is not a time zone"),
    ('[holidays]\ncountry = "IT"\nsubdivision = "../../x"', "is not a part of IT"),
    ('[holidays]\ncountry = "../x"', "is not a country code"),
    ("as_of = 0001-01-01T00:00:00Z", "as_of"),
    ("as_of = 9999-12-31T23:59:59-12:00", "as_of"),
    ('time_zone = "Europe\0Rome"', "is not TOML"),
    ("# " + "x" * (1 << 20), "is larger than 1 MB"),
    (f"csat_scale = [1, {'9' * 5000}]", "is not TOML"),
]


@pytest.mark.parametrize("text, words", SETTINGS, ids=range(len(SETTINGS)))
def test_a_setting_that_is_none_is_told(tmp_path, text, words):
    for name, read in (("service.toml", load_service), ("source.toml", lambda path: find_source(str(path.parent)))):
        file = tmp_path / name
        file.write_text(text)
        with pytest.raises((BadSettings, BadParameter), match=words if name == "service.toml" else name):
            read(file)


def test_settings_with_a_bom_are_read(tmp_path):
    (tmp_path / "service.toml").write_text('\ufefftime_zone = "Europe/Rome"')
    assert load_service(tmp_path / "service.toml").time_zone == "Europe/Rome"


# --- links out of what was given --------------------------------------------------------------------


@pytest.mark.parametrize("link", ["t.csv", "more/t.csv", "more", "service.toml", "benchmark.csv", "readme.md"])
def test_a_link_out_of_the_folder_is_not_followed(tmp_path, link):
    """Whoever made an export would choose which of this machine's files is read."""
    data, source = source_of(tmp_path, SELECT.format("'email'"))
    far = tmp_path / "far"
    far.mkdir()
    (far / "file").write_text("id,created\nTOPSECRET,2024-03-01 10:00:00\n")
    given = tmp_path / "given"
    given.mkdir()
    if link != "t.csv":
        Path(data).rename(given / "t.csv")
    (given / link).parent.mkdir(exist_ok=True)
    (given / link).symlink_to(far if link in ("more", "readme.md") else far / "file")
    with pytest.raises(BadData, match=re.escape(f"{given / link}: is a link that leads out of")) as error:
        open_data(given, source=source)
    assert "TOPSECRET" not in str(error.value)


@pytest.mark.parametrize("link", ["source.toml", "conversations.sql"])
def test_a_source_has_no_link_out_of_its_folder(tmp_path, link):
    data, source = source_of(tmp_path, SELECT.format("'email'"))
    (Path(source) / link).rename(tmp_path / "elsewhere")
    (Path(source) / link).symlink_to(tmp_path / "elsewhere")
    with pytest.raises(ToolkitError, match="is a link that leads out of"):
        open_data(data, source=source)


def test_prepared_data_has_none_either_and_what_the_user_names_may_be_one(tmp_path):
    data, source = source_of(tmp_path, SELECT.format("'email'"))
    (tmp_path / "named.csv").symlink_to(data)
    (tmp_path / "folder").mkdir()
    Path(data).rename(tmp_path / "folder" / "t.csv")
    (tmp_path / "folder" / "t1.csv").symlink_to("t.csv")  # a link within
    Path(data).symlink_to(tmp_path / "folder" / "t.csv")
    (tmp_path / "named").symlink_to(tmp_path / "folder")
    assert open_data(tmp_path / "named.csv", source=source).counts.iloc[0]["rows_in"] == 2
    opened = open_data(tmp_path / "named", source=source)
    kept = opened.save(tmp_path / "kept", sentiment=False)
    assert open_data(kept).counts.iloc[0]["rows_in"] == 2
    (kept / "ledger.parquet").rename(tmp_path / "far.parquet")
    (kept / "ledger.parquet").symlink_to(tmp_path / "far.parquet")
    with pytest.raises(BadData, match=r"ledger\.parquet: is a link"):
        open_data(kept)
