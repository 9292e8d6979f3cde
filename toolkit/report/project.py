"""A project of one's own: a folder with notebooks to edit, settings, a place for the data, a Makefile and schedules."""

import json
import re
import shutil
import sys
from pathlib import Path

import toolkit
from toolkit.errors import BadParameter
from toolkit.report.notebooks import own_notebooks
from toolkit.report.parameters import parameters_cell
from toolkit.sample import sample_folder

SKELETON = Path(__file__).parent / "skeleton"
PLACES = {
    "Makefile.txt": "Makefile",
    "README.md.txt": "README.md",
    "gitignore.txt": ".gitignore",
    "service.toml.txt": "data/service.toml",
    "data_README.md.txt": "data/README.md",
}
# As the files of examples/schedules call the folder of the toolkit's programs, and that of a project.
TOOLKIT, PROJECT = "/opt/toolkit/bin", "/srv/customer-service"


def write_project(folder, with_sample=False):
    """Make a project: notebooks/, data/ with service.toml, schedules/, Makefile, README.md, .gitignore.

    Parameters
    ----------
    folder : path
        Made if it is not there.
    with_sample : bool
        Put the sample's data and settings into data/.

    Returns
    -------
    Path

    Raises
    ------
    BadParameter
        It is there and isn't an empty folder: nothing is written then.
    """
    folder = Path(folder)
    if folder.exists() and not folder.is_dir():
        raise BadParameter(f"{folder}: is a file; name a folder that isn't there yet, or is empty")
    if folder.exists() and any(folder.iterdir()):
        raise BadParameter(f"{folder}: isn't empty, and nothing is overwritten; name a folder that isn't there yet")
    for part in ("notebooks", "data", "schedules"):
        (folder / part).mkdir(parents=True, exist_ok=True)
    programs = Path(sys.executable).parent
    told = {"{bin}": str(programs).replace("$", "$$"), "{version}": toolkit.__version__}
    for name, place in PLACES.items():
        text = (SKELETON / name).read_text(encoding="utf-8")
        for word, value in told.items():
            text = text.replace(word, value)
        _write(folder / place, text)
    for path in sorted(own_notebooks().glob("*.ipynb")):
        if parameters_cell(path) is not None:
            _write(folder / "notebooks" / path.name, _of_project(path))
    for path in sorted(schedules_folder().iterdir()):
        if path.is_file():
            _write(folder / "schedules" / path.name, _scheduled(path.read_text(encoding="utf-8"), folder, programs))
    for path in sorted(sample_folder().iterdir()) if with_sample else ():
        if path.name != "README.md":
            shutil.copyfile(path, folder / "data" / path.name)
    return folder


def schedules_folder():
    """Files that run the reports while nobody watches: in the installed package, or examples/schedules of a checkout.

    >>> schedules_folder().joinpath("crontab").is_file()
    True
    """
    installed = Path(toolkit.__file__).parent / "schedules"
    return installed if installed.is_dir() else Path(toolkit.__file__).parents[1] / "examples" / "schedules"


def _of_project(path):
    """A notebook of ours as text, that reads the project's data where it read the sample."""
    notebook = json.loads(path.read_text(encoding="utf-8"))
    for cell in notebook["cells"]:
        if "parameters" in cell.get("metadata", {}).get("tags", []):
            cell["source"] = [line.replace('"data/sample"', '"data"') for line in cell["source"]]
    return json.dumps(notebook, indent=1, ensure_ascii=False) + "\n"


def _scheduled(text, folder, programs):
    """A schedule with the paths of this project, where they can stand in every such file without quotes.

    >>> _scheduled("cd /srv/customer-service && /opt/toolkit/bin/toolkit", Path("/home/ada/desk"), Path("/venv/bin"))
    'cd /home/ada/desk && /venv/bin/toolkit'
    >>> _scheduled("cd /srv/customer-service", Path("/home/ada/my desk"), Path("/venv/bin"))
    'cd /srv/customer-service'
    """
    for word, path in ((PROJECT, folder.resolve()), (TOOLKIT, programs)):
        if re.fullmatch(r"[\w./+-]+", str(path), re.ASCII):
            text = text.replace(word, str(path))
    return text


def _write(path, text):
    path.write_text(text, encoding="utf-8", newline="\n")
