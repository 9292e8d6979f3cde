"""Every record of a CSV file is read or told, and the ledger points at the line where it begins."""

import csv
import gzip
import io
import random

import numpy as np
import pytest

from toolkit.errors import BadData
from toolkit.load import lines, open_data

HEADER = "conversation_id,channel,created_at,topic"


def written(folder, text, name="conversations.csv"):
    """A folder whose one file holds the text, its line ends as they are."""
    content = text if isinstance(text, bytes) else text.encode()
    (folder / name).write_bytes(gzip.compress(content) if name.endswith(".gz") else content)
    return folder


def records(text):
    """[(line where it begins, fields)] of every record after the first, by Python's own reader."""
    found, begin = [], 1
    reader = csv.reader(io.StringIO(text, newline=""))
    for row in reader:
        if row:
            found.append((begin, row))
        begin = reader.line_num + 1
    return found[1:]


def counts(data):
    row = data.counts.set_index("table").loc["conversations"]
    return int(row["rows_in"]), int(row["rows_used"]), int(row["rejected"])


def rows_of(number):
    """Rows of a good file, every second one with a quoted field, every third with a line end inside it."""
    return [
        f"{n},email,2024-03-01,{'plain' if n % 2 else chr(34) + ('a, b' if n % 3 else 'two' + chr(10) + 'lines') + chr(34)}"
        for n in range(1, number + 1)
    ]


@pytest.mark.parametrize(
    "ends",
    [
        ["\r\n"] * 4 + ["\n"] + ["\r\n"] * 4,  # one row from another system
        ["\n"] * 4 + ["\r\n"] + ["\n"] * 4,
        ["\r\n"] + ["\n"] * 8,  # a header put before the rows
        ["\n"] + ["\r\n"] * 8,
        ["\r"] * 9,  # as old Macs wrote
        ["\r"] * 4 + ["\n"] * 5,
        ["\r\n", "\n", "\r"] * 3,
        ["\r\n"] * 8 + [""],
        ["\n"] * 8 + ["\r\n"],
    ],
)
@pytest.mark.parametrize("name", ["conversations.csv", "conversations.csv.gz"])
def test_line_ends_of_any_kind_lose_no_row(tmp_path, ends, name):
    text = "".join(row + end for row, end in zip([HEADER, *rows_of(8)], ends, strict=True))
    assert len(records(text)) == 8
    data = open_data(written(tmp_path, text, name))
    assert counts(data) == (8, 8, 0)
    assert data.ledger.empty
    topics = data.conversations.order_by("conversation_id").execute()["topic"].tolist()
    assert topics == [fields[3] for _, fields in records(text)]


def test_line_ends_inside_quotes_stay_as_they_are(tmp_path):
    header = "message_id,conversation_id,sent_at,sender,text"
    texts = ["a\r\nb", "a\nb", "a\rb", "\r\n\n\r"]
    rows = [f'{n},c,2024-03-01,customer,"{text}"' for n, text in enumerate(texts)]
    content = header + "\r\n" + "\n".join(rows)  # two kinds outside
    data = open_data(written(tmp_path, content, "messages.csv"))
    assert data.messages.order_by("message_id").execute()["text"].tolist() == texts


@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("last", ["", "END"])
@pytest.mark.parametrize("name", ["conversations.csv", "conversations.csv.gz"])
def test_every_kind_of_entry_names_the_line_where_its_record_begins(tmp_path, end, last, name):
    rows = [
        HEADER,
        "a,email,2024-03-01,",
        '"b","em', 'ail",2024-03-01,"x"',  # one record on two lines
        "",
        "short,email",  # not enough fields
        "c,email,not a time,",
        "",
        "",
        "a,email,2024-03-02,again",  # duplicate
        "d,email,2024-03-01,,too many",
        '"broken,email,2024-03-01,',  # never closed
        "e,,2024-03-01,",  # required value missing
        '"f","email","2024-03-01","three', "", 'lines"',
        "g,email,2024-03-01, blanks ",
        "h,email,soon,",
    ]  # fmt: skip
    text = end.join(rows) + (end if last == "END" else "")
    data = open_data(written(tmp_path, text, name))
    assert {(row["rule"], row["row"]) for _, row in data.ledger.iterrows()} == {
        ("unreadable line", 6),
        ("not a time", 7),
        ("duplicate id", 10),
        ("unreadable line", 11),
        ("unreadable line", 12),
        ("required value missing", 13),
        ("surrounding blanks", 17),
        ("not a time", 18),
    }
    assert counts(data) == (11, 4, 7)


BAD = {  # how a row goes wrong, and what stands at the beginning of its line
    "too few": "{n},email",
    "too many": "{n},email,2024-03-01,x,y,z",
    "never closed": '{n},email,2024-03-01,"oops',
    "text after a quote": '{n},"email"x,2024-03-01,',
    "not a time": "{n},email,soon,",
    "required": "{n},,2024-03-01,",
    "no id": ",email,2024-03-01,{n}",
    "duplicate": "1,email,2024-03-01,{n}",
    "blanks": "{n}, email ,2024-03-01,",
    "bad on several lines": '{n},email,soon,"two\n\nlines {n}"',
}


