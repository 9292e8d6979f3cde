"""What holds for every metric, run over all that are declared: a new one of a known shape adds its row rule only."""

import functools
import inspect

import ibis
import oracle
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from toolkit import metrics, words
from toolkit.errors import BadParameter
from toolkit.metrics.registry import METRICS
from toolkit.metrics.shapes import together
from toolkit.service import Service
from toolkit.tables import CLOSED_STATUSES
from toolkit.tables import TABLES as CONTRACTS

ZONE, AS_OF = "Europe/Rome", "2024-04-09T12:00:00Z"
TARGETS = {"default": 3600, "email": 86_400}
RESOLUTIONS = {"default": 90_000, "x": 20_000}
SERVICE = Service.model_validate(  # open on weekdays from 9 to 18
    {
        "time_zone": ZONE,
        "holidays": {"dates": ["2024-04-01"]},
        "targets": {"first_response": TARGETS, "resolution": RESOLUTIONS},
    }
)
SHAPES = {
    "count",
    "rate",
    "wait",
    "mean",
    "score",
    "figure",
    "shares",
    "curve",
    "grid",
    "need",
    "pull",
    "sums",
    "listing",
    "tally",
    "band",
}
# Those of results or of a whole data set have tests of their own.
NAMES = [name for name, about in METRICS.items() if about.contract in CONTRACTS]
every = pytest.mark.parametrize("name", NAMES)

# By which column the rows of a table are grouped; and of a metric, where it is another.
BY = {"conversations": "channel", "calls": "queue", "call_stages": "queue", "surveys": "topic", "messages": "channel"}
BY["site_visits"] = "topic"
# By topic: who came back on a topic did so within the group.
OTHERWISE_BY = dict.fromkeys(
    ("contact_costs", "bot_containment", "bot_outcomes", "call_deflection", "deflection_savings"), "topic"
) | {"first_contact_resolution": "topic", "channel_switching": "team", "response_time": "project"}
# Counts of what may be in several groups.
DISTINCT = {"quick_replies": {"conversation_count", "bot_count", "judged_count", "handed_off_count", "contained_count"}}
BESIDES = {
    "visits_per_call": ("calls",),
    "quick_reply_handoff": ("conversations",),
    "service_report": ("messages", "surveys"),  # what it is drawn by is no group: of no agent nothing is drawn
}  # tables without which a metric has no figure
# Columns that say something of all the rows, not of their group's alone.
OF_ALL = ["share", "share_of_answers", "pull", "pull_low", "pull_high", "p", "verdict"]


# --- the row rules --------------------------------------------------------------------------------


def reading(row, start, end, closing=None):
    """The rule of a wait: (seconds, how it ended) of a row, None where it doesn't count."""
    return oracle.span(row, oracle.seconds(AS_OF), start, end, closing)


def stage(row, name, start, end, closing=None):
    """The rule of a stage of a conversation's life; None where it wasn't entered, or was left at an unknown time."""
    now, later = oracle.seconds(AS_OF), ("team_assigned_at", "agent_assigned_at", "first_response_at", "closed_at")
    if oracle.is_null(row[start]):
        return None
    took = reading(row, start, end, closing)
    if took and name == "indexing_delay" and took[1] == "open":
        gone = [oracle.seconds(row[time]) for time in later if not oracle.is_null(row[time])]
        return None if any(time <= now for time in gone) else took
    # answered before it was assigned
    return None if took and name == "agent_response_time" and took[0] < 0 else took


def has_bot(row):
    return not oracle.is_null(row["bot_started_at"]) and oracle.seconds(row["bot_started_at"]) <= oracle.seconds(AS_OF)


def is_handed_off(row):
    """Whether a human had taken over when the data was read."""
    ends = [row[name] for name in ("handed_off_at", "first_response_at") if not oracle.is_null(row[name])]
    return any(oracle.seconds(end) <= oracle.seconds(AS_OF) for end in ends)


