// The map: paths as the war room sends them, projected already (dashboard/map/drawing.py), coloured here from the feed.
// No library draws it: a page would wait for five megabytes. How it is moved and pointed at: touch.js.
(function () {
  "use strict";
  const beluga = (window.beluga = window.beluga || {});
  const make = (...a) => beluga.make(...a);
  const map = (beluga.map = { paths: new Map(), colours: null, svg: null });

  const MOST_NAMES = 80; // counties written on the map; more could not be read
  const RETRY_MS = [1000, 15000];
  const svg = (map.element = (name, attributes = {}, ...inside) => {
    const element = document.createElementNS("http://www.w3.org/2000/svg", name);
    for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
    element.append(...inside);
    return element;
  });

  // The empty map. Patterns keep their size on the screen, whatever part of the sheet is shown (touch.js).
  map.build = function (holder) {
    const pattern = (id, ...inside) => svg("pattern", { id, patternUnits: "userSpaceOnUse", width: 6, height: 6 }, svg("rect", { width: 6, height: 6, class: "ground" }), ...inside);
    map.patterns = [pattern("hatch", svg("rect", { width: 1.6, height: 6, class: "silent-ink" })), pattern("dots", svg("circle", { cx: 3, cy: 3, r: 1.7, class: "doubtful-ink" }))];
    map.shapes = svg("g", { class: "shapes" });
    map.names = svg("g", { class: "names", "aria-hidden": "true" });
    map.svg = svg("svg", { id: "map-sheet", role: "img", "aria-label": "Map; the same as a table is behind the button Table" }, svg("defs", {}, ...map.patterns), map.shapes, map.names);
    map.words = make("p", { class: "empty", hidden: true });
    holder.append(map.svg, map.words);
  };

  // Fetches and draws what the board looks at: {kind, url}. Until then the map is empty; nothing else waits for it.
  map.show = async function (view) {
    map.view = view;
    map.paths.clear();
    map.shapes.replaceChildren();
    map.names.replaceChildren();
    const say = (words) => { map.words.textContent = words; map.words.hidden = !words; };
    say("");
    for (let pause = RETRY_MS[0]; map.view === view; pause = Math.min(pause * 2, RETRY_MS[1])) {
      let reply = null, sheet = null;
      try {
        reply = await fetch(view.url, { signal: AbortSignal.timeout(20000) });
        if (reply.ok) sheet = await reply.json();
      } catch { /* tried again */ }
      if (map.view !== view) return;
      if (sheet) { say(""); draw(view, sheet); return; }
      if (reply?.status === 401) { beluga.board.signedOut(); return; }
      if (reply && reply.status < 500) { say("There is no map of this. Choose another county, or all of them."); return; }
      say("The map does not load; trying again. Table shows the same.");
      await new Promise((done) => setTimeout(done, pause * (0.5 + Math.random())));
    }
  };

  function draw(view, { box, shapes }) {
    const key = view.kind === "counties" ? "county" : "precinct";
    const drawn = document.createDocumentFragment();
    for (const [id, d] of shapes) {
      const path = svg("path", { d });
      path.dataset[key] = id; // a click on it opens the place, as on any other with such a mark (hands.js)
      map.paths.set(id, path);
      drawn.append(path);
    }
    map.shapes.append(drawn);
    if (key === "county" && shapes.length <= MOST_NAMES)
      map.names.append(...shapes.map(([id, , x, y]) => svg("text", { x, y }, id)));
    map.lookAt(box);
    beluga.board.paintMap(null);
  }

  function hexes(name) {
    const value = beluga.css(name).replace("#", "");
    return [0, 2, 4].map((i) => parseInt(value.slice(i, i + 2), 16));
  }
  const mix = (a, b, t) => "rgb(" + a.map((x, i) => Math.round(x + (b[i] - x) * t)).join(",") + ")";

  map.readTheme = function () {
    const ground = hexes("--neutral");
    const behind = hexes("--lagging"), ahead = hexes("--on-pace");
    map.colours = {
      neutral: ground,
      lagging: hexes("--lagging"), watch: hexes("--watch"),
      tint: [[behind, 0.4], [behind, 0.2], [ground, 0], [ahead, 0.35], [ahead, 0.6], [ahead, 0.85]],
    };
  };

  // One of six tints for a gap (log ratio to peers); `sure` 0..1 makes it paler where we know little.
  const STEPS = [-0.15, -0.05, 0.05, 0.15, 0.3];
  function tint(gap, sure) {
    let step = 0;
    while (step < STEPS.length && gap >= STEPS[step]) step += 1;
    const [colour, strength] = map.colours.tint[step];
    return mix(map.colours.neutral, colour, strength * (0.45 + 0.55 * sure));
  }
  const certainty = (s) => {
    const width = s.projected_final > 0 ? (s.hi80 - s.lo80) / s.projected_final : 1;
    return Math.max(0, Math.min(1, 1.15 - width));
  };

  // The fill of one precinct.
  map.fill = function (s) {
    switch (s.state) {
      case "silent": return "url(#hatch)";
      case "doubtful": return "url(#dots)";
      case "closed": return "transparent";
      case "lagging": return mix(map.colours.neutral, map.colours.lagging, 0.7 + 0.3 * s.p_lagging);
      case "watch": return mix(map.colours.neutral, map.colours.watch, 0.55 + 0.45 * certainty(s));
      default: return tint(s.gap, certainty(s));
    }
  };

  // The fill of a county: its outlook against everybody's, paler where few report, hatched where that says nothing.
  map.fillCounty = function (a, all) {
    if (!a || !a.reporting || a.caveat) return "url(#hatch)"; // its projection would be a guess
    const outlook = (x) => (x && x.expected_final > 0 && x.projected_final > 0 ? Math.log(x.projected_final / x.expected_final) : 0);
    const gap = outlook(a) - outlook(all);
    const sure = Math.min(1, 0.25 + a.coverage);
    return gap < -0.16 ? mix(map.colours.neutral, map.colours.lagging, sure) : tint(gap, sure);
  };

  // Colours `ids` (all where null). `fillOf(id)` gives the fill.
  map.paint = function (ids, fillOf) {
    for (const id of ids || map.paths.keys()) {
      const path = map.paths.get(id);
      if (!path) continue;
      const fill = fillOf(id);
      if (path.belugaFill !== fill) path.style.fill = path.belugaFill = fill;
    }
  };
})();
