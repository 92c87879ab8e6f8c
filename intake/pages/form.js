// Takes the plain form over: the same questions, but kept on the phone first, so that no signal is needed.
// Where the phone refuses storage, the plain form stays as the server made it.
import { smallCopy } from "./photo.js";
import { Queue, newId } from "./queue.js";
import { RollStore } from "./roll_store.js";
import * as screens from "./screens.js";
import { StrikeOff } from "./strike_off.js";

/** @import {Entry, Kept, Receipt} from "./queue.js" */
/** @import {Links, Precinct, Question, Words} from "./screens.js" */
/**
 * What the server wrote into the page (intake/form/page.py).
 * @typedef {{words: Words, language: string, precincts: Precinct[], questions: Question[], offered?: string[], watcher: string, now: string,
 *   timezone: string, day_begins?: string, phone_clock: boolean, sms_number: string, take_over: boolean}} FormData
 */

/** @type {{ready: ArrayBuffer | null, coming: Promise<ArrayBuffer | null>}} */
const NO_PHOTO = { ready: null, coming: Promise.resolve(null) };
const WITH_PHOTO = new Set(["count", "final", "problem"]);
const data = /** @type {FormData} */ (JSON.parse(document.getElementById("form-data")?.textContent || "{}"));
const { words, language, precincts } = data;
const main = /** @type {HTMLElement} */ (document.querySelector("main"));
const box = /** @type {HTMLElement} */ (document.getElementById("waiting"));
const path = location.pathname;
/** @type {Queue} */
let queue;
/** Rolls of this link on this phone; null where it keeps none. @type {RollStore | null} */
let rolls = null;
/** @type {StrikeOff | null} */
let roll = null;
let shown = 0; // which screen this is: an answer that comes late must not replace a later one

// A phone's clock may be wrong: the difference was seen when the page last came from the server.
// (A kept page carries an old time, which has been seen before.)
let ahead = 0;
try {
  if (data.now !== localStorage.getItem("beluga-seen")) {
    localStorage.setItem("beluga-seen", data.now);
    localStorage.setItem("beluga-ahead", String(Date.parse(data.now) - Date.now()));
  }
  ahead = Number(localStorage.getItem("beluga-ahead")) || 0;
} catch { /* storage refused: the phone's own clock */ }

/** @param {number} at @param {string} zone */
const clock = (at, zone) =>
  new Date(at).toLocaleTimeString(language, { hour: "2-digit", minute: "2-digit", timeZone: zone });
/** @param {number} at @param {string} zone */
const clock24 = (at, zone) =>
  new Date(at).toLocaleTimeString("en-GB", { hour: "2-digit", minute: "2-digit", timeZone: zone });
/** @param {number} number */
const grouped = (number) => number.toLocaleString(language);
/** @param {string} place @param {string} ask */
const hrefOf = (place, ask) => `${path}?p=${encodeURIComponent(place)}${ask ? `&ask=${ask}` : ""}`;

/** @param {string} place */
function zoneOf(place) {
  return precincts.find((p) => p.id === place)?.timezone || data.timezone;
}

/** Shows a screen; returns which one it is. @param {(Node | null)[]} elements @param {string} [focus] */
function show(elements, focus) {
  shown += 1;
  main.replaceChildren(...elements.filter((each) => each !== null));
  scrollTo(0, 0);
  const first = /** @type {HTMLElement | null} */ (focus ? main.querySelector(focus) : null);
  (first || main.querySelector("h1"))?.focus({ preventScroll: true });
  return shown;
}

async function route() {
  const query = new URLSearchParams(location.search);
  const precinct = precincts.find((p) => p.id === query.get("p")) || (precincts.length === 1 ? precincts[0] : null);
  if (!precinct && precincts.length > 1) return show(screens.chooseScreen(words, precincts, hrefOf));
  const early = Date.now() + ahead < Date.parse(data.day_begins || "1970-01-01T00:00Z");
  const question = data.questions.find((q) => q.name === query.get("ask"))
    || data.questions.find((q) => q.name === (early ? "ready" : "count"));
  if (question) await ask(precinct, question);
}

