"use strict";
// Sorts a table by a click on a heading, and filters its rows by what is typed. Without it the tables are whole.
(() => {
  const words = document.body.dataset;

  // Of a cell: the raw value where it is given, else the number that its text begins with, else the text.
  const valueOf = (row, column) => {
    const cell = row.cells[column];
    if (!cell) return "";
    if (cell.dataset.value !== undefined) return cell.dataset.value === "" ? "" : Number(cell.dataset.value);
    const text = cell.textContent.trim();
    const number = Number.parseFloat(text.replaceAll(",", "").replace("\u2212", "-").replace(/^[▲▼+]\s*/, ""));
    return Number.isNaN(number) ? text : number;
  };

  // Numbers before texts, so that "too few" is last; texts by the rules of the page's language.
  const compare = (one, other) => {
    const isNumber = typeof one === "number";
    if (isNumber !== (typeof other === "number")) return isNumber ? -1 : 1;
    return isNumber ? one - other : one.localeCompare(other, document.documentElement.lang);
  };

  const sort = (table, column, heading) => {
    const isDown = heading.getAttribute("aria-sort") === "ascending";
    table.tHead.querySelectorAll("[aria-sort]").forEach((it) => it.removeAttribute("aria-sort"));
    heading.setAttribute("aria-sort", isDown ? "descending" : "ascending");
    const rows = [...table.tBodies[0].rows].map((row) => [valueOf(row, column), row]);
    rows.sort(([one], [other]) => {
      const isMixed = typeof one !== typeof other;
      return (isDown && !isMixed ? -1 : 1) * compare(one, other);
    });
    table.tBodies[0].append(...rows.map(([, row]) => row));
  };

  const filter = (table, wanted) => {
    for (const row of table.tBodies[0].rows) {
      row.hidden = !row.textContent.toLocaleLowerCase().includes(wanted.toLocaleLowerCase());
    }
  };

  for (const table of document.querySelectorAll("main table")) {
    if (!table.tHead || !table.tBodies.length || table.tBodies[0].rows.length < 2) continue;
    [...table.tHead.rows[table.tHead.rows.length - 1].cells].forEach((heading, column) => {
      const button = document.createElement("button");
      button.className = "sort";
      button.type = "button";
      button.title = words.sort;
      button.append(...heading.childNodes);
      button.addEventListener("click", () => sort(table, column, heading));
      heading.append(button);
    });
    if (table.tBodies[0].rows.length < 6) continue;
    const label = document.createElement("label");
    const field = document.createElement("input");
    label.className = "filter";
    field.type = "search";
    field.addEventListener("input", () => filter(table, field.value));
    label.append(words.filter, field);
    (table.closest(".scroll, .toolkit-table") ?? table).before(label);
  }
})();
