"""Resolutions and first contacts: cases by eye, and the second contacts by brute force."""

import datetime

import oracle
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from toolkit import metrics
from toolkit.errors import BadParameter, MissingColumn
from toolkit.metrics.compare import compared, previous_period, weekly
from toolkit.result import heading
from toolkit.service import Service

READ = pd.Timestamp("2024-03-20T12:00Z")
DAY = 86_400
TIMES = ("created_at", "closed_at", "first_closed_at", "reopened_at", "started_at")


def days_ago(days):
    return pd.NaT if days is None else READ - pd.Timedelta(days=days)


def table(*cases, **filled):
    """Conversations; `came`, `closed` and the other times in days before the reading."""
    rows = []
    for number, case in enumerate(cases):
        row = {"conversation_id": f"c{number}", "channel": "email", "customer_id": "ann", "topic": "bills"} | filled
        row |= {name: value for name, value in case.items() if name not in ("came", "closed", "first", "again")}
        row |= {"created_at": days_ago(case["came"]), "closed_at": days_ago(case.get("closed"))}
        for column, name in (("first_closed_at", "first"), ("reopened_at", "again")):
            if name in case:
                row[column] = days_ago(case[name])
        rows.append(row)
    return in_time(pd.DataFrame(rows))


def in_time(frame):
    for name in set(TIMES) & set(frame.columns):
        frame[name] = pd.to_datetime(frame[name], utc=True).dt.as_unit("us")
    return frame


def called(*cases):
    """Calls, so many days before the reading."""
    rows = [{"call_id": f"k{n}", "customer_id": "ann", "topic": "bills"} | case for n, case in enumerate(cases)]
    frame = pd.DataFrame([row | {"started_at": days_ago(row["came"])} for row in rows])
    return in_time(frame.drop(columns="came"))


# --- closed, and closed within some days ----------------------------------------------------------


@pytest.mark.parametrize(
    "case, closed, old, soon",
    [
        ({"came": 10, "closed": 9}, 1, 1, 1),
        ({"came": 10, "closed": 3}, 1, 1, 1),  # seven days to the second count
        ({"came": 10, "closed": 2.9}, 1, 1, 0),
        ({"came": 10}, 0, 1, 0),
        ({"came": 7, "closed": 6}, 1, 1, 1),
        ({"came": 6.9, "closed": 6}, 1, 0, 0),  # closed at once, but too young to be judged
        ({"came": 10, "closed": -1}, 0, 1, 0),  # closed after the reading
    ],
)
def test_a_resolution(case, closed, old, soon):
    row = metrics.resolution_rate(table(case), as_of=READ).iloc[0]
    found = row[["n", "closed_count", "open_count", "old_enough_count", "within_count"]].tolist()
    assert found == [1, closed, 1 - closed, old, soon]
    assert pd.isna(row["within_rate"]) == (not old)


def test_a_resolution_rate_is_told_with_what_it_is_over():
    frame = table(*[{"came": 10, "closed": 9}] * 30, *[{"came": 10}] * 10, *[{"came": 1}] * 10)
    result = metrics.resolution_rate(frame, as_of=READ)
    assert result.sentence().startswith("30 of 50 conversations are resolved: 60\xa0% (46 to 72). Of the 40")
    assert "Of the 40 that are at least 7\xa0d old 75\xa0%" in result.sentence()
    against = previous_period(result, result, "within_rate")
    assert against["old_enough_count"].tolist() == [40]


def test_a_wanted_resolution_rate_is_a_target_only_where_it_is_set(sample):
    data = sample.during("2024-03")
    assert metrics.resolution_rate(data.conversations).attrs["target"] is None
    assert metrics.first_contact_resolution(data.conversations).attrs["target"] is None
    wanted = Service.model_validate({"targets": {"resolution_rate": 0.9, "first_contact_resolution": 0.7}}).targets
    assert (wanted.resolution_rate, wanted.first_contact_resolution) == (0.9, 0.7)


