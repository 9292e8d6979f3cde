"""What is sent of a run, to whom, by real servers of this machine; and that no address is told."""

import base64
import email
import io
import json
import logging
import re
import socket
import sys
import threading
import zipfile
from email import policy
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import SimpleNamespace

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook, new_output

from toolkit import cli
from toolkit.displays import REPORT
from toolkit.errors import BadParameter, CantWrite, EmptyPeriod, MissingPackage
from toolkit.report import notify, post, runs
from toolkit.report.assemble import assemble
from toolkit.report.made import Outcome

aiosmtpd = pytest.importorskip("aiosmtpd.controller")
pytest.importorskip("apprise")

ABOUT = {
    "title": "T",
    "service": "Trains",
    "source": "tables",
    "period": {"label": "2024-W17", "start": "2024-04-22", "end": "2024-04-28"},
    "previous_period": {"label": "2024-W16", "start": "2024-04-15", "end": "2024-04-21"},
    "time_zone": "Europe/Rome",
    "as_of": "2024-04-28T22:00:00+00:00",
    "files": [],
    "remarks": [],
    "headline": {
        "title": "14\u00a0% of callers hang up (target 5\u00a0%)",
        "bullets": [
            {"kind": "off", "text": "Phone 14\u00a0%.", "block": ""},
            {"kind": "steady", "text": "", "block": ""},
        ],
    },
}
OF = "Trains, 22 to 28 April 2024 (2024-W17)"  # what a subject begins with
PAGE = (
    "<!DOCTYPE html><html><body><!--around:bar-->bar<!--/around:bar--><h1>{name} \u20ac</h1>"
    '<a href="#b1">below</a> <a href="other.html#b1">beside</a> <a class="c" href="figures/{name}/a.csv">CSV</a></body></html>'
)
RUN = {"made_at": "2024-05-01T08:00:00+00:00", "versions": {"toolkit": "1"}, "data": None}
TOKEN = "Pl4ntedT0ken9z"


def publish(out, *names, failed=(), started="2024-05-01T08:00:00+00:00", about=ABOUT, size=0):
    """A run as the runner publishes it, of pages made by hand; its outcomes."""
    with runs.building(out) as place:
        outcomes = []
        for name, its in zip(names, about if isinstance(about, list) else [about] * len(names), strict=True):
            outputs = [new_output("display_data", data={REPORT: its})]
            held = new_notebook(cells=[new_code_cell("x", outputs=outputs)])
            runs.write_text(place.folder / "notebooks" / f"{name}.ipynb", nbformat.writes(held))
            runs.write_text(place.folder / f"{name}.html", PAGE.replace("{name}", name) + "x" * size)
            outcomes.append(Outcome(name, "ok", name.title(), "L.", html=place.final / f"{name}.html", header=its))
        for name in failed:
            log = place.folder / "failed" / f"{name}.log"
            runs.write_text(log, f"{name} failed: it broke\nZeroDivisionError\n")
            outcome = Outcome(name, "failed", name.title(), "L.", message="it broke", code=3)
            outcome.log = place.final / "failed" / log.name
            outcomes.append(outcome)
        assemble(place, outcomes, RUN | {"made_at": started})
        place.publish()
    return outcomes


class Mails(list):
    """What a mail server took, as the messages that they are."""

    async def handle_DATA(self, server, session, envelope):
        mail = email.message_from_bytes(envelope.content, policy=policy.default)
        self.append(SimpleNamespace(mail=mail, to=envelope.rcpt_tos, raw=envelope.content))
        return "250 OK"


def free_port():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


@pytest.fixture(scope="module")
def server():
    mails = Mails()
    running = aiosmtpd.Controller(mails, hostname="127.0.0.1", port=free_port(), data_size_limit=20_000_000)
    running.start()
    yield SimpleNamespace(mails=mails, port=running.port)
    running.stop()


@pytest.fixture
def mails(server, monkeypatch):
    """A mail server, and a variable that holds the address of someone there."""
    server.mails.clear()
    address = f"mailto://127.0.0.1:{server.port}/?from=reports@example.org&to=ann@example.org&mode=insecure"
    monkeypatch.setenv("MAIL", address)
    return server.mails


