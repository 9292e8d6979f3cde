"""Findings: sentences checked by eye, and none that claims what the figures don't support."""

import re
from datetime import UTC, date, datetime

import numpy as np
import pandas as pd
import pytest

from toolkit import claims, metrics, words
from toolkit.clock import parse_period
from toolkit.errors import BadParameter
from toolkit.findings import find_quality, sentence
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


# --- rates ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "by, rows, said",
    [
        (["hour"], [], "No data in this period."),
        ([], [(0, 0)], "No data in this period."),
        ([], [(1, 1)], "Too few to say: 1 call, fewer than 10."),
        (["hour"], [(9, 3, 1), (10, 9, 2)], "Too few to say: no group has 10 calls or more."),
        ([], [(412, 58)], "58 of 412 calls hung up before an agent answered: 14 % (11 to 18)."),
        ([], [(1000, 21)], "21 of 1,000 calls hung up before an agent answered: 2.1 % (1.4 to 3.2)."),
        ([], [(1000, 1)], "1 of 1,000 calls hung up before an agent answered: 0.1 % (0.0 to 0.6)."),
        ([], [(50, 0)], "None of 50 calls hung up before an agent answered."),
        (["hour"], [(9, 20, 0), (10, 30, 0)], "None of 50 calls hung up before an agent answered."),
        (["hour"], [(9, 20, 5)], "5 of 20 calls at 09:00 hung up before an agent answered: 25 % (11 to 47)."),
        (
            ["hour"],
            [(12, 869, 66), (13, 131, 54)],
            "120 calls hung up before an agent answered, most at 12:00: 66. The abandonment rate is highest at 13:00:"
            " 41 % (33 to 50) of 131 calls, against 7.6 % for the others, a clear difference.",
        ),
        (
            ["weekday"],
            [("Monday", 100, 14), ("Tuesday", 100, 10)],
            "24 calls hung up before an agent answered, most on Monday: 14. No weekday stands out: the abandonment rate"
            " is between 10 % and 14 %; the differences could be chance.",
        ),
        (
            ["queue"],
            [("$a$ <b>", 100, 50), ("care_desk", 100, 0), ("c", 3, 3)],
            "53 calls hung up before an agent answered, most for $a$ <b>: 50. The abandonment rate is highest for $a$ <b>:"
            " 50 % (40 to 60) of 100 calls, against 2.9 % for the others, a clear difference.",
        ),
        (
            ["queue"],
            [("a", 100, 10), ("b", 3, 2)],
            "12 calls hung up before an agent answered, most for A: 10. The abandonment rate for A: 10 % (6 to 17) of 100"
            " calls. No other group has enough cases to compare.",
        ),
        (
            ["queue"],
            [("a", 100, 10), ("b", 100, 10)],
            "20 calls hung up before an agent answered. The abandonment rate is the same in all 2 groups: 10 %.",
        ),
    ],
)
def test_abandonment_rate(by, rows, said):
    result = rates(by, rows)
    if said.startswith("20 calls"):  # as many in both: none has most
        said = said.removeprefix("20 calls hung up before an agent answered. ")
    assert plain(sentence(result)) == said


def test_harm_is_named_before_the_share():
    # the night loses 11 of 11, the afternoon hundreds
    rows = [(2, 11, 11), (15, 3000, 600), (16, 3000, 655), (17, 3000, 600)]
    said = plain(sentence(rates(["hour"], rows)))
    assert said.startswith("1,866 calls hung up before an agent answered, most at 16:00: 655. ")
    assert "is highest at 02:00: 100 % (74 to 100) of 11 calls" in said


def test_what_is_clear_without_being_the_highest_is_no_superlative():
    rows = [("a", 12, 5), ("b", 2000, 600), ("c", 2000, 200)]  # a is the highest, and could be chance
    said = plain(sentence(rates(["queue"], rows)))
    assert "The abandonment rate is clearly higher for B: 30 % (28 to 32) of 2,000 calls" in said
    assert "highest" not in said


