"""Which files of what a user gave are read as which: by their names, else by their columns."""

import fnmatch
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from toolkit.errors import BadData
from toolkit.load.files import packed
from toolkit.load.files.fit import fits, route_of, share, specific
from toolkit.load.files.given import Given
from toolkit.load.files.headers import spelt
from toolkit.load.files.kinds import OF_ENDING, ending, kind_of
from toolkit.load.files.peek import peek_given
from toolkit.load.files.walk import alike, files_below, folders_passed_over, is_noise
from toolkit.sources import FileSpec
from toolkit.vocabulary import likely_column

MOST_LOOKED_AT = 200  # files whose names say nothing; further ones are what those named alike are


@dataclass
class Entry:
    """A file that may be read: its name below the folder that was given, and where it is.

    Attributes
    ----------
    name : str
        With the folders below the one that was given, parted by slashes.
    given : Given
        Of a member of an archive it is unpacked when it is first asked for.
    """

    name: str
    path: Path
    member: str = ""
    scratch: Path = None
    _given: Given = field(default=None, repr=False)

    @property
    def shown(self):
        """What it is called in errors, notes and the ledger."""
        return f"{self.path}/{self.name.rsplit('/', 1)[-1]}" if self.member else str(self.path)

    @property
    def given(self):
        """The file itself."""
        if self._given is None:
            path = packed.unpack_member(self.path, self.member, self.scratch) if self.member else self.path
            self._given = Given(path, self.shown)
        return self._given


def entries(path, scratch):
    """The files of a folder and of those in it, those in archives among them; or the file itself."""
    if path.is_file():
        return _opened(path, "", scratch)
    files = [(file, file.parent.relative_to(path).as_posix()) for file in files_below(path) if not is_noise(file.name)]
    return [one for file, folder in files for one in _opened(file, "" if folder == "." else folder, scratch)]


def _opened(file, folder, scratch):
    """The file, or what is in it where it is an archive."""
    if not _is_zip(file):
        return [Entry(f"{folder}/{file.name}" if folder else file.name, file)]
    names = packed.members(file)
    found = []
    for member, name in zip(names, packed.inner_names(names), strict=True):
        if not is_noise(name.rsplit("/", 1)[-1]):
            name = f"{folder}/{name}" if folder else name
            found.append(Entry(name, file, member, scratch))
    return found


def _is_zip(file):
    with open(file, "rb") as raw:
        start = raw.read(2)
    return file.suffix.lower() == ".zip" or start == b"PK" and kind_of(file) == "zip"


def find_files(source, path, scratch, note):
    """{raw name: [Given]} of the files that a source reads.

    A file is read as what its name says; where several names would do, as that whose columns it has. One whose name
    says nothing is read where its columns are those that one file of the source, and only one, can't do without.

    Raises
    ------
    BadData
        There is nothing that the source reads; says what there is, and what it lacks.
    """
    there = entries(path, scratch)
    peeks = {}

    def tables(entry, spec):
        key = (entry.name, entry.path, entry.member, spec.format, tuple(spec.records), spec.sheet, spec.header_rows)
        if key not in peeks:
            peeks[key] = peek_given(entry.given, spec, scratch)
        return peeks[key]

    specs = source.spec.files
    found, told = {}, {}
    for entry in there:
        names = [name for name, spec in specs.items() if matches(entry.name, spec.patterns)]
        for name in names if len(names) < 2 else _best(entry, names, specs, tables):
            found.setdefault(name, []).append(entry)
    read = {id(entry) for listed in found.values() for entry in listed}
    left = [entry for entry in there if id(entry) not in read]
    if path.is_file() and not read and len(specs) == 1 and len(there) == 1:
        found, left = dict.fromkeys(specs, there), []
    known = {}  # how files are named -> what they were found to be
    for number, entry in enumerate(left):
        open_ones = {name: spec for name, spec in specs.items() if name not in found or name in told}
        seen = known.setdefault(alike(entry.name), set())
        if number < MOST_LOOKED_AT:
            name = _only_fit(entry, open_ones, tables)
            seen.add(name)
        else:
            name = next(iter(seen)) if len(seen) == 1 else None
        if name:
            found.setdefault(name, []).append(entry)
            told.setdefault(name, []).append(entry.name)
            read.add(id(entry))
    for name, files in told.items():
        note(("notes.taken_for", {"files": files, "name": name}))
    lacking = next((name for name, spec in specs.items() if not spec.optional and name not in found), None)
    if lacking is not None or not found:
        raise BadData(_nothing(source, path, there, lacking, tables))
    unread = unread_names(path, there, [entry for listed in found.values() for entry in listed])
    if unread:
        note(("notes.unread_files", {"names": unread}))
    return {name: [entry.given for entry in found[name]] for name in specs if name in found}


def matches(name, patterns):
    """Whether a file's name is one of a source's, capitals and an ending of gzip aside.

    A pattern with a folder is that of files anywhere below a folder of that name; one without is that of files in the
    folder that was given itself.

    >>> matches("Tickets_2024.JSON.gz", ["tickets*.json"]), matches("a/tickets.json", ["tickets*.json"])
    (True, False)
    >>> matches("export/contacts/2024/03/x.json", ["contacts/*"]), matches("contacts/2024/x.json", ["2024/*.csv"])
    (True, False)
    """
    *folders, file = name.lower().split("/")
    names = {file, file.removesuffix(".gz")}
    for pattern in patterns:
        folder, _, last = pattern.lower().rpartition("/")
        is_placed = any(fnmatch.fnmatchcase(one, folder) for one in folders) if folder else not folders
        if is_placed and any(fnmatch.fnmatchcase(one, last) for one in names):
            return True
    return False


