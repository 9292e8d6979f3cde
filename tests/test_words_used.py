"""No word is kept that nothing says, and nothing says a word that is not kept: the catalogue against the code."""

import ast
import re
import tomllib
from functools import cache
from pathlib import Path

from toolkit import words
from toolkit.words.catalogue import HERE

TOOLKIT = HERE.parent
FORMS = {"zero", "one", "two", "few", "many", "other"}
# Prose of the notebooks is held against them elsewhere; a value may be any that a source's data has.
ELSEWHERE = ("notebooks.", "value.")


def keys(entry, path=""):
    for name, value in entry.items():
        key = f"{path}.{name}" if path else name
        if isinstance(value, dict) and not set(value) <= FORMS:
            yield from keys(value, key)
        else:
            yield key


KEYS = [key for file in sorted((HERE / "en").glob("*.toml")) for key in keys(tomllib.loads(file.read_text("utf-8")))]
TABLES = {key.split(".")[0] for key in KEYS}


def strings(node):
    return [one.value for one in ast.walk(node) if isinstance(one, ast.Constant) and isinstance(one.value, str)]


def parts_of(node):
    """What a text is put together of: texts, and None for whatever is filled in."""
    values = node.values if isinstance(node, ast.JoinedStr) else [node]
    return [part.value if isinstance(part, ast.Constant) else None for part in values]


@cache
def said():
    """(texts, patterns with holes) of the code, where a message's key, or a part of it, may stand."""
    texts, patterns = set(), set()
    for file in TOOLKIT.rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                texts |= {node.value, node.value.replace(" ", "_")}
                texts |= set(re.findall(r"\bAS (\w+)", node.value))  # a column that SQL names
            elif isinstance(node, (ast.arg, ast.keyword)) and node.arg:
                texts.add(node.arg)  # a choice is called as its parameter
            elif isinstance(node, ast.FunctionDef):
                texts.add(node.name)  # a metric
            elif isinstance(node, ast.JoinedStr):
                patterns.add(tuple(parts_of(node)))
            elif isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
                ends = strings(node.right)
                texts |= {one + end for one in strings(node.left) if "." not in one for end in ends}
                patterns.add((*parts_of(node.left), None))
            elif isinstance(node, ast.Call) and ast.unparse(node.func).rsplit(".")[-1] in ("entry", "name_of"):
                patterns.add((*parts_of(node.args[0]), ".", None))  # the words below a key
    for file in TOOLKIT.rglob("*.j2"):
        source = file.read_text("utf-8")
        texts |= set(re.findall(r"[\"']([\w.]+)[\"']", source))
        patterns |= {(start, None) for start in re.findall(r"\"([\w.]+\.)\" ~", source)}
    whole = re.compile(r"[a-z_.]*[a-z]{2}[a-z_.]*")
    return texts, [one for one in patterns if whole.fullmatch("".join(str(part) for part in one if part is not None))]


@cache
def is_said(key, depth=2):
    """Whether the code has the whole of a key, or a pattern of it and what fills the holes, down to `depth` patterns."""
    texts, patterns = said()
    return key in texts or key.isdigit() or (depth > 0 and any(fits(key, pattern, depth - 1) for pattern in patterns))


def fits(key, pattern, depth):
    if not pattern:
        return not key
    if pattern[0] is not None:
        return key.startswith(pattern[0]) and fits(key[len(pattern[0]) :], pattern[1:], depth)
    if pattern[1:] and pattern[-1] is not None and not key.endswith(pattern[-1]):
        return False
    ends = range(len(key) + 1) if pattern[1:] else [len(key)]
    return any(is_said(key[:end], depth) and fits(key[end:], pattern[1:], depth) for end in ends)


def test_a_word_is_said_somewhere():
    held = [key for key in KEYS if not key.startswith(ELSEWHERE)]
    assert len(held) > 1000 and [key for key in held if not is_said(key)] == []


def test_every_key_that_the_code_names_is_there():
    texts, _ = said()
    named = {
        text
        for text in texts
        if re.fullmatch(r"[a-z_]+(\.[a-z_0-9]+)*\.[a-z_0-9]*[a-z0-9]", text) and text.split(".")[0] in TABLES
    }
    files = {path.name for path in Path(TOOLKIT).rglob("*")}
    assert len(named) > 50
    assert {key for key in named if not words.has(key)} - files - {"figure.facecolor", "figure.autolayout"} == set()
