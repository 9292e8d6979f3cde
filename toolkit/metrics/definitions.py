"""The definitions that reports print and DEFINITIONS.md holds, one for each metric."""

import tomllib
from pathlib import Path

DEFINITIONS = tomllib.loads((Path(__file__).parent / "definitions.toml").read_text(encoding="utf-8"))


def definitions_markdown():
    """DEFINITIONS.md, written from definitions.toml.

    Examples
    --------
    >>> definitions_markdown().splitlines()[0]
    '# Definitions'
    """
    lines = [
        "# Definitions",
        "",
        "One section for each metric of `toolkit.metrics`. Written from `toolkit/metrics/definitions.toml` "
        "(`make docs`); reports print the same words.",
        "",
        "What holds for all of them: a cohort is what came in during the period; an interval is 95 %, Wilson's for a "
        "rate; a figure over fewer cases than `minimum_count` of service.toml is shown as “too few”; undefined is null, "
        "never 0; a group with a missing key is kept as “(none)”; local time is the service's zone.",
    ]
    for name, one in DEFINITIONS.items():
        lines += [
            "",
            f"## {name.replace('_', ' ').capitalize()}",
            "",
            f"`toolkit.metrics.{name}`",
            "",
            one["definition"],
        ]
        if one.get("contested"):
            lines += ["", f"**Contested:** {one['contested']}"]
        lines += ["", f"Table: {one['table']}. Unit: {one['unit']}. Best: {one['best']}."]
    return "\n".join(lines) + "\n"
