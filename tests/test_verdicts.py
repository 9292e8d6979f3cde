"""Verdicts: reference values, each test against an independent one, and what has no verdict says why."""

import math

import numpy as np
import oracle
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import chi2, mannwhitneyu, norm
from statsmodels.duration.survfunc import survdiff

from toolkit.intervals import Incidence, difference, mean_of_scores, mean_of_waits, wilson
from toolkit.metrics.figures import _decided
from toolkit.movement import Movement, count_movement, rate_movement
from toolkit.verdicts import (
    Change,
    counts,
    curves,
    decide,
    direction,
    holm,
    is_clear,
    log_rank,
    means,
    p_value,
    rank_score,
    rates,
    scores,
    waits,
)

few = settings(max_examples=60, deadline=None, derandomize=True, database=None)
WEEKS = [180, 230, 205, 170, 220, 240, 190, 210]
nan = float("nan")


def values(change):
    return change.change, change.low, change.high


# --- rates ----------------------------------------------------------------------------------------


def test_groups_of_a_period_are_newcombe():
    change = rates(56, 70, 48, 80, within=True)
    assert values(change) == pytest.approx((0.2, 0.0524, 0.3339), abs=6e-5)
    assert change.p < 0.05 and change.factor is None and change.untested is None


pair = st.integers(10, 300).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))


@few
@given(pair, pair)
def test_rates_properties(now, before):
    """p agrees with the interval, a swap turns the sign, and the history widens."""
    change, turned = rates(*now, *before, within=True), rates(*before, *now, within=True)
    assert values(change) == pytest.approx(oracle.newcombe(*now, *before), abs=1e-12)
    assert values(turned) == pytest.approx((-change.change, -change.high, -change.low), abs=1e-12)
    assert turned.p == pytest.approx(change.p, rel=1e-6) and (change.p < 0.05) == (change.low > 0 or change.high < 0)
    moved = rates(*now, *before, Movement(3.0, 7))
    assert moved.low <= change.low and moved.high >= change.high and moved.p >= change.p - 1e-9


def test_rates_between_periods():
    """n / φ and Student's quantile of the weeks, by hand."""
    history = [40, 60, 50, 50], [100] * 4
    change = rates(150, 200, 100, 200, history)
    factor = 2 / (201 / 402 * (201 / 402)) / 3
    assert change.factor == pytest.approx(factor) == pytest.approx(rate_movement(history).factor)
    low, high = wilson([150 / factor, 100 / factor], [200 / factor] * 2, quantile=3.182446)
    assert values(change) == pytest.approx(difference((0.75, low[0], high[0]), (0.5, low[1], high[1])), abs=1e-6)
    assert change.low < 0 < rates(150, 200, 100, 200, within=True).low  # a clear difference between groups
    assert rates(150, 200, 100, 200, level=0.99, within=True).low < rates(150, 200, 100, 200, within=True).low


@pytest.mark.parametrize(
    "arguments, change, verdict",
    [
        ((9, 9, 50, 100, (WEEKS, [300] * 8)), nan, "few"),
        ((50, 100, 0, 0, (WEEKS, [300] * 8)), nan, "few"),
        ((60, 100, 50, 100), 0.1, "no history"),
        ((60, 100, 50, 100, (WEEKS[:3], [300] * 3)), 0.1, "no history"),
        ((60, 100, 50, 100, (WEEKS, [300] * 8)), 0.1, "chance"),
        ((90, 100, 10, 100, (WEEKS, [300] * 8)), 0.8, "clear"),
    ],
)
def test_rates_without_a_verdict(arguments, change, verdict):
    found = rates(*arguments)
    assert found.change == pytest.approx(change, nan_ok=True) and decide([found]) == [verdict]
    assert math.isnan(found.p) == (found.untested is not None) == math.isnan(found.low)


# --- counts ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "now, before, weeks, ratio, low, high, clear",
    [
        (260, 200, WEEKS, 1.3, 0.890236, 1.898372, False),
        (301, 223, [215, 213, 214, 218, 218, 219, 216, 186], 1.349776, 1.095283, 1.663401, True),
    ],
)
def test_counts(now, before, weeks, ratio, low, high, clear):
    change = counts(now, before, weeks)
    assert values(change) == pytest.approx((ratio - 1, low - 1, high - 1), abs=6e-7)
    assert (change.p < 0.05) == clear and change.factor == count_movement(weeks).factor
    back = counts(before, now, weeks)
    assert (1 + back.low, 1 + back.high) == pytest.approx((1 / high, 1 / low), abs=6e-7)
    assert back.p == pytest.approx(change.p)


