"""toolkit map on the files of real systems: which column was named which, against what their columns mean."""

from functools import cache
from pathlib import Path

import pytest

from toolkit.mapping.guess import guess_table
from toolkit.mapping.plan import make_plan
from toolkit.mapping.profile import profile
from toolkit.mapping.run import map_files
from toolkit.mapping.sample import read_samples

ROLES = {
    "created": ("created_at", "sent_at", "started_at", "changed_at"),
    "closed": ("closed_at", "ended_at"),
    "status": ("status", "outcome"),
    "channel": ("channel",),
    "agent": ("agent", "+author"),
    "score": ("score", "+score"),
}
# What each file holds, by what its system's documentation says of the columns; (table, created, closed, status, channel,
# agent, score), "" where it has none. "|" parts columns of which each would be right. A file that isn't named here is of
# no table of the contract: nothing of it may be named.
TRUTH = {
    "anonymous_bank/january.txt": ("calls", "date+vru_entry", "date+ser_exit", "outcome", "", "server", ""),
    "asterisk_cdr/Master.csv": ("calls", "column9", "column11", "column14", "", "", ""),
    "freeswitch/Master.csv": ("calls", "column5", "column7", "column10", "", "", ""),
    "freshdesk/tickets_export.csv": ("conversations", "Created time", "Resolved time", "Status", "", "", ""),
    "generic/chamados_1746.csv": ("conversations", "data_inicio", "", "", "", "", ""),
    "generic/reporte_tickets.xlsx": ("conversations", "INICIO", "FIN", "", "", "TECNICO", ""),
    "hubspot/engagement_email_data.csv": ("messages", "property_hs_createdate|property_hs_timestamp", "", "", "", "property_hubspot_owner_id", ""),
    "hubspot/owner_data.csv": ("agents", "", "", "", "", "first_name|last_name", ""),
    "hubspot/ticket_data.csv": ("conversations", "property_createdate", "property_closed_date", "property_hs_pipeline_stage", "", "property_hubspot_owner_id", ""),
    "hubspot/ticket_property_history_data.csv": ("status_changes", "timestamp_instant", "", "", "", "", ""),
    "intercom/admin_data.csv": ("agents", "", "", "", "", "name", ""),
    "intercom/conversation_history_data.csv": ("conversations", "created_at", "", "state", "source_type", "assignee_id", "conversation_rating_value"),
    "intercom/conversation_part_history_data.csv": ("messages", "created_at", "", "", "", "author_id", ""),
    "jira/comment.csv": ("messages", "created", "", "", "", "author_id", ""),
    "jira/issue.csv": ("conversations", "created", "resolved", "status", "", "assignee", ""),
    "jira/issue_field_history.csv": ("status_changes", "time", "", "", "", "", ""),
    "jira/issue_multiselect_history.csv": ("status_changes", "time", "", "", "", "", ""),
    "jira/user.csv": ("agents", "", "", "", "", "name", ""),
    "qualtrics/distribution_contact.csv": ("surveys", "sent_at", "", "", "", "", ""),
    "qualtrics/question_response.csv": ("surveys", "", "", "", "", "", "value"),
    "qualtrics/survey_response.csv": ("surveys", "start_date|recorded_date", "", "", "distribution_channel", "", ""),
    "salesforce/Case.csv": ("conversations", "CreatedDate", "ClosedDate", "Status", "Origin", "OwnerId", ""),
    "servicenow/incident_data.csv": ("conversations", "sys_created_on", "resolved_at", "incident_state", "", "", ""),
    "servicenow/incident_list_export.csv": ("conversations", "opened_at", "", "state", "", "assigned_to", ""),
    "servicenow/problem_data.csv": ("conversations", "sys_created_on", "resolved_at", "problem_state", "", "", ""),
    "servicenow/sys_user_data.csv": ("agents", "", "", "", "", "user_name|name|first_name|last_name", ""),
    "servicenow/task_data.csv": ("conversations", "opened_at", "closed_at", "state", "contact_type", "assigned_to_value", ""),
    "sf311/service_requests.csv": ("conversations", "created_date", "closed_date", "status", "source", "", ""),
    "threecx/cdr_line.txt": ("calls", "column4", "column6", "column7", "", "column14|column15", ""),
    "twitter_support/tweets.csv": ("messages", "created_at", "", "", "", "author_id", ""),
    "zendesk/ticket_comment_data.csv": ("messages", "created", "", "", "", "user_id", ""),
    "zendesk/ticket_data.csv": ("conversations", "created_at", "", "status", "via_channel", "assignee_id", ""),
    "zendesk/ticket_field_history_data.csv": ("status_changes", "updated", "", "", "", "", ""),
    "zendesk/user_data.csv": ("agents", "", "", "", "", "name", ""),
    "zendesk_warehouse/ticket_chat_data.csv": ("conversations", "", "", "", "channel", "", ""),
    "zendesk_warehouse/ticket_chat_event_data.csv": ("messages", "created_at", "", "", "", "actor_id", ""),
}  # fmt: skip
# No tables of rows: texts and their labels, logs of a program, chats as text, documents.
NOT_TABLES = ("sentiment", "whatsapp", "ami_cdr_events.log", ".json", ".md")
MISSED = {("threecx/cdr_line.txt", "agent")}  # extensions in a file without a header: nothing says which one answered


