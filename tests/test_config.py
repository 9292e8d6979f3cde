"""A file of parameters: several reports in one run, checked before anything runs; and that no secret stands in it."""

import json
import re

import nbformat
import pytest
from conftest import ROOT
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from toolkit import cli
from toolkit.cli.config import describe, load_config, merge
from toolkit.errors import BadParameter, BadSettings
from toolkit.report import plan, runs
from toolkit.report.made import Outcome
from toolkit.report.options import Options, Wanted

WEEKLY = ROOT / "examples" / "schedules" / "weekly.toml"
TOKEN = "Pl4ntedT0ken9z"
PARAMETERS = """data: str = ""
source: str = ""
service: str = ""
period: str = "-28d"
as_of: str = ""
by: str = "channel"
where: list[str] = []"""
KERNEL = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}


def write(folder, text):
    file = folder / "weekly.toml"
    file.write_text(text, encoding="utf-8")
    return file


def merged(file, given=None, names=None):
    return merge(load_config(file), given or {}, names)


def test_the_example_is_read_as_it_says(capsys):
    names, options = merged(WEEKLY)
    assert names is None and options["data"] == "/srv/customer-service/data" and options["keep"] == 60
    assert [(one.report, one.notebook, one.period) for one in options["reports"]] == [
        ("overview", "overview", None),
        ("response_times", "response_times", None),
        ("response_times_month", "response_times", "last-month"),
        ("csat_by_topic", "csat_by_topic", "last-month"),
    ]
    assert describe(WEEKLY, options)[1:] == [
        "  overview: period = last-week",
        "  response_times: period = last-week, by = channel",
        "  response_times_month (of response_times): period = last-month, each = team",
        "  csat_by_topic: period = last-month, where = channel=whatsapp, channel=email",
    ]
    planned = plan.plan(None, Options(period="last-week", reports=options["reports"]))
    assert [one.said for one in planned] == ["", "", ": the month", ""]  # each parameter is one of its notebook's


def test_the_command_line_wins():
    given = {"period": "2024-03", "where": ["channel=chat"], "params": {"by": "topic"}, "out": "march", "keep": 2}
    names, options = merged(WEEKLY, given, ["response-times"])
    assert names is None and options["out"] == "march" and options["keep"] == 2 and options["period"] == "2024-03"
    assert [(one.report, one.period, one.where, one.each, one.params) for one in options["reports"]] == [
        ("response_times", None, None, None, {}),
        ("response_times_month", None, None, "team", {}),
    ]
    assert options["params"] == {"by": "topic"}
    with pytest.raises(BadSettings, match="the file has no report 'response'; it has: overview, response_times, "):
        merged(WEEKLY, {}, ["response"])


def test_a_file_without_reports_is_of_all_or_those_named(tmp_path):
    file = write(tmp_path, '[run]\ndata = "env:DATA"\n[defaults]\nperiod = "last-week"\nparams.by = "topic"\n')
    assert merged(file) == (None, {"data": "env:DATA", "period": "last-week", "params": {"by": "topic"}})
    assert merged(file, {}, ["waits"])[0] == ["waits"]


def test_paths_are_as_seen_from_the_file(tmp_path):
    (tmp_path / "helpdesk").mkdir()
    text = '[run]\ndata = "../exports"\nsource = "helpdesk"\nservice = "/etc/service.toml"\nnotebooks = "nb"\n'
    text += (
        '[[report]]\nname = "mine/waits.ipynb"\n[notify]\nreaders = ["@mail", "env:MAIL"]\nfailures = ["@/etc/ops"]\n'
    )
    file = write(tmp_path, text)
    _, options = merged(file)
    assert options["data"] == f"{tmp_path}/../exports" and options["source"] == f"{tmp_path}/helpdesk"
    assert options["service"] == "/etc/service.toml" and options["notebooks"] == f"{tmp_path}/nb"
    assert options["reports"] == [Wanted(f"{tmp_path}/mine/waits.ipynb")]
    told = load_config(file).notify
    assert told.readers == [f"@{tmp_path}/mail", "env:MAIL"] and told.failures == ["@/etc/ops"]
    file.write_text('[run]\ndata = "s3://bucket/x"\nsource = "zendesk"\n')
    assert merged(file)[1] == {"data": "s3://bucket/x", "source": "zendesk", "params": {}}


