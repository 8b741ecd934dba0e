"use strict";
// Asked inside the report by tests/browser.rs; the page around it gets the answers as JSON.
const all = (selector) => [...document.querySelectorAll(selector)];
const describe = (e) => `${e.tagName}.${e.className} ${e.textContent.slice(0, 40)}`;

// WCAG 2.1, 1.4.3: contrast of text and the nearest background that is not transparent.
const channels = (color) => color.match(/[\d.]+/g).map(Number);
const luminance = (color) => {
  const [r, g, b] = channels(color).slice(0, 3).map((c) => {
    const s = c / 255;
    return s <= 0.03928 ? s / 12.92 : ((s + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
};
const behind = (e) => {
  for (let at = e; at; at = at.parentElement) {
    const color = getComputedStyle(at).backgroundColor;
    if ((channels(color)[3] ?? 1) > 0) return color;
  }
  return "rgb(255, 255, 255)";
};
const contrast = (e) => {
  const [a, b] = [luminance(getComputedStyle(e).color), luminance(behind(e))].sort((x, y) => y - x);
  return (a + 0.05) / (b + 0.05);
};

const sticking = () => {
  const edge = document.documentElement.clientWidth;
  const free = all("body *").filter((e) => !e.closest(".scroll, .skip, details:not([open]), svg, script"));
  return free.filter((e) => e.getBoundingClientRect().right > edge + 0.5).map(describe);
};

const sorting = () => {
  const table = all("#results table.sortable").find((t) => t.tBodies[0].querySelector("td[data-v]") && t.rows.length > 4);
  const column = [...table.tHead.rows[0].cells].findIndex((_, i) =>
    i > 1 && new Set([...table.tBodies[0].rows].map((r) => r.cells[i].dataset.v)).size > 2);
  const at = Math.max(column, 2);
  const values = () => [...table.tBodies[0].rows].map((r) => Number(r.cells[at].dataset.v));
  const head = table.tHead.rows[0].cells[at];
  const before = values();
  head.querySelector("button").click();
  const up = values(), first = head.getAttribute("aria-sort");
  head.querySelector("button").click();
  return { before, up, down: values(), states: [first, head.getAttribute("aria-sort")] };
};

const ids = all("[id]").map((e) => e.id);
const referred = all("[aria-labelledby]").flatMap((e) => e.getAttribute("aria-labelledby").split(" "));
const levels = all("h1, h2, h3, h4").filter((h) => !h.closest("details")).map((h) => Number(h.tagName[1]));
const answers = {
  width: innerWidth,
  page: document.documentElement.scrollWidth,
  lang: document.documentElement.lang,
  dark: matchMedia("(prefers-color-scheme: dark)").matches,
  background: getComputedStyle(document.body).backgroundColor,
  sticking_out: sticking(),
  loaded: performance.getEntriesByType("resource").map((r) => r.name).filter((n) => !n.startsWith("data:")),
  sorted: sorting(),
  faint: all("h1, h2, h3, p, li, a, td, th, th button, caption, code, figcaption, summary, .alarm p")
    .filter((e) => !e.closest("svg") && contrast(e) < 4.5).map(describe),
  ids_that_stand_twice: ids.filter((id, i) => ids.indexOf(id) !== i),
  names_that_lead_nowhere: referred.concat(all("a[href^='#']").map((a) => a.getAttribute("href").slice(1)))
    .filter((id) => !document.getElementById(id)),
  headings_that_jump: levels.filter((level, i) => level > (levels[i - 1] ?? 0) + 1),
  pictures_without_words: all("svg").filter((s) => !s.querySelector("title") || !s.querySelector("desc")).map(describe),
  heads_without_scope: all("th").filter((h) => !h.scope).map(describe),
};
parent.postMessage(JSON.stringify(answers), "*");