def tabular(folder):
    """The files that hold tables, as paths below the folder."""
    found = [file.relative_to(folder).as_posix() for file in sorted(folder.rglob("*")) if file.is_file()]
    return [name for name in found if not any(part in name for part in NOT_TABLES)]


def named(guess):
    """{role: columns joined by +} of a guess; of agents the name is what an agent is called."""
    roles = dict(ROLES, agent=("name",)) if guess.table == "agents" else ROLES
    return {
        role: next(("+".join(guess.picks[column].headers) for column in columns if column in guess.picks), "")
        for role, columns in roles.items()
    }


@cache
def guessed(folder):
    """{file: Guess} of every tabular file."""
    found = {}
    for name in tabular(folder):
        if name.endswith(("LICENSE", ".license")):
            continue
        [sample] = read_samples(folder / name, 2000)
        profiles = [profile(one, [row[index] for row in sample.rows]) for index, one in enumerate(sample.columns)]
        found[name] = guess_table(profiles, Path(name).name)
    return found


def compared(folder):
    """(file, role, guess, truth) of every role that a file has, or that was guessed."""
    for name, guess in guessed(folder).items():
        truth = dict(zip(ROLES, TRUTH.get(name, ("",) * 7)[1:], strict=True))
        for role, column in named(guess).items():
            if column or truth[role]:
                yield name, role, column, truth[role]


def test_every_role_is_named_rightly(real_data):
    wrong = [one for one in compared(real_data) if one[2] not in one[3].split("|")]
    assert {(name, role) for name, role, _, _ in wrong} == MISSED, wrong


def test_the_tables_are_known(real_data):
    wrong = {
        name: guess.table for name, guess in guessed(real_data).items() if guess.table != TRUTH.get(name, (None,))[0]
    }
    assert wrong == {
        "hubspot/engagement_email_data.csv": "conversations"
    }  # an e-mail of nobody, that belongs to nothing


def test_a_file_without_an_end_is_mapped_and_read(real_data, tmp_path):
    mapped = map_files([real_data / "generic" / "chamados_1746.csv"], tmp_path)
    assert mapped.folder.name == "chamados_1746"
    counts = mapped.data.counts.set_index("table").loc["conversations"]
    assert (counts.rows_in, counts.rows_used) == (1903, 1903)
    rows = mapped.data.conversations.execute()
    assert rows["conversation_id"].is_unique and rows["id_bairro"].isna().sum() == 131
    assert rows["topic"].value_counts().head(3).tolist() == [373, 249, 203]
    assert str(rows["created_at"].min())[:19] == "2023-04-01 00:00:37" and "closed_at" not in rows


def test_a_workbook_is_mapped_and_read(real_data, tmp_path):
    mapped = map_files([real_data / "generic" / "reporte_tickets.xlsx"], tmp_path)
    counts = mapped.data.counts.set_index("table").loc["conversations"]
    assert (counts.rows_in, counts.rows_used, counts.rejected) == (495, 494, 1)
    [entry] = mapped.data.ledger.query("action == 'rejected'").itertuples()
    assert entry.rule == "order of times"  # the one beginning that is a text is a month-first date after the end
    rows = mapped.data.conversations.execute()
    days = (rows["closed_at"] - rows["created_at"]).dt.total_seconds() / 86400
    assert days.median() == 4.0 and (days >= 0).all()
    assert rows["FACTURACIÓN"].value_counts().to_dict() == {"Marzo": 243, "Febrero": 115}


def test_requests_of_a_city_are_mapped_and_read(real_data, tmp_path):
    mapped = map_files([real_data / "sf311" / "service_requests.csv"], tmp_path)
    data = mapped.data
    assert data.counts.set_index("table").loc["conversations", ["rows_in", "rejected"]].tolist() == [10000, 17]
    rows = data.conversations.execute()
    assert rows["closed_at"].isna().sum() == 370
    assert set(rows["channel"].dropna()) >= {"phone", "web_form"}


def test_a_log_of_calls_with_the_day_in_its_own_column(real_data):
    plan = make_plan([real_data / "anonymous_bank" / "january.txt"])
    picks = plan.parts[0].guess.picks
    assert picks["started_at"].headers == ["date", "vru_entry"] and picks["answered_at"].headers == [
        "date",
        "ser_start",
    ]


def write_table(folder, out):
    """The table of the closing note: column, guess, truth, and the share that is right."""
    rows = list(compared(folder))
    right = sum(guess in truth.split("|") for _, _, guess, truth in rows)
    lines = ["| file | role | guess | truth | |", "|---|---|---|---|---|"]
    lines += [
        f"| {name} | {role} | {guess or '-'} | {truth.replace('|', ' or ') or '-'} | {'right' if guess in truth.split('|') else '**wrong**'} |"
        for name, role, guess, truth in rows
    ]
    files = guessed(folder)
    idle = [name for name in files if name not in TRUTH]
    tables = sum(guess.table == TRUTH.get(name, (None,))[0] for name, guess in files.items())
    Path(out).write_text(
        f"{right} of {len(rows)} roles right ({right / len(rows):.1%}) in {len(files) - len(idle)} files with any; "
        f"{len(idle)} further files hold no table of the contract, and nothing of them was named; table right in {tables} of "
        f"{len(files)} files.\n\n" + "\n".join(lines) + "\n",
        "utf-8",
    )


if __name__ == "__main__":
    import sys

    pytest.importorskip("toolkit")
    write_table(Path(sys.argv[1]), sys.argv[2])
