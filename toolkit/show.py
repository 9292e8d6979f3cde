"""What notebooks show: `show(result)` gives the finding, its chart and its tables; head, key figures and more beside it.

Each display carries HTML for JupyterLab and a JSON bundle that the report's template reads. Every text is escaped here:
topics, names and messages are hostile input. What a notebook has shown since its head is kept, so that at its end the
headline can say what matters most of it, and the definitions are those of its metrics.

>>> from toolkit import show
>>> callable(show), callable(show.headline)
(True, True)
"""

import html
import json
import sys
import types
from pathlib import Path

from toolkit import blocks, words
from toolkit.cards import card_texts
from toolkit.displays import KEY_FIGURES, LEFT_OUT, MEASURED, REPORT, SECTION, left_out_bundle, with_code
from toolkit.load.coverage import notes_of
from toolkit.load.quality import told_apart
from toolkit.metrics import compare
from toolkit.metrics.registry import METRICS
from toolkit.table_html import tables_of
from toolkit.tables import OUTSIDE
from toolkit.words.notebooks import translated

HEADER_ID, FIGURES_ID = "toolkit-header", "toolkit-key-figures"  # displays that the headline completes
FEW_COVERED, MANY_REJECTED = 0.9, 0.01  # shares of days, of rows


class _Shown:
    """What the notebook has shown since its head: blocks by id, key figures, the head itself."""

    def __init__(self, about=None):
        self.about, self.blocks, self.raw, self.figures, self.names = about, {}, [], [], {}
        self.metrics = []

    def add(self, one, choices=()):
        """Keep a block, and give it an id that the same cell gives again when it is run again."""
        name = blocks.name_of(one)
        taken = self.names.setdefault(name, [])
        sign = json.dumps([one["form"], sorted(map(str, choices))])
        if sign not in taken:
            taken.append(sign)
        place = taken.index(sign)
        one["id"] = name if not place else f"{name}-{place + 1}"
        self.blocks[one["id"]] = one
        self.use(one["metric"])
        return one

    def use(self, *names):
        """Keep the names of metrics, whose definitions are told at the end."""
        self.metrics += [name for name in dict.fromkeys(names) if name in METRICS and name not in self.metrics]


_shown = _Shown()


class _Show(types.ModuleType):
    """This module, which is also a function: `toolkit.show(result)`."""

    def __call__(self, result, comparison=None, **options):
        """Show a result: the finding, its chart, and its tables folded below.

        Parameters
        ----------
        result : Result of any metric, or None where the data has too little past for it
        comparison : Result, optional
            The same against the period before, as `metrics.compare.compared` gives it.
        options : as `blocks.block` takes them: overall, period, caption, parts
        """
        if result is None:  # there is no period before, or there are too few weeks
            return say(words.text("blocks.no_past"))
        one = _made(result, comparison, options)
        return _display({SECTION: one, "text/html": blocks.block_html(one), "text/plain": blocks.plain(one)})


sys.modules[__name__].__class__ = _Show


def _made(result, comparison, options):
    one = _shown.add(blocks.block(result, comparison, **options), result.attrs.get("choices", {}).items())
    _shown.use(*result.attrs.get("defined_by", ()))
    if comparison is not None:
        _shown.use(compare.DEFINITION)
    return one


def breakdown(data, function, *keys, table=None, **choices):
    """Show a figure broken down by each of several columns, beside the period before, as tabs beside each other.

    Parameters
    ----------
    data : Data
    function : a metric
    keys : columns; those that the data hasn't are left out
    table : attribute of `data`; by default the metric's own
    choices : as the metric takes them

    Raises
    ------
    MissingColumn
        The data has none of them.
    """
    from toolkit.errors import MissingColumn

    tabs, missing = [], None
    for key in dict.fromkeys(filter(None, keys)):
        try:
            result, comparison = compare.beside_previous(data, function, by=key, table=table, **choices)
        except MissingColumn as error:
            missing = missing or error
            continue
        title = words.text(f"tables.keys.{key}") if words.has(f"tables.keys.{key}") else key
        tabs.append({"label": words.sentence_case(title), "block": _made(result, comparison, {})})
    if not tabs:
        raise missing or MissingColumn("the data", keys[0] if keys else "", [])
    return _tabs(tabs)


