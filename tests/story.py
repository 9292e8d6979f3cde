"""What the reports on the sample should say from 1 to 28 April 2024: counted anew from its files, in plain pandas.

Nothing of the toolkit counts here; the sentiment of a text alone is the toolkit's, as it is in no file.
"""

import datetime
from functools import cache

import pandas as pd
from conftest import ROOT

ROME = "Europe/Rome"
BEGIN, END = pd.Timestamp("2024-04-01", tz=ROME), pd.Timestamp("2024-04-29", tz=ROME)
HOLIDAYS = {datetime.date(2024, 4, 1), datetime.date(2024, 4, 25)}
MINUTE, HOUR, DAY = 60, 3600, 86400
FIRST_RESPONSE = {
    "web_chat": 5 * MINUTE, "whatsapp": HOUR, "messenger": HOUR, "instagram": 4 * HOUR, "x": 2 * HOUR, "email": DAY,
}  # fmt: skip
RESOLUTION = {"phone": DAY, "web_chat": 4 * HOUR, "email": 3 * DAY}  # of the others two days
COSTS = {"phone": 6.5, "email": 4.0, "web_chat": 3.2, "whatsapp": 2.6, "messenger": 2.6, "instagram": 2.4, "x": 2.4}


@cache
def table(name, key):
    """A file of the sample, times as times, each key once."""
    frame = pd.read_csv(ROOT / "data" / "sample" / f"{name}.csv", dtype=str, on_bad_lines="skip")
    for column in frame.columns[frame.columns.str.endswith("_at")]:
        times = pd.to_datetime(frame[column], format="ISO8601", utc=True, errors="coerce")
        frame[column] = times.dt.tz_convert(ROME)
    return frame.drop_duplicates(list(key))


def within(frame, column, begin=BEGIN, end=END):
    return frame[(frame[column] >= begin) & (frame[column] < end)].copy()


def every_conversation():
    frame = table("conversations", ("conversation_id",)).copy()
    frame["channel"] = frame["channel"].str.strip()
    return frame


def conversations():
    return within(every_conversation(), "created_at")


def calls():
    frame = within(table("calls", ("call_id",)), "started_at")
    return frame[frame["outcome"] != "test"]


def messages(begin=BEGIN, end=END):
    return within(table("messages", ("message_id",)), "sent_at", begin, end)


def surveys(kind, low, high):
    """(sent, answered with a score of the scale) of the period."""
    frame = table("surveys", ("survey_id",))
    sent = within(frame[frame["kind"] == kind], "sent_at")
    sent["score"] = pd.to_numeric(sent["score"])
    return sent, sent[sent["score"].between(low, high)]


def answered_by_people():
    """Written conversations but those that the bot alone had: `met`, whether the first answer came in time."""
    frame = conversations()
    frame = frame[frame["channel"] != "phone"]
    bot_alone = frame["bot_started_at"].notna() & frame["handed_off_at"].isna() & frame["first_response_at"].isna()
    frame = frame[~bot_alone]
    wait = (frame["first_response_at"] - frame["created_at"]).dt.total_seconds()
    return frame.assign(met=wait <= frame["channel"].map(FIRST_RESPONSE), wait=wait)


def is_open(instant):
    if instant.date() in HOLIDAYS:
        return False
    return 8 <= instant.hour < 20 if instant.weekday() < 5 else instant.weekday() == 5 and 9 <= instant.hour < 13


def percent(some, of=None):
    """As a page says a share: whole from 10 on, else one decimal."""
    value = 100 * (some.mean() if of is None else some / of)
    return f"{value:.0f} %" if value >= 9.95 else f"{value:.1f} %"


def count(some):
    """As in "15 of 35": how many of a column of true and false."""
    return f"{some.sum()} of {len(some)}"


def apart(frame, column, value):
    """(the rows of a group, the others)."""
    is_of = frame[column] == value
    return frame[is_of], frame[~is_of]


def abandonment():
    rows = calls().assign(lost=lambda it: it["outcome"] == "abandoned")
    at_one, others = (part["lost"] for part in apart(rows.assign(hour=rows["started_at"].dt.hour), "hour", 13))
    stages = table("call_stages", ("call_id", "position"))
    stages = stages[stages["call_id"].isin(rows["call_id"])]
    left = stages.assign(left=stages["is_abandoned"] == "true").groupby(["stage", "call_id"])["left"].max()
    asked, elsewhere = (part["left"] for part in apart(left.reset_index(), "stage", "identification"))
    answered = rows[rows["outcome"] == "answered"].assign(moved=lambda it: it["transferred_to"].notna())
    fault, rest = (part["moved"] for part in apart(answered, "topic", "internet_fault"))
    queued = rows[(rows["outcome"] == "answered") | (rows["lost"] & rows["queued_at"].notna())]
    wait = (queued["answered_at"] - queued["queued_at"].fillna(queued["answered_at"])).dt.total_seconds()
    return [
        f"at 13:00 it is {percent(at_one)}, {percent(others)} for the others",
        f"At 13:00: {count(at_one)} calls",
        f"Abandonment {percent(rows['lost'])} (target 5 %)",
        f"answered within 20 s {percent(wait <= 20)} (80 %)",
        f"Speed of answer no target {wait.mean():.1f} s",
        f"{percent(asked)} of calls at identification hung up there, {percent(elsewhere)} at the others",
        f"At identification: {count(asked)} calls",
        f"{percent(fault)} of answered calls about Internet fault were transferred, {percent(rest)} of the others",
    ]


