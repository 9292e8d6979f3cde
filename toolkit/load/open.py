"""open_data: raw files or prepared ones in, checked tables on the engine out."""

import datetime
import shlex
from pathlib import Path

from toolkit.backend import connect
from toolkit.errors import BadData, BadParameter
from toolkit.links import refuse_way_out
from toolkit.load import cast, quality
from toolkit.load.complete import complete, said, unused_optimizers
from toolkit.load.data import Data
from toolkit.load.detect import BY_NAME, recognise
from toolkit.load.files.headers import spelt
from toolkit.load.files.places import as_url, is_url, refuse_connection, refuse_device, refuse_url, shown_path
from toolkit.load.labels import use_labels_of
from toolkit.load.link import link
from toolkit.load.outside import find_outside
from toolkit.load.prepared import PREPARED
from toolkit.load.raw import read_raw, refuse, words_for_missing
from toolkit.load.reading import resolve_as_of
from toolkit.load.reopen import open_prepared
from toolkit.load.sandbox import bounded, lock
from toolkit.load.sql import EPOCH, ID, quote
from toolkit.load.where import read_where
from toolkit.scratch import Scratch
from toolkit.secrets import read_place
from toolkit.service import load_service
from toolkit.sources import OURS, find_source
from toolkit.tables import HISTORY_WEEK, READ_AT, TABLES


