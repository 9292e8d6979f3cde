"""toolkit map on what people's exports look like: two rows of names, words for nothing, forms, nested JSON, mail."""

import re
import sqlite3
import tomllib

import pytest
from rich.console import Console
from test_files_sheets import book
from test_load import adds_up
from test_map import DAYS, ISO, ISO_LATER, KEYS, LATER, of, write

from toolkit.errors import BadData, BadParameter
from toolkit.load.detect import recognise
from toolkit.mapping.answers import Answers, FileAnswers
from toolkit.mapping.plan import make_plan
from toolkit.mapping.run import map_files
from toolkit.mapping.shown import print_result


def picks(mapped):
    return {column: pick.header for column, pick in mapped.plan.parts[0].guess.picks.items()}


@pytest.fixture(scope="module")
def two_rows(tmp_path_factory):
    """A workbook whose names stand in two rows, the upper ones merged."""
    folder = tmp_path_factory.mktemp("two")
    rows = [
        ["Zgłoszenie", None, "Daty", None, "Obsługa", "Ocena klienta"],
        ["Numer", "Kanał", "Utworzono", "Zamknięto", "Status", "Ocena"],
        *zip(KEYS, of("czat", "telefon"), ISO, ISO_LATER, of("Zamknięte", "Otwarte"), of(5, 4, 1), strict=True),
    ]
    book(folder, {"Zgłoszenia": rows}, "zgloszenia.xlsx", merged=["A1:B1", "C1:D1"])
    return map_files([folder / "zgloszenia.xlsx"], folder / "sources")


def test_two_rows_of_names_are_seen(two_rows):
    assert picks(two_rows) == {
        "conversation_id": "Zgłoszenie Numer",
        "channel": "Zgłoszenie Kanał",
        "created_at": "Daty Utworzono",
        "closed_at": "Daty Zamknięto",
        "status": "Obsługa Status",
        "+score": "Ocena klienta Ocena",
    }
    written = tomllib.loads((two_rows.folder / "source.toml").read_text())["files"]["zgloszenia"]
    assert written["header_rows"] == 2
    assert adds_up(two_rows.data)
    scores = two_rows.data.surveys.score.execute()
    assert len(scores) == 24 and sorted(scores.unique()) == [1, 4, 5]


def test_two_rows_of_names_can_be_said_or_denied(two_rows):
    file = two_rows.data_path
    denied = make_plan([file], Answers(files={"zgloszenia": FileAnswers(header_rows=1)})).parts[0]
    assert denied.sample.columns[:2] == ["Zgłoszenie", "column1"] and denied.sample.rows[0][0] == "Numer"
    said = make_plan([file], Answers(files={"zgloszenia": FileAnswers(header_rows=2)})).parts[0]
    assert said.sample.columns[0] == "Zgłoszenie Numer"


def test_what_is_taken_as_nothing_is_read_as_nothing(tmp_path):
    """A score of a ticket whose close is "-" or n.d. was asked when the ticket began."""
    columns = {
        "Ticket": KEYS,
        "Erstellt": DAYS,
        "Geschlossen": [one if index % 3 else ("-", "n.d.")[index % 2] for index, one in enumerate(LATER)],
        "Status": of("offen", "geschlossen", "geschlossen"),
        "Kanal": of("E-Mail", "n.d."),
        "Bearbeiter": of("Anke", "-", "Nicht zugewiesen"),
        "Bewertung": of("5", "4", "n.d.", "1"),
    }
    made = map_files([write(tmp_path, "liste.csv", columns, delimiter=";")], tmp_path / "sources")
    assert adds_up(made.data)
    assert made.data.ledger.empty
    assert len(made.data.surveys.execute()) == 18
    frame = made.data.conversations.execute()
    assert frame["closed_at"].isna().sum() == 8
    assert frame["agent"].dropna().unique().tolist() == ["Anke"]
    assert set(frame["channel"]) == {"email", "unknown"}


def test_a_name_alone_is_no_system(tmp_path):
    """support_tickets.csv has a name that another system gives its files, and columns of its own."""
    columns = {"Ticket ID": KEYS, "Subject": of("Refund", "Login"), "Created Date": ISO, "Resolved Date": ISO_LATER}
    columns |= {"Status": of("Closed", "Open"), "Priority": of("Low", "High"), "Channel": of("Email", "Phone")}
    made = map_files([write(tmp_path, "support_tickets_q3.csv", columns)], tmp_path / "sources")
    assert made.known is None


def test_tables_that_lack_a_column_are_not_the_toolkits_own(tmp_path):
    with sqlite3.connect(tmp_path / "helpdesk.sqlite") as con:
        con.execute("CREATE TABLE tickets (id INT, status TEXT, created_at TEXT, solved_at TEXT, source TEXT)")
        con.execute("CREATE TABLE messages (id INT, ticket_id INT, author_type TEXT, body TEXT, created_at TEXT)")
        con.executemany(
            "INSERT INTO tickets VALUES (?, ?, ?, ?, 'email')",
            zip(range(24), of("open", "solved"), ISO, ISO_LATER, strict=True),
        )
        con.executemany(
            "INSERT INTO messages VALUES (?, ?, ?, 'hello', ?)",
            zip(range(24), range(24), of("customer", "agent"), ISO, strict=True),
        )
    made = map_files([tmp_path / "helpdesk.sqlite"], tmp_path / "sources")
    assert made.known is None and {part.table for part in made.plan.used} == {"conversations", "messages"}


@pytest.mark.parametrize("place", ["taken", "taken/below"])
def test_a_place_that_cannot_be_is_told_before_anything_is_asked(tmp_path, place):
    (tmp_path / "taken").write_text("a file")
    with pytest.raises(BadParameter, match="is a file.*--out"):
        map_files([tmp_path / "none.csv"], tmp_path / place)


def test_the_same_rows_stand_before_and_after(two_rows, capsys):
    print_result(Console(width=200), two_rows)
    before, after = capsys.readouterr().out.split("After: ")[:2]
    assert re.findall(r"K-\d+", before) == re.findall(r"K-\d+", after) == KEYS[:10]


def test_the_hint_quotes_the_path(tmp_path):
    file = tmp_path / "odd $(name) file.csv"
    file.write_text("a,b\n1,2\n")
    with pytest.raises(BadData, match="toolkit map '.*odd .*file.csv'   finds"):
        recognise(file)
