"""The documentation held against the code, so that neither can move alone."""

import inspect
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import nbformat
import pytest
import yaml

import toolkit
from toolkit import metrics, service
from toolkit.cli import reports
from toolkit.load import apart, sandbox
from toolkit.load.files import databases, delimited, documents, given, headers, packed, traps, walk
from toolkit.metrics.definitions import definitions_markdown
from toolkit.report import limits
from toolkit.report.parameters import read_parameters
from toolkit.service import Service
from toolkit.sources import list_sources
from toolkit.tables import TABLES, data_dictionary

ROOT = Path(__file__).resolve().parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def anchors(markdown):
    return {
        re.sub(r"[^a-z0-9 -]", "", line.lower()).strip("# ").replace(" ", "-")
        for line in markdown.splitlines()
        if line.startswith("#")
    }


def test_definitions_are_those_of_the_code():
    assert (ROOT / "DEFINITIONS.md").read_text(encoding="utf-8") == definitions_markdown(), "run make docs"


@pytest.mark.parametrize("name", metrics.__all__)
def test_every_metric_documents_itself(name):
    text = inspect.getdoc(getattr(metrics, name))
    assert "Returns" in text and ">>> " in text
    source = re.search(r"Source: DEFINITIONS\.md#([a-z-]+)", text).group(1)
    assert source in anchors(definitions_markdown())


def test_the_data_dictionary_is_that_of_the_code():
    written = (ROOT / "data/sample/README.md").read_text(encoding="utf-8").splitlines()
    assert [line for line in data_dictionary().splitlines() if line.startswith("|")] == [
        line for line in written if line.startswith("|")
    ], "run make sample"


def test_conda_and_pip_name_the_same_packages():
    spec = yaml.safe_load((ROOT / "environment.yml").read_text(encoding="utf-8"))["dependencies"]
    conda = [one for one in spec if isinstance(one, str)]
    pip = next(one["pip"] for one in spec if isinstance(one, dict))
    assert pip[-1] == "-e ."
    named = {one for one in [*conda, *pip[:-1]] if one not in ("make", "pip") and not one.startswith("python>")}
    assert named == set(PROJECT["dependencies"])
    assert f"python{PROJECT['requires-python']}" in conda


def test_constraints_pin_every_package():
    pinned = {}
    for line in (ROOT / "constraints.txt").read_text().splitlines():
        if line and not line.startswith("#"):
            name, version = line.split("==")
            pinned[name.lower().replace("_", "-")] = version
    extras = PROJECT["optional-dependencies"]
    for one in [*PROJECT["dependencies"], *extras["test"]]:
        name = re.match(r"[A-Za-z0-9_-]+", one).group().lower().replace("_", "-")
        assert name in pinned, f"{name} is in pyproject.toml but not in constraints.txt"


def test_the_readme_names_every_command_report_and_source():
    from toolkit.cli import app

    commands = {command.name or command.callback.__name__ for command in app.registered_commands}
    assert commands == {"report", "list", "metric", "check", "sample", "sources", "map", "new", "history", "prune"}
    for command in commands:
        assert f"`toolkit {command}" in README
    for path in NOTEBOOKS:
        assert f"`{path.stem}`" in README
    for source in list_sources():
        assert f"`{source.name}`" in README


def test_every_command_line_of_the_readme_is_understood():
    from typer.main import get_command

    from toolkit.cli import app

    command = get_command(app)
    lines = re.findall(r"^\$ \.venv/bin/toolkit (.*)$", README, re.MULTILINE)
    assert len(lines) >= 4
    for line in lines:
        name, *arguments = line.split()
        command.commands[name].make_context(name, arguments)  # raises on an unknown option


def test_the_python_of_the_readme_runs():
    (code,) = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
    names = {}
    exec(code, names)  # it is our own text
    assert names["data"].period.label == "2024-03"


def test_every_make_target_of_the_readme_exists():
    makefile = (ROOT / "Makefile").read_text()
    for target in set(re.findall(r"`make ([a-z]+)`", README)) | {"report", "test", "lab", "help"}:
        assert re.search(rf"^{target}:", makefile, re.MULTILINE), target


