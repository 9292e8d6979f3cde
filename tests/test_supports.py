"""What `toolkit check` says that the data supports, held against what `toolkit report` then makes."""

import nbformat
import pytest

from toolkit import open_data
from toolkit.cli import main
from toolkit.errors import MissingColumn, MissingPackage, MissingSetting, MissingTable
from toolkit.report.doubts import doubts_of
from toolkit.report.notebooks import find_notebooks
from toolkit.report.options import Options
from toolkit.report.rehearsal import _steps, rehearse
from toolkit.report.run import run_reports
from toolkit.report.supports import supports
from toolkit.report.wants import Want, brings, meaning, wanted
from toolkit.sources import find_source

TICKETS = """conversation_id,channel,created_at,agnet,priority,closed_at
1,Email,2024-03-01T10:00:00Z,Ada,high,2024-03-01T12:00:00Z
2,chat,2024-03-02T10:00:00Z,Bo,low,
3,chat,2024-03-02T11:00:00Z,Bo,low,2024-03-03T12:00:00Z
"""
CALLS = """call_id,started_at,queued_at,answered_at,ended_at,outcome
1,2024-03-01T10:00:00Z,2024-03-01T10:00:05Z,2024-03-01T10:00:15Z,2024-03-01T10:04:00Z,answered
2,2024-03-01T11:00:00Z,2024-03-01T11:00:05Z,,2024-03-01T11:01:00Z,abandoned
"""
SETTINGS = """[targets.first_response]
default = "1d"
email = "4h"
social = "1h"
phone = "20s"
facebok = "1h"
[targets.resolution_by_priority]
hihg = "1d"
"""


@pytest.fixture(scope="module")
def tickets(tmp_path_factory):
    folder = tmp_path_factory.mktemp("tickets")
    (folder / "conversations.csv").write_text(TICKETS)
    (folder / "service.toml").write_text(SETTINGS)
    (folder / "benchmark.csv").write_text("metric,value\ncsat,85\ncast,1\n")
    return folder


@pytest.fixture(scope="module")
def calls(tmp_path_factory):
    folder = tmp_path_factory.mktemp("calls")
    (folder / "calls.csv").write_text(CALLS)
    return folder


@pytest.fixture(scope="module")
def foreseen(tickets, calls):
    return {
        folder.name: {one.name: one for one in rehearse(open_data(folder), find_notebooks())}
        for folder in (tickets, calls)
    }


def test_it_is_what_the_reports_then_leave_out(calls, tmp_path, foreseen):
    """tests/test_report_run.py holds it against reports on conversations alone."""
    (outcome,) = run_reports("abandonment", data=calls, out=tmp_path / "out", options=Options(allow_empty=True))
    told = foreseen_of(foreseen, "calls")["abandonment"]
    assert told.is_made and outcome.status == "ok"
    left = [{key: one[key] for key in ("section", "reason")} for one in told.left_out]
    assert left and left == outcome.left_out


def test_every_notebook_of_the_toolkit_can_be_foreseen(foreseen):
    for path in find_notebooks().values():
        cells = nbformat.read(path, as_version=4).cells
        assert all(_steps(cell.source) is not None for cell in cells if cell.cell_type == "code")
    for reports in foreseen.values():
        assert set(reports) == set(find_notebooks()) and all(one.is_known for one in reports.values())
    assert not foreseen_of(foreseen, "tickets")["abandonment"].is_made
    assert not foreseen_of(foreseen, "calls")["resolution"].is_made


def foreseen_of(foreseen, export):
    return next(reports for name, reports in foreseen.items() if name.startswith(export))


def notebook(path, *cells):
    made = nbformat.v4.new_notebook()
    parameters = nbformat.v4.new_code_cell('data: str = "x"\nperiod: str = "all"\n')
    parameters.metadata["tags"] = ["parameters"]
    opened = 'import toolkit\nfrom toolkit import metrics, show\n\nnow = toolkit.open_data(data, period=period)\nshow.header(now, "T")'
    made.cells = [nbformat.v4.new_markdown_cell("# T"), parameters, nbformat.v4.new_code_cell(opened)]
    for heading, source in cells:
        made.cells += [nbformat.v4.new_markdown_cell(f"## {heading}"), nbformat.v4.new_code_cell(source)]
    nbformat.write(made, path)
    return {path.stem: path}


def test_what_a_section_would_have_made_is_missing_in_the_next(tickets, tmp_path):
    held = notebook(
        tmp_path / "own.ipynb",
        ("Whose?", 'waits = metrics.average_handle_time(now.calls, by="queue")\nshow(waits)'),
        ("And then?", "show(waits)"),
        ("How many?", "show(metrics.inbound_volume(now.conversations))"),
    )
    (told,) = rehearse(open_data(tickets), held)
    assert [(one["section"], one["want"].name) for one in told.left_out] == [
        ("Whose?", "calls"),
        ("And then?", "calls"),
    ]
    assert told.is_made and told.sections == ["Whose?", "And then?", "How many?"]


def test_a_report_of_which_nothing_is_left_is_not_made(tickets, tmp_path):
    held = notebook(tmp_path / "own.ipynb", ("Whose?", "show(metrics.abandonment_rate(now.calls))"))
    (told,) = rehearse(open_data(tickets), held)
    assert not told.is_made and told.refused["want"] == Want("table", "calls")


