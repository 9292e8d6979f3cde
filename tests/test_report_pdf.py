"""Reports on paper: what a PDF holds, that it is the same each time, that no browser outlives it or asks a network."""

import os
import re
import signal
import socket
import tempfile
import threading
import time
from html import unescape
from pathlib import Path
from types import SimpleNamespace

import nbformat
import psutil
import pytest
from browser import CHROMIUM, open_chromium
from made_report import SIBLINGS, made_report
from test_report_render import PARAMETERS

from toolkit.errors import BadParameter
from toolkit.report import family, pdf
from toolkit.report.assemble import carry_over
from toolkit.report.made import Outcome
from toolkit.report.options import Options
from toolkit.report.overview import draw
from toolkit.report.process import Deadline
from toolkit.report.render import render_report
from toolkit.report.run import run_reports

MADE = "2026-12-01T06:00:12+00:00"
NAMES = ("response_times", "abandonment")


def a_run(folder):
    """A run of two reports, not yet printed: (place, manifest, outcomes)."""
    folder.mkdir()
    html = render_report(made_report(), PARAMETERS, MADE, versions={"toolkit": "1"}, siblings=SIBLINGS)
    entries = {}
    for name in NAMES:
        (folder / f"{name}.html").write_text(html, encoding="utf-8")
        entries[name] = {"status": "ok", "html": f"{name}.html", "title": name, "made_at": MADE, "code": 0}
    outcomes = [Outcome(name, "ok", html=folder / f"{name}.html") for name in NAMES]
    outcomes.append(Outcome("broken", "failed", code=3))
    place = SimpleNamespace(folder=folder, final=folder.parent / "final", started=MADE)
    return place, {"reports": entries}, outcomes


@pytest.fixture(scope="module")
def printed(tmp_path_factory):
    """The same run printed twice, in two folders."""
    open_chromium()
    both = []
    for number in (1, 2):
        place, manifest, outcomes = a_run(tmp_path_factory.mktemp("pdf") / f"run{number}")
        pdf.print_reports(place, manifest, outcomes[:1] if number == 2 else outcomes, CHROMIUM)
        both.append((place, manifest, outcomes))
    return both


@pytest.fixture(scope="module")
def reader(printed):
    from pypdf import PdfReader

    return PdfReader(printed[0][0].folder / "response_times.pdf")


def test_each_report_has_a_pdf_beside_it(printed):
    place, manifest, outcomes = printed[0]
    assert [outcome.pdf for outcome in outcomes] == [place.final / f"{name}.pdf" for name in NAMES] + [None]
    assert [manifest["reports"][name]["pdf"] for name in NAMES] == [f"{name}.pdf" for name in NAMES]
    assert all((place.folder / f"{name}.pdf").read_bytes().startswith(b"%PDF") for name in NAMES)
    assert not any(outcome.pdf_failed for outcome in outcomes) and outcomes[0].code == 0


def test_it_has_a_title_a_language_and_its_reports_time(reader):
    about = reader.metadata
    assert about.title == "Response times by channel, all hours – Alvora"
    assert about["/CreationDate"] == about["/ModDate"] == "D:20261201060012+00'00'"
    root = reader.trailer["/Root"]
    assert root["/Lang"] == "en" and root["/ViewerPreferences"]["/DisplayDocTitle"]


def kinds(item):
    """The kinds of the elements below one of a PDF's structure, in reading order."""
    item = item.get_object()
    if isinstance(item, dict):
        yield item.get("/S", "")
        below = item.get("/K", [])
        below = below if isinstance(below, list) else [below]
        for one in below:
            yield from kinds(one)


def test_it_is_tagged_with_headings_lists_and_figures(reader):
    root = reader.trailer["/Root"]
    assert root["/MarkInfo"]["/Marked"]
    found = [kind for kind in kinds(root["/StructTreeRoot"]) if kind]
    assert found.count("/H1") == 1 and found.index("/H1") < found.index("/H2")
    assert {"/Document", "/P", "/L", "/LI", "/Figure", "/H3"} <= set(found)


