// Rows kept by key: a repaint moves and rewrites them, and makes none anew.
import assert from "node:assert/strict";
import { test } from "node:test";

import { keyed } from "../../dashboard/browser/keyed.js";
import { needsPage, openPage } from "./page.mjs";

test("rows are moved, rewritten, added and taken away; those that stay are the same elements", needsPage, () => {
  const { document } = openPage("<ul></ul>");
  const list = document.querySelector("ul");
  const built = [];
  const show = (...keys) => keyed(list, keys.map((key) => ({ key, words: key + keys.length })),
    (row) => { built.push(row.key); return document.createElement("li"); }, (li, row) => { li.textContent = row.words; });
  show("a", "b", "c");
  const [a, b, c] = list.children;
  show("c", "a", "d");
  assert.deepEqual([...list.children].map((li) => li.textContent), ["c3", "a3", "d3"]);
  assert.ok(list.children[0] === c && list.children[1] === a);
  assert.ok(!b.isConnected);
  show("c", "a", "d");
  assert.deepEqual(built, ["a", "b", "c", "d"]);
});

test("the keyboard stays in a row that another one overtakes", needsPage, () => {
  const { document } = openPage("<ul></ul>");
  const list = document.querySelector("ul");
  const show = (...keys) => keyed(list, keys.map((key) => ({ key })), (row) => Object.assign(document.createElement("button"), { id: row.key }), () => {});
  show("a", "b");
  document.getElementById("a").focus();
  show("b", "a");
  assert.equal(document.activeElement.id, "a");
});
