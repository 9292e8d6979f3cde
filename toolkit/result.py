"""What a metric returns: a pandas frame that also knows its units, so that it shows as a good table."""

import datetime

import numpy as np
import pandas as pd

import toolkit  # what is built on a result is asked for by name, when it is first used
from toolkit import words

SPANS, MOST_SPANS = (
    ("within", "between", "after", "under", "from"),
    4,
)  # parts of a whole that are spans of time; how many are shown
SORTED = (
    "count",
    "rate",
    "wait",
    "mean",
    "score",
    "figure",
    "shares",
    "pull",
    "contribution",
    "sums",
    "comparison",
)  # shapes whose rows are groups


class Result(pd.DataFrame):
    """A small pandas frame with units; `.attrs` holds `metric`, `by`, `units`, `minimum_count`, `choices`.

    It behaves as any DataFrame does; in a notebook it shows rates as percent, durations in words,
    intervals in one column, and groups below the minimum count as "too few".
    """

    # What comparisons and sentences need and no reader sees: the counts per duration, of rows that are left after filtering,
    # too; and the result as it was before small groups were left out, those without a name.
    _metadata = ["_cells", "_whole"]

    @property
    def _constructor(self):
        return Result

    @classmethod
    def of(cls, frame, metric, units, by=(), minimum_count=1, choices=None):
        """Make a result of a frame.

        Parameters
        ----------
        units : dict of column -> "count", "rate", "seconds", "score", "points", "net" (of -1 to 1, shown
            as -100 to 100), "number", "time" or "text"
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
        }
        return result

    def enough(self):
        """Per row: whether its count reaches the minimum (all true without a count)."""
        count = self.attrs.get("count", "n")
        if count not in self.columns:
            return pd.Series(True, index=self.index)
        is_untold = self.index.isin(list(self.attrs.get("untold", ())))
        return pd.Series((self[count] >= self.attrs.get("minimum_count", 1)) & ~is_untold, index=self.index)

    def whole(self):
        """The result with the groups that are too few to be told, without their names: for what is said of all together.

        Itself where none is left out. Its `attrs["untold"]` are the places of such groups; `enough` is false of them.
        """
        made = getattr(self, "_whole", None)
        return self if made is None or len(made) - len(made.attrs["untold"]) != len(self) else made

    def least(self, name):
        """The fewest cases of which a figure is told.

        A table of counts, whose rows are all told however few they count, has another for what it tells beside them.
        """
        least = self.attrs.get("minimum_count", 1)
        return max(least, self.attrs.get("least", least)) if name in self.attrs.get("counts", {}) else least

    def with_cells(self, cells, keys):
        """The result, with the counts per group and duration that it was made of: comparisons test on them."""
        self._cells = (cells, list(keys))
        return self

    def cells(self, row):
        """The counts per duration of a row's group: cell_, ended_, otherwise_, open_; None where there are none."""
        found, keys = getattr(self, "_cells", None) or (None, [])
        if found is None or not keys:
            return found
        if not isinstance(found, dict):  # parted once, for all the rows that will be asked for
            from toolkit.engine import label_keys

            labelled = label_keys(found.copy(), keys)
            found = {group_key(key): cells for key, cells in labelled.groupby(keys, dropna=False, observed=True)}
            self._cells = (found, keys)
        if row.name in self.attrs.get("untold", ()):
            row = dict(zip(self.attrs["by"], self.attrs["untold"][row.name], strict=True))
        empty = next(iter(found.values())).iloc[:0] if found else pd.DataFrame(columns=["cell_", *keys])
        return found.get(group_key(row[key] for key in keys), empty)

    def targets(self):
        """Per row the target that its figure is held against; null where there is none."""
        target = self.attrs.get("target") or {"value": np.nan}
        if target.get("column") in self.columns:  # some rows may have none
            return self[target["column"]].astype(float).tolist()
        return [float(target["value"])] * len(self)

    def statuses(self):
        """Per row: "on" or "off" target, "near" where the interval holds the target, "few", or "none".

        "none" also where a group has cases enough but no figure, as a day on which nobody could abandon.

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
        for low, high, wanted, is_enough in zip(lows, highs, self.targets(), self.enough(), strict=True):
            beyond, within = low > wanted, high < wanted
            if np.isnan(wanted):
                made.append("none")
            elif not is_enough or np.isnan(low) or np.isnan(high):
                made.append("none" if is_enough else "few")
            elif beyond or within:
                made.append("on" if beyond == (target["best"] == "high") else "off")
            else:
                made.append("near")
        return made

    def parts(self):
        """The parts of a whole, one row each: place (of the group), the keys, part, n, total, share, low, high.

        Results of spans of time have a row a part already; those of sentiment have a column a part.
        """
        from toolkit.intervals import wilson

        attrs, frame = self.attrs, pd.DataFrame(self)
        keys = [key for key in attrs["by"] if key in frame.columns]
        if "part" in attrs:
            places = frame.groupby(keys, dropna=False, sort=False, observed=True).ngroup() if keys else 0
            tidy = frame.assign(place=places).rename(columns={attrs["part"]: "part"})
            return tidy[["place", *keys, "part", "n", "total", "share", "low", "high"]]
        made = []
        for part in attrs["parts"]:
            if attrs["units"].get(part) == "count":  # such as how many gave a score
                low, high = wilson(frame[part], frame["n"])
                share = frame[part] / frame["n"].where(frame["n"] > 0)
                values = {"n": frame[part], "total": frame["n"], "share": share, "low": low, "high": high}
            else:
                columns = {"n": f"{part}_count", "total": "n", "share": part}
                columns |= {"low": f"{part}_low", "high": f"{part}_high"}
                values = {to: frame[column] for to, column in columns.items()}
            values = {name: np.asarray(column) for name, column in values.items()}
            made.append(frame[keys].assign(place=np.arange(len(frame)), part=part, **values))
        tidy = pd.concat(made, ignore_index=True).sort_values("place", kind="stable", ignore_index=True)
        return tidy[["place", *keys, "part", "n", "total", "share", "low", "high"]]

    def sentence(self, **context):
        """What the result shows, in one or two sentences; `context` as `findings.sentence` takes it."""
        return toolkit.findings.sentence(self, **context)

    def plot(self, *arguments, **options):
        """The chart of the result's shape, as `plots.plot` draws it; returns the axes."""
        return toolkit.plots.plot(self, *arguments, **options)

    def to_csv(self, path_or_buf=None, *, about=False, **options):
        """Write the table as CSV that no spreadsheet computes, and without what is too few to be shown.

        Headings are the columns' names with their unit: rates are fractions, durations seconds, times UTC. With `about`,
        definition, period, zone and choices stand below the table. `options` are pandas' own; the index is left out
        where it only numbers the rows.

        Examples
        --------
        >>> frame = pd.DataFrame({"topic": ["=1+1", "sim"], "n": [20, 3], "lost": [0.25, 0.3]})
        >>> result = Result.of(frame, "abandonment_rate", {"n": "count", "lost": "rate"}, ["topic"], minimum_count=10)
        >>> print(result.to_csv(), end="")
        topic,n,lost (fraction)
        '=1+1,20,0.25
        sim,3,
        """
        return toolkit.files.write_csv(self, path_or_buf, about, options)

    def to_excel(self, excel_writer, sheet_name=None, **options):
        """Write the table as a workbook: percents, durations and dates as such, and a second sheet on what they mean.

        With `options`, which are pandas' own, or into an ExcelWriter, pandas writes one sheet, as `to_csv` has it.
        """
        return toolkit.files.write_excel(self, excel_writer, sheet_name, options)

    def _repr_html_(self):
        return toolkit.table_html.table_html(self)


