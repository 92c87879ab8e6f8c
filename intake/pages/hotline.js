// The hotline's desk: precinct, Enter, number, Enter; and the grid of a paper sheet. Reports are kept in the
// browser before they are sent, as on a watcher's phone: the server may be away while the telephone rings.
import { Queue, newId } from "./queue.js";
import { el, numberIn } from "./screens.js";

/** @import {Kept, Receipt} from "./queue.js" */
/** A precinct as the desk looks for it; keys are plain letters and digits.
 * @typedef {{id: string, name: string, county: string, registered: number, watchers: [string, string][], key: string,
 *   nameKey: string, aliasKeys: string[]}} Place */

const MOST = 8; // precincts offered at once
const NO_PLACES = "The list of precincts is not here yet; trying again.";
/** @param {string} id */
const byId = (id) => /** @type {HTMLElement} */ (document.getElementById(id));
/** @param {string} id */
const fieldOf = (id) => /** @type {HTMLInputElement} */ (document.getElementById(id));
/** @param {string} text */
const plain = (text) => text.normalize("NFKD").toLowerCase().replace(/[^\p{L}\p{N}]/gu, "");

/** The places that what is typed may mean, best first, each with its rank. As texts are read: the id as it is written, the id
 * without its marks, a whole name; then beginnings and parts.
 * @param {Place[]} places @param {string} typed @returns {[number, Place][]} */
function rankedFor(places, typed) {
  const wanted = plain(typed), written = typed.trim().toLowerCase();
  if (!wanted) return [];
  /** @type {[number, Place][]} */
  const ranked = [];
  for (const place of places) {
    const rank = place.id.toLowerCase() === written ? 0 : place.key === wanted ? 1
      : place.nameKey === wanted || place.aliasKeys.includes(wanted) ? 2 : place.key.startsWith(wanted) ? 3
        : place.nameKey.startsWith(wanted) ? 4 : place.nameKey.includes(wanted) ? 5 : 9;
    if (rank < 9) ranked.push([rank, place]);
  }
  return ranked.sort((a, b) => a[0] - b[0] || a[1].id.localeCompare(b[1].id, "en", { numeric: true }));
}

/** The places to offer, best first. @param {Place[]} places @param {string} typed @returns {Place[]} */
export function matches(places, typed) {
  return rankedFor(places, typed).slice(0, MOST).map(([, place]) => place);
}

/** The one place that is meant; null where several may be: they are asked about, never taken.
 * @param {Place[]} places @param {string} typed @returns {Place | null} */
export function meant(places, typed) {
  const ranked = rankedFor(places, typed);
  return ranked.length && ranked[1]?.[0] !== ranked[0][0] ? ranked[0][1] : null;
}

/** @returns {Promise<Place[]>} */
async function fetchPlaces() {
  for (;;) {
    try {
      const answer = await fetch("/hotline/places", { credentials: "same-origin" });
      /** @typedef {[string, string, string, string[], number, [string, string][]]} Row */
      if (answer.ok) return /** @type {Row[]} */ ((await answer.json()).places).map(([id, name, county, aliases, registered, watchers]) => ({
        id, name, county, registered, watchers,
        key: plain(id), nameKey: plain(name), aliasKeys: aliases.map(plain),
      }));
    } catch { /* away for a moment */ }
    notice(NO_PLACES);
    await new Promise((resolve) => setTimeout(resolve, 2000));
  }
}

/** @param {string} text */
function notice(text) {
  byId("notice").textContent = text;
}

