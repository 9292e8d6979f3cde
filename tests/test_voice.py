"""What customers say in their own words, what moved how they sound, and personal data that is masked."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import toolkit
from toolkit import metrics, words
from toolkit.errors import BadParameter, MissingColumn
from toolkit.mask import masked

AT = pd.Timestamp("2024-03-05T09:00Z")


# --- masking --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "said, shown",
    [
        # English
        ("Hi Marco, mail anna.rossi@example.com", "Hi [name], mail [e-mail]"),
        ("My name is Anne-Marie O'Neill.", "My name is [name]."),
        ("call 020 7946 0958 or 07911 123456", "call [phone] or [phone]"),
        ("card 4111 1111 1111 1111", "card [card]"),
        ("@brand_help nothing works", "[handle] nothing works"),
        # Italian
        ("Buongiorno, mi chiamo Giulia Rossi", "Buongiorno, mi chiamo [name]"),
        ("cell. +39 347 123 4567, fisso 011 5678901", "cell. [phone], fisso [phone]"),
        ("IBAN IT60X0542811101000000123456", "IBAN [account]"),
        # Romanian
        ("Mă numesc Ștefan Țurcanu, tel 0722 123 456", "Mă numesc [name], tel [phone]"),
        ("RO49 AAAA 1B31 0075 9384 0000", "[account]"),
        # Polish
        ("Nazywam się Łukasz Żak, +48 601 234 567", "Nazywam się [name], [phone]"),
        ("konto PL61 1090 1014 0000 0712 1981 2874", "konto [account]"),
        ("PESEL 44051401359", "PESEL [identity number]"),
        # Spanish
        ("Me llamo José Pérez, DNI 12345678Z", "Me llamo [name], DNI [identity number]"),
        ("tel. 612 345 678, pedido nº 778899", "tel. [phone], pedido nº 778899"),
        ("ES91 2100 0418 4502 0005 1332", "[account]"),
    ],
)
def test_what_is_masked(said, shown):
    assert masked(said) == shown


@pytest.mark.parametrize(
    "said",
    [
        "Since 15 April 2024 I pay 29.90 instead of 19.90 for 50 GB",
        "On 2024-03-05 at 14:30, and on 05/03/2024",
        "1.250.000 customers, 12,50 € a month, 3 times",
        "Hello, The router is dead",  # after a comma a sentence begins
        "Sono molto contenta, grazie mille",
        "Jestem zadowolona z obsługi",
        "the 5G offer at 100 Mbps",
        "since 12/03/2024 10:30",
        "order 12345678, ORD-48211 and #115829",
        "Ticket 20260629000001",
    ],
)
def test_what_is_no_personal_data(said):
    assert masked(said) == said


def test_what_is_no_text():
    assert masked(None) is None and np.isnan(masked(np.nan)) and masked("") == ""


@given(st.text(max_size=80))
def test_any_text_can_be_masked_and_keeps_none_of_its_addresses(text):
    assert "@example.com" not in masked(f"{text} anna@example.com")


def test_low_scores_show_no_personal_data():
    table = pd.DataFrame({"survey_id": ["a", "b"], "score": [1, 2], "comment": ["call me on 0722 123 456", None]})
    assert metrics.low_scores(table)["comment"].tolist()[0] == "call me on [phone]"


# --- the voice of the customer --------------------------------------------------------------------


def messages(*said, **columns):
    """One customer message a text, of the topics that are given."""
    frame = pd.DataFrame({"text": list(said), "sender": "customer", "sent_at": AT, **columns})
    return frame.assign(message_id=[f"m{number}" for number in range(len(frame))])


def test_all_are_counted_and_some_are_shown():
    said = [f"the invoice is wrong for month {number}" for number in range(30)]
    table = messages(*said, *["the line is dead since Monday"] * 3, topic=["bills"] * 30 + ["fault"] * 3)
    result = metrics.voice_of_customer(table, "topic", examples=2)
    assert result[["topic", "n"]].values.tolist() == [["bills", 30], ["bills", 30], ["fault", 3]]  # alike: once
    assert result.attrs["facts"] | {"is_sample": True} == {
        "total": 33,
        "comments": 0,
        "messages": 33,
        "is_sample": True,
    }
    assert result.sentence() == "33 texts were written. The table holds 3 of them, drawn by chance."


def test_what_isnt_said_by_customers_isnt_counted():
    table = messages("one", "two", "three", "", "  ", None, topic="a").assign(
        sender=["customer", "agent", "customer", *["customer"] * 3], quick_reply=[None, None, "yes", *[None] * 3]
    )
    assert metrics.voice_of_customer(table, "topic")["said"].tolist() == ["one"]


def test_a_text_of_some_length_comes_before_a_word():
    table = messages("ok", "thanks", "nothing works since yesterday", topic="a")
    assert metrics.voice_of_customer(table, "topic", examples=1)["said"].tolist() == ["nothing works since yesterday"]


def test_comments_of_surveys_are_texts_too():
    table = messages("the line is dead since Monday", topic="fault")
    surveys = pd.DataFrame({"survey_id": ["s1", "s2"], "sent_at": AT, "topic": ["fault", None],
                            "comment": ["nobody called me back at all", "kind"]})  # fmt: skip
    result = metrics.voice_of_customer(table, "topic", surveys=surveys)
    assert result[["topic", "n", "said_in", "said"]].values.tolist() == [
        ["fault", 2, "comment", "nobody called me back at all"],
        ["fault", 2, "message", "the line is dead since Monday"],
        ["(none)", 1, "comment", "kind"],  # what has no topic comes last
    ]
    assert "2 of them are survey comments" in result.sentence()


def test_of_one_sentiment_only():
    table = messages("very bad indeed, all of it", "very good indeed, all of it", topic="a",
                     sentiment=["negative", "positive"])  # fmt: skip
    assert metrics.voice_of_customer(table, "topic", sentiment="negative")["said"].tolist() == [
        "very bad indeed, all of it"
    ]
    with pytest.raises(BadParameter, match="did you mean 'negative'"):
        metrics.voice_of_customer(table, "topic", sentiment="negativ")


def test_the_groups_with_most_texts_where_only_some_are_asked_for():
    table = messages(
        *["a long enough text, number " + str(n) for n in range(9)], topic=["a"] * 2 + ["b"] * 4 + ["c"] * 3
    )
    result = metrics.voice_of_customer(table, "topic", limit=2, examples=1)
    assert result["topic"].tolist() == ["b", "c"] and result.attrs["facts"]["total"] == 9


def test_without_groups_all_are_one():
    result = metrics.voice_of_customer(messages("a long enough text, the first", "a long enough text, the second"))
    assert result["n"].tolist() == [2, 2] and "topic" not in result


def test_without_texts_it_says_so():
    with pytest.raises(MissingColumn, match="messages has no column 'text'"):
        metrics.voice_of_customer(messages("a", topic="a").drop(columns="text"))
    with pytest.raises(MissingColumn, match="'topic'"):
        metrics.voice_of_customer(messages("a"), "topic")


def test_the_order_of_the_rows_and_the_engine_change_no_example(tmp_path):
    rows = [(f"this is the text with number {n}", f"t{n % 5}", AT + pd.Timedelta(seconds=n * 7919)) for n in range(200)]
    table = messages(*[row[0] for row in rows], topic=[row[1] for row in rows]).assign(sent_at=[row[2] for row in rows])
    first = metrics.voice_of_customer(table, "topic")["text_id"].tolist()
    assert metrics.voice_of_customer(table.sample(frac=1, random_state=3), "topic")["text_id"].tolist() == first
    table.to_parquet(tmp_path / "messages.parquet")
    assert metrics.voice_of_customer(tmp_path / "messages.parquet", "topic")["text_id"].tolist() == first
    assert first != sorted(first) and len(first) == 10  # neither the first nor the last of each


def test_hostile_text_is_escaped_where_it_is_shown():
    from toolkit.table_html import tables_of

    result = metrics.voice_of_customer(messages("<script>alert(1)</script> is what I see", topic="<b>"), "topic")
    html = str([table["html"] for table in tables_of(result)])
    assert "<script>" not in html and "&lt;script&gt;" in html


# --- what moved the sentiment ---------------------------------------------------------------------


@pytest.fixture(scope="module")
def april(sample):
    return sample.during("2024-04")


def naive_parts(data):
    """Kitagawa's level and mix by topic, from the messages themselves."""
    sides = []
    for view in (data, data.previous):
        frame = view.scored_messages.to_pandas()
        frame = frame[(frame["sender"] == "customer") & frame["sentiment"].notna()]
        frame = frame.assign(topic=frame["topic"].fillna("(none)"), bad=frame["sentiment"] == "negative")
        sides.append(frame)
    (now, before) = sides
    made = {}
    middle = (now["bad"].mean() + before["bad"].mean()) / 2
    for topic in set(now["topic"]) | set(before["topic"]):
        own, past = now[now["topic"] == topic], before[before["topic"] == topic]
        s1, s0 = len(own) / len(now), len(past) / len(before)
        r1 = own["bad"].mean() if len(own) else past["bad"].mean()
        r0 = past["bad"].mean() if len(past) else r1
        made[topic] = ((r1 - r0) * (s1 + s0) / 2, (s1 - s0) * ((r1 + r0) / 2 - middle))
    return made, now["bad"].mean() - before["bad"].mean()


