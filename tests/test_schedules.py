"""The files of examples/schedules: read by what they are for, and their commands run, with every exit code that counts."""

import ast
import functools
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
import tomllib
import types
from configparser import ConfigParser
from pathlib import Path

import nbformat
import pytest
import yaml
from runs import ROOT
from typer.main import get_command

from toolkit.cli import app
from toolkit.report.parameters import read_parameters
from toolkit.report.project import write_project

SCHEDULES = {path.name: path for path in sorted((ROOT / "examples" / "schedules").iterdir()) if path.is_file()}
# Environment of its own, as Airflow's packages and ours don't agree on versions: `make airflow`.
AIRFLOW = Path(os.environ.get("TOOLKIT_AIRFLOW", ROOT / ".venv-airflow")) / "bin"
AGAIN = {4, 5, 6}  # what another try may mend: a time-out, a dead kernel, an export that is late
TOLD = ["What:", "Where:", "Which user:", "When it fails:", "Exit codes:"]


def needs(program):
    if not shutil.which(program):
        pytest.skip(f"{program} is not installed")


@pytest.fixture(scope="module")
def desk(tmp_path_factory):
    """A project with a part of the sample."""
    made = write_project(tmp_path_factory.mktemp("projects") / "desk")
    for name in ("conversations.csv", "service.toml"):
        shutil.copy(ROOT / "data" / "sample" / name, made / "data")
    return made


@pytest.fixture
def double(tmp_path):
    """A program `toolkit` that keeps what it is given, prints a line and ends with the codes that it is told, in turn."""
    programs = tmp_path / "programs"
    programs.mkdir()
    said, codes = tmp_path / "said.jsonl", tmp_path / "codes"
    code = (
        "import json, pathlib, sys\n"
        f"with open({str(said)!r}, 'a') as kept: kept.write(json.dumps(sys.argv[1:]) + '\\n')\n"
        f"codes = pathlib.Path({str(codes)!r})\n"
        "first, *rest = codes.read_text().split()\n"
        "codes.write_text(' '.join(rest))\n"
        "print('what toolkit said')\n"
        "sys.exit(int(first))\n"
    )
    (programs / "toolkit").write_text(f"#!{sys.executable} -S\n{code}")
    (programs / "sleep").write_text("#!/bin/sh\n")  # an hour is long
    for program in programs.iterdir():
        program.chmod(0o755)

    class Double:
        folder = programs

        def tell(self, *told):
            codes.write_text(" ".join(map(str, told)))
            said.unlink(missing_ok=True)

        def calls(self):
            return [json.loads(line) for line in said.read_text().splitlines()]

    return Double()


def scheduled(name, desk, programs):
    """The text of a schedule for this project and these programs."""
    text = SCHEDULES[name].read_text(encoding="utf-8")
    return text.replace("/opt/toolkit/bin", str(programs)).replace("/srv/customer-service", str(desk))


def understood(arguments):
    """The options of a call of `toolkit report`, read as the command line reads them; raises on one that it hasn't."""
    assert arguments[0] == "report"
    return get_command(app).commands["report"].make_context("report", list(arguments[1:])).params


@functools.cache
def refuses_stale_data(*arguments):
    """Whether these really refuse a good export of 2024, whose period has rows, by its age: run once."""
    with tempfile.TemporaryDirectory() as place:
        made = write_project(Path(place) / "desk")
        for name in ("conversations.csv", "service.toml"):
            shutil.copy(ROOT / "data" / "sample" / name, made / "data")
        command = [sys.executable, "-m", "toolkit.cli", *arguments, "--allow-empty"]
        variables = os.environ | {"PYTHONPATH": str(ROOT)}
        done = subprocess.run(command, cwd=made, env=variables, capture_output=True, text=True, timeout=120)
        is_whole = not (made / "reports").exists()
    said = re.search(r"newest event of the data is of 2024-.* days ago; --max-age allows 26 hours", done.stderr)
    return done.returncode == 6 and bool(said) and is_whole


def wants_fresh_data(arguments):
    options = understood(arguments)
    assert refuses_stale_data(*arguments)
    assert (options["data"], str(options["service"]), str(options["out"])) == ("data", "data/service.toml", "reports")
    assert options["wait"] and options["keep"]
    return options["as_of"] == "now" and options["max_age"] is not None


