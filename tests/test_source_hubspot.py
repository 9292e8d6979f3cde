"""HubSpot tickets: a warehouse's tables, the API's answers and the index page's export."""

import json

import pytest
from exported import rows, why, write
from exports import adds_up

from toolkit import metrics
from toolkit.errors import BadData
from toolkit.load import open_data
from toolkit.load.detect import recognise

DAY = "2024-03-0{}T{}:00.000Z".format
STAGES = {
    "results": [
        {
            "id": "0",
            "label": "Support",
            "stages": [
                {"id": "1", "label": "New", "metadata": {"ticketState": "OPEN", "isClosed": "false"}},
                {"id": "2", "label": "Waiting on contact", "metadata": {"ticketState": "OPEN"}},
                {"id": "4", "label": "Solved", "metadata": {"ticketState": "CLOSED"}},
                {"id": "5", "label": "Rejected", "metadata": {"isClosed": "true"}},
            ],
        }
    ]
}
OWNERS = {
    "results": [
        {"id": "70", "email": "ana@x.org", "firstName": "Ana", "lastName": "Roe", "userId": 1, "teams": [{"id": "8", "name": "Front", "primary": False}, {"id": "9", "name": "Back", "primary": True}]},
        {"id": "71", "email": "bo@x.org", "firstName": "", "lastName": None, "userId": 2},
    ]
}  # fmt: skip


CREATED = DAY(1, "09:00")


def ticket(number, stage, created=CREATED, archived=False, history=None, contact=None, **properties):
    told = {"createdate": created, "hs_pipeline": "0", "hs_pipeline_stage": stage, "hs_lastmodifieddate": DAY(5, "09:00"), **properties}  # fmt: skip
    made = {"id": number, "properties": told, "createdAt": created, "updatedAt": DAY(5, "09:00"), "archived": archived}
    if history:
        steps = [{"value": value, "timestamp": at, "sourceType": "CRM_UI", "sourceId": "userId:1"} for value, at in history]  # fmt: skip
        made["propertiesWithHistory"] = {"hs_pipeline_stage": steps}
    if contact:
        made["associations"] = {"contacts": {"results": [{"id": contact, "type": "ticket_to_contact"}]}}
    return made


TICKETS = [
    ticket("9007199254740993", "4", closed_date=DAY(2, "09:00"), source_type="FORM", hubspot_owner_id="70", first_agent_reply_date=DAY(1, "10:00"), contact="5001"),
    ticket("2", "4", source_type="EMAIL", hubspot_owner_id="71", history=[("4", DAY(3, "09:00")), ("1", DAY(1, "09:00"))]),  # the newest step first
    ticket("3", "5", source_type="CHAT", hubspot_team_id="8", hs_ticket_priority="HIGH", hs_ticket_category="BILLING"),
    ticket("4", "1", closed_date=DAY(2, "09:00"), hs_is_closed="false", hs_ticket_reopened_at=DAY(2, "12:00"), source_type="PHONE"),
    ticket("5", "77", created="1709283600000"),  # milliseconds, and a stage that no pipeline has
    ticket("6", "1", archived=True),
    ticket("7", "4", closed_date=DAY(1, "08:00")),
    ticket("8", "1", hs_merged_object_ids="10;11"),
    ticket("10", "4", closed_date=DAY(2, "09:00")),
]  # fmt: skip


def email(number, way, at, *tickets, owner=None, archived=False):
    links = {"tickets": {"results": [{"id": one, "type": "email_to_ticket"} for one in tickets]}} if tickets else None
    told = {"hs_timestamp": at, "hs_email_direction": way, "hs_email_text": f"text {number}", "hubspot_owner_id": owner}
    made = {"id": number, "properties": told, "createdAt": at, "archived": archived}
    return made | ({"associations": links} if links else {})


