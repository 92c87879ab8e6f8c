// The board's map and tiles in a page, without a browser's drawing (that: tests/dashboard/board).
import assert from "node:assert/strict";
import { before, test } from "node:test";

import { boardFrame, needsPage, openPage, settle, until } from "./page.mjs";

const COLOURS = { "--neutral": "#808080", "--lagging": "#c00000", "--watch": "#c08000", "--on-pace": "#0000c0" };
const standing = (precinct_id, state, more = {}) => ({
  precinct_id, state, reason: "", gap: 0, p_lagging: 0.5, shortfall: 40, last_votes: 100, last_observed_at: 900, last_received_at: 900,
  expected_now: 90, expected_final: 200, projected_final: 200, lo80: 190, hi80: 210, lo95: 180, hi95: 220, reports: 1, held: 0, incidents: 0, line_minutes: null, line_people: null, ...more,
});
const MARKUP = "<img src=x onerror=alert(1)>";

let map, paint, board, tiles, asked;
before(async () => {
  if (needsPage.skip) return;
  openPage(boardFrame(), { more: { getComputedStyle: () => ({ getPropertyValue: (name) => COLOURS[name] ?? "" }) } });
  globalThis.fetch = async (url) => {
    asked.push(String(url));
    const sheet = { box: [0, 0, 10, 10], shapes: [["a", "M0 0", 1, 1], ["b", "M1 1", 2, 2]] };
    return { ok: true, status: 200, headers: new Headers(), json: async () => (String(url).startsWith("/shapes") ? sheet : {}) };
  };
  asked = [];
  map = await import("../../dashboard/browser/map.js");
  paint = await import("../../dashboard/browser/paint.js");
  ({ board } = await import("../../dashboard/browser/board.js"));
  ({ tiles } = await import("../../dashboard/browser/tiles.js"));
  board.boot = { counties: null, county_names: [], csrf: "c", roster: "r" };
  board.ready = true;
  board.live.info = new Map([["a", { precinct_id: "a", name: MARKUP, county: "Kent", opens_at: 100 }], ["b", { precinct_id: "b", name: "Bell", county: "Sussex", opens_at: 100 }]]);
  board.live.standings = new Map([["a", standing("a", "lagging", { p_lagging: 1 })], ["b", standing("b", "silent")]]);
});

test("colours: certain lag is its full colour, silence is hatched, a doubtful precinct dotted", needsPage, () => {
  map.readTheme();
  const fill = (state, more) => map.fillOf(map.map.colours, standing("x", state, more));
  assert.equal(fill("lagging", { p_lagging: 1 }), "rgb(192,0,0)");
  assert.deepEqual(["silent", "doubtful", "closed"].map((s) => fill(s)), ["url(#hatch)", "url(#dots)", "transparent"]);
  assert.equal(fill("on_pace", { gap: 0, lo80: 200, hi80: 200 }), "rgb(128,128,128)");
  assert.notEqual(fill("on_pace", { gap: 0.4 }), fill("on_pace", { gap: 0.2 }));
});

test("a county whose counts carry no projection is hatched, whatever its numbers", needsPage, () => {
  const county = { reporting: 5, caveat: "", expected_final: 1000, projected_final: 700, coverage: 1 };
  const all = { ...county, projected_final: 1000 };
  assert.equal(map.fillOfCounty(map.map.colours, county, all), "rgb(192,0,0)");
  assert.equal(map.fillOfCounty(map.map.colours, { ...county, caveat: "too few" }, all), "url(#hatch)");
  assert.equal(map.fillOfCounty(map.map.colours, undefined, all), "url(#hatch)");
});

test("a sheet is drawn once it came and painted from the standings; the selected shape lies on top", needsPage, async () => {
  board.view = { kind: "precincts", url: "/shapes/precincts?v=1" };
  board.selected = "a";
  let box;
  await map.showMap(board.view, (whole) => { box = whole; paint.paintMap(null); });
  assert.deepEqual(box, [0, 0, 10, 10]);
  assert.equal(map.map.paths.get("b").style.fill.replaceAll('"', ""), "url(#hatch)");
  assert.ok(map.map.paths.get("a").classList.contains("selected"));
  assert.equal(map.map.shapes.lastChild, map.map.paths.get("a"));
  assert.equal(map.map.paths.get("a").dataset.precinct, "a");
});

