"""Small exports for the tests of sources: JSON and CSV written into a folder, and what must hold of every one that is read."""

import csv
import json


def write(folder, **files):
    """Write what a system exports: a list or dict as JSON, {"name.csv": [dict, ...]} by its ending; returns the folder."""
    folder.mkdir(exist_ok=True, parents=True)
    for name, content in files.items():
        (folder / f"{name}.json").write_text(json.dumps(content), encoding="utf-8")
    return folder


def write_csv(folder, **files):
    """Write tables: the columns are those of all rows, an absent value is empty; returns the folder."""
    folder.mkdir(exist_ok=True, parents=True)
    for name, rows in files.items():
        columns = list(dict.fromkeys(column for row in rows for column in row))
        with open(folder / f"{name}.csv", "w", newline="", encoding="utf-8") as file:
            out = csv.DictWriter(file, columns)
            out.writeheader()
            out.writerows(rows)
    return folder


def adds_up(data):
    """Rows in = rows used + rows in the ledger, each of which names its file and row."""
    counts = data.counts
    assert (counts["rows_in"] == counts["rows_used"] + counts["rejected"]).all(), counts
    rejected = data.ledger[data.ledger["action"] == "rejected"]
    assert len(rejected) == counts["rejected"].sum(), data.ledger
    assert rejected[["file", "row"]].notna().all(axis=None), rejected
    return True


def rows(data, table, *columns):
    """A table's rows in the order of its first column, times as text without seconds' fractions, nothing as None."""
    frame = data.every(table).to_pandas()
    frame = frame.sort_values(list(frame.columns[:2]))[list(columns)]
    for column in frame.columns[[str(kind).startswith("datetime") for kind in frame.dtypes]]:
        frame[column] = frame[column].dt.strftime("%Y-%m-%d %H:%M:%S")
    return frame.astype(object).where(frame.notna(), None).values.tolist()


def set_aside(data):
    """(table, key or value, rule, why) of what the ledger holds, in order."""
    ledger = data.ledger
    return sorted(
        (table, key or value, rule, reason)
        for table, key, value, rule, reason in ledger[["table", "key", "value", "rule", "reason"]]
        .fillna("")
        .values.tolist()
    )
