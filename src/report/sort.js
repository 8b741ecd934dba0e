"use strict";
// A click on a column's title sorts its table: by number where a cell has one, else by text; once more turns it round.
for (const table of document.querySelectorAll("table.sortable")) {
  const body = table.tBodies[0];
  const heads = [...table.tHead.rows[0].cells];
  const key = (row, i) => {
    const cell = row.cells[i];
    return cell.dataset.v === undefined ? cell.textContent : Number(cell.dataset.v);
  };
  const order = (a, b) => {
    const numbers = typeof a === "number", others = typeof b === "number";
    if (numbers && others) return a - b;
    if (numbers !== others) return numbers ? -1 : 1; // what was not measured comes last
    return a.localeCompare(b, undefined, { numeric: true });
  };
  heads.forEach((head, i) => {
    const button = document.createElement("button");
    button.type = "button";
    button.append(...head.childNodes);
    head.append(button);
    button.addEventListener("click", () => {
      const down = head.getAttribute("aria-sort") === "ascending";
      heads.forEach((h) => h.removeAttribute("aria-sort"));
      head.setAttribute("aria-sort", down ? "descending" : "ascending");
      const rows = [...body.rows].sort((a, b) => order(key(a, i), key(b, i)));
      if (down) rows.reverse();
      body.append(...rows);
    });
  });
}
