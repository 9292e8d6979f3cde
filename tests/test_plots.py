"""Every plot on every kind of result: none, one row, too few, many groups, hostile names; and nothing overlaps."""

import io
import xml.etree.ElementTree as ElementTree

import matplotlib

matplotlib.use("Agg")

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from matplotlib.colors import to_rgb
from matplotlib.text import Text

from toolkit import plots
from toolkit.errors import BadParameter
from toolkit.intervals import wilson
from toolkit.result import Result

# a browser has the glyphs that the fonts here lack
pytestmark = pytest.mark.filterwarnings("ignore:Glyph")
HOSTILE = ["$x^2$ & <script>alert(1)</script>", "a_b_c", "x" * 90, "日本語 🙂", "a\x00\x0c\u202eb", "\\frac{1}{0}$"]
MINIMUM = 10


def result_of(frame, metric, by, count="n"):
    result = Result.of(pd.DataFrame(frame), metric, {}, by, MINIMUM)
    result.attrs["count"] = count
    return result


def groups(kind):
    """(the keys' columns, the counts) of a kind of result."""
    days = pd.date_range("2024-01-01", periods=200, freq="D")
    weeks = pd.date_range("2024-01-01", periods=12, freq="7D")
    names = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"]
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
        "weekdays": ({"weekday": pd.Categorical(names, names, ordered=True)}, [40] * 7),
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


def spread(n, low=0.05, high=0.6):
    return np.round(np.linspace(low, high, len(n)) * n) if len(n) else np.array([])


def rates(kind, metric, value, counted):
    keys, n = groups(kind)
    n = np.array(n, float)
    frame = {**keys, "n": n.astype(int), counted: spread(n).astype(int)}
    with np.errstate(invalid="ignore", divide="ignore"):
        frame[value] = np.where(n > 0, spread(n) / n, np.nan)
    frame["low"], frame["high"] = wilson(spread(n), n)
    return result_of(frame, metric, list(keys))


def first_response_time(kind):
    keys, n = groups(kind)
    median = np.linspace(40, 90_000, len(n))
    frame = {
        **keys,
        "n": n,
        "open_count": 1,
        "median_seconds": median,
        "median_low": median / 3,
        "median_high": median * 4,
    }
    frame = pd.DataFrame(frame, index=range(len(n)))
    frame.loc[frame.index[-1:], "median_high"] = np.nan  # not reached
    if len(frame) > 2:
        frame.loc[frame.index[:1], ["median_seconds", "median_high"]] = np.nan
    return result_of(frame, "first_response_time", list(keys))


def average_speed_of_answer(kind):
    keys, n = groups(kind)
    mean = np.linspace(5, 700, len(n))
    frame = {**keys, "n": n, "mean_seconds": mean, "mean_low": mean / 2, "mean_high": mean * 1.5}
    return result_of(pd.DataFrame(frame, index=range(len(n))), "average_speed_of_answer", list(keys))


def response_curve(kind):
    keys, n = groups(kind)
    seconds = np.array([0.0, 30, 300, 4000, 90_000, 2e6])
    frames = []
    for i, count in enumerate(n):
        share = np.linspace(0, 0.9 - i / (len(n) + 3), 6)
        part = {key: [values[i]] * 6 for key, values in keys.items()}
        frames.append(
            pd.DataFrame(part | {"seconds": seconds, "n": count, "share": share, "low": share * 0.9, "high": share})
        )
    frame = pd.concat(frames) if frames else pd.DataFrame(columns=[*keys, "seconds", "n", "share", "low", "high"])
    return result_of(frame.reset_index(drop=True), "response_curve", list(keys))


def response_time_buckets(kind):
    names = ["within 1 h", "1 h to 6 h", "6 h to 12 h", "12 h to 24 h", "after 24 h", "not answered"]
    keys, n = groups(kind)
    rows = []
    for i, total in enumerate(n):
        for place, name in enumerate(names):
            share = (0.5, 0.2, 0.1, 0.02, 0.0, 0.18)[place] if total else np.nan
            key = {key: list(values)[i] for key, values in keys.items()}
            rows.append(
                key | {"bucket": name, "n": int((share or 0) * total) if total else 0, "total": total, "share": share}
            )
    frame = pd.DataFrame(rows, columns=[*keys, "bucket", "n", "total", "share"])
    frame["bucket"] = pd.Categorical(frame["bucket"], names, ordered=True)
    frame["low"], frame["high"] = frame["share"] * 0.8, (frame["share"] * 1.2).clip(upper=1)
    return result_of(frame, "response_time_buckets", list(keys), "total")


def csat(kind):
    result = rates(kind, "csat", "csat", "satisfied_count")
    for score in range(1, 6):
        result[f"score_{score}"] = result["n"] // 5
    return result


