"""The kinds of file that raw tables are read from, one module each; `peek` shows what one holds."""

from toolkit.load.files.peek import Peek, peek

__all__ = ["Peek", "peek"]
