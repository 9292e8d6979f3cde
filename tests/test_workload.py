"""Backlog, workload, replies, channels, customers and topics: by eye, and against row by row in plain Python."""

from datetime import timedelta

import oracle
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import toolkit
from toolkit import metrics
from toolkit.cards import card_texts
from toolkit.errors import BadParameter, MissingColumn
from toolkit.findings import tell
from toolkit.metrics.compare import beside_previous, compared, figures, weekly

ZONE, AS_OF = "Europe/Rome", "2024-04-09T12:00:00Z"


def at(*texts):
    return pd.to_datetime(pd.Series(texts, dtype=object), utc=True).dt.as_unit("us")


@pytest.fixture(scope="module")
def sample():
    return toolkit.open_data("data/sample", period="-28d")


# --- new, closed, open ------------------------------------------------------------------------------

FLOW = pd.DataFrame(
    {
        "conversation_id": list("abcde"),
        "channel": ["x", "x", "email", "email", None],
        "created_at": at("2024-03-01T09:00", "2024-03-02T09:00", "2024-03-02T23:30", "2024-03-04T09:00", "2024-03-04T10:00"),
        "closed_at": at("2024-03-03T09:00", None, "2024-03-04T23:30", None, None),
        "status": ["closed", "open", "closed", "solved", "open"],  # d is closed, nobody knows when
    }
)  # fmt: skip


def test_the_backlog_is_what_was_opened_and_not_closed():
    days = metrics.new_and_closed(FLOW, by="day", zone=ZONE)
    assert days["day"].dt.day.tolist() == [1, 2, 3, 4, 5]  # 23:30 is the next day in Rome
    assert days["n"].tolist() == [1, 1, 1, 2, 0]
    assert days["closed_count"].tolist() == [0, 0, 1, 0, 1]
    assert days["backlog"].tolist() == [1, 2, 2, 3, 2]
    assert days["backlog_change"].tolist() == [1, 1, 0, 1, -1]
    assert "1 was closed at a time that isn’t known" in days.sentence()


def test_what_comes_after_the_reading_has_not_happened():
    whole = metrics.new_and_closed(FLOW, as_of="2024-03-03T09:00:00Z").iloc[0]
    assert whole[["n", "closed_count", "backlog"]].tolist() == [3, 1, 2]
    assert metrics.waiting_now(FLOW, as_of="2024-03-03T08:59:59Z")["n"].tolist() == [3]


def test_a_group_of_the_backlog_is_its_own():
    groups = metrics.new_and_closed(FLOW, by="channel").set_index("channel")
    assert groups["backlog"].to_dict() == {"(none)": 1, "email": 0, "x": 1}
    assert metrics.waiting_now(FLOW, by="channel").set_index("channel")["n"].to_dict() == {"(none)": 1, "x": 1}


def test_the_backlog_by_status():
    groups = metrics.new_and_closed(FLOW, by="status").set_index("status")
    assert groups["n"].to_dict() == {"closed": 2, "open": 2, "solved": 1}
    assert groups["backlog"].to_dict() == {"closed": 0, "open": 2, "solved": 0}
    assert metrics.waiting_now(FLOW, by="status").set_index("status")["n"].to_dict() == {"open": 2}


@pytest.mark.parametrize("by", ["hour", "weekday", ["day", "week"]])
def test_a_backlog_has_no_hour_of_the_day(by):
    with pytest.raises(BadParameter):
        metrics.new_and_closed(FLOW, by=by, zone=ZONE)


def level(rows, end):
    """How many are open at an instant, one by one."""
    return sum(
        oracle.seconds(row["created_at"]) <= end
        and (oracle.seconds(row["closed_at"]) is None or oracle.seconds(row["closed_at"]) > end)
        and not (oracle.is_null(row["closed_at"]) and oracle.text(row["status"]).lower() in ("closed", "solved"))
        for row in rows
    )


