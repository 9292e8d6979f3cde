"""What customers say in their own words: how many texts on what, with examples, personal data masked."""

import pandas as pd

from toolkit import engine
from toolkit.mask import masked
from toolkit.metrics import shapes
from toolkit.metrics.dataset import beside
from toolkit.metrics.registry import metric
from toolkit.metrics.rows import choose
from toolkit.tables import SENTIMENTS

SAYING = 20  # letters, from which on a text says enough to be an example
SPARE = 4  # times as many examples are drawn as are shown, as texts may be alike
PRIME = 999_983
GIVEN = ["said_in", "sentiment", "said", "text_id"]
COMMENT, MESSAGE = "comment", "message"


# A listing: a row an example, counted in full before any is drawn. No query of a shape gives both.
@metric("listing", table="scored_messages", case="text", value="n")
def voice_of_customer(messages, by=None, examples=2, sentiment="all", surveys=None, limit=None):
    """What customers wrote: how many messages and survey comments on each topic, with some of each as examples.

    Parameters
    ----------
    messages : DataFrame, ibis Table or path; one row per message
        Uses `message_id`, `sender` (customers' kept), `sent_at`, `text`, and the columns in `by`; `quick_reply` where
        there is one: what was pressed isn't said.
    by : str or list of str, optional
        Group columns, such as "topic"; comments are left out where surveys don't have them.
    examples : int
        How many of each group, of messages and of comments, are shown. They are drawn by their time and key, so that
        the same data always shows the same; those of fewer than 20 letters only where there are no others.
    sentiment : "all", "negative", "neutral" or "positive"
        Of which messages; comments are left out where they have no `sentiment`.
    surveys : as `messages`, one row per survey, optional
        Uses `survey_id`, `comment`; by default those of the data set that the messages are of.
    limit : int, optional
        How many groups at most, those with most texts; the facts count all of them.

    Returns
    -------
    Result, one row per example, of the groups with most texts first ("(none)" last): the group, `n` texts of it,
        `said_in` (comment or message), `sentiment`, `said` with personal data masked; `attrs["facts"]`: `total` texts,
        `comments` and `messages` of them.

    Source: DEFINITIONS.md#voice-of-customer

    Examples
    --------
    >>> messages = pd.DataFrame({
    ...     "message_id": ["a", "b", "c"], "sender": "customer", "topic": ["bills", "bills", "repair"],
    ...     "sent_at": pd.to_datetime(["2024-03-05T09:00Z"] * 3), "text": ["Too high", "Write to me@x.org", None],
    ... })
    >>> voice_of_customer(messages, by="topic", examples=1)[["topic", "n", "said"]].values.tolist()
    [['bills', 2, 'Too high']]
    """
    choose("sentiment", sentiment, ("all", *SENTIMENTS))
    keys = engine.group_keys(by)
    table = engine.as_table(messages, "messages", ["message_id", "sender", "sent_at", "text"])
    surveys = beside(table, "surveys") if surveys is None else surveys
    rows = table.filter(table.sender == "customer")
    if "quick_reply" in rows.columns:
        rows = rows.filter(engine.as_text(rows.quick_reply).fill_null("") == "")
    parts = [_drawn(rows, "messages", MESSAGE, "message_id", "text", keys, examples, sentiment)]
    if surveys is not None:
        asked = engine.as_table(surveys, "surveys", ["survey_id", "sent_at"])
        if "comment" in asked.columns and all(key in asked.columns for key in keys):
            parts.insert(0, _drawn(asked, "surveys", COMMENT, "survey_id", "comment", keys, examples, sentiment))
    counts, drawn = (pd.concat(frames, ignore_index=True) for frames in zip(*parts, strict=True))
    held = keys or ["all_"]  # without groups all are one
    counts, drawn = (frame.assign(all_=0) for frame in (counts, drawn))
    totals = counts.groupby(held, as_index=False, dropna=False)["n"].sum()
    totals["is_none_"] = (totals[held] == engine.NONE).any(axis=1)
    totals = totals.sort_values(["is_none_", "n", *held], ascending=[True, False, *[True] * len(held)])
    totals["order_"] = range(len(totals))
    kept = totals if limit is None else totals.head(limit)
    frame = kept.merge(drawn, on=held, how="inner").sort_values(["order_", "place_"], kind="stable")
    frame = frame.reset_index(drop=True)[[*keys, "n", *GIVEN]].astype({"n": "int64"})
    by_source = counts.groupby("said_in")["n"].sum()
    facts = {"total": int(counts["n"].sum()), "is_sample": True}
    facts |= {"comments": int(by_source.get(COMMENT, 0)), "messages": int(by_source.get(MESSAGE, 0))}
    about = {"rows": ["said_in", "text_id"], "facts": facts}
    result = shapes.finish(frame, "voice_of_customer", table, [], {"n": "count"}, {"sentiment": sentiment}, 0, **about)
    result.attrs |= {"by": keys, "rows": [*keys, *about["rows"]]}  # in the order of how many there are
    return result


