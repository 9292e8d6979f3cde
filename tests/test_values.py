"""How texts become times, numbers and durations: by eye, against other libraries, and what can't be told is in the ledger."""

import datetime
import email.utils
import random
import unicodedata

import pandas as pd
import pytest
from babel import Locale
from babel.dates import format_datetime
from babel.numbers import format_decimal
from exports import adds_up

from toolkit.errors import BadData, BadSettings
from toolkit.load import open_data
from toolkit.load.month_names import MONTHS, WEEKDAYS
from toolkit.service import load_service
from toolkit.sources import find_source

UTC = datetime.UTC
LANGUAGES = ("en", "en_GB", "es", "pt", "it", "fr", "de", "pl", "ro")
SOON = "2099-01-01T00:00:00Z"


def cell(text):
    return '"' + str(text).replace('"', '""') + '"' if text is not None else ""


def csv(head, rows):
    return head + "\n" + "".join(",".join(map(cell, row)) + "\n" for row in rows)


def opened(folder, settings="", **tables):
    for name, content in tables.items():
        (folder / f"{name}.csv").write_text(content, encoding="utf-8")
    if settings:
        (folder / "service.toml").write_text(settings, encoding="utf-8")
    return open_data(folder, as_of=SOON)


def column(data, name, table="conversations"):
    """{key: value} of a column; times as UTC texts without an offset."""
    frame = data.every(table).to_pandas()
    values = frame.set_index(frame.columns[0])[name]
    if isinstance(values.dtype, pd.DatetimeTZDtype):
        values = values.dt.tz_convert("UTC").dt.tz_localize(None).dt.strftime("%Y-%m-%d %H:%M:%S.%f")
        values = values.str.replace(r"\.?0+$", "", regex=True).where(
            lambda text: text.str.contains("[.]"), values.str[:19]
        )
    return {key: None if pd.isna(value) else value for key, value in values.items()}


def times(folder, texts, settings=""):
    """(UTC text or None of each text, the data), all in one column."""
    rows = [(index, "email", "1990-01-01T00:00:00Z", text) for index, text in enumerate(texts)]
    data = opened(folder, settings, conversations=csv("conversation_id,channel,created_at,closed_at", rows))
    adds_up(data)
    found = column(data, "closed_at")
    return [found.get(str(index)) for index in range(len(texts))], data


def seconds(folder, texts, settings=""):
    """(seconds or None of each text, the data), all in one column."""
    rows = [(index, "2024-03-01T00:00:00Z", text) for index, text in enumerate(texts)]
    data = opened(folder, settings, calls=csv("call_id,started_at,talk_seconds", rows))
    adds_up(data)
    found = column(data, "talk_seconds", "calls")
    return [found.get(str(index)) for index in range(len(texts))], data


def noted(data, words):
    return [note for note in data.notes if words in note]


# ----------------------------------------------------------------------------------- times, by eye

