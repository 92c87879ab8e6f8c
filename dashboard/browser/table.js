// The map's data as a table, for the keyboard, for those who do not see or point, and for looking things up:
// counties, or the precincts of the view; sorted by any column, found by any word. Rows are kept while it repaints.
import { board } from "./board.js";
import { byId, make, setText } from "./elements.js";
import { keyed } from "./keyed.js";
import { locale, tr } from "./language.js";
import { now } from "./stack_clock.js";
import { place } from "./tiles.js";
import { badge, percent, span, stateOf, whole } from "./words.js";

/** @import {Aggregate, PrecinctInfo, Standing} from "feed-messages" */
/**
 * Title, what it is sorted by, what a cell says; numbers are sorted from the largest down first.
 * @template T
 * @typedef {{title: string, rank: (value: T, info: PrecinctInfo | undefined) => string | number, say?: (value: T) => string | HTMLElement}} Column
 */

const MOST = 400; // rows shown at once; the search finds the others, and the CSV has all
const ORDER = ["lagging", "watch", "doubtful", "silent", "on_pace", "ahead", "closed"];
/** @template T @param {T | null | undefined} value @param {(value: T) => string} words */
const known = (value, words) => (value === null || value === undefined ? "–" : words(value));

/** Callers who hold a voter of a county now. @param {string} county */
function callersIn(county) {
  let sum = 0;
  for (const d of board.calls?.at.values() ?? []) if (board.info.get(d.precinct_id)?.county === county) sum += d.calling ?? d.callers_now;
  return sum;
}

/** @type {Column<Standing>[]} */
const PRECINCT = [
  { title: tr("Precinct"), rank: (s, i) => i?.name || s.precinct_id },
  { title: tr("State"), rank: (s) => ORDER.indexOf(stateOf(s)), say: (s) => badge(stateOf(s)) },
  { title: tr("Missing"), rank: (s) => s.shortfall, say: (s) => whole(s.shortfall) },
  { title: tr("Sure"), rank: (s) => s.p_lagging, say: (s) => percent(s.p_lagging) },
  { title: tr("Last count"), rank: (s) => s.last_votes ?? -1, say: (s) => known(s.last_votes, whole) },
  { title: tr("Ago"), rank: (s) => s.last_observed_at ?? Infinity, say: (s) => known(s.last_observed_at, (t) => span(now() - t)) },
  { title: tr("Projected"), rank: (s) => s.projected_final, say: (s) => whole(s.projected_final) },
];
/** @type {Column<Aggregate>[]} */
const COUNTY = [
  { title: tr("County"), rank: (a) => a.scope },
  { title: tr("Counted"), rank: (a) => a.counted, say: (a) => whole(a.counted) },
  { title: tr("Expected of these"), rank: (a) => a.expected_counted ?? 0, say: (a) => (a.expected_counted ? whole(a.expected_counted) : "–") },
  { title: tr("Expected by close"), rank: (a) => a.expected_final, say: (a) => whole(a.expected_final) },
  { title: tr("Behind"), rank: (a) => a.lagging, say: (a) => whole(a.lagging) },
  { title: tr("Silent"), rank: (a) => a.silent, say: (a) => whole(a.silent) },
  { title: tr("Callers"), rank: (a) => callersIn(a.scope.slice(7)), say: (a) => whole(callersIn(a.scope.slice(7))) },
  { title: tr("Coverage"), rank: (a) => a.coverage, say: (a) => percent(a.coverage) },
  { title: tr("Projected"), rank: (a) => (a.caveat ? -1 : a.projected_final), say: (a) => (a.caveat ? tr("not known") : whole(a.projected_final)) },
];

const chosen = { column: 0, down: false, words: "" };
let counties = false; // asked for, where the map shows the precincts of several

/** Whether the table is one of counties. */
export const ofCounties = () => board.view?.kind === "counties" || (counties && board.county === null && (board.boot?.county_names.length ?? 0) > 1);
/** The counties or precincts of the table. */
export const tableIds = () => (ofCounties() && board.view?.kind !== "counties" ? board.boot?.county_names ?? [] : board.viewIds());
/** Shows counties in the table, or precincts. @param {boolean} wanted */
export function showCounties(wanted) {
  counties = wanted;
  showTable();
}
/** The columns that the table was built for. @type {unknown} */
let shape = null;

