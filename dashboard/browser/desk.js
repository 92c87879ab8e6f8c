// One desk: a queue on the left, the item in hand on the right. Intake says who has what; a person takes an item
// before working on it, so that two people never do the same one.
import { csvText, download, fileName } from "./csv.js";
import { deskNews } from "./desk_news.js";
import { byId, fieldOf, make, targetOf } from "./elements.js";
import { connectFeed } from "./feed_connection.js";
import { FeedView } from "./feed_view.js";
import { retold, tr, trn } from "./language.js";
import { runnerWords } from "./lists.js";
import { panelScripts } from "./panel_scripts.js";
import { box, paintButtons, paintSilent, whatFollows } from "./silent_desk.js";
import { now } from "./stack_clock.js";
import { answerField, photoOf, showThread } from "./thread.js";
import { whatsAppWords } from "./whatsapp.js";
import { coded, hhmm, hhmmss, setZone, span, whole } from "./words.js";

/** @import {FeedHandlers} from "./feed_connection.js" */
/** @import {Cell} from "./csv.js" */
/** @import {Photo} from "./thread.js" */
/** Who can be called about an item. @typedef {{name: string, phone: string, as: string}} Person */
/** A step of what was said of an incident. @typedef {{at: string, by?: string, status: string, category?: string, text?: string}} Said */
/**
 * What a desk lists (election/wire/desks.py), introduced by the war room.
 * @typedef {object} Item
 * @property {string} id
 * @property {string | null} at
 * @property {string} precinct_id
 * @property {string} place
 * @property {string} county
 * @property {string} watcher_id
 * @property {string} phone
 * @property {string} channel
 * @property {string} kind
 * @property {string} text
 * @property {number | null} votes
 * @property {string} why
 * @property {number} messages
 * @property {number | null} number
 * @property {string} category
 * @property {string} status
 * @property {string} taken_by
 * @property {string | null} taken_until
 * @property {number} [watcher_value]
 * @property {{step: number, to: string, at: string, state: string}[]} steps
 * @property {{to: string, at: string} | null} [next_step]
 * @property {Said[]} history
 * @property {Person[]} people
 * @property {Photo[]} [photos]
 */
/** @import {WhatsApp} from "./whatsapp.js" */
/** @typedef {{numbers: number, waiting: Record<string, number>, settled: Record<string, number>, at: string, oldest: string | null, whatsapp?: WhatsApp | null}} Outbox */
/** @typedef {"county" | "watchers" | "proven" | "invited" | "wrong_number" | "opted_out"} RollColumn */
/** @typedef {{watchers: number, proven: number, unproven: number, wrong_number: number, opted_out: number, counties: Record<RollColumn, any>[]}} RollCall */

const desk = document.body.dataset.desk || "";
const csrf = document.body.dataset.csrf || "";

const GATHER_MS = desk === "silent" ? 1000 : 250; // what changes together is asked for once; jittered, so that all desks do not ask at once
const REST_MS = 2000; // between two looks, however much changes
const INTAKE_DEAF_S = 4; // intake hears from the feed who is silent; it beats each second
const OLD_S = 20; // a list older than this says so in colour
const FAILED_MS = 5000; // an unanswered question is asked again: the feed does not say it twice
/** @type {Record<string, string>} */
const ICONS = { unread: "?", unknown: "☎", held: "○", silent: "◌", incidents: "!", outbox: "✉", rollcall: "☎" };
// Of a text of ours: what became of it, and why.
/** @type {Record<string, string>} */
const FATES = { undelivered: tr("came back"), failed: tr("was not taken"), unknown: tr("may or may not have arrived") };
/** @type {Record<string, string>} */
const WHY = { above_registered: tr("More votes than people registered there."), wrong_number: tr("The number is wrong, or is no mobile phone."), opted_out: tr("The provider holds this phone for opted out."), account: tr("Our account with the provider does not allow it: look at the outbox's settings."), outside_window: tr("WhatsApp takes free words only within 24 hours of the watcher’s last text: send it as SMS or call."), refused: tr("The provider refused it."), leader_lost: tr("We stopped in the middle of sending.") };
/** @type {Record<string, string>} */
const ROLL = { "not invited": tr("Not invited yet."), invited: tr("Invited by text; no READY has come."), "wrong number": tr("Our texts do not reach this number: ask for the right one and mend the roster."), "opted out": tr("Texted STOP. Ask them to text START, or to use the form.") };
/** @type {Record<string, string>} */
const UNSENT = { expired: tr("too late"), silenced: tr("held back after STOP") };
/** @type {Record<string, string>} */
const PURPOSES = { question: tr("question"), opt_out: tr("opt-out"), reply: tr("reply"), answer: tr("answer"), reassigned: tr("reassignment"), reminder: tr("reminder"), roll_call: tr("roll call"), thanks: tr("thank-you"), agreed: tr("ride or promise") };

