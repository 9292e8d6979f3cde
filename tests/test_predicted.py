"""What those who rated nothing would have said: a model that is tested before it says anything."""

import builtins

import numpy as np
import pandas as pd
import pytest
from scipy.stats import norm

import toolkit
from toolkit import findings, metrics
from toolkit.errors import MissingColumn, MissingPackage, MissingTable

pytest.importorskip("sklearn")
START = pd.Timestamp("2024-01-01T08:00Z")


def written(folder, n=600, knows=True, rated=2, seed=0, **tables):
    """A data set of n conversations, every `rated`-th of them rated; where it `knows`, quick answers satisfy."""
    random = np.random.default_rng(seed)
    at = START + pd.to_timedelta(np.arange(n) * 4, unit="h")
    topic = np.where(np.arange(n) % 3 == 0, "billing", "repair")
    wait = random.integers(60, 36_000, n)
    chance = np.where(wait < 12_000, 0.97, 0.1) if knows else np.full(n, 0.6)
    good = random.random(n) < chance
    conversations = pd.DataFrame({
        "conversation_id": [f"c{i:04}" for i in range(n)], "channel": random.choice(["email", "x"], n), "created_at": at,
        "first_response_at": at + pd.to_timedelta(wait, unit="s"), "closed_at": at + pd.to_timedelta(wait + 600, unit="s"),
        "topic": topic, "agent": random.choice(["a", "b", "c"], n), "reopen_count": 0,
    })  # fmt: skip
    asked = conversations[np.arange(n) % rated == 0]
    surveys = pd.DataFrame({
        "survey_id": "s" + asked["conversation_id"], "kind": "csat", "sent_at": asked["closed_at"],
        "answered_at": asked["closed_at"] + pd.Timedelta(minutes=5), "conversation_id": asked["conversation_id"],
        "score": np.where(good[asked.index], 5, 1),
    })  # fmt: skip
    folder.mkdir(exist_ok=True)
    for name, frame in ({"conversations": conversations, "surveys": surveys} | tables).items():
        if frame is not None:
            frame.to_csv(folder / f"{name}.csv", index=False)
    (folder / "service.toml").write_text('time_zone = "UTC"\n')
    return conversations, good


@pytest.fixture(scope="module")
def known(tmp_path_factory):
    folder = tmp_path_factory.mktemp("known") / "data"
    return *written(folder), folder


def test_it_comes_near_what_was_not_told(known):
    conversations, good, folder = known
    result = metrics.predicted_csat(toolkit.open_data(folder), by="topic")
    unrated = np.arange(len(conversations)) % 2 == 1
    for _, row in result.iterrows():
        own = unrated & (conversations["topic"] == row["topic"]).to_numpy()
        assert row["n"] == own.sum() and row["low"] <= good[own].mean() <= row["high"]
        assert row["low"] < row["expected_csat"] < row["high"]
        seen = ~unrated & (conversations["topic"] == row["topic"]).to_numpy()
        assert (row["rated_count"], row["csat"]) == (
            seen.sum(),
            pytest.approx(good[seen].mean()) if seen.any() else None,
        )


def test_it_is_measured_on_later_answers(known):
    facts = metrics.predicted_csat(toolkit.open_data(known[2])).attrs["facts"]
    assert (facts["learned"], facts["tested"]) == (300, 90) and "refused" not in facts
    assert facts["brier"] < facts["plain_brier"] and 0.7 < facts["auc"] <= 1
    conversations, good, _ = known
    rated = conversations[np.arange(600) % 2 == 0]
    first = rated["closed_at"].sort_values().iloc[-90]
    assert facts["since"] == first.floor("s").isoformat()
    # the plain average's error, by the outcomes alone: the average of the topic, drawn to that of all, or of all
    later = (rated["closed_at"] >= first).to_numpy()
    was = good[rated.index].astype(float)
    whole = was[~later].mean()
    errors = [((whole - was[later]) ** 2).mean()]
    topics = pd.Series(was[~later]).groupby(rated["topic"].to_numpy()[~later]).agg(["sum", "count"])
    by_topic = (topics["sum"] + 10 * whole) / (topics["count"] + 10)
    errors.append(((by_topic[rated["topic"].to_numpy()[later]].to_numpy() - was[later]) ** 2).mean())
    assert facts["plain_brier"] == pytest.approx(min(errors))


