"""Freshdesk: the CSV export, whose columns are the exporting user's choice, and the API's answers."""

import shutil
from collections import Counter

import pytest
from exports import adds_up, rows, set_aside, write, write_csv

from toolkit.errors import BadData
from toolkit.load import open_data

STATS = {
    "first_responded_at": "2024-03-01T09:30:00Z", "resolved_at": "2024-03-01T12:00:00Z", "closed_at": "2024-03-03T12:00:00Z", "reopened_at": None,
    "status_updated_at": "2024-03-03T12:00:00Z",
}  # fmt: skip


def ticket(number, **more):
    """A ticket as the API gives it."""
    return {
        "id": number, "created_at": "2024-03-01T09:00:00Z", "updated_at": "2024-03-01T10:00:00Z", "status": 2, "source": 1, "priority": 1,
        "type": "Question", "requester_id": 900, "responder_id": 11, "group_id": 21, "product_id": None, "spam": False,
        "description_text": "help & <me>", **more,
    }  # fmt: skip


def reply(number, ticket_id, minute, **more):
    return {
        "id": number, "ticket_id": ticket_id, "user_id": 11, "incoming": False, "private": False, "source": 0, "body_text": "text",
        "created_at": f"2024-03-01T09:{minute}:00Z", "updated_at": f"2024-03-01T09:{minute}:00Z", **more,
    }  # fmt: skip


@pytest.fixture(scope="module")
def account(tmp_path_factory):
    """An account's answers, each trap once."""
    folder = tmp_path_factory.mktemp("freshdesk")
    write(
        folder,
        tickets_1=[
            ticket(1),
            ticket(2, source=10, status=3),
            ticket(3, source=9, status=12, stats=STATS | {"reopened_at": "2024-03-04T12:00:00Z"}),
            ticket(4, source=7, status=4, stats={**STATS, "closed_at": None}),
            ticket(5),
            ticket(6, source=99, spam=True),
        ],
        # the ticket changed while the pages were read: the times have other offsets
        tickets_2=[
            ticket(1, status=5, updated_at="2024-03-01T12:30:00+02:00", stats=STATS),
            ticket(5, deleted=True, updated_at="2024-03-02T10:00:00Z"),
            ticket(7, source=13, status=7),
        ],
        conversations=[
            reply(101, 7, 10, private=True),
            reply(102, 7, 15, source=8),
            reply(103, 7, 20, incoming=True, user_id=900),
            reply(104, 7, 40),
            reply(105, 5, 20),
        ],
        agents=[{"id": 11, "ticket_scope": 1, "contact": {"name": "Ada", "email": "a@x.example"}, "group_ids": [21], "type": "support_agent"}],
        groups=[{"id": 21, "name": "First line", "unassigned_for": "30m"}],
        contacts=[{"id": 900, "name": "Kim", "email": "k@x.example", "language": "pt-BR"}],
        ticket_fields=[
            {"id": 1, "name": "status", "choices": {"2": ["Open", "Being processed"], "12": ["On hold \"x\"", "Waiting"]}},
            {"id": 2, "name": "source", "choices": {"Email": 1, "Kiosk": 99}},
        ],
        satisfaction_ratings=[
            {"id": 1, "ticket_id": 1, "survey_id": 5, "user_id": 900, "agent_id": 11, "ratings": {"default_question": 103}, "feedback": "quick",
             "created_at": "2024-03-02T09:00:00Z", "updated_at": "2024-03-02T09:00:00Z"},
            {"id": 2, "ticket_id": 4, "survey_id": 5, "user_id": 900, "agent_id": 11, "ratings": {"question_1": -102},
             "created_at": "2024-03-02T09:00:00Z", "updated_at": "2024-03-02T09:00:00Z"},
        ],
    )  # fmt: skip
    return open_data(folder, source="freshdesk")


