"""What one notebook may take: memory, with all that it starts; what it prints and shows; what its log may grow to.

Memory and log are watched by its worker, see `Watch`. What is printed and shown is cut in the kernel, see `Outputs`,
before anybody has to hold it.
"""

import contextlib
import os
import re
import threading
import time
from pathlib import Path

from toolkit import words
from toolkit.backend import machine_memory
from toolkit.errors import BadParameter
from toolkit.report import family

MB = 1_000_000
CELL, NOTEBOOK = 1 * MB, 5 * MB  # characters that a cell, and a notebook, may print
SHOWN, ALL_SHOWN = 8 * MB, 40 * MB  # characters of one display, and of all of a notebook's
DISPLAYS = 5_000  # displays of a notebook
ERROR = 100_000  # characters of an error's message, and of each piece of its traceback
LOG, LOG_KEPT = 5 * MB, 1 * MB  # bytes at which a log is cut, and to which
LOOK = 0.1  # seconds between two looks at the memory, or more, so that they take no more than a twentieth of the time
SHARE = 0.8  # of the machine's memory, for all notebooks that run at a time
LEAST = 512 * MB  # a kernel with an engine takes half of it before it does anything
SPARSE = 2  # times the limit that a process may ask for: what isn't used takes no memory
UNITS = {"": 1, "k": 1_000, "m": MB, "g": 1_000 * MB, "t": 1_000_000 * MB}
UNITS |= {"ki": 1 << 10, "mi": 1 << 20, "gi": 1 << 30, "ti": 1 << 40}
DISPLAYED = ("display_data", "execute_result", "update_display_data")


def parse_size(text):
    """Bytes of "4GB", "512 MB", "1.5GiB", or of a plain number of bytes.

    Raises
    ------
    BadParameter
        It is none, or too little for any notebook.

    Examples
    --------
    >>> parse_size("4GB"), parse_size("1.5 GiB")
    (4000000000, 1610612736)
    """
    found = re.fullmatch(r"\s*(\d{1,9}(?:\.\d+)?|\d{10,18})\s*([kmgt]i?|)b?\s*", str(text), re.IGNORECASE)
    size = int(float(found[1]) * UNITS[found[2].lower()]) if found else 0
    if size < LEAST:
        raise BadParameter(f"memory is {str(text)!r}; write a size such as 4GB, at least {size_text(LEAST)}")
    return size


def size_text(size):
    """A size in bytes for people.

    >>> size_text(512_000_000), size_text(9_873_633_280)
    ('512 MB', '9.9 GB')
    """
    return f"{size / 1e9:.1f} GB" if size >= 1e9 else f"{size / 1e6:.0f} MB"


def share_of_memory(jobs):
    """Bytes that each of so many notebooks may take: its share of the machine's memory, or of the container's."""
    return max(LEAST, int(machine_memory() * SHARE / jobs))


class Watch(threading.Thread):
    """Looks at what a worker's descendants take, and ends them at the limit; `message` says so.

    Parameters
    ----------
    memory : int or None
        Bytes.
    log : path
        The file into which they write; of one that grows beyond LOG the first LOG_KEPT bytes stay.
    """

    def __init__(self, memory, log):
        super().__init__(daemon=True)
        self.memory, self.log, self.message, self.is_over = memory, log, "", threading.Event()

    def run(self):
        pause = LOOK
        while not self.is_over.wait(pause):
            start = time.monotonic()
            cut_log(self.log)
            if self.memory:
                self._look()
            pause = max(LOOK, 20 * (time.monotonic() - start))

    def _look(self):
        import psutil

        below = psutil.Process().children(recursive=True)
        if sum(_resident(one) for one in below) <= self.memory:
            return
        # Forks share what they have in common, of which each resident size counts all.
        size = sum(_proportional(one) for one in below)
        if size > self.memory:
            self.message = (
                f"took more memory ({size_text(size)}) than the {size_text(self.memory)} that one notebook may take, "
                "and was ended; --memory allows more, --jobs 1 leaves more to each"
            )
            family.kill_below()

    def stop(self):
        """Look no more."""
        self.is_over.set()


def _resident(process):
    import psutil

    with contextlib.suppress(psutil.Error):
        return process.memory_info().rss
    return 0


def _proportional(process):
    import psutil

    with contextlib.suppress(psutil.Error):
        full = process.memory_full_info()
        return getattr(full, "pss", full.uss)
    return 0


def cut_log(path):
    """Cut a log that has grown beyond LOG, while others write to its end."""
    with contextlib.suppress(OSError):
        if os.path.getsize(path) > LOG:
            os.truncate(path, LOG_KEPT)


