"""An executed notebook without what differs each time that it is run: when its cells ran, ids that are drawn by lot."""

import hashlib

TIMES = ("start_time", "end_time", "duration")


def without_stamps(notebook):
    """Take the times of execution and ids drawn by lot out of an executed notebook, in place.

    Parameters
    ----------
    notebook : dict, or NotebookNode
        As papermill leaves it.

    Returns
    -------
    The notebook.

    Examples
    --------
    >>> cell = {"id": "f00", "source": "1", "metadata": {"execution": {"iopub.execute_input": "..."}, "tags": ["a"]}}
    >>> without_stamps({"cells": [cell], "metadata": {"papermill": {"duration": 1.5, "version": "2.6"}}})["metadata"]
    {'papermill': {'version': '2.6'}}
    >>> cell
    {'id': 'cell-1', 'source': '1', 'metadata': {'tags': ['a']}}
    """
    for number, cell in enumerate(notebook["cells"], 1):
        for name in ("execution", "papermill"):
            cell["metadata"].pop(name, None)
        if "id" in cell:
            cell["id"] = f"cell-{number}"
    known = notebook["metadata"].get("papermill", {})
    for name in TIMES:
        known.pop(name, None)
    return notebook


def digest(path):
    """The SHA-256 of a file's bytes, as hexadecimal digits."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def digests(files):
    """{name: {"bytes", "sha256"}} of files, by their names alone; of two with one name by as much of the path as tells
    them apart, and as they are given where nothing does.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = pathlib.Path(folder, "a.csv")
    ...     _ = path.write_bytes(b"abc")
    ...     digests([path])["a.csv"]["sha256"][:16]
    'ba7816bf8f01cfea'
    """
    from pathlib import Path

    paths = sorted({Path(file) for file in files})
    names = _short(paths)
    return {
        name: {"bytes": path.stat().st_size, "sha256": digest(path)}
        for name, path in sorted(zip(names, paths, strict=True))
        if path.is_file()
    }


def _short(paths):
    """As few of the last parts of each path as tell it from the others."""
    for depth in range(1, 1 + max((len(path.parts) for path in paths), default=0)):
        names = ["/".join(path.parts[-depth:]) for path in paths]
        if len(set(names)) == len(names):
            return names
    return [str(path) for path in paths]