/** So many of them. @type {Record<string, (n: number) => string>} */
const SEVERAL = {
  question: (n) => trn("{n} question", "{n} questions", n), opt_out: (n) => trn("{n} opt-out", "{n} opt-outs", n),
  reply: (n) => trn("{n} reply", "{n} replies", n), answer: (n) => trn("{n} answer", "{n} answers", n),
  reassigned: (n) => trn("{n} reassignment", "{n} reassignments", n), reminder: (n) => trn("{n} reminder", "{n} reminders", n),
  roll_call: (n) => trn("{n} roll call", "{n} roll calls", n), thanks: (n) => trn("{n} thank-you", "{n} thank-yous", n),
  agreed: (n) => trn("{n} ride or promise", "{n} rides or promises", n),
};

let me = "";
/** @type {Item[]} */
let items = [];
/** @type {string | null} */
let next = null;
let pages = 1;
/** An item's id. @type {string | null} */
let selected = null;
/** What this person has taken. @type {{id: string, until: string} | null} */
let hand = null;
/** @type {number | null} */
let lookedAt = null;
/** @type {ReturnType<typeof setTimeout> | undefined} */
let timer;
let looking = false;
/** What changed and has not been asked for: names of desks. @type {Set<string>} */
let wanted = new Set();
let rested = 0; // performance.now() before which no look begins by itself
/** The stack's time; null: the feed speaks. @type {number | null} */
let lostSince = null;
const view = new FeedView(); // how old the feed is; its rows are the board's
let ahead = 0; // ms by which the war room's clock is before this device's: takes end by it

/** @param {unknown} error */
const wordsOf = (error) => (error instanceof Error ? error.message : String(error));
/** @param {unknown} error */
const isConflict = (error) => error instanceof Error && "status" in error && error.status === 409;
/** @param {string | null} at */
const secondsOf = (at) => Date.parse(at || "") / 1000;
/** @param {string | null} id */
const item = (id) => items.find((i) => i.id === id);
/** An item's button in the queue. @param {string | null} id */
const buttonOf = (id) => document.querySelector(/** @type {"button"} */ ("#queue [data-id='" + CSS.escape(id || "") + "'] > button"));

// ---- talking to the war room ----------------------------------------------------------------------------

/** An answer in JSON. @param {string} path @param {unknown} [body] @returns {Promise<any>} */
async function ask(path, body) {
  const post = body !== undefined;
  let reply;
  try {
    reply = await fetch(path, {
      method: post ? "POST" : "GET", signal: AbortSignal.timeout(12000),
      headers: { Accept: "application/json", "X-CSRF": csrf, ...(post ? { "Content-Type": "application/json" } : {}) },
      body: post ? JSON.stringify(body) : undefined,
    });
  } catch {
    throw new Error(tr("The war room does not answer. Nothing is known to be done; try again."));
  }
  if (reply.status === 401) { signedOut(); throw new Error(""); }
  const at = Date.parse(reply.headers.get("Date") || "");
  if (at) ahead = at - Date.now();
  const answer = await reply.json().catch(() => ({ message: tr("The war room answered with something unreadable.") }));
  if (!reply.ok) throw Object.assign(new Error(answer.message || tr("That was refused.")), { status: reply.status });
  return answer;
}

const signIn = () => "/login?next=" + encodeURIComponent(location.pathname);
const signedOut = () => say("", true, make("a", { href: signIn() }, tr("Your session has ended. Sign in again")));

/** @param {string} words @param {boolean} [bad] @param {Node} [more] */
function say(words, bad, more) {
  const notice = byId("notice");
  const stale = !words && !more && lostSince !== null;
  notice.className = stale ? "stale-notice" : !words && !more ? "" : bad ? "bad" : "good";
  if (stale && lostSince !== null) words = tr("STALE since {at} · Feed lost. Showing the last state; reconnecting.", { at: hhmmss(lostSince) });
  notice.replaceChildren(words, ...(more ? [more] : []));
}

