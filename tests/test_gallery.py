"""Every form of chart as a browser shows it: texts within their drawing, apart and large enough; colours apart."""

import re

import numpy as np
import pytest

from tests.gallery import cases, page
from toolkit.look import DARK, LIGHT

pytestmark = pytest.mark.filterwarnings("ignore:Glyph")
LEAST_PIXELS = 12  # of text on a screen
BYTES = {"wide": 16_000, "narrow": 16_000, "fine": 28_000}
FINE = ("Week grid", "Small multiples", "Curves")

# What is wrong with the texts of the drawings that are seen, each as "what: text".
LOOK = """
() => [...document.querySelectorAll('svg')].filter(svg => svg.getClientRects().length).flatMap(svg => {
  const found = [], box = svg.getBoundingClientRect(), scale = box.width / svg.viewBox.baseVal.width
  const texts = [...svg.querySelectorAll('text')].map(text => ({
    said: text.lastChild.data || text.textContent, at: text.getBoundingClientRect(),
    size: parseFloat(getComputedStyle(text).fontSize) * scale,
  }))
  for (const {said, at, size} of texts) {
    if (at.left < box.left - 1 || at.right > box.right + 1 || at.top < box.top - 1 || at.bottom > box.bottom + 1)
      found.push('outside: ' + said)
    if (size < LEAST) found.push('small: ' + said + ' ' + size)
  }
  texts.forEach((one, i) => texts.slice(i + 1).forEach(other => {
    const wide = Math.min(one.at.right, other.at.right) - Math.max(one.at.left, other.at.left)
    const high = Math.min(one.at.bottom, other.at.bottom) - Math.max(one.at.top, other.at.top)
    if (wide > 1 && high > 4) found.push('over each other: ' + one.said + ' / ' + other.said)
  }))
  if (box.right > innerWidth + 0.5) found.push('a drawing wider than the window')
  return found
})
""".replace("LEAST", str(LEAST_PIXELS - 0.01))


@pytest.fixture(scope="module")
def gallery():
    return page()


@pytest.mark.parametrize("width", [1280, 847, 390, 320])
def test_texts_are_within_apart_and_large_enough(gallery, browser, tmp_path, width):
    html, drawn = gallery
    path = tmp_path / "gallery.html"
    path.write_text(html, encoding="utf-8")
    view = browser.new_page(viewport={"width": width, "height": 900})
    view.goto(path.as_uri())
    seen = view.evaluate("[...document.querySelectorAll('svg')].filter(it => it.getClientRects().length).length")
    found, is_wide = view.evaluate(LOOK), view.evaluate("document.documentElement.scrollWidth > innerWidth")
    view.close()
    assert seen >= len(drawn) // 2
    assert found == [] and not is_wide


def test_every_form_is_there(gallery):
    forms = {"Dot rows", "Columns", "Bars", "Trend", "Small multiples", "Split bars", "Curve", "Week grid", "Pull"}
    forms |= {"Team", "Tally", "Band", "Week grid of agents needed", "Sums", "Score", "Figure"}
    titles = {title.split(",")[0] for title, *_ in cases()}
    assert forms <= titles and len(gallery[1]) == 2 * len(cases())


def test_drawings_are_small(gallery):
    for title, narrow, svg in gallery[1]:
        kind = "fine" if title.startswith(FINE) else "narrow" if narrow else "wide"
        assert len(svg.encode()) <= BYTES[kind], (title, narrow)


def test_drawings_take_the_colours_of_the_page(gallery):
    for _, _, svg in gallery[1]:
        bare = re.sub(r"var\(--[\w-]+, (#[0-9a-f]{6}|currentColor|transparent)\)", "", svg)
        assert not re.search(r'(fill|stroke)="#', bare)


# --- colours --------------------------------------------------------------------------------------

# Machado, Oliveira and Fernandes 2009, severity 1, on linear RGB.
SEEN = {
    "as it is": np.eye(3),
    "protanopia": [
        [0.152286, 1.052583, -0.204868],
        [0.114503, 0.786281, 0.099216],
        [-0.003882, -0.048116, 1.051998],
    ],
    "deuteranopia": [
        [0.367322, 0.860646, -0.227968],
        [0.280085, 0.672501, 0.047413],
        [-0.011820, 0.042940, 0.968881],
    ],
    "grey": [[0.2126, 0.7152, 0.0722]] * 3,
}


def linear(colour):
    parts = np.array([int(colour[place : place + 2], 16) for place in (1, 3, 5)]) / 255
    return np.where(parts <= 0.04045, parts / 12.92, ((parts + 0.055) / 1.055) ** 2.4)


def lab(rgb):
    """CIE Lab of linear sRGB, white D65."""
    to_xyz = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])
    xyz = to_xyz @ np.clip(rgb, 0, 1) / [0.95047, 1, 1.08883]
    x, y, z = np.where(xyz > 0.008856, np.cbrt(xyz), 7.787 * xyz + 16 / 116)
    return np.array([116 * y - 16, 500 * (x - y), 200 * (y - z)])


def apart(one, other, seen):
    """How far two colours are from each other to such an eye: Delta E of 1976."""
    return float(np.linalg.norm(lab(np.array(SEEN[seen]) @ linear(one)) - lab(np.array(SEEN[seen]) @ linear(other))))


def contrast(one, other):
    lighter, darker = sorted((linear(colour) @ [0.2126, 0.7152, 0.0722] for colour in (one, other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


PAGES = pytest.mark.parametrize("colours", [LIGHT, DARK], ids=["light", "dark"])
# Not data and attention in grey: the diamond tells them apart.
PAIRS = [("data", "context"), ("data", "faint"), ("attention", "context"), ("attention", "faint"), ("data", "band")]
STEPS = [f"grid{step}" for step in range(1, 6)]
PARTS = [f"part{part}" for part in range(1, 5)]


@PAGES
@pytest.mark.parametrize("seen", ["as it is", "protanopia", "deuteranopia"])
def test_roles_are_apart_for_every_eye(colours, seen):
    for one, other in [*PAIRS, ("data", "attention")]:
        assert apart(colours[one], colours[other], seen) >= 12, (one, other)


@PAGES
@pytest.mark.parametrize("seen", SEEN)
def test_neighbours_in_an_order_are_apart_also_in_grey(colours, seen):
    for order in (STEPS, PARTS):
        for one, other in zip(order, order[1:], strict=False):
            assert apart(colours[one], colours[other], seen) >= 9, (one, other)
    assert apart(colours["grid1"], colours["page"], seen) >= 9


@PAGES
def test_steps_go_one_way(colours):
    lightness = [lab(linear(colours[step]))[0] for step in STEPS]
    assert lightness in (sorted(lightness), sorted(lightness, reverse=True))


@PAGES
def test_contrast_of_text_and_marks(colours):
    for role in ("ink", "muted"):
        assert contrast(colours[role], colours["page"]) >= 4.5
    for role in ("data", "context", "attention", "ink"):
        assert contrast(colours[role], colours["page"]) >= 3
    for part in PARTS[:2]:
        assert contrast(colours["on_part"], colours[part]) >= 4.5
    for part in PARTS[2:]:
        assert contrast(colours["ink"], colours[part]) >= 4.5