BY_EYE = {
    "25.09.2026 10:00": "2026-09-25 08:00:00",  # local, in Rome
    "25/09/2026 10:00:05": "2026-09-25 08:00:05",
    "01/09/2026 12.11": "2026-09-01 10:11:00",
    "25-09-2026 10:00 +0530": "2026-09-25 04:30:00",
    "26/09/2026, 10:00 PM": "2026-09-26 20:00:00",
    "Fri 25/09/2026 12:00 AM": "2026-09-24 22:00:00",
    "Sep 26, 2026, 10:00 AM": "2026-09-26 08:00:00",
    "Sep 26, 2026, 10:00\u202fAM": "2026-09-26 08:00:00",  # as newer browsers write it
    "September 26th, 2026 at 12:30 p.m.": "2026-09-26 10:30:00",
    "26 Sept 2026": "2026-09-25 22:00:00",
    "26-Sep-2026 10:00": "2026-09-26 08:00:00",
    "26-SEP-26 10.00.00.250000 PM": "2026-09-26 20:00:00.25",  # a database's
    "Sat Sep 26 10:00:00 +0000 2026": "2026-09-26 10:00:00",
    "Sat Sep 26 10:00:00 2026": "2026-09-26 08:00:00",
    "Sat Sep 26 2026 10:00:00 GMT+0200 (Central European Summer Time)": "2026-09-26 08:00:00",
    "Sat, 26 Sep 2026 10:00:00 +0200": "2026-09-26 08:00:00",
    "Sat, 26 Sep 2026 10:00:00 GMT": "2026-09-26 10:00:00",
    "26/Sep/2026:10:00:00 -0930": "2026-09-26 19:30:00",  # a web server's
    "2026-9-2 9:05": "2026-09-02 07:05:00",
    "2021-04-2T15:30:00": "2021-04-02 13:30:00",
    "2021-04-2T15:30:00Z": "2021-04-02 15:30:00",
    "2026-09-26 10:00:00,123": "2026-09-26 08:00:00.123",
    "2026-09-26 10:00 PM": "2026-09-26 20:00:00",
    "2026.09.26 10:00": "2026-09-26 08:00:00",
    "2026/09/26 10:00:00 +0000 UTC": "2026-09-26 10:00:00",
    "20260926": "2026-09-25 22:00:00",
    "20260926T100000Z": "2026-09-26 10:00:00",
    "20260926100000": "2026-09-26 08:00:00",
    "20260926T1000": "2026-09-26 08:00:00",
    "17/3/2025 6:04 a. m.": "2025-03-17 05:04:00",
    "26 de septiembre de 2026 10:00": "2026-09-26 08:00:00",
    "26. Sept. 2026, 10:00 Uhr": "2026-09-26 08:00:00",
    "1er août 2026 à 10h30": "2026-08-01 08:30:00",
    "sábado, 26 de setembro de 2026 às 10:00": "2026-09-26 08:00:00",
    "mar. 26 mai 2026": "2026-05-25 22:00:00",  # a Tuesday in May
    "mar 26 2026": "2026-03-25 23:00:00",  # the 26th of March
    "Poniedziałek, 28 września 2026 09:05:06": "2026-09-28 07:05:06",
    "1695722400": "2023-09-26 10:00:00",
    "1695722400.5": "2023-09-26 10:00:00.5",
    "1695722400123": "2023-09-26 10:00:00.123",
    "1695722400123456": "2023-09-26 10:00:00.123456",
    "45926.4166": "2025-09-26 08:00:00",  # local; cut after four digits
    "45926.416666666664": "2025-09-26 08:00:00",
    "45926.42371527778": "2025-09-26 08:10:09",
    "45926": "2025-09-25 22:00:00",
    # DST in slow forms: a time that never was is moved on, one that was twice is the first
    "31/03/2024 02:30": "2024-03-31 01:30:00",
    "27 October 2024 02:30": "2024-10-27 00:30:00",
}
NO_TIMES = (
    "yesterday", "31/04/2026", "26/13/2026", "2026-02-30 10:00 PM", "26 Sep", "Foo 26, 2026", "foo 26 Sep 2026", "26 Sep 2026 25:00",
    "26/09/2026 13:00 PM", "26/09/2026 10:60", "26/09-2026", "26/09/2026 10:00 CEST", "26/09/1826", "999999999", "9999999999",
    "20261326", "26 Sep 2026 10", "1" * 200, "'; DROP TABLE parsed; --", "26/09/2026\n10:00 x", "45926,5", "٢٦/٠٩/٢٠٢٦", "9" * 19,
)  # fmt: skip


@pytest.fixture(scope="module")
def by_eye(tmp_path_factory):
    return times(tmp_path_factory.mktemp("eye"), [*BY_EYE, *NO_TIMES], 'time_zone = "Europe/Rome"')


