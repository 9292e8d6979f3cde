"""The stages of a conversation's life, who still waits, and what waiting adds up to: by eye, and naively on random tables."""

import math

import numpy as np
import oracle
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from toolkit import metrics, words
from toolkit.contributions import share_of_sum
from toolkit.errors import BadData, BadParameter, MissingColumn
from toolkit.load import open_data

START = pd.Timestamp("2024-03-04T09:00Z")  # a Monday
READ = START + pd.Timedelta(days=14)
TIMES = (
    "created_at", "indexed_at", "team_assigned_at", "agent_assigned_at", "first_response_at", "closed_at", "reopened_at",
    "response_after_reopening_at", "bot_started_at", "handed_off_at",
)  # fmt: skip


def threads(*rows, **more):
    """One conversation a row: its times in hours since START; created at START."""
    made = []
    for row in rows:
        row = {"created": 0} | row
        made.append({f"{name}_at": START + pd.Timedelta(hours=hours) for name, hours in row.items()})
    frame = pd.DataFrame(made).assign(**more)
    for name in [name for name in TIMES if name in frame]:
        frame[name] = pd.to_datetime(frame[name], utc=True).dt.as_unit("us")
    return frame


def waits(result, *names):
    return [None if pd.isna(result[name].iloc[0]) else float(result[name].iloc[0]) for name in names]


# --- where the first response begins --------------------------------------------------------------


@pytest.mark.parametrize(
    "row, restart, creation",
    [
        # a bot closed on Monday, the customer came back on Friday, answered an hour later
        ({"closed": 1, "reopened": 96, "first_response": 97}, ("answered", 1), ("answered", 97)),
        ({"closed": 1, "reopened": 96, "response_after_reopening": 97}, ("answered", 1), ("closed", 1)),
        ({"closed": 1, "reopened": 96}, ("open", 14 * 24 - 96), ("closed", 1)),  # still waiting, since Friday
        ({"closed": 99, "reopened": 96}, ("closed", 3), ("closed", 99)),  # closed once more without an answer
        ({"first_response": 2, "closed": 3, "reopened": 96}, ("answered", 2), ("answered", 2)),  # it keeps its answer
        ({"first_response": 96, "reopened": 96}, ("answered", 96), ("answered", 96)),  # the answer opened it again
        ({"closed": 1, "reopened": 24 * 15}, ("closed", 1), ("closed", 1)),  # after the reading: hasn't happened
        ({"first_response": 2}, ("answered", 2), ("answered", 2)),
    ],
)
def test_a_thread_that_is_opened_again_starts_again(row, restart, creation):
    columns = dict.fromkeys(("reopened_at", "first_response_at", "response_after_reopening_at", "closed_at"), pd.NaT)
    frame = threads(row)
    frame = threads(row, **{name: time for name, time in columns.items() if name not in frame})
    for choice, (how, hours) in (("restart", restart), ("creation", creation)):
        result = metrics.first_response_time(frame, as_of=READ, reopened=choice)
        counts = {end: int(result[f"{end}_count"].iloc[0]) for end in ("answered", "closed", "open")}
        assert counts == {"answered": 0, "closed": 0, "open": 0} | {how: 1}
        rate = metrics.response_rate(frame, as_of=READ, reopened=choice)
        assert {end: int(rate[f"{end}_count"].iloc[0]) for end in counts} == counts
        if how == "answered":
            assert waits(result, "median_seconds") == [hours * 3600]
        took = metrics.slow_topics(frame.assign(topic="a"), as_of=READ, reopened=choice)["total_seconds"].tolist()
        assert took == [hours * 3600]


@pytest.mark.parametrize(
    "row, creation, handoff",
    [
        ({"bot_started": 0, "handed_off": 2, "first_response": 3}, 3, 1),
        ({"bot_started": 0, "handed_off": 2, "first_response": 2}, 2, 0),
        ({"bot_started": 0, "handed_off": 2, "first_response": 1}, 1, 1),  # answered before it was handed over
        ({"first_response": 3}, 3, 3),  # no bot
    ],
)
def test_the_wait_since_the_hand_off(row, creation, handoff):
    frame = threads(row)
    frame = frame if "handed_off_at" in frame else threads(row, handed_off_at=pd.NaT)
    for since, hours in (("creation", creation), ("handoff", handoff)):
        result = metrics.first_response_time(frame, as_of=READ, since=since)
        assert waits(result, "mean_answered_seconds") == [hours * 3600]
        assert result.attrs["choices"]["since"] == since


