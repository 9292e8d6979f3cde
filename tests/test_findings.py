"""Findings: headings and notes checked by eye, and none that claims what the figures don't support."""

import inspect
import json
import re
from datetime import UTC, date, datetime
from itertools import cycle

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from toolkit import claims, metrics, words
from toolkit.blocks import block
from toolkit.clock import parse_period
from toolkit.errors import BadParameter, MissingColumn
from toolkit.findings import find_quality, sentence, tell
from toolkit.findings.told import LONGEST
from toolkit.intervals import wilson
from toolkit.metrics.registry import METRICS
from toolkit.result import Result

UNITS = {"rate": "rate", "wait": "seconds", "mean": "seconds", "count": "count", "grid": "number", "pull": "points"}
START = pd.Timestamp("2024-03-04T09:00Z")


@pytest.fixture(autouse=True)
def _english():
    yield
    words.use("en")


def plain(said):
    return said.replace(words.NO_BREAK, " ")


def made(metric, frame, by=(), minimum=10, **attrs):
    """A metric's result of a frame, with the attributes that its shape gives it."""
    about = METRICS[metric]
    units = {about.value: UNITS.get(about.shape, "rate")}
    result = Result.of(
        pd.DataFrame(frame), metric, units | attrs.pop("units", {}), by, minimum, attrs.pop("choices", {})
    )
    result.attrs |= {"shape": about.shape, "case": about.case, "value": about.value, "best": about.best, "count": "n"}
    result.attrs |= {"ends": ("low", "high"), "rows": [*by, *attrs.pop("rows", [])]} | attrs
    return result


def rates(by, counted, metric="abandonment_rate", hits="abandoned_count", **attrs):
    """A rate's result of (group, cases, hits)."""
    frame = pd.DataFrame(counted, columns=[*by, *attrs.get("rows", []), "n", hits])
    value = METRICS[metric].value
    frame[value] = frame[hits] / frame["n"].where(frame["n"] > 0)
    frame["low"], frame["high"] = wilson(frame[hits], frame["n"])
    frame = frame.assign(**attrs.pop("columns", {}))
    return made(metric, frame, by, roles={"hits": hits}, **attrs)


def target(value, best="low", of="abandonment_rate"):
    return {"of": of, "low": "low", "high": "high", "value": value, "best": best}


def heading(result, **context):
    return plain(tell(result, **context).heading)


def note(result, **context):
    return plain(tell(result, **context).note)


# --- rates ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "by, rows, said, more",
    [
        (["hour"], [], "No data in this period", ""),
        ([], [(0, 0)], "No data in this period", ""),
        ([], [(1, 1)], "Too few to say: 1 call, fewer than 10", ""),
        (["hour"], [(9, 3, 1), (10, 9, 2)], "Too few to say: no group has 10 calls or more", ""),
        ([], [(412, 58)], "58 of 412 calls hung up before an agent answered: 14 % (11 to 18)", ""),
        ([], [(1000, 21)], "21 of 1,000 calls hung up before an agent answered: 2.1 % (1.4 to 3.2)", ""),
        ([], [(50, 0)], "None of 50 calls hung up before an agent answered", ""),
        (["hour"], [(9, 20, 0), (10, 30, 0)], "None of 50 calls hung up before an agent answered", ""),
        (["hour"], [(9, 20, 5)], "5 of 20 calls at 09:00 hung up before an agent answered: 25 % (11 to 47)", ""),
        (
            ["hour"],
            [(12, 869, 66), (13, 131, 54)],
            "41 % of calls at 13:00 hung up before an agent answered, 7.6 % of the others",
            "At 13:00: 54 of 131 calls, 41 % (33 to 50). The largest number is at 12:00: 66 of the 120 that hung up before an agent answered.",
        ),
        (
            ["weekday"],
            [("Monday", 100, 14), ("Tuesday", 100, 10)],
            "No weekday stands out: the abandonment rate is between 10 % and 14 %",
            "The largest number is on Monday: 14 of the 24 that hung up before an agent answered.",
        ),
        (
            ["queue"],
            [("$a$ <b>", 100, 50), ("care_desk", 100, 0), ("c", 3, 3)],
            "50 % of calls for $a$ <b> hung up before an agent answered, 2.9 % of the others",
            "For $a$ <b>: 50 of 100 calls, 50 % (40 to 60). None of the others has as many: 50 of all 53.",
        ),
        (
            ["queue"],
            [("a", 100, 10), ("b", 3, 2)],
            "The abandonment rate for A: 10 of 100 calls, 10 % (6 to 17)",
            "No other group has enough cases to compare.",
        ),
        (["queue"], [("a", 100, 10), ("b", 100, 10)], "No queue stands out: 10 % in each", ""),
    ],
)
def test_abandonment_rate(by, rows, said, more):
    told = tell(rates(by, rows))
    assert (plain(told.heading), plain(told.note)) == (said, more)
    assert told.sentence == sentence(rates(by, rows)) == f"{told.heading}. {told.note}".rstrip()


def test_of_what_stands_out_the_most_harm_is_named_and_not_the_most_extreme_rate():
    rows = [(2, 11, 11), (15, 3000, 450), (16, 3000, 655), (17, 3000, 450)]  # the night loses all of its 11
    told = tell(rates(["hour"], rows))
    assert plain(told.heading) == "22 % of calls at 16:00 hung up before an agent answered, 15 % of the others"
    assert told.highlight == 2
    assert plain(told.note).endswith(
        "None of the others has as many: 655 of all 1,566. Higher still at 02:00: 11 of 11 calls, 100 % (74 to 100)."
    )


def test_the_row_that_the_heading_names_is_highlighted_by_its_label():
    result = rates(["hour"], [(12, 869, 66), (13, 131, 54)])
    result.index = ["noon", "one"]
    assert tell(result).highlight == "one"


@pytest.mark.parametrize(
    "rows, shows, is_changed",
    [
        ([(12, 869, 66), (13, 131, 54)], True, True),
        ([(12, 100, 14), (13, 100, 10)], False, False),
        ([(12, 100, 14), (13, 3, 3)], False, False),
        ([(12, 100, 0), (13, 100, 0)], False, False),
    ],
)
def test_without_a_finding_the_chart_is_folded_and_nothing_highlighted(rows, shows, is_changed):
    told = tell(rates(["hour"], rows))
    assert (told.shows, told.is_changed, told.highlight is not None) == (shows, is_changed, is_changed)
    assert (told.score > 1.96) == is_changed


def test_what_is_clear_without_being_the_highest_is_no_superlative():
    rows = [("a", 12, 5), ("b", 2000, 600), ("c", 2000, 200)]  # a is the highest, and could be chance
    told = tell(rates(["queue"], rows))
    assert plain(told.heading) == "30 % of calls for B hung up before an agent answered, 10 % of the others"
    assert plain(told.note).endswith("Higher still for A: 5 of 12 calls, 42 % (19 to 68), too few cases to tell.")


@pytest.mark.parametrize("unnamed", ["(none)", None])
def test_what_has_no_name_is_never_told(unnamed):
    result = rates(["agent"], [(unnamed, 500, 400), ("Sara", 100, 30), ("Elena", 100, 28)], target=target(0.05))
    told = tell(result)
    assert "none" not in told.sentence and "unassigned" not in told.sentence and "largest number" not in told.sentence
    assert (
        told.heading.startswith("No agent keeps to the target")
        and len([f for f in told.facts if f["kind"] == "off"]) == 2
    )
    assert told.highlight != 0 and all(fact["value"] in ("Sara", "Elena") for fact in told.facts)
    alone = rates(["agent"], [(unnamed, 500, 400), ("Sara", 100, 1), ("Elena", 100, 2)], target=target(0.05))
    assert tell(alone).status == "near"  # not off: that is nobody's


def test_too_few_and_parts_of_a_period_are_never_told():
    weeks = pd.to_datetime(["2024-03-25", "2024-04-01", "2024-04-08"])
    result = rates(["week"], [(weeks[0], 40, 40), (weeks[1], 400, 40), (weeks[2], 8, 8)], partial=[0])
    assert claims.standouts(result) == (None, [])
    assert heading(result) == "The abandonment rate in the week of 1 April: 40 of 400 calls, 10 % (7 to 13)"


def test_the_highest_of_many_is_not_taken_for_a_finding():
    # 24 hours of pure chance: the highest one stands out on its own, not as the highest of 24
    by_chance = [(hour, 100, 10) for hour in range(23)] + [(23, 100, 18)]
    assert not claims.standouts(rates(["hour"], by_chance))[1]
    (found, *_) = claims.standouts(rates(["hour"], [(22, 2300, 230), (23, 100, 18)]))[1]
    assert found.row["hour"] == 23


