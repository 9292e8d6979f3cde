"""What kind of file one is: by its first bytes, then by its ending."""

import codecs
import gzip
import zipfile
import zlib

from toolkit.errors import BadData

# Endings by the kind of file that they stand for.
ENDINGS = {
    "csv": (".csv", ".tsv", ".tab", ".txt", ".log", ".psv"),
    "sheet": (".xlsx", ".xlsm", ".xlsb", ".xls", ".ods"),
    "parquet": (".parquet", ".pq"),
    "json": (".json", ".ndjson", ".jsonl"),
    "mbox": (".mbox", ".mbx"),
    "zip": (".zip",),
    "duckdb": (".duckdb", ".ddb", ".db"),
    "sqlite": (".sqlite", ".sqlite3", ".db3"),
}
OF_ENDING = {ending: kind for kind, endings in ENDINGS.items() for ending in endings}
BINARY = ("sheet", "parquet", "zip", "duckdb", "sqlite")  # kinds that their first bytes tell
SAID = {  # how people are told
    "csv": "CSV",
    "sheet": "a workbook",
    "parquet": "Parquet",
    "json": "JSON",
    "mbox": "mail",
    "lines": "text",
    "duckdb": "a DuckDB database",
    "sqlite": "a SQLite database",
    "zip": "an archive",
}
DATABASES = ("duckdb", "sqlite")
GZIP = b"\x1f\x8b"
# What reading a file raises that is damaged, or that can't be read.
DAMAGED = (OSError, EOFError, zlib.error, zipfile.BadZipFile)
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"


def ending(path):
    """The ending that tells the kind, without that of gzip.

    >>> from pathlib import Path
    >>> ending(Path("a.b/Tickets.CSV.gz"))
    '.csv'
    """
    return path.with_suffix("").suffix.lower() if path.suffix.lower() == ".gz" else path.suffix.lower()


def head(path, size=4096):
    """The first bytes of a file, unpacked where it is gzip."""
    try:
        with open(path, "rb") as raw:
            is_packed = raw.read(2) == GZIP
        with (gzip.open if is_packed else open)(path, "rb") as read:
            return read.read(size)
    except DAMAGED as error:
        raise BadData(f"{path}: can't be read: {error}; it may be damaged, download it again") from None


def kind_of(path, told=None):
    """The kind of a file: csv, sheet, parquet, json, mbox, lines, duckdb, sqlite or zip.

    Parameters
    ----------
    path : Path
    told : str, optional
        What the source says; of a text it is believed.
    """
    start = head(path)
    found = _by_bytes(path, start)
    if found in BINARY:
        return found
    if told:
        return told
    by_ending = OF_ENDING.get(ending(path))
    if by_ending in ("json", "mbox"):
        return by_ending
    if found == "json" and by_ending is None or found == "mbox" and ending(path) in ("", ".txt"):
        return found
    if by_ending == "sheet" and not start.lstrip().startswith(b"<"):
        return "csv"  # text that is called a workbook, so that Excel opens it
    return by_ending or "csv"


def _by_bytes(path, start):
    if start.startswith(b"PK\x03\x04") or start.startswith(b"PK\x05\x06"):
        return "sheet" if _is_workbook(path) else "zip"
    if start.startswith(OLE):
        return "sheet"
    if start.startswith(b"PAR1"):
        return "parquet"
    if start.startswith(b"SQLite format 3\0"):
        return "sqlite"
    if start[8:12] == b"DUCK":
        return "duckdb"
    text = start.removeprefix(codecs.BOM_UTF8).lstrip()
    if text.startswith((b"{", b"[{", b"[\n", b"[\r", b"[ ")):
        return "json"
    return "mbox" if text.startswith(b"From ") and b"@" in text.split(b"\n", 1)[0] else None


def _is_workbook(path):
    try:
        with zipfile.ZipFile(path) as archive:
            names = set(archive.namelist())
    except (zipfile.BadZipFile, OSError, ValueError):
        return ending(path) in ENDINGS["sheet"]
    return any(name.startswith("xl/workbook") for name in names) or {"content.xml", "mimetype"} <= names
