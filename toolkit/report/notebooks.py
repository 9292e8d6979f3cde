"""Which notebooks are reports, and which parameters each of those chosen is given."""

from pathlib import Path

import toolkit
from toolkit.errors import BadParameter, suggestion
from toolkit.guard import visible
from toolkit.report.parameters import RUNNER_PARAMETERS, assign_parameters, parameters_cell


def own_notebooks():
    """The notebooks that come with the toolkit: in the installed package, or beside it in a checkout; None without any.

    >>> own_notebooks().joinpath("response_times.ipynb").is_file()
    True
    """
    package = Path(toolkit.__file__).parent
    # Beside an installed package stand other packages, one of which may well be called `notebooks`.
    beside = [package.parent / "notebooks"] if (package.parent / "pyproject.toml").is_file() else []
    return next((place for place in [package / "notebooks", *beside] if place.is_dir()), None)


def notebook_folder(folder=None):
    """Where the notebooks are: `folder`, else ./notebooks of the current project, else those that come with the toolkit.

    A folder ./notebooks none of whose notebooks is a report is no project's: it is passed over.

    Raises
    ------
    BadParameter
        There is no such folder.
    """
    here, own = Path("notebooks"), own_notebooks()
    place = Path(folder or (here if own is None or _holds_reports(here) else own))
    if not place.is_dir():
        looked = place if folder else f"{here.resolve()} and in the toolkit's own package"
        raise BadParameter(f"there is no folder of notebooks (looked in {looked}); name it with --notebooks")
    return place


def _holds_reports(folder):
    for path in sorted(folder.glob("*.ipynb")):
        try:
            if parameters_cell(path) is not None:
                return True
        except BadParameter:  # one that can't be read is told of when it is run
            continue
    return False


def find_notebooks(names=None, folder=None, warn=None, tell=None):
    """{name: path} of the notebooks chosen: all reports in the folder, or those of these names or paths.

    A notebook without a cell tagged `parameters`, such as JupyterLab's Untitled.ipynb, is no report: passed
    over with a word to `warn` when all are run, refused when it is named. `tell` is told of the folder where it is
    neither named nor the toolkit's own.

    Raises
    ------
    BadParameter
        A name that is not there, with what it may have been meant to be; a notebook that is no report.
    """
    paths = [Path(name) for name in names or () if str(name).endswith(".ipynb")]
    wanted = [str(name).replace("-", "_") for name in names or () if not str(name).endswith(".ipynb")]
    found = {}
    if wanted or not names:
        place, own = notebook_folder(folder), own_notebooks()
        is_own = own is not None and place.resolve() == own.resolve()
        known = {path.stem: path for path in sorted(place.glob("*.ipynb"))}
        if not known:
            raise BadParameter(f"{place}: holds no notebooks")
        for name in wanted:
            if name not in known:
                hint = suggestion(name, known)
                spare = own / f"{name}.ipynb" if own and not is_own else None
                ours = f"; the toolkit's own is {spare}" if spare and spare.is_file() else ""
                raise BadParameter(f"there is no report {name!r}{hint}; there are: {', '.join(known)}{ours}")
        found = {name: known[name] for name in wanted} or _reports(known, place, warn)
        if tell and not folder and not is_own:
            tell(f"Notebooks: {place.resolve()}")
    for path in paths:
        if not path.is_file():
            raise BadParameter(f"{path}: there is no such notebook")
        if path.stem in found and found[path.stem].resolve() != path.resolve():
            raise BadParameter(f"two notebooks are called {path.stem!r}: {found[path.stem]} and {path}")
        found[path.stem] = path
    for name, path in found.items():
        if visible(name, keep_lines=False) != name:  # in a log or a list it would be two lines, or be read backwards
            raise BadParameter(
                f"{path}: the name of a notebook can't hold a line break, another control character or a mark that turns "
                "the direction of writing; rename it"
            )
        if parameters_cell(path) is None:
            raise BadParameter(
                f"{path}: is no report: none of its cells is tagged `parameters`; tag the one that sets the period "
                "and the columns (in JupyterLab: Property Inspector, Cell Tags)"
            )
        if name in ("index", "history", "ledger") or name.startswith("."):
            raise BadParameter(f"a notebook can't be called {name!r}: a page of every run is; rename it")
    return found


def reports_there(folder=None):
    """{name: path} of the reports, as `find_notebooks`; where no folder was named and there is none, {}."""
    try:
        return find_notebooks(None, folder)
    except BadParameter:
        if folder:
            raise
        return {}


def _reports(known, place, warn):
    """Those of the notebooks in the folder `place` that are reports."""
    found = {name: path for name, path in known.items() if parameters_cell(path) is not None}
    if not found:
        raise BadParameter(f"{place}: none of its notebooks has a cell tagged `parameters`, so none is a report")
    for name in [name for name in known if name not in found] if warn else ():
        warn(f"{known[name].name} is passed over: it has no cell tagged `parameters`, so it is no report")
    return found


def check_parameters(known, params, options, filters=None, each=None):
    """The parameters of each notebook from `params` and the options that are parameters too."""
    for name in params or {}:
        if name in RUNNER_PARAMETERS:
            raise BadParameter(f"parameter {name!r} is given by the option --{name.replace('_', '-')}")
    if filters or each:
        # A report that took no notice of it would show all rows under the name of some.
        deaf = [name for name, parameters in known.items() if "where" not in parameters]
        if deaf:
            raise BadParameter(
                f"{', '.join(deaf)}: has no parameter 'where', so --{'where' if filters else 'each'} can't restrict it; "
                "name the reports that have it, or add it"
            )
    given = dict(params or {}) | {name: str(value) for name, value in options.items() if value}
    return assign_parameters(given, known)
