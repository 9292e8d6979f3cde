"""What stands out from the weeks before: reference values, cases by eye, and how often nothing is called something."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

import toolkit
from toolkit import metrics, unusual
from toolkit.blocks import block
from toolkit.errors import BadParameter
from toolkit.metrics.alerts import unusual_weeks
from toolkit.metrics.compare import weekly
from toolkit.movement import count_movement
from toolkit.result import Result
from toolkit.unusual import DAYS, EXPECTED, GOES_ON, OUT, UNKNOWN, WEEKS, Spread

CHANCE = Spread(0.0, 1e6)  # counts that vary as chance alone makes them


def marks(values, threshold=0.001, rules=WEEKS, kinds=None, step=7):
    """The places that are marked, and those that go on."""
    at = np.arange(len(values)) * step
    states = unusual.walk(values, [0] * len(values) if kinds is None else kinds, at, threshold, rules)[1]
    return [[place for place, state in enumerate(states) if state == one] for one in (OUT, GOES_ON)]


# --- numbers --------------------------------------------------------------------------------------


def test_reference_values():
    y, n = [12, 15, 9, 14, 11, 13, 10, 16, 12], [100] * 9
    band = unusual.rate_band(24, 100, y, n)
    assert unusual.pearson_sigma(y, n) == pytest.approx(0.694981, abs=5e-7)
    assert band.expected == pytest.approx(0.124444, abs=5e-7)
    assert (band.low, band.high) == (pytest.approx(0.044093, abs=5e-7), pytest.approx(0.204795, abs=5e-7))
    assert band.p < 0.05
    chance = 112.5 / 901
    sigma = unusual.moving_sigma(np.array(y) / 100, np.sqrt(chance * (1 - chance) / 100))
    assert sigma == pytest.approx(1.072750, abs=5e-7)


def test_the_spread_of_one_group_is_that_of_counts_by_week():
    weeks = [180, 230, 205, 170, 220, 240, 190, 210]
    spread = unusual.spread_of([weeks])
    assert spread.factor(np.mean(weeks)) == pytest.approx(count_movement(weeks).factor)
    assert unusual.spread_of([[5, 5], [9, 9]]) is None  # two degrees say nothing
    assert unusual.spread_of([[5, 5, 5, 5]]).factor(5) == 1.0  # never less than chance


@pytest.mark.parametrize("total, steps", [(0, 8), (3, 8), (40, 8), (400, 5)])
@pytest.mark.parametrize("n", [0, 1, 4, 9, 30, 120])
def test_the_band_of_chance_alone_is_the_negative_binomial(n, total, steps):
    of = stats.nbinom(total + 0.5, steps / (steps + 1))
    band = unusual.count_band(n, total, steps, CHANCE)
    assert band.p == pytest.approx(min(1.0, 2 * min(of.sf(n - 1), of.cdf(n))), rel=1e-4, abs=1e-9)
    assert band.low == min(x for x in range(2000) if of.cdf(x) > 0.025)
    assert band.high == max(x for x in range(2000) if of.sf(x - 1) > 0.025)


@pytest.mark.parametrize("n", [0, 2, 5, 11, 17, 30, 60])
def test_outside_of_the_band_is_a_p_of_one_in_twenty(n):
    band = unusual.count_band(n, 96, 8, Spread(0.05, 20))
    assert (band.low <= n <= band.high) == (band.p > 0.05)


def test_more_spread_is_a_wider_band():
    narrow, wide = (unusual.count_band(20, 160, 8, Spread(extra, 50)) for extra in (0.0, 0.2))
    assert wide.low < narrow.low < 20 < narrow.high < wide.high


# --- along a series -------------------------------------------------------------------------------

STEADY = [100, 104, 97, 101, 95, 103, 99, 102, 98, 100]


def test_a_spike_is_one_alert_and_moves_nothing():
    out, goes_on = marks([*STEADY, 200, *STEADY])
    assert (out, goes_on) == ([10], [])


def test_a_level_that_lasts_is_one_alert():
    higher = [value + 80 for value in STEADY]
    out, goes_on = marks([*STEADY, *higher, *higher])
    assert out == [10] and goes_on == [11, 12, 13, 14]  # from then on it is what is to be expected


def test_the_way_back_from_a_new_level_is_an_alert_too():
    higher = [value + 80 for value in STEADY]
    out, _ = marks([*STEADY, *higher, *STEADY])
    assert out == [10, 20]


def test_a_second_change_after_the_first_has_passed_is_told():
    out, _ = marks([*STEADY, 200, *STEADY, 40, *STEADY])
    assert out == [10, 21]


def test_from_too_many_to_too_few_is_two_alerts():
    assert marks([*STEADY, 200, 30, *STEADY])[0] == [10, 11]


def test_silence_is_an_alert():
    assert marks([*STEADY, 0, 0, 101])[0] == [10]


def test_a_weekday_is_held_against_its_own():
    week = [40, 42, 38, 41, 39, 12, 6]
    values = week * 8
    kinds = list(range(7)) * 8
    assert marks(values, 0.001, DAYS, kinds, 1) == [[], []]
    values[7 * 7 + 5] = 40  # a Saturday like a Friday
    assert marks(values, 0.001, DAYS, kinds, 1)[0] == [7 * 7 + 5]


def test_nothing_is_said_of_too_few():
    states = unusual.walk([10] * 7, [0] * 7, np.arange(7) * 7, 0.05, WEEKS)[1]
    assert states == [UNKNOWN] * 7
    assert unusual.walk([], [], [], 0.05) == ([], [])


def test_rates_are_marked_once_and_get_a_new_level():
    hits = [10, 12, 9, 11, 10, 13, 8, 10, 11, *[30] * 8, *[10] * 3]
    states = unusual.walk_rates(hits, [100] * len(hits), 0.01, 1.0)[1]
    assert [place for place, state in enumerate(states) if state == OUT] == [9, 17]
    assert unusual.walk_rates([1] * 9, [0] * 9, 0.05, 1.0)[1] == [UNKNOWN] * 9


def test_what_is_looked_at_together_is_corrected_together():
    """A p of 1 in 100 stands out alone, and not among a hundred."""
    band = unusual.Band(1.0, 0.0, 2.0, 0.01)

    def one(p, has_ends):
        return [band], [OUT if band.p <= p else EXPECTED]

    def other(p, has_ends):
        return [unusual.Band(1.0, 0.0, 2.0, 0.6)], [EXPECTED]

    assert unusual.marked([one], [[True]])[0][0][1] == [OUT]
    assert unusual.marked([one, *[other] * 99], [[True]] * 100)[0][0][1] == [EXPECTED]
    assert unusual.marked([one, *[other] * 99], [[True], *[[False]] * 99])[0][0][1] == [
        OUT
    ]  # what isn't told isn't tested


# --- how often nothing is called something ----------------------------------------------------------


def rounds(kind, size, seed):
    """Series of 16 weeks in which nothing changes: (values, kinds, at, rules)."""
    random = np.random.default_rng(seed)
    for _ in range(size):
        if kind == "weeks":  # real weeks move by more than chance
            yield random.negative_binomial(40, 40 / (40 + 200), 26), np.zeros(26, int), np.arange(26) * 7, WEEKS
        elif kind == "days":
            days = np.arange(16 * 7)
            mean = np.array([45, 40, 38, 37, 36, 14, 8])[days % 7]
            yield random.negative_binomial(30, 30 / (30 + mean)), days % 7, days, DAYS
        else:  # nights in which nearly nothing comes
            days = np.arange(16 * 7)
            yield random.poisson(0.3, len(days)), days % 7, days, DAYS


def marked_walk(values, kinds, at, rules, told):
    def walked(threshold, has_ends):
        return unusual.walk(values.tolist(), kinds.tolist(), at.tolist(), threshold, rules, told, has_ends)

    return unusual.marked([walked], [told])


@pytest.mark.parametrize("kind, size", [("weeks", 600), ("days", 100), ("silent", 60)])
def test_false_alarms_are_one_in_twenty_at_most(kind, size):
    """Of quiet periods, each looked at as a whole, at most 5 % (and chance) raise an alert."""
    alarms = []
    for values, kinds, at, rules in rounds(kind, size, 7):
        told = [place >= len(at) - 28 // (7 if kind == "weeks" else 1) for place in range(len(at))]
        ((_, states),), _ = marked_walk(values, kinds, at, rules, told)
        alarms.append(any(state == OUT for state, own in zip(states, told, strict=True) if own))
    assert np.mean(alarms) <= 0.05 + 2 * np.sqrt(0.05 * 0.95 / size)


def test_a_doubled_day_is_found():
    found = []
    for values, kinds, at, rules in rounds("days", 30, 8):
        place = len(at) - 12  # a Wednesday
        values[place] = 2.2 * 38
        told = [one >= len(at) - 28 for one in range(len(at))]
        ((_, states),), _ = marked_walk(values, kinds, at, rules, told)
        found.append(states[place] == OUT)
    assert np.mean(found) > 0.8


# --- of a table -------------------------------------------------------------------------------------


def contacts(by_day, first="2024-01-01", **columns):
    """A frame with so many contacts on each day, at noon UTC."""
    days = pd.date_range(first, periods=len(by_day), freq="D", tz="UTC") + pd.Timedelta(hours=12)
    return pd.DataFrame({"created_at": days.repeat(by_day), **columns})


def of_service(tmp_path, frame, period="all", **settings):
    """The frame as a data set."""
    frame = frame.assign(conversation_id=[f"c{place}" for place in range(len(frame))])
    frame = frame.assign(
        channel=frame.get("channel", "x"), created_at=frame["created_at"].dt.strftime("%Y-%m-%dT%H:%M:%SZ")
    )
    frame.to_csv(tmp_path / "conversations.csv", index=False)
    lines = ['time_zone = "UTC"', *(f"{name} = {value}" for name, value in settings.items())]
    (tmp_path / "service.toml").write_text("\n".join(lines))
    return toolkit.open_data(tmp_path, period=period)


WEEK = [40, 42, 38, 41, 39, 12, 6]  # from a Monday


def test_a_day_that_stands_out_is_told():
    days = WEEK * 7
    days[44] = 110  # Wednesday 14 February
    result = metrics.volume_alerts(contacts(days), zone="UTC")
    out = result[result["state"] == OUT]
    assert out["day"].dt.strftime("%d %b").tolist() == ["14 Feb"] and out["expected"].tolist() == [38.0]
    assert len(result) == 49 and result["n"].sum() == sum(days)
    told = result.sentence()
    assert told.startswith("110 conversations came in on 14 February, where ")
    made = block(result)
    assert made["chart"] and not made["chart"]["folded"] and made["facts"][0]["weeks"] == ["2024-02-12"]
    assert (
        "Stands out" in made["tables"][0]["html"] and made["tables"][0]["html"].count("<tr>") == 2
    )  # it, and the head


def test_a_quiet_period_says_so():
    result = metrics.volume_alerts(contacts(WEEK * 7), zone="UTC")
    assert set(result["state"]) == {EXPECTED, UNKNOWN}  # none is outside
    assert result.sentence().startswith("None of 21 days stands out from the weeks before.")
    assert metrics.volume_alerts(contacts(WEEK), zone="UTC").sentence().startswith("Too few weeks before")


def test_where_next_to_nothing_came_nothing_is_known(tmp_path):
    one = of_service(tmp_path, contacts([1]), period="-84d", as_of="2024-03-25T00:00:00Z")
    assert metrics.volume_alerts(one.conversations).sentence().startswith("Too few weeks before")
    gone = of_service(tmp_path, contacts(WEEK * 7), period="-28d", as_of="2035-01-01T00:00:00Z")
    assert metrics.volume_alerts(gone.conversations).sentence().startswith("Too few weeks before")
    back = metrics.volume_alerts(contacts([1] + [0] * 69 + [30]), zone="UTC")
    assert back.sentence().startswith("30 conversations came in on 11 March")
    rise = of_service(tmp_path, contacts([1] + [0] * 69 + [30] * 5), period="2024-03-13..2024-03-15")
    assert "part of a change that began before" in metrics.volume_alerts(rise.conversations).sentence()


@pytest.mark.parametrize("holidays, told", [("as_sunday", "1 holiday is held against Sundays"), ("left_out", None)])
def test_a_holiday_is_no_working_day(tmp_path, holidays, told):
    days = WEEK * 9
    days[44] = 7  # a Wednesday as quiet as a Sunday
    data = of_service(tmp_path, contacts(days), period="2024-02-01..2024-02-29", holidays='{ dates = ["2024-02-14"] }')
    result = metrics.volume_alerts(data.conversations, holidays=holidays)
    assert not (result["state"] == OUT).any()
    shown = result[result["day"] == "2024-02-14"]
    assert len(shown) == (holidays == "as_sunday")
    assert told is None or told in result.sentence()
    # and it lowers no Wednesday's expectation
    assert result.set_index("day").at[pd.Timestamp("2024-02-21"), "expected"] == 38.0
    plain = of_service(tmp_path, contacts(days), period="2024-02-01..2024-02-29")
    assert metrics.volume_alerts(plain.conversations)["state"].tolist().count(OUT) == 1  # nobody said that it is one


def test_what_is_outside_alone_is_not_called_expected():
    days = WEEK * 7
    days[44] = 54  # at the edge: a p of about 1 in 50
    result = metrics.volume_alerts(contacts(days), zone="UTC")
    (row,) = result[result["state"] == "could_be_chance"].to_dict("records")
    assert row["n"] == 54 > row["high"] and 0.0024 < row["p"] < 0.05
    outside = (result["n"] < result["low"]) | (result["n"] > result["high"])
    assert not (result["state"] == EXPECTED)[outside].any()
    assert "1 is outside of what was expected" in result.sentence()


def test_only_the_period_is_told_and_the_weeks_before_are_read(tmp_path):
    data = of_service(tmp_path, contacts(WEEK * 12), period="2024-03-01..2024-03-10")
    result = metrics.volume_alerts(data.conversations)
    assert result["day"].dt.day.tolist() == list(range(1, 11)) and (result["state"] == EXPECTED).all()
    weeks = metrics.volume_alerts(data.conversations, every="week")
    assert weeks["n"].tolist() == [sum(WEEK)] * 2  # whole weeks, of which a part lies in the period
    hours = metrics.volume_alerts(data.conversations, every="hour")
    assert len(hours) == 240 and hours["n"].sum() == result["n"].sum()


def test_what_is_not_over_is_not_told(tmp_path):
    frame = contacts([*WEEK * 8, 3])  # Monday's first three
    data = of_service(tmp_path, frame, period="2024-02-01..2024-03-31", as_of="2024-02-26T12:30:00Z")
    result = metrics.volume_alerts(data.conversations)
    assert result["day"].max() == pd.Timestamp("2024-02-25") and not (result["state"] == OUT).any()
    later = metrics.volume_alerts(frame, as_of="2024-02-20T00:00:00Z", zone="UTC")
    assert later["n"].sum() == sum((WEEK * 8)[:50])


def test_a_group_begins_with_its_first_contact():
    old, new = contacts(WEEK * 8, channel="email"), contacts(WEEK * 2, first="2024-02-12", channel="chat")
    result = metrics.volume_alerts(pd.concat([old, new]), by="channel", zone="UTC")
    assert set(result.loc[result["channel"] == "chat", "state"]) == {UNKNOWN}
    assert "none of" in result.sentence().lower()


def test_the_alerts_of_the_sample(sample):
    data = sample.during("2024-04")
    result = metrics.volume_alerts(data.conversations, by="topic", every="week")
    out = result[result["state"] == OUT]
    assert [(row["topic"], str(row["week"])[:10]) for _, row in out.iterrows()][:1] == [
        ("internet_fault", "2024-04-15")
    ]


@pytest.mark.parametrize(
    "wrong", [{"every": "month"}, {"holidays": "skip"}, {"by": "day"}, {"by": ["channel", "hour"]}]
)
def test_what_can_not_be_asked(wrong):
    with pytest.raises(BadParameter):
        metrics.volume_alerts(contacts(WEEK), zone="UTC", **wrong)


# --- of any result by week ----------------------------------------------------------------------------


def by_week(hits, n, shape="rate"):
    frame = pd.DataFrame({"week": pd.date_range("2024-01-01", periods=len(n), freq="7D"), "n": n, "hits": hits})
    result = Result.of(frame.assign(csat=frame["hits"] / frame["n"]), "csat", {"n": "count", "csat": "rate"}, ["week"])
    result.attrs |= {
        "shape": shape,
        "value": "csat",
        "count": "n",
        "case": "answer",
        "best": "high",
        "roles": {"hits": "hits"},
    }
    return result


QUIET = [70, 74, 68, 71, 72, 69, 73, 70, 71, 70, 72, 69]


def test_a_rate_that_falls_is_told_once():
    result = unusual_weeks(by_week([*QUIET, 30, 32, 31], [100] * 15))
    assert [place for place, state in enumerate(result["state"]) if state == OUT] == [12]
    assert result.sentence().startswith("CSAT was 30 % in the week of 25 March, where ".replace("30 %", "30\xa0%"))
    assert block(result)["facts"][0]["direction"] == "worse"


def test_of_few_weeks_or_few_cases_nothing_is_known():
    assert set(unusual_weeks(by_week(QUIET[:11], [100] * 11))["state"]) == {UNKNOWN}
    assert set(unusual_weeks(by_week([20] * 15, [49] * 15))["state"]) == {UNKNOWN}
    with pytest.raises(BadParameter):
        unusual_weeks(metrics.csat(pd.DataFrame({"score": [5]})))


def test_a_rate_of_the_sample_by_week(sample):
    data = sample.during("2024-04")
    result = unusual_weeks(weekly(data, metrics.inbound_volume, by="topic"), data.period)
    assert result["week"].min() == pd.Timestamp("2024-04-01")
    out = result[result["state"] == OUT]
    assert ("internet_fault", "2024-04-15") in {(row["topic"], str(row["week"])[:10]) for _, row in out.iterrows()}