@pytest.mark.parametrize("name", SCHEDULES)
def test_each_is_explained_at_its_head(name):
    text = SCHEDULES[name].read_text(encoding="utf-8")
    head = ast.get_docstring(ast.parse(text)) if name.endswith(".py") else text.split("\n\n")[0]
    assert [told for told in re.findall(r"(?m)^(?:# )?([A-Z][a-z ]+:)", head) if told in TOLD] == TOLD
    assert len(head.splitlines()) <= 10


def test_the_readme_names_each():
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    for name in SCHEDULES:
        assert f"`{name}`" in readme


# systemd


def verify(folder):
    units = sorted(folder.glob("toolkit-report.*"))
    done = subprocess.run(["systemd-analyze", "verify", *units], capture_output=True, text=True)
    return done.stdout + done.stderr


def test_systemd_takes_the_units(desk, tmp_path):
    needs("systemd-analyze")
    programs = Path(sys.executable).parent
    for name in ("toolkit-report.service", "toolkit-report.timer"):
        (tmp_path / name).write_text(scheduled(name, desk, programs))
    assert verify(tmp_path) == ""
    unit = tmp_path / "toolkit-report.service"
    command = ["systemd-analyze", "security", "--no-pager", "--offline=true", "--threshold=50", unit]
    assert subprocess.run(command, capture_output=True).returncode == 0
    (calendar,) = re.findall(r"OnCalendar=(.*)", (tmp_path / "toolkit-report.timer").read_text())
    said = subprocess.run(["systemd-analyze", "calendar", calendar], capture_output=True, text=True)
    assert said.returncode == 0 and f"Normalized form: {calendar}" in said.stdout
    # and it would have said so
    unit.write_text(
        unit.read_text().replace("RestartSec=", "RestartSecs=").replace("/toolkit report", "/tolkit report")
    )
    told = verify(tmp_path)
    assert "RestartSecs" in told and "tolkit" in told


def test_systemd_tries_again_what_another_try_may_mend():
    unit = ConfigParser(interpolation=None, strict=False)
    unit.optionxform = str
    unit.read(SCHEDULES["toolkit-report.service"])
    service = unit["Service"]
    assert service["Restart"] == "on-failure"
    assert {2, 3, 4, 5, 6, 7} - {int(code) for code in service["RestartPreventExitStatus"].split()} == AGAIN
    program, *arguments = shlex.split(service["ExecStart"])
    assert program == "/opt/toolkit/bin/toolkit" and wants_fresh_data(arguments)
    assert Path(service["ReadWritePaths"]) == Path(service["WorkingDirectory"]) / understood(arguments)["out"]


# cron


def test_cron_takes_the_table(tmp_path):
    needs("crontab")
    table = tmp_path / "table"
    for text, is_right in ((SCHEDULES["crontab"].read_text(), True), ("0 25 * * * true\n", False)):
        table.write_text(text)
        done = subprocess.run(["crontab", "-n", table], capture_output=True, text=True)
        assert (done.returncode == 0) == is_right, done.stderr


@pytest.mark.parametrize(
    ("codes", "mail"),
    [
        ([0], ""),
        ([6, 0], ""),
        ([5, 4], "exit code 4"),
        ([2], "exit code 2"),
        ([3], "exit code 3"),
        ([7], "exit code 7"),
    ],
)
def test_what_cron_runs_and_mails(desk, double, codes, mail):
    text = scheduled("crontab", desk, double.folder)
    variables = {name: value.strip('"') for name, value in re.findall(r"(?m)^([A-Z]+)=(.*)$", text)}
    ((times, command),) = re.findall(r"(?m)^((?:[\d*]+ ){5})(.*)$", text)
    assert "%" not in command and times.split()[:2] == ["0", "6"]
    double.tell(*codes)
    variables["PATH"] = f"{double.folder}:{os.defpath}"
    done = subprocess.run([variables["SHELL"], "-c", command], env=variables, capture_output=True, text=True, cwd="/")
    assert bool(done.stdout) == bool(mail) and mail in done.stdout and done.stderr == ""
    assert not mail or "what toolkit said" in done.stdout
    assert len(double.calls()) == len(codes) and all(map(wants_fresh_data, double.calls()))


