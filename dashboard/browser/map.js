// The map: paths as the war room sends them, projected already (dashboard/map/drawing.py), coloured here from the feed.
// No library draws it: a page would wait for five megabytes. How it is moved and pointed at: map_gestures.js.
import { signedOut } from "./board.js";
import { css, make, svg } from "./elements.js";
import { tr } from "./language.js";

/** @import {Aggregate, Standing} from "feed-messages" */
/** @import {MapView} from "./board.js" */
/** @typedef {[number, number, number]} Rgb */
/** @typedef {[number, number, number, number]} Box  x, y, width, height on the sheet */
/** @typedef {{box: Box, shapes: [string, string, number, number][]}} Sheet  shapes: id, path, place of the name */
/** @typedef {{neutral: Rgb, lagging: Rgb, watch: Rgb, tint: [Rgb, number][]}} Colours */

const MOST_NAMES = 80; // counties written on the map; more could not be read
const RETRY_MS = [1000, 15000];

/** @param {string} id @param {...SVGElement} inside */
const pattern = (id, ...inside) => svg("pattern", { id, patternUnits: "userSpaceOnUse", width: 6, height: 6 }, svg("rect", { width: 6, height: 6, class: "ground" }), ...inside);

export const map = {
  /** By precinct or county. @type {Map<string, SVGPathElement>} */
  paths: new Map(),
  /** @type {Colours | null} */
  colours: null,
  /** @type {MapView | null} */
  view: null,
  patterns: [pattern("hatch", svg("rect", { width: 1.6, height: 6, class: "silent-ink" })), pattern("dots", svg("circle", { cx: 3, cy: 3, r: 1.7, class: "doubtful-ink" }))],
  shapes: svg("g", { class: "shapes" }),
  names: svg("g", { class: "names", "aria-hidden": "true" }),
  svg: svg("svg", { id: "map-sheet", role: "img", "aria-label": tr("Map; the same as a table is behind the button Table") }),
  words: make("p", { class: "empty", hidden: true }),
};
// Patterns keep their size on the screen, whatever part of the sheet is shown (map_gestures.js).
map.svg.append(svg("defs", {}, ...map.patterns), map.shapes, map.names);

/**
 * Fetches and draws what the board looks at. Until then the map is empty; nothing else waits for it.
 * @param {MapView} view
 * @param {(box: Box) => void} drawn
 */
export async function showMap(view, drawn) {
  map.view = view;
  map.paths.clear();
  map.shapes.replaceChildren();
  map.names.replaceChildren();
  /** @param {string} words */
  const say = (words) => { map.words.textContent = words; map.words.hidden = !words; };
  say("");
  for (let pause = RETRY_MS[0]; map.view === view; pause = Math.min(pause * 2, RETRY_MS[1])) {
    let reply = null;
    /** @type {Sheet | null} */
    let sheet = null;
    try {
      reply = await fetch(view.url, { signal: AbortSignal.timeout(20000) });
      if (reply.ok) sheet = await reply.json();
    } catch { /* tried again */ }
    if (map.view !== view) return;
    if (sheet) { say(""); draw(view, sheet); drawn(sheet.box); return; }
    if (reply?.status === 401) { signedOut(); return; }
    if (reply && reply.status < 500) { say(tr("There is no map of this. Choose another county, or all of them.")); return; }
    say(tr("The map does not load; trying again. Table shows the same."));
    await new Promise((done) => setTimeout(done, pause * (0.5 + Math.random())));
  }
}

/** @param {MapView} view @param {Sheet} sheet */
function draw(view, { shapes }) {
  const key = view.kind === "counties" ? "county" : "precinct";
  const drawn = document.createDocumentFragment();
  for (const [id, d] of shapes) {
    const path = svg("path", { d });
    path.dataset[key] = id; // a click on it opens the place, as on any other with such a mark (clicks.js)
    map.paths.set(id, path);
    drawn.append(path);
  }
  map.shapes.append(drawn);
  if (key === "county" && shapes.length <= MOST_NAMES)
    map.names.append(...shapes.map(([id, , x, y]) => svg("text", { x, y }, id)));
}

