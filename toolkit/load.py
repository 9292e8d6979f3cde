"""open_data: raw files or prepared ones in, checked tables on the engine out."""

import datetime
import glob
import json
import shutil
import tempfile
import weakref
import zoneinfo
from pathlib import Path

from toolkit import engine, quality
from toolkit.errors import BadData, BadParameter, MissingTable, suggestion
from toolkit.service import Service, load_service
from toolkit.tables import TABLES

PREPARED = "prepared.json"
EPOCH = datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC)


def open_data(path, source=None, service=None, period=None, as_of=None, progress=None):
    """Read an export, check every row, and hand back its tables.

    Parameters
    ----------
    path : str or Path
        A folder, a file or a DuckDB database; a relative path that isn't found from the working folder
        is looked for in the folders above it, so that notebooks run from anywhere in a project.
    source : str, optional
        Name of a source (`toolkit sources` lists them) or path of a folder of your own; "tables" when
        not given.
    service : str or Path, optional
        Settings; by default service.toml beside the data, else working defaults.
    period : str, optional
        Such as "last-week", "2024-03", "-28d" or "all" (the default): the tables hold what came in then.
    as_of : str or datetime, optional
        When the data was read. Default: as_of of the settings, else the newest event.
    progress : callable(text), optional
        Told what is being done.

    Returns
    -------
    Data

    Raises
    ------
    ToolkitError
        BadData, BadSettings or BadParameter: says which file, column or setting, and what to do.

    Examples
    --------
    >>> data = open_data("data/sample", period="2024-03")
    >>> data.zone, data.period.label
    ('Europe/Rome', '2024-03')
    """
    path = _find(Path(path))
    told = progress or (lambda text: None)
    if (path / PREPARED).is_file():
        if service or as_of:
            raise BadParameter(f"{path}: is prepared data; give service and as_of when it is prepared")
        data = _open_prepared(path)
    else:
        data = _open_raw(path, source or "tables", service or None, as_of or None, told)
    return data.during(period) if period else data


def _find(path):
    if path.exists() or path.is_absolute():
        return path
    for folder in Path.cwd().resolve().parents:
        if (folder / path).exists():
            return folder / path
    raise BadData(f"{path}: there is no such file or folder (looked in {Path.cwd()} and the folders above it)")


def _connect():
    import duckdb

    con = duckdb.connect()
    scratch = Path(tempfile.mkdtemp(prefix="toolkit-"))
    # Zoned times are cast through the session's zone; what doesn't fit in memory goes to disk.
    con.execute("SET TimeZone = 'UTC'")
    con.execute(f"SET temp_directory = {quality.literal(scratch / 'spill')}")
    return con, scratch


def _open_raw(path, source, service, as_of, told):
    from toolkit.sources import find_source
    from toolkit.sources.raw import read_raw

    source = find_source(source)
    beside = (path if path.is_dir() else path.parent) / "service.toml"
    settings = load_service(service or (beside if beside.exists() else None))
    if source.spec.time_zone and "time_zone" not in settings.model_fields_set:
        settings = settings.model_copy(update={"time_zone": source.spec.time_zone})
    given = _instant(as_of) if as_of else settings.as_of
    con, scratch = _connect()
    notes = list(source.spec.notes)
    told(f"reading {path}")
    try:
        files = read_raw(con, source, path, scratch, notes.append)
        tables, as_of = _check(con, source, settings, files, given, told)
        told("linking tables")
        _link(con, source, tables, notes, settings)
        counts = _counts(con, tables)
    except BaseException:
        con.close()
        shutil.rmtree(scratch, ignore_errors=True)
        raise
    files = [str(file) for listed in files.values() for file in listed]
    return Data(con, settings, as_of, tables, source.name, files, counts, notes, scratch=scratch)