def outside(data):
    """Show the data's figures beside those from outside, and why rows of their file can't be read.

    Parameters
    ----------
    data : Data
    """
    results, unread = ([], []) if data.outside_file is None else compare.benchmarks(data)
    made = [_made(result, None, {}) for result in results]
    if made:
        _shown.use(compare.OUTSIDE)
        _tabs([{"label": one["label"], "block": one} for one in made])
    else:
        key = "nothing" if data.outside_file is not None else "no_file"
        left_out(words.text(f"notes.outside.{key}"), words.text("notes.outside.where", file=f"`{OUTSIDE}`"))
    for line, why in unread:
        say(words.text("notes.outside.unread", file=f"`{OUTSIDE}`", line=line, why=why))


def _tabs(tabs):
    """Blocks as tabs beside each other; one alone as it is."""
    if len(tabs) == 1:
        one = tabs[0]["block"]
        return _display({SECTION: one, "text/html": blocks.block_html(one), "text/plain": blocks.plain(one)})
    first = tabs[0]["block"]
    every = {name: first[name] for name in ("heading", "note", "status", "is_changed", "score", "id")}
    plain = "\n".join(f"{tab['label']}: {blocks.plain(tab['block'])}" for tab in tabs)
    return _display({SECTION: every | {"tabs": tabs}, "text/html": blocks.tabs_html(tabs), "text/plain": plain})


def together(data, *asked, by=("topic", "channel")):
    """Show what goes together: groups of which several figures stand out in the same week, with the first by week.

    Parameters
    ----------
    data : Data
    asked : (metric, {choices}), as `metrics.compare.figures` takes them
    by : columns whose groups are looked at, of each metric those that its table has
    """
    one = _shown.add(blocks.together(data, asked, by))
    return _display({SECTION: one, "text/html": blocks.block_html(one), "text/plain": blocks.plain(one)})


def moved(data, *asked, by=("topic", "channel")):
    """Show what changed: which groups moved several figures since the period before, the clearest as a chart.

    Parameters
    ----------
    data : Data
    asked : (metric, {choices}), as `metrics.compare.what_moved` takes them
    by : columns whose groups are looked at
    """
    one = _shown.add(blocks.moved(data, asked, by))
    _shown.use(compare.DEFINITION)
    return _display({SECTION: one, "text/html": blocks.block_html(one), "text/plain": blocks.plain(one)})


def look_at(data, *asked):
    """Show what should be looked at: how many cases each of several listings holds.

    Parameters
    ----------
    data : Data
    asked : (metric, {choices}), as `blocks.look_at` takes them
    """
    one = _shown.add(blocks.look_at(data, asked))
    _shown.use(*(item["metric"] for item in one["items"]))
    return _display({SECTION: one, "text/html": blocks.block_html(one), "text/plain": blocks.plain(one)})


def _display(bundle, display_id=None, update=False, metadata=None):
    from IPython.display import display, update_display

    if update:
        update_display(bundle, raw=True, display_id=display_id)
    else:
        display(bundle, raw=True, metadata=metadata or {}, **({"display_id": display_id} if display_id else {}))


# --- text ---------------------------------------------------------------------------------------------


def say(text):
    """Show a sentence; what stands between backticks is code."""
    shown = f'<p class="finding">{with_code(text)}</p>'
    _display({"text/html": shown, "text/plain": text.replace("`", "")})


def left_out(reason, detail=""):
    """Say that a section is left out, and why; `detail`, for those who prepare the data, is folded below."""
    _display(left_out_bundle(words.text("pages.say.left_out", reason=str(reason)), detail), metadata=LEFT_OUT)


def absent(data, table):
    """Say that a table isn't there, and which sources would fill it."""
    from toolkit.sources import list_sources

    def named(table):
        return words.code_name("table", table) or table

    there = words.joined(named(name) for name in data.tables) or words.text("name.none")
    sources = words.joined(one.name for one in list_sources() if table in one.tables) or words.text("name.none")
    say(words.text("pages.say.absent", table=named(table), tables=there, sources=sources, file=f"`{table}.csv`"))


# --- head and key figures -----------------------------------------------------------------------------


