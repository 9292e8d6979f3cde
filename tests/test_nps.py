"""NPS, and the shape that it is of: a mean on a scale."""

import numpy as np
import oracle
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import toolkit
from toolkit import findings, metrics, plots, words
from toolkit.cards import card_texts
from toolkit.errors import BadData, MissingTable
from toolkit.intervals import mean_of_scores, student_quantile
from toolkit.metrics.compare import monthly
from toolkit.metrics.previous import History
from toolkit.movement import Movement, score_movement
from toolkit.plots import axes
from toolkit.result import format_value
from toolkit.table_html import tables_of
from toolkit.verdicts import scores

WEEK = "history_week"


def surveys(detractors, passives, promoters, silent=0, **columns):
    score = [3] * detractors + [7] * passives + [9] * promoters + [None] * silent
    return pd.DataFrame({"score": pd.Series(score, dtype="float64"), "kind": "nps", **columns})


# --- by eye ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "counts, expected, low, high",
    [  # the project's reference values
        ((20, 30, 50), 0.3, 0.140665, 0.444188),
        ((69, 66, 159), 0.306122, 0.209104, 0.397173),
        ((0, 0, 10), 1.0, 0.444934, 1.0),
        ((0, 10, 0), 0.0, -0.183695, 0.183695),
        ((1, 1, 1), 0.0, None, None),  # below ten answers there is no interval
    ],
)
def test_nps_and_its_interval(counts, expected, low, high):
    row = metrics.nps(surveys(*counts, silent=5)).iloc[0]
    assert row["nps"] == pytest.approx(expected, abs=1e-6)
    assert (row["n"], row["sent_count"]) == (sum(counts), sum(counts) + 5)
    assert row["survey_response_rate"] == pytest.approx(sum(counts) / (sum(counts) + 5))
    if low is None:
        assert np.isnan(row["low"]) and np.isnan(row["high"])
    else:
        assert (row["low"], row["high"]) == (pytest.approx(low, abs=1e-6), pytest.approx(high, abs=1e-6))


@pytest.mark.parametrize("score, part", [(0, "detractor"), (6, "detractor"), (7, "passive"), (8, "passive"),
                                         (9, "promoter"), (10, "promoter")])  # fmt: skip
def test_who_is_a_promoter(score, part):
    row = metrics.nps(pd.DataFrame({"score": [score]})).iloc[0]
    assert {name: row[f"{name}_count"] for name in ("detractor", "passive", "promoter") if row[f"{name}_count"]} == {
        part: 1
    }


@pytest.mark.parametrize("score", [-1, 11, 7.5])
def test_a_score_outside_the_scale_is_an_error_that_says_what_to_do(score):
    with pytest.raises(BadData, match=r"nps score is no whole number from 0 to 10; toolkit.open_data sets such rows"):
        metrics.nps(pd.DataFrame({"score": [9.0, score]}))


def test_of_no_answer_nothing_is_known():
    row = metrics.nps(surveys(0, 0, 0, silent=3)).iloc[0]
    assert row[["nps", "low", "high", "promoter"]].isna().all() and row["survey_response_rate"] == 0


def test_only_surveys_of_its_kind():
    both = pd.concat([surveys(0, 0, 3), pd.DataFrame({"score": [1.0, 1.0], "kind": "csat"})])
    assert metrics.nps(both)["n"].tolist() == [3] and metrics.csat(both)["n"].tolist() == [2]


# --- against a naive reckoning --------------------------------------------------------------------


