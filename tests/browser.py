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
BRIEF = {"resultTypes": ["violations"]}  # of what is well axe needn't write down every element
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


def audit_page(path, views=VIEWS, browser=None, rules=True, contrast=True, is_examined=False):
    """What is wrong with the page at `path`, seen in each of the views (colour scheme, width).

    Parameters
    ----------
    browser : optional; one that is open, else one is opened for this page
    rules : whether axe-core looks at it, which takes seconds of a long page
    contrast : whether it looks at the contrast of each text, too, which takes most of them
    is_examined : whether it is looked for what can't be read there, see `examine`

    Returns
    -------
    dict with
        console : messages on the console and errors of the page
        requests : addresses that it asked for, but its own
        violations : of axe-core, each as "impact rule: target (view)"
        overflow : views in which the page scrolls sideways
        unread : where it is examined, {view: what can't be read}
    """
    address = Path(path).resolve().as_uri()
    found = {"console": [], "requests": [], "violations": [], "overflow": []} | ({"unread": {}} if is_examined else {})
    if browser is not None:
        _audit(browser, address, views, found, rules, contrast)
    else:
        manager, launch = open_chromium()
        with manager as play:
            browser = launch(play)
            _audit(browser, address, views, found, rules, contrast)
            browser.close()
    found["requests"] = [url for url in found["requests"] if url != address and not url.startswith("data:")]
    return found


def _audit(browser, address, views, found, rules, contrast):
    from axe_playwright_python.sync_playwright import Axe

    options = BRIEF | ({} if contrast else {"rules": {"color-contrast": {"enabled": False}}})
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
        if "unread" in found and any((seen := examine(page)).values()):
            found["unread"][view] = seen
        page.remove_listener("console", listener)  # what axe says there is not the page's
        for violation in Axe().run(page, options=options).response["violations"] if rules else ():
            targets = ", ".join(str(node["target"]) for node in violation["nodes"][:5])
            found["violations"].append(f"{violation['impact']} {violation['id']}: {targets} ({view})")
        context.close()


OPEN = "document.querySelectorAll('details').forEach(it => it.open = true)"
# What is drawn beyond the window, though it is no table that scrolls in a box of its own.
WIDE = """() => [...document.querySelectorAll('body *')].filter(it => it.getClientRects().length
  && !it.closest('.scroll, .toolkit-table, .chart, pre, .vh, .skip') && it.getBoundingClientRect().right > innerWidth + 1)
  .map(it => it.tagName + ': ' + it.textContent.trim().slice(0, 40))"""
# Texts of less than 12 px, a chart's after it was scaled; marks are no text.
SMALL = """() => [...document.querySelectorAll('body *')].filter(it => it.getClientRects().length
  && [...it.childNodes].some(node => node.nodeType === 3 && node.data.trim()) && !it.closest('.mark, .vh, title'))
  .map(it => {
    const svg = it.closest('svg');
    const scale = svg ? svg.getBoundingClientRect().width / svg.viewBox.baseVal.width : 1;
    return [it.textContent.trim().slice(0, 40), parseFloat(getComputedStyle(it).fontSize) * scale];
  }).filter(([, size]) => size < 11.99)"""
# Words of a table on two lines, but at a hyphen or a slash; what a file says as it is (the ledger's values) is no word.
BROKEN = """() => {
  const broken = [];
  for (const cell of document.querySelectorAll('th, td:not(.value)')) {
    const texts = document.createTreeWalker(cell, NodeFilter.SHOW_TEXT);
    for (let node = texts.nextNode(); node; node = texts.nextNode()) {
      for (const word of node.data.matchAll(/[^\\s]+/g)) {
        const range = document.createRange();
        range.setStart(node, word.index);
        range.setEnd(node, word.index + word[0].length);
        const lines = new Set([...range.getClientRects()].map(it => Math.round(it.top)));
        if (lines.size > 1 && !/[-/\\u2013]/.test(word[0])) broken.push(word[0]);
      }
    }
  }
  return broken;
}"""
PAPER = 710  # px between the margins of A4


def examine(page):
    """Of a page of playwright as it stands: {"wide", "small", "broken"}, see above."""
    return {"wide": page.evaluate(WIDE), "small": page.evaluate(SMALL), "broken": page.evaluate(BROKEN)}


def examine_report(path, browser=None, widths=(1280, 390, 320)):
    """What of a report can't be read on a screen of each width and on paper, and its number of A4 pages.

    Returns
    -------
    dict with `pages`, and `faults`: {view: what was found} of the views in which something was
    """
    if browser is None:
        manager, launch = open_chromium()
        with manager as play:
            return examine_report(path, launch(play), widths)
    faults, address = {}, Path(path).resolve().as_uri()
    for width in (*widths, "paper"):
        page = browser.new_page(viewport={"width": PAPER if width == "paper" else width, "height": 800})
        page.goto(address)
        if width == "paper":
            pages = page.pdf(prefer_css_page_size=True, print_background=True).count(b"/Type /Page\n")
            page.emulate_media(media="print")
        page.evaluate(OPEN)
        found = examine(page)
        if width == "paper":  # a chart is printed as wide as the paper is
            found.pop("small")
        if any(found.values()):
            faults[width] = found
        page.close()
    return {"pages": pages, "faults": faults}


@pytest.fixture
def audit():
    """`audit_page`, or the test is skipped when there is no browser."""
    open_chromium()
    return audit_page