# GitHub Actions


def read_workflow(text):
    """A workflow, as YAML 1.2 has it: to PyYAML, which reads 1.1, the key `on` is true."""
    flow = yaml.safe_load(text)
    return {"on" if key is True else key: value for key, value in flow.items()}


def test_the_workflow_is_one():
    from check_jsonschema.builtin_schemas import get_builtin_schema
    from croniter import croniter
    from jsonschema import Draft7Validator

    workflows = Draft7Validator(get_builtin_schema("vendor.github-workflows"))
    text = SCHEDULES["github-actions.yml"].read_text()
    assert [error.message for error in workflows.iter_errors(read_workflow(text))] == []
    assert not workflows.is_valid(read_workflow(text.replace("runs-on:", "runs_on:")))
    flow = read_workflow(text)
    assert all(croniter.is_valid(one["cron"]) for one in flow["on"]["schedule"])
    assert flow["permissions"] == {"contents": "read"}
    steps = flow["jobs"]["report"]["steps"]
    (python,) = [
        step["with"]["python-version"] for step in steps if step.get("uses", "").startswith("actions/setup-python")
    ]
    named = tomllib.loads((Path(ROOT) / "pyproject.toml").read_text())["project"]["requires-python"]
    assert named == f">={python}"
    kept = steps[-1]
    assert kept["with"]["path"] == "reports/runs/latest/" and "cancelled" in kept["if"]  # of a failed run, too


@pytest.mark.parametrize(
    ("codes", "ends"), [([0], 0), ([6], 0), ([5, 0], 0), ([5, 5], 5), ([4, 3], 3), ([2], 2), ([7], 7)]
)
def test_what_the_workflow_runs(desk, double, codes, ends):
    steps = yaml.safe_load(SCHEDULES["github-actions.yml"].read_text())["jobs"]["report"]["steps"]
    (script,) = [step["run"] for step in steps if step.get("name") == "Make the reports"]
    double.tell(*codes)
    shell = ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", script]  # as the runner calls it
    variables = {"PATH": f"{double.folder}:{os.defpath}"}
    done = subprocess.run(shell, env=variables, cwd=desk, capture_output=True, text=True)
    assert done.returncode == ends and done.stderr == ""
    assert len(double.calls()) == len(codes) and all(map(wants_fresh_data, double.calls()))
    assert ("::warning::no data" in done.stdout) == (codes == [6])


# Airflow


def test_what_airflow_tries_again(desk, double, monkeypatch):
    """The task's function alone, beside doubles of what Airflow offers; the test after this one runs it in Airflow."""

    class Again(Exception):
        pass

    class Never(Exception):
        pass

    offered = {
        "pendulum": {"datetime": lambda *_, **__: None},
        "airflow.sdk": {"dag": lambda **_: lambda function: lambda: None, "task": None},
        "airflow.sdk.exceptions": {"AirflowException": Again, "AirflowFailException": Never},
        "airflow.providers.papermill.operators.papermill": {"PapermillOperator": None},
    }
    for name, members in offered.items():
        module = types.ModuleType(name)
        vars(module).update(members)
        monkeypatch.setitem(sys.modules, name, module)
    names = {"__name__": "dag"}
    exec(compile(scheduled("airflow_dag.py", desk, double.folder), "airflow_dag.py", "exec"), names)
    ends = {}
    for code in (0, 2, 3, 4, 5, 6, 7):
        double.tell(code)
        try:
            ends[code] = names["make_reports"]()
        except (Again, Never) as error:
            ends[code] = type(error)
        assert all(map(wants_fresh_data, double.calls()))
    assert ends.pop(0) == str(desk / "reports" / "runs" / "latest")
    assert {code for code, end in ends.items() if end is Again} == AGAIN
    assert {code for code, end in ends.items() if end is Never} == {2, 3, 7}


