"""How fast, and how often, customers get an answer from a human."""

from toolkit import engine
from toolkit.metrics import shapes, waits
from toolkit.metrics.choices import WAITING, choosing
from toolkit.metrics.dataset import made_once
from toolkit.metrics.registry import metric
from toolkit.metrics.rows import choose, of_channels, spans, with_target, without_bots_alone

_CLOSED = ("closed", "closed_at")
REOPENED, ANSWERED_AGAIN, HANDED_OFF = "reopened_at", "response_after_reopening_at", "handed_off_at"


def asked(conversations, choices):
    """The waits of conversations for their first response, as the choices say."""
    of_rows = choices.told("clock", "as_of", "bot_only", "channels", "since", "reopened")
    rows, case, told = asked_rows(conversations, **of_rows)
    return waits.Waits(rows, "answered", "closed", choices, told, case)


@made_once
def asked_rows(conversations, clock, as_of, bot_only, channels, since="creation", reopened="restart"):
    """(one row per conversation, with how its wait for the first response ended; the words of one; the choices)."""
    table = engine.as_table(conversations, "conversations", ["created_at", "first_response_at"])
    table, case = of_channels(table, "conversations", channels)
    choices, later = {"clock": clock, "bot_only": bot_only, "channels": channels}, []
    if HANDED_OFF in table.columns:  # a choice that decides nothing isn't told
        choices["since"] = since
        later += [(HANDED_OFF, True)] if since == "handoff" else []
    if REOPENED in table.columns:
        choices["reopened"] = reopened
        later += [(REOPENED, False)] if reopened == "restart" else []
        table = with_later_answer(table) if reopened == "restart" else table
    rows = spans(table, "conversations", "created_at", "first_response_at", "answered", as_of, _CLOSED, later)
    rows = without_bots_alone(rows) if bot_only == "out" else rows
    return with_target(rows, "first_response"), case, choices


def with_later_answer(table):
    """The conversations, the first answer after a reopening being the first response of those that have none else."""
    if ANSWERED_AGAIN not in table.columns or not table[ANSWERED_AGAIN].type().is_timestamp():
        return table
    return table.mutate(first_response_at=table.first_response_at.fill_null(table[ANSWERED_AGAIN]))


@metric("wait", table="conversations", case="conversation", value="median_seconds", best="low")
@choosing
def first_response_time(conversations, by=None, choices=WAITING):
    """How long customers wait for the first public reply by a human; bots don't count.

    What is still waiting when the data is read is censored then, not dropped, so that a backlog can't make the figure
    look better; what was closed without a reply will never get one (Aalen and Johansen's cumulative incidence).

    Parameters
    ----------
    conversations : DataFrame, ibis Table or path; one row per conversation
        Uses `created_at`, `first_response_at` (null while unanswered), `closed_at`, `status` and `channel` where they
        are there, and the columns in `by`.
    by : str or list of str, optional
        Group columns, such as "channel"; also hour, weekday, day, week, month of arrival, local.
    clock : "calendar" or "business"
        Whether the time outside opening hours counts.
    as_of : datetime, optional
        When the data was read; defaults to what `open_data` knows, else the newest event.
    zone, service : optional
        IANA zone and settings (for business time); tables from `open_data` carry theirs.
    bot_only : "out" or "in"
        A conversation that a bot handled alone (`bot_started_at`, no `handed_off_at`, no reply) never waited
        for a human and is left out, or counts as unanswered. Without a column `handed_off_at` none was handed off.
    channels : "all", "written" or "phone"
        Which conversations count: an answered call says nothing of how messages are answered.
    since : "creation" or "handoff"
        Whether the wait begins with the customer's first message, or where a bot handed the conversation to a human
        (`handed_off_at`) then.
    reopened : "restart" or "creation"
        A conversation that was opened again (`reopened_at`) before a human answered waits from the reopening: a bot that
        closed on Monday and a customer who came back on Friday are no wait of five days. "creation" counts from the
        first message all the same. One that was answered before keeps its first response either way.

    Returns
    -------
    Result, one row per group: `n` conversations = `answered_count` + `closed_count` (closed without a reply) +
        `open_count` (waiting); `median_seconds` and `p90_seconds` with `median_low`, ... (95 %), null where the
        curve doesn't reach them; `mean_answered_seconds`, the plain mean of those that were answered, which
        flatters. Seconds, 0 or more; lower is better. Where service.toml promises a first response,
        `within_target` in [0, 1], the share answered within what their channel promises, with its interval.
        Waits of more than 2 h are rounded up to 10 s, of more than a day to a minute (`waits.on_grid`).

    Raises
    ------
    MissingColumn, BadData
        A column isn't there, or a reply lies before its conversation.

    Source: DEFINITIONS.md#first-response-time

    Examples
    --------
    Three answered after 1, 2 and 10 minutes, one still waiting after an hour:

    >>> import pandas as pd
    >>> start = pd.Timestamp("2024-03-01T09:00Z")
    >>> conversations = pd.DataFrame({
    ...     "created_at": [start] * 4,
    ...     "first_response_at": [start + pd.Timedelta(minutes=m) for m in (1, 2, 10)] + [pd.NaT],
    ... })
    >>> first_response_time(conversations, as_of="2024-03-01T10:00Z").loc[0, ["n", "open_count", "median_seconds"]].tolist()
    [4.0, 1.0, 120.0]
    """
    return waits.wait(first_response_time, asked(conversations, choices), by)


