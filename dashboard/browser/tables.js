// The board's tables as files: what is shown, with its filters and its minute.
import { alertList } from "./alerts.js";
import { board } from "./board.js";
import { csvText, download, fileName } from "./csv.js";
import { incidentList, silentList, workList } from "./lists.js";
import { now } from "./stack_clock.js";

/** @import {Aggregate, Standing} from "feed-messages" */
/** @import {Cell, TableName} from "./csv.js" */
/** @typedef {[string[], Cell[][]]} Table  column names, rows */

/** @param {number | string | null | undefined} t @returns {string} */
const iso = (t) => (t === null || t === undefined ? "" : typeof t === "number" ? new Date(t * 1000).toISOString().slice(0, 19) + "Z" : t);
/** @param {string | null | undefined} id @returns {Cell[]} */
const precinct = (id) => [id, board.info.get(id ?? "")?.name || "", board.info.get(id ?? "")?.county || ""];
const PRECINCT = ["precinct_id", "precinct", "county"];
const STANDING = /** @type {const} */ (["state", "shortfall", "p_lagging", "last_votes", "last_observed_at", "expected_now", "expected_final", "projected_final", "lo80", "hi80", "lo95", "hi95", "reports", "held", "line_minutes", "incidents"]);
/** @param {Standing} s @returns {Cell[]} */
const standing = (s) => STANDING.map((name) => (name.endsWith("_at") ? iso(s[name]) : s[name] ?? ""));
const COUNTY = ["county", "precincts", "reporting", "silent", "lagging", "coverage", "counted", "expected_final", "projected_final", "lo80", "hi80", "caveat", "instead"];
/** @param {Aggregate} a @returns {Cell[]} */
const county = (a) => [a.scope.slice(7), a.precincts, a.reporting, a.silent, a.lagging, a.coverage, a.counted, a.expected_final, a.projected_final, a.lo80, a.hi80, a.caveat || "", a.instead || ""];
/** @template T @param {(T | undefined)[]} list @returns {T[]} */
const known = (list) => /** @type {T[]} */ (list.filter((x) => x !== undefined));

/** @type {Record<TableName, () => Table>} */
const TABLES = {
  work: () => [[...PRECINCT, ...STANDING, "callers"], workList(board).map((s) => [...precinct(s.precinct_id), ...standing(s), board.calls?.at.get(s.precinct_id)?.callers_now ?? ""])],
  map: () => board.view?.kind === "counties"
    ? [COUNTY, known(board.viewIds().map((c) => board.aggregates.get("county:" + c))).map(county)]
    : [[...PRECINCT, ...STANDING], known((board.view ? board.viewIds() : []).map((id) => board.standings.get(id))).map((s) => [...precinct(s.precinct_id), ...standing(s)])],
  silent: () => [[...PRECINCT, "last_word", "expected_final", "watched", "p_low_unwatched", "watcher_value"], silentList(board).map((s) => [...precinct(s.precinct_id), iso(s.last_received_at), s.expected_final, board.watched ? (board.watched.has(s.precinct_id) ? "yes" : "no") : "", s.p_low_unwatched ?? "", s.watcher_value ?? ""])],
  incidents: () => [["number", ...PRECINCT, "at", "status", "text"], incidentList(board).map((i) => [i.number, ...precinct(i.precinct_id), iso(i.at), i.status, i.text])],
  unread: () => [[...PRECINCT, "at", "watcher_id", "channel", "text"], (board.desks?.messages || []).map((m) => [...precinct(m.precinct_id), iso(m.at), m.watcher_id || "", m.channel || "", m.text])],
  alerts: () => [["raised_at", "kind", "precinct_id", "county", "reason", "acknowledged_by", "acknowledged_at", "cleared_at"], alertList().map((a) => [a.raised_at, a.kind, a.precinct_id || "", a.county, a.reason, a.acknowledged_by || "", a.acknowledged_at || "", a.cleared_at || ""])],
};

/** @param {TableName} table */
export const saveTable = (table) => download(fileName(table, now()), csvText(...TABLES[table]()));
