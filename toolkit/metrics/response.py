"""How fast, and how often, customers get an answer from a human."""

from toolkit import engine
from toolkit.metrics import shapes, waits
from toolkit.metrics.registry import metric
from toolkit.metrics.rows import channel_setting, choose, of_channels, spans, with_target, without_bots_alone

_CLOSED = ("closed", "closed_at")


def asked_rows(conversations, clock, as_of, bot_only, channels):
    """(one row per conversation, with how its wait for the first response ended; the words of one; the choices)."""
    choose("clock", clock, ("calendar", "business"))
    choose("bot_only", bot_only, ("in", "out"))
    table = engine.as_table(conversations, "conversations", ["created_at", "first_response_at"])
    table, case = of_channels(table, "conversations", channels)
    rows = spans(table, "conversations", "created_at", "first_response_at", "answered", as_of, _CLOSED)
    rows = without_bots_alone(rows) if bot_only == "out" else rows
    return with_target(rows, "first_response"), case, {"clock": clock, "bot_only": bot_only, "channels": channels}


@metric("wait", table="conversations", case="conversation", value="median_seconds", best="low")
def first_response_time(
    conversations, by=None, clock="calendar", as_of=None, zone=None, service=None, bot_only="out", channels="all"
):
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
    rows, case, choices = asked_rows(conversations, clock, as_of, bot_only, channels)
    of = first_response_time
    return waits.wait(of, rows, "answered", by, zone, clock, service, "closed", choices, case)


@metric("curve", table="conversations", case="conversation", value="share", best="high", view_of="first_response_time")
def response_curve(
    conversations,
    by=None,
    clock="calendar",
    as_of=None,
    zone=None,
    service=None,
    bot_only="out",
    channels="all",
    points=200,
):
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
    rows, case, choices = asked_rows(conversations, clock, as_of, bot_only, channels)
    of = response_curve
    return waits.wait_curve(of, rows, "answered", by, zone, clock, service, "closed", choices, points, case)


