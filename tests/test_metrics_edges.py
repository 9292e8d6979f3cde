"""Every metric at the edges: what it gives of nothing, of one row, of one group, of odd times, keys and periods.

Whatever comes in, a result holds no figure outside its range, an interval holds its figure, and its finding is a
sentence without a hole; or the metric refuses in words. What is computed of ordinary rows is tested elsewhere.
"""

import functools
import inspect

import numpy as np
import pandas as pd
import pytest
from test_metrics_wide import AS_OF, BESIDES, SERVICE, ZONE, by_of, tables

import toolkit
from toolkit import findings
from toolkit.errors import MissingColumn, MissingSetting, MissingTable, ToolkitError
from toolkit.metrics.registry import METRICS
from toolkit.result import interval_columns
from toolkit.table_html import tables_of
from toolkit.tables import TABLES

# Those that take results, or a whole data set, have edges of their own.
NAMES = [name for name, about in METRICS.items() if about.contract in TABLES]
RANGES = {"rate": (0, 1), "points": (-1, 1)}
SIGNED = {"reply_pairs"}  # a reply that is stamped before its message is counted, and said


# --- the edges --------------------------------------------------------------------------------------


def no_rows(frame, table):
    return frame.iloc[:0]


def one_row(frame, table):
    return frame.dropna(subset=TABLES[table].time).iloc[:1]


def all_unanswered(frame, table):
    """Nothing has had an answer, an end, a score."""
    ends = [
        "first_response_at",
        "closed_at",
        "first_closed_at",
        "agent_assigned_at",
        "answered_at",
        "ended_at",
        "score",
    ]
    frame = frame.assign(**{name: frame[name].where(frame.index < 0) for name in ends if name in frame})
    if table == "messages":
        return frame[frame["sender"] == "customer"]
    return frame.assign(outcome="abandoned") if "outcome" in frame else frame


def one_group(frame, table):
    return frame.assign(**{key: "all" for key in ("channel", "topic", "queue", "agent", "team") if key in frame})


def null_keys(frame, table):
    keys = [key for key in ("channel", "topic", "queue", "agent", "team", "project") if key in frame]
    return frame.assign(**dict.fromkeys(keys, None))


def equal_times(frame, table):
    times = [column.name for column in TABLES[table].columns if column.dtype == "time" and column.name in frame]
    first = frame[TABLES[table].time].min()
    return frame.assign(**{name: frame[name].where(frame[name].isna(), first) for name in times})


def after_as_of(frame, table):
    """Half of the rows, and the later events of others, lie after the data was read."""
    times = [column.name for column in TABLES[table].columns if column.dtype == "time" and column.name in frame]
    far = pd.Timedelta(days=400)
    late = pd.Series(np.arange(len(frame)) % 2 == 0, frame.index)
    own = TABLES[table].time
    moved = {name: frame[name].where(~(late if name == own else late | (frame[name].rank() % 3 == 0)), frame[name] + far)
             for name in times}  # fmt: skip
    return frame.assign(**moved)


def without_customer(frame, table):
    return frame.assign(customer_id=None)


def odd_scores(frame, table):
    return frame.assign(score=99.0) if table == "surveys" else frame


EDGES = [no_rows, one_row, all_unanswered, one_group, null_keys, equal_times, after_as_of, without_customer, odd_scores]


# --- what must hold ---------------------------------------------------------------------------------


def run(name, table, **more):
    takes = inspect.signature(METRICS[name].function).parameters
    asked = {key: value for key, value in (("as_of", AS_OF), ("zone", ZONE), ("service", SERVICE)) if key in takes}
    asked |= {other: tables()[other] for other in BESIDES.get(name, ())}
    return METRICS[name].function(table, **asked, **more)


def check(result, name):
    """A result says nothing that can't be, and can be told and shown."""
    units, frame = result.attrs["units"], pd.DataFrame(result)
    numbers = frame.select_dtypes("number")
    assert not np.isinf(numbers.to_numpy(float)).any(), "an infinite figure"
    for column, unit in units.items():
        if unit == "count":
            assert (pd.to_numeric(frame[column], errors="coerce").dropna() >= 0).all(), f"{column} below 0"
        if unit in RANGES:
            low, high = RANGES[unit]
            assert frame[column].dropna().astype(float).between(low - 1e-9, high + 1e-9).all(), f"{column} out of range"
        if unit == "seconds" and name not in SIGNED:
            assert (frame[column].dropna().astype(float) >= 0).all(), f"{column} below 0"
    for column, (low, high) in interval_columns(frame.columns).items():
        there = frame[[low, column, high]].dropna().astype(float)
        assert (there[low] <= there[column] + 1e-9).all() and (there[column] <= there[high] + 1e-9).all(), column
    told = findings.tell(result)
    for text in (told.heading, told.note):
        said = set(text.replace("None of", "").replace(",", " ").replace(".", " ").split())
        assert not {"nan", "None", "NaT", "inf", "{}"} & said, text
    assert told.heading[:1] == told.heading[:1].upper() and told.heading.strip()
    tables_of(result)


