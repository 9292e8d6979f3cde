"""How much each group added to the change of a total."""

import numpy as np
import oracle
import pandas as pd
import pytest
from test_compare import CALM, data_of, surveys

from toolkit import metrics
from toolkit.errors import BadParameter
from toolkit.metrics.compare import change_by_group, compared


def by_topic(**counts):
    return pd.concat([surveys(*one, topic=topic) for topic, one in counts.items() if one[1]], ignore_index=True)


NOW = {"a": (10, 50), "b": (40, 50), "new": (5, 5)}
BEFORE = {"a": (40, 50), "b": (39, 50), "gone": (1, 2)}
WEEKS = [by_topic(a=week, b=(40, 50)) for week in CALM]


def test_what_each_group_added():
    result = change_by_group(data_of(by_topic(**NOW), by_topic(**BEFORE), WEEKS), metrics.csat, "topic")
    rows = pd.DataFrame(result)[["topic", "n", "satisfied_count", "previous_n", "verdict", "is_total"]]
    assert rows.astype(object).where(rows.notna(), None).values.tolist() == [
        ["a", 50, 10, 50, "clear", False],  # the most harm first
        ["gone", 0, 0, 2, "few", False],
        ["b", 50, 40, 50, "chance", False],
        ["new", 5, 5, 0, "few", False],
        [None, 105, 55, 102, "clear", True],
    ]
    added = [10 / 105 - 40 / 102, -1 / 102, 40 / 105 - 39 / 102, 5 / 105]
    assert result["contribution"].tolist() == pytest.approx([*added, 55 / 105 - 80 / 102])
    assert result["csat"].iloc[[0, 2, 4]].tolist() == pytest.approx([0.2, 0.8, 55 / 105])
    assert result["previous"].iloc[[0, 1, 4]].tolist() == pytest.approx([0.8, 0.5, 80 / 102])
    p = oracle.rates_by_week(10, 105, 40, 102, [(hits, n + 50) for hits, n in CALM])
    assert result["p"].iloc[0] == pytest.approx(p, rel=1e-6) and result["p"].iloc[[1, 3]].isna().all()
    assert (result["contribution_low"] < result["contribution"]).all()
    assert (result["contribution"] < result["contribution_high"]).all()
    about = {name: result.attrs[name] for name in ("metric", "shape", "value", "best", "count", "by", "ends")}
    assert about == {
        "metric": "csat", "shape": "contribution", "value": "contribution", "best": "high", "count": "n", "by": ["topic"],
        "ends": ("contribution_low", "contribution_high"),
    }  # fmt: skip


def test_holm_over_the_groups_and_not_the_total():
    """A change that is clear alone is none beside nine that were looked at with it."""
    names, risen = "cdefghijk", {"a": (42, 50)}
    level = dict.fromkeys(names, (20, 50))

    def verdicts(others):
        now, before = by_topic(**risen, **others), by_topic(a=(20, 50), **others)
        weeks = [by_topic(a=week, **others) for week in CALM]
        result = change_by_group(data_of(now, before, weeks), metrics.csat, "topic").set_index("topic")
        return result.loc["a", "p"], result.loc["a", "verdict"]

    alone, (p, verdict) = verdicts({})[1], verdicts(level)
    assert alone == "clear" and 0.05 / 10 < p <= 0.05 and verdict == "chance"


def test_without_a_history_nothing_is_clear():
    result = change_by_group(data_of(by_topic(**NOW), by_topic(**BEFORE)), metrics.csat, "topic")
    assert set(result["verdict"]) == {"no history", "few"}
    assert change_by_group(data_of(by_topic(**NOW), None), metrics.csat, "topic") is None


@pytest.mark.parametrize("seed", range(5))
def test_what_the_groups_added_sums_to_the_change(seed):
    random = np.random.default_rng(seed)
    now, before, *weeks = (
        by_topic(**{name: (random.integers(0, 30), 30 + random.integers(0, 9)) for name in "abcd"}) for _ in range(9)
    )
    data = data_of(now, before, weeks)
    result, whole = change_by_group(data, metrics.csat, "topic"), compared(data, metrics.csat).iloc[0]
    total = result.iloc[-1]
    assert result["contribution"].iloc[:-1].sum() == pytest.approx(total["contribution"]) == whole["change"]
    ends = ("contribution_low", "low"), ("contribution_high", "high"), ("p", "p")
    for own, of_all in ends:
        assert total[own] == pytest.approx(whole["p" if of_all == "p" else f"change_{of_all}"])
    assert total["verdict"] == whole["verdict"]


def test_harm_comes_first_where_more_is_worse():
    result = change_by_group(data_of(by_topic(**NOW), by_topic(**BEFORE), WEEKS), metrics.low_score_rate, "topic")
    assert result["topic"].iloc[0] == "a" and result["contribution"].iloc[0] > 0 and result["is_total"].iloc[-1]


def test_what_is_no_share_of_its_cases():
    data = data_of(by_topic(**NOW), by_topic(**BEFORE), WEEKS)
    with pytest.raises(BadParameter, match="csat_by_topic is none"):
        change_by_group(data, metrics.csat_by_topic, "topic")
