"""Sources: a folder for each system, with one SQL select for each table that it can fill.

A source folder holds `source.toml` (what files it reads, and how) and `<table>.sql` files. DuckDB runs
each select over the raw files, which stand in the schema `raw` under the names that source.toml gives
them, every column as text. A select returns the columns of the contract (`toolkit/tables.py`);
text is parsed and checked by the loader, a TIMESTAMP without a zone is local time, and `_file` and
`_row`, passed through, let the ledger say where a row came from. What several selects share stands in
`<name>.view.sql`, and is read as `raw.<name>`. To add a system, write such a folder (`toolkit source new`
begins one) and pass its path as the source; docs/sources/your-own.md tells more.

An optional file that isn't there is an empty table with the columns that it `requires` and `may_lack`, so
that one select can read several forms of an export; it runs where a file is there that isn't only looked up.

What no absent file or column can tell isn't returned as null, which would say that it never happened: `needs` in
source.toml names the files or columns, one of which a table or one of its columns needs, and it is left out without.

A column `_version` of a select tells copies of one row apart: the newest is used, the others go to the ledger.

A raw row that no select returns, and `unused.sql` neither, goes to the ledger as "left out by the source". A file
is followed by its rows' `_file` and `_row`; it isn't followed where

- `aggregates = true` in source.toml says that many of its rows make one (events of a call): list what is part of
  nothing in `unused.sql`, which returns table, value, reason, `_file` and `_row`;
- a select that reads it doesn't pass `_file` and `_row` through;
- the selects that read it pass only those of other files: it is looked up, to complete their rows.
"""

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Annotated, Literal
from zoneinfo import available_timezones

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from toolkit.errors import BadParameter, BadSettings, explain_settings, suggestion
from toolkit.links import refuse_way_out
from toolkit.service import read_toml
from toolkit.tables import TABLES

HERE = Path(__file__).parent
OURS = ("_file", "_row", "_version")  # columns of a select that no table keeps
OWN = "tables"  # the source of the toolkit's own tables


class FileSpec(BaseModel):
    """How one kind of raw file is found and read."""

    model_config = ConfigDict(extra="forbid")
    # Names, in any case: without a folder of files in the folder that was given, "tickets/*.csv" of files anywhere
    # below a folder so called; a file of another name is taken when its columns fit.
    patterns: list[str]
    table: str | None = (
        None  # whose count of rows its lines belong to; default: the table of its name, or that reads it
    )
    aggregates: bool = False  # many of its rows make one: they can't be followed one by one
    optional: bool = False
    delimiter: str | None = None  # found from the header line when it isn't told
    quote: str = '"'
    header: bool = True
    columns: list[str] = []  # names, for files without a header
    # Lines with fewer fields than the header: not read, read and told in the ledger, or how the file is.
    short_lines: Literal["refused", "padded", "normal"] = "refused"
    requires: list[str] = []  # raw columns without which the selects can't run; a file is recognised by them
    may_lack: list[str] = []  # further columns that the selects read: null in a file that has them not
    like: dict[str, str] = {}  # column: pattern of its values, to recognise a file by, as one without a header
    like_share: Annotated[float, Field(gt=0, le=1)] = 0.8  # the share of the values looked at that must be like that
    lookup: bool = False  # only completes the rows of others: no table is made of it alone
    without: str = ""  # told where an optional file isn't there
    format: Literal["csv", "parquet", "sheet", "json", "mbox", "lines"] | None = None  # default: what the file is
    records: str | list[str] = ""  # JSON: the path of the list of records, "a.b"; the first that fits
    sheet: str | None = None  # of a workbook; default: the first with rows
    header_rows: Annotated[int, Field(ge=1, le=2)] = 1

    @field_validator("patterns")
    @classmethod
    def _stays_below(cls, patterns):
        for one in patterns:
            if not one.strip() or one.startswith("/") or ".." in one.split("/"):
                raise ValueError(f"{one!r} is no name of a file below the folder that is given")
        return patterns

    @field_validator("delimiter", "quote")
    @classmethod
    def _is_one_sign(cls, text, info):
        if text is not None and (len(text) > 1 or text in ("\n", "\r") or not text and info.field_name == "delimiter"):
            none = '; "" means that nothing is quoted' if info.field_name == "quote" else ""
            raise ValueError(f"has to be one sign{none}")
        return text

    @field_validator("table")
    @classmethod
    def _is_table(cls, table):
        if table is not None and table not in TABLES:
            raise ValueError(f"is no table{suggestion(table, TABLES)}; the tables are {', '.join(TABLES)}")
        return table

    @field_validator("like")
    @classmethod
    def _are_patterns(cls, like):
        for column, pattern in like.items():
            try:
                re.compile(pattern)
            except re.error as error:
                raise ValueError(f"{column}: {pattern!r} is no regular expression: {error}") from None
        return like

    @model_validator(mode="after")
    def _names_its_columns(self):
        if not self.header and not self.columns and self.format in (None, "csv"):
            raise ValueError("header = false needs columns = [...], the names of its columns")
        return self

    @property
    def columns_read(self):
        """The raw columns that the selects read."""
        return list(dict.fromkeys([*self.columns, *self.requires, *self.may_lack]))


