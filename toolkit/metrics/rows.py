"""Which rows a metric counts: the choices that several metrics share."""

from toolkit import engine
from toolkit.errors import BadParameter, suggestion
from toolkit.metrics.dataset import data_of, made_once
from toolkit.metrics.shapes import settings_of
from toolkit.service import parse_duration
from toolkit.tables import CLOSED_STATUSES, PHONE_CHANNELS, READ_AT

CHANNELS = ("all", "written", "phone")
NEVER = 2**62  # seconds


def choose(name, value, allowed):
    """The value if it is allowed, else BadParameter with a suggestion."""
    if value not in allowed:
        raise BadParameter(
            f"{name}={value!r} is not allowed{suggestion(value, allowed)}; choose one of {', '.join(map(repr, allowed))}"
        )
    return value


def duration(name, value):
    """Seconds of a duration that a caller gave, or BadParameter naming it."""
    try:
        return parse_duration(value)
    except ValueError as error:
        raise BadParameter(f"{name}: {error}") from None


def of_channels(table, name, channels):
    """(the rows of all, the written or the phone channels, the words key of one of them or None)."""
    choose("channels", channels, CHANNELS)
    if channels == "all":
        return table, None
    table = engine.as_table(table, name, ["channel"])
    is_phone = engine.as_text(table.channel).fill_null("").lower().isin(PHONE_CHANNELS)
    return (
        (table.filter(is_phone), "call") if channels == "phone" else (table.filter(~is_phone), "written_conversation")
    )


def channel_setting(channel, named):
    """The name of the setting that holds for a channel: its own, in any case, else that of the phone or of social ones.

    The phone's may be named by any word for it.

    >>> channel_setting("Email", ["phone", "email"]), channel_setting("Call", []), channel_setting("x", ["email"])
    ('email', 'phone', 'social')
    >>> channel_setting("phone", ["E-Mail", "Telefon"])
    'Telefon'
    """
    own = {name.lower(): name for name in named}
    if channel.lower() in own:
        return own[channel.lower()]
    if channel.lower() not in PHONE_CHANNELS:
        return "social"
    return next((own[name] for name in PHONE_CHANNELS if name in own), "phone")


def without_bots_alone(table):
    """Without the conversations that a bot handled alone: they never waited for a human."""
    if "bot_started_at" not in table.columns:
        return table
    by_bot = table.bot_started_at.notnull() & table.first_response_at.isnull()
    if "handed_off_at" in table.columns:  # else nothing was
        by_bot = by_bot & table.handed_off_at.isnull()
    return table.filter(~by_bot)


def spans(table, name, start, end, ended, as_of=None, otherwise=None, later=()):
    """The rows that had begun when the data was read, each with `start_`, `stop_` and how it ended.

    Parameters
    ----------
    start, end : time columns
    ended : str
        `is_<ended>_` says whether `end` had come.
    otherwise : (flag, time column), optional
        Another end of the wait, such as a close without a reply, where the column is there. A row whose status
        says closed, and whose time of closing isn't known, ended so by the reading at the latest.
    later : sequence of (time column, whether an end at that very second counts)
        Later starts, such as a reopening: a wait that goes on beyond one begins again there. A close before it is void.

    Returns
    -------
    ibis Table; `stop_` is the reading's instant for what had not ended
    """
    import ibis

    table = engine.as_table(table, name, [start, end])
    if table[start].type().is_timestamp() and start == "created_at":
        engine.refuse_nulls(table, name, start)
    flag, closing = otherwise or (None, None)
    is_known = closing in table.columns
    times = [engine.epoch(table[column]) for column in (start, end, *([closing] if is_known else []))]
    if READ_AT in table.columns and as_of is None and data_of(table):
        now = engine.epoch(table[READ_AT])  # weeks, each read at an end of its own
    else:
        now = ibis.literal(engine.as_of_seconds(table, times, as_of)).cast("int64")
    rows = table.mutate(now_=now, start_=times[0], end_=times[1], **({"closing_": times[2]} if is_known else {}))
    for column, at_once in later:
        if column in rows.columns and rows[column].type().is_timestamp():
            rows = _from_later_start(rows, column, at_once, end)
    rows = rows.filter(rows.start_ <= rows.now_)  # what comes later hasn't happened yet
    is_ended = rows.end_.notnull() & (rows.end_ <= rows.now_)
    rows = rows.mutate(**{f"is_{ended}_": is_ended})
    stop = [(rows[f"is_{ended}_"], rows.end_)]
    if flag:
        is_closed = (rows.closing_.notnull() & (rows.closing_ <= rows.now_)) if is_known else ibis.literal(False)
        if "status" in rows.columns:
            unknown = rows.closing_.isnull() if is_known else ibis.literal(True)
            is_closed = is_closed | (unknown & rows.status.fill_null("").lower().isin(CLOSED_STATUSES))
        rows = rows.mutate(**{f"is_{flag}_": ~rows[f"is_{ended}_"] & is_closed})
        if is_known:
            stop.append((rows[f"is_{flag}_"] & rows.closing_.notnull(), ibis.greatest(rows.closing_, rows.start_)))
    return rows.mutate(stop_=ibis.cases(*stop, else_=rows.now_))


