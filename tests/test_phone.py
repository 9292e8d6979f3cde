"""Phone metrics: by eye, against published values, and against naive pandas on random tables."""

import math
import warnings

import numpy as np
import oracle
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from toolkit import metrics
from toolkit.blocks import block
from toolkit.errors import BadParameter, MissingColumn
from toolkit.service import Service
from toolkit.table_html import wholes

START = pd.Timestamp("2024-03-04T09:00Z")


def calls_of(answered=(), abandoned=(), **columns):
    """Calls that entered the queue at once: answered after so many seconds, or hung up after so many."""
    n = len(answered) + len(abandoned)
    gone = [pd.NaT] * len(answered) + [START + pd.Timedelta(seconds=s) for s in abandoned]
    met = [START + pd.Timedelta(seconds=s) for s in answered] + [pd.NaT] * len(abandoned)
    frame = pd.DataFrame({"started_at": [START] * n, "queued_at": [START] * n})
    frame["answered_at"], frame["abandoned_at"] = pd.to_datetime(met, utc=True), pd.to_datetime(gone, utc=True)
    return frame.assign(**columns)


# --- service level --------------------------------------------------------------------------------

PUBLISHED = calls_of([10] * 70 + [30] * 15, [3] * 5 + [60] * 10)


@pytest.mark.parametrize(
    "formula, hits, n, percent",
    [
        ("offered", 70, 100, 70.0),
        ("no_short_abandons", 70, 95, 73.7),
        ("short_abandons_met", 75, 100, 75.0),
        ("answered", 70, 85, 82.4),
        ("answered_less_short", 70, 80, 87.5),
    ],
)
def test_service_level_by_formula(formula, hits, n, percent):
    view = metrics.service_level_by_formula(PUBLISHED).set_index("formula").loc[formula]
    assert (view["met_count"], view["n"], round(100 * view["service_level"], 1)) == (hits, n, percent)
    if formula != "answered_less_short":
        row = metrics.service_level(PUBLISHED, formula=formula).iloc[0]
        assert (row["met_count"], row["n"], round(100 * row["service_level"], 1)) == (hits, n, percent)
        assert tuple(row[["low", "high"]]) == tuple(view[["low", "high"]])
        assert tuple(row[["late_count", "abandoned_count", "short_abandoned_count"]]) == (15, 10, 5)


def test_a_formula_that_is_no_share_has_no_interval_and_never_passes_all():
    view = metrics.service_level_by_formula(calls_of([5, 5], [1, 1, 1])).set_index("formula")
    assert view.loc["answered_less_short", ["service_level", "low", "high"]].isna().all()
    assert view.loc["answered", "service_level"] == 1


def test_a_formula_without_a_value_is_in_no_sentence_and_no_chart():
    view = metrics.service_level_by_formula(calls_of([5] * 40 + [100] * 5, [1] * 10))
    told = block(view)
    assert told["heading"].replace("\xa0", " ").startswith("The service level is between 73 % and 91 %")
    assert "less short" not in told["note"] and "less short" not in told["chart"]["wide"]
    assert "4 rows" in told["chart"]["alt"] and "less short" in told["tables"][0]["html"]


@pytest.mark.parametrize(
    "wait, within, share",
    [
        (20, "20s", 1.0),  # the threshold itself counts
        (21, "20s", 0.0),
        (21, "21s", 1.0),
        (0, "20s", 1.0),
    ],
)
def test_the_time_itself_is_in_time(wait, within, share):
    assert metrics.service_level(calls_of([wait]), within=within)["service_level"].tolist() == [share]


def test_a_short_abandon_is_short_up_to_its_time():
    calls = calls_of([10], [5, 6])
    assert metrics.service_level(calls, short_abandon="5s")["short_abandoned_count"].tolist() == [1]
    assert metrics.service_level(calls, short_abandon="6s")["short_abandoned_count"].tolist() == [2]


def test_who_hangs_up_in_the_menu_never_asked_the_queue():
    calls = calls_of([10], [15])
    calls.loc[1, "queued_at"] = pd.NaT
    assert metrics.service_level(calls)["n"].tolist() == [1]
    assert metrics.service_level(calls, since="start")["n"].tolist() == [2]


