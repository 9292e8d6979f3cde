"""Members of a team beside the others: at an equal mix, without a ranking, and only beyond chance."""

import math
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import toolkit
from toolkit import findings, metrics, plots, standardise
from toolkit.errors import BadParameter, MissingColumn
from toolkit.metrics.team import team_report
from toolkit.table_html import tables_of

START = pd.Timestamp("2024-03-01T09:00Z")


def of(surveys=None, **tables):
    return SimpleNamespace(surveys=surveys, **tables)


def answers(*cells):
    """Surveys of (agent, topic, how many satisfied, how many not)."""
    rows = [
        {"agent": agent, "topic": topic, "score": score}
        for agent, topic, good, bad in cells
        for score in [5] * good + [1] * bad
    ]
    return pd.DataFrame(rows, columns=["agent", "topic", "score"])


def row(report, member):
    return report[report[report.attrs["by"][0]] == member].iloc[0]


def test_who_has_the_hard_cases_is_not_held_against_the_others():
    """Ada is as good as Bo in each topic, but has mostly the hard one."""
    report = team_report(of(answers(("Ada", "hard", 40, 40), ("Ada", "easy", 18, 2), ("Bo", "hard", 10, 10), ("Bo", "easy", 72, 8))), metrics.csat)  # fmt: skip
    ada, bo = row(report, "Ada"), row(report, "Bo")
    assert (ada["unadjusted"], bo["unadjusted"]) == (0.58, 0.82)
    assert ada["adjusted"] == pytest.approx(0.7) and bo["adjusted"] == pytest.approx(0.7)
    assert ada["difference"] == pytest.approx(0) and set(report["verdict"]) == {"chance"}
    told = findings.tell(report)
    assert told.heading == "No agent clearly differs from the others in CSAT, at an equal mix of topic"
    assert told.highlight is None


def test_who_is_worse_in_each_topic_is_named():
    cells = [("Ada", "a", 20, 80), ("Ada", "b", 10, 90)]
    cells += [(name, topic, 80, 20) for name in ("Bo", "Cy", "Di") for topic in "ab"]
    report = team_report(of(answers(*cells)), metrics.csat)
    assert report["agent"].tolist() == ["Ada", "Bo", "Cy", "Di"]  # by name: no one is the first
    ada = row(report, "Ada")
    assert (ada["verdict"], ada["adjusted"], ada["others"]) == ("clear", pytest.approx(0.15), pytest.approx(0.8))
    assert ada["difference"] == pytest.approx(-0.65)
    assert ada["difference_low"] < ada["difference"] < ada["difference_high"] < 0
    assert ada["adjusted"] < ada["shrunk"] < ada["others"]
    told = findings.tell(report)
    assert "Ada" in told.heading + told.note and "best" not in told.sentence and "worst" not in told.sentence


def test_several_are_named_in_the_order_of_their_names():
    cells = [(name, "a", 90, 10) for name in ("Di", "Ed", "Fe", "Gi")] + [("Zoe", "a", 20, 80), ("Ada", "a", 25, 75)]
    told = findings.tell(team_report(of(answers(*cells)), metrics.csat))
    assert told.heading == "6 of 6 agents clearly differ from the others in CSAT: Ada, Di, Ed, Fe, Gi and Zoe"
    assert told.heading.index("Ada") < told.heading.index("Zoe")
    assert [fact["value"] for fact in told.facts][0] == "Ada"


def test_what_belongs_to_nobody_is_in_no_figure():
    named = answers(("Ada", "a", 30, 10), ("Bo", "a", 30, 10))
    report = team_report(of(pd.concat([named, answers((None, "a", 0, 50))])), metrics.csat)
    assert report["agent"].tolist() == ["Ada", "Bo", "(none)"]
    assert row(report, "Ada")["others"] == 0.75 and report.attrs["team"] == pytest.approx(0.75)
    assert row(report, "(none)")["verdict"] == "untested" and math.isnan(row(report, "(none)")["adjusted"])
    assert "50 cases belong to nobody, and are in no one’s figure" in findings.tell(report).note


def test_waiting_that_belongs_to_nobody_yet_is_said():
    """An agent is known once a case is answered, so that nobody's waiting can be measured."""
    answered = pd.DataFrame({"agent": ["Ada", "Bo"] * 20, "topic": "a", "created_at": START})
    answered["first_response_at"] = START + pd.to_timedelta([5, 6] * 20, unit="min")
    waiting = pd.DataFrame({"agent": [None] * 12, "topic": "a", "created_at": START, "first_response_at": pd.NaT})
    data = of(conversations=pd.concat([answered, waiting], ignore_index=True))
    report = team_report(data, metrics.first_response_time, as_of=START + pd.Timedelta(hours=9))
    assert report.attrs["facts"] == {"unassigned": 12, "unassigned_open": 12, "open": 12}
    assert "The 12 that are still open belong to nobody yet" in findings.tell(report).note
    assert report.attrs["at"] == 300 and row(report, "Ada")["unadjusted"] == 1.0
    alt = plots.alternative_text(report, "").replace("\N{NO-BREAK SPACE}", " ")
    assert alt.startswith("Dots with whiskers: the share that had a first response within 5 min by agent,"), alt
    assert alt.endswith("from 0 % (Bo) to 100 % (Ada).")  # shares, and no median


