"""What an analyst holds: the checked tables of one data set, restricted to a period."""

import datetime
import json
import shutil
import weakref
import zoneinfo
from pathlib import Path

from toolkit import engine
from toolkit.errors import MissingTable, suggestion
from toolkit.load.score import score_messages
from toolkit.load.sql import EPOCH, literal, quote
from toolkit.tables import TABLES

PREPARED = "prepared.json"


class Data:
    """The checked tables of one data set, restricted to a period.

    Tables are attributes: `data.conversations`, `data.messages`, `data.calls`, `data.call_stages`,
    `data.surveys`, `data.site_visits`; each an Ibis table, to be passed to any metric.

    Attributes
    ----------
    service : Service
        The settings.
    as_of : datetime
        When the data was read; what is still open is censored then.
    period : Period
        What the tables are restricted to.
    ledger : DataFrame
        One row per rejected or repaired value: table, key, rule, action, column, value, file, row, reason.
    counts : DataFrame
        One row per table: rows_in = rows_used + rejected; repaired.
    zone_is_known : bool
        Whether the settings or the source name a time zone; otherwise local times and hours are UTC's.
    """

    zone_is_known = True

    def __init__(self, con, service, as_of, tables, source, files, counts, notes, scratch=None, period=None):
        import ibis

        from toolkit.clock import parse_period

        self._con, self._scratch, self._names = con, scratch, list(tables)
        self.service, self.as_of, self.source, self.files, self.counts, self.notes = (
            service, as_of, source, files, counts, notes,
        )  # fmt: skip
        self.period = period or parse_period("all", as_of, service.time_zone)
        self._backend = engine.own_backend(ibis.duckdb.from_connection(con))
        engine.set_context(self._backend, engine.Context(service, as_of))
        if scratch is not None:
            # of the backend, which every table keeps alive: a table may outlive this object
            weakref.finalize(self._backend, shutil.rmtree, scratch, ignore_errors=True)

    @property
    def zone(self):
        """The service's time zone."""
        return self.service.time_zone

    @property
    def tables(self):
        """The tables there are, by name."""
        return {name: self._during(name) for name in TABLES if name in self._names}

    def __getattr__(self, name):
        if name.startswith("_"):
            raise AttributeError(name)
        if name not in TABLES:
            raise AttributeError(f"data has no {name!r}{suggestion(name, TABLES)}")
        if name not in self._names:
            raise MissingTable(self.absent(name))
        return self._during(name)

    def __dir__(self):
        return [*super().__dir__(), *self._names]

    def absent(self, name):
        """Words for a table that isn't there: what there is, and which sources would fill it."""
        from toolkit.sources import list_sources

        fill = [source.name for source in list_sources() if name in source.tables]
        return (
            f"this data has no table {name!r} (it has: {', '.join(self._names) or 'none'}); "
            f"it is filled by the sources {', '.join(fill)}, or by a {name}.csv in the toolkit's own contract"
        )

    def has(self, *names):
        """Whether all these tables are there."""
        return all(name in self._names for name in names)

    def _during(self, name, table=None):
        table = self._backend.table(name) if table is None else table
        if self.period.start is None:
            return table
        if name == "call_stages" and "calls" in self._names:
            # a stage belongs to the period in which its call came in
            return table.semi_join(self._during("calls"), "call_id")
        column = table[TABLES[name].time]
        if TABLES[name].column(TABLES[name].time).dtype == "day":
            return table.filter(column.between(self.period.first_day, self.period.last_day))
        return table.filter((column >= self.period.start) & (column < self.period.end))

    @property
    def scored_messages(self):
        """`messages` with the sentiment of every customer message that could be scored.

        A label or score in the data wins; the rest is scored once, on first use (`toolkit.sentiment`).
        """
        if "messages" not in self._names:
            raise MissingTable(self.absent("messages"))
        if not self._is_scored():
            score_messages(self._con)
        return self._during("messages", self._backend.table("scored_messages"))

    def _is_scored(self):
        found = self._con.execute(
            "SELECT count(*) FROM (SELECT table_name FROM duckdb_tables() UNION ALL SELECT view_name FROM duckdb_views()) "
            "AS t(name) WHERE name = 'scored_messages'"
        )
        return found.fetchone()[0] > 0

    def during(self, period):
        """The same data, restricted to another period (a text such as "2024-03", or a Period)."""
        from toolkit.clock import parse_period

        if isinstance(period, str):
            period = parse_period(period, self.as_of, self.zone)
        other = object.__new__(Data)
        other.__dict__.update(self.__dict__)
        other.period, other._whole = period, self  # keeps the scratch folder alive
        return other

    @property
    def first_event(self):
        """The first instant at which anything came in; None when nothing did."""
        if "_first_event" not in self.__dict__:
            starts = [
                f"SELECT min({TABLES[name].time}) AS t FROM {name}"
                for name in self._names
                if TABLES[name].column(TABLES[name].time).dtype == "time" and name != "call_stages"
            ]
            micros = None
            if starts:
                micros = self._con.execute(f"SELECT epoch_us(min(t)) FROM ({' UNION ALL '.join(starts)})").fetchone()[0]
            self._first_event = None if micros is None else EPOCH + datetime.timedelta(microseconds=micros)
        return self._first_event

    def _is_covered(self, period):
        """Whether the data reaches back to the beginning of a period, give or take a tenth of it."""
        if self.first_event is None:
            return True
        return self.first_event < period.start + max(datetime.timedelta(days=1), (period.end - period.start) / 10)

    @property
    def previous(self):
        """The same data in the period before; None for "all", and where the data begins later than that."""
        before = self.period.previous()
        return self.during(before) if before is not None and self._is_covered(before) else None

    @property
    def covered(self):
        """The part of the period that lies between the data's first event and as_of, in whole local days."""
        from toolkit.clock import Period, start_of_day

        if self.first_event is None:
            return self.period
        zone = zoneinfo.ZoneInfo(self.zone)
        day = datetime.timedelta(days=1)
        first = start_of_day(self.first_event.astimezone(zone).date(), self.zone)
        last = (self.as_of - datetime.timedelta(microseconds=1)).astimezone(zone).date()
        after = start_of_day(last + day, self.zone)
        start = first if self.period.start is None else max(first, self.period.start)
        end = after if self.period.end is None else min(after, self.period.end)
        return Period(start, end, self.period.label, self.zone) if start < end else self.period

    def notes_of_period(self):
        """What a reader should know of the data and of this period."""
        before = self.period.previous()
        notes = list(self.notes)
        if before is not None and not self._is_covered(before):
            begins = self.first_event.astimezone(zoneinfo.ZoneInfo(self.zone))
            notes.append(f"There is no comparison with {before.label}: the data begins on {begins:%Y-%m-%d}.")
        return notes

    @property
    def with_previous(self):
        """The same data in this period and the one before together, as context for trends."""
        from toolkit.clock import Period

        if self.previous is None:
            return self
        before = self.period.previous()
        label = f"{before.label} and {self.period.label}"
        return self.during(Period(before.start, self.period.end, label, self.zone))

    def can(self, table, *columns):
        """Whether a table and these columns of it are there."""
        return self.has(table) and all(column in getattr(self, table).columns for column in columns)

    def first_column(self, table, *columns):
        """The first of these columns that the table has."""
        return next(column for column in columns if column in getattr(self, table).columns)

    @property
    def ledger(self):
        """Every rejected or repaired value, as a pandas frame."""
        return self._con.execute("SELECT * FROM ledger").df()

    def quality(self):
        """The ledger's summary: one row per table; rows_in = rows_used + rejected.

        Returns
        -------
        Result with table, rows_in, rows_used, rejected, repaired, in_period
        """
        from toolkit.result import Result

        frame = self.counts.drop(columns="derived").copy()
        frame["in_period"] = [
            int(self._during(name).count().execute()) if name in self._names else 0 for name in frame["table"]
        ]
        return Result.of(frame, "quality", units=dict.fromkeys(frame.columns[1:], "count"))

    def rules_broken(self):
        """The ledger by rule: table, rule, action, column, n, the value of one example and what the rule says."""
        from toolkit.result import Result

        frame = self._con.execute(
            'SELECT "table", rule, action, "column", count(*) AS n, '
            "left(arg_min(value, \"row\"), 40) AS example, any_value(CASE WHEN rule LIKE '% line' THEN regexp_replace(reason, ' \\(.*', '') ELSE reason END) AS reason "
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
        folder = Path(folder)
        folder.mkdir(parents=True, exist_ok=True)
        if sentiment and "messages" in self._names and not self._is_scored():
            score_messages(self._con)
        scored = self._is_scored()
        for name in [*self._names, "ledger"]:
            target = literal(folder / f"{name}.parquet")
            table = "scored_messages" if scored and name == "messages" else name
            self._con.execute(f"COPY {quote(table)} TO {target} (FORMAT parquet)")
        (folder / PREPARED).write_text(
            json.dumps(
                {
                    "source": self.source,
                    "as_of": self.as_of.isoformat(),
                    "service": self.service.model_dump(mode="json"),
                    "tables": self._names,
                    "files": self.files,
                    "notes": self.notes,
                    "zone_is_known": self.zone_is_known,
                    "counts": self.counts.to_dict(orient="list"),
                    "scored": scored,
                },
                indent=1,
            ),
            encoding="utf-8",
        )
        return folder

    def __repr__(self):
        rows = ", ".join(f"{row.table} {row.rows_used:,}" for row in self.counts.itertuples())
        return f"<Data from {self.source!r}: {rows}; period {self.period.label}, {self.zone}, as of {self.as_of:%Y-%m-%d %H:%M}Z>"