def test_the_limits_of_the_readme_are_those_of_the_code():
    timeout = inspect.signature(reports.report).parameters["timeout"].default
    said = [
        f"| {apart.MOST_GROUPS:,};",
        f"| columns of a table | {headers.MOST_COLUMNS:,} |",
        f"| files of a folder | {walk.MOST_FILES:,} |",
        f"| {packed.MOST_MEMBERS:,} files, unpacked {packed.LARGEST_ARCHIVE >> 30} GB or {packed.MOST_TIMES} times its size |",
        f"| unpacked {packed.LARGEST >> 20} MB or {packed.MOST_TIMES} times its size",
        f"| {traps.MOST_CELLS:,} cells, empty ones within too, and {traps.MOST_TEXT >> 30} GB of text |",
        f"| lines of a file that can't be read | {given.MOST_BROKEN:,} |",
        f"| {sandbox.MOST_SECONDS:,} seconds |",
        f"| `service.toml` | {service.LARGEST >> 20} MB |",
        f"| {limits.CELL:,} characters a cell, {limits.NOTEBOOK:,} in all |",
        f"| {limits.SHOWN:,} characters a display, {limits.ALL_SHOWN:,} in all, {limits.DISPLAYS:,} displays |",
        f"| {limits.SHARE:.0%} of the machine's".replace("%", " %"),
        f"| time of a notebook | {timeout:,} seconds;",
    ]
    said += [
        f"a value of a database | {size >> 20} MB |"
        for size in (delimited.LONGEST, documents.LONGEST, databases.MOST_CELL)
    ]
    table = README.partition("## Limits\n")[2].partition("\n## ")[0]
    assert [one for one in said if one not in table] == [] and table.count("\n| ") == 15  # with its head


def test_links_of_the_documents_lead_somewhere():
    for name in ("README.md", "CONTRIBUTING.md"):
        for link in re.findall(r"\]\(([^)#]+)\)", (ROOT / name).read_text(encoding="utf-8")):
            assert link.startswith("https://") or (ROOT / link).exists(), f"{name}: {link}"


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_notebooks_are_stored_clean(path):
    notebook = nbformat.read(path, as_version=4)
    nbformat.validate(notebook)
    for cell in notebook.cells:
        assert not cell.get("outputs") and not cell.get("execution_count")
    parameters = read_parameters(path)
    assert {"data", "source", "service", "period", "as_of"} <= set(parameters)
    assert all(one.help for one in parameters.values()), "each parameter has a comment"
    for cell in notebook.cells:
        if cell.cell_type == "code" and "parameters" not in cell.metadata.get("tags", []):
            assert "def " not in cell.source and "lambda" not in cell.source  # no logic in a notebook


def test_the_sample_settings_show_every_setting():
    shown = tomllib.loads((ROOT / "data/sample/service.toml").read_text(encoding="utf-8"))
    assert set(shown) <= set(Service.model_fields)
    # how dates, numbers and missing values are spelt needn't be told of the sample, a currency stands among the costs
    assert set(Service.model_fields) - set(shown) <= {"date_order", "decimal", "missing", "currency", "labels"}
    assert "currency" in shown["costs"]


def test_sources_fill_tables_of_the_contract():
    for source in list_sources():
        assert source.tables and set(source.tables) <= set(TABLES)


def test_importing_the_toolkit_is_light():
    heavy = [
        "pandas",
        "ibis",
        "duckdb",
        "seaborn",
        "matplotlib",
        "statsmodels",
        "scipy",
        "papermill",
        "nbconvert",
        "py3langid",
    ]
    code = f"import sys, toolkit, toolkit.cli; print([m for m in {heavy} if m in sys.modules])"
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    assert out.stdout.strip() == "[]"


def test_the_version_is_in_the_changelog():
    assert f"## {toolkit.__version__}" in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")


def test_every_import_is_a_declared_dependency():
    import ast

    optional = [
        one for extra in ("predict", "postgres", "notify") for one in PROJECT["optional-dependencies"][extra]
    ]  # imported where used
    declared = {re.match(r"[A-Za-z0-9_-]+", one).group().lower() for one in [*PROJECT["dependencies"], *optional]}
    names = {
        "ibis": "ibis-framework",
        "IPython": "ipython",
        "vaderSentiment": "vadersentiment",
        "sklearn": "scikit-learn",
        "python_calamine": "python-calamine",
        "stdnum": "python-stdnum",
        "phonenumbers": "phonenumberslite",
    }
    imported = set()
    for file in (ROOT / "toolkit").rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                imported |= {alias.name.split(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                imported.add(node.module.split(".")[0])
    imported -= set(sys.stdlib_module_names) | {"toolkit"}
    assert {names.get(name, name) for name in imported} <= declared


@pytest.mark.parametrize("name", ["README.md", "CONTRIBUTING.md"])
def test_what_the_text_names_is_there(name):
    import importlib

    for dotted in set(re.findall(r"`(toolkit(?:\.\w+)+)", (ROOT / name).read_text(encoding="utf-8"))):
        found = importlib.import_module("toolkit")
        for part in dotted.split(".")[1:]:
            assert hasattr(found, part), dotted
            found = getattr(found, part)
    for path in re.findall(r"`((?:toolkit|data)/[\w./]+)`", (ROOT / name).read_text(encoding="utf-8")):
        assert (ROOT / path).exists(), path
