"""Jira Service Management: a warehouse's tables, the CSV of a search, the search API's answers."""

import shutil

import pytest
from exported import rows, why, write
from exports import adds_up

from toolkit import metrics
from toolkit.errors import BadData
from toolkit.load import open_data
from toolkit.load.detect import recognise


@pytest.fixture(scope="module")
def real(real_data):
    return open_data(real_data / "jira", source="jira")


def test_the_real_issues(real):
    assert adds_up(real)
    counts = real.counts.set_index("table")["rows_in"].to_dict()
    assert (counts["conversations"], counts["status_changes"]) == (4, 10)
    # TP-8 has a resolved time, and its status is of the category In Progress
    assert rows(real, "conversations", "conversation_id", "status_category", "closed_at", "project", "priority") == [
        ["TCP-1", None, "2020-11-28 19:11", "test classique project", "Medium"],
        ["TP-10", "In Progress", None, "test classique project", "Highest"],
        ["TP-12", None, "2020-06-11 07:38", "Test Project", "Lowest"],
        ["TP-8", "In Progress", None, "Test Project", "Medium"],
    ]


def test_comments_of_issues_that_arent_there(real):
    assert why(real) == {("messages", "unknown parent"): 3}


# A search's CSV names a column once for each comment and label.
HEAD = ["Summary", "Issue key", "Issue id", "Issue Type", "Status", "Status Category", "Project name", "Priority", "Assignee", "Reporter", "Reporter Id", "Created", "Updated", "Resolved", "Labels", "Labels", "Satisfaction rating", "Custom field (Satisfaction date)", "Custom field (Request Type)", "Comment", "Comment", "Comment"]  # fmt: skip
EXPORT = [
    HEAD,
    ["It, \"broke\"", "HELP-1", "1", "Service Request", "Resolved", "Done", "Help", "High", "Ana", "Cy", "u9", "09/Oct/25 1:42 PM", "11/Oct/25 9:00 AM", "10/Oct/25 9:05 AM", "vip", "vpn", "4", "10/Oct/25 10:00 AM", "Access",
     "09/Oct/25 1:50 PM;u9;please; it's urgent\nthanks", "09/Oct/25 2:42 PM;u1;on it", ""],
    ["x", "HELP-2", "2", "Service Request", "Waiting for customer", "In Progress", "Help", "Low", "", "Cy", "u9", "2025-10-09 08:00", "", "", "", "", "", "", "", "", "", ""],
    ["x", "HELP-3", "3", "Service Request", "Cancelled", "Done", "Help", "Low", "Bo", "Di", "u8", "09/Oct/25 12:00 AM", "09/Oct/25 12:30 AM", "", "", "", "", "", "", "", "", ""],
    ["x", "HELP-4", "4", "Service Request", "Open", "To Do", "Help", "Low", "Bo", "Di", "u8", "soon", "", "", "", "", "", "", "", "", "", ""],
]  # fmt: skip


@pytest.fixture(scope="module")
def exported(tmp_path_factory):
    folder = tmp_path_factory.mktemp("jira")
    (folder / "service.toml").write_text('time_zone = "Europe/Rome"\n', encoding="utf-8")
    write(folder, "Jira (1).csv", EXPORT)
    return open_data(folder, source="jira")


def test_the_export(exported):
    assert adds_up(exported)
    columns = (
        "conversation_id",
        "status",
        "created_at",
        "first_response_at",
        "closed_at",
        "agent",
        "customer_id",
        "topic",
        "subtopic",
    )
    assert rows(exported, "conversations", *columns) == [
        [
            "HELP-1",
            "Resolved",
            "2025-10-09 11:42",
            "2025-10-09 12:42",
            "2025-10-10 07:05",
            "Ana",
            "Cy",
            "Access",
            "vip",
        ],
        ["HELP-2", "Waiting for customer", "2025-10-09 06:00", None, None, None, "Cy", "Service Request", None],
        ["HELP-3", "Cancelled", "2025-10-08 22:00", None, "2025-10-08 22:30", "Bo", "Di", "Service Request", None],
    ]
    assert why(exported) == {("conversations", "not a time"): 1}


def test_each_comment_column_is_a_message(exported):
    assert rows(exported, "messages", "message_id", "sender", "sent_at", "text") == [
        ["HELP-1/1", "customer", "2025-10-09 11:50", "please; it's urgent\nthanks"],
        ["HELP-1/2", "agent", "2025-10-09 12:42", "on it"],
    ]


def test_the_rating_is_a_survey(exported):
    assert rows(exported, "surveys", "conversation_id", "score", "answered_at") == [["HELP-1", 4, "2025-10-10 08:00"]]
    assert metrics.csat(exported.surveys)["n"].tolist() == [1]