def test_drivers_sum_to_the_change(april):
    result = metrics.sentiment_drivers(april)
    parts, change = naive_parts(april)
    groups, total = result[~result["is_total"]], result[result["is_total"]].iloc[0]
    assert total["contribution"] == pytest.approx(change)
    assert groups["contribution"].sum() == pytest.approx(change)
    for _, row in groups.iterrows():
        level, mix = parts[row["topic"]]
        assert (row["level"], row["mix"]) == (pytest.approx(level), pytest.approx(mix))
        assert row["level"] + row["mix"] == pytest.approx(row["contribution"])
    assert groups.iloc[0]["topic"] == "internet_fault" and groups.iloc[0]["verdict"] == "clear"
    assert result.attrs["metric"] == "sentiment_drivers"


def test_the_messages_behind_it(april):
    drivers = metrics.sentiment_drivers(april)
    result = metrics.driver_messages(april, drivers)
    clear = set(drivers.loc[(drivers["verdict"] == "clear") & (drivers["contribution"] > 0), "topic"].dropna())
    assert set(result["topic"]) == clear and set(result["sentiment"]) == {"negative"}
    bad = april.scored_messages.to_pandas()
    bad = bad[(bad["sender"] == "customer") & (bad["sentiment"] == "negative") & bad["quick_reply"].isna()]
    for topic in clear:
        assert set(result.loc[result["topic"] == topic, "n"]) == {int((bad["topic"] == topic).sum())}
    assert set(result["text_id"]) <= set(bad["message_id"])
    n = int(bad["topic"].isin(clear).sum())
    assert clear == {"internet_fault"}
    assert result.sentence().replace("\xa0", " ").startswith(f"{n} texts about Internet fault were negative.")


def test_the_groups_of_the_messages_behind_it_are_named(april):
    """Where none raised the share clearly, those that raised it at all are told by their names."""
    drivers = metrics.sentiment_drivers(april)
    drivers["verdict"] = "chance"
    result = metrics.driver_messages(april, drivers, groups=2)
    first, second = dict.fromkeys(result["topic"])
    said = result.sentence().replace("\xa0", " ")
    names = [words.display_name(name, "topic") for name in (first, second)]
    assert f" texts about {names[0]} and about {names[1]} were negative." in said and "raised" not in said


def test_without_a_period_before_nothing_moved(sample):
    first = sample.during("all")
    assert metrics.sentiment_drivers(first) is None and metrics.driver_messages(first, None) is None


def test_the_sample_needs_no_name_to_be_told(april):
    result = metrics.voice_of_customer(april.scored_messages, "topic", examples=20)
    assert result["n"].gt(0).all() and not result["said"].str.contains(r"\d{6,}|@\w").any()
    assert toolkit.metrics.voice_of_customer is metrics.voice_of_customer