def test_false_claims_are_rare():
    chance, false = np.random.default_rng(7), 0
    for _ in range(80):
        rows = [(hour, 120, int(count)) for hour, count in enumerate(chance.binomial(120, 0.12, 24))]
        false += (claims.against_the_rest(rates(["hour"], rows))["verdict"] == "clear").any()
    assert false <= 8  # 5 % of 80 is 4


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 400), st.floats(0, 1)), min_size=2, max_size=6))
def test_each_claim_of_random_groups_holds(groups):
    rows = [(f"q{place}", n, round(n * share)) for place, (n, share) in enumerate(groups)]
    _, n, hits = (np.array(column) for column in zip(*rows, strict=True))
    result, enough = rates(["queue"], rows, target=target(0.2)), n >= 10
    told, statuses = tell(result), result.statuses()
    said, off = plain(told.sentence), [status == "off" for status in statuses]
    assert len(told.heading) <= LONGEST and "nan" not in said
    if told.highlight is not None:
        own, others = rows[told.highlight], np.arange(len(n)) != told.highlight
        pooled = hits[others].sum() / n[others].sum()
        assert enough[told.highlight] and told.is_changed and told.shows
        assert f"for Q{told.highlight}" in said.partition(".")[0].replace("For", "for")
        assert not result["low"][told.highlight] <= pooled <= result["high"][told.highlight]  # stricter than 95 %
        assert words.value_text(own[2] / own[1], "rate") in told.heading
    most = re.search(r"largest number is [^:]*(?::00)?: ([\d,]+) of the ([\d,]+) that", said)
    if most:
        assert [int(one.replace(",", "")) for one in most.groups()] == [hits.max(), hits.sum()]
    if "None of the others has as many" in said:
        assert hits[told.highlight] == hits.max() and (hits == hits.max()).sum() == 1
    if said.startswith("No queue keeps"):
        assert all(off)
    if said.startswith("No queue misses"):
        assert set(statuses) == {"on"}
    counted = re.match(r"(\d) of (\d) queues( with enough cases)? miss", said)
    if counted:
        told_of = sum(status in ("off", "near", "on") for status in statuses)
        assert (int(counted[1]), int(counted[2])) == (sum(off), told_of) and bool(counted[3]) == (told_of < len(n))
    flat = re.search(r"No queue stands out: between (.+) % and (.+) %\.", said)
    if flat:
        ends = (result["abandonment_rate"][enough].min(), result["abandonment_rate"][enough].max())
        assert [f"{one} %" for one in flat.groups()] == [plain(words.value_text(end, "rate")) for end in ends]
    assert (told.status == "off") == any(off)
    assert told.is_changed == any(fact["kind"] == "standout" for fact in told.facts)


def test_the_rate_in_all_stands_beside_that_of_a_group():
    result = rates(["hour"], [(12, 100, 10), (13, 100, 40)])
    assert note(result, overall=rates([], [(200, 31)])).endswith("In all it is 16 %.")


@pytest.mark.parametrize(
    "hits, said, status",
    [
        (58, "58 of 412 calls hung up before an agent answered: 14 % (11 to 18), off the target of 5 %", "off"),
        (20, "20 of 412 calls hung up before an agent answered: 4.9 % (3.2 to 7.4), near the target of 5 %", "near"),
        (2, "2 of 412 calls hung up before an agent answered: 0.5 % (0.1 to 1.8), on target (5 %)", "on"),
        (0, "None of 412 calls hung up before an agent answered; on target (5 %)", "on"),
    ],
)
def test_the_target_is_said(hits, said, status):
    told = tell(rates([], [(412, hits)], target=target(0.05)))
    assert (plain(told.heading), told.status) == (said, status)
    assert [fact["kind"] for fact in told.facts] == ["off"] * (status == "off")


CSAT = {"metric": "csat", "hits": "satisfied_count", "target": target(0.8, "high", "csat")}


@pytest.mark.parametrize(
    "rows, said, highlight, shows, status",
    [
        (
            [("billing", 19, 5), ("other", 100, 80)],
            "1 of 2 topics misses the target of 80 %; about Billing it is 26 %, 80 % for the others",
            0,
            True,
            "off",
        ),
        (
            [("billing", 190, 50), ("other", 100, 60)],
            "No topic reaches the target of 80 %; about Billing it is 26 %, 60 % for the others",
            0,
            True,
            "off",
        ),
        (
            [("billing", 100, 60), ("other", 100, 60), ("sales", 3, 3)],
            "Each of 2 topics with enough cases misses the target of 80 %",
            None,
            True,
            "off",
        ),
        (
            [("a", 100, 70), ("b", 100, 73), ("c", 100, 74)],
            "1 of 3 topics misses the target of 80 %: A",
            None,
            True,
            "off",
        ),
        ([("a", 190, 180), ("b", 100, 95)], "No topic misses the target of 80 %; none stands out", None, False, "on"),
        (
            [("a", 190, 150), ("b", 100, 80)],
            "No topic is clearly off the target of 80 %; none stands out",
            None,
            False,
            "near",
        ),
        # what is better than the others is no finding beside what misses its target
        (
            [("a", 200, 138), ("b", 200, 138), ("c", 200, 138), ("d", 200, 185)],
            "3 of 4 topics miss the target of 80 %",
            None,
            True,
            "off",
        ),
    ],
)
def test_groups_against_their_target(rows, said, highlight, shows, status):
    told = tell(rates(["topic"], rows, **CSAT))
    assert plain(told.heading) == said
    assert (told.highlight, told.shows, told.status) == (highlight, shows, status)


def test_what_should_be_low_keeps_to_its_target():
    rows = [(hour, 200, 40) for hour in range(9, 13)]
    assert heading(rates(["hour"], rows, target=target(0.05))) == "No hour keeps to the target of 5 %"


def test_a_group_that_does_not_miss_its_target_is_not_named_in_its_stead():
    # a is the lowest of b and c, and reaches its own target
    rows = [("a", 1000, 850), ("b", 1000, 950), ("c", 60, 39)]
    told = tell(rates(["topic"], rows, **CSAT))
    assert plain(told.heading) == (
        "1 of 3 topics misses the target of 80 %; 65 % of answers about C were satisfied, 90 % of the others"
    )


def test_of_what_should_be_high_the_lowest_is_told():
    result = rates(["topic"], [("internet_fault", 100, 40), ("b", 100, 80)], "csat", "satisfied_count")
    told = tell(result)
    assert plain(told.heading) == "40 % of answers about Internet fault were satisfied, 80 % of the others"
    assert told.facts[0]["direction"] == "worse"


def test_one_group_is_a_plain_sentence():
    result = rates(["topic"], [("internet_fault", 44, 31)], "csat", "satisfied_count")
    assert heading(result) == "31 of 44 answers about Internet fault were satisfied: 70 % (56 to 82)"


def test_what_is_outside_opening_hours_reads_as_a_place():
    rows = [("inside", 417, 279), ("outside", 154, 29)]
    result = rates(["opening"], rows, "response_rate", "answered_count")
    assert heading(result) == "19 % of conversations outside opening hours got an answer, 67 % of the others"


def test_response_rate_of_all_and_of_those_that_need_one():
    columns = {"closed_count": 7, "open_count": 13, "needing_count": 90, "needing_rate": 0.875}
    columns |= {"needing_rate_low": 0.8, "needing_rate_high": 0.92}
    result = rates([], [(100, 80)], "response_rate", "answered_count", columns=columns, units={"needing_rate": "rate"})
    assert plain(sentence(result)) == (
        "80 of 100 conversations got an answer: 80 % (71 to 87). Of the 90 that need one it is 88 % (80 to 92)."
        " Still waiting: 13; closed without an answer: 7."
    )


def test_csat_names_how_many_surveys_were_answered():
    columns = {"sent_count": 400, "survey_response_rate": 0.25}
    columns |= {"survey_response_rate_low": 0.21, "survey_response_rate_high": 0.29}
    units = {"survey_response_rate": "rate", "sent_count": "count"}
    result = rates([], [(100, 80)], "csat", "satisfied_count", columns=columns, units=units)
    assert (
        plain(sentence(result))
        == "80 of 100 answers were satisfied: 80 % (71 to 87). Of 400 surveys 25 % (21 to 29) were answered."
    )


def test_the_bases_stand_side_by_side_and_none_is_the_highest():
    rows = [("offered", 378, 54), ("wanted_agent", 303, 54), ("queued", 272, 22)]
    told = tell(rates([], rows, "abandonment_by_base", rows=["base"], ordered=True))
    assert (
        plain(told.heading) == "The abandonment rate is between 8.1 % and 18 %, depending on the calls that are counted"
    )
    assert plain(told.note) == (
        "14 % (11 to 18) of all offered calls, 18 % (14 to 23) of calls that wanted an agent and 8.1 % (5.4 to 12) of calls"
        " that queued."
    )
    assert told.highlight is None and told.shows


@pytest.mark.parametrize(
    "rows, said",
    [
        ([], "No data in this period"),
        ([("menu", 100, 0), ("queue", 90, 0)], "None of 100 calls hung up on the way"),
        (
            [("menu", 1000, 10), ("identification", 500, 100), ("queue", 400, 20)],
            "20 % of calls at identification hung up there, 2.1 % at the others",
        ),
    ],
)
def test_abandonment_by_stage(rows, said):
    shares = {"share_of_abandons": 0.5}
    result = rates([], rows, "abandonment_by_stage", rows=["stage"], ordered=True, columns=shares)
    assert heading(result) == said


# --- weeks ------------------------------------------------------------------------------------------

WEEKS = pd.date_range("2024-01-29", periods=13, freq="7D")


