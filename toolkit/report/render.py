"""Draw an executed notebook as one HTML file that needs nothing else: no script, no request, no font.

The page's content security policy allows nothing but the page's own style sheet (named by its hash) and
pictures that it carries itself. Hence there is no inline style anywhere, see `toolkit.report.clean`.
"""

import base64
import copy
import functools
import hashlib
import re
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from markupsafe import Markup

from toolkit import words
from toolkit.report import clean
from toolkit.report.wording import (
    column_name,
    format_change,
    format_period,
    format_time,
    format_value,
    is_known,
    language_tag,
    sentence,
    with_code,
)
from toolkit.words.notebooks import translated, translated_markdown

TEMPLATES = Path(__file__).parent / "template"
REPORT = "application/vnd.toolkit.report+json"
KEY_FIGURES = "application/vnd.toolkit.key-figures+json"
# What an output is shown as, best first. Scripts, widgets and LaTeX can't be shown without a script.
SHOWN = ["image/svg+xml", "image/png", "image/jpeg", "text/html", "text/markdown", "text/plain"]
# `ax` as a cell's last line shows where it lives in memory, which tells a reader nothing.
REPR = re.compile(r"\[?<(Axes|Figure|seaborn|matplotlib|.* at 0x)[^\n]*>(,\s.*)?\]?", re.DOTALL)


@dataclass
class Page:
    """What a report shows besides its cells."""

    title: str
    lede: Markup = Markup("")
    header: dict = field(default_factory=dict)
    figures: list = field(default_factory=list)
    setup: list = field(default_factory=list)  # code cells before the first section that show nothing
    contents: list = field(default_factory=list)  # (id, text) of each section
    parameters: list = field(default_factory=list)  # (name, value, is_default, meaning) of each
    made_at: str = ""
    versions: dict = field(default_factory=dict)

    @property
    def packages(self):
        """What made the report, on one line."""
        return ", ".join(f"{name} {version}" for name, version in self.versions.items())


def render_report(notebook, parameters=(), made_at=None, versions=None, name="report", suffix=""):
    """The HTML of an executed notebook.

    Parameters
    ----------
    notebook : NotebookNode
        As executed; it is not changed.
    parameters : list of dict with name, value, is_default, help
        What the notebook was run with, shown at the end.
    made_at : datetime with a zone, optional
        Defaults to now.
    versions : dict of name to version, optional
        What made the report, shown at the end.
    name : str
        The title of a notebook that has none.
    suffix : str
        Follows the title, such as ": team Torino".

    Returns
    -------
    str
    """
    notebook = copy.deepcopy(notebook)
    page = read_page(notebook, name)
    page.title += suffix
    page.parameters, page.versions = list(parameters), versions or {}
    page.made_at = format_time(made_at or datetime.now().astimezone(), page.header.get("time_zone"))
    html, _ = _exporter().from_notebook_node(notebook, resources={"page": page, "style": style(), "policy": policy()})
    return html


def render_index(reports, service="", made_at=None, zone=None, quality=None):
    """The HTML of the page that lists the reports.

    Parameters
    ----------
    reports : list of dict
        The entries of the manifest, see `toolkit.report.index`.
    service : str
        Name of the service, for the title.
    made_at : datetime with a zone, optional
    zone : str, optional
        The time zone that `made_at` is told in.
    quality : str, optional
        One line on the rows that were read and used.
    """
    template = _environment().get_template("overview.html.j2")
    made_at = format_time(made_at or datetime.now().astimezone(), zone)
    return template.render(
        reports=reports, service=service, made_at=made_at, quality=quality, style=style(), policy=policy()
    )


@functools.cache
def style():
    """The style sheet, as it stands in every page."""
    return Markup((TEMPLATES / "style.css").read_text(encoding="utf-8"))


@functools.cache
def policy(sheet=None):
    """The content security policy: nothing but our one style sheet and embedded pictures."""
    digest = base64.b64encode(hashlib.sha256((sheet or style()).encode()).digest()).decode()
    return f"default-src 'none'; style-src 'sha256-{digest}'; img-src data:; base-uri 'none'; form-action 'none'"


# What the notebook says about itself -----------------------------------------------------------------------


