"""English: the vaderSentiment package, with our emoji table and a supplement for our field.

VADER was written for general social media. In customer service it takes "please help" for praise
and "still waiting, doesn't work" for nothing at all; `vader.tsv` holds the words and phrases that
differ here. Its rules (negation, degree, capitals, "but") are untouched.
"""

import functools
import re

from .lexicon import HERE, emoji_pattern, emoji_scores, read_entries


@functools.cache
def _supplement():
    """The words, and the phrases as one word each ("still_waiting"): VADER knows only words."""
    entries = read_entries(HERE / "vader.tsv")
    words = {term: score for term, score, kind in entries if kind == "word"}
    phrases = {term.replace(" ", "_"): score for term, score, kind in entries if kind == "phrase"}
    return words, phrases


@functools.cache
def _analyzer():
    # imported on first use: reading its lexicon takes a noticeable part of a second
    from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer

    analyzer = SentimentIntensityAnalyzer()
    # VADER replaces an emoji by its English name ("face with tears of joy" is half sad); with our
    # table one emoji means the same in every language
    analyzer.emojis = {}
    analyzer.lexicon.update(emoji_scores())
    for entries in _supplement():
        analyzer.lexicon.update(entries)
    return analyzer


@functools.cache
def _patterns():
    _, phrases = _supplement()
    longest_first = sorted(phrases, key=len, reverse=True)
    joined = "|".join(re.escape(phrase).replace("_", " ") for phrase in longest_first)
    return re.compile(f"({emoji_pattern()})"), re.compile(rf"\b(?:{joined})\b", re.IGNORECASE)


def score_cleaned(text):
    """How positive an English text is: VADER's compound score, in [-1, 1].

    Examples
    --------
    >>> score_cleaned("great service") > 0.5, score_cleaned("still waiting, not good") < -0.5
    (True, True)
    """
    signs, phrases = _patterns()
    # VADER parts words at blanks only, so a sign glued to a word would be missed
    text = signs.sub(r" \1 ", text)
    text = phrases.sub(lambda match: match.group().replace(" ", "_"), text)
    return _analyzer().polarity_scores(text)["compound"]
