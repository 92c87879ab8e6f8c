// Replay: the board as known at any minute of the day, clearly labelled; after the day, the debrief.
// The address holds the minute (?at=2026-11-03T17:05Z). The live feed goes on behind it.
import { go } from "./address.js";
import { tick } from "./ages.js";
import { board, everything, signedOut } from "./board.js";
import { byId, fieldOf, make } from "./elements.js";
import { FeedRows } from "./feed_view.js";
import { tr } from "./language.js";
import { panelChanged, showPanel } from "./panel.js";
import { freeze, liveNow } from "./stack_clock.js";
import { hhmm } from "./words.js";

const MINUTE = 60;
const SETTLE_MS = 150; // a slider in motion asks for nothing
const BEFORE = 30 * MINUTE, AFTER = 5 * 3600; // around the polls' hours
const SPEEDS = [1, 5, 15]; // minutes of the day a second

/** The minute that the page is to show; null: live. @type {number | null} */
let at = null;
/** The request under way. @type {AbortController | null} */
let asked = null;
let round = 0; // of playing; a loop whose round is over ends by itself
/** @type {ReturnType<typeof setTimeout> | undefined} */
let settling;
let speed = 5;

/** @param {number} t */
const minuteOf = (t) => Math.floor(t / MINUTE) * MINUTE;
/** @param {number} t */
const iso = (t) => new Date(t * 1000).toISOString().slice(0, 16) + "Z";

/** The first and the last minute that can be shown. @returns {[number, number]} */
function day() {
  let first = Infinity, last = -Infinity;
  for (const info of board.live.info.values()) {
    first = Math.min(first, info.opens_at);
    last = Math.max(last, info.closes_at);
  }
  const now = minuteOf(liveNow());
  return [Math.min(minuteOf(first) - BEFORE, now - MINUTE), Math.max(minuteOf(first) - BEFORE + MINUTE, Math.min(now, minuteOf(last) + AFTER))];
}

export const startReplay = () => go({ at: iso(day()[1]) });

/** Shows the minute of the address, or what is live; once there was a snapshot. */
export function followReplay() {
  if (!board.ready) return;
  const given = Date.parse(new URLSearchParams(location.search).get("at") || "") / 1000;
  const wanted = Number.isFinite(given) ? minuteOf(given) : null;
  if (wanted === at) return;
  at = wanted;
  if (at === null) leave();
  else { build(); show(at); load(at); }
}

function leave() {
  stop();
  asked?.abort();
  byId("replay").hidden = true;
  document.body.classList.remove("replay");
  board.shown = board.live;
  freeze(null);
  everything();
  tick();
  if (board.selected) showPanel(board.selected);
}

function build() {
  const holder = byId("replay");
  document.body.classList.add("replay");
  holder.hidden = false;
  if (holder.firstChild) return;
  /** @param {string} words @param {string} label @param {() => void} act @param {string} [id] */
  const button = (words, label, act, id) => {
    const b = make("button", { type: "button", "aria-label": label, id }, words);
    b.addEventListener("click", act);
    return b;
  };
  /** @param {number} minutes */
  const step = (minutes) => () => { stop(); move((at ?? 0) + minutes * MINUTE); };
  const slider = make("input", { type: "range", id: "replay-minute", step: MINUTE, "aria-label": tr("Minute of the day") });
  slider.addEventListener("input", () => { stop(); move(Number(slider.value), true); });
  const pace = make("select", { id: "replay-speed", "aria-label": tr("Speed of playing") }, ...SPEEDS.map((s) => make("option", { value: s, selected: s === speed }, tr("{n} min a second", { n: s }))));
  pace.addEventListener("change", () => { speed = Number(pace.value); });
  holder.append(
    make("p", { class: "label" }, make("b", {}, tr("REPLAY")), " " + tr("as known at") + " ", make("b", { id: "replay-at", class: "number" }), make("span", { id: "replay-words", role: "status" })),
    button("−15", tr("15 minutes back"), step(-15)), button("−1", tr("A minute back"), step(-1)),
    button(tr("Play"), tr("Play"), () => { if (byId("replay-play").textContent === tr("Pause")) stop(); else play(); }, "replay-play"),
    button("+1", tr("A minute on"), step(1)), button("+15", tr("15 minutes on"), step(15)),
    slider, pace, button(tr("Back to live"), tr("Back to the live board"), () => go({ at: null }), "replay-live"));
}

/** @param {number} minute */
function show(minute) {
  const [first, last] = day();
  const slider = fieldOf("replay-minute");
  slider.min = String(first);
  slider.max = String(last);
  slider.value = String(minute);
  slider.setAttribute("aria-valuetext", hhmm(minute));
  byId("replay-at").textContent = hhmm(minute);
}

/** To another minute; the address follows without a step of history for each.
 * @param {number} minute @param {boolean} [settle] */
function move(minute, settle) {
  const [first, last] = day();
  const to = (at = Math.max(first, Math.min(last, minuteOf(minute))));
  show(to);
  clearTimeout(settling);
  const there = () => { go({ at: iso(to) }, false, true); return load(to); };
  if (!settle) return there();
  settling = setTimeout(there, SETTLE_MS);
}

/** @param {number} minute */
async function load(minute) {
  asked?.abort();
  const mine = (asked = new AbortController());
  /** @param {string} words */
  const say = (words) => { byId("replay-words").textContent = words ? " · " + words : ""; };
  const slow = setTimeout(() => say(tr("asking the tally…")), 400);
  try {
    const reply = await fetch("/replay?at=" + encodeURIComponent(iso(minute)), { headers: { Accept: "application/json" }, signal: AbortSignal.any([mine.signal, AbortSignal.timeout(20000)]) });
    if (reply.status === 401) return signedOut();
    const answer = await reply.json();
    if (mine.signal.aborted || minute !== at) return;
    if (!reply.ok) { stop(); say(answer.message || tr("that minute cannot be shown")); return; }
    const past = new FeedRows();
    past.replace(answer);
    board.shown = past;
    freeze(minute);
    say("");
    everything();
    tick();
    if (board.selected) panelChanged(board.selected);
  } catch {
    if (!mine.signal.aborted) { stop(); say(tr("the war room does not answer; move the slider to try again")); }
  } finally { clearTimeout(slow); }
}

async function play() {
  const mine = (round += 1);
  byId("replay-play").textContent = tr("Pause");
  if (at !== null && at >= day()[1]) at = day()[0] - speed * MINUTE; // from the end: once more from the beginning
  while (round === mine && at !== null && at < day()[1]) {
    const began = performance.now();
    await move(at + speed * MINUTE);
    await new Promise((done) => setTimeout(done, Math.max(0, 1000 - (performance.now() - began))));
  }
  if (round === mine) stop();
}

function stop() {
  round += 1;
  if (byId("replay-play")) byId("replay-play").textContent = tr("Play");
}
