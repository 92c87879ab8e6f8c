// Numbers, shown when somebody asks for them: as digits, since a link alone is a dead end on a laptop. Who asks is audited.
import { board, post, say } from "./board.js";
import { make } from "./elements.js";
import { tr } from "./language.js";
import { coded } from "./words.js";

/** @typedef {{as: string, name: string, phone: string}} Callable */

/** Whom to call, by precinct, as told. @type {Map<string, Callable[]>} */
const told = new Map();

/** @param {Callable} p */
const entry = (p) => make("span", { class: "phone" }, p.name + (p.as === "watcher" ? " " : ", " + coded(p.as) + " "),
  p.phone ? make("a", { href: "tel:" + p.phone, "aria-label": tr("Call {name}", { name: p.name }) }, p.phone) : tr("no number"));

/** Puts the numbers that were asked for in place of their buttons. */
export function paintPhones() {
  for (const button of /** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll("[data-phones]"))) {
    const people = told.get(button.dataset.phones || "");
    const holder = button.parentElement;
    if (people && holder) holder.replaceChildren(...(people.length ? people.map(entry) : [tr("Nobody to call.")]));
  }
}

/** Asks for the numbers of a button's precinct. @param {HTMLElement} button */
export async function showPhones(button) {
  const precinctId = button.dataset.phones || "";
  const answer = await post("/phones", { precinct_id: precinctId });
  if (answer.signedOut) return;
  if (!answer.done) { say(answer.message || "", true); return; }
  told.set(precinctId, answer.people);
  paintPhones();
}

/** @param {string} precinctId */
export const phoneButton = (precinctId) => make("button", { type: "button", class: "act", "data-phones": precinctId,
  "aria-label": tr("Show whom to call at {place}", { place: board.nameOf(precinctId) }) }, tr("phone"));
