// The offline queue over a real IndexedDB (fake-indexeddb) and a server that the test answers for.
import assert from "node:assert/strict";
import { afterEach, beforeEach, test } from "node:test";

import { Queue, lastAfter, newId, pauseAfter, verdictOnReport } from "../../election/browser/queue.js";
import { until } from "./page.mjs";

const storage = await import("fake-indexeddb").catch(() => null);
const needsStorage = storage ? {} : { skip: "fake-indexeddb is not installed: npm ci" };

let asked, answers, open;
beforeEach(() => {
  asked = []; answers = []; open = [];
  if (storage) globalThis.indexedDB = new storage.IDBFactory();
  globalThis.fetch = async (address, request) => {
    asked.push({ address, token: request.headers.Authorization, report: request.body instanceof ArrayBuffer ? request.body.byteLength : JSON.parse(request.body), credentials: request.credentials });
    const answer = answers.shift();
    if (!answer) throw new TypeError("no connection");
    return { ok: answer.status < 300, status: answer.status, json: async () => answer.body };
  };
});
afterEach(() => { for (const queue of open) { clearTimeout(queue.timer); queue.tabs?.close(); queue.database.close(); } });

const opened = async (...given) => { const queue = await Queue.open(...given); open.push(queue); return queue; };
const told = (id, more = {}) => ({ id, report: { kind: "count", precinct_id: "12-01", votes: 5 }, number: 5, counts: true, label: id, ...more });
const ids = async (queue) => (await queue.waiting()).map((e) => e.id);
const receipt = { status: 200, body: { id: "x", reply: "Thanks." } };

test("pauses double up to five minutes", () => {
  assert.deepEqual([0, 1, 2, 3, 8, 9, 50].map(pauseAfter), [1000, 2000, 4000, 8000, 256_000, 300_000, 300_000]);
});

test("what cannot help is not sent again; a proxy in trouble is waited for", () => {
  assert.deepEqual([401, 403, 404, 409, 413, 422, 429, 500, 502].map(verdictOnReport), ["ended", "later", "later", "refused", "refused", "refused", "later", "later", "later"]);
});

test("an id is a UUID, also without the browser's own", () => {
  const form = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
  assert.match(newId(), form);
  const { randomUUID } = crypto;
  Object.defineProperty(crypto, "randomUUID", { value: undefined, configurable: true });
  try { assert.match(newId(), form); } finally { Object.defineProperty(crypto, "randomUUID", { value: randomUUID, configurable: true }); }
});

test("a report stays until the server says that it holds it", needsStorage, async () => {
  const queue = await opened("w1", "key");
  await queue.add(told("a"));
  await queue.send();
  assert.deepEqual(await ids(queue), ["a"]);
  answers = [{ status: 200, body: {} }]; // a page that is no receipt
  await queue.send();
  assert.deepEqual(await ids(queue), ["a"]);
  answers = [receipt];
  const arrived = new Promise((done) => queue.addEventListener("sent", (event) => done(event.detail)));
  await queue.send();
  assert.deepEqual(await ids(queue), []);
  assert.equal((await arrived).receipt.reply, "Thanks.");
  assert.equal((await queue.last("12-01")).number, 5);
  assert.deepEqual(asked.map((a) => [a.address, a.token]), Array(3).fill(["/checkins/a", "Bearer key"]));
});

test("only a count that was taken is the last one: held waits for a yes, refused leaves nothing", () => {
  const before = { place: "p", number: 400, at: 1 }, entry = { number: 9100, counts: true, saved: 2 };
  assert.deepEqual(lastAfter(before, entry, { id: "x" }), { number: 9100, at: 2 });
  const held = lastAfter(before, entry, { id: "x", asks: true, held: true });
  assert.deepEqual(held, { number: 400, at: 1, held: { number: 9100, at: 2 } });
  assert.deepEqual(lastAfter(before, entry, { id: "x", asks: true }), { number: 400, at: 1 });
  assert.deepEqual(lastAfter({ place: "p", ...held }, { confirms: true, saved: 3 }, { id: "x" }), { number: 9100, at: 2 });
  assert.equal(lastAfter(undefined, { saved: 3, number: 45 }, { id: "x" }), null, "a line is no count");
});

test("what was kept is there for the page that opens next, oldest first", needsStorage, async () => {
  const first = await opened("w1", "key");
  for (const id of ["b", "a"]) { await first.add(told(id)); await new Promise((done) => setTimeout(done, 2)); }
  first.database.close();
  assert.deepEqual(await ids(await opened("w1", "key")), ["b", "a"]);
});

test("a refused report stays to be seen and holds nothing up", needsStorage, async () => {
  const queue = await opened("w1", "key");
  await queue.add(told("a"));
  await queue.add(told("b"));
  answers = [{ status: 422 }, receipt];
  await queue.send();
  assert.deepEqual((await queue.waiting()).map((e) => [e.id, e.refused]), [["a", 422]]);
});

