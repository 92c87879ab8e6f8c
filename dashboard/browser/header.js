// The header, made once; what stands in them is kept up by ages.js.
import { byId, make } from "./elements.js";
import { startReplay } from "./replay.js";
import { showTour } from "./tour.js";

/** @import {Boot} from "./board.js" */

/** @param {string} key @param {string} words @param {string} [title] */
const fact = (key, words, title) => make("span", { class: "fact", id: "top-" + key, title }, make("b", {}, "–"), " " + words);

/** @param {Boot} boot */
export function buildHeader(boot) {
  /** @param {string} action @param {string} words @param {string} [title] */
  const leave = (action, words, title) => make("form", { method: "post", action }, make("input", { type: "hidden", name: "csrf", value: boot.csrf }), make("button", { type: "submit", title }, words));
  const you = make("details", { class: "you" }, make("summary", {}, boot.login),
    make("div", {},
      make("p", {}, boot.role + (boot.counties ? " · " + boot.counties.join(", ") : "")),
      make("button", { type: "button", id: "start-replay" }, "Replay the day"),
      make("a", { href: "/replay" }, "The day so far"),
      make("a", { href: "/floor" }, "Call floor"),
      make("a", { href: "/health" }, "Health"),
      make("a", { href: "/snapshot", target: "_blank", rel: "noopener" }, "Print this minute"),
      make("a", { href: "/debrief", target: "_blank", rel: "noopener" }, "Debrief"),
      boot.role === "lead" ? null : make("a", { href: "/snapshots" }, "Printed pages"),
      make("a", { href: "/hotline", target: "_blank", rel: "noopener" }, "Hotline"),
      make("a", { href: "/?kiosk=1&rotate=20" }, "For a wall"),
      make("button", { type: "button", id: "start-tour" }, "Five sentences"),
      make("a", { href: boot.role === "admin" ? "/office" : "/office/watchers" }, "Office"),
      boot.role === "admin" ? make("a", { href: "/audit" }, "Audit trail") : null,
      leave("/logout", "Sign out"), leave("/logout-everywhere", "Sign out everywhere", "Ends every session of yours, on every device; also the hotline's")));
  byId("top").append(
    make("h1", { title: boot.election }, boot.election), ...(boot.rehearsal ? [make("span", { class: "rehearsal" }, "Rehearsal")] : []),
    make("span", { class: "when" }, make("span", { id: "top-date" }), " · ", make("span", { id: "top-clock", class: "number" })),
    make("span", { class: "grow" }),
    make("span", { id: "top-live", class: "live" }, make("span", { class: "dot", "aria-hidden": "true" }, "●"), make("span", { class: "words number" })),
    fact("reporting", "heard lately", "Precincts heard from lately; the others are silent"), fact("behind", "behind"), fact("silent", "silent"), fact("incidents", "incidents"),
    make("a", { href: "/desk/unread", class: "desks" }, "Desks", make("b", { id: "top-waiting", hidden: true })),
    you);
  byId("start-replay").addEventListener("click", () => { you.open = false; startReplay(); });
  byId("start-tour").addEventListener("click", () => { you.open = false; showTour(); });
}
