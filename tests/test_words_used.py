"""No word is kept that nothing says, and nothing says a word that is not kept: the catalogue against the code."""

import ast
import re
import tomllib
from functools import cache
from pathlib import Path

import pytest

from toolkit import words
from toolkit.words.catalogue import HERE

TOOLKIT = HERE.parent
FORMS = {"zero", "one", "two", "few", "many", "other"}
# Prose of the notebooks is held against them elsewhere; a value may be any that a source's data has.
ELSEWHERE = ("notebooks.", "value.")
HOLE = r"(\w*)"


def keys(entry, path=""):
    for name, value in entry.items():
        key = f"{path}.{name}" if path else name
        if isinstance(value, dict) and not set(value) <= FORMS:
            yield from keys(value, key)
        else:
            yield key


KEYS = [key for file in sorted((HERE / "en").glob("*.toml")) for key in keys(tomllib.loads(file.read_text("utf-8")))]
TABLES = {key.split(".")[0] for key in KEYS}


@cache
def said():
    """(texts, patterns with holes) of the code, where a message's key, or its last part, may stand."""
    texts, patterns = set(), set()
    for file in TOOLKIT.rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                texts |= {node.value, node.value.replace(" ", "_"), node.value.rsplit(".", 1)[-1]}
                texts |= set(re.findall(r"\bAS (\w+)", node.value))  # a column that SQL names
            elif isinstance(node, (ast.arg, ast.keyword)) and node.arg:
                texts.add(node.arg)  # a choice is called as its parameter
            elif isinstance(node, ast.FunctionDef):
                texts.add(node.name)  # a metric
            elif isinstance(node, ast.JoinedStr):
                parts = [re.escape(part.value) if isinstance(part, ast.Constant) else HOLE for part in node.values]
                patterns.add("".join(parts).rsplit(r"\.", 1)[-1])
    for file in TOOLKIT.rglob("*.j2"):
        texts |= set(re.findall(r"[\"']([\w.]+)[\"']", file.read_text("utf-8")))
    return texts, {pattern for pattern in patterns if re.search(r"[a-z]{2}", pattern.replace(HOLE, ""))}


def is_said(key):
    texts, patterns = said()
    if key in texts:
        return True
    name = key.rsplit(".", 1)[-1]
    affixes = {text for text in texts if re.fullmatch(r"_[a-z]+|[a-z]+_", text)}
    bare = {name.removesuffix(affix).removeprefix(affix) for affix in affixes}
    found = (re.fullmatch(pattern, name) for pattern in patterns)
    return bool(bare & texts) or any(
        match and all(part in texts or part.isdigit() for part in match.groups()) for match in found
    )


@pytest.mark.parametrize("key", [key for key in KEYS if not key.startswith(ELSEWHERE)])
def test_a_word_is_said_somewhere(key):
    assert is_said(key)


def test_every_key_that_the_code_names_is_there():
    texts, _ = said()
    named = {
        text
        for text in texts
        if re.fullmatch(r"[a-z_]+(\.[a-z_0-9]+)*\.[a-z_0-9]*[a-z0-9]", text) and text.split(".")[0] in TABLES
    }
    files = {path.name for path in Path(TOOLKIT).rglob("*")}
    assert len(named) > 50
    assert {key for key in named if not words.has(key)} - files - {"figure.facecolor"} == set()
