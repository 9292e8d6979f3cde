"""One definition, many ways in: a frame, an Ibis table and a CSV file give equal results (Parquet: test_metrics_wide.py)."""

import functools

import ibis
import oracle
import pandas as pd
import pytest

from toolkit import engine, metrics
from toolkit.metrics.shapes import together
from toolkit.service import Service

# One worker computes what is expected, for these and for those of the other engines.

ZONE, AS_OF = "Europe/Rome", "2024-04-09T12:00:00Z"
SERVICE = Service(time_zone=ZONE)
PROMISE = Service(
    time_zone=ZONE,
    targets={
        "first_response": {"email": "1d", "default": "1h"},
        "resolution": {"default": "1d"},
        "resolution_by_priority": {"urgent": "2h"},
    },
)

# Every metric on the tables of oracle.sample_tables: {name: (metric, arguments by table, keywords)}
CALLS = {
    "inbound_volume": ("inbound_volume", ["conversations"], {}),
    "inbound_volume by channel and day": (
        "inbound_volume",
        ["conversations"],
        {"by": ["channel", "day"], "zone": ZONE},
    ),
    "inbound_volume of calls by hour": ("inbound_volume", ["calls"], {"by": "hour", "zone": ZONE}),
    "inbound_volume of messages by month": ("inbound_volume", ["messages"], {"by": "month", "zone": "Asia/Kathmandu"}),
    "inbound_volume by a number": ("inbound_volume", ["conversations"], {"by": "reopen_count"}),
    "inbound_volume by a flag": ("inbound_volume", ["messages"], {"by": "is_tagged"}),
    "volume_heatmap": ("volume_heatmap", ["conversations"], {"zone": ZONE}),
    "first_response_time": ("first_response_time", ["conversations"], {"by": "channel", "as_of": AS_OF}),
    "first_response_time as of the newest": ("first_response_time", ["conversations"], {}),
    "first_response_time in business time": (
        "first_response_time",
        ["conversations"],
        {"clock": "business", "as_of": AS_OF, "service": SERVICE},
    ),
    "first_response_time of written channels": (
        "first_response_time",
        ["conversations"],
        {"channels": "written", "as_of": AS_OF},
    ),
    "response_curve": ("response_curve", ["conversations"], {"by": ["topic"], "as_of": AS_OF}),
    "response_time_buckets": (
        "response_time_buckets",
        ["conversations"],
        {"by": ["channel", "weekday"], "as_of": AS_OF, "zone": ZONE},
    ),
    "response_time_buckets in business time": (
        "response_time_buckets",
        ["conversations"],
        {"clock": "business", "as_of": AS_OF, "service": SERVICE},
    ),
    "response_rate": (
        "response_rate",
        ["conversations"],
        {"by": "channel", "no_reply_topics": ["praise"], "as_of": AS_OF},
    ),
    "sla_compliance": ("sla_compliance", ["conversations"], {"by": "channel", "as_of": AS_OF, "service": PROMISE}),
    "sla_compliance in business time": (
        "sla_compliance",
        ["conversations"],
        {"clock": "business", "as_of": AS_OF, "service": PROMISE},
    ),
    "reply_pairs": ("reply_pairs", ["messages"], {"by": "channel"}),
    "response_time": ("response_time", ["messages"], {"by": "hour", "as_of": AS_OF, "zone": ZONE}),
    "response_time as of the newest": ("response_time", ["messages"], {}),
    "response_wait": ("response_wait", ["conversations"], {"by": "channel", "as_of": AS_OF}),
    "slow_topics": ("slow_topics", ["conversations"], {"by": "channel", "as_of": AS_OF}),
    "slow_topics since the hand-off": ("slow_topics", ["conversations"], {"since": "handoff", "as_of": AS_OF}),
    "indexing_delay": ("indexing_delay", ["conversations"], {"by": "channel", "as_of": AS_OF}),
    "queue_time": ("queue_time", ["conversations"], {"by": "channel", "as_of": AS_OF}),
    "queue_time in business time": (
        "queue_time",
        ["conversations"],
        {"clock": "business", "as_of": AS_OF, "service": SERVICE},
    ),
    "agent_response_time": ("agent_response_time", ["conversations"], {"as_of": AS_OF}),
    "agent_handling_time": ("agent_handling_time", ["conversations"], {}),
    "total_handling_time": ("total_handling_time", ["conversations"], {"by": "week", "as_of": AS_OF, "zone": ZONE}),
    "lifecycle": ("lifecycle", ["conversations"], {"as_of": AS_OF}),
    "lifecycle by channel": ("lifecycle", ["conversations"], {"by": "channel"}),
    "expectation_met": ("expectation_met", ["conversations"], {"as_of": AS_OF}),
    "contact_costs": ("contact_costs", ["conversations"], {"by": "topic"}),
    "bot_conversations": ("bot_conversations", ["conversations"], {"by": "channel", "as_of": AS_OF}),
    "handoff_rate": ("handoff_rate", ["conversations"], {"by": "topic", "as_of": AS_OF}),
    "bot_containment": ("bot_containment", ["conversations"], {"by": "topic", "as_of": AS_OF}),
    "bot_outcomes": ("bot_outcomes", ["conversations"], {"by": "channel", "window": "1d", "as_of": AS_OF}),
    "call_deflection": ("call_deflection", ["conversations"], {"by": "topic"}),
    "deflection_savings": ("deflection_savings", ["conversations"], {"by": "topic"}),
    "abandonment_rate": ("abandonment_rate", ["calls"], {"by": "queue"}),
    "abandonment_by_base": ("abandonment_by_base", ["calls"], {}),
    "abandonment_rate of the queued": ("abandonment_rate", ["calls"], {"base": "queued", "short_abandon": 20}),
    "abandonment_by_stage": ("abandonment_by_stage", ["call_stages", "calls"], {"by": "queue"}),
    "abandonment_by_stage without calls": ("abandonment_by_stage", ["call_stages"], {"by": "hour", "zone": ZONE}),
    "average_speed_of_answer": ("average_speed_of_answer", ["calls"], {"by": "queue"}),
    "average_speed_of_answer since the start": ("average_speed_of_answer", ["calls"], {"since": "start"}),
    "average_speed_of_answer of the queued": ("average_speed_of_answer", ["calls"], {"unqueued": "out"}),
    "csat": ("csat", ["surveys"], {"by": "topic"}),
    "csat by week": ("csat", ["surveys"], {"by": "week", "zone": ZONE}),
    "csat_by_topic": ("csat_by_topic", ["surveys"], {}),
    "low_scores": ("low_scores", ["surveys"], {"limit": 7}),
    "low_score_rate": ("low_score_rate", ["surveys"], {"by": "topic"}),
    "sentiment_trend": ("sentiment_trend", ["messages"], {"by": "channel", "zone": ZONE}),
    "sentiment_trend of mentions": ("sentiment_trend", ["messages"], {"every": None, "tagged": "untagged"}),
    "sentiment_engines": ("sentiment_engines", ["messages"], {}),
    "resolution_rate": ("resolution_rate", ["conversations"], {"by": "channel", "within": "1d", "as_of": AS_OF}),
    "first_resolution_time": ("first_resolution_time", ["conversations"], {"by": "topic", "as_of": AS_OF}),
    "resolution_buckets": ("resolution_buckets", ["conversations"], {"by": "channel", "as_of": AS_OF}),
    "first_contact_resolution": (
        "first_contact_resolution",
        ["conversations"],
        {"by": ["topic", "channel"], "days": 3, "as_of": AS_OF},
    ),
    "first_contact_by_window": ("first_contact_by_window", ["conversations"], {"topics": "any", "as_of": AS_OF}),
    "escalations": ("escalations", ["conversations"], {"by": "topic"}),
    "escalation_reasons": ("escalation_reasons", ["conversations"], {"as_of": AS_OF}),
    "resolution_compliance": (
        "resolution_compliance",
        ["conversations"],
        {"by": "topic", "clock": "business", "as_of": AS_OF, "service": PROMISE},
    ),
    "service_level_target": ("service_level_target", ["conversations"], {"as_of": AS_OF, "service": PROMISE}),
    "breaches": ("breaches", ["conversations"], {"limit": 9, "as_of": AS_OF, "service": PROMISE}),
    "breaches in business time": (
        "breaches",
        ["conversations"],
        {"of": "resolution", "clock": "business", "as_of": AS_OF, "service": PROMISE},
    ),
}
PLAIN = [name for name in CALLS if " " not in name]  # each metric once
# Those that the oracle knows; the others are held against plain Python in the tests of their own.
HELD = [name for name, (metric, *_) in CALLS.items() if hasattr(oracle, metric)]