def _fits(entry, spec, tables):
    """By how many columns a file is known as one that is read as `spec`; 0 where it isn't."""
    return specific(spec) if any(fits(table, spec) for table in tables(entry, spec)) else 0


def _best(entry, names, specs, tables):
    """Of the raw names that a file is called as, those whose columns it has; each only once from one place in it."""
    known = {name: _fits(entry, specs[name], tables) for name in names}
    best = {}
    for name in names:
        place = (str(specs[name].records), specs[name].sheet)
        if known[name] and known[name] > known.get(best.get(place), 0):
            best[place] = name
    if best or not all(specs[name].requires for name in names):
        return list(best.values()) or [name for name in names if not specs[name].requires]
    # it lacks columns of all: which ones is told of that which it comes nearest to
    near = {name: max((share(table, specs[name]) for table in tables(entry, specs[name])), default=0) for name in names}
    return [max(names, key=near.get)]


def _only_fit(entry, specs, tables):
    """The raw name whose columns a file has, if it is the only one; the one with more of them goes before another."""
    if OF_ENDING.get(ending(PurePosixPath(entry.name))) is None and "." in entry.name.rsplit("/", 1)[-1]:
        return None
    known = {name: _fits(entry, spec, tables) for name, spec in specs.items() if spec.requires or spec.like}
    most = max(known.values(), default=0)
    best = [name for name, n in known.items() if n and n == most]
    return best[0] if len(best) == 1 else None


def unread_names(path, there, read):
    """The names, in what was given, of what wasn't read."""
    if path.is_file():
        kept = {entry.name for entry in read}
        return [entry.name for entry in there if entry.name not in kept]
    kept = {entry.path for entry in read}
    partly = {folder for file in kept for folder in file.relative_to(path).parents}
    # A folder of which nothing was read by its own name, else its files.
    names = [folder.relative_to(path).as_posix() for folder in folders_passed_over(path)]
    for file in dict.fromkeys(entry.path for entry in there):
        if file not in kept:
            below = file.relative_to(path)
            names.append(next((one for one in reversed(below.parents) if one not in partly), below).as_posix())
    taken = {(entry.path, entry.member) for entry in read}
    return sorted(set(names)) + [
        f"{entry.path.name}/{entry.name}"
        for entry in there
        if entry.member and entry.path in kept and (entry.path, entry.member) not in taken
    ]


def _nothing(source, path, there, lacking, tables):
    """What to say where nothing, or not all that is needed, was found."""
    specs = source.spec.files
    plain = FileSpec(patterns=[])
    read = [
        (entry.name, table) for entry in there[:20] for table in (tables(entry, plain) if source.spec.elsewhere else [])
    ]
    routes = "".join(f". {name} looks like {says}" for name, table in read if (says := route_of(table, source)))
    if path.is_file() and len(there) == 1:
        said = f"{path}: source {source.name!r} reads {source.reads}; this file's name is none of them"
        close = _nearest(there[0], specs, tables)
        return f"{said}, nor does it fit by its columns. {close}" if close and not routes else said + routes
    if lacking is not None:
        patterns = " or ".join(specs[lacking].patterns)
        return f"{path}: has no file like {patterns}; source {source.name!r} reads {source.reads}{routes}"
    listed = (
        ", ".join(file.name for file in sorted(path.iterdir())[:20])
        if path.is_dir()
        else (", ".join(entry.name for entry in there[:20]))
    )
    said = (
        f"{path}: has nothing that source {source.name!r} reads ({source.reads}). "
        f"It holds: {listed or 'nothing'}. For an export of another system, name its source"
    )
    close = next((text for entry in there[:20] if (text := _nearest(entry, specs, tables))), "")
    return f"{said}. {close}" if close and not routes else said + routes


def _nearest(entry, specs, tables):
    """A sentence on what a file lacks of the table that it comes nearest to; "" where it is far from all."""
    best = None
    for name, spec in specs.items():
        for table in tables(entry, spec) if spec.requires else ():
            folded = set(map(spelt, table.columns))
            lacks = [column for column in spec.requires if spelt(column) not in folded]
            likely = [(column, likely_column(column, table.columns)) for column in lacks]
            score = sum(1.0 for column in spec.requires if column not in lacks) + sum(
                0.5 for _, match in likely if match
            )
            if lacks and (best is None or score / len(spec.requires) > best[0]):
                best = (score / len(spec.requires), name, likely, table.columns)
    if best is None or not best[0]:
        return ""
    _, name, likely, columns = best
    hints = ", ".join(repr(column) + (f" ({match!r} looks like it)" if match else "") for column, match in likely)
    shown = ", ".join(columns[:30]) + (", ..." if len(columns) > 30 else "")
    return f"{entry.name} comes nearest to {name}, of which it lacks {hints}; its columns are: {shown}"
