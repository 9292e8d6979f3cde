"""The parameters of a notebook, read without running it, and the check of the values given for them.

papermill writes a parameter's name into the notebook as code, only logs names that the notebook does
not know, and does not hold a value to its type. So everything is checked here, before a kernel starts.

Examples
--------
>>> cell = 'days: int = 7  # how far back\\norder: Literal["asc", "desc"] = "asc"'
>>> known = parse_parameters(cell)
>>> known["days"].help, known["order"].choices
('how far back', ('asc', 'desc'))
>>> known["days"].value_of("30")
30
"""

import ast
import io
import json
import math
import re
import tokenize
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, get_args, get_origin

from toolkit.errors import BadParameter, suggestion
from toolkit.words.notebooks import translated

SCALARS = {"str": str, "int": int, "float": float, "bool": bool}
ANNOTATIONS = 'str, int, float, bool, list[str], list[int], list[float], Literal["a", "b"], each also "| None"'
# Given by options of their own, because the data is prepared once for all notebooks.
RUNNER_PARAMETERS = ("data", "source", "service", "period", "as_of", "where")


@dataclass(frozen=True)
class Parameter:
    """One parameter of a notebook: its name, type, default and meaning."""

    name: str
    type: Any
    type_name: str
    default: Any
    help: str = ""

    @property
    def choices(self):
        """The allowed values of a `Literal`, else ()."""
        for option in _options(self.type):
            if get_origin(option) is Literal:
                return get_args(option)
        return ()

    def value_of(self, given):
        """`given`, checked, as a value of this parameter; a str is read as its type asks.

        Raises
        ------
        BadParameter
            Names the parameter, the value and what is allowed.
        """
        from pydantic import TypeAdapter, ValidationError

        try:
            value = self._read(given) if isinstance(given, str) else given
            # A value that was not text is held to its type: True is no int, 1.5 neither.
            value = TypeAdapter(self.type).validate_python(value, strict=not isinstance(given, str))
        except (ValidationError, ValueError):
            raise BadParameter(self._refusal(given)) from None
        if not _is_finite(value):
            raise BadParameter(f"parameter {self.name!r}: {given!r} is not a finite number")
        return value

    def _read(self, text):
        options = _options(self.type)
        if type(None) in options and text.strip().lower() in ("", "none", "null"):
            return None
        kind = options[0]
        if kind is str:
            return text
        if get_origin(kind) is list:
            return _read_list(text, get_args(kind)[0])
        if get_origin(kind) is Literal:
            return {str(choice): choice for choice in get_args(kind)}.get(text.strip(), text)
        return text.strip()

    def _refusal(self, given):
        if self.choices:
            hint, allowed = suggestion(given, self.choices), ", ".join(map(repr, self.choices))
            return f"parameter {self.name!r}: {given!r} is not allowed{hint}; one of: {allowed}"
        examples = {
            "bool": "true or false",
            "int": "a whole number",
            "float": "a number",
            "str": "a text",
            "list[str]": "texts separated by commas, or a JSON list",
            "list[int]": "whole numbers separated by commas, or a JSON list",
            "list[float]": "numbers separated by commas, or a JSON list",
        }
        expected = examples.get(self.type_name.removesuffix(" | None"), self.type_name)
        return f"parameter {self.name!r}: {given!r} is not {expected} ({self.type_name})"


def _options(annotation):
    """The members of a union, the real type first; of any other type the type itself."""
    if type(None) in get_args(annotation) and get_origin(annotation) is not Literal:
        return [option for option in get_args(annotation) if option is not type(None)] + [type(None)]
    return [annotation]


def _read_list(text, kind):
    if text.strip().startswith("["):
        try:
            return json.loads(text)
        except json.JSONDecodeError as error:
            raise ValueError(f"not JSON: {error}") from None
    parts = [part.strip() for part in text.split(",")] if text.strip() else []
    return parts if kind is str else [kind(part) for part in parts]


