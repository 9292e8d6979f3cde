"""What moved a total: mix and level by group, by eye, by reference values and by brute force."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from test_compare import CALM, data_of, surveys

from toolkit import metrics
from toolkit.blocks import block
from toolkit.contributions import split_change
from toolkit.errors import BadParameter
from toolkit.metrics.compare import compared, what_moved
from toolkit.movement import Movement, pooled

few = settings(max_examples=60, deadline=None, derandomize=True, database=None)
PARTS = ("level", "mix", "both")


def by_topic(**counts):
    return pd.concat([surveys(*one, topic=topic) for topic, one in counts.items() if one[1]], ignore_index=True)


NOW = {"a": (10, 50), "b": (40, 50), "new": (5, 5)}
BEFORE = {"a": (40, 50), "b": (39, 50), "gone": (1, 2)}
WEEKS = [by_topic(a=week, b=(40, 50)) for week in CALM]


# --- the split of sums ----------------------------------------------------------------------------


def rates(hits, n):
    return np.array(n, float), np.array(hits, float), np.array(hits, float)


def test_the_reference_value():
    split = split_change(rates([37, 37], [40, 60]), rates([63, 18], [70, 30]))
    mix, level = split.totals["mix"], split.totals["level"]
    assert (mix.value, mix.error) == (pytest.approx(-0.09125), pytest.approx(0.027566, abs=6e-7))
    assert (level.value, level.error) == (pytest.approx(0.02125), pytest.approx(0.058501, abs=6e-7))
    ends = [mix.value - 1.959964 * mix.error, mix.value + 1.959964 * mix.error]
    assert ends == pytest.approx([-0.145279, -0.037221], abs=2e-6)
    assert split.totals["both"].value == pytest.approx(-0.07)


def test_by_eye():
    """Half of the cases are of each group; then three quarters are of the worse, whose rate stays: mix alone."""
    split = split_change(rates([15, 20], [75, 25]), rates([10, 40], [50, 50]))
    assert split.level.value.tolist() == [0.0, 0.0]
    # the total fell from .5 to .35; each group moved by .25 of a share, and lies .225 below or .375 above its mean
    assert split.mix.value == pytest.approx([0.25 * (0.2 - 0.425), -0.25 * (0.8 - 0.425)])
    assert split.totals["both"].value == pytest.approx(-0.15)


def test_what_has_the_total_s_rate_adds_nothing_by_growing():
    split = split_change(rates([40, 15, 5], [80, 20, 20]), rates([10, 15, 5], [20, 20, 20]))
    assert split.both.value[0] == pytest.approx(0.0)


group = st.tuples(st.integers(0, 40), st.floats(0, 1), st.integers(0, 40), st.floats(0, 1))
groups = st.lists(group, min_size=1, max_size=5).filter(
    lambda rows: sum(row[0] for row in rows) > 0 and sum(row[2] for row in rows) > 0
)


def sides_of(rows):
    now = rates([round(n * share) for n, share, _, _ in rows], [row[0] for row in rows])
    return now, rates([round(n * share) for _, _, n, share in rows], [row[2] for row in rows])


@few
@given(groups)
def test_the_parts_sum_exactly(rows):
    now, before = sides_of(rows)
    split = split_change(now, before)
    assert split.level.value + split.mix.value == pytest.approx(split.both.value)
    assert split.both.value.sum() == pytest.approx(now[1].sum() / now[0].sum() - before[1].sum() / before[0].sum())
    for name in PARTS:
        assert getattr(split, name).value.sum() == pytest.approx(split.totals[name].value)
        assert np.isfinite(getattr(split, name).error).all() and np.isfinite(split.totals[name].error)


@few
@given(groups)
def test_swapped_periods_swap_the_sign(rows):
    now, before = sides_of(rows)
    there, back = split_change(now, before), split_change(before, now)
    for name in PARTS:
        assert getattr(there, name).value == pytest.approx(-getattr(back, name).value)
        assert getattr(there, name).error == pytest.approx(getattr(back, name).error)


def values_of(shares, means):
    """Level and mix of each group by the textbook, of shares and figures of both periods."""
    shares, means = np.array(shares), np.array(means)
    total = (shares * means).sum(axis=1).mean()
    level = shares.mean(axis=0) * (means[0] - means[1])
    mix = (shares[0] - shares[1]) * (means.mean(axis=0) - total)
    return {"level": level, "mix": mix, "both": level + mix}


@pytest.mark.parametrize("seed", range(5))
def test_the_errors_by_numeric_slopes(seed):
    """The delta method by brute force: each share and figure is moved a little, and the covariances are summed."""
    random = np.random.default_rng(seed)
    n = random.integers(10, 60, (2, 4))
    hits = random.binomial(n, random.uniform(0.1, 0.9, (2, 4)))
    split = split_change(*(rates(hits[side], n[side]) for side in (0, 1)))
    shares, means = n / n.sum(axis=1, keepdims=True), hits / n
    variance = {name: np.zeros(4) for name in PARTS} | {f"total_{name}": 0.0 for name in PARTS}
    for side in (0, 1):
        slopes = {name: {"share": np.zeros((4, 4)), "mean": np.zeros((4, 4))} for name in PARTS}
        for of, kind in ((shares, "share"), (means, "mean")):
            for j in range(4):
                ends = []
                for step in (1e-6, -1e-6):
                    moved = of.copy()
                    moved[side, j] += step
                    ends.append(values_of(*((moved, means) if kind == "share" else (shares, moved))))
                for name in PARTS:
                    slopes[name][kind][:, j] = (ends[0][name] - ends[1][name]) / 2e-6
        covariance = (np.diag(shares[side]) - np.outer(shares[side], shares[side])) / n[side].sum()
        q = (hits[side] + 0.5) / (n[side] + 1)
        noise = q * (1 - q) / n[side]
        for name in PARTS:
            by_share, by_mean = slopes[name]["share"], slopes[name]["mean"]
            variance[name] += np.diag(by_share @ covariance @ by_share.T) + by_mean**2 @ noise
            all_share, all_mean = by_share.sum(axis=0), by_mean.sum(axis=0)
            variance[f"total_{name}"] += all_share @ covariance @ all_share + all_mean**2 @ noise
    for name in PARTS:
        assert getattr(split, name).error == pytest.approx(np.sqrt(variance[name]), rel=1e-5)
        assert split.totals[name].error == pytest.approx(np.sqrt(variance[f"total_{name}"]), rel=1e-5)


def test_a_group_that_was_absent_has_no_level_and_no_doubt_of_it():
    split = split_change(rates([10, 15], [40, 20]), rates([20, 0], [60, 0]))
    assert split.level.value[1] == split.level.error[1] == 0.0
    assert split.mix.value[1] > 0 and split.mix.error[1] > 0


def test_what_moves_from_week_to_week_widens_its_own_part():
    now, before = rates([37, 37], [40, 60]), rates([63, 18], [70, 30])
    plain, wide = split_change(now, before), split_change(now, before, 4.0, 1.0)
    assert wide.totals["mix"].error > 1.5 * plain.totals["mix"].error
    assert wide.totals["level"].error < 1.1 * plain.totals["level"].error
    assert split_change(now, before, 4.0, 4.0).both.error == pytest.approx(2 * plain.both.error)


@pytest.mark.parametrize("seed", range(3))
def test_intervals_hold_over_many_rounds(seed):
    """Of 400 rounds the true parts lie within the 95 % interval in about 95 %."""
    random = np.random.default_rng(seed)
    shares, means = np.array([[0.5, 0.3, 0.2], [0.3, 0.3, 0.4]]), np.array([[0.3, 0.5, 0.2], [0.2, 0.5, 0.4]])
    true, held = values_of(shares, means), dict.fromkeys(PARTS, 0)
    for _ in range(400):
        n = [random.multinomial(300, share) for share in shares]
        split = split_change(*(rates(random.binomial(n[side], means[side]), n[side]) for side in (0, 1)))
        for name in PARTS:
            part = getattr(split, name)
            held[name] += abs(part.value[0] - true[name][0]) <= 1.96 * part.error[0]
    assert all(0.91 <= number / 400 <= 0.985 for number in held.values())


# --- movement -------------------------------------------------------------------------------------


def test_movements_together():
    assert pooled([None, None]) is None
    assert pooled([Movement(3.0, 7), Movement(1.0, 3)]) == (pytest.approx(2.4), 7)


# --- of a data set --------------------------------------------------------------------------------


def test_what_each_group_added():
    result = what_moved(data_of(by_topic(**NOW), by_topic(**BEFORE), WEEKS), metrics.csat, "topic")
    rows = pd.DataFrame(result)[["topic", "n", "satisfied_count", "previous_n", "verdict", "is_total"]]
    assert rows.astype(object).where(rows.notna(), None).values.tolist() == [
        ["a", 50, 10, 50, "clear", False],  # the most harm first
        ["gone", 0, 0, 2, "few", False],
        ["b", 50, 40, 50, "chance", False],
        ["new", 5, 5, 0, "few", False],
        [None, 105, 55, 102, "clear", True],
    ]
    by = pd.DataFrame(result).set_index("topic")
    middle = (55 / 105 + 80 / 102) / 2
    assert by.loc["a", "level"] == pytest.approx((50 / 105 + 50 / 102) / 2 * (0.2 - 0.8))
    assert by.loc["a", "mix"] == pytest.approx((50 / 105 - 50 / 102) * (0.5 - middle))
    assert by.loc["new", ["level", "mix"]].tolist() == pytest.approx([0, 5 / 105 * (1 - middle)])
    assert by.loc["gone", ["level", "mix"]].tolist() == pytest.approx([0, -2 / 102 * (0.5 - middle)])
    assert result["csat"].iloc[[0, 2, 4]].tolist() == pytest.approx([0.2, 0.8, 55 / 105])
    assert result["previous"].iloc[[0, 1, 4]].tolist() == pytest.approx([0.8, 0.5, 80 / 102])
    for name in ("contribution", "level", "mix"):
        assert (result[f"{name}_low"] <= result[name]).all() and (result[name] <= result[f"{name}_high"]).all()
    about = {name: result.attrs[name] for name in ("metric", "shape", "value", "of", "best", "count", "by", "ends")}
    assert about == {
        "metric": "csat", "shape": "contribution", "value": "contribution", "of": "csat", "best": "high", "count": "n",
        "by": ["topic"], "ends": ("contribution_low", "contribution_high"),
    }  # fmt: skip


def test_holm_over_the_groups_and_not_the_total():
    """A change that is clear alone is none beside nine that were looked at with it."""
    names, risen = "cdefghijk", {"a": (44, 50)}
    level = dict.fromkeys(names, (25, 50))

    def verdicts(others):
        now, before = by_topic(**risen, **others), by_topic(a=(32, 50), **others)
        weeks = [by_topic(a=week, **others) for week in CALM]
        result = what_moved(data_of(now, before, weeks), metrics.csat, "topic").set_index("topic")
        return result.loc["a", "p"], result.loc["a", "verdict"]

    alone, (p, verdict) = verdicts({})[1], verdicts(level)
    assert alone == "clear" and 0.05 / 10 < p <= 0.05 and verdict == "chance"


def test_without_a_history_nothing_is_clear():
    result = what_moved(data_of(by_topic(**NOW), by_topic(**BEFORE)), metrics.csat, "topic")
    assert set(result["verdict"]) == {"no history", "few"} and result["contribution_low"].isna().all()
    assert what_moved(data_of(by_topic(**NOW), None), metrics.csat, "topic") is None


@pytest.mark.parametrize("seed", range(5))
def test_against_plain_pandas(seed):
    """Parts from the rows themselves; the total's change is that of the comparison of the two periods."""
    random = np.random.default_rng(seed)
    now, before, *weeks = (
        by_topic(**{name: (random.integers(0, 30), 30 + random.integers(0, 9)) for name in "abcd"}) for _ in range(9)
    )
    data = data_of(now, before, weeks)
    result, whole = what_moved(data, metrics.csat, "topic"), compared(data, metrics.csat).iloc[0]
    rows, total = result.iloc[:-1].set_index("topic").sort_index(), result.iloc[-1]
    good = [
        frame.assign(good=frame["score"] >= 4).groupby("topic")["good"].agg(["size", "mean"]) for frame in (now, before)
    ]
    shares, means = [one["size"] / one["size"].sum() for one in good], [one["mean"] for one in good]
    expected = values_of(shares, means)
    for column, name in (("contribution", "both"), ("level", "level"), ("mix", "mix")):
        assert rows[column].tolist() == pytest.approx(expected[name].tolist())
        assert result[column].iloc[:-1].sum() == pytest.approx(total[column])
    assert total["contribution"] == pytest.approx(whole["change"]) and total["verdict"] == whole["verdict"]
    for own, of_all in (("contribution_low", "change_low"), ("contribution_high", "change_high"), ("p", "p")):
        assert total[own] == pytest.approx(whole[of_all])


