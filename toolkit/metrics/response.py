"""How fast, and how often, customers get an answer from a human."""

import numpy as np
import pandas as pd

from toolkit import engine
from toolkit.errors import BadData
from toolkit.intervals import Survival
from toolkit.metrics._common import add_rate, choose, finish, settings_of

NOT_ANSWERED = "not answered"
_BOT_ONLY = {"out": "left out", "in": "counted as unanswered"}


def _waits(conversations, by, clock, as_of, zone, service, bot_only):
    """One row per conversation: the keys, `seconds` waited and whether it was answered by as_of."""
    import ibis

    choose("clock", clock, ("calendar", "business"))
    choose("bot_only", bot_only, ("in", "out"))
    table = engine.as_table(conversations, "conversations", ["created_at", "first_response_at"])
    engine.refuse_nulls(table, "conversations", "created_at")
    now = engine.as_of_seconds(table, [engine.epoch(table.created_at), engine.epoch(table.first_response_at)], as_of)
    if bot_only == "out" and "bot_started_at" in table.columns:
        by_bot = table.bot_started_at.notnull() & table.first_response_at.isnull()
        if "handed_off_at" in table.columns:  # else nothing was
            by_bot = by_bot & table.handed_off_at.isnull()
        table = table.filter(~by_bot)
    keys = engine.group_keys(by)
    keyed = engine.with_keys(table, "conversations", keys, zone, own=["needs_"])
    rows = keyed.select(*keys, start_=engine.epoch(keyed.created_at), end_=engine.epoch(keyed.first_response_at))
    rows = rows.filter(rows.start_ <= now)  # what comes later hasn't happened yet
    rows = rows.mutate(
        is_answered_=rows.end_.notnull() & (rows.end_ <= now),
    )
    rows = rows.mutate(end_=ibis.ifelse(rows.is_answered_, rows.end_, ibis.literal(now).cast("int64")))
    if clock == "business":
        from toolkit.clock import business_clock

        service = service or settings_of(table)
        rows = business_clock(rows, ["start_", "end_"], service)
        seconds = rows.end__business - rows.start__business
        # a reply before its conversation is wrong also where both lie outside opening hours
        rows = rows.mutate(seconds=ibis.ifelse(rows.end_ < rows.start_, -1, seconds))
    else:
        rows = rows.mutate(seconds=rows.end_ - rows.start_)
    return table, keys, rows


def _refuse_negative(smallest):
    if pd.notna(smallest) and smallest < 0:
        raise BadData(
            "conversations: a first_response_at lies before its created_at; "
            "toolkit.open_data sets such rows aside, or drop them first"
        )


def _curves(conversations, by, clock, as_of, zone, service, bot_only):
    """{group: Survival} with the group's sums, from counts per distinct duration."""
    table, keys, rows = _waits(conversations, by, clock, as_of, zone, service, bot_only)
    counts = engine.aggregate(
        rows,
        [*keys, "seconds"],
        events_=rows.is_answered_.ifelse(1, 0).sum(),
        censored_=rows.is_answered_.ifelse(0, 1).sum(),
    )
    frame = engine.to_pandas(counts)
    _refuse_negative(frame["seconds"].min() if len(frame) else np.nan)
    return table, keys, frame


def _groups(frame, keys):
    if not keys:
        return [((), frame)]
    return [
        (key if isinstance(key, tuple) else (key,), group)
        for key, group in frame.groupby(keys, dropna=False, sort=True)
    ]


