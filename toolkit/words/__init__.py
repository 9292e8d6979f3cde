"""Every word that a reader sees, by language: messages (`catalogue`), names (`names`), values in prose (`prose`)."""

from toolkit.words.catalogue import (
    NO_BREAK,
    PSEUDO,
    date_name,
    entry,
    has,
    joined,
    language,
    languages,
    month_name,
    number,
    percent,
    sentence_case,
    text,
    use,
)
from toolkit.words.names import choice, display_name, is_none, part_name, place, short_name, verdict
from toolkit.words.prose import duration, duration_parts, estimate, points, value_text

__all__ = [
    "NO_BREAK",
    "PSEUDO",
    "choice",
    "date_name",
    "display_name",
    "duration",
    "duration_parts",
    "entry",
    "estimate",
    "has",
    "is_none",
    "joined",
    "language",
    "languages",
    "month_name",
    "number",
    "part_name",
    "percent",
    "place",
    "points",
    "sentence_case",
    "short_name",
    "text",
    "use",
    "value_text",
    "verdict",
]
