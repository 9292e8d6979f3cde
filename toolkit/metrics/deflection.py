"""Which way contacts come in, what they cost, and what it saves when they come in another way."""

import numpy as np
import pandas as pd

from toolkit import engine, verdicts
from toolkit.clock.timeline import PERIODS
from toolkit.metrics import shapes
from toolkit.metrics.calls import first_legs, reached
from toolkit.metrics.dataset import beside, data_of, made_once, whole
from toolkit.metrics.followups import calls_besides, key_of
from toolkit.metrics.registry import metric
from toolkit.metrics.rows import channel_setting, currency_of
from toolkit.metrics.volume import contacts_of, inbound_volume
from toolkit.tables import HISTORY_WEEK, MAIL_CHANNELS, PHONE_CHANNELS

PHONE = "phone"


@made_once
def contacts_by_way(conversations, calls=None):
    """Every contact once, as a row of `conversations`: those, and the calls that are no conversation of the phone.

    Parameters
    ----------
    conversations : DataFrame, ibis Table or path
    calls : the same for the calls, optional
        By default those of the data set, of the same period; tests are left out.

    Returns
    -------
    ibis Table with `way_`: "digital" (social and messaging), "phone" or "mail"; null where the channel isn't known
    """
    import ibis

    rows = engine.as_table(conversations, "conversations", ["created_at", "channel"])
    rows = rows.mutate(channel=key_of(rows.channel))
    calls = beside(rows, "calls") if calls is None else calls
    if calls is not None:
        calls, threads = engine.as_table(calls, "calls", ["started_at"]), whole(rows, "conversations")
        added = calls_besides(first_legs(reached(calls)), rows if threads is None else threads)
        own = {"created_at": "started_at"} | {name: name for name in added.columns}
        columns = {}
        for name, dtype in rows.schema().items():
            dtype = dtype.copy(nullable=True)
            columns[name] = added[own[name]].cast(dtype) if name in own else ibis.null(dtype)
        rows = rows.union(added.select(**columns | {"channel": ibis.literal(PHONE).cast("string")}))
    channel = rows.channel.lower()
    way = ibis.cases((channel.isin(PHONE_CHANNELS), PHONE), (channel.isin(MAIL_CHANNELS), "mail"), else_="digital")
    is_unknown = channel.isnull() | (channel == engine.NONE)
    return rows.mutate(way_=ibis.ifelse(is_unknown, ibis.null("string"), way))


@metric("rate", table="conversations", case="contact", value="digital_share", best="high")
def call_deflection(conversations, by=None, calls=None, zone=None):
    """The share of contacts that came in by social channels and messaging, rather than by phone or e-mail.

    Parameters
    ----------
    conversations : DataFrame, ibis Table or path; one row per conversation
        Uses `created_at`, `channel` and the columns in `by`. A conversation without a channel is left out.
    by : str or list of str, optional
        Group columns, such as "topic"; also hour, weekday, day, week, month, local.
    calls : the same for calls, optional
        By default those of the data set; a call that has a conversation of its own on a phone channel is that one.
    zone : str, optional
        IANA time zone; tables from `open_data` carry theirs.

    Returns
    -------
    Result, one row per group: `n` contacts = `digital_count` + `phone_count` + `mail_count` (e-mail, letters, forms);
        `digital_share` in [0, 1] (best 1) with `low`, `high` (95 % Wilson).

    Raises
    ------
    MissingColumn

    Source: DEFINITIONS.md#call-deflection

    Examples
    --------
    >>> at = pd.to_datetime(["2024-03-01T09:00Z"] * 4)
    >>> contacts = pd.DataFrame({"created_at": at, "channel": ["x", "phone", "email", None]})
    >>> call_deflection(contacts)[["n", "digital_count", "phone_count", "mail_count"]].values.tolist()
    [[3, 1, 1, 1]]
    """
    rows = contacts_by_way(conversations, calls)
    rows = rows.filter(rows.way_.notnull())
    rows = rows.mutate(**{f"is_{way}_": rows.way_ == way for way in ("digital", "phone")})
    return shapes.rate(call_deflection, rows, "digital", by, zone, ["phone"], "mail")


# --- costs --------------------------------------------------------------------------------------------


