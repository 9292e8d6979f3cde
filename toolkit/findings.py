"""Findings: find_*(result) -> str, one or two sentences that say what a result shows.

They stand below the charts and are their alternative text. A difference is claimed only where the intervals
support it, also after picking the highest of many groups: the intervals compared are then wider than the 95 %
that are printed (Bonferroni). Names of groups are the customer's data and returned as plain text: whoever
shows them escapes them.
"""

import functools
import math
import unicodedata
from statistics import NormalDist

import numpy as np
import pandas as pd

from toolkit.errors import BadParameter
from toolkit.intervals import difference, wilson
from toolkit.result import Result, format_value

NO_DATA = "No data in this period."
TIME_PARTS = ("hour", "weekday", "day", "week", "month", "quarter", "year")
PERIODS = {"day": "days", "week": "weeks", "month": "months", "quarter": "quarters", "year": "years"}
LONGEST_NAME = 60
Z = NormalDist().inv_cdf(0.975)


# --- what is given --------------------------------------------------------------------------------


def check_result(name, metric, result):
    """BadParameter naming the function unless it is given a result of its metric."""
    if not isinstance(result, Result):
        given = f"a {type(result).__name__}"
    elif result.attrs.get("metric") != metric:
        given = f"that of {result.attrs.get('metric')}"
    elif "previous" in result.columns:
        given = "a comparison of two periods"
    else:
        return
    raise BadParameter(f"{name} takes the result of metrics.{metric}, not {given}")


def _finding(function):
    """Check that the first argument is a result of the metric of the function's name."""
    name = function.__name__

    @functools.wraps(function)
    def found(result, *arguments, **options):
        check_result(name, name.removeprefix("find_"), result)
        return function(result, *arguments, **options)

    return found


# --- names and numbers ----------------------------------------------------------------------------


def short_name(text, limit=LONGEST_NAME):
    """A group's name on one line: without what can't be shown or would break an SVG, and not too long.

    >>> short_name("a_b $x$ <b>"), short_name("x" * 99, 5), short_name("a\\x00\\nb"), short_name(None)
    ('a_b $x$ <b>', 'xxxx…', 'a b', '(none)')
    """
    text = "(none)" if text is None or text is pd.NaT or text != text else str(text)
    # control characters aren't XML; bidirectional overrides would turn the rest of the line around
    kept = "".join(
        " " if unicodedata.category(char) in ("Cc", "Cs", "Co", "Cn", "Zl", "Zp") else char
        for char in text
        if char not in "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
    )
    kept = " ".join(kept.split()) or "(empty)"
    return kept if len(kept) <= limit else kept[: limit - 1].rstrip() + "…"


def value_name(value, key, limit=LONGEST_NAME):
    """A key's value as people write it.

    >>> value_name(13, "hour"), value_name(pd.Timestamp("2024-04-01"), "quarter"), value_name("Monday", "weekday")
    ('13:00', '2024-Q2', 'Monday')
    """
    if isinstance(value, pd.Timestamp | np.datetime64) and not pd.isna(value):
        stamp = pd.Timestamp(value)
        if key == "quarter":
            return f"{stamp:%Y}-Q{stamp.quarter}"
        return f"{stamp:%Y}" if key == "year" else f"{stamp:%Y-%m}" if key == "month" else f"{stamp:%Y-%m-%d}"
    if key == "hour" and isinstance(value, int | float | np.number) and value == value:
        return f"{int(value):02d}:00"
    return short_name(value, limit)


def group_keys(result):
    """The columns that tell the groups of a result apart."""
    return [key for key in result.attrs.get("by", ()) if key in result.columns]


def _no_other(result):
    """What to say of the only group with enough cases: nothing, if there is no other at all."""
    return "; no other group has enough cases to compare." if len(result) > 1 else "."


def _at(row, keys):
    """Where a row stands, with its preposition: "at 13:00", "in the week of 2024-04-15", "for billing"."""
    words = {"hour": "at {}", "weekday": "on {}", "day": "on {}", "week": "in the week of {}"}
    words |= dict.fromkeys(("month", "quarter", "year"), "in {}")
    # a column of the data may be called "week" too; its values are names then
    parts = [
        words.get(key, "for {}").format(value_name(row[key], key))
        if key == "weekday" or not isinstance(row[key], str)
        else f"for {value_name(row[key], key)}"
        for key in keys
    ]
    return " ".join(parts)


def _show(value, unit):
    return format_value(None if value is None else float(value), unit)


