"""Texts within HTML, SVG and CSV: each is looked at as it reads, and what is no text is left as it is, byte for byte."""

import csv
import html
import io
import re

OPENED = re.compile(r"<!--|<(style|script)\b[^<>]*>|</?[A-Za-z!?][^<>]*>", re.IGNORECASE)
CLOSED = {
    "": re.compile("-->"),
    "style": re.compile(r"</style\s*>", re.IGNORECASE),
    "script": re.compile(r"</script\s*>", re.IGNORECASE),
}
ATTRIBUTE = re.compile(r"([\w:.-]+)(\s*=\s*)(\"[^\"]*\"|'[^']*'|[^\s\"'>]+)")
# How a text looks within a word: what it parts still reads as one.
JOINED = frozenset(
    [
        "b",
        "i",
        "em",
        "strong",
        "u",
        "s",
        "mark",
        "font",
        "wbr",
        "bdi",
        "bdo",
        "ins",
        "del",
        "kbd",
        "samp",
        "code",
        "abbr",
        "a",
    ]
)
# Attributes that say numbers of a drawing, or names of the page's own.
DRAWN = frozenset(
    [
        "d",
        "points",
        "transform",
        "viewbox",
        "x",
        "y",
        "x1",
        "x2",
        "y1",
        "y2",
        "dx",
        "dy",
        "cx",
        "cy",
        "r",
        "rx",
        "ry",
        "width",
        "height",
        "id",
        "class",
        "style",
        "fill",
        "stroke",
        "clip-path",
        "mask",
        "stroke-width",
        "stroke-dasharray",
        "font-size",
        "offset",
        "colspan",
        "rowspan",
        "tabindex",
        "role",
        "scope",
        "for",
        "headers",
        "size",
        "xmlns",
        "xmlns:xlink",
        "preserveaspectratio",
        "version",
        "gid",
    ]
)


def html_parts(said, spans):
    """HTML with its texts and attributes as `spans` has them.

    Parameters
    ----------
    said : str
    spans : callable(text)
        Gives [(start, end, what stands in its place)].

    Examples
    --------
    >>> def found(text):
    ...     return [(one.start(), one.end(), "***") for one in re.finditer("ann@x", text)]
    >>> html_parts('<p title="ann@x">an<b>n&#64;x</b> &amp; <i class="ann@x">1</i></p>', found)
    '<p title="***">***<b></b> &amp; <i class="ann@x">1</i></p>'
    """
    pieces, place = [], 0  # of what is text and what is not, in turn
    for start, end in _marks(said):
        pieces += [said[place:start], said[start:end]]
        place = end
    pieces.append(said[place:])
    if len(pieces) == 1 and "<" not in said:
        return _texts([said], spans)[0]
    group = [0]
    for at in range(1, len(pieces), 2):
        tag = pieces[at]
        pieces[at] = with_marks(tag, spans(tag)) if tag.startswith("<!--") else _tag(tag, spans)
        if not _is_joined(tag):
            _together(pieces, group, spans)
            group = []
        group.append(at + 1)
    _together(pieces, group, spans)
    return "".join(pieces)


def _marks(said):
    """(start, end) of each tag, comment, style sheet and script; what is opened and never closed ends with its tag."""
    place, unclosed = 0, set()
    while found := OPENED.search(said, place):
        start, place = found.span()
        kind = (found[1] or "").lower()
        if found[0] == "<!--" or kind:
            end = None if kind in unclosed else CLOSED[kind].search(said, place)
            if end:
                place = end.end()
            else:
                unclosed.add(kind)
            if not end and not kind:
                continue
        yield start, place


def _is_joined(tag):
    name = re.match(r"</?([A-Za-z0-9]+)", tag)
    return bool(name) and name[1].lower() in JOINED


def _together(pieces, group, spans):
    """Put in the texts of pieces that read as one."""
    texts = [pieces[at] for at in group]
    if any(map(str.strip, texts)):
        for at, text in zip(group, _texts(texts, spans), strict=True):
            pieces[at] = text


def _texts(texts, spans):
    """Texts that stand side by side; those in which nothing is found as they are."""
    plain = [html.unescape(text) if "&" in text else text for text in texts]
    found = spans("".join(plain))
    if not found:
        return texts
    made, start = [], 0
    for text, said in zip(texts, plain, strict=True):
        end, kept, place = start + len(said), [], start
        for first, last, mark in found:
            if first >= end or last <= start:
                continue
            kept.append(html.escape(said[place - start : max(first, start) - start], quote=False))
            kept.append(mark if first >= start else "")
            place = min(last, end)
        is_same = place == start and not kept
        made.append(text if is_same else "".join(kept) + html.escape(said[place - start :], quote=False))
        start = end
    return made


def _tag(tag, spans):
    if "=" not in tag:
        return with_marks(tag, spans(tag)) if "@" in tag else tag  # Ann <ann@example.com>, which is no tag

    def put(found):
        name, equals, value = found.groups()
        mark = value[0] if value[0] in "\"'" else ""
        text = html.unescape(value[1:-1] if mark else value)
        if name.lower() in DRAWN or name.lower().startswith("xmlns") or text.startswith("data:image/"):
            return found[0]
        said = with_marks(text, spans(text))
        return found[0] if said == text else f'{name}{equals}"{html.escape(said, quote=True)}"'

    return ATTRIBUTE.sub(put, tag)


def with_marks(said, found):
    """A text with what stands in place of its parts [(start, end, instead)], in their order.

    >>> with_marks("ann, bob", [(0, 3, "A"), (5, 8, "B")])
    'A, B'
    """
    pieces, place = [], 0
    for start, end, instead in found:
        pieces += [said[place:start], instead]
        place = end
    return "".join([*pieces, said[place:]])


def csv_parts(said, put):
    """CSV with each cell as `put` has it; the same text where nothing changed.

    >>> csv_parts('a,"b, x"\\r\\n1,x\\r\\n', lambda cell: cell.replace("x", "*"))
    'a,"b, *"\\r\\n1,*\\r\\n'
    """
    try:
        rows = _rows(said)
    except csv.Error:
        return put(said)
    made = [[put(cell) for cell in row] for row in rows]
    if made == rows:
        return said
    buffer = io.StringIO(newline="")
    csv.writer(buffer, lineterminator="\r\n" if "\r\n" in said else "\n").writerows(made)
    return buffer.getvalue()


def csv_cells(said):
    """The cells of a CSV; none of what can't be read as one.

    >>> csv_cells("a,b\\r\\n1,x\\r\\n")
    ['a', 'b', '1', 'x']
    """
    try:
        return [cell for row in _rows(said) for cell in row]
    except csv.Error:
        return []


def _rows(said):
    return list(csv.reader(io.StringIO(said, newline="")))
