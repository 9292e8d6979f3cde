"""Charts are held against the result by what they draw: lengths, places and intervals are read back from the artists."""

import io
import re
import xml.etree.ElementTree as ElementTree

import matplotlib

matplotlib.use("Agg")

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from matplotlib.colors import to_hex, to_rgb
from matplotlib.dates import date2num
from matplotlib.text import Text

from toolkit import plots, words
from toolkit.errors import BadParameter
from toolkit.intervals import wilson
from toolkit.plots import axes, draw
from toolkit.result import Result

# a browser has the glyphs that the fonts here lack
pytestmark = pytest.mark.filterwarnings("ignore:Glyph")
HOSTILE = ["$x^2$ & <script>alert(1)</script>", "a_b_c", "x" * 90, "日本語 🙂", "a\x00\x0c\u202eb", "\\frac{1}{0}$"]
MINIMUM = 10
WEEKDAYS = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"]
NAN = float("nan")
METRICS = {
    "count": "inbound_volume", "rate": "abandonment_rate", "wait": "first_response_time", "curve": "response_curve",
    "mean": "average_speed_of_answer", "shares": "sentiment_trend", "grid": "volume_heatmap", "listing": "low_scores",
}  # fmt: skip


# --- results, made by hand ------------------------------------------------------------------------


def made(frame, shape, value, by=(), units=None, index=None, **attrs):
    """A result as a metric of the shape would return it."""
    frame = pd.DataFrame(frame, index=index)
    result = Result.of(frame, METRICS[shape], units or {value: "rate"}, by, MINIMUM)
    result.attrs |= {"shape": shape, "value": value, "count": "n", "rows": list(by), "facts": {}, "best": "low"} | attrs
    return result


def rate(keys, n, hits, **attrs):
    n, hits = np.array(n, float), np.array(hits, float)
    low, high = wilson(hits, n)
    with np.errstate(invalid="ignore", divide="ignore"):
        share = hits / np.where(n > 0, n, NAN)
    frame = {**keys, "n": n, "hit_count": hits, "rate": share, "low": low, "high": high}
    attrs = {"ends": ("low", "high"), "roles": {"hits": "hit_count"}} | attrs
    return made(frame, "rate", "rate", list(keys), **attrs)


def count(keys, n, **attrs):
    n = np.array(n, float)
    frame = {**keys, "n": n, "share": n / np.nansum(n) if np.nansum(n) else n}
    return made(frame, "count", "n", list(keys), {"n": "count", "share": "rate"}, minimum_count=0, best="", **attrs)


def wait(keys, n, median, low, high, **attrs):
    frame = {**keys, "n": n, "median_seconds": median, "median_low": low, "median_high": high}
    units = {"median_seconds": "seconds"}
    return made(frame, "wait", "median_seconds", list(keys), units, ends=("median_low", "median_high"), **attrs)


def mean(keys, n, value, low, high, **attrs):
    frame = {**keys, "n": n, "mean_seconds": value, "mean_low": low, "mean_high": high}
    units = {"mean_seconds": "seconds"}
    return made(frame, "mean", "mean_seconds", list(keys), units, ends=("mean_low", "mean_high"), **attrs)


PARTS = ["within 1 h", "1 h to 24 h", "after 24 h", "closed unanswered", "waiting"]
PART_WORDS = [
    ("within", {"high": 3600}), ("between", {"low": 3600, "high": 86400}), ("after", {"low": 86400}),
    ("closed_unanswered", {}), ("waiting", {}),
]  # fmt: skip


def spans(keys, totals, shares):
    """Shares in the long form: a row per group and span of time."""
    rows = []
    for place, (total, row) in enumerate(zip(totals, shares, strict=True)):
        for part, share in zip(PARTS, row, strict=True):
            own = {key: list(values)[place] for key, values in keys.items()}
            rows.append(own | {"bucket": part, "n": share * total, "total": total, "share": share if total else NAN})
    frame = pd.DataFrame(rows, columns=[*keys, "bucket", "n", "total", "share"])
    frame["bucket"] = pd.Categorical(frame["bucket"], PARTS, ordered=True)
    frame["low"], frame["high"] = frame["share"] * 0.8, (frame["share"] * 1.2).clip(upper=1)
    attrs = {"part": "bucket", "parts": PARTS, "part_words": PART_WORDS, "rows": [*keys, "bucket"], "best": ""}
    return made(frame, "shares", "share", list(keys), count="total", ends=("low", "high"), **attrs)


def tones(keys, n, shares, **attrs):
    """Shares in the wide form: a column per part."""
    frame = pd.DataFrame({**keys, "n": n}, index=range(len(n)))
    for name, column in zip(("negative", "neutral", "positive"), np.array(shares, float).reshape(-1, 3).T, strict=True):
        frame[name], frame[f"{name}_low"], frame[f"{name}_high"] = column, column * 0.7, column * 1.2
        frame[f"{name}_count"] = column * frame["n"]
    frame["change"], frame["verdict"] = frame["negative"].diff(), "chance"
    ends = ("negative_low", "negative_high")
    more = {"parts": ["negative", "neutral", "positive"], "ends": ends} | attrs
    return made(frame, "shares", "negative", list(keys), **more)


def curve(keys, n, shares):
    """A curve of six steps a group, that ends at the group's share."""
    seconds, frames = np.array([0.0, 30, 300, 4000, 90_000, 2e6]), []
    for place, (size, most) in enumerate(zip(n, shares, strict=True)):
        share = np.array([0, 0.1, 0.4, 0.7, 0.9, 1]) * most
        own = {key: [list(values)[place]] * 6 for key, values in keys.items()}
        more = {"seconds": seconds, "n": size, "share": share, "low": share * 0.8, "high": share * 1.05}
        frames.append(pd.DataFrame(own | more))
    columns = [*keys, "seconds", "n", "share", "low", "high"]
    frame = pd.concat(frames, ignore_index=True) if frames else pd.DataFrame(columns=columns)
    return made(frame, "curve", "share", list(keys), rows=[*keys, "seconds"], ends=("low", "high"))