def _check(con, source, settings, files, given, told):
    """Typed, checked tables in the schema main; returns their names and as_of."""
    zone = source.spec.time_zone or settings.time_zone
    quality.create_ledger(con)
    if (source.folder / "unused.sql").is_file():
        unused = source.sql("unused")
        con.execute(
            "INSERT INTO bad_lines SELECT \"table\", 'unusable line', 'rejected', _file, _row, value, reason "
            f"FROM ({unused})"
        )
    quality.ledger_bad_lines(con)
    con.execute("CREATE SCHEMA typed")
    con.execute('CREATE TABLE rows_in("table" VARCHAR, rows_in BIGINT)')
    typed = {}
    for name, table in TABLES.items():
        if name not in source.selects or not _has_raw(source, name, files):
            continue
        told(f"checking {name}")
        select = source.sql(name)
        try:
            described = con.execute(f"DESCRIBE {select}").fetchall()
        except Exception as error:
            raise BadData(
                f"source {source.name!r}, {name}.sql can't run on {_listed(files)}: {str(error).splitlines()[0]}"
            ) from None
        types = {row[0]: row[1] for row in described}
        # the contract's spelling wins: Created_At and created_at are one column
        wanted = {name_.lower(): name_ for name_ in table.names}
        renamed = {have: wanted.get(have.strip().lower().replace(" ", "_"), have) for have in types}
        if len(set(renamed.values())) < len(renamed):
            twice = [have for have in types if list(renamed.values()).count(renamed[have]) > 1]
            raise BadData(f"{_listed(files)}: columns {', '.join(twice)} of {name} stand for the same thing; keep one")
        if any(have != to for have, to in renamed.items()):
            listed = ", ".join(f"{quality.quote(have)} AS {quality.quote(to)}" for have, to in renamed.items())
            select = f"SELECT {listed} FROM ({select})"
            types = {renamed[have]: sql_type for have, sql_type in types.items()}
        columns = [column for column in types if column not in ("_file", "_row")]
        for column in table.required:
            if column not in columns:
                raise BadData(
                    f"{_listed([files[name]] if name in files else files.values())}: has no column {column!r}"
                    f"{suggestion(column, columns)}, which {name} can't do without; its columns are: {', '.join(columns)}"
                )
        try:
            checks = quality.type_rows(con, table, types, select, zone, settings.date_order, f"typed.{name}")
        except Exception as error:
            raise BadData(
                f"source {source.name!r}, {name}.sql fails on {_listed(files)}: {str(error).splitlines()[0]}"
            ) from None
        con.execute(f"INSERT INTO rows_in SELECT '{name}', count(*) FROM typed.{name}")
        con.execute(
            f"UPDATE rows_in SET rows_in = rows_in + (SELECT count(*) FROM bad_lines WHERE \"table\" = '{name}' AND action = 'rejected') "
            f"WHERE \"table\" = '{name}'"
        )
        typed[name] = (types, checks)
    for name, (_, checks) in typed.items():
        quality.reject(con, TABLES[name], checks, f"typed.{name}")
        quality.reject_duplicates(con, TABLES[name], f"typed.{name}")
    # only now: a row that was set aside may not say when the data was read
    as_of = given or _newest(con, typed)
    micros = (as_of - EPOCH) // datetime.timedelta(microseconds=1)
    instant = f"make_timestamptz({micros}::BIGINT)"
    clean = {}
    for name, (types, _) in typed.items():
        table, place = TABLES[name], f"typed.{name}"
        if table.column(table.time).dtype == "time":
            time = quality.quote(table.time)
            quality.reject(con, table, [quality.Check("after as_of", table.time, f"{time} > {instant}", time)], place)
        quality.reject_orphans(con, table, place, types, clean)
        quality.repair(con, table, types, place, micros)
        left = con.execute(f"SELECT count(*) FROM {place}").fetchone()[0]
        rows = con.execute('SELECT rows_in FROM rows_in WHERE "table" = ?', [name]).fetchone()[0]
        if rows and not left:
            _refuse_empty(con, name, rows)
        columns = ", ".join(quality.quote(column) for column in types if column not in ("_file", "_row"))
        con.execute(f"CREATE TABLE main.{name} AS SELECT {columns} FROM {place} ORDER BY {quality.ID}")
        clean[name] = f"main.{name}"
    con.execute("DROP SCHEMA typed CASCADE")
    con.execute("DROP SCHEMA raw CASCADE")
    con.execute("DETACH DATABASE IF EXISTS given")  # others may write to it again
    return list(clean), as_of


