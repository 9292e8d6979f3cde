"""Whether a part of all the time takes more than its cases would: only then does it stand out."""

import numpy as np
import pandas as pd
import pytest

from toolkit import blocks, findings, metrics

AT = pd.Timestamp("2024-04-01T09:00Z")


def waited(**hours):
    """Conversations about each topic with their waits in hours."""
    rows = [(topic, one) for topic, waits in hours.items() for one in waits]
    frame = pd.DataFrame(rows, columns=["topic", "hours"])
    frame["created_at"] = AT
    frame["first_response_at"] = AT + pd.to_timedelta((frame.pop("hours") * 3600).round(), unit="s")
    return metrics.slow_topics(frame, as_of="2024-05-01T00:00Z")


def plain(text):
    return text.replace("\xa0", " ")


def even(n, mean):
    return np.linspace(0.5, 1.5, n) * mean


def test_a_part_with_its_ordinary_share_of_the_time_does_not_stand_out():
    result = waited(fault=even(60, 11), bill=even(76, 10), app=even(64, 10))
    told = findings.tell(result)
    assert (told.highlight, told.is_alarm, told.is_changed) == (None, False, False)
    assert "of it about Bill, with 38 % of " in plain(told.heading)
    assert "could be chance" in told.note and "clear difference" not in told.note
    assert "--attention" not in blocks.block(result)["chart"]["wide"]


def test_a_part_that_takes_clearly_more_than_its_cases_stands_out_with_both_shares():
    result = waited(fault=even(40, 30), bill=even(80, 10), app=even(80, 10))
    told = findings.tell(result)
    assert result["topic"][told.highlight] == "fault" and told.is_alarm and told.is_changed
    assert "43 %" in plain(told.heading) and ", with 20 % of " in plain(told.heading)
    assert "against 20 % of the conversations is a clear difference" in plain(told.note)
    assert "--attention" in blocks.block(result)["chart"]["wide"]


def test_what_is_named_is_what_takes_more_than_its_cases_not_what_many_write_about():
    result = waited(fault=even(40, 30), bill=even(160, 10), app=even(20, 2))
    told = findings.tell(result)
    assert result["share"].idxmax() == 0 and result["topic"][0] == "bill"  # by how many they are
    assert result["topic"][told.highlight] == "fault" and "with 18 % of " in plain(told.heading)


@pytest.mark.parametrize("waits", [{"fault": even(30, 5)}, {"fault": even(6, 9), "bill": even(6, 3)}])
def test_where_it_can_not_be_told_nothing_is_marked(waits):
    told = findings.tell(waited(**waits))
    assert told.highlight is None and not told.is_alarm
    assert "chance" not in told.note and "clear" not in told.note


def test_stages_that_all_pass_have_no_alarm():
    ends = {"team_assigned_at": 0, "agent_assigned_at": 1, "first_response_at": 2, "closed_at": 30}
    frame = pd.DataFrame({"created_at": [AT] * 40})
    for place, (name, hours) in enumerate(ends.items()):
        frame[name] = AT + pd.to_timedelta((even(40, 3600) * hours).round(), unit="s") + pd.Timedelta(minutes=place)
    result = metrics.lifecycle(frame, as_of="2024-05-01T00:00Z")
    told = findings.tell(result)
    assert not told.is_alarm and ", with " not in told.heading
    assert "--attention" not in blocks.block(result)["chart"]["wide"]