@pytest.fixture(scope="module")
def listening():
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            content = self.rfile.read(int(self.headers["Content-Length"]))
            self.server.got.append(SimpleNamespace(path=self.path, content=content))
            status = self.server.answers.pop(0) if self.server.answers else 200
            self.send_response(status)
            self.end_headers()
            self.wfile.write(b"ok" if status == 200 else f"refused {self.path}".encode())

        def log_message(self, *_):
            pass

    served = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    served.daemon_threads = True
    threading.Thread(target=served.serve_forever, daemon=True).start()
    served.got, served.answers = [], []
    yield served
    served.shutdown()
    served.server_close()


@pytest.fixture
def hook(listening, monkeypatch):
    """A webhook, and a variable with its address; `answers` are the status codes that it gives next."""
    monkeypatch.setattr(post, "WAIT", 0.0)
    listening.got.clear()
    listening.answers.clear()
    listening.at = f"127.0.0.1:{listening.server_port}"
    monkeypatch.setenv("HOOK", f"json://{listening.at}/{TOKEN}")
    return listening


@pytest.fixture
def said():
    """The lines that a delivery told."""
    return []


def delivery(said, readers=(), failures=(), link_base=None):
    return notify.Delivery(readers, failures, link_base, warn=said.append, tell=said.append)


def files_of(mail):
    """{name: content}, a zip's as bytes."""
    found = {part.get_filename(): part.get_payload(decode=True) for part in mail.iter_attachments()}
    return {name: it if name.endswith(".zip") else it.decode() for name, it in found.items()}


def body_of(mail):
    return mail.get_body(("plain",)).get_content()


def test_readers_get_the_headline_and_the_report(mails, tmp_path, said):
    outcomes = publish(tmp_path, "calls")
    assert delivery(said, ["env:MAIL"]).made(outcomes, tmp_path, 0) == 0
    (sent,) = mails
    assert sent.to == ["ann@example.org"] and sent.mail["Subject"] == f"{OF}: 14 % of callers hang up (target 5 %)"
    assert body_of(sent.mail).splitlines() == [
        "14 % of callers hang up (target 5 %).",
        "- Off target: Phone 14 %.",
        "",
        "Trains",
        "22 to 28 April 2024 (2024-W17), compared with 15 to 21 April 2024 (2024-W16) · data read 29 April 2024, 00:00",
        "",
        "Attached: calls.html",
    ]
    page = outcomes[0].html.read_text()
    assert files_of(sent.mail) == {"calls.html": notify.without_links(page)}
    shown = files_of(sent.mail)["calls.html"]
    assert "calls \u20ac" in shown and re.findall('href="([^"]*)"', shown) == ["#b1"]  # no link leads nowhere
    assert said == ["Sent to env:MAIL (E-Mail)"]


def test_several_reports_come_packed_and_their_links_lead_somewhere(mails, tmp_path, said):
    publish(tmp_path, "calls", "other", started="2024-04-24T08:00:00+00:00")
    again = publish(tmp_path, "overview", "calls", failed=["late"])
    assert delivery(said, ["env:MAIL"]).made(again, tmp_path, 3) == 3  # what went wrong before is not hidden
    (sent,) = mails
    assert "- Other: not made this time; what is there was made 24 April 2024, 10:00 and is of" in body_of(sent.mail)
    assert "- Late: could not be made" in body_of(sent.mail) and "Unpack" in body_of(sent.mail)
    ((name, content),) = files_of(sent.mail).items()
    folder = runs.latest(tmp_path)
    assert name == f"reports-{folder.name}.zip"
    pages = zipfile.ZipFile(io.BytesIO(content))
    assert {"index.html", "calls.html", "other.html", "overview.html"} <= set(pages.namelist())
    for page in pages.namelist():
        links = re.findall('<a [^>]*href="([^"#]+)', pages.read(page).decode())
        assert {link for link in links if "://" not in link} <= set(pages.namelist())
    assert 'href="other.html#b1"' in pages.read("calls.html").decode()
    assert content == notify.packed(folder)  # the same run, the same bytes