def weekly(fall=70, **attrs):
    """13 weeks of 200 conversations, about 120 answered, but for the one of 15 April."""
    rows = [(week, 200, 120 + place % 3) for place, week in enumerate(WEEKS)]
    rows[11] = (WEEKS[11], 200, fall)
    return rates(["week"], rows, "response_rate", "answered_count", **attrs)


def test_the_week_that_stands_out_is_held_against_the_others_together():
    told = tell(weekly(target=target(0.8, "high", "response_rate")))
    assert plain(told.heading) == "The week of 15 April stands out: 35 % got an answer, 60 % in the other weeks"
    assert plain(told.note) == (
        "In the week of 15 April: 70 of 200 conversations, 35 % (29 to 42). No week reaches the target of 80 %."
    )
    assert told.highlight == 11 and told.facts[0]["weeks"] == ["2024-04-15"]
    assert told.facts[0]["kind"] == "standout" and told.facts[0]["direction"] == "worse"


def test_where_weeks_move_much_none_stands_out():
    rows = [(week, 2000, 1000 + 200 * (place % 2)) for place, week in enumerate(WEEKS)]  # each would beyond chance
    rows[11] = (WEEKS[11], 2000, 950)
    told = tell(rates(["week"], rows, "response_rate", "answered_count"))
    assert (
        plain(told.heading) == "No week stands out: the response rate is between 48 % and 60 %" and not told.is_changed
    )


def test_of_too_few_weeks_none_can_be_told_apart():
    told = tell(rates(["week"], [(WEEKS[0], 200, 120), (WEEKS[1], 200, 20), (WEEKS[2], 200, 121)]))
    assert plain(told.heading) == "3 weeks between 10 % and 60 %, too few to tell whether one stands out"
    assert not told.shows and not told.tested


def test_only_weeks_of_the_period_stand_out():
    later = parse_period("2024-04-22..2024-04-28", datetime(2024, 6, 1, tzinfo=UTC), "UTC")
    april = parse_period("2024-04", datetime(2024, 6, 1, tzinfo=UTC), "UTC")
    assert tell(weekly(), period=later).highlight is None and tell(weekly(), period=april).highlight == 11
    assert len(tell(weekly(), period=april).tested) == 4  # the last of March's days lies in none of them


def test_only_weeks_of_the_period_are_off_target_for_a_headline():
    later = parse_period("2024-04-22..2024-04-28", datetime(2024, 6, 1, tzinfo=UTC), "UTC")
    facts = tell(weekly(target=target(0.8, "high", "response_rate")), period=later).facts
    assert [(fact["value"][:10], fact["name"]) for fact in facts] == [("2024-04-22", "the week of 22 April")]
    last = weekly(target=target(0.5, "high", "response_rate"))  # which only the week of 15 April misses
    assert tell(last, period=later).facts == [] and {fact["kind"] for fact in tell(last).facts} == {"standout", "off"}


def test_weeks_of_waits_stand_out_beyond_how_much_they_move():
    chance, rows = np.random.default_rng(5), []
    for place, week in enumerate(WEEKS):
        seconds = chance.exponential(36_000 if place == 11 else 3600, 60).round()
        at = week.tz_localize("UTC") + pd.Timedelta(hours=30)
        rows += [(at, at + pd.Timedelta(seconds=one), week) for one in seconds]
    frame = pd.DataFrame(rows, columns=["created_at", "first_response_at", "week_"])
    result = metrics.first_response_time(frame[["created_at", "first_response_at"]], by="week", zone="UTC")
    told = tell(result)
    assert told.highlight == 11
    assert plain(told.heading).startswith("The week of 15 April stands out: half had a first response within ")
    assert plain(told.heading).endswith(" min in the other weeks")


def test_the_year_is_said_where_there_are_several():
    weeks = [*pd.date_range("2023-03-06", periods=6, freq="7D"), pd.Timestamp("2024-04-08")]
    rows = [(week, 900, 90) for week in weeks[:-1]] + [(weeks[-1], 300, 150)]
    assert heading(rates(["week"], rows)).startswith("The week of 8 April 2024 stands out: 50 %")


# --- waits ------------------------------------------------------------------------------------------


def conversations(groups):
    """One row per conversation of {channel: (seconds answered after, how many closed unanswered, how many waiting)}."""
    rows = []
    for channel, (answered, closed, waiting) in groups.items():
        rows += [(channel, seconds, None) for seconds in answered] + [(channel, None, 600)] * closed
        rows += [(channel, None, None)] * waiting
    frame = pd.DataFrame(rows, columns=["channel", "answered", "closed"])
    ends = {name: START + pd.to_timedelta(frame[name].astype(float), unit="s") for name in ("answered", "closed")}
    return frame[["channel"]].assign(created_at=START, first_response_at=ends["answered"], closed_at=ends["closed"])


def waits(groups, by=None):
    return metrics.first_response_time(conversations(groups), by=by, as_of=START + pd.Timedelta(days=3))


def test_answered_waiting_and_closed_are_three_numbers():
    told = tell(waits({"email": ([3600] * 60 + [7200] * 30, 7, 12)}))
    assert plain(told.heading) == "Half of 109 conversations had a first response within 1 h (1 to 2)"
    assert plain(told.note) == (
        "Fewer than 90 % so far. 90 were answered, 12 are still waiting and 7 were closed without an answer."
    )


@pytest.mark.parametrize(
    "closed, waiting, said",
    [
        (0, 0, "All 40 were answered."),
        (1, 0, "40 were answered and 1 was closed without an answer."),
        (0, 1, "40 were answered and 1 is still waiting."),
        (3, 2, "40 were answered, 2 are still waiting and 3 were closed without an answer."),
    ],
)
def test_what_is_said_of_those_without_an_answer(closed, waiting, said):
    assert plain(sentence(waits({"email": (list(range(60, 2460, 60)), closed, waiting)}))).endswith(said)


def test_a_median_that_is_not_reached():
    waiting, over = waits({"email": ([60] * 10, 0, 30)}), waits({"email": ([60] * 10, 30, 0)})
    assert heading(waiting) == "Fewer than half of 40 conversations had a first response so far"
    assert note(waiting) == "10 were answered and 30 are still waiting."
    assert heading(over) == "Fewer than half of 40 conversations had a first response"
    assert note(over) == "10 were answered and 30 were closed without an answer."


SLOW, QUICK = list(range(30_000, 42_000, 120)), list(range(30, 130))


@pytest.mark.parametrize(
    "groups, said",
    [
        (
            {"email": (SLOW, 0, 3), "web_chat": (QUICK, 2, 0), "x": (QUICK, 0, 0)},
            "Half of conversations via e-mail had a first response within 10 h, half of the others within 1.3 min",
        ),
        (
            {
                "email": (list(range(40, 140)), 0, 0),
                "x": (list(range(45, 145)), 0, 0),
                "sms": (list(range(40, 140)), 0, 0),
            },
            "No channel stands out: the median first response time is between 1.5 min and 1.6 min",
        ),
        (
            {"a": ([7200] * 20, 0, 80), "b": (QUICK, 0, 0)},
            "Via A the median isn’t reached so far, it is 1.3 min for the others",
        ),
    ],
)
def test_the_slowest_group_is_told_with_the_others(groups, said):
    assert heading(waits(groups, "channel")) == said


def test_the_many_who_wait_are_named_before_the_few_who_wait_longest():
    few = [200_000 + 60 * place for place in range(12)]
    told = tell(waits({"email": (SLOW * 3, 0, 0), "x": (QUICK * 3, 0, 0), "sms": (few, 0, 0)}, "channel"))
    assert "via e-mail" in told.heading and "Longer still via SMS: half of 12 conversations" in plain(told.note)


def test_false_claims_on_waits_are_rare():
    chance, false = np.random.default_rng(3), 0
    for _ in range(60):
        frame = pd.DataFrame({"channel": chance.choice(list("abcdef"), 300)})
        seconds = chance.lognormal(7, 2, 300).round()
        frame["created_at"] = START
        frame["first_response_at"] = (START + pd.to_timedelta(seconds, unit="s")).where(seconds < 86_400)
        result = metrics.first_response_time(frame, by="channel", as_of=START + pd.Timedelta(days=1))
        false += (claims.against_the_rest(result)["verdict"] == "clear").any()
    assert false <= 7  # 5 % of 60 is 3


def test_the_population_is_named():
    frame = conversations({"email": (list(range(60, 2460, 60)), 0, 0), "phone": ([5] * 40, 0, 0)})
    result = metrics.first_response_time(frame, channels="written", as_of=START + pd.Timedelta(days=3))
    assert sentence(result).startswith("Half of 40 written conversations had a first response")


def within_target(result, seconds):
    within = {"target_seconds": seconds, "within_target": 0.5, "within_target_low": 0.35, "within_target_high": 0.65}
    ends = dict(zip(("of", "low", "high"), list(within)[1:], strict=True))
    made = Result(result.assign(**within))
    made.attrs = result.attrs | {"target": ends | {"value": 0.8, "best": "high"}}
    return made


