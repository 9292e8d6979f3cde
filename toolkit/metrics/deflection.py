"""What contacts cost, and how many of them come in by which way."""

import pandas as pd

from toolkit import engine
from toolkit.metrics import shapes
from toolkit.metrics.registry import metric
from toolkit.metrics.rows import channel_setting
from toolkit.metrics.volume import contacts_of, inbound_volume


@metric("count", table="conversations", case="contact", value="cost", view_of="deflection_savings")
def contact_costs(contacts, by=None, zone=None):
    """What contacts cost, by the cost of one on each channel.

    Parameters
    ----------
    contacts : DataFrame, ibis Table or path
        As for `inbound_volume`; conversations and messages need `channel`, calls are of the phone. What one costs
        stands in service.toml (`costs`); "social" stands for all written channels without an entry of their own.
    by : str or list of str, optional
        Group columns; by default the channel.

    Returns
    -------
    Result, one row per group and channel: `n` contacts, `cost_per_contact`, `cost`, in the settings' currency; null for a channel whose cost isn't known.

    Source: DEFINITIONS.md#contact-costs

    Examples
    --------
    >>> contacts = pd.DataFrame({"created_at": pd.to_datetime(["2024-03-01T09:00Z"] * 3), "channel": ["x", "x", "phone"]})
    >>> contact_costs(contacts)[["channel", "n", "cost"]].values.tolist()
    [['phone', 1, 12.0], ['x', 2, 2.0]]
    """
    import ibis

    rows, table, case = contacts_of(contacts)
    if table == "calls":
        rows = rows.mutate(channel=ibis.literal("phone"))
    rows = engine.as_table(rows, table, ["channel"])
    keys = [key for key in engine.group_keys(by) if key != "channel"]
    engine.check_keys(rows, table, keys, taken=("cost_per_contact", "cost"))
    settings = shapes.settings_of(rows)
    costs, facts = settings.costs, {"is_assumed": "costs" not in settings.model_fields_set}

    def priced(counted):
        def cost(channel):
            return None if channel == engine.NONE else costs.get(channel_setting(channel, costs))

        frame = pd.DataFrame(counted).drop(columns="share")
        frame["cost_per_contact"] = frame["channel"].map(cost).astype("float64")
        frame["cost"] = frame["n"] * frame["cost_per_contact"]
        result = shapes.finish(
            frame,
            "contact_costs",
            rows,
            [],
            {"n": "count", "cost_per_contact": "money", "cost": "money"},
            {},
            0,
            case=case,
            facts=facts,
        )
        result.attrs |= {"by": [*keys, "channel"], "rows": [*keys, "channel"]}
        return result

    return shapes.then(shapes.count(inbound_volume, rows, [*keys, "channel"], zone, table, case), priced)
