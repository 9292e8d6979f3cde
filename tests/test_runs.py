"""The folder of runs: each whole or not there, one shown, what is kept marked, what is removed missed by no link."""

import json
import os
import re
import shutil
import subprocess
import sys
import zipfile
from html import unescape
from pathlib import Path
from urllib.parse import unquote

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook, new_output
from test_report_overview import ABOUT, CLEAN, CSAT, LOST, Page, audit, figure, section  # noqa: F401
from test_report_run import DISPLAY, export, folder, forks, kept, notebook, run  # noqa: F401

import toolkit
from toolkit import cli
from toolkit.displays import KEY_FIGURES, REPORT, SECTION
from toolkit.errors import BadData, CantWrite
from toolkit.replaced import replace_file
from toolkit.report import pdf, runs
from toolkit.report.assemble import assemble, link
from toolkit.report.inputs import Inputs
from toolkit.report.lock import locked
from toolkit.report.made import Outcome
from toolkit.report.manifest import read_manifest, write_manifest, write_text
from toolkit.report.options import Options
from toolkit.report.render import render_report
from toolkit.report.run import run_reports
from toolkit.report.runs import all_runs, building, latest, prune

ROOT = str(Path(toolkit.__file__).parents[1])
DATA = {"time_zone": "Europe/Rome", "as_of": ABOUT["as_of"], "tables": []}
MARCH = {"period": ABOUT["previous_period"], "previous_period": None}


def make(
    out,
    day,
    good=("waits",),
    failed=(),
    figures=(LOST,),
    browser=None,
    digests=(),
    is_revealed=False,
    why="it broke",
    **header,
):
    """A run of day `day` of May as the runner makes it, without its processes; its folder."""
    with building(out) as place:
        about = {"made_at": f"2024-05-{day:02}T06:00:00+00:00", "versions": {"toolkit": "1"}, "data": DATA}
        about |= {"ledger": "ledger.html", "is_revealed": is_revealed} | dict(digests)
        write_text(place.folder / "ledger.html", "<title>Its rows</title>")
        outcomes = []
        for name in good:
            shown = {"figures": [texts for texts, _ in figures], "raw": [raw for _, raw in figures]}
            bundles = [{REPORT: ABOUT | header}, {KEY_FIGURES: shown}, {SECTION: section(1)}]
            cell = new_code_cell("x", outputs=[new_output("display_data", data=bundle) for bundle in bundles])
            executed = new_notebook(cells=[cell])
            write_text(place.folder / "notebooks" / f"{name}.ipynb", nbformat.writes(executed))
            write_text(place.folder / f"{name}.html", render_report(executed, name=name, ledger="ledger.html"))
            outcome = Outcome(name, "ok", name.title(), html=place.final / f"{name}.html", seconds=1.0)
            outcome.header, outcome.figures = ABOUT | header, shown["figures"]
            outcome.privacy = {"is_revealed": is_revealed, "masked": {}}
            outcomes.append(outcome)
        outcomes += [Outcome(name, "failed", name.title(), message=why, code=3) for name in failed]
        for name in failed:
            write_text(place.folder / "failed" / f"{name}.log", why)
        assemble(place, outcomes, about, browser=browser)
        place.publish()
    return place.final


def text_of(path):
    html = path.read_text(encoding="utf-8").partition("<body")[2]
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", html)).split())


def dead_links(out):
    """Links of the pages of all runs, and of the page that people open, that lead nowhere."""
    pages = [Path(out) / "index.html", *(page for one in all_runs(out) for page in one.glob("*.html"))]
    found = []
    for page in pages:
        for href in Page(page.read_text(encoding="utf-8")).hrefs():
            file = unquote(href.partition("#")[0])
            if file and not file.startswith("data:") and not (page.parent / file).is_file():
                found.append((page.name, href))
    return found


def leftovers(out):
    return [path.name for path in (Path(out) / "runs").iterdir() if path.name.startswith(".")]


def test_a_run_is_shown_whole(tmp_path):
    assert latest(tmp_path) is None and all_runs(tmp_path) == [] == prune(tmp_path, 1)
    first = make(tmp_path, 1)
    assert latest(tmp_path) == first and os.readlink(tmp_path / "runs" / "latest") == first.name
    assert 'url=runs/latest/index.html"' in (tmp_path / "index.html").read_text()
    second = make(tmp_path, 2)
    assert latest(tmp_path) == second and all_runs(tmp_path) == [second, first]
    manifest = read_manifest(second)
    assert manifest["run"]["id"] == second.name and manifest["run"]["number"] == 2 and manifest["status"] == "ok"
    assert manifest["timings"] == {"waits": 1.0} and not leftovers(tmp_path) and dead_links(tmp_path) == []
    assert (tmp_path / "runs" / "latest" / f"../{first.name}/waits.html").is_file()  # as a browser resolves it, too


def test_a_run_that_is_refused_or_breaks_leaves_nothing(tmp_path):
    with pytest.raises(KeyboardInterrupt), building(tmp_path):
        raise KeyboardInterrupt
    assert not (tmp_path / "runs").exists()
    good = make(tmp_path, 1)
    with pytest.raises(BadData), building(tmp_path) as place:
        write_text(place.folder / "waits.html", "half")
        raise BadData("no")
    assert latest(tmp_path) == good and all_runs(tmp_path) == [good] and not leftovers(tmp_path)