def grid(n, days, **attrs):
    frame = pd.DataFrame({"weekday": pd.Categorical(np.repeat(WEEKDAYS, 24), WEEKDAYS, ordered=True)})
    frame["hour"], frame["n"], frame["days"] = list(range(24)) * 7, n, days
    frame["mean"] = frame["n"] / frame["days"].where(frame["days"] > 0)
    return made(frame, "grid", "mean", ["weekday", "hour"], {"mean": "number"}, minimum_count=0, **attrs)


def pull(keys, n, hits, pulls, verdicts):
    result = rate(keys, n, hits)
    result.columns = [{"rate": "csat"}.get(name, name) for name in result.columns]
    result["pull"] = pulls
    result["pull_low"], result["pull_high"] = result["pull"] - 0.02, result["pull"] + 0.03
    result["verdict"] = verdicts
    more = {
        "shape": "pull",
        "metric": "csat_by_topic",
        "value": "pull",
        "ends": ("pull_low", "pull_high"),
        "best": "high",
    }
    result.attrs |= more | {"units": {"csat": "rate", "pull": "points"}}
    return result


@pytest.fixture(autouse=True)
def nothing_left_open():
    before = set(plt.get_fignums())
    yield
    for number in set(plt.get_fignums()) - before:
        plt.close(number)


# --- kinds of groups, for every shape -------------------------------------------------------------


def groups(kind):
    """(the keys' columns, the counts) of a kind of result."""
    days = pd.date_range("2024-01-01", periods=200, freq="D")
    weeks = pd.date_range("2024-01-01", periods=12, freq="7D")
    cases = {
        "none": ({"queue": np.array([], object)}, []),
        "no rows in time": ({"hour": np.array([], "int64")}, []),
        "total": ({}, [120]),
        "one": ({"queue": ["billing"]}, [120]),
        "too few": ({"queue": ["a", "b"]}, [3, 9]),
        "some too few": ({"queue": ["a", "b", "c"]}, [300, 9, 0]),
        "hostile": ({"queue": HOSTILE}, [50, 40, 30, 20, 12, 3]),
        "many": ({"queue": [f"group {i}" for i in range(40)]}, range(20, 60)),
        "two keys": ({"queue": HOSTILE[:3] * 2, "team": ["x" * 40] * 3 + [None] * 3}, [50] * 6),
        "hours": ({"hour": range(24)}, [2, 0, 3] + [40] * 20 + [9]),
        "weekdays": ({"weekday": pd.Categorical(WEEKDAYS, WEEKDAYS, ordered=True)}, [40] * 7),
        "days": ({"day": days[:28]}, [30] * 27 + [1]),
        "many days": ({"day": days}, [30] * 200),
        "weeks": ({"week": weeks}, [30] * 12),
        "one week": ({"week": weeks[:1]}, [30]),
        "months": ({"month": pd.date_range("2023-06-01", periods=20, freq="MS")}, [30] * 20),
        "quarters": ({"quarter": pd.date_range("2023-01-01", periods=5, freq="QS")}, [30] * 5),
        "years": ({"year": pd.date_range("2020-01-01", periods=4, freq="YS")}, [30] * 4),
        "lines": (
            {"week": np.repeat(weeks, len(HOSTILE) + 2), "channel": [*HOSTILE, "p", "q"] * 12},
            [40, 30, 20, 10, 30, 30, 3, 3] * 12,
        ),
    }
    return cases[kind]


KINDS = (
    "none", "no rows in time", "total", "one", "too few", "some too few", "hostile", "many", "two keys", "hours",
    "weekdays", "days", "many days", "weeks", "one week", "months", "quarters", "years", "lines",
)  # fmt: skip


def of_kind(shape, kind):
    keys, n = groups(kind)
    n = np.array(n, float)
    size = len(n)
    hits = np.round(np.linspace(0.05, 0.6, size) * n)
    value = np.linspace(40, 90_000, size)
    if shape == "count":
        return count(keys, n)
    if shape == "rate":
        return rate(keys, n, hits)
    if shape == "rate, high is good":
        return rate(keys, n, hits, best="high")
    if shape == "wait":
        high = np.where(np.arange(size) == size - 1, NAN, value * 4)  # not reached
        return wait(keys, n, value, value / 3, high)
    if shape == "mean":
        return mean(keys, n, value, value / 2, value * 1.5)
    if shape == "spans":
        return spans(keys, n, [[0.5, 0.2, 0.02, 0.0, 0.28]] * size)
    if shape == "tones":
        result = tones(keys, n, [[0.3, 0.5, 0.2]] * size)
        if size > 4:
            result.loc[2, ["negative", "negative_low", "negative_high", "change", "neutral"]] = [
                0.5,
                0.4,
                0.6,
                0.2,
                0.3,
            ]
            result.loc[2:3, "verdict"] = "clear"
        return result
    if shape == "curve":
        return curve(keys, n, np.linspace(0.5, 0.9, size))
    if shape == "grid":
        return grid(0 if kind == "none" else range(168), np.where(np.arange(168) < 3, 0, 4))
    return pull(keys, n, hits, np.linspace(-0.08, 0.05, size), ["clear"] * size)


SHAPES = ("count", "rate", "rate, high is good", "wait", "mean", "spans", "tones", "curve", "grid", "pull")


# --- what was drawn -------------------------------------------------------------------------------


def texts_of(figure):
    return [text for text in figure.findobj(Text) if text.get_visible() and text.get_text().strip()]


def said(ax):
    """What all texts of the figure say; a space that doesn't break is a space here."""
    return [text.get_text().replace(words.NO_BREAK, " ") for text in texts_of(ax.figure)]


