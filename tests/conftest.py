"""Shared fixtures, and the rule that CI skips nothing."""

import gc
import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, settings

ROOT = Path(__file__).resolve().parent.parent
REAL = Path(os.environ.get("TOOLKIT_REAL_DATA", ROOT.parent / "shared" / "data"))

# Expressions are many small objects that live on: to look through them for garbage at every 700 takes a twelfth of the
# suite's time. What a test leaves behind is still found, only later.
gc.set_threshold(200_000, 10, 50)

# As a rule the same few random tables each time, so that a failure is the change's. At night
# (pytest --hypothesis-profile nightly) twenty times as many new ones, and of those that fail the smallest is looked
# for, which takes minutes of queries.
always = {"deadline": None, "database": None, "suppress_health_check": list(HealthCheck)}
settings.register_profile(
    "daily", max_examples=100, derandomize=True, phases=[Phase.explicit, Phase.generate], **always
)
settings.register_profile(
    "nightly", max_examples=2000, derandomize=False, print_blob=True, phases=list(Phase), **always
)
settings.load_profile("daily")


@pytest.fixture(scope="session")
def real_data():
    """The folder of real inputs; a test that needs it is skipped where it isn't."""
    if not REAL.is_dir():
        pytest.skip(f"the real inputs are not at {REAL} (set TOOLKIT_REAL_DATA)")
    return REAL


@pytest.fixture(scope="session")
def sample():
    """The whole sample data set, opened once."""
    from toolkit.load import open_data

    return open_data(ROOT / "data" / "sample")


@pytest.fixture(scope="module")
def browser():
    """Chromium, opened once for the tests of a file."""
    from browser import open_chromium

    manager, launch = open_chromium()
    with manager as play:
        opened = launch(play)
        yield opened
        opened.close()


@pytest.fixture(autouse=True, scope="session")
def _from_the_root():
    """Doctests name data/sample as a reader would, from the project's folder."""
    before = Path.cwd()
    os.chdir(ROOT)
    yield
    os.chdir(before)


# Files whose tests start the same servers, and read the same results of the embedded engine.
ENGINES = {f"tests/test_{name}.py" for name in ("engines", "metrics_inputs", "workload_engines")}


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config, log):
    """A file's tests, and those of the engines, run in one worker (pytest -n 2 --dist loadfile), so that what they share is made once.

    xdist's own `loadgroup` hangs the group on a node's private name, which newer versions of pytest don't have: it
    then spreads the tests of a group without a word.
    """
    if config.getvalue("dist") != "loadfile":
        return None
    from xdist.scheduler import LoadFileScheduling

    class ByFile(LoadFileScheduling):
        def _split_scope(self, nodeid):
            file = super()._split_scope(nodeid)
            return "engines" if file in ENGINES else file

    return ByFile(config, log)


def open_the_sample_once():
    """Whoever opens data/sample as it is, the examples of docstrings above all, gets views of the same tables."""
    import toolkit.load.open as place

    open_raw, opened = place._open_raw, {}

    def once(path, source, service, as_of, told):
        if Path(path).resolve() != ROOT / "data" / "sample" or service or as_of:
            return open_raw(path, source, service, as_of, told)
        if str(source) not in opened:
            opened[str(source)] = open_raw(path, source, service, as_of, told)
        return opened[str(source)]

    place._open_raw = once


@pytest.hookimpl(trylast=True)
def pytest_collection_finish(session):
    """What is imported and collected by now stays to the end: no need to look through it again."""
    open_the_sample_once()
    gc.collect()
    gc.freeze()


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session):
    """On CI a skipped test is a failure: everything that a test needs is installed there."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if os.environ.get("CI") and reporter and not hasattr(session.config, "workerinput"):
        skipped = reporter.stats.get("skipped", [])
        if skipped:
            session.exitstatus = 1
            reporter.write_line(f"CI: {len(skipped)} test(s) were skipped that should run here", red=True)
