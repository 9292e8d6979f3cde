"""What is said of a target: of one figure where it stands, of groups how many miss it."""

import pandas as pd

from toolkit import claims, words
from toolkit.claims import place_keys
from toolkit.findings.parts import name_of, say
from toolkit.findings.told import Clause
from toolkit.result import Result
from toolkit.words import display_name, estimate, text, value_text

TESTED = ("off", "near", "on")
MOST_NAMED = 2


def statuses(result):
    """Per row its status; "none" also where it has no name, or is a part of a period."""
    keys, partial = place_keys(result), set(result.attrs.get("partial", ()))
    is_named = claims.is_named(pd.DataFrame(result), keys)
    made = zip(result.statuses(), is_named, strict=True)
    return ["none" if not named or at in partial else status for at, (status, named) in enumerate(made)]


def is_own(result):
    """Whether the target, if there is one, is of the figure that the result is told by; else of a share in time beside it."""
    target = result.attrs.get("target")
    return not target or target["of"] == result.attrs["value"]


def wanted(result, row=None):
    """The target in words: "5 %", "80 % within 20 s", "80 % on time"."""
    target = result.attrs["target"]
    value = value_text(target["value"], result.attrs["units"].get(target["of"], "rate"))
    if target["of"] == result.attrs["value"]:
        return say("target.plain", value=value)
    seconds = _seconds(result, row)
    return say("target.own", value=value) if seconds is None else say("target.within", value=value, seconds=seconds)


def in_time(result, row, event):
    """What the cases did with the time within which they should: "were answered within 20 s", "were closed on time"."""
    seconds = _seconds(result, row)
    time = say("target.time_own") if seconds is None else say("target.time_within", seconds=seconds)
    return say("target.event", event=event, time=time)


def _seconds(result, row=None):
    """The time of a share in time, where all have the same."""
    seconds = result.attrs["target"].get("seconds", None if row is None else row.get("target_seconds"))
    return None if seconds is None or pd.isna(seconds) else words.duration(seconds)


def standing(result):
    """(where one figure stands, a Clause on the share in time that is held against the target); one of them is empty."""
    target, status = result.attrs.get("target"), (result.statuses() or ["none"])[0]
    if not target or status not in TESTED:
        return "", Clause("")
    value = value_text(target["value"], result.attrs["units"].get(target["of"], "rate"))
    said, row = say(f"target.{status}", target=value), result.iloc[0]
    if target["of"] == result.attrs["value"]:
        return said, Clause("")
    shares = (
        estimate(*(row[target[name]] for name in ("of", "low", "high")), "rate"),
        value_text(row[target["of"]], "rate"),
    )
    seconds = _seconds(result, row)
    about = {"standing": said} | ({} if seconds is None else {"seconds": seconds})
    form = "target.share_own" if seconds is None else "target.share_within"
    full, short = (say(form, value=share, **about) for share in shares)
    return "", Clause(full, (short,))


def clause(result, is_named=True):
    """How many groups miss the target, or that none does; "" without a target, or with fewer than two groups.

    `is_named`: those that miss it are named, where they are few.
    """
    told = [status for status in statuses(result) if status in TESTED]
    if len(told) < 2:
        return ""
    keys, off, on = place_keys(result), told.count("off"), told.count("on")
    is_of_name = claims.is_named(pd.DataFrame(result), keys)
    groups = text(name_of("many", keys), n=len(told))
    is_all = len(told) == is_of_name.sum()
    if not is_all:
        groups = say("target.enough", groups=groups)
    # where cases without a team stand otherwise, "no team" reads as if it were of them, too
    told_of = "off" if off == len(told) else "on" if on == len(told) else "not off"
    rest = {status for status, own in zip(result.statuses(), is_of_name, strict=True) if not own and status in TESTED}
    is_apart = "off" in rest if told_of == "not off" else bool(rest - {told_of})
    is_all = is_all and not is_apart
    about = {"target": wanted(result), "groups": groups, "none_of": text(name_of("none_of", keys))}
    best = result.attrs["target"]["best"]
    if off == len(told):
        return say(f"target.none_{best}" if is_all else "target.every", **about)
    if off:
        miss = say("target.some", n=off, **about)
        rows = [
            row for (_, row), one in zip(pd.DataFrame(result).iterrows(), statuses(result), strict=True) if one == "off"
        ]
        names = [words.joined(_name(row[key], key) for key in keys) for row in rows]
        return (
            say("target.some_named", miss=miss, names=words.joined(names)) if is_named and off <= MOST_NAMED else miss
        )
    if on == len(told):
        return say("target.no_miss" if is_all else f"target.all_{best}", **about)
    return say("target.not_off_of" if is_apart else "target.not_off", **about)


def _name(value, key):
    name = display_name(value, key, in_sentence=True)
    is_time = not isinstance(value, str) and words.has(f"span.{key}")
    return text(f"span.{key}", name=name) if is_time else name


def as_rate(result):
    """A result of times that is told by the share in time, such as one by week, as the rate that this is."""
    attrs, value = result.attrs, result.attrs.get("value")
    if attrs["shape"] not in ("wait", "mean") or attrs["units"].get(value) != "rate":
        return result
    made = Result(result.assign(in_time_count=(result[value] * result[attrs["count"]]).round()))
    seconds = _seconds(result) if (attrs.get("target") or {}).get("of") == value else None
    made.attrs = attrs | {"shape": "rate", "best": "high", "roles": {"hits": "in_time_count"}}
    made.attrs["in_time"] = say("target.time_own") if seconds is None else say("target.time_within", seconds=seconds)
    return made
