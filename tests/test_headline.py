"""The headline: off target first, then what clearly changed, what goes together once, and nothing that isn't so."""

import copy
import itertools
import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from toolkit import metrics, words
from toolkit.cards import card_texts
from toolkit.headline import LONGEST, _seen, headline, overview
from toolkit.metrics import compare
from toolkit.report.render import environment
from toolkit.verdicts import holm

EMPTY = {"n": 90, "low": None, "high": None, "p": None, "verdict": None, "change": None, "previous": None}
EMPTY |= {"direction": "none", "target": None, "status": "none", "note": None, "population": "all", "history": []}


def card(metric="csat", value=0.7, column=None, unit="rate", case="answer", **more):
    return EMPTY | {"metric": metric, "column": column or metric, "value": value, "unit": unit, "case": case} | more


def lost(value=0.14, status="off", **more):
    return card("abandonment_rate", value, case="call", target=0.05, status=status, **more)


def happy(value=0.73, status="off", **more):
    return card("csat", value, target=0.8, status=status, **more)


def volume(value=900, **more):
    return card("inbound_volume", value, "n", "count", "contact", **more)


def moved(of, before, p=0.001, verdict="clear"):
    return of | {"previous": before, "change": of["value"] - before, "p": p, "verdict": verdict}


def fact(metric, key="topic", value="fault", kind="standout", p=1e-6, weeks=(), direction="worse", score=None, **more):
    name = words.display_name(value, key)
    made = {"kind": kind, "metric": metric, "key": key, "value": value, "name": name, "n": 50, "direction": direction}
    made |= {
        "clause": f"{metric} of {name} {kind}",
        "text": f"{metric} of {name} {kind}.",
        "p": p,
        "weeks": list(weeks),
    }
    return made | {"score": score if score is not None else 5.0 if p else 1.0} | more


def plain(said):
    said = json.loads(json.dumps(said))  # what a bundle keeps
    return json.loads(json.dumps(said, ensure_ascii=False).replace("\xa0", " "))


def of(cards=(), facts=(), tested=None):
    tested = [one["p"] for one in facts if one["p"] is not None] if tested is None else tested
    return plain(headline(list(cards), list(facts), tested))


def bullets(said):
    return {one["kind"]: one["text"] for one in said["bullets"]}


CALM = moved(volume(), 880, 0.6, "chance")


# --- the title ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "cards, title",
    [
        ([lost(), CALM], "14 % of calls hung up before an agent answered (target 5 %); nothing clearly changed"),
        ([lost(), happy(), CALM], "Both figures with a target in this report miss it; nothing clearly changed"),
        (
            [lost(), happy(), happy(0.5, column="mean"), CALM],
            "All 3 figures with a target in this report miss it; nothing clearly changed",
        ),
        (
            [lost(), happy(0.75, "near"), CALM],
            "14 % of calls hung up before an agent answered (target 5 %); nothing clearly changed",
        ),
        (
            [lost(), happy(), happy(0.9, "on", column="other"), CALM],
            "2 of 3 figures with a target miss it: abandonment and CSAT; nothing clearly changed",
        ),
        (
            [lost(0.02, "on"), happy(0.9, "on"), CALM],
            "Both figures with a target in this report meet it; nothing clearly changed",
        ),
        ([lost(0.02, "on"), CALM], "The target is met; nothing clearly changed"),
        (
            [lost(0.06, "near"), happy(0.9, "on"), CALM],
            "Abandonment: 6 % (target 5 %), too few calls to tell; nothing clearly changed",
        ),
        (
            [lost(0.06, "near"), happy(0.75, "near"), happy(0.9, "on", column="other"), CALM],
            "2 of 3 figures with a target: too few cases to tell whether they meet it; nothing clearly changed",
        ),
        ([CALM], "Nothing clearly changed"),
        ([moved(volume(1200), 900)], "Contacts clearly rose to 1,200"),
        ([moved(happy(0.6), 0.8)], "60 % of answers were satisfied (target 80 %); CSAT clearly fell to 60 %"),
        ([happy()], "73 % of answers were satisfied (target 80 %)"),
        ([volume()], "Contacts: 900"),
        ([volume() | {"verdict": "not comparable", "previous": 90}], "Nothing that can be compared clearly changed"),
        ([volume(None, n=3, note="few", minimum_count=10)], "There are too few cases to tell"),
        ([], "There is nothing to tell"),
    ],
)
def test_titles(cards, title):
    assert of(cards)["title"] == title


