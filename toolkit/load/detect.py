"""Which system wrote an export: told by its columns, its JSON keys and its names, and said why."""

import shlex
from dataclasses import dataclass, field
from pathlib import Path

from toolkit.errors import BadData
from toolkit.load.files import peek
from toolkit.load.files.find import matches
from toolkit.load.files.fit import HEADLESS, fits, has_header, route_of, share, specific
from toolkit.load.files.headers import spelt
from toolkit.load.files.places import shown_path
from toolkit.load.files.walk import alike, files_below, is_noise
from toolkit.sources import OWN, list_sources, project_sources
from toolkit.tables import TABLES
from toolkit.vocabulary import likely_column

ROWS = 50  # of each table, to recognise files without a header by what they hold
MOST_KINDS = 500  # of files that are named alike; the first and the last of each are looked at
HALF = 0.5  # of the columns that a source can't do without
BY_NAME = "Is taken for"
FEWEST = 3  # of them that must be there
LONGEST_NAME = 40
SHOWN = 12  # files, and columns of each, in a message
TEXTS = ("csv", "lines")


@dataclass
class Candidate:
    """A source that an export may be of: what fits which of its files, and how well."""

    source: object
    fits: dict = field(default_factory=dict)  # name of the source's file -> list of Peek

    @property
    def score(self):
        """(how many tables it explains that aren't only looked up, columns by which they are known, all that it explains)."""
        files = self.source.spec.files
        told = [(name, len(tables)) for name, tables in self.fits.items()]
        made = [(name, n) for name, n in told if not files[name].lookup]
        known = sum(n * specific(files[name]) for name, n in told)
        return sum(n for _, n in made), known, sum(n for _, n in told)

    @property
    def is_possible(self):
        """Whether there is something of which a table is made, and all that the source can't do without."""
        files = self.source.spec.files
        return any(not files[name].lookup for name in self.fits) and all(
            spec.optional or name in self.fits for name, spec in files.items()
        )

    @property
    def why(self):
        """What shows it, in a few words."""
        files = self.source.spec.files
        name = max(self.fits, key=lambda one: (not files[one].lookup, specific(files[one])))
        return f"{_place(self.fits[name][0])} {_seen(files[name], self.fits[name][0].format)}"


def recognise(path, with_project=True):
    """The source that an export is of: one of the toolkit's, or of the project's own, see `project_sources`.

    Parameters
    ----------
    path : path
        A folder, a file or a database.
    with_project : bool
        Look at the project's sources, too. Where one of them explains as much as one of the toolkit's, it is taken.

    Returns
    -------
    (name of the source, or the path of the project's, a sentence that says what shows it; none of the toolkit's own tables)

    Raises
    ------
    BadData
        It may be of several, or of none: says what is there and what to do.

    Examples
    --------
    >>> recognise("data/sample")[0]
    'tables'
    """
    unread, unsound = {}, []
    tables = list(_tables(path, unread))
    ours = project_sources(path, unsound) if with_project else []
    found = [one for source in [*ours, *list_sources()] if (one := _candidate(source, tables)).is_possible]
    found.sort(key=lambda one: (one.score, one.source in ours), reverse=True)
    if found and (
        len(found) == 1 or (found[0].score, found[0].source in ours) > (found[1].score, found[1].source in ours)
    ):
        return _told(found[0].source, f"Looks like {found[0].source.title}: {found[0].why}")
    if found:
        best = [one for one in found if one.score == found[0].score]
        said = " or ".join(f"{one.source.title} (--source {one.source.given}; {one.why})" for one in best)
        raise BadData(f"{shown_path(path)}: may be {said}; say which")
    routes = _routes(tables)
    named = [] if routes else _by_name(path, tables, unread)
    if len(named) == 1:
        return _told(named[0], f"{BY_NAME} {named[0].title}, by the names of its files")
    raise BadData(_nothing_known(path, tables, unread, [*routes, *(f"  {why}" for why in unsound)]))


def _told(source, why):
    return str(source.folder) if source.is_own else source.name, (
        "" if source.name == OWN and not source.is_own else f"{why} (--source {source.given})"
    )


def _tables(path, unread):
    """The first rows of what an export holds: of files that are named alike but for their numbers the first and the last.

    What can't be read goes into `unread`, with the reason.
    """
    if not Path(path).is_dir():
        yield from peek(path, rows=ROWS)
        return
    groups = {}
    for file in files_below(Path(path)):
        if is_noise(file.name):
            continue
        groups.setdefault(alike(file.relative_to(path).as_posix()), []).append(file)
    for files in list(groups.values())[:MOST_KINDS]:
        for file in dict.fromkeys([files[0], files[-1]]):
            try:
                yield from peek(file, rows=ROWS)
            except BadData as error:
                unread[file] = str(error)


def _candidate(source, tables):
    """What of an export fits which of a source's files; each table the one by most columns."""
    found = Candidate(source)
    for table in tables:
        fitting = [(name, spec) for name, spec in source.spec.files.items() if _is_one(table, spec)]
        if fitting:
            name = max(fitting, key=lambda one: specific(one[1]))[0]
            found.fits.setdefault(name, []).append(table)
    return found


