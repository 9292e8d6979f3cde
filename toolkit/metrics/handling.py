"""What a call takes once it is answered: its handle time, the time to its resolution, transfers."""

from toolkit import engine
from toolkit.errors import BadParameter, MissingColumn
from toolkit.metrics import shapes, waits
from toolkit.metrics.calls import offered
from toolkit.metrics.choices import Choices
from toolkit.metrics.dataset import beside
from toolkit.metrics.means import mean
from toolkit.metrics.registry import metric
from toolkit.metrics.rows import choose, spans

PARTS = ("talk", "hold", "wrap_up")


def handled(calls, parts=PARTS):
    """(the answered calls with the seconds of each part as `<part>_`, and of all of them as `seconds_`; the parts)."""
    wanted = engine.group_keys(parts)
    if not wanted:
        raise BadParameter(f"parts: name at least one of {', '.join(PARTS)}")
    for part in wanted:
        choose("parts", part, PARTS)
    rows = offered(calls)
    rows = rows.filter(rows.is_answered_)
    each = {f"{part}_": handle_seconds(rows, [part]) for part in wanted}
    return rows.mutate(**each, seconds_=handle_seconds(rows, wanted)), wanted


def handle_seconds(rows, parts):
    """Whole seconds that a call took in these parts; null where one isn't known, as that isn't 0, or is below 0."""
    import ibis

    rows, total = engine.as_table(rows, "calls", [f"{part}_seconds" for part in parts]), None
    for part in parts:
        seconds = rows[f"{part}_seconds"].cast("float64")
        whole = ibis.ifelse((seconds >= 0).fill_null(False), seconds.floor().cast("int64"), ibis.null("int64"))
        total = whole if total is None else total + whole
    return total


@metric("mean", table="calls", case="answered_call", value="mean_seconds", best="")
def average_handle_time(calls, by=None, parts=PARTS, zone=None):
    """How long an answered call keeps an agent: talk, hold and after-call work.

    Parameters
    ----------
    calls : DataFrame, ibis Table or path; one row per offered call
        Uses `talk_seconds`, `hold_seconds`, `wrap_up_seconds`, `outcome` (else `answered_at` and `abandoned_at`) and the
        columns in `by`; only answered calls count.
    by : str or list of str, optional
        Group columns, such as "agent"; also hour, weekday, day, week, month of the call's start, local.
    parts : some of "talk", "hold", "wrap_up"
        Which parts are summed. A data set that doesn't know one says so, and it is asked for the others by name.

    Returns
    -------
    Result, one row per group: `n` answered calls of which every part is known, `mean_seconds` (the average handle time)
        with `mean_low`, `mean_high` (95 %, Hall's for skewed times; null below 20 calls), `median_seconds` with
        `median_low`, `median_high` (95 %, by order), `p90_seconds`; 0 or more, neither end is better. A call of which a
        part isn't known is left out, as it isn't 0, and counted in `attrs["facts"]`.

    Raises
    ------
    MissingColumn, BadParameter

    Source: DEFINITIONS.md#average-handle-time

    Examples
    --------
    >>> import pandas as pd
    >>> calls = pd.DataFrame({
    ...     "started_at": pd.to_datetime(["2024-03-01T09:00Z"] * 3), "outcome": ["answered"] * 3,
    ...     "talk_seconds": [100, 200, 300], "hold_seconds": [0, 20, 0], "wrap_up_seconds": [10, 30, None],
    ... })
    >>> average_handle_time(calls)[["n", "mean_seconds"]].values.tolist()  # (110 + 250) / 2
    [[2.0, 180.0]]
    """
    rows, wanted = handled(calls, parts)
    uses = [f"{part}_seconds" for part in wanted]
    return mean(average_handle_time, rows, by, zone, {"parts": ", ".join(wanted)}, uses)


