// The board's state: what the feed said last, what the person has chosen, and when to paint which tile.
import { FeedRows, FeedView } from "./feed_view.js";
import { byId, make } from "./elements.js";
import { tr } from "./language.js";
import { hhmm, hhmmss } from "./words.js";

/** @import {FeedAddress} from "./feed_connection.js" */
/** @import {ShownState} from "./words.js" */
/**
 * What a page begins with (dashboard/board/routes.py).
 * @typedef {object} Boot
 * @property {string} login
 * @property {string} role
 * @property {string[] | null} counties  null: all
 * @property {string} csrf
 * @property {string} election
 * @property {string} timezone
 * @property {boolean} rehearsal
 * @property {string} language  of the pages
 * @property {Record<string, string>} languages  that the pages speak: each one's own name by its code
 * @property {string} version  of the shapes
 * @property {string} roster  of names and phones
 * @property {boolean} by_county
 * @property {string[]} county_names
 * @property {FeedAddress} feed
 */
/** @typedef {"work" | "today" | "silent" | "incidents" | "unread" | "legend"} TileName */
/** @typedef {{kind: "counties" | "precincts", url: string}} MapView */

const PAINT_MS = 200; // at most five paints a second, however fast the feed
const PEOPLE_AT_ONCE = 50;
const ROSTER_MS = 1500, ROSTER_TRIES = 5; // jittered: all boards are told at once
const BEHIND_S = 15; // the tally lacks what came since: said

const OPEN = new Set(["open", "acknowledged", "assigned"]);

/** When something was first on the screen, and how long painting took: read by tests and bench/board.py. */
export const marks = {
  paints: 0,
  paintMs: 0,
  /** @type {number | undefined} */
  firstPaint: undefined,
  /** @type {number | undefined} */
  firstMap: undefined,
  /** When Dash had the page. @type {number | undefined} */
  taken: undefined,
};

const live = new FeedRows();

/** A polling site's name: that of its precincts, which vote in one building. @param {Map<string, import("feed-messages").PrecinctInfo>} info @param {string} id */
export function siteName(info, id) {
  for (const p of info.values()) if (p.site_id === id) return tr("{name}, whole building", { name: p.name });
  return "";
}

export const board = {
  /** @type {Boot | null} */
  boot: null,
  ready: false,
  stale: true,
  /** @type {number | null} */
  staleSince: null,
  feed: new FeedView({ rows: live }),
  live,
  /** The rows on the screen: the live ones, or those of a past minute (replay.js). */
  shown: live,
  get info() { return this.shown.info; },
  get standings() { return this.shown.standings; },
  get aggregates() { return this.shown.aggregates; },
  get incidents() { return this.shown.incidents; },
  get desks() { return this.shown.desks; },
  get calls() { return this.shown.calls; },
  /** Watchers of a precinct, once asked for. @type {Map<string, {name: string}[]>} */
  people: new Map(),
  /** Precincts with a watcher; null: not known yet. @type {Set<string> | null} */
  watched: null,
  /** The open precinct. @type {string | null} */
  selected: null,
  /** @type {string | null} */
  county: null,
  /** @type {ShownState | null} */
  filter: null,
  /** @type {MapView | null} */
  view: null,
  asTable: false,
  tab: "work",
  replaying() { return this.shown !== this.live; },
  openIncidents() { return [...this.incidents.values()].filter((i) => OPEN.has(i.status)); },
  /** @param {string | null | undefined} id */
  inView(id) { return this.county === null || this.info.get(id ?? "")?.county === this.county; },
  /** What the map shows, and its table: ids of precincts, or names of counties. @returns {string[]} */
  viewIds() {
    if (this.view?.kind === "counties") return this.boot?.county_names || [];
    return [...this.info.keys()].filter((id) => this.inView(id));
  },
  /** @param {string} id */
  nameOf(id) { return this.info.get(id)?.name || siteName(this.info, id) || id; },
  everything,
  openPanelAgain: () => {},
};

// ---- painting: who wants it says so here, paint.js does it --------------------------------------------------------

/** What is to be painted anew. @type {{tiles: Set<TileName>, ids: Set<string>, all: boolean}} */
const dirty = { tiles: new Set(), ids: new Set(), all: false };
let painting = false;
/** @type {(what: typeof dirty) => void} */
let painter = () => {};

/** @param {(what: typeof dirty) => void} paint */
export const paintWith = (paint) => { painter = paint; };

/** Marks tiles and precincts (null: all) to be painted soon.
 * @param {Iterable<TileName>} tiles @param {Iterable<string> | null} [ids] */
export function soon(tiles, ids = []) {
  for (const t of tiles) dirty.tiles.add(t);
  if (ids === null) dirty.all = true;
  else for (const id of ids) dirty.ids.add(id);
  if (painting) return;
  painting = true;
  setTimeout(() => requestAnimationFrame(paint), marks.firstPaint ? PAINT_MS : 0);
}

export function everything() {
  soon(["work", "today", "silent", "incidents", "unread", "legend"], null);
}

