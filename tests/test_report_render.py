"""The report as a page: one file, no script, nothing hostile, everything with a name."""

import base64
import hashlib
import re
from html.parser import HTMLParser

import nbformat
import pytest
from browser import audit  # noqa: F401
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from toolkit.report import clean
from toolkit.report.render import KEY_FIGURES, REPORT, TEMPLATES, render_index, render_report, style

PIXEL = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
XSS = "<script>alert(1)</script><img src=x onerror=alert(1)>\"'><svg onload=alert(1)>"
HEADER = {
    "title": "Response times",
    "service": "Trains & Buses",
    "source": "twitter",
    "period": {"label": "2024-04", "start": "2024-04-01", "end": "2024-04-30"},
    "previous_period": {"label": "2024-03", "start": "2024-03-01", "end": "2024-03-31"},
    "time_zone": "Europe/Rome",
    "as_of": "2024-05-01T08:00:00+00:00",
    "files": ["conversations.csv"],
    "remarks": ["The period is still running: 10 of 30 days so far."],
}
FIGURE = {
    "label": "Median first response",
    "value": "42 min",
    "n": 1234,
    "cases": "1,234 conversations",
    "population": "written channels",
    "low": "38 min",
    "high": "47 min",
    "interval": "38 min to 47 min",
    "change": "\N{MINUS SIGN}6 min",
    "change_low": "\N{MINUS SIGN}11 min",
    "change_high": "\N{MINUS SIGN}2 min",
    "change_interval": "\N{MINUS SIGN}11 min to \N{MINUS SIGN}2 min",
    "previous": "48 min",
    "direction": "better",
    "verdict": "better, clear change",
    "status": "off",
    "standing": "off target (target 30 min)",
    "note": "",
}
TABLE = (
    '<div class="toolkit-table" role="region" aria-label="By channel" tabindex="0"><table><caption>By channel</caption>'
    '<thead><tr><th scope="col">channel</th><th scope="col" class="num">median</th></tr></thead>'
    '<tbody><tr><th scope="row">x &lt;b&gt;</th><td class="num few">too few</td></tr></tbody></table></div>'
)


def display(data, **metadata):
    return new_output("display_data", data=data, metadata=metadata)


def code(source, *outputs):
    return new_code_cell(source, outputs=list(outputs), execution_count=1)


def chart():
    """A chart as matplotlib writes it."""
    import io

    import matplotlib.figure

    figure = matplotlib.figure.Figure(figsize=(4, 2))
    axes = figure.subplots()
    axes.fill_between([0, 1], [0, 1], [1, 2], hatch="//")
    axes.set_title("Waiting", weight="bold")
    file = io.StringIO()
    with matplotlib.rc_context({"svg.fonttype": "none"}):
        figure.savefig(file, format="svg")
    return file.getvalue()


def demo():
    """A notebook with one of everything that a report may show."""
    return new_notebook(
        cells=[
            new_markdown_cell("# How long is the wait?\n\nFrom the *first* message on."),
            new_code_cell("by: str = 'channel'", metadata={"tags": ["parameters"]}),
            code("import toolkit", display({REPORT: HEADER, "text/html": "for JupyterLab"})),
            new_markdown_cell("## What are the key figures?"),
            code("show(figures)", display({KEY_FIGURES: {"figures": [FIGURE]}, "text/html": "for JupyterLab"})),
            new_markdown_cell("## Who waits?\n\nThose who write.\n\n| a | b |\n|---|--:|\n| 1 | 2 |"),
            code("table", display({"text/html": '<p class="finding">Half waited.</p>'}), display({"text/html": TABLE})),
            code("plot()", display({"image/svg+xml": chart()}, **{"image/svg+xml": {"alt": "A chart of waiting"}})),
            code("plot()", display({"image/svg+xml": chart()}, **{"image/svg+xml": {"alt": "Another"}})),
            code("picture", display({"image/png": PIXEL}, **{"image/png": {"alt": "A pixel"}})),
            new_markdown_cell("## Who waits?\n\nThe same heading again."),
            code(
                "print(1)  # a comment",
                new_output("stream", name="stdout", text="\x1b[31mred\x1b[0m\n"),
                new_output("stream", name="stderr", text="a warning\n"),
                new_output("execute_result", data={"text/plain": "<Axes: title='x'>"}),
            ),
            new_markdown_cell("## Definitions\n\n**Wait**: from the message to the answer."),
        ]
    )


PARAMETERS = [{"name": "by", "value": ["channel"], "is_default": False, "help": "what to break down by"}]


@pytest.fixture(scope="module")
def page():
    return render_report(demo(), PARAMETERS, versions={"toolkit": "1"})