def test_times_by_eye(by_eye):
    found = dict(zip(BY_EYE, by_eye[0], strict=False))
    assert found == BY_EYE


def test_what_is_no_time_is_in_the_ledger(by_eye):
    found, data = by_eye
    assert found[len(BY_EYE) :] == [None] * len(NO_TIMES)
    refused = data.ledger[data.ledger["action"] == "rejected"]
    assert sorted(refused["key"]) == sorted(str(len(BY_EYE) + index) for index in range(len(NO_TIMES)))
    assert set(refused["rule"]) == {"not a time"} and set(refused["column"]) == {"closed_at"}
    assert set(data.ledger.loc[data.ledger["action"] == "repaired", "rule"]) == {"local time does not exist"}


def test_what_was_found_out_is_told(by_eye):
    data = by_eye[1]
    assert noted(data, "conversations.closed_at: day first, as Fri 25/09/2026 12:00 AM shows.")
    assert noted(data, "day first, as dates with points are, such as 25.09.2026 10:00.")
    assert noted(data, "closed_at: numbers such as 45926.42371527778 were read as the days of a spreadsheet.")
    zoned = sum(any(mark in text for mark in ("Z", "+0", " -09", "UTC", "GMT", "16957")) for text in BY_EYE)
    assert noted(
        data, f"{len(BY_EYE) - zoned} times lack an offset that others have ({zoned}): those were taken as local time"
    )


# ------------------------------------------------------------------------- times, against others


def instants(n, seed, first=datetime.datetime(2001, 9, 10)):
    chance = random.Random(seed)
    return [first + datetime.timedelta(seconds=chance.randrange(35 * 365 * 86_400)) for _ in range(n)]


def test_every_language_writes_dates_that_are_read_back(tmp_path):
    texts, expected = [], []
    for index, at in enumerate(instants(36 * len(LANGUAGES), 1)):
        language = LANGUAGES[index % len(LANGUAGES)]
        pattern = ("d MMMM y HH:mm:ss", "EEEE d MMM y, HH:mm:ss", "dd-MMM-yyyy HH:mm:ss", "LLLL d, y HH:mm:ss")[
            index % 4
        ]
        texts.append(format_datetime(at, pattern, locale=language))
        expected.append(f"{at:%Y-%m-%d %H:%M:%S}")
    found, data = times(tmp_path, texts)
    assert dict(zip(texts, found, strict=True)) == dict(zip(texts, expected, strict=True))


def test_the_names_of_months_and_weekdays_are_those_of_babel():
    def folded(name):
        plain = unicodedata.normalize("NFD", name.lower().replace("ł", "l"))
        return "".join(letter for letter in plain if not unicodedata.combining(letter)).rstrip(".")

    months = {name: month for month, names in MONTHS.items() for name in names.split()}
    assert len(months) == sum(len(names.split()) for names in MONTHS.values())  # no name of two months
    for language in LANGUAGES:
        locale = Locale.parse(language)
        for use in ("format", "stand-alone"):
            for width in ("wide", "abbreviated"):
                for month, name in locale.months[use].get(width, {}).items():
                    assert months[folded(name)] == month, (language, name)
                for name in locale.days[use].get(width, {}).values():
                    assert folded(name) in WEEKDAYS.split(), (language, name)