@pytest.mark.parametrize(
    "seconds, said",
    [
        (1200.0, "50 % within 20 min, off the target of 80 %"),
        (np.nan, "50 % (35 to 65) on time, off the target of 80 %"),  # each channel its own
    ],
)
def test_the_target_of_a_wait_names_the_time(seconds, said):
    told = tell(within_target(waits({"email": (list(range(60, 2460, 60)), 0, 0)}), seconds))
    assert (
        plain(told.heading).startswith("Half ") and plain(told.heading).endswith(f"; {said}") and told.status == "off"
    )


def test_a_series_of_the_share_in_time_is_told_as_the_rate_that_it_is():
    frame = pd.DataFrame({"week": WEEKS, "n": 200, "median_seconds": 60.0, "median_low": 50.0, "median_high": 70.0})
    frame["within_target"] = [0.6 + 0.005 * (place % 3) for place in range(13)]
    frame.loc[11, "within_target"] = 0.35
    frame["within_target_low"], frame["within_target_high"] = (
        frame["within_target"] - 0.07,
        frame["within_target"] + 0.07,
    )
    ends = {"low": "within_target_low", "high": "within_target_high"}
    about = {
        "value": "within_target",
        "ends": tuple(ends.values()),
        "target": {"of": "within_target", "value": 0.8} | ends,
    }
    about["target"] |= {"best": "high"}
    result = made("first_response_time", frame, ["week"], units={"within_target": "rate"}, **about)
    told = tell(result)
    assert plain(told.heading) == (
        "The week of 15 April stands out: 35 % had a first response on time, 60 % in the other weeks"
    )
    assert told.highlight == 11 and told.status == "off" and told.facts[0]["direction"] == "worse"
    about["target"]["seconds"] = 20
    said = heading(made("first_response_time", frame[:2], ["week"], units={"within_target": "rate"}, **about))
    assert said == "No week reaches the target of 80 %"


def test_weeks_off_their_target_are_called_weeks():
    rows = [(week, 100, 90) for week in WEEKS]
    rows[3], rows[11] = (WEEKS[3], 100, 70), (WEEKS[11], 100, 71)
    assert heading(rates(["week"], rows, **CSAT)).startswith(
        "2 of 13 weeks miss the target of 80 %: the week of 19 February and the week of 15 April"
    )


def test_response_curve():
    frame = conversations({"email": ([1800] * 60 + [7200] * 30, 0, 10)})
    curve = metrics.response_curve(frame, as_of=START + pd.Timedelta(days=3))
    assert (
        heading(curve)
        == "60 % (51 to 70) of 100 conversations had a first response within 1 h, 90 % (83 to 95) within 24 h"
    )
    assert heading(curve.iloc[:0]) == "No data in this period"


def test_groups_of_a_curve_are_compared_after_a_day_and_quick_ones_sooner():
    frame = conversations({"email": (SLOW[:60], 0, 40), "x": (QUICK, 0, 0)})
    curve = metrics.response_curve(frame, by="channel", as_of=START + pd.Timedelta(days=3))
    told = tell(curve)
    assert (
        plain(told.heading) == "60 % of conversations via e-mail had a first response within 24 h, 100 % of the others"
    )
    assert curve.loc[told.highlight, "channel"] == "email"
    quick = conversations({"email": ([5000] * 100, 0, 0), "x": (QUICK, 0, 0)})
    curve = metrics.response_curve(quick, by="channel", as_of=START + pd.Timedelta(days=3))
    assert heading(curve) == "0 % of conversations via e-mail had a first response within 1 h, 100 % of the others"


@pytest.mark.parametrize(
    "closed, waiting, said",
    [
        (5, 15, "20 of 100 conversations have no answer, 5 of them were closed without one"),
        (1, 0, "1 of 81 conversations has no answer: it was closed without one"),
        (1, 1, "2 of 82 conversations have no answer, 1 of them was closed without one"),
        (0, 1, "1 of 81 conversations has no answer"),
        (0, 15, "15 of 95 conversations have no answer"),
        (0, 0, "All of 80 conversations have an answer"),
    ],
)
def test_response_time_buckets(closed, waiting, said):
    frame = conversations({"email": ([1800] * 50 + [7200] * 30, closed, waiting)})
    buckets = metrics.response_time_buckets(frame, edges=("1h",), as_of=START + pd.Timedelta(days=3))
    assert heading(buckets) == said
    assert heading(buckets.iloc[:0]) == "No data in this period"
    single = metrics.response_time_buckets(frame, by="channel", edges=("1h",), as_of=START + pd.Timedelta(days=3))
    assert sentence(single) == sentence(buckets)  # what is said of all isn't said twice


def test_of_spans_the_group_with_the_fewest_in_the_first_is_told_beside():
    frame = conversations({"email": ([7200] * 60, 0, 0), "x": ([60] * 60, 0, 0), "sms": ([60] * 55 + [7200] * 5, 0, 0)})
    buckets = metrics.response_time_buckets(frame, by="channel", edges=("1h",), as_of=START + pd.Timedelta(days=3))
    told = tell(buckets)
    assert plain(told.note) == (
        "0 % of conversations via e-mail were answered within 1 h, 96 % of the others. Of 180 conversations: 64 % (57 to 71)"
        " within 1 h."
    )
    assert told.highlight is None and told.shows  # the heading names no group


def test_reply_pairs_are_set_beside_the_first_response_of_threads_begun_meanwhile():
    row = {
        "n": 300,
        "median_seconds": 7200.0,
        "median_low": 6000.0,
        "median_high": 8000.0,
        "p90_seconds": 86_400.0,
        "negative_count": 1,
    }
    facts = {"threads": 120, "thread_median": 14_328.0}
    result = made(
        "reply_pairs", [row], ends=("median_low", "median_high"), facts=facts, units={"negative_count": "count"}
    )
    assert plain(sentence(result)) == (
        "The median time from a message to its reply is 2 h (1.7 to 2.2) over 300 reply pairs. 90 % of 300 reply pairs within 24 h. The"
        " median first response of the 120 threads begun meanwhile is 4 h: a thread has one first response, and a pair for each message"
        " that was answered. 1 reply is stamped before its message."
    )


def test_average_speed_of_answer():
    row = {
        "n": 50,
        "mean_seconds": 30.0,
        "mean_low": 20.0,
        "mean_high": 40.0,
        "median_seconds": 15.0,
        "p90_seconds": 90.0,
    }
    result = made("average_speed_of_answer", [row], ends=("mean_low", "mean_high"), facts={"unknown": 2})
    assert heading(result) == "The mean wait of answered calls is 30 s (20 to 40) over 50 answered calls"
    assert note(result) == (
        "Half of 50 answered calls within 15 s, 90 % within 1.5 min. 2 answered calls without a time of answer are left out."
    )
    few = result.assign(mean_low=np.nan, mean_high=np.nan)
    assert heading(few) == "The mean wait of answered calls is 30 s over 50 answered calls"


# --- counts -----------------------------------------------------------------------------------------


def counts(by, rows, **attrs):
    frame = pd.DataFrame(rows, columns=[*by, "n"])
    return made("inbound_volume", frame.assign(share=frame["n"] / frame["n"].sum()), by, 0, **attrs)


DAYS = pd.date_range("2024-04-01", periods=8)


@pytest.mark.parametrize(
    "by, rows, said, highlight",
    [
        ([], [(1,)], "1 contact came in", None),
        (["channel"], [("email", 10), ("phone", 30)], "40 contacts came in; most via phone: 30 (75 %)", None),
        (
            ["channel"],
            [("email", 10), ("phone", 15), ("x", 5)],
            "30 contacts came in; the largest number via phone: 15 (50 %)",
            None,
        ),
        (["channel"], [("email", 10), ("(none)", 30)], "40 contacts came in", None),
        (["channel"], [], "No data in this period", None),
        (
            ["day"],
            list(zip(DAYS, [9, 12, 11, 8, 10, 13, 10, 7], strict=True)),
            "80 contacts came in, 10.0 per day on average",
            None,
        ),
        (
            ["day"],
            list(zip(DAYS, [9, 12, 11, 8, 10, 60, 10, 7], strict=True)),
            "127 contacts came in, 15.9 per day on average; clearly more than the others on 6 April: 60",
            5,
        ),
    ],
)
def test_inbound_volume(by, rows, said, highlight):
    told = tell(counts(by, rows))
    assert (plain(told.heading), told.highlight) == (said, highlight)


def test_the_change_of_a_group_of_a_count_is_told_in_percent():
    now = counts(["channel"], [("email", 100), ("phone", 260)])
    rows = [
        {
            "channel": "phone",
            "n": 260,
            "previous": 200,
            "change": 0.3,
            "change_low": 0.1,
            "change_high": 0.5,
            "p": 0.001,
        }
    ]
    against = comparison(rows[0] | {"verdict": "clear"}, "inbound_volume", "change in percent", ["channel"], ends=())
    told = tell(now, comparison=against)
    assert plain(told.heading) == (
        "360 contacts came in; most via phone: 260 (72 %)"  # what more would not fit
    ) and plain(told.note).endswith("rose clearly, by 30 % (10 to 50).")
    assert told.is_changed and told.highlight is None


