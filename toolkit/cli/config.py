"""A file that holds what `toolkit report` is told: the parameters of several reports, for one run into one folder.

    [run]
    data = "exports/today"      # paths are relative to this file
    out = "reports"

    [defaults]
    period = "last-week"

    [[report]]
    name = "overview"

    [[report]]
    name = "response_times"
    as = "response_times_month"
    period = "last-month"

    [notify]
    readers = ["env:REPORT_MAIL"]

It holds no secret: an address to send to, or a database's URL, is named by `env:NAME` or `@FILE`.
"""

import re
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator

from toolkit.errors import BadSettings, explain_settings
from toolkit.report.options import Wanted
from toolkit.secrets import holds_secret, is_sensitive
from toolkit.service import parse_duration, read_toml

ELSEWHERE = re.compile(r"(env:\w+|@.+)")  # a secret that is kept elsewhere
URL = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:/{2}")


def _elsewhere(value):
    """An address that a notice goes to, which is a secret."""
    if not isinstance(value, str) or not ELSEWHERE.fullmatch(value):
        raise ValueError(
            'may not stand here, as it holds a secret; write "env:NAME" for a variable of the environment, or "@FILE" '
            "for a file that only you may read"
        )
    return value


def _duration(value):
    parse_duration(value)
    return str(value)


def _no_credentials(value):
    if isinstance(value, str) and holds_secret(value):
        raise ValueError('holds a password, and may not stand here; write "env:NAME" or "@FILE"')
    return value


def _plain(value):
    """A parameter's value; of a list all are of one type."""
    kinds = {type(one) for one in _listed(value)}
    if not kinds <= {str, bool, int, float} or len(kinds) > 1:
        raise ValueError("is no text, number, true or false, nor a list of one of them")
    return value


Text = Annotated[str, Field(min_length=1, max_length=4000), BeforeValidator(_no_credentials)]
Address = Annotated[str, BeforeValidator(_elsewhere)]
Duration = Annotated[str, BeforeValidator(_duration)]
Count = Annotated[int, Field(ge=1, strict=True)]
Seconds = Annotated[float, Field(ge=0, le=7 * 86_400)]
Value = Annotated[Any, BeforeValidator(_plain)]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class RunPart(_Part):
    """[run]: what all reports have in common."""

    data: Text | None = None
    source: Text | None = None
    service: Text | None = None
    as_of: Text | None = None
    out: Text | None = None
    notebooks: Text | None = None
    jobs: Count | None = None
    timeout: Annotated[float, Field(ge=1)] | None = None
    total_timeout: Annotated[float, Field(ge=1)] | None = None
    max_age: Duration | None = None
    memory: Text | None = None
    wait: Seconds | None = None
    keep: Count | None = None
    allow_empty: bool | None = None
    interactive: bool | None = None
    pdf: bool | None = None
    reveal: bool | None = None
    env: list[Text] | None = None


class Defaults(_Part):
    """[defaults]: of all reports that don't say otherwise."""

    period: Text | None = None
    where: list[Text] | None = None
    each: str | None = None
    params: dict[str, Value] = {}

    @model_validator(mode="before")
    @classmethod
    def _no_secret(cls, values: Any):
        for name, value in (values.get("params") or {}).items() if isinstance(values, dict) else ():
            is_secret = is_sensitive(name) and isinstance(value, str) and not ELSEWHERE.fullmatch(value)
            if is_secret or any(isinstance(one, str) and holds_secret(one) for one in _listed(value)):
                raise ValueError(f'params.{name} holds a secret, and may not stand here; write "env:NAME" or "@FILE"')
        return values


class Report(Defaults):
    """[[report]]: one report."""

    name: Text
    called: str = Field("", alias="as")
    title: Annotated[str, Field(max_length=100)] = ""


class Notify(_Part):
    """[notify]: who is told."""

    readers: list[Address] = []
    failures: list[Address] = []
    link_base: Text | None = None  # where the folder of the reports is served


class Config(_Part):
    """The whole file."""

    run: RunPart = RunPart()
    defaults: Defaults = Defaults()
    report: list[Report] = []
    notify: Notify = Notify()


