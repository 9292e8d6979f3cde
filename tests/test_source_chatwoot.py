"""Chatwoot: dumps of its tables, after the public schema; there is no real file."""

import pytest
from exported import rows, why, write
from exports import adds_up

from toolkit import metrics
from toolkit.errors import BadData
from toolkit.load import open_data
from toolkit.load.detect import recognise

DAY = "2024-03-0{} {}:00.123456".format
CONVERSATIONS = [
    ["id", "account_id", "display_id", "inbox_id", "contact_id", "status", "assignee_id", "team_id", "priority", "campaign_id",
     "created_at", "updated_at", "last_activity_at", "first_reply_created_at", "cached_label_list", "additional_attributes"],
    ["11", "1", "1", "5", "90", "1", "7", "3", "3", "", DAY(1, "09:00"), DAY(1, "12:00"), DAY(1, "12:00"), DAY(1, "09:30"), "refund, vip", '{"conversation_language": "pt_BR"}'],
    ["12", "1", "2", "6", "91", "0", "", "", "", "", DAY(1, "10:00"), DAY(1, "11:00"), DAY(1, "11:00"), "", "", "{}"],
    ["13", "1", "3", "5", "92", "2", "", "", "", "", DAY(2, "10:00"), DAY(2, "11:00"), DAY(2, "11:00"), "", "", ""],
    ["14", "1", "4", "6", "93", "3", "8", "99", "0", "44", DAY(2, "12:00"), DAY(2, "13:00"), DAY(2, "13:00"), DAY(2, "12:10"), "", "not json"],
    ["15", "1", "5", "5", "90", "1", "7", "3", "", "", DAY(3, "08:00"), DAY(3, "08:10"), DAY(3, "08:10"), DAY(3, "08:05"), "", ""],
]  # fmt: skip
# message_type 0 incoming, 1 outgoing, 2 activity, 3 template; content_type 9 asks for a rating
MESSAGES = [
    ["id", "conversation_id", "inbox_id", "message_type", "content_type", "private", "sender_type", "sender_id", "created_at", "content", "content_attributes"],
    ["1", "11", "5", "0", "0", "f", "Contact", "90", DAY(1, "09:00"), "Where's my \"refund\"?\n'; DROP TABLE x", '{"in_reply_to": null}'],
    ["2", "11", "5", "3", "0", "f", "", "", DAY(1, "09:01"), "We'll be with you soon", "{}"],
    ["3", "11", "5", "1", "0", "t", "User", "7", DAY(1, "09:10"), "ask billing", "{}"],
    ["4", "11", "5", "1", "0", "f", "User", "7", DAY(1, "09:30"), "It's on its way", '{"in_reply_to": 1}'],
    ["5", "11", "5", "2", "0", "f", "", "", DAY(1, "12:00"), "Conversation was marked resolved by Ana", "{}"],
    ["6", "11", "5", "3", "9", "f", "", "", DAY(1, "12:01"), "Please rate the conversation", "{}"],
    ["7", "12", "6", "0", "0", "f", "Contact", "91", DAY(1, "10:00"), "hello", "{}"],
    ["8", "12", "6", "1", "0", "f", "AgentBot", "2", DAY(1, "10:01"), "I am a bot", "{}"],
    ["9", "12", "6", "1", "0", "f", "Captain::Assistant", "4", DAY(1, "10:02"), "so am I", "{}"],
    ["10", "12", "6", "1", "0", "f", "", "", DAY(1, "10:03"), "an automation wrote this", "{}"],
    ["11", "12", "6", "0", "0", "f", "Contact", "91", DAY(1, "10:04"), "This message was deleted", '"{\\"deleted\\":true}"'],
    ["12", "13", "5", "0", "0", "f", "Contact", "92", DAY(2, "10:00"), "any news?", "{}"],
    ["13", "15", "5", "0", "0", "f", "Contact", "90", DAY(3, "08:00"), "again", "{}"],
    ["14", "15", "5", "1", "0", "f", "User", "7", DAY(3, "08:05"), "done", "{}"],
    ["15", "15", "5", "3", "9", "f", "", "", DAY(3, "08:10"), "Please rate", '{"submitted_values": {"csat_survey_response": {"rating": 2, "feedback_message": "slow"}}}'],
    ["16", "15", "5", "2", "0", "f", "", "", DAY(3, "08:10"), "Conversation was marked resolved by Ana", '{"activity_type": "x"}'],
    ["17", "77", "5", "0", "0", "f", "Contact", "95", DAY(3, "09:00"), "of a conversation that isn't in the dump", "{}"],
    ["18", "12", "6", "8", "0", "f", "Contact", "91", DAY(1, "10:06"), "a type from the future", "{}"],
]  # fmt: skip
ANSWERS = [
    ["id", "conversation_id", "message_id", "rating", "feedback_message", "contact_id", "assigned_agent_id", "created_at", "updated_at"],
    ["1", "11", "6", "5", "great", "90", "7", DAY(1, "12:30"), DAY(1, "12:30")],
    ["2", "14", "888", "3", "", "93", "8", DAY(2, "14:00"), DAY(2, "14:00")],  # whose message is older than the dump
]  # fmt: skip
EVENTS = [
    ["id", "name", "value", "conversation_id", "user_id", "event_start_time", "event_end_time", "created_at"],
    ["1", "first_response", "1800", "11", "7", DAY(1, "09:00"), DAY(1, "09:30"), DAY(1, "09:30")],
    ["2", "conversation_resolved", "3600", "11", "7", DAY(1, "09:00"), DAY(1, "10:00"), DAY(1, "10:01")],
    ["3", "conversation_opened", "600", "11", "7", DAY(1, "10:00"), DAY(1, "10:10"), DAY(1, "10:10")],
    ["4", "conversation_resolved", "10800", "11", "7", DAY(1, "09:00"), DAY(1, "12:00"), DAY(1, "12:00")],
    ["5", "conversation_bot_handoff", "60", "12", "", DAY(1, "10:00"), DAY(1, "10:05"), DAY(1, "10:05")],
]  # fmt: skip
LOOKED_UP = {
    "inboxes.csv": [
        ["id", "name", "channel_type"],
        ["5", "Site", "Channel::WebWidget"],
        ["6", "Line", "Channel::Whatsapp"],
    ],
    "users.csv": [["id", "name", "display_name", "email"], ["7", "Ana", "", "a@x.org"], ["8", "Ana", "", "b@x.org"]],
    "agent_bots.csv": [["id", "name"], ["2", "Rob"]],
    "captain_assistants.csv": [["id", "name"], ["4", "Cap"]],
    "teams.csv": [["id", "name"], ["3", "billing"]],
}
ALL = {
    "conversations.csv": CONVERSATIONS,
    "messages.csv": MESSAGES,
    "csat_survey_responses.csv": ANSWERS,
    "reporting_events.csv": EVENTS,
    **LOOKED_UP,
}


