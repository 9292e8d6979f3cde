"""Draw a page that is no notebook: the overview, the ledger."""

from toolkit.report.clean import with_bdi
from toolkit.report.render import environment
from toolkit.report.sheets import footer, policy, style


def render_page(template, title, **values):
    """The HTML of a template, with the style sheet of all pages and that of the overview."""
    sheet, foot = style("overview.css"), footer(values.get("service"), title, values.get("scope"))
    about = {"title": title, "style": sheet, "foot": foot, "policy": policy(sheet, foot=foot)}
    return with_bdi(environment().get_template(template).render(**about, **values))
