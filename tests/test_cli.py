"""The command line: what it prints, and the code it exits with."""

import errno
import os
import subprocess
import sys
from pathlib import Path

import nbformat
import pandas as pd
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

import toolkit
from toolkit import cli
from toolkit.errors import BadData, CantWrite, EmptyPeriod, OutOfTime, TooOld
from toolkit.report.made import Outcome
from toolkit.report.runs import latest

ROOT = Path(toolkit.__file__).parents[1]


@pytest.fixture
def folder(tmp_path):
    parameters = 'data: str = ""\nperiod: str = "-28d"  # which days\nby: list[str] = ["channel"]  # [b]columns[/b]'
    parameters += "\nwhere: list[str] = []  # which rows, a=b"
    cells = [
        new_markdown_cell("# Waiting [red]\n\nWho waits."),
        new_code_cell(parameters, metadata={"tags": ["parameters"]}),
    ]
    nbformat.write(new_notebook(cells=cells), tmp_path / "waiting.ipynb")
    return tmp_path


@pytest.fixture
def ran(monkeypatch):
    """The arguments that `run_reports` was called with; its outcomes are set by `ran.outcomes`."""

    class Ran(dict):
        outcomes = ()

    calls = Ran()

    def run_reports(names, data, out, options, **told):
        calls.update({"names": names, "data": data, "out": out} | told | vars(options))
        return list(calls.outcomes)

    monkeypatch.setattr("toolkit.report.run.run_reports", run_reports)
    return calls


def good(out, name="waiting"):
    return Outcome(name, "ok", html=out / f"{name}.html", seconds=2.0)


def test_report_passes_its_options_on(ran, tmp_path, capsys):
    ran.outcomes = [good(tmp_path)]
    line = "report waiting mine.ipynb -d exports --source twitter --service s.toml -p last-month --as-of 2024-05-01"
    line += f" -o {tmp_path} --param by=channel --param n=1 --jobs 2 --timeout 60 --notebooks nb"
    line += " --where channel=chat --where team=(none) --each topic --allow-empty --interactive --wait 5 --keep 3"
    line += " --total-timeout 90 --max-age 36h --memory 4GB --pdf --reveal --env A_NAME"
    assert cli.main(line.split()) == 0
    assert ran == {
        "names": ["waiting", "mine.ipynb"],
        "data": "exports",
        "out": tmp_path,
        "source": "twitter",
        "service": Path("s.toml"),
        "period": "last-month",
        "as_of": "2024-05-01",
        "params": {"by": "channel", "n": "1"},
        "jobs": 2,
        "progress": None,  # no bars where there is no terminal
        "timeout": 60.0,
        "total_timeout": 90.0,
        "max_age": "36h",
        "memory": "4GB",
        "notebooks": Path("nb"),
        "warn": cli.reports._warn,
        "tell": cli.say,
        "where": ["channel=chat", "team=(none)"],
        "each": "topic",
        "allow_empty": True,
        "interactive": True,
        "wait": 5.0,
        "keep": 3,
        "pdf": True,
        "reveal": True,
        "env": ["A_NAME"],
        "reports": [],
    }
    said = capsys.readouterr()
    assert f"waiting: {tmp_path / 'waiting.html'} (2.0 s)" in said.out and "index.html" in said.out and not said.err


CODE = {"failed": 3, "skipped": 2}


@pytest.mark.parametrize(
    "statuses, code",
    [(["ok"], 0), (["ok", "skipped"], 0), (["ok", "failed"], 3), (["skipped"], 2), (["failed"], 3)],
)
def test_exit_code_of_reports(ran, tmp_path, capsys, statuses, code):
    ran.outcomes = [
        good(tmp_path)
        if status == "ok"
        else Outcome(status, status, message="why", code=CODE[status], log=tmp_path / "failed" / "x.log")
        for status in statuses
    ]
    assert cli.main(["report", "-d", "x", "-o", str(tmp_path)]) == code
    said = capsys.readouterr()
    assert ("why" in said.err) == (statuses != ["ok"]) and "Traceback" not in said.err


@pytest.mark.parametrize("codes, code", [([2, 2], 2), ([4], 4), ([5, 5], 5), ([2, 4], 3), ([3, 5], 3)])
def test_reports_that_failed_alike_give_their_exit_code(ran, tmp_path, codes, code):
    failed = [Outcome("x", "failed", message="why", code=it, log=tmp_path / "failed" / "x.log") for it in codes]
    ran.outcomes = [good(tmp_path), *failed]
    assert cli.main(["report", "-d", "x", "-o", str(tmp_path)]) == code


