// The watcher's form on a phone: kept first, sent then; what the screens say of a number.
import assert from "node:assert/strict";
import { before, beforeEach, test } from "node:test";

import { asText, filled, numberIn, textLink } from "../../intake/pages/screens.js";
import { fitted } from "../../intake/pages/photo.js";
import { openPage, needsPage, until } from "./page.mjs";

const storage = await import("fake-indexeddb").catch(() => null);
const needsBoth = storage ? needsPage : { skip: "fake-indexeddb is not installed: npm ci" };

test("a number in any script's digits, grouped by threes or not; nothing else", () => {
  assert.deepEqual(["412", " 1,234 ", "1.234", "1 234", "٤١٢", "४१२"].map(numberIn), [412, 1234, 1234, 1234, 412, 412]);
  assert.deepEqual(["", "12a", "1,23", "-4", "1000001", "12,34"].map(numberIn), Array(6).fill(null));
});

test("a photo is drawn small, never larger than it is", () => {
  assert.deepEqual(fitted(4000, 3000), { width: 1280, height: 960 });
  assert.deepEqual(fitted(600, 400), { width: 600, height: 400 });
  assert.deepEqual(fitted(9000, 2), { width: 1280, height: 1 });
});

test("a report as a text that the reader understands", () => {
  assert.equal(asText("count", "412", "12-03", "14:05"), "12-03 412 at 14:05");
  assert.equal(asText("count", "412", "", ""), "412");
  assert.equal(asText("fix", "300", "", "14:05"), "FIX 300", "a fix keeps the time of what it mends");
  assert.equal(asText("ready", "", "", ""), "READY");
  assert.equal(textLink("+12155550100", "12-03 412 & more"), "sms:+12155550100?body=12-03%20412%20%26%20more");
  assert.equal(filled({ last: "Last: {number} at {time} {other}" }, "last", { number: 4, time: "9:00" }), "Last: 4 at 9:00 {other}");
});

const WORDS = {
  send: "Send", send_number: "Send {number}", read_count: "You counted {number}", ask_count: "How many?", digits_only: "Digits only.",
  lower: "Less than {last}", higher: "More than {registered}", saved_here: "Saved on this phone", sending: "Sending", got_it: "Got it",
  saved: "Saved.", will_send: "Sends by itself", link_ended: "Link ended", more: "More", again: "Again", link_fix: "Mend it", not_sent: "{count} not sent",
  by_text: "By text", try_now: "Try now", last: "Last {number}", not_taken: "Not taken", look_again: "Look again", yes_right: "Yes, it is right", held: "Not counted yet: {number}",
};
const QUESTION = { name: "count", kind: "count", asks: true, numeric: true, votes: true };
const DATA = { words: WORDS, language: "en", precincts: [{ id: "12-03", name: "Lincoln School", registered: 900, timezone: "America/New_York" }], questions: [QUESTION], watcher: "w1", now: "2026-11-03T17:00:00Z", timezone: "America/New_York", phone_clock: true, sms_number: "+12155550100", take_over: true };
let answers, sent, turn = 0;

async function phone() {
  openPage(`<main><h1>plain</h1></main><section id="waiting" hidden></section><script type="application/json" id="form-data">${JSON.stringify(DATA)}</script>`, { url: "https://beluga.test/w/key1" });
  await import(`../../intake/pages/form.js?${(turn += 1)}`);
  return until(() => document.querySelector("#answer"));
}
function type(field, text) {
  field.value = text;
  field.dispatchEvent(new window.Event("input"));
}
const submit = () => document.querySelector("form").dispatchEvent(new window.Event("submit", { cancelable: true }));
const heading = (words) => until(() => document.querySelector("main h1").textContent === words);

before(() => { globalThis.self = globalThis; });
beforeEach(() => {
  sent = []; answers = [];
  if (storage) globalThis.indexedDB = new storage.IDBFactory();
  globalThis.fetch = async (address, request) => {
    sent.push({ address, report: JSON.parse(request.body), token: request.headers.Authorization });
    const answer = answers.shift();
    if (!answer) throw new TypeError("no connection");
    return { ok: answer.status < 300, status: answer.status, json: async () => answer.body };
  };
});

test("the button says the number it sends; a doubt is said before", needsBoth, async () => {
  const field = await phone();
  type(field, "412");
  assert.equal(document.querySelector("form button").textContent, "Send 412");
  type(field, "1,200");
  assert.equal(document.querySelector("#doubt").textContent, "More than 900");
  type(field, "many");
  submit();
  assert.equal(document.querySelector("#doubt").textContent, "Digits only.");
  assert.equal(sent.length, 0);
});

test("an answer is kept, sent with the link's key, and said to be there", needsBoth, async () => {
  type(await phone(), "412");
  answers = [{ status: 200, body: { id: "x", reply: "Counted 412.", asks: false } }];
  submit();
  await heading("Got it ✓");
  assert.equal(document.querySelector(".done").textContent, "Counted 412.");
  assert.deepEqual([sent[0].report.kind, sent[0].report.precinct_id, sent[0].report.votes, sent[0].token], ["count", "12-03", 412, "Bearer key1"]);
  assert.match(sent[0].report.observed_at, /Z$/);
  await until(() => document.getElementById("waiting").hidden);
});

test("a held count is not said to be sent: it waits for one tap, which sends a yes", needsBoth, async () => {
  type(await phone(), "9100");
  answers = [{ status: 200, body: { id: "x", reply: "Sure?", asks: true, held: true } }];
  submit();
  await heading("Look again");
  await phone(); // the form again
  await until(() => document.querySelector(".alert:not(#doubt)"));
  assert.equal(document.querySelector(".alert:not(#doubt)").textContent, "Not counted yet: 9,100");
  assert.doesNotMatch(document.querySelector("main").textContent, /Last 9,100/);
  answers = [{ status: 200, body: { id: "y", reply: "Thank you.", asks: false } }];
  const yes = [...document.querySelectorAll("button")].find((b) => b.textContent === "Yes, it is right");
  yes.dispatchEvent(new window.Event("click"));
  await heading("Got it ✓");
  assert.deepEqual(sent.at(-1).report, { kind: "confirm", precinct_id: "12-03", text: "YES" });
});

test("without a signal it is kept, shown, and offered as a text; then it goes out", needsBoth, async () => {
  type(await phone(), "412");
  submit();
  await heading("Saved on this phone");
  await until(() => document.querySelector(".done").textContent === "Sends by itself");
  await until(() => !document.getElementById("waiting").hidden);
  assert.equal(document.querySelector("#waiting a").getAttribute("href"), "sms:+12155550100?body=412");
  answers = [{ status: 200, body: { id: "x", reply: "Counted.", asks: false } }];
  dispatchEvent(new window.Event("online"));
  await until(() => document.getElementById("waiting").hidden);
  assert.equal(sent[0].address, sent[1].address);
});
