// The map: plotly draws the shapes once, by URL; afterwards we colour the paths ourselves (five times faster).
(function () {
  "use strict";
  const beluga = (window.beluga = window.beluga || {});
  const map = (beluga.map = { paths: new Map(), view: null, colours: null });

  // Called by Dash with the view the board asked for: {kind, county, url, ids}.
  window.dash_clientside = Object.assign({}, window.dash_clientside, {
    beluga: {
      mapTouched(click, hover) {
        const which = window.dash_clientside.callback_context.triggered.map((t) => t.prop_id);
        if (which.includes("map-graph.clickData")) beluga.mapClicked?.(click);
        if (which.includes("map-graph.hoverData")) beluga.mapHovered?.(hover);
        return window.dash_clientside.no_update;
      },
      async mapFigure(view) {
        const { bounds: [west, south, east, north], middles } = await look(view.url);
        const names = view.kind === "counties" && view.ids.length <= MOST_NAMES ? [countyNames(middles)] : [];
        return {
          data: [{
            type: "choropleth", geojson: view.url, locations: view.ids, z: view.ids.map(() => 0),
            colorscale: [[0, "rgba(0,0,0,0)"], [1, "rgba(0,0,0,0)"]], showscale: false, hoverinfo: "none",
            marker: { line: { width: 0 } },
          }, ...names],
          layout: {
            geo: {
              visible: false, projection: { type: "mercator" }, bgcolor: "rgba(0,0,0,0)",
              lonaxis: { range: [west, east] }, lataxis: { range: [south, north] },
              showframe: false, showcoastlines: false, showland: false,
            },
            margin: { l: 0, r: 0, t: 0, b: 0 }, paper_bgcolor: "rgba(0,0,0,0)", dragmode: "pan",
            uirevision: view.url,
          },
        };
      },
    },
  });

  // Where the shapes lie, with a little room around them. plotly's own fitting leaves a third of the tile empty.
  // The file stays in the browser's cache, so that plotly does not ask the server for it again.
  async function look(url) {
    const bounds = [180, 85, -180, -85];
    const middles = new Map();
    try {
      const shapes = await (await fetch(url)).json();
      for (const { id, geometry } of shapes.features) {
        const own = [180, 85, -180, -85];
        for (const polygon of geometry.type === "Polygon" ? [geometry.coordinates] : geometry.coordinates)
          for (const [x, y] of polygon[0]) {
            own[0] = Math.min(own[0], x);
            own[1] = Math.min(own[1], y);
            own[2] = Math.max(own[2], x);
            own[3] = Math.max(own[3], y);
          }
        middles.set(id, [(own[0] + own[2]) / 2, (own[1] + own[3]) / 2]);
        for (const i of [0, 1]) bounds[i] = Math.min(bounds[i], own[i]);
        for (const i of [2, 3]) bounds[i] = Math.max(bounds[i], own[i]);
      }
    } catch {
      return { bounds: [-180, -85, 180, 85], middles }; // plotly will say what is wrong with the file
    }
    const [dx, dy] = [0.02 * (bounds[2] - bounds[0]), 0.02 * (bounds[3] - bounds[1])];
    return { bounds: [bounds[0] - dx, bounds[1] - dy, bounds[2] + dx, bounds[3] + dy], middles };
  }

  // plotly's labels know a little markup; names must not.
  const MOST_NAMES = 80;
  const plain = (text) => text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
  function countyNames(middles) {
    const places = [...middles];
    return {
      type: "scattergeo", mode: "text", hoverinfo: "skip", lon: places.map((p) => p[1][0]), lat: places.map((p) => p[1][1]),
      text: places.map((p) => plain(String(p[0]))), textfont: { size: places.length > 30 ? 11 : 13, color: beluga.css("--ink") },
    };
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

  // The fill of a county: its outlook against everybody's, paler where few report, hatched where none does.
  map.fillCounty = function (a, all) {
    if (!a || !a.reporting) return "url(#hatch)";
    const outlook = (x) => (x && x.expected_final > 0 && x.projected_final > 0 ? Math.log(x.projected_final / x.expected_final) : 0);
    const gap = outlook(a) - outlook(all);
    const sure = Math.min(1, 0.25 + a.coverage);
    return gap < -0.16 ? mix(map.colours.neutral, map.colours.lagging, sure) : tint(gap, sure);
  };

  // Collects the paths plotly drew; each carries the id it was drawn for.
  map.collect = function (graph) {
    map.paths.clear();
    for (const path of graph.querySelectorAll("path.choroplethlocation")) {
      const id = path.__data__ && path.__data__.loc;
      if (id !== null && id !== undefined) map.paths.set(String(id), path);
    }
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

  map.patterns = function () {
    const holder = document.createElement("div");
    holder.innerHTML = // a constant: no data enters it
      '<svg width="0" height="0" class="patterns" aria-hidden="true"><defs>' +
      '<pattern id="hatch" patternUnits="userSpaceOnUse" width="6" height="6" patternTransform="rotate(45)"><rect width="6" height="6" class="ground"/><rect width="1.6" height="6" class="silent-ink"/></pattern>' +
      '<pattern id="dots" patternUnits="userSpaceOnUse" width="6" height="6"><rect width="6" height="6" class="ground"/><circle cx="3" cy="3" r="1.7" class="doubtful-ink"/></pattern>' +
      "</defs></svg>";
    document.body.append(holder.firstChild);
  };
})();
