"""What an analyst holds: what the data covers, what it is restricted to, how it looks."""

import datetime
import os
import warnings

import pandas as pd
import pytest

from toolkit import metrics, words
from toolkit.errors import BadParameter, MissingColumn, MissingTable
from toolkit.load import coverage, open_data
from toolkit.metrics import compare

DAY = datetime.timedelta(days=1)


def date(text):
    return datetime.date.fromisoformat(text)


def write(folder, days, zone="UTC", hour=9):
    """A folder of conversations: write(tmp_path, {"2024-03-01": 3, ...}), all of a day at one local hour."""
    rows = ["conversation_id,channel,created_at"]
    for day, n in days.items():
        rows += [f"{day}-{k},email,{day} {hour:02d}:00:00" for k in range(n)]
    (folder / "conversations.csv").write_text("\n".join(rows) + "\n")
    (folder / "service.toml").write_text(f'time_zone = "{zone}"\n')
    return folder


def daily(first, counts):
    """{"2024-03-01": n, ...} of consecutive days."""
    return {str(date(first) + number * DAY): n for number, n in enumerate(counts)}


# --- missing days ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "counts, missing",
    [
        ([20] * 28, []),
        ([20] * 9 + [0] + [20] * 18, [9]),
        ([20] * 9 + [0, 0] + [20] * 17, [9, 10]),
        ([20, 20, 20, 20, 20, 0, 0] * 4, []),  # closed at the weekend
        ([20, 20, 20, 20, 20, 0, 0] * 2 + [20, 0, 20, 20, 20, 0, 0] + [20, 20, 20, 20, 20, 0, 0], [15]),
        ([6] * 9 + [0] + [6] * 18, []),  # with six a day, one without is no wonder
        ([1, 0, 0, 2, 0, 0, 0] * 10, []),  # sparse
        ([20] * 9 + [0] + [1] * 18, []),  # quiet from then on
        ([20] * 14 + [0] * 7 + [20] * 14, list(range(14, 21))),  # a whole week
        ([20] * 9, []),
    ],
)
def test_missing_days(tmp_path, counts, missing):
    data = open_data(write(tmp_path, daily("2024-03-04", counts)))
    assert data.missing_days == [date("2024-03-04") + number * DAY for number in missing]
    said = any("missing" in note for note in data.notes_of_period())
    assert said == bool(missing)


def test_a_holiday_is_not_missing(tmp_path):
    folder = write(tmp_path, daily("2024-03-04", [20] * 9 + [0] + [20] * 18))
    (folder / "service.toml").write_text('time_zone = "UTC"\n[holidays]\ndates = [2024-03-13]\n')
    assert open_data(folder).missing_days == []


def test_a_century_before_the_data_is_not_looked_through(monkeypatch):
    looked, quantile = [], pd.Series.quantile
    monkeypatch.setattr(pd.Series, "quantile", lambda *given: looked.append(1) or quantile(*given))
    total = pd.Series(0, index=range(-25_567, 19_800))  # from 1900, which is what a spreadsheet makes of a 1
    total.iloc[0], total.iloc[-100:] = 1, 90
    assert coverage.missing_days(total, set()) == [] and len(looked) == 0


def test_missing_days_are_those_of_the_period(tmp_path):
    data = open_data(write(tmp_path, daily("2024-03-04", [20] * 9 + [0] + [20] * 18)))
    assert data.during("2024-W11").missing_days == [date("2024-03-13")]
    assert data.during("2024-W12").missing_days == []


def test_the_two_days_that_the_bank_lacks(real_data):
    bank = open_data(real_data / "anonymous_bank" / "january.txt", source="anonymous_bank")
    assert bank.missing_days == [date("1999-01-11"), date("1999-01-12")]
    assert "11 January 1999 and 12 January 1999" in " ".join(bank.notes_of_period())
    assert sum(part.days_with_data for part in bank.parts("week")) == 29
    there = bank.hours_there()
    assert there.groupby("day")["is_there"].any().sum() == 29


def test_the_sample_lacks_no_day(sample):
    assert sample.missing_days == [] and sample.volume_warnings() == []


