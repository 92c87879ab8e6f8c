// On a wall: /?kiosk=1 is dark and large; with &rotate=SECONDS its tiles take turns, nobody at the keyboard.

// What is shown together, in order. The worklist is in two of three: it is the page.
const SCENES = ["work today", "map today", "work silent", "incidents silent"];
const SHORTEST = 5; // seconds; faster cannot be read

export function beginKiosk() {
  const query = new URLSearchParams(location.search);
  const seconds = Number(query.get("rotate"));
  if (query.get("kiosk") !== "1" || !(seconds > 0)) return;
  let turn = -1;
  const next = () => {
    turn = (turn + 1) % SCENES.length;
    document.body.dataset.scene = String(turn);
    const scene = SCENES[turn].split(" "); // the first is the larger, at the left
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