def test_what_other_programs_print_is_read_back(tmp_path):
    """E-mail's own library, strftime and pandas write random instants; what they wrote is what is read."""
    prints = [
        email.utils.format_datetime,
        lambda at: email.utils.format_datetime(at.astimezone(UTC), usegmt=True),
        lambda at: f"{at:%a %b %d %H:%M:%S %z %Y}",
        lambda at: f"{at:%d/%m/%Y %H:%M:%S%z}",
        lambda at: f"{at:%d.%m.%Y %I:%M:%S %p %z}",
        lambda at: f"{at:%d %B %Y %H:%M:%S} GMT{at:%z}",
        lambda at: f"{at.astimezone(UTC):%Y%m%dT%H%M%SZ}",
        lambda at: str(int(at.timestamp())),
        lambda at: f"{at.timestamp() * 1000:.0f}",
        lambda at: str(float(at.timestamp())),
        lambda at: str(pd.Timestamp(at)),
        # local: the zone is UTC
        lambda at: f"{at.astimezone(UTC):%d-%m-%y %H:%M:%S}",
        lambda at: f"{at.astimezone(UTC):%b %d, %Y, %I:%M:%S %p}",
        lambda at: repr((pd.Timestamp(at).tz_convert(None) - pd.Timestamp("1899-12-30")) / pd.Timedelta("1D")),
    ]
    chance = random.Random(2)
    texts, expected = [], []
    for index, at in enumerate(instants(40 * len(prints), 3)):
        zone = datetime.timezone(datetime.timedelta(minutes=chance.choice((0, 60, -300, 330, -570, 765))))
        text = prints[index % len(prints)](at.replace(tzinfo=UTC).astimezone(zone))
        texts.append(text)
        expected.append(f"{at:%Y-%m-%d %H:%M:%S}")
    found, data = times(tmp_path, texts)
    assert dict(zip(texts, found, strict=True)) == dict(zip(texts, expected, strict=True))


# --------------------------------------------------------------------------------- day or month first

HEAD = "conversation_id,channel,created_at,closed_at"


def two(folder, created, closed, settings="", name="conversations"):
    rows = [(index, "email", *pair) for index, pair in enumerate(zip(created, closed, strict=True))]
    return opened(folder, settings, **{name: csv(HEAD, rows)})


@pytest.mark.parametrize(
    "texts, expected",
    [
        (["03/04/2024", "25/03/2024"], ["2024-04-03", "2024-03-25"]),
        (["03/04/2024", "03/25/2024"], ["2024-03-04", "2024-03-25"]),
        (["3-4-2024 9:00", "13-4-2024 9:00"], ["2024-04-03", "2024-04-13"]),
        (["03.04.2024", "03.12.2024"], ["2024-04-03", "2024-12-03"]),  # with points: the day first
        (["03/04/24", "25/03/24", "26/03/24"], ["2024-04-03", "2024-03-25", "2024-03-26"]),
    ],
)
def test_a_column_that_settles_its_order_is_read_in_it(tmp_path, texts, expected):
    found, data = times(tmp_path, texts)
    assert [text[:10] for text in found] == expected
    assert noted(data, "day first" if expected[0] == "2024-04-03" else "month first")
    assert data.ledger.empty


@pytest.mark.parametrize(
    "texts",
    [
        ["03/04/2024", "05/06/2024"],
        ["25/03/2024", "03/25/2024", "03/04/2024"],  # each says another thing
        ["24/03/24", "24/03/25"],  # may have the year first
        ["31/02/2024", "03/04/2024"],  # no date in any order settles nothing
    ],
)
def test_what_nothing_settles_is_in_the_ledger(tmp_path, texts):
    found, data = times(tmp_path, ["2024-03-01", *texts])
    assert found == ["2024-03-01 00:00:00"] + [None] * len(texts)
    assert data.ledger["rule"].tolist() == ["not a time"] * len(texts)
    for reason in data.ledger["reason"]:
        assert 'write date_order = "dmy"' in reason and 'date_order = "mdy"' in reason and "service.toml" in reason
    assert not noted(data, "first, as")
    if "25/03/2024" in texts:
        assert "'25/03/2024' has its day first, '03/25/2024' its month" in data.ledger["reason"].iloc[0]


