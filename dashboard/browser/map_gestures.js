// The map under the hand: moved by dragging, magnified by wheel, two fingers or buttons; hovering tells what is there.
import { board } from "./board.js";
import { byId, make, targetOf } from "./elements.js";
import { retold, tr } from "./language.js";
import { map } from "./map.js";
import { badge, hhmm, percent, stateOf, whole } from "./words.js";

/** @import {Box} from "./map.js" */
/** @typedef {[number, number]} Point */

const MOST = 40; // times larger than the whole
const STEP = 1.6; // of the buttons
const STILL = 4; // pixels: less is a click, not a drag
const NAME_PX = 13, HALO_PX = 3;

/** @type {Box} */
let sheet = [0, 0, 0, 0];
/** @type {Box | null} */
let seen = null;
let size = { width: 0, height: 0 }; // of the map on the screen, pixels
let large = 1;
let placing = 0;

/** Shows this part of the sheet, which is the whole. @param {Box} box */
export function lookAt(box) {
  sheet = box;
  seen = [...box];
  place();
}

/** Of the sheet in a pixel. @param {Box} part */
const unit = (part) => Math.max(part[2] / size.width, part[3] / size.height);

function place() {
  placing = 0;
  if (!seen || !size.width || !size.height) return;
  map.svg.setAttribute("viewBox", seen.join(" "));
  const one = unit(seen) * large;
  map.patterns[0].setAttribute("patternTransform", "rotate(45) scale(" + one + ")");
  map.patterns[1].setAttribute("patternTransform", "scale(" + one + ")");
  map.names.style.fontSize = NAME_PX * one + "px";
  map.names.style.strokeWidth = String(HALO_PX * one);
}
const placeSoon = () => { if (!placing) placing = requestAnimationFrame(place); };

/** The sheet's point under a point of the map (pixels from its corner). @param {Box} part @param {number} x @param {number} y @returns {Point} */
const under = (part, x, y) => [part[0] + part[2] / 2 + (x - size.width / 2) * unit(part), part[1] + part[3] / 2 + (y - size.height / 2) * unit(part)];

/** @param {number} dx @param {number} dy */
function moveBy(dx, dy) {
  if (!seen) return;
  for (const [i, by] of [[0, dx], [1, dy]]) {
    const middle = seen[i] + seen[i + 2] / 2 - by * unit(seen);
    seen[i] = Math.max(sheet[i], Math.min(sheet[i] + sheet[i + 2], middle)) - seen[i + 2] / 2;
  }
  placeSoon();
}

/** `times` larger around a point of the map, which stays where it is. @param {number} times @param {number} [x] @param {number} [y] */
function magnify(times, x = size.width / 2, y = size.height / 2) {
  if (!seen || !size.width) return;
  const wanted = Math.max(sheet[2] / MOST, Math.min(sheet[2], seen[2] / times));
  if (wanted === sheet[2]) seen = [...sheet];
  else {
    const [sx, sy] = under(seen, x, y);
    const by = wanted / seen[2];
    seen = [0, 0, wanted, seen[3] * by];
    const [nx, ny] = under(seen, x, y);
    seen[0] = sx - nx;
    seen[1] = sy - ny;
    moveBy(0, 0);
  }
  placeSoon();
}

