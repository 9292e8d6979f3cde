"""Parameters are read without running anything, and checked before a kernel starts."""

import json
from typing import Literal

import pytest

from toolkit.errors import BadParameter
from toolkit.report.parameters import (
    assign_parameters,
    parameters_cell,
    parse_parameters,
    read_notebook,
    read_parameters,
    read_title,
    split_pairs,
)

CELL = '''
"""What this report can be told."""
from typing import Literal

data: str = "data/sample"  # folder of the export
# the columns to
# break down by
by: list[str] = ["channel"]
edges: list[int] = []  # upper ends; # included
share: float = 0.5
order: Literal["asc", "desc"] = "asc"
size: Literal[1, 2] = 1
only_open: bool = False
top: int | None = None
plain = 3  # without a type
long: str = (
    "a"
    "b"  # inside
)
'''


def test_parameters_are_read():
    known = parse_parameters(CELL)
    read = {name: (it.type, it.default, it.help) for name, it in known.items()}
    assert read == {
        "data": (str, "data/sample", "folder of the export"),
        "by": (list[str], ["channel"], "the columns to break down by"),
        "edges": (list[int], [], "upper ends; # included"),
        "share": (float, 0.5, ""),
        "order": (Literal["asc", "desc"], "asc", ""),
        "size": (Literal[1, 2], 1, ""),
        "only_open": (bool, False, ""),
        "top": (int | None, None, ""),
        "plain": (int, 3, "without a type"),
        "long": (str, "ab", "inside"),
    }
    assert known["order"].choices == ("asc", "desc")
    assert known["by"].type_name == "list[str]"


@pytest.mark.parametrize(
    "name, given, expected",
    [
        ("data", "a=b, c", "a=b, c"),  # a text is taken as it is
        ("data", "", ""),
        ("by", "channel, topic", ["channel", "topic"]),
        ("by", '["a, b"]', ["a, b"]),  # JSON, for values with commas
        ("by", "", []),
        ("by", ["x"], ["x"]),
        ("edges", "1,2", [1, 2]),
        ("edges", "[3]", [3]),
        ("share", "0.25", 0.25),
        ("share", 1, 1.0),
        ("order", "desc", "desc"),
        ("size", "2", 2),
        ("size", 2, 2),
        ("only_open", "yes", True),
        ("only_open", "False", False),
        ("only_open", "no", False),
        ("top", "none", None),
        ("top", " 5 ", 5),
        ("plain", "4", 4),
    ],
)
def test_values_are_read_as_their_type_asks(name, given, expected):
    value = parse_parameters(CELL)[name].value_of(given)
    assert value == expected and type(value) is type(expected)


@pytest.mark.parametrize(
    "name, given, said",
    [
        ("plain", "four", "'four' is not a whole number"),
        ("plain", "1.5", "not a whole number"),
        ("plain", True, "not a whole number"),  # a bool is an int to Python, not to us
        ("plain", 1.5, "not a whole number"),
        ("share", "much", "is not a number"),
        ("share", "nan", "not a finite number"),
        ("share", "inf", "not a finite number"),
        ("edges", "1,x", "whole numbers separated by commas"),
        ("edges", "[1", "JSON list"),
        ("edges", '["a"]', "JSON list"),
        ("by", [1], "texts separated by commas"),
        ("order", "dsc", "(did you mean 'desc'?); one of: 'asc', 'desc'"),
        ("only_open", "maybe", "true or false"),
        ("data", 5, "is not a text"),
    ],
)
def test_wrong_values_are_refused(name, given, said):
    with pytest.raises(BadParameter) as error:
        parse_parameters(CELL)[name].value_of(given)
    assert f"parameter {name!r}" in str(error.value) and said in str(error.value)