def test_the_other_columns_follow_the_one_that_is_settled(tmp_path):
    data = two(tmp_path, ["03/04/2024", "05/04/2024"], ["13/04/2024", None])
    assert column(data, "created_at") == {"0": "2024-04-03 00:00:00", "1": "2024-04-05 00:00:00"}
    assert noted(data, "conversations.closed_at and conversations.created_at: day first, as 13/04/2024 shows.")
    (tmp_path / "b").mkdir()
    data = two(tmp_path / "b", ["2024-01-01", "2024-01-01"], ["04/05/2024", None])
    assert len(data.ledger) == 1  # of ISO dates nothing follows


def test_columns_that_disagree_settle_nothing_for_others(tmp_path):
    rows = [("a", "x", "13/04/2024", "04/14/2024", "05/06/2024"), ("b", "x", "13/04/2024", "04/14/2024", None)]
    data = opened(tmp_path, conversations=csv(HEAD + ",first_response_at", rows))
    adds_up(data)
    assert data.ledger[["key", "column", "rule"]].values.tolist() == [["a", "first_response_at", "not a time"]]
    assert column(data, "closed_at") == {"b": "2024-04-14 00:00:00"}


def test_files_may_have_orders_of_their_own(tmp_path):
    folder = tmp_path / "conversations"
    folder.mkdir()
    for name, rows in {
        "a": [("a1", "x", "25/03/2024", None), ("a2", "x", "03/04/2024", None)],
        "b": [("b1", "x", "03/25/2024", None), ("b2", "x", "03/04/2024", None)],
        "c": [("c1", "x", "03/04/2024", None)],  # a follows neither, as they disagree
    }.items():
        (folder / f"{name}.csv").write_text(csv(HEAD, rows))
    data = open_data(tmp_path, as_of=SOON)
    adds_up(data)
    found = {key: text[:10] for key, text in column(data, "created_at").items()}
    assert found == {"a1": "2024-03-25", "a2": "2024-04-03", "b1": "2024-03-25", "b2": "2024-03-04"}
    assert data.ledger["key"].tolist() == ["c1"] and data.ledger["file"].iloc[0].endswith("c.csv")
    (folder / "b.csv").unlink()
    data = open_data(tmp_path, as_of=SOON)
    assert column(data, "created_at")["c1"] == "2024-04-03 00:00:00"


def test_the_message_says_what_to_write_and_where(tmp_path):
    with pytest.raises(BadData) as error:
        two(tmp_path, ["03/04/2024", "05/04/2024"], [None, None])
    said = str(error.value)
    assert "conversations.created_at" in said and "such as '0" in said
    assert 'write date_order = "dmy" (day first) or date_order = "mdy" (month first)' in said
    assert f"Write it into {tmp_path / 'service.toml'}" in said
    (tmp_path / "service.toml").write_text('date_order = "mdy"\n')
    assert column(open_data(tmp_path, as_of=SOON), "created_at")["0"] == "2024-03-04 00:00:00"


def test_a_told_order_holds_for_every_date(tmp_path):
    found, data = times(tmp_path, ["03/04/2024", "03.04.2024", "25/03/2024"], 'date_order = "mdy"')
    assert found == ["2024-03-04 00:00:00", "2024-03-04 00:00:00", None]
    assert "month first, as date_order says" in data.ledger["reason"].iloc[0]


def test_a_source_may_tell_its_order_and_the_service_wins(tmp_path):
    source = tmp_path / "mine"
    source.mkdir()
    (source / "source.toml").write_text(
        'title = "Mine"\nreads = "t.csv"\ndate_order = "mdy"\n[files.t]\npatterns = ["t.csv"]\n'
    )
    (source / "conversations.sql").write_text(
        "SELECT id AS conversation_id, 'x' AS channel, moment AS created_at, _file, _row FROM raw.t"
    )
    export = tmp_path / "export"
    export.mkdir()
    (export / "t.csv").write_text("id,moment\na,03/04/2024\n")
    assert find_source(source).spec.date_order == "mdy"
    assert column(open_data(export, source=str(source)), "created_at") == {"a": "2024-03-04 00:00:00"}
    (export / "service.toml").write_text('date_order = "dmy"\n')
    assert column(open_data(export, source=str(source)), "created_at") == {"a": "2024-04-03 00:00:00"}


