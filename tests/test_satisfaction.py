"""Satisfaction on any scale, and how many answered beside every score."""

import pandas as pd
import pytest

from toolkit import metrics
from toolkit.errors import BadData, BadParameter
from toolkit.service import Service

# --- satisfaction on other scales -----------------------------------------------------------------


def test_two_points_are_good_and_bad():
    for scale in ((0, 1), (1, 2)):
        frame = pd.DataFrame({"score": [scale[0], scale[1], scale[1], None], "survey_id": list("abcd")})
        row = metrics.csat(frame, scale=scale).iloc[0]
        assert (row["n"], row["bad"], row["good"], row["csat"]) == (3, 1, 2, pytest.approx(2 / 3))
        assert metrics.csat(frame, scale=scale).attrs["choices"] == {"satisfied": scale[1]}
        many = pd.concat([frame.head(3)] * 10)
        row = metrics.csat(many, scale=scale).iloc[0]  # the mean's interval is that of the share
        assert (row["mean_low"] - scale[0], row["mean_high"] - scale[0]) == pytest.approx((row["low"], row["high"]))
        assert metrics.low_score_rate(frame, scale=scale)["low_count"].tolist() == [1]
        listed = metrics.low_scores(frame, scale=scale)
        assert listed["survey_id"].tolist() == ["a"] and f"scored {scale[0]}" in listed.sentence()


def test_other_scales_and_those_that_are_none():
    row = metrics.csat(pd.DataFrame({"score": [1, 2, 3, 3]}), scale=(1, 3)).iloc[0]
    assert (row["point_3"], row["csat"]) == (2, 0.5)  # the best of three
    assert metrics.csat(pd.DataFrame({"score": [1, 6, 7]}), scale=(1, 7))["satisfied_count"].tolist() == [2]
    for scale in ((5, 1), (1, 1), (0, 100), (-1, 1)):
        with pytest.raises(BadParameter, match="scale="):
            metrics.csat(pd.DataFrame({"score": [1]}), scale=scale)


@pytest.mark.parametrize("function", [metrics.csat, metrics.low_score_rate])
def test_a_satisfaction_score_outside_its_scale(function):
    with pytest.raises(BadData, match=r"csat score is no whole number from 1 to 5; toolkit.open_data sets such rows"):
        function(pd.DataFrame({"score": [0, 1]}))
    with pytest.raises(BadData, match="from 0 to 1"):
        function(pd.DataFrame({"score": [2, 1]}), scale=(0, 1))


def test_the_service_says_the_scale(tmp_path):
    import toolkit

    (tmp_path / "surveys.csv").write_text(
        "survey_id,kind,sent_at,answered_at,score\n"
        "a,csat,2024-03-01T09:00Z,2024-03-01T10:00Z,0\nb,csat,2024-03-01T09:00Z,2024-03-01T10:00Z,1\n"
        "c,csat,2024-03-01T09:00Z,2024-03-01T10:00Z,5\n"
    )
    (tmp_path / "service.toml").write_text('time_zone = "UTC"\ncsat_scale = [0, 1]\n')
    data = toolkit.open_data(tmp_path)
    assert metrics.csat(data.surveys)[["n", "csat"]].values.tolist() == [[2, 0.5]]
    assert data.ledger["rule"].tolist() == ["score out of range"]
    assert Service().csat_scale == (1, 5)


def test_how_many_answered_stands_beside_every_score():
    score = [3] * 5 + [7] * 5 + [9] * 10 + [None] * 20
    frame = pd.DataFrame({"score": pd.Series(score, dtype="float64"), "kind": "nps", "survey_id": range(40)})
    as_csat = frame.assign(kind="csat", score=frame["score"].clip(upper=5))
    for function, table in ((metrics.nps, frame), (metrics.csat, as_csat), (metrics.low_score_rate, as_csat)):
        result = function(table)
        assert result["survey_response_rate"].tolist() == [0.5] and "survey_response_rate_low" in result
        assert "Of 40 surveys 50" in result.sentence().replace("\u00a0", " "), function.__name__