@pytest.mark.parametrize(
    "facts, title",
    [
        # where the one figure that is off target is worst
        ([fact("abandonment_rate", "hour", "13")], "{lost}; abandonment_rate of 13 standout"),
        ([fact("abandonment_rate", "hour", "13", direction="better")], "{lost}; nothing clearly changed"),
        ([fact("csat", "hour", "13")], "{lost}; nothing clearly changed"),  # no change, and of another figure
        ([fact("csat", kind="change")], "{lost}; csat of Fault change"),
        ([fact("csat", weeks=["2024-04-15"], clause="x" * 99)], "{lost}; Fault stands out in the week of 15 April"),
        (
            [fact("csat", weeks=["2024-04-15"]), fact("reopen_rate", weeks=["2024-04-15"])],
            "{lost}; Fault stands out in the week of 15 April",
        ),
        ([fact("csat", kind="change"), fact("reopen_rate", kind="change")], "{lost}; Fault clearly changed"),
    ],
)
def test_titles_with_facts(facts, title):
    target = "14 % of calls hung up before an agent answered (target 5 %)"
    assert of([lost(), CALM], facts)["title"] == title.format(lost=target)


@pytest.mark.parametrize(
    "cards, facts, title",
    [
        ([volume()], [fact("csat", "hour", "16")], "Csat of 16 standout"),  # a month without one before it
        ([CALM], [fact("csat", "hour", "16")], "Csat of 16 standout"),
        ([CALM], [fact("csat", "hour", "16", direction="better")], "Nothing clearly changed"),
        ([lost(0.03, "on"), CALM], [fact("csat", "hour", "16")], "The target is met; nothing clearly changed"),
        # the first figure that is no count begins, where no target does
        ([volume(), card("csat", 0.7)], [fact("csat", "hour", "16")], "CSAT: 70 %; csat of 16 standout"),
        ([volume(), card("csat", 0.7)], [], "CSAT: 70 %"),
        ([volume()], [], "Contacts: 900"),
    ],
)
def test_titles_without_a_target(cards, facts, title):
    assert of(cards, facts)["title"] == title


def test_a_group_off_target_is_not_passed_over():
    groups = [fact("csat", kind="off", p=None, clause="26 % about billing were satisfied, off the target of 80 %")]
    said = of([happy(0.82, "on"), CALM], groups)
    assert said["title"] == "26 % about billing were satisfied, off the target of 80 %; nothing clearly changed"
    assert bullets(said)["off"] == "csat of Fault off."


# --- the bullets ----------------------------------------------------------------------------------


def test_bullets():
    cards = [lost(), happy(), moved(card("response_rate", 0.9, case="conversation"), 0.8), CALM]
    said = of([one | {"block": f"b{place}"} for place, one in enumerate(cards)])
    assert said["bullets"] == [
        {"kind": "off", "text": "Abandonment 14 % (target 5 %); CSAT 73 % (80 %).", "block": "b0"},
        {"kind": "changed", "text": "Answered at all 90 %, up from 80 %.", "block": "b2"},
        {"kind": "steady", "text": "No clear change in contacts.", "block": "b3"},
    ]


@pytest.mark.parametrize(
    "cards, kinds",
    [
        ([lost()], ["off"]),
        ([CALM], ["steady"]),
        ([moved(volume(1200), 900)], ["changed"]),
        ([volume()], ["off"]),  # nothing of any kind, nor anything earlier: then that is said
        ([], ["off"]),
    ],
)
def test_kinds_without_anything_are_left_out(cards, kinds):
    assert [one["kind"] for one in of(cards)["bullets"]] == kinds


