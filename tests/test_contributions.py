"""The pull of a group: reference values, cases by eye."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from toolkit.contributions import pull_interval
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
