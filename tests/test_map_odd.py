"""toolkit map on what people's exports look like: two rows of names, words for nothing, forms, nested JSON, mail."""

import json
import re
import sqlite3
import tomllib

import pytest
from exports import adds_up
from rich.console import Console
from test_files_sheets import book
from test_map import DAYS, ISO, ISO_LATER, KEYS, LATER, guess, of, picked, write

from toolkit.errors import BadData, BadParameter
from toolkit.load.detect import recognise
from toolkit.mapping.answers import Answers, FileAnswers
from toolkit.mapping.plan import make_plan, own_domain
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


@pytest.fixture(scope="module")
def form(tmp_path_factory):
    """The answers of a form that asks for two scores."""
    folder = tmp_path_factory.mktemp("form")
    columns = {
        "Timestamp": ISO,
        "Email Address": [f"p{index}@example.org" for index in range(24)],
        "How satisfied are you with our support?": of("5", "4", "1"),
        "How likely are you to recommend us? (0-10)": of("10", "7", "0", "9"),
        "Which channel did you use?": of("Phone", "Email"),
        "Anything else?": of("", "Thanks a lot", "It took forever"),
    }
    return map_files([write(folder, "Form Responses.csv", columns)], folder / "sources")


def test_a_form_with_two_scores_is_two_surveys_a_row(form):
    assert adds_up(form.data) and form.data.ledger.empty
    frame = form.data.surveys.execute()
    assert frame["kind"].value_counts().to_dict() == {"csat": 24, "nps": 24}
    assert set(frame.loc[frame["kind"] == "csat", "score"]) == {1, 4, 5}
    assert set(frame.loc[frame["kind"] == "nps", "score"]) == {0, 7, 9, 10}
    assert frame["survey_id"].is_unique and set(frame["survey_id"].str[-5:]) >= {"-csat"}
    assert (frame["sent_at"] == frame["answered_at"]).all()
    assert set(frame["comment"].dropna()) == {"Thanks a lot", "It took forever"}


def test_answers_alone_are_told(form):
    assert any("who was asked and didn't answer isn't told" in note for note in form.data.notes)


def test_answers_submitted_of_a_question_on_recommending(tmp_path):
    reason = "What is the main reason for your score?"
    columns = {"Response ID": KEYS, "Submitted At": ISO, "Email": [f"u{n}@x.org" for n in range(24)]}
    columns |= {"How likely are you to recommend us to a friend or colleague?": of("10", "3", "8", "0")}
    columns |= {reason: of("", "Great service", "Waited too long"), "Segment": of("SMB", "Enterprise")}
    made = map_files([write(tmp_path, "nps_responses.csv", columns)], tmp_path / "sources")
    assert adds_up(made.data) and len(made.data.surveys.execute()) == 24
    assert picks(made)["comment"] == reason and picks(made)["answered_at"] == "Submitted At"
    assert set(made.data.surveys.execute()["kind"]) == {"nps"}


def mail(number, sender, to, minute, **more):
    heads = {"From": sender, "To": to, "Date": f"Mon, 2 Mar 2026 10:{minute:02}:00 +0000", "Subject": "Order"}
    heads |= {"Message-ID": f"<{number}>"} | {name.replace("_", "-"): value for name, value in more.items()}
    return "From x\n" + "".join(f"{name}: {value}\n" for name, value in heads.items()) + "\nHello\n\n"


def test_mail_is_threads_with_two_sides(tmp_path):
    us, them = "Ann <support@shop.example>", "Cust <Cust@mail.example>"
    (tmp_path / "support.mbox").write_text(
        mail("q1@m", them, us, 0)
        + mail("a1@s", us, them, 5, In_Reply_To="<q1@m>")
        + mail("q2@m", "cust@mail.example", us, 9, References="<q1@m> <a1@s>")
        + mail("q3@m", them, us, 20)
    )
    made = map_files([tmp_path / "support.mbox"], tmp_path / "sources")
    assert adds_up(made.data) and made.data.ledger.empty
    frame = made.data.messages.order_by("sent_at").execute()
    assert frame["conversation_id"].tolist() == ["q1@m", "q1@m", "q1@m", "q3@m"]
    assert frame["sender"].tolist() == ["customer", "agent", "customer", "customer"]
    assert set(frame["customer_id"].dropna()) == {"cust@mail.example"}
    talks = made.data.conversations.execute()
    assert len(talks) == 2 and set(talks["channel"]) == {"email"}
    said = Answers(files={"support": FileAnswers(our_domain="mail.example")})
    assert own_domain(make_plan([tmp_path / "support.mbox"], said).parts[0]) == "mail.example"


