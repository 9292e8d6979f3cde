"""The words of tiles."""

import pytest

from toolkit.cards import card_texts

CARD = {
    "metric": "abandonment_rate", "column": "abandonment_rate", "minimum_count": 10,
    "value": 0.143, "unit": "rate", "n": 1204, "case": "call",
    "low": 0.124, "high": 0.164, "previous": 0.115, "previous_n": 900, "change": 0.028,
    "change_low": 0.003, "change_high": 0.053, "verdict": "clear", "direction": "worse",
    "target": 0.05, "status": "off", "population": "all", "note": None,
}  # fmt: skip
COUNT = {"metric": "inbound_volume", "column": "n", "unit": "count", "value": 1204, "low": None, "high": None}
COUNT |= {"previous": 1075, "change": 0.12, "target": None, "status": "none", "direction": "none"}
WAIT = {"metric": "first_response_time", "column": "median_seconds", "unit": "seconds", "value": 14400, "target": None}
WAIT |= {"low": 10080, "high": 24840, "previous": 11040, "change": 3360, "status": "none", "verdict": "chance"}


def texts(change):
    return {name: text.replace("\N{NO-BREAK SPACE}", " ") for name, text in card_texts(CARD | change).items()}


@pytest.mark.parametrize(
    "change, said",
    [
        ({}, {"label": "Abandonment", "value": "14 %", "interval": "12 to 16", "cases": "1,204 calls"}),
        ({"value": 0.05, "low": 0.041, "high": 0.12}, {"value": "5 %", "interval": "4 to 12"}),
        ({"value": 0.048, "low": 0.041, "high": 0.12}, {"value": "4.8 %", "interval": "4.1 to 12"}),
        ({}, {"arrow": "▲", "change": "2.8 points", "verdict": "worse, clear change", "direction": "worse"}),
        ({"change": -0.028}, {"arrow": "▼", "change": "2.8 points"}),
        ({"change": 0.0001, "verdict": "chance"}, {"arrow": "", "change": "unchanged", "verdict": ""}),
        # a target beside the bullet, else the period before: each once
        ({}, {"beside": "target 5 %", "before": "before 12 %"}),
        ({"target": None, "status": "none"}, {"beside": "before 12 %"}),
        ({"target": None, "status": "none", "previous": None, "change": None}, {"beside": "", "before": ""}),
        ({"previous_n": 3, "status": "none", "target": None}, {"beside": "", "before": ""}),  # too few to show
        # how it stands, in the same words as everywhere
        ({}, {"status": "off", "standing": "off target"}),
        ({"status": "near"}, {"status": "near", "standing": "near"}),
        ({"status": "on"}, {"standing": "on target"}),
        ({"target": None, "status": "none"}, {"status": "none", "standing": "no target"}),
        # a verdict is said wherever there is a change
        ({"direction": "better"}, {"verdict": "better, clear change", "direction": "better"}),
        ({"direction": "none"}, {"verdict": "clear change", "direction": "none"}),  # a volume is neither
        ({"direction": "none", "verdict": "chance"}, {"verdict": "could be chance"}),
        ({"verdict": "chance"}, {"verdict": "could be chance", "direction": "none"}),
        ({"verdict": "no history"}, {"verdict": "too little history to tell", "direction": "none"}),
        ({"verdict": "not comparable"}, {"verdict": "not comparable"}),
        ({"change": None, "verdict": "few"}, {"change": "", "arrow": "", "verdict": "too few"}),
        ({"previous": None, "change": None}, {"change": "", "before": "", "verdict": ""}),
        (COUNT | {"verdict": "chance"}, {"verdict": "could be chance", "arrow": "▲", "change": "12 %"}),
        (COUNT | {"verdict": None}, {"verdict": "", "change": "12 %"}),
        # a count is no case of itself
        (COUNT, {"value": "1,204", "cases": "", "interval": "", "beside": "before 1,075"}),
        (COUNT | {"population": "every"}, {"interval": "all channels", "label": "Calls"}),
        (COUNT | {"low": 1100, "high": 1310}, {"interval": "1,100 to 1,310"}),
        (COUNT | {"n": 1300}, {"cases": "1,300 calls"}),
        (COUNT | {"change": -0.022, "per_day": True}, {"arrow": "▼", "change": "2.2 % fewer a day"}),
        (COUNT | {"value": 0, "n": 0, "change": None}, {"value": "0", "cases": ""}),
        # whose figure it is
        ({"population": "written"}, {"label": "Abandonment, written", "interval": "12 to 16"}),
        ({"population": "written", "low": None}, {"label": "Abandonment", "interval": "written"}),
        ({"population": "all"}, {"label": "Abandonment"}),
        # times, with the unit once
        (WAIT, {"value": "4 h", "interval": "2.8 to 6.9", "arrow": "▲", "change": "56 min", "before": "before 3.1 h"}),
        (WAIT | {"value": 30, "low": 24, "high": 35}, {"value": "30 s", "interval": "24 to 35"}),
        (WAIT | {"value": 3300, "low": 2880, "high": 4320}, {"value": "55 min", "interval": "48 min to 1.2 h"}),
        (WAIT | {"high": None}, {"value": "4 h", "interval": "at least 2.8 h"}),
        (
            WAIT | {"value": None, "low": 162000, "high": None, "change": None, "note": "not_reached"},
            {"value": "not reached", "interval": "at least 1.9 d", "note": "fewer have been so far", "change": ""},
        ),
        (
            {"metric": "average_speed_of_answer", "column": "within_target", "within_seconds": 20},
            {"label": "Answered within 20 s"},
        ),
        ({"metric": "first_response_time", "column": "within_target"}, {"label": "Answered in target"}),
        ({"within_seconds": 3600}, {"label": "Abandonment: 1 h"}),
        # nothing to show
        (
            {"n": 1, "note": "few", "status": "none", "value": None},
            {"value": "too few", "note": "1 call, fewer than 10", "status": "few", "standing": "", "interval": ""},
        ),
        ({"n": 1, "note": "few"}, {"change": "", "arrow": "", "verdict": "", "beside": "", "before": ""}),
        ({"n": 0, "note": "no_data"}, {"value": "no data", "note": "no case in this period", "interval": ""}),
        ({"value": None, "low": None}, {"value": "–", "interval": ""}),
        ({"note": ("tables.notes.more", {"n": 1})}, {"note": "1 more row not shown."}),
        # labels
        (
            COUNT | {"case": "conversation", "population": "every"},
            {"label": "Conversations", "interval": "all channels"},
        ),
        (COUNT | {"case": "contact"}, {"label": "Contacts"}),
        (WAIT | {"population": "written"}, {"label": "Median wait, written"}),
        (COUNT | {"metric": "csat"}, {"label": "Surveys answered"}),
        (COUNT | {"metric": "csat", "column": "sent_count"}, {"label": "CSAT: Surveys sent"}),
        ({"label": "My own"}, {"label": "My own"}),
        ({"metric": "csat", "column": "mean", "unit": "score", "value": 4.1}, {"label": "Mean score", "value": "4.10"}),
    ],
)
def test_a_card_in_words(change, said):
    made = texts(change)
    assert {name: made[name] for name in said} == said


def test_every_text_of_a_card_is_a_text():
    names = {"label", "value", "interval", "status", "standing", "beside", "before", "arrow", "change", "verdict"}
    for change in ({}, COUNT, WAIT, {"note": "few"}, {"note": "no_data"}, {"value": None, "low": None, "change": None}):
        made = card_texts(CARD | change)
        assert set(made) == names | {"direction", "note", "cases", "year_ago", "name", "population"}
        assert all(isinstance(text, str) and "nan" not in text and "None" not in text for text in made.values())


def test_the_period_before_is_said_once():
    said = [text for change in ({}, COUNT, WAIT) for text in card_texts(CARD | change).values()]
    assert not any("before" in text and "·" in text for text in said)
    assert card_texts(CARD | COUNT)["beside"] == card_texts(CARD | COUNT)["before"]