# --- volume ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "weeks, jumps",
    [
        ([70, 70], []),
        ([70, 140], []),
        ([70, 210], [(210, 70)]),  # threefold
        ([210, 70, 70], [(70, 210)]),
        ([70, 0, 70], [(0, 70), (70, 0)]),
        ([7, 28], []),  # few
    ],
)
def test_volume_jumps(weeks, jumps):
    counts = [n // 7 for n in weeks for _ in range(7)]
    frame = pd.DataFrame({"messages": counts}, index=range(19786, 19786 + len(counts)))  # from Monday 2024-03-04
    found = coverage.volume_jumps(frame, date("2025-01-01"))
    assert [(jump["n"], jump["before"]) for jump in found] == jumps


def test_a_week_that_is_cut_is_no_jump():
    frame = pd.DataFrame({"messages": [10] * 16}, index=range(19784, 19800))  # Saturday to Sunday
    assert coverage.volume_jumps(frame, date("2024-03-12")) == []


def test_the_jump_of_the_tweets_is_a_warning(real_data):
    tweets = open_data(real_data / "twitter_support" / "tweets.csv", source="twitter", period="2017-W45")
    jump = {"table": "messages", "week": date("2017-11-06"), "n": 104, "before": 3_588}
    assert jump in tweets.volume_warnings()
    assert any("3,588" in note for note in tweets.notes_of_period())
    contacts, median = compare.figures(
        tweets.during("-28d"), (metrics.inbound_volume, {}), (metrics.first_response_time, {})
    )
    assert (contacts["change"], contacts["low"], contacts["verdict"]) == (None, None, "not comparable")
    assert contacts["value"] and contacts["previous"] and median["change"] is not None


# --- parts, covered, hours ------------------------------------------------------------------------


def test_parts_at_the_ends_are_marked(tmp_path):
    data = open_data(write(tmp_path, daily("2024-03-06", [3] * 19)))  # Wednesday to Sunday
    parts = [(str(part.first_day), part.is_complete, part.days_with_data) for part in data.parts("week")]
    # the newest event, 09:00 on the last day, doesn't end that day
    assert parts == [("2024-03-04", False, 5), ("2024-03-11", True, 7), ("2024-03-18", False, 6)]
    late = open_data(tmp_path, as_of="2024-03-25T00:00:00Z")
    assert [part.is_complete for part in late.parts("week")] == [False, True, True]
    assert [part.is_complete for part in late.parts("month")] == [False]
    assert [part.is_complete for part in late.during("2024-03-12..2024-03-24").parts("week")] == [False, True]


@pytest.mark.parametrize(
    "as_of, period, first, last",
    [
        (None, "2024-03", "2024-03-06", "2024-03-23"),  # the 24th was not over
        ("2024-03-25T00:00:00Z", "2024-03", "2024-03-06", "2024-03-24"),
        ("2024-04-10T12:00:00Z", "2024-03", "2024-03-06", "2024-03-31"),
        (None, "2024-W11", "2024-03-11", "2024-03-17"),
        (None, "2024-03-24", "2024-03-24", "2024-03-24"),  # there is no other day
    ],
)
def test_covered(tmp_path, as_of, period, first, last):
    data = open_data(write(tmp_path, daily("2024-03-06", [3] * 19)), as_of=as_of, period=period)
    assert (data.covered.first_day, data.covered.last_day) == (date(first), date(last))


def test_hours_that_were_there(tmp_path):
    folder = write(tmp_path, daily("2024-03-29", [20] * 4), zone="Europe/Rome")
    data = open_data(folder, as_of="2024-04-01T10:30:00+02:00")
    hours = data.hours_there(data.during("2024-03-28..2024-04-02").period)
    assert len(hours) == 6 * 24
    there = hours[hours["is_there"]].groupby("day")["hour"].agg(["count", "max"])
    first = (date("2024-03-29") - date("1970-01-01")).days
    # two whole days, one without 02:00, and the hours up to the one that had begun
    assert there.loc[first:].values.tolist() == [[24, 23], [24, 23], [23, 23], [11, 10]]
    assert len(there) == 4 and hours["weekday"].iloc[0] == 3
    sunday = hours[hours["day"] == first + 2].set_index("hour")
    assert not sunday.loc[2, "is_there"] and sunday["seconds"].sum() == 23 * 3600


def test_the_hour_that_comes_twice(tmp_path):
    data = open_data(write(tmp_path, daily("2024-10-26", [20] * 3), zone="Europe/Rome"), period="2024-10-27")
    hours = data.hours_there()
    assert hours["is_there"].all() and len(hours) == 24
    assert hours["seconds"].tolist() == [3600, 3600, 7200] + [3600] * 21


# --- restricted -----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def linked(tmp_path_factory):
    folder = tmp_path_factory.mktemp("linked")
    tables = {
        "conversations": "conversation_id,channel,created_at,team\n"
        "a,email,2024-03-01T09:00Z,Rome\nb,whatsapp,2024-03-01T10:00Z,\nc,whatsapp,2024-03-02T10:00Z,Turin\n",
        "messages": "message_id,conversation_id,sent_at,sender\n"
        "1,a,2024-03-01T09:00Z,customer\n2,b,2024-03-01T10:00Z,customer\n3,c,2024-03-02T10:00Z,customer\n",
        "calls": "call_id,started_at,conversation_id,queue\n1,2024-03-01T09:00Z,a,x\n2,2024-03-02T09:00Z,c,y\n",
        "call_stages": "call_id,position,stage,entered_at\n1,1,queue,2024-03-01T09:00Z\n2,1,queue,2024-03-02T09:00Z\n",
        "site_visits": "day,page,visits\n2024-03-01,help,3\n",
    }
    for name, content in tables.items():
        (folder / f"{name}.csv").write_text(content)
    return open_data(folder)


def rows_of(data):
    return {name: int(table.count().execute()) for name, table in data.tables.items()}


@pytest.mark.parametrize(
    "columns, rows",
    [
        ({"channel": "whatsapp"}, (2, 2, 1, 1, 1)),
        ({"channel": ["whatsapp", "email"]}, (3, 3, 2, 2, 1)),
        ({"channel": ["WhatsApp", "E-Mail"]}, (2, 2, 1, 1, 1)),  # as the loader keeps it
        ({"team": "Rome"}, (1, 1, 1, 1, 1)),
        ({"team": "(none)"}, (1, 1, 0, 0, 1)),
        ({"team": None}, (1, 1, 0, 0, 1)),
        ({"channel": "whatsapp", "team": "Turin"}, (1, 1, 1, 1, 1)),
        ({"queue": "x"}, (3, 3, 1, 1, 1)),  # conversations don't know it
        ({"visits": 3}, (3, 3, 2, 2, 1)),
        ({"channel": "fax"}, (0, 0, 0, 0, 1)),
    ],
)
def test_where(linked, columns, rows):
    names = ("conversations", "messages", "calls", "call_stages", "site_visits")
    assert rows_of(linked.where(**columns)) == dict(zip(names, rows, strict=True))


def test_where_says_what_it_leaves_whole(linked):
    data = linked.where(queue="x").during("2024-03")
    assert data.label == "2024-03, queue x" and data.filters == {"queue": ("x",)}
    note = data.notes_of_period()[-1]
    assert "Conversations, Messages and Visits of the site" in note and "queue" in note
    assert linked.where(channel="email").where(team="Rome").filters == {"channel": ("email",), "team": ("Rome",)}
    assert linked.filters == {}


def test_where_of_a_column_that_is_nowhere(linked):
    with pytest.raises(MissingColumn, match="did you mean 'channel'"):
        linked.where(chanel="email")


def test_where_holds_for_the_period_before(sample):
    week = sample.during("2024-W16").where(channel="whatsapp")
    assert set(week.previous.conversations.execute()["channel"]) == {"whatsapp"}
    assert set(week.weeks_before.conversations.execute()["channel"]) == {"whatsapp"}
    assert 0 < rows_of(week)["messages"] < rows_of(sample.during("2024-W16"))["messages"]


def test_who_is_asked_for_is_who_it_was_then(sample):
    """An agent who got a case after the reading doesn't have it yet, and its row isn't theirs."""
    week = sample.during("2024-W16")
    agent = week.conversations.execute()["agent"].dropna().iloc[0]
    rows = week.where(agent=agent).previous.conversations.execute()
    assert (rows["agent_assigned_at"] <= week.previous.as_of).all()


# --- as_of ----------------------------------------------------------------------------------------


def test_why_the_data_is_taken_to_have_been_read_when_it_was(tmp_path):
    folder = write(tmp_path, daily("2024-04-08", [3] * 12))  # to Friday 19 April, 09:00
    data = open_data(folder, period="last-week")
    assert data.as_of_reason == "newest event"
    assert data.explain_period() == (
        "last-week means 8 to 14 April 2024 (Mon to Sun), seen from 2024-04-19 09:00 UTC, the newest event in the data; "
        "15 to 21 April 2024 (Mon to Sun) was not over then"
    )
    given = open_data(folder, period="last-week", as_of="2024-04-22T06:00:00Z")
    assert given.explain_period() == (
        "last-week means 15 to 21 April 2024 (Mon to Sun), seen from 2024-04-22 06:00 UTC, as given"
    )
    changed = datetime.datetime(2024, 4, 20, 7, tzinfo=datetime.UTC).timestamp()
    os.utime(folder / "conversations.csv", (changed, changed))
    filed = open_data(folder, as_of="file", period="yesterday")
    assert filed.as_of.timestamp() == changed and filed.as_of_reason == "file"
    assert filed.explain_period() == (
        "yesterday means Fri 19 April 2024, seen from 2024-04-20 07:00 UTC, when the files were last changed"
    )
    now = open_data(folder, as_of="now", period="2024-W15")
    assert now.as_of_reason == "now" and abs(now.as_of - datetime.datetime.now(datetime.UTC)) < DAY
    assert now.explain_period().startswith("2024-W15 means 8 to 14 April 2024 (Mon to Sun), read at ")
    (folder / "service.toml").write_text("as_of = 2024-04-23T00:00:00Z\n")
    assert open_data(folder).as_of_reason == "service.toml"
    assert open_data(folder).explain_period().startswith("all means 8 to 22 April 2024 (15 days), read at")


def test_a_running_period_says_how_far_it_is(sample):
    line = sample.read_at("2024-04-10T10:00:00Z").during("this-month").explain_period()
    assert line == (
        "this-month means 1 to 30 April 2024 (30 days), seen from 2024-04-10 12:00 CEST, as given; 10 of 30 days so far"
    )


def test_prepared_data_keeps_why(tmp_path, sample):
    folder = write(tmp_path, daily("2024-04-08", [3] * 12))
    data = open_data(folder)
    data.zone_is_known = False
    again = open_data(data.during("2024-W15").save(tmp_path / "prepared"), period="last-week")
    assert (again.as_of_reason, again.zone_is_known, again.as_of) == ("newest event", False, data.as_of)
    assert again.explain_period() == data.during("last-week").explain_period()
    assert again.previous is None and again.conversations.count().execute() == 21


def test_read_at_a_time_that_has_not_come(sample):
    with pytest.raises(BadParameter, match="lies after"):
        sample.read_at("2024-05-01T00:00:00Z")


# --- how it looks ---------------------------------------------------------------------------------


def test_filtering_as_people_write_it(linked):
    conversations = linked.conversations
    with warnings.catch_warnings():
        warnings.simplefilter("error", FutureWarning)
        some = conversations[conversations["channel"] == "whatsapp"][["conversation_id", "channel"]]
    assert some.execute()["conversation_id"].tolist() == ["b", "c"]
    assert some.columns == ("conversation_id", "channel")


def test_a_table_shows_its_rows(linked):
    conversations = linked.conversations
    for shown in (conversations, conversations[conversations.channel == "email"], conversations.head(1)):
        assert "email" in repr(shown) and "DatabaseTable" not in repr(shown)
        assert "<td>email</td>" in shown._repr_mimebundle_()["text/html"]
    assert "[3 rows, 4 columns]" in repr(conversations)


def test_what_customers_wrote_is_escaped(tmp_path):
    (tmp_path / "conversations.csv").write_text(
        "conversation_id,channel,created_at,<i>\na,<b>x</b>,2024-03-01T09:00Z,1\n"
    )
    data = open_data(tmp_path)
    for page in (data.conversations._repr_html_(), data._repr_html_()):
        assert "<b>x" not in page and "<i>" not in page and "&lt;i&gt;" in page


def test_data_shows_its_tables(linked):
    page = linked.during("2024-03-01")._repr_html_()
    assert "<td>conversations</td><td>2</td><td>conversation_id, channel, created_at, team</td>" in page
    assert "2024-03-01" in page and "conversations 3" in repr(linked)


# --- words ----------------------------------------------------------------------------------------


def test_what_is_said_of_the_data_is_said_in_the_readers_language(tmp_path):
    counts = [20] * 9 + [0] + [20] * 25 + [90] * 7 + [20] * 7 + [90] * 7 + [20] * 7 + [90] * 7 + [20] * 7
    folder = write(tmp_path, daily("2024-03-04", counts))
    (folder / "notes.csv").write_text("x")
    data = open_data(folder, period="2024-03-04..2024-06-30").where(channel="email")
    again = open_data(data.save(tmp_path / "saved")).during("last-week")
    try:
        words.use("pseudo")
        said = [*data.notes_of_period(), *again.notes, data.explain_period(), again.explain_period()]
    finally:
        words.use("en")
    assert len(said) >= 7 and all(note.startswith("⟦") and note.endswith("⟧") for note in said)
    assert data.notes == again.notes and "notes.csv" in data.notes[0]
    assert any("jumps in" in note for note in data.notes_of_period())


@pytest.mark.parametrize(
    "scores, said", [([9], "the one row of surveys was set aside"), ([9, 8], "all 2 rows of surveys were")]
)
def test_a_table_whose_rows_were_all_set_aside_says_so(tmp_path, scores, said):
    rows = [f"s{place},csat,2024-03-04 09:00:00,{score}" for place, score in enumerate(scores)]
    (tmp_path / "surveys.csv").write_text("\n".join(["survey_id,kind,sent_at,score", *rows]) + "\n")
    data = open_data(write(tmp_path, {"2024-03-04": 5}))
    with pytest.raises(MissingTable, match=said):
        _ = data.surveys
    with pytest.raises(MissingTable, match="no table 'calls'"):
        _ = data.calls


def test_an_error_names_no_column_that_was_only_added():
    shown = str(MissingColumn("conversations", "team", ["channel", "read_at", "history_week", "of_"]))
    assert shown == "conversations has no column 'team'; it has: channel"


def test_an_export_that_ends_before_its_newest_event_is_no_silence(tmp_path):
    """Tickets that came in up to 20 September, the last of them closed on 20 October."""
    from toolkit import metrics, open_data
    from toolkit.report.doubts import doubts_of

    days = pd.date_range("2024-07-01", "2024-09-20", freq="D", tz="UTC").repeat(10) + pd.Timedelta(hours=9)
    rows = pd.DataFrame({"conversation_id": range(len(days)), "channel": "email", "created_at": days})
    rows["closed_at"] = days + pd.Timedelta(hours=2)
    rows.loc[rows.index[-1], "closed_at"] = pd.Timestamp("2024-10-20T12:00Z")
    rows.to_csv(tmp_path / "conversations.csv", index=False)
    data = open_data(tmp_path, period="-28d")
    assert (str(data.as_of), str(data.contacts_end)) == ("2024-10-20 12:00:00+00:00", "2024-09-20")
    assert data.period.label == "2024-08-24..2024-09-20" and data.covered.days == data.days_so_far == 28
    assert any("since 20 September" in line for line in data.doubts) and doubts_of(data)[0] == data.doubts[0]
    assert data.explain_period() == (
        "-28d means 24 August to 20 September 2024 (28 days), "
        "counted back from Fri 20 September 2024, the last day with new contacts"
    )
    assert (
        data.during("2024-09").explain_period().endswith("read at 2024-10-20 12:00 UTC, the newest event in the data")
    )
    silent = data.during("2024-09-01..2024-10-19")
    assert silent.covered.days == 20
    alerts = metrics.volume_alerts(silent.conversations, every="day")
    assert "stands_out" not in set(alerts["state"])
    as_given = open_data(tmp_path, period="-28d", as_of="2024-10-20T12:00:00Z")  # silence up to a time that is given
    assert as_given.contacts_end is None and as_given.period.label == "2024-09-23..2024-10-20"
