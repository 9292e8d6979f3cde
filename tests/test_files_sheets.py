"""Workbooks: each row is used or in the ledger, and what of a sheet isn't a row is told."""

import datetime

import pytest
from exports import adds_up
from workbooks import Raw, ods, xlsx

from toolkit.errors import BadData
from toolkit.load import open_data
from toolkit.load.files import peek

HEADER = ["conversation_id", "channel", "created_at", "topic"]
WHEN = datetime.datetime(2024, 3, 1, 9, 30)
ROWS = [HEADER, ["a", "email", WHEN, "bills"], ["b", "x", datetime.date(2024, 3, 2), None]]


def book(folder, sheets, name="conversations.xlsx", **more):
    xlsx(folder / name, sheets if isinstance(sheets, dict) else {"Tickets": sheets}, **more)
    return folder


def times(data):
    rows = data.conversations.order_by("conversation_id").execute()
    return [str(instant)[:19] for instant in rows["created_at"]]


def test_a_sheet_is_read_with_its_dates(tmp_path):
    data = open_data(book(tmp_path, ROWS))
    assert adds_up(data) and data.ledger.empty
    assert times(data) == ["2024-03-01 09:30:00", "2024-03-02 00:00:00"]
    assert data.conversations.order_by("conversation_id").execute()["topic"].fillna("-").tolist() == ["bills", "-"]


def test_dates_as_numbers_of_excel_and_as_text_in_one_column(tmp_path):
    rows = [*ROWS, ["c", "x", "2024-03-03 10:00", None], ["d", "x", "soon", None]]
    data = open_data(book(tmp_path, rows))
    assert adds_up(data)
    assert times(data)[2:] == ["2024-03-03 10:00:00"]
    assert data.ledger[["rule", "row", "value"]].values.tolist() == [["not a time", 5, "soon"]]


def test_titles_blank_rows_and_the_sheets_number_of_a_row(tmp_path):
    rows = [["Tickets of March"], [], HEADER, ROWS[1], [], [None, None, None, None], ["b", "x", "never", None]]
    data = open_data(book(tmp_path, rows))
    assert adds_up(data)
    assert data.ledger[["rule", "row"]].values.tolist() == [["not a time", 7]]
    notes = "\n".join(data.notes)
    assert "1 line above the names of the columns wasn't read" in notes and "2 blank rows were passed over" in notes


def test_the_first_sheet_with_rows_is_read_and_the_others_are_named(tmp_path):
    sheets = {"Empty": [], "Shown": ROWS, "Other": [["x"], ["1"]], "Secret": ROWS}
    data = open_data(book(tmp_path, sheets, hidden=["Secret"]))
    assert data.conversations.count().execute() == 2
    (note,) = [note for note in data.notes if "sheet" in note]
    assert "“Shown” was read" in note and all(name in note for name in ("Empty", "Other", "Secret"))
    assert [one.part for one in peek(tmp_path / "conversations.xlsx")] == ["Shown", "Other"]


def test_a_hidden_sheet_is_not_read(tmp_path):
    with pytest.raises(BadData, match="its sheet 'Shown' is empty"):
        open_data(book(tmp_path, {"Secret": ROWS, "Shown": []}, hidden=["Secret"]))


def test_errors_and_formulas_that_were_never_computed_are_told(tmp_path):
    error = Raw('<c r="{place}" t="e"><f>A1/0</f><v>#DIV/0!</v></c>')
    never, computed = Raw('<c r="{place}"><f>1+1</f></c>'), Raw('<c r="{place}"><f>1+1</f><v>2</v></c>')
    rows = [
        HEADER,
        ["a", "email", WHEN, error],
        ["b", "x", never, "p"],
        [computed, "x", WHEN, Raw('<c r="{place}" t="e"><v>#REF!</v></c>')],
    ]
    data = open_data(book(tmp_path, rows))
    assert adds_up(data)
    assert data.conversations.order_by("conversation_id").execute()["conversation_id"].tolist() == ["2", "a"]
    assert data.ledger[["rule", "row"]].values.tolist() == [["required value missing", 3]]
    notes = "\n".join(data.notes)
    assert "2 cells hold an error, such as #REF!, and were taken as empty: D2 and D4" in notes
    assert "1 formula was never computed, and was taken as empty (C3)" in notes


def test_names_in_two_rows_with_merged_cells(tmp_path):
    source = tmp_path / "desk"
    source.mkdir()
    (source / "source.toml").write_text(
        'title = "D"\nreads = "t"\n[files.t]\npatterns = ["t.xlsx"]\nheader_rows = 2\nrequires = ["Times opened"]\n'
    )
    (source / "conversations.sql").write_text(
        'SELECT "Nr" AS conversation_id, \'x\' AS channel, "Times opened" AS created_at, "Times closed" AS closed_at, '
        '"Who" AS agent, _file, _row FROM raw.t'
    )
    rows = [["Nr", "Times", None, None], [None, "opened", "closed", "Who"], ["1", WHEN, WHEN, "Ann"]]
    (tmp_path / "data").mkdir()
    data = open_data(book(tmp_path / "data", rows, "t.xlsx", merged=["B1:C1", "A1:A2"]), source=str(source))
    assert data.conversations.execute()[["conversation_id", "agent"]].values.tolist() == [["1", "Ann"]]
    assert adds_up(data)