def bots_and_deflection():
    rows = conversations()
    bot = rows[rows["bot_started_at"].notna()].assign(passed=lambda it: it["handed_off_at"].notna())
    pressed = messages()["quick_reply"].dropna()
    alone = calls()[calls()["conversation_id"].isna()]  # a call that nobody took is a contact, and has no conversation
    cost = rows.assign(cost=rows["channel"].map(COSTS)).groupby("channel")["cost"].sum()
    cost["phone"] += len(alone) * COSTS["phone"]
    return [
        f"Passed to a human: {percent(bot['passed'])}",
        f"{len(pressed)} quick replies were pressed; the largest number for “Agent”: {(pressed == 'agent').sum()} (",
        f"{len(rows) + len(alone):,} contacts cost {cost.sum():,.0f} EUR; the largest part is via phone: {cost['phone']:,.0f} EUR (",
    ]


def csat_by_topic():
    sent, rows = surveys("csat", 1, 5)
    rows = rows.assign(good=rows["score"] >= 4, low=rows["score"] <= 3)
    billing, others = apart(rows, "topic", "billing")
    pull = 100 * (others["good"].mean() - rows["good"].mean())
    _, nps = surveys("nps", 0, 10)
    balance = 100 * ((nps["score"] >= 9).mean() - (nps["score"] <= 6).mean())
    return [
        f"Billing pulls CSAT down by {pull:.1f} points",
        f"{count(rows['good'])} answers were satisfied: {percent(rows['good'])}",
        f"About Billing: {count(billing['good'])} answers, {percent(billing['good'])}",
        f"Of {len(sent)} surveys {percent(len(rows), len(sent))}",
        f"{rows['low'].sum()} answers were 3 or less, {(rows['score'] == 1).sum()} of them scored 1",
        f"{percent(billing['low'])} of answers about Billing were 3 or less, {percent(others['low'])} of the others",
        f"NPS is {balance:.0f} (",
        f"over {len(nps)} answers",
    ]


def lifecycle_and_service_levels():
    rows = answered_by_people()
    chat, others = (part["met"] for part in apart(rows, "channel", "web_chat"))
    unassigned = rows[rows["agent_assigned_at"].isna()]
    written = conversations().query("channel != 'phone'")
    target = written["channel"].map(RESOLUTION).fillna(2 * DAY)
    took = (written["closed_at"] - written["created_at"]).dt.total_seconds()
    known = took.notna() | ((END - written["created_at"]).dt.total_seconds() > target)
    mail, rest = (part["met"] for part in apart(written.assign(met=took <= target)[known], "channel", "email"))
    return [
        f"via e-mail it is {percent(mail)}, {percent(rest)} for the others",
        f"Via e-mail: {count(mail)} written conversations",
        f"via web chat it is {percent(chat)}, {percent(others)} for the others",
        f"In all, {unassigned['closed_at'].isna().sum()} are still in the queue and "
        f"{unassigned['closed_at'].notna().sum()} were closed without an agent",
    ]


def resolution():
    rows = conversations()
    rows = rows.assign(up=rows["escalated_to"].notna(), again=rows["reopen_count"].astype(float) > 0)
    billing, others = apart(rows, "topic", "billing")
    reasons = rows["escalation_reason"][rows["up"]].value_counts()
    return [
        f"{percent(billing['up'])} of conversations about Billing were escalated, {percent(others['up'])} of the others",
        f"About Billing: {count(billing['up'])} conversations",
        f"{percent(billing['again'])} of conversations about Billing were opened again, "
        f"{percent(others['again'])} of the others",
        f"{rows['closed_at'].isna().sum()} of {len(rows)} conversations are still open",
        f"{rows['up'].sum()} escalated conversations came in; the largest number for {reasons.index[0].capitalize()}: "
        f"{reasons.iloc[0]} (",
    ]


def response_times():
    rows = answered_by_people()
    rows = rows.assign(open=rows["created_at"].map(is_open), early=rows["wait"] <= DAY)
    outside, inside = (part["met"] for part in apart(rows, "open", False))
    none = rows[rows["first_response_at"].isna()]
    closed = none["closed_at"].notna().sum()
    return [
        f"Answered in target {percent(rows['met'])} (target 80 %)",
        f"outside opening hours it is {percent(outside)}, {percent(inside)} for the others",
        f"Outside opening hours: {count(outside)} written conversations",
        f"{len(none) - closed} are still waiting and {closed} were closed without an answer",
        f"{len(none)} of {len(rows)} written conversations have no answer, {closed} of them were closed without one",
    ]