/** @param {Precinct | null} precinct @param {Question} question */
async function ask(precinct, question) {
  const place = precinct?.id || "";
  const mine = shown;
  const last = place ? await queue.last(place) : undefined;
  if (mine !== shown) return;
  /** @type {Links} */
  const links = data.questions.filter((q) => q !== question && (data.offered?.includes(q.name) ?? true)).map((q) => ["link_" + q.name, hrefOf(place, q.name)]);
  if (precincts.length > 1) links.push(["other_place", path]);
  if (question.name === "voters" && precinct && roll && new URLSearchParams(location.search).get("by") !== "number")
    if (await roll.open(precinct, [["roll_typed", `${hrefOf(place, "voters")}&by=number`], ...links])) return;
  /** @param {string} typed */
  const look = (typed) => {
    const number = question.numeric ? screens.numberIn(typed) : null;
    const doubts = (question.name === "count" || question.name === "final") && number !== null;
    return {
      button: number === null ? words.send : screens.filled(words, "send_number", { number: grouped(number) }),
      read: number === null ? "" : screens.filled(words, "read_" + question.name, { number: grouped(number) }),
      doubt: doubts && last?.number !== undefined && number < last.number
        ? screens.filled(words, "lower", { last: grouped(last.number) })
        : doubts && precinct?.registered && number > precinct.registered
          ? screens.filled(words, "higher", { registered: grouped(precinct.registered) }) : "",
    };
  };
  /** @type {{ready: ArrayBuffer | null, coming: Promise<ArrayBuffer | null>}} */
  const photo = { ready: null, coming: Promise.resolve(null) };
  /** @param {File} file */
  const take = async (file) => {
    photo.ready = null;
    photo.coming = smallCopy(file);
    photo.ready = await photo.coming;
    return photo.ready !== null;
  };
  show(screens.askScreen({
    words, precinct, question, links, onlook: look, onphoto: WITH_PHOTO.has(question.name) ? take : undefined,
    last: last?.number === undefined ? undefined : { number: grouped(last.number), time: clock(last.at ?? 0, zoneOf(place)) },
    held: last?.held && { number: grouped(last.held.number), time: clock(last.held.at, zoneOf(place)), onyes: () => confirm(place) },
    onanswer: (typed) => answer(precinct, question, typed, photo),
  }), "#answer");
}

/** Keeps and sends an answer; returns what is wrong with it, or nothing.
 * @param {Precinct | null} precinct @param {Question} question @param {string} typed
 * @param {{ready: ArrayBuffer | null, coming: Promise<ArrayBuffer | null>}} photo */
function answer(precinct, question, typed, photo) {
  const number = question.numeric ? screens.numberIn(typed) : undefined;
  const text = typed.trim();
  if (number === null) return words.digits_only;
  if (question.asks && !question.numeric && !text) return words["ask_" + question.name];
  const place = precinct?.id || "";
  /** @type {Entry["report"]} */
  const report = { kind: question.kind, precinct_id: place };
  if (question.votes) report.votes = number;
  else if (question.asks) report.text = question.numeric ? String(number) : text;
  // In a rehearsal the stack has a clock of its own, and the phone's means nothing to it.
  // A fix has no time of its own: it keeps the time of what it mends.
  if (data.phone_clock && question.name !== "fix") report.observed_at = new Date(Date.now() + ahead).toISOString();
  const said = question.numeric && number !== undefined ? grouped(number) : question.asks ? text : words.say_ready;
  keep({
    id: newId(), report, number, counts: question.votes, ask: question.name,
    answer: question.numeric ? String(number) : text,
    label: `${precinct ? precinct.name || place : ""} · ${said} · ${clock(Date.now(), zoneOf(place))}`,
  }, photo);
  return "";
}

/** Says that the count which waits there is right. @param {string} place */
function confirm(place) {
  keep({
    id: newId(), report: { kind: "confirm", precinct_id: place, text: "YES" }, confirms: true, ask: "yes", answer: "YES",
    label: `${precincts.find((p) => p.id === place)?.name || place} · ${words.yes_right} · ${clock(Date.now(), zoneOf(place))}`,
  }, NO_PHOTO);
}

/** A photo that joins a report. @param {Entry} entry @param {ArrayBuffer | null} content @returns {Entry[]} */
function photoOf(entry, content) {
  if (!content) return [];
  const id = newId();
  const place = String(entry.report.precinct_id);
  const address = `/checkins/${entry.id}/photos/${id}?precinct=${encodeURIComponent(place)}`;
  return [{ id, address, report: { precinct_id: place }, photo: content, label: `${words.photo_added} · ${entry.label}` }];
}

