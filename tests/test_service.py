"""service.toml: a mistake is named by key, value and what is allowed."""

import ast
import datetime
from pathlib import Path

import pytest

import toolkit.service
from toolkit.clock import parse_period
from toolkit.errors import BadParameter, BadSettings
from toolkit.load.reading import resolve_as_of
from toolkit.metrics.rows import duration
from toolkit.service import WEEKDAYS, Expectation, Holidays, Service, Targets, Topic, load_service, parse_duration


def settings(tmp_path, text):
    path = tmp_path / "service.toml"
    path.write_text(text, encoding="utf-8")
    return load_service(path)


def test_everything_has_a_default():
    service = load_service(None)
    assert service.time_zone == "UTC"
    assert service.opening_hours["monday"] == [(9 * 3600, 18 * 3600)]
    assert service.opening_hours["sunday"] == []
    assert service.minimum_count == 10


def test_hours_split_and_past_midnight(tmp_path):
    service = settings(tmp_path, '[opening_hours]\nmonday = ["14:00-18:00", "09:00-13:00"]\nfriday = ["22:00-02:00"]\n')
    assert service.opening_hours["monday"] == [(32_400, 46_800), (50_400, 64_800)]
    assert service.opening_hours["friday"] == [(79_200, 93_600)]
    assert service.opening_hours["tuesday"] == []  # not named: closed
    assert set(service.opening_hours) == set(WEEKDAYS)


def test_holidays_of_a_country_and_own(tmp_path):
    text = '[holidays]\ncountry = "IT"\ndates = [2024-04-24]\nworking = [2024-04-25]\n'
    closed = settings(tmp_path, text).closed_days(datetime.date(2024, 4, 1), datetime.date(2024, 5, 2))
    assert closed == {datetime.date(2024, 4, 1), datetime.date(2024, 4, 24), datetime.date(2024, 5, 1)}