def test_a_choice_that_decides_nothing_is_not_told():
    result = metrics.first_response_time(threads({"first_response": 1}), as_of=READ)
    assert not {"since", "reopened"} & set(result.attrs["choices"])
    with pytest.raises(BadParameter, match="hand-off"):
        metrics.first_response_time(threads({"first_response": 1}), since="hand-off")


@pytest.mark.parametrize(
    "seconds, upper, lower",
    [
        (3_599, "within 1 h", "under 1 h"),
        (3_600, "within 1 h", "1 h to 8 h"),
        (86_400, "8 h to 24 h", "from 24 h"),
        (86_401, "after 24 h", "from 24 h"),
        (0, "within 1 h", "under 1 h"),
    ],
)
def test_the_span_to_which_an_edge_belongs(seconds, upper, lower):
    frame = threads({"first_response": 0})
    frame["first_response_at"] = frame["created_at"] + pd.Timedelta(seconds=seconds)
    for include, expected in (("upper", upper), ("lower", lower)):
        found = metrics.response_time_buckets(frame, edges=("1h", "8h", "24h"), as_of=READ, edges_include=include)
        assert found.loc[found["n"] > 0, "bucket"].tolist() == [expected]


def test_the_words_of_a_span_say_to_which_its_edge_belongs():
    frame = threads(*[{"first_response": 1}] * 12)
    first = [
        metrics.response_time_buckets(frame, edges=("1h",), as_of=READ, edges_include=end) for end in ("upper", "lower")
    ]
    assert "100 % (76 to 100) within 1 h" in first[0].sentence().replace("\xa0", " ")
    assert "0 % (0 to 24) under 1 h" in first[1].sentence().replace("\xa0", " ")


# --- stages ---------------------------------------------------------------------------------------

ENDS = {
    "indexing_delay": ("indexed_count", None), "queue_time": ("assigned_count", "closed_count"),
    "agent_response_time": ("answered_count", "closed_count"), "agent_handling_time": ("closed_count", None),
    "total_handling_time": ("closed_count", None),
}  # fmt: skip


@pytest.mark.parametrize(
    "name, row, expected",  # expected: how it ended and the hours; None: it doesn't count
    [
        ("indexing_delay", {"indexed": 1}, ("ended", 1)),
        ("indexing_delay", {}, ("open", 336)),
        ("indexing_delay", {"closed": 2}, None),  # it was stored, it isn't known when
        ("indexing_delay", {"first_response": 2}, None),
        ("queue_time", {"team_assigned": 1, "agent_assigned": 4}, ("ended", 3)),
        ("queue_time", {"agent_assigned": 4}, None),  # never in a queue
        ("queue_time", {"team_assigned": 1}, ("open", 335)),
        ("queue_time", {"team_assigned": 1, "closed": 5}, ("otherwise", 4)),
        ("queue_time", {"team_assigned": 1, "closed": 5, "reopened": 96}, ("open", 240)),
        ("agent_response_time", {"agent_assigned": 1, "first_response": 4}, ("ended", 3)),
        ("agent_response_time", {"agent_assigned": 1, "closed": 4}, ("otherwise", 3)),
        ("agent_response_time", {"agent_assigned": 5, "first_response": 4}, None),
        ("agent_response_time", {"agent_assigned": 1}, ("open", 335)),
        ("agent_handling_time", {"agent_assigned": 1, "closed": 4}, ("ended", 3)),
        ("agent_handling_time", {"agent_assigned": 1, "closed": 99, "reopened": 96}, ("ended", 3)),  # the second life
        ("agent_handling_time", {"agent_assigned": 1, "closed": 4, "reopened": 96}, ("open", 240)),
        ("agent_handling_time", {"agent_assigned": 97, "closed": 99, "reopened": 96}, ("ended", 2)),
        ("agent_handling_time", {"closed": 4}, None),
        ("total_handling_time", {"indexed": 1, "closed": 4}, ("ended", 3)),
        ("total_handling_time", {"indexed": 1}, ("open", 335)),
    ],
)
def test_a_stage(name, row, expected):
    there = threads(row)
    frame = threads(row, **{time: pd.NaT for time in TIMES if time not in there})
    result = getattr(metrics, name)(frame, as_of=READ)
    assert int(result["n"].iloc[0]) == (expected is not None)
    if expected is None:
        return
    how, hours = expected
    ended, otherwise = ENDS[name]
    column = {"ended": ended, "otherwise": otherwise, "open": "open_count"}[how]
    assert result[column].tolist() == [1]
    (cell,) = result.cells(result.iloc[0])["cell_"]
    assert cell == hours * 3600
    stages = metrics.lifecycle(frame, as_of=READ).set_index("lifecycle_stage")
    assert stages.loc[name, "n"] == 1 and stages.loc[name, "open_count"] == (how == "open")


