"""Of a group that stands out by one figure, what its other figures did over the period."""

import importlib
from types import SimpleNamespace

import pandas as pd
import pytest
from test_scan import CALM, MONDAYS, READ, with_week

from toolkit import metrics
from toolkit.blocks import look_at, moved, together
from toolkit.headline import headline, overview
from toolkit.headline.gathered import gathered
from toolkit.load import open_data
from toolkit.metrics.compare import beside, scan, weekly
from toolkit.result import Result

ASKED = (metrics.inbound_volume, {}), (metrics.first_response_time, {})


def data_of(folder, slow, period="2024-04-01..2024-04-28"):
    """Two topics of forty a week; of one three times as many in the week of 15 April, in April answered after `slow` minutes."""
    rows = []
    for topic, weeks in {"bills": CALM, "fault": with_week(10, 120, 84)}.items():
        for monday, (n, _) in zip(MONDAYS, weeks, strict=True):
            late = slow if topic == "fault" and monday >= pd.Timestamp("2024-04-01", tz="UTC") else 5
            for k in range(n):
                at = monday + pd.Timedelta(seconds=3000 * k)
                wait = pd.Timedelta(minutes=late + k % 7)
                rows.append({"created_at": at, "topic": topic, "first_response_at": at + wait})
    frame = pd.DataFrame(rows).assign(channel="email", conversation_id=range(len(rows)))
    frame.to_csv(folder / "conversations.csv", index=False)
    (folder / "service.toml").write_text("")
    return open_data(folder, period=period, as_of=READ)


def test_the_other_figures_are_asked(tmp_path):
    data = data_of(tmp_path, slow=40)
    facts, tested = scan(data, *ASKED[:1], by=["topic"])
    assert [(fact["value"], fact["metric"]) for fact in facts] == [("fault", "inbound_volume")]
    found = beside(data, facts, *ASKED)
    assert [(fact["metric"], fact["kind"], fact.get("is_given", False)) for fact in found] == [
        ("inbound_volume", "standout", False),
        ("first_response_time", "change", True),
    ]
    counts = [sum(n for n, _ in with_week(10, 120, 84)[start : start + 4]) for start in (8, 4)]
    assert [found[0]["over"][name] for name in ("value", "previous", "way")] == [str(counts[0]), str(counts[1]), "rose"]
    over = {name: text.replace("\xa0", " ") for name, text in found[1]["over"].items()}
    assert over == {
        "subject": "the median first response time of all channels",
        "previous": "8 min",
        "value": "43 min",
        "way": "rose",
    }
    assert found[1]["direction"] == "worse" and found[1]["value"] == "fault"
    # beside a thousand others that were looked at, what was asked of a named group stays clear as its name does
    said = headline([], found, [*tested, *[0.5] * 1000])
    assert said["title"] == "Fault stands out in the week of 15 April"
    assert said["bullets"][0]["text"].replace("\xa0", " ") == (
        "Fault stood out in the week of 15 April; over the period the number of conversations went from "
        f"{counts[1]} to {counts[0]} and the median first response time of all channels from 8 min to 43 min."
    )


@pytest.mark.parametrize("ps, told", [((0.02, 0.5), 1), ((0.03, 0.5), 0), ((0.02, 0.04), 2), ((0.026, 0.026), 0)])
def test_the_figures_of_all_named_groups_are_corrected_together(monkeypatch, ps, told):
    named = [{"key": "topic", "value": name, "metric": "inbound_volume", "column": "n"} for name in ("a", "b")]
    rows = {"topic": ["a", "b"], "n": [50, 50], "response_rate": [0.5, 0.5], "previous": [0.9, 0.9], "change": -0.4}
    comparison = Result(pd.DataFrame(rows).assign(p=ps))
    comparison.attrs = {
        "metric": "response_rate",
        "value": "response_rate",
        "count": "n",
        "units": {"response_rate": "rate"},
    }
    comparison.attrs |= {"case": "conversation", "best": "high", "choices": {}, "by": ["topic"]}
    module = importlib.import_module("toolkit.metrics.beside")
    monkeypatch.setattr(module, "_compared", lambda *given: {("topic", "response_rate", "response_rate"): comparison})
    found = beside(SimpleNamespace(previous=object()), named, *ASKED)
    assert [fact["value"] for fact in found[2:]] == ["a", "b"][:told]


