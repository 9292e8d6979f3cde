"""The ten notebooks from end to end: run, rendered, opened in a browser, read for the sample's story."""

import json
import re
from html import unescape

import figure_files
import jsonschema
import pytest
import story
from audit import faults
from browser import audit_page, examine_report
from runs import ROOT, text_of, toolkit

from toolkit.report.runs import latest

REPORTS = (
    "abandonment",
    "bots_and_deflection",
    "csat_by_topic",
    "lifecycle_and_service_levels",
    "overview",
    "resolution",
    "response_times",
    "sentiment_trends",
    "team_report",
    "volume_and_workload",
)


@pytest.fixture(scope="module")
def reports(tmp_path_factory):
    out = tmp_path_factory.mktemp("reports")
    done = toolkit("report", "--data", "data/sample", "--out", out)
    assert done.returncode == 0, done.stdout + done.stderr
    return latest(out)


def test_the_reports_are_the_notebooks():
    assert {path.stem for path in (ROOT / "notebooks").glob("*.ipynb")} == set(REPORTS)


def test_each_report_is_there_and_small(reports):
    for name in (*REPORTS, "index"):
        assert 5_000 < (reports / f"{name}.html").stat().st_size < 310_000, name
    manifest = json.loads((reports / "manifest.json").read_text(encoding="utf-8"))
    assert {name: one["status"] for name, one in manifest["reports"].items()} == dict.fromkeys(REPORTS, "ok")
    assert not (reports / "failed").exists()


@pytest.mark.parametrize("name", (*REPORTS, "index"))
def test_one_file_without_script_or_request(reports, name):
    html = (reports / f"{name}.html").read_text(encoding="utf-8")
    assert "<script" not in html.lower()
    assert not re.search(r"<[^>]+\son[a-z]+\s*=", html)
    assert not re.search(r"(src|href)=[\"']?(https?:)?//", html)
    assert "@import" not in html and not re.search(r"url\(\s*[\"']?(https?:)?//", html)
    policy = unescape(re.search(r'http-equiv="Content-Security-Policy" content="([^"]+)"', html).group(1))
    assert "default-src 'none'" in policy and "script-src" not in policy and "unsafe-inline" not in policy


@pytest.mark.parametrize("name", (*REPORTS, "index", "history", "ledger"))
def test_in_the_browser(reports, name, browser):
    nothing = {"console": [], "requests": [], "violations": [], "overflow": []}
    path, is_report = reports / f"{name}.html", name in REPORTS
    seen = audit_page(path, [("light", 1280), ("dark", 390)], browser, rules=False, is_examined=is_report)
    assert seen == nothing | ({"unread": {}} if is_report else {})
    # what axe says of a narrow and of a dark page is the template's: test_report_browser asks it
    assert faults(browser, path, ["light"], [1280], contrast=False, forced=False) == {}
    assert faults(browser, path, ["dark"], [320], axe=False, keyboard=False) == {}


@pytest.mark.parametrize("name", REPORTS)
def test_on_paper(reports, name, browser):
    """On a screen and on a phone it is read above."""
    found = examine_report(reports / f"{name}.html", browser, ())
    assert found["faults"] == {} and found["pages"] <= 6


def test_the_overview_is_one_screen_and_one_sheet_of_paper(reports, browser):
    view = browser.new_page(viewport={"width": 1280, "height": 900})
    view.goto((reports / "index.html").as_uri())
    tall = view.evaluate("document.documentElement.scrollHeight")
    paper = view.pdf(prefer_css_page_size=True)
    view.close()
    assert tall <= 900 and len(re.findall(rb"/Type */Page\b", paper)) == 1


@pytest.mark.parametrize(
    "name, first",
    [
        ("bots_and_deflection", ["What becomes of conversations with a bot?", "What is passed to a human?"]),
        (
            "volume_and_workload",
            ["Which weeks were unusual, and where?", "What is it about?", "Does the backlog grow?"],
        ),
    ],
)
def test_what_matters_most_comes_first(reports, name, first):
    html = (reports / f"{name}.html").read_text(encoding="utf-8")
    assert re.findall(r'<p class="label">(.*?)</p>', html)[: len(first)] == first


