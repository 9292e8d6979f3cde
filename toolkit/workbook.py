"""Tables as a workbook that people open: headings in words with their units, percents, durations, dates as such.

Every text is written as a text, so that no spreadsheet computes it, and stays one when its cell is edited. The same
tables make the same bytes.
"""

import datetime
import io
import re

from toolkit import words
from toolkit.guard import guarded, visible

LONGEST_SHEET, LONGEST_CELL = 31, 32_000  # letters; the format's limits
NARROW, WIDE = 8, 48  # letters of a column
CREATED = datetime.datetime(2000, 1, 1)  # of a workbook that isn't told when its data was read
MOST_ROWS = 1_048_576  # of a sheet, its headings included
DAY = 86_400  # seconds; a workbook counts in days
# unit: (number format, what a value is multiplied with)
FORMATS = {
    "rate": ("0.0%", 1),
    "percent": ("0.0%", 1),
    "seconds": ("[h]:mm:ss", 1 / DAY),
    "change in seconds": ("+0.0;-0.0;0.0", 1 / 60),  # a workbook has no negative times
    "change in minutes in words": ('+0.0" min";-0.0" min";0.0" min"', 1 / 60),
    "change in percent": ("+0.0%;-0.0%;0.0%", 1),
    "points in words": ('+0.0" pts";-0.0" pts";0.0" pts"', 100),
    "points": ("+0.0;-0.0;0.0", 100),
    "net": ("0.0", 100),
    "score": ("0.00", 1),
    "count": ("#,##0", 1),
    "change in count": ("+#,##0;-#,##0;0", 1),
    "hour": ('00":00"', 1),
}
SAID = {"seconds": "hms", "change in seconds": "minutes", "points": "points", "net": "net"}
BOLD = {"bold": True}
HEAD = {"bold": True, "text_wrap": True, "valign": "top", "bottom": 1}
NOTE = {"font_color": "#5A6470", "italic": True}
LINK = {"font_color": "#1F5FA8", "underline": 1}
TEXT = {"valign": "top", "text_wrap": True}
LITERAL = TEXT | {"quote_prefix": True}  # what would be a formula stays a text, even when its cell is edited


