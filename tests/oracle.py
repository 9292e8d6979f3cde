"""The metrics once more, naively: row by row in plain Python, sharing no code with the ones under test.

Each function takes pandas frames and returns a list of dicts, one per row of the metric's result, with the
columns that the metric's docstring promises; `assert_same` compares. Curves of waits are exact (fractions), local
time is `zoneinfo`, business time is the intersection of spans, intervals and tests are scipy's and statsmodels' or
their formulas term by term. Below them are the random and the fixed tables that the tests run on.
"""

import itertools
import math
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from statistics import NormalDist, mean, variance
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
from hypothesis import strategies as st
from scipy import stats
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.weightstats import DescrStatsW

from toolkit.service import Service
from toolkit.tables import CLOSED_STATUSES, PHONE_CHANNELS

Z = NormalDist().inv_cdf(0.975)
NONE = "(none)"
PARTS = ("hour", "weekday", "day", "week", "month", "quarter", "year")
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


# --- values ---------------------------------------------------------------------------------------


def is_null(value):
    return value is None or (not isinstance(value, (list, dict)) and pd.isna(value))


def seconds(value):
    """Whole UTC epoch seconds, rounded down; a time without a zone is UTC."""
    if is_null(value):
        return None
    stamp = pd.Timestamp(value)
    stamp = stamp.tz_localize("UTC") if stamp.tzinfo is None else stamp.tz_convert("UTC")
    return (stamp - pd.Timestamp(EPOCH)) // pd.Timedelta(seconds=1)


def local(epoch, zone):
    return datetime.fromtimestamp(epoch, ZoneInfo(zone))


