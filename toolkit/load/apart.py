"""Which values of a column are told apart, where a data set has more of them than anybody can read."""

from toolkit import engine
from toolkit.load.labels import NAMED
from toolkit.tables import TABLES

MOST_GROUPS = 500  # of a column; what is said of groups takes time by their number, and nobody reads more


def count_groups(view, column):
    """(the values that are told apart, how many others there are, and of how many rows), or None where all are.

    Those with most rows in the tables that have the column, whatever the period: so that a group is the same one in
    every period that is compared, and in every report of a run.

    Parameters
    ----------
    view : Data
        Only its filters restrict what is counted.
    column : str
        One that no table has is made by a metric; its values are few.
    """
    import ibis

    rows = []
    for name in (name for name in TABLES if view.has(name)):
        table = view.every(name)
        if column not in table.columns:
            continue
        for filtered, values in view.filters.items():
            restricted = view._restricted(table, name, filtered, values)
            table = table if restricted is None else restricted
        rows.append(table.select(value_=engine.as_text(table[column]).nullif("")))
    if not rows:
        return None
    counted = (ibis.union(*rows) if len(rows) > 1 else rows[0]).filter(lambda table: table.value_.notnull())
    counted = counted.group_by("value_").aggregate(n_=lambda table: table.count())
    most = engine.to_pandas(counted.order_by([ibis.desc("n_"), "value_"]).limit(MOST_GROUPS + 1))
    if len(most) <= MOST_GROUPS:
        return None
    kept = most.iloc[:MOST_GROUPS]
    whole = engine.to_pandas(counted.aggregate(groups=counted.count(), rows=counted.n_.sum())).iloc[0]
    return tuple(kept["value_"]), int(whole["groups"]) - MOST_GROUPS, int(whole["rows"]) - int(kept["n_"].sum())


def notes_of_groups(view):
    """What a reader must know of columns with more values than are told apart, as notes."""
    found = [(column, view.count_groups(column)) for column in NAMED]
    return [
        ("notes.others", {"column": column, "kept": len(held[0]), "n": held[1], "rows": held[2]})
        for column, held in found
        if held
    ]
