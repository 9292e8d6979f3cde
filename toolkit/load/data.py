"""What an analyst holds: the checked tables of one data set, restricted to a period and read at one time."""

import datetime
import json
import weakref

from toolkit import clock, words
from toolkit.errors import MissingColumn
from toolkit.load import coverage, reading
from toolkit.load.outside import read_outside
from toolkit.load.prepared import write_prepared
from toolkit.load.score import score_messages
from toolkit.load.sql import EPOCH
from toolkit.load.weeks import Weeks
from toolkit.tables import PARTS_OF, TABLES


class Data(Weeks):
    """The checked tables of one data set, restricted to a period and read at one time.

    Tables are attributes: `data.conversations`, `data.messages`, `data.calls`, `data.call_stages`,
    `data.surveys`, `data.site_visits`; each an Ibis table, to be passed to any metric. Those of one `Data` can be
    joined with each other; each knows when it was read.

    Attributes
    ----------
    service : Service
        The settings.
    as_of : datetime
        When the data was read; what is still open is censored then, what happened later hasn't happened.
    as_of_reason : str
        Why then: given, service.toml, newest event, now or file.
    period : Period
        What the tables are restricted to.
    filters : dict
        What else they are restricted to (`where`): column and list of values.
    ledger : DataFrame
        One row per rejected or repaired value: table, key, rule, action, column, value, file, row, reason.
    counts : DataFrame
        One row per table: rows_in = rows_used + rejected (on_purpose: those with nothing wrong); repaired.
    zone_is_known : bool
        Whether the settings or the source name a time zone; otherwise local times and hours are UTC's.
    """

    recognised = ""  # as what the export was taken, and why, where no source was named
    outside_file = None  # figures from outside, beside the data

    def __init__(self, con, service, as_of, tables, source, files, counts, notes, scratch=None, period=None):
        period = period or clock.parse_period("all", as_of, service.time_zone)
        super().__init__(con, list(tables), service, as_of, period)
        self.source, self.files, self.counts, self._notes = source, files, counts, notes
        if scratch is not None:
            # of the connection, which every table keeps alive: a table may outlive this object
            weakref.finalize(con, scratch.close)

    @property
    def previous(self):
        """The period before, as it stood when it was as old as this one is now.

        Of a period that still runs, the same part of the one before. None for "all", for a period that has not
        begun, and where the data begins later than the period before.
        """
        return self._compared(clock.same_age_before(self.period, self.as_of))

    @property
    def year_ago(self):
        """The same period a year ago, read at the same age: of calendar months the same months, else 52 weeks earlier.

        None as for `previous`: where the data doesn't reach back to it, too.
        """
        return self._compared(clock.same_age_year_ago(self.period, self.as_of))

    def _compared(self, compared):
        if compared is None or not self._is_covered(compared[0].whole or compared[0]):
            return None
        return self._view(period=compared[0], as_of=compared[1], spans=(), week_periods={}, _numbered=False)

    @property
    def period_days(self):
        """The number of local days of the period, also when it still runs; None for "all"."""
        return (self.period.whole or self.period).days

    @property
    def days_so_far(self):
        """How many of them had begun when the data was read."""
        return self.period.days_begun(self.as_of)

    @property
    def comparison(self):
        """Facts of the comparison with the period before.

        Returns
        -------
        dict: is_running, days_so_far, period_days, label, as_of, and of the period before label, whole_label and
            as_of as before_label, before_whole (its period), before_as_of; those are None where there is no comparison
        """
        before = self.previous
        whole = self.period.whole or self.period
        return {
            "is_running": whole.end is not None and self.as_of < whole.end,
            "days_so_far": self.days_so_far,
            "period_days": self.period_days,
            "label": self.period.label,
            "as_of": self.as_of,
            "before_label": before and before.period.label,
            "before_whole": before and (before.period.whole or before.period),
            "before_as_of": before and before.as_of,
        }

    @property
    def with_previous(self):
        """The same data in this period and the one before together, as context for trends."""
        if self.previous is None:
            return self
        before = self.period.previous()
        label = f"{before.label} and {self.period.label}"
        return self.during(clock.Period(before.start, self.period.end, label, self.zone))

    @property
    def outside(self):
        """Figures from outside, in a benchmark.csv beside the data: its rows as they are written; None without one."""
        return None if self.outside_file is None else read_outside(self.outside_file)

    # --- what the data covers ---------------------------------------------------------------------

    @property
    def first_event(self):
        """The first instant at which anything came in; None when nothing did."""
        if "first_event" not in self._shared:
            starts = [
                f"SELECT min({TABLES[name].time}) AS t FROM {name}"
                for name in self._names
                if name not in PARTS_OF and TABLES[name].time and TABLES[name].column(TABLES[name].time).dtype == "time"
            ]
            micros = None
            if starts:
                micros = self._con.execute(f"SELECT epoch_us(min(t)) FROM ({' UNION ALL '.join(starts)})").fetchone()[0]
            self._shared["first_event"] = None if micros is None else EPOCH + datetime.timedelta(microseconds=micros)
        return self._shared["first_event"]

    def _is_covered(self, period):
        """Whether the data reaches back to the beginning of a period, give or take a tenth of it."""
        if self.first_event is None:
            return True
        return self.first_event < period.start + max(clock.ONE_DAY, (period.end - period.start) / 10)

    @property
    def _days(self):
        """The first and last local day of the period that the data reaches; (None, None) when it is empty."""
        if self.first_event is None:
            return None, None
        first, last = self._span
        if self.period.start is not None:
            first, last = max(first, self.period.first_day), min(last, self.period.last_day)
        return (first, last) if first <= last else (None, None)

    @property
    def _span(self):
        """The local days of the first event and of as_of (midnight itself is still the day before), or `contacts_end`."""
        just_before = self.as_of - datetime.timedelta(microseconds=1)
        first, last = (clock.clock_time(instant, self.zone).date() for instant in (self.first_event, just_before))
        return first, min(last, self.contacts_end or last)

    @property
    def _last_full_day(self):
        """The last local day that was over at as_of; a newest event in a day's last hour is the day's end."""
        late = datetime.timedelta(hours=1 if self.as_of_reason == "newest event" else 0)
        return clock.clock_time(self.as_of + late, self.zone).date() - clock.ONE_DAY

    @property
    def covered(self):
        """The part of the period that the data holds, in whole local days: the day of as_of only when it was over.

        It is what averages count. Where no day is over yet, the days that there are; for empty data the period itself.
        """
        first, last = self._days
        if first is None:
            return self.period
        if self._last_full_day >= first:
            last = min(last, self._last_full_day)
        start, end = clock.start_of_day(first, self.zone), clock.start_of_day(last + clock.ONE_DAY, self.zone)
        return clock.Period(start, end, self.period.label, self.zone)

    @property
    def _daily(self):
        """Rows per local day of the tables of contacts, of the whole data set."""
        if "daily" not in self._shared:
            names = [name for name in coverage.CONTACTS if name in self._names]
            tables = {name: self._table(name) for name in names}
            self._shared["daily"] = coverage.daily_counts(tables, self.zone)
        return self._shared["daily"]

    def know_daily(self, said):
        """Take the rows per local day from what `save` wrote of them; they are counted when asked for otherwise."""
        import pandas as pd

        frame = pd.DataFrame(said["data"], index=said["index"], columns=said["columns"])
        self._shared["daily"] = frame.astype("int64").rename_axis("day_")

    @property
    def missing_days(self):
        """The local days of the period, within the data, on which rows are missing (`coverage.missing_days`)."""
        first, last = self._days
        if first is None or self._daily.empty:
            return []
        if "missing" not in self._shared:
            ends = [clock.day_of(int(day)) for day in self._daily.index[[0, -1]]]
            self._shared["missing"] = coverage.missing_days(self._daily.sum(axis=1), self.service.closed_days(*ends))
        return [day for day in self._shared["missing"] if first <= day <= last]

    def volume_warnings(self):
        """The weeks of this period and the one before with three times the rows of the week before, or a third.

        Returns
        -------
        list of dict: table, week (its Monday), n, before
        """
        first, last = self._days
        if first is None:
            return []
        if self.previous is not None:
            first = self.previous.period.first_day
        jumps = self._once("jumps", lambda: coverage.volume_jumps(self._daily, self._last_full_day))
        return [jump for jump in jumps if first <= jump["week"] + 6 * clock.ONE_DAY and jump["week"] <= last]

    def year_ago_warnings(self):
        """The tables of which a year ago the data covers another volume: their rows can't be counted against today's.

        Returns
        -------
        list of dict, as `coverage.unlike` gives them; empty without a year ago

        Examples
        --------
        >>> from toolkit import open_data
        >>> data = open_data("data/sample", period="2024-04")  # of the year before the sample holds a third
        >>> [warning["table"] for warning in data.year_ago_warnings()]
        ['conversations', 'messages', 'calls']
        """

        def made():
            past = self.year_ago
            if past is None or past._days[0] is None or self._days[0] is None or self._daily.empty:
                return []
            ends = [(*one._days, one.missing_days) for one in (self, past)]
            return coverage.unlike(self._daily, *ends, self._last_full_day)

        return self._once("year_ago_warnings", made)

    def is_like_year_ago(self, table):
        """Whether the data covers as much of a table as a year ago; of one that holds no contacts as of all contacts."""
        own, unlike = coverage.WITHIN.get(table, table), [one["table"] for one in self.year_ago_warnings()]
        return own not in unlike if own in coverage.CONTACTS else not unlike

    def parts(self, every):
        """The days, weeks or months of the period that the data reaches.

        Returns
        -------
        list of Part: first_day, last_day, is_complete (the period and the data hold all of it, and it was over at
            as_of), days_with_data

        Examples
        --------
        >>> from toolkit import open_data
        >>> parts = open_data("data/sample", period="2024-03").parts("week")
        >>> [(str(part.first_day), part.is_complete, part.days_with_data) for part in (parts[0], parts[1])]
        [('2024-02-26', False, 3), ('2024-03-04', True, 7)]
        """
        first, last = self._days
        if first is None:
            return []
        spans = clock.spans_of(first, last, every, self.zone, self.as_of)
        return coverage.parts_of(spans, self._daily, first, min(last, self._last_full_day))

    def hours_there(self, period=None):
        """The local hours of a period (by default this one), and whether each was there to be counted.

        Returns
        -------
        DataFrame, one row per day and hour: day (since 1970-01-01), weekday (0 is Monday), hour, seconds that it
            lasted (7,200 where the clock shows it twice), is_there: not skipped by the clock, begun before as_of,
            and on no day that is missing or before the data begins
        """
        period = period or self.period
        if self.first_event is None:
            first, last = (period.first_day, period.last_day) if period.start else (clock.day_of(0), clock.day_of(-1))
            return coverage.hours_there(first, last, self.zone, last + clock.ONE_DAY, self.as_of, [])
        ends = (period.first_day, period.last_day) if period.start else self._span
        missing = self.during(period).missing_days
        return coverage.hours_there(*ends, self.zone, self._span[0], self.as_of, missing)

    def explain_period(self):
        """One line: which days the period means, and why.

        Examples
        --------
        >>> from toolkit import open_data
        >>> open_data("data/sample", period="last-week").explain_period()
        'last-week means 22 to 28 April 2024 (Mon to Sun), seen from 2024-04-29 00:00 CEST, as service.toml says'
        """
        period = self.period.whole or self.period
        first, last = (period.first_day, period.last_day) if period.start else self._days
        return reading.explain(period, first, last, self.as_of, self.as_of_reason, self.contacts_end)

    @property
    def notes(self):
        """What a reader should know of the data, in the language that is said."""
        return [words.note(note) for note in self._notes]

    def notes_of_period(self):
        """What a reader should know of the data and of this period, in the language that is said."""
        before = self.period.previous()
        notes, jumps = [*self.notes_of_end, *self._notes], self.volume_warnings()
        if before is not None and not self._is_covered(before):
            notes.append(("notes.no_comparison", {"before": before.label, "day": self._span[0]}))
        past = self.period.year_ago()
        if past is not None and not self._is_covered(past):
            notes.append(("notes.no_year_ago", {"before": past.label, "day": self._span[0]}))
        notes += coverage.notes_of(self.missing_days, jumps)
        if jumps[coverage.MOST_JUMPS :]:
            notes.append(("notes.more_jumps", {"n": len(jumps) - coverage.MOST_JUMPS}))
        unlike = [warning["table"] for warning in self.year_ago_warnings()]
        notes += [("notes.unlike_year_ago", {"tables": unlike})] if unlike else []
        for column in self.filters:
            left = [name for name in self._names if not self._is_restricted(name, column)]
            notes += [("notes.not_restricted", {"column": column, "tables": left})] if left else []
        return [words.note(note) for note in notes]

    def can(self, table, *columns):
        """Whether a table and these columns of it are there."""
        return self.has(table) and all(column in getattr(self, table).columns for column in columns)

    def first_column(self, table, *columns):
        """The first of these columns that holds a value in this period; where none does, the first that there is."""
        rows = getattr(self, table)
        there = [column for column in columns if column in rows.columns]
        if not there:
            raise MissingColumn(table, " or ".join(columns), rows.columns)
        held = rows.aggregate(**{column: rows[column].count() for column in there}).execute().iloc[0]
        return next((column for column in there if held[column]), there[0])

    @property
    def ledger(self):
        """Every rejected or repaired value, as a pandas frame."""
        return self._con.execute("SELECT * FROM ledger").df()

    def first_entries(self, most, after=0):
        """Up to `most` rows of the ledger `after` so many, those that were set aside before those that were mended."""
        order = 'ORDER BY action, "table", file, "row", "column", rule, "key"'
        return self._con.execute(f"SELECT * FROM ledger {order} LIMIT {int(most)} OFFSET {int(after)}").df()

    def quality(self):
        """The ledger's summary: one row per table; rows_in = rows_used + rejected.

        Returns
        -------
        Result with table, rows_in, rows_used, rejected, repaired, in_period; on_purpose where any row was
        """
        from toolkit.result import Result

        frame = self.counts.drop(columns="derived")
        if "on_purpose" in frame and not frame["on_purpose"].any():
            frame = frame.drop(columns="on_purpose")
        frame["in_period"] = [
            int(self._rows(name).count().execute()) if name in self._names else 0 for name in frame["table"]
        ]
        return Result.of(frame, "quality", units=dict.fromkeys(frame.columns[1:], "count"))

    def rules_broken(self):
        """The ledger by rule: table, rule, action, column, n, the value of one example and what the rule says."""
        from toolkit.result import Result

        frame = self._con.execute(
            'SELECT "table", rule, action, "column", count(*) AS n, '
            "left(arg_min(value, \"row\"), 40) AS example, any_value(CASE WHEN rule LIKE '% line' OR rule = 'set aside on purpose' THEN regexp_replace(reason, ' \\(.*', '') ELSE reason END) AS reason "
            'FROM ledger GROUP BY ALL ORDER BY "table", action, n DESC, rule, "column"'
        ).df()
        return Result.of(frame, "rules_broken", units={"n": "count"})

    def save(self, folder, sentiment=True):
        """Write the whole data set as prepared Parquet, which `open_data` opens at once.

        Parameters
        ----------
        folder : path
        sentiment : bool
            Score the messages first, so that whoever opens it need not.
        """
        if sentiment and "messages" in self._names and not self._is_scored():
            score_messages(self._con)
        known = {
            "source": self.source,
            "as_of": self._shared["as_of"].isoformat(),
            "as_of_reason": self.as_of_reason,
            "zone_is_known": self.zone_is_known,
            "service": self.service.model_dump(mode="json", exclude_unset=True),  # what isn't said isn't promised
            "tables": self._names,
            "files": self.files,
            "notes": self._notes,
            "counts": self.counts.to_dict(orient="list"),
            "scored": self._is_scored(),
            "shared_names": self.shared_names,
            "daily": json.loads(self._daily.to_json(orient="split")),  # whoever opens it asks for it first of all
        }
        return write_prepared(self._con, folder, known, self.outside_file)

    def _title(self):
        return f"Data from {self.source!r}: {self.label}, {self.zone}, as of {self.as_of:%Y-%m-%d %H:%M}Z"

    def __repr__(self):
        rows = ", ".join(f"{row.table} {row.rows_used:,}" for row in self.counts.itertuples())
        return f"<{self._title()}; {rows}>"

    def _repr_html_(self):
        from toolkit.load.shown import data_html

        return data_html(self._title(), self.tables)