def test_its_calibration_is_of_all_that_was_tested(known):
    result = metrics.predicted_csat(toolkit.open_data(known[2]))
    rows = pd.DataFrame(result.attrs["calibration"])
    assert len(rows) == 5 and rows["n"].sum() == 90 and rows["expected"].is_monotonic_increasing
    assert (rows["low"] <= rows["seen"]).all() and (rows["seen"] <= rows["high"]).all()
    gap = ((rows["expected"] - rows["seen"]) * rows["n"]).sum() / 90
    assert result.attrs["facts"]["gap"] == pytest.approx(gap)


def test_the_interval_carries_chance_and_the_models_own_error(known):
    row = metrics.predicted_csat(toolkit.open_data(known[2])).iloc[0]
    least = norm.ppf(0.975) * np.sqrt(row["expected_csat"] * (1 - row["expected_csat"]) / 90) * 0.5
    assert row["high"] - row["expected_csat"] > least  # wider than 300 conversations alone would have it


def test_it_is_the_same_every_time(known):
    data = toolkit.open_data(known[2])
    first, again = (metrics.predicted_csat(one, by="channel") for one in (data, toolkit.open_data(known[2])))
    pd.testing.assert_frame_equal(pd.DataFrame(first), pd.DataFrame(again))
    assert first.attrs["facts"] == again.attrs["facts"]


@pytest.mark.parametrize("seed", range(3))
def test_where_nothing_is_to_be_known_it_says_nothing(tmp_path, seed):
    written(tmp_path / "data", knows=False, seed=seed)
    result = metrics.predicted_csat(toolkit.open_data(tmp_path / "data"), by="topic")
    assert result.empty and result.attrs["facts"]["refused"] == "no_better"
    told = findings.tell(result)
    assert (
        told.heading
        == (
            "No prediction for those who didn’t answer: on the latest 90 answers the model was no clear improvement on the "
            "plain average"
        )
        and not told.shows
    )


def test_few_answers_are_too_few_to_learn_from(tmp_path):
    written(tmp_path / "data", n=200)
    result = metrics.predicted_csat(toolkit.open_data(tmp_path / "data"))
    assert result.empty and result.attrs["facts"]["refused"] == "too_few"
    assert result.sentence() == "Too few answers to learn from: 100, and 167 are needed."


def test_no_answer_and_only_one_kind_of_answer(tmp_path):
    written(tmp_path / "data")
    surveys = pd.read_csv(tmp_path / "data/surveys.csv")
    later = pd.Series(range(300)) >= 210
    for score, said in (
        (5, "Nothing to learn from: each of 300 answers was satisfied."),
        (surveys["score"].where(later, 1), "Nothing to learn from: none of the 210 earlier answers was satisfied."),
        (
            surveys["score"].where(~later, 5),
            "No prediction that can be tested: each of the 90 latest answers was satisfied.",
        ),
        (None, "Too few answers to learn from: 0, and 167 are needed."),
    ):
        surveys.assign(score=score).to_csv(tmp_path / "data/surveys.csv", index=False)
        assert metrics.predicted_csat(toolkit.open_data(tmp_path / "data")).sentence() == said


def test_answers_of_one_moment_are_not_parted(tmp_path):
    written(tmp_path / "data")
    surveys = pd.read_csv(tmp_path / "data/surveys.csv")
    last = surveys[["sent_at", "answered_at"]].iloc[-1].to_dict()
    surveys.assign(**last).to_csv(tmp_path / "data/surveys.csv", index=False)
    said = metrics.predicted_csat(toolkit.open_data(tmp_path / "data")).sentence()
    assert said.endswith("on the later ones: 0 and 300, where 100 and 50 are needed.")


