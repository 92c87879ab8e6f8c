// The roll on a watcher's phone: found, struck off, taken back; sealed as it came, gone when it must be.
import assert from "node:assert/strict";
import { afterEach, beforeEach, test } from "node:test";
import { webcrypto } from "node:crypto";

import { Roll, asWords, countOf, folded, standing, tapped } from "../../intake/pages/roll.js";
import { RollStore, ownerOf, wasRefused } from "../../intake/pages/roll_store.js";

const storage = await import("fake-indexeddb").catch(() => null);
const needsStorage = storage ? {} : { skip: "fake-indexeddb is not installed: npm ci" };
const ROWS = [
  ["1", "Ángela Núñez", "9 Elm Street", false], ["2", "John O'Brien", "12 Elm Street", false],
  ["17", "Elmer Smith", "3 Oak Lane", true], ["18/1", "李 小龙", "4 Oak Lane", false],
];
const numbers = (found) => found.map((row) => row[0]);

test("two letters of any name, a number, or a street; names before streets, accents and case aside", () => {
  const roll = new Roll(ROWS);
  assert.deepEqual(numbers(roll.find("nu").found), ["1"]);
  assert.deepEqual(numbers(roll.find("EL").found), ["17", "1", "2"], "Elmer, then Elm Street");
  assert.deepEqual(numbers(roll.find("brien jo").found), ["2"], "in any order");
  assert.deepEqual(numbers(roll.find("1").found), ["1", "17", "18/1", "2"], "the number itself, what begins so, a house");
  assert.deepEqual(numbers(roll.find("18/").found), ["18/1"]);
  assert.deepEqual(numbers(roll.find("李").found), ["18/1"]);
  assert.deepEqual(roll.find("zz"), { found: [], more: 0 });
  assert.equal(folded("  O'Brien,  JOSÉ "), " o brien jose");
  const long = new Roll(Array.from({ length: 3000 }, (_, n) => [String(n + 1), "", "", false]));
  assert.equal(long.find("").found.length + long.find("").more, 3000);
  assert.deepEqual(numbers(long.find("29").found).slice(0, 2), ["29", "290"], "without names by number alone");
});

test("a tap strikes off, another takes back; what nobody has heard of is only forgotten", () => {
  const none = { struck: [], unstruck: [] };
  const one = tapped(none, "17", false);
  assert.deepEqual(one, { struck: ["17"], unstruck: [] });
  assert.deepEqual(tapped(one, "17", true), none);
  assert.deepEqual(tapped(none, "17", true), { struck: [], unstruck: ["17"] });
  assert.equal(asWords({ struck: ["17", "18/1", "23"], unstruck: ["5"] }), "17 23", "as a text can say it");
  const known = standing(["1", "99"], [{ struck: ["17"] }, { unstruck: ["1"] }, { struck: ["2"], unstruck: ["17"] }]);
  assert.deepEqual([...known], ["99", "2"]);
  assert.equal(countOf(new Roll(ROWS), known), 1, "99 is not on this roll");
});

let answers, asked, key;
const PATH = "/w/key1";
beforeEach(() => {
  if (storage) globalThis.indexedDB = new storage.IDBFactory();
  const session = new Map();
  globalThis.sessionStorage = { getItem: (k) => session.get(k) ?? null, setItem: (k, v) => session.set(k, v), removeItem: (k) => session.delete(k) };
  answers = {}; asked = []; key = Buffer.alloc(32, 7).toString("base64");
  globalThis.fetch = async (address) => {
    asked.push(address);
    const answer = answers[address.slice(PATH.length).split("?")[0]];
    if (!answer) throw new TypeError("no connection");
    const { status = 200, type = "application/json", body = null } = answer;
    return new Response(type === "application/json" ? JSON.stringify(body) : body, { status, headers: { "Content-Type": type } });
  };
});
async function sealed(rows) {
  const nonce = webcrypto.getRandomValues(new Uint8Array(12));
  const opener = await webcrypto.subtle.importKey("raw", Buffer.from(key, "base64"), "AES-GCM", false, ["encrypt"]);
  const words = await webcrypto.subtle.encrypt({ name: "AES-GCM", iv: nonce }, opener, new TextEncoder().encode(JSON.stringify(rows)));
  return Buffer.concat([nonce, Buffer.from(words)]);
}
const state = (more) => ({ body: { precinct_id: "12-01", voters: 4, names: true, version: "names-a", struck: ["2"], key, gone_in_seconds: 600, ...more } });
let stores = [];
afterEach(() => { for (const store of stores) { clearTimeout(store.timer); store.database.close(); } stores = []; });
const opened = async (path = PATH) => { const store = await RollStore.open(path); stores.push(store); return store; };
async function withNames() {
  answers = { "/roll/state": state(), "/roll": { type: "application/octet-stream", body: await sealed(ROWS) } };
  const store = await opened();
  assert.equal(await store.sync("12-01"), "here");
  return store;
}

