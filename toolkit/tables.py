"""The contract: which tables there are, what a row of each is, and what every column holds.

It is data, not code: the loader casts by it, the quality rules check by it, the data dictionary is
written from it. A source may fill any subset of the tables, and of each table any subset of the
columns that are not required; columns that the contract does not know are kept as text, so that
every metric can be broken down by them.

Examples
--------
>>> TABLES["calls"].row
'offered call'
>>> TABLES["calls"].column("talk_seconds").unit
'seconds'
>>> [column.name for column in TABLES["conversations"].columns if column.required]
['conversation_id', 'channel', 'created_at']
"""

from dataclasses import dataclass

from toolkit.errors import ADDED

# What a dtype means, for the data dictionary and for messages to people.
DTYPES = {
    "text": "text",
    "time": "instant (UTC once loaded)",
    "day": "date (local)",
    "seconds": "duration in seconds",
    "integer": "whole number",
    "number": "number",
    "flag": "true or false",
}


@dataclass(frozen=True)
class Column:
    """One column of a table: its name, dtype (a key of `DTYPES`), meaning and limits."""

    name: str
    dtype: str
    meaning: str
    required: bool = False
    allowed: tuple[str, ...] = ()

    @property
    def unit(self):
        """The unit a value is in, or "" where it has none."""
        return {"seconds": "seconds", "time": "UTC", "day": "local date"}.get(self.dtype, "")


@dataclass(frozen=True)
class Table:
    """One table: what its row is, its key, the time that decides its period, and its columns."""

    name: str
    row: str
    key: tuple[str, ...]
    time: str  # the cohort of a period is the rows whose `time` lies in it; "": its rows are of no time
    columns: tuple[Column, ...]

    def column(self, name):
        """The column of that name; KeyError when the contract has none."""
        for column in self.columns:
            if column.name == name:
                return column
        raise KeyError(name)

    @property
    def names(self):
        """The column names, in the contract's order."""
        return [column.name for column in self.columns]

    @property
    def required(self):
        """The names of the columns without which the table can't be read."""
        return [column.name for column in self.columns if column.required]


def _table(name, row, key, time, *columns):
    return Table(name, row, key, time, tuple(Column(*column) for column in columns))


SENDERS = ("customer", "agent", "bot", "system")
OUTCOMES = ("answered", "abandoned", "contained", "voicemail", "overflow", "failed", "test")
NEVER_OFFERED = ("failed", "test")  # outcomes of calls that reached nobody whom they could be offered to
# Who began it, by table: what the service began itself is kept, and no contact.
DIRECTIONS = {"conversations": ("inbound", "proactive"), "calls": ("inbound", "outbound")}
BOT_OUTCOMES = ("contained", "handed_off", "abandoned")
SENTIMENTS = ("positive", "neutral", "negative")
KINDS = ("csat", "nps")
SCORE_RANGE = {"csat": (1, 5), "nps": (0, 10)}
# Columns that a data set adds where the rows of a table aren't read at one instant: which week a row is of, and when
# it is read.
OUTSIDE = "benchmark.csv"  # beside the data: figures from outside, one row each; any other column of it is a group
PARTS_OF_OUTSIDE = ("metric", "value", "low", "high", "n", "name", "source", "unit", "period")
LINE_OF_OUTSIDE = "line_"  # where each row of it ends; no column of the data may be called so
READ_AT, HISTORY_WEEK = ADDED
FOLDED = (
    "channel",
    "sender",
    "kind",
    "outcome",
    "direction",
    "bot_outcome",
    "field",
)  # columns that are kept, and compared, in lower case
# Channels on which a customer speaks: an answered call says nothing of how written messages are answered.
PHONE_CHANNELS = ("phone", "call", "calls", "voice", "telephone", "telefono", "telefon", "teléfono")
# Written channels that are neither social ones nor messaging.
EMAIL_CHANNELS = ("email", "e-mail", "e_mail", "mail")
FORM_CHANNELS = (
    "web_form", "webform", "web form", "form", "contact_form", "contact form", "webformular", "kontaktformular",
)  # fmt: skip
MAIL_CHANNELS = ("email", "e-mail", "e_mail", "mail")
FORM_CHANNELS = (
    "web_form",
    "webform",
    "web form",
    "form",
    "contact_form",
    "contact form",
    "webformular",
    "kontaktformular",
)
MAIL_CHANNELS = (*EMAIL_CHANNELS, *FORM_CHANNELS, "letter", "brief", "post", "fax")
# States in which a conversation waits for nobody, whatever its system calls them.
CLOSED_STATUSES = (
    "closed", "solved", "resolved", "done", "deleted", "archived", "spam", "cancelled", "canceled", "merged",
)  # fmt: skip

