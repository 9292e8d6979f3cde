"""The sample: the same bytes on every run, within the contract, wrong only where it says so, and with its story."""

import csv
import re
import tomllib
from pathlib import Path

import duckdb
import pandas as pd
import pytest

import toolkit.sample
from toolkit.sample import planted, write_sample
from toolkit.sample.generate import NOT_SAMPLED
from toolkit.sentiment import score_texts
from toolkit.service import load_service
from toolkit.tables import TABLES as CONTRACT

COMMITTED = Path(__file__).parents[1] / "data" / "sample"
ROME = "Europe/Rome"
SIXTEEN_WEEKS = pd.Timestamp("2024-01-08", tz=ROME)
LAST_28_DAYS = pd.Timestamp("2024-04-01", tz=ROME)
AS_OF = pd.Timestamp("2024-04-29", tz=ROME)

TABLES = {name: table for name, table in CONTRACT.items() if name not in NOT_SAMPLED}


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    """The sample as the generator writes it now."""
    out = tmp_path_factory.mktemp("sample")
    write_sample(out)
    return out


@pytest.fixture(scope="module")
def raw(written):
    """Every table as text, the broken lines left out."""
    return {name: pd.read_csv(written / f"{name}.csv", dtype=str, on_bad_lines="skip") for name in TABLES}


@pytest.fixture(scope="module")
def written_clean(tmp_path_factory):
    """The sample without the wrong rows."""
    out = tmp_path_factory.mktemp("clean")
    write_sample(out, dirty=False)
    return out


@pytest.fixture(scope="module")
def clean(written_clean):
    """The tables without the wrong rows, their times in the zone of the service."""
    tables = {}
    for name, table in TABLES.items():
        tables[name] = frame = pd.read_csv(written_clean / f"{name}.csv", low_memory=False)
        for column in table.columns:
            if column.dtype == "time" and column.name in frame:
                frame[column.name] = pd.to_datetime(frame[column.name], utc=True).dt.tz_convert(ROME)
    return tables


# ------------------------------------------------------------------------------------------- files


def test_two_runs_give_the_same_bytes(written):
    """The committed files are another run's, on another machine."""
    names = sorted(path.name for path in written.iterdir())
    assert names == sorted([f"{name}.csv" for name in TABLES] + ["README.md", "service.toml"])
    for name in names:
        now = (written / name).read_bytes()
        assert (COMMITTED / name).read_bytes() == now, f"{name}: run write_sample('data/sample')"


def test_another_seed_and_size_is_another_sample(written, tmp_path):
    write_sample(tmp_path, conversations=12_000, seed=8, dirty=False)
    head = (tmp_path / "messages.csv").read_text(encoding="utf-8")[:2000]
    assert head != (written / "messages.csv").read_text(encoding="utf-8")[:2000]
    keys = pd.read_csv(tmp_path / "conversations.csv", usecols=["conversation_id"])["conversation_id"]
    assert keys.is_unique and 11_760 < len(keys) < 12_240


def test_files_are_small_with_unix_lines(written):
    assert sum(path.stat().st_size for path in written.iterdir()) < 5_000_000
    for path in written.iterdir():
        assert b"\r" not in path.read_bytes(), path.name


def test_service_and_dictionary_are_readable(written):
    service = load_service(written / "service.toml")
    assert service.time_zone == ROME
    assert service.as_of == pd.Timestamp("2024-04-29", tz=ROME)
    assert len(service.topics) == 8
    readme = (written / "README.md").read_text(encoding="utf-8")
    assert readme.count("\n# ") + readme.startswith("# ") == 1
    assert all(f"### {name}\n" in readme for name in TABLES)


def test_what_cannot_be_written_is_refused(tmp_path):
    with pytest.raises(ValueError, match="'csv' or 'parquet'"):
        write_sample(tmp_path, format="xlsx")
    with pytest.raises(ValueError, match="at least 1"):
        write_sample(tmp_path, conversations=0)
    with pytest.raises(ValueError, match="CSV only"):
        write_sample(tmp_path, format="parquet", dirty=True)


# ---------------------------------------------------------------------------------------- contents