def first_response_time(conversations, by=None, clock="calendar", as_of=None, zone=None, service=None, bot_only="out"):
    """How long customers wait for the first public reply by a human; bots don't count.

    What is still unanswered is censored at `as_of`, not dropped: the quantiles are those of a survival
    (Kaplan-Meier) curve, so that a backlog can't make the figure look better.

    Parameters
    ----------
    conversations : DataFrame, ibis Table or path; one row per conversation
        Uses `created_at`, `first_response_at` (null while unanswered) and the columns in `by`.
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

    Returns
    -------
    Result, one row per group: `n` conversations = `answered_count` + `open_count`; `median_seconds` and
        `p90_seconds` with `median_low`, ... (95 %), null where the curve doesn't reach them;
        `mean_answered_seconds`, the plain mean of those that were answered, which flatters. Seconds,
        0 or more; lower is better.

    Raises
    ------
    MissingColumn, BadData
        A column isn't there, or a reply lies before its conversation.

    Source: DEFINITIONS.md#first-response-time

    Examples
    --------
    Three answered after 1, 2 and 10 minutes, one still open after an hour:

    >>> import pandas as pd
    >>> start = pd.Timestamp("2024-03-01T09:00Z")
    >>> conversations = pd.DataFrame({
    ...     "created_at": [start] * 4,
    ...     "first_response_at": [start + pd.Timedelta(minutes=m) for m in (1, 2, 10)] + [pd.NaT],
    ... })
    >>> first_response_time(conversations, as_of="2024-03-01T10:00Z").loc[0, ["n", "open_count", "median_seconds"]].tolist()
    [4.0, 1.0, 120.0]
    """
    table, keys, counts = _curves(conversations, by, clock, as_of, zone, service, bot_only)
    rows = []
    for key, group in _groups(counts, keys):
        curve = Survival(group["seconds"], group["events_"], group["censored_"])
        answered = float(group["events_"].sum())
        mean = float((group["seconds"] * group["events_"]).sum() / answered) if answered else np.nan
        row = [*key, int(curve.n), int(answered), int(curve.n - answered)]
        for probability in (0.5, 0.9):
            row += [curve.quantile(probability), *curve.quantile_interval(probability)]
        rows.append([*row, mean])
    measures = ["median_seconds", "median_low", "median_high", "p90_seconds", "p90_low", "p90_high"]
    columns = [*keys, "n", "answered_count", "open_count", *measures, "mean_answered_seconds"]
    units = {"n": "count", "answered_count": "count", "open_count": "count"}
    units |= dict.fromkeys([*measures, "mean_answered_seconds"], "seconds")
    frame = pd.DataFrame(rows, columns=columns)
    choices = {"clock": clock, "handled by a bot alone": _BOT_ONLY[bot_only]}
    result = finish(frame, "first_response_time", table, keys, units, choices)
    result.attrs["when_null"] = dict.fromkeys(measures, "not reached")
    return result


