// What the board's lists hold and in which order.
import assert from "node:assert/strict";
import { test } from "node:test";

import { incidentList, runnerWords, silentList, total, workList } from "../../dashboard/browser/lists.js";

const standing = (precinct_id, more) => [precinct_id, { precinct_id, state: "on_pace", gap: 0, p_lagging: 0, shortfall: 0, expected_final: 100, last_received_at: null, ...more }];
const board = (standings, more = {}) => ({
  standings: new Map(standings), info: new Map(standings.map(([id]) => [id, { county: "Kent", opens_at: 10 }])), aggregates: new Map(),
  filter: null, watched: null, inView: () => true, openIncidents: () => [], ...more,
});
const ids = (list) => list.map((s) => s.precinct_id);

test("the worklist is ranked by votes at stake: the chance of lagging times what is missing", () => {
  const b = board([
    standing("few", { state: "lagging", p_lagging: 0.9, shortfall: 10 }), standing("many", { state: "watch", p_lagging: 0.5, shortfall: 100 }),
    standing("fine", { shortfall: 500 }), standing("b", { state: "lagging", p_lagging: 0.9, shortfall: 10 }),
  ]);
  assert.deepEqual(ids(workList(b)), ["many", "b", "few"]);
  assert.deepEqual(ids(workList({ ...b, filter: "lagging" })), ["b", "few"]);
  assert.deepEqual(ids(workList({ ...b, inView: (id) => id === "few" })), ["few"]);
});

test("the silent whom somebody watches come first, the longest silence first", () => {
  const b = board([
    standing("late", { state: "silent", last_received_at: 90 }), standing("early", { state: "silent", last_received_at: 20 }),
    standing("never", { state: "silent" }), standing("unwatched", { state: "silent", last_received_at: 1 }), standing("fine", {}),
  ], { watched: new Set(["late", "early", "never"]) });
  assert.deepEqual(ids(silentList(b)), ["never", "early", "late", "unwatched"]);
});

test("where nobody watches, first where a runner would tell most", () => {
  const b = board([
    standing("little", { state: "silent", watcher_value: 2, expected_final: 900 }), standing("much", { state: "silent", watcher_value: 30 }),
    standing("nothing", { state: "silent", watcher_value: 0, expected_final: 950 }), standing("mine", { state: "silent", watcher_value: 99, last_received_at: 50 }),
  ], { watched: new Set(["mine"]) });
  assert.deepEqual(ids(silentList(b)), ["mine", "much", "little", "nothing"]);
  assert.equal(runnerWords(30), "send a runner here: 30 votes better known");
  assert.equal(runnerWords(0) + runnerWords(undefined), "");
});

test("incidents: the youngest first, of the view alone", () => {
  const b = board([], { openIncidents: () => [{ at: 1, precinct_id: "a" }, { at: 3, precinct_id: "b" }, { at: 2, precinct_id: "a" }], inView: (id) => id === "a" });
  assert.deepEqual(incidentList(b).map((i) => i.at), [2, 1]);
});

const aggregate = (scope, more) => [scope, { scope, precincts: 10, reporting: 5, silent: 1, lagging: 1, counted: 100, expected_final: 1000, projected_final: 900, lo80: 850, hi80: 950, lo95: 800, hi95: 1000, coverage: 0.5, caveat: "", instead: "", thin: [], ...more }];

test("a lead's whole is the sum of the own counties; coverage by expected votes", () => {
  const b = { aggregates: new Map([aggregate("county:Kent"), aggregate("county:Sussex", { expected_final: 3000, projected_final: 3300, coverage: 0.9 })]) };
  const sum = total(b);
  assert.deepEqual([sum.precincts, sum.projected_final, sum.lo80, sum.caveat], [20, 4200, 1700, ""]);
  assert.equal(sum.coverage, 0.8);
  assert.equal(total({ aggregates: new Map() }), null);
});

test("where a county cannot be projected the sum says of how many it speaks", () => {
  const b = { aggregates: new Map([aggregate("county:Kent"), aggregate("county:Sussex", { caveat: "too few counts." })]) };
  assert.equal(total(b).instead, "The 1 of 2 counties with enough fresh counts head for 10 % below expectation; the rest is not known.");
  assert.equal(total(b).caveat, "Sussex: too few counts.");
});