def test_what_was_opened_again_only_later_stood_closed():
    frame = table({"came": 30, "first": 29, "again": 5, "closed": 4, "reopen_count": 1})
    earlier = READ - pd.Timedelta(days=10)
    hours = 24 * 3600.0
    assert metrics.resolution_rate(frame, as_of=earlier)["closed_count"].tolist() == [1]
    assert metrics.final_resolution_time(frame, as_of=earlier)["median_seconds"].tolist() == [hours]
    assert metrics.final_resolution_time(frame, as_of=READ)["median_seconds"].tolist() == [26 * hours]
    between = READ - pd.Timedelta(days=4.5)
    assert metrics.resolution_rate(frame, as_of=between)["closed_count"].tolist() == [0]


# --- the first close ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "case, seconds, unknown",
    [
        ({"first": 9, "closed": 2, "again": 3, "reopen_count": 1}, DAY, 0),
        ({"first": None, "closed": None, "reopen_count": 0}, None, 0),
        ({"first": None, "closed": 8, "reopen_count": 0}, 2 * DAY, 0),  # the last is the first one
        ({"first": None, "closed": 8, "reopen_count": None}, 2 * DAY, 0),
        ({"first": None, "closed": 8, "reopen_count": 2}, None, 1),
        ({"closed": 8, "reopen_count": 2}, None, 1),  # no such column
        ({"closed": 8, "reopen_count": 0}, 2 * DAY, 0),
        ({"closed": 8}, 2 * DAY, 0),
        ({"first": 9, "closed": None, "reopen_count": 1}, DAY, 0),  # open again, but closed once
    ],
)
def test_a_first_close(case, seconds, unknown):
    result = metrics.first_resolution_time(table({"came": 10} | case), as_of=READ)
    row = result.iloc[0]
    assert (row["n"], result.attrs["facts"]["unknown"]) == (1 - unknown, unknown)
    assert row["median_seconds"] == seconds if seconds else pd.isna(row["median_seconds"])
    assert result.attrs["choices"]["first_close"] == ("own" if "first" in case else "last")


def test_the_first_close_is_no_later_than_the_last(sample):
    data = sample.during("2024-03")
    first, last = metrics.first_resolution_time(data.conversations), metrics.final_resolution_time(data.conversations)
    assert first["median_seconds"][0] <= last["median_seconds"][0] and first["n"][0] == last["n"][0]
    assert first["closed_count"][0] >= last["closed_count"][0]


# --- buckets --------------------------------------------------------------------------------------


def test_buckets_of_resolutions():
    frame = table({"came": 10, "closed": 9}, {"came": 10, "closed": 8.99}, {"came": 10, "closed": 1}, {"came": 10})
    result = metrics.resolution_buckets(frame, edges=("1d", "3d"), as_of=READ)
    counts = dict(zip(result["bucket"].astype(str), result["n"], strict=True))
    assert counts == {"within 24 h": 1, "24 h to 3 d": 1, "after 3 d": 1, "open": 1}
    assert result["share"].sum() == pytest.approx(1)
    many = metrics.resolution_buckets(pd.concat([frame] * 20), edges=("1d", "3d"), as_of=READ)
    assert many.sentence().startswith("20 of 80 conversations are still open")
    closed = metrics.resolution_buckets(pd.concat([frame[:3]] * 20), edges=("1d", "3d"), as_of=READ)
    assert closed.sentence().startswith("All of 60 conversations are closed")


# --- opened again ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "case, n, reopened",
    [
        ({"again": 3, "reopen_count": 1}, 1, 1),
        ({"again": None, "reopen_count": 0}, 1, 0),
        ({"again": None, "reopen_count": 1}, 1, 0),  # read before it was opened again
        ({"again": None, "reopen_count": None}, 0, 0),  # not known
        ({"again": 3, "reopen_count": None}, 1, 1),
        ({"again": None}, 1, 0),
        ({"reopen_count": 2}, 1, 1),
    ],
)
def test_opened_again(case, n, reopened):
    result = metrics.reopen_rate(table({"came": 9} | case))
    assert result[["n", "reopened_count"]].values.tolist() == [[n, reopened]]
    assert result.attrs.get("is_state", False) == ("again" not in case)


def test_reopenings_with_a_time_are_compared(sample):
    result = compared(sample.during("2024-04"), metrics.reopen_rate)
    assert set(result["verdict"]) <= {"clear", "chance"}


