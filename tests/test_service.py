"""service.toml: a mistake is named by key, value and what is allowed."""

import ast
import datetime
from pathlib import Path

import pytest

import toolkit.service
from toolkit.errors import BadSettings
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
        ("as_of = 2024-03-01T10:00:00", ["as_of", "offset"]),
        ("short_abandon = 'soon'", ["short_abandon", "soon", "'20s'"]),
        ("[opening_hours]\nmonday = '9-18'", ["opening_hours", "monday", "list of spans"]),
        ("[opening_hours]\nmondy = ['09:00-18:00']", ["mondy", "did you mean 'monday'"]),
        ("[opening_hours]\nmonday = ['9 to 5']", ["9 to 5", "09:00-13:00"]),
        ("[opening_hours]\nmonday = ['25:00-26:00']", ["25:00", "within a day"]),
        ("[opening_hours]\nmonday = ['09:00-13:00', '12:00-18:00']", ["monday", "overlap"]),
        ("[opening_hours]\nmonday = ['22:00-04:00']\ntuesday = ['03:00-09:00']", ["tuesday", "overlap"]),
        ("[opening_hours]\nsunday = ['22:00-04:00']\nmonday = ['03:00-09:00']", ["overlap"]),
        ("[holidays]\ncountry = 'Italy'", ["holidays.country", "Italy", "IT"]),
        ("[holidays]\ndates = ['christmas']", ["holidays.dates", "christmas"]),
        ("[targets]\ncsat = 80", ["targets.csat", "80", "less than or equal to 1"]),
        ("[targets]\nfirst_respons = {}", ["targets.first_respons", "did you mean 'first_response'"]),
        ("[topics.billing]\nkeywords = []", ["topics.billing.keywords"]),
        ("[topics.billing]\nkeyword = ['x']", ["topics.billing.keyword", "did you mean 'keywords'"]),
        ("[costs]\nphone = -1", ["costs.phone", "-1"]),
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


@pytest.mark.parametrize("name", sorted(Holidays.model_fields))
def test_every_setting_of_holidays_moves_the_closed_days(name):
    set_to = {"country": "IT", "subdivision": "BZ", "dates": ["2024-05-02"], "working": ["2024-05-01"]}[name]
    base = {"country": "IT", "dates": ["2024-05-03"]} if name != "country" else {}
    days = [
        Service.model_validate({"holidays": one}).closed_days(datetime.date(2024, 5, 1), datetime.date(2024, 5, 31))
        for one in (base, base | {name: set_to})
    ]
    assert days[0] != days[1]