def test_five_digits_are_days_only_where_all_may_be(tmp_path):
    found, data = times(tmp_path, ["45926", "12345", "2024-03-01"])
    assert found == [None, None, "2024-03-01 00:00:00"]
    assert len(data.ledger) == 2 and not noted(data, "spreadsheet")


def test_days_are_read_too(tmp_path):
    rows = [("25.09.2026", "/a", 1), ("26 Sept 2026 23:30 -0500", "/a", 1), ("45926", "/a", 1), ("soon", "/a", 1)]
    data = opened(tmp_path, site_visits=csv("day,page,visits", rows))
    adds_up(data)
    days = {str(day)[:10] for day in column(data, "visits", "site_visits")}
    assert days == {"2026-09-25", "2026-09-26", "2025-09-26"}  # the day as it is written
    assert data.ledger["rule"].tolist() == ["not a date"]


def test_real_dates_with_the_month_first(tmp_path, real_data):
    given = pd.read_csv(real_data / "servicenow" / "incident_list_export.csv", dtype=str)
    frame = given[["number", "opened_at", "sys_updated_on"]].assign(channel="x")
    frame.columns = ["conversation_id", "created_at", "closed_at", "channel"]
    frame.to_csv(tmp_path / "conversations.csv", index=False)
    data = open_data(tmp_path, as_of=SOON)
    adds_up(data)
    assert noted(data, "month first")
    found = data.every("conversations").to_pandas().set_index("conversation_id")
    assert len(found) + len(data.ledger) == 97 and len(found) > 90
    wanted = pd.to_datetime(given.set_index("number")["opened_at"], format="%m/%d/%Y %H:%M", utc=True)
    assert (found["created_at"] == wanted.reindex(found.index)).all()


# ------------------------------------------------------------------------------------------ numbers


@pytest.mark.parametrize(
    "texts, expected",
    [
        (["3,5"], [3.5]),
        (["4,5", "1.234,5", "1.234", "1,234", "12", "1 234,5", "0,125"], [4.5, 1234.5, 1234, 1.234, 12, 1234.5, 0.125]),
        (["1,234.5", "1,234", "1.234", "7.25", "1'234.5"], [1234.5, 1234, 1.234, 7.25, 1234.5]),
        (["1,234,567", "1,234"], [1_234_567, 1234]),
        (["1.234.567", "1,234"], [1_234_567, 1.234]),
        (["1\u202f234,5", "1\u00a0234"], [1234.5, 1234]),
        (["1.5", "2.75", "3"], [1.5, 2.75, 3]),
    ],
)
def test_decimal_marks_that_a_column_settles(tmp_path, texts, expected):
    found, data = seconds(tmp_path, texts)
    assert found == expected and data.ledger.empty
    assert bool(noted(data, "decimal commas")) == any(
        text in texts for text in ("3,5", "4,5", "1.234.567", "1\u202f234,5")
    )


@pytest.mark.parametrize(
    "texts, refused",
    [
        (["12", "1,234"], ["1,234"]),
        (["1.234", "1,234"], ["1,234"]),
        (["4,5", "4.5", "1,234", "1.234"], ["1,234", "1.234"]),  # both marks: what may be either is not read
        (["4,5,6", "1.2.3", "1,23,456", "12 34", "abc,5", "1"], ["4,5,6", "1.2.3", "1,23,456", "12 34", "abc,5"]),
    ],
)
def test_numbers_that_nothing_settles_are_in_the_ledger(tmp_path, texts, refused):
    found, data = seconds(tmp_path, texts)
    assert [text for text, value in zip(texts, found, strict=True) if value is None] == refused
    assert data.ledger["rule"].tolist() == ["not a number"] * len(refused)
    for value, reason in data.ledger[["value", "reason"]].values.tolist():
        assert ('write decimal = "comma" or decimal = "point"' in reason) == (value in ("1,234", "1.234"))