def test_weeks_that_were_each_read_at_their_end_say_nothing_of_what_is_open_now(sample):
    data = sample.during("2024-04")
    assert "still open" not in weekly(data, metrics.final_resolution_time).sentence()
    assert "still open" in metrics.final_resolution_time(data.conversations, by="week").sentence()


# --- the first contact ----------------------------------------------------------------------------


def first(frame, **choices):
    return metrics.first_contact_resolution(frame, as_of=READ, **choices).iloc[0]


ONCE = {"came": 15, "closed": 14}


@pytest.mark.parametrize(
    "case, second, resolved",
    [
        (ONCE, [], True),
        (ONCE, [{"came": 10, "closed": 9}], False),  # came back after four days
        (ONCE, [{"came": 7, "closed": 6}], False),  # the seventh day to the second counts
        (ONCE, [{"came": 6.99, "closed": 6}], True),
        (ONCE, [{"came": 14.5, "closed": 6}], False),  # while the first was still open
        (ONCE, [{"came": 16, "closed": 6}], True),  # before it
        (ONCE, [{"came": 10, "channel": "x"}], False),  # on another channel
        (ONCE, [{"came": 10, "topic": "roaming"}], True),
        (ONCE, [{"came": 10, "customer_id": "bob"}], True),
        (ONCE | {"reopen_count": 1}, [], False),
        (ONCE | {"reopen_count": 0}, [], True),
        (ONCE | {"reopen_count": None}, [], True),
        (ONCE | {"again": 13}, [], False),
        (ONCE | {"again": -1}, [], True),  # opened again after the reading
        (ONCE | {"escalated_to": "billing"}, [], False),
        (ONCE | {"escalation_reason": "complaint"}, [], False),
        (ONCE | {"escalated_to": ""}, [], True),
        (ONCE | {"topic": None}, [{"came": 10, "topic": None}], False),  # those without a topic are one
        (ONCE | {"topic": None}, [{"came": 10}], True),
        ({"came": 15}, [], False),  # open for more than seven days
    ],
)
def test_a_first_contact(case, second, resolved):
    result = metrics.first_contact_resolution(table(case, *second), as_of=READ, by="conversation_id")
    row = result.set_index("conversation_id").loc["c0"]
    assert (row["n"], row["resolved_count"]) == (1, resolved)
    why = row[["again_count", "reopened_count", "escalated_count", "open_count"]].sum()
    assert (why == 0) == resolved


@pytest.mark.parametrize(
    "case, undue, unknown",
    [
        ({"came": 15, "closed": 7}, 0, 0),
        ({"came": 15, "closed": 6.9}, 1, 0),  # closed too lately to tell
        ({"came": 6.9, "closed": 6.8, "reopen_count": 2}, 1, 0),  # failed, but judged no earlier than the others
        ({"came": 6.9}, 1, 0),
        ({"came": 15, "closed": 14, "customer_id": None}, 0, 1),
        ({"came": 15, "closed": 14, "customer_id": ""}, 0, 1),
    ],
)
def test_what_is_not_judged_is_counted(case, undue, unknown):
    row = first(table(case))
    assert (row["n"], row["undue_count"], row["unknown_count"]) == (1 - undue - unknown, undue, unknown)


def test_what_is_still_open_may_be_left_out():
    frame = table({"came": 15}, ONCE | {"topic": "x"})
    assert first(frame)["n"] == 2 and first(frame)["open_count"] == 1
    assert first(frame, still_open="left_out")["n"] == 1


def test_any_topic():
    frame = table(ONCE, {"came": 10, "closed": 9, "topic": "roaming"})
    assert first(frame)["again_count"] == 0 and first(frame, topics="any")["again_count"] == 1
    assert first(frame.drop(columns="topic"))["again_count"] == 1
    assert metrics.first_contact_resolution(frame.drop(columns="topic")).attrs["choices"]["topics"] == "any"


@pytest.mark.parametrize(
    "call, again",
    [
        ({"came": 10}, 1),
        ({"came": 10, "conversation_id": "c0"}, 0),  # the same contact
        ({"came": 10, "outcome": "test"}, 0),
        ({"came": 10, "outcome": "abandoned"}, 1),  # tried to reach the service
        ({"came": 6}, 0),
        ({"came": 10, "topic": "roaming"}, 0),
    ],
)
def test_a_call_is_a_contact(call, again):
    assert first(table(ONCE), calls=called(call))["again_count"] == again