def test_a_stage_counts_from_the_first_beginning_if_told_so():
    frame = threads({"agent_assigned": 1, "closed": 99, "reopened": 96})
    assert waits(metrics.agent_handling_time(frame, as_of=READ, reopened="creation"), "median_seconds") == [98 * 3600]


def test_a_stage_out_of_order_is_refused_where_no_one_mended_it():
    with pytest.raises(BadData, match="before its start"):
        metrics.queue_time(threads({"team_assigned": 4, "agent_assigned": 1}), as_of=READ)


def test_what_is_missing_is_named():
    with pytest.raises(MissingColumn, match="team_assigned_at"):
        metrics.queue_time(threads({"agent_assigned": 1}))
    with pytest.raises(MissingColumn, match="closed_at"):
        metrics.lifecycle(threads({"agent_assigned": 1}))
    with pytest.raises(MissingColumn, match="agent_assigned_at"):
        metrics.lifecycle(threads({"closed": 1}))
    with pytest.raises(MissingColumn, match="topic"):
        metrics.slow_topics(threads({"first_response": 1}))


# --- where the time goes --------------------------------------------------------------------------


def test_the_life_of_two_conversations_by_eye():
    whole = {"indexed": 1, "team_assigned": 1, "agent_assigned": 4, "first_response": 5, "closed": 10}
    short = {"indexed": 0, "team_assigned": 0, "agent_assigned": 1, "first_response": 1, "closed": 10}
    still = {"indexed": 0, "team_assigned": 2}
    result = metrics.lifecycle(threads(whole, short, still), as_of=READ)
    hours = (result["total_seconds"] / 3600).tolist()
    assert hours == [1, 4, 1, 15, 19]
    assert result["share"].tolist() == pytest.approx([hour / 20 for hour in hours])
    assert result[["n", "open_count"]].values.tolist() == [[3, 0], [3, 1], [2, 0], [2, 0], [3, 1]]
    assert result[["low", "high"]].isna().all(axis=None)  # of two conversations
    assert result.attrs["facts"]["n"] == 2 and result.attrs["facts"]["seconds"] == 20 * 3600


def test_what_was_closed_in_the_queue_took_no_time_of_a_stage():
    passed = {"indexed": 0, "team_assigned": 0, "agent_assigned": 1, "first_response": 2, "closed": 10}
    left = {"indexed": 0, "team_assigned": 0, "closed": 240}
    silent = {"indexed": 0, "team_assigned": 0, "agent_assigned": 1, "closed": 10}
    result = metrics.lifecycle(threads(*[passed] * 30, *[left] * 4, silent), as_of=READ)
    stages = result.set_index("lifecycle_stage")
    assert (stages["total_seconds"] / 3600).to_dict() == {
        "indexing_delay": 0, "queue_time": 31, "agent_response_time": 30, "agent_handling_time": 279,
        "total_handling_time": 310,
    }  # fmt: skip
    assert stages.loc["queue_time", ["n", "open_count", "share"]].tolist() == [35, 0, 0.1]
    facts = result.attrs["facts"]
    assert (facts["n"], facts["left"], facts["left_seconds"] / 3600) == (31, 4, 960)
    assert (facts["unanswered"], facts["unanswered_seconds"] / 3600) == (1, 9)
    told = result.sentence().replace("\xa0", " ")
    assert "4 more were closed without an agent, after 40 d in all, and are in no share." in told
    assert "1 was closed without an answer, after 9 h with the agent" in told


