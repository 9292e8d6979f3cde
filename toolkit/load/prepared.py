"""Prepared data: checked tables as Parquet, and what is known of them, which `open_data` opens at once."""

import json
import shutil
from pathlib import Path

from toolkit.load.sql import literal, quote
from toolkit.tables import OUTSIDE

PREPARED = "prepared.json"


def write_prepared(con, folder, known, outside=None):
    """Write the tables, the ledger, figures from outside and what is known of them to a folder; returns its path."""
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    for name in [*known["tables"], "ledger"]:
        table = "scored_messages" if known["scored"] and name == "messages" else name
        # where the engine is locked it may write into one folder only
        aside = con.execute("SELECT current_setting('allowed_directories')").fetchone()[0]
        target = Path(aside[0] if aside else folder) / f"{name}.parquet"
        con.execute(f"COPY {quote(table)} TO {literal(target)} (FORMAT parquet)")
        if aside:
            shutil.move(target, folder / target.name)
    if outside is not None and not (folder / OUTSIDE).exists():
        shutil.copyfile(outside, folder / OUTSIDE)
    (folder / PREPARED).write_text(json.dumps(known, indent=1), encoding="utf-8")
    return folder