EMAILS = [
    email("e1", "INCOMING_EMAIL", DAY(1, "09:00"), "2"),
    email("e2", "EMAIL", DAY(1, "11:00"), "2", owner="71"),
    email("e3", "EMAIL", DAY(1, "12:00"), "2", "3", owner="70"),
    email("e4", "EMAIL", DAY(1, "12:00")),
    email("e5", "DRAFT_EMAIL", DAY(1, "12:00"), "2"),
    email("e6", "FORWARDED_EMAIL", DAY(1, "12:30"), "3"),
    email("e7", "EMAIL", DAY(1, "12:00"), "2", archived=True),
]


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    folder = tmp_path_factory.mktemp("hubspot")
    write(folder, "tickets-1.json", {"results": TICKETS[:5], "paging": {"next": {"after": "6"}}})
    write(folder, "tickets-2.json", {"results": TICKETS[5:]})
    write(folder, "pipelines.json", STAGES)
    write(folder, "owners.json", OWNERS)
    write(folder, "emails-1.json", {"results": EMAILS})
    return open_data(folder, source="hubspot")


@pytest.fixture(scope="module")
def real(real_data):
    return open_data(real_data / "hubspot", source="hubspot")


class TestReal:
    def test_tickets(self, real):
        assert adds_up(real)
        counts = real.counts.set_index("table").loc["conversations"]
        assert (counts["rows_in"], counts["rows_used"], counts["rejected"]) == (25, 24, 1)
        # 23 of 25 closed: the one that was closed before it was created is in the ledger
        assert real.conversations.closed_at.count().execute() == 22
        early = real.ledger.query("table == 'conversations'")
        assert early[["key", "rule", "column"]].values.tolist() == [["307034542", "order of times", "closed_at"]]

    def test_first_replies(self, real):
        # 4 with a first agent reply, one of which is the one in the ledger
        assert metrics.first_response_time(real.conversations)["answered_count"].tolist() == [3]

    def test_a_warehouses_times_are_utc(self, real):
        assert rows(real, "conversations", "created_at")[0] == ["2020-04-16 13:25"]


def test_every_row_is_used_or_in_the_ledger(data):
    assert adds_up(data)
    assert why(data) == {
        ("conversations", "deleted"): 1,
        ("conversations", "merged into 8"): 1,
        ("conversations", "order of times"): 1,
        ("messages", "an email of no ticket"): 1,
        ("messages", "a draft that was not sent"): 1,
        ("messages", "deleted"): 1,
    }


def test_tickets(data):
    columns = ("conversation_id", "channel", "status", "project", "team", "agent", "priority", "topic", "customer_id")
    assert rows(data, "conversations", *columns) == [
        ["2", "email", "Solved", "Support", None, "bo@x.org", None, None, None],
        ["3", "chat", "Rejected", "Support", "Front", None, "HIGH", "BILLING", None],
        ["4", "phone", "New", "Support", None, None, None, None, None],
        ["5", "(none)", "77", "Support", None, None, None, None, None],
        ["8", "(none)", "New", "Support", None, None, None, None, None],
        ["9007199254740993", "web_form", "Solved", "Support", "Back", "Ana Roe", None, None, "5001"],
    ]


def test_closed_through_the_stage(data):
    assert rows(data, "conversations", "conversation_id", "closed_at", "reopened_at") == [
        ["2", "2024-03-03 09:00", None],  # when it entered its stage
        ["3", "2024-03-05 09:00", None],  # at the latest when it was last changed
        ["4", None, "2024-03-02 12:00"],  # has a close date, and HubSpot says that it isn't closed
        ["5", None, None],
        ["8", None, None],
        ["9007199254740993", "2024-03-02 09:00", None],
    ]
    assert rows(data, "conversations", "created_at")[3] == ["2024-03-01 09:00"]


def test_changes_of_stage(data):
    assert sorted(rows(data, "status_changes", "changed_at", "field", "from_value", "to_value", "is_closing")) == [
        ["2024-03-01 09:00", "status", None, "New", False],
        ["2024-03-03 09:00", "status", "New", "Solved", True],
    ]


