"""What of a page keeps people out: axe-core, contrast, zoom, text spacing, forced colours, keyboard. For tests, and by hand:

    python tests/audit.py FOLDER [NAME]...

prints a table of the pages of a run's folder: what was found in each colour scheme and width.
"""

import sys
from collections import Counter
from pathlib import Path

from browser import BROKEN, WIDE, open_chromium

WIDTHS = (1280, 390, 320)  # 320 px are 1280 px at 400 %
SCHEMES = ("light", "dark")
# Rules that axe-core has and leaves out unless asked: the size of targets of WCAG 2.2, and those that it calls
# experimental. Contrast of 7 (AAA) is not asked for.
MORE = {
    "target-size": True,
    "css-orientation-lock": True,
    "label-content-name-mismatch": True,
    "p-as-heading": True,
    "table-fake-caption": True,
    "td-has-header": True,
    # Experimental, and left out: it wants a landmark of each box that scrolls. A report has twenty, and as many
    # landmarks are no help; each is a group with a name, and reached by keyboard.
    "focus-order-semantics": False,
}
# What axe-core can't tell, and what tells it instead: any other rule of which it is unsure is a finding.
SETTLED = {
    "color-contrast": "text over drawings, boxes that scroll and marks: CONTRAST measures every text",
}

# Everything that a reader can come to is open: details, each tab, but not the menu, which lies over the page.
SHOW = """() => {
  document.querySelectorAll('details:not(.menu)').forEach(it => it.open = true);
  const sheet = new CSSStyleSheet();
  sheet.replaceSync('.tabs > .panel { display: block !important }');
  document.adoptedStyleSheets = [...document.adoptedStyleSheets, sheet];
}"""
SPACED = """() => {
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(`body, body *:not(svg, svg *) { line-height: 1.5 !important; letter-spacing: 0.12em !important;
    word-spacing: 0.16em !important } p { margin-bottom: 2em !important }`);
  document.adoptedStyleSheets = [...document.adoptedStyleSheets, sheet];
}"""
# What the next three share: each line of text that is drawn, where it is, cut to the boxes that scroll it.
LINES = """
  const hidden = '.vh, .skip, title, desc, [hidden]';
  const boxes = new Map();
  const boxOf = element => {
    if (!element || element === document.body || element === document.documentElement) return null;
    if (!boxes.has(element)) {
      const told = getComputedStyle(element), over = boxOf(element.parentElement);
      let box = over;
      if (/auto|scroll|hidden|clip/.test(told.overflowX + told.overflowY) && !(element instanceof SVGElement)) {
        const mine = element.getBoundingClientRect();
        box = over ? { left: Math.max(over.left, mine.left), right: Math.min(over.right, mine.right),
          top: Math.max(over.top, mine.top), bottom: Math.min(over.bottom, mine.bottom) } : mine;
      }
      boxes.set(element, box);
    }
    return boxes.get(element);
  };
  const lines = [];
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let node = texts.nextNode(); node; node = texts.nextNode()) {
    const element = node.parentElement;
    if (!node.data.trim() || element.closest(hidden) || !element.checkVisibility({ visibilityProperty: true })) continue;
    if (/absolute/.test(getComputedStyle(element).position) && getComputedStyle(element).clipPath !== 'none') continue;
    if (element.closest('caption, .stacks thead') && getComputedStyle(element.closest('caption, thead')).clipPath !== 'none') continue;
    const range = document.createRange();
    range.selectNodeContents(node);
    const box = boxOf(element);
    for (const rect of range.getClientRects()) {
      const shown = box ? { left: Math.max(rect.left, box.left), right: Math.min(rect.right, box.right),
        top: Math.max(rect.top, box.top), bottom: Math.min(rect.bottom, box.bottom) } : rect;
      if (shown.right - shown.left > 1 && shown.bottom - shown.top > 1) lines.push({ element, node, shown });
    }
  }
  const name = line => line.node.data.trim().slice(0, 30);
"""
# Lines of text that lie over each other.
OVERLAPPING = (
    "() => {"
    + LINES
    + """
  const found = [];
  lines.sort((one, other) => one.shown.top - other.shown.top);
  lines.forEach((one, at) => {
    for (let next = at + 1; next < lines.length && lines[next].shown.top < one.shown.bottom - 3; next++) {
      const other = lines[next];
      const wide = Math.min(one.shown.right, other.shown.right) - Math.max(one.shown.left, other.shown.left);
      const high = Math.min(one.shown.bottom, other.shown.bottom) - other.shown.top;
      const lower = Math.min(one.shown.bottom - one.shown.top, other.shown.bottom - other.shown.top);
      if (one.node !== other.node && wide > 2 && high > 0.4 * lower) found.push(`${name(one)} / ${name(other)}`);
    }
  });
  return found;
}"""
)
# Boxes whose text is cut where nothing scrolls.
CUT = """() => [...document.querySelectorAll('body *:not(svg, svg *, .vh, .skip)')].filter(it => {
  const told = getComputedStyle(it);
  return it.checkVisibility() && it.clientWidth > 1 && told.clipPath === 'none'
    && ((/hidden|clip/.test(told.overflowX) && it.scrollWidth > it.clientWidth + 1)
      || (/hidden|clip/.test(told.overflowY) && it.scrollHeight > it.clientHeight + 1));
}).map(it => it.tagName + '.' + it.className + ': ' + it.textContent.trim().slice(0, 30))"""
# Texts whose contrast with what lies beneath them is less than 4.5, or 3 where they are large or a mark. A window as
# high as the page has to be given, as only what is in it can be asked for.
CONTRAST = (
    "() => {"
    + LINES
    + """
  const read = text => {
    if (!text || text === 'none' || text === 'transparent') return [0, 0, 0, 0];
    const numbers = text.match(/-?[\\d.]+(?:e-?\\d+)?/g)?.map(Number);
    if (!numbers || text.startsWith('url')) return null;
    const scale = text.startsWith('color(') ? 255 : 1;
    return [...numbers.slice(0, 3).map(it => it * scale), numbers[3] ?? 1];
  };
  const over = (top, below) => top.slice(0, 3).map((it, at) => it * top[3] + below[at] * (1 - top[3])).concat(1);
  const light = colour => [0.2126, 0.7152, 0.0722].reduce((sum, part, at) => {
    const value = colour[at] / 255;
    return sum + part * (value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4);
  }, 0);
  const ratio = (one, other) => {
    const [low, high] = [light(one), light(other)].sort((a, b) => a - b);
    return (high + 0.05) / (low + 0.05);
  };
  const faded = element => {
    let all = 1;
    for (let it = element; it; it = it.parentElement) all *= Number(getComputedStyle(it).opacity);
    return all;
  };
  const paint = element => {
    const told = getComputedStyle(element);
    if (!(element instanceof SVGElement)) return read(told.backgroundColor);
    if (element.matches('svg, g, text, tspan')) return [0, 0, 0, 0];
    const fill = read(told.fill);
    return fill && [...fill.slice(0, 3), fill[3] * Number(told.fillOpacity) * Number(told.opacity)];
  };
  const found = new Set();
  for (const line of lines) {
    const { element, shown } = line, told = getComputedStyle(element), isDrawn = element instanceof SVGElement;
    const own = read(isDrawn ? told.fill : told.color);
    const halo = isDrawn && told.paintOrder.startsWith('stroke') && parseFloat(told.strokeWidth) > 1 ? read(told.stroke) : null;
    const size = parseFloat(told.fontSize), isLarge = size >= 24 || (size >= 18.66 && Number(told.fontWeight) >= 700);
    const isMark = element.closest('[aria-hidden=true]') || !/[\\p{L}\\p{N}]/u.test(line.node.data);
    for (const part of [0.1, 0.5, 0.9]) {
      const stack = document.elementsFromPoint(
        shown.left + (shown.right - shown.left) * part, (shown.top + shown.bottom) / 2);
      let below = [255, 255, 255, 0], layers = [];
      const at = stack.findIndex(it => it === element || element.contains(it));
      if (at < 0) continue;
      for (const it of stack.slice(0, at)) {
        if (it.matches('.tile h3 a') || it.contains(element)) continue;
        const colour = paint(it);
        if (!colour || colour[3] > 0.9) found.add(`${name(line)}: covered by ${it.tagName}`);
      }
      for (const it of stack.slice(at)) {
        const colour = paint(it);
        if (!colour) { found.add(`${name(line)}: on ${it.tagName} of unknown colour`); continue; }
        layers.push(colour);
        if (colour[3] > 0.99) break;
      }
      below = layers.reverse().reduce((sum, layer) => over(layer, sum),
        read(getComputedStyle(document.documentElement).colorScheme === 'dark' ? 'rgb(18,18,18)' : 'rgb(255,255,255)'));
      if (halo) below = over(halo, below);
      const text = over([...own.slice(0, 3), own[3] * faded(element)], below);
      const reached = ratio(text, below);
      if (reached < (isLarge || isMark ? 3 : 4.5) - 0.01) found.add(`${name(line)}: ${reached.toFixed(2)}`);
    }
  }
  return [...found];
}"""
)
# All that the keyboard has to come to, in reading order; of radio buttons of one name the one that is chosen.
STOPS = """() => {
  window.stops = [...document.querySelectorAll('a[href], button, input, select, textarea, summary, [tabindex="0"]')]
    .filter(it => it.checkVisibility() && !it.disabled && !(it.type === 'radio' && !it.checked));
  return stops.length;
}"""
# Where the keyboard is: which of the stops, and what is wrong with how it shows.
FOCUSED = """() => {
  const it = document.activeElement, wrong = [];
  const ring = it.type === 'radio' ? it.nextElementSibling : it;
  const told = getComputedStyle(ring), box = ring.getClientRects()[0] ?? ring.getBoundingClientRect();
  if (told.outlineStyle === 'none' || parseFloat(told.outlineWidth) < 2) wrong.push('no ring');
  if (box.bottom <= 0 || box.top >= innerHeight || box.right <= 0 || box.left >= innerWidth) wrong.push('out of sight');
  const x = Math.min(Math.max(box.left + Math.min(box.width, 20) / 2, 1), innerWidth - 1);
  const y = Math.min(Math.max(box.top + Math.min(box.height, 20) / 2, 1), innerHeight - 1);
  const top = document.elementFromPoint(x, y);
  if (top && !ring.contains(top) && !top.contains(ring) && !top.matches('.tile h3 a')) wrong.push('covered by ' + top.outerHTML.slice(0, 60));
  return [stops.indexOf(it), it === document.body, wrong, it.outerHTML.slice(0, 60)];
}"""


