"""Prepared data: checked tables as Parquet, and what is known of them, which `open_data` opens at once."""

import json
from pathlib import Path

from toolkit.load.sql import literal, quote

PREPARED = "prepared.json"


def write_prepared(con, folder, known):
    """Write the tables, the ledger and what is known of them to a folder; returns its path."""
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    for name in [*known["tables"], "ledger"]:
        target = literal(folder / f"{name}.parquet")
        table = "scored_messages" if known["scored"] and name == "messages" else name
        con.execute(f"COPY {quote(table)} TO {target} (FORMAT parquet)")
    (folder / PREPARED).write_text(json.dumps(known, indent=1), encoding="utf-8")
    return folder
