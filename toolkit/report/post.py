"""Messages to people, through apprise: where they go, which is a secret, and whether they got there.

An address is a URL such as `mailto://`, `slack://` or `workflows://`; it holds passwords and tokens, so it comes from
the environment or a file that nobody else may read, and is never printed, logged or kept.
"""

import contextlib
import logging
import re
import threading
import time
import warnings
from dataclasses import dataclass, field
from urllib.parse import unquote

from toolkit import secrets
from toolkit.errors import BadParameter, MissingPackage

TRIES, WAIT = 2, 3.0  # how often it is tried, and the seconds between
LIMIT = 150.0  # seconds for all addresses together, tries and waits included
CONNECT, READ = 15.0, 60.0  # seconds for a server to answer; apprise's own 4 are too few for a mail with a report
# Of what went wrong the part that says why; the rest of such lines repeats the address.
WHY = re.compile(r"(?:Socket|SMTP) Exception: (.*)", re.DOTALL)
CAUSE = re.compile(r"(?:\[Errno [^\]]*\] )[^'\")]*|(?:timed out|timeout)", re.IGNORECASE)
SCHEMES = frozenset(
    ["http", "https", "mailto", "mailtos", "json", "jsons", "form", "forms", "xml", "xmls", "slack", "workflows"]
)


@dataclass
class Message:
    """What is sent. `text` is for services that take no files, `text_with_files` for those that do."""

    title: str
    text: str
    text_with_files: str
    files: list = field(default_factory=list)  # (name, bytes, MIME type)
    kind: str = "success"


@dataclass
class Recipient:
    """Someone to send to: `place` says where the address stands, and may be told."""

    place: str
    url: str = field(repr=False)
    service: object = field(repr=False)

    @property
    def name(self):
        """The place, and the kind of service."""
        return f"{self.place} ({self.service.service_name})"

    @property
    def takes_files(self):
        is_webhook = type(self.service).__name__ == "NotifySlack" and str(self.service.mode) != "bot"
        return bool(self.service.attachment_support) and not is_webhook

    def hide(self, text):
        """The text without anything that the address is made of."""
        parts = {part for part in re.split(r"[/:@?&=,;<>\s]+", self.url) if len(part) > 2} - SCHEMES
        parts |= {unquote(part) for part in parts}
        for part in sorted(parts | {self.url}, key=len, reverse=True):
            text = re.sub(rf"(?<!\w){re.escape(part)}(?!\w)", "***", text)
        return text


def read_recipients(places, warn=None):
    """Those to send to.

    Parameters
    ----------
    places : list of str
        `env:NAME`, a variable of the environment; `@FILE`, a file that only its owner may read; or, with a warning, the
        URL itself. A variable or a file holds a URL a line.
    warn : callable, optional
        Called with a line of text.

    Returns
    -------
    list of Recipient, each address once

    Raises
    ------
    BadParameter
        There is no such variable or file, it may be read by others, or holds no URL that apprise knows. No message says
        what it holds.
    MissingPackage
        apprise isn't installed.

    Examples
    --------
    >>> read_recipients(["env:NO_SUCH_VARIABLE"])
    Traceback (most recent call last):
    toolkit.errors.BadParameter: env:NO_SUCH_VARIABLE: there is no such environment variable, or it is empty
    """
    found = {}
    for place in places:
        for where, url in _urls(place, warn):
            secrets.add(url)
            if url not in found:
                found[url] = Recipient(where, url, _service(where, url))
    return list(found.values())


def _urls(place, warn):
    """[(where it stands, URL)] of one place."""
    if place.startswith(("env:", "@")):
        lines = secrets.lines_of(place)
    elif re.match(r"[A-Za-z][A-Za-z0-9+.-]*:/{2}", place):
        if warn:
            warn(
                "an address on the command line is seen by everyone on this machine (ps), and kept in the shell's history; "
                "give env:NAME or @FILE"
            )
        return [("the address given", place)]
    else:
        raise BadParameter("an address to send to is a URL, env:NAME or @FILE; what was given is none of them")
    if not lines:
        raise BadParameter(f"{place}: holds no address")
    return [(place if len(lines) == 1 else f"{place}, line {number}", line) for number, line in lines]