def run(name, tables):
    metric, needs, keywords = CALLS[name]
    return getattr(metrics, metric)(*[tables[need] for need in needs], **keywords)


def run_together(tables, names):
    """The results of several, from as few queries as there are engines."""
    return together([lambda name=name: run(name, tables) for name in names])


def assert_equal(result, expected):
    """The same frame: columns, dtypes, order of rows, values."""
    # whether text came as pandas' own strings or as objects is the way in, not the metric
    result, expected = (pd.DataFrame(one).convert_dtypes(dtype_backend="numpy_nullable") for one in (result, expected))
    pd.testing.assert_frame_equal(result, expected, rtol=1e-9, check_column_type=False)


@functools.cache
def sample_tables():
    return oracle.sample_tables()


@functools.cache
def expected_of(name):
    """The result of frames, of what is asked for only, and once for all engines."""
    return run(name, sample_tables())


@pytest.fixture(scope="module")
def tables():
    return sample_tables()


@pytest.fixture(scope="module")
def expected():
    return expected_of


def test_only_metrics_are_called():
    """With what else they take; each with its defaults is called in test_metrics_wide.py, whatever its name."""
    assert {metric for metric, _, _ in CALLS.values()} <= set(metrics.__all__)


@pytest.mark.parametrize("name", [name for name in HELD if "by month" not in name])
def test_what_is_expected_is_right(name, tables, expected):
    """The figures that all engines are held against are the oracle's."""
    metric, needs, keywords = CALLS[name]
    keywords = {key: value for key, value in keywords.items() if key != "limit"}
    rows = getattr(oracle, metric)(*[tables[need] for need in needs], **keywords)
    keys = [*oracle.names(keywords.get("by", "topic" if metric == "csat_by_topic" else None))]
    more = {
        "response_time_buckets": ["bucket"],
        "abandonment_by_stage": ["stage"],
        "volume_heatmap": ["weekday", "hour"],
        "contact_costs": ["channel"],
    }
    more |= {
        "sentiment_trend": ["week"] if keywords.get("every", "week") else [],
        "sentiment_engines": ["language", "sentiment_engine"],
    }
    if metric in ("low_scores", "expectation_met", "abandonment_by_base"):
        rows = [{key: value for key, value in row.items() if key != "_of"} for row in rows]
        return oracle.assert_same(expected(name), rows[: CALLS[name][2].get("limit")], ordered=True)
    if metric == "response_curve":  # in the order of time, which is no text
        rows.sort(key=lambda row: (row["topic"], row["seconds"]))
        return oracle.assert_same(expected(name), rows, ordered=True)
    oracle.assert_same(expected(name), rows, [*keys, *more.get(metric, [])])


