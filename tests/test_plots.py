"""Charts are held against the result by what they draw: lengths, places and intervals are read back from the artists."""

import re
import xml.etree.ElementTree as ElementTree

import matplotlib

matplotlib.use("Agg")

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from matplotlib.colors import to_hex
from matplotlib.dates import date2num
from matplotlib.text import Text

from toolkit import claims, findings, metrics, open_data, plots, words
from toolkit.errors import BadParameter
from toolkit.intervals import wilson
from toolkit.look import LIGHT
from toolkit.plots import axes, bars, canvas, rows, split
from toolkit.plots.svg import _line, _Renderer
from toolkit.report.clean import inline_svg
from toolkit.result import Result
from toolkit.table_html import tables_of

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
    units, attrs = {"median_seconds": "seconds"}, {"when_null": {"median_seconds": "not_reached"}} | attrs
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
    attrs["metric"] = "response_time_buckets"
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
        "of": "csat",
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


def plain(text):
    return text.replace(words.NO_BREAK, " ").replace("\u200e", "")


def said(ax, label=None):
    """What the texts of the figure say, or those of a label; a space that doesn't break is a space here."""
    return [plain(text.get_text()) for text in texts_of(ax.figure) if label in (None, text.get_label())]


def overlapping(figure, is_drawn=False):
    """Pairs of texts that are drawn over each other, and texts beyond the figure; `is_drawn`: it was laid out before."""
    renderer = _Renderer(*figure.bbox.size)  # measures as the SVG is laid out, without the hints of a bitmap
    if not is_drawn:
        figure.draw(renderer)
    boxes = [(text.get_text(), text.get_window_extent(renderer)) for text in texts_of(figure)]
    pairs = [text for text, box in boxes if box.x0 < -1 or box.x1 > figure.bbox.x1 + 1]
    for i, (one, box) in enumerate(boxes):
        for other, second in boxes[i + 1 :]:
            wide = min(box.x1, second.x1) - max(box.x0, second.x0)
            high = min(box.y1, second.y1) - max(box.y0, second.y0)
            if wide > 1.5 and high > 3:
                pairs.append((one, other))
    return pairs


def marks_of(ax, place_of):
    """{place: what is drawn there}: value, low, high, target, before, few, open, colour; places by `place_of(x, y)`."""
    found = {}

    def at(x, y):
        return found.setdefault(place_of(float(np.mean(x)), float(np.mean(y))), {})

    for bar in ax.patches:
        if bar.get_label() == "value":
            assert bar.get_x() == 0 or bar.get_y() == 0 or ax.get_xlim()[0] < 0, "a bar grows from 0"
            mark = at(bar.get_x() + bar.get_width() / 2, bar.get_y() + bar.get_height() / 2)
            mark |= {"value": bar, "colour": to_hex(bar.get_facecolor()), "hollow": bar.get_facecolor()[3] == 0}
    for line in ax.lines:
        x, y = (np.array(part, float) for part in line.get_data())
        name = line.get_label()
        if name == "value":
            look = {"colour": line.get_color(), "hollow": line.get_markerfacecolor() == LIGHT["page"]}
            at(x, y).update(value=(x[0], y[0]), shape=line.get_marker(), **look)
        elif name == "whisker":
            at(x, y).update(low=(x[0], y[0]), high=(x[1], y[1]))
        elif name in ("target", "before", "few", "open", "overall"):
            at(x, y)[name] = (x[0], y[0])
    return found