def test_the_remedy_names_the_table_that_is_nearest(tmp_path):
    columns = {"Response ID": KEYS, "NPS": of("10", "3"), "Remark": of("Fine", "Bad")}
    with pytest.raises(BadData) as error:
        map_files([write(tmp_path, "nps_responses.csv", columns)], tmp_path / "sources")
    told = str(error.value)
    assert '[files."nps_responses"]\n  table = "surveys"' in told and 'sent_at = "HEADER"' in told


def test_objects_in_json_are_opened_one_level(tmp_path):
    rows = [
        {
            "ticketId": f"T-{n}",
            "createdAt": f"{begun}Z",
            "state": state,
            "channel": "email",
            "customer": {"id": n % 7, "name": "Kim", "address": {"country": "IT"}},
            "assignee": {"id": n % 2, "full name": "Ada's"} if n % 5 else None,
            "rating": {"score": n % 5 + 1 if n % 3 else None},
        }
        for n, (begun, state) in enumerate(zip(ISO, of("closed", "open"), strict=True))
    ]
    (tmp_path / "tickets.ndjson").write_text("".join(json.dumps(row) + "\n" for row in rows))
    answers = tmp_path / "answers.toml"
    answers.write_text('[files.tickets.columns]\nagent = "assignee.full name"\n')
    made = map_files([tmp_path / "tickets.ndjson"], tmp_path / "sources", answers=answers)
    assert adds_up(made.data) and made.data.ledger.empty
    assert picks(made)["customer_id"] == "customer.id" and picks(made)["+score"] == "rating.score"
    frame = made.data.conversations.execute()
    assert frame["agent"].isna().sum() == 5 and set(frame["agent"].dropna()) == {"Ada's"}
    assert set(frame["customer_id"]) == {str(n) for n in range(7)}
    assert json.loads(frame["customer"][0])["address"] == {"country": "IT"}  # the whole of it is kept
    assert len(made.data.surveys.execute()) == 16
    written = tomllib.loads((made.folder / "source.toml").read_text())["files"]["tickets"]
    assert {"customer", "assignee", "rating"} <= set(written["may_lack"])


@pytest.mark.parametrize(
    "subjects, reasons, topic",
    [
        (("Refund", "Login"), None, "Subject"),
        (("Refund", "Login"), ("Order::Status", "Return"), "Contact reason"),
        (("Order #1021", "Re: Shipping"), None, None),
        (("Order #1021", "Re: Shipping"), ("Order::Status", "Return"), "Contact reason"),
    ],
)
def test_a_subject_is_a_topic_where_it_repeats_and_nothing_says_the_reason(subjects, reasons, topic):
    columns = {"Ticket id": KEYS, "Created": ISO, "Closed": ISO_LATER, "Status": of("open", "closed")}
    columns |= {"Subject": of(*subjects)} | ({"Contact reason": of(*reasons)} if reasons else {})
    assert picked(guess(columns)).get("topic") == topic


@pytest.mark.parametrize("name", ["t.csv", "t.json"])
def test_headers_that_differ_by_capitals(tmp_path, name):
    columns = {
        "Ticket": KEYS,
        "Created": ISO,
        "Status": of("open", "closed"),
        "status": of("b", "a"),
        "created": ISO_LATER,
    }
    file = write(tmp_path, name, columns)
    if name.endswith("json"):
        file.write_text(
            json.dumps([dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)])
        )
    made = map_files([file], tmp_path / "sources")
    assert made.refused is None and adds_up(made.data)
    assert len(made.data.conversations.execute()) == 24