def test_what_is_said_where_there_is_nothing():
    assert bullets(of([volume()])) == {
        "off": "No figure has a target.",
    }
    near = happy(0.62, "near")
    assert bullets(of([near])) == {"off": "CSAT: 62 % (target 80 %), too few answers to tell."}
    assert of([near])["title"] == "CSAT: 62 % (target 80 %), too few answers to tell"
    alone = plain(overview([report("a", [near])]))
    assert [(one["kind"], one["text"]) for one in alone["bullets"]] == [
        ("off", "CSAT: 62 % (target 80 %), too few answers to tell.")
    ]


def test_counts_of_unlike_periods():
    cards = [moved(volume(1160), 1240) | {"per_day": True, "change": 0.1}]
    assert bullets(of(cards))["changed"] == "Contacts 1,160, 10 % more a day than before."
    cards[0]["change"] = -0.05
    assert bullets(of(cards))["changed"] == "Contacts 1,160, 5 % fewer a day than before."


def test_many_steady_figures_are_counted():
    steady = [moved(card(f"m{n}", 0.5, label=f"Figure {n}"), 0.5, 0.9, "chance") for n in range(9)]
    assert bullets(of(steady))["steady"] == (
        "No clear change in Figure 0, Figure 1, Figure 2, Figure 3, Figure 4, Figure 5 and 3 other figures."
    )
    assert bullets(of(steady[:7]))["steady"].startswith(
        "No clear change in Figure 0, Figure 1, Figure 2, Figure 3, Figure 4, Figure 5 and F"
    )


def test_what_is_clear_by_itself_and_not_beside_the_others_is_not_steady():
    """Answered in time 67 to 54 %, p 0.02 among four tiles: not clear, and not shown to have stayed either."""
    fell = moved(card("response_rate", 0.54, case="conversation"), 0.67, 0.021, "chance")
    said = bullets(of([CALM, fell]))
    assert said["steady"] == "No clear change in contacts."
    assert said["changed"] == "Nothing clearly changed. May have changed: answered at all 54 %, down from 67 %."
    clear = moved(card("csat", 0.73), 0.8, 0.0001)
    assert bullets(of([fell, clear]))["changed"] == (
        "CSAT 73 %, down from 80 %. May have changed: answered at all 54 %, down from 67 %."
    )
    assert "steady" not in bullets(of([fell, clear]))
    assert bullets(of([moved(fell, 0.67, 0.051, "chance")]))["steady"] == "No clear change in answered at all."
    many = [moved(card(f"m{n}", 0.5, label=f"Figure {n}"), 0.4, 0.04, "chance") for n in range(5)]
    assert bullets(of(many))["changed"].endswith("Figure 2 50 %, up from 40 %; 2 other figures.")
    unknown = fell | {"previous": None}
    assert bullets(of([unknown]))["changed"].endswith("May have changed: answered at all 54 %.")
    assert bullets(overview([report("a", [fell])]))["steady"] == "Each other figure that was compared may have changed."
    clears = [moved(card(f"c{n}", 0.5, label=f"Clear {n}"), 0.4, 1e-6) for n in range(3)]
    assert "ay have" not in bullets(of([*clears, fell]))["changed"]  # no room
    told = bullets(of([*clears[:2], *many]))["changed"]
    assert told.endswith("May have changed: Figure 0 50 %, up from 40 %; 4 other figures.")
    # clear beside its own report's tiles, not beside those of all
    lone = moved(card("csat", 0.73), 0.8, 0.03, "clear")
    everything = bullets(plain(overview([report("a", [lone]), report("b", many)])))
    assert "CSAT 73 %, down from 80 %" in everything["changed"] and "Nothing clearly" in everything["changed"]


# --- what goes together ---------------------------------------------------------------------------


def week(metric, *weeks, **more):
    told = {"what": f"{metric} was 9 (3 in the other weeks)", "more": f"{metric} was 9 (3)"}
    return fact(metric, weeks=[f"2024-04-{day:02}" for day in weeks], **told | more)


