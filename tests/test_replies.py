"""Turns of customers: cases by eye, and a naive walk through the messages of each conversation."""

import oracle
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from test_metrics_wide import wait_of

from toolkit import metrics
from toolkit.errors import MissingColumn
from toolkit.load import open_data

START = pd.Timestamp("2024-03-01T09:00Z")


def written(*said, conversation="1"):
    """Messages of one conversation, each (minutes, sender) or (minutes, sender, is_public)."""
    rows = [
        {"message_id": f"{conversation}-{place}", "conversation_id": conversation, "sender": one[1],
         "sent_at": START + pd.Timedelta(minutes=one[0]), "is_public": one[2] if len(one) > 2 else True}
        for place, one in enumerate(said)
    ]  # fmt: skip
    return pd.DataFrame(rows)


def ends(result):
    row = result.iloc[0]
    return [int(row[name]) for name in ("n", "answered_count", "closed_count", "open_count")]


@pytest.mark.parametrize(
    "said, expected, mean",
    [
        ([(0, "customer"), (5, "agent")], [1, 1, 0, 0], 300),
        ([(0, "customer"), (2, "customer"), (5, "agent")], [1, 1, 0, 0], 300),  # one turn, from its first message
        ([(0, "customer"), (1, "bot"), (2, "customer"), (5, "agent")], [1, 1, 0, 0], 300),  # a bot parts no turn
        ([(0, "customer"), (1, "agent", False), (5, "agent")], [1, 1, 0, 0], 300),  # an internal note ends none
        ([(0, "customer"), (1, "agent", None), (5, "agent")], [1, 1, 0, 0], 60),  # public unless it says otherwise
        ([(0, "customer"), (4, "agent"), (5, "agent"), (9, "customer"), (11, "agent")], [2, 2, 0, 0], 180),
        ([(0, "agent"), (5, "customer")], [1, 0, 0, 1], None),  # what the agent wrote first answers nothing
        ([(5, "agent"), (5, "customer")], [1, 1, 0, 0], 0),  # at the same instant the question comes first
        ([(0, "bot"), (1, "agent")], [0, 0, 0, 0], None),
    ],
)
def test_what_a_turn_is(said, expected, mean):
    result = metrics.response_time(written(*said), as_of=START + pd.Timedelta(hours=1))
    assert ends(result) == expected
    found = result["mean_answered_seconds"].iloc[0]
    assert found == mean or (mean is None and pd.isna(found))


def test_a_reply_after_the_reading_has_not_come():
    messages = written((0, "customer"), (30, "agent"), (40, "customer"))
    result = metrics.response_time(messages, as_of=START + pd.Timedelta(minutes=20))
    assert ends(result) == [1, 0, 0, 1]


@pytest.mark.parametrize(
    "closed, status, expected",
    [
        (9, "closed", [1, 0, 1, 0]),
        (5, "closed", [1, 0, 1, 0]),  # at the second at which it was asked
        (4, "closed", [1, 0, 0, 1]),  # the customer wrote after the close
        (90, "closed", [1, 0, 0, 1]),  # closed after the reading
        (None, "Solved", [1, 0, 1, 0]),  # closed, it isn't known when
        (None, "open", [1, 0, 0, 1]),
    ],
)
def test_a_turn_that_was_closed_without_a_reply(closed, status, expected):
    at = pd.NaT if closed is None else START + pd.Timedelta(minutes=closed)
    threads = pd.DataFrame({"conversation_id": ["1"], "closed_at": [at], "status": [status]})
    threads["closed_at"] = pd.to_datetime(threads["closed_at"], utc=True)
    read = START + pd.Timedelta(minutes=60)
    assert ends(metrics.response_time(written((5, "customer")), as_of=read, conversations=threads)) == expected


def test_what_a_bot_handled_alone_is_left_out_or_waits():
    times = {"created_at": [START] * 2, "bot_started_at": [START] * 2, "handed_off_at": [START, pd.NaT]}
    threads = pd.DataFrame({"conversation_id": ["1", "2"]} | times)
    messages = pd.concat([written((0, "customer"), conversation=name) for name in "12"])
    asked = {"as_of": START + pd.Timedelta(hours=1), "conversations": threads}
    assert ends(metrics.response_time(messages, **asked)) == [1, 0, 0, 1]
    assert ends(metrics.response_time(messages, bot_only="in", **asked)) == [2, 0, 0, 2]


def test_by_agent_is_who_answered_else_whose_it_is():
    messages = written((0, "customer"), (5, "agent"), (6, "customer"), (7, "agent"), (8, "customer"))
    messages["agent"] = [None, "Ann", None, "Bo", None]
    threads = pd.DataFrame({"conversation_id": ["1"], "agent": ["Cy"]})
    result = metrics.response_time(messages, by="agent", as_of=START + pd.Timedelta(hours=1), conversations=threads)
    assert result[["agent", "n", "open_count"]].values.tolist() == [["Ann", 1, 0], ["Bo", 1, 0], ["Cy", 1, 1]]