@pytest.mark.parametrize(
    "text, said",
    [
        ("[run]\ndatta = 'x'", r"run.datta = 'x': unknown key; did you mean 'data'\? Allowed here: data, source, "),
        ("[runs]\n", "runs = .*: unknown key; did you mean 'run'"),
        (
            "[run]\nperiod = 'x'",
            r"run.period = 'x': unknown key; it belongs to \[defaults\] or \[report\]. Allowed here: data,",
        ),
        ("[run]\nxyzzy = 1", "run.xyzzy = 1: unknown key. Allowed here: data, "),
        ("[run]\njobs = '2'", "run.jobs = '2': Input should be a valid integer"),
        ("[run]\nkeep = 0", "run.keep = 0: Input should be greater than or equal to 1"),
        ("[run]\nmax_age = 'soon'", "run.max_age = 'soon': 'soon' is not a duration; write one such as '20s'"),
        ("[run]\nallow_empty = 'yes'", "run.allow_empty = 'yes': Input should be a valid boolean"),
        ("[[report]]\nperiod = 'x'", "report.0.name: is missing; write name = "),
        ("[[report]]\nname = 'a'\nperod = 'x'", "report.0.perod = 'x': unknown key; did you mean 'period'"),
        (
            "[[report]]\nname = 'a'\nparams.by = 2024-01-01",
            "report.0.params.by = .*: is no text, number, true or false",
        ),
        ("[[report]]\nname = 'a'\nparams.by = [1, 'a']", "report.0.params.by = .*: is no text, number, true or false"),
        ("[run", "weekly.toml: is not TOML: Expected"),
        (f"[notify]\nreaders = ['mailto://me:{TOKEN}@x.example']", "notify.readers.0 = ...: may not stand here"),
        (f"[notify]\nfailures = ['{TOKEN}']", "notify.failures.0 = .*: may not stand here"),
        (f"[run]\ndata = 'postgresql://me:{TOKEN}@host/db'", "run.data = ...: holds a password, and may not"),
        (f"[run]\ndata = 'postgresql://me:pa/{TOKEN}@host/db'", "run.data = ...: holds a password, and may not"),
        (f"[run]\ndata = 'host=db password={TOKEN}'", "run.data = ...: holds a password, and may not"),
        (
            f"[defaults]\nparams.at = 'https://x.example/?access_token={TOKEN}'",
            "defaults = {...}: params.at holds a secret",
        ),
        (f"[defaults]\nparams.api_token = '{TOKEN}'", "defaults = {...}: params.api_token holds a secret"),
        (f"[[report]]\nname = 'a'\nparams.at = ['http://me:{TOKEN}@host']", "report.0 = .*: params.at holds a secret"),
    ],
)
def test_what_is_wrong_is_told_by_file_key_and_what_is_allowed(text, said, tmp_path, capsys, monkeypatch):
    monkeypatch.setattr("toolkit.report.run.run_reports", lambda *_, **__: pytest.fail("it ran"))
    file = write(tmp_path, text)
    assert cli.main(["report", "--config", str(file)]) == 2
    told = capsys.readouterr()
    assert re.search(said, told.err) and str(file) in told.err and "Traceback" not in told.err
    assert TOKEN not in told.err + told.out


def test_a_parameter_that_is_kept_elsewhere_may_be_named(tmp_path):
    file = write(tmp_path, "[[report]]\nname = 'a'\nparams.api_token = 'env:TOKEN'\n")
    assert merged(file)[1]["reports"][0].params == {"api_token": "env:TOKEN"}


@pytest.mark.parametrize(
    "reports, said",
    [
        ([Wanted("waits"), Wanted("waits")], "two reports are called 'waits'; .* as = \"waits_2\""),
        ([Wanted("waits", "Calls"), Wanted("calls")], "two reports are called 'calls'"),
        ([Wanted("waits", "../x")], r"can't be called '\.\./x'"),
        ([Wanted("waits", "index")], "can't be called 'index'"),
        ([Wanted("waits", "a.b")], r"can't be called 'a\.b'"),
    ],
)
def test_names_that_are_none_are_refused(reports, said):
    with pytest.raises(BadParameter, match=said):
        plan.check_names(reports)


