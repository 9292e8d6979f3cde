"""Qualtrics: surveys sent and answered, from a warehouse's tables and from the CSV of the responses."""

import pytest
from exported import rows, why, write
from exports import adds_up

from toolkit import metrics
from toolkit.errors import BadData
from toolkit.load import open_data
from toolkit.load.detect import recognise


def test_the_real_surveys(real_data):
    data = open_data(real_data / "qualtrics", source="qualtrics")
    assert adds_up(data)
    surveys = rows(data, "surveys", "survey_id", "kind", "sent_at", "answered_at", "score", "customer_id")
    sent = [row for row in surveys if row[5]]
    assert len(sent) == 5 and len(surveys) - len(sent) == 5  # 5 contacts; 5 responses that none of them tells of
    assert sent[0] == ["EMD_FV7lj9zfNfFAxFI/CID_4NG7JC9R7VTmHYi/csat", "csat", "2023-04-25 09:06", None, None, "CID_4NG7JC9R7VTmHYi"]  # fmt: skip
    assert all(row[3] is None for row in surveys)  # not one of the responses is finished


CONTACTS = [
    ["contact_id", "distribution_id", "sent_at", "status", "response_completed_at", "response_id", "survey_link"],
    ["C1", "D1", "2024-03-01 09:00:00", "Complete", "2024-03-01 10:00:00", "R_1", ""],
    ["C2", "D1", "2024-03-01 09:00:00", "Opened", "", "", ""],
    ["C3", "D1", "2024-03-01 09:00:00", "HardBounce", "", "", ""],
    ["C4", "D2", "2024-03-01 09:00:00", "Complete", "2024-03-01 11:00:00", "R_2", "https://x/jfe/form/SV_cs?Q_CHL=email"],
    ["C5", "D3", "2024-03-01 09:00:00", "Complete", "2024-03-01 11:00:00", "", ""],
]  # fmt: skip
DISTRIBUTIONS = [
    ["id", "request_type", "survey_link_survey_id"],
    ["D1", "Invite", "SV_np"],
    ["D2", "Invite", ""],
    ["D3", "TestEmail", "SV_np"],
]
RESPONSES = [
    ["id", "survey_id", "start_date", "end_date", "recorded_date", "status", "finished", "distribution_channel", "user_language"],
    ["R_1", "SV_np", "2024-03-01 09:50:00", "2024-03-01 10:00:00", "2024-03-01 10:00:00", "0", "1", "email", "EN"],
    ["R_2", "SV_cs", "2024-03-01 10:50:00", "2024-03-01 11:00:00", "2024-03-01 11:00:00", "0", "1", "email", "EN"],
    ["R_3", "SV_np", "2024-03-02 09:00:00", "2024-03-02 09:05:00", "2024-03-02 09:05:00", "0", "1", "anonymous", "IT"],
    ["R_4", "SV_np", "2024-03-02 09:00:00", "2024-03-02 09:05:00", "2024-03-02 09:05:00", "1", "1", "preview", "EN"],
    ["R_5", "SV_np", "2024-03-02 09:00:00", "2024-03-02 09:05:00", "2024-03-02 09:05:00", "8", "1", "anonymous", "EN"],
    ["R_6", "SV_np", "2024-03-02 09:00:00", "2024-03-02 09:05:00", "", "0", "0", "anonymous", "EN"],  # began, and left
]  # fmt: skip
QUESTIONS = [
    ["id", "survey_id", "selector", "question_type", "data_export_tag", "question_text"],
    ["QID1", "SV_np", "NPS", "MC", "Q1", "Would you recommend us?"],
    ["QID2", "SV_np", "SL", "TE", "Q2", "Why?"],
    ["QID1", "SV_cs", "SAVR", "MC", "Q1", "How satisfied are you?"],
]
OPTIONS = [["question_id", "survey_id", "recode_value"], *[["QID1", "SV_cs", str(value)] for value in range(1, 8)]]
ANSWERS = [
    ["response_id", "question_id", "value", "text"],
    ["R_1", "QID1", "9", ""],
    ["R_1", "QID2", "", 'quick, "kind"'],
    ["R_2", "QID1", "7", ""],
    ["R_3", "QID1", "11", ""],
    ["R_6", "QID1", "3", ""],
]
EMBEDDED = [["response_id", "key", "value"], ["R_1", "TicketID", "T-77"], ["R_1", "Website", "x"]]
ALL = {
    "distribution_contact.csv": CONTACTS, "distribution.csv": DISTRIBUTIONS, "survey_response.csv": RESPONSES, "question.csv": QUESTIONS,
    "question_option.csv": OPTIONS, "question_response.csv": ANSWERS, "survey_embedded_data.csv": EMBEDDED,
}  # fmt: skip


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    folder = tmp_path_factory.mktemp("qualtrics")
    for name, lines in ALL.items():
        write(folder, name, lines)
    return open_data(folder, source="qualtrics")