/** @param {Entry} entry @param {{ready: ArrayBuffer | null, coming: Promise<ArrayBuffer | null>}} photo */
async function keep(entry, photo) {
  navigator.storage?.persist?.().catch(() => {}); // phones throw away what was not asked to stay
  try {
    await queue.add(entry, photoOf(entry, photo.ready));
    if (!photo.ready) // still being made small: the report does not wait for it
      photo.coming.then((late) => { for (const each of photoOf(entry, late)) queue.add(each).then(() => queue.send()); });
  } catch { // the phone's disk is full: the words must not be lost, nor said to be safe
    show(screens.outcomeScreen({
      words, heading: words.look_again, said: words.no_storage, text: textOf(entry), links: [],
    }));
    return;
  }
  const place = String(entry.report.precinct_id);
  /** @type {Links} */
  const after = [["again", hrefOf(place, "")], ...(entry.counts ? /** @type {Links} */ ([["link_fix", hrefOf(place, "fix")]]) : [])];
  const mine = show(screens.outcomeScreen({ words, heading: words.saved_here, said: words.sending, links: after }));
  /** @param {Event} event */
  const arrived = (event) => {
    const { entry: sent, receipt } = /** @type {CustomEvent<{entry: Kept, receipt: Receipt}>} */ (event).detail;
    if (sent.id !== entry.id || mine !== shown) return;
    const { reply, asks, held } = receipt;
    show(screens.outcomeScreen({
      words, heading: asks ? words.look_again : `${words.got_it} ✓`, said: reply || words.saved, links: after,
      onyes: held ? () => confirm(place) : undefined,
    }));
  };
  queue.addEventListener("sent", arrived);
  await queue.send();
  if (mine === shown) main.querySelector(".done")?.replaceChildren(queue.linkEnded ? words.link_ended : words.will_send);
}

/** A report as a text's address. @param {Entry & {saved?: number}} entry */
function textOf(entry) {
  const several = precincts.length > 1 || !data.watcher;
  const { saved = Date.now(), ask: question = "", answer: said = "" } = entry;
  const old = Date.now() - saved > 120000;
  const precinct = String(entry.report.precinct_id);
  const time = old ? clock24(saved, zoneOf(precinct)) : "";
  return screens.textLink(data.sms_number, screens.asText(question, said, several ? precinct : "", time));
}

async function showWaiting() {
  const waiting = (await queue.waiting()).filter((entry) => !entry.open);
  box.replaceChildren(...screens.waitingBox({
    words, waiting, textOf, ended: queue.linkEnded, onretry: () => queue.send(),
  }).filter((each) => each !== null));
  box.hidden = !waiting.length;
}

/** @param {MouseEvent} event */
function followLinks(event) {
  const link = /** @type {Element} */ (event.target).closest?.("a");
  if (!link || link.origin !== location.origin || link.pathname !== path || event.ctrlKey || event.metaKey) return;
  event.preventDefault();
  history.pushState(null, "", link.href);
  route();
}

async function start() {
  try {
    queue = await Queue.open(data.watcher, data.watcher ? path.split("/")[2] : "");
  } catch {
    const said = screens.el("p", { class: "alert", role: "status" }, words.no_storage);
    if (data.watcher) main.prepend(said);
    return;
  }
  await openRolls();
  await queue.close(); // a batch that an earlier page left open
  queue.addEventListener("change", showWaiting);
  queue.addEventListener("later", showWaiting);
  if (data.take_over) {
    document.addEventListener("click", followLinks);
    addEventListener("popstate", route);
  }
  const routed = data.take_over ? route() : null; // a roll may be on its way; what waits does not wait for it
  await showWaiting();
  const send = () => queue.send();
  addEventListener("online", send);
  addEventListener("pageshow", send);
  document.addEventListener("visibilitychange", () => {
    if (document.visibilityState === "hidden") roll?.close();
    else { send(); rolls?.check().catch(() => {}); }
  });
  send();
  await routed;
}

/** Rolls on this phone go an hour after the polls have closed, and once the link is no longer good. */
async function openRolls() {
  try {
    rolls = await RollStore.open(path);
    rolls.check().catch(() => {});
    if (!data.watcher) return;
    roll = new StrikeOff({
      queue, store: rolls, words, grouped, show, shown: () => shown, leave: route, time: (place) => clock(Date.now(), zoneOf(place)),
      observed: () => data.phone_clock ? new Date(Date.now() + ahead).toISOString() : undefined,
    });
  } catch { /* numbers are typed then */ }
}

async function stayWithoutSignal() {
  if (!("serviceWorker" in navigator) || !data.watcher) return;
  try {
    await navigator.serviceWorker.register("/w/worker.js", { scope: "/w/" });
    await navigator.serviceWorker.ready;
    if (!(await caches.match(path))) await (await caches.open("beluga-pages")).add(path);
    document.documentElement.dataset.offline = "ready";
  } catch { /* the form works without it while there is a connection */ }
}

start().then(stayWithoutSignal);
