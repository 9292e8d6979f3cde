"""The metrics once more, naively: row by row in plain Python, sharing no code with the ones under test.

Each function takes pandas frames and returns a list of dicts, one per row of the metric's result, with the
columns that the metric's docstring promises; `assert_same` compares. Quantiles of survival curves are exact
(fractions), local time is `zoneinfo`, business time is the intersection of spans. Below them are the random
and the fixed tables that the tests run on.
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
from statsmodels.stats.weightstats import DescrStatsW

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


def wilson(count, n):
    if not n:
        return None, None
    p, square = count / n, Z * Z
    middle, width = p + square / (2 * n), Z * math.sqrt(p * (1 - p) / n + square / (4 * n * n))
    return (middle - width) / (1 + square / n), (middle + width) / (1 + square / n)


def rate(count, n, name, low="low", high="high"):
    return {name: count / n if n else None, low: wilson(count, n)[0], high: wilson(count, n)[1]}


def newcombe(count, n, other_count, other_n):
    if not n or not other_n:
        return None, None, None
    p, q = count / n, other_count / other_n
    (l1, u1), (l2, u2) = wilson(count, n), wilson(other_count, other_n)
    change = p - q
    return (
        change,
        change - math.sqrt((p - l1) ** 2 + (u2 - q) ** 2),
        change + math.sqrt((u1 - p) ** 2 + (q - l2) ** 2),
    )


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


# --- business time --------------------------------------------------------------------------------


def business_seconds(start, end, service):
    """Seconds of the opening hours between two instants, shift by shift."""
    zone, total = ZoneInfo(service.time_zone), 0
    day, last = local(start, service.time_zone).date() - timedelta(days=2), local(end, service.time_zone).date()
    while day <= last + timedelta(days=1):
        for opens, closes in [] if day in service.holidays.dates else service.opening_hours[WEEKDAYS[day.weekday()]]:
            wall = datetime(day.year, day.month, day.day)
            first, after = (
                int((wall + timedelta(seconds=at)).replace(tzinfo=zone).timestamp()) for at in (opens, closes)
            )
            total += max(0, min(after, end) - max(first, start))
        day += timedelta(days=1)
    return total


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


def waits(frame, clock, as_of, service, bot_only="out"):
    """The conversations that had begun by as_of, each with `_seconds` and `_answered`."""
    rows = records(frame)
    now = seconds(as_of)
    if now is None:  # the newest event, whoever handled the conversation
        newest = [seconds(row[name]) for row in rows for name in ("created_at", "first_response_at")]
        now = max((time for time in newest if time is not None), default=0)
    if bot_only == "out":  # a conversation that a bot handled alone
        rows = [
            row for row in rows if not (has(row, "bot_started_at") and lacks(row, "handed_off_at", "first_response_at"))
        ]
    times = [(seconds(row["created_at"]), seconds(row["first_response_at"])) for row in rows]
    found = []
    for row, (start, end) in zip(rows, times, strict=True):
        if start > now:
            continue
        answered = end is not None and end <= now
        end = end if answered else now
        took = end - start if clock == "calendar" else business_seconds(start, end, service)
        found.append(row | {"_seconds": took, "_answered": answered})
    return found


def first_response_time(frame, by=None, clock="calendar", as_of=None, zone=None, service=None, bot_only="out"):
    result = []
    for key, rows in groups(waits(frame, clock, as_of, service, bot_only), by, "created_at", zone).items():
        cases = [(row["_seconds"], row["_answered"]) for row in rows]
        answered = [took for took, event in cases if event]
        curve = kaplan_meier(cases)
        values = {"n": len(cases), "answered_count": len(answered), "open_count": len(cases) - len(answered)}
        for name, probability in (("median", 0.5), ("p90", 0.9)):
            values[f"{name}_seconds"] = reach(curve, 2, probability)
            values[f"{name}_low"], values[f"{name}_high"] = reach(curve, 3, probability), reach(curve, 4, probability)
        values["mean_answered_seconds"] = mean(answered) if answered else None
        result.append(labelled(key, by, **values))
    return result


def response_curve(frame, by=None, clock="calendar", as_of=None, zone=None, service=None, bot_only="out"):
    result = []
    for key, rows in groups(waits(frame, clock, as_of, service, bot_only), by, "created_at", zone).items():
        curve = kaplan_meier([(row["_seconds"], row["_answered"]) for row in rows])
        if curve and curve[0][0] > 0:
            result.append(labelled(key, by, seconds=0, n=len(rows), share=0.0, low=0.0, high=0.0))
        for time, at_risk, surviving, low, high in curve:
            values = {"n": at_risk, "share": 1 - float(surviving), "low": 1 - high, "high": 1 - low}
            result.append(labelled(key, by, seconds=time, **values))
    return result


BUCKETS = {  # of the default edges
    "within 1 h": (-1, 3600),
    "1 h to 6 h": (3600, 6 * 3600),
    "6 h to 12 h": (6 * 3600, 12 * 3600),
    "12 h to 24 h": (12 * 3600, 24 * 3600),
    "after 24 h": (24 * 3600, math.inf),
}


def response_time_buckets(frame, by=None, clock="calendar", as_of=None, zone=None, service=None, bot_only="out"):
    result = []
    for key, rows in groups(waits(frame, clock, as_of, service, bot_only), by, "created_at", zone).items():
        if not rows:
            continue
        counts = dict.fromkeys([*BUCKETS, "not answered"], 0)
        for row in rows:
            if not row["_answered"]:
                counts["not answered"] += 1
            for name, (after, until) in BUCKETS.items():
                counts[name] += row["_answered"] and after < row["_seconds"] <= until
        for name, n in counts.items():
            result.append(labelled(key, by, bucket=name, n=n, total=len(rows), **rate(n, len(rows), "share")))
    return result


def response_rate(frame, by=None, no_reply_topics=(), as_of=None, zone=None, bot_only="out"):
    result = []
    for key, rows in groups(waits(frame, "calendar", as_of, None, bot_only), by, "created_at", zone).items():
        answered = sum(row["_answered"] for row in rows)
        values = {"n": len(rows), "answered_count": answered} | rate(answered, len(rows), "response_rate")
        if no_reply_topics and "topic" in frame.columns:
            needing = [row["_answered"] for row in rows if row["topic"] not in no_reply_topics]
            values["needing_count"] = len(needing)
            values |= rate(sum(needing), len(needing), "needing_rate", "needing_rate_low", "needing_rate_high")
        result.append(labelled(key, by, **values))
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
        result.append(
            labelled(
                key,
                by,
                n=len(took),
                median_seconds=quantile(took, 0.5),
                p90_seconds=quantile(took, 0.9),
                mean_seconds=mean(took) if took else None,
                negative_count=sum(one < 0 for one in took),
            )
        )
    return result


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


def abandonment_rate(frame, by=None, base="offered", short_abandon=None, zone=None):
    kept = []
    for row in offered(frame):
        if base == "queued" and (queue_wait(row) is None or queue_wait(row) <= 0):
            continue
        left = seconds(row["abandoned_at"]) if row["_end"] == "abandoned" else None
        if short_abandon is not None and left is not None and left - seconds(row["started_at"]) <= short_abandon:
            continue
        kept.append(row)
    result = []
    for key, rows in groups(kept, by, "started_at", zone).items():
        ends = [row["_end"] for row in rows]
        values = {f"{end}_count": ends.count(end) for end in ("abandoned", "answered", "other")}
        values |= rate(values["abandoned_count"], len(ends), "abandonment_rate")
        result.append(labelled(key, by, n=len(ends), **values))
    return result


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
    result = []
    for key, rows in groups(found, by, "started_at", zone).items():
        took = [float(row["_seconds"]) for row in rows]
        low, high = student(took)
        result.append(
            labelled(
                key,
                by,
                n=len(took),
                mean_seconds=mean(took) if took else None,
                mean_low=None if low is None else max(low, 0.0),
                mean_high=high,
                median_seconds=quantile(took, 0.5),
                p90_seconds=quantile(took, 0.9),
            )
        )
    return result


# --- satisfaction ---------------------------------------------------------------------------------


def csat_rows(frame):
    return [row for row in records(frame) if row.get("kind", "csat") == "csat"]


def csat(frame, by=None, satisfied=4, zone=None):
    result = []
    for key, rows in groups(csat_rows(frame), by, "sent_at", zone).items():
        scores = [float(row["score"]) for row in rows if not is_null(row["score"])]
        good = sum(score >= satisfied for score in scores)
        low, high = student(scores)
        values = {"n": len(scores), "sent_count": len(rows), "satisfied_count": good}
        values["survey_response_rate"] = len(scores) / len(rows) if rows else None
        values |= rate(good, len(scores), "csat")
        values |= {"mean": mean(scores) if scores else None, "mean_low": low, "mean_high": high}
        values |= {f"score_{score}": scores.count(score) for score in range(1, 6)}
        result.append(labelled(key, by, **values))
    return result


def csat_by_topic(frame, by="topic", satisfied=4, zone=None):
    """The pull as it is defined: the total less the CSAT of all the others together."""
    rows, result = csat_rows(frame), []
    answered = [row for row in rows if not is_null(row["score"])]
    total = sum(row["score"] >= satisfied for row in answered)
    for row in csat(frame, by, satisfied, zone):
        other_n, other = len(answered) - row["n"], total - row["satisfied_count"]
        pull = total / len(answered) - other / other_n if answered and other_n and row["n"] else None
        bounds = newcombe(row["satisfied_count"], row["n"], other, other_n)
        share = row["n"] / len(answered) if answered else None
        values = {name: row[name] for name in [*names(by), "n", "csat", "low", "high", "mean", "sent_count"]}
        values |= {"share_of_answers": share, "pull": pull}
        values |= {
            f"pull_{end}": None if bound is None else bound * share
            for end, bound in zip(("low", "high"), bounds[1:], strict=True)
        }
        result.append(values)
    return result


def low_scores(frame, at_most=3, by=None, zone=None):
    rows, result = csat_rows(frame), []
    if not names(by):
        low = [row for row in rows if not is_null(row["score"]) and row["score"] <= at_most]
        # the sorts are stable: first the last key
        low.sort(key=lambda row: row["survey_id"])
        low.sort(key=lambda row: (is_null(row["answered_at"]), 0 if is_null(row["answered_at"]) else -stamp(row)))
        low.sort(key=lambda row: row["score"])
        return [{"survey_id": row["survey_id"], "score": row["score"]} for row in low]
    for key, group in groups(rows, by, "sent_at", zone).items():
        scores = [row["score"] for row in group if not is_null(row["score"])]
        low = sum(score <= at_most for score in scores)
        result.append(labelled(key, by, n=len(scores), low_count=low, **rate(low, len(scores), "low_rate")))
    return result


def stamp(row):
    return pd.Timestamp(row["answered_at"]).value


# --- sentiment ------------------------------------------------------------------------------------

SENTIMENTS = ("positive", "neutral", "negative")


def z_test(count, n, before_count, before_n):
    """Two-sided p-value of two proportions, with their pooled variance."""
    pooled = (count + before_count) / (n + before_n)
    if pooled in (0, 1):
        return 1.0
    error = math.sqrt(pooled * (1 - pooled) * (1 / n + 1 / before_n))
    return math.erfc(abs(count / n - before_count / before_n) / error / math.sqrt(2))


def holm(p_values, level=0.05):
    """Which of the hypotheses Holm's procedure rejects."""
    rejected = [False] * len(p_values)
    for step, position in enumerate(sorted(range(len(p_values)), key=p_values.__getitem__)):
        if p_values[position] > level / (len(p_values) - step):
            break
        rejected[position] = True
    return rejected