def test_reports_that_were_not_made_are_kept_and_marked(tmp_path):
    first = make(tmp_path, 1, ["waits", "csat"])
    second = make(tmp_path, 2, ["waits"], failed=["csat"])
    old, new = (read_manifest(one)["reports"] for one in (first, second))
    assert new["csat"]["status"] == "failed" and new["csat"]["made_in"] == first.name
    assert new["csat"]["figures"] == old["csat"]["figures"] and new["csat"]["period"] == ABOUT["period"]
    for file in ("notebooks/csat.ipynb",):
        assert (second / file).samefile(first / file)  # no copy
    said = text_of(second / "csat.html")
    assert "This page was made 1 May 2024, 08:00. The newest run, of 2 May 2024, 08:00, could not make it" in said
    assert "it has failed since" not in said and "It is of" not in said  # which the first sentence says
    assert "This page was made" not in text_of(first / "csat.html")  # which is as it was
    own = f"ledger-{first.name}.html"  # the page on the data that it was made of comes with it
    assert f'href="{own}"' in (second / "csat.html").read_text() and (second / own).is_file()
    assert 'href="ledger.html"' in (second / "waits.html").read_text()
    third = make(tmp_path, 3, ["waits"])
    bar = (third / "waits.html").read_text()
    bar = bar[bar.index("<nav") : bar.index("</nav>")]
    # as it was not tried again since
    assert (
        '<a href="csat.html">Csat <span class="dated">failed; 1 May 2024</span></a>' in bar and bar.count("dated") == 1
    )
    said, index = text_of(third / "csat.html"), text_of(third / "index.html")
    assert "did not try it again; it has failed since 2 May 2024, 08:00" in said and (third / own).is_file()
    assert "Csat has failed since 2 May 2024, 08:00; shown is that of 1 May 2024, 08:00." in index
    assert "It failed when last tried (2 May 2024, 08:00)." in index and "The last run failed" not in index
    assert dead_links(tmp_path) == []


def test_reports_of_other_days_say_so_and_are_not_told_with_the_others(tmp_path):
    make(tmp_path, 1, ["waits", "csat"], figures=[CSAT], **MARCH)
    run = make(tmp_path, 2, ["waits"], figures=[LOST])
    index = text_of(run / "index.html")
    assert "Kept from the run of 1 May 2024, 08:00: 4 to 31 March 2024 (2024-03)." in index
    tiles = Page((run / "index.html").read_text()).texts("article", class_="tile")
    assert len(tiles) == 1 and tiles[0].startswith("Abandonment")
    assert "It is of 4 to 31 March 2024 (2024-03); the newest reports are of 1 to 28 April" in text_of(
        run / "csat.html"
    )
    assert '<span class="dated">1 May 2024: 4 to 31 March 2024 (2024-03)</span>' in (run / "waits.html").read_text()
    # the change since the last edition says both periods
    assert "1 to 28 April 2024 (2024-04); last edition: 4 to 31 March 2024 (2024-03)" in text_of(run / "history.html")


def moved(value, text):
    texts, raw = figure("csat", "csat", "rate", "CSAT", value=value)
    return texts | {"value": text}, raw


def test_the_index_and_the_history_say_what_moved_and_what_fails(tmp_path, capsys):
    make(tmp_path, 1, ["waits", "csat"], figures=[moved(0.70, "70 %")])
    make(tmp_path, 2, ["waits"], failed=["csat"], figures=[moved(0.72, "72 %")])
    run = make(tmp_path, 3, ["waits"], failed=["csat"], figures=[moved(0.745, "74 %")])
    index, history = text_of(run / "index.html"), text_of(run / "history.html")
    assert "Since the run of 2 May 2024, 08:00" in index and "CSAT 74 % before 72 %, ▲ up 2.5 points" in index
    assert "2 May 2024, 08:00 1 report made, 1 failed" in index
    assert "The last run failed (3 May 2024, 08:00). It has failed since 2 May 2024, 08:00." in index
    assert "Failing since 2 May 2024, 08:00; shown is the last good report, made 1 May 2024, 08:00. It broke" in (
        history.replace("it broke", "It broke")
    )
    assert "Past runs: 3 runs" in history and history.count("74 % 72 % ▲ up 2.5 points") == 1
    assert cli.main(["history", "--out", str(tmp_path), "waits"]) == 0
    said = capsys.readouterr().out
    assert "Failing since" not in said and "2.5\xa0points" in said and run.name in said
    assert cli.main(["history", "-o", str(tmp_path)]) == 0
    assert "Failing since 2 May 2024, 08:00" in capsys.readouterr().out
    assert cli.main(["history", str(tmp_path)]) == 2
    assert f"of a folder of reports tells toolkit history --out {tmp_path}" in capsys.readouterr().err
    assert cli.main(["history", "-o", str(tmp_path), "wait"]) == 2 == cli.main(["history", "-o", str(tmp_path / "no")])
    assert "did you mean 'waits'" in (told := capsys.readouterr().err) and "holds no run of reports" in told


