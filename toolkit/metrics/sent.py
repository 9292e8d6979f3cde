"""What agents write: how many replies, and on how many channels."""

import numpy as np
import pandas as pd

from toolkit import engine
from toolkit.clock import local_part
from toolkit.errors import MissingColumn
from toolkit.intervals import mean_of_waits
from toolkit.metrics import shapes
from toolkit.metrics.dataset import data_of
from toolkit.metrics.registry import metric
from toolkit.metrics.rows import replies_of, with_columns_of

ENDS = ("low", "high")


def _conversations_of(messages):
    """All conversations of the data set that messages came from: a reply may be to one that came in before the period."""
    data = data_of(messages) if hasattr(messages, "schema") else None
    return data.during("all").conversations if data is not None and data.has("conversations") else None


@metric("count", table="messages", case="reply", value="n")
def reply_volume(messages, by=None, zone=None):
    """How many replies agents sent to customers.

    Parameters
    ----------
    messages : DataFrame, ibis Table or path; one row per message
        Uses `sender`, `sent_at`, `is_public` (where it is there: internal notes are left out) and the columns in `by`;
        of a data set a column that messages lack is that of their conversation.
    by : str or list of str, optional
        Group columns, such as "channel", "agent"; also hour, weekday, day, week, month, local.

    Returns
    -------
    Result, one row per group: `n` replies (0 or more) and `share` of all, in [0, 1]. Bots’ messages don't count.

    Raises
    ------
    MissingColumn

    Source: DEFINITIONS.md#reply-volume

    Examples
    --------
    >>> sent = pd.to_datetime(["2024-03-01T09:00Z"] * 3)
    >>> messages = pd.DataFrame({"sent_at": sent, "sender": ["agent", "agent", "bot"], "is_public": [True, False, True]})
    >>> reply_volume(messages)["n"].tolist()
    [1]
    """
    rows = with_columns_of(replies_of(messages), engine.group_keys(by), _conversations_of(messages))
    return shapes.count(reply_volume, rows, by, zone, "messages", "reply")


@metric("figure", table="messages", case="agent_day", value="switches_per_day")
def channel_switching(messages, by=None, zone=None):
    """On how many channels agents answer, and how often a day they switch from one to another.

    Parameters
    ----------
    messages : DataFrame, ibis Table or path; one row per message
        Uses `sender`, `sent_at`, `agent`, `channel` (of a data set that of the conversation, where messages have none),
        `is_public` and the columns in `by`.
    by : str or list of str, optional
        Group columns, such as "agent", "team"; not the channel.
    zone : str, optional
        IANA time zone of the local day.

    Returns
    -------
    Result, one row per group: `n` days on which an agent replied (one per agent and local day), `agent_count`,
        `reply_count`, `channels_per_agent` (mean number of channels that an agent answered on, 1 or more),
        `switches_per_day` (mean over agents' days of the replies that went out on another channel than the agent's
        reply before, that day; 0 or more) with `low`, `high` (95 %, Hall; null below 20 days).
        Replies of no known agent, or on no known channel, say nothing of it and are left out.

    Raises
    ------
    MissingColumn

    Source: DEFINITIONS.md#channel-switching

    Examples
    --------
    >>> sent = pd.date_range("2024-03-01T09:00Z", periods=4, freq="h")
    >>> messages = pd.DataFrame({"sent_at": sent, "sender": "agent", "agent": "Ana", "channel": ["x", "email", "email", "x"]})
    >>> channel_switching(messages, zone="UTC")[["n", "reply_count", "channels_per_agent", "switches_per_day"]].values.tolist()
    [[1.0, 4.0, 2.0, 2.0]]
    """
    import ibis

    keys = engine.group_keys(by)
    conversations = _conversations_of(messages)
    rows = with_columns_of(replies_of(messages), ["channel", "agent", *keys], conversations)
    for column in ("agent", "channel"):
        if column not in rows.columns:
            raise MissingColumn("messages", column, rows.columns)
    own = ["n", "agent_count", "reply_count", "channels_per_agent", "switches_per_day", *ENDS]
    keyed = engine.with_keys(rows, "messages", keys, zone, uses=["channel"], taken=own)
    at = engine.epoch(keyed.sent_at)
    keyed = keyed.mutate(
        agent_=engine.as_text(keyed.agent).nullif(""),
        channel_=engine.as_text(keyed.channel).nullif(""),
        at_=at,
        day_=local_part(at, "day", engine.zone_of(keyed, zone)),
        id_=engine.as_text(keyed.message_id) if "message_id" in keyed.columns else ibis.literal(""),
    )
    keyed = keyed.filter(keyed.agent_.notnull() & keyed.channel_.notnull() & keyed.at_.notnull())
    # two replies in one second are in the order of their keys, the same on every engine
    order = [keyed.at_, keyed.channel_, keyed.id_]
    before = keyed.channel_.lag(1).over(ibis.window(group_by=[*keys, "agent_", "day_"], order_by=order))
    rows = keyed.select(*keys, "agent_", "channel_", "day_", is_switch_=(before != keyed.channel_).fill_null(False))
    query = rows.group_by([*keys, "agent_", "day_", "channel_"]).aggregate(
        replies_=rows.count(), switches_=engine.count_if(rows, rows.is_switch_)
    )

    def made(frame):
        made_ = [dict(zip(keys, key, strict=True)) | _measured(group) for key, group in _groups(frame, keys)]
        whole = pd.DataFrame(made_, columns=[*keys, *own]).astype(dict.fromkeys(own[:3], "int64"))
        units = dict.fromkeys(own[:3], "count") | dict.fromkeys(own[3:5], "number")
        return shapes.finish(whole, "channel_switching", keyed, keys, units, ends=ENDS)

    return shapes.run(query, made)


def _groups(frame, keys):
    return shapes.groups_of(frame, keys) if len(frame) or not keys else []


def _measured(frame):
    """Of a group's replies by agent, day and channel."""
    days = frame.groupby(["agent_", "day_"])[["replies_", "switches_"]].sum()
    channels = frame.groupby("agent_")["channel_"].nunique()
    n, switches = len(days), days["switches_"].to_numpy(float)
    low, high = (float(np.ravel(end)[0]) for end in mean_of_waits(n, *((switches**power).sum() for power in (1, 2, 3))))
    return {
        "n": n,
        "agent_count": len(channels),
        "reply_count": int(days["replies_"].sum()),
        "channels_per_agent": float(channels.mean()) if n else np.nan,
        "switches_per_day": float(switches.mean()) if n else np.nan,
        ENDS[0]: low,
        ENDS[1]: high,
    }
