// Sentences in another language: places, and the form that a number takes.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

import { retold, tr, trn } from "../../dashboard/browser/language.js";

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
    categories: { one: 0, few: 1, many: 2, other: 1 }, templates: {},
  });
  assert.deepEqual([1, 3, 5, 22].map((n) => polish.trn("{n} call", "{n} calls", n)), ["1 rozmowa", "3 rozmowy", "5 rozmów", "22 rozmowy"]);
  assert.deepEqual([polish.tr("{n} of {all}", { n: 1, all: 2 }), polish.tr("not translated"), polish.trn("{n} vote", "{n} votes", 2)], ["1 z 2", "not translated", "2 votes"]);
});

test("another service's sentence is told part by part, by the templates that make it", async () => {
  const spanish = await speaking({
    language: "es", locale: "es-US", texts: {}, forms: {}, categories: {},
    templates: { "its only count is held: {why}": "retenido: {why}", "below an accepted count ({votes})": "menos que {votes}", "{n} behind its peers at {at}, {sure} % sure": "{n} detrás a las {at}, certeza {sure} %", "{people} people in line": "{people} en fila" },
  });
  assert.deepEqual(["84 behind its peers at 14:05, 93 % sure; something new; 90 people in line, 2 cats", "its only count is held: below an accepted count (400)", ""].map(spanish.retold),
    ["84 detrás a las 14:05, certeza 93 %; something new; 90 en fila, 2 cats", "retenido: menos que 400", ""]);
  assert.equal(retold("90 people in line"), "90 people in line");
});