def test_an_answered_call_without_a_time_is_in_no_formula_and_counted():
    calls = calls_of([10, 10]).assign(outcome="answered")
    calls.loc[1, "answered_at"] = pd.NaT
    row = metrics.service_level(calls).iloc[0]
    assert (row["n"], row["unknown_count"]) == (1, 1)
    assert "without a time of answer" in metrics.service_level(pd.concat([calls] * 10)).sentence()


def test_the_service_level_has_a_target_only_where_the_service_says_so(sample):
    assert metrics.service_level(PUBLISHED).attrs["target"] is None
    data = sample.during("2024-03")  # whose service.toml says 20 s and 80 %
    target = metrics.service_level(data.calls).attrs["target"]
    assert (target["value"], target["seconds"], target["best"]) == (0.8, 20, "high")
    assert metrics.service_level(data.calls, within="1m").attrs["target"] is None


def test_the_sentence_says_the_time_and_the_formula_is_printed():
    result = metrics.service_level(PUBLISHED, within="30s", formula="answered")
    assert result.sentence().replace("\xa0", " ").startswith("85 of 85 answered calls were answered within 30 s: 100 %")
    assert "answered calls only" in result._repr_html_()


@pytest.mark.parametrize("wrong", [{"formula": "all"}, {"since": "menu"}, {"within": "soon"}, {"short_abandon": "x"}])
def test_a_wrong_choice_says_which(wrong):
    with pytest.raises(BadParameter, match=next(iter(wrong))):
        metrics.service_level(PUBLISHED, **wrong)


def test_without_a_queue_time_the_error_names_it():
    with pytest.raises(MissingColumn, match="queued_at"):
        metrics.service_level(PUBLISHED.drop(columns="queued_at"))


# --- patience -------------------------------------------------------------------------------------

# Freireich and others (1963), the 21 patients on 6-MP: weeks to relapse, and weeks without one so far.
RELAPSED = (6, 6, 6, 7, 10, 13, 16, 22, 23)
FREE = (6, 9, 10, 11, 17, 19, 20, 25, 32, 32, 34, 35)
PUBLISHED_CURVE = {6: 0.8571, 7: 0.8067, 10: 0.7529, 13: 0.6902, 16: 0.6275, 22: 0.5378, 23: 0.4482}


def test_patience_is_kaplan_and_meiers_curve():
    calls = calls_of(FREE, RELAPSED)
    curve = metrics.patience_curve(calls).set_index("seconds")["share"]
    assert {at: round(1 - curve[at], 4) for at in PUBLISHED_CURVE} == PUBLISHED_CURVE
    row = metrics.patience(calls).iloc[0]
    assert (row["median_seconds"], row["n"], row["abandoned_count"], row["open_count"]) == (23, 21, 9, 12)
    assert row["mean_patience_seconds"] == sum(RELAPSED + FREE) / 9
    assert row["stayed_rate"] == 12 / 21


def test_patience_of_callers_who_were_all_answered_is_not_known():
    row = metrics.patience(calls_of([5, 20])).iloc[0]
    assert row[["median_seconds", "mean_patience_seconds", "mean_patience_low", "mean_patience_high"]].isna().all()
    assert row["stayed_rate"] == 1


def test_patience_is_told_as_what_would_have_been():
    said = metrics.patience(calls_of([30] * 20, [10, 20, 40] * 10)).sentence().replace("\xa0", " ")
    assert said.startswith("Half of 50 calls would have hung up within ")
    assert "30 hung up and 20 didn’t hang up" in said
    short = metrics.patience(calls_of([30] * 40, [10] * 5)).sentence()
    assert short.startswith("Fewer than half of 45 calls would have hung up in these waits") and "so far" not in short


def test_the_curve_of_patience_tells_no_time_beyond_the_waits():
    result = metrics.patience_curve(calls_of([30] * 40, [10, 12, 14, 25] * 5))
    assert result.attrs["facts"]["times"] == (10, 20)
    said = result.sentence().replace("\xa0", " ")
    assert "within 10 s" in said and "within 20 s" in said and "1 h" not in said and "1 d" not in said


