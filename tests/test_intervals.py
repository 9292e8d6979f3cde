"""Intervals and survival curves against published figures, formulas by hand and statsmodels."""

import math

import numpy as np
import oracle
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binom
from statsmodels.duration.survfunc import SurvfuncRight
from statsmodels.stats.weightstats import DescrStatsW

from toolkit.intervals import (
    Incidence,
    clustered_rate,
    count_interval,
    mean_interval,
    mean_of_scores,
    mean_of_waits,
    order_interval,
    order_ranks,
    silent_bound,
    student_quantile,
    wilson,
)
from toolkit.movement import count_movement, rate_movement
from toolkit.verdicts import rates


class Survival(Incidence):
    """The share still waiting, where nothing ends otherwise: Kaplan and Meier's curve."""

    def __init__(self, seconds, events, censored):
        super().__init__(seconds, events, np.zeros(len(events)), censored)
        self.surviving, self.low, self.high = 1 - self.share, 1 - self.high, 1 - self.low

    def at(self, seconds):
        return 1 - super().at(seconds)[0]


def rate_change(*counts):
    """(change, low, high) of two groups of a period."""
    change = rates(*counts, fewest=1, within=True)
    return change.change, change.low, change.high


few = settings(max_examples=60, deadline=None, derandomize=True, database=None)


@pytest.mark.parametrize(
    "count, n, low, high",
    [
        (81, 263, 0.2553, 0.3662),  # Newcombe 1998, table I, method 3
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0, 0.1611),
        (1, 29, 0.0061, 0.1718),
        (29, 29, 1 - 0.1170, 1.0),
    ],
)
def test_wilson_published(count, n, low, high):
    (found_low,), (found_high,) = wilson([count], [n])
    assert (found_low, found_high) == pytest.approx((low, high), abs=6e-5)


@few
@given(st.lists(st.integers(0, 400).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))), max_size=5))
def test_wilson_by_hand(pairs):
    low, high = wilson([count for count, _ in pairs], [n for _, n in pairs])
    assert low.shape == high.shape == (len(pairs),)
    for (count, n), found_low, found_high in zip(pairs, low, high, strict=True):
        if n == 0:
            assert np.isnan(found_low) and np.isnan(found_high)
            continue
        assert (found_low, found_high) == pytest.approx(oracle.wilson(count, n), abs=1e-12)
        assert 0 <= found_low <= count / n <= found_high <= 1
        assert (found_low == 0) == (count == 0) and (found_high == 1) == (count == n)


@pytest.mark.parametrize(
    "first, second, low, high",
    [
        ((56, 70), (48, 80), 0.0524, 0.3339),  # Newcombe 1998, table II, method 10
        ((9, 10), (3, 10), 0.1705, 0.8090),
        ((10, 10), (0, 10), 0.6075, 1.0),
        ((5, 56), (0, 29), -0.0381, 0.1926),
    ],
)
def test_rate_change_published(first, second, low, high):
    change, found_low, found_high = rate_change(*first, *second)
    assert change == pytest.approx(first[0] / first[1] - second[0] / second[1])
    assert (found_low, found_high) == pytest.approx((low, high), abs=6e-5)


@few
@given(*[st.integers(1, 300).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))] * 2)
def test_rate_change_by_hand(first, second):
    assert rate_change(*first, *second) == pytest.approx(oracle.newcombe(*first, *second), abs=1e-12)
    back = rate_change(*second, *first)
    assert rate_change(*first, *second) == pytest.approx((-back[0], -back[2], -back[1]), abs=1e-12)


@pytest.mark.parametrize("counts", [(0, 0, 1, 2), (1, 2, 0, 0), (0, 0, 0, 0)])
def test_rate_change_of_nothing(counts):
    assert all(math.isnan(value) for value in rate_change(*counts))


