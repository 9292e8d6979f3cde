"""Salesforce: the data export's files, and the same from Data Loader."""

import csv

import pytest
from exported import rows, why, write
from exports import adds_up

from toolkit import metrics
from toolkit.errors import BadData, MissingColumn
from toolkit.load import open_data
from toolkit.load.detect import recognise

NONE = "000000000000000AAA"
ANA, BO, FLOW, PORTAL = (f"005dN00000C1tU{n}QAZ" for n in "1234")
QUEUE, OTHER_QUEUE = "00GdN00000QueueQAA", "00GdN00000Other0AA"
CASE = "500dN00000PC9{}xQAD".format
CASES = [
    ["Id", "IsDeleted", "MasterRecordId", "CaseNumber", "ContactId", "SuppliedEmail", "Type", "Status", "Reason", "Origin", "Priority",
     "IsClosed", "ClosedDate", "IsEscalated", "OwnerId", "CreatedDate", "LastModifiedDate", "SystemModstamp"],
    [CASE("a"), "0", "", "00001001", "003dN00000NrnwcQAB", "", "Question", "Closed", "Setup", "Web", "High", "1", "2026-06-09 20:00:00", "0", ANA, "2026-06-09 18:00:00", "2026-06-09 20:00:00", "2026-06-09 20:00:00"],
    [CASE("b"), "0", NONE, "00001002", NONE, "c@x.org", "", "New", "", "Twitter", "Low", "0", "", "1", QUEUE, "2026-06-09 18:30:00", "2026-06-09 19:00:00", "2026-06-09 19:00:00"],
    [CASE("c"), "1", "", "00001003", NONE, "", "", "New", "", "Email", "Low", "0", "", "0", ANA, "2026-06-09 18:40:00", "", ""],
    [CASE("d"), "1", CASE("a"), "00001004", NONE, "", "", "Closed", "", "Email", "Low", "1", "2026-06-09 18:50:00", "0", ANA, "2026-06-09 18:45:00", "", ""],
    # opened again: the flag decides, whatever time stands there
    [CASE("e"), "0", "", "00001005", NONE, "", "", "Reopened", "", "", "Low", "0", "2026-06-09 19:30:00", "0", BO, "2026-06-09 19:00:00", "2026-06-09 21:00:00", "2026-06-09 21:00:00"],
]  # fmt: skip
EMAILS = [
    ["Id", "ParentId", "Incoming", "MessageDate", "CreatedDate", "CreatedById", "TextBody", "Status", "IsDeleted", "ReplyToEmailMessageId"],
    ["02s1", CASE("a"), "1", "2026-06-09 17:59:00", "2026-06-09 18:00:00", FLOW, "It \"broke\"\nagain", "1", "0", NONE],
    ["02s2", CASE("a"), "0", "2026-06-09 18:01:00", "2026-06-09 18:01:00", FLOW, "We got it", "3", "0", "02s1"],
    ["02s3", CASE("a"), "0", "2026-06-09 18:20:00", "2026-06-09 18:20:00", ANA, "Try this", "3", "0", "02s1"],
    ["02s4", CASE("a"), "0", "", "2026-06-09 18:10:00", ANA, "half a thou", "5", "0", NONE],
    ["02s5", NONE, "1", "", "2026-06-09 18:11:00", ANA, "to nobody", "1", "0", NONE],
    ["02s6", CASE("c"), "1", "", "2026-06-09 18:41:00", ANA, "of a deleted case", "1", "0", NONE],
    ["02s7", CASE("b"), "0", "", "2026-06-09 18:42:00", ANA, "gone", "3", "1", NONE],
]  # fmt: skip
COMMENTS = [
    ["Id", "ParentId", "IsPublished", "CommentBody", "CreatedById", "CreatedDate", "IsDeleted"],
    ["00a1", CASE("e"), "0", "look into it", ANA, "2026-06-09 19:05:00", "0"],
    ["00a2", CASE("e"), "1", "we do", BO, "2026-06-09 19:10:00", "0"],
    ["00a3", CASE("e"), "1", "still broken", PORTAL, "2026-06-09 20:30:00", "0"],
]
HISTORY = [
    ["Id", "IsDeleted", "CaseId", "CreatedById", "CreatedDate", "Field", "OldValue", "NewValue"],
    ["017a", "0", CASE("e"), FLOW, "2026-06-09 19:00:00", "created", "", ""],
    ["017b", "0", CASE("e"), ANA, "2026-06-09 19:02:00", "Owner", "First line", "Bo Li"],
    ["017c", "0", CASE("e"), ANA, "2026-06-09 19:02:00", "Owner", QUEUE, BO],
    ["017d", "0", CASE("e"), BO, "2026-06-09 19:30:00", "Status", "New", "Closed"],
    ["017e", "0", CASE("e"), PORTAL, "2026-06-09 20:30:00", "Status", "Closed", "Reopened"],
]
STATES = [
    ["Id", "CaseId", "OwnerId", "Status", "PreviousUpdate", "LastModifiedById", "LastModifiedDate", "IsDeleted"],
    ["1", CASE("a"), QUEUE, "New", "", FLOW, "2026-06-09 18:00:00", "0"],
    ["2", CASE("a"), ANA, "Working", "2026-06-09 18:00:00", ANA, "2026-06-09 18:10:00", "0"],
    ["3", CASE("a"), ANA, "Working", "2026-06-09 18:10:00", ANA, "2026-06-09 18:15:00", "0"],
    ["4", CASE("a"), ANA, "Closed", "2026-06-09 18:15:00", ANA, "2026-06-09 20:00:00", "0"],
    ["5", CASE("e"), BO, "Reopened", "", PORTAL, "2026-06-09 20:30:00", "0"],
]
USERS = [
    ["Id", "Username", "LastName", "FirstName", "Name", "UserType"],
    [ANA, "ana@x.org", "Roe", "Ana", "", "Standard"],
    [BO, "bo@x.org", "Li", "Bo", "Bo Li", "Standard"],
    [FLOW, "flow@x.org", "Process", "Automated", "", "AutomatedProcess"],
    [PORTAL, "kim@y.org", "Kim", "", "", "CspLitePortal"],
]
GROUPS = [["Id", "Name", "Type"], [QUEUE, "First line", "Queue"], [OTHER_QUEUE, "", "Queue"]]
ALL = {"Case": CASES, "EmailMessage": EMAILS, "CaseComment": COMMENTS, "CaseHistory": HISTORY, "CaseHistory2": STATES, "User": USERS, "Group": GROUPS}  # fmt: skip


