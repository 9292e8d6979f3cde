"""The shape of the parts of one whole, with intervals that know which rows are alike."""

from toolkit import engine
from toolkit.intervals import clustered_rate
from toolkit.metrics.registry import METRICS
from toolkit.metrics.shapes import add_rate


def shares(of, rows, parts, column, by, zone, cluster=None):
    """The parts of the rows that have one of the values `parts` in `column`; the others are counted only.

    Where the rows come in clusters (the messages of a conversation), the intervals carry how much alike those of one
    cluster are.
    """
    name, keys = of.__name__, engine.group_keys(by)
    ends = [f"{part}{end}" for part in parts for end in ("", "_low", "_high")]
    taken = ["n", "message_count", "coverage", "coverage_low", "coverage_high", "change", "p", "verdict", *ends]
    keyed = engine.with_keys(
        rows, METRICS[name].contract, keys, zone, taken=[*taken, *[f"{part}_count" for part in parts]]
    )
    is_clustered = cluster is not None and cluster in keyed.columns
    if is_clustered:
        keyed = keyed.mutate(cluster_=engine.as_text(keyed[cluster]))
    flags = {part: engine.count_if(keyed, keyed[column] == part) for part in parts}
    if not is_clustered:
        query = engine.aggregate(
            keyed, keys, message_count=keyed.count(), **{f"{p}_count": flag for p, flag in flags.items()}
        )
    else:
        query = _clustered(keyed, keys, flags)

    def made(frame):
        counts = [f"{part}_count" for part in parts]
        frame = frame.fillna(0) if not keys else frame.copy()  # sums of no row are null
        frame = frame.astype(dict.fromkeys(["message_count", *counts], "int64"))
        frame["n"] = frame[counts].sum(axis=1).astype("int64")
        frame = add_rate(frame, "coverage", "n", "message_count", prefix="coverage")
        for part in parts:
            frame = add_rate(frame, part, f"{part}_count", "n", prefix=part)
            if "clusters_" in frame.columns:
                sums = (
                    frame[f"{name_}_"].to_numpy(float)
                    for name_ in ("clusters", "n", part, "nn", f"{part}_{part}", f"n_{part}")
                )
                low, high = clustered_rate(*sums)
                frame[f"{part}_low"], frame[f"{part}_high"] = low, high
        return frame.sort_values(keys, kind="stable").reset_index(drop=True) if keys else frame

    return query, made


def _clustered(keyed, keys, flags):
    """The query: the counts per group, and the sums over clusters that the intervals need."""
    n = sum(flags.values())
    each = keyed.group_by([*keys, "cluster_"]).aggregate(
        rows_=keyed.count(), n_=n, **{f"{part}_": flag for part, flag in flags.items()}
    )
    size = each.n_.cast("float64")
    sums = {
        "message_count": each.rows_.sum(),
        "clusters_": engine.count_if(each, each.n_ > 0),
        "n_": size.sum(),
        "nn_": (size * size).sum(),
    }
    for part in flags:
        own = each[f"{part}_"].cast("float64")
        sums |= {
            f"{part}_count": each[f"{part}_"].sum(),
            f"{part}_": own.sum(),
            f"{part}_{part}_": (own * own).sum(),
            f"n_{part}_": (size * own).sum(),
        }
    return engine.aggregate(each, keys, **sums)