def open_data(path, source=None, service=None, period=None, as_of=None, progress=None, where=None):
    """Read an export, check every row, and hand back its tables.

    Parameters
    ----------
    path : str or Path
        `env:NAME` and `@FILE` as `toolkit.secrets.read_place` reads them; else a folder, a file or a database (DuckDB, SQLite, or the URL of a Postgres one); a relative path that isn't found
        from the working folder is looked for in the folders above it, so that notebooks run from anywhere in a project.
    source : str, optional
        Name of a source (`toolkit sources` lists them) or path of a folder of your own; by default the one that the
        export is recognised as, by its columns, keys and names: `data.recognised` says as what, and why.
    service : str or Path, optional
        Settings; by default service.toml beside the data, else working defaults.
    period : str, optional
        Such as "last-week", "2024-03", "-28d" or "all" (the default): the tables hold what came in then.
    as_of : str or datetime, optional
        When the data was read: an instant, "now", or "file" for the time at which the newest file was changed.
        Default: as_of of the settings, else the newest event.
    progress : callable(text), optional
        Told what is being done.
    where : dict, or list of str, optional
        Only these rows, such as ["channel=whatsapp"], see `toolkit.load.where.read_where`.

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
    path = read_place(path)
    if is_url(path):
        refuse_url(path)
        path = as_url(path)
    else:
        path = _find(Path(path))
    told = progress or (lambda text: None)
    if not is_url(path) and (path / PREPARED).is_file():
        if service or as_of:
            raise BadParameter(f"{path}: is prepared data; give service and as_of when it is prepared")
        data = open_prepared(path, *_connect())
    else:
        source, why = (source, "") if source else recognise(path)
        try:
            data = _open_raw(path, source, service or None, as_of or None, told)
        except BadData as error:
            if not why.startswith(BY_NAME):
                raise
            other = f"If it is another system's: toolkit map {shlex.quote(str(path))}"
            raise BadData(f"{error}\nThe export {why[0].lower()}{why[1:]}. {other}", ledger=error.ledger) from None
        data.recognised = why
    data.outside_file = None if is_url(path) else find_outside(path)
    use_labels_of(data)
    data = data.during(period) if period else data
    return data.where(**read_where(where)) if where else data


def _find(path):
    if path.exists():
        refuse_device(path)
        return path
    refuse_connection(path)
    if path.is_absolute():
        raise BadData(f"{path}: there is no such file or folder")
    for folder in Path.cwd().resolve().parents:
        if (folder / path).exists():
            return folder / path
    raise BadData(f"{path}: there is no such file or folder (looked in {Path.cwd()} and the folders above it)")


def _connect():
    scratch = Scratch("data")
    return connect(scratch.path / "spill"), scratch


def _open_raw(path, source, service, as_of, told):

    source = find_source(source)
    belongs = service or "a file given by --service"  # where a setting that is asked for is written
    if not service and not is_url(path):
        belongs = beside = (path if path.is_dir() else path.parent) / "service.toml"
        refuse_way_out(beside, beside.parent)
        service = beside if beside.exists() else None
    settings = load_service(service)
    if source.spec.time_zone and "time_zone" not in settings.model_fields_set:
        settings = settings.model_copy(update={"time_zone": source.spec.time_zone})
    by_file = as_of == "file"  # known once the files are
    given = resolve_as_of(as_of) if as_of and not by_file else settings.as_of
    con, scratch = _connect()
    # Of each column's list of words for nothing the engine would make a join: hundreds of columns take it minutes to plan.
    con.execute(f"SET disabled_optimizers = '{unused_optimizers()}'")
    notes = list(source.spec.notes)
    told(f"reading {shown_path(path)}")
    try:
        files, viewed = read_raw(con, source, path, scratch.path, notes.append)
        lock(con, viewed, scratch.path / "made")  # before any text of the source's is run
        there = complete(con, source, files, notes.append)
        con.execute(f"SET disabled_optimizers = '{unused_optimizers(there)}'")
        if by_file:
            given = resolve_as_of(as_of, [file for listed in files.values() for file in listed])
        zone_is_known = bool(source.spec.time_zone) or "time_zone" in settings.model_fields_set
        tables, unusable, read_at, naive = _check(
            con, source, settings, files, there, given, told, notes.append, belongs
        )
        notes += [
            ("notes.set_aside", {"table": name, "file": Path(file).name, "why": why})
            for name, (file, why) in unusable.items()
        ]
        if naive and not zone_is_known:
            notes.append(("notes.no_offset", {"columns": naive}))
        told("linking tables")
        settings = link(con, source, tables, notes, settings, unusable)
        counts = _counts(con, tables, unusable)
        con.execute("RESET disabled_optimizers")
    except BaseException:
        con.close()
        scratch.close()
        raise
    raw_names, files = files, [str(file) for listed in files.values() for file in listed]
    data = Data(con, settings, read_at, tables, source.name, files, counts, notes, scratch=scratch)
    data.zone_is_known, data.raw_names, data.source_folder = zone_is_known, tuple(raw_names), source.folder
    if as_of:
        data.as_of_reason = as_of if as_of in ("now", "file") else "given"
    elif given:
        data.as_of_reason = "service.toml"
    else:
        data.as_of_reason = "now" if data.first_event is None else "newest event"
    return data


def _check(con, source, settings, files, there, given, told, note, belongs):
    """Typed, checked tables in the schema main.

    Returns
    -------
    (names of the tables, {table that can't be used: (file, why)}, as_of, names of the columns of times without an offset)
    """
    spelling = cast.Spelling(
        source.spec.time_zone or settings.time_zone,
        settings.date_order or source.spec.date_order,
        settings.decimal,
        tuple(settings.missing),
        settings.csat_scale,
    )
    quality.create_ledger(con)
    if (source.folder / "unused.sql").is_file():
        unused = source.sql("unused")
        try:
            with bounded(con, source.folder / "unused.sql"):
                columns = [row[0] for row in con.execute(f"DESCRIBE {unused}").fetchall()]
                is_wrong = "coalesce(is_wrong, false)" if "is_wrong" in columns else "false"
                con.execute(
                    f"INSERT INTO bad_lines SELECT \"table\", CASE WHEN {is_wrong} THEN 'unusable line' "
                    "ELSE 'set aside on purpose' END, 'rejected', _file, _row, value, reason "
                    f"FROM ({unused}\n)"  # which may end in a comment
                )
        except BadData:
            raise
        except Exception as error:
            raise BadData(f"source {source.name!r}, unused.sql can't run on {_listed(files)}: {said(error)}") from None
    quality.number_files(con, _all(files))
    con.execute("CREATE SCHEMA typed")
    plans = _plan(con, source, files, there)
    typed, naive = {}, []
    for name, (select, types) in plans.items():
        told(f"checking {name}")
        try:
            with bounded(con, f"source {source.name!r}, {name}.sql on {_listed(files)}"):
                checks, local = cast.type_rows(con, TABLES[name], types, select, f"typed.{name}", spelling, note)
        except BadData:
            raise
        except Exception as error:
            raise BadData(f"source {source.name!r}, {name}.sql fails on {_listed(files)}: {said(error)}") from None
        typed[name] = (types, checks)
        naive += [f"{name}.{column}" for column in local]
    _find_left_out(con, source, files, typed)
    quality.ledger_bad_lines(con)
    con.execute('CREATE TABLE rows_in("table" VARCHAR, rows_in BIGINT)')
    for name, (types, checks) in typed.items():
        con.execute(
            f"INSERT INTO rows_in SELECT '{name}', (SELECT count(*) FROM typed.{name}) + "
            f"(SELECT count(*) FROM ledger WHERE \"table\" = '{name}' AND action = 'rejected')"
        )
        quality.reject(con, TABLES[name], checks, f"typed.{name}")
        quality.reject_duplicates(con, TABLES[name], f"typed.{name}", types)
    # only now: a row that was set aside may not say when the data was read
    as_of = given or _newest(con, typed)
    micros = (as_of - EPOCH) // datetime.timedelta(microseconds=1)
    instant = f"make_timestamptz({micros}::BIGINT)"
    clean, unusable = {}, {}
    for name, (types, _) in typed.items():
        table, place = TABLES[name], f"typed.{name}"
        if table.time and table.column(table.time).dtype == "time":
            time = quote(table.time)
            quality.reject(con, table, [quality.Check("after as_of", table.time, f"{time} > {instant}", time)], place)
        quality.reject_orphans(con, table, place, types, clean)
        quality.repair(con, table, types, place, micros)
        left = con.execute(f"SELECT count(*) FROM {place}").fetchone()[0]
        rows = con.execute('SELECT rows_in FROM rows_in WHERE "table" = ?', [name]).fetchone()[0]
        if rows and not left:
            unusable[name] = _why_unusable(con, name, rows)
            continue
        if not rows and not any(source.owner(raw) == name for raw in files if not source.spec.files[raw].lookup):
            continue  # its select ran for what it looks up in files of others: the export doesn't hold it
        columns = ", ".join(_kept(column) for column in types if column not in OURS)
        con.execute(f"CREATE TABLE main.{name} AS SELECT {columns} FROM {place} ORDER BY {ID}")
        clean[name] = f"main.{name}"
    if unusable and not any(con.execute(f"SELECT 1 FROM {place} LIMIT 1").fetchone() for place in clean.values()):
        lines = [f"{file}: {why}" for file, why in unusable.values()]
        if any("service.toml" in line for line in lines):
            lines.append(f"Write it into {belongs}")
        raise BadData(
            "\n".join(lines),
            ledger=con.execute("SELECT * FROM ledger").df(),
        )
    if not clean and not unusable:
        raise BadData(
            f"{_listed(files)}: only completes other files of source {source.name!r}, which reads {source.spec.reads}"
        )
    con.execute("DROP SCHEMA typed CASCADE")
    con.execute("DROP SCHEMA raw CASCADE")
    con.execute("DETACH DATABASE IF EXISTS given")  # others may write to it again
    return list(clean), unusable, as_of, naive


def _plan(con, source, files, there):
    """{table: (select, {column: DuckDB type})} of what the source can fill; all that is missing is told at once."""
    plans, missing = {}, []
    for name, table in TABLES.items():
        if name not in source.selects or not _is_there(source, name, files) or not source.can_tell(name, there):
            continue
        select = source.sql(name)
        try:
            with bounded(con, f"source {source.name!r}, {name}.sql"):
                described = con.execute(f"DESCRIBE {select}").fetchall()
        except BadData:
            raise
        except Exception as error:
            raise BadData(f"source {source.name!r}, {name}.sql can't run on {_listed(files)}: {said(error)}") from None
        types = {row[0]: row[1] for row in described}
        untold = [column for column in types if not source.can_tell(f"{name}.{column}", there)]
        if untold:  # null would say that it never happened
            select = f"SELECT * EXCLUDE ({', '.join(map(quote, untold))}) FROM ({select}\n)"
            types = {column: kind for column, kind in types.items() if column not in untold}
        # the contract's spelling wins: Created_At and created_at are one column
        wanted = {spelt(name_): name_ for name_ in table.names}
        renamed = {have: wanted.get(spelt(have), have) for have in types}
        if len(set(renamed.values())) < len(renamed):
            twice = [have for have in types if list(renamed.values()).count(renamed[have]) > 1]
            raise BadData(f"{_listed(files)}: columns {', '.join(twice)} of {name} stand for the same thing; keep one")
        if any(have != to for have, to in renamed.items()):
            listed = ", ".join(f"{quote(have)} AS {quote(to)}" for have, to in renamed.items())
            select = f"SELECT {listed} FROM ({select}\n)"
            types = {renamed[have]: sql_type for have, sql_type in types.items()}
        columns = [column for column in types if column not in OURS]
        absent = [column for column in table.required if column not in columns]
        if absent and not source.passes_all(name):
            raise BadData(
                f"{source.folder / f'{name}.sql'}: returns no column {', '.join(map(repr, absent))}, which {name} can't do "
                f"without; it returns: {', '.join(columns)}"
            )
        if absent:
            missing.append(words_for_missing(files[name] if name in files else _all(files), absent, columns, table))
        plans[name] = (select, types)
    refuse(missing)
    return plans


def _is_there(source, table, files):
    """Whether a raw file was found of which the rows of a table are made; of a select that reads none, always."""
    names = source.made_of(table) or [name for name in source.spec.files if source.reads_raw(table, name)]
    return not names or any(name in files for name in names)


def _listed(files):
    return ", ".join(map(str, _all(files)))


def _all(files):
    return [file for listed in files.values() for file in listed]


def _find_left_out(con, source, files, typed):
    """Raw rows that no select has returned, nor unused.sql, into bad_lines."""
    for name in files:
        readers = [table for table in typed if source.reads_raw(table, name)]
        owner = source.owner(name)
        if (
            owner not in typed
            or source.spec.files[name].aggregates
            or source.spec.files[name].lookup
            or any(source.passes_all(table) for table in readers)
            or any(not {"_file", "_row"} <= set(typed[table][0]) for table in readers)
        ):
            continue
        returned = " UNION ".join(f"SELECT _file, _row FROM typed.{table}" for table in readers)
        con.execute(f"CREATE OR REPLACE TEMP TABLE returned AS {returned}")
        has_rows, is_followed = con.execute(
            "SELECT count(*) > 0, count(*) FILTER (_file IN ?) > 0 FROM returned", [[str(file) for file in files[name]]]
        ).fetchone()
        if has_rows and not is_followed:
            continue
        columns = [row[0] for row in con.execute(f"DESCRIBE raw.{quote(name)}").fetchall()]
        shown = ", ".join(f"CAST({quote(column)} AS VARCHAR)" for column in columns if column not in ("_file", "_row"))
        con.execute(
            f"INSERT INTO bad_lines SELECT ?, 'left out by the source', 'rejected', _file, _row, "
            f"concat_ws(', ', {shown}), ? FROM raw.{quote(name)} AS given "
            "ANTI JOIN returned USING (_file, _row) ANTI JOIN bad_lines AS told "
            "ON told.action = 'rejected' AND told.file = given._file AND told.line = given._row",
            [owner, ", ".join(f"{table}.sql" for table in readers)],
        )


def _why_unusable(con, name, rows):
    """(file, why) of a table of which not one row can be used: a wrong column or format, not dirty rows."""
    rule, column, value, file, reason, n = con.execute(
        'SELECT rule, "column", any_value(value), any_value(file), reason, count(*) AS n FROM ledger '
        'WHERE "table" = ? AND action = \'rejected\' GROUP BY rule, "column", reason ORDER BY n DESC LIMIT 1',
        [name],
    ).fetchone()
    shown = f"such as {value!r}" if value is not None else "empty"
    place = f"{name}.{column}" if column else name
    many = f"none of its {rows:,} rows can be used. Most often ({n:,} {'row' if n == 1 else 'rows'}), "
    return file, (
        f"{many if rows > 1 else 'its only row cannot be used: '}{place}: {rule}, {shown} "
        f"({reason}). Check that the file holds {name} and that the column holds what the data dictionary says"
    )


def _kept(column):
    """The column in a select list; one of the user's that is called as what `read_each` adds gets another name."""
    if column.lower() in (READ_AT, HISTORY_WEEK):  # else it would be taken for the instant at which its row was read
        return f"{quote(column)} AS {quote(f'{column}_given')}"
    return quote(column)


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


def _counts(con, tables, unusable):
    """One row per table: rows in, used, rejected (`on_purpose`: how many of them with nothing wrong), repaired."""
    parts, meant = [], ", ".join(f"'{rule}'" for rule in quality.ON_PURPOSE)
    for name in [*tables, *unusable]:
        used = f"(SELECT count(*) FROM main.{name})" if name in tables else "0"
        parts.append(
            f"SELECT '{name}' AS \"table\", (SELECT sum(rows_in) FROM rows_in WHERE \"table\" = '{name}')::BIGINT AS rows_in, "
            f"{used} AS rows_used, "
            f"(SELECT count(*) FROM ledger WHERE \"table\" = '{name}' AND action = 'rejected') AS rejected, "
            f"(SELECT count(*) FROM ledger WHERE \"table\" = '{name}' AND rule IN ({meant})) AS on_purpose, "
            f"(SELECT count(*) FROM ledger WHERE \"table\" = '{name}' AND action = 'repaired') AS repaired"
        )
    frame = con.execute(" UNION ALL ".join(parts)).df()
    frame["derived"] = frame["rows_in"].isna()
    frame["rows_in"] = frame["rows_in"].fillna(frame["rows_used"]).astype("int64")
    return frame