@pytest.mark.parametrize("unnamed", ["(none)", None])
def test_what_has_no_name_is_never_the_highest(unnamed):
    result = rates(["agent"], [(unnamed, 500, 400), ("Sara", 100, 30), ("Elena", 100, 28)])
    found = claims.standout(result)
    assert found is None or found.row["agent"] not in (unnamed,)
    assert "unassigned" not in sentence(result) and "most for" not in sentence(result)


def test_too_few_and_parts_of_a_period_are_never_the_highest():
    weeks = pd.to_datetime(["2024-03-25", "2024-04-01", "2024-04-08"])
    result = rates(["week"], [(weeks[0], 40, 40), (weeks[1], 400, 40), (weeks[2], 8, 8)], partial=[0])
    assert claims.standout(result) is None
    assert "highest" not in sentence(result)


def test_the_highest_of_many_is_not_taken_for_a_finding():
    # 24 hours of pure chance: the highest one stands out on its own, not as the highest of 24
    by_chance = [(hour, 100, 10) for hour in range(23)] + [(23, 100, 18)]
    assert claims.standout(rates(["hour"], by_chance)) is None
    assert claims.standout(rates(["hour"], [(22, 2300, 230), (23, 100, 18)])).row["hour"] == 23


def test_false_claims_are_rare():
    chance, false = np.random.default_rng(7), 0
    for _ in range(150):
        rows = [(hour, 120, int(count)) for hour, count in enumerate(chance.binomial(120, 0.12, 24))]
        false += (claims.against_the_rest(rates(["hour"], rows))["verdict"] == "clear").any()
    assert false / 150 < 0.06


def test_each_claim_of_random_groups_holds():
    chance = np.random.default_rng(11)
    for _ in range(60):
        n = chance.integers(2, 400, 6)
        rows = [
            (f"q{i}", int(k), int(y))
            for i, (k, y) in enumerate(zip(n, chance.binomial(n, chance.beta(2, 8, 6)), strict=True))
        ]
        result, said = rates(["queue"], rows), None
        said = plain(sentence(result))
        enough = result[result["n"] >= 10]
        rate = enough["abandonment_rate"]
        for word, row in (("highest", rate.idxmax()), ("lowest", rate.idxmin())) if len(rate) else ():
            if f"is {word}" in said:
                assert f"is {word} for {words.display_name(enough.loc[row, 'queue'])}:" in said
                others = result.drop(index=row)
                pooled = others["abandoned_count"].sum() / others["n"].sum()
                assert not enough.loc[row, "low"] <= pooled <= enough.loc[row, "high"]  # stricter than 95 %
        most = re.search(r"most for (\w+): (\d+)", said)
        if most:
            assert int(most[2]) == result["abandoned_count"].max()


def test_the_rate_in_all_stands_beside_that_of_a_group():
    result = rates(["hour"], [(12, 100, 10), (13, 100, 40)])
    assert plain(sentence(result, overall=rates([], [(200, 31)]))).endswith("a clear difference. In all it is 16 %.")


@pytest.mark.parametrize(
    "hits, said",
    [
        (58, "14 % (11 to 18); target 5 %: off target."),
        (20, "4.9 % (3.2 to 7.4); target 5 %: could be on target."),
        (2, "0.5 % (0.1 to 1.8); target 5 %: on target."),
    ],
)
def test_the_target_is_said(hits, said):
    assert plain(sentence(rates([], [(412, hits)], target=target(0.05)))).endswith(said)


def test_the_target_of_nothing_and_of_groups():
    assert plain(sentence(rates([], [(412, 0)], target=target(0.05)))).endswith("answered; target 5 %: on target.")
    csat = rates(
        ["topic"],
        [("billing", 19, 5), ("other", 100, 80)],
        "csat",
        "satisfied_count",
        target=target(0.8, "high", "csat"),
    )
    assert plain(sentence(csat)).endswith("Off the target of 80 %: 1 of 2 topics.")


def test_of_what_should_be_high_the_lowest_is_told():
    result = rates(["topic"], [("internet_fault", 100, 40), ("b", 100, 80)], "csat", "satisfied_count")
    assert plain(sentence(result)) == (
        "CSAT is lowest for Internet fault: 40 % (31 to 50) of 100 answers, against 80 % for the others, a clear difference."
    )


