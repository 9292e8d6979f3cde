"""Zammad: the API's answers, spelt out and as codes, and dumps of its tables; there is no real file."""

import pytest
from exported import rows, why, write
from exports import adds_up

from toolkit.errors import BadData
from toolkit.load import open_data
from toolkit.load.detect import recognise

DAY = "2024-03-0{}T{}:00.123Z".format


def ticket(number, **more):
    made = {
        "id": number, "number": f"2200{number}", "group_id": 3, "state_id": 2, "priority_id": 2, "owner_id": 1, "customer_id": 50,
        "create_article_type_id": 1, "create_article_sender_id": 2, "first_response_at": None, "close_at": None, "last_close_at": None,
        "created_at": DAY(1, "09:00"), "updated_at": DAY(4, "09:00"),
    }  # fmt: skip
    return made | more


SPELT = {
    "group": "Sales",
    "state": "closed",
    "priority": "3 high",
    "owner": "ana@x.org",
    "customer": "cy@y.org",
    "create_article_type": "web",
}
TICKETS = [
    ticket(1, owner_id=7, close_at=DAY(2, "09:00"), last_close_at=DAY(3, "09:00"), **SPELT),
    ticket(2, close_at=DAY(2, "09:00"), last_close_at=DAY(2, "09:00"), create_article_type_id=7),  # open again
    ticket(3, state_id=4, close_at=DAY(2, "09:00"), create_article_type_id=5, create_article_sender_id=1),
    ticket(4, state_id=5),
    ticket(5, state_id=9, create_article_type_id=99),
]
ARTICLES = [
    {"id": 11, "ticket_id": 1, "sender_id": 2, "sender": "Customer", "type": "web", "internal": False, "created_by_id": 50, "created_by": "cy@y.org", "body": "a < b", "content_type": "text/plain", "created_at": DAY(1, "09:00")},
    {"id": 12, "ticket_id": 1, "sender_id": 3, "sender": "System", "type": "email", "internal": False, "created_by_id": 1, "body": "We got it", "content_type": "text/plain", "created_at": DAY(1, "09:01")},
    {"id": 13, "ticket_id": 1, "sender_id": 1, "sender": "Agent", "type": "note", "internal": True, "created_by_id": 7, "body": "hm", "content_type": "text/plain", "created_at": DAY(1, "09:10")},
    {"id": 14, "ticket_id": 1, "sender_id": 1, "type": "email", "internal": False, "created_by_id": 7, "body": "<div>on <b>it</b><br/>&amp; soon</div>", "content_type": "text/html", "created_at": DAY(1, "10:00")},
    {"id": 15, "ticket_id": 4, "sender_id": 2, "type": "email", "internal": False, "created_by_id": 50, "body": "of a merged one", "content_type": "text/plain", "created_at": DAY(1, "10:00")},
]  # fmt: skip
HISTORY = {
    "history": [
        {"id": 1, "object": "Ticket", "type": "created", "o_id": 1, "created_at": DAY(1, "09:00"), "created_by_id": 50},
        {"id": 2, "object": "Ticket", "type": "updated", "o_id": 1, "attribute": "state", "value_from": "new", "value_to": "closed", "created_at": DAY(2, "09:00"), "created_by_id": 7},
        {"id": 3, "object": "Ticket", "type": "updated", "o_id": 1, "attribute": "state", "value_from": "closed", "value_to": "open", "created_at": DAY(2, "12:00"), "created_by_id": 50},
        {"id": 4, "object": "Ticket", "type": "updated", "o_id": 1, "attribute": "owner", "value_from": "-", "value_to": "Ana Roe", "created_at": DAY(1, "09:05"), "created_by_id": 7},
        {"id": 5, "object": "Ticket", "type": "updated", "o_id": 1, "attribute": "state", "value_from": "open", "value_to": "done", "created_at": DAY(3, "09:00"), "created_by_id": 7},
    ]
}  # fmt: skip
USERS = [
    {"id": 7, "login": "ana@x.org", "firstname": "Ana", "lastname": "Roe", "email": "ana@x.org", "roles": ["Agent", "Admin"]},
    {"id": 50, "login": "cy@y.org", "firstname": "", "lastname": "", "email": "cy@y.org", "roles": ["Customer"]},
]  # fmt: skip


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    folder = tmp_path_factory.mktemp("zammad")
    write(folder, "tickets-1.json", TICKETS[:3])
    write(folder, "tickets-2.json", TICKETS[2:])  # the page is read while a ticket moves from one to the next
    write(folder, "ticket_articles/ticket_articles-1.json", ARTICLES[:4])
    write(folder, "ticket_articles/ticket_articles-4.json", ARTICLES[4:])
    write(folder, "ticket_history/ticket_history-1.json", HISTORY)
    write(folder, "users.json", USERS)
    write(folder, "groups.json", [{"id": 3, "name": "Sales"}])
    write(folder, "ticket_states.json", [{"id": 9, "name": "done", "state_type_id": 5}])
    return open_data(folder, source="zammad")


