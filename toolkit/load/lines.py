"""The records of a CSV file, counted apart from the reader: where each begins, which lines are blank or broken.

The reader says how many rows it read and which it refused; this says how many there are, and on which line of
the file each begins, so that nothing is lost between the two and the ledger points at the right line.
"""

import codecs
import re
from dataclasses import dataclass

import numpy as np

from toolkit.errors import BadData

CHUNK = 1 << 20
AGAIN = 4  # how often the lines that hold quotes are looked at before they are given up
IN_A_ROW = 1 << 20  # quotes or line ends
LF, CR = 10, 13
BOM = codecs.BOM_UTF8


@dataclass(frozen=True)
class Lines:
    """Where the units of a file begin; a unit is a record, or a blank line, which is none.

    Attributes
    ----------
    units : int
        How many there are, the header included.
    at, shift : arrays
        From unit `at` on (counted from 0), units begin `shift` lines later than if each took one line.
    blank : array
        The units that are blank lines.
    is_tidy : bool
        False: the reader needs a copy made by `tidy`.

    Examples
    --------
    >>> lines = Lines(4, np.array([2]), np.array([1]), np.array([], dtype=int))  # the second record has two lines
    >>> lines.of_units(np.arange(4)).tolist()
    [1, 2, 4, 5]
    >>> lines.of_rows(np.array([1]), skipped=1).tolist()  # the second unit was refused
    [4, 5]
    """

    units: int
    at: np.ndarray
    shift: np.ndarray
    blank: np.ndarray
    is_tidy: bool = True

    @property
    def records(self):
        """How many records there are, the header included."""
        return self.units - len(self.blank)

    @property
    def is_plain(self):
        """Whether every line is a record."""
        return not len(self.at) and not len(self.blank)

    def of_units(self, units):
        """The number of the line, from 1, on which each of these units begins."""
        shift = np.concatenate([[0], self.shift])
        return units + 1 + shift[np.searchsorted(self.at, units, side="right")]

    def of_rows(self, refused, skipped):
        """The line of each record that is neither among the first `skipped` units nor refused."""
        is_row = np.ones(self.units, dtype=bool)
        is_row[:skipped] = False
        is_row[self.blank] = False
        is_row[refused] = False
        return self.of_units(np.flatnonzero(is_row))


def open_file(file, mode, **options):
    """The file opened, unpacked where it is gzip."""
    from toolkit.load.files.packed import open_gzip

    return (open_gzip if file.suffix.lower() == ".gz" else open)(file, mode, **options)


def scan(file, delimiter, quote):
    """Count a file's records and find where they begin, in one pass that holds little in memory.

    Parameters
    ----------
    file : Path
    delimiter, quote : str

    Returns
    -------
    Lines

    Raises
    ------
    UnicodeDecodeError
        The file isn't UTF-8.
    BadData
        It holds null bytes.
    """
    decoder = codecs.getincrementaldecoder("utf-8")()
    edges = _edges(delimiter, quote)
    ats, shifts, blanks, kinds = [], [], [], set()
    units = lines = begin = shift = since = 0  # begin: the line of the unit that is being read, from 0
    is_open, is_tidy, before = False, True, LF
    for chunk in _chunks(file, quote):
        if b"\0" in chunk:
            raise BadData(f"{file}: holds null bytes; it isn't a text file. Export it as CSV in UTF-8")
        if not chunk.isascii() or decoder.getstate()[0]:
            decoder.decode(chunk)
        bytes_ = np.frombuffer(chunk, dtype=np.uint8)
        stops, kind = _stops(bytes_, chunk)
        quotes = np.flatnonzero(bytes_ == ord(quote)) if quote and quote.encode() in chunk else np.array([], dtype=int)
        is_tidy = is_tidy and _is_regular(bytes_, quotes, is_open, before, edges)
        is_end = (np.searchsorted(quotes, stops) + is_open) % 2 == 0  # outside quotes a line's end is a record's
        lengths = np.diff(stops, prepend=-1 - since) - 1 - (kind == CR + LF)
        kinds |= set(np.unique(kind[is_end]).tolist())
        ends = lines + np.flatnonzero(is_end)
        if len(ends):
            begins = np.concatenate([[begin], ends[:-1] + 1])
            moved = begins - np.arange(units, units + len(ends))
            changed = np.flatnonzero(np.diff(moved, prepend=shift))
            ats.append(units + changed)
            shifts.append(moved[changed])
            blanks.append(units + np.flatnonzero(lengths[is_end] == 0))
            begin, shift, units = ends[-1] + 1, moved[-1], units + len(ends)
        lines += len(stops)
        since = len(chunk) - 1 - stops[-1] if len(stops) else since + len(chunk)
        is_open, before = (is_open + len(quotes)) % 2 == 1, chunk[-1]
    decoder.decode(b"", final=True)
    if since or is_open:  # the last record has no line end
        if begin - units != shift:
            ats.append([units])
            shifts.append([begin - units])
        units += 1
    is_tidy = is_tidy and not is_open and len(kinds) < 2 and CR not in kinds
    return Lines(units, _joined(ats), _joined(shifts), _joined(blanks), is_tidy)


