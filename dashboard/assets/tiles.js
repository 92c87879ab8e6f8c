// The tiles beside the map: worklist, today, silent, incidents, unread. Each paints itself from the board's state.
(function () {
  "use strict";
  const beluga = (window.beluga = window.beluga || {});
  const { make, setText, whole, percent, span, hhmm, badge } = new Proxy({}, { get: (_, name) => (...a) => beluga[name](...a) });
  const tiles = (beluga.tiles = {});

  const WORK_ROWS = 60, LIST_ROWS = 60;
  const RHYTHM = 3600; // seconds: a watcher counts about hourly; amber at twice that
  const LONG_LINE = 30; // minutes: callers cannot help a precinct that cannot let its voters in

  const byId = (id) => document.getElementById(id);
  const href = (id) => "/precinct/" + encodeURIComponent(id);
  const place = (id, info) => [
    make("a", { href: href(id), "data-precinct": id, class: "name" }, info ? info.name : id),
    make("span", { class: "id" }, id),
  ];

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

  tiles.work = function (board) {
    const states = board.filter ? [board.filter] : ["lagging", "watch"];
    let chosen = [];
    for (const s of board.standings.values()) {
      if (board.county !== null && board.info.get(s.precinct_id)?.county !== board.county) continue;
      if (states.includes(beluga.stateOf(s))) chosen.push(s);
    }
    chosen.sort((a, b) => stake(b) - stake(a) || b.shortfall - a.shortfall || (a.precinct_id < b.precinct_id ? -1 : 1));
    const count = chosen.length;
    chosen = chosen.slice(0, WORK_ROWS);
    setText(byId("work-count"), board.ready ? String(count) : "");
    const tools = byId("work-tools");
    tools.replaceChildren();
    if (board.county !== null) tools.append(make("button", { type: "button", "data-county": "" }, (board.county || "No county") + " ✕"));
    if (board.filter) tools.append(make("button", { type: "button", "data-filter": "" }, beluga.STATES[board.filter].word + " ✕"));
    const quiet = board.filter ? "None is in this state." : "Nobody is behind. Nothing to do here now.";
    const list = body("work", board, !board.ready ? "Waiting for the feed…" : count ? "" : quiet);
    keyed(list, chosen.map((s) => ({ key: s.precinct_id, s })), buildWork, (tr, { s }) => updateWork(tr, s, board));
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

  function paintCallers(cell, s, board) {
    const sent = board.dispatches.get(s.precinct_id);
    const key = sent ? [sent.callers_now, sent.callers_wanted, sent.started_at, sent.hold].join() : "none";
    if (cell.belugaKey === key) return;
    cell.belugaKey = key;
    cell.replaceChildren();
    if (sent) {
      const number = sent.callers_now || sent.callers_allocated || sent.callers_wanted || 0;
      cell.append(make("span", { title: sent.hold || sent.reason || "" }, number + " since " + hhmm(Date.parse(sent.started_at) / 1000)));
    } else {
      cell.append(make("button", { type: "button", "data-action": "dispatch", "data-for": s.precinct_id, "data-callers": Math.max(1, Math.min(10, Math.ceil(s.shortfall / 15))) }, "send"));
      cell.firstChild.setAttribute("aria-label", "Send callers to " + (board.info.get(s.precinct_id)?.name || s.precinct_id));
    }
  }

  tiles.today = function (board) {
    const holder = byId("today-body");
    const scope = board.county !== null ? "county:" + board.county : "all";
    const a = board.aggregates.get(scope) || (board.county === null && board.boot.counties ? sumOf(board) : null);
    if (!a) { holder.replaceChildren(make("p", { class: "empty" }, "Waiting for the feed…")); return; }
    if (!holder.querySelector(".figure")) holder.replaceChildren(todayFrame());
    const at = (name) => holder.querySelector("[data-is=" + name + "]");
    setText(at("projected"), whole(a.projected_final));
    setText(at("band"), "80 %: " + whole(a.lo80) + " – " + whole(a.hi80));
    const outlook = a.expected_final > 0 ? a.projected_final / a.expected_final - 1 : 0;
    setText(at("against"), (Math.abs(outlook) < 0.005 ? "as expected" : percent(Math.abs(outlook)) + (outlook < 0 ? " under " : " over ") + whole(a.expected_final) + " expected"));
    setText(at("coverage"), percent(a.coverage) + " of the expected votes freshly reported");
    setText(at("counted"), whole(a.counted) + " counted · " + whole(a.reporting) + " of " + whole(a.precincts) + " precincts");
    setText(at("caveat"), a.caveat || "");
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

  // A lead sees the sum of own counties; its band is as wide as if they erred together, which is the safe side.
  function sumOf(board) {
    const mine = [...board.aggregates.values()].filter((a) => a.scope !== "all");
    if (!mine.length) return null;
    const total = { scope: "all", caveat: "" };
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
      make("p", { class: "head" }, make("strong", { "data-is": "projected" }), make("span", { class: "unit" }, "projected by close"), make("span", { class: "range", "data-is": "band" })),
      svg,
      make("p", { class: "key" }, make("i", { class: "seen" }), "counted", make("i", { class: "bar80" }), "projected, 80 % and 95 %", make("i", { class: "expected" }), "expected"),
      is("against", "p"), is("counted", "p"), is("coverage", "p"), make("p", { class: "caveat", "data-is": "caveat" }));
  }

  const since = (board, s) => s.last_received_at ?? board.info.get(s.precinct_id)?.opens_at ?? null;

  tiles.silent = function (board) {
    let chosen = [];
    for (const s of board.standings.values())
      if (s.state === "silent" && (board.county === null || board.info.get(s.precinct_id)?.county === board.county)) chosen.push(s);
    chosen.sort((a, b) => since(board, a) - since(board, b) || b.expected_final - a.expected_final);
    setText(byId("silent-count"), board.ready ? String(chosen.length) : "");
    const shown = chosen.slice(0, LIST_ROWS);
    board.wantPeople(shown.map((s) => s.precinct_id));
    const list = body("silent", board, board.ready && !chosen.length ? "Everybody has reported lately." : "");
    keyed(list, shown.map((s) => ({ key: s.precinct_id, s })),
      ({ s }) => make("li", { "data-row": s.precinct_id }, make("div", { class: "line" }, ...place(s.precinct_id, board.info.get(s.precinct_id)), make("span", { class: "since number" })), make("div", { class: "who" })),
      (li, { s }) => {
        const from = since(board, s);
        li.querySelector(".since").textContent = from === null ? "" : (s.last_received_at ? "" : "never · ") + span(beluga.now() - from);
        li.classList.toggle("selected", board.selected === s.precinct_id);
        const people = board.people.get(s.precinct_id);
        if (people && li.belugaPeople !== people) {
          li.belugaPeople = people;
          li.lastChild.replaceChildren(...(people.length ? people.slice(0, 2).flatMap((p) => [make("span", {}, p.name), make("a", { href: "tel:" + p.phone, class: "act", "aria-label": "Call " + p.name }, "call")]) : ["nobody watches here"]));
        }
      });
  };

  tiles.incidents = function (board) {
    const open = [...board.incidents.values()].filter((i) => i.status === "open" && (board.county === null || board.info.get(i.precinct_id)?.county === board.county)).sort((a, b) => b.at - a.at);
    setText(byId("incidents-count"), board.ready ? String(open.length) : "");
    const list = body("incidents", board, board.ready && !open.length ? "No open incident." : "");
    keyed(list, open.slice(0, LIST_ROWS).map((i) => ({ key: i.check_in_id, i })),
      ({ i }) => make("li", { "data-row": i.precinct_id }, make("div", { class: "line" }, make("span", { class: "id" }, "#" + i.number), make("span", { class: "text" }, i.text), make("span", { class: "since number" })),
        make("div", { class: "who" }, ...(i.precinct_id ? place(i.precinct_id, board.info.get(i.precinct_id)) : ["no precinct"]))),
      (li, { i }) => { li.querySelector(".since").textContent = span(beluga.now() - i.at); });
  };

  tiles.unread = function (board) {
    const messages = board.unread.messages.filter((m) => board.county === null || board.info.get(m.precinct_id)?.county === board.county);
    setText(byId("unread-count"), String(board.county === null ? board.unread.total : messages.length));
    const words = board.unread.fresh ? "Every text could be read." : "Intake or its database is away; texts are kept and will show here.";
    const list = body("unread", board, messages.length ? "" : words);
    keyed(list, messages.map((m) => ({ key: m.id, m })),
      ({ m }) => make("li", { "data-row": m.precinct_id }, make("div", { class: "line" }, make("q", { class: "text" }, m.text || "…"), make("span", { class: "since number" })),
        make("div", { class: "who" }, ...(m.precinct_id ? place(m.precinct_id, board.info.get(m.precinct_id)) : [m.watcher_id ? "watcher " + m.watcher_id : "unknown phone"]), make("a", { href: "/desk/unread", class: "act" }, "read"))),
      (li, { m }) => { li.querySelector(".since").textContent = span(beluga.now() - Date.parse(m.at) / 1000); });
  };

  tiles.legend = function (board) {
    const counts = {};
    for (const s of board.standings.values())
      if (board.county === null || board.info.get(s.precinct_id)?.county === board.county) {
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

  // The map's data for those who do not see or point: counties, or the precincts of the view.
  tiles.table = function (board) {
    const holder = byId("map-table");
    if (holder.hidden) return;
    const counties = board.view && board.view.kind === "counties";
    const rows = (board.view ? board.view.ids : []).map((id) => {
      if (counties) {
        const a = board.aggregates.get("county:" + id);
        return make("tr", {}, make("th", { scope: "row" }, make("a", { href: "/?county=" + encodeURIComponent(id), "data-county": id }, id || "No county")),
          make("td", { class: "number" }, a ? String(a.lagging) : "–"), make("td", { class: "number" }, a ? String(a.silent) : "–"),
          make("td", { class: "number" }, a ? percent(a.coverage) : "–"), make("td", { class: "number" }, a ? whole(a.projected_final) : "–"));
      }
      const s = board.standings.get(id);
      return make("tr", {}, make("th", { scope: "row" }, ...place(id, board.info.get(id))), make("td", {}, s ? badge(beluga.stateOf(s)) : "–"),
        make("td", { class: "number" }, s ? whole(s.shortfall) : "–"), make("td", { class: "number" }, s && s.last_votes !== null ? whole(s.last_votes) : "–"), make("td", { class: "number" }, s ? whole(s.projected_final) : "–"));
    });
    const titles = counties ? ["County", "Behind", "Silent", "Coverage", "Projected"] : ["Precinct", "State", "Missing", "Last count", "Projected"];
    holder.replaceChildren(make("table", { class: "rows" }, make("thead", {}, make("tr", {}, ...titles.map((t, i) => make("th", { scope: "col", class: i > (counties ? 0 : 1) ? "number" : null }, t)))), make("tbody", {}, ...rows)));
  };
})();
