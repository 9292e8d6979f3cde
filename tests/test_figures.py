"""Figures that travel: the values of a table, its files, the workbook, figures.json; a result written from a notebook."""

import csv
import io
import json
import re
import shutil
import zipfile
from pathlib import Path

import jsonschema
import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
from made_report import FIGURES, HEADER, MEASURE, block, cell
from nbformat import write
from nbformat.v4 import new_markdown_cell, new_notebook
from python_calamine import CalamineWorkbook

from toolkit import words
from toolkit.displays import KEY_FIGURES, MEASURED, REPORT, SECTION
from toolkit.report.figures import write_figures
from toolkit.report.render import render_report
from toolkit.result import Result
from toolkit.table_html import tables_of
from toolkit.table_html.csv_text import csv_of
from toolkit.table_html.typed import MOST_ROWS, table_data
from toolkit.workbook import LONGEST_SHEET, Workbook

ROOT = Path(__file__).resolve().parent.parent
SCHEMA = json.loads((ROOT / "docs" / "figures.schema.json").read_text("utf-8"))
HOSTILE = ["=HYPERLINK(1)", "+a", "-a", "@a", "\ta", "\ra", "plain", None]


def rates(names=("web_chat", "email", "x"), n=(1200, 50, 3)):
    frame = pd.DataFrame({"channel": list(names), "n": list(n), "abandonment_rate": 0.15, "low": 0.13, "high": 0.17})
    frame["p"] = 0.01
    units = {"n": "count", "abandonment_rate": "rate"}
    result = Result.of(frame, "abandonment_rate", units, ["channel"], 10, {"base": "queued"})
    result.attrs |= {
        "shape": "rate",
        "value": "abandonment_rate",
        "case": "call",
        "best": "low",
        "count": "n",
        "zone": "Europe/Rome",
    }
    result.attrs["read"] = {"first_day": "2024-04-01", "last_day": "2024-04-30", "as_of": "2024-04-30T22:00:00+00:00"}
    return result


def columns_of(result, **options):
    return {column["name"]: column for column in table_data(result, **options)["columns"]}


def sheets(content):
    book = CalamineWorkbook.from_filelike(io.BytesIO(content) if isinstance(content, bytes) else content)
    return {name: book.get_sheet_by_name(name).to_python() for name in book.sheet_names}


# --- the values of a table ----------------------------------------------------------------------------


def test_what_is_too_few_to_be_shown_is_in_no_file():
    found = columns_of(rates())
    assert found["channel"]["values"] == ["web_chat", "email", "x"] and found["n"]["values"] == [1200, 50, 3]
    for name in ("abandonment_rate", "low", "high", "p"):
        assert found[name]["values"][:2] != [None, None] and found[name]["values"][2] is None, name
    assert found["abandonment_rate"]["said"] == {"2": "too few"}


def test_an_interval_has_the_unit_and_the_name_of_its_figure():
    found = columns_of(rates())
    assert found["low"]["unit"] == "rate" and found["low"]["heading"] == "Abandonment rate, lower end"
    other = rates()
    other.attrs["units"]["low"] = "number"  # as a comparison has it
    assert columns_of(other)["low"]["unit"] == "rate"


@pytest.mark.parametrize(
    "values, unit, kind, held",
    [
        ([1, 2], "count", "integer", [1, 2]),
        ([1.0, np.nan], "count", "integer", [1, None]),
        ([1.0, np.nan], "seconds", "number", [1.0, None]),
        ([1 / 3, np.inf], "rate", "number", [0.333333, None]),
        ([True, False], "text", "boolean", [True, False]),
        ([True, None], "text", "boolean", [True, None]),
        (["a", None], "text", "text", ["a", None]),
        ([1, "a"], "text", "text", ["1", "a"]),
        (pd.to_datetime(["2024-04-01", None]), "text", "date", ["2024-04-01", None]),
        (pd.to_datetime(["2024-04-01T12:30"]), "text", "text", ["2024-04-01T12:30:00"]),
        (pd.to_datetime(["2024-04-01T12:30+02:00"]), "time", "time", ["2024-04-01T10:30:00+00:00"]),
        (pd.Categorical(["b", "a"], ["b", "a"]), "text", "text", ["b", "a"]),
        ([], "text", "number", []),
    ],
)
def test_a_column_has_a_type(values, unit, kind, held):
    values = pd.Series(values, dtype="float64") if len(values) == 0 else values
    column = columns_of(Result.of(pd.DataFrame({"x": values}), "y", {"x": unit}))["x"]
    assert column["type"] == kind and column["values"] == held
    json.dumps(column, allow_nan=False)


