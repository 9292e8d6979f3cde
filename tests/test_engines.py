"""One definition on many engines: every metric on Postgres and on Spark equals its result on DuckDB.

Postgres: Debian's `postgresql` package (its programs, no running server) and `psycopg`; a throw-away cluster is
started on a Unix socket. Spark: `pyspark` and a Java runtime. What isn't installed is skipped, but on CI
(environment variable CI) Postgres must be there.
"""

import functools
import importlib.util
import os
import shutil
import subprocess
import tempfile
import warnings
from pathlib import Path
from urllib.parse import quote_plus

import ibis
import pandas as pd
import pytest
import test_metrics_wide as wide
from test_metrics_inputs import CALLS, PLAIN, ZONE, assert_equal, expected_of, run, run_together, sample_tables

from toolkit import cli, metrics
from toolkit.errors import BadData
from toolkit.load import open_data
from toolkit.load.files import peek
from toolkit.metrics.shapes import together
from toolkit.report.prepare import prepare


@pytest.fixture(scope="module")
def tables():
    return sample_tables()


@pytest.fixture(scope="module")
def expected():
    """The results of the embedded DuckDB, each computed when first asked for."""
    return expected_of


# Every metric that is declared, by the table it takes, with its groups and those of the other tables that it can use.
EVERY = {table: [name for name in wide.NAMES if wide.METRICS[name].contract == table] for table in wide.BY}


@functools.cache
def wide_tables():
    """Those that every metric is run on; the calls are of the same customers as the conversations."""
    found = wide.tables()
    whose = found["conversations"]["customer_id"].to_numpy()
    return found | {"calls": found["calls"].assign(customer_id=whose)}


def run_every(names, tables):
    """The results of declared metrics on the tables of one engine, from as few queries as there can be."""
    return together(
        [lambda name=name: wide.run(name, wide.of(tables, name), wide.by_of(name), tables) for name in names]
    )


def assert_every(names, tables):
    for name, result, known in zip(names, run_every(names, tables), run_every(names, wide_tables()), strict=True):
        assert len(known) and list(result.columns) == list(known.columns), name
        assert result.attrs.get("facts") == known.attrs.get("facts"), name
        wide.same(result, known)


def missing(reason):
    if os.environ.get("CI"):
        pytest.fail(f"on CI Postgres must be there: {reason}")
    pytest.skip(reason)


# --- Postgres -------------------------------------------------------------------------------------


def postgres_programs():
    """The folder of initdb and pg_ctl: on the path, or where Debian puts the newest version."""
    found = [Path(shutil.which("initdb")).resolve().parent] if shutil.which("initdb") else []
    found += sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: float(path.parent.name), reverse=True)
    return next((folder for folder in found if (folder / "pg_ctl").exists() and (folder / "initdb").exists()), None)


def as_server_user(folder):
    """What to put before a command: Postgres refuses to be run by root."""
    if os.geteuid() != 0:
        return []
    shutil.chown(folder, "postgres")
    return ["runuser", "-u", "postgres", "--"]


@pytest.fixture(scope="module")
def postgres():
    if importlib.util.find_spec("psycopg") is None:
        missing("psycopg is not installed (pip install 'ibis-framework[postgres]')")
    programs = postgres_programs()
    if programs is None:
        missing("Postgres' initdb and pg_ctl are not installed (apt-get install postgresql)")
    # pytest's own folders are closed to other users, and a socket's path is short
    folder = Path(tempfile.mkdtemp(prefix="toolkit-pg-"))
    folder.chmod(0o755)
    before, data = as_server_user(folder), folder / "data"

    def program(name, *arguments):
        command = [*before, str(programs / name), "-D", str(data), *arguments]
        done = subprocess.run(
            command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, cwd=folder, text=True, timeout=60
        )
        assert done.returncode == 0, f"{name}: {done.stderr}"

    try:
        program("initdb", "-A", "trust", "-U", "toolkit", "-E", "UTF8", "--no-locale", "--no-sync")
        options = f"-F -c listen_addresses='' -k {folder} -c timezone=Pacific/Auckland"
        program("pg_ctl", "-w", "-o", options, "-l", str(folder / "log"), "start")
        try:
            backend = ibis.postgres.connect(host=str(folder), user="toolkit", database="postgres")
            yield backend
            backend.disconnect()
        finally:
            program("pg_ctl", "-m", "immediate", "stop")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="module", params=["timestamptz", "timestamp"])