def test_history_reads_no_more_runs_than_it_tells_of(tmp_path, capsys, monkeypatch):
    made = [make(tmp_path, day).name for day in (1, 2, 3)]
    read = []
    monkeypatch.setattr("toolkit.report.history.MOST_RUNS", 2)
    monkeypatch.setattr("toolkit.report.runs.read_manifest", lambda one: read.append(one.name) or read_manifest(one))
    assert cli.main(["history", "-o", str(tmp_path)]) == 0
    said = capsys.readouterr().out
    assert read == made[:0:-1] and made[0] not in said and "The newest 2 of 3 runs; --last 3 tells of all." in said
    assert cli.main(["history", "-o", str(tmp_path), "--last", "3"]) == 0
    said = capsys.readouterr().out
    assert all(name in said for name in made) and "The newest" not in said


def month(number, last):
    days = {"label": f"2024-{number:02}", "start": f"2024-{number:02}-01", "end": f"2024-{number:02}-{last}"}
    return {"period": days, "previous_period": None}


def count(n):
    texts, raw = figure("inbound_volume", "n", "count", "Contacts", value=n)
    return texts | {"value": str(n)}, raw


def test_nothing_moves_backwards_in_time_nor_from_a_month_to_a_longer_one(tmp_path, capsys):
    make(tmp_path, 1, figures=[count(649), moved(0.70, "70 %")], **month(4, 28))
    back = make(tmp_path, 2, figures=[count(597), moved(0.72, "72 %")], **month(2, 29))
    index, history = text_of(back / "index.html"), text_of(back / "history.html")
    assert "The run of 1 May 2024, 08:00 was of another period: 1 to 28 April 2024 (2024-04)" in index
    said = "1 to 29 February 2024; the last edition is of another period: 1 to 28 April 2024 (2024-04)"
    assert said in history and "Contacts 597 649 CSAT 72 % 70 %" in history
    assert "▲" not in history and "▼" not in history and "before 649" not in index and "Since the run" not in index
    assert cli.main(["history", "-o", str(tmp_path)]) == 0 and "▼" not in capsys.readouterr().out
    later = text_of(make(tmp_path, 3, figures=[count(650), moved(0.74, "74 %")], **month(3, 31)) / "index.html")
    assert "Since the run of 2 May 2024, 08:00 1 to 31 March 2024; last edition: 1 to 29 February 2024" in later
    assert "Contacts 650 before 597 CSAT 74 % before 72 %, ▲ up 2 points" in later  # 31 days and 29
    again = text_of(make(tmp_path, 4, figures=[count(660)], **month(3, 31)) / "index.html")
    assert "1 to 31 March 2024, read again" in again and "Contacts 660 before 650, ▲ up 1.5 %" in again


def test_a_kept_page_says_of_the_others_only_what_is_so(tmp_path):
    make(tmp_path, 1, ["waits", "csat", "calls"], **month(4, 28))
    run = make(tmp_path, 2, ["waits"], **month(2, 29))
    said = text_of(run / "csat.html")  # calls is of April, too
    assert "It is of 1 to 28 April 2024 (2024-04); the newest reports are of 1 to 29 February 2024." in said
    assert "the other reports" not in said


def test_a_kept_report_brings_what_it_was_made_of(tmp_path):
    first = make(tmp_path, 1, ["waits", "csat"], digests={"inputs": {"a.csv": 1}, "notebooks": {"csat": 2, "waits": 3}})
    for day in (2, 3):
        run = make(tmp_path, day, digests={"inputs": {"b.csv": 4}, "notebooks": {"waits": 3}})
    reports = read_manifest(run)["reports"]
    assert reports["csat"]["digests"] == {"inputs": {"a.csv": 1}, "notebook": 2} and "digests" not in reports["waits"]
    assert reports["csat"]["versions"] == {"toolkit": "1"} and reports["csat"]["made_in"] == first.name
    said = json.loads((run / "figures.json").read_text())["reports"]
    assert {one["report"]: one["status"] for one in said} == {"csat": "kept", "waits": "ok"}


def test_what_python_calls_an_error_is_for_the_log(tmp_path):
    run = make(tmp_path, 1, [], failed=["waits"], why="AttributeError: 'str' object has no attribute 'calls'")
    said = text_of(run / "history.html")
    assert "Its notebook broke. Its log" in said and "Attribute" not in said
    assert 'href="failed/waits.log"' in (run / "history.html").read_text()
    assert "Waits has failed since 1 May 2024, 08:00; there is no good one yet." in text_of(run / "index.html")
    later = make(tmp_path, 2, ["csat"])  # which doesn't try it
    assert f'href="../{run.name}/failed/waits.log"' in (later / "history.html").read_text()
    assert cli.main(["prune", "--out", str(tmp_path), "--keep", "1"]) == 0
    assert "waits.log" not in (later / "history.html").read_text() and dead_links(tmp_path) == []


def test_only_runs_of_the_same_scope_are_compared(tmp_path):
    make(tmp_path, 1, figures=[moved(0.7, "70 %")], source="zendesk")
    run = make(tmp_path, 2, figures=[moved(0.72, "72 %")])
    assert "Since the run of" not in text_of(run / "index.html")
    assert "Last edition" not in text_of(run / "waits.html") and "70 %" not in text_of(run / "history.html")
    third = make(tmp_path, 3, figures=[moved(0.72, "72 %")])
    assert f'href="../{run.name}/waits.html">Last edition: 2 May 2024, 08:00</a>' in (third / "waits.html").read_text()
    assert "unchanged" in text_of(third / "history.html")


