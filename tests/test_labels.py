"""What values of the data are shown as: the catalogue's words, the labels of service.toml, and two values of one name."""

import pandas as pd
import pytest

from toolkit import blocks, metrics, open_data, words
from toolkit.cli import main
from toolkit.errors import BadSettings

ROWS = """conversation_id,channel,created_at,topic,priority,team
1,web_chat,2024-03-01T10:00:00Z,a_b,high,north
2,chat,2024-03-02T10:00:00Z,a b,low,north
3,email,2024-03-02T10:00:00Z,plain,low,
4,web_chat,2024-03-02T11:00:00Z,plain,low,south
"""
LABELS = """[labels]
low = "Can wait"
[labels.channel]
web_chat = "Live-Chat"
CHAT = "Live-Chat"
[labels.team]
north = "<b>North</b> & *co*"
high = "never: no team is called so"
"""


@pytest.fixture(autouse=True)
def as_ever():
    """Labels are those of the data set that was opened last, for the tests that follow, too."""
    yield
    words.use_labels()


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "conversations.csv").write_text(ROWS)
    (tmp_path / "service.toml").write_text(LABELS)
    return tmp_path


def test_values_have_their_words_without_settings():
    said = {key: words.display_name(value, key) for key, value in {"channel": "web_chat", "outcome": "voicemail", "direction": "proactive", "bot_outcome": "handed_off", "status": "on_hold", "stage": "main_menu"}.items()}  # fmt: skip
    assert list(said.values()) == ["Web chat", "Voicemail", "Proactive", "Passed to a human", "On hold", "Main menu"]


def test_labels_are_of_a_column_or_of_any(folder):
    open_data(folder)
    assert words.display_name("low", "priority") == words.display_name("LOW", "anything") == "Can wait"
    assert words.display_name("high", "priority") == "High"  # the label is of the column team
    assert words.display_name("email", "channel") == "E-mail"
    assert words.place({"priority": "low"}) == "for Can wait"


def test_two_values_of_one_name_stay_two_rows(folder):
    data = open_data(folder)
    names = [words.display_name(value, "channel") for value in ("web_chat", "chat", "email")]
    assert names == ["Live-Chat (web_chat)", "Live-Chat (chat)", "E-mail"]
    assert [words.display_name(value, "topic") for value in ("a_b", "a b", "plain")] == [
        "A b (a_b)",
        "A b (a b)",
        "Plain",
    ]
    result = metrics.inbound_volume(data.conversations, by="channel")
    assert len(result) == 3 and set(result["channel"]) == {"web_chat", "chat", "email"}  # the figures know no label


def test_tables_charts_and_sentences_say_the_label_and_escape_it(folder):
    result = metrics.inbound_volume(open_data(folder).conversations, by="team")
    one = blocks.block(result)
    shown = blocks.block_html(one)
    assert "&lt;b&gt;North&lt;/b&gt; &amp; *co*" in shown and "<b>North" not in shown
    assert "<b>North" in one["heading"]  # a text: who shows it escapes it
    assert "<b>North</b> & *co*" in result.sentence()


def test_a_metric_is_printed_with_labels_and_exported_with_values(folder, capsys):
    asked = ["metric", "inbound_volume", "--data", str(folder), "--period", "all", "--by", "channel"]
    assert main(asked) == 0
    assert "Live-Chat (web_chat)" in capsys.readouterr().out
    for format in ("csv", "json"):
        assert main([*asked, "--format", format]) == 0
        said = capsys.readouterr().out
        rows = said.split('"rows"')[-1]
        assert "web_chat" in rows and "Live-Chat" not in rows


def test_prepared_data_knows_its_labels(folder, tmp_path):
    place = open_data(folder).save(tmp_path / "prepared")
    words.use_labels()
    opened = open_data(place)
    assert words.display_name("chat", "channel") == "Live-Chat (chat)" and opened.service.labels["low"] == "Can wait"


def test_another_data_set_has_its_own(folder, tmp_path):
    open_data(folder)
    other = tmp_path / "other"
    other.mkdir()
    (other / "conversations.csv").write_text(ROWS.replace("a b", "c").replace("chat,2024", "phone,2024"))
    open_data(other)
    assert words.display_name("low", "priority") == "Low" and words.display_name("a_b", "topic") == "A b"


@pytest.mark.parametrize(
    "toml, said",
    [
        ("low = 3", "labels.low"),
        ("low = ''", "labels.low"),
        ("[labels.channel]\nx = ['a']", "labels.channel"),
        ("[labels.channel.x]\ny = 'a'", "labels.channel"),
    ],
)
def test_a_label_that_is_none_is_refused(folder, toml, said):
    (folder / "service.toml").write_text(f"[labels]\n{toml}\n")
    with pytest.raises(BadSettings, match=said):
        open_data(folder)


@pytest.mark.parametrize("value", [None, float("nan"), pd.NaT, 3, pd.Timestamp("2024-03-01")])
def test_what_is_no_text_has_its_usual_name(folder, value):
    usual = words.display_name(value, "priority")
    open_data(folder)
    assert words.display_name(value, "priority") == usual
