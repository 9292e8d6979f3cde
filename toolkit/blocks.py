"""Blocks: what one section of a report shows, as plain data: the finding, its chart wide and narrow, its tables.

A block is made of a result and is all that JupyterLab, the page and the overview need to show it; nothing in it refers
to the data any more. Every text is plain: who shows it escapes it.

>>> import pandas as pd
>>> from toolkit.metrics import csat
>>> made = block(csat(pd.DataFrame({"score": [5] * 80 + [1] * 20, "channel": ["email", "x"] * 50}), by="channel"))
>>> made["metric"], made["by"], sorted(made["chart"])
('csat', ['channel'], ['alt', 'folded', 'narrow', 'wide'])
"""

import html
import re
from datetime import date

from toolkit import findings, plots, words
from toolkit.displays import with_code
from toolkit.metrics.registry import METRICS
from toolkit.table_html import caption as table_caption
from toolkit.table_html import tables_of

MOST_MOVED = 6  # contributions that are told of several figures


def block(result, comparison=None, overall=None, period=None, caption=None, parts=False):
    """One block of a result.

    Parameters
    ----------
    result : Result of any metric
    comparison : Result, optional
        The same against the period before (`metrics.compare.compared`): its values are drawn beside, and told.
    overall : Result without groups, optional
    period : Period, optional
        What is reported of a longer series.
    caption : str, optional
        Of the tables; by default the metric and its groups.
    parts : bool
        Draw the parts behind the value, such as the scores behind a rate of high ones.

    Returns
    -------
    dict: heading, note, status, is_changed, score, facts, tested (as `findings.tell` gives them), chart (None, or wide,
        narrow: SVG; alt; folded), tables (as `table_html.tables_of` gives them), metric, by, form, overview
    """
    told = findings.tell(result, overall=overall, period=period, comparison=comparison)
    attrs = result.attrs
    label = caption or table_caption(result)
    made = {
        "heading": told.heading,
        "note": told.note,
        "status": told.status,
        "is_changed": told.is_changed,
        "score": told.score,
        "facts": []
        if attrs.get("is_prediction")
        else list(told.facts),  # a headline tells what was, not what was expected
        "tested": list(told.tested),
        "metric": attrs.get("metric", ""),
        "by": list(attrs.get("by", ())),
        "form": attrs.get("shape", ""),
        "label": label,
        "overview": _on_overview(attrs),
        "chart": None,
        "tables": [],
    }
    column, value = findings.only_group(result)
    if column and not words.is_none(value):
        made["note"] = " ".join(filter(None, [told.note, findings.only_said(column, value)]))
    if plots.is_drawn(result, parts) and column is None:
        options = {"reference": overall, "period": period, "highlight": told.highlight, "before": comparison}
        options = {name: value for name, value in options.items() if value is not None} | {"parts": parts}
        if told.highlight is not None:
            options["is_alarm"] = told.is_alarm
        made["chart"] = {
            **{name: drawing(result, narrow=name == "narrow", **options) for name in ("wide", "narrow")},
            "alt": plots.alternative_text(result, told.heading, told.highlight, parts),
            "folded": not (told.shows or parts),  # what is asked for is shown
        }
    if len(result):
        made["tables"] = [table | {"label": table["label"] or label} for table in tables_of(result, comparison)]
        if caption and made["tables"]:
            made["tables"][0]["label"] = caption
    return made


def together(data, asked, by):
    """The block of what goes together, as `show.together` shows it.

    Parameters
    ----------
    data : Data
    asked : list of (metric, {choices})
    by : columns whose groups are looked at

    Returns
    -------
    dict, as that of `block`; its chart is the first of the figures that stand out, by week
    """
    from toolkit.headline import together as gathered
    from toolkit.metrics.compare import beside, scan

    facts, tested = scan(data, *asked, by=by)
    facts = beside(data, facts, *asked)
    groups = gathered(facts)
    made = dict.fromkeys(("heading", "note", "metric", "overview"), "") | {"chart": None, "tables": [], "by": []}
    made |= {"status": "none", "is_changed": bool(facts), "score": max((fact["score"] for fact in facts), default=0.0)}
    made |= {"facts": facts, "tested": tested, "form": "together", "metric": "together"}
    if not facts:
        untested = words.text("blocks.together.untested") if _keys_there(data, asked, by) else _no_groups(by)
        return made | {"heading": words.text("blocks.together.none") if tested else untested}
    first = groups[0] if groups else facts[0]
    day = words.date_name(date.fromisoformat(first["weeks"][0])) if first["weeks"] else ""
    if groups:
        n = len(set(first["metrics"]))
        made["heading"] = words.text("blocks.together.heading", name=first["name"], week=day, n=n)
        made["note"] = " ".join(words.text("blocks.together.said", text=one["text"]) for one in groups)
    else:
        made["heading"] = words.sentence_case(facts[0]["clause"])
    told = (first["facts"] if groups else facts)[0]
    return made | {"chart": _by_week(data, asked, told, made["heading"])}