@pytest.mark.parametrize("name", REPORTS)
def test_charts_have_alternative_text(reports, name):
    html = (reports / f"{name}.html").read_text(encoding="utf-8")
    charts = re.findall(r"<svg[^>]*role=\"img\"[^>]*>", html)
    assert len(charts) >= 2
    for chart in charts:
        label = re.search(r"aria-label=\"([^\"]+)\"", chart)
        assert label and len(label.group(1)) > 30, chart[:200]


@pytest.mark.parametrize("name", (*REPORTS, "index"))
def test_the_story_of_the_sample_is_told(reports, name):
    said = text_of((reports / f"{name}.html").read_text(encoding="utf-8"))
    expected = getattr(story, name)()
    assert len(expected) >= 3 and [words for words in expected if words not in said] == []


@pytest.mark.parametrize("name", REPORTS)
def test_what_every_report_says(reports, name):
    text = text_of((reports / f"{name}.html").read_text(encoding="utf-8"), "style")
    for words in ("Europe/Rome", "1 to 28 April 2024", "95 %", "Rows in", "set aside", "Data and definitions"):
        assert words.lower() in text.lower(), words
    assert str(ROOT) not in text  # where the files lie is nobody's business


def test_code_is_folded_and_there(reports):
    html = (reports / "abandonment.html").read_text(encoding="utf-8")
    assert "<details" in html and "abandonment_rate" in html


@pytest.mark.parametrize("name", REPORTS)
def test_every_table_says_what_its_file_says(reports, name):
    curves = {"patience-curve.csv", "response-curve-by-channel.csv"}  # which the page draws, and shows a few steps of
    compared = figure_files.compare_run(reports, name)
    assert compared and {file: differ for file, (_, differ) in compared.items() if differ} == {}
    assert {file for file, (agreed, _) in compared.items() if not agreed} <= curves
    html = (reports / f"{name}.html").read_text(encoding="utf-8")
    links = {unescape(link) for link in re.findall(r'href="(figures/[^"]+)"', html)}
    there = {str(path.relative_to(reports)) for path in (reports / "figures" / name).iterdir()}
    assert links == there and len(there) >= 2 * len(compared)


def shown_near(text, label, value):
    """Whether a value stands soon after a label, as in a tile."""
    label, value = (re.sub(r"\s+", " ", part) for part in (label, value))
    return any(value in text[at.end() : at.end() + 80] for at in re.finditer(re.escape(label), text))


def test_figures_json_says_what_the_tiles_say(reports):
    said = json.loads((reports / "figures.json").read_text(encoding="utf-8"))
    schema = json.loads((ROOT / "docs" / "figures.schema.json").read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator(schema).validate(said)
    assert {one["report"] for one in said["figures"]} == {one["report"] for one in said["reports"]} == set(REPORTS)
    for name in REPORTS:
        pages = (f"{name}.html", *(["index.html"] if name == "overview" else []))  # where its other tiles are
        text = " ".join(text_of((reports / page).read_text(encoding="utf-8"), "style") for page in pages)
        mine = [one for one in said["figures"] if one["report"] == name]
        assert len(mine) >= 2
        for one in mine:
            assert shown_near(text, one["label"], one["shown"]["value"]), one["label"]
            if one["value"] is not None:
                assert figure_files.tile_text(one["value"], one["unit"]) == one["shown"]["value"], one["label"]
            assert one["definition"] and one["period"] and one["as_of"] and one["time_zone"] == "Europe/Rome"
    for one in said["tables"]:
        assert (reports / one["csv"]).is_file() and (reports / one["parquet"]).is_file()


def test_the_workbook_holds_every_table_and_is_small(reports):
    from python_calamine import CalamineWorkbook

    said = json.loads((reports / "figures.json").read_text(encoding="utf-8"))
    assert (reports / "figures.xlsx").stat().st_size < 2_000_000
    book = CalamineWorkbook.from_path(str(reports / "figures.xlsx"))
    names = book.sheet_names
    assert names[:2] == ["Contents", "Key figures"] and names[-1] == "Definitions"
    assert len(names) == len(said["tables"]) + 3 and max(map(len, names)) <= 31
    contents = book.get_sheet_by_name("Contents").to_python()
    assert [row[0] for row in contents[2:]] == names[1:]
    assert [row[2] for row in contents[3:-1]] == [one["label"] for one in said["tables"]]
    assert len(book.get_sheet_by_name("Key figures").to_python()) == len(said["figures"]) + 3