def overlapping(figure):
    """Pairs of texts that are drawn over each other."""
    figure.canvas.draw()
    renderer = figure.canvas.get_renderer()
    unseen = set()  # labels of ticks that lie outside of the axes
    for ax in figure.axes:
        for axis in (ax.xaxis, ax.yaxis):
            low, high = sorted(axis.get_view_interval())
            unseen |= {tick.label1 for tick in axis.get_major_ticks() if not low <= tick.get_loc() <= high}
    boxes = []
    for text in texts_of(figure):
        tick = getattr(text.axes, "axison", True)
        box = text.get_window_extent(renderer)
        if tick and box.width > 1 and text not in unseen:
            boxes.append((text.get_text(), box))
    pairs = []
    for i, (one, box) in enumerate(boxes):
        for other, second in boxes[i + 1 :]:
            wide = min(box.x1, second.x1) - max(box.x0, second.x0)
            high = min(box.y1, second.y1) - max(box.y0, second.y0)
            if wide > 1.5 and high > 2.5:
                pairs.append((one, other))
    return pairs


def marks_of(ax, upright):
    """{place along the axis: what is drawn there}: value, low, high, target, colour; or `few` for a hollow mark."""
    found = {}

    def at(place):
        return found.setdefault(round(float(place), 6), {})

    for bar in ax.patches:
        x, y, width, height = bar.get_x(), bar.get_y(), bar.get_width(), bar.get_height()
        place, begin, length = (x + width / 2, y, height) if upright else (y + height / 2, x, width)
        assert begin == 0, "a bar grows from 0"
        at(place).update(value=length, colour=to_hex(bar.get_edgecolor()), fill=bar.get_facecolor()[3])
    for line in ax.lines:
        along, across = line.get_data() if upright else line.get_data()[::-1]
        along, across = np.array(along, float), np.array(across, float)
        is_dotted = line.get_linestyle() == ":" or line.get_color() == plots.INK
        if line.get_marker() == "o" and line.get_markersize() < 6:
            at(along[0])["few"] = True
        elif line.get_marker() == "o":
            at(along[0]).update(value=across[0], colour=to_hex(line.get_color()))
        elif line.get_marker() in ("^", ">"):
            at(along[0])["open"] = True
        elif line.get_transform() != ax.transData or len(along) != 2:
            continue
        elif along[0] == along[1]:
            at(along[0]).update(low=across[0], high=across[1])
        elif is_dotted:
            assert across[0] == across[1]
            at(along.mean())["target"] = across[0]
        else:  # a figure of 0
            assert across.tolist() == [0, 0]
            at(along.mean()).update(value=0.0, colour=to_hex(line.get_color()))
    return found


def rows_of(ax):
    """[(label, what is drawn there)] of rows, from the top."""
    marks = marks_of(ax, upright=False)
    places = sorted(zip(ax.get_yticks(), ax.get_yticklabels(), strict=True), key=lambda pair: -pair[0])
    return [(label.get_text().replace(words.NO_BREAK, " "), marks.get(round(float(at), 6), {})) for at, label in places]


def assert_drawn(mark, row, value, ends=(), minimum=MINIMUM, limit=None):
    """A row's mark has the row's value and interval; a hollow one where there are too few, none where there is none."""
    if not row["n"] > 0 and minimum:
        assert mark == {}
        return
    if row["n"] < minimum:
        assert mark == {"few": True}
        return
    if np.isnan(row[value]):
        assert "value" not in mark
    else:
        assert mark["value"] == pytest.approx(row[value])
    if ends and np.isfinite(row[ends[0]]):
        assert mark["low"] == pytest.approx(row[ends[0]])
        assert mark["high"] == pytest.approx(limit if np.isnan(row[ends[1]]) else row[ends[1]])
        assert mark.get("open", False) == bool(np.isnan(row[ends[1]]))
    else:
        assert "low" not in mark


def bands_of(ax):
    """[{place: (lowest, highest) of the band there}] of each band."""
    made = []
    for area in ax.collections:
        found = {}
        for path in area.get_paths():
            for x, y in path.vertices:
                low, high = found.get(round(float(x), 6), (np.inf, -np.inf))
                found[round(float(x), 6)] = (min(low, y), max(high, y))
        made.append(found)
    return made


def lines_of(ax):
    """[(places, values)] of the lines of data, without breaks."""
    made = []
    for line in ax.lines:
        x, y = (np.array(part, float) for part in line.get_data())
        if line.get_marker() == "o" and line.get_linestyle() != "None":
            made.append((x[np.isfinite(y)], y[np.isfinite(y)]))
    return made


def random_counts(seed, size):
    """Counts and hits of groups: large, too few, none; shares of 0 and of 1 too."""
    chance = np.random.default_rng(seed)
    n = chance.choice([0, 3, MINIMUM - 1, MINIMUM, 40, 700], size=size)
    n[0] = 55
    return n, chance.binomial(n, chance.choice([0, 0.05, 0.3, 0.9, 1], size=size))


# --- values, intervals and order ------------------------------------------------------------------


NAMES = ["A", "B", "C", "D", "E", "F", "G"]
SEEDS = range(6)


@pytest.mark.parametrize("best", ["low", "high"])
@pytest.mark.parametrize("seed", SEEDS)
def test_rows_of_rates(seed, best):
    n, hits = random_counts(seed, 7)
    result = rate({"queue": NAMES}, n, hits, best=best)
    rows = rows_of(plots.plot(result))
    by_name = result.set_index("queue")
    for label, mark in rows:
        assert_drawn(mark, by_name.loc[label], "rate", ("low", "high"))
    order = [label for label, _ in rows]
    shown = by_name.loc[order, "rate"][by_name.loc[order, "n"] >= MINIMUM].tolist()
    assert shown == sorted(shown, reverse=True)
    assert order[len(shown) :] == [name for name in NAMES if by_name.loc[name, "n"] < MINIMUM]