@pytest.fixture(scope="module", params=["TIMESTAMPTZ", "TIMESTAMP"])
def duckdb_tables(request, tables):
    """Tables in a DuckDB whose session is on the other side of the world."""
    backend = ibis.duckdb.connect()
    backend.raw_sql("SET TimeZone = 'Pacific/Auckland'")
    found = {}
    for name, frame in tables.items():
        if request.param == "TIMESTAMP":
            zoned = frame.select_dtypes("datetimetz").columns
            frame = frame.assign(**{column: frame[column].dt.tz_localize(None) for column in zoned})
        found[name] = backend.create_table(name, frame)
        types = [dtype for dtype in found[name].schema().values() if dtype.is_timestamp()]
        assert all((dtype.timezone is not None) == (request.param == "TIMESTAMPTZ") for dtype in types)
    return found


def test_all_at_once(duckdb_tables, expected):
    """Each alone on an engine: test_metrics_wide.py."""
    for name, result in zip(CALLS, run_together(duckdb_tables, CALLS), strict=True):
        assert_equal(result, expected(name))
        assert result.attrs.get("facts") == expected(name).attrs.get("facts"), name


@pytest.fixture(scope="module")
def csv_tables(tables, tmp_path_factory):
    folder = tmp_path_factory.mktemp("csv")
    for name, frame in tables.items():
        frame.to_csv(folder / f"{name}.csv", index=False)
    return {name: str(folder / f"{name}.csv") for name in tables}


