// What the board's lists hold and in which order. Values in, values out; tiles.js draws them, tables.js writes them.
import { retold, tr } from "./language.js";
import { percent, stateOf, whole } from "./words.js";

/** @import {Aggregate, Incident, Standing} from "feed-messages" */
/** @import {FeedRows} from "./feed_view.js" */
/** @import {ShownState} from "./words.js" */
/**
 * What the lists need of the board.
 * @typedef {Pick<FeedRows, "info" | "standings" | "aggregates"> & {
 *   filter: ShownState | null, watched: Set<string> | null,
 *   inView(id: string | null | undefined): boolean, openIncidents(): Incident[]}} Shown
 */

const MOST_THIN = 5; // under-watched places named

// Rank by what is at stake: the chance that it lags times the votes missing (DESIGN, section 7).
/** @param {Standing} s */
const stake = (s) => s.p_lagging * s.shortfall;

/** The worklist in order; the tile shows its beginning, the export all of it. @param {Shown} board */
export function workList(board) {
  /** @type {ShownState[]} */
  const states = board.filter ? [board.filter] : ["lagging", "watch"];
  const chosen = [];
  for (const s of board.standings.values())
    if (states.includes(stateOf(s)) && board.inView(s.precinct_id)) chosen.push(s);
  return chosen.sort((a, b) => stake(b) - stake(a) || b.shortfall - a.shortfall || (a.precinct_id < b.precinct_id ? -1 : 1));
}

/** Since when nothing came from there; null: not known. @param {Pick<Shown, "info">} board @param {Standing} s */
export const silentSince = (board, s) => s.last_received_at ?? board.info.get(s.precinct_id)?.opens_at ?? null;

/** @param {Pick<Shown, "watched">} board @param {Standing} s */
export const isWatched = (board, s) => board.watched === null || board.watched.has(s.precinct_id);

/** Where somebody watches, somebody can be called: those first, the longest silence first among them. Then those
 * where nobody watches, first where a runner would tell most. @param {Shown} board */
export function silentList(board) {
  /** @type {[number, number, number, Standing][]} */
  const chosen = [];
  for (const s of board.standings.values())
    if (s.state === "silent" && board.inView(s.precinct_id))
      chosen.push(isWatched(board, s) ? [0, silentSince(board, s) ?? 0, -s.expected_final, s] : [1, -(s.watcher_value ?? 0), -s.expected_final, s]);
  chosen.sort((a, b) => a[0] - b[0] || a[1] - b[1] || a[2] - b[2]);
  return chosen.map((c) => c[3]);
}

/** What a runner would tell there, in words; empty: nothing to speak of. @param {number | null | undefined} votes */
export const runnerWords = (votes) => (votes && votes >= 1 ? tr("send a runner here: {votes} votes better known", { votes: whole(votes) }) : "");

/** Open incidents of the view, the youngest first. @param {Shown} board */
export const incidentList = (board) => board.openIncidents().filter((i) => board.inView(i.precinct_id)).sort((a, b) => b.at - a.at);

/** The place in an aggregate's scope ("county:Kent"). @param {string} scope */
export const placeOf = (scope) => scope.slice(scope.indexOf(":") + 1) || tr("no name");

/** What can be said of several counties of which only `sure` can be projected. @param {Aggregate[]} sure @param {number} all */
function insteadOf(sure, all) {
  const [heading, expected] = /** @type {const} */ (["projected_final", "expected_final"]).map((key) => sure.reduce((sum, a) => sum + a[key], 0));
  if (!expected) return tr("None of your {all} counties has enough fresh counts to project.", { all: whole(all) });
  const gap = heading / expected - 1;
  const fields = { sure: whole(sure.length), all: whole(all), gap: percent(Math.abs(gap)) };
  return gap < 0 ? tr("The {sure} of {all} counties with enough fresh counts head for {gap} below expectation; the rest is not known.", fields)
    : tr("The {sure} of {all} counties with enough fresh counts head for {gap} above expectation; the rest is not known.", fields);
}

const SUMMED = /** @type {const} */ (["precincts", "reporting", "silent", "lagging", "closed", "finals", "counted", "expected_final", "projected_final", "lo80", "hi80", "lo95", "hi95",
  "expected_now", "expected_lo80", "expected_hi80", "estimated_now", "estimated_lo80", "estimated_hi80", "expected_counted"]);

/** A lead sees the sum of own counties; its band is as wide as if they erred together, which is the safe side.
 * @param {Pick<Shown, "aggregates">} board @returns {Aggregate | null} */
export function sumOfCounties(board) {
  const mine = [...board.aggregates.values()].filter((a) => a.scope !== "all");
  if (!mine.length) return null;
  const unsure = mine.filter((a) => a.caveat);
  /** @param {(typeof SUMMED)[number]} key */
  const sum = (key) => mine.reduce((total, a) => total + (a[key] ?? 0), 0);
  const expected = sum("expected_final");
  return {
    .../** @type {Record<(typeof SUMMED)[number], number>} */ (Object.fromEntries(SUMMED.map((key) => [key, sum(key)]))),
    scope: "all",
    caveat: unsure.map((a) => placeOf(a.scope) + ": " + retold(a.caveat ?? "")).join(" "),
    thin: unsure.flatMap((a) => a.thin || []).slice(0, MOST_THIN),
    instead: unsure.length ? insteadOf(mine.filter((a) => !a.caveat), mine.length) : "",
    channels: {},
    coverage: expected ? mine.reduce((total, a) => total + a.coverage * a.expected_final, 0) / expected : 0,
  };
}

/** The whole that this person sees. @param {Pick<Shown, "aggregates">} board */
export const total = (board) => board.aggregates.get("all") || sumOfCounties(board);