def test_a_million_rows_with_ten_kinds_of_bad_ones(tmp_path):
    kinds = list(BAD.values())
    rows = [HEADER]
    for n in range(1, 1_000_001):
        rows.append(f"{n},email,2024-03-01,")
        if n % 4_999 == 0:
            rows.append(kinds[n // 4_999 % len(kinds)].format(n=f"bad{n}"))
        elif n % 3_001 == 0:
            rows.append("" if n % 2 else f'good{n},email,2024-03-01,"two\nlines"')
    data = open_data(written(tmp_path, "\n".join(rows) + "\n"))
    text = "\n".join(rows).split("\n")
    ledger = data.ledger
    bad = 1_000_000 // 4_999
    assert len(ledger) == bad
    assert ledger["rule"].value_counts().to_dict() == {
        "unreadable line": 80, "not a time": 40, "required value missing": 40, "duplicate id": 20, "surrounding blanks": 20,
    }  # fmt: skip
    for entry in ledger.itertuples():
        assert "bad" in text[entry.row - 1], (entry, text[entry.row - 1])
        if entry.rule == "unreadable line":
            assert text[entry.row - 1].startswith(entry.value)
        elif entry.key not in ("", "1"):
            assert text[entry.row - 1].startswith(entry.key)
    assert ledger["row"].is_unique
    read, used, rejected = counts(data)
    assert read == used + rejected and rejected == bad - 20


@pytest.mark.parametrize("chunk", [1, 2, 3, 7, 1 << 20])
@pytest.mark.parametrize("seed", range(40))
def test_the_count_of_records_against_pythons_own_reader(tmp_path, monkeypatch, chunk, seed):
    monkeypatch.setattr(lines, "CHUNK", chunk)
    draw = random.Random(seed)
    fields = ["a", "", "é", '""', '"x,y"', '"1\n2"', '"1\r\n\r\n2"', '"say ""so"""', '"""\n"""', '"\r"']
    ends = draw.choice([["\n"], ["\r\n"], ["\n", "\r\n"], ["\r"], ["\n", "\r\n", "\r"]])
    text = "a,b"
    for _ in range(draw.randrange(12)):
        text += draw.choice(ends) + draw.choice(["", *[f"{draw.choice(fields)},{draw.choice(fields)}"] * 5])
    text += draw.choice(["", draw.choice(ends)])
    bom = draw.choice(["", "\ufeff"])
    path = written(tmp_path, bom + text, "x.csv") / "x.csv"
    found = lines.scan(path, ",", '"')
    expected = [begin for begin, _ in records("header\n" + text)]
    expected = [begin - 1 for begin in expected]
    assert found.records == len(expected)
    assert found.of_rows(np.array([], dtype=int), 0).tolist() == expected
    copy, tidied, broken = lines.tidy(path, tmp_path, ",", '"')
    assert not broken
    assert tidied.of_rows(np.array([], dtype=int), 0).tolist() == expected
    again = copy.read_bytes().decode()
    assert [row for _, row in records("header\n" + again)] == [row for _, row in records("header\n" + text)]
    assert lines.scan(copy, ",", '"').is_tidy


@pytest.mark.parametrize(
    "row",
    ['2,5" screen,2024-03-01,', '2,a"b"c,2024-03-01,', '2, "quoted" ,2024-03-01,', '2,"quoted" ,2024-03-01,""""'],
)
def test_quotes_where_they_mean_nothing(tmp_path, row):
    text = "\n".join([HEADER, "1,email,2024-03-01,", row, '3,"e\nf",2024-03-01,', "4,email,soon,"])
    data = open_data(written(tmp_path, text))
    assert counts(data) == (4, 3, 1)
    assert data.ledger["row"].tolist() == [6]


@pytest.mark.parametrize(
    "delimiter, row, is_broken",
    [
        (",", '"a","b"', False),
        (",", '"a" , "b" ', False),
        (",", '"a"b,c', True),
        (",", 'a,"b', True),
        (",", 'a,b"', False),
        (" ", '"a" "b"', False),
        (" ", '"a"b "c"', True),
        ("\t", '"a"\t"b,c"', False),
    ],
)
def test_which_lines_have_a_broken_quote(tmp_path, delimiter, row, is_broken):
    text = f"x{delimiter}y\r\n{row}\nlast{delimiter}z\n"
    copy, _, broken = lines.tidy(written(tmp_path, text, "x.csv") / "x.csv", tmp_path, delimiter, '"')
    assert broken == ([(2, row)] if is_broken else [])
    kept = "" if is_broken else row + "\n"
    assert copy.read_bytes().decode() == f"x{delimiter}y\n{kept}last{delimiter}z\n"


def test_a_count_that_disagrees_is_an_error(tmp_path, monkeypatch):
    from toolkit.load.files import delimited

    honest = lines.scan

    def miscounted(*given):
        found = honest(*given)
        return lines.Lines(found.units + 1, found.at, found.shift, found.blank)

    monkeypatch.setattr(delimited, "scan", miscounted)
    with pytest.raises(BadData, match=r"conversations.csv: holds 2 records, but 1 were read"):
        open_data(written(tmp_path, HEADER + "\na,email,2024-03-01,\n"))


def test_a_first_line_that_is_never_closed(tmp_path):
    with pytest.raises(BadData, match="its first line, which names the columns, opens a quote"):
        open_data(written(tmp_path, '"' + HEADER + "\na,email,2024-03-01,\n"))