def test_every_column_is_in_the_contract_and_the_required_are_there(raw):
    for name, table in TABLES.items():
        columns = list(raw[name].columns)
        assert set(columns) <= set(table.names), name
        assert set(table.required) <= set(columns), name
        assert columns == [column for column in table.names if column in columns], f"{name}: the contract's order"
    assert "sentiment" not in raw["messages"]  # the engine is to find it


@pytest.mark.parametrize("name", TABLES)
def test_clean_rows_keep_the_contract(clean, name):
    table, frame = TABLES[name], clean[name]
    assert not frame.duplicated(list(table.key)).any()
    for column in table.columns:
        if column.required:
            assert frame[column.name].notna().all(), column.name
        if column.allowed and column.name in frame:
            assert set(frame[column.name].dropna()) <= set(column.allowed), column.name
        if column.dtype == "seconds" and column.name in frame:
            assert (frame[column.name].dropna() >= 0).all(), column.name
        if column.dtype == "time" and column.name in frame:
            assert frame[column.name].max() < pd.Timestamp("2024-04-29", tz=ROME), column.name


def test_clean_times_are_in_order(clean):
    orders = {
        "conversations": [
            ("created_at", "indexed_at"), ("created_at", "bot_started_at"), ("bot_started_at", "handed_off_at"),
            ("indexed_at", "team_assigned_at"), ("agent_assigned_at", "first_response_at"),
            ("created_at", "first_response_at"), ("first_response_at", "closed_at"), ("created_at", "closed_at"),
            ("first_response_at", "first_closed_at"), ("first_closed_at", "reopened_at"), ("first_closed_at", "closed_at"),
            ("reopened_at", "response_after_reopening_at"), ("response_after_reopening_at", "closed_at"),
        ],
        "calls": [
            ("started_at", "queued_at"), ("queued_at", "answered_at"), ("answered_at", "ended_at"),
            ("started_at", "abandoned_at"), ("started_at", "ended_at"),
        ],
        "call_stages": [("entered_at", "left_at")],
        "surveys": [("sent_at", "answered_at")],
    }  # fmt: skip
    for name, pairs in orders.items():
        for before, after in pairs:
            assert not (clean[name][after] < clean[name][before]).any(), f"{name}: {after} before {before}"
    messages = clean["messages"].sort_values("message_id")
    assert messages.groupby("conversation_id").sent_at.is_monotonic_increasing.all()


def test_keys_refer_to_rows_that_are_there(clean):
    known = set(clean["conversations"].conversation_id)
    for name in ("messages", "surveys", "calls"):
        assert set(clean[name].conversation_id.dropna()) <= known, name
    assert set(clean["call_stages"].call_id) == set(clean["calls"].call_id)
    assert set(clean["messages"].in_reply_to.dropna()) <= set(clean["messages"].message_id)
    # A conversation by phone is an answered call, and the other way round.
    phone = clean["conversations"].query("channel == 'phone'")
    assert set(phone.conversation_id) == set(clean["calls"].query("outcome == 'answered'").conversation_id)


def test_channels_languages_outcomes_and_the_clock_change(clean):
    conversations = clean["conversations"]
    assert set(conversations.channel) == {"phone", "email", "web_chat", "whatsapp", "messenger", "instagram", "x"}
    assert conversations.channel.value_counts().iloc[-1] > 100
    assert clean["messages"].language.value_counts().index[0] == "it"
    assert set(clean["messages"].language) == {"it", "ro", "pl", "es", "en"}
    expected = {"topic": 8, "agent": 14, "team": 3, "project": 2}
    assert conversations[list(expected)].nunique().to_dict() == expected
    assert set(clean["calls"].outcome.dropna()) == {"answered", "abandoned", "contained", "test"}
    assert clean["calls"].outcome.isna().sum() >= 2  # unfinished when the data was read
    days = conversations.created_at.dt.date.astype(str)
    assert days.min() == "2023-03-13" and days.max() == "2024-04-28"
    assert set(conversations.created_at.dt.strftime("%z")) == {"+0100", "+0200"}
    assert days[days >= "2024-01-08"].nunique() == 112