def moved(data, asked, by):
    """The block of what changed: of several figures the one whose parts moved most clearly, and the parts of the others.

    Parameters
    ----------
    data : Data
    asked : list of (metric, {choices}), as `metrics.compare.what_moved` takes them
    by : columns whose groups are looked at

    Returns
    -------
    dict, as that of `block`
    """
    from toolkit.metrics.compare import moved_together

    results = moved_together(data, asked, by)
    told = [(findings.tell(result), result) for result in results]
    told.sort(key=lambda one: (not one[0].is_changed, -one[0].score))
    if not told or not told[0][0].is_changed:
        made = dict.fromkeys(("note", "overview"), "") | {"chart": None, "tables": [], "by": [], "facts": []}
        made |= {"status": "none", "is_changed": False, "score": 0.0, "form": "contribution", "metric": "moved"}
        if told or data.previous is None or _keys_there(data, asked, by):
            said = "none" if told else "no_past" if data.previous is None else "untold"
            heading = words.text(f"blocks.moved.{said}")
        else:
            heading = _no_groups(by)
        return made | {
            "heading": heading,
            "tested": [p for one, _ in told for p in one.tested],
        }
    made = block(told[0][1])
    others = [fact for one, _ in told[1:] for fact in one.facts][: MOST_MOVED - 1]
    more = [words.text("headlines.sentence", text=words.sentence_case(fact["clause"])) for fact in others]
    made["note"] = " ".join(filter(None, [made["note"], *more]))
    made["facts"] = [*made["facts"], *others]
    made["tested"] = [p for one, _ in told for p in one.tested]
    return made


def look_at(data, asked):
    """The block of what should be looked at: how many cases each of several listings holds, none where it holds none.

    Parameters
    ----------
    data : Data
    asked : list of (metric, {choices}); with `above`, a column, its rows above 0 are counted, else what it lists in full;
        of a metric that is no listing it is told by week whether a stock grew

    Returns
    -------
    dict, as that of `block`, with `items`: dicts of metric, n, text
    """
    from toolkit.errors import ToolkitError

    items, grown = [], []
    for function, given in asked:
        own = dict(given)
        if METRICS[function.__name__].shape == "tally":
            found = _grown(data, function, own)
            grown += found
            items += [
                {
                    "metric": fact["metric"],
                    "n": fact["n"],
                    "name": fact["name"],
                    "text": words.sentence_case(fact["grown"]),
                }
                for fact in found
            ]
            continue
        above, table = own.pop("above", None), own.pop("table", METRICS[function.__name__].table)
        try:
            result = function(getattr(data, table), **own)
        except ToolkitError:  # the data, or its settings, can't say
            continue
        facts = result.attrs.get("facts", {})
        n = int((result[above] > 0).sum()) if above else int(facts.get("total", len(result)))
        if n:
            name = function.__name__
            numbers = {fact: words.number(value) for fact, value in facts.items() if type(value) is int}
            of = f"headlines.look_at.{name}.{result.attrs['choices'].get('of')}"
            about = numbers | {"n": n, "cases": words.text(f"case.{result.attrs['case']}", n=n)}
            text = words.text(of if words.has(of) else f"headlines.look_at.{name}", **about)
            title = words.text(f"metric.{name}.title")
            items.append({"metric": name, "n": n, "name": title, "text": words.sentence_case(text)})
    made = dict.fromkeys(("note", "overview"), "") | {
        "chart": None,
        "tables": [],
        "by": [],
        "facts": grown,
        "tested": [],
    }
    made |= {
        "status": "none",
        "is_changed": False,
        "score": 0.0,
        "form": "look_at",
        "metric": "look_at",
        "items": items,
    }
    told = [one["text"] for one in items] or [words.text("blocks.look_at.none")]
    made["note"] = " ".join(words.text("headlines.sentence", text=text) for text in told[1:])
    return made | {"heading": told[0]}


def _grown(data, function, choices):
    """The facts of what grew in the last weeks, and is counted in full."""
    from toolkit.errors import ToolkitError
    from toolkit.metrics.compare import weekly

    try:
        result = weekly(data, function, **choices)
    except ToolkitError:
        return []
    return [] if result is None else [fact for fact in findings.tell(result).facts if fact["kind"] == "stock"]


def _keys_there(data, asked, by):
    """Of these columns those that a table of what is asked has."""
    tables = {own.get("table", METRICS[function.__name__].table) for function, own in asked}
    return [column for column in by if any(data.can(table, column) for table in tables)]


def _no_groups(by):
    names = [words.text(f"tables.keys.{key}") if words.has(f"tables.keys.{key}") else key for key in by]
    return words.text("blocks.no_groups", keys=words.joined(names, "or"))


