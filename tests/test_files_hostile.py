"""Files and places that someone made to do harm, or that are damaged: a sentence, and nothing lost or given away."""

import contextlib
import gzip
import os
import sqlite3
import zipfile

import duckdb
import pytest
from workbooks import xlsx

from toolkit.cli import main
from toolkit.errors import BadData, ToolkitError
from toolkit.load import open_data
from toolkit.load.files import packed
from toolkit.load.files.places import is_unescaped, scrubbed, secrets_of, shown_path

SECRETS = ("geheim", "heim", "ge?", "ge#", "ge/", "ge@")


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://ann:geheim@127.0.0.1:1/db",
        "postgresql://ann:ge@he/im#heim@127.0.0.1:1/db",
        "postgresql://ann:ge?heim@127.0.0.1:1/db",
        "postgresql://ann:ge#heim@127.0.0.1:1/db",
        "postgresql://ann:a?b@c=geheim@127.0.0.1:1/db",
        "postgresql://127.0.0.1:1/db?user=ann&password=geheim",
        "postgresql://127.0.0.1:1/db?user=a@b&password=x@geheim",
        "postgresql://127.0.0.1:1/ann:geheim@db?x=1",
        "postgresql://[ann:geheim@127.0.0.1",
        "postgresql://ann:geheim",
        "mysql://ann:geheim@h/db",
        "https://geheim@h/x.csv?token=geheim",
        "jdbc:postgresql://h/db?password=geheim",
        "postgresql:geheim@x",
        "sqlite:///a?password=geheim",
        "duckdb:md:?motherduck_token=geheim",
        "host=127.0.0.1 port=1 user=ann password='ge heim'",
    ],
)
def test_no_part_of_a_password_is_shown(url, capsys, tmp_path):
    with pytest.raises(BadData) as error:
        open_data(url)
    assert main(["map", url, "--yes", "--out", str(tmp_path / "out")]) == 2
    shown = [shown_path(url), scrubbed(url), str(error.value), "".join(capsys.readouterr())]
    assert [text for text in shown if any(secret in text for secret in SECRETS)] == []


def test_what_a_server_may_quote_of_a_password_is_known():
    assert {"ann:a%40b", "a%40b", "a@b"} <= set(secrets_of("postgresql://ann:a%40b@host/db"))
    assert is_unescaped("postgresql://ann:a#b@host/db") and not is_unescaped("postgresql://ann:a%23b@host:5432/db")
    assert shown_path("exports/march@home.csv") == "exports/march@home.csv"
    assert shown_path("postgresql://ann:x@[::1]:5432/desk") == "postgresql://[::1]:5432/desk"


# --- Databases --------------------------------------------------------------------------------------

ROWS = (
    "SELECT i AS conversation_id, 'email' AS channel, '2024-03-01 10:00:00' AS created_at FROM "
    "(WITH RECURSIVE t(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM t WHERE i < 40) SELECT i FROM t)"
)


def test_rows_of_sqlite_that_lie_beside_it_are_read(tmp_path):
    file = tmp_path / "desk.sqlite"
    with contextlib.closing(sqlite3.connect(file)) as con:
        con.execute("PRAGMA journal_mode = wal")
        con.execute(f"CREATE TABLE conversations AS {ROWS}")
        con.commit()
        con.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        con.execute("INSERT INTO conversations SELECT conversation_id + 100, channel, created_at FROM conversations")
        con.commit()
        before = sorted(path.name for path in tmp_path.iterdir())
        assert "desk.sqlite-wal" in before
        assert open_data(file).conversations.count().execute() == 80
        assert sorted(path.name for path in tmp_path.iterdir()) == before


def test_damaged_sqlite_is_told_as_such(tmp_path):
    file = tmp_path / "desk.sqlite"
    with contextlib.closing(sqlite3.connect(file)) as con:
        con.execute(f"CREATE TABLE conversations AS {ROWS}")
        con.commit()
    file.write_bytes(file.read_bytes()[:4096] + b"\xff" * 4096)
    with pytest.raises(BadData, match="is damaged"):
        open_data(file)


