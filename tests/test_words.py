"""The catalogue of words: every metric has what its shape says, every template its values, every plural its forms."""

import datetime
import re
import string
import tomllib

import numpy as np
import pandas as pd
import pytest

from toolkit import words
from toolkit.errors import BadParameter
from toolkit.metrics.registry import METRICS
from toolkit.tables import PHONE_CHANNELS
from toolkit.words.catalogue import HERE

NEEDED = {  # besides title and definition
    "count": ["event"],
    "rate": ["subject", "event"],
    "wait": ["subject", "event", "ended"],
    "mean": ["subject"],
    "score": ["subject"],
    "shares": ["subject"],
    "curve": ["subject", "event"],
    "grid": ["subject"],
    "pull": ["subject", "event"],
    "figure": ["subject"],
    "tally": ["event"],
    "band": ["event"],
    "need": [],
    "team": ["subject"],
    "contribution": ["subject"],
    "sums": ["subject", "event"],
    "listing": ["event"],
    "comparison": [],
}


@pytest.fixture(autouse=True)
def _english():
    yield
    words.use("en")


def messages(entry, path=""):
    """(key, message) of every text below an entry; the forms of a plural are one message each."""
    for name, value in entry.items():
        key = f"{path}.{name}" if path else name
        yield from messages(value, key) if isinstance(value, dict) else [(key, value)]


def placeholders(message):
    return {name for _, name, _, _ in string.Formatter().parse(message) if name is not None}


ENGLISH = {}
for file in sorted((HERE / "en").glob("*.toml")):
    ENGLISH |= dict(messages(tomllib.loads(file.read_text(encoding="utf-8"))))


@pytest.mark.parametrize("name", METRICS)
def test_a_metric_has_the_words_of_its_shape(name):
    for key in ["title", "definition", *NEEDED[METRICS[name].shape]]:
        assert words.has(f"metric.{name}.{key}"), f"metric.{name}.{key}"
    assert words.has(f"case.{METRICS[name].case}")


def test_no_words_are_left_of_a_metric_that_is_gone():
    assert set(words.entry("metric")) == set(METRICS)


def test_placeholders_are_those_that_the_heads_of_the_files_name():
    known = {
        "metric": {"n", "low", "time", "within", "where"},
        "case": {"n"},
        "place": {"name"},
        "unit": {"shown"},
        "part": {"low", "high"},
        "name": {"quarter", "year", "name", "value"},
        "choices": {"value"},
        "estimate": {"value", "low", "high"},
        "figure": {"value", "cases", "low", "hits", "so_far"},
    }
    for key, message in ENGLISH.items():
        table = key.split(".")[0]
        if table in known and not {"also", "told", "refused", "open", "plain"} & set(key.split(".")):
            assert placeholders(message) <= known[table], key


def faults(key, message):
    """What is wrong with how a message is written."""
    if "`" in message and not key.startswith("notebooks."):  # the notebooks' own texts show code as code
        yield "code"
    if "  " in message or message != message.strip():
        yield "blanks"
    if not all(name.isidentifier() for name in placeholders(message)):
        yield "placeholders"
    # terms of statistics stand in the definitions, and a unit after a no-break space
    is_explained = key.endswith(("definition", "contested", "systems", "source"))
    if re.search(r"\d %|\b(censored|hazard|distinguishable)\b", message) and not is_explained:
        yield "terms"


def test_each_message_is_well_formed():
    found = {key: list(faults(key, message)) for key, message in ENGLISH.items()}
    assert len(found) > 1000 and {key: wrong for key, wrong in found.items() if wrong} == {}


@pytest.mark.parametrize(
    "message, fault",
    [
        ("a `b`", "code"),
        (" a", "blanks"),
        ("a  b", "blanks"),
        ("{a.b}", "placeholders"),
        ("5 %", "terms"),
        ("a hazard", "terms"),
    ],
)
def test_a_fault_of_a_message_is_found(message, fault):
    assert list(faults("x.title", message)) == [fault]


def test_every_sentence_is_said():
    folder = HERE.parent / "findings"
    code = " ".join(
        path.read_text(encoding="utf-8")
        for path in [*folder.glob("*.py"), *HERE.glob("*.py"), HERE.parent / "verdicts.py"]
    )
    for key in {re.sub(r"\.(one|other)$", "", key) for key in ENGLISH}:
        if key.startswith(("sentence.", "figure.", "estimate.")):
            assert re.search(rf"\b{key.rsplit('.', 1)[1].split('_')[0]}", code), key


def test_plurals_have_all_their_forms():
    from babel import Locale

    for language in words.languages():
        forms = Locale.parse(language).plural_form.tags | {"other"}
        for key in {name.rsplit(".", 1)[0] for name in ENGLISH if name.endswith(".one")}:
            assert set(words.entry(key)) == forms, (language, key)


@pytest.mark.parametrize(
    "n, said",
    [(1, "1 call"), (0, "0 calls"), (2, "2 calls"), (1200, "1,200 calls"), (1.5, "1.5 calls"), (12.0, "12 calls")],
)
def test_a_count_agrees_with_its_noun(n, said):
    assert words.text("case.call", n=n) == said


