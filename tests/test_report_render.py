"""The report as a page: one file, no script, nothing hostile, everything with a name."""

import base64
import copy
import hashlib
import re
from html.parser import HTMLParser

import nbformat
import pytest
from browser import audit  # noqa: F401
from made_report import HEADER as MADE_HEADER
from made_report import SIBLINGS, block, cell, made_report, table
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from toolkit import look
from toolkit.displays import KEY_FIGURES, LEFT_OUT, REPORT, SECTION
from toolkit.report import clean
from toolkit.report.page import read_page
from toolkit.report.render import TEMPLATES, render_report, style

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
                assert re.match(r"#|data:image/|data:text/csv;|https?://|mailto:|[\w%.-]+\.html$", value), (
                    tag,
                    name,
                    value,
                )
            if name == "src":
                assert value.startswith("data:image/")


def test_the_page_is_inert(page):
    assert_inert(page)


def test_the_policy_names_the_style_sheets(page):
    policy = next(it["content"] for tag, it in elements(page) if it.get("http-equiv") == "Content-Security-Policy")
    sheets = re.findall(r"<style>(.*?)</style>", page, re.DOTALL)
    digests = [base64.b64encode(hashlib.sha256(sheet.encode()).digest()).decode() for sheet in sheets]
    assert len(sheets) == 2 and "default-src 'none'" in policy
    assert "style-src " + " ".join(f"'sha256-{one}'" for one in digests) + ";" in policy and "unsafe" not in policy


def test_the_head_says_what_the_report_is_of(page):
    text = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page.split("<body>")[1]))
    assert "<title>How long is the wait? – Trains &amp; Buses</title>" in page
    for said in (
        "Trains &amp; Buses",
        "From the first message on.",
        "1 to 30 April 2024",
        "1 to 31 March 2024",
        "1 May 2024, 10:00",
        "Europe/Rome",
        "twitter",
        "conversations.csv",
    ):
        assert said in text
    assert page.count("<h1") == 1 and "for JupyterLab" not in page


def test_a_key_figure_tells_its_standing_and_its_change_without_colour():
    page = render_report(made_report())
    tile = page[page.index('<article class="tile off">') : page.index("</article>", page.index('class="tile off"'))]
    text = re.sub(r"[ \n]+", " ", re.sub(r"<[^>]+>", " ", tile))
    for said in (
        "Answered in target",
        "off target",
        "54\u00a0%",
        "51 to 57",
        "target 80\u00a0%",
        "▼",
        "down 7.2 points",
    ):
        assert said in text, said
    assert '<span class="chip worse">worse, clear change</span>' in tile and 'href="#b1"' in tile


def test_ids_are_unique_and_links_lead_to_them(page):
    for html in (page, render_report(made_report(), siblings=SIBLINGS)):
        found = elements(html)
        ids = [it["id"] for _, it in found if "id" in it]
        links = [it["href"][1:] for tag, it in found if tag == "a" and it.get("href", "").startswith("#")]
        assert len(ids) == len(set(ids)) and set(links) <= set(ids)


def test_a_block_that_is_shown_again_has_an_id_of_its_own():
    notebook = made_report()
    shown = [it for it in notebook.cells if any(SECTION in output.get("data", {}) for output in it.get("outputs", []))]
    notebook.cells += [new_markdown_cell("## Once more?"), *copy.deepcopy(shown)]
    found = elements(render_report(notebook))
    ids = [it["id"] for _, it in found if "id" in it]
    assert len(ids) == len(set(ids)) and {"b1", "b1-2", "b5", "b5-2", "b6-2"} <= set(ids)


def headings(html):
    """(tag, text) of the headings, in their order."""
    return [
        (tag, re.sub(r"<[^>]+>", "", text)) for tag, text in re.findall(r"<(h[1-6])[^>]*>(.*?)</h\d>", html, re.DOTALL)
    ]


def test_what_matters_most_stands_first():
    found = headings(render_report(made_report()))
    assert found[0] == ("h1", MADE_HEADER["headline"]["title"]) and ("h2", "Key figures") in found
    assert [said for said in found if said[0] == "h2" and said[1] != "Key figures"] == [
        ("h2", "No channel reaches its target of 80\u00a0%"),  # off target
        ("h2", "The phone fell clearly, by 13.2\u00a0points"),  # clearly changed
        ("h2", "No weekday stands out"),  # the others, as the notebook has them
        ("h2", "86 of 571 conversations have no answer"),
        ("h2", "By channel nothing stands out"),
        ("h2", "Internet faults wait longest"),  # another tab of the same breakdown
        ("h2", "How it was measured"),
    ]
    assert ("h3", "It is the same in every week") in found  # the second finding of one question


