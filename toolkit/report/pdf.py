"""A report on paper: its page printed by Chromium, without a screen and without a network, as a tagged PDF.

The PDF says nothing of this machine: its links lead to the PDFs beside it, its date is that of the report. Of two runs
of the same inputs it is the same but for the times that the page itself tells.
"""

import contextlib
import io
import os
import re
import shutil
import signal
import subprocess
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from html import unescape
from pathlib import Path
from urllib.parse import quote, unquote, urlsplit
from urllib.request import url2pathname

import toolkit
from toolkit.errors import DIED, TIMED_OUT, BadParameter
from toolkit.replaced import replace_file
from toolkit.report import family
from toolkit.scratch import scratch_folder

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
TIMEOUT = 120.0  # seconds for one page; it takes two
AT_A_TIME = 2  # each browser takes some 300 MB
LOOK_EVERY = 0.1  # seconds between two looks at whether a browser is to stop
NOWHERE = "socks5://127.0.0.1:9"
FLAGS = (
    "--headless",
    "--no-pdf-header-footer",
    "--generate-pdf-document-outline",
    "--disable-gpu",
    "--disable-dev-shm-usage",  # a container's is small
    "--no-first-run",
    "--no-default-browser-check",
    "--disable-extensions",
    "--disable-sync",
    "--disable-component-update",
    "--disable-background-networking",
    "--disable-breakpad",
    "--no-pings",
    # The page's own policy allows no request; this holds for whatever the browser itself would ask for.
    "--host-resolver-rules=MAP * ~NOTFOUND",
    f"--proxy-server={NOWHERE}",
    "--proxy-bypass-list=<-loopback>",
)
# Of our environment what a browser needs to find its files and fonts; no secret, no session of a desktop.
VARIABLES = ("PATH", "HOME", "LANG", "LC_ALL", "TZ", "LD_LIBRARY_PATH", "FONTCONFIG_FILE", "FONTCONFIG_PATH")
VARIABLES += ("XDG_DATA_HOME", "XDG_DATA_DIRS", "SYSTEMROOT", "LOCALAPPDATA", "PROGRAMFILES")
OVERVIEW = "index.html"
UNMADE = "its PDF could not be made: "


class NotPrinted(Exception):
    """A page couldn't be printed; `code` is the exit code that it asks for."""

    def __init__(self, message, code):
        self.code = code
        super().__init__(message)


def find_browser():
    """The path of Chromium or Chrome; the environment's CHROMIUM comes before what is on the PATH.

    Raises
    ------
    BadParameter
        There is none.
    """
    named = os.environ.get("CHROMIUM")
    found = shutil.which(named) if named else next(filter(None, map(shutil.which, BROWSERS)), None)
    if found:
        return found
    if named:
        raise BadParameter(f"--pdf: CHROMIUM is {named}, and that is no program; let it name Chromium or Chrome")
    raise BadParameter(
        "--pdf needs Chromium or Google Chrome, and neither is on the PATH: install one (Debian: apt-get install "
        "chromium), let CHROMIUM name its program, or leave --pdf out and print a report from any browser"
    )


def print_reports(place, manifest, outcomes, browser, timeout=TIMEOUT, deadline=None):
    """Print the reports that a run has made, each as NAME.pdf beside its page.

    A report without a PDF is a good report; why it has none is told in its outcome, which asks for an exit code.

    Parameters
    ----------
    place : toolkit.report.runs.Run
        The run that is being made.
    manifest : dict
        The entries of what was printed get `pdf`, the file.
    outcomes : list of toolkit.report.made.Outcome
        They get `pdf`, or else `pdf_failed` and `code`.
    browser : path
        See `find_browser`.
    timeout : float
        Seconds for one page.
    deadline : toolkit.report.process.Deadline, optional
        When the whole run has to be done: no browser works longer.
    """
    folder = place.folder
    made = {one.name: manifest["reports"][one.name] for one in outcomes if one.status == "ok"}
    for name, entry in made.items():
        entry["pdf"] = f"{name}.pdf"  # the links of the others lead there

    printed, stopped = pdfs_of(manifest), threading.Event()

    def attempt(name):
        try:
            print_page(folder, made[name]["html"], browser, made[name]["made_at"], printed, timeout, deadline, stopped)
        except NotPrinted as error:
            return error
        return None

    with ThreadPoolExecutor(AT_A_TIME) as pool:
        try:
            errors = dict(zip(made, pool.map(attempt, made), strict=True))
        except BaseException:  # a signal: no page more, and none that is being printed
            stopped.set()
            pool.shutdown(wait=False, cancel_futures=True)
            raise
    for outcome in outcomes:
        error = errors.get(outcome.name)
        if error:
            outcome.pdf_failed, outcome.code = str(error), error.code
            made[outcome.name] |= {"pdf": None, "pdf_failed": str(error), "code": error.code}
        elif outcome.name in made:
            outcome.pdf = place.final / f"{outcome.name}.pdf"


