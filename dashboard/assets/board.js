// The board: what the feed said last, what is selected, and when to paint which tile.
// The address holds the selection: /precinct/ID, or /?precinct=…&county=…&state=…
(function () {
  "use strict";
  const beluga = (window.beluga = window.beluga || {});
  const byId = (id) => document.getElementById(id);
  const make = (...a) => beluga.make(...a);

  const PAINT_MS = 200; // at most five paints a second, however fast the feed
  const DESK_MS = 5000; // unread messages and dispatches: fetched when the feed moved, at most this often
  const PEOPLE_AT_ONCE = 50;

  const board = (beluga.board = {
    boot: null, ready: false, stale: true, staleSince: null, heard: null,
    info: new Map(), standings: new Map(), aggregates: new Map(), incidents: new Map(),
    dispatches: new Map(), unread: { total: 0, messages: [], fresh: true }, people: new Map(),
    selected: null, county: null, filter: null, view: null,
  });

  const DATA_TILES = ["work", "today", "silent", "incidents"];
  const dirty = { tiles: new Set(), ids: new Set(), all: false };
  let painting = 0;

  function soon(tiles, ids) {
    for (const t of tiles) dirty.tiles.add(t);
    if (ids === null) dirty.all = true;
    else if (ids) for (const id of ids) dirty.ids.add(id);
    if (!painting) painting = setTimeout(() => requestAnimationFrame(paint), PAINT_MS);
  }

  function paint() {
    painting = 0;
    const began = performance.now();
    for (const name of dirty.tiles) beluga.tiles[name](board);
    if (dirty.tiles.has("legend")) beluga.tiles.table(board);
    paintMap(dirty.all ? null : dirty.ids);
    dirty.tiles.clear();
    dirty.ids.clear();
    dirty.all = false;
    beluga.paintMs = performance.now() - began;
  }

  function fillOf(id) {
    if (board.view.kind === "counties") return beluga.map.fillCounty(board.aggregates.get("county:" + id), beluga.tiles.total(board));
    const s = board.standings.get(id);
    return s ? beluga.map.fill(s) : "transparent";
  }

  function paintMap(ids) {
    if (!board.view || !board.ready || !beluga.map.paths.size) return;
    if (board.view.kind === "counties") ids = null; // few, and each rests on everybody's
    beluga.map.paint(ids, fillOf);
    for (const path of document.querySelectorAll("path.choroplethlocation.selected")) path.classList.remove("selected");
    const chosen = beluga.map.paths.get(board.selected);
    if (chosen) { chosen.classList.add("selected"); chosen.parentNode.append(chosen); }
  }

  // ---- what the feed brings -------------------------------------------------------------------------------

  const feed = {
    hello(m) { if (m.timezone) beluga.setZone(m.timezone); },
    snapshot(m) {
      board.info = rows(m.precincts);
      board.standings = rows(m.standings);
      board.aggregates = new Map(m.aggregates.map((a) => [a.scope, a]));
      board.incidents = new Map(m.incidents.map((i) => [i.check_in_id, i]));
      board.ready = true;
      board.heard = m.at;
      if (!board.view) chooseView();
      soon([...DATA_TILES, "legend", "unread"], null);
      fetchDesk();
    },
    delta(m) {
      for (const s of m.standings) board.standings.set(s.precinct_id, s);
      for (const a of m.aggregates) board.aggregates.set(a.scope, a);
      for (const i of m.incidents) board.incidents.set(i.check_in_id, i);
      board.heard = m.at;
      const tiles = ["work", "today", "silent", "legend"];
      if (m.incidents.length) tiles.push("incidents");
      soon(tiles, m.standings.map((s) => s.precinct_id));
      if (m.standings.some((s) => s.precinct_id === board.selected)) beluga.panel.changed(board.selected);
      if (m.standings.length) deskSoon();
    },
    beat(m) {
      board.heard = m.at;
      board.behind = m.stored_behind;
      deskSoon();
    },
    live() { setStale(false); },
    lost() { setStale(true); },
    signedOut() { board.signedOut(); },
  };

  // Columns to rows by precinct id.
  function rows(columns) {
    const names = Object.keys(columns);
    const found = new Map();
    (columns.precinct_id || []).forEach((id, i) => {
      const row = {};
      for (const name of names) row[name] = columns[name][i];
      found.set(id, row);
    });
    return found;
  }

  function setStale(stale) {
    if (stale === board.stale) return;
    board.stale = stale;
    board.staleSince = stale ? board.heard : null;
    document.body.classList.toggle("stale", stale && board.ready);
    paintNotice();
    tick();
  }

  function paintNotice() {
    const notice = byId("notice");
    if (board.stale && board.ready) {
      notice.className = "stale-notice";
      notice.textContent = "STALE since " + beluga.hhmmss(board.staleSince) + " · Feed lost. Showing the last state; reconnecting.";
    } else if (notice.className === "stale-notice") {
      notice.className = "";
      notice.textContent = "";
    }
  }

  board.signedOut = function () {
    const notice = byId("notice");
    notice.className = "problem-notice";
    notice.replaceChildren("Your session has ended. ", make("a", { href: "/login?next=" + encodeURIComponent(location.pathname + location.search) }, "Sign in again"));
  };

  let saying = 0;
  board.say = function (words, bad) {
    const notice = byId("notice");
    notice.className = bad ? "problem-notice" : "done-notice";
    notice.textContent = words;
    clearTimeout(saying);
    saying = setTimeout(() => { notice.className = ""; notice.textContent = ""; paintNotice(); }, bad ? 12000 : 5000);
  };

  // ---- what is fetched when the feed moved -----------------------------------------------------------------

  let deskAt = -Infinity;
  let deskTimer = 0;
  function deskSoon() {
    if (deskTimer || document.hidden) return;
    deskTimer = setTimeout(fetchDesk, Math.max(0, deskAt + DESK_MS - performance.now()));
  }
  async function fetchDesk() {
    clearTimeout(deskTimer);
    deskTimer = 0;
    deskAt = performance.now();
    try {
      const reply = await fetch("/desk", { headers: { Accept: "application/json" }, signal: AbortSignal.timeout(8000) });
      if (reply.status === 401) return board.signedOut();
      if (!reply.ok) return;
      const desk = await reply.json();
      board.unread = desk.unread;
      if (!desk.dispatches_problem) board.dispatches = new Map(desk.dispatches.map((d) => [d.precinct_id, d]));
      board.deskAt = performance.now();
      soon(["unread", "work"], []);
    } catch { /* the tile's age tells */ }
  }
  board.fetchDesk = fetchDesk;

  let askingPeople = false;
  board.wantPeople = async function (ids) {
    const missing = ids.filter((id) => !board.people.has(id)).slice(0, PEOPLE_AT_ONCE);
    if (!missing.length || askingPeople) return;
    askingPeople = true;
    try {
      const query = new URLSearchParams(missing.map((id) => ["precinct", id]));
      const reply = await fetch("/people?" + query, { signal: AbortSignal.timeout(8000) });
      if (!reply.ok) return;
      const found = await reply.json();
      for (const id of missing) board.people.set(id, found[id] || []);
      soon(["silent"], []);
    } catch { /* asked again with the next paint */ } finally { askingPeople = false; }
  };

  // ---- header and ages, once a second -----------------------------------------------------------------------

  function buildHeader() {
    const boot = board.boot;
    const fact = (key, words) => make("span", { class: "fact", id: "top-" + key }, make("b", {}, "–"), " " + words);
    byId("top").append(
      make("h1", {}, boot.election, boot.rehearsal ? make("span", { class: "rehearsal" }, "Rehearsal") : null),
      make("span", { class: "when" }, make("span", { id: "top-date" }), " · ", make("span", { id: "top-clock", class: "number" })),
      make("span", { class: "grow" }),
      make("span", { id: "top-live", class: "live" }, make("span", { class: "dot", "aria-hidden": "true" }, "●"), make("span", { class: "words number" })),
      fact("reporting", "reporting"), fact("behind", "behind"), fact("silent", "silent"), fact("incidents", "incidents"),
      make("a", { href: "/desk/unread", class: "desks" }, "Desks"),
      make("details", { class: "you" }, make("summary", {}, boot.login),
        make("div", {},
          make("p", {}, boot.role + (boot.counties ? " · " + boot.counties.join(", ") : "")),
          boot.role === "admin" ? make("a", { href: "/audit" }, "Audit trail") : null,
          make("form", { method: "post", action: "/logout" }, make("input", { type: "hidden", name: "csrf", value: boot.csrf }), make("button", { type: "submit" }, "Sign out")))));
  }

  function tick() {
    if (!board.boot) return;
    const now = beluga.now();
    beluga.setText(byId("top-date"), beluga.weekday(now));
    byId("top-clock").textContent = beluga.hhmm(now);
    const real = (performance.now() - (beluga.heardAt || performance.now())) / 1000;
    const live = byId("top-live");
    live.classList.toggle("off", board.stale);
    const behind = board.behind > 5 ? " · database " + beluga.span(board.behind) + " behind" : "";
    live.lastChild.textContent = !board.ready ? "connecting" : board.stale ? "stale " + beluga.hhmmss(board.staleSince) : "live " + beluga.span(real) + behind;
    const total = board.ready && beluga.tiles.total(board);
    if (total) {
      const put = (key, text) => beluga.setText(byId("top-" + key).firstChild, text);
      put("reporting", total.precincts ? beluga.percent(total.reporting / total.precincts) : "–");
      put("behind", beluga.whole(total.lagging));
      put("silent", beluga.whole(total.silent));
      const open = [...board.incidents.values()].filter((i) => i.status === "open").length;
      put("incidents", String(open));
      byId("top-incidents").lastChild.textContent = open === 1 ? " incident" : " incidents";
    }
    for (const age of document.querySelectorAll("[data-ago]")) {
      const words = beluga.span(now - Number(age.dataset.ago)) + " ago";
      if (age.textContent !== words) age.textContent = words;
    }
    for (const tile of document.querySelectorAll("[data-tile]")) {
      const at = tile.dataset.tile === "unread" ? board.deskAt : board.ready ? beluga.heardAt : undefined;
      const age = tile.querySelector(".tile-head .age");
      age.textContent = at === undefined ? "" : beluga.span((performance.now() - at) / 1000) + " old";
      age.classList.toggle("old", board.stale || (at !== undefined && performance.now() - at > 15000));
    }
  }

  // ---- the address ------------------------------------------------------------------------------------------

  function readAddress() {
    const query = new URLSearchParams(location.search);
    const page = location.pathname.match(/^\/precinct\/(.+)$/);
    board.selected = page ? decodeURIComponent(page[1]) : query.get("precinct");
    board.county = query.get("county");
    board.filter = query.get("state") in beluga.STATES ? query.get("state") : null;
    document.body.classList.toggle("page", Boolean(page));
    document.documentElement.classList.toggle("kiosk", query.get("kiosk") === "1");
  }

  function go(changes, full) {
    const query = new URLSearchParams(location.search);
    for (const [key, value] of Object.entries(changes)) value === null ? query.delete(key) : query.set(key, value);
    if (full) query.delete("precinct");
    const text = query.toString();
    history.pushState(null, "", (full ? "/precinct/" + encodeURIComponent(changes.precinct) : "/") + (text ? "?" + text : ""));
    follow();
  }

  function follow() {
    const before = { selected: board.selected, county: board.county };
    readAddress();
    if (before.county !== board.county) chooseView();
    if (before.selected !== board.selected) beluga.panel.show(board.selected);
    document.title = (board.selected ? (board.info.get(board.selected)?.name || board.selected) + " · " : "") + "Beluga war room";
    soon([...DATA_TILES, "legend", "unread"], null);
  }

  function chooseView() {
    const boot = board.boot;
    if (!boot || !board.ready) return;
    const counties = boot.by_county && board.county === null;
    const inside = (id) => board.county === null || board.info.get(id).county === board.county;
    const file = counties ? "counties" : board.county === null ? "precincts" : "precincts/" + encodeURIComponent(board.county || "_");
    const ids = counties ? boot.county_names : [...board.info.keys()].filter(inside);
    board.view = { kind: counties ? "counties" : "precincts", url: "/geo/" + file + ".json?v=" + boot.version, ids };
    beluga.map.paths.clear();
    const tools = byId("map-tools");
    tools.replaceChildren();
    if (board.county !== null) tools.append(make("button", { type: "button", "data-county": "" }, "← All counties"), make("b", {}, board.county || "No county"));
    tools.append(make("button", { type: "button", id: "as-table", "aria-pressed": String(!byId("map-table").hidden) }, "Table"));
    window.dash_clientside.set_props("map-view", { data: board.view });
  }

  // ---- hands --------------------------------------------------------------------------------------------------

  function watchHands() {
    document.addEventListener("click", (event) => {
      const hit = event.target.closest("[data-action],[data-precinct],[data-county],[data-filter],[data-close],[data-full],[data-tab],#as-table,[data-row]");
      if (!hit) return;
      if (event.ctrlKey || event.metaKey || event.shiftKey) return; // a new tab, as the person asked
      const d = hit.dataset;
      if (event.target.closest("a[href^='tel:'],a[href^='/desk/']")) return;
      event.preventDefault();
      if (d.action !== undefined) beluga.panel.act(hit);
      else if (d.precinct !== undefined) go({ precinct: d.precinct });
      else if (d.county !== undefined) go({ county: d.county === "" && hit.tagName === "BUTTON" ? null : d.county });
      else if (d.filter !== undefined) go({ state: d.filter === "" || d.filter === board.filter ? null : d.filter });
      else if (d.close !== undefined) { const from = board.selected; go({ precinct: null }); focusRow(from); }
      else if (d.full !== undefined) go({ precinct: board.selected }, true);
      else if (d.tab !== undefined) chooseTab(d.tab);
      else if (hit.id === "as-table") flipTable(hit);
      else if (d.row && d.row !== "null") go({ precinct: d.row });
    });
    document.addEventListener("keydown", (event) => {
      if (event.target.matches("input,textarea,select")) return;
      if (event.key === "Escape" && board.selected) { const from = board.selected; go({ precinct: null }); focusRow(from); }
      const step = { ArrowDown: 1, ArrowUp: -1, j: 1, k: -1 }[event.key];
      const row = event.target.closest("[data-row]");
      if (step && row) {
        const next = step > 0 ? row.nextElementSibling : row.previousElementSibling;
        if (next) { next.querySelector("a").focus(); event.preventDefault(); }
      }
    });
    window.addEventListener("popstate", follow);
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => { beluga.map.readTheme(); soon([], null); });
  }

  function focusRow(id) {
    document.querySelector("[data-row='" + CSS.escape(id) + "'] a")?.focus();
  }

  function flipTable(button) {
    const table = byId("map-table");
    table.hidden = !table.hidden;
    byId("map-body").hidden = !table.hidden;
    button.setAttribute("aria-pressed", String(!table.hidden));
    beluga.tiles.table(board);
    if (table.hidden) window.dispatchEvent(new Event("resize"));
  }

  function chooseTab(name) {
    document.body.dataset.tab = name;
    for (const b of byId("tabs").children) b.setAttribute("aria-pressed", String(b.dataset.tab === name));
    if (name === "map") window.dispatchEvent(new Event("resize"));
  }

  function buildTabs() {
    for (const [name, words] of [["work", "To do"], ["map", "Map"], ["today", "Today"], ["silent", "Silent"], ["incidents", "Incidents"], ["unread", "Unread"]])
      byId("tabs").append(make("button", { type: "button", "data-tab": name }, words));
    chooseTab("work");
  }

  // Plotly draws the shapes when it has them; we colour each drawing. Clicks and hovers come through Dash, since
  // a new plot throws away listeners hung on the old one.
  function watchMap() {
    const tip = make("div", { id: "tip", hidden: true });
    document.body.append(tip);
    const mouse = { clientX: 0, clientY: 0 };
    byId("map-body").addEventListener("mousemove", (event) => { mouse.clientX = event.clientX; mouse.clientY = event.clientY; }, true);
    const place = (data) => (data && data.points && data.points.length && board.view ? String(data.points[0].location) : null);
    beluga.mapClicked = (data) => {
      const id = place(data);
      if (id !== null) go(board.view.kind === "counties" ? { county: id } : { precinct: id });
    };
    beluga.mapHovered = (data) => {
      const id = place(data);
      if (id === null) tip.hidden = true;
      else showTip(tip, id, mouse);
    };
    let queued = false;
    const drawn = () => {
      queued = false;
      beluga.map.collect(byId("map-body"));
      const wanted = new Set(board.view ? board.view.ids : []);
      if (![...beluga.map.paths.keys()].every((id) => wanted.has(id))) beluga.map.paths.clear(); // still the former view
      paintMap(null);
      if (beluga.map.paths.size && !beluga.firstMap) beluga.firstMap = performance.now();
    };
    // Plotly draws new shapes, or takes those of the former view and gives them another form.
    const isShape = (node) => node.classList && node.classList.contains("choroplethlocation");
    const added = (node) => (isShape(node) ? !beluga.map.paths.has(String(node.__data__?.loc)) : Boolean(node.querySelector && node.querySelector(".choroplethlocation")));
    const matters = (record) => record.type === "attributes"
      ? beluga.map.paths.size === 0 && isShape(record.target)
      : [...record.addedNodes].some(added) || [...record.removedNodes].some((node) => isShape(node) && !node.isConnected);
    new MutationObserver((records) => {
      if (!queued && records.some(matters)) { queued = true; requestAnimationFrame(drawn); }
    }).observe(byId("map-body"), { childList: true, subtree: true, attributes: true, attributeFilter: ["d"] }); // Dash replaces the graph itself once loaded
  }

  function showTip(tip, id, mouse) {
    const lines = [];
    if (board.view.kind === "counties") {
      const a = board.aggregates.get("county:" + id);
      lines.push(make("b", {}, id || "No county"));
      if (a) lines.push(make("span", {}, beluga.whole(a.lagging) + " behind · " + beluga.whole(a.silent) + " silent of " + beluga.whole(a.precincts)), make("span", {}, beluga.percent(a.coverage) + " coverage · projected " + beluga.whole(a.projected_final)));
    } else {
      const s = board.standings.get(id);
      lines.push(make("b", {}, board.info.get(id)?.name || id));
      if (s) lines.push(beluga.badge(beluga.stateOf(s)), make("span", {}, (s.reason ? s.reason + " " : "") + (s.last_votes === null || s.last_votes === undefined ? "No count yet." : "Last count " + beluga.whole(s.last_votes) + " at " + beluga.hhmm(s.last_observed_at) + ".")));
    }
    tip.replaceChildren(...lines);
    tip.hidden = false;
    const x = Math.min(mouse.clientX + 14, innerWidth - tip.offsetWidth - 8);
    const y = Math.min(mouse.clientY + 14, innerHeight - tip.offsetHeight - 8);
    tip.style.transform = "translate(" + x + "px," + y + "px)";
  }

  // ---- beginning ------------------------------------------------------------------------------------------------

  async function begin() {
    let reply;
    for (let pause = 500; ; pause = Math.min(pause * 2, 8000)) {
      try {
        reply = await fetch("/boot", { headers: { Accept: "application/json" } });
        if (reply.ok) break;
        if (reply.status === 401) return board.signedOut();
        board.say((await reply.json()).message || "The war room is starting…", true);
      } catch { /* tried again */ }
      await new Promise((done) => setTimeout(done, pause * (0.5 + Math.random())));
    }
    byId("notice").textContent = byId("notice").className = "";
    board.boot = await reply.json();
    beluga.setZone(board.boot.timezone);
    beluga.map.patterns();
    beluga.map.readTheme();
    buildHeader();
    buildTabs();
    watchHands();
    watchMap();
    readAddress();
    if (board.selected) beluga.panel.show(board.selected);
    soon([...DATA_TILES, "legend", "unread"], null);
    beluga.connectFeed(feed);
    tick();
    setInterval(tick, 1000);
    setInterval(() => { if (board.ready) soon(["work", "silent", "incidents"], []); }, 15000); // ages in the rows
  }

  // Dash draws the frame; we begin when it is there.
  const wait = new MutationObserver(() => {
    if (!byId("board") || !byId("map-graph")) return;
    wait.disconnect();
    begin();
  });
  wait.observe(document.documentElement, { childList: true, subtree: true });
})();
