"""A report as browsers show it: on a screen, a phone, on paper, by keyboard, with and without its script."""

import re

import pandas as pd
import pytest
from audit import audit, faults, opened
from browser import OPEN, audit_page, examine, examine_report
from made_report import SIBLINGS, block, cell, made_report
from nbformat.v4 import new_markdown_cell, new_notebook
from test_report_render import PARAMETERS, demo

from toolkit import look
from toolkit.displays import SECTION
from toolkit.metrics import low_scores
from toolkit.report.render import render_report
from toolkit.table_html import tables_of

WIDTHS = [1280, 848, 720, 390, 320]
PHONE = look.WIDTH["phone"]


def write(folder, interactive=False, notebook=None):
    html = render_report(
        notebook or made_report(),
        PARAMETERS,
        versions={"toolkit": "1"},
        siblings=SIBLINGS,
        ledger="ledger.html",
        interactive=interactive,
    )
    path = folder / "report.html"
    path.write_text(html, encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    return write(tmp_path_factory.mktemp("report"))


@pytest.fixture
def look_at(browser):
    """A function that opens a page in a window of a width."""
    contexts = []

    def opened(path, width=1280, scheme="light"):
        contexts.append(browser.new_context(viewport={"width": width, "height": 800}, color_scheme=scheme))
        page = contexts[-1].new_page()
        page.goto(path.as_uri())
        return page

    yield opened
    for context in contexts:
        context.close()


def test_it_can_be_read_on_every_screen_and_on_paper(path, browser):
    found = examine_report(path, browser, WIDTHS)
    assert found["faults"] == {} and 1 <= found["pages"] <= 5


@pytest.mark.parametrize("width", WIDTHS)
def test_neither_the_page_nor_a_chart_scrolls_sideways(path, look_at, width):
    page = look_at(path, width)
    page.evaluate(OPEN)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    boxes = page.evaluate(
        """[...document.querySelectorAll('.drawing > div, .tile')].filter(it => it.getClientRects().length)
        .map(it => it.scrollWidth - it.clientWidth)"""
    )
    assert boxes and max(boxes) <= 0


@pytest.mark.parametrize(
    "fault, html",
    [
        ("wide", '<p class="x">' + "a" * 300 + "</p>"),
        ("small", "<p><small>tiny</small></p>"),
        ("broken", "<table><tr><td>" + "word" * 4 + "</td></tr></table>"),
    ],
)
def test_what_can_not_be_read_is_found(tmp_path, look_at, fault, html):
    path = tmp_path / "page.html"
    sheet = (
        "small { font-size: 8px } td { width: 2em; max-width: 2em; word-break: break-all } .x { width: max-content }"
    )
    path.write_text(f"<!DOCTYPE html><style>{sheet}</style><main>{html}</main>", encoding="utf-8")
    found = examine(look_at(path, 390))
    assert {name for name, what in found.items() if what} == {fault}


@pytest.mark.parametrize("width, shown", [(1280, "wide"), (848, "wide"), (847, "narrow"), (390, "narrow")])
def test_one_drawing_of_each_chart_is_shown(path, look_at, width, shown):
    page = look_at(path, width)
    seen = page.evaluate(
        """[...document.querySelectorAll('#b1 .drawing > div')].filter(it => it.getClientRects().length)
        .map(it => it.className)"""
    )
    assert seen == [shown]


def test_paper_takes_the_wide_drawing_and_prints_nothing_that_is_closed(path, look_at):
    page = look_at(path, 390)
    page.emulate_media(media="print")
    shown = lambda css: page.locator(css).first.is_visible()  # noqa: E731
    assert shown("#b1 .wide") and not shown("#b1 .narrow")
    assert not any(map(shown, ("details", "summary", "nav", ".skip", "table", ".get")))
    assert page.locator(".panel:visible").count() == 2  # both tabs, each under its label
    assert page.locator(".section .tabs > label:visible").all_inner_texts() == ["Channel", "Topic"]


def test_no_chart_is_parted_from_its_finding(path, look_at):
    page = look_at(path)
    page.emulate_media(media="print")
    kept = page.evaluate(
        "[...document.querySelectorAll('figure')].filter(it => it.getClientRects().length)"
        ".map(it => [getComputedStyle(it.closest('.keep')).breakInside, it.closest('.keep').querySelector('h2, h3') != null])"
    )
    assert len(kept) == 6 and all(one == ["avoid", True] for one in kept)


def test_what_leads_to_a_chart_or_a_table_stays_with_it_on_paper(path, look_at):
    page = look_at(path)
    page.emulate_media(media="print")
    style = "it => { const told = getComputedStyle(it); return [told.breakAfter, told.breakInside] }"
    found = lambda css: page.evaluate(f"[...document.querySelectorAll('{css}')].map({style})")  # noqa: E731
    for css in (".lead", ".label", ".tabs > label", ".finding-title"):
        assert all(after == "avoid" for after, _ in found(css)), css
    assert found(".section > .label")
    page.evaluate(
        """() => document.querySelector('.block').insertAdjacentHTML('beforeend',
        '<div class="keep" id="k"></div><div class="scroll" id="t"><table></table></div>')"""
    )
    assert found("#k")[0][0] == "avoid" and found("#t")[0][1] == "avoid"


def test_text_of_a_chart_on_paper_can_be_read(path, look_at):
    page = look_at(path)
    page.emulate_media(media="print")
    page.set_viewport_size({"width": 711, "height": 1000})  # 188 mm
    wide = page.evaluate("document.querySelector('#b1 .wide svg').getBoundingClientRect().width")
    assert wide / 800 * 12 * 0.75 >= 7  # pt


def test_the_last_line_is_never_alone_on_a_page(path, look_at):
    page = look_at(path)
    page.emulate_media(media="print")
    assert page.evaluate("getComputedStyle(document.querySelector('.end')).breakBefore") == "avoid"


def test_tables_of_six_columns_fit_beside_the_margin(path, look_at):
    page = look_at(path)
    page.evaluate(OPEN)
    wide = page.evaluate(
        """[...document.querySelectorAll('.scroll:not(.all)')].filter(it => it.scrollWidth > it.clientWidth)
        .map(it => it.getAttribute('aria-label'))"""
    )
    assert wide == []


def test_tabs_are_turned_by_keyboard_and_a_link_shows_the_tab_it_leads_to(path, look_at):
    page = look_at(path)
    assert page.locator("#b5").is_visible() and not page.locator("#b6").is_visible()
    page.locator(".body > .tabs > input").first.focus()
    assert page.evaluate("getComputedStyle(document.querySelector('.tabs > :focus + label')).outlineStyle") == "solid"
    page.keyboard.press("ArrowRight")
    assert page.locator("#b6").is_visible() and not page.locator("#b5").is_visible()
    other = look_at(path)
    other.goto(path.as_uri() + "#b6")
    assert other.locator("#b6").is_visible()


def test_a_table_can_be_taken_along(path, look_at):
    page = look_at(path)
    page.locator("#b1 summary").click()
    with page.expect_download() as taken:
        page.locator("#b1 .get").click()
    assert taken.value.suggested_filename == "answered.csv"
    assert taken.value.path().read_text("utf-8").startswith("channel,n\nE-mail,9\n")


def test_on_a_phone_the_other_reports_are_folded(path, look_at):
    page = look_at(path, PHONE)
    assert not page.locator(".bar .beside").is_visible() and not page.locator(".menu nav").is_visible()
    page.locator(".menu summary").click()
    assert page.locator(".menu a").all_inner_texts() == [one["title"] for one in SIBLINGS]
    assert look_at(path, PHONE + 1).locator(".bar .beside").is_visible()


def test_links_lead_to_what_is_there(path, look_at):
    page = look_at(path)
    lost = page.evaluate(
        """[...document.querySelectorAll('a[href^="#"]')].map(it => it.getAttribute('href').slice(1))
        .filter(id => !document.getElementById(id))"""
    )
    assert lost == [] and page.locator('a[href="#b1"]').count() == 2  # a bullet and a tile


@pytest.mark.parametrize("make", [made_report, demo])
def test_it_keeps_nobody_out(tmp_path, browser, make):
    assert faults(browser, write(tmp_path, notebook=make()), contrast=make is demo) == {}


@pytest.mark.parametrize(
    "what, html",
    [
        ("contrast", '<p style="color: #888">Pale text</p>'),
        (
            "contrast",
            '<svg width="90" height="30"><rect width="90" height="30" fill="#345"/><text y="20">dark</text></svg>',
        ),
        ("overlapping", '<p>One line</p><p style="position: relative; top: -2.1em">Another line</p>'),
        ("cut", '<p style="height: 1em; overflow: hidden">Two<br>lines</p>'),
        ("wide", '<p style="width: 700px">wide</p>'),
        ("spaced cut", '<p style="height: 1.2em; width: 7em; overflow: hidden; line-height: 1.2">It fits just so</p>'),
        ("axe", '<p><a href="#x"></a></p>'),
        ("keyboard", '<p><a href="#x" style="outline: none">link</a></p>'),
        ("keyboard", '<p><a href="#x">one</a> <a href="#y" tabindex="3">two</a></p>'),
        ("keyboard", '<p><a href="#x">one</a></p><div style="position: fixed; inset: 0; background: #fff"></div>'),
    ],
)
def test_what_keeps_people_out_is_found(tmp_path, browser, what, html):
    path = tmp_path / "page.html"
    sheet = (
        "<style>:focus { outline: 3px solid } a { display: inline-block; min-height: 24px; min-width: 24px }</style>"
    )
    head = f'<!DOCTYPE html><html lang="en"><meta name="viewport" content="width=device-width"><title>T</title>{sheet}'
    path.write_text(f"{head}<main><h1>Title</h1>{html}<p id=x>x</p><p id=y>y</p></main>", encoding="utf-8")
    found = audit(browser, path, ["light"], [390], axe=what == "axe", forced=False)["light 390"]
    assert what in found


def test_the_first_stop_leads_past_the_bar(path, look_at):
    page = look_at(path)
    page.keyboard.press("Tab")
    assert page.locator(".skip").bounding_box()["y"] >= 0
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.closest('main') != null")


def test_the_first_tab_takes_its_own_clicks(path, look_at):
    page = look_at(path)
    page.locator(".body > .tabs > label").nth(1).click()
    page.locator(".body > .tabs > label").first.click(position={"x": 3, "y": 8})
    assert page.locator("#b5").is_visible() and not page.locator("#b6").is_visible()


def test_who_wants_no_motion_gets_none(path, browser):
    told = "getComputedStyle(document.documentElement).scrollBehavior"
    for motion, behaviour in (("reduce", "auto"), ("no-preference", "smooth")):
        page = browser.new_page(reduced_motion=motion)
        page.goto(path.as_uri())
        assert page.evaluate(told) == behaviour
        page.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_with_forced_colours_nothing_is_drawn_in_a_colour_of_ours(path, browser, scheme):
    page = opened(browser, path, 1280, scheme, forced=True)
    drawn = page.evaluate(
        """[...document.querySelectorAll('.drawing svg :is(path, circle, rect, text)')].flatMap(it => {
        const told = getComputedStyle(it); return [told.fill, told.stroke] })"""
    )
    bordered = page.evaluate(
        """['.tile', '.chip'].map(css => parseFloat(getComputedStyle(document.querySelector(css)).borderTopWidth))"""
    )
    page.context.close()
    colours = [*look.LIGHT.values(), *look.DARK.values()]
    ours = {"rgb({}, {}, {})".format(*(int(one[at : at + 2], 16) for at in (1, 3, 5))) for one in colours} - {
        "rgb(255, 255, 255)"  # white is Canvas, too
    }
    assert len(drawn) > 20 and not ours & set(drawn)
    assert min(bordered) >= 1


def test_without_the_choice_there_is_no_script(path):
    html = path.read_text("utf-8")
    assert "<script" not in html and "script-src" not in html


def test_an_interactive_page_sorts_and_filters(tmp_path, look_at):
    page = look_at(write(tmp_path, interactive=True))
    page.locator("#b1 summary").click()
    names = lambda: page.locator("#b1 tbody tr:visible th").all_inner_texts()  # noqa: E731
    sort = page.locator("#b1 thead button")
    assert names()[0] == "E-mail"
    sort.nth(1).click()
    assert names()[0] == "X" and page.locator("#b1 thead th").nth(1).get_attribute("aria-sort") == "ascending"
    sort.nth(1).click()
    assert names()[0] == "E-mail" and page.locator("#b1 thead th").nth(1).get_attribute("aria-sort") == "descending"
    sort.nth(0).click()
    assert names() == sorted(names(), key=str.lower)
    page.locator("#b1 .filter input").fill("INSTA")
    assert names() == ["Instagram"]


@pytest.mark.parametrize(
    "cells, order",
    [
        (["1.5\u00a0h <i>1.2 to 2</i>", "38.2\u00a0min", "45\u00a0s", "2\u00a0d", "too few"], [2, 1, 0, 3, 4]),
        (["1,200", "9", "too few", "800"], [1, 3, 0, 2]),
        (["▲ 3\u00a0points", "\u22121.5\u00a0points", "+0.2\u00a0points", "–"], [1, 2, 0, 3]),
        (["9.5\u00a0%", "10\u00a0%", "0\u00a0%"], [2, 0, 1]),
        (["b", "C", "a"], [2, 0, 1]),
    ],
)
def test_a_column_is_sorted_by_what_its_cells_mean(tmp_path, look_at, cells, order):
    rows = "".join(
        f'<tr><th scope="row">{place + 1} April</th><td>{text}</td></tr>' for place, text in enumerate(cells)
    )
    html = f"<table><thead><tr><th>Day</th><th>Value</th></tr></thead><tbody>{rows}</tbody></table>"
    one = block("b1", "It fell", tables=[{"label": "by day", "html": html, "all": "", "file": ""}])
    notebook = new_notebook(cells=[new_markdown_cell("## A?"), cell("show(x)", (SECTION, one))])
    page = look_at(write(tmp_path, interactive=True, notebook=notebook))
    page.locator("#b1 summary").click()
    names = lambda: [int(name.split()[0]) - 1 for name in page.locator("#b1 tbody th").all_inner_texts()]  # noqa: E731
    page.locator("#b1 thead button").nth(1).click()
    assert names() == order
    page.locator("#b1 thead button").nth(0).click()
    assert names() == sorted(order)  # the days in their own order, not as text


def test_an_interactive_page_allows_its_one_script_and_has_no_faults(tmp_path, browser):
    path = write(tmp_path, interactive=True)
    assert len(re.findall("<script>", path.read_text("utf-8"))) == 1
    found = audit_page(path, [("light", 1280), ("dark", 390)], browser)
    assert found == {"console": [], "requests": [], "violations": [], "overflow": []}


def test_a_listing_is_read_on_a_phone_without_scrolling(tmp_path, look_at, browser):
    scores = pd.DataFrame(
        {
            "survey_id": range(18),
            "score": [1, 2] * 9,
            "topic": "Internet fault",
            "agent": "Somebody",
            "comment": "Word " * 30,
        }
    )
    listed = block("b1", "18 answers were 3 or less", chart=None, tables=tables_of(low_scores(scores)), form="listing")
    notebook = new_notebook(cells=[new_markdown_cell("# T\n\n## Which?"), cell("show(x)", (SECTION, listed))])
    path = write(tmp_path, notebook=notebook)
    seen = """[...document.querySelectorAll('.stacks')].map(it =>
        [it.parentElement.parentElement.scrollWidth - it.parentElement.parentElement.clientWidth, getComputedStyle(it).display])"""
    assert look_at(path, 390).evaluate(seen) == [[0, "block"]]
    assert look_at(path, 1280).evaluate(seen) == [[0, "table"]]
    assert audit_page(path, [("light", 390)], browser)["violations"] == []
