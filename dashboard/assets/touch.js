// The map under the pointer: which shapes plotly has drawn, what a click opens, what hovering tells.
(function () {
  "use strict";
  const beluga = (window.beluga = window.beluga || {});
  const board = beluga.board;
  const byId = (id) => document.getElementById(id);
  const make = (...a) => beluga.make(...a);

  // Plotly draws the shapes when it has them; we colour each drawing. Clicks and hovers come through Dash, since
  // a new plot throws away listeners hung on the old one.
  board.watchMap = function () {
    const tip = make("div", { id: "tip", hidden: true });
    document.body.append(tip);
    const mouse = { clientX: 0, clientY: 0 };
    byId("map-body").addEventListener("mousemove", (event) => { mouse.clientX = event.clientX; mouse.clientY = event.clientY; }, true);
    const place = (data) => (data && data.points && data.points.length && board.view ? String(data.points[0].location) : null);
    beluga.mapClicked = (data) => {
      const id = place(data);
      if (id !== null) board.go(board.view.kind === "counties" ? { county: id } : { precinct: id });
    };
    beluga.mapHovered = (data) => {
      const id = place(data);
      if (id === null) tip.hidden = true;
      else showTip(tip, id, mouse);
    };
    // Another size for the map. Not while plotly draws it for the first time: it would draw nothing at all.
    let due = false;
    beluga.map.resized = () => {
      due = !beluga.firstMap;
      if (!due) window.dispatchEvent(new Event("resize"));
    };
    let queued = false;
    const drawn = () => {
      queued = false;
      beluga.map.collect(byId("map-body"));
      const wanted = new Set(board.view ? board.view.ids : []);
      if (![...beluga.map.paths.keys()].every((id) => wanted.has(id))) beluga.map.paths.clear(); // still the former view
      board.paintMap(null);
      if (beluga.map.paths.size && !beluga.firstMap) {
        beluga.firstMap = performance.now();
        if (due) beluga.map.resized();
      }
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
  };

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
})();