@pytest.mark.parametrize(
    "flags, order",
    [
        ([(False, False), (True, False), (False, True)], [2, 1, 0]),
        ([(True, False), (True, True), (False, True), (True, False)], [1, 2, 0, 3]),
        ([(False, False)] * 3, [0, 1, 2]),
    ],
)
def test_sections_are_ordered_by_weight(flags, order):
    cells = []
    for place, (is_changed, is_off) in enumerate(flags):
        one = block(f"b{place}", f"Finding {place}", is_changed=is_changed, status="off" if is_off else "on")
        cells += [new_markdown_cell(f"## Question {place}"), cell("show(x)", (SECTION, one))]
    page = read_page(new_notebook(cells=cells))
    assert [section.blocks[0]["heading"] for section in page.sections] == [f"Finding {place}" for place in order]


def test_the_data_is_told_in_a_banner_only_when_there_is_something_to_know():
    notebook = made_report()
    assert "3 days are missing" in render_report(notebook).split('class="banner"')[1]
    notebook.cells[2].outputs[0].data[REPORT] = MADE_HEADER | {"remarks": []}
    assert 'class="banner"' not in render_report(notebook)


def test_definitions_and_data_are_one_closed_block_at_the_end():
    html = render_report(made_report(), PARAMETERS, ledger="ledger.html")
    end = html[html.index('class="section end"') :]
    for said in ("Answered in target</b>: got a first public reply", "rows used", "Two files were read.", "At length."):
        assert said in end and said not in html[: -len(end)]
    assert '<a href="ledger.html">' in end and "<details open" not in html
    assert "What is the data made of?" not in re.sub(r"<[^>]+>", "", html[: -len(end)])
    assert "ledger.html" not in render_report(made_report())


def test_the_code_stands_once_at_the_end(page):
    assert page.count('<details class="code">') == 1
    assert page.index("Half waited") < page.index('<details class="code">')


def test_the_bar_leads_to_the_other_pages():
    html = render_report(made_report(), siblings=SIBLINGS)
    links = [(it["href"], it.get("aria-current")) for tag, it in elements(html) if tag == "a" and "html" in it["href"]]
    wanted = [(one["href"], "page" if one["is_current"] else None) for one in SIBLINGS]
    assert links == [("index.html", None), *wanted, *wanted]  # the service; on a screen; on a phone


def test_the_scope_and_what_a_report_is_restricted_to_stand_in_the_title():
    html = render_report(made_report(), suffix=": team Torino")
    assert "<title>Response times by channel, all hours: team Torino – Alvora</title>" in html
    assert "all hours: team Torino · 1 to 28 April 2024, compared with" in html


def test_short_prose_stands_between_the_finding_and_its_chart_and_long_prose_before_them():
    html = render_report(made_report())
    assert html.index("The phone fell clearly") < html.index("Read at the same age.") < html.index('id="b2"') + 1500
    long = "Read at the same age. " * 20
    cells = [new_markdown_cell(f"## Did it change?\n\n{long}"), cell("show(x)", (SECTION, block("b1", "It fell")))]
    html = render_report(new_notebook(cells=cells))
    assert html.index("Read at the same age.") < html.index("It fell")


def test_two_drawings_of_a_chart_share_no_id():
    drawn = '<svg xmlns="http://www.w3.org/2000/svg"><defs><path id="a" d="M0 0"/></defs><use href="#a"/></svg>'
    chart = {"wide": drawn, "narrow": drawn, "alt": "Dots", "folded": False}
    cells = [new_markdown_cell("## A?"), cell("show(x)", (SECTION, block("b1", "It fell", chart=chart)))]
    html = render_report(new_notebook(cells=cells))
    assert html.count('role="img" aria-label="Dots"') == 2
    assert sorted(re.findall(r'<use href="#([^"]*)"', html)) == sorted(re.findall(r'<path id="([^"]*)" d="M0 0"', html))
    assert len(set(re.findall(r'<use href="#([^"]*)"', html))) == 2


@pytest.mark.parametrize(
    "chart", [None, {"wide": "<svg broken", "narrow": "", "alt": "Dots of waiting", "folded": False}]
)
def test_a_finding_without_a_chart_keeps_its_words_and_its_table(chart):
    cells = [new_markdown_cell("## A?"), cell("show(x)", (SECTION, block("b1", "It fell", chart=chart)))]
    html = render_report(new_notebook(cells=cells))
    assert "It fell" in html and "A note on what is counted." in html and "WhatsApp" in html
    assert ("Dots of waiting" in html) == (chart is not None)


def test_tables_in_several_orders_are_tabs_that_are_called_by_their_order():
    tables = [table(f"answered by agent, {order}", tab=order) for order in ("highest first", "most cases first")]
    html = render_report(new_notebook(cells=[cell("show(x)", (SECTION, block("b1", "It fell", tables=tables)))]))
    assert re.findall(r"<label[^>]*>(.*?)</label>", html) == ["highest first", "most cases first"]
    assert 'aria-label="answered by agent, most cases first"' in html


def test_a_list_of_comments_is_not_folded():
    one = block("b1", "Low scores", chart=None, form="listing")
    html = render_report(new_notebook(cells=[new_markdown_cell("## A?"), cell("show(x)", (SECTION, one))]))
    assert html.index("<table>") < html.index("<details")


