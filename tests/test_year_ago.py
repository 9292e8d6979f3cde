"""A figure against a year ago: which days are meant, read at the same age, said where there is nothing."""

import datetime

import numpy as np
import pandas as pd
import pytest

from toolkit import clock, metrics
from toolkit.blocks import block
from toolkit.cards import card_texts
from toolkit.errors import BadParameter
from toolkit.load import coverage, open_data
from toolkit.metrics.compare import beside_previous, compared, figures
from toolkit.show import remarks
from toolkit.verdicts import Change, decide

AS_OF = datetime.datetime(2024, 4, 29, 8, tzinfo=datetime.UTC)


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    """20 conversations a day from March 2023 on, on x answered after an hour; e-mail only in 2023, answered by half."""
    folder = tmp_path_factory.mktemp("years")
    days = pd.date_range("2023-03-01", "2024-04-28", tz="Europe/Rome") + pd.Timedelta(hours=10)
    created = days.repeat(20) + pd.to_timedelta(np.tile(np.arange(20), len(days)), unit="min")
    frame = pd.DataFrame({"conversation_id": np.arange(len(created)).astype(str), "created_at": created})
    is_old = frame["created_at"] < pd.Timestamp("2024-01-01", tz="Europe/Rome")
    is_email = is_old & (frame.index % 2 == 0)
    frame["channel"] = np.where(is_email, "email", "x")
    frame["first_response_at"] = (frame["created_at"] + pd.Timedelta(hours=1)).where(~is_email | (frame.index % 4 == 0))
    frame.to_csv(folder / "conversations.csv", index=False)
    (folder / "service.toml").write_text('time_zone = "Europe/Rome"\n')
    return open_data(folder, as_of=AS_OF)


@pytest.mark.parametrize(
    "text, label, first",
    [
        ("2024-04", "2023-04", datetime.date(2023, 4, 1)),
        ("2024-02", "2023-02", datetime.date(2023, 2, 1)),  # 29 days against 28
        ("2024-Q1", "2023-Q1", datetime.date(2023, 1, 1)),
        ("2024-W17", "2023-W17", datetime.date(2023, 4, 24)),
        ("-28d", "2023-05-01..2023-05-28", datetime.date(2023, 5, 1)),
        ("2024-04-29", "2023-05-01", datetime.date(2023, 5, 1)),  # a Monday, as it was
        ("2024-02-29..2024-03-01", "2023-03-02..2023-03-03", datetime.date(2023, 3, 2)),
        ("2024", "2023", datetime.date(2023, 1, 1)),
    ],
)
def test_the_same_days_a_year_ago(text, label, first):
    as_of = datetime.datetime(2024, 5, 26, 20, tzinfo=datetime.UTC) if text == "-28d" else AS_OF
    period = clock.parse_period(text, as_of, "Europe/Rome")
    past = period.year_ago()
    assert (past.label, past.first_day) == (label, first)
    assert period.months or past.first_day.weekday() == period.first_day.weekday()


def test_all_has_no_year_ago():
    assert clock.parse_period("all", AS_OF, "UTC").year_ago() is None


def test_a_running_period_is_compared_with_the_same_part(data):
    past = data.during("2024-04").year_ago
    assert past.period.whole.label == "2023-04" and past.period.last_day == datetime.date(2023, 4, 29)
    assert past.as_of == datetime.datetime(2023, 4, 29, 8, tzinfo=datetime.UTC)
    assert past.conversations.count().execute() == 28 * 20  # ten o'clock itself is no longer within


def test_a_year_ago_by_hand(data):
    april = data.during("2024-04")
    row = compared(april, metrics.response_rate, against="year_ago").iloc[0]
    assert (row["n"], row["previous_n"]) == (560, 560)
    assert (row["response_rate"], row["previous"], row["change"]) == (1.0, 0.75, 0.25)
    assert row["change_low"] < 0.25 < row["change_high"] and row["verdict"] == "clear"
    volume = compared(april, metrics.inbound_volume, against="year_ago").iloc[0]
    assert (volume["n"], volume["previous"], volume["change"], volume["verdict"]) == (560, 560, 0.0, "chance")


def test_it_stands_beside_the_period_before(data):
    _, both = beside_previous(data.during("2024-03"), metrics.response_rate, by="channel")
    assert both["channel"].tolist() == ["x"]
    alone = compared(data.during("2024-03"), metrics.response_rate, "channel", against="year_ago")
    assert both["year_ago"].tolist() == alone["previous"].tolist() == [1.0]
    assert both["year_ago_n"].tolist() == [310] and both["previous_n"].tolist() == [29 * 20]
    result = metrics.response_rate(data.during("2024-03").conversations, by="channel")
    (table,) = block(result, both)["tables"]
    assert "A year ago" in table["all"] and "A year ago" not in table["html"]


def test_a_figure_with_its_year_ago(data):
    (card,) = figures(data.during("2024-04"), (metrics.response_rate, {}))
    assert (card["year_ago"]["value"], card["year_ago"]["n"], card["year_ago"]["verdict"]) == (0.75, 560, "clear")
    assert card["year_ago"]["direction"] == "better"
    said = card_texts(card)["year_ago"].replace("\xa0", " ")
    assert said == "a year ago 75 %, ▲ 25 points, better, clear change"