def _has_raw(source, table, files):
    """Whether the raw files that a select reads were found (only optional ones can be absent)."""
    return table in files if table in source.spec.files and source.spec.files[table].optional else True


def _listed(files):
    files = files.values() if isinstance(files, dict) else files
    return ", ".join(str(file) for listed in files for file in listed)


def _refuse_empty(con, name, rows):
    """Not one row of a table can be used: a wrong column or format, not dirty rows."""
    rule, column, value, file, reason, n = con.execute(
        'SELECT rule, "column", any_value(value), any_value(file), any_value(reason), count(*) AS n FROM ledger '
        'WHERE "table" = ? AND action = \'rejected\' GROUP BY rule, "column" ORDER BY n DESC LIMIT 1',
        [name],
    ).fetchone()
    shown = f"such as {value!r}" if value is not None else "empty"
    raise BadData(
        f"{file}: none of its {rows} rows can be used. Most often ({n} rows), {name}.{column}: {rule}, {shown} "
        f"({reason}). Check that the file holds {name} and that the column holds what the data dictionary says"
    )


def _newest(con, typed):
    """The newest event of the data that isn't in the future; now when there is none."""
    now = datetime.datetime.now(datetime.UTC)
    newest = []
    for name, (types, _) in typed.items():
        for column in TABLES[name].columns:
            if column.dtype == "time" and column.name in types:
                newest.append(f"SELECT max({column.name}) AS t FROM typed.{name} WHERE {column.name} <= now()")
    if not newest:
        return now
    micros = con.execute(f"SELECT epoch_us(max(t)) FROM ({' UNION ALL '.join(newest)})").fetchone()[0]
    return now if micros is None else EPOCH + datetime.timedelta(microseconds=micros)


def _instant(text):
    """An aware datetime of an ISO text or datetime."""
    if isinstance(text, str):
        try:
            text = datetime.datetime.fromisoformat(text)
        except ValueError:
            raise BadParameter(f"as_of: {text!r} is not an instant; write one such as 2024-04-29T08:00:00Z") from None
    return text.replace(tzinfo=datetime.UTC) if text.tzinfo is None else text.astimezone(datetime.UTC)


def _columns(con, table):
    return [row[0] for row in con.execute(f"DESCRIBE main.{table}").fetchall()]


def _link(con, source, tables, notes, settings):
    """What one table knows and another lacks: derived conversations, topics, channels."""
    if "messages" in tables and "conversations" not in tables:
        _derive_conversations(con, source, notes)
        tables.append("conversations")
    if settings.topics and {"conversations", "messages"} <= set(tables):
        _find_topics(con, settings)
    if "conversations" not in tables:
        return
    for child, wanted in (
        ("messages", ("channel", "topic")),
        ("surveys", ("channel", "topic", "agent", "team", "subtopic")),
        ("calls", ("topic", "subtopic")),
    ):
        if child not in tables or "conversation_id" not in _columns(con, child):
            continue
        have, parent = _columns(con, child), _columns(con, "conversations")
        filled = [column for column in wanted if column in parent]
        if not filled:
            continue
        parts = [f"child.{quality.quote(column)}" for column in have if column not in filled]
        for column in filled:
            own = f"child.{column}, " if column in have else ""
            parts.append(f"coalesce({own}parent.{column}) AS {column}")
        con.execute(
            f"CREATE OR REPLACE TABLE main.{child} AS SELECT {', '.join(parts)} FROM main.{child} AS child "
            "LEFT JOIN main.conversations AS parent USING (conversation_id)"
        )


