"""An executed notebook whose outputs hold no personal data: every text of them, whatever shows it.

All that a run keeps is made of the executed notebook: page, figures, overview, history. So it is masked there, once.
"""

import html
import re

from toolkit import words
from toolkit.displays import PRIVACY
from toolkit.privacy.kinds import KINDS, SIGNS
from toolkit.privacy.markup import csv_cells

PICTURES = ("image/png", "image/jpeg", "image/gif", "image/webp", "application/pdf")  # in which no text is found
MARKUP = re.compile(
    r"\s*<(?:svg|div|table|p|h[1-6]|span|details|ul|ol|figure|b|i|style|\?xml|!doctype)\b", re.IGNORECASE
)
OURS = frozenset({"id", "block", "anchor", "metric", "form", "kind", "status", "shape"})  # names of ours in a bundle
CELL = re.compile(r"<(th|td|text|title)\b[^<>]*>(.*?)</\1>", re.DOTALL | re.IGNORECASE)
LEFT_OUT = "left_out"


def mask_notebook(notebook, masker, known=()):
    """Mask the outputs of an executed notebook in place, and note in its metadata what was masked.

    Values that stand alone in a cell of a table, or are the name of a row, keep a mark by which they are told apart.

    Parameters
    ----------
    notebook : NotebookNode, or a dict with the text of each source and output joined
    masker : toolkit.privacy.Masker
    known : list of str
        Values that name what the report is of.

    Returns
    -------
    dict: `is_revealed`, `masked`: {kind: how many different values}; and `drawn`, where marks stood there already: how many
        pieces of what customers wrote were masked when it was drawn
    """
    drawn = sum(map(_drawn, _outputs(notebook)))
    if not masker.reveal:
        masker.learn(*known, *(name for output in _outputs(notebook) for name in _names(output)))
        rewrite(notebook, masker.text, masker.html, masker.csv, masker.source)
    said = {"is_revealed": masker.reveal, "masked": masker.counts()} | ({"drawn": drawn} if drawn else {})
    notebook["metadata"][PRIVACY] = said
    return said


def rewrite(notebook, text, markup=None, csv=None, source=None):
    """Put every text of a notebook through `text`, HTML and drawings through `markup`, CSV through `csv`, in place.

    Sources are texts, too, for which there may be a `source`: parameters that were injected stand there.
    """
    put = {"text": text, "markup": markup or text, "csv": csv or text}
    for cell in notebook["cells"]:
        cell["source"] = (source or text)(_joined(cell["source"]))
        if LEFT_OUT in cell.get("metadata", {}):
            cell["metadata"][LEFT_OUT] = _value(cell["metadata"][LEFT_OUT], put)
        for output in cell.get("outputs", []):
            for key in ("text", "evalue", "ename"):
                if key in output:
                    output[key] = text(_joined(output[key]))
            if "traceback" in output:
                output["traceback"] = text("\n".join(output["traceback"])).split("\n")
            if "metadata" in output:
                output["metadata"] = _value(output["metadata"], put)
            for kind, value in list(output.get("data", {}).items()):
                output["data"][kind] = _shown(kind, value, put)
    if "papermill" in notebook["metadata"]:
        notebook["metadata"]["papermill"] = _value(notebook["metadata"]["papermill"], put)


def _shown(kind, value, put):
    if kind in PICTURES:
        return value
    if kind in ("text/html", "image/svg+xml"):
        return put["markup"](_joined(value))
    return put["text"](_joined(value)) if kind.startswith("text/") else _value(value, put)


def _joined(value):
    """A text that the file of a notebook may hold as its lines."""
    return "".join(value) if isinstance(value, list) else value


def _value(value, put, name=""):
    """A value of a bundle, at whatever depth."""
    if isinstance(value, str):
        if name in OURS:
            return value
        kind = "csv" if name == "csv" else "markup" if MARKUP.match(value) else "text"
        return put[kind](value)
    if isinstance(value, dict):
        made = [(_key(key, put), _value(one, put, key)) for key, one in value.items()]
        value.clear()  # a NotebookNode stays one
        for key, one in made:
            while key in value:  # two that read alike now: neither is lost
                key += "\u2032"
            value[key] = one
        return value
    if isinstance(value, (list, tuple)):
        return [_value(one, put, name) for one in value]
    return value


def _key(key, put):
    """A key of a map, which names a group where it is none of ours; what refers to it is changed alike."""
    return put["text"](key) if isinstance(key, str) else key


# --- what was masked before ---------------------------------------------------------------------------


def _drawn(output):
    """How many marks an output holds already; it shows the same in several forms: of that with the most."""
    marks = {words.text(f"mask.{name}") for name in [*KINDS.values(), "name"]}
    pattern = re.compile("|".join(map(re.escape, sorted(marks))))
    shown = [*output.get("data", {}).items(), ("text/plain", output.get("text", ""))]
    texts = [
        _texts(_joined(value) if kind.startswith("text/") else value) for kind, value in shown if kind not in PICTURES
    ]
    return max((len(pattern.findall(text)) for some in texts for text in some), default=0)


def _texts(value):
    """The texts of a value of a bundle; those of one list, such as the cells of a table, as one."""
    if isinstance(value, dict):
        return [text for one in value.values() for text in _texts(one)]
    if isinstance(value, (list, tuple)):
        return ["\n".join(text for one in value for text in _texts(one))]
    return [value] if isinstance(value, str) else []


# --- names --------------------------------------------------------------------------------------------


def _outputs(notebook):
    return [output for cell in notebook["cells"] for output in cell.get("outputs", [])]


def _names(output):
    """The texts of an output that may name a group: each cell of a table, each text of a drawing, each whole text."""
    for kind, value in output.get("data", {}).items():
        if kind in PICTURES or kind in ("text/plain", "text/markdown"):
            continue
        yield from _whole(_joined(value) if kind.startswith(("text/", "image/")) else value)


def _whole(value, name=""):
    if isinstance(value, dict):
        for key, one in value.items():
            if isinstance(key, str) and SIGNS.search(key):
                yield key
            yield from _whole(one, key)
    elif isinstance(value, (list, tuple)):
        for one in value:
            yield from _whole(one, name)
    elif isinstance(value, str) and SIGNS.search(value):
        if name == "csv":
            yield from (cell for cell in csv_cells(value) if SIGNS.search(cell))
        elif MARKUP.match(value):
            texts = (html.unescape(re.sub(r"<[^<>]*>", "", found[2])).strip() for found in CELL.finditer(value))
            yield from (text for text in texts if SIGNS.search(text))
        else:
            yield value