def test_shares_are_believable(clean):
    conversations = clean["conversations"]
    by_bot = conversations.bot_started_at.notna() & conversations.handed_off_at.isna()
    assert 0.06 < conversations[~by_bot].first_response_at.isna().mean() < 0.13
    recent = conversations.created_at >= pd.Timestamp("2024-04-22", tz=ROME)
    assert conversations[recent].closed_at.isna().mean() > 2 * conversations[~recent].closed_at.isna().mean()
    assert 0.3 < clean["surveys"].answered_at.notna().mean() < 0.45
    hours = conversations.created_at.dt.hour.value_counts()
    assert hours[3] < hours[22] < hours[13] < hours[10]
    weekdays = conversations.created_at.dt.day_name().value_counts()
    assert weekdays["Sunday"] < weekdays["Saturday"] < weekdays["Friday"] < weekdays["Monday"]
    is_recent = conversations.created_at >= SIXTEEN_WEEKS
    assert 3400 < is_recent.sum() < 3500 and 1300 < (~is_recent).sum() < 1500
    assert (clean["calls"].started_at >= SIXTEEN_WEEKS).sum() > 1500


# --------------------------------------------------------------------------------------- the story


@pytest.fixture(scope="module", params=["all", "last 28 days"])
def since(request):
    return pd.Timestamp("2024-01-01", tz=ROME) if request.param == "all" else LAST_28_DAYS


def test_calls_are_abandoned_at_lunch(clean, since):
    calls = clean["calls"].query("outcome.notna() and outcome != 'test'")
    calls = calls[calls.started_at >= since]
    abandoned, hour = calls.outcome.eq("abandoned"), calls.started_at.dt.hour
    rates = abandoned.groupby(hour).agg(["mean", "size"])
    assert rates[rates["size"] >= 10]["mean"].idxmax() == 13
    assert 0.33 < abandoned[hour == 13].mean() < 0.55
    assert 0.08 < abandoned[hour != 13].mean() < 0.15


def test_identification_loses_the_most_callers(clean, since):
    stages = clean["call_stages"]
    hazard = stages[stages.entered_at >= since].groupby("stage").is_abandoned.mean().sort_values(ascending=False)
    assert hazard.index[0] == "identification"
    assert 0.08 < hazard.iloc[0] < 0.16
    assert hazard.drop(["identification", "queue"]).max() < 0.03


def test_billing_pulls_satisfaction_down(clean, since):
    answers = clean["surveys"].query("kind == 'csat' and score.notna()")
    answers = answers[answers.sent_at >= since]
    happy, is_billing = answers.score >= 4, answers.topic == "billing"
    assert 0.2 < happy[is_billing].mean() < 0.45
    assert 0.74 < happy[~is_billing].mean() < 0.88
    rates = happy.groupby(answers.topic).agg(["mean", "size"])
    assert rates[rates["size"] >= 10]["mean"].idxmin() == "billing"


def test_the_outage_week_is_negative(clean, since):
    # The share of conversations that open with a phrase of the negative lists: what an engine should find.
    first = clean["messages"].query("sender == 'customer'")
    first = first[first.message_id.str.endswith("-01") & (first.sent_at >= since)]
    is_negative = first.text.map(_plain).str.contains("|".join(map(re.escape, _negative_parts())))
    by_week = is_negative.groupby(first.sent_at.dt.isocalendar().week).mean()
    assert by_week.idxmax() == 16
    assert by_week[16] > 1.8 * by_week.drop(16).mean()
    written_ones = clean["conversations"].query("channel != 'phone'")
    is_fault = written_ones.topic == "internet_fault"
    is_outage = written_ones.created_at.dt.isocalendar().week == 16
    assert is_fault[is_outage].mean() > 2 * is_fault[~is_outage].mean()


def _plain(text):
    return text.lower().translate(str.maketrans("àèéìòùăâîșțąćęłńóśźżáíúñü", "aeeiouaaistacelnoszzaiunu"))


def _negative_parts():
    """The longest piece without a slot of each phrase that a cross customer may open with."""
    voices = tomllib.loads((Path(toolkit.sample.__file__).parent / "phrases.toml").read_text(encoding="utf-8"))
    topics = [entry for voice in voices.values() for entry in voice.values() if isinstance(entry, dict)]
    return [_plain(max(re.split(r"\{\w+\}", text), key=len)) for topic in topics for text in topic["negative"]]