def test_p_of_counts_touches_its_interval():
    change = counts(301, 223, WEEKS)
    assert counts(301, 223, WEEKS, level=1 - change.p).low == pytest.approx(0, abs=1e-9)


def test_counts_of_unequal_days():
    """Thirty days against fifteen with half as many: no change."""
    change = counts(400, 200, WEEKS, days=30, days_before=15)
    assert change.change == pytest.approx(0) and change.p == pytest.approx(1) and change.low < 0 < change.high
    assert values(counts(390, 200, WEEKS, 30, 20)) == pytest.approx((0.3, *values(counts(390, 200, WEEKS, 30, 20))[1:]))
    with pytest.raises(ValueError, match="days"):
        counts(400, 200, WEEKS, days=30)


@pytest.mark.parametrize(
    "arguments, change, verdict",
    [
        ((0, 200, WEEKS), -1, "few"),  # the ratio's interval says nothing at 0
        ((200, 0, WEEKS), nan, "few"),
        ((0, 0, WEEKS), nan, "few"),
        ((900, 300), 2, "no history"),
        ((900, 300, WEEKS[:3]), 2, "no history"),
        ((900, 300, WEEKS), 2, "clear"),
        ((310, 300, count_movement(WEEKS[:4], WEEKS[4:])), 1 / 30, "chance"),
    ],
)
def test_counts_without_a_verdict(arguments, change, verdict):
    found = counts(*arguments)
    assert found.change == pytest.approx(change, nan_ok=True) and decide([found]) == [verdict]


# --- waits ----------------------------------------------------------------------------------------


def counted(waits):
    return np.unique(np.asarray(waits, float), return_counts=True)


def test_waits_with_zeros():
    now, before = [0, 0, 0, 5, 9, 30, 40, 60, 80, 90], [0] * 6 + [3, 5, 8, 20]
    change = waits(*counted(now), *counted(before))
    assert change.p == pytest.approx(0.055753, abs=6e-7) == pytest.approx(chi2.sf(5.773661, 2), abs=6e-7)
    assert change.at == 3 and values(change) == pytest.approx(oracle.newcombe(3, 10, 7, 10))
    ranks = [sum(value == wait for wait in now[3:]) for value in (3, 5, 8, 9, 20, 30, 40, 60, 80, 90)]
    others = [sum(value == wait for wait in before[6:]) for value in (3, 5, 8, 9, 20, 30, 40, 60, 80, 90)]
    assert rank_score(np.array(ranks), np.array(others)) == pytest.approx(1.988839, abs=6e-7)


waits_of = st.lists(st.integers(1, 8), min_size=10, max_size=40)