def test_every_row_is_used_or_in_the_ledger(data):
    assert adds_up(data)
    assert why(data) == {
        ("surveys", "a preview"): 1,
        ("surveys", "a test email"): 1,
        ("surveys", "not delivered: HardBounce"): 1,
        ("surveys", "spam"): 1,
        ("surveys", "score out of range"): 1,
    }


def test_surveys_sent_and_answered(data):
    columns = (
        "survey_id",
        "kind",
        "sent_at",
        "answered_at",
        "score",
        "comment",
        "conversation_id",
        "scale_min",
        "scale_max",
    )
    assert rows(data, "surveys", *columns) == [
        ["D1/C1/nps", "nps", "2024-03-01 09:00", "2024-03-01 10:00", 9, 'quick, "kind"', "T-77", None, None],
        ["D1/C2/nps", "nps", "2024-03-01 09:00", None, None, None, None, None, None],
        ["D2/C4/csat", "csat", "2024-03-01 09:00", "2024-03-01 11:00", 7, None, None, 1, 7],
        ["R_6/nps", "nps", "2024-03-02 09:00", None, None, None, None, None, None],
    ]
    assert metrics.nps(data.surveys)["n"].tolist() == [1]


# Below the names of an exported file stand the questions, and what each column is called inside.
EXPORT = [
    ["StartDate", "EndDate", "Status", "Progress", "Finished", "RecordedDate", "ResponseId", "ExternalReference", "DistributionChannel", "UserLanguage", "Q1_NPS_GROUP", "Q1", "Q2", "Ticket ID"],
    ["Start Date", "End Date", "Response Type", "Progress", "Finished", "Recorded Date", "Response ID", "External Data Reference", "Distribution Channel", "User Language", "Recommend - Group", "Recommend", "How satisfied are you?", "Ticket ID"],
    [f'{{"ImportId":"{one}"}}' for one in ("startDate", "endDate", "status", "progress", "finished", "recordedDate", "_recordId", "externalDataReference", "distributionChannel", "userLanguage", "QID1_NPS_GROUP", "QID1", "QID2", "Ticket ID")],
    ["2024-03-01 09:00:00", "2024-03-01 09:05:00", "0", "100", "1", "2024-03-01 09:05:01", "R_1", "cy", "email", "EN", "3", "10", "5", "T-1"],
    ["2024-03-01 09:00:00", "2024-03-01 09:05:00", "0", "50", "0", "2024-03-08 09:05:01", "R_2", "", "email", "EN", "", "", "", ""],
    ["2024-03-01 09:00:00", "2024-03-01 09:05:00", "1", "100", "1", "2024-03-01 09:05:01", "R_3", "", "preview", "EN", "1", "2", "1", ""],
]  # fmt: skip


def test_the_csv_of_the_responses(tmp_path):
    (tmp_path / "service.toml").write_text('time_zone = "Europe/Rome"\n', encoding="utf-8")
    data = open_data(write(tmp_path, "Support survey_March.csv", EXPORT), source="qualtrics")
    assert adds_up(data)
    columns = ("survey_id", "score", "sent_at", "answered_at", "customer_id", "conversation_id")
    assert rows(data, "surveys", *columns) == [
        ["R_1/csat", 5, "2024-03-01 08:00", "2024-03-01 08:05", "cy", "T-1"],
        ["R_1/nps", 10, "2024-03-01 08:00", "2024-03-01 08:05", "cy", "T-1"],
        ["R_2/csat", None, "2024-03-01 08:00", None, None, None],
        ["R_2/nps", None, "2024-03-01 08:00", None, None, None],
    ]
    assert why(data) == {
        ("surveys", "not a response: it says what the columns are"): 2,
        ("surveys", "a preview"): 1,
    }


def test_half_an_export(tmp_path):
    data = open_data(write(tmp_path, "distribution_contact.csv", CONTACTS), source="qualtrics")
    assert adds_up(data)
    assert rows(data, "surveys", "survey_id", "answered_at", "score")[0] == ["D1/C1/csat", "2024-03-01 10:00", None]


def test_a_renamed_column_is_named(tmp_path):
    lines = [["When sent" if name == "sent_at" else name for name in CONTACTS[0]], *CONTACTS[1:]]
    with pytest.raises(BadData, match=r"distribution_contact\.csv.*'sent_at'"):
        open_data(write(tmp_path, "distribution_contact.csv", lines), source="qualtrics")


def test_a_wrong_file(tmp_path):
    with pytest.raises(BadData, match="qualtrics"):
        open_data(write(tmp_path, "panel.csv", [["panelist", "points"], ["1", "2"]]), source="qualtrics")


def test_it_is_recognised(tmp_path, real_data):
    assert recognise(real_data / "qualtrics")[0] == "qualtrics"
    assert recognise(write(tmp_path, "March.csv", EXPORT))[0] == "qualtrics"
