"""The choices that metrics share: called by their names, shown by `help`, checked once, handed on as one."""

import inspect
import pydoc

import pandas as pd
import pytest

from toolkit import metrics
from toolkit.errors import BadParameter
from toolkit.metrics.choices import ALLOWED, Choices
from toolkit.metrics.registry import METRICS

START = pd.Timestamp("2024-03-01T09:00Z")
OPENED = pd.DataFrame({"created_at": [START] * 2, "first_response_at": [START + pd.Timedelta(minutes=1), pd.NaT]})
TAKING = [name for name in METRICS if hasattr(METRICS[name].function, "__signature__")]


def test_each_choice_is_a_parameter_with_its_default():
    takes = inspect.signature(metrics.response_curve).parameters
    names = "conversations by clock as_of zone service bot_only channels since reopened points"
    assert list(takes) == names.split()
    assert (takes["clock"].default, takes["since"].default, takes["points"].default) == ("calendar", "creation", 200)
    assert "channels='all'" in pydoc.plain(pydoc.render_doc(metrics.queue_time))


@pytest.mark.parametrize("name", TAKING)
def test_no_metric_shows_the_object_of_its_choices(name):
    takes = inspect.signature(METRICS[name].function).parameters
    assert "choices" not in takes and set(takes) & {"clock", "as_of"}


def test_they_are_taken_by_place_as_well():
    placed = metrics.first_response_time(OPENED, None, "calendar", "2024-03-01T10:00Z")
    named = metrics.first_response_time(OPENED, as_of="2024-03-01T10:00Z")
    assert placed["open_count"].tolist() == [1] and placed.equals(named)


def test_what_a_metric_does_not_take_is_refused_by_its_name():
    with pytest.raises(TypeError, match=r"^queue_time\(\) got an unexpected keyword argument 'since'"):
        metrics.queue_time(OPENED, since="handoff")


@pytest.mark.parametrize("name", ALLOWED)
def test_a_choice_that_is_not_allowed_is_refused(name):
    with pytest.raises(BadParameter, match=f"{name}='anything' is not allowed; choose one of "):
        metrics.first_response_time(OPENED, **{name: "anything"})


def test_their_defaults_are_the_ones_that_are_told():
    assert Choices().told("channels", "clock") == {"channels": "all", "clock": "calendar"}
    assert Choices().opening(OPENED) is None
