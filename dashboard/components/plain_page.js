// A page that Python drew whole: nothing of it waits for the feed. Dash takes it over when it has been shown.
import { drawnByDash, mountAll, react } from "./component.js";
import { panelScripts } from "./panel_scripts.js";

const TURN_MS = 10000; // between two askings whether anything is new; a page that nobody sees does not ask

// These pages do not follow the feed: their minute is a number that moves on, for callbacks in Python.
drawnByDash("MinuteClock", ({ setProps }) => {
  react().React.useEffect(() => {
    const turn = setInterval(() => { if (!document.hidden) setProps({ minute: Math.floor(Date.now() / TURN_MS) }); }, TURN_MS);
    return () => clearInterval(turn);
  }, []);
  return null;
});

mountAll();
panelScripts.soon();
