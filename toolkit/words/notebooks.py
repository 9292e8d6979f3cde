"""The notebooks' prose in the language of the reader.

A notebook is written in English, so that it reads as it stands in JupyterLab; the catalogue holds each of its
headings and paragraphs, and a report says them in its own language. What the catalogue doesn't hold, such as an
analyst's own notebook, stays as it is.

>>> translated("When do calls come in?")
'When do calls come in?'
"""

import re
from functools import cache

from toolkit import words


@cache
def _keys():
    """{English text, spaces normalised: key} of all that the notebooks say."""
    found = {}

    def collect(messages, path):
        for name, message in messages.items():
            key = f"{path}.{name}"
            if isinstance(message, dict):
                collect(message, key)
            else:
                found.setdefault(_normal(message), key)

    collect(words.entry("notebooks", words.DEFAULT), "notebooks")
    return found


def _normal(text):
    return " ".join(text.split())


def is_known(text):
    """Whether the catalogue holds a heading, a paragraph or the meaning of a parameter."""
    return _normal(text) in _keys()


def translated(text):
    """A text of a notebook in the language that is said, if the catalogue holds it; else as it is."""
    key = _keys().get(_normal(text or ""))
    return words.text(key) if key and words.has(key) else text


def blocks(source):
    """The headings and paragraphs of a Markdown cell: [(marks of the heading, text)].

    >>> blocks("# Calls\\n\\nWho hangs up?")
    [('# ', 'Calls'), ('', 'Who hangs up?')]
    """
    parts = [part for part in re.split(r"\n\s*\n", source.strip("\n")) if part.strip()]
    return [re.fullmatch(r"(\s*#{1,6}\s+|)(.*)", part, re.DOTALL).groups() for part in parts]


def translated_markdown(source):
    """A Markdown cell with each heading and paragraph that the catalogue holds in the language that is said."""
    if not any(is_known(text) for _, text in blocks(source)):
        return source
    return "\n\n".join(marks + translated(text) for marks, text in blocks(source))