@metric("curve", table="conversations", case="conversation", value="share", best="high", view_of="first_response_time")
@choosing
def response_curve(conversations, by=None, choices=WAITING, points=200):
    """The share of conversations answered within any span of time.

    It levels off at the share that is ever answered: what was closed without a reply never will be.

    Parameters are those of `first_response_time`; `points` is how many rows a group has at most.

    Returns
    -------
    Result, one row per group and time: `seconds`, `share` answered by then in [0, 1] with `low`, `high`,
        and `n` conversations still waiting just before it. Where service.toml promises a first response,
        `target_seconds`, where all of a group have one target.

    Source: DEFINITIONS.md#response-curve

    Examples
    --------
    >>> import pandas as pd
    >>> start = pd.Timestamp("2024-03-01T09:00Z")
    >>> conversations = pd.DataFrame({
    ...     "created_at": [start] * 2, "first_response_at": [start + pd.Timedelta(minutes=1), pd.NaT],
    ... })
    >>> response_curve(conversations, as_of="2024-03-01T10:00Z")[["seconds", "share"]].values.tolist()
    [[0.0, 0.0], [60.0, 0.5], [3600.0, 0.5]]
    """
    return waits.wait_curve(response_curve, asked(conversations, choices), by, points)


@metric("shares", table="conversations", case="conversation", value="share")
@choosing
def response_time_buckets(
    conversations, by=None, edges=("1h", "6h", "12h", "24h"), choices=WAITING, edges_include="upper"
):
    """How many conversations were answered within each span of time.

    Parameters
    ----------
    conversations : DataFrame, ibis Table or path; one row per conversation
        Uses `created_at`, `first_response_at` (null while unanswered) and the columns in `by`.
    by : str or list of str, optional
        Group columns, such as "channel".
    edges : sequence of durations
        Upper ends.
    edges_include : "upper" or "lower"
        The span to which an edge itself belongs: the one that ends there (3600 s is within "1h"), or the one that
        begins there (3600 s is the first second of the next one).
    clock, as_of, zone, service, bot_only, channels, since, reopened : optional
        As for `first_response_time`.

    Returns
    -------
    Result, one row per group and bucket: `n` conversations, `total` of the group, `share` of the group
        in [0, 1], `low`, `high` (95 % Wilson). What was closed unanswered, and what is waiting, are buckets of
        their own. Where service.toml promises a first response, in each row of a group whose conversations all have
        one target: `target_seconds`, and `within_target` in [0, 1], the share of the group answered within it.

    Raises
    ------
    MissingColumn
        Names the table, the column and the columns there are.
    BadParameter
        The edges aren't durations that grow.

    Source: DEFINITIONS.md#response-time-buckets

    Examples
    --------
    >>> import pandas as pd
    >>> start = pd.Timestamp("2024-03-01T09:00Z")
    >>> conversations = pd.DataFrame({
    ...     "created_at": [start] * 4,
    ...     "first_response_at": [start + pd.Timedelta(hours=h) for h in (0.5, 1, 30)] + [pd.NaT],
    ... })
    >>> buckets = response_time_buckets(conversations, edges=("1h", "24h"))
    >>> buckets.loc[buckets["n"] > 0, ["bucket", "n", "share"]].values.tolist()
    [['within 1 h', 2, 0.5], ['after 24 h', 1, 0.25], ['waiting', 1, 0.25]]
    """
    choose("edges_include", edges_include, ("upper", "lower"))
    own = {"edges": ", ".join(map(str, edges)), "edges_include": edges_include}
    told = asked(conversations, choices).telling(own)
    return waits.wait_spans(response_time_buckets, told, by, edges, is_upper=edges_include == "upper")


