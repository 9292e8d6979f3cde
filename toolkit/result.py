"""What a metric returns: a pandas frame that also knows its units, so that it shows as a good table."""

import html

import numpy as np
import pandas as pd


class Result(pd.DataFrame):
    """A small pandas frame with units; `.attrs` holds `metric`, `by`, `units`, `minimum_count`, `choices`.

    It behaves as any DataFrame does; in a notebook it shows rates as percent, durations in words,
    intervals in one column, and groups below the minimum count as "too few".
    """

    _metadata = ["_cells"]  # what a comparison needs and no reader sees; of rows that are left after filtering, too

    @property
    def _constructor(self):
        return Result

    @classmethod
    def of(cls, frame, metric, units, by=(), minimum_count=1, choices=None, caption=None):
        """Make a result of a frame.

        Parameters
        ----------
        units : dict of column -> "count", "rate", "seconds", "score", "points", "number", "time" or "text"
            A column `X_low`/`X_high` (or `low`/`high`, for the first rate) is the interval of X.
        choices : dict
            The named definitions that were chosen, printed with the table.
        """
        result = cls(frame)
        result.attrs = {
            "metric": metric,
            "by": list(by),
            "units": dict(units),
            "minimum_count": int(minimum_count),
            "choices": dict(choices or {}),
            "caption": caption,
        }
        return result

    def enough(self):
        """Per row: whether its count reaches the minimum (all true without a count)."""
        count = self.attrs.get("count", "n")
        if count not in self.columns:
            return pd.Series(True, index=self.index)
        return pd.Series(self[count] >= self.attrs.get("minimum_count", 1), index=self.index)

    def with_cells(self, cells, keys):
        """The result, with the counts per group and duration that it was made of: comparisons test on them."""
        self._cells = (cells, list(keys))
        return self

    def cells(self, row):
        """The counts per duration of a row's group: cell_, ended_, otherwise_, open_; None where there are none."""
        found, keys = getattr(self, "_cells", None) or (None, [])
        if found is None:
            return None
        from toolkit.engine import label_keys

        frame = label_keys(found.copy(), keys)
        for key in keys:
            value = row[key]
            frame = frame[frame[key].isna() if pd.isna(value) else frame[key] == value]
        return frame

    def targets(self):
        """Per row the target that its figure is held against; null where there is none."""
        target = self.attrs.get("target")
        return [float(target["value"]) if target else np.nan] * len(self)

    def statuses(self):
        """Per row: "on" or "off" target, "near" where the interval holds the target, "few", or "none" without one.

        Examples
        --------
        >>> frame = pd.DataFrame({"n": [99, 99], "rate": [0.1, 0.05], "low": [0.08, 0.03], "high": [0.13, 0.09]})
        >>> result = Result.of(frame, "abandonment_rate", {})
        >>> result.attrs["target"] = {"of": "rate", "low": "low", "high": "high", "value": 0.05, "best": "low"}
        >>> result.statuses()
        ['off', 'near']
        """
        target = self.attrs.get("target")
        if not target:
            return ["none"] * len(self)
        lows, highs = (self[target[end]].to_numpy(float) for end in ("low", "high"))
        made = []
        for low, high, is_enough in zip(lows, highs, self.enough(), strict=True):
            beyond, within = low > target["value"], high < target["value"]
            if not is_enough or np.isnan(low) or np.isnan(high):
                made.append("few")
            elif beyond or within:
                made.append("on" if beyond == (target["best"] == "high") else "off")
            else:
                made.append("near")
        return made

    def parts(self):
        """The parts of a whole, one row each: place (of the group), the keys, part, n, total, share, low, high.

        Results of spans of time have a row a part already; those of sentiment have a column a part.
        """
        attrs, frame = self.attrs, pd.DataFrame(self)
        keys = [key for key in attrs["by"] if key in frame.columns]
        if "part" in attrs:
            places = frame.groupby(keys, dropna=False, sort=False, observed=True).ngroup() if keys else 0
            tidy = frame.assign(place=places).rename(columns={attrs["part"]: "part"})
            return tidy[["place", *keys, "part", "n", "total", "share", "low", "high"]]
        made = []
        for part in attrs["parts"]:
            columns = {"n": f"{part}_count", "total": "n", "share": part, "low": f"{part}_low", "high": f"{part}_high"}
            values = {to: frame[column].to_numpy() for to, column in columns.items()}
            made.append(frame[keys].assign(place=np.arange(len(frame)), part=part, **values))
        tidy = pd.concat(made, ignore_index=True).sort_values("place", kind="stable", ignore_index=True)
        return tidy[["place", *keys, "part", "n", "total", "share", "low", "high"]]

    def _repr_html_(self):
        return table_html(self)