def _interval(low, high, unit):
    """ "95 % interval 33.1 to 49.8 %": the unit once, if it is the same."""
    first, last = _show(low, unit), "not reached" if pd.isna(high) else _show(high, unit)
    if first == "–":
        return "no interval"
    if " " in first and first.split(" ", 1)[1] == last.partition(" ")[2]:
        first = first.split(" ", 1)[0]
    return f"95 % interval {first} to {last}"


def _points(value):
    """A size in points, without its sign.

    >>> _points(-0.0512), _points(0.01)
    ('5.1 points', '1 point')
    """
    size = f"{abs(value) * 100:.1f}".removesuffix(".0")
    return f"{size} point" if size == "1" else f"{size} points"


def _many(n, noun):
    """
    >>> _many(1, "call"), _many(1200, "call")
    ('1 call', '1,200 calls')
    """
    return f"{int(n):,} {noun}" if int(n) == 1 else f"{int(n):,} {noun}s"


# --- what may be said -----------------------------------------------------------------------------


def _too_few(result, noun):
    """The sentence for a result without a group that is large enough; None if there is one."""
    if len(result) and result.enough().any():
        return None
    count = result.attrs.get("count", "n")
    if not len(result) or (count in result.columns and not result[count].sum()):
        return NO_DATA
    minimum = result.attrs.get("minimum_count", 1)
    if len(result) == 1:
        return f"Too few to say: {_many(result[count].iloc[0], noun)}, fewer than {minimum}."
    return f"Too few to say: no group has {minimum} {noun}s or more."


def _enough(result):
    """The rows with enough cases and a value, as a plain frame."""
    return pd.DataFrame(result)[result.enough().to_numpy(bool)]


def apart(one, other, comparisons=1):
    """Whether two estimates, each (value, low, high), are distinguishable, given how many were compared.

    The bounds are moved out as far as Bonferroni's correction asks, then the interval of the difference
    must leave 0 out. An upper bound that isn't reached is infinite.

    >>> apart((0.4, 0.3, 0.5), (0.1, 0.05, 0.15)), apart((0.4, 0.3, 0.5), (0.3, 0.2, 0.4))
    (True, False)
    >>> apart((0.4, 0.3, 0.5), (0.25, 0.24, 0.26)), apart((0.4, 0.3, 0.5), (0.25, 0.24, 0.26), 24)
    (True, False)
    """
    factor = NormalDist().inv_cdf(1 - 0.025 / max(comparisons, 1)) / Z
    wide = []
    for value, low, high in (one, other):
        high = math.inf if pd.isna(high) else high
        if pd.isna(low):
            return False
        if pd.isna(value):  # the median isn't reached: all that is known is where it could begin
            value = low
        wide.append((value, value - (value - low) * factor, value + (high - value) * factor))
    change, low, high = difference(*wide)
    return bool(low > 0 or high < 0) and not pd.isna(change)


def _verdict(is_apart, what="The difference"):
    return f"{what} is {'distinguishable' if is_apart else 'not distinguishable'} from chance."


def _estimate(row, value, ends):
    return float(row[value]), float(row[ends[0]]), float(row[ends[1]])


def _extremes(result, value, ends, unit, high_text, noun, count="n"):
    """ "<high_text> <group>: … ; lowest …", and whether the two can be told apart."""
    keys, rows = group_keys(result), _enough(result)
    rows = rows[rows[value].notna()]
    if not len(rows):
        return NO_DATA
    top = rows.loc[rows[value].idxmax()]

    def told(row):
        return (
            f"{_at(row, keys)}: {_show(row[value], unit)} of {_many(row[count], noun)}"
            f" ({_interval(row[ends[0]], row[ends[1]], unit)})"
        )

    if len(rows) == 1:
        lead = high_text if len(result) > 1 else high_text.removesuffix(" highest").removesuffix(" is")
        return f"{lead} {told(top)}{_no_other(result)}"
    low = rows.loc[rows[value].idxmin()]
    if top[value] == low[value]:
        return f"All {len(rows)} groups have the same figure: {_show(top[value], unit)}."
    pairs = len(rows) * (len(rows) - 1) // 2
    is_apart = apart(_estimate(top, value, ends), _estimate(low, value, ends), pairs)
    return f"{high_text} {told(top)}, and lowest {told(low)}. {_verdict(is_apart)}"


