// The tiles beside the map: worklist, today, silent, incidents, unread. Each paints itself from the board's state.
import { ownerOf } from "./alerts.js";
import { WATCHER, askPeople, board } from "./board.js";
import { cast, finalsMissing, isOver, nothingToDo, shortfalls, todayWords } from "./after_close.js";
import { callersOf, callingAt } from "./calling.js";
import { showTools } from "./csv.js";
import { byId, make, setText, svg } from "./elements.js";
import { keyed } from "./keyed.js";
import { retold, tr, trn } from "./language.js";
import { phoneButton } from "./phones.js";
import { incidentList, isWatched, placeOf, runnerWords, silentList, silentSince, sumOfCounties, total, workList } from "./lists.js";
import { now } from "./stack_clock.js";
import { STATES, badge, coded, hhmm, percent, span, stateOf, whole } from "./words.js";

/** @import {Standing} from "feed-messages" */
/** @import {TileName} from "./board.js" */
/** @import {ShownState} from "./words.js" */

/** Rows shown at most; the layout says how many (components/board_parts.js). */
export const rows = { work: 60, silent: 60, incidents: 60 };
const RHYTHM = 3600; // seconds: a watcher counts about hourly; amber at twice that
const LONG_LINE = 30; // minutes: callers cannot help a precinct that cannot let its voters in

/** @param {string} id */
const href = (id) => "/precinct/" + encodeURIComponent(id);
/** A precinct's name, which opens it, and its id. @param {string} id */
export const place = (id) => [
  make("a", { href: href(id), "data-precinct": id, class: "name" }, board.nameOf(id)),
  make("span", { class: "id" }, id),
];

/** @param {Element} within @param {string} selector */
const part = (within, selector) => /** @type {HTMLElement} */ (within.querySelector(selector));

/** A tile's list, made once; `empty`: what is said where it has no rows. @param {TileName} id @param {string} empty */
function listOf(id, empty) {
  const holder = byId(id + "-body");
  if (!holder.querySelector(":scope > .rows")) {
    if (id === "work") {
      const head = make("tr", {}, ...[tr("Precinct"), tr("Missing"), tr("Sure"), tr("Last"), tr("Callers")].map((t, i) =>
        make("th", { scope: "col", class: i && i < 4 ? "number" : null }, t)));
      holder.append(make("table", { class: "rows" }, make("thead", {}, head), make("tbody", {})));
    } else holder.append(make("ul", { class: "rows" }));
    holder.append(make("p", { class: "empty", hidden: true }));
  }
  const none = part(holder, ":scope > .empty");
  none.hidden = !empty;
  if (empty) none.textContent = empty;
  holder.classList.toggle("is-empty", Boolean(empty));
  return part(holder, id === "work" ? "tbody" : ":scope > .rows");
}

/** The sum that is looked at: of the county chosen, else of all. */
const inSight = () => (board.county === null ? total(board) : board.aggregates.get("county:" + board.county));
/** A tile's heading, which follows the clock of the polls. @param {string} id @param {string} words */
const title = (id, words) => { const first = byId(id + "-title").firstChild; if (first && first.textContent !== words) first.textContent = words; };

function work() {
  const over = isOver(inSight()) && !board.filter;
  title("work", over ? tr("Shortfalls") : tr("Next to do"));
  const chosen = over ? shortfalls(board) : workList(board);
  setText(byId("work-count"), board.ready ? String(chosen.length) : "");
  const tools = [];
  if (board.county !== null) tools.push(make("button", { type: "button", "data-county": "" }, (board.county || tr("No county")) + " ✕"));
  if (board.filter) tools.push(make("button", { type: "button", "data-filter": "" }, STATES[board.filter].word + " ✕"));
  if (board.calls?.silent_since) tools.push(make("span", { class: "old-word" }, tr("call desk silent since {at}", { at: hhmm(board.calls.silent_since) })));
  showTools("work", tools);
  const quiet = nothingToDo(inSight(), Boolean(board.filter));
  const list = listOf("work", !board.ready ? tr("Waiting for the feed…") : chosen.length ? "" : quiet);
  keyed(list, chosen.slice(0, rows.work).map((s) => ({ key: s.precinct_id, s })), buildWork, (row, { s }) => updateWork(row, s));
}

