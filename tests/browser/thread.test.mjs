// A watcher's thread as a page shows it: words are only words, a photo says what has become of it.
import assert from "node:assert/strict";
import { before, test } from "node:test";

import { needsPage, openPage } from "./page.mjs";

const MARKUP = "<img src=x onerror=alert(1)>";
const turn = (more) => ({ id: "1", at: "2026-11-03T15:20:00Z", way: "in", by: "", channel: "sms", text: MARKUP, kinds: ["unread"], precinct_ids: ["12-03"], purpose: "", state: "", why: "", photos: [], ...more });
let thread;
before(async () => {
  if (needsPage.skip) return;
  openPage("<main></main>");
  thread = await import("../../dashboard/browser/thread.js");
});

test("whose words, and what was understood or became of them", needsPage, () => {
  const shown = thread.threadOf({ turns: [turn({}), turn({ way: "out", channel: "outbox", purpose: "roll_call", state: "delivered", text: "READY?" }), turn({ way: "staff", by: "ann", kinds: ["resolve"], text: "reached" })], more: true, answers: [], unanswerable: "" });
  assert.equal(shown.querySelector("img"), null);
  assert.deepEqual([...shown.querySelectorAll("small")].map((s) => s.textContent), ["text · unread · 12-03", "our text · roll call, delivered · 12-03", "ann · resolve · 12-03"]);
  assert.match(shown.textContent, /There was more before/);
});

test("a photo is shown small, or says why it is not", needsPage, () => {
  const photo = (state, why = "") => thread.photoOf({ message_id: "m/1", number: 0, state, why }, "10:20");
  assert.equal(photo("kept").querySelector("img").getAttribute("src"), "/photos/m%2F1/0/small");
  assert.equal(photo("kept").getAttribute("rel"), "noopener");
  assert.deepEqual(["coming", "refused", "purged"].map((s) => photo(s, "too large").textContent), ["Photo on its way.", "Photo not shown: too large.", "Photo purged."]);
});

test("an answer is sent once there is one, and not to who may not be texted", needsPage, () => {
  const sent = [];
  const field = thread.answerField((text) => sent.push(text));
  field.fill({ answers: [{ key: "noted", label: "Thank you, noted.", text: "Gracias, anotado." }], unanswerable: "" });
  const [choose, input, button] = ["select", "input", "button"].map((name) => field.element.querySelector(name));
  button.click();
  choose.value = "Gracias, anotado.";
  choose.dispatchEvent(new window.Event("change"));
  input.dispatchEvent(new window.KeyboardEvent("keydown", { key: "Enter", cancelable: true }));
  assert.deepEqual(sent, ["Gracias, anotado."]);
  field.fill({ answers: [], unanswerable: "This phone has texted STOP." });
  assert.ok(button.disabled && input.disabled);
});
