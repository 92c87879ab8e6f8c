// One paint of what has changed: tiles and map together.
import { board, marks, paintWith, soon } from "./board.js";
import { total } from "./lists.js";
import { fillOf, fillOfCounty, fillPaths, map } from "./map.js";
import { panelScripts } from "./panel_scripts.js";

/** @import {TileName} from "./board.js" */

/** Who paints a tile that this page has. @type {Map<TileName, () => void>} */
const painters = new Map();
/** Says what paints a tile; null: the page has it no more. @param {TileName} name @param {(() => void) | null} paint */
export function paints(name, paint) {
  if (paint) painters.set(name, paint);
  else painters.delete(name);
  if (board.ready) soon([name]);
}

paintWith(({ tiles: names, ids, all }) => {
  for (const name of names) painters.get(name)?.();
  paintMap(all ? null : ids);
  if (board.ready) drawnFirst("firstPaint");
});

/** @type {Set<string>} */
const begun = new Set();
/** When the list, and the map, were first on the screen (milliseconds of the page). @param {"firstPaint" | "firstMap"} what */
function drawnFirst(what) {
  if (begun.has(what)) return;
  begun.add(what);
  requestAnimationFrame(() => setTimeout(() => {
    marks[what] = performance.now();
    if (what === "firstPaint") panelScripts.soon();
  }));
}

/** Colours these places (null: all). @param {Iterable<string> | null} ids */
export function paintMap(ids) {
  const { view } = board, { colours } = map;
  if (!view || !colours || !board.ready || !map.paths.size) return;
  if (view.kind === "counties") { // few, and each rests on everybody's
    const all = total(board);
    fillPaths(null, (id) => fillOfCounty(colours, board.aggregates.get("county:" + id), all));
  } else fillPaths(ids, (id) => {
    const s = board.standings.get(id);
    return s ? fillOf(colours, s) : "transparent";
  });
  map.shapes.querySelector(".selected")?.classList.remove("selected");
  const chosen = board.selected === null ? undefined : map.paths.get(board.selected);
  if (chosen) { chosen.classList.add("selected"); map.shapes.append(chosen); }
  drawnFirst("firstMap");
}
