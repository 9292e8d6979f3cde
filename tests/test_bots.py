"""What became of conversations with a bot: cases that can be checked by eye, and brute force over random tables."""

import numpy as np
import oracle
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from toolkit import metrics
from toolkit.errors import BadParameter, MissingColumn
from toolkit.metrics.bot_ends import OUTCOMES

START, READ = pd.Timestamp("2024-03-01T00:00Z"), pd.Timestamp("2024-03-31T00:00Z")
TIMES = ("created_at", "bot_started_at", "handed_off_at", "first_response_at", "closed_at")


def at(days):
    return pd.NaT if days is None else START + pd.Timedelta(seconds=round(days * 86_400))


def table(*rows):
    """Conversations of (customer, topic, day of creation, a bot?, day of hand-off, day of closing)."""
    made = [
        {
            "conversation_id": str(number),
            "channel": "web_chat",
            "customer_id": customer,
            "topic": topic,
            "created_at": at(created),
            "bot_started_at": at(created) if bot else pd.NaT,
            "handed_off_at": at(handed),
            "first_response_at": pd.NaT,
            "closed_at": at(closed),
        }
        for number, (customer, topic, created, bot, handed, closed) in enumerate(rows)
    ]
    frame = pd.DataFrame(made)
    return frame.assign(**{name: pd.to_datetime(frame[name], utc=True) for name in TIMES})


def outcome(*rows, calls=None, **choices):
    """What became of the first conversation."""
    frame = metrics.bot_outcomes(table(*rows), by="conversation_id", as_of=READ, calls=calls, **choices)
    row = frame[frame["conversation_id"] == "0"].iloc[0]
    (found,) = [part for part in OUTCOMES if row[f"{part}_count"]]
    return found


BOT = ("a", "bill", 0, True, None, 1)  # closed by the bot after a day


@pytest.mark.parametrize(
    "rows, expected",
    [
        ([BOT], "contained"),
        ([("a", "bill", 0, True, 0.5, 1)], "handed_off"),
        ([("a", "bill", 0, True, None, None)], "not_known"),  # still with the bot
        ([("a", "bill", 25, True, None, 26)], "not_known"),  # the window runs until day 33
        ([("a", "bill", 23, True, None, 23)], "contained"),  # until day 30, which is when the data is read
        ([(None, "bill", 0, True, None, 1)], "not_known"),  # of nobody known it can't be said
        ([("", "bill", 0, True, None, 1)], "not_known"),
        ([BOT, ("a", "bill", 5, False, None, None)], "came_back"),
        ([BOT, ("a", "bill", 8, False, None, None)], "came_back"),  # seven days after the close, to the second
        ([BOT, ("a", "bill", 8.1, False, None, None)], "contained"),
        ([BOT, ("a", "app", 5, False, None, None)], "contained"),  # about something else
        ([BOT, ("b", "bill", 5, False, None, None)], "contained"),  # somebody else
        ([BOT, ("a", "bill", 0.5, False, None, None)], "came_back"),  # before the bot had ended
        ([BOT, ("a", "bill", -1, False, None, None)], "contained"),  # before it all
        ([BOT, ("a", "bill", 5, True, None, 5)], "came_back"),  # to a bot again
        ([("a", None, 0, True, None, 1), ("a", None, 3, False, None, None)], "came_back"),
        ([("a", "bill", 25, True, None, 26), ("a", "bill", 27, False, None, None)], "came_back"),  # known already
    ],
)
def test_what_became_of_a_conversation(rows, expected):
    assert outcome(*rows) == expected


def calls_of(customer="a", topic="bill", day=3, **more):
    return pd.DataFrame([{"call_id": "k", "customer_id": customer, "topic": topic, "started_at": at(day)} | more])