def response_curve(
    conversations, by=None, clock="calendar", as_of=None, zone=None, service=None, bot_only="out", points=200
):
    """The share of conversations answered within any span of time (one minus the survival curve).

    Parameters are those of `first_response_time`; `points` is how many rows a group has at most.

    Returns
    -------
    Result, one row per group and time: `seconds`, `share` answered by then in [0, 1] with `low`, `high`,
        and `n` conversations still waiting just before it.

    Source: DEFINITIONS.md#first-response-time

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
    table, keys, counts = _curves(conversations, by, clock, as_of, zone, service, bot_only)
    frames = []
    for key, group in _groups(counts, keys):
        curve = Survival(group["seconds"], group["events_"], group["censored_"])
        at = np.arange(len(curve.seconds))
        if len(at) >= points:  # evenly in the share answered, so that steep parts keep their shape
            # the start and the last time, up to which the curve is flat, are points too
            wanted = np.linspace(curve.surviving[0], curve.surviving[-1], max(points - 2, 1))
            at = np.unique([*np.searchsorted(-curve.surviving, -wanted).clip(0, len(at) - 1), len(at) - 1])
        frame = pd.DataFrame(
            {
                "seconds": curve.seconds[at],
                "n": curve.at_risk[at].astype("int64"),
                "share": 1 - curve.surviving[at],
                "low": 1 - curve.high[at],
                "high": 1 - curve.low[at],
            }
        )
        start = pd.DataFrame({"seconds": [0.0], "n": [int(curve.n)], "share": [0.0], "low": [0.0], "high": [0.0]})
        if len(frame) and frame["seconds"].iloc[0] > 0:
            frame = pd.concat([start, frame], ignore_index=True)
        for position, name in enumerate(keys):
            frame.insert(position, name, key[position])
        frames.append(frame)
    columns = [*keys, "seconds", "n", "share", "low", "high"]
    frame = pd.concat(frames, ignore_index=True) if frames else pd.DataFrame(columns=columns)
    units = {"seconds": "seconds", "n": "count", "share": "rate"}
    choices = {"clock": clock, "handled by a bot alone": _BOT_ONLY[bot_only]}
    return finish(frame, "response_curve", table, keys, units, choices, minimum_count=0, rows=["seconds"])


def _bucket_names(edges):
    def name(seconds):
        for size, unit in ((86_400, "d"), (3600, "h"), (60, "min")):
            if seconds % size == 0 and (unit != "d" or seconds > 86_400):
                return f"{seconds // size} {unit}"
        return f"{seconds} s"

    names = [f"within {name(edges[0])}"]
    names += [f"{name(low)} to {name(high)}" for low, high in zip(edges, edges[1:], strict=False)]
    return [*names, f"after {name(edges[-1])}", NOT_ANSWERED]


def response_time_buckets(
    conversations,
    by=None,
    edges=("1h", "6h", "12h", "24h"),
    clock="calendar",
    as_of=None,
    zone=None,
    service=None,
    bot_only="out",
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
    zone, service, bot_only : optional
        As for `first_response_time`.

    Returns
    -------
    Result, one row per group and bucket: `n` conversations, `total` of the group, `share` of the group
        in [0, 1], `low`, `high` (95 % Wilson). The unanswered are a bucket of their own.

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
    >>> buckets[["bucket", "n", "share"]].values.tolist()
    [['within 1 h', 2, 0.5], ['1 h to 24 h', 0, 0.0], ['after 24 h', 1, 0.25], ['not answered', 1, 0.25]]
    """
    import ibis

    seconds, names = engine.parse_edges(edges), None
    names = _bucket_names(seconds)
    table, keys, rows = _waits(conversations, by, clock, as_of, zone, service, bot_only)
    steps = [(rows.seconds <= edge, position) for position, edge in enumerate(seconds)]
    place = ibis.cases((~rows.is_answered_, len(seconds) + 1), *steps, else_=len(seconds))
    rows = rows.mutate(bucket=place)
    frame = engine.to_pandas(engine.aggregate(rows, [*keys, "bucket"], n=rows.count(), smallest_=rows.seconds.min()))
    _refuse_negative(frame["smallest_"].min() if len(frame) else np.nan)
    parts = []
    for key, group in _groups(frame, keys) if len(frame) else []:
        counted = group.set_index("bucket")["n"].reindex(range(len(names)), fill_value=0)
        part = pd.DataFrame({"bucket": names, "n": counted.to_numpy("int64"), "total": int(counted.sum())})
        for position, name in enumerate(keys):
            part.insert(position, name, key[position])
        parts.append(part)
    columns = [*keys, "bucket", "n", "total"]
    frame = pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=columns)
    frame["bucket"] = pd.Categorical(frame["bucket"], names, ordered=True)
    frame = add_rate(frame, "share", "n", "total")
    units = {"n": "count", "total": "count", "share": "rate"}
    choices = {"edges": ", ".join(map(str, edges)), "clock": clock, "handled by a bot alone": _BOT_ONLY[bot_only]}
    return finish(frame, "response_time_buckets", table, keys, units, choices, count="total", rows=["bucket"])