def test_codes_become_words(account):
    assert adds_up(account)
    columns = ("conversation_id", "channel", "status", "priority", "direction", "team", "agent", "language")
    assert [row[:5] for row in rows(account, "conversations", *columns)] == [
        ["1", "email", "Closed", "Low", "inbound"],
        ["2", "email", "Pending", "Low", "proactive"],
        ["3", "web_form", 'On hold "x"', "Low", "inbound"],
        ["4", "chat", "Resolved", "Low", "inbound"],
        ["7", "whatsapp", "Waiting on Third Party", "Low", "inbound"],
    ]
    assert {tuple(row[5:]) for row in rows(account, "conversations", *columns)} == {("First line", "Ada", "pt")}


def test_deleted_tickets_and_spam_are_in_the_ledger_with_that_reason(account):
    said = [
        (key, reason.rsplit("(", 1)[-1].rstrip(")"))
        for table, key, rule, reason in set_aside(account)
        if rule == "set aside on purpose"
    ]
    assert said == [("5", "deleted in Freshdesk"), ("5", "deleted in Freshdesk"), ("6", "spam")]
    assert [entry[:3] for entry in set_aside(account) if entry[2] != "set aside on purpose"] == [
        ("conversations", "1", "older copy"), ("messages", "105", "unknown parent"),
    ]  # fmt: skip


def test_times_are_those_of_stats(account):
    found = {
        key: row
        for key, *row in rows(
            account, "conversations", "conversation_id", "first_response_at", "closed_at", "reopened_at"
        )
    }
    # closed by itself two days after it was resolved
    assert found["1"] == ["2024-03-01 09:30:00", "2024-03-01 12:00:00", None]
    # opened again after that, and open in a status of the account's own
    assert found["3"] == ["2024-03-01 09:30:00", None, "2024-03-04 12:00:00"]
    assert found["4"] == ["2024-03-01 09:30:00", "2024-03-01 12:00:00", None]
    # told by the replies: neither a private note nor what is forwarded to a third party is one
    assert found["7"] == ["2024-03-01 09:40:00", None, None]


def test_freshdesks_own_statuses_say_what_is_open(tmp_path):
    back = STATS | {"reopened_at": "2024-03-02T12:00:00Z", "closed_at": "2024-03-03T12:00:00Z"}
    given = [ticket(status, status=status, stats=STATS) for status in (2, 3, 4, 5, 6, 7, 8)]
    # opened again, then closed at once
    given += [ticket(9, status=5, stats=back), ticket(10, status=8, stats=back)]
    data = open_data(write(tmp_path, tickets=given), source="freshdesk")
    closed = {int(key): when for key, when in rows(data, "conversations", "conversation_id", "closed_at")}
    resolved = "2024-03-01 12:00:00"
    assert closed == {
        **dict.fromkeys((2, 3, 6, 7, 10)),
        **dict.fromkeys((4, 5, 8), resolved),
        9: "2024-03-03 12:00:00",
    }


def test_the_opening_text_is_of_the_copy_that_is_used(tmp_path):
    replies = [reply(100 + number, number, 50, incoming=True, user_id=900) for number in (1, 2, 3)]
    older = {"updated_at": "2024-03-01T09:30:00Z"}
    write(
        tmp_path,
        tickets_1=[
            # the same ticket, whose list has no text; another begun at another time; one whose newer copy can't be read
            ticket(1, description_text="one", **older),
            ticket(2, description_text="two", created_at="2024-03-01T08:00:00Z", **older),
            ticket(3, description_text="three", **older),
        ],
        tickets_2=[
            ticket(1, description_text=None),
            ticket(2, description_text=None),
            ticket(3, description_text="unread", created_at="soon"),
        ],
        conversations=replies,
    )
    # what an export says of tickets that the API didn't give is no message, with and without the API's files
    write_csv(tmp_path, tickets=[LINE | {"Ticket ID": 4, "Description": "four"}])
    data = open_data(tmp_path, source="freshdesk")
    assert adds_up(data)
    texts = {key: text for key, text in rows(data, "messages", "message_id", "text") if "/" in key}
    assert texts == {"1/description": "one", "3/description": "three"}
    alone = write_csv(tmp_path / "alone", tickets=[LINE | {"Description": "four"}])
    assert open_data(alone, source="freshdesk").counts["table"].tolist() == ["conversations", "surveys"]


