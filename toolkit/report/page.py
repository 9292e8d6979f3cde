"""What a report's page shows, read from an executed notebook: head, tiles, sections, code.

A notebook of ours displays bundles of JSON, which the page draws in its own order: what is off target first. Whatever
else a notebook shows, such as an analyst's own tables and pictures, stands where the notebook has it.
"""

import re
from dataclasses import dataclass, field

from markupsafe import Markup

from toolkit import words
from toolkit.displays import KEY_FIGURES, LEFT_OUT, MEASURED, PRIVACY, REPORT, SECTION
from toolkit.report import clean
from toolkit.report.outputs import output_html
from toolkit.words.notebooks import translated_markdown

FOLDER = "figures"  # beside the page; holds a folder of each report's tables as files
OWN_IDS = ("main", "key-figures", "measured")
MOST_TILES = 5  # of a report
LEAD = 240  # letters of prose that may stand between a finding and its chart


class LeftOut(Markup):
    """A sentence that stands for what is left out."""


@dataclass
class Section:
    """A question and what answers it: `parts` are blocks (dict) and pieces of HTML, in their order."""

    anchor: str = ""
    label: Markup = Markup("")
    parts: list = field(default_factory=list)
    has_code: bool = False
    is_moved: bool = False  # what it showed stands elsewhere: in the head, among the tiles, in the definitions

    @property
    def blocks(self):
        """The blocks of findings."""
        return [part for part in self.parts if isinstance(part, dict)]

    @property
    def reasons(self):
        """Why it is left out, where it says nothing else; []."""
        told = [part for part in self.parts if not _is_prose(part)]
        return told if all(isinstance(part, LeftOut) for part in told) else []

    @property
    def rank(self):
        """What matters most has the lowest: off target and changed, off target, changed, the rest."""
        is_off = any(block.get("status") == "off" for block in self.blocks)
        return (not is_off, not any(map(_is_news, self.blocks)))


def _is_news(block):
    """Whether a block tells of a clear change; of groups that were unlike all along a notebook's own order says enough.

    >>> unlike = {"is_changed": True, "facts": [{"kind": "standout", "weeks": []}]}
    >>> _is_news(unlike), _is_news(unlike | {"facts": [{"kind": "change"}]})
    (False, True)
    """
    told = block["tabs"][0]["block"] if block.get("tabs") else block
    facts = told.get("facts") or []
    is_new = any(one["kind"] == "change" or one.get("weeks") for one in facts)
    return bool(block.get("is_changed")) and (is_new or not facts)


@dataclass
class Page:
    """What a report shows."""

    title: str
    lede: Markup = Markup("")
    header: dict = field(default_factory=dict)
    figures: list = field(default_factory=list)
    measured: dict = field(default_factory=dict)
    opening: list = field(default_factory=list)  # what stands before the first question
    sections: list = field(default_factory=list)
    left_out: list = field(default_factory=list)  # sections that say no more than that they are left out
    code: str = ""
    messages: list = field(default_factory=list)  # what the code wrote to stderr
    parameters: list = field(default_factory=list)  # dict of name, value, is_default, help
    siblings: list = field(default_factory=list)  # dict of href, title, is_current
    files: str = ""  # the folder of the tables' own files, "" when there are none
    ledger: str = ""  # the page of the ledger, "" when there is none
    suffix: str = ""  # of a report on one value, such as ": team Torino"
    made_at: str = ""
    privacy: dict = field(default_factory=dict)  # what personal data was masked, see `toolkit.report.private`
    versions: dict = field(default_factory=dict)

    @property
    def headline(self):
        """The finding that the page begins with, and what else matters; {} when there is none."""
        return self.header.get("headline") or {}

    @property
    def tiles(self):
        """The key figures that stand on the page."""
        return self.figures[:MOST_TILES]

    @property
    def tables(self):
        """The tables that have files, in the page's order: dicts of `base`, `id` (of the block), `label`, `metric`, `by`, `data`."""
        parts = [*self.opening, *(part for section in (*self.sections, *self.left_out) for part in section.parts)]
        for part in parts:
            if isinstance(part, dict):
                for block in [tab["block"] for tab in part.get("tabs") or ()] or [part]:
                    yield from _with_data(block.get("tables"), block)
        yield from _with_data((self.measured.get("quality") or {}).get("tables"))

    @property
    def left_out_alike(self):
        """The sections that are left out, in lists: those for the same reasons together, so that each is told once."""
        alike = {}
        for section in self.left_out:
            alike.setdefault(tuple(section.reasons), []).append(section)
        return list(alike.values())

    @property
    def scope(self):
        """What the report is of, such as "Response times by team, opening hours"."""
        return (self.header.get("scope") or self.title.removesuffix(self.suffix)) + self.suffix

    @property
    def packages(self):
        """What made the report, on one line."""
        return ", ".join(f"{name} {version}" for name, version in self.versions.items())


