"""A text file whose lines a source takes apart itself: one row a line, in the column `line`."""

from toolkit.errors import BadData
from toolkit.load.files.texts import batched, numbered_lines


def load(target, given):
    """The lines of a text file into the raw table; blank ones aren't rows."""
    if given.path.stat().st_size == 0:
        raise BadData(f"{given.shown}: is empty; export it again, or take it away")
    rows = ((number, [text]) for number, text in numbered_lines(given, target.note) if text.strip())
    target.append_rows(given, ["line"], batched(rows))
