// The precinct panel's frame and every action of the board. What an action did, or why not, is said in words.
import { board, post, say } from "./board.js";
import { callersOf, callingAt, heardWords } from "./calling.js";
import { byId, fieldOf, make } from "./elements.js";
import { retold, tr } from "./language.js";
import { panelScripts } from "./panel_scripts.js";
import { now } from "./stack_clock.js";
import { threadsHere } from "./thread.js";

/** @import {Standing} from "feed-messages" */
/** @typedef {{key: string, action: string, precinct_id: string | null, target?: string, callers_wanted?: number, text?: string, closes?: string, watcher_id?: string}} Deed */

const dark = matchMedia("(prefers-color-scheme: dark)");
const isDark = () => dark.matches || document.documentElement.classList.contains("kiosk");
let round = 0;
let waiting = false;

/** Asks Dash for a precinct's panel; in a replay the tally answers with that of the minute shown. @param {string} precinctId */
function askPanel(precinctId) {
  round += 1;
  const mine = round;
  const past = board.replaying() ? { at: now() } : {};
  const request = { precinct_id: precinctId, dark: isDark(), round, ...past };
  panelScripts.ready().then(() => {
    // Dash's own way for a page's script to tell it something
    const dash = /** @type {{dash_clientside: {set_props(id: string, props: object): void}}} */ (/** @type {unknown} */ (window)).dash_clientside;
    if (mine === round) dash.set_props("panel-request", { data: request });
  }, () => {});
}

/** A change of the open precinct is fetched at most every two seconds. @param {string} precinctId */
export function panelChanged(precinctId) {
  if (waiting) return;
  waiting = true;
  setTimeout(() => {
    waiting = false;
    if (board.selected === precinctId) askPanel(precinctId);
  }, 2000);
}

/** Opens the panel; null closes it. @param {string | null} precinctId */
export function showPanel(precinctId) {
  byId("panel").hidden = !precinctId;
  document.body.classList.toggle("with-panel", Boolean(precinctId));
  if (!precinctId) return;
  const page = location.pathname.startsWith("/precinct/");
  byId("panel-bar").replaceChildren(
    make("a", { href: "/", "data-close": true }, tr("← Board")),
    page ? "" : make("a", { href: "/precinct/" + encodeURIComponent(precinctId), "data-full": true }, tr("Full page")));
  askPanel(precinctId);
  panelScripts.ready().then(() => {
    if (board.selected !== precinctId) return;
    byId("panel-words").scrollIntoView?.({ block: "nearest" });
    byId("panel-actions").replaceChildren(callers(precinctId), note(precinctId), more(precinctId), threadsHere(precinctId));
  }, () => say(tr("The precinct's page does not load. Close it and open it again."), true));
}

/** The call desk said something new: the first action follows, unless somebody is typing a number into it. */
export function panelNews() {
  const row = byId("panel-actions")?.firstElementChild;
  const id = board.selected;
  const closes = fieldOf("closes-at");
  if (id && closes && !closes.value && board.info.has(id)) closes.value = closing(id); // opened before the feed
  if (!id || !row || row.contains(document.activeElement)) return;
  const fresh = callers(id);
  if (fresh.textContent !== row.textContent) row.replaceWith(fresh);
}

/** @param {string} action @param {string} precinctId @param {string} words @param {boolean} [main] */
const button = (action, precinctId, words, main) => make("button", { type: "button", "data-action": action, "data-for": precinctId, class: main ? "main" : null }, words);

/** Whether staff may send callers there of their own accord. @param {Standing} s */
const canHelp = (s) => !board.calls?.hindered?.has(s.precinct_id) && !["silent", "doubtful", "closed"].includes(s.state);

/** @param {string} precinctId */
function callers(precinctId) {
  const s = board.standings.get(precinctId);
  const sent = board.calls?.at.get(precinctId);
  const { words, title, offer } = s ? callingAt(s, board.calls) : { words: "", title: "", offer: null };
  const state = words && !offer ? make("p", { class: "offer", title: title || null }, tr("Callers: {words}", { words })) : null;
  const heard = s?.state === "silent" ? board.calls?.heard?.get(precinctId) : null;
  const eye = heard ? make("p", { class: "offer", id: "panel-heard" }, heardWords(heard, board.calls?.reached_check)) : null;
  if (s && !sent && !offer && !canHelp(s)) return make("div", {}, state, eye);
  const wanted = offer ? offer.callers : Math.max(1, Math.min(10, Math.ceil((s ? s.shortfall : 60) / 15)));
  const number = make("input", { type: "number", min: 1, max: 50, value: wanted, id: "callers-wanted", inputmode: "numeric", "aria-label": tr("How many callers") });
  const send = button("dispatch", precinctId, "", offer ? offer.urgent !== false : !sent && s?.state === "lagging"); // as sure as the offer
  const word = () => {
    send.dataset.callers = number.value;
    send.textContent = tr("Send {callers}", { callers: callersOf(Number(number.value)) });
  };
  number.addEventListener("input", word);
  word();
  return make("div", {}, number, send, sent ? button("recall", precinctId, tr("Stop calling here")) : null, state, eye,
    offer ? make("p", { class: "offer" }, tr("Proposed: {sentence}", { sentence: retold(offer.sentence) })) : null);
}

