"""Tables of what isn't a row a group: spans of time, a curve, the hours of a week, a listing."""

import numpy as np
import pandas as pd

from toolkit import claims, words
from toolkit.intervals import wilson
from toolkit.metrics.waits import TOLD
from toolkit.result import format_value, heading, joined_parts
from toolkit.table_html import cells, columns
from toolkit.table_html.cells import Column, beside, escaped, muted

MOST_PARTS = 4
LONGEST_TEXT = 300
# Of a curve, which is exact there however much it was thinned; the last four that it reaches are told.
TIMES = TOLD
PARTS_OF_DAY = (0, 6, 12, 18, 24)


def spans(result):
    """A row a group, its spans of time as columns: joined to at most four, of which the last has its interval."""
    attrs, keys, tidy = result.attrs, claims.group_keys(result), result.parts()
    places = tidy.drop_duplicates("place").index
    least, total = attrs.get("minimum_count", 1), tidy.loc[places, "total"]
    made = [column_at(columns.with_own_target(columns.name_column(result, keys), result), places)]
    made.append(column_at(columns.count_column(result, "total"), places))
    for title, parts, _ in (joined := joined_parts(attrs)):
        hits = tidy[tidy["part"].isin(parts)].groupby("place", sort=False)["n"].sum()
        low, high = wilson(hits.to_numpy(), total.to_numpy())
        shown = []
        for own, n, ends in zip(hits, total, zip(low, high, strict=True), strict=True):
            if n < max(least, 1):
                shown.append(escaped(words.text("tables.few")))
                continue
            around = cells.interval(own / n, *ends, "rate") if title == joined[-1][0] else ""
            shown.append(beside(escaped(format_value(own / n, "rate")), muted(around)))
        made.append(Column(title, "num", shown))
    return made


def column_at(column, places):
    """The cells of a column at some places, given by their numbers or by flags."""
    return column._replace(cells=np.array(column.cells, object)[places].tolist(), of=())


def reached(result):
    """The share that a curve has reached at four times, a row a group, most cases first; at none later than may be told."""
    keys, frame = claims.group_keys(result), pd.DataFrame(result)
    least = max(result.attrs["minimum_count"], result.attrs.get("facts", {}).get("minimum_count", 1))
    own = result.attrs.get("facts", {}).get("times", ())
    last = own[-1] if own else frame["seconds"].max()
    times = [seconds for seconds in TIMES if seconds <= last][-(columns.MOST - 2) :] or [(own or TIMES)[0]]
    at = [claims.within(result, keys, seconds) for seconds in times]
    unnamed = [any(words.is_none(row[key]) for key in keys) for _, row in at[0].iterrows()]
    order = np.lexsort((-at[0]["n"].to_numpy(float), unnamed))
    groups = type(result)(at[0].iloc[order])
    groups.attrs = result.attrs | {"partial": []}
    made = [columns.with_own_target(columns.name_column(groups, keys), groups)] if keys else []
    numbers = [escaped(format_value(n, "count")) for n in groups["n"]]
    made.append(Column(words.text("tables.n"), "num", numbers))
    for seconds, frame in zip(times, at, strict=True):
        shown = []
        for row in frame.iloc[order].itertuples():
            if row.n < least:
                shown.append(escaped(words.text("tables.few")))
                continue
            around = (
                "" if seconds != times[-1] or pd.isna(row.low) else cells.interval(row.share, row.low, row.high, "rate")
            )
            shown.append(beside(escaped(format_value(row.share, "rate")), muted(around)))
        title = words.sentence_case(words.part_name("within", {"high": seconds}))
        made.append(Column(title, "num", shown))
    return made


def parts_of_day(result):
    """The cases of each weekday by quarter of the day, which add up: 168 means say no more than their chart."""
    row, column = result.attrs["by"]
    frame = pd.DataFrame(result)
    lines = list(dict.fromkeys(frame[row]))
    made = [column_at(columns.name_column(result, [row]), ~frame.duplicated(row).to_numpy())]
    bounds = [*zip(PARTS_OF_DAY, PARTS_OF_DAY[1:], strict=False), (PARTS_OF_DAY[0], PARTS_OF_DAY[-1])]
    for begin, end in bounds:
        held = frame[frame[column].between(begin, end - 1) & (frame["days"] > 0)]
        sums = held.groupby(row, observed=True)["n"].sum()
        ends = [format_value(hour, "hour") for hour in (begin, end)]
        is_all = (begin, end) == bounds[-1]
        title = words.text("tables.all_day") if is_all else words.text("tables.span", low=ends[0], high=ends[1])
        shown = [escaped(format_value(sums.get(line), "count")) for line in lines]
        made.append(Column(title, "num", shown))
    return made


def is_week(result):
    """Whether a result is of every hour of the week."""
    attrs = result.attrs
    return attrs.get("shape") == "grid" or (attrs.get("shape") == "need" and attrs["by"] == ["weekday", "hour"])


def needs(result):
    """The hours in which a call came: how many, what they need, and who was seen."""
    some = (result["n"] > 0).to_numpy(bool)
    keys = [key for key in result.attrs["by"] if key in result.columns]
    made = [columns.name_column(result, keys), columns.count_column(result, "n")]
    for name in ("mean", "agents_needed", "agents_seen", "shortfall"):
        made.append(columns.figure_column(result, name, name == "agents_needed"))
    return [column_at(column, some) for column in made]


