"""The same for a frame in JupyterLab: which of its columns is which, to be looked at, changed and applied."""

import html
from pathlib import Path

from toolkit.backend import connect
from toolkit.errors import BadParameter, suggestion
from toolkit.mapping.answers import check_answers
from toolkit.mapping.guess import Guess
from toolkit.mapping.plan import MOST_CELLS, Part, Plan, check_against
from toolkit.mapping.profile import profile
from toolkit.mapping.run import ask_all, write_folder
from toolkit.mapping.sample import Sample
from toolkit.mapping.write import source_files
from toolkit.scratch import scratch_folder
from toolkit.tables import TABLES
from toolkit.vocabulary import known_columns

NAME = "frame"


def map_columns(frame, answers=None, zone=None, table=None):
    """Which column of a frame is which of the contract.

    Parameters
    ----------
    frame : pandas.DataFrame
        A row is a ticket, a message, a call or a survey.
    answers : dict, optional
        What is known: date_order, and of the file table, columns, closed, deleted, merged, channel, kind, unit.
    zone : str, optional
        IANA zone of times without an offset; UTC when it isn't given.
    table : str, optional
        The table, where it is known.

    Returns
    -------
    Mapping
        Shows which column becomes which, and why; `mapping["created_at"] = "Fecha alta"` changes it,
        `mapping.apply(frame)` makes a frame that metrics take.

    Examples
    --------
    >>> import pandas as pd
    >>> frame = pd.DataFrame({"Nr": ["7", "8"], "Fecha alta": ["25/09/2026 10:00", "26/09/2026 11:30"], "Estado": ["abierto", "cerrado"]})
    >>> mapping = map_columns(frame, zone="Europe/Madrid")
    >>> mapping.table, mapping["created_at"]
    ('conversations', 'Fecha alta')
    >>> mapping.apply(frame)[["conversation_id", "status"]].values.tolist()
    [['7', 'abierto'], ['8', 'closed']]
    """
    said = dict(answers or {})
    values = {key: said.pop(key) for key in ("date_order", "time_zone") if key in said}
    if zone:
        values["time_zone"] = zone
    if table:
        said["table"] = table
    values["files"] = {NAME: said} if said else {}
    return Mapping(frame, values)


