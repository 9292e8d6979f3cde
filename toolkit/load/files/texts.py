"""The text of a file: unpacked, and decoded as what it was written in."""

import codecs

from toolkit.errors import BadData
from toolkit.load.files.kinds import DAMAGED, GZIP
from toolkit.load.files.packed import open_gzip

CHUNK = 1 << 22
UTF16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


def opened(path):
    """The bytes of a file, unpacked where it is gzip."""
    with open(path, "rb") as raw:
        is_packed = raw.read(2) == GZIP
    return (open_gzip if is_packed else open)(path, "rb")


def encoding_of(start):
    """UTF-16 where the first bytes say so, else None.

    >>> encoding_of('{"a": 1}'.encode("utf-16-le"))
    'utf-16-le'
    """
    if start.startswith(UTF16):
        return "utf-16"
    if len(start) >= 8 and not any(start[1:8:2]) and all(start[0:8:2]):
        return "utf-16-le"
    if len(start) >= 8 and not any(start[0:8:2]) and all(start[1:8:2]):
        return "utf-16-be"
    return None


def read_text(given, note, size=-1):
    """The whole text of a file, or its first `size` bytes; what it was written in is told where it isn't UTF-8."""
    try:
        with opened(given.path) as read:
            content = read.read(size)
    except DAMAGED as error:
        raise BadData(f"{given.shown}: can't be read: {error}; it may be damaged, download it again") from None
    return decoded(content, given, note, is_cut=size >= 0)


def decoded(content, given, note, is_cut=False):
    """Bytes as text: UTF-16 or UTF-8, else the letters of Windows."""
    encoding = encoding_of(content[:8])
    if encoding:
        note(("notes.encoding", {"file": given.name, "encoding": "utf-16"}))
        return content.decode(encoding, "replace")
    try:
        # a character at the end may be cut
        return codecs.getincrementaldecoder("utf-8-sig")().decode(content, final=not is_cut)
    except UnicodeDecodeError:
        note(("notes.encoding", {"file": given.name, "encoding": "cp1252"}))
        return content.removeprefix(codecs.BOM_UTF8).decode("cp1252", "replace")


def numbered_lines(given, note):
    """(number from 1, text) of each line of a file, read a part at a time."""
    number, rest = 0, ""
    try:
        with opened(given.path) as read:
            start = read.read(CHUNK)
            decoder = _decoder(start, given, note)
            while start:
                lines = (rest + decoder.decode(start)).split("\n")
                rest = lines.pop()
                for line in lines:
                    number += 1
                    yield number, line.removesuffix("\r")
                start = read.read(CHUNK)
            rest += decoder.decode(b"", final=True)
    except DAMAGED as error:
        raise BadData(f"{given.shown}: can't be read: {error}; it may be damaged, download it again") from None
    if rest:
        yield number + 1, rest.removesuffix("\r")


def _decoder(start, given, note):
    encoding = encoding_of(start[:8])
    if not encoding:
        try:
            codecs.getincrementaldecoder("utf-8-sig")().decode(start)
        except UnicodeDecodeError:
            encoding = "cp1252"
    if encoding:
        note(("notes.encoding", {"file": given.name, "encoding": encoding.removesuffix("-le").removesuffix("-be")}))
    # what isn't UTF-8 only further on is shown as such
    return codecs.getincrementaldecoder(encoding or "utf-8-sig")("replace")


def batched(rows, size=20_000):
    """Lists of up to `size` rows.

    >>> list(batched(range(5), 2))
    [[0, 1], [2, 3], [4]]
    """
    batch = []
    for row in rows:
        batch.append(row)
        if len(batch) == size:
            yield batch
            batch = []
    if batch:
        yield batch
