"""Own figures against figures from outside: the file, the units, the interval of the difference."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from toolkit import metrics, plots
from toolkit.blocks import block
from toolkit.errors import BadData, BadParameter, MissingColumn
from toolkit.intervals import difference, mean_of_scores, wilson
from toolkit.load import open_data
from toolkit.load.outside import read_outside
from toolkit.metrics.benchmark import outside_figures
from toolkit.metrics.compare import benchmarks

few = settings(max_examples=60, deadline=None, derandomize=True, database=None)


def scores(good, n, **columns):
    return pd.DataFrame({"score": [5] * good + [1] * (n - good), **columns})


def outside(*rows, columns=("metric", "value", "name")):
    return pd.DataFrame(list(rows), columns=list(columns))


# --- the difference -------------------------------------------------------------------------------


def test_an_exact_figure_by_hand():
    """Without cases the outside figure has no doubt: the interval is that of the own figure, shifted."""
    row = metrics.benchmark(metrics.csat(scores(70, 100)), outside(("csat", "85 %", "Industry"))).iloc[0]
    (low,), (high,) = wilson([70], [100])
    assert (row["csat"], row["previous"], row["change"]) == (0.7, 0.85, pytest.approx(-0.15))
    assert (row["change_low"], row["change_high"]) == (pytest.approx(low - 0.85), pytest.approx(high - 0.85))
    assert row["is_exact"] and np.isnan(row["previous_n"]) and row["verdict"] == "clear"


def test_a_figure_with_cases_is_newcombe_s():
    rows = outside(("csat", 0.6, 80, "Sister"), columns=("metric", "value", "n", "name"))
    row = metrics.benchmark(metrics.csat(scores(56, 70)), rows).iloc[0]
    assert (row["change_low"], row["change_high"]) == (pytest.approx(0.0524, abs=6e-5), pytest.approx(0.3339, abs=6e-5))
    assert (row["previous_n"], bool(row["is_exact"]), row["verdict"]) == (80, False, "clear")


def test_a_figure_with_its_own_interval():
    rows = outside(("csat.mean", 4.0, 3.8, 4.2, "Sister"), columns=("metric", "value", "low", "high", "name"))
    row = metrics.benchmark(metrics.csat(scores(70, 100)), rows, value="mean").iloc[0]
    own = 3.8, *(float(end) for end in mean_of_scores(100, 380, 70 * 25 + 30, 1, 5))
    expected = difference(own, (4.0, 3.8, 4.2))
    assert [row[name] for name in ("change", "change_low", "change_high")] == pytest.approx(expected)
    assert row["verdict"] == "chance"


@few
@given(st.integers(10, 60), st.integers(0, 60), st.integers(1, 99), st.integers(0, 400))
def test_the_verdict_goes_with_the_interval(n, hits, percent, cases):
    own = metrics.csat(scores(min(hits, n), n))
    rows = outside(("csat", f"{percent} %", cases or "", "Industry"), columns=("metric", "value", "n", "name"))
    row = metrics.benchmark(own, rows).iloc[0]
    assert row["change_low"] - 1e-12 <= row["change"] <= row["change_high"] + 1e-12
    is_apart = not row["change_low"] <= 0 <= row["change_high"]
    assert (row["verdict"] == "clear") == is_apart or abs(min(abs(row["change_low"]), abs(row["change_high"]))) < 1e-9


def test_holm_over_the_rows():
    own = metrics.csat(scores(70, 100))
    alone = metrics.benchmark(own, outside(("csat", "80 %", "A")))
    others = [("csat", "70 %", f"Other {number}") for number in range(9)]
    beside = metrics.benchmark(own, outside(("csat", "80 %", "A"), *others))
    assert alone["p"].iloc[0] == beside["p"].iloc[0] > 0.05 / 10
    assert (alone["verdict"].iloc[0], beside["verdict"].iloc[0]) == ("clear", "chance")


def test_by_group():
    own = metrics.csat(
        pd.concat([scores(30, 60, channel="x"), scores(55, 60, channel="email"), scores(3, 3, channel=None)]), "channel"
    )
    rows = outside(("csat", "80%", "I", "x"), ("csat", "80%", "I", "email"), ("csat", "80%", "I", "fax"),
                   ("csat", "80%", "I", ""), ("csat", "80%", "I", "(none)"), columns=("metric", "value", "name", "channel"))  # fmt: skip
    result = metrics.benchmark(own, rows)
    assert result["channel"].fillna("(none)").tolist() == ["x", "email", "(none)"]
    assert result["verdict"].tolist() == ["clear", "clear", "few"] and result["change"].iloc[
        :2
    ].tolist() == pytest.approx([-0.3, 55 / 60 - 0.8])
    assert result.attrs["unread"] == [(4, "the data has no channel 'fax'")]
    whole = metrics.benchmark(metrics.csat(scores(70, 100)), rows)
    assert len(whole) == 1  # the row without a channel is of all


def test_channels_are_compared_in_any_case(tmp_path):
    rows = outside(("csat", "80%", "I", "E-Mail"), ("csat", "70%", "I", "e-mail"), columns=("metric", "value", "name", "channel"))  # fmt: skip
    for channel in ("e-mail", "E-MAIL"):
        result = metrics.benchmark(metrics.csat(scores(30, 60, channel=channel), "channel"), rows)
        assert result["previous"].tolist() == [0.8] and [line for line, _ in result.attrs["unread"]] == [3]  # twice


def test_waits_and_counts():
    at = pd.Timestamp("2024-03-01T09:00Z")
    frame = pd.DataFrame(
        {"created_at": [at] * 60, "first_response_at": [at + pd.Timedelta(minutes=m) for m in range(60)]}
    )
    own = metrics.first_response_time(frame, as_of="2024-03-02T09:00:00Z")
    row = metrics.benchmark(own, outside(("first_response_time", "2 h", "I"))).iloc[0]
    assert (
        (row["previous"], row["verdict"]) == (7200, "clear")
        and row["change"] < 0
        and row["change_low"] < row["change_high"]
    )
    volume = metrics.benchmark(metrics.inbound_volume(frame), outside(("inbound_volume", "55", "I"))).iloc[0]
    assert (volume["change"], volume["verdict"]) == (5, "not comparable")


def test_what_can_t_be_compared():
    groups = metrics.csat(scores(7, 10, channel="x"), "channel")
    with pytest.raises(MissingColumn):
        metrics.benchmark(groups, outside(("csat", 1, "I")), value="nps")
    with pytest.raises(MissingColumn, match="metric"):
        metrics.benchmark(groups, pd.DataFrame({"name": ["x"]}))
    with pytest.raises(BadParameter, match="one row per group"):
        by_base = metrics.abandonment_by_base(
            pd.DataFrame({"started_at": pd.to_datetime(["2024-03-01T09:00Z"]), "outcome": ["answered"]})
        )
        by_base.attrs |= {"rows": []}
        metrics.benchmark(pd.concat([by_base, by_base]), outside(("csat", 1, "I")))


# --- reading --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "metric, value, unit, expected",
    [
        ("csat", "0.85", "", 0.85),
        ("csat", "85 %", "", 0.85),
        ("csat", "85%", "", 0.85),
        ("csat", "85", "%", 0.85),
        ("csat", "85", "percent", 0.85),
        ("csat", "0,85", "", 0.85),
        ("csat", "1", "", 1.0),
        ("csat", "1 %", "", 0.01),
        ("CSAT", "0.5", "share", 0.5),
        ("csat.mean", "4.2", "", 4.2),
        ("first response time", "2h", "", 7200),
        ("first_response_time", "90", "min", 5400),
        ("first_response_time", "90", "", 90),
        ("first_response_time.p90_seconds", "1.5 days", "", 129_600),
        ("first_response_time.within_target", "80 %", "", 0.8),
        ("inbound_volume", "1,234,567", "", 1_234_567),
    ],
)
def test_units(metric, value, unit, expected):
    rows, unread = outside_figures(outside((metric, value, unit), columns=("metric", "value", "unit")))
    assert not unread and rows["value"].tolist() == [pytest.approx(expected)]


@pytest.mark.parametrize(
    "change, why",
    [
        ({"value": "85"}, "85 is no share from 0 to 1; write 0.85, or give the unit %"),
        ({"value": "850"}, "850 is no share from 0 to 1"),
        ({"value": "120 %"}, "120 % is no share from 0 to 1"),
        ({"value": "-0.1"}, "-0.1 is no share from 0 to 1"),
        ({"value": ""}, "it has no value"),
        ({"value": "high"}, "“high” is no number"),
        ({"value": "1.2.3"}, "“1.2.3” is no number"),
        ({"value": "0.8", "unit": "min"}, "the unit “min” isn’t one of this figure; allowed: rate, share, fraction, %, percent, pct"),
        ({"value": "80 %", "unit": "share"}, "“80 %” has another unit than “share”, which is given"),
        ({"metric": "first_response_time", "value": "80 %"}, "the unit “%” isn’t one of this figure; allowed: s, sec, second, seconds, min, minute, minutes, h, hour, hours, d, day, days"),
        ({"metric": "first_response_time", "value": "-3"}, "-3 is less than 0"),
        ({"metric": "inbound_volume", "value": "1,234"}, "“1,234” may be two numbers; write it without the comma, with a point for decimals"),
        ({"metric": "cast"}, "no metric is called “cast” (did you mean 'csat'?)"),
        ({"metric": "previous_period"}, "no metric is called “previous_period”"),
        ({"n": "0"}, "n is 0; it is the number of cases that the figure rests on"),
        ({"low": "0.7"}, "it has one end of an interval; give low and high, or neither"),
        ({"low": "0.9", "high": "0.95"}, "the value 0.8 isn’t between low 0.9 and high 0.95"),
    ],
)  # fmt: skip
def test_what_can_t_be_read(change, why):
    row = {"metric": "csat", "value": "0.8", "name": "I", "unit": "", "low": "", "high": "", "n": ""} | change
    rows, unread = outside_figures(
        pd.DataFrame([row, row | {"metric": "csat", "value": "0.5", "unit": "", "n": "", "low": "", "high": ""}])
    )
    assert [line for line, _ in unread] == [2] and unread[0][1].startswith(why)
    assert rows["line"].tolist() == [3]  # the rest is read


def test_what_is_said_twice():
    rows, unread = outside_figures(outside(("csat", 0.8, "I"), ("csat", 0.9, "J"), ("csat", 0.7, "I")))
    assert rows["value"].tolist() == [0.8, 0.9] and unread == [(4, "says the same as line 2 again")]


# --- the file beside the data ---------------------------------------------------------------------


@pytest.fixture
def folder(tmp_path):
    surveys = scores(70, 100, channel=["x", "email"] * 50)
    surveys["survey_id"], surveys["sent_at"], surveys["kind"] = (
        surveys.index.astype(str),
        "2024-03-01T09:00:00Z",
        "csat",
    )
    surveys.assign(answered_at="2024-03-01T10:00:00Z").to_csv(tmp_path / "surveys.csv", index=False)
    text = "Metric;Value;Unit;channel;Name;Source\ncsat;85;%;;Industry;a report\n\ncsat;0,5;;x;Sister;\nabandonment_rate;5;%;;Industry;\ncsat;eighty;;;Industry;\n"
    (tmp_path / "benchmark.csv").write_bytes(b"\xef\xbb\xbf" + text.encode())
    return tmp_path


def test_the_file_beside_the_data(folder, tmp_path_factory):
    data = open_data(folder)
    assert not any("benchmark" in note for note in data.notes)
    results, unread = benchmarks(data)
    assert [result.attrs["rows"] for result in results] == [["name"], ["name", "channel"]]
    assert results[0]["source"].tolist() == ["a report"] and results[0]["change"].tolist() == pytest.approx([-0.15])
    assert unread == [(5, "the data can’t tell Abandonment rate"), (6, "“eighty” is no number")]
    saved = data.save(tmp_path_factory.mktemp("saved"), sentiment=False)
    assert [len(result) for result in benchmarks(open_data(saved))[0]] == [1, 1]
    (folder / "benchmark.csv").unlink()
    assert open_data(folder).outside is None and benchmarks(open_data(folder)) == ([], [])


def test_a_file_without_a_heading(tmp_path):
    (tmp_path / "benchmark.csv").write_text("csat,0.8\n")
    with pytest.raises(BadData, match="no column 'metric'"):
        read_outside(tmp_path / "benchmark.csv")


def test_encodings_and_lines(tmp_path):
    file = tmp_path / "benchmark.csv"
    file.write_bytes('metric,value,name\n"csat",0.8,"Caf\u00e9\nCentral"\n\ncsat,0.7,B\n'.encode("cp1252"))
    rows = read_outside(file)
    assert rows["name"].tolist() == ["Café\nCentral", "B"] and rows["line_"].tolist() == [3, 5]
    file.write_text("metric\tvalue\ncsat\t0.8\n", encoding="utf-16")
    assert read_outside(file)["value"].tolist() == ["0.8"]


def test_columns_without_a_name_and_one_called_line(tmp_path):
    file = tmp_path / "benchmark.csv"
    file.write_text("metric,value,unit,Line,,\ncsat,80,%,Hotline,,\n\ncsat,0.8,,,,\n")
    assert read_outside(file).columns.tolist() == ["metric", "value", "unit", "line", "line_"]
    rows, unread = outside_figures(read_outside(file))
    assert rows["keys"].tolist() == [{"line": "Hotline"}, {}] and rows["value"].tolist() == [0.8, 0.8]
    assert rows["line"].tolist() == [2, 4] and not unread
    made = metrics.benchmark(metrics.csat(scores(70, 100, line="Hotline"), by="line"), read_outside(file))
    assert made["line"].tolist() == ["Hotline"] and made["change"].tolist() == pytest.approx([-0.1])


@pytest.mark.parametrize(
    "text, said",
    [
        ("metric,value,Value \ncsat,0.8,0.9\n", "line 1: has the column 'value' twice"),
        ("metric,value,\ncsat,0.8,\ncsat,0.8,email\n", "line 3: 'email' stands in a column without a name"),
        ('metric,value,name\ncsat,0.8,A\n\ncsat,0.8,"B\ncsat,0.9,C\n', "line 4: a quotation mark isn't closed"),
        ('metric,value,name\ncsat,0.8,"B', "line 2: a quotation mark isn't closed"),
        (f"metric,value,name\ncsat,0.8,{'x' * 131_073}\n", "line 2: a cell has more than 131,072 characters"),
        ("", "it has: nothing"),
    ],
)
def test_a_file_that_can_t_be_read_says_where(tmp_path, text, said):
    (tmp_path / "benchmark.csv").write_text(text)
    with pytest.raises(BadData, match=f"benchmark.csv.*{said}"):
        read_outside(tmp_path / "benchmark.csv")


def test_a_table_with_columns_twice_or_without_a_name():
    with pytest.raises(BadParameter, match="'value' twice"):
        outside_figures(outside(("csat", 0.8, 0.9), columns=("metric", "value", "Value")))
    rows, _ = outside_figures(outside(("csat", 0.8, None, ""), columns=("metric", "value", "", " ")))
    assert rows["value"].tolist() == [0.8] and rows["keys"].tolist() == [{}]


# --- what is said ---------------------------------------------------------------------------------


def test_the_finding():
    own = metrics.csat(scores(70, 100))
    made = block(metrics.benchmark(own, outside(("csat", "71 %", "Sister"), ("csat", "85 %", "The <b>industry</b>"))))
    assert (
        made["heading"].replace("\xa0", " ")
        == "CSAT is 70 % (60 to 78), below The <b>industry</b> (85 %): clear difference"
    )
    assert "taken as exact" in made["note"] and not made["facts"]
    assert "<b>" not in made["tables"][0]["html"] and "Outside" in made["tables"][0]["html"]
    none = block(metrics.benchmark(own, outside(("csat", "71 %", "A"), ("csat", "72 %", "B"))))
    assert none["heading"] == "CSAT differs clearly from no figure from outside"


def test_groups_beside_figures_from_outside_are_drawn_and_a_single_one_is_a_sentence():
    own = metrics.csat(pd.concat([scores(70, 100, channel="x"), scores(30, 60, channel="y")]), "channel")
    rows = outside(
        ("csat", "80 %", "I", "x"), ("csat", "60 %", "I", "y"), columns=("metric", "value", "name", "channel")
    )
    found = metrics.benchmark(own, rows)
    ax = plots.plot(found)
    at = {
        label: [line.get_xdata()[0] for line in ax.lines if line.get_label() == label] for label in ("value", "before")
    }
    said = [text.get_text() for text in ax.texts]
    plots.close(ax.figure)
    assert sorted(at["value"]) == pytest.approx([0.5, 0.7]) and sorted(at["before"]) == pytest.approx([0.6, 0.8])
    assert "from outside" in said and "the period before" not in said and plots.is_drawn(found)
    alone = metrics.benchmark(metrics.csat(scores(70, 100)), outside(("csat", "80 %", "I")))
    assert not plots.is_drawn(alone)
