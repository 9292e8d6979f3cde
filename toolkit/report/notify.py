"""Who is told of a run: readers get the reports with their headline, maintainers what failed, with its log.

What is sent is made of the run that is published: its pages, its executed notebooks and its manifest. Names and
sentences in it are of others' writing: no line of theirs becomes a header, a link or a mention.
"""

import contextlib
import io
import re
import socket
import traceback
import zipfile
from pathlib import Path
from urllib.parse import quote, urlsplit

from toolkit import privacy, secrets, words
from toolkit.errors import BROKEN, NOT_DELIVERED, BadParameter, ToolkitError
from toolkit.guard import is_hidden, is_shown
from toolkit.headline import overview
from toolkit.report import runs
from toolkit.report.overview import OVERVIEW, alike, place, read_report
from toolkit.report.overview import scope as scope_of
from toolkit.report.post import Message, read_recipients, send
from toolkit.report.wording import format_period, format_time

ATTACHED = 7_000_000  # bytes of a message's files: as mail they grow by a third, and many servers take 10 MB
LOG = 1_000_000  # bytes of one log that is attached: its end
LONGEST_TITLE = 200
MOST_LINES = 30  # of the list of reports
TAIL = 1500  # characters of a log where no file can be attached
LINK = re.compile(r'<a\b(?P<before>[^>]*?)\shref="(?P<href>[^"]*)"(?P<after>[^>]*)>(?P<text>.*?)</a>', re.DOTALL)


class Delivery:
    """What is to be told of one run, and to whom. Nothing is sent twice.

    Parameters
    ----------
    readers, failures : list of str
        Where to send the reports, and what failed; see `toolkit.report.post.read_recipients`.
    link_base : str, optional
        The URL at which the folder of the reports is served: readers get links in place of files.
    warn, tell : callable, optional
        Called with a line of text: what could not be sent, what was.

    Raises
    ------
    BadParameter, MissingPackage
        An address that can't be sent to; before anything runs.
    """

    def __init__(self, readers=(), failures=(), link_base=None, warn=None, tell=None):
        self.warn, self.tell = warn or (lambda line: None), tell or (lambda line: None)
        self.link_base = check_link_base(link_base)
        self.readers = read_recipients(readers or (), warn)
        self.failures = read_recipients(failures or (), warn)

    @contextlib.contextmanager
    def watching(self):
        """Tell the maintainers of a run that ended before any report was made; not of one that was stopped."""
        try:
            yield
        except ToolkitError as error:
            self.refused(str(error), error.exit_code)
            raise
        except Exception as error:
            self.refused(f"{type(error).__name__}: {error}", BROKEN, traceback.format_exc())
            raise

    def refused(self, why, code, details=""):
        """Tell the maintainers why no report was made."""
        if self.failures:
            self._post(self.failures, refusal(why, code, details))

    def made(self, outcomes, out, code):
        """Tell readers and maintainers of a run that is published.

        Parameters
        ----------
        outcomes : list of toolkit.report.made.Outcome
        out : path
            The folder of the reports.
        code : int
            What the run ends with.

        Returns
        -------
        int, what it ends with now: NOT_DELIVERED where all was well but for that
        """
        path = next((one.html or one.log for one in outcomes if one.html or one.log), None)
        folder = _run_of(path) if path else runs.latest(out)
        missed = {}
        if self.readers and folder and any(one.status == "ok" for one in outcomes):
            missed = self._post(self.readers, notice(folder, self.link_base))
        if self.failures and (code or missed):
            missed |= self._post(self.failures, failure(outcomes, folder, code or NOT_DELIVERED, missed))
        return code or (NOT_DELIVERED if missed else 0)

    def _post(self, recipients, message):
        """Send; {name: why} of those who did not get it."""
        missed = {name: why for name, why in send(recipients, message).items() if why}
        for one in recipients:
            if one.name in missed:
                self.warn(f"not delivered to {one.name}: {missed[one.name]}")
            else:
                self.tell(f"Sent to {one.name}")
        return missed


def check_link_base(url):
    """The URL at which readers find the folder of the reports; without a slash at its end."""
    if not url:
        return ""
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.fragment:
        raise BadParameter(
            f"link base {inert(url)!r}: is no address of a folder, such as https://reports.example.org/service"
        )
    if "@" in parts.netloc:
        raise BadParameter("the link base holds a user's name or password, and would be sent to every reader")
    return url.rstrip("/")


