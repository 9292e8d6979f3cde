"""What sentences, charts, comparisons, definitions and tests know of each metric."""

from dataclasses import dataclass
from typing import Any

from toolkit.metrics.questions import question_of
from toolkit.metrics.small import hiding

METRICS = {}  # name -> Metric, in the order in which they are declared


@dataclass(frozen=True)
class Metric:
    """A metric's function, and what its shape needs to know of it; how it is called stands in `toolkit.words`."""

    function: Any
    shape: str  # count, rate, wait, mean, figure, score, shares, curve, grid, pull, contribution, listing, tally, band, need, ...
    table: str  # attribute of `data` that it takes
    case: str  # one row, as a key of the words `case`
    value: str  # the column that is compared, charted, told
    best: str = ""  # "low", "high", or "" where neither is better
    view_of: str = ""  # the metric that it shows from another side, such as its curve; "" for one of its own
    window: str = ""  # its argument that says how long after a case what became of it is known; "" for at once

    @property
    def contract(self):
        """The table of the contract that its table is."""
        return self.table.removeprefix("scored_")

    @property
    def question(self):
        """What it answers to, such as "response_times"."""
        return question_of(self.function.__module__)

    @property
    def name(self):
        """The name of the function."""
        return self.function.__name__


def metric(shape, table, case, value, best="", view_of="", window=""):
    """Declare the function below as a metric; of what it gives, groups that are too small to be told are left out last."""

    def declare(function):
        function = hiding(function)
        METRICS[function.__name__] = Metric(function, shape, table, case, value, best, view_of, window)
        return function

    return declare
