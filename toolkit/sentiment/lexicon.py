"""The lexicon engine: VADER's rules, restated for inflected languages and our own word lists.

A lexicon is a UTF-8 TSV file, `lexicons/<language>.tsv`, with the columns `term`, `score`, `kind`:

==============  ==================================================  ==========================
kind            term                                                score
==============  ==================================================  ==========================
word            one exact form                                      valence, -4 to 4
stem            a prefix of at least four letters                   valence, -4 to 4
phrase          several words; the last may end with `*`            valence, -4 to 4
negation        turns what follows                                  0
intensifier     strengthens what follows                            factor above 1
diminisher      weakens what follows                                factor below 1
but             what comes after counts more than what came before  0
==============  ==================================================  ==========================

The longest match wins: phrase, then word, then stem. `emoji.tsv` is shared by all languages.
"""

import functools
import math
import re
from pathlib import Path
from typing import NamedTuple

from .text import clean, fold, strip_marks

KINDS = ("word", "stem", "phrase", "negation", "intensifier", "diminisher", "but")
VALENCED = ("word", "stem", "phrase")
MINIMUM_STEM = 4

HERE = Path(__file__).parent

# The factors were chosen on the training files only (benchmarks/sentiment_f1.py reports both).
WINDOW = 3  # words before a valenced word in which a negation or an intensifier reaches it
NEGATED_POSITIVE = -0.74  # "not good" is bad, though less than "bad": VADER's value
NEGATED_NEGATIVE = -0.5  # "not bad" is only faintly good
INTENSIFIER_FADES = (1.0, 0.95, 0.9)  # the further away, the weaker
BEFORE_BUT, AFTER_BUT = 0.5, 1.5
CAPITALS = 0.733  # one word shouted in a text that is not all capitals
EXCLAMATION = 0.292  # for each mark, up to four
NORMALIZER = 15.0  # score = total / sqrt(total² + 15), VADER's

_WORD = r"[^\W_]+"
_REPEATED = re.compile(r"([^\W\d_])\1{2,}")
_BREAK = "\0"  # a pause: neither a phrase nor a negation reaches across it


class Entry(NamedTuple):
    """One line of a lexicon, as it is looked up."""

    score: float
    kind: str
    negates_itself: bool = False  # a phrase that holds a negation is not negated again


def read_entries(path):
    """The lines of a lexicon file as written.

    Parameters
    ----------
    path : path of a TSV file

    Returns
    -------
    list of (term, score, kind)

    Raises
    ------
    ValueError
        Names the file and the line that does not hold three columns or a number.
    """
    entries = []
    # split("\n"), not splitlines(): the latter also cuts at characters customers may type
    for number, line in enumerate(Path(path).read_text(encoding="utf-8").split("\n"), 1):
        line = line.rstrip("\r")
        if not line.strip() or line.startswith("#"):
            continue
        try:
            term, score, kind = line.split("\t")
            entries.append((term, float(score), kind.strip()))
        except ValueError:
            problem = f"{path}, line {number}: not `term<TAB>score<TAB>kind`: {line!r}"
            raise ValueError(problem) from None
    return entries


@functools.cache
def emoji_scores():
    """Valence of each emoji and emoticon, from `emoji.tsv`."""
    return {term: score for term, score, _ in read_entries(HERE / "emoji.tsv")}


@functools.cache
def emoji_pattern():
    """A pattern that finds emoji anywhere, and emoticons not glued to a word."""
    signs = sorted(emoji_scores(), key=len, reverse=True)
    pictures = [s for s in signs if not s.isascii() and len(s) == 1]
    emoticons = [s for s in signs if s not in pictures]
    # "12:30" and "http://" hold no emoticon; "ciao:)" does, ":D" is followed by no letter
    glued = "|".join(rf"(?<!\w){re.escape(s)}" if s[0].isalnum() else rf"(?<!\d){re.escape(s)}" for s in emoticons)
    return rf"[{re.escape(''.join(pictures))}]|(?:{glued})(?!\w)"


