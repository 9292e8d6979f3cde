"""Each member of a team beside the others, at an equal mix of work."""

import numpy as np
import pandas as pd

from toolkit import engine, standardise
from toolkit.engine import NONE
from toolkit.errors import BadParameter, MissingColumn
from toolkit.intervals import difference
from toolkit.metrics.registry import METRICS, metric
from toolkit.metrics.shapes import is_planning, together
from toolkit.metrics.waits import curve_of
from toolkit.result import Result
from toolkit.verdicts import FEW, Change, decide, p_value
from toolkit.words import is_none

MIX = ("topic", "channel")
ADJUSTED = ("adjusted", "adjusted_low", "adjusted_high")
RAW = ("unadjusted", "unadjusted_low", "unadjusted_high")
DIFFERENCE = ("difference", "difference_low", "difference_high")


@metric("team", table="", case="case", value="adjusted")
def team_report(data, function, by="agent", mix=MIX, table=None, **choices):
    """A metric of each member of a team beside the others, at an equal mix of topic and channel, without a ranking.

    Members do unlike work, so each is held against the others over the cells of topic and channel that both have, each
    cell weighted by its share in the work of all (direct standardisation). What still differs is told as clear only
    beyond chance, corrected for all members; and each figure also stands drawn towards the middle of all by how
    uncertain it is, since the best and the worst of many are mostly the luckiest and the unluckiest.

    Parameters
    ----------
    data : Data
    function : a metric that is a share of its cases (csat, sla_compliance, ...), a mean of times
        (average_handle_time, ...) or a wait (agent_response_time, ...); a wait is told by the share that ended within
        the team's median
    by : str
        Whose figures: "agent", "team", or another column of the metric's table.
    mix : columns
        What makes cases unlike; those that the table hasn't are left out.
    table : attribute of `data`; by default the metric's own
    choices : as the metric takes them

    Returns
    -------
    Result, one row per member in the order of their names, "(none)" last and without a verdict: `n` cases;
        `adjusted`, the figure at the equal mix, with its interval (95 %); `others`, that of all the others at the same
        mix; `difference` with its interval, `p`, and `verdict` (Holm over the members; "few" below the minimum count,
        "not comparable" where less than half of the mix is shared); `shrunk`, the adjusted figure drawn towards the
        middle (Morris; null where nothing is adjusted); `unadjusted` with its interval, over the member's own cases;
        `covered`, the part of the mix that is shared. `attrs["facts"]`: `unassigned` cases of nobody, and of those
        `unassigned_open`, which wait for nobody in particular and so are in no member's figure.

    Raises
    ------
    BadParameter
        The metric is no share, mean or wait.
    MissingColumn
        The table has no such column.

    Source: DEFINITIONS.md#team-report

    Examples
    --------
    >>> import toolkit
    >>> data = toolkit.open_data("data/sample", period="2024-04")
    >>> report = team_report(data, toolkit.metrics.csat, by="agent")
    >>> bool(report["n"].sum() == toolkit.metrics.csat(data.surveys)["n"].iloc[0])
    True
    """
    name = function.__name__
    about = METRICS[name]
    held = getattr(data, table or about.table)
    known = set(engine.as_table(held, about.contract).columns)
    if by not in known:
        raise MissingColumn(about.contract, by, sorted(known))
    mixed = [key for key in dict.fromkeys(mix) if key in known and key != by]
    if is_planning():
        return function(held, by=[by, *mixed], **choices)
    whole, cells = together(
        [lambda: function(held, by=by, **choices), lambda: function(held, by=[by, *mixed], **choices)]
    )
    if not mixed:
        cells = whole
    kind = _kind_of(whole, name)
    measure, at = _measure(kind, whole, cells, by)
    every = _cells(cells, measure, by, mixed)
    least = whole.attrs["minimum_count"]
    frame, mixed = _in_common(every, by, mixed, least)
    named = frame[frame[by] != NONE]
    weights = named.groupby("cell_")["n_"].sum()
    unadjusted = _unadjusted(whole, kind, at, by)
    rows, changes = [], []
    for member in sorted(unadjusted, key=lambda value: (is_none(value), value.casefold(), value)):
        row, change = _row(member, frame, named, weights, by, kind, least)
        rows.append(row | dict(zip(RAW, unadjusted[member], strict=True)))
        changes.append(change)
    made = pd.DataFrame(rows, columns=[by, "n", *ADJUSTED, "others", *DIFFERENCE, *RAW, "covered", "variance_"])
    made["p"] = [change.p for change in changes]
    made["verdict"] = decide(changes)
    enough = (made["n"] >= least) & ~made[by].map(is_none).astype(bool)
    usual = float(_pooled(named)[0])
    spread = 1.0 if kind == "mean" else usual * (1 - usual)  # of a case; of means the cells' own is in it
    made["shrunk"] = standardise.shrunk(made["adjusted"].where(enough), spread * made["variance_"].where(enough))
    return _result(made, whole, name, by, mixed, kind, at, named, least)