def postgres_tables(request, postgres, tables):
    found = {}
    for name, frame in tables.items():
        if request.param == "timestamp":
            zoned = frame.select_dtypes("datetimetz").columns
            frame = frame.assign(**{column: frame[column].dt.tz_localize(None) for column in zoned})
        found[name] = postgres.create_table(f"{name}_{request.param}", frame)
        types = [dtype for dtype in found[name].schema().values() if dtype.is_timestamp()]
        assert all((dtype.timezone is not None) == (request.param == "timestamptz") for dtype in types)
    return found


@pytest.mark.parametrize("postgres_tables", ["timestamptz"], indirect=True)
@pytest.mark.parametrize("name", PLAIN)
def test_postgres(name, postgres_tables, expected):
    assert_equal(run(name, postgres_tables), expected(name))


def test_postgres_all_at_once(postgres_tables, expected):
    for name, result in zip(CALLS, run_together(postgres_tables, CALLS), strict=True):
        assert_equal(result, expected(name))


@pytest.fixture(scope="module")
def postgres_wide(postgres):
    return {name: postgres.create_table(f"wide_{name}", frame) for name, frame in wide_tables().items()}


@pytest.mark.parametrize("table", EVERY)
def test_postgres_every_metric(table, postgres_wide):
    """Each that is declared, whether or not it is called above: a new one needs no line here."""
    assert_every(EVERY[table], postgres_wide)


def test_postgres_other_types(postgres):
    """Columns that no frame has: smallint, numeric, uuid, varchar, date."""
    postgres.raw_sql(
        "CREATE TABLE others AS SELECT gen_random_uuid() AS survey_id, s::smallint AS score, s::numeric(4, 1) AS level,"
        " (ARRAY['email', 'x'])[s % 2 + 1]::varchar(5) AS channel, date '2024-03-31' + s AS sent_at,"
        " 'ab'::varchar(2) AS plan FROM generate_series(1, 5) AS s"
    ).close()
    table = postgres.table("others")
    result = metrics.csat(table, by=["channel"])
    assert result[["channel", "n", "csat", "mean"]].values.tolist() == [["email", 2, 0.5, 3.0], ["x", 3, 1 / 3, 3.0]]
    assert metrics.csat(table, by="day", zone="UTC")["day"].tolist() == list(pd.date_range("2024-04-01", periods=5))
    assert metrics.low_score_rate(table, by="plan")["low_count"].tolist() == [3]
    assert metrics.low_scores(table)["score"].tolist() == [1, 2, 3]


@pytest.mark.parametrize("postgres_tables", ["timestamptz"], indirect=True)
def test_postgres_empty_tables(postgres_tables):
    """Of what type the times are that aren't there is told by the queries above."""
    empty = {name: table.limit(0) for name, table in postgres_tables.items()}
    for name in CALLS:
        result = run(name, empty)
        assert result.empty or not result["n"].any(), name


def test_postgres_is_left_as_it_was(postgres, postgres_tables):
    def stored():  # ibis keeps the calendar of business time as a temporary table of the session
        with postgres.raw_sql(
            "SELECT schemaname, tablename FROM pg_tables WHERE schemaname NOT LIKE 'pg_temp%'"
        ) as cursor:
            return set(cursor.fetchall())

    before = stored()
    assert len(before) > 5
    run("abandonment_by_stage", postgres_tables), run("first_response_time in business time", postgres_tables)
    assert stored() == before


# --- Postgres, as what data is read from ------------------------------------------------------------