def rows_of(ax, pitch):
    """[(name, {what is drawn there: its value})] of rows, from the top."""
    marks = marks_of(ax, lambda x, y: int(y // pitch))
    names = sorted((text for text in ax.texts if text.get_label() == "name"), key=lambda text: text._y)
    made = []
    for place, text in enumerate(names):
        mark = {key: value[0] if isinstance(value, tuple) else value for key, value in marks.get(place, {}).items()}
        if hasattr(mark.get("value"), "get_width"):
            mark["value"] = mark["value"].get_x() + mark["value"].get_width()
        made.append((plain(text.get_gid() or text.get_text()), mark))
    return made


def columns_of(ax):
    """{place along: {what is drawn there: its value}} of columns."""
    made = {}
    for place, mark in marks_of(ax, lambda x, y: round(x, 6)).items():
        own = {key: value[1] if isinstance(value, tuple) else value for key, value in mark.items()}
        if hasattr(own.get("value"), "get_height"):
            own["value"] = own["value"].get_height()
        made[place] = own
    return made


def assert_drawn(mark, row, value, ends=(), limit=None, minimum=MINIMUM):
    """A row's mark has the row's value and interval; none where there are too few cases or no value."""
    if row["n"] < minimum or not row["n"] > 0 or np.isnan(row[value]):
        assert "value" not in mark
    else:
        assert mark["value"] == pytest.approx(row[value])
    if ends and row["n"] >= minimum and np.isfinite(row[ends[0]]):
        assert mark["low"] == pytest.approx(row[ends[0]])
        assert mark["high"] == pytest.approx(limit if np.isnan(row[ends[1]]) else row[ends[1]])
        assert ("open" in mark) == bool(np.isnan(row[ends[1]]))
    else:
        assert "low" not in mark


def lines_of(ax, label="line"):
    """[(places, values)] of the lines of data, without breaks."""
    made = []
    for line in ax.lines:
        if line.get_label() == label:
            x, y = (np.array(part, float) for part in line.get_data())
            made.append((x[np.isfinite(y)], y[np.isfinite(y)]))
    return made


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


def random_counts(seed, size):
    """Counts and hits of groups: large, too few, none; shares of 0 and of 1 too."""
    chance = np.random.default_rng(seed)
    n = chance.choice([0, 3, MINIMUM - 1, MINIMUM, 40, 700], size=size)
    n[0] = 55
    return n, chance.binomial(n, chance.choice([0, 0.05, 0.3, 0.9, 1], size=size))


# --- dot rows -------------------------------------------------------------------------------------


NAMES = ["A", "B", "C", "D", "E", "F", "G"]
SEEDS = range(4)


@pytest.mark.parametrize("narrow", [False, True])
@pytest.mark.parametrize("seed", SEEDS)
def test_rows_of_rates(seed, narrow):
    n, hits = random_counts(seed, 7)
    result = rate({"queue": NAMES}, n, hits)
    drawn = rows_of(plots.plot(result, narrow=narrow), rows.PITCH[narrow])
    by_name = result.set_index("queue")
    for name, mark in drawn:
        assert_drawn(mark, by_name.loc[name], "rate", ("low", "high"))
    order = [name for name, _ in drawn]
    shown = by_name.loc[order, "rate"][by_name.loc[order, "n"] >= MINIMUM].tolist()
    assert shown == sorted(shown, reverse=True)
    assert order[len(shown) :] == [name for name in NAMES if by_name.loc[name, "n"] < MINIMUM]


def test_rows_of_rates_by_eye():
    result = rate({"queue": ["a", "b", "c", "d"]}, [100, 40, 9, 0], [20, 20, 9, 0])
    ax = plots.plot(result)
    assert [(name, round(mark.get("value", -1), 3)) for name, mark in rows_of(ax, 32)] == [
        ("B", 0.5), ("A", 0.2), ("C", -1), ("D", -1),
    ]  # fmt: skip
    assert rows_of(ax, 32)[1][1]["low"] == pytest.approx(0.1334, abs=1e-4)
    assert rows_of(ax, 32)[1][1]["high"] == pytest.approx(0.2888, abs=1e-4)
    assert said(ax, "value") == ["50 %", "20 %", "too few", "–"]
    assert said(ax, "n") == ["40", "100", "9", "0"]
    assert said(plots.plot(result, narrow=True), "n") == ["n 40", "n 100", "n 9", "n 0"]


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
    for name, mark in rows_of(ax, 32):
        row = result.set_index("queue").loc[name]
        assert_drawn(mark, row, result.attrs["value"], result.attrs["ends"], limit=ax.get_xlim()[1])
    assert ax.get_xscale() == ("log" if shape is wait else "linear")


def test_what_is_not_reached_says_so_and_comes_first():
    ax = plots.plot(wait({"queue": ["a", "b"]}, [20, 20], [900, NAN], [400, 5000], [2000, NAN]))
    assert said(ax, "name") == ["B", "A"] and said(ax, "value") == ["not reached", "15 min"]


def test_what_has_no_figure_comes_after_what_has_one_and_before_what_has_too_few():
    frame = {"queue": ["a", "b", "c", None], "n": [20, 20, 3, 20], "lift": [NAN, 1.5, 2.5, 3.5]}
    result = made(frame, "rate", "lift", ["queue"], {"lift": "number"})
    assert said(plots.plot(result), "name") == ["B", "A", "C", "(none)"]


def test_a_long_name_of_a_narrow_row_stands_whole_over_its_value():
    names = ["Offered calls without short abandons", "Queued"]
    ax = plots.plot(rate({"stage": names}, [1200, 1100], [300, 200], ordered=True), narrow=True)
    assert said(ax, "name") == names and said(ax, "value") == ["25 %", "18 %"] and not overlapping(ax.figure)
    places = [sorted(text._y for text in ax.texts if text.get_label() == label) for label in ("name", "value")]
    pitch = rows.PITCH[True] + canvas.LINE
    assert places == [[12, 12 + pitch], [12 + canvas.LINE, 12 + canvas.LINE + pitch]]


def test_no_wait_at_all_lies_at_the_begin_of_a_log_axis():
    ax = plots.plot(wait({"queue": ["a", "b"]}, [20, 20], [0.0, 500], [0.0, 100], [30.0, 900]))
    name, mark = rows_of(ax, 32)[1]
    assert (name, mark["value"], mark["low"], mark["high"]) == ("A", ax.get_xlim()[0], ax.get_xlim()[0], 30.0)


def test_stages_keep_their_order():
    stages = ["Welcome", "Queue", "Agent"]
    result = rate({"stage": stages}, [900, 500, 200], [9, 1, 50], ordered=True)
    result.attrs["by"] = []
    drawn = rows_of(plots.plot(result), 32)
    assert [name for name, _ in drawn] == stages
    assert [mark["value"] for _, mark in drawn] == pytest.approx([0.01, 0.002, 0.25])


@pytest.mark.parametrize("shape", ["rate", "count"])
def test_nobody_is_last_and_hollow(shape):
    names = ["a", None, "c"]
    result = rate({"agent": names}, [50] * 3, [5, 40, 4]) if shape == "rate" else count({"agent": names}, [5, 90, 4])
    drawn = rows_of(plots.plot(result), 32 if shape == "rate" else 28)
    assert [(name, mark["hollow"]) for name, mark in drawn] == [("A", False), ("C", False), ("(unassigned)", True)]


@pytest.mark.parametrize("narrow", [False, True])
def test_a_value_without_an_interval_beside_others_is_hollow_and_the_key_says_why(narrow):
    ends = ([20.0, 30, 40], [15.0, NAN, 35], [25.0, NAN, 45])
    result = mean({"queue": ["a", "b", "c"]}, [40, 17, 60], *ends)
    ax = plots.plot(result, narrow=narrow)
    assert {name: mark["hollow"] for name, mark in rows_of(ax, rows.PITCH[narrow])} == {
        "A": False,
        "B": True,
        "C": False,
    }
    assert "too few cases for an interval" in said(ax)
    hours = mean({"hour": [8, 9, 10]}, [40, 17, 60], *ends)
    assert "too few cases for an interval" in said(plots.plot(hours, narrow=narrow))
    assert {at: mark["hollow"] for at, mark in columns_of(plots.plot(hours, narrow=narrow)).items()} == {
        8: False, 9: True, 10: False
    }  # fmt: skip
    many = mean({"queue": ["a", "b", "c"]}, [40, 170, 60], *ends)  # not for want of cases
    assert "no interval can be told" in said(plots.plot(many, narrow=narrow))
    none = mean({"queue": ["a", "b"]}, [40, 17], [20.0, 30], [NAN] * 2, [NAN] * 2)
    assert not any(mark["hollow"] for _, mark in rows_of(plots.plot(none, narrow=narrow), rows.PITCH[narrow]))


def test_weekdays_keep_their_order():
    result = rate({"weekday": pd.Categorical(WEEKDAYS, WEEKDAYS, ordered=True)}, [40] * 7, range(7))
    drawn = rows_of(plots.plot(result), 32)
    assert [name for name, _ in drawn] == WEEKDAYS
    assert [mark["value"] for _, mark in drawn] == pytest.approx(result["rate"].tolist())


def compared(result, previous, previous_n):
    frame = pd.DataFrame(result)[result.attrs["by"]].assign(previous=previous, previous_n=previous_n)[::-1]
    made = Result.of(frame, result.attrs["metric"], {}, result.attrs["by"], MINIMUM)
    made.attrs["shape"] = "comparison"
    return made


@pytest.mark.parametrize("narrow", [False, True])
def test_the_period_before_is_a_hollow_dot_or_a_tick(narrow):
    result = rate({"queue": ["a", "b", "c"]}, [50] * 3, [20, 10, 5])
    before = compared(result, [0.5, 0.3, 0.1], [40, 40, 3])
    drawn = rows_of(plots.plot(result, before=before, narrow=narrow), rows.PITCH[narrow])
    assert [mark.get("before") for _, mark in drawn] == [0.5, 0.3, None]  # of too few there is none
    volume = count({"queue": ["a", "b"]}, [9, 4])
    drawn = rows_of(plots.plot(volume, before=compared(volume, [8, 12], [80, 120]), narrow=narrow), bars.PITCH[narrow])
    assert [(mark["value"], mark["before"]) for _, mark in drawn] == [(9, 8), (4, 12)]


@pytest.mark.parametrize("narrow", [False, True])
def test_a_count_stands_at_the_end_of_its_bar_and_the_tick_below_it(narrow):
    volume = count({"queue": ["a", "b", "c"]}, [90, 40, 0])
    ax = plots.plot(volume, before=compared(volume, [85, 42, 30], [85, 42, 30]), narrow=narrow)
    tall = [np.ptp(one.get_ydata()) for one in ax.lines if one.get_label() == "before"]
    assert tall[0] == tall[2] > tall[1]  # the second lies where the 40 stands
    texts = [text for text in ax.texts if text.get_label() == "value"]
    ends = [one.get_width() for one in ax.patches if one.get_label() == "value"]
    assert [text.xy[0] if hasattr(text, "xy") else text.get_position()[0] for text in texts] == ends == [90, 40, 0]
    box = {round(float(text.get_window_extent().y0)): text.get_window_extent() for text in texts}
    assert len(box) == 3
    for text, tick in zip(texts, [one for one in ax.lines if one.get_label() == "before"], strict=True):
        place = tick.get_window_extent(ax.figure.canvas.get_renderer())
        box = text.get_window_extent()  # digits have nothing below their line
        assert place.y1 <= box.y0 + 4 or place.x1 <= box.x0 or place.x0 >= box.x1


# --- bars and columns -----------------------------------------------------------------------------


@pytest.mark.parametrize("narrow", [False, True])
@pytest.mark.parametrize("seed", SEEDS)
def test_bars_of_counts(seed, narrow):
    n, _ = random_counts(seed, 7)
    ax = plots.plot(count({"queue": NAMES}, n), narrow=narrow)
    drawn = rows_of(ax, bars.PITCH[narrow])
    assert [mark["value"] for _, mark in drawn] == sorted(n.tolist(), reverse=True)
    assert {name: mark["value"] for name, mark in drawn} == dict(zip(NAMES, n.tolist(), strict=True))
    assert ax.get_xlim() == (0, n.max())
    assert said(ax, "value") == [str(count) for count in sorted(n.tolist(), reverse=True)]


@pytest.mark.parametrize("narrow", [False, True])
@pytest.mark.parametrize("seed", SEEDS)
def test_columns_of_rates_by_hour(seed, narrow):
    n, hits = random_counts(seed, 24)
    result = rate({"hour": range(24)}, n, hits)
    marks = columns_of(plots.plot(result, narrow=narrow))
    for place, (_, row) in enumerate(result.iterrows()):
        mark = marks.get(float(place), {})
        assert_drawn(mark, row, "rate", ("low", "high"))
        assert ("few" in mark) == (0 < row["n"] < MINIMUM)


def test_columns_of_counts_by_hour():
    marks = columns_of(plots.plot(count({"hour": range(8, 12)}, [5, 0, NAN, 7])))
    assert {place: mark["value"] for place, mark in marks.items()} == {8: 5, 9: 0, 11: 7}


def test_nobody_to_ask_is_no_share_of_nobody():
    result = rate({"hour": [0, 1, 2]}, [50, 0, 20], [5, 0, 0])
    result.loc[1, "rate"] = 0.0
    result.attrs["minimum_count"] = 0
    assert {at: mark["value"] for at, mark in columns_of(plots.plot(result)).items()} == {0: 0.1, 2: 0.0}


# --- along the time -------------------------------------------------------------------------------


@pytest.mark.parametrize("narrow", [False, True])
@pytest.mark.parametrize("seed", SEEDS)
def test_lines_and_bands(seed, narrow):
    weeks = pd.date_range("2024-01-01", periods=9, freq="7D")
    n, hits = random_counts(seed, 18)
    n[:2], hits[:2] = 90, [5, 50]
    result = rate({"week": np.repeat(weeks, 2), "queue": ["a", "b"] * 9}, n, hits)
    ax = plots.plot(result, narrow=narrow)
    sizes = result.groupby("queue")["n"].sum().sort_values(ascending=False, kind="stable")
    drawn = zip(reversed(sizes.index), lines_of(ax), bands_of(ax), strict=True)  # the largest is drawn last, on top
    for group, (x, y), band in drawn:
        part = result[(result["queue"] == group) & (result["n"] >= MINIMUM)]
        at = date2num(part["week"].to_numpy())
        assert x.tolist() == at.tolist() and y == pytest.approx(part["rate"].to_numpy())
        for place, low, high in zip(at, part["low"], part["high"], strict=True):
            assert band[round(float(place), 6)] == pytest.approx((low, high))


def gaps_of(ax):
    return [(one.get_x(), one.get_x() + one.get_width()) for one in ax.patches if one.get_label() == "gap"]


def test_many_days_are_a_line_with_gaps():
    days = pd.date_range("2024-01-01", periods=100)
    n = np.full(100, 50)
    n[20], n[22] = 3, 0  # too few; nobody: the day between them stands alone
    result = rate({"day": days}, n, [10] * 20 + [1, 30, 0] + [10] * 77).drop(index=[50, 51])  # two days aren't there
    ax = plots.plot(result)
    [line] = [line for line in ax.lines if line.get_label() == "line"]
    x, y = (np.array(part, float) for part in line.get_data())
    shown = result[result["n"] >= MINIMUM]
    assert x[np.isfinite(y)].tolist() == date2num(shown["day"].to_numpy()).tolist()
    assert y[np.isfinite(y)].tolist() == shown["rate"].tolist()
    missing = date2num(np.datetime64("2024-02-20"))  # day 50
    between = (x > missing - 1) & (x < missing + 2)
    assert between.any() and np.isnan(y[between]).all()  # the line doesn't run through them
    assert gaps_of(ax) == [(missing - 0.5, missing + 1.5)] and "no data" in said(ax)


@pytest.mark.parametrize("groups", [["a"], ["a", "b"], ["a", "b", "c"]])
def test_a_lone_point_keeps_its_interval(groups):
    weeks, n = pd.date_range("2024-01-01", periods=7, freq="7D"), [50, 50, 3, 50, 3, 50, 50]
    size = len(groups)
    keys = {"week": weeks.repeat(size), "queue": groups * 7}
    result = rate(keys, np.repeat(n, size), [9] * 7 * size)
    ax = plots.plot(result)
    alone, row = date2num(weeks[3].to_numpy()), result.iloc[3 * size]
    for one in ax.figure.axes:
        whiskers = [line for line in one.lines if line.get_label() == "whisker"]
        assert len(whiskers) == (1 if size > 2 else size)
        for line in whiskers:
            assert list(line.get_xdata()) == [alone, alone]
            assert list(line.get_ydata()) == pytest.approx([row["low"], row["high"]])


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
    for name, (x, y), band in zip(("positive", "negative"), lines_of(ax), bands_of(ax), strict=True):
        assert x.tolist() == date2num(weeks[enough].to_numpy()).tolist()
        assert y == pytest.approx(result[name][enough].to_numpy())
        for place, row in zip(x, result[enough].itertuples(), strict=True):
            ends = getattr(row, f"{name}_low"), getattr(row, f"{name}_high")
            assert band[round(float(place), 6)] == pytest.approx(ends)
    last = result[enough].iloc[-1]
    ends = {f"{words.sentence_case(name)} {words.value_text(last[name], 'rate')}" for name in ("negative", "positive")}
    assert {re.sub(r"\s", " ", end) for end in ends} == set(said(ax, "end"))


@pytest.mark.parametrize("count_of", [5, 12])
def test_more_than_two_lines_are_small_multiples(count_of):
    weeks, names = pd.date_range("2024-01-01", periods=6, freq="7D"), [f"q{i:02d}" for i in range(count_of)]
    keys = {"week": weeks.repeat(count_of), "queue": names * 6}
    n = np.tile(np.arange(100, 100 - count_of, -1), 6)
    result = rate(keys, n, np.arange(6 * count_of) % 17 + 1)
    ax = plots.plot(result)
    panels = ax.figure.axes
    assert len(panels) == min(count_of, 9)
    assert said(ax, "name") == [name.upper()[:1] + name[1:] for name in names[:9]]
    for name, one in zip(names, panels, strict=False):
        part = result[result["queue"] == name]
        [(x, y)] = lines_of(one)
        assert x.tolist() == date2num(part["week"].to_numpy()).tolist() and y == pytest.approx(part["rate"].to_numpy())
        [(_, others)] = lines_of(one, "others")
        assert sorted(others) == pytest.approx(sorted(result[result["queue"].isin(names[:9])]["rate"]))
        assert one.get_ylim() == ax.get_ylim() and one.get_xlim() == ax.get_xlim()
    assert ("3 others with fewer cases not shown" in said(ax)) == (count_of == 12)
    _, given = plt.subplots(figsize=(6, 3))
    assert plots.plot(result, given) is given and len(given.figure.axes) == 1


@pytest.mark.parametrize("narrow, shown", [(False, 3), (True, 2)])
def test_beside_a_group_that_stands_out_the_others_are_lines_in_grey(narrow, shown):
    weeks, names = pd.date_range("2024-01-01", periods=6, freq="7D"), [f"q{i}" for i in range(5)]
    result = rate({"week": weeks.repeat(5), "queue": names * 6}, [100] * 30, np.arange(30) % 17 + 1)
    told = result.index[(result["queue"] == "q3") & (result["week"] == weeks[4])][0]
    ax = plots.plot(result, highlight=told, narrow=narrow)
    panels = ax.figure.axes
    assert len(panels) == shown and said(ax, "name")[0] == "Q3"
    assert f"{5 - shown} others with fewer cases as lines in grey only" in said(ax)
    for one in panels:  # of all five, not only of those with a panel
        [(_, others)] = lines_of(one, "others")
        assert sorted(others) == pytest.approx(sorted(result["rate"]))


def test_the_period_is_named_above_what_lies_before_it():
    from datetime import UTC, datetime

    from toolkit.clock import parse_period

    result = of_kind("tones", "weeks")
    for text in ("2024-02", "all"):
        period = parse_period(text, datetime(2024, 4, 1, tzinfo=UTC), "UTC")
        ax = plots.plot(result, period=period)
        assert said(ax, "period") == ([] if text == "all" else ["1 to 29 February 2024"])
        assert not overlapping(ax.figure)
    ax = plots.plot(result, period=parse_period("2024-02", datetime(2024, 4, 1, tzinfo=UTC), "UTC"))
    [bracket] = [line for line in ax.lines if line.get_linewidth() == 2 and line.get_color() == LIGHT["ink"]]
    # the weeks from 29 January to 26 February, half a step around
    assert bracket.get_xdata()[0] == date2num(np.datetime64("2024-01-29")) - 3.5
    assert bracket.get_xdata()[1] == date2num(np.datetime64("2024-02-26")) + 3.5


def test_a_part_of_a_period_is_hollow():
    days = pd.date_range("2024-03-01", periods=5)
    ax = plots.plot(count({"day": days}, [5, 6, 7, 6, 2], partial=[4]))
    points = [line for line in ax.lines if line.get_label() == "point"]
    hollow = [line.get_ydata()[0] for line in points if line.get_markerfacecolor() == LIGHT["page"]]
    assert hollow == [2] and [line.get_ydata()[0] for line in points] == [5, 6, 7, 6, 2]
    assert "only part of it is counted" in said(ax)
    drawn = rows_of(plots.plot(count({"day": days[:3]}, [5, 6, 2], partial=[2])), 28)
    assert [mark["hollow"] for _, mark in drawn] == [False, False, True]


# --- parts, curve, week grid, pull ----------------------------------------------------------------


def stacks_of(ax, narrow=False):
    """[(name, [lengths of the parts])] from the top; the parts stand one after another, a pixel between."""
    made, pitch = [], split.PITCH[narrow]
    names = sorted((text for text in ax.texts if text.get_label() == "name"), key=lambda text: text._y)
    for place, text in enumerate(names):
        own = [bar for bar in ax.patches if bar.get_label() == "part" and int(bar.get_y() // pitch) == place]
        starts = [bar.get_x() for bar in own]
        assert starts == sorted(starts)
        made.append((plain(text.get_gid() or text.get_text()), np.diff([*starts, 1.0]) if own else np.array([])))
        for bar, length in zip(own, made[-1][1], strict=True):
            assert length - 0.005 < bar.get_width() <= max(length, 0.003)
    return made


@pytest.mark.parametrize("form", ["long", "wide"])
@pytest.mark.parametrize("seed", SEEDS)
def test_split_bars(seed, form):
    chance = np.random.default_rng(seed)
    n = chance.choice([0, 5, 40, 300], 7)
    n[0] = 20
    shares = chance.dirichlet([1] * (5 if form == "long" else 3), 7)
    result = spans({"queue": NAMES}, n, shares) if form == "long" else tones({"queue": NAMES}, n, shares)
    for narrow in (False, True):
        stacks = stacks_of(plots.plot(result, narrow=narrow), narrow)
        assert {name for name, _ in stacks} == set(NAMES)
        for name, lengths in stacks:
            place = NAMES.index(name)
            own = [*shares[place][:3], shares[place][3:].sum()] if form == "long" else shares[place]
            assert lengths == pytest.approx(np.array(own if n[place] >= MINIMUM else []))  # no answer is one part
        firsts = [lengths[0] for _, lengths in stacks if len(lengths)]
        assert firsts == sorted(firsts, reverse=True)
        assert all(not len(lengths) for _, lengths in stacks[len(firsts) :])


def test_split_bars_in_time_keep_its_order():
    weeks = pd.date_range("2024-01-01", periods=3, freq="7D")
    result = spans({"week": weeks}, [40] * 3, [[0.2, 0.5, 0.1, 0.1, 0.1], [0.6, 0.1, 0.1, 0.1, 0.1]] + [[0.2] * 5])
    stacks = stacks_of(plots.plot(result))
    assert [name for name, _ in stacks] == ["1 January", "8 January", "15 January"]
    assert [lengths[0] for _, lengths in stacks] == pytest.approx([0.2, 0.6, 0.2])


SEVEN = [
    ("within", {"high": 3600}), ("between", {"low": 3600, "high": 21600}), ("between", {"low": 21600, "high": 43200}),
    ("between", {"low": 43200, "high": 86400}), ("after", {"low": 86400}), ("closed_unanswered", {}), ("waiting", {}),
]  # fmt: skip


def test_parts_are_joined_as_in_the_table():
    attrs = {"metric": "response_time_buckets", "parts": list("abcdefg"), "part_words": SEVEN}
    parts = split.parts_of(attrs)
    assert [(plain(name), codes) for name, codes, *_ in parts] == [
        ("Within 1 h", ["a"]), ("1 h to 24 h", ["b", "c", "d"]), ("After 24 h", ["e"]), ("Not answered", ["f", "g"]),
    ]  # fmt: skip
    assert [bool(fill.get("hatch")) for *_, fill, _ in parts] == [False] * 3 + [True]
    assert len(split.parts_of({"parts": [f"score_{i}" for i in range(1, 6)]})) == 5
    result = spans({"queue": ["a", "b"]}, [50, 50], [[0.5, 0.2, 0.1, 0.1, 0.1]] * 2)
    (table,) = tables_of(result)
    heads = re.findall(r"<th scope[^>]*>([^<]*)", table["html"].partition("<tbody>")[0])[2:]
    assert [plain(head) for head in heads] == said(plots.plot(result))[:4]


def test_parts_are_labelled_from_5_percent_and_cut_by_the_target():
    result = spans({"queue": ["a", "b"]}, [200, 9], [[0.5, 0.3, 0.16, 0.03, 0.01], [1, 0, 0, 0, 0]])
    result["within_target"] = [0.62] * 5 + [0.1] * 5
    ax = plots.plot(result)
    assert said(ax, "share") == ["50", "30", "16"]
    notches = [line.get_xdata()[0] for line in ax.lines if line.get_label() == "notch"]
    assert notches == [0.62]  # not of too few
    assert "within its target" in said(ax)


@pytest.mark.parametrize("form", ["long", "wide"])
def test_the_total_of_split_bars_is_last(form):
    shares = [[0.9, 0.1, 0, 0, 0], [0.2, 0.8, 0, 0, 0], [0.3, 0.7, 0, 0, 0]]
    queues, n = {"queue": [None, "a", "b"]}, [90, 40, 50]
    result = spans(queues, n, shares) if form == "long" else tones(queues, n, [row[:3] for row in shares])
    size = len(PARTS) if form == "long" else 1
    result["is_total"], result["within_target"] = (
        np.repeat([True, False, False], size),
        np.repeat([0.1, 0.2, 0.3], size),
    )
    ax = plots.plot(result)
    assert [name for name, _ in stacks_of(ax)] == ["B", "A", "All"]
    assert [line.get_xdata()[0] for line in ax.lines if line.get_label() == "notch"] == [0.3, 0.2, 0.1]


def test_parts_of_all_are_bars():
    shares = [0.4, 0.3, 0.0, 0.1, 0.2]
    drawn = rows_of(plots.plot(spans({}, [200], [shares])), 28)
    assert [mark["value"] for _, mark in drawn] == shares
    assert [name for name, _ in drawn][:2] == ["Within 1 h", "1 h to 24 h"]


def test_parts_beside_a_value():
    result = rate({"queue": ["a", "b"]}, [50, 40], [30, 10], parts=["negative", "neutral", "positive"])
    for part, shares in (("negative", [0.2, 0.5]), ("neutral", [0.2, 0.25]), ("positive", [0.6, 0.25])):
        result[[part, f"{part}_count", f"{part}_low", f"{part}_high"]] = np.transpose([shares] * 4)
    (first, of_a), (second, of_b) = stacks_of(plots.plot(result, parts=True))
    assert (first, second) == ("A", "B")  # by the value, as the rows and the table
    assert of_b == pytest.approx([0.5, 0.25, 0.25]) and of_a == pytest.approx([0.2, 0.2, 0.6])
    assert [name for name, _ in rows_of(plots.plot(result), 32)] == ["A", "B"]


@pytest.mark.parametrize("shares", [[0.9], [0.4, 0.8], [0.5, 0.6, 0.7, 0.9]])
def test_curve_is_the_share_and_its_band(shares):
    names = NAMES[: len(shares)]
    n = list(range(90, 90 - len(shares), -1))
    result = curve({"queue": names}, n, shares)
    ax = plots.plot(result)
    begin, end = ax.get_xlim()
    panels = ax.figure.axes if len(shares) > 2 else [ax]
    assert len(panels) == (len(shares) if len(shares) > 2 else 1)
    lines = [line for one in panels for line in one.lines if line.get_label() == "line"]
    for name, line in zip(names if len(shares) > 2 else names[::-1], lines, strict=True):
        part = result[(result["queue"] == name) & (result["seconds"] <= end)]
        expected = [(max(second, begin), share) for second, share in zip(part["seconds"], part["share"], strict=True)]
        expected.append((end, part["share"].iloc[-1]))
        drawn = set(zip(*line.get_data(), strict=True))
        assert set(expected) <= drawn and {y for _, y in drawn} == {y for _, y in expected}
    for name, area in zip(names[::-1], ax.collections, strict=False):
        part = result[(result["queue"] == name) & (result["seconds"] <= end)]
        corners = {y for path in area.get_paths() for _, y in path.vertices}
        assert sorted(corners) == pytest.approx(sorted({*part["low"], *part["high"]}))


def test_curves_say_the_share_by_their_own_target():
    result = curve({"queue": NAMES[:3]}, [90, 80, 70], [0.5, 0.6, 0.8])
    result["target_seconds"] = np.repeat([300, 30, 4000], 6)
    ax = plots.plot(result)
    assert said(ax, "value") == ["20 % in 5 min", "6 % in 30 s", "56 % in 1.1 h"]
    for one, target, share in zip(ax.figure.axes, [300, 30, 4000], [0.2, 0.06, 0.56], strict=True):
        marks = {line.get_label(): line.get_data() for line in one.lines}
        assert list(marks["target"][0]) == [target] * 2
        assert (marks["value"][0][0], marks["value"][1][0]) == pytest.approx((target, share))


def test_curves_without_a_target_say_the_share_by_the_time_of_the_finding():
    """Not the share in the end; of what has no name last, however many it is."""
    result = curve({"queue": [None, "a", "b"]}, [90, 80, 70], [0.5, 0.6, 0.8])
    ax = plots.plot(result)
    assert said(ax, "name") == ["A", "B", "(none)"]
    seconds = claims.told_time(pd.DataFrame(result), ["queue"])
    by_then = claims.within(result, ["queue"], seconds).set_index("queue")["share"]
    expected = [f"{by_then.loc[name] * 100:.0f} % in 24 h" for name in ("a", "b")]
    assert seconds == 86_400 and said(ax, "value")[:2] == expected == ["42 % in 24 h", "56 % in 24 h"]


def test_curve_leaves_out_groups_with_too_few():
    result = curve({"queue": ["a", "b"]}, [90, 5], [0.5, 0.9])
    result.attrs |= {"minimum_count": 0, "facts": {"minimum_count": 10}}
    ax = plots.plot(result)
    assert [line.get_ydata()[-1] for line in ax.lines if line.get_label() == "line"] == [0.5]
    result.attrs["facts"] = {"minimum_count": 100}
    assert said(plots.plot(result)) == ["Too few for a chart: fewer than 100 cases."]
    assert not plots.is_drawn(result)


@pytest.mark.parametrize("with_hours", [False, True])
@pytest.mark.parametrize("seed", SEEDS)
def test_week_grid(seed, with_hours):
    chance = np.random.default_rng(seed)
    days = chance.choice([0, 4, 5], 168)
    n = np.where(days > 0, chance.poisson(3, 168) * chance.choice([0, 1], 168), 0)
    result = grid(n, days)
    is_open = chance.random(168) < 0.5
    if with_hours:
        result["is_open"] = is_open
    ax = plots.plot(result)
    drawn = ax.collections[0].get_array().reshape(7, 24)
    expected = result["mean"].to_numpy().reshape(7, 24)
    assert np.ma.filled(drawn, 0.0) == pytest.approx(np.nan_to_num(expected))
    assert (np.ma.getmaskarray(drawn) == ~(expected > 0)).all()  # nothing, and nothing known, have no colour

    def cells(label):
        return {(int(one.get_y()), int(one.get_x())) for one in ax.patches if one.get_label() == label}

    def where(chosen):
        return {(place // 24, place % 24) for place in np.flatnonzero(chosen)}

    zero = (days > 0) & (n == 0)
    assert cells("missing") == where(days == 0)
    assert cells("none open") == (where(zero & is_open) if with_hours else set())
    [points] = [line for line in ax.lines if line.get_label() == "none"]
    closed = where(zero & ~is_open) if with_hours else where(zero)
    assert {(int(y), int(x)) for x, y in zip(*points.get_data(), strict=True)} == closed
    assert cells("highlight") == set()
    assert said(ax, "name") == [name[:3] for name in WEEKDAYS]


def test_opening_hours_are_framed():
    result = grid(range(168), 4)
    result["is_open"] = result["hour"].between(9, 16) & result["weekday"].isin(["Tuesday", "Wednesday"])
    ax = plots.plot(result)
    [frame] = [line for line in ax.lines if line.get_label() == "open hours"]
    x, y = (np.array(part, float) for part in frame.get_data())
    assert (np.nanmin(x), np.nanmax(x), np.nanmin(y), np.nanmax(y)) == (9, 17, 1, 3)
    assert "opening hours" in said(ax)


def test_five_steps_of_one_colour():
    ax = plots.plot(grid(range(168), 4))
    colours = [to_hex(colour) for colour in ax.collections[0].get_facecolors()]
    ax.figure.canvas.draw()
    colours = [to_hex(colour) for colour in ax.collections[0].get_facecolors()]
    steps = [LIGHT[f"grid{step}"] for step in range(1, 6)]
    assert sorted(set(colours[1:]), key=steps.index) == steps
    assert (colours[1], colours[34], colours[167]) == (steps[0], steps[1], steps[4])  # 1, 34 and 167 of 167


def test_only_the_hour_that_is_named_is_framed():
    result = grid(range(168), 4, facts={"standout": 30})
    assert not [one for one in plots.plot(result).patches if one.get_label() == "highlight"]
    [frame] = [one for one in plots.plot(result, highlight=30).patches if one.get_label() == "highlight"]
    assert (frame.get_x(), frame.get_y(), frame.get_width(), frame.get_height()) == (6, 1, 1, 1)  # Tuesday 06:00


@pytest.mark.parametrize(
    "best, colours", [("high", ("attention", "faint", "data")), ("low", ("data", "faint", "attention"))]
)
def test_pull_colours_what_is_clear(best, colours):
    verdicts = ["clear", "chance", "clear", "few"]
    result = pull({"topic": NAMES[:4]}, [50, 60, 70, 5], [10, 30, 60, 1], [-0.04, -0.03, 0.05, 0.1], verdicts)
    result.attrs["best"] = best
    for narrow in (False, True):
        ax = plots.plot(result, narrow=narrow)
        bars_drawn = [one for one in ax.patches if one.get_label() == "value"]
        drawn = [(one.get_x(), one.get_x() + one.get_width(), to_hex(one.get_facecolor())) for one in bars_drawn]
        inks = [LIGHT[role] for role in colours]
        assert [low for low, *_ in drawn] == pytest.approx([-0.04, -0.03, 0])
        assert [high for _, high, _ in drawn] == pytest.approx([0, 0, 0.05])
        assert [colour for *_, colour in drawn] == inks
        whiskers = [list(line.get_xdata()) for line in ax.lines if line.get_label() == "whisker"]
        for ends, value in zip(whiskers, (-0.04, -0.03, 0.05), strict=True):
            assert ends == pytest.approx([value - 0.02, value + 0.03])
        assert said(ax, "name") == NAMES[:4]  # the metric's order
        assert said(ax, "value") == ["−4.0 pts", "−3.0 pts", "+5.0 pts", "too few"]


def test_a_clear_pull_without_an_interval_is_an_outline():
    result = pull({"topic": NAMES[:2]}, [50, 60], [10, 30], [-0.04, 0.03], ["clear", "clear"])
    result.loc[0, ["pull_low", "pull_high"]] = np.nan
    ax = plots.plot(result)
    drawn = [one for one in ax.patches if one.get_label() == "value"]
    filled = {round(one.get_width(), 6): to_hex(one.get_facecolor()) != LIGHT["page"] for one in drawn}
    assert filled == {0.04: False, 0.03: True} and "too few cases for an interval" in said(ax)


def test_a_pull_without_an_interval_is_an_outline_whether_it_is_clear_or_not():
    result = pull({"topic": NAMES[:3]}, [19, 60, 17], [10, 30, 12], [-0.04, 0.03, 0.05], ["chance", "chance", "clear"])
    result.loc[[0, 2], ["pull_low", "pull_high"]] = np.nan
    for narrow in (False, True):
        ax = plots.plot(result, narrow=narrow)
        drawn = [one for one in ax.patches if one.get_label() == "value"]
        faces, edges = (
            [to_hex(paint(one)) for one in drawn]
            for paint in (lambda one: one.get_facecolor(), lambda one: one.get_edgecolor())
        )
        assert [face == LIGHT["page"] for face in faces] == [True, False, True]
        assert (edges[0], edges[2]) == (LIGHT["faint"], LIGHT["data"])
        assert len([line for line in ax.lines if line.get_label() == "whisker"]) == 1
        assert "too few cases for an interval" in said(ax)


def test_the_pull_of_csat_is_drawn_from_what_pulls_it_down_most():
    # few of the app's are satisfied, but many write about the fault: that pulls more
    rows = {"app": [5] * 11 + [1] * 11, "fault": [5] * 60 + [1] * 50, "bill": [5] * 90 + [1] * 10}
    frame = pd.DataFrame(
        [(topic, score) for topic, scores in rows.items() for score in scores], columns=["topic", "score"]
    )
    result = metrics.csat_by_topic(frame)
    assert result["topic"].tolist() == ["fault", "app", "bill"] and result["csat"].iloc[1] < result["csat"].iloc[0]
    assert said(plots.plot(result), "name") == ["Fault", "App", "Bill"]


def test_the_total_of_a_pull_is_last():
    verdicts = ["clear"] * 3
    result = pull({"topic": [None, "a", "b"]}, [90, 50, 40], [9, 5, 4], [0.03, -0.04, 0.07], verdicts)
    result["is_total"] = [True, False, False]
    ax = plots.plot(result)
    assert said(ax, "name") == ["A", "B", "All"]
    bars_drawn = [one.get_width() for one in ax.patches if one.get_label() == "value"]
    assert bars_drawn == pytest.approx([0.04, 0.07, 0.03])


# --- highlight, targets, reference ----------------------------------------------------------------


def highlighted(ax):
    """Places of what is drawn as highlighted, in every panel."""
    colour = LIGHT["attention"]
    found = [line for one in ax.figure.axes for line in one.lines if line.get_color() == colour]
    areas = [area for one in ax.figure.axes for area in one.patches]
    return found + [area for area in areas if colour in (to_hex(area.get_facecolor()), to_hex(area.get_edgecolor()))]


def test_nothing_is_highlighted_by_itself():
    for kind in ("hours", "some too few", "weekdays", "weeks"):
        for shape in ("rate", "count", "mean", "wait", "tones"):
            assert highlighted(plots.plot(of_kind(shape, kind))) == []


@pytest.mark.parametrize("narrow", [False, True])
def test_what_the_finding_names_is_a_diamond(narrow):
    result = rate({"queue": ["a", "b", "c"]}, [50] * 3, [5, 20, 4])
    ax = plots.plot(result, highlight=1, narrow=narrow)
    drawn = rows_of(ax, rows.PITCH[narrow])
    assert [(name, mark["shape"]) for name, mark in drawn] == [("B", "D"), ("A", "o"), ("C", "o")]
    assert [text.get_fontweight() for text in ax.texts if text.get_label() == "name"] == ["bold", "normal", "normal"]
    ax = plots.plot(rate({"hour": [8, 9, 10]}, [50] * 3, [5, 20, 4]), highlight=1, narrow=narrow)
    assert {at: mark["shape"] for at, mark in columns_of(ax).items()} == {8: "o", 9: "D", 10: "o"}
    assert said(ax, "highlight") == ["40 %"]
    weeks = pd.date_range("2024-01-01", periods=4, freq="7D")
    ax = plots.plot(rate({"week": weeks}, [50] * 4, [5, 20, 4, 6]), highlight=1, narrow=narrow)
    [mark] = [line for line in ax.lines if line.get_label() == "highlight"]
    assert (mark.get_xdata()[0], mark.get_ydata()[0]) == (date2num(weeks[1].to_numpy()), 0.4)
    assert said(ax, "highlight") == ["40 %"]


@pytest.mark.parametrize("narrow", [False, True])
def test_what_is_not_for_the_worse_has_no_alarm(narrow):
    weeks = pd.date_range("2024-01-01", periods=4, freq="7D")
    results = [
        rate({"queue": ["a", "b", "c"]}, [50] * 3, [5, 20, 4]),
        rate({"hour": [8, 9, 10]}, [50] * 3, [5, 20, 4]),
        rate({"week": weeks}, [50] * 4, [5, 20, 4, 6]),
        rate({"week": weeks.repeat(3), "queue": ["a", "b", "c"] * 4}, [60, 50, 40] * 4, range(1, 13)),
        count({"queue": ["a", "b", "c"]}, [5, 20, 4]),
        count({"hour": [8, 9, 10]}, [5, 20, 4]),
        grid(np.arange(168), 4),
    ]
    for result in results:
        assert highlighted(plots.plot(result, highlight=1, narrow=narrow))
        ax = plots.plot(result, highlight=1, narrow=narrow, is_alarm=False)
        assert highlighted(ax) == []
        shapes = {line.get_marker() for one in ax.figure.axes for line in one.lines}
        is_seen = [line.get_label() == "highlight" for one in ax.figure.axes for line in (*one.lines, *one.patches)]
        is_bold = [text.get_fontweight() == "bold" for text in ax.texts if text.get_label() in ("name", "highlight")]
        assert "D" not in shapes and (any(is_bold) or any(is_seen))


@pytest.mark.parametrize(("best", "hits", "is_alarm"), [
    ("high", [10, 30, 30, 30], True), ("low", [10, 30, 30, 30], False), ("", [10, 30, 30, 30], False),
    ("high", [48, 25, 25, 25], False), ("low", [48, 25, 25, 25], True), ("", [48, 25, 25, 25], False),
])  # fmt: skip
def test_the_mark_is_that_of_harm_by_what_is_better(best, hits, is_alarm):
    told = findings.tell(rate({"queue": list("abcd")}, [50] * 4, hits, best=best, case="call"))
    assert (told.highlight, told.is_alarm) == (0, is_alarm)


def test_one_step_of_one_group_is_named_in_its_panel():
    weeks = pd.date_range("2024-01-01", periods=4, freq="7D")
    result = rate({"week": weeks.repeat(3), "queue": ["a", "b", "c"] * 4}, [60, 50, 40] * 4, range(1, 13))
    ax = plots.plot(result, highlight=4)  # b in the second week
    assert [line.get_ydata()[0] for line in highlighted(ax)] == [5 / 50]
    [panel] = [one for one in ax.figure.axes if any(line.get_label() == "highlight" for line in one.lines)]
    assert [text.get_text() for text in panel.texts if text.get_label() == "name"] == ["B"]


def test_nobody_and_too_few_are_never_highlighted():
    for name in ("(none)", None):
        assert highlighted(plots.plot(rate({"agent": ["a", name, "c"]}, [50] * 3, [5, 20, 4]), highlight=1)) == []
    assert highlighted(plots.plot(rate({"hour": [8, 9]}, [50, 3], [5, 3]), highlight=1)) == []
    assert highlighted(plots.plot(rate({"queue": ["a", "b"]}, [50, 3], [5, 3]), highlight=1)) == []


TARGET = {"of": "rate", "low": "low", "high": "high", "value": 0.3, "best": "low"}


def dotted(ax, upright):
    lines = [line for line in ax.lines if line.get_color() == LIGHT["ink"] and line.get_linewidth() == 1.25]
    places = [np.unique((line.get_ydata if upright else line.get_xdata)()).tolist() for line in lines]
    return [place for place in places if place == [0.3]]


@pytest.mark.parametrize("keys", [{"queue": ["a", "b"]}, {"hour": [8, 9]}, {"week": pd.date_range("2024", periods=4)}])
def test_one_target_is_a_dotted_line(keys):
    upright, size = "queue" not in keys, len(next(iter(keys.values())))
    ax = plots.plot(rate(keys, [50] * size, range(size), target=TARGET))
    assert dotted(ax, upright) == [[0.3]] and "target 30 %" in said(ax)
    assert (ax.get_ylim() if upright else ax.get_xlim())[1] >= 0.3
    assert dotted(plots.plot(rate(keys, [50] * size, range(size))), upright) == []


def test_targets_that_differ_are_ticks():
    result = wait({"queue": ["a", "b", "c"]}, [50] * 3, [60, 900, 4000], [30, 400, 2000], [90, 2000, 9000])
    result["target_seconds"] = [300.0, NAN, 3600.0]
    for narrow in (False, True):
        drawn = rows_of(plots.plot(result, narrow=narrow), rows.PITCH[narrow])
        assert {name: mark.get("target") for name, mark in drawn} == {"A": 300, "B": None, "C": 3600}


@pytest.mark.parametrize("narrow", [False, True])
@pytest.mark.parametrize(("limits", "said_of"), [
    ([7200, 7200, 7200], "limit for 80 %: 2 h"), ([7200, 3600, 3600], "its limit for 80 %"),
])  # fmt: skip
def test_beside_medians_a_limit_for_a_share_is_no_target_of_theirs(limits, said_of, narrow):
    # each median is below its limit, and yet fewer than 80 % may be within it
    hours = [1800.0, 2400, 3000]
    result = wait({"queue": ["a", "b", "c"]}, [50] * 3, hours, hours, hours)
    result["target_seconds"], result["within"] = np.array(limits, float), 0.6
    result.attrs["target"] = {"of": "within", "low": "within", "high": "within", "value": 0.8, "best": "high"}
    told = [plain(text) for text in said(plots.plot(result, narrow=narrow))]
    assert said_of in told and not any("target" in text for text in told)
    weeks = result.assign(week=pd.date_range("2024-01-01", periods=3, freq="7D"))
    del weeks["queue"]
    weeks = pd.concat([weeks, weeks.assign(week=weeks["week"] + pd.Timedelta(weeks=3))], ignore_index=True)
    weeks.attrs = result.attrs | {"by": ["week"], "rows": ["week"]}
    told = [plain(text) for text in said(plots.plot(Result(weeks).__finalize__(weeks), narrow=narrow))]
    assert not any("target" in text for text in told)


def test_a_share_in_time_names_each_rows_time():
    result = rate({"queue": ["a", "b"]}, [50] * 2, [40, 20], target=TARGET)
    result["target_seconds"] = [3600.0, NAN]
    assert said(plots.plot(result), "name") == ["A, 1 h", "B"]


def test_a_target_of_another_figure_is_not_drawn():
    result = wait({"queue": ["a", "b"]}, [50] * 2, [60, 900], [30, 400], [90, 2000])
    result.attrs["target"] = TARGET | {"of": "within_target", "value": 0.8}
    assert not any("target" in text for text in said(plots.plot(result)))


@pytest.mark.parametrize("narrow", [False, True])
@pytest.mark.parametrize("kind", ["hours", "hostile"])
def test_reference(kind, narrow):
    result, overall = of_kind("rate", kind), of_kind("rate", "total")
    for reference in (overall, float(overall["rate"].iloc[0])):
        ax = plots.plot(result, reference=reference, narrow=narrow)
        assert sum("overall" in text for text in said(ax)) == 1
        dashed = [line for line in ax.lines if line.get_color() == LIGHT["context"] and line.is_dashed()]
        value = overall["rate"].iloc[0]
        assert any(set((line.get_xdata if kind == "hostile" else line.get_ydata)()) == {value} for line in dashed)
        assert not overlapping(ax.figure)
    assert not any("overall" in text for text in said(plots.plot(result, reference=overall.iloc[:0])))


# --- tiles ----------------------------------------------------------------------------------------

CARD = {"unit": "rate", "value": 0.5, "low": 0.4, "high": 0.7, "previous": 0.6, "target": 0.8, "status": "near"}


def test_a_bullet_holds_value_interval_target_and_before():
    svg = plots.bullet(CARD)  # 100 % is 188 pixels, from 6
    assert f'cx="{6 + 0.5 * 188:g}" cy="9" r="5"' in svg  # the value
    assert f'cx="{6 + 0.6 * 188:.1f}" cy="14.5"' in svg  # the period before
    assert f"M{6 + 0.4 * 188:.1f} 9h{0.3 * 188:.1f}" in svg  # the interval
    assert f"M{6 + 0.8 * 188:.1f} 18v-18" in svg or f"M{6 + 0.8 * 188:.1f} 0v18" in svg  # the target
    assert svg.count("<circle") == 2 and "--attention" not in svg
    off = plots.bullet(CARD | {"status": "off"})
    assert off.count("<circle") == 1 and "--attention" in off


def test_a_bullet_of_a_count_is_a_bar_with_a_tick():
    svg = plots.bullet({"unit": "count", "value": 50, "previous": 100, "low": None, "high": None})
    end = 6 + 188 * 50 / 112
    assert re.search(rf'd="M0 \d+h{end:.1f}v', svg) and f"M{6 + 188 * 100 / 112:.1f} " in svg
    assert "<circle" not in svg


def test_a_count_that_is_compared_with_nothing_has_no_bar():
    alone = {"unit": "count", "value": 50, "low": 40, "high": 61}
    assert plots.bullet(alone) == plots.bullet(alone | {"previous": None}) == ""
    assert plots.bullet(alone | {"previous": 0}) and plots.bullet(alone | {"target": 60})
    assert plots.bullet({"unit": "rate", "value": 0.5})  # a share has a scale of its own


def weeks_of(values):
    return [{"week": f"w{i}", "value": value, "n": 9, "in_period": i > 8} for i, value in enumerate(values)]


def test_a_spark_is_13_weeks_and_the_periods_in_colour():
    values = [0.1, 0.2, 0.3, None, 0.1, 0.2, 0.3, 0.2, 0.1, 0.2, 0.3, 0.2, 0.5]
    svg = plots.spark({"history": weeks_of(values)})
    ElementTree.fromstring(svg)
    assert 'cx="116" cy="5"' in svg  # the last, the highest
    assert "--soft" in svg and "--data" in svg and "--context" in svg and "dasharray" not in svg
    assert "dasharray" in plots.spark({"history": weeks_of(values), "target": 0.4})
    flat = plots.spark({"history": weeks_of([0.2] * 5)})
    assert "nan" not in flat and 'cy="18"' in flat


@pytest.mark.parametrize("history", [[], weeks_of([0.1, 0.2, 0.3]), weeks_of([0.1, None, None, 0.2, 0.3])])
def test_too_few_weeks_are_no_spark(history):
    assert plots.spark({"history": history}) == ""


@pytest.mark.parametrize("card", [{"unit": "rate", "value": None}, {"unit": "time", "value": 3}])
def test_without_a_value_there_is_no_bullet(card):
    assert plots.bullet(card) == ""


# --- every shape on every kind of groups ----------------------------------------------------------


# A grid has hours and weekdays of its own, whatever the groups.
EVERY_KIND = [(shape, kind) for shape in SHAPES for kind in KINDS if shape != "grid" or kind in ("none", "hours")]


@pytest.mark.parametrize("shape, kind", EVERY_KIND)
def test_draws_every_kind(shape, kind):
    result = of_kind(shape, kind)
    before, attrs, settings = result.copy(), dict(result.attrs), dict(dict.items(plt.rcParams))
    for narrow in (False, True):
        ax = plots.plot(result, narrow=narrow)
        pd.testing.assert_frame_equal(pd.DataFrame(result), pd.DataFrame(before))
        assert result.attrs == attrs and dict(dict.items(plt.rcParams)) == settings
        svg = plots.svg(ax.figure)
        assert not overlapping(ax.figure, is_drawn=True)
        plots.close(ax.figure)
        ElementTree.fromstring(svg)  # text stays text; what is drawn is XML, whatever the names hold
        assert "<script" not in svg and "nan" not in svg
        assert f'width="{300 if narrow else 800}px"' in svg
        colours = set(re.findall(r"#[0-9a-f]{6}", svg))
        assert colours <= set(LIGHT.values()) and len(svg) < 32_000
        assert {float(size) for size in re.findall(r'font-size="([\d.]+)"', svg)} <= {12.0, 12.5}


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
    plots.bullet(CARD)
    assert plt.get_fignums() == before


@pytest.mark.parametrize(
    "kind, expected",
    [("none", "no data"), ("no rows in time", "no data"), ("too few", "Too few for a chart: fewer than 10 cases.")],
)
def test_says_why_there_is_no_chart(kind, expected):
    assert said(plots.plot(of_kind("rate", kind))) == [expected]
    assert not plots.is_drawn(of_kind("rate", kind))


def test_what_has_no_chart_is_refused():
    listing = made({"score": [1]}, "listing", "score")
    for given, named in (
        (pd.DataFrame({"n": [1]}), "a DataFrame"), (None, "a NoneType"), (listing, "a listing"),
        (Result.of(pd.DataFrame({"n": [1]}), "counts", {}), "a table"),
    ):  # fmt: skip
        with pytest.raises(BadParameter, match=named):
            plots.plot(given)


@pytest.mark.parametrize(
    "result, expected",
    [
        (rate({"queue": ["a"]}, [50], [5]), False),  # one group is a sentence
        (rate({"queue": ["a", "b"]}, [50, 3], [5, 1]), False),
        (rate({"queue": ["a", "b"]}, [50, 30], [5, 1]), True),
        (rate({"week": pd.date_range("2024", periods=3)}, [50] * 3, [5] * 3), False),  # a trend has 4 points
        (rate({"week": pd.date_range("2024", periods=4)}, [50] * 4, [5] * 4), True),
        (rate({"week": pd.date_range("2024", periods=4)}, [50, 50, 3, 50], [5] * 4), False),
        (rate({"hour": [8, 9]}, [50] * 2, [5] * 2), True),
        (count({"queue": ["a", "b"]}, [0, 0]), False),
        (spans({"queue": ["a"]}, [50], [[0.2] * 5]), True),
        (made({"score": [1]}, "listing", "score"), False),
    ],
)
def test_a_chart_says_more_than_a_sentence(result, expected):
    assert plots.is_drawn(result) == expected


# --- SVG ------------------------------------------------------------------------------------------


def test_titles_are_sentences_and_escaped():
    ax = plots.plot(rate({"queue": ["<b> & co", "b"]}, [193, 60], [128, 20]), before=None)
    svg = plots.svg(ax.figure)
    assert "<title>&lt;b&gt; &amp; co: 66\xa0% (59 to 73), n = 193</title>" in svg
    names = [one.text for one in ElementTree.fromstring(svg).iter("{http://www.w3.org/2000/svg}title")]
    assert len(names) == 2


def test_a_name_that_was_cut_has_its_whole_as_title():
    svg = plots.svg(plots.plot(count({"queue": ["x" * 60, "b"]}, [9, 3]), narrow=True).figure)
    assert f"<title>X{'x' * 59}</title>" in svg and ">Xxx" in svg and "…" in svg


@pytest.mark.parametrize("made_of", [curve, "weeks"])
def test_a_long_name_at_a_line_leaves_its_value(made_of):
    if made_of is curve:
        result = curve({"queue": ["x" * 90, "b"]}, [90, 80], [0.9, 0.5])
    else:
        weeks = pd.date_range("2024-01-01", periods=4, freq="7D")
        result = rate({"week": weeks.repeat(2), "queue": ["x" * 90, "b"] * 4}, [100, 50] * 4, [90, 25] * 4)
    ends = said(plots.plot(result), "end")
    assert sorted(end.split("… ")[-1] for end in ends) == ["90 %", "B 50 %"]


def test_a_colour_in_a_name_stays_a_name():
    svg = plots.svg(plots.plot(count({"queue": [f"{LIGHT['data']} (blue)", "b"]}, [9, 3])).figure)
    assert f">{LIGHT['data']} (blue)<" in svg and f"var(--data, {LIGHT['data']})" in svg


@pytest.mark.parametrize("shape", SHAPES)
def test_the_page_keeps_what_a_drawing_holds(shape):
    svg = plots.svg(plots.plot(of_kind(shape, "lines" if shape == "rate" else "hostile"), narrow=True).figure)
    kept = str(inline_svg(svg, "A", "c1"))
    for part in ("<title>", "var(--ink, currentColor)", "var(--data", "stroke-dasharray", "<use", "<circle", "opacity"):
        assert kept.count(part) == svg.count(part)
    assert 'viewBox="0 0 300' in kept and 'width="300"' in kept
    assert set(re.findall(r'href="#c1-(\w+)"', kept)) == set(re.findall(r'id="c1-(\w+)"', kept))


def test_a_line_is_thinned_to_what_a_pixel_shows():
    from matplotlib.path import Path

    fine = np.column_stack([np.linspace(0, 100, 5001), np.zeros(5001)])
    line, begin = _line(Path(fine))
    assert begin == ("0", "0") and line.count("h") <= 101
    ends = sum(float(step) for step in re.findall(r"h([\d.]+)", line))
    assert ends == pytest.approx(100, abs=0.05)
    corners = np.array([[1.0, 2], [4, 2], [4, 8], [NAN, NAN], [5, 5], [6, 7]])
    assert _line(Path(corners)) == ("h3v6m1 -3l1 2", ("1", "2"))


# --- words ----------------------------------------------------------------------------------------


def test_the_parts_behind_a_value_are_drawn_where_they_are_asked_for():
    result = rate({"all": ["x"]}, [50], [30], parts=["negative", "neutral", "positive"], rows=[])
    result.attrs["by"] = []
    assert not plots.is_drawn(result) and plots.is_drawn(result, parts=True)
    assert plots.alternative_text(result, "x", parts=True).startswith("Bars of 100")
    assert not plots.is_drawn(rate({"queue": ["a"]}, [50], [30]), parts=True)  # which has none


@pytest.mark.parametrize("queues", [1, 3])
def test_the_target_lies_over_the_bands(queues):
    weeks = pd.date_range("2024-01-01", periods=5, freq="7D")
    keys = {"week": np.tile(weeks, queues), "queue": np.repeat(NAMES[:queues], 5)}
    if queues == 1:
        keys.pop("queue")
    target = {"of": "rate", "low": "low", "high": "high", "value": 0.3, "best": "low"}
    ax = plots.plot(rate(keys, [50] * 5 * queues, [15] * 5 * queues, target=target))
    dotted = [line for line in ax.lines if set(line.get_ydata()) == {0.3} and line.get_linestyle() == "--"]
    assert dotted[0].get_zorder() > ax.collections[0].get_zorder()


def test_alternative_text_says_form_axes_and_values():
    result = rate({"queue": ["a", "b", "c"]}, [50, 40, 3], [25, 10, 3])
    told = plain(plots.alternative_text(result, "Worst is A", highlight=0))
    assert told == "Dots with whiskers: Abandonment rate by queue, 3 rows, from 25 % (B) to 50 % (A); A is marked."
    assert "marked" not in plots.alternative_text(result, "Worst is C", highlight=2)  # too few
    told = plain(plots.alternative_text(spans({"queue": ["a", "b"]}, [50, 50], [[0.2] * 5] * 2), "x"))
    assert told == "Bars of 100 %, split into parts: Share of conversations by queue, 2 groups."


def test_names_are_neither_mathtext_nor_endless():
    ax = plots.plot(of_kind("rate", "hostile"))
    assert not any(text.get_parse_math() for text in texts_of(ax.figure))
    names = said(ax, "name")
    assert any(name.startswith("$x^2$ & <script>") for name in names) and "A b" in names
    renderer = _Renderer(800, 400)
    for text in ax.texts:
        if text.get_label() == "name":
            assert text.get_window_extent(renderer).width <= 0.32 * 800


def test_many_groups_are_told_as_not_shown():
    ax = plots.plot(of_kind("rate", "many"))
    assert said(ax, "name") == [words.display_name(f"group {place}") for place in range(39, 24, -1)]
    assert "25 others with fewer cases not shown" in said(ax)


def test_the_latest_of_many_steps_are_drawn():
    ax = plots.plot(of_kind("spans", "many days"))
    assert said(ax, "name")[-1] == "18 July"
    assert "185 earlier ones not shown" in said(ax)


UNITS = {"s", "min", "h", "d", "pts", "n"}
DATES = {"Jan", "Feb", "Mar", "January", "February", "March", *(name[:3] for name in WEEKDAYS), *WEEKDAYS}


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
    groups = [name for key in keys for name in axes.row_names(result, [key])]
    named = {letters for name in groups for letters in re.findall(r"[^\W\d]+", name)} | {"x"}
    for text in said(plots.plot(result, reference=0.3 if shape == "rate" else None)):
        while "⟦" in text:  # the innermost first: a message may hold another
            text = re.sub("⟦[^⟦⟧]*⟧", "", text)
        bare = {re.sub("^[xX]+$", "x", letters) for letters in re.findall(r"[^\W\d]+", text)}
        assert bare <= UNITS | DATES | named | {"alert", "script", "frac", "scr", "al", "ale"}


def test_a_chart_of_a_share_in_time_is_not_called_a_median_in_words():
    from toolkit.metrics.compare import weekly

    data = open_data("data/sample", period="-28d")
    made = [weekly(data, metrics.first_response_time, value=one) for one in ("within_target", "median_seconds")]
    said = [plots.alternative_text(one, "").split(" by week")[0] for one in made]
    assert said == ["Line along the time: Answered in target", "Line along the time: Median first response time"]