@pytest.mark.parametrize(
    "facts, together",
    [
        ([week("csat", 15), week("reopen_rate", 15)], [("Fault", ["2024-04-15"], 2)]),
        ([week("csat", 8, 15), week("reopen_rate", 15)], [("Fault", ["2024-04-15"], 2)]),
        ([week("csat", 8), week("reopen_rate", 15)], []),  # never in one week
        ([week("csat", 15), week("csat", 15)], []),  # one metric
        ([week("csat", 15), week("reopen_rate", 15, value="bills")], []),  # two groups
        ([week("csat", 15), week("reopen_rate", 15, key="channel")], []),
        ([week("csat", 15), fact("reopen_rate", kind="change")], [("Fault", ["2024-04-15"], 2)]),
        ([fact("csat", kind="change"), fact("reopen_rate", kind="change")], [("Fault", [], 2)]),
        ([week("csat", 15), fact("reopen_rate")], []),  # what is so all the time is no change
        ([fact("csat"), fact("reopen_rate")], [("Fault", [], 2)]),  # but may be worse in both
        ([fact("csat"), fact("reopen_rate", direction="better")], []),
        ([week("csat", 15), week("reopen_rate", 15, p=0.04)], []),  # not clear beside the other
        (
            [week("csat", 15), week("reopen_rate", 15), week("csat", 15, value="b"), week("x", 15, value="b"), week("y", 15, value="b")],
            [("B", ["2024-04-15"], 3), ("Fault", ["2024-04-15"], 2)],
        ),
    ],
)  # fmt: skip
def test_what_goes_together(facts, together):
    seen = _seen([], facts, [0.5])
    assert [(one["name"], one["weeks"], len(one["metrics"])) for one in [*seen.together, *seen.alike]] == together


def test_it_is_named_once_and_without_a_because():
    facts = [week("csat", 15), week("reopen_rate", 15, score=4), fact("response_rate", kind="change")]
    said = of([], facts)
    assert bullets(said)["changed"] == (
        "Fault in the week of 15 April: csat was 9 (3 in the other weeks); in the same week reopen_rate was 9 (3); "
        "in the same period response_rate of Fault change."
    )
    assert said["title"] == "Fault stands out in the week of 15 April"


# --- the overview ---------------------------------------------------------------------------------


def report(name, cards=(), facts=(), tested=()):
    return {
        "name": name,
        "title": name,
        "html": f"{name}.html",
        "cards": [*cards],
        "facts": [*facts],
        "tested": [*tested],
    }


def test_the_overview_says_every_kind():
    said = plain(overview([report("a", [CALM])]))
    assert [(one["kind"], one["text"]) for one in said["bullets"]] == [
        ("off", "No figure has a target."),
        ("changed", "Nothing clearly changed."),
        ("steady", "No clear change in contacts."),
    ]
    met = plain(overview([report("a", [lost(0.02, "on")])]))
    assert bullets(met)["off"] == "Nothing is off target."
    assert [one.get("is_calm") for one in (*said["bullets"][:1], *met["bullets"][:1])] == [True, True]
    # which has no mark of an alarm, as what is off target has
    drawn = str(environment().get_template("macros.html.j2").module.bullets(said["bullets"][:1]))
    assert "Targets" in drawn and "Off target" not in drawn and "■" in drawn
    assert plain(overview([]))["title"] == "There is nothing to tell"


def test_the_overview_leads_to_the_sections():
    facts = [week("csat", 15, block="b2"), week("reopen_rate", 15, block="b3", score=3)]
    said = plain(overview([report("calls", [lost(block="b1")]), report("topics", [CALM], facts)]))
    assert [(one["kind"], one["href"]) for one in said["bullets"]] == [
        ("off", "calls.html#b1"), ("changed", "topics.html#b2"), ("steady", "topics.html"),
    ]  # fmt: skip
    assert said["look_at"][0]["href"] == "topics.html#b2"


