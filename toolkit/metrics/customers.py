"""How many customers wrote, and how many of them more than once."""

from toolkit import engine
from toolkit.errors import MissingColumn
from toolkit.metrics import shapes
from toolkit.metrics.calls import first_legs
from toolkit.metrics.registry import metric
from toolkit.metrics.volume import contacts_of

OWN = ("n", "repeat_count", "known_count", "unknown_count", "repeat_share", "low", "high")


@metric("rate", table="conversations", case="customer", value="repeat_share")
def unique_customers(contacts, by=None, zone=None):
    """How many distinct customers made contact, and the share of them who did so more than once.

    Parameters
    ----------
    contacts : DataFrame, ibis Table or path
        As for `inbound_volume`, with `customer_id`.
    by : str or list of str, optional
        Group columns, such as "channel"; also hour, weekday, day, week, month, local. A customer of two groups counts in
        both, so that groups don't sum to the whole.

    Returns
    -------
    Result, one row per group: `n` customers, `repeat_count` of them with two contacts or more in the group, `repeat_share`
        in [0, 1] with `low`, `high` (95 % Wilson), `known_count` contacts of known customers and `unknown_count` of
        which nothing says whose they are: they are counted apart, and are not taken as one customer.

    Raises
    ------
    MissingColumn
        Nothing says who the customers are.

    Source: DEFINITIONS.md#unique-customers

    Examples
    --------
    >>> import pandas as pd
    >>> at = pd.to_datetime(["2024-03-01T09:00Z"] * 5)
    >>> who = unique_customers(pd.DataFrame({"created_at": at, "customer_id": ["a", "a", "b", None, None]}))
    >>> who[["n", "repeat_share", "unknown_count"]].values.tolist()
    [[2.0, 0.5, 2.0]]
    """
    rows, table, _ = contacts_of(contacts)
    rows = first_legs(rows) if table == "calls" else rows  # a call that was passed on is no second contact
    if "customer_id" not in rows.columns:
        raise MissingColumn(table, "customer_id", rows.columns)
    keys = engine.group_keys(by)
    keyed = engine.with_keys(rows, table, keys, zone, uses=["customer_id"], taken=OWN)
    keyed = keyed.mutate(customer_=engine.as_text(keyed.customer_id).nullif(""))
    each = keyed.group_by([*keys, "customer_"]).aggregate(contacts_=keyed.count())
    is_known = each.customer_.notnull()
    counts = {
        "n": engine.count_if(each, is_known),
        "repeat_count": engine.count_if(each, is_known & (each.contacts_ > 1)),
        "known_count": is_known.ifelse(each.contacts_, 0).sum(),
        "unknown_count": is_known.ifelse(0, each.contacts_).sum(),
    }

    def made(frame):
        frame = frame.fillna(dict.fromkeys(counts, 0)).astype(dict.fromkeys(counts, "int64"))
        frame = shapes.add_rate(frame[[*keys, *counts]], "repeat_share", "repeat_count", "n")
        units = dict.fromkeys(counts, "count") | {"repeat_share": "rate"}
        about = {"roles": {"hits": "repeat_count"}, "ends": ("low", "high"), "overlaps": bool(keys)}
        return shapes.finish(frame, "unique_customers", rows, keys, units, None, **about)

    return shapes.run(engine.aggregate(each, keys, **counts), made)
