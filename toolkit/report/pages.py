"""Draw a page that is no notebook: the overview, the ledger."""

from toolkit.report.clean import with_bdi
from toolkit.report.render import environment
from toolkit.report.sheets import policy, style


def render_page(template, **values):
    """The HTML of a template, with the style sheet of all pages and that of the overview."""
    sheet = style("overview.css")
    return with_bdi(environment().get_template(template).render(style=sheet, policy=policy(sheet), **values))
