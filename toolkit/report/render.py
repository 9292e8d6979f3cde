"""Draw an executed notebook as one HTML file that needs nothing else: no script, no request, no font.

The page's content security policy allows nothing but the page's own style sheet (named by its hash) and
pictures that it carries itself. Hence there is no inline style anywhere, see `toolkit.report.clean`.
"""

import functools
import re
from datetime import datetime
from urllib.parse import quote

from toolkit import words
from toolkit.displays import with_code
from toolkit.report import clean
from toolkit.report.outputs import drawing
from toolkit.report.page import file_base, measured_base, read_page
from toolkit.report.private import privacy_remark, privacy_words
from toolkit.report.sheets import TEMPLATES, footer, policy, script, style
from toolkit.report.wording import (
    column_name,
    format_period,
    format_time,
    format_value,
    has_digit,
    language_tag,
    sentence,
    unit_sizes,
)
from toolkit.table_html.csv_text import MOST_BYTES, csv_of
from toolkit.words.notebooks import translated

__all__ = ["TEMPLATES", "environment", "read_page", "render_report", "style"]


def render_report(
    notebook,
    parameters=(),
    made_at=None,
    versions=None,
    name="report",
    suffix="",
    *,
    siblings=(),
    ledger="",
    files="",
    interactive=False,
):
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
    siblings : list of dict with href, title, is_current
        The overview and the reports that were made with this one, for the bar above.
    ledger : str
        The page that lists the rows that were set aside, "" when there is none.
    files : str
        The folder beside the page that holds its tables as files (`toolkit.report.figures`), "" when there is none.
    interactive : bool
        Whether a script sorts and filters the tables; without it the page has none.

    Returns
    -------
    str
    """
    page = read_page(notebook, name)
    page.title += suffix
    page.suffix, page.siblings, page.ledger, page.files = suffix, list(siblings), ledger, files
    page.parameters, page.versions = list(parameters), versions or {}
    page.made_at = format_time(made_at or datetime.now().astimezone(), page.header.get("time_zone"))
    code = script() if interactive else ""
    zone = page.header.get("time_zone")
    foot = footer(page.header.get("service"), page.scope, format_period(page.header.get("period"), zone))
    resources = {"page": page, "style": style(), "foot": foot, "script": code, "policy": policy(style(), code, foot)}
    html, _ = _exporter().from_notebook_node(notebook, resources=resources)
    return clean.with_bdi(html)


def csv_link(csv):
    """The address of a table's CSV, which the page itself carries.

    Examples
    --------
    >>> csv_link("day,n\\n1 April,3")
    'data:text/csv;charset=utf-8,day,n%0A1%20April,3'
    """
    return "data:text/csv;charset=utf-8," + quote(csv.replace("\r\n", "\n"), safe=",:;/()+=_")


def small_csv(data):
    """A table's data as CSV, where that is small enough for a page to carry, and whole; else ""."""
    return "" if data["left"] else csv_of(data, MOST_BYTES)


def safe_table(html):
    """A table of ours; a second fence after the escaping where it was made. The page's own box scrolls it.

    Examples
    --------
    >>> safe_table('<div class="toolkit-table" role="region" tabindex="0"><table></table></div>')
    Markup('<div class="toolkit-table"><table></table></div>')
    """
    return clean.clean_html(re.sub(r'<div class="toolkit-table"[^>]*>', '<div class="toolkit-table">', html))


FILTERS = {
    "has_digit": has_digit,
    "sentence": sentence,
    "with_code": with_code,
    "column_name": column_name,
    "translated": translated,
    "highlight": clean.highlight_code,
    "ansi": clean.ansi_text,
    "time": format_time,
    "period": format_period,
    "value": format_value,
    "csv": small_csv,
    "csv_link": csv_link,
    "file_base": file_base,
    "measured_base": measured_base,
    "table": safe_table,
}
GLOBALS = {
    "words": words.text,
    "joined": words.joined,
    "language_tag": language_tag,
    "drawing": drawing,
    "privacy_words": privacy_words,
    "privacy_remark": privacy_remark,
    "unit_sizes": unit_sizes,
}


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

    return ReportExporter(
        template_name="template", extra_template_basedirs=[str(TEMPLATES.parent)], filters=FILTERS, preprocessors=[]
    )


@functools.cache
def environment():
    """The environment of the templates of pages that are no notebook."""
    from jinja2 import Environment, FileSystemLoader

    environment = Environment(loader=FileSystemLoader(TEMPLATES), autoescape=True)
    environment.filters |= FILTERS
    environment.globals |= GLOBALS
    return environment
