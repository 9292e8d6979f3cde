"""Draw a page that is no notebook: the overview, the ledger."""

from functools import cache

from markupsafe import Markup

from toolkit.report.render import TEMPLATES, _environment, policy, style


@cache
def _sheet():
    return Markup(style() + (TEMPLATES / "overview.css").read_text(encoding="utf-8"))


def render_page(template, **values):
    """The HTML of a template with the style sheet of all pages and that of the overview."""
    sheet = _sheet()
    return _environment().get_template(template).render(style=sheet, policy=policy(sheet), **values)