def test_rows_of_rates_by_eye():
    result = rate({"queue": ["a", "b", "c", "d"]}, [100, 40, 9, 0], [20, 20, 9, 0])
    ax = plots.plot(result)
    assert [(label, round(mark.get("value", -1), 3)) for label, mark in rows_of(ax)] == [
        ("B", 0.5), ("A", 0.2), ("C", -1), ("D", -1),
    ]  # fmt: skip
    assert rows_of(ax)[1][1]["low"] == pytest.approx(0.1334, abs=1e-4)
    assert rows_of(ax)[1][1]["high"] == pytest.approx(0.2888, abs=1e-4)
    beside = [text.get_text().replace(words.NO_BREAK, " ") for text in ax.texts]
    assert beside == ["50.0 %", "20.0 %", "too few", "–", "n = 40", "n = 100", "n = 9", "n = 0"]


@pytest.mark.parametrize("seed", SEEDS)
def test_rows_of_counts(seed):
    n, _ = random_counts(seed, 7)
    ax = plots.plot(count({"queue": NAMES}, n))
    assert [mark["value"] for _, mark in rows_of(ax)] == sorted(n.tolist(), reverse=True)
    assert {label: mark["value"] for label, mark in rows_of(ax)} == dict(zip(NAMES, n.tolist(), strict=True))


@pytest.mark.parametrize("shape", [wait, mean])
@pytest.mark.parametrize("seed", SEEDS)
def test_rows_of_times(seed, shape):
    chance = np.random.default_rng(seed)
    n, _ = random_counts(seed, 7)
    value = chance.uniform(5, 90_000, 7)
    high = np.where(chance.random(7) < 0.3, NAN, value * 3)  # not reached
    result = shape({"queue": NAMES}, n, value, value / 2, high)
    if shape is wait:
        result.loc[1, ["median_seconds", "median_high"]] = NAN
    ax = plots.plot(result)
    for label, mark in rows_of(ax):
        row = result.set_index("queue").loc[label]
        assert_drawn(mark, row, result.attrs["value"], result.attrs["ends"], limit=ax.get_xlim()[1])
    assert ax.get_xscale() == ("log" if shape is wait else "linear")


def test_no_wait_at_all_lies_at_the_begin_of_a_log_axis():
    ax = plots.plot(wait({"queue": ["a", "b"]}, [20, 20], [0.0, 500], [0.0, 100], [30.0, 900]))
    begin = ax.get_xlim()[0]
    assert rows_of(ax)[1] == ("A", {"value": begin, "colour": axes.DATA, "low": begin, "high": 30.0})


@pytest.mark.parametrize("best", ["low", "high"])
@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("key", ["hour", "weekday", "day", "week", "month"])
def test_steps_of_rates(key, seed, best):
    keys, size = {
        "hour": ({"hour": range(24)}, 24),
        "weekday": ({"weekday": pd.Categorical(WEEKDAYS, WEEKDAYS, ordered=True)}, 7),
        "day": ({"day": pd.date_range("2024-03-01", periods=20)}, 20),
        "week": ({"week": pd.date_range("2024-01-01", periods=9, freq="7D")}, 9),
        "month": ({"month": pd.date_range("2023-11-01", periods=6, freq="MS")}, 6),
    }[key]
    n, hits = random_counts(seed, size)
    result = rate(keys, n, hits, best=best)
    ax = plots.plot(result)
    marks = marks_of(ax, upright=True)
    at = range(size) if key in ("hour", "weekday") else date2num(keys[key].to_numpy())
    for place, (_, row) in zip(at, result.iterrows(), strict=True):
        assert_drawn(marks.get(round(float(place), 6), {}), row, "rate", ("low", "high"))


def test_a_day_without_data_is_a_gap_and_a_silent_one_is_zero():
    days = pd.date_range("2024-03-01", periods=4)
    marks = marks_of(plots.plot(count({"day": days}, [5, NAN, 0, 7])), upright=True)
    values = [marks.get(round(float(at), 6), {}).get("value") for at in date2num(days.to_numpy())]
    assert values == [5, None, 0, 7]


def test_nobody_to_ask_is_no_share_of_nobody():
    result = rate({"hour": [0, 1, 2]}, [50, 0, 20], [5, 0, 0])
    result.loc[1, "rate"] = 0.0
    result.attrs["minimum_count"] = 0
    assert {at: mark["value"] for at, mark in marks_of(plots.plot(result), upright=True).items()} == {0: 0.1, 2: 0.0}


def test_stages_keep_their_order_and_name_both_sides():
    stages = ["Welcome", "Queue", "Agent"]
    result = rate({"stage": stages}, [900, 500, 200], [9, 1, 50], ordered=True)
    result.attrs["by"] = []
    ax = plots.plot(result)
    assert [label for label, _ in rows_of(ax)] == stages
    assert [mark["value"] for _, mark in rows_of(ax)] == pytest.approx([0.01, 0.002, 0.25])
    assert "50 of 200" in said(ax)


# --- lines ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", SEEDS)
def test_lines_and_bands_of_groups(seed):
    weeks = pd.date_range("2024-01-01", periods=9, freq="7D")
    n, hits = random_counts(seed, 27)
    n[:3], hits[:3] = 90, [5, 50, 80]
    result = rate({"week": np.repeat(weeks, 3), "queue": ["a", "b", "c"] * 9}, n, hits)
    ax = plots.plot(result)
    sizes = result.groupby("queue")["n"].sum().sort_values(ascending=False, kind="stable")
    drawn = dict(zip(sizes.index, zip(lines_of(ax), bands_of(ax), strict=True), strict=True))
    for group, ((x, y), band) in drawn.items():
        part = result[(result["queue"] == group) & (result["n"] >= MINIMUM)]
        at = date2num(part["week"].to_numpy())
        assert x.tolist() == at.tolist() and y == pytest.approx(part["rate"].to_numpy())
        for place, low, high in zip(at, part["low"], part["high"], strict=True):
            assert band[round(float(place), 6)] == pytest.approx((low, high))