// Asks for the counts, and for the list where it is this desk that changed. Never twice at once.
async function lookAtWanted() {
  clearTimeout(timer);
  timer = undefined;
  if (looking) return; // it goes on with what is wanted when it is done
  looking = true;
  const asked = wanted;
  let deaf = false;
  wanted = new Set();
  try {
    const counts = ask("/desks");
    counts.catch(() => {}); // told below, where it is waited for
    if (asked.has(desk)) {
      if (desk === "rollcall") paintRollCall(await ask("/rollcall"));
      deaf = await lookAtQueue();
    }
    paintCounts(await counts);
    lookedAt = performance.now();
    rested = lookedAt + (deaf ? FAILED_MS : REST_MS);
    if (deaf) wanted.add(desk);
    if (byId("notice").dataset.away) { delete byId("notice").dataset.away; say(""); }
  } catch (error) {
    if (wordsOf(error)) {
      byId("notice").dataset.away = "1";
      say(wordsOf(error) + (lookedAt ? " " + tr("Showing the last state.") : ""), true);
      wanted.add(desk);
      rested = performance.now() + FAILED_MS;
    }
  }
  looking = false;
  if (wanted.size) soon();
  tick();
}
function look() {
  wanted.add(desk);
  return lookAtWanted();
}
// Whether intake itself does not hear the feed, so that its list is old.
async function lookAtQueue() {
  /** @type {Item[]} */
  const found = [];
  let deaf = false;
  let after = "";
  for (let page = 0; page < pages; page += 1) {
    const answer = await ask("/desks/" + desk + (after ? "?after=" + encodeURIComponent(after) : ""));
    byId("rehearsal").hidden = !answer.rehearsal;
    deaf = desk === "silent" && !((answer.feed_age_seconds ?? Infinity) < INTAKE_DEAF_S);
    if (desk === "outbox" && !after) paintOutbox(answer.outbox);
    found.push(...answer.items);
    next = after = answer.next;
    if (!after) break;
  }
  // Where somebody watches, somebody can be called: those first, the longest silence first among them; then where a
  // runner would tell most, as on the board.
  if (desk === "silent") found.sort((a, b) => Number(b.people.length > 0) - Number(a.people.length > 0) || (a.people.length ? 0 : (b.watcher_value ?? 0) - (a.watcher_value ?? 0)) || secondsOf(a.at) - secondsOf(b.at));
  items = found;
  if (desk === "silent") paintSilent(items, { ask, say, wordsOf, changed: () => changed(desk) });
  paintQueue();
  return deaf;
}
function soon() {
  if (!timer && !looking && !document.hidden) timer = setTimeout(lookAtWanted, Math.max(GATHER_MS * (1 + Math.random()), rested - performance.now()));
}
/** @param {...string} desks */
function changed(...desks) {
  for (const name of desks) wanted.add(name);
  if (wanted.size) soon();
}

/** @param {{rehearsal: boolean, waiting?: Record<string, number>}} answer */
function paintCounts(answer) {
  byId("rehearsal").hidden = !answer.rehearsal;
  for (const [name, count] of Object.entries(answer.waiting || {})) {
    const at = document.querySelector("[data-count=" + name + "]");
    if (at) at.textContent = count >= 1000 ? "1000+" : String(count);
  }
}

// ---- the queue ----------------------------------------------------------------------------------------------

function paintQueue() {
  const list = /** @type {HTMLElement} */ (document.querySelector("#queue ol"));
  if (!item(selected)) selected = items.length ? items[0].id : null;
  const focused = list.contains(document.activeElement);
  list.replaceChildren(...items.map(row));
  if (focused) buttonOf(selected)?.focus(); // a repaint must not take the keyboard away
  const empty = /** @type {HTMLElement} */ (document.querySelector("#queue .empty"));
  empty.hidden = items.length > 0;
  empty.textContent = tr("Nothing waits here.");
  byId("more").hidden = !next;
  if (hand && !item(hand.id)) hand = null;
  paintWork();
}

// The outbox as it was when we asked; the list below is kept up by the feed, this is not.
/** @param {Outbox | null} o */
function paintOutbox(o) {
  const summary = byId("summary");
  summary.hidden = !o;
  if (!o) return; // a lead's: the outbox is everybody's
  const waiting = Object.entries(o.waiting).map(([purpose, n]) => SEVERAL[purpose]?.(n) ?? n + " " + coded(purpose));
  const settled = ["delivered", "sent", "undelivered", "failed", "unknown", "expired", "silenced"].filter((s) => o.settled[s]).map((s) => whole(o.settled[s]) + " " + (UNSENT[s] || coded(s)));
  summary.replaceChildren(
    ...(o.numbers ? [] : [make("p", { class: "loud" }, tr("There is no number to send from: texts wait until BELUGA_OUTBOUND_NUMBERS names one."))]),
    make("p", {}, make("b", {}, tr("At {at}", { at: hhmm(Date.parse(o.at) / 1000) }) + " "), !waiting.length ? tr("nothing waits.") : o.oldest ? tr("waiting: {waiting}; the oldest for {span}.", { waiting: waiting.join(", "), span: span((Date.parse(o.at) - Date.parse(o.oldest)) / 1000) }) : tr("waiting: {waiting}.", { waiting: waiting.join(", ") })),
    make("p", { class: "dim" }, settled.length ? tr("Last day: {settled}", { settled: settled.join(" · ") }) : tr("No text of ours in the last day.")),
    ...whatsAppWords(o.whatsapp, PURPOSES));
}

