"""Rows that several metrics share are made once, and the rows per day are kept with prepared data."""

import pandas as pd
import pytest

from toolkit import open_data
from toolkit.metrics.bot_ends import outcomes
from toolkit.metrics.response import asked_rows


@pytest.fixture(scope="module")
def data():
    return open_data("data/sample", period="2024-03")


def test_the_same_choices_give_the_same_rows_and_others_give_others(data):
    first, choices = outcomes(data.conversations, "7d")
    again, _ = outcomes(data.conversations, "7d")
    longer, _ = outcomes(data.conversations, "14d")
    assert again.op() is first.op() and not longer.equals(first) and choices["window"] == "7 d"


def test_whoever_changes_the_choices_changes_their_own(data):
    asked_rows(data.conversations, "calendar", None, "out", "all")[2]["clock"] = "changed"
    assert asked_rows(data.conversations, "calendar", None, "out", "all")[2]["clock"] == "calendar"


def test_another_period_has_rows_of_its_own(data):
    march, april = (
        asked_rows(one.conversations, "calendar", None, "out", "all")[0] for one in (data, data.during("2024-04"))
    )
    assert int(march.count().execute()) != int(april.count().execute())


def test_prepared_data_knows_the_rows_per_day(data, tmp_path):
    data.save(tmp_path, sentiment=False)
    pd.testing.assert_frame_equal(open_data(tmp_path)._daily, data._daily)
