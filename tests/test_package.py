"""Installed from the wheel, in a folder far from any checkout: reports, a project of one's own, and what is packed."""

import io
import json
import os
import re
import shutil
import subprocess
import sys
import sysconfig
import tarfile
import tomllib
import zipfile
from email.parser import HeaderParser
from importlib import metadata
from pathlib import Path

import pytest
from runs import ROOT
from typer.testing import CliRunner

import toolkit
from toolkit.cli import app
from toolkit.errors import BadParameter
from toolkit.report.notebooks import find_notebooks, notebook_folder, own_notebooks
from toolkit.report.project import PLACES, SKELETON, write_project
from toolkit.service import Service

NOTEBOOKS = {path.stem: path for path in sorted((ROOT / "notebooks").glob("*.ipynb"))}
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


@pytest.fixture(scope="module")
def packed(tmp_path_factory):
    """(wheel, sdist): the wheel built from what the sdist holds, so that the sdist holds all that it takes."""
    place = tmp_path_factory.mktemp("packed")
    build = [sys.executable, "-m", "hatchling", "build", "--directory", place, "--target"]
    subprocess.run([*build, "sdist"], cwd=ROOT, check=True, capture_output=True)
    (sdist,) = place.glob("*.tar.gz")
    with tarfile.open(sdist) as archive:
        archive.extractall(place, filter="data")
    subprocess.run([*build, "wheel"], cwd=place / sdist.name.removesuffix(".tar.gz"), check=True, capture_output=True)
    (wheel,) = place.glob("*.whl")
    return wheel, sdist


@pytest.fixture(scope="module")
def programs(packed, tmp_path_factory):
    """The folder of the programs of a new environment: the toolkit from the wheel, the other packages from ours."""
    place = tmp_path_factory.mktemp("fresh")
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", place], check=True)
    python = place / "bin" / "python"
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--python", python]
    wheel = ["install", "--quiet", "--no-deps", "--no-index", packed[0]]
    subprocess.run([*pip, *wheel], check=True, capture_output=True, env=bare(place))
    # A plain path: its own .pth files, such as that of the checkout, are not followed.
    (site,) = place.glob("lib/python*/site-packages")
    (site / "others.pth").write_text(sysconfig.get_path("purelib") + "\n")
    (place / "share").mkdir(exist_ok=True)  # where packages such as nbconvert keep what is no Python
    (place / "share" / "jupyter").symlink_to(Path(sys.prefix) / "share" / "jupyter")
    return place / "bin"


@pytest.fixture(scope="module")
def part(tmp_path_factory):
    """A part of the sample: its conversations and settings."""
    place = tmp_path_factory.mktemp("exports") / "part"
    place.mkdir()
    for name in ("conversations.csv", "service.toml"):
        shutil.copy(ROOT / "data" / "sample" / name, place)
    return place


def bare(home):
    """The environment of someone who has never seen the checkout."""
    kept = {name: os.environ[name] for name in ("LANG", "TMPDIR") if name in os.environ}
    return kept | {"HOME": str(home), "PATH": os.defpath}


def run(programs, *arguments, cwd):
    command = [programs / arguments[0], *map(str, arguments[1:])]
    return subprocess.run(command, cwd=cwd, env=bare(cwd), capture_output=True, text=True, timeout=600)


def test_the_toolkit_is_the_wheels(programs, tmp_path):
    said = run(programs, "python", "-c", "import toolkit; print(toolkit.__file__)", cwd=tmp_path)
    assert Path(said.stdout.strip()).is_relative_to(programs.parent)