def test_airflow_runs_the_dag(desk, double, tmp_path):
    if not (AIRFLOW / "airflow").exists():
        pytest.skip("Airflow is not installed: make airflow")
    shorten(desk / "notebooks" / "overview.ipynb")
    dags = tmp_path / "airflow" / "dags"
    dags.mkdir(parents=True)
    (dags / "reports.py").write_text(scheduled("airflow_dag.py", desk, double.folder))
    double.tell(0)
    kernel = [sys.executable, "-m", "ipykernel", "install", "--prefix", tmp_path, "--name", "customer-service"]
    subprocess.run(kernel, check=True, capture_output=True)
    # Nothing but the kernel is ours.
    variables = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "AIRFLOW"))}
    variables |= {
        "AIRFLOW_HOME": str(tmp_path / "airflow"),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "JUPYTER_PATH": str(tmp_path / "share" / "jupyter"),
        "PYTHONPATH": str(ROOT),
    }
    airflow = AIRFLOW / "airflow"
    for command in (["db", "migrate"], ["dags", "test", "customer_service_reports", "2026-11-30"]):
        done = subprocess.run([airflow, *command], env=variables, capture_output=True, text=True, timeout=300)
        assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-4000:]
    assert "successful" in done.stdout + done.stderr
    assert len(double.calls()) == 1 and wants_fresh_data(double.calls()[0])
    made = desk / "executed" / "overview-2026-11-30.ipynb"
    check_executed(made, {"period": "last-week", "as_of": "now", "data": str(desk / "data")})


def shorten(path):
    """A notebook's head and first section: it is Airflow that is tried, and reports are elsewhere."""
    notebook = nbformat.read(path, 4)
    notebook.cells = notebook.cells[:5]
    nbformat.write(notebook, path)


def check_executed(path, values):
    """That a notebook has run to its end without a failure, with these parameters after its own."""
    notebook = nbformat.read(path, 4)
    cells = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert all(cell.execution_count for cell in cells)
    assert not [output for cell in cells for output in cell.outputs if output.output_type == "error"]
    tags = [cell.metadata.get("tags", []) for cell in cells]
    assert tags.index(["parameters"]) + 1 == tags.index(["injected-parameters"])
    injected = ast.parse(cells[tags.index(["injected-parameters"])].source).body
    told = {line.targets[0].id: ast.literal_eval(line.value) for line in injected if isinstance(line, ast.Assign)}
    assert values.items() <= told.items()


# JupyterLab's own scheduler


def test_jupyter_scheduler_runs_a_notebook_with_parameters(desk, tmp_path):
    """As JupyterLab's form "Create Job" gives them: each value is Python, so that text has its quotes."""
    from jupyter_scheduler.executors import DefaultExecutionManager
    from jupyter_scheduler.models import Status
    from jupyter_scheduler.orm import Job, create_session, create_tables

    url = f"sqlite:///{tmp_path / 'scheduler.sqlite'}"
    create_tables(url)
    notebook = tmp_path / "resolution.ipynb"
    shutil.copy(desk / "notebooks" / "resolution.ipynb", notebook)
    shorten(notebook)
    values = {"data": str(desk / "data"), "period": "2024-03", "where": ["channel=email"]}
    job = Job(
        runtime_environment_name="python3",
        input_filename=notebook.name,
        output_formats=["ipynb"],
        parameters={name: repr(value) for name, value in values.items()},
        name="resolution",
    )
    with create_session(url)() as session:
        session.add(job)
        session.commit()
        number = job.job_id
    paths = {"input": str(notebook), "ipynb": str(tmp_path / "done.ipynb")}
    DefaultExecutionManager(number, str(tmp_path), url, paths).process()
    with create_session(url)() as session:
        done = session.get(Job, number)
        assert done.status == Status.COMPLETED, done.status_message
    check_executed(tmp_path / "done.ipynb", values)


@pytest.mark.parametrize("path", sorted((ROOT / "notebooks").glob("*.ipynb")), ids=lambda path: path.stem)
def test_jupyter_scheduler_finds_the_parameters_of_each(path):
    from jupyter_scheduler.parameterize import add_parameters

    notebook = add_parameters(nbformat.read(path, 4), {"period": "'2024-03'"})
    assert read_parameters(path)["period"].default
    at = [cell.metadata.get("tags") for cell in notebook.cells].index(["injected-parameters"])
    before = "\n".join(cell.source for cell in notebook.cells[:at] if cell.cell_type == "code")
    names = {}
    exec(before + "\n" + notebook.cells[at].source, names)  # it is our own text
    assert names["period"] == "2024-03" and "open_data" not in before