/** A colour "#aabbcc" as numbers. @param {string} hex @returns {Rgb} */
export function rgbOf(hex) {
  const value = hex.replace("#", "");
  return /** @type {Rgb} */ ([0, 2, 4].map((i) => parseInt(value.slice(i, i + 2), 16)));
}
/** @param {Rgb} a @param {Rgb} b @param {number} t */
const mix = (a, b, t) => "rgb(" + a.map((x, i) => Math.round(x + (b[i] - x) * t)).join(",") + ")";

/** The map's colours from those of the states. @param {(name: string) => Rgb} named @returns {Colours} */
export function coloursFrom(named) {
  const ground = named("--neutral"), behind = named("--lagging"), ahead = named("--on-pace");
  return {
    neutral: ground,
    lagging: behind, watch: named("--watch"),
    tint: [[behind, 0.4], [behind, 0.2], [ground, 0], [ahead, 0.35], [ahead, 0.6], [ahead, 0.85]],
  };
}

/** Reads the colours of the style sheet anew. */
export function readTheme() {
  map.colours = coloursFrom((name) => rgbOf(css(name)));
}

// One of six tints for a gap (log ratio to peers); `sure` 0..1 makes it paler where we know little.
const STEPS = [-0.15, -0.05, 0.05, 0.15, 0.3];
/** @param {Colours} colours @param {number} gap @param {number} sure */
function tint(colours, gap, sure) {
  let step = 0;
  while (step < STEPS.length && gap >= STEPS[step]) step += 1;
  const [colour, strength] = colours.tint[step];
  return mix(colours.neutral, colour, strength * (0.45 + 0.55 * sure));
}
/** @param {Standing} s */
const certainty = (s) => {
  const width = s.projected_final > 0 ? (s.hi80 - s.lo80) / s.projected_final : 1;
  return Math.max(0, Math.min(1, 1.15 - width));
};

/** The fill of one precinct. @param {Colours} colours @param {Standing} s */
export function fillOf(colours, s) {
  switch (s.state) {
    case "silent": return "url(#hatch)";
    case "doubtful": return "url(#dots)";
    case "closed": return "transparent";
    case "lagging": return mix(colours.neutral, colours.lagging, 0.7 + 0.3 * s.p_lagging);
    case "watch": return mix(colours.neutral, colours.watch, 0.55 + 0.45 * certainty(s));
    default: return tint(colours, s.gap, certainty(s));
  }
}

/** The fill of a county: its outlook against everybody's, paler where few report, hatched where that says nothing.
 * @param {Colours} colours @param {Aggregate | undefined} a @param {Aggregate | null} all */
export function fillOfCounty(colours, a, all) {
  if (!a || !a.reporting || a.caveat) return "url(#hatch)"; // its projection would be a guess
  /** @param {Aggregate | null} x */
  const outlook = (x) => (x && x.expected_final > 0 && x.projected_final > 0 ? Math.log(x.projected_final / x.expected_final) : 0);
  const gap = outlook(a) - outlook(all);
  const sure = Math.min(1, 0.25 + a.coverage);
  return gap < -0.16 ? mix(colours.neutral, colours.lagging, sure) : tint(colours, gap, sure);
}

/** What a path was filled with last: asking its style takes longer. @type {WeakMap<SVGPathElement, string>} */
const filled = new WeakMap();

/** Colours `ids` (all where null). @param {Iterable<string> | null} ids @param {(id: string) => string} fill */
export function fillPaths(ids, fill) {
  for (const id of ids || map.paths.keys()) {
    const path = map.paths.get(id);
    if (!path) continue;
    const wanted = fill(id);
    if (filled.get(path) === wanted) continue;
    filled.set(path, wanted);
    path.style.fill = wanted;
  }
}