def test_parts_of_weeks_and_missing_days_are_in_no_average():
    weeks = pd.date_range("2024-03-25", periods=4, freq="7D")
    result = counts(["week"], list(zip(weeks, [3, 100, 110, 12], strict=True)), partial=[0, 3])
    assert "105 per week on average" in heading(result)
    days = pd.date_range("2024-04-01", periods=4)
    assert "10.0 per day on average" in heading(counts(["day"], list(zip(days, [10, np.nan, 10, 10], strict=True))))


def test_sentiment_engines():
    messages = {
        "sender": ["customer"] * 4,
        "language": ["it"] * 3 + [None],
        "sentiment_engine": ["lexicon-it"] * 3 + [None],
    }
    assert plain(sentence(metrics.sentiment_engines(pd.DataFrame(messages)))) == (
        "3 of 4 customer messages were scored (75 %). 3 by the Italian lexicon. 1 other had no text or no known language."
    )


def test_groups_off_their_target_are_those_that_are_clearly_off():
    rows = pd.DataFrame(
        {"hour": [9, 10, 11], "n": [18, 40, 4], "mean_seconds": 30.0, "mean_low": 20.0, "mean_high": 40.0}
    )
    rows = rows.assign(
        within_target=[0.7, 0.4, 0.0], within_target_low=[0.5, 0.3, 0.0], within_target_high=[0.9, 0.6, 0.5]
    )
    ends = {"low": "within_target_low", "high": "within_target_high"}
    promised = {"of": "within_target", "value": 0.8, "best": "high", "seconds": 20} | ends
    result = made("average_speed_of_answer", rows, ["hour"], ends=("mean_low", "mean_high"), target=promised)
    # the chart is of the mean, and 70 % is less often than the target, too, but may be chance
    assert (
        heading(result)
        == "The mean is 30 s in each; 1 of 2 hours with enough cases misses the target of 80 % within 20 s"
    )
    result.loc[0, "mean_seconds"] = 25.0
    told = tell(result)
    assert plain(told.heading) == "The mean wait of answered calls is between 25 s and 30 s"  # both would be too long
    assert "1 of 2 hours with enough cases misses the target of 80 % within 20 s: 10:00." in plain(told.note)


def heat(counted, **facts):
    """A week of hours of (weekday, hour, n) in four weeks."""
    frame = pd.DataFrame(counted, columns=["weekday", "hour", "n"]).assign(days=4)
    frame["mean"] = frame["n"] / 4
    frame["low"], frame["high"] = frame["mean"] * 0.8, frame["mean"] * 1.2
    return made("volume_heatmap", frame, ["weekday", "hour"], facts={"standout": None} | facts)


HOURS = [("Monday", 9, 8), ("Monday", 10, 40), ("Tuesday", 10, 20)]


@pytest.mark.parametrize(
    "facts, said, highlight",
    [
        ({}, "88 % of 68 contacts came in between 10:00 and 11:00; no hour of the week stands out", None),
        (
            {"outside": {"hits": 18, "n": 68}},
            "26 % of 68 contacts came in outside opening hours; no hour of the week stands out",
            None,
        ),
        (
            {"standout": 1},
            "The largest number came in on Monday at 10:00: 10 contacts on average (8 to 12)",
            1,
        ),
        (
            {"standout": 1, "outside": {"hits": 18, "n": 68}},
            "The largest number came in on Monday at 10:00: 10 contacts on average (8 to 12)",
            1,
        ),
    ],
)
def test_volume_heatmap(facts, said, highlight):
    told = tell(heat(HOURS, **facts))
    assert plain(told.heading).startswith(said) and told.highlight == highlight and told.shows
    assert told.is_changed == (highlight is not None) and "chance" not in told.sentence


def test_volume_heatmap_of_few_weeks_or_of_nothing():
    few = heat(HOURS).assign(low=np.nan)
    assert heading(few).endswith("; too few weeks to tell hours apart")
    assert heading(heat([("Monday", 9, 0)])) == "No data in this period"
    one = heat([("Monday", 9, 1)], outside={"hits": 1, "n": 1}, least=10)
    assert heading(one) == "Too few to say: 1 contact, fewer than 10"
    late = metrics.volume_heatmap(pd.DataFrame({"created_at": [pd.Timestamp("2024-03-01T22:00Z")] * 9}), zone="UTC")
    assert heading(late) == "Too few to say: 9 conversations, fewer than 10"


# --- satisfaction, sentiment ------------------------------------------------------------------------

PULLS = ["topic", "n", "csat", "low", "high", "pull", "pull_low", "pull_high", "verdict"]


@pytest.mark.parametrize(
    "rows, said, more, highlight",
    [
        ([], "No data in this period", "", None),
        ([("a", 3, 1.0, 0.4, 1.0, 0.0, 0.0, 0.0, "few")], "Too few to say: 3 answers, fewer than 10", "", None),
        (
            [
                ("repair", 100, 0.7, 0.6, 0.8, 0.0, -0.02, 0.02, "chance"),
                ("internet_fault", 100, 0.5, 0.4, 0.6, -0.1, -0.12, -0.08, "clear"),
                ("sales", 100, 0.9, 0.8, 0.95, 0.1, 0.08, 0.12, "clear"),
            ],
            "Internet fault pulls CSAT down by 10 points (8 to 12)",
            "50 % of its 100 answers are satisfied; without it CSAT would be 80 % instead of 70 %. Sales pulls CSAT up by 10"
            " points (8 to 12).",
            1,
        ),
        (
            [
                ("a", 50, 0.7, 0.6, 0.8, -0.01, -0.05, 0.03, "chance"),
                ("b", 50, 0.72, 0.6, 0.8, 0.01, -0.03, 0.05, "chance"),
            ],
            "No topic clearly pulls CSAT up or down",
            "71 % of 100 answers are satisfied.",
            None,
        ),
        (
            [
                ("(none)", 100, 0.5, 0.4, 0.6, -0.1, -0.12, -0.08, "clear"),
                ("b", 100, 0.7, 0.6, 0.8, 0.0, -0.02, 0.02, "chance"),
            ],
            "No topic clearly pulls CSAT up or down",
            "60 % of 200 answers are satisfied.",
            None,
        ),
    ],
)
def test_csat_by_topic(rows, said, more, highlight):
    about = {"ends": ("pull_low", "pull_high"), "of": "csat"}
    told = tell(made("csat_by_topic", pd.DataFrame(rows, columns=PULLS), ["topic"], **about))
    assert (plain(told.heading), plain(told.note), told.highlight) == (said, more, highlight)
    assert told.shows == told.is_changed == (highlight is not None)


ADDED = ["topic", "n", "previous_n", "negative", "previous", "level", "mix", "contribution"]
ADDED += ["contribution_low", "contribution_high", "verdict", "is_total", "p"]
FAULT = ("internet_fault", 251, 200, 0.5, 0.4, 0.1, 0.023, 0.123, 0.1, 0.15, "clear", False, 1e-9)
RETURNS = ("returns", 50, 50, 0.2, 0.35, -0.024, 0.0, -0.024, -0.035, -0.01, "clear", False, 0.001)
UNKNOWN = ("(none)", 90, 90, 0.6, 0.2, 0.2, 0.0, 0.2, 0.15, 0.25, "clear", False, 1e-9)
ROAMING = ("roaming", 30, 30, 0.3, 0.3, 0.005, 0.0, 0.005, -0.01, 0.02, "chance", False, 0.4)


@pytest.mark.parametrize(
    "rows, total, said, more, highlight",
    [
        (
            [RETURNS, FAULT, UNKNOWN],
            0.106,
            "Internet fault added 12.3 points to the share of negative messages; in all it rose by 10.6",
            "Internet fault: 12.3 points (10 to 15). Of the 12.3 points that Internet fault accounts for, 10.0 come from"
            " Internet fault’s own rise and 2.3 from more of the messages being about it. Returns took 2.4 points off the"
            " share of negative messages.",
            1,
        ),
        (
            [FAULT],
            0.2,  # of which the fault is a part
            "Internet fault added 12.3 points to the share of negative messages; in all it rose by 20.0",
            "Internet fault: 12.3 points (10 to 15). Of the 20 points in all, 10.0 come from Internet fault’s own rise and"
            " 2.3 from more of the messages being about it.",
            0,
        ),
        (
            [FAULT],
            -0.02,
            "Internet fault added 12.3 points to the share of negative messages; in all it fell by 2.0",
            "Internet fault: 12.3 points (10 to 15). Of the 12.3 points that Internet fault accounts for, 10.0 come from"
            " Internet fault’s own rise and 2.3 from more of the messages being about it.",
            0,
        ),
        (
            [RETURNS, ROAMING],
            0.0,
            "Returns took 2.4 points off the share of negative messages; in all it is unchanged",
            "Returns: 2.4 points (1 to 3.5). Of the 2.4 points that Returns accounts for, 2.4 come from Returns’s own fall.",
            0,
        ),
        (
            [UNKNOWN, ROAMING],
            0.02,
            "No topic clearly moved the share of negative messages; in all it rose by 2.0",
            "",
            None,
        ),
    ],
)
def test_what_added_to_a_change(rows, total, said, more, highlight):
    last = ("all", 331, 300, 0.3, 0.24, total, 0.0, total, total - 0.02, total + 0.02, "clear", True, 0.001)
    about = {"shape": "contribution", "value": "contribution", "ends": ("contribution_low", "contribution_high")}
    about |= {"best": "low", "of": "negative", "units": {"contribution": "points"}}
    told = tell(made("sentiment_trend", pd.DataFrame([*rows, last], columns=ADDED), ["topic"], **about))
    assert (plain(told.heading), plain(told.note), told.highlight) == (said, more, highlight)
    assert told.shows == (highlight is not None) and len(told.tested) == len(rows) + 1


