"""The pull of a group and the parts of a change: reference values, exact sums, cases by eye."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from toolkit.contributions import kitagawa, pull_interval
from toolkit.intervals import wilson
from toolkit.verdicts import rates

few = settings(max_examples=60, deadline=None, derandomize=True, database=None)
group = st.integers(0, 60).flatmap(lambda n: st.tuples(st.just(n), st.integers(0, n)))


def test_pull():
    assert pull_interval(36, 115, 425, 521) == pytest.approx((-0.090896, -0.112884, -0.068498), abs=6e-7)
    total, others = 461 / 636, 425 / 521
    assert total - others == pytest.approx(-0.090896, abs=6e-7)  # the total less the total without the group


def test_pull_by_hand():
    """Above the others and below them: which end of the share goes with which end of the pull."""
    for hits, n, other_hits, other_n in ((45, 50, 70, 150), (5, 50, 70, 150)):
        found = rates(hits, n, other_hits, other_n, fewest=1, within=True)
        change, low, high = found.change, found.low, found.high
        (share_low,), (share_high,) = wilson([n], [n + other_n])
        share, further, nearer = n / (n + other_n), share_high - n / (n + other_n), n / (n + other_n) - share_low
        down, up = (further, nearer) if change < 0 else (nearer, further)
        expected = (
            share * change,
            share * change - np.hypot(share * (change - low), change * down),
            share * change + np.hypot(share * (high - change), change * up),
        )
        assert pull_interval(hits, n, other_hits, other_n) == pytest.approx(expected)


def test_pull_of_several_groups():
    pull, low, high = pull_interval([36, 10, 3, 0], [115, 19, 40, 0], [425, 90, 0, 9], [521, 100, 0, 10])
    assert pull[0] == pytest.approx(-0.090896, abs=6e-7) and pull[1] == pytest.approx(100 / 119 - 0.9)
    assert np.isnan(pull[2:]).all()  # no others, none of its own
    assert np.isnan(low).tolist() == np.isnan(high).tolist() == [False, True, True, True]  # 19 are too few


@few
@given(group.filter(lambda pair: pair[0] >= 20), group.filter(lambda pair: pair[0] >= 20))
def test_pull_properties(own, others):
    (n, hits), (other_n, other_hits) = own, others
    pull, low, high = pull_interval(hits, n, other_hits, other_n)
    assert low <= pull <= high
    turned = pull_interval(n - hits, n, other_n - other_hits, other_n)
    assert turned == pytest.approx((-pull, -high, -low), abs=1e-12)


def test_kitagawa():
    mix, level = kitagawa([70, 30], [63, 18], [40, 60], [37, 37])
    assert mix == pytest.approx((-0.09125, 0.027566, -0.145279, -0.037221), abs=6e-7)
    assert level == pytest.approx((0.02125, 0.058501, -0.093411, 0.135911), abs=6e-7)
    # CSAT .90 and .60 with shares .7 and .3, then .92 and .62 with .4 and .6
    mix, level = kitagawa([700, 300], [630, 180], [400, 600], [368, 372])
    assert (mix.value, level.value) == pytest.approx((-0.09, 0.02))


@pytest.mark.parametrize(
    "before, now, mix, level",
    [
        # all 2nd group's cases are new, at its own rate: the change is mix
        (([100, 0], [80, 0]), ([50, 50], [40, 10]), -0.3, 0),
        (([50, 50], [40, 10]), ([100, 0], [80, 0]), 0.3, 0),
        (([50, 50], [40, 10]), ([50, 50], [30, 20]), 0, 0),
        (([50, 50], [40, 10]), ([50, 50], [40, 30]), 0, 0.2),
    ],
)
def test_kitagawa_by_eye(before, now, mix, level):
    parts = kitagawa(*before, *now)
    assert [part.value for part in parts] == pytest.approx([mix, level])


def test_error_of_an_absent_group():
    """The mix is the share of newcomers times how far they lie below the others, and so is its error."""
    random = np.random.default_rng(1)
    mixes = []
    for _ in range(3000):
        own = random.binomial(200, 0.5)
        now = [own, 200 - own], [random.binomial(own, 0.8), random.binomial(200 - own, 0.4)]
        mixes.append(kitagawa([200, 0], [random.binomial(200, 0.8), 0], *now))
    errors = np.array([[part.error for part in parts] for parts in mixes]).mean(axis=0)
    spread = np.array([[part.value for part in parts] for parts in mixes]).std(axis=0)
    assert errors == pytest.approx(spread, rel=0.05)


def test_kitagawa_of_few_and_none():
    mix, level = kitagawa([10, 9], [5, 5], [40, 60], [37, 37])  # 19 cases before
    assert np.isnan([mix.error, mix.low, level.high]).all() and np.isfinite([mix.value, level.value]).all()
    assert np.isnan(kitagawa([0, 0], [0, 0], [40, 60], [37, 37])).all()


@few
@given(st.lists(st.tuples(group, group), min_size=1, max_size=6))
def test_the_parts_sum_to_the_change(groups):
    columns = np.array([[*before, *now] for before, now in groups], float).T
    if not columns[0].sum() or not columns[2].sum():
        return
    mix, level = kitagawa(*columns)
    change = columns[3].sum() / columns[2].sum() - columns[1].sum() / columns[0].sum()
    assert mix.value + level.value == pytest.approx(change, abs=1e-12)
    back = kitagawa(*columns[2:], *columns[:2])
    assert (back[0].value, back[1].value) == pytest.approx((-mix.value, -level.value), abs=1e-12)
    if columns[0].sum() >= 20 and columns[2].sum() >= 20:
        assert mix.low <= mix.value <= mix.high and level.low <= level.value <= level.high