def _derive_conversations(con, source, notes):
    """One row per conversation in which a customer wrote, from its messages."""
    have = _columns(con, "messages")
    public = "AND coalesce(is_public, true)" if "is_public" in have else ""

    def first(column, where):
        # the id decides between messages of one instant, so that every run says the same
        return f"arg_min({column}, (sent_at, message_id)) FILTER ({where} AND {column} IS NOT NULL)"

    by_customer = "sender = 'customer'"
    reply = f"sender = 'agent' AND sent_at >= begun_at {public}"
    parts = [
        "conversation_id",
        "any_value(begun_at) AS created_at",
        f"min(sent_at) FILTER ({reply}) AS first_response_at",
    ]
    channel = first("channel", "true") if "channel" in have else "NULL"
    fallback = quality.literal(source.spec.channel or engine.NONE)
    parts.append(f"coalesce({channel}, {fallback}) AS channel")
    for column, where in (
        ("customer_id", by_customer),
        ("agent", reply),
        ("topic", "true"),
        ("project", "true"),
        ("team", "true"),
    ):
        if column in have:
            parts.append(f"{first(column, where)} AS {column}")
    parts.append("min(sent_at) FILTER (sender = 'bot') AS bot_started_at")
    con.execute(
        "CREATE TABLE main.conversations AS WITH begun AS (SELECT conversation_id, min(sent_at) AS begun_at "
        f"FROM main.messages WHERE {by_customer} GROUP BY conversation_id) SELECT {', '.join(parts)} "
        "FROM main.messages JOIN begun USING (conversation_id) GROUP BY conversation_id ORDER BY created_at, conversation_id"
    )
    silent = con.execute(
        "SELECT count(DISTINCT conversation_id) FROM main.messages WHERE conversation_id NOT IN "
        "(SELECT conversation_id FROM main.conversations)"
    ).fetchone()[0]
    notes.append(
        "Conversations were made from messages: each begins with its first customer message; when it was closed isn't known."
    )
    if silent:
        notes.append(
            f"{silent:,} thread(s) hold no customer message: their messages are kept, but they aren't conversations."
        )


def _find_topics(con, settings):
    """Give conversations without a topic the one whose keywords their customers use most."""
    if "topic" not in _columns(con, "conversations"):
        con.execute("ALTER TABLE main.conversations ADD COLUMN topic VARCHAR")
    if "text" not in _columns(con, "messages"):
        return
    patterns = []
    for name, topic in settings.topics.items():
        words = "|".join(_escape(word.lower()) for word in topic.keywords)
        pattern = rf"(^|[^\pL])({words})"  # at the beginning of a word; endings may follow
        patterns.append(f"({quality.literal(name)}, {quality.literal(pattern)})")
    # Only the texts that are needed: the patterns are many and slow.
    con.execute(
        "CREATE OR REPLACE TEMP TABLE untold AS SELECT conversation_id, lower(text) AS words FROM main.messages "
        "WHERE sender = 'customer' AND text IS NOT NULL AND conversation_id IN "
        "(SELECT conversation_id FROM main.conversations WHERE topic IS NULL)"
    )
    con.execute(
        "UPDATE main.conversations SET topic = found.topic FROM ("
        "SELECT conversation_id, arg_max(topic, uses) AS topic FROM ("
        # the topic that is named most; of equals, the one that service.toml names first
        "SELECT conversation_id, topic, sum(len(regexp_extract_all(words, pattern)))::BIGINT * 1000 - min(place) AS uses "
        "FROM untold CROSS JOIN (SELECT topic, pattern, row_number() OVER () AS place FROM "
        f"(VALUES {', '.join(patterns)}) AS given(topic, pattern)) "
        "WHERE regexp_matches(words, pattern) GROUP BY ALL) GROUP BY conversation_id) AS found "
        "WHERE conversations.conversation_id = found.conversation_id AND conversations.topic IS NULL"
    )
    con.execute("DROP TABLE untold")


def _escape(word):
    import re

    return re.sub(r"([.^$*+?()\[\]{}|\\])", r"\\\1", word)


