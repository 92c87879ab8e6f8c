// The hotline's search: in the order in which texts are read, and never a guess among several.
import assert from "node:assert/strict";
import { test } from "node:test";

globalThis.document ??= { getElementById: () => null };
const { matches, meant } = await import("../../intake/pages/hotline.js");

const plain = (text) => text.normalize("NFKD").toLowerCase().replace(/[^\p{L}\p{N}]/gu, "");
const place = (id, name, ...aliases) => ({
  id, name, county: "", registered: 900, watchers: [], key: plain(id), nameKey: plain(name), aliasKeys: aliases.map(plain),
});
const PLACES = [
  place("18", "Fire House 18"), place("21", "Fire House 1"), place("1-11", "Elm School"), place("11-1", "Oak School", "oak"),
  place("12-01", "Shared Church"), place("12-02", "Shared Church"),
];

test("a whole name is meant before a longer one that begins so", () => {
  assert.equal(meant(PLACES, "Fire House 1").id, "21");
  assert.equal(meant(PLACES, "fire house 18").id, "18");
  assert.deepEqual(matches(PLACES, "fire house 1").map((p) => p.id), ["21", "18"]);
});

test("an id as it is written wins over one that looks alike", () => {
  assert.equal(meant(PLACES, "11-1").id, "11-1");
  assert.equal(meant(PLACES, "1-11").id, "1-11");
  assert.equal(meant(PLACES, "OAK").id, "11-1");
});

test("what may be several is meant by nobody", () => {
  for (const typed of ["111", "Shared Church", "12", "school", "zzz", ""]) assert.equal(meant(PLACES, typed), null, typed);
  assert.equal(meant(PLACES, "elm").id, "1-11");
});