def print_overview(place, manifest, outcomes, browser, timeout=TIMEOUT, deadline=None):
    """Print the overview of a run, as index.pdf; why there is none is told with the first report that was made, too."""
    try:
        print_page(place.folder, OVERVIEW, browser, place.started, pdfs_of(manifest), timeout, deadline)
    except NotPrinted as error:
        manifest["pdf_failed"] = f"{OVERVIEW}: {error}"
        for outcome in [one for one in outcomes if one.status == "ok"][:1]:
            outcome.pdf_failed = "; ".join(filter(None, [outcome.pdf_failed, manifest["pdf_failed"]]))
            outcome.code = outcome.code or error.code


def pdfs_of(manifest):
    """The pages of a run that have a PDF beside them."""
    return {one["html"] for one in manifest["reports"].values() if one.get("html") and one.get("pdf")} | {OVERVIEW}


def print_page(folder, page, browser, made_at, printed=(), timeout=TIMEOUT, deadline=None, stopped=None):
    """Print a page of a folder as a PDF beside it.

    Parameters
    ----------
    folder : Path
    page : str
        Its file.
    browser : path
    made_at : str
        ISO time of the report, which is the PDF's.
    printed : collection of str
        The pages of the folder that have a PDF: links lead there.
    timeout : float
        Seconds.
    deadline : toolkit.report.process.Deadline, optional
    stopped : threading.Event, optional
        Once it is set the browser is ended.

    Raises
    ------
    NotPrinted
        The browser took longer, or ended without a PDF.
    """
    folder = Path(folder).resolve()
    path = folder / page
    left, late = deadline and deadline.left(), f"it took longer than {timeout:g} s"
    if left is not None and left < timeout:
        timeout, late = left, f"the whole run took longer than {deadline.seconds:g} s (--total-timeout)"
    if timeout <= 0:
        raise NotPrinted(f"{UNMADE}{late}", TIMED_OUT)
    with scratch_folder("pdf") as scratch:
        raw = scratch / "page.pdf"
        try:
            said = _run_browser(command(browser, path, raw, scratch), scratch, timeout, stopped)
        except subprocess.TimeoutExpired:
            raise NotPrinted(f"{UNMADE}{late}", TIMED_OUT) from None
        if not raw.exists() or not raw.read_bytes().startswith(b"%PDF"):
            raise NotPrinted(f"{UNMADE}{Path(browser).name} ended without one{_reason(said)}", DIED)
        finished = scratch / "finished.pdf"
        finish(raw, finished, path, made_at, printed)
        replace_file(path.with_suffix(".pdf"), finished.read_bytes())


def command(browser, path, pdf, scratch):
    """What prints a page.

    >>> command("chromium", Path("/r/a.html"), Path("/t/a.pdf"), Path("/t"))[-2:]
    ['--print-to-pdf=/t/a.pdf', 'file:///r/a.html']
    """
    # Chromium refuses to be started by root with its sandbox, and only then it goes without.
    root = ["--no-sandbox"] if getattr(os, "geteuid", lambda: 1)() == 0 else []
    return [
        str(browser),
        *FLAGS,
        *root,
        f"--user-data-dir={scratch / 'profile'}",
        f"--print-to-pdf={pdf}",
        path.as_uri(),
    ]


def _run_browser(command, scratch, timeout, stopped=None):
    """Run a browser to its end; what it said. Nothing of it is left, however this ends.

    Raises
    ------
    subprocess.TimeoutExpired
        It took longer, or is stopped.
    """
    environment = {name: os.environ[name] for name in VARIABLES if name in os.environ}
    # Its own folders: none of the user's settings, nothing left in them. The mark is for a run after ours is killed.
    environment |= {"TMPDIR": str(scratch), "XDG_CONFIG_HOME": str(scratch / "config")}
    environment[family.MARK] = family.mark_of(scratch)
    with open(scratch / "said.log", "w+b") as log:
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=environment, start_new_session=True
        )
        try:
            _wait(process, time.monotonic() + timeout, stopped)
        finally:
            family.kill_marked(environment[family.MARK])
            if hasattr(os, "killpg"):
                with contextlib.suppress(ProcessLookupError, PermissionError):
                    os.killpg(process.pid, signal.SIGKILL)
            if process.poll() is None:
                process.kill()
            process.wait()
        log.seek(0)
        return log.read(1_000_000).decode("utf-8", "replace")


def _wait(process, end, stopped):
    while True:
        left = end - time.monotonic()
        try:
            return process.wait(max(0.0, min(left, LOOK_EVERY)))
        except subprocess.TimeoutExpired:
            if left <= LOOK_EVERY or (stopped and stopped.is_set()):
                raise


