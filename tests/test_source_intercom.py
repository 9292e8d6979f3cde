"""Intercom: the API's answers and a warehouse's tables."""

import pytest
from exports import adds_up, rows, set_aside, write, write_csv

from toolkit.errors import BadData
from toolkit.load import open_data

BEGIN = 1_709_283_600  # 2024-03-01 09:00:00 UTC
CUSTOMER, ADA, OPERATOR = {"type": "user", "id": "c1"}, {"type": "admin", "id": "11"}, {"type": "bot", "id": "99"}
ADMINS = [
    {"type": "admin", "id": "11", "name": "Ada", "email": "ada@x.example", "job_title": "Agent", "team_ids": [21]},
    {"type": "admin", "id": "12", "name": "Bo", "email": "bo@x.example", "job_title": None, "team_ids": [21, 22]},
    {
        "type": "admin",
        "id": "99",
        "name": "Helper",
        "email": "operator+abc@intercom.io",
        "job_title": None,
        "team_ids": [],
    },
]
TEAMS = {"type": "team.list", "teams": [{"type": "team", "id": "21", "name": "First line", "admin_ids": [11, 12]}]}


def at(minutes):
    """Epoch seconds so many minutes after the conversation began."""
    return BEGIN + 60 * minutes


def part(number, kind, minutes, author, body=None, **more):
    return {
        "type": "conversation_part", "id": str(number), "part_type": kind, "body": body, "created_at": at(minutes), "updated_at": at(minutes),
        "author": author, "assigned_to": None, "attachments": [], **more,
    }  # fmt: skip


def conversation(number, parts=None, state="open", delivered_as="customer_initiated", **more):
    """A conversation as the API gives it; without parts as a list has it."""
    author = {"customer_initiated": CUSTOMER, "operator_initiated": OPERATOR}.get(delivered_as, ADA)
    given = {
        "type": "conversation", "id": str(number), "created_at": at(0), "updated_at": at(90), "state": state, "open": state == "open",
        "source": {"type": "conversation", "id": f"s{number}", "delivered_as": delivered_as, "body": "<p>Hi &amp; <b>help</b></p>", "author": author},
        "contacts": {"type": "contact.list", "contacts": [{"type": "contact", "id": "c1"}]}, "admin_assignee_id": 11, "team_assignee_id": 21,
        "priority": "not_priority", "statistics": None, "conversation_rating": None, **more,
    }  # fmt: skip
    if parts is not None:
        given["conversation_parts"] = {
            "type": "conversation_part.list",
            "conversation_parts": parts,
            "total_count": len(parts),
        }
    return given