def test_a_figure_of_two_reports_counts_once():
    said = plain(overview([report("a", [lost(), CALM]), report("b", [lost(), CALM])]))
    assert said["title"] == "14 % of calls hung up before an agent answered (target 5 %); nothing clearly changed"
    assert bullets(said)["off"] == "Abandonment 14 % (target 5 %)."


def test_what_to_look_at():
    """What goes together first, then the worst places of what is off target, then others; of a metric and column one."""
    facts = [
        fact("csat", "topic", "bills", score=3),
        fact("csat", "topic", "other", score=2),
        fact("abandonment_rate", "hour", "13", score=2.5),
        fact("abandonment_rate", "weekday", "Monday", score=2.2, direction="better"),
        fact("reopen_rate", "team", "Rome", score=6),
        week("csat", 15, value="fault", score=4),
        week("reopen_rate", 15, value="fault", score=4),
    ]
    said = plain(overview([report("a", [lost(), CALM], facts)]))
    names = [one["name"] for one in said["look_at"]]
    assert names == ["Fault", "13", "Rome"] and all(one["text"].endswith(".") for one in said["look_at"])
    many = [fact("abandonment_rate", key, "x", score=2) for key in "abcdefg"]
    assert len(overview([report("a", [lost()], many)])["look_at"]) == 5


def test_what_to_look_at_is_told_by_what_is_off_target_in_counts():
    """Of a group that is worst by several figures the one off target, the given first; how many of how many it were."""
    counted = {"counted": "5 of 19 answers were satisfied, 80 % of the others"}
    facts = [
        fact("reopen_rate", "topic", "bills", score=9),
        fact("csat", "topic", "bills", score=3, **counted),
        fact("abandonment_rate", "hour", "13", score=2),
        fact("service_level", "hour", "13", score=8),
        fact("reopen_rate", "team", "Rome", score=7),
        fact("handle_time", "team", "Rome", score=7),
    ]
    cards = [lost(), happy(), card("service_level", 0.5, target=0.8, status="off")]
    said = plain(overview([report("a", [*cards, CALM], facts)], ["csat", "abandonment_rate"]))["look_at"]
    assert [(one["name"], one["text"]) for one in said[:3]] == [
        ("Bills", "5 of 19 answers were satisfied, 80 % of the others."),
        ("13", "Abandonment_rate of 13 standout."),
        ("Rome", "Handle_time of Rome standout."),
    ]


# --- what is never said ---------------------------------------------------------------------------


def cards_of(draw):
    made = []
    for metric in draw(
        st.lists(st.sampled_from(["abandonment_rate", "csat", "response_rate", "out_of_hours_share"]), unique=True)
    ):
        value, before = draw(st.floats(0.05, 0.95)), draw(st.floats(0.05, 0.95))
        p = draw(st.sampled_from([None, 1e-9, 0.004, 0.02, 0.04, 0.3, 1.0]))
        status = draw(st.sampled_from(["off", "near", "on", "none", "few"]))
        one = card(metric, value, target=None if status == "none" else 0.5, status=status)
        verdict = None if p is None else "clear" if p <= 0.05 else "chance"
        made.append(one if p is None else moved(one, before, p, verdict))
    return made


def facts_of(draw):
    kinds = st.sampled_from(["change", "standout", "off"])
    made = []
    for place in range(draw(st.integers(0, 6))):
        kind = draw(kinds)
        p = None if kind == "off" else draw(st.sampled_from([1e-12, 1e-4, 0.004, 0.02, 0.2]))
        weeks = draw(st.lists(st.sampled_from(["2024-04-08", "2024-04-15"]), unique=True)) if kind == "standout" else []
        metric = draw(st.sampled_from(["csat", "reopen_rate", "sla_compliance"]))
        value, direction = draw(st.sampled_from("ab")), draw(st.sampled_from(["worse", "better", "none"]))
        mark = f"fact {place} of {kind}"
        told = {
            "clause": mark,
            "text": f"{mark.capitalize()}.",
            "what": mark,
            "more": mark,
            "score": draw(st.floats(0, 7)),
        }
        made.append(fact(metric, "topic", value, kind, p, weeks, direction, **told))
    return made


