"""The shape of what parts add to a sum of time: n, seconds in all, their share with an interval, and the median."""

import pandas as pd

from toolkit.contributions import share_of_sum
from toolkit.metrics.registry import METRICS
from toolkit.metrics.shapes import finish, groups_of, run
from toolkit.metrics.waits import ENDS, MEDIAN, curve_of, on_grid, refuse_negative

COLUMNS = ["n", "open_count", "total_seconds", "share", "low", "high", *MEDIAN]


def cells_of(rows, keys, flags, own="seconds_", whole="seconds_"):
    """The query: per group and duration on the grid how many ended, ended otherwise and are open; and sums of time.

    Parameters
    ----------
    rows : Ibis table with `seconds_`, and how each wait ended: `flags`, the names of "ended" and "otherwise" (or None)
    own, whole : columns of the seconds that a row adds to its part, and that its case adds to the whole
    """
    import ibis

    ended, otherwise = flags
    is_ended = rows[ended]
    is_other = rows[otherwise] if otherwise else ibis.literal(False)
    cell = rows.mutate(cell_=on_grid(rows.seconds_), x_=rows[own].cast("float64"), t_=rows[whole].cast("float64"))
    return cell.group_by([*keys, "cell_"]).aggregate(
        ended_=is_ended.ifelse(1, 0).sum(),
        otherwise_=is_other.ifelse(1, 0).sum(),
        open_=(is_ended | is_other).ifelse(0, 1).sum(),
        x_sum_=cell.x_.sum(),
        xx_=(cell.x_ * cell.x_).sum(),
        xt_=(cell.x_ * cell.t_).sum(),
        smallest_=cell.seconds_.min(),
    )


def sums(of, query, rows, keys, part, whole=None, order=(), choices=None, case=None, facts=None, apart=()):
    """What each part adds to a sum of time, per group: its share has the interval of a ratio of two sums.

    Parameters
    ----------
    query : as `cells_of` makes it, per group and part
    part : the column of the parts; the ones that add most come first, or they stand in their `order`
    whole : the part whose rows are the cases that make the whole, and is no part itself; by default all parts do, and a
        case is in one of them
    apart : parts that are none, but told apart: how many cases, and their seconds, stand in `facts`
    """
    name = of.__name__

    def measured(cells, total):
        curve = curve_of(cells)
        added = [float(cells[column].sum()) for column in ("x_sum_", "xx_", "xt_")]
        values = [int(curve.n), int(curve.open), added[0], *share_of_sum(*added, *total)]
        return dict(zip(COLUMNS, [*values, curve.quantile(0.5), *curve.quantile_interval(0.5)], strict=True))

    def made(cells):
        refuse_negative(cells, METRICS[name].contract)
        found, n, seconds = [], 0, 0.0
        told = {one: cells[cells[part] == one] for one in apart}
        aside = {one: int(rows[list(ENDS)].sum().sum()) for one, rows in told.items()}
        aside |= {f"{one}_seconds": float(rows["x_sum_"].sum()) for one, rows in told.items()}
        for key, group in groups_of(cells, keys) if len(cells) else []:
            cases = group if whole is None else group[group[part] == whole]
            total = float(cases["x_sum_"].sum()), float(cases["xx_"].sum()), int(cases[list(ENDS)].sum().sum())
            n, seconds = n + total[2], seconds + total[0]
            for value, own in group[~group[part].isin([whole, *apart])].groupby(part, sort=True):
                found.append(dict(zip(keys, key, strict=True)) | {part: value} | measured(own, total))
        frame = pd.DataFrame(found, columns=[*keys, part, *COLUMNS])
        frame = frame.astype({"n": "int64", "open_count": "int64"} | dict.fromkeys(COLUMNS[2:], "float64"))
        frame["rank_"] = frame[part].map({value: place for place, value in enumerate(order)}) if order else 0
        frame = frame.sort_values(["rank_", "total_seconds", part], ascending=[True, False, True], kind="stable")
        units = {"n": "count", "open_count": "count", "total_seconds": "seconds", "share": "rate"}
        about = {"ends": ("low", "high"), "when_null": {"median_seconds": "not_reached"}, "rows": [part]}
        about |= {"facts": {"n": n, "seconds": seconds, "is_each_in_one": whole is None} | aside | (facts or {})} | (
            {"ordered": True} if order else {}
        )
        about |= {"case": case} if case else {}
        about |= {"groups": [*keys, part]} if whole is None else {}  # else parts are some of a group's cases
        result = finish(frame.drop(columns="rank_").reset_index(drop=True), name, rows, keys,
                        units | {"median_seconds": "seconds"}, choices, **about)  # fmt: skip
        if not order:
            result.attrs["by"] = [*keys, part]
        return result

    return run(query, made)