@metric("figure", table="conversations", case="contact", value="saved", best="high")
def deflection_savings(conversations, by=None, earlier=None, calls=None, zone=None):
    """What it saves that a smaller share of contacts are calls than in the period before.

    The calls that there would have been, had as many of a hundred contacts been calls as in the base period, less those
    that there were; times what a call costs more than the other contacts do.

    Parameters
    ----------
    conversations : DataFrame, ibis Table or path; one row per conversation
        As for `call_deflection`. What a contact costs stands in service.toml (`costs`).
    by : str or list of str, optional
        Group columns, each group against its own share before. Of days, weeks, months, ..., each is held against the
        one before it, the first against none.
    earlier : the same for the base period, optional
        By default the period before of the data set.
    calls : the same for the calls, optional
        As for `call_deflection`.
    zone : str, optional
        IANA time zone; tables from `open_data` carry theirs.

    Returns
    -------
    Result, one row per group: `n` contacts whose channel is known, `phone_count`, `phone_share`, `base_phone_share`,
        `moved`, how many contacts fewer were calls (negative: more), `cost_difference` of one, and `saved` with `low`,
        `high`, in the settings' currency (negative: it cost more). The interval (95 %) is that of the difference of
        the shares (MOVER of Wilson's, wider where the share moves from week to week), costs taken as certain. Null
        where there is no base, or no cost.

    Raises
    ------
    MissingColumn

    Source: DEFINITIONS.md#deflection-savings

    Examples
    --------
    Of ten contacts five were calls, then two; a call costs 12, a message 1:

    >>> def contacts(phone, x):
    ...     channel = ["phone"] * phone + ["x"] * x
    ...     return pd.DataFrame({"created_at": pd.to_datetime(["2024-03-01T09:00Z"] * len(channel)), "channel": channel})
    >>> deflection_savings(contacts(2, 8), earlier=contacts(5, 5))[["n", "moved", "saved"]].values.tolist()
    [[10.0, 3.0, 33.0]]
    """
    rows, keys = contacts_by_way(conversations, calls), engine.group_keys(by)
    steps, settings = [key for key in keys if key in PERIODS], shapes.settings_of(rows)
    query = _by_channel(rows, keys, zone)

    def made(frame):
        now = _shares(frame, keys, settings.costs)
        before, movement = _base_of(rows, keys, earlier, zone, settings.costs) if not steps else (None, {})
        if steps:
            before = _steps_before(now, keys, steps[0])
        before = pd.DataFrame(columns=[*keys, "n", "phone_count"]) if before is None else before
        named = before.rename(columns={"n": "base_n_", "phone_count": "base_count_"})
        named = named[[*keys, "base_n_", "base_count_"]]
        whole_ = now.merge(named, how="left", on=keys) if keys else now.join(named)
        rows_ = [row | _saved(row, movement.get(tuple(row[key] for key in keys))) for row in whole_.to_dict("records")]
        frame = pd.DataFrame(rows_, columns=[*keys, *SAVINGS])
        frame = frame.astype({"n": "int64", "phone_count": "int64"})
        floats = [name for name in SAVINGS if name not in ("n", "phone_count")]
        frame[floats] = frame[floats].astype("float64")
        units = {"n": "count", "phone_count": "count", "phone_share": "rate", "base_phone_share": "rate"}
        units |= {"moved": "number", "cost_difference": "money", "saved": "money"}
        facts = {"is_assumed": "costs" not in settings.model_fields_set}
        choices = {"costs": "assumed" if facts["is_assumed"] else "own"} | currency_of(settings)
        return shapes.finish(
            frame, "deflection_savings", rows, keys, units, choices, ends=("low", "high"), facts=facts
        )  # fmt: skip

    return shapes.run(query, made)


SAVINGS = ["n", "phone_count", "phone_share", "base_phone_share", "moved", "cost_difference", "saved", "low", "high"]


def _by_channel(rows, keys, zone):
    """The query: contacts by group and channel."""
    rows = rows.filter(rows.way_.notnull()).mutate(channel_=rows.channel)
    keyed = engine.with_keys(rows, "conversations", keys, zone, taken=SAVINGS)
    return keyed.group_by([*keys, "channel_"]).aggregate(
        n_=keyed.count(), calls_=engine.count_if(keyed, keyed.way_ == PHONE)
    )