def opened(browser, path, width=1280, scheme="light", forced=False):
    """A page of playwright, at rest; close its context."""
    context = browser.new_context(
        viewport={"width": width, "height": 800},
        color_scheme=scheme,
        forced_colors="active" if forced else None,
        reduced_motion="reduce",
    )
    page = context.new_page()
    page.goto(Path(path).resolve().as_uri())
    return page


def ask_axe(page, contrast=True):
    """What axe-core finds of a page as it stands, and what it can't tell and nothing here tells."""
    from axe_playwright_python.sync_playwright import Axe

    rules = {name: {"enabled": is_on} for name, is_on in MORE.items()}
    rules["color-contrast"] = {"enabled": contrast}
    told = Axe().run(page, options={"resultTypes": ["violations", "incomplete"], "rules": rules}).response
    unsure = [rule for rule in told["incomplete"] if rule["id"] not in SETTLED]
    return [
        f"{rule['impact']} {rule['id']}: " + ", ".join(str(node["target"]) for node in rule["nodes"][:3])
        for rule in told["violations"] + unsure
    ]


def as_high_as_it_is(page):
    """Make the window as high as the page, so that all of it is in sight."""
    width = page.viewport_size["width"]
    page.set_viewport_size(
        {"width": width, "height": min(page.evaluate("document.documentElement.scrollHeight"), 60000)}
    )