def test_a_frame_of_any_columns_is_data():
    frame = pd.DataFrame([[1, 2, 3]], columns=["a", "a", "_own"])
    assert [column["name"] for column in table_data(frame)["columns"]] == ["a", "a 2"]
    wide = pd.DataFrame({"g": ["x", "y"], "v": [1, 2]}).groupby("g").agg(["sum", "mean"])
    assert [column["name"] for column in table_data(wide)["columns"]] == ["v sum", "v mean"]


def test_of_a_long_table_it_is_said_what_is_left():
    data = table_data(pd.DataFrame({"x": range(MOST_ROWS + 7)}))
    assert (data["rows"], data["left"], len(data["columns"][0]["values"])) == (MOST_ROWS + 7, 7, MOST_ROWS)
    page = render_report(
        notebook([block("b1", "Long", tables=[table | {"data": data} for table in tables_of(rates())])])
    )
    assert page.count("data:text/csv") == 1  # how it was measured; no page says a part for the whole


# --- a result, from a notebook ------------------------------------------------------------------------


def test_to_csv_has_units_and_no_formula():
    text = rates(HOSTILE, [20] * 8).to_csv()
    head, *rows = csv.reader(io.StringIO(text, newline=""))
    assert head[:3] == ["channel", "n", "abandonment_rate (fraction)"] and head[3] == "low (fraction)"
    assert [row[0] for row in rows] == ["'=HYPERLINK(1)", "'+a", "'-a", "'@a", "'\ta", "'\\ra", "plain", ""]
    assert all(not cell.startswith(("=", "+", "-", "@", "\t", "\r")) for row in rows for cell in row)


def test_pandas_own_options_work():
    result = rates()
    assert result.to_csv(sep=";", columns=["channel", "n"]) == "channel;n\nweb_chat;1200\nemail;50\nx;3\n"
    assert result.to_csv(columns=["n"], index=True).splitlines()[1] == "0,1200"
    assert (
        result.set_index("channel").to_csv(columns=["n"]).splitlines()[0] == "channel,n"
    )  # an index that says something
    named = pd.DataFrame({"n": [1]}, index=pd.Index(["=1+1"], name="g"))
    assert Result(named).to_csv() == "g,n\n'=1+1,1\n"
    held = io.StringIO()
    result.to_csv(held)
    assert held.getvalue() == result.to_csv()


@pytest.mark.parametrize("ending", ["csv", "csv.gz"])
def test_what_must_be_known_stands_below(tmp_path, ending):
    rates().to_csv(tmp_path / f"a.{ending}", about=True)
    read = pd.read_csv(tmp_path / f"a.{ending}", header=None, names=range(6), skip_blank_lines=True)
    said = dict(zip(read[0], read[1], strict=True))
    assert said["Period"] == "1 to 30 April 2024" and said["Time zone"] == "Europe/Rome" and "Definition" in said
    title, chosen = words.choice("base", "queued")
    assert said["Data up to"].startswith("2024-04-30") and said[title] == chosen
    assert rates().to_csv(about=True).startswith(rates().to_csv())


def test_to_excel_has_formats_and_a_second_sheet(tmp_path):
    rates().to_excel(tmp_path / "a.xlsx")
    found = sheets((tmp_path / "a.xlsx").read_bytes())
    assert list(found) == ["Table", "About"]
    head, first, _, few = found["Table"]
    assert head == [
        "Channel",
        "Count",
        "Abandonment rate",
        "Abandonment rate, lower end",
        "Abandonment rate, upper end",
        "P",
    ]
    assert first == ["Web chat", 1200, 0.15, 0.13, 0.17, 0.01] and few[2:] == ["too few", "", "", ""]
    assert ["Period", "1 to 30 April 2024"] in found["About"] and "Definition" in [row[0] for row in found["About"]]
    styles = zipfile.ZipFile(tmp_path / "a.xlsx").read("xl/styles.xml").decode()
    assert 'formatCode="0.0%"' in styles
    held = io.BytesIO()
    rates().to_excel(held)
    assert held.getvalue() == (tmp_path / "a.xlsx").read_bytes()


