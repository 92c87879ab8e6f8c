// After the close the board speaks of finals, never of what is heard lately or projected by close.
import assert from "node:assert/strict";
import { test } from "node:test";

import { cast, deskBadge, finalsMissing, headerFacts, isOver, nothingToDo, shortfalls, todayWords } from "../../dashboard/browser/after_close.js";

const open = {
  scope: "all", precincts: 100, reporting: 90, silent: 10, lagging: 4, closed: 0, finals: 0, coverage: 0.9, counted: 18200,
  expected_final: 20000, projected_final: 19000, lo80: 18800, hi80: 19300, lo95: 18700, hi95: 19500, caveat: "", instead: "", channels: {}, thin: [],
};
const over = { ...open, silent: 0, lagging: 0, closed: 100, finals: 80, reporting: 90, caveat: "Counts by text message have stopped", instead: "x" };
const s = (precinct_id, more) => ({ precinct_id, state: "closed", final_in: 0, last_votes: 100, shortfall: 0, expected_final: 200, ...more });
const board = (...rows) => ({ standings: new Map(rows.map((r) => [r.precinct_id, r])), inView: () => true });

test("the header counts what is heard among open precincts, and finals when all have closed", () => {
  assert.deepEqual(headerFacts(open, 1).reporting.slice(0, 2), ["90 %", "heard lately"]);
  assert.deepEqual(headerFacts(open, 1).incidents.slice(0, 2), ["1", "incident"]);
  assert.deepEqual(headerFacts({ ...open, closed: 50, silent: 10 }, 0).reporting[0], "80 %");
  const facts = headerFacts(over, 0);
  assert.deepEqual(Object.values(facts).map(([n, words]) => n + " " + words), ["80 of 100 finals in", "20 missing", "10 never counted", "0 incidents"]);
});

test("Today compares what was counted, and says what is missing", () => {
  assert.equal(isOver(open), false);
  assert.equal(todayWords(open, " in Kent").unit, "projected by close in Kent");
  const said = todayWords(over, "");
  assert.equal(said.big + " " + said.unit, "18,200 votes counted");
  assert.equal(said.counted, "80 of 100 finals in; 20 missing, of which 10 were never counted");
  assert.equal(said.caveat, "");
  assert.doesNotMatch(Object.values(said).join(" "), /heard|projected by close|freshly/);
  assert.equal(todayWords({ ...over, finals: 100, reporting: 100 }, "").range, "every final is in");
});

test("what has been voted by now is of all precincts, like the band beside it; a count stands beside its own precincts", () => {
  const now = { ...open, estimated_now: 20100.4, expected_counted: 18500 };
  assert.deepEqual(cast(now), [20100.4, "voted by now, estimated"]);
  assert.match(todayWords(now, "").counted, /90 of 100 precincts; 18,500 were expected of the same by those counts$/);
  assert.deepEqual(cast({ ...over, estimated_now: 20100 }), [18200, "counted"]);
  assert.deepEqual(cast(open), [18200, "counted"], "a tally of an earlier version estimates nothing");
});

test("finals that are missing come by the votes expected, shortfalls by the votes short", () => {
  const rows = board(s("a"), s("b", { expected_final: 900 }), s("c", { final_in: 1, shortfall: 50 }), s("d", { shortfall: 70 }), s("e", { state: "silent" }));
  assert.deepEqual(finalsMissing(rows).map((r) => r.precinct_id), ["b", "a", "d"]);
  assert.deepEqual(shortfalls(rows).map((r) => r.precinct_id), ["c"], "d has no final yet");
});

test("an empty list does not say that nobody is behind where nothing is known", () => {
  assert.equal(nothingToDo(open, false), "Nobody who was heard lately is behind; of 10 silent precincts nothing is known.");
  assert.equal(nothingToDo(over, false), "No final is below what was expected.");
});

test("the Desks badge counts what waits at every desk that the feed tells of", () => {
  assert.deepEqual(deskBadge({ unread: 3, unknown: 1, held: 0 }, 78, 1), { waiting: 83, title: "3 unread texts, 1 unknown phone, 78 silent precincts, 1 open incident" });
  assert.deepEqual(deskBadge(null, 0, 0), { waiting: 0, title: "" });
});