def _is_finite(value):
    if isinstance(value, list):
        return all(_is_finite(part) for part in value)
    return not isinstance(value, float) or math.isfinite(value)


def read_notebook(path):
    """The notebook at `path` as plain JSON, each cell's source joined to one text.

    Raises
    ------
    BadParameter
        The file is missing, or is no notebook.
    """
    path = Path(path)
    try:
        notebook = json.loads(path.read_text(encoding="utf-8"))
        cells = [dict(cell, source="".join(cell["source"])) for cell in notebook["cells"]]
    except FileNotFoundError:
        raise BadParameter(f"{path}: there is no such notebook") from None
    except (OSError, UnicodeDecodeError, ValueError, KeyError, TypeError) as error:
        raise BadParameter(f"{path}: is not a Jupyter notebook (version 4): {error}") from None
    return dict(notebook, cells=cells)


def parameters_cell(path):
    """The source of the code cell that is tagged `parameters`; None in a notebook that has none, and is no report."""
    for cell in read_notebook(path)["cells"]:
        if cell.get("cell_type") == "code" and "parameters" in cell.get("metadata", {}).get("tags", []):
            return cell["source"]
    return None


def read_parameters(path):
    """The parameters of the notebook at `path`, by name; {} when no cell is tagged `parameters`."""
    return parse_parameters(parameters_cell(path) or "", where=Path(path).name)


def read_title(path):
    """(title, sentence) of the notebook's first Markdown cell in the language that is said, each "" when it has none.

    The sentence is the first paragraph after the title, without Markdown's marks.
    """
    for cell in read_notebook(path)["cells"]:
        if cell.get("cell_type") == "markdown":
            found = re.match(r"\s*#\s+(.+?)\s*(?:\n+(.*))?$", cell["source"], re.DOTALL)
            if not found:
                return "", ""
            paragraph = (found[2] or "").split("\n\n")[0]
            lede = " ".join(re.sub(r"[*_`]", "", paragraph).split())
            return translated(found[1].splitlines()[0]), translated(lede)
    return "", ""


def parse_parameters(source, where="parameters cell"):
    """The parameters that the cell `source` assigns, by name; nothing in it is run.

    Raises
    ------
    BadParameter
        Names the line that can't be read and what can be.
    """
    try:
        tree = ast.parse(source)
    except SyntaxError as error:
        raise BadParameter(f"{where}: the parameters cell is not Python: {error}") from None
    comments = _comments(source)
    found = {}
    for node in tree.body:
        if isinstance(node, (ast.Import, ast.ImportFrom, ast.Pass)) or _is_docstring(node):
            continue
        parameter = _parameter(node, comments, where)
        found[parameter.name] = parameter
    return found


def _is_docstring(node):
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


def _parameter(node, comments, where):
    here = f"{where}: line {node.lineno} of the parameters cell"
    target = node.target if isinstance(node, ast.AnnAssign) else getattr(node, "targets", [None])[0]
    if not isinstance(node, (ast.Assign, ast.AnnAssign)) or not isinstance(target, ast.Name) or node.value is None:
        raise BadParameter(f"{here}: only `name: type = default  # meaning` may stand there")
    try:
        default = ast.literal_eval(node.value)
    except ValueError:
        said = ast.unparse(node.value)
        raise BadParameter(f"{here}: the default of {target.id!r} is not a plain value: {said}") from None
    if isinstance(node, ast.AnnAssign):
        kind, kind_name = _annotation(node.annotation, here), ast.unparse(node.annotation).replace("typing.", "")
    else:
        kind, kind_name = _type_of(default, here)
    return Parameter(target.id, kind, kind_name, default, _help(node, comments))


