"""What a metric plans: its query, for several to be run as one."""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Plan:
    """A metric's query, and what makes its result of the rows that come back."""

    query: Any
    finish: Any