def test_charts_have_alternative_texts_and_ids_of_their_own(page):
    charts = [it for tag, it in elements(page) if tag == "svg"]
    charts = [it for it in charts if "role" in it]  # a tile's drawings say what stands beside them
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
    assert "What are the key figures?" not in page.split('<details class="code">')[0]  # they stand up front
    assert "show(figures)" in re.sub(r"<[^>]+>", "", page)


def test_a_section_is_left_out_only_when_it_answers_nothing():
    silent = code("x = 1")
    figures = code("show(figures)", display({KEY_FIGURES: {"figures": [FIGURE]}}))
    cells = [
        *(new_markdown_cell("## Silent?"), silent, new_markdown_cell("## Told?\n\nIn prose."), silent),
        *(new_markdown_cell("## Moved?\n\nUp front."), figures, new_markdown_cell("## A heading alone")),
    ]
    told = [section.label for section in read_page(new_notebook(cells=cells)).sections]
    assert told == ["Told?", "A heading alone"]


def test_a_section_that_is_left_out_stands_at_the_end_of_the_page():
    reason = {"text/html": "<p class='note'>This section is left out: no <b>.</p>", "text/plain": "x"}
    gone = code("show.outside(now)", new_output("display_data", reason, metadata=LEFT_OUT))
    part = code("show(x)", new_output("display_data", {"text/html": "<p>Told.</p>"}), gone.outputs[0])
    cells = [new_markdown_cell("## Gone?\n\nWhy it is asked."), gone, new_markdown_cell("## In part?"), part]
    page = read_page(new_notebook(cells=cells))
    assert [section.label for section in page.sections] == ["In part?"]
    assert [section.label for section in page.left_out] == ["Gone?", "In part? (in part)"]
    html = render_report(new_notebook(cells=cells))
    assert html.index("In part?") < html.index("<b>Gone?</b>") and "Why it is asked" not in html.split("<pre")[0]


def test_what_stands_before_a_breakdown_stands_above_its_tabs():
    tabs = [{"label": name, "block": block(name, f"Finding {name}")} for name in ("b1", "b2")]
    shown = code("show.breakdown(x)", new_output("display_data", {SECTION: block("b1", "Finding") | {"tabs": tabs}}))
    html = render_report(new_notebook(cells=[new_markdown_cell("## Which?\n\nNo ranking."), shown]))
    assert html.count("No ranking.") == 1 and html.index("No ranking.") < html.index("Finding b1")


def test_a_notebook_with_nothing_in_it_is_still_a_page():
    html = render_report(new_notebook(), name="empty")
    assert "<h1>empty</h1>" in html
    assert_inert(html)


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
    assert "svg .cells { shape-rendering: crispEdges; }" in style()


@pytest.mark.parametrize("svg", ["", "<p>no</p>", "<svg", '<!DOCTYPE svg [<!ENTITY a "b">]><svg/>'])
def test_what_is_no_svg_is_refused(svg):
    assert clean.inline_svg(svg, "x", "c") is None


def luminance(colour):
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return sum(weight * part for weight, part in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


@pytest.mark.parametrize("sheet", ["style", "overview"])
def test_sizes_on_a_screen_and_colours_are_those_of_the_look(sheet):
    css = (TEMPLATES / f"{sheet}.css").read_text("utf-8")
    assert not re.findall(r"font-size: [\d.]+px|#[0-9a-fA-F]{3,6}\b", css)
    named = re.findall(r"var\(--(?:size|width)-([\w-]+)", css)
    assert {name.replace("-", "_") for name in named} <= {*look.SIZE, *look.WIDTH}


@pytest.mark.parametrize("scheme", ["LIGHT", "DARK"])
@pytest.mark.parametrize(
    "ink, papers",
    [
        *((ink, ("page", "tile")) for ink in ("ink", "muted", "link", "bad", "good")),
        ("good", ("good_chip",)),
        ("bad", ("bad_chip",)),
        ("ink", ("plain_chip",)),
        ("attention", ("page",)),
    ],
)
def test_contrast_is_enough_in_light_and_dark(scheme, ink, papers):
    colours = getattr(look, scheme)
    for paper in papers:
        darker, lighter = sorted((luminance(colours[ink]), luminance(colours[paper])))
        assert (lighter + 0.05) / (darker + 0.05) >= 4.5, (ink, paper)


def test_the_style_sheet_has_no_colour_and_no_width_of_its_own():
    sheet = (TEMPLATES / "style.css").read_text("utf-8")
    assert set(re.findall(r"#[0-9a-fA-F]{3,8}\b(?=[;\s])", sheet)) <= {
        "#ffffff"
    }  # behind pictures with a ground of their own
    assert not re.search(r"@media[^{]*\d", sheet)
    assert set(re.findall(r"var\(--([\w-]+)\)", sheet)) <= set(re.findall(r"--([\w-]+):", style()))


def test_the_style_sheet_asks_for_nothing():
    assert "url(" not in style() and "@import" not in style()
    held = [path.name for path in TEMPLATES.iterdir() if "<script" in path.read_text("utf-8")]
    assert held == ["index.html.j2"]  # of an interactive page


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