def _period(period):
    return {
        "label": period.label,
        "start": period.start.isoformat() if period.start else None,
        "end": period.end.isoformat() if period.end else None,
    }


def header(data, title, by=None, **choices):
    """Say what the report is about: its scope, the days, what they are compared with, and what to know before reading.

    Parameters
    ----------
    data : Data
    title : str
    by : str or list of str, optional
        What the report breaks its figures down by.
    choices : what was chosen and belongs to the title, such as `clock`, `channels`, `base`
    """
    global _shown
    before, title = data.previous, translated(title)
    about = {
        "title": title,
        "scope": blocks.scope(data, title, by, choices),
        "line": blocks.days_line(data),
        "service": data.service.name,
        "source": data.source,
        "period": _period(data.covered if data.period.start is None else data.period),
        "previous_period": _period(before.period) if before else None,
        "time_zone": data.zone if data.zone_is_known else "",
        "as_of": data.as_of.isoformat(),
        # names only: where the files lie is nobody's business who reads the report
        "files": [Path(file).name for file in data.files],
        "remarks": remarks(data),
    }
    _shown = _Shown(about)
    _display(_header_bundle(about), HEADER_ID)


def _header_bundle(about):
    headline = about.get("headline")
    line = words.text("blocks.line", days=about["scope"], compared=about["line"])
    shown = [f"<p>{html.escape(line)}</p>"]
    lines = [line, *about["remarks"]]
    if headline:
        shown.append(f"<h2>{html.escape(headline['title'])}</h2>")
        items = [
            f"<b>{words.text('blocks.' + one['kind'])}</b> {html.escape(one['text'])}" for one in headline["bullets"]
        ]
        shown.append("<ul>" + "".join(f"<li>{item}</li>" for item in items) + "</ul>")
        lines += [headline["title"], *(one["text"] for one in headline["bullets"])]
    shown += [f"<p><em>{html.escape(text)}</em></p>" for text in about["remarks"]]
    return {REPORT: about, "text/html": "".join(shown), "text/plain": "\n".join(lines)}


def remarks(data):
    """What must be known before a figure is read: a period still running, days missing, jumps, rows set aside."""
    facts, said = data.comparison, []
    if facts["is_running"]:
        so_far = {"days": words.number(facts["days_so_far"]), "n": facts["period_days"]}
        if facts["days_so_far"] == facts["period_days"]:
            said.append(words.text("pages.remark.running_last"))
        elif facts["before_whole"]:
            before = words.days_name(facts["before_whole"].first_day, facts["before_whole"].last_day)
            said.append(words.text("pages.remark.running_against", before=before, **so_far))
        else:
            said.append(words.text("pages.remark.running", **so_far))
    said += map(words.note, notes_of(data.missing_days, data.volume_warnings()) + data.notes_of_groups())
    so_far, covered = data.days_so_far, data.covered
    if data.period.start and so_far and covered.days and covered.days < FEW_COVERED * so_far:
        said.append(words.text("blocks.remark.covered", days=words.number(covered.days), n=so_far))
    total, wrong, meant = told_apart(data.counts)
    if total and wrong > MANY_REJECTED * total:
        said.append(words.text("blocks.remark.rejected", n=wrong, share=words.percent(wrong / total, 1)))
        said += [words.text("blocks.remark.on_purpose", n=meant)] if meant else []
    return said + data.plain_doubts


def key_figures(data, *figures):
    """Show key figures of the data: each a metric and its choices, as `metrics.compare.figures` takes them.

    `show.key_figures(data, (metrics.csat, {}), (metrics.first_response_time, {"value": "p90_seconds"}))`
    """
    cards(compare.figures(data, *figures))


def cards(figures):
    """Show key figures as tiles; the report puts them up front, and into the overview.

    Parameters
    ----------
    figures : list of dict
        As `toolkit.cards.card_texts` takes them.
    """
    from toolkit import plots

    said = [card_texts(one) | {"bullet": plots.bullet(one), "spark": plots.spark(one), "block": ""} for one in figures]
    _shown.raw, _shown.figures = list(figures), said
    _shown.use(*(one["metric"] for one in figures if "metric" in one))
    if any(one.get("previous") is not None for one in figures):
        _shown.use(compare.DEFINITION)
    _display(_figures_bundle(figures, said), FIGURES_ID)