def test_one_group_is_a_plain_sentence():
    result = rates(["topic"], [("internet_fault", 44, 31)], "csat", "satisfied_count")
    assert plain(sentence(result)) == "31 of 44 answers for Internet fault were satisfied: 70 % (56 to 82)."


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
    result = rates([], rows, "abandonment_by_base", rows=["base"], ordered=True)
    assert plain(sentence(result)) == (
        "The abandonment rate: 14 % (11 to 18) of all offered calls, 18 % (14 to 23) of calls that wanted an agent and 8.1 %"
        " (5.4 to 12) of calls that queued."
    )


@pytest.mark.parametrize(
    "rows, said",
    [
        ([], "No data in this period."),
        ([("menu", 100, 0), ("queue", 90, 0)], "None of 100 calls hung up at a stage."),
        (
            [("menu", 1000, 10), ("identification", 500, 100), ("queue", 400, 20)],
            "130 calls hung up at a stage, most at identification: 100. The share that hangs up is highest at identification:"
            " 20 % (17 to 24) of 500 calls, against 2.1 % for the others, a clear difference.",
        ),
    ],
)
def test_abandonment_by_stage(rows, said):
    shares = {"share_of_abandons": 0.5}
    result = rates([], rows, "abandonment_by_stage", rows=["stage"], ordered=True, columns=shares)
    assert plain(sentence(result)) == said


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
    said = plain(sentence(waits({"email": ([3600] * 60 + [7200] * 30, 7, 12)})))
    assert said == (
        "Half of 109 conversations had a first response within 1 h (1 to 2); fewer than 90 % did so far."
        " 90 were answered, 12 are still waiting and 7 were closed without an answer."
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
    waiting = plain(sentence(waits({"email": ([60] * 10, 0, 30)})))
    assert (
        waiting
        == "Fewer than half of 40 conversations had a first response so far. 10 were answered and 30 are still waiting."
    )
    over = plain(sentence(waits({"email": ([60] * 10, 30, 0)})))
    assert (
        over
        == "Fewer than half of 40 conversations had a first response. 10 were answered and 30 were closed without an answer."
    )


def test_the_slowest_group_is_named_with_the_median_of_the_others():
    slow, quick = list(range(30_000, 42_000, 120)), list(range(30, 130))
    said = plain(sentence(waits({"email": (slow, 0, 3), "web_chat": (quick, 2, 0), "x": (quick, 0, 0)}, "channel")))
    assert re.fullmatch(
        r"The median first response time is longest for e-mail: half of 103 conversations within 10 h \(9\.\d to 10\.\d\), against"
        r" 1\.3 min for the others, a clear difference\. 3 are still waiting and 2 were closed without an answer\.",
        said,
    )


def test_of_groups_alike_none_is_the_slowest():
    one, other = list(range(40, 140)), list(range(45, 145))
    said = plain(sentence(waits({"email": (one, 0, 0), "x": (other, 0, 0), "sms": (one, 0, 0)}, "channel")))
    assert said == (
        "No channel stands out: the median first response time is between 1.5 min and 1.6 min; the differences could be chance."
    )


def test_a_group_whose_median_is_not_reached_is_the_slowest():
    said = plain(sentence(waits({"a": ([7200] * 20, 0, 80), "b": (list(range(50, 150)), 0, 0)}, "channel")))
    assert said.startswith(
        "The median first response time is longest for A: fewer than half of 100 conversations so far, "
    )


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


def test_the_target_of_a_wait_names_the_time():
    result = waits({"email": (list(range(60, 2460, 60)), 0, 0)})
    within = {"target_seconds": 1200.0, "within_target": 0.5, "within_target_low": 0.35, "within_target_high": 0.65}
    attrs = result.attrs | {
        "target": dict(zip(("of", "low", "high"), list(within)[1:], strict=True)) | {"value": 0.8, "best": "high"}
    }
    result = Result(result.assign(**within))
    result.attrs = attrs
    assert plain(sentence(result)).endswith("Within the target of 20 min: 50 % (35 to 65); target 80 %: off target.")
    result["target_seconds"] = np.nan  # each channel its own
    assert plain(sentence(result)).endswith("Within their own target: 50 % (35 to 65); target 80 %: off target.")


def test_response_curve():
    frame = conversations({"email": ([1800] * 60 + [7200] * 30, 0, 10)})
    curve = metrics.response_curve(frame, as_of=START + pd.Timedelta(days=3))
    assert plain(sentence(curve)) == (
        "60 % (51 to 70) of 100 conversations had a first response within 1 h, 90 % (83 to 95) within 24 h."
    )
    assert plain(sentence(curve.iloc[:0])) == "No data in this period."


def test_response_time_buckets():
    frame = conversations({"email": ([1800] * 50 + [7200] * 30, 5, 15)})
    buckets = metrics.response_time_buckets(frame, edges=("1h",), as_of=START + pd.Timedelta(days=3))
    assert plain(sentence(buckets)) == (
        "Of 100 conversations: 50 % (40 to 60) within 1 h, 5 % (2 to 11) closed without an answer and 15 % (9 to 23) still waiting."
    )
    assert plain(sentence(buckets.iloc[:0])) == "No data in this period."
    single = metrics.response_time_buckets(frame, by="channel", edges=("1h",), as_of=START + pd.Timedelta(days=3))
    assert plain(sentence(single)) == plain(sentence(buckets))  # what is said of all isn't said twice


def test_of_spans_the_group_with_the_fewest_in_the_first_is_told():
    frame = conversations({"email": ([7200] * 60, 0, 0), "x": ([60] * 60, 0, 0), "sms": ([60] * 55 + [7200] * 5, 0, 0)})
    buckets = metrics.response_time_buckets(frame, by="channel", edges=("1h",), as_of=START + pd.Timedelta(days=3))
    assert plain(sentence(buckets)).startswith(
        "The share within 1 h is lowest for e-mail: 0 % (0 to 6.0) of 60 conversations, against 96 % for the others, a clear"
        " difference. Of 180 conversations: 64 % (57 to 71) within 1 h."
    )


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
        "The median time from a message to its reply is 2 h (1.7 to 2.2) over 300 reply pairs; 90 % of them within 24 h. The"
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
    assert plain(sentence(result)) == (
        "The mean wait of answered calls is 30 s (20 to 40) over 50 answered calls; half of them within 15 s, 90 % within 1.5 min."
        " 2 answered calls without a time of answer are left out."
    )
    few = result.assign(mean_low=np.nan, mean_high=np.nan)
    assert plain(sentence(few)).startswith("The mean wait of answered calls is 30 s over 50 answered calls;")


# --- counts -----------------------------------------------------------------------------------------


def counts(by, rows, **attrs):
    frame = pd.DataFrame(rows, columns=[*by, "n"])
    return made("inbound_volume", frame.assign(share=frame["n"] / frame["n"].sum()), by, 0, **attrs)


def test_inbound_volume():
    assert plain(sentence(counts([], [(1,)]))) == "1 contact came in."
    assert plain(sentence(counts(["channel"], [("email", 10), ("phone", 30)]))) == (
        "40 contacts came in. Most for phone: 30 (75 %)."
    )
    assert plain(sentence(counts(["channel"], [("email", 10), ("(none)", 30)]))) == "40 contacts came in."
    assert plain(sentence(counts(["channel"], []))) == "No data in this period."


def test_a_day_is_busiest_only_where_it_is_clear():
    days = pd.date_range("2024-04-01", periods=8)
    flat = counts(["day"], list(zip(days, [9, 12, 11, 8, 10, 13, 10, 7], strict=True)))
    assert plain(sentence(flat)) == "80 contacts came in, 10.0 per day on average."
    peak = counts(["day"], list(zip(days, [9, 12, 11, 8, 10, 60, 10, 7], strict=True)))
    assert plain(sentence(peak)).endswith("Clearly more than the others on 6 April: 60.")


def test_parts_of_weeks_and_missing_days_are_in_no_average():
    weeks = pd.date_range("2024-03-25", periods=4, freq="7D")
    result = counts(["week"], list(zip(weeks, [3, 100, 110, 12], strict=True)), partial=[0, 3])
    assert "105 per week on average" in sentence(result)
    days = pd.date_range("2024-04-01", periods=4)
    assert "10.0 per day on average" in sentence(counts(["day"], list(zip(days, [10, np.nan, 10, 10], strict=True))))


def test_the_year_is_said_where_there_are_several():
    weeks = pd.to_datetime(["2023-04-10", "2024-04-08"])
    assert "in the week of 8 April 2024" in sentence(rates(["week"], [(weeks[0], 900, 90), (weeks[1], 300, 150)]))


def test_sentiment_engines():
    messages = {
        "sender": ["customer"] * 4,
        "language": ["it"] * 3 + [None],
        "sentiment_engine": ["lexicon-it"] * 3 + [None],
    }
    assert plain(sentence(metrics.sentiment_engines(pd.DataFrame(messages)))) == (
        "3 of 4 customer messages were scored (75 %): 3 by the Italian lexicon. 1 other had no text or no known language."
    )


def test_groups_off_their_target_are_those_that_are_clearly_off():
    rows = pd.DataFrame(
        {"hour": [9, 10, 11], "n": [18, 40, 4], "mean_seconds": 30.0, "mean_low": 20.0, "mean_high": 40.0}
    )
    rows = rows.assign(
        within_target=[0.7, 0.4, 0.0], within_target_low=[0.5, 0.3, 0.0], within_target_high=[0.9, 0.6, 0.5]
    )
    ends = {"low": "within_target_low", "high": "within_target_high"}
    promised = {"of": "within_target", "value": 0.8, "best": "high"} | ends
    result = made("average_speed_of_answer", rows, ["hour"], ends=("mean_low", "mean_high"), target=promised)
    assert plain(sentence(result)).endswith(  # 70 % is less often, too, but may be chance
        " Clearly less often within the target than the wanted 80 %: 1 of 2 hours with enough cases."
    )


def test_volume_heatmap():
    frame = pd.DataFrame(
        {"weekday": ["Monday", "Monday"], "hour": [9, 10], "n": [8, 40], "days": 4, "mean": [2.0, 10.0]}
    )
    frame = frame.assign(low=[1.0, 8.0], high=[3.0, 12.0])
    heat = made("volume_heatmap", frame, ["weekday", "hour"], facts={"standout": 1})
    assert plain(sentence(heat)) == (
        "The number of contacts is clearly highest on Monday at 10:00: 10 contacts on average (8 to 12)."
    )
    heat.attrs["facts"] = {"standout": None}
    assert plain(sentence(heat)) == (
        "No hour of the week clearly stands out; the most, 10 contacts on average (8 to 12) on Monday at 10:00, could be"
        " chance."
    )
    tied = heat.assign(mean=10.0)
    assert plain(sentence(tied)) == (
        "No hour of the week clearly stands out; the most, 10 contacts on average in each of 2 hours, could be chance."
    )
    for mean, low, high, said in ((201.0, 102.8, 299.2, "201 contacts on average (103 to 299)"),
                                  (4.0, 0.0, 22.0, "4 contacts on average (0 to 22)"),
                                  (4.5, 1.1, 7.9, "4.5 contacts on average (1.1 to 7.9)")):  # fmt: skip
        assert said in sentence(heat.iloc[1:].assign(mean=mean, low=low, high=high))
    assert plain(sentence(heat.assign(low=np.nan))) == (
        "There are too few weeks to tell whether an hour of the week stands out; the most so far is 10 contacts on Monday at"
        " 10:00."
    )


# --- satisfaction, sentiment ------------------------------------------------------------------------


@pytest.mark.parametrize(
    "rows, said",
    [
        ([], "No data in this period."),
        ([("a", 3, 1.0, 0.4, 1.0, 0.0, 0.0, 0.0, "few")], "Too few to say: 3 answers, fewer than 10."),
        (
            [
                ("internet_fault", 100, 0.5, 0.4, 0.6, -0.1, -0.12, -0.08, "clear"),
                ("repair", 100, 0.7, 0.6, 0.8, 0.0, -0.02, 0.02, "chance"),
                ("sales", 100, 0.9, 0.8, 0.95, 0.1, 0.08, 0.12, "clear"),
            ],
            "Internet fault pulls CSAT down by 10 points (8 to 12): 50 % of its 100 answers are satisfied, and without it"
            " CSAT would be 80 % instead of 70 %. Sales pulls CSAT up by 10 points (8 to 12).",
        ),
        (
            [
                ("a", 50, 0.7, 0.6, 0.8, -0.01, -0.05, 0.03, "chance"),
                ("b", 50, 0.72, 0.6, 0.8, 0.01, -0.03, 0.05, "chance"),
            ],
            "No topic clearly pulls CSAT, 71 % of 100 answers, up or down; the differences could be chance.",
        ),
        (
            [
                ("(none)", 100, 0.5, 0.4, 0.6, -0.1, -0.12, -0.08, "clear"),
                ("b", 100, 0.7, 0.6, 0.8, 0.0, -0.02, 0.02, "chance"),
            ],
            "No topic clearly pulls CSAT, 60 % of 200 answers, up or down; the differences could be chance.",
        ),
    ],
)
def test_csat_by_topic(rows, said):
    columns = ["topic", "n", "csat", "low", "high", "pull", "pull_low", "pull_high", "verdict"]
    result = made("csat_by_topic", pd.DataFrame(rows, columns=columns), ["topic"], ends=("pull_low", "pull_high"))
    assert plain(sentence(result)) == said


def test_low_scores_are_counted_in_full():
    listed = pd.DataFrame({"score": [1] * 30, "comment": ["slow"] * 30})
    facts = {"total": 41, "worst": 15, "with_comment": 19}
    result = made("low_scores", listed, choices={"low": 3}, facts=facts)
    assert (
        plain(sentence(result))
        == "41 answers were 3 or less, 15 of them scored 1; 19 came with a comment. The first 30 are listed."
    )
    one = made("low_scores", listed.iloc[:1], choices={"low": 2}, facts={"total": 1, "worst": 1, "with_comment": 0})
    assert plain(sentence(one)) == "1 answer was 2 or less, 1 of them scored 1; 0 came with a comment."
    none = made("low_scores", listed.iloc[:0], choices={"low": 3}, facts={"total": 0, "worst": 0, "with_comment": 0})
    assert plain(sentence(none)) == "No case in this period is listed here."


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
    "rows, said",
    [
        ([], "No data in this period."),
        (
            [(20, np.nan, "untested"), (50, 0.3, "clear"), (22, -0.28, "clear")],
            "The share of negative messages rose most in the week of 8 April: by 30 points to 50 % (40 to 60) of 100 messages, a"
            " clear change. 1 other change is clear, too.",
        ),
        (
            [(50, np.nan, "untested"), (20, -0.3, "clear")],
            "The share of negative messages fell most in the week of 8 April: by 30 points to 20 % (13 to 29) of 100 messages, a"
            " clear change.",
        ),
        (
            [(20, np.nan, "untested"), (24, 0.04, "chance")],
            "No change of the share of negative messages from one week to the next is clear: each could be chance. Of 200"
            " messages: 22 % (17 to 28) negative, 68 % (61 to 74) neutral and 10 % (7 to 15) positive.",
        ),
        (
            [(49, np.nan, "untested"), (24, -0.25, "no history")],
            "There is too little history here to tell whether the share of negative messages changed from one week to"
            " the next. Of 200 messages: 36 % (30 to 43) negative, 54 % (47 to 60) neutral and"
            " 10 % (7 to 15) positive.",
        ),
        (
            [(20, np.nan, "untested")],
            "Of 100 messages: 20 % (13 to 29) negative, 70 % (60 to 78) neutral and 10 % (6 to 17) positive. There is no"
            " neighbouring week to compare with.",
        ),
    ],
)
def test_sentiment_trend(rows, said):
    assert plain(sentence(trend(rows))) == said


