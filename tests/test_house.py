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
WRITTEN = (FOLDER.parent / "CONTRIBUTING.md").read_text("utf-8")
# Later rooms may enter earlier ones; CONTRIBUTING.md says the same in one line.
ROOMS = [
    [
        "toolkit",
        "toolkit.errors",
        "toolkit.replaced",
        "toolkit.scratch",
        "toolkit.links",
        "toolkit.words",
        "toolkit.look",
        "toolkit.displays",
        "toolkit.mask",
        "toolkit.privacy",
        "toolkit.secrets",
        "toolkit.guard",
    ],
    ["toolkit.tables", "toolkit.vocabulary", "toolkit.service", "toolkit.sources", "toolkit.clock", "toolkit.sample"],
    [
        "toolkit.backend",
        "toolkit.engine",
        "toolkit.ranks",
        "toolkit.movement",
        "toolkit.erlang",
        "toolkit.intervals",
        "toolkit.contributions",
        "toolkit.standardise",
        "toolkit.verdicts",
        "toolkit.unusual",
    ],
    ["toolkit.result"],
    ["toolkit.load", "toolkit.sentiment"],
    ["toolkit.mapping"],
    ["toolkit.metrics"],
    ["toolkit.claims"],
    [
        "toolkit.findings",
        "toolkit.plots",
        "toolkit.table_html",
        "toolkit.cards",
        "toolkit.headline",
        "toolkit.workbook",
        "toolkit.files",
    ],
    ["toolkit.blocks"],
    ["toolkit.show"],
    ["toolkit.report"],
    ["toolkit.cli"],
]
# Where a kind of survey, and its target, are called as the metric of it is.
ASKED = ("toolkit.tables", "toolkit.service")
DAYS_BEFORE = {"previous_period"}  # as the head of a report calls them
TOLD_TOPICS = {"topics"}  # as service.toml calls the words that show them


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
    """The number of a module's room, by its package; None where it has none."""
    top = ".".join(name.split(".")[:2])
    return next((number for number, names in enumerate(ROOMS) if top in names), None)


def code(name):
    """The code of a module without its texts and comments, and without the keys of its dicts."""
    tree = ast.parse(MODULES[name].read_text("utf-8"))
    for node in ast.walk(tree):
        if isinstance(node, ast.Dict):
            node.keys = [ast.Constant("") if isinstance(key, ast.Constant) else key for key in node.keys]
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and " " in node.value:
            node.value = ""
    return ast.unparse(tree)


@pytest.mark.parametrize("name", MODULES)
def test_every_module_has_a_room_and_enters_no_later_one(name):
    assert room(name) is not None
    assert not {one for one in imports(name) if room(one) > room(name)}


def test_no_circle():
    graph = {name: imports(name) for name in MODULES}
    while graph:
        free = [name for name, needs in graph.items() if not needs & set(graph)]
        assert free, f"a circle among {sorted(graph)}"
        for name in free:
            del graph[name]


def test_no_room_is_empty():
    assert {one for names in ROOMS for one in names} == {".".join(name.split(".")[:2]) for name in MODULES}


def test_the_order_is_the_one_that_is_written():
    (line,) = [line for line in WRITTEN.splitlines() if "→" in line]
    steps = [re.findall(r"[a-z_]+", step) for step in line.split("`")[1].split("→")]
    numbers = [{room(f"toolkit.{name}") for name in names if name != "notebooks"} for names in steps]
    told = [number for number in numbers if number]
    assert all(len(number) == 1 for number in told) and told == sorted(told, key=min)
    assert (
        len(told) == len({*map(min, told)}) == len(ROOMS) - 2
    )  # what all may use, and the command line, go without saying


def test_every_module_is_written_of():
    rows = " ".join(line.split("|")[1] for line in WRITTEN.splitlines() if line.startswith("|"))
    named = {name.removesuffix("/").removesuffix(".py") for name in re.findall(r"`(?:toolkit/)?(\w+(?:/|\.py))`", rows)}
    assert named == {name.split(".")[1] for name in MODULES if "." in name} | {"notebooks"}


@pytest.mark.parametrize("name", [name for name in MODULES if not name.startswith(("toolkit.clock", "toolkit.sample"))])
def test_only_the_clock_computes_a_day(name):
    said = code(name)
    assert not re.search(r"timedelta\((days|weeks)|\.(iso)?weekday\(|to_period|DateOffset|\+ 3\) % 7|ZoneInfo\(", said)


@pytest.mark.parametrize("name", [name for name in MODULES if not name.startswith(("toolkit.metrics", *ASKED))])
def test_none_but_the_metrics_know_a_metric(name):
    own = DAYS_BEFORE if name.startswith("toolkit.report") else TOLD_TOPICS if name == "toolkit.load.link" else set()
    assert not set(re.findall(r"\w+", code(name))) & set(METRICS) - own


@pytest.mark.parametrize("name", [name for name in MODULES if name.startswith("toolkit.metrics")])
def test_a_metric_knows_no_file_source_or_plot(name):
    foreign = ("toolkit.load", "toolkit.sources", "toolkit.plots", "toolkit.findings", "toolkit.show", "toolkit.report")
    assert not {one for one in imports(name) if one.startswith(foreign)}


@pytest.mark.parametrize("name", MODULES)
def test_no_module_is_long(name):
    assert len(MODULES[name].read_text("utf-8").splitlines()) <= MOST_LINES


def test_a_mime_type_stands_once():
    kinds = [
        kind
        for path in MODULES.values()
        for kind in re.findall(r'"application/vnd\.toolkit[^"]*"', path.read_text("utf-8"))
    ]
    assert len(kinds) == len(set(kinds)) == 4


def test_every_function_is_called_or_offered():
    """Of functions of a module, not of a class, and without a decorator, which may call them."""
    trees = [ast.parse(path.read_text("utf-8")) for path in MODULES.values()]
    nodes = [node for tree in trees for node in ast.walk(tree)]
    called = {node.id for node in nodes if isinstance(node, ast.Name)}
    called |= {node.attr for node in nodes if isinstance(node, ast.Attribute)}
    called |= {node.value for node in nodes if isinstance(node, ast.Constant) and isinstance(node.value, str)}
    outside = [*FOLDER.parent.glob("notebooks/*.ipynb"), FOLDER.parent / "Makefile"]
    called |= {name for path in outside for name in re.findall(r"\w+", path.read_text("utf-8"))}
    functions = [node for tree in trees for node in tree.body if isinstance(node, ast.FunctionDef)]
    assert {one.name for one in functions if not one.decorator_list} - called <= {"__getattr__", "__dir__"}
