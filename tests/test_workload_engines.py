"""Backlog, workload, replies, customers, topics and alerts: equal on Postgres and on the embedded engine."""

import pandas as pd
import pytest
from test_engines import postgres  # noqa: F401  (a fixture)
from test_metrics_wide import AS_OF, ZONE, tables

from toolkit import metrics

CASES, SENT = "conversations", "messages"
CALLS = {
    "new_and_closed by day": (
        metrics.new_and_closed,
        [CASES],
        {"by": ["channel", "day"], "as_of": AS_OF, "zone": ZONE},
    ),
    "new_and_closed": (metrics.new_and_closed, [CASES], {}),
    "waiting_now": (metrics.waiting_now, [CASES], {"by": "topic", "as_of": AS_OF}),
    "workload": (metrics.workload, [CASES], {"by": ["agent", "week"], "as_of": AS_OF, "zone": ZONE}),
    "reply_volume": (metrics.reply_volume, [SENT], {"by": ["agent", "day"], "zone": ZONE}),
    "channel_switching": (metrics.channel_switching, [SENT], {"by": "team", "zone": ZONE}),
    "unique_customers": (metrics.unique_customers, [CASES], {"by": "channel"}),
    "topics": (metrics.topics, [CASES], {"by": "bot"}),
    "unmatched_share": (metrics.unmatched_share, [CASES], {"by": "channel"}),
    "repetitive_share": (metrics.repetitive_share, [CASES], {"as_of": AS_OF, "quick": "1d"}),
    "volume_alerts": (metrics.volume_alerts, [CASES], {"by": "channel", "zone": ZONE}),
    "volume_alerts by hour": (metrics.volume_alerts, [CASES], {"every": "hour", "zone": ZONE}),
}


@pytest.fixture(scope="module")
def held(postgres):  # noqa: F811
    return {name: postgres.create_table(f"own_{name}", tables()[name]) for name in (CASES, SENT)}


def told(function, needs, given, of):
    messages = {"messages": of[SENT]} if function is metrics.workload else {}
    frame = pd.DataFrame(function(*[of[name] for name in needs], **given, **messages))
    return frame.convert_dtypes(dtype_backend="numpy_nullable")


@pytest.mark.parametrize("name", CALLS)
def test_equal_on_postgres(name, held):
    expected = told(*CALLS[name], tables())
    assert len(expected)
    pd.testing.assert_frame_equal(told(*CALLS[name], held), expected, rtol=1e-9, check_column_type=False)