@pytest.mark.parametrize(
    "calls, expected",
    [
        (calls_of(), "came_back"),
        (calls_of(topic="app"), "contained"),
        (calls_of(customer="b"), "contained"),
        (calls_of(day=20), "contained"),
        (calls_of(outcome="test"), "contained"),
        (calls_of(outcome="abandoned"), "came_back"),  # who hung up had come back, too
        (calls_of(conversation_id="0"), "came_back"),  # a call about a written conversation is a contact besides
        (calls_of().drop(columns="customer_id"), "contained"),
    ],
)
def test_calls_are_contacts(calls, expected):
    assert outcome(BOT, calls=calls) == expected


def test_the_call_of_a_phone_conversation_is_that_conversation():
    one = table(("a", "bill", 0, True, None, 1)).assign(channel="phone")
    call = calls_of(day=0.001, conversation_id="0")
    assert metrics.bot_containment(one, calls=call, as_of=READ)["contained_count"].tolist() == [1]
    assert metrics.bot_containment(one, calls=call.assign(conversation_id=None), as_of=READ)["came_back_count"][0] == 1


def test_a_human_who_replies_took_over():
    one = table(BOT).assign(first_response_at=at(0.5))
    assert metrics.handoff_rate(one, as_of=READ)["handed_off_count"].tolist() == [1]
    assert metrics.handoff_rate(one.drop(columns="handed_off_at"), as_of=READ)["handoff_rate"].tolist() == [1.0]
    young = metrics.handoff_rate(one, as_of=at(0.25)).iloc[0]  # it can't be judged yet
    assert (young["n"], young["handed_off_count"], young["undue_count"]) == (0, 0, 1) and np.isnan(
        young["handoff_rate"]
    )
    held = one.assign(first_response_at=at(9), closed_at=at(9))
    assert metrics.handoff_rate(held, as_of=at(8))["handoff_rate"].tolist() == [0.0]  # not yet
    assert metrics.bot_conversations(one, as_of=at(-1))["n"].tolist() == [0]


@pytest.mark.parametrize(
    "last, quiet, expected", [(2, "1d", "contained"), (29.5, "1d", "not_known"), (2, "29d", "not_known")]
)
def test_a_silence_is_an_end(last, quiet, expected):
    open_one = table(("a", "bill", 0, True, None, None))
    said = pd.DataFrame({"conversation_id": ["0"] * 2, "sender": ["bot", "system"], "sent_at": [at(last), at(29.9)]})
    found = metrics.bot_outcomes(open_one, messages=said, quiet=quiet, as_of=READ).iloc[0]
    assert [part for part in OUTCOMES if found[f"{part}_count"]] == [expected]


def test_a_close_without_a_time_is_not_judged():
    one = table(("a", "bill", 0, True, None, None)).assign(status="Solved")
    found = metrics.bot_containment(one, as_of=READ).iloc[0]
    assert (found["n"], found["open_count"], found["undue_count"]) == (0, 0, 1)


def test_containment_is_of_those_that_can_be_judged():
    rows = [BOT, ("b", "bill", 2, True, 2, 3), ("c", "app", 3, True, None, None), ("d", "app", 29, True, 29, 29)]
    rows += [(None, "app", 3, True, None, 3)]
    found = metrics.bot_containment(table(*rows), as_of=READ).iloc[0]
    counts = {name: int(found[name]) for name in found.index if name == "n" or name.endswith("_count")}
    assert counts == {
        "n": 3,
        "contained_count": 1,
        "came_back_count": 0,
        "handed_off_count": 1,  # that of day 29 isn't judged before the others of its age are
        "open_count": 1,
        "undue_count": 1,
        "unknown_count": 1,
    }
    assert found["bot_containment"] == pytest.approx(1 / 3)
    handed = metrics.handoff_rate(table(*rows), as_of=READ)
    columns = ["n", "handed_off_count", "undue_count", "unknown_count"]  # the same conversations
    assert handed[columns].iloc[0].tolist() == [3, 1, 1, 1] and handed["handoff_rate"].iloc[0] == pytest.approx(1 / 3)
    assert handed.attrs["choices"] == {"judged_after": "7 d", "quiet": "1 d"}
    assert "3 judged bot conversations" in handed.sentence()