def _service(where, url):
    apprise = _apprise()
    # Nothing is kept on disk, nothing is fetched for a picture, and what is slow is left to the thread that sends.
    asset = apprise.AppriseAsset(
        app_id="Customer-service toolkit",
        app_desc="Reports",
        app_url="",
        storage_mode="memory",
        async_mode=False,
        service_timeout=0,
        default_service_retry=TRIES - 1,
        default_service_wait=WAIT,
        image_url_mask="",
        image_path_mask=False,
    )
    service = None
    with contextlib.suppress(Exception):  # whatever a service says of a URL, it may repeat it
        service = apprise.Apprise.instantiate(url, asset=asset)
    if service is None:
        raise BadParameter(
            f"{where}: is no address that can be sent to: apprise (https://appriseit.com/services) says how one is written, "
            "such as mailto://, slack://, workflows://"
        )
    given = set(re.findall(r"[?&](cto|rto)=", url))
    if "cto" not in given:
        service.socket_connect_timeout = CONNECT
    if "rto" not in given:
        service.socket_read_timeout = READ
    return service


def _apprise():
    """The library, with the logs that it and those below it write, in which addresses stand, turned off."""
    try:
        import apprise
    except ImportError:
        raise MissingPackage("apprise", "notify", "sending notices") from None
    logger = logging.getLogger("apprise")
    logger.propagate = False
    logger.setLevel(logging.DEBUG)  # why something failed is told there alone; it goes nowhere but to us
    if not logger.handlers:
        logger.addHandler(logging.NullHandler())
    for name in ("urllib3", "requests", "requests_oauthlib", "oauthlib"):
        logging.getLogger(name).disabled = True
        logging.getLogger(f"{name}.connectionpool").disabled = True
    warnings.filterwarnings("ignore", message="Unverified HTTPS request")
    return apprise


def send(recipients, message, within=LIMIT):
    """Send a message to each of the recipients, at the same time.

    A try that fails is made once more. Who doesn't answer in time holds nothing up.

    Parameters
    ----------
    recipients : list of Recipient
    message : Message
    within : float
        Seconds.

    Returns
    -------
    dict of Recipient.name to why it could not be sent, "" where it was
    """
    found = {}
    threads = [
        threading.Thread(target=_send, args=(one, message, found), daemon=True, name="notify") for one in recipients
    ]
    for thread in threads:
        thread.start()
    end = time.monotonic() + within
    for thread in threads:
        thread.join(max(0.0, end - time.monotonic()))
    late = f"no answer within {within:g} s; it may have arrived all the same"
    return {one.name: found.get(id(one), late) for one in recipients}


def _send(recipient, message, found):
    try:
        found[id(recipient)] = recipient.hide(_why(_notify(recipient, message)))
    except Exception as error:  # its text may hold the address
        found[id(recipient)] = f"it could not be sent ({type(error).__name__})"


def _notify(recipient, message):
    """apprise's result."""
    import apprise
    from apprise.attachment.memory import AttachMemory

    post = apprise.Apprise(asset=recipient.service.asset)
    post.add(recipient.service)
    is_with_files = recipient.takes_files
    files = message.files if is_with_files else []
    attached = [AttachMemory(content, name=name, mimetype=kind) for name, content, kind in files]
    return post.notify(
        title=message.title,
        body=message.text_with_files if is_with_files else message.text,
        body_format="text",  # nothing that others wrote is markup, wherever it goes
        notify_type=message.kind,
        attach=attached or None,
        log_level=logging.DEBUG,
    )


def _why(result):
    """Why a message could not be sent, in a line; "" where it was."""
    if result:
        return ""
    entries = list(result.logs())
    said = [entry.message for entry in entries if entry.level in ("WARNING", "ERROR")]
    causes = [found[1] for entry in entries if (found := WHY.search(entry.message))]
    causes = [
        found[0] if (found := CAUSE.search(cause)) else cause
        for cause in causes
        if "url:" not in cause or CAUSE.search(cause)
    ]
    line = "; ".join(dict.fromkeys([*said[-1:], *causes[-1:]])) or "the service refused it"
    return " ".join(line.split())[:300]