/** @param {HTMLElement} holder @param {Column<any>[]} columns @param {boolean} ofThem  counties */
function build(holder, columns, ofThem) {
  const search = make("input", { type: "search", placeholder: tr("Find…"), "aria-label": tr("Find in this table"), value: chosen.words });
  search.addEventListener("input", () => { chosen.words = search.value.toLowerCase(); showTable(); });
  const heads = columns.map(({ title }, i) => {
    const sort = make("button", { type: "button" }, title);
    sort.addEventListener("click", () => {
      chosen.down = chosen.column === i ? !chosen.down : i > 1;
      chosen.column = i;
      showTable();
    });
    return make("th", { scope: "col", class: i > 1 || (i && ofThem) ? "number" : null }, sort);
  });
  const turn = make("button", { type: "button", class: "turn" });
  turn.addEventListener("click", () => showCounties(!counties));
  holder.replaceChildren(make("p", { class: "find" }, search, turn, make("span", { class: "found" })),
    make("table", { class: "rows" }, make("thead", {}, make("tr", {}, ...heads)), make("tbody", {})));
  shape = columns;
}

/** @param {string} id @param {number} cells @param {boolean} ofThem  counties */
function row(id, cells, ofThem) {
  const link = ofThem
    ? [make("a", { href: "/?county=" + encodeURIComponent(id), "data-county": id, class: "name" }, id || tr("No county"))]
    : place(id);
  return make("tr", {}, make("th", { scope: "row" }, ...link), ...Array.from({ length: cells }, (_, i) => make("td", { class: i || ofThem ? "number" : null })));
}

/** Draws the table where it is looked at. */
export function showTable() {
  const holder = byId("map-table");
  if (holder.hidden || !board.view) return;
  const several = board.view.kind !== "counties" && board.county === null && (board.boot?.county_names.length ?? 0) > 1;
  if (ofCounties()) fill(holder, COUNTY, true, (id) => board.aggregates.get("county:" + id));
  else fill(holder, PRECINCT, false, (id) => {
    const s = board.standings.get(id);
    return s && board.filter && stateOf(s) !== board.filter ? undefined : s;
  });
  const turn = /** @type {HTMLElement} */ (holder.querySelector(".turn"));
  turn.hidden = !several;
  setText(turn, ofCounties() ? tr("Precincts") : tr("Counties"));
}

/**
 * @template T
 * @param {HTMLElement} holder
 * @param {Column<T>[]} columns
 * @param {boolean} ofThem  counties
 * @param {(id: string) => T | undefined} valueOf
 */
function fill(holder, columns, ofThem, valueOf) {
  if (shape !== columns) {
    Object.assign(chosen, { column: 0, down: false, words: "" });
    build(holder, columns, ofThem);
  }
  const by = columns[chosen.column].rank;
  const items = [];
  for (const id of tableIds()) {
    const value = valueOf(id);
    const info = ofThem ? undefined : board.info.get(id);
    if (!value) continue;
    if (chosen.words && !(id + " " + (info?.name || "")).toLowerCase().includes(chosen.words)) continue;
    items.push({ key: id, id, value, rank: by(value, info) });
  }
  const turn = chosen.down ? -1 : 1;
  /** @param {string | number} a @param {string | number} b */
  const compare = (a, b) => (typeof a === "string" ? a.localeCompare(String(b), locale, { numeric: true }) : a - Number(b));
  items.sort((a, b) => turn * compare(a.rank, b.rank) || (a.id < b.id ? -1 : 1));
  holder.querySelectorAll("th[scope=col]").forEach((th, i) => {
    if (i === chosen.column) th.setAttribute("aria-sort", chosen.down ? "descending" : "ascending");
    else th.removeAttribute("aria-sort");
  });
  setText(/** @type {Element} */ (holder.querySelector(".found")), items.length > MOST ? tr("{shown} of {all} shown", { shown: MOST, all: whole(items.length) }) : whole(items.length));
  const rows = /** @type {Element} */ (holder.querySelector("tbody"));
  keyed(rows, items.slice(0, MOST), (item) => row(item.id, columns.length - 1, ofThem), (line, item) => {
    columns.slice(1).forEach(({ say }, i) => {
      const cell = line.children[i + 1];
      const words = say ? say(item.value) : "";
      if (typeof words === "string") { if (cell.textContent !== words) cell.textContent = words; }
      else if (cell.textContent !== words.textContent) cell.replaceChildren(words);
    });
  });
}