def _counts(con, tables):
    """One row per table: rows in, used, rejected, repaired."""
    parts = []
    for name in tables:
        parts.append(
            f"SELECT '{name}' AS \"table\", (SELECT sum(rows_in) FROM rows_in WHERE \"table\" = '{name}')::BIGINT AS rows_in, "
            f"(SELECT count(*) FROM main.{name}) AS rows_used, "
            f"(SELECT count(*) FROM ledger WHERE \"table\" = '{name}' AND action = 'rejected') AS rejected, "
            f"(SELECT count(*) FROM ledger WHERE \"table\" = '{name}' AND action = 'repaired') AS repaired"
        )
    frame = con.execute(" UNION ALL ".join(parts)).df()
    frame["derived"] = frame["rows_in"].isna()
    frame["rows_in"] = frame["rows_in"].fillna(frame["rows_used"]).astype("int64")
    return frame


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
    """

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
        frame["in_period"] = [int(self._during(name).count().execute()) for name in frame["table"]]
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
            target = quality.literal(folder / f"{name}.parquet")
            table = "scored_messages" if scored and name == "messages" else name
            self._con.execute(f"COPY {quality.quote(table)} TO {target} (FORMAT parquet)")
        (folder / PREPARED).write_text(
            json.dumps(
                {
                    "source": self.source,
                    "as_of": self.as_of.isoformat(),
                    "service": self.service.model_dump(mode="json"),
                    "tables": self._names,
                    "files": self.files,
                    "notes": self.notes,
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


def _open_prepared(folder):
    import pandas as pd

    try:
        known = json.loads((folder / PREPARED).read_text(encoding="utf-8"))
    except ValueError as error:
        raise BadData(f"{folder / PREPARED}: isn't what Data.save wrote: {error}") from None
    con, scratch = _connect()
    for name in [*known["tables"], "ledger"]:
        file = quality.literal(glob.escape(str(folder / f"{name}.parquet")))
        con.execute(f"CREATE VIEW {quality.quote(name)} AS SELECT * FROM read_parquet({file})")
    if known["scored"]:
        con.execute("CREATE VIEW scored_messages AS SELECT * FROM messages")
    return Data(
        con,
        Service.model_validate(known["service"]),
        datetime.datetime.fromisoformat(known["as_of"]),
        known["tables"],
        known["source"],
        known["files"],
        pd.DataFrame(known["counts"]),
        known["notes"],
        scratch=scratch,
    )


def score_messages(con, batch=50_000):
    """Make the table scored_messages: `messages` with sentiment, language and engine of the customers' ones."""
    import pandas as pd

    from toolkit import sentiment

    have = _columns(con, "messages")
    con.execute("CREATE OR REPLACE TEMP TABLE scores(message_id VARCHAR, label VARCHAR, lang VARCHAR, by_ VARCHAR)")
    if "text" in have:
        unscored = "AND sentiment IS NULL" if "sentiment" in have else ""
        language = "language" if "language" in have else "NULL"
        reader = con.cursor()
        reader.execute(
            f"SELECT message_id, text, {language} FROM main.messages "
            f"WHERE sender = 'customer' AND text IS NOT NULL {unscored}"
        )
        while rows := reader.fetchmany(batch):
            ids, texts, languages = (list(column) for column in zip(*rows, strict=True))
            scored = sentiment.score_texts(texts, languages)
            columns = {"label": "label", "lang": "language", "by_": "engine"}
            frame = pd.DataFrame({"message_id": ids} | {to: scored[name].to_numpy() for to, name in columns.items()})
            con.register("batch", frame.astype("object"))
            con.execute(
                "INSERT INTO scores SELECT message_id::VARCHAR, label::VARCHAR, lang::VARCHAR, by_::VARCHAR FROM batch"
            )
            con.unregister("batch")
    made = {
        name: f"messages.{name}" if name in have else "NULL::VARCHAR"
        for name in ("language", "sentiment", "sentiment_engine")
    }
    rest = ", ".join(f"messages.{quality.quote(name)}" for name in have if name not in made)
    con.execute(
        f"CREATE OR REPLACE TABLE main.scored_messages AS SELECT {rest}, coalesce({made['language']}, scores.lang) AS language, "
        f"coalesce({made['sentiment']}, scores.label) AS sentiment, CASE WHEN {made['sentiment']} IS NOT NULL "
        f"THEN coalesce({made['sentiment_engine']}, 'data') ELSE scores.by_ END AS sentiment_engine "
        "FROM main.messages LEFT JOIN scores USING (message_id)"
    )
    con.execute("DROP TABLE scores")