def test_its_outline_is_the_headings_whole(reader):
    def titles(outline):
        return [title for one in outline for title in (titles(one) if isinstance(one, list) else [one.title])]

    told = titles(reader.outline)
    assert told[0] == "54\u00a0% of contacts are answered in target, clearly fewer than in March"
    assert "The phone fell clearly, by 13.2\u00a0points" in told


def test_each_page_has_its_number(reader):
    count = len(reader.pages)
    assert 1 <= count <= 5
    for number, page in enumerate(reader.pages, 1):
        assert len(re.findall(rf"\b{number}\s*/\s*{count}(?!\d)", page.extract_text())) == 1, number


def test_each_page_after_the_first_names_the_report_and_its_days(reader):
    foot = "Alvora · Response times by channel, all hours · 1 to 28 April 2024 (-28d)"
    told = [page.extract_text().replace("\n", " ").count(foot) for page in reader.pages]
    assert len(told) > 1 and told == [0] + [1] * (len(told) - 1)


def test_what_leads_to_something_stays_with_it(tmp_path):
    """Wherever a section falls on the page: no sheet ends with a heading; one that goes on is named on each sheet."""
    from pypdf import PdfReader

    open_chromium()
    html = render_report(made_report(), PARAMETERS, siblings=SIBLINGS)
    html = re.sub("<meta http-equiv[^>]*>", "", html)  # the gaps are ours
    start, rest = html.split('<div class="head">')[0], html.split('<section class="section"')[1:-1]
    sections = ['<section class="section"' + one for one in rest]
    gaps = [(section, height) for section in sections for height in range(100, 262, 18)]
    body = "".join(f'<p style="break-before: page; height: {height}mm">Gap</p>{section}' for section, height in gaps)
    (tmp_path / "page.html").write_text(f"{start}{body}</main></body></html>", encoding="utf-8")
    pdf.print_page(tmp_path, "page.html", CHROMIUM, MADE)
    pages = [page.extract_text() for page in PdfReader(tmp_path / "page.pdf").pages]
    leads = r'<(h[1-6]|label|p class="label")[^>]*>(.*?)</(?:h[1-6]|label|p)>'
    leads = {unescape(re.sub(r"<[^>]*>|\s", "", text)) for _, text in re.findall(leads, body, re.DOTALL)}
    labels = [unescape(text) for text in re.findall('<p class="label">(.*?)</p>', body)]
    found = set()
    for page in pages[1:]:
        lines = [re.sub(r"\s", "", line) for line in page.splitlines() if line.strip()]
        lines = [line for line in lines if not re.fullmatch(r"(\d+/\d+)?(Alvora·.*)?", line)]
        assert lines[-1] not in leads, page
        assert "Gap" in lines or sum(label in page for label in set(labels)) == 1, page
        found.add("Gap" in lines and len(lines) > 1)
    assert found == {True, False}  # some gaps leave room for the section, others none


def test_its_links_lead_to_what_lies_beside_it(reader, printed):
    places = [note.get_object() for page in reader.pages for note in page.get("/Annots", [])]
    addresses = {note["/A"]["/URI"] for note in places if "/A" in note and "/URI" in note["/A"]}
    assert addresses == {"index.pdf"}
    assert {note["/Dest"] for note in places if "/Dest" in note} >= {"/b1"}
    everything = (printed[0][0].folder / "response_times.pdf").read_bytes()
    assert b"file:" not in everything and str(printed[0][0].folder).encode() not in everything


def test_it_is_the_same_each_time(printed):
    one, other = (run[0].folder / "response_times.pdf" for run in printed)
    assert one.read_bytes() == other.read_bytes()