def dump(folder, *but, **instead):
    for name, lines in ALL.items():
        if name.removesuffix(".csv") not in but:
            write(folder, name, instead.get(name.removesuffix(".csv"), lines))
    return folder


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    return open_data(dump(tmp_path_factory.mktemp("chatwoot")), source="chatwoot")


def test_every_row_is_used_or_in_the_ledger(data):
    assert adds_up(data)
    assert data.counts.set_index("table")["rows_in"].to_dict() == {
        "conversations": 5, "messages": 18, "surveys": 3, "status_changes": 4, "agents": 4,
    }  # fmt: skip
    assert why(data) == {
        ("messages", "deleted"): 1,
        ("messages", "unknown parent"): 1,
        ("messages", "unknown category"): 1,
    }


def test_conversations(data):
    columns = ("conversation_id", "channel", "status", "priority", "team", "agent", "topic", "direction", "language")
    assert rows(data, "conversations", *columns) == [
        ["11", "chat", "resolved", "urgent", "billing", "Ana (7)", "refund", "inbound", "pt"],
        ["12", "whatsapp", "open", None, None, None, None, "inbound", None],
        ["13", "chat", "pending", None, None, None, None, "inbound", None],
        ["14", "whatsapp", "snoozed", "low", "99", "Ana (8)", None, "proactive", None],
        ["15", "chat", "resolved", None, "billing", "Ana (7)", None, "inbound", None],
    ]


def test_times_are_utc_and_of_the_events(data):
    assert data.zone == "UTC"
    assert rows(
        data, "conversations", "created_at", "first_response_at", "first_closed_at", "closed_at", "reopened_at"
    ) == [
        ["2024-03-01 09:00", "2024-03-01 09:30", "2024-03-01 10:00", "2024-03-01 12:00", "2024-03-01 10:10"],
        ["2024-03-01 10:00", None, None, None, None],
        ["2024-03-02 10:00", None, None, None, None],
        ["2024-03-02 12:00", "2024-03-02 12:10", None, None, None],
        ["2024-03-03 08:00", "2024-03-03 08:05", "2024-03-03 08:10", "2024-03-03 08:10", None],
    ]


