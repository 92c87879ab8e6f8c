// A page for tests: jsdom's window as the module's globals. Where jsdom is not installed such tests say so and are skipped.
import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";

export const jsdom = await import("jsdom").catch(() => null);
const python = fileURLToPath(new URL("../../.venv/bin/python", import.meta.url));
const missing = !jsdom ? "jsdom is not installed: npm ci" : existsSync(python) ? "" : "there is no .venv that draws layouts: make setup";
export const needsPage = missing ? { skip: missing } : {};

const NAMES = ["window", "document", "location", "history", "localStorage", "Node", "MutationObserver",
  "getComputedStyle", "HTMLElement"];

/** Makes `html` the page at `url`; `more`: what jsdom lacks. */
export function openPage(html, { url = "https://beluga.test/", more = {} } = {}) {
  const { window } = new jsdom.JSDOM(html, { url });
  delete globalThis.BroadcastChannel; // Node's would keep the test from ending
  const listen = window.addEventListener.bind(window);
  const globals = {
    ...Object.fromEntries(NAMES.map((name) => [name, window[name]])),
    addEventListener: listen, dispatchEvent: window.dispatchEvent.bind(window), scrollTo: () => {},
    requestAnimationFrame: (then) => setTimeout(then, 0), innerWidth: 1366, innerHeight: 768,
    matchMedia: () => ({ matches: false, addEventListener() {} }), navigator: {}, CSS: { escape: (text) => text },
    ResizeObserver: class { observe() {} },
    ...more,
  };
  for (const [name, value] of Object.entries(globals))
    Object.defineProperty(globalThis, name, { value, configurable: true, writable: true });
  return window;
}

/** The board's first HTML, as Python draws its layout. */
export const boardFrame = () =>
  '<!doctype html><body><div id="first">' + execFileSync(python, ["-m", "dashboard.pages.board"], { encoding: "utf8" }) + '</div><div id="react-entry-point"></div>';

/** Lets everything run that is due. */
export const settle = async (turns = 5) => {
  for (let n = 0; n < turns; n += 1) await new Promise((done) => setTimeout(done, 0));
};
/** Waits for what must become true; fails after `most` turns of the loop. */
export async function until(truth, most = 500) {
  for (let n = 0; n < most; n += 1) {
    const found = await truth();
    if (found) return found;
    await new Promise((done) => setTimeout(done, 2));
  }
  throw new Error(`never: ${truth}`);
}