def _with_data(tables, block=None):
    told = block or {"id": "measured"}
    about = {name: told.get(name) or "" for name in ("id", "metric")} | {"by": told.get("by") or []}
    for number, table in enumerate(tables or (), 1):
        if table.get("data"):
            base = file_base(told.get("id")) if block else measured_base(number)
            yield about | {"base": base, "label": table["label"], "data": table["data"]}


def file_base(key):
    """What the files of a block's table are called, without their ending.

    >>> file_base("csat-by-topic"), file_base("../a b"), file_base("")
    ('csat-by-topic', 'a-b', 'table')
    """
    return re.sub(r"[^\w]+", "-", str(key)).strip("-")[:120] or "table"


def measured_base(number):
    """What the files of a table of how it was measured are called, by its place from 1.

    >>> measured_base(1), measured_base(2)
    ('measured', 'measured-2')
    """
    return "measured" if number == 1 else f"measured-{number}"


def read_page(notebook, name="report"):
    """The page of an executed notebook, which is not changed; `name` is the title of one that has none."""
    cells = [cell for cell in notebook.cells if not _is_parameters(cell)]
    cells = [cell for cell in cells if cell.source.strip() or cell.get("outputs")]
    title, lede, pieces = _take_title(_pieces(cells))
    page = Page(title="", lede=lede)
    taken = {*OWN_IDS, *_block_ids(cells)}
    _read(pieces, page, taken)
    _tell_apart(page, taken)
    page.privacy = dict(notebook.metadata.get(PRIVACY, {}))
    page.title = title or page.header.get("title") or name
    page.sections = [section for section in page.sections if not _is_empty(section)]
    page.left_out = [part for section in page.sections for part in _left_out(section)]
    page.sections = [section for section in page.sections if not section.reasons]
    page.sections.sort(key=lambda section: section.rank)
    return page


def _left_out(section):
    """[What of a section is left out]: the section, or, where it tells something else, what stands for the rest of it."""
    if section.reasons:
        return [section]
    gone = [part for part in section.parts if isinstance(part, LeftOut)]
    section.parts = [part for part in section.parts if not isinstance(part, LeftOut)]
    label = Markup(words.text("pages.say.in_part", section=section.label))
    return [Section("", label, gone)] if gone else []


def _is_parameters(cell):
    return bool({"parameters", "injected-parameters"} & set(cell.metadata.get("tags", [])))


def _pieces(cells):
    """The cells, but a Markdown cell as pairs (heading of a section or None, HTML below it)."""
    pieces = []
    for cell in cells:
        if cell.cell_type != "markdown":
            pieces.append(cell)
            continue
        html = clean.markdown_html(translated_markdown(cell.source), cell.get("attachments"))
        for part in re.split(r"(?=<h2>)", html):
            heading = re.match(r"<h2>(.*?)</h2>", part, re.DOTALL)
            if part.strip():
                pieces.append(
                    (Markup(heading[1]) if heading else None, Markup(part[heading.end() if heading else 0 :]))
                )
    return pieces


def _take_title(pieces):
    """(title, what stands below it, the other pieces)."""
    if pieces and isinstance(pieces[0], tuple) and pieces[0][0] is None:
        found = re.match(r"\s*<h1>(.*?)</h1>(.*)", pieces[0][1], re.DOTALL)
        if found:
            return Markup(found[1]).striptags(), Markup(_demote(found[2])), pieces[1:]
    return "", Markup(""), pieces


