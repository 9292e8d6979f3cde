"""From files to checked tables: raw (files in), cast, quality (rules, ledger), link, data (what an analyst holds), open."""

from toolkit.load.data import Data
from toolkit.load.open import open_data
from toolkit.load.score import score_messages

__all__ = ["Data", "open_data", "score_messages"]