def by_hour(result):
    """The whole week grid: the mean of each weekday and hour."""
    row, column = result.attrs["by"]
    frame, value = pd.DataFrame(result), result.attrs["value"]
    unit = result.attrs["units"].get(value, "number")
    lines, hours = list(dict.fromkeys(frame[row])), sorted(dict.fromkeys(frame[column]))
    known = {
        (r.row, r.column): r.value
        for r in frame.assign(row=frame[row], column=frame[column], value=frame[value]).itertuples()
    }
    made = [column_at(columns.name_column(result, [row]), ~frame.duplicated(row).to_numpy())]
    for hour in hours:
        shown = [escaped(format_value(known.get((line, hour)), unit)) for line in lines]
        made.append(Column(format_value(hour, "hour"), "num", shown))
    return made


def listed(result):
    """A row a case: when, who and what, how much, and what was said, which wraps and is cut at 300 characters."""
    units, metric, zone = result.attrs.get("units", {}), result.attrs.get("metric"), result.attrs.get("zone")
    left, made = columns.visible(result), []
    by = claims.group_keys(result)  # what is counted of a group is said beside its first case
    is_repeated = (result[by] == result[by].shift()).all(axis=1) if by else None
    times = [name for name in left if units.get(name) == "time"][:1]
    keys = [name for name in left if name in words.entry("tables.keys")]
    numbers = [name for name in left if units.get(name, "text") not in ("text", "time")]
    texts = [name for name in left if name not in (*keys, *numbers) and units.get(name, "text") == "text"]
    texts = [name for name in texts if not str(name).endswith("_id")] or texts[:1]
    for name in times:
        days = [pd.NaT if pd.isna(t) else t.tz_convert(zone) if zone and t.tzinfo else t for t in result[name]]
        with_year = len({day.year for day in days if not pd.isna(day)}) > 1
        said = ["–" if pd.isna(day) else words.date_name(day, with_year) for day in days]
        made.append(Column(heading(name, metric), "name", [escaped(text) for text in said]))
    if keys:
        named = [
            [(name, value) for name, value in zip(keys, row, strict=True)]
            for row in result[keys].itertuples(index=False)
        ]
        said = [
            " · ".join(words.display_name(v, k, 30) for k, v in row if not words.is_none(v)) or "–" for row in named
        ]
        css = "text" if len(keys) > 1 and len(texts) > 1 else "name"  # beside two texts there is no room for one line
        made.append(Column(" · ".join(heading(name, metric) for name in keys), css, [escaped(text) for text in said]))
    for name in numbers:
        said = [escaped(format_value(value, units[name])) for value in result[name]]
        if name == result.attrs.get("count", "n") and is_repeated is not None:
            said = ["" if again else one for one, again in zip(said, is_repeated, strict=True)]
        made.append(Column(heading(name, metric), "num", said, (name,)))
    for name in texts:
        said = ["" if words.is_none(value) else words.short_name(value, LONGEST_TEXT) for value in result[name]]
        made.append(Column(heading(name, metric), "text", [escaped(text) for text in said]))
    return made[: columns.MOST]


def tallied(result):
    """A row a group, its counts and figures side by side as the metric has them."""
    keys, units = claims.group_keys(result), result.attrs.get("units", {})
    made = [columns.name_column(result, keys)] if keys else []
    for name in columns.visible(result):
        if name in keys:
            continue
        if name == "n":
            made.append(columns.count_column(result, name))
        elif name in units:
            made.append(columns.figure_column(result, name))
        else:
            said = [escaped(cells.value_name(result, name, value, "text")) for value in result[name]]
            made.append(Column(heading(name, result.attrs.get("metric")), "text", said, (name,)))
    return made[: columns.MOST]


def expected(result):
    """A row a step: what came, what was expected, and whether it stands out; only those outside, where there are some.

    Where none stands out these are the ones that could be outside by chance.
    """
    attrs, keys = result.attrs, claims.group_keys(result)
    value, ends = attrs["value"], attrs["ends"]
    is_outside, is_chance = (
        result["state"].isin(states).to_numpy(bool) for states in (["stands_out", "goes_on"], ["could_be_chance"])
    )
    is_outside = is_outside if is_outside.any() else is_chance
    made = [columns.name_column(result, keys), columns.count_column(result, "n")]
    if value != "n":
        made.append(columns.figure_column(result, value, with_interval=False))
    unit, spans = attrs["units"].get(value, "number"), []
    for low, high in zip(*(result[end] for end in ends), strict=True):
        said = {name: format_value(end, unit) for name, end in (("low", low), ("high", high))}
        spans.append(escaped(words.text("tables.span", **said)) if np.isfinite(low) else "–")
    made.append(Column(heading("expected", attrs.get("metric")), "num", spans, ("expected",), is_whole=False))
    said = [escaped(cells.value_name(result, "state", state, "text")) for state in result["state"]]
    made.append(Column(heading("state", attrs.get("metric")), "text", said, ("state",)))
    return [column_at(column, is_outside)._replace(of=column.of) for column in made] if is_outside.any() else made
