"""The definitions that reports print and DEFINITIONS.md holds, one for each metric: its words, and what its shape says."""

import inspect
from pathlib import Path

from toolkit import words
from toolkit.tables import TABLES

UNITS = {
    "count": "count",
    "rate": "share in [0, 1]",
    "wait": "seconds",
    "mean": "seconds",
    "score": "a score on its scale, or the share that it is",
    "shares": "shares in [0, 1] that sum to 1",
    "curve": "share in [0, 1]",
    "grid": "mean count",
    "need": "agents",
    "pull": "points, from -1 to 1",
    "contribution": "points, from -1 to 1",
    "sums": "share in [0, 1]",
    "listing": "rows",
    "tally": "counts, and figures of them",
    "band": "count, or share in [0, 1], beside what was expected",
    "figure": "that of its figure",
    "comparison": "that of the metric",
    "team": "that of the metric",
}
BEST = {"low": "lower", "high": "higher", "": "neither"}


def definition(name):
    """What a metric is called and how it is defined: (title, definition, contested or "").

    Raises
    ------
    KeyError
        There are no words for such a metric.

    Examples
    --------
    >>> definition("abandonment_rate")[0]
    'Abandonment rate'
    """
    key = f"metric.{name}"
    contested = words.text(f"{key}.contested") if words.has(f"{key}.contested") else ""
    return words.text(f"{key}.title"), words.text(f"{key}.definition"), contested


def definitions_markdown():
    """DEFINITIONS.md: a section for each metric, in the order of `toolkit.metrics`.

    Examples
    --------
    >>> definitions_markdown().splitlines()[0]
    '# Definitions'
    """
    from toolkit import metrics
    from toolkit.metrics.registry import METRICS

    lines = [
        "# Definitions",
        "",
        "One section for each metric of `toolkit.metrics`. Written from the metrics and their words in "
        "`toolkit/words/en/metrics_*.toml` (`make docs`); reports print the same words.",
        "",
        "What holds for all of them: a cohort is what came in during the period; an interval is 95 %, Wilson's for a "
        "rate; a figure over fewer cases than `minimum_count` of service.toml is shown as “too few”; undefined is null, "
        "never 0; a group with a missing key is kept as “(none)”, and never the highest or the lowest; local time is "
        "the service's zone.",
    ]
    for name in metrics.__all__:
        metric = METRICS[name]
        _, text, contested = definition(name)
        summary = inspect.getdoc(metric.function).split("\n\n")[0].replace("\n", " ")
        lines += ["", f"## {name.replace('_', ' ').capitalize()}", "", f"`toolkit.metrics.{name}`: {summary}", "", text]
        if contested:
            lines += ["", f"**Contested:** {contested}"]
        for part, title in (("systems", "Elsewhere"), ("source", "Source")):
            if words.has(f"metric.{name}.{part}"):
                lines += ["", f"**{title}:** {words.text(f'metric.{name}.{part}')}"]
        row = TABLES[metric.contract].row if metric.contract in TABLES else ""
        takes_data = next(iter(inspect.signature(metric.function).parameters)) == "data"
        other = "Of a whole data set. " if takes_data else "Of results of other metrics. "
        table = f"Table: {metric.table}, one row per {row}. " if row else other
        view = f"Another view of `{metric.view_of}`. " if metric.view_of else ""
        lines += ["", f"{view}{table}Shape: {metric.shape}. Unit: {UNITS[metric.shape]}. Best: {BEST[metric.best]}."]
    return "\n".join(lines) + "\n"


def write_definitions(path="DEFINITIONS.md"):
    """Write DEFINITIONS.md again, as `make docs` does."""
    Path(path).write_text(definitions_markdown(), encoding="utf-8")
