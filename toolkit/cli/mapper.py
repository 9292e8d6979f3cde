"""The command toolkit map: its options, its questions at the terminal, and its exit codes."""

import contextlib
import shlex
import sys
from pathlib import Path
from typing import Annotated

import typer

from toolkit.cli.options import app
from toolkit.cli.terminal import bars, console, say
from toolkit.errors import BadParameter

# The guess, the engine and pandas are imported when the command runs: --help has to be quick.


@app.command("map", epilog="Example:  toolkit map tickets.csv --yes")
def map_export(
    files: Annotated[
        list[Path],
        typer.Argument(
            help="The export: one file, or several of one system; [b]env:NAME[/b] and [b]@FILE[/b] say where one is.",
            metavar="FILE...",
        ),
    ],
    out: Annotated[
        Path, typer.Option("--out", "-o", help="Folder in which the source's folder is written.", metavar="DIR")
    ] = Path("sources"),
    name: Annotated[
        str | None, typer.Option(help="What the source is called; default: as the first file.", metavar="NAME")
    ] = None,
    answers: Annotated[
        Path | None, typer.Option(help="TOML with answers, as the command writes them.", metavar="FILE")
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Take the default of every question.")] = False,
    force: Annotated[bool, typer.Option("--force", help="Write over a folder that is there.")] = False,
):
    """Find out which column of an unknown export is which, and write a source that reads it."""
    from toolkit.mapping.run import map_files
    from toolkit.mapping.shown import print_plan, print_result

    screen = console()
    ask = None if yes else _asker(sys.stdin.isatty())
    mapped = map_files(files, out, name, answers, ask, force, lambda plan: print_plan(screen, plan), bars)
    print_result(screen, mapped)
    if mapped.known:
        why = mapped.known[1] or "These are tables of the contract"
        screen.print(
            f"Note: {why}. It needs no map: toolkit report --data {shlex.quote(str(mapped.data_path))}", markup=False
        )
    screen.print(
        f"Source: {mapped.folder} ({', '.join(sorted(one.name for one in mapped.folder.iterdir()))})", markup=False
    )
    if mapped.refused:
        screen.print(f"It was written, and reads nothing yet: {mapped.refused}", markup=False)
        screen.print(
            f"Change {mapped.folder / 'answers.toml'}, and map again with --answers and --force.", markup=False
        )
        raise typer.Exit(2)
    from toolkit.errors import ToolkitError
    from toolkit.load.detect import recognise

    named = f" --source {shlex.quote(str(mapped.folder))}"
    with contextlib.suppress(ToolkitError):
        if recognise(mapped.data_path)[0] == str(mapped.folder.resolve()):
            named = ""  # a project remembers what was mapped into its sources/
    given = f"--data {shlex.quote(str(mapped.data_path))}{named}"
    screen.print(f"Next: toolkit report {given}", markup=False, soft_wrap=True)
    screen.print(
        f"The rows that were set aside: toolkit check {given} --out ledger.csv",
        style="dim",
        markup=False,
        soft_wrap=True,
    )


def _asker(is_terminal):
    """What asks questions: at a terminal a person, elsewhere nobody, which is an error that lists what would be asked."""

    def ask(asked):
        if not is_terminal:
            from toolkit.mapping.answers import toml

            listed = "\n".join(f"  {one.path} = {toml(one.default)}  # {one.text} ({one.why})" for one in asked)
            raise BadParameter(
                "there is no terminal to ask at. Give --yes to take these defaults, or --answers FILE with what is right "
                f"(a.b = ... may stand as b = ... below [a]):\n{listed}"
            )
        return {one.key: ask_person(one, lambda text, default: typer.prompt(text, default=default)) for one in asked}

    return ask


def ask_person(question, prompt, most=5):
    """Ask until the answer can be taken.

    Parameters
    ----------
    question : Question
    prompt : callable(text, default) -> str
    most : int
        How often a wrong answer is asked about again.
    """
    default = question.default
    shown = (
        ", ".join(default)
        if isinstance(default, list)
        else {True: "yes", False: "no"}.get(default, default)
        if isinstance(default, bool)
        else default
    )
    text = f"{question.text} ({question.why})" if question.why else question.text
    for _ in range(most):
        said = str(prompt(text, shown or "none")).strip()
        made, wrong = read_answer(question, said)
        if not wrong:
            return made
        say(f"  {wrong}", err=True)
    raise BadParameter(f"{question.path}: no answer that can be taken")


def read_answer(question, said):
    """(answer, "") of what a person typed, or (None, what is wrong with it).

    >>> from toolkit.mapping.plan import Question
    >>> read_answer(Question(("date_order",), "", "dmy", ("dmy", "mdy")), "ydm")
    (None, "'ydm' is none of dmy, mdy")
    """
    default = question.default
    if isinstance(default, bool):
        low = said.lower()
        return (
            (low in ("yes", "y", "true"), "")
            if low in ("yes", "no", "y", "n", "true", "false")
            else (None, f"{said!r} is neither yes nor no")
        )
    if isinstance(default, list):
        words = [word.strip() for word in said.split(",") if word.strip()]
        if [word.lower() for word in words] == ["none"]:
            return [], ""
        known = {choice.lower(): choice for choice in question.choices}
        odd = [word for word in words if word.lower() not in known]
        return (
            ([known[word.lower()] for word in words], "")
            if not odd
            else (None, f"{odd[0]!r} is none of {', '.join(question.choices)}")
        )
    if question.choices:
        return (said, "") if said in question.choices else (None, f"{said!r} is none of {', '.join(question.choices)}")
    if question.key == ("time_zone",):
        from toolkit.errors import BadSettings
        from toolkit.mapping.answers import check_answers

        try:
            check_answers({"time_zone": said}, "answer")
        except BadSettings as error:
            return None, str(error).splitlines()[-1].strip()
    return said, ""
