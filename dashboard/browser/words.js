// States, numbers and times in words.
import { make } from "./elements.js";

/** @import {PrecinctState, Standing} from "feed-messages" */
/** @typedef {PrecinctState | "ahead"} ShownState */

/** @type {Record<ShownState, {word: string, shape: string}>} */
export const STATES = {
  lagging: { word: "Behind", shape: "▼" },
  watch: { word: "Watch", shape: "◆" },
  on_pace: { word: "On pace", shape: "●" },
  ahead: { word: "Ahead", shape: "▲" },
  silent: { word: "Silent", shape: "◌" },
  doubtful: { word: "Doubtful", shape: "?" },
  closed: { word: "Closed", shape: "■" },
};

const AHEAD = 0.05; // log ratio to peers from which "on pace" is "ahead"
/** The state as it is shown. @param {Standing} s @returns {ShownState} */
export const stateOf = (s) => (s.state === "on_pace" && s.gap > AHEAD ? "ahead" : s.state);

const numbers = new Intl.NumberFormat("en", { maximumFractionDigits: 0 });
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
  if (!format) formats.set(key, (format = new Intl.DateTimeFormat("en-GB", { timeZone: zone, ...options })));
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

/** A state as shape and word. @param {ShownState} state */
export const badge = (state) =>
  make("span", { class: "state " + state }, STATES[state].shape, make("span", { class: "word" }, STATES[state].word));