def _kind_of(result, name):
    """rate, mean or wait: how a cell of the result is read."""
    attrs = result.attrs
    if attrs["shape"] == "rate" and "hits" in attrs.get("roles", {}):
        return "rate"
    if attrs["shape"] == "shares" and f"{attrs['value']}_count" in result.columns:
        return "share"
    if attrs["shape"] == "wait":
        return "wait"
    if attrs["shape"] == "mean":
        return "mean"
    raise BadParameter(f"team_report takes a share of cases, a mean of times or a wait; {name} is none")


def _measure(kind, whole, cells, by):
    """(function of a row: (n, value, variance), the seconds within which waits are told or None)."""
    attrs = whole.attrs
    if kind in ("rate", "share"):
        hits = attrs["roles"]["hits"] if kind == "rate" else f"{attrs['value']}_count"

        def measure(row):
            value, variance = standardise.cell_rates([row[hits]], [row["n"]])
            return row["n"], value[0], variance[0]

        return measure, None
    if kind == "wait":
        every = [whole.cells(row) for _, row in whole.iterrows() if str(row[by]) != NONE]
        pooled = curve_of(pd.concat(every, ignore_index=True)) if every else None
        at = _middle(pooled)

        def measure(row):
            curve = curve_of(cells.cells(row))
            share = curve.at(at)[0] if np.isfinite(at) else np.nan
            return curve.n, share, standardise.cell_rates([share * curve.n], [curve.n])[1][0]

        return measure, at
    spread = _spread(cells)

    def measure(row):
        held = cells.cells(row)
        n = float(held["ended_"].sum())
        return n, float(held["s1_"].sum()) / n if n else np.nan, spread / n if n else np.nan

    return measure, None


def _middle(curve):
    """The median of the team's waits, or half-way to the share that ever ended."""
    if curve is None or not curve.ended:
        return np.nan
    return curve.quantile(0.5 if curve.share[-1] >= 0.5 else curve.share[-1] / 2)


def _spread(cells):
    """The variance within the cells, taken as one for all."""
    sums = [cells.cells(row)[["ended_", "s1_", "s2_"]].sum().to_numpy(float) for _, row in cells.iterrows()]
    if not sums:
        return np.nan
    n, total, squares = np.array(sums).T
    _, variance = standardise.cell_means(n, total, squares)
    return float(np.nanmax(variance * n)) if (n > 0).any() else np.nan


def _cells(cells, measure, by, mixed):
    """One row per member and cell: n_, value_, variance_, cell_."""
    made = []
    for _, row in cells.iterrows():
        n, value, variance = measure(row)
        if n > 0:
            cell = tuple(str(row[key]) for key in mixed)
            made.append({by: str(row[by]), "cell_": cell, "n_": n, "value_": value, "variance_": variance})
    return pd.DataFrame(made, columns=[by, "cell_", "n_", "value_", "variance_"])


def _in_common(frame, by, mixed, least):
    """(the cells, what they are of): of the whole mix, or of less of it where most members would share too little."""
    choices = [mixed, *[[key] for key in mixed if len(mixed) > 1]]
    best = None
    for chosen in choices:
        places = [mixed.index(key) for key in chosen]
        cells = frame.assign(cell_=[tuple(cell[place] for place in places) for cell in frame["cell_"]])
        named = cells[cells[by] != NONE]
        weights = named.groupby("cell_")["n_"].sum()
        sizes = named.groupby(by)["n_"].sum()
        members = sizes.index[sizes >= least]
        shared = [
            float(weights[weights.index.isin(named.loc[named[by] == member, "cell_"])].sum() / weights.sum())
            for member in members
        ]
        enough = sum(one >= standardise.LEAST_COVERED for one in shared)
        if best is None or enough > best[0]:
            best = enough, cells, chosen
        if 2 * enough >= len(members):
            break
    return best[1:]