def test_no_data_a_year_ago_is_said(data):
    early = data.during("2023-06")
    assert early.year_ago is None and compared(early, metrics.response_rate, against="year_ago") is None
    _, before = beside_previous(early, metrics.response_rate)
    assert before is not None and "year_ago" not in before.columns
    (card,) = figures(early, (metrics.response_rate, {}))
    assert card["year_ago"] is None and card_texts(card)["year_ago"] == ""
    said = "There is no comparison with a year ago (2022-06): the data begins on 1 March 2023."
    assert said in early.notes_of_period() and said not in data.during("2024-03").notes_of_period()


def test_what_it_is_compared_with_is_said(data):
    march = data.during("2024-03")
    result, past = beside_previous(march, metrics.response_rate, against="year_ago")
    assert "on a year ago" in result.sentence(comparison=past) and "period before" not in past.sentence()
    with pytest.raises(BadParameter, match="previous, year_ago"):
        compared(march, metrics.response_rate, against="last_year")


# --- what the data covers a year ago ----------------------------------------------------------------

FIRST = datetime.date(2023, 1, 2)  # a Monday
NOW, THEN = [
    (first, first + datetime.timedelta(27), []) for first in (datetime.date(2024, 4, 1), datetime.date(2023, 4, 3))
]


def daily(*weeks):
    """Rows a day of weeks from FIRST on, a number for each run of weeks: (weeks, rows a day)."""
    rows = np.concatenate([np.full(7 * n, a_day) for n, a_day in weeks])
    return pd.DataFrame({"calls": rows}, index=clock.days_since_epoch(FIRST) + np.arange(len(rows)))


def why(frame, then=THEN):
    return [one["why"] for one in coverage.unlike(frame, NOW, then, datetime.date(2024, 4, 28))]


@pytest.mark.parametrize(
    "weeks, found",
    [
        ([(69, 20)], []),
        ([(40, 20), (29, 36)], []),  # grown by 80 %
        ([(40, 20), (29, 41)], ["level"]),  # twice as much
        ([(40, 41), (29, 20)], ["level"]),
        ([(20, 10), (10, 14), (10, 19), (10, 26), (19, 33)], ["level"]),  # without a jump in any week
        ([(50, 20), (2, 2), (17, 20)], []),  # a fortnight of holidays
        ([(30, 20), (10, 5), (29, 20)], []),  # away for a summer, and back
        ([(20, 20), (10, 12), (10, 8), (29, 27)], ["jump"]),  # another source since October
        ([(69, 0)], []),
        ([(40, 0), (29, 20)], ["level"]),
    ],
)
def test_what_the_data_covers_decides_whether_numbers_are_compared(weeks, found):
    assert why(daily(*weeks)) == found


def test_days_without_data_are_no_volume():
    frame = daily((69, 20))
    gone = [THEN[0] + datetime.timedelta(day) for day in (1, 2, 9, 10)]
    frame.loc[[clock.days_since_epoch(day) for day in gone]] = 0
    assert why(frame, (*THEN[:2], gone[:2])) == []
    assert why(frame, (*THEN[:2], gone)) == ["days"]


def test_a_number_of_another_volume_is_not_compared(tmp_path):
    days = pd.date_range("2023-03-01", "2024-04-28", tz="Europe/Rome") + pd.Timedelta(hours=10)
    created = days.repeat(np.where(days < "2023-10-01", 8, 25))
    frame = pd.DataFrame({"conversation_id": np.arange(len(created)), "created_at": created, "channel": "x"})
    frame["first_response_at"] = frame["created_at"] + pd.Timedelta(hours=1)
    frame.to_csv(tmp_path / "conversations.csv", index=False)
    (tmp_path / "service.toml").write_text('time_zone = "Europe/Rome"\n')
    thin = open_data(tmp_path, as_of=AS_OF, period="2024-03")
    assert [(one["table"], one["n"], one["before"]) for one in thin.year_ago_warnings()] == [
        ("conversations", 25.0, 8.0)
    ]
    volume, rate = figures(thin, (metrics.inbound_volume, {}), (metrics.response_rate, {}))
    assert (volume["year_ago"]["value"], volume["year_ago"]["verdict"]) == (248, "not comparable")
    assert card_texts(volume)["year_ago"] == "a year ago 248, not comparable"
    assert rate["year_ago"]["verdict"] == "chance"  # a share is one of fewer cases
    assert compared(thin, metrics.inbound_volume, against="year_ago")["verdict"].tolist() == ["not comparable"]
    said = (
        "A year ago the data covers another volume, so that numbers aren’t compared with those of then: Conversations."
    )
    assert said in remarks(thin) and said in thin.notes_of_period()
    assert remarks(thin.during("2024-04"))[-1] == said and remarks(thin.during("2023-06")) == []


def test_a_verdict_on_a_year_ago_is_the_same_whatever_stands_beside(data):
    march = data.during("2024-03")
    others = [(metrics.inbound_volume, {}), (metrics.out_of_hours_share, {}), (metrics.first_response_time, {})]
    for function in (metrics.response_rate, metrics.inbound_volume):
        alone = figures(march, (function, {}))[0]["year_ago"]
        among = figures(march, *[one for one in others if one[0] is not function], (function, {}))[-1]["year_ago"]
        row = compared(march, function, against="year_ago").iloc[0]
        assert alone == among and alone["verdict"] == row["verdict"] and alone["p"] == row["p"]
    changes = [Change(0.1, p=p) for p in (0.004, 0.006)]
    assert [decide([one], least=10) for one in changes] == [["clear"], ["chance"]]
    assert decide(changes, least=10) == ["clear", "chance"]