def test_views_of_a_duckdb_file_are_not_read(tmp_path):
    (tmp_path / "secret.txt").write_text("TOPSECRET")
    with duckdb.connect(tmp_path / "desk.duckdb") as con:
        con.execute(f"CREATE TABLE conversations AS {ROWS}")
        con.execute(f"CREATE VIEW surveys AS SELECT content FROM read_text('{tmp_path}/secret.txt')")
    data = open_data(tmp_path / "desk.duckdb")
    assert data.conversations.count().execute() == 40
    assert any("being views" in note and "surveys" in note for note in data.notes)
    with duckdb.connect(tmp_path / "views.duckdb") as con:
        con.execute(
            f"CREATE VIEW conversations AS SELECT *, (SELECT content FROM read_text('{tmp_path}/secret.txt')) s FROM ({ROWS})"
        )
    for source in (None, "tables"):
        with pytest.raises(BadData, match="views aren't read") as error:
            open_data(tmp_path / "views.duckdb", source=source)
        assert "TOPSECRET" not in str(error.value)


# --- Source folders ---------------------------------------------------------------------------------

TOML = 'title = "Desk"\nreads = "tickets"\n[files.t]\npatterns = ["t*.csv"]\nrequires = ["id"]\n'
SELECT = "SELECT id AS conversation_id, 'email' AS channel, created AS created_at, _file, _row FROM raw.t"


def refused(tmp_path, toml=TOML, **files):
    """What is said of a source of one's own."""
    source = tmp_path / "desk"
    source.mkdir()
    (source / "source.toml").write_text(toml)
    for name, text in ({"conversations": SELECT} | files).items():
        (source / f"{name.replace('__', '.')}.sql").write_text(text)
    (tmp_path / "t.csv").write_text("id,created\n1,2024-03-01\n2,2024-03-02\n")
    with pytest.raises(ToolkitError) as error:
        open_data(tmp_path / "t.csv", source=str(source))
    return str(error.value)


@pytest.mark.parametrize("name", ["conversations", "a__view", "unused"])
def test_a_file_of_sql_holds_one_select_and_nothing_else(tmp_path, name):
    toml = 'views = ["a"]\n' + TOML
    files = {"a__view": "SELECT 1 AS x"} | {name: f"{SELECT}; COPY (SELECT 1) TO '{tmp_path}/pwn'"}
    said = refused(tmp_path, toml, **files)
    assert f"{name.replace('__', '.')}.sql: holds 2 statements (SELECT, COPY)" in said
    assert not (tmp_path / "pwn").exists()


@pytest.mark.parametrize(
    "text, words",
    [
        ("COPY (SELECT 1) TO '/nowhere/pwn'", "holds the statement COPY"),
        ("", "is empty"),
        ("-- nothing", "is empty"),
        ("SELECT 1) ; COPY (SELECT 1", "can't run"),
    ],
)
def test_what_is_no_select_is_told(tmp_path, text, words):
    said = refused(tmp_path, conversations=text)
    assert "conversations.sql: " in said and words in said


def test_views_that_read_one_another_are_named(tmp_path):
    toml = 'views = ["a", "b"]\n' + TOML
    said = refused(tmp_path, toml, a__view="SELECT * FROM raw.b", b__view="SELECT * FROM raw.a")
    assert "a.view.sql" in said and "raw.b, which is none of its files, nor a view before it (views: a, b)" in said


@pytest.mark.parametrize(
    "line, words",
    [
        ('delimiter = ";;"', "files.t.delimiter = ';;': has to be one sign"),
        ('delimiter = ""', "files.t.delimiter = '': has to be one sign"),
        ('quote = "ab"', "files.t.quote = 'ab': has to be one sign"),
        ("header = false", "header = false needs columns"),
        ('table = "nope"', "files.t.table = 'nope': is no table"),
        ('like = { id = "[" }', "id: '[' is no regular expression"),
        ('patterns = ["../*.csv"]', "'../*.csv' is no name of a file below"),
        ('patterns = ["/etc/*"]', "'/etc/*' is no name of a file below"),
        ('time_zone = "X"', "time_zone = 'X': is no time zone"),
    ],
)
def test_a_wrong_setting_of_a_source_is_told_by_file_and_key(tmp_path, line, words):
    toml = TOML.replace('patterns = ["t*.csv"]\n', "" if line.startswith("patterns") else 'patterns = ["t*.csv"]\n')
    said = refused(tmp_path, f"{line}\n{toml}" if line.startswith("time_zone") else f"{toml}{line}\n")
    assert "source.toml" in said and words in said


