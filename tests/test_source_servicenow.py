"""ServiceNow: the list export in both spellings and date styles, the Table API's answers, a warehouse's tables."""

import shutil

import pytest
from exported import rows, why, write
from exports import adds_up

from toolkit import metrics
from toolkit.errors import BadData
from toolkit.load import open_data
from toolkit.load.detect import recognise

ROME = 'time_zone = "Europe/Rome"\n'


def settings(folder, text):
    path = folder / "service.toml"
    path.write_text(text, encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def real(real_data):
    return open_data(real_data / "servicenow" / "incident_list_export.csv", source="servicenow")


def test_the_real_list(real):
    assert adds_up(real)
    counts = real.counts.set_index("table").loc["conversations"]
    assert (counts["rows_in"], counts["rows_used"]) == (97, 97)
    by_status = real.conversations.status.value_counts().execute().set_index("status").iloc[:, 0].to_dict()
    assert by_status == {"Closed": 51, "Resolved": 41, "In Progress": 4, "On Hold": 1}
    by_priority = real.conversations.priority.value_counts().execute().set_index("priority").iloc[:, 0].to_dict()
    assert by_priority == {"3 - Moderate": 34, "4 - Low": 62, "2 - High": 1}


def test_what_is_resolved_isnt_open(real):
    """There is no closed column: the last update stands for it, and the notes say so."""
    frame = real.conversations.to_pandas()
    assert frame["closed_at"].notna().sum() == 92
    assert (frame["closed_at"] == frame["updated_at"])[frame["closed_at"].notna()].all()
    assert any("upper bounds" in str(note) for note in real.notes)


def test_the_real_tables(real_data, tmp_path):
    """An incident without its task keeps what it knows; a change request is no contact."""
    for name in (
        "task_data",
        "incident_data",
        "sys_user_data",
        "sys_user_group_data",
        "sys_choice_data",
        "task_sla_data",
    ):
        shutil.copyfile(real_data / "servicenow" / f"{name}.csv", tmp_path / f"{name}.csv")
    data = open_data(tmp_path, source="servicenow")
    assert adds_up(data)
    assert rows(data, "conversations", "conversation_id", "status", "created_at", "topic") == [
        ["a9e30c7dc61122760116894de7bcc7bd", "New", "2023-06-02 22:05", "software"]
    ]
    assert why(data) == {("conversations", "a change request, no incident and no case"): 1}


NAMES = ["number", "opened_at", "short_description", "caller_id", "priority", "state", "contact_type", "category", "assignment_group", "assigned_to", "resolved_at", "closed_at", "reopen_count", "sys_updated_on"]  # fmt: skip
LABELS = ["Number", "Opened", "Short description", "Caller", "Priority", "State", "Channel", "Category", "Assignment group", "Assigned to", "Resolved", "Closed", "Reopen count", "Updated"]  # fmt: skip


def lines(names, style):
    """The same incidents, their times in a style of dates."""

    def at(day, hour, minute=0):
        return {"us": f"3/{day}/2025 {hour}:{minute:02d}", "iso": f"2025-03-{day:02d} {hour:02d}:{minute:02d}:00"}[
            style
        ]

    return [
        names,
        ["INC1", at(17, 6, 4), "null", "Cy", "3 - Moderate", "Closed", "self-service", "Network", "desk", "Ana", at(18, 9), at(25, 9), "1", at(25, 9)],
        ["INC2", at(17, 7), "a, \"b\"\nc", "Cy", "4 - Low", "Resolved", "Phone", "null", "null", "null", at(17, 8), "null", "0", at(17, 8)],
        ["INC3", at(17, 8), "x", "Cy", "2 - High", "In Progress", "", "Network", "desk", "Bo", at(17, 9), "", "1", at(19, 8)],
        ["INC4", at(18, 8), "x", "Cy", "5 - Planning", "Canceled", "chat", "Network", "desk", "", "null", "", "", at(19, 8)],
        ["INC5", "null", "no time", "Cy", "", "New", "email", "", "", "", "", "", "", ""],
        ["INC6", "soon", "no time either", "Cy", "", "New", "email", "", "", "", "", "", "", ""],
    ]  # fmt: skip


@pytest.mark.parametrize("names", [NAMES, LABELS], ids=["names", "labels"])
@pytest.mark.parametrize("style", ["us", "iso"])
def test_a_list_in_both_spellings_and_date_styles(tmp_path, names, style):
    settings(tmp_path, ROME)
    write(tmp_path, "incident.csv", lines(names, style))
    data = open_data(tmp_path, source="servicenow")
    assert adds_up(data)
    columns = (
        "conversation_id",
        "status",
        "channel",
        "created_at",
        "closed_at",
        "team",
        "agent",
        "topic",
        "reopen_count",
    )
    assert rows(data, "conversations", *columns) == [
        # in Rome an hour before; resolved, and closed by itself a week later
        ["INC1", "Closed", "portal", "2025-03-17 05:04", "2025-03-18 08:00", "desk", "Ana", "Network", 1],
        ["INC2", "Resolved", "phone", "2025-03-17 06:00", "2025-03-17 07:00", None, None, None, 0],
        # resolved once, and opened again
        ["INC3", "In Progress", "(none)", "2025-03-17 07:00", None, "desk", "Bo", "Network", 1],
        ["INC4", "Canceled", "chat", "2025-03-18 07:00", "2025-03-19 07:00", "desk", None, "Network", None],
    ]
    assert why(data) == {("conversations", "required value missing"): 1, ("conversations", "not a time"): 1}


def field(value, shown=None):
    return {"value": value, "display_value": shown or value}


def test_the_table_api(tmp_path):
    """With sysparm_display_value=all: the values are UTC, the labels are shown; and without: codes."""
    both = {
        "sys_id": field("s1"), "number": field("INC1"), "opened_at": field("2025-03-17 06:04:00", "17/03/2025 07:04:00"),
        "state": field("6", "Resolved"), "priority": field("3", "3 - Moderate"), "contact_type": field("virtual_agent", "Virtual Agent"),
        "assignment_group": field("g1", "desk") | {"link": "https://x/g1"}, "assigned_to": field("u1", "Ana"),
        "caller_id": field("u9", "Cy"), "resolved_at": field("2025-03-18 09:00:00", "18/03/2025 10:00:00"), "closed_at": field(""),
        "reopen_count": field("0"), "sys_updated_on": field("2025-03-18 09:00:00"), "category": field("network", "Network"),
    }  # fmt: skip
    plain = {
        "sys_id": "s2", "number": "INC2", "opened_at": "2025-03-17 06:04:00", "state": "3", "priority": "1",
        "assignment_group": {"link": "https://x/g1", "value": "g1"}, "assigned_to": "", "sys_updated_on": "2025-03-17 07:00:00",
    }  # fmt: skip
    case = plain | {"sys_id": "s3", "number": "CS0000003"}  # in a customer service case 3 is Closed
    journal = [
        {"sys_id": "j1", "element_id": "s1", "element": "comments", "value": "help", "sys_created_on": "2025-03-17 06:05:00", "sys_created_by": "cy"},
        {"sys_id": "j2", "element_id": "s1", "element": "work_notes", "value": "hm", "sys_created_on": "2025-03-17 06:06:00", "sys_created_by": "ana"},
        {"sys_id": "j3", "element_id": "s1", "element": "comments", "value": "done", "sys_created_on": "2025-03-17 06:30:00", "sys_created_by": "ana"},
        {"sys_id": "j4", "element_id": "s1", "element": "comments", "value": "auto", "sys_created_on": "2025-03-17 06:04:30", "sys_created_by": "system"},
        {"sys_id": "j5", "element_id": "s1", "element": "approval_history", "value": "x", "sys_created_on": "2025-03-17 06:04:30", "sys_created_by": "ana"},
    ]  # fmt: skip
    settings(tmp_path, ROME)
    write(tmp_path, "incident-1.json", {"result": [both]})
    write(tmp_path, "incident-2.json", {"result": [plain, case]})
    write(tmp_path, "sys_journal_field.json", {"result": journal})
    write(tmp_path, "sys_user.csv", [["sys_id", "user_name", "name"], ["u1", "ana", "Ana"], ["u9", "cy", "Cy"]])
    write(tmp_path, "sys_user_group.csv", [["sys_id", "name"], ["g1", "desk"]])
    data = open_data(tmp_path, source="servicenow")
    assert adds_up(data)
    columns = (
        "conversation_id",
        "status",
        "channel",
        "priority",
        "team",
        "agent",
        "created_at",
        "first_response_at",
        "closed_at",
    )
    assert rows(data, "conversations", *columns) == [
        ["CS0000003", "Closed", "(none)", "1 - Critical", "desk", None, "2025-03-17 06:04", None, "2025-03-17 07:00"],
        [
            "INC1",
            "Resolved",
            "virtual_agent",
            "3 - Moderate",
            "desk",
            "Ana",
            "2025-03-17 06:04",
            "2025-03-17 06:30",
            "2025-03-18 09:00",
        ],
        ["INC2", "On Hold", "(none)", "1 - Critical", "desk", None, "2025-03-17 06:04", None, None],
    ]
    assert rows(data, "messages", "message_id", "sender", "agent", "is_public") == [
        ["j1", "customer", None, True],
        ["j2", "agent", "Ana", False],
        ["j3", "agent", "Ana", True],
        ["j4", "system", None, True],
    ]
    assert why(data) == {("messages", "neither a comment nor a work note"): 1}


TASKS = [
    ["sys_id", "_fivetran_deleted", "number", "opened_at", "state", "sys_class_name", "active", "assigned_to_value", "assignment_group_value", "closed_at", "contact_type", "priority", "sys_updated_on"],
    ["s1", "FALSE", "INC1", "2025-03-17 06:00:00", "7", "incident", "FALSE", "u1", "g1", "2025-03-25 06:00:00", "email", "2", "2025-03-25 06:00:00"],
    ["s2", "FALSE", "INC2", "2025-03-17 07:00:00", "2", "incident", "TRUE", "u2", "", "", "phone", "4", "2025-03-17 08:00:00"],
    ["s3", "FALSE", "CHG3", "2025-03-17 07:00:00", "3", "change_request", "FALSE", "", "", "", "", "4", ""],
    ["s4", "TRUE", "INC4", "2025-03-17 07:00:00", "1", "incident", "TRUE", "", "", "", "", "4", ""],
]  # fmt: skip
INCIDENTS = [
    ["sys_id", "_fivetran_deleted", "incident_state", "sys_created_on", "caller_id_value", "category", "resolved_at", "reopen_count", "reopened_time", "sys_updated_on"],
    ["s1", "FALSE", "7", "2025-03-17 06:00:00", "u9", "network", "2025-03-18 06:00:00", "1", "2025-03-17 20:00:00", "2025-03-25 06:00:00"],
    ["s2", "FALSE", "2", "2025-03-17 07:00:00", "u9", "", "", "0", "", "2025-03-17 08:00:00"],
    ["s4", "TRUE", "1", "2025-03-17 07:00:00", "", "", "", "", "", ""],
]  # fmt: skip
CHOICES = [
    ["name", "element", "value", "label", "language", "inactive"],
    ["incident", "state", "2", "Working on it", "en", "false"],
    ["incident", "state", "2", "In Bearbeitung", "de", "false"],
    ["problem", "state", "7", "of a problem", "en", "false"],
]
AUDIT = [
    ["documentkey", "fieldname", "oldvalue", "newvalue", "sys_created_on", "user"],
    ["s1", "state", "1", "6", "2025-03-17 18:00:00", "ana"],
    ["s1", "incident_state", "1", "6", "2025-03-17 18:00:00", "ana"],
    ["s1", "state", "6", "2", "2025-03-17 20:00:00", "cy"],
    ["s1", "assigned_to", "", "u1", "2025-03-17 06:30:00", "system"],
    ["s1", "state", "2", "6", "2025-03-18 06:00:00", "ana"],
]


def test_a_warehouses_tables(tmp_path):
    settings(tmp_path, ROME)
    write(tmp_path, "task.csv", TASKS)
    write(tmp_path, "incident.csv", INCIDENTS)  # called as a list export is: its columns say what it is
    write(tmp_path, "sys_choice.csv", CHOICES)
    write(tmp_path, "sys_audit.csv", AUDIT)
    write(tmp_path, "task_sla.csv", [["task_value", "has_breached"], ["s1", "FALSE"], ["s1", "TRUE"]])
    write(tmp_path, "sys_user.csv", [["sys_id", "user_name", "name"], ["u1", "ana", "Ana"], ["u2", "ana2", "Ana"]])
    data = open_data(tmp_path, source="servicenow")
    assert adds_up(data)
    columns = (
        "conversation_id",
        "status",
        "priority",
        "team",
        "agent",
        "created_at",
        "first_closed_at",
        "closed_at",
        "reopened_at",
        "sla_breached",
    )
    assert rows(data, "conversations", *columns) == [
        [
            "INC1",
            "Closed",
            "2 - High",
            "g1",
            "Ana (u1)",
            "2025-03-17 06:00",
            "2025-03-17 18:00",
            "2025-03-18 06:00",
            "2025-03-17 20:00",
            "true",
        ],
        ["INC2", "Working on it", "4 - Low", None, "Ana (u2)", "2025-03-17 07:00", None, None, None, None],
    ]
    assert why(data) == {
        ("conversations", "a change request, no incident and no case"): 1,
        ("conversations", "deleted"): 1,
        ("status_changes", "the same change stands beside it as state"): 1,
    }
    assert metrics.reopen_rate(data.conversations)[["n", "reopened_count"]].values.tolist() == [[2, 1]]


LISTED = [
    ["sys_id", "number", "opened_at", "state", "caller_id", "assigned_to", "opened_by", "sys_created_by"],
    ["s1", "INC1", "2025-03-17 10:00:00", "In Progress", "Joe Employee", "Ann Agent", "Ann Agent", "ann.agent"],
    ["s2", "INC2", "2025-03-17 10:00:00", "In Progress", "Cy", "Bo", "Cy", "e4711"],
]
JOURNAL = ["sys_id", "element_id", "element", "value", "sys_created_on", "sys_created_by"]
SAID = [
    ["j1", "s1", "comments", "any news?", "2025-03-17 10:06:00", "joe.employee"],
    ["j2", "s1", "comments", "not yet", "2025-03-17 11:04:00", "ann.agent"],
    ["j3", "s2", "comments", "help", "2025-03-17 10:01:00", "e4711"],
    ["j4", "s2", "work_notes", "hm", "2025-03-17 10:02:00", "e0001"],
    ["j5", "s2", "comments", "done", "2025-03-17 10:30:00", "e0001"],
]


def test_a_list_of_the_journal_is_in_the_exporters_zone_and_names_tell_who_wrote(tmp_path):
    """Without users: the caller by name, or as who opened it; an agent as who was given it, or writes work notes."""
    settings(tmp_path, ROME)
    write(tmp_path, "incident.csv", LISTED)
    write(tmp_path, "sys_journal_field.csv", [JOURNAL, *SAID])
    write(tmp_path, "sys_audit.csv", [AUDIT[0][:5], ["s1", "state", "1", "2", "2025-03-17 10:30:00"]])
    data = open_data(tmp_path, source="servicenow")
    assert adds_up(data)
    assert rows(data, "conversations", "created_at", "first_response_at") == [
        ["2025-03-17 09:00", "2025-03-17 10:04"],
        ["2025-03-17 09:00", "2025-03-17 09:30"],
    ]
    assert rows(data, "messages", "sender") == [["customer"], ["agent"], ["customer"], ["agent"], ["agent"]]
    assert rows(data, "status_changes", "changed_at") == [["2025-03-17 09:30"]]


def test_who_wrote_isnt_guessed(tmp_path):
    """One comment that can't be told: no first response, as a later one would be taken for it; with users there is one."""
    write(tmp_path, "incident.csv", LISTED)
    write(
        tmp_path, "sys_journal_field.csv", [JOURNAL, *SAID, ["j6", "s1", "comments", "?", "2025-03-17 10:02:00", "x9"]]
    )
    data = open_data(tmp_path, source="servicenow")
    assert adds_up(data)
    assert "first_response_at" not in data.conversations.columns
    assert any("first response are left out" in str(note) for note in data.notes)
    assert rows(data, "messages", "sender") == [["customer"], ["customer"], ["agent"]]
    assert sorted(why(data).values()) == [1, 2]
    users = [("u1", "joe.employee", "Joe Employee"), ("u2", "ann.agent", "Ann Agent"), ("u3", "x9", "Zoe"), ("u4", "e0001", "Bo"), ("u5", "e4711", "Cy")]  # fmt: skip
    write(
        tmp_path,
        "sys_user.json",
        {"result": [dict(zip(("sys_id", "user_name", "name"), one, strict=True)) for one in users]},
    )
    data = open_data(tmp_path, source="servicenow")
    assert adds_up(data) and not why(data)
    assert rows(data, "conversations", "first_response_at") == [["2025-03-17 10:02"], ["2025-03-17 10:30"]]


def test_half_an_export(tmp_path):
    data = open_data(write(tmp_path, "task.csv", TASKS), source="servicenow")
    assert adds_up(data)
    assert rows(data, "conversations", "status", "agent", "closed_at") == [
        ["Closed", "u1", "2025-03-25 06:00"],
        ["In Progress", "u2", None],
    ]


def test_a_renamed_column_is_named(tmp_path):
    names = ["opened" if name == "opened_at" else name for name in NAMES]
    with pytest.raises(BadData, match=r"incident_list\.csv.*'opened_at'.*'opened'"):
        open_data(write(tmp_path, "incident_list.csv", lines(names, "iso")), source="servicenow")


def test_a_wrong_file(tmp_path):
    with pytest.raises(BadData, match="servicenow"):
        open_data(write(tmp_path, "cmdb_ci.csv", [["name", "serial"], ["x", "1"]]), source="servicenow")


def test_it_is_recognised(tmp_path, real_data):
    assert recognise(real_data / "servicenow")[0] == "servicenow"
    assert recognise(write(tmp_path, "open ones.csv", lines(LABELS, "us")))[0] == "servicenow"
    assert (
        recognise(write(tmp_path, "incident.json", {"result": [{"number": "INC1", "opened_at": "x", "state": "1"}]}))[0]
        == "servicenow"
    )