def _peak(result, count, value, lead, verb, noun, overall):
    """The highest rate against all the other groups together."""
    keys, rows = group_keys(result), _enough(result)
    top = rows.loc[rows[value].idxmax()]
    total, cases = int(result["n"].sum()), int(result[count].sum())
    if not cases:
        return f"None of {_many(total, noun)} {verb}."
    overall = cases / total if overall is None else overall
    text = (
        f"{lead} {_at(top, keys)}: {_show(top[value], 'rate')} of {_many(top['n'], noun)} {verb}"
        f" ({_interval(top['low'], top['high'], 'rate')}), against {_show(overall, 'rate')} over all"
        f" {_together(keys, noun)}."
    )
    rest_n = total - int(top["n"])
    if not rest_n:
        return text
    rest = cases - int(top[count])
    (low,), (high,) = wilson([rest], [rest_n])
    is_apart = apart(_estimate(top, value, ("low", "high")), (rest / rest_n, low, high), len(rows))
    return f"{text} It is {'distinguishable' if is_apart else 'not distinguishable'} from the rest."


def _together(keys, noun):
    if len(keys) == 1 and keys[0] in TIME_PARTS:
        return f"{keys[0]}s"
    return f"{noun}s"


def _scalar(overall, column):
    """A rate that is given as a number or as a result of one row."""
    if overall is None or isinstance(overall, int | float):
        return overall
    if hasattr(overall, "columns"):
        overall = overall[column].iloc[0] if len(overall) else None
    return None if overall is None or pd.isna(overall) else float(overall)


# --- volume ---------------------------------------------------------------------------------------


@_finding
def find_inbound_volume(result):
    """How many contacts came in, and where or when most did.

    >>> from toolkit.result import Result
    >>> frame = pd.DataFrame({"channel": ["email", "phone"], "n": [10, 30], "share": [0.25, 0.75]})
    >>> find_inbound_volume(Result.of(frame, "inbound_volume", {}, ["channel"]))
    '40 contacts came in; most for phone: 30 (75.0 %).'
    """
    if not len(result) or not result["n"].sum():
        return NO_DATA
    keys, total = group_keys(result), int(result["n"].sum())
    text = f"{_many(total, 'contact')} came in"
    parts = []
    for key in keys:
        sums = pd.DataFrame(result).groupby(key, observed=True, dropna=False, sort=False)["n"].sum()
        sums = sums.reset_index()
        most = sums.loc[sums["n"].idxmax()]
        if key in PERIODS and len(sums) > 1:
            # half up, as people round: the mean counts silent days too
            text += f", {total / len(sums):,.1f} per {key} on average"
            least = sums.loc[sums["n"].idxmin()]
            parts.append(
                f"most {_at(most, [key])}: {int(most['n']):,}, fewest {_at(least, [key])}: {int(least['n']):,}"
            )
        elif len(sums) > 1:
            parts.append(f"most {_at(most, [key])}: {int(most['n']):,} ({_show(most['n'] / total, 'rate')})")
    return "; ".join([text, *parts]) + "."


@_finding
def find_volume_heatmap(result):
    """The busiest hour of the week, and how sure that is."""
    if not len(result) or not result["n"].sum():
        return NO_DATA
    rows = pd.DataFrame(result).dropna(subset=["mean"])
    top = rows.loc[rows["mean"].idxmax()]
    days = int(top["days"])
    text = f"The busiest hour is {short_name(top['weekday'])} {value_name(int(top['hour']), 'hour')}"
    text += f" with {top['mean']:.1f} contacts on average over {_many(days, 'such day')}"
    others = rows.drop(index=top.name)
    if pd.isna(top["low"]):
        return f"{text}; one such day is too few to say how certain that is."
    text += f" (95 % interval {top['low']:.1f} to {top['high']:.1f})"
    close = int((others["high"].fillna(math.inf) >= top["low"]).sum())
    if close:
        return (
            f"{text}; {_many(close, 'other hour')} of the week {'overlaps' if close == 1 else 'overlap'} its interval."
        )
    return f"{text}; no other hour of the week overlaps its interval."


# --- responses ------------------------------------------------------------------------------------