def test_many_days_are_a_line_with_gaps():
    days = pd.date_range("2024-01-01", periods=100)
    n = np.full(100, 50)
    n[20], n[22] = 3, 0  # too few; nobody: the day between them stands alone
    result = rate({"day": days}, n, [10] * 20 + [1, 30, 0] + [10] * 77).drop(index=[50, 51])  # two days aren't there
    ax = plots.plot(result)
    [line] = [line for line in ax.lines if line.get_linestyle() == "-" and len(line.get_xdata()) > 2]
    x, y = (np.array(part, float) for part in line.get_data())
    shown = result[result["n"] >= MINIMUM]
    assert x[np.isfinite(y)].tolist() == date2num(shown["day"].to_numpy()).tolist()
    assert y[np.isfinite(y)].tolist() == shown["rate"].tolist()
    missing = date2num(np.datetime64("2024-02-20"))  # day 50
    between = (x > missing - 1) & (x < missing + 2)
    assert between.any() and np.isnan(y[between]).all()  # the line doesn't run through them
    alone = date2num(np.datetime64("2024-01-22"))
    row = result.loc[21]
    assert marks_of(ax, upright=True)[alone]["low"] == row["low"]
    assert marks_of(ax, upright=True)[alone]["high"] == row["high"]
    assert "gaps: fewer than 10 cases" in ax.get_xlabel()


@pytest.mark.parametrize("shape", ["rate", "tones"])
def test_a_lone_point_keeps_its_interval(shape):
    weeks = pd.date_range("2024-01-01", periods=5, freq="7D")
    n = [50, 50, 3, 50, 3]
    if shape == "rate":
        result = rate({"week": weeks.repeat(2), "queue": ["a", "b"] * 5}, np.repeat(n, 2), [9] * 10)
        low, high = result.loc[6, ["low", "high"]]
    else:
        result = tones({"week": weeks}, n, [[0.3, 0.5, 0.2]] * 5)
        low, high = 0.21, 0.36
    ax = plots.plot(result)
    alone = date2num(weeks[3].to_numpy())
    whiskers = [line.get_ydata() for line in ax.lines if list(line.get_xdata()) == [alone, alone]]
    assert len(whiskers) == 2
    assert list(whiskers[0]) == pytest.approx([low, high])


@pytest.mark.parametrize("seed", SEEDS)
def test_trend_draws_the_first_and_the_last_part(seed):
    chance = np.random.default_rng(seed)
    shares = chance.dirichlet([3, 4, 2], 12)
    n = chance.choice([3, 40, 90], 12)
    n[:2] = 50
    weeks = pd.date_range("2024-01-01", periods=12, freq="7D")
    result = tones({"week": weeks}, n, shares)
    ax = plots.plot(result)
    enough = n >= MINIMUM
    for name, (x, y), band in zip(("negative", "positive"), lines_of(ax), bands_of(ax), strict=True):
        assert x.tolist() == date2num(weeks[enough].to_numpy()).tolist()
        assert y == pytest.approx(result[name][enough].to_numpy())
        for place, row in zip(x, result[enough].itertuples(), strict=True):
            ends = getattr(row, f"{name}_low"), getattr(row, f"{name}_high")
            assert band[round(float(place), 6)] == pytest.approx(ends)


def test_rings_mark_clear_changes_only():
    result = of_kind("tones", "weeks")
    ax = plots.plot(result)
    rings = [(line.get_xdata()[0], line.get_ydata()[0]) for line in ax.lines if line.get_markersize() == 11]
    at = date2num(result["week"].to_numpy())
    assert rings == [(at[2], 0.5), (at[3], 0.3)]
    assert "+20.0 pts" in said(ax)


def test_period_is_shaded():
    from datetime import UTC, datetime

    from toolkit.clock import parse_period

    result = of_kind("tones", "weeks")
    for text in ("2024-02", "all"):
        period = parse_period(text, datetime(2024, 4, 1, tzinfo=UTC), "UTC")
        ax = plots.plot(result, period=period)
        assert ("reported period" in said(ax)) == (text != "all")
        assert not overlapping(ax.figure)
    ax = plots.plot(result, period=parse_period("2024-02", datetime(2024, 4, 1, tzinfo=UTC), "UTC"))
    [shade] = ax.patches
    # the weeks from 29 January to 26 February, half a step around
    assert shade.get_x() == date2num(np.datetime64("2024-01-29")) - 3.5
    assert shade.get_x() + shade.get_width() == date2num(np.datetime64("2024-02-26")) + 3.5


# --- parts, curve, week grid, pull ----------------------------------------------------------------


def stacks_of(ax):
    """[(label, [lengths of the parts])] from the top; the parts stand one after another."""
    made = []
    bars = [bar for bar in ax.patches if not bar.get_hatch()]
    for at, label in sorted(zip(ax.get_yticks(), ax.get_yticklabels(), strict=True), key=lambda pair: -pair[0]):
        own = sorted(
            (bar for bar in bars if abs(bar.get_y() + bar.get_height() / 2 - at) < 0.01), key=lambda b: b.get_x()
        )
        ends = np.cumsum([0, *(bar.get_width() for bar in own)])
        assert [bar.get_x() for bar in own] == pytest.approx(ends[:-1].tolist())
        made.append((label.get_text(), [bar.get_width() for bar in own]))
    return made


@pytest.mark.parametrize("form", ["long", "wide"])
@pytest.mark.parametrize("seed", SEEDS)
def test_split_bars(seed, form):
    chance = np.random.default_rng(seed)
    n = chance.choice([0, 5, 40, 300], 7)
    n[0] = 20
    shares = chance.dirichlet([1] * (5 if form == "long" else 3), 7)
    result = spans({"queue": NAMES}, n, shares) if form == "long" else tones({"queue": NAMES}, n, shares)
    stacks = stacks_of(plots.plot(result))
    assert {label for label, _ in stacks} == set(NAMES)
    for label, lengths in stacks:
        place = NAMES.index(label)
        expected = [share for share in shares[place] if share > 0] if n[place] >= MINIMUM else []
        assert lengths == pytest.approx(expected)
    firsts = [lengths[0] for _, lengths in stacks if lengths]
    assert firsts == sorted(firsts, reverse=True)
    assert all(not lengths for _, lengths in stacks[len(firsts) :])