@metric("rate", table="conversations", case="conversation", value="response_rate", best="high")
@choosing
def response_rate(
    conversations, by=None, no_reply_topics=None, choices=("as_of", "zone", "bot_only", "channels", "reopened")
):
    """The share of inbound conversations that got a public reply by a human.

    Parameters
    ----------
    conversations : DataFrame, ibis Table or path; one row per conversation
        Uses `created_at`, `first_response_at`, `topic` where there is one, and the columns in `by`.
    by : str or list of str, optional
        Group columns.
    no_reply_topics : list of str, optional
        Topics that need no reply, such as a compliment; default: those of service.toml.
    as_of : datetime, optional
        Replies after it don't count yet.
    bot_only, channels, reopened :
        As for `first_response_time`; one that was closed and opened again is waiting, not closed.

    Returns
    -------
    Result, one row per group: `n` = `answered_count` + `closed_count` (closed without a reply) + `open_count`
        (waiting), `response_rate` in [0, 1] (best 1) with `low`, `high` (95 % Wilson); where topics need no reply
        also `needing_count` and `needing_rate` over the others.

    Source: DEFINITIONS.md#response-rate

    Examples
    --------
    >>> import pandas as pd
    >>> start = pd.Timestamp("2024-03-01T09:00Z")
    >>> conversations = pd.DataFrame({"created_at": [start] * 2, "first_response_at": [start, pd.NaT]})
    >>> response_rate(conversations)["response_rate"].tolist()
    [0.5]
    """
    waiting = asked(conversations, choices)
    rows, extra, uses = waiting.rows, None, []
    topics = shapes.settings_of(rows).no_reply_topics if no_reply_topics is None else engine.group_keys(no_reply_topics)
    told = {name: value for name, value in waiting.told.items() if name not in ("clock", "since")}
    if topics and "topic" in rows.columns:
        rows = rows.mutate(needs_=~engine.as_text(rows.topic).isin(topics).fill_null(False))
        told["no_reply_topics"] = ", ".join(topics)
        extra = _needing, _with_needing_rate
        uses = ["needing_count", "needing_rate", "needing_rate_low", "needing_rate_high"]
    more = {"counts": {"needing_rate": "needing_count"}, "subsets": {"needing_count": uses}} if extra else {}
    return shapes.rate(
        response_rate, rows, "answered", by, choices.zone, ["closed"], "open", told, uses, case=waiting.case, extra=extra,
        units={"needing_count": "count", "needing_rate": "rate"}, more=more,
    )  # fmt: skip


def _needing(keyed):
    return {
        "needing_count": engine.count_if(keyed, keyed.needs_),
        "needing_answered": engine.count_if(keyed, keyed.needs_ & keyed.is_answered_),
    }


def _with_needing_rate(frame):
    frame = shapes.add_rate(frame, "needing_rate", "needing_answered", "needing_count", prefix="needing_rate")
    return frame.drop(columns="needing_answered")