def _unadjusted(whole, kind, at, by):
    """(figure, low, high) of each member over all of its cases, as the metric itself gives it."""
    made = {}
    for _, row in whole.iterrows():
        if kind == "wait":
            figure = curve_of(whole.cells(row)).at(at) if np.isfinite(at) else (np.nan,) * 3
        else:
            names = (
                whole.attrs["value"],
                *whole.attrs.get("ends", (f"{whole.attrs['value']}_low", f"{whole.attrs['value']}_high")),
            )
            if kind == "mean":
                names = "mean_seconds", "mean_low", "mean_high"
            figure = tuple(float(row[name]) for name in names)
        made[str(row[by])] = figure
    return made


def _row(member, frame, named, weights, by, kind, least):
    """A member's row, and the Change that its difference from the others is."""
    bounds = standardise.mean_bounds if kind == "mean" else standardise.rate_bounds
    own, rest = frame[frame[by] == member], named[named[by] != member]
    n = float(own["n_"].sum())
    row = {by: member, "n": int(round(n))}
    if is_none(member) or n < least or rest["n_"].sum() < least:
        return row, Change(untested="untested" if is_none(member) else FEW)
    sides = [_by_cell(side, weights.index) for side in (own, rest)]
    value, variance, others, others_variance, covered = standardise.at_equal_mix(*sides, weights.to_numpy(float))
    row |= {"covered": covered, "others": others, "variance_": variance}
    row |= dict(zip(ADJUSTED, (value, *bounds(value, variance, n)), strict=True))
    if not np.isfinite(value) or not np.isfinite(variance + others_variance):
        return row, Change()
    rest_n = float(rest["n_"].sum())

    def ends(level):
        one, other = (
            (value, *bounds(value, variance, n, level)),
            (others, *bounds(others, others_variance, rest_n, level)),
        )
        return difference(one, other)[1:]

    low, high = ends(0.95)
    row |= dict(zip(DIFFERENCE, (value - others, low, high), strict=True))
    p = p_value(ends)
    if kind != "mean":  # of rare events the interval is too sure
        p = max(p, standardise.exact_p((value, variance, n), (others, others_variance, rest_n)))
    return row, Change(value - others, low, high, p, "standardised")


def _pooled(cells):
    """(figure, variance) over a member's own cells, as they are."""
    n = cells["n_"].to_numpy(float)
    if not n.sum():
        return np.nan, np.nan
    share = n / n.sum()
    return float(share @ cells["value_"]), float(share**2 @ cells["variance_"])


def _by_cell(side, cells):
    """(n, value, variance) of a side per cell; of several members in one they are pooled by their cases."""
    weighted = side.assign(v_=side["n_"] * side["value_"], u_=side["n_"] ** 2 * side["variance_"])
    sums = weighted.groupby("cell_")[["n_", "v_", "u_"]].sum().reindex(cells, fill_value=0.0)
    n, total = sums["n_"].to_numpy(float), sums["v_"].to_numpy(float)
    with np.errstate(divide="ignore", invalid="ignore"):
        return n, total / n, sums["u_"].to_numpy(float) / n**2


def _result(made, whole, name, by, mixed, kind, at, named, least):
    attrs = whole.attrs
    unit, apart = ("seconds", "change in seconds") if kind == "mean" else ("rate", "points")
    units = {"n": "count", "covered": "rate", "difference": apart, "p": "number", "verdict": "verdict"}
    units |= dict.fromkeys(["adjusted", "others", "shrunk", "unadjusted"], unit)
    columns = [by, "n", *ADJUSTED, "others", *DIFFERENCE, "p", "verdict", "shrunk", *RAW, "covered"]
    choices = attrs["choices"] | {"mix": ", ".join(mixed) or None}
    result = Result.of(made[columns].reset_index(drop=True), name, units, [by], least, choices)
    nobody = whole[whole[by].astype(str) == NONE]
    waiting = attrs.get("roles", {}).get("open")
    facts = {"unassigned": int(nobody["n"].sum())}
    if waiting in whole.columns:
        facts |= {"unassigned_open": int(nobody[waiting].sum()), "open": int(whole[waiting].sum())}
    team = float(_pooled(named)[0])
    result.attrs |= {"case": attrs["case"], "best": "high" if kind == "wait" else attrs["best"], "zone": attrs["zone"]}
    result.attrs |= {"shape": "team", "value": "adjusted", "count": "n", "ends": ADJUSTED[1:], "rows": [by]}
    result.attrs["defined_by"] = ["team_report"]
    result.attrs |= {"facts": facts, "team": team, "mix": mixed, "at": at}
    return result
