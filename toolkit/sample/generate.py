"""Writes the synthetic sample: sixteen weeks of a telephone company that does not exist, and a thin year before.

The generator is SQL (`sql/*.sql`, run in the order of their names) over `range(contacts)`: every row
is a function of its number and the seed, so that the small CSV sample and ten million conversations
as Parquet come from the same lines, as a stream, and the same on every machine.
"""

import datetime
import tomllib
from pathlib import Path

from toolkit.errors import BadParameter, CantWrite
from toolkit.sample.dirty import plant
from toolkit.tables import TABLES, data_dictionary

HERE = Path(__file__).parent
NOT_SAMPLED = ("status_changes", "agents")  # what they tell, the sample's conversations tell themselves
UTC = datetime.UTC
FIRST = datetime.datetime(2024, 1, 7, 23, tzinfo=UTC)  # Mon 2024-01-08T00:00 in Rome
BEGIN = datetime.datetime(2023, 3, 12, 23, tzinfo=UTC)  # Mon 2023-03-13T00:00: the thin year before
SUMMER_BEFORE = datetime.datetime(2023, 3, 26, 1, tzinfo=UTC)  # the clocks go forward
WINTER = datetime.datetime(2023, 10, 29, 1, tzinfo=UTC)  # and back
SUMMER = datetime.datetime(2024, 3, 31, 1, tzinfo=UTC)  # the clocks go forward
AS_OF = datetime.datetime(2024, 4, 28, 22, tzinfo=UTC)  # Mon 2024-04-29T00:00 in Rome
VARIANTS = 120  # of every phrase slot; a multiple of most list lengths, so that phrases come equally often

PREFACE = """\
# Sample data

Sixteen weeks (2024-01-08 to 2024-04-28, Europe/Rome) of the customer service of Alvora, a telephone and
online shop brand that does not exist, and before them a part of the year before (from 2023-03-13), to compare
with: a busy April, a quiet summer, few messages. Every row is synthetic: no person, order or message is real.
These files are written again, byte for byte, by

    python -c "from toolkit.sample import write_sample; write_sample('data/sample')"

Times are UTC. A case is opened when an agent takes a call, so that an abandoned call has no conversation.
What there is to find, in the whole time as in the last 28 days: calls abandoned at 13:00, when half of the
phone team is at lunch; callers lost in the menu's `identification`; a low CSAT for `billing`; a week of bad
mood, 15 to 21 April (2024-W16), when the network fails. Besides, of the sixteen weeks: bills are escalated and
internet faults transferred more than the rest; one customer in eight comes back within a week, also after a bot that
ended the conversation; Davide Conti is slow to answer, and Elena Stan has more than her share of the bills, and so of
the unhappy customers; NPS is lower after a contact than after a purchase.

A few rows are wrong on purpose, so that the checks have something to name; they are listed in
`toolkit/sample/dirty.toml` and by `toolkit.sample.planted()`.

"""


def write_sample(out, conversations=4800, seed=7, format="csv", progress=None, dirty=None, memory="4GB"):
    """Write the sample into the folder `out`: one file per table, service.toml and README.md.

    Parameters
    ----------
    out : path
        The folder; made if it is not there. Files of the same names are replaced.
    conversations : int
        About how many conversations (within 2 in 100, from 300 up).
    seed : int
        Another seed, another sample with the same story.
    format : "csv" or "parquet"
        CSV rows are in the order of their key; Parquet rows are in the order of their making.
    progress : callable, optional
        Called with a line of text after each table.
    dirty : bool, optional
        Append the wrong rows of `planted()`; default: only into CSV, since Parquet's columns are typed.
    memory : str
        What DuckDB may use; what is more goes to a temporary folder inside `out`.

    Returns
    -------
    dict of table name to path

    Raises
    ------
    BadParameter, CantWrite
        The folder is a file; it can't be made or written to.
    """
    import duckdb

    if format not in ("csv", "parquet"):
        raise ValueError(f"format is 'csv' or 'parquet', not {format!r}")
    if conversations < 1:
        raise ValueError(f"conversations is at least 1, not {conversations}")
    dirty = format == "csv" if dirty is None else dirty
    if dirty and format != "csv":
        raise ValueError("wrong rows can be planted into CSV only: Parquet's columns are typed")
    out = Path(out)
    try:
        out.mkdir(parents=True, exist_ok=True)
    except (FileExistsError, NotADirectoryError) as error:
        raise BadParameter(f"{out}: can't be made a folder for the sample: {error.strerror}") from None
    except OSError as error:
        raise CantWrite(out, error) from None
    say = progress or (lambda line: None)

    paths = {}
    settings = {"memory_limit": memory, "temp_directory": str(out / ".duckdb")}
    with duckdb.connect(config=settings) as connection:
        connection.execute("SET enable_progress_bar = false")  # `progress` is ours, line by line
        # The views join a large left side to a small right one. The optimizer guesses the sizes wrongly and
        # would hold the large one in memory.
        connection.execute("SET disabled_optimizers = 'join_order,build_side_probe_side'")
        prepare(connection, conversations, seed)
        say("prepared")
        for table in TABLES.values():
            if table.name in NOT_SAMPLED:
                continue
            paths[table.name] = path = out / f"{table.name}.{format}"
            try:
                connection.execute(_copy(connection, table, path, format))
            except duckdb.IOException as error:
                raise CantWrite(path, str(error).splitlines()[0]) from None
            say(f"{path.name}: {path.stat().st_size / 1e6:,.1f} MB")
    if dirty:
        plant(paths)
    (out / "service.toml").write_bytes((HERE / "service.toml").read_bytes())
    (out / "README.md").write_text(PREFACE + _demoted(data_dictionary()), encoding="utf-8", newline="\n")
    return paths


