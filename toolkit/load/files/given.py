"""A file to read and the raw table that it goes into."""

from dataclasses import dataclass
from pathlib import Path

from toolkit.errors import BadData
from toolkit.load.sql import quote

MOST_BROKEN = 200_000  # lines of a file that can't be read, each of which the ledger would hold
OURS = ("_file", "_row")  # the columns of each raw table that say where a row came from


@dataclass(frozen=True)
class Given:
    """A file: where its bytes lie, and what it is called in errors, notes and the ledger.

    The two differ where it was taken out of an archive: `exports.zip/tickets.csv`.
    """

    path: Path
    shown: str

    @property
    def name(self):
        """Its name without the folders: what notes call it."""
        return self.shown.rsplit("/", 1)[-1]


@dataclass(frozen=True)
class Target:
    """A raw table: which file of which source fills it, and whom to tell.

    Attributes
    ----------
    con : DuckDBPyConnection
    name : str
        Of the table in the schema `raw`.
    spec : FileSpec
    table : str
        Of the contract, to which lines that can't be read are counted.
    scratch : Path
        For copies of files.
    note : callable((key, values))
    as_given : bool
        Whether columns keep their types where the file has any: a select takes them all as they are.
    """

    con: object
    name: str
    spec: object
    table: str
    scratch: Path
    note: object
    as_given: bool = False

    @property
    def place(self):
        """The table's name in SQL."""
        return f"raw.{quote(self.name)}"

    def reject(self, given, lines):
        """What can't be read as a row into the ledger: (line, text, reason) each."""
        if len(lines) > MOST_BROKEN:
            line, _, reason = lines[0]
            raise BadData(
                f"{given.shown}: holds more than {MOST_BROKEN:,} lines that can't be read, such as line {line} ({reason}); its "
                "delimiter, quotes or columns aren't those of its first line"
            )
        if lines:
            import pyarrow

            numbers, texts, reasons = zip(*lines, strict=True)
            columns = {"line": numbers, "value": [text[:500] for text in texts], "reason": reasons}
            self.con.register("unread", pyarrow.table({name: list(held) for name, held in columns.items()}))
            self.con.execute(
                "INSERT INTO bad_lines SELECT ?, 'unreadable line', 'rejected', ?, line, value, reason FROM unread",
                [self.table, given.shown],
            )
            self.con.unregister("unread")

    def append(self, select, columns):
        """The rows of a select into the table, by the names of their columns; new columns are added.

        Parameters
        ----------
        select : str
            Its columns, `_file` and `_row`.
        columns : list of str
        """
        is_there = self.con.execute(
            "SELECT count(*) FROM duckdb_tables() WHERE schema_name = 'raw' AND table_name = ?", [self.name]
        ).fetchone()[0]
        if not is_there:
            self.con.execute(f"CREATE TABLE {self.place} AS {select}")
            return
        have = {row[0].lower() for row in self.con.execute(f"DESCRIBE {self.place}").fetchall()}
        for column in columns:
            if column.lower() not in have:
                self.con.execute(f"ALTER TABLE {self.place} ADD COLUMN {quote(column)} VARCHAR")
        self.con.execute(f"INSERT INTO {self.place} BY NAME {select}")

    def append_rows(self, given, columns, batches):
        """Rows that Python has read into the table, every cell a text.

        Parameters
        ----------
        given : Given
        columns : list of str
        batches : iterable of list of (number of the row, list of cells), a cell a str or None
        """
        import pyarrow

        schema = pyarrow.schema(
            [
                *[(column, pyarrow.string()) for column in columns],
                ("_file", pyarrow.string()),
                ("_row", pyarrow.int64()),
            ]
        )
        listed = ", ".join(quote(column) for column in [*columns, *OURS])
        for rows in _led_by_none(batches):
            cells = [list(column) for column in zip(*[row for _, row in rows], strict=True)] or [[] for _ in columns]
            arrays = [*cells, [given.shown] * len(rows), [number for number, _ in rows]]
            made = [pyarrow.array(values, field.type) for values, field in zip(arrays, schema, strict=True)]
            self.con.register("batch", pyarrow.Table.from_arrays(made, schema=schema))
            self.append(f"SELECT {listed} FROM batch", columns)
            self.con.unregister("batch")


def _led_by_none(batches):
    """The batches after an empty one, by which the table is made even where there is no row."""
    yield []
    yield from batches


def free(column):
    """The name that a user's column gets: another where it is called as one of ours, or as a metric's steps end theirs."""
    return f"{column}_given" if column.lower() in OURS or column.endswith("_") else column
