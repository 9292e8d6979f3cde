"""The tables of a data set, restricted to a period and to some values, and read at one time."""

from toolkit import clock, engine
from toolkit.backend import as_view, contacts_only, table_of
from toolkit.errors import BadParameter, MissingColumn, MissingTable, suggestion
from toolkit.load import reading
from toolkit.load.score import leave_unscored, score_messages
from toolkit.tables import FOLDED, HISTORY_WEEK, PARTS_OF, READ_AT, TABLES

# (key, parent): where a table finds the columns that it lacks.
# Tables of which the rows go with a conversation or call that is no contact.
OF_CONTACTS = PARTS_OF | {"messages": "conversations"}
LINKS = (("conversation_id", "conversations"), ("call_id", "calls"))
SCORED = ("sentiment", "sentiment_engine", "language")  # columns that scored_messages adds


class View:
    """Tables by name, each as it stood when it is read; how `Data` is seen one way or another.

    The tables of one view share an Ibis backend and can be joined with each other; each knows when it was read.
    """

    as_of_reason = "given"
    zone_is_known = True
    raw_names = ()  # which files of its source there are; not known of prepared data, nor where the source is
    source_folder = None
    shared_names = None  # (column, value) of what is shown as another value of its column; None: not looked for yet

    def __init__(self, con, names, service, as_of, period):
        self._con, self._names, self.service, self.as_of, self.period = con, names, service, as_of, period
        self.filters = {}
        self.spans = ()  # weeks, days or months of which each is read at its own end
        self.week_periods = {}
        self._numbered = False
        self._own = {}
        self._shared = {"as_of": as_of}  # what holds for all periods and reading times

    def _view(self, **changes):
        """The same data set seen another way; each way once, since its tables have a backend of their own."""
        state = self.__dict__ | changes
        names = ("period", "as_of", "spans", "_numbered")
        filters = tuple((column, *values) for column, values in state["filters"].items())
        key = (*(state[name] for name in names), state["period"].said, state["period"].whole, filters)

        def make():
            view = object.__new__(type(self))
            view.__dict__.update(state, _own={})
            return view

        return self._once(key, make)

    def _once(self, name, make):
        if name not in self._own:
            self._own[name] = make()
        return self._own[name]

    @property
    def _backend(self):
        def connect():
            # a backend of its own over the shared connection: as_of belongs to the tables that are handed out
            backend = engine.own_backend(self._con)
            context = engine.Context(self.service, self.as_of, self.period, self.zone_is_known, self)
            engine.set_context(backend, context)
            return backend

        return self._once("backend", connect)

    def _table(self, name):
        """A table as it was loaded; all views of a data set know its columns from the first that asked for them."""

        def made():
            table = contacts_only(self._given(name), name)
            whole = OF_CONTACTS.get(name)
            if whole not in self._names:
                return table
            given, key = self._given(whole), TABLES[whole].key[0]
            kept = contacts_only(given, whole)
            return table if kept is given else table.semi_join(kept, key)  # what is said in a campaign isn't a contact

        return self._once(("table", name), made)

    def _given(self, name):
        schemas = self._shared.setdefault("schemas", {})
        if name not in schemas:
            schemas[name] = self._backend.table(name).schema()
        return table_of(self._backend, name, schemas[name])

    def every(self, name):
        """A table of all periods and without filters, as it was loaded: with what isn't counted as a contact, too.

        Proactive conversations, outbound calls and callbacks, and their messages and stages, are nowhere else. A metric
        that is given this table counts them all.

        Examples
        --------
        >>> from toolkit import open_data
        >>> data = open_data("data/sample", period="2024-03")
        >>> len(data.every("calls").to_pandas()) > len(data.calls.to_pandas())
        True
        """
        if name not in self._names:
            raise MissingTable(self.absent(name), name)
        return self._given(name)

    @property
    def zone(self):
        """The service's time zone."""
        return self.service.time_zone

    @property
    def label(self):
        """The period, and what else the tables are restricted to."""
        return ", ".join([self.period.label, *(f"{name} {' or '.join(v)}" for name, v in self.filters.items())])

    @property
    def tables(self):
        """The tables there are, by name."""
        return {name: self._rows(name) for name in TABLES if name in self._names}

    def __getattr__(self, name):
        if name.startswith("_"):
            raise AttributeError(name)
        if name not in TABLES:
            raise AttributeError(f"data has no {name!r}{suggestion(name, TABLES)}")
        if name not in self._names:
            raise MissingTable(self.absent(name), name)
        return self._rows(name)

    def __dir__(self):
        return [*super().__dir__(), *self._names]

    def absent(self, name):
        """Words for a table that isn't there: what there is, and which sources would fill it; or that no row can be used."""
        from toolkit.sources import OWN, list_sources

        given = self.counts.loc[self.counts["table"] == name, "rows_in"].sum()
        if given:
            rows = f"all {given:,} rows of {name} were" if given > 1 else f"the one row of {name} was"
            return f"{rows} set aside, so that none is left to tell from; `toolkit check` says why"
        fill = [source.name for source in list_sources() if name in source.tables and source.name != OWN]
        more = f"exports of {len(fill)} systems fill it (`toolkit sources`)" if fill else "no system's export fills it"
        return f"this data has no table {name!r} (it has: {', '.join(self._names) or 'none'}); {more}, or a {name}.csv of your own"

    def count_groups(self, column):
        """Of a column with very many values those that are told apart, and how many others there are, else None.

        See `toolkit.load.apart.count_groups`.
        """
        from toolkit.load.apart import count_groups

        known = self._shared.setdefault("groups", {})
        asked = column, tuple(self.filters.items())
        if asked not in known:
            known[asked] = count_groups(self, column)
        return known[asked]

    def notes_of_groups(self):
        """Notes on the columns with more values than are told apart."""
        from toolkit.load.apart import notes_of_groups

        return notes_of_groups(self)

    def has(self, *names):
        """Whether all these tables are there."""
        return all(name in self._names for name in names)

    @property
    def survey_counts(self):
        """{kind of survey: (sent, answered)} of the whole data set, in every period and without filters."""

        def counted():
            if "surveys" not in self._names:
                return {}
            asked = "SELECT kind, count(*), count(score) FROM surveys GROUP BY kind"
            return {kind: counts for kind, *counts in self._con.execute(asked).fetchall()}

        if "survey_counts" not in self._shared:
            self._shared["survey_counts"] = counted()
        return self._shared["survey_counts"]

    # --- the rows of a table ----------------------------------------------------------------------

    def _rows(self, name, of=None):
        """The rows of a table, or of a table of another name that holds them; a view of the engine, made once.

        Queries begin with it, so that what it is made of is put into words once, and not in each of them.
        """
        from toolkit.load.shown import shown

        of = of or name

        def make():
            table = self._read(self._within(self._table(of), name), name)
            for column, values in self.filters.items():
                restricted = self._restricted(table, name, column, values)
                table = table if restricted is None else restricted
            return table, as_view(table)  # what the view is made of lives as long as it does

        return shown(self._once(("rows", of), make)[1])

    def whole(self, name):
        """A table of all periods and without filters, as it stood when the data was read; None where there is none.

        It can be joined with the tables of this view, as for what a customer did after the period.

        Examples
        --------
        >>> from toolkit import open_data
        >>> data = open_data("data/sample", period="2024-03")
        >>> len(data.whole("calls").to_pandas()) > len(data.calls.to_pandas()), data.whole("calls_of_mine")
        (True, None)
        """
        if name not in self._names:
            return None
        table = self._table(name)
        is_earlier = self.as_of < self._shared["as_of"]
        return reading.read_back(table, name, self.as_of, self.zone) if is_earlier else table

    def _within(self, table, name):
        """The rows of the period; with spans, each with the time at which it is read."""
        whole = PARTS_OF.get(name)
        if whole in self._names:
            # a stage belongs to the period in which its call came in
            if self.period.start is None and not self.spans:
                return table
            rows, key = self._within(self._table(whole), whole), TABLES[whole].key[0]
            added = [column for column in (READ_AT, HISTORY_WEEK) if column in rows.columns]
            return table.inner_join(rows.select(key, *added), key)
        if not TABLES[name].time:
            return table
        column = table[TABLES[name].time]
        if self.period.start is not None and column.type().is_date():
            table = table.filter(column.between(self.period.first_day, self.period.last_day))
        elif self.period.start is not None:
            table = table.filter((column >= self.period.start) & (column < self.period.end))
        if not self.spans:
            return table
        number = HISTORY_WEEK if self._numbered else None
        return reading.read_each_at(table, reading.opened_at(table, name, self.zone), self.spans, self.zone, number)

    def _read(self, table, name):
        """The rows as they stood when they are read."""
        if self.spans and READ_AT in table.columns:
            return reading.read_back(table, name, table[READ_AT], self.zone)
        if self.as_of < self._shared["as_of"]:
            return reading.read_back(table, name, self.as_of, self.zone)
        return table  # as it was loaded

    def _restricted(self, table, name, column, values):
        """The rows with one of the values, else those whose conversation or call has one; None when neither knows."""
        if column in table.columns:
            text = engine.as_text(table[column]).nullif("").fill_null(engine.NONE)
            return table.filter(text.isin(values))
        for key, parent in LINKS:
            if key in table.columns and parent != name and parent in self._names:
                whole = self._table(parent)
                if self.as_of < self._shared["as_of"]:
                    whole = reading.read_back(whole, parent, self.as_of, self.zone)
                found = self._restricted(whole, parent, column, values)
                if found is not None:
                    return table.semi_join(found, key)
        return None

    def _is_restricted(self, name, column):
        return self._restricted(self._table(name), name, column, []) is not None

    def where(self, **columns):
        """The same data, restricted to rows with some values.

        Parameters
        ----------
        **columns : a value or a list of them; "(none)" or None stands for what is missing. Those of channel, sender,
            kind and outcome are compared in any case, as they are kept in lower case
            Tables without the column follow their conversation or call; those that can't are left whole, and
            `notes_of_period` says so.

        Raises
        ------
        MissingColumn
            No table has the column.

        Examples
        --------
        >>> from toolkit import open_data
        >>> data = open_data("data/sample", period="2024-03").where(channel=["whatsapp", "x"])
        >>> data.label
        '2024-03, channel whatsapp or x'
        """
        have = [column for name in self._names for column in self._table(name).columns]
        have += [column for column in SCORED if "messages" in self._names]
        filters = dict(self.filters)
        for column, values in columns.items():
            if column not in have:
                raise MissingColumn("this data", column, dict.fromkeys(have))
            listed = values if isinstance(values, (list, tuple, set, frozenset)) else [values]
            texts = [_text(value) for value in listed]
            filters[column] = tuple(text.lower() if column in FOLDED else text for text in texts)
        return self._view(filters=filters)

    @property
    def scored_messages(self):
        """`messages` with the sentiment of every customer message that could be scored.

        A label or score in the data wins; the rest is scored once, on first use (`toolkit.sentiment`).
        """
        if "messages" not in self._names:
            raise MissingTable(self.absent("messages"), "messages")
        if not self._is_scored():
            if self._shared.get("unscored"):
                leave_unscored(self._con)
                return self._rows("messages", "unscored_messages")
            score_messages(self._con)
        return self._rows("messages", "scored_messages")

    @property
    def unscored(self):
        """The same data, whose `scored_messages` wait for no score: they have the sentiment that the data itself gives.

        For who asks only what there is.
        """
        view = object.__new__(type(self))
        view.__dict__.update(self.__dict__, _own={}, _shared=self._shared | {"unscored": True})
        return view

    def _is_scored(self):
        found = self._con.execute(
            "SELECT count(*) FROM (SELECT table_name FROM duckdb_tables() UNION ALL SELECT view_name FROM duckdb_views()) "
            "AS t(name) WHERE name = 'scored_messages'"
        )
        return found.fetchone()[0] > 0

    def read_at(self, as_of):
        """The same data as it stood at an earlier instant (aware datetime or ISO text): what came later is gone.

        Examples
        --------
        >>> from toolkit import open_data
        >>> data = open_data("data/sample").read_at("2024-04-10T10:00:00Z")
        >>> data.during("yesterday").period.label
        '2024-04-09'
        """
        as_of = reading.resolve_as_of(as_of)
        if as_of > self._shared["as_of"]:
            raise BadParameter(f"as_of: {as_of} lies after {self._shared['as_of']}, when the data was read")
        return self._view(as_of=as_of, as_of_reason="given", spans=(), week_periods={}, _numbered=False)

    def during(self, period):
        """The same data, restricted to another period (a text such as "2024-03", or a Period)."""
        if isinstance(period, str):
            period = clock.parse_period(period, self.as_of, self.zone)
        return self._view(period=period, spans=(), week_periods={}, _numbered=False)


def _text(value):
    """A value as a table's text has it."""
    if value is None:
        return engine.NONE
    return str(value).lower() if isinstance(value, bool) else str(value)