def test_what_comes_after_the_period_is_not_learned_from(known):
    data = toolkit.open_data(known[2], period="2024-03")
    facts = metrics.predicted_csat(data).attrs["facts"]
    asked = known[0]["closed_at"][np.arange(600) % 2 == 0]
    assert facts["learned"] == int((asked < pd.Timestamp("2024-04-01T00:00Z")).sum()) < 300
    result = metrics.predicted_csat(data)
    created = known[0]["created_at"][np.arange(600) % 2 == 1]
    assert result["n"].tolist() == [int(created.between("2024-03-01T00:00Z", "2024-03-31T23:59:59Z").sum())]


def test_messages_are_read_up_to_the_close(tmp_path):
    """How the customer sounded helps; what was written after the close isn't looked at."""
    conversations, good = written(tmp_path / "data", knows=False)
    words = np.where(good, "this is wonderful, thank you", "this is terrible, I am angry")
    said = pd.DataFrame({"message_id": "m" + conversations["conversation_id"], "sender": "customer", "text": words,
                         "conversation_id": conversations["conversation_id"]})  # fmt: skip
    before = said.assign(sent_at=conversations["created_at"])
    before.to_csv(tmp_path / "data/messages.csv", index=False)
    assert metrics.predicted_csat(toolkit.open_data(tmp_path / "data")).attrs["facts"]["auc"] > 0.95
    said.assign(sent_at=conversations["closed_at"] + pd.Timedelta(hours=1)).to_csv(
        tmp_path / "data/messages.csv", index=False
    )
    facts = metrics.predicted_csat(toolkit.open_data(tmp_path / "data")).attrs["facts"]
    assert facts["refused"] == "no_better" and facts["auc"] < 0.7


def test_a_group_without_a_key_and_one_that_all_rated(tmp_path):
    conversations, _ = written(tmp_path / "data")
    topics = conversations["topic"].where(np.arange(600) % 2 == 1, "rated").where(conversations.index != 1, None)
    conversations.assign(topic=topics).to_csv(tmp_path / "data/conversations.csv", index=False)
    result = metrics.predicted_csat(toolkit.open_data(tmp_path / "data"), by="topic").set_index("topic")
    assert result.loc["(none)", "n"] == 1
    assert result.loc["rated", "n"] == 0 and np.isnan(result.loc["rated", "expected_csat"])


def test_what_is_missing_is_said(tmp_path, known, monkeypatch):
    with pytest.raises(MissingColumn, match="'nobody'"):
        metrics.predicted_csat(toolkit.open_data(known[2]), by="nobody")
    written(tmp_path / "data", conversations=None)
    with pytest.raises(MissingTable, match="conversations"):
        metrics.predicted_csat(toolkit.open_data(tmp_path / "data"))
    usual = builtins.__import__

    def without(name, *given, **named):
        if name.split(".")[0] == "sklearn":
            raise ImportError(name)
        return usual(name, *given, **named)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(
        MissingPackage, match=r"predicted_csat needs scikit-learn: pip install 'customer-service-toolkit\[predict\]'"
    ):
        metrics.predicted_csat(toolkit.open_data(known[2]))


def test_a_prediction_is_not_compared_with_the_one_before(known):
    result = metrics.predicted_csat(toolkit.open_data(known[2]))
    assert metrics.previous_period(result, result)["verdict"].tolist() == ["not comparable"]


def test_a_prediction_is_no_fact_of_a_headline():
    """What is expected of those who didn't answer never leads a report: what they answered does."""
    from toolkit import blocks
    from toolkit.metrics import csat

    scores = csat(
        pd.DataFrame({"score": [5] * 80 + [1] * 20 + [1] * 90, "topic": ["a"] * 100 + ["b"] * 90}), by="topic"
    )
    assert blocks.block(scores)["facts"]
    scores.attrs["is_prediction"] = True
    assert blocks.block(scores)["facts"] == []