def test_a_browser_asks_no_network(tmp_path):
    open_chromium()
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.2)
        address = f"http://127.0.0.1:{server.getsockname()[1]}"
        html = f"<!DOCTYPE html><title>T</title><h1>A page</h1><img src='{address}/a.png'><iframe src='{address}'></iframe>"
        (tmp_path / "page.html").write_text(html, encoding="utf-8")
        pdf.print_page(tmp_path, "page.html", CHROMIUM, MADE)
        assert (tmp_path / "page.pdf").stat().st_size > 1000
        with pytest.raises(TimeoutError):
            server.accept()


def test_a_report_that_is_kept_has_no_pdf_without_its_mark(tmp_path):
    place = SimpleNamespace(before=tmp_path / "6", folder=tmp_path / "7")
    for folder in (place.before, place.folder):
        folder.mkdir()
    for file in ("calls.html", "calls.pdf"):
        (place.before / file).write_text("April")
    kept = carry_over(place, "calls", {"html": "calls.html", "pdf": "calls.pdf", "digests": {}}, {})
    assert kept["pdf"] is None and [path.name for path in place.folder.iterdir()] == ["calls.html"]


def script(folder, text):
    """A program that stands for a browser."""
    path = folder / "browser"
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)
    return path


@pytest.mark.skipif(not family.IS_LINUX, reason="processes are found by their mark on Linux")
def test_one_that_does_not_end_is_ended_with_what_it_started(tmp_path, monkeypatch):
    (tmp_path / "temporary").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "temporary"))
    (tmp_path / "page.html").write_text("<h1>A</h1>")
    slow = script(tmp_path, f"setsid sleep 300 & echo $! > {tmp_path}/child\nsleep 300")
    with pytest.raises(pdf.NotPrinted, match="took longer than 1.5 s") as raised:
        pdf.print_page(tmp_path, "page.html", slow, MADE, timeout=1.5)
    assert raised.value.code == 4
    child = int((tmp_path / "child").read_text())
    for _ in range(100):
        if not psutil.pid_exists(child) or psutil.Process(child).status() == psutil.STATUS_ZOMBIE:
            break
        time.sleep(0.05)
    else:
        pytest.fail("what the browser started is still there")
    assert not (tmp_path / "page.pdf").exists()
    assert list((tmp_path / "temporary").iterdir()) == []


def test_a_report_without_a_pdf_is_a_good_report_and_says_why(tmp_path):
    place, manifest, outcomes = a_run(tmp_path / "run")
    broken = script(tmp_path, "echo 'No usable sandbox!' >&2; exit 1")
    pdf.print_reports(place, manifest, outcomes, broken)
    pdf.print_overview(place, manifest, outcomes, broken)
    assert [one.status for one in outcomes] == ["ok", "ok", "failed"] and [one.code for one in outcomes] == [5, 5, 3]
    own, overview = outcomes[0].pdf_failed.split("; ")  # the report's own is told, too
    assert own == outcomes[1].pdf_failed and "No usable sandbox!" in own and overview == f"index.html: {own}"
    assert manifest["reports"]["abandonment"]["pdf"] is None and manifest["pdf_failed"] == overview


def test_links_lead_to_the_page_of_what_has_no_pdf(printed, tmp_path):
    """To the overview that could not be printed, from what an earlier run keeps, too."""
    from pypdf import PdfReader

    before = printed[0][0].folder / "response_times.pdf"
    content = before.read_bytes()
    for file in ("index.html", "response_times.html"):
        (tmp_path / file).write_text("<h1>A</h1>")
    os.link(before, tmp_path / "response_times.pdf")
    pdf.mend_links(tmp_path)
    notes = [
        note.get_object()
        for page in PdfReader(tmp_path / "response_times.pdf").pages
        for note in page.get("/Annots", [])
    ]
    assert {note["/A"]["/URI"] for note in notes if "/URI" in note.get("/A", ())} == {"index.html"}
    assert before.read_bytes() == content
    mended = (tmp_path / "response_times.pdf").read_bytes()
    pdf.mend_links(tmp_path)
    assert (tmp_path / "response_times.pdf").read_bytes() == mended


