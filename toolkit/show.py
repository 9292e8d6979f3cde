"""What notebooks show: `show(result)` gives sentence, chart and table; header, key figures and more stand beside it.

Each display carries HTML for JupyterLab and, where the report needs more than HTML, a JSON bundle that
the report's template reads. Every text is escaped here: topics, names and messages are hostile input.

>>> from toolkit import show
>>> callable(show), show.figure_svg.__name__
(True, 'figure_svg')
"""

import html
import io
import re
import sys
import types
from pathlib import Path

from toolkit import findings, words
from toolkit.cards import card_texts
from toolkit.load.coverage import notes_of
from toolkit.result import Result
from toolkit.table_html import caption as table_caption
from toolkit.table_html import table_html
from toolkit.words.notebooks import translated

HEADER_MIME = "application/vnd.toolkit.report+json"
FIGURES_MIME = "application/vnd.toolkit.key-figures+json"
# Shapes that a chart says more of than their one row does, also when there is only one group.
WHOLE = ("shares", "curve", "grid")
DRAWN_ONLY = ("curve", "grid")  # hundreds of rows, which say no more than the chart
UNDRAWN = ("listing", "comparison")


class _Show(types.ModuleType):
    """This module, which is also a function: `toolkit.show(result)`."""

    def __call__(self, result, caption=None, **context):
        """Show a result: the sentence that says what it shows, its chart, its table.

        Parameters
        ----------
        result : Result of any metric
        caption : str, optional
            Of the table; by default the metric and its groups.
        context : what the sentence and the chart may refer to
            `overall`, the result without groups; `period`, what is reported of a longer series; `comparison`, the
            same against the period before.
        """
        told = findings.tell(result, **context)
        say(told.sentence)
        if is_drawn(result):
            options = {"reference": context.get("overall"), "period": context.get("period")}
            options["highlight"] = told.highlight
            chart(result.plot(**{name: value for name, value in options.items() if value is not None}), told.sentence)
        if result.attrs.get("shape") not in DRAWN_ONLY:
            table(result, caption)


sys.modules[__name__].__class__ = _Show


def is_drawn(result):
    """Whether a chart says more than the sentence: there are groups, and some with enough cases."""
    shape = result.attrs.get("shape")
    if shape is None or shape in UNDRAWN or not len(result) or not result.enough().any():
        return False
    return shape in WHOLE or len(result) > 1


def _display(bundle, metadata=None):
    from IPython.display import display

    display(bundle, raw=True, metadata=metadata or {})


# --- text ---------------------------------------------------------------------------------------------


def say(text):
    """Show a sentence; what stands between backticks is code."""
    _display({"text/html": f'<p class="finding">{_with_code(text)}</p>', "text/plain": text.replace("`", "")})


def text(key, **values):
    """Show a message of the catalogue, such as "pages.say.no_earlier"."""
    say(words.text(key, **values))


def _with_code(text):
    return re.sub(r"`([^`\n]+)`", r"<code>\1</code>", html.escape(text))


def left_out(reason):
    """Say that a section is left out, and why."""
    say(words.text("pages.say.left_out", reason=str(reason)))


def absent(data, table):
    """Say that a table isn't there, and which sources would fill it."""
    from toolkit.sources import list_sources

    def named(table):
        return words.code_name("table", table) or table

    there = words.joined(named(name) for name in data.tables) or words.text("name.none")
    fill = words.joined(source.name for source in list_sources() if table in source.tables)
    say(words.text("pages.say.absent", table=named(table), tables=there, sources=fill, file=f"{table}.csv"))


# --- head and key figures -----------------------------------------------------------------------------


def _period(period):
    return {
        "label": period.label,
        "start": period.start.isoformat() if period.start else None,
        "end": period.end.isoformat() if period.end else None,
    }


def header(data, title):
    """Say what the report is about: service, period, compared with, time zone, data through."""
    before, title = data.previous, translated(title)
    about = {
        "title": title,
        "service": data.service.name,
        "source": data.source,
        "period": _period(data.period),
        "previous_period": _period(before.period) if before else None,
        "time_zone": data.zone,
        "as_of": data.as_of.isoformat(),
        # names only: where the files lie is nobody's business who reads the report
        "files": [Path(file).name for file in data.files],
        "remarks": remarks(data),
    }
    said = {"service": data.service.name, "period": data.period.label, "zone": data.zone}
    said |= {"through": f"{data.as_of:%Y-%m-%d %H:%M} UTC", "previous": before.period.label if before else ""}
    line = words.text("pages.header.compared" if before else "pages.header.line", **said)
    lines = [line, *about["remarks"]]
    shown = "".join(f"<p>{html.escape(text)}</p>" for text in lines)
    _display({HEADER_MIME: about, "text/html": shown, "text/plain": "\n".join(lines)})


def remarks(data):
    """What must be known before a figure is read: a period still running, rows left out, days missing, jumps."""
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
    for column, values in data.filters.items():
        names = words.joined(words.display_name(value, column) for value in values)
        title = words.text(f"tables.keys.{column}") if words.has(f"tables.keys.{column}") else column
        said.append(words.text("pages.remark.only", column=title, values=names))
    said += map(words.note, notes_of(data.missing_days, data.volume_warnings()))
    return said


def key_figures(data, *figures):
    """Show key figures of the data: each a metric and its choices, as `metrics.compare.figures` takes them.

    `show.key_figures(data, (metrics.csat, {}), (metrics.first_response_time, {"value": "p90_seconds"}))`
    """
    from toolkit.metrics import compare

    cards(compare.figures(data, *figures))


