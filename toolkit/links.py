"""Links in what others made: they may lead anywhere on this machine, and are followed within their folder only."""

import os
from pathlib import Path

from toolkit.errors import BadData


def refuse_way_out(path, folder):
    """An error for a link that leads out of the folder that was given: who made the export would choose what is read.

    Parameters
    ----------
    path : Path
        In the folder.
    folder : Path
        As the user named it: it may be a link itself.

    Raises
    ------
    BadData
    """
    if path.is_symlink() and not Path(os.path.realpath(path)).is_relative_to(os.path.realpath(folder)):
        raise BadData(
            f"{path}: is a link that leads out of {folder}, and isn't followed; put the file itself there, or take the "
            "link away"
        )