def load_config(path):
    """What a file of parameters says, with its paths as seen from here.

    Parameters
    ----------
    path : path

    Returns
    -------
    Config

    Raises
    ------
    BadSettings
        Names the file, each wrong key, its value and what is allowed.
    """
    values = read_toml(path)
    try:
        config = Config.model_validate(values)
    except ValidationError as error:
        secret = _texts(values.get("notify"))  # whatever stands where an address does may be one

        def shown(value):
            return "..." if _texts(value) & secret else _shown(value)

        raise BadSettings(explain_settings(path, error, Config, shown)) from None
    folder = Path(path).parent
    for key in ("data", "service", "out", "notebooks", "source"):
        setattr(config.run, key, _placed(folder, getattr(config.run, key), is_maybe=key == "source"))
    for report in config.report:
        if report.name.endswith(".ipynb"):
            report.name = _placed(folder, report.name)
    for name in ("readers", "failures"):
        setattr(config.notify, name, [_placed(folder, one) for one in getattr(config.notify, name)])
    return config


def merge(config, given, names=None):
    """What a file and the command line say of a run; the command line wins.

    Parameters
    ----------
    config : Config
    given : dict
        The options that were given on the command line, by name; period, where, each and params among them hold for
        every report.
    names : list of str, optional
        Of the file's reports only these, by their names or those of their notebooks.

    Returns
    -------
    (names, options): the names of `toolkit.report.run.run_reports`; a dict of its data, its out and what its Options
    are told, of those that are said

    Raises
    ------
    BadSettings
        None of the file's reports is called so.
    """
    told = {key: value for key, value in config.run.model_dump().items() if value is not None}
    shared = {key: value for key, value in config.defaults.model_dump().items() if value not in (None, {})}
    options = told | shared | given | {"params": config.defaults.params | (given.get("params") or {})}
    reports = [_wanted(one, given) for one in config.report]
    if reports and names:
        wanted = {name.replace("-", "_") for name in names}
        unknown = wanted - {name for one in reports for name in (one.report.replace("-", "_"), one.notebook)}
        if unknown:
            known = ", ".join(one.report for one in reports)
            raise BadSettings(f"the file has no report {sorted(unknown)[0]!r}; it has: {known}")
        reports = [one for one in reports if {one.report.replace("-", "_"), one.notebook} & wanted]
    if reports:
        names, options["reports"] = None, reports
    return names or None, options


def _wanted(report, given):
    """A report of the file; what the command line says in its place is left to what holds for all."""
    own = {key: None if key in given else getattr(report, key) for key in ("period", "where", "each")}
    params = {name: value for name, value in report.params.items() if name not in (given.get("params") or {})}
    return Wanted(report.name, report.called, report.title, params=params, **own)


def describe(path, options):
    """What a run uses, in lines for the terminal.

    Parameters
    ----------
    path : path
        The file.
    options : dict
        As `merge` gives them.

    Returns
    -------
    list of str
    """
    hidden = ("reports", "period", "where", "each", "params")
    said = [f"{key} = {_said(value)}" for key, value in options.items() if key not in hidden and value is not None]
    lines = [f"{path}: {', '.join(said)}"]
    common = {key: options.get(key) for key in hidden[1:]}
    for one in options.get("reports") or []:
        own = {"period": one.period, "where": one.where, "each": one.each}
        used = common | {key: value for key, value in own.items() if value is not None}
        params = (used.pop("params") or {}) | one.params
        used |= {name: value if not is_sensitive(name) else "***" for name, value in params.items()}
        parts = [f"{key} = {_said(value)}" for key, value in used.items() if value not in (None, "", [])]
        of = f" (of {one.notebook})" if one.report != one.notebook else ""
        lines.append(f"  {one.report}{of}: {', '.join(parts) or 'as its notebook says'}")
    return lines


def _said(value):
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)


def _listed(value):
    return value if isinstance(value, list) else [value]


def _placed(folder, text, is_maybe=False):
    """A path as seen from here; what is no path as it is."""
    if not text or text.startswith("env:") or URL.match(text):
        return text
    sign, path = ("@", text[1:]) if text.startswith("@") else ("", text)
    placed = folder / Path(path).expanduser()
    return text if is_maybe and not placed.exists() else f"{sign}{placed}"


def _texts(value):
    """All texts in a value of TOML."""
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list):
        return set().union(*map(_texts, value)) if value else set()
    return {value} if isinstance(value, str) else set()


def _shown(value):
    """A value as an error shows it: nothing of what may be a secret."""
    text = repr(value)
    if isinstance(value, dict):
        return "{...}"
    if URL.search(text) or len(text) > 60 or (isinstance(value, str) and holds_secret(value)):
        return "..."
    return text