@pytest.mark.parametrize(
    "values, t",
    [([0, 2], 12.706205), ([1, 2, 3], 4.302653), (range(11), 2.228139)],  # t of n - 1 degrees, from the tables
)
def test_mean_interval_tables(values, t):
    n, mean, deviation = len(values), np.mean(values), np.std(values, ddof=1)
    (low,), (high,) = mean_interval([mean], [deviation], [n])
    assert (low, high) == pytest.approx(
        (mean - t * deviation / math.sqrt(n), mean + t * deviation / math.sqrt(n)), rel=1e-6
    )
    assert (low, high) == pytest.approx(DescrStatsW(np.array(values, float)).tconfint_mean())


def test_mean_interval_of_one_and_of_none():
    low, high = mean_interval([5.0, np.nan], [np.nan, np.nan], [1, 0])
    assert np.isnan(low).all() and np.isnan(high).all()


# --- survival -------------------------------------------------------------------------------------

cases = st.lists(st.tuples(st.integers(0, 12), st.booleans()), min_size=1, max_size=40)


def curve_of(pairs):
    times = sorted({time for time, _ in pairs})
    counts = [[sum(pair == (time, event) for pair in pairs) for time in times] for event in (True, False)]
    return Survival(times, *counts)


@few
@given(cases)
def test_survival_by_hand(pairs):
    curve, expected = curve_of(pairs), oracle.kaplan_meier(pairs)
    assert curve.n == len(pairs)
    for column, values in enumerate((curve.seconds, curve.at_risk, curve.surviving, curve.low, curve.high)):
        assert values == pytest.approx([float(row[column]) for row in expected], abs=1e-12)
    for probability in (0.1, 0.25, 0.5, 0.9):
        assert same(curve.quantile(probability), oracle.reach(expected, 2, probability))
        assert same(curve.quantile_interval(probability)[0], oracle.reach(expected, 3, probability))
        assert same(curve.quantile_interval(probability)[1], oracle.reach(expected, 4, probability))
    for time in (-1, 0, 3, 3.5, 100):
        before = [float(row[2]) for row in expected if row[0] <= time]
        assert curve.at(time) == pytest.approx(before[-1] if before else 1.0)


def same(found, expected):
    return math.isnan(found) if expected is None else found == expected


@few
@given(cases.filter(lambda pairs: any(event for _, event in pairs)))
def test_survival_and_statsmodels(pairs):
    """On expanded rows, where statsmodels has its standard errors right."""
    curve = curve_of(pairs)
    other = SurvfuncRight([time for time, _ in pairs], [int(event) for _, event in pairs])
    at = np.searchsorted(curve.seconds, other.surv_times)
    assert curve.surviving[at] == pytest.approx(other.surv_prob, abs=1e-12)
    inner = other.surv_prob > 0
    assert curve.error[at][inner] == pytest.approx(other.surv_prob_se[inner], abs=1e-12)
    assert curve.at_risk[at] == pytest.approx(other.n_risk)


def test_survival_published():
    """Remission of leukaemia under 6-MP (Freireich 1963; Klein & Moeschberger, table 4.1A), in weeks."""
    relapsed = {6: 3, 7: 1, 10: 1, 13: 1, 16: 1, 22: 1, 23: 1}
    censored = {6: 1, 9: 1, 10: 1, 11: 1, 17: 1, 19: 1, 20: 1, 25: 1, 32: 2, 34: 1, 35: 1}
    weeks = sorted({*relapsed, *censored})
    curve = Survival(weeks, [relapsed.get(week, 0) for week in weeks], [censored.get(week, 0) for week in weeks])
    assert curve.n == 21
    found = [round(curve.at(week), 3) for week in relapsed]
    assert found == [0.857, 0.807, 0.753, 0.690, 0.627, 0.538, 0.448]
    assert curve.quantile(0.5) == 23
    at = np.searchsorted(curve.seconds, list(relapsed))
    assert [round(error, 4) for error in curve.error[at]] == [0.0764, 0.0869, 0.0963, 0.1068, 0.1141, 0.1282, 0.1346]


