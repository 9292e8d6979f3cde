"""Do the intervals hold what they promise? Seeded simulations, each beside the method that it replaced where that fails.

Nominal are 95 % and 5 %. The bounds leave room for the simulation's own error (about 0.7 points at 1,000 rounds).
"""

import csv

import numpy as np
import pytest

from toolkit.contributions import pull_interval
from toolkit.intervals import (
    Incidence,
    clustered_rate,
    count_interval,
    mean_interval,
    mean_of_scores,
    mean_of_waits,
    wilson,
)
from toolkit.movement import count_movement, curve_movement, rate_movement, wait_movement
from toolkit.verdicts import counts, curves, decide, holm, rates, waits


def sums(rows, powers):
    return [(rows**power).sum(axis=-1) for power in range(1, powers + 1)]


def covered(bounds, truth):
    low, high = bounds
    assert np.isfinite(low).mean() > 0.98
    return ((low <= truth) & (truth <= high))[np.isfinite(low)].mean()


def queue(random, shape):
    """A call centre's waits: four in ten are answered at once, the others within a minute or, half of them, three."""
    seconds = random.exponential(np.where(random.random(shape) < 0.5, 180, 60))
    return np.floor(np.where(random.random(shape) < 0.4, 0, seconds))


def coverage_of_means(rows, truth):
    """(of Hall's interval, of Student's)"""
    rounds, n = rows.shape
    student = mean_interval(rows.mean(axis=1), rows.std(axis=1, ddof=1), np.full(rounds, n))
    return covered(mean_of_waits(n, *sums(rows, 3)), truth), covered(student, truth)


@pytest.mark.parametrize("n, most", [(20, 0.89), (30, 0.91)])
def test_mean_of_waits(n, most):
    random = np.random.default_rng(1)
    hall, student = coverage_of_means(queue(random, (6000, n)), 0.6 * (0.5 * (180 + 60)) - 0.3)
    assert hall >= 0.92 and student <= most, (hall, student)


@pytest.mark.parametrize("n", [20, 30])
def test_mean_of_a_banks_waits(real_data, n):
    with open(real_data / "anonymous_bank" / "january.txt") as file:
        calls = list(csv.DictReader(file, delimiter="\t"))
    seconds = np.array([float(call["q_time"]) for call in calls if call["outcome"] == "AGENT"])
    hall, student = coverage_of_means(np.random.default_rng(2).choice(seconds, (6000, n)), seconds.mean())
    assert len(seconds) == 27060 and hall >= 0.94 and student < 0.92, (hall, student)


SHAPES = {
    "flat": [0.2, 0.2, 0.2, 0.2, 0.2],
    "content": [0.03, 0.04, 0.08, 0.25, 0.6],
    "nearly all fives": [0.02, 0, 0, 0.03, 0.95],
    "two camps": [0.3, 0.05, 0.05, 0.1, 0.5],
    "one in twenty hates it": [0.05, 0, 0, 0, 0.95],
    "lukewarm": [0, 0.05, 0.9, 0.05, 0],
}


@pytest.mark.parametrize("n", [12, 40])
@pytest.mark.parametrize("shape", SHAPES)
def test_mean_of_scores(shape, n):
    random = np.random.default_rng(2)
    rows = random.choice([1.0, 2, 3, 4, 5], (4000, n), p=SHAPES[shape])
    low, high = mean_of_scores(n, *sums(rows, 2), 1, 5)
    assert low.min() >= 1 and high.max() <= 5 and (high > low).all()
    truth = np.dot(SHAPES[shape], [1, 2, 3, 4, 5])
    assert covered((low, high), truth) >= 0.93


def test_mean_of_scores_where_student_fails():
    random = np.random.default_rng(3)
    rows = random.choice([1.0, 4, 5], (4000, 12), p=[0.02, 0.03, 0.95])
    low, high = mean_interval(rows.mean(axis=1), rows.std(axis=1, ddof=1), np.full(4000, 12))
    assert covered((low, high), 0.02 + 0.12 + 4.75) < 0.6
    assert (high[high > low] > 5).mean() > 0.9