/** @param {{s: Standing}} row */
function buildWork({ s }) {
  return make("tr", { "data-row": s.precinct_id },
    make("th", { scope: "row" }, make("span", { class: "mark" }), ...place(s.precinct_id), make("span", { class: "hint" })),
    make("td", { class: "number big" }), make("td", { class: "number" }), make("td", { class: "number last" }), make("td", { class: "callers" }));
}

/** @param {HTMLElement} row @param {Standing} s */
function updateWork(row, s) {
  const state = stateOf(s);
  const [name, missing, sure, last, callers] = /** @type {HTMLCollectionOf<HTMLElement>} */ (row.children);
  if (row.dataset.state !== state) {
    row.dataset.state = state;
    part(name, ".mark").replaceChildren(badge(state));
  }
  row.classList.toggle("selected", board.selected === s.precinct_id);
  const hints = [];
  if (state === "closed") hints.length = 0; // who stood in line has voted
  else if ((s.line_minutes ?? 0) >= LONG_LINE) hints.push(tr("line {minutes} min", { minutes: s.line_minutes }));
  else if ((s.line_people ?? 0) >= 60) hints.push(tr("line {people} people", { people: s.line_people }));
  if (s.incidents) hints.push(trn("{n} incident", "{n} incidents", s.incidents));
  if (s.held) hints.push(tr("{n} held", { n: s.held }));
  const owner = board.replaying() ? undefined : ownerOf(s.precinct_id);
  if (owner) hints.push(tr("{by} since {at}", { by: owner.by, at: hhmm(Date.parse(owner.at) / 1000) }));
  setText(part(name, ".hint"), hints.join(" · "));
  setText(missing, whole(s.shortfall));
  setText(sure, state === "closed" ? "" : percent(s.p_lagging)); // the day is over: it is short, or it is not
  paintLast(last, s);
  paintCallers(callers, s);
}

/** @param {HTMLElement} cell @param {Standing} s */
function paintLast(cell, s) {
  if (s.last_observed_at === null || s.last_observed_at === undefined) {
    cell.textContent = "–";
    return;
  }
  const age = now() - s.last_observed_at;
  cell.classList.toggle("old", age > 2 * RHYTHM && !s.final_in); // a final is as good at midnight
  cell.textContent = span(age);
  cell.title = tr("counted at {at}", { at: hhmm(s.last_observed_at) });
}

// What is true of calling there and why, else one button with what it brings; filled where the precinct is surely behind.
/** What the cell says. @type {WeakMap<HTMLElement, string>} */
const said = new WeakMap();
/** @param {HTMLElement} cell @param {Standing} s */
function paintCallers(cell, s) {
  const { words, title, offer } = callingAt(s, board.calls);
  const key = JSON.stringify([words, title, offer && [offer.callers, offer.urgent]]);
  if (said.get(cell) === key) return;
  said.set(cell, key);
  const reason = make("span", { title: title || null, class: offer ? "brings" : null }, words);
  if (!offer) { cell.replaceChildren(reason); return; }
  cell.replaceChildren(make("button", {
    type: "button", class: offer.urgent === false ? null : "main", title: retold(offer.sentence),
    "data-action": "dispatch", "data-for": s.precinct_id, "data-callers": offer.callers,
    "aria-label": tr("Send {callers} to {place}. Proposed: {sentence}", { callers: callersOf(offer.callers), place: board.nameOf(s.precinct_id), sentence: retold(offer.sentence) }),
  }, tr("send {n}", { n: offer.callers })), reason);
}