@metric("mean", table="calls", case="answered_call", value="mean_seconds", best="", view_of="average_handle_time")
def handle_time_parts(calls, parts=PARTS):
    """What the handle time is made of: talk, hold and after-call work, each over the calls of which it is known.

    Parameters
    ----------
    calls, parts :
        As for `average_handle_time`, which takes one part alone, too: `average_handle_time(calls, by="agent", parts="hold")`.

    Returns
    -------
    Result, one row per part, in the order talk, hold, wrap_up: `part`, and the columns of `average_handle_time`; `n`
        answered calls of which the part is known.

    Source: DEFINITIONS.md#handle-time-parts

    Examples
    --------
    >>> import pandas as pd
    >>> calls = pd.DataFrame({
    ...     "started_at": pd.to_datetime(["2024-03-01T09:00Z"] * 3), "outcome": ["answered"] * 3,
    ...     "talk_seconds": [100, 200, 300], "hold_seconds": [0, 20, 0], "wrap_up_seconds": [10, 30, None],
    ... })
    >>> handle_time_parts(calls)[["part", "n", "mean_seconds"]].round(1).values.tolist()
    [['talk', 3, 200.0], ['hold', 3, 6.7], ['wrap_up', 2, 20.0]]
    """
    import ibis

    rows, wanted = handled(calls, parts)
    each = [rows.select(part=ibis.literal(part), seconds_=rows[f"{part}_"]) for part in wanted]
    every = ibis.union(*each) if len(each) > 1 else each[0]
    plan = mean(handle_time_parts, every, "part", None)

    def ordered(result):
        result = result.sort_values("part", key=lambda names: names.map(PARTS.index)).reset_index(drop=True)
        result.attrs |= {"by": [], "rows": ["part"], "ordered": True, "facts": {}}
        least = shapes.settings_of(rows).minimum_count
        result.attrs |= {"minimum_count": least}
        return result

    return shapes.then(plan, ordered)


@metric("wait", table="calls", case="answered_call", value="median_seconds", best="low")
def call_resolution_time(calls, by=None, conversations=None, until=None, as_of=None, zone=None):
    """From the start of an answered call to the resolution of what it was about; what is open is censored.

    Parameters
    ----------
    calls : DataFrame, ibis Table or path; one row per offered call
        Uses `started_at`, `ended_at`, `conversation_id` where there is one, `outcome` (else `answered_at` and
        `abandoned_at`) and the columns in `by`. Only answered calls count: nobody could resolve the others.
    by : str or list of str, optional
        Group columns, such as "topic"; also hour, weekday, day, week, month of the call's start, local.
    conversations : the same for the conversations, optional
        By default those of the call's data set.
    until : "conversation" or "call", optional
        Resolved when the conversation that the call belongs to was last closed (`closed_at`), and a call that belongs to
        none, or to one that was closed before the call, when it ended; or every call when it ended. By default the
        conversation where conversations are known.
    as_of : datetime, optional
        When the data was read; defaults to what `open_data` knows, else the newest event.
    zone : str, optional
        IANA time zone of hours and days.

    Returns
    -------
    Result, one row per group: `n` calls = `resolved_count` + `open_count`; `median_seconds` and `p90_seconds` with
        `median_low`, ... (95 %), null where the curve doesn't reach them; `mean_resolved_seconds`, the plain mean of what
        is resolved, which flatters. Seconds, 0 or more; lower is better.

    Raises
    ------
    MissingColumn, BadParameter, BadData

    Source: DEFINITIONS.md#call-resolution-time

    Examples
    --------
    A call whose conversation was closed an hour later, and one that belongs to none and took two minutes:

    >>> import pandas as pd
    >>> start = pd.Timestamp("2024-03-01T09:00Z")
    >>> calls = pd.DataFrame({
    ...     "started_at": [start] * 2, "ended_at": [start + pd.Timedelta(minutes=2)] * 2, "outcome": ["answered"] * 2,
    ...     "conversation_id": ["c1", None],
    ... })
    >>> opened = pd.DataFrame({"conversation_id": ["c1"], "closed_at": [start + pd.Timedelta(hours=1)]})
    >>> call_resolution_time(calls, conversations=opened)["mean_resolved_seconds"].tolist()  # (3600 + 120) / 2
    [1860.0]
    """
    rows = offered(calls, ["ended_at"])
    known = beside(rows, "conversations") if conversations is None else conversations
    if until is None:
        until = "conversation" if known is not None and "conversation_id" in rows.columns else "call"
    choose("until", until, ("conversation", "call"))
    rows = rows.filter(rows.is_answered_)
    rows = rows.mutate(resolved_at_=rows.ended_at)
    if until == "conversation":
        rows = _until_closed(rows, known)
    taken = spans(
        rows.drop("ended_at").rename(ended_at="resolved_at_"), "calls", "started_at", "ended_at", "resolved", as_of
    )
    waiting = waits.Waits(taken, "resolved", choices=Choices(zone=zone), told={"until": until})
    return waits.wait(call_resolution_time, waiting, by)


