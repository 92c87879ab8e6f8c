// The board's page, put together: what it begins with, what the feed's messages move, what the address changes.
import { followAddress, go, readAddress } from "./address.js";
import { tick } from "./ages.js";
import { askAlerts, paintAlerts } from "./alerts.js";
import "./board_parts.js";
import { askWatched, board, everything, followRoster, marks, paintNotice, say, setStale, signIn, signedOut, soon } from "./board.js";
import { watchClicks } from "./clicks.js";
import { mountAll, taken } from "./component.js";
import { csvButton } from "./csv.js";
import { byId, make } from "./elements.js";
import { connectFeed } from "./feed_connection.js";
import { firstAnswer } from "./first_question.js";
import { beginKiosk } from "./kiosk.js";
import { tr } from "./language.js";
import { map, readTheme, showMap } from "./map.js";
import { lookAt } from "./map_gestures.js";
import { paintMap } from "./paint.js";
import { panelChanged, panelNews, showPanel } from "./panel.js";
import { panelScripts } from "./panel_scripts.js";
import { followReplay } from "./replay.js";
import { beginTour } from "./tour.js";
import { setZone } from "./words.js";

/** @import {FeedHandlers} from "./feed_connection.js" */
/** @import {Boot, TileName} from "./board.js" */

const AFTER_LOSS_MS = 20000; // 500 boards that come back at once have more urgent questions
const AGES_MS = 15000; // between two paints of the ages in rows

let had = false; // a snapshot

/** @type {FeedHandlers} */
const feed = {
  hello(m) { if (m.timezone) setZone(m.timezone); },
  snapshot(m) {
    board.ready = true;
    if (board.watched === null) askWatched();
    else if (had) setTimeout(() => askWatched(board.boot?.roster + "." + m.seq), Math.random() * AFTER_LOSS_MS); // news may have been missed
    had = true;
    everything();
    panelNews();
    askAlerts(0);
    followReplay();
  },
  delta(m) {
    if (m.news?.includes("alerts")) askAlerts();
    if (m.news?.includes("roster")) followRoster();
    if (board.replaying()) return;
    /** @type {TileName[]} */
    const tiles = ["work", "today", "silent", "legend"];
    if (m.incidents.length) tiles.push("incidents");
    if (m.desks) tiles.push("unread");
    if (m.calls) panelNews();
    soon(tiles, m.standings.map((s) => s.precinct_id));
    paintAlerts();
    if (board.selected !== null && m.standings.some((s) => s.precinct_id === board.selected)) panelChanged(board.selected);
  },
  beat() { paintNotice(); },
  live() { if (board.stale) { setStale(false); tick(); } },
  lost() { if (!board.stale) { setStale(true); tick(); } },
  signedOut(ended) { if (ended) location.replace(signIn()); else signedOut(); }, // who was shown out sees nothing more
};

function chooseView() {
  const { boot, county } = board;
  if (!boot) return;
  const counties = boot.by_county && county === null;
  const file = counties ? "counties" : county === null ? "precincts" : "precincts/" + encodeURIComponent(county || "_");
  board.view = { kind: counties ? "counties" : "precincts", url: "/shapes/" + file + "?v=" + boot.version };
  const tools = byId("map-tools");
  tools.replaceChildren();
  if (county !== null) tools.append(make("button", { type: "button", "data-county": "" }, tr("← All counties")), make("b", {}, county || tr("No county")));
  if (boot.county_names.length > 1) tools.append(countyChoice(boot.county_names));
  tools.append(make("button", { type: "button", id: "as-table" }, tr("Table")), csvButton("map"));
  showParts();
  showMap(board.view, (box) => { lookAt(box); paintMap(null); });
}

/** Counties by name: on a map of many the small ones are hard to hit. @param {string[]} names */
function countyChoice(names) {
  const choice = make("select", { "aria-label": tr("County"), id: "county-choice" }, make("option", { value: "*" }, tr("All counties")),
    ...names.map((name) => make("option", { value: name }, name || tr("No county"))));
  choice.value = board.county ?? "*";
  choice.addEventListener("change", () => go({ county: choice.value === "*" ? null : choice.value }));
  return choice;
}

// The map or its table, and the phone's tab, as the address has them.
function showParts() {
  byId("map-table").hidden = !board.asTable;
  byId("map-body").hidden = board.asTable;
  byId("as-table")?.setAttribute("aria-pressed", String(board.asTable));
  document.body.dataset.tab = board.tab;
  for (const b of /** @type {HTMLCollectionOf<HTMLElement>} */ (byId("tabs").children)) b.setAttribute("aria-pressed", String(b.dataset.tab === board.tab));
}

const entitle = () => { document.title = (board.selected ? board.nameOf(board.selected) + " · " : "") + tr("Beluga war room"); };

function follow() {
  const before = { selected: board.selected, county: board.county };
  readAddress();
  showParts();
  if (before.county !== board.county) chooseView();
  if (before.selected !== board.selected) showPanel(board.selected);
  entitle();
  everything();
  followReplay();
}

/** What the page begins with; null where the person must sign in again. @returns {Promise<Boot | null>} */
async function askBoot() {
  for (let pause = 500, asked = firstAnswer; ; pause = Math.min(pause * 2, 8000)) {
    try {
      const reply = await asked;
      if (reply?.ok) return await reply.json();
      if (reply?.status === 401) { signedOut(); return null; }
      const said = await reply?.json();
      if (said) say(said.message || tr("The war room is starting…"), true);
      if (said?.where) byId("notice").append(" ", make("a", { href: said.where }, tr("Set-up")));
    } catch { /* tried again */ }
    await new Promise((done) => setTimeout(done, pause * (0.5 + Math.random())));
    asked = fetch("/boot", { headers: { Accept: "application/json" } }).catch(() => null);
  }
}

async function begin() {
  const boot = await askBoot();
  if (!boot) return;
  byId("notice").textContent = byId("notice").className = "";
  board.boot = boot;
  setZone(boot.timezone);
  mountAll();
  watchClicks();
  readAddress();
  followAddress(follow);
  readTheme(); // a wall is dark, whatever the device prefers
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => { readTheme(); soon([], null); });
  chooseView();
  if (board.selected) showPanel(board.selected);
  askWatched();
  everything();
  connectFeed(board.feed, feed, boot.feed);
  panelScripts.ahead();
  tick();
  setInterval(tick, 1000);
  setInterval(() => { if (board.ready) soon(["work", "silent", "incidents", "unread"]); }, AGES_MS);
  beginKiosk();
  beginTour();
}

// What tests and bench/board.py look at; the page itself asks for none of it here.
Object.assign(window, {
  beluga: Object.defineProperties(marks, Object.getOwnPropertyDescriptors({
    board, map, go, panelScripts,
    get seq() { return board.feed.seq; },
  })),
});
taken.then(() => { marks.taken = performance.now(); });
begin();
