"""Packed files: what is in a zip, and its files unpacked into the scratch folder, never beyond a limit."""

import contextlib
import gzip
import io
import re
import shutil
import zipfile
from collections import Counter
from pathlib import PurePosixPath

from toolkit.errors import BadData
from toolkit.load.files.kinds import DAMAGED

CHUNK = 1 << 20
# A file that unpacks to more than this, and to more than so many times its size, isn't an export but a trap.
LARGEST, MOST_TIMES = 64 << 20, 100
LARGEST_ARCHIVE = 1 << 30  # of all files of an archive together, which lie unpacked side by side
MOST_MEMBERS = 10_000
SPARE = 1 << 30  # bytes of the disk that stay free


def members(path):
    """The names of the files in a zip, folders and what systems add left out.

    A folder that all of them lie in is no part of their names.

    Raises
    ------
    BadData
        It can't be opened, or holds nothing.
    """
    with open(path, "rb") as raw:
        if raw.read(2) != b"PK":
            raise BadData(f"{path}: isn't the zip archive that it is called; download it again, or take it away")
    try:
        with zipfile.ZipFile(path) as archive:
            infos = [one for one in archive.infolist() if not one.is_dir()]
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as error:
        raise BadData(f"{path}: is a zip archive that can't be opened ({error}); download it again") from None
    if len(infos) > MOST_MEMBERS:
        raise BadData(f"{path}: is a zip archive of more than {MOST_MEMBERS:,} files; unpack it, and name its folder")
    names = [one.filename for one in infos if not _is_noise(one.filename)]
    if not names:
        raise BadData(f"{path}: is a zip archive without a file in it")
    if len(set(names)) < len(names):
        twice = Counter(names).most_common(1)[0][0]
        raise BadData(
            f"{path}: is a zip archive that holds {twice!r} twice; which of them counts isn't known: unpack it"
        )
    limit = max(LARGEST_ARCHIVE, MOST_TIMES * path.stat().st_size)
    if sum(one.file_size for one in infos) > limit:
        raise BadData(_beyond(path, limit))
    if any(one.flag_bits & 1 for one in infos):
        raise BadData(f"{path}: is a zip archive with a password; unpack it first")
    return names


def _is_noise(name):
    parts = PurePosixPath(name.replace("\\", "/")).parts
    return any(part.startswith((".", "~$")) or part == "__MACOSX" for part in parts)


def inner_names(names):
    """How the members of an archive are called: without the folder that all lie in.

    >>> inner_names(["export/tickets/2024/1.csv", "export/users.csv"])
    ['tickets/2024/1.csv', 'users.csv']
    """
    parted = [PurePosixPath(name.replace("\\", "/")).parts for name in names]
    while all(len(parts) > 1 for parts in parted) and len({parts[0] for parts in parted}) == 1:
        parted = [parts[1:] for parts in parted]
    return ["/".join(parts) for parts in parted]


def unpack_member(path, name, scratch, most=None):
    """A file of a zip, or its first `most` bytes, in the scratch folder under a name of our own."""
    copy = _place(scratch, PurePosixPath(name.replace("\\", "/")).name)
    if copy.suffix.lower() == ".zip":
        raise BadData(f"{path}: {name} in it is an archive, too; unpack it first")
    try:
        with zipfile.ZipFile(path) as archive, archive.open(name) as read:
            _copy(read, copy, path, archive.getinfo(name).compress_size, most)
    except (*DAMAGED, RuntimeError, NotImplementedError, ValueError) as error:
        raise BadData(f"{path}: {name} in it can't be unpacked ({error}); download it again") from None
    return copy


def unpack_gzip(path, scratch):
    """A gzip file, unpacked in the scratch folder."""
    copy = _place(scratch, re.sub(r"\.gz$", "", path.name, flags=re.IGNORECASE))
    try:
        with gzip.open(path, "rb") as read:
            _copy(read, copy, path, path.stat().st_size)
    except DAMAGED as error:
        raise BadData(f"{path}: can't be unpacked ({error}); download it again") from None
    return copy


class _Bounded(gzip.GzipFile):
    """A gzip file that is read as far as the limit goes."""

    def __init__(self, path):
        super().__init__(path, "rb")
        self._path, self._most = path, max(LARGEST, MOST_TIMES * path.stat().st_size)

    def read(self, size=-1):
        if size is not None and size >= 0:
            return self._counted(super().read(size))
        parts = []
        while part := self.read(CHUNK):
            parts.append(part)
        return b"".join(parts)

    def read1(self, size=-1):
        return self._counted(super().read1(size))

    def _counted(self, part):
        if self.tell() > self._most:
            raise BadData(_beyond(self._path, self._most))
        return part


def open_gzip(path, mode="rb", **options):
    """A gzip file, opened as by `gzip.open` for reading; it is refused where it unpacks to more than the limit."""
    read = _Bounded(path)
    return io.TextIOWrapper(read, **options) if "t" in mode else read


def refuse_bomb(given):
    """An error for a workbook that unpacks to more than one can hold; its reader unpacks it in memory."""
    if not zipfile.is_zipfile(given.path):
        return
    with contextlib.suppress(zipfile.BadZipFile), zipfile.ZipFile(given.path) as archive:
        size = sum(one.file_size for one in archive.infolist())
        limit = max(LARGEST, MOST_TIMES * given.path.stat().st_size)
        if size > limit:
            raise BadData(_beyond(given.shown, limit))


def _beyond(shown, limit):
    return (
        f"{shown}: unpacks to more than {limit >> 20:,} MB, more than {MOST_TIMES} times its size; it isn't read, as no "
        "export does. If it is one, unpack it first"
    )


def _place(scratch, name):
    """A path of our own in the scratch folder: of the name only what can't lead out of it."""
    kept = re.sub(r"[^\w.-]", "_", name)[-80:].lstrip(".")
    return scratch / f"{len(list(scratch.iterdir()))}-{kept or 'file'}"


def _copy(read, copy, path, packed, most=None):
    """What `read` gives into a file, as far as the limit goes, or as far as is asked for."""
    limit = max(LARGEST, MOST_TIMES * packed)
    room = shutil.disk_usage(copy.parent).free - SPARE
    size = 0
    with open(copy, "wb") as write:
        while chunk := read.read(CHUNK):
            size += len(chunk)
            if most and size > most:
                write.write(chunk)
                return
            if size > limit:
                raise BadData(_beyond(path, limit))
            if size > room:
                raise BadData(f"{path}: there isn't room on the disk of {copy.parent} to unpack it")
            write.write(chunk)