class Elements(HTMLParser):
    """Every element of a page with its attributes."""

    def __init__(self, html):
        super().__init__()
        self.found = []
        self.feed(html)

    def handle_starttag(self, tag, attributes):
        self.found.append((tag, dict(attributes)))


def elements(html):
    return Elements(html).found


def assert_inert(html):
    """Nothing in the page runs, or asks for anything."""
    for tag, attributes in elements(html):
        assert tag not in ("script", "iframe", "object", "embed", "link", "base", "form"), tag
        for name, value in attributes.items():
            assert not name.startswith("on"), (tag, name)
            assert name != "style", (tag, value)
            if name in ("src", "href", "xlink:href"):
                assert re.match(r"#|data:image/|https?://|mailto:|[\w%.-]+\.html$", value), (tag, name, value)
            if name == "src":
                assert value.startswith("data:image/")


def test_the_page_is_inert(page):
    assert_inert(page)


def test_the_policy_names_the_one_style_sheet(page):
    policy = next(it["content"] for tag, it in elements(page) if it.get("http-equiv") == "Content-Security-Policy")
    sheets = re.findall(r"<style>(.*?)</style>", page, re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(sheets[0].encode()).digest()).decode()
    assert len(sheets) == 1 and "default-src 'none'" in policy
    assert f"style-src 'sha256-{digest}'" in policy and "unsafe" not in policy


def test_the_head_says_what_the_report_is_of(page):
    text = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page.split("<body>")[1]))
    assert "<title>How long is the wait? – Trains &amp; Buses</title>" in page
    for said in (
        "Trains &amp; Buses",
        "From the first message on.",
        "1 to 30 April 2024 (2024-04)",
        "1 to 31 March 2024 (2024-03)",
        "1 May 2024, 10:00",
        "Europe/Rome",
        "twitter",
        "conversations.csv",
    ):
        assert said in text
    assert page.count("<h1") == 1 and "for JupyterLab" not in page


def test_a_key_figure_tells_its_direction_without_colour(page):
    card = page[page.index('<li class="card">') : page.index("</li>", page.index('<li class="card">'))]
    for said in (
        "42 min",
        "38 min to 47 min",
        "▼",
        "better, clear change",
        "1,234 conversations",
        "before 48 min",
        "off target",
    ):
        assert said in card


def test_contents_link_to_headings_that_are_there_once(page):
    found = elements(page)
    ids = [it["id"] for _, it in found if "id" in it]
    links = [it["href"][1:] for tag, it in found if tag == "a" and it.get("href", "").startswith("#")]
    assert len(ids) == len(set(ids))
    assert {"key-figures", "who-waits", "who-waits-2", "definitions", "about"} <= set(links) <= set(ids)


def test_charts_have_alternative_texts_and_ids_of_their_own(page):
    charts = [it for tag, it in elements(page) if tag == "svg"]
    assert [(it["role"], it["aria-label"]) for it in charts] == [("img", "A chart of waiting"), ("img", "Another")]
    assert all("viewBox" in page and float(it["width"]) == 384 for it in charts)  # 4 in = 384 px
    for target in re.findall(r"url\(#([^)]+)\)", page):
        assert page.count(f'id="{target}"') == 1
    assert ("img", "A pixel") in [(tag, it.get("alt")) for tag, it in elements(page)]


def test_what_is_no_use_to_a_reader_is_folded_or_left_out(page):
    folded = "".join(re.findall(r'<details class="code">.*?</details>', page, re.DOTALL))
    assert "import toolkit" in re.sub(r"<[^>]+>", "", folded) and "a warning" in folded
    assert page.count("a warning") == 1 and "Axes" not in page
    assert "by: str" not in re.sub(r"<[^>]+>", "", page)  # told in the table of parameters instead
    assert "what to break down by" in page


def test_a_chart_without_alternative_text_gets_its_question():
    notebook = demo()
    notebook.cells[7].outputs[0].metadata = {}
    assert 'aria-label="Chart: Who waits?"' in render_report(notebook)


def test_a_section_that_is_left_with_code_alone_goes(page):
    assert "What are the key figures?" not in page  # they stand up front
    assert "show(figures)" in re.sub(r"<[^>]+>", "", page)


def test_a_notebook_with_nothing_in_it_is_still_a_page():
    html = render_report(new_notebook(), name="empty")
    assert "<h1>empty</h1>" in html
    assert_inert(html)


def test_code_that_shows_nothing_is_folded_with_the_next_that_shows_something():
    notebook = new_notebook(
        cells=[
            new_markdown_cell("## A question?"),
            code("first = 1", new_output("stream", name="stderr", text="a warning")),
            new_markdown_cell("Between."),
            code("second", display({"text/html": "<p>shown</p>"})),
            code("third = 3"),
        ]
    )
    html = render_report(notebook).split("<body>")[1]
    assert html.count('<details class="code">') == 2
    assert html.index("Between") < html.index("shown") < html.index("first") < html.index("a warning")


