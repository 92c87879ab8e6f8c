// States, numbers and times in words.
import { make } from "./elements.js";
import { locale, noted, tr } from "./language.js";

/** @import {PrecinctState, Standing} from "feed-messages" */
/** @typedef {PrecinctState | "ahead"} ShownState */

/** @type {Record<ShownState, {word: string, shape: string}>} */
export const STATES = {
  lagging: { word: tr("Behind"), shape: "▼" },
  watch: { word: tr("Watch"), shape: "◆" },
  on_pace: { word: tr("On pace"), shape: "●" },
  ahead: { word: tr("Ahead"), shape: "▲" },
  silent: { word: tr("Silent"), shape: "◌" },
  doubtful: { word: tr("Doubtful"), shape: "?" },
  closed: { word: tr("Closed"), shape: "■" },
};

const AHEAD = 0.05; // log ratio to peers from which "on pace" is "ahead"
/** The state as it is shown. @param {Standing} s @returns {ShownState} */
export const stateOf = (s) => (s.state === "on_pace" && s.gap > AHEAD ? "ahead" : s.state);

const numbers = new Intl.NumberFormat(locale, { maximumFractionDigits: 0 });
/** @param {number} n */
export const whole = (n) => numbers.format(Math.round(n));
/** @param {number} p */
export const percent = (p) => Math.round(100 * p) + " %";

let zone = "UTC";
/** @type {Map<string, Intl.DateTimeFormat>} */
const formats = new Map();
/** The time zone of every time written from now on. @param {string} name */
export const setZone = (name) => { zone = name; formats.clear(); };

/** @param {number} seconds @param {Intl.DateTimeFormatOptions} options */
function written(seconds, options) {
  const key = JSON.stringify(options);
  let format = formats.get(key);
  if (!format) formats.set(key, (format = new Intl.DateTimeFormat(options.weekday && locale !== "en" ? locale : "en-GB", { timeZone: zone, ...options })));
  return format.format(new Date(seconds * 1000));
}
/** @param {number} t epoch seconds */
export const hhmm = (t) => written(t, { hour: "2-digit", minute: "2-digit" });
/** @param {number} t epoch seconds */
export const hhmmss = (t) => written(t, { hour: "2-digit", minute: "2-digit", second: "2-digit" });
/** @param {number} t epoch seconds */
export const weekday = (t) => written(t, { weekday: "short", day: "numeric", month: "short" });

/** A length of time: "42 s", "7 min", "2 h 05". @param {number} seconds */
export function span(seconds) {
  const s = Math.max(0, Math.round(seconds));
  if (s < 60) return s + " s";
  const m = Math.floor(s / 60);
  if (m < 60) return m + " min";
  return Math.floor(m / 60) + " h " + String(m % 60).padStart(2, "0");
}

// Codes that other services write: what a text was, what became of it, who somebody is.
const CODES = new Set([
  noted("open"), noted("acknowledged"), noted("assigned"), noted("resolved"),
  noted("safety"), noted("voter turned away"), noted("late opening"), noted("machine"), noted("ballots"), noted("line"), noted("other"),
  noted("watcher"), noted("backup"), noted("coordinator"),
  noted("lead"), noted("staff"), noted("admin"),
  noted("delivered"), noted("sent"), noted("undelivered"), noted("failed"), noted("unknown"), noted("queued"), noted("claimed"),
  noted("not invited"), noted("invited"), noted("wrong number"), noted("opted out"),
  noted("question"), noted("opt out"), noted("reply"), noted("answer"), noted("reassigned"), noted("reminder"), noted("roll call"), noted("thanks"), noted("agreed"),
  noted("form"), noted("sms"), noted("second phone"), noted("hotline"), noted("unread"), noted("count"), noted("incident"),
]);
/** A code of the feed's or another service's, in words; one that is not known as it came. @param {string} code */
export function coded(code) {
  const words = code.replaceAll("_", " ");
  return CODES.has(words) ? tr(words) : words;
}

/** A state as shape and word. @param {ShownState} state */
export const badge = (state) =>
  make("span", { class: "state " + state }, STATES[state].shape, make("span", { class: "word" }, STATES[state].word));
