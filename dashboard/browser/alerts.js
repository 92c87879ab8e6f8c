// Alerts: one line for the most urgent that nobody has acknowledged, the rest behind it. Asked for when the feed
// says that they changed (raised, over, acknowledged by anybody), never on a timer of its own.
import { tick } from "./ages.js";
import { byCounty, eased, mattersOf } from "./alert_groups.js";
import { board, post, say, soon } from "./board.js";
import { csvButton } from "./csv.js";
import { byId, make } from "./elements.js";
import { tr } from "./language.js";
import { STATES, badge, stateOf } from "./words.js";

/**
 * @typedef {object} Alert
 * @property {string} id
 * @property {string} kind
 * @property {string} [precinct_id]
 * @property {string} county
 * @property {string} reason
 * @property {string} raised_at
 * @property {string} [acknowledged_by]
 * @property {string} [acknowledged_at]
 * @property {string} [cleared_at]
 */
/** @import {Matter} from "./alert_groups.js" */

const GATHER_MS = 700; // longer than the war room keeps its list (LISTED_SECONDS)
const FAILED_MS = 8000; // the feed does not say it twice
const SPREAD_MS = 1500; // so that 500 boards do not ask at once
const MOST_LISTED = 30;
/** @type {Record<string, string>} */
const MARKS = { incident: "!", line: "‖", quiet: "◌", ride: "→" };

/** @type {Alert[]} */
let listed = [];
/** @type {ReturnType<typeof setTimeout> | undefined} */
let timer;
let asking = false;
let again = false; // something changed while we were asking

export const alertList = () => listed;

export function askAlerts(wait = GATHER_MS) {
  if (asking) again = true;
  else timer ??= setTimeout(look, wait + Math.random() * SPREAD_MS);
}

async function look() {
  timer = undefined;
  asking = true;
  again = false;
  try {
    const reply = await fetch("/alerts", { headers: { Accept: "application/json" }, signal: AbortSignal.timeout(8000) });
    if (reply.ok) take((await reply.json()).alerts);
    else if (reply.status >= 500) throw new Error(String(reply.status));
  } catch { setTimeout(() => askAlerts(0), FAILED_MS); } finally { asking = false; }
  if (again) askAlerts();
}

// Who has said that they look after a precinct, by acknowledging its alert. The latest holds.
/** @type {Map<string, {by: string, at: string}>} */
const owners = new Map();
/** @param {string} precinctId */
export const ownerOf = (precinctId) => owners.get(precinctId);

/** @param {Alert[]} list */
function take(list) {
  listed = list;
  owners.clear();
  for (const a of list) {
    const by = a.acknowledged_by, at = a.acknowledged_at || "";
    if (a.precinct_id && by && !a.cleared_at && !((owners.get(a.precinct_id)?.at || "") > at)) owners.set(a.precinct_id, { by, at });
  }
  paintAlerts();
  soon(["work"]);
}

/** @param {Matter} m */
const turned = (m) => {
  const s = board.live.standings.get(m.precinctId);
  return s && eased(m, s.state) ? stateOf(s) : null;
};

/** @param {Matter} m */
function line(m) {
  const a = m.first, name = m.precinctId ? board.nameOf(m.precinctId) : a.county;
  const where = m.precinctId ? make("a", { href: "/precinct/" + encodeURIComponent(m.precinctId), "data-precinct": m.precinctId, class: "name" }, name)
    : make("a", { href: "/?county=" + encodeURIComponent(a.county), "data-county": a.county, class: "name" }, name);
  const seen = make("button", { type: "button", "aria-label": tr("Acknowledge: {name}. {words}", { name, words: m.words }) }, tr("Acknowledge"));
  seen.addEventListener("click", () => acknowledge(m.ids));
  const turn = turned(m), words = turn ? tr("earlier: {words}", { words: m.words }) : m.words;
  const mark = a.kind in STATES ? badge(turn ?? /** @type {keyof typeof STATES} */ (a.kind)) : make("span", { class: "state", "aria-hidden": "true" }, MARKS[a.kind] || "!");
  return [mark, where, make("span", { class: "why" }, words), make("span", { class: "since number", "data-ago": Date.parse(m.since) / 1000 }), seen];
}

/** A county's matters: its name where there are several counties, and a line each. @param {[string, Matter[]]} group @param {boolean} named */
const group = ([county, matters], named) => [
  named ? make("li", { class: "divide" }, (county || tr("No county")) + " · " + matters.length) : null,
  ...matters.map((m) => make("li", {}, ...line(m)))];

/** Also when a precinct's state turned. */
export function paintAlerts() {
  const holder = byId("alerts");
  const due = mattersOf(listed, (a) => !a.precinct_id || board.inView(a.precinct_id));
  const key = JSON.stringify(due.map((m) => [m.key, m.words, m.ids, turned(m)]));
  if (holder.dataset.key === key) return;
  holder.dataset.key = key;
  const open = Boolean(holder.querySelector("details")?.open);
  holder.hidden = !due.length;
  if (!due.length) { holder.replaceChildren(); return; }
  const all = make("button", { type: "button" }, tr("Acknowledge all {n}", { n: due.length }));
  all.addEventListener("click", () => acknowledge(due.flatMap((m) => m.ids)));
  const groups = byCounty(due.slice(1, MOST_LISTED));
  const more = due.length < 2 ? null : make("details", {}, make("summary", {}, tr("{n} more to acknowledge", { n: due.length - 1 })),
    make("div", { class: "more" }, make("ul", {}, ...groups.flatMap((g) => group(g, groups.length > 1))),
      make("p", { class: "actions" }, due.length > MOST_LISTED ? make("span", {}, tr("{n} not shown", { n: due.length - MOST_LISTED })) : null, csvButton("alerts"), all)));
  if (more) more.open = open;
  holder.replaceChildren(make("p", { class: "first" }, ...line(due[0])), ...(more ? [more] : []));
  tick();
}

/** @param {string[]} ids */
async function acknowledge(ids) {
  const answer = await post("/alerts/acknowledge", { ids });
  if (answer.signedOut) return;
  if (!answer.done) { say(answer.message || "", true); return; }
  take(answer.alerts);
  const others = answer.others || [];
  if (others.length) say(others.join(" "));
}