def _joined(parts):
    return np.concatenate([np.array([], dtype=np.int64), *parts]).astype(np.int64)


def _chunks(file, quote):
    """The bytes of a file without its BOM; none ends between a quote or a CR and what it is followed by."""
    with open_file(file, "rb") as raw:
        chunk = raw.read(len(BOM)).removeprefix(BOM) + raw.read(CHUNK)
        while chunk:
            if chunk.endswith((b"\r", quote.encode() or b"\r")):
                chunk += _run(file, raw, b"\r" + quote.encode())
            yield chunk
            chunk = raw.read(CHUNK)


def _run(file, raw, signs):
    """The bytes up to one that is none of some signs, and that one."""
    found = bytearray()
    while more := raw.read(1):
        found += more
        if more not in signs:
            break
        if len(found) > IN_A_ROW:
            raise BadData(f"{file}: holds a million quotes or line ends in a row; it isn't a table. Export it again")
    return bytes(found)


def _stops(bytes_, chunk):
    """(where each line stops, by which end: LF, CR or their sum), both in the order of the file."""
    stops = np.flatnonzero(bytes_ == LF)
    if b"\r" not in chunk:
        return stops, np.full(len(stops), LF)
    returns = np.flatnonzero(bytes_ == CR)
    lone = returns[np.append(bytes_[1:], 0)[returns] != LF]
    stops = np.sort(np.concatenate([stops, lone]))
    is_pair = (bytes_[stops] == LF) & (np.insert(bytes_[:-1], 0, 0)[stops] == CR)
    return stops, np.where(is_pair, CR + LF, bytes_[stops].astype(int))


def _edges(delimiter, quote):
    """Which bytes may stand at the outer side of a quote that opens or closes a field."""
    edges = np.zeros(256, dtype=bool)
    edges[[LF, CR, *quote.encode()]] = True
    if len(delimiter.encode()) == 1:  # of a longer one one byte proves nothing
        edges[ord(delimiter)] = True
    return edges


def _is_regular(bytes_, quotes, is_open, before, edges):
    """Whether every quote opens a field, closes one, or is doubled: then counting quotes tells what is quoted."""
    opening, closing = quotes[int(is_open) :: 2], quotes[1 - int(is_open) :: 2]
    outer = np.where(opening > 0, bytes_[opening - 1], before)
    following = bytes_[closing[closing + 1 < len(bytes_)] + 1]
    return bool(edges[outer].all() and edges[following].all())


