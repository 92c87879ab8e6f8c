// What the person has chosen and does: the address, clicks, keys. The address holds all of it:
// /precinct/ID, or /?precinct=…&county=…&state=…&at=…&view=table&tab=…
(function () {
  "use strict";
  const beluga = (window.beluga = window.beluga || {});
  const board = beluga.board;
  const byId = (id) => document.getElementById(id);
  const make = (...a) => beluga.make(...a);

  const TABS = ["work", "map", "today", "silent", "incidents", "unread"]; // on a phone one of them is shown

  // ---- the address ------------------------------------------------------------------------------------------

  board.readAddress = function () {
    const query = new URLSearchParams(location.search);
    const page = location.pathname.match(/^\/precinct\/(.+)$/);
    board.selected = page ? decodeURIComponent(page[1]) : query.get("precinct");
    board.county = query.get("county");
    board.filter = query.get("state") in beluga.STATES ? query.get("state") : null;
    board.asTable = query.get("view") === "table";
    board.tab = TABS.includes(query.get("tab")) ? query.get("tab") : TABS[0];
    document.body.classList.toggle("page", Boolean(page));
    document.documentElement.classList.toggle("kiosk", query.get("kiosk") === "1");
  };

  // Changes the address (null removes a part). `quietly`: without a step to go back to.
  board.go = function (changes, full, quietly) {
    const query = new URLSearchParams(location.search);
    for (const [key, value] of Object.entries(changes)) value === null ? query.delete(key) : query.set(key, value);
    if (full) query.delete("precinct");
    const path = full ? "/precinct/" + encodeURIComponent(changes.precinct) : ["at", "view", "tab"].some((part) => part in changes) ? location.pathname : "/";
    const text = query.toString();
    history[quietly ? "replaceState" : "pushState"](null, "", path + (text ? "?" + text : ""));
    follow();
  };
  const go = board.go;

  function follow() {
    const before = { selected: board.selected, county: board.county };
    board.readAddress();
    showParts();
    if (before.county !== board.county) board.chooseView();
    if (before.selected !== board.selected) beluga.panel.show(board.selected);
    document.title = (board.selected ? (board.info.get(board.selected)?.name || board.selected) + " · " : "") + "Beluga war room";
    board.everything();
    beluga.replay.follow();
  }

  board.chooseView = function () {
    const boot = board.boot;
    if (!boot) return;
    const counties = boot.by_county && board.county === null;
    const file = counties ? "counties" : board.county === null ? "precincts" : "precincts/" + encodeURIComponent(board.county || "_");
    board.view = { kind: counties ? "counties" : "precincts", url: "/shapes/" + file + "?v=" + boot.version };
    const tools = byId("map-tools");
    tools.replaceChildren();
    if (board.county !== null) tools.append(make("button", { type: "button", "data-county": "" }, "← All counties"), make("b", {}, board.county || "No county"));
    tools.append(make("button", { type: "button", id: "as-table" }, "Table"));
    tools.append(beluga.csv.button("map"));
    showParts();
    beluga.map.show(board.view);
  };

  // What the map shows, and its table: ids of precincts, or names of counties.
  board.viewIds = () => (board.view.kind === "counties" ? board.boot.county_names : [...board.info.keys()].filter(board.inView));

  // ---- hands --------------------------------------------------------------------------------------------------

  const HITS = "[data-action],[data-precinct],[data-county],[data-filter],[data-close],[data-full],button[data-tab],[data-csv],#as-table,[data-row]";

  board.watchHands = function () {
    document.addEventListener("click", (event) => {
      const hit = event.target.closest(HITS);
      if (!hit) return;
      if (event.ctrlKey || event.metaKey || event.shiftKey) return; // a new tab, as the person asked
      const d = hit.dataset;
      if (event.target.closest("a[href^='tel:'],a[href^='/desk/'],a[download]")) return;
      event.preventDefault();
      if (d.action !== undefined) beluga.panel.act(hit);
      else if (d.precinct !== undefined) go({ precinct: d.precinct });
      else if (d.county !== undefined) go({ county: d.county === "" && hit.tagName === "BUTTON" ? null : d.county });
      else if (d.filter !== undefined) go({ state: d.filter === "" || d.filter === board.filter ? null : d.filter });
      else if (d.close !== undefined) { const from = board.selected; go({ precinct: null }); focusRow(from); }
      else if (d.full !== undefined) go({ precinct: board.selected }, true);
      else if (d.tab !== undefined) go({ tab: d.tab === TABS[0] ? null : d.tab }, false, true);
      else if (d.csv !== undefined) beluga.csv.save(d.csv);
      else if (hit.id === "as-table") go({ view: board.asTable ? null : "table" });
      else if (d.row && d.row !== "null") go({ precinct: d.row });
    });
    document.addEventListener("keydown", (event) => {
      if (event.target.matches("input,textarea,select")) return;
      if (event.key === "Escape" && board.selected) { const from = board.selected; go({ precinct: null }); focusRow(from); }
      const step = { ArrowDown: 1, ArrowUp: -1, j: 1, k: -1 }[event.key];
      const row = event.target.closest("[data-row]");
      if (step && row) {
        let next = row;
        do next = step > 0 ? next.nextElementSibling : next.previousElementSibling; while (next && !next.dataset.row);
        if (next) { next.querySelector("a").focus(); event.preventDefault(); }
      }
    });
    window.addEventListener("popstate", follow);
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => { beluga.map.readTheme(); board.soon([], null); });
  };

  function focusRow(id) {
    document.querySelector("[data-row='" + CSS.escape(id) + "'] a")?.focus();
  }

  // The map or its table, and the phone's tab, as the address has them.
  function showParts() {
    byId("map-table").hidden = !board.asTable;
    byId("map-body").hidden = board.asTable;
    byId("as-table")?.setAttribute("aria-pressed", String(board.asTable));
    document.body.dataset.tab = board.tab;
    for (const b of byId("tabs").children) b.setAttribute("aria-pressed", String(b.dataset.tab === board.tab));
  }
})();
