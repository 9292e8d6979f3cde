"""What a run told whoever started it, kept with its times."""

import threading
from datetime import UTC, datetime

from toolkit.guard import visible
from toolkit.privacy import mask
from toolkit.secrets import scrub

FILE = "run.log"


class Log:
    """The lines that a run told, each with its time in UTC.

    Parameters
    ----------
    warn, tell : callable, optional
        Called with each line that is given to the method of that name.

    Examples
    --------
    >>> told = []
    >>> log = Log(tell=told.append)
    >>> log.tell("-7d means 24 to 30 April")
    >>> told, log.text()[20:]
    (['-7d means 24 to 30 April'], ' -7d means 24 to 30 April\\n')
    """

    def __init__(self, warn=None, tell=None):
        self._warn, self._tell, self._lines, self._lock = warn, tell, [], threading.Lock()

    def warn(self, line):
        """Keep a warning, and hand it on."""
        self.add(f"warning: {line}")
        if self._warn:
            self._warn(line)

    def tell(self, line):
        """Keep a line, and hand it on."""
        self.add(line)
        if self._tell:
            self._tell(line)

    def add(self, line):
        """Keep a line."""
        with self._lock:
            self._lines.append(f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ} {visible(mask(scrub(str(line))))}")

    def text(self):
        """All lines, each with an end."""
        return "".join(f"{line}\n" for line in self._lines)
