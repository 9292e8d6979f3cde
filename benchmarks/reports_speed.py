"""The ten reports beside four of them, and forked processes beside started ones, on the sample in one run.

    python benchmarks/reports_speed.py

runs `toolkit report --data data/sample` as a whole, for the four reports that there were first, and for all of them
with every process started, and prints the processor time and the time that passed of each, as a ratio to those four
with every process started. Machines are noisy: read the ratios, not the seconds, and those of processor time first.
"""

import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from toolkit.report.nursery import OFF

SAMPLE = Path(__file__).resolve().parents[1] / "data" / "sample"
FOUR = ("abandonment", "csat_by_topic", "response_times", "sentiment_trends")


def seconds(*names, is_forked=True):
    """(processor time, time passed) of one run, with all of its processes."""
    with tempfile.TemporaryDirectory() as out:
        command = [sys.executable, "-m", "toolkit.cli", "report", *names, "--data", str(SAMPLE), "--out", out]
        before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
        subprocess.run(command, check=True, capture_output=True, env=os.environ | {OFF: "" if is_forked else "1"})
        after, passed = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic() - start
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, passed


def main():
    """Run each, print a table."""
    ways = {
        "four, every process started": (FOUR, False),
        "four, forked": (FOUR, True),
        "ten, every process started": ((), False),
        "ten, forked": ((), True),
    }
    base = None
    print(f"{'':30}{'processor':>12}{'passed':>10}   (times the first row)")
    for name, (names, is_forked) in ways.items():
        made = seconds(*names, is_forked=is_forked)
        base = base or made
        processor, passed = (it / first for it, first in zip(made, base, strict=True))
        print(f"{name:30}{processor:12.2f}{passed:10.2f}   ({made[0]:.0f} s, {made[1]:.0f} s)", flush=True)


if __name__ == "__main__":
    main()