def test_links_in_place_of_files(mails, tmp_path, said):
    outcomes = publish(tmp_path, "calls", "other")
    delivery(said, ["env:MAIL"], link_base="https://reports.example.org/trains/").made(outcomes, tmp_path, 0)
    (sent,) = mails
    at = f"https://reports.example.org/trains/runs/{runs.latest(tmp_path).name}"
    assert f"- Overview: {at}/index.html" in body_of(sent.mail) and f"- Calls: {at}/calls.html" in body_of(sent.mail)
    assert not files_of(sent.mail)


@pytest.mark.parametrize(
    "url", ["reports.example.org", "file:///etc", "https://me:pw@x.example", "https://x.example/?a=1"]
)
def test_a_link_base_that_is_none_is_refused(url):
    with pytest.raises(BadParameter, match="link base") as error:
        notify.Delivery(link_base=url)
    assert "pw" not in str(error.value)


def test_what_is_too_large_is_not_attached(mails, tmp_path, said):
    outcomes = publish(tmp_path, "calls", size=notify.ATTACHED)
    assert delivery(said, ["env:MAIL"]).made(outcomes, tmp_path, 0) == 0
    assert not files_of(mails[0].mail) and "too large to attach (7.0 MB)" in body_of(mails[0].mail)


HOSTILE = "Trains\r\nBcc: eve@example.org\r\n\r\n<script>alert(1)</script>\u202e\x1b[31m [pay](https://evil.example) <!channel>"


def test_names_of_others_are_text_in_headers_and_body(mails, tmp_path, said):
    headline = {"title": HOSTILE, "bullets": [{"kind": "off", "text": HOSTILE, "block": ""}]}
    outcomes = publish(tmp_path, "calls", about=ABOUT | {"service": HOSTILE, "headline": headline})
    delivery(said, ["env:MAIL"]).made(outcomes, tmp_path, 0)
    (sent,) = mails
    assert sent.to == ["ann@example.org"] and sent.mail["Bcc"] is None and sent.mail["To"] == "ann@example.org"
    line = "Trains Bcc: eve＠example.org ‹script>alert(1)‹/script>[31m [pay] (https: //evil.example) ‹!channel>"
    assert sent.mail["Subject"].startswith("22 to 28 April 2024 (2024-W17): Trains Bcc: eve＠example.org")
    assert body_of(sent.mail).splitlines()[:4] == [f"{line}.", f"- Off target: {line}", "", line]
    assert "text/html" not in [part.get_content_type() for part in sent.mail.walk() if not part.is_attachment()]
    names = {name.lower() for name, _ in sent.mail.items()}
    usual = {"content-type", "mime-version", "x-application", "subject", "from", "to", "message-id", "date"}
    assert names - {"x-peer", "x-mailfrom", "x-rcptto"} == usual


def test_a_long_headline_is_cut(mails, tmp_path, said):
    outcomes = publish(tmp_path, "calls", about=ABOUT | {"headline": {"title": "long " * 100, "bullets": []}})
    delivery(said, ["env:MAIL"]).made(outcomes, tmp_path, 0)
    assert len(mails[0].mail["Subject"]) == notify.LONGEST_TITLE and mails[0].mail["Subject"].endswith("…")


def test_a_report_without_a_headline_is_told_by_its_service(mails, tmp_path, said):
    outcomes = publish(tmp_path, "calls", about=ABOUT | {"headline": None})
    delivery(said, ["env:MAIL"]).made(outcomes, tmp_path, 0)
    assert mails[0].mail["Subject"] == "Trains: reports of 22 to 28 April 2024 (2024-W17)"


def test_each_of_several_reports_is_told_with_its_own_headline(mails, tmp_path, said):
    """Of different days, so that none of their headlines speaks for all."""
    month = {"period": {"label": "2024-04", "start": "2024-04-01", "end": "2024-04-30"}}
    rose = {"headline": {"title": "Calls rose", "bullets": []}}
    outcomes = publish(tmp_path, "csat", "waits", about=[ABOUT | month, ABOUT | rose])
    delivery(said, ["env:MAIL"]).made(outcomes, tmp_path, 0)
    (sent,) = mails
    assert sent.mail["Subject"] == "Trains: 2 reports: Csat · Waits"
    lines = body_of(sent.mail).splitlines()
    assert lines[:3] == ["2 reports: Csat · Waits.", "", "Trains"]
    at = lines.index("Reports:")
    told = ["  14 % of callers hang up (target 5 %)", "  Calls rose"]
    assert (
        [lines[at + 2], lines[at + 4]] == told
        and lines[at + 1].startswith("- Csat")
        and lines[at + 3].startswith("- Waits")
    )
    assert "2024-" in lines[at + 1] + lines[at + 3]  # the days of the one that is of others than most


