"""What a run of reports is told besides its data and its folder: the same on the command line, in a file and in Python."""

import re
from dataclasses import dataclass, field
from pathlib import Path

from toolkit import words

TIMEOUT = 1800.0  # seconds for one notebook


@dataclass(frozen=True, kw_only=True)
class Choice:
    """Which days and rows a report is of, and what else its notebook is given.

    Parameters
    ----------
    period : str, optional
        See `toolkit.load.open_data`.
    where : list of str or dict, optional
        Only these rows, see `toolkit.load.where.read_where`; every chosen notebook has to have the parameter.
    each : str, optional
        A column: one report of each notebook for each of its values in the period.
    params : dict
        Further parameters, see `toolkit.report.parameters.assign_parameters`.
    """

    period: str | None = None
    where: list | dict | None = None
    each: str | None = None
    params: dict = field(default_factory=dict)


@dataclass(frozen=True)
class Wanted(Choice):
    """A report that is asked for; what is None is as for all, and `params` are besides those for all.

    Parameters
    ----------
    name : str
        The notebook's name or path, as `find_notebooks` takes it.
    called : str
        What the report is to be called, where it isn't as its notebook; its file, too.
    title : str
        What follows the notebook's title; default: what it is called, in words, where that is another name.
    """

    name: str
    called: str = ""
    title: str = ""

    @property
    def notebook(self):
        """The notebook's name, without its folder."""
        return Path(self.name).stem if self.name.endswith(".ipynb") else self.name.replace("-", "_")

    @property
    def report(self):
        """What the report is called."""
        return self.called or self.notebook

    @property
    def said(self):
        """What follows the title, to tell it from others of its notebook; "" for nothing."""
        if self.report == self.notebook and not self.title:
            return ""
        return words.text("pages.named", name=self.title or re.sub(r"[_-]+", " ", self.report))


@dataclass(frozen=True, kw_only=True)
class Options(Choice):
    """How a run is made; its period, where, each and params are for all reports that don't say otherwise.

    Parameters
    ----------
    reports : list of Wanted
        In place of names: each report with a choice of its own.
    source, service, as_of : str, optional
        See `toolkit.load.open_data`.
    notebooks : path, optional
        The notebooks folder.
    jobs : int, optional
        Notebooks at a time; default: one for each processor.
    timeout : float
        Seconds that one notebook may take.
    total_timeout : float, optional
        Seconds that the whole run may take: what isn't done then is ended, what is done is published.
    memory : str, optional
        What one notebook may take with all that it starts, such as "4GB"; default: its share of the machine's memory.
    max_age : str, optional
        A duration such as "36h" or "2d": the newest event of the data may be no longer ago than that.
    allow_empty : bool
        Make reports of a period without one row, too.
    interactive : bool
        Let readers sort and filter the tables of the reports: one script in each page, allowed by its hash.
    pdf : bool
        Print each report, and the overview, as a PDF beside its page, too; Chromium does it.
    reveal : bool
        Show personal data, which is masked otherwise, see `toolkit.privacy`; each report says so.
    env : list of str
        Environment variables that the notebooks get besides the few that programs need.
    wait : float
        Seconds to wait for another run into the folder to end.
    keep : int, optional
        Once all is good, remove the runs but the newest `keep`; what can't be removed is a warning.

    Examples
    --------
    >>> Options(period="last-month", jobs=1).timeout
    1800.0
    >>> Options(perod="last-month")
    Traceback (most recent call last):
    TypeError: Options.__init__() got an unexpected keyword argument 'perod'
    """

    reports: list = field(default_factory=list)
    source: str | None = None
    service: str | Path | None = None
    as_of: str | None = None
    notebooks: str | Path | None = None
    jobs: int | None = None
    timeout: float = TIMEOUT
    total_timeout: float | None = None
    memory: str | None = None
    max_age: str | None = None
    allow_empty: bool = False
    interactive: bool = False
    pdf: bool = False
    reveal: bool = False
    env: list = field(default_factory=list)
    wait: float = 0.0
    keep: int | None = None