def hostile():
    """Customer text wherever a notebook may carry it."""
    figure = dict.fromkeys(FIGURE, XSS) | {"n": XSS}
    header = dict.fromkeys(HEADER, XSS) | {"files": [XSS]}
    header["remarks"] = [XSS]
    header["period"] = header["previous_period"] = {"label": XSS, "start": XSS, "end": XSS}
    svg = (
        '<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" onload="alert(1)">'
        "<script>alert(1)</script><style>* { background: url(https://evil.example) }</style>"
        '<foreignObject><body xmlns="http://www.w3.org/1999/xhtml" onload="alert(1)"/></foreignObject>'
        '<a xlink:href="javascript:alert(1)"><text>link</text></a><image href="https://evil.example/a.png"/>'
        '<rect style="fill: url(https://evil.example/#x); stroke: red" onclick="alert(1)"/>'
        '<use xlink:href="https://evil.example/a.svg#x"/><set attributeName="href" to="javascript:alert(1)"/></svg>'
    )
    return new_notebook(
        cells=[
            new_markdown_cell(f"# {XSS}\n\n{XSS}"),
            code("a", display({REPORT: header})),
            code("b", display({KEY_FIGURES: {"figures": [figure]}})),
            new_markdown_cell(
                f"## {XSS}\n\n{XSS}\n\n[a](javascript:alert(1)) [b](data:text/html,x) ![c](https://evil.example/a.png)\n\n"
                "<style>body{display:none}</style><form action='https://evil.example'><input></form>"
                '<iframe src="https://evil.example"></iframe><base href="https://evil.example">'
            ),
            code(XSS, new_output("stream", name="stdout", text=XSS), new_output("stream", name="stderr", text=XSS)),
            code("d", display({"text/plain": XSS}), display({"text/markdown": XSS}), display({"text/html": XSS})),
            code("e", display({"image/svg+xml": svg}, **{"image/svg+xml": {"alt": XSS}})),
            code("e", display({"image/svg+xml": "<svg broken"}, **{"image/svg+xml": {"alt": XSS}})),
            code("f", display({"image/png": '"><script>alert(1)</script>'}, **{"image/png": {"alt": XSS}})),
            code("g", display({"application/javascript": "alert(1)"}), display({"text/latex": XSS})),
            code(
                "h", display({"text/html": '<a href="&#106;avascript:alert(1)">x</a><p style="position:fixed">y</p>'})
            ),
            code("i", new_output("error", ename=XSS, evalue=XSS, traceback=[XSS])),
        ]
    )


def test_hostile_text_is_inert():
    html = render_report(
        hostile(), [{"name": XSS, "value": XSS, "is_default": False, "help": XSS}], versions={XSS: XSS}
    )
    assert_inert(html)
    assert "evil.example" not in html and "alert(1)" in html  # told, not run


def test_hostile_text_is_inert_in_the_overview():
    figures = [dict.fromkeys(FIGURE, XSS)]
    entry = dict.fromkeys(("title", "lede", "message", "made_at", "attempted_at", "service", "time_zone"), XSS)
    entry |= {"status": "failed", "html": 'a"b<c>.html', "period": {"label": XSS}, "figures": figures}
    html = render_index([entry], service=XSS, quality=XSS)
    assert_inert(html)
    assert 'href="a%22b%3Cc%3E.html"' in html


@pytest.mark.parametrize(
    "message, said",
    [
        ("it has: quarter, year", "it has: quarter, year. What you see is the last good report"),
        ("It broke.", "It broke. What you see"),
        ("see `toolkit sources`", "see <code>toolkit sources</code>. What you see"),
    ],
)
def test_a_failure_is_a_sentence_of_its_own(message, said):
    entry = {"title": "A", "status": "failed", "html": "a.html", "message": message, "figures": []}
    entry |= {"made_at": "2024-05-01T08:00:00+00:00", "attempted_at": "2024-05-02T08:00:00+00:00"}
    html = render_index([entry])
    assert said in html and "`" not in html.split("<body")[1]


@pytest.mark.parametrize(
    "html, expected",
    [
        ('<td class="num few" onclick="x()">1</td>', "1"),  # a cell alone is no table
        ('<p class="finding">a &lt; b</p>', '<p class="finding">a &lt; b</p>'),
        ('<img src="https://x.example/a.png" alt="a">', "a"),  # no request, but its text
        (f'<img src="data:image/png;base64,{PIXEL}">', f'<img alt="Picture" src="data:image/png;base64,{PIXEL}">'),
        ('<img src="data:image/svg+xml;base64,AAAA">', ""),
        ("<style>p{}</style><b>x</b>", "<b>x</b>"),
        ('<b tabindex="5" style="color:red">x</b>', "<b>x</b>"),
    ],
)
def test_clean_html(html, expected):
    assert clean.clean_html(html) == expected