def test_no_browser_works_longer_than_the_whole_run_may(tmp_path):
    place, manifest, outcomes = a_run(tmp_path / "run")
    slow, deadline = script(tmp_path, "sleep 300"), Deadline(1.0)
    pdf.print_reports(place, manifest, outcomes, slow, deadline=deadline)
    pdf.print_overview(place, manifest, outcomes, slow, deadline=deadline)
    assert [one.code for one in outcomes] == [4, 4, 3]
    assert all("the whole run took longer than 1 s (--total-timeout)" in one.pdf_failed for one in outcomes[:2])


@pytest.mark.skipif(not family.IS_LINUX, reason="signals")
def test_a_signal_ends_browsers_at_once(tmp_path):
    """One that hangs is not waited for, and no page more is begun."""
    place, manifest, outcomes = a_run(tmp_path / "run")
    slow = script(tmp_path, f"echo $$ >> {tmp_path}/started\nexec sleep 300")

    def stop(*_):
        raise KeyboardInterrupt

    def send():
        while not (tmp_path / "started").exists():
            time.sleep(0.02)
        os.kill(os.getpid(), signal.SIGUSR1)

    before = signal.signal(signal.SIGUSR1, stop)
    try:
        threading.Thread(target=send).start()
        with pytest.raises(KeyboardInterrupt):
            pdf.print_reports(place, manifest, outcomes, slow)  # which may take 120 s for each, else
    finally:
        signal.signal(signal.SIGUSR1, before)
    assert not any(psutil.pid_exists(int(number)) for number in (tmp_path / "started").read_text().split())
    assert not any(one.pdf_failed for one in outcomes)


def test_without_a_browser_it_is_said_before_anything_runs(tmp_path, monkeypatch):
    monkeypatch.delenv("CHROMIUM", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(BadParameter, match="needs Chromium or Google Chrome.*apt-get install chromium"):
        run_reports(["response_times"], "no/such/data", tmp_path / "out", Options(pdf=True))
    monkeypatch.setenv("CHROMIUM", "/no/such/browser")
    with pytest.raises(BadParameter, match="CHROMIUM is /no/such/browser, and that is no program"):
        pdf.find_browser()
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("user, is_without", [(0, True), (1000, False)])
def test_only_root_goes_without_the_sandbox(monkeypatch, user, is_without):
    monkeypatch.setattr(os, "geteuid", lambda: user, raising=False)
    told = pdf.command("chromium", Path("/a.html"), Path("/a.pdf"), Path("/t"))
    assert ("--no-sandbox" in told) == is_without


def test_a_browser_gets_no_secret_of_the_environment(tmp_path, monkeypatch):
    (tmp_path / "page.html").write_text("<h1>A</h1>")
    monkeypatch.setenv("DATABASE_URL", "postgresql://me:secret@db/x")
    with pytest.raises(pdf.NotPrinted):
        pdf.print_page(tmp_path, "page.html", script(tmp_path, f"env > {tmp_path}/env"), MADE)
    told = (tmp_path / "env").read_text()
    assert "secret" not in told and "PATH=" in told


def test_the_overview_leads_to_the_pdfs(tmp_path):
    place, manifest, _ = a_run(tmp_path / "run")
    manifest |= {"run": {"id": "x"}, "made_at": MADE, "data": None}
    for name, entry in manifest["reports"].items():
        entry |= {"attempted_at": MADE, "time_zone": "Europe/Rome", "lede": "", "notebook": "made.ipynb"}
        if name == "abandonment":
            entry["pdf"] = "abandonment.pdf"
    nbformat.write(made_report(), place.folder / "made.ipynb")
    html = draw(place.folder, manifest)
    assert re.findall(r'<a class="pdf" href="([^"]+)" aria-label="([^"]+)">(.*?)</a>', html) == [
        ("abandonment.pdf", "PDF: abandonment", "PDF")
    ]