def test_survival_counts_are_cases():
    """Two hundred cases at a time narrow the interval as two hundred rows do."""
    one = Survival([1, 2, 3], [1, 1, 1], [0, 0, 1])
    many = Survival([1, 2, 3], [200, 200, 200], [0, 0, 200])
    assert many.surviving == pytest.approx(one.surviving)
    assert many.error[0] == pytest.approx(one.error[0] / math.sqrt(200))


def test_survival_of_nothing_and_unsorted():
    assert math.isnan(Survival([], [], []).quantile(0.5)) and Survival([], [], []).n == 0
    assert Survival([], [], []).at(5) == 1
    assert Survival([3, 1, 2], [0, 1, 1], [1, 0, 0]).surviving.tolist() == pytest.approx([2 / 3, 1 / 3, 1 / 3])


@pytest.mark.parametrize(
    "events, censored, probability, expected",
    [
        ([1, 1, 1, 1], [0, 0, 0, 0], 0.5, 2),  # at or below: the second of four
        ([1, 1, 1], [0, 0, 0], 0.5, 2),
        ([1, 0, 0, 0], [0, 1, 1, 1], 0.5, None),  # the curve doesn't reach it
        ([0, 0, 0, 1], [1, 1, 1, 0], 0.5, 4),  # the last one at risk
        ([1] * 10, [0] * 10, 0.9, 9),
        ([1] * 10, [0] * 10, 0.3, 3),  # 1 - 0.3 is no float
        ([0], [3], 0.1, None),
    ],
)
def test_survival_quantile(events, censored, probability, expected):
    assert same(Survival(range(1, len(events) + 1), events, censored).quantile(probability), expected)


def test_the_band_does_not_collapse_where_none_is_left():
    curve = Survival([1, 2, 3, 4, 5], [1] * 5, [0] * 5)
    assert curve.surviving[-1] == curve.low[-1] == 0 and curve.high[-1] == curve.high[-2] > 0.1
    assert math.isnan(curve.quantile_interval(0.9)[1])  # of five, nobody knows how long the slowest tenth waits
    assert (Survival([60], [3], [0]).low[0], Survival([60], [3], [0]).high[0]) == (0, 1)


def test_p90_interval_covers():
    """At n = 10 too: an interval whose upper end was always reached held the p90 in 65 % of the samples only."""
    random, held = np.random.default_rng(3), 0
    for _ in range(400):
        low, high = Survival(random.exponential(1, 10), [1] * 10, [0] * 10).quantile_interval(0.9)
        held += low <= -math.log(0.1) and (math.isnan(high) or -math.log(0.1) <= high)
    assert held / 400 > 0.9


# --- rates of messages ----------------------------------------------------------------------------


def test_wilson_with_another_quantile():
    """An n divided by 2 and Student's quantile of 7 degrees: the formula by hand."""
    (low,), (high,) = wilson([10], [20], quantile=2.364624)
    half = 2.364624 * math.sqrt(0.25 / 20 + 2.364624**2 / (4 * 400)) / (1 + 2.364624**2 / 20)
    assert (low, high) == pytest.approx((0.5 - half, 0.5 + half))
    (low,), (high,) = wilson([2.5], [7.25])
    assert 0 < low < 2.5 / 7.25 < high < 1
    assert wilson([3], [4], level=0.99)[0] < wilson([3], [4])[0]


def clustered(n, hits, **options):
    n, hits = np.array(n, float), np.array(hits, float)
    low, high = clustered_rate(len(n), n.sum(), hits.sum(), n @ n, hits @ hits, n @ hits, **options)
    return float(low), float(high)


def test_clustered_rate():
    n, hits = [1, 2, 3, 4, 2, 3, 1, 2, 3, 2], [1, 2, 0, 4, 0, 0, 0, 1, 3, 0]
    assert clustered(n, hits) == pytest.approx((0.177751, 0.795375), abs=6e-7)
    (low,), (high,) = wilson([11], [23])
    assert (low, high) == pytest.approx((0.292372, 0.670373), abs=6e-7)
    assert all(map(math.isnan, clustered(n[:9], hits[:9])))  # 9 conversations


