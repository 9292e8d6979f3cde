"""Small exports for the tests of the sources, and what must hold of every one that was read."""

import csv
import json


def write(folder, name, lines, **options):
    """A CSV of `lines` (the first names the columns), or a JSON document, by the name's ending; returns its path."""
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.suffix == ".json":
        path.write_text(json.dumps(lines), encoding="utf-8")
        return path
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, **options).writerows(lines)
    return path


def rows(data, table, *columns):
    """The values of these columns, a list a row, in the order of the table's key."""
    frame = data.every(table).to_pandas()
    frame = frame.sort_values(frame.columns[0])[list(columns)]
    return [
        [None if value is None or value != value else _plain(value) for value in row] for row in frame.values.tolist()
    ]


def _plain(value):
    return value.strftime("%Y-%m-%d %H:%M") if hasattr(value, "strftime") else value


def why(data):
    """{(table, what the ledger says in the brackets of its reason, or its rule): how many} of the rows set aside."""
    rejected = data.ledger[data.ledger["action"] == "rejected"]
    found = {}
    for table, rule, reason in rejected[["table", "rule", "reason"]].values.tolist():
        said = (
            reason.rpartition(" (")[2].removesuffix(")") if rule in ("unusable line", "set aside on purpose") else rule
        )
        found[table, said] = found.get((table, said), 0) + 1
    return found