def prepare(connection, conversations, seed):
    """Make the views of the sample in a DuckDB connection, for `conversations` and `seed`."""
    # One contact in nine is a call that nobody took, which leaves no conversation; three in ten are of the year before.
    contacts = -(-conversations * 8225 // 10000)
    variables = {
        "seed": seed % 1_000_003,  # keeps the products of `draw` within BIGINT
        "contacts": contacts,
        "history": contacts * 400 // 1000,
        "first": int(FIRST.timestamp()),
        "first_day": (datetime.date(2024, 1, 8) - datetime.date(1970, 1, 1)).days,
        "begin": int(BEGIN.timestamp()),
        "summer_before": int(SUMMER_BEFORE.timestamp()),
        "winter": int(WINTER.timestamp()),
        "summer": int(SUMMER.timestamp()),
        "as_of": int(AS_OF.timestamp()),
    }
    for name, value in variables.items():
        connection.execute(f"SET VARIABLE {name} = {int(value)}::BIGINT")
    connection.execute("CREATE TABLE phrases (voice VARCHAR, slot VARCHAR, variant INTEGER, text VARCHAR)")
    columns = [list(column) for column in zip(*_phrases(), strict=True)]
    connection.execute("INSERT INTO phrases SELECT unnest($1), unnest($2), unnest($3), unnest($4)", columns)
    for path in sorted((HERE / "sql").glob("*.sql")):
        connection.execute(path.read_text(encoding="utf-8"))


def _phrases():
    """Rows (voice, slot, variant, text) of phrases.toml; towns and names are filled in, the rest later."""
    for voice, entries in tomllib.loads((HERE / "phrases.toml").read_text(encoding="utf-8")).items():
        towns, names = entries.get("town", ["Torino", "Milano", "Bari"]), entries.get("name", [""])
        slots = {key: value for key, value in entries.items() if isinstance(value, list)}
        for topic, tones in entries.items():
            if isinstance(tones, dict):
                slots |= {f"{topic}.{tone}": texts for tone, texts in tones.items()}
        for slot, texts in slots.items():
            for variant in range(VARIANTS if texts else 0):
                turn, place = divmod(variant, len(texts))
                text = texts[place].replace("{town}", towns[turn % len(towns)])
                yield voice, slot, variant, text.replace("{name}", names[turn % len(names)])


def _copy(connection, table, path, format):
    """The COPY statement of one table: the contract's columns that the sample fills, in the contract's order."""
    filled = {row[0] for row in connection.execute(f"DESCRIBE {table.name}").fetchall()}
    columns = [_written(column, format) for column in table.columns if column.name in filled]
    select = f"SELECT {', '.join(columns)} FROM {table.name}"
    target = str(path).replace("'", "''")
    if format == "parquet":
        return f"COPY ({select}) TO '{target}' (FORMAT parquet, COMPRESSION zstd)"
    keys = ", ".join(f"{table.name}.{key}" for key in table.key)
    return f"COPY ({select} ORDER BY {keys}) TO '{target}' (FORMAT csv, HEADER)"


def _written(column, format):
    """One column as it goes into the file: times are seconds and days are day numbers until here."""
    name = column.name
    if column.dtype == "time" and format == "csv":
        return f"strftime(make_timestamp({name} * 1000000), '%Y-%m-%dT%H:%M:%SZ') AS {name}"
    if column.dtype == "time":
        return f"to_timestamp({name}) AS {name}"
    if column.dtype == "day":
        day = f"DATE '1970-01-01' + CAST({name} AS INTEGER)"
        return f"strftime({day}, '%Y-%m-%d') AS {name}" if format == "csv" else f"CAST({day} AS DATE) AS {name}"
    if column.dtype in ("seconds", "integer"):
        return f"CAST({name} AS BIGINT) AS {name}"
    return name


def _demoted(markdown):
    """Markdown with every heading one level lower, to go under the preface's own."""
    return "".join(f"#{line}" if line.startswith("#") else line for line in markdown.splitlines(keepends=True))
