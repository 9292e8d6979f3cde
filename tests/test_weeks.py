"""Which weeks are unusual: published charts and a week by eye."""

import numpy as np
import pytest

from toolkit.weeks import laney, moving_sigma, unusual

HITS, N = [12, 15, 9, 14, 11, 13, 10, 16, 12, 24], [100] * 10
# Montgomery's orange juice cans: nonconforming of 50, 30 samples
CANS = [12, 15, 8, 10, 4, 7, 16, 9, 14, 10, 5, 6, 17, 12, 22, 8, 10, 5, 13, 11, 20, 18, 24, 15, 9, 12, 7, 13, 9, 6]


def test_unusual():
    limits = unusual(HITS, N)
    assert (limits.centre, limits.low, limits.high) == pytest.approx((0.124444, 0.044093, 0.204795), abs=6e-7)
    assert limits.sigma == 1  # of .694981: less than chance is chance
    assert limits.high < 0.24


def test_unusual_where_weeks_move():
    """Four weeks of 20 and four of 40 of a hundred: 2.28 times chance, so that 60 isn't unusual."""
    hits = [20, 40] * 4
    limits = unusual([*hits, 55], [100] * 9)
    chance = 240.5 / 801 * (1 - 240.5 / 801)
    assert limits.sigma == pytest.approx(np.sqrt(8 * 10**2 / 100 / chance / 7))
    half = 2.364624 * limits.sigma * np.sqrt(chance * (1 / 100 + 1 / 800))
    assert (limits.low, limits.high) == pytest.approx((0.3 - half, 0.3 + half))


def test_unusual_of_few():
    assert np.isnan(unusual(HITS[:7], N[:7])).all() and not np.isnan(unusual(HITS[:8], N[:8])).any()
    assert np.isnan(unusual(HITS[:8], [0, *N[1:8]])).all()  # a week without cases is none
    assert np.isnan(unusual([*HITS, 0], [*N, 0])).all() and np.isnan(unusual([], [])).all()
    limits = unusual([0] * 10, [100] * 10)
    assert limits.centre == limits.low == 0 and 0 < limits.high < 0.01


def test_moving_sigma():
    assert moving_sigma(np.array(HITS[:9], float), np.array(N[:9], float)) == pytest.approx(1.072750, abs=6e-7)


def test_laney_published():
    limits = laney(CANS, [50] * 30)
    assert limits.centre == pytest.approx(0.2313, abs=6e-5) and limits.sigma == pytest.approx(1.6609, abs=2e-3)
    plain = (limits.high - limits.centre) / limits.sigma
    assert limits.centre + plain == pytest.approx(0.4102, abs=2e-4)  # the plain chart's limit
    assert (limits.low == 0).all() and limits.high[0] == pytest.approx(0.5285, abs=5e-4)


def test_laney_is_no_narrower_than_chance():
    steady = laney([20, 21] * 6, [100] * 12)
    assert steady.sigma == 1 and steady.low[0] == pytest.approx(0.205 - 3 * np.sqrt(0.205 * 0.795 / 100), abs=1e-3)
    wide = laney([20, 21] * 5 + [40, 200], [100] * 10 + [200, 1000])
    assert wide.high[-1] < wide.high[-2] < wide.high[0]  # each week by its own n


def test_laney_of_few():
    assert np.isnan(laney(CANS[:11], [50] * 11).sigma) and np.isnan(laney(CANS, [50] * 29 + [49]).high).all()
    assert laney(CANS[:12], [50] * 12).sigma > 1