def test_split_bars_in_time_keep_its_order():
    weeks = pd.date_range("2024-01-01", periods=3, freq="7D")
    ax = plots.plot(
        spans({"week": weeks}, [40] * 3, [[0.2, 0.5, 0.1, 0.1, 0.1], [0.6, 0.1, 0.1, 0.1, 0.1]] + [[0.2] * 5])
    )
    assert [label for label, _ in stacks_of(ax)] == ["1 January 2024", "8 January 2024", "15 January 2024"]
    assert [lengths[0] for _, lengths in stacks_of(ax)] == [0.2, 0.6, 0.2]
    legend = [text.get_text().replace(words.NO_BREAK, " ") for text in ax.get_legend().get_texts()]
    assert sorted(legend) == sorted(
        ["within 1 h", "1 h to 24 h", "after 24 h", "closed without an answer", "still waiting"]
    )


def test_spans_of_all_are_rows():
    shares = [0.4, 0.3, 0.0, 0.1, 0.2]
    ax = plots.plot(spans({}, [200], [shares]))
    assert [mark["value"] for _, mark in rows_of(ax)] == shares
    assert [label for label, _ in rows_of(ax)][:2] == ["within 1 h", "1 h to 24 h"]
    assert [mark["low"] for _, mark in rows_of(ax)] == pytest.approx([0.8 * share for share in shares])
    assert "80 of 200" in said(ax)


def test_parts_beside_a_value():
    result = rate({"queue": ["a", "b"]}, [50, 40], [30, 10], parts=["negative", "neutral", "positive"])
    for part, shares in (("negative", [0.2, 0.5]), ("neutral", [0.2, 0.25]), ("positive", [0.6, 0.25])):
        result[[part, f"{part}_count", f"{part}_low", f"{part}_high"]] = np.transpose([shares] * 4)
    (first, of_b), (second, of_a) = stacks_of(plots.plot(result, parts=True))
    assert (first, second) == ("B", "A")
    assert of_b == pytest.approx([0.5, 0.25, 0.25]) and of_a == pytest.approx([0.2, 0.2, 0.6])
    assert [label for label, _ in rows_of(plots.plot(result))] == ["A", "B"]


@pytest.mark.parametrize("shares", [[0.9], [0.4, 0.8], [0.5, 0.6, 0.7, 0.9]])
def test_curve_is_the_share_and_its_band(shares):
    names = NAMES[: len(shares)]
    n = list(range(90, 90 - len(shares), -1))
    result = curve({"queue": names}, n, shares)
    ax = plots.plot(result)
    begin, end = ax.get_xlim()
    steps = [line for line in ax.lines if line.get_drawstyle() == "steps-post"]
    assert len(steps) == len(names)
    for name, line, area in zip(names, steps, ax.collections, strict=True):
        part = result[(result["queue"] == name) & (result["seconds"] <= end)]
        seconds = part["seconds"].clip(lower=begin).tolist()
        assert line.get_xdata().tolist() == [*seconds, end]
        assert line.get_ydata().tolist() == [*part["share"], part["share"].iloc[-1]]
        corners = {(round(float(x), 6), round(float(y), 9)) for path in area.get_paths() for x, y in path.vertices}
        for second, low, high in zip(seconds, part["low"], part["high"], strict=True):
            assert {(round(second, 6), round(low, 9)), (round(second, 6), round(high, 9))} <= corners
        assert {y for _, y in corners} == {round(y, 9) for y in [*part["low"], *part["high"]]}
    assert f"A (n = {n[0]})" in said(ax)


def test_curve_leaves_out_groups_with_too_few():
    result = curve({"queue": ["a", "b"]}, [90, 5], [0.5, 0.9])
    result.attrs |= {"minimum_count": 0, "facts": {"minimum_count": 10}}
    ax = plots.plot(result)
    assert [line.get_ydata()[-1] for line in ax.lines if line.get_drawstyle() == "steps-post"] == [0.5]
    assert "1 group with fewer cases not shown" in ax.get_xlabel()
    result.attrs["facts"] = {"minimum_count": 100}
    assert said(plots.plot(result)) == ["too few: fewer than 100 cases"]