def test_low_scores_are_counted_in_full():
    listed = pd.DataFrame({"score": [1] * 30, "comment": ["slow"] * 30})
    facts = {"total": 41, "worst": 15, "with_comment": 19}
    result = made("low_scores", listed, choices={"low": 3}, facts=facts)
    assert heading(result) == "41 answers were 3 or less, 15 of them scored 1"
    assert note(result) == "19 came with a comment. The table holds the first 30."
    one = made("low_scores", listed.iloc[:1], choices={"low": 2}, facts={"total": 1, "worst": 1, "with_comment": 0})
    assert plain(sentence(one)) == "1 answer was 2 or less, 1 of them scored 1. 0 came with a comment."
    none = made("low_scores", listed.iloc[:0], choices={"low": 3}, facts={"total": 0, "worst": 0, "with_comment": 0})
    assert heading(none) == "No case in this period is listed here"


def trend(rows):
    """Weeks of 100 messages with (negative count, change, verdict)."""
    frame = pd.DataFrame(rows, columns=["negative_count", "change", "verdict"])
    frame.insert(0, "week", pd.date_range("2024-04-01", periods=len(frame), freq="7D"))
    frame["n"], frame["positive_count"] = 100, 10
    frame["neutral_count"] = 90 - frame["negative_count"]
    for part in ("negative", "neutral", "positive"):
        frame[part] = frame[f"{part}_count"] / 100
        frame[f"{part}_low"], frame[f"{part}_high"] = wilson(frame[f"{part}_count"], frame["n"])
    return made("sentiment_trend", frame, ["week"], parts=["negative", "neutral", "positive"])


@pytest.mark.parametrize(
    "rows, said, more",
    [
        ([], "No data in this period", ""),
        (
            [(20, np.nan, "untested"), (50, 0.3, "clear"), (22, -0.28, "clear")],
            "The share of negative messages rose clearly in the week of 8 April, by 30 points to 50 %",
            "1 other change from one week to the next is clear, too.",
        ),
        (
            [(50, np.nan, "untested"), (20, -0.3, "clear")],
            "The share of negative messages fell clearly in the week of 8 April, by 30 points to 20 %",
            "",
        ),
        (
            [(20, np.nan, "untested"), (24, 0.04, "chance")],
            "No change of the share of negative messages from one week to the next is clear",
            "Of 200 messages: 22 % (17 to 28) negative, 68 % (61 to 74) neutral and 10 % (7 to 15) positive.",
        ),
        (
            [(49, np.nan, "untested"), (24, -0.25, "no history")],
            "Too little history to tell whether the share of negative messages changed",
            "Of 200 messages: 36 % (30 to 43) negative, 54 % (47 to 60) neutral and 10 % (7 to 15) positive.",
        ),
        (
            [(20, np.nan, "untested")],
            "Of 100 messages: 20 % (13 to 29) negative, 70 % (60 to 78) neutral and 10 % (6 to 17) positive",
            "There is no neighbouring week to compare with.",
        ),
        (
            [(20 + place % 2, 0.01, "chance") for place in range(6)] + [(50, 0.3, "clear"), (21, -0.29, "clear")],
            "The week of 13 May stands out: 50 % were negative, 21 % in the other weeks",
            "In the week of 13 May: 50 of 100 messages, 50 % (40 to 60).",
        ),
    ],
)
def test_sentiment_trend(rows, said, more):
    told = tell(trend(rows))
    assert (plain(told.heading), plain(told.note)) == (said, more)
    assert told.shows == told.is_changed == (told.highlight is not None) == ("clearly" in said or "stands" in said)


def test_parts_of_several_weeks_have_no_interval_that_forgets_the_conversations():
    weeks = trend([(20, np.nan, "untested"), (24, 0.04, "chance")])
    weeks["negative_low"], weeks["negative_high"] = [0.05, 0.07], [0.55, 0.57]  # few conversations, much alike
    assert note(weeks) == "Of 200 messages: 22 % negative, 68 % (61 to 74) neutral and 10 % (7 to 15) positive."


def test_weeks_that_reach_beyond_the_period_are_no_figure_of_it():
    result = trend([(20, np.nan, "untested"), (22, 0.02, "chance")])  # 1 to 14 April
    for days, said in (("2024-04-02..2024-04-14", ""), ("2024-04-01..2024-04-14", "Of 200 messages: 21 %")):
        period = parse_period(days, datetime(2024, 6, 1, tzinfo=UTC), "UTC")
        assert note(result, period=period)[: len(said) or None] == said


def test_only_the_reported_period_is_told():
    result = trend(
        [
            (20, np.nan, "untested"),
            (50, 0.3, "clear"),
            (22, -0.28, "clear"),
            (21, -0.01, "chance"),
            (20, -0.01, "chance"),
        ]
    )
    period = parse_period("2024-04-22..2024-05-05", datetime(2024, 6, 1, tzinfo=UTC), "UTC")
    assert heading(result, period=period).startswith("No change of the share of negative messages")
    later = parse_period("2025", datetime(2024, 6, 1, tzinfo=UTC), "UTC")
    assert heading(result, period=later) == "No data in this period"


@pytest.mark.parametrize(
    "every, starts, inside",
    [
        ("week", ["2024-03-25", "2024-04-01", "2024-04-29", "2024-05-06"], [False, True, True, False]),
        ("month", ["2024-03-01", "2024-04-01", "2024-05-01"], [False, True, True]),  # a month of 31 days, too
        ("day", ["2024-04-01", "2024-04-02", "2024-05-01", "2024-05-02"], [False, True, True, False]),
    ],
)
def test_one_rule_says_what_lies_in_the_period(every, starts, inside):
    class Span:
        first_day, last_day = date(2024, 4, 2), date(2024, 5, 1)

    assert claims.in_period(pd.to_datetime(starts), every, Span).tolist() == inside


# --- comparisons, quality ---------------------------------------------------------------------------


def comparison(row, metric="abandonment_rate", unit="points", by=(), **attrs):
    rows = row if isinstance(row, list) else [row]
    frame = pd.DataFrame(
        [{"n": 412, METRICS[metric].value: 0.14, "low": 0.11, "high": 0.18, "previous": 0.112} | one for one in rows]
    )
    return made(metric, frame, by, units={"change": unit}, **attrs | {"shape": "comparison"})


UP = {"change": 0.028, "change_low": 0.009, "change_high": 0.047, "p": 0.003, "verdict": "clear"}


@pytest.mark.parametrize(
    "row, said",
    [
        (UP, "up 2.8 points (0.9 to 4.7) on the period before, a clear change for the worse"),
        (
            UP | {"change": -0.028, "change_low": -0.047, "change_high": -0.009},
            "down 2.8 points (0.9 to 4.7) on the period before, a clear change for the better",
        ),
        (
            UP | {"change_low": -0.01, "verdict": "chance"},
            "up 2.8 points (−1 to 4.7) on the period before, which could be chance",
        ),
        (
            UP | {"change_low": np.nan, "change_high": np.nan, "verdict": "no history"},
            "up 2.8 points on the period before: too little history to tell",
        ),
        (
            UP | {"change": 0.0, "change_low": -0.01, "change_high": 0.01, "verdict": "chance"},
            "unchanged on the period before, which could be chance",
        ),
    ],
)
def test_a_change_is_said_with_its_verdict(row, said):
    assert heading(comparison(row)) == f"The abandonment rate is 14 % (11 to 18), {said}"
    told = tell(rates([], [(412, 58)]), comparison=comparison(row))
    whole, is_clear = plain(told.sentence), row["verdict"] == "clear"
    assert whole.startswith("58 of 412 calls hung up before an agent answered: 14 % (11 to 18)")
    assert told.is_changed == is_clear == ("clearly, from 11 %" in plain(told.heading))
    after = (
        said if row["change"] else said.removesuffix(", which could be chance")
    )  # that nothing changed needs no verdict
    assert is_clear or whole.endswith(f" {after[0].upper()}{after[1:]}.")


def test_a_change_that_does_not_fit_the_heading_is_in_the_note():
    csat = {"n": 100, "csat": 0.6, "low": 0.5, "high": 0.7, "previous": 0.8, "change": -0.2, "change_low": -0.3}
    against = comparison(csat | {"change_high": -0.1, "p": 0.001, "verdict": "clear"}, "csat")
    told = tell(rates([], [(100, 60)], **CSAT), comparison=against)
    assert (
        plain(told.heading)
        == "60 % (50 to 69) of answers were satisfied, off the target of 80 %; it fell clearly, from 80 %"
    )
    assert plain(told.note) == "60 of 100 answers were satisfied. Down 20 points (10 to 30) on the period before."
    assert [(fact["kind"], fact["direction"]) for fact in told.facts] == [("change", "worse"), ("off", "worse")]