def csat_by_topic(kind):
    result = csat(kind)
    result.attrs["metric"] = "csat_by_topic"
    pull = np.linspace(-0.08, 0.05, len(result))
    result["pull"], result["pull_low"], result["pull_high"] = pull, pull - 0.02, pull + 0.02
    return result


def sentiment_trend(kind):
    keys, n = groups(kind)
    frame = pd.DataFrame({**keys, "n": n}, index=range(len(n)))
    for tone, share in (("negative", 0.3), ("neutral", 0.5), ("positive", 0.2)):
        frame[tone], frame[f"{tone}_low"], frame[f"{tone}_high"] = share, share * 0.7, share * 1.3
    if len(frame) > 4:
        frame.loc[2, "neutral"] = 0.3
    frame["change"] = np.nan
    frame["is_significant"] = False
    if len(frame) > 4:
        frame.loc[2, ["negative", "negative_low", "negative_high", "change"]] = [0.5, 0.4, 0.6, 0.2]
        frame.loc[2:3, "is_significant"] = True
    return result_of(frame, "sentiment_trend", list(keys))


def inbound_volume(kind):
    keys, n = groups(kind)
    n = np.array(n, int)
    share = n / n.sum() if n.sum() else np.nan
    result = result_of(
        pd.DataFrame({**keys, "n": n, "share": share}, index=range(len(n))), "inbound_volume", list(keys)
    )
    result.attrs["minimum_count"] = 0
    return result


def by_stage(kind):
    stages = ["welcome", "queue", "x" * 60]
    if kind in ("none", "no rows in time"):
        return result_of(
            pd.DataFrame(columns=["stage", "n", "abandoned_count", "hazard", "low", "high"]), "abandonment_by_stage", []
        )
    frame = pd.DataFrame(
        {"stage": stages, "n": [900, 500, 3], "abandoned_count": [9, 50, 1], "hazard": [0.01, 0.1, 0.33]}
    )
    frame["low"], frame["high"] = wilson(frame["abandoned_count"], frame["n"])
    return result_of(frame, "abandonment_by_stage", [])


def heatmap(kind):
    names = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"]
    weekday = pd.Categorical(np.repeat(names, 24), names, ordered=True)
    frame = pd.DataFrame({"weekday": weekday, "hour": list(range(24)) * 7, "n": range(168), "days": 4})
    frame["n"] = 0 if kind == "none" else frame["n"]
    frame["mean"] = frame["n"] / 4
    return result_of(frame, "volume_heatmap", ["weekday", "hour"])


PLOTS = {
    plots.plot_inbound_volume: inbound_volume,
    plots.plot_volume_heatmap: heatmap,
    plots.plot_first_response_time: first_response_time,
    plots.plot_response_curve: response_curve,
    plots.plot_response_time_buckets: response_time_buckets,
    plots.plot_response_rate: lambda kind: rates(kind, "response_rate", "response_rate", "answered_count"),
    plots.plot_abandonment_rate: lambda kind: rates(kind, "abandonment_rate", "abandonment_rate", "abandoned_count"),
    plots.plot_abandonment_by_stage: by_stage,
    plots.plot_average_speed_of_answer: average_speed_of_answer,
    plots.plot_csat: csat,
    plots.plot_csat_distribution: csat,
    plots.plot_csat_by_topic: csat_by_topic,
    plots.plot_low_scores: lambda kind: rates(kind, "low_scores", "low_rate", "low_count"),
    plots.plot_sentiment_trend: sentiment_trend,
}


def texts_of(figure):
    return [text for text in figure.findobj(Text) if text.get_visible() and text.get_text().strip()]


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


@pytest.fixture(autouse=True)
def nothing_left_open():
    before = set(plt.get_fignums())
    yield
    for number in set(plt.get_fignums()) - before:
        plt.close(number)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("plot", PLOTS, ids=lambda plot: plot.__name__)
def test_draws_every_kind(plot, kind):
    result = PLOTS[plot](kind)
    before, attrs, settings = result.copy(), dict(result.attrs), dict(plt.rcParams)
    ax = plot(result)
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


@pytest.mark.parametrize("plot", PLOTS, ids=lambda plot: plot.__name__)
def test_draws_on_given_axes(plot):
    figure, given = plt.subplots(figsize=(7.5, 3))
    open_before = plt.get_fignums()
    assert plot(PLOTS[plot]("hostile"), ax=given) is given
    assert plt.get_fignums() == open_before
    assert plot(PLOTS[plot]("none"), given) is given