def test_a_mean_score_in_parts():
    now = pd.DataFrame({"topic": ["a"] * 30 + ["b"] * 30, "score": [2, 4] * 15 + [5, 3] * 15})
    before = pd.DataFrame({"topic": ["a"] * 30 + ["b"] * 10, "score": [4, 4, 5] * 10 + [5, 3] * 5})
    result = what_moved(data_of(now, before, [before] * 8), metrics.csat, "topic", value="mean").set_index("topic")
    expected = values_of([[0.5, 0.5], [0.75, 0.25]], [[3, 4], [13 / 3, 4]])
    for column, name in (("contribution", "both"), ("level", "level"), ("mix", "mix")):
        assert result.loc[["a", "b"], column].tolist() == pytest.approx(expected[name].tolist())
    assert result["contribution"].iloc[-1] == pytest.approx(3.5 - 4.25)
    assert result.attrs["units"]["mix"] == "change in score" and result.loc["a", "verdict"] == "clear"
    told = block(what_moved(data_of(now, before, [before] * 8), metrics.csat, "topic", value="mean"))
    assert "took 0.78 off the mean score" in told["heading"] and "a’s own fall" in told["note"].lower()


def test_harm_comes_first_where_more_is_worse():
    result = what_moved(data_of(by_topic(**NOW), by_topic(**BEFORE), WEEKS), metrics.low_score_rate, "topic")
    assert result["topic"].iloc[0] == "a" and result["contribution"].iloc[0] > 0 and result["is_total"].iloc[-1]