def test_parts_of_several_weeks_have_no_interval_that_forgets_the_conversations():
    weeks = trend([(20, np.nan, "untested"), (24, 0.04, "chance")])
    weeks["negative_low"], weeks["negative_high"] = [0.05, 0.07], [0.55, 0.57]  # few conversations, much alike
    assert plain(sentence(weeks)).endswith(
        " Of 200 messages: 22 % negative, 68 % (61 to 74) neutral and 10 % (7 to 15) positive."
    )


def test_what_was_not_tested_is_not_called_chance():
    result = trend([(50, np.nan, "untested"), (25, -0.25, "no history")])
    assert plain(sentence(result)).startswith(
        "There is too little history here to tell whether the share of negative messages changed from one week to the next. Of 200"
    )


def test_weeks_that_reach_beyond_the_period_are_no_figure_of_it():
    result = trend([(20, np.nan, "untested"), (22, 0.02, "chance")])  # 1 to 14 April
    steady = "No change of the share of negative messages from one week to the next is clear: each could be chance."
    for days, said in (
        ("2024-04-02..2024-04-14", steady),
        ("2024-04-01..2024-04-14", f"{steady} Of 200 messages: 21 %"),
    ):
        period = parse_period(days, datetime(2024, 6, 1, tzinfo=UTC), "UTC")
        told = plain(sentence(result, period=period))
        assert told.startswith(said) and ("Of 200" in told) == ("Of 200" in said)


