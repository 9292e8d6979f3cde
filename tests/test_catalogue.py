"""The catalogue of what a customer-service team measures against what there is: each a function, defined, in a report."""

import inspect
import re
from pathlib import Path

import nbformat
import pytest

from toolkit import metrics, words
from toolkit.metrics.registry import METRICS

NOTEBOOKS = sorted((Path(__file__).parents[1] / "notebooks").glob("*.ipynb"))

# Every row of the catalogue, by question, under the name that it has there.
CATALOGUE = {
    "volume and workload": "inbound_volume volume_heatmap out_of_hours_share new_and_closed workload channel_switching"
    " volume_alerts unique_customers repetitive_share",
    "response": "first_response_time response_time_buckets response_time response_wait response_rate reply_volume"
    " slow_topics expectation_met",
    "life of a conversation": "indexing_delay queue_time agent_response_time agent_handling_time total_handling_time"
    " lifecycle",
    "resolution": "first_resolution_time final_resolution_time resolution_rate resolution_buckets"
    " first_contact_resolution escalations reopen_rate",
    "phone": "abandonment_rate abandonment_by_stage patience average_speed_of_answer service_level average_handle_time"
    " call_resolution_time transfers",
    "service levels": "sla_compliance service_level_target breaches",
    "satisfaction": "csat csat_by_topic low_scores nps predicted_csat",
    "sentiment and voice of the customer": "sentiment_trend sentiment_drivers voice_of_customer topics",
    "self-service, bots, deflection": "bot_conversations handoff_rate bot_containment quick_replies call_deflection"
    " deflection_savings",
    "comparison": "team_report benchmark previous_period service_report",
}
ROWS = [name for names in CATALOGUE.values() for name in names.split()]
BEYOND = {"staffing"}  # when there should be more people: asked for by two of the articles, in no row
REPORTS = {
    "response_times", "abandonment", "csat_by_topic", "sentiment_trends", "volume_and_workload",
    "lifecycle_and_service_levels", "resolution", "bots_and_deflection", "team_report", "overview",
}  # fmt: skip
# What stands in reports without being called by name there, and what calls it: every key figure is beside its period
# before, and the figures of a file from outside are asked for all together.
BY_ITSELF = {"previous_period": "show.key_figures", "benchmark": "show.outside"}


def code(path):
    return "\n".join(cell.source for cell in nbformat.read(path, as_version=4).cells if cell.cell_type == "code")


def test_the_catalogue_and_the_metrics_are_the_same_set():
    own = {name for name, about in METRICS.items() if not about.view_of}
    assert own == {*ROWS, *BEYOND}
    assert {about.view_of for about in METRICS.values()} - {""} <= own  # a view is one of a row
    assert set(metrics.__all__) == set(METRICS)


def test_there_are_ten_reports():
    assert {path.stem for path in NOTEBOOKS} == REPORTS


@pytest.mark.parametrize("name", sorted(METRICS))
def test_each_stands_in_a_report(name):
    called = re.escape(BY_ITSELF.get(name, name))
    assert any(re.search(rf"\b{called}\b", code(path)) for path in NOTEBOOKS), f"no notebook shows {name}"


@pytest.mark.parametrize("name", sorted(METRICS))
def test_each_is_defined(name):
    about = METRICS[name]
    for part in ("title", "definition", "source"):
        assert words.has(f"metric.{name}.{part}") or (part == "source" and about.view_of), f"{name} has no {part}"
    assert len(words.text(f"metric.{name}.definition")) > 60
    text = inspect.getdoc(about.function)
    assert "Source: DEFINITIONS.md#" in text and ">>> " in text