def _is_one(table, spec):
    """Whether a table is one that a source reads as `spec`: of its format, from its place, and with its columns."""
    if spec.format and spec.format != table.format and spec.format not in HEADLESS:
        return False
    if table.format == "json" and table.part not in ([spec.records] if isinstance(spec.records, str) else spec.records):
        return False
    if has_header(spec):
        return fits(table, spec)
    return bool(spec.like) and table.format in TEXTS and any(fits(one, spec) for one in _as(spec, table))


def _as(spec, table):
    """The tables of a file, as a source that names their columns reads it."""
    try:
        return peek(table.file, rows=ROWS, spec=spec)
    except (BadData, OSError):  # of an archive, or not to be read so
        return []


def _place(table):
    name = Path(table.file).name
    return (
        f"{name}, {table.part}[]"
        if table.format == "json" and table.part
        else f"{name}, {table.part}"
        if table.part
        else name
    )


def _seen(spec, kind):
    if not has_header(spec):
        return "holds lines as it writes them"
    more = ", ..." if len(spec.requires) > 5 else ""
    return f"has {'the keys' if kind == 'json' else 'the columns'} {', '.join(spec.requires[:5])}{more}"


def _by_name(path, tables, unread):
    """The sources whose files are called as those of an export and have half of their columns, or can't be read.

    Reading says what is missing, or wrong. The toolkit's own tables only where no other source is.
    """
    path = Path(path)
    named = [(_below(table.file, path), table) for table in tables] + [(_below(file, path), None) for file in unread]
    found = []
    for source in list_sources():
        made = {raw: spec for raw, spec in source.spec.files.items() if not spec.lookup}
        if any(
            matches(name, spec.patterns)
            and (table is None or (_is_own(table, raw, spec) if source.name == OWN else _is_nearly(table, spec)))
            for name, table in named
            for raw, spec in made.items()
        ):
            found.append(source)
    return [source for source in found if source.name == OWN] if len(found) > 1 else found


def _is_nearly(table, spec):
    """Whether a table has most of the columns that a source can't do without: two that any system has say nothing."""
    return share(table, spec) >= HALF and round(share(table, spec) * len(spec.requires)) >= min(
        FEWEST, len(spec.requires)
    )


def _is_own(table, raw, spec):
    """Whether a table that is called as one of the toolkit's own may be it: other systems call theirs so, too.

    Each column that it can't do without is there, or one that is likely it; or half of all are named as the contract says.
    """
    if share(table, spec) < HALF:
        return False
    names = TABLES[raw].names
    named = [column for column in table.columns if column in names]
    if len(named) >= HALF * len(table.columns):
        return True
    have = set(map(spelt, table.columns))
    free = [column for column in table.columns if spelt(column) not in set(map(spelt, names))]
    return all(spelt(column) in have or likely_column(column, free) for column in spec.requires)


def _routes(tables):
    """Sentences on the tables that come by another way out of a system that is known."""
    told = [(table, route_of(table, source)) for source in list_sources() for table in tables]
    return [f"  {_place(table)} looks like {says}" for table, says in told if says]


def _short(name):
    """A column's name as a message shows it: of a file without a header it may be anything."""
    plain = "".join(letter if letter.isprintable() else " " for letter in name)
    return plain if len(plain) <= LONGEST_NAME else f"{plain[:LONGEST_NAME]}..."


def _below(file, path):
    """A file's name in the folder that was given."""
    return file.relative_to(path).as_posix() if path.is_dir() and file.is_relative_to(path) else file.name


def _nothing_known(path, tables, unread, routes=()):
    path = shown_path(path)
    tables = sorted(tables, key=lambda table: len(table.columns) < 2)  # a text without columns is hardly the export
    lines = [f"{path}: isn't an export that is known by its columns or names. It holds:"]
    for table in tables[:SHOWN]:
        more = f", ... ({len(table.columns)} columns)" if len(table.columns) > SHOWN else ""
        lines.append(f"  {_place(table)}: {', '.join(map(_short, table.columns[:SHOWN]))}{more}")
    if not tables:
        if not unread and Path(path).is_dir():
            return (
                f"{path}/ holds no export yet: put it there, as the system wrote it. "
                "toolkit sources lists the systems whose exports are known"
            )
        lines = [f"{path}: holds nothing that can be read as a table"]
    if len(tables) > SHOWN:
        lines.append(f"  and {len(tables) - SHOWN} more")
    lines += [f"  {why}" for why in list(unread.values())[:SHOWN]]
    lines += routes[:SHOWN]
    first = next((str(table.file) for table in tables), str(path))
    lines += [
        "What to do:",
        f"  toolkit map {shlex.quote(first)}   finds out which column is which, and writes a source for it",
        "  toolkit sources   lists the systems whose exports are known; --source NAME says which it is",
    ]
    return "\n".join(lines)
