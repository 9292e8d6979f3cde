"""toolkit map: from files to a source folder that reads them, with the questions and the check between."""

import os
import re
import shutil
import tempfile
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path

from toolkit.errors import BadData, BadParameter
from toolkit.load.files.places import is_url, refuse_connection, shown_path
from toolkit.mapping.answers import read_answers
from toolkit.mapping.plan import answered, make_plan, plan_zone, questions, refuse_unusable
from toolkit.mapping.write import source_files
from toolkit.secrets import read_place
from toolkit.sources import OWN
from toolkit.tables import TABLES
from toolkit.vocabulary import fold


@dataclass
class Mapped:
    """What came of a map: the plan, the folder that was written, and the data as it reads."""

    plan: object
    folder: Path
    data_path: Path
    known: tuple | None = None  # (source, why) where the export is of a system that needs no map
    data: object = None  # None where not one row can be used
    refused: BadData | None = None


def map_files(paths, out=None, name=None, answers=None, ask=None, force=False, tell=None, bars=None):
    """Guess, ask, write a source folder, and read the files with it.

    Parameters
    ----------
    paths : list of path
        `env:NAME` and `@FILE` as `toolkit.secrets.read_place` reads them.
    out : Path, optional
        Folder in which the source's folder is written; default: ./sources.
    name : str, optional
        Of the source; default: of the first file.
    answers : path, optional
        TOML with what is known already.
    ask : callable(list of Question) -> {key: answer}, optional
        Asks a person; by default each question's default is taken.
    force : bool
        Whether a folder that is there is written over.
    tell : callable(Plan), optional
        Shown what was guessed, before it is asked about.
    bars : context manager of a callable(text), optional
        Told what is being read at the end.

    Returns
    -------
    Mapped

    Raises
    ------
    ToolkitError
        A file that fits no table, an answer that is wrong, a folder that is there already.
    """
    paths = [read_place(path) for path in paths]
    for path in paths:
        if is_url(path):
            raise BadData(f"{shown_path(path)}: is a URL; a map is made of files. Export the tables as CSV or Parquet")
        if not Path(path).exists():
            refuse_connection(path)
    paths = [Path(path) for path in paths]
    data_path = _place(paths)
    name = name or source_name(paths[0])
    if not re.fullmatch(r"[\w-]{1,60}", name):
        raise BadParameter(f"{name!r} can't name a source: letters, digits, - and _ only")
    folder = Path(out or "sources") / name
    if folder.exists() and not force:
        raise BadParameter(f"{folder}: is there already; give --force to write over it, or another --name")
    refuse_place(folder)
    given = read_answers(answers) if answers else None
    plan = make_plan(paths, given, answers or "answers", plan_zone(data_path), data_path)
    if tell:
        tell(plan)
    plan = ask_all(plan, ask)
    refuse_unusable(plan)
    write_folder(folder, source_files(plan, name))
    mapped = Mapped(plan, folder, data_path, known_system(data_path, plan))
    with (bars or nullcontext)() as progress:
        return read_back(mapped, progress)


def ask_all(plan, ask=None):
    """The Plan with every question answered: by a person, or by its default.

    A zone that nobody said is left open, so that the reports go on saying that it isn't known.
    """
    for _ in range(3):  # an answer may raise others: another table has other columns
        asked = questions(plan)
        said = ask(asked) if ask and asked else {one.key: one.default for one in asked if one.key != ("time_zone",)}
        if not said:
            break
        plan = answered(plan, said)
    return plan


def source_name(path):
    """What a source is called by default.

    >>> source_name("exports/Relatório Março 2026.csv")
    'relatorio_marco_2026'
    """
    return re.sub(r"[^a-z0-9]+", "_", fold(Path(path).name.split(".")[0])).strip("_")[:40] or "my_export"


def known_system(path, plan):
    """(source, what shows it) where the export is of a system that needs no map; None where it isn't known.

    A name alone is no reason: nor are the toolkit's own tables, where one lacks a column that it can't do without.
    """
    from toolkit.load.detect import recognise

    try:
        name, why = recognise(path, with_project=False)
    except BadData:
        return None
    if name != OWN:
        return (name, why) if why.startswith("Looks like") else None
    own = all(set(TABLES[part.table].required) <= {*map(str.lower, part.sample.columns)} for part in plan.used)
    return (name, why) if own else None


