"""Which fields of a system's files fill which column: read from a source's selects, through their views and steps.

It is what docs/sources shows, and how `toolkit check` knows which file would bring a column that is missing.

>>> from toolkit.sources import find_source
>>> filled = columns_of(find_source("twitter"), "messages")
>>> [str(field) for field in filled["sent_at"]], [str(field) for field in filled["channel"]]
(['tweets.created_at'], ["'x'"])
"""

import re
from dataclasses import dataclass
from functools import cache

from toolkit.sources import OURS, find_source
from toolkit.tables import TABLES

ANY = "*"  # the path of a field that may be any of its file
FIRST_ONLY = ("ArgMin", "ArgMax", "Filter", "Window", "WithinGroup")  # what these return is of their first part


@dataclass(frozen=True)
class Field:
    """A field of a raw file; of a constant, which stands in the select itself, `file` is ""."""

    file: str
    path: str

    def __str__(self):
        return ".".join(filter(None, [self.file, self.path]))


def columns_of(source, table):
    """{column: fields} of a table that a source fills, in the select's order.

    A column that a select takes as a file has it (`SELECT *`) is told of the contract's columns. A column whose fields
    can't be told has none.

    Parameters
    ----------
    source : Source
    table : str

    Returns
    -------
    {} for a table that the source has no select for
    """
    return _columns_of(source.folder, table)


@cache
def _columns_of(folder, table):
    source = find_source(folder)
    if table not in source.selects:
        return {}
    if source.passes_all(table):
        (name,) = source.raw_names(table)
        return {column: (Field(name, column),) for column in TABLES[table].names}
    query = _parsed(source.sql(table))
    if query is None:
        return {}
    relation = _Query(query, _Reader(source), {})
    spelt = {column.lower(): column for column in TABLES[table].names}
    names = [name for name in dict.fromkeys(relation.names()) if name.lower() not in OURS]
    return {spelt.get(name.lower(), name): _told(relation.get(name)) for name in names}


def _told(fields):
    """Fields of files, where there are any; else constants."""
    return tuple(field for field in fields if field.file) or tuple(fields)


def fills(source, table, column):
    """The raw files of a source that tell a column of a table, those first that aren't only looked up; [] for none."""
    fields = columns_of(source, table).get(column, ())
    names = list(dict.fromkeys(field.file for field in fields if field.file))
    return sorted(names, key=lambda name: source.spec.files[name].lookup)


def can_fill(source, table, column):
    """Whether a source has a select that gives a column of a table more than null."""
    return bool(columns_of(source, table).get(column))


def _parsed(sql):
    import sqlglot

    try:
        return sqlglot.parse_one(sql, read="duckdb")
    except sqlglot.errors.SqlglotError:
        return None


class _Reader:
    """The raw files and views of a source, as relations."""

    def __init__(self, source):
        self.source, self.views = source, {}
        self.view_names = {name.lower(): name for name in source.spec.views}
        self.file_names = {name.lower(): name for name in source.spec.files}

    def raw(self, name):
        name = name.lower()
        if name in self.view_names:
            if name not in self.views:
                query = _parsed(self.source.view(self.view_names[name]))
                self.views[name] = _Nothing() if query is None else _Query(query, self, {})
            return self.views[name]
        return _File(self.file_names[name], self.source) if name in self.file_names else _Nothing()


class _Nothing:
    """A relation of which nothing is known."""

    def has(self, name):
        return None

    def get(self, name):
        return ()

    def names(self):
        return []


class _File(_Nothing):
    """A raw file: its columns are those that the source declares; without any, whatever is asked for."""

    def __init__(self, name, source):
        spec = source.spec.files[name]
        self.name, self.columns = name, {column.lower(): column for column in [*spec.columns_read, *spec.columns]}

    def has(self, name):
        return (name.lower() in self.columns or name.lower() in OURS) if self.columns else None

    def get(self, name):
        return () if name.lower() in OURS else (Field(self.name, self.columns.get(name.lower(), name)),)

    def names(self):
        return list(self.columns.values())


class _Turned(_Nothing):
    """The columns of a relation turned into rows: each may hold anything of it."""

    def __init__(self, relation):
        self.relation = relation

    def get(self, name):
        if fields := self.relation.has(name) and self.relation.get(name):
            return fields
        return (Field(self.relation.name, ANY),) if isinstance(self.relation, _File) else ()


class _Opened(_Nothing):
    """The rows that a list is opened into."""

    def __init__(self, fields):
        self.fields = tuple(
            Field(field.file, f"{field.path}[]" if field.path else ANY) if field.file else field for field in fields
        )

    def get(self, name):
        return self.fields


