"""How much each group added to the change of a total between two periods."""

import numpy as np
import pandas as pd

from toolkit import engine, verdicts
from toolkit.errors import BadParameter
from toolkit.metrics.periods import results_of
from toolkit.metrics.registry import METRICS
from toolkit.movement import rate_movement
from toolkit.result import Result
from toolkit.tables import HISTORY_WEEK

ENDS = ("contribution_low", "contribution_high")


def change_by_group(data, function, by, table=None, **choices):
    """How much each group added to the change of a total rate against the period before; None without one.

    A group adds its hits as a share of all the cases now, less the same share before: because its own rate changed, or
    because more or fewer of the cases were its own. What the groups add sums to the total's change.

    Parameters
    ----------
    data : Data
    function : a metric that is a share of its cases, such as csat, or sentiment_trend with `every=None`
    by : str or list of str
    table : attribute of `data`; by default the metric's own
    choices : as the metric takes them

    Returns
    -------
    Result of the shape "contribution", one row per group that had a case in either period, what did most harm first: `n` cases,
        the hits, the metric's own rate and `previous_n`, `previous`; `contribution` in points (-1 to 1) with
        `contribution_low`, `contribution_high` (95 %), `p` and `verdict`, held against how the same share moves from
        week to week, Holm over the groups; "few" where neither period has the minimum count of the group's cases. The
        last row, `is_total`, is the change of them all.

    Raises
    ------
    BadParameter
        The metric is no share of its cases, or has rows of its own within a group.

    Examples
    --------
    >>> import toolkit
    >>> data = toolkit.open_data("data/sample", period="2024-04")
    >>> by_topic = change_by_group(data, toolkit.metrics.csat, "topic")
    >>> added, total = by_topic["contribution"][~by_topic["is_total"]].sum(), by_topic["contribution"].iloc[-1]
    >>> bool(abs(added - total) < 1e-12)
    True
    """
    if data.previous is None:
        return None
    keys, name = engine.group_keys(by), function.__name__
    asked = [(function, {"by": keys} | choices, False)]
    (now,), (before,), (history,) = results_of(data, table or METRICS[name].table, asked)
    attrs = now.attrs
    hits, value, least = attrs.get("roles", {}).get("hits"), attrs["value"], attrs["minimum_count"]
    if hits is None or attrs["units"].get(value) != "rate" or attrs["rows"] != keys:
        raise BadParameter(f"change_by_group takes a metric that is a share of its cases, by group; {name} is none")
    frame = _beside(now, before, keys, hits)
    total = frame[["n", hits, "previous_n", "previous_hits"]].sum()
    weeks = None if history is None else _weekly(history, hits)

    def change(row, movement):
        return verdicts.rates(row[hits], total["n"], row["previous_hits"], total["previous_n"], movement, least)

    rows, changes = [row for _, row in frame.iterrows()], []
    for row in rows:
        movement = None if weeks is None else _movement(history, weeks, row, keys, hits)
        one = change(row, movement)
        is_few = max(row["n"], row["previous_n"]) < least
        changes.append(verdicts.Change(one.change, one.low, one.high, untested=verdicts.FEW) if is_few else one)
    whole = change(total, None if weeks is None else rate_movement((weeks[hits], weeks["n"])))
    frame = pd.concat([frame, total.to_frame().T], ignore_index=True)
    frame["is_total"] = np.arange(len(frame)) == len(rows)
    frame = frame.astype({hits: "int64", "n": "int64", "previous_n": "int64", "previous_hits": "int64"})
    for column, own in (("contribution", "change"), (ENDS[0], "low"), (ENDS[1], "high"), ("p", "p")):
        frame[column] = [getattr(one, own) for one in [*changes, whole]]
    frame["verdict"] = [*verdicts.decide(changes), *verdicts.decide([whole])]
    frame[value], frame["previous"] = (frame[hits] / frame["n"], frame["previous_hits"] / frame["previous_n"])
    harm = frame["contribution"] * (-1 if attrs["best"] == "high" else 1)
    frame = frame.assign(harm_=harm).sort_values(["is_total", "harm_"], ascending=[True, False], kind="stable")
    columns = [*keys, "n", hits, value, "previous_n", "previous", "contribution", *ENDS, "p", "verdict", "is_total"]
    units = {hits: "count", "n": "count", "previous_n": "count", value: "rate", "previous": "rate", "p": "number"}
    units |= {"contribution": "points", "verdict": "verdict"}
    result = Result.of(frame[columns].reset_index(drop=True), attrs["metric"], units, keys, least, attrs["choices"])
    result.attrs |= {name: attrs[name] for name in ("case", "best", "zone", "roles")}
    result.attrs |= {
        "shape": "contribution",
        "value": "contribution",
        "of": value,
        "count": "n",
        "ends": ENDS,
        "rows": keys,
    }
    return result


def _beside(now, before, keys, hits):
    """One row per group of either period: its cases and hits now, and before."""
    columns = [*keys, "n", hits]
    past = pd.DataFrame(before)[columns].rename(columns={"n": "previous_n", hits: "previous_hits"})
    frame = pd.DataFrame(now)[columns].merge(past, how="outer", on=keys, sort=True)
    counts = ["n", hits, "previous_n", "previous_hits"]
    frame[counts] = frame[counts].fillna(0)
    return frame[(frame["n"] > 0) | (frame["previous_n"] > 0)].reset_index(drop=True)


def _weekly(history, hits):
    """The hits and the cases of all groups by earlier week."""
    frame = pd.DataFrame(history.result)
    sums = frame.groupby(frame[HISTORY_WEEK].astype(int))[["n", hits]].sum()
    return sums.reindex(history.weeks, fill_value=0).astype(float)


def _movement(history, weeks, row, keys, hits):
    """How much the group's hits, as a share of all the cases, move from week to week."""
    own = np.concatenate(history.of(row, keys, hits))
    return rate_movement((own, weeks["n"].to_numpy()))