def test_emails(data):
    assert rows(data, "messages", "message_id", "conversation_id", "sender", "agent") == [
        ["e1", "2", "customer", None],
        ["e2", "2", "agent", "bo@x.org"],
        ["e3/2", "2", "agent", "Ana Roe"],
        ["e3/3", "3", "agent", "Ana Roe"],
        ["e6", "3", "customer", None],
    ]


def test_where_hubspot_kept_no_first_reply_the_emails_tell(tmp_path):
    write(tmp_path, "tickets.json", {"results": TICKETS[1:3]})
    write(tmp_path, "emails.json", {"results": EMAILS[:3]})
    data = open_data(tmp_path, source="hubspot")
    assert rows(data, "conversations", "first_response_at") == [["2024-03-01 11:00"], ["2024-03-01 12:00"]]


def test_tickets_alone(tmp_path):
    data = open_data(write(tmp_path, "tickets.json", {"results": TICKETS[:3]}), source="hubspot")
    assert adds_up(data)
    assert rows(data, "conversations", "status", "agent", "closed_at") == [
        ["4", "71", None],
        ["5", None, None],
        ["4", "70", "2024-03-02 09:00"],
    ]


def test_the_newest_copy_of_a_ticket(tmp_path):
    newer = ticket("2", "1") | {"updatedAt": DAY(6, "09:00")}
    newer["properties"]["hs_lastmodifieddate"] = DAY(6, "09:00")
    write(tmp_path, "tickets-1.json", {"results": [newer]})
    write(tmp_path, "tickets-2.json", {"results": TICKETS[1:2]})
    data = open_data(tmp_path, source="hubspot")
    assert adds_up(data)
    assert rows(data, "conversations", "status") == [["1"]]
    assert why(data) == {("conversations", "older copy"): 1}


HEAD = ["Ticket ID", "Ticket name", "Pipeline", "Ticket status", "Create date", "Close date", "Ticket owner", "Source", "Priority", "Last modified date"]  # fmt: skip
EXPORT = [
    HEAD,
    ["1", "Order, late", "Support", "New", "2024-03-01 09:00", "", "Ana Roe", "Email", "High", "2024-03-01 10:00"],
    ["2", "\"Refund\"\n?", "Support", "Closed (Support)", "2024-03-01 09:00", "2024-03-02 09:00", "", "Form", "", "2024-03-02 09:00"],
    ["3", "x", "Support", "Closed", "2024-03-01 09:00", "", "", "", "", "2024-03-04 09:00"],
    ["4", "x", "Support", "Disclosed", "not a time", "", "", "", "", ""],
]  # fmt: skip


@pytest.mark.parametrize("key", ["Ticket ID", "Record ID"])
def test_the_export_of_the_index_page(tmp_path, key):
    lines = [[key, *HEAD[1:]], *EXPORT[1:]]
    (tmp_path / "service.toml").write_text('time_zone = "Europe/Rome"', encoding="utf-8")
    write(tmp_path, "my tickets.csv", lines)  # of any name: its columns fit
    data = open_data(tmp_path, source="hubspot")
    assert adds_up(data)
    assert rows(data, "conversations", "conversation_id", "channel", "status", "created_at", "closed_at", "agent") == [
        ["1", "email", "New", "2024-03-01 08:00", None, "Ana Roe"],
        ["2", "web_form", "Closed (Support)", "2024-03-01 08:00", "2024-03-02 08:00", None],
        ["3", "(none)", "Closed", "2024-03-01 08:00", "2024-03-04 08:00", None],
    ]
    assert why(data) == {("conversations", "not a time"): 1}


