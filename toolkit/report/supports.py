"""What a data set supports: report by report, and metric by metric, with what is missing for the rest and what would bring it.

>>> import toolkit
>>> from toolkit.report.notebooks import find_notebooks
>>> made = supports(toolkit.open_data("data/sample"), find_notebooks(["abandonment"]))
>>> made.reports[0].name, made.wants
('abandonment', [])
"""

from dataclasses import dataclass

from toolkit.errors import BadParameter
from toolkit.report.rehearsal import rehearse
from toolkit.report.wants import Want, brings, meaning
from toolkit.sources import find_source

MOST_WANTS = 6  # that are told without details


@dataclass
class Wanted:
    """What is missing, what it is, what would bring it, and what that would make possible."""

    want: Want
    meaning: str
    brings: str
    reports: list  # names of those that would be made
    sections: int  # that would not be left out


@dataclass
class Supports:
    """Reports as they are foreseen, and what is missing for the rest of them, the most wanted first."""

    reports: list
    wants: list


def supports(data, notebooks):
    """What a data set supports.

    Parameters
    ----------
    data : Data, of the whole time
    notebooks : {name: path}

    Returns
    -------
    Supports
    """
    reports, source = rehearse(data, notebooks), source_of(data)
    found = {}
    for report in reports:
        for entry in [report.refused] if report.refused else report.left_out:
            own = found.setdefault(entry["want"].name, (entry["want"], [], []))
            own[1 if report.refused else 2].append(report.name)
    wants = [
        Wanted(want, meaning(want), brings(want, source, data.raw_names), refused, len(sections))
        for want, refused, sections in found.values()
    ]
    return Supports(reports, sorted(wants, key=lambda one: (-len(one.reports), -one.sections)))


def source_of(data):
    """The source that read a data set; None where it isn't known any more."""
    try:
        return find_source(data.source_folder or data.source)
    except BadParameter:
        return None


def print_supports(screen, data, notebooks, details=False):
    """Print what a data set supports: a table of reports, and what would bring more; with `details` every metric, too."""
    made = supports(data, notebooks)
    is_whole = all(one.is_made and one.is_known and not one.left_out for one in made.reports)
    if is_whole and made.reports:
        screen.print(f"The data supports all {len(made.reports)} reports, every section of them.", markup=False)
    elif made.reports:
        heads = ("report", "made", "sections left out", "for want of")
        _table(screen, "What the data supports", heads, [_row(one, details) for one in made.reports])
    wants = made.wants
    if details:
        lacking = _print_metrics(screen, data)
        known = {one.want.name for one in wants}
        wants = wants + [one for one in lacking if one.want.name not in known]
    if wants:
        shown = wants if details else wants[:MOST_WANTS]
        heads = ("missing", "what it is", "for", "what would bring it")
        _table(
            screen,
            "What would bring more",
            heads,
            [(one.want.name, one.meaning, _for(one), one.brings) for one in shown],
        )
    if not details and made.reports:
        more = f"{len(wants) - MOST_WANTS} more that is missing, and metric by metric" if wants[MOST_WANTS:] else ""
        screen.print(f"{more or 'Section by section, metric by metric'}: add --details", style="dim", markup=False)


def _row(one, details):
    if not one.is_known:
        return one.name, "?", "it has code of its own, which only a run can try", ""
    wants = ", ".join(want.name for want in one.wants)
    if not one.is_made:
        return one.name, "no", "", wants
    sections = list(dict.fromkeys(entry["section"] for entry in one.left_out))
    told = f"{len(sections)} of {len(one.sections)}" if sections else ""
    return one.name, "yes", f"{told}: {'; '.join(sections)}" if details and told else told, wants


def _for(one):
    sections = f"{one.sections} section{'s' if one.sections > 1 else ''}" if one.sections else ""
    return ", ".join(filter(None, [*one.reports, sections])) or "metrics"


def _print_metrics(screen, data):
    """Print which metrics can be computed, and what the others lack; what that is."""
    from toolkit.report.single import supported

    source = source_of(data)
    told = [row for row in supported(data.unscored) if not row["is_of_results"]]
    lacking = [row for row in told if row["missing"]]
    screen.print()
    screen.print(f"{len(told) - len(lacking)} of {len(told)} metrics can be computed from this data:", markup=False)
    for question in dict.fromkeys(row["question"] for row in told):
        names = [row["metric"] for row in told if row["question"] == question and not row["missing"]]
        screen.print(f"  {question.replace('_', ' ')}: {', '.join(names) or 'none'}", markup=False)
    if lacking:
        rows = [(row["metric"], row["title"], row["missing"]) for row in lacking]
        _table(screen, "What the others lack", ("metric", "title", "missing"), rows)
    wants = dict.fromkeys(row["want"] for row in lacking)
    return [Wanted(want, meaning(want), brings(want, source, data.raw_names), [], 0) for want in wants]


def _table(screen, title, heads, rows):
    from rich.table import Table
    from rich.text import Text

    table = Table(title=title, title_justify="left", box=None, padding=(0, 2))
    for head in heads:
        table.add_column(head, overflow="fold")
    for row in rows:
        table.add_row(*map(Text, row))
    screen.print()
    screen.print(table)
