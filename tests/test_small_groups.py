"""Small groups: of no metric, comparison or sentence is told what is too few, and what is told is computed of everything."""

import inspect
import json
from pathlib import Path

import pandas as pd
import pytest

from toolkit import blocks, metrics, words
from toolkit.errors import BadParameter, MissingColumn
from toolkit.load import open_data
from toolkit.metrics.compare import beside_previous, what_moved
from toolkit.metrics.registry import METRICS
from toolkit.metrics.small import everything

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def few(tmp_path_factory):
    """The sample of a week, of which no group of fewer than 8 is told."""
    folder = tmp_path_factory.mktemp("few")
    for file in (ROOT / "data" / "sample").iterdir():
        text = file.read_text(encoding="utf-8")
        (folder / file.name).write_text(text.replace("smallest_group = 0", "smallest_group = 8"), encoding="utf-8")
    return open_data(folder, period="2024-W16")


def results_of(data, name, by):
    """A metric's result by some columns, as it is handed out and of everything; None where it can't be asked so."""
    function, about = METRICS[name].function, METRICS[name]
    takes = inspect.signature(function).parameters
    if "by" not in takes or not (about.table or "data" in takes) or ("function" in takes and isinstance(by, list)):
        return None
    given = [getattr(data, about.table) if about.table else data, *([metrics.csat] if "function" in takes else [])]
    try:
        made = function(*given, by=by)
        with everything():
            return made, function(*given, by=by)
    except (MissingColumn, BadParameter):
        return None


@pytest.mark.parametrize("by", ["topic", ["topic", "channel"]], ids=str)
def test_no_metric_tells_of_a_small_group(few, by):
    looked_at, hid = 0, 0
    for name in METRICS:
        if METRICS[name].shape == "listing" or (pair := results_of(few, name, by)) is None:
            continue
        made, whole = map(pd.DataFrame, pair)
        keys = [key for key in {*pair[0].attrs["by"], "topic", "channel"} if key in whole.columns]
        counts = [count for count in ("total", "n", "rated_count") if count in whole.columns]
        counts = counts[:1] + [count for count in counts if count == "rated_count"]
        if not keys or not counts:
            continue
        told = made.groupby(keys, dropna=False, observed=True)[counts].max()
        every = whole.groupby(keys, dropna=False, observed=True)[counts].max()
        looked_at, hid = looked_at + 1, hid + (len(told) < len(every))
        gone = every[~every.index.isin(told.index)]
        assert (told[counts[0]] >= 8).all() and not told[counts].isin(range(1, 8)).any(axis=None), name
        for count in counts:
            assert not len(told) or not gone[count].sum() or gone[count].sum() >= 8, name
        assert len(gone) == dict(pair[0].attrs.get("notes", ())).get("tables.notes.small", {"n": 0})["n"], name
    assert looked_at > 30 and hid > 20


def test_what_is_told_is_computed_of_everything(few):
    made = metrics.csat_by_topic(few.surveys)
    with everything():
        whole = metrics.csat_by_topic(few.surveys)
    assert 0 < len(made) < len(whole)
    shown = whole[whole["topic"].isin(made["topic"]).to_numpy(bool)].reset_index(drop=True)
    pd.testing.assert_frame_equal(pd.DataFrame(made), pd.DataFrame(shown))
    note = words.text("tables.notes.small", n=len(whole) - len(made), least=8)
    said = made.sentence().replace("None of those shown", "No topic")  # of the others nothing is said
    assert said == f"{whole.sentence()} {note}" and f"of {int(whole['n'].sum())}" in made.sentence()
    block = blocks.block(made)
    assert note in block["note"] and note in json.dumps(block["tables"], ensure_ascii=False)
    gone = [words.display_name(topic, "topic") for topic in set(whole["topic"]) - set(made["topic"])]
    assert not [topic for topic in gone if topic in json.dumps(block, ensure_ascii=False)]


def test_comparisons_and_contributions_leave_out_what_was_small_before(few):
    now, comparison = beside_previous(few, metrics.csat, by="topic")
    moved = what_moved(few, metrics.csat, "topic")
    assert len(now) and dict(comparison.attrs["notes"]) and moved["is_total"].iloc[-1]
    for result in (comparison, moved):
        assert not result[["n", "previous_n"]].isin(range(1, 8)).any(axis=None)
    assert int(moved["n"].iloc[-1]) == int(metrics.csat(few.surveys)["n"].iloc[0])


def test_a_hidden_group_is_not_the_rest_of_a_part(tmp_path):
    """Of the conversations that need a reply it would be told how many don't, and how many of those had one."""
    made = [
        {"conversation_id": n, "channel": ["email", "chat"][n % 2], "topic": "thanks" if n < 5 else "bill",
         "created_at": "2024-03-01T09:00:00Z", "first_response_at": "2024-03-01T10:00:00Z"}
        for n in range(60)
    ]  # fmt: skip
    pd.DataFrame(made).to_csv(tmp_path / "conversations.csv", index=False)
    for least, is_told in ((8, False), (4, False), (3, False), (2, True), (0, True)):
        (tmp_path / "service.toml").write_text(f'no_reply_topics = ["thanks"]\n[privacy]\nsmallest_group = {least}\n')
        result = metrics.response_rate(open_data(tmp_path, source="tables").conversations, by="channel")
        assert ("needing_count" in result.columns) == ("needing_rate" in result.columns) == is_told