@pytest.mark.parametrize(
    "cell, said",
    [
        ("x: int = int('3')", "line 1 of the parameters cell: the default of 'x' is not a plain value"),
        ("import os\nos.remove('x')", "line 2"),  # and nothing is run
        ("x: dict = {}", "the type dict is not supported"),
        ("x = []", "does not tell its type"),
        ("x: int", "may stand there"),
        ("a, b = 1, 2", "may stand there"),
        ("x = = 1", "is not Python"),
    ],
)
def test_cells_that_cannot_be_read(cell, said):
    with pytest.raises(BadParameter, match=r".*") as error:
        parse_parameters(cell)
    assert said in str(error.value)


KNOWN = {
    "calls": parse_parameters("period: str = '-28d'\nwithin: int = 20"),
    "csat": parse_parameters("period: str = '-28d'\nby: str = 'topic'"),
}


@pytest.mark.parametrize(
    "given, expected",
    [
        ({}, {"calls": {}, "csat": {}}),
        ({"period": "-7d"}, {"calls": {"period": "-7d"}, "csat": {"period": "-7d"}}),
        ({"within": "30"}, {"calls": {"within": 30}, "csat": {}}),  # goes to those that know it
    ],
)
def test_parameters_are_assigned(given, expected):
    assert assign_parameters(given, KNOWN) == expected


def test_unknown_parameters_are_refused_with_what_there_is():
    with pytest.raises(BadParameter) as error:
        assign_parameters({"witin": "30"}, KNOWN)
    message = str(error.value)
    assert "'witin' (did you mean 'within'?)" in message
    assert "calls: period, within" in message and "csat: period, by" in message


def test_a_wrong_value_names_the_notebook():
    with pytest.raises(BadParameter, match="^calls: parameter 'within': 'soon' is not a whole number"):
        assign_parameters({"within": "soon"}, KNOWN)


@pytest.mark.parametrize(
    "pairs, said", [(["x"], "name=value"), (["=1"], "name=value"), (["x=1", "x=2"], "given twice")]
)
def test_pairs_that_are_none(pairs, said):
    with pytest.raises(BadParameter, match=said):
        split_pairs(pairs)


def test_pairs_keep_what_follows_the_first_equals_sign():
    assert split_pairs(["by=a=b", "x="]) == {"by": "a=b", "x": ""}


def write(path, *cells):
    path.write_text(json.dumps({"cells": list(cells), "metadata": {}, "nbformat": 4, "nbformat_minor": 5}))
    return path


def test_the_tagged_cell_is_the_one_that_is_read(tmp_path):
    other = {"cell_type": "code", "metadata": {}, "source": "y: int = 1"}
    tagged = {"cell_type": "code", "metadata": {"tags": ["parameters"]}, "source": ["x: int = 1\n", "z: int = 2"]}
    assert list(read_parameters(write(tmp_path / "a.ipynb", other, tagged))) == ["x", "z"]
    assert read_parameters(write(tmp_path / "b.ipynb", other)) == {}
    assert parameters_cell(tmp_path / "a.ipynb") == "x: int = 1\nz: int = 2"
    assert parameters_cell(tmp_path / "b.ipynb") is None  # no report; one with an empty cell is
    empty = {"cell_type": "code", "metadata": {"tags": ["parameters"]}, "source": ""}
    assert parameters_cell(write(tmp_path / "c.ipynb", empty)) == ""


@pytest.mark.parametrize(
    "source, expected",
    [
        ("# A title\n\nA *sentence*\nof two lines.\n\nMore.", ("A title", "A sentence of two lines.")),
        ("# Only a title", ("Only a title", "")),
        ("No title", ("", "")),
    ],
)
def test_titles(tmp_path, source, expected):
    path = write(tmp_path / "a.ipynb", {"cell_type": "markdown", "metadata": {}, "source": source})
    assert read_title(path) == expected


@pytest.mark.parametrize("content", [None, "not JSON", "[]", '{"cells": [{}]}'])
def test_files_that_are_no_notebook(tmp_path, content):
    path = tmp_path / "a.ipynb"
    if content is not None:
        path.write_text(content)
    with pytest.raises(BadParameter, match="a.ipynb"):
        read_notebook(path)
