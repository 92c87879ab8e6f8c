// The feed's connection over a socket that the test speaks through, and timers that the test moves.
import assert from "node:assert/strict";
import { afterEach, beforeEach, mock, test } from "node:test";

import { connectFeed } from "../../election/browser/feed_connection.js";
import { FeedView } from "../../election/browser/feed_view.js";

const GIVEN = { url: "ws://beluga.test/feed", token: "t1" };
let sockets, said, tokens;

class Socket {
  constructor(url) { this.url = new URL(url); this.closed = false; sockets.push(this); }
  close() { this.closed = true; }
  say(message) { this.onmessage({ data: JSON.stringify(message) }); }
}

const handlers = () => Object.fromEntries(["hello", "snapshot", "delta", "beat", "live", "lost", "signedOut"]
  .map((name) => [name, (told) => said.push(told?.seq === undefined ? [name, told].slice(0, typeof told === "object" ? 1 : 2) : [name, told.seq])]));
const names = () => said.map(([name]) => name);
const settle = async () => { for (let n = 0; n < 10; n += 1) await Promise.resolve(); };

let target;
beforeEach(() => {
  target = new EventTarget();
  sockets = []; said = []; tokens = { status: 200, ok: true, json: async () => ({ ...GIVEN, token: "t2" }) };
  mock.timers.enable({ apis: ["setTimeout"] });
  mock.method(Math, "random", () => 0.5);
  Object.assign(globalThis, { WebSocket: Socket, window: target, document: Object.assign(new EventTarget(), { hidden: false }), fetch: async () => tokens });
});
afterEach(() => { mock.timers.reset(); mock.restoreAll(); });

const start = { hello: { type: "hello", engine: "a", clock: { now: 1, speed: 1 } }, snapshot: { type: "snapshot", seq: 7, at: 7, precincts: {}, standings: {}, aggregates: [], incidents: [], clock: { now: 1, speed: 1 } } };
const delta = (seq) => ({ type: "delta", seq, at: seq, standings: [], aggregates: [], incidents: [] });

test("a delta had already calls no handler, a missing one opens a new connection that asks for what was missed", async () => {
  connectFeed(new FeedView(), handlers(), GIVEN);
  assert.equal(sockets[0].url.searchParams.get("token"), "t1");
  for (const message of [start.hello, start.snapshot, delta(8), delta(8), delta(10)]) sockets[0].say(message);
  assert.deepEqual(names(), ["hello", "snapshot", "live", "delta", "live", "lost"]);
  assert.ok(sockets[0].closed);
  mock.timers.tick(300);
  await settle();
  assert.deepEqual(["token", "engine", "since"].map((part) => sockets[1].url.searchParams.get(part)), ["t2", "a", "8"]);
});

test("four seconds without a word are a lost feed", () => {
  connectFeed(new FeedView(), handlers(), GIVEN);
  for (const message of [start.hello, start.snapshot]) sockets[0].say(message);
  mock.timers.tick(3999);
  assert.ok(!names().includes("lost"));
  sockets[0].say({ type: "beat", seq: 7, at: 9, stored_behind: 0 });
  mock.timers.tick(3999);
  assert.ok(!names().includes("lost"));
  mock.timers.tick(1);
  assert.deepEqual(said.at(-1), ["lost", "nothing heard"]);
});

test("whom the feed showed out the war room answers: signed out, and no more connections", async () => {
  connectFeed(new FeedView(), handlers(), GIVEN);
  sockets[0].say(start.hello);
  tokens = { status: 401, ok: false };
  sockets[0].onclose({ code: 4401 });
  mock.timers.tick(300);
  await settle();
  assert.deepEqual(said.at(-1), ["signedOut", true]);
  mock.timers.tick(60_000);
  await settle();
  assert.equal(sockets.length, 1);
});

test("pauses between attempts grow to ten seconds, and a network that returns is not kept waiting", async () => {
  tokens = { status: 503, ok: false };
  connectFeed(new FeedView(), handlers());
  await settle();
  for (const pause of [300, 600, 1200, 2400, 4800, 9600, 10000, 10000]) {
    const before = said.length;
    mock.timers.tick(pause - 1);
    await settle();
    assert.equal(said.length, before, `before ${pause}`);
    mock.timers.tick(1);
    await settle();
    assert.equal(said.length, before + 1, `after ${pause}`);
  }
  const before = said.length;
  target.dispatchEvent(new Event("online"));
  await settle();
  assert.equal(said.length, before + 1);
});