def test_what_did_not_change_is_not_told(tmp_path):
    data = data_of(tmp_path, slow=5)
    facts, _ = scan(data, *ASKED, by=["topic"])
    assert [fact["metric"] for fact in beside(data, facts, *ASKED)] == ["inbound_volume"]
    assert beside(data, [], *ASKED) == []


def test_it_is_told_in_one_sentence(tmp_path):
    data = data_of(tmp_path, slow=40)
    one = together(data, ASKED, ["topic"])
    assert one["heading"] == "Fault in the week of 15 April: 2 figures stand out together"
    said = one["note"].replace("\xa0", " ")
    assert said.startswith(
        "Fault stood out in the week of 15 April; over the period the number of conversations went from 158 to 243 and"
    )
    assert "the median first response time of all channels from 8 min to" in said and "because" not in said


def test_what_to_look_at_of_a_group_is_counted(tmp_path):
    one = together(data_of(tmp_path, slow=40), ASKED, ["topic"])
    report = {"name": "a", "title": "A", "html": "a.html", "cards": [], "facts": one["facts"], "tested": one["tested"]}
    (found,) = overview([report])["look_at"]
    assert found["text"].replace("\xa0", " ") == "Fault: 2 figures stand out around the week of 15 April."


def test_what_moved_several_figures(tmp_path):
    data = data_of(tmp_path, slow=40)
    one = moved(data, [(metrics.response_rate, {}), (metrics.csat, {})], ["topic", "team"])
    assert one["heading"] == "No group clearly moved any figure since the period before" and one["chart"] is None
    assert moved(data.during("2024-02-05..2024-03-03"), [(metrics.response_rate, {})], ["topic"])["heading"] == (
        "There is nothing earlier to compare with"
    )


def test_without_groups_it_is_said_what_is_missing(tmp_path):
    starts = pd.date_range("2024-01-01T09:00Z", "2024-04-28T09:00Z", freq="6h")
    calls = pd.DataFrame({"call_id": range(len(starts)), "started_at": starts, "queue": "a", "queued_at": starts})
    calls.assign(answered_at=starts + pd.Timedelta("20s")).to_csv(tmp_path / "calls.csv", index=False)
    (tmp_path / "service.toml").write_text('time_zone = "UTC"\n')
    data = open_data(tmp_path, period="2024-04-01..2024-04-28", as_of=READ)
    asked = [(metrics.csat, {}), (metrics.abandonment_rate, {}), (metrics.inbound_volume, {"table": "calls"})]
    said = "No group can be looked at: the rows have no topic or channel"
    assert data.previous is not None and moved(data, asked[:2], ["topic", "channel"])["heading"] == said
    assert together(data, asked, ["topic", "channel"])["heading"] == said
    assert together(data, asked, ["queue"])["heading"] == "No group stands out in any week of the period"


def test_the_parts_of_several_figures_are_corrected_for_each_other(sample):
    data = sample.during("2024-04-01..2024-04-28")
    asked = [(metrics.sentiment_trend, {"every": None}), (metrics.csat, {}), (metrics.abandonment_rate, {})]
    one = moved(data, asked, ["topic"])
    assert one["metric"] == "sentiment_trend" and one["overview"] == "pull" and one["chart"]["wide"]
    assert one["heading"].replace("\xa0", " ").startswith("Internet fault added 7.3 points")
    assert 1 <= len(one["facts"]) <= 6 and len(one["tested"]) > 10


