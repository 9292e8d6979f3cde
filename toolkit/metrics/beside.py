"""Of a group that stands out by one figure, what its other figures did over the period."""

from statistics import NormalDist

import pandas as pd

from toolkit import verdicts, words
from toolkit.errors import MissingColumn, MissingTable
from toolkit.metrics.periods import days_of, is_count, is_steady, results_of
from toolkit.metrics.previous import previous_period
from toolkit.metrics.registry import METRICS
from toolkit.metrics.scan import named_of
from toolkit.metrics.shapes import planned
from toolkit.metrics.small import everything, hide


def beside(data, facts, *asked):
    """The facts of groups that stand out, with what each group's figures did against the period before.

    Which groups are meant was found by other figures, and corrected for all that was looked at; of these groups the other
    figures are then asked, corrected by Holm for these together.

    Parameters
    ----------
    data : Data
    facts : list of dict, as `scan` gives them
    asked : (metric, {choices}), as `figures` takes them

    Returns
    -------
    list of dict: the facts, those whose figure moved the same way over the period with `over` (subject, previous, value
        and way: "rose" or "fell"), the first of a group that two figures or more name with `unsure`: the same of a
        further figure that moved by more than is usual, but not clearly beside the others that were asked; then one of
        kind "change" for each further figure of these groups that clearly changed, with `is_given`: it is clear as it
        stands

    Examples
    --------
    >>> import toolkit
    >>> from toolkit.metrics.compare import scan
    >>> data = toolkit.open_data("data/sample", period="2024-04")
    >>> asked = (toolkit.metrics.inbound_volume, {}), (toolkit.metrics.first_response_time, {})
    >>> facts = beside(data, scan(data, *asked, by=["topic"])[0], *asked)
    >>> [(fact["value"], fact["metric"], fact["over"]["way"]) for fact in facts]
    [('internet_fault', 'inbound_volume', 'rose'), ('internet_fault', 'first_response_time', 'rose')]
    """
    named = list(dict.fromkeys((fact["key"], fact["value"]) for fact in facts if fact["key"]))
    if data.previous is None or not named:
        return facts
    with everything():
        compared = _compared(data, asked, dict.fromkeys(key for key, _ in named))
    made, told = [], {(fact["key"], fact["value"], fact["metric"], fact["column"]): fact for fact in facts}
    for fact in facts:
        over = _over(compared.get((fact["key"], fact["metric"], fact["column"])), fact)
        made.append(fact | ({"over": over} if over and over["way"] == fact.get("way", over["way"]) else {}))
    others = [
        (comparison, row, key, value)
        for key, value in named
        for (of, metric, column), comparison in compared.items()
        if of == key and (key, value, metric, column) not in told
        for row in [_row(comparison, key, value)]
        if row is not None and not pd.isna(row["p"]) and not pd.isna(row["previous"])
    ]
    # Corrected for all the named groups together, a false change is told in 4.5 % of simulated tables (six groups, three
    # with a week of three times the contacts and nothing else changed; tests/test_coverage.py); with each group's figures
    # corrected for themselves it would be 13 %.
    adjusted = verdicts.holm([row["p"] for _, row, *_ in others])
    clear = [verdicts.is_clear(p) for p in adjusted]
    unsure = [one for one, is_told in zip(others, clear, strict=True) if not is_told and verdicts.is_clear(one[1]["p"])]
    return _with_unsure(made, unsure) + [_fact(*one) for one, is_told in zip(others, clear, strict=True) if is_told]


def _with_unsure(facts, unsure):
    """The facts, with what else moved of each group that figures of two metrics name: of several, what moved most surely."""
    made = list(facts)
    for comparison, row, key, value in sorted(unsure, key=lambda one: -one[1]["p"]):
        own = [at for at, fact in enumerate(facts) if (fact["key"], fact["value"]) == (key, value)]
        over = _moved(comparison, row)
        if over and len({facts[at]["metric"] for at in own}) > 1:
            made[own[0]] = made[own[0]] | {"unsure": over}
    return made


def _compared(data, asked, keys):
    """{(key, metric, column): the metric by the key against the period before} of what the data can tell."""
    calls = {}
    for function, given in asked:
        own = {name: value for name, value in given.items() if name not in ("best", "value", "table")}
        table = given.get("table", METRICS[function.__name__].table)
        for key in keys:
            try:
                if key not in getattr(data, table).columns:
                    continue
                with planned():
                    function(getattr(data, table), **own | {"by": [key]})
            except (MissingColumn, MissingTable):
                continue
            counted = is_count(function, given.get("value"))
            calls.setdefault(table, []).append((key, given.get("value"), (function, own | {"by": [key]}, counted)))
    found = {}
    for table, listed in calls.items():
        results = zip(*results_of(data, table, [call for *_, call in listed]), strict=True)
        days, steady = days_of(data, data.previous), is_steady(data, table)
        for (key, value, _), (now, before, history) in zip(listed, results, strict=True):
            column = value or now.attrs["value"]
            if column in now.columns and len(now) and before is not None:
                comparison = previous_period(now, before, column, history, days, steady)
                comparison.attrs["filters"] = [*data.filters]
                found[key, now.attrs["metric"], column] = hide(comparison, data.service.privacy.smallest_group)
    return found


def _row(comparison, key, value):
    found = comparison[comparison[key].astype(str) == value]
    return found.iloc[0] if len(found) else None


def _over(comparison, fact):
    """From what to what the figure of a fact's group moved over the period; None where it can't be told."""
    row = None if comparison is None else _row(comparison, fact["key"], fact["value"])
    return None if row is None else _moved(comparison, row)


def _moved(comparison, row):
    column, unit = comparison.attrs["value"], comparison.attrs["units"][comparison.attrs["value"]]
    ends = [row["previous"], row[column]]
    if any(map(pd.isna, ends)) or pd.isna(row["change"]):
        return None
    shown = [words.value_text(float(end), unit) for end in ends]
    if shown[0] == shown[1]:
        return None
    way = "rose" if ends[1] > ends[0] else "fell"
    return {"subject": named_of(comparison, column), "previous": shown[0], "value": shown[1], "way": way}


def _fact(comparison, row, key, value):
    column, over = comparison.attrs["value"], _moved(comparison, row)
    name = words.display_name(row[key], key)
    said = words.text(f"headlines.over.{over['way']}", **over) if over else ""
    clause = words.text("headlines.over.clause", name=words.display_name(row[key], key, in_sentence=True), what=said)
    return {
        "kind": "change",
        "metric": comparison.attrs["metric"],
        "column": column,
        "key": key,
        "value": value,
        "name": name,
        "text": words.sentence_case(words.text("headlines.sentence", text=clause)),
        "clause": clause,
        "more": said,
        "direction": verdicts.direction(row["change"], comparison.attrs.get("best")),
        "p": float(row["p"]),
        "score": NormalDist().inv_cdf(1 - max(row["p"], verdicts.SMALLEST_P) / 2),
        "n": int(row[comparison.attrs["count"]]),
        "over": over,
        "is_given": True,
    }