/** @param {Item} i */
function row(i) {
  const title = desk === "silent" ? i.place || i.id : desk === "outbox" || desk === "rollcall" ? whoOf(i) : i.text || (i.votes === null ? coded(i.kind) : String(i.votes));
  const line = make("li", { "data-id": i.id, class: (i.id === selected ? "selected " : "") + (i.taken_by ? "taken" : "") },
    make("button", { type: "button", "aria-current": i.id === selected ? "true" : null },
      make("span", { class: "icon", "aria-hidden": "true" }, i.number ? "#" + i.number : ICONS[desk]), make("b", {}, title), make("span", { class: "since" }),
      make("span", { class: "where" }, [desk === "silent" ? i.precinct_id + " · " + (i.people[0]?.name || [tr("nobody watches"), runnerWords(i.watcher_value)].filter(Boolean).join(", ")) : i.place, i.steps.length ? tr("texted {steps}", { steps: i.steps.map((s) => coded(s.to) + " " + hhmm(Date.parse(s.at) / 1000)).join(", ") }) : "", desk === "silent" ? whatFollows(i, now()) : "", desk === "outbox" ? "" : i.phone, i.category && coded(i.category), desk === "outbox" ? PURPOSES[i.kind] + " " + FATES[i.status] : coded(i.status), i.messages > 1 ? trn("{n} text", "{n} texts", i.messages) : ""].filter(Boolean).join(" · ")),
      i.taken_by ? make("span", { class: "by" }, i.taken_by === me ? tr("yours") : tr("{login} has it", { login: i.taken_by })) : null));
  if (desk === "silent") line.prepend(box(i, () => paintButtons(items)));
  return line;
}

