// The caller's page: consent before dialling, outcomes that survive a dead spot, what pages of before had kept.
import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";

import { needsPage, openPage, until } from "./page.mjs";

const storage = await import("fake-indexeddb").catch(() => null);
const needsBoth = storage ? needsPage : { skip: "fake-indexeddb is not installed: npm ci" };
const TOKEN = "caller-key-0123456789";
const PAGE = `<main data-lease="L1" data-saved="Saved here" data-offline="No connection" data-stop="Do not dial">
<h1 id="name">Ward 1</h1><p id="number" hidden></p><p id="earlier" hidden></p><button id="call">Call</button><p id="before">comes with Call</p><p id="notice" hidden></p>
<div id="called" hidden><section id="script"></section>
<form class="outcome"><input type="hidden" name="lease_id" value="L1"><input type="hidden" name="outcome_id" value="O1">
<button name="outcome" value="will_vote">Will vote</button></form></div></main>`;

let asked, answers, went, page;
beforeEach(() => {
  asked = []; answers = {}; went = [];
  if (storage) globalThis.indexedDB = new storage.IDBFactory();
  globalThis.fetch = async (address, { method, body, headers }) => {
    asked.push({ method, address, body: JSON.parse(body || "null"), token: headers.Authorization });
    const answer = (answers[address] || []).shift();
    if (!answer) throw new TypeError("no connection");
    return { ok: answer.status < 300, status: answer.status, json: async () => answer.body };
  };
});

async function open() {
  openPage(PAGE, { url: "https://beluga.test/other" }); // the module begins only where it is told to
  page = await import("../../callers/pages/static/desk.js");
  const location = { pathname: `/c/${TOKEN}`, replace: (to) => went.push(to), reload: () => went.push("reload"), set href(to) { went.push(to); } };
  Object.defineProperty(globalThis, "location", { value: location, configurable: true });
}
function press() {
  const submitter = document.querySelector("form.outcome button");
  document.querySelector("form.outcome").dispatchEvent(Object.assign(new window.Event("submit", { cancelable: true }), { submitter }));
}
const dialled = (body, status = 200) => { answers["/api/dial"] = [{ status, body }]; document.getElementById("call").click(); };

test("an outcome goes out with the caller's key and the page goes on", needsBoth, async () => {
  await open();
  page.begin(document);
  answers["/api/outcomes/L1"] = [{ status: 200, body: { lease_id: "L1", outcome: "will_vote" } }];
  press();
  await until(() => went.length);
  assert.deepEqual(went, [`/c/${TOKEN}?done=will_vote&lease=L1`]);
  assert.deepEqual(asked[0], { method: "PUT", address: "/api/outcomes/L1", token: `Bearer ${TOKEN}`, body: { outcome_id: "O1", outcome: "will_vote" } });
});

test("in a dead spot it is kept and said so, and goes out when the network returns", needsBoth, async () => {
  await open();
  page.begin(document);
  press();
  await until(() => document.getElementById("notice").textContent === "Saved here");
  assert.deepEqual(went, []);
  answers["/api/outcomes/L1"] = [{ status: 200, body: {} }];
  dispatchEvent(new window.Event("online"));
  await until(() => went.length);
});

test("an outcome of a lease that has ended holds up no other", needsBoth, async () => {
  await open();
  const queue = await page.openOutcomes(TOKEN);
  await queue.add(page.entryOf({ lease_id: "L0", outcome_id: "O0", outcome: "moved" }));
  await queue.add(page.entryOf({ lease_id: "L1", outcome_id: "O1", outcome: "refused" }));
  answers = { "/api/outcomes/L0": [{ status: 409, body: {} }], "/api/outcomes/L1": [{ status: 200, body: {} }] };
  await queue.send();
  assert.deepEqual([await queue.waiting(), asked.length], [[], 2]);
});

test("what pages of before kept is taken over once", needsBoth, async () => {
  await open();
  const name = `beluga-outcomes-${TOKEN.slice(-12)}`;
  localStorage.setItem(name, JSON.stringify([{ lease_id: "L9", outcome_id: "O9", outcome: "no_answer" }]));
  const queue = await page.openOutcomes(TOKEN);
  assert.deepEqual((await queue.waiting()).map((e) => [e.address, e.report, e.token]), [["/api/outcomes/L9", { outcome_id: "O9", outcome: "no_answer" }, ""]]);
  assert.equal(localStorage.getItem(name), null);
});

test("who is called is shown as text once consent stands, and dialled", needsBoth, async () => {
  await open();
  page.begin(document);
  dialled({ live: true, message: "", phone: "+12155550101", voter: { name: "<b>Rosa</b>", phone: "555-0101", script: ["Hello", "<i>Bye</i>"], said_before: "At 12:00 they said: Will vote" } });
  await until(() => went.length);
  assert.deepEqual(went, ["tel:+12155550101"]);
  assert.equal(document.getElementById("name").textContent, "<b>Rosa</b>");
  assert.equal(document.querySelectorAll("#script p").length, 2);
  assert.equal(document.getElementById("called").hidden, false);
  assert.deepEqual([document.getElementById("earlier").hidden, document.getElementById("earlier").textContent], [false, "At 12:00 they said: Will vote"]);
  assert.equal(document.getElementById("before"), null);
});

test("who must not be called is not dialled, and cannot be pressed again", needsBoth, async () => {
  await open();
  page.begin(document);
  dialled({ live: false, message: "They have voted." });
  await until(() => document.getElementById("notice").textContent === "They have voted.");
  dialled({ live: true, message: "", phone: "+12155550101" });
  assert.deepEqual([went, document.getElementById("call").getAttribute("aria-disabled"), asked.length], [[], "true", 1]);
});

test("without a connection nobody is dialled", needsBoth, async () => {
  await open();
  page.begin(document);
  document.getElementById("call").click();
  await until(() => document.getElementById("notice").textContent === "No connection");
  assert.deepEqual(went, []);
});