function paint() {
  painting = false;
  const began = performance.now();
  painter(dirty);
  dirty.tiles.clear();
  dirty.ids.clear();
  dirty.all = false;
  marks.paintMs = performance.now() - began;
  marks.paints += 1;
}

// ---- what is said to the person -----------------------------------------------------------------------------

export function paintNotice() {
  const notice = byId("notice");
  const ours = notice.className === "" || notice.className === "stale-notice"; // a person's words stay their time
  const { at, storedBehind } = board.feed;
  if (board.stale && board.ready) {
    notice.className = "stale-notice";
    notice.textContent = tr("STALE since {at} · Feed lost. Showing the last state; reconnecting.", { at: hhmmss(board.staleSince ?? 0) });
  } else if (at !== null && storedBehind > BEHIND_S && ours) {
    const words = tr("Nothing new since {at}: the database does not answer. Texts are still taken and follow when it is back; desks and alerts wait.", { at: hhmm(at - storedBehind) });
    notice.className = "stale-notice";
    if (notice.textContent !== words) notice.textContent = words;
  } else if (notice.className === "stale-notice") {
    notice.className = "";
    notice.textContent = "";
  }
}

/** @param {boolean} stale */
export function setStale(stale) {
  if (stale === board.stale) return;
  board.stale = stale;
  board.staleSince = stale ? board.feed.at : null;
  document.body.classList.toggle("stale", stale && board.ready);
  paintNotice();
}

export const signIn = () => "/login?next=" + encodeURIComponent(location.pathname + location.search);

export function signedOut() {
  const notice = byId("notice");
  notice.className = "problem-notice";
  notice.replaceChildren(tr("Your session has ended.") + " ", make("a", { href: signIn() }, tr("Sign in again")));
}

/** @type {ReturnType<typeof setTimeout> | undefined} */
let saying;
/** @param {string} words @param {boolean} [bad] */
export function say(words, bad) {
  const notice = byId("notice");
  notice.className = bad ? "problem-notice" : "done-notice";
  notice.textContent = words;
  clearTimeout(saying);
  saying = setTimeout(() => { notice.className = ""; notice.textContent = ""; paintNotice(); }, bad ? 12000 : 5000);
}

/**
 * Asks the war room to do something. `refused`: it was not done, and will not be by itself.
 * @param {string} path
 * @param {unknown} body
 * @returns {Promise<{done: boolean, message?: string, refused?: boolean, signedOut?: boolean, [more: string]: any}>}
 */
export async function post(path, body) {
  try {
    const reply = await fetch(path, {
      method: "POST", headers: { "Content-Type": "application/json", "X-CSRF": board.boot?.csrf || "" },
      body: JSON.stringify(body), signal: AbortSignal.timeout(12000),
    });
    if (reply.status === 401) { signedOut(); return { done: false, signedOut: true }; }
    return { ...(await reply.json()), refused: reply.status >= 400 && reply.status < 500 };
  } catch {
    return { done: false, message: tr("The war room does not answer. Nothing is known to be done; press again.") };
  }
}

// ---- what does not change with reports, and so is not in the feed ---------------------------------------------

/** Asks which precincts have a watcher; the answer says of which roster. @param {string} [version] */
export async function askWatched(version = board.boot?.roster) {
  try {
    const reply = await fetch("/watched?v=" + version, { signal: AbortSignal.timeout(8000) });
    if (!reply.ok || !board.boot) return;
    board.watched = new Set(/** @type {string[]} */ (await reply.json()));
    const roster = reply.headers.get("X-Roster");
    if (roster !== null && roster !== board.boot.roster) { // names and phones are others
      board.boot.roster = roster;
      board.people.clear();
      board.openPanelAgain();
    }
    soon(["silent"]);
  } catch { /* asked again with the next snapshot */ }
}

// Somebody was sent elsewhere. The war room hears of it when we do and reads the roster: its answer may be a step behind.
let round = 0;
export async function followRoster() {
  const mine = (round += 1), known = board.boot?.roster;
  for (let n = 0; n < ROSTER_TRIES && mine === round && board.boot?.roster === known; n += 1) {
    await new Promise((done) => setTimeout(done, ROSTER_MS * (1 + n) * (0.5 + Math.random())));
    await askWatched(known + "." + mine + "." + n);
  }
}

/** Before the id of a watcher of several precincts, among ids of precincts. */
export const WATCHER = "watcher:";
let askingPeople = false;
/** Asks who watches in these precincts, or who these watchers are. @param {string[]} ids */
export async function askPeople(ids) {
  const missing = ids.filter((id) => !board.people.has(id)).slice(0, PEOPLE_AT_ONCE);
  if (!missing.length || askingPeople) return;
  askingPeople = true;
  try {
    const query = new URLSearchParams(missing.map((id) => (id.startsWith(WATCHER) ? ["watcher", id.slice(WATCHER.length)] : ["precinct", id])));
    const reply = await fetch("/people?" + query, { signal: AbortSignal.timeout(8000) });
    if (!reply.ok) return;
    const found = await reply.json();
    for (const id of missing) board.people.set(id, found[id] || []);
    soon(["silent", "unread"]);
  } catch { /* asked again with the next paint */ } finally { askingPeople = false; }
}
