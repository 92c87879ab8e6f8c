// What the board says by the clock of the polls: while they are open what is heard and lags, and after they have
// closed which finals are in, which are missing and what was counted. Values in, words out.
import { retold, tr, trn } from "./language.js";
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
  const problems = [whole(incidents), trn("incident", "incidents", incidents), tr("Open incidents")];
  const { closed = 0, finals = 0 } = a;
  if (isOver(a)) return {
    reporting: [whole(finals), tr("of {precincts} finals in", { precincts: whole(a.precincts) }), tr("Counts at close that have come in")],
    behind: [whole(a.precincts - finals), tr("missing"), tr("Precincts whose count at close is missing")],
    silent: [whole(a.precincts - a.reporting), tr("never counted"), tr("Precincts from which no count ever came")],
    incidents: problems,
  };
  const open = a.precincts - closed;
  return {
    reporting: [open ? percent(1 - a.silent / open) : "–", tr("heard lately"), tr("Of the precincts whose polls are open; the others are silent")],
    behind: [whole(a.lagging), tr("behind"), ""],
    silent: [whole(a.silent), tr("silent"), ""],
    incidents: problems,
  };
}

/** What the Desks badge counts and says: all that waits at the desks which the feed tells of.
 * @param {Desks | null} desks @param {number} silent @param {number} incidents */
export function deskBadge(desks, silent, incidents) {
  const { unread = 0, unknown = 0, held = 0 } = desks ?? {};
  const parts = /** @type {[number, string][]} */ ([
    [unread, trn("{n} unread text", "{n} unread texts", unread, { n: whole(unread) })], [unknown, trn("{n} unknown phone", "{n} unknown phones", unknown, { n: whole(unknown) })],
    [held, trn("{n} held count", "{n} held counts", held, { n: whole(held) })], [silent, trn("{n} silent precinct", "{n} silent precincts", silent, { n: whole(silent) })],
    [incidents, trn("{n} open incident", "{n} open incidents", incidents, { n: whole(incidents) })]]);
  return { waiting: parts.reduce((sum, [n]) => sum + n, 0), title: parts.filter(([n]) => n).map(([, words]) => words).join(", ") };
}

/** @param {Aggregate} a */
function against(a) {
  const outlook = a.expected_final > 0 ? a.projected_final / a.expected_final - 1 : 0;
  if (Math.abs(outlook) < 0.005) return tr("as expected");
  const fields = { share: percent(Math.abs(outlook)), expected: whole(a.expected_final) };
  return outlook < 0 ? tr("{share} under {expected} expected", fields) : tr("{share} over {expected} expected", fields);
}

/** What the bar of Today shows as cast, and its word: of all precincts, like the band beside it. @param {Aggregate} a @returns {[number, string]} */
export const cast = (a) => (isOver(a) || !a.estimated_now ? [a.counted, tr("counted")] : [a.estimated_now, tr("voted by now, estimated")]);

/** The words of Today. `where`: " in Kent", or empty. A caveat speaks of what is still to come: none after the close.
 * @param {Aggregate} a @param {string} where */
export function todayWords(a, where) {
  const there = a.expected_counted ? tr("; {expected_counted} were expected of the same by those counts", { expected_counted: whole(a.expected_counted) }) : "";
  const counted = tr("{counted} votes counted at {reporting} of {precincts} precincts{there}", { counted: whole(a.counted), reporting: whole(a.reporting), precincts: whole(a.precincts), there });
  if (!isOver(a)) return {
    big: whole(a.projected_final), unit: tr("projected by close{where}", { where }), range: "80 %: " + whole(a.lo80) + " – " + whole(a.hi80),
    against: against(a), counted, coverage: tr("{coverage} of the expected votes freshly reported", { coverage: percent(a.coverage) }), caveat: retold(a.caveat || ""), instead: a.caveat ? retold(a.instead) : "",
  };
  const missing = a.precincts - (a.finals ?? 0), never = a.precincts - a.reporting;
  return {
    big: whole(a.counted), unit: tr("votes counted{where}", { where }),
    range: missing ? tr("about {projected_final} with what is missing (80 %: {lo80} – {hi80})", { projected_final: whole(a.projected_final), lo80: whole(a.lo80), hi80: whole(a.hi80) }) : tr("every final is in"),
    against: (missing ? tr("with what is missing") + " " : "") + against(a),
    counted: tr("{finals} of {precincts} finals in{missing}{never}", { finals: whole(a.finals ?? 0), precincts: whole(a.precincts), missing: missing ? tr("; {missing} missing", { missing: whole(missing) }) : "", never: never ? tr(", of which {never} were never counted", { never: whole(never) }) : "" }),
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
  if (filtered) return tr("None is in this state.");
  if (isOver(a)) return tr("No final is below what was expected.");
  if (a?.silent) return trn("Nobody who was heard lately is behind; of {silent} silent precinct nothing is known.", "Nobody who was heard lately is behind; of {silent} silent precincts nothing is known.", a.silent, { silent: whole(a.silent) });
  return tr("Nobody is behind. Nothing to do here now.");
}