def test_pandas_writes_a_sheet_where_it_is_asked(tmp_path):
    with pd.ExcelWriter(tmp_path / "two.xlsx") as writer:
        rates().to_excel(writer, sheet_name="a")
        rates(HOSTILE, [20] * 8).to_excel(writer, sheet_name="b", columns=["channel", "n"])
    found = sheets((tmp_path / "two.xlsx").read_bytes())
    assert found["a"][0][2] == "abandonment_rate (fraction)" and found["b"][1] == ["'=HYPERLINK(1)", 20]


# --- the workbook -------------------------------------------------------------------------------------


def test_no_cell_of_a_workbook_is_a_formula_and_every_text_stays_one():
    book = Workbook()
    book.table("x", table_data(rates(HOSTILE, [20] * 8)), ["=1+1", "@a", ""])
    content = book.bytes()
    parts = zipfile.ZipFile(io.BytesIO(content))
    sheet = parts.read("xl/worksheets/sheet1.xml").decode()
    assert "<f>" not in sheet and "<hyperlink" not in sheet
    assert 'quotePrefix="1"' in parts.read("xl/styles.xml").decode()
    assert sheets(content)["x"][0][0] == "=1+1"


@pytest.mark.parametrize(
    "unit, value, code, held",
    [
        ("rate", 0.25, "0.0%", 0.25),
        ("seconds", 5400, "[h]:mm:ss", 0.0625),
        ("change in seconds", -90, "+0.0;-0.0;0.0", -1.5),
        ("points", -0.021, "+0.0;-0.0;0.0", -2.1),
        ("net", 0.5, "0.0", 50),
        ("count", 31359, "#,##0", 31359),
    ],
)
def test_a_unit_has_its_format(unit, value, code, held):
    book = Workbook()
    book.table("x", table_data(Result.of(pd.DataFrame({"a": [value]}), "m", {"a": unit})))
    parts = zipfile.ZipFile(io.BytesIO(book.bytes()))
    number = re.search(r'<c r="A2"[^>]*><v>([^<]+)</v>', parts.read("xl/worksheets/sheet1.xml").decode())[1]
    styles = parts.read("xl/styles.xml").decode()
    assert float(number) == pytest.approx(held)
    assert f'formatCode="{code}"' in styles or code == "#,##0"  # which every workbook has


def test_sheets_have_names_that_a_workbook_takes():
    book, wanted = Workbook(), ["a" * 60, "a" * 60, "A" * 60, "x[1]:*?/\\", "'quoted'", "", "History", "=1"]
    made = [book.add(name, 0).get_name() for name in wanted]
    book.bytes()
    assert len({name.casefold() for name in made}) == len(wanted) and all(
        0 < len(name) <= LONGEST_SHEET for name in made
    )
    assert not any(re.search(r"[\[\]:*?/\\]|^'|'$", name) for name in made) and "history" not in map(str.casefold, made)


def test_times_are_those_of_the_zone_and_days_are_days():
    frame = pd.DataFrame(
        {
            "at": pd.to_datetime(["2024-04-01T22:30Z", "0001-01-01T00:00Z"], format="ISO8601").astype(
                "datetime64[s, UTC]"
            )
        }
    )
    frame["day"] = pd.to_datetime(["2024-04-02", "2024-04-03"])
    book = Workbook()
    book.table("x", table_data(Result.of(frame, "m", {"at": "time"})), zone="Europe/Rome")
    head, first, second = sheets(book.bytes())["x"]
    assert (
        head[0].endswith("(Europe/Rome)")
        and str(first[0]) == "2024-04-02 00:30:00"
        and str(first[1])[:10] == "2024-04-02"
    )
    assert second[0] == "0001-01-01T00:00:00+00:00"  # a workbook knows no such day


# --- a run's files ------------------------------------------------------------------------------------

RAW = {
    "metric": "abandonment_rate",
    "column": "abandonment_rate",
    "unit": "rate",
    "case": "call",
    "n": 378,
    "value": 0.1,
}
RAW |= {"low": 0.08, "high": 0.13, "previous": 0.2, "previous_n": 300.0, "change": -0.1, "verdict": "clear"}
RAW |= {"direction": "better", "status": "off", "target": 0.05, "note": None, "per_day": False, "history": []}
EMPTY = {"metric": "csat", "column": "csat", "unit": "rate", "case": "answer", "n": 3, "note": "few"}


