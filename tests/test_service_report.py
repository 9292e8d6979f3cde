"""Closed threads to be read: drawn by their keys, the same on every engine, and masked."""

import hashlib

import ibis
import pandas as pd
import pytest

from toolkit import findings, metrics
from toolkit.errors import BadParameter, MissingTable

AT = pd.Timestamp("2024-03-01T09:00Z")


def threads(n=40, agents=("Ada", "Bo")):
    return pd.DataFrame(
        {
            "conversation_id": [f"c{number:02}" for number in range(n)],
            "agent": [agents[number % len(agents)] for number in range(n)],
            "channel": "email",
            "created_at": AT,
            "first_response_at": AT + pd.Timedelta(minutes=5),
            "closed_at": [AT + pd.Timedelta(hours=1) if number % 4 else pd.NaT for number in range(n)],
        }
    )


def expected(frame, by, each, seed=7):
    """The closed threads of each group whose hash comes first."""
    closed = frame[frame["closed_at"].notna()].copy()
    closed["hash"] = [hashlib.md5(f"{key}/{seed}".encode()).hexdigest() for key in closed["conversation_id"]]
    return closed.sort_values([by, "hash"]).groupby(by).head(each)["conversation_id"].tolist()


@pytest.mark.parametrize("each, seed", [(1, 7), (3, 7), (3, 8), (99, 7)])
def test_of_each_agent_some_are_drawn(each, seed):
    report = metrics.service_report(threads(), each=each, seed=seed)
    assert report["conversation_id"].tolist() == expected(threads(), "agent", each, seed)
    assert report.attrs["facts"]["total"] == 30


def test_the_draw_doesnt_depend_on_the_order_or_on_other_rows():
    whole = metrics.service_report(threads())["conversation_id"].tolist()
    assert metrics.service_report(threads().sample(frac=1, random_state=1))["conversation_id"].tolist() == whole
    more = pd.concat([threads(), threads(agents=("Cy",)).assign(conversation_id=lambda f: "x" + f["conversation_id"])])
    assert metrics.service_report(more)["conversation_id"].tolist()[: len(whole)] == whole
    table = ibis.duckdb.connect().create_table("threads", threads())
    assert metrics.service_report(table)["conversation_id"].tolist() == whole


def test_what_was_written_and_how_it_was_scored():
    messages = pd.DataFrame(
        [
            ("m1", "c01", AT, "customer", "I am Eva Novak, mail eva@example.com", True),
            ("m2", "c01", AT + pd.Timedelta("1min"), "bot", "A bot", True),
            ("m3", "c01", AT + pd.Timedelta("2min"), "agent", "A note", False),
            ("m4", "c01", AT + pd.Timedelta("3min"), "agent", "First", True),
            ("m5", "c01", AT + pd.Timedelta("4min"), "customer", "More", True),
            ("m6", "c01", AT + pd.Timedelta("5min"), "agent", "Second", True),
        ],
        columns=["message_id", "conversation_id", "sent_at", "sender", "text", "is_public"],
    )
    surveys = pd.DataFrame(
        {"survey_id": ["a", "b", "c"], "conversation_id": ["c01"] * 3, "kind": ["csat", "csat", "nps"],
         "score": [4, 2, 0], "comment": ["fine", "call me on +39 347 123 4567", "x"]}
    )  # fmt: skip
    one = threads(2)
    row = metrics.service_report(one, messages, surveys).iloc[0]
    assert row["asked"] == "I am [name], mail [e-mail]" and row["replies"] == "First\nSecond"
    assert row["score"] == 2 and row["comment"] == "call me on [phone]" and row["first_response_seconds"] == 300
    plain = metrics.service_report(one, messages, surveys, mask=False).iloc[0]
    assert plain["asked"] == "I am Eva Novak, mail eva@example.com"
    by_score = metrics.service_report(threads(9), messages, surveys, by="score")
    assert by_score["conversation_id"].tolist() == ["c01"]


def test_edges():
    with pytest.raises(BadParameter, match="each"):
        metrics.service_report(threads(), each=0)
    with pytest.raises(MissingTable, match="surveys"):
        metrics.service_report(threads(), by="score")
    nothing = metrics.service_report(threads().iloc[:0])
    assert len(nothing) == 0 and "no case" in findings.tell(nothing).heading.lower()
    unknown = metrics.service_report(threads().assign(agent=None))
    assert len(unknown) == 0  # of nobody none is drawn
    assert len(metrics.service_report(threads().assign(agent=None), by=None, each=5)) == 5
    late = metrics.service_report(threads(), as_of=AT + pd.Timedelta(minutes=1))
    assert late.attrs["facts"]["total"] == 0  # closed later


def test_on_the_sample_it_is_drawn_of_the_period(sample):
    data = sample.during("2024-04")
    report = metrics.service_report(data.conversations, each=2)
    agents = report["agent"].value_counts()
    assert (agents == 2).all() and len(agents) > 10
    assert not report["asked"].str.contains(r"@\w+\.\w+", na=False).any()
    assert f"{report.attrs['facts']['total']:,} threads that came in were closed" in findings.tell(report).heading