@pytest.mark.parametrize("plot", PLOTS, ids=lambda plot: plot.__name__)
def test_opens_one_figure_that_close_forgets(plot):
    before = plt.get_fignums()
    ax = plot(PLOTS[plot]("some too few"))
    assert len(plt.get_fignums()) == len(before) + 1
    plots.close(ax.figure)
    assert plt.get_fignums() == before


@pytest.mark.parametrize(
    "kind, said", [("none", "no data"), ("no rows in time", "no data"), ("too few", "too few: fewer than 10 cases")]
)
def test_says_why_there_is_no_chart(kind, said):
    ax = plots.plot_abandonment_rate(PLOTS[plots.plot_abandonment_rate](kind))
    assert [text.get_text() for text in texts_of(ax.figure) if text in ax.texts] == [said]


def test_names_are_neither_mathtext_nor_endless():
    ax = plots.plot_response_rate(PLOTS[plots.plot_response_rate]("hostile"))
    labels = [label.get_text() for label in ax.get_yticklabels()]
    assert "$x^2$ & <script>alert(1)<…" in labels and "a_b_c" in labels and "a b" in labels
    assert all(len(label) <= plots.LONGEST_LABEL for label in labels)
    assert not any(text.get_parse_math() for text in texts_of(ax.figure))


def test_too_few_show_no_figure():
    ax = plots.plot_csat(csat("some too few"))
    said = [text.get_text() for text in ax.texts]
    assert said.count("too few") == 2 and "n = 9" in said
    assert sum("%" in text for text in said) == 1


def test_many_groups_are_told_as_not_shown():
    ax = plots.plot_csat(csat("many"))
    assert len(ax.get_yticks()) == plots.MOST_ROWS
    assert "25 groups with fewer cases not shown" in ax.get_xlabel()


def test_the_latest_of_many_steps_are_drawn():
    ax = plots.plot_response_time_buckets(response_time_buckets("many days"))
    assert ax.get_yticklabels()[-1].get_text() == "2024-07-18"
    assert "169 earlier groups not shown" in ax.get_xlabel()


def test_open_interval_is_an_arrow():
    ax = plots.plot_first_response_time(first_response_time("one"))
    assert ">" in [line.get_marker() for line in ax.lines]


def test_peak_and_reference():
    result = PLOTS[plots.plot_abandonment_rate]("hours")
    overall = PLOTS[plots.plot_abandonment_rate]("total")
    ax = plots.plot_abandonment_rate(result, reference=overall)
    said = [text.get_text() for text in texts_of(ax.figure)]
    assert sum(text.startswith("overall") for text in said) == 1
    peak = result[result.enough()]["abandonment_rate"].max()
    assert f"{peak * 100:.1f} %" in said
    assert not overlapping(ax.figure)


def test_period_is_shaded():
    from datetime import UTC, datetime

    from toolkit.clock import parse_period

    result = sentiment_trend("weeks")
    for text in ("2024-02", "all"):
        period = parse_period(text, datetime(2024, 4, 1, tzinfo=UTC), "UTC")
        ax = plots.plot_sentiment_trend(result, period=period)
        assert ("reported period" in " ".join(text.get_text() for text in ax.texts)) == (text != "all")
        assert not overlapping(ax.figure)


def test_two_panels_only_on_own_figure():
    assert len(plots.plot_csat_by_topic(csat_by_topic("some too few")).figure.axes) == 2
    _, given = plt.subplots()
    assert len(plots.plot_csat_by_topic(csat_by_topic("some too few"), given).figure.axes) == 1


def test_low_scores_needs_groups():
    listed = Result.of(pd.DataFrame({"score": [1], "survey_id": ["a"]}), "low_scores", {})
    with pytest.raises(BadParameter, match="by="):
        plots.plot_low_scores(listed)


def test_colours_can_be_seen_on_white_and_on_black():
    def luminance(colour):
        parts = [part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in to_rgb(colour)]
        return np.dot(parts, [0.2126, 0.7152, 0.0722])

    for colour in plots.SERIES:
        assert (
            1.05 / (luminance(colour) + 0.05) >= 3 and (luminance(colour) + 0.05) / (luminance("#111111") + 0.05) >= 3
        )


@pytest.mark.parametrize("plot", PLOTS, ids=lambda plot: plot.__name__)
def test_takes_its_metric_only(plot):
    metric = plot.__name__.removeprefix("plot_").removesuffix("_distribution")
    other = Result.of(pd.DataFrame({"n": [1]}), "another", {})
    for given, named in ((pd.DataFrame({"n": [1]}), "a DataFrame"), (other, "that of another"), (None, "a NoneType")):
        with pytest.raises(BadParameter, match=f"^{plot.__name__} takes the result of metrics.{metric}, not {named}"):
            plot(given)