@pytest.mark.parametrize("name", CALLS)
def test_csv(name, csv_tables, expected):
    assert_equal(run(name, csv_tables), expected(name))


@pytest.mark.parametrize("name", ["conversations", "messages", "calls", "call_stages", "surveys"])
def test_csv_of_times_without_a_zone(name, tables, csv_tables, tmp_path):
    """The same table but for the zone, as which the engines' tables above differ, on which each metric is the same."""
    frame, path = tables[name], tmp_path / f"{name}.csv"
    zoned = frame.select_dtypes("datetimetz").columns
    frame.assign(**{column: frame[column].dt.tz_localize(None) for column in zoned}).to_csv(path, index=False)
    naive, known = (engine.as_table(str(one), name) for one in (path, csv_tables[name]))
    for column in zoned:
        assert naive[column].type().timezone is None and known[column].type().timezone == "UTC"
    same = naive.mutate(**{column: naive[column].cast(known[column].type()) for column in zoned})
    assert same.schema() == known.schema()
    pd.testing.assert_frame_equal(same.to_pandas(), known.to_pandas())
    epochs = {column: engine.epoch(naive[column]) for column in zoned}
    seconds = {column: (frame[column] - pd.Timestamp(0, tz="UTC")) // pd.Timedelta("1s") for column in zoned}
    pd.testing.assert_frame_equal(engine.to_pandas(naive.select(**epochs)), pd.DataFrame(seconds), check_dtype=False)


def test_csv_keys_are_text(tmp_path):
    (tmp_path / "messages.csv").write_text(
        "message_id,in_reply_to,sender,sent_at,plan\n"
        "007,,customer,2024-03-01T09:00:00Z,01\n"
        "7,,customer,2024-03-01T09:30:00Z,1\n"
        "8,007,agent,2024-03-01T10:00:00Z,01\n"
    )
    result = metrics.reply_pairs(tmp_path / "messages.csv", by="plan")
    assert result[["plan", "n", "median_seconds"]].values.tolist() == [["01", 1, 3600]]


def test_a_filtered_table_is_a_table(tables):
    backend = ibis.duckdb.connect()
    table = backend.create_table("conversations", tables["conversations"])
    result = metrics.response_rate(table.filter(table.channel == "x"), as_of=AS_OF)
    frame = tables["conversations"]
    oracle.assert_same(result, oracle.response_rate(frame[frame["channel"] == "x"], as_of=AS_OF))


def test_frames_beside_tables(tables, duckdb_tables, expected):
    """Stages as a frame, calls on an engine, and the other way round."""
    name = "abandonment_by_stage"
    assert_equal(run(name, tables | {"calls": duckdb_tables["calls"]}), expected(name))
    assert_equal(run(name, tables | {"call_stages": duckdb_tables["call_stages"]}), expected(name))


def test_nothing_is_left_on_the_engine_nor_in_the_frame(tables):
    before = {name: frame.copy(deep=True) for name, frame in tables.items()}
    backend = ibis.duckdb.connect()
    stored = {name: backend.create_table(name, frame) for name, frame in tables.items()}
    for name in ("abandonment_by_stage", "first_response_time in business time", "reply_pairs", "csat"):
        run(name, tables)
        run(name, stored)
    assert {name for (name,) in backend.raw_sql("SELECT table_name FROM duckdb_tables()").fetchall()} == set(tables)
    for name, frame in tables.items():
        pd.testing.assert_frame_equal(frame, before[name])
