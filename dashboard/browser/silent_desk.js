// The silent desk: how far each silence has been taken, and what is done about several at once.
import { byId, make } from "./elements.js";
import { tr, trn } from "./language.js";
import { coded, hhmm, whole } from "./words.js";

/** @typedef {{id: string, precinct_id: string, place: string, people: {name: string}[], steps: {step: number, to: string, at: string}[], next_step?: {to: string, at: string} | null}} Silence */
/** @typedef {{ask(path: string, body?: object): Promise<any>, say(words: string, bad?: boolean): void, wordsOf(error: unknown): string, changed(): void}} Desk */

/** Precincts chosen. @type {Set<string>} */
const chosen = new Set();
/** @param {string} iso */
const hour = (iso) => hhmm(Date.parse(iso) / 1000);
/** @param {number} n */
const precincts = (n) => trn("{n} precinct", "{n} precincts", n, { n: whole(n) });

/** What follows by itself, in words. @param {Silence} i @param {number} at epoch seconds */
export function whatFollows(i, at) {
  if (!i.people.length) return tr("assign somebody");
  if (!i.next_step) return i.steps.length ? tr("everybody was texted: call, or assign somebody") : "";
  const fields = { who: coded(i.next_step.to), at: hour(i.next_step.at) };
  return Date.parse(i.next_step.at) / 1000 <= at ? tr("next the {who}, due now", fields) : tr("next the {who} at {at}", fields);
}

/** How far all silences have been taken. @param {Silence[]} items */
export function escalation(items) {
  const watched = items.filter((i) => i.people.length);
  /** @param {string} to */
  const reached = (to) => watched.filter((i) => i.steps.at(-1)?.to === to).length;
  return [
    [whole(items.length - watched.length), tr("without a watcher")],
    [whole(watched.filter((i) => !i.steps.length).length), tr("not texted yet")],
    [whole(reached("watcher")), tr("watcher texted")], [whole(reached("backup")), tr("second phone texted")],
    [whole(reached("coordinator")), tr("coordinator texted")],
  ].map(([n, words]) => n + " " + words).join(" · ");
}

/** A box that chooses a precinct. @param {Silence} i @param {() => void} turned */
export function box(i, turned) {
  const input = make("input", { type: "checkbox", "aria-label": tr("Choose {place}", { place: i.place || i.id }), checked: chosen.has(i.id) });
  input.addEventListener("change", () => { if (input.checked) chosen.add(i.id); else chosen.delete(i.id); turned(); });
  return input;
}

/** Above the queue: where the silences stand, and what is done about the chosen ones, or all.
 * @param {Silence[]} items @param {Desk} desk */
export function paintSilent(items, desk) {
  const summary = byId("summary");
  for (const id of chosen) if (!items.some((i) => i.id === id)) chosen.delete(id); // heard from meanwhile
  const told = make("p", {}, escalation(items));
  if (summary.querySelector("#silent-deeds")) { // typed words stay
    summary.querySelector("#silent-told")?.replaceChildren(told);
    paintButtons(items);
    return;
  }
  const search = make("input", { id: "silent-assign", type: "text", autocomplete: "off", maxlength: 100, placeholder: tr("name or id of a watcher"), role: "searchbox" });
  const found = make("ul", { id: "silent-found" });
  let turn = 0;
  search.addEventListener("input", async () => {
    const mine = (turn += 1), q = search.value.trim();
    await new Promise((done) => setTimeout(done, 200));
    if (mine !== turn) return;
    if (q.length < 2) { found.replaceChildren(); return; }
    try {
      /** @type {{id: string, name: string, places: string[]}[]} */
      const watchers = await desk.ask("/watchers?q=" + encodeURIComponent(q));
      if (mine === turn) found.replaceChildren(...watchers.map((w) => {
        const send = make("button", { type: "button" }, tr("Send {name} · {places}", { name: w.name, places: w.places.slice(0, 2).join(", ") }));
        send.addEventListener("click", () => assign(w, desk, found, search));
        return make("li", {}, send);
      }));
    } catch (error) { desk.say(desk.wordsOf(error), true); }
  });
  const remind = make("button", { type: "button", id: "silent-remind", class: "main" });
  remind.addEventListener("click", async () => {
    remind.disabled = true;
    try {
      const ids = targets();
      const { answer } = await desk.ask("/silent/remind", { precinct_ids: ids });
      const sent = trn("{n} text is on its way, for {precincts}.", "{n} texts are on their way, for {precincts}.", answer.made, { n: whole(answer.made), precincts: precincts(answer.precincts) });
      desk.say(sent + (answer.nobody ? " " + tr("In {precincts} nobody is left to text.", { precincts: precincts(answer.nobody) }) : ""), false);
      chosen.clear();
      desk.changed();
    } catch (error) { desk.say(desk.wordsOf(error), true); } finally { remind.disabled = false; }
  });
  summary.hidden = false;
  summary.replaceChildren(make("div", { id: "silent-told" }, told), make("div", { id: "silent-deeds" },
    make("p", { class: "actions" }, remind),
    make("details", {}, make("summary", {}, tr("Assign a watcher to the chosen")), make("p", { class: "field" }, make("label", { for: "silent-assign" }, tr("Who goes there")), search), found)));
  paintButtons(items);
}

/** @type {Silence[]} */
let shown = [];
/** Where the next text goes: to the chosen, or to all for whom a step is left. */
const targets = () => (chosen.size ? [...chosen] : shown.filter((i) => i.people.length && (i.next_step || !i.steps.length)).map((i) => i.id));

/** @param {Silence[]} items */
export function paintButtons(items) {
  shown = items;
  const n = targets().length, remind = /** @type {HTMLButtonElement} */ (byId("silent-remind"));
  remind.textContent = !n ? tr("Nobody is left to text") : chosen.size ? tr("Text the next step now: the {precincts} chosen", { precincts: precincts(n) }) : tr("Text the next step now: {precincts}", { precincts: precincts(n) });
  remind.disabled = !n;
}

/** @param {{id: string, name: string}} watcher @param {Desk} desk @param {HTMLElement} found @param {HTMLInputElement} search */
async function assign(watcher, desk, found, search) {
  if (!chosen.size) { desk.say(tr("Choose the precincts first: the boxes in the list."), true); return; }
  let done = 0;
  for (const id of [...chosen]) {
    try {
      await desk.ask("/actions", { key: crypto.randomUUID(), action: "assign", precinct_id: id, watcher_id: watcher.id });
      chosen.delete(id);
      done += 1;
    } catch (error) { desk.say(desk.wordsOf(error), true); break; }
  }
  if (done) desk.say(trn("{name} is being texted to go to {precincts}, and counts for it from now on.", "{name} is being texted to go to {precincts}, and counts for them from now on.", done, { name: watcher.name, precincts: precincts(done) }), false);
  found.replaceChildren();
  search.value = "";
  desk.changed();
}
