"""What a run is to make: each report with its notebook, its parameters and its rows, checked before data is read.

As a rule every chosen notebook once, with what was given for all. A list of `Wanted` says it report by report: other
days, other rows, and one notebook twice, under two names.
"""

import re
from dataclasses import dataclass, replace
from pathlib import Path

from toolkit.errors import BadParameter
from toolkit.load.where import read_where
from toolkit.report.each import variants
from toolkit.report.early import check_early
from toolkit.report.notebooks import check_parameters, find_notebooks
from toolkit.report.options import Wanted
from toolkit.report.parameters import read_parameters
from toolkit.report.prepare import look_at

TAKEN = ("index", "ledger", "history", "latest", "manifest")  # pages of every folder of reports


@dataclass
class Planned:
    """A report to be made, its parameters checked: `given` are the values, `known` all that the notebook has."""

    name: str
    path: Path
    known: dict
    given: dict
    filters: dict
    each: str | None = None
    said: str = ""

    @property
    def period(self):
        """The days that it is of, as they are given or by the notebook's own default."""
        default = self.known["period"].default if "period" in self.known else None
        return self.given.get("period") or default or "all"


def plan(names, options, warn=None, tell=None):
    """What a run is to make.

    Parameters
    ----------
    names : list of str, optional
        As `find_notebooks` takes them; not looked at where the options hold reports.
    options : toolkit.report.options.Options
    warn, tell
        See `toolkit.report.run.run_reports`.

    Returns
    -------
    list of Planned, in the order asked for

    Raises
    ------
    BadParameter
        A report, a parameter or a value that there is not; two reports of one name.
    """
    reports, where, each = options.reports, options.where, options.each
    if reports:
        check_names(reports)
        names = list(dict.fromkeys(one.name for one in reports))
    chosen = find_notebooks(names, options.notebooks, warn, tell)
    wanted = reports or [Wanted(name) for name in chosen]
    known = {one.report: read_parameters(chosen[one.notebook]) for one in wanted}
    rows = {one.report: read_where(where if one.where is None else one.where) for one in wanted}
    split = {one.report: each if one.each is None else one.each or None for one in wanted}
    # What is given for all has to be a parameter of one of them; what is given for one, its own.
    as_options = {name: getattr(options, name) for name in ("period", "as_of", "service", "source")}
    common = check_parameters(
        known, options.params, as_options, read_where(where) if not reports else None, not reports and each
    )
    found = []
    for one in wanted:
        own = {} if not reports else _own(one, known[one.report], rows[one.report], split[one.report])
        given = common[one.report] | own
        path = chosen[one.notebook]
        found.append(Planned(one.report, path, known[one.report], given, rows[one.report], split[one.report], one.said))
    return found


def _own(one, known, filters, each):
    """The values that one report is given for itself."""
    period = {"period": one.period} if one.period else {}
    return check_parameters({one.report: known}, one.params, period, filters, each)[one.report]


def check_names(reports):
    """Refuse two reports of one name, also where a file system takes A for a, and names that are no file's.

    >>> check_names([Wanted("waits"), Wanted("waits", period="last-month")])
    Traceback (most recent call last):
    toolkit.errors.BadParameter: two reports are called 'waits'; give one of them another name: as = "waits_2"
    """
    seen = set()
    for one in reports:
        name = one.report
        if not re.fullmatch(r"\w[\w-]{0,80}", name) or name.casefold() in TAKEN:
            raise BadParameter(
                f"a report can't be called {name!r}: letters, digits, _ and - are allowed, and none of {', '.join(TAKEN)}"
            )
        if name.casefold() in seen:
            raise BadParameter(f'two reports are called {name!r}; give one of them another name: as = "{name}_2"')
        seen.add(name.casefold())


def check_plan(planned, data, source=None):
    """Refuse what the plan asks for and the data can't have, before it is read in full."""
    for filters, each, alike in together(planned):
        periods = {one.name: one.period for one in alike}
        check_early(data, source, periods, {one.name: one.given for one in alike}, filters, each)


def look_at_plan(planned, opened, allow_empty=False, warn=None, tell=None):
    """Tell which days the plan's periods mean; refuse, or warn of, one without a row.

    Raises
    ------
    EmptyPeriod
    """
    pairs = {}
    for one in planned:
        pairs.setdefault((one.period, str(one.filters)), (one.period, one.filters))
    look_at(opened, list(pairs.values()), allow_empty, warn, tell)


def variants_of(planned, opened, warn=None):
    """The reports that a plan comes to: one of each, or one for each value of its column.

    Returns
    -------
    list of toolkit.report.each.Variant, each with the Planned that it is of
    """
    found = {}
    for filters, each, alike in together(planned):
        paths = {one.name: one.path for one in alike}
        periods = {one.name: one.period for one in alike}
        for variant in variants(paths, opened, periods, filters, each, warn):
            found.setdefault(variant.notebook, []).append(variant)
    made = [replace(variant, said=one.said, planned=one) for one in planned for variant in found.get(one.name, ())]
    names = [variant.name.casefold() for variant in made]
    for name in names:
        if names.count(name) > 1:
            raise BadParameter(f"two reports come to be called {name!r}; give one of them another name")
    return made


def together(planned):
    """[(filters, each, those of the plan)] that are of the same rows."""
    groups = {}
    for one in planned:
        groups.setdefault((str(one.filters), one.each), []).append(one)
    return [(alike[0].filters, alike[0].each, alike) for alike in groups.values()]
