"""Workbooks for tests, written by hand: no library that writes them is installed."""

import datetime
import zipfile
from html import escape

PACKAGE = "http://schemas.openxmlformats.org/package/2006"
MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
FORMATS = {"date": 14, "instant": 22, "duration": 46}  # Excel's own: m/d/yyyy, m/d/yyyy h:mm, [h]:mm:ss
EPOCH = datetime.datetime(1899, 12, 30)


class Raw(str):
    """The XML of a cell, with {place} where its place stands: for formulas and errors."""


def xlsx(path, sheets, hidden=(), merged=()):
    """A workbook of the sheets {name: rows}; a row is a list of cells, None where there is none.

    Parameters
    ----------
    path : Path
    sheets : dict of str -> list of list
    hidden : names of sheets that aren't shown
    merged : ranges of merged cells of the first sheet, such as "B1:C1"
    """
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("[Content_Types].xml", f'<Types xmlns="{PACKAGE}/content-types"><Default Extension="xml" ContentType="application/xml"/></Types>')  # fmt: skip
        archive.writestr("_rels/.rels", _relations(["xl/workbook.xml"], ["officeDocument"]))
        listed = "".join(
            f'<sheet name="{escape(name)}" sheetId="{n}" r:id="rId{n}"{" state=" + chr(34) + "hidden" + chr(34) if name in hidden else ""}/>'
            for n, name in enumerate(sheets, 1)
        )
        archive.writestr(
            "xl/workbook.xml", f'<workbook xmlns="{MAIN}" xmlns:r="{OFFICE}"><sheets>{listed}</sheets></workbook>'
        )
        targets = [f"worksheets/sheet{n}.xml" for n in range(1, len(sheets) + 1)]
        archive.writestr(
            "xl/_rels/workbook.xml.rels",
            _relations([*targets, "styles.xml"], [*["worksheet"] * len(targets), "styles"]),
        )
        styles = "".join(f'<xf numFmtId="{n}"/>' for n in (0, *FORMATS.values()))
        archive.writestr(
            "xl/styles.xml",
            f'<styleSheet xmlns="{MAIN}"><cellXfs count="{len(FORMATS) + 1}">{styles}</cellXfs></styleSheet>',
        )
        for n, (target, rows) in enumerate(zip(targets, sheets.values(), strict=True)):
            merges = "".join(f'<mergeCell ref="{one}"/>' for one in merged) if n == 0 else ""
            merges = f"<mergeCells>{merges}</mergeCells>" if merges else ""
            archive.writestr(
                f"xl/{target}", f'<worksheet xmlns="{MAIN}"><sheetData>{_rows(rows)}</sheetData>{merges}</worksheet>'
            )
    return path


def xlsb(path, rows, texts=(), sheet="worksheets/sheet1.bin", more=b""):
    """A binary workbook of one sheet: rows are {place of a column: text, or the number of a shared one} by their place.

    Parameters
    ----------
    path : Path
    rows : dict of int -> dict of int -> str or int
    texts : list of str that cells share
    sheet : where the sheet lies
    more : bytes put after its cells
    """
    book = record(131) + record(143) + record(156, bytes(4) + number(1) + wide("rId1") + wide("conversations"))
    held = record(129) + record(148, bytes(16)) + record(145)
    for row, cells in rows.items():
        held += record(0, number(row) + bytes(13))
        for column, value in cells.items():
            is_shared = isinstance(value, int)
            held += record(7 if is_shared else 6, number(column) + bytes(4) + (number if is_shared else wide)(value))
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("[Content_Types].xml", f'<Types xmlns="{PACKAGE}/content-types"/>')
        archive.writestr("_rels/.rels", _relations(["xl/workbook.bin"], ["officeDocument"]))
        archive.writestr("xl/workbook.bin", book + record(144) + record(132))
        archive.writestr("xl/_rels/workbook.bin.rels", _relations([sheet], ["worksheet"]))
        shared = b"".join(record(19, b"\0" + wide(text)) for text in texts)
        archive.writestr("xl/sharedStrings.bin", record(159, number(len(texts)) * 2) + shared + record(160))
        archive.writestr(f"xl/{sheet}", held + more + record(146) + record(130))
    return path


def record(kind, content=b""):
    """A record of an xlsb."""
    head = bytes([kind]) if kind < 128 else bytes([kind & 0x7F | 0x80, kind >> 7])
    size = len(content)
    while size > 0x7F:
        head, size = head + bytes([size & 0x7F | 0x80]), size >> 7
    return head + bytes([size]) + content


def number(value):
    return value.to_bytes(4, "little")


def wide(text):
    return number(len(text)) + text.encode("utf-16-le")


def _relations(targets, kinds):
    listed = "".join(
        f'<Relationship Id="rId{n}" Type="{OFFICE}/{kind}" Target="{target}"/>'
        for n, (target, kind) in enumerate(zip(targets, kinds, strict=True), 1)
    )
    return f'<Relationships xmlns="{PACKAGE}/relationships">{listed}</Relationships>'


def _rows(rows):
    return "".join(
        f'<row r="{n}">{"".join(_cell(cell, f"{chr(65 + column)}{n}") for column, cell in enumerate(row) if cell is not None)}</row>'
        for n, row in enumerate(rows, 1)
    )


def _cell(cell, place):
    if isinstance(cell, Raw):
        return cell.format(place=place)
    if isinstance(cell, bool):
        return f'<c r="{place}" t="b"><v>{int(cell)}</v></c>'
    if isinstance(cell, str):
        return f'<c r="{place}" t="inlineStr"><is><t xml:space="preserve">{escape(cell)}</t></is></c>'
    kind, value = 0, cell
    if isinstance(cell, datetime.datetime):
        kind, value = 2, (cell - EPOCH) / datetime.timedelta(days=1)
    elif isinstance(cell, datetime.date):
        kind, value = 1, (cell - EPOCH.date()).days
    elif isinstance(cell, datetime.timedelta):
        kind, value = 3, cell / datetime.timedelta(days=1)
    return f'<c r="{place}" s="{kind}"><v>{value!r}</v></c>'


def ods(path, rows):
    """A workbook of OpenDocument with one sheet of texts."""
    cells = "".join(
        "<table:table-row>"
        + "".join(
            f'<table:table-cell office:value-type="string"><text:p>{escape(str(cell))}</text:p></table:table-cell>'
            for cell in row
        )
        + "</table:table-row>"
        for row in rows
    )
    spaces = " ".join(
        f'xmlns:{name}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"' for name in ("office", "table", "text")
    )
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        archive.writestr(
            "META-INF/manifest.xml",
            '<manifest:manifest xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0"/>',
        )
        archive.writestr("content.xml", f'<office:document-content {spaces}><office:body><office:spreadsheet><table:table table:name="S">{cells}</table:table></office:spreadsheet></office:body></office:document-content>')  # fmt: skip
    return path
