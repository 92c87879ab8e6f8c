// The header, the phone's tabs, and every age on the page, once a second by this device's own clock.
(function () {
  "use strict";
  const beluga = (window.beluga = window.beluga || {});
  const board = beluga.board;
  const byId = (id) => document.getElementById(id);
  const make = (...a) => beluga.make(...a);

  board.buildHeader = function () {
    const boot = board.boot;
    const fact = (key, words, title) => make("span", { class: "fact", id: "top-" + key, title }, make("b", {}, "–"), " " + words);
    const leave = (action, words, title) => make("form", { method: "post", action }, make("input", { type: "hidden", name: "csrf", value: boot.csrf }), make("button", { type: "submit", title }, words));
    byId("top").append(...[
      make("h1", { title: boot.election }, boot.election), boot.rehearsal ? make("span", { class: "rehearsal" }, "Rehearsal") : null,
      make("span", { class: "when" }, make("span", { id: "top-date" }), " · ", make("span", { id: "top-clock", class: "number" })),
      make("span", { class: "grow" }),
      make("span", { id: "top-live", class: "live" }, make("span", { class: "dot", "aria-hidden": "true" }, "●"), make("span", { class: "words number" })),
      fact("reporting", "heard lately", "Precincts heard from lately; the others are silent"), fact("behind", "behind"), fact("silent", "silent"), fact("incidents", "incidents"),
      make("a", { href: "/desk/unread", class: "desks" }, "Desks", make("b", { id: "top-waiting", hidden: true })),
      make("details", { class: "you" }, make("summary", {}, boot.login),
        make("div", {},
          make("p", {}, boot.role + (boot.counties ? " · " + boot.counties.join(", ") : "")),
          make("button", { type: "button", id: "start-replay" }, "Replay the day"),
          make("a", { href: "/snapshot", target: "_blank", rel: "noopener" }, "Print this minute"),
          boot.role === "lead" ? null : make("a", { href: "/snapshots" }, "Printed pages"),
          make("a", { href: "/hotline", target: "_blank", rel: "noopener" }, "Hotline"),
          make("a", { href: "/?kiosk=1&rotate=20" }, "For a wall"),
          make("button", { type: "button", id: "start-tour" }, "Five sentences"),
          boot.role === "admin" ? make("a", { href: "/audit" }, "Audit trail") : null,
          leave("/logout", "Sign out"), leave("/logout-everywhere", "Sign out everywhere", "Ends every session of yours, on every device; also the hotline's")))].filter(Boolean));
    byId("start-replay").addEventListener("click", () => { byId("top").querySelector("details").open = false; beluga.replay.start(); });
    byId("start-tour").addEventListener("click", () => { byId("top").querySelector("details").open = false; beluga.tour.show(); });
    for (const [name, words] of [["work", "To do"], ["map", "Map"], ["today", "Today"], ["silent", "Silent"], ["incidents", "Incidents"], ["unread", "Unread"]])
      byId("tabs").append(make("button", { type: "button", "data-tab": name }, words));
  };

  function standing() {
    if (!board.ready) return "connecting";
    if (board.stale) return "stale " + beluga.hhmmss(board.staleSince);
    const real = (performance.now() - (beluga.heardAt || performance.now())) / 1000;
    return "live " + beluga.span(real) + (board.behind > 5 ? " · database " + beluga.span(board.behind) + " behind" : "");
  }

  board.tick = function () {
    if (!board.boot) return;
    const now = beluga.now();
    beluga.setText(byId("top-date"), beluga.weekday(now));
    byId("top-clock").textContent = beluga.hhmm(now);
    const pill = byId("top-live");
    pill.classList.toggle("off", board.stale);
    pill.lastChild.textContent = board.replaying() ? "replay" : standing();
    const total = board.ready && beluga.tiles.total(board);
    if (total) {
      const put = (key, text) => beluga.setText(byId("top-" + key).firstChild, text);
      // With "silent" this makes the whole; who ever counted is another number, shown under Today.
      put("reporting", total.precincts ? beluga.percent(1 - total.silent / total.precincts) : "–");
      put("behind", beluga.whole(total.lagging));
      put("silent", beluga.whole(total.silent));
      const open = board.openIncidents().length;
      put("incidents", String(open));
      byId("top-incidents").lastChild.textContent = open === 1 ? " incident" : " incidents";
    }
    const waiting = board.desks ? board.desks.unread + board.desks.unknown + board.desks.held : 0;
    byId("top-waiting").hidden = !waiting;
    byId("top-waiting").textContent = beluga.whole(waiting);
    byId("top-waiting").title = "Unread texts, unknown phones and held counts that wait for a person";
    for (const age of document.querySelectorAll("[data-ago]")) {
      const words = beluga.span(now - Number(age.dataset.ago)) + " ago";
      if (age.textContent !== words) age.textContent = words;
    }
    for (const near of document.querySelectorAll("#panel-around .near")) {
      const s = board.standings.get(near.dataset.precinct);
      const state = s ? beluga.stateOf(s) : "";
      if (near.belugaState === state) continue;
      near.belugaState = state;
      near.querySelector(".state")?.remove();
      if (s) near.append(beluga.badge(state));
    }
    for (const tile of document.querySelectorAll("[data-tile]")) {
      const age = tile.querySelector(".tile-head .age");
      const at = board.ready ? beluga.heardAt : undefined;
      const seconds = (performance.now() - at) / 1000 + (board.behind > 5 ? board.behind : 0); // what the tally has not read is not shown either
      const words = board.replaying() ? "as of " + beluga.hhmm(now) : at === undefined ? "" : beluga.span(seconds) + " old";
      if (age.textContent !== words) age.textContent = words;
      age.classList.toggle("old", !board.replaying() && (board.stale || (at !== undefined && seconds > 15)));
    }
  };
})();
