"""A result as tables: the one that is read, of six columns at most, the whole one, and its values.

Every text is escaped here: topics, names and messages are hostile input. What the catalogue of messages doesn't know,
such as a column of an analyst's own frame, is shown as the data names it.
"""

import re

import numpy as np
import pandas as pd

from toolkit import words
from toolkit.errors import BadParameter
from toolkit.result import (
    Result,
    format_value,
    group_key,
    heading,
    interval_columns,
    is_ordered,
    pretty,
    row_keys,
    row_order,
)
from toolkit.table_html import cells, forms, wholes
from toolkit.table_html.cells import Column, escaped, message
from toolkit.table_html.columns import HIDDEN, title_of, visible
from toolkit.table_html.csv_text import file_name
from toolkit.table_html.typed import table_data

__all__ = ["HIDDEN", "caption", "table_html", "tables_of"]
MOST_ROWS, LONGEST = 12, 200  # rows of the table that is read before it is cut; of the whole one
FITTING = 7  # columns of a whole table that stand side by side on a page
LONGEST_TEXT = 1000
ROLES = {"col": "columnheader", "row": "rowheader", None: "cell"}
SHORT = 16  # characters of a heading that isn't broken at a hyphen
COMPARED = ("previous_n", "previous", "change", "change_low", "change_high", "verdict")


def tables_of(result, comparison=None, limit=10):
    """The tables of a result, for a page: mostly one, two where its many groups may be sorted by value or by count.

    Parameters
    ----------
    result : Result, or any frame
    comparison : Result of `metrics.previous_period`, optional
        Of the same rows; its columns stand beside those of the result.
    limit : int
        How many rows are shown of more than 12.

    Returns
    -------
    list of dict, empty where there are no rows: `label`, what the table is called; `tab`, the same in two words where
        there are two; `html`, the table of at most six columns; `all`, every column and up to 200 rows, "" where the
        first says all; `data`, its values as `typed.table_data` gives them, None where the table before has them;
        `file`, a name for them as CSV

    Raises
    ------
    BadParameter
        The comparison is of other rows than the result.

    Examples
    --------
    >>> frame = pd.DataFrame({"topic": ["billing", "roaming"], "n": [20, 30], "lost": [0.1, 0.4]})
    >>> result = Result.of(frame, "abandonment_rate", {"n": "count", "lost": "rate"}, ["topic"], 10)
    >>> result.attrs |= {"shape": "rate", "value": "lost"}
    >>> (table,) = tables_of(result)
    >>> table["label"], table["all"], table["file"], table["html"].index("Roaming") < table["html"].index("Billing")
    ('Abandonment rate by topic', '', 'abandonment_rate_by_topic.csv', True)
    """
    whole = with_comparison(result if isinstance(result, Result) else Result(result), comparison)
    if not len(whole):
        return []
    whole = in_order(whole, row_order(whole))
    columns, label = forms.columns_of(whole), caption(whole)
    count = len(columns[0].cells)
    is_cut = count > MOST_ROWS and not is_cyclic(whole)
    first = {"label": label, "tab": "", "html": read(whole, columns, limit if is_cut else count, label)}
    is_more = is_cut or set(visible(whole)) - {name for column in columns if column.is_whole for name in column.of}
    first |= {"all": whole_table(whole) if is_more else "", "data": table_data(whole), "file": file_name(whole)}
    if not (is_cut and is_ranked(whole)):
        return [first]
    first |= {"label": words.text("tables.sorted.by_value", label=label), "tab": words.text("tables.tabs.by_value")}
    largest = in_order(whole, by_count(whole))
    second = {"label": words.text("tables.sorted.by_count", label=label), "tab": words.text("tables.tabs.by_count")}
    second["html"] = read(largest, forms.columns_of(largest), limit, second["label"])
    first["html"] = read(whole, columns, limit, first["label"])
    return [first, second | {"all": "", "data": None, "file": ""}]


def read(result, columns, limit, label):
    """The table that is read, its first rows, and what must be known of it."""
    count = len(columns[0].cells)
    said = notes(result, limit=len(result))
    if count > limit:
        is_last = is_in_time(result)  # of a longer series the latest steps are read
        if is_last:
            columns = [column._replace(cells=column.cells[-limit:]) for column in columns]
        key = "tables.notes.last" if is_last else "tables.notes.first"
        said = " ".join(filter(None, [words.text(key, n=limit, rows=words.number(count)), said]))
    return markup(columns, limit, label, said, stacks=result.attrs.get("shape") == "listing")


def whole_table(result):
    """Every column, and of a week grid every hour; "" of a curve, whose hundreds of steps its chart says."""
    if result.attrs.get("shape") == "curve":
        return ""
    columns = wholes.by_hour(result) if wholes.is_week(result) else every_column(result)
    said = words.text("tables.notes.more", n=len(result) - LONGEST) if len(columns[0].cells) > LONGEST else ""
    return markup(columns, LONGEST, caption(result), said, scrolls=len(columns) > FITTING)


