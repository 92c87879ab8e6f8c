// The canvasser's page: a walk goes on without a connection, a door that is over leaves the phone, and outcomes go out once.
import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";

import { needsPage, openPage, until } from "./page.mjs";

const storage = await import("fake-indexeddb").catch(() => null);
const needsBoth = storage ? needsPage : { skip: "fake-indexeddb is not installed: npm ci" };
const TOKEN = "canvasser-key-0123456789";
const person = (lease, name) => `<li data-lease="${lease}"><form class="person"><button name="person" value="${lease}">${name}</button></form></li>`;
const PAGE = `<main data-saved="Saved here" data-over="No longer yours" data-who="What did {name} say?">
<p id="notice" hidden></p><div id="said" hidden><h2 id="who" tabindex="-1"></h2>
<form class="outcome"><input type="hidden" name="lease_id"><input type="hidden" name="outcome_id">
<button name="outcome" value="will_vote">Will vote</button></form></div>
<div id="doors"><section data-door="D1" data-left="1800"><ul>${person("L1", "Rosa")}${person("L2", "Sam")}</ul></section>
<section data-door="D2" data-left="1800"><ul>${person("L3", "Tia")}</ul></section></div></main>`;

let asked, online, went, page, answer;
beforeEach(() => {
  asked = []; online = false; went = []; answer = { doors: [] };
  if (storage) globalThis.indexedDB = new storage.IDBFactory();
  globalThis.fetch = async (address, { method, body }) => {
    if (!online) throw new TypeError("no connection");
    asked.push({ method, address, outcome: body ? JSON.parse(body).outcome : undefined });
    return { ok: true, status: 200, json: async () => answer };
  };
});

async function open() {
  openPage(PAGE, { url: "https://beluga.test/other" }); // the module begins only where it is told to
  page = await import("../../callers/pages/static/doors.js");
  const location = { pathname: `/c/doors/${TOKEN}`, replace: (to) => went.push(to) };
  Object.defineProperty(globalThis, "location", { value: location, configurable: true });
}
const submit = (form) => form.dispatchEvent(
  Object.assign(new window.Event("submit", { cancelable: true }), { submitter: form.querySelector("button") }));
const line = (lease) => document.querySelector(`li[data-lease="${lease}"]`);
const said = () => document.getElementById("said");

test("a list keeps to the doors that are still ours, and to what was told here", needsPage, async () => {
  await open();
  const { heard, standing, verdictOnVisit } = page;
  const doors = [
    { id: "D1", until: 2000, people: { L1: "", L2: "voted" } }, { id: "D2", until: 1000, people: { L3: "" } },
    { id: "D3", until: 2000, people: { L4: "refused" } },
  ];
  assert.deepEqual(standing(doors, 1000).map((door) => door.id), ["D1"], "over, or nobody left to visit");
  assert.deepEqual(standing(doors, 999).map((door) => door.id), ["D1", "D2"]);
  const word = { doors: [{ door_id: "D2", left_seconds: 60, people: [{ lease_id: "L3", gone: "do_not_call" }] },
    { door_id: "D1", left_seconds: 60, people: [{ lease_id: "L1", gone: "" }, { lease_id: "L2", gone: "voted" }] }] };
  assert.deepEqual(heard(doors, word, 5000, { L1: "will_vote" }), [
    { id: "D1", until: 65000, people: { L1: "will_vote", L2: "voted" } },
    { id: "D2", until: 65000, people: { L3: "do_not_call" } },
  ]);
  assert.deepEqual([404, 409, 503, 401, 429].map(verdictOnVisit), ["refused", "refused", "later", "later", "later"]);
});

test("with a connection consent is asked before the visit, and who may not be visited leaves the page", needsBoth, async () => {
  await open();
  online = true;
  answer = { doors: [{ door_id: "D1", left_seconds: 1800, people: [{ lease_id: "L1", gone: "voted" }, { lease_id: "L2", gone: "" }] }] };
  page.begin(document);
  submit(line("L1").querySelector("form"));
  await until(() => line("L1").className === "gone");
  assert.ok(said().hidden, "nobody knocks there");
  assert.equal(document.querySelector('section[data-door="D2"]'), null, "another canvasser's by now");
  assert.equal(document.getElementById("notice").textContent, "No longer yours");
  assert.equal(asked[0].address, "/api/doors/knock");
});

test("a walk without a connection: who was told of is marked, and it goes out once", needsBoth, async () => {
  await open();
  page.begin(document);
  for (const [lease, name] of [["L1", "Rosa"], ["L3", "Tia"]]) {
    submit(line(lease).querySelector("form"));
    await until(() => !said().hidden);
    assert.equal(document.getElementById("who").textContent, `What did ${name} say?`);
    submit(document.querySelector("form.outcome"));
    await until(() => said().hidden);
  }
  assert.equal(line("L1").querySelector("s").textContent, "Rosa");
  assert.equal(line("L3"), null, "nobody is left behind that door");
  await until(() => document.getElementById("notice").textContent === "Saved here");
  online = true;
  answer = { doors: [{ door_id: "D1", left_seconds: 1800, people: [{ lease_id: "L1", gone: "will_vote" }, { lease_id: "L2", gone: "" }] }] };
  window.dispatchEvent(new window.Event("online"));
  const sent = () => asked.filter((one) => one.method === "PUT");
  await until(() => sent().length === 2);
  assert.deepEqual(sent().map((one) => [one.address, one.outcome]),
    [["/api/doors/outcomes/L1", "will_vote"], ["/api/doors/outcomes/L3", "will_vote"]]);
  assert.deepEqual(went, [], "a door is left");
});