@settings(max_examples=settings.default.max_examples * 20 // 100)
@given(st.lists(st.tuples(st.sampled_from(["a", "b", None]), st.one_of(st.none(), st.integers(0, 10))), max_size=60))
def test_nps_by_group_is_that_of_each(answers):
    frame = pd.DataFrame(answers, columns=["channel", "score"]).astype({"score": "float64", "channel": object})
    result = metrics.nps(frame, by="channel")
    for _, row in result.iterrows():
        own = [score for channel, score in answers if (channel or "(none)") == row["channel"]]
        given_ = [score for score in own if score is not None]
        values = [1 if score >= 9 else -1 if score <= 6 else 0 for score in given_]
        assert (row["n"], row["sent_count"]) == (len(values), len(own))
        low, high = oracle.scores_interval(values, -1, 1, 10) if values else (None, None)
        for name, value in (("nps", np.mean(values) if values else None), ("low", low), ("high", high)):
            assert (pd.isna(row[name]) and value is None) or row[name] == pytest.approx(value)
        assert row["promoter_count"] + row["passive_count"] + row["detractor_count"] == len(values)
    assert set(result["channel"]) == {channel or "(none)" for channel, _ in answers}


# --- a mean score from week to week ---------------------------------------------------------------


def naive_movement(weeks):
    """Pearson's chi-square of the weekly means about the pooled one, by its degrees; at least 1."""
    answers = np.concatenate(weeks)
    chi = sum(len(week) * (np.mean(week) - answers.mean()) ** 2 for week in weeks) / answers.var()
    return max(1.0, chi / (len(weeks) - 1))


@given(st.lists(st.lists(st.sampled_from([-1, 0, 1]), min_size=3, max_size=20), min_size=4, max_size=8))
def test_the_movement_of_weekly_scores(weeks):
    sums = [[float(np.sum(np.power(week, power))) for week in map(np.array, weeks)] for power in (0, 1, 2)]
    if np.concatenate(weeks).var() == 0:
        assert score_movement(*sums) == Movement(1.0, len(weeks) - 1)
    else:
        assert score_movement(*sums).factor == pytest.approx(naive_movement(weeks))


def test_scores_beside_their_movement():
    now, before, movement = (100, 40, 60), (100, 0, 60), Movement(2.0, 7)
    change = scores(now, before, -1, 1, movement=movement)
    worth = [[part / 2 for part in side] for side in (now, before)]
    quantile = student_quantile(7, 0.95)
    ends = [mean_of_scores(*side, -1, 1, quantile=quantile, fewest=0) for side in worth]
    (m1, (l1, h1)), (m0, (l0, h0)) = (0.4, ends[0]), (0.0, ends[1])
    assert change.low == pytest.approx(0.4 - np.hypot(m1 - l1, h0 - m0))
    assert change.high == pytest.approx(0.4 + np.hypot(h1 - m1, m0 - l0))
    assert scores(now, before, -1, 1).p < change.p


def test_too_few_weeks_say_nothing_of_movement():
    assert score_movement([10] * 3, [1] * 3, [5] * 3) is None and score_movement([], [], []) is None


def weekly(weeks):
    rows = pd.concat([surveys(*week).assign(**{WEEK: at}) for at, week in enumerate(weeks)])
    return History(metrics.nps(rows, by=[WEEK]), tuple(range(len(weeks))))


@pytest.mark.parametrize(
    "weeks, verdict",
    [
        ([(20, 30, 50)] * 8, "clear"),  # nothing moves but what is compared
        ([(5, 5, 90), (60, 30, 10)] * 4, "chance"),  # it moves as much by itself
        ([(20, 30, 50)] * 3, "no history"),
    ],
)
def test_against_the_period_before(weeks, verdict):
    now, before = metrics.nps(surveys(10, 20, 70)), metrics.nps(surveys(30, 30, 40))
    row = metrics.previous_period(now, before, history=weekly(weeks)).iloc[0]
    assert (row["change"], row["verdict"]) == (pytest.approx(0.5), verdict)
    assert np.isnan(row["change_low"]) == (verdict == "no history")


# --- how it is shown ------------------------------------------------------------------------------


def test_how_the_field_writes_it():
    assert words.estimate(0.306122, 0.209104, 0.397173, "net") == "31 (21 to 40)"
    assert (words.value_text(-0.12, "net"), format_value(-0.1234, "net"), format_value(0.5, "net")) == (
        "−12",
        "−12.3",
        "50.0",
    )
    assert metrics.nps(surveys(69, 66, 159)).sentence().startswith("NPS is 31 (21 to 40) over 294 answers.")


def with_target(result, value=0.3):
    result.attrs["target"] = {"of": "nps", "low": "low", "high": "high", "value": value, "best": "high"}
    return result


def test_against_its_target():
    told = findings.tell(with_target(metrics.nps(surveys(60, 20, 20))))
    assert (told.heading, told.status) == ("NPS is −40 (−54 to −23) over 100 answers; off the target of 30", "off")
    assert told.facts[0]["text"] == "NPS is −40, off the target of 30."


def test_groups_and_the_one_that_stands_out():
    frame = pd.concat([surveys(10, 20, 70, occasion="yearly"), surveys(50, 20, 30, occasion="complaint"),
                       surveys(12, 20, 68, occasion="purchase")])  # fmt: skip
    result = with_target(metrics.nps(frame, by="occasion"))
    told = findings.tell(result)
    assert told.heading.startswith("1 of 3 occasions misses the target of 30") and told.status == "off"
    assert result.loc[told.highlight, "occasion"] == "complaint"
    (fact,) = [one for one in told.facts if one["kind"] == "off"]
    assert fact["text"] == "NPS for “Complaint” is −20, off the target of 30."
    html = str([table["html"] for table in tables_of(result)])
    assert "−20.0" in html and "60.0" in html


def test_a_month_stands_out_only_beyond_what_months_differ():
    def by_month(counts):
        days = pd.to_datetime([f"2024-{month:02}-10T10:00Z" for month in range(1, len(counts) + 1)])
        frames = [surveys(*one, sent_at=day) for one, day in zip(counts, days, strict=True)]
        return metrics.nps(pd.concat(frames), by="month", zone="UTC")

    usual = [(20, 30, 50), (21, 30, 49), (19, 30, 51), (20, 31, 49), (20, 29, 51)]
    assert findings.tell(by_month([*usual, (80, 10, 10)])).is_changed
    wild = [(80, 10, 10), (10, 10, 80), (70, 10, 20), (15, 10, 75), (60, 10, 30)]
    assert not findings.tell(by_month([*wild, (85, 10, 5)])).is_changed


def test_the_chart_has_a_place_below_zero():
    frame = pd.concat([surveys(60, 20, 20, channel="a"), surveys(10, 20, 70, channel="b")])
    result = metrics.nps(frame, by="channel")
    assert (plots.form_of(result), plots.form_of(result, parts=True)) == ("rows", "split")
    scale = axes.scale("net", result["low"], result["high"])
    assert scale.low <= -0.6 and 0 in scale.ticks and scale.high >= 0.7
    ax = plots.plot(result)
    assert [text.get_text() for text in ax.texts if text.get_label() == "value"] == ["60", "−40"]
    plots.close(ax.figure)
    assert axes.scale("net", [np.nan]).ticks == [0, 0.2]


def test_the_tile():
    figure = {"metric": "nps", "column": "nps", "unit": "net", "value": -0.2, "low": -0.3, "high": -0.1, "n": 90,
              "case": "answer", "previous": 0.1, "change": -0.3, "verdict": "clear", "direction": "worse"}  # fmt: skip
    said = card_texts(figure)
    assert (said["value"], said["interval"], said["change"]) == ("−20", "−30 to −10", "30\u00a0points")
    assert plots.bullet(figure).startswith("<svg")


# --- by month -------------------------------------------------------------------------------------


def test_by_month_up_to_the_periods_end(sample):
    months = monthly(sample.during("2024-03"), metrics.nps, months=3)
    assert [str(month)[:7] for month in months["month"]] == ["2024-01", "2024-02", "2024-03"]
    march = sample.during("2024-03").read_at("2024-03-31T22:00:00Z")  # as it stood at its own end
    assert months["n"].iloc[-1] == metrics.nps(march.surveys)["n"].iloc[0]
    assert findings.tell(months).note.endswith("Each month as it stood at its end.")
    weeks = sample.during("2024-04").last_weeks(5, numbered=True)
    assert weeks.weeks == [1, 2, 3, 4, 5]


def test_where_nobody_was_asked(tmp_path):

    from toolkit.metrics.compare import figures

    (tmp_path / "surveys.csv").write_text(
        "survey_id,kind,sent_at,answered_at,score\na,csat,2024-03-01T09:00Z,2024-03-01T10:00Z,5\n"
    )
    (tmp_path / "service.toml").write_text('time_zone = "UTC"\n')
    data = toolkit.open_data(tmp_path)
    with pytest.raises(MissingTable, match="no survey of kind 'nps'"):
        metrics.nps(data.surveys)
    assert [card["metric"] for card in figures(data, (metrics.csat, {}), (metrics.nps, {}))] == ["csat"]


def of_kind(folder, kind, days, score):
    rows = [f"{day}-{n},{kind},{day}T09:00Z,{day}T10:00Z,{score}" for day in days for n in range(30)]
    (folder / "surveys.csv").write_text("\n".join(["survey_id,kind,sent_at,answered_at,score", *rows, ""]))
    (folder / "service.toml").write_text('time_zone = "UTC"\nas_of = 2024-05-01T00:00:00Z\n')
    return toolkit.open_data(folder, period="2024-04")


def test_satisfaction_is_left_out_where_only_nps_was_asked(tmp_path):
    from toolkit.metrics.compare import figures

    data = of_kind(tmp_path, "nps", ["2024-03-20", "2024-04-10"], 9)
    asked = [metrics.csat, metrics.csat_by_topic, metrics.low_scores, metrics.low_score_rate]
    for function in asked:
        with pytest.raises(MissingTable, match="no survey of kind 'csat'"):
            function(data.surveys, **({"by": "kind"} if function is metrics.csat_by_topic else {}))
    assert [card["metric"] for card in figures(data, (metrics.csat, {}), (metrics.nps, {}))] == ["nps"]
    # of a kind that there is, what a restriction leaves is no data, and not another kind of data
    csat = of_kind(tmp_path, "csat", ["2024-03-20"], 5)
    assert metrics.csat(csat.surveys)["n"].tolist() == [0]


def test_a_month_beside_one_cut_is_told_alone(tmp_path):
    months = monthly(of_kind(tmp_path, "nps", ["2024-03-20", "2024-04-10"], 9), metrics.nps)
    assert months["n"].tolist() == [30, 30] and months.attrs["partial"] == [0]
    assert "The other one isn’t whole, so that it isn’t compared." in months.sentence()
