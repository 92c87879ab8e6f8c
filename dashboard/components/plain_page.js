// A page that Python drew whole: nothing of it waits for the feed. Dash takes it over when it has been shown.
import { mountAll } from "./component.js";
import { panelScripts } from "./panel_scripts.js";

mountAll();
panelScripts.soon();
