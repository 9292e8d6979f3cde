"""The house: which module may know what."""

import ast
import re
from functools import cache
from pathlib import Path

import pytest

import toolkit
from toolkit.metrics.registry import METRICS

FOLDER = Path(toolkit.__file__).parent
MODULES = {
    ".".join(["toolkit", *path.relative_to(FOLDER).with_suffix("").parts]).removesuffix(".__init__"): path
    for path in sorted(FOLDER.rglob("*.py"))
}
MOST_LINES = 425
# Later rooms may enter earlier ones.
ROOMS = [
    [
        "toolkit.words",
        "toolkit.look",
        "toolkit.errors",
        "toolkit.tables",
        "toolkit.service",
        "toolkit.sources",
        "toolkit.clock",
    ],
    ["toolkit.movement", "toolkit.intervals", "toolkit.verdicts", "toolkit.engine"],
    ["toolkit.load", "toolkit.sentiment"],
    ["toolkit.result", "toolkit.metrics"],
    ["toolkit.claims", "toolkit.findings", "toolkit.headline", "toolkit.plots", "toolkit.table_html", "toolkit.cards"],
    ["toolkit.show"],
    ["toolkit.report", "toolkit.cli"],
]
BACK = {("toolkit.load.data", "toolkit.result")}  # the ledger's summary is shown as any result is


@cache
def imports(name):
    found = set()
    for node in ast.walk(ast.parse(MODULES[name].read_text("utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            whole = {f"{node.module}.{alias.name}" for alias in node.names}
            found |= {one if one in MODULES else node.module for one in whole}
    return {one for one in found if one in MODULES and one != name}


def room(name):
    rooms = [number for number, names in enumerate(ROOMS) if any(f"{name}.".startswith(f"{one}.") for one in names)]
    return rooms[0] if rooms else None


def code(name):
    """The code of a module without its texts and comments."""
    tree = ast.parse(MODULES[name].read_text("utf-8"))
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and " " in node.value:
            node.value = ""
    return ast.unparse(tree)


@pytest.mark.parametrize("name", [name for name in MODULES if room(name) is not None])
def test_no_arrow_runs_back(name):
    later = {one for one in imports(name) if room(one) is not None and room(one) > room(name)}
    assert {(name, one) for one in later} <= BACK


def test_no_circle():
    graph = {name: {one for one in imports(name) if (name, one) not in BACK} for name in MODULES}
    while graph:
        free = [name for name, needs in graph.items() if not needs & set(graph)]
        assert free, f"a circle among {sorted(graph)}"
        for name in free:
            del graph[name]


@pytest.mark.parametrize("name", [name for name in MODULES if not name.startswith(("toolkit.clock", "toolkit.sample"))])
def test_only_the_clock_computes_a_day(name):
    said = code(name)
    assert not re.search(r"timedelta\((days|weeks)|\.(iso)?weekday\(|to_period|DateOffset|\+ 3\) % 7|ZoneInfo\(", said)


@pytest.mark.parametrize(
    "name",
    [name for name in MODULES if re.match(r"toolkit\.(engine|claims|findings|plots|verdicts|intervals)", name)],
)
def test_the_engine_findings_and_plots_know_no_metric(name):
    assert not set(re.findall(r"\w+", code(name))) & set(METRICS)


@pytest.mark.parametrize("name", [name for name in MODULES if name.startswith("toolkit.metrics")])
def test_a_metric_knows_no_file_source_or_plot(name):
    foreign = ("toolkit.load", "toolkit.sources", "toolkit.plots", "toolkit.findings", "toolkit.show", "toolkit.report")
    assert not {one for one in imports(name) if one.startswith(foreign)}


@pytest.mark.parametrize("name", MODULES)
def test_no_module_is_long(name):
    assert len(MODULES[name].read_text("utf-8").splitlines()) <= MOST_LINES