def cards(figures):
    """Show key figures as cards; the report puts them up front, and into the overview.

    Parameters
    ----------
    figures : list of dict
        As `toolkit.cards.card_texts` takes them.
    """
    said = [card_texts(one) for one in figures]
    cells = []
    for one in said:
        lines = [f"<small>{html.escape(one['label'])}</small>", f"<strong>{html.escape(one['value'])}</strong>"]
        lines += [f"<small>{html.escape(line)}</small>" for line in _lines(one)]
        cells.append(f"<td>{'<br>'.join(lines)}</td>")
    plain = "; ".join(words.text("pages.card.of", label=one["label"], figure=one["value"]) for one in said)
    _display(
        {
            FIGURES_MIME: {"figures": said},
            "text/html": f"<table><tr>{''.join(cells)}</tr></table>",
            "text/plain": plain,
        }
    )


def _lines(one):
    """What stands below the value of a card in JupyterLab."""
    if one["low"]:
        yield words.text("pages.card.interval_95", low=one["low"], high=one["high"])
    if one["change"]:
        against = words.text("pages.card.against", change=one["change"], figure=one["previous"])
        yield ", ".join(filter(None, [against, one["verdict"]]))
    yield from filter(None, [one["standing"], one["note"]])


# --- charts -------------------------------------------------------------------------------------------


def chart(axes, finding):
    """Show the figure of an axes as SVG; its alternative text says form, axes and finding."""
    from toolkit import plots

    axes = axes.flat[0] if hasattr(axes, "flat") else axes
    alt = alternative_text(axes, finding)
    svg = figure_svg(axes.figure)
    plots.close(axes.figure)
    _display({"image/svg+xml": svg, "text/plain": alt}, {"image/svg+xml": {"alt": alt}})


def alternative_text(axes, finding):
    """A chart in words, for those who don't see it: its form, its axes, what it shows.

    Examples
    --------
    >>> from matplotlib.figure import Figure
    >>> axes = Figure().subplots()
    >>> _ = axes.bar([1, 2], [3, 4]), axes.set(xlabel="Day", ylabel="Calls")
    >>> alternative_text(axes, "Most calls came on Monday.")
    'Bar chart, across: Day; upwards: Calls. Most calls came on Monday.'
    """
    # notes on what is drawn stand below the name of an axis
    names = {
        axis: (label.splitlines() or [""])[0] for axis, label in (("x", axes.get_xlabel()), ("y", axes.get_ylabel()))
    }
    said = [words.text(f"pages.alt.{axis}", label=name) for axis, name in names.items() if name]
    form = words.text(f"pages.alt.{_form(axes)}")
    if said:
        return words.text("pages.alt.chart_axes", form=form, axes="; ".join(said), finding=finding)
    return words.text("pages.alt.chart", form=form, finding=finding)


def _form(axes):
    """What the axes hold most visibly: a grid, bars, lines, or points."""
    from matplotlib.collections import QuadMesh
    from matplotlib.patches import Rectangle

    if any(isinstance(one, QuadMesh) for one in axes.collections):
        return "grid"
    bars = [bars for bars in axes.containers if len(bars) and isinstance(bars[0], Rectangle)]
    if bars:
        return "rows" if getattr(bars[0], "orientation", "vertical") == "horizontal" else "bars"
    lines = [line for line in axes.lines if line.get_linestyle() not in ("None", "", " ") and len(line.get_xdata()) > 2]
    return "lines" if lines else "points"


def figure_svg(figure):
    """The figure as an SVG element: text as text, ink in the reader's own colour, the same on every run."""
    import matplotlib

    from toolkit.plots import INK

    buffer = io.StringIO()
    with matplotlib.rc_context({"svg.fonttype": "none", "svg.hashsalt": "toolkit"}):
        figure.savefig(
            buffer, format="svg", transparent=True, bbox_inches="tight", metadata={"Date": None, "Creator": None}
        )
    svg = buffer.getvalue()
    svg = re.sub(r"<metadata>.*?</metadata>", "", svg[svg.index("<svg") :], flags=re.DOTALL)
    return svg.replace(INK, "currentColor").replace(INK.upper(), "currentColor")


# --- tables -------------------------------------------------------------------------------------------


def table(result, caption=None):
    """Show a result as a table with a caption; by default its metric and groups."""
    shown = Result(result)  # the caller's own stays as it is
    shown.attrs = result.attrs | {"caption": caption or table_caption(result)}
    _display({"text/html": table_html(shown), "text/plain": repr(result)})


def against(comparison, caption=None):
    """Show a result beside that of the period before (`metrics.previous_period`), or say that there is none."""
    if comparison is None:
        say(words.text("pages.say.no_earlier"))
    else:
        table(comparison, caption)


def quality(data):
    """Show what the data is made of: rows used and set aside, by table and by rule, and notes."""
    say(findings.find_quality(data.counts))
    table(data.quality())
    broken = data.rules_broken()
    if len(broken):
        table(broken)
        say(words.text("pages.say.ledger", command="`toolkit check --out ledger.csv`"))
    for note in data.notes_of_period():
        say(note)


def definitions(*names):
    """Show the definitions of the metrics that a report uses."""
    from toolkit.metrics.definitions import definition

    parts, plain = [], []
    for title, *told in map(definition, names):
        told = " ".join(filter(None, told))
        parts.append(f"<dt>{_with_code(title)}</dt><dd>{_with_code(told)}</dd>")
        plain.append(words.text("pages.card.of", label=title, figure=told.replace("`", "")))
    _display({"text/html": f'<dl class="definitions">{"".join(parts)}</dl>', "text/plain": "\n".join(plain)})
