"""What of a run is personal or secret, and the two fences around it: in the worker for each report, then for the whole run."""

import hashlib
import json
from pathlib import Path

from toolkit import secrets, words
from toolkit.errors import BadParameter
from toolkit.privacy import Masker
from toolkit.privacy.notebook import mask_notebook, rewrite

KEY = "TOOLKIT_MASK_KEY"  # a variable with a key of one's own: marks are then the same in every run
MOST = 1 << 24  # bytes of each file that the key of the marks is made of


def key_of(opened):
    """The key of a run's marks: of the content of its data, which who reads a report hasn't; the same data, the same key.

    Parameters
    ----------
    opened : Data, or None when each notebook reads its own
    """
    import os

    made = hashlib.blake2b(os.environ.get(KEY, "").encode(), digest_size=32, person=b"toolkit marks")
    if opened is None or os.environ.get(KEY):
        return made.digest()
    for file in sorted({str(file) for file in opened.files}):
        try:
            with open(file, "rb") as content:
                made.update(content.read(MOST))
        except OSError:  # a database
            continue
    made.update(opened.counts.to_json(orient="records").encode())
    return made.digest()


def known_values(wanted):
    """The values that name what the reports are of: of their restrictions, and of their groups."""
    given = [text.partition("=")[2] for one in wanted for text in one.where]
    return sorted({*given, *(str(one.group["value"]) for one in wanted if one.group)})


def told(masker, wanted, env=()):
    """What each worker has to know to mask as the run does, as JSON."""
    return {
        "privacy": {"key": masker.key.hex(), "reveal": masker.reveal, "known": known_values(wanted)},
        "secrets": secrets.known(),
        "env": list(env),
    }


def read_secrets(params):
    """The parameters, of those that are called like secrets what `env:NAME` and `@FILE` stand for."""
    made = {}
    for name, value in (params or {}).items():
        if secrets.is_sensitive(name) and isinstance(value, str):
            value = secrets.read_place(value)
            if len(value) >= secrets.SHORTEST:
                secrets.add(value)
        made[name] = value
    return made


def check_env(names):
    """The variables that notebooks get besides; each has to be set.

    Raises
    ------
    BadParameter
        One isn't.
    """
    import os

    for name in names or ():
        if name not in os.environ:
            raise BadParameter(f"--env {name}: there is no such environment variable")
    return list(names or ())


# --- in the worker, and for what it left ----------------------------------------------------------------


def masker_of(task):
    """The masker of a task, which knows what its reports are of."""
    told = task.get("privacy") or {"key": "", "reveal": False, "known": []}
    masker = Masker(bytes.fromhex(told["key"]), told["reveal"])
    masker.learn(*told["known"])
    return masker


def cleaned(task, said):
    """A text of a task without secrets and personal data: a message, a log."""
    return masker_of(task).text(secrets.scrub(said))


def shown_parameters(task, values):
    """Parameters as they may be shown: of one that is called like a secret nothing."""
    masker = masker_of(task)

    def shown(value):
        return [masker.text(one) for one in value] if isinstance(value, list) else masker.text(value)

    return {name: shown(secrets.shown(name, value)) for name, value in values.items()}


def close(notebook, task):
    """Take secrets and personal data out of an executed notebook, in place; what was masked.

    Returns
    -------
    dict, see `toolkit.privacy.notebook.mask_notebook`
    """
    join_streams(notebook)
    rewrite(notebook, secrets.scrub, secrets.scrub_html, source=lambda text: secrets.scrub(text, strictly=True))
    return mask_notebook(notebook, masker_of(task), task.get("privacy", {}).get("known", ()))


def join_streams(notebook):
    """Make one of the outputs of a cell that were printed in several pieces: each alone may hold half of a value.

    Those with others between them are joined where only together they hold a secret.
    """
    for cell in notebook["cells"]:
        joined = []
        for output in cell.get("outputs", []):
            is_more = joined and output["output_type"] == joined[-1]["output_type"] == "stream"
            if is_more and output["name"] == joined[-1]["name"]:
                joined[-1]["text"] = "".join(joined[-1]["text"]) + "".join(output["text"])
            else:
                joined.append(output)
        for names in (("stdout",), ("stderr",), ("stdout", "stderr")):
            pieces = [it for it in joined if it["output_type"] == "stream" and it["name"] in names]
            texts = ["".join(it["text"]) for it in pieces]
            if len(pieces) > 1 and secrets.scrub("".join(texts)) != "".join(map(secrets.scrub, texts)):
                pieces[0]["text"] = "".join(texts)
                joined = [it for it in joined if not any(it is one for one in pieces[1:])]
        if "outputs" in cell:
            cell["outputs"] = joined


def closed_file(task, restore):
    """The text of the notebook as far as a failed task ran it; what can't be read as one is left out.

    Parameters
    ----------
    restore : callable(notebook, task)
        Puts in what the user gave, in place of what the runner made of it.
    """
    import nbformat

    executed = Path(task["executed"])
    path = executed if executed.exists() else Path(task["notebook"])
    try:
        notebook = nbformat.reads(path.read_text(encoding="utf-8"), as_version=4)
        restore(notebook, task)
        close(notebook, task)
        return nbformat.writes(notebook) + "\n"
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return json.dumps({"cells": [], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}) + "\n"


# --- what the report says of it --------------------------------------------------------------------------


def privacy_words(facts):
    """What a report says of personal data: which kinds are masked, how much was, what can't be found.

    Parameters
    ----------
    facts : dict
        As `close` gave them, or {} of a notebook that nobody closed.

    Examples
    --------
    >>> said = privacy_words({"is_revealed": False, "masked": {"email": 2, "card": 1}})
    >>> said[said.index("Here"):]
    'Here that were 2 e-mail addresses and 1 card number. Names in free text can’t be found without a model, and stay.'
    >>> said = privacy_words({"is_revealed": False, "masked": {}, "drawn": 3})
    >>> said[said.index("In what"):].partition(". ")[0]
    'In what customers wrote 3 pieces were masked when it was drawn'
    """
    if not facts:
        return ""
    if facts.get("is_revealed"):
        return words.text("pages.privacy.revealed")
    counts = facts.get("masked", {})
    listed = words.joined([words.text(f"pages.privacy.kinds.{kind}", n=n) for kind, n in counts.items()])
    drawn = facts.get("drawn", 0)
    found = [words.text("pages.privacy.found", found=listed)] if counts else []
    found += [words.text("pages.privacy.drawn", n=drawn)] if drawn else []
    return words.text("pages.privacy.masked", found=" ".join(found) or words.text("pages.privacy.nothing"))


def privacy_remark(facts):
    """The first thing that a report says where personal data is shown in it; "" where it is masked."""
    return words.text("pages.privacy.remark") if (facts or {}).get("is_revealed") else ""


def page_remarks(run):
    """What a page of a run that is no report says first where the run shows personal data: a list of one, or of none."""
    return [words.text("pages.privacy.page_remark")] if run.get("is_revealed") else []