@made_once
def closings(table, as_of=None, ended="closed"):
    """The rows of `spans` from a conversation's creation to its last close as far as the reading knows.

    Of one that was closed, and opened again only later, the later close isn't known at an earlier reading: it stood
    closed since its first close.
    """
    import ibis

    rows = spans(table, "conversations", "created_at", "closed_at", ended, as_of)
    if not {"first_closed_at", "reopened_at"} <= set(rows.columns):
        return rows
    first, again = engine.epoch(rows.first_closed_at), engine.epoch(rows.reopened_at)
    is_open_again = (again <= rows.now_).fill_null(False)
    was_closed = ~rows[f"is_{ended}_"] & (first <= rows.now_).fill_null(False) & ~is_open_again
    is_ended = rows[f"is_{ended}_"] | was_closed
    end = ibis.ifelse(was_closed, first, rows.end_)
    return rows.mutate(**{f"is_{ended}_": is_ended}, end_=end, stop_=is_ended.ifelse(end, rows.now_))


def promises(targets, name):
    """{column: {its value: seconds}} of what the settings promise, by channel, priority and team."""
    every = {
        "first_response": {
            "channel": ("first_response", targets.first_response),
            "priority": ("first_response_by_priority", targets.first_response_by_priority),
            "team": ("first_response_by_team", targets.first_response_by_team),
        },
        "resolution": {
            "channel": ("resolution", targets.resolution),
            "priority": ("resolution_by_priority", targets.resolution_by_priority),
            "team": ("resolution_by_team", targets.resolution_by_team),
        },
    }
    said = targets.model_fields_set
    return {column: dict(promised) for column, (field, promised) in every[name].items() if field in said and promised}


def _from_later_start(rows, column, at_once, end):
    """The rows whose wait went on when it began once more, from then on; closes before that are void."""
    import ibis

    rows = rows.mutate(again_=engine.epoch(rows[column]))
    has_come = ((rows.again_ <= rows.now_) & (rows.again_ > rows.start_)).fill_null(False)
    for close in ("end_",) if end == "closed_at" else ("closing_",) if "closing_" in rows.columns else ():
        is_void = has_come & (rows[close] <= rows.again_).fill_null(False)
        rows = rows.mutate(**{close: ibis.ifelse(is_void, ibis.null("int64"), rows[close])})
    is_over = (rows.end_ <= rows.again_ if not at_once else rows.end_ < rows.again_).fill_null(False)
    return rows.mutate(start_=ibis.ifelse(has_come & ~is_over, rows.again_, rows.start_))


def with_target(rows, name, settings=None):
    """The rows with `target_`, the seconds that the service promises; as they are where it promises nothing.

    Of what is promised by channel, priority and team the strictest holds; the default where nothing else does.
    """
    import ibis

    promised = promises((settings or settings_of(rows)).targets, name)
    if not promised:
        return rows.drop("target_") if "target_" in rows.columns else rows  # a user's own is no promise
    default = promised.get("channel", {}).pop("default", None)
    missing = ibis.null("int64") if default is None else ibis.literal(default, "int64")
    found = []
    for column, of in promised.items():
        if of and column in rows.columns:
            value = engine.as_text(rows[column]).fill_null("").lower()
            steps = [(value == own.lower(), ibis.literal(seconds, "int64")) for own, seconds in of.items()]
            found.append(ibis.cases(*steps, else_=ibis.literal(NEVER, "int64")))
    if not found:
        return rows.mutate(target_=missing)
    # engines differ on the least of a null: what isn't promised is never due
    strictest = found[0] if len(found) == 1 else ibis.least(*found)
    return rows.mutate(target_=ibis.ifelse(strictest == NEVER, missing, strictest))


def target_of(rows, name):
    """The rate that the service wants; None where its settings don't say."""
    targets = settings_of(rows).targets
    return getattr(targets, name) if name in targets.model_fields_set else None


def replies_of(messages):
    """The public messages of human agents; one of which nothing says that it is internal is public."""
    table = engine.as_table(messages, "messages", ["sender", "sent_at"])
    replies = table.filter(table.sender == "agent")
    return replies.filter(replies.is_public.fill_null(True)) if "is_public" in table.columns else replies


def with_columns_of(messages, columns, conversations):
    """Messages with the columns that they lack, as their conversation has them; as they are where it hasn't either."""
    if conversations is None or "conversation_id" not in messages.columns:
        return messages
    conversations = engine.as_table(conversations, "conversations")
    lacking = [name for name in columns if name not in messages.columns and name in conversations.columns]
    if not lacking or "conversation_id" not in conversations.columns:
        return messages
    own = conversations.select("conversation_id", *lacking).distinct(on="conversation_id", keep="first")
    return messages.left_join(own, "conversation_id").drop("conversation_id_right")


def currency_of(settings):
    """{"currency": that of the costs} as a choice that is printed; {} where service.toml names none."""
    return {"currency": settings.currency} if settings.currency else {}