def test_prune_leaves_no_dead_link(tmp_path, capsys):
    made = [make(tmp_path, day, ["waits", "csat"] if day == 1 else ["waits"]) for day in range(1, 6)]
    told = {"index.html", "history.html", "waits.html", "csat.html", "manifest.json"}  # of the past runs, too
    before = {path: path.read_bytes() for path in made[4].rglob("*") if path.is_file() and path.name not in told}
    assert "Past runs: 5 runs" in text_of(made[4] / "history.html")
    assert cli.main(["prune", "--keep", "2", "--out", str(tmp_path)]) == 0
    assert f"removed: {made[2].name}" in (said := capsys.readouterr().out) and "3 runs removed, 2 kept" in said
    assert all_runs(tmp_path) == [made[4], made[3]] and latest(tmp_path) == made[4]
    assert dead_links(tmp_path) == [] and not leftovers(tmp_path)
    assert {path: path.read_bytes() for path in before} == before
    assert "Past runs: 2 runs" in text_of(made[4] / "history.html") and "1 May 2024" in text_of(made[4] / "csat.html")
    pages = "".join(page.read_text() for page in made[4].glob("*.html"))
    assert made[3].name in pages and not [run.name for run in made[:3] if f"../{run.name}" in pages]
    assert f'href="ledger-{made[0].name}.html"' in (made[4] / "csat.html").read_text()
    assert cli.main(["history", "--out", str(tmp_path)]) == 0 and made[2].name not in capsys.readouterr().out
    gone = (made[2] / "index.html").read_text()
    assert "no longer kept" in gone and 'href="../../index.html"' in gone
    assert {path.name for path in made[2].iterdir()} == {"index.html", "waits.html"}  # what is linked to, and no more
    make(tmp_path, 6)
    assert prune(tmp_path, 1) == [made[4].name, made[3].name]
    newest = make(tmp_path, 7)
    assert (newest / "csat.html").is_file()  # it was kept from run to run, and so it is there
    prune(tmp_path, 1)
    prune(tmp_path, 1)
    # what nothing links to any more is gone
    assert not made[1].exists() and dead_links(tmp_path) == []


def test_the_number_tells_the_newest_where_the_clock_is_set_back(tmp_path):
    first = make(tmp_path, 9)
    ahead = tmp_path / "runs" / f"29991231T235959Z-{first.name[-6:]}"
    os.rename(first, ahead)
    runs.show(tmp_path, ahead.name)
    second = make(tmp_path, 2)
    assert latest(tmp_path) == second and all_runs(tmp_path) == [second, ahead]


WRITE = """
import os, sys
from toolkit.report import runs
from toolkit.report.manifest import write_manifest
def die(*_, **__): os._exit(9)
def after(function):
    def both(*values, **options): function(*values, **options); os._exit(9)
    return both
with runs.building(sys.argv[1]) as place:
    (place.folder / "index.html").write_text("new")
    write_manifest(place.folder, {"run": {"id": place.id, "number": place.number}, "reports": {}})
    print(place.id, flush=True)
    KILL
    place.publish()
"""
KILLS = {
    "before the rename": ("os.rename = die", False),
    "after the rename": ("os.rename = after(os.rename)", True),
    "after the link aside": ("os.symlink = after(os.symlink)", True),
    "after the swap": (
        "swap = os.replace; os.replace = lambda *paths: (swap(*paths), '.latest-' in str(paths[0]) and die())",
        True,
    ),
    "nowhere": ("", True),
}


def write(out, kill, code=9):
    script = WRITE.replace("KILL", kill or "pass")
    done = subprocess.run(
        [sys.executable, "-c", script, str(out)], capture_output=True, text=True, env=os.environ | {"PYTHONPATH": ROOT}
    )
    assert done.returncode == code, done.stderr
    return done.stdout.strip()


@pytest.mark.parametrize("case", KILLS)
def test_a_kill_at_any_moment_leaves_one_whole_run(tmp_path, case):
    kill, is_adopted = KILLS[case]
    good = write(tmp_path, "", 0)
    killed = write(tmp_path, kill, 9 if kill else 0)
    shown = latest(tmp_path)
    assert shown.name in (good, killed) and (shown / "index.html").read_text() == "new"
    assert read_manifest(shown)["run"]["id"] == shown.name
    with building(tmp_path) as place:  # the next run tidies up
        assert place.before.name == (killed if is_adopted else good) and latest(tmp_path) == place.before
        assert leftovers(tmp_path) == [place.folder.name]
    assert not leftovers(tmp_path) and "runs/latest/index.html" in (tmp_path / "index.html").read_text()