def _place(paths):
    """What --data is for these files: the file, or the folder that holds them all."""
    if len(paths) == 1:
        return paths[0]
    folders = {path.parent for path in paths}
    if len(folders) > 1:
        raise BadParameter(
            f"the files of one source stand in one folder; these stand in {', '.join(map(str, sorted(folders)))}"
        )
    return folders.pop()


def refuse_place(folder):
    """An error where a source's folder can't be made: before anything is read or asked.

    Raises
    ------
    BadParameter
    """
    above = next(one for one in folder.absolute().parents if one.exists())
    wrong = next((one for one in (folder, above) if one.exists() and not one.is_dir()), None)
    if wrong:
        raise BadParameter(f"{wrong}: is a file, where the source's folder would be; give another folder with --out")
    if not os.access(folder if folder.exists() else above, os.W_OK | os.X_OK):
        raise BadParameter(f"{folder}: can't be made: {above} can't be written to; give another folder with --out")


def write_folder(folder, files):
    """Write a source folder, whole or not at all."""
    folder = Path(folder)
    folder.parent.mkdir(parents=True, exist_ok=True)
    made = Path(tempfile.mkdtemp(prefix=".map-", dir=folder.parent))
    try:
        for name, text in files.items():
            (made / name).write_text(text, encoding="utf-8")
        if folder.exists():
            old = [one for one in folder.iterdir() if one.name in files or one.suffix == ".sql"]
            for one in old:
                one.unlink()
            for one in made.iterdir():
                one.replace(folder / one.name)
        else:
            made.replace(folder)
            folder.chmod(0o755)
    finally:
        shutil.rmtree(made, ignore_errors=True)


def read_back(mapped, progress=None):
    """Read the files with the folder that was written."""
    from toolkit.load import open_data

    try:
        mapped.data = open_data(mapped.data_path, source=str(mapped.folder), progress=progress)
    except BadData as error:
        mapped.refused = error
    return mapped


def measures(mapped):
    """What came out, per table: rows of (table, rows in, used, what is odd: [(what, rows)]).

    Counts of times and numbers that can't be read, of what closed before it began, of keys that come again.
    """
    if mapped.data is None:
        return []
    ledger, counts = mapped.data.ledger, mapped.data.counts
    found = []
    for row in counts.itertuples():
        if row.derived or row.table not in TABLES:
            continue
        own = ledger[ledger["table"] == row.table]
        grouped = own.groupby(["rule", "column"], dropna=False).size()
        odd = [(f"{rule}{f': {column}' if column else ''}", int(n)) for (rule, column), n in grouped.items()]
        found.append((row.table, int(row.rows_in), int(row.rows_used), sorted(odd, key=lambda one: -one[1])))
    return found


def parsed_shares(mapped):
    """(table, column, filled, share that was read) of each time and number that a column of a file fills."""
    unread = {}
    refused = getattr(mapped.refused, "ledger", None) if mapped.refused else None
    ledger = refused if mapped.data is None else mapped.data.ledger
    if ledger is not None:
        own = ledger[
            ledger["rule"].isin(["not a time", "not a number", "not a whole number", "not a date", "not true or false"])
        ]
        unread = own.groupby(["table", "column"]).size().to_dict()
    found = []
    for part in mapped.plan.used:
        for column in part.guess.picks:
            if column.startswith("+") or TABLES[part.table].column(column).dtype == "text":
                continue
            profile = part.profile_of(column)
            total = _filled(mapped, part, column)
            if total is None:
                total = profile.filled
            missed = unread.get((part.table, column), 0)
            found.append((part.table, column, total + missed, total / (total + missed) if total + missed else None))
    return found


def _filled(mapped, part, column):
    """The rows whose value was read."""
    if mapped.data is None or part.table not in mapped.data.tables:
        return 0
    table = getattr(mapped.data, part.table)
    return int(table[column].count().execute()) if column in table.columns else 0
