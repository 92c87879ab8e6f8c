// States, numbers and times in words; small ways to make elements. Text only ever enters as text, never as markup.
(function () {
  "use strict";
  const beluga = (window.beluga = window.beluga || {});

  beluga.STATES = {
    lagging: { word: "Behind", shape: "▼" },
    watch: { word: "Watch", shape: "◆" },
    on_pace: { word: "On pace", shape: "●" },
    ahead: { word: "Ahead", shape: "▲" },
    silent: { word: "Silent", shape: "◌" },
    doubtful: { word: "Doubtful", shape: "?" },
    closed: { word: "Closed", shape: "■" },
  };

  const AHEAD = 0.05; // log ratio to peers from which "on pace" is "ahead"
  beluga.stateOf = (s) => (s.state === "on_pace" && s.gap > AHEAD ? "ahead" : s.state);

  const whole = new Intl.NumberFormat("en", { maximumFractionDigits: 0 });
  beluga.whole = (n) => whole.format(Math.round(n));
  beluga.percent = (p) => Math.round(100 * p) + " %";

  let zone = "UTC";
  const formats = new Map();
  beluga.setZone = (name) => { zone = name; formats.clear(); };
  function format(options) {
    const key = JSON.stringify(options);
    if (!formats.has(key)) formats.set(key, new Intl.DateTimeFormat("en-GB", { timeZone: zone, ...options }));
    return formats.get(key);
  }
  const date = (seconds) => new Date(seconds * 1000);
  beluga.hhmm = (t) => format({ hour: "2-digit", minute: "2-digit" }).format(date(t));
  beluga.hhmmss = (t) => format({ hour: "2-digit", minute: "2-digit", second: "2-digit" }).format(date(t));
  beluga.weekday = (t) => format({ weekday: "short", day: "numeric", month: "short" }).format(date(t));

  beluga.span = (seconds) => {
    const s = Math.max(0, Math.round(seconds));
    if (s < 60) return s + " s";
    const m = Math.floor(s / 60);
    if (m < 60) return m + " min";
    return Math.floor(m / 60) + " h " + String(m % 60).padStart(2, "0");
  };

  // make("td", {class: "number"}, "84", other element, …)
  beluga.make = (name, attributes, ...inside) => {
    const element = document.createElement(name);
    for (const [key, value] of Object.entries(attributes || {})) {
      if (value === false || value === null || value === undefined) continue;
      element.setAttribute(key, value === true ? "" : value);
    }
    element.append(...inside.filter((x) => x !== null && x !== undefined && x !== false));
    return element;
  };

  beluga.badge = (state) =>
    beluga.make("span", { class: "state " + state }, beluga.STATES[state].shape, beluga.make("span", { class: "word" }, beluga.STATES[state].word));

  const still = matchMedia("(prefers-reduced-motion: reduce)");
  beluga.setText = (element, text) => {
    if (element.textContent === text) return;
    const first = element.textContent === "";
    element.textContent = text;
    if (!first && !still.matches && element.animate) element.animate([{ opacity: 0.25 }, { opacity: 1 }], 400);
  };

  beluga.css = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
})();