def test_a_kill_while_the_page_that_people_open_is_written_leaves_no_part_of_it(tmp_path):
    """Which is beside the runs, and written with the first of them."""
    kill = 'import secrets; secrets.token_hex = lambda _: "a"; os.replace = die'
    killed = write(tmp_path, kill)
    assert [path.name for path in tmp_path.iterdir() if path.name != "runs"] == [".index.html.a.part"]
    with building(tmp_path) as place:
        assert place.before.name == killed and latest(tmp_path) == place.before
    (tmp_path / "runs" / killed / ".index.html.a.part").write_text("half of a page that is drawn anew")
    with building(tmp_path):
        assert not list(tmp_path.rglob("*.part"))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["index.html", "runs"] and dead_links(tmp_path) == []


def test_a_page_that_leads_to_an_older_run_is_mended(tmp_path):
    """A kill where links can't be made leaves the newest run's id, and the page of the one before."""
    first, second = make(tmp_path, 1), make(tmp_path, 2)
    (tmp_path / "runs" / "latest").unlink()
    write_text(tmp_path / "runs" / "latest.json", json.dumps({"run": second.name}))
    write_text(tmp_path / "index.html", runs.forward(f"runs/{first.name}/index.html"))
    with building(tmp_path) as place:
        assert place.before == second and first.name not in (tmp_path / "index.html").read_text()


def test_a_run_whose_folder_was_removed_is_not_shown(tmp_path):
    make(tmp_path, 1)
    with (
        pytest.raises(CantWrite, match="its folder was removed while it was made; run again"),
        building(tmp_path) as place,
    ):
        shutil.rmtree(tmp_path)
        write_manifest(place.folder, {"run": {"id": place.id}, "reports": {}})  # which makes the folder anew
        place.publish()
    assert latest(tmp_path) is None and not (tmp_path / "runs").exists()
    assert make(tmp_path, 2) == latest(tmp_path)


def test_a_kill_while_pruning_leaves_whole_runs_and_no_dead_link(tmp_path):
    script = "import os, sys, shutil\nfrom toolkit.report import runs\nKILL\nruns.prune(sys.argv[1], 1)"
    die = "real = os.rename\ndef rename(*paths):\n    real(*paths); os._exit(9)\nos.rename = rename"
    for number, kill in enumerate((die, "shutil.rmtree = lambda *_, **__: os._exit(9)")):
        out = tmp_path / str(number)
        newest = [make(out, day) for day in (1, 2, 3)][-1]
        done = subprocess.run(
            [sys.executable, "-c", script.replace("KILL", kill), out], env=os.environ | {"PYTHONPATH": ROOT}
        )
        assert done.returncode == 9 and latest(out) == newest
        assert all((one / "waits.html").is_file() for one in all_runs(out))
        prune(out, 1)
        assert all_runs(out) == [newest] and dead_links(out) == [] and not leftovers(out)


@pytest.mark.parametrize("name", ["a" * 251 + ".csv", "\u8ba1" * 83 + ".csv"])
def test_a_file_is_replaced_and_never_written_into(tmp_path, monkeypatch, name):
    there, shared = tmp_path / name, tmp_path / "shared"
    replace_file(there, "old\n")
    there.chmod(0o640)
    os.link(there, shared)
    replace_file(there, b"new\r\n")
    assert there.read_bytes() == b"new\r\n" and shared.read_text() == "old\n" and there.stat().st_mode & 0o777 == 0o640
    there.unlink()
    os.link(shared, there)
    (tmp_path / "kept").write_text("kept")
    link(tmp_path / "kept", there)  # no link can be made, as something is there
    assert there.read_text() == "kept" and shared.read_text() == "old\n"
    with pytest.raises(IsADirectoryError):
        replace_file(tmp_path, "x")
    assert sorted(os.listdir(tmp_path)) == sorted([name, "kept", "shared"])
    assert not [path for path in tmp_path.parent.glob(".*") if path.suffix == ".part"]


def test_of_many_runs_those_that_are_shown_are_read_once(tmp_path, monkeypatch):
    rare = make(tmp_path, 1, ["csat"])
    for day in range(2, 7):
        make(tmp_path, day)
    read = []

    def reading(path):
        read.append(Path(path).name)
        return read_manifest(path)

    monkeypatch.setattr(runs, "read_manifest", reading)
    monkeypatch.setattr("toolkit.report.history.MOST_RUNS", 3)
    shown = [rare.name, *(path.name for path in all_runs(tmp_path)[:3])]
    assert not read
    newest = make(tmp_path, 7, ["csat"])
    assert sorted(read) == sorted(shown)
    page = text_of(newest / "history.html")
    assert "7 runs" in page and dead_links(tmp_path) == []
    assert f"../{rare.name}/csat.html" in (newest / "csat.html").read_text()  # its last edition, of long ago


def test_a_run_whose_pdf_failed_says_so(tmp_path, monkeypatch):
    from pypdf import PdfWriter

    def print_page(place, page, *_):
        if page == "waits.html":
            raise pdf.NotPrinted("its PDF could not be made: no", 5)
        paper = PdfWriter()
        paper.add_blank_page(72, 72)
        paper.write((place / page).with_suffix(".pdf"))

    monkeypatch.setattr(pdf, "print_page", print_page)
    first = make(tmp_path, 1, ["waits", "csat"], browser="chromium")
    manifest = read_manifest(first)
    assert manifest["status"] == "failed" and manifest["reports"]["waits"]["status"] == "ok"
    unprinted, index = "No PDF: this report could not be printed", text_of(first / "index.html")
    assert (
        index.count("no PDF: it could not be printed") == 1 and 'href="csat.pdf"' in (first / "index.html").read_text()
    )
    assert unprinted in text_of(first / "waits.html") and ".pdf" not in (first / "waits.html").read_text()
    assert unprinted not in text_of(first / "csat.html") and 'href="csat.pdf"' in (first / "csat.html").read_text()
    second = make(tmp_path, 2, ["calls"])  # which was to print nothing, and keeps both without a PDF
    pages = [(second / f"{name}.html").read_text() for name in ("index", "waits", "csat")]
    assert not any(word in page for page in pages for word in ("PDF:", '.pdf"'))


