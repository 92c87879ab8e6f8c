// One line a matter, by county; what is acknowledged or over is not counted.
import assert from "node:assert/strict";
import { test } from "node:test";

import { byCounty, eased, mattersOf } from "../../dashboard/browser/alert_groups.js";

const alert = (id, more) => ({ id, kind: "lagging", county: "Kent", precinct_id: "a", reason: "84 behind", raised_at: "2026-11-03T15:00:00+00:00", ...more });

test("several alerts of one precinct are one matter, since the first of them", () => {
  const [one, ...rest] = mattersOf([alert("1"), alert("2", { kind: "line", reason: "a line of 75 min", raised_at: "2026-11-03T14:00:00+00:00" })], () => true);
  assert.deepEqual(rest, []);
  assert.deepEqual([one.ids, one.words, one.since], [["1", "2"], "84 behind; a line of 75 min", "2026-11-03T14:00:00+00:00"]);
});

test("only what nobody has acknowledged counts, and what is in view", () => {
  const list = [alert("1", { acknowledged_by: "sam" }), alert("2", { cleared_at: "x" }), alert("3", { precinct_id: "b" }), alert("4", { precinct_id: "c" })];
  assert.deepEqual(mattersOf(list, (a) => a.precinct_id !== "c").map((m) => m.key), ["precinct:b"]);
});

test("counties come by their heaviest matter", () => {
  const list = [alert("1", { county: "Sussex" }), alert("2", { precinct_id: "b" }), alert("3", { precinct_id: "c", county: "Sussex" }), alert("4", { kind: "quiet", precinct_id: null, county: "Kent" })];
  assert.deepEqual(byCounty(mattersOf(list, () => true)).map(([county, of]) => [county, of.length]), [["Sussex", 2], ["Kent", 2]]);
});

test("an alert of a state that is another by now says so, unless it tells of something else, too", () => {
  const [lag] = mattersOf([alert("1")], () => true), [both] = mattersOf([alert("1"), alert("2", { kind: "line" })], () => true);
  const [line] = mattersOf([alert("1", { kind: "line" })], () => true);
  assert.deepEqual([eased(lag, "lagging"), eased(lag, "watch"), eased(both, "watch"), eased(line, "watch")], [false, true, false, false]);
});