@pytest.mark.parametrize("told, expected", [("comma", [1.234, 1234, 4.5]), ("point", [1234, 1.234, 4.5])])
def test_a_told_decimal_mark_settles_what_may_be_either(tmp_path, told, expected):
    found, data = seconds(tmp_path, ["1,234", "1.234", "4.5"], f'decimal = "{told}"')
    assert found == expected and data.ledger.empty
    (tmp_path / "b").mkdir()
    assert seconds(tmp_path / "b", ["1.234"], f'decimal = "{told}"')[0] == [expected[1]]


def test_numbers_as_languages_write_them(tmp_path):
    """Babel writes random numbers, a column for each language; what it wrote is what is read."""
    names = ("queue_seconds", "talk_seconds", "hold_seconds", "wrap_up_seconds")
    for folder, languages in {"a": ("en", "de", "fr", "it"), "b": ("pl", "es", "pt", "de_CH")}.items():
        chance = random.Random(folder)
        values = [round(chance.choice((1, 1000, 1e6)) * chance.random(), 2) for _ in range(60)] + [1234.5, 1_234_567.25]
        rows = [
            (index, "2024-03-01", *(format_decimal(value, "#,##0.00", locale=language) for language in languages))
            for index, value in enumerate(values)
        ]
        (tmp_path / folder).mkdir()
        data = opened(tmp_path / folder, calls=csv(f"call_id,started_at,{','.join(names)}", rows))
        assert data.ledger.empty
        for name, language in zip(names, languages, strict=True):
            found = column(data, name, "calls")
            assert [found[str(index)] for index in range(len(values))] == values, language


def test_counts_are_whole(tmp_path):
    rows = [(1, "x", "2024-03-01", "2,0"), (2, "x", "2024-03-01", "2,5"), (3, "x", "2024-03-01", "1 000")]
    data = opened(tmp_path, conversations=csv("conversation_id,channel,created_at,reopen_count", rows))
    adds_up(data)
    assert column(data, "reopen_count") == {"1": 2, "3": 1000}
    assert data.ledger[["key", "rule"]].values.tolist() == [["2", "not a whole number"]]


DURATIONS = {
    "0:05:30": 330, "12:00:01.5": 43_201.5, "100:00:00": 360_000, "5:30": 330, "75:00": 4500, "1 day, 2:03:04": 93_784,
    "0 days 00:05:00": 300, "1h 5m": 3900, "5 min": 300, "90s": 90, "1.5 h": 5400, "1,5 h": 5400, "2 hours 3 minutes 4 seconds": 7384,
    "PT5M": 300, "PT1H5M3.2S": 3903.2, "P1DT2H": 93_600, "90": 90, "1d": 86_400,
}  # fmt: skip


def test_durations_by_eye(tmp_path):
    found, data = seconds(
        tmp_path, [*DURATIONS, "0:05:60", "1:60:00", "5:3", "h", "PT", "5 apples", "1,234 s", "-0:00:05"]
    )
    assert dict(zip(DURATIONS, found, strict=False)) == DURATIONS
    assert found[len(DURATIONS) :] == [None] * 8
    assert data.ledger["rule"].tolist().count("not a number") == 7
    assert data.ledger["rule"].tolist().count("negative duration") == 1
    assert noted(data, "calls.talk_seconds: values such as 75:00 were read as minutes and seconds.")


def test_durations_that_others_print_are_read_back(tmp_path):
    chance = random.Random(5)
    values = [chance.randrange(10 * 86_400) for _ in range(60)]
    printed = [(str, lambda one: one.isoformat(), lambda one: str(one.to_pytimedelta()))[k % 3](pd.Timedelta(value, "s"))
               for k, value in enumerate(values)]  # fmt: skip
    assert seconds(tmp_path, printed)[0] == values