def part(epoch, name, zone):
    """A part of local time as the results label it."""
    if epoch is None:
        return None
    at = local(epoch, zone)
    day = at.date()
    if name == "hour":
        return at.hour
    if name == "weekday":
        return at.strftime("%A")
    first = {
        "day": day,
        "week": day - timedelta(days=day.weekday()),
        "month": day.replace(day=1),
        "quarter": date(day.year, 3 * ((day.month - 1) // 3) + 1, 1),
        "year": date(day.year, 1, 1),
    }[name]
    return pd.Timestamp(first)


def text(value):
    """A group's key as text."""
    if is_null(value) or value == "":
        return NONE
    if isinstance(value, (bool, np.bool_)):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)


def names(by):
    return [] if by is None else [by] if isinstance(by, str) else list(by)


def has(row, name):
    return name in row and not is_null(row[name])


def lacks(row, *columns):
    return all(is_null(row.get(name)) for name in columns)


def records(frame):
    return frame.to_dict("records")


def groups(rows, by, time=None, zone=None):
    """{key: rows}; without keys all rows are one group, also when there are none."""
    by = names(by)
    if not by:
        return {(): rows}
    found = {}
    for row in rows:
        key = tuple(part(seconds(row[time]), name, zone) if name in PARTS else text(row[name]) for name in by)
        found.setdefault(key, []).append(row)
    return found


def labelled(key, by, **values):
    return dict(zip(names(by), key, strict=True)) | values


# --- intervals ------------------------------------------------------------------------------------


def wilson(count, n, z=Z):
    if not n:
        return None, None
    p, square = count / n, z * z
    middle, width = p + square / (2 * n), z * math.sqrt(p * (1 - p) / n + square / (4 * n * n))
    return (middle - width) / (1 + square / n), (middle + width) / (1 + square / n)


def rate(count, n, name, low="low", high="high"):
    return {name: count / n if n else None, low: wilson(count, n)[0], high: wilson(count, n)[1]}


def newcombe(count, n, other_count, other_n, z=Z):
    if not n or not other_n:
        return None, None, None
    p, q = count / n, other_count / other_n
    (l1, u1), (l2, u2) = wilson(count, n, z), wilson(other_count, other_n, z)
    change = p - q
    return (
        change,
        change - math.sqrt((p - l1) ** 2 + (u2 - q) ** 2),
        change + math.sqrt((u1 - p) ** 2 + (q - l2) ** 2),
    )


def p_of(bounds):
    """The chance of error at which an interval just touches 0; `bounds(p)` gives its two ends."""
    small, large = 1e-12, 1.0
    if not bounds(small)[0] <= 0 <= bounds(small)[1]:
        return small
    for _ in range(200):
        middle = math.sqrt(small * large)
        low, high = bounds(middle)
        small, large = (middle, large) if low <= 0 <= high else (small, middle)
    return small


def newcombe_p(*counts):
    return p_of(lambda p: newcombe(*counts, z=stats.norm.ppf(1 - p / 2))[1:])


def rates_by_week(hits, n, hits_before, n_before, history):
    """p of a rate against the period before, by how much it moved over the weeks of `history`; None without four."""
    weeks = [(y, m) for y, m in history if m > 0]
    if len(weeks) < 4:
        return None
    total, cases = sum(y for y, _ in weeks), sum(m for _, m in weeks)
    p, chance = total / cases, (total + 1) / (cases + 2)
    squares = sum((y - p * m) ** 2 / m for y, m in weeks) / (chance * (1 - chance))
    factor = max(1, squares / (len(weeks) - 1))
    counts = [value / factor for value in (hits, n, hits_before, n_before)]
    return p_of(lambda p: newcombe(*counts, z=stats.t.ppf(1 - p / 2, len(weeks) - 1))[1:])


def verdicts(ps, untested=None):
    """ "clear" or "chance" of each p after Holm's correction (statsmodels); what has none keeps its own word."""
    tested = [place for place, p in enumerate(ps) if p is not None]
    rejected = multipletests([ps[place] for place in tested], method="holm")[0] if tested else []
    found = list(untested or [None] * len(ps))
    for place, is_rejected in zip(tested, rejected, strict=True):
        found[place] = "clear" if is_rejected else "chance"
    return found


def hall(values, fewest=20):
    """Interval of a mean of skewed waits: Hall's transformation, from central moments."""
    n = len(values)
    if n < fewest or len(set(values)) < 2:
        return None, None
    middle = mean(values)
    second, third = (sum((value - middle) ** power for value in values) / n for power in (2, 3))
    skew, deviation = third / second**1.5, math.sqrt(variance(values))
    q, ends = stats.t.ppf(0.975, n - 1), []
    for a in (q, -q):
        shift = a / math.sqrt(n) - skew / (6 * n)
        step = (
            3 / skew * (math.copysign(abs(1 + skew * shift) ** (1 / 3), 1 + skew * shift) - 1)
            if abs(skew) > 1e-6
            else shift
        )
        ends.append(max(middle - deviation * step, 0.0))
    return tuple(ends)


def order_interval(values, probability):
    """Two of the values, so that each side misses at most 2.5 % (or what is left of 5 % where an end misses more)."""
    n, ordered = len(values), sorted(values)
    first, last = (1 - probability) ** n, probability**n  # no value below, none above
    if n == 0 or first + last > 0.05:
        return None, None
    below, above = max(0.05 - max(0.025, last), first), 0.05 - max(0.025, first)
    cumulative = stats.binom(n, probability).cdf
    low = max(rank for rank in range(1, n + 1) if cumulative(rank - 1) <= below + 1e-12)
    high = next((rank for rank in range(1, n) if cumulative(rank - 1) >= 1 - above - 1e-12), n)
    return float(ordered[low - 1]), float(ordered[high - 1])


def scores_interval(scores, lowest=1, highest=5, fewest=5):
    """Interval of a mean on a bounded scale, from the scores themselves with half an answer added at each end."""
    n = len(scores)
    if n < fewest:
        return None, None
    y = [(score - lowest) / (highest - lowest) for score in scores]
    weighted = [(value, 1) for value in y] + [(0, 0.5), (1, 0.5)]
    middle = sum(value * weight for value, weight in weighted) / (n + 1)
    spread = sum(weight * (value - middle) ** 2 for value, weight in weighted) / (n + 1)
    k = Z * Z * min(1, spread / (middle * (1 - middle))) / n
    centre = mean(y)
    ends = [
        (centre + k / 2 + sign * math.sqrt(max(k * centre * (1 - centre), 0) + k * k / 4)) / (1 + k) for sign in (-1, 1)
    ]
    return tuple(lowest + (highest - lowest) * min(max(end, 0.0), 1.0) for end in ends)


def worth(clusters):
    """How many messages on their own say as much: n less the design effect of (n, hits) by conversation."""
    k, n, hits = len(clusters), sum(m for m, _ in clusters), sum(y for _, y in clusters)
    if hits in (0, n) or k < 2:
        effect = sum(m * m for m, _ in clusters) / n
    else:
        p = hits / n
        effect = k / (k - 1) * sum((y - p * m) ** 2 for m, y in clusters) / n / (p * (1 - p))
    return n / max(effect, 1)


def clustered(clusters, fewest=10):
    """Interval of a rate of messages that come in conversations: (n, hits) each."""
    if len(clusters) < fewest:
        return None, None
    own = worth(clusters)
    p = sum(y for _, y in clusters) / sum(m for m, _ in clusters)
    return wilson(p * own, own, stats.t.ppf(0.975, len(clusters) - 1))


def student(values):
    if len(values) < 2:
        return None, None
    if len(set(values)) == 1:
        return values[0], values[0]
    return DescrStatsW(np.array(values, float)).tconfint_mean()


def student_of_counts(counts):
    """Student's interval of a mean count, whose variance is no less than Poisson's."""
    if counts and not any(counts):  # exact Poisson, for no event
        return 0.0, stats.chi2.ppf(0.975, 2) / 2 / len(counts)
    if len(counts) < 2 or variance(counts) >= mean(counts):
        return student(counts)
    width = stats.t.ppf(0.975, len(counts) - 1) * math.sqrt(mean(counts) / len(counts))
    return mean(counts) - width, mean(counts) + width


def quantile(values, probability):
    return float(np.quantile(values, probability)) if values else None


def kaplan_meier(cases):
    """[(time, at risk, S as a fraction, low, high)] of cases (duration, whether it ended then)."""
    curve, surviving, greenwood = [], Fraction(1), 0.0
    for time in sorted({duration for duration, _ in cases}):
        at_risk = sum(duration >= time for duration, _ in cases)
        ended = sum(duration == time and event for duration, event in cases)
        surviving *= Fraction(at_risk - ended, at_risk)
        share = float(surviving)
        if 0 < surviving < 1:
            greenwood += ended / (at_risk * (at_risk - ended))
            # the interval of log(-log S), carried back
            middle, error = math.log(-math.log(share)), math.sqrt(greenwood) / abs(math.log(share))
            low, high = (math.exp(-math.exp(middle + sign * Z * error)) for sign in (1, -1))
        elif surviving == 1:
            low = high = 1.0
        else:  # the last bound goes on
            low, high = 0.0, curve[-1][4] if curve else 1.0
        curve.append((time, at_risk, surviving, low, high))
    return curve


def reach(curve, position, probability):
    target = 1 - Fraction(probability).limit_denominator(100)
    return next((float(point[0]) for point in curve if point[position] <= target), None)


def on_grid(took):
    """Seconds rounded up: to 10 s beyond 2 h, to a minute beyond a day, to 10 min beyond 10 days, to 1 h beyond 100."""
    for days, step in ((100, 3600), (10, 600), (1, 60), (Fraction(1, 12), 10)):
        if took > days * 86_400:
            return math.ceil(took / step) * step
    return took


def incidence(cases):
    """Aalen and Johansen's curve [(time, at risk, share not answered as a fraction, low, high)].

    Of cases (duration, "ended", "otherwise" or "open"); the variance is the delta method's, term by term.
    """
    curve, terms = [], []
    waiting, share = Fraction(1), Fraction(0)
    for time in sorted({duration for duration, _ in cases}):
        at_risk = sum(duration >= time for duration, _ in cases)
        ended, gone = (
            sum(duration == time and how in ends for duration, how in cases)
            for ends in (("ended",), ("ended", "otherwise"))
        )
        share += waiting * Fraction(ended, at_risk)
        hazard = Fraction(gone, at_risk * (at_risk - gone)) if at_risk > gone else Fraction(0)
        own = waiting**2 * Fraction(ended * (at_risk - ended), at_risk**3)
        terms.append((share, hazard, own, waiting * Fraction(ended, at_risk**2)))
        waiting *= Fraction(at_risk - gone, at_risk)
        squared = sum((share - past) ** 2 * g + own - 2 * (share - past) * h for past, g, own, h in terms)
        free = 1 - share
        if 0 < free < 1:
            width = Z * math.sqrt(squared) / (float(free) * abs(math.log(free)))
            low, high = float(free) ** math.exp(width), float(free) ** math.exp(-width)
        elif free == 1:
            low = high = 1.0
        else:  # the last bound goes on
            low, high = 0.0, curve[-1][4] if curve else 1.0
        curve.append((time, at_risk, free, low, high))
    return curve


def answered_by(curve, time):
    """(share, low, high) of what was answered within a time."""
    before = [point for point in curve if point[0] <= time]
    return (1 - float(before[-1][2]), 1 - before[-1][4], 1 - before[-1][3]) if before else (0.0, 0.0, 0.0)


# --- business time --------------------------------------------------------------------------------


def shifts(first, last, service):
    """(opens, closes) in epoch seconds of each shift of the days between two instants, and of those around them."""
    zone, found = ZoneInfo(service.time_zone), []
    day, end = (local(at, service.time_zone).date() + timedelta(days=more) for at, more in ((first, -2), (last, 1)))
    while day <= end:
        for span in [] if day in service.holidays.dates else service.opening_hours[WEEKDAYS[day.weekday()]]:
            wall = datetime(day.year, day.month, day.day)
            found.append(tuple(int((wall + timedelta(seconds=at)).replace(tzinfo=zone).timestamp()) for at in span))
        day += timedelta(days=1)
    return found


def business_seconds(start, end, service):
    """Seconds of the opening hours between two instants, shift by shift."""
    return sum(max(0, min(closes, end) - max(opens, start)) for opens, closes in shifts(start, end, service))


def is_open(at, service):
    """Whether the service is open at an instant (epoch seconds)."""
    return any(opens <= at < closes for opens, closes in shifts(at, at, service))


# --- volume ---------------------------------------------------------------------------------------


def contacts(frame):
    for time in ("created_at", "started_at", "sent_at"):
        if time in frame.columns:
            rows = records(frame)
            if time == "started_at" and "outcome" in frame.columns:
                rows = [row for row in rows if row["outcome"] != "test"]
            if time == "sent_at":
                rows = [row for row in rows if row["sender"] == "customer"]
            return rows, time
    raise AssertionError("no contacts")


def timeline(timed, keys):
    """All combinations of the parts of time between the first and the last of each period in the keys."""
    periods = [name for name in timed if name not in ("hour", "weekday")]
    present = {name: [key[timed.index(name)] for key in keys] for name in periods}
    if periods:
        near = [max(min(values) for values in present.values()), min(max(values) for values in present.values())]
        days = pd.date_range(near[0] - timedelta(days=370), near[1] + timedelta(days=370))
    else:
        days = pd.date_range("2024-01-01", periods=7)
    found = []
    for day, hour in itertools.product(days, range(24) if "hour" in timed else [0]):
        noon = seconds(day) + 43_200
        made = {name: hour if name == "hour" else part(noon, name, "UTC") for name in timed}
        inside = all(min(values) <= made[name] <= max(values) for name, values in present.items())
        if inside and tuple(made.values()) not in found:
            found.append(tuple(made.values()))
    return found


def inbound_volume(frame, by=None, zone=None):
    rows, time = contacts(frame)
    counts = {key: len(group) for key, group in groups(rows, by, time, zone).items()}
    columns = names(by)
    timed = [name for name in columns if name in PARTS]
    if counts and timed:
        split = [
            (
                tuple(value for value, name in zip(key, columns, strict=True) if name not in PARTS),
                tuple(value for value, name in zip(key, columns, strict=True) if name in PARTS),
            )
            for key in counts
        ]
        filled = {}
        for others, times in itertools.product(
            dict.fromkeys(one for one, _ in split), timeline(timed, [two for _, two in split])
        ):
            left, right = iter(others), iter(times)
            key = tuple(next(right) if name in PARTS else next(left) for name in columns)
            filled[key] = counts.get(key, 0)
        assert set(counts) <= set(filled)
        counts = filled
    total = sum(counts.values())
    return [labelled(key, by, n=n, share=n / total if total else None) for key, n in counts.items()]


def contact_costs(frame, by=None, costs=None):
    rows, time = contacts(frame)
    costs = Service().costs if costs is None else costs
    keys = [name for name in names(by) if name != "channel"]
    if time == "started_at":
        rows = [row | {"channel": "phone"} for row in rows]
    result = []
    for key, own in groups(rows, [*keys, "channel"]).items():
        is_phone = key[-1].lower() in PHONE_CHANNELS
        kind = "phone" if is_phone else "social"
        each = costs.get(key[-1], None if key[-1] == NONE else costs.get(kind))
        cost = None if each is None else each * len(own)
        result.append(labelled(key, [*keys, "channel"], n=len(own), cost_per_contact=each, cost=cost))
    return result


def volume_heatmap(frame, zone, days=None):
    """`days`: the dates that count; by default from the first contact's to the last one's."""
    rows, time = contacts(frame)
    at = [local(seconds(row[time]), zone) for row in rows]
    if days is None and at:
        first, last = min(at).date(), max(at).date()
        days = [first + timedelta(days=number) for number in range((last - first).days + 1)]
    result = []
    for weekday, hour in itertools.product(range(7), range(24)):
        own = [day for day in days or [] if day.weekday() == weekday]
        counts = [float(sum(1 for one in at if one.date() == day and one.hour == hour)) for day in own]
        low, high = student_of_counts(counts)
        low = None if low is None else max(low, 0.0)
        average = mean(counts) if counts else None
        name = WEEKDAYS[weekday].title()
        result.append(
            {
                "weekday": name,
                "hour": hour,
                "n": sum(counts),
                "days": len(own),
                "mean": average,
                "low": low,
                "high": high,
            }
        )
    return result


# --- response -------------------------------------------------------------------------------------


def of_channels(rows, channels):
    if channels == "all":
        return rows
    return [row for row in rows if (text(row["channel"]).lower() in PHONE_CHANNELS) == (channels == "phone")]


def span(row, now, start, end, closing=None):
    """(seconds, "ended", "otherwise" or "open") of a row's wait as it was at `now`; None if it hadn't begun."""
    begun, done = seconds(row[start]), seconds(row[end])
    if begun > now:
        return None
    if done is not None and done <= now:
        return done - begun, "ended"
    closed = seconds(row.get(closing)) if closing else None
    if closed is not None and closed <= now:
        return max(closed - begun, 0), "otherwise"
    if closing and closed is None and (text(row.get("status"))).lower() in CLOSED_STATUSES:
        return now - begun, "otherwise"
    return now - begun, "open"


def read_at(rows, as_of, *columns):
    """The instant at which the rows were read: as told, else the newest event."""
    if as_of is not None:
        return seconds(as_of)
    times = [seconds(row.get(name)) for row in rows for name in columns]
    return max((time for time in times if time is not None), default=0)


def by_bot_alone(row):
    return has(row, "bot_started_at") and lacks(row, "handed_off_at", "first_response_at")


def waits(frame, clock="calendar", as_of=None, service=None, bot_only="out", channels="all"):
    """The conversations that had begun by as_of, each with `_seconds` and `_how`."""
    rows = of_channels(records(frame), channels)
    now = read_at(rows, as_of, "created_at", "first_response_at", "closed_at")
    found = []
    for row in rows:
        wait = span(row, now, "created_at", "first_response_at", "closed_at")
        if wait is None or (bot_only == "out" and by_bot_alone(row)):
            continue
        took, how = wait
        if clock == "business":
            start = seconds(row["created_at"])
            took = business_seconds(start, start + took, service)
        found.append(row | {"_seconds": took, "_how": how})
    return found


def curve_of(rows):
    return incidence([(on_grid(row["_seconds"]), row["_how"]) for row in rows])


def ends_of(rows):
    hows = [row["_how"] for row in rows]
    counts = {"answered_count": "ended", "closed_count": "otherwise", "open_count": "open"}
    return {"n": len(rows)} | {name: hows.count(how) for name, how in counts.items()}


def first_response_time(frame, by=None, as_of=None, zone=None, **choices):
    result = []
    for key, rows in groups(waits(frame, as_of=as_of, **choices), by, "created_at", zone).items():
        answered, curve = [row["_seconds"] for row in rows if row["_how"] == "ended"], curve_of(rows)
        values = ends_of(rows)
        for name, probability in (("median", 0.5), ("p90", 0.9)):
            values[f"{name}_seconds"] = reach(curve, 2, probability)
            values[f"{name}_low"], values[f"{name}_high"] = reach(curve, 3, probability), reach(curve, 4, probability)
        values["mean_answered_seconds"] = mean(answered) if answered else None
        result.append(labelled(key, by, **values))
    return result


def one_target(rows, targets):
    """The seconds promised to all of some rows; None where they are promised several, or some nothing."""
    found = {targets.get(text(row.get("channel")).lower(), targets.get("default")) for row in rows}
    return found.pop() if len(found) == 1 else None


def held_to(rows, targets):
    """What the rows of a group are held to, and the share of them answered by then."""
    target = one_target(rows, targets)
    hits = sum(row["_how"] == "ended" and row["_seconds"] <= (target or 0) for row in rows)
    return {"target_seconds": target, "within_target": None if target is None else hits / len(rows)}


def response_curve(frame, by=None, as_of=None, zone=None, **choices):
    result = []
    for key, rows in groups(waits(frame, as_of=as_of, **choices), by, "created_at", zone).items():
        curve = curve_of(rows)
        if curve and curve[0][0] > 0:
            result.append(labelled(key, by, seconds=0, n=len(rows), share=0.0, low=0.0, high=0.0))
        for time, at_risk, free, low, high in curve:
            values = {"n": at_risk, "share": 1 - float(free), "low": 1 - high, "high": 1 - low}
            result.append(labelled(key, by, seconds=time, **values))
    return result


BUCKETS = {  # of the default edges
    "within 1 h": (-1, 3600),
    "1 h to 6 h": (3600, 6 * 3600),
    "6 h to 12 h": (6 * 3600, 12 * 3600),
    "12 h to 24 h": (12 * 3600, 24 * 3600),
    "after 24 h": (24 * 3600, math.inf),
}


def response_time_buckets(frame, by=None, as_of=None, zone=None, **choices):
    result = []
    for key, rows in groups(waits(frame, as_of=as_of, **choices), by, "created_at", zone).items():
        if not rows:
            continue
        answered = [row["_seconds"] for row in rows if row["_how"] == "ended"]
        counts = {name: sum(after < took <= until for took in answered) for name, (after, until) in BUCKETS.items()}
        counts |= {"closed unanswered": ends_of(rows)["closed_count"], "waiting": ends_of(rows)["open_count"]}
        for name, n in counts.items():
            result.append(labelled(key, by, bucket=name, n=n, total=len(rows), **rate(n, len(rows), "share")))
    return result


def response_rate(frame, by=None, no_reply_topics=(), as_of=None, zone=None, **choices):
    result = []
    for key, rows in groups(waits(frame, as_of=as_of, **choices), by, "created_at", zone).items():
        values = ends_of(rows)
        values |= rate(values["answered_count"], len(rows), "response_rate")
        if no_reply_topics and "topic" in frame.columns:
            needing = [row["_how"] == "ended" for row in rows if row["topic"] not in no_reply_topics]
            values["needing_count"] = len(needing)
            values |= rate(sum(needing), len(needing), "needing_rate", "needing_rate_low", "needing_rate_high")
        result.append(labelled(key, by, **values))
    return result


def is_met(row, as_of, targets, clock="calendar", service=None):
    """Whether a row's first answer came within its channel's target; "undue", or None where it is not promised one."""
    wait = span(row, seconds(as_of), "created_at", "first_response_at")
    if wait is None or by_bot_alone(row):
        return None
    return held(row, wait, targets, clock, service)


def is_closed_in(row, as_of, targets, clock="calendar", service=None):
    """The same of its close."""
    wait = span(row, seconds(as_of), "created_at", "closed_at")
    return None if wait is None else held(row, wait, targets, clock, service)


def held(row, wait, targets, clock, service):
    target = targets.get(text(row.get("channel")).lower(), targets.get("default"))
    if target is None:
        return None
    took, how = wait
    if clock == "business":
        start = seconds(row["created_at"])
        took = business_seconds(start, start + took, service)
    if how == "ended":
        return took <= target
    return False if took > target else "undue"


def sla_compliance(frame, by=None, clock="calendar", as_of=None, service=None):
    result = []
    for key, rows in groups(records(frame), by).items():
        found = [is_met(row, as_of, service.targets.first_response, clock, service) for row in rows]
        found = [one for one in found if one is not None]
        if found or not by:
            judged = [one for one in found if one != "undue"]
            values = {"n": len(judged), "met_count": sum(judged), "undue_count": len(found) - len(judged)}
            result.append(labelled(key, by, **values, **rate(sum(judged), len(judged), "sla_compliance")))
    return result


def expectation_met(frame, as_of=None, expectations=None, bot_only="out"):
    """`expectations`: {channel, "phone" or "social": [(seconds, share who expect it)]}; the defaults without."""
    if expectations is None:
        settings = Service().expectations
        expectations = {name: [(one.within, one.share) for one in ones] for name, ones in settings.items()}

    def group(row):
        channel = text(row["channel"])
        if channel in expectations:
            return channel
        return "phone" if channel.lower() in PHONE_CHANNELS else "social"

    rows, result = waits(frame, as_of=as_of, bot_only=bot_only), []
    for name, wanted in expectations.items():
        own = [row for row in rows if group(row) == name]
        for within, share in wanted if own else []:
            met, low, high = answered_by(curve_of(own), within)
            answered = sum(row["_how"] == "ended" and row["_seconds"] <= within for row in own)
            if met >= 1:
                low, high = wilson(answered, answered)[0], 1.0
            counts = {"within_seconds": within, "expected_share": share, "n": len(own), "answered_count": answered}
            result.append({"_of": name} | counts | {"expectation_met": met, "low": low, "high": high})
    return result


def reply_pairs(frame, by=None, zone=None):
    rows = records(frame)
    asked = {row["message_id"]: row["sent_at"] for row in rows if row["sender"] == "customer"}
    pairs = []
    for row in rows:
        hidden = "is_public" in row and not is_null(row["is_public"]) and not row["is_public"]
        if row["sender"] == "agent" and not hidden and row["in_reply_to"] in asked:
            pairs.append(row | {"_seconds": seconds(row["sent_at"]) - seconds(asked[row["in_reply_to"]])})
    result = []
    for key, group in groups(pairs, by, "sent_at", zone).items():
        took = [pair["_seconds"] for pair in group]
        result.append(labelled(key, by, negative_count=sum(one < 0 for one in took), **timed(took)))
    return result


def timed(took):
    """What a mean's shape says of exact seconds: the mean of them, quantiles on the grid."""
    grid = [on_grid(one) for one in took]
    values = {"n": len(took), "mean_seconds": mean(took) if took else None}
    values |= dict(zip(("mean_low", "mean_high"), hall([float(one) for one in took]), strict=True))
    values |= {"median_seconds": quantile(grid, 0.5), "p90_seconds": quantile(grid, 0.9)}
    return values | dict(zip(("median_low", "median_high"), order_interval(grid, 0.5), strict=True))


# --- calls ----------------------------------------------------------------------------------------


def offered(frame):
    """The offered calls with `_end`: answered, abandoned or other."""
    found = []
    for row in records(frame):
        if "outcome" in row:
            end = row["outcome"] if row["outcome"] in ("answered", "abandoned", "test") else "other"
        elif not is_null(row["answered_at"]):
            end = "answered"
        else:
            end = "other" if is_null(row["abandoned_at"]) else "abandoned"
        if end != "test":
            found.append(row | {"_end": end})
    return found


def queue_wait(row):
    if not is_null(row.get("queue_seconds")):
        return math.floor(row["queue_seconds"])
    ends = [seconds(row.get(name)) for name in ("answered_at", "abandoned_at", "ended_at")]
    end, start = next((end for end in ends if end is not None), None), seconds(row["queued_at"])
    return None if end is None or start is None else end - start


def call_wait(row):
    """Seconds that a call waited in the queue, from 0; None where it isn't known, and of what hung up before the queue."""
    is_answered = row["outcome"] == "answered"
    wait = (0 if is_answered else None) if is_null(row["queued_at"]) else queue_wait(row)
    if wait is None or (is_answered and is_null(row["answered_at"])):
        return None
    return max(wait, 0)


def is_answered_in_time(row, within=20):
    """Whether a call that was answered, or hung up in the queue, was answered in time; None for any other."""
    if row["outcome"] == "answered":
        return None if call_wait(row) is None else call_wait(row) <= within
    return False if row["outcome"] == "abandoned" and not is_null(row["queued_at"]) else None


def call_patience(row, now):
    """(seconds, "ended" or "open") of a call that waited in the queue; None for any other, and if it isn't known how long."""
    if row["outcome"] == "test" or is_null(row["queued_at"]) or seconds(row["queued_at"]) > now:
        return None
    begun, wait = seconds(row["queued_at"]), call_wait(row)
    if wait is None and row["outcome"] in ("answered", "abandoned"):
        return None
    if wait is None or begun + wait > now:
        return now - begun, "open"
    return wait, "ended" if row["outcome"] == "abandoned" else "open"


def abandonment_rate(frame, by=None, base="offered", short_abandon=None, zone=None):
    kept = []
    for row in offered(frame):
        if base == "queued" and (queue_wait(row) is None or queue_wait(row) <= 0):
            continue
        if base == "wanted_agent" and row["_end"] == "other":
            continue
        left = seconds(row["abandoned_at"]) if row["_end"] == "abandoned" else None
        since = seconds(row["queued_at"] if base == "queued" else row["started_at"])
        if short_abandon is not None and None not in (left, since) and left - since <= short_abandon:
            continue
        kept.append(row)
    result = []
    for key, rows in groups(kept, by, "started_at", zone).items():
        ends = [row["_end"] for row in rows]
        values = {f"{end}_count": ends.count(end) for end in ("abandoned", "answered", "other")}
        values |= rate(values["abandoned_count"], len(ends), "abandonment_rate")
        if ends.count("other") == len(ends):  # nobody was there who could have hung up
            values |= dict.fromkeys(("abandonment_rate", "low", "high"))
        result.append(labelled(key, by, n=len(ends), **values))
    return result


def abandonment_by_base(frame, short_abandon=5):
    asked = {"offered": {}, "wanted_agent": {"base": "wanted_agent"}, "queued": {"base": "queued"}}
    asked["no_short_abandons"] = {"short_abandon": short_abandon}
    return [{"base": name} | abandonment_rate(frame, **choices)[0] for name, choices in asked.items()]


def abandonment_by_stage(stages, calls=None, by=None, zone=None):
    """In the order of the result: by group, and in it by the mean place of the stage."""
    rows, time = records(stages), "entered_at"
    if calls is not None:
        time = "started_at"
        known = {row["call_id"]: row for row in offered(calls)}
        rows = [known[row["call_id"]] | row for row in rows if row["call_id"] in known]
        for row in rows:  # a key is the call's, not the stage's
            row |= {name: known[row["call_id"]][name] for name in names(by) if name in known[row["call_id"]]}
    result = []
    for key, group in groups(rows, by, time, zone).items():
        entered = {}
        for row in group:
            place, left = entered.setdefault(text(row["stage"]), {}).get(row["call_id"], (math.inf, False))
            gone = not is_null(row["is_abandoned"]) and bool(row["is_abandoned"])
            entered[text(row["stage"])][row["call_id"]] = (min(place, row["position"]), left or gone)
        total = sum(left for stage in entered.values() for _, left in stage.values())
        order = sorted(entered, key=lambda stage: (mean(place for place, _ in entered[stage].values()), stage))
        for stage in order:
            left = sum(left for _, left in entered[stage].values())
            values = {"n": len(entered[stage]), "abandoned_count": left} | rate(left, len(entered[stage]), "hazard")
            values["share_of_abandons"] = left / total if total else None
            result.append(labelled(key, by, stage=stage, **values))
    return result


def average_speed_of_answer(frame, by=None, since="queue", unqueued="zero", zone=None):
    found = []
    for row in offered(frame):
        if row["_end"] != "answered" or is_null(row["answered_at"]):
            continue
        if since == "start":
            wait = seconds(row["answered_at"]) - seconds(row["started_at"])
        elif is_null(row["queued_at"]):
            if unqueued == "out":
                continue
            wait = 0
        else:
            wait = queue_wait(row)
        found.append(row | {"_seconds": max(wait, 0)})
    return [
        labelled(key, by, **timed([row["_seconds"] for row in rows]))
        for key, rows in groups(found, by, "started_at", zone).items()
    ]


# --- satisfaction ---------------------------------------------------------------------------------


def csat_rows(frame):
    return [row for row in records(frame) if row.get("kind", "csat") == "csat"]


def csat(frame, by=None, satisfied=4, zone=None):
    result = []
    for key, rows in groups(csat_rows(frame), by, "sent_at", zone).items():
        scores = [float(row["score"]) for row in rows if not is_null(row["score"])]
        good = sum(score >= satisfied for score in scores)
        low, high = scores_interval(scores)
        values = {"n": len(scores), "sent_count": len(rows), "satisfied_count": good}
        ends = ("survey_response_rate", "survey_response_rate_low", "survey_response_rate_high")
        values |= rate(len(scores), len(rows), *ends)
        values |= rate(good, len(scores), "csat")
        values |= {"mean": mean(scores) if scores else None, "mean_low": low, "mean_high": high}
        values |= {f"score_{score}": scores.count(score) for score in range(1, 6)}
        result.append(labelled(key, by, **values))
    return result


def csat_by_topic(frame, by="topic", satisfied=4, zone=None, minimum=10):
    """The pull as it is defined: the total less the CSAT of all the others together."""
    rows, result, ps = csat_rows(frame), [], []
    answered = [row for row in rows if not is_null(row["score"])]
    total = sum(row["score"] >= satisfied for row in answered)
    for row in csat(frame, by, satisfied, zone):
        own = (row["satisfied_count"], row["n"])
        others = (total - row["satisfied_count"], len(answered) - row["n"])
        pull = total / len(answered) - others[0] / others[1] if own[1] and others[1] else None
        values = {name: row[name] for name in [*names(by), "n", "csat", "low", "high", "mean", "sent_count"]}
        values |= {"share_of_answers": row["n"] / len(answered) if answered else None, "pull": pull}
        values |= dict(zip(("pull_low", "pull_high"), pull_interval(own, others), strict=True))
        is_tested = min(own[1], others[1]) >= max(minimum, 1)
        ps.append(newcombe_p(*own, *others) if is_tested else None)
        result.append(values)
    for row, verdict in zip(result, verdicts(ps, ["few"] * len(ps)), strict=True):
        row["verdict"] = verdict
    return result


def pull_interval(own, others, fewest=20):
    """MOVER of the product of a share of the answers and a difference of rates, each with its own interval."""
    n, other_n = own[1], others[1]
    if min(n, other_n) < fewest:
        return None, None
    share, (share_low, share_high) = n / (n + other_n), wilson(n, n + other_n)
    change, low, high = newcombe(*own, *others)
    away, back = share_high - share, share - share_low  # a larger share takes the pull further from 0
    down, up = (away, back) if change < 0 else (back, away)
    if change == 0:
        down = up = 0
    pull = share * change
    return (
        pull - math.hypot(share * (change - low), change * down),
        pull + math.hypot(share * (high - change), change * up),
    )


def low_scores(frame, at_most=3):
    low = [row for row in csat_rows(frame) if not is_null(row["score"]) and row["score"] <= at_most]
    # the sorts are stable: first the last key
    low.sort(key=lambda row: row["survey_id"])
    low.sort(key=lambda row: (is_null(row["answered_at"]), 0 if is_null(row["answered_at"]) else -stamp(row)))
    low.sort(key=lambda row: row["score"])
    return [{"survey_id": row["survey_id"], "score": row["score"]} for row in low]


def low_score_rate(frame, by=None, at_most=3, zone=None):
    result = []
    for key, sent in groups(csat_rows(frame), by, "sent_at", zone).items():  # those of whom nobody answered, too
        rows = [row for row in sent if not is_null(row["score"])]
        low = sum(row["score"] <= at_most for row in rows)
        result.append(labelled(key, by, n=len(rows), low_count=low, **rate(low, len(rows), "low_score_rate")))
    return result


def stamp(row):
    return pd.Timestamp(row["answered_at"]).value


# --- sentiment ------------------------------------------------------------------------------------

SENTIMENTS = ("positive", "neutral", "negative")


def sentiment_trend(frame, by=None, every="week", tagged="all", zone=None, minimum=10):
    rows = [row for row in records(frame) if row["sender"] == "customer"]
    if tagged != "all":
        wanted = tagged == "tagged"
        rows = [row for row in rows if (is_null(row["is_tagged"]) or bool(row["is_tagged"])) == wanted]
    result, tested = [], []
    for key, own in groups(rows, by, "sent_at", zone).items():
        periods, done = groups(own, every, "sent_at", zone), {}
        for period in sorted(periods):
            values = sentiments(periods[period])
            done[period] = labelled(key, by) | labelled(period, every) | values
        if every:
            tested += _changes(done, every, minimum)
        result += done.values()
    found = verdicts([p for _, p in tested], ["no history"] * len(tested))
    for (row, p), verdict in zip(tested, found, strict=True):
        row |= {"p": p, "verdict": verdict}
    return [{name: value for name, value in row.items() if name != "_worth"} for row in result]


def sentiments(rows):
    """The shares of one period's messages; `_worth`, how many on their own say as much of the negative share."""
    labels = [row["sentiment"] for row in rows]
    n = sum(label in SENTIMENTS for label in labels)
    values = {"n": n, "message_count": len(labels)}
    values |= rate(n, len(labels), "coverage", "coverage_low", "coverage_high")
    is_clustered = bool(rows) and "conversation_id" in rows[0]
    for label in SENTIMENTS:
        count, ends = labels.count(label), (f"{label}_low", f"{label}_high")
        values |= {f"{label}_count": count} | rate(count, n, label, *ends)
        if is_clustered:
            together = groups([row for row in rows if row["sentiment"] in SENTIMENTS], "conversation_id")
            clusters = [(len(ones), sum(one["sentiment"] == label for one in ones)) for ones in together.values()]
            values |= dict(zip(ends, clustered(clusters), strict=True))
            if label == "negative":
                values["_worth"] = worth(clusters) if n else 0
    return {"_worth": n} | values


def _changes(done, every, minimum):
    """[(row, p)] of the periods that can be compared with the one before, by how much the others move."""
    step = {"day": {"days": 1}, "week": {"days": 7}, "month": {"months": 1}, "quarter": {"months": 3}}
    step, found = pd.DateOffset(**step.get(every, {"years": 1})), []

    def counts(row):
        return row["negative"] * row["_worth"] if row["n"] else 0.0, row["_worth"]

    for (start,), row in done.items():
        row |= {"change": None, "p": None, "verdict": "untested"}
        before = done.get((start - step,))
        if before and row["n"] and before["n"] and min(row["n"], before["n"]) >= minimum:
            row["change"] = row["negative"] - before["negative"]
            others = [counts(other) for other in done.values() if other is not row and other is not before]
            found.append((row, rates_by_week(*counts(row), *counts(before), others)))
    return found


def sentiment_engines(frame):
    rows = [row for row in records(frame) if row["sender"] == "customer"]
    by = ["language", "sentiment_engine"]
    return [labelled(key, by, n=len(group), share=len(group) / len(rows)) for key, group in groups(rows, by).items()]


# --- bots -----------------------------------------------------------------------------------------


def bot_outcome(row, conversations, calls, window, as_of):
    """(what became of a conversation with a bot, whether that is judged), looked for row by row."""
    span, start, now = pd.Timedelta(window).total_seconds(), seconds(row["created_at"]), seconds(as_of)

    def past(name):
        return seconds(row[name]) if has(row, name) and seconds(row[name]) <= now else None

    def whose(one):
        return (None if is_null(one.get("customer_id")) else one["customer_id"] or None), text(one["topic"])

    is_handed = past("handed_off_at") is not None or past("first_response_at") is not None
    end = past("closed_at")
    if end is None and not has(row, "closed_at") and str(row.get("status")).lower() in ("closed", "solved"):
        end = now  # at some time until the reading
    end = None if end is None else max(end, start)
    of_phone = {one["conversation_id"] for one in conversations if one["channel"] == "phone"}
    contacts = [(whose(one), seconds(one["created_at"])) for one in conversations]
    contacts += [
        (whose(one), seconds(one["started_at"]))
        for one in calls
        if one["outcome"] != "test" and one["conversation_id"] not in of_phone
    ]
    own = whose(row)
    is_known, is_over = own[0] is not None, end is not None and end + span <= now
    is_back = end is not None and any(one == own and start < at <= min(end + span, now) for one, at in contacts)
    is_judged = is_known and start + span <= now and (is_handed or end is None or is_over)
    if is_handed:
        return "handed_off", is_judged
    if not is_known or not (is_back or is_over):
        return "not_known", is_judged
    return ("came_back" if is_back else "contained"), is_judged


def with_bot(frame, as_of):
    return [
        row
        for row in records(frame)
        if has(row, "bot_started_at")
        and max(seconds(row["bot_started_at"]), seconds(row["created_at"])) <= seconds(as_of)
    ]


def bot_conversations(frame, by=None, as_of=None):
    found = groups(with_bot(frame, as_of), by)
    total = sum(map(len, found.values()))
    return [labelled(key, by, n=len(rows), share=len(rows) / total) for key, rows in found.items()]


def handoff_rate(frame, by=None, as_of=None, window="7d"):
    made = []
    for key, rows in groups(with_bot(frame, as_of), by).items():
        judged = [one for one, is_judged in (bot_outcome(row, [], [], window, as_of) for row in rows) if is_judged]
        unknown, hits = sum(text(row["customer_id"]) == "(none)" for row in rows), judged.count("handed_off")
        values = {"n": len(judged), "handed_off_count": hits, "unknown_count": unknown}
        values |= {"undue_count": len(rows) - len(judged) - unknown}
        made.append(labelled(key, by, **values, **rate(hits, len(judged), "handoff_rate")))
    return made


def bot_containment(frame, by=None, as_of=None, window="7d"):
    made = []
    for key, rows in groups(with_bot(frame, as_of), by).items():
        found = [bot_outcome(row, records(frame), [], window, as_of) for row in rows]
        judged = [one for one, is_judged in found if is_judged]
        unknown = sum(text(row["customer_id"]) == "(none)" for row in rows)
        values = {f"{name}_count": judged.count(name) for name in ("contained", "came_back", "handed_off")}
        values |= {"n": len(judged), "open_count": judged.count("not_known"), "unknown_count": unknown}
        values |= {"undue_count": len(rows) - len(judged) - unknown}
        made.append(labelled(key, by, **values, **rate(judged.count("contained"), len(judged), "bot_containment")))
    return made


def bot_outcomes(frame, by=None, as_of=None, window="7d"):
    made = []
    for key, rows in groups(with_bot(frame, as_of), by).items():
        found = [bot_outcome(row, records(frame), [], window, as_of)[0] for row in rows]
        values = {"n": len(rows)}
        for name in ("contained", "came_back", "handed_off", "not_known"):
            values |= {f"{name}_count": found.count(name)}
            values |= rate(found.count(name), len(rows), name, f"{name}_low", f"{name}_high")
        made.append(labelled(key, by, **values))
    return made


# --- deflection -----------------------------------------------------------------------------------


def way(row):
    channel = text(row["channel"]).lower()
    return (
        None if channel == "(none)" else channel if channel == "phone" else "mail" if channel == "email" else "digital"
    )


def call_deflection(frame, by=None):
    made = []
    for key, rows in groups([row for row in records(frame) if way(row)], by).items():
        ways = [way(row) for row in rows]
        values = {f"{name}_count": ways.count(name) for name in ("digital", "phone", "mail")}
        made.append(labelled(key, by, n=len(rows), **values, **rate(ways.count("digital"), len(rows), "digital_share")))
    return made


def deflection_savings(frame, by=None):
    """Without a base: nothing is known to be saved."""
    made = []
    for key, rows in groups([row for row in records(frame) if way(row)], by).items():
        phone = sum(way(row) == "phone" for row in rows)
        values = {"n": len(rows), "phone_count": phone, "phone_share": phone / len(rows)}
        values |= {"cost_difference": 11.0 if phone < len(rows) else None}
        values |= dict.fromkeys(("base_phone_share", "moved", "saved", "low", "high"))
        made.append(labelled(key, by, **values))
    return made


# --- comparing ------------------------------------------------------------------------------------


def comparable(value):
    if is_null(value):
        return None
    if isinstance(value, (bool, np.bool_)):
        return bool(value)
    if isinstance(value, (int, float, np.integer, np.floating)):
        return float(value)
    return value if isinstance(value, pd.Timestamp) else str(value)


def assert_same(result, expected, keys=(), ordered=False):
    """The metric's frame has the oracle's rows: each value, each null, no row more and no column less."""
    found = [{name: comparable(value) for name, value in row.items()} for row in records(pd.DataFrame(result))]
    expected = [{name: comparable(value) for name, value in row.items()} for row in expected]
    if not ordered:

        def order(row):
            return [str(row[key]) for key in keys]

        found, expected = sorted(found, key=order), sorted(expected, key=order)
    assert len(found) == len(expected), f"{len(found)} rows, the oracle has {len(expected)}:\n{result}"
    for have, want in zip(found, expected, strict=True):
        assert set(want) <= set(have), f"columns missing: {set(want) - set(have)}"
        for name, value in want.items():
            if isinstance(value, float) and isinstance(have[name], float):
                is_equal = math.isclose(have[name], value, rel_tol=1e-9, abs_tol=1e-9)
            else:
                is_equal = have[name] == value
            assert is_equal, f"{name}: {have[name]!r}, the oracle says {value!r}, in {want}"


# --- random tables --------------------------------------------------------------------------------

ZONES = ("Europe/Rome", "Asia/Kathmandu", "America/Caracas", "UTC")
START = datetime(2024, 3, 29, 20, tzinfo=UTC)  # a Friday; Europe's clocks change on Sunday
SPAN = 4 * 86_400_000  # ms
BYS = (None, None, "channel", "channel", ["channel", "topic"], "hour", ["channel", "hour"], "week", "day")

channels = st.sampled_from(["email", "x", "Phone", "", None])
topics = st.sampled_from(["bills", "praise", None])


def instants(span=SPAN):
    """Instants to the millisecond, often on the same or on a whole second."""
    offsets = st.one_of(
        st.integers(0, span), st.integers(0, span // 1000).map(lambda s: s * 1000), st.sampled_from([0, 3_600_000])
    )
    return offsets.map(lambda ms: START + timedelta(milliseconds=ms))


def maybe(strategy):
    return st.one_of(st.none(), strategy)


def waits_after(longest=100_000):
    """Durations from 0 s on; the edges of the buckets among them."""
    known = st.sampled_from([0, 1, 3599, 3600, 3601, 21_600, 86_400, 86_401])
    return st.one_of(known, st.integers(0, longest)).map(lambda s: timedelta(seconds=s))


def frame(rows, times=(), **dtypes):
    """A frame of dicts whose time columns are zoned, also when empty or all null."""
    columns = list(rows[0]) if rows else [*times, *dtypes]
    made = pd.DataFrame(rows, columns=columns)
    for name in times:
        made[name] = pd.to_datetime(made[name], utc=True).dt.as_unit("us")
    for name, dtype in dtypes.items():
        made[name] = made[name].astype(dtype)
    return made


STAGE_TIMES = ("indexed_at", "team_assigned_at", "agent_assigned_at")


@st.composite
def stages_before(draw, created, closed):
    """When a conversation was stored, given to a team and to an agent: in that order of the last two, before its close."""
    indexed, team, agent = (draw(maybe(waits_after(100_000))) for _ in STAGE_TIMES)
    if team is not None and agent is not None:
        agent = team + agent
    offsets = [one if one is None or closed is None else min(one, closed) for one in (indexed, team, agent)]
    return dict(zip(STAGE_TIMES, [None if one is None else created + one for one in offsets], strict=True))


@st.composite
def conversations(draw, size=14):
    rows = []
    for number in range(draw(st.integers(1, size))):
        created, wait = draw(instants()), draw(maybe(waits_after()))
        by_bot, handed = draw(st.booleans()), draw(maybe(st.just(created + timedelta(seconds=9))))
        closed = draw(maybe(waits_after(200_000)))
        stages = draw(stages_before(created, closed))
        rows.append(
            {
                "conversation_id": f"c{number}",
                "channel": draw(channels),
                "topic": draw(topics),
                "created_at": created,
                "first_response_at": None if wait is None else created + wait,
                "bot_started_at": created if by_bot else None,
                "handed_off_at": handed if by_bot else None,
                "closed_at": None if closed is None else created + closed,
                "status": draw(st.sampled_from(["open", "Solved", "closed", None])),
                "reopen_count": draw(maybe(st.integers(0, 2))),
                "escalated_to": draw(st.sampled_from([None, None, "", "experts"])),
                "customer_id": draw(st.sampled_from(["u1", "u1", "u2", "", None])),
            }
            | stages
        )
    times = ["created_at", "first_response_at", "bot_started_at", "handed_off_at", "closed_at", *STAGE_TIMES]
    texts = dict.fromkeys(["channel", "topic", "status", "escalated_to", "customer_id"], object)
    return frame(rows, times, reopen_count="float64", **texts)


@st.composite
def calls(draw, size=14):
    rows = []
    for number in range(draw(st.integers(1, size))):
        started, outcome = (
            draw(instants()),
            draw(st.sampled_from(["answered", "answered", "abandoned", "contained", "test", None])),
        )
        queued, wait = draw(maybe(st.integers(0, 40))), timedelta(seconds=draw(st.integers(0, 90)))
        rows.append(
            {
                "call_id": f"k{number}",
                "channel": draw(channels),
                "topic": draw(topics),
                "started_at": started,
                "queued_at": None if queued is None else started + timedelta(seconds=queued),
                "answered_at": started + wait if outcome == "answered" else None,
                "abandoned_at": started + wait if outcome == "abandoned" and draw(st.booleans()) else None,
                "ended_at": draw(maybe(st.just(started + wait + timedelta(seconds=60)))),
                "queue_seconds": draw(maybe(st.sampled_from([0.0, 0.5, 7.0, 30.0]))),
                "transferred_to": draw(st.sampled_from(["billing", "", None])),
                "outcome": outcome,
            }
        )
    times = ["started_at", "queued_at", "answered_at", "abandoned_at", "ended_at"]
    return frame(
        rows, times, channel=object, topic=object, outcome=object, transferred_to=object, queue_seconds="float64"
    )


@st.composite
def call_stages(draw, of):
    """Stages of most of the calls in `of`, some entered twice, and of a call that there isn't."""
    rows = []
    for call_id in [*of["call_id"], "unknown"]:
        at = draw(instants())
        for position in range(1, draw(st.integers(0, 4)) + 1):
            stage = draw(st.sampled_from(["welcome", "menu", "queue", None]))
            left = draw(st.sampled_from([True, False, None]))
            rows.append(
                {"call_id": call_id, "position": position, "stage": stage, "entered_at": at, "is_abandoned": left}
            )
    columns = {"call_id": object, "position": "int64", "stage": object, "is_abandoned": object}
    return frame(rows, ["entered_at"], **columns)


@st.composite
def surveys(draw, size=18):
    rows = []
    for number in range(draw(st.integers(1, size))):
        sent, score = draw(instants()), draw(maybe(st.integers(1, 5)))
        rows.append(
            {
                "survey_id": f"s{number:02}",
                "kind": draw(st.sampled_from(["csat", "csat", "csat", "nps"])),
                "sent_at": sent,
                "answered_at": draw(maybe(instants())),
                "score": score,
                "channel": draw(channels),
                "topic": draw(topics),
            }
        )
    return frame(rows, ["sent_at", "answered_at"], score="float64", channel=object, topic=object)


@st.composite
def messages(draw, size=18, span=SPAN):
    rows = []
    for number in range(draw(st.integers(1, size))):
        rows.append(
            {
                "message_id": f"m{number}",
                "conversation_id": f"c{draw(st.integers(0, 12))}",
                "sent_at": draw(instants(span)),
                "sender": draw(st.sampled_from(["customer", "customer", "agent", "bot", "system"])),
                "in_reply_to": draw(maybe(st.integers(0, size).map(lambda n: f"m{n}"))),
                "sentiment": draw(st.sampled_from([*SENTIMENTS, None])),
                "sentiment_engine": draw(st.sampled_from(["vader", "data", None])),
                "language": draw(st.sampled_from(["it", "en", None])),
                "is_public": draw(st.sampled_from([True, True, False, None])),
                "is_tagged": draw(st.sampled_from([True, False, None])),
                "channel": draw(channels),
                "topic": draw(topics),
            }
        )
    flags = {"is_public": object, "is_tagged": object}
    words = ("in_reply_to", "sentiment", "sentiment_engine", "language", "channel", "topic")
    return frame(rows, ["sent_at"], **flags, **dict.fromkeys(words, object))


# --- a fixed set of tables ------------------------------------------------------------------------


def sample_tables(size=60, seed=1):
    """One frame of each table, with nulls everywhere that the contract allows them, across a DST change."""
    random = np.random.default_rng(seed)

    def pick(*values):
        return pd.Series(random.choice(np.array(values, dtype=object), size), dtype=object)

    def some(values, share=0.7):
        return values.where(random.random(size) < share)

    def at(days=12):
        offset = pd.to_timedelta(random.integers(0, 86_400_000 * days, size), unit="ms")
        return pd.Series(pd.Timestamp(START) + offset).dt.as_unit("us")

    def later(times, most):
        return (times + pd.to_timedelta(random.integers(0, most, size), unit="s")).dt.as_unit("us")

    def keys(letter):
        return pd.Series([f"{letter}{number:03}" for number in range(size)], dtype=object)

    created, bot = at(), pick("none", "none", "alone", "handed off")
    conversations = pd.DataFrame(
        {
            "conversation_id": keys("c"),
            "channel": pick("email", "x", "", None),
            "topic": pick("bills", "praise", None),
            "created_at": created,
            "first_response_at": some(later(created, 90_000)),
            "bot_started_at": created.where(bot != "none"),
            "handed_off_at": later(created, 600).where(bot == "handed off"),
            "reopen_count": some(pd.Series(random.integers(0, 3, size).astype(float))),
        }
    )
    conversations["closed_at"] = some(later(created, 300_000), 0.5)
    conversations["status"] = pick("open", "closed", "Solved", None)
    started, outcome = at(), pick("answered", "answered", "abandoned", "contained", "test", None)
    calls = pd.DataFrame(
        {
            "call_id": keys("k"),
            "queue": pick("sales", "repair", None),
            "started_at": started,
            "queued_at": some(later(started, 30)),
            "answered_at": later(started, 200).where(outcome == "answered"),
            "abandoned_at": later(started, 200).where(outcome == "abandoned"),
            "queue_seconds": some(pd.Series(random.integers(0, 99, size) / 2), 0.4),
            "outcome": outcome,
        }
    )
    # of a generator of its own, so that whatever is drawn after it stays as it is
    own = np.random.default_rng(11)
    is_answered = (outcome == "answered").to_numpy()
    for name, most in (("talk", 900), ("hold", 60), ("wrap_up", 120)):
        took = pd.Series(own.integers(0, most, size).astype(float))
        calls[f"{name}_seconds"] = took.where(is_answered & (own.random(size) > 0.1))
    calls["ended_at"] = pd.Series(calls["answered_at"] + pd.to_timedelta(own.integers(0, 900, size), unit="s"))
    calls["agent"] = pd.Series(own.choice(["Ada", "Bo", "Cy"], size)).where(is_answered)
    calls["transferred_to"] = pd.Series(own.choice(["billing", "", "second level"], size)).where(own.random(size) < 0.3)
    stages = [
        {"call_id": call_id, "position": position, "stage": stage, "entered_at": time, "is_abandoned": left}
        for call_id, time in zip(calls["call_id"], started, strict=True)
        for position, stage, left in zip(
            range(1, random.integers(1, 6)),
            ("welcome", "menu", "queue", "menu", None),
            random.choice(np.array([True, False, None], dtype=object), 5),
            strict=False,
        )
    ]
    surveys = pd.DataFrame(
        {
            "survey_id": keys("s"),
            "kind": pick("csat", "csat", "csat", "nps"),
            "sent_at": at(),
            "answered_at": some(at()),
            "score": some(pd.Series(random.integers(1, 6, size).astype(float))),
            "topic": pick("bills", "praise", None),
            "comment": pick("slow <b>", "così così", None),
        }
    )
    messages = pd.DataFrame(
        {
            "message_id": keys("m"),
            "conversation_id": pick(*[f"c{number:03}" for number in range(20)]),
            "sent_at": at(30),
            "sender": pick("customer", "customer", "agent", "bot"),
            "in_reply_to": some(pd.Series([f"m{n:03}" for n in random.integers(0, size, size)], dtype=object)),
            "sentiment": pick(*SENTIMENTS, None),
            "sentiment_engine": pick("vader", "data", None),
            "language": pick("it", "en", None),
            "is_public": pick(True, True, False, None),
            "is_tagged": pick(True, False, None),
            "channel": pick("x", "email", None),
        }
    )
    said = [None if n % 7 == 0 else f"I have written of it {n % 40} times" for n in range(len(messages))]
    messages = messages.assign(text=pd.Series(said, dtype=object))
    random = np.random.default_rng(seed + 1)  # what came later leaves the others as they were
    closed = conversations["closed_at"].fillna(pd.Timestamp("2100-01-01", tz="UTC"))
    indexed = later(created, 600)
    team = later(created, 9_000)
    agent = later(team, 90_000)
    for name, times in zip(STAGE_TIMES, (indexed, team, agent), strict=True):
        conversations[name] = some(times.where(times < closed, closed).dt.as_unit("us"), 0.8)
    unscored = messages["channel"] == "email"
    messages.loc[unscored, "sentiment"] = None  # a group without one value
    conversations["customer_id"] = pick("u1", "u2", "u3", "u4", "u5", "", None)
    conversations["escalated_to"] = pick(None, None, "", "experts")
    conversations["escalation_reason"] = conversations["escalated_to"].where(conversations["closed_at"].notna())
    return {
        "conversations": conversations,
        "calls": calls,
        "call_stages": frame(stages, ["entered_at"]),
        "surveys": surveys,
        "messages": messages,
    }