def response_rate(conversations, by=None, no_reply_topics=None, as_of=None, zone=None, bot_only="out"):
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
    bot_only : "out" or "in"
        As for `first_response_time`.

    Returns
    -------
    Result, one row per group: `n`, `answered_count`, `response_rate` in [0, 1] (best 1) with `low`, `high`
        (95 % Wilson); where topics need no reply also `needing_count` and `needing_rate` over the others.

    Source: DEFINITIONS.md#response-rate

    Examples
    --------
    >>> import pandas as pd
    >>> start = pd.Timestamp("2024-03-01T09:00Z")
    >>> conversations = pd.DataFrame({"created_at": [start] * 2, "first_response_at": [start, pd.NaT]})
    >>> response_rate(conversations)["response_rate"].tolist()
    [0.5]
    """
    table = engine.as_table(conversations, "conversations", ["created_at", "first_response_at"])
    topics = settings_of(table).no_reply_topics if no_reply_topics is None else engine.group_keys(no_reply_topics)
    engine.check_keys(table, "conversations", by)
    _, keys, rows = _waits(
        _with_needs(table, topics), [*engine.group_keys(by), "needs_"], "calendar", as_of, zone, None, bot_only
    )
    frame = engine.to_pandas(
        engine.aggregate(rows, keys, n=rows.count(), answered_count=rows.is_answered_.ifelse(1, 0).sum())
    )
    keys = keys[:-1]
    frame["needing_count"] = frame["n"].where(frame["needs_"] == "yes", 0)
    frame["needing_answered"] = frame["answered_count"].where(frame["needs_"] == "yes", 0)
    counts = ["n", "answered_count", "needing_count", "needing_answered"]
    if keys:
        frame = frame.groupby(keys, dropna=False, sort=True)[counts].sum().reset_index()
    else:
        frame = pd.DataFrame([frame[counts].sum().astype("int64")])
    frame = add_rate(frame, "response_rate", "answered_count", "n")
    units = {"n": "count", "answered_count": "count", "response_rate": "rate"}
    choices = {"handled by a bot alone": _BOT_ONLY[bot_only]}
    if topics and "topic" in table.columns:
        frame = add_rate(frame, "needing_rate", "needing_answered", "needing_count", prefix="needing_rate")
        units |= {"needing_count": "count", "needing_rate": "rate"}
        choices["topics that need no reply"] = ", ".join(topics)
        frame = frame.drop(columns="needing_answered")
    else:
        frame = frame.drop(columns=["needing_count", "needing_answered"])
    return finish(frame, "response_rate", table, keys, units, choices)


def _with_needs(table, topics):
    import ibis

    if topics and "topic" in table.columns:
        exempt = table.topic.isin(topics).fill_null(False)
        return table.mutate(needs_=ibis.ifelse(exempt, "no", "yes"))
    return table.mutate(needs_=ibis.literal("yes"))


def reply_pairs(messages, by=None, zone=None):
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

    Returns
    -------
    Result, one row per group: `n` pairs, `median_seconds`, `p90_seconds` (plain quantiles: a pair is never
        open), `mean_seconds`, `negative_count` (replies stamped before their parent, counted as they are).

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
    keys = engine.group_keys(by)
    asked = table.filter(table.sender == "customer")
    asked = asked.select(parent_=asked.message_id, asked_=engine.epoch(asked.sent_at))
    replies = table.filter(table.sender == "agent")
    if "is_public" in table.columns:
        replies = replies.filter(replies.is_public.fill_null(True))
    replies = replies.mutate(parent_=replies.in_reply_to, replied_=engine.epoch(replies.sent_at))
    replies = engine.with_keys(replies, "messages", keys, zone).select(*keys, "parent_", "replied_")
    pairs = replies.inner_join(asked, "parent_")
    pairs = pairs.mutate(seconds=pairs.replied_ - pairs.asked_)
    plain = engine.to_pandas(
        engine.aggregate(
            pairs,
            keys,
            n=pairs.count(),
            mean_seconds=pairs.seconds.cast("float64").mean(),
            negative_count=engine.count_if(pairs, pairs.seconds < 0),
        )
    )
    between = engine.to_pandas(engine.quantiles(pairs, keys, "seconds", (0.5, 0.9)))
    frame = plain.merge(between, how="left", on=keys) if keys else pd.concat([plain, between], axis=1)
    frame = frame.rename(columns={"q50": "median_seconds", "q90": "p90_seconds"})
    frame = frame[[*keys, "n", "median_seconds", "p90_seconds", "mean_seconds", "negative_count"]]
    units = {"n": "count", "negative_count": "count"}
    units |= dict.fromkeys(["median_seconds", "p90_seconds", "mean_seconds"], "seconds")
    return finish(frame, "reply_pairs", table, keys, units)