def test_windows_are_over_the_same_conversations():
    rows = [
        BOT,
        ("a", "bill", 3, False, None, None),
        ("b", "bill", 0, True, None, 1),
        ("c", "bill", 20, True, None, 20),
    ]
    found = metrics.containment_by_window(table(*rows), ("1d", "2d", "14d"), as_of=READ)
    assert found["n"].tolist() == [2, 2, 2]  # that of day 20 is too young for the longest window
    assert found["contained_count"].tolist() == [2, 1, 1]
    assert found["window"].tolist() == ["1 d", "2 d", "14 d"]
    with pytest.raises(BadParameter, match="must grow"):
        metrics.containment_by_window(table(*rows), ("7d", "1d"), as_of=READ)


def test_what_is_missing_is_said():
    with pytest.raises(MissingColumn, match="bot_started_at"):
        metrics.bot_conversations(table(BOT).drop(columns="bot_started_at"))
    with pytest.raises(MissingColumn, match="handed_off_at"):
        metrics.handoff_rate(table(BOT).drop(columns=["handed_off_at", "first_response_at"]))
    with pytest.raises(MissingColumn, match="customer_id"):
        metrics.bot_containment(table(BOT).drop(columns="customer_id"))
    with pytest.raises(MissingColumn, match="customer_id"):  # not of other conversations instead
        metrics.handoff_rate(table(BOT).drop(columns="customer_id"))
    with pytest.raises(MissingColumn, match="closed_at"):
        metrics.bot_containment(table(BOT).drop(columns="closed_at"))
    with pytest.raises(BadParameter, match="window"):
        metrics.bot_containment(table(BOT), window="soon")


# --- brute force ----------------------------------------------------------------------------------


@st.composite
def histories(draw):
    """Conversations and calls of few customers on few topics, so that many come back."""
    moment = st.integers(0, 40 * 24).map(lambda hours: START + pd.Timedelta(hours=hours))
    maybe = oracle.maybe
    hours = st.integers(0, 200).map(lambda number: pd.Timedelta(hours=number))
    who, about = st.sampled_from(["a", "b", "", None]), st.sampled_from(["bill", "app", None])
    rows = []
    for number in range(draw(st.integers(1, 16))):
        created, has_bot = draw(moment), draw(st.sampled_from([True, True, False]))
        ends = {name: draw(maybe(hours)) for name in ("handed_off_at", "first_response_at", "closed_at")}
        handed = draw(st.sampled_from([True, False, False]))
        rows.append(
            {
                "conversation_id": str(number),
                "channel": draw(st.sampled_from(["web_chat", "phone"])),
                "created_at": created,
                "bot_started_at": created if has_bot else None,
                "customer_id": draw(who),
                "topic": draw(about),
            }
            | {
                name: None if after is None or (name != "closed_at" and not handed) else created + after
                for name, after in ends.items()
            }
        )
    calls = [
        {
            "call_id": str(number),
            "started_at": draw(moment),
            "customer_id": draw(who),
            "topic": draw(about),
            "conversation_id": draw(st.sampled_from([None, "0", "1", "99"])),
            "outcome": draw(st.sampled_from(["answered", "abandoned", "test"])),
        }
        for number in range(draw(st.integers(0, 5)))
    ]
    texts = dict.fromkeys(("customer_id", "topic"), object)
    columns = ["call_id", "started_at", "customer_id", "topic", "conversation_id", "outcome"]
    made = pd.DataFrame(calls, columns=columns).astype(texts | {"conversation_id": object, "outcome": object})
    made["started_at"] = pd.to_datetime(made["started_at"], utc=True)
    return oracle.frame(rows, TIMES, **texts), made


