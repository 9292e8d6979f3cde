"""docs/gallery.ipynb: each metric in a line. It names them all, and each of its lines runs and says something."""

import re
from pathlib import Path

import nbformat

from toolkit import findings
from toolkit.metrics.registry import METRICS

PLACE = Path(__file__).parents[1] / "docs"
NOTEBOOK = nbformat.read(PLACE / "gallery.ipynb", as_version=4)
CODE = [cell.source for cell in NOTEBOOK.cells if cell.cell_type == "code"]


def test_it_names_every_metric_and_holds_no_outputs():
    whole = "\n".join(CODE)
    assert not [name for name in METRICS if not re.search(rf"metrics\.{name}\b", whole)]
    assert all(not cell.outputs for cell in NOTEBOOK.cells if cell.cell_type == "code")


def test_each_line_runs_and_says_something(monkeypatch):
    """Without the charts, which are drawn of the same results in other tests."""
    said, names = [], {}
    monkeypatch.chdir(PLACE)
    exec(CODE[0], names)  # it is our own text
    names["show"] = lambda result, comparison=None: said.append(findings.tell(result, comparison=comparison).heading)
    for line in CODE[1:]:
        exec(line, names)
    assert len(said) == len(CODE) - 1 and all(len(heading) > 10 for heading in said)
    assert not [heading for heading in said if "nan" in heading.split() or "None" in heading.replace("None of", "")]
