"""Prepared data, opened again: what was written by `toolkit.load.prepared`, or by someone who says so."""

import datetime
import glob
import json

import duckdb
import pandas as pd

from toolkit.errors import BadData
from toolkit.links import refuse_way_out
from toolkit.load.data import Data
from toolkit.load.prepared import PREPARED
from toolkit.load.sql import literal, quote
from toolkit.service import Service
from toolkit.tables import TABLES


def open_prepared(folder, con, scratch):
    """The `Data` of a folder of prepared data, read as it is needed."""
    place = folder / PREPARED
    refuse_way_out(place, folder)
    try:
        known = json.loads(place.read_text(encoding="utf-8"))
        odd = [name for name in known["tables"] if name not in TABLES]
        if odd:  # each is the name of a file
            raise ValueError(f"{odd[0]!r} is no table")
        return _opened(folder, con, scratch, known)
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError, duckdb.Error) as error:
        con.close()
        scratch.close()
        said = f"{type(error).__name__}: {error}" if isinstance(error, KeyError) else str(error).strip().splitlines()[0]
        raise BadData(f"{place}: isn't what Data.save wrote ({said}); prepare the data again") from None


def _opened(folder, con, scratch, known):
    for name in [*known["tables"], "ledger"]:
        refuse_way_out(folder / f"{name}.parquet", folder)
        file = literal(glob.escape(str(folder / f"{name}.parquet")))
        con.execute(f"CREATE VIEW {quote(name)} AS SELECT * FROM read_parquet({file})")
    if known["scored"]:
        con.execute("CREATE VIEW scored_messages AS SELECT * FROM messages")
    data = Data(
        con,
        Service.model_validate(known["service"]),
        datetime.datetime.fromisoformat(known["as_of"]),
        known["tables"],
        known["source"],
        known["files"],
        pd.DataFrame(known["counts"]),
        known["notes"],
        scratch=scratch,
    )
    data.as_of_reason, data.zone_is_known = known["as_of_reason"], known["zone_is_known"]
    data.shared_names = [tuple(one) for one in known.get("shared_names") or []]
    if "daily" in known:
        data.know_daily(known["daily"])
    return data