@_finding
def find_first_response_time(result):
    """The median wait with its interval and what is still open; of groups the slowest and the quickest."""
    said = _too_few(result, "conversation")
    if said:
        return said
    if not group_keys(result):
        row = result.iloc[0]
        still = int(row["open_count"])
        if pd.isna(row["median_seconds"]):
            text = (
                f"Fewer than half of {_many(row['n'], 'conversation')} are answered so far, so that there is no median"
            )
            return f"{text}; {still:,} are still open."
        text = f"Half of {_many(row['n'], 'conversation')} had a first response"
        text += f" within {_show(row['median_seconds'], 'seconds')}"
        text += f" ({_interval(row['median_low'], row['median_high'], 'seconds')})"
        if pd.notna(row["p90_seconds"]):
            text += f", 90 % within {_show(row['p90_seconds'], 'seconds')}"
        else:
            text += "; fewer than 90 % are answered so far"
        if not still:
            return f"{text}. All are answered."
        mean = _show(row["mean_answered_seconds"], "seconds")
        return (
            f"{text}. {still:,} {'is' if still == 1 else 'are'} still open and counted as waiting;"
            f" the plain mean of the others, {mean}, leaves that out."
        )
    return _find_slowest(result)


def _find_slowest(result):
    keys, rows = group_keys(result), _enough(result)
    ends = ("median_low", "median_high")
    # a median that isn't reached is longer than any that is
    rank = rows["median_seconds"].fillna(math.inf)
    slow, quick = rows.loc[rank.idxmax()], rows.loc[rank.idxmin()]

    def told(row):
        if pd.isna(row["median_seconds"]):
            low = (
                f" (the median is at least {_show(row['median_low'], 'seconds')})"
                if pd.notna(row["median_low"])
                else ""
            )
            return f"{_at(row, keys)}: fewer than half of {_many(row['n'], 'conversation')} are answered so far{low}"
        return (
            f"{_at(row, keys)}: half of {_many(row['n'], 'conversation')}"
            f" within {_show(row['median_seconds'], 'seconds')}"
            f" ({_interval(row['median_low'], row['median_high'], 'seconds')})"
        )

    if len(rows) == 1:
        return f"First responses {told(slow)}{_no_other(result)}"
    if rank.max() == rank.min():
        return f"First responses take equally long in all {len(rows)} groups, {told(slow)}."
    pairs = len(rows) * (len(rows) - 1) // 2
    is_apart = _times_apart(_estimate(slow, "median_seconds", ends), _estimate(quick, "median_seconds", ends), pairs)
    return f"First responses are slowest {told(slow)}, and quickest {told(quick)}. {_verdict(is_apart)}"


def _times_apart(one, other, comparisons):
    """`apart` on logarithms, as waits spread by factors."""
    logs = [
        tuple(math.log(max(value, 0.5)) if pd.notna(value) else math.nan for value in each) for each in (one, other)
    ]
    return apart(*logs, comparisons)


@_finding
def find_response_curve(result):
    """How much is answered within an hour and a day; of groups the quickest and the slowest in an hour."""
    if not len(result):
        return NO_DATA
    keys = group_keys(result)
    frame = pd.DataFrame(result)
    parts = list(frame.groupby(keys, sort=False, observed=True, dropna=False)) if keys else [((), frame)]
    rows = []
    for _, part in parts:
        part = part.sort_values("seconds")
        row = {key: part[key].iloc[0] for key in keys} | {"n": int(part["n"].max())}
        for name, seconds in (("hour", 3600), ("day", 86_400)):
            reached = part[part["seconds"] <= seconds]
            last = reached.iloc[-1] if len(reached) else {"share": 0.0, "low": 0.0, "high": 0.0}
            row |= {f"{name}_{end}": last[end] for end in ("share", "low", "high")}
        rows.append(row)
    rows = pd.DataFrame(rows)

    def told(row, name):
        # whole percent: a curve has at most some hundred points, and none at the hour itself
        share, low, high = (row[f"{name}_{end}"] * 100 for end in ("share", "low", "high"))
        return f"{share:.0f} %" + (f" (95 % interval {low:.0f} to {high:.0f} %)" if low < high else "")

    if len(rows) == 1:
        row = rows.iloc[0]
        count = _many(row["n"], "conversation")
        return f"Of {count}, {told(row, 'hour')} are answered within 1 h, and {told(row, 'day')} within 24 h."
    quick, slow = rows.loc[rows["hour_share"].idxmax()], rows.loc[rows["hour_share"].idxmin()]
    ends = ("hour_low", "hour_high")
    pairs = len(rows) * (len(rows) - 1) // 2
    is_apart = apart(_estimate(quick, "hour_share", ends), _estimate(slow, "hour_share", ends), pairs)
    return (
        f"Within 1 h most is answered {_at(quick, keys)}, {told(quick, 'hour')} of {_many(quick['n'], 'conversation')},"
        f" and least {_at(slow, keys)}, {told(slow, 'hour')} of {_many(slow['n'], 'conversation')}."
        f" {_verdict(is_apart)}"
    )


