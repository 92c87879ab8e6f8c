// Dash and plotly, which draw the panel of one precinct: megabytes that the list and the map need not wait for.
// Their tags rest in a template. They come in when the board is painted and the page rests, or with the first precinct
// that somebody opens.
import { byId } from "./elements.js";

const REST_MS = 1500; // after the first paint, so that the person's first clicks are answered at once
/** @type {Set<HTMLScriptElement>} */
const loaded = new Set();

/** @param {HTMLScriptElement} tag @returns {Promise<void>} */
function run(tag) {
  const script = document.importNode(tag, true);
  script.async = false; // in their order
  /** @type {Promise<void>} */
  const done = new Promise((resolve, reject) => {
    if (!script.src) { resolve(); return; }
    script.addEventListener("load", () => { loaded.add(tag); resolve(); });
    script.addEventListener("error", () => { script.remove(); reject(new Error("script lost")); });
  });
  document.body.append(script);
  return done;
}

async function load() {
  const holder = /** @type {HTMLTemplateElement} */ (byId("dash-scripts"));
  const tags = [...holder.content.querySelectorAll("script")].filter((tag) => !loaded.has(tag));
  await Promise.all(tags.filter((tag) => tag.src).map(run));
  for (const tag of tags.filter((t) => !t.src)) run(tag); // starts Dash
  if (byId("panel-words")) return;
  await /** @type {Promise<void>} */ (new Promise((done) => {
    const drawn = new MutationObserver(() => { if (byId("panel-words")) { drawn.disconnect(); done(); } });
    drawn.observe(byId("react-entry-point"), { childList: true, subtree: true });
  }));
}

/** @type {Promise<void> | null} */
let coming = null;
export const panelScripts = {
  here: false,
  /** Settles when the panel can be drawn; rejected where a script did not come, and tried again when next asked. */
  ready() {
    coming ??= load().then(() => { panelScripts.here = true; }, (error) => { coming = null; throw error; });
    return coming;
  },
  soon() {
    if (document.documentElement.classList.contains("kiosk")) return; // nobody opens a precinct on a wall
    const begin = () => { panelScripts.ready().catch(() => {}); };
    setTimeout(() => ("requestIdleCallback" in window ? requestIdleCallback(begin) : setTimeout(begin)), REST_MS);
  },
};
