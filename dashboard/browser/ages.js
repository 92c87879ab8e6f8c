// Every age on the page and the header's numbers, once a second by this device's own clock.
import { deskBadge, headerFacts } from "./after_close.js";
import { board } from "./board.js";
import { byId, setText } from "./elements.js";
import { tr } from "./language.js";
import { total } from "./lists.js";
import { paintPhones } from "./phones.js";
import { now } from "./stack_clock.js";
import { badge, hhmm, hhmmss, span, stateOf, weekday, whole } from "./words.js";

const OLD_S = 15; // a tile older than this says so in colour

function standing() {
  if (!board.ready) return tr("connecting");
  if (board.stale) return tr("stale {at}", { at: hhmmss(board.staleSince ?? 0) });
  const behind = board.feed.behindNoted();
  return tr("live {silence}", { silence: span(board.feed.silence() ?? 0) }) + (behind ? " " + tr("· database {behind} behind", { behind: span(behind) }) : "");
}

export function tick() {
  if (!board.boot) return;
  const at = now();
  setText(byId("top-date"), weekday(at));
  byId("top-clock").textContent = hhmm(at);
  const pill = byId("top-live");
  pill.classList.toggle("off", board.stale);
  /** @type {Element} */ (pill.lastElementChild).textContent = board.replaying() ? tr("replay") : standing();
  const all = board.ready && total(board);
  if (all) {
    for (const [key, [number, words, title]] of Object.entries(headerFacts(all, board.openIncidents().length))) {
      const fact = byId("top-" + key), said = /** @type {Node} */ (fact.lastChild);
      setText(/** @type {Element} */ (fact.firstElementChild), number);
      if (said.textContent !== " " + words) said.textContent = " " + words;
      if (title && fact.title !== title) fact.title = title;
    }
  }
  const { waiting, title } = deskBadge(board.desks, all ? all.silent : 0, board.ready ? board.openIncidents().length : 0);
  byId("top-waiting").hidden = !waiting;
  byId("top-waiting").textContent = whole(waiting);
  byId("top-waiting").title = title;
  for (const age of /** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll("[data-ago]"))) {
    const words = tr("{span} ago", { span: span(at - Number(age.dataset.ago)) });
    if (age.textContent !== words) age.textContent = words;
  }
  paintNear();
  paintPhones();
  paintTileAges(at);
}

// The states of the open precinct's neighbours, which Dash drew without.
function paintNear() {
  for (const near of /** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll("#panel-around .near"))) {
    const s = board.standings.get(near.dataset.precinct ?? "");
    const state = s ? stateOf(s) : null;
    if ((near.dataset.shown ?? "") === (state ?? "")) continue;
    near.dataset.shown = state ?? "";
    near.querySelector(".state")?.remove();
    if (state) near.append(badge(state));
  }
}

/** @param {number} at */
function paintTileAges(at) {
  const replaying = board.replaying();
  const seconds = board.ready ? board.feed.shownAge() : null; // what the tally has not read is not shown either
  const words = replaying ? tr("as of {at}", { at: hhmm(at) }) : seconds === null ? "" : tr("{span} old", { span: span(seconds) });
  for (const age of document.querySelectorAll("[data-tile] .tile-head .age")) {
    if (age.textContent !== words) age.textContent = words;
    age.classList.toggle("old", !replaying && (board.stale || (seconds !== null && seconds > OLD_S)));
  }
}