def test_clustered_rate_of_single_messages():
    """One message each: Wilson with Student's quantile, as k / (k - 1) is the only design effect."""
    hits = [1] * 30 + [0] * 70
    (low,), (high,) = wilson([30 * 0.99], [100 * 0.99], quantile=student_quantile(99))
    assert clustered([1] * 100, hits) == pytest.approx((low, high))


def test_clustered_rate_is_no_narrower_than_wilson():
    """One of two in each conversation: less than chance is chance."""
    low, high = wilson([20], [40], quantile=student_quantile(19))
    assert clustered([2] * 20, [1] * 20) == pytest.approx((low[0], high[0]))


@pytest.mark.parametrize("hits, end", [([0] * 10, 0), ([3] * 10, 1)])
def test_clustered_rate_of_none_and_all(hits, end):
    """Ten conversations of three messages, none of which (all of which) count, are as good as ten messages."""
    low, high = wilson([10 * end], [10], quantile=student_quantile(9))
    assert clustered([3] * 10, hits) == pytest.approx((low[0], high[0]))


# --- means ----------------------------------------------------------------------------------------

WAITS = np.array([0] * 5 + [3, 8, 15, 20, 48, 60, 111], float)


def sums_of(values, powers):
    values = np.asarray(values, float)
    return [len(values), *[float((values**power).sum()) for power in range(1, powers + 1)]]


def test_mean_of_waits():
    assert sums_of(WAITS, 3) == [12, 265, 18923, 1706137]
    low, high = mean_of_waits(*sums_of(WAITS, 3), fewest=12)
    assert (low, high) == pytest.approx((5.649912, 112.405534), abs=6e-7)
    low, high = mean_interval([265 / 12], [34.471222], [12])
    assert (low[0], high[0]) == pytest.approx((0.181364, 43.985303), abs=2e-6)


@pytest.mark.parametrize("values", [WAITS, [0] * 40, [7] * 40, [], [5]])
def test_mean_of_waits_that_has_no_interval(values):
    """Too few, or all equal."""
    assert np.isnan(mean_of_waits(*sums_of(values, 3))).all()


def test_mean_of_waits_without_skew_is_students():
    values = list(range(1, 41))
    (low,), (high,) = mean_interval([20.5], [np.std(values, ddof=1)], [40])
    assert mean_of_waits(*sums_of(values, 3)) == pytest.approx((low, high))


@few
@given(st.lists(st.integers(0, 5000), min_size=20, max_size=60).filter(lambda values: len(set(values)) > 1))
def test_mean_of_waits_properties(values):
    low, high = mean_of_waits(*sums_of(values, 3))
    assert 0 <= low <= np.mean(values) <= high
    minutes = [value * 60 for value in values]
    assert mean_of_waits(*sums_of(minutes, 3)) == pytest.approx((60 * low, 60 * high), rel=1e-6, abs=1e-6)
    wider = mean_of_waits(*sums_of(values, 3), level=0.99)
    assert wider[0] <= low and wider[1] >= high


def test_means_of_several_groups_at_once():
    columns = [np.array(column) for column in zip(sums_of(range(30), 3), sums_of([1] * 30, 3), strict=True)]
    low, high = mean_of_waits(*columns)
    assert low[0] == pytest.approx(float(mean_of_waits(*sums_of(range(30), 3))[0])) and np.isnan(low[1])
    assert low.shape == high.shape == (2,)


def scores_of(counts, values=(1, 2, 3, 4, 5)):
    return np.repeat(values, counts)


@pytest.mark.parametrize(
    "counts, mean, low, high",
    [
        ((64, 73, 38, 194, 267), 3.828616, 3.721219, 3.930539),
        ((0, 0, 0, 0, 10), 5, 3.889869, 5),
        ((1, 0, 0, 2, 7), 4.4, 3.326254, 4.834053),
    ],
)
def test_mean_of_scores(counts, mean, low, high):
    scores = scores_of(counts)
    assert scores.mean() == pytest.approx(mean, abs=6e-7)
    assert mean_of_scores(*sums_of(scores, 2), 1, 5) == pytest.approx((low, high), abs=6e-7)