def test_nothing_to_compare_with():
    row = {"change": np.nan, "change_low": np.nan, "change_high": np.nan, "verdict": "few"}
    assert heading(comparison(row)) == (
        "The abandonment rate is 14 % (11 to 18); nothing of the period before to compare it with: too few"
    )


def test_the_change_of_a_count_is_told_in_percent():
    row = {"n": 260, "change": 0.3, "change_low": -0.11, "change_high": 0.898, "verdict": "chance"}
    result = comparison(row, "inbound_volume", "change in percent", ends=())
    assert heading(result) == (
        "The number of contacts is 260, up 30 % (−11 to 90) on the period before, which could be chance"
    )
    result.attrs["per_day"] = True
    assert "up 30 % (−11 to 90) in the daily mean on the period before" in heading(result)


def test_of_groups_the_clear_changes_are_named():
    rows = [UP | {"queue": "care_desk", "p": 0.001}, UP | {"queue": "b", "change": 0.01, "verdict": "chance", "p": 0.4}]
    assert plain(sentence(comparison(rows, by=["queue"]))) == (
        "The abandonment rate for Care desk rose clearly, from 11 % to 14 %. For Care desk: up 2.8 points (0.9 to 4.7) on the"
        " period before."
    )
    assert heading(comparison([rows[1], rows[1] | {"queue": "c"}], by=["queue"])) == (
        "No clear change of the abandonment rate on the period before in 2 groups compared"
    )
    few = [rows[1] | {"verdict": "few", "queue": name} for name in "ab"]
    assert heading(comparison(few, by=["queue"])) == "No group can be compared with the period before"


@pytest.mark.parametrize(
    "p, kinds, said, highlight",
    [
        (1e-12, ["change", "standout"], "for Care desk it rose clearly, from 11 % to 14 %", 1),
        (0.001, ["standout", "change"], "for B it is 30 %, 14 % for the others", 0),
    ],
)
def test_of_a_change_and_a_standout_the_clearer_is_told(p, kinds, said, highlight):
    rows = [UP | {"queue": "care_desk", "p": p}, UP | {"queue": "b", "change": 0.01, "verdict": "chance", "p": 0.4}]
    now = rates(["queue"], [("b", 400, 120), ("care_desk", 400, 56)], target=target(0.05))
    told = tell(now, comparison=comparison(rows, by=["queue"]))
    assert plain(told.heading) == f"No queue keeps to the target of 5 %; {said}" and told.highlight == highlight
    assert [fact["kind"] for fact in told.facts] == [*kinds, "off", "off"]
    assert len(told.tested) == 4  # two changes, and the two sides of one difference
    unnamed = comparison([UP | {"queue": "(none)", "p": 1e-12}], by=["queue"])
    assert "rose" not in tell(now, comparison=unnamed).sentence


def test_a_clear_change_of_a_median_that_is_not_reached_has_no_number():
    now = waits({"a": ([7200] * 20, 0, 80), "b": (list(range(50, 150)), 0, 0)}, "channel")
    row = {"channel": "a", "median_seconds": np.nan, "previous": 7200.0, "change": np.nan, "change_low": np.nan}
    frame = pd.DataFrame([row | {"n": 100, "change_high": np.nan, "p": 1e-12, "verdict": "clear"}])
    against = made("first_response_time", frame, ["channel"], shape="comparison", units={"change": "change in seconds"})
    told = tell(now, comparison=against)
    assert "nan" not in told.sentence
    assert plain(told.heading) == "The median first response time via A changed clearly against the period before"


def test_facts_can_be_kept_as_json():
    told = tell(weekly(target=target(0.8, "high", "response_rate")))
    assert json.loads(json.dumps(told.facts)) == told.facts and json.dumps(told.tested)
    assert set(told.facts[0]) == {
        "kind", "metric", "key", "value", "name", "text", "clause", "direction", "p", "score", "n", "weeks",
    }  # fmt: skip
    assert all(
        fact["text"][0].isupper() | fact["text"][0].isdigit() and fact["text"].endswith(".") for fact in told.facts
    )
    assert all(not fact["clause"].endswith(".") and fact["text"][1:] == fact["clause"][1:] + "." for fact in told.facts)


@pytest.mark.parametrize(
    "rows, said",
    [
        ([], "No rows were read."),
        ([("calls", 100, 0, 0)], "100 rows were read; all could be used as they are."),
        ([("calls", 1, 1, 0)], "1 row was read; 1 (100 %) was set aside, and 0 values were mended."),
        (
            [("calls", 5000, 1, 0), ("surveys", 5000, 2, 1)],
            "10,000 rows were read for 2 tables; 3 (less than 0.1 %) were set aside, most from surveys (2 of 5,000), and 1 value"
            " was mended.",
        ),
        (  # the most of any table, and less than half of all
            [("calls", 50, 2, 0), ("surveys", 50, 3, 0), ("messages", 100, 1, 0)],
            "200 rows were read for 3 tables; 6 (3 %) were set aside, the largest number from surveys (3 of 50),"
            " and 0 values were mended.",
        ),
        (  # as many from both: neither is named
            [("calls", 50, 2, 0), ("surveys", 50, 2, 0)],
            "100 rows were read for 2 tables; 4 (4 %) were set aside, and 0 values were mended.",
        ),
    ],
)
def test_quality(rows, said):
    assert plain(find_quality(pd.DataFrame(rows, columns=["table", "rows_in", "rejected", "repaired"]))) == said


def test_what_is_left_out_on_purpose_is_told_apart():
    rows = pd.DataFrame(
        {"table": ["conversations", "calls"], "rows_in": [900, 100], "rejected": [36, 0], "repaired": 0}
    )
    said = plain(find_quality(rows.assign(on_purpose=[35, 0])))
    assert said.startswith("1,000 rows were read for 2 tables; 35 (3.5 %) were left out on purpose")
    assert said.endswith("; 1 (0.1 %) was set aside, most from conversations (1 of 900), and 0 values were mended.")
    said = plain(find_quality(rows.assign(on_purpose=[36, 0])))
    assert said.endswith("older copies are; all others could be used as they are.")


# --- what holds of each that is meant ----------------------------------------------------------------


def test_of_several_that_changed_the_largest_is_named_and_the_others_are_counted():
    """Italian has four times the messages, so that its change is surer; Romanian's is larger."""
    now = rates(["language"], [("it", 1000, 340), ("ro", 235, 93), ("pl", 127, 45)])
    rows = [
        UP | {"language": "it", "previous": 0.23, "change": 0.11, "change_low": 0.06, "change_high": 0.16, "p": 1e-6},
        UP | {"language": "ro", "previous": 0.21, "change": 0.18, "change_low": 0.08, "change_high": 0.29, "p": 1e-3},
        UP | {"language": "pl", "previous": 0.25, "change": 0.1, "change_low": -0.02, "change_high": 0.2, "p": 0.1,
              "verdict": "chance"},
    ]  # fmt: skip
    for row, value in zip(rows, now["abandonment_rate"], strict=True):
        row["abandonment_rate"] = value
    told = tell(now, comparison=comparison(rows, by=["language"]))
    assert plain(told.heading).startswith("The abandonment rate in Romanian rose clearly, from 21 % to 40 %")
    assert "1 more changed clearly." in plain(told.note) and now.loc[told.highlight, "language"] == "ro"
    assert "more changed" not in note(now, comparison=comparison(rows[1:], by=["language"]))


@pytest.mark.parametrize("unnamed", ["(none)", None])
@pytest.mark.parametrize(
    "best, off, on, said",
    [
        ("low", 400, 0, "Each of 3 agents misses the target of 5 %"),
        ("low", 1, 400, "Each of 3 agents keeps to the target of 5 %"),
        ("high", 1, 500, "Each of 3 agents misses the target of 90 %"),
        ("high", 500, 0, "Each of 3 agents reaches the target of 90 %"),
    ],
)
def test_what_holds_of_each_with_a_name_is_not_said_of_those_without(unnamed, best, off, on, said):
    """No agent keeps to the target, while the row without one does: then those with a name are counted."""
    against = target(0.05 if best == "low" else 0.9, best)
    rows = [(name, 500, off) for name in ("Sara", "Elena", "Ivo")]
    assert heading(rates(["agent"], [*rows, (unnamed, 500, on)], target=against)).startswith(said)
    alone = heading(rates(["agent"], rows, target=against))
    assert alone.startswith("No agent ")  # without such a row none is none
    for rest in (unnamed, 5, 0), (unnamed, 500, off):  # and so where that is too few to tell, or stands as they do
        assert heading(rates(["agent"], [*rows, rest], target=against)).startswith("No agent ")


def test_none_is_clearly_off_beside_those_without_a_name():
    rows = [("Sara", 100, 5), ("Elena", 100, 6), ("(none)", 500, 400)]
    assert heading(rates(["agent"], rows, target=target(0.05))).startswith(
        "None of 2 agents is clearly off the target of 5 %"
    )