def _run_of(path):
    """The run's folder, of one of its files."""
    path = Path(path)
    return next((parent for parent in path.parents if (parent / runs.MANIFEST).is_file()), None)


# For readers ------------------------------------------------------------------------------------------------


def notice(folder, link_base=""):
    """What readers get of a run: its headline, and its reports as files or links.

    Parameters
    ----------
    folder : Path
        The published run.
    link_base : str

    Returns
    -------
    toolkit.report.post.Message
    """
    folder = Path(folder)
    manifest = runs.read_manifest(folder)
    run_id = manifest.get("run", {}).get("id", folder.name)
    entries = [{"name": name} | entry for name, entry in sorted(manifest["reports"].items(), key=place)]
    names = {entry["name"] for entry in alike(entries)}
    made = {entry["name"] for entry in entries if entry.get("made_in") == run_id and entry.get("html")}
    every = [read_report(folder, entry) for entry in entries if entry["name"] in names | made]
    told = [one for one in every if one["name"] in names]
    said = headline_of(told, entries, run_id)
    bullets = [_bullet(one) for one in said["bullets"] if one.get("text")]
    service = inert(one_service(entries))
    subject = subject_of(said, service, entries, run_id)
    about = [line for line in (service, inert(scope_of(told)) if made <= names or len(made) == 1 else "") if line]
    files, told_of_files = ([], "") if link_base else attachments(folder, entries, run_id)
    headlines = {one["name"]: one["headline"]["title"] for one in every if one["headline"]}
    headlines = {name: line for name, line in headlines.items() if shortened(inert(line)) != said["title"]}
    shown = reports_of(entries, run_id, link_base and f"{link_base}/{runs.HOME}/{quote(run_id)}", headlines)
    listed = "\n".join([f"{words.text('delivery.reports')}:", *shown]) if len(shown) > 1 or link_base else ""
    parts = ["\n".join([f"{said['title'].rstrip('.')}.", *bullets]), "\n".join(about), listed]
    elsewhere = "" if link_base else words.text("delivery.not_here")
    return Message(
        shortened(subject),
        "\n\n".join(filter(None, [*parts, elsewhere])) + "\n",
        "\n\n".join(filter(None, [*parts, told_of_files])) + "\n",
        files,
    )


def _bullet(one):
    kind = words.text(f"pages.bullet.{one['kind']}")
    return words.text("delivery.bullet", text=words.text("delivery.bullet_of", kind=kind, text=inert(one["text"])))


def headline_of(told, entries, run_id):
    """{title, bullets} of a run: of its overview, of its one report, else of all that can be told together."""
    made = [entry["name"] for entry in entries if entry.get("made_in") == run_id and entry["status"] == "ok"]
    fresh = [report for report in told if report["name"] in made]
    drawn = [report for report in fresh if report["name"] == OVERVIEW] or fresh
    is_all = len(fresh) == len(made) or any(report["name"] == OVERVIEW for report in drawn)
    if is_all and len(drawn) == 1 and drawn[0]["headline"]:
        said = drawn[0]["headline"]
    elif any(report["cards"] for report in drawn) and is_all:
        said = overview(drawn, others=fresh)
    elif len(made) > 1:  # one headline would speak of one of them, or of those of the same days
        titles = [entry["title"] for entry in entries if entry["name"] in made]
        said = {"title": words.text("delivery.several", n=len(made), titles=" · ".join(titles))}
    else:
        titles = [entry["title"] for entry in entries if entry["name"] in made]
        period = next((entry.get("period") for entry in entries if entry["name"] in made), None)
        words_of = {"service": one_service(entries) or " · ".join(titles[:3]), "period": format_period(period)}
        said = {"title": words.text("delivery.title", **words_of) if period else words.text("delivery.plain_title")}
    return {"title": shortened(inert(said["title"])), "bullets": said.get("bullets") or []}