@pytest.mark.parametrize("seed", SEEDS)
def test_week_grid(seed):
    chance = np.random.default_rng(seed)
    days = chance.choice([0, 4, 5], 168)
    n = np.where(days > 0, chance.poisson(3, 168), 0)
    result = grid(n, days)
    ax = plots.plot(result)
    drawn = ax.collections[0].get_array().reshape(7, 24)
    expected = result["mean"].to_numpy().reshape(7, 24)
    assert np.ma.getmaskarray(drawn).tolist() == np.isnan(expected).tolist()
    assert np.ma.filled(drawn, -1.0) == pytest.approx(np.nan_to_num(expected, nan=-1.0))
    hatched = {(int(patch.get_y()), int(patch.get_x())) for patch in ax.patches if patch.get_hatch()}
    assert hatched == {(place // 24, place % 24) for place in np.flatnonzero(days == 0)}  # a silent hour isn't
    assert [patch for patch in ax.patches if not patch.get_hatch()] == []  # nothing stands out
    assert [label.get_text() for label in ax.get_yticklabels()] == [name[:3] for name in WEEKDAYS]


def test_an_hour_that_stands_out_is_framed():
    for result, highlight in ((grid(range(168), 4, facts={"standout": 30}), None), (grid(range(168), 4), 30)):
        [frame] = plots.plot(result, highlight=highlight).patches
        assert (frame.get_x(), frame.get_y(), frame.get_width(), frame.get_height()) == (6, 1, 1, 1)  # Tuesday 06:00


def test_pull_has_two_panels_and_colours_what_is_clear():
    verdicts = ["clear", "chance", "clear", "few"]
    result = pull({"topic": NAMES[:4]}, [50, 60, 70, 5], [10, 30, 60, 1], [-0.04, -0.03, 0.05, 0.1], verdicts)
    ax = plots.plot(result)
    first, second = ax.figure.axes
    assert first is ax
    assert [label for label, _ in rows_of(ax)] == NAMES[:4]  # the metric's order
    for (_, mark), (_, row) in zip(rows_of(ax), result.iterrows(), strict=True):
        assert_drawn(mark, row, "csat", ("low", "high"))
    points = [line for line in second.lines if line.get_marker() == "o"]
    drawn = [(line.get_ydata()[0], line.get_xdata()[0], line.get_color()) for line in points]
    assert [one for one in drawn if np.isfinite(one[1])] == [
        (3, -0.04, axes.HARM), (2, -0.03, axes.CONTEXT), (1, 0.05, axes.GOOD),
    ]  # fmt: skip
    whiskers = {line.get_ydata()[0]: list(line.get_xdata()) for line in second.lines if len(line.get_xdata()) == 2}
    for y, value in ((3, -0.04), (2, -0.03), (1, 0.05)):
        assert whiskers[y] == pytest.approx([value - 0.02, value + 0.03])
    _, given = plt.subplots()
    assert len(plots.plot(result, given).figure.axes) == 1


# --- highlight, targets, reference ----------------------------------------------------------------


def highlighted(ax, upright):
    return [at for at, mark in marks_of(ax, upright).items() if mark.get("colour") == axes.HIGHLIGHT]


def test_the_highest_is_not_highlighted_by_itself():
    for kind in ("hours", "some too few", "weekdays"):
        for shape in ("rate", "count", "mean", "wait"):
            assert highlighted(plots.plot(of_kind(shape, kind)), kind != "some too few") == []


@pytest.mark.parametrize("by_fact", [True, False])
def test_what_the_finding_names_is_highlighted(by_fact):
    hours = rate({"hour": [8, 9, 10]}, [50] * 3, [5, 20, 4], facts={"standout": 1} if by_fact else {})
    ax = plots.plot(hours, highlight=None if by_fact else 1)
    assert highlighted(ax, True) == [9] and "40.0 %" in said(ax)
    rows = rate({"queue": ["a", "(none)", "c"]}, [50] * 3, [5, 20, 4], facts={"standout": 0} if by_fact else {})
    ax = plots.plot(rows, highlight=None if by_fact else 0)
    assert [label for label, mark in rows_of(ax) if mark["colour"] == axes.HIGHLIGHT] == ["A"]


def test_nobody_is_never_highlighted():
    for name in ("(none)", None):
        ax = plots.plot(rate({"agent": ["a", name, "c"]}, [50] * 3, [5, 20, 4]), highlight=1)
        assert highlighted(ax, False) == []
    ax = plots.plot(rate({"hour": [8, 9]}, [50, 3], [5, 3]), highlight=1)  # too few
    assert highlighted(ax, True) == [] and "100.0 %" not in said(ax)


TARGET = {"of": "rate", "low": "low", "high": "high", "value": 0.3, "best": "low"}


@pytest.mark.parametrize("keys", [{"queue": ["a", "b"]}, {"hour": [8, 9]}], ids=["rows", "steps"])
def test_one_target_is_a_dotted_line(keys):
    upright = "hour" in keys
    ax = plots.plot(rate(keys, [50, 50], [5, 4], target=TARGET))
    lines = [line for line in ax.lines if line.get_color() == plots.INK and line.get_linestyle() not in ("-", "None")]
    places = [set((line.get_ydata if upright else line.get_xdata)()) for line in lines if line.get_clip_on()]
    assert places == [{0.3}]
    assert (ax.get_ylim() if upright else ax.get_xlim())[1] > 0.3
    assert any("target" in text and "30.0 %" in text for text in said(ax))
    without = plots.plot(rate(keys, [50, 50], [5, 4]))
    assert not any("target" in text for text in said(without))


@pytest.mark.parametrize("keys", [{"queue": ["a", "b", "c"]}, {"hour": [8, 9, 10]}], ids=["rows", "steps"])
def test_targets_that_differ_are_ticks(keys, monkeypatch):
    monkeypatch.setattr(
        Result, "targets", lambda self: [{10: 0.3, 5: 0.1}.get(hits, NAN) for hits in self["hit_count"]]
    )
    ax = plots.plot(rate(keys, [50] * 3, [10, 5, 4], target=TARGET))
    marks = marks_of(ax, "hour" in keys)
    in_order = [marks[at] for at in ([8, 9, 10] if "hour" in keys else [2, 1, 0])]
    assert [mark.get("target") for mark in in_order] == [0.3, 0.1, None]


def test_a_target_of_another_figure_is_not_drawn():
    result = wait({"queue": ["a", "b"]}, [50] * 2, [60, 900], [30, 400], [90, 2000])
    result.attrs["target"] = TARGET | {"of": "within_target", "value": 0.8}
    assert not any("target" in text for text in said(plots.plot(result)))


@pytest.mark.parametrize("kind", ["hours", "hostile", "many days"])
def test_reference(kind):
    result, overall = of_kind("rate", kind), of_kind("rate", "total")
    for reference in (overall, float(overall["rate"].iloc[0])):
        ax = plots.plot(result, reference=reference)
        assert sum("overall" in text for text in said(ax)) == 1
        dashed = [line for line in ax.lines if line.get_color() == axes.CONTEXT and line.get_linestyle() == "--"]
        [places] = [set((line.get_xdata if kind == "hostile" else line.get_ydata)()) for line in dashed]
        assert places == {overall["rate"].iloc[0]}
        assert not overlapping(ax.figure)
    assert not any("overall" in text for text in said(plots.plot(result, reference=overall.iloc[:0])))


def test_a_part_of_a_period_is_outlined():
    days = pd.date_range("2024-03-01", periods=3)
    ax = plots.plot(count({"day": days}, [5, 6, 2], partial=[2]))
    fills = [mark["fill"] for _, mark in sorted(marks_of(ax, upright=True).items())]
    assert fills == [draw.FILL, draw.FILL, 0]
    assert "outlined: only part of it is counted" in ax.get_xlabel()


# --- every shape on every kind of groups ----------------------------------------------------------


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("shape", SHAPES)
def test_draws_every_kind(shape, kind):
    result = of_kind(shape, kind)
    before, attrs, settings = result.copy(), dict(result.attrs), dict(plt.rcParams)
    ax = plots.plot(result)
    pd.testing.assert_frame_equal(pd.DataFrame(result), pd.DataFrame(before))
    assert result.attrs == attrs and dict(plt.rcParams) == settings
    figure = ax.figure
    assert not overlapping(figure)
    # text stays text; what is drawn is XML, whatever the names hold
    buffer = io.StringIO()
    with matplotlib.rc_context({"svg.fonttype": "none"}):
        figure.savefig(buffer, format="svg", bbox_inches="tight")
    svg = buffer.getvalue()
    ElementTree.fromstring(svg)
    assert "<script" not in svg
    # one colour of text, nothing white
    assert {to_rgb(text.get_color()) for text in texts_of(figure)} == {to_rgb(plots.INK)}
    assert "#ffffff" not in svg.lower() and "fill: white" not in svg
    assert not any(text.get_parse_math() for text in texts_of(figure))


@pytest.mark.parametrize("shape", SHAPES)
def test_draws_on_given_axes(shape):
    _, given = plt.subplots(figsize=(7.5, 3))
    open_before = plt.get_fignums()
    assert plots.plot(of_kind(shape, "hostile"), ax=given) is given
    assert plt.get_fignums() == open_before
    assert plots.plot(of_kind(shape, "none"), given) is given


@pytest.mark.parametrize("shape", SHAPES)
def test_opens_one_figure_that_close_forgets(shape):
    before = plt.get_fignums()
    ax = plots.plot(of_kind(shape, "some too few"))
    assert len(plt.get_fignums()) == len(before) + 1
    plots.close(ax.figure)
    assert plt.get_fignums() == before


@pytest.mark.parametrize(
    "kind, expected", [("none", "no data"), ("no rows in time", "no data"), ("too few", "too few: fewer than 10 cases")]
)
def test_says_why_there_is_no_chart(kind, expected):
    assert said(plots.plot(of_kind("rate", kind))) == [expected]


def test_what_has_no_chart_is_refused():
    listing = made({"score": [1]}, "listing", "score")
    for given, named in (
        (pd.DataFrame({"n": [1]}), "a DataFrame"), (None, "a NoneType"), (listing, "a listing"),
        (Result.of(pd.DataFrame({"n": [1]}), "counts", {}), "a table"),
    ):  # fmt: skip
        with pytest.raises(BadParameter, match=named):
            plots.plot(given)


# --- words ----------------------------------------------------------------------------------------


def test_names_are_neither_mathtext_nor_endless():
    ax = plots.plot(of_kind("rate", "hostile"))
    labels = [label for label, _ in rows_of(ax)]
    assert "$x^2$ & <script>alert(1)<…" in labels and "A b" in labels
    assert all(len(label) <= axes.LONGEST_LABEL for label in labels)


def test_many_groups_are_told_as_not_shown():
    ax = plots.plot(of_kind("rate", "many"))
    assert [label for label, _ in rows_of(ax)] == [words.display_name(f"group {place}") for place in range(39, 24, -1)]
    assert "25 groups with fewer cases not shown" in ax.get_xlabel()


def test_the_latest_of_many_steps_are_drawn():
    ax = plots.plot(of_kind("spans", "many days"))
    assert ax.get_yticklabels()[-1].get_text() == "18 July 2024"
    assert "169 earlier groups not shown" in ax.get_xlabel()


UNITS = {"s", "min", "h", "d", "pts"}
DATES = {"Jan", "Feb", "Mar", "January", "February", "March", *(name[:3] for name in WEEKDAYS)}


@pytest.fixture
def pseudo():
    """The pseudo language."""
    words.use("pseudo")
    yield
    words.use("en")


@pytest.mark.parametrize("kind", ["total", "some too few", "too few", "none", "many", "hours", "lines"])
@pytest.mark.parametrize("shape", SHAPES)
def test_every_word_comes_from_the_catalogue(shape, kind, pseudo):
    """Each message is wrapped: what isn't is a group's name, a number with its unit, or a date."""
    result = of_kind(shape, kind)
    keys = [key for key in result.attrs["by"] if key in ("queue", "channel")]
    groups = [name for key in keys for name in axes.row_labels(result, [key])]
    named = {letters for name in groups for letters in re.findall(r"[^\W\d]+", name)} | {"x"}
    for text in said(plots.plot(result, reference=0.3 if shape == "rate" else None)):
        while "⟦" in text:  # the innermost first: a message may hold another
            text = re.sub("⟦[^⟦⟧]*⟧", "", text)
        bare = {re.sub("^[xX]+$", "x", letters) for letters in re.findall(r"[^\W\d]+", text)}
        assert bare <= UNITS | DATES | named | {"alert", "script", "frac"}


def test_colours_can_be_seen_on_white_and_on_black():
    def luminance(colour):
        parts = [part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in to_rgb(colour)]
        return np.dot(parts, [0.2126, 0.7152, 0.0722])

    for colour in axes.SERIES:
        assert 1.05 / (luminance(colour) + 0.05) >= 3
        assert (luminance(colour) + 0.05) / (luminance("#111111") + 0.05) >= 3


def test_the_parts_behind_a_rate_are_not_measured_by_its_name():
    from toolkit import metrics

    scores = metrics.csat(pd.DataFrame({"score": [1, 2, 3, 4, 5] * 4}))
    assert scores.plot(parts=True).get_xlabel() == "Share of all" and scores.sentence().startswith("8 of 20 answers")