class _Query(_Nothing):
    """A select, or several put below each other; `steps` are the queries before it that it may name."""

    def __init__(self, query, reader, steps, outer=None):
        from sqlglot import exp

        self.exp, self.reader, self.outer, self.steps = exp, reader, outer, dict(steps)
        self.busy, self.found = set(), {}
        while isinstance(query, exp.Subquery):
            query = query.this
        if isinstance(query, exp.Pivot):
            query = exp.select("*").from_(query)
        for step in query.ctes:
            # a step that reads itself finds what it begins with
            self.steps[step.alias.lower()] = _Query(step.this, reader, self.steps)
        self.query, self.branches, self.sources = query, [], {}
        if isinstance(query, exp.SetOperation):
            self.branches = [_Query(one, reader, self.steps, outer) for one in (query.left, query.right)]
        elif isinstance(query, exp.Select):
            self._find_sources(query)

    def _find_sources(self, query):
        joined = [query.args.get("from_") or query.args.get("from"), *query.args.get("joins", [])]
        for one in [*filter(None, joined), *query.args.get("laterals", [])]:
            self._add(one if isinstance(one, self.exp.Lateral) else one.this)

    def _add(self, one):
        exp = self.exp
        alias = (one.alias_or_name or f"#{len(self.sources)}").lower()
        if isinstance(one, exp.Table) and isinstance(one.this, exp.Identifier):
            if one.db.lower() == "raw":
                self.sources[alias] = self.reader.raw(one.name)
            else:
                self.sources[alias] = self.steps.get(one.name.lower(), _Nothing())
        elif isinstance(one, exp.Pivot):
            inner = _Query(exp.select("*").from_(one.this), self.reader, self.steps)
            self.sources[alias] = _Turned(next(iter(inner.sources.values()), _Nothing()))
        elif isinstance(one, (exp.Subquery, exp.Select, exp.SetOperation)):
            self.sources[alias] = _Query(one, self.reader, self.steps)
        else:
            self.sources[alias] = _Opened(self._within(one))
        for join in one.args.get("joins") or []:
            self._add(join.this)

    # --- the columns that it returns -------------------------------------------------------------

    def _columns(self):
        """(name, expression) of each that it selects; a star has the name ""."""
        exp = self.exp
        for place, one in enumerate(self.query.expressions if isinstance(self.query, exp.Select) else ()):
            is_star = isinstance(one, exp.Star) or (isinstance(one, exp.Column) and isinstance(one.this, exp.Star))
            is_star = is_star or (not one.alias and one.find(exp.Columns) is not None)
            yield ("", one) if is_star else (one.alias_or_name or f"column{place}", one)

    def _of_star(self, one):
        """(relations that a star stands for, whether it takes a name); COLUMNS('...') is one for the names that fit."""
        exp = self.exp
        if not isinstance(one, exp.Star) and not (isinstance(one, exp.Column) and isinstance(one.this, exp.Star)):
            pattern = one.find(exp.Columns).this
            fits = re.compile(pattern.name if isinstance(pattern, exp.Literal) else ".*", re.I)
            return list(self.sources.values()), lambda name: bool(fits.search(name))
        star = one if isinstance(one, exp.Star) else one.this
        left = {name.name.lower() for name in star.args.get("except_") or star.args.get("except") or []}
        table = "" if star is one else one.table.lower()
        relations = [self.sources[table]] if table in self.sources else list(self.sources.values())
        return relations, lambda name: name.lower() not in left

    def names(self):
        if self.branches:
            return self.branches[0].names()
        made = []
        for name, one in self._columns():
            if name:
                made.append(name)
                continue
            relations, takes = self._of_star(one)
            made += [n for relation in relations for n in relation.names() if takes(n)]
        return made

    def has(self, name):
        if self.branches:
            return self.branches[0].has(name)
        told = False
        for own, one in self._columns():
            if own.lower() == name.lower():
                return True
            if not own:
                relations, takes = self._of_star(one)
                said = [relation.has(name) for relation in relations if takes(name)]
                if any(said):
                    return True
                told = None if None in said else told
        return told

    def get(self, name):
        name = name.lower()
        if name not in self.found:
            if name in self.busy:  # it reads itself
                return ()
            self.busy.add(name)
            self.found[name] = tuple(dict.fromkeys(self._get(name)))
            self.busy.discard(name)
        return self.found[name]

    def _get(self, name):
        if self.branches:
            return [field for branch in self._aligned(name) for field in branch()]
        for own, one in self._columns():
            if own.lower() == name:
                return self._of(one)
        stars = [self._of_star(one) for own, one in self._columns() if not own]
        return self._from([one for relations, takes in stars if takes(name) for one in relations], name)

    def _aligned(self, name):
        """What each branch gives in the place of a column of the first."""
        first, second = self.branches
        names = [one.lower() for one in first.names()]
        yield lambda: first.get(name)
        others = second.names()
        is_by_name = bool(self.query.args.get("by_name")) or name not in names or len(others) != len(names)
        yield lambda: second.get(name) if is_by_name else second.at(names.index(name))

    def at(self, place):
        """The fields of the column in a place."""
        if self.branches:
            return [*self.branches[0].at(place), *self.branches[1].at(place)]
        columns = list(self._columns())
        if place < len(columns) and all(name for name, _ in columns):
            return self._of(columns[place][1])
        names = self.names()
        return self.get(names[place]) if place < len(names) else ()

    def _from(self, relations, name):
        """The fields of a column that one of these relations has, or may have."""
        said = [(relation.has(name), relation) for relation in relations]
        likely = [one for is_there, one in said if is_there] or [one for is_there, one in said if is_there is None]
        for relation in likely:
            if fields := relation.get(name):
                return fields
        return ()

    # --- the fields that an expression is made of ---------------------------------------------------

    def _of(self, one):
        """The fields of what a column holds; of a constant the constant; where only conditions tell, theirs."""
        while isinstance(one, (self.exp.Alias, self.exp.Paren)):
            one = one.this
        values = self._within(one, is_value=True)
        if not values and isinstance(one, (self.exp.Literal, self.exp.Boolean)):
            return (Field("", one.sql(dialect="duckdb")),)
        return values or self._within(one)

    def _within(self, one, is_value=False):
        exp = self.exp
        if one is None or isinstance(one, (exp.Literal, exp.Null, exp.DataType)):
            return ()
        if isinstance(one, exp.Column):
            return self._column(one)
        if isinstance(one, (exp.JSONExtract, exp.JSONExtractScalar)):
            return self._stepped(self._within(one.this, is_value), self._path(one.expression))
        if isinstance(one, exp.Dot):
            return self._stepped(self._within(one.this, is_value), f".{one.expression.name}")
        if isinstance(one, (exp.Unnest, exp.Explode)):
            return _Opened(self._parts(one, is_value)).fields
        if isinstance(one, (exp.Subquery, exp.Select, exp.SetOperation)):
            inner = _Query(one, self.reader, self.steps, outer=self)
            return tuple(field for name in inner.names() for field in inner.get(name))
        if is_value and isinstance(one, exp.Case):
            results = [*(step.args.get("true") for step in one.args.get("ifs", [])), one.args.get("default")]
            return _joined(self._within(result, True) for result in results if result is not None)
        if is_value and isinstance(one, exp.If):
            return _joined(self._within(one.args.get(part), True) for part in ("true", "false"))
        if is_value and (isinstance(one, exp.Predicate) or type(one).__name__ in FIRST_ONLY):
            return () if isinstance(one, exp.Predicate) else self._within(one.this, True)
        return self._parts(one, is_value)

    def _parts(self, one, is_value):
        return _joined(self._within(part, is_value) for part in one.iter_expressions())

    def _column(self, one):
        table, name = one.table.lower(), one.name
        if table and table in self.sources:
            return self.sources[table].get(name)
        if table and self.outer is not None and table in self.outer.sources:
            return self.outer._column(one)
        if table:  # a part of a column that holds several
            return self._stepped(self._found(table), f".{name}")
        return self._found(name)

    def _found(self, name):
        if fields := self._from(self.sources.values(), name):
            return fields
        if isinstance(self.sources.get(name.lower()), _File):
            return (Field(self.sources[name.lower()].name, ""),)  # its whole row
        if any(own.lower() == name.lower() for own, _ in self._columns()):
            return self.get(name)  # named in the same select
        return self.outer._found(name) if self.outer is not None else ()

    def _path(self, expression):
        if isinstance(expression, self.exp.JSONPath):
            said = expression.sql(dialect="duckdb").strip("'")
        else:
            said = expression.name if isinstance(expression, self.exp.Literal) else ""
        if not said.startswith("$"):
            return f".{said}" if said and not said.isdigit() else "[]" if said else ""
        return said[1:].replace('"', "").replace("[*]", "[]")

    def _stepped(self, fields, path):
        return tuple(
            Field(field.file, f"{field.path}{path}".removeprefix(".")) if field.file and field.path != ANY else field
            for field in fields
        )


def _joined(parts):
    return tuple(dict.fromkeys(field for part in parts for field in part))
