"""What becomes of a section whose table or column the data has not: it is left out and says so, and the rest runs.

papermill ends a notebook at its first error. That is right for a mistake and for a crash; an export that has no
first response, though, still has volumes. Used by `toolkit.report.worker`.
"""

import ast
import functools
import re
import symtable

from nbclient.exceptions import CellExecutionError
from nbformat.v4 import new_output
from papermill.clientwrap import PapermillNotebookClient
from papermill.engines import NBClientEngine, papermill_engines
from papermill.log import logger

from toolkit import words
from toolkit.displays import LEFT_OUT as FLAG
from toolkit.displays import left_out_bundle

ENGINE = "sections"  # the name under which papermill knows it
# what `show` says of a report on no matter what data, and of what its other sections found
ABOUT = ("header", "key_figures", "quality", "definitions", "measured", "headline", "together")
NOTHING_LEFT = "nothing_left"  # metadata of a notebook of which no section could be made


def section_names(cells):
    """For each cell the heading of its section, None before the first one."""
    names, name = [], None
    for cell in cells:
        if cell.cell_type == "markdown" and (headings := re.findall(r"(?m)^##\s+(.+?)\s*$", cell.source)):
            name = headings[-1]
        names.append(name)
    return names


def assigned_names(source):
    """{name: whether an import makes it} of what a cell defines; {} for one that is not plain Python.

    Examples
    --------
    >>> assigned_names("import math\\nwaits = [math.floor(x) for x in table]\\nshow(waits)")
    {'math': True, 'waits': False}
    """
    try:
        symbols = symtable.symtable(source, "cell", "exec").get_symbols()
    except SyntaxError:
        return {}
    return {it.get_name(): it.is_imported() for it in symbols if it.is_assigned() or it.is_imported()}


def is_about(source):
    """Whether a cell only shows what is shown whatever the data holds, such as the definitions.

    Examples
    --------
    >>> is_about("show.quality(now)"), is_about("show.table(waits)"), is_about("show.quality(now)\\nshow.say(x)")
    (True, False, False)
    """
    try:
        body = ast.parse(source).body
    except SyntaxError:
        return False
    calls = [it.value.func for it in body if isinstance(it, ast.Expr) and isinstance(it.value, ast.Call)]
    return bool(body) and len(calls) == len(body) and all(ast.unparse(it).split(".")[-1] in ABOUT for it in calls)


def is_asked_for(said, asked):
    """Whether the column that a MissingColumn names is one that the user named: that is a mistake, told as one.

    Examples
    --------
    >>> said = "calls has no column 'topics' (did you mean 'topic'?); it has: topic, team"
    >>> is_asked_for(said, ["topics"]), is_asked_for(said, ["topic"])
    (True, False)
    """
    named = re.sub(r" \(did you mean .*?\)", "", said.split("; it has")[0])
    return any(repr(value) in named for value in asked)


def reason_of(name, said, section, source, lost, asked=()):
    """Why a cell that ended with an error may be left out; None when the error is fatal.

    Parameters
    ----------
    name, said : str
        The error's class, and what it says.
    section : str or None
        The cell's section.
    source : str
        The cell.
    lost : {name: reason} of what cells that were left out would have defined
    asked : the columns that the user asked for

    Examples
    --------
    >>> reason_of("MissingTable", "no calls", "When?", "show(metrics.transfers(now.calls))", {})
    'no calls'
    >>> reason_of("MissingTable", "no calls", "When?", "show.key_figures(now)", {})
    """
    if section is None:
        return None
    if name == "NameError" and (found := re.match(r"name '(\w+)' is not defined", said)):
        return lost.get(found[1])
    is_left = {
        "MissingColumn": not is_asked_for(said, asked),
        "MissingSetting": not is_asked_for(said, asked),
        "UnfitSetting": not is_asked_for(said, asked),
        "MissingPackage": True,
        # What a report is about is in its key figures: without their table there is nothing to say.
        "MissingTable": "key_figures(" not in source,
    }
    return said if is_left.get(name) else None


def unseen_error(reply, outputs):
    """The error of a cell that its outputs don't show; its traceback is what the cell wrote to stderr.

    Examples
    --------
    >>> outputs = [new_output("stream", name="stderr", text="  + Exception Group Traceback")]
    >>> error = unseen_error({"ename": "ExceptionGroup", "evalue": "load (1 sub-exception)", "traceback": []}, outputs)
    >>> error.ename, error.traceback
    ('ExceptionGroup', ['  + Exception Group Traceback'])
    """
    written = [it.text for it in outputs if it.output_type == "stream" and it.name == "stderr"]
    name, said = reply.get("ename") or "Error", reply.get("evalue") or ""
    return new_output("error", ename=name, evalue=said, traceback=reply.get("traceback") or written)


# What is said of a reason to those who read a report; the rest of it is folded. {column} of a table, or {table} alone.
PLAIN = (
    (r"(?P<table>\w+) has no column '(?P<column>[\w, ]+)'", "not_there"),
    (r"this data has no table '(?P<table>\w+)'", "not_there"),
    (r"(?:all [\d,]+ rows|the one row) of (?P<table>\w+) w\w+ set aside", "no_rows"),
    (r"service\.toml doesn't say (?P<what>.*) \([^()]+\)$", "no_setting"),
    (r"service\.toml says ", "unfit_setting"),
    (r".* needs .*: pip install ", "no_package"),
)


