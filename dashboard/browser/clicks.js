// Clicks and keys: what is pressed anywhere on the board, by its data- marks.
import { TABS, go } from "./address.js";
import { board } from "./board.js";
import { targetOf } from "./elements.js";
import { act } from "./panel.js";
import { showPhones } from "./phones.js";
import { saveTable } from "./tables.js";

/** @import {TableName} from "./csv.js" */

const HITS = "[data-action],[data-precinct],[data-county],[data-filter],[data-close],[data-full],button[data-tab],[data-csv],#as-table,[data-phones],[data-row]";

function close() {
  const from = board.selected;
  go({ precinct: null });
  if (from !== null) document.querySelector(/** @type {"a"} */ ("[data-row='" + CSS.escape(from) + "'] a"))?.focus();
}

/** @param {HTMLElement} hit */
function press(hit) {
  const d = hit.dataset;
  if (d.action !== undefined) act(/** @type {HTMLButtonElement} */ (hit));
  else if (d.precinct !== undefined) go({ precinct: d.precinct });
  else if (d.county !== undefined) go({ county: d.county === "" && hit.tagName === "BUTTON" ? null : d.county });
  else if (d.filter !== undefined) go({ state: d.filter === "" || d.filter === board.filter ? null : d.filter });
  else if (d.close !== undefined) close();
  else if (d.full !== undefined) go({ precinct: board.selected }, true);
  else if (d.tab !== undefined) go({ tab: d.tab === TABS[0] ? null : d.tab }, false, true);
  else if (d.phones !== undefined) showPhones(hit);
  else if (d.csv !== undefined) saveTable(/** @type {TableName} */ (d.csv));
  else if (hit.id === "as-table") go({ view: board.asTable ? null : "table" });
  else if (d.row && d.row !== "null") go({ precinct: d.row });
}

export function watchClicks() {
  document.addEventListener("click", (event) => {
    const target = targetOf(event);
    const hit = /** @type {HTMLElement | null} */ (target.closest(HITS));
    if (!hit) return;
    if (event.ctrlKey || event.metaKey || event.shiftKey) return; // a new tab, as the person asked
    if (target.closest("a[href^='tel:'],a[href^='/desk/'],a[download]")) return;
    event.preventDefault();
    press(hit);
  });
  document.addEventListener("keydown", (event) => {
    const target = targetOf(event);
    if (target.matches("input,textarea,select")) return;
    if (event.key === "Escape" && board.selected) close();
    const down = event.key === "ArrowDown" || event.key === "j", up = event.key === "ArrowUp" || event.key === "k";
    if (!down && !up) return;
    /** @param {Element} from */
    const beside = (from) => /** @type {HTMLElement | null} */ (down ? from.nextElementSibling : from.previousElementSibling);
    const row = target.closest("[data-row]");
    let next = row && beside(row);
    while (next && !next.dataset.row) next = beside(next);
    if (next) { next.querySelector("a")?.focus(); event.preventDefault(); }
  });
}