@settings(max_examples=settings.default.max_examples * 12 // 100)
@given(histories(), st.sampled_from(["1d", "7d"]))
def test_outcomes_are_those_that_are_looked_for_row_by_row(tables, window):
    conversations, calls = tables
    rows = oracle.records(conversations)
    began = [row for row in rows if not oracle.is_null(row["bot_started_at"]) and row["created_at"] <= READ]
    found = [oracle.bot_outcome(row, rows, oracle.records(calls), window, READ) for row in began]
    shown = metrics.bot_outcomes(conversations, window=window, calls=calls, as_of=READ).iloc[0]
    assert {part: shown[f"{part}_count"] for part in OUTCOMES} == {
        part: sum(one == part for one, _ in found) for part in OUTCOMES
    }
    judged = [one for one, is_judged in found if is_judged]
    rate = metrics.bot_containment(conversations, window=window, calls=calls, as_of=READ).iloc[0]
    counts = [sum(one == part for one in judged) for part in ("contained", "came_back", "handed_off", "not_known")]
    assert [rate[f"{part}_count"] for part in ("contained", "came_back", "handed_off", "open")] == counts
    assert rate["n"] == len(judged) and sum(counts) == len(judged)
    assert rate["n"] + rate["undue_count"] + rate["unknown_count"] == len(began)
    handed = metrics.handoff_rate(conversations, window=window, as_of=READ).iloc[0]
    same = ["n", "handed_off_count", "undue_count", "unknown_count"]
    assert handed[same].tolist() == rate[same].tolist()
    assert metrics.bot_conversations(conversations, as_of=READ)["n"].tolist() == [len(began)]
    if began:
        assert sum(shown[part] for part in OUTCOMES) == pytest.approx(1)


@settings(max_examples=settings.default.max_examples * 8 // 100)
@given(histories(), st.sampled_from(["1d", "7d"]), st.sampled_from([None, "topic", "channel", "customer_id"]))
def test_handed_off_and_contained_are_parts_of_one_whole(tables, window, by):
    """One cohort in every group: together they are never above 100 %."""
    conversations, calls = tables
    handed = metrics.handoff_rate(conversations, by, window, as_of=READ)
    ended = metrics.bot_containment(conversations, by, window, calls=calls, as_of=READ)
    every = metrics.bot_conversations(conversations, by, as_of=READ)
    keys = [by] if by else []
    same = [*keys, "n", "handed_off_count", "undue_count", "unknown_count"]
    assert pd.DataFrame(handed)[same].equals(pd.DataFrame(ended)[same])
    assert (ended["n"] + ended["undue_count"] + ended["unknown_count"]).tolist() == every["n"].tolist()
    counts = ended["contained_count"] + handed["handed_off_count"] + ended["came_back_count"]
    assert (counts <= ended["n"]).all() and (counts + ended["open_count"] == ended["n"]).all()
    both = handed["handoff_rate"] + ended["bot_containment"]
    assert (both.dropna() <= 1 + 1e-9).all() and both.isna().tolist() == (ended["n"] == 0).tolist()


# --- quick replies --------------------------------------------------------------------------------


def test_quick_replies_lead_somewhere():
    rows = [BOT, ("b", "bill", 0, True, 0.5, 1), ("c", "bill", 0, False, None, None)]
    conversations = table(*rows, ("d", "bill", 29, True, 29.1, 29.2))  # the last one can't be judged yet
    pressed = [("0", "bill", 0.1), ("0", "bill", 0.2), ("1", "bill", 0.1), ("1", "agent", 0.6), ("2", "bill", 0.1)]
    pressed += [("3", "agent", 29.05)]
    messages = pd.DataFrame(pressed, columns=["conversation_id", "quick_reply", "sent_at"])
    messages = messages.assign(sent_at=[at(day) for day in messages["sent_at"]], sender="customer")
    offered = messages.assign(sender="bot", quick_reply="offered")  # what a bot offers is no press
    messages = pd.concat([messages, offered], ignore_index=True)
    found = metrics.quick_replies(messages, conversations=conversations)
    found = found.set_index("quick_reply")
    columns = ["n", "conversation_count", "bot_count", "judged_count", "handed_off_count", "contained_count"]
    assert found.loc["bill", columns].tolist() == [4, 3, 2, 2, 1, 1]
    # pressed after the hand-off: it led nowhere
    assert found.loc["agent", columns].tolist() == [2, 2, 2, 1, 0, 0]
    assert found.loc["bill", "handed_off_rate"] == found.loc["bill", "contained_rate"] == 0.5 and set(found.index) == {
        "bill",
        "agent",
    }
    led = metrics.quick_reply_handoff(messages, conversations=conversations).set_index("quick_reply")
    assert led.loc["bill", ["n", "handed_off_count"]].tolist() == [2, 1]


def test_quick_replies_as_they_stood_earlier():
    conversations = table(BOT, ("b", "bill", 0, True, 0.5, 1), ("d", "bill", 29, True, 29.1, 29.2))
    pressed = [("0", "bill", 0.1), ("1", "bill", 0.2), ("1", "bill", 5), ("2", "bill", 29.05)]
    messages = pd.DataFrame(pressed, columns=["conversation_id", "quick_reply", "sent_at"])
    messages = messages.assign(sent_at=[at(day) for day in messages["sent_at"]], sender="customer")
    columns = ["n", "conversation_count", "bot_count", "judged_count", "handed_off_count"]
    for day, told in [(0.15, [1, 1, 1, 0, 0]), (4, [2, 2, 2, 0, 0]), (9, [3, 2, 2, 2, 1]), (30, [4, 3, 3, 2, 1])]:
        (row,) = metrics.quick_replies(messages, conversations=conversations, as_of=at(day)).to_dict("records")
        assert [row[name] for name in columns] == told, day
        led = metrics.quick_reply_handoff(messages, conversations=conversations, as_of=at(day))
        assert led["n"].sum() == told[3] and led["handed_off_count"].sum() == told[4]


def test_without_conversations_nothing_is_known_of_where_they_lead():
    messages = pd.DataFrame(
        {"conversation_id": ["0"], "quick_reply": ["bill"], "sent_at": [at(0)], "sender": "customer"}
    )
    (row,) = metrics.quick_replies(messages).to_dict("records")
    assert row["n"] == 1 and all(np.isnan(row[name]) for name in ("handed_off_rate", "contained_rate", "bot_count"))
    assert metrics.quick_reply_handoff(messages).empty


# --- a data set -----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def sample(sample):
    return sample.during("2024-03")


def test_who_came_back_after_the_period_is_seen(sample):
    """Of conversations that ended in March it is known in April whether the customer came back."""
    judged = metrics.bot_containment(sample.conversations).iloc[0]
    whole = sample.during("all")
    frames = {name: getattr(whole, name).to_pandas() for name in ("conversations", "calls", "messages")}
    conversations = frames["conversations"]
    in_march = conversations["created_at"].dt.tz_convert("Europe/Rome").dt.strftime("%Y-%m") == "2024-03"
    marked = conversations.assign(part=np.where(in_march, "march", "other"))
    by_hand = metrics.bot_containment(
        marked, by="part", calls=frames["calls"], messages=frames["messages"], as_of=sample.as_of
    )
    march = by_hand[by_hand["part"] == "march"].iloc[0]
    counts = [name for name in judged.index if name == "n" or name.endswith("_count")]
    assert judged[counts].tolist() == march[counts].tolist() and judged["came_back_count"] > 0


def test_a_filter_hides_no_contact(sample):
    """A customer of one channel who came back by another did come back."""
    by_channel = metrics.bot_containment(sample.conversations, by="channel").set_index("channel")
    alone = metrics.bot_containment(sample.where(channel="whatsapp").conversations).iloc[0]
    assert alone["came_back_count"] == by_channel.loc["whatsapp", "came_back_count"]
