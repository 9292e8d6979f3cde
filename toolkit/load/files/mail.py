"""Mail: one row a message of an mbox file."""

import contextlib
import email
import email.policy
import email.utils
import html
import re
from email.header import decode_header, make_header

from toolkit.load.files.texts import batched, opened

COLUMNS = (
    "message_id", "in_reply_to", "references", "from", "to", "date", "subject", "text", "labels",
)  # fmt: skip
BEGINS = re.compile(rb"From\s")
HEADER = re.compile(rb"[!-9;-~]+:|>From |\s")
LONGEST = 64 << 20  # bytes of one message; what goes beyond, attachments mostly, isn't looked at


def load(target, given):
    """The messages of an mbox file into the raw table; `_row` is the line on which one begins."""
    lost = []

    def rows():
        for line, cells, text in messages(given):
            if cells is None:
                lost.append((line, text, "it isn't a message with a header"))
            else:
                yield line, cells

    target.append_rows(given, list(COLUMNS), batched(rows(), 1_000))
    target.reject(given, lost)


def messages(given):
    """(line on which it begins, its cells or None, the beginning of its text) of each message."""
    for line, content in _parted(given):
        found = email.message_from_bytes(content, policy=email.policy.compat32)
        if not found.keys():
            if content.strip():
                yield line, None, content[:200].decode("utf-8", "replace")
            continue
        yield line, _cells(found), ""


def _parted(given):
    """(line, bytes) of each message of an mbox file.

    A line that begins with "From " begins a message where a blank line goes before and a header follows: one within
    a text, or one without an address or a date, neither ends the reading nor begins a message of its own.
    """
    with opened(given.path) as read:
        number, begin, part, size, was_blank = 0, 1, [], 0, True
        held = None  # a line "From " that is one if the next line is a header
        for line in read:
            number += 1
            if held is not None:
                if HEADER.match(line) and not line[:1].isspace():
                    if part:
                        yield begin, b"".join(part)
                    begin, part, size = number - 1, [], 0
                else:
                    part.append(held)
                held = None
            if was_blank and BEGINS.match(line):
                held, was_blank = line, False
                continue
            size += len(line)
            if size <= LONGEST:
                part.append(line[1:] if re.match(rb">+From ", line) else line)
            was_blank = not line.strip()
        if held is not None:
            part.append(held)
        if part:
            yield begin, b"".join(part)


def _cells(message):
    sent = _header(message, "Date")
    with contextlib.suppress(ValueError, TypeError, IndexError, OverflowError):  # else the loader says it is no time
        sent = email.utils.parsedate_to_datetime(sent).isoformat(" ") if sent else None
    cells = {
        "message_id": _ids(_header(message, "Message-ID")),
        "in_reply_to": _ids(_header(message, "In-Reply-To")),
        "references": _ids(_header(message, "References")),
        "from": _header(message, "From"),
        "to": _header(message, "To"),
        "date": sent,
        "subject": _header(message, "Subject"),
        "text": _text(message),
        "labels": _header(message, "X-Gmail-Labels"),
    }
    return [cells[column] for column in COLUMNS]


def _header(message, name):
    """A header as people read it; None where there is none."""
    value = message.get(name)
    if value is None:
        return None
    try:
        said = str(make_header(decode_header(value)))
    except (ValueError, LookupError, UnicodeError):  # a charset that nobody knows
        said = str(value)
    said = said.encode("utf-8", "replace").decode()
    return re.sub(r"\s+", " ", said).strip() or None


def _ids(value):
    """Keys of messages without their brackets.

    >>> _ids("<a@x> <b@x>")
    'a@x b@x'
    """
    return " ".join(re.findall(r"<([^<>\s]+)>", value)) or value if value else None


def _text(message):
    """What a message says: its plain text, else its page without tags."""
    parts = [part for part in message.walk() if not part.is_multipart() and part.get_filename() is None]
    for kind in ("text/plain", "text/html"):
        for part in parts:
            if part.get_content_type() == kind:
                text = _decoded(part)
                text = _without_tags(text) if kind == "text/html" else text
                return text.replace("\r\n", "\n").strip() or None
    return None


def _decoded(part):
    content = part.get_payload(decode=True) or b""
    for charset in (part.get_content_charset(), "utf-8", "cp1252"):
        try:
            return content.decode(charset or "utf-8")
        except (LookupError, UnicodeError):
            continue
    return content.decode("utf-8", "replace")


def _without_tags(page):
    import nh3

    broken = re.sub(r"(?i)<(br|/p|/div|/tr|/li)\b", r"\n<\1", page)
    return re.sub(r"\n\s*\n+", "\n\n", html.unescape(nh3.clean(broken, tags=set())))
