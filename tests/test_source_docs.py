"""docs/sources held against the code: the pages that are written, the one written by hand, what a source's fields fill."""

import re

import pandas as pd
import pytest
from exports import adds_up

from toolkit import open_data
from toolkit.cli import main
from toolkit.report.foreseen import fingerprint, foreseen_of, read_foreseen
from toolkit.report.source_pages import FOLDER, index_page, plain, source_page
from toolkit.sources import FileSpec, SourceSpec, find_source, list_sources
from toolkit.sources.fields import ANY, columns_of, fills
from toolkit.tables import TABLES

OWN = (FOLDER / "your-own.md").read_text(encoding="utf-8")
SOURCES = [source.name for source in list_sources()]


def page_of(name):
    return (FOLDER / f"{name}.md").read_text(encoding="utf-8")


def written(folder, toml, **selects):
    folder.mkdir()
    (folder / "source.toml").write_text('title = "T"\nreads = "r"\n' + toml)
    for name, sql in selects.items():
        (folder / f"{name.replace('__', '.')}.sql").write_text(sql)
    return find_source(folder)


@pytest.mark.parametrize("name", SOURCES)
def test_the_page_of_a_source_is_that_of_its_folder(name):
    source = find_source(name)
    assert page_of(name) == source_page(source), "run make docs"
    assert read_foreseen(source)["fingerprint"] == fingerprint(source), "run make docs"


def test_the_pages_are_those_of_the_sources_and_the_index_lists_them():
    assert {path.stem for path in FOLDER.glob("*.md")} == {*SOURCES, "README", "your-own"}
    index = (FOLDER / "README.md").read_text(encoding="utf-8")
    assert index == index_page(), "run make docs"
    assert all(f"({name}.md)" in index for name in [*SOURCES, "your-own"])


@pytest.mark.parametrize("name", ["asterisk"])
def test_the_reports_that_are_kept_are_those_that_are_found(name):
    source = find_source(name)
    assert read_foreseen(source)["reports"] == foreseen_of(source)


@pytest.mark.parametrize("name", SOURCES)
def test_every_column_of_a_select_has_its_fields(name):
    source = find_source(name)
    for table in [name for name in source.selects if not source.passes_all(name)]:
        filled = columns_of(source, table)
        assert set(TABLES[table].required) <= set(filled)
        assert all(filled[column] for column in TABLES[table].required), table
        for fields in filled.values():
            for field in fields:
                assert not field.file or field.file in source.spec.files
                declared = source.spec.files[field.file].columns_read if field.file and field.path != ANY else []
                assert not declared or not field.path or any(field.path.startswith(one) for one in declared), field


@pytest.mark.parametrize(
    "select, column, fields",
    [
        ("SELECT id AS call_id, 'x' AS queue FROM raw.a", "queue", ["'x'"]),
        ("SELECT id AS call_id, j->>'$.b.c' AS queue FROM raw.a", "queue", ["a.j.b.c"]),
        ("SELECT id AS call_id, coalesce(b.name, a.q) AS queue FROM raw.a LEFT JOIN raw.b ON b.id = a.q", "queue", ["b.name", "a.q"]),
        ("SELECT id AS call_id, CASE WHEN q = '1' THEN 'one' END AS queue FROM raw.a", "queue", ["a.q"]),
        ("SELECT id AS call_id, min(q) FILTER (j = 'x') AS queue FROM raw.a GROUP BY id", "queue", ["a.q"]),
        ("WITH s AS (SELECT *, q || j AS both FROM raw.a) SELECT id AS call_id, both AS queue FROM s", "queue", ["a.q", "a.j"]),
        ("SELECT id AS call_id, q AS queue FROM raw.a UNION ALL SELECT id, name FROM raw.b", "queue", ["a.q", "b.name"]),
        ("SELECT id AS call_id, unnest(from_json(j, '[\"JSON\"]'))->>'$.z' AS queue FROM raw.a", "queue", ["a.j[].z"]),
        ("SELECT id AS call_id, shared.said AS queue FROM raw.shared", "queue", ["b.name"]),
        ("WITH RECURSIVE up AS (SELECT id, q FROM raw.a UNION ALL SELECT id, q FROM up) SELECT id AS call_id, q AS queue FROM up", "queue", ["a.q"]),
        ("SELECT * EXCLUDE (j), CASE WHEN COLUMNS('^q$') = '' THEN NULL ELSE COLUMNS('^q$') END FROM (SELECT id AS call_id, q, j FROM raw.a)", "q", ["a.q"]),
        ("SELECT this is no sql", "queue", []),
    ],
)  # fmt: skip
def test_fields_are_followed_through_the_steps_of_a_select(tmp_path, select, column, fields):
    toml = """views = ["shared"]
    [files.a]
    patterns = ["a.csv"]
    requires = ["id", "q", "j"]
    [files.b]
    patterns = ["b.csv"]
    requires = ["id", "name"]
    lookup = true
    """
    source = written(tmp_path / "s", toml, calls=select, shared__view="SELECT id, name AS said FROM raw.b")
    assert [str(field) for field in columns_of(source, "calls").get(column, ())] == fields