TABLES = {
    table.name: table
    for table in (
        _table(
            "conversations",
            "thread, ticket or case",
            ("conversation_id",),
            "created_at",
            ("conversation_id", "text", "key of the conversation", True),
            (
                "channel",
                "text",
                "where the customer wrote: email, whatsapp, x, ...; kept, and compared, in lower case",
                True,
            ),
            ("created_at", "time", "the customer published it", True),
            ("indexed_at", "time", "the system stored it"),
            ("team_assigned_at", "time", "given to a team"),
            ("agent_assigned_at", "time", "given to an agent"),
            ("first_response_at", "time", "first public reply by a human agent; null while there is none"),
            ("first_closed_at", "time", "first close; null while never closed"),
            (
                "closed_at",
                "time",
                "last close; null while open. Where solved_at is given too, the earlier of the two: many systems close by "
                "themselves days after it was solved",
            ),
            ("solved_at", "time", "an agent last said that it is solved, where the system tells that from closing"),
            ("reopened_at", "time", "last opened again after a close; null: never"),
            (
                "response_after_reopening_at",
                "time",
                "first public reply by a human agent after it was last opened again; null while there is none",
            ),
            ("customer_id", "text", "key of the customer"),
            ("project", "text", "project or brand"),
            ("topic", "text", "what it is about"),
            ("subtopic", "text", "what it is about, finer"),
            ("priority", "text", "priority"),
            ("team", "text", "team that handles it"),
            ("agent", "text", "agent that handles it"),
            ("status", "text", "status in the source system"),
            ("reopen_count", "integer", "times it was opened again after a close"),
            (
                "waiting_seconds",
                "seconds",
                "time in which it waited for the customer before it was first closed",
            ),
            ("contact_count", "integer", "contacts that the customer made about it"),
            (
                "direction",
                "text",
                "who began it: inbound, or proactive (a campaign, an outbound message), which is kept and isn't counted "
                "as a contact; null: inbound",
                False,
                DIRECTIONS["conversations"],
            ),
            ("language", "text", "ISO 639-1 code of the customer's language"),
            ("merged_into", "text", "key of the conversation into which it was merged"),
            ("escalated_to", "text", "who it was escalated to"),
            ("escalation_reason", "text", "why it was escalated"),
            ("bot_started_at", "time", "a bot began to answer"),
            ("handed_off_at", "time", "the bot handed it to a human"),
            ("bot_outcome", "text", "how the bot's part ended, where the system tells", False, BOT_OUTCOMES),
            ("updated_at", "time", "the system last changed it"),
        ),
        _table(
            "messages",
            "message",
            ("message_id",),
            "sent_at",
            ("message_id", "text", "key of the message", True),
            ("conversation_id", "text", "conversation it belongs to", True),
            ("sent_at", "time", "when it was sent", True),
            ("sender", "text", "who sent it", True, SENDERS),
            ("agent", "text", "agent who sent it"),
            ("customer_id", "text", "customer who sent it, or to whom it was sent"),
            ("in_reply_to", "text", "message_id of the message that it answers"),
            ("text", "text", "what it says"),
            ("language", "text", "ISO 639-1 code of its language"),
            ("sentiment", "text", "a label, or a score from -1 to 1 (made a label when read)", False, SENTIMENTS),
            ("sentiment_engine", "text", "what gave the sentiment: data, or the engine's name"),
            ("quick_reply", "text", "quick reply that was pressed or sent"),
            ("is_public", "flag", "seen by the customer (false: an internal note)"),
            ("is_tagged", "flag", "false: a mention of the brand that did not address it"),
            ("channel", "text", "channel of the message"),
            ("topic", "text", "topic of the message"),
        ),
        _table(
            "calls",
            "offered call",
            ("call_id",),
            "started_at",
            ("call_id", "text", "key of the call", True),
            ("started_at", "time", "the call came in", True),
            ("queued_at", "time", "entered the queue; null: never queued"),
            ("answered_at", "time", "an agent answered"),
            ("ended_at", "time", "the call ended"),
            ("abandoned_at", "time", "the caller hung up before an agent"),
            ("customer_id", "text", "key of the customer"),
            ("conversation_id", "text", "conversation it belongs to"),
            ("contact_id", "text", "key of the contact: the legs of a call that was passed on share it"),
            (
                "direction",
                "text",
                "inbound, or outbound, which is kept and was never offered; null: inbound",
                False,
                DIRECTIONS["calls"],
            ),
            ("is_callback", "flag", "the service called back: kept, and no call that was offered"),
            ("queue", "text", "queue or service it was routed to"),
            ("topic", "text", "what it is about"),
            ("team", "text", "team that answered"),
            ("agent", "text", "agent who answered"),
            (
                "queue_seconds",
                "seconds",
                "time in the queue, where the system tells it; else it is taken from the times",
            ),
            ("talk_seconds", "seconds", "time spent talking"),
            ("hold_seconds", "seconds", "time on hold"),
            ("wrap_up_seconds", "seconds", "after-call work"),
            ("transferred_to", "text", "where it was transferred"),
            ("wrap_up_code", "text", "what the agent noted of it"),
            ("outcome", "text", "how it ended; null: unfinished when the data was read", False, OUTCOMES),
        ),
        _table(
            "call_stages",
            "stage that a call entered",
            ("call_id", "position"),
            "entered_at",
            ("call_id", "text", "call it belongs to", True),
            ("position", "integer", "order of the stage in the call, from 1", True),
            ("stage", "text", "welcome, a menu's name, queue, hold message, agent", True),
            ("entered_at", "time", "entered the stage", True),
            ("left_at", "time", "left the stage"),
            ("is_abandoned", "flag", "the caller hung up in this stage"),
        ),
        _table(
            "surveys",
            "survey sent",
            ("survey_id",),
            "sent_at",
            ("survey_id", "text", "key of the survey", True),
            ("kind", "text", "what it asks: csat (1 to 5) or nps (0 to 10)", True, KINDS),
            ("occasion", "text", "what an nps was asked after: after_contact, after_purchase, yearly, ..."),
            ("sent_at", "time", "when it was sent", True),
            ("answered_at", "time", "when it was answered; null: not answered"),
            ("score", "integer", "csat 1 to 5, or from scale_min to scale_max; nps 0 to 10"),
            (
                "scale_min",
                "integer",
                "lowest score of its scale, where that isn't 1 to 5: good or bad goes from 0 to 1",
            ),
            ("scale_max", "integer", "highest score of its scale"),
            ("conversation_id", "text", "conversation it is about"),
            ("customer_id", "text", "key of the customer"),
            ("channel", "text", "channel of the conversation"),
            ("topic", "text", "topic of the conversation"),
            ("agent", "text", "agent who handled it"),
            ("comment", "text", "what the customer added"),
        ),
        _table(
            "site_visits",
            "help page and day",
            ("day", "page"),
            "day",
            ("day", "day", "the day, local", True),
            ("page", "text", "the help page", True),
            ("visits", "integer", "visits that day", True),
            ("topic", "text", "topic of the page"),
        ),
        _table(
            "status_changes",
            "change of a conversation's status, team, agent or other field",
            ("conversation_id", "field", "changed_at", "to_value"),
            "changed_at",
            ("conversation_id", "text", "conversation that was changed", True),
            ("field", "text", "what was changed: status, team, agent, priority, ...", True),
            ("from_value", "text", "what it was before; null: not set, or not known"),
            ("to_value", "text", "what it was from then on; null: emptied"),
            ("changed_at", "time", "when", True),
            ("changed_by", "text", "who changed it"),
            ("is_closing", "flag", "of a status: whether it counts as closed; null: as its name says"),
            ("is_waiting", "flag", "of a status: whether it waits for the customer; null: as its name says"),
        ),
        _table(
            "agents",
            "agent, human or bot",
            ("agent_id",),
            "",
            ("agent_id", "text", "key of the agent, as the other tables have it", True),
            ("name", "text", "the agent's name"),
            ("team", "text", "the agent's team"),
            ("role", "text", "the agent's role"),
            ("is_bot", "flag", "a bot, and no human"),
        ),
    )
}
# Tables that tell more of the rows of others, and belong to no period of their own.
PARTS_OF = {"call_stages": "calls", "status_changes": "conversations"}


def data_dictionary():
    """The contract as Markdown: one section a table, one line a column.

    Examples
    --------
    >>> print(data_dictionary().splitlines()[0])
    # Data dictionary
    """
    lines = [
        "# Data dictionary",
        "",
        "Written from `toolkit/tables.py` (`toolkit sample` writes it beside the data). A required "
        "column is marked *. Columns not named here are kept, as text.",
    ]
    for table in TABLES.values():
        lines += ["", f"## {table.name}", "", f"One row per {table.row}; key: {', '.join(table.key)}."]
        lines += ["", "| column | type | meaning |", "|---|---|---|"]
        for column in table.columns:
            values = f" ({', '.join(column.allowed)})" if column.allowed else ""
            star = "*" if column.required else ""
            lines.append(f"| {column.name}{star} | {DTYPES[column.dtype]} | {column.meaning}{values} |")
    return "\n".join(lines) + "\n"


def outside_name(heading):
    """What a column of figures from outside is called.

    >>> outside_name(" First Response ")
    'first_response'
    """
    return str(heading).strip().lower().replace(" ", "_")