def tidy(file, scratch, delimiter, quote):
    """A copy of a file for the reader: one kind of line end, no blank line, no quote that is never closed.

    Text inside quotes stays as it is. A record whose quote runs into something that can't follow a closing
    quote, or to the end of the file, is given up at the line where it begins; reading goes on with the next
    line. The file is held in memory.

    Returns
    -------
    (path of the copy, Lines of the copy's records in the file, [(line, text) of the records given up])
    """
    with open_file(file, "rb") as raw:
        content = raw.read().removeprefix(BOM)
    bytes_ = np.frombuffer(content, dtype=np.uint8)
    stops, kind = _stops(bytes_, content)
    starts = np.concatenate([[0], stops + 1])
    ends = np.append(stops - (kind == CR + LF), len(content))
    if starts[-1] == len(content):
        starts, ends = starts[:-1], ends[:-1]
    found = _quoted_lines(content, bytes_, starts, ends, delimiter.encode(), quote.encode())
    if found is None:
        raise BadData(f"{file}: its quotes can't be told apart; export it again as plain CSV")
    continues, broken = found

    begins = np.flatnonzero(~continues)
    is_kept = np.ones(len(starts), dtype=bool)
    is_kept[broken] = False
    is_kept[begins[starts[begins] == ends[begins]]] = False
    # a line is the last of its record when the next one begins another
    closes = np.append(~continues, True)[1 : len(stops) + 1]
    copied = bytes_.copy()
    copied[stops[closes]] = LF
    wanted = np.ones(len(content), dtype=bool)
    wanted[stops[closes & (kind == CR + LF)] - 1] = False
    for line in np.flatnonzero(~is_kept):
        wanted[starts[line] : starts[line + 1] if line + 1 < len(starts) else len(content)] = False
    copy = scratch / f"{len(list(scratch.iterdir()))}-tidy.csv"
    copied[wanted].tofile(copy)

    begins = begins[is_kept[begins]]
    moved = begins - np.arange(len(begins))
    at = np.flatnonzero(np.diff(moved, prepend=0))
    lost = [(line + 1, content[starts[line] : ends[line]].decode("utf-8", "replace")) for line in broken]
    return copy, Lines(len(begins), at, moved[at], np.array([], dtype=np.int64)), lost


def _quoted_lines(content, bytes_, starts, ends, delimiter, quote):
    """(which lines go on with the record of the line before, the lines whose quote is never rightly closed).

    None where so many are never closed that all is looked at again and again.
    """
    continues, broken = np.zeros(len(starts), dtype=bool), []
    if not quote:
        return continues, broken
    # only lines that hold a quote can open or close one
    quoted = np.unique(np.searchsorted(starts, np.flatnonzero(bytes_ == quote[0]), side="right") - 1).tolist()
    nth, left = 0, AGAIN * len(quoted) + IN_A_ROW
    while nth < len(quoted):
        begin, is_open, last = quoted[nth], False, nth
        while last < len(quoted):
            line, left = quoted[last], left - 1
            if left < 0:
                return None
            is_open = _after(content[starts[line] : ends[line]], delimiter, quote, is_open)
            if not is_open:
                break
            last += 1
        if is_open or is_open is None:
            broken.append(begin)
            nth += 1
        else:
            continues[begin + 1 : quoted[last] + 1] = True
            nth = last + 1
    return continues, broken


def _after(text, delimiter, quote, is_open):
    """Whether a quoted field is open after the line; None when a quote closes where none may close."""
    blank = b"" if delimiter == b" " else b" "
    at = 0
    while True:
        if is_open:
            end = text.find(quote, at)
            if end < 0:
                return True
            if text[end + 1 : end + 2] == quote:  # doubled: a quote within the field
                at = end + 2
                continue
            at = end + 1
            while blank and text.startswith(blank, at):  # the reader lets blanks follow
                at += 1
            if at < len(text) and not text.startswith(delimiter, at):
                return None
            is_open = False
            if at >= len(text):
                return False
            at += len(delimiter)
        if text.startswith((quote, blank + quote), at):  # the reader lets one blank go before
            is_open, at = True, text.index(quote, at) + 1
            continue
        following = text.find(delimiter, at)
        if following < 0:
            return False
        at = following + len(delimiter)


def as_utf8(file, scratch, encoding):
    """A copy of a file in UTF-8."""
    copy = scratch / f"{len(list(scratch.iterdir()))}-{re.sub('[.]gz$', '', file.name, flags=re.IGNORECASE)}"
    with (
        open_file(file, "rt", encoding=encoding, errors="replace", newline="") as read,
        open(copy, "w", encoding="utf-8", newline="") as write,
    ):
        while text := read.read(CHUNK):
            write.write(text)
    return copy
