"""What notebooks show: header, key figures, charts with alternative text, sentences, tables.

Each display carries HTML for JupyterLab and, where the report needs more than HTML, a JSON bundle that
the report's template reads. Every text is escaped here: topics, names and messages are hostile input.
"""

import html
from pathlib import Path

from toolkit.intervals import difference
from toolkit.result import Result, format_value, interval_columns, table_html

HEADER_MIME = "application/vnd.toolkit.report+json"
FIGURES_MIME = "application/vnd.toolkit.key-figures+json"


def _display(bundle, metadata=None):
    from IPython.display import display

    display(bundle, raw=True, metadata=metadata or {})


def _period(period):
    return {
        "label": period.label,
        "start": period.start.isoformat() if period.start else None,
        "end": period.end.isoformat() if period.end else None,
    }


def header(data, title):
    """Say what the report is about: service, period, compared with, time zone, data through."""
    before = data.previous
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
    }
    compared = f", compared with {before.period.label}" if before else ""
    line = f"{data.service.name}: {data.period.label}{compared}; times in {data.zone}, data through {data.as_of:%Y-%m-%d %H:%M} UTC"
    _display({HEADER_MIME: about, "text/html": f"<p>{html.escape(line)}</p>", "text/plain": line})


def figure(label, metric, table, value, data, better=None, **choices):
    """One key figure: a metric over the whole period, against the period before.

    Parameters
    ----------
    label : str
    metric : function of toolkit.metrics
    table : str
        Attribute of `data` that the metric takes, such as "conversations".
    value : str
        Column of the metric's result.
    data : Data
    better : "higher", "lower" or None
        Which way is good; None where neither is.
    choices : passed to the metric

    Returns
    -------
    dict of texts: label, value, n, low, high, previous, change, change_low, change_high, direction, note
    """
    now = metric(getattr(data, table), **choices)
    before = data.previous
    then = metric(getattr(before, table), **choices) if before else None
    return key_figure(label, now, then, value, better)


def key_figure(label, now, then, value, better=None):
    """`figure` from two results of one row each (the second may be None)."""
    unit = now.attrs["units"].get(value, "text")
    ends = interval_columns(now.columns).get(value)
    current, n, enough = _read(now, value, ends)
    made = {"label": label, "value": format_value(current[0], unit), "n": n, "direction": "none", "note": ""}
    made |= dict.fromkeys(("low", "high", "previous", "change", "change_low", "change_high"), "")
    if not n:
        return made | {"value": "no data", "note": "no case in this period"}
    if not enough:
        return made | {"value": "too few", "note": f"{n} cases, fewer than {now.attrs['minimum_count']}"}
    if current[0] != current[0]:
        return made | {"value": now.attrs.get("when_null", {}).get(value, "–"), "note": "the interval has no end yet"}
    if ends:
        made |= {"low": format_value(current[1], unit), "high": _upper(current[2], unit)}
    if then is None:
        return made
    past, past_n, past_enough = _read(then, value, ends)
    if not past_n or not past_enough:
        return made | {"previous": "too few" if past_n else "no data"}
    made["previous"] = format_value(past[0], unit)
    if unit == "count":
        change = (current[0] - past[0]) / past[0] if past[0] else None
        made["change"] = "" if change is None else f"{change * 100:+.1f} %".replace("-", "−")
    elif ends:
        change, low, high = difference(current, past)
        made["change"] = _signed(change, unit)
        made["change_low"], made["change_high"] = _signed(low, unit), _signed(high, unit)
        if low <= 0 <= high or low != low or high != high:
            made["direction"] = "unclear" if better else "none"
        elif better:
            made["direction"] = "better" if (change > 0) == (better == "higher") else "worse"
    else:
        made["change"] = _signed(current[0] - past[0], unit)
    return made


