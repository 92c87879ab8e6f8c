// What the board says by the clock of the polls: while they are open what is heard and lags, and after they have
// closed which finals are in, which are missing and what was counted. Values in, words out.
import { percent, whole } from "./words.js";

/** @import {Aggregate, Desks} from "feed-messages" */
/** @import {Shown} from "./lists.js" */

/** Whether the polls have closed everywhere there. @param {Aggregate | null | undefined} a */
export const isOver = (a) => Boolean(a && a.precincts && (a.closed ?? 0) >= a.precincts);

/** The header's four facts by key: the number, what it counts, and more where it is needed.
 * @param {Aggregate} a @param {number} incidents open ones
 * @returns {Record<"reporting" | "behind" | "silent" | "incidents", [string, string, string]>} */
export function headerFacts(a, incidents) {
  /** @type {[string, string, string]} */
  const problems = [whole(incidents), incidents === 1 ? "incident" : "incidents", "Open incidents"];
  const { closed = 0, finals = 0 } = a;
  if (isOver(a)) return {
    reporting: [whole(finals), "of " + whole(a.precincts) + " finals in", "Counts at close that have come in"],
    behind: [whole(a.precincts - finals), "missing", "Precincts whose count at close is missing"],
    silent: [whole(a.precincts - a.reporting), "never counted", "Precincts from which no count ever came"],
    incidents: problems,
  };
  const open = a.precincts - closed;
  return {
    reporting: [open ? percent(1 - a.silent / open) : "–", "heard lately", "Of the precincts whose polls are open; the others are silent"],
    behind: [whole(a.lagging), "behind", ""],
    silent: [whole(a.silent), "silent", ""],
    incidents: problems,
  };
}

/** What the Desks badge counts and says: all that waits at the desks which the feed tells of.
 * @param {Desks | null} desks @param {number} silent @param {number} incidents */
export function deskBadge(desks, silent, incidents) {
  const parts = /** @type {[number, string, string][]} */ ([[desks?.unread ?? 0, "unread text", "unread texts"], [desks?.unknown ?? 0, "unknown phone", "unknown phones"],
    [desks?.held ?? 0, "held count", "held counts"], [silent, "silent precinct", "silent precincts"], [incidents, "open incident", "open incidents"]]);
  const waiting = parts.reduce((sum, [n]) => sum + n, 0);
  return { waiting, title: parts.filter(([n]) => n).map(([n, one, more]) => whole(n) + " " + (n === 1 ? one : more)).join(", ") };
}

/** @param {Aggregate} a */
function against(a) {
  const outlook = a.expected_final > 0 ? a.projected_final / a.expected_final - 1 : 0;
  return Math.abs(outlook) < 0.005 ? "as expected" : percent(Math.abs(outlook)) + (outlook < 0 ? " under " : " over ") + whole(a.expected_final) + " expected";
}

/** What the bar of Today shows as cast, and its word: of all precincts, like the band beside it. @param {Aggregate} a @returns {[number, string]} */
export const cast = (a) => (isOver(a) || !a.estimated_now ? [a.counted, "counted"] : [a.estimated_now, "voted by now, estimated"]);

/** The words of Today. `where`: " in Kent", or empty. A caveat speaks of what is still to come: none after the close.
 * @param {Aggregate} a @param {string} where */
export function todayWords(a, where) {
  const there = a.expected_counted ? "; " + whole(a.expected_counted) + " were expected of the same by those counts" : "";
  const counted = whole(a.counted) + " votes counted at " + whole(a.reporting) + " of " + whole(a.precincts) + " precincts" + there;
  if (!isOver(a)) return {
    big: whole(a.projected_final), unit: "projected by close" + where, range: "80 %: " + whole(a.lo80) + " – " + whole(a.hi80),
    against: against(a), counted, coverage: percent(a.coverage) + " of the expected votes freshly reported", caveat: a.caveat || "", instead: a.caveat ? a.instead : "",
  };
  const missing = a.precincts - (a.finals ?? 0), never = a.precincts - a.reporting;
  return {
    big: whole(a.counted), unit: "votes counted" + where,
    range: missing ? "about " + whole(a.projected_final) + " with what is missing (80 %: " + whole(a.lo80) + " – " + whole(a.hi80) + ")" : "every final is in",
    against: (missing ? "with what is missing " : "") + against(a),
    counted: whole(a.finals ?? 0) + " of " + whole(a.precincts) + " finals in" + (missing ? "; " + whole(missing) + " missing" : "") + (never ? ", of which " + whole(never) + " were never counted" : ""),
    coverage: "", caveat: "", instead: "",
  };
}

/** Precincts whose final is missing, the most expected votes first: to be called for it. @param {Shown} board */
export function finalsMissing(board) {
  const found = [];
  for (const s of board.standings.values())
    if (s.state === "closed" && !s.final_in && board.inView(s.precinct_id)) found.push(s);
  return found.sort((a, b) => b.expected_final - a.expected_final || (a.precinct_id < b.precinct_id ? -1 : 1));
}

/** Finals below what was expected, the most votes first; without a final nothing is known to be short. @param {Shown} board */
export function shortfalls(board) {
  const found = [];
  for (const s of board.standings.values())
    if (s.state === "closed" && s.final_in && s.shortfall >= 1 && board.inView(s.precinct_id)) found.push(s);
  return found.sort((a, b) => b.shortfall - a.shortfall || (a.precinct_id < b.precinct_id ? -1 : 1));
}

/** What an empty worklist says. @param {Aggregate | null | undefined} a @param {boolean} filtered */
export function nothingToDo(a, filtered) {
  if (filtered) return "None is in this state.";
  if (isOver(a)) return "No final is below what was expected.";
  if (a?.silent) return "Nobody who was heard lately is behind; of " + whole(a.silent) + " silent " + (a.silent === 1 ? "precinct" : "precincts") + " nothing is known.";
  return "Nobody is behind. Nothing to do here now.";
}