def notebook(shown, figures=((FIGURES[0], RAW), (FIGURES[4], EMPTY)), title="Calls"):
    told = [{"title": "Abandonment rate", "text": "Calls that `hung up`", "more": "", "metric": "abandonment_rate"}]
    quality = MEASURE["quality"] | {"tables": tables_of(pd.DataFrame({"table": ["calls"], "rows_in": [7]}))}
    cells = [new_markdown_cell(f"# {title}"), cell("show.header(data)", (REPORT, HEADER))]
    bundle = {"figures": [texts for texts, _ in figures], "raw": [raw for _, raw in figures]}
    cells.append(cell("show.key_figures(data)", (KEY_FIGURES, bundle)))
    cells += [new_markdown_cell("## Who?"), *(cell("show(x)", (SECTION, one)) for one in shown)]
    cells.append(cell("show.measured(data)", (MEASURED, {"quality": quality, "definitions": told})))
    made = new_notebook(cells=cells)
    for number, one in enumerate(made.cells):
        one["id"] = f"cell-{number}"
    return made


def our_block(key, result):
    return block(key, "It fell", tables=tables_of(result), metric="abandonment_rate")


def entry(name, made_in="run-2", **more):
    return {
        "status": "ok",
        "html": f"{name}.html",
        "notebook": f"notebooks/{name}.ipynb",
        "title": name.title(),
        "made_in": made_in,
    } | more


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """A run's folder: calls made in it, waits in an earlier one, with the file that it had then."""
    folder = tmp_path_factory.mktemp("run")
    (folder / "notebooks").mkdir()
    tabs = [
        {"label": "a", "block": our_block("by-a", rates())},
        {"label": "b", "block": our_block("by-b", rates(HOSTILE, [20] * 8))},
    ]
    whole = {
        "heading": "x",
        "note": "",
        "status": "none",
        "is_changed": False,
        "score": 0.0,
        "id": "by-a",
        "tabs": tabs,
    }
    for name, shown in {"calls": [our_block("one", rates()), whole], "waits": [our_block("one", rates())]}.items():
        write(notebook(shown, title=name.title()), folder / "notebooks" / f"{name}.ipynb")
    (folder / "figures" / "waits").mkdir(parents=True)
    (folder / "figures" / "waits" / "one.csv").write_text("as it was\n")
    gone = {"gone": entry("gone", html=None), "lost": entry("lost")}  # never made; its notebook is not there
    manifest = {"run": {"id": "run-2"}, "reports": {"calls": entry("calls"), "waits": entry("waits", "run-1")} | gone}
    write_figures(folder, manifest)
    return folder, manifest