@pytest.fixture(scope="module")
def workspace(tmp_path_factory):
    """A list's page, single conversations, and the names; each trap once."""
    folder = tmp_path_factory.mktemp("intercom")
    first = conversation(
        1,
        [
            part(101, "comment", 1, OPERATOR, "<p>We reply soon</p>"),
            part(102, "note", 2, ADA, "<p>he is angry</p>"),
            part(103, "assignment", 3, ADA, assigned_to={"type": "team", "id": "21"}),
            part(104, "comment", 10, ADA, "<p>done</p>"),
            part(105, "close", 20, ADA),
            part(106, "comment", 30, CUSTOMER, "<p>again</p>"),
            part(107, "snoozed", 40, ADA),
            part(108, "unsnoozed", 50, ADA),
            part(109, "close", 60, {"type": "admin", "id": "12"}, "<p>bye</p>"),
            part(110, "conversation_attribute_updated_by_admin", 61, ADA),
        ],
        state="closed",
        conversation_rating={
            "rating": 4,
            "remark": "ok",
            "created_at": at(70),
            "updated_at": at(75),
            "teammate": {"type": "admin", "id": 12},
        },
        topics={"type": "topic.list", "topics": [{"type": "topic", "id": 1, "name": "Billing"}], "total_count": 1},
    )
    told = {
        "type": "conversation_statistics", "first_admin_reply_at": at(5), "time_to_admin_reply": 1, "first_close_at": at(15),
        "last_close_at": at(80), "count_reopens": 1,
    }  # fmt: skip
    write(
        folder,
        conversations={
            "type": "conversation.list",
            "conversations": [
                conversation(1, state="open", updated_at=at(20)),
                conversation(2, state="closed", statistics=told, delivered_as="admin_initiated"),
                conversation(3, statistics=told | {"first_admin_reply_at": None}, delivered_as="automated"),
                conversation(4, ai_agent_participated=True, ai_agent={"resolution_state": "routed_to_team"},
                             conversation_rating={"rating": None, "remark": None, "created_at": at(70)}),
                conversation(6, ai_agent_participated=True, ai_agent={"resolution_state": "procedure_handoff"}),
                conversation(7, ai_agent_participated=True, ai_agent={"resolution_state": "a state to come"}),
                conversation(5, source={"type": "email", "delivered_as": "customer_initiated", "author": CUSTOMER, "body": ""}, state="snoozed"),
            ],
            "pages": {"type": "pages", "next": None}, "total_count": 7,
        },
        admins={"type": "admin.list", "admins": ADMINS}, teams=TEAMS,
        contacts={"type": "list", "data": [{"type": "contact", "id": "c1", "role": "user", "has_hard_bounced": False, "language_override": "pt-BR"}]},
    )  # fmt: skip
    write(folder / "conversations", **{"1": first})
    return open_data(folder, source="intercom")


def test_the_newest_copy_is_used(workspace):
    assert adds_up(workspace)
    columns = ("conversation_id", "status", "channel", "direction", "agent", "team", "language", "topic", "priority")
    assert rows(workspace, "conversations", *columns) == [
        ["1", "closed", "chat", "inbound", "Ada", "First line", "pt", "Billing", "normal"],
        ["2", "closed", "chat", "proactive", "Ada", "First line", "pt", None, "normal"],
        ["3", "open", "chat", "proactive", "Ada", "First line", "pt", None, "normal"],
        ["4", "open", "chat", "inbound", "Ada", "First line", "pt", None, "normal"],
        ["5", "snoozed", "email", "inbound", "Ada", "First line", "pt", None, "normal"],
        ["6", "open", "chat", "inbound", "Ada", "First line", "pt", None, "normal"],
        ["7", "open", "chat", "inbound", "Ada", "First line", "pt", None, "normal"],
    ]
    assert [entry[:3] for entry in set_aside(workspace)] == [("conversations", "1", "older copy")]


def test_times_are_those_of_the_events(workspace):
    columns = (
        "conversation_id",
        "created_at",
        "first_response_at",
        "first_closed_at",
        "closed_at",
        "reopen_count",
        "waiting_seconds",
    )
    found = {key: row for key, *row in rows(workspace, "conversations", *columns)}
    # told by the parts: neither the bot's line nor the note is a reply; the customer opened it again
    assert found["1"] == [
        "2024-03-01 09:00:00",
        "2024-03-01 09:10:00",
        "2024-03-01 09:20:00",
        "2024-03-01 10:00:00",
        1,
        0,
    ]
    # told by the statistics; time_to_admin_reply leaves out closed hours
    assert found["2"][1:5] == ["2024-03-01 09:05:00", "2024-03-01 09:15:00", "2024-03-01 10:20:00", 1]
    assert found["3"][1] is None and found["3"][3] is None  # open: its last close is no close


def test_operator_is_a_bot_and_notes_are_internal(workspace):
    found = rows(workspace, "messages", "message_id", "sender", "is_public", "agent", "text")
    assert found[:6] == [
        ["1/source", "customer", True, None, "Hi & help"],
        ["101", "bot", True, "Helper", "We reply soon"],
        ["102", "agent", False, "Ada", "he is angry"],
        ["104", "agent", True, "Ada", "done"],
        ["106", "customer", True, None, "again"],
        ["109", "agent", True, "Bo", "bye"],
    ]
    senders = dict(rows(workspace, "messages", "message_id", "sender"))
    assert senders["2/source"] == "agent" and senders["3/source"] == "system"
    assert rows(workspace, "agents", "name", "is_bot", "team") == [
        ["Ada", False, "First line"],
        ["Bo", False, None],
        ["Helper", True, None],
    ]