def _figures_bundle(raw, said):
    cells = []
    for one in said:
        lines = [f"<small>{html.escape(one['label'])}</small>", f"<strong>{html.escape(one['value'])}</strong>"]
        lines += [f"<small>{html.escape(line)}</small>" for line in _lines(one)]
        cells.append(f"<td>{'<br>'.join(lines)}</td>")
    plain = "; ".join(words.text("pages.card.of", label=one["label"], figure=one["value"]) for one in said)
    table = f"<table><tr>{''.join(cells)}</tr></table>"
    return {KEY_FIGURES: {"figures": said, "raw": raw}, "text/html": table, "text/plain": plain}


def _lines(one):
    """What stands below the value of a tile in JupyterLab."""
    change = " ".join(filter(None, [one["arrow"], one["change"]]))
    return list(filter(None, [one["interval"], one["standing"], one["beside"], change, one["verdict"], one["note"]]))


def headline(data=None, facts=(), tested=()):
    """Say at the top of the notebook what matters most of all that it has shown.

    Parameters
    ----------
    data : Data, optional
        Not needed; a notebook reads better with it.
    facts, tested : more candidates than those of the blocks, and the p of all that was tested for them, as
        `toolkit.headline.headline` takes them
    """
    from toolkit.headline import headline as made

    found = [fact | {"block": one["id"]} for one in _shown.blocks.values() for fact in one["facts"]]
    every = [p for one in _shown.blocks.values() for p in one["tested"]]
    for figure, raw in zip(_shown.figures, _shown.raw, strict=True):
        figure["block"] = raw["block"] = _block_of(raw.get("metric"))
    said = made(_shown.raw, [*found, *facts], [*every, *tested])
    if _shown.about is not None:
        _shown.about["headline"] = said
        _display(_header_bundle(_shown.about), HEADER_ID, update=True)
    if _shown.figures:
        _display(_figures_bundle(_shown.raw, _shown.figures), FIGURES_ID, update=True)


def _block_of(metric):
    return next((name for name, one in _shown.blocks.items() if one["metric"] == metric), "")


# --- charts and tables alone ----------------------------------------------------------------------------


def chart(axes, finding):
    """Show the figure of an axes, such as one that an analyst drew, as SVG with what it shows as alternative text."""
    from toolkit import plots

    axes = axes.flat[0] if hasattr(axes, "flat") else axes
    svg = plots.svg(axes.figure)
    plots.close(axes.figure)
    _display({"image/svg+xml": svg, "text/plain": finding}, metadata={"image/svg+xml": {"alt": finding}})


def table(result, comparison=None):
    """Show a result as a table, without a finding and a chart."""
    for one in tables_of(result, comparison):
        _display({"text/html": one["all"] or one["html"], "text/plain": repr(result)})


# --- how it was measured ----------------------------------------------------------------------------------


def measured(data, *names):
    """Show how it was measured: what the data is made of, and the definitions of the metrics that were shown.

    Parameters
    ----------
    data : Data
    names : of metrics whose definitions are told besides
    """
    from toolkit import findings
    from toolkit.metrics.definitions import definition

    _shown.use(*names)
    text, notes = findings.find_quality(data.counts), data.notes_of_period()
    made = {"text": text, "tables": tables_of(data.quality()), "notes": notes}
    told = [dict(zip(("title", "text", "more"), definition(name), strict=True), metric=name) for name in _shown.metrics]
    parts = [f"<p>{with_code(said)}</p>" for said in (text, *notes)] + [one["html"] for one in made["tables"]]
    parts += [
        f"<p><b>{with_code(one['title'])}</b>: {with_code(' '.join(filter(None, (one['text'], one['more']))))}</p>"
        for one in told
    ]
    summary = html.escape(words.text("blocks.measured"))
    shown = f"<details><summary>{summary}</summary>{''.join(parts)}</details>"
    plain = "\n".join([text, *notes, *(words.text("pages.card.of", label=o["title"], figure=o["text"]) for o in told)])
    _display({MEASURED: {"quality": made, "definitions": told}, "text/html": shown, "text/plain": plain})
