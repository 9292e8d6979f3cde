"""The command line as a user runs it, and a page as a reader sees it; shared by the tests of whole reports."""

import os
import re
import subprocess
import sys
from html import unescape
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def toolkit(*arguments, cwd=ROOT):
    """Run the command line as a user would; returns the finished process."""
    return subprocess.run(
        [sys.executable, "-m", "toolkit.cli", *map(str, arguments)],
        capture_output=True,
        text=True,
        cwd=cwd,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        timeout=1200,
    )


def text_of(html, hidden="style|details"):
    """What a reader sees: without tags, style and what is folded."""
    html = re.sub(rf"<({hidden})\b.*?</\1>", " ", html, flags=re.DOTALL)
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", html)))