def test_the_index_leads_to_its_pdf_where_there_is_one(tmp_path, monkeypatch):
    def printed(place, *_, **__):
        assert "index.pdf" not in (place.folder / "index.html").read_text()  # on paper it doesn't lead to itself
        (place.folder / "index.pdf").write_bytes(b"")

    monkeypatch.setattr("toolkit.report.pdf.print_reports", lambda *_, **__: None)
    monkeypatch.setattr("toolkit.report.pdf.print_overview", printed)
    monkeypatch.setattr("toolkit.report.pdf.mend_links", lambda *_: None)
    first, second = make(tmp_path, 1, browser="chromium"), make(tmp_path, 2)
    assert 'href="index.pdf"' in (first / "index.html").read_text() and dead_links(tmp_path) == []
    assert "index.pdf" not in (second / "index.html").read_text()


@pytest.fixture
def unremovable(monkeypatch):
    """Files of a run that belong to another user: a function that names the run."""
    real, names = os.unlink, []

    def unlink(path, *, dir_fd=None):
        where = os.readlink(f"/proc/self/fd/{dir_fd}") if dir_fd is not None else str(path)
        if any(name in where for name in names):
            raise PermissionError(13, "Permission denied", path)
        real(path, dir_fd=dir_fd)

    monkeypatch.setattr(os, "unlink", unlink)
    return names


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="which folder a file is removed from: on Linux")
def test_a_run_that_cannot_be_removed_blocks_no_other(tmp_path, unremovable):
    first, second, third = (make(tmp_path, day) for day in (1, 2, 3))
    unremovable.append(first.name)
    told = []
    assert prune(tmp_path, 1, warn=told.append) == [second.name, first.name]
    gone = tmp_path / "runs" / f".gone-{first.name}"
    said = [
        f"{gone}: can't be removed: Permission denied; nothing shows it and no run needs it, let its owner remove it"
    ]
    assert told == said and all_runs(tmp_path) == [third] and gone.is_dir()
    assert dead_links(tmp_path) == []
    told.clear()
    with building(tmp_path, warn=told.append) as place:
        assert place.before == third
    assert told == said
    assert make(tmp_path, 4) == latest(tmp_path)
    unremovable.clear()
    assert make(tmp_path, 5) == latest(tmp_path) and not leftovers(tmp_path)


def test_a_run_that_cannot_be_moved_away_stays_whole(tmp_path, monkeypatch):
    first, second, _ = (make(tmp_path, day) for day in (1, 2, 3))
    real, told = os.rename, []

    def rename(path, to):
        if Path(path) == second:
            raise PermissionError(1, "Operation not permitted", str(path))
        real(path, to)

    monkeypatch.setattr(os, "rename", rename)
    assert prune(tmp_path, 1, warn=told.append) == [first.name] and len(told) == 1 and str(second) in told[0]
    assert second in all_runs(tmp_path) and not leftovers(tmp_path) and dead_links(tmp_path) == []


@pytest.mark.usefixtures("forks")
def test_pruning_that_fails_undoes_no_run(folder, tmp_path, monkeypatch):  # noqa: F811
    notebook(folder, "good", "print(1)")
    told = []

    def broken(*_):
        with pytest.raises(CantWrite), locked(tmp_path / "out" / "runs"):  # no other run comes between
            pass
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(runs, "thin", broken)
    outcome = run(folder, keep=1, warn=told.append)["good"]
    assert outcome.status == "ok" and outcome.html.is_file()
    assert told[-1].startswith("the reports are made, and past runs could not be removed: ")


def test_a_second_run_refuses_or_waits(tmp_path):
    make(tmp_path, 1)
    hold = "import sys, time\nfrom toolkit.report import runs\nwith runs.building(sys.argv[1]) as place:\n"
    hold += "    print(place.id, flush=True)\n    sys.stdin.read()"
    first = subprocess.Popen(
        [sys.executable, "-c", hold, tmp_path],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=os.environ | {"PYTHONPATH": ROOT},
    )
    try:
        assert first.stdout.readline()
        for refused in (lambda: make(tmp_path, 2), lambda: prune(tmp_path, 1)):
            with pytest.raises(CantWrite, match=rf"another run writes into it: process {first.pid}, since 20.*--wait"):
                refused()
        with pytest.raises(CantWrite), building(tmp_path, wait=0.3):
            pass
        assert cli.main(["prune", "--keep", "1", "--out", str(tmp_path)]) == 7
        first.stdin.close()
        with building(tmp_path, wait=60) as place:
            assert place.before == latest(tmp_path)
    finally:
        first.kill()
        first.wait()
        first.stdout.close()
    assert not leftovers(tmp_path)