def test_cells_keep_what_they_are(tmp_path):
    rows = [
        [*HEADER, "whole", "part", "flag", "long", "blanks"],
        ["007", "email", WHEN, None, 30, 0.5, True, datetime.timedelta(hours=30), " x "],
    ]
    [table] = peek(book(tmp_path, rows) / "conversations.xlsx")
    assert table.rows == [["007", "email", "2024-03-01 09:30:00", None, "30", "0.5", "true", "30:00:00", " x "]]
    (one,) = open_data(tmp_path).conversations.execute()["conversation_id"]
    assert one == "007"


def test_names_that_are_missing_or_there_twice(tmp_path):
    rows = [[*HEADER, "Comment", None, "comment"], ["a", "email", WHEN, None, "p", "q", "r"]]
    data = open_data(book(tmp_path, rows))
    kept = data.conversations.execute()[["Comment", "column5", "comment_2"]].values.tolist()
    assert kept == [["p", "q", "r"]]
    assert any("more than one column is called Comment" in note for note in data.notes)
    book(tmp_path, [["conversation_id", "channel", "Channel", "created_at"], ["a", "x", "y", WHEN]])
    with pytest.raises(BadData, match="names column channel twice; rename one"):
        open_data(tmp_path)


@pytest.mark.parametrize(
    "content, words",
    [
        (b"<html><table><tr><td>id</td></tr></table></html>", ["web page", "save it as xlsx or CSV"]),
        (b"PK\x03\x04broken", ["can't be read as a workbook"]),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600) + "EncryptedPackage".encode("utf-16-le"), ["protected by a password"]),
    ],
)  # fmt: skip
def test_what_is_no_workbook(tmp_path, content, words):
    (tmp_path / "conversations.xlsx").write_bytes(content)
    with pytest.raises(BadData) as error:
        open_data(tmp_path)
    assert "conversations.xlsx" in str(error.value) and all(word in str(error.value) for word in words)


def test_text_that_is_called_a_workbook_is_read_as_text(tmp_path):
    (tmp_path / "conversations.xls").write_text("conversation_id\tchannel\tcreated_at\na\tx\t2024-03-01\n")
    assert open_data(tmp_path).conversations.count().execute() == 1


def test_ods(tmp_path):
    ods(tmp_path / "conversations.ods", [HEADER, ["a", "email", "2024-03-01", "it's; DROP TABLE x"]])
    data = open_data(tmp_path)
    assert data.conversations.execute()["topic"].tolist() == ["it's; DROP TABLE x"]
    assert adds_up(data)


def test_the_sheet_that_a_source_names(tmp_path):
    source = tmp_path / "desk"
    source.mkdir()
    toml = 'title = "D"\nreads = "t"\n[files.t]\npatterns = ["t.xlsx"]\nsheet = "{}"\nrequires = ["Nr"]\n'
    (source / "source.toml").write_text(toml.format("two"))
    (source / "conversations.sql").write_text(
        "SELECT \"Nr\" AS conversation_id, 'x' AS channel, opened AS created_at, _file, _row FROM raw.t"
    )
    (tmp_path / "data").mkdir()
    folder = book(
        tmp_path / "data", {"One": [["Nr", "opened"], ["1", WHEN]], "Two": [["nr ", "opened"], ["2", WHEN]]}, "t.xlsx"
    )
    assert open_data(folder, source=str(source)).conversations.execute()["conversation_id"].tolist() == ["2"]


def test_a_real_workbook(real_data, tmp_path):
    [table] = peek(real_data / "generic" / "reporte_tickets.xlsx")
    assert (table.format, table.part, len(table.rows)) == ("sheet", "Sheet1", 495)
    assert table.columns[:3] == ["INICIO", "N° TICKET", "FALLA"]
    (tmp_path / "source.toml").write_text(
        'title = "D"\nreads = "t"\n[files.t]\npatterns = ["*.xlsx"]\nrequires = ["N° TICKET", "INICIO"]\n'
    )
    (tmp_path / "conversations.sql").write_text(
        "SELECT \"N° TICKET\" AS conversation_id, 'x' AS channel, INICIO AS created_at, FIN AS closed_at, _file, _row FROM raw.t"
    )
    data = open_data(real_data / "generic" / "reporte_tickets.xlsx", source=str(tmp_path))
    assert data.counts[["rows_in", "rows_used", "rejected"]].values.tolist() == [[495, 494, 1]]
    assert adds_up(data)
    days = data.conversations.execute()
    assert ((days["closed_at"] - days["created_at"]).dt.total_seconds() / 86_400).median() == 4.0
