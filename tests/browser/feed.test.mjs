// The browser's view of the feed does the same with the recorded messages as the services' (tests/election/feed_client).
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, test } from "node:test";

import { FeedRows, FeedView, rowsOf } from "../../election/browser/feed_view.js";

const VECTORS = JSON.parse(readFileSync(new URL("../election/feed_client/vectors.json", import.meta.url), "utf8"));
const FRESH_SECONDS = 15;
const PRECINCT = "12-01";

describe("the same messages come to the same", () => {
  for (const vector of VECTORS) test(vector.name, () => {
    let now = 100;
    const view = new FeedView({ rows: new FeedRows(), monotonic: () => now });
    vector.steps.forEach((step, n) => {
      now += step.wait ?? 0;
      if (step.lost) view.lost();
      if (step.message) assert.equal(view.apply(step.message), step.accepted, `step ${n}`);
      if ("seq" in step) assert.equal(view.seq, step.seq, `step ${n}`);
      if ("state" in step) assert.equal(view.rows.standings.get(PRECINCT).state, step.state, `step ${n}`);
      if ("fresh" in step) assert.equal(view.fresh(FRESH_SECONDS), step.fresh, `step ${n}`);
      if ("behind" in step) assert.equal(view.storedBehind, step.behind, `step ${n}`);
    });
  });
});

const hello = (engine) => ({ type: "hello", engine });
const snapshot = (seq) => ({ type: "snapshot", seq, at: 1000 + seq, precincts: {}, standings: {}, aggregates: [], incidents: [] });
const delta = (seq) => ({ type: "delta", seq, at: 1000 + seq, standings: [], aggregates: [], incidents: [] });
const beat = (seq, behind) => ({ type: "beat", seq, at: 1000 + seq, stored_behind: behind });

test("age is the feed's silence and the tally's together; a page shows the tally's where it is worth saying", () => {
  let now = 100;
  const view = new FeedView({ monotonic: () => now });
  assert.equal(view.age(), null);
  for (const message of [hello("a"), snapshot(1), beat(1, 600)]) view.apply(message);
  now += 5;
  assert.deepEqual([view.silence(), view.age(), view.shownAge()], [5, 605, 605]);
  view.apply(beat(1, 2));
  assert.deepEqual([view.age(), view.shownAge(), view.behindNoted()], [2, 0, 0]);
});

test("a connection to the same engine goes on where the last one ended", () => {
  const view = new FeedView();
  for (const message of [hello("a"), snapshot(4), delta(5)]) view.apply(message);
  view.lost();
  assert.deepEqual([view.seq, view.since, view.engine], [null, 5, "a"]);
  assert.ok(view.apply(hello("a")));
  assert.ok(view.apply(delta(6)));
  assert.equal(view.seq, 6);
});

test("another engine numbers anew: a delta of its own is not taken without a snapshot", () => {
  const view = new FeedView();
  for (const message of [hello("a"), snapshot(4)]) view.apply(message);
  view.lost();
  view.apply(hello("b"));
  assert.deepEqual([view.seq, view.since], [null, null]);
  assert.equal(view.apply(delta(5)), false);
  assert.ok(view.apply(snapshot(1)));
  assert.equal(view.seq, 1);
});

test("columns become rows by precinct", () => {
  const rows = rowsOf({ precinct_id: ["a", "b"], state: ["watch", "silent"] });
  assert.deepEqual([...rows], [["a", { precinct_id: "a", state: "watch" }], ["b", { precinct_id: "b", state: "silent" }]]);
  assert.equal(rowsOf({}).size, 0);
});

test("a delta changes the rows it names and no others; calls are found by precinct", () => {
  const rows = new FeedRows();
  rows.replace({ ...snapshot(1), standings: { precinct_id: ["a", "b"], state: ["watch", "silent"] } });
  rows.change({ ...delta(2), standings: [{ precinct_id: "b", state: "ahead" }], desks: { unread: 3 }, calls: { dispatches: [{ precinct_id: "a", callers_now: 2 }], proposals: [] } });
  assert.deepEqual([...rows.standings.values()].map((s) => s.state), ["watch", "ahead"]);
  rows.change(delta(3));
  assert.equal(rows.desks.unread, 3);
  assert.equal(rows.calls.at.get("a").callers_now, 2);
});