@pytest.mark.parametrize(
    "cells, verdicts",
    [
        ([("Ada", "a", 30, 10)], ["few"]),  # one alone has no others
        ([("Ada", "a", 3, 1), ("Bo", "a", 30, 10)], ["few", "few"]),  # nor has Bo enough of them
        ([("Ada", "a", 30, 10), ("Bo", "b", 30, 10)], ["not comparable"] * 2),  # nothing in common
        ([("Ada", None, 30, 10), ("Bo", None, 30, 10)], ["chance"] * 2),  # a missing topic is a cell as any
        ([], []),
    ],
)
def test_edges(cells, verdicts):
    report = team_report(of(answers(*cells)), metrics.csat)
    assert report["verdict"].tolist() == verdicts
    assert findings.tell(report).heading
    tables_of(report)


def test_a_metric_that_is_no_share_is_refused():
    opened = pd.DataFrame({"agent": ["Ada", "Bo"], "created_at": [START, START]})
    with pytest.raises(BadParameter, match="inbound_volume is none"):
        team_report(of(conversations=opened), metrics.inbound_volume)
    with pytest.raises(MissingColumn, match="team"):
        team_report(of(answers(("Ada", "a", 1, 1))), metrics.csat, by="team")


@pytest.mark.parametrize("name", ["csat", "sla_compliance", "average_speed_of_answer", "first_response_time"])
def test_every_kind_is_told_drawn_and_tabled(name):
    data = toolkit.open_data("data/sample", period="2024-04")
    report = team_report(data, getattr(metrics, name))
    told = findings.tell(report)
    assert told.heading and "nan" not in told.sentence
    ax = plots.plot(report)
    drawn = [text.get_text() for text in ax.texts if text.get_label() == "name"]
    assert drawn == sorted(drawn, key=str.casefold) or "(unassigned)" in drawn[-1]
    plots.close(ax.figure)
    key = [text.get_text() for text in ax.texts if text.get_text().startswith(("overall", "all members"))]
    assert len(key) == 1 and key[0].startswith("all members")  # without the cases of nobody
    (table,) = tables_of(report)[:1]
    assert "Difference" in table["html"] and "At an equal mix" in table["html"]


cell = st.tuples(st.sampled_from("ABC"), st.sampled_from("xyz"), st.integers(0, 9), st.integers(0, 9))


@given(st.lists(cell, min_size=3, max_size=12))
@settings(max_examples=settings.default.max_examples * 18 // 100)
def test_against_plain_sums(cells):
    """Direct standardisation row by row: of the cells that both sides have, each by its share in all the work."""
    frame = answers(*cells)
    if not len(frame):
        return
    report = team_report(of(frame), metrics.csat, mix=["topic"])
    good = frame["score"] >= 4
    for member, mine in frame.groupby("agent"):
        told = row(report, member)
        rest = frame[frame["agent"] != member]
        assert told["n"] == len(mine) and told["unadjusted"] == pytest.approx(good[mine.index].mean())
        shared = [topic for topic in "xyz" if (mine["topic"] == topic).any() and (rest["topic"] == topic).any()]
        sizes = {topic: (frame["topic"] == topic).sum() for topic in shared}
        covered = sum(sizes.values()) / len(frame)
        if len(mine) < 10 or len(rest) < 10 or covered < 0.5:
            assert math.isnan(told["adjusted"]) and told["verdict"] in ("few", "not comparable")
            continue
        sides = [
            sum(sizes[topic] * good[side.index[side["topic"] == topic]].mean() for topic in shared)
            / sum(sizes.values())
            for side in (mine, rest)
        ]
        assert [told["adjusted"], told["others"]] == pytest.approx(sides)
        assert told["difference"] == pytest.approx(sides[0] - sides[1])
        assert told["adjusted_low"] <= told["adjusted"] <= told["adjusted_high"]
        assert told["difference_low"] <= told["difference"] <= told["difference_high"]


def test_equal_members_are_seldom_told_apart():
    """Of teams whose members are all alike at most about one in twenty has anyone who is called different."""
    random, found, rounds = np.random.default_rng(3), 0, 25  # without the correction a third of them has one
    for _ in range(rounds):
        cells = []
        for member in range(8):
            for topic, share in (("a", 0.5), ("b", 0.8)):
                n = int(random.integers(5, 40))
                good = int(random.binomial(n, share))
                cells.append((f"m{member}", topic, good, n - good))
        found += (team_report(of(answers(*cells)), metrics.csat)["verdict"] == "clear").any()
    assert found <= 0.15 * rounds


def test_shrinking_keeps_the_order_and_the_middle():
    values, variances = np.array([0.1, 0.3, 0.5, 0.6, np.nan]), np.array([0.01, 0.01, 0.01, 0.01, 0.01])
    made = standardise.shrunk(values, variances)
    assert np.isnan(made[4]) and (np.diff(made[:4]) > 0).all()
    assert made[:4].mean() == pytest.approx(values[:4].mean())
    assert np.ptp(made[:4]) < np.ptp(values[:4])
    assert standardise.shrunk(values[:3], variances[:3]).tolist() == values[:3].tolist()  # of three nothing is known
    certain = standardise.shrunk(values[:4], np.full(4, 1e-9))
    assert certain == pytest.approx(values[:4], abs=1e-6)


def test_the_most_uncertain_are_drawn_the_most():
    made = standardise.shrunk([0.2, 0.9, 0.9, 0.1, 0.5], [0.001, 0.001, 0.05, 0.001, 0.001])
    assert made[2] < made[1] < 0.9