# ------------------------------------------------------------------------------------------ no value


def test_words_for_no_value(tmp_path):
    head = "conversation_id,channel,created_at,closed_at,team,topic,reopen_count"
    words = ["N/A", "-", "null", "(null)", "#N/A", "--", "nan", "", "k.A."]
    rows = [(index, "x", "2024-03-01", word, word, word, word) for index, word in enumerate(words)]
    data = opened(tmp_path, conversations=csv(head, rows))
    adds_up(data)
    assert data.ledger[["key", "column", "rule"]].values.tolist() == [["8", "closed_at", "not a time"]]
    assert all(value is None for value in column(data, "reopen_count").values())
    teams = list(column(data, "team").values())
    assert teams == [None, "-", None, "(null)", "#N/A", "--", None, None]  # a text may be so
    assert list(column(data, "topic").values())[:2] == ["N/A", "-"]
    data = opened(tmp_path, 'missing = ["-", "K.A.", "(null)", "niño’s"]', conversations=csv(head, rows))
    assert data.ledger.empty and list(column(data, "team").values())[1:4] == [None, None, None]
    assert list(column(data, "topic").values()) == ["N/A", None, "null", None, "#N/A", "--", "nan", None, None]


def test_what_people_write_stays(tmp_path):
    rows = [(1, "c", "2024-03-01", "customer", "n.d."), (2, "c", "2024-03-01", "customer", "-")]
    data = opened(
        tmp_path, 'missing = ["n.d.", "-"]', messages=csv("message_id,conversation_id,sent_at,sender,text", rows)
    )
    assert column(data, "text", "messages") == {"1": "n.d.", "2": "-"}


@pytest.mark.parametrize(
    "text, words",
    [
        ("decimal = ','", ["decimal", "','", "'comma' or 'point'"]),
        ("decimals = 'comma'", ["decimals", "did you mean 'decimal'"]),
        ("missing = 'n.d.'", ["missing", "n.d.", "list"]),
        ("missing = ['']", ["missing.0", "at least 1"]),
        ("missing = [1]", ["missing.0", "1", "string"]),
        (f"missing = ['{'x' * 51}']", ["missing.0", "at most 50"]),
    ],
)
def test_wrong_settings(tmp_path, text, words):
    with pytest.raises(BadSettings) as error:
        (tmp_path / "service.toml").write_text(text)
        load_service(tmp_path / "service.toml")
    assert all(word in str(error.value) for word in [*words, "service.toml"]), str(error.value)


# ---------------------------------------------------------------------------------- nothing is lost


def test_whatever_the_values_no_row_is_lost(tmp_path):
    chance = random.Random(7)
    pieces = [
        *BY_EYE,
        *NO_TIMES,
        *DURATIONS,
        "1,234",
        "4,5",
        "03/04/2024",
        "é" * 30,
        "\x01",
        "%",
        "x" * 100_000,
        "∞",
        "-1e400",
        "0",
    ]
    pieces = [piece.replace("\x00", "") for piece in pieces]

    def text():
        one, other = chance.choice(pieces), chance.choice(pieces)
        cut = chance.randrange(len(one) + 1)
        return chance.choice((one, one[:cut] + other[cut:] if len(one) + len(other) < 500 else one, None))

    rows = [(index, "2024-03-01", text(), text(), text(), text()) for index in range(1500)]
    data = opened(tmp_path, calls=csv("call_id,started_at,answered_at,ended_at,talk_seconds,hold_seconds", rows))
    adds_up(data)
    assert data.counts["rows_in"].tolist() == [1500] and data.counts["rows_used"].iloc[0] > 50
    kept = set(data.every("calls").to_pandas()["call_id"])
    refused = set(data.ledger.loc[data.ledger["action"] == "rejected", "key"])
    assert kept | refused == {str(index) for index in range(1500)} and not kept & refused