class Mapping:
    """Which column of a frame is which; see `map_columns`."""

    def __init__(self, frame, values):
        self._given = frame
        self._values = values
        self._columns = [str(name) for name in frame.columns]
        if len(set(self._columns)) < len(self._columns):
            twice = sorted({name for name in self._columns if self._columns.count(name) > 1})
            raise BadParameter(f"the frame has column {', '.join(twice)} twice; rename one")
        self._rows = _texts(frame.head(max(200, MOST_CELLS // max(1, len(self._columns)))))
        self._make()

    def _make(self):
        from toolkit.mapping.guess import guess_table

        answers = check_answers(self._values, "answers")
        check_against(answers, {NAME: self._columns}, "answers")
        said = answers.of(NAME)
        profiles = [profile(name, [row[index] for row in self._rows]) for index, name in enumerate(self._columns)]
        guess = guess_table(profiles, "", said.table, said.columns.items()) if said.table != "" else Guess(None)
        sample = Sample(Path("frame.parquet"), "parquet", "", self._columns, self._rows)
        self._plan = ask_all(Plan([Part(NAME, [sample.file], sample, guess, said)], answers))

    @property
    def _part(self):
        return self._plan.parts[0]

    @property
    def table(self):
        """The table that its rows are; None where its columns fit none."""
        return self._part.table

    @property
    def columns(self):
        """{column of the contract: column of the frame}; where two make one, a tuple."""
        return {
            column: pick.headers[0] if len(pick.headers) == 1 else tuple(pick.headers)
            for column, pick in self._part.guess.picks.items()
        }

    @property
    def missing(self):
        """The columns that the table can't do without and that nothing fills."""
        return list(self._part.guess.missing)

    @property
    def answers(self):
        """What was said or assumed, as a dict."""
        return self._plan.answers.model_dump(exclude_none=True)

    def __getitem__(self, column):
        return self.columns[column]

    def __setitem__(self, column, header):
        """Say which column of the frame fills one of the contract; None: none does."""
        known = known_columns(self.table or "conversations")
        if column not in known:
            raise BadParameter(f"{self.table or 'conversations'} has no column {column!r}{suggestion(column, known)}")
        if header is not None and str(header) not in self._columns:
            raise BadParameter(
                f"the frame has no column {header!r}{suggestion(header, self._columns)}; it has: {', '.join(self._columns)}"
            )
        said = self._values["files"].setdefault(NAME, {})
        said.update({"table": self.table} if self.table else {})
        columns = {key: one for key, one in said.get("columns", {}).items() if one != header}
        said["columns"] = columns | {column: "" if header is None else str(header)}
        self._make()

    def apply(self, frame=None):
        """A frame in the contract: typed, checked, without the rows that can't be used (`quality` tells them)."""
        return getattr(self.open(frame), self.table).execute()

    @property
    def frame(self):
        """The frame that was mapped, in the contract."""
        return self.apply()

    def open(self, frame=None):
        """The same as a data set, with its ledger: `mapping.open().ledger`; `toolkit.show` and reports take it."""
        from toolkit.load import open_data

        if not self.table or self.missing:
            lacks = " and ".join(self.missing) or "what tells its table"
            raise BadParameter(f'the frame lacks {lacks}; say which column it is: mapping["created_at"] = "COLUMN"')
        given = self._given if frame is None else frame
        lost = [
            header
            for pick in self._part.guess.picks.values()
            for header in pick.headers
            if header not in map(str, given.columns)
        ]
        if lost:
            raise BadParameter(f"the frame has no column {', '.join(map(repr, lost))}, which was mapped; map it anew")
        with scratch_folder("map") as folder:
            write_folder(folder / NAME, source_files(self._plan, NAME))
            _write_texts(given, folder / "frame.parquet")
            return open_data(folder / "frame.parquet", source=str(folder / NAME))

    def save(self, folder):
        """Write the source folder, for files of the same columns; returns its path."""
        write_folder(folder, source_files(self._plan, Path(folder).name))
        return Path(folder)

    def _lines(self):
        for column, pick in self._part.guess.picks.items():
            yield " + ".join(pick.headers), column, pick.confidence, pick.why
        for header in self._part.guess.kept:
            yield header, "(own name)", "", "kept as text"

    def __repr__(self):
        lines = [f"{self.table or 'no table'}: {len(self._given):,} rows"]
        lines += [
            f"  {header!r} -> {column}  ({', '.join(filter(None, (sure, why)))})"
            for header, column, sure, why in self._lines()
        ]
        lines += [f"  missing: {column}" for column in self.missing]
        return "\n".join(lines)

    def _repr_html_(self):
        rows = "".join(
            "<tr>" + "".join(f"<td>{html.escape(str(cell))}</td>" for cell in line) + "</tr>" for line in self._lines()
        )
        rows += "".join(
            f"<tr><td></td><td>{html.escape(column)}</td><td></td><td>missing</td></tr>" for column in self.missing
        )
        named = f"{self.table}, a row is one {TABLES[self.table].row}" if self.table else "fits no table"
        return (
            f"<table><caption>{html.escape(named)}</caption><thead><tr><th>column</th><th>becomes</th><th></th><th>why</th></tr></thead>"
            f"<tbody>{rows}</tbody></table>"
        )


def _texts(frame):
    """The cells of a frame as text, None where there is nothing."""
    return [
        [None if one is None else one for one in row]
        for row in zip(*(_text_of(frame.iloc[:, index]) for index in range(frame.shape[1])), strict=True)
    ]


def _text_of(series):
    """The cells of a column as text: whole numbers without a point, times as ISO."""
    missing = series.isna()
    if series.dtype.kind == "f":
        texts = series.map(
            lambda one: str(int(one)) if one == one and abs(one) < 1e15 and one == int(one) else str(one),
            na_action="ignore",
        )
    else:
        texts = series.map(str, na_action="ignore")
    return [None if gone else text for gone, text in zip(missing, texts, strict=True)]


def _write_texts(frame, file):
    import pandas as pd

    from toolkit.load.sql import literal

    texts = pd.DataFrame(
        {
            str(name): pd.Series(_text_of(frame.iloc[:, index]), dtype="object")
            for index, name in enumerate(frame.columns)
        }
    )
    with connect() as con:
        con.register("given", texts)
        columns = ", ".join(
            f'CAST("{str(name).replace(chr(34), chr(34) * 2)}" AS VARCHAR) AS "{str(name).replace(chr(34), chr(34) * 2)}"'
            for name in texts
        )
        con.execute(f"COPY (SELECT {columns} FROM given) TO {literal(file)} (FORMAT parquet)")