@_finding
def find_response_time_buckets(result):
    """How many were answered within the first span of time, and how many not at all."""
    said = NO_DATA if not len(result) or not result["total"].sum() else _too_few(result, "conversation")
    if said:
        return said
    keys, frame = group_keys(result), pd.DataFrame(result)
    names = frame["bucket"].astype(str)
    first_name, last_name = names.iloc[0], "not answered"
    first, last = result[(names == first_name).to_numpy()], frame[(names == last_name).to_numpy()]
    total = int(first["total"].sum())
    within, unanswered = int(first["n"].sum()), int(last["n"].sum())

    def told(count):
        (low,), (high,) = wilson([count], [total])
        return f"{count:,} ({_show(count / total, 'rate')}, {_interval(low, high, 'rate')})"

    text = f"Of {_many(total, 'conversation')}, {told(within)} were answered {first_name};"
    text += f" {told(unanswered)} are not answered."
    if not keys:
        return text
    first.attrs = result.attrs
    lead = f"The share {first_name} is highest"
    return f"{text} {_extremes(first, 'share', ('low', 'high'), 'rate', lead, 'conversation', 'total')}"


@_finding
def find_response_rate(result):
    """The share that got an answer; of groups the highest and the lowest."""
    said = _too_few(result, "conversation")
    if said:
        return said
    if group_keys(result):
        return _extremes(
            result, "response_rate", ("low", "high"), "rate", "The response rate is highest", "conversation"
        )
    row = result.iloc[0]
    text = f"{int(row['answered_count']):,} of {_many(row['n'], 'conversation')} got an answer:"
    text += f" {_show(row['response_rate'], 'rate')} ({_interval(row['low'], row['high'], 'rate')})."
    if "needing_rate" in result.columns and pd.notna(row["needing_rate"]) and row["needing_count"] != row["n"]:
        text += f" Of the {int(row['needing_count']):,} that need one, it is {_show(row['needing_rate'], 'rate')}"
        text += f" ({_interval(row['needing_rate_low'], row['needing_rate_high'], 'rate')})."
    return text


@_finding
def find_reply_pairs(pairs, first_response):
    """Why the time of reply pairs and the first response time differ.

    Parameters
    ----------
    pairs : Result of `reply_pairs`
    first_response : Result of `first_response_time`
    """
    check_result("find_reply_pairs", "first_response_time", first_response)
    n, conversations = (int(table["n"].sum()) if len(table) else 0 for table in (pairs, first_response))
    if not n or not conversations:
        return NO_DATA
    still = int(first_response["open_count"].sum())
    if len(pairs) == len(first_response) == 1 and pairs.enough().all() and first_response.enough().all():
        median = first_response["median_seconds"].iloc[0]
        shown = _show(median, "seconds") if pd.notna(median) else "not reached yet"
        text = f"The median of {_many(n, 'reply pair')} is {_show(pairs['median_seconds'].iloc[0], 'seconds')};"
        text += f" the median first response of {_many(conversations, 'conversation')} is {shown}."
    else:
        text = f"There are {_many(n, 'reply pair')} and {_many(conversations, 'conversation')}."
    text += (
        " The two measure different things: a pair is any customer message with the reply to it, later turns included,"
        " and exists only once answered; a conversation has one first response"
    )
    text += f", and the {still:,} still open count as waiting." if still else "."
    negative = int(pairs["negative_count"].sum()) if "negative_count" in pairs.columns else 0
    if negative:
        text += f" {_many(negative, 'pair')} {'has' if negative == 1 else 'have'} a reply stamped before its message."
    return text


# --- calls ----------------------------------------------------------------------------------------