def test_pull():
    """A group that is a fifth of all, 15 points below the others: share and rates both vary."""
    random = np.random.default_rng(4)
    own = random.binomial(300, 0.2, 6000)
    hits, others = random.binomial(own, 0.6), random.binomial(300 - own, 0.75)
    _, low, high = pull_interval(hits, own, others, 300 - own)
    assert covered((low, high), 0.2 * -0.15) >= 0.93


def test_clustered_rate():
    """Conversations of 1 to 8 messages that are much alike, in which short and long ones differ."""
    random = np.random.default_rng(5)
    n = random.integers(1, 9, (4000, 40))
    rate = random.beta(0.6, 1.4, n.shape)
    hits = random.binomial(n, rate)
    columns = [n.sum(1), hits.sum(1), (n * n).sum(1), (hits * hits).sum(1), (n * hits).sum(1)]
    clustered = covered(clustered_rate(np.full(4000, 40), *columns), 0.3)
    naive = covered(wilson(columns[1], columns[0]), 0.3)
    assert clustered >= 0.93 and naive < 0.85, (clustered, naive)


def test_incidence_at_a_time():
    """Answers come at 1/60 a second, closes at 1/120: 2/3 (1 - exp(-t/40)) are answered within t. Some are open."""
    random = np.random.default_rng(6)
    held = []
    for _ in range(1500):
        answer, close, read = (random.exponential(mean, 40) for mean in (60, 120, 200))
        end = np.minimum(np.minimum(answer, close), read)
        ended, otherwise = answer <= np.minimum(close, read), (close < answer) & (close <= read)
        curve = Incidence(end, ended, otherwise, ~ended & ~otherwise)
        _, low, high = curve.at(60)
        held.append((low, high))
    assert covered(np.array(held).T, 2 / 3 * (1 - np.exp(-60 / 40))) >= 0.93


def test_count_interval():
    random = np.random.default_rng(7)
    weeks = random.negative_binomial(20, 20 / 220, (2000, 9))  # mean 200, variance 11 times as large
    bounds = np.array([count_interval(row[-1], row[:-1]) for row in weeks]).T
    poisson = weeks[:, -1] + np.array([[-1.96], [1.96]]) * np.sqrt(weeks[:, -1])
    assert covered(bounds, 200) >= 0.92 and covered(poisson, 200) < 0.6


# --- false alarms between unchanged periods -------------------------------------------------------


def alarms(changes):
    return np.mean([decide([change]) == ["clear"] for change in changes])


def test_rates_between_periods():
    """Ten weeks of one process, whose rate moves by 8 points from week to week (beta-binomial)."""
    random = np.random.default_rng(8)
    hits = random.binomial(200, random.beta(20, 10, (1000, 10)))
    n = np.full(10, 200)
    by_week = alarms(rates(row[-1], 200, row[-2], 200, (row[:8], n[:8])) for row in hits)
    newcombe = alarms(rates(row[-1], 200, row[-2], 200, within=True) for row in hits)
    assert by_week <= 0.06 and newcombe > 0.2, (by_week, newcombe)


def test_rates_that_move_no_more_than_chance():
    random = np.random.default_rng(9)
    hits, n = random.binomial(200, 0.7, (1000, 10)), np.full(8, 200)
    assert alarms(rates(row[-1], 200, row[-2], 200, (row[:8], n)) for row in hits) <= 0.06
    worse = random.binomial(200, 0.5, 500)
    found = alarms(rates(now, 200, row[-2], 200, (row[:8], n)) for now, row in zip(worse, hits[:500], strict=True))
    assert found > 0.85


def test_counts_between_periods():
    random = np.random.default_rng(10)
    weeks = random.negative_binomial(20, 20 / 220, (3000, 10))
    by_week = alarms(counts(int(row[-1]), int(row[-2]), row[:8]) for row in weeks)
    z = np.abs(np.log(weeks[:, -1] / weeks[:, -2])) / np.sqrt(1 / weeks[:, -1] + 1 / weeks[:, -2])
    assert by_week <= 0.06 and (z > 1.96).mean() > 0.2, by_week