@pytest.mark.parametrize(
    "text, words",
    [
        ("timezone = 'UTC'", ["timezone", "'UTC'", "unknown key", "did you mean 'time_zone'"]),
        ("time_zone = 'Europe/Roma'", ["time_zone", "Europe/Roma", "Europe/Rome"]),
        ("minimum_count = 0", ["minimum_count", "0", "greater than or equal to 1"]),
        ("minimum_count = 'ten'", ["minimum_count", "ten", "integer"]),
        ("date_order = 'ymd'", ["date_order", "ymd", "'dmy' or 'mdy'"]),
        (f"minimum_count = 1{'0' * 30}", ["minimum_count", "1000000"]),
        ("minimum_count = 1000001", ["minimum_count", "less than or equal to 1000000"]),
        ("csat_scale = [5, 1]", ["csat_scale", "[5, 1]", "the lowest score comes first"]),
        ("csat_scale = [1, 1]", ["csat_scale", "[1, 1]", "then a higher one"]),
        (f"csat_scale = [0, 1{'0' * 18}]", ["csat_scale", "within -1000 to 1000"]),
        ("as_of = 2024-03-01T10:00:00", ["as_of", "offset"]),
        ("as_of = 9999-12-31T23:59:59Z", ["as_of", "9999-12-31", "not within 1900 to 2199"]),
        ("as_of = 0001-01-01T00:00:00+01:00", ["as_of", "not within 1900 to 2199"]),
        ("short_abandon = 'soon'", ["short_abandon", "soon", "'20s'"]),
        ("short_abandon = inf", ["short_abandon", "inf", "too long", "'3650d'"]),
        ("short_abandon = nan", ["short_abandon", "nan", "not a duration"]),
        (f"short_abandon = {'9' * 400}", ["short_abandon", "999…", "too long"]),
        (f"short_abandon = {'9' * 5000}", ["is not TOML", "4300 digits"]),
        (f"[targets.resolution]\nemail = '{'9' * 400}d'", ["targets.resolution.email", "999…", "too long"]),
        ("[targets]\nanswer_within = '99999999999999999999d'", ["targets.answer_within", "too long"]),
        ("[targets.first_response]\nphone = '99999999999d'", ["targets.first_response.phone", "too long"]),
        ("[opening_hours]\nmonday = '9-18'", ["opening_hours", "monday", "list of spans"]),
        ("[opening_hours]\nmondy = ['09:00-18:00']", ["mondy", "did you mean 'monday'"]),
        ("[opening_hours]\nmonday = ['9 to 5']", ["9 to 5", "09:00-13:00"]),
        ("[opening_hours]\nmonday = [['09:00', '18:00']]", ["monday: ['09:00', '18:00']", "'09:00-13:00'"]),
        ("[opening_hours]\nmonday = [[9, 18, 20]]", ["monday: [9, 18, 20]", "'09:00-13:00'"]),
        ("[opening_hours]\nmonday = [[]]", ["monday: []", "'09:00-13:00'"]),
        ("[opening_hours]\nmonday = [9, 18]", ["monday: 9", "'09:00-13:00'"]),
        ("[opening_hours]\nmonday = [['09:00-13:00'], '14:00-18:00']", ["monday: ['09:00-13:00']", "span of hours"]),
        ("[opening_hours]\nmonday = [[3600, 3600]]", ["monday: [3600, 3600]", "span of hours"]),
        ("[opening_hours]\nmonday = [[-1, 3600]]", ["monday: [-1, 3600]", "span of hours"]),
        ("[opening_hours]\nmonday = [[3600, 999999999]]", ["monday: [3600, 999999999]", "span of hours"]),
        ("[opening_hours]\nmonday = ['25:00-26:00']", ["25:00", "within a day"]),
        ("[opening_hours]\nmonday = ['09:00-13:00', '12:00-18:00']", ["monday", "overlap"]),
        ("[opening_hours]\nmonday = ['22:00-04:00']\ntuesday = ['03:00-09:00']", ["tuesday", "overlap"]),
        ("[opening_hours]\nsunday = ['22:00-04:00']\nmonday = ['03:00-09:00']", ["overlap"]),
        ("[holidays]\ncountry = 'Italy'", ["holidays.country", "Italy", "IT"]),
        ("[holidays]\ncountry = 'GB'\nsubdivision = 'ZZZ'", ["holidays.subdivision", "'ZZZ'", "ENG, NIR, SCT, WLS"]),
        ("[holidays]\ncountry = 'GB'\nsubdivision = 'scotlnd'", ["holidays.subdivision", "such as Scotland"]),
        ("[holidays]\ncountry = 'IT'\nsubdivision = ''", ["holidays.subdivision", "allowed"]),
        ("[holidays]\ncountry = 'Italy'\nsubdivision = 'BZ'", ["1 setting is wrong", "holidays.country"]),
        ("[holidays]\nsubdivision = 'BZ'", ["holidays.subdivision", "name that too, as country"]),
        ("[holidays]\ndates = ['christmas']", ["holidays.dates", "christmas"]),
        ("[targets]\ncsat = 80", ["targets.csat", "80", "less than or equal to 1"]),
        ("[targets]\nfirst_respons = {}", ["targets.first_respons", "did you mean 'first_response'"]),
        ("[topics.billing]\nkeywords = []", ["topics.billing.keywords"]),
        ("[topics.billing]\nkeyword = ['x']", ["topics.billing.keyword", "did you mean 'keywords'"]),
        ("[costs]\nphone = -1", ["costs.phone", "-1"]),
        ("[costs]\nphone = 1e300", ["costs.phone", "1e+300", "less than or equal to 1000000000"]),
        ("[costs]\nphone = inf", ["costs.phone", "inf", "finite"]),
        ("[costs]\nphone = nan", ["costs.phone", "nan", "finite"]),
        ("[targets]\ncsat = nan", ["targets.csat", "nan"]),
        ("[costs]\ncurrency = 'euro'", ["costs.currency", "euro"]),
        ("currency = 'EUR'", ["currency", "unknown key", "did you mean 'costs.currency'"]),
    ],
)
def test_mistakes(tmp_path, text, words):
    with pytest.raises(BadSettings) as error:
        settings(tmp_path, text)
    for word in [*words, "service.toml"]:
        assert word in str(error.value), str(error.value)


@pytest.mark.parametrize(
    "text, seconds", [("20s", 20), ("1h 30m", 5400), ("1.5h", 5400), ("2d", 172_800), (90, 90), ("15min", 900)]
)
def test_durations(text, seconds):
    assert parse_duration(text) == seconds


@pytest.mark.parametrize("text", ["", "h", "1 x", "-5m", "5m later", True, -1])
def test_no_durations(text):
    with pytest.raises(ValueError, match="not a duration"):
        parse_duration(text)


