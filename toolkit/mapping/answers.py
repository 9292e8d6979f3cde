"""What only a person can know of an export: the answers file, its keys and what is allowed in it."""

import difflib
import zoneinfo
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from toolkit.errors import BadSettings, counted, explain_settings, suggestion
from toolkit.service import read_toml
from toolkit.tables import KINDS, TABLES
from toolkit.vocabulary import known_columns

UNITS = {"seconds": 1, "minutes": 60, "hours": 3600, "days": 86400}


class _Answers(BaseModel):
    model_config = ConfigDict(extra="forbid")


class FileAnswers(_Answers):
    """What is said of one file; what isn't is guessed."""

    table: str | None = None  # of the contract; "" leaves the file out
    # column of the contract -> header, or two: a day and its time, the parts of a key; "" for none
    columns: dict[str, str | Annotated[list[str], Field(min_length=1, max_length=2)]] = {}
    closed: list[str] | None = None  # the words of the status that count as closed
    deleted: list[str] | None = None  # ... whose rows are set aside as deleted, spam or tests
    merged: list[str] | None = None  # ... as merged into another
    closed_by_update: bool | None = None  # the last change of a closed one is its close
    channel: str | None = None  # of all rows, where no column says it
    kind: str | None = None  # what its scores are of
    our_domain: str | None = None  # of mail: whoever writes from it is an agent
    header_rows: Literal[1, 2] | None = None  # 2: each column's name is parted over two rows
    unit: Literal["seconds", "minutes", "hours", "days"] | None = None  # of durations whose headers name none

    @field_validator("table")
    @classmethod
    def _known_table(cls, value):
        if value and value not in TABLES:
            raise ValueError(f"{value!r} is no table{suggestion(value, TABLES)}; allowed: {', '.join(TABLES)}, or ''")
        return value

    @field_validator("kind")
    @classmethod
    def _known_kind(cls, value):
        if value is not None and value not in KINDS:
            raise ValueError(f"{value!r} is no kind of score; allowed: {', '.join(KINDS)}")
        return value


class Answers(_Answers):
    """answers.toml."""

    date_order: Literal["dmy", "mdy"] | None = None
    time_zone: str | None = None
    files: dict[str, FileAnswers] = {}  # by the name that source.toml gives the file

    @field_validator("time_zone")
    @classmethod
    def _known_zone(cls, value):
        zones = zoneinfo.available_timezones()
        if value and value not in zones:
            close = difflib.get_close_matches(value, zones, n=3, cutoff=0.5)
            raise ValueError(
                f"{value!r} is not a time zone; IANA names are allowed, such as {', '.join(close or ['Europe/Rome'])}"
            )
        return value

    def of(self, name):
        """The answers of one file; empty ones where there are none."""
        return self.files.get(name, FileAnswers())


def read_answers(path):
    """The answers in a TOML file.

    Raises
    ------
    BadSettings
        Names the file, each wrong key, its value and what is allowed.
    """
    return check_answers(read_toml(path), path)


def check_answers(values, named):
    """The Answers in a dict, which came from where `named` says.

    Examples
    --------
    >>> check_answers({"date_ordr": "dmy"}, "answers.toml")
    Traceback (most recent call last):
        ...
    toolkit.errors.BadSettings: answers.toml: 1 setting is wrong
      date_ordr = 'dmy': unknown key; did you mean 'date_order'? Allowed here: date_order, time_zone, files
    """
    try:
        return Answers.model_validate(values)
    except ValidationError as error:
        raise BadSettings(explain_settings(named, error, Answers)) from None


def check_against(answers, columns, named):
    """Refuse answers about files, columns or headers that aren't there.

    Parameters
    ----------
    answers : Answers
    columns : dict of name of a file -> its headers
    named : str or Path
        Where the answers came from.
    """
    wrong = []
    for name, said in answers.files.items():
        if name not in columns:
            wrong.append(
                f"files.{name}: there is no such file{suggestion(name, columns)}; there are: {', '.join(columns)}"
            )
            continue
        known = sorted(
            {column for table in ([said.table] if said.table else TABLES) for column in known_columns(table)}
        )
        known += sorted({column.name for table in TABLES.values() for column in table.columns} - set(known))
        for column, header in said.columns.items():
            if column not in known:
                wrong.append(f"files.{name}.columns.{column}: no table has such a column{suggestion(column, known)}")
            headers = [header] if isinstance(header, str) else header
            for header in headers:
                if not header or header in columns[name]:
                    continue
                wrong.append(
                    f"files.{name}.columns.{column} = {header[:60]!r}: the file has no such column"
                    f"{suggestion(header, columns[name])}; it has: {', '.join(columns[name][:40])}"
                )
    if wrong:
        raise BadSettings(
            f"{named}: {counted(len(wrong), 'answer')} {'is' if len(wrong) == 1 else 'are'} wrong\n  "
            + "\n  ".join(wrong)
        )


def write_answers(answers):
    """The answers as TOML, with what each means.

    >>> print(write_answers(Answers(date_order="dmy", files={"tickets": FileAnswers(closed=["Cerrado"])})))
    # What toolkit map was told, or assumed: repeat it with toolkit map ... --answers FILE
    date_order = "dmy"  # how 03/04/2024 is to be read
    <BLANKLINE>
    [files.tickets]
    closed = ["Cerrado"]  # status words that count as closed
    <BLANKLINE>
    """
    lines = ["# What toolkit map was told, or assumed: repeat it with toolkit map ... --answers FILE"]
    lines += _lines(answers, ("date_order", "time_zone"))
    for name, said in answers.files.items():
        lines += ["", f"[files.{name}]", *_lines(said, [key for key in FileAnswers.model_fields if key != "columns"])]
        if said.columns:
            lines += [
                f"[files.{name}.columns]",
                *(f"{toml(key)} = {toml(value)}" for key, value in said.columns.items()),
            ]
    return "\n".join(lines) + "\n"


_MEANS = {
    "date_order": "how 03/04/2024 is to be read",
    "time_zone": "of times without an offset",
    "table": "of the contract",
    "closed": "status words that count as closed",
    "deleted": "status words whose rows are set aside: deleted, spam, tests",
    "merged": "status words whose rows are set aside: merged into another",
    "closed_by_update": "the last change of a closed one is taken as its close",
    "channel": "of all rows: no column says it",
    "kind": "what its scores are of",
    "our_domain": "who writes from an address of it is an agent",
    "header_rows": "rows in which the names of its columns stand",
    "unit": "of durations whose headers name none",
}


def _lines(said, keys):
    found = [(key, getattr(said, key)) for key in keys]
    return [f"{key} = {toml(value)}  # {_MEANS[key]}" for key, value in found if value is not None]


def toml(value):
    """A text, a flag or a list of texts as TOML writes it, whatever it holds.

    >>> toml('a "b"'), toml(["x", "y"]), toml(True)
    ('"a \\\\"b\\\\""', '["x", "y"]', 'true')
    """
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int):
        return str(value)
    if isinstance(value, (list, tuple)):
        return f"[{', '.join(map(toml, value))}]"
    escapes = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t"}
    text = "".join(escapes.get(one, one) for one in str(value))
    return (
        '"'
        + "".join(
            one if one.isprintable() else f"\\u{ord(one):04x}" if ord(one) < 65536 else f"\\U{ord(one):08x}"
            for one in text
        )
        + '"'
    )
