"""Intervals and survival curves against published figures, formulas by hand and statsmodels."""

import math

import numpy as np
import oracle
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from statsmodels.duration.survfunc import SurvfuncRight
from statsmodels.stats.weightstats import DescrStatsW

from toolkit.intervals import Survival, mean_interval, rate_change, wilson

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
