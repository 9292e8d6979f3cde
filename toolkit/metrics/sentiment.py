"""How customers sound, over time."""

import numpy as np

from toolkit import engine
from toolkit.clock.timeline import PERIODS
from toolkit.intervals import clustered_effect
from toolkit.metrics import shapes
from toolkit.metrics.changes import what_moved
from toolkit.metrics.registry import metric
from toolkit.metrics.rows import choose
from toolkit.metrics.shares import shares
from toolkit.tables import SENTIMENTS
from toolkit.verdicts import decide, rates

PARTS = tuple(reversed(SENTIMENTS))  # from the bad end to the good one


def _customers(messages, needs):
    table = engine.as_table(messages, "messages", ["sender", *needs])
    return table.filter(table.sender == "customer")


@metric("shares", table="scored_messages", case="message", value="negative", best="low")
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
        `positive`, `neutral`, `negative` in [0, 1], summing to 1, each with `_low`, `_high` (95 % Wilson, of as many
        messages as those of the conversations are worth; null below ten conversations);
        `change` of the negative share from the period before, where both reach the minimum count, its `p` and
        `verdict`: whether it is more than the share moves between the other periods (Holm's correction over all the
        changes of all groups, 5 %); "no history" where there are fewer than four others.

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
        choose("every", every, PERIODS)
    rows = _customers(messages, ["sent_at", "sentiment"])
    if tagged != "all":
        is_tagged = engine.as_table(rows, "messages", ["is_tagged"]).is_tagged.fill_null(True)
        rows = rows.filter(is_tagged if tagged == "tagged" else ~is_tagged)
    groups = [key for key in engine.group_keys(by) if key != every]
    keys = [*groups, *([every] if every else [])]
    query, counted = shares(sentiment_trend, rows, PARTS, "sentiment", keys, zone, "conversation_id")
    least = shapes.settings_of(rows).minimum_count

    def made(frame):
        frame = _with_changes(counted(frame), groups, every, least)
        ends = [column for part in PARTS for column in (part, f"{part}_low", f"{part}_high")]
        counts = [f"{part}_count" for part in SENTIMENTS]
        order = [*keys, "n", "message_count", "coverage", "coverage_low", "coverage_high", *ends, *counts]
        order += ["change", "p", "verdict"] if every else []
        units = dict.fromkeys([*SENTIMENTS, "coverage"], "rate") | dict.fromkeys(
            ["n", "message_count", *counts], "count"
        )
        units |= {"change": "points", "p": "number", "verdict": "verdict"}
        about = {"parts": list(PARTS), "counts": {"coverage": "message_count"}, "roles": {"hits": "negative_count"}}
        about |= {"ends": ("negative_low", "negative_high")}
        return shapes.finish(frame[order], "sentiment_trend", rows, keys, units, {"tagged": tagged}, **about)

    return shapes.run(query, made)


def _with_changes(frame, groups, every, least):
    """Add `change`, `p` and `verdict`: each period's negative share against the one before it.

    Held against how much the share moves between all the other periods; the verdicts are corrected over all the
    changes of all groups, as whoever looks for one looks at all of them.
    """
    if not every:
        return frame
    frame["change"], frame["p"], frame["verdict"] = np.nan, np.nan, "untested"
    rows, changes = [], []
    for _, part in frame.groupby(groups, dropna=False, sort=False) if groups else [((), frame)]:
        steps = part[every].to_numpy()
        # what the intervals say that the messages are worth, as those of one conversation are alike
        worth = _effective(part)
        hits = part["negative"].to_numpy(float) * worth
        for before, at in enumerate(range(1, len(part))):
            if steps[at] - steps[before] != (7 if every == "week" else 1):
                continue  # a silent period lies between them
            if min(part["n"].iloc[at], part["n"].iloc[before]) < max(least, 1):
                continue
            others = np.setdiff1d(np.flatnonzero(part["n"] > 0), [before, at])
            history = (hits[others], worth[others])
            rows.append(part.index[at])
            changes.append(rates(hits[at], worth[at], hits[before], worth[before], history, fewest=0))
    if rows:
        frame.loc[rows, "change"] = [frame.at[row, "negative"] - frame.at[row - 1, "negative"] for row in rows]
        frame.loc[rows, "p"] = [change.p for change in changes]
        frame.loc[rows, "verdict"] = decide(changes)
    return frame


def _effective(frame):
    """How many messages on their own say as much as those of each row, which come in conversations."""
    n = frame["n"].to_numpy(float)
    if "clusters_" not in frame.columns:
        return n
    clusters, hits, squares, own, mixed = (
        frame[f"{name}_"].to_numpy(float) for name in ("clusters", "negative", "nn", "negative_negative", "n_negative")
    )
    return n / np.nan_to_num(clustered_effect(clusters, n, hits, squares, own, mixed), nan=1.0)


@metric("count", table="scored_messages", case="customer_message", value="n", view_of="sentiment_trend")
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
    rows = _customers(messages, ["language", "sentiment_engine"])

    def said(result):
        is_scored = result["sentiment_engine"] != engine.NONE
        result.attrs["facts"] = {"total": int(result["n"].sum()), "scored": int(result.loc[is_scored, "n"].sum())}
        return result

    keys = ["language", "sentiment_engine"]
    return shapes.then(shapes.count(sentiment_engines, rows, keys, None, "messages"), said)


# Not a shape: it takes a data set, as what moved between two periods is in both of them.
@metric("contribution", table="", case="message", value="contribution", best="low")
def sentiment_drivers(data, by="topic", tagged="all"):
    """Which groups moved the share of negative messages against the period before, and by what: how they sound, or how many.

    What a group added to the change is parted in two (Kitagawa): `level`, because its own messages sound otherwise, and
    `mix`, because more or fewer of all the messages are its own, as far as it lies from the whole. The two sum to it,
    and the groups to the whole change.

    Parameters
    ----------
    data : Data
    by : str or list of str
        "topic", or any other column of the messages.
    tagged : "all", "tagged" or "untagged"
        As `sentiment_trend` takes it.

    Returns
    -------
    Result, or None without a period before: as `what_moved` gives it, one row per group, what did most harm first: `n`
        scored messages, `negative` and `previous` in [0, 1], `contribution`, `level` and `mix` in [-1, 1], each with
        `_low`, `_high` (95 %), and `verdict`. The last row, `is_total`, is the whole change.

    Source: DEFINITIONS.md#sentiment-drivers

    Examples
    --------
    >>> import toolkit
    >>> drivers = sentiment_drivers(toolkit.open_data("data/sample", period="2024-04"))
    >>> bool(np.allclose(drivers["level"] + drivers["mix"], drivers["contribution"]))
    True
    """
    result = what_moved(data, sentiment_trend, by, every=None, tagged=tagged)
    if result is not None:
        result.attrs["metric"] = sentiment_drivers.__name__
    return result