def test_a_rise_that_is_not_the_largest_is_no_superlative():
    result = trend([(10, np.nan, "untested"), (30, 0.2, "clear"), (10, -0.2, "chance"), (60, 0.5, "chance")])
    assert "rose clearly in the week of 8 April" in sentence(result)


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
    assert sentence(result, period=period).startswith("No change of the share of negative messages")
    later = parse_period("2025", datetime(2024, 6, 1, tzinfo=UTC), "UTC")
    assert sentence(result, period=later) == "No data in this period."


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


UP = {"change": 0.028, "change_low": 0.009, "change_high": 0.047, "verdict": "clear"}


@pytest.mark.parametrize(
    "row, said",
    [
        (UP, "up 2.8 points (0.9 to 4.7) on the period before, a clear change for the worse."),
        (
            UP | {"change": -0.028, "change_low": -0.047, "change_high": -0.009},
            "down 2.8 points (0.9 to 4.7) on the period before, a clear change for the better.",
        ),
        (
            UP | {"change_low": -0.01, "verdict": "chance"},
            "up 2.8 points (−1 to 4.7) on the period before, which could be chance.",
        ),
        (
            UP | {"change_low": np.nan, "change_high": np.nan, "verdict": "no history"},
            "up 2.8 points on the period before: too little history to tell.",
        ),
        (
            UP | {"change": 0.0, "change_low": -0.01, "change_high": 0.01, "verdict": "chance"},
            "unchanged on the period before, which could be chance.",
        ),
    ],
)
def test_a_change_is_said_with_its_verdict(row, said):
    assert plain(sentence(comparison(row))) == f"The abandonment rate is 14 % (11 to 18), {said}"
    whole = plain(sentence(rates([], [(412, 58)]), comparison=comparison(row)))
    assert whole == f"58 of 412 calls hung up before an agent answered: 14 % (11 to 18). The abandonment rate is {said}"