def is_judged(row):
    """Whether the window of seven days was over, since its begin and, without a human, since its end; its customer known."""
    week, now, closed = 7 * 86_400, oracle.seconds(AS_OF), row["closed_at"]
    if oracle.text(row["customer_id"]) == oracle.NONE or oracle.seconds(row["created_at"]) + week > now:
        return False
    if is_handed_off(row):
        return True
    if oracle.is_null(closed):  # open, or closed at nobody knows what time
        return oracle.text(row["status"]).lower() not in CLOSED_STATUSES
    end = max(oracle.seconds(closed), oracle.seconds(row["created_at"]))
    return end > now or end + week <= now


# The row rule of each metric that counts, rates or times rows: True for a row that counts (count), whether the event
# happened (rate), the wait and how it ended (wait); None for a row that is left out.
ROWS = {
    "inbound_volume": lambda row: True,
    "first_response_time": lambda row: (
        None if oracle.by_bot_alone(row) else reading(row, "created_at", "first_response_at", "closed_at")
    ),
    "response_rate": lambda row: (
        None
        if oracle.by_bot_alone(row)
        else reading(row, "created_at", "first_response_at", "closed_at")
        and reading(row, "created_at", "first_response_at", "closed_at")[1] == "ended"
    ),
    "sla_compliance": lambda row: {True: True, False: False}.get(oracle.is_met(row, AS_OF, TARGETS)),
    "service_level_target": lambda row: {True: True, False: False}.get(oracle.is_met(row, AS_OF, TARGETS)),
    "resolution_compliance": lambda row: {True: True, False: False}.get(oracle.is_closed_in(row, AS_OF, RESOLUTIONS)),
    "abandonment_rate": lambda row: None if row["outcome"] == "test" else row["outcome"] == "abandoned",
    "csat": lambda row: None if row["kind"] != "csat" or oracle.is_null(row["score"]) else row["score"] >= 4,
    "low_score_rate": lambda row: None if row["kind"] != "csat" or oracle.is_null(row["score"]) else row["score"] <= 3,
    "out_of_hours_share": lambda row: not oracle.is_open(oracle.seconds(row["created_at"]), SERVICE),
    "service_level": oracle.is_answered_in_time,
    "patience": lambda row: oracle.call_patience(row, oracle.seconds(AS_OF)),
    "call_resolution_time": lambda row: (
        None if row["outcome"] != "answered" else reading(row, "started_at", "ended_at")
    ),
    "transfers": lambda row: (
        None if row["outcome"] != "answered" else oracle.text(row["transferred_to"]) != oracle.NONE
    ),
    "final_resolution_time": lambda row: reading(row, "created_at", "closed_at"),
    "waiting_now": lambda row: (
        True
        if oracle.seconds(row["created_at"]) <= oracle.seconds(AS_OF)
        and (oracle.is_null(row["closed_at"]) or oracle.seconds(row["closed_at"]) > oracle.seconds(AS_OF))
        and not (oracle.is_null(row["closed_at"]) and oracle.text(row["status"]).lower() in CLOSED_STATUSES)
        else None
    ),
    "unmatched_share": lambda row: oracle.text(row["topic"]) == oracle.NONE,
    "reply_volume": lambda row: True if row["sender"] == "agent" and row["is_public"] in (True, None) else None,
    "indexing_delay": lambda row: stage(row, "indexing_delay", "created_at", "indexed_at"),
    "queue_time": lambda row: stage(row, "queue_time", "team_assigned_at", "agent_assigned_at", "closed_at"),
    "agent_response_time": lambda row: stage(
        row, "agent_response_time", "agent_assigned_at", "first_response_at", "closed_at"
    ),
    "agent_handling_time": lambda row: stage(row, "agent_handling_time", "agent_assigned_at", "closed_at"),
    "total_handling_time": lambda row: stage(row, "total_handling_time", "indexed_at", "closed_at"),
    "bot_conversations": lambda row: True if has_bot(row) else None,
    "handoff_rate": lambda row: is_handed_off(row) if has_bot(row) and is_judged(row) else None,
    "call_deflection": lambda row: (
        None
        if oracle.is_null(row["channel"]) or row["channel"] == ""
        else row["channel"].lower() not in ("phone", "email")
    ),
    "first_resolution_time": lambda row: (
        None
        if not oracle.is_null(row["reopen_count"]) and row["reopen_count"] > 0
        else reading(row, "created_at", "closed_at")
    ),
    "resolution_rate": lambda row: (
        None
        if reading(row, "created_at", "closed_at") is None
        else reading(row, "created_at", "closed_at")[1] == "ended"
    ),
    "escalations": lambda row: (
        None if oracle.seconds(row["created_at"]) > oracle.seconds(AS_OF) else row["escalated_to"] == "experts"
    ),
    "escalation_reasons": lambda row: (
        True
        if oracle.seconds(row["created_at"]) <= oracle.seconds(AS_OF) and row["escalated_to"] == "experts"
        else None
    ),
    "reopen_rate": lambda row: None if oracle.is_null(row["reopen_count"]) else row["reopen_count"] > 0,
}
# Not of one row each: a rate over several sets of rows, or a count of rows by what they cost or were scored by.
WITHOUT_A_RULE = {
    "unique_customers",
    "topics",
    "abandonment_by_base",
    "abandonment_by_stage",
    "service_level_by_formula",
    "transfer_destinations",
    "expectation_met",
    "first_contact_resolution",
    "first_contact_by_window",
    "contact_costs",
    "sentiment_engines",
    "response_time",  # of several messages each: tests/test_replies.py
    "bot_containment",  # what a customer did next is said by other rows
    "containment_by_window",
    "quick_replies",
    "quick_reply_handoff",
}
RULED = [name for name in NAMES if METRICS[name].shape in ("count", "rate", "wait") and name not in WITHOUT_A_RULE]