def table_html(result, limit=LONGEST):
    """The result as an HTML table of at most `limit` rows and all its columns, as JupyterLab shows it."""
    columns = every_column(result)
    return markup(columns, limit, caption(result), notes(result, limit), len(columns) > FITTING, is_styled=True)


# --- order, comparison --------------------------------------------------------------------------------


def in_order(result, order):
    """The rows in another order; what is said of rows by their place goes along."""
    moved = result.iloc[order].reset_index(drop=True)
    if result.attrs.get("partial"):
        partial = set(result.attrs["partial"])
        moved.attrs["partial"] = [place for place, before in enumerate(order) if before in partial]
    return moved


def by_count(result):
    """The places of the rows by their count, what has no name last."""
    unnamed = [any(map(words.is_none, row)) for row in result[row_keys(result)].itertuples(index=False)]
    return np.lexsort((-result[result.attrs.get("count", "n")].to_numpy(float), unnamed)).tolist()


def is_cyclic(result):
    """Whether the rows are the hours of a day, which are read whole and in their order."""
    return row_keys(result) == ["hour"] and pd.api.types.is_numeric_dtype(result["hour"].dtype)


def is_in_time(result):
    """Whether the rows are steps of time, the latest last."""
    keys = row_keys(result)
    return len(keys) == 1 and pd.api.types.is_datetime64_any_dtype(result[keys[0]].dtype)


def is_ranked(result):
    """Whether its rows may be sorted by value as well as by count."""
    attrs, keys = result.attrs, row_keys(result)
    is_group = attrs.get("shape") in ("rate", "wait", "mean", "score") and not attrs.get("ordered")
    return is_group and not any(is_ordered(result[key]) for key in keys) and attrs.get("count", "n") in result


def with_comparison(result, comparison):
    """The result with the columns of a comparison, matched by what tells its rows apart."""
    if comparison is None and result.attrs.get("shape") != "comparison":
        return result
    told = result.attrs if comparison is None else comparison.attrs
    value, keys = told["value"], row_keys(result)
    unit, target = told["units"].get(value), told.get("target") or {}
    best = target["best"] if target.get("of") == value else None if unit in ("count", "text") else told.get("best")
    merged = result.copy()
    verdict = "verdict" if comparison is None or "verdict" not in result.columns else "change_verdict"
    merged.attrs["compared"] = {"value": value, "best": best or None, "verdict": verdict}
    merged.attrs["compared"]["per_day"] = bool(told.get("per_day"))
    if comparison is None:
        return merged
    if row_keys(comparison) != keys or value not in result.columns or "change" in result.columns:
        raise BadParameter(f"tables_of takes a comparison of the rows and of a value of {result.attrs.get('metric')}")
    places = {group_key(row): place for place, row in enumerate(zip(*(comparison[key] for key in keys), strict=True))}
    rows = list(zip(*(result[key] for key in keys), strict=True)) if keys else [()]
    found = [places.get(group_key(row), -1) for row in rows] if keys else [0 if len(comparison) else -1] * len(result)
    for name in COMPARED:
        to = verdict if name == "verdict" else name
        held = comparison[name].tolist()
        merged[to] = [held[place] if place >= 0 else None if name == "verdict" else np.nan for place in found]
        merged.attrs["units"][to] = told["units"].get(name, "text")
    for name in [name for name in comparison.columns if str(name).startswith("year_ago")]:
        held = comparison[name].tolist()
        merged[name] = [held[place] if place >= 0 else None if name.endswith("verdict") else np.nan for place in found]
        merged.attrs["units"][name] = told["units"].get(name, "text")
    merged.attrs["against"] = told.get("against")
    merged.attrs["units"]["change"] = told["units"]["change"]
    return merged


# --- every column -------------------------------------------------------------------------------------


def every_column(result):
    """Each column of the result with a heading in words; an interval, the target and the status after its figure."""
    intervals, target, made = interval_columns(result.columns), result.attrs.get("target") or {}, []
    for name in visible(result):
        made.append(Column(title_of(result, name), *_values(result, name)))
        if name in intervals:
            made.append(Column(words.text("tables.interval"), "num", _spans(result, name, intervals[name])))
        if name == target.get("of"):
            made += _against_target(result, name)
    return made


def _values(result, name):
    unit = "text" if name == "verdict" else result.attrs.get("units", {}).get(name, "text")
    if name in row_keys(result):
        return ("num" if unit != "text" else "text"), list(map(escaped, cells.names(result, name, words.LONGEST_NAME)))
    if unit in ("text", "count", "time", "verdict"):  # a group's name and its counts are shown where the figure isn't
        said = [cells.value_name(result, name, value, unit) for value in result[name]]
        is_text = unit in ("text", "verdict")
        return ("text", [_shortened(text) for text in said]) if is_text else ("num", list(map(escaped, said)))
    return "num", list(map(escaped, cells.figures(result, name)))


def _shortened(text):
    return escaped(words.short_name(text, LONGEST_TEXT) if len(text) > LONGEST_TEXT else text)