def subject_of(said, service, entries, run_id):
    """The subject: whose reports these are and of which days, where all are of the same, then what they begin with."""
    made = [entry for entry in entries if entry.get("made_in") == run_id and entry["status"] == "ok"]
    periods = {format_period(entry.get("period"), entry.get("time_zone")) for entry in made}
    about = [inert(service), *(map(inert, periods) if len(periods) == 1 else ())]
    about = ", ".join(one for one in about if one and one not in said["title"])
    return words.text("delivery.subject", about=about, title=said["title"]) if about else said["title"]


def one_service(entries):
    """The name of the service that the reports are of; "" where they are of several."""
    found = {entry["service"] for entry in entries if entry.get("service")}
    return found.pop() if len(found) == 1 else ""


def reports_of(entries, run_id, base="", headlines=()):
    """The reports in lines: those that were made, those that are kept from an earlier run, those that are not there."""
    lines = (
        [words.text("delivery.link", title=words.text("delivery.overview"), url=f"{base}/index.html")] if base else []
    )
    periods = [str(entry.get("period")) for entry in entries if entry.get("made_in") == run_id]
    usual = max(periods, key=periods.count, default="")
    for entry in entries:
        title, zone = inert(entry["title"]), entry.get("time_zone")
        period = inert(format_period(entry.get("period"), zone))
        if not entry.get("html"):
            if entry["status"] != "failed":
                continue
            line = words.text("delivery.failed", title=title)
        elif entry.get("made_in") != run_id:
            key = "kept" if period else "kept_plain"
            made = {"period": period} if period else {}
            line = words.text(f"delivery.{key}", title=title, time=format_time(entry.get("made_at"), zone), **made)
        elif str(entry.get("period")) != usual and period:
            line = words.text("delivery.report_of", title=title, period=period)
        else:
            line = words.text("delivery.report", title=title)
        if base and entry.get("html"):
            line = words.text("delivery.link", title=line, url=f"{base}/{quote(entry['html'])}")
        if entry["name"] in headlines and entry.get("made_in") == run_id:
            line = f"{line}\n  {shortened(inert(headlines[entry['name']]))}"  # below its name
        lines.append(line)
    more = len(lines) - MOST_LINES
    if more > 1:
        lines = [*lines[:MOST_LINES], words.text("delivery.more", n=more)]
    return [words.text("delivery.bullet", text=line) for line in lines]


def attachments(folder, entries, run_id):
    """(files, what is said of them): the one report that was made, or the whole run packed, its links whole."""
    made = [entry for entry in entries if entry.get("made_in") == run_id and entry.get("html")]
    if len(made) == 1:
        name = made[0]["html"]
        files = [(name, without_links(_page(folder / name)).encode("utf-8"), "text/html")]
        said = words.text("delivery.attached", names=name)
    else:
        name = f"reports-{run_id}.zip"
        files = [(name, packed(folder), "application/zip")]
        said = f"{words.text('delivery.attached', names=name)}. {words.text('delivery.unzip')}"
    size = sum(len(content) for _, content, _ in files)
    if size > ATTACHED:
        return [], words.text("delivery.too_large", size=f"{size / 1e6:.1f} MB")
    return files, said


def packed(folder):
    """The pages of a run as one zip, the same bytes for the same pages; links that lead out of it are none."""
    pages = sorted(Path(folder).glob("*.html"))
    there = {page.name for page in pages}
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as pack:
        for page in pages:
            info = zipfile.ZipInfo(page.name)  # of 1980: the run says when it was made
            info.compress_type, info.external_attr = zipfile.ZIP_DEFLATED, 0o644 << 16
            pack.writestr(info, without_links(_page(page), there))
    return made.getvalue()


def _page(path):
    return Path(path).read_text(encoding="utf-8")


def without_links(page, there=()):
    """A page as it can be sent: links to files that don't come with it are their texts alone.

    >>> without_links('<a href="#x">a</a> <a class="b" href="calls.html#y">b</a> <a href="../1/old.html">c</a>', {"calls.html"})
    '<a href="#x">a</a> <a class="b" href="calls.html#y">b</a> c'
    """

    def kept(found):
        href = found["href"]
        is_whole = href.startswith(("#", "data:", "mailto:")) or re.match(r"[a-z]+:/{2}", href)
        return found[0] if is_whole or href.partition("#")[0] in {*there, *map(quote, there)} else found["text"]

    return LINK.sub(kept, page)


# For maintainers --------------------------------------------------------------------------------------------