# ------------------------------------------------------------------------------ the year before it


def test_the_year_before_can_be_compared_with(clean):
    # the same days of April, and the same weekdays
    for first, last in (("2023-04-01", "2023-04-28"), ("2023-04-03", "2023-04-30")):
        start, end = pd.Timestamp(first, tz=ROME), pd.Timestamp(last, tz=ROME) + pd.DateOffset(days=1)
        found = {}
        for name in ("conversations", "calls", "surveys"):
            opened = clean[name][TABLES[name].time]
            found[name] = clean[name][(opened >= start) & (opened < end)]
        assert len(found["conversations"]) >= 250 and len(found["calls"]) >= 120
        assert found["surveys"].query("kind == 'csat'").score.count() >= 60


def test_no_week_is_three_times_the_one_before(clean):
    weeks = {}
    for name in ("conversations", "messages", "calls"):
        local = clean[name][TABLES[name].time].dt.tz_localize(None)
        weeks[name] = local.dt.to_period("W-SUN").value_counts().sort_index()
    weeks = pd.DataFrame(weeks).fillna(0)
    assert len(weeks) == 43 + 16
    for name in weeks:
        more = weeks[name].rolling(2).max().iloc[1:]
        fewer = weeks[name].rolling(2).min().iloc[1:]
        assert ((more < 30) | (more < 3 * fewer)).all(), name


def test_the_clocks_of_the_year_before(clean):
    # Rome: one hour ahead until 26 March and from 29 October on, two between; people sleep at three by either clock.
    calls = clean["calls"].started_at
    summer = (calls >= "2023-03-27") & (calls < "2023-10-29")
    assert set(calls[summer].dt.strftime("%z")) == {"+0200"}
    winter = (calls < "2023-03-26") | (calls >= "2023-10-30") & (calls < SIXTEEN_WEEKS)
    assert set(calls[winter].dt.strftime("%z")) == {"+0100"}
    answered = clean["calls"].query("outcome == 'answered'").answered_at
    for some in (answered[answered < "2023-03-26"], answered[(answered >= "2023-03-27") & (answered < "2023-10-29")]):
        assert some.dt.hour.min() == 8 and some.dt.hour.max() in (19, 20)  # opening hours, 8 to 20


def test_history_leaves_the_sixteen_weeks_alone(clean):
    conversations = clean["conversations"]
    by_number = conversations.conversation_id.sort_values().index
    is_history = conversations.created_at[by_number] < SIXTEEN_WEEKS
    assert is_history.is_monotonic_increasing  # numbered after them
    assert conversations.conversation_id.is_unique
    rows = conversations[conversations.created_at >= SIXTEEN_WEEKS]
    assert int(rows.conversation_id.max()[2:]) == 3944  # the last four of 3,948 are calls that nobody has taken yet
    # as they were before there was a year before them
    outage = (rows.created_at >= "2024-04-15") & (rows.created_at < "2024-04-22") & (rows.topic == "internet_fault")
    written = rows[rows.channel != "phone"]
    assert len(rows) == 3451
    assert outage.sum() == 178
    assert written.first_response_at.notna().sum() == 1838


def test_help_pages_cover_the_same_days(clean):
    days = set(clean["site_visits"].day)
    assert len(days) == 301 + 112
    for name in ("conversations", "calls"):
        assert set(clean[name][TABLES[name].time].dt.strftime("%Y-%m-%d")) <= days


# ---------------------------------------------------------------------- what the other metrics need


@pytest.fixture(scope="module")
def recent(clean):
    """The conversations of the sixteen weeks."""
    conversations = clean["conversations"]
    return conversations[conversations.created_at >= SIXTEEN_WEEKS].copy()