@cache
def scored():
    """Customers' messages of the period and the four weeks before that can be scored: `now`, `negative`, `topic`."""
    from toolkit.sentiment import score_texts

    frame = messages(BEGIN - pd.DateOffset(days=28)).query("sender == 'customer'")
    label = score_texts(frame["text"], frame["language"])["label"]
    frame = frame.assign(now=frame["sent_at"] >= BEGIN, negative=label == "negative")
    return frame[label.notna()]


def moved():
    """What Internet fault added to the share of negative messages, in points: (all of it, by its own change, in total)."""
    parts = {}
    for now, rows in scored().groupby("now"):
        fault = rows["topic"] == "internet_fault"
        parts[now] = (fault.mean(), rows["negative"][fault].mean(), rows["negative"].mean())
    (weight_0, rate_0, all_0), (weight_1, rate_1, all_1) = parts[False], parts[True]
    own = (rate_1 - rate_0) * (weight_0 + weight_1) / 2
    mix = (weight_1 - weight_0) * ((rate_0 + rate_1) / 2 - (all_0 + all_1) / 2)
    return 100 * (own + mix), 100 * own, 100 * (all_1 - all_0)


def sentiment_trends():
    rows = scored()[scored()["now"]]
    fault, others = (part["negative"] for part in apart(rows, "topic", "internet_fault"))
    week = within(rows, "sent_at", pd.Timestamp("2024-04-15", tz=ROME), pd.Timestamp("2024-04-22", tz=ROME))
    added, own, total = moved()
    return [
        "Internet fault stands out in the week of 15 April",
        f"Internet fault added {added:.1f} points to the share of negative messages; in all it rose by {total:.1f}",
        f"{own:.1f} come from Internet fault’s own rise",
        f"About Internet fault: {count(fault)} messages, {percent(fault)}",
        f"{percent(fault)} of messages about Internet fault were negative, {percent(others)} of the others",
        f"In the week of 15 April: {count(week['negative'])} messages, {percent(week['negative'])}",
    ]


def work():
    """Threads that were assigned and closed, and public replies of agents, in the period."""
    rows = every_conversation()
    before = rows["agent_assigned_at"] < rows[["created_at", "team_assigned_at"]].max(axis=1)
    is_odd = before | (rows["closed_at"] < rows["agent_assigned_at"])  # such a time is in the ledger, and not used
    sent = messages().query("sender == 'agent' and is_public != 'false'")
    assigned, closed = within(rows[~is_odd], "agent_assigned_at"), within(rows, "closed_at")
    return f"{len(assigned)} threads were assigned, {len(closed)} closed; agents sent {len(sent)} replies"


def team_report():
    _, answers = surveys("csat", 1, 5)
    return [
        "No agent clearly differs from the others in the share answered in target",
        f"CSAT {percent(answers['score'] >= 4)} (80 %)",
        work(),
    ]


def volume_and_workload():
    rows = conversations()
    fault = rows[rows["topic"] == "internet_fault"]
    week = within(fault, "created_at", pd.Timestamp("2024-04-15", tz=ROME), pd.Timestamp("2024-04-22", tz=ROME))
    came = every_conversation().query("created_at < @END and status != 'closed'")
    return [
        f"{len(week)} conversations came in about Internet fault in the week of 15 April",
        f"{percent(~rows['created_at'].map(is_open))} of {len(rows)} conversations came in outside opening hours",
        f"{came['closed_at'].isna().sum()} conversations were open when the data was read",
        f"the largest number via phone: {(rows['channel'] == 'phone').sum()} ({percent(rows['channel'] == 'phone')})",
        f"the largest number about Internet fault: {len(fault)} ({percent(len(fault), len(rows))})",
        work(),
    ]


def overview():
    _, answers = surveys("csat", 1, 5)
    added, _, total = moved()
    return [
        "All 3 figures with a target in this report miss it",
        f"Answered in target {percent(answered_by_people()['met'])} (target 80 %)",
        f"CSAT {percent(answers['score'] >= 4)} (80 %)",
        f"to {(conversations()['topic'] == 'internet_fault').sum()} and the share of negative messages from ",
        f"Internet fault added {added:.1f} points to the share of negative messages; in all it rose by {total:.1f}",
        f"{(answers['score'] <= 3).sum()} answers with a low score to follow up",
    ]


def index():
    _, answers = surveys("csat", 1, 5)
    billing, others = (part["score"] >= 4 for part in apart(answers, "topic", "billing"))
    rows = calls().assign(hour=lambda it: it["started_at"].dt.hour)
    at_one, elsewhere = (part["outcome"] == "abandoned" for part in apart(rows, "hour", 13))
    return [
        *overview()[1:],
        "5 of 6 figures with a target miss it",  # the overview's own, and those of the other reports
        "answered within 20 s",
        "resolved in target",
        "10 reports",
        "Internet fault stands out in the week of 15 April",
        f"Billing {count(billing)} answers were satisfied, {percent(others)} of the others.",
        f"13:00 {count(at_one)} calls hung up before an agent answered, {percent(elsewhere)} of the others.",
    ]