@metric("shares", table="conversations", case="conversation", value="share")
def response_time_buckets(
    conversations,
    by=None,
    edges=("1h", "6h", "12h", "24h"),
    clock="calendar",
    as_of=None,
    zone=None,
    service=None,
    bot_only="out",
    channels="all",
):
    """How many conversations were answered within each span of time.

    Parameters
    ----------
    conversations : DataFrame, ibis Table or path; one row per conversation
        Uses `created_at`, `first_response_at` (null while unanswered) and the columns in `by`.
    by : str or list of str, optional
        Group columns, such as "channel".
    edges : sequence of durations
        Upper ends, inclusive: 3600 s is within "1h".
    clock : "calendar" or "business"
        Whether the time outside opening hours counts.
    as_of : datetime, optional
        When the data was read; defaults to what `open_data` knows, else the newest event.
    zone, service, bot_only, channels : optional
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
    rows, case, choices = asked_rows(conversations, clock, as_of, bot_only, channels)
    choices = {"edges": ", ".join(map(str, edges))} | choices
    of = response_time_buckets
    return waits.wait_spans(of, rows, "answered", by, zone, edges, clock, service, "closed", choices, case)


@metric("rate", table="conversations", case="conversation", value="response_rate", best="high")
def response_rate(conversations, by=None, no_reply_topics=None, as_of=None, zone=None, bot_only="out", channels="all"):
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
    bot_only, channels :
        As for `first_response_time`.

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
    rows, case, choices = asked_rows(conversations, "calendar", as_of, bot_only, channels)
    topics = shapes.settings_of(rows).no_reply_topics if no_reply_topics is None else engine.group_keys(no_reply_topics)
    del choices["clock"]
    extra, uses = None, []
    if topics and "topic" in rows.columns:
        rows = rows.mutate(needs_=~engine.as_text(rows.topic).isin(topics).fill_null(False))
        choices["no_reply_topics"] = ", ".join(topics)
        extra = _needing, _with_needing_rate
        uses = ["needing_count", "needing_rate", "needing_rate_low", "needing_rate_high"]
    return shapes.rate(
        response_rate, rows, "answered", by, zone, ["closed"], "open", choices, uses, case=case, extra=extra,
        units={"needing_count": "count", "needing_rate": "rate"},
    )  # fmt: skip


def _needing(keyed):
    return {
        "needing_count": engine.count_if(keyed, keyed.needs_),
        "needing_answered": engine.count_if(keyed, keyed.needs_ & keyed.is_answered_),
    }


def _with_needing_rate(frame):
    frame = shapes.add_rate(frame, "needing_rate", "needing_answered", "needing_count", prefix="needing_rate")
    return frame.drop(columns="needing_answered")


@metric("mean", table="messages", case="reply_pair", value="median_seconds", best="low", view_of="response_time")
def reply_pairs(messages, by=None, zone=None, conversations=None):
    """How long each customer message waited for the reply that names it as its parent.

    One row of the calculation is a pair: a human reply whose `in_reply_to` is a customer's message. It is
    not the first response of a conversation: a thread has one first response but as many pairs as answered
    messages, and its later turns are faster.

    Both messages of a pair must lie in the table: of messages restricted to a period, a reply to what was asked
    before it, and a question answered after it, form none.

    Parameters
    ----------
    messages : DataFrame, ibis Table or path; one row per message
        Uses `message_id`, `in_reply_to`, `sender`, `sent_at` and the columns in `by`, which are the reply's.
    conversations : the same for the conversations, optional
        To set beside the first response of those of them in which customers wrote.

    Returns
    -------
    Result, one row per group: `n` pairs, `mean_seconds` with `mean_low`, `mean_high` (95 %, Hall), `median_seconds`
        with `median_low`, `median_high` (95 %, by order), `p90_seconds`: plain quantiles, as a pair is never open;
        `negative_count` (replies stamped before their parent, counted as they are).

    Source: DEFINITIONS.md#reply-pairs

    Examples
    --------
    >>> import pandas as pd
    >>> start = pd.Timestamp("2024-03-01T09:00Z")
    >>> messages = pd.DataFrame({
    ...     "message_id": ["1", "2", "3"], "in_reply_to": [None, "1", "2"], "sender": ["customer", "agent", "customer"],
    ...     "sent_at": [start, start + pd.Timedelta(minutes=5), start + pd.Timedelta(minutes=9)],
    ... })
    >>> reply_pairs(messages)[["n", "median_seconds"]].values.tolist()
    [[1.0, 300.0]]
    """
    table = engine.as_table(messages, "messages", ["message_id", "in_reply_to", "sender", "sent_at"])
    asked = table.filter(table.sender == "customer")
    asked = asked.select(parent_=asked.message_id, asked_=engine.epoch(asked.sent_at))
    replies = table.filter(table.sender == "agent")
    if "is_public" in table.columns:
        replies = replies.filter(replies.is_public.fill_null(True))
    pairs = replies.mutate(parent_=replies.in_reply_to, replied_=engine.epoch(replies.sent_at))
    pairs = pairs.inner_join(asked, "parent_")
    pairs = pairs.mutate(seconds_=pairs.replied_ - pairs.asked_)
    pairs = pairs.mutate(is_negative_=pairs.seconds_ < 0)
    facts = (
        _first_responses(table.filter(table.sender == "customer"), conversations) if conversations is not None else {}
    )
    counts = {"negative_count": "is_negative_"}
    return waits.mean(reply_pairs, pairs, by, zone, facts=facts, counts=counts)


def _first_responses(messages, conversations):
    """How long the first response took of the threads in which customers wrote these messages."""
    threads = engine.as_table(conversations, "conversations", ["conversation_id"])
    threads = threads.semi_join(messages.select("conversation_id").distinct(), "conversation_id")
    with shapes.at_once():
        first = first_response_time(threads).iloc[0]
    return {"threads": int(first["n"]), "thread_median": float(first["median_seconds"])}


@metric("rate", table="conversations", case="conversation", value="expectation_met", best="high")
def expectation_met(conversations, as_of=None, bot_only="out", channels="all"):
    """The share of conversations answered within what customers expect of their channel.

    Parameters
    ----------
    conversations : DataFrame, ibis Table or path; one row per conversation
        Uses `created_at`, `first_response_at`, `closed_at` where it is there, and `channel`. What is expected stands in service.toml
        (`expectations`), of a channel by its name; "social" stands for all written channels without an entry of their own.
    as_of, bot_only, channels :
        As for `first_response_time`; a phone conversation that begins when the call is taken says nothing of its queue.

    Returns
    -------
    Result, one row per expectation, in the order of the settings: `expectation` (such as "social, 1 h"),
        `within_seconds`, `expected_share` of the customers who expect it (null where that isn't known), `n`
        conversations, `answered_count` answered by then, `expectation_met` in [0, 1] (best 1) with `low`, `high` (95 %, from the
        cumulative incidence: what is waiting is censored).

    Source: DEFINITIONS.md#expectation-met

    Examples
    --------
    >>> import pandas as pd
    >>> start = pd.Timestamp("2024-03-01T09:00Z")
    >>> conversations = pd.DataFrame({
    ...     "channel": ["email"] * 2, "created_at": [start] * 2,
    ...     "first_response_at": [start + pd.Timedelta(hours=h) for h in (1, 30)],
    ... })
    >>> expectation_met(conversations)[["expectation", "n", "expectation_met"]].values.tolist()
    [['email, 24 h', 2, 0.5]]
    """
    import pandas as pd

    rows, case, choices = asked_rows(conversations, "calendar", as_of, bot_only, channels)
    rows = engine.as_table(rows, "conversations", ["channel"])
    settings = shapes.settings_of(rows)
    with shapes.at_once():
        first = first_response_time(conversations, by="channel", as_of=as_of, bot_only=bot_only, channels=channels)
    groups = {channel: channel_setting(channel, settings.expectations) for channel in first["channel"]}
    made = []
    for name, expected in settings.expectations.items():
        members = [channel for channel, group in groups.items() if group == name]
        cells = [first.cells(row) for _, row in first.iterrows() if row["channel"] in members]
        if not cells:
            continue
        curve = waits.curve_of(pd.concat(cells))
        for one in expected:
            share, low, high = curve.at(one.within)
            met = int(sum(cell.loc[cell["cell_"] <= one.within, "ended_"].sum() for cell in cells))
            label = f"{name}, {_hours(one.within)}"
            made.append((label, one.within, one.share, int(curve.n), met, share, low, high))
    columns = [
        "expectation",
        "within_seconds",
        "expected_share",
        "n",
        "answered_count",
        "expectation_met",
        "low",
        "high",
    ]
    frame = pd.DataFrame(made, columns=columns).astype({"expected_share": "float64"})
    units = {"within_seconds": "seconds", "expected_share": "rate", "n": "count", "answered_count": "count"}
    about = {
        "rows": ["expectation"],
        "ordered": True,
        "roles": {"hits": "answered_count"},
        "ends": ("low", "high"),
    }
    about |= {"case": case} if case else {}
    return shapes.finish(frame, "expectation_met", rows, [], units | {"expectation_met": "rate"}, choices, **about)


def _hours(seconds):
    from toolkit.clock import humanize

    return humanize(seconds) if seconds != 86_400 else "24 h"
