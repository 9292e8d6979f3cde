"""The sentiment of customer messages: positive, neutral or negative, and in which language.

English is scored by VADER; Italian, Spanish, Romanian and Polish by our own lexicons under
`lexicons/` (see `lexicon.py` for the rules). A text whose language cannot be told is not scored,
rather than scored by the wrong words: report the coverage beside any mean.

Nothing heavy is imported before the first text is scored.
"""

import functools
import math
from numbers import Real
from typing import NamedTuple

LANGUAGES = ("en", "it", "es", "ro", "pl")
ENGINES = {
    "en": "vader",
    "it": "lexicon-it",
    "es": "lexicon-es",
    "ro": "lexicon-ro",
    "pl": "lexicon-pl",
}

# (highest negative, lowest positive) score of each engine, chosen on the training files only.
# VADER's usual +-0.05 calls every "ok, hello" positive; from 0.25 on one plainly positive
# word ("good", "thanks") is needed. All engines share VADER's scale and came out best near the same pair.
THRESHOLDS = dict.fromkeys(ENGINES.values(), (-0.05, 0.25))

# Distinct (text, language) pairs remembered between calls; a support inbox repeats itself. Longer
# texts hardly ever do, and would fill the memory.
_REMEMBERED = 20_000
_REMEMBERED_LENGTH = 1_000

__all__ = [
    "ENGINES",
    "LANGUAGES",
    "THRESHOLDS",
    "Scored",
    "detect_language",
    "label_of",
    "score_text",
    "score_texts",
]


class Scored(NamedTuple):
    """What one text scored. All are None where it could not be scored (but `language` may be known).

    label : 'positive', 'neutral' or 'negative'
    score : float in [-1, 1]
    language : one of `LANGUAGES`
    engine : one of the values of `ENGINES`
    """

    label: str | None
    score: float | None
    language: str | None
    engine: str | None


def label_of(score, engine="vader"):
    """The label of a score.

    Parameters
    ----------
    score : float in [-1, 1], or None
    engine : str, optional
        One of the values of `ENGINES`: each has its thresholds in `THRESHOLDS`.

    Returns
    -------
    str, 'positive', 'neutral' or 'negative'; None for None or NaN

    Examples
    --------
    >>> label_of(0.4), label_of(0.0), label_of(-0.4)
    ('positive', 'neutral', 'negative')
    """
    # pd.NA is no Real, and has no truth value to test
    if not isinstance(score, Real) or math.isnan(score):
        return None
    negative, positive = THRESHOLDS[engine]
    if score <= negative:
        return "negative"
    return "positive" if score >= positive else "neutral"


def detect_language(text):
    """The language of a message, where it can be told.

    Parameters
    ----------
    text : str or None

    Returns
    -------
    str, one of `LANGUAGES`; None where the text is in another language, too short to tell, or
    holds no words (a link, a number, an emoji). The same text gives the same answer.

    Examples
    --------
    >>> detect_language("Il mio ordine non è mai arrivato")
    'it'
    >>> detect_language("Où est mon remboursement ?") is None
    True
    """
    from .language import detect_language as detect

    return detect(text)


def score_text(text, language=None):
    """The sentiment of one message.

    Parameters
    ----------
    text : str or None
        Handles, links and HTML entities are removed first; only the first 5,000 characters count.
    language : str, optional
        One of `LANGUAGES`, also as "en-GB" or "EN"; detected where it is not given.

    Returns
    -------
    Scored
        `label` is None where there is no text or no known language. A text in a known language
        in which no word of the lexicon occurs is neutral with score 0.

    Examples
    --------
    >>> score_text("No funciona y nadie contesta", "es").label
    'negative'
    >>> score_text("Grazie mille, siete stati gentilissimi!").label
    'positive'
    >>> score_text("Où est mon remboursement ?")
    Scored(label=None, score=None, language=None, engine=None)
    """
    if not isinstance(text, str):
        return Scored(None, None, _known(language), None)
    score = _remembered if len(text) <= _REMEMBERED_LENGTH else _score
    return score(text, _missing_to_none(language))


def score_texts(texts, languages=None):
    """The sentiment of many messages.

    Parameters
    ----------
    texts : iterable of str or None
    languages : str, or iterable as long as `texts`, optional
        One language for all, or one for each; missing ones are detected.

    Returns
    -------
    DataFrame, one row per text in the same order: `label`, `score`, `language`, `engine`, as
        in `Scored`; `score` is float (NaN where not scored), the rest str or None. A Series keeps
        its index.

    Raises
    ------
    ValueError
        `languages` is not as long as `texts`.
    TypeError
        `texts` is one str: `score_text` takes that.

    Examples
    --------
    >>> score_texts(["Ottimo servizio", None])["label"].tolist()
    ['positive', None]
    """
    import pandas as pd

    if isinstance(texts, str):
        raise TypeError("score_texts takes many texts; use score_text for one")
    index = texts.index if isinstance(texts, pd.Series) else None
    texts = list(texts)
    if languages is None or isinstance(languages, str):
        languages = [languages] * len(texts)
    else:
        languages = list(languages)
        if len(languages) != len(texts):
            raise ValueError(f"{len(languages)} languages for {len(texts)} texts")
    rows = [score_text(text, language) for text, language in zip(texts, languages, strict=True)]
    columns = list(zip(*rows, strict=True)) or [(), (), (), ()]
    label, score, language, engine = columns
    # object, not pandas' str: numpy dtypes plot everywhere, and None stays None
    return pd.DataFrame(
        {
            "label": pd.Series(label, dtype=object),
            "score": pd.Series(score, dtype="float64"),
            "language": pd.Series(language, dtype=object),
            "engine": pd.Series(engine, dtype=object),
        }
    ).set_axis(range(len(texts)) if index is None else index)


def _missing_to_none(language):
    """None for every kind of missing value: NaN, pd.NA, empty."""
    return language if isinstance(language, str) and language.strip() else None


def _known(language):
    """The code of one of our languages ("EN", "en-GB" and "en_US" are English), or None."""
    language = _missing_to_none(language)
    code = None if language is None else language.strip().lower().replace("_", "-").split("-")[0]
    return code if code in ENGINES else None


def _score(text, language):
    from .text import clean

    cleaned = clean(text)
    if language is None:
        from .language import detect_cleaned

        code = detect_cleaned(cleaned)
    else:
        code = _known(language)
    if code is None or not cleaned:
        return Scored(None, None, code, None)
    if code == "en":
        from .vader import score_cleaned
    else:
        from .lexicon import lexicon

        score_cleaned = lexicon(code).score_cleaned
    # rounded as VADER does; + 0.0 turns -0.0 into 0.0
    score = round(score_cleaned(cleaned), 4) + 0.0
    return Scored(label_of(score, ENGINES[code]), score, code, ENGINES[code])


_remembered = functools.lru_cache(maxsize=_REMEMBERED)(_score)