def _reason(said):
    """What a browser said last that isn't about a desktop which isn't there.

    >>> _reason("[1:2:0101/ERROR:dbus/bus.cc:405] Failed to connect\\nNo usable sandbox!\\n")
    ': No usable sandbox!'
    """
    lines = [line.strip() for line in said.splitlines() if line.strip() and "dbus" not in line]
    return f": {lines[-1][:300]}" if lines else ""


# What is mended of what the browser wrote ------------------------------------------------------------------------


def finish(raw, made, page, made_at, printed=()):
    """Write a browser's PDF with links that lead to what lies beside it, and with the report's own time and headings.

    Parameters
    ----------
    raw, made : path
        What is read, and what is written.
    page : Path
        The page that was printed.
    made_at : str
        ISO time.
    printed : collection of str
        Pages of the folder that have a PDF.
    """
    from pypdf import PdfWriter
    from pypdf.generic import NameObject, TextStringObject

    writer = PdfWriter(clone_from=str(raw))
    _relink(writer, lambda address: beside(address, page.parent, printed))
    # The browser leaves out the blank where a heading goes on in the next line.
    headings = {re.sub(r"\s", "", text): text for text in headings_of(page.read_text(encoding="utf-8"))}
    for item in _outline(writer):
        title = headings.get(re.sub(r"\s", "", item["/Title"]))
        if title:
            item[NameObject("/Title")] = TextStringObject(title)
    time = pdf_time(made_at)
    creator = f"toolkit {toolkit.__version__}"
    writer.add_metadata({"/CreationDate": time, "/ModDate": time, "/Creator": creator})
    writer.create_viewer_preferences().display_doctitle = True
    writer.write(str(made))


def _relink(writer, lead):
    """Let each link of a PDF lead to what `lead` makes of its address; without an address it is none."""
    from pypdf.generic import ArrayObject, NameObject, TextStringObject

    for sheet in writer.pages:
        kept = ArrayObject()
        for reference in sheet.get("/Annots") or ():
            action = reference.get_object().get("/A")
            if action and "/URI" in action:
                address = lead(str(action["/URI"]))
                if address is None:
                    continue
                action[NameObject("/URI")] = TextStringObject(address)
            kept.append(reference)
        if "/Annots" in sheet:
            sheet[NameObject("/Annots")] = kept


def mend_links(folder):
    """Let the PDFs of a folder lead to the page of a report that has no PDF there: it failed, or none was asked for."""
    folder = Path(folder)
    missing = {quote(page.with_suffix(".pdf").name): quote(page.name) for page in folder.glob("*.html")}
    missing = {file: page for file, page in missing.items() if not (folder / unquote(file)).is_file()}
    for path in sorted(folder.glob("*.pdf")) if missing else ():
        from pypdf import PdfWriter

        writer, found = PdfWriter(clone_from=str(path)), set()

        def lead(address, found=found):
            found |= {address} & missing.keys()
            return missing.get(address, address)

        _relink(writer, lead)
        if found:
            made = io.BytesIO()
            writer.write(made)
            replace_file(path, made.getvalue())


def _outline(writer):
    """The items of a PDF's outline, in no order."""
    waiting = [writer.root_object.get("/Outlines")]
    while waiting:
        item = waiting.pop()
        if item is None:
            continue
        item = item.get_object()
        waiting += [item.get("/First"), item.get("/Next")]
        if "/Title" in item:
            yield item


def headings_of(html):
    """The text of each heading of a page.

    >>> headings_of('<h1>A <b>b</b></h1><p>no</p><h3 class="x">C &amp; d</h3>')
    ['A b', 'C & d']
    """
    found = re.findall(r"<h([1-6])\b[^>]*>(.*?)</h\1>", html, re.DOTALL)
    return [unescape(re.sub("<[^>]*>", "", text)).strip() for _, text in found]


def beside(address, folder, printed=()):
    """Where a link of a PDF leads: an address of this machine as one from its folder, None for one that leads out of it.

    A run before may be removed, and paper isn't drawn again: it leads to none.

    Examples
    --------
    >>> beside("file:///r/runs/7/calls.html#b1", Path("/r/runs/7"), {"calls.html"})
    'calls.pdf'
    >>> beside("https://example.org/", Path("/r")), beside("file:///r/runs/6/calls.html#b1", Path("/r/runs/7"))
    ('https://example.org/', None)
    """
    told = urlsplit(address)
    if told.scheme != "file":
        return address
    path = Path(url2pathname(told.path))
    if not path.is_relative_to(folder):
        return None
    place = Path(os.path.relpath(path, folder)).as_posix()
    if place in printed:
        return quote(str(Path(place).with_suffix(".pdf")))
    return quote(place) + (f"#{told.fragment}" if told.fragment else "")


def pdf_time(text):
    """An ISO time as a PDF has it, in UTC.

    >>> pdf_time("2026-12-01T07:11:38+01:00")
    "D:20261201061138+00'00'"
    """
    return f"{datetime.fromisoformat(text).astimezone(UTC):D:%Y%m%d%H%M%S}+00'00'"