def group_key(values):
    """A group's key as one that a dictionary finds again: what is missing is None.

    >>> group_key(["a", float("nan")]), group_key("a")
    (('a', None), ('a',))
    """
    return tuple(None if pd.isna(value) else value for value in (values if not isinstance(values, str) else [values]))


def row_keys(result):
    """The columns that tell one row of a result from another."""
    attrs = result.attrs
    return [key for key in dict.fromkeys([*attrs.get("by", ()), *attrs.get("rows", ())]) if key in result.columns]


def row_order(result):
    """The places of the rows in the order that charts and tables share.

    By value, the highest first (a median that isn't reached is the longest of all); then what has too few cases, then
    what has no name. Stages, days, hours and other ordered rows stay in their order, and so does what its metric
    sorted, such as a pull or a listing. A row of all groups is the last.

    Examples
    --------
    >>> frame = pd.DataFrame({"topic": ["a", "b", "c", None], "n": [20, 30, 2, 50], "rate": [0.1, 0.4, 0.9, 0.8]})
    >>> result = Result.of(frame, "some_rate", {}, ["topic"], minimum_count=10)
    >>> result.attrs |= {"shape": "rate", "value": "rate"}
    >>> row_order(result)
    [1, 0, 2, 3]
    """
    attrs, keys = result.attrs, [key for key in row_keys(result) if key != result.attrs.get("part")]
    is_sorted = attrs.get("shape") in SORTED
    if not keys or attrs.get("ordered") or not (is_sorted or attrs.get("shape") == "tally"):
        return list(range(len(result)))
    unnamed = np.any([[words.is_none(value) for value in result[key]] for key in keys], axis=0)
    if not is_sorted:
        return np.argsort(unnamed, kind="stable").tolist()
    if "part" in attrs:  # the first part of each group stands for all of its rows
        groups = pd.DataFrame(result).groupby(keys, dropna=False, sort=False, observed=True)
        ranks = result["share"].where(result[attrs["part"]].astype(str) == str(attrs["parts"][0]))
        value = ranks.groupby(groups.ngroup().to_numpy()).transform("max").to_numpy(float)
    else:
        value = result[attrs["value"]].to_numpy(float)
    is_total = result["is_total"].to_numpy(bool) if "is_total" in result else np.zeros(len(result), bool)
    is_few = ~result.enough().to_numpy(bool)
    rank = np.where(np.isnan(value), np.inf if attrs["value"] in attrs.get("when_null", {}) else -np.inf, value)
    if any(is_ordered(result[key]) for key in keys):
        return np.argsort(unnamed, kind="stable").tolist()
    rank = np.where(
        is_few | (attrs["shape"] in ("pull", "contribution")), 0.0, -rank
    )  # what is too few isn't ranked by what isn't shown
    return np.lexsort((rank, is_few, unnamed, is_total)).tolist()