def test_events_are_changes(workspace):
    changes = [
        row[1:]
        for row in rows(
            workspace,
            "status_changes",
            "conversation_id",
            "changed_at",
            "field",
            "from_value",
            "to_value",
            "is_closing",
        )
    ]
    assert sorted(changes, key=str) == [
        ["2024-03-01 09:03:00", "team", None, "First line", None],
        ["2024-03-01 09:20:00", "status", None, "closed", True],
        ["2024-03-01 09:30:00", "status", "closed", "open", False],
        ["2024-03-01 09:40:00", "status", "open", "snoozed", False],
        ["2024-03-01 09:50:00", "status", "snoozed", "open", False],
        ["2024-03-01 10:00:00", "status", "open", "closed", True],
        ["2024-03-01 10:01:00", "conversation_attribute_updated_by_admin", None, None, None],
    ]


def test_ratings_and_the_ai_agent(workspace):
    assert rows(workspace, "surveys", "survey_id", "sent_at", "answered_at", "score", "agent") == [
        ["1", "2024-03-01 10:10:00", "2024-03-01 10:15:00", 4, "Bo"],
        ["4", "2024-03-01 10:10:00", None, None, "Ada"],
    ]
    assert [row[1] for row in rows(workspace, "conversations", "conversation_id", "bot_outcome")] == [
        None,
        None,
        None,
        "handed_off",
        None,
        "handed_off",
        None,
    ]


def test_a_list_alone_says_nothing_of_what_it_cannot_tell(tmp_path):
    lean = {key: value for key, value in conversation(1).items() if key not in ("statistics", "conversation_rating")}
    data = open_data(
        write(tmp_path, conversations={"type": "conversation.list", "conversations": [lean]}), source="intercom"
    )
    assert adds_up(data)
    assert not set(data.every("conversations").columns) & {
        "first_response_at",
        "closed_at",
        "first_closed_at",
        "bot_outcome",
        "language",
    }
    assert data.counts["table"].tolist() == ["conversations"]
    assert rows(data, "conversations", "agent", "team") == [["11", "21"]]


def test_a_history_is_read_by_its_newest_row(tmp_path):
    steps = [
        ("10:00:00", "open", ""),
        ("12:00:00", "closed", ""),
        ("13:00:00", "open", ""),
        ("15:00:00", "closed", "5"),
    ]
    history = [
        {"id": 1, "created_at": "2024-07-01 09:30:00", "updated_at": f"2024-07-01 {time}", "state": state, "source_type": "whatsapp",
         "source_delivered_as": "customer_initiated", "source_author_type": "lead", "source_author_id": "c9", "source_body": "hi",
         "assignee_type": "admin", "assignee_id": 11, "conversation_rating_value": score,
         "conversation_rating_created_at": score and "2024-07-01 15:00:00"}
        for time, state, score in reversed(steps)
    ]  # fmt: skip
    write_csv(tmp_path, conversation_history=history, team=[{"id": 21, "name": "First line"}], team_admin=[{"team_id": 21, "admin_id": 11}],
              admin=[{"id": 11, "name": "Ada", "email": "x", "job_title": ""}])  # fmt: skip
    (tmp_path / "service.toml").write_text('time_zone = "Europe/Rome"\n', encoding="utf-8")
    data = open_data(tmp_path, source="intercom")
    assert adds_up(data)
    columns = (
        "channel",
        "status",
        "created_at",
        "first_closed_at",
        "reopened_at",
        "closed_at",
        "reopen_count",
        "customer_id",
        "team",
        "agent",
    )
    assert rows(data, "conversations", *columns) == [[
        "whatsapp", "closed", "2024-07-01 09:30:00", "2024-07-01 12:00:00", "2024-07-01 13:00:00", "2024-07-01 15:00:00", 1, "c9", "First line", "Ada",
    ]]  # fmt: skip
    assert rows(data, "surveys", "score") == [[5]]
    assert not data.has("messages") and "first_response_at" not in data.every("conversations").columns
    parts = [{"id": n, "conversation_id": 1, "part_type": kind, "author_type": who, "author_id": 11, "created_at": f"2024-07-01 09:4{n}:00", "body": ""}
             for n, kind, who in ((1, "note", "admin"), (2, "comment", "bot"), (3, "comment", "admin"), (4, "close", "admin"))]  # fmt: skip
    data = open_data(write_csv(tmp_path, conversation_part_history=parts), source="intercom")
    assert adds_up(data)
    # a warehouse without texts: a comment is a message all the same
    assert rows(data, "messages", "message_id", "sender") == [["1/source", "customer"], ["2", "bot"], ["3", "agent"]]
    assert rows(data, "conversations", "first_response_at") == [["2024-07-01 09:43:00"]]