function today() {
  const holder = byId("today-body");
  const { county } = board;
  const mine = board.boot?.counties;
  const a = board.aggregates.get(county !== null ? "county:" + county : "all") || (county === null && mine ? sumOfCounties(board) : null);
  if (!a) { holder.replaceChildren(make("p", { class: "empty" }, tr("Waiting for the feed…"))); return; }
  if (!holder.querySelector(".figure")) holder.replaceChildren(todayFrame());
  /** @param {string} name */
  const at = (name) => part(holder, "[data-is=" + name + "]");
  const said = todayWords(a, county !== null ? " " + tr("in {county}", { county: county || tr("no county") }) : mine ? " " + tr("in your counties") : "");
  setText(at("projected"), said.big);
  setText(at("band"), said.range);
  for (const name of /** @type {const} */ (["unit", "against", "coverage", "counted"])) setText(at(name), said[name]);
  // Where the counts do not carry a projection, what can be said takes its place, and the reason stands below.
  for (const name of ["head", "svg", "key", "against"]) at(name).toggleAttribute("hidden", Boolean(said.caveat));
  setText(at("instead"), said.instead);
  setText(at("caveat"), said.caveat);
  const thin = said.caveat ? a.thin || [] : [];
  setText(at("thin"), thin.length ? tr("Hardly watched: {thin}.", { thin: thin.map((r) => tr("{place} ({reporting} of {precincts})", { place: placeOf(r.scope), reporting: whole(r.reporting), precincts: whole(r.precincts) })).join(", ") }) : "");
  const most = Math.max(a.hi95, a.expected_final, 1) * 1.08;
  /** @param {number} v */
  const x = (v) => (100 * Math.max(0, Math.min(most, v))) / most;
  /** @param {string} name @param {number} from @param {number} to */
  const put = (name, from, to) => { const r = at(name); r.setAttribute("x", x(from) + "%"); r.setAttribute("width", Math.max(0.4, x(to) - x(from)) + "%"); };
  put("bar95", a.lo95, a.hi95);
  put("bar80", a.lo80, a.hi80);
  const [voted, word] = cast(a);
  put("seen", 0, voted);
  setText(at("seen-word"), word);
  put("middle", a.projected_final, a.projected_final);
  put("expected", a.expected_final, a.expected_final);
  at("svg").setAttribute("aria-label", tr("Projected {projected}, 80 % between {lo80} and {hi80}, expected {expected}, {word} {voted}", { projected: whole(a.projected_final), lo80: whole(a.lo80), hi80: whole(a.hi80), expected: whole(a.expected_final), word, voted: whole(voted) }));
}

function todayFrame() {
  const bars = /** @type {[string, number, number][]} */ ([["bar95", 8, 20], ["bar80", 8, 20], ["seen", 14, 8], ["middle", 4, 28], ["expected", 4, 28]])
    .map(([name, y, height]) => svg("rect", { "data-is": name, class: name, y, height }));
  /** @param {string} name */
  const line = (name) => make("p", { "data-is": name });
  return make("div", { class: "figure" },
    make("p", { class: "instead", "data-is": "instead" }), make("p", { class: "caveat", "data-is": "caveat" }), line("thin"),
    make("p", { class: "head", "data-is": "head" }, make("strong", { "data-is": "projected" }), make("span", { class: "unit", "data-is": "unit" }), make("span", { class: "range", "data-is": "band" })),
    svg("svg", { class: "band", role: "img", "data-is": "svg" }, ...bars),
    make("p", { class: "key", "data-is": "key" }, make("i", { class: "seen" }), make("span", { "data-is": "seen-word" }), make("i", { class: "bar80" }), tr("projected, 80 % and 95 %"), make("i", { class: "expected" }), tr("expected")),
    line("against"), line("counted"), line("coverage"));
}

/** Whose people a row shows. @type {WeakMap<HTMLElement, unknown>} */
const shownPeople = new WeakMap();

function silent() {
  const over = isOver(inSight());
  title("silent", over ? tr("Finals missing") : tr("Silent"));
  const chosen = over ? finalsMissing(board).sort((a, b) => Number(isWatched(board, b)) - Number(isWatched(board, a))) : silentList(board);
  const first = chosen.findIndex((s) => !isWatched(board, s));
  setText(byId("silent-count"), board.ready ? whole(chosen.length) : "");
  showTools("silent");
  const shown = chosen.slice(0, rows.silent);
  askPeople(shown.filter((s) => isWatched(board, s)).map((s) => s.precinct_id));
  const list = listOf("silent", board.ready && !chosen.length ? (over ? tr("Every final is in.") : tr("Everybody has reported lately.")) : "");
  /** @type {{key: string, s: Standing | null}[]} */
  const entries = shown.map((s) => ({ key: s.precinct_id, s }));
  if (first >= 0 && first < shown.length) entries.splice(first, 0, { key: " nobody", s: null });
  keyed(list, entries,
    ({ s }) => !s ? make("li", { class: "divide" })
      : make("li", { "data-row": s.precinct_id }, make("div", { class: "line" }, ...place(s.precinct_id), make("span", { class: "since number" })), make("div", { class: "who", hidden: true })),
    (li, { s }) => {
      if (!s) {
        const n = chosen.length - first;
        setText(li, trn("{n} precinct has no watcher", "{n} precincts have no watcher", n, { n: whole(n) }));
        return;
      }
      const from = silentSince(board, s);
      part(li, ".since").textContent = from === null ? "" : (s.last_received_at ? "" : tr("never") + " · ") + span(now() - from);
      li.classList.toggle("selected", board.selected === s.precinct_id);
      if (!isWatched(board, s)) {
        const who = part(li, ".who"), words = over ? "" : runnerWords(s.watcher_value);
        setText(who, words);
        who.hidden = !words;
        return;
      }
      const people = board.people.get(s.precinct_id);
      if (!people || shownPeople.get(li) === people) return;
      shownPeople.set(li, people);
      const who = part(li, ".who");
      who.hidden = !people.length;
      who.replaceChildren(...people.slice(0, 2).map((p) => make("span", {}, p.name)), phoneButton(s.precinct_id));
    });
}

