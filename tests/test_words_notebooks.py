"""The notebooks' prose is in the catalogue, word for word, and is said in the language of the report."""

from pathlib import Path

import nbformat
import pytest

from toolkit import words
from toolkit.report.parameters import read_parameters
from toolkit.words import notebooks

ROOT = Path(__file__).resolve().parent.parent
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))


@pytest.fixture
def pseudo():
    words.use(words.PSEUDO)
    yield
    words.use(words.DEFAULT)


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_each_markdown_cell_is_in_the_catalogue(path):
    cells = [cell for cell in nbformat.read(path, as_version=4).cells if cell.cell_type == "markdown"]
    missing = [text for cell in cells for _, text in notebooks.blocks(cell.source) if not notebooks.is_known(text)]
    assert cells and not missing


def test_the_catalogue_holds_nothing_that_no_notebook_says():
    cells = [cell.source for path in NOTEBOOKS for cell in nbformat.read(path, as_version=4).cells]
    said = [text for source in cells for _, text in notebooks.blocks(source)]
    said += [one.help for path in NOTEBOOKS for one in read_parameters(path).values()]
    known = {" ".join(text.split()) for text in said}
    assert not [key for text, key in notebooks._keys().items() if text not in known]


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_the_meaning_of_each_parameter_is_in_the_catalogue(path):
    parameters = read_parameters(path)
    assert parameters and not [one.help for one in parameters.values() if not notebooks.is_known(one.help)]


@pytest.mark.parametrize(
    "source, expected",
    [
        ("# Abandonment\n\nAn analyst's own words.", "# ⟦Abandonment⟧\n\nAn analyst's own words."),
        ("## What are the key\nfigures?", "## ⟦What are the key figures?⟧"),  # spaces don't matter
        ("Not\n\n\nof ours", "Not\n\n\nof ours"),  # and then nothing is touched
        ("", ""),
    ],
)
def test_a_cell_is_translated_where_the_catalogue_holds_it(pseudo, source, expected):
    assert notebooks.translated_markdown(source) == expected


def test_in_english_a_notebook_stays_as_it_is():
    for path in NOTEBOOKS:
        for cell in nbformat.read(path, as_version=4).cells:
            assert notebooks.translated_markdown(cell.source).split() == cell.source.split()
