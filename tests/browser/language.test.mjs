// Sentences in another language: places, and the form that a number takes.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

import { tr, trn } from "../../dashboard/browser/language.js";

const source = readFileSync(new URL("../../dashboard/browser/language.js", import.meta.url), "utf8");
/** The module as a page in another language has it. */
const speaking = (catalogue) => import("data:text/javascript," + encodeURIComponent(source.replace(/import .*;/, "const catalogue = " + JSON.stringify(catalogue) + ";")));

test("English is what stands in the code; a place without a value stays as it is written", () => {
  assert.deepEqual([tr("{n} of {all}", { n: 1, all: 0 }), tr("for {name}"), trn("{n} call", "{n} calls", 1), trn("{n} call", "{n} calls", 1200, { n: "1,200" })],
    ["1 of 0", "for {name}", "1 call", "1,200 calls"]);
});

test("a number takes its form by the language's own rule", async () => {
  const polish = await speaking({
    language: "pl", locale: "pl", texts: { "{n} of {all}": "{n} z {all}" }, forms: { "{n} call": ["{n} rozmowa", "{n} rozmowy", "{n} rozmów"] },
    categories: { one: 0, few: 1, many: 2, other: 1 },
  });
  assert.deepEqual([1, 3, 5, 22].map((n) => polish.trn("{n} call", "{n} calls", n)), ["1 rozmowa", "3 rozmowy", "5 rozmów", "22 rozmowy"]);
  assert.deepEqual([polish.tr("{n} of {all}", { n: 1, all: 2 }), polish.tr("not translated"), polish.trn("{n} vote", "{n} votes", 2)], ["1 z 2", "not translated", "2 votes"]);
});
