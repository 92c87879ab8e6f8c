// The board: what the feed said last, and when to paint which tile. Selection and hands: hands.js; header: header.js.
(function () {
  "use strict";
  const beluga = (window.beluga = window.beluga || {});
  const byId = (id) => document.getElementById(id);
  const make = (...a) => beluga.make(...a);

  const PAINT_MS = 200; // at most five paints a second, however fast the feed
  const PEOPLE_AT_ONCE = 50;
  const ROSTER_MS = 1500, ROSTER_TRIES = 5; // jittered: all boards are told at once
  const BEHIND_S = 15; // the tally lacks what came since: said, and shown as age
  const AFTER_LOSS_MS = 20000; // 500 boards that come back at once have more urgent questions

  // Everything that was said: by the feed (live), or by the tally of a past minute (replay.js).
  const nothing = () => ({ info: new Map(), standings: new Map(), aggregates: new Map(), incidents: new Map(), desks: null, calls: null });
  const live = nothing();

  const board = (beluga.board = {
    boot: null, ready: false, stale: true, staleSince: null, heard: null,
    live, shown: live, people: new Map(), watched: null,
    selected: null, county: null, filter: null, view: null, began: new Set(),
  });
  for (const part of Object.keys(live)) Object.defineProperty(board, part, { get: () => board.shown[part] });
  board.replaying = () => board.shown !== live;
  const OPEN = new Set(["open", "acknowledged", "assigned"]);
  board.openIncidents = () => [...board.incidents.values()].filter((i) => OPEN.has(i.status));
  board.inView = (id) => board.county === null || board.info.get(id)?.county === board.county;

  board.DATA_TILES = ["work", "today", "silent", "incidents", "unread"];
  const dirty = { tiles: new Set(), ids: new Set(), all: false };
  let painting = 0;
  let heardBefore = false;

  // Marks tiles and precincts (null: all) to be painted soon.
  const soon = (board.soon = function (tiles, ids) {
    for (const t of tiles) dirty.tiles.add(t);
    if (ids === null) dirty.all = true;
    else if (ids) for (const id of ids) dirty.ids.add(id);
    if (!painting) painting = setTimeout(() => requestAnimationFrame(paint), beluga.firstPaint ? PAINT_MS : 0);
  });
  board.everything = () => soon([...board.DATA_TILES, "legend"], null);

  function paint() {
    painting = 0;
    const began = performance.now();
    for (const name of dirty.tiles) beluga.tiles[name](board);
    if (dirty.tiles.has("legend")) beluga.tiles.table(board);
    board.paintMap(dirty.all ? null : dirty.ids);
    dirty.tiles.clear();
    dirty.ids.clear();
    dirty.all = false;
    beluga.paintMs = performance.now() - began; // measured by bench/board.py
    beluga.paints = (beluga.paints || 0) + 1;
    if (board.ready) drawnFirst("firstPaint");
  }

  // When the list, and the map, were first on the screen (milliseconds of the page; bench/board.py).
  function drawnFirst(what) {
    if (beluga[what] || board.began.has(what)) return;
    board.began.add(what);
    requestAnimationFrame(() => setTimeout(() => {
      beluga[what] = performance.now();
      if (what === "firstPaint") beluga.drill.soon();
    }));
  }

  function fillOf(id) {
    if (board.view.kind === "counties") return beluga.map.fillCounty(board.aggregates.get("county:" + id), beluga.tiles.total(board));
    const s = board.standings.get(id);
    return s ? beluga.map.fill(s) : "transparent";
  }

  board.paintMap = function (ids) {
    if (!board.view || !board.ready || !beluga.map.paths.size) return;
    if (board.view.kind === "counties") ids = null; // few, and each rests on everybody's
    beluga.map.paint(ids, fillOf);
    beluga.map.shapes.querySelector(".selected")?.classList.remove("selected");
    const chosen = beluga.map.paths.get(board.selected);
    if (chosen) { chosen.classList.add("selected"); chosen.parentNode.append(chosen); }
    drawnFirst("firstMap");
  };

  // ---- what the feed brings -------------------------------------------------------------------------------

  // A snapshot's content into `into`; also that of a past minute.
  board.fill = function (into, m) {
    into.info = rows(m.precincts);
    into.standings = rows(m.standings);
    into.aggregates = new Map(m.aggregates.map((a) => [a.scope, a]));
    into.incidents = new Map(m.incidents.map((i) => [i.check_in_id, i]));
    takeDesks(into, m);
  };

  function takeDesks(into, m) {
    if (m.desks) into.desks = m.desks;
    if (m.calls) into.calls = { ...m.calls, at: new Map(m.calls.dispatches.map((d) => [d.precinct_id, d])), offers: new Map(m.calls.proposals.map((p) => [p.precinct_id, p])) };
  }

  const feed = {
    hello(m) { if (m.timezone) beluga.setZone(m.timezone); },
    snapshot(m) {
      board.fill(live, m);
      board.ready = true;
      board.heard = m.at;
      if (board.watched === null) wantWatched();
      else if (heardBefore) setTimeout(() => wantWatched(board.boot.roster + "." + m.seq), Math.random() * AFTER_LOSS_MS); // news may have been missed
      heardBefore = true;
      board.everything();
      beluga.panel.news();
      beluga.alerts.soon(0);
      beluga.replay.begin();
    },
    delta(m) {
      board.heard = m.at;
      for (const s of m.standings) live.standings.set(s.precinct_id, s);
      for (const a of m.aggregates) live.aggregates.set(a.scope, a);
      for (const i of m.incidents) live.incidents.set(i.check_in_id, i);
      takeDesks(live, m);
      if (m.news?.includes("alerts")) beluga.alerts.soon();
      if (m.news?.includes("roster")) followRoster();
      if (board.replaying()) return;
      const tiles = ["work", "today", "silent", "legend"];
      if (m.incidents.length) tiles.push("incidents");
      if (m.desks) tiles.push("unread");
      if (m.calls) beluga.panel.news();
      soon(tiles, m.standings.map((s) => s.precinct_id));
      if (m.standings.some((s) => s.precinct_id === board.selected)) beluga.panel.changed(board.selected);
    },
    beat(m) {
      board.heard = m.at;
      board.behind = m.stored_behind;
      paintNotice();
    },
    live() { setStale(false); },
    lost() { setStale(true); },
    signedOut(ended) { ended ? location.replace(signIn()) : board.signedOut(); }, // who was shown out sees nothing more
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
    board.tick();
  }

  // ---- what is said to the person -----------------------------------------------------------------------------

  function paintNotice() {
    const notice = byId("notice");
    const ours = notice.className === "" || notice.className === "stale-notice"; // a person's words stay their time
    if (board.stale && board.ready) {
      notice.className = "stale-notice";
      notice.textContent = "STALE since " + beluga.hhmmss(board.staleSince) + " · Feed lost. Showing the last state; reconnecting.";
    } else if (board.behind > BEHIND_S && ours) {
      const words = "Nothing new since " + beluga.hhmm(board.heard - board.behind) + ": the database does not answer. Texts are still taken and follow when it is back; desks and alerts wait.";
      notice.className = "stale-notice";
      if (notice.textContent !== words) notice.textContent = words;
    } else if (notice.className === "stale-notice") {
      notice.className = "";
      notice.textContent = "";
    }
  }

  const signIn = () => "/login?next=" + encodeURIComponent(location.pathname + location.search);

  board.signedOut = function () {
    const notice = byId("notice");
    notice.className = "problem-notice";
    notice.replaceChildren("Your session has ended. ", make("a", { href: signIn() }, "Sign in again"));
  };

  let saying = 0;
  board.say = function (words, bad) {
    const notice = byId("notice");
    notice.className = bad ? "problem-notice" : "done-notice";
    notice.textContent = words;
    clearTimeout(saying);
    saying = setTimeout(() => { notice.className = ""; notice.textContent = ""; paintNotice(); }, bad ? 12000 : 5000);
  };

  // Asks the war room to do something: {done, message, answer}. `refused`: it was not done, and will not be by itself.
  board.post = async function (path, body) {
    try {
      const reply = await fetch(path, {
        method: "POST", headers: { "Content-Type": "application/json", "X-CSRF": board.boot.csrf },
        body: JSON.stringify(body), signal: AbortSignal.timeout(12000),
      });
      if (reply.status === 401) { board.signedOut(); return { done: false, signedOut: true }; }
      return { ...(await reply.json()), refused: reply.status >= 400 && reply.status < 500 };
    } catch {
      return { done: false, message: "The war room does not answer. Nothing is known to be done; press again." };
    }
  };

  // ---- what does not change with reports, and so is not in the feed ---------------------------------------------

  async function wantWatched(version = board.boot.roster) {
    try {
      const reply = await fetch("/watched?v=" + version, { signal: AbortSignal.timeout(8000) });
      if (!reply.ok) return;
      board.watched = new Set(await reply.json());
      const roster = reply.headers.get("X-Roster");
      if (roster !== board.boot.roster) { // names and phones are others
        board.boot.roster = roster;
        board.people.clear();
        if (board.selected) beluga.panel.changed(board.selected);
      }
      soon(["silent"], []);
    } catch { /* asked again with the next snapshot */ }
  }

  // Somebody was sent elsewhere. The war room hears of it when we do and reads the roster: its answer may be a step behind.
  let roster = 0; // the round
  async function followRoster() {
    const mine = (roster += 1), known = board.boot.roster;
    for (let n = 0; n < ROSTER_TRIES && mine === roster && board.boot.roster === known; n += 1) {
      await new Promise((done) => setTimeout(done, ROSTER_MS * (1 + n) * (0.5 + Math.random())));
      await wantWatched(known + "." + mine + "." + n);
    }
  }

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
    board.buildHeader();
    board.watchHands();
    board.watchMap();
    board.readAddress();
    beluga.map.readTheme(); // a wall is dark, whatever the device prefers
    board.chooseView();
    if (board.selected) beluga.panel.show(board.selected);
    wantWatched();
    board.everything();
    beluga.connectFeed(feed, board.boot.feed);
    board.tick();
    setInterval(board.tick, 1000);
    setInterval(() => { if (board.ready) soon(["work", "silent", "incidents", "unread"], []); }, 15000); // ages in the rows
    beluga.kiosk.begin();
    beluga.tour.begin();
  }

  document.addEventListener("DOMContentLoaded", begin); // the other scripts come after this one
})();