def export(folder, *names, **instead):
    for name in names or ALL:
        write(folder, f"{name}.csv", instead.get(name, ALL[name]), quoting=csv.QUOTE_ALL)
    return folder


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    return open_data(export(tmp_path_factory.mktemp("salesforce")), source="salesforce")


def test_the_real_case(real_data):
    data = open_data(real_data / "salesforce", source="salesforce")
    assert adds_up(data)
    columns = ("case_number", "status", "channel", "created_at", "closed_at", "agent", "team", "priority")
    assert rows(data, "conversations", *columns) == [
        ["00001003", "New", "email", "2026-06-09 18:24", None, "005dN00000C1tUIQAZ", None, "Low"]
    ]
    assert list(data.counts["table"]) == ["conversations"]


def test_every_row_is_used_or_in_the_ledger(data):
    assert adds_up(data)
    assert why(data) == {
        ("conversations", "deleted"): 1,
        ("conversations", f"merged into {CASE('a')}"): 1,
        ("messages", "a draft that was not sent"): 1,
        ("messages", "an email of no case"): 1,
        ("messages", "deleted"): 1,
        ("messages", "unknown parent"): 1,
        ("status_changes", "the same change of the owner stands beside it with ids"): 1,
        ("status_changes", "the state in which the case began"): 1,
        ("status_changes", "neither status nor owner changed"): 1,
        ("status_changes", "CaseHistory tells the changes of this case"): 1,
    }


def test_cases(data):
    columns = ("conversation_id", "channel", "status", "team", "agent", "customer_id", "topic", "subtopic", "closed_at")
    assert rows(data, "conversations", *columns) == [
        [
            CASE("a"),
            "web_form",
            "Closed",
            None,
            "Ana Roe",
            "003dN00000NrnwcQAB",
            "Question",
            "Setup",
            "2026-06-09 20:00",
        ],
        [CASE("b"), "x", "New", "First line", None, "c@x.org", None, None, None],
        [CASE("e"), "(none)", "Reopened", None, "Bo Li", None, None, None, None],
    ]


def test_who_wrote(data):
    assert rows(data, "messages", "message_id", "sender", "agent", "is_public", "sent_at") == [
        ["00a1", "agent", "Ana Roe", False, "2026-06-09 19:05"],
        ["00a2", "agent", "Bo Li", True, "2026-06-09 19:10"],
        ["00a3", "customer", None, True, "2026-06-09 20:30"],
        ["02s1", "customer", None, True, "2026-06-09 17:59"],
        ["02s2", "system", None, True, "2026-06-09 18:01"],
        ["02s3", "agent", "Ana Roe", True, "2026-06-09 18:20"],
    ]
    assert rows(data, "messages", "in_reply_to")[3:] == [[None], ["02s1"], ["02s1"]]