def test_the_same_conversation_in_two_files(tmp_path):
    write(
        tmp_path,
        conversations_1=[conversation(1, updated_at=at(10))],
        conversations_2=[conversation(1, updated_at=at(5)), conversation(2)],
    )
    data = open_data(tmp_path, source="intercom")
    assert adds_up(data)
    assert rows(data, "conversations", "conversation_id", "updated_at")[0] == ["1", "2024-03-01 09:10:00"]
    assert [entry[:3] for entry in set_aside(data) if entry[0] == "conversations"] == [
        ("conversations", "1", "older copy")
    ]


@pytest.mark.parametrize("change, word", [({"created_at": "started_at"}, "created_at"), ({"state": "status"}, "state")])
def test_a_renamed_column_is_named(tmp_path, change, word):
    given = {change.get(key, key): value for key, value in conversation(1).items()}
    with pytest.raises(BadData) as raised:
        open_data(write(tmp_path, conversations={"conversations": [given]}), source="intercom")
    assert "conversations.json" in str(raised.value) and word in str(raised.value)


def test_a_wrong_file_is_refused(tmp_path):
    with pytest.raises(BadData) as raised:
        open_data(write(tmp_path, weather=[{"day": "2024-03-01", "rain": 3}]), source="intercom")
    assert "weather.json" in str(raised.value)


def test_hostile_values_are_only_values(tmp_path):
    nasty = "'; DROP TABLE raw.conversations; --\n<script>"
    given = [
        conversation(1, priority=nasty, source="no object", contacts=nasty, statistics=[1]),
        conversation(2, created_at="soon"),
        conversation(""),
    ]
    data = open_data(write(tmp_path, conversations=given), source="intercom")
    assert adds_up(data)
    assert rows(data, "conversations", "conversation_id", "priority", "channel") == [["1", nasty, "(none)"]]
    assert sorted(data.ledger[data.ledger["table"] == "conversations"]["rule"]) == [
        "not a time",
        "required value missing",
    ]


def test_a_warehouse_as_a_connector_landed_it(real_data):
    data = open_data(real_data / "intercom", source="intercom")
    assert adds_up(data)
    assert rows(data, "conversations", "conversation_id", "status", "created_at", "closed_at", "team") == [
        ["156643300001311", "closed", "2020-10-28 23:59:37", "2020-11-02 14:17:59", "Customer support"],
        ["156643300001372", "closed", "2020-11-04 03:12:03", "2020-11-06 13:55:01", "Customer support"],
    ]
    # 9 steps of 2 conversations
    assert data.counts.set_index("table").loc["conversations", ["rows_in", "rows_used"]].tolist() == [9, 2]
    assert len(rows(data, "agents", "agent_id")) == 4
