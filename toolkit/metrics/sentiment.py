"""How customers sound, over time."""

import numpy as np
import pandas as pd

from toolkit import engine
from toolkit.metrics._common import add_rate, choose, finish, settings_of
from toolkit.tables import SENTIMENTS

EVERY = ("day", "week", "month", "quarter", "year")


def _customers(messages, needs):
    table = engine.as_table(messages, "messages", ["sender", *needs])
    return table, table.filter(table.sender == "customer")


def sentiment_trend(messages, by=None, every="week", tagged="all", zone=None):
    """The shares of positive, neutral and negative customer messages, per period.

    Parameters
    ----------
    messages : DataFrame, ibis Table or path; one row per message
        Uses `sender` (customers' kept), `sent_at`, `sentiment` (null: not scored) and the columns in `by`;
        `data.scored_messages` has the sentiment filled in.
    by : str or list of str, optional
        Group columns, such as "channel", "topic" or "language".
    every : "day", "week", "month", "quarter", "year" or None
        The length of a period, in local time; None takes all as one.
    tagged : "all", "tagged" or "untagged"
        All messages, those that addressed the brand, or mentions that didn't (`is_tagged` is false).
    zone : str, optional
        IANA time zone; tables from `open_data` carry theirs.

    Returns
    -------
    Result, one row per period (and group): `n` scored messages of `message_count`, `coverage` = their share;
        `positive`, `neutral`, `negative` in [0, 1], summing to 1, each with `_low`, `_high` (95 % Wilson);
        `change` of the negative share from the period before, where both reach the minimum count, and
        `is_significant`: whether it is distinguishable from none (two-proportion z-test, Holm's correction over
        all the changes of all groups, 5 %).

    Source: DEFINITIONS.md#sentiment-trend

    Examples
    --------
    >>> import pandas as pd
    >>> messages = pd.DataFrame({
    ...     "sender": ["customer", "customer", "customer", "agent"], "sentiment": ["negative", "positive", None, None],
    ...     "sent_at": pd.to_datetime(["2024-03-05T09:00Z"] * 4),
    ... })
    >>> sentiment_trend(messages, zone="UTC")[["n", "message_count", "negative"]].values.tolist()
    [[2.0, 3.0, 0.5]]
    """
    choose("tagged", tagged, ("all", "tagged", "untagged"))
    if every is not None:
        choose("every", every, EVERY)
    table, rows = _customers(messages, ["sent_at", "sentiment"])
    if tagged != "all":
        engine.as_table(table, "messages", ["is_tagged"])
        is_tagged = rows.is_tagged.fill_null(True)
        rows = rows.filter(is_tagged if tagged == "tagged" else ~is_tagged)
    groups = [key for key in engine.group_keys(by) if key != every]
    keys = [*groups, *([every] if every else [])]
    keyed = engine.with_keys(rows, "messages", keys, zone)
    frame = engine.to_pandas(
        engine.aggregate(
            keyed,
            keys,
            message_count=keyed.count(),
            **{f"{label}_count": engine.count_if(keyed, keyed.sentiment == label) for label in SENTIMENTS},
        )
    )
    counts = [f"{label}_count" for label in SENTIMENTS]
    frame["n"] = frame[counts].sum(axis=1).astype("int64")
    frame = add_rate(frame, "coverage", "n", "message_count", prefix="coverage")
    for label in SENTIMENTS:
        frame = add_rate(frame, label, f"{label}_count", "n", prefix=label)
    frame = frame.sort_values(keys, kind="stable").reset_index(drop=True) if keys else frame
    frame = _mark_changes(frame, groups, every, settings_of(table).minimum_count)
    shares = [column for label in reversed(SENTIMENTS) for column in (label, f"{label}_low", f"{label}_high")]
    order = [*keys, "n", "message_count", "coverage", "coverage_low", "coverage_high", *shares, *counts]
    order += ["change", "is_significant"] if every else []
    units = dict.fromkeys([*SENTIMENTS, "coverage"], "rate") | dict.fromkeys(["n", "message_count", *counts], "count")
    units |= {"change": "points"}
    choices = {"messages": {"all": "all, tagged or not", "tagged": "tagged only", "untagged": "untagged only"}[tagged]}
    result = finish(frame[order], "sentiment_trend", table, keys, units, choices)
    result.attrs["counts"] = {"coverage": "message_count"}
    return result


def _mark_changes(frame, groups, every, minimum_count):
    """Add `change` and `is_significant`: each period's negative share against the one before it."""
    if not every:
        return frame
    frame["change"], frame["is_significant"] = np.nan, False
    parts = frame.groupby(groups, dropna=False, sort=False) if groups else [((), frame)]
    rows, values = [], []  # of all groups: whoever looks for a change looks at all of them
    for _, part in parts:
        steps = part[every].to_numpy()
        for before, row, gap in zip(part.index, part.index[1:], np.diff(steps), strict=False):
            if gap != (7 if every == "week" else 1):
                continue  # a silent period lies between them
            n1, n0 = frame.at[row, "n"], frame.at[before, "n"]
            if min(n1, n0) < max(minimum_count, 1):
                continue
            frame.at[row, "change"] = frame.at[row, "negative"] - frame.at[before, "negative"]
            rows.append(row)
            values.append(_p_value(frame.at[row, "negative_count"], n1, frame.at[before, "negative_count"], n0))
    if rows:
        from statsmodels.stats.multitest import multipletests

        frame.loc[rows, "is_significant"] = multipletests(values, alpha=0.05, method="holm")[0]
    return frame


def _p_value(count, n, before_count, before_n):
    from statsmodels.stats.proportion import proportions_ztest

    if count + before_count in (0, n + before_n):
        return 1.0  # all alike: no difference to test
    return float(proportions_ztest([count, before_count], [n, before_n])[1])


def sentiment_engines(messages):
    """Which engine gave the sentiment of how many customer messages, per language.

    Returns
    -------
    Result, one row per language and engine: `n` messages and their `share` of all in [0, 1]; "(none)" is
        what could not be scored.

    Source: DEFINITIONS.md#sentiment-trend

    Examples
    --------
    >>> import pandas as pd
    >>> messages = pd.DataFrame({
    ...     "sender": ["customer"] * 2, "language": ["it", None], "sentiment_engine": ["lexicon-it", None],
    ... })
    >>> sentiment_engines(messages).values.tolist()
    [['(none)', '(none)', 1, 0.5], ['it', 'lexicon-it', 1, 0.5]]
    """
    table, rows = _customers(messages, ["language", "sentiment_engine"])
    keys = ["language", "sentiment_engine"]
    keyed = engine.with_keys(rows, "messages", keys)
    frame = engine.to_pandas(engine.aggregate(keyed, keys, n=keyed.count()))
    frame["share"] = frame["n"] / frame["n"].sum() if len(frame) else np.nan
    return finish(
        pd.DataFrame(frame), "sentiment_engines", table, keys, {"n": "count", "share": "rate"}, minimum_count=0
    )