def test_calls_without_customers():
    with pytest.raises(MissingColumn, match="customer_id"):
        first(table(ONCE), calls=called({"came": 10}).drop(columns="customer_id"))
    with pytest.raises(MissingColumn, match="customer_id"):
        first(table(ONCE).drop(columns="customer_id"))


def test_windows_side_by_side():
    frame = table({"came": 30, "closed": 29}, {"came": 24, "closed": 23}, {"came": 18, "closed": 10})
    result = metrics.first_contact_by_window(frame, windows=(14, 3, 7), as_of=READ)
    assert result["window"].tolist() == ["3 d", "7 d", "14 d"]
    assert result["n"].tolist() == [3, 3, 2] and result["resolved_count"].tolist() == [3, 1, 0]
    for days in (3, 7, 14):
        alone = first(frame, days=days)
        row = result.set_index("window").loc[f"{days} d"]
        assert (row["n"], row["resolved_count"], row["undue_count"]) == tuple(
            alone[["n", "resolved_count", "undue_count"]]
        )
    many = metrics.first_contact_by_window(pd.concat([frame.assign(
        conversation_id=[f"{n}-{i}" for i in range(3)], customer_id=f"u{n}") for n in range(20)]), as_of=READ)  # fmt: skip
    assert "depending on the window for a second contact" in many.sentence()
    for wrong in ((), (0,), ("week",), (True,)):
        with pytest.raises(BadParameter, match="windows"):
            metrics.first_contact_by_window(frame, windows=wrong)
    with pytest.raises(BadParameter, match="days"):
        metrics.first_contact_resolution(frame, days=1.5)


def test_a_second_contact_may_lie_outside_the_period_and_the_filter(sample):
    """Of each conversation of March the second contacts are looked for in all the data, by plain Python."""
    data = sample.during("2024-03").where(channel="email")
    whole = sample
    row = metrics.first_contact_resolution(data.conversations).iloc[0]
    cases, around, calls = (one.to_pandas() for one in (data.conversations, whole.conversations, whole.calls))
    expected = by_force(cases, around, calls, pd.Timestamp(data.as_of), 7)
    assert {name: int(row[name]) for name in expected} == expected
    alone = by_force(cases, cases, None, pd.Timestamp(data.as_of), 7)
    assert expected["again_count"] > alone["again_count"]


def test_first_contacts_are_read_back(sample):
    data = sample.during("2024-03")
    before = data.previous
    row = metrics.first_contact_resolution(before.conversations).iloc[0]
    earlier = sample.read_at(before.as_of)
    frames = (before.conversations, earlier.conversations, earlier.calls)
    expected = by_force(*(one.to_pandas() for one in frames), pd.Timestamp(before.as_of), 7)
    assert {name: int(row[name]) for name in expected} == expected and expected["n"] > 0


def is_there(value):
    return not pd.isna(value) and value != ""


def by_force(cases, around, calls, as_of, days):
    """Each conversation against each contact."""
    window, found = pd.Timedelta(days=days), dict.fromkeys(
        ("n", "resolved_count", "again_count", "undue_count", "unknown_count"), 0)  # fmt: skip
    contacts = [(one["customer_id"], one["topic"], one["created_at"]) for one in oracle.records(around)]
    for call in oracle.records(calls) if calls is not None else ():
        if not is_there(call.get("conversation_id")) and call.get("outcome") != "test":
            contacts.append((call["customer_id"], call.get("topic"), call["started_at"]))
    by_customer = {}
    for customer, topic, at in contacts:
        if is_there(customer):
            by_customer.setdefault(customer, []).append((topic if is_there(topic) else "", floored(at)))
    for row in oracle.records(cases):
        begun = floored(row["created_at"])
        if begun > as_of:
            continue
        if not is_there(row["customer_id"]):
            found["unknown_count"] += 1
            continue
        closed, again = row["closed_at"], row.get("reopened_at")
        is_reopened = again <= as_of if is_there(again) else False
        if "reopened_at" not in row:
            is_reopened = is_there(row.get("reopen_count")) and row["reopen_count"] > 0
        if not is_there(closed) or closed > as_of:
            closed = row.get("first_closed_at") if "reopened_at" in row and not is_reopened else None
            closed = closed if is_there(closed) and closed <= as_of else None
        last = (floored(closed) if is_there(closed) else begun) + window
        if last > as_of:
            found["undue_count"] += 1
            continue
        topic = row["topic"] if is_there(row["topic"]) else ""
        came = [
            at for other, at in by_customer[row["customer_id"]] if other == topic and begun < at <= min(last, as_of)
        ]
        is_escalated = is_there(row.get("escalated_to")) or is_there(row.get("escalation_reason"))
        found["n"] += 1
        found["again_count"] += bool(came)
        found["resolved_count"] += is_there(closed) and not came and not is_reopened and not is_escalated
    return found