def _drawn(table, name, source, key, text, keys, examples, sentiment):
    """(texts per group, the examples of each group), of messages or of comments."""
    import ibis

    said = table[text].cast("string").fill_null("").strip()
    rows = table.mutate(said_=said, text_id_=engine.as_text(table[key]), at_=engine.epoch(table.sent_at).fill_null(0))
    rows = rows.filter(rows.said_ != "")
    has_sentiment = "sentiment" in rows.columns
    if sentiment != "all":
        rows = rows.filter(rows.sentiment == sentiment if has_sentiment else ibis.literal(False))
    rows = rows.mutate(sentiment_=rows.sentiment if has_sentiment else ibis.null("string"))
    rows = engine.with_keys(rows, name, keys, taken=["n", *GIVEN])
    counts = engine.to_pandas(engine.aggregate(rows, keys, n=rows.count())).assign(said_in=source)
    # a number that looks drawn by chance, and is the same on every engine
    rows = rows.mutate(
        draw_=(rows.at_ % PRIME) * 7_919 % PRIME, is_short_=ibis.ifelse(rows.said_.length() < SAYING, 1, 0)
    )
    order = [rows.is_short_.asc(), rows.draw_.asc(), rows.text_id_.asc()]
    number = ibis.row_number().over(group_by=keys or None, order_by=order)
    chosen = rows.mutate(number_=number)
    chosen = chosen.filter(chosen.number_ < SPARE * examples)
    chosen = chosen.select(
        *keys, text_id=chosen.text_id_, sentiment=chosen.sentiment_, said=chosen.said_, number_="number_"
    )
    frame = engine.to_pandas(chosen).assign(said_in=source)
    frame["said"] = [masked(text) for text in frame["said"]]
    frame = frame.sort_values([*keys, "number_"], kind="stable").drop_duplicates([*keys, "said"])
    groups = frame.groupby(keys, dropna=False) if keys else frame
    frame["place_"] = groups.cumcount() if keys else range(len(frame))
    frame = frame[frame["place_"] < examples].drop(columns="number_")
    frame["place_"] += 0 if source == COMMENT else examples
    return counts, frame


@metric("listing", table="", case="text", value="n", view_of="voice_of_customer")
def driver_messages(data, drivers, examples=3, groups=3):
    """Negative messages of the groups that raised the share of negative messages most: what stands behind the figure.

    Parameters
    ----------
    data : Data
    drivers : Result of `sentiment_drivers`, or None
    examples, groups : how many of each group, of how many groups

    Returns
    -------
    Result as that of `voice_of_customer`, the group that raised it most first; None where no group raised it, or there
        is no period before. Where some raised it clearly, only those.

    Source: DEFINITIONS.md#driver-messages

    Examples
    --------
    >>> import toolkit
    >>> data = toolkit.open_data("data/sample", period="2024-04")
    >>> set(driver_messages(data, toolkit.metrics.sentiment_drivers(data))["sentiment"])
    {'negative'}
    """
    if drivers is None:
        return None
    keys = drivers.attrs["by"]
    rows = pd.DataFrame(drivers[~drivers["is_total"] & (drivers["contribution"] > 0)])
    rows = rows[~(rows[keys] == engine.NONE).any(axis=1)]
    clear = rows[rows["verdict"] == "clear"]
    named = (clear if len(clear) else rows)[keys].head(groups)
    if not len(named):
        return None
    messages = data.scored_messages
    is_one = None
    for row in named.itertuples(index=False):
        held = None
        for key, value in zip(keys, row, strict=True):
            same = engine.as_text(messages[key]).fill_null("") == value
            held = same if held is None else held & same
        is_one = held if is_one is None else is_one | held
    result = voice_of_customer(messages.filter(is_one), keys, examples, "negative")
    order = {tuple(row): at for at, row in enumerate(named.itertuples(index=False))}
    places = [order[tuple(row)] for row in pd.DataFrame(result)[keys].itertuples(index=False)]
    attrs = result.attrs | {"metric": driver_messages.__name__}
    result = result.iloc[pd.Series(places).sort_values(kind="stable").index] if len(result) else result
    result = result.reset_index(drop=True)
    result.attrs = attrs
    return result