def test_each_table_has_its_files(run):
    folder, _ = run
    names = ["by-a", "by-b", "measured", "one"]
    assert sorted(path.name for path in (folder / "figures" / "calls").iterdir()) == sorted(
        f"{name}.{ending}" for name in names for ending in ("csv", "parquet")
    )
    table = pq.read_table(folder / "figures" / "calls" / "one.parquet")
    assert [str(one.type) for one in table.schema] == ["string", "int64", "double", "double", "double", "double"]
    assert table.schema.field("low").metadata[b"unit"] == b"rate"
    with (folder / "figures" / "calls" / "one.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    for column in table.column_names:
        held = ["" if value is None else str(value) for value in table[column].to_pylist()]
        assert [row[column] for row in rows] == held
    raw = pq.read_table(folder / "figures" / "calls" / "by-b.parquet")["channel"].to_pylist()
    assert "=HYPERLINK(1)" in raw  # which no spreadsheet opens


def test_a_page_links_to_its_files_where_it_has_some(run):
    folder, _ = run
    from nbformat import read

    made = read(folder / "notebooks" / "calls.ipynb", 4)
    page = render_report(made, name="calls", files="figures/calls")
    links = re.findall(r'href="(figures/[^"]+)"', page)
    assert sorted(links) == sorted(str(path.relative_to(folder)) for path in (folder / "figures" / "calls").iterdir())
    alone = render_report(made, name="calls")
    assert (
        'href="figures' not in alone and page.count("data:text/csv") == alone.count("data:text/csv") == len(links) / 2
    )


def test_what_was_carried_over_keeps_its_files_and_says_so(run):
    folder, _ = run
    assert [path.name for path in (folder / "figures" / "waits").iterdir()] == ["one.csv"]
    assert (folder / "figures" / "waits" / "one.csv").read_text() == "as it was\n"
    said = json.loads((folder / "figures.json").read_text("utf-8"))
    assert {one["report"]: one["made_in"] for one in said["figures"]} == {"calls": "run-2", "waits": "run-1"}
    assert {one["report"]: one["status"] for one in said["reports"]} == {"calls": "ok", "waits": "kept"}
    found = sheets((folder / "figures.xlsx").read_bytes())["Contents"]
    assert {row[1]: "from an earlier run" in row[4] for row in found[3:-1]} == {"Calls": False, "Waits": True}


def test_the_workbook_says_which_change_is_that_of_a_day(tmp_path):
    raw = RAW | {"unit": "count", "value": 597, "previous": 589, "change": 0.083, "per_day": True}
    (tmp_path / "notebooks").mkdir()
    figures = [(FIGURES[0], raw), (FIGURES[0], raw | {"per_day": False})]
    write(notebook([our_block("one", rates())], figures), tmp_path / "notebooks" / "calls.ipynb")
    write_figures(tmp_path, {"run": {"id": "run-2"}, "reports": {"calls": entry("calls")}})
    head, daily, plain = sheets((tmp_path / "figures.xlsx").read_bytes())["Key figures"][2:5]
    of = head.index("Change of")
    assert head[of - 1 : of + 2] == ["Change", "Change of", "How sure"] and daily[of - 1] == 0.083
    assert (daily[of], plain[of]) == ("the number a day", "") and daily[of + 1] == plain[of + 1]


def test_figures_json_keeps_to_its_schema(run):
    folder, _ = run
    said = json.loads((folder / "figures.json").read_text("utf-8"))
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    jsonschema.Draft202012Validator(SCHEMA).validate(said)
    first, few = said["figures"][:2]
    assert first["value"] == 0.1 and first["level"] == 0.95 and first["target"] == 0.05 and first["n"] == 378
    assert first["definition"] == "Calls that `hung up`" and first["period"]["label"] == "-28d"
    assert few["value"] is None and few["missing"] == "few" and few["level"] is None
    assert [one["report"] for one in said["reports"]] == ["calls", "waits"] and said["run"] == "run-2"


def test_every_field_is_in_the_dictionary():
    text = (ROOT / "docs" / "figures.md").read_text("utf-8")
    parts = [SCHEMA, *(SCHEMA["properties"][name]["items"] for name in ("reports", "figures", "tables"))]
    for part in parts:
        for name, about in part["properties"].items():
            assert f"| `{name}` |" in text and about.get("description", "") in text, name


def test_the_same_notebooks_make_the_same_bytes(run, tmp_path):
    folder, manifest = run
    again = tmp_path / "again"
    shutil.copytree(folder, again)
    kept = {path.relative_to(folder): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    inode = (again / "figures" / "calls" / "one.csv").stat().st_ino
    write_figures(again, manifest)
    assert {path.relative_to(again): path.read_bytes() for path in again.rglob("*") if path.is_file()} == kept
    assert (
        again / "figures" / "calls" / "one.csv"
    ).stat().st_ino != inode  # a link of an earlier run is never written into
    dates = {one.date_time[0] for one in zipfile.ZipFile(folder / "figures.xlsx").infolist()}
    assert (
        dates == {1980}
        and "2024-04-28T22:00:00Z" in zipfile.ZipFile(folder / "figures.xlsx").read("docProps/core.xml").decode()
    )


def test_the_page_and_the_file_have_the_same_values():
    (table,) = tables_of(rates())
    page = render_report(notebook([block("b1", "It fell", tables=[table])]), files="figures/x")
    from urllib.parse import unquote

    carried = unquote(re.search(r'href="data:text/csv;charset=utf-8,([^"]+)"', page)[1])
    assert carried.replace("&#39;", "'") == csv_of(table["data"]).replace("\r\n", "\n")
