"""The six columns of a table that is read, by the shape of its result; every other column stands in the whole table."""

import numpy as np
import pandas as pd

from toolkit import claims, words
from toolkit.intervals import wilson
from toolkit.result import format_value, heading, interval_columns, is_ordered, row_keys
from toolkit.table_html import cells
from toolkit.table_html.cells import Column, beside, escaped, muted

MOST_COLUMNS = 6
MOST_PARTS = 4
LONGEST_TEXT = 300
HIDDEN = {"p"}  # the verdict says what a p-value would
FIGURES = ("rate", "seconds", "score", "number", "points", "money")
TIMES = (
    10,
    20,
    60,
    300,
    600,
    1800,
    3600,
    21_600,
    86_400,
    259_200,
)  # of a curve, of which the last four it has are told
PARTS_OF_DAY = (0, 6, 12, 18, 24)
SPANS = ("within", "between", "after")


def columns_of(result):
    """The columns of the table that is read, at most six.

    Parameters
    ----------
    result : Result
        In the order of its rows; `attrs["compared"]` where it has the columns of a comparison.
    """
    attrs, shape = result.attrs, result.attrs.get("shape")
    if shape == "grid":
        return parts_of_day(result)
    if shape == "curve":
        return reached(result)
    if shape == "listing":
        return listed(result)
    if shape == "shares" and "part" in attrs and claims.group_keys(result):
        return spans(result)
    if shape is None:
        return plain(result)[:MOST_COLUMNS]
    crossed = None if "compared" in attrs else cross(result)
    return crossed or grouped(result)


def visible(result):
    """The columns that a reader may see: neither ends of intervals nor what is hidden."""
    ends = {end for pair in interval_columns(result.columns).values() for end in pair}
    return [name for name in result.columns if name not in HIDDEN | ends and not str(name).startswith("_")]