def test_periods_of_several_weeks():
    """Four weeks against four, with the weeks within both as history."""
    random = np.random.default_rng(11)
    weeks = random.negative_binomial(20, 20 / 220, (2000, 8))
    found = alarms(counts(int(row[4:].sum()), int(row[:4].sum()), count_movement(row[4:], row[:4])) for row in weeks)
    assert found <= 0.06
    hits, n = random.binomial(200, random.beta(20, 10, (1000, 8))), np.full(4, 200)
    movements = [rate_movement((row[4:], n), (row[:4], n)) for row in hits]
    found = alarms(
        rates(row[4:].sum(), 800, row[:4].sum(), 800, movement) for row, movement in zip(hits, movements, strict=True)
    )
    assert found <= 0.06


def minutes(random, n, mean):
    """Waits in whole minutes, a tenth of them 0."""
    values = np.ceil(random.exponential(mean, n) / 60) * 60
    return np.unique(np.where(random.random(n) < 0.1, 0, values), return_counts=True)


def test_waits():
    random = np.random.default_rng(12)
    same = alarms(waits(*minutes(random, 60, 300), *minutes(random, 60, 300)) for _ in range(1500))
    slower = alarms(waits(*minutes(random, 250, 450), *minutes(random, 250, 300)) for _ in range(150))
    assert same <= 0.06 and slower > 0.9, (same, slower)


def cases(random, n, mean):
    """Answered, closed without an answer, or open, in minutes."""
    answer, close = random.exponential(mean, n), random.exponential(900, n)
    read = random.uniform(60, 3600, n)
    end = np.ceil(np.minimum(np.minimum(answer, close), read) / 60) * 60
    ended, otherwise = answer <= np.minimum(close, read), (close < answer) & (close <= read)
    return end, ended, otherwise, ~ended & ~otherwise


def test_curves():
    random = np.random.default_rng(13)
    same = alarms(curves(cases(random, 60, 300), cases(random, 60, 300)) for _ in range(1200))
    slower = alarms(curves(cases(random, 250, 450), cases(random, 250, 300)) for _ in range(100))
    assert same <= 0.06 and slower > 0.85, (same, slower)


def of_weeks(random, draw, slower=1.0):
    """Ten weeks of one process, in some of which all wait longer than in others: (the eight before, before, now)."""
    means = 300 * random.lognormal(0, 0.3, 10)
    weeks = [draw(random, 100, mean * (slower if at == 9 else 1)) for at, mean in enumerate(means)]
    return weeks[:8], weeks[8], weeks[9]


def test_waits_that_move_from_week_to_week():
    random = np.random.default_rng(15)
    rounds = [of_weeks(random, minutes) for _ in range(600)]
    by_week = alarms(waits(*now, *before, movement=wait_movement(weeks)) for weeks, before, now in rounds)
    by_chance = alarms(waits(*now, *before) for _, before, now in rounds)
    assert by_week <= 0.07 and by_chance > 0.3, (by_week, by_chance)
    rounds = [of_weeks(random, minutes, 6) for _ in range(60)]
    slower = alarms(waits(*now, *before, movement=wait_movement(weeks)) for weeks, before, now in rounds)
    assert slower > 0.7, slower


def test_curves_that_move_from_week_to_week():
    random = np.random.default_rng(16)
    rounds = [of_weeks(random, cases) for _ in range(400)]
    by_week = alarms(curves(now, before, movement=curve_movement(weeks)) for weeks, before, now in rounds)
    by_chance = alarms(curves(now, before) for _, before, now in rounds)
    assert by_week <= 0.07 and by_chance > 0.25, (by_week, by_chance)


def test_waits_that_move_no_more_than_chance():
    random = np.random.default_rng(17)
    rounds = [[minutes(random, 100, 300) for _ in range(10)] for _ in range(400)]
    same = alarms(waits(*one[9], *one[8], movement=wait_movement(one[:8])) for one in rounds)
    slower = alarms(waits(*minutes(random, 100, 600), *one[8], movement=wait_movement(one[:8])) for one in rounds[:60])
    assert same <= 0.06 and slower > 0.7, (same, slower)