def floored(at):
    at = pd.Timestamp(at)
    return (at.tz_localize("UTC") if at.tzinfo is None else at).floor("s")


@settings(max_examples=settings.default.max_examples * 12 // 100)
@given(
    oracle.conversations(30),
    oracle.calls(10),
    st.data(),
    st.integers(-3600, 20 * DAY).map(lambda s: oracle.START + datetime.timedelta(seconds=s)),
    st.sampled_from([1, 3, 7]),
)
def test_first_contacts_of_random_tables(frame, calls, data, as_of, days):
    owners = [data.draw(st.sampled_from(["u1", "u2", None])) for _ in range(len(calls))]
    calls = calls.assign(customer_id=pd.Series(owners, dtype=object))
    result = metrics.first_contact_resolution(frame, calls, days=days, as_of=as_of)
    expected = by_force(frame, frame, calls, pd.Timestamp(as_of), days)
    assert {name: int(result[name].iloc[0]) for name in expected} == expected


# --- escalations ----------------------------------------------------------------------------------


def test_escalations():
    frame = table({"came": 9, "escalated_to": "billing", "escalation_reason": "complaint"},
                  {"came": 9, "escalated_to": "billing", "escalation_reason": None},
                  {"came": 9, "escalated_to": None, "escalation_reason": ""},
                  {"came": -1, "escalated_to": "billing", "escalation_reason": None})  # fmt: skip
    result = metrics.escalations(frame, as_of=READ)
    assert result[["n", "escalated_count"]].values.tolist() == [[3, 2]] and result.attrs["is_state"]
    why = metrics.escalation_reasons(frame, as_of=READ)
    assert why[["escalation_reason", "n", "share"]].values.tolist() == [["(none)", 1, 0.5], ["complaint", 1, 0.5]]
    to = metrics.escalation_reasons(frame, by="escalated_to", as_of=READ)
    assert to[["escalated_to", "n"]].values.tolist() == [["billing", 2]]
    with pytest.raises(MissingColumn, match="escalated_to or escalation_reason"):
        metrics.escalations(frame.drop(columns=["escalated_to", "escalation_reason"]))


def test_the_share_in_target_of_the_spans_is_what_was_closed_so_far(sample):
    """Lower than what is to be expected, and than that of those that can be judged, and called otherwise."""
    data, heads = sample.during("2024-04"), set()
    spans = metrics.resolution_buckets(data.conversations, by="channel")
    spans = spans.drop_duplicates("channel").set_index("channel")["within_target"].dropna()
    expected = metrics.final_resolution_time(data.conversations, by="channel").set_index("channel")["within_target"]
    judged = metrics.resolution_compliance(data.conversations, by="channel").set_index("channel")
    rates = judged[metrics.resolution_compliance(data.conversations).attrs["value"]]
    assert len(spans) and (spans <= expected[spans.index] + 1e-9).all() and (spans <= rates[spans.index] + 1e-9).all()
    assert (spans < expected[spans.index] - 1e-9).any() and (spans < rates[spans.index] - 1e-9).any()
    for name in ("resolution_buckets", "response_time_buckets", "final_resolution_time", "first_response_time"):
        heads.add((name.endswith("buckets"), heading("within_target", name)))
    assert heads == {(True, "In target so far"), (False, "In target")}