def _spans(result, name, ends):
    """The interval of a figure, each end with its unit, as it stands in a column of its own."""
    unit, not_reached = result.attrs.get("units", {}).get(name, "text"), words.text("tables.when_null.not_reached")
    said = []
    for low, high, is_enough in zip(*(result[end] for end in ends), cells.enough(result, name), strict=True):
        if not is_enough or (pd.isna(low) and pd.isna(high)):
            said.append("–" if is_enough else "")
            continue
        end = not_reached if pd.isna(high) else format_value(high, unit)
        said.append(words.text("tables.span", low=format_value(low, unit), high=end))
    return list(map(escaped, said))


def _against_target(result, name):
    targets, unit = result.targets(), result.attrs.get("units", {}).get(name, "text")
    if not any(target == target for target in targets):
        return []
    held = [escaped(format_value(target, unit)) for target in targets]
    return [
        Column(words.text("tables.target"), "num", held),
        Column(words.text("tables.status"), "text", cells.statuses(result)),
    ]


# --- HTML ---------------------------------------------------------------------------------------------


def markup(columns, limit, label, note="", scrolls=False, is_styled=False, stacks=False):
    """The HTML of a table of columns, with a note below; `stacks`: on a phone each row is a card, its cells labelled."""

    def role(name):  # browsers forget what a table is when its rows are drawn as blocks
        return f' role="{name}"' if stacks else ""

    look = {"is_styled": is_styled, "stacks": stacks}
    head = "".join(_cell("th", escaped(column.heading), column.css, scope="col", **look) for column in columns)
    rows = []
    for line in list(zip(*(column.cells for column in columns), strict=True))[:limit]:
        made = [
            _cell("td" if place else "th", cell, column.css, None if place else "row", column.heading, **look)
            for place, (cell, column) in enumerate(zip(line, columns, strict=True))
        ]
        rows.append(f"<tr{role('row')}>{''.join(made)}</tr>")
    if not rows:
        rows.append(f'<tr><td colspan="{len(columns)}">{escaped(words.text("tables.no_data"))}</td></tr>')
    # what doesn't scroll needs no stop of the keyboard
    box = f' role="region" aria-label="{escaped(label)}" tabindex="0"' if scrolls else ""
    foot = f'<p class="note">{escaped(note)}</p>' if note else ""
    table = ' class="stacks" role="table"' if stacks else ""
    return (
        f'<div class="toolkit-table"{box}><table{table}><caption>{escaped(label)}</caption><thead{role("rowgroup")}>'
        f"<tr{role('row')}>{head}</tr></thead><tbody{role('rowgroup')}>{''.join(rows)}</tbody></table></div>{foot}"
    )


def _cell(tag, content, css, scope, heading="", is_styled=False, stacks=False):
    attributes = f' scope="{scope}"' if scope else ""
    if scope and "-" in content and len(re.sub(r"<[^>]*>", "", content)) <= SHORT:
        css += " whole"  # no line ends at its hyphen
    attributes += f' class="{css}"'
    if stacks:
        attributes += f' role="{ROLES[scope]}"' + (f' data-label="{escaped(heading)}"' if heading and not scope else "")
    if is_styled:  # for JupyterLab, whose own styles would centre texts and break figures; a page has a style sheet
        style = "white-space: nowrap" if css == "num" else "text-align: left"
        attributes += f' style="{style}"'
    return f"<{tag}{attributes}>{content}</{tag}>"


# --- what stands around it ----------------------------------------------------------------------------


def caption(result):
    """What the table is called: by its metric and groups."""
    attrs = result.attrs
    name = attrs.get("metric", "table")
    title = message(f"tables.captions.{name}") or message(f"metric.{name}.title") or heading(name)
    keys = [message(f"tables.keys.{key}") or pretty(key) for key in attrs.get("by", ())]
    keys = keys[1:] if attrs.get("against") == "outside" else keys  # whose the figures are, which the caption says
    if keys and attrs.get("shape") != "grid":  # which is called by its keys
        title = words.text("tables.caption_by", title=title, keys=words.joined(keys))
    if attrs.get("shape") != "comparison":
        return title
    return words.text(f"tables.caption_{attrs.get('against') or 'before'}", title=title)


def notes(result, limit=LONGEST):
    """What a reader must know of the table: rows that aren't shown, what "too few" means, what was chosen."""
    said = []
    if len(result) > limit:
        said.append(words.text("tables.notes.more", n=len(result) - limit))
    few = [name for name in result.attrs.get("counts", {}) if name in result and not cells.enough(result, name).all()]
    if few or not result.enough().all():
        least = max(map(result.least, few)) if few else result.attrs["minimum_count"]
        said.append(words.text("tables.notes.few", n=least))
    chosen = [words.choice(key, value) for key, value in result.attrs.get("choices", {}).items()]
    if chosen:
        told = "; ".join(words.text("tables.notes.choice", title=title, value=value) for title, value in chosen)
        said.append(words.text("tables.notes.choices", choices=told))
    said += [words.text(key, **values) for key, values in result.attrs.get("notes", ())]
    return " ".join(said)