def test_every_count_rate_and_wait_has_its_rule():
    assert set(ROWS) == set(RULED)
    found = {about.shape for about in METRICS.values()}
    assert found >= SHAPES and found - SHAPES <= {"comparison", "contribution", "team"}  # of results, or of a data set


def assert_rule(name, frame, by):
    """Each group's row says what the rule says of its rows, one by one."""
    about, result = METRICS[name], run(name, frame, by)
    result = result[result["n"] > 0] if by else result  # a group of surveys of which none was answered is a row
    rows = [row for row in oracle.records(frame) if ROWS[name](row) is not None]
    expected = []
    for key, group in oracle.groups(rows, by).items():
        cases = [ROWS[name](row) for row in group]
        values = {"n": len(cases)}
        if about.shape == "rate":
            values |= {result.attrs["roles"]["hits"]: sum(cases)} | oracle.rate(sum(cases), len(cases), about.value)
        if about.shape == "wait":
            values |= wait_of(cases, result.attrs["roles"])
        expected.append(oracle.labelled(key, by, **values))
    if about.shape == "rate":  # some rates aren't there where the event couldn't happen
        undefined = result[about.value].isna() & (result[result.attrs["roles"]["hits"]] == 0)
        result.loc[undefined, [about.value, "low", "high"]] = None
        rates = {str(key): is_null for key, is_null in zip(result[by] if by else [()], undefined, strict=True)}
        for row in expected:
            if rates[str(row[by]) if by else "()"]:
                row |= dict.fromkeys((about.value, "low", "high"))
    oracle.assert_same(result, expected, oracle.names(by))