class Lexicon:
    """One language's words, ready to score texts.

    Parameters
    ----------
    entries : iterable of (term, score, kind)
    """

    def __init__(self, entries):
        self._words, self._stems, self._phrases = {}, {}, {}
        entries = [(re.findall(_WORD, fold(term)), term, score, kind) for term, score, kind in entries]
        negations = {words[0] for words, _, _, kind in entries if kind == "negation" and len(words) == 1}
        for words, term, score, kind in entries:
            if not words or kind not in KINDS:
                raise ValueError(f"not a lexicon entry: {term!r}, {kind!r}")
            entry = Entry(score, kind, kind == "phrase" and not negations.isdisjoint(words))
            if len(words) > 1:  # "mai più": the apostrophe of "c'è" parts words as well
                is_prefix = term.endswith("*")
                self._phrases.setdefault(words[0], []).append((words[1:], is_prefix, entry))
            elif kind == "stem":
                self._stems[words[0]] = entry
            else:
                self._words[words[0]] = entry
        for candidates in self._phrases.values():
            candidates.sort(key=lambda c: (len(c[0]), len("".join(c[0]))), reverse=True)
        self._longest_stem = max(map(len, self._stems), default=0)
        self._token = re.compile(rf"(?P<emoji>{emoji_pattern()})|(?P<word>{_WORD})|(?P<pause>[.,;:!?…\n]+)")

    def _look_up(self, word):
        """The entry of one folded word: its own, or that of its longest stem."""
        entry = self._words.get(word)
        if entry is None:
            for length in range(min(len(word), self._longest_stem), MINIMUM_STEM - 1, -1):
                entry = self._stems.get(word[:length])
                if entry is not None:
                    break
        return entry

    def _match(self, words, start):
        """The longest phrase that starts here: (entry, how many words), or (None, 0)."""
        for rest, is_prefix, entry in self._phrases.get(words[start], ()):
            end = start + 1 + len(rest)
            if end > len(words):
                continue
            if is_prefix:
                if words[start + 1 : end - 1] == rest[:-1] and words[end - 1].startswith(rest[-1]):
                    return entry, end - start
            elif words[start + 1 : end] == rest:
                return entry, end - start
        return None, 0

    def _tokens(self, text):
        """Folded words and pauses, the valence of emoji by position, and the shouted positions."""
        words, signs, shouted = [], {}, []
        emoji = emoji_scores()
        for match in self._token.finditer(text):
            kind, token = match.lastgroup, match.group()
            if kind == "emoji":
                signs[len(words)] = emoji[token]
                words.append(_BREAK)
            elif kind == "pause":
                words.append(_BREAK)
            else:
                if len(token) > 1 and token.isupper():
                    shouted.append(len(words))
                words.append(token.lower())
        return words, signs, shouted

    def score(self, text):
        """How positive a text is.

        Parameters
        ----------
        text : str

        Returns
        -------
        float in [-1, 1]; 0 where no word of the lexicon occurs.

        Examples
        --------
        >>> tiny = Lexicon([("buono", 2, "word"), ("non", 0, "negation"), ("ma", 0, "but")])
        >>> round(tiny.score("buono"), 2), round(tiny.score("non è buono"), 2)
        (0.46, -0.36)
        """
        return self.score_cleaned(clean(text))

    def score_cleaned(self, text):
        """As `score`, for a text that went through `clean` already."""
        # "bellooo" and "nooo": three of a letter is never spelling in these languages
        text = _REPEATED.sub(r"\1", strip_marks(text))
        words, signs, shouted = self._tokens(text)
        plain = sum(1 for word in words if word is not _BREAK)
        # capitals say something only where the rest is not in capitals
        shouted = set(shouted) if len(shouted) < plain else set()

        valences, contrast = [], None  # (position, valence) of what was matched
        modifiers = []  # per place: the factor it lends to what follows, or "not", or None
        position, last_break = 0, -1
        while position < len(words):
            word = words[position]
            if word is _BREAK:
                if position in signs:
                    valences.append((position, signs[position]))
                last_break = len(modifiers)
                modifiers.append(None)
                position += 1
                continue
            entry, length = self._match(words, position)
            if entry is None:
                entry, length = self._look_up(word), 1
            modifier = None
            if entry is not None:
                if entry.kind in VALENCED:
                    if entry.score:
                        valence = self._modified(entry, modifiers, last_break)
                        if shouted and not shouted.isdisjoint(range(position, position + length)):
                            valence += math.copysign(CAPITALS, valence)
                        valences.append((position, valence))
                elif entry.kind == "negation":
                    modifier = "not"
                elif entry.kind == "but":
                    contrast = position
                    last_break = len(modifiers)
                else:
                    modifier = entry.score
            modifiers.append(modifier)
            position += length
        if not valences:
            return 0.0
        if contrast is not None:
            valences = [(p, v * (BEFORE_BUT if p < contrast else AFTER_BUT)) for p, v in valences]
        total = math.fsum(v for _, v in valences)
        if total:
            total += math.copysign(min(text.count("!"), 4) * EXCLAMATION, total)
        return total / math.sqrt(total * total + NORMALIZER)

    @staticmethod
    def _modified(entry, modifiers, last_break):
        """The valence of one match after the modifiers in front of it."""
        valence, is_negated = entry.score, False
        for distance in range(1, WINDOW + 1):
            place = len(modifiers) - distance
            if place <= last_break or place < 0:
                break
            modifier = modifiers[place]
            if modifier is None:
                continue
            if modifier == "not":
                is_negated = True  # "non ... mai" is one negation in these languages, not two
            else:
                valence *= 1 + (modifier - 1) * INTENSIFIER_FADES[distance - 1]
        if is_negated and not entry.negates_itself:
            valence *= NEGATED_POSITIVE if valence > 0 else NEGATED_NEGATIVE
        return valence


@functools.cache
def lexicon(language):
    """The lexicon of one language, read once.

    Examples
    --------
    >>> lexicon("it").score("Non funziona, che vergogna!") < -0.5
    True
    """
    return Lexicon(read_entries(HERE / "lexicons" / f"{language}.tsv"))
