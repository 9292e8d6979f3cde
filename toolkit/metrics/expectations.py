"""Whether customers get their answer within what they expect of a channel."""

from toolkit import engine
from toolkit.errors import MissingSetting
from toolkit.intervals import wilson
from toolkit.metrics import shapes, waits
from toolkit.metrics.choices import choosing
from toolkit.metrics.registry import metric
from toolkit.metrics.response import asked, first_response_time
from toolkit.metrics.rows import channel_setting
from toolkit.tables import EMAIL_CHANNELS, MAIL_CHANNELS


@metric("rate", table="conversations", case="conversation", value="expectation_met", best="high")
@choosing
def expectation_met(conversations, choices=("as_of", "bot_only", "channels", "since", "reopened")):
    """The share of conversations answered within what customers expect of their channel.

    Parameters
    ----------
    conversations : DataFrame, ibis Table or path; one row per conversation
        Uses `created_at`, `first_response_at`, `closed_at` where it is there, and `channel`. What is expected stands in service.toml
        (`expectations`), of a channel by its name; "social" stands for all written channels without an entry of their own.
        Without any the toolkit assumes them, of the phone, e-mail, social channels and messaging; letters and forms are left out.
    as_of, bot_only, channels, since, reopened :
        As for `first_response_time`; a phone conversation that begins when the call is taken says nothing of its queue.

    Returns
    -------
    Result, one row per expectation, in the order of the settings: `expectation` (such as "social, 1 h"),
        `within_seconds`, `expected_share` of the customers who expect it (null where that isn't known), `n`
        conversations, `answered_count` answered by then, `expectation_met` in [0, 1] (best 1) with `low`, `high` (95 %, from the
        cumulative incidence: what is waiting is censored; Wilson's where all were answered).

    Raises
    ------
    MissingSetting
        Nothing says what is expected of any of the channels.

    Source: DEFINITIONS.md#expectation-met

    Examples
    --------
    >>> import pandas as pd
    >>> start = pd.Timestamp("2024-03-01T09:00Z")
    >>> conversations = pd.DataFrame({
    ...     "channel": ["email"] * 2, "created_at": [start] * 2,
    ...     "first_response_at": [start + pd.Timedelta(hours=h) for h in (1, 30)],
    ... })
    >>> expectation_met(conversations)[["expectation", "n", "expectation_met"]].values.tolist()
    [['email, 24 h', 2, 0.5]]
    """
    import pandas as pd

    waiting = asked(conversations, choices)
    rows = engine.as_table(waiting.rows, "conversations", ["channel"])
    settings = shapes.settings_of(rows)
    with shapes.at_once():
        first = waits.wait(first_response_time, waiting, "channel")
    is_assumed = "expectations" not in settings.model_fields_set
    groups = {channel: _setting(channel, settings.expectations, is_assumed) for channel in first["channel"]}
    made = []
    for name, expected in settings.expectations.items():
        members = [channel for channel, group in groups.items() if group == name]
        cells = [first.cells(row) for _, row in first.iterrows() if row["channel"] in members]
        if not cells:
            continue
        curve = waits.curve_of(pd.concat(cells))
        for one in expected:
            share, low, high = curve.at(one.within)
            if share >= 1:  # the curve's band is that of the step before, and says nothing where there is none
                (low,), (high,) = wilson([curve.ended], [curve.ended])
            met = int(sum(cell.loc[cell["cell_"] <= one.within, "ended_"].sum() for cell in cells))
            label = f"{name}, {_hours(one.within)}"
            made.append((label, one.within, one.share, int(curve.n), met, share, low, high))
    if len(groups) and not made:
        raise MissingSetting("expectations", f"what customers expect of {', '.join(map(str, groups))}")
    columns = [
        "expectation",
        "within_seconds",
        "expected_share",
        "n",
        "answered_count",
        "expectation_met",
        "low",
        "high",
    ]
    frame = pd.DataFrame(made, columns=columns).astype({"expected_share": "float64"})
    units = {"within_seconds": "seconds", "expected_share": "rate", "n": "count", "answered_count": "count"}
    about = {
        "rows": ["expectation"],
        "groups": ["expectation"],
        "ordered": True,
        "roles": {"hits": "answered_count"},
        "ends": ("low", "high"),
    }
    units |= {"expectation_met": "rate"}
    about |= {"facts": {"is_assumed": 1}} if is_assumed else {}
    told = waiting.told | {"expectations": "assumed" if is_assumed else "own"}
    return shapes.finish(frame, "expectation_met", rows, [], units, told, **about, **waiting.about)


def _setting(channel, expectations, is_assumed):
    """The name of the expectation that holds for a channel; what is assumed of social channels isn't of letters and forms."""
    if is_assumed and channel.lower() in MAIL_CHANNELS:
        return "email" if channel.lower() in EMAIL_CHANNELS else None
    return channel_setting(channel, expectations)


def _hours(seconds):
    from toolkit.clock import humanize

    return humanize(seconds) if seconds != 86_400 else "24 h"
