"""One page with every form of chart, for ordinary, tiny, missing and hostile data, wide and narrow, light and dark.

`python -m tests.gallery gallery.html` writes it.
"""

import sys
from html import escape
from pathlib import Path

import matplotlib

matplotlib.use("Agg")

import numpy as np
import pandas as pd

from toolkit import look, plots
from toolkit.intervals import wilson
from toolkit.result import Result

MINIMUM = 10
NAN = float("nan")
HOSTILE = [
    "Reclami & <b>",
    "شكاوى العملاء",
    "🙂 日本語",
    "Donaudampfschifffahrtsgesellschaftskapitän" * 2,
    "=SUM(A1)",
    None,
]
PLAIN = ["internet_fault", "billing", "mobile_app", "roaming", "returns", None]
WEEKDAYS = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"]


def made(frame, shape, metric, value, by, units, **attrs):
    result = Result.of(pd.DataFrame(frame), metric, units, by, MINIMUM)
    result.attrs |= {"shape": shape, "value": value, "count": "n", "rows": list(by), "facts": {}, "best": "low"} | attrs
    return result


def rate(keys, n, hits, **attrs):
    n, hits = np.array(n, float), np.array(hits, float)
    low, high = wilson(hits, n)
    frame = {**keys, "n": n, "hit_count": hits, "csat": hits / np.where(n > 0, n, NAN), "low": low, "high": high}
    target = {"of": "csat", "low": "low", "high": "high", "value": 0.8, "best": "high"}
    attrs = {"ends": ("low", "high"), "best": "high", "target": target} | attrs
    return made(frame, "rate", "csat", "csat", list(keys), {"csat": "rate"}, **attrs)


def count(keys, n, **attrs):
    attrs = {"minimum_count": 0, "best": ""} | attrs
    return made({**keys, "n": np.array(n, float)}, "count", "inbound_volume", "n", list(keys), {"n": "count"}, **attrs)


def wait(names):
    median = np.array([57_810, 43_200, 10_050, NAN, 370, 80])[: len(names)]
    frame = {"topic": names, "n": [193, 53, 51, 30, 110, 4][: len(names)], "median_seconds": median}
    frame["median_low"] = np.where(np.isnan(median), 90_000, median * 0.6)
    frame["median_high"] = np.where(median > 50_000, NAN, median * 1.9)
    frame["target_seconds"] = [86_400, 7_200, 14_400, 3_600, 300, NAN][: len(names)]
    units = {"median_seconds": "seconds"}
    ends = ("median_low", "median_high")
    return made(frame, "wait", "first_response_time", "median_seconds", ["topic"], units, ends=ends)


def before(result, shift):
    """The comparison of a result with a period in which its value was another."""
    value = result.attrs["value"]
    frame = pd.DataFrame(result)[result.attrs["by"]].assign(previous=result[value] * shift, previous_n=40)
    made = Result.of(frame, result.attrs["metric"], {}, result.attrs["by"], MINIMUM)
    made.attrs["shape"] = "comparison"
    return made


def spans(names, totals):
    parts = ["within 1 h", "1 h to 6 h", "6 h to 12 h", "12 h to 24 h", "after 24 h", "closed unanswered", "waiting"]
    said = [("within", {"high": 3600}), ("between", {"low": 3600, "high": 21600})]
    said += [("between", {"low": 21600, "high": 43200}), ("between", {"low": 43200, "high": 86400})]
    said += [("after", {"low": 86400}), ("closed_unanswered", {}), ("waiting", {})]
    rows = []
    for place, (name, total) in enumerate(zip(names, totals, strict=True)):
        shares = np.array([60 - 9 * place, 10 + 3 * place, 8, 6 + place, 3, 5, 8 + 5 * place], float)
        for part, share in zip(parts, shares / shares.sum(), strict=True):
            within = [0.42, 0.57, 0.49, 0.4, 0.53, NAN][place]
            own = {"topic": name, "bucket": part, "n": share * total, "total": total, "within_target": within}
            rows.append(own | {"share": share if total else NAN, "low": share * 0.8, "high": min(share * 1.2, 1)})
    frame = pd.DataFrame(rows)
    frame["bucket"] = pd.Categorical(frame["bucket"], parts, ordered=True)
    attrs = {"part": "bucket", "parts": parts, "part_words": said, "rows": ["topic", "bucket"], "count": "total"}
    return made(frame, "shares", "response_time_buckets", "share", ["topic"], {}, ends=("low", "high"), **attrs)


