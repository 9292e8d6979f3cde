"""What `toolkit report` would make of a data set, without running a notebook: which sections would be left out, and why.

A notebook's cells are gone through in order, as a run does, by the same rule of what is left out
(`toolkit.report.sections`). Each figure that a cell shows is only asked for its query, which says what of the data is
missing and isn't run; nothing is drawn. A notebook with other code than that isn't tried.

>>> import toolkit
>>> from toolkit.report.notebooks import find_notebooks
>>> data = toolkit.open_data("data/sample")
>>> (one,) = rehearse(data, find_notebooks(["abandonment"]))
>>> one.is_made, one.sections[:2], one.left_out
(True, ['What are the key figures?', 'When do callers hang up?'], [])
"""

import ast
import importlib
from dataclasses import dataclass, field

import nbformat

from toolkit.errors import BadParameter, MissingColumn, MissingTable, ToolkitError
from toolkit.metrics import compare
from toolkit.metrics.registry import METRICS
from toolkit.metrics.shapes import planned
from toolkit.report.parameters import read_parameters, read_title
from toolkit.report.sections import ABOUT, assigned_names, is_about, reason_of, section_names
from toolkit.report.wants import wanted

# What a cell may call besides the toolkit: it opens nothing and prints nothing.
SAFE = {
    one.__name__: one for one in (abs, bool, dict, float, int, len, list, max, min, range, round, set, str, sum, tuple)
}


@dataclass
class Foreseen:
    """What is foreseen of a report."""

    name: str
    title: str
    sections: list = field(default_factory=list)  # those that show what only the data can show
    left_out: list = field(default_factory=list)  # of dict: section, reason, want
    refused: dict | None = None  # reason and want of why there would be no report
    is_known: bool = True  # the notebook has no code but that of a report

    @property
    def is_made(self):
        """Whether there would be a report."""
        return self.refused is None

    @property
    def wants(self):
        """What is missing for all of it, each once."""
        told = [self.refused] if self.refused else self.left_out
        return list(dict.fromkeys(one["want"] for one in told))


def rehearse(data, notebooks, is_declared=False):
    """What would become of these notebooks.

    Parameters
    ----------
    data : Data, of the whole time
    notebooks : {name: path}
    is_declared : bool
        The data has the columns of an export and no rows: a figure by week is asked for all the same.

    Returns
    -------
    list of Foreseen
    """
    unscored = data.unscored  # one, so that what the notebooks share is made once
    return [_rehearsed(unscored, name, path, is_declared) for name, path in notebooks.items()]


def _rehearsed(data, name, path, is_declared):
    made = Foreseen(name, read_title(path)[0] or name)
    cells = nbformat.read(path, as_version=4).cells
    sections, stage = section_names(cells), _Stage(data, is_declared)
    names = {key: one.default for key, one in read_parameters(path).items()} | {"__builtins__": SAFE}
    lost, is_found = {}, False
    for cell, section in zip(cells, sections, strict=True):
        if cell.cell_type != "code" or "parameters" in cell.metadata.get("tags", []):
            continue
        if section and section not in made.sections and ("key_figures(" in cell.source or not is_about(cell.source)):
            made.sections.append(section)
        steps, stage.shown = _steps(cell.source), 0
        try:
            if steps is None:
                raise NameError
            _run(steps, names, stage)
        except (ToolkitError, NameError) as error:
            told = _told(error, section, cell.source, lost)
            if told is None:
                if isinstance(error, NameError):  # it is for a run to tell
                    return Foreseen(name, made.title, is_known=False)
                made.refused = {"reason": str(error), "want": wanted(error)}
                return made
            entry = {"section": section} | told
            made.left_out += [entry] if entry not in made.left_out else []
            lost |= dict.fromkeys(assigned_names(cell.source), told)
            for key in assigned_names(cell.source):
                names.pop(key, None)
        except Exception:
            return Foreseen(name, made.title, is_known=False)
        else:
            is_found = is_found or bool(section and stage.shown and not is_about(cell.source))
    if made.left_out and not is_found:
        made.refused = {key: made.left_out[0][key] for key in ("reason", "want")}
    return made


def _told(error, section, source, lost):
    """The reason for which a cell is left out, and what is missing; None of an error that ends the report."""
    said = reason_of(type(error).__name__, str(error), section, source, lost)
    if said is None or isinstance(said, dict):  # the latter of a cell that would have made what this one names
        return said
    return {"reason": said, "want": wanted(error)}