def test_sections_that_were_left_out_are_told(ran, tmp_path, capsys):
    outcome = good(tmp_path)
    reasons = ("no column 'a'", "no column 'b'", "no column 'a'")
    outcome.left_out = [{"section": f"{n}?", "reason": reason} for n, reason in enumerate(reasons)]
    ran.outcomes = [outcome]
    assert cli.main(["report", "-d", "x", "-o", str(tmp_path)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[1:3] == ["  left out: 0?; 2?: no column 'a'", "  left out: 1?: no column 'b'"]


@pytest.fixture
def export(folder):
    """An export of one conversation, beside a notebook that fails for want of a column."""
    (folder / "export").mkdir()
    rows = "conversation_id,channel,created_at\n1,chat,2024-03-01T08:00:00Z\n"
    (folder / "export" / "conversations.csv").write_text(rows)
    (folder / "export" / "calls.csv").write_text("call_id,started_at,team\n1,2024-03-01T08:00:00Z,a\n")
    source = "from toolkit.errors import MissingColumn; raise MissingColumn('conversations', by[0], ['channel'])"
    wrong = nbformat.read(folder / "waiting.ipynb", 4)
    wrong.cells += [new_markdown_cell("## Who?"), new_code_cell(source)]
    nbformat.write(wrong, folder / "waiting.ipynb")
    return folder / "export"


def test_a_wrong_value_that_only_the_notebook_can_tell(folder, export, capsys):
    # `team` is a column of another table: what the user asked for is not left out in silence
    line = (
        f"report -d {export} --notebooks {folder} -o {folder / 'out'} --param by=team -p 2024-03 --where channel=chat"
    )
    assert cli.main(line.split()) == 2
    said = capsys.readouterr()
    assert "waiting: FAILED: conversations has no column 'team'; it has: channel\n" in said.err
    log = (latest(folder / "out") / "failed" / "waiting.log").read_text()
    assert "KeyboardInterrupt" not in log and "Unable to parse line" not in log
    assert "Passed unknown parameter" not in log


def test_the_first_line_says_which_days_are_meant(folder, export, monkeypatch, capsys):
    monkeypatch.setattr("toolkit.report.run.run_tasks", lambda *_, **__: [good(folder)])
    line = f"report -d {export} --notebooks {folder} -o {folder} -p 2024-03"
    assert cli.main(line.split()) == 0
    explained = toolkit.open_data(export, period="2024-03").explain_period()
    assert capsys.readouterr().out.splitlines()[0] == explained and "2024-03" in explained


@pytest.mark.parametrize(
    "options, code, said",
    [
        (
            "-p 2031",
            6,
            "toolkit: no row of the data lies in the period 2031; the data goes through 2024-03-01. No report",
        ),
        (
            "--where channel=chap",
            6,
            "toolkit: no row of the period 2024-02-03..2024-03-01 has channel=chap (did you mean",
        ),
        ("-p 2031 --allow-empty", 2, "toolkit: warning: no row of the data lies in the period 2031; the data goes"),
        ("--param by=nonsense", 2, "toolkit: by: no table has a column 'nonsense'; there are: "),
        ("-p 2024-13", 2, "toolkit: period '2024-13' can't be read"),
        ("--each chanel", 2, "toolkit: --each: no table has a column 'chanel' (did you mean 'channel'?)"),
    ],
)
def test_exit_code_of_what_is_refused_early(folder, export, capsys, options, code, said):
    line = f"report -d {export} --notebooks {folder} -o {folder / 'out'} {options}"
    assert cli.main(line.split()) == code
    assert capsys.readouterr().err.startswith(said)
    assert (latest(folder / "out") is not None) == ("allow" in options)


def test_check_prints_every_note(tmp_path, capsys):
    (tmp_path / "calls.csv").write_text("call_id,started_at\n1,2024-03-01 08:00\n")
    (tmp_path / "notes.csv").write_text("x\n")
    assert cli.main(["check", "-d", str(tmp_path)]) == 0
    notes = toolkit.open_data(tmp_path).notes
    said = capsys.readouterr().out
    said = " ".join(said.split())  # a long one is folded
    assert notes and all(f"Note: {note}" in said for note in notes)


def test_check_writes_the_ledger_of_data_that_is_refused(tmp_path, monkeypatch, capsys):
    error = BadData("calls.csv: none of its 2 rows can be used")
    error.ledger = FakeData.ledger

    def refuse(*_, **__):
        raise error

    monkeypatch.setattr("toolkit.load.open_data", refuse)
    ledger = tmp_path / "ledger.csv"
    assert cli.main(["check", "-d", "x", "--out", str(ledger)]) == 2
    said = capsys.readouterr()
    assert list(pd.read_csv(ledger)["row"]) == [3, 4] and said.out == f"Ledger: {ledger} (2 rows)\n"
    assert said.err == "toolkit: calls.csv: none of its 2 rows can be used\n"
    error.ledger = None  # the file could not even be read
    ledger.unlink()
    assert cli.main(["check", "-d", "x", "--out", str(ledger)]) == 2
    assert not ledger.exists() and not capsys.readouterr().out


def test_a_file_that_cannot_be_written_exits_with_7(folder, capsys):
    (folder / "taken" / "calls.csv").mkdir(parents=True)
    assert cli.main(["sample", "-o", str(folder / "taken"), "--conversations", "300"]) == 7
    assert "calls.csv: can't be written: " in capsys.readouterr().err


@pytest.mark.parametrize(
    "line, said",
    [
        ("report -d x --param by", "'by' is not a parameter; write it as name=value"),
        ("report wating -d x --notebooks {folder}", "there is no report 'wating' (did you mean 'waiting'?)"),
        ("report -d x --notebooks {folder} --param byy=1", "no chosen notebook has a parameter 'byy'"),
        ("report -d {folder}/none --notebooks {folder} -o {folder}/out", "there is no such file or folder"),
        ("list nothing --notebooks {folder}", "there is no report 'nothing'"),
        ("check -d {folder}/none", "there is no such file or folder"),
        ("sample -o {folder}/waiting.ipynb", "can't be made a folder for the sample: File exists"),
        ("report -d x --notebooks {folder} -o {folder}/waiting.ipynb", "can't be made a folder for the reports"),
        ("report", "Missing option '--data'"),
        ("report -d x --jobs 0", "--jobs"),
        ("nonsense", "No such command"),
    ],
)
def test_mistakes_exit_with_2_and_one_message(folder, capsys, line, said):
    assert cli.main([part.format(folder=folder) for part in line.split()]) == 2
    output = capsys.readouterr()
    assert said in " ".join(output.err.split()) and "Traceback" not in output.err and not output.out


def test_list_shows_parameters(folder, capsys):
    assert cli.main(["list", "--notebooks", str(folder)]) == 0
    said = capsys.readouterr().out
    lines = [" ".join(line.split()) for line in said.splitlines()]
    assert lines[0] == "waiting Waiting [red]" and "Who waits." in said
    assert "--period str -28d which days" in lines  # given by an option
    assert "--where list[str] (empty) which rows, a=b" in lines
    assert "by list[str] channel [b]columns[/b]" in lines  # and its text is no markup


@pytest.fixture
def unsupported(monkeypatch):
    """What the data supports is told of real data, in tests/test_supports.py."""
    monkeypatch.setattr("toolkit.report.supports.print_supports", lambda *_: None)
    monkeypatch.setattr("toolkit.report.doubts.doubts_of", lambda data: [])


class FakeData:
    recognised = ""
    notes = ["conversations.csv isn't UTF-8: read as [cp1252]"]
    ledger = pd.DataFrame(
        {
            "table": ["calls", "calls"],
            "rule": ["[red]order of times[/]"] * 2,
            "action": ["rejected"] * 2,
            "value": ["=1+1", "-5"],
            "row": [3, 4],
            "reason": ["the time lies before the one that it must follow"] * 2,
        }
    )
    counts = pd.DataFrame(
        {"table": ["calls"], "rows_in": [1200], "rows_used": [1198], "rejected": [2], "repaired": [0]}
    )


def test_check_prints_counts_and_rules_and_writes_the_ledger(tmp_path, monkeypatch, capsys, unsupported):
    monkeypatch.setattr("toolkit.load.open_data", lambda *_, **__: FakeData())
    ledger = tmp_path / "ledger.csv"
    assert cli.main(["check", "-d", "x", "--out", str(ledger)]) == 0
    lines = [" ".join(line.split()) for line in capsys.readouterr().out.splitlines()]
    assert "calls 1,200 1,198 2 0" in lines
    assert "calls [red]order of times[/] rejected 2" in lines
    assert "Note: conversations.csv isn't UTF-8: read as [cp1252]" in lines
    # A spreadsheet must not run what a customer wrote; a number stays a number.
    assert list(pd.read_csv(ledger)["value"]) == ["'=1+1", "-5"]
    assert cli.main(["check", "-d", "x", "--strict"]) == 1
    capsys.readouterr()
    for place in (tmp_path / "no" / "such.csv", tmp_path, ledger / "below.csv"):
        assert cli.main(["check", "-d", "x", "--out", str(place)]) == 7
        said = capsys.readouterr().err
        assert f"toolkit: {place}: can't be written: " in said and "None" not in said


def test_what_is_set_aside_on_purpose_is_counted_apart_and_nothing_strict(monkeypatch, capsys, unsupported):
    merged = FakeData()
    merged.ledger = FakeData.ledger.assign(rule="set aside on purpose")
    merged.counts = FakeData.counts.assign(rejected=3, on_purpose=2)
    monkeypatch.setattr("toolkit.load.open_data", lambda *_, **__: merged)
    assert cli.main(["check", "-d", "x", "--strict"]) == 0
    lines = [" ".join(line.split()) for line in capsys.readouterr().out.splitlines()]
    assert "table rows in rows used on purpose rejected repaired" in lines
    assert "calls 1,200 1,198 2 1 0" in lines


def test_check_of_clean_data(monkeypatch, capsys, unsupported):
    clean = FakeData()
    clean.ledger = FakeData.ledger.head(0)
    monkeypatch.setattr("toolkit.load.open_data", lambda *_, **__: clean)
    assert cli.main(["check", "-d", "x", "--strict"]) == 0
    assert "Nothing was rejected" in capsys.readouterr().out


def test_sample(tmp_path, monkeypatch, capsys):
    calls = []
    monkeypatch.setattr("toolkit.sample.write_sample", lambda out, **options: calls.append((out, options)))
    assert cli.main(["sample", "--out", str(tmp_path), "--conversations", "5", "--format", "parquet"]) == 0
    assert calls == [(tmp_path, {"conversations": 5, "format": "parquet"})]  # the rest is the generator's to say
    assert f"toolkit report --data {tmp_path}" in capsys.readouterr().out


def test_sample_writes_the_committed_sample(tmp_path):
    assert cli.main(["sample", "--out", str(tmp_path)]) == 0
    committed = {path.name: path.read_bytes() for path in (ROOT / "data" / "sample").iterdir()}
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == committed


def test_sources(capsys):
    assert cli.main(["sources"]) == 0
    assert "twitter" in capsys.readouterr().out


def test_version(capsys):
    assert cli.main(["--version"]) == 0
    assert capsys.readouterr().out == f"toolkit {toolkit.__version__}\n"


@pytest.mark.parametrize(
    "error, code",
    [
        (KeyboardInterrupt, 130),
        (BadData("calls.csv: is empty"), 2),
        (PermissionError(13, "Permission denied", "calls.csv"), 2),
        (OSError("no room"), 2),  # it names no file
        (OSError(errno.ENOSPC, "No space left on device"), 7),
        (OSError(errno.EROFS, "Read-only file system", "a.csv"), 7),
        (CantWrite("a.csv", "why"), 7),
        (EmptyPeriod("none"), 6),
        (TooOld("old"), 6),
        (OutOfTime("long"), 4),
    ],
)
def test_what_commands_raise(monkeypatch, capsys, error, code):
    def fail(*_, **__):
        raise error

    monkeypatch.setattr("toolkit.load.open_data", fail)
    assert cli.main(["check", "-d", "x"]) == code
    said = capsys.readouterr().err
    assert "Traceback" not in said and "None" not in said and len(said.splitlines()) <= 1


def test_a_bug_is_not_hidden(monkeypatch, capsys):
    monkeypatch.setattr("toolkit.load.open_data", lambda *_, **__: 1 / 0)
    monkeypatch.setenv("TOOLKIT_DEBUG", "1")
    assert cli.main(["check", "-d", "x"]) == 70
    told = capsys.readouterr().err
    assert "Traceback" in told and "ZeroDivisionError" in told and "test_cli.py" in told


def test_help_loads_nothing_heavy():
    code = (
        "import sys; from toolkit.cli import main; assert main(['--help']) == 0; "
        "heavy = {'pandas', 'ibis', 'duckdb', 'papermill', 'nbconvert', 'matplotlib'} & set(sys.modules); "
        "assert not heavy, heavy"
    )
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=environment, timeout=120)
    assert done.returncode == 0 and "toolkit sample" in done.stdout, done.stderr