def format_value(value, unit):
    """One value as people read it; "–" where there is none.

    Examples
    --------
    >>> format_value(0.1371, "rate"), format_value(724, "seconds"), format_value(31359, "count")
    ('13.7 %', '12.1 min', '31,359')
    >>> format_value(float("nan"), "rate"), format_value(-0.021, "points")
    ('–', '−2.1 pts')
    >>> format_value(90, "change in seconds"), format_value(9, "hour")
    ('+1.5 min', '09:00')
    """
    from toolkit.clock import humanize

    if value is None or (not isinstance(value, str) and pd.isna(value)):
        return "–"
    if unit == "rate":
        return f"{value * 100:.1f} %"
    if unit == "points":
        return f"{value * 100:+.1f} pts".replace("-", "−")
    if unit == "seconds":
        return ("−" if value < 0 else "") + humanize(abs(value))
    if unit.startswith("change in "):
        sign = "+" if value > 0 else ""
        return sign + format_value(value, unit.removeprefix("change in ")).replace("-", "−")
    if unit == "hour":
        return f"{int(value):02d}:00"
    if unit == "count":
        return f"{value:,.0f}"
    if unit == "score":
        return f"{value:.2f}"
    if unit == "number":
        return f"{value:,.4g}"
    if unit == "time":
        return f"{pd.Timestamp(value):%Y-%m-%d %H:%M}"
    if isinstance(value, (bool, np.bool_)):
        return "yes" if value else "no"
    if isinstance(value, pd.Timestamp):
        return f"{value:%Y-%m-%d}"
    if isinstance(value, float):
        return f"{value:g}"
    return str(value)


HEADINGS = {
    "n": "Count",
    "low": "95 % interval",
    "csat": "CSAT",
    "p90_seconds": "90 % within",
    "median_seconds": "Median",
    "mean_answered_seconds": "Mean of the answered",
    "mean_seconds": "Mean",
    "asa": "ASA",
    "message_count": "Messages",
    "sent_count": "Surveys sent",
    "previous_n": "Count before",
    "previous": "Before",
    "needing_count": "Needing a reply",
    "needing_rate": "Rate of those",
    "is_distinguishable": "Distinguishable",
    "is_significant": "Distinguishable",
    "hour": "Local hour",
}


def heading(column):
    """A column's heading: the field's words rather than the identifier.

    Examples
    --------
    >>> heading("response_rate"), heading("n")
    ('Response rate', 'Count')
    """
    if column in HEADINGS:
        return HEADINGS[column]
    words = str(column).removesuffix("_seconds").removesuffix("_count").replace("_", " ")
    return words[:1].upper() + words[1:]


def interval_columns(columns):
    """Which columns are the interval of which: {value: (low, high)}.

    Examples
    --------
    >>> interval_columns(["channel", "n", "rate", "low", "high", "mean", "mean_low", "mean_high"])
    {'rate': ('low', 'high'), 'mean': ('mean_low', 'mean_high')}
    """
    columns, found = list(columns), {}
    for column in columns:
        for stem in (column, column.removesuffix("_seconds")):
            pair = (f"{stem}_low", f"{stem}_high")
            if pair[0] in columns and pair[1] in columns:
                found[column] = pair
    if "low" in columns and "high" in columns:
        before = [column for column in columns[: columns.index("low")] if column not in ("n",)]
        if before:
            found[before[-1]] = ("low", "high")
    return {column: found[column] for column in columns if column in found}


