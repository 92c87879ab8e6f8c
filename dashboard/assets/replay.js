// Replay: the board as known at any minute of the day, clearly labelled; after the day, the debrief.
// The address holds the minute (?at=2026-11-03T17:05Z). The live feed goes on behind it.
(function () {
  "use strict";
  const beluga = (window.beluga = window.beluga || {});
  const byId = (id) => document.getElementById(id);
  const make = (...a) => beluga.make(...a);

  const MINUTE = 60;
  const SETTLE_MS = 150; // a slider in motion asks for nothing
  const BEFORE = 30 * MINUTE, AFTER = 5 * 3600; // around the polls' hours
  const SPEEDS = [1, 5, 15]; // minutes of the day a second

  let at = null; // the minute that the page is to show; null: live
  let asked = null; // the request under way
  let round = 0; // of playing; a loop whose round is over ends by itself
  let settling = 0;
  let speed = 5;

  const whole = (t) => Math.floor(t / MINUTE) * MINUTE;
  const iso = (t) => new Date(t * 1000).toISOString().slice(0, 16) + "Z";

  function span() {
    let first = Infinity, last = -Infinity;
    for (const info of beluga.board.live.info.values()) {
      first = Math.min(first, info.opens_at);
      last = Math.max(last, info.closes_at);
    }
    const now = whole(beluga.liveNow());
    return [Math.min(whole(first) - BEFORE, now - MINUTE), Math.max(whole(first) - BEFORE + MINUTE, Math.min(now, whole(last) + AFTER))];
  }

  const replay = (beluga.replay = {
    start() { beluga.board.go({ at: iso(span()[1]) }); },
    begin() { replay.follow(); }, // a first snapshot: what the address asks for can be shown
    follow() {
      if (!beluga.board.ready) return;
      const given = Date.parse(new URLSearchParams(location.search).get("at") || "") / 1000;
      const wanted = Number.isFinite(given) ? whole(given) : null;
      if (wanted === at) return;
      at = wanted;
      if (at === null) leave();
      else { build(); show(); load(); }
    },
  });

  function leave() {
    const board = beluga.board;
    stop();
    asked?.abort();
    byId("replay").hidden = true;
    document.body.classList.remove("replay");
    board.shown = board.live;
    beluga.freeze(null);
    board.everything();
    board.tick();
    if (board.selected) beluga.panel.show(board.selected);
  }

  function build() {
    const holder = byId("replay");
    document.body.classList.add("replay");
    holder.hidden = false;
    if (holder.firstChild) return;
    const button = (words, label, act, id) => {
      const b = make("button", { type: "button", "aria-label": label, id }, words);
      b.addEventListener("click", act);
      return b;
    };
    const slider = make("input", { type: "range", id: "replay-minute", step: MINUTE, "aria-label": "Minute of the day" });
    slider.addEventListener("input", () => { stop(); move(Number(slider.value), true); });
    const pace = make("select", { id: "replay-speed", "aria-label": "Speed of playing" }, ...SPEEDS.map((s) => make("option", { value: s, selected: s === speed }, s + " min a second")));
    pace.addEventListener("change", () => { speed = Number(pace.value); });
    holder.append(
      make("p", { class: "label" }, make("b", {}, "REPLAY"), " as known at ", make("b", { id: "replay-at", class: "number" }), make("span", { id: "replay-words", role: "status" })),
      button("−15", "15 minutes back", () => { stop(); move(at - 15 * MINUTE); }), button("−1", "A minute back", () => { stop(); move(at - MINUTE); }),
      button("Play", "Play", () => (byId("replay-play").textContent === "Pause" ? stop() : play()), "replay-play"),
      button("+1", "A minute on", () => { stop(); move(at + MINUTE); }), button("+15", "15 minutes on", () => { stop(); move(at + 15 * MINUTE); }),
      slider, pace, button("Back to live", "Back to the live board", () => beluga.board.go({ at: null }), "replay-live"));
  }

  function show() {
    const [first, last] = span();
    const slider = byId("replay-minute");
    slider.min = first;
    slider.max = last;
    slider.value = at;
    slider.setAttribute("aria-valuetext", beluga.hhmm(at));
    byId("replay-at").textContent = beluga.hhmm(at);
  }

  // To another minute; the address follows without a step of history for each.
  function move(minute, settle) {
    const [first, last] = span();
    at = Math.max(first, Math.min(last, whole(minute)));
    show();
    clearTimeout(settling);
    const go = () => { beluga.board.go({ at: iso(at) }, false, true); return load(); };
    if (!settle) return go();
    settling = setTimeout(go, SETTLE_MS);
  }

  async function load() {
    const minute = at;
    asked?.abort();
    const mine = (asked = new AbortController());
    const say = (words) => { byId("replay-words").textContent = words ? " · " + words : ""; };
    const slow = setTimeout(() => say("asking the tally…"), 400);
    try {
      const reply = await fetch("/replay?at=" + encodeURIComponent(iso(minute)), { headers: { Accept: "application/json" }, signal: AbortSignal.any([mine.signal, AbortSignal.timeout(20000)]) });
      if (reply.status === 401) return beluga.board.signedOut();
      const answer = await reply.json();
      if (mine.signal.aborted || minute !== at) return;
      if (!reply.ok) { stop(); say(answer.message || "that minute cannot be shown"); return; }
      const board = beluga.board;
      const past = { info: new Map(), standings: new Map(), aggregates: new Map(), incidents: new Map(), desks: null, calls: null };
      board.fill(past, answer);
      board.shown = past;
      beluga.freeze(minute);
      say("");
      board.everything();
      board.tick();
      if (board.selected) beluga.panel.changed(board.selected);
    } catch (error) {
      if (!mine.signal.aborted) { stop(); say("the war room does not answer; move the slider to try again"); }
    } finally { clearTimeout(slow); }
  }

  async function play() {
    const mine = (round += 1);
    byId("replay-play").textContent = "Pause";
    if (at >= span()[1]) at = span()[0] - speed * MINUTE; // from the end: once more from the beginning
    while (round === mine && at !== null && at < span()[1]) {
      const began = performance.now();
      await move(at + speed * MINUTE);
      await new Promise((done) => setTimeout(done, Math.max(0, 1000 - (performance.now() - began))));
    }
    if (round === mine) stop();
  }

  function stop() {
    round += 1;
    if (byId("replay-play")) byId("replay-play").textContent = "Play";
  }
})();