def test_closed_in_the_queue_after_a_reopening_is_told_from_the_reopening():
    row = {"team_assigned": 0, "closed": 100, "reopened": 96}
    result = metrics.lifecycle(threads(row, agent_assigned_at=pd.NaT), as_of=READ)
    assert result.attrs["facts"]["left_seconds"] == 4 * 3600 and result.attrs["facts"]["n"] == 0
    still = metrics.lifecycle(threads(row | {"closed": 1}, agent_assigned_at=pd.NaT), as_of=READ)
    assert still.attrs["facts"]["left"] == 0  # opened again, it waits


def test_of_a_second_life_the_first_one_is_no_part():
    row = {"team_assigned": 0, "agent_assigned": 2, "first_response": 3, "closed": 100, "reopened": 96}
    result = metrics.lifecycle(threads(row), as_of=READ).set_index("lifecycle_stage")
    assert (result["total_seconds"] / 3600).to_dict() == {
        "queue_time": 0, "agent_response_time": 0, "agent_handling_time": 4
    }  # fmt: skip
    assert result.loc["agent_handling_time", "share"] == 1


def test_the_finding_of_a_lifecycle_names_the_longest_part():
    row = {"indexed": 0, "team_assigned": 0, "agent_assigned": 3, "first_response": 5, "closed": 10}
    told = metrics.lifecycle(threads(*[row] * 30), as_of=READ).sentence().replace("\xa0", " ")
    assert told == (
        "30 closed conversations took 12.5 d in all; 70 % of it in the agent’s handling. "
        "The agent’s first response is a part of the agent’s handling."
    )


def test_the_finding_of_groups_counts_those_with_the_same_longest_part():
    queue = {"team_assigned": 0, "agent_assigned": 6, "first_response": 7, "closed": 10}
    agent = {"team_assigned": 0, "agent_assigned": 1, "first_response": 5, "closed": 10}
    frame = threads(*[queue] * 24, *[agent] * 12, channel=["x"] * 12 + ["email"] * 12 + ["phone"] * 12)
    told = metrics.lifecycle(frame, by="channel", as_of=READ).sentence().replace("\xa0", " ")
    assert told.startswith(
        "In 2 of 3 channels the longest part is the team’s queue; 36 closed conversations took 15 d in all."
    )
    assert "Longest are the team’s queue via e-mail (60 %), the agent’s handling via phone (90 %)" in told
    # a channel has no name, a stage is named only where one is longest
    tie = metrics.lifecycle(frame.iloc[12:], by="channel", as_of=READ).sentence().replace("\xa0", " ")
    assert tie.startswith("24 closed conversations took 10 d in all.") and "longest" not in tie.lower()


STAGES = {
    "indexing_delay": ("created_at", "indexed_at", False),
    "queue_time": ("team_assigned_at", "agent_assigned_at", True),
    "agent_response_time": ("agent_assigned_at", "first_response_at", True),
    "agent_handling_time": ("agent_assigned_at", "closed_at", False),
    "total_handling_time": ("indexed_at", "closed_at", False),
}
NOW = oracle.seconds("2024-04-01T12:00:00Z")


def naive_lifecycle(rows):
    """{stage: (n, open, seconds in closed conversations, [(own, whole) of each closed conversation])}"""
    found, begun = {}, [row for row in rows if oracle.seconds(row["created_at"]) <= NOW]
    closes = [oracle.seconds(row["closed_at"]) for row in begun]
    lives = [
        (oracle.seconds(row["created_at"]), close if close is not None and close <= NOW else None)
        for row, close in zip(begun, closes, strict=True)
    ]
    unassigned = [  # closed in the queue: of them no time is shared out
        not oracle.is_null(row["team_assigned_at"])
        and oracle.seconds(row["team_assigned_at"]) <= NOW
        and (oracle.is_null(row["agent_assigned_at"]) or oracle.seconds(row["agent_assigned_at"]) > NOW)
        for row in begun
    ]
    lives = [(born, None if is_left else closed) for (born, closed), is_left in zip(lives, unassigned, strict=True)]
    for name, (start, end, can_close) in STAGES.items():
        n = still = 0
        pairs = []
        for row, (born, closed) in zip(begun, lives, strict=True):
            own = 0
            case = (
                None
                if oracle.is_null(row[start])
                else oracle.span(row, NOW, start, end, "closed_at" if can_close else None)
            )
            later = ("team_assigned_at", "agent_assigned_at", "first_response_at", "closed_at")
            gone = any(not oracle.is_null(row[time]) and oracle.seconds(row[time]) <= NOW for time in later)
            if case and name == "indexing_delay" and case[1] == "open" and gone:
                case = None
            if case and case[0] < 0:
                case = None
            if case:
                n, still = n + 1, still + (case[1] == "open")
                begin = oracle.seconds(row[start])
                own = max(0, min(begin + case[0], closed) - max(begin, born)) if closed is not None else 0
                own = 0 if case[1] == "otherwise" else own
            if closed is not None:
                pairs.append((own, closed - born))
        found[name] = n, still, pairs
    return found


