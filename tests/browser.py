"""Open a page in headless Chromium and say what is wrong with it; import the fixture `audit` to use it.

Chromium is the system's; without it the tests are skipped, but fail where the environment says CI.
"""

import os
import shutil
from pathlib import Path

import pytest

CHROMIUM = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
VIEWS = [("light", 1280), ("dark", 1280), ("light", 360), ("dark", 360)]


def open_chromium():
    """(playwright's context manager, a function that launches the browser), or skip the test."""
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        sync_playwright = None
    if not CHROMIUM or sync_playwright is None:
        reason = "no chromium" if sync_playwright else "no playwright"
        (pytest.fail if os.environ.get("CI") else pytest.skip)(f"{reason}: pages can't be looked at")
    # A new profile each time is playwright's default.
    return sync_playwright(), lambda play: play.chromium.launch(executable_path=CHROMIUM, args=FLAGS)


def audit_page(path, views=VIEWS, browser=None):
    """What is wrong with the page at `path`, seen in each of the views (colour scheme, width).

    Parameters
    ----------
    browser : optional; one that is open, else one is opened for this page

    Returns
    -------
    dict with
        console : messages on the console and errors of the page
        requests : addresses that it asked for, but its own
        violations : of axe-core, each as "impact rule: target (view)"
        overflow : views in which the page scrolls sideways
    """
    address = Path(path).resolve().as_uri()
    found = {"console": [], "requests": [], "violations": [], "overflow": []}
    if browser is not None:
        _audit(browser, address, views, found)
    else:
        manager, launch = open_chromium()
        with manager as play:
            browser = launch(play)
            _audit(browser, address, views, found)
            browser.close()
    found["requests"] = [url for url in found["requests"] if url != address and not url.startswith("data:")]
    return found


def _audit(browser, address, views, found):
    from axe_playwright_python.sync_playwright import Axe

    for scheme, width in views:
        view = f"{scheme}, {width} px"
        context = browser.new_context(viewport={"width": width, "height": 800}, color_scheme=scheme)
        page = context.new_page()
        listener = lambda message, view=view: found["console"].append(f"{message.text} ({view})")  # noqa: E731
        page.on("console", listener)
        page.on("pageerror", lambda error, view=view: found["console"].append(f"{error} ({view})"))
        page.on("request", lambda request: found["requests"].append(request.url))
        page.goto(address)
        page.evaluate("document.querySelectorAll('details').forEach(it => it.open = true)")
        if page.evaluate("document.documentElement.scrollWidth > window.innerWidth"):
            found["overflow"].append(view)
        page.remove_listener("console", listener)  # what axe says there is not the page's
        for violation in Axe().run(page).response["violations"]:
            targets = ", ".join(str(node["target"]) for node in violation["nodes"][:5])
            found["violations"].append(f"{violation['impact']} {violation['id']}: {targets} ({view})")
        context.close()


@pytest.fixture
def audit():
    """`audit_page`, or the test is skipped when there is no browser."""
    open_chromium()
    return audit_page