/** Puts the map and its buttons in the page and follows the hand. */
export function watchMap() {
  const holder = byId("map-body");
  const svg = map.svg;
  /** @param {string} words @param {string} label @param {() => void} act */
  const button = (words, label, act) => {
    const b = make("button", { type: "button", "aria-label": label, title: label }, words);
    b.addEventListener("click", act);
    return b;
  };
  holder.append(svg, map.words, make("div", { class: "zoom" }, button("+", tr("Magnify the map"), () => magnify(STEP)), button("−", tr("Reduce the map"), () => magnify(1 / STEP)), button("⤢", tr("The whole map"), () => { if (seen) lookAt(sheet); })));
  new ResizeObserver(([entry]) => {
    size = svg.getBoundingClientRect(); // as the pointer counts, which on a very large screen is enlarged (styles/tiles.css)
    large = size.width / (entry.contentRect.width || 1);
    place();
  }).observe(svg);

  /** @param {MouseEvent} event @returns {Point} */
  const at = (event) => { const box = svg.getBoundingClientRect(); return [event.clientX - box.left, event.clientY - box.top]; };
  svg.addEventListener("wheel", (event) => {
    event.preventDefault();
    magnify(Math.exp(-event.deltaY * (event.deltaMode ? 0.03 : 0.0015)), ...at(event));
  }, { passive: false });

  /** Pointer id → its last place. @type {Map<number, {first: Point, last: Point}>} */
  const fingers = new Map();
  let dragged = false;
  svg.addEventListener("pointerdown", (event) => {
    if (event.button) return;
    if (!fingers.size) dragged = false;
    fingers.set(event.pointerId, { first: at(event), last: at(event) });
  });
  svg.addEventListener("pointermove", (event) => {
    const finger = fingers.get(event.pointerId);
    if (!finger) { if (event.pointerType === "mouse") hover(event); return; }
    if (!seen || !size.width) return;
    const [x, y] = at(event);
    if (!dragged) {
      if (Math.hypot(x - finger.first[0], y - finger.first[1]) < STILL) return;
      dragged = true;
      tip.hidden = true;
      svg.setPointerCapture(event.pointerId);
    }
    const other = [...fingers.values()].find((f) => f !== finger);
    if (other) { // the middle moves half as far as the finger that moved
      /** @param {Point} p */
      const far = ([ax, ay]) => Math.hypot(ax - other.last[0], ay - other.last[1]) || 1;
      moveBy((x - finger.last[0]) / 2, (y - finger.last[1]) / 2);
      magnify(far([x, y]) / far(finger.last), (x + other.last[0]) / 2, (y + other.last[1]) / 2);
    } else moveBy(x - finger.last[0], y - finger.last[1]);
    finger.last = [x, y];
  });
  for (const name of /** @type {const} */ (["pointerup", "pointercancel", "lostpointercapture"]))
    svg.addEventListener(name, (event) => fingers.delete(event.pointerId));
  svg.addEventListener("click", (event) => { if (dragged) { event.stopPropagation(); dragged = false; } }, true);

  const tip = make("div", { id: "tip", hidden: true });
  document.body.append(tip);
  svg.addEventListener("pointerleave", () => { tip.hidden = true; });
  /** @param {MouseEvent} event */
  const hover = (event) => {
    const { precinct, county } = targetOf(event).dataset;
    if (precinct !== undefined) showTip(tip, linesOfPrecinct(precinct), event);
    else if (county !== undefined) showTip(tip, linesOfCounty(county), event);
    else tip.hidden = true;
  };
}

/** @param {string} id */
function linesOfCounty(id) {
  const a = board.aggregates.get("county:" + id);
  const name = make("b", {}, id || tr("No county"));
  return a ? [name, make("span", {}, tr("{lagging} behind · {silent} silent of {precincts}", { lagging: whole(a.lagging), silent: whole(a.silent), precincts: whole(a.precincts) })),
    make("span", {}, tr("{share} coverage", { share: percent(a.coverage) }) + " · " + (a.caveat ? retold(a.instead) : tr("projected {n}", { n: whole(a.projected_final) })))] : [name];
}

/** @param {string} id */
function linesOfPrecinct(id) {
  const s = board.standings.get(id);
  const name = make("b", {}, board.nameOf(id));
  if (!s) return [name];
  const { last_votes: votes, last_observed_at: at } = s;
  const last = votes === null || votes === undefined ? tr("No count yet.") : tr("Last count {votes} at {at}.", { votes: whole(votes), at: hhmm(at ?? 0) });
  return [name, badge(stateOf(s)), make("span", {}, (s.reason ? retold(s.reason) + " " : "") + last)];
}

/** @param {HTMLElement} tip @param {HTMLElement[]} lines @param {MouseEvent} mouse */
function showTip(tip, lines, mouse) {
  tip.replaceChildren(...lines);
  tip.hidden = false;
  const x = Math.min(mouse.clientX + 14, innerWidth - tip.offsetWidth - 8);
  const y = Math.min(mouse.clientY + 14, innerHeight - tip.offsetHeight - 8);
  tip.style.transform = "translate(" + x + "px," + y + "px)";
}
