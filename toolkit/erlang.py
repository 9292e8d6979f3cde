"""How many agents calls need: Erlang's formulas, without (C) and with (A) callers who hang up.

Calls come in by chance at a steady rate, take as long as exponential times do, and wait in one queue; with
`hangs_up_after` each caller hangs up after an exponential time of that mean. Own code: the libraries there are ask for a newer Python
(pyworkforce) or know no patience, and the formulas are short. The recursion for Erlang B and sums of logarithms hold for
any size, where the textbooks' powers and factorials overflow.

>>> queue = Queue(calls=100, handle=180, agents=14, interval=1800)  # 100 calls in 30 minutes, of 3 minutes each
>>> round(queue.within(20), 3), round(queue.occupancy, 3)
(0.888, 0.714)
>>> agents_needed(calls=100, handle=180, target=0.8, seconds=20, interval=1800)
14
"""

import math
from dataclasses import dataclass
from functools import cached_property, lru_cache

import numpy as np

HOUR = 3_600
PANEL = 16  # nodes of Gauss and Legendre's rule on one panel
REST = 1e-14  # of the states beyond which no more are looked at
NOTHING = -50  # the logarithm of what of a density's peak is next to nothing
MOST_AGENTS = 100_000


def erlang_b(load, agents):
    """The share of calls that find all agents busy, where nobody can wait.

    Parameters
    ----------
    load : float, in Erlang: calls times handle time per time
    agents : int

    Examples
    --------
    >>> erlang_b(1, 1), round(erlang_b(10, 14), 5)
    (0.5, 0.05682)
    """
    blocked = 1.0
    for number in range(1, int(agents) + 1):
        blocked = load * blocked / (number + load * blocked)
    return blocked


def erlang_c(load, agents):
    """The share of calls that have to wait, where nobody hangs up; 1 where the agents can't keep up.

    Examples
    --------
    >>> round(erlang_c(48, 55), 5), erlang_c(5, 5)
    (0.2387, 1.0)
    """
    if load <= 0:
        return 0.0
    if agents <= load:
        return 1.0
    blocked = erlang_b(load, agents)
    return blocked / (1 - load / agents * (1 - blocked))