# --- Files that are damaged, or no files ------------------------------------------------------------

CSV = "conversation_id,channel,created_at\n" + "".join(f"{i},email,2024-03-01 10:00:00\n" for i in range(200))


@pytest.mark.parametrize("at", [40, 200])
@pytest.mark.parametrize("name", ["conversations.csv.gz", "conversations.json.gz", "x.zip"])
def test_damaged_packed_files(tmp_path, name, at):
    file = tmp_path / name
    if name == "x.zip":
        with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("conversations.csv", CSV)
    else:
        file.write_bytes(gzip.compress(CSV.encode()))
    at = at if name == "x.zip" else at - 30
    content = bytearray(file.read_bytes())
    content[at : at + 8] = bytes(byte ^ 0xFF for byte in content[at : at + 8])
    file.write_bytes(content)
    for source in ("tables", None):
        with pytest.raises(BadData, match=name):
            open_data(file, source=source)


def test_a_damaged_workbook(tmp_path):
    file = xlsx(
        tmp_path / "conversations.xlsx",
        {"S": [["conversation_id", "channel", "created_at"], ["1", "email", "2024-03-01"]]},
    )
    with zipfile.ZipFile(file) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    sheet = next(name for name in parts if name.startswith("xl/worksheets/"))
    for broken in (parts[sheet].replace(b"email", b"em\xff\xfel"), parts[sheet][: len(parts[sheet]) // 2] + b"<c r="):
        with zipfile.ZipFile(file, "w") as archive:
            for name, content in (parts | {sheet: broken}).items():
                archive.writestr(name, content)
        with pytest.raises(BadData, match="conversations.xlsx"):
            open_data(file, source="tables")


def test_what_is_no_file_is_refused_at_once(tmp_path):
    os.mkfifo(tmp_path / "conversations.csv")
    for path in (tmp_path / "conversations.csv", "/dev/zero"):
        with pytest.raises(BadData, match="isn't a file or a folder"):
            open_data(path)
        assert main(["map", str(path), "--yes", "--out", str(tmp_path / "out")]) == 2


@pytest.mark.parametrize("name", ["conversations.csv.gz", "conversations.json.gz"])
def test_a_gzip_bomb_is_refused(tmp_path, name, monkeypatch):
    monkeypatch.setattr(packed, "LARGEST", 1 << 16)
    monkeypatch.setattr(packed, "MOST_TIMES", 2)
    text = CSV * 40 if "csv" in name else "[" + ",".join(['{"conversation_id": 1}'] * 9000) + "]"
    (tmp_path / name).write_bytes(gzip.compress(text.encode()))
    with pytest.raises(BadData, match="unpacks to more than"):
        open_data(tmp_path / name, source="tables")


@pytest.mark.parametrize(
    "text, words",
    [
        ("null", "holds no records: it says only null"),
        ("[]", "holds no records: its list is empty"),
        ("[[1, 2], [3]]", "holds no records: its list holds no objects"),
        ('[{"a":' * 10_000 + "1" + "}]" * 10_000, "too deep|has no column"),
        ('[{"conver', "breaks off at byte 9"),
        ("[", "breaks off at byte 1"),
    ],
)
@pytest.mark.parametrize("source", ["tables", None])
def test_json_without_records(tmp_path, text, words, source):
    (tmp_path / "conversations.json").write_text(text)
    with pytest.raises(BadData, match=words):
        open_data(tmp_path / "conversations.json", source=source)


def test_a_name_of_a_column_that_goes_over_lines(tmp_path):
    text = CSV.replace("created_at\n", 'created_at,"what\r\nfor, it"\n', 1).replace("10:00:00\n", "10:00:00,x\n")
    (tmp_path / "conversations.csv").write_text(text + "z,email,never,x\n")
    data = open_data(tmp_path / "conversations.csv")
    assert data.conversations.count().execute() == 200
    assert data.ledger[["rule", "row"]].values.tolist() == [["not a time", 203]]
