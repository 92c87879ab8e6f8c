// Numbers, times, states and tables in words.
import assert from "node:assert/strict";
import { test } from "node:test";

import { csvText, fileName } from "../../dashboard/browser/csv.js";
import { addressWith } from "../../dashboard/browser/address_parts.js";
import { deskNews } from "../../dashboard/browser/desk_news.js";
import { hhmm, percent, setZone, span, stateOf, whole } from "../../dashboard/browser/words.js";

test("a length of time is said in its own unit", () => {
  assert.deepEqual([-3, 0, 59.4, 60, 3599, 3600, 7500].map(span), ["0 s", "0 s", "59 s", "1 min", "59 min", "1 h 00", "2 h 05"]);
});

test("times are the county's, whatever the device's zone", () => {
  setZone("America/New_York");
  assert.equal(hhmm(1_793_725_200), "12:00");
  setZone("America/Los_Angeles");
  assert.equal(hhmm(1_793_725_200), "09:00");
});

test("on pace and clearly above its peers is ahead", () => {
  assert.deepEqual([{ state: "on_pace", gap: 0.051 }, { state: "on_pace", gap: 0.05 }, { state: "watch", gap: 0.4 }].map(stateOf), ["ahead", "on_pace", "watch"]);
});

test("numbers are rounded and grouped", () => {
  assert.deepEqual([whole(1234.5), whole(-0.2), percent(0.125)], ["1,235", "-0", "13 %"]);
});

test("a cell that a spreadsheet would run as a formula is text; quotes and lines stay in their cell", () => {
  assert.equal(csvText(["a", "b"], [["=1+1", 'say "hi"\nthere'], [-4, null]]), "a,b\r\n'=1+1,\"say \"\"hi\"\"\nthere\"\r\n-4,\r\n");
});

test("a file is named by its minute", () => {
  assert.equal(fileName("work", 1_793_725_200), "work-2026-11-03T1700Z.csv");
});

test("the address keeps what was chosen and leaves out what was taken away", () => {
  const here = { pathname: "/precinct/12-01", search: "?state=silent&county=Kent" };
  assert.equal(addressWith(here, { precinct: "12-02" }), "/?state=silent&county=Kent&precinct=12-02");
  assert.equal(addressWith(here, { state: null, tab: "map" }), "/precinct/12-01?county=Kent&tab=map");
  assert.equal(addressWith({ pathname: "/", search: "?precinct=a%2Fb" }, { precinct: "a/b" }, true), "/precinct/a%2Fb");
});

test("a desk hears of its own list, and of the silent when somebody turns", () => {
  const news = deskNews("unread");
  assert.deepEqual(news.snapshot({ standings: { precinct_id: ["a"], state: ["silent"], last_received_at: [5], reason: [""] } }), ["unread"]);
  const turned = (state) => news.delta({ news: [], desks: null, standings: [{ precinct_id: "a", state, last_received_at: 5, reason: "" }] });
  assert.deepEqual([turned("silent"), turned("watch"), turned("watch")], [[], ["silent"], []]);
  assert.deepEqual(news.delta({ news: ["alerts", "roster", "unread"], desks: {}, standings: [] }).sort(), ["held", "unread"]);
});