def test_messages_are_the_description_and_what_follows(account):
    found = {
        key: row
        for key, *row in rows(account, "messages", "message_id", "sender", "is_public", "agent", "customer_id", "text")
    }
    assert found["7/description"] == ["customer", True, None, "900", "help &"]
    assert found["2/description"][:3] == ["agent", True, "Ada"]
    assert [found[key][:2] for key in ("101", "102", "103", "104")] == [
        ["agent", False],
        ["agent", False],
        ["customer", True],
        ["agent", True],
    ]


def test_seven_faces_are_a_scale_of_seven(account):
    assert rows(
        account, "surveys", "survey_id", "score", "scale_min", "scale_max", "agent", "comment", "conversation_id"
    ) == [
        ["1", 7, 1, 7, "Ada", "quick", "1"],
        ["2", 2, 1, 7, "Ada", None, "4"],
    ]


def test_tickets_alone_say_nothing_of_what_they_cannot_tell(tmp_path):
    data = open_data(write(tmp_path, tickets=[ticket(1), ticket(2)]), source="freshdesk")
    assert adds_up(data)
    assert data.counts["table"].tolist() == ["conversations"]
    assert not set(data.every("conversations").columns) & {
        "first_response_at",
        "closed_at",
        "solved_at",
        "reopened_at",
        "language",
    }
    assert rows(data, "conversations", "agent", "team")[0] == ["11", "21"]


def test_replies_within_the_ticket(tmp_path):
    whole = ticket(1, conversations=[reply(101, 1, 20), reply(102, 1, 10, private=True)])
    data = open_data(write(tmp_path, ticket_1=whole), source="freshdesk")
    assert adds_up(data)
    assert rows(data, "conversations", "first_response_at") == [["2024-03-01 09:20:00"]]
    assert rows(data, "messages", "message_id", "is_public") == [["1/description", True], ["101", True], ["102", False]]


LINE = {
    "Ticket ID": 1, "Subject": "x", "Status": "Closed", "Priority": "High", "Source": "Feedback Widget", "Type": "Question", "Agent": "Ada",
    "Group": "First line", "Created time": "2024-07-01 10:00:00", "Resolved time": "2024-07-01 12:00:00", "Closed time": "2024-07-03 12:00:00",
    "Last update time": "2024-07-03 12:00:00", "Initial response time": "2024-07-01 10:30:00", "First response time (in hrs)": "00:05:00",
    "Survey results": "Extremely Happy", "Product": "No Product", "Contact ID": 900,
}  # fmt: skip


def test_the_csv_export(tmp_path):
    open_one = LINE | {"Ticket ID": 2, "Status": "Waiting on the moon", "Source": "Outbound Email", "Agent": "No Agent", "Group": "No Group",
                       "Resolved time": "", "Closed time": "", "Initial response time": "", "Survey results": ""}  # fmt: skip
    odd = LINE | {"Ticket ID": 3, "Survey results": "Top!", "Source": "Phone"}
    write_csv(tmp_path, tickets=[LINE, open_one, odd])
    (tmp_path / "service.toml").write_text('time_zone = "Europe/Rome"\n', encoding="utf-8")
    data = open_data(tmp_path, source="freshdesk")
    assert adds_up(data)
    columns = (
        "channel",
        "direction",
        "status",
        "created_at",
        "first_response_at",
        "closed_at",
        "agent",
        "team",
        "customer_id",
    )
    assert rows(data, "conversations", *columns) == [
        [
            "web_form",
            "inbound",
            "Closed",
            "2024-07-01 08:00:00",
            "2024-07-01 08:30:00",
            "2024-07-01 10:00:00",
            "Ada",
            "First line",
            "900",
        ],
        ["email", "proactive", "Waiting on the moon", "2024-07-01 08:00:00", None, None, None, None, "900"],
        [
            "phone",
            "inbound",
            "Closed",
            "2024-07-01 08:00:00",
            "2024-07-01 08:30:00",
            "2024-07-01 10:00:00",
            "Ada",
            "First line",
            "900",
        ],
    ]
    assert rows(data, "surveys", "survey_id", "score", "sent_at") == [["1/survey", 7, "2024-07-03 10:00:00"]]
    assert data.ledger[["table", "rule", "value"]].values.tolist() == [
        ["surveys", "not a whole number", "not one of Freshdesk's faces: Top!"]
    ]