def test_a_report_from_an_empty_folder(programs, part, tmp_path):
    done = run(programs, "toolkit", "report", "response_times", "--data", part, cwd=tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Notebooks:" not in done.stdout  # its own are used, without a word
    made = next((tmp_path / "reports").rglob("response_times.html")).read_text(encoding="utf-8")
    assert "Alvora" in made and "<svg" in made
    assert (tmp_path / "reports" / "index.html").is_file()


def test_a_project_of_ones_own(programs, part, tmp_path):
    assert run(programs, "toolkit", "new", "our desk", cwd=tmp_path).returncode == 0
    desk = tmp_path / "our desk"
    empty = run(Path("/usr/bin"), "make", "report", cwd=desk)
    assert empty.returncode and "data" in empty.stderr and "Traceback" not in empty.stderr
    shutil.copytree(part, desk / "data", dirs_exist_ok=True)
    edit(desk / "notebooks" / "response_times.ipynb", "Our response times", programs)
    done = run(Path("/usr/bin"), "make", "report", "ARGS=response_times", cwd=desk)
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"Notebooks: {desk / 'notebooks'}" in done.stdout
    made = next((desk / "reports").rglob("response_times.html")).read_text(encoding="utf-8")
    assert "Our response times" in made and "Alvora" in made


def edit(path, title, programs):
    """A notebook with another title, the first of its sections alone, and a look at which toolkit it runs with."""
    notebook = json.loads(path.read_text(encoding="utf-8"))
    notebook["cells"] = notebook["cells"][:5]
    notebook["cells"][0]["source"] = [f"# {title}"]
    header = "".join(notebook["cells"][2]["source"])
    kernel = f"assert toolkit.__file__.startswith({str(programs.parent)!r}), toolkit.__file__"
    notebook["cells"][2]["source"] = [header.replace("Response times", title), "\n", kernel]
    path.write_text(json.dumps(notebook), encoding="utf-8")


def test_the_wheel_holds_all_that_a_checkout_has(packed):
    with zipfile.ZipFile(packed[0]) as archive:
        held = {name: archive.read(name) for name in archive.namelist()}
    ours = {
        f"toolkit/{path.relative_to(ROOT / 'toolkit').as_posix()}": path
        for path in (ROOT / "toolkit").rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    ours |= {f"toolkit/notebooks/{path.name}": path for path in NOTEBOOKS.values()}
    for folder, place in (("data/sample", "toolkit/sample/data"), ("examples/schedules", "toolkit/schedules")):
        ours |= {f"{place}/{path.name}": path for path in (ROOT / folder).iterdir() if path.is_file()}
    info = f"customer_service_toolkit-{toolkit.__version__}.dist-info"
    assert {name for name in held if not name.startswith(info)} == set(ours)
    assert all(held[name] == path.read_bytes() for name, path in ours.items())
    assert held[f"{info}/licenses/LICENSE"] == (ROOT / "LICENSE").read_bytes()
    assert b"toolkit = toolkit.cli:main" in held[f"{info}/entry_points.txt"]
    about = HeaderParser().parse(io.StringIO(held[f"{info}/METADATA"].decode()))
    assert (about["Version"], about["License-Expression"]) == (toolkit.__version__, "MIT")
    needs = {line for line in about.get_all("Requires-Dist") if "extra ==" not in line}
    assert len(needs) == len(PROJECT["dependencies"])


def test_an_editable_install_is_the_checkout_alone(tmp_path):
    code = f"from hatchling import build; print(build.build_editable({str(tmp_path)!r}))"
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True, capture_output=True)
    (wheel,) = tmp_path.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        (path,) = [name for name in archive.namelist() if ".dist-info/" not in name]
        assert path.endswith(".pth") and Path(archive.read(path).decode().strip()).resolve() == ROOT


def test_the_sdist_holds_what_is_built_tested_and_read(packed):
    with tarfile.open(packed[1]) as archive:
        held = {name.split("/", 1)[1] for name in archive.getnames() if "/" in name}
    tracked = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    rooms = ("toolkit/", "notebooks/", "data/sample/", "examples/", "docs/", "tests/", "benchmarks/")
    wanted = {name for name in tracked.splitlines() if name.startswith(rooms) and (ROOT / name).is_file()}
    assert wanted <= held
    assert {"LICENSE", "README.md", "pyproject.toml", "Makefile", "constraints.txt", "CHANGELOG.md"} <= held
    assert not [name for name in held if name.startswith((".venv", "reports")) or "__pycache__" in name]


def test_a_project_is_made_where_nothing_is(tmp_path):
    made = write_project(tmp_path / "desks" / "one")
    files = {path.relative_to(made).as_posix() for path in made.rglob("*") if path.is_file()}
    schedules = {f"schedules/{path.name}" for path in (ROOT / "examples" / "schedules").iterdir()}
    assert files == {*PLACES.values(), *schedules, *(f"notebooks/{name}.ipynb" for name in NOTEBOOKS)}
    assert set(PLACES) == {path.name for path in SKELETON.iterdir()}
    for name, path in find_notebooks(None, made / "notebooks").items():
        ours, theirs = (json.loads(one.read_text(encoding="utf-8"))["cells"] for one in (NOTEBOOKS[name], path))
        changed = [(old["source"], new["source"]) for old, new in zip(ours, theirs, strict=True) if old != new]
        ((old, new),) = changed  # of the parameters, the data alone
        assert [line for line in new if line not in old] == [
            'data: str = "data"  # folder, file or DuckDB database with the export\n'
        ]
    assert str(made) in (made / "schedules" / "crontab").read_text()


def test_nothing_is_overwritten(tmp_path):
    mine = tmp_path / "mine"
    mine.mkdir()
    (mine / "notes.txt").write_text("mine")
    done = CliRunner().invoke(app, ["new", str(mine)])
    assert isinstance(done.exception, BadParameter) and "isn't empty" in str(done.exception)
    assert [path.name for path in mine.iterdir()] == ["notes.txt"]
    with pytest.raises(BadParameter, match="is a file"):
        write_project(mine / "notes.txt")
    (mine / "notes.txt").unlink()
    assert CliRunner().invoke(app, ["new", str(mine), "--sample"]).exit_code == 0
    for path in (ROOT / "data" / "sample").glob("*.*v"):
        assert (mine / "data" / path.name).read_bytes() == path.read_bytes()


def test_git_keeps_the_settings_and_no_data(tmp_path):
    made = write_project(tmp_path / "desk", with_sample=True)
    subprocess.run(["git", "init", "-q"], cwd=made, check=True)
    said = subprocess.run(["git", "add", "-An", "."], cwd=made, check=True, capture_output=True, text=True).stdout
    assert set(re.findall(r"'(data/.*)'", said)) == {"data/README.md", "data/service.toml"}


def test_every_setting_of_a_project_is_written_and_right():
    text = (SKELETON / "service.toml.txt").read_text(encoding="utf-8")
    as_it_is = Service.model_validate(tomllib.loads(text))
    assert as_it_is == Service()  # what is written out says what holds without it
    shown = re.sub(r"(?m)^#(?=[\w.]+ = |\[)", "", text)
    values = tomllib.loads(shown)
    known = set(Service.model_fields)
    assert set(values) == known - {"currency"} and values["costs"]["currency"]
    assert set(values["targets"]) == set(type(Service().targets).model_fields)
    Service.model_validate(values)
    # a line without "such as" shows what holds anyway
    anyway = re.findall(r"(?m)^#(\w+) = (.*?) *(?:#(?! such as).*)?$", text)
    default = Service().model_dump() | Service().targets.model_dump()
    for name, value in [(name, value) for name, value in anyway if name in default and "such as" not in value]:
        told = tomllib.loads(f"it = {value}")["it"]
        told = Service.model_validate({name: told}).model_dump()[name] if name in Service.model_fields else told
        assert default[name] in (told, None) or name in ("answer_within", "service_level"), name


def test_which_notebooks_are_taken(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    told = []
    assert notebook_folder() == own_notebooks()
    (tmp_path / "notebooks").mkdir()
    (tmp_path / "notebooks" / "Untitled.ipynb").write_text("{}")
    assert notebook_folder() == own_notebooks()  # a folder of something else
    assert set(find_notebooks(tell=told.append)) == set(NOTEBOOKS) and told == []
    shutil.copy(NOTEBOOKS["overview"], tmp_path / "notebooks" / "mine.ipynb")
    (tmp_path / "notebooks" / "Untitled.ipynb").unlink()
    assert list(find_notebooks(tell=told.append)) == ["mine"]
    assert told == [f"Notebooks: {tmp_path / 'notebooks'}"]
    with pytest.raises(BadParameter, match="there are: mine; the toolkit's own is .*resolution.ipynb"):
        find_notebooks(["resolution"])
    assert list(find_notebooks(["resolution"], own_notebooks(), tell=told.append)) == ["resolution"]
    shutil.copytree(tmp_path / "notebooks", tmp_path / "others")
    assert list(find_notebooks(None, tmp_path / "others", tell=told.append)) == ["mine"]
    assert len(told) == 1  # who names a folder knows which


def test_the_list_of_licences_is_that_of_the_packages():
    """None of what is installed with the toolkit forbids that it is MIT: the LGPL allows the use as a library, the GPL doesn't."""
    listed = dict(re.findall(r"(?m)^\| `([^`]+)` \| ([^|]+) \|", (ROOT / "docs" / "licences.md").read_text()))
    needed = {re.match(r"[\w.-]+", one).group() for one in PROJECT["dependencies"]}
    assert set(listed) == needed
    free = re.compile(
        r"MIT|BSD|Apache|ISC|PSF|Python Software Foundation|MPL-2.0|MPL 2.0|Zlib|HPND|LGPL|Lesser", re.IGNORECASE
    )
    forbids = re.compile(r"\bA?GPL|(?<!Lesser )General Public|Affero", re.IGNORECASE)
    said = [
        "GPL-3.0-only",
        "AGPL-3.0",
        "GNU General Public License v3",
        "LGPL-2.1+",
        "GNU Lesser General Public License",
    ]
    assert [bool(forbids.search(one)) for one in said] == [True, True, True, False, False]
    for name in closure(needed):
        said = licence(metadata.metadata(name))
        assert free.search(said) and not forbids.search(said), f"{name}: {said}"


def closure(names):
    """The packages that are installed with those of these names."""
    from packaging.requirements import Requirement

    found, left = set(), {re.sub(r"[-_.]+", "-", name).lower() for name in names}
    while left:
        name = left.pop()
        found.add(name)
        needs = [Requirement(line) for line in metadata.requires(name) or ()]
        here = {one.name for one in needs if one.marker is None or one.marker.evaluate({"extra": ""})}
        left |= {re.sub(r"[-_.]+", "-", one).lower() for one in here} - found
    return found


def licence(about):
    trove = [line.split(" :: ")[-1] for line in about.get_all("Classifier", []) if line.startswith("License ::")]
    return about.get("License-Expression") or "; ".join(trove) or (about.get("License") or "").split("\n")[0]
