"""Our metrics beside hand-written pandas and DuckDB SQL, on the same rows in one run.

    python benchmarks/metrics_speed.py 300000

writes that many conversations of sample data to a temporary folder, opens them, and prints the median time of
each of five rounds, as a ratio to the hand-written DuckDB SQL. Machines are noisy: read the ratios, not the
seconds. The hand-written versions leave out what a metric adds (intervals, censoring, checks of types).
"""

import statistics
import sys
import tempfile
import time
import warnings

import duckdb
import pandas as pd

from toolkit import metrics
from toolkit.load import open_data
from toolkit.sample import write_sample

ROUNDS = 5


def median_time(function):
    """Median seconds of some rounds, after one that warms up."""
    function()
    times = []
    for _ in range(ROUNDS):
        start = time.perf_counter()
        function()
        times.append(time.perf_counter() - start)
    return statistics.median(times)


def main(conversations):
    """Write the data, time each pair of ways, print a table."""
    with tempfile.TemporaryDirectory() as folder:
        write_sample(folder, conversations=conversations, format="parquet")
        start = time.perf_counter()
        data = open_data(folder)
        print(
            f"open_data, with every check: {time.perf_counter() - start:.1f} s for {data.counts['rows_in'].sum():,} rows"
        )
        con = duckdb.connect()
        con.execute("SET TimeZone = 'UTC'")
        for name in ("conversations", "calls"):
            con.execute(f"CREATE TABLE {name} AS SELECT * FROM '{folder}/{name}.parquet'")
        frames = {name: con.execute(f"SELECT * FROM {name}").df() for name in ("conversations", "calls")}
    zone = "Europe/Rome"
    local = f"timezone('{zone}', started_at)"
    ways = {
        "abandonment_rate by hour": (
            lambda: metrics.abandonment_rate(data.calls, by="hour", zone=zone),
            lambda: metrics.abandonment_rate(frames["calls"], by="hour", zone=zone),
            lambda: frames["calls"][frames["calls"]["outcome"] != "test"]
            .assign(hour=lambda calls: calls["started_at"].dt.tz_convert(zone).dt.hour, lost=lambda calls: calls["outcome"] == "abandoned")
            .groupby("hour")["lost"]
            .agg(["size", "sum"]),
            f"SELECT hour({local}) AS hour, count(*), count(*) FILTER (outcome = 'abandoned') FROM calls "
            "WHERE outcome IS DISTINCT FROM 'test' GROUP BY 1 ORDER BY 1",
        ),
        "response_time_buckets by channel": (
            lambda: metrics.response_time_buckets(data.conversations, by="channel"),
            lambda: metrics.response_time_buckets(frames["conversations"], by="channel", as_of=data.as_of),
            lambda: frames["conversations"]
            .assign(
                bucket=lambda rows: pd.cut(
                    (rows["first_response_at"] - rows["created_at"]).dt.total_seconds(), [-1, 3600, 21600, 43200, 86400, 1e12]
                ).astype(object).fillna("none")
            )
            .groupby(["channel", "bucket"])
            .size(),
            "SELECT channel, CASE WHEN first_response_at IS NULL THEN 5 ELSE (epoch(first_response_at) - epoch(created_at) > 3600)::INT "
            "+ (epoch(first_response_at) - epoch(created_at) > 21600)::INT + (epoch(first_response_at) - epoch(created_at) > 43200)::INT "
            "+ (epoch(first_response_at) - epoch(created_at) > 86400)::INT END AS bucket, count(*) FROM conversations GROUP BY ALL",
        ),
        "first_response_time by channel": (
            lambda: metrics.first_response_time(data.conversations, by="channel"),
            lambda: metrics.first_response_time(frames["conversations"], by="channel", as_of=data.as_of),
            lambda: (frames["conversations"]["first_response_at"] - frames["conversations"]["created_at"])
            .dt.total_seconds()
            .groupby(frames["conversations"]["channel"])
            .quantile([0.5, 0.9]),
            "SELECT channel, quantile_cont(epoch(first_response_at) - epoch(created_at), [0.5, 0.9]) FROM conversations GROUP BY 1",
        ),
    }  # fmt: skip
    print(f"{'':34}{'ours, engine':>14}{'ours, frame':>14}{'pandas':>10}{'SQL':>8}   (times the hand-written SQL)")
    for name, (engine, frame, by_hand, sql) in ways.items():
        base = median_time(lambda sql=sql: con.execute(sql).fetchall())
        ratios = [median_time(way) / base for way in (engine, frame, by_hand)]
        print(
            f"{name:34}"
            + "".join(f"{ratio:{width}.1f}" for ratio, width in zip(ratios, (14, 14, 10), strict=True))
            + f"{1:8.1f}   ({base * 1000:.0f} ms)"
        )


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 100_000)