@pytest.mark.parametrize(
    "value, key, said",
    [
        ("web_chat", "channel", "Web chat"),
        ("x", "channel", "X"),
        ("whatsapp", None, "WhatsApp"),
        ("hold_message", "stage", "Hold message"),
        ("mobile_app", "topic", "Mobile app"),
        ("billing", "topic", "Billing"),
        ("regular activity", "topic", "Regular activity"),
        ("de la Cruz", "agent", "de la Cruz"),
        ("VIP_North", "queue", "VIP North"),
        ("Kraków", "team", "Kraków"),
        ("Sara Gallo", "agent", "Sara Gallo"),
        ("$a$ <b>", "topic", "$a$ <b>"),
        ("", "topic", "(empty)"),
        (None, "agent", "(unassigned)"),
        ("(none)", "team", "(unassigned)"),
        (np.nan, "topic", "(none)"),
        (pd.NaT, "day", "(none)"),
        (9, "hour", "09:00"),
        (np.int64(13), "hour", "13:00"),
        ("9", "hour", "9"),
        ("Monday", "weekday", "Monday"),
        (pd.Timestamp("2024-04-15"), "week", "15 April"),
        (np.datetime64("2024-04-15"), "month", "April 2024"),
        (datetime.date(2024, 4, 15), "quarter", "Q2 2024"),
        (pd.Timestamp("2024-01-01"), "year", "2024"),
        (3, "priority", "3"),
        ("a\n<b>\x00\u202ec", "topic", "A <b> c"),
        ("y" * 99, "topic", "Y" + "y" * 58 + "…"),
    ],
)
def test_display_name(value, key, said):
    assert words.display_name(value, key) == said


def test_names_of_the_catalogue_stand_within_a_sentence_as_they_are():
    assert words.display_name("web_chat", "channel", in_sentence=True) == "web chat"
    assert words.display_name("mobile_app", "topic", in_sentence=True) == "Mobile app"


@pytest.mark.parametrize(
    "values, said",
    [
        ({"hour": 13}, "at 13:00"),
        ({"weekday": "Monday"}, "on Monday"),
        ({"week": pd.Timestamp("2024-04-15")}, "in the week of 15 April"),
        ({"month": pd.Timestamp("2024-04-01")}, "in April 2024"),
        ({"queue": "care_desk", "hour": 9}, "for Care desk at 09:00"),
        ({"week": "even"}, "for Even"),  # a column of the data's own
        ({"stage": "main_menu"}, "at main menu"),
        ({"agent": None}, "for (unassigned)"),
    ],
)
def test_place(values, said):
    assert words.place(values) == said


@pytest.mark.parametrize(
    "seconds, said",
    [(0, "0 s"), (45, "45 s"), (726, "12.1 min"), (3599, "1 h"), (86_400, "24 h"), (216_000, "2.5 d"), (-30, "−30 s")],
)
def test_duration(seconds, said):
    assert words.duration(seconds).replace(words.NO_BREAK, " ") == said
    assert " " not in words.duration(seconds)


@pytest.mark.parametrize(
    "value, low, high, unit, said",
    [
        (0.1408, 0.1105, 0.178, "rate", "14 % (11 to 18)"),
        (0.0275, 0.019, 0.041, "rate", "2.8 % (1.9 to 4.1)"),
        (0.05, 0.05, 0.05, "rate", "5 %"),
        (0.0996, 0.08, 0.12, "rate", "10 % (8 to 12)"),
        (0.997, 0.98, 1.0, "rate", "99.7 % (98 to 100)"),
        (0.0, 0.0, 0.037, "rate", "0 % (0 to 3.7)"),
        (0.0003, 0.0, 0.001, "rate", "less than 0.1 % (0 to 0.1)"),
        (60, 50, 70, "seconds", "1 min (50 s to 1.2 min)"),
        (2010, 1686, 2460, "seconds", "33.5 min (28.1 to 41)"),
        (14400, 10080, np.nan, "seconds", "4 h (2.8 h or more)"),
        (14400, np.nan, np.nan, "seconds", "4 h"),
        (0.028, 0.009, 0.047, "points", "2.8 points (0.9 to 4.7)"),
        (0.01, -0.012, 0.03, "points", "1 point (−1.2 to 3)"),
        (4.2, 4.0, 4.41, "score", "4.20 (4.00 to 4.41)"),
    ],
)
def test_estimate(value, low, high, unit, said):
    assert words.estimate(value, low, high, unit).replace(words.NO_BREAK, " ") == said


def test_choices_are_named_and_unknown_ones_shown_as_they_are():
    assert words.choice("clock", "business") == ("Clock", "opening hours only")
    assert words.choice("low", 3) == ("Low up to", "3")  # no column of that name is meant
    assert words.choice("no_such_thing", "a_b") == ("No such thing", "a_b")
    assert words.choice("every", None) == ("Per", "the whole period")
    assert all("title" in choice for choice in words.entry("choices").values())


def test_verdicts_have_one_name_each():
    codes = ["clear", "chance", "few", "no history", "not comparable", "untested"]
    said = [words.verdict(code) for code in codes]
    assert said[0] == "clear change" and words.verdict("clear", "difference") == "clear difference"
    assert len(set(said)) == len(codes)


def test_channels_of_the_phone_have_a_name():
    assert all(words.display_name(channel) for channel in PHONE_CHANNELS)


def test_the_pseudo_language_wraps_every_message():
    words.use("pseudo")
    assert words.language() == "pseudo"
    assert words.text("case.call", n=2) == "⟦2 calls⟧"
    assert words.display_name("web_chat") == "⟦Web chat⟧" and words.display_name("Kraków") == "Kraków"
    assert words.sentence_case(words.text("metric.csat.event", n=1)) == "⟦Was satisfied⟧"


def test_a_language_that_is_not_there_is_refused():
    with pytest.raises(BadParameter, match="there are: en"):
        words.use("english")


def test_a_message_that_is_not_there_is_an_error():
    with pytest.raises(KeyError, match="no message"):
        words.text("metric.csat")


def test_words_are_light():
    import subprocess
    import sys

    code = "import sys, toolkit.words; sys.exit(any(m in sys.modules for m in ('pandas', 'babel', 'matplotlib')))"
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0