def failure(outcomes, folder, code, missed=None):
    """What maintainers get of a run in which something failed: what, why, what is still shown, the logs."""
    failed = [one for one in outcomes if one.status == "failed"]
    title = f"Reports: {len(failed)} of {len(outcomes)} failed (exit code {code})"
    unprinted = [one for one in outcomes if one.pdf_failed]
    if not failed:
        title = "Reports made, but not delivered" if missed else "Reports: none was made"
        title = f"{'Reports made, but not each PDF' if unprinted else title} (exit code {code})"
    manifest = runs.read_manifest(folder) if folder else {"reports": {}}
    lines, tails, files = [], [], []
    for one in failed or [one for one in outcomes if one.status != "ok" and not unprinted]:
        entry = manifest["reports"].get(one.name, {})
        shown = "nothing is shown of it"
        if entry.get("html"):
            shown = f"what is shown of it was made {format_time(entry.get('made_at'), entry.get('time_zone'))}"
        lines.append(f"{inert(one.name)}: {inert(clean(one.message))}; {shown}")
        text = _log_of(one)
        if text:
            files.append((f"{one.name}.log", text.encode("utf-8", "replace")[-LOG:], "text/plain"))
            tails.append(f"{inert(one.name)}, the end of its log:\n{text[-TAIL:]}")
    lines += [f"{inert(one.name)}: made; {inert(clean(one.pdf_failed))}" for one in unprinted]
    lines += [f"not delivered to {name}: {why}" for name, why in (missed or {}).items()]
    while sum(len(content) for _, content, _ in files) > ATTACHED:
        files.pop()
    where = f"Run: {folder}\nMachine: {socket.gethostname()}"
    parts = [f"{title}.", "\n".join(lines), where]
    attached = f"Attached: {', '.join(name for name, _, _ in files)}" if files else ""
    return Message(
        title,
        "\n\n".join([*parts, *tails[:5]]) + "\n",
        "\n\n".join(filter(None, [*parts, attached])) + "\n",
        files,
        "failure",
    )


def _log_of(outcome):
    with contextlib.suppress(OSError, TypeError):
        return clean(Path(outcome.log).read_text(encoding="utf-8", errors="replace"))
    return ""


def refusal(why, code, details=""):
    """What maintainers get of a run that ended before any report was made."""
    title = f"Reports: no report was made (exit code {code})"
    why, details = clean(str(why)), clean(details)
    lines = "\n".join(inert(line) for line in why.splitlines() if line.strip())
    parts = [f"{title}.", lines, "What was shown before is still shown.", f"Machine: {socket.gethostname()}"]
    files = [("error.log", details.encode("utf-8", "replace")[-LOG:], "text/plain")] if details else []
    text = "\n\n".join(parts) + "\n"
    return Message(title, f"{text}\n{details[-TAIL:]}".rstrip() + "\n", text, files, "failure")


def clean(text):
    """A text for maintainers without secrets and personal data.

    >>> clean("could not connect to postgresql://ann:s3cret@db/calls")
    'could not connect to postgresql://***@db/calls'
    """
    return privacy.mask(secrets.scrub(text))


# What others wrote ------------------------------------------------------------------------------------------


def inert(text):
    """A text of others' writing as one line that no mail server, chat or reader's program obeys.

    Line ends, control characters and what turns the direction of writing go; links, mentions and tags are no more than
    text.

    Examples
    --------
    >>> inert("Sales\\r\\nBcc: eve@example.com")
    'Sales Bcc: eve＠example.com'
    >>> inert("[pay](https://evil.example) <!channel> <b> 3 < 4")
    '[pay] (https: //evil.example) ‹!channel> ‹b> 3 < 4'
    """
    line = "".join(char for char in str(text) if char.isspace() or (is_shown(char) and not is_hidden(char)))
    line = " ".join(line.split())
    line = re.sub(r"<(?=[A-Za-z!/@#?])", "‹", line)
    line = re.sub(r"(?<=\w)(:)(?=/{2})", r"\1 ", line).replace("](", "] (")
    return re.sub(r"@(?=\w)", "＠", line)


def shortened(text):
    """A title that is no longer than a subject may be."""
    return text if len(text) <= LONGEST_TITLE else f"{text[: LONGEST_TITLE - 1].rstrip()}…"