def name_column(result, keys):
    parts = [cells.names(result, key, max(12, cells.LONGEST_NAME // len(keys))) for key in keys]
    said = [escaped(" · ".join(row)) for row in zip(*parts, strict=True)]
    return Column(" · ".join(heading(key, result.attrs.get("metric")) for key in keys), "name", said, tuple(keys))


def count_column(result, name):
    metric = result.attrs.get("metric")
    said = heading(name, metric) if words.has(f"metric.{metric}.columns.{name}") else words.text("tables.n")
    return Column(said, "num", [escaped(format_value(value, "count")) for value in result[name]], (name,))


def figure_column(result, name, with_interval=True, said=None):
    texts, ends = cells.figures(result, name), interval_columns(result.columns).get(name)
    between = cells.intervals(result, name, ends) if ends and with_interval else [""] * len(result)
    shown = [beside(escaped(text), muted(around)) for text, around in zip(texts, between, strict=True)]
    title = said or heading(name, result.attrs.get("metric"))
    return Column(title, "num", shown, (name,), is_whole=with_interval or not ends)


def status_column(result, value):
    """How each row stands against its target; None where there is no target."""
    target, targets = result.attrs.get("target") or {}, result.targets()
    known = [one for one in targets if one == one]
    if not known or target.get("of") not in result.columns:
        return None
    unit = result.attrs["units"].get(target["of"], "rate")
    said = dict.fromkeys(words.value_text(one, unit) for one in known)
    told = cells.statuses(result)
    if len(said) > 1:  # groups have targets of their own
        told = [
            beside(escaped(words.value_text(t, unit)) if t == t else "", s) for t, s in zip(targets, told, strict=True)
        ]
    title = words.text("tables.target_of", target=next(iter(said))) if len(said) == 1 else words.text("tables.target")
    if target["of"] == value:
        return Column(title, "name", told, (value,))
    held = figure_column(result, target["of"], with_interval=False)
    name = held.heading if target.get("seconds") is None else words.part_name("within", {"high": target["seconds"]})
    shown = [beside(text, "" if s == "–" else s) for text, s in zip(held.cells, told, strict=True)]
    name = words.sentence_case(name)
    title = words.text("tables.with_target", name=name, target=next(iter(said))) if len(said) == 1 else name
    return held._replace(heading=title, cells=shown)


# --- groups -------------------------------------------------------------------------------------------


def grouped(result):
    """A row a group: its name, n, value with its interval; status, the period before, or what else is known."""
    attrs, compared, keys = result.attrs, result.attrs.get("compared"), row_keys(result)
    count, value, metric = attrs.get("count", "n"), value_of(result), attrs.get("metric")
    counted = attrs.get("counts", {}).get(value, count)
    hits = attrs.get("roles", {}).get("hits")
    made = [name_column(result, keys)] if keys else []
    if "part" in attrs and attrs["shape"] == "shares":  # the spans of all cases, a row each
        return [*made, count_column(result, "n"), figure_column(result, "share")]
    if counted in result.columns:
        made.append(count_column(result, counted))
    if attrs["shape"] == "rate" and not compared and hits in result.columns:  # harm beside the rate
        texts = [escaped(format_value(number, "count")) for number in result[hits]]
        made.append(Column(heading(hits, metric), "num", texts, (hits,)))
    if attrs["shape"] == "shares":
        made += part_columns(result, value, bool(compared))
    elif value != counted:
        made.append(figure_column(result, value))
    against = status_column(result, value)
    if against and not (compared and attrs["shape"] == "pull"):
        made.append(against)
    if attrs["shape"] == "pull":
        made.append(pull_column(result, with_interval=not compared))
    elif not compared and {"change", "verdict"} <= set(result.columns):  # from one step of time to the next
        moved = cells.changes(result, "change", "verdict", attrs.get("best"))
        made.append(Column(heading("change", metric), "num", moved, ("change", "verdict")))
    before = before_columns(result, compared) if compared else []
    room = MOST_COLUMNS - len(made) - len(before)
    if not compared or attrs["shape"] == "count":
        made += more_columns(result, {name for column in made for name in column.of}, room)
    return [*made, *before][:MOST_COLUMNS]


def value_of(result):
    """The column that the table is about: what is compared, or what the metric is told by."""
    attrs = result.attrs
    if "compared" in attrs:
        return attrs["compared"]["value"]
    if attrs["shape"] == "pull":  # what is pulled
        intervals = interval_columns(result.columns)
        return next((name for name, ends in intervals.items() if ends == ("low", "high")), attrs["value"])
    return attrs["value"]


def part_columns(result, value, is_compared):
    """The shares of the parts, of which the value's has its interval; two where room is needed."""
    parts = list(result.attrs.get("parts", ())) or [value]
    if len(parts) > MOST_PARTS or is_compared:
        parts = list(dict.fromkeys([value, parts[-1]]))
    return [figure_column(result, part, part == value) for part in sorted(parts, key=lambda part: part != value)]


def pull_column(result, with_interval):
    texts, ends = cells.figures(result, "pull"), ("pull_low", "pull_high")
    between = cells.intervals(result, "pull", ends) if with_interval else [""] * len(result)
    chips = [cells.chip(code, of="difference") for code in result["verdict"]]
    shown = [beside(escaped(t), muted(b), c) for t, b, c in zip(texts, between, chips, strict=True)]
    return Column(heading("pull", result.attrs.get("metric")), "num", shown, ("pull", "verdict"), with_interval)


def before_columns(result, compared):
    unit, metric = result.attrs["units"].get("previous", "text"), result.attrs.get("metric")
    before = [escaped(format_value(value, unit)) for value in result["previous"]]
    moved = cells.changes(result, "change", compared["verdict"], compared["best"], compared["per_day"])
    of = ("change", compared["verdict"])
    return [
        Column(heading("previous", metric), "num", before, ("previous",)),
        Column(heading("change", metric), "num", moved, of),
    ]


def more_columns(result, shown, room):
    """Other figures of the result, as many as there is room for."""
    units = result.attrs.get("units", {})
    left = [name for name in visible(result) if name not in shown and units.get(name) in FIGURES]
    return [figure_column(result, name) for name in left[: max(0, room)]]


def plain(result):
    """The columns as they are: of a frame that is no metric's, such as the ledger's summary."""
    units, made = result.attrs.get("units", {}), []
    for name in visible(result):
        unit = units.get(name, "text")
        said = [cells.value_name(result, name, value, unit) for value in result[name]]
        cut = [words.short_name(text, LONGEST_TEXT) if text else "" for text in said]
        css = "text" if unit == "text" else "num"
        shown = [escaped(text) for text in cut]
        made.append(Column(heading(name, result.attrs.get("metric")), css, shown, (name,), cut == said))
    return made


# --- two keys -----------------------------------------------------------------------------------------


def cross(result):
    """Rows by columns of the second key (or the first, where that has fewer); None where there are too many or few."""
    keys = row_keys(result)
    frame, count = pd.DataFrame(result), result.attrs.get("count", "n")
    if len(keys) < 2 or count not in frame or frame.duplicated(keys).any():
        return None
    across = next((key for key in keys[::-1] if 2 <= frame[key].nunique(dropna=False) < MOST_COLUMNS), None)
    if across is None:
        return None
    down = [key for key in keys if key != across]
    lines, columns = (groups_in_order(result, one, count) for one in (down, [across]))
    if 2 * len(result) < len(lines) * len(columns):  # mostly empty, as where one key tells the other
        return None
    value = value_of(result)
    texts = cells.figures(result, value) if value != count else [format_value(n, "count") for n in frame[count]]
    beside_it = [muted(words.text("tables.of_n", n=format_value(n, "count"))) for n in frame[count]]
    shown = [beside(escaped(t), b if value != count else "") for t, b in zip(texts, beside_it, strict=True)]
    of_row, of_column = (_group_of(places, len(result)) for places in (lines, columns))
    held = {(of_row[place], of_column[place]): shown[place] for place in range(len(result))}
    first = name_column(result.iloc[[places[0] for places in lines]], down)
    heads = name_column(result.iloc[[places[0] for places in columns]], [across]).cells
    made = [first]
    for number, head in enumerate(heads):
        made.append(Column(_unescaped(head), "num", [held.get((line, number), "–") for line in range(len(lines))]))
    return made


def groups_in_order(result, keys, count):
    """The places of each group's rows: ordered keys in their order, others by size, what has no name last."""
    frame = pd.DataFrame(result).reset_index(drop=True)
    groups = frame.groupby(keys, dropna=False, sort=any(is_ordered(frame[key]) for key in keys), observed=True)
    places = [list(rows.index) for _, rows in groups]

    def rank(rows):
        unnamed = any(words.is_none(frame.at[rows[0], key]) for key in keys)
        return unnamed, 0 if any(is_ordered(frame[key]) for key in keys) else -np.nansum(frame.loc[rows, count])

    return sorted(places, key=rank)


def _group_of(groups, size):
    found = [0] * size
    for number, places in enumerate(groups):
        for place in places:
            found[place] = number
    return found


def _unescaped(text):
    import html

    return html.unescape(text)


# --- parts of a whole, curve, week grid, listing ------------------------------------------------------


def spans(result):
    """A row a group, its spans of time as columns: joined to four, of which the last has its interval."""
    attrs, keys, tidy = result.attrs, claims.group_keys(result), result.parts()
    places = tidy.drop_duplicates("place").index
    groups = result.iloc[places]
    least, total = attrs.get("minimum_count", 1), tidy.loc[places, "total"]
    made = [name_column(groups, keys), count_column(groups, "total")]
    for title, parts in (joined := joined_parts(attrs)):
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


def joined_parts(attrs):
    """At most four parts: [(title, parts)], spans of time in the middle joined, what had no end joined at the end."""
    parts, told = list(attrs["parts"]), list(attrs.get("part_words", ()))
    if not told:
        return [(words.display_name(part), [part]) for part in parts[: MOST_PARTS - 1] + parts[MOST_PARTS - 1 :][-1:]]
    timed = [(part, code, ends) for part, (code, ends) in zip(parts, told, strict=True) if code in SPANS]
    rest = [(part, code, ends) for part, (code, ends) in zip(parts, told, strict=True) if code not in SPANS]
    groups, most = [[one] for one in timed], MOST_PARTS - bool(rest)
    if len(groups) > most:
        groups = [*groups[: most - 2], [one for group in groups[most - 2 : -1] for one in group], groups[-1]]
    made = []
    for group in groups:
        ends = {"low": group[0][2].get("low"), "high": group[-1][2].get("high")}
        code = "within" if ends["low"] is None else "after" if ends["high"] is None else "between"
        title = words.part_name(code, {name: end for name, end in ends.items() if end is not None})
        made.append((words.sentence_case(title), [part for part, *_ in group]))
    if rest:
        title = (
            words.sentence_case(words.part_name(*rest[0][1:]))
            if len(rest) == 1
            else heading("unended", attrs["metric"])
        )
        made.append((title, [part for part, *_ in rest]))
    return made


def reached(result):
    """The share that a curve has reached at four times, a row a group, most cases first."""
    keys, frame = claims.group_keys(result), pd.DataFrame(result)
    least = max(result.attrs["minimum_count"], result.attrs.get("facts", {}).get("minimum_count", 1))
    times = [seconds for seconds in TIMES if seconds <= frame["seconds"].max()][-(MOST_COLUMNS - 2) :] or [TIMES[0]]
    at = [claims.within(result, keys, seconds) for seconds in times]
    unnamed = [any(words.is_none(row[key]) for key in keys) for _, row in at[0].iterrows()]
    order = np.lexsort((-at[0]["n"].to_numpy(float), unnamed))
    groups = type(result)(at[0].iloc[order])
    groups.attrs = result.attrs
    made = [name_column(groups, keys)] if keys else []
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
    made = [name_column(result.iloc[[int((frame[row] == line).to_numpy().argmax()) for line in lines]], [row])]
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
    made = [name_column(result.iloc[[int((frame[row] == line).to_numpy().argmax()) for line in lines]], [row])]
    for hour in hours:
        shown = [escaped(format_value(known.get((line, hour)), unit)) for line in lines]
        made.append(Column(format_value(hour, "hour"), "num", shown))
    return made


def listed(result):
    """A row a case: when, who and what, how much, and what was said, which wraps and is cut at 300 characters."""
    units, metric, zone = result.attrs.get("units", {}), result.attrs.get("metric"), result.attrs.get("zone")
    left, made = visible(result), []
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
        made.append(
            Column(" · ".join(heading(name, metric) for name in keys), "name", [escaped(text) for text in said])
        )
    for name in numbers:
        said = [escaped(format_value(value, units[name])) for value in result[name]]
        made.append(Column(heading(name, metric), "num", said, (name,)))
    for name in texts:
        said = ["" if words.is_none(value) else words.short_name(value, LONGEST_TEXT) for value in result[name]]
        made.append(Column(heading(name, metric), "text", [escaped(text) for text in said]))
    return made[:MOST_COLUMNS]
