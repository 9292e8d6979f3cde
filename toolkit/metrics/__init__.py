"""The metrics: one file per question, one function per metric, by shape (`shapes.py`).

Each takes a table (pandas frame, Ibis table or path), builds one Ibis expression and returns a small pandas frame with
counts and 95 % intervals; what each is called stands in `toolkit/words`, and is written to DEFINITIONS.md.
"""

from toolkit.metrics.calls import abandonment_by_base, abandonment_by_stage, abandonment_rate, average_speed_of_answer
from toolkit.metrics.compare import previous_period
from toolkit.metrics.response import (
    expectation_met,
    first_response_time,
    reply_pairs,
    response_curve,
    response_rate,
    response_time_buckets,
)
from toolkit.metrics.satisfaction import csat, csat_by_topic, low_score_rate, low_scores
from toolkit.metrics.sentiment import sentiment_engines, sentiment_trend
from toolkit.metrics.volume import contact_costs, inbound_volume, volume_heatmap

__all__ = [
    "abandonment_by_base",
    "abandonment_by_stage",
    "abandonment_rate",
    "average_speed_of_answer",
    "contact_costs",
    "csat",
    "csat_by_topic",
    "expectation_met",
    "first_response_time",
    "inbound_volume",
    "low_score_rate",
    "low_scores",
    "previous_period",
    "reply_pairs",
    "response_curve",
    "response_rate",
    "response_time_buckets",
    "sentiment_engines",
    "sentiment_trend",
    "volume_heatmap",
]


def __dir__():
    return __all__  # what completes after `toolkit.metrics.` is metrics