@settings(max_examples=settings.default.max_examples * 10 // 100)
@given(oracle.conversations(size=24))
def test_the_lifecycle_as_row_by_row(frame):
    result = metrics.lifecycle(frame, as_of="2024-04-01T12:00:00Z").set_index("lifecycle_stage")
    for name, (n, still, pairs) in naive_lifecycle(oracle.records(frame)).items():
        if not n:
            assert name not in result.index
            continue
        row, (own, whole) = result.loc[name], np.array(pairs, float).reshape(-1, 2).T
        assert (name, row["n"], row["open_count"], row["total_seconds"]) == (name, n, still, own.sum())
        assert_share(row, own, whole)


def assert_share(row, own, whole):
    """The share of a ratio of sums, its interval from the residuals of the cases one by one."""
    if not whole.sum():
        assert pd.isna(row["share"])
        return
    share, n = own.sum() / whole.sum(), len(own)
    assert row["share"] == pytest.approx(share)
    residuals = (own - share * whole) / whole.mean()
    error = math.sqrt((residuals**2).sum() / (n - 1) / n) if n > 1 else 0
    if n < 20 or not 0 < share < 1 or error < 1e-9:
        assert pd.isna(row["low"]) or error < 1e-6
        return
    logit, reach = math.log(share / (1 - share)), oracle.Z * error / (share * (1 - share))
    ends = [1 / (1 + math.exp(-(logit + side))) for side in (-reach, reach)]
    assert [row["low"], row["high"]] == pytest.approx(ends, rel=1e-6)


# --- topics, and who still waits ------------------------------------------------------------------


@settings(max_examples=settings.default.max_examples * 10 // 100)
@given(st.data())
def test_slow_topics_as_row_by_row(data):
    frame = data.draw(oracle.conversations(size=40))
    rows = oracle.waits(frame, as_of="2024-04-01T12:00:00Z")
    result = metrics.slow_topics(frame, as_of="2024-04-01T12:00:00Z")
    assert result["total_seconds"].is_monotonic_decreasing
    found = {row["topic"]: row for _, row in result.iterrows()}
    assert set(found) == {oracle.text(row["topic"]) for row in rows}
    for topic, row in found.items():
        own = [case for case in rows if oracle.text(case["topic"]) == topic]
        assert (row["n"], row["open_count"]) == (len(own), sum(case["_how"] == "open" for case in own))
        seconds = np.array([case["_seconds"] for case in rows], float)
        is_own = np.array([oracle.text(case["topic"]) == topic for case in rows])
        assert row["total_seconds"] == (seconds * is_own).sum()
        assert_share(row, seconds * is_own, seconds)
        median = oracle.reach(oracle.curve_of(own), 2, 0.5)
        assert row["median_seconds"] == median or (median is None and pd.isna(row["median_seconds"]))


def test_topics_of_a_group_have_shares_of_their_own():
    frame = threads(*[{"first_response": hours} for hours in (1, 3, 2, 2)], topic=["a", "b"] * 2, channel=[*"xxyy"])
    result = metrics.slow_topics(frame, by="channel")
    assert result[["channel", "topic", "share"]].values.tolist() == [
        ["x", "b", 0.75], ["x", "a", 0.25], ["y", "a", 0.5], ["y", "b", 0.5]
    ]  # fmt: skip


def test_no_waiting_at_all_is_no_share():
    frame = threads({"first_response": 0}, {"first_response": 0}, topic=["a", "b"])
    result = metrics.slow_topics(frame)
    assert result["share"].isna().all() and result["total_seconds"].tolist() == [0, 0]


def test_those_who_still_wait_by_eye():
    rows = [{"created": hours} for hours in (0, 300, 330)] + [{"first_response": 1}, {"closed": 1}]
    result = metrics.response_wait(threads(*rows), as_of=READ)
    assert waits(result, "n", "median_seconds", "longest_seconds") == [3, 36 * 3600, 336 * 3600]
    assert result.columns.tolist()[-1] == "longest_seconds" and result.attrs["units"]["longest_seconds"] == "seconds"
    none = metrics.response_wait(threads({"first_response": 1}), as_of=READ)
    assert none["n"].tolist() == [0] and pd.isna(none["longest_seconds"].iloc[0])


def test_the_interval_of_a_share_of_a_sum():
    random = np.random.default_rng(7)
    inside = 0
    for _ in range(300):
        whole = random.exponential(1, 200)
        own = whole * (random.random(200) < 0.3)
        sums = own.sum(), (own**2).sum(), (own * whole).sum(), whole.sum(), (whole**2).sum()
        share, low, high = share_of_sum(*sums, 200)
        assert 0 < low < share < high < 1
        inside += low <= 0.3 <= high
    assert 0.9 <= inside / 300 <= 0.98
    assert all(map(math.isnan, share_of_sum(0, 0, 0, 0, 0, 30)))
    assert share_of_sum(5, 25, 25, 5, 25, 30)[0] == 1 and math.isnan(share_of_sum(5, 25, 25, 5, 25, 30)[1])


# --- as it is loaded ------------------------------------------------------------------------------


@pytest.fixture
def loaded(tmp_path):
    rows = [
        "conversation_id,channel,created_at,indexed_at,team_assigned_at,agent_assigned_at,first_response_at,closed_at,agent",
        "1,x,2024-03-01T08:00:00Z,2024-03-01T08:00:01Z,2024-03-01T09:00:00Z,2024-03-01T08:30:00Z,2024-03-01T10:00:00Z,,A",
        "2,x,2024-03-01T08:00:00Z,2024-03-01T07:00:00Z,2024-03-01T09:00:00Z,2024-03-01T09:30:00Z,2024-03-01T10:00:00Z,,B",
        "3,x,2024-03-01T08:00:00Z,,,2024-03-01T12:00:00Z,2024-03-01T10:00:00Z,2024-03-01T11:00:00Z,C",
        "4,x,2024-03-01T08:00:00Z,,,2024-03-01T12:00:00Z,2024-03-01T10:00:00Z,2024-03-01T13:00:00Z,D",
    ]
    (tmp_path / "conversations.csv").write_text("\n".join(rows) + "\n")
    (tmp_path / "service.toml").write_text('time_zone = "UTC"\nas_of = 2024-03-02T00:00:00Z\n')
    return open_data(tmp_path)


def test_stages_out_of_order_are_mended_and_listed(loaded):
    broken = loaded.ledger[loaded.ledger["rule"] == "order of stages"]
    assert broken[["key", "action", "column"]].values.tolist() == [
        ["2", "repaired", "indexed_at"], ["1", "repaired", "agent_assigned_at"], ["3", "repaired", "agent_assigned_at"]
    ]  # fmt: skip
    kept = loaded.conversations.order_by("conversation_id").execute()
    assert kept["conversation_id"].tolist() == ["1", "2", "3", "4"]  # they count for all that needs no stage
    assert kept["team_assigned_at"].isna().tolist() == [True, False, True, True]
    assert kept["agent_assigned_at"].isna().tolist() == [True, False, True, False]
    assert kept["first_response_at"].notna().all() and kept["agent"].tolist() == ["A", "B", "C", "D"]
    assert metrics.first_response_time(loaded.conversations)["n"].tolist() == [4]
    assert metrics.queue_time(loaded.conversations)[["n", "median_seconds"]].values.tolist() == [[1, 1800]]
    assert metrics.agent_response_time(loaded.conversations)["n"].tolist() == [1]  # D was answered before
    assert metrics.indexing_delay(loaded.conversations)["n"].tolist() == [1]


def test_the_tile_of_those_who_queue_says_of_when_they_are():
    assert words.text("metric.queue_time.figures.open_count") == "Those of this period still in the queue"