@pytest.mark.parametrize(
    "code",
    [
        "import os\nos.remove(mark)",
        "open(mark, 'w')",
        "for one in [1]:\n    show(one)",
        "show(nobody)",
        "show(now.nothing)",
    ],
)
def test_code_of_ones_own_is_left_to_a_run(tickets, tmp_path, code):
    mark = tmp_path / "mark"
    mark.write_text("here")
    held = notebook(tmp_path / "own.ipynb", ("Own?", f"mark = {str(mark)!r}\n{code}"))
    (told,) = rehearse(open_data(tickets), held)
    assert not told.is_known and mark.read_text() == "here"


def test_nothing_is_scored_to_know_what_could_be(tmp_path, monkeypatch):
    (tmp_path / "messages.csv").write_text(
        "message_id,conversation_id,sent_at,sender,text\n1,1,2024-03-01T10:00:00Z,customer,this is terrible and the service is bad\n2,1,2024-03-01T11:00:00Z,agent,ok\n"
    )
    data = open_data(tmp_path)
    monkeypatch.setattr("toolkit.load.view.score_messages", lambda con: pytest.fail("scored"))
    (told,) = rehearse(data, find_notebooks(["sentiment_trends"]))
    assert told.is_made and not told.left_out
    monkeypatch.undo()
    assert data.scored_messages.to_pandas()["sentiment"].notna().any()


def test_what_is_missing_says_what_would_bring_it():
    zendesk, tables = find_source("zendesk"), find_source("tables")
    reply = Want("column", "conversations", "first_response_at")
    assert meaning(reply) == "first public reply by a human agent"
    assert brings(reply, tables) == "a column first_response_at in conversations.csv"
    assert "ticket_comments*" in brings(reply, zendesk, ["tickets"])
    assert brings(Want("table", "calls"), zendesk).startswith("this export doesn't tell it; amazon_connect")
    assert brings(Want("table", "calls"), tables) == "a file calls.csv with call_id, started_at"
    assert brings(Want("kind", "surveys", "nps"), tables) == "rows with kind = nps in surveys.csv"
    assert (
        brings(Want("setting", "service.toml", "targets.resolution"), zendesk)
        == "say targets.resolution in service.toml"
    )
    assert brings(Want("other", said="?"), zendesk) == ""
    either = Want("column", "conversations", "escalated_to or escalation_reason")
    assert meaning(either) == "who it was escalated to; or why it was escalated"


def test_errors_say_what_is_wanted():
    assert wanted(MissingTable("none", "surveys", "nps")).name == "nps of surveys"
    assert wanted(MissingTable("none"), "calls").name == "calls"
    assert wanted(MissingColumn("calls", "topic", [])).name == "calls.topic"
    assert wanted(MissingSetting("targets.csat", "what")).kind == "setting"
    assert wanted(MissingPackage("p", "e", "w")).kind == "package"


def test_the_most_wanted_comes_first(tickets):
    made = supports(open_data(tickets), find_notebooks(["resolution", "csat_by_topic", "response_times"]))
    assert made.wants[0].want.name == "surveys" and made.wants[0].reports == ["csat_by_topic"]
    assert [one.sections for one in made.wants[1:]] == sorted((one.sections for one in made.wants[1:]), reverse=True)


def test_what_is_hardly_meant_is_doubted(tickets):
    said = "\n".join(doubts_of(open_data(tickets)))
    assert "targets.first_response: no conversation has the channel facebok; the data has chat and email" in said
    assert "no conversation has the priority hihg (did you mean 'high'?)" in said
    assert "conversations.agnet is no column that the toolkit knows; did you mean agent?" in said
    assert "line 2: 85 is no share" in said and "line 3: no metric is called “cast”" in said
    assert len(said.splitlines()) == 5


def test_a_file_from_outside_that_is_none_is_doubted(tmp_path):
    (tmp_path / "conversations.csv").write_text(TICKETS.replace("agnet", "agent"))
    (tmp_path / "benchmark.csv").write_text("a,b\n1,2\n")
    (said,) = doubts_of(open_data(tmp_path))
    assert "benchmark.csv can’t be read" in said and "metric" in said


def test_check_ends_with_what_the_data_supports(tickets, capsys):
    assert main(["check", "--data", str(tickets)]) == 0
    said = capsys.readouterr().out
    assert "What the data supports" in said and "What would bring more" in said and "add --details" in said
    row = next(line for line in said.splitlines() if line.strip().startswith("abandonment"))
    assert row.split() == ["abandonment", "no", "calls"]
    assert "a column first_response_at in conversations.csv" in " ".join(said.split())


def test_check_tells_metric_by_metric(calls, capsys):
    assert main(["check", "--data", str(calls), "--details"]) == 0
    said = capsys.readouterr().out
    assert "metrics can be computed from this data:" in said and "abandonment_rate" in said
    lacking = said.split("What the others lack")[1]
    row = next(line for line in lacking.splitlines() if line.strip().startswith("csat "))
    assert row.split()[-1] == "surveys"
    assert "1 of" not in said.split("What the data supports")[0]
