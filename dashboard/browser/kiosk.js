// On a wall: /?kiosk=1 is dark and large; with &rotate=SECONDS its tiles take turns, nobody at the keyboard.

import { board } from "./board.js";
import { byId } from "./elements.js";
import { showCounties } from "./table.js";

// What is shown together, in order. The worklist is in two of three: it is the page.
const SCENES = ["work today", "map today", "work silent", "counties today", "incidents silent"];
const COUNTIES = "counties"; // the map as a table of them, where there are several
const SHORTEST = 5; // seconds; faster cannot be read

export function beginKiosk() {
  const query = new URLSearchParams(location.search);
  const seconds = Number(query.get("rotate"));
  if (query.get("kiosk") !== "1" || !(seconds > 0)) return;
  let turn = -1;
  const next = () => {
    const scenes = (board.boot?.county_names.length ?? 0) > 1 ? SCENES : SCENES.filter((s) => !s.startsWith(COUNTIES));
    turn = (turn + 1) % scenes.length;
    document.body.dataset.scene = String(turn);
    const asTable = scenes[turn].startsWith(COUNTIES);
    board.asTable = asTable;
    byId("map-table").hidden = !asTable;
    byId("map-body").hidden = asTable;
    showCounties(asTable);
    const scene = scenes[turn].replace(COUNTIES, "map").split(" "); // the first is the larger, at the left
    for (const tile of /** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll(".tile"))) {
      const place = scene.indexOf(tile.id);
      tile.classList.toggle("off-stage", place < 0);
      tile.classList.toggle("aside", place > 0);
      tile.style.order = String(place);
    }
  };
  next();
  setInterval(next, 1000 * Math.max(SHORTEST, seconds));
}