def joined_parts(attrs):
    """At most four spans of time: [(title, parts, is it a span)], those in the middle joined, what never ended, too.

    Charts and tables show the same ones.

    Examples
    --------
    >>> said = [("within", {"high": 60}), ("after", {"low": 60}), ("closed_unanswered", {}), ("waiting", {})]
    >>> attrs = {"metric": "response_time_buckets", "parts": list("abcd"), "part_words": said}
    >>> [(title.replace("\xa0", " "), parts) for title, parts, is_span in joined_parts(attrs)]
    [('Within 1 min', ['a']), ('After 1 min', ['b']), ('Not answered', ['c', 'd'])]
    """
    told = [(part, *said) for part, said in zip(attrs["parts"], attrs["part_words"], strict=True)]
    rest = [one for one in told if one[1] not in SPANS]
    groups, most = [[one] for one in told if one[1] in SPANS], MOST_SPANS - bool(rest)
    if len(groups) > most:
        groups = [*groups[: most - 2], [one for group in groups[most - 2 : -1] for one in group], groups[-1]]
    made = []
    for group in groups:
        ends = {"low": group[0][2].get("low"), "high": group[-1][2].get("high")}
        code = "between" if None not in ends.values() else group[0][1]
        title = words.part_name(code, {name: end for name, end in ends.items() if end is not None})
        made.append((words.sentence_case(title), [part for part, *_ in group], True))
    if len(rest) == 1:
        made.append((words.sentence_case(words.part_name(*rest[0][1:])), [rest[0][0]], False))
    elif rest:
        made.append((heading("unended", attrs["metric"]), [part for part, *_ in rest], False))
    return made