def _annotation(node, here):
    """The type that an annotation names; only those that a text can be read as."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):  # a quoted annotation
        return _annotation(ast.parse(node.value, mode="eval").body, here)
    if isinstance(node, ast.Name) and node.id in SCALARS:
        return SCALARS[node.id]
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.BitOr) and ast.unparse(node.right) == "None":
        return _annotation(node.left, here) | None
    if isinstance(node, ast.Subscript):
        outer = ast.unparse(node.value).removeprefix("typing.")
        if outer == "Optional":
            return _annotation(node.slice, here) | None
        if outer == "Literal":
            return Literal[ast.literal_eval(node.slice)]
        if outer == "list" and isinstance(node.slice, ast.Name) and node.slice.id in SCALARS:
            return list[SCALARS[node.slice.id]]
    raise BadParameter(f"{here}: the type {ast.unparse(node)} is not supported; one of: {ANNOTATIONS}")


def _type_of(default, here):
    """(type, its name) of a default that has no annotation."""
    if isinstance(default, list) and default and len({type(part) for part in default}) == 1:
        kind = type(default[0])
        if kind in SCALARS.values():
            return list[kind], f"list[{kind.__name__}]"
    if type(default) in SCALARS.values():
        return type(default), type(default).__name__
    raise BadParameter(f"{here}: {default!r} does not tell its type; annotate it with one of: {ANNOTATIONS}")


def _comments(source):
    """{line: (comment, whether it has the line for itself)}."""
    found = {}
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.COMMENT:
            text = token.string.lstrip("#").strip()
            found[token.start[0]] = (text, token.line[: token.start[1]].strip() == "")
    return found


def _help(node, comments):
    """The comment at the end of the statement, else the comment lines right above it."""
    for line in range(node.end_lineno, node.lineno - 1, -1):
        if line in comments:
            return comments[line][0]
    above, line = [], node.lineno - 1
    while line in comments and comments[line][1]:
        above.insert(0, comments[line][0])
        line -= 1
    return " ".join(above)


def split_pairs(pairs):
    """{"key": "value"} of texts such as "key=value".

    Examples
    --------
    >>> split_pairs(["by=channel", "edges=1h,6h"])
    {'by': 'channel', 'edges': '1h,6h'}
    """
    values = {}
    for pair in pairs:
        name, equals, value = pair.partition("=")
        name = name.strip()
        if not equals or not name:
            raise BadParameter(f"{pair!r} is not a parameter; write it as name=value")
        if name in values:
            raise BadParameter(f"parameter {name!r} is given twice")
        values[name] = value
    return values


def assign_parameters(given, notebooks):
    """Which of the values `given` each notebook gets, checked.

    A parameter goes to every notebook that knows it, and at least one has to.

    Parameters
    ----------
    given : dict of name to value
        Texts are read as the parameter's type asks.
    notebooks : dict of notebook name to its parameters (see `read_parameters`)

    Returns
    -------
    dict of notebook name to dict of parameter name to value

    Raises
    ------
    BadParameter
        A name that none of the notebooks knows, or a value that is not allowed.

    Examples
    --------
    >>> known = {"a": parse_parameters("days: int = 7"), "b": parse_parameters("by: str = ''")}
    >>> assign_parameters({"days": "3"}, known)
    {'a': {'days': 3}, 'b': {}}
    """
    assigned = {name: {} for name in notebooks}
    for key, value in given.items():
        knowing = [name for name, known in notebooks.items() if key in known]
        if not knowing:
            raise BadParameter(_unknown(key, notebooks))
        for name in knowing:
            try:
                assigned[name][key] = notebooks[name][key].value_of(value)
            except BadParameter as error:
                raise BadParameter(f"{name}: {error}") from None
    return assigned


def _unknown(key, notebooks):
    known = sorted({name for parameters in notebooks.values() for name in parameters})
    lines = [f"no chosen notebook has a parameter {key!r}{suggestion(key, known)}; they have:"]
    lines += [f"  {name}: {', '.join(parameters) or '(none)'}" for name, parameters in notebooks.items()]
    return "\n".join(lines)