def test_a_webhook_gets_it_once_with_the_file(hook, tmp_path, said, monkeypatch):
    monkeypatch.setenv("BOTH", f"json://{hook.at}/{TOKEN}\n# the same once more\njson://{hook.at}/{TOKEN}\n")
    outcomes = publish(tmp_path, "calls")
    assert delivery(said, ["env:HOOK", "env:BOTH"]).made(outcomes, tmp_path, 0) == 0
    (got,) = hook.got
    sent = json.loads(got.content)
    assert sent["title"].startswith(f"{OF}: 14 % of callers") and sent["type"] == "success"
    (file,) = sent["attachments"]
    assert file["filename"] == "calls.html" and file["mimetype"] == "text/html"
    assert base64.b64decode(file["base64"]).decode() == notify.without_links(outcomes[0].html.read_text())


def test_slack_and_teams_get_text_alone_and_nothing_in_it_is_obeyed(hook, tmp_path, said, monkeypatch):
    from apprise.plugins import slack, workflows

    monkeypatch.setattr(slack.NotifySlack, "webhook_url", f"http://{hook.at}/services")
    there = workflows.requests.post

    def plainly(url, **more):  # this server has no certificate
        return there(url.replace("https://", "http://", 1), **more)

    monkeypatch.setattr(workflows.requests, "post", plainly)
    monkeypatch.setenv("SLACK", "slack://T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7")
    monkeypatch.setenv("TEAMS", f"workflow://{hook.at}/ABCD/Pl4ntedS1gnature/")
    title = "Trains <!channel> <at>boss</at> [pay](https://evil.example)"
    outcomes = publish(tmp_path, "calls", about=ABOUT | {"headline": {"title": title, "bullets": []}})
    assert delivery(said, ["env:SLACK", "env:TEAMS"], link_base="https://r.example").made(outcomes, tmp_path, 0) == 0
    sent = {got.path.split("/")[1]: json.loads(got.content) for got in hook.got}
    assert set(sent) == {"services", "workflows"}
    in_slack, in_teams = json.dumps(sent["services"]), json.dumps(sent["workflows"], ensure_ascii=False)
    assert (
        "<!channel" not in in_slack
        and "](http" not in in_slack + in_teams
        and "https://evil" not in in_slack + in_teams
    )
    assert "entities" not in in_teams and "<at>" not in in_teams
    assert "https://r.example/runs/" in in_slack and "r.example/runs/" in in_teams.replace("\\", "")
    assert "Attached" not in in_slack + in_teams


def test_maintainers_get_what_failed_with_its_log(mails, tmp_path, said):
    publish(tmp_path, "calls", "late", started="2024-04-24T08:00:00+00:00")
    outcomes = publish(tmp_path, "calls", failed=["late", "new"])
    assert delivery(said, failures=["env:MAIL"]).made(outcomes, tmp_path, 3) == 3
    (sent,) = mails
    assert sent.mail["Subject"] == "Reports: 2 of 3 failed (exit code 3)"
    body = body_of(sent.mail)
    assert "late: it broke; what is shown of it was made 24 April 2024, 10:00" in body
    assert "new: it broke; nothing is shown of it" in body and f"Run: {runs.latest(tmp_path)}" in body
    assert files_of(sent.mail) == {
        f"{name}.log": f"{name} failed: it broke\nZeroDivisionError\n" for name in ("late", "new")
    }


def test_a_report_without_its_pdf_is_made_and_maintainers_hear_why(mails, tmp_path, said):
    outcomes = publish(tmp_path, "calls", "waits")
    outcomes[0].pdf_failed, outcomes[0].code = "its PDF could not be made: chromium ended without one", 5
    assert delivery(said, failures=["env:MAIL"]).made(outcomes, tmp_path, 5) == 5
    (sent,) = mails
    assert sent.mail["Subject"] == "Reports made, but not each PDF (exit code 5)"
    body = body_of(sent.mail)
    assert "calls: made; its PDF could not be made: chromium ended without one" in body and "waits" not in body


