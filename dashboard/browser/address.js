// What the person has chosen, which the address holds all of:
// /precinct/ID, or /?precinct=…&county=…&state=…&at=…&view=table&tab=…
import { addressWith } from "./address_parts.js";
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

/** Changes the address. `quietly`: without a step to go back to.
 * @param {Record<string, string | null>} changes @param {boolean} [full] @param {boolean} [quietly] */
export function go(changes, full, quietly) {
  history[quietly ? "replaceState" : "pushState"](null, "", addressWith(location, changes, full));
  follow();
}

addEventListener("popstate", () => follow());