def test_where_a_folder_has_no_lock_a_file_has(tmp_path, monkeypatch):
    import fcntl
    import stat

    real = fcntl.flock

    def flock(number, how):
        if stat.S_ISDIR(os.fstat(number).st_mode):
            raise OSError(9, "Bad file descriptor")
        real(number, how)

    monkeypatch.setattr(fcntl, "flock", flock)
    make(tmp_path, 1)
    with locked(tmp_path / "runs"), pytest.raises(CantWrite), locked(tmp_path / "runs"):
        pass
    assert make(tmp_path, 2) == latest(tmp_path) and leftovers(tmp_path) == [".lock"]


def test_where_links_cannot_be_made_a_file_says_which_run_is_shown(tmp_path, monkeypatch):
    linked = make(tmp_path, 1)

    def refuse(*_, **__):
        raise OSError(1, "A required privilege is not held by the client")

    with monkeypatch.context() as patch:
        patch.setattr(os, "symlink", refuse)
        patch.setattr(os, "link", refuse)
        run = make(tmp_path, 2, ["csat"])
        assert latest(tmp_path) == run and not (tmp_path / "runs" / "latest").exists()
        assert json.loads((tmp_path / "runs" / "latest.json").read_text()) == {"run": run.name}
        assert f"runs/{run.name}/index.html" in (tmp_path / "index.html").read_text()
        assert (run / "waits.html").is_file() and not (run / "notebooks/waits.ipynb").samefile(
            linked / "notebooks/waits.ipynb"
        )
    third = make(tmp_path, 3)  # and back
    assert latest(tmp_path) == third and not (tmp_path / "runs" / "latest.json").exists()
    assert "runs/latest/index.html" in (tmp_path / "index.html").read_text() and dead_links(tmp_path) == []


@pytest.mark.parametrize("step", ["rename", "symlink"])
def test_a_full_disk_leaves_the_last_run_shown(tmp_path, monkeypatch, step):
    good = make(tmp_path, 1)

    def full(*_, **__):
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, step, full)
        with pytest.raises(CantWrite, match="No space left on device"):
            make(tmp_path, 2)
        assert latest(tmp_path) == good and (good / "waits.html").is_file()
    assert make(tmp_path, 3) == latest(tmp_path) and not leftovers(tmp_path)


def test_inputs_that_are_replaced_while_they_are_read_are_refused(tmp_path):
    file = tmp_path / "calls.csv"
    file.write_text("call_id,started_at\n1,2024-01-01T09:00:00Z\n")
    inputs = Inputs(tmp_path)
    opened = toolkit.open_data(tmp_path)
    inputs.note(opened)
    inputs.check()
    said = inputs.digests({})["inputs"]
    assert list(said) == ["calls.csv"] and said["calls.csv"]["bytes"] == file.stat().st_size
    (tmp_path / "new").write_text("call_id,started_at\n2,2024-01-01T09:00:00Z\n")
    os.replace(tmp_path / "new", file)
    with pytest.raises(BadData, match=r"calls.csv: was replaced or written to while it was read; no report was made"):
        inputs.check()


STAMPS = [
    (r"\d{8}T\d{6}Z-[0-9a-f]{6}", "ID"),
    (r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\+00:00|Z)", "TIME"),
    (r"\d{1,2} [A-Z][a-z]+ \d{4}, \d\d:\d\d", "TIME"),
    (r"made in \d+\.\d s", "made in"),
]


def stamped(folder):  # noqa: F811
    """{file: bytes} of a run, its own stamps taken out."""
    found = {}
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            if path.suffix == ".parquet":
                found[str(path.relative_to(folder))] = path.read_bytes()
                continue
            if path.suffix == ".xlsx":
                with zipfile.ZipFile(path) as book:
                    text = "".join(
                        f"{one.filename} {one.date_time} {book.read(one).decode()}" for one in book.infolist()
                    )
            else:
                text = path.read_text(encoding="utf-8")
            if path.name == "manifest.json":
                manifest = json.loads(text)
                del manifest["run"], manifest["timings"]
                text = json.dumps(manifest)
            for pattern, put in STAMPS:
                text = re.sub(pattern, put, text)
            found[str(path.relative_to(folder))] = text
    return found


@pytest.mark.usefixtures("forks")
def test_the_same_inputs_give_the_same_bytes(folder, export, tmp_path):  # noqa: F811
    notebook(
        folder,
        "good",
        DISPLAY,
        "import matplotlib.pyplot as plt; plt.plot([1, 2]); plt.show()",
        "print(sorted({'b', 'a'}))",
    )
    notebook(folder, "bad", "1 / 0")
    made = []
    for name in ("one", "two"):
        run_reports(data=export, out=tmp_path / name, options=Options(notebooks=folder, jobs=1))
        made.append(stamped(latest(tmp_path / name)))
    assert made[0].keys() == made[1].keys() >= {"failed/bad.ipynb", "failed/bad.log", "ledger.csv", "run.log"}
    assert [name for name in made[0] if made[0][name] != made[1][name]] == []
    text = (latest(tmp_path / "one") / "notebooks" / "good.ipynb").read_text()
    assert "start_time" not in text and "iopub" not in text