/** @param {string} precinctId */
function note(precinctId) {
  const text = make("input", { type: "text", maxlength: 500, id: "note-text", placeholder: tr("Polls opened late…"), "aria-label": tr("Note for this precinct") });
  return make("div", {}, text, button("note", precinctId, tr("Add note")));
}

/** When the polls there close by their own clock, HH:MM; empty before the feed has told. @param {string} precinctId */
function closing(precinctId) {
  const info = board.info.get(precinctId);
  return info ? new Intl.DateTimeFormat("en-GB", { timeZone: info.timezone, hour: "2-digit", minute: "2-digit" }).format(new Date(info.closes_at * 1000)) : "";
}

/** What is done less often, each saying its effect before it is pressed. @param {string} precinctId */
function more(precinctId) {
  const closes = make("input", { type: "time", id: "closes-at", value: closing(precinctId), "aria-label": tr("When the polls here close, local time") });
  const move = button("hours", precinctId, tr("Move closing time"));
  closes.addEventListener("input", () => { move.textContent = closes.value ? tr("Polls here close at {at}", { at: closes.value }) : tr("Move closing time"); });
  const who = make("input", { type: "search", id: "assign-search", maxlength: 100, placeholder: tr("Name, place or id of a watcher"), "aria-label": tr("Watcher to send here") });
  const found = make("ul", { id: "assign-found" });
  let turn = 0;
  who.addEventListener("input", async () => {
    const mine = (turn += 1);
    await new Promise((done) => setTimeout(done, 200));
    const q = who.value.trim();
    if (mine !== turn) return;
    if (q.length < 2) { found.replaceChildren(); return; }
    try {
      const reply = await fetch("/watchers?q=" + encodeURIComponent(q), { headers: { Accept: "application/json" }, signal: AbortSignal.timeout(8000) });
      /** @type {{id: string, name: string, places: string[]}[]} */
      const list = reply.ok ? await reply.json() : [];
      if (mine !== turn) return;
      found.replaceChildren(...(list.length ? list.slice(0, 6).map((w) => {
        const send = button("assign", precinctId, tr("Send {name} here", { name: w.name }));
        send.dataset.watcher = w.id;
        return make("li", {}, send, make("span", { class: "why" }, tr("now at {places}", { places: w.places.slice(0, 2).join(", ") })));
      }) : [make("li", { class: "why" }, tr("No such watcher."))]));
    } catch { found.replaceChildren(make("li", { class: "why" }, tr("The war room does not answer."))); }
  });
  return make("details", { id: "panel-more" }, make("summary", {}, tr("Closing time, another watcher")), make("div", {}, closes, move), make("div", { class: "stack" }, who, found));
}

/** @type {Record<string, (name: string, b: Deed, answer: {hold?: string, reachable?: number} | undefined) => string>} */
const SAID = {
  dispatch: (name, b, a) => {
    const fields = { callers: callersOf(b.callers_wanted ?? 0), name, hold: a?.hold && retold(a.hold), reachable: a?.reachable };
    if (a?.hold) return tr("{callers} ordered for {name}, resting: {hold}.", fields);
    return a?.reachable ? tr("{callers} sent to {name}: {reachable} may be called.", fields) : tr("{callers} sent to {name}.", fields);
  },
  accept: (name) => tr("Report accepted for {name}.", { name }),
  reject: (name) => tr("Report rejected for {name}.", { name }),
  note: (name) => tr("Note added to {name}.", { name }),
  recall: (name) => tr("Nobody calls for {name} any more.", { name }),
  hours: (name, b) => tr("Polls at {name} close at {at}. Everybody counts with that from now on.", { name, at: b.closes }),
  assign: (name) => tr("The watcher is being texted to go to {name}, and counts for it from now on.", { name }),
};

/** Does what a button with `data-action` says. @param {HTMLButtonElement} pressed */
export async function act(pressed) {
  const action = pressed.dataset.action || "";
  const precinctId = pressed.dataset.for || board.selected;
  // The key stays with the button until an answer came, so that pressing again is the same deed.
  const key = (pressed.dataset.key ||= crypto.randomUUID());
  /** @type {Deed} */
  const body = { key, action, precinct_id: precinctId };
  if (pressed.dataset.target) body.target = pressed.dataset.target;
  if (action === "dispatch") body.callers_wanted = Number(pressed.dataset.callers);
  if (action === "note") body.text = fieldOf("note-text").value;
  if (action === "hours") body.closes = fieldOf("closes-at").value;
  if (action === "assign") body.watcher_id = pressed.dataset.watcher;
  pressed.disabled = true;
  const answer = await post("/actions", body);
  pressed.disabled = false;
  if (answer.signedOut) return;
  if (answer.done || answer.refused) delete pressed.dataset.key;
  say((answer.done ? SAID[action](board.nameOf(precinctId || ""), body, answer.answer) : answer.message) || "", !answer.done);
  if (!answer.done) return;
  if (action === "note") fieldOf("note-text").value = "";
  if (action === "assign") byId("assign-found").replaceChildren(); // who watches here follows with the roster's news
  if (precinctId) panelChanged(precinctId);
}

board.openPanelAgain = () => { if (board.selected) panelChanged(board.selected); };
dark.addEventListener("change", () => { if (board.selected) askPanel(board.selected); });