def test_the_search_api(tmp_path):
    def issue(key, status, category, **fields):
        told = {"created": "2025-10-09T10:00:00.000+0200", "status": {"name": status, "statusCategory": {"name": category}}, "reporter": {"accountId": "u9", "displayName": "Cy"}, "project": {"name": "Help"}}  # fmt: skip
        return {"id": key[-1], "key": key, "fields": told | fields}

    document = {"type": "doc", "content": [{"type": "paragraph", "content": [{"type": "text", "text": "on"}, {"type": "text", "text": "it"}]}]}  # fmt: skip
    comments = [
        {"id": "c1", "created": "2025-10-09T10:05:00.000+0200", "author": {"accountId": "u9"}, "body": "help", "jsdPublic": True},
        {"id": "c2", "created": "2025-10-09T10:06:00.000+0200", "author": {"accountId": "u1", "displayName": "Ana"}, "body": "hm", "jsdPublic": False},
        {"id": "c3", "created": "2025-10-09T10:30:00.000+0200", "author": {"accountId": "u1", "displayName": "Ana"}, "body": document, "jsdPublic": True},
    ]  # fmt: skip
    steps = [
        {"created": "2025-10-09T12:00:00.000+0200", "author": {"displayName": "Ana"}, "items": [{"field": "status", "fieldId": "status", "fromString": "Open", "toString": "Done"}]},
        {"created": "2025-10-09T13:00:00.000+0200", "author": {"displayName": "Cy"}, "items": [{"field": "status", "fieldId": "status", "fromString": "Done", "toString": "Open"}, {"field": "assignee", "fieldId": "assignee", "from": None, "toString": "Ana"}]},
    ]  # fmt: skip
    first = issue("HELP-1", "Open", "To Do", comment={"comments": comments}) | {"changelog": {"histories": steps}}
    second = issue("HELP-2", "Done", "Done", resolutiondate="2025-10-09T11:00:00.000+0200", assignee={"displayName": "Bo"}, labels=["vpn"])  # fmt: skip
    write(tmp_path, "issues-1.json", {"issues": [first], "nextPageToken": "x"})
    write(tmp_path, "issues-2.json", {"issues": [second]})
    data = open_data(tmp_path, source="jira")
    assert adds_up(data)
    columns = (
        "conversation_id",
        "created_at",
        "first_response_at",
        "first_closed_at",
        "closed_at",
        "reopened_at",
        "agent",
        "subtopic",
    )
    assert rows(data, "conversations", *columns) == [
        ["HELP-1", "2025-10-09 08:00", "2025-10-09 08:30", "2025-10-09 10:00", None, "2025-10-09 11:00", None, None],
        ["HELP-2", "2025-10-09 08:00", None, None, "2025-10-09 09:00", None, "Bo", "vpn"],
    ]
    assert rows(data, "messages", "message_id", "sender", "agent", "is_public", "text") == [
        ["c1", "customer", None, True, "help"],
        ["c2", "agent", "Ana", False, "hm"],
        ["c3", "agent", "Ana", True, "on it"],
    ]
    assert sorted(rows(data, "status_changes", "changed_at", "field", "to_value"))[-2:] == [
        ["2025-10-09 11:00", "agent", "Ana"],
        ["2025-10-09 11:00", "status", "Open"],
    ]


def test_hostile_answers(tmp_path):
    """What stands where something else should is passed over."""
    odd = [
        {"id": "1", "key": "H'-1", "fields": {"created": "2025-10-09T10:00:00.000+0200", "status": "Open", "labels": {}, "comment": {"comments": "none"}}, "changelog": {"histories": {"items": 1}}},
        {"id": "2", "key": "H-2", "fields": "none"},
        {"id": "3", "key": "H-3", "fields": {"created": "2025-10-09T10:00:00.000+0200", "comment": []}, "changelog": "none"},
        {"id": "4", "key": "H-4", "fields": {"created": "2025-10-09T10:00:00.000+0200"}, "changelog": {"histories": [{"created": "x", "items": None}, 5]}},
    ]  # fmt: skip
    data = open_data(write(tmp_path, "issues.json", {"issues": odd}), source="jira")
    assert adds_up(data)
    assert rows(data, "conversations", "conversation_id") == [["H'-1"], ["H-3"], ["H-4"]]
    assert why(data) == {("conversations", "required value missing"): 1}


def test_half_an_export(tmp_path, real_data):
    shutil.copyfile(real_data / "jira" / "issue.csv", tmp_path / "issue.csv")
    data = open_data(tmp_path, source="jira")
    assert adds_up(data)
    # without its categories an issue is closed where it is resolved
    assert rows(data, "conversations", "status", "closed_at")[3] == ["3", "2020-05-29 11:33"]


def test_a_renamed_column_is_named(tmp_path):
    lines = [["Created on" if name == "Created" else name for name in HEAD], *EXPORT[1:]]
    with pytest.raises(BadData, match=r"jira\.csv.*'Created'.*'Created on'"):
        open_data(write(tmp_path, "jira.csv", lines), source="jira")


def test_a_wrong_file(tmp_path):
    with pytest.raises(BadData, match="jira"):
        open_data(write(tmp_path, "sprints.csv", [["Sprint", "Goal"], ["1", "x"]]), source="jira")


def test_it_is_recognised(tmp_path, real_data):
    assert recognise(real_data / "jira")[0] == "jira"
    assert recognise(write(tmp_path, "Help desk.csv", EXPORT))[0] == "jira"
    assert (
        recognise(write(tmp_path, "page.json", {"issues": [{"id": "1", "key": "HELP-1", "fields": {}}]}))[0] == "jira"
    )
