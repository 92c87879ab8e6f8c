// What the person has chosen, which the address holds all of:
// /precinct/ID, or /?precinct=…&county=…&state=…&at=…&view=table&tab=…
import { board } from "./board.js";
import { STATES } from "./words.js";

/** @import {ShownState} from "./words.js" */

export const TABS = ["work", "map", "today", "silent", "incidents", "unread"]; // on a phone one of them is shown

/** @type {() => void} */
let follow = () => {};
/** What is to happen when the address has changed. @param {() => void} then */
export const followAddress = (then) => { follow = then; };

export function readAddress() {
  const query = new URLSearchParams(location.search);
  const page = location.pathname.match(/^\/precinct\/(.+)$/);
  const state = query.get("state") || "", tab = query.get("tab") || "";
  board.selected = page ? decodeURIComponent(page[1]) : query.get("precinct");
  board.county = query.get("county");
  board.filter = state in STATES ? /** @type {ShownState} */ (state) : null;
  board.asTable = query.get("view") === "table";
  board.tab = TABS.includes(tab) ? tab : TABS[0];
  document.body.classList.toggle("page", Boolean(page));
  document.documentElement.classList.toggle("kiosk", query.get("kiosk") === "1");
}

/** The address with these changes; null removes a part. `full`: of the precinct's own page.
 * @param {{pathname: string, search: string}} from @param {Record<string, string | null>} changes @param {boolean} [full] */
export function addressWith(from, changes, full) {
  const query = new URLSearchParams(from.search);
  for (const [key, value] of Object.entries(changes)) value === null ? query.delete(key) : query.set(key, value);
  if (full) query.delete("precinct");
  const stays = ["at", "view", "tab"].some((part) => part in changes);
  const path = full ? "/precinct/" + encodeURIComponent(changes.precinct ?? "") : stays ? from.pathname : "/";
  const text = query.toString();
  return path + (text ? "?" + text : "");
}

/** Changes the address. `quietly`: without a step to go back to.
 * @param {Record<string, string | null>} changes @param {boolean} [full] @param {boolean} [quietly] */
export function go(changes, full, quietly) {
  history[quietly ? "replaceState" : "pushState"](null, "", addressWith(location, changes, full));
  follow();
}

addEventListener("popstate", () => follow());