def table_html(result, limit=200):
    """The result as an HTML table; every value escaped, since topics, names and texts are hostile input."""
    intervals = interval_columns(result.columns)
    hidden = {name for pair in intervals.values() for name in pair}
    columns = [name for name in result.columns if name not in hidden and not str(name).startswith("_")]
    units = {name: result.attrs.get("units", {}).get(name, "text") for name in columns}
    head = []
    for name in columns:
        head.append(_cell("th", heading(name), units[name], scope="col"))
        if name in intervals:
            head.append(_cell("th", "95 % interval", units[name], scope="col"))
    enough, rows = result.enough(), []
    for position in range(min(len(result), limit)):
        row, cells = result.iloc[position], []
        for index, name in enumerate(columns):
            # a group's name and its counts are shown even where the figure is not
            is_few = not enough.iloc[position] and name in _figures(result, units)
            text = "too few" if is_few else _shown(result, row, name, units[name])
            scope = "row" if index == 0 else None
            cells.append(_cell("th" if scope else "td", text, units[name], "few" if is_few else "", scope))
            if name in intervals:
                span = "" if is_few else _span(row, intervals[name], units[name])
                cells.append(_cell("td", span, units[name], "interval"))
        rows.append(f"<tr>{''.join(cells)}</tr>")
    if not rows:
        rows.append(f'<tr><td colspan="{len(head)}">no data</td></tr>')
    notes = _notes(result, enough, limit)
    foot = f'<p class="note">{html.escape(notes)}</p>' if notes else ""
    label = html.escape(result.attrs.get("caption") or heading(result.attrs.get("metric", "table")), quote=True)
    return (
        f'<div class="toolkit-table" role="region" aria-label="{label}" tabindex="0"><table>'
        f"<caption>{label}</caption><thead><tr>{''.join(head)}</tr></thead>"
        f"<tbody>{''.join(rows)}</tbody></table></div>{foot}"
    )


def _figures(result, units):
    """The columns that are estimates: neither keys nor counts nor texts."""
    keys = result.attrs.get("by", ())
    return {name for name, unit in units.items() if unit not in ("text", "count", "time") and name not in keys}


def _cell(tag, text, unit, css="", scope=None):
    # The styles are JupyterLab's sake, whose own would centre texts and break "12.1 min"; reports have a style sheet.
    is_number = unit != "text"
    style = "white-space: nowrap" if is_number else "text-align: left"
    names = " ".join(filter(None, ["num" if is_number else "", css]))
    attributes = f' scope="{scope}"' if scope else ""
    attributes += f' class="{names}"' if names else ""
    return f'<{tag}{attributes} style="{style}">{html.escape(text)}</{tag}>'


def _shown(result, row, name, unit):
    value, zone = row[name], result.attrs.get("zone")
    if unit == "time" and zone and getattr(value, "tzinfo", None) is not None:
        value = value.tz_convert(zone)  # as the report says: local times
    text = format_value(value, unit)
    when_null = result.attrs.get("when_null", {})
    return when_null[name] if text == "–" and name in when_null and (row.get("n") or 0) > 0 else text


def _span(row, ends, unit):
    low, high = (row[end] for end in ends)
    if pd.isna(low) and pd.isna(high):
        return "–"
    return f"{format_value(low, unit)} to {'not reached' if pd.isna(high) else format_value(high, unit)}"


def _notes(result, enough, limit):
    notes = []
    if len(result) > limit:
        notes.append(f"{len(result) - limit:,} more rows not shown.")
    if not enough.all():
        notes.append(f"“Too few”: fewer than {result.attrs['minimum_count']} cases.")
    choices = result.attrs.get("choices", {})
    if choices:
        notes.append("; ".join(f"{heading(key)}: {value}" for key, value in choices.items()) + ".")
    return " ".join(notes)