def test_tables_of_unchanged_rows():
    """Seven rows that didn't change: without a correction a third of such tables hold a "clear"."""
    random = np.random.default_rng(14)
    hits = random.binomial(150, 0.6, (400, 7, 2))
    tables = [[rates(now, 150, before, 150, within=True) for now, before in table] for table in hits]
    corrected = np.mean(["clear" in decide(table) for table in tables])
    alone = np.mean([any(change.p <= 0.05 for change in table) for table in tables])
    assert corrected <= 0.06 and alone > 0.2, (corrected, alone)


# --- what is asked of groups that stand out ---------------------------------------------------------


def week_of(random, mean):
    """A week of a group, whose figures move from week to week: n, its waits in minutes, (satisfied, answers)."""
    n, slow = int(random.negative_binomial(30, 30 / (30 + mean))), 1200 * random.lognormal(0, 0.25)
    wait, read = np.ceil(random.exponential(slow, n) / 60) * 60, random.uniform(0, 7 * 86400, n)
    answers = random.binomial(n, 0.5)
    return (
        n,
        (np.minimum(wait, read), wait <= read, 0 * wait, wait > read),
        (
            random.binomial(answers, random.beta(14, 6)),
            answers,
        ),
    )


def together(weeks):
    return [np.concatenate([week[1][at] for week in weeks]) for at in range(4)]


def scores_of(weeks):
    return np.array([week[2] for week in weeks], float).reshape(-1, 2).T


def selected(groups):
    """The groups, and which figure, of which one of the last four weeks clearly stands out from the twelve others."""
    found = []
    for group, weeks in groups.items():
        for at in range(12, 16):
            own, others = weeks[at], [week for place, week in enumerate(weeks) if place > 2 and place != at]
            n, (hits, answers) = np.array([week[0] for week in others]), scores_of(others)
            movement = curve_movement([week[1] for week in others])
            found.append((group, "n", counts(own[0], n.sum(), count_movement(n), 7, 84).p))
            found.append((group, "wait", curves(own[1], together(others), movement=movement).p))
            found.append((group, "rate", rates(*own[2], hits.sum(), answers.sum(), (hits, answers)).p))
    return {one[:2] for one, p in zip(found, holm([p for *_, p in found]), strict=True) if p <= 0.05}


def asked_of(groups, told, by_week):
    """p of the other figures of the groups that were named, four weeks against four, a list for each group."""
    asked = []
    for name in sorted({group for group, _ in told}):
        now, before, earlier = groups[name][12:], groups[name][8:12], groups[name][:8]
        movement = curve_movement([week[1] for week in earlier]) if by_week else None
        totals = [part for side in (now, before) for part in scores_of(side).sum(axis=1)]
        ps = {"wait": curves(together(now), together(before), movement=movement).p}
        ps["rate"] = rates(*totals, tuple(scores_of(earlier))).p
        asked.append([p for figure, p in ps.items() if (name, figure) not in told])
    return asked


def test_what_is_asked_of_groups_that_stand_out():
    """Of six groups three had three times the contacts in one week, and nothing else changed."""
    alarms = np.zeros(3)
    for seed in range(90):
        random, groups = np.random.default_rng([18, seed]), {}
        for name in range(6):
            groups[name] = [week_of(random, 100 if name < 3 and at == 13 else 30) for at in range(16)]
        told = selected(groups)
        by_chance, by_week = (asked_of(groups, told, is_by_week) for is_by_week in (False, True))
        for place, asked in enumerate((by_chance, by_week, [sum(by_week, [])])):
            alarms[place] += any((holm(ps) <= 0.05).any() for ps in asked)
    by_chance, alone, every = alarms / 90
    assert every <= 0.09 and every < alone < by_chance and by_chance > 0.3, alarms  # of 400 tables: 5, 14 and 52 %


def test_groups_of_a_process_that_does_not_change_are_seldom_named():
    named = 0
    for seed in range(40):
        random = np.random.default_rng([19, seed])
        named += bool(selected({name: [week_of(random, 30) for _ in range(16)] for name in range(6)}))
    assert named <= 3, named
