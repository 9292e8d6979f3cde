"""What an executed notebook says of itself, for the overview: its head, its key figures, its sections."""

import json
from functools import lru_cache
from pathlib import Path

from toolkit.displays import KEY_FIGURES, REPORT, SECTION


def read_bundles(path):
    """The bundles of the executed notebook at `path`.

    Returns
    -------
    dict with
        header : dict; {} when the notebook has none, or can't be read
        figures : list of (texts, raw) of each key figure, in their order
        blocks : list of dict; those of a section with tabs have the section's `id` and follow one another
    """
    path = Path(path)
    try:
        return _read(path, path.stat().st_mtime_ns)
    except OSError:
        return {"header": {}, "figures": [], "blocks": []}


@lru_cache(maxsize=64)  # the overview is drawn after each report of a run, from all of them
def _read(path, _):
    header, figures, blocks = {}, [], []
    for data in _displays(path):
        header |= data.get(REPORT, {})
        shown = data.get(KEY_FIGURES, {})
        texts, raw = shown.get("figures", []), shown.get("raw", [])
        figures += zip(texts, raw, strict=True) if len(texts) == len(raw) else []
        blocks += _blocks(data.get(SECTION))
    return {"header": header, "figures": figures, "blocks": blocks}


def _displays(path):
    try:
        cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
        return [output["data"] for cell in cells for output in cell.get("outputs", []) if output.get("data")]
    except (OSError, ValueError, KeyError, TypeError):
        return []


def _blocks(section):
    """The blocks of a section: itself, or those of its tabs, to which there is one way."""
    if not section:
        return []
    tabs = section.get("tabs")
    return [tab["block"] | {"id": section["id"]} for tab in tabs] if tabs else [section]