def weeks(names, shares, n, drop=(), **attrs):
    """A share of negative messages by week, of each group."""
    frames = []
    for place, name in enumerate(names):
        values = np.clip(shares + 0.05 * place + 0.03 * np.sin(np.arange(len(shares)) + place), 0, 1)
        own = {} if name == "" else {"topic": [name] * len(values)}
        low, high = wilson(values * n, n)
        start = {"week": pd.date_range("2024-01-29", periods=len(values), freq="7D"), "n": n}
        frames.append(pd.DataFrame(own | start | {"rate": values, "low": low, "high": high}).drop(index=list(drop)))
    keys = [key for key in ("topic", "week") if key in frames[0]]
    frame = pd.concat(frames, ignore_index=True)
    return made(frame, "rate", "low_score_rate", "rate", keys, {"rate": "rate"}, ends=("low", "high"), **attrs)


def curves(names, n):
    seconds, frames = np.array([0.0, 30, 60, 300, 900, 4000, 20_000, 90_000, 2e6]), []
    for place, (name, size) in enumerate(zip(names, n, strict=True)):
        share = np.array([0, 0.05, 0.2, 0.4, 0.55, 0.7, 0.82, 0.9, 1]) * (0.9 - 0.1 * place)
        more = {"topic": name, "seconds": seconds * (1 + 2 * place), "n": size, "share": share}
        more |= {
            "low": share * 0.85,
            "high": np.minimum(share * 1.1, 1),
            "target_seconds": [300, 3600, 7200][place % 3],
        }
        frames.append(pd.DataFrame(more))
    frame = pd.concat(frames, ignore_index=True)
    attrs = {"rows": ["topic", "seconds"], "ends": ("low", "high"), "best": "high"}
    return made(frame, "curve", "response_curve", "share", ["topic"], {"share": "rate"}, **attrs)


def grid(means, days, with_hours=True):
    frame = pd.DataFrame({"weekday": pd.Categorical(np.repeat(WEEKDAYS, 24), WEEKDAYS, ordered=True)})
    frame["hour"], frame["days"] = list(range(24)) * 7, days
    frame["mean"] = means
    frame["n"] = (frame["mean"] * frame["days"]).round()
    if with_hours:
        is_saturday = frame["weekday"] == "Saturday"
        frame["is_open"] = frame["hour"].between(9, 12) & is_saturday
        frame["is_open"] |= frame["hour"].between(8, 19) & ~frame["weekday"].isin(["Saturday", "Sunday"])
    attrs = {"minimum_count": 0, "best": ""}
    return made(frame, "grid", "volume_heatmap", "mean", ["weekday", "hour"], {"mean": "number"}, **attrs)


def pull(names, n):
    pulls = np.array([-0.067, -0.02, -0.01, 0.004, 0.06, -0.025])[: len(names)]
    frame = {"topic": names, "n": n, "pull": pulls, "pull_low": pulls - 0.03, "pull_high": pulls + 0.025}
    frame |= {"verdict": ["clear", "chance", "chance", "chance", "clear", "clear"][: len(names)]}
    frame |= {"is_total": [False] * (len(names) - 1) + [True]}
    units, ends = {"pull": "points"}, ("pull_low", "pull_high")
    return made(frame, "pull", "csat_by_topic", "pull", ["topic"], units, ends=ends, best="high")