def test_reopened_threads_have_their_times(recent):
    is_reopened = recent.reopen_count > 0
    assert 0.04 < is_reopened.mean() < 0.08
    assert recent.reopened_at.notna().equals(is_reopened)
    assert recent[is_reopened].first_closed_at.notna().all()
    assert 0.5 < recent[is_reopened].response_after_reopening_at.notna().mean() < 0.9
    assert (recent[is_reopened].closed_at > recent[is_reopened].reopened_at).sum() > 100
    assert recent[is_reopened].closed_at.isna().sum() >= 5  # still open
    never = recent[~is_reopened]
    assert never.response_after_reopening_at.isna().all()
    assert never.first_closed_at.equals(never.closed_at)


def test_a_thread_is_opened_again_by_the_customer_and_answered_by_an_agent(clean, recent):
    messages = clean["messages"].query("is_public")
    sent = {
        sender: set(zip(rows.conversation_id, rows.sent_at, strict=True)) for sender, rows in messages.groupby("sender")
    }
    written = recent[(recent.reopen_count > 0) & (recent.channel != "phone")]
    assert set(zip(written.conversation_id, written.reopened_at, strict=True)) <= sent["customer"]
    answered = written[written.response_after_reopening_at.notna()]
    assert set(zip(answered.conversation_id, answered.response_after_reopening_at, strict=True)) <= sent["agent"]


def test_pauses_lie_before_the_first_close(recent):
    paused = recent[recent.waiting_seconds.notna()]
    assert 0.25 < len(paused) / len(recent) < 0.5
    assert (paused.waiting_seconds > 0).all()
    spans = (paused.first_closed_at.fillna(AS_OF) - paused.first_response_at).dt.total_seconds()
    assert (paused.waiting_seconds <= spans).all()


def test_bills_are_escalated_and_internet_faults_transferred(clean, recent):
    escalated = recent.escalated_to.notna()
    assert 0.06 < escalated.mean() < 0.10
    assert recent.escalation_reason.notna().equals(escalated)
    by_topic = escalated.groupby(recent.topic).mean()
    assert by_topic["billing"] > 2 * by_topic.drop("billing").max()
    assert recent.escalation_reason.nunique() == 5 and recent.escalated_to.nunique() == 3

    answered = clean["calls"].query("outcome == 'answered'")
    assert 0.08 < answered.transferred_to.notna().mean() < 0.12
    by_topic = answered.transferred_to.notna().groupby(answered.topic).mean()
    assert by_topic.idxmax() == "internet_fault" and by_topic["internet_fault"] > 0.17
    assert clean["calls"].query("outcome != 'answered'").transferred_to.isna().all()


def test_calls_take_a_credible_time(clean):
    answered = clean["calls"].query("outcome == 'answered'")
    handled = answered.talk_seconds + answered.hold_seconds + answered.wrap_up_seconds
    assert 360 < handled.mean() < 450
    assert handled.mean() > 1.1 * handled.median()  # skewed
    assert 0.2 < (answered.hold_seconds > 0).mean() < 0.35


def test_customers_come_back(clean):
    """The share of conversations with a later contact of that customer on that topic, by a loop over the contacts."""
    conversations, calls = clean["conversations"], clean["calls"]
    contacts = [(row.customer_id, row.topic, row.created_at) for row in conversations.itertuples()]
    contacts += [
        (row.customer_id, row.topic, row.started_at) for row in calls[calls.conversation_id.isna()].itertuples()
    ]
    times = {}
    for customer, topic, at in contacts:
        if isinstance(customer, str) and isinstance(topic, str):
            times.setdefault((customer, topic), []).append(at)
    closed = conversations[conversations.closed_at.notna() & (conversations.created_at >= SIXTEEN_WEEKS)]
    comes_back, resolved = {}, {}
    for days in (3, 7, 14):
        judged = closed[closed.created_at < AS_OF - pd.Timedelta(days=days)]
        again = pd.Series(
            [
                any(
                    row.created_at < at <= row.created_at + pd.Timedelta(days=days)
                    for at in times[row.customer_id, row.topic]
                )
                if isinstance(row.customer_id, str)
                else False
                for row in judged.itertuples()
            ],
            index=judged.index,
        )
        first = ~again & (judged.reopen_count == 0) & judged.escalated_to.isna()
        comes_back[days], resolved[days] = again, first.mean()
        by_bot = judged.bot_started_at.notna() & judged.handed_off_at.isna()
        if days == 7:
            # more after a bot than after a human, and few enough that most are contained in truth
            assert 0.15 < again[by_bot].mean() < 0.35
            assert again[~by_bot].mean() < 0.14
    assert comes_back[3].mean() + 0.02 < comes_back[7].mean() < comes_back[14].mean() - 0.01
    assert 0.82 > resolved[3] > resolved[7] > resolved[14] > 0.70
    for missing in (conversations.customer_id.isna(), calls.customer_id.isna()):
        assert 0.005 < missing.mean() < 0.03


