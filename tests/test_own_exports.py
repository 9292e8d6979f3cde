"""What is said of an export that lacks what the sample has: a young one, a small one, one of few kinds, one of few columns."""

import pandas as pd
import pytest

import toolkit
from toolkit import findings, metrics
from toolkit.cards import card_texts
from toolkit.metrics.alerts import unusual_weeks
from toolkit.metrics.compare import figures
from toolkit.metrics.team import team_report
from toolkit.result import Result

READ = "2024-03-11T00:00:00Z"
DAY = pd.Timestamp("2024-03-04T09:00Z")


def tickets(n=40, every="2h", **columns):
    """So many conversations of as many customers, each answered after one hour and closed after two."""
    at = pd.Series(pd.date_range(DAY, periods=n, freq=every))
    frame = pd.DataFrame({"conversation_id": [f"c{k}" for k in range(n)], "customer_id": [f"k{k}" for k in range(n)]})
    hour = pd.Timedelta("1h")
    frame = frame.assign(created_at=at, first_response_at=at + hour, closed_at=at + 2 * hour, channel="email")
    return frame.assign(**columns)


def opened(folder, settings="", period="2024-W10", **tables):
    for name, frame in tables.items():
        frame.to_csv(folder / f"{name}.csv", index=False)
    (folder / "service.toml").write_text(f'time_zone = "UTC"\nas_of = {READ}\n{settings}')
    return toolkit.open_data(folder, period=period)


# --- data there is, but none that counts ------------------------------------------------------------


def test_cases_that_are_too_young_are_no_absence_of_cases(tmp_path):
    data = opened(tmp_path, conversations=tickets())
    result = metrics.first_contact_resolution(data.conversations)
    assert (result["n"].iloc[0], result["undue_count"].iloc[0]) == (0, 40)
    assert result.sentence() == "Nothing can be told of this period: 40 are too young to judge."
    (card,) = figures(data, (metrics.first_contact_resolution, {}))
    said = card_texts(card)
    assert (said["value"], said["note"]) == ("–", "40 are too young to judge")
    (none,) = figures(data.during("2023-03"), (metrics.first_contact_resolution, {}))
    assert card_texts(none)["note"] == "no case in this period"


def test_one_window_of_three_is_not_whatever_is_counted():
    result = metrics.first_contact_by_window(tickets(), as_of="2024-03-10T09:00Z")
    assert result["n"].tolist()[1:] == [0, 0] and result["n"].iloc[0] >= 10
    said = result.sentence()
    assert said.startswith("First contact resolution within 3") and "whatever" not in said
    assert said.endswith("The others have too few cases to tell.")
    every = metrics.first_contact_by_window(tickets(), as_of="2024-04-10T09:00Z").sentence()
    assert every.replace("\xa0", " ").startswith("First contact resolution is 100 %, whatever is counted.")
    two = metrics.first_contact_by_window(tickets(), as_of="2024-03-14T09:00Z").sentence()
    assert two.replace("\xa0", " ").startswith("First contact resolution is 100 % in each that has enough cases.")


def test_that_nobody_waits_is_said():
    assert metrics.response_wait(tickets(), as_of=READ).sentence() == "Nobody waits for a first response."


def test_too_little_before_is_no_absence_of_data(tmp_path):
    data = opened(tmp_path, conversations=tickets(20))
    assert metrics.volume_alerts(data.conversations, every="week").sentence().startswith("Too few weeks before")
    data = data.read_at("2024-03-09T00:00Z")  # of a week that isn't whole
    said = "Too little to say what was to be expected: there is no whole week to be held against those before."
    assert metrics.volume_alerts(data.conversations, every="week").sentence() == said
    none = Result.of(pd.DataFrame({"week": [], "n": []}), "inbound_volume", {"n": "count"}, ["week"])
    none.attrs |= {"shape": "count", "value": "n", "count": "n", "case": "conversation"}
    assert findings.sentence(unusual_weeks(none)) == "No data in this period."


# --- one of a kind ------------------------------------------------------------------------------------


def test_one_agent_alone_has_no_others():
    surveys = pd.DataFrame({"agent": "Ada", "topic": "a", "score": [5, 1] * 30})
    data = type("Tables", (), {"surveys": surveys})
    told = findings.tell(team_report(data, metrics.csat))
    assert told.heading == "Ada is the only one here: there are no others to be held against"


def test_the_share_of_one_channel_keeps_its_time():
    said = metrics.response_curve(tickets(), by="channel", as_of=READ).sentence().replace("\xa0", " ")
    assert "of 40 conversations via e-mail had a first response within" in said