def test_the_largest_number_is_not_told_of_a_group_too_small_for_a_share():
    rows = [("Sara", 30, 5), ("Elena", 30, 5), ("James", 8, 6)]
    assert "largest number" not in tell(rates(["agent"], rows)).sentence
    rows[-1] = ("James", 30, 6)
    assert "The largest number is with James: 6 of the 16" in plain(tell(rates(["agent"], rows)).sentence)


# --- all shapes -------------------------------------------------------------------------------------


def test_names_are_plain_text_on_one_line():
    rows = [("a\n<script>\x00\u202e" + "x" * 200, 100, 50), ("b", 100, 0)]
    told = tell(rates(["queue"], rows))
    said = plain(told.sentence)
    assert said.startswith("For A <script> xxx") and "…" in said and len(said) < 500 and said.isprintable()


@pytest.mark.parametrize("given", [pd.DataFrame({"n": [1]}), Result.of(pd.DataFrame({"n": [1]}), "x", {}), None])
def test_takes_the_result_of_a_metric_only(given):
    for name, function in (("sentence", sentence), ("tell", tell)):
        with pytest.raises(BadParameter, match=f"{name} takes the result of a metric, not a"):
            function(given)


def test_does_not_load_matplotlib():
    import subprocess
    import sys

    code = "import sys, toolkit.findings; sys.exit('matplotlib' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0


def results(data):
    """Results of every metric on the sample, without groups and by a key."""
    keys = {
        "conversations": ("channel", "agent", "hour", "week"),
        "calls": ("queue", "hour"),
        "surveys": ("topic", "week"),
    }
    turns = {
        table: cycle(of) for table, of in keys.items()
    }  # a key each in turn: all of them are told, not each of each
    for name, metric in METRICS.items():
        if not metric.table or name in ("reply_pairs", "abandonment_by_stage"):
            continue
        table = getattr(data, metric.table)
        takes = inspect.signature(metric.function).parameters
        yield f"{name} None", metric.function(table)
        if metric.table in keys and "by" in takes and name != "csat_by_topic":
            by = next(turns[metric.table])
            try:
                yield f"{name} {by}", metric.function(table, by=by)
            except (BadParameter, MissingColumn) as error:  # a step of time of its own, a day the shortest, or none
                assert by in ("hour", "week"), (name, by)
                assert re.search("the step of time|not by hour|no column '(hour|week)'", str(error)), (name, by)
    yield "stages", metrics.abandonment_by_stage(data.call_stages, data.calls)
    yield "trend", metrics.sentiment_trend(data.scored_messages, by="channel", every=None)


@pytest.fixture(scope="module")
def told(sample):
    data = sample.during("2024-04")
    return dict(results(data))


@pytest.fixture(scope="module")
def all_told(told):
    return {name: (result, tell(result)) for name, result in told.items()}


def test_every_heading_and_note_is_whole(all_told):
    raw = re.compile(r"\b(web_chat|internet_fault|whatsapp|email|hold_message|x)\b|[a-z]_[a-z]")
    for name, (_, one) in all_told.items():
        assert 0 < len(one.heading) <= LONGEST + 5, (name, one.heading)
        assert one.heading[-1] not in ".;:," and (not one.note or one.note.endswith(".")), (name, one)
        for said in filter(None, [one.heading, one.note, *[fact["text"] for fact in one.facts]]):
            assert said[0].isupper() or said[0].isdigit(), (name, said)
            assert not re.search(r"[`{}]|  |nan|None|\.\.|\binf\b", said.replace("None of", "Not")), (name, said)
            assert not raw.search(said), (name, said)
            assert not re.search(r"\b1 (calls|conversations|messages|answers|contacts|rows|groups)\b", said), (
                name,
                said,
            )
            assert not re.search(r"(?<!of )\b\d+ (%|s|min|h|d|points?)\b", said) or "expectation" in name, (name, said)
            assert not re.search(r"censored|hazard|distinguishable|\d{4}-\d\d", said), (name, said)
            assert max(len(re.findall(r"could be chance|clear|too little", part)) for part in said.split(". ")) <= 1, (
                said
            )


def test_what_is_highlighted_is_named_and_clear(all_told):
    named = 0
    for name, (result, one) in all_told.items():
        if one.highlight is None:
            continue
        named += 1
        assert one.is_changed and one.shows, name
        assert one.highlight in result.index, name
        keys = claims.place_keys(result)
        shown = [words.display_name(result.loc[one.highlight, key], key, in_sentence=True) for key in keys]
        assert all(part.lower() in one.heading.lower() for part in shown), (name, one.heading)
    assert named > 5


def test_no_word_bypasses_the_catalogue(told):
    words.use("pseudo")
    for name, result in told.items():
        said, depth, outside = sentence(result), 0, ""
        assert said.startswith("⟦") and said.endswith("⟧"), (name, said)
        for char in said:
            depth += (char == "⟦") - (char == "⟧")
            outside += char if not depth and char != "⟧" else ""
        assert depth == 0 and not re.search(r"[^\W\d]", outside), (name, outside)


def stock(left, before=100, **attrs):
    """What was open at the end of each week."""
    weeks = pd.to_datetime(WEEKS[: len(left)])
    frame = pd.DataFrame({"week": weeks, "n": 50, "closed_count": 40, "backlog": left, "backlog_change": 0})
    about = {"n": left[-1], "left": (left[-1], "count"), "by": (1, "count"), "steps": "weeks", "when": "then"}
    attrs = {"stock_before": before, "stock_at": "period", "is_stock": True} | attrs
    return made("new_and_closed", frame, ["week"], told=[("grew_since", about)], **attrs)


def test_a_stock_that_grew_is_told_to_the_headline():
    (fact,) = tell(stock([110, 120, 115, 125, 130])).facts
    assert (fact["kind"], fact["key"], fact["name"], fact["n"]) == ("stock", "", "Backlog", 130)
    assert plain(fact["clause"]) == "backlog: 130 open at the period’s end, 30 more than 5 weeks before"
    (fact,) = tell(stock([110, 120, 115, 125, 130], stock_at="read")).facts
    assert plain(fact["grown"]) == "30 more conversations were open when the data was read than 5 weeks before"
    assert tell(stock([110, 120, 115, 118, 119])).facts == []  # by no fifth
    assert tell(stock([100, 99, 98, 97, 130])).facts == []  # in one week only
    assert tell(stock([5, 10, 15, 20, 25], before=0)).facts == []  # where the data begins


def test_what_is_more_extreme_than_what_is_named_but_not_clearly_is_said():
    named = [("email", 300, 200), ("web_chat", 110, 46), ("whatsapp", 200, 130)]
    told = tell(rates(["channel"], [*named, ("x", 15, 6)], "response_rate", "answered_count"))
    assert plain(told.heading) == "42 % of conversations via web chat got an answer, 65 % of the others"
    assert "Lower still via X: 6 of 15 conversations, 40 % (20 to 64), too few cases to tell." in plain(told.note)
    told = tell(rates(["channel"], [*named, ("x", 15, 8)], "response_rate", "answered_count"))
    assert "Lower still" not in told.note  # 53 % is not


# --- one group, and groups that aren't shown --------------------------------------------------------


@pytest.mark.parametrize(
    "channel, said",
    [(None, "No channel is known of any of them."), ("email", "All of them are of one channel: E-mail.")],
)
@pytest.mark.parametrize(
    "name", ["final_resolution_time", "resolution_buckets", "inbound_volume", "resolution_rate", "first_response_time"]
)
def test_a_section_by_a_column_of_one_value_tells_the_whole_without_a_chart(channel, said, name):
    opened = pd.date_range(START, periods=120, freq="3h")
    frame = pd.DataFrame({"conversation_id": range(120), "channel": channel, "created_at": opened})
    frame["channel"] = frame["channel"].astype(object)
    frame["closed_at"] = frame["first_response_at"] = opened + pd.to_timedelta([n % 50 for n in range(120)], unit="h")
    frame = frame.assign(status=["closed"] * 119 + ["open"])
    frame.loc[119, ["closed_at", "first_response_at"]] = pd.NaT
    choices = {} if name in ("inbound_volume", "resolution_rate") else {"as_of": opened[-1]}
    function = getattr(metrics, name)
    one, whole = block(function(frame, by="channel", **choices)), block(function(frame, **choices))
    assert one["note"].endswith(said)
    if channel is None:
        assert (one["heading"], one["note"]) == (whole["heading"], f"{whole['note']} {said}".strip())
    assert one["chart"] is None and one["tables"] and "none)" not in one["heading"]


def test_what_is_not_shown_is_not_said_to_stand_out_or_not():
    rows = [row for name in "abcdefgh" for row in [(name, 5)] * 40 + [(name, 1)] * 10] + [("(others)", 1)] * 60
    frame = pd.DataFrame(rows, columns=["topic", "score"])
    result = metrics.csat(frame, by="topic")
    result["topic"] = [name.strip("“”") for name in result["topic"]]  # as the fold is called
    told = tell(result)
    assert plain(told.heading) == "None of the 8 topics shown stands out: 80 % in each"
    assert plain(tell(metrics.csat(frame[frame["topic"] != "(others)"], by="topic")).heading).startswith("No topic")