@pytest.mark.parametrize("name", ["hubspot-crm-exports-all-tickets-2024-03-05.csv", "hubspot-crm-records-x.csv"])
def test_both_headers_come_under_both_names_and_of_several_categories_the_first_counts(tmp_path, name):
    lines = [
        ["Record ID", *HEAD[1:], "Category"],
        [*EXPORT[1], "Billing issue; Feature request;Other"],
        [*EXPORT[2], "Billing issue"],
        [*EXPORT[3], ""],
    ]
    data = open_data(write(tmp_path, name, lines))
    assert data.source == "hubspot" and adds_up(data)
    assert rows(data, "conversations", "conversation_id", "topic", "other_topics") == [
        ["1", "Billing issue", "Feature request;Other"],
        ["2", "Billing issue", None],
        ["3", None, None],
    ]
    lines[0][4] = "Opened"
    with pytest.raises(BadData, match="no column 'Create date'") as caught:
        open_data(write(tmp_path, name, lines))
    assert "'Ticket ID'" not in str(caught.value)


def test_a_renamed_column_is_named(tmp_path):
    lines = [["Create day" if name == "Create date" else name for name in HEAD], *EXPORT[1:]]
    with pytest.raises(BadData, match="'Create date'.*'Create day'"):
        open_data(write(tmp_path, "hubspot-crm-exports-all-tickets.csv", lines), source="hubspot")


def test_hostile_answers(tmp_path):
    """What stands where something else should is passed over; names and texts may hold anything."""
    steps = [{"value": "1", "timestamp": DAY(1, "09:00")}]
    odd = [
        ticket("1", "1", **{"o'; DROP TABLE raw.api; --": "x", 'a"b': "y"}) | {"propertiesWithHistory": {'a"b$.*': steps, "o'": "no list"}, "associations": {"contacts": []}},
        ticket("2\n'", "x' OR 1=1", hubspot_owner_id="'", source_type='"'),
        {"id": "3", "properties": "no object", "createdAt": DAY(1, "09:00"), "associations": "none"},
        {"id": "4", "properties": None, "createdAt": DAY(1, "09:00"), "propertiesWithHistory": []},
    ]  # fmt: skip
    write(tmp_path, "tickets.json", {"results": odd})
    write(tmp_path, "pipelines.json", {"results": [{"id": "0", "label": "Support", "stages": "none"}]})
    write(tmp_path, "owners.json", {"results": [{"id": "70", "email": "a@x.org", "teams": {}}]})
    write(
        tmp_path,
        "emails.json",
        {"results": [{"id": "e1", "properties": [], "createdAt": DAY(1, "09:00"), "associations": {"tickets": 5}}]},
    )
    data = open_data(tmp_path, source="hubspot")
    assert adds_up(data)
    assert rows(data, "conversations", "conversation_id", "status", "channel") == [
        ["1", "1", "(none)"],
        ["2\n'", "x' OR 1=1", '"'],
        ["3", None, "(none)"],
        ["4", None, "(none)"],
    ]
    assert rows(data, "status_changes", "field", "to_value") == [['a"b$.*', "1"]]


def test_a_page_cut_in_the_middle(tmp_path):
    path = tmp_path / "tickets-1.json"
    path.write_text(json.dumps({"results": TICKETS})[:700], encoding="utf-8")
    with pytest.raises(BadData, match=r"tickets-1\.json"):
        open_data(tmp_path, source="hubspot")


def test_a_wrong_file(tmp_path):
    with pytest.raises(BadData, match="hubspot"):
        open_data(write(tmp_path, "contacts.csv", [["vid", "email"], ["1", "a@x.org"]]), source="hubspot")


def test_it_is_recognised(tmp_path, real_data):
    assert recognise(real_data / "hubspot")[0] == "hubspot"
    assert recognise(write(tmp_path, "tickets-1.json", {"results": TICKETS}))[0] == "hubspot"
    assert recognise(write(tmp_path, "all my tickets.csv", EXPORT))[0] == "hubspot"