EXPORT = """
CREATE SCHEMA desk;
CREATE TABLE desk.conversations(conversation_id bigint, channel text, created_at timestamptz, topic text, vip boolean, tags text[]);
INSERT INTO desk.conversations VALUES
  (9007199254740993, 'Email', '2024-03-01 10:00+01', 'a "quoted", one' || chr(10) || 'of two lines', true, ARRAY['a', 'b, c']),
  (2, 'x', '2024-03-01 12:00+01', '', false, '{}'), (3, NULL, '2024-03-01 12:00+01', NULL, NULL, NULL);
CREATE VIEW desk.surveys AS SELECT 's' || conversation_id AS survey_id, 'csat' AS kind, created_at AS sent_at, 5 AS score
  FROM desk.conversations WHERE channel IS NOT NULL;
CREATE TABLE desk."notes; DROP TABLE x"(a int);
"""


@pytest.fixture(scope="module")
def desk(postgres):
    """The URL of a database with an export in it, under a user with a password."""
    with postgres.raw_sql(EXPORT + "CREATE ROLE reader LOGIN PASSWORD 'sec%ret@1'; GRANT USAGE ON SCHEMA desk TO reader; "
                          "GRANT SELECT ON ALL TABLES IN SCHEMA desk TO reader"):  # fmt: skip
        pass
    yield f"postgresql://reader:sec%25ret%401@/postgres?host={quote_plus(folder_of(postgres))}"
    with postgres.raw_sql("DROP SCHEMA desk CASCADE; DROP ROLE reader"):
        pass


def folder_of(postgres):
    return postgres.con.info.host


def test_a_postgres_database_is_read(desk, tmp_path):
    data = open_data(desk)
    rows = data.conversations.order_by("created_at").execute()
    assert rows["conversation_id"].tolist() == ["9007199254740993", "2"]
    assert [None if pd.isna(value) else value for value in rows["topic"]] == ['a "quoted", one\nof two lines', None]
    assert rows[["vip", "tags"]].values.tolist() == [["true", '["a","b, c"]'], ["false", "[]"]]
    assert [str(instant) for instant in rows["created_at"]] == [
        "2024-03-01 09:00:00+00:00",
        "2024-03-01 11:00:00+00:00",
    ]
    assert data.surveys.count().execute() == 2
    assert data.counts[["table", "rows_in", "rows_used", "rejected"]].values.tolist() == [
        ["conversations", 3, 2, 1],
        ["surveys", 2, 2, 0],
    ]
    assert data.ledger[["rule", "file", "row"]].values.tolist() == [
        ["required value missing", "postgresql:///postgres", 3]
    ]
    assert any("notes; DROP TABLE x" in note for note in data.notes)
    (tmp_path / "saved").mkdir()
    *_, facts = prepare(data, desk, tmp_path / "saved")  # what a run keeps of it
    assert facts["path"] == "postgresql:///postgres"
    told = [*data.notes, *data.files, data.ledger.to_csv(), (tmp_path / "saved" / "data" / "prepared.json").read_text()]
    assert not any(part in text for part in ("sec%25", "sec%ret", "ret@1") for text in told)
    assert sorted((one.part, one.columns[0]) for one in peek(desk)) == [
        ("conversations", "conversation_id"),
        ("notes; DROP TABLE x", "a"),
        ("surveys", "survey_id"),
    ]


@pytest.mark.parametrize(
    "change, words",
    [
        (("sec%25ret%401@/postgres", "sec%25ret%401@/nowhere"), ["can't connect", "nowhere"]),
        (("postgres?host", "postgres?nothost"), ["isn't a URL that Postgres understands"]),
        (("sec%25ret%401", "sec%ret@1"), ["isn't a URL that Postgres understands", "%40"]),
        (("host=", "options=-csearch_path%3Dnone&host="), None),
    ],
)
def test_a_postgres_url_that_is_wrong_says_so_without_its_password(desk, change, words, capsys):
    url = desk.replace(*change)
    assert url != desk
    code = cli.main(["check", "--data", url])
    said = capsys.readouterr()
    assert code == (2 if words else 0)
    assert all(word in said.err for word in words or [])
    assert not any(part in said.err + said.out for part in ("sec%25", "sec%ret", "ret@1", "Traceback"))