def test_every_row_is_used_or_in_the_ledger(data):
    assert adds_up(data)
    assert why(data) == {
        ("conversations", "merged into another ticket"): 1,
        ("conversations", "older copy"): 1,
        ("messages", "unknown parent"): 1,
        ("status_changes", "no change of a ticket: ticket created"): 1,
    }


def test_tickets(data):
    columns = (
        "conversation_id",
        "channel",
        "status",
        "priority",
        "team",
        "agent",
        "direction",
        "closed_at",
        "first_closed_at",
    )
    assert rows(data, "conversations", *columns) == [
        ["1", "web_form", "closed", "3 high", "Sales", "Ana Roe", "inbound", "2024-03-03 09:00", "2024-03-02 09:00"],
        ["2", "x", "open", "2 normal", "Sales", None, "inbound", None, "2024-03-02 09:00"],
        ["3", "phone", "closed", "2 normal", "Sales", None, "proactive", "2024-03-02 09:00", "2024-03-02 09:00"],
        ["5", "(none)", "done", "2 normal", "Sales", None, "inbound", "2024-03-04 09:00", None],
    ]
    assert rows(data, "conversations", "first_response_at", "reopened_at", "reopen_count")[0] == [
        "2024-03-01 10:00",
        "2024-03-02 12:00",
        1,
    ]


def test_articles(data):
    assert rows(data, "messages", "message_id", "sender", "agent", "is_public", "text") == [
        ["11", "customer", None, True, "a < b"],
        ["12", "system", None, True, "We got it"],
        ["13", "agent", "Ana Roe", False, "hm"],
        ["14", "agent", "Ana Roe", True, "on it\n& soon"],
    ]


def test_changes(data):
    assert sorted(
        rows(data, "status_changes", "changed_at", "field", "from_value", "to_value", "changed_by", "is_closing")
    ) == [
        ["2024-03-01 09:05", "agent", None, "Ana Roe", "Ana Roe", None],
        ["2024-03-02 09:00", "status", "new", "closed", "Ana Roe", True],
        ["2024-03-02 12:00", "status", "closed", "open", "cy@y.org", False],
        ["2024-03-03 09:00", "status", "open", "done", "Ana Roe", True],
    ]


def test_a_dump_of_the_tables(tmp_path):
    names = list(TICKETS[1])
    cells = [[str(one[name] or "").replace("T", " ").replace("Z", "") for name in names] for one in TICKETS[1:3]]
    write(tmp_path, "tickets.csv", [names, *cells])
    data = open_data(tmp_path, source="zammad")
    assert adds_up(data)
    assert data.zone == "UTC"
    assert rows(data, "conversations", "created_at", "closed_at", "team") == [
        ["2024-03-01 09:00", None, "3"],
        ["2024-03-01 09:00", "2024-03-02 09:00", "3"],
    ]


def test_a_renamed_column_is_named(tmp_path):
    lines = [
        {"ticket": one["number"], **{key: value for key, value in one.items() if key != "number"}} for one in TICKETS
    ]
    with pytest.raises(BadData, match=r"tickets\.json.*'number'"):
        open_data(write(tmp_path, "tickets.json", lines), source="zammad")


def test_a_wrong_file(tmp_path):
    with pytest.raises(BadData, match="zammad"):
        open_data(write(tmp_path, "organizations.json", [{"id": 1, "name": "x"}]), source="zammad")


def test_it_is_recognised(tmp_path):
    assert recognise(write(tmp_path, "tickets-1.json", TICKETS))[0] == "zammad"
    assert recognise(write(tmp_path, "ticket_articles-1.json", ARTICLES))[0] == "zammad"