def test_neither_a_note_nor_an_automated_email_is_a_reply(data):
    assert rows(data, "conversations", "first_response_at") == [["2026-06-09 18:20"], [None], ["2026-06-09 19:10"]]
    assert metrics.first_response_time(data.conversations)[["n", "answered_count"]].values.tolist() == [[3, 2]]


def test_changes_of_status_and_owner(data):
    columns = ("conversation_id", "changed_at", "field", "from_value", "to_value", "changed_by", "is_closing")
    assert sorted(rows(data, "status_changes", *columns), key=str) == [
        [CASE("a"), "2026-06-09 18:10", "agent", "First line", "Ana Roe", "Ana Roe", None],
        [CASE("a"), "2026-06-09 18:10", "status", "New", "Working", "Ana Roe", None],
        [CASE("a"), "2026-06-09 20:00", "status", "Working", "Closed", "Ana Roe", True],
        [CASE("e"), "2026-06-09 19:00", "created", None, None, "Automated Process", None],
        [CASE("e"), "2026-06-09 19:02", "agent", "First line", "Bo Li", "Ana Roe", None],
        [CASE("e"), "2026-06-09 19:30", "status", "New", "Closed", "Bo Li", True],
        [CASE("e"), "2026-06-09 20:30", "status", "Closed", "Reopened", "Kim", False],
    ]
    assert rows(data, "conversations", "first_closed_at", "reopened_at", "reopen_count") == [
        ["2026-06-09 20:00", None, 0],
        [None, None, None],
        ["2026-06-09 19:30", "2026-06-09 20:30", 1],
    ]


def test_data_loader_writes_the_same(tmp_path, data):
    """Names in capitals, times with T and Z or an offset, flags as words; in a folder a .zip."""

    def loaded(cell):
        if len(cell) == 19 and cell[4] == "-":
            return cell.replace(" ", "T") + ".000Z"
        return {"0": "false", "1": "true", NONE: ""}.get(cell, cell)

    for name in ("Case", "User", "Group"):
        lines = [[cell.upper() for cell in ALL[name][0]], *[[loaded(cell) for cell in line] for line in ALL[name][1:]]]
        write(tmp_path, f"WE_00D_1/{name}.csv", lines, quoting=csv.QUOTE_ALL)
    other = open_data(tmp_path, source="salesforce")
    assert adds_up(other)
    columns = ("conversation_id", "channel", "status", "created_at", "closed_at", "agent", "team")
    assert rows(other, "conversations", *columns) == rows(data, "conversations", *columns)


def test_an_offset_in_the_other_spelling(tmp_path):
    lines = [CASES[0], [cell.replace("18:00:00", "20:00:00.000+0200") for cell in CASES[1]]]
    data = open_data(export(tmp_path, "Case", Case=lines), source="salesforce")
    assert rows(data, "conversations", "created_at") == [["2026-06-09 18:00"]]


def test_cases_without_the_rest(tmp_path):
    data = open_data(export(tmp_path, "Case"), source="salesforce")
    assert adds_up(data)
    assert rows(data, "conversations", "agent", "team")[:2] == [[ANA, None], [None, QUEUE]]
    with pytest.raises(MissingColumn, match="first_response_at"):
        metrics.first_response_time(data.conversations)


def test_the_newest_copy_of_a_case(tmp_path):
    older = [CASES[0], [*CASES[2]]]
    older[1][7], older[1][-1] = "Working", "2026-06-09 18:35:00"
    export(tmp_path, "Case")
    write(tmp_path, "Case_older.csv", older)
    data = open_data(tmp_path, source="salesforce")
    assert adds_up(data)
    assert rows(data, "conversations", "status")[1] == ["New"]  # the older file comes last by its name
    assert why(data)["conversations", "older copy"] == 1


@pytest.mark.parametrize("name, column, other", [("Case", "OwnerId", "Owner Id"), ("EmailMessage", "ParentId", "Case")])
def test_a_renamed_column_is_named(tmp_path, name, column, other):
    lines = [[other if cell == column else cell for cell in ALL[name][0]], *ALL[name][1:]]
    with pytest.raises(BadData, match=rf"{name}\.csv.*'{column}'"):
        open_data(export(tmp_path, "Case", "EmailMessage", **{name: lines}), source="salesforce")


def test_a_wrong_file(tmp_path):
    with pytest.raises(BadData, match=r"Case\.csv"):
        open_data(write(tmp_path, "Contact.csv", [["Id", "LastName"], ["003", "Roe"]]), source="salesforce")


def test_it_is_recognised(tmp_path, real_data):
    assert recognise(real_data / "salesforce")[0] == "salesforce"
    assert recognise(export(tmp_path, "EmailMessage", "CaseComment"))[0] == "salesforce"