def test_who_wrote_is_told_by_type_and_sender(data):
    assert rows(data, "messages", "message_id", "sender", "agent", "is_public") == [
        ["1", "customer", None, True],
        ["10", "system", None, True],
        ["12", "customer", None, True],
        ["13", "customer", None, True],
        ["14", "agent", "Ana (7)", True],
        ["15", "system", None, True],
        ["16", "system", None, False],
        ["2", "system", None, True],
        ["3", "agent", "Ana (7)", False],
        ["4", "agent", "Ana (7)", True],
        ["5", "system", None, False],
        ["6", "system", None, True],
        ["7", "customer", None, True],
        ["8", "bot", "Rob", True],
        ["9", "bot", "Cap", True],
    ]


def test_what_asks_for_a_rating_is_the_survey(data):
    columns = ("survey_id", "conversation_id", "score", "sent_at", "answered_at", "comment", "agent", "channel")
    assert rows(data, "surveys", *columns) == [
        ["15", "15", 2, "2024-03-03 08:10", "2024-03-03 08:10", "slow", "Ana (7)", "chat"],
        ["6", "11", 5, "2024-03-01 12:01", "2024-03-01 12:30", "great", "Ana (7)", "chat"],
        ["888", "14", 3, "2024-03-02 14:00", "2024-03-02 14:00", None, "Ana (8)", "whatsapp"],
    ]
    assert metrics.csat(data.surveys)["n"].tolist() == [3]


def test_the_bot(data):
    assert rows(data, "conversations", "bot_started_at", "handed_off_at", "bot_outcome")[1] == [
        "2024-03-01 10:01", "2024-03-01 10:05", "handed_off",
    ]  # fmt: skip


def test_what_a_campaign_began_is_no_contact(data):
    assert "14" not in data.conversations.conversation_id.to_pandas().tolist()


def test_hostile_text_is_kept(data):
    assert rows(data, "messages", "text")[0] == ["Where's my \"refund\"?\n'; DROP TABLE x"]


def test_without_events_the_messages_tell(tmp_path):
    data = open_data(dump(tmp_path, "reporting_events"), source="chatwoot")
    assert adds_up(data)
    assert rows(data, "conversations", "closed_at", "reopened_at")[0] == ["2024-03-01 12:00", None]


def test_the_database_itself(tmp_path, data):
    """Its columns have types there; what they say is the same."""
    import duckdb

    dump(tmp_path)
    with duckdb.connect(tmp_path / "chatwoot.duckdb") as con:
        for name in ALL:
            con.execute(
                f"CREATE TABLE {name.removesuffix('.csv')} AS FROM read_csv('{tmp_path / name}', auto_detect = true)"
            )
    other = open_data(tmp_path / "chatwoot.duckdb", source="chatwoot")
    assert adds_up(other)
    for table in ("conversations", "messages", "surveys"):
        columns = [name for name in data.every(table).columns if name != "text"]
        assert rows(other, table, *columns) == rows(data, table, *columns)


def test_half_an_export(tmp_path):
    for name in ("conversations", "messages"):
        write(tmp_path, f"{name}.csv", ALL[f"{name}.csv"])
    data = open_data(tmp_path, source="chatwoot")
    assert adds_up(data)
    assert rows(data, "conversations", "channel", "agent", "team")[0] == ["(none)", "7", "3"]
    assert rows(data, "surveys", "survey_id", "score") == [["15", 2], ["6", None]]


def test_the_same_conversation_in_two_dumps(tmp_path):
    dump(tmp_path)
    newer = [CONVERSATIONS[0], [*CONVERSATIONS[2]]]
    newer[1][5], newer[1][11] = "1", DAY(4, "09:00")
    write(tmp_path, "chatwoot_conversations_2.csv", newer)
    data = open_data(tmp_path, source="chatwoot")
    assert adds_up(data)
    assert rows(data, "conversations", "status")[1] == ["resolved"]
    assert why(data)["conversations", "older copy"] == 1


def test_a_renamed_column_is_named(tmp_path):
    renamed = [[*CONVERSATIONS[0]], *CONVERSATIONS[1:]]
    renamed[0][3] = "inbox"
    with pytest.raises(BadData, match=r"conversations\.csv.*'inbox_id'.*'inbox'"):
        open_data(dump(tmp_path, conversations=renamed), source="chatwoot")


def test_a_wrong_file(tmp_path):
    with pytest.raises(BadData, match="chatwoot"):
        open_data(write(tmp_path, "invoices.csv", [["invoice", "sum"], ["1", "2"]]), source="chatwoot")


def test_it_is_recognised(tmp_path):
    assert recognise(dump(tmp_path))[0] == "chatwoot"
    assert recognise(tmp_path / "messages.csv")[0] == "chatwoot"
