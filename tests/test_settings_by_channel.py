"""What a service sets by channel holds for the channel however it spells it."""

import pytest

from toolkit import metrics
from toolkit.load import open_data

SETTINGS = """
time_zone = "UTC"
[costs]
Email = 3.0
phone = 9.0
social = 1.0
[[expectations.Email]]
within = "10h"
[[expectations.social]]
within = "1h"
"""


@pytest.fixture
def conversations(tmp_path):
    rows = ["conversation_id,channel,created_at,first_response_at"]
    for number, channel in enumerate(["Email", "email", "Call", "x"]):
        rows.append(f"{number},{channel},2024-03-01T08:00:00Z,2024-03-01T10:00:00Z")
    (tmp_path / "conversations.csv").write_text("\n".join(rows) + "\n")
    (tmp_path / "service.toml").write_text(SETTINGS)
    return open_data(tmp_path).conversations


def test_a_channel_costs_what_its_own_setting_says(conversations):
    costs = metrics.contact_costs(conversations).set_index("channel")["cost_per_contact"]
    assert costs.to_dict() == {"email": 3.0, "call": 9.0, "x": 1.0}


def test_a_channel_is_expected_what_its_own_setting_says(conversations):
    expected = metrics.expectation_met(conversations)
    assert expected[["within_seconds", "n", "expectation_met"]].values.tolist() == [[36_000, 2, 1.0], [3_600, 1, 0.0]]