def read_page(notebook, name="report"):
    """Take the header, the key figures and the title out of the notebook's cells; group the rest in sections.

    The notebook's cells are changed: each carries `cell.metadata.report` for the template.
    """
    header, figures = take_bundles(notebook)
    cells = [cell for cell in notebook.cells if not _is_parameters(cell)]
    cells = [cell for cell in cells if cell.source.strip() or cell.get("outputs")]
    for cell in cells:
        if cell.cell_type == "markdown":
            cell.source = translated_markdown(cell.source)
    title, lede, cells = _take_title(cells)
    page = Page(title=title or header.get("title") or name, lede=lede, header=header, figures=figures)
    notebook.cells = _without_silent_code(_sections(cells, page), page)
    for number, cell in enumerate(notebook.cells):
        cell.metadata["number"] = number
    return page


def take_bundles(notebook):
    """(header, key figures) of the notebook's own displays, which are removed from its outputs."""
    header, figures = {}, []
    for cell in notebook.cells:
        kept = []
        for output in cell.get("outputs", []):
            data = output.get("data", {})
            if REPORT in data:
                header |= data[REPORT]
            if KEY_FIGURES in data:
                figures += data[KEY_FIGURES].get("figures", [])
            if REPORT not in data and KEY_FIGURES not in data:
                kept.append(output)
        if "outputs" in cell:
            cell.outputs = kept
    return header, figures


def _without_silent_code(cells, page):
    """Take out the code before the first section that shows nothing, and sections of nothing but that.

    A section is left with code alone when it showed the key figures, which now stand up front.
    """
    groups = [[]]
    for cell in cells:
        if cell.metadata.report.get("section"):
            groups.append([])
        groups[-1].append(cell)
    kept = [cell for cell in groups[0] if not _is_silent(cell)]
    page.setup = [cell for cell in groups[0] if _is_silent(cell)]
    for heading, *rest in groups[1:]:
        if rest and not heading.metadata.report.html.strip() and all(map(_is_silent, rest)):
            page.setup += rest
            page.contents = [item for item in page.contents if item[0] != heading.metadata.report.section]
        else:
            kept += [heading, *_joined(rest)]
    return kept


def _joined(cells):
    """Code that shows nothing is folded together with the next that shows something."""
    kept, waiting = [], []
    for cell in cells:
        if cell.cell_type != "code":
            kept.append(cell)
        elif _is_silent(cell):
            waiting.append(cell)
        else:
            cell.source = "\n\n".join(part.source for part in [*waiting, cell])
            cell.outputs = [output for part in [*waiting, cell] for output in part.outputs]
            kept, waiting = [*kept, cell], []
    return kept + waiting


def _is_silent(cell):
    return cell.cell_type == "code" and all(output.get("name") == "stderr" for output in cell.outputs)


def _is_parameters(cell):
    return bool({"parameters", "injected-parameters"} & set(cell.metadata.get("tags", [])))


def _take_title(cells):
    """(title, HTML of what stands below it, the other cells)."""
    if not cells or cells[0].cell_type != "markdown":
        return "", Markup(""), cells
    found = re.match(r"\s*#\s+(.+?)\s*(?:\n+(.*))?$", cells[0].source, re.DOTALL)
    if not found:
        return "", Markup(""), cells
    lede, rest = found[2] or "", []
    if re.search(r"(?m)^##\s", lede):  # a section begins in the same cell
        at = re.search(r"(?m)^##\s", lede).start()
        first = copy.deepcopy(cells[0])
        first.source, lede = lede[at:], lede[:at]
        rest = [first]
    title = clean.plain_text(re.sub(r"[*_`]", "", found[1].splitlines()[0]))
    return title, clean.markdown_html(lede, cells[0].get("attachments")), rest + cells[1:]


def _sections(cells, page):
    """Split Markdown cells where a section begins, and give each heading an id."""
    split, taken = [], set()
    for cell in cells:
        if cell.cell_type != "markdown":
            cell.metadata["report"] = {}
            split.append(cell)
            continue
        html = clean.markdown_html(cell.source, cell.get("attachments"))
        for part in re.split(r"(?=<h2>)", html):
            if not part.strip():
                continue
            piece = copy.deepcopy(cell)
            heading = re.match(r"<h2>(.*?)</h2>", part, re.DOTALL)
            piece.metadata["report"] = {"html": Markup(_demote(part))}
            if heading:
                text = Markup(heading[1]).striptags()
                anchor = _anchor(text, taken)
                page.contents.append((anchor, text))
                piece.metadata["report"] = {
                    "section": anchor,
                    "heading": Markup(heading[1]),
                    "html": Markup(_demote(part[heading.end() :])),
                }
            split.append(piece)
    return split