def check_nothing(result, name):
    """What a result is where there is no row: as of rows, but undefined."""
    assert result.empty or not result["n"].any()
    undefined = ("rate", "seconds", "score", "net", "points")
    figures = [column for column, unit in result.attrs["units"].items() if unit in undefined]
    assert result[figures].isna().all(axis=None), "undefined is null, never 0"
    columns = [set(one.columns) - set(one.attrs["rows"]) for one in (at(name, one_group), result)]
    assert columns[0] == columns[1]


def check_one(result):
    """What a result is of one row: nothing is counted twice."""
    counts = [column for column, unit in result.attrs["units"].items() if unit == "count" and column != "score"]
    assert (result[counts].fillna(0) <= 1).all(axis=None)
    assert "n" not in counts or result["n"].sum() <= 168  # the hours of a week, through all of which one may wait


def is_plain(error):
    """Whether an error says in one message what is wrong."""
    return isinstance(error, ToolkitError) and str(error).strip() and "Traceback" not in str(error)


# Those of all rows; the others by groups, as what they change is within a group or its key.
OF_ALL = (no_rows, all_unanswered, without_customer, odd_scores)

# What counts rows by another key than its group's has no row where both are missing.
OF_ANOTHER_KEY = ("call_deflection", "deflection_savings", "channel_switching")


@functools.cache
def touches(edge, contract):
    """Whether an edge changes a table."""
    frame = tables()[contract]
    return "customer_id" in frame if edge is without_customer else not edge(frame, contract).equals(frame)


AT_THE_EDGE = [(name, edge) for name in NAMES for edge in EDGES if touches(edge, METRICS[name].contract)]


@functools.cache
def at(name, edge):
    """A metric's result at an edge."""
    contract, by = METRICS[name].contract, None if edge in OF_ALL else by_of(name)
    return run(name, edge(tables()[contract], contract), **({"by": by} if by else {}))


@pytest.mark.parametrize("name, edge", AT_THE_EDGE, ids=lambda value: getattr(value, "__name__", value))
def test_an_edge(name, edge):
    contract = METRICS[name].contract
    by = None if edge in OF_ALL else by_of(name)
    try:
        result = at(name, edge)
    except ToolkitError as error:
        assert is_plain(error)
        assert edge in (odd_scores, without_customer, all_unanswered), f"{edge.__name__}: {error}"
        return
    check(result, name)
    if edge is no_rows:
        check_nothing(result, name)
        if by_of(name):
            assert run(name, edge(tables()[contract], contract), by=by_of(name)).empty
    if edge is one_row:
        check_one(result)
    if edge is null_keys and by and name not in BESIDES:
        if name in OF_ANOTHER_KEY:
            result = run(name, tables()[contract].assign(**{by: None}), by=by)
        assert set(result[by]) == {"(none)"}


# --- periods ------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """The tables as files, with settings; the clocks change on 31 March."""
    folder = tmp_path_factory.mktemp("edges")
    for name, frame in tables().items():
        frame.dropna(subset=TABLES[name].required, how="any").to_csv(folder / f"{name}.csv", index=False)
    (folder / "service.toml").write_text(
        'time_zone = "Europe/Rome"\nas_of = 2024-04-09T12:00:00Z\n[targets.first_response]\ndefault = "1h"\n'
        '[targets.resolution]\ndefault = "1d"\n',
        encoding="utf-8",
    )
    return folder


PERIODS = {
    "before the data": "2023-01-01..2024-03-30",
    "across the change of the clocks, still running": "2024-03-30..2024-04-30",
    "without a row": "2022-01",
}


@functools.cache
def opened(folder, period):
    return toolkit.open_data(folder, period=period)


@pytest.mark.parametrize("period", PERIODS.values(), ids=PERIODS)
@pytest.mark.parametrize("name", NAMES)
def test_a_period(name, period, folder):
    data = opened(folder, period)
    try:
        result = METRICS[name].function(getattr(data, METRICS[name].table))
    except (MissingColumn, MissingSetting, MissingTable) as error:  # what this data hasn't
        assert is_plain(error)
        return
    check(result, name)
    if period == PERIODS["without a row"] and METRICS[name].shape in ("rate", "wait", "mean"):
        assert result.empty or not result["n"].any()


def test_every_edge_changes_something():
    """A check that can't fail would be none: each edge gives other rows than the ordinary ones, where it can."""
    for edge in EDGES:
        touched = [
            name for name in TABLES if name in tables() and not edge(tables()[name].copy(), name).equals(tables()[name])
        ]
        assert touched, edge.__name__