def test_too_few_in_all():
    now, before = by_topic(a=(5, 12), b=(2, 5)), by_topic(a=(3, 40), b=(2, 50))
    result = what_moved(data_of(now, before, WEEKS), metrics.csat, "topic")
    assert result["contribution"].iloc[:-1].isna().all() and set(result["verdict"].iloc[:-1]) == {"few"}
    assert result["contribution"].iloc[-1] == pytest.approx(7 / 17 - 5 / 90)  # which can be told


def test_the_parts_are_said():
    now, before = by_topic(a=(10, 60), b=(40, 50)), by_topic(a=(24, 30), b=(40, 50))
    weeks = [by_topic(a=(24, 30), b=(40, 50))] * 8
    told = block(what_moved(data_of(now, before, weeks), metrics.csat, "topic"))
    level, mix = (
        (60 / 110 + 30 / 80) / 2 * (1 / 6 - 0.8),
        (60 / 110 - 30 / 80) * ((1 / 6 + 0.8) / 2 - (50 / 110 + 0.8) / 2),
    )
    assert round(100 * (level + mix), 1) == -31.6
    said = told["note"].replace("\xa0", " ")
    assert (
        f"{-100 * level:.1f} come from a’s own fall and {-100 * mix:.1f} from more of the answers being about it"
        in said.replace("A’s", "a’s")
    )


def test_groups_that_overlap_are_no_parts_of_a_whole(sample):
    with pytest.raises(BadParameter, match="a case of unique_customers is in several groups"):
        what_moved(sample.during("2024-04"), metrics.unique_customers, "channel")


def test_what_is_no_share_of_its_cases():
    data = data_of(by_topic(**NOW), by_topic(**BEFORE), WEEKS)
    with pytest.raises(BadParameter, match="csat_by_topic is none"):
        what_moved(data, metrics.csat_by_topic, "topic")
    with pytest.raises(BadParameter, match="has no column 'median'"):
        what_moved(data, metrics.csat, "topic", value="median")
