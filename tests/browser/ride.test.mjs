// The driver's page: what is pressed without a connection is kept, in order, and goes out once.
import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";

import { needsPage, openPage, until } from "./page.mjs";

const storage = await import("fake-indexeddb").catch(() => null);
const needsBoth = storage ? needsPage : { skip: "fake-indexeddb is not installed: npm ci" };
const TOKEN = "driver-key-0123456789";
const PAGE = `<main data-ride="R1" data-saved="Saved here" data-bring="At the polls" data-return="Home" data-home="1">
<p id="notice" hidden></p>
<form class="act"><input type="hidden" name="ride_id" value="R1"><input type="hidden" name="act_id" value="A1">
<button name="act" value="pick_up">Picked up</button></form></main>`;

let asked, online, went, page;
beforeEach(() => {
  asked = []; online = false; went = [];
  if (storage) globalThis.indexedDB = new storage.IDBFactory();
  globalThis.fetch = async (address, { method, body, headers }) => {
    if (!online) throw new TypeError("no connection");
    asked.push({ method, address, act: JSON.parse(body).act, token: headers.Authorization });
    return { ok: true, status: 200, json: async () => ({}) };
  };
});

async function open() {
  openPage(PAGE, { url: "https://beluga.test/other" }); // the module begins only where it is told to
  page = await import("../../callers/pages/static/ride.js");
  const location = { pathname: `/c/ride/${TOKEN}`, replace: (to) => went.push(to) };
  Object.defineProperty(globalThis, "location", { value: location, configurable: true });
}
function press() {
  const submitter = document.querySelector("form.act button");
  document.querySelector("form.act").dispatchEvent(Object.assign(new window.Event("submit", { cancelable: true }), { submitter }));
}
const button = () => document.querySelector("form.act button");

test("what follows is offered without a connection: never a ride whose voter nobody has been shown", needsPage, async () => {
  await open();
  const { followedBy, verdictOnAct } = page;
  assert.deepEqual(["take", "pick_up", "bring", "return", "give_back"].map((act) => followedBy(act, true)), ["", "bring", "return", "", ""]);
  assert.equal(followedBy("bring", false), "");
  assert.deepEqual([409, 404, 503, 401, 429].map(verdictOnAct), ["refused", "refused", "later", "later", "later"]);
});

test("a whole drive through a dead spot goes out afterwards, in order and each once", needsBoth, async () => {
  await open();
  page.begin(document);
  for (const [act, next] of [["pick_up", "At the polls"], ["bring", "Home"]]) {
    assert.equal(button().value, act);
    press();
    await until(() => button().textContent === next && !button().disabled);
    assert.equal(document.getElementById("notice").textContent, "Saved here");
  }
  press();
  await until(() => button().disabled);
  online = true;
  window.dispatchEvent(new window.Event("online"));
  await until(() => went.length);
  assert.deepEqual(asked.map((one) => one.act), ["pick_up", "bring", "return"]);
  assert.equal(new Set(asked.map((one) => one.address)).size, 3);
  assert.ok(asked.every((one) => one.method === "PUT" && one.token === `Bearer ${TOKEN}`));
  assert.deepEqual(went, [`/c/ride/${TOKEN}`]);
});
