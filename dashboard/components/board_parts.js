// What each part of the board does in the browser: which painter it has, and with which props.
import { board } from "./board.js";
import { component, drawnByDash, react } from "./component.js";
import { byId } from "./elements.js";
import { buildHeader } from "./header.js";
import { watchMap } from "./map_gestures.js";
import { paints } from "./paint.js";
import { showTable } from "./table.js";
import { rows, tiles } from "./tiles.js";

/** @import {TileName} from "./board.js" */
/** @import {Props} from "./component.js" */

const MINUTE_S = 60;

/** A tile that is painted from the feed, five times a second at most, by the painter of this name.
 * @param {string} type @param {TileName} name */
const tile = (type, name) => component(type, (element, props) => {
  /** @param {Props} given */
  const paintWith = (given) => {
    const title = element.querySelector("h2")?.firstChild;
    if (title && title.textContent !== given.title) title.textContent = given.title;
    if (name in rows) rows[/** @type {keyof typeof rows} */ (name)] = given.rows;
    paints(name, tiles[name]);
  };
  paintWith(props);
  return { update: paintWith, end: () => paints(name, null) };
});

tile("Worklist", "work");
tile("TodayTile", "today");
tile("SilentList", "silent");
tile("IncidentList", "incidents");
tile("UnreadList", "unread");

component("PrecinctMap", () => {
  watchMap();
  paints("legend", () => { tiles.legend(); showTable(); });
  return { end: () => paints("legend", null) };
});

component("TopBar", () => { if (board.boot && !byId("top").firstChild) buildHeader(board.boot); });

// The minute of the feed, for callbacks in Python. One number a minute: Dash's history of it stays small.
drawnByDash("MinuteClock", ({ minute, setProps }) => {
  react().React.useEffect(() => {
    const look = () => {
      const { at } = board.feed;
      const now = at === null ? null : Math.floor(at / MINUTE_S);
      if (now !== null && now !== minute && !document.hidden) setProps({ minute: now });
    };
    look();
    const turn = setInterval(look, 1000);
    return () => clearInterval(turn);
  }, [minute]);
  return null;
});