def test_nothing_to_compare_with():
    row = {"change": np.nan, "change_low": np.nan, "change_high": np.nan, "verdict": "few"}
    assert plain(sentence(comparison(row))) == (
        "The abandonment rate is 14 % (11 to 18); nothing to compare it with in the period before: too few."
    )


def test_the_change_of_a_count_is_told_in_percent():
    row = {"n": 260, "change": 0.3, "change_low": -0.11, "change_high": 0.898, "verdict": "chance"}
    result = comparison(row, "inbound_volume", "change in percent", ends=())
    assert plain(sentence(result)) == (
        "The number of contacts is 260, up 30 % (−11 to 90) on the period before, which could be chance."
    )
    result.attrs["per_day"] = True
    assert "up 30 % (−11 to 90) a day on the period before" in plain(sentence(result))


def test_of_groups_the_clear_changes_are_named():
    rows = [UP | {"queue": "care_desk"}, UP | {"queue": "b", "change": 0.01, "verdict": "chance"}]
    assert plain(sentence(comparison(rows, by=["queue"]))) == (
        "Clear changes of the abandonment rate on the period before: Care desk up 2.8 points (0.9 to 4.7) to 14 %."
    )
    assert plain(sentence(comparison([rows[1]] * 2, by=["queue"]))) == (
        "No clear change of the abandonment rate on the period before in 2 groups compared: what moved could be chance."
    )
    assert plain(sentence(comparison([rows[1] | {"verdict": "few"}] * 2, by=["queue"]))) == (
        "No group can be compared with the period before."
    )


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
    ],
)
def test_quality(rows, said):
    assert plain(find_quality(pd.DataFrame(rows, columns=["table", "rows_in", "rejected", "repaired"]))) == said