/** @param {string | undefined} id @param {boolean} [focus] */
function select(id, focus) {
  if (!id) return;
  selected = id;
  for (const li of /** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll("#queue li"))) {
    const current = li.dataset.id === id;
    li.classList.toggle("selected", current);
    if (current) li.querySelector("button")?.setAttribute("aria-current", "true");
    else li.querySelector("button")?.removeAttribute("aria-current");
  }
  if (focus) buttonOf(id)?.focus();
  paintWork();
}

/** @param {number} by */
function step(by) {
  const at = items.findIndex((i) => i.id === selected);
  const to = items[Math.max(0, Math.min(items.length - 1, at + by))];
  if (to) select(to.id, true);
}

// ---- the item in hand -------------------------------------------------------------------------------------

let painted = "";
function paintWork() {
  const i = item(selected);
  const mine = Boolean(i && hand && hand.id === i.id);
  const key = i ? [i.id, mine, i.taken_by, i.text, i.status, i.category, i.steps.length, i.history.length, ...(i.photos || []).map((p) => p.state)].join("|") : "none";
  if (key === painted) return; // a repaint must not take a half-typed word away
  painted = key;
  const work = byId("work");
  if (!i) { work.replaceChildren(); return; }
  const said = make("section", { id: "said", "aria-label": tr("All that was said") });
  const answer = mine && desk === "unread" ? answerField((text) => finishWith(i.id, { outcome: "answer", text })) : null;
  work.replaceChildren(...heading(i), people(i), ...(mine ? doing(i) : [taking(i)]), answer ? answer.element : "", said);
  showThread(said, "/desks/" + desk + "/" + encodeURIComponent(i.id) + "/thread").then((thread) => answer?.fill(thread));
}

/** @param {Item} i */
function heading(i) {
  const where = [desk === "silent" ? "" : i.place, i.precinct_id, i.county].filter(Boolean).join(" · ");
  const at = i.at ? Date.parse(i.at) / 1000 : null;
  const parts = [
    make("h2", {}, desk === "silent" ? i.place || i.id : desk === "outbox" || desk === "rollcall" ? whoOf(i) : desk === "held" ? tr("{n} held", { n: whole(i.votes ?? 0) }) : desk === "incidents" ? "#" + i.number + " " + coded(i.category || "") : i.phone || tr("Nobody could read this")),
    desk === "outbox" ? make("p", { class: "loud" }, tr("Our {purpose} {fate}.", { purpose: PURPOSES[i.kind], fate: FATES[i.status] })) : null,
    desk === "incidents" && i.history.length ? course(i) : i.text ? make("q", {}, i.text) : null,
    make("p", { class: "dim" }, where, where && at ? " · " : "", at ? hhmm(at) + " · " : "", at ? make("span", { "data-ago": String(at) }) : "", i.channel ? " · " + coded(i.channel) : ""),
    i.photos?.length ? make("p", { class: "photos" }, ...i.photos.map((p) => photoOf(p, at ? hhmm(at) : ""))) : null,
    desk === "rollcall" ? make("p", {}, ROLL[i.status] || i.status) : null,
    i.why ? make("p", {}, WHY[i.why] || retold(i.why)) : null,
    i.steps.length ? make("ul", { class: "steps" }, ...i.steps.map((s) => make("li", {}, tr("Step {step}: {who} texted at {at} · {state}", { step: s.step, who: coded(s.to), at: hhmm(Date.parse(s.at) / 1000), state: coded(s.state) })))) : null,
  ];
  return parts.filter((each) => each !== null);
}

/** @param {Item} i */
const hopeless = (i) => i.why === "wrong_number" || i.why === "opted_out"; // the same words would not arrive again
/** @param {Item} i */
const whoOf = (i) => {
  const one = (i.people || []).find((p) => p.phone === i.phone) || (i.watcher_id && (i.people || [])[0]);
  return one ? one.name + (one.as === "watcher" ? "" : " · " + coded(one.as)) : i.phone;
};

// Everything said of an incident, in order: the watcher's texts, and what staff made of it.
/** @param {Item} i */
const course = (i) => make("ol", { class: "course" }, ...i.history.map((s) => make("li", {},
  make("time", {}, hhmm(Date.parse(s.at) / 1000)), s.by ? make("span", {}, make("b", {}, s.by), " · " + coded(s.status) + (s.category ? " · " + coded(s.category) : "") + (s.text ? ": " + s.text : "")) : make("q", {}, s.text))));

/** @param {Item} i */
const people = (i) => make("ul", { class: "people" }, ...(desk === "silent" && !(i.people || []).length ? [make("li", {}, tr("Nobody watches here."))] : []), ...(i.people || []).map((p) =>
  make("li", {}, make("span", {}, p.name + " · " + coded(p.as)), p.phone ? make("a", { href: "tel:" + p.phone, class: "call", "aria-label": tr("Call {name}, {who}", { name: p.name, who: coded(p.as) }) }, p.phone) : make("span", { class: "dim" }, tr("no number")),
    p.phone ? make("a", { href: "sms:" + p.phone, class: "call", "aria-label": tr("Text {name}, {who}", { name: p.name, who: coded(p.as) }) }, tr("text")) : null)),
  ...(i.phone && i.phone.startsWith("+") && !(i.people || []).some((p) => p.phone === i.phone) ? [make("li", {}, make("span", {}, i.phone), make("a", { href: "tel:" + i.phone, class: "call", "aria-label": tr("Call this phone") }, i.phone))] : []));

/** @param {string} key @param {string} words @param {() => void} press @param {boolean} [main] */
const button = (key, words, press, main) => {
  const made = make("button", { type: "button", "data-key": key, class: main ? "main" : null }, words, " ", make("kbd", {}, key));
  made.addEventListener("click", press);
  return made;
};
/** @param {string} id @param {string} label @param {Record<string, unknown>} attributes */
const field = (id, label, attributes) => make("p", { class: "field" }, make("label", { for: id }, label), make("input", { id, type: "text", autocomplete: "off", ...attributes }));

/** @param {Item} i */
function taking(i) {
  if (i.taken_by && i.taken_by !== me) return make("p", { class: "actions" }, tr("{login} is working on this one.", { login: i.taken_by }));
  return make("p", { class: "actions" }, button("t", tr("Take it"), () => take(i.id), true));
}

/** @param {Item} i */
const categories = (i) => make("p", { class: "field" }, make("label", { for: "category" }, tr("What it is about")),
  make("select", { id: "category" }, ...(document.body.dataset.categories || "").split(" ").map((c) => make("option", { value: c, selected: c === i.category ? "" : null }, coded(c)))));

/** @param {Item} i */
function doing(i) {
  /** @param {string} outcome @param {() => object} [more] */
  const finish = (outcome, more) => () => finishWith(i.id, { outcome, ...more?.() });
  const note = () => ({ note: fieldOf("note")?.value.trim() || "" });
  const back = button("u", tr("Put back"), () => putBack());
  /** @param {...Node} buttons */
  const actions = (...buttons) => make("p", { class: "actions" }, ...buttons, back);
  /** @param {string} status */
  const given = (status) => finish("status", () => ({ status, ...note(), ...(fieldOf("category").value === i.category ? {} : { category: fieldOf("category").value }) }));
  const held = make("p", { class: "dim" }, tr("In your hands alone. Put it back if you cannot finish it."));
  switch (desk) {
    case "unread": {
      const words = field("words", tr("What it should have said, as a text"), { placeholder: "12-03 412", maxlength: 160 });
      return [words, actions(button("c", tr("Count it so"), finish("read_as", () => ({ text: fieldOf("words").value })), true), button("x", tr("Nothing to count"), finish("dismiss"))), held];
    }
    case "unknown": {
      const search = field("search", tr("Whose phone is it?"), { placeholder: tr("name, precinct or watcher id"), maxlength: 100, role: "searchbox" });
      const found = make("ul", { id: "found" });
      const input = /** @type {HTMLInputElement} */ (search.lastElementChild);
      input.addEventListener("input", () => findWatchers(i.id, input, found));
      return [search, found, actions(button("x", tr("Nothing to count"), finish("dismiss"))), held];
    }
    case "held":
      return [field("note", tr("Note (optional)"), { maxlength: 500 }), actions(button("a", tr("Accept {votes}", { votes: whole(i.votes ?? 0) }), finish("accept", note), true), button("r", tr("Reject {votes}", { votes: whole(i.votes ?? 0) }), finish("reject", note))), held];
    case "incidents":
      return [field("note", tr("Note, or to whom it is given"), { maxlength: 500 }), categories(i),
        actions(button("a", tr("Acknowledge"), given("acknowledged")), button("g", tr("Assigned"), given("assigned")), button("c", tr("Only the category"), given(i.status)), button("d", tr("Resolved"), given("resolved"), true)), held];
    case "outbox":
      return [field("note", tr("What you found out (optional)"), { placeholder: tr("reached by phone"), maxlength: 500 }), actions(button("s", tr("Send it again"), finish("again", note), !hopeless(i)), button("d", tr("Done"), finish("dismiss", note), hopeless(i))), held];
    default:
      return [field("note", tr("What you found out"), { placeholder: desk === "rollcall" ? tr("reached, texts READY tonight") : tr("reached the watcher, phone was off"), maxlength: 500 }), actions(button("d", tr("Note it"), finish("dismiss", note), true)), held];
  }
}

let finding = 0;
/** @param {string} id @param {HTMLInputElement} input @param {HTMLElement} list */
async function findWatchers(id, input, list) {
  const turn = (finding += 1);
  const q = input.value.trim();
  if (q.length < 2) { list.replaceChildren(); return; }
  await new Promise((done) => setTimeout(done, 200));
  if (turn !== finding) return;
  /** @type {{id: string, name: string, places: string[]}[]} */
  let found;
  try { found = await ask("/watchers?q=" + encodeURIComponent(q)); } catch (error) { say(wordsOf(error), true); return; }
  if (turn !== finding) return;
  list.replaceChildren(...(found.length ? found.map((w) => {
    const choose = make("button", { type: "button" }, tr("It is {name}’s · {places}", { name: w.name, places: w.places.slice(0, 2).join(", ") }));
    choose.addEventListener("click", () => finishWith(id, { outcome: "tie", watcher_id: w.id }));
    return make("li", {}, choose);
  }) : [make("li", { class: "dim" }, tr("No such watcher."))]));
}

// ---- taking, putting back, finishing --------------------------------------------------------------------------

/** @param {string} id @param {string} what */
const path = (id, what) => "/desks/" + desk + "/" + encodeURIComponent(id) + "/" + what;

/** @param {string} id */
async function take(id) {
  try {
    if (hand && hand.id !== id) await putBack();
    const { answer } = await ask(path(id, "take"), {});
    hand = { id, until: answer.taken_until };
    const i = item(id);
    if (i) i.taken_by = me;
    say("");
  } catch (error) {
    say(wordsOf(error), true);
    return look();
  }
  paintQueue();
  const first = document.querySelector(/** @type {"input"} */ ("#work input, #work .actions button"));
  first?.focus();
}

async function putBack() {
  if (!hand) return;
  const { id } = hand;
  hand = null;
  const i = item(id);
  if (i) i.taken_by = "";
  paintQueue();
  buttonOf(id)?.focus();
  try { await ask(path(id, "release"), {}); } catch (error) { say(wordsOf(error), true); }
}

const workButtons = () => /** @type {NodeListOf<HTMLButtonElement>} */ (document.querySelectorAll("#work button"));
/** A deed keeps its key until it was answered, so that pressing again is the same deed. @type {Map<string, string>} */
const keys = new Map();
/** @param {string} id @param {{outcome: string, status?: string, [more: string]: unknown}} wanted */
async function finishWith(id, wanted) {
  const deed = JSON.stringify([id, wanted]);
  if (!keys.has(deed)) keys.set(deed, crypto.randomUUID());
  for (const b of workButtons()) b.disabled = true;
  try {
    await ask(path(id, "finish"), { key: keys.get(deed), ...wanted });
  } catch (error) {
    say(wordsOf(error), true);
    if (isConflict(error)) { hand = null; painted = ""; return look(); }
    return;
  } finally {
    for (const b of workButtons()) b.disabled = false;
  }
  keys.delete(deed);
  hand = null;
  painted = "";
  const at = items.findIndex((i) => i.id === id);
  const gone = !["silent", "rollcall"].includes(desk) && !(wanted.outcome === "status" && wanted.status !== "resolved");
  if (gone) items.splice(at, 1);
  else if (items[at]) items[at].taken_by = "";
  selected = (items[gone ? at : at + 1] || items[items.length - 1])?.id ?? null;
  say(items.length && gone ? tr("Done. The next one is below.") : tr("Done.") + " ", false);
  paintQueue();
  if (selected) buttonOf(selected)?.focus();
  changed(desk);
}

// ---- the roll call ---------------------------------------------------------------------------------------------

let called = "";
/** @type {RollColumn[]} */
const COUNTIES = ["county", "watchers", "proven", "invited", "wrong_number", "opted_out"];
/** @param {RollCall} answer */
function paintRollCall(answer) {
  const key = JSON.stringify(answer);
  if (key === called) return;
  called = key;
  /** @param {string} what */
  const send = (what) => async () => {
    try {
      const { answer: made } = await ask("/rollcall/" + what, {});
      say(trn("{n} text is on its way.", "{n} texts are on their way.", made.made), false);
      changed(desk);
    } catch (error) { say(wordsOf(error), true); }
  };
  const file = make("button", { type: "button", class: "csv", "aria-label": tr("Save the counties as CSV") }, "CSV");
  file.addEventListener("click", () => download(fileName("rollcall-counties", now()), csvText(COUNTIES, answer.counties.map((c) => COUNTIES.map((k) => c[k])))));
  byId("summary").hidden = false;
  byId("summary").replaceChildren(
    make("h2", {}, tr("{proven} of {watchers} phones proven", { proven: whole(answer.proven), watchers: whole(answer.watchers) })),
    make("p", { class: "dim" }, tr("{unproven} to reach (listed here), {wrong} wrong numbers, {out} opted out.", { unproven: whole(answer.unproven), wrong: whole(answer.wrong_number), out: whole(answer.opted_out) })),
    make("p", { class: "actions" }, button("i", tr("Invite everybody not yet invited"), send("invite"), true), button("m", tr("Remind those who have not answered"), send("remind"))),
    make("details", {}, make("summary", {}, tr("By county")), make("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": tr("Roll call by county") }, file, make("table", {},
      make("thead", {}, make("tr", {}, ...[tr("County"), tr("Watchers"), tr("Proven"), tr("Invited"), tr("Wrong number"), tr("Opted out")].map((t, n) => make("th", { scope: "col", class: n ? "number" : null }, t)))),
      make("tbody", {}, ...answer.counties.map((c) => make("tr", {}, make("th", { scope: "row" }, c.county || tr("No county")), ...COUNTIES.slice(1).map((k) => make("td", { class: "number" }, whole(c[k]))))))))));
}

// ---- ages, hands, beginning -----------------------------------------------------------------------------------

function tick() {
  const at = now();
  for (const age of /** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll("[data-ago]"))) age.textContent = tr("{span} ago", { span: span(at - Number(age.dataset.ago)) });
  for (const li of /** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll("#queue li[data-id]"))) {
    const i = item(li.dataset.id || "");
    const since = li.querySelector(".since");
    if (i?.at && since) since.textContent = span(at - secondsOf(i.at));
  }
  endedTakes();
  paintAge();
}

// What the feed has not called changed is as young as the feed's last word.
function paintAge() {
  const looked = lookedAt === null ? null : (performance.now() - lookedAt) / 1000;
  const silence = wanted.size || lostSince !== null ? null : view.silence();
  const seconds = looked === null ? null : Math.min(looked, silence ?? Infinity);
  const behind = view.behindNoted();
  const why = lostSince !== null ? " " + tr("· STALE since {at}", { at: hhmmss(lostSince) }) : behind ? " " + tr("· database {behind} behind", { behind: span(behind) }) : "";
  const age = byId("age");
  age.textContent = seconds === null ? "" : tr("{span} old", { span: span(seconds) }) + why;
  age.classList.toggle("old", lostSince !== null || (seconds !== null && seconds > OLD_S));
}

// A take that ends by itself is no news to anybody: the page looks when it does, once.
/** @type {Set<string>} */
const ended = new Set();
function endedTakes() {
  for (const i of items) {
    const key = i.id + i.taken_until;
    if (!i.taken_by || !i.taken_until || ended.has(key) || Date.now() + ahead < Date.parse(i.taken_until) + 1000) continue;
    ended.add(key);
    changed(desk);
  }
}

// ---- what the feed says -----------------------------------------------------------------------------------------

const news = deskNews(desk);
/** @type {FeedHandlers} */
const feed = {
  hello(m) { if (m.timezone) setZone(m.timezone); },
  snapshot(m) { changed(...news.snapshot(m)); },
  delta(m) { changed(...news.delta(m)); },
  beat() {},
  live() {
    if (lostSince === null) return;
    lostSince = null;
    document.body.classList.remove("stale");
    if (byId("notice").className === "stale-notice") say("");
    changed(desk); // whatever was said meanwhile
  },
  lost() {
    if (lostSince !== null) return;
    lostSince = view.at ?? now();
    document.body.classList.add("stale");
    say("");
    tick();
  },
  signedOut(shown) { if (shown) location.replace(signIn()); else signedOut(); },
};

// All of the queue as a file, not only what is shown.
/** @type {(keyof Item)[]} */
const COLUMNS = ["id", "at", "precinct_id", "place", "county", "watcher_id", "phone", "channel", "kind", "text", "votes", "why", "messages", "number", "category", "status", "taken_by"];
async function saveCsv() {
  try {
    /** @type {Cell[][]} */
    const rows = [];
    for (let after = /** @type {string | null} */ (""); after !== null; ) {
      const answer = await ask("/desks/" + desk + (after ? "?after=" + encodeURIComponent(after) : ""));
      const found = /** @type {Item[]} */ (answer.items);
      rows.push(...found.map((i) => COLUMNS.map((k) => /** @type {Cell} */ (i[k] ?? ""))));
      after = answer.next || null;
    }
    download(fileName(desk, now()), csvText(COLUMNS, rows));
  } catch (error) { if (wordsOf(error)) say(wordsOf(error), true); }
}
byId("csv").addEventListener("click", saveCsv);

document.addEventListener("click", (event) => {
  const target = targetOf(event);
  const li = /** @type {HTMLElement | null} */ (target.closest("#queue li[data-id]"));
  if (li) select(li.dataset.id);
  if (target.id === "more") { pages += 1; look(); }
});
document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const target = targetOf(event);
  /** @param {string} selector */
  const press = (selector) => document.querySelector(/** @type {"button"} */ (selector))?.click();
  if (target.matches("input, select")) {
    if (event.key === "Escape") { target.blur(); buttonOf(selected)?.focus(); }
    if (event.key === "Enter") { press("#work .main:not(:disabled), #found button"); event.preventDefault(); }
    return;
  }
  if (event.key === "j" || event.key === "ArrowDown") { step(1); event.preventDefault(); }
  else if (event.key === "k" || event.key === "ArrowUp") { step(-1); event.preventDefault(); }
  else if (event.key === "Enter" && selected && target.closest("#queue")) { event.preventDefault(); press("#work [data-key=t]"); }
  else press(":is(#work, #summary) [data-key='" + CSS.escape(event.key) + "']:not(:disabled)");
});
// Whoever leaves the page leaves nothing in hand.
window.addEventListener("pagehide", () => {
  if (hand) fetch(path(hand.id, "release"), { method: "POST", keepalive: true, headers: { "X-CSRF": csrf, "Content-Type": "application/json" }, body: "{}" });
});
document.addEventListener("visibilitychange", () => { if (!document.hidden) look(); });

async function begin() {
  try {
    const boot = await ask("/boot");
    me = boot.login;
    setZone(boot.timezone);
  } catch (error) { say(wordsOf(error), true); }
  await look();
  connectFeed(view, feed);
  setInterval(tick, 1000); // ages
}
begin();
document.querySelector("nav [aria-current]")?.scrollIntoView?.({ block: "nearest", inline: "center" }); // a phone shows three of the desks
panelScripts.soon(); // Dash takes the page over