def team(names):
    """Members beside each other, each at an equal mix, with the figure of all."""
    adjusted = np.array([0.82, 0.74, 0.7, 0.66, 0.9, 0.5])[: len(names)]
    frame = {"agent": names, "n": [120, 80, 60, 75, 4, 200][: len(names)], "adjusted": adjusted}
    frame |= {"adjusted_low": adjusted - 0.08, "adjusted_high": adjusted + 0.07, "others": 0.73, "unadjusted": adjusted}
    ends = {"ends": ("adjusted_low", "adjusted_high"), "team": 0.73, "best": "high"}
    return made(frame, "team", "csat", "adjusted", ["agent"], {"adjusted": "rate"}, **ends)


def tally(names):
    frame = {"topic": names, "n": [249, 193, 146, 63, 53, 51], "backlog": [41, 30, 0, 12, 9, 2]}
    attrs = {"count": "backlog", "minimum_count": 0}
    return made(frame, "tally", "backlog", "backlog", ["topic"], {"backlog": "count", "n": "count"}, **attrs)


def band(n=28, drop=()):
    """Contacts by day with what the weeks before let expect; one day stands out, and one can't be told."""
    day = pd.date_range("2024-04-01", periods=n)
    expected = 20 + 6 * np.sin(np.arange(n) / 7 * 2 * np.pi)
    frame = pd.DataFrame({"day": day, "n": (expected + 2 * np.cos(np.arange(n) * 1.7)).round(), "expected": expected})
    frame["low"], frame["high"], frame["state"] = expected - 9, expected + 9, "expected"
    frame.loc[n // 2, ["n", "state"]] = [48, "stands_out"]
    frame.loc[1, ["expected", "low", "high", "state"]] = [NAN, NAN, NAN, "unknown"]
    attrs = {"minimum_count": 0, "ends": ("low", "high"), "best": ""}
    return made(frame.drop(index=list(drop)), "band", "volume_alerts", "n", ["day"], {"n": "count"}, **attrs)


def need():
    """Agents needed in each hour of a week."""
    frame = pd.DataFrame({"weekday": pd.Categorical(np.repeat(WEEKDAYS, 24), WEEKDAYS, ordered=True)})
    frame["hour"], frame["agents_needed"] = list(range(24)) * 7, np.ceil(busy() * 1.5)
    frame["n"], frame["days"] = (busy() * 40).round(), 4
    attrs = {"minimum_count": 0, "best": ""}
    units = {"agents_needed": "count"}
    return made(frame, "need", "staffing", "agents_needed", ["weekday", "hour"], units, **attrs)


def sums(names):
    """How much of all time each part makes up."""
    share = np.array([0.46, 0.3, 0.14, 0.06, 0.03, 0.01])
    frame = {"part": names, "n": [400, 300, 250, 90, 60, 12], "seconds": share * 9e6, "share": share}
    frame |= {"low": share * 0.8, "high": np.minimum(share * 1.2, 1)}
    attrs = {"rows": ["part"], "ends": ("low", "high"), "ordered": True}
    return made(frame, "sums", "lifecycle", "share", [], {"share": "rate"}, **attrs)


def score(names):
    value = np.array([42.0, 20, -15, -60, 100, 3]) / 100
    frame = {"topic": names, "n": [110, 90, 60, 50, 4, 40], "nps": value, "low": value - 0.2, "high": value + 0.2}
    attrs = {"ends": ("low", "high"), "best": "high"}
    return made(frame, "score", "nps", "nps", ["topic"], {"nps": "net"}, **attrs)


def figure(names):
    value = np.array([6.2, 4.1, 3.3, 2.4, NAN, 1.0])
    frame = {"topic": names, "n": [110, 90, 60, 50, 0, 40], "visits_per_call": value}
    return made(frame, "figure", "visits_per_call", "visits_per_call", ["topic"], {"visits_per_call": "number"})


def busy(scale=1.0):
    hours = np.array(
        [0, 0, 0.2, 0, 0, 0, 0.4, 1, 2, 3.4, 3.6, 3.1, 2.6, 2.2, 2.4, 2.8, 2.7, 2, 1.6, 1.2, 0.8, 0.4, 0, 0]
    )
    return np.concatenate([hours * scale * day for day in (1, 1.2, 1, 0.9, 1, 0.4, 0.1)])


def cases():
    """[(title, result, options of its chart)]."""
    n, hits = [110, 193, 51, 53, 16, 40], [90, 60, 40, 43, 14, 22]
    weekly, size = np.array([22, 25, 24, 26, 31, 27, 49, 25, 24, 30, 28, 48, 26]) / 100, np.full(13, 140)
    few, days = size.copy(), pd.date_range("2024-04-01", periods=28)
    few[[3, 5]] = 4
    rates, hostile = rate({"topic": PLAIN}, n, hits), rate({"topic": HOSTILE}, n, hits)
    volume, strange = (
        count({"topic": PLAIN}, [249, 193, 146, 63, 53, 51]),
        count({"topic": HOSTILE}, [9, 8, 7, 6, 5, 4]),
    )
    hours = rate({"hour": np.arange(7, 21)}, [4, 20, 40, 50, 60, 60, 50, 35, 40, 50, 40, 30, 20, 19], range(2, 16))
    by_day = count({"day": days[[0, *range(3, 28)]]}, [8, *range(20, 45)], partial=[25])
    stages = rate({"stage": ["welcome", "queue", "agent"]}, [378, 271, 249], [1, 22, 2], ordered=True, target=None)
    absent = np.where(np.repeat(np.array(WEEKDAYS) == "Wednesday", 24), 0, 4)
    return [
        ("Dot rows", rates, {"before": before(rates, 0.93), "highlight": 1}),
        ("Dot rows, too few", rate({"topic": PLAIN}, [110, 60, 6, 0, 4, 3], [80, 30, 5, 0, 2, 1]), {}),
        ("Dot rows, hostile", hostile, {"before": before(hostile, 0.9), "highlight": 3, "reference": 0.6}),
        ("Dot rows, many", rate({"topic": [f"group {i}" for i in range(30)]}, range(20, 50), range(10, 40)), {}),
        ("Dot rows, waits", wait(PLAIN), {"before": before(wait(PLAIN), 0.7)}),
        ("Dot rows, stages", stages, {}),
        ("Columns", hours, {"highlight": 6, "reference": 0.3}),
        ("Columns of counts", count({"hour": range(24)}, (busy()[:24] * 20).round()), {"highlight": 10}),
        ("Bars", volume, {"before": before(volume, 0.9)}),
        ("Bars, hostile", strange, {"before": before(strange, 1.3)}),
        ("Bars, tiny", count({"topic": PLAIN[:2]}, [1, 0]), {}),
        ("Trend", weeks([""], weekly, size), {"highlight": 6}),
        ("Trend, missing and too few", weeks([""], weekly, few, drop=[8, 9]), {}),
        ("Trend of counts", by_day, {"highlight": 7}),
        ("Trend, two groups, hostile", weeks(HOSTILE[:2], weekly, size), {}),
        ("Small multiples", weeks(PLAIN[:5], weekly, size), {}),
        ("Small multiples, hostile", weeks(HOSTILE, weekly, few), {}),
        ("Split bars", spans(PLAIN, [110, 113, 51, 53, 51, 193]), {}),
        ("Split bars, hostile", spans(HOSTILE, [110, 113, 51, 5, 0, 193]), {}),
        ("Curve", curves(PLAIN[:1], [300]), {}),
        ("Curve, two hostile", curves(HOSTILE[3:1:-1], [300, 200]), {}),
        ("Curves", curves(PLAIN[:5], [300, 200, 100, 90, 50]), {}),
        ("Curves, hostile", curves(HOSTILE, [300, 200, 100, 90, 50, 5]), {}),
        ("Week grid", grid(busy(), 4), {}),
        ("Week grid, a day missing", grid(busy(0.1), absent), {"highlight": 34}),
        ("Week grid, no hours", grid(busy(), 4, with_hours=False), {}),
        ("Pull", pull(PLAIN, [19, 30, 44, 5, 60, 158]), {}),
        ("Pull, hostile", pull(HOSTILE, [19, 30, 44, 50, 60, 203]), {}),
        ("Team", team(["Sara Conti", "Elena Rossi", "Marco Bianchi", "Anna Verdi", "Luca Neri", None]), {"highlight": 0}),
        ("Team, hostile", team(HOSTILE), {}),
        ("Tally", tally(PLAIN), {}),
        ("Tally, hostile", tally(HOSTILE), {}),
        ("Band", band(), {"highlight": 14}),
        ("Band, days missing", band(drop=[8, 9, 20]), {}),
        ("Week grid of agents needed", need(), {"highlight": 34}),
        ("Sums", sums(["queue", "agent", "customer", "team", "bot", "other"]), {}),
        ("Sums, hostile", sums(HOSTILE), {}),
        ("Score", score(PLAIN), {"reference": 0.1}),
        ("Score, hostile", score(HOSTILE), {}),
        ("Figure", figure(PLAIN), {}),
        ("Figure, hostile", figure(HOSTILE), {}),
    ]  # fmt: skip


def cards():
    """[(title, raw key figure)]."""
    history = [
        {"week": f"2024-02-{week + 1:02d}", "value": value, "n": 90, "in_period": week > 8}
        for week, value in enumerate([0.6, 0.62, 0.58, None, 0.61, None, 0.6, 0.63, 0.62, 0.6, 0.55, 0.48, 0.59])
    ]
    rated = {"unit": "rate", "value": 0.54, "low": 0.51, "high": 0.57, "previous": 0.61, "target": 0.8, "status": "off"}
    waited = {"unit": "seconds", "value": 14_400, "low": 10_080, "high": None, "previous": 10_800, "status": "none"}
    return [
        ("Off target", rated | {"history": history}),
        ("On target", rated | {"value": 0.85, "low": 0.82, "high": 0.88, "status": "on", "history": history[9:]}),
        ("Open end", waited | {"history": history[:3]}),
        ("Count", {"unit": "count", "value": 898, "previous": 871, "history": history}),
        ("Nothing", {"unit": "rate", "value": None, "history": []}),
    ]


STYLE = """
body{margin:20px;background:var(--page);color:var(--ink);font:17px/1.5 system-ui,sans-serif;max-width:800px}
h2{font-size:19px;margin:36px 0 8px} svg{display:block;height:auto;width:100%}
.narrow{max-width:420px;display:none} .tiles{display:flex;flex-wrap:wrap;gap:20px} .tiles div{width:200px}
.tiles .spark svg{width:120px} .dark{display:none}
@media (max-width:847px){.wide{display:none}.narrow{display:block}}
@media (max-width:360px){body{margin:16px}}
"""


def page():
    """The page, and [(title, narrow, svg)] of its charts."""
    drawn, made = [], []
    for title, result, options in cases():
        made.append(f"<h2>{escape(title)}</h2>")
        for narrow in (False, True):
            ax = plots.plot(result, narrow=narrow, **options)
            svg = plots.svg(ax.figure)
            plots.close(ax.figure)
            drawn.append((title, narrow, svg))
            made.append(f'<div class="{"narrow" if narrow else "wide"}">{svg}</div>')
    tiles = [
        f'<div>{escape(title)}{plots.bullet(card)}<div class="spark">{plots.spark(card)}</div></div>'
        for title, card in cards()
    ]
    style = look.custom_properties() + STYLE
    head = f'<meta charset="utf-8"><meta name="viewport" content="width=device-width"><style>{style}</style>'
    body = f'{"".join(made)}<h2>Tiles</h2><div class="tiles">{"".join(tiles)}</div>'
    return f'<!doctype html><html lang="en"><head>{head}<title>Gallery</title></head><body>{body}</body></html>', drawn


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(page()[0], encoding="utf-8")