@_finding
def find_abandonment_rate(result, overall=None):
    """Where or when most callers hang up, against all calls, and whether that can be told from the rest.

    Parameters
    ----------
    result : Result of `abandonment_rate`
    overall : float or Result without groups, optional
        The rate over all calls; by default that of the groups together.

    Examples
    --------
    >>> from toolkit.intervals import wilson
    >>> from toolkit.result import Result
    >>> frame = pd.DataFrame({"hour": [12, 13], "n": [200, 100], "abandoned_count": [20, 40]})
    >>> frame["abandonment_rate"] = frame["abandoned_count"] / frame["n"]
    >>> frame["low"], frame["high"] = wilson(frame["abandoned_count"], frame["n"])
    >>> find_abandonment_rate(Result.of(frame, "abandonment_rate", {}, ["hour"])).split(", against")[0]
    'Abandonment peaks at 13:00: 40.0 % of 100 calls hung up (95 % interval 30.9 to 49.8 %)'
    """
    said = _too_few(result, "call")
    if said:
        return said
    keys = group_keys(result)
    if len(keys) and len(result) > 1:
        lead = "Abandonment peaks" if keys[-1] in TIME_PARTS else "Abandonment is highest"
        return _peak(
            result, "abandoned_count", "abandonment_rate", lead, "hung up", "call", _scalar(overall, "abandonment_rate")
        )
    row = result.iloc[0]
    place = f" {_at(row, keys)}" if keys else ""
    return (
        f"{int(row['abandoned_count']):,} of {_many(row['n'], 'call')}{place} hung up before an agent answered:"
        f" {_show(row['abandonment_rate'], 'rate')} ({_interval(row['low'], row['high'], 'rate')})."
    )


@_finding
def find_abandonment_by_stage(result):
    """The stage at which callers most likely hang up, the queue beside it, and its share of all who do."""
    said = _too_few(result, "call")
    if said:
        return said
    keys, rows = group_keys(result), _enough(result)
    total = int(result["abandoned_count"].sum())
    if not total:
        return f"None of {_many(rows['n'].max(), 'call')} was abandoned at a stage."
    top = rows.loc[rows["hazard"].idxmax()]

    def told(row):
        return (
            f"{_show(row['hazard'], 'rate')} of {_many(row['n'], 'call')} that entered it"
            f" ({_interval(row['low'], row['high'], 'rate')})"
        )

    def named(row):
        place = f" {_at(row, keys)}" if keys else ""
        return f"{short_name(row['stage'])}{place}"

    share = int(top["abandoned_count"]) / total
    text = f"Callers are most likely to hang up at {named(top)}: {told(top)},"
    text += f" {int(top['abandoned_count']):,} of all {_many(total, 'abandoned call')} ({_show(share, 'rate')})."
    is_queue = rows["stage"].astype(str).str.lower() == "queue"
    other = rows[~is_queue] if str(top["stage"]).lower() == "queue" else rows[is_queue]
    other = other.drop(index=top.name, errors="ignore")
    if len(other):
        second = other.loc[other["hazard"].idxmax()]
        lead = (
            "In the queue" if str(second["stage"]).lower() == "queue" else f"Next outside the queue is {named(second)}:"
        )
        is_apart = apart(
            _estimate(top, "hazard", ("low", "high")), _estimate(second, "hazard", ("low", "high")), len(rows) - 1
        )
        text += f" {lead} it is {told(second)}. " if lead.startswith("In") else f" {lead} {told(second)}. "
        text += _verdict(is_apart)
    return text


@_finding
def find_average_speed_of_answer(result):
    """How long answered calls waited; of groups the longest and the shortest."""
    said = _too_few(result, "answered call")
    if said:
        return said
    keys, ends = group_keys(result), ("mean_low", "mean_high")
    if not keys:
        row = result.iloc[0]
        return (
            f"{_many(row['n'], 'answered call')} waited {_show(row['mean_seconds'], 'seconds')} on average"
            f" ({_interval(row['mean_low'], row['mean_high'], 'seconds')}); half of them at most"
            f" {_show(row['median_seconds'], 'seconds')}, 90 % at most {_show(row['p90_seconds'], 'seconds')}."
        )
    rows = _enough(result)
    long, short = rows.loc[rows["mean_seconds"].idxmax()], rows.loc[rows["mean_seconds"].idxmin()]

    def told(row):
        return (
            f"{_at(row, keys)}: {_show(row['mean_seconds'], 'seconds')} on average"
            f" over {_many(row['n'], 'answered call')} ({_interval(row['mean_low'], row['mean_high'], 'seconds')})"
        )

    if len(rows) == 1:
        return f"Callers waited {told(long)}{_no_other(result)}"
    pairs = len(rows) * (len(rows) - 1) // 2
    is_apart = apart(_estimate(long, "mean_seconds", ends), _estimate(short, "mean_seconds", ends), pairs)
    return f"Callers waited longest {told(long)}, and shortest {told(short)}. {_verdict(is_apart)}"


# --- satisfaction ---------------------------------------------------------------------------------