def test_bots_start_and_hand_over(recent):
    bots = recent[recent.bot_started_at.notna()]
    assert set(bots.channel) == {"web_chat", "whatsapp", "messenger"}
    assert 0.6 < bots.handed_off_at.notna().mean() < 0.8
    assert recent[recent.channel.isin(["web_chat", "whatsapp", "messenger"])].bot_started_at.isna().sum() > 100


def test_quick_replies_lead_somewhere(clean, recent):
    messages = clean["messages"]
    pressed = messages[messages.quick_reply.notna()].merge(recent, on="conversation_id", suffixes=("", "_of"))
    assert set(pressed.sender) == {"customer"} and pressed.bot_started_at.notna().all()
    is_handed = pressed.handed_off_at.notna()
    rates = is_handed.groupby(pressed.quick_reply).mean()
    assert rates["agent"] == 1 and rates["request_status"] < 0.6
    values = pressed[~pressed.quick_reply.isin(["agent", "request_status"])].groupby("topic").quick_reply.unique()
    assert len(values) == 8 and all(len(some) == 2 for some in values)
    for some in values:  # of two of a topic one is passed on far more
        assert abs(rates[some[0]] - rates[some[1]]) > 0.15
    # what the button says goes with what was pressed: one text in each language
    assert (pressed.groupby(["quick_reply", "language"]).text.nunique() == 1).all()
    # and says nothing of how the customer feels
    texts = pressed[["text", "language"]].drop_duplicates()
    assert set(score_texts(list(texts.text), list(texts.language)).label) == {"neutral"}


def test_nps_is_lower_after_a_contact(clean):
    surveys = clean["surveys"]
    assert surveys[surveys.kind == "csat"].occasion.isna().all()
    answers = surveys[(surveys.kind == "nps") & surveys.score.notna()]
    assert set(answers.occasion) == {"after_contact", "after_purchase", "yearly"}
    assert 15 < net(answers.score) < 35
    by_occasion = answers.groupby("occasion").score.agg(net)
    assert by_occasion.drop("after_contact").min() > by_occasion["after_contact"] + 20
    assert answers.occasion.value_counts().min() > 60
    # what is asked once a year is about no conversation
    assert surveys[surveys.occasion == "yearly"][["conversation_id", "topic", "agent"]].isna().all(axis=None)
    assert surveys[surveys.occasion != "yearly"].conversation_id.notna().all()


def net(scores):
    """Promoters less detractors."""
    return 100 * ((scores >= 9).mean() - (scores <= 6).mean())


def test_one_agent_is_slower_than_the_team(recent):
    team = recent[(recent.team == "Torino") & (recent.channel != "phone") & recent.first_response_at.notna()]
    seconds = (team.first_response_at - team.created_at).dt.total_seconds()
    relative = seconds / seconds.groupby(team.channel).transform("median")
    medians = relative.groupby(team.agent).median().sort_values()
    assert medians.index[-1] == "Davide Conti"
    assert medians.iloc[-1] > 1.5 * medians.iloc[-2]
    assert team.agent.value_counts().min() > 80


def test_one_agent_has_a_hard_mix_and_is_as_good_topic_by_topic(clean):
    answers = clean["surveys"].query("kind == 'csat' and score.notna() and agent.notna()")
    answers = answers[answers.sent_at >= SIXTEEN_WEEKS].merge(clean["conversations"][["conversation_id", "team"]])
    answers = answers[answers.team == "Iași"]
    happy, own, is_bill = answers.score >= 4, answers.agent == "Elena Stan", answers.topic == "billing"
    assert happy[own].mean() < happy[~own].mean() - 0.15
    assert is_bill[own].mean() > 0.4 > 0.1 > is_bill[~own].mean()
    assert happy[own & ~is_bill].mean() > happy[~own & ~is_bill].mean() - 0.05


