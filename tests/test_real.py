"""The program held against files that real systems wrote, figure by figure."""

import pytest

from toolkit import findings, metrics
from toolkit.load import open_data


@pytest.fixture(scope="module")
def bank(real_data):
    return open_data(real_data / "anonymous_bank" / "january.txt", source="anonymous_bank")


@pytest.fixture(scope="module")
def tweets(real_data):
    return open_data(real_data / "twitter_support" / "tweets.csv", source="twitter")


@pytest.fixture(scope="module")
def queue_log(real_data):
    return open_data(real_data / "asterisk" / "queue_log.txt", source="asterisk")


class TestBank:
    def test_every_call_is_there(self, bank):
        counts = bank.counts.set_index("table").loc["calls"]
        assert (counts["rows_in"], counts["rows_used"], counts["rejected"]) == (31_599, 31_599, 0)
        outcomes = bank.calls.outcome.value_counts().execute().set_index("outcome").iloc[:, 0]
        assert outcomes["test"] == 240

    def test_abandonment(self, bank):
        row = metrics.abandonment_rate(bank.calls).iloc[0]
        assert (row["n"], row["abandoned_count"]) == (31_359, 4_299)
        assert row["abandonment_rate"] == pytest.approx(0.1371, abs=0.00005)

    def test_in_the_menu_and_in_the_queue(self, bank):
        stages = metrics.abandonment_by_stage(bank.call_stages, bank.calls).set_index("stage")
        assert stages["abandoned_count"].to_dict() == {"menu": 1_198, "queue": 3_101, "agent": 0}
        assert stages.loc["menu", "n"] == 31_359

    def test_among_those_that_waited(self, bank):
        row = metrics.abandonment_rate(bank.calls, base="queued").iloc[0]
        assert row["n"] == 16_665
        assert row["abandonment_rate"] == pytest.approx(0.1848, abs=0.00005)

    def test_at_four_in_the_afternoon(self, bank):
        hours = metrics.abandonment_rate(bank.calls, by="hour").set_index("hour")
        assert hours.loc[16, ["n", "abandoned_count"]].tolist() == [2_693, 655]
        assert hours["n"].sum() == 31_359

    def test_the_hour_that_loses_most_callers_is_named(self, bank):
        told = findings.tell(metrics.abandonment_rate(bank.calls, by="hour"))
        assert told.heading.replace("\u00a0", " ") == (
            "24 % of calls at 16:00 hung up before an agent answered, 13 % of the others"
        )
        assert "655 of 2,693 calls" in told.note and "655 of all 4,299" in told.note  # at night all of eleven hang up

    def test_nothing_lasts_a_negative_time(self, bank):
        calls = bank.calls.execute()
        for column in ("queued_at", "answered_at", "abandoned_at", "ended_at"):
            assert not (calls[column] < calls["started_at"]).any(), column
        late = calls[calls["started_at"].dt.tz_convert("Asia/Jerusalem").dt.hour == 23]
        assert (late["ended_at"].dt.tz_convert("Asia/Jerusalem").dt.hour == 0).any()  # some cross midnight

    def test_clocks_that_disagree_are_told(self, bank):
        mended = bank.ledger.query("rule == 'order of times'").groupby("table").size()
        assert mended.to_dict() == {"call_stages": 33, "calls": 33}  # the rows whose vru_time is negative

    def test_mean_service_time(self, bank):
        calls = bank.calls.execute()
        talk = calls.loc[(calls["outcome"] == "answered") & (calls["talk_seconds"] > 0), "talk_seconds"]
        assert talk.mean() == pytest.approx(185.3, abs=0.05)
        assert talk.std() == pytest.approx(230.2, abs=0.05)

    def test_the_same_period_by_its_name(self, bank):
        january = bank.during("1999-01")
        assert metrics.abandonment_rate(january.calls)["n"].tolist() == [31_359]
        assert bank.zone == "Asia/Jerusalem"


class TestTweets:
    def test_reply_pairs(self, tweets):
        row = metrics.reply_pairs(tweets.messages).iloc[0]
        assert row["n"] == 2_188
        assert row["median_seconds"] / 60 == pytest.approx(12.06, abs=0.005)
        assert row["p90_seconds"] / 60 == pytest.approx(385, abs=1)
        assert row["negative_count"] == 0

    def test_the_broken_record_is_in_the_ledger(self, tweets):
        broken = tweets.ledger
        assert broken["file"].str.endswith("tweets.csv").all()
        # cut at a newline: the first piece keeps id, author and time, the second is no tweet
        assert sorted(zip(broken["rule"], broken["action"], strict=True)) == [
            ("required value missing", "rejected"),
            ("short line", "repaired"),
            ("short line", "repaired"),
        ]
        assert broken["value"].str.contains("AskPayPal").sum() == 1
        counts = tweets.counts.set_index("table").loc["messages"]
        assert counts["rows_in"] == counts["rows_used"] + counts["rejected"] == 5_001

    def test_threads_are_fewer_and_slower_than_pairs(self, tweets):
        threads = metrics.first_response_time(tweets.conversations).iloc[0]
        pairs = metrics.reply_pairs(tweets.messages).iloc[0]
        assert threads["n"] < pairs["n"]
        assert threads["median_seconds"] > pairs["median_seconds"]
        assert threads["n"] == threads["answered_count"] + threads["open_count"]

    def test_the_difference_is_explained(self, tweets):
        text = metrics.reply_pairs(tweets.messages, conversations=tweets.conversations).sentence()
        assert "2,188 reply pairs" in text and "12.1\u00a0min" in text and "The median first response" in text

    def test_html_entities_are_text(self, tweets):
        assert not tweets.messages.filter(tweets.messages.text.contains("&amp;")).count().execute()


class TestQueueLog:
    def test_calls(self, queue_log):
        row = metrics.abandonment_rate(queue_log.calls).iloc[0]
        assert row[["n", "abandoned_count", "answered_count", "other_count"]].tolist() == [21, 12, 8, 1]

    def test_ringing_agents_do_not_multiply_calls(self, queue_log):
        assert queue_log.calls.count().execute() == 21
        assert queue_log.calls.call_id.nunique().execute() == 21

    def test_stages(self, queue_log):
        stages = metrics.abandonment_by_stage(queue_log.call_stages, queue_log.calls).set_index("stage")
        assert stages[["n", "abandoned_count"]].values.tolist() == [[21, 12], [8, 0]]

    def test_the_unfinished_call(self, queue_log):
        rows = queue_log.calls.filter(queue_log.calls.outcome.isnull()).execute()
        assert len(rows) == 1
        assert rows[["answered_at", "abandoned_at"]].isna().all(axis=None)
