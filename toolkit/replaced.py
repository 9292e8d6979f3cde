"""Files that are replaced, never written into: whoever reads one finds the old file or the whole new one."""

import contextlib
import os
import secrets
from pathlib import Path


def replace_file(path, content):
    """Write a file anew, in one step; a text with line ends of its own, in UTF-8.

    A file that another run shares by a hard link stays as it is there. What stood there leaves its mode.

    Parameters
    ----------
    path : path
        Its folder is made where it isn't there.
    content : bytes or str
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    # Of the name only the beginning: with what is added it may be longer than a name can be.
    part = path.with_name(f".{path.name[:40]}.{secrets.token_hex(4)}.part")
    try:
        part.write_bytes(content.encode("utf-8") if isinstance(content, str) else content)
        with contextlib.suppress(FileNotFoundError):
            part.chmod(path.stat().st_mode & 0o777)
        os.replace(part, path)
    except BaseException:
        part.unlink(missing_ok=True)
        raise
