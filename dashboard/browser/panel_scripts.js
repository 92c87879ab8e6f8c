// Dash, which takes the page over once the list stands; and its charts and other large components, which come when one
// of them is seen or the page rests. All their tags rest in a template (dashboard/pages/frame.html).
import { react, taken } from "./component.js";
import { byId } from "./elements.js";

const REST_MS = 1500; // after Dash has come, so that the person's first clicks are answered at once
const AGAIN_MS = 5000;
// Dash looks for every component when it starts: these have a stand-in until they are needed, and with them the polyfill.
/** @type {Record<string, RegExp>} */
const LARGE = { dash_core_components: /\/polyfill|\/dcc\//, dash_table: /\/polyfill|\/dash_table\// };
const NOT_FIRST = /\/(dcc|dash_table)\/|\/polyfill/;
const UNSEEN = new Set(["Store", "Interval", "Location", "Download", "Geolocation"]); // of dcc: nothing to look at

/** @typedef {Record<string, Function>} Library */
const globals = /** @type {Record<string, Library>} */ (/** @type {unknown} */ (window));
/** What has come. @type {Record<string, Library>} */
const libraries = {};
/** @type {Set<HTMLScriptElement>} */
const loaded = new Set();

/** @param {HTMLScriptElement} tag @returns {Promise<void>} */
function run(tag) {
  if (loaded.has(tag)) return Promise.resolve();
  const script = document.importNode(tag, true);
  script.async = false; // in their order
  /** @type {Promise<void>} */
  const done = new Promise((resolve, reject) => {
    if (!script.src) { loaded.add(tag); resolve(); return; }
    script.addEventListener("load", () => { loaded.add(tag); resolve(); });
    script.addEventListener("error", () => { script.remove(); reject(new Error("script lost")); });
  });
  document.body.append(script);
  return done;
}

const tags = () => [.../** @type {HTMLTemplateElement} */ (byId("dash-scripts")).content.querySelectorAll("script")];

/** Asks once, and again only after a failure. @template T @param {() => Promise<T>} work @returns {() => Promise<T>} */
function once(work) {
  /** @type {Promise<T> | null} */
  let coming = null;
  return () => (coming ??= work().catch((error) => { coming = null; throw error; }));
}

/** Brings in a large library; asked again after a failure. @type {Record<string, () => Promise<void>>} */
const bring = Object.fromEntries(Object.entries(LARGE).map(([name, where]) => [name, once(async () => {
  await frame();
  await Promise.all(tags().filter((tag) => where.test(tag.src)).map(run));
  libraries[name] = globals[name];
  globals[name] = standIns(name);
})]));

/** @type {Map<string, Function>} */
const stood = new Map();
/** @param {string} library @returns {Library} */
const standIns = (library) => new Proxy({}, { get: (_, type) => {
  if (typeof type !== "string") return undefined;
  const key = library + "." + type;
  if (!stood.has(key)) stood.set(key, standIn(library, type));
  return stood.get(key);
} });

let resting = false; // everything may come, seen or not
/** @type {Set<() => void>} */
const waiting = new Set();

/** @param {string} library @param {string} type */
function standIn(library, type) {
  /** @param {Record<string, any>} props */
  return function StandIn(props) {
    const { createElement, useEffect, useRef, useState } = react().React;
    const [real, setReal] = useState(() => libraries[library]?.[type] ?? null);
    const place = useRef(null);
    useEffect(() => {
      if (real) return undefined;
      let here = true;
      const come = () => {
        if (here) bring[library]().then(() => { if (here) setReal(() => libraries[library][type]); }, () => setTimeout(come, AGAIN_MS));
      };
      if (resting || UNSEEN.has(type)) { come(); return () => { here = false; }; }
      const eye = new IntersectionObserver((seen) => { if (seen.some((one) => one.isIntersecting)) come(); });
      eye.observe(place.current);
      waiting.add(come);
      return () => { here = false; eye.disconnect(); waiting.delete(come); };
    }, [real]);
    if (real) return createElement(real, props);
    return UNSEEN.has(type) ? null : createElement("div", { ref: place, id: props.id, className: props.className, style: props.style });
  };
}

const firstTags = () => tags().filter((tag) => tag.src && !NOT_FIRST.test(tag.src));

const frame = once(async () => {
  for (const name of Object.keys(LARGE)) globals[name] ??= standIns(name);
  const all = tags();
  await Promise.all(firstTags().map(run));
  for (const tag of all.filter((t) => !t.src)) run(tag); // starts Dash
  await taken;
});

function rest() {
  resting = true;
  for (const come of waiting) come();
}

export const panelScripts = {
  /** Dash has the page. */
  here: false,
  /** Settles when Dash has the page; rejected where a script did not come, and tried again when next asked. */
  async ready() {
    await frame();
    panelScripts.here = true;
  },
  /** Has what Dash begins with come while the page waits for the feed; nothing of it runs yet. */
  ahead() {
    for (const tag of firstTags()) {
      const link = document.createElement("link");
      Object.assign(link, { rel: "preload", as: "script", href: tag.src, fetchPriority: "low" });
      document.head.append(link);
    }
  },
  /** Begins at once; large components follow when the page rests, but on a wall only where one is seen. */
  soon() {
    panelScripts.ready().then(() => {
      if (document.documentElement.classList.contains("kiosk")) return;
      setTimeout(() => ("requestIdleCallback" in window ? requestIdleCallback(rest) : setTimeout(rest)), REST_MS);
    }, () => {});
  },
};
