"use strict";
// Sorts a table by a click on a heading, and filters its rows by what is typed. Without it the tables are whole.
(() => {
  const language = document.documentElement.lang;
  const words = document.body.dataset;
  const seconds = JSON.parse(words.units); // in each unit of time, by its name
  const marks = new Intl.NumberFormat(language).formatToParts(1234.5);
  const [group, decimal] = ["group", "decimal"].map((type) => marks.find((mark) => mark.type === type).value);

  // The number that a cell begins with, a duration in seconds; without one its text, such as "too few".
  const valueOf = (cell) => {
    const text = (cell?.textContent ?? "").trim();
    const plain = text.replaceAll(group, "").replace(decimal, ".").replace("\u2212", "-");
    const [, number, unit] = plain.match(/^[^\p{L}\d-]*(-?\d+(?:\.\d+)?)\s*(\p{L}*)/u) ?? [];
    return number === undefined ? text : Number(number) * (seconds[unit] ?? 1);
  };

  // Numbers before texts in both directions, so that "too few" is last.
  const compare = (one, other, sign) => {
    const isNumber = typeof one === "number";
    if (isNumber !== (typeof other === "number")) return isNumber ? -1 : 1;
    return sign * (isNumber ? one - other : one.localeCompare(other, language));
  };

  const sort = (table, rows, column, heading) => {
    const sign = heading.getAttribute("aria-sort") === "ascending" ? -1 : 1;
    for (const other of heading.parentElement.cells) other.removeAttribute("aria-sort");
    heading.setAttribute("aria-sort", sign > 0 ? "ascending" : "descending");
    // Names that are dates or hours stand in their own order already.
    const isOrdered = column === 0 && rows.some((row) => /^\d/.test(row.cells[0].textContent.trim()));
    const keyed = rows.map((row, place) => [isOrdered ? place : valueOf(row.cells[column]), row]);
    keyed.sort(([one], [other]) => compare(one, other, sign));
    table.tBodies[0].append(...keyed.map(([, row]) => row));
  };

  const filter = (rows, wanted) => {
    const lower = (text) => text.toLocaleLowerCase(language);
    for (const row of rows) row.hidden = !lower(row.textContent).includes(lower(wanted));
  };

  for (const table of document.querySelectorAll("main table")) {
    const rows = [...(table.tBodies[0]?.rows ?? [])];
    if (!table.tHead || rows.length < 2) continue;
    [...table.tHead.rows[table.tHead.rows.length - 1].cells].forEach((heading, column) => {
      const button = document.createElement("button");
      button.className = "sort";
      button.type = "button";
      button.title = words.sort;
      button.append(...heading.childNodes);
      button.addEventListener("click", () => sort(table, rows, column, heading));
      heading.append(button);
    });
    if (rows.length < 6) continue;
    const label = document.createElement("label");
    const field = document.createElement("input");
    label.className = "filter";
    field.type = "search";
    field.addEventListener("input", () => filter(rows, field.value));
    label.append(words.filter, field);
    (table.closest(".scroll") ?? table.closest(".toolkit-table") ?? table).before(label);
  }
})();