def test_nobody_is_told_where_there_is_nothing_to_tell(mails, tmp_path, said):
    good, bad = publish(tmp_path / "a", "calls"), publish(tmp_path / "b", failed=["calls"])
    assert delivery(said, failures=["env:MAIL"]).made(good, tmp_path / "a", 0) == 0
    assert delivery(said, readers=["env:MAIL"]).made(bad, tmp_path / "b", 3) == 3
    assert not mails and not said


def test_a_failed_try_is_made_once_more_and_no_other(hook, tmp_path, said):
    outcomes = publish(tmp_path, "calls")
    hook.answers += [500]
    assert delivery(said, ["env:HOOK"]).made(outcomes, tmp_path, 0) == 0 and len(hook.got) == 2
    hook.got.clear()
    hook.answers += [500] * 9
    assert delivery(said, ["env:HOOK"]).made(outcomes, tmp_path, 0) == notify.NOT_DELIVERED == 8
    assert len(hook.got) == 2 and said[-1].startswith("not delivered to env:HOOK (JSON): ") and "500" in said[-1]
    assert TOKEN not in "".join(said) and hook.at not in "".join(said)


def test_who_can_be_reached_gets_it_and_maintainers_hear_of_the_others(mails, hook, tmp_path, said, monkeypatch):
    monkeypatch.setattr(post, "TRIES", 1)  # apprise waits between two mails
    monkeypatch.setenv("DOWN", f"mailto://{TOKEN}:{TOKEN}@127.0.0.1:{free_port()}/?from=a@example.org&to=b@example.org")
    outcomes = publish(tmp_path, "calls")
    ended = delivery(said, ["env:DOWN", "env:MAIL"], ["env:HOOK"]).made(outcomes, tmp_path, 0)
    assert ended == notify.NOT_DELIVERED and len(mails) == 1
    sent = json.loads(hook.got[0].content)
    assert sent["title"] == "Reports made, but not delivered (exit code 8)"
    assert "not delivered to env:DOWN (E-Mail)" in sent["message"] and "Connection refused" in sent["message"]
    assert TOKEN not in sent["message"] + "".join(said)


def test_who_never_answers_holds_nothing_up(said, monkeypatch):
    with socket.create_server(("127.0.0.1", 0)) as silent:
        monkeypatch.setenv("SILENT", f"json://127.0.0.1:{silent.getsockname()[1]}/{TOKEN}?cto=5&rto=5")
        found = post.send(post.read_recipients(["env:SILENT"]), post.Message("t", "b", "b"), within=0.3)
        assert found == {"env:SILENT (JSON)": "no answer within 0.3 s; it may have arrived all the same"}
        # such a thread doesn't keep the process from ending
        assert [one.daemon for one in threading.enumerate() if one.name == "notify"] == [True]


# Addresses --------------------------------------------------------------------------------------------------


def test_a_file_of_addresses_is_its_owners_alone(tmp_path, hook):
    file = tmp_path / "my mail.txt"
    file.write_text(f"# who\n\njson://{hook.at}/{TOKEN}\nform://{hook.at}/{TOKEN}\n")
    for mode in (0o644, 0o640, 0o604):
        file.chmod(mode)
        with pytest.raises(BadParameter, match=r"others on this machine may read it.* chmod 600 '.*my mail.txt'"):
            post.read_recipients([f"@{file}"])
    file.chmod(0o600)
    found = post.read_recipients([f"@{file}"])
    assert [one.name for one in found] == [f"@{file}, line 3 (JSON)", f"@{file}, line 4 (Form)"]
    assert TOKEN not in repr(found)


