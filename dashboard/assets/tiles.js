// The tiles beside the map: worklist, today, silent, incidents, unread. Each paints itself from the board's state.
(function () {
  "use strict";
  const beluga = (window.beluga = window.beluga || {});
  const { make, setText, whole, percent, span, hhmm, badge } = new Proxy({}, { get: (_, name) => (...a) => beluga[name](...a) });
  const tiles = (beluga.tiles = beluga.tiles || {});

  const WORK_ROWS = 60, LIST_ROWS = 60;
  const MOST_THIN = 5; // under-watched places named
  const RHYTHM = 3600; // seconds: a watcher counts about hourly; amber at twice that
  const LONG_LINE = 30; // minutes: callers cannot help a precinct that cannot let its voters in

  const byId = (id) => document.getElementById(id);
  const href = (id) => "/precinct/" + encodeURIComponent(id);
  const place = (id, info) => [
    make("a", { href: href(id), "data-precinct": id, class: "name" }, info ? info.name : id),
    make("span", { class: "id" }, id),
  ];

  beluga.place = place;

  // Rows are kept by key, so that a repaint moves and rewrites them instead of making them anew.
  function keyed(parent, rows, build, update) {
    const old = parent.belugaRows || new Map();
    const fresh = new Map();
    let before = parent.firstChild;
    for (const row of rows) {
      let element = old.get(row.key);
      if (!element) element = build(row);
      old.delete(row.key);
      update(element, row);
      fresh.set(row.key, element);
      if (element === before) before = before.nextSibling;
      else parent.insertBefore(element, before);
    }
    for (const element of old.values()) element.remove();
    parent.belugaRows = fresh;
  }

  beluga.keyed = keyed;

  function body(id, state, empty) {
    const holder = byId(id + "-body");
    let list = holder.querySelector(":scope > .rows");
    if (!list) {
      list = id === "work"
        ? make("tbody", {})
        : make("ul", { class: "rows" });
      if (id === "work") {
        const head = make("tr", {}, ...["Precinct", "Missing", "Sure", "Last", "Callers"].map((t, i) =>
          make("th", { scope: "col", class: i && i < 4 ? "number" : null }, t)));
        holder.append(make("table", { class: "rows" }, make("thead", {}, head), list));
      } else holder.append(list);
      holder.append(make("p", { class: "empty", hidden: true }));
    }
    if (id === "work") list = holder.querySelector("tbody");
    const none = holder.querySelector(":scope > .empty");
    none.hidden = !empty;
    if (empty) none.textContent = empty;
    holder.classList.toggle("is-empty", Boolean(empty));
    return list;
  }

  // Rank by what is at stake: the chance that it lags times the votes missing (DESIGN, section 7).
  const stake = (s) => s.p_lagging * s.shortfall;

  // The worklist in order; the tile shows its beginning, the export all of it.
  tiles.workList = function (board) {
    const states = board.filter ? [board.filter] : ["lagging", "watch"];
    const chosen = [];
    for (const s of board.standings.values())
      if (states.includes(beluga.stateOf(s)) && board.inView(s.precinct_id)) chosen.push(s);
    return chosen.sort((a, b) => stake(b) - stake(a) || b.shortfall - a.shortfall || (a.precinct_id < b.precinct_id ? -1 : 1));
  };

  tiles.work = function (board) {
    const chosen = tiles.workList(board);
    setText(byId("work-count"), board.ready ? String(chosen.length) : "");
    const tools = [];
    if (board.county !== null) tools.push(make("button", { type: "button", "data-county": "" }, (board.county || "No county") + " ✕"));
    if (board.filter) tools.push(make("button", { type: "button", "data-filter": "" }, beluga.STATES[board.filter].word + " ✕"));
    if (board.calls?.silent_since) tools.push(make("span", { class: "old-word" }, "call desk silent since " + hhmm(board.calls.silent_since)));
    beluga.csv.tools("work", tools);
    const quiet = board.filter ? "None is in this state." : "Nobody is behind. Nothing to do here now.";
    const list = body("work", board, !board.ready ? "Waiting for the feed…" : chosen.length ? "" : quiet);
    keyed(list, chosen.slice(0, WORK_ROWS).map((s) => ({ key: s.precinct_id, s })), buildWork, (tr, { s }) => updateWork(tr, s, board));
  };

  function buildWork({ s }) {
    const info = beluga.board.info.get(s.precinct_id);
    return make("tr", { "data-row": s.precinct_id },
      make("th", { scope: "row" }, make("span", { class: "mark" }), ...place(s.precinct_id, info), make("span", { class: "hint" })),
      make("td", { class: "number big" }), make("td", { class: "number" }), make("td", { class: "number last" }), make("td", { class: "callers" }));
  }

  function updateWork(tr, s, board) {
    const state = beluga.stateOf(s);
    const [name, missing, sure, last, callers] = tr.children;
    if (tr.belugaState !== state) {
      tr.belugaState = state;
      name.firstChild.replaceChildren(badge(state));
    }
    tr.classList.toggle("selected", board.selected === s.precinct_id);
    const hints = [];
    if (s.line_minutes >= LONG_LINE) hints.push("line " + s.line_minutes + " min");
    else if (s.line_people >= 60) hints.push("line " + s.line_people + " people");
    if (s.incidents) hints.push(s.incidents === 1 ? "1 incident" : s.incidents + " incidents");
    if (s.held) hints.push(s.held + " held");
    const owner = board.replaying() ? null : beluga.alerts.owner(s.precinct_id);
    if (owner) hints.push(owner.by + " since " + hhmm(Date.parse(owner.at) / 1000));
    setText(name.lastChild, hints.join(" · "));
    setText(missing, whole(s.shortfall));
    setText(sure, percent(s.p_lagging));
    paintLast(last, s);
    paintCallers(callers, s, board);
  }

  function paintLast(cell, s) {
    if (s.last_observed_at === null || s.last_observed_at === undefined) {
      cell.textContent = "–";
      return;
    }
    const age = beluga.now() - s.last_observed_at;
    cell.classList.toggle("old", age > 2 * RHYTHM);
    cell.textContent = span(age);
    cell.title = "counted at " + hhmm(s.last_observed_at);
  }

  // Who is sent and since when; else one button, filled where the call desk proposes it and says how many.
  function paintCallers(cell, s, board) {
    const sent = board.calls?.at.get(s.precinct_id);
    const offer = board.calls?.offers.get(s.precinct_id);
    const key = JSON.stringify([sent && [sent.callers_now, sent.callers_allocated, sent.callers_wanted, sent.started_at, sent.hold], offer && offer.callers]);
    if (cell.belugaKey === key) return;
    cell.belugaKey = key;
    cell.replaceChildren();
    const name = board.info.get(s.precinct_id)?.name || s.precinct_id;
    if (sent) {
      const since = hhmm(typeof sent.started_at === "number" ? sent.started_at : Date.parse(sent.started_at) / 1000);
      cell.append(make("span", { title: [sent.started_by ? "sent by " + sent.started_by : "", sent.hold || sent.reason].filter(Boolean).join(" · ") }, (sent.hold ? "on hold" : String(sent.callers_now || sent.callers_allocated || sent.callers_wanted || 0)) + " since " + since));
      return;
    }
    const callers = offer ? offer.callers : Math.max(1, Math.min(10, Math.ceil(s.shortfall / 15)));
    cell.append(make("button", { type: "button", class: offer ? "main" : null, title: offer ? offer.sentence : null, "data-action": "dispatch", "data-for": s.precinct_id, "data-callers": callers }, "send " + callers));
    cell.firstChild.setAttribute("aria-label", "Send " + callers + " callers to " + name + (offer ? ". Proposed: " + offer.sentence : ""));
  }

  tiles.today = function (board) {
    const holder = byId("today-body");
    const scope = board.county !== null ? "county:" + board.county : "all";
    const a = board.aggregates.get(scope) || (board.county === null && board.boot.counties ? sumOf(board) : null);
    if (!a) { holder.replaceChildren(make("p", { class: "empty" }, "Waiting for the feed…")); return; }
    if (!holder.querySelector(".figure")) holder.replaceChildren(todayFrame());
    const at = (name) => holder.querySelector("[data-is=" + name + "]");
    setText(at("projected"), whole(a.projected_final));
    setText(at("unit"), "projected by close" + (board.county !== null ? " in " + (board.county || "no county") : board.boot.counties ? " in your counties" : ""));
    setText(at("band"), "80 %: " + whole(a.lo80) + " – " + whole(a.hi80));
    const outlook = a.expected_final > 0 ? a.projected_final / a.expected_final - 1 : 0;
    setText(at("against"), (Math.abs(outlook) < 0.005 ? "as expected" : percent(Math.abs(outlook)) + (outlook < 0 ? " under " : " over ") + whole(a.expected_final) + " expected"));
    setText(at("coverage"), percent(a.coverage) + " of the expected votes freshly reported");
    setText(at("counted"), whole(a.counted) + " votes counted at " + whole(a.reporting) + " of " + whole(a.precincts) + " precincts");
    // Where the counts do not carry a projection, what can be said takes its place, and the reason stands below.
    for (const name of ["head", "svg", "key", "against"]) at(name).toggleAttribute("hidden", Boolean(a.caveat));
    setText(at("instead"), a.caveat ? a.instead : "");
    setText(at("caveat"), a.caveat || "");
    const thin = a.caveat ? a.thin || [] : [];
    setText(at("thin"), thin.length ? "Hardly watched: " + thin.map((r) => (placeOf(r.scope) + " (" + whole(r.reporting) + " of " + whole(r.precincts) + ")")).join(", ") + "." : "");
    const most = Math.max(a.hi95, a.expected_final, 1) * 1.08;
    const x = (v) => (100 * Math.max(0, Math.min(most, v))) / most;
    const put = (name, from, to) => { const r = at(name); r.setAttribute("x", x(from) + "%"); r.setAttribute("width", Math.max(0.4, x(to) - x(from)) + "%"); };
    put("bar95", a.lo95, a.hi95);
    put("bar80", a.lo80, a.hi80);
    put("seen", 0, a.counted);
    put("middle", a.projected_final, a.projected_final);
    put("expected", a.expected_final, a.expected_final);
    at("svg").setAttribute("aria-label", "Projected " + whole(a.projected_final) + ", 80 % between " + whole(a.lo80) + " and " + whole(a.hi80) + ", expected " + whole(a.expected_final) + ", counted " + whole(a.counted));
  };

  const placeOf = (scope) => scope.slice(scope.indexOf(":") + 1) || "no name";

  // What can be said of several counties of which only `sure` can be projected.
  function insteadOf(sure, all) {
    const [heading, expected] = ["projected_final", "expected_final"].map((key) => sure.reduce((sum, a) => sum + a[key], 0));
    if (!expected) return "None of your " + whole(all) + " counties has enough fresh counts to project.";
    const gap = heading / expected - 1;
    return "The " + whole(sure.length) + " of " + whole(all) + " counties with enough fresh counts head for " + percent(Math.abs(gap)) + (gap < 0 ? " below" : " above") + " expectation; the rest is not known.";
  }

  // A lead sees the sum of own counties; its band is as wide as if they erred together, which is the safe side.
  function sumOf(board) {
    const mine = [...board.aggregates.values()].filter((a) => a.scope !== "all");
    if (!mine.length) return null;
    const unsure = mine.filter((a) => a.caveat);
    const total = { scope: "all", caveat: unsure.map((a) => placeOf(a.scope) + ": " + a.caveat).join(" "), thin: unsure.flatMap((a) => a.thin || []).slice(0, MOST_THIN) };
    if (unsure.length) total.instead = insteadOf(mine.filter((a) => !a.caveat), mine.length);
    for (const key of ["precincts", "reporting", "silent", "lagging", "counted", "expected_final", "projected_final", "lo80", "hi80", "lo95", "hi95"])
      total[key] = mine.reduce((sum, a) => sum + a[key], 0);
    total.coverage = total.expected_final ? mine.reduce((sum, a) => sum + a.coverage * a.expected_final, 0) / total.expected_final : 0;
    return total;
  }
  tiles.total = (board) => board.aggregates.get("all") || sumOf(board);

  function todayFrame() {
    const ns = "http://www.w3.org/2000/svg";
    const svg = document.createElementNS(ns, "svg");
    svg.setAttribute("class", "band");
    svg.setAttribute("role", "img");
    svg.dataset.is = "svg";
    for (const [name, y, height] of [["bar95", 8, 20], ["bar80", 8, 20], ["seen", 14, 8], ["middle", 4, 28], ["expected", 4, 28]]) {
      const rect = document.createElementNS(ns, "rect");
      rect.dataset.is = name;
      rect.setAttribute("class", name);
      rect.setAttribute("y", y);
      rect.setAttribute("height", height);
      svg.append(rect);
    }
    const is = (name, tag = "span") => make(tag, { "data-is": name });
    return make("div", { class: "figure" },
      make("p", { class: "instead", "data-is": "instead" }), make("p", { class: "caveat", "data-is": "caveat" }), make("p", { "data-is": "thin" }),
      make("p", { class: "head", "data-is": "head" }, make("strong", { "data-is": "projected" }), make("span", { class: "unit", "data-is": "unit" }), make("span", { class: "range", "data-is": "band" })),
      svg,
      make("p", { class: "key", "data-is": "key" }, make("i", { class: "seen" }), "counted", make("i", { class: "bar80" }), "projected, 80 % and 95 %", make("i", { class: "expected" }), "expected"),
      is("against", "p"), is("counted", "p"), is("coverage", "p"));
  }

  const since = (board, s) => s.last_received_at ?? board.info.get(s.precinct_id)?.opens_at ?? null;
  const watched = (board, s) => board.watched === null || board.watched.has(s.precinct_id);
  tiles.silentSince = since;

  // Where somebody watches, somebody can be called: those first, the longest silence first among them.
  tiles.silentList = function (board) {
    const chosen = [];
    for (const s of board.standings.values())
      if (s.state === "silent" && board.inView(s.precinct_id)) chosen.push([watched(board, s) ? 0 : 1, since(board, s) ?? 0, -s.expected_final, s]);
    chosen.sort((a, b) => a[0] - b[0] || a[1] - b[1] || a[2] - b[2]);
    return chosen.map((c) => c[3]);
  };

  tiles.silent = function (board) {
    const chosen = tiles.silentList(board);
    const first = chosen.findIndex((s) => !watched(board, s));
    setText(byId("silent-count"), board.ready ? whole(chosen.length) : "");
    beluga.csv.tools("silent");
    const shown = chosen.slice(0, LIST_ROWS);
    board.wantPeople(shown.filter((s) => watched(board, s)).map((s) => s.precinct_id));
    const list = body("silent", board, board.ready && !chosen.length ? "Everybody has reported lately." : "");
    const entries = shown.map((s) => ({ key: s.precinct_id, s }));
    if (first >= 0 && first < shown.length) entries.splice(first, 0, { key: " nobody", s: null });
    keyed(list, entries,
      ({ s }) => !s ? make("li", { class: "divide" })
        : make("li", { "data-row": s.precinct_id }, make("div", { class: "line" }, ...place(s.precinct_id, board.info.get(s.precinct_id)), make("span", { class: "since number" })), make("div", { class: "who", hidden: true })),
      (li, { s }) => {
        if (!s) { setText(li, "Nobody watches at " + whole(chosen.length - first)); return; }
        const from = since(board, s);
        li.querySelector(".since").textContent = from === null ? "" : (s.last_received_at ? "" : "never · ") + span(beluga.now() - from);
        li.classList.toggle("selected", board.selected === s.precinct_id);
        const people = board.people.get(s.precinct_id);
        if (!people || li.belugaPeople === people) return;
        li.belugaPeople = people;
        li.lastChild.hidden = !people.length;
        li.lastChild.replaceChildren(...people.slice(0, 2).flatMap((p) => [make("span", {}, p.name), make("a", { href: "tel:" + p.phone, class: "act", "aria-label": "Call " + p.name }, "call")]));
      });
  };

  tiles.incidentList = (board) => board.openIncidents().filter((i) => board.inView(i.precinct_id)).sort((a, b) => b.at - a.at);

  tiles.incidents = function (board) {
    const open = tiles.incidentList(board);
    setText(byId("incidents-count"), board.ready ? String(open.length) : "");
    beluga.csv.tools("incidents");
    const list = body("incidents", board, board.ready && !open.length ? "No open incident." : "");
    keyed(list, open.slice(0, LIST_ROWS).map((i) => ({ key: i.check_in_id, i })),
      ({ i }) => make("li", { "data-row": i.precinct_id }, make("div", { class: "line" }, make("span", { class: "id" }, "#" + i.number), make("span", { class: "text" }, i.text), make("span", { class: "since number" })),
        make("div", { class: "who" }, ...(i.precinct_id ? place(i.precinct_id, board.info.get(i.precinct_id)) : ["no precinct"]), make("span", { class: "status" }))),
      (li, { i }) => {
        li.querySelector(".since").textContent = span(beluga.now() - i.at);
        li.querySelector(".status").textContent = i.status === "open" ? "" : i.status;
      });
  };

  tiles.unread = function (board) {
    const desks = board.desks;
    const messages = (desks?.messages || []).filter((m) => board.inView(m.precinct_id));
    setText(byId("unread-count"), !desks ? "" : board.county === null ? whole(desks.unread) : String(messages.length));
    beluga.csv.tools("unread");
    const list = body("unread", board, messages.length ? "" : desks ? "Every text could be read." : board.replaying() ? "Not kept for the past." : "Waiting for the feed…");
    const at = (m) => (typeof m.at === "number" ? m.at : Date.parse(m.at) / 1000);
    keyed(list, messages.map((m) => ({ key: m.id, m })),
      ({ m }) => make("li", { "data-row": m.precinct_id }, make("div", { class: "line" }, make("q", { class: "text" }, m.text || "…"), make("span", { class: "since number" })),
        make("div", { class: "who" }, ...(m.precinct_id ? place(m.precinct_id, board.info.get(m.precinct_id)) : [m.watcher_id ? "watcher " + m.watcher_id : "unknown phone"]), make("a", { href: "/desk/unread", class: "act" }, "read"))),
      (li, { m }) => { li.querySelector(".since").textContent = span(beluga.now() - at(m)); });
  };

  tiles.legend = function (board) {
    const counts = {};
    for (const s of board.standings.values())
      if (board.inView(s.precinct_id)) {
        const state = beluga.stateOf(s);
        counts[state] = (counts[state] || 0) + 1;
      }
    const holder = byId("legend");
    if (!holder.firstChild)
      for (const state of Object.keys(beluga.STATES))
        holder.append(make("button", { type: "button", "data-filter": state }, badge(state), make("span", { class: "number" })));
    for (const button of holder.children) {
      const state = button.dataset.filter;
      setText(button.lastChild, board.ready ? String(counts[state] || 0) : "–");
      button.setAttribute("aria-pressed", String(board.filter === state));
    }
  };
})();