def test_what_is_to_be_looked_at(sample):
    data = sample.during("2024-04-01..2024-04-28")
    one = look_at(data, [(metrics.low_scores, {}), (metrics.breaches, {"channels": "written"})])
    assert [item["metric"] for item in one["items"]] == ["low_scores", "breaches"]
    assert one["items"][0]["n"] == metrics.low_scores(data.surveys).attrs["facts"]["total"]
    assert one["items"][0]["text"] == f"{one['items'][0]['n']} answers with a low score to follow up"
    late = one["items"][1]
    assert late["text"].startswith(f"{late['n']} written conversations missed the target for a first answer, ")
    assert late["text"].endswith("still waiting for one")
    closed = look_at(data, [(metrics.breaches, {"channels": "written", "of": "resolution"})])
    assert "written conversations missed the target for a resolution, " in closed["items"][0]["text"]
    assert closed["items"][0]["text"].endswith("still open")


def test_a_backlog_that_grew_is_to_be_looked_at(sample):
    data = sample.during("2024-04-01..2024-04-28")
    one, weeks = look_at(data, [(metrics.new_and_closed, {})]), weekly(data, metrics.new_and_closed)
    left, before = int(weeks["backlog"].iloc[-1]), int(weeks["backlog"].iloc[0] - weeks["backlog_change"].iloc[0])
    text = f"{left - before} more conversations were open when the data was read than 13 weeks before"
    assert [(item["name"], item["n"], item["text"].replace("\xa0", " ")) for item in one["items"]] == [
        ("Backlog", left, text)
    ]
    assert [(fact["kind"], fact["key"]) for fact in one["facts"]] == [("stock", "")]
    earlier = sample.during("2024-03")  # over when the data was read: what is open then is another number
    assert "open at the period’s end, " in metrics.new_and_closed(earlier.conversations).sentence()


@pytest.mark.parametrize("table", ["calls", "surveys"])
def test_what_the_data_can_t_list_is_left_out(tmp_path, table):
    one = look_at(data_of(tmp_path, slow=5), [(metrics.low_scores, {"table": table})])
    assert one["items"] == [] and one["heading"] == "Nothing waits to be looked at"


def test_what_moved_less_surely_is_told_of_a_group_that_two_figures_name():
    """A change of a named group beyond what is usual, though not clearly beside all that was asked, says that it may be chance."""
    beside_module = importlib.import_module("toolkit.metrics.beside")
    fact = {
        "key": "topic",
        "value": "fault",
        "name": "Fault",
        "kind": "standout",
        "clause": "",
        "weeks": ["2024-04-15"],
    }
    over = {"subject": "the number of conversations", "previous": "10", "value": "30", "way": "rose"}
    facts = [
        fact | {"metric": name, "column": name, "score": score, "n": 30, "over": over}
        for name, score in (("inbound_volume", 5.0), ("sentiment_trend", 4.0))
    ]
    waits = pd.DataFrame(
        {"topic": ["fault"], "median_seconds": [3000.0], "previous": [420.0], "change": [2580.0], "p": 0.03}
    )
    waits.attrs = {
        "value": "median_seconds",
        "units": {"median_seconds": "seconds"},
        "metric": "first_response_time",
        "case": "conversation",
        "choices": {},
        "by": ["topic"],
    }
    unsure = [(waits, waits.iloc[0], "topic", "fault")]
    told = beside_module._with_unsure(facts, unsure)
    assert "unsure" in told[0] and "unsure" not in told[1]
    said = gathered(told)[0]["text"].replace("\xa0", " ")
    assert said.endswith("median first response time went from 7 min to 50 min, which could be chance")
    # clear is the week, and not what the number did over the period
    assert said.startswith(
        "Fault stood out in the week of 15 April; over the period the number of conversations went from 10 to 30 and"
    )
    assert "rose" not in said and "above all" not in said
    alone = beside_module._with_unsure(facts[:1], unsure)  # one figure names it: nothing further that isn't clear
    assert alone == facts[:1]