@dataclass(frozen=True)
class Queue:
    """A queue in its steady state.

    Parameters
    ----------
    calls : float, offered in one interval
    handle : float, mean handle time in seconds
    agents : int, who answer
    hangs_up_after : float, the mean patience in seconds; by default nobody hangs up
    interval : float, its length in seconds

    Examples
    --------
    >>> queue = Queue(calls=48, handle=60, agents=50, hangs_up_after=120, interval=60)
    >>> round(queue.abandonment, 5), round(queue.mean_wait, 3)
    (0.03091, 3.709)
    """

    calls: float
    handle: float
    agents: int
    hangs_up_after: float = math.inf
    interval: float = HOUR

    @property
    def load(self):
        """In Erlang."""
        return self.calls * self.handle / self.interval

    @property
    def is_patient(self):
        """Whether nobody hangs up."""
        return math.isinf(self.hangs_up_after)

    @cached_property
    def _logs(self):
        """The logarithm of each of `_states`, which holds where the share itself is too small for a number."""
        arrivals, ends, leaves = self.calls / self.interval, 1 / self.handle, 1 / self.hangs_up_after
        size = int(self.agents + self.load + 50)
        while True:
            number = np.arange(1, size + 1)
            out = np.minimum(number, self.agents) * ends + np.maximum(number - self.agents, 0) * leaves
            logs = np.concatenate([[0.0], np.cumsum(math.log(arrivals) - np.log(out))]) if self.calls else np.zeros(1)
            weights = np.exp(logs - logs.max())
            if not self.calls or (weights[-1] < REST * weights.sum() and logs.argmax() < size):
                return logs - logs.max() - math.log(weights.sum())
            size *= 2

    @cached_property
    def _states(self):
        """(the share of time with each number of calls in the system, from none up), with callers who hang up."""
        return np.exp(self._logs)

    @property
    def waits(self):
        """The share of calls that have to wait, or hang up at once if there is nobody to wait for."""
        return erlang_c(self.load, self.agents) if self.is_patient else float(self._states[self.agents :].sum())

    @property
    def abandonment(self):
        """The share of calls that hang up."""
        if self.is_patient or not self.calls:
            return 0.0
        waiting = float(np.arange(len(self._states) - self.agents) @ self._states[self.agents :])
        return waiting / self.hangs_up_after / (self.calls / self.interval)

    @property
    def mean_wait(self):
        """The mean wait in seconds of all calls, of those that hang up until they do; endless where the agents can't keep up."""
        if not self.is_patient:
            return self.abandonment * self.hangs_up_after
        spare = self.agents - self.load
        return math.inf if spare <= 0 else self.waits * self.handle / spare

    @property
    def occupancy(self):
        """The share of their time for which agents have a call."""
        if not self.agents:
            return math.nan
        return min(1.0, self.load * (1 - self.abandonment) / self.agents)

    def within(self, seconds):
        """The share of all calls that are answered within so many seconds."""
        if self.agents <= 0:
            return 0.0 if self.calls else 1.0
        if self.is_patient:
            spare = self.agents - self.load
            return 1 - self.waits * math.exp(-spare * seconds / self.handle) if spare > 0 else 0.0
        return min(1.0, max(0.0, 1 - self.waits) + self._answered_late(seconds))

    def _answered_late(self, seconds):
        """The share of calls that wait, and are answered within so many seconds.

        Who arrives waits V if he can: the density of V at x is n·μ·π(n)·exp(λ·H(x) − n·μ·x), with H(x) the integral of the
        share that is still patient (Zeltyn and Mandelbaum); he is answered if his own patience is longer.
        """
        if not self.calls or seconds <= 0 or len(self._states) <= self.agents:
            return 0.0
        arrivals, ends, leaves = self.calls / self.interval, self.agents / self.handle, 1 / self.hangs_up_after

        def log_density(at):
            return -arrivals * np.expm1(-leaves * at) / leaves - (ends + leaves) * at

        first, last = _where_it_counts(log_density, math.log(arrivals / (ends + leaves)) / leaves, seconds)
        panels = max(1, math.ceil((arrivals + ends + leaves) * (last - first) / 4))
        nodes, weights = _rule()
        width = (last - first) / panels
        at = first + (np.arange(panels)[:, None] + (nodes + 1) / 2) * width
        logs = log_density(at) + self._logs[self.agents]
        return float(ends * (np.exp(logs) * weights).sum() * width / 2)


def _where_it_counts(log_density, peak, end):
    """The part of [0, end] in which a density with one peak isn't next to nothing: of years of waiting, the hours that occur."""
    from scipy.optimize import brentq

    peak = min(max(peak, 0.0), end)
    least = log_density(peak) + NOTHING
    first = brentq(lambda at: log_density(at) - least, 0, peak) if log_density(0) < least else 0.0
    last = brentq(lambda at: log_density(at) - least, peak, end) if log_density(end) < least else end
    return first, last


@lru_cache
def _rule():
    return np.polynomial.legendre.leggauss(PANEL)


@lru_cache(maxsize=4096)
def agents_needed(calls, handle, target, seconds, hangs_up_after=math.inf, interval=HOUR):
    """The fewest agents with whom the share of calls that are answered in time reaches a target; none where no call comes.

    Parameters
    ----------
    calls, handle, hangs_up_after, interval :
        As for `Queue`.
    target : float in (0, 1), the share of all calls that should be answered within `seconds`
    seconds : float

    Examples
    --------
    >>> agents_needed(calls=200, handle=180, target=0.8, seconds=20)  # 10 Erlang
    14
    >>> agents_needed(calls=200, handle=180, target=0.8, seconds=20, hangs_up_after=300), agents_needed(0, 180, 0.8, 20)
    (13, 0)
    """
    if calls <= 0:
        return 0

    def is_enough(agents):
        return Queue(calls, handle, agents, hangs_up_after, interval).within(seconds) >= target

    few, many = 0, max(1, math.ceil(calls * handle / interval))
    while not is_enough(many):
        few, many = many, min(many + max(1, many // 4), MOST_AGENTS)
        if few == MOST_AGENTS:
            raise OverflowError(f"more than {MOST_AGENTS} agents")
    while many - few > 1:
        middle = (few + many) // 2
        few, many = (few, middle) if is_enough(middle) else (middle, many)
    return many