def sentiment_trend(frame, by=None, every="week", tagged="all", zone=None, minimum=10):
    rows = [row for row in records(frame) if row["sender"] == "customer"]
    if tagged != "all":
        wanted = tagged == "tagged"
        rows = [row for row in rows if (is_null(row["is_tagged"]) or bool(row["is_tagged"])) == wanted]
    result, steps = [], []
    for key, own in groups(rows, by, "sent_at", zone).items():
        periods = groups(own, every, "sent_at", zone)
        done = {}
        for period in sorted(periods):
            labels = [row["sentiment"] for row in periods[period]]
            counts = {label: labels.count(label) for label in SENTIMENTS}
            n = sum(counts.values())
            values = {"n": n, "message_count": len(labels), "coverage": n / len(labels) if labels else None}
            for label, count in counts.items():
                values |= {f"{label}_count": count} | rate(count, n, label, f"{label}_low", f"{label}_high")
            done[period] = labelled(key, by) | labelled(period, every) | values
        if every:
            steps += _changes(done, every, minimum)
        result += done.values()
    for (row, _), is_significant in zip(steps, holm([p_value for _, p_value in steps]), strict=True):
        row["is_significant"] = is_significant
    return result


def _changes(done, every, minimum):
    """[(row, p-value)] of the periods that can be compared with the one before."""
    step = {"day": {"days": 1}, "week": {"days": 7}, "month": {"months": 1}, "quarter": {"months": 3}}
    step, found = pd.DateOffset(**step.get(every, {"years": 1})), []
    for (start,), row in done.items():
        row |= {"change": None, "is_significant": False}
        before = done.get((start - step,))
        if before and row["n"] and before["n"] and min(row["n"], before["n"]) >= minimum:
            row["change"] = row["negative"] - before["negative"]
            found.append((row, z_test(row["negative_count"], row["n"], before["negative_count"], before["n"])))
    return found