def _read(result, value, ends):
    """((value, low, high), count, whether it reaches the minimum) of a result's only row."""
    if not len(result):
        return (float("nan"),) * 3, 0, False
    row = result.iloc[0]
    count = result.attrs.get("counts", {}).get(value, result.attrs.get("count", "n"))
    n = int(row[count]) if count in result.columns else 0
    bounds = tuple(float(row[end]) for end in ends) if ends else (float("nan"), float("nan"))
    return (float(row[value]), *bounds), n, bool(result.enough().iloc[0])


def _upper(value, unit):
    return "not reached" if value != value else format_value(value, unit)


def _signed(value, unit):
    return format_value(value, "points" if unit == "rate" else f"change in {unit}")


def key_figures(*figures):
    """Show the key figures as cards; the report puts them up front, and into the index."""
    cards = []
    for one in figures:
        lines = [f"<small>{html.escape(one['label'])}</small>", f"<strong>{html.escape(one['value'])}</strong>"]
        if one["low"]:
            lines.append(f"<small>95 %: {html.escape(one['low'])} to {html.escape(one['high'])}</small>")
        if one["change"]:
            lines.append(f"<small>{html.escape(one['change'])} against {html.escape(one['previous'])}</small>")
        cards.append(f"<td>{'<br>'.join(lines)}</td>")
    text = "; ".join(f"{one['label']}: {one['value']}" for one in figures)
    _display(
        {
            FIGURES_MIME: {"figures": list(figures)},
            "text/html": f"<table><tr>{''.join(cards)}</tr></table>",
            "text/plain": text,
        }
    )


def chart(axes, alt):
    """Show the figure of an axes as SVG, with the sentence that states its finding as alternative text."""
    from toolkit import plots

    axes = axes.flat[0] if hasattr(axes, "flat") else axes
    svg = figure_svg(axes.figure)
    plots.close(axes.figure)
    _display({"image/svg+xml": svg, "text/plain": alt}, {"image/svg+xml": {"alt": alt}})


def figure_svg(figure):
    """The figure as an SVG element: text as text, ink in the reader's own colour, the same on every run."""
    import io
    import re

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


def say(text):
    """Show a sentence."""
    _display({"text/html": f'<p class="finding">{html.escape(text)}</p>', "text/plain": text})


def table(result, caption=None):
    """Show a result as a table with a caption."""
    if caption:
        attrs = result.attrs | {"caption": caption}
        result = Result(result)
        result.attrs = attrs
    _display({"text/html": table_html(result), "text/plain": repr(result)})


def against(now, before, value, caption):
    """Show a result beside that of the period before (`metrics.previous_period`), or say that there is none."""
    from toolkit import metrics

    if before is None:
        say("There is no earlier period in the data to compare with.")
    else:
        table(metrics.previous_period(now, before, value), caption)


def absent(data, table):
    """Say that a table isn't there, and which sources would fill it."""
    say(data.absent(table)[:1].upper() + data.absent(table)[1:] + ".")


def quality(data):
    """Show what the data is made of: rows used and set aside, by table and by rule, and notes."""
    from toolkit import findings

    say(findings.find_quality(data.counts))
    table(data.quality(), "Rows in, used and set aside")
    broken = data.rules_broken()
    if len(broken):
        table(broken, "Rules that rows broke, with one example each")
        say("Every such row is listed by `toolkit check --out ledger.csv`, with its file and row.")
    for note in data.notes_of_period():
        say(note)


def definitions(*names):
    """Show the definitions of the metrics that a report uses."""
    from toolkit.metrics.definitions import DEFINITIONS

    parts, plain = [], []
    for name in names:
        one = DEFINITIONS[name]
        text = " ".join([one["definition"], one.get("contested", "")]).strip()
        parts.append(f"<dt>{html.escape(one['title'])}</dt><dd>{html.escape(text)}</dd>")
        plain.append(f"{one['title']}: {text}")
    _display({"text/html": f'<dl class="definitions">{"".join(parts)}</dl>', "text/plain": "\n".join(plain)})