def test_tables_of_others_are_put_into_a_box_that_scrolls():
    assert clean.table_html("<table><tr><td>1</td></tr></table>").startswith('<div class="toolkit-table" role="group"')
    assert clean.table_html(TABLE).count("toolkit-table") == 1


def test_markdown_tables_keep_their_alignment_and_pasted_pictures_are_kept():
    html = clean.markdown_html("| a |\n|--:|\n| 1 |\n\n![p](attachment:p.png)", {"p.png": {"image/png": PIXEL}})
    assert '<td class="num">1</td>' in html and f"base64,{PIXEL}" in html


def test_svg_styles_become_attributes():
    text = '<text style="font: bold 10px Arial; fill: #fff">a</text>'
    svg = f'<svg xmlns="http://www.w3.org/2000/svg" width="72pt" height="36pt">{text}</svg>'
    drawn = clean.inline_svg(svg, "x", "c")
    assert 'font-weight="bold" font-size="10px" font-family="Arial" fill="#fff"' in drawn
    assert 'viewBox="0 0 96 48" width="96"' in drawn


def test_cells_of_a_heat_map_are_drawn_without_seams():
    import io

    import matplotlib.figure

    axes = matplotlib.figure.Figure().subplots()
    axes.pcolormesh([[1, 2], [3, 4]])
    axes.plot([1, 2])
    file = io.StringIO()
    axes.figure.savefig(file, format="svg")
    drawn = clean.inline_svg(file.getvalue(), "x", "c")
    assert re.findall(r'<g class="([^"]*)">\s*<path', drawn) == ["cells"]
    assert ".chart .cells { shape-rendering: crispEdges; }" in style()


@pytest.mark.parametrize("svg", ["", "<p>no</p>", "<svg", '<!DOCTYPE svg [<!ENTITY a "b">]><svg/>'])
def test_what_is_no_svg_is_refused(svg):
    assert clean.inline_svg(svg, "x", "c") is None


def luminance(colour):
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return sum(weight * part for weight, part in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


@pytest.mark.parametrize("scheme", [0, 1])
@pytest.mark.parametrize(
    "ink, papers",
    [
        *((ink, ("paper", "ground", "soft")) for ink in ("ink", "muted", "accent", "bad", "good")),
        ("good", ("good-soft",)),
        ("bad", ("bad-soft",)),
        ("ink", ("plain-soft",)),
        *((f"code-{kind}", ("soft",)) for kind in ("keyword", "text", "number", "comment", "name")),
    ],
)
def test_contrast_is_enough_in_light_and_dark(scheme, ink, papers):
    block = re.findall(r":root \{(.*?)\}", style(), re.DOTALL)[scheme]
    colours = dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6});", block))
    for paper in papers:
        darker, lighter = sorted((luminance(colours[ink]), luminance(colours[paper])))
        assert (lighter + 0.05) / (darker + 0.05) >= 4.5, (ink, paper)


def test_the_style_sheet_asks_for_nothing():
    assert "url(" not in style() and "@import" not in style()
    assert not any("<script" in path.read_text() for path in TEMPLATES.iterdir())


def test_the_notebook_that_is_drawn_is_not_changed():
    notebook = demo()
    before = nbformat.writes(notebook)
    render_report(notebook)
    assert nbformat.writes(notebook) == before


@pytest.mark.parametrize("make", [demo, hostile])
def test_a_browser_finds_nothing_wrong_with_a_report(tmp_path, audit, make):  # noqa: F811
    path = tmp_path / "report.html"
    path.write_text(render_report(make(), PARAMETERS), encoding="utf-8")
    found = audit(path)
    assert found["console"] == found["requests"] == found["overflow"] == []
    assert [it for it in found["violations"] if it.startswith(("serious", "critical"))] == []


def test_a_browser_finds_nothing_wrong_with_the_overview(tmp_path, audit):  # noqa: F811
    entry = {"title": "A", "status": "ok", "html": "a.html", "figures": [FIGURE], "period": HEADER["period"]}
    entry |= {"made_at": "2024-05-01T08:00:00+00:00", "time_zone": "UTC", "lede": "Of it."}
    failed = entry | {"title": "B", "status": "failed", "message": "it broke", "attempted_at": entry["made_at"]}
    path = tmp_path / "index.html"
    path.write_text(render_index([entry, failed], "Trains", quality="All rows used."), encoding="utf-8")
    found = audit(path)
    assert found == {"console": [], "requests": [], "violations": [], "overflow": []}