@pytest.mark.parametrize(
    "detractors, passives, promoters, nps, low, high",
    [
        (20, 30, 50, 0.3, 0.140665, 0.444188),
        (69, 66, 159, 0.306122, 0.209104, 0.397173),
        (0, 0, 10, 1, 0.444934, 1),
        (0, 10, 0, 0, -0.183695, 0.183695),
    ],
)
def test_nps(detractors, passives, promoters, nps, low, high):
    answers = scores_of((detractors, passives, promoters), (-1, 0, 1))
    assert answers.mean() == pytest.approx(nps, abs=6e-7)
    found = mean_of_scores(*sums_of(answers, 2), -1, 1, fewest=10)
    assert found == pytest.approx((low, high), abs=6e-7)
    assert np.isnan(mean_of_scores(*sums_of(answers[:9], 2), -1, 1, fewest=10)).all()


@few
@given(st.lists(st.integers(0, 30), min_size=5, max_size=5).filter(lambda counts: sum(counts) >= 5))
def test_mean_of_scores_properties(counts):
    scores = scores_of(counts)
    low, high = mean_of_scores(*sums_of(scores, 2), 1, 5)
    assert 1 <= low <= scores.mean() + 1e-12 and scores.mean() - 1e-12 <= high <= 5 and low < high
    turned = mean_of_scores(*sums_of(6 - scores, 2), 1, 5)
    assert turned == pytest.approx((6 - high, 6 - low))