def test_postgres_without_what_the_source_reads_names_what_there_is(desk):
    with pytest.raises(
        BadData, match="has none of the tables tweets in its main schema; it has: conversations, notes"
    ) as error:
        open_data(desk, source="twitter")
    assert "sec" not in str(error.value)


# --- Spark ----------------------------------------------------------------------------------------

SPARK_ALONE = (  # what is a query of its own whatever is asked with it; a query takes Spark a second
    "first_response_time as of the newest",
    "expectation_met",
    "low_scores",
)
TOGETHER = 4  # metrics in one query


@pytest.fixture(scope="module")
def spark(tmp_path_factory):
    """What puts frames into Spark: a function of names and frames."""
    if importlib.util.find_spec("pyspark") is None:
        pytest.skip("pyspark is not installed (pip install pyspark)")
    if shutil.which("java") is None and not os.environ.get("JAVA_HOME"):
        pytest.skip("Spark needs a Java runtime")
    from pyspark.sql import SparkSession

    folder = tmp_path_factory.mktemp("spark")
    settings = {
        "spark.ui.enabled": "false",
        "spark.driver.host": "127.0.0.1",
        "spark.driver.bindAddress": "127.0.0.1",
        "spark.sql.shuffle.partitions": "1",
        # Of queries that run once, on a few rows, most of the time goes into compiling them well and planning them twice.
        "spark.driver.extraJavaOptions": "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC",
        "spark.sql.adaptive.enabled": "false",
        "spark.sql.warehouse.dir": str(folder / "warehouse"),
        "spark.log.level": "ERROR",
    }
    builder = SparkSession.builder.master("local[1]").appName("toolkit-tests")
    for key, value in settings.items():
        builder = builder.config(key, value)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        session = builder.getOrCreate()
        backend = ibis.pyspark.connect(session)

        def stored(frames, prefix=""):
            for name, frame in frames.items():
                frame.to_parquet(folder / f"{prefix}{name}.parquet")
            return {
                name: backend.read_parquet(str(folder / f"{prefix}{name}.parquet"), table_name=f"{prefix}{name}")
                for name in frames
            }

        yield stored
        session.stop()


@pytest.fixture(scope="module")
def spark_tables(spark, tables):
    return spark(tables)


@pytest.fixture(scope="module")
def spark_wide(spark):
    return spark(wide_tables(), "wide_")


@pytest.mark.filterwarnings("ignore:PySpark does not yet fully support pandas")
@pytest.mark.parametrize("name", [*SPARK_ALONE, "abandonment_by_stage", "csat"])
def test_spark(name, spark_tables, expected):
    assert_equal(run(name, spark_tables), expected(name))


@pytest.mark.filterwarnings("ignore:PySpark does not yet fully support pandas")
@pytest.mark.parametrize("table", ["conversations", "messages", "calls", "surveys"])
def test_spark_all_of_a_table_at_once(table, spark_tables, expected):
    """Each definition on Spark; one query, as each would take a second of its own."""
    names = [name for name, (_, needs, _) in CALLS.items() if table in needs and name not in SPARK_ALONE]
    for name, result in zip(names, run_together(spark_tables, names), strict=True):
        assert_equal(result, expected(name))


@pytest.mark.filterwarnings("ignore:PySpark does not yet fully support pandas")
def test_spark_empty_table(spark_tables):
    empty = {name: table.filter(ibis.literal(False)) for name, table in spark_tables.items()}
    result = metrics.abandonment_rate(empty["calls"])
    assert result[["n", "abandoned_count", "answered_count"]].values.tolist() == [[0, 0, 0]]
    assert metrics.csat(empty["surveys"], by="day", zone=ZONE).empty


@pytest.mark.filterwarnings("ignore:PySpark does not yet fully support pandas")
@pytest.mark.parametrize("table", EVERY)
def test_spark_every_metric(table, spark_wide):
    """Each that is declared and isn't called above; a few in one query, as Spark takes long to plan one of many."""
    names = [name for name in EVERY[table] if name not in {metric for metric, *_ in CALLS.values()}]
    for first in range(0, len(names), TOGETHER):
        assert_every(names[first : first + TOGETHER], spark_wide)