def test_some_have_no_topic(clean, recent):
    assert recent.topic.notna().all()
    assert 0.03 < recent.subtopic.isna().mean() < 0.07
    before = clean["conversations"].query("created_at < @SIXTEEN_WEEKS")
    assert 0.02 < before.topic.isna().mean() < 0.06
    assert before[before.topic.isna()].subtopic.isna().all()


def test_agents_change_channels(recent):
    worked = recent[recent.agent.notna()].sort_values("first_response_at")
    assert (worked.groupby("agent").channel.nunique() == 7).all()
    day = worked.first_response_at.dt.date
    changed = worked.channel != worked.groupby(["agent", day]).channel.shift().fillna(worked.channel)
    switches = changed.groupby([worked.agent, day]).sum()
    assert (switches >= 3).mean() > 0.1 and (switches == 0).mean() > 0.2
    assert (worked.groupby("team").topic.nunique() == 8).all()


# -------------------------------------------------------------------------------------- wrong rows


def test_planted_rows_are_in_the_files(written, raw):
    assert len({entry["kind"] for entry in planted()}) >= 15
    for entry in planted():
        if entry["kind"] == "too many cells":  # pandas left it out above: count its cells
            lines = (written / f"{entry['table']}.csv").read_text(encoding="utf-8").splitlines()
            (line,) = [line for line in lines if line.startswith(entry["key"])]
            assert len(next(csv.reader([line]))) > len(raw[entry["table"]].columns)
        else:
            assert (raw[entry["table"]][entry["column"]] == entry["key"]).sum() == entry["rows"], entry


def test_rows_that_are_made_wrong_are_named(clean):
    conversations = clean["conversations"]
    wrong = conversations[conversations.agent_assigned_at < conversations.team_assigned_at]
    assert sorted(wrong.conversation_id) == [entry["key"] for entry in planted() if not entry["is_appended"]]


def test_planted_rows_are_few_and_at_the_end(written, written_clean):
    for name in TABLES:
        before, after = (written_clean / f"{name}.csv").read_bytes(), (written / f"{name}.csv").read_bytes()
        assert after.startswith(before)
        rows = sum(entry["rows"] for entry in planted() if entry["table"] == name and entry["is_appended"])
        assert after[len(before) :].count(b"\n") == rows


# ----------------------------------------------------------------------------------------- parquet


@pytest.fixture(scope="module")
def paths(tmp_path_factory):
    """The same sample as Parquet: {table: path}."""
    return write_sample(tmp_path_factory.mktemp("parquet"), format="parquet")


def test_parquet_has_the_same_columns_and_typed_ones(written, paths):
    types = {"time": "TIMESTAMP WITH TIME ZONE", "day": "DATE", "seconds": "BIGINT", "integer": "BIGINT"}
    types |= {"flag": "BOOLEAN", "text": "VARCHAR"}
    with duckdb.connect() as connection:
        for name, table in TABLES.items():
            described = connection.execute(f"DESCRIBE FROM '{paths[name]}'").fetchall()
            with open(written / f"{name}.csv", encoding="utf-8") as file:
                assert [row[0] for row in described] == file.readline().strip().split(",")
            for column, dtype, *_ in described:
                assert dtype == types[table.column(column).dtype], f"{name}.{column}"


def test_parquet_holds_what_csv_holds(written_clean, paths):
    for name, table in TABLES.items():
        left = pd.read_parquet(paths[name]).sort_values(list(table.key), ignore_index=True)
        right = pd.read_csv(written_clean / f"{name}.csv", low_memory=False)
        right = right.sort_values(list(table.key), ignore_index=True)
        for column in left:
            if table.column(column).dtype in ("time", "day"):
                left[column], right[column] = (
                    pd.to_datetime(frame[column], utc=True).astype("datetime64[s, UTC]") for frame in (left, right)
                )
            assert left[column].isna().equals(right[column].isna()), f"{name}.{column}"
            assert list(left[column].dropna()) == list(right[column].dropna()), f"{name}.{column}"