@few
@given(waits_of, waits_of)
def test_waits_are_mann_whitney(now, before):
    change, back = waits(*counted(now), *counted(before)), waits(*counted(before), *counted(now))
    if len({*now, *before}) == 1:
        assert change.p == 1
        return
    expected = mannwhitneyu(now, before, use_continuity=False, method="asymptotic")
    assert change.p == pytest.approx(expected.pvalue, rel=1e-9) == pytest.approx(back.p)
    assert change.change == pytest.approx(-back.change) and change.method == "Mann-Whitney"
    middle = sorted([*now, *before])[(len(now) + len(before) - 1) // 2]
    assert change.at == middle
    assert change.change == pytest.approx(np.mean(np.array(now) <= middle) - np.mean(np.array(before) <= middle))


@pytest.mark.parametrize(
    "now, before, p",
    [
        ([0] * 12, [0] * 12, 1),  # nothing differs
        ([0] * 12, [0] * 6 + [5] * 6, 2 * norm.sf(0.5 / math.sqrt(0.75 * 0.25 / 6))),  # only the zeros can
        ([0] * 6 + [5] * 6, [0] * 6 + [5] * 6, 1),
    ],
)
def test_waits_that_are_alike(now, before, p):
    assert waits(*counted(now), *counted(before)).p == pytest.approx(p)


def test_waits_of_few():
    assert waits(*counted([1] * 9), *counted([1] * 50)).untested == "few"
    assert waits([], [], *counted([1] * 50)).untested == "few"


# --- curves ---------------------------------------------------------------------------------------

TIMES = [60, 120, 180, 240]
NOW = [3, 4, 2, 1], [1, 1, 0, 1], [0, 1, 1, 1]
BEFORE = [1, 3, 4, 2], [1, 0, 1, 1], [0, 1, 0, 1]


def test_log_rank():
    excess, variance = log_rank(NOW, BEFORE)
    assert (excess, variance) == pytest.approx((0.889770, 3.624974), abs=6e-7)
    assert excess**2 / variance == pytest.approx(0.218399, abs=6e-7)
    assert log_rank(BEFORE, NOW) == pytest.approx((-excess, variance))


def test_curves():
    change = curves((TIMES, *NOW), (TIMES, *BEFORE))
    assert change.p == pytest.approx(chi2.sf(0.218399, 1), abs=1e-6)
    pooled = Incidence(TIMES, *(np.add(now, before) for now, before in zip(NOW, BEFORE, strict=True)))
    assert change.at == pooled.quantile(0.5) == 180
    sides = [Incidence(TIMES, *side).at(180) for side in (NOW, BEFORE)]
    assert values(change) == pytest.approx(difference(*sides)) and change.change > 0  # answered sooner now


ends = st.lists(st.tuples(st.integers(1, 9), st.sampled_from("eoc")), min_size=10, max_size=40)


def columns_of(pairs):
    times = sorted({time for time, _ in pairs})
    return times, *([sum(pair == (time, end) for pair in pairs) for time in times] for end in "eoc")


@few
@given(ends, ends)
def test_curves_are_log_rank(now, before):
    """Against statsmodels on expanded rows, where another end is censored for the test."""
    change = curves(columns_of(now), columns_of(before))
    both = [*now, *before]
    if not any(end == "e" for _, end in both):
        assert change.untested == "few"
        return
    assert 0 < change.p <= 1 and -1 <= change.low <= change.change <= change.high <= 1
    back = curves(columns_of(before), columns_of(now))
    assert (back.p, back.change, back.at) == pytest.approx((change.p, -change.change, change.at))
    times, ended = np.array([time for time, _ in both]), np.array([end == "e" for _, end in both])
    group = np.repeat([1, 0], [len(now), len(before)])
    last = max(min(times[group == side].max() for side in (0, 1)), times[ended].min())
    if (times[ended] < last).sum() > 1 and change.p < 1:
        _, p = survdiff(times, ended.astype(int), group)
        assert change.p == pytest.approx(p, rel=1e-6)


def test_curves_read_no_further_than_both_were_followed():
    """The cases of now are at most a minute old; the others' median is ten."""
    now = [60], [2], [0], [18]
    before = [60, 600], [2, 18], [0, 0], [0, 0]
    change = curves(now, before)
    assert change.at == 60 and change.change == pytest.approx(0)


def test_curves_of_few_and_of_no_median():
    short = [60], [9], [0], [0]
    assert curves(short, (TIMES, *NOW)).untested == curves((TIMES, *NOW), short).untested == "few"
    unanswered = [60], [0], [10], [10]
    assert decide([curves(unanswered, unanswered)]) == ["few"]
    # a fifth is ever answered: the half of that
    rare = [60, 120, 180], [2, 2, 0], [0, 0, 16], [0, 0, 0]
    assert curves(rare, rare).at == 60 and curves(rare, rare).p == 1


# --- means ----------------------------------------------------------------------------------------


def sums_of(values, powers):
    values = np.asarray(values, float)
    return [len(values), *[float((values**power).sum()) for power in range(1, powers + 1)]]


def test_means():
    now, before = sums_of(np.arange(40) ** 1.5, 3), sums_of(np.arange(30) ** 1.3, 3)
    sides = [(side[1] / side[0], *map(float, mean_of_waits(*side))) for side in (now, before)]
    change = means(now, before)
    assert values(change) == pytest.approx(difference(*sides))
    touching = means(now, before, level=1 - change.p)
    assert touching.low == pytest.approx(0, abs=1e-6)
    assert means(before, now).p == pytest.approx(change.p, rel=1e-6)


def test_scores():
    now, before = sums_of([5] * 30 + [3] * 10, 2), sums_of([5] * 15 + [2] * 25, 2)
    sides = [(side[1] / side[0], *map(float, mean_of_scores(*side, 1, 5))) for side in (now, before)]
    change = scores(now, before, 1, 5)
    assert values(change) == pytest.approx(difference(*sides)) and change.p < 0.001
    touching = scores(now, before, 1, 5, level=1 - change.p)
    assert touching.low == pytest.approx(0, abs=1e-6)
    assert scores(now, now, 1, 5).p == 1 and scores(now, now, 1, 5).change == 0


def test_means_without_a_verdict():
    enough, short, equal = sums_of(range(20), 3), sums_of(range(19), 3), sums_of([7] * 30, 3)
    assert means(enough, short).untested == means(short, enough).untested == "few"
    assert means(enough, equal).untested == "not comparable"
    nps = sums_of([1] * 10, 2), sums_of([-1] * 9, 2)
    assert scores(*nps, -1, 1, fewest=10).untested == "few" and scores(*nps, -1, 1).p < 0.05
    assert scores([0, 0, 0], nps[0], -1, 1).untested == "few"


# --- many at once ---------------------------------------------------------------------------------

PS = [0.001, 0.008, 0.012, 0.02, 0.04, 0.2, 0.5, 0.7, 0.8, 0.9]


def test_corrections():
    assert (holm(PS) <= 0.05).sum() == 1
    mixed = [0.04, nan, 0.01, 0.03, nan]
    assert holm(mixed) == pytest.approx([0.06, nan, 0.03, 0.06, nan], nan_ok=True)
    assert holm([]).size == 0 and np.isnan(holm([nan, nan])).all()


@few
@given(st.lists(st.integers(0, 1000).map(lambda p: p / 1000), min_size=1, max_size=12))
def test_corrections_by_definition(ps):
    for p, adjusted in zip(ps, holm(ps), strict=True):
        steps = [q * sum(other >= q for other in ps) for q in ps if q <= p]  # each against those not smaller
        assert adjusted == pytest.approx(min(max(steps), 1))


def test_decide():
    """Of ten rows one is clear; those that weren't tested don't count among the tested and say why."""
    changes = [Change(0.1, p=p) for p in PS]
    assert decide(changes) == ["clear"] + ["chance"] * 9
    untested = [Change(untested="few"), Change(0.1, untested="no history"), Change()]
    assert decide([*untested, Change(0.1, p=0.03)]) == ["few", "no history", "not comparable", "clear"]
    assert decide([]) == [] and decide([Change(0.1, p=0.05)]) == ["clear"]
    assert decide([Change(0.1, p=0.03)], level=0.99) == ["chance"]


def test_the_edge_is_clear_wherever_it_is_asked():
    """A corrected p of exactly .05, such as ten times .005, is clear for a table, a scan, a figure and a peak alike."""
    (p,) = holm([0.005] * 10)[:1]
    assert is_clear(p) and decide([Change(0.1, p=0.005)] * 10) == ["clear"] * 10
    assert is_clear(1 - 0.95 + 1e-15) and not is_clear(0.0501) and not is_clear(nan)
    assert not is_clear(0.03, level=0.99)
    cards = [{"p": 0.05 + 1e-15, "verdict": "clear", "direction": "worse"}]
    assert _decided(cards)[0]["verdict"] == "clear"


@pytest.mark.parametrize(
    "change, best, way",
    [(0.1, "high", "better"), (-0.1, "high", "worse"), (0.1, "low", "worse"), (-0.1, "low", "better"),
     (0.0, "high", "none"), (0.1, "", "none"), (0.1, None, "none"), (nan, "low", "none"), (None, "low", "none")],
)  # fmt: skip
def test_direction(change, best, way):
    assert direction(change, best) == way


@pytest.mark.parametrize("value, p", [(1.959964, 0.05), (3.290527, 0.001), (0, 1), (9, 1e-12), (-1.959964, 0.05)])
def test_p_value(value, p):
    found = p_value(lambda level: (value + norm.ppf((1 - level) / 2), value - norm.ppf((1 - level) / 2)))
    assert found == pytest.approx(p, rel=1e-5)