function incidents() {
  const open = incidentList(board);
  setText(byId("incidents-count"), board.ready ? String(open.length) : "");
  showTools("incidents");
  const list = listOf("incidents", board.ready && !open.length ? tr("No open incident.") : "");
  keyed(list, open.slice(0, rows.incidents).map((i) => ({ key: i.check_in_id, i })),
    ({ i }) => make("li", { "data-row": i.precinct_id }, make("div", { class: "line" }, make("span", { class: "id" }, "#" + i.number), make("span", { class: "text" }, i.text), make("span", { class: "since number" })),
      make("div", { class: "who" }, ...(i.precinct_id ? place(i.precinct_id) : [tr("no precinct")]), make("span", { class: "status" }))),
    (li, { i }) => {
      part(li, ".since").textContent = span(now() - i.at);
      part(li, ".status").textContent = i.status === "open" ? "" : coded(i.status);
    });
}

function unread() {
  const desks = board.desks;
  const messages = (desks?.messages || []).filter((m) => board.inView(m.precinct_id));
  setText(byId("unread-count"), !desks ? "" : board.county === null ? whole(desks.unread) : String(messages.length));
  showTools("unread");
  const list = listOf("unread", messages.length ? "" : desks ? tr("Every text could be read.") : board.replaying() ? tr("Not kept for the past.") : tr("Waiting for the feed…"));
  askPeople(messages.flatMap((m) => (!m.precinct_id && m.watcher_id ? [WATCHER + m.watcher_id] : [])));
  keyed(list, messages.map((m) => ({ key: m.id, m })),
    ({ m }) => make("li", { "data-row": m.precinct_id }, make("div", { class: "line" }, make("q", { class: "text" }, m.text || "…"), make("span", { class: "since number" })),
      make("div", { class: "who" }, ...(m.precinct_id ? place(m.precinct_id) : [make("span", { class: "whose" }, m.watcher_id ? "" : tr("unknown phone"))]), make("a", { href: "/desk/unread", class: "act" }, tr("read")))),
    (li, { m }) => {
      part(li, ".since").textContent = span(now() - m.at);
      if (!m.precinct_id && m.watcher_id) setText(part(li, ".whose"), board.people.get(WATCHER + m.watcher_id)?.[0]?.name ?? tr("watcher {id}", { id: m.watcher_id }));
    });
}

function legend() {
  /** @type {Partial<Record<ShownState, number>>} */
  const counts = {};
  for (const s of board.standings.values())
    if (board.inView(s.precinct_id)) {
      const state = stateOf(s);
      counts[state] = (counts[state] || 0) + 1;
    }
  const holder = byId("legend");
  const states = /** @type {ShownState[]} */ (Object.keys(STATES));
  if (!holder.firstChild)
    holder.append(...states.map((state) => make("button", { type: "button", "data-filter": state }, badge(state), make("span", { class: "number" }))));
  states.forEach((state, i) => {
    const button = holder.children[i];
    setText(/** @type {Element} */ (button.lastElementChild), board.ready ? String(counts[state] || 0) : "–");
    button.setAttribute("aria-pressed", String(board.filter === state));
  });
}

/** @type {Record<TileName, () => void>} */
export const tiles = { work, today, silent, incidents, unread, legend };