def sentiment_engines(frame):
    rows = [row for row in records(frame) if row["sender"] == "customer"]
    by = ["language", "sentiment_engine"]
    return [labelled(key, by, n=len(group), share=len(group) / len(rows)) for key, group in groups(rows, by).items()]


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

channels = st.sampled_from(["email", "x", "", None])
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


@st.composite
def conversations(draw, size=14):
    rows = []
    for number in range(draw(st.integers(1, size))):
        created, wait = draw(instants()), draw(maybe(waits_after()))
        by_bot, handed = draw(st.booleans()), draw(maybe(st.just(created + timedelta(seconds=9))))
        rows.append(
            {
                "conversation_id": f"c{number}",
                "channel": draw(channels),
                "topic": draw(topics),
                "created_at": created,
                "first_response_at": None if wait is None else created + wait,
                "bot_started_at": created if by_bot else None,
                "handed_off_at": handed if by_bot else None,
            }
        )
    times = ["created_at", "first_response_at", "bot_started_at", "handed_off_at"]
    return frame(rows, times, channel=object, topic=object)


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
                "outcome": outcome,
            }
        )
    times = ["started_at", "queued_at", "answered_at", "abandoned_at", "ended_at"]
    return frame(rows, times, channel=object, topic=object, outcome=object, queue_seconds="float64")


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
            "conversation_id": pick("c001", "c002"),
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
    unscored = messages["channel"] == "email"
    messages.loc[unscored, "sentiment"] = None  # a group without one value
    return {
        "conversations": conversations,
        "calls": calls,
        "call_stages": frame(stages, ["entered_at"]),
        "surveys": surveys,
        "messages": messages,
    }