def test_of_places_as_clear_the_one_with_more_cases_is_told():
    facts = [fact("csat", "hour", str(hour), p=1e-12, score=7.1, n=n) for hour, n in ((0, 50), (16, 2700), (2, 11))]
    assert of([volume()], facts)["title"] == "Csat of 16 standout"


@given(st.data())
def test_nothing_is_claimed_that_is_not_clear(data):
    cards, facts = cards_of(data.draw), facts_of(data.draw)
    tested = [one["p"] for one in facts if one["p"]] + data.draw(
        st.lists(st.sampled_from([0.001, 0.2, 0.9]), max_size=9)
    )
    kept = copy.deepcopy((cards, facts, tested))
    said = headline(cards, facts, tested)
    assert (cards, facts, tested) == kept and headline(
        cards[:], facts[::-1], tested[::-1]
    ) == said  # the same each time
    assert 0 < len(said["title"]) <= LONGEST and not said["title"].endswith(".")
    texts = {one["kind"]: one["text"] for one in said["bullets"]}
    everything = " ".join([said["title"], *texts.values()])
    # a key figure is said to have changed where it did beside the others
    ps = [one["p"] for one in cards if one["p"]]
    clear = dict(zip(ps, holm(ps), strict=True))
    for one in cards:
        label, value = card_texts(one)["label"], card_texts(one)["value"]
        is_changed = one["p"] is not None and clear[one["p"]] <= 0.05
        surely = re.sub(r"May have changed: .*$", "", texts.get("changed", ""))
        assert is_changed or f"{label} {value}, " not in surely
        assert is_changed or not re.search(rf"{label} clearly", said["title"], re.IGNORECASE)
        assert (f"{label} {value} (".casefold() in texts.get("off", "").casefold()) == (one["status"] == "off")
    # a fact where it is clear beside everything
    every = ps + tested
    corrected = dict(zip(every, holm(every), strict=True))
    for one in facts:
        if one["kind"] != "off" and corrected[one["p"]] > 0.05:
            assert one["clause"] not in everything.casefold()
    if any(one["status"] == "off" for one in cards) or any(one["kind"] == "off" for one in facts):
        assert (
            "target is met" not in everything
            and "meet it" not in everything
            and "othing is off target" not in everything
        )
    for word in ("highest", "lowest", "worst", "because", "None", "nan"):
        assert word not in everything
    assert "  " not in everything and all(text.endswith(".") and text[0] == text[0].upper() for text in texts.values())


def test_a_long_search_hides_nothing_that_the_figures_say():
    negative = moved(card("csat", 0.35), 0.24, 0.0003)
    said = of([negative, CALM], tested=[0.5] * 400)
    assert bullets(said)["changed"] == "CSAT 35 %, up from 24 %."
    assert "changed" not in bullets(of([CALM], [fact("csat", kind="change", p=0.0003)], [0.0003] + [0.5] * 400))


# --- the sample -----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def april(sample):
    return sample.during("2024-04-01..2024-04-28")


def test_the_sample_says_what_matters_first(april):
    cards = compare.figures(
        april, (metrics.abandonment_rate, {}), (metrics.csat, {}), (metrics.sentiment_trend, {"every": None})
    )
    facts, tested = compare.scan(april, (metrics.inbound_volume, {}), (metrics.sentiment_trend, {"every": None}))
    said = plain(overview([report("all", cards, facts, tested)]))
    assert said["title"] == "Both figures with a target miss it; Internet fault stands out in the week of 15 April"
    assert bullets(said)["off"] == "Abandonment 14 % (target 5 %); CSAT 73 % (80 %)."
    assert bullets(said)["changed"].startswith(
        "Internet fault in the week of 15 April: the number of conversations was 178 (26 a week otherwise); in the same week "
        "the share of negative messages was 60 % (25 %). Negative messages 35 %, up from 24 %."
    )
    (one,) = _seen(cards, facts, tested).together
    assert (one["value"], one["weeks"], one["metrics"]) == (
        "internet_fault", ["2024-04-15"], ["inbound_volume", "sentiment_trend"],
    )  # fmt: skip
    # every number of a bullet is that of its tile
    for shown, text in itertools.product(cards[:2], (bullets(said)["off"],)):
        assert plain(card_texts(shown))["value"] in text


