// The header, made once; what stands in them is kept up by ages.js.
import { byId, make } from "./elements.js";
import { tr, trn } from "./language.js";
import { startReplay } from "./replay.js";
import { showTour } from "./tour.js";
import { coded } from "./words.js";

/** @import {Boot} from "./board.js" */

/** @param {string} key @param {string} words @param {string} [title] */
const fact = (key, words, title) => make("span", { class: "fact", id: "top-" + key, title }, make("b", {}, "–"), " " + words);

/** Changes the language of the pages; the name is each language's own. @param {Boot} boot @param {string} code @param {string} name */
const speak = (boot, code, name) => make("form", { method: "post", action: "/language" },
  ...Object.entries({ csrf: boot.csrf, language: code, next: location.pathname + location.search }).map(([key, value]) => make("input", { type: "hidden", name: key, value })),
  make("button", { type: "submit", lang: code }, name));

/** @param {Boot} boot */
export function buildHeader(boot) {
  /** @param {string} action @param {string} words @param {string} [title] */
  const leave = (action, words, title) => make("form", { method: "post", action }, make("input", { type: "hidden", name: "csrf", value: boot.csrf }), make("button", { type: "submit", title }, words));
  const you = make("details", { class: "you" }, make("summary", {}, boot.login),
    make("div", {},
      make("p", {}, coded(boot.role) + (boot.counties ? " · " + boot.counties.join(", ") : "")),
      make("button", { type: "button", id: "start-replay" }, tr("Replay the day")),
      make("a", { href: "/replay" }, tr("The day so far")),
      make("a", { href: "/floor" }, tr("Call floor")),
      make("a", { href: "/health" }, tr("Health")),
      make("a", { href: "/snapshot", target: "_blank", rel: "noopener" }, tr("Print this minute")),
      make("a", { href: "/debrief", target: "_blank", rel: "noopener" }, tr("Debrief")),
      boot.role === "lead" ? null : make("a", { href: "/snapshots" }, tr("Printed pages")),
      make("a", { href: "/hotline", target: "_blank", rel: "noopener" }, tr("Hotline")),
      make("a", { href: "/?kiosk=1&rotate=20" }, tr("For a wall")),
      make("button", { type: "button", id: "start-tour" }, tr("Five sentences")),
      make("a", { href: boot.role === "admin" ? "/office" : "/office/watchers" }, tr("Office")),
      boot.role === "admin" ? make("a", { href: "/audit" }, tr("Audit trail")) : null,
      ...Object.entries(boot.languages).filter(([code]) => code !== boot.language).map(([code, name]) => speak(boot, code, name)),
      leave("/logout", tr("Sign out")), leave("/logout-everywhere", tr("Sign out everywhere"), tr("Ends every session of yours, on every device; also the hotline's"))));
  byId("top").append(
    make("h1", { title: boot.election }, boot.election), ...(boot.rehearsal ? [make("span", { class: "rehearsal" }, tr("Rehearsal"))] : []),
    make("span", { class: "when" }, make("span", { id: "top-date" }), " · ", make("span", { id: "top-clock", class: "number" })),
    make("span", { class: "grow" }),
    make("span", { id: "top-live", class: "live" }, make("span", { class: "dot", "aria-hidden": "true" }, "●"), make("span", { class: "words number" })),
    fact("reporting", tr("heard lately"), tr("Precincts heard from lately; the others are silent")), fact("behind", tr("behind")), fact("silent", tr("silent")), fact("incidents", trn("incident", "incidents", 0)),
    make("a", { href: "/desk/unread", class: "desks" }, tr("Desks"), make("b", { id: "top-waiting", hidden: true })),
    you);
  byId("start-replay").addEventListener("click", () => { you.open = false; startReplay(); });
  byId("start-tour").addEventListener("click", () => { you.open = false; showTour(); });
}