test("a report that is being written is kept, sent once it is closed, and never written again after that", needsStorage, async () => {
  const queue = await opened("w1", "key");
  const batch = (...struck) => ({ id: "v", report: { kind: "voters", precinct_id: "12-01", struck }, label: "v" });
  answers = [receipt, receipt];
  assert.equal(await queue.draft(batch("1")), true);
  assert.equal(await queue.draft(batch("1", "2")), true);
  await queue.send();
  assert.equal(asked.length, 0, "not before it is closed");
  const other = await opened("w1", "key"); // another tab, or the page that opens next
  await other.close();
  assert.equal(await queue.draft(batch("1", "2", "3")), false, "closed: the next word begins another");
  await other.send();
  assert.deepEqual(asked.map((a) => a.report.struck), [["1", "2"]]);
  assert.equal(await queue.draft(batch("1", "2", "3")), false, "sent: the same");
  assert.equal(await queue.draft({ ...batch(), id: "w" }, true), true);
  assert.deepEqual(await ids(queue), [], "a batch that was taken back whole was never there");
});

test("an ended link keeps everything; a new link of the same watcher sends it", needsStorage, async () => {
  const old = await opened("w1", "old");
  await old.add(told("a"));
  answers = [{ status: 401 }];
  await old.send();
  assert.equal(old.linkEnded, true);
  const renewed = await opened("w1", "new");
  answers = [receipt];
  await renewed.send();
  assert.equal(asked.at(-1).token, "Bearer new");
  assert.deepEqual(await ids(renewed), []);
});

test("another watcher's report goes out under its own key", needsStorage, async () => {
  const one = await opened("w1", "one");
  await one.add(told("a"));
  const two = await opened("w2", "two");
  answers = [receipt];
  await two.send();
  assert.equal(asked.at(-1).token, "Bearer one");
});

test("a failed attempt is made again by itself, no sooner than half its pause", needsStorage, async () => {
  const queue = await opened("w1", "key");
  await queue.add(told("a"));
  const pauses = [];
  const real = globalThis.setTimeout;
  globalThis.setTimeout = (work, wait, ...more) => (wait >= 500 ? (pauses.push(wait), 0) : real(work, wait, ...more));
  try { for (let n = 0; n < 4; n += 1) await queue.send(); } finally { globalThis.setTimeout = real; }
  assert.equal(pauses.length, 4);
  pauses.forEach((wait, n) => assert.ok(wait >= pauseAfter(n) / 2 && wait <= pauseAfter(n), `${n}: ${wait}`));
});

test("a report with an address takes the place of what waits for the same", needsStorage, async () => {
  const queue = await opened("caller", "key", { name: "outcomes", tokenKept: false, refusedKept: false, taken: () => true, verdict: () => "refused" });
  await queue.add(told("a", { address: "/api/outcomes/1" }));
  await queue.add(told("b", { address: "/api/outcomes/2" }));
  await queue.add(told("c", { address: "/api/outcomes/1" }));
  assert.deepEqual((await ids(queue)).sort(), ["b", "c"]);
  assert.deepEqual((await queue.waiting()).map((e) => e.token), ["", ""], "no key is stored");
  const refused = [];
  queue.addEventListener("refused", (event) => refused.push(event.detail.status));
  answers = [{ status: 404 }, { status: 200, body: {} }];
  await queue.send();
  assert.deepEqual([await ids(queue), refused], [[], [404]]);
  assert.ok(asked.every((a) => a.token === "Bearer key"));
});

test("passes do not overlap: a second call joins the first", needsStorage, async () => {
  const queue = await opened("w1", "key");
  await queue.add(told("a"));
  answers = [receipt, receipt];
  await Promise.all([queue.send(), queue.send()]);
  assert.equal(asked.length, 1);
  await until(() => queue.passing === null);
});

test("a report goes before any photo, and a photo after the report that it joins", needsStorage, async () => {
  const queue = await opened("w1", "key");
  const photo = (id, of) => ({ id, address: `/checkins/${of}/photos/${id}`, report: { precinct_id: "12-01" }, photo: new Uint8Array(9).buffer });
  await queue.add(told("a"), [photo("pa", "a")]); // both in one go: the page may close now
  assert.deepEqual((await ids(queue)).sort(), ["a", "pa"]);
  await queue.add(told("b"));
  answers = [receipt, receipt];
  await queue.send();
  assert.deepEqual(asked.map((a) => a.address), ["/checkins/a", "/checkins/b", "/checkins/a/photos/pa"]);
  assert.equal(asked[2].report, 9, "the picture itself");
  assert.deepEqual(await ids(queue), ["pa"], "and it stays until the server holds it");
  answers = [receipt];
  await queue.send();
  assert.deepEqual(await ids(queue), []);
});