def _steps(source):
    """The statements of a cell that has no code but a report's: imports of the toolkit, names, and calls of these."""
    try:
        tree = ast.parse(source)
    except SyntaxError:
        return None
    simple = (ast.Import, ast.ImportFrom, ast.Assign, ast.AnnAssign, ast.Expr)
    if not all(isinstance(one, simple) for one in tree.body):
        return None
    for node in ast.walk(tree):
        if isinstance(node, (ast.Lambda, ast.Await, ast.NamedExpr)):
            return None
        if isinstance(node, ast.Import) and any(one.name.split(".")[0] != "toolkit" for one in node.names):
            return None
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] not in ("toolkit", "typing"):
            return None
    return tree.body


def _run(steps, names, stage):
    """Run the statements of a cell, with what stands for the toolkit."""
    for step in steps:
        if isinstance(step, (ast.Import, ast.ImportFrom)):
            for one in step.names:
                names[one.asname or one.name.split(".")[0]] = stage.imported(getattr(step, "module", ""), one.name)
            continue
        with planned():
            exec(compile(ast.Module([step], []), "<cell>", "exec"), names)


class _Stage:
    """What stands for the toolkit in a notebook: it asks for what would be shown, and shows nothing."""

    def __init__(self, data, is_declared):
        self.data, self.is_declared, self.shown = data, is_declared, 0
        stands = {
            compare.beside_previous: self.beside_previous,
            compare.compared: lambda *given, **choices: self.beside_previous(*given, **choices)[1],
            compare.weekly: lambda data, function, value=None, table=None, weeks=13, **choices: self.by_time(
                data, function, "week", data.last_weeks(weeks), table, choices
            ),
            compare.monthly: lambda data, function, table=None, months=13, **choices: self.by_time(
                data, function, "month", data.last_months(months), table, choices
            ),
            compare.unusual_weeks: lambda *given, **choices: None,
        }
        self.stands = stands

    def imported(self, module, name):
        """What a notebook imports: the toolkit's own, or what stands for it. To import `show` takes a second."""
        if not module:
            return _Toolkit(self)
        if (module, name) == ("toolkit", "show"):
            return _Show(self)
        held = importlib.import_module(module)
        found = getattr(held, name, None) or importlib.import_module(f"{module}.{name}")
        return self.stands.get(found, found) if callable(found) else found

    def ask(self, data, function, choices, table=None):
        """Ask a metric for its query; what is missing is an error."""
        function(getattr(data, table or METRICS[function.__name__].table), **choices)

    def beside_previous(self, data, function, by=None, value=None, table=None, against="previous", **choices):
        self.ask(data, function, {"by": by} | choices if by else choices, table)
        return None, None

    def by_time(self, data, function, every, view, table, choices):
        if view is not None or self.is_declared:
            by = choices.pop("by", None) or []
            self.ask(data, function, {"by": [*([by] if isinstance(by, str) else by), every]} | choices, table)

    def first_that_can(self, asks):
        """Make the first of several calls that can be made; the error of the first where none can."""
        first = None
        for ask in asks:
            try:
                return ask()
            except (MissingColumn, MissingTable) as error:
                first = first or error
        raise first or MissingColumn("the data", "", [])


class _Toolkit:
    """Stands for the package: data is opened already."""

    def __init__(self, stage):
        self.stage = stage

    def open_data(self, path=None, source=None, service=None, period=None, as_of=None, progress=None, where=None):
        data = self.stage.data.during(period) if period else self.stage.data
        return data.where(**where) if where else data


class _Show:
    """Stands for `toolkit.show`."""

    def __init__(self, stage):
        self.stage = stage

    def __call__(self, *shown, **options):
        self.stage.shown += 1

    def breakdown(self, data, function, *keys, table=None, **choices):
        """Ask for a figure by each of several columns, of which the data needs to have one."""
        stage = self.stage
        asked = [
            lambda key=key: stage.beside_previous(data, function, by=key, table=table, **choices)
            for key in dict.fromkeys(filter(None, keys))
        ]
        stage.first_that_can(asked)
        stage.shown += 1

    def key_figures(self, data, *asked):
        """Ask for key figures, of which the data needs to be able to tell one."""
        own = [
            lambda function=function, given=given: self.stage.ask(
                data,
                function,
                {key: value for key, value in given.items() if key not in ("best", "table", "value")},
                given.get("table"),
            )
            for function, given in asked
        ]
        self.stage.first_that_can(own)
        self.stage.shown += 1

    def outside(self, data):
        """Figures from outside say so themselves where there are none."""
        self.stage.shown += data.outside_file is not None

    def __getattr__(self, name):
        if name.startswith("_"):
            raise AttributeError(name)
        if name in ABOUT and name not in ("together",):
            return lambda *given, **options: None
        if name in ("moved", "together", "look_at", "say", "chart", "table"):  # these say themselves what can't be told
            return self
        raise BadParameter(f"show has no {name!r}")