def test_the_longest_duration():
    assert parse_duration("3650d") == parse_duration(315_360_000) == 315_360_000
    for more in ("3651d", "522w", 315_360_001, 10**5000, float("inf")):
        with pytest.raises(ValueError, match="too long for a duration"):
            parse_duration(more)


def test_a_parameter_that_is_too_long_is_named():
    with pytest.raises(BadParameter, match="handle_time: '99999999999d' is too long"):
        duration("handle_time", "99999999999d")


@pytest.mark.parametrize("text", ["9999-12-31", "0001-01-01T00:00:00+01:00", "2200-01-01T00:00:00Z", "1899-12-31"])
def test_no_data_is_read_in_such_a_year(text):
    with pytest.raises(BadParameter, match="as_of: .* is not within 1900 to 2199"):
        resolve_as_of(text)
    instant = datetime.datetime.fromisoformat(text).replace(tzinfo=datetime.UTC)
    with pytest.raises(BadParameter, match="as_of .* is not within 1900 to 2199"):
        parse_period("last-week", instant, "Europe/Rome")


@pytest.mark.parametrize("text", ["1900-01-01", "2199-12-31T23:59:59Z"])
@pytest.mark.parametrize("zone", ["UTC", "Pacific/Kiritimati", "America/New_York"])
def test_the_first_and_last_instant_are_read(text, zone):
    assert parse_period("2024", resolve_as_of(text), zone).days == 366


def test_settings_survive_being_prepared():
    service = Service.model_validate(
        {
            "opening_hours": {"monday": ["22:00-02:00"]},
            "holidays": {"dates": ["2024-04-24"]},
            "costs": {"phone": 6, "currency": "EUR"},
        }
    )
    assert service.currency == "EUR"
    assert Service.model_validate(service.model_dump(mode="json")) == service


def test_a_currency_stands_among_the_costs_and_alone_sets_none():
    service = Service.model_validate({"costs": {"phone": 6, "currency": "EUR"}})
    assert (service.costs, service.currency) == ({"phone": 6.0}, "EUR")
    alone = Service.model_validate({"costs": {"currency": "EUR"}})
    assert alone.costs == Service().costs and "costs" not in alone.model_fields_set


# Who holds the settings where they are read: `service.costs`, `settings_of(rows).costs`, `targets.csat`.
HOLDERS = {
    Service: {"service", "settings", "settings_of"},
    Targets: {"targets"},
    Expectation: {"one", "expected"},
    Topic: {"topic"},
}


def last_name(node):
    """`settings_of` of `settings_of(rows).costs`."""
    node = node.func if isinstance(node, ast.Call) else node
    return getattr(node, "attr", getattr(node, "id", ""))


def read_anywhere():
    """(who, name) of each attribute that some module but service.py reads; of the targets also what is asked by name."""
    here, found = Path(toolkit.service.__file__), set()
    for path in here.parent.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))) if path != here else ():
            if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Load):
                found.add((last_name(node.value), node.attr))
            if isinstance(node, ast.Call) and last_name(node) in ("target_of", "with_target"):
                found |= {("targets", argument.value) for argument in node.args if isinstance(argument, ast.Constant)}
    return found


def test_every_setting_has_a_reader():
    read = read_anywhere()
    unread = {
        (model, name)
        for model, holders in HOLDERS.items()
        for name in model.model_fields
        if not any((holder, name) in read for holder in holders)
    }
    assert unread <= {(Service, "holidays")}
    assert ("service", "closed_days") in read


def test_a_part_of_a_country_by_code_or_name():
    for name in ("BZ", "Bolzano"):
        assert Holidays(country="IT", subdivision=name).subdivision == name


@pytest.mark.parametrize("name", sorted(Holidays.model_fields))
def test_every_setting_of_holidays_moves_the_closed_days(name):
    set_to = {"country": "IT", "subdivision": "BZ", "dates": ["2024-05-02"], "working": ["2024-05-01"]}[name]
    base = {"country": "IT", "dates": ["2024-05-03"]} if name != "country" else {}
    days = [
        Service.model_validate({"holidays": one}).closed_days(datetime.date(2024, 5, 1), datetime.date(2024, 5, 31))
        for one in (base, base | {name: set_to})
    ]
    assert days[0] != days[1]