@_finding
def find_csat(result):
    """CSAT with its interval and the share of surveys answered; of groups the highest and the lowest."""
    said = _too_few(result, "answer")
    if said:
        return said
    if group_keys(result):
        return _extremes(result, "csat", ("low", "high"), "rate", "CSAT is highest", "answer")
    row = result.iloc[0]
    return (
        f"CSAT is {_show(row['csat'], 'rate')} of {_many(row['n'], 'answer')}"
        f" ({_interval(row['low'], row['high'], 'rate')});"
        f" {_show(row['survey_response_rate'], 'rate')} of {_many(row['sent_count'], 'survey')} were answered."
    )


@_finding
def find_csat_by_topic(result):
    """Which topic pulls CSAT down most, by how many points, and what it would be without it."""
    said = _too_few(result, "answer")
    if said:
        return said
    keys, rows = group_keys(result), _enough(result).dropna(subset=["pull"])
    if len(rows) < 2:
        return _extremes(result, "csat", ("low", "high"), "rate", "CSAT is", "answer")

    def name(row):
        return " · ".join(value_name(row[key], key) for key in keys)

    def is_sure(row):
        return apart(_estimate(row, "pull", ("pull_low", "pull_high")), (0.0, 0.0, 0.0), len(rows))

    total = (result["csat"] * result["n"]).sum() / result["n"].sum()
    down, up = rows.loc[rows["pull"].idxmin()], rows.loc[rows["pull"].idxmax()]
    texts = []
    if down["pull"] < 0 and is_sure(down):
        ends = sorted((abs(down["pull_low"]), abs(down["pull_high"])))
        texts.append(
            f"{name(down)} pulls CSAT down by {_points(down['pull'])}"
            f" (95 % interval {ends[0] * 100:.1f} to {ends[1] * 100:.1f});"
            f" {_show(down['csat'], 'rate')} of its {_many(down['n'], 'answer')} are satisfied, and without it CSAT"
            f" would be {_show(total - down['pull'], 'rate')} instead of {_show(total, 'rate')}."
        )
    if up["pull"] > 0 and is_sure(up):
        texts.append(
            f"{name(up)} pulls it up by {_points(up['pull'])}"
            if texts
            else f"{name(up)} pulls CSAT up by {_points(up['pull'])}"
        )
        texts[-1] += f" (95 % interval {up['pull_low'] * 100:.1f} to {up['pull_high'] * 100:.1f})."
    if texts:
        return " ".join(texts)
    low = rows.loc[rows["csat"].idxmin()]
    return (
        f"No topic pulls CSAT, {_show(total, 'rate')} of {_many(result['n'].sum(), 'answer')}, up or down"
        f" by more than chance explains; lowest is {name(low)} with {_show(low['csat'], 'rate')} of {int(low['n']):,}"
        f" ({_interval(low['low'], low['high'], 'rate')})."
    )


@_finding
def find_low_scores(result):
    """How many low answers there are; of groups where their share is highest."""
    low = result.attrs.get("choices", {}).get("low", "3 or less")
    if "low_rate" not in result.columns:
        if not len(result):
            return NO_DATA if result.attrs.get("metric") != "low_scores" else f"No answer was {low} in this period."
        worst = int((result["score"] == 1).sum())
        text = f"{_many(len(result), 'answer')} {'was' if len(result) == 1 else 'were'} {low}, {worst:,} of them 1"
        if "comment" in result.columns:
            written = int(result["comment"].fillna("").astype(str).str.strip().ne("").sum())
            text += f"; {written:,} came with a comment"
        return f"{text}."
    said = _too_few(result, "answer")
    if said:
        return said
    return _peak(result, "low_count", "low_rate", "Low answers are most frequent", f"were {low}", "answer", None)


# --- sentiment ------------------------------------------------------------------------------------