def _demote(html):
    """A second h1 becomes an h2: a page has one title."""
    return Markup(re.sub(r"<(/?)h1>", r"<\1h2>", html))


def _read(pieces, page, taken):
    section, code = None, []
    for number, piece in enumerate(pieces):
        if not isinstance(piece, tuple):
            shown = _outputs(piece, page, section, number)
            code.append(piece.source)
            if section is not None:
                section.has_code = True
        else:
            heading, html = piece
            if heading is not None:
                section = Section(_anchor(heading.striptags(), taken), heading)
                page.sections.append(section)
                code.append(f"# {heading.striptags()}")
            shown = [Markup('<div class="prose">{}</div>').format(_demote(html))] if html.strip() else []
        if section is None:
            page.opening += shown
        else:
            section.parts += shown
    for section in page.sections:
        section.parts = _with_leads(section.parts)
    page.code = "\n\n".join(filter(None, map(str.strip, code)))


def _outputs(cell, page, section, number):
    """What a cell shows; what stands elsewhere, in the head and the tiles, goes to the page."""
    shown = []
    for place, output in enumerate(cell.get("outputs", []), 1):
        data = output.get("data", {})
        if output.get("name") == "stderr":
            page.messages.append(output.text)
        elif SECTION in data:
            shown.append(data[SECTION])
        elif REPORT in data or KEY_FIGURES in data or MEASURED in data:
            page.header |= data.get(REPORT, {})
            page.figures += data.get(KEY_FIGURES, {}).get("figures", [])
            page.measured |= data.get(MEASURED, {})
            if section is not None:
                section.is_moved = True
        else:
            question = section.label.striptags() if section else ""
            html = output_html(output, cell.metadata, question, f"c{number}-{place}")
            is_left_out = output.get("metadata") == LEFT_OUT
            shown += [LeftOut(html) if is_left_out else html] if html else []
    return shown


def _with_leads(parts):
    """Short prose before a finding stands between the finding and its chart."""
    kept = []
    for part in parts:
        if isinstance(part, dict) and kept and _is_prose(kept[-1]) and len(kept[-1].striptags()) <= LEAD:
            part = part | {"lead": kept.pop()}
        kept.append(part)
    return kept


def _is_prose(part):
    return isinstance(part, Markup) and part.startswith('<div class="prose">')


def _is_empty(section):
    """Whether nothing is left that answers the question, such as where its code showed the key figures."""
    return all(map(_is_prose, section.parts)) and (section.is_moved or (section.has_code and not section.parts))


def _tell_apart(page, taken):
    """Give a block that is shown again, and those in its tabs, ids of their own; links lead to the first."""
    seen = set()
    for parts in (page.opening, *(section.parts for section in page.sections)):
        for at, part in enumerate(parts):
            if isinstance(part, dict):
                tabs = [tab | {"block": _once(tab["block"], seen, taken)} for tab in part.get("tabs", ())]
                # a breakdown has the id of its first tab
                parts[at] = part | {"id": tabs[0]["block"]["id"], "tabs": tabs} if tabs else _once(part, seen, taken)


def _once(block, seen, taken):
    """The block, with another id if a block before it has the same."""
    if block["id"] in seen:
        return block | {"id": _anchor(block["id"], taken)}
    seen.add(block["id"])
    taken.add(block["id"])
    return block


def _block_ids(cells):
    outputs = [output for cell in cells for output in cell.get("outputs", [])]
    blocks = [output.data[SECTION] for output in outputs if SECTION in output.get("data", {})]
    return {block.get("id") for block in blocks}


def _anchor(text, taken):
    """An id for a heading, unlike those `taken`.

    Examples
    --------
    >>> taken = set()
    >>> _anchor("Who waits?", taken), _anchor("Who waits?", taken)
    ('who-waits', 'who-waits-2')
    """
    base = re.sub(r"[^\w]+", "-", text.lower()).strip("-") or "section"
    anchor, number = base, 2
    while anchor in taken:
        anchor, number = f"{base}-{number}", number + 1
    taken.add(anchor)
    return anchor