def is_ordered(column):
    """Whether a key's values have an order of their own: days, hours, weekdays and other categories.

    >>> is_ordered(pd.Series([9, 13], name="hour")), is_ordered(pd.Series(["a", "b"], name="topic"))
    (True, False)
    """
    is_hour = column.name == "hour" and pd.api.types.is_numeric_dtype(column.dtype)
    return (
        is_hour or isinstance(column.dtype, pd.CategoricalDtype) or pd.api.types.is_datetime64_any_dtype(column.dtype)
    )


def format_value(value, unit):
    """One value as people read it, in the language that is said; "–" where there is none.

    Examples
    --------
    >>> format_value(0.1371, "rate"), format_value(724, "seconds"), format_value(31359, "count")
    ('13.7\\xa0%', '12.1\\xa0min', '31,359')
    >>> format_value(float("nan"), "rate"), format_value(-0.021, "points")
    ('–', '−2.1\\xa0pts')
    >>> format_value(90, "change in seconds"), format_value(9, "hour")
    ('+1.5\\xa0min', '09:00')
    """
    if value is None or (not isinstance(value, str) and pd.isna(value)):
        return "–"
    if unit.startswith("change in "):
        return signed(format_value(abs(value), unit.removeprefix("change in ")), value)
    if unit == "points":
        return signed(words.text("tables.units.points", value=words.number(abs(value) * 100, 1)), value)
    if unit in _FORMATS:
        return _FORMATS[unit](value)
    if isinstance(value, (bool, np.bool_)):
        return words.text("tables.yes" if value else "tables.no")
    if isinstance(value, pd.Timestamp | datetime.date):
        return words.date_name(value, with_year=True)
    if isinstance(value, float):
        return _number(value)
    return str(value)


def signed(text, value):
    """The text of a size with the sign of what it is the size of; none where it rounds to nothing.

    >>> signed("2.1 pts", -0.021), signed("0.0 pts", -0.0001)
    ('−2.1 pts', '0.0 pts')
    """
    if not any(char in "123456789" for char in text):
        return text
    return ("−" if value < 0 else "+") + text


def _number(value):
    """At most four digits that count, one decimal from 10 up, and no zeros at the end.

    >>> [_number(value) for value in (42.4375, 9.8765, 0.0123, 1234.5, 60.0, 99.96)]
    ['42.4', '9.876', '0.0123', '1,234', '60', '100']
    """
    if value == 0 or np.isinf(value):
        return words.number(0) if value == 0 else "–"
    digits = max(0, 3 - int(np.floor(np.log10(abs(value)))))
    digits = min(digits, 1) if abs(value) >= 10 else digits  # no more than sentences say
    rest = repr(round(float(value), digits)).partition(".")[2] if digits < 16 else ""
    return words.number(value, 0 if rest in ("0", "") or "e" in rest else len(rest))


_FORMATS = {
    "rate": lambda value: words.percent(value, 1),
    "percent": lambda value: words.percent(value, 1),
    "seconds": lambda value: "–" if np.isinf(value) else words.duration(value),
    "hour": lambda value: f"{int(value):02d}:00",
    "count": lambda value: words.number(value),
    "score": lambda value: words.number(value, 2),
    "net": lambda value: words.net(value, 1),
    "number": _number,
    "time": lambda value: f"{pd.Timestamp(value):%Y-%m-%d %H:%M}",
}


def heading(column, metric=None):
    """A column's heading: the field's words rather than the identifier.

    Parameters
    ----------
    metric : str, optional
        Whose words come first: `metric.<name>.columns.<column>`.

    Examples
    --------
    >>> heading("response_rate"), heading("n"), heading("my_own_seconds")
    ('Response rate', 'Count', 'My own')
    """
    for key in (f"metric.{metric}.columns.{column}", f"tables.columns.{column}"):
        if "." not in str(column) and isinstance(words.entry(key), str):
            return words.text(key)
    return pretty(str(column).removesuffix("_seconds").removesuffix("_count"))


def pretty(name):
    """A name of the data as people write it, which no catalogue can know.

    >>> pretty("short_abandon"), pretty("QA_check"), pretty("")
    ('Short abandon', 'QA check', '')
    """
    said = str(name).replace("_", " ")
    return said[:1].upper() + said[1:]


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