@pytest.mark.parametrize(
    "answered, abandoned, told, columns",
    [
        ([15] * 40 + [400], [12] * 10 + [164], (10,), ["Within 10 s"]),  # one waits on: of 5 min it says nothing
        ([5] * 40 + [400], [4] * 10, (5,), ["Within 5 s"]),
    ],
)
def test_no_time_is_told_at_which_few_still_waited(answered, abandoned, told, columns):
    result = metrics.patience_curve(calls_of(answered, abandoned))
    assert result.attrs["facts"]["times"] == told
    assert [column.heading.replace("\xa0", " ") for column in wholes.reached(result)][1:] == columns


def test_a_call_that_waits_when_the_data_is_read_has_been_patient_so_far():
    calls = calls_of([5], [10]).assign(outcome=["answered", "abandoned"])
    waiting = calls.iloc[:1].assign(outcome=None, answered_at=pd.NaT)
    result = metrics.patience(pd.concat([calls, waiting]), as_of=START + pd.Timedelta(seconds=60)).iloc[0]
    assert (result["n"], result["open_count"], result["mean_patience_seconds"]) == (3, 2, 75)


@settings(max_examples=settings.default.max_examples * 10 // 100)
@given(st.lists(st.tuples(st.integers(0, 400), st.booleans()), min_size=1, max_size=40))
def test_patience_against_statsmodels(waits):
    from statsmodels.duration.survfunc import SurvfuncRight

    answered, left = [s for s, gone in waits if not gone], [s for s, gone in waits if gone]
    result = metrics.patience(calls_of(answered, left)).iloc[0]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        # one who stays comes after those who hang up at the same second
        fit = SurvfuncRight([s for s, _ in waits], [int(gone) for _, gone in waits])
    reached = [time for time, free in zip(fit.surv_times, fit.surv_prob, strict=True) if free <= 0.5 + 1e-12]
    assert result["median_seconds"] == reached[0] if reached else math.isnan(result["median_seconds"])


# --- handle time, resolution, transfers -----------------------------------------------------------


def handled(**columns):
    return calls_of([5] * len(next(iter(columns.values()))), **columns)


def test_a_part_that_is_not_known_is_not_0():
    calls = handled(talk_seconds=[100, 200, 300], hold_seconds=[0, 20, None], wrap_up_seconds=[10, None, 30])
    result = metrics.average_handle_time(calls)
    assert (result["n"].iloc[0], result["mean_seconds"].iloc[0], result.attrs["facts"]["unknown"]) == (1, 110, 2)
    parts = metrics.handle_time_parts(calls).set_index("part")
    assert parts["n"].to_dict() == {"talk": 3, "hold": 2, "wrap_up": 2}
    assert parts["mean_seconds"].to_dict() == {"talk": 200, "hold": 10, "wrap_up": 20}


def test_parts_are_asked_for_by_name():
    calls = handled(talk_seconds=[100, 200])
    with pytest.raises(MissingColumn, match="hold_seconds"):
        metrics.average_handle_time(calls)
    assert metrics.average_handle_time(calls, parts="talk")["mean_seconds"].tolist() == [150]
    with pytest.raises(BadParameter, match="parts"):
        metrics.average_handle_time(calls, parts=())
    with pytest.raises(BadParameter, match="parts"):
        metrics.average_handle_time(calls, parts="talking")


def test_unanswered_calls_are_not_handled_and_no_time_is_below_0():
    calls = calls_of([5, 5], [9], talk_seconds=[60, -1, 99], hold_seconds=0, wrap_up_seconds=0)
    result = metrics.average_handle_time(calls)
    assert (result["n"].iloc[0], result["mean_seconds"].iloc[0], result.attrs["facts"]["unknown"]) == (1, 60, 1)


def test_parts_that_all_calls_know_sum_to_the_handle_time():
    random = np.random.default_rng(5)
    calls = handled(**{f"{name}_seconds": random.integers(0, 900, 60) for name in ("talk", "hold", "wrap_up")})
    whole = metrics.average_handle_time(calls).iloc[0]
    assert metrics.handle_time_parts(calls)["mean_seconds"].sum() == pytest.approx(whole["mean_seconds"])
    said = metrics.handle_time_parts(calls).sentence()
    assert "depending on the part" in said and "for after-call work" in said
    naive = calls[["talk_seconds", "hold_seconds", "wrap_up_seconds"]].sum(axis=1)
    assert whole["mean_seconds"] == pytest.approx(naive.mean()) and whole["median_seconds"] == naive.median()


def test_a_call_is_resolved_with_its_conversation():
    end = START + pd.Timedelta(minutes=5)
    calls = handled(conversation_id=["open", "later", "before", "none", None], ended_at=[end] * 5)
    hours = {"later": START + pd.Timedelta(hours=2), "before": START - pd.Timedelta(hours=2), "open": pd.NaT}
    opened = pd.DataFrame({"conversation_id": list(hours), "closed_at": pd.to_datetime(list(hours.values()), utc=True)})
    asked = {"conversations": opened, "as_of": START + pd.Timedelta(hours=9)}
    row = metrics.call_resolution_time(calls, **asked).iloc[0]
    assert (row["n"], row["resolved_count"], row["open_count"]) == (5, 4, 1)
    assert row["mean_resolved_seconds"] == (7200 + 3 * 300) / 4
    by_call = metrics.call_resolution_time(calls, until="call", **asked).iloc[0]
    assert (by_call["resolved_count"], by_call["mean_resolved_seconds"]) == (5, 300)
    alone = metrics.call_resolution_time(calls, as_of=asked["as_of"])
    assert alone.attrs["choices"]["until"] == "call"
    with pytest.raises(MissingColumn, match="conversation"):
        metrics.call_resolution_time(calls, until="conversation")


def test_transfers_count_answered_calls_only_and_say_to_whom():
    calls = calls_of(
        [5] * 4, [9], transferred_to=["billing", "", None, "billing", "billing"], topic=["a", "a", "a", None, "a"]
    )
    result = metrics.transfers(calls, by="topic").set_index("topic")
    assert result["n"].to_dict() == {"(none)": 1, "a": 3} and result["transferred_count"].to_dict() == {
        "(none)": 1,
        "a": 1,
    }
    to = metrics.transfer_destinations(calls)
    assert to[["transferred_to", "n", "share"]].values.tolist() == [["billing", 2, 1.0]]
    assert metrics.transfer_destinations(calls, by="topic")["n"].sum() == 2


# --- random tables --------------------------------------------------------------------------------


def naive_service_level(frame, formula, within, short):
    """With pandas masks, where the metric has an expression of the engine."""
    rows = frame[frame["outcome"].isin(["answered", "abandoned"])]
    wait = np.array([np.nan if (one := oracle.call_wait(row)) is None else one for row in oracle.records(rows)], float)
    is_answered = (rows["outcome"] == "answered").to_numpy(bool)
    is_in = np.where(is_answered, ~np.isnan(wait), rows["queued_at"].notna().to_numpy(bool))
    met, is_short = is_answered & (wait <= within), ~is_answered & (wait <= short)
    counted = {
        "offered": is_in,
        "no_short_abandons": is_in & ~is_short,
        "short_abandons_met": is_in,
        "answered": is_in & is_answered,
    }[formula]
    hits = met | is_short if formula == "short_abandons_met" else met
    return int((hits & counted).sum()), int(counted.sum())


@settings(max_examples=settings.default.max_examples * 10 // 100)
@given(
    oracle.calls(),
    st.sampled_from(["offered", "no_short_abandons", "short_abandons_met", "answered"]),
    st.integers(0, 60),
)
def test_service_level_on_random_tables(frame, formula, within):
    row = metrics.service_level(frame, formula=formula, within=within, short_abandon=10).iloc[0]
    assert (row["met_count"], row["n"]) == naive_service_level(frame, formula, within, 10)
    assert math.isnan(row["service_level"]) == (row["n"] == 0)


def test_the_settings_know_a_wanted_service_level():
    targets = Service.model_validate({"targets": {"service_level": 0.9}}).targets
    assert (targets.service_level, Service().targets.service_level) == (0.9, None)