class Route(BaseModel):
    """Another way in which people take data out of the system: known by its columns, and not read."""

    model_config = ConfigDict(extra="forbid")
    columns: Annotated[list[str], Field(min_length=1)]  # all of which a file of it has
    says: str  # what it is, and which export to take: "a Salesforce report; the weekly Data Export tells more"


class SourceSpec(BaseModel):
    """source.toml."""

    model_config = ConfigDict(extra="forbid")
    title: str
    reads: str
    time_zone: str | None = None  # of naive times; default: the service's
    date_order: Literal["dmy", "mdy"] | None = None  # of 03/04/2024, where the system writes one; service.toml wins
    channel: str | None = None  # of conversations made from messages that name none
    notes: list[str] = []  # printed with the quality of the data
    lacks: list[str] = []  # what the export can't tell
    export: list[str] = []  # how the export is made, step by step
    links: list[str] = []  # where the system's makers describe it
    blanks_are_null: bool = False  # an empty field of a file says nothing: the selects see null
    views: list[str] = []  # <name>.view.sql, read as raw.<name>; each may read those before it
    # "table" or "table.column" -> files, or "file.column", one of which must be there, or it is left out as not known
    needs: dict[str, list[str]] = {}
    elsewhere: list[Route] = []  # other exports of the system, told where someone gives one
    files: dict[str, FileSpec]

    @field_validator("time_zone")
    @classmethod
    def _is_zone(cls, zone):
        if zone is not None and zone not in available_timezones():
            raise ValueError(f"is no time zone{suggestion(zone, available_timezones())}; write one such as Europe/Rome")
        return zone


@dataclass(frozen=True)
class Source:
    """One source: its folder, its settings and the tables it fills."""

    name: str
    folder: Path
    spec: SourceSpec

    @property
    def is_own(self):
        """Whether it is a folder of the user's, as against one that comes with the toolkit."""
        return self.folder.parent != HERE

    @property
    def given(self):
        """What `--source` is given for it: its name, or its folder as seen from here."""
        if not self.is_own:
            return self.name
        here = Path.cwd().resolve()
        return str(self.folder.relative_to(here) if self.folder.is_relative_to(here) else self.folder)

    @property
    def title(self):
        """What the system is called."""
        return self.spec.title

    @property
    def reads(self):
        """Which files it reads, for people."""
        return self.spec.reads

    @property
    def selects(self):
        """The tables that it has a select for, in the contract's order."""
        return [name for name in TABLES if (self.folder / f"{name}.sql").exists()]

    @property
    def tables(self):
        """The tables that it fills: conversations are made from messages where it has no select for them."""
        derived = {"conversations"} if "messages" in self.selects else set()
        return [name for name in TABLES if name in derived | set(self.selects)]

    def sql(self, table):
        """The select that fills a table."""
        return _text(self.folder / f"{table}.sql")

    def view(self, name):
        """The select of a view."""
        return _text(self.folder / f"{name}.view.sql")

    def reads_raw(self, table, name):
        """Whether the select of a table reads the raw file of that name, by itself or through a view."""
        return name in self.raw_names(table)

    def raw_names(self, table):
        """The raw files that the select of a table reads, by itself or through views, and those views."""
        found, unread = set(), [self.sql(table)]
        while unread:
            named = raw_names(unread.pop()) - found
            found |= named
            unread += [self.view(view) for view in self.spec.views if view.lower() in named]
        return [name for name in [*self.spec.files, *self.spec.views] if name.lower() in found]

    def readers(self, view):
        """How often a view is read by the selects and by other views, `unused.sql` included."""
        texts = [self.view(name) for name in self.spec.views] + [self.sql(table) for table in self.selects]
        if (self.folder / "unused.sql").is_file():
            texts.append(self.sql("unused"))
        return sum(len(re.findall(rf"\braw\s*\.\s*\"?{re.escape(view)}\b", text, re.I)) for text in texts)

    def made_of(self, table):
        """The raw files of which the rows of a table are made: those that its select doesn't only look up, if there are any."""
        read = [name for name in self.spec.files if self.reads_raw(table, name)]
        return [name for name in read if not self.spec.files[name].lookup] or read

    def can_tell(self, what, there):
        """Whether the export tells a "table" or "table.column": one of what it needs is there, or it needs nothing.

        `there` holds the raw files that there are, and their columns as "file.column", in lower case.
        """
        wanted = self.spec.needs.get(what)
        return wanted is None or any(one.lower() in there for one in wanted)

    def passes_all(self, table):
        """Whether the select of a table returns a raw file as it is."""
        return bool(re.fullmatch(r"SELECT \* FROM raw\.\w+", self.sql(table)))

    def owner(self, name):
        """The table to which the lines of a raw file belong."""
        readers = [table for table in self.selects if self.reads_raw(table, name)]
        return self.spec.files[name].table or (name if name in self.selects else next(iter(readers), name))