test("a sheet that comes after another was asked for is not drawn", needsPage, async () => {
  const late = map.showMap({ kind: "precincts", url: "/shapes/1" }, () => assert.fail("drawn"));
  await Promise.all([late, map.showMap({ kind: "precincts", url: "/shapes/2" }, () => {})]);
});

test("the worklist names a precinct as text, says what is missing and offers callers once", needsPage, () => {
  board.live.calls = { dispatches: [], proposals: [], silent_since: null, at: new Map(), offers: new Map([["a", { callers: 3, missing: 40, reachable: 84, votes: 9.2, urgent: true, sentence: "Send 3" }]]) };
  tiles.work();
  const row = document.querySelector("#work [data-row=a]");
  assert.equal(row.querySelector(".name").textContent, MARKUP);
  assert.equal(document.querySelector("#work img"), null);
  assert.equal(row.children[1].textContent, "40");
  const button = row.querySelector("[data-action=dispatch]");
  assert.equal(button.dataset.callers, "3");
  tiles.work();
  assert.equal(document.querySelector("#work [data-row=a] [data-action=dispatch]"), button);
  board.live.calls = { dispatches: [], proposals: [], silent_since: null, at: new Map([["a", { callers_now: 4, started_at: 900, hold: "", started_by: "sam", reason: "" }]]), offers: new Map() };
  tiles.work();
  assert.equal(row.querySelector(".callers").textContent, "4 calling");
  board.live.calls = null;
});

test("the legend counts the states of the view", needsPage, () => {
  tiles.legend();
  const count = (state) => document.querySelector(`#legend [data-filter=${state}] .number`).textContent;
  assert.deepEqual(["lagging", "silent", "watch"].map(count), ["1", "1", "0"]);
});

test("everything is painted together, soon after it was asked for", needsPage, async () => {
  const { marks, soon } = await import("../../dashboard/browser/board.js");
  marks.firstPaint = undefined;
  const before = marks.paints;
  for (let n = 0; n < 5; n += 1) soon(["work"], ["a"]);
  await until(() => marks.paints > before);
  await settle();
  assert.equal(marks.paints, before + 1);
});

test("where the map shows the precincts of several counties, the table has both", needsPage, async () => {
  const { ofCounties, showCounties, tableIds } = await import("../../dashboard/browser/table.js");
  const sum = { precincts: 1, reporting: 1, silent: 0, lagging: 0, coverage: 0.5, counted: 412, expected_counted: 400, expected_final: 900, projected_final: 880, caveat: "" };
  board.boot.county_names = ["Kent", "Sussex"];
  board.live.aggregates = new Map([["county:Kent", { ...sum, scope: "county:Kent" }], ["county:Sussex", { ...sum, scope: "county:Sussex", caveat: "too few" }]]);
  board.view = { kind: "precincts", url: "/shapes/precincts?v=1" };
  const table = document.getElementById("map-table");
  table.hidden = false;
  showCounties(false);
  const rows = () => [...table.querySelectorAll("tbody tr")].map((tr) => [...tr.children].map((cell) => cell.textContent));
  assert.deepEqual([ofCounties(), tableIds(), table.querySelector(".turn").textContent], [false, ["a", "b"], "Counties"]);
  table.querySelector(".turn").click();
  assert.deepEqual(rows(), [
    ["Kent", "412", "400", "900", "0", "0", "0", "50 %", "880"],
    ["Sussex", "412", "400", "900", "0", "0", "0", "50 %", "not known"],
  ]);
  board.county = "Kent";
  showCounties(true);
  assert.equal(ofCounties(), false, "one county has no others");
  Object.assign(board, { county: null });
  showCounties(false);
  table.hidden = true;
  board.boot.county_names = [];
});