def wait_of(cases, roles):
    curve = oracle.incidence([(oracle.on_grid(took), how) for took, how in cases])
    values = {
        roles[role]: sum(how == end for _, how in cases)
        for role, end in (("ended", "ended"), ("otherwise", "otherwise"), ("open", "open"))
        if role in roles
    }
    for quantile, probability in (("median", 0.5), ("p90", 0.9)):
        values |= {f"{quantile}_seconds": oracle.reach(curve, 2, probability)}
        values |= {f"{quantile}_low": oracle.reach(curve, 3, probability)}
        values |= {f"{quantile}_high": oracle.reach(curve, 4, probability)}
    ended = [took for took, how in cases if how == "ended"]
    return values | {roles["mean"]: oracle.mean(ended) if ended else None}


RANDOM = {
    "messages": oracle.messages,
    "conversations": oracle.conversations,
    "calls": oracle.calls,
    "surveys": oracle.surveys,
}


@pytest.mark.parametrize("name", RULED)
@settings(max_examples=settings.default.max_examples * 4 // 100)
@given(st.data())
def test_the_rule_on_random_tables(name, data):
    frame = data.draw(RANDOM[METRICS[name].contract]())
    assert_rule(name, frame, data.draw(st.sampled_from([None, "channel", "topic"])))


@pytest.mark.parametrize("name", RULED)
def test_the_rule(name):
    assert_rule(name, table_of(name), by_of(name))


# --- running them ---------------------------------------------------------------------------------


@functools.cache
def tables():
    found = oracle.sample_tables()
    queues = found["calls"].set_index("call_id")["queue"]
    stages, messages = found["call_stages"], found["messages"]
    asked = messages[messages["sender"] == "customer"]
    took = pd.to_timedelta(pd.Series(range(len(asked)), index=asked.index) ** 3, unit="s")
    replies = asked.assign(
        message_id="r" + asked["message_id"], in_reply_to=asked["message_id"], sender="agent", is_public=True
    ).assign(sent_at=(asked["sent_at"] + took).dt.as_unit("us"))
    # of one channel only, some of nobody
    cases, places = found["conversations"], pd.Series(range(len(found["conversations"])))
    whose = cases["channel"].fillna("") + "-" + (places % 7).astype(str)
    cases = cases.assign(customer_id=whose.where(places % 5 > 0).astype(object), agent="a" + (places % 4).astype(str))
    pressed = pd.Series(["prices", None, "agent"] * len(messages), dtype=object)
    both = pd.concat([messages.assign(in_reply_to=None), replies], ignore_index=True)
    both = both.assign(quick_reply=pressed.iloc[: len(both)].to_numpy())
    # and one right after each bot began: some of their conversations are old enough to be judged
    bots = cases[cases["bot_started_at"].notna()]
    first = {
        "message_id": "p" + bots["conversation_id"],
        "conversation_id": bots["conversation_id"],
        "sender": "customer",
    }
    first |= {"sent_at": bots["bot_started_at"] + pd.Timedelta("1min"), "channel": bots["channel"], "is_public": True}
    first = pd.DataFrame(first).assign(quick_reply=pressed.iloc[: len(bots)].to_numpy(), in_reply_to=None)
    both = pd.concat([both, first], ignore_index=True)
    # the same of all messages of a conversation
    projects = dict(zip(sorted(set(both["conversation_id"])), ["web", "shop", None] * 7, strict=False))
    visits = pd.DataFrame({"day": pd.date_range("2024-03-28", periods=12)})
    visits = visits.assign(visits=range(20, 80, 5), page="/help", topic=["bills", "praise", None] * 4)
    return found | {
        "site_visits": visits,
        "conversations": cases,
        "calls": found["calls"].assign(topic=["bills", None, "praise"] * (len(found["calls"]) // 3)),
        "surveys": found["surveys"].assign(conversation_id=cases["conversation_id"]),
        "call_stages": stages.assign(queue=queues.loc[stages["call_id"]].to_numpy()),
        "messages": _with_agents(both.assign(project=both["conversation_id"].map(projects).astype(object))),
    }


def _with_agents(messages):
    """Messages with agents, some unknown, who are of one team or of none."""
    number = pd.Series(range(len(messages)), index=messages.index) % 5
    teams = {0: "north", 1: "north", 2: "south", 3: None, 4: None}
    return messages.assign(
        agent=("a" + number.astype(str)).where(number < 4).astype(object), team=number.map(teams).astype(object)
    )


def table_of(name):
    return tables()[METRICS[name].contract]


def by_of(name):
    """The column that a metric is grouped by, None where it takes no groups."""
    has_groups = "by" in inspect.signature(METRICS[name].function).parameters
    return OTHERWISE_BY.get(name, BY.get(METRICS[name].contract)) if has_groups else None


def of(tables, name):
    """The table that a metric takes."""
    return tables[METRICS[name].contract]


def run(name, table, by=None, others=None):
    """A metric's result; `others`: tables by name, of which it is given all that it takes besides its own."""
    takes = inspect.signature(METRICS[name].function).parameters
    asked = {key: value for key, value in (("as_of", AS_OF), ("zone", ZONE), ("service", SERVICE)) if key in takes}
    if by or (
        METRICS[name].shape != "pull" and "by" in takes and takes["by"].default
    ):  # one that has groups unless told
        asked["by"] = by
    given = BESIDES.get(name, ()) if others is None else (others.keys() & takes.keys()) - {METRICS[name].contract}
    asked |= {other: (others or tables())[other] for other in given}
    return METRICS[name].function(table, **asked)


@functools.cache
def grouped(name):
    """The result by groups, once for all tests; the frame is left as it was."""
    frame = table_of(name)
    before = frame.copy(deep=True)
    result = run(name, frame, by_of(name))
    pd.testing.assert_frame_equal(frame, before)
    return result


def same(result, expected, without=()):
    """The same rows in the same order, but for the index and for how text is stored."""
    frames = []
    for one in (result, expected):
        kept = pd.DataFrame(one).drop(columns=list(without), errors="ignore").reset_index(drop=True)
        frames.append(kept.convert_dtypes(dtype_backend="numpy_nullable"))
    pd.testing.assert_frame_equal(*frames, check_dtype=False, check_categorical=False, rtol=1e-9)


def a_group(frame, by):
    return frame[by].dropna().loc[lambda column: column != ""].mode().iloc[0]


def is_by_group(name):
    """Whether each group's row says something of that group alone."""
    return by_of(name) and METRICS[name].shape not in ("pull", "need", "listing") and name not in BESIDES


by_group = pytest.mark.parametrize("name", [name for name in NAMES if is_by_group(name)])
with_groups = pytest.mark.parametrize("name", [name for name in NAMES if by_of(name) and name not in BESIDES])


# --- what holds for all ---------------------------------------------------------------------------


def test_what_is_public_is_declared():
    assert set(metrics.__all__) == set(METRICS)
    assert all(METRICS[name].contract in CONTRACTS and METRICS[name].best in ("low", "high", "") for name in NAMES)


@every
def test_a_result_knows_what_it_is(name):
    result = grouped(name)
    attrs, units, keys = result.attrs, result.attrs["units"], result.attrs["by"]
    about = METRICS[name]
    assert (attrs["metric"], attrs["shape"], attrs["best"]) == (name, about.shape, about.best)
    assert attrs["value"] == about.value and about.value in result.columns and attrs["count"] in [*result.columns, "n"]
    assert set(keys) <= set(attrs["rows"]) <= set(result.columns)
    assert not pd.DataFrame(result).duplicated(attrs["rows"]).any()  # they tell one row from another
    assert words.text(f"case.{attrs['case']}", n=2).startswith("2 ")
    ends = {f"{stem}_{end}" for stem in result.columns for end in ("low", "high")} | {"low", "high"}
    ends |= {f"{stem.removesuffix('_seconds')}_{end}" for stem in result.columns for end in ("low", "high")}
    numbers = set(result.select_dtypes("number").columns) - ends - set(keys)
    assert numbers <= set(units), numbers - set(units)
    assert set(units) <= set(result.columns)
    for role in ("hits", "ended", "open", "otherwise", "mean"):
        assert attrs.get("roles", {}).get(role, result.columns[0]) in result.columns
    assert set(attrs.get("ends", ())) <= set(result.columns)
    if "parts" in attrs:
        parts = result.parts()
        shares = parts.groupby("place")["share"].sum()
        assert shares[parts.groupby("place")["total"].first() > 0].to_numpy() == pytest.approx(1)
    assert len(result.targets()) == len(result.statuses()) == len(result.enough()) == len(result)
    result._repr_html_()


@by_group
def test_groups_sum_to_the_total(name):
    result, whole = grouped(name), run(name, table_of(name))
    counts = [column for column, unit in whole.attrs["units"].items() if unit == "count"]
    counts = [column for column in counts if column not in DISTINCT.get(name, ())]
    if METRICS[name].shape == "curve":  # of the others, n is who still waits
        result, whole = (one[one["seconds"] == 0] for one in (result, whole))
    rest = [key for key in result.attrs["rows"] if key != by_of(name)]
    sums = [
        one.groupby(rest, observed=True)[counts].sum() if rest else one[counts].sum().to_frame().T
        for one in map(pd.DataFrame, (result, whole))
    ]
    pd.testing.assert_frame_equal(*sums, check_dtype=False)
    assert sums[0]["n"].sum() > 0


@by_group
def test_a_group_alone_is_its_row_and_the_others_are_theirs(name):
    frame, by = table_of(name), by_of(name)
    value, found = a_group(frame, by), grouped(name)
    same(run(name, frame[frame[by] == value]), found[found[by] == value].drop(columns=by), OF_ALL)
    same(run(name, frame[frame[by] != value], by), found[found[by] != value], OF_ALL)


@with_groups
def test_a_missing_key_is_a_group(name):
    """Also where all are missing, see test_metrics_edges.py."""
    key = table_of(name)[by_of(name)]
    assert (key.isna() | (key == "")).any() and "(none)" in set(grouped(name)[by_of(name)])


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """{table: its Parquet file}"""
    paths = {name: tmp_path_factory.mktemp("files") / f"{name}.parquet" for name in tables()}
    for name, path in paths.items():
        tables()[name].to_parquet(path)
    return paths


@pytest.fixture(scope="module")
def held():
    """{table: itself, in another order, in a DuckDB whose session is on the other side of the world}"""
    backend = ibis.duckdb.connect()
    backend.raw_sql("SET TimeZone = 'Pacific/Auckland'")
    return {name: backend.create_table(name, frame.sample(frac=1, random_state=1)) for name, frame in tables().items()}


@every
def test_an_engine_is_a_frame_whatever_the_order_of_its_rows(name, held):
    same(run(name, of(held, name), by_of(name)), grouped(name))


@with_groups
def test_no_group_is_called_as_a_column_of_the_result(name, held):
    result, table = grouped(name), of(held, name)
    own = [column for column in result.columns if column not in result.attrs["rows"]]
    rows = [key for key in result.attrs["rows"] if key in ("bucket", "seconds")]
    for column in [*own, *rows]:
        with pytest.raises(BadParameter, match=f"by='{column}'"):
            run(name, table.mutate(**{column: ibis.literal("x")}), column)


@pytest.mark.parametrize("contract", BY)
def test_together_and_of_a_file_is_one_by_one_and_of_a_frame(contract, files):
    names = [name for name in NAMES if METRICS[name].contract == contract]
    calls = [lambda name=name: run(name, files[contract], by_of(name)) for name in names]
    for name, result in zip(names, together(calls), strict=True):
        same(result, grouped(name))
        alone = grouped(name).attrs
        assert result.attrs == alone, name
