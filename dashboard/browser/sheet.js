// A table of fields worked in as a spreadsheet: keys from row to row, several cells pasted at once, columns sorted, rows
// narrowed, what was changed marked. Without scripts it is a plain form that does the same in the end.
import { byId } from "./elements.js";
import { tr, trn } from "./language.js";

const MOST = 400; // rows of one saving
const sheet = /** @type {HTMLTableElement} */ (byId("sheet"));
const body = /** @type {HTMLTableSectionElement} */ (sheet.tBodies[0]);

/** The visible fields of a row, in order. @param {HTMLTableRowElement} row */
const fields = (row) => /** @type {HTMLInputElement[]} */ ([...row.querySelectorAll("input:not([type=hidden])")]);
const rows = () => /** @type {HTMLTableRowElement[]} */ ([...body.rows]);
const shown = () => rows().filter((row) => !row.hidden);

function mark() {
  let changed = 0;
  for (const row of rows()) {
    const differs = fields(row).some((each) => each.value.trim() !== (each.dataset["was"] ?? ""));
    row.toggleAttribute("data-changed", differs);
    changed += differs ? 1 : 0;
  }
  byId("changed").textContent = changed ? tr("{n} rows changed, not saved yet", { n: changed }) : "";
}

/** A new empty row after the last, for a paste that is longer than the table. */
function another() {
  const last = /** @type {HTMLTableRowElement} */ (body.rows[body.rows.length - 1]);
  if (body.rows.length >= MOST || !last.hasAttribute("data-new")) return undefined; // none may be added here
  const row = /** @type {HTMLTableRowElement} */ (last.cloneNode(true));
  const number = 1 + Math.max(...rows().map((each) => Number(fields(each)[0]?.name.split(":")[1] ?? 0)));
  for (const each of /** @type {HTMLInputElement[]} */ ([...row.querySelectorAll("input")])) {
    each.name = `${each.name.split(":")[0]}:${number}`;
    each.value = "";
    each.dataset["was"] = "";
    each.setAttribute("aria-label", (each.getAttribute("aria-label") ?? "").replace(/\d+$/, String(number + 1)));
  }
  body.append(row);
  return row;
}

/** @param {HTMLInputElement} from @param {string[][]} cells */
function spread(from, cells) {
  const all = shown();
  const column = fields(/** @type {HTMLTableRowElement} */ (from.closest("tr"))).indexOf(from);
  const start = all.indexOf(/** @type {HTMLTableRowElement} */ (from.closest("tr")));
  let beyond = 0;
  cells.forEach((line, down) => {
    const row = all[start + down] ?? another();
    if (row) line.forEach((text, across) => put(fields(row)[column + across], text));
    else beyond += 1;
  });
  mark();
  if (beyond) byId("changed").append(" ", trn("{n} pasted row has no place here", "{n} pasted rows have no place here", beyond));
}

/** @param {HTMLInputElement | undefined} field @param {string} text */
function put(field, text) {
  if (field) field.value = text.trim();
}

body.addEventListener("input", mark);
body.addEventListener("paste", (event) => {
  const text = event.clipboardData?.getData("text/plain").replace(/\r\n?/g, "\n").replace(/\n$/, "") ?? "";
  if (!/[\t\n]/.test(text) || !(event.target instanceof HTMLInputElement)) return;
  event.preventDefault();
  spread(event.target, text.split("\n").map((line) => line.split("\t")));
});
body.addEventListener("keydown", (event) => {
  const step = { Enter: 1, ArrowDown: 1, ArrowUp: -1 }[event.key];
  const field = event.target;
  if (!step || !(field instanceof HTMLInputElement) || event.altKey || event.ctrlKey || event.metaKey) return;
  const all = shown();
  const row = /** @type {HTMLTableRowElement} */ (field.closest("tr"));
  const next = all[all.indexOf(row) + step];
  event.preventDefault(); // Enter saves nothing here: the button does
  const to = next && fields(next)[fields(row).indexOf(field)];
  to?.focus();
  to?.select();
});
byId("narrow").addEventListener("input", (event) => {
  const words = /** @type {HTMLInputElement} */ (event.target).value.toLowerCase().split(/\s+/);
  for (const row of rows()) {
    const text = fields(row).map((each) => each.value).join(" ").toLowerCase();
    row.hidden = !row.hasAttribute("data-new") && !words.every((word) => text.includes(word));
  }
});
byId("narrow").addEventListener("keydown", (event) => {
  if (/** @type {KeyboardEvent} */ (event).key === "Enter") event.preventDefault();
});
const heads = /** @type {HTMLTableCellElement[]} */ ([...sheet.querySelectorAll("th[aria-sort]")]);
heads.forEach((head, column) => {
  head.querySelector("button")?.addEventListener("click", () => {
    const up = head.ariaSort !== "ascending";
    for (const each of heads) each.ariaSort = "none";
    head.ariaSort = up ? "ascending" : "descending";
    const sorted = rows().filter((row) => !row.hasAttribute("data-new"));
    const value = (/** @type {HTMLTableRowElement} */ row) => fields(row)[column]?.value ?? "";
    sorted.sort((a, b) => (up ? 1 : -1) * value(a).localeCompare(value(b), undefined, { numeric: true }));
    body.prepend(...sorted);
  });
});