@_finding
def find_sentiment_trend(result, period=None):
    """The biggest rise of the negative share that is distinguishable from chance, or that there is none.

    Parameters
    ----------
    result : Result of `sentiment_trend`
    period : Period, optional
        Only changes within it are told; what lies before it is context.
    """
    said = _too_few(result, "message")
    if said:
        return said
    keys = group_keys(result)
    every = next((key for key in keys if key in PERIODS and pd.api.types.is_datetime64_any_dtype(result[key])), None)
    if every is None:
        if keys:
            ends = ("negative_low", "negative_high")
            return _extremes(result, "negative", ends, "rate", "The share of negative messages is highest", "message")
        return _shares(pd.DataFrame(result))
    rows = _enough(result)
    if period is not None and period.start is not None:
        first, last = pd.Timestamp(period.first_day), pd.Timestamp(period.last_day)
        steps = {"day": 0, "week": 6, "month": 27, "quarter": 89, "year": 364}[every]
        rows = rows[(rows[every] <= last) & (rows[every] + pd.Timedelta(days=steps) >= first)]
    if not len(rows):
        return NO_DATA
    changes = rows[rows["is_significant"].astype(bool)] if "is_significant" in rows.columns else rows.iloc[:0]
    if len(changes):
        rises = changes["change"].max() > 0
        top = changes.loc[changes["change"].idxmax() if rises else changes["change"].idxmin()]
        text = (
            f"The share of negative messages {'rose' if rises else 'fell'} most {_at(top, keys)}:"
            f" by {_points(top['change'])} to {_show(top['negative'], 'rate')} of {_many(top['n'], 'message')}"
            f" ({_interval(top['negative_low'], top['negative_high'], 'rate')}), distinguishable from chance."
        )
        more = len(changes) - 1
        if more:
            text += f" {more:,} other change{' is' if more == 1 else 's are'} distinguishable too."
        return text
    if len(rows) == 1 or rows["change"].isna().all():
        return f"{_shares(rows)} There is no neighbouring {every} to compare with."
    return f"No change between {PERIODS[every]} is distinguishable from chance. {_shares(rows)}"


def _shares(rows):
    """The shares over all the rows together."""
    n, negative, positive = (int(rows[name].sum()) for name in ("n", "negative_count", "positive_count"))
    if not n:
        return NO_DATA
    (low,), (high,) = wilson([negative], [n])
    return (
        f"{_show(negative / n, 'rate')} of {_many(n, 'message')} are negative ({_interval(low, high, 'rate')}),"
        f" {_show(positive / n, 'rate')} positive."
    )


# --- quality --------------------------------------------------------------------------------------


def find_quality(counts):
    """How many rows were read, set aside and repaired, and in which table most were set aside.

    >>> find_quality(pd.DataFrame({"table": ["calls"], "rows_in": [200], "rejected": [3], "repaired": [1]}))
    '200 rows were read; 3 (1.5 %) were set aside, and 1 value was repaired.'
    """
    counts = pd.DataFrame(counts)
    if "derived" in counts.columns:  # made from other tables: not read
        counts = counts[~counts["derived"].astype(bool)]
    total = int(counts["rows_in"].sum()) if len(counts) else 0
    if not total:
        return "No rows were read."
    aside, repaired = int(counts["rejected"].sum()), int(counts["repaired"].sum())
    text = f"{_many(total, 'row')} {'was' if total == 1 else 'were'} read"
    text += f" for {len(counts)} tables" if len(counts) > 1 else ""
    if not aside and not repaired:
        return f"{text}; all of them could be used as they are."
    share = aside / total
    shown = "less than 0.1 %" if 0 < share < 0.0005 else _show(share, "rate")
    text += f"; {aside:,} ({shown}) {'was' if aside == 1 else 'were'} set aside"
    if len(counts) > 1 and aside:
        worst = counts.loc[counts["rejected"].idxmax()]
        text += f", most from {short_name(worst['table'])} ({int(worst['rejected']):,} of {int(worst['rows_in']):,})"
    return f"{text}, and {_many(repaired, 'value')} {'was' if repaired == 1 else 'were'} repaired."


@_finding
def find_sentiment_engines(result):
    """How many messages could be scored, and by which engine.

    Examples
    --------
    >>> import pandas as pd
    >>> from toolkit.metrics import sentiment_engines
    >>> messages = {"sender": ["customer"] * 4, "language": ["it"] * 3 + [None], "sentiment_engine": ["lexicon-it"] * 3 + [None]}
    >>> find_sentiment_engines(sentiment_engines(pd.DataFrame(messages)))
    '3 of 4 customer messages were scored (75.0 %): 3 by lexicon-it. The other 1 had no text or no known language.'
    """
    total = int(result["n"].sum()) if len(result) else 0
    if not total:
        return NO_DATA
    scored = result[result["sentiment_engine"] != "(none)"]
    n = int(scored["n"].sum())
    engines = scored.groupby("sentiment_engine")["n"].sum().sort_values(ascending=False)
    text = f"{n:,} of {_many(total, 'customer message')} were scored ({_show(n / total, 'rate')})"
    text += ": " + ", ".join(f"{count:,} by {short_name(name)}" for name, count in engines.items()) if n else ""
    return text + (f". The other {total - n:,} had no text or no known language." if n < total else ".")
