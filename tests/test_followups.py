"""The next contact of a customer: the one join of those metrics that ask who came back, held against every pair of rows."""

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from toolkit import engine, metrics
from toolkit.metrics.followups import came_back, contacts_of_customers, with_customer

START = pd.Timestamp("2024-03-01T09:00Z")
ONE = st.tuples(st.sampled_from(["a", "b", "", None]), st.sampled_from(["bill", "app", "", None]), st.integers(0, 6))


def contacts(rows, time="created_at"):
    days = [START + pd.Timedelta(days=day) for *_, day in rows]
    whose = {"customer_id": [one for one, *_ in rows], "topic": [topic for _, topic, _ in rows]}
    frame = pd.DataFrame(whose, dtype=object) if rows else pd.DataFrame(whose, dtype="string")
    return frame.assign(**{time: pd.Series(days, dtype="datetime64[us, UTC]")})


@given(
    st.lists(ONE, min_size=1, max_size=8),
    st.lists(ONE, max_size=5),
    st.integers(0, 7),
    st.sampled_from(["topic", None]),
)
def test_the_next_contact_is_the_first_of_all_that_came_later(own, calls, read, topic):
    rows = engine.as_table(contacts(own), "conversations")
    now = int(START.timestamp()) + read * 86_400
    asked = with_customer(rows, topic).mutate(start_=engine.epoch(rows.created_at), now_=now)
    found, _ = contacts_of_customers(rows, contacts(calls, "started_at"), topic)
    got = engine.to_pandas(came_back(asked, found).select("start_", "customer_", "topic_", "next_"))

    def about(customer, subject):
        return customer or None, (subject or None) if topic else None

    expected = []
    for customer, subject, day in own:
        days = [later for who, what, later in own + calls if about(who, what) == about(customer, subject)]
        later = [one for one in days if day < one <= read]
        expected.append((day, (min(later) - day) * 86_400 if customer and later else -1))
    first = int(START.timestamp())
    waits = (got["next_"] - got["start_"]).fillna(-1).astype(int)
    assert sorted(zip((got["start_"] - first) // 86_400, waits, strict=True)) == sorted(expected)


@pytest.mark.parametrize("columns", [["topic"], []])
def test_calls_without_topics_are_about_what_conversations_without_one_are(columns):
    row = {"created_at": START, "closed_at": START, "customer_id": "a", "topic": None, "bot_started_at": START}
    conversations = pd.DataFrame([row | {"conversation_id": "1", "handed_off_at": pd.NaT}])
    calls = contacts([("a", None, 2)], "started_at")[["customer_id", "started_at", *columns]]
    read = {"calls": calls, "as_of": "2024-03-31"}
    assert metrics.bot_containment(conversations, **read)["came_back_count"].tolist() == [1]
    assert metrics.first_contact_resolution(conversations, **read)["again_count"].tolist() == [1]