def test_a_column_that_is_missing_is_named():
    with pytest.raises(MissingColumn, match="conversation_id"):
        metrics.response_time(written((0, "customer")).drop(columns="conversation_id"))
    with pytest.raises(MissingColumn, match="channel"):
        metrics.response_time(written((0, "customer")), channels="written")


def data_of(tmp_path, messages):
    threads = pd.DataFrame({"conversation_id": ["1"], "channel": ["email"], "created_at": [START]})
    threads.to_csv(tmp_path / "conversations.csv", index=False)
    messages.to_csv(tmp_path / "messages.csv", index=False)
    (tmp_path / "service.toml").write_text('time_zone = "UTC"\nas_of = 2024-03-20T00:00:00Z\n')
    return open_data(tmp_path)


def test_a_turn_belongs_to_the_period_in_which_it_began(tmp_path):
    day = 24 * 60
    # asked on the 1st and once more on the 2nd, answered on the 3rd; asked on the 3rd, answered on the 5th
    said = [(0, "customer"), (day, "customer"), (2 * day, "agent"), (2 * day + 1, "customer"), (4 * day + 1, "agent")]
    data = data_of(tmp_path, written(*said))
    first, second, third = (data.during(f"2024-03-0{number}") for number in (1, 2, 3))
    assert metrics.response_time(first.messages)[["n", "mean_answered_seconds"]].values.tolist() == [[1, 2 * 86_400]]
    assert ends(metrics.response_time(second.messages)) == [0, 0, 0, 0]  # the turn had begun on the day before
    assert metrics.response_time(third.messages)[["n", "mean_answered_seconds"]].values.tolist() == [[1, 2 * 86_400]]
    assert ends(metrics.response_time(third.read_at("2024-03-04T12:00:00Z").during("2024-03-03").messages)) == [
        1,
        0,
        0,
        1,
    ]


# --- naively --------------------------------------------------------------------------------------


def turns(messages, threads, now, bot_only="out"):
    """[(row of the turn's first message, seconds, how it ended)], message by message."""
    found, known = [], {row["conversation_id"]: row for row in threads}
    rows = [row | {"_at": pd.Timestamp(row["sent_at"])} for row in messages]
    for name in sorted({row["conversation_id"] for row in rows}):
        said = [row for row in rows if row["conversation_id"] == name and row["sender"] in ("customer", "agent")]
        said = [row for row in said if row["sender"] == "customer" or row["is_public"] in (True, None)]
        said.sort(key=lambda row: (row["_at"], row["sender"] == "agent", row["message_id"]))
        asked = None
        for row in [*said, None]:
            if row is not None and row["sender"] == "customer":
                asked = asked or row
                continue
            if asked is not None:
                found.append((asked, row))
            asked = None
    judged = []
    for asked, reply in found:
        start, thread = oracle.seconds(asked["sent_at"]), known.get(asked["conversation_id"], {})
        end = None if reply is None else oracle.seconds(reply["sent_at"])
        if start > now:
            continue
        is_answered = end is not None and end <= now
        taken = [oracle.seconds(thread.get(time)) for time in ("handed_off_at", "first_response_at")]
        is_taken = is_answered or any(time is not None and time <= now for time in taken)
        if bot_only == "out" and oracle.has(thread, "bot_started_at") and not is_taken:
            continue
        closed = oracle.seconds(thread.get("closed_at"))
        if is_answered:
            judged.append((asked, end - start, "ended"))
        elif closed is not None and start <= closed <= now:
            judged.append((asked, closed - start, "otherwise"))
        elif closed is None and oracle.text(thread.get("status")).lower() in oracle.CLOSED_STATUSES:
            judged.append((asked, now - start, "otherwise"))
        else:
            judged.append((asked, now - start, "open"))
    return judged


@settings(max_examples=settings.default.max_examples * 10 // 100)
@given(st.data())
def test_as_message_by_message(data):
    messages, threads = data.draw(oracle.messages()), data.draw(oracle.conversations())
    by, bot_only = data.draw(st.sampled_from([None, "topic"])), data.draw(st.sampled_from(["in", "out"]))
    now = oracle.seconds("2024-04-01T12:00:00Z")
    judged = turns(oracle.records(messages), oracle.records(threads), now, bot_only)
    asked = {"as_of": "2024-04-01T12:00:00Z", "conversations": threads, "bot_only": bot_only}
    result = metrics.response_time(messages, by=by, **asked)
    groups = {} if by else {(): []}
    for row, took, how in judged:
        groups.setdefault((oracle.text(row[by]),) if by else (), []).append((took, how))
    expected = [
        oracle.labelled(key, by, n=len(cases), **wait_of(cases, result.attrs["roles"])) for key, cases in groups.items()
    ]
    oracle.assert_same(result, expected, oracle.names(by))
