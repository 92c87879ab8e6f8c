// Tables as files, made in the page, so that they hold what is shown (filters, a replayed minute, a lost feed).
import { byId, make } from "./elements.js";
import { tr } from "./language.js";

/** @typedef {string | number | boolean | null | undefined} Cell */

// A cell that begins like a formula would be one in a spreadsheet; the words come from strangers' phones.
/** @param {Cell} value */
const cell = (value) => {
  let text = String(value ?? "");
  if (typeof value === "string" && /^[=+\-@\t\r]/.test(text)) text = "'" + text;
  return /[",\n\r]/.test(text) ? '"' + text.replaceAll('"', '""') + '"' : text;
};

/** @param {string[]} columns @param {Cell[][]} rows */
export const csvText = (columns, rows) => [columns, ...rows].map((row) => row.map(cell).join(",") + "\r\n").join("");

/** @param {string} name @param {string} text */
export function download(name, text) {
  const link = make("a", { href: URL.createObjectURL(new Blob(["\ufeff" + text], { type: "text/csv;charset=utf-8" })), download: name, hidden: true });
  document.body.append(link);
  link.click();
  link.remove();
  setTimeout(() => URL.revokeObjectURL(link.href), 10000);
}

/** A table's file of a minute, which is part of the name, so that files of one day sort.
 * @param {string} table @param {number} at epoch seconds */
export const fileName = (table, at) => table + "-" + new Date(at * 1000).toISOString().slice(0, 16).replace(":", "") + "Z.csv";

const TITLES = {
  work: tr("Save the worklist as CSV"), map: tr("Save the map's data as CSV"), silent: tr("Save the silent precincts as CSV"),
  incidents: tr("Save the incidents as CSV"), unread: tr("Save the unread texts as CSV"), alerts: tr("Save the alerts as CSV"),
};
/** @typedef {keyof typeof TITLES} TableName */

/** The button that saves a table. @param {TableName} table */
export const csvButton = (table) => make("button", { type: "button", class: "csv", "data-csv": table, "aria-label": TITLES[table] }, "CSV");

/** A tile's tools: these and the export. Made anew only when they changed, so that the keyboard stays where it is.
 * @param {TableName} table @param {HTMLElement[]} [tools] */
export function showTools(table, tools = []) {
  const holder = byId(table + "-tools");
  const key = tools.map((t) => t.textContent).join("|") + "|";
  if (holder.dataset.tools === key) return;
  holder.dataset.tools = key;
  holder.replaceChildren(...tools, csvButton(table));
}