async function desk() {
  const place = fieldOf("place"), who = fieldOf("who"), said = fieldOf("said"), found = byId("found");
  const rows = /** @type {HTMLTableElement} */ (byId("log")).tBodies[0];
  const queue = await Queue.open("hotline", "", { name: "beluga-hotline", path: "/hotline/reports/" });
  /** @type {Place[]} */
  let places = [];
  /** @type {Place[]} */
  let offered = [];
  let chosen = /** @type {Place | null} */ (null);
  let marked = 0;
  let pointed = false; // by the arrow keys: then the marked one is meant, whatever is typed

  const close = () => { found.hidden = true; place.setAttribute("aria-expanded", "false"); };
  /** @param {Place | null} one */
  const choose = (one) => {
    chosen = one;
    place.value = one ? `${one.id} ${one.name}` : place.value;
    who.replaceChildren(...(one?.watchers || []).map(([id, name]) => el("option", { value: id }, name)),
      el("option", { value: "" }, "nobody known"));
    place.removeAttribute("aria-activedescendant");
    close();
  };
  const offer = () => {
    chosen = null;
    offered = matches(places, place.value);
    marked = 0;
    pointed = false;
    draw();
  };
  const draw = () => {
    found.replaceChildren(...offered.map((one, index) => el("li", {
      id: `found-${index}`, role: "option", "aria-selected": String(index === marked),
      onmousedown: (/** @type {Event} */ event) => { event.preventDefault(); choose(one); said.focus(); },
    }, el("b", {}, one.id), el("span", {}, [one.name, one.county].filter(Boolean).join(", ")))));
    found.hidden = !offered.length;
    place.setAttribute("aria-expanded", String(offered.length > 0));
    if (offered.length) place.setAttribute("aria-activedescendant", `found-${marked}`);
    else place.removeAttribute("aria-activedescendant");
  };
  /** Chooses what is meant, if one is; else says that several are. */
  const settle = () => {
    const one = pointed ? offered[marked] : meant(places, place.value);
    if (one) choose(one);
    else if (offered.length) notice(`“${place.value}” may be ${offered.map((p) => p.id).join(", ")}: type more, or choose with ↓.`);
    return one;
  };
  place.addEventListener("input", offer);
  place.addEventListener("focus", () => place.select());
  place.addEventListener("blur", () => { if (!chosen && offered.length) settle(); close(); });
  place.addEventListener("keydown", (event) => {
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      if (!offered.length) return;
      event.preventDefault();
      marked = (marked + (event.key === "ArrowDown" ? 1 : offered.length - 1)) % offered.length;
      pointed = true;
      draw();
    } else if (event.key === "Escape") close();
    else if (event.key === "Enter") {
      event.preventDefault();
      if (!chosen && offered.length && !settle()) return;
      if (chosen) { notice(""); said.focus(); said.select(); } else notice(`No precinct “${place.value}”.`);
    }
  });

  byId("desk").addEventListener("submit", async (event) => {
    event.preventDefault();
    if (!chosen) { notice("First choose the precinct."); place.focus(); return; }
    const words = said.value.trim();
    if (!words) { notice("What do they say? A number, or the words of a text."); said.focus(); return; }
    const number = numberIn(words);
    /** @type {Kept["report"]} */
    const report = { kind: "count", precinct_id: chosen.id, watcher_id: who.value };
    if (number === null) report.text = words;
    else report.votes = number;
    const entry = { id: newId(), report, label: `${chosen.id} · ${words}` };
    const state = el("td", {}, "sending…");
    const row = el("tr", { id: `r-${entry.id}` }, el("td", {}, new Date().toLocaleTimeString()),
      el("td", {}, `${chosen.id} ${chosen.name}`), el("td", {}, words), state);
    rows.prepend(row);
    notice(entry.label);
    // The next call's keys come at once: the fields are free before anything is waited for.
    said.value = "";
    place.value = "";
    choose(null);
    place.focus();
    try {
      await queue.add(entry);
    } catch {
      state.textContent = "NOT KEPT: write it down, close other windows, and reload this page";
      row.classList.add("bad");
      return;
    }
    await queue.send();
    if (state.textContent === "sending…") state.textContent = "kept here, not sent yet";
  });

  queue.addEventListener("sent", (event) => {
    const { entry, receipt } = /** @type {CustomEvent<{entry: Kept, receipt: Receipt}>} */ (event).detail;
    const row = byId(`r-${entry.id}`);
    const words = `${receipt.asks ? "?" : "✓"} ${receipt.reply || "Saved."}`;
    if (row) { row.lastElementChild?.replaceChildren(words); row.classList.toggle("bad", Boolean(receipt.asks)); }
    notice(`${entry.label}: ${words}`);
  });
  const drawWaiting = async () => {
    const waiting = await queue.waiting();
    const box = byId("waiting");
    const ended = "The hotline's session is over: open it again from the war room. Nothing is lost.";
    box.replaceChildren(el("h2", {}, `${waiting.length} not sent`),
      el("p", {}, queue.linkEnded ? ended : "Kept in this browser; they go out by themselves."),
      el("ul", {}, ...waiting.map((e) => el("li", {}, e.label + (e.refused ? " — refused; tell the war room" : "")))));
    box.hidden = !waiting.length || (waiting.length === 1 && queue.passing !== null);
  };
  queue.addEventListener("change", drawWaiting);
  queue.addEventListener("later", drawWaiting);
  addEventListener("online", () => queue.send());
  document.addEventListener("visibilitychange", () => document.visibilityState === "visible" && queue.send());
  queue.send().then(drawWaiting);
  places = await fetchPlaces();
  if (byId("notice").textContent === NO_PLACES) notice("");
  document.documentElement.dataset.ready = "yes";
  if (place.value) offer();
}

/** Enter goes to the next box; a number below the one before it, or no number, is marked at once. @param {HTMLElement} form */
function grid(form) {
  const boxes = [.../** @type {NodeListOf<HTMLInputElement>} */ (form.querySelectorAll(".box input"))];
  const registered = Number(form.dataset.registered);
  const look = () => {
    let highest = -1, wrong = "";
    for (const box of boxes) {
      const number = numberIn(box.value);
      const bad = box.value.trim() !== "" && (number === null || number < highest);
      box.toggleAttribute("aria-invalid", bad);
      if (bad) wrong ||= number === null ? `“${box.value}” is no number.` : `${number} is less than ${highest} before it.`;
      else if (number !== null) highest = number;
    }
    if (!wrong && registered > 0 && highest > registered) wrong = `${highest} is more than the ${registered} registered.`;
    notice(wrong ? `${wrong} Check the paper; it can still be saved.` : "");
  };
  boxes.forEach((box, index) => {
    box.addEventListener("input", look);
    box.addEventListener("keydown", (event) => {
      if (event.key === "Enter" && index + 1 < boxes.length) {
        event.preventDefault();
        boxes[index + 1].focus();
      } else if (event.key === "ArrowUp" && index) boxes[index - 1].focus();
      else if (event.key === "ArrowDown" && index + 1 < boxes.length) boxes[index + 1].focus();
    });
  });
}

if (byId("desk")) desk().catch(() => notice("This browser refuses to keep reports: use another, or upload a file."));
if (byId("grid")) grid(byId("grid"));
