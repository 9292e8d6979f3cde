"""After whatever goes wrong the folder of the reports shows one whole run, the exit code says what it was, nothing is left.

`python tests/faults.py` does more rounds of it, and all that takes a notebook's time or a disk of its own.
"""

import random

import faults
import pytest

from toolkit.report import nursery

pytestmark = pytest.mark.skipif(not nursery._is_able(), reason="process control by the system: on Linux")


@pytest.fixture(scope="module")
def stand(tmp_path_factory):
    return faults.Stand(tmp_path_factory.mktemp("faults"))


@pytest.fixture(scope="module")
def forks(stand):
    with faults.Forks(stand) as started:
        yield started


def right(done, least=1):
    """Each round of a fault with what is wrong; how often it was done, which has to be at least so often."""
    found = [(number, code, wrong) for number, (code, _, wrong) in enumerate(done, 1)]
    assert [one for one in found if one[2]] == [] and len(found) >= least
    return len(found)


def test_what_is_looked_at_is_found_when_it_is_wrong(stand, forks, tmp_path):
    """The look itself: of a run that is whole nothing is wrong, and each harm to it is."""
    assert faults.faults_of(stand.out) == faults.left_by(stand) == []
    from toolkit.report.runs import latest

    shown = latest(stand.out)
    harms = {
        "first.html": (lambda text: text[:-100], "isn't whole"),
        "second.html": (lambda text: text.replace("made for round-1 end", ""), "isn't of the run"),
        "notebooks/third.ipynb": (lambda text: text.replace("round-1", "round-9"), "isn't of the run"),
        "index.html": (lambda text: text.replace("About first", "About"), "doesn't say what the manifest does"),
        "history.html": (lambda text: text + "<!-- -->", "doesn't say what the manifest does"),
        "figures.json": (lambda text: text.replace("inbound-volume", "outbound"), "isn't there"),
        "manifest.json": (lambda text: text.replace(shown.name, "another"), "holds the manifest of"),
        "../../../data/conversations.csv": (lambda text: text + "\n", "conversations.csv isn't what the manifest says"),
        "../../../notebooks/second.ipynb": (lambda text: text + "\n", "second.ipynb isn't what the manifest says"),
    }
    for file, (harm, said) in harms.items():
        before = (shown / file).read_text()
        (shown / file).write_text(harm(before))
        wrong = faults.faults_of(stand.out)
        (shown / file).write_text(before)
        assert any(said in one for one in wrong), (file, wrong)
    (shown / "third.html").rename(tmp_path / "third.html")
    with pytest.raises(FileNotFoundError):
        faults.faults_of(stand.out)
    (tmp_path / "third.html").rename(shown / "third.html")
    (stand.out / "runs" / ".building-x").mkdir()
    (stand.temporary / "toolkit-x").mkdir()
    with faults.locked_by_another(stand.out / "runs"):
        assert sorted(faults.left_by(stand)) == ["runs/.building-x", "temporary folder toolkit-x", "the lock is held"]
    (stand.out / "runs" / ".building-x").rmdir()
    (stand.temporary / "toolkit-x").rmdir()
    assert faults.faults_of(stand.out) == faults.left_by(stand) == []


def test_a_kill_at_each_step_of_a_run(stand, forks):
    done = faults.at_each_step(stand, forks, "SIGKILL", (faults.KILLED,), is_followed=False)
    assert right(done, least=35) == len(forks.steps)
    assert any("os.rename /runs/.latest-" in step for step in forks.steps)  # to the very last
    assert faults.left_by(stand) == []


def test_a_kill_at_the_last_steps_of_the_first_run_of_a_folder(stand, forks):
    right(faults.first_run(stand, forks, last=7), least=7)


def test_a_kill_in_the_middle_of_a_file(stand, forks):
    right(faults.in_the_middle_of_a_file(stand, forks, (300, 9_000)), least=2)


@pytest.mark.parametrize("name, code", [("SIGHUP", 129), ("SIGTERM", 143), ("SIGINT", 130)])
def test_a_signal_while_a_run_is_put_together(stand, forks, name, code):
    right(faults.at_each_step(stand, forks, name, (code,), every=18), least=2)


def test_a_disk_that_is_full_from_some_step_on(stand, forks):
    right(faults.at_each_step(stand, forks, "full", (7,), every=9), least=4)


def test_reports_that_are_removed_while_they_are_made(stand, forks):
    right(faults.at_each_step(stand, forks, "removed", (7,), True, every=11), least=3)


def test_inputs_that_change_and_clocks_that_are_set_back(stand, forks):
    right(faults.changed_inputs(stand, forks), least=2)
    right(faults.clock_set_back(stand, forks), least=3)


def test_a_run_of_processes_that_is_killed_and_one_beside_it(stand, forks):
    right(faults.two_at_once(stand, forks))
    right(faults.kill_some(stand, forks, random.Random(1), "runner", 1))