def test_it_is_said_in_other_languages_too(april):
    words.use(words.PSEUDO)
    try:
        said = headline([lost(), CALM], [week("csat", 15), week("reopen_rate", 15)], [])
    finally:
        words.use("en")
    assert said["title"].startswith("⟦") and all(one["text"].startswith("⟦") for one in said["bullets"])


def test_a_week_is_no_group():
    facts = [
        fact(name, "week", "2024-04-15", weeks=["2024-04-15"], name="the week of 15 April")
        for name in ("csat", "sla_compliance")
    ]
    said = of([happy(0.75, "near"), CALM], [*facts, facts[0] | {"kind": "off", "clause": "c" * 120}])
    assert said["title"].startswith("The week of 15 April is off target")
    assert "15 April in the week of" not in json.dumps(said) and "15 April stands out in" not in json.dumps(said)


def test_what_piles_up_is_told_without_a_verdict():
    grown = fact("new_and_closed", "", "", "stock", None, clause="backlog: 284 open", name="Backlog")
    said = of([happy(0.9, "on"), CALM], [grown])
    assert said["title"] == "The target is met; backlog: 284 open"
    assert bullets(said)["changed"] == "Backlog: 284 open."
    fall = [moved(card("csat", 0.5, column=f"c{place}", label=f"C{place}"), 0.9) for place in range(4)]
    assert bullets(of(fall, [grown]))["changed"].endswith("Backlog: 284 open.")  # though there is no room for all


def test_nothing_clearly_changed_besides_what_piles_up():
    """It is looked at in the overview, and no change there: neither says that nothing changed at all."""
    grown = fact(
        "new_and_closed", "", "", "stock", None, clause="backlog: 284 open", name="Backlog", inner="the backlog"
    )
    own = report("overview", [happy(0.9, "on"), CALM], [grown], tested=[0.5])
    said = plain(overview([own]))
    assert said["title"] == "The target is met; backlog: 284 open"
    assert bullets(said)["changed"] == "Nothing besides the backlog clearly changed."


def test_the_title_says_whose_targets_it_counts():
    own = report("overview", [lost(), happy(0.7, "off"), CALM], tested=[0.5])
    alone, both = plain(overview([own])), plain(overview([own], others=[own, report("team", [CALM])]))
    assert alone["title"].startswith("Both figures with a target miss it;")  # of one report, on the page of the reports
    assert both["title"].startswith("Both figures with a target miss it;")
    assert of([lost(), happy(0.7, "off"), CALM])["title"].startswith(
        "Both figures with a target in this report miss it;"
    )


def test_the_figures_with_a_target_of_all_reports_count_once():
    slow = card("service_level", 0.54, case="call", within_seconds=20, target=0.8, status="off", block="b1")
    own = report("overview", [lost(), happy(0.9, "on"), CALM], tested=[0.5])
    others = [own, report("calls", [lost(), slow, CALM]), report("team", [slow, volume(7)])]
    said = plain(overview([own], others=others))
    assert said["title"] == (
        "2 of 3 figures with a target miss it: abandonment and answered within 20 s; nothing clearly changed"
    )
    assert bullets(said)["off"] == "Abandonment 14 % (target 5 %); answered within 20 s 54 % (80 %)."
    assert bullets(said)["steady"] == "No clear change in contacts."
    met = plain(overview([report("overview", [CALM])], others=others))
    assert next(one for one in met["bullets"] if one["kind"] == "off")["href"] == "overview.html"
    many = [card(label=f"C{place}", column=f"c{place}", value=0.5, target=0.8, status="off") for place in range(9)]
    assert bullets(plain(overview([report("a", many)])))["off"].endswith("; C5 50 % (80 %); 3 other figures.")