def read_log(path):
    """The text of a log, of a long one its beginning; "" where there is none."""
    with contextlib.suppress(OSError), open(path, "rb") as file:
        text = file.read(LOG_KEPT).decode("utf-8", "replace")
        return text + ("\n[... cut here]\n" if file.read(1) else "")
    return ""


def limit_allocations(memory):
    """Refuse this process, and what it starts, what it asks for at once beyond all use: it gets a MemoryError."""
    with contextlib.suppress(ImportError, OSError, ValueError):
        import resource

        import psutil

        _, most = resource.getrlimit(resource.RLIMIT_DATA)
        wanted = psutil.Process().memory_info().data + SPARSE * memory
        resource.setrlimit(resource.RLIMIT_DATA, (min(wanted, most) if most > 0 else wanted, most))


def die_first():
    """Be what the system ends when it has no memory left, in place of the worker that can tell of it."""
    with contextlib.suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text("900", "ascii")


class Outputs:
    """Stands for a kernel's `session.send`: bounds what cells print and show, and says what was cut.

    What a cell prints beyond the limits is counted, and told when it has ended. A display beyond them is replaced by a
    line that says so.
    """

    def __init__(self, send):
        self.send, self.lock = send, threading.RLock()
        self.printed = self.shown = self.displays = 0  # of the notebook so far
        self.cell, self.of_cell, self.cut = None, 0, 0

    def __call__(self, stream, message, content=None, parent=None, *others, **options):
        """As `jupyter_client.session.Session.send`: `message` is a kind with its content, or a whole message."""
        is_whole = isinstance(message, dict)
        kind = message["header"]["msg_type"] if is_whole else message
        body = (message if is_whole else {"content": content})["content"]
        with self.lock:
            if kind == "execute_input":
                self.of_cell = self.cut = 0
            elif kind == "stream":
                body = self._printed(body)
                if not body["text"]:
                    return None
            elif kind in DISPLAYED:
                body = self._shown(body, kind)
            elif kind == "error" or (kind == "execute_reply" and body.get("status") == "error"):
                body = body | {key: _short(body[key]) for key in ("evalue", "traceback") if key in body}
            elif kind.startswith("comm") and _size(body) + _size(options.get("buffers")) > SHOWN:
                return None
            elif kind == "status" and body.get("execution_state") == "idle" and self.cut:
                self._tell(stream, parent)
        if is_whole:
            return self.send(stream, message | {"content": body}, None, parent, *others, **options)
        return self.send(stream, message, body, parent, *others, **options)

    def _printed(self, body):
        """As much of what is printed as there is room for."""
        text = body["text"]
        room = max(0, min(CELL - self.of_cell, NOTEBOOK - self.printed))
        kept = text[:room]
        self.of_cell += len(kept)
        self.printed += len(kept)
        self.cut += len(text) - len(kept)
        return body | {"text": kept}

    def _tell(self, stream, parent):
        cut, self.cut = self.cut, 0
        said = words.text("pages.say.cut", cut=_megabytes(cut), cell=_megabytes(CELL), notebook=_megabytes(NOTEBOOK))
        self.send(stream, "stream", {"name": "stdout", "text": f"\n{said}\n"}, parent)

    def _shown(self, body, kind):
        """What is shown; a line in place of what is too large."""
        size = _size(body.get("data"))
        self.displays += 1
        if size <= SHOWN and self.shown + size <= ALL_SHOWN and self.displays <= DISPLAYS:
            if kind != "update_display_data":  # it takes the place of what is there
                self.shown += size
            return body
        values = {"size": _megabytes(size), "one": _megabytes(SHOWN), "all": _megabytes(ALL_SHOWN), "most": DISPLAYS}
        # of the thousands that a loop shows, one tells it
        said = words.text("pages.say.too_large", **values) if self.displays <= DISPLAYS + 1 else ""
        return body | {"data": {"text/plain": said} if said else {}, "metadata": {}}


def _size(value):
    """The characters of all texts in a value, however it is nested; bytes count as well."""
    if isinstance(value, (str, bytes, bytearray)):
        return len(value)
    if isinstance(value, memoryview):
        return value.nbytes
    if isinstance(value, dict):
        return sum(_size(key) + _size(one) for key, one in value.items())
    if isinstance(value, (list, tuple)):
        return sum(map(_size, value))
    return 8  # a number


def _short(value):
    """A text, or each of some, that is no longer than an error may be."""
    if isinstance(value, list):
        return [_short(one) for one in value[:1000]]
    text = str(value)
    return text if len(text) <= ERROR else f"{text[:ERROR]}\n[... cut here]"


def _megabytes(size):
    return words.number(size / MB, 1)
