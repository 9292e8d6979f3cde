"""What a run reads: which files, what was in them, and whether they stayed as they were while it ran."""

from pathlib import Path

from toolkit.errors import BadData
from toolkit.load.files.places import is_url
from toolkit.privacy import mask
from toolkit.report.sheets import TEMPLATES
from toolkit.report.stamps import digests

MOST_WATCHED = 20_000  # files of a folder


class Inputs:
    """The files of the data at `data`, from before they are read.

    Parameters
    ----------
    data : path or URL, or None when each notebook reads its own
    service : path, optional
        The settings that were given.
    """

    def __init__(self, data, service=None):
        self.path = None if data is None or is_url(data) else Path(data)
        self.service, self.files, self.source = service, [], None
        self._before = {path: _state(path) for path in self._there()}

    def _there(self):
        if self.path is None:
            return []
        if not self.path.is_dir():
            return [self.path] if self.path.is_file() else []
        found = []
        for path in self.path.rglob("*"):
            if path.is_file():
                found.append(path)
            if len(found) == MOST_WATCHED:
                break
        return found

    @property
    def is_prepared(self):
        """Whether the notebooks read it themselves, while they run."""
        return self.path is not None and (self.path / "prepared.json").is_file()

    def note(self, opened):
        """Take from the data that was read which files it came from."""
        if self.path is None or opened is None:
            return
        if self.is_prepared:
            self.files = sorted([*self.path.glob("*.parquet"), self.path / "prepared.json"])
        else:
            # of what lay in an archive, the archive
            named = [(Path(file), *Path(file).parents) for file in opened.files]
            found = {next((one for one in places if one.is_file()), None) for places in named}
            self.files = sorted(found - {None})
        outside = getattr(opened, "outside_file", None)
        self.files += [Path(outside)] if outside and Path(outside) not in self.files else []
        self.source = getattr(opened, "source_folder", None)

    def check(self):
        """Refuse files that were changed since the run began: its reports would be of two states of the data.

        Raises
        ------
        BadData
            Names the file.
        """
        for path in self.files:
            before = self._before.get(path) or self._before.get(path.resolve())
            if before is not None and _state(path) != before:
                raise BadData(
                    f"{path}: was replaced or written to while it was read; no report was made. Run again when it is whole, "
                    "or have exports written aside and moved into place"
                )

    def digests(self, notebooks):
        """SHA-256 of what the reports are made of, for the manifest.

        Parameters
        ----------
        notebooks : dict of name to path

        Returns
        -------
        dict of `inputs`, `settings`, `source` and `template`, each {file: {"bytes", "sha256"}}, and `notebooks`, {name: …};
        names of files are masked, as all is that the run tells
        """
        beside = self.path and (self.path if self.path.is_dir() else self.path.parent) / "service.toml"
        settings = [path for path in [self.service or beside] if path and Path(path).is_file()]
        source = Path(self.source) if self.source else None
        of_source = [path for path in source.iterdir() if path.suffix in (".toml", ".sql")] if source else []
        return {
            "inputs": _masked(digests(self.files)),
            "settings": _masked(digests(settings)),
            "source": _masked(digests(of_source)),
            "template": digests(path for path in TEMPLATES.iterdir() if path.is_file()),
            "notebooks": {name: found for name, path in notebooks.items() for found in digests([path]).values()},
        }


def _masked(found):
    """The same with names of files that hold no personal data; of two that read alike then neither is lost."""
    made = {}
    for name, facts in found.items():
        shown = mask(name)
        while shown in made:
            shown += "\u2032"
        made[shown] = facts
    return made


def _state(path):
    try:
        known = path.stat()
    except OSError:
        return ()
    return known.st_size, known.st_mtime_ns, known.st_ino