@few
@given(st.integers(5, 300).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_two_points_are_wilson(pair):
    count, n = pair
    (low,), (high,) = wilson([count], [n])
    assert mean_of_scores(n, count, count, 0, 1) == pytest.approx((low, high), abs=1e-9)


def test_too_few_scores():
    assert np.isnan(mean_of_scores(4, 20, 100, 1, 5)).all() and np.isnan(mean_of_scores(0, 0, 0, 1, 5)).all()


# --- quantiles of what is complete ----------------------------------------------------------------


@pytest.mark.parametrize("n, ranks", [(6, (1, 6)), (12, (3, 10)), (20, (6, 15)), (30, (10, 21)), (5, None), (0, None)])
def test_order_ranks_of_a_median(n, ranks):
    assert order_ranks(n, 0.5) == ranks


@pytest.mark.parametrize("probability, fewest", [(0.5, 6), (0.9, 29), (0.95, 59), (0.1, 29)])
def test_order_ranks_fewest(probability, fewest):
    assert order_ranks(fewest - 1, probability) is None and order_ranks(fewest, probability) is not None


@pytest.mark.parametrize("probability", [0.1, 0.25, 0.5, 0.75, 0.9, 0.95])
def test_order_ranks_hold(probability):
    """At each n the ranks cover, and one rank less at either end would miss its part."""
    for n in [*range(1, 140), 999, 20_000]:
        ranks = order_ranks(n, probability)
        if ranks is None:
            continue
        low, high = ranks
        below, above = binom.cdf(low - 1, n, probability), binom.sf(high - 1, n, probability)
        assert 1 <= low <= high <= n and below + above <= 0.05 + 1e-12, n
        if probability**n < 0.025 and (1 - probability) ** n < 0.025:
            assert below <= 0.025 < binom.cdf(low, n, probability), n
            assert above <= 0.025 < binom.sf(high - 2, n, probability), n


def test_order_interval():
    values = sorted(WAITS)
    distinct, counts = np.unique(values, return_counts=True)
    assert order_interval(distinct, counts, 0.5) == (values[2], values[9]) == (0, 48)
    assert order_interval([7], [6], 0.5) == (7, 7)
    assert all(map(math.isnan, order_interval([1, 2], [3, 2], 0.5) + order_interval([], [], 0.5)))


# --- counts ---------------------------------------------------------------------------------------

WEEKS = [180, 230, 205, 170, 220, 240, 190, 210]


def test_count_interval():
    assert count_movement(WEEKS) == pytest.approx((2.898393, 7), abs=6e-7)
    assert count_interval(260, WEEKS) == pytest.approx((202.556460, 333.734111), abs=6e-7)
    assert count_interval(260, count_movement(WEEKS)) == count_interval(260, WEEKS)
    assert all(map(math.isnan, count_interval(260, WEEKS[:3]) + count_interval(260, None)))


@pytest.mark.parametrize("weekly, factor", [([215, 213, 214, 218, 218, 219, 216, 186], 1), ([0] * 4, 1), ([9] * 8, 1)])
def test_movement_is_at_least_chance(weekly, factor):
    assert count_movement(weekly).factor == factor


def test_count_interval_of_none():
    low, high = count_interval(0, [0, 1, 0, 2, 1, 0, 0, 1])
    assert low == 0 and silent_bound(1) < high < 6  # no less than Poisson's
    assert count_interval(0, WEEKS)[1] == pytest.approx(2.898393 * count_interval(0, [9] * 8)[1], rel=1e-6)


def test_movement_of_two_periods():
    """Each stretch against its own mean: a step between them isn't movement."""
    assert count_movement([10, 22, 34], [100, 130, 160]).factor == pytest.approx((288 / 22 + 1800 / 130) / 4)
    assert count_movement([100, 160], [400, 300]) is None and count_movement([100, 160, 130], [400, 300]).degrees == 3
    hits, n = np.array([10, 30, 20, 20]), np.full(4, 100)
    one = rate_movement((hits, n))
    assert one == pytest.approx((200 / 100 / (81 / 402 * (1 - 81 / 402)) / 3, 3))
    assert rate_movement((hits, n), (hits, n)) == pytest.approx((one.factor, 6), rel=1e-9)
    assert rate_movement((hits, [100, 100, 100, 0])) is None  # a week without cases is none
    with np.errstate(all="raise"):
        assert rate_movement(([0] * 5, [50] * 5)).factor == 1


# --- competing ends -------------------------------------------------------------------------------

TIMES = [60, 120, 180, 240]
CURVE = Incidence(TIMES, [3, 4, 2, 1], [1, 1, 0, 1], [0, 1, 1, 1])


def test_incidence():
    assert CURVE.share == pytest.approx([0.1875, 0.4375, 0.583333, 0.680556], abs=6e-7)
    assert CURVE.error == pytest.approx([0.097578, 0.124020, 0.127294, 0.127625], abs=6e-7)
    assert CURVE.low == pytest.approx([0.064648, 0.237761, 0.357108, 0.437057], abs=6e-7)
    assert CURVE.high == pytest.approx([0.475396, 0.704573, 0.823584, 0.896325], abs=6e-7)
    assert CURVE.quantile(0.5) == 180 and same(CURVE.quantile_interval(0.5)[1], None)
    assert CURVE.quantile_interval(0.5)[0] == 120
    assert (CURVE.n, CURVE.ended, CURVE.otherwise, CURVE.open) == (16, 10, 3, 3)
    assert CURVE.at(59) == (0, 0, 0) and CURVE.at(100) == (CURVE.share[0], CURVE.low[0], CURVE.high[0])
    assert CURVE.at(1e9)[0] == CURVE.share[-1]


def test_incidence_where_the_other_end_is_censoring():
    """Kaplan-Meier of the same cases: it would have them answered sooner or later."""
    curve = Survival(TIMES, [3, 4, 2, 1], [1, 2, 1, 2])
    assert curve.surviving == pytest.approx([0.8125, 0.541667, 0.361111, 0.240741], abs=6e-7)
    assert (1 - curve.surviving[1:] > CURVE.share[1:]).all()


def test_incidence_of_all_closed():
    curve = Incidence([60, 120], [0, 0], [3, 2], [0, 0])
    assert curve.share.tolist() == [0, 0] and math.isnan(curve.quantile(0.1)) and curve.at(200) == (0, 0, 0)
    curve = Incidence([60, 120], [2, 1], [1, 1], [0, 0])
    assert curve.share == pytest.approx([0.4, 0.6])  # levels off at the share ever answered
    assert curve.quantile(0.6) == 120 and math.isnan(curve.quantile(0.7))


ends = st.lists(st.tuples(st.integers(0, 12), st.sampled_from("eoc")), min_size=1, max_size=40)


def incidence_of(pairs):
    times = sorted({time for time, _ in pairs})
    return Incidence(times, *[[sum(pair == (time, end) for pair in pairs) for time in times] for end in "eoc"])


@few
@given(ends)
def test_incidence_by_hand(pairs):
    """Against the sums over all pairs of times, and without them the exact share."""
    curve, waiting, share, rows = incidence_of(pairs), 1.0, 0.0, []
    for time in sorted({time for time, _ in pairs}):
        at_risk = sum(other >= time for other, _ in pairs)
        ended, gone = (sum(pair[0] == time and pair[1] in kinds for pair in pairs) for kinds in ("e", "eo"))
        share += waiting * ended / at_risk
        rows.append((time, at_risk, ended, gone, waiting, share))
        waiting *= 1 - gone / at_risk
    for index, (time, *_, share) in enumerate(rows):
        variance = 0.0
        for _, at_risk, ended, gone, waiting, then in rows[: index + 1]:
            further = share - then
            variance += further**2 * gone / (at_risk * (at_risk - gone)) if further else 0
            variance += waiting**2 * ended * (at_risk - ended) / at_risk**3 - 2 * further * waiting * ended / at_risk**2
        assert curve.share[index] == pytest.approx(share, abs=1e-12)
        if share < 1:
            assert curve.error[index] == pytest.approx(math.sqrt(max(variance, 0)), abs=1e-7)
        assert 0 <= curve.low[index] <= curve.share[index] <= curve.high[index] <= 1
        assert curve.at(time) == (curve.share[index], curve.low[index], curve.high[index])
    assert (np.diff(curve.share) >= -1e-15).all()
    assert (curve.n, curve.ended) == (len(pairs), sum(end == "e" for _, end in pairs))


@few
@given(cases)
def test_incidence_without_other_ends_is_survival(pairs):
    """Exactly: the curve, its band and what is read off them."""
    curve, expected = curve_of(pairs), oracle.kaplan_meier(pairs)
    times = sorted({time for time, _ in pairs})
    counts = [[sum(pair == (time, event) for pair in pairs) for time in times] for event in (True, False)]
    incidence = Incidence(times, counts[0], np.zeros(len(times)), counts[1])
    assert (incidence.share == 1 - curve.surviving).all() and (incidence.error == curve.error).all()
    assert (incidence.low == 1 - curve.high).all() and (incidence.high == 1 - curve.low).all()
    assert incidence.share == pytest.approx([1 - float(row[2]) for row in expected], abs=1e-12)
    for probability in (0.1, 0.25, 0.5, 0.9):
        assert same(incidence.quantile(probability), oracle.reach(expected, 2, probability))
        found = incidence.quantile_interval(probability)
        assert same(found[0], oracle.reach(expected, 3, probability))
        assert same(found[1], oracle.reach(expected, 4, probability))


def test_incidence_of_many_durations():
    """A longer curve doesn't lose its error to rounding: closed at 1/120 a second, answered at 1/60."""
    random = np.random.default_rng(8)
    answer, close = random.exponential(60, 200_000), random.exponential(120, 200_000)
    answered = answer < close
    curve = Incidence(np.minimum(answer, close), answered, ~answered, np.zeros(200_000))
    share, _, _ = curve.at(40)
    assert share == pytest.approx(2 / 3 * (1 - math.exp(-1)), abs=0.004)
    index = np.searchsorted(curve.seconds, 40, side="right") - 1
    assert curve.error[index] == pytest.approx(math.sqrt(share * (1 - share) / 200_000), rel=1e-4)