# --- all shapes -------------------------------------------------------------------------------------


def test_names_are_plain_text_on_one_line():
    rows = [("a\n<script>\x00\u202e" + "x" * 200, 100, 50), ("b", 100, 0)]
    said = plain(sentence(rates(["queue"], rows)))
    assert "for A <script> xxx" in said and "…" in said and len(said) < 400 and said.isprintable()


@pytest.mark.parametrize("given", [pd.DataFrame({"n": [1]}), Result.of(pd.DataFrame({"n": [1]}), "x", {}), None])
def test_takes_the_result_of_a_metric_only(given):
    with pytest.raises(BadParameter, match="sentence takes the result of a metric, not a"):
        sentence(given)


def test_does_not_load_matplotlib():
    import subprocess
    import sys

    code = "import sys, toolkit.findings; sys.exit('matplotlib' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0


def results(data):
    """Results of every metric on the sample, without groups and by several keys."""
    tables = {
        "conversations": ("channel", "agent", "hour", "week"),
        "calls": ("queue", "hour"),
        "surveys": ("topic", "week"),
    }
    for name, metric in METRICS.items():
        if metric.shape == "comparison" or name in ("reply_pairs", "abandonment_by_stage"):
            continue
        table = getattr(data, metric.table)
        takes = metric.function.__code__.co_varnames[: metric.function.__code__.co_argcount]
        for by in (None, *(tables.get(metric.table, ()) if "by" in takes and name != "csat_by_topic" else ())):
            yield f"{name} {by}", metric.function(table, **({"by": by} if by else {}))
    yield "stages", metrics.abandonment_by_stage(data.call_stages, data.calls)
    yield "trend", metrics.sentiment_trend(data.scored_messages, by="channel", every=None)


@pytest.fixture(scope="module")
def told(sample):
    data = sample.during("2024-04")
    return dict(results(data))


def test_every_sentence_is_whole(told):
    for name, result in told.items():
        said = sentence(result)
        assert said[0].isupper() or said[0].isdigit(), name
        assert said.endswith(".") and not re.search(r"[`{}]|  |nan|None|\.\.|_", said), (name, said)
        assert not re.search(r"\b1 (calls|conversations|messages|answers|contacts|rows|groups)\b", said), (name, said)
        if "expectation" not in result.columns:  # whose names are made where the metric is
            assert not re.search(r"\d (%|s|min|h|d|points?)\b", said), f"{name}: a space that breaks: {said}"
        assert not re.search(r"censored|hazard|distinguishable|\d{4}-\d\d", said), (name, said)


def test_no_word_bypasses_the_catalogue(told):
    words.use("pseudo")
    for name, result in told.items():
        said, depth, outside = sentence(result), 0, ""
        assert said.startswith("⟦") and said.endswith("⟧"), (name, said)
        for char in said:
            depth += (char == "⟦") - (char == "⟧")
            outside += char if not depth and char != "⟧" else ""
        assert depth == 0 and not re.search(r"[^\W\d]", outside), (name, outside)
