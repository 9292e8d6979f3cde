"""Where each group has a target of its own, none is held against the others by one time."""

import pandas as pd
import pytest

from toolkit import findings, metrics
from toolkit.load import open_data

SETTINGS = 'time_zone = "UTC"\n[targets.first_response]\n{}\n'


def written(tmp_path, targets):
    """E-mail is answered after 20 h, nearly always; web chat after 2 min or, half of it, after an hour."""
    rows = ["conversation_id,channel,created_at,first_response_at,closed_at"]
    for number in range(80):
        channel = ("email", "web_chat")[number % 2]
        late = number % 8 == 0 if channel == "email" else number % 4 == 1
        answered = pd.Timestamp("2024-03-01T08:00:00") + pd.Timedelta(
            {"email": "20h", "web_chat": "2min"}[channel] if not late else {"email": "40h", "web_chat": "1h"}[channel]
        )
        rows.append(f"{number},{channel},2024-03-01T08:00:00Z,{answered.isoformat()}Z,2024-03-09T08:00:00Z")
    (tmp_path / "conversations.csv").write_text("\n".join(rows) + "\n")
    (tmp_path / "service.toml").write_text(SETTINGS.format(targets))
    return open_data(tmp_path, as_of="2024-03-20T00:00:00Z").conversations


def plain(text):
    return text.replace("\xa0", " ")


@pytest.mark.parametrize("metric", [metrics.response_curve, metrics.response_time_buckets])
def test_the_slow_channel_does_not_stand_out_where_it_was_promised_more_time(tmp_path, metric):
    conversations = written(tmp_path, 'email = "24h"\nweb_chat = "5m"')
    told = findings.tell(metric(conversations, by="channel"))
    assert told.highlight is None and "others" not in told.sentence and not told.facts


def test_each_channel_is_told_by_its_own_target_the_worst_first(tmp_path):
    conversations = written(tmp_path, 'email = "24h"\nweb_chat = "5m"')
    told = findings.tell(metrics.response_curve(conversations, by="channel"))
    assert (
        plain(told.heading) == "From 50 % via web chat to 75 % via e-mail had a first response within their own target"
    )
    assert "50 % (36 to 66) via web chat within 5 min and 75 % (61 to 87) via e-mail within 24 h" in plain(told.note)


def test_channels_of_one_target_are_told_by_one_time(tmp_path):
    conversations = written(tmp_path, 'default = "5m"')
    told = findings.tell(metrics.response_curve(conversations, by="channel"))
    assert "own target" not in told.sentence and "between 75 % and 100 %" in plain(told.heading)