test("names lie sealed on the phone and open with this session's key alone", needsStorage, async () => {
  const store = await withNames();
  const kept = await store.kept("12-01");
  assert.deepEqual(await store.names(kept), ROWS);
  const lying = JSON.stringify({ ...kept, sealed: Buffer.from(kept.sealed).toString("latin1") });
  for (const word of ["Smith", "Elm", key]) assert.ok(!lying.includes(word), word);
  assert.deepEqual(numbers(store.numbers(kept)), ["1", "2", "17", "18/1"], "numbers lie there for a session without a key");
  assert.equal(await store.sync("12-01"), "here");
  assert.equal(asked.filter((address) => !address.includes("/state")).length, 1, "the same roll is fetched once");
  answers = {};
  assert.equal(await store.sync("12-01"), "away");
  sessionStorage.removeItem(kept.id);
  assert.equal(await store.names(await store.kept("12-01")), null);
});

test("a link that was printed again is the same one; another number of it is not", () => {
  assert.equal(ownerOf("/w/eyJ3IjoidzMifQ.aww2uA.H0Ah-n"), ownerOf("/w/eyJ3IjoidzMifQ.bzz2uA.xxxx"));
  assert.notEqual(ownerOf("/w/eyJ3IjoidzMifQ.aww2uA.H0"), ownerOf("/w/eyJ3IjoidzMiLCJuIjoxfQ.aww2uA.H0"));
  assert.notEqual(ownerOf("/w/.eJyr.aww2uA.H0"), ownerOf("/w/.eJys.aww2uA.H0"), "packed ones by all of it");
});

test("what this phone sent stands until the server's list has it, and no longer", needsStorage, async () => {
  const store = await withNames();
  await store.said("12-01", { struck: ["17"], unstruck: ["2"] });
  await store.sync("12-01");
  const shown = async () => { const kept = await store.kept("12-01"); return [...standing(kept.struck, kept.sent)]; };
  assert.deepEqual(await shown(), ["17"]);
  answers["/roll/state"] = state({ struck: ["17"] });
  await store.sync("12-01");
  answers["/roll/state"] = state({ struck: [] }); // the other watcher takes it back
  await store.sync("12-01");
  assert.deepEqual(await shown(), []);
});

test("a link that ended, a precinct taken away, an hour after the close: nothing is left", needsStorage, async () => {
  for (const status of [401, 404, 410]) {
    const store = await withNames();
    answers = { "/roll/state": { status: 502, type: "text/html", body: "" } };
    await store.check();
    assert.ok(await store.kept("12-01"), "a proxy in trouble says nothing");
    answers = { "/roll/state": { status, body: {} } };
    await store.check();
    assert.equal(await store.kept("12-01"), undefined);
    assert.equal(sessionStorage.getItem(`${PATH} 12-01`), null);
  }
  const store = await withNames();
  answers = { "/roll/state": state({ gone_in_seconds: -1 }) };
  await store.sync("12-01");
  await (await opened("/w/another")).sweep();
  assert.equal(await store.kept("12-01"), undefined, "any page of the form sweeps");
});

test("names fetched too often, or no names allowed: numbers alone", needsStorage, async () => {
  answers = { "/roll/state": state(), "/roll": { status: 403, body: {} } };
  const real = globalThis.fetch;
  globalThis.fetch = (address) => address.includes("names=0")
    ? Promise.resolve(new Response(JSON.stringify(ROWS.map(([n]) => [n, "", "", false])), { headers: { "Content-Type": "application/json" } }))
    : real(address);
  const store = await opened();
  await store.sync("12-01");
  const kept = await store.kept("12-01");
  assert.ok(wasRefused(kept) && !kept.sealed);
  assert.equal(new Roll(store.numbers(kept)).named, false);
  await store.sync("12-01");
  assert.equal(asked.filter((address) => address.startsWith(`${PATH}/roll?`)).length, 1, "and not asked for again and again");
});