def _demote(html):
    """A second h1 becomes an h2: a page has one title."""
    return re.sub(r"<(/?)h1>", r"<\1h2>", html)


def _anchor(text, taken):
    """An id for a heading, unlike those `taken`.

    Examples
    --------
    >>> taken = set()
    >>> _anchor("Who waits?", taken), _anchor("Who waits?", taken)
    ('who-waits', 'who-waits-2')
    """
    base = re.sub(r"[^\w]+", "-", text.lower()).strip("-") or "section"
    anchor, number = base, 2
    while anchor in taken or anchor in ("main", "key-figures", "about"):
        anchor, number = f"{base}-{number}", number + 1
    taken.add(anchor)
    return anchor


# What the cells show ---------------------------------------------------------------------------------------


def show_output(output, cell, section="", number=0):
    """The HTML of one output, the `number`th of its cell, or "" for one that says nothing to a reader."""
    if output.output_type == "stream":
        return Markup('<pre class="text" tabindex="0">{}</pre>').format(clean.ansi_text(output.text))
    if output.output_type == "error":
        lines = clean.plain_text("\n".join(output.get("traceback", [])))
        return Markup('<pre class="text" tabindex="0">{}</pre>').format(lines)
    kind = next((kind for kind in SHOWN if kind in output.data), None)
    if kind is None:
        return Markup("")
    data = output.data[kind]
    if kind == "text/html":
        return Markup('<div class="html">{}</div>').format(clean.table_html(data))
    if kind == "text/markdown":
        return Markup('<div class="prose">{}</div>').format(clean.markdown_html(data))
    if kind == "text/plain":
        if REPR.fullmatch(data):
            return Markup("")
        return Markup('<pre class="text" tabindex="0">{}</pre>').format(clean.ansi_text(data))
    return _chart(output, cell, kind, section, number)


def _chart(output, cell, kind, section, number):
    metadata = output.get("metadata", {})
    alt = metadata.get(kind, {}).get("alt") or metadata.get("alt") or cell.metadata.get("alt")
    alt = alt or (words.text("pages.chart.of", section=section) if section else words.text("pages.chart.plain"))
    if kind == "image/svg+xml":
        drawing = clean.inline_svg(output.data[kind], alt, prefix=f"c{cell.metadata.get('number', 0)}-{number}")
        if drawing is None:
            return Markup('<p class="note">{}</p>').format(words.text("pages.chart.undrawn", alt=alt))
        return Markup('<figure><div class="chart" role="group" aria-label="{}" tabindex="0">{}</div></figure>').format(
            words.text("pages.chart.scrolls"), drawing
        )
    return Markup("<figure>{}</figure>").format(clean.picture(output.data[kind], kind, alt))


FILTERS = {
    "known": is_known,
    "sentence": sentence,
    "with_code": with_code,
    "column_name": column_name,
    "translated": translated,
    "highlight": clean.highlight_code,
    "ansi": clean.ansi_text,
    "time": format_time,
    "period": format_period,
    "change": format_change,
    "value": format_value,
}
GLOBALS = {"words": words.text, "language_tag": language_tag}


@functools.cache
def _exporter():
    """nbconvert's exporter with our template; made once, it reads many files."""
    from nbconvert.exporters import TemplateExporter

    class ReportExporter(TemplateExporter):
        """Not an `HTMLExporter`: that one parses the page again and breaks inline SVG."""

        file_extension = ".html"
        output_mimetype = "text/html"

        def _create_environment(self):
            environment = super()._create_environment()
            environment.autoescape = True  # nbconvert's templates escape by hand, ours by default
            environment.globals |= GLOBALS
            return environment

    filters = FILTERS | {"show": show_output}
    return ReportExporter(
        template_name="template", extra_template_basedirs=[str(TEMPLATES.parent)], filters=filters, preprocessors=[]
    )


@functools.cache
def _environment():
    from jinja2 import Environment, FileSystemLoader

    environment = Environment(loader=FileSystemLoader(TEMPLATES), autoescape=True)
    environment.filters |= FILTERS
    environment.globals |= GLOBALS
    return environment