class Workbook:
    """A workbook that is being written; `save` or `bytes` ends it.

    Parameters
    ----------
    created : datetime, optional
        What the file says of when it was made, such as when its data was read: never the time at which it is written,
        so that the same tables make the same file.
    """

    def __init__(self, created=None, title=""):
        from xlsxwriter import Workbook as Writer

        self.buffer, self._formats, self._names = io.BytesIO(), {}, set()
        own = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
        self.file = Writer(self.buffer, {"in_memory": True, **own})  # no file of its own in the temporary folder
        self.file.set_properties({"created": _naive(created) or CREATED, "title": title})

    def format(self, look):
        """The format of a dict of properties, made once."""
        key = tuple(sorted(look.items()))
        if key not in self._formats:
            self._formats[key] = self.file.add_format(look)
        return self._formats[key]

    def add(self, name, head_row):
        """A sheet, ready to print on A4 across: its head stays in sight and is printed on each page.

        Parameters
        ----------
        name : str
            As near to it as a sheet's name may be; unlike the others.
        head_row : int
            The row of the headings, from 0.
        """
        sheet = self.file.add_worksheet(self._name(name))
        sheet.freeze_panes(head_row + 1, 1)
        sheet.set_landscape()
        sheet.set_paper(9)
        sheet.fit_to_pages(1, 0)
        sheet.repeat_rows(0, head_row)
        sheet.set_footer("&L&A&R&P / &N")
        return sheet

    def _name(self, name):
        kept = re.sub(r"[\[\]:*?/\\\x00-\x1f]+", " ", visible(name, False))
        kept = " ".join(kept.split())[:LONGEST_SHEET].strip("' ") or "Sheet"
        place, said = 1, kept
        while said.casefold() in self._names or said.casefold() == "history":  # which Excel keeps for itself
            place += 1
            said = f"{kept[: LONGEST_SHEET - 1 - len(str(place))]} {place}"
        self._names.add(said.casefold())
        return said

    def text(self, sheet, row, column, text, look=None):
        """Write a text as a text; one that a spreadsheet would compute says of itself that it is none."""
        shown = visible(text)[:LONGEST_CELL]
        is_formula = guarded(shown) != shown
        sheet.write_string(row, column, shown, self.format((look or {}) | (LITERAL if is_formula else TEXT)))

    def value(self, sheet, row, column, value, unit, kind="number", zone=None, look=None):
        """Write one value in the format of its unit; nothing where there is none."""
        if value is None:
            return
        look = look or {}
        if kind in ("date", "time") and value < "1900-03":  # before which a workbook knows no day
            self.text(sheet, row, column, value, look)
        elif kind == "date":
            day = datetime.datetime.fromisoformat(value)
            sheet.write_datetime(row, column, day, self.format(look | {"num_format": "yyyy-mm-dd", "align": "left"}))
        elif kind == "time":
            sheet.write_datetime(
                row, column, _local(value, zone), self.format(look | {"num_format": "yyyy-mm-dd hh:mm"})
            )
        elif isinstance(value, bool):
            self.text(sheet, row, column, words.text("tables.yes" if value else "tables.no"), look)
        elif isinstance(value, (int, float)):
            shown, by = FORMATS.get(unit, ("General", 1))
            sheet.write_number(row, column, value * by, self.format(look | {"num_format": shown}))
        else:
            self.text(sheet, row, column, value, look)

    def table(self, name, data, above=(), zone=None):
        """A sheet of a table.

        Parameters
        ----------
        name : str
        data : dict
            As `toolkit.table_html.typed.table_data` gives it.
        above : list of str
            Lines above the headings, the first of them bold.
        zone : str, optional
            The zone in which times are written; else they are in UTC.

        Returns
        -------
        The sheet
        """
        columns, top = data["columns"], len(above)
        sheet = self.add(name, top)
        for place, line in enumerate(above):
            sheet.write_string(place, 0, visible(line)[:LONGEST_CELL], self.format(NOTE if place else BOLD))
        for place, column in enumerate(columns):
            unit, kind = column["unit"], column["type"]
            heading = with_unit(column, zone)
            self.text(sheet, top, place, heading, HEAD)
            said, names = column.get("said", {}), column.get("names", {})
            longest = max((len(word) for word in heading.split()), default=0)
            for at, value in enumerate(column["values"]):
                if value is None and str(at) in said:
                    self.text(sheet, top + 1 + at, place, said[str(at)], NOTE | {"align": "right"})
                    longest = max(longest, len(said[str(at)]))
                    continue
                shown = names.get(str(value), value) if value is not None else None
                self.value(sheet, top + 1 + at, place, shown, unit, kind if shown is value else "text", zone)
                longest = max(longest, len(str(shown)) if kind == "text" and shown is not None else 0)
            least = {"time": 16, "date": 11}.get(kind, NARROW)
            sheet.set_column(place, place, min(max(longest + 2, least), WIDE))
        if columns and data["rows"] > data["left"]:
            sheet.autofilter(top, 0, top + data["rows"] - data["left"], len(columns) - 1)
        return sheet

    def lines(self, name, lines):
        """A sheet of what must be known: [(title, text)]."""
        sheet = self.add(name, 0)
        for row, (title, text) in enumerate(lines):
            self.text(sheet, row, 0, title, BOLD)
            self.text(sheet, row, 1, text)
        sheet.set_column(0, 0, 24)
        sheet.set_column(1, 1, 90)
        return sheet

    def bytes(self):
        """The whole file; nothing can be added after."""
        self.file.close()
        return self.buffer.getvalue()


def with_unit(column, zone=None):
    """A heading with its unit, where its values don't say it themselves.

    >>> with_unit({"heading": "Median wait", "unit": "seconds", "type": "number"})
    'Median wait (h:mm:ss)'
    >>> with_unit({"heading": "Opened", "unit": "time", "type": "time"}, "Europe/Rome")
    'Opened (Europe/Rome)'
    """
    unit = (zone or "UTC") if column["type"] == "time" else None
    if unit is None and column["unit"] in SAID and column["type"] in ("integer", "number"):
        unit = words.text(f"tables.about.{SAID[column['unit']]}")
    return words.text("tables.about.unit", name=column["heading"], unit=unit) if unit else column["heading"]


def _local(value, zone):
    """A time of a zone as a workbook has it, which knows none."""
    import pandas as pd

    return pd.Timestamp(value).tz_convert(zone or "UTC").tz_localize(None).to_pydatetime()


def _naive(time):
    return None if time is None else time.astimezone(datetime.UTC).replace(tzinfo=None, microsecond=0)