def _until_closed(rows, conversations):
    """The calls with when what they were about was resolved: the close of the conversation, unless it came before the call."""
    if conversations is None:
        raise MissingColumn("calls", "conversation_id, with the table of conversations", rows.columns)
    rows = engine.as_table(rows, "calls", ["conversation_id"])
    other = engine.as_table(conversations, "conversations", ["conversation_id", "closed_at"])
    other = other.group_by("conversation_id").aggregate(closed_at_=other.closed_at.max(), is_there_=other.count() > 0)
    linked = rows.left_join(other, rows.conversation_id == other.conversation_id)
    linked = linked.drop("conversation_id_right") if "conversation_id_right" in linked.columns else linked
    import ibis

    is_before = (engine.epoch(linked.closed_at_) < engine.epoch(linked.started_at)).fill_null(False)
    is_alone = linked.is_there_.isnull() | is_before
    return linked.mutate(resolved_at_=ibis.ifelse(is_alone, linked.resolved_at_, linked.closed_at_))


@metric("rate", table="calls", case="answered_call", value="transfer_rate", best="")
def transfers(calls, by=None, zone=None):
    """The share of answered calls that were transferred.

    Parameters
    ----------
    calls : DataFrame, ibis Table or path; one row per offered call
        Uses `transferred_to` (null or empty: not transferred), `outcome` (else `answered_at` and `abandoned_at`) and the
        columns in `by`; only answered calls count.
    by : str or list of str, optional
        Group columns, such as "topic" or "agent", who answered first; also hour, weekday, day, week, month, local.

    Returns
    -------
    Result, one row per group: `n` answered calls, `transferred_count`, `transfer_rate` in [0, 1] (neither end is better)
        with `low`, `high` (95 % Wilson).

    Raises
    ------
    MissingColumn

    Source: DEFINITIONS.md#transfers

    Examples
    --------
    >>> import pandas as pd
    >>> calls = pd.DataFrame({
    ...     "started_at": pd.to_datetime(["2024-03-01T09:00Z"] * 3), "outcome": ["answered", "answered", "abandoned"],
    ...     "transferred_to": ["billing", None, None],
    ... })
    >>> transfers(calls)[["n", "transferred_count", "transfer_rate"]].values.tolist()
    [[2.0, 1.0, 0.5]]
    """
    rows = _answered(calls)
    rows = rows.mutate(is_transferred_=rows.to_.notnull())
    return shapes.rate(transfers, rows, "transferred", by, zone, uses=["transferred_to"])


@metric("count", table="calls", case="transferred_call", value="n", view_of="transfers")
def transfer_destinations(calls, by=None, zone=None):
    """To whom answered calls were transferred.

    Parameters
    ----------
    calls, by, zone :
        As for `transfers`.

    Returns
    -------
    Result, one row per destination (per group): `transferred_to`, `n` transferred calls and `share` of all of them, in
        [0, 1].

    Source: DEFINITIONS.md#transfer-destinations

    Examples
    --------
    >>> import pandas as pd
    >>> calls = pd.DataFrame({
    ...     "started_at": pd.to_datetime(["2024-03-01T09:00Z"] * 3), "outcome": ["answered"] * 3,
    ...     "transferred_to": ["billing", "billing", None],
    ... })
    >>> transfer_destinations(calls)[["transferred_to", "n", "share"]].values.tolist()
    [['billing', 2, 1.0]]
    """
    rows = _answered(calls)
    keys = [key for key in engine.group_keys(by) if key != "transferred_to"]
    return shapes.count(transfer_destinations, rows.filter(rows.to_.notnull()), [*keys, "transferred_to"], zone)


def _answered(calls):
    """The answered calls with whom each was transferred to, null where to nobody."""
    rows = offered(calls, ["transferred_to"])
    return rows.filter(rows.is_answered_).mutate(to_=engine.as_text(rows.transferred_to).nullif(""))