def _text(path):
    return _read_text(path, path.stat().st_mtime_ns)  # it may be changed while a session runs


@cache
def _read_text(path, changed):
    return path.read_text(encoding="utf-8").strip().rstrip(";")


@cache
def raw_names(sql):
    """What an SQL text reads of the schema raw, in lower case."""
    said = re.sub(r"--[^\n]*", "", sql)
    return frozenset(
        (quoted or plain).lower() for quoted, plain in re.findall(r'\braw\s*\.\s*(?:"([^"]+)"|(\w+))', said, re.I)
    )


def list_sources():
    """The sources that come with the toolkit, by name.

    Examples
    --------
    >>> [source.name for source in list_sources()][:3]
    ['amazon_connect', 'anonymous_bank', 'asterisk']
    """
    return [find_source(folder.parent.name) for folder in sorted(HERE.glob("*/source.toml"))]


def project_sources(path, unsound=None):
    """The sources of the project that data is in, as `toolkit map` writes them: of `sources/` here, or beside the data.

    Parameters
    ----------
    path : path
        The data. `sources/` beside it counts where the working folder is in the same project, as its notebooks/ is:
        nobody else's folder of that name, wherever an export lies, is read.
    unsound : list of str, optional
        Takes what is wrong with those that can't be read; they are passed over.
    """
    here, data = Path.cwd().resolve(), Path(path).resolve()
    beside = [folder for folder in data.parents[:2] if folder in here.parents]
    found = []
    for folder in dict.fromkeys([here, *beside]):
        for spec in sorted((folder / "sources").glob("*/source.toml")):
            if spec.parent.parent.resolve() == HERE:
                continue
            try:
                found.append(_read(spec.parent.resolve()))
            except BadSettings as error:
                if unsound is not None:
                    unsound.append(str(error))
    return found


def find_source(name):
    """The source of that name, or in the folder of that path.

    Raises
    ------
    BadParameter
        Neither; lists the names there are.
    BadSettings
        Its source.toml is wrong.
    """
    for folder in (HERE / str(name), Path(name)):
        if (folder / "source.toml").is_file():
            return _read(folder.resolve())
    names = sorted(folder.parent.name for folder in HERE.glob("*/source.toml"))
    raise BadParameter(
        f"there is no source {str(name)!r}{suggestion(name, names)}; there are: {', '.join(names)}, "
        "or pass the path of a folder with a source.toml and one <table>.sql for each table"
    )


@cache
def _read(folder):
    path = folder / "source.toml"
    for file in [path, *folder.glob("*.sql")]:
        refuse_way_out(file, folder)
    values = read_toml(path)
    try:
        spec = SourceSpec.model_validate(values)
    except ValidationError as error:
        raise BadSettings(explain_settings(path, error, SourceSpec)) from None
    wrong = [one for listed in spec.needs.values() for one in listed if one.split(".")[0] not in spec.files]
    wrong += [what for what in spec.needs if what.split(".")[0] not in TABLES]
    if wrong:
        raise BadSettings(f"{path}: needs names {', '.join(sorted(wrong))}, which is none of its files, or no table")
    source = Source(folder.name, folder, spec)
    if not source.selects:
        raise BadSettings(f"{folder}: has no <table>.sql; the tables are {', '.join(TABLES)}")
    return source


def write_skeleton(name, out="."):
    """A folder with a commented source.toml and selects, to be changed into a source of one's own.

    Parameters
    ----------
    name : str
        Letters, digits, `_` and `-`: the folder's name, and what the source is called.
    out : path
        The folder in which it is made.

    Returns
    -------
    Path

    Raises
    ------
    BadParameter
        The name is none, is one that comes with the toolkit, or the folder is there already.
    """
    if not re.fullmatch(r"[A-Za-z][\w-]{0,63}", name, re.ASCII):
        raise BadParameter(f"{name!r} is no name for a source: letters, digits, _ and - are allowed, a letter first")
    if (HERE / name / "source.toml").is_file():
        raise BadParameter(
            f"{name!r} comes with the toolkit; choose another name, as --source {name} would find that one"
        )
    folder = Path(out) / name
    if folder.exists():
        raise BadParameter(f"{folder}: is there already")
    folder.mkdir(parents=True)
    for file in sorted((HERE / "skeleton").glob("*.txt")):
        text = file.read_text(encoding="utf-8").replace("{name}", name)
        (folder / file.stem).write_text(text, encoding="utf-8")
    return folder