def look_over(page, spaced=False):
    """What can't be read of a page as it stands: {"overlapping", "cut", "wide", "contrast"}, without what is well."""
    found = {
        "overlapping": page.evaluate(OVERLAPPING),
        "cut": page.evaluate(CUT),
        "wide": page.evaluate(WIDE),
    }
    if page.evaluate("document.documentElement.scrollWidth > innerWidth"):
        found["wide"].append("the page")
    if not spaced:
        found["broken"] = page.evaluate(BROKEN)
        as_high_as_it_is(page)
        found["contrast"] = page.evaluate(CONTRAST)
    return {name: what for name, what in found.items() if what}


def walk(page):
    """Go through a page by Tab alone: what was not come to, came in another order, or didn't show that it was there."""
    count = page.evaluate(STOPS)
    order, wrong = [], []
    for _ in range(count + 5):
        page.keyboard.press("Tab")
        place, is_out, faults, html = page.evaluate(FOCUSED)
        if is_out or (order and place == order[0]):
            break
        wrong += [f"{fault}: {html}" for fault in faults]
        order.append(place)
        if place < 0:
            wrong.append(f"unforeseen: {html}")
    else:
        wrong.append("no end")
    if order != list(range(count)):
        missed = sorted(set(range(count)) - set(order))
        missed = [page.evaluate(f"stops[{at}].outerHTML.slice(0, 60)") for at in missed[:3]]
        wrong.append(f"not in reading order, or missed: {missed or order}")
    return wrong