def _shares(frame, keys, costs):
    """Per group n, phone_count, and what a call costs more than the mean of its other contacts."""
    made = []
    for key, group in shapes.groups_of(frame, keys) if len(frame) or not keys else []:
        one = [costs.get(channel_setting(str(channel), costs)) for channel in group["channel_"]]
        cost, n = np.array(one, float), group["n_"].to_numpy(float)
        is_phone = group["calls_"].to_numpy(float) > 0
        known = ~np.isnan(cost)
        other, of_phone = (_mean(cost[chosen & known], n[chosen & known]) for chosen in (~is_phone, is_phone))
        if not is_phone.any():  # what one would have cost
            of_phone = costs.get(channel_setting(PHONE, costs), np.nan)
        counts = {"n": int(n.sum()), "phone_count": int(n[is_phone].sum()), "cost_difference": of_phone - other}
        made.append(dict(zip(keys, key, strict=True)) | counts)
    return pd.DataFrame(made, columns=[*keys, "n", "phone_count", "cost_difference"])


def _mean(values, weights):
    return (values * weights).sum() / weights.sum() if weights.sum() else np.nan


def _base_of(rows, keys, earlier, zone, costs):
    """(the same per group of the base period, None where there is none; {group: hits and n by earlier week})."""
    data = data_of(rows)
    calls = None
    if earlier is None:
        if data is None or data.previous is None:
            return None, {}
        earlier = data.previous.conversations
    before = contacts_by_way(earlier, calls)
    weeks = data.weeks_before if data is not None else None
    movement = {}
    if weeks is not None:
        weekly = [*keys, HISTORY_WEEK]
        counted = _shares(
            engine.to_pandas(_by_channel(contacts_by_way(weeks.conversations), weekly, zone)), weekly, costs
        )
        for key, group in shapes.groups_of(counted, keys):
            movement[key] = group["phone_count"].to_numpy(float), group["n"].to_numpy(float)
    return _shares(engine.to_pandas(_by_channel(before, keys, zone)), keys, costs), movement


def _steps_before(now, keys, step):
    """The groups, each in the place of the one that follows it by a day, a week or a month."""
    return now.assign(**{step: now[step] + (7 if step == "week" else 1)}) if len(now) else now


def _saved(row, movement):
    """What a group moved and saved against its share before, with the interval of the difference of the shares."""
    n, base = row["n"], row["base_n_"]
    made = {"phone_share": row["phone_count"] / n if n else np.nan}
    made["base_phone_share"] = row["base_count_"] / base if base and base == base else np.nan
    if not n or not base or base != base:
        return made | dict.fromkeys(("moved", "saved", "low", "high"), np.nan)
    counts = row["phone_count"], n, row["base_count_"], base
    change = verdicts.rates(*counts, movement, fewest=1) if movement is not None else verdicts.Change()
    if np.isnan(change.low):  # no weeks before that say how the share moves
        change = verdicts.rates(*counts, fewest=1, within=True)
    difference = row["cost_difference"]
    low, high = sorted(-n * end * difference for end in (change.low, change.high))
    moved = 0.0 - n * change.change
    return made | {"moved": moved, "saved": moved * difference, "low": low, "high": high}


@metric("count", table="conversations", case="contact", value="cost", view_of="deflection_savings")
def contact_costs(contacts, by=None, calls=None, zone=None):
    """What contacts cost, by the cost of one on each channel: the same contacts as those of `call_deflection`.

    Parameters
    ----------
    contacts : DataFrame, ibis Table or path
        Conversations, with the calls that are no conversation of the phone, as for `call_deflection` (but one without
        a channel is counted, too); or calls or messages alone, as for `inbound_volume`. All but calls need `channel`.
        What one costs stands in service.toml (`costs`); "social" stands for all written channels without an entry of
        their own.
    by : str or list of str, optional
        Group columns; by default the channel.
    calls : the same for calls, optional
        By default, beside conversations, those of the data set.
    zone : str, optional
        IANA time zone; tables from `open_data` carry theirs.

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
    if table == "conversations":
        rows, case = contacts_by_way(rows, calls), "contact"
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
            currency_of(settings),
            0,
            case=case,
            facts=facts,
        )
        result.attrs |= {"by": [*keys, "channel"], "rows": [*keys, "channel"]}
        return result

    return shapes.then(shapes.count(inbound_volume, rows, [*keys, "channel"], zone, table, case), priced)