def test_without_data_the_option_is_missing(tmp_path, capsys):
    assert cli.main(["report", "--config", str(write(tmp_path, "[defaults]\nperiod = 'last-week'\n"))]) == 2
    assert "Missing option '--data'" in capsys.readouterr().err


def test_options_of_the_file_reach_the_run(tmp_path, capsys, monkeypatch):
    seen = {}

    def run_reports(names, data, out, options, **_):
        seen.update(vars(options), names=names, data=data, out=out)
        return [Outcome("waits", "ok", html=tmp_path / "waits.html")]

    monkeypatch.setattr("toolkit.report.run.run_reports", run_reports)
    file = write(tmp_path, '[run]\ndata = "x"\ntimeout = 60\njobs = 1\nmemory = "1GB"\nmax_age = "2d"\n')
    assert cli.main(["report", "waits", "--config", str(file), "--timeout", "90", "-o", str(tmp_path / "o")]) == 0
    assert seen["names"] == ["waits"] and seen["data"] == f"{tmp_path}/x" and seen["timeout"] == 90
    assert (seen["jobs"], seen["memory"], seen["max_age"], seen["out"]) == (1, "1GB", "2d", tmp_path / "o")
    assert f"{file}: data = {tmp_path}/x" in capsys.readouterr().out


@pytest.fixture(scope="module")
def ran(tmp_path_factory):
    """A run of one notebook under two names, of different days, whose messages can't be delivered."""
    folder = tmp_path_factory.mktemp("config")
    (folder / "data").mkdir()
    rows = [f"c{n},2024-03-{n:02} 10:00:00,chat" for n in range(4, 18)]
    (folder / "data" / "conversations.csv").write_text("\n".join(["conversation_id,created_at,channel", *rows]) + "\n")
    (folder / "nb").mkdir()
    cells = [new_markdown_cell("# Waits\n\nWho waits."), new_code_cell(PARAMETERS, metadata={"tags": ["parameters"]})]
    cells.append(new_code_cell("print('seen', period, by, where)"))
    nbformat.write(new_notebook(cells=cells, metadata=KERNEL), folder / "nb" / "waits.ipynb")
    text = '[run]\ndata = "data"\nout = "out"\nnotebooks = "nb"\n[defaults]\nperiod = "2024-W11"\nparams.by = "topic"\n'
    text += '[[report]]\nname = "waits"\n[[report]]\nname = "waits"\nas = "waits_march"\nperiod = "2024-03"\n'
    text += 'where = ["channel=chat"]\nparams.by = "hour"\n[notify]\nreaders = ["env:READERS"]\nfailures = ["@ops"]\n'
    (folder / "ops").write_text(f"json://127.0.0.1:9/{TOKEN}ops?cto=1\n")
    (folder / "ops").chmod(0o600)
    file = write(folder, text)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("toolkit.report.post.WAIT", 0.0)
        patch.setenv("READERS", f"json://me:{TOKEN}pass@127.0.0.1:9/{TOKEN}path?cto=1&+X-Key={TOKEN}head")
        yield folder, file, cli.main(["report", "--config", str(file), "-j", "2"])


def test_one_run_makes_reports_of_different_days(ran, capsys):
    folder, file, code = ran
    assert code == 8  # made, and not delivered
    run = runs.latest(folder / "out")
    reports = runs.read_manifest(run)["reports"]
    assert {name: (one["status"], one["title"]) for name, one in reports.items()} == {
        "waits": ("ok", "Waits"),
        "waits_march": ("ok", "Waits: waits march"),
    }
    assert "seen 2024-W11 topic []" in (run / "waits.html").read_text()
    assert "seen 2024-03 hour [&#39;channel=chat&#39;]" in (run / "waits_march.html").read_text().replace("'", "&#39;")
    assert reports["waits_march"]["where"] == ["channel=chat"]


def test_no_address_is_kept_or_printed(ran, capfd):
    folder, file, _ = ran
    held = [path for path in (folder / "out").rglob("*") if path.is_file()]
    assert len(held) > 5
    assert not [path for path in held if TOKEN.encode() in path.read_bytes()]
    assert json.loads((runs.latest(folder / "out") / "manifest.json").read_text())["reports"]