def audit(browser, path, schemes=SCHEMES, widths=WIDTHS, axe=True, contrast=True, keyboard=True, forced=True):
    """All of a page, in each of the colour schemes and widths, and with forced colours: {view: {what: list}}.

    Parameters
    ----------
    axe, keyboard, forced : bool
        Whether axe-core looks at it, Tab goes through it, forced colours are put on it.
    contrast : bool
        Whether axe-core looks at contrast, too, which takes most of its time; CONTRAST does it anyway.

    Returns
    -------
    dict, without what is well
    """
    found = {}
    for width in widths:
        for scheme in schemes:
            page = opened(browser, path, width, scheme)
            seen = found[f"{scheme} {width}"] = {}
            is_first = scheme == schemes[0]  # what no colour changes is looked at once
            seen["keyboard"] = walk(page) if keyboard and is_first else []
            page.evaluate(SHOW)
            if keyboard and is_first:
                page.evaluate("document.activeElement.blur(); scrollTo(0, 0)")
                seen["keyboard"] += walk(page)
            if axe:
                page.evaluate("document.querySelectorAll('.menu').forEach(it => it.open = true)")
                seen["axe"] = ask_axe(page, contrast)
                page.evaluate("document.querySelectorAll('.menu').forEach(it => it.open = false)")
            seen |= look_over(page)
            if is_first:
                page.set_viewport_size({"width": width, "height": 800})
                page.evaluate(SPACED)
                seen |= {f"spaced {name}": what for name, what in look_over(page, spaced=True).items()}
            page.context.close()
    for scheme in schemes if forced else ():
        page = opened(browser, path, 1280, scheme, forced=True)
        page.evaluate(SHOW)
        found[f"{scheme} forced"] = look_over(page)
        page.context.close()
    return {view: {name: what for name, what in seen.items() if what} for view, seen in found.items()}


def faults(*seen, **options):
    """What `audit` finds of a page, without the views in which all is well."""
    return {view: what for view, what in audit(*seen, **options).items() if what}


def main(folder, *names):
    paths = [path for path in sorted(Path(folder).glob("*.html")) if not names or path.stem in names]
    manager, launch = open_chromium()
    is_well = True
    with manager as play:
        browser = launch(play)
        for path in paths:
            for view, seen in audit(browser, path).items():
                told = ", ".join(f"{name} {len(what)}" for name, what in seen.items()) or "0"
                print(f"{path.stem:32} {view:14} {told}", flush=True)
                for name, what in seen.items():
                    is_well = False
                    for text, times in Counter(what).most_common(6):
                        print(f"      {name}: {text}" + (f" ({times} times)" if times > 1 else ""))
        browser.close()
    return 0 if is_well else 1


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