@settings(max_examples=settings.default.max_examples // 10)
@given(oracle.conversations(), st.sampled_from(["day", "week", "month"]))
def test_each_step_of_the_backlog_one_by_one(frame, step):
    rows, now = oracle.records(frame), oracle.seconds(AS_OF)
    found = metrics.new_and_closed(frame, by=step, as_of=AS_OF, zone=ZONE)
    for _, row in found.iterrows():
        own = row[step]

        def of(one, column, own=own):
            when = oracle.seconds(one[column])
            return when is not None and when <= now and oracle.part(when, step, ZONE) == own

        assert row["n"] == sum(of(one, "created_at") for one in rows)
        assert row["closed_count"] == sum(of(one, "closed_at") for one in rows)
    ends = {"day": timedelta(days=1), "week": timedelta(days=7)}
    if step in ends:
        for _, row in found.iterrows():
            after = (row[step] + ends[step]).tz_localize(ZONE)
            assert row["backlog"] == level(rows, min(now, oracle.seconds(after) - 1))


def test_a_period_knows_what_was_opened_before_it(sample):
    rows = oracle.records(sample.during("all").conversations.execute())
    start, now = oracle.seconds(sample.period.start), oracle.seconds(sample.as_of)
    told = metrics.waiting_now(sample.conversations).iloc[0]
    assert told["n"] == level(rows, now) > 0
    early = [row for row in rows if oracle.seconds(row["created_at"]) < start]
    assert told["before_count"] == level(early, now) > 0
    weeks = metrics.new_and_closed(sample.conversations, by="week")
    assert weeks["backlog"].iloc[-1] == told["n"]
    assert weeks["backlog"].iloc[0] - weeks["backlog_change"].iloc[0] == level(rows, start - 1)
    assert weeks["n"].sum() == metrics.inbound_volume(sample.conversations)["n"].iloc[0]


def test_what_an_analyst_filtered_is_all_that_there_is(sample):
    email = sample.conversations.filter(sample.conversations.channel == "email")
    assert (
        metrics.waiting_now(email)["n"].iloc[0]
        < metrics.waiting_now(sample.conversations, by="channel").set_index("channel").at["email", "n"]
    )
    assert metrics.waiting_now(email)["before_count"].iloc[0] == 0


def test_a_stock_has_a_change_and_no_verdict(sample):
    (card,) = figures(sample, (metrics.waiting_now, {}))
    assert card["low"] is None and card["p"] is None and card["direction"] == "none"
    assert (
        card["verdict"] == "counted in full" == card_texts(card)["verdict"]
    )  # why nothing says how sure the change is
    assert compared(sample, metrics.waiting_now)["verdict"].tolist() == ["counted in full"]
    # a year ago the data held a third of today's: a level is no more comparable than what came in
    open_, came = (
        card_texts(card)["year_ago"]
        for card in figures(sample, (metrics.waiting_now, {}), (metrics.inbound_volume, {}))
    )
    assert [one.split(", ", 1)[1] for one in (open_, came)] == ["not comparable"] * 2
    assert card["previous"] == metrics.waiting_now(sample.previous.conversations)["n"].iloc[0]
    assert card["change"] == pytest.approx(card["value"] / card["previous"] - 1)
    by_week = weekly(sample, metrics.new_and_closed)
    assert [week["value"] for week in card["history"]] == by_week["backlog"].tolist()  # each at its own end
    assert len(by_week) == 13


# --- workload, replies, channels ----------------------------------------------------------------------

CASES = pd.DataFrame(
    {
        "conversation_id": ["1", "2", "3"],
        "channel": ["x", "email", "email"],
        "agent": ["Ana", "Ana", None],
        "team": ["north", "north", "south"],
        "created_at": at("2024-03-01T09:00", "2024-03-01T09:00", "2024-03-01T09:00"),
        "agent_assigned_at": at("2024-03-01T10:00", "2024-03-02T10:00", None),
        "closed_at": at("2024-03-03T09:00", None, "2024-03-02T09:00"),
    }
)
SENT = pd.DataFrame(
    {
        "message_id": list("abcdefgh"),
        "conversation_id": ["1", "1", "2", "2", "1", "9", "2", "2"],
        "sender": ["agent", "agent", "agent", "agent", "agent", "agent", "bot", "customer"],
        "agent": ["Ana", "Ion", "Ana", "Ana", "Ana", None, None, None],
        "is_public": [True, True, None, False, True, True, True, True],
        "sent_at": at(*[f"2024-03-01T10:0{minute}" for minute in range(8)]),
    }
)


def test_workload_counts_each_thing_when_it_happened():
    days = metrics.workload(CASES, by="day", messages=SENT, zone=ZONE)
    assert days[["n", "closed_count", "reply_count"]].to_numpy().tolist() == [[1, 0, 5], [1, 1, 0], [0, 1, 0]]
    agents = metrics.workload(CASES, by="agent", messages=SENT).set_index("agent")
    assert agents["n"].to_dict() == {"(none)": 0, "Ana": 2, "Ion": 0}
    assert agents["reply_count"].to_dict() == {"(none)": 1, "Ana": 3, "Ion": 1}  # who wrote it; a note is no reply
    teams = metrics.workload(CASES, by="team", messages=SENT).set_index("team")
    assert teams["reply_count"].to_dict() == {"(none)": 1, "north": 4, "south": 0}  # of a thread that nobody knows
    assert "reply_count" not in metrics.workload(CASES, by="team")


def test_workload_is_no_ranking(sample):
    result = metrics.workload(sample.conversations, by="agent")
    assert result["agent"].tolist() == sorted(result["agent"])
    heading = result.sentence()
    assert not any(agent in heading for agent in result["agent"])


def test_workload_of_a_period_row_by_row(sample):
    start, end = (oracle.seconds(one) for one in (sample.period.start, sample.period.end))
    every = sample.during("all")
    cases, sent = (oracle.records(one.execute()) for one in (every.conversations, every.messages))

    def within(row, column):
        return not oracle.is_null(row[column]) and start <= oracle.seconds(row[column]) < end

    teams = metrics.workload(sample.conversations, by="team").set_index("team")
    whose = {row["conversation_id"]: oracle.text(row["team"]) for row in cases}
    for team, row in teams.iterrows():
        own = [case for case in cases if oracle.text(case["team"]) == team]
        assert row["n"] == sum(within(case, "agent_assigned_at") for case in own)
        assert row["closed_count"] == sum(within(case, "closed_at") for case in own)
        replies = [one for one in sent if one["sender"] == "agent" and one["is_public"] is not False]
        assert row["reply_count"] == sum(
            within(one, "sent_at") and whose.get(one["conversation_id"]) == team for one in replies
        )


def switches(messages, zone):
    """{agent and day: (channels, switches)}, one reply after the other."""
    found, last = {}, {}
    order = sorted(
        messages, key=lambda row: (oracle.seconds(row["sent_at"]), oracle.text(row["channel"]), row["message_id"])
    )
    for row in order:
        who, channel = oracle.text(row["agent"]), oracle.text(row["channel"])
        if row["sender"] != "agent" or row["is_public"] is False or "(none)" in (who, channel):
            continue
        key = who, oracle.local(oracle.seconds(row["sent_at"]), zone).date()
        seen = found.setdefault(key, [set(), 0])
        seen[0].add(channel)
        seen[1] += key in last and last[key] != channel
        last[key] = channel
    return found


@settings(max_examples=settings.default.max_examples // 10)
@given(oracle.messages(), st.data())
def test_switches_one_reply_after_the_other(frame, data):
    names = st.sampled_from(["Ana", "Ion", None])
    frame = frame.assign(agent=pd.Series([data.draw(names) for _ in range(len(frame))], dtype=object))
    found = switches(oracle.records(frame), ZONE)
    told = metrics.channel_switching(frame, zone=ZONE).iloc[0]
    assert told["n"] == len(found) and told["agent_count"] == len({who for who, _ in found})
    if found:
        assert told["switches_per_day"] == pytest.approx(sum(count for _, count in found.values()) / len(found))
        channels = {}
        for (who, _), (own, _) in found.items():
            channels.setdefault(who, set()).update(own)
        assert told["channels_per_agent"] == pytest.approx(sum(map(len, channels.values())) / len(channels))
    else:
        assert pd.isna(told["switches_per_day"]) and pd.isna(told["channels_per_agent"])


def test_switches_need_channels_and_agents():
    with pytest.raises(MissingColumn, match="channel"):
        metrics.channel_switching(SENT, zone=ZONE)
    with pytest.raises(BadParameter, match="computes with"):
        metrics.channel_switching(SENT.assign(channel="x"), by="channel", zone=ZONE)


def test_replies_of_a_data_set_are_grouped_as_their_conversation(sample):
    by_team = metrics.reply_volume(sample.messages, by="team")
    assert by_team["n"].sum() == metrics.reply_volume(sample.messages)["n"].iloc[0]
    assert len(by_team) > 1 and "team" not in sample.messages.columns


# --- customers and topics -----------------------------------------------------------------------------

WHO = pd.DataFrame(
    {
        "created_at": at(*["2024-03-01T09:00"] * 8),
        "closed_at": at(*["2024-03-01T10:00"] * 8),
        "customer_id": ["a", "a", "b", "c", None, "", "c", None],
        "channel": ["x", "email", "x", "x", "x", "email", "x", None],
        "topic": ["bills", "bills", "app", "app", "app", "", None, "bills"],
        "bot_started_at": at("2024-03-01T09:00", *[None] * 7),
    }
)


def test_customers_without_a_key_are_not_one_customer():
    whole = metrics.unique_customers(WHO).iloc[0]
    assert whole[["n", "repeat_count", "known_count", "unknown_count"]].tolist() == [3, 2, 5, 3]
    assert whole["repeat_share"] == pytest.approx(2 / 3)
    groups = metrics.unique_customers(WHO, by="channel").set_index("channel")
    assert groups["n"].to_dict() == {"(none)": 0, "email": 1, "x": 3}  # a is a customer of both
    assert groups["repeat_count"].to_dict() == {"(none)": 0, "email": 0, "x": 1}
    assert pd.isna(groups.at["(none)", "repeat_share"])


def customers(**channels):
    """Contacts: of each channel so many customers who came twice, and so many who came once; all channels share them."""
    rows = [
        (name, who)
        for name, (twice, once) in channels.items()
        for who in [*range(twice)] * 2 + [*range(twice, twice + once)]
    ]
    frame = pd.DataFrame(rows, columns=["channel", "who"])
    created = at(*["2024-03-01T09:00"] * len(frame))
    return frame.assign(customer_id=frame.pop("who").astype(str), created_at=created)


@pytest.mark.parametrize(
    "channels, said",
    [
        ({"x": (60, 40), "y": (30, 70), "email": (5, 95)}, "is highest via X: 60 %; lowest via e-mail: 5 %"),
        ({"x": (60, 40), "y": (5, 95), "email": (4, 96)}, "is highest via X: 60 %; the lowest is 4 %"),
        ({"x": (60, 40), "y": (61, 39), "email": (4, 96)}, "is lowest via e-mail: 4 %; the highest is 61 %"),
        ({"x": (6, 94), "y": (5, 95), "email": (4, 96)}, "is between 4 % and 6 %"),
        ({"x": (0, 94), "y": (0, 95)}, "is 0 % in each"),
    ],
)
def test_customers_of_several_channels_are_not_held_against_the_others(channels, said):
    told = tell(metrics.unique_customers(customers(**channels), by="channel"))
    heading, note = told.heading.replace("\xa0", " "), told.note.replace("\xa0", " ")
    assert heading == f"The share of customers with two contacts or more {said}"
    assert "other" not in note and "Customers of several groups count in each" in note and not told.facts


def test_without_customers_nobody_is_counted():
    with pytest.raises(MissingColumn, match="customer_id"):
        metrics.unique_customers(WHO.drop(columns="customer_id"))


@settings(max_examples=settings.default.max_examples // 10)
@given(st.lists(st.tuples(st.sampled_from(["a", "b", "c", "", None]), st.sampled_from(["x", "y"])), max_size=12))
def test_customers_one_by_one(rows):
    frame = pd.DataFrame({"customer_id": pd.Series([who for who, _ in rows], dtype=object),
                          "channel": pd.Series([channel for _, channel in rows], dtype=object),
                          "created_at": at(*["2024-03-01T09:00"] * len(rows))})  # fmt: skip
    found = metrics.unique_customers(frame, by="channel").set_index("channel")
    for channel in {channel for _, channel in rows}:
        own = [who for who, where in rows if where == channel]
        known = [who for who in own if who]
        assert found.at[channel, "n"] == len(set(known))
        assert found.at[channel, "repeat_count"] == sum(known.count(who) > 1 for who in set(known))
        assert found.at[channel, "unknown_count"] == len(own) - len(known)


def test_contacts_without_a_topic_are_a_row_and_a_share():
    found = metrics.topics(WHO).set_index("topic")["n"].to_dict()
    assert found == {"(none)": 2, "app": 3, "bills": 3}
    assert metrics.unmatched_share(WHO)["unmatched_share"].iloc[0] == 0.25
    by_bot = metrics.unmatched_share(WHO, by="bot").set_index("bot")["n"].to_dict()
    assert by_bot == {"with_bot": 1, "without_bot": 7}
    with pytest.raises(MissingColumn, match="bot_started_at"):
        metrics.topics(WHO.drop(columns="bot_started_at"), by="bot")
    with pytest.raises(MissingColumn, match="topic"):
        metrics.unmatched_share(WHO.drop(columns="topic"))


def test_subtopics_are_told_unless_topics_are_asked_for():
    frame = WHO.assign(subtopic=["copy", "copy", "login", None, "login", None, None, "copy"])
    assert metrics.topics(frame)[["topic", "subtopic"]].duplicated().sum() == 0
    assert len(metrics.topics(frame)) == 4 and len(metrics.topics(frame, by="topic")) == 3
    assert "bot" in metrics.topics(frame, by=["bot", "channel"]).columns


def conversations(**topics):
    """A frame of topics, each (how many, seconds until closed; None: open)."""
    rows = [(topic, seconds) for topic, (n, seconds) in topics.items() for _ in range(n)]
    created = pd.Timestamp("2024-03-01T09:00Z")
    return pd.DataFrame(
        {
            "topic": [topic for topic, _ in rows],
            "created_at": created,
            "closed_at": [None if s is None else created + pd.Timedelta(seconds=s) for _, s in rows],
        }
    ).assign(closed_at=lambda one: pd.to_datetime(one["closed_at"], utc=True))


@pytest.mark.parametrize(
    "many, quick, candidates",
    [
        (0.2, "1h", ["login"]),  # the share and the time themselves count
        (0.21, "1h", []),
        (0.2, "59m", []),
        (20, "1h", ["login"]),
        (21, "1h", []),
        (0.1, "3d", ["contract", "login", "unlock"]),
        (0.05, "1h", ["login", "unlock"]),
    ],
)
def test_candidates_are_many_and_quick(many, quick, candidates):
    frame = conversations(login=(20, 3600), contract=(50, 86_400), unlock=(12, 60), rare=(5, 60), stuck=(13, None))
    found = metrics.repetitive_share(frame, many=many, quick=quick, as_of="2024-04-01T00:00:00Z")
    assert sorted(found.loc[found["is_candidate"], "topic"]) == candidates
    assert found["is_candidate"].tolist() == sorted(found["is_candidate"], reverse=True)  # candidates first
    told = found.sentence()
    assert ("no topic both comes often and is quickly solved" in told.lower()) == (not candidates)
    assert found["share"].sum() == pytest.approx(1)


def test_what_is_open_is_not_solved_quickly():
    """Twelve of twenty were closed within the hour; of those that are open nothing is known yet."""
    frame = pd.concat([conversations(a=(8, 600)), conversations(a=(12, None))])
    found = metrics.repetitive_share(frame, quick="1h", as_of="2024-03-03T00:00:00Z")
    assert pd.isna(found["median_seconds"].iloc[0]) and not found["is_candidate"].iloc[0]


@pytest.mark.parametrize("many", [0, -1, True, "5 %"])
def test_many_is_a_share_or_a_number(many):
    with pytest.raises(BadParameter, match="many"):
        metrics.repetitive_share(WHO, many=many)


def test_compared_with_the_period_before(sample):
    for function in (metrics.workload, metrics.unique_customers, metrics.new_and_closed):
        result, comparison = beside_previous(sample, function, by="channel")
        assert result["channel"].tolist() == comparison["channel"].tolist()
        assert comparison["previous"].notna().all()