def test_files_that_make_rows_come_before_those_that_are_looked_up():
    found = fills(find_source("zendesk"), "conversations", "team")
    assert found.index("tickets") < found.index("groups")


def test_text_of_a_source_is_shown_as_it_stands(tmp_path):
    toml = '[files.a]\npatterns = ["a|b*.csv"]\nrequires = ["x`y"]\nwithout = "<b>_no_</b>"\noptional = true\n'
    source = written(
        tmp_path / "s", 'notes = ["a <script> & *b*"]\n' + toml, calls='SELECT "x`y" AS call_id FROM raw.a'
    )
    (source.folder / "reports.toml").write_text('fingerprint = ""\n[reports]\n')
    page = source_page(source)
    assert "`a\\|b*.csv`" in page and "`x'y`" in page and "\\<b\\>\\_no\\_\\</b\\>" in page
    assert f"- {plain('a <script> & *b*')}" in page and "<script>" not in page


def test_every_key_of_source_toml_is_described():
    top, files = re.findall(r"\| key[^|]*\| says \|\n\|---\|---\|\n((?:\|.*\n?)+)", OWN)
    assert set(re.findall(r"(?m)^\| `(\w+)` \|", top)) == set(SourceSpec.model_fields)
    assert set(re.findall(r"(?m)^\| `(\w+)` \|", files)) == set(FileSpec.model_fields)


def test_the_page_names_what_a_folder_holds():
    for name in ("raw.", "_file", "_row", "_version", "unused.sql", "view.sql", *(f"{table}.sql" for table in TABLES)):
        assert name in OWN, name


def test_the_worked_example_reads_the_real_file(real_data, tmp_path, capsys):
    folder = tmp_path / "sf311"
    folder.mkdir()
    (folder / "source.toml").write_text(re.search(r"```toml\n(title.*?)```", OWN, re.S).group(1))
    (folder / "conversations.sql").write_text(re.search(r"```sql\n(SELECT\n    unique_key.*?)```", OWN, re.S).group(1))
    (folder / "unused.sql").write_text(re.search(r"```sql\n(SELECT 'conversations'.*?)```", OWN, re.S).group(1))
    data = open_data(real_data / "sf311" / "service_requests.csv", source=folder)
    adds_up(data)
    assert data.counts[["rows_in", "rows_used", "rejected", "repaired"]].values.tolist() == [[10_000, 9_983, 17, 0]]
    assert set(data.ledger["rule"]) == {"order of times"}
    frame = data.conversations.to_pandas()
    assert (frame["status"] == "Open").sum() == 370
    assert set(frame["channel"]) >= {"phone", "web_form", "app", "x"}
    hours = (frame["closed_at"] - frame["created_at"]).dt.total_seconds() / 3600
    assert hours.notna().sum() == 10_000 - 370 - 17
    assert round(hours.median(), 2) == 135.84 and round(hours.mean()) == 2400
    raw = pd.read_csv(real_data / "sf311" / "service_requests.csv", parse_dates=["created_date", "closed_date"])
    of_all = (raw["closed_date"] - raw["created_date"]).dropna().dt.total_seconds() / 3600
    assert (len(of_all), round(of_all.median(), 2), round(of_all.mean())) == (9_630, 135.05, 2395)
    told = ("10,000", "9,983", "370", " 17 ", "9,630", "135.05", "2,395", "135.84", "2,400")
    assert all(figure in OWN for figure in told)


def test_sources_are_listed_in_short_and_told_one_by_one(capsys):
    assert main(["sources"]) == 0
    listed = capsys.readouterr().out
    assert all(f"{source.name} {source.title}" in listed for source in list_sources())
    assert max(map(len, listed.splitlines())) <= 200 and len(listed.splitlines()) == 3 * len(SOURCES) + 2
    assert main(["sources", "zendesk"]) == 0
    told = capsys.readouterr().out
    source = find_source("zendesk")
    flat = " ".join(told.split())
    for said in (*source.spec.export, *source.spec.lacks, *source.spec.notes, *source.spec.links):
        assert " ".join(said.split()) in flat
    assert "abandonment: not made, for want of calls" in flat and "conversations: one row per thread" in flat
    assert main(["sources", "zendsk"]) == 2
    assert "did you mean 'zendesk'" in capsys.readouterr().err


def test_a_source_of_ones_own_is_told_like_the_others(tmp_path, capsys):
    toml = '[files.a]\npatterns = ["a.csv"]\nrequires = ["id", "at"]\n'
    written(tmp_path / "s", toml, calls="SELECT id AS call_id, at AS started_at, _file, _row FROM raw.a")
    assert main(["sources", str(tmp_path / "s")]) == 0
    said = " ".join(capsys.readouterr().out.split())
    assert "overview: every section" in said and "csat_by_topic: not made, for want of surveys" in said
