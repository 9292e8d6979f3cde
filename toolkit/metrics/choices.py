"""The choices that metrics share: how waits are counted, of which cases, and as of when.

A metric says which of them it takes where its parameters stand (`choices=WAITING`), gets them as one object and hands that
on. Who calls it gives each by its own name, as `help` and completion show them.
"""

import functools
import inspect
from dataclasses import dataclass
from typing import Any

from toolkit.metrics.rows import CHANNELS, choose
from toolkit.metrics.shapes import business_settings

ALLOWED = {
    "clock": ("calendar", "business"),
    "bot_only": ("in", "out"),
    "channels": CHANNELS,
    "since": ("creation", "handoff"),
    "reopened": ("restart", "creation"),
}
TIMED = ("clock", "as_of", "zone", "service")
WAITING = (*TIMED, "bot_only", "channels", "since", "reopened")  # for a first response
CLOSING = (*TIMED, "channels")  # to a close


@dataclass(frozen=True)
class Choices:
    """What was chosen, each by its default where it wasn't; what they say stands with `first_response_time`.

    Raises
    ------
    BadParameter
        One of them is not allowed.
    """

    clock: str = "calendar"
    as_of: Any = None
    zone: str | None = None
    service: Any = None
    bot_only: str = "out"
    channels: str = "all"
    since: str = "creation"
    reopened: str = "restart"

    def __post_init__(self):
        for name, allowed in ALLOWED.items():
            choose(name, getattr(self, name), allowed)

    def told(self, *names):
        """Some of them by name, as a result tells them."""
        return {name: getattr(self, name) for name in names}

    def opening(self, rows):
        """The settings that say when the service is open, where only that time counts; else None."""
        return business_settings(rows, self.service, self.zone) if self.clock == "business" else None


def choosing(function):
    """The function with a parameter for each choice that its own parameter `choices` names, in that one's place.

    Examples
    --------
    >>> @choosing
    ... def waited(conversations, by=None, choices=("clock", "channels"), points=200):
    ...     return choices.channels, points
    >>> inspect.signature(waited)
    <Signature (conversations, by=None, clock='calendar', channels='all', points=200)>
    >>> waited([], channels="phone", points=9)
    ('phone', 9)
    """
    own = inspect.signature(function)
    names, parameters = own.parameters["choices"].default, []
    for one in own.parameters.values():
        asked = [one.replace(name=name, default=getattr(Choices, name)) for name in names]
        parameters += asked if one.name == "choices" else [one]
    signature = own.replace(parameters=parameters)

    @functools.wraps(function)
    def called(*given, **named):
        try:
            values = signature.bind(*given, **named).arguments
        except TypeError as error:
            raise TypeError(f"{function.__name__}() {error}") from None
        chosen = Choices(**{name: values.pop(name) for name in names if name in values})
        return function(**values, choices=chosen)

    called.__signature__ = signature
    return called