def _by_week(data, asked, fact, heading):
    """The chart of a fact's figure by group and week, the week that it names marked."""
    from toolkit.metrics.compare import weekly

    told = fact["metric"], fact["column"]
    function, given = next((one, own) for one, own in asked if (one.__name__, _column(one, own)) == told)
    own = {name: value for name, value in given.items() if name not in ("best", "value")}
    series = weekly(data, function, value=given.get("value"), by=fact["key"], **own)
    if series is None or not plots.is_drawn(series):
        return None
    is_named = series[fact["key"]].astype(str) == fact["value"]
    is_week = series["week"].astype(str).str[:10].isin(fact["weeks"][:1])
    named = series.index[is_named & is_week]
    options = {"period": data.period, "highlight": named[0] if len(named) else None}
    options["is_alarm"] = fact["direction"] == "worse"
    alt = plots.alternative_text(series, heading, options["highlight"])
    return {name: drawing(series, narrow=name == "narrow", **options) for name in ("wide", "narrow")} | {
        "alt": alt,
        "folded": False,
    }


def _column(function, given):
    return given.get("value") or METRICS[function.__name__].value


def _on_overview(attrs):
    """What of the overview a block may be: when contacts come, or what changed."""
    return {"grid": "grid", "contribution": "pull"}.get(attrs.get("shape"), "")


def drawing(result, **options):
    """The chart of a result as SVG; its figure is closed again."""
    axes = plots.plot(result, **options)
    try:
        return plots.svg(axes.figure)
    finally:
        plots.close(axes.figure)


def block_html(one, level=3):
    """A block as HTML that JupyterLab shows: the finding, the wide chart, the note, and the tables folded."""
    said = [f"<h{level}>{with_code(one['heading'])}</h{level}>"] if one["heading"] else []
    chart = one["chart"]
    if chart and not chart["folded"]:
        said.append(_chart_html(chart))
    if one["note"]:
        said.append(f"<p>{with_code(one['note'])}</p>")
    if chart and chart["folded"]:
        said.append(_folded(words.text("blocks.chart"), _chart_html(chart)))
    said += [_folded(words.text("blocks.table", label=table["label"]), table["html"]) for table in one["tables"]]
    return "\n".join(said)


def _chart_html(chart):
    return f'<div role="img" aria-label="{html.escape(chart["alt"], quote=True)}">{chart["wide"]}</div>'


def _folded(summary, content):
    return f"<details><summary>{html.escape(summary)}</summary>{content}</details>"


def tabs_html(tabs):
    """Blocks beside each other, each under its label."""
    return "\n".join(f"<h4>{html.escape(tab['label'])}</h4>{block_html(tab['block'], 4)}" for tab in tabs)


def plain(one):
    """A block as text."""
    return ". ".join(filter(None, [one["heading"], one["note"]])).replace("`", "")


def name_of(one):
    """What a block is called in addresses, such as abandonment-rate-by-hour."""
    said = "-".join([one["metric"], *(["by"] if one["by"] else []), *one["by"]])
    return re.sub(r"[^a-z0-9]+", "-", said.lower()).strip("-") or "block"


# --- the head of a report -------------------------------------------------------------------------------


def scope(data, title, by=None, choices=None):
    """The title with what the report is restricted to and broken down by: "Response times by team, opening hours only"."""
    keys = list(filter(None, [by] if isinstance(by, str) else by or ()))
    if keys:
        names = [words.text(f"tables.keys.{key}") if words.has(f"tables.keys.{key}") else key for key in keys]
        title = words.text("blocks.scope.by", title=title, keys=words.joined(names))
    said = [f"blocks.scope.{name}.{value}" for name, value in (choices or {}).items()]
    told = [words.text(key) for key in said if words.has(key)]
    for column, values in data.filters.items():
        names = words.joined(words.display_name(value, column) for value in values)
        name = words.text(f"tables.keys.{column}") if words.has(f"tables.keys.{column}") else column
        told.append(words.text("blocks.filter", column=name, values=names))
    return words.text("blocks.scope.choices", title=title, choices=", ".join(told)) if told else title


def days_line(data):
    """The days, and those that they are compared with."""
    period = data.period if data.period.start else data.covered
    days = words.days_name(period.first_day, period.last_day) if period.first_day else period.label
    if data.previous is None:
        return days
    before = data.previous.period
    same_year = before.first_day.year == period.last_day.year
    named = words.days_name(before.first_day, before.last_day, with_year=not same_year)
    compared = words.text("blocks.same_age", before=named)
    if data.year_ago is not None:
        past = data.year_ago.period
        compared = words.text(
            "blocks.year_ago", compared=compared, before=words.days_name(past.first_day, past.last_day)
        )
    return words.text("blocks.line", days=days, compared=compared)
