// What the board says of callers: what is true now and why, and offers only where calling helps.
import assert from "node:assert/strict";
import { test } from "node:test";

import { brings, callersOf, callingAt, heardWords } from "../../dashboard/browser/calling.js";

const AT = 1793731260; // 18:41 UTC
const s = (state = "lagging") => ({ precinct_id: "a", state });
const desk = (more) => ({ at: new Map(), offers: new Map(), over: new Map(), hindered: new Map(), ...more });
const sent = (more) => desk({ at: new Map([["a", { callers_now: 6, started_at: AT, started_by: "sam", reason: "", hold: "", ...more }]]) });

test("who calls now, who is left, what was promised", () => {
  const { words, title, offer } = callingAt(s(), sent({ calling: 4, reachable: 31, promises: 2 }));
  assert.equal(words, "4 calling, 31 left · 2 promises");
  assert.match(title, /^sent by sam since /);
  assert.equal(offer, null);
});

test("where nobody calls the reason stands there", () => {
  assert.equal(callingAt(s(), sent({ calling: 0, reachable: 31, why_idle: "no caller has had a call lately" })).words, "0 calling, 31 left · no caller has had a call lately");
  assert.equal(callingAt(s(), sent({ calling: 0, reachable: 0, remaining: 38, why_idle: "everybody left was called lately" })).words, "0 calling, 38 left · everybody left was called lately");
  assert.equal(callingAt(s(), sent({ calling: 0, hold: "line 70 min" })).words, "resting: line 70 min");
  assert.match(callingAt(s(), desk({ over: new Map([["a", { reason: "list used up: everybody", ended_at: AT, calls: 12, promises: 1 }]]) })).words,
    /^list used up \d\d:\d\d · 12 calls · 1 promise$/);
});

test("an offer says what it brings, and nothing is offered where calling cannot help", () => {
  const offer = { precinct_id: "a", callers: 6, votes: 9.2, reachable: 84, missing: 60, sentence: "Send 6" };
  assert.equal(callingAt(s(), desk({ offers: new Map([["a", offer]]) })).words, "about 9 votes by close, 84 reachable");
  assert.equal(brings({ ...offer, votes: 0.6 }), "about 1 vote by close, 84 reachable");
  for (const state of ["silent", "doubtful", "closed"]) {
    const { words, offer: none } = callingAt(s(state), desk());
    assert.equal(none, null);
    assert.notEqual(words, "");
  }
  assert.equal(callingAt(s(), desk({ hindered: new Map([["a", "nobody left to call"]]) })).words, "nobody left to call");
  assert.equal(callingAt(s(), null).offer, null);
});

test("one is singular", () => {
  assert.deepEqual([0, 1, 2, 1200].map((n) => callersOf(n)), ["0 callers", "1 caller", "2 callers", "1,200 callers"]);
});

test("what people reached say of a silent precinct stands with its interval, and with how far it may be relied on", () => {
  const heard = { precinct_id: "a", at: AT, reached: 63, voted: 22, votes: 412, lo80: 340, hi80: 500, lo95: 300, hi95: 560 };
  assert.match(heardWords(heard, null), /^Of 63 households reached by callers 22 said they have voted: about 412 votes by \d\d:\d\d \(80 %: 340 to 500\)\. Not part of the tally\. No precinct has both/);
  assert.match(heardWords(heard, { precincts: 14, inside: 12, ratio: 1.06, calibrated: true }), /within such an interval in 12 of 14 precincts\.$/);
  assert.match(heardWords(heard, { precincts: 4, inside: 4, ratio: 1, calibrated: false }), /4 of 4 precincts: not enough to rely on\.$/);
});