def plainly(reason):
    """A reason as a page says it, and what of it is for those who prepare the data.

    >>> plainly("conversations has no column 'first_response_at'; it has: created_at, channel")
    ('Not in this export: first responses.', '`conversations.first_response_at`')
    >>> plainly("conversations has no column 'escalated_to or escalation_reason'; it has: created_at")[1]
    '`conversations.escalated_to`, `conversations.escalation_reason`'
    >>> plainly("this data has no table 'calls' (it has: surveys); exports of 3 systems fill it")[0]
    'Not in this export: calls.'
    >>> plainly("service.toml doesn't say what an hour costs (costs.hour)")[0]
    'Not in the service’s settings: what an hour costs.'
    >>> plainly("no calls")
    ('Left out: no calls', '')
    """
    for pattern, key in PLAIN:
        found = re.match(pattern, reason)
        if not found:
            continue
        told = {"table": "", "column": "", "what": ""} | found.groupdict()
        what, detail = told["what"], reason
        if told["column"]:
            names = re.split(r", | or ", told["column"])  # any of them would do
            what = functools.reduce(_either, dict.fromkeys(map(_of_column, names)))
            detail = ", ".join(f"`{told['table']}.{name}`" for name in names)
        elif told["table"]:
            what = words.inner_case(words.code_name("table", told["table"]) or told["table"])
        return words.text(f"pages.say.{key}", **({"what": what} if what else {})), detail
    return words.text("pages.say.left_out", reason=reason), ""


def _either(one, other):
    return words.text("pages.say.either", one=one, other=other)


def _of_column(name):
    own = f"pages.say.column.{name}"
    return words.text(own) if words.has(own) else name.replace("_", " ").strip()


class SectionClient(PapermillNotebookClient):
    """Runs the cells; what a cell can't do for want of a table or a column is left out.

    Fatal stays: an error of another kind, one before the first section, a table that the key figures need, a
    column that the user asked for, and that no section but those of `ABOUT` is left.
    """

    def __init__(self, nb_man, asked=(), **options):
        # Errors are judged here: a kernel that may stop at one could refuse the next cell, too.
        super().__init__(nb_man, allow_errors=True, on_cell_executed=self._hear, **options)
        self.asked, self.lost, self.sections, self.first_error = list(asked), {}, [], None
        self.reply = {}

    def _hear(self, execute_reply, **_):
        """Keep what the kernel answers: an error needn't show itself among the outputs, as a group of exceptions doesn't."""
        self.reply = execute_reply["content"]

    def papermill_execute_cells(self):
        """Run all cells; with no section left, the first error is put back for papermill to raise."""
        self.sections = section_names(self.nb.cells)
        super().papermill_execute_cells()
        if self.first_error and not any(map(self._is_finding, range(len(self.nb.cells)))):
            index, error = self.first_error
            self.nb.cells[index].outputs = [error]
            self.nb.metadata[NOTHING_LEFT] = True

    def _is_finding(self, index):
        """Whether the cell shows what only this data could show."""
        cell = self.nb.cells[index]
        if cell.cell_type != "code" or self.sections[index] is None or is_about(cell.source):
            return False
        return any(it.get("name") != "stderr" and it.get("metadata") != FLAG for it in cell.outputs)

    def execute_cell(self, cell, cell_index, **options):
        """Run one cell; leave it out, or raise CellExecutionError, where it failed."""
        self.reply = {}
        done = super().execute_cell(cell, cell_index, **options)
        error = next((it for it in cell.get("outputs", []) if it.output_type == "error"), None)
        if error is None and self.reply.get("status") == "error":
            error = unseen_error(self.reply, cell.outputs)
            cell.outputs.append(error)
        if error is not None:
            reason = self._reason(cell, cell_index, error)
            if reason is None:
                raise CellExecutionError.from_cell_and_msg(cell, error)
            self.first_error = self.first_error or (cell_index, error)
            self._leave_out(cell, cell_index, reason)
        return done

    def _reason(self, cell, index, error):
        """Why the cell may be left out; None when its error is fatal."""
        return reason_of(error.ename, error.evalue, self.sections[index], cell.source, self.lost, self.asked)

    def _leave_out(self, cell, index, reason):
        """Say in place of the cell's outputs that it is left out, once a section, and undo what it defined."""
        section = self.sections[index]
        earlier = [it for it, name in zip(self.nb.cells[:index], self.sections, strict=False) if name == section]
        is_said = any(it.metadata.get("left_out", {}).get("reason") == reason for it in earlier)
        bundle = left_out_bundle(*plainly(reason))
        cell.outputs = [] if is_said else [new_output("display_data", bundle, metadata=FLAG)]
        cell.metadata["left_out"] = {"section": section, "reason": reason}
        # A name that an earlier section gave another value must not be read as this one's.
        names = assigned_names(cell.source)
        self.lost |= dict.fromkeys(names, reason)
        stale = [name for name, is_import in names.items() if not is_import]
        code = f"[globals().pop(name, None) for name in {stale!r}]"
        self.wait_for_reply(self.kc.execute(code, silent=True, store_history=False))


class SectionEngine(NBClientEngine):
    """papermill's engine with `SectionClient`."""

    @classmethod
    def execute_managed_notebook(cls, nb_man, kernel_name, start_timeout=60, **options):
        """Run the notebook; see `papermill.engines.NBClientEngine`."""
        for name in ("input_path", "timeout", "execution_timeout"):
            options.pop(name, None)
        client = SectionClient(
            nb_man, startup_timeout=start_timeout, kernel_name=kernel_name, log=logger, timeout=None, **options
        )
        return client.execute()


papermill_engines.register(ENGINE, SectionEngine)


def left_out(notebook):
    """[{"section", "reason"}] of an executed notebook: each section once for each reason."""
    found = [dict(cell.metadata["left_out"]) for cell in notebook.cells if "left_out" in cell.metadata]
    return [it for number, it in enumerate(found) if it not in found[:number]]