# --- what isn't recorded ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "columns, reopened, escalated, said",
    [
        ({}, None, None, "neither what was opened again nor what was escalated"),
        ({"reopen_count": 0}, 0, None, "doesn’t record what was escalated"),
        ({"escalated_to": ["billing"] + [None] * 39}, None, 1, "doesn’t record what was opened again"),
        ({"reopen_count": 0, "escalation_reason": None}, 0, 0, ""),
    ],
)
def test_what_isnt_recorded_is_null_and_told(columns, reopened, escalated, said):
    result = metrics.first_contact_resolution(tickets(**columns), as_of="2024-04-10T09:00Z")
    for name, count in {"reopened_count": reopened, "escalated_count": escalated}.items():
        assert result[name].isna().all() if count is None else result[name].tolist() == [count]
    told = result.sentence()
    assert said in told and ("at most" in told) == bool(said)
    grouped = metrics.first_contact_resolution(
        tickets(**columns, topic=["a", "b"] * 20), by="topic", as_of="2024-04-10T09:00Z"
    )
    assert ("at most" in grouped.sentence()) == bool(said)


def surveys(answered, sent=0):
    """So many answered surveys of 5, and so many more without an answer."""
    n = answered + sent
    frame = pd.DataFrame({"survey_id": range(n), "kind": "csat", "sent_at": DAY, "answered_at": DAY})
    frame["score"] = pd.array([5] * answered + [None] * sent, "Int64")
    frame.loc[frame["score"].isna(), "answered_at"] = pd.NaT
    return frame


def test_where_only_answered_surveys_are_held_nobody_knows_the_response_rate(tmp_path):
    data = opened(tmp_path, surveys=surveys(40))
    for function in (metrics.csat, metrics.low_score_rate):
        result = function(data.surveys)
        assert result["survey_response_rate"].isna().all() and result["survey_response_rate_low"].isna().all()
        assert "Unanswered surveys aren’t in the data" in result.sentence()
    (card,) = figures(data, (metrics.csat, {"value": "survey_response_rate", "best": ""}))
    said = card_texts(card)
    assert (said["value"], said["note"]) == ("not known", "unanswered surveys aren’t in the data")
    asked = opened(
        tmp_path, surveys=pd.concat([surveys(40), surveys(0, 1).assign(survey_id="x", sent_at="2023-01-01")])
    )
    assert metrics.csat(asked.surveys)["survey_response_rate"].tolist() == [
        1.0
    ]  # one elsewhere says that they are told


# --- which column to go by ------------------------------------------------------------------------------


def test_the_first_column_is_the_first_that_says_something(tmp_path):
    data = opened(tmp_path, conversations=tickets(topic=None, team="a"))
    assert data.first_column("conversations", "topic", "channel") == "channel"
    assert data.first_column("conversations", "topic") == "topic"
    assert data.first_column("conversations", "nowhere", "team", "channel") == "team"
    with pytest.raises(toolkit.errors.MissingColumn, match="nowhere or nothing"):
        data.first_column("conversations", "nowhere", "nothing")


# --- what the toolkit assumes, and where the data begins --------------------------------------------------


def test_what_is_expected_is_the_toolkits_assumption_where_the_settings_hold_none(tmp_path):
    channels = ["email"] * 10 + ["E-Mail"] * 10 + ["Webformular"] * 10 + ["x"] * 10
    data = opened(tmp_path, conversations=tickets(channel=channels))
    result = metrics.expectation_met(data.conversations)
    assert result[["expectation", "n"]].values.tolist() == [
        ["social, 1 h", 10],
        ["social, 24 h", 10],
        ["email, 24 h", 20],
    ]
    assert "assumed by the toolkit" in result.sentence() and result.attrs["choices"]["expectations"] == "assumed"
    own = opened(tmp_path, '[expectations]\nsocial = [{ within = "1h" }]\n', conversations=tickets(channel=channels))
    result = metrics.expectation_met(own.conversations)
    assert result["n"].tolist() == [40] and "assumed" not in result.sentence()  # social: without an entry of its own
    with pytest.raises(toolkit.errors.MissingSetting, match="what customers expect of fax"):
        metrics.expectation_met(tickets(channel="fax"), as_of=READ)


@pytest.mark.parametrize("weeks_before, is_held", [(0, False), (3, False), (5, True), (9, True)])
def test_a_backlog_is_held_against_what_is_known_of_the_beginning(tmp_path, weeks_before, is_held):
    rows = tickets()
    rows.loc[rows.index >= 30, ["closed_at"]] = pd.NaT
    older = tickets(12, "1h").assign(conversation_id=[f"o{k}" for k in range(12)])
    older[["created_at", "first_response_at"]] -= pd.Timedelta(weeks=weeks_before)
    older["closed_at"] = older["closed_at"].where(older.index < 9) - pd.Timedelta(weeks=weeks_before)
    data = opened(tmp_path, conversations=pd.concat([rows, older]))
    result = metrics.new_and_closed(data.conversations, by="day")
    said = result.sentence()
    assert ("13 conversations were open when the data was read, 10 more than 7 days before" in said) == is_held
    assert said.startswith("13 conversations were open when the data was read; ") == (not is_held)
    assert ("how many were open before isn’t known" in said.lower()) == (not is_held)
    assert (result.attrs["stock_before"] == 3) == is_held