@pytest.mark.parametrize(
    "place, content, said",
    [
        ("env:NOWHERE", None, "env:NOWHERE: there is no such environment variable"),
        ("env:HERE", f"{TOKEN}://x/{TOKEN}", "env:HERE: is no address that can be sent to"),
        ("env:HERE", f"slack://{TOKEN}", "env:HERE: is no address that can be sent to"),
        ("env:HERE", "# none", "env:HERE: holds no address"),
        (f"{TOKEN}@example.org", None, "an address to send to is a URL, env:NAME or @FILE"),
        (f"slack://{TOKEN}", None, "the address given: is no address"),
        ("@/nowhere/at.all", None, "/nowhere/at.all: can't be read: No such file"),
    ],
)
def test_an_address_that_is_none_is_refused_without_a_word_of_it(place, content, said, monkeypatch, capfd, caplog):
    if content:
        monkeypatch.setenv("HERE", content)
    with caplog.at_level(logging.DEBUG), pytest.raises(BadParameter) as error:
        post.read_recipients([place])
    told = f"{error.value}{error.value.__cause__}{error.value.__context__}{capfd.readouterr()}{caplog.text}"
    assert said in str(error.value) and TOKEN not in told


def test_an_address_on_the_command_line_is_taken_with_a_warning(hook, said):
    (one,) = post.read_recipients([f"json://{hook.at}/{TOKEN}"], said.append)
    assert one.name == "the address given (JSON)" and "seen by everyone on this machine (ps)" in said[0]
    assert TOKEN not in f"{said}{one}"


def test_without_apprise_nothing_runs(monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "apprise", None)
    monkeypatch.setenv("HOOK", f"json://x.example/{TOKEN}")
    monkeypatch.setattr("toolkit.report.run.run_reports", lambda *_, **__: pytest.fail("it ran"))
    assert cli.main(["report", "-d", "x", "--notify", "env:HOOK"]) == MissingPackage.exit_code == 2
    assert "pip install 'customer-service-toolkit[notify]'" in capsys.readouterr().err


# On the command line ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "error, code",
    [(EmptyPeriod("no row of the data lies in the period"), 6), (CantWrite("reports/a.html", "full"), 7), (None, 2)],
)
def test_a_run_that_is_refused_is_told_to_maintainers_alone(error, code, hook, tmp_path, monkeypatch, capsys):
    if error:

        def refuse(*_, **__):
            raise error

        monkeypatch.setattr("toolkit.report.run.run_reports", refuse)
    monkeypatch.setenv("READERS", f"json://{hook.at}/readers")
    line = ["report", "-d", str(tmp_path / "none"), "-o", str(tmp_path / "out")]
    assert cli.main([*line, "--notify", "env:READERS", "--notify-failure", "env:HOOK"]) == code
    (got,) = hook.got
    sent = json.loads(got.content)
    assert got.path == f"/{TOKEN}" and sent["title"] == f"Reports: no report was made (exit code {code})"
    assert str(error or "there is no such file or folder") in sent["message"] and sent["type"] == "failure"
    assert "Sent to env:HOOK" in capsys.readouterr().out


def test_an_error_of_ours_is_told_with_its_traceback(hook, monkeypatch):
    def crash(*_, **__):
        raise ZeroDivisionError("ours, at postgresql://ann:s3cretPassw0rd@db/calls")

    monkeypatch.setattr("toolkit.report.run.run_reports", crash)
    assert cli.main(["report", "-d", "x", "--notify-failure", "env:HOOK"]) == 70
    sent = json.loads(hook.got[0].content)
    assert sent["attachments"][0]["filename"] == "error.log"
    log = base64.b64decode(sent["attachments"][0]["base64"]).decode()
    assert "Traceback" in log and "postgresql://***@db/calls" in log
    assert "s3cretPassw0rd" not in log + sent["message"]


def test_made_and_not_delivered_is_an_exit_code_of_its_own(hook, tmp_path, monkeypatch, capsys):
    outcomes = publish(tmp_path, "calls")
    monkeypatch.setattr("toolkit.report.run.run_reports", lambda *_, **__: outcomes)
    hook.answers += [403] * 4
    line = ["report", "-d", "x", "-o", str(tmp_path), "--notify", f"json://{hook.at}/{TOKEN}"]
    assert cli.main(line) == 8
    told = capsys.readouterr()
    assert "warning: an address on the command line" in told.err and "not delivered to the address given" in told.err
    assert TOKEN not in told.out + told.err and "Overview: " in told.out