def test_the_columns_are_the_exporting_users_choice(tmp_path):
    few = {key: LINE[key] for key in ("Ticket ID", "Status", "Created time")}
    data = open_data(write_csv(tmp_path, tickets=[few]), source="freshdesk")
    assert adds_up(data)
    assert rows(data, "conversations", "conversation_id", "channel", "status") == [["1", "(none)", "Closed"]]
    assert not set(data.every("conversations").columns) & {
        "first_response_at",
        "closed_at",
        "solved_at",
        "agent",
        "team",
    }


@pytest.mark.parametrize(
    "change, word",
    [
        ({"Created time": "Opened on"}, "Created time"),
        ({"Ticket ID": "Ticketnummer", "Created time": "Erstellt am"}, "Ticket ID"),
    ],
)
def test_a_renamed_or_localised_column_is_named(tmp_path, change, word):
    with pytest.raises(BadData) as raised:
        open_data(
            write_csv(tmp_path, tickets=[{change.get(key, key): value for key, value in LINE.items()}]),
            source="freshdesk",
        )
    assert "tickets.csv" in str(raised.value) and word in str(raised.value)


def test_a_wrong_file_is_refused(tmp_path):
    with pytest.raises(BadData) as raised:
        open_data(write(tmp_path, weather=[{"day": "2024-03-01", "rain": 3}]), source="freshdesk")
    assert "weather.json" in str(raised.value)


def test_hostile_values_are_only_values(tmp_path):
    nasty = '\'; DROP TABLE raw.tickets; --\n"$[0]"'
    fields = [
        {"id": 1, "name": "status", "choices": {nasty: [nasty]}},
        {"id": 2, "name": "source", "choices": {nasty: 55}},
    ]
    given = [ticket(1, status=nasty, source=55, stats="none"), ticket(2, created_at="soon"), ticket(None)]
    data = open_data(write(tmp_path, tickets=given, ticket_fields=fields), source="freshdesk")
    assert adds_up(data)
    assert rows(data, "conversations", "conversation_id", "status") == [["1", nasty]]
    assert sorted(data.ledger["rule"]) == ["not a time", "required value missing"]


def test_an_export_with_custom_statuses(real_data):
    data = open_data(real_data / "freshdesk" / "tickets_export.csv", source="freshdesk")
    assert adds_up(data) and data.ledger.empty
    found = rows(data, "conversations", "created_at", "status", "priority")
    assert Counter(row[1] for row in found) == {
        "Open": 26,
        "Pending": 10,
        "Waiting on Third Party": 8,
        "OpenPending": 1,
    }
    assert Counter(row[2] for row in found) == {"Medium": 17, "Low": 15, "High": 13}
    assert (min(found)[0], max(found)[0]) == ("2025-12-03 16:29:08", "2025-12-04 16:43:24")
    conversations = data.every("conversations")
    assert "first_response_at" not in conversations.columns and conversations.closed_at.count().to_pandas() == 0


def test_the_apis_answers(real_data, tmp_path):
    for name in ("ticket_1", "conversations", "agents", "groups"):
        shutil.copy(real_data / "freshdesk" / "api_v2" / f"{name}.json", tmp_path)
    data = open_data(tmp_path, source="freshdesk")
    assert adds_up(data) and data.ledger.empty
    # it is open (status 2), and keeps the time of an earlier resolving
    assert rows(data, "conversations", "status", "first_response_at", "solved_at", "closed_at") == [
        ["Open", "2020-06-17 20:23:43", None, None]
    ]
    assert [row[1] for row in rows(data, "messages", "message_id", "is_public")] == [False, True, True]