@pytest.mark.usefixtures("forks")
def test_a_run_in_which_all_failed_is_told_of(folder, tmp_path):  # noqa: F811
    notebook(folder, "good", "print(1)")
    run(folder)
    notebook(folder, "good", "1 / 0")
    outcome = run(folder, keep=1)["good"]
    shown = latest(tmp_path / "out")
    assert outcome.log == shown / "failed" / "good.log" and outcome.log.is_file()
    assert (
        read_manifest(shown)["status"] == "failed" and len(all_runs(tmp_path / "out")) == 2
    )  # no good run, no pruning
    assert "good: failed: ZeroDivisionError" in (shown / "run.log").read_text()
    notebook(folder, "good", "print(2)")
    run(folder, keep=1)
    assert len(all_runs(tmp_path / "out")) == 1 and dead_links(tmp_path / "out") == []


def test_a_browser_finds_nothing_wrong_with_the_history(tmp_path, audit):  # noqa: F811
    make(tmp_path, 1, ["waits", "csat"], figures=[moved(0.70, "70 %"), LOST], **MARCH)
    for day in (2, 3):
        shown = make(tmp_path, day, ["waits"], failed=["csat"], figures=[moved(0.72, "72 %"), LOST])
    views = [("light", 1280), ("dark", 390), ("light", 320)]
    for name in ("history", "index", "csat"):
        assert audit(shown / f"{name}.html", views) == CLEAN, name
    gone = all_runs(tmp_path)[1]
    prune(tmp_path, 1)
    assert audit(gone / "waits.html", [("light", 390)]) == CLEAN


def test_what_one_run_reveals_is_in_no_later_run_that_masks(tmp_path):
    ann = (LOST[0] | {"note": "ann@example.com lost most"}, LOST[1])
    shown = make(
        tmp_path, 1, good=("waits", "calls"), failed=("csat",), figures=(ann,), is_revealed=True, why="ann@example.com?"
    )
    assert "ann@example.com" in (shown / "figures.json").read_text("utf-8") + (shown / "waits.html").read_text("utf-8")
    for name in ("index.html", "history.html"):
        assert "Personal data is shown on this page" in text_of(shown / name)

    for masked in (make(tmp_path, 2, good=("waits",)), make(tmp_path, 3, good=("waits",))):
        files = [path for path in masked.rglob("*") if path.is_file()]
        assert [path.name for path in files if b"ann@example.com" in path.read_bytes()] == []
        assert not (masked / "calls.html").exists() and not list(masked.rglob("calls*"))
        assert "Personal data is shown" not in text_of(masked / "index.html")
        assert "Not shown: it was last made with --reveal" in text_of(masked / "index.html")
        assert "Not shown: it was last made with --reveal" in text_of(masked / "history.html")
        with zipfile.ZipFile(masked / "figures.xlsx") as book:
            assert not [name for name in book.namelist() if b"ann@example.com" in book.read(name)]
    assert not dead_links(tmp_path)


def test_a_folder_in_the_place_of_the_link_to_the_newest_run_is_told(tmp_path):
    said = []
    made_run(tmp_path)
    (tmp_path / "runs/latest").unlink()
    (tmp_path / "runs/latest").mkdir()
    name = made_run(tmp_path, said.append)
    assert len(said) == 1 and str(tmp_path / "runs/latest") in said[0] and "take it away" in said[0]
    assert f"url=runs/{name}/index.html" in (tmp_path / "index.html").read_text()
    assert latest(tmp_path).name == name and (tmp_path / "runs/latest").is_dir()
    (tmp_path / "runs/latest").rmdir()
    made_run(tmp_path, said.append)
    assert len(said) == 1 and (tmp_path / "runs/latest").is_symlink()


def test_a_folder_that_was_swapped_while_a_run_was_made_gets_nothing(tmp_path):
    out, other = tmp_path / "out", tmp_path / "other"
    with pytest.raises(CantWrite, match="was put in its place"), building(out) as place:
        write_manifest(place.folder, {"format": 1})
        shutil.copytree(out, other)
        out.rename(tmp_path / "moved")
        out.symlink_to(other)
        place.publish()
    assert all_runs(other) == [] and not (other / "index.html").exists()


def made_run(out, warn=None):
    with building(out, warn=warn) as place:
        write_manifest(place.folder, {"format": 1, "run": {"id": place.id, "number": place.number}})
        (place.folder / "index.html").write_text("x")
        place.publish()
    return place.id


def test_a_run_that_made_nothing_says_of_when_it_shows_what(tmp_path):
    make(tmp_path, 1, ["waits", "csat"], **month(2, 29))
    make(tmp_path, 2, ["waits"], **month(3, 31))
    run = make(tmp_path, 3, [], failed=["waits"])
    said = "The run of 3 May 2024, 08:00 made no report; what is shown was made 2 May 2024, 08:00 or before."
    assert said in text_of(run / "index.html")
    page = text_of(run / "csat.html")
    found = page[page.index("This page was made") :][:300]
    assert "It is of 1 to 29 February 2024" in found and "the newest reports are of 1 to 31 March" in found, found
    assert "made no report" not in text_of(make(tmp_path, 4, ["csat"]) / "index.html")
