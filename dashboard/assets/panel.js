// The precinct panel's frame and every action of the board. What an action did, or why not, is said in words.
(function () {
  "use strict";
  const beluga = (window.beluga = window.beluga || {});
  const panel = (beluga.panel = {});
  const byId = (id) => document.getElementById(id);
  const make = (...a) => beluga.make(...a);

  const dark = matchMedia("(prefers-color-scheme: dark)");
  let round = 0;
  let waiting = 0;

  panel.ask = function (precinctId) {
    round += 1;
    window.dash_clientside.set_props("panel-request", { data: { precinct_id: precinctId, dark: dark.matches, round } });
  };

  // A change of the open precinct is fetched at most every two seconds.
  panel.changed = function (precinctId) {
    if (waiting) return;
    waiting = setTimeout(() => {
      waiting = 0;
      if (beluga.board.selected === precinctId) panel.ask(precinctId);
    }, 2000);
  };

  panel.show = function (precinctId) {
    const aside = byId("panel");
    aside.hidden = !precinctId;
    document.body.classList.toggle("with-panel", Boolean(precinctId));
    if (!precinctId) return;
    const board = beluga.board;
    const page = location.pathname.startsWith("/precinct/");
    byId("panel-bar").replaceChildren(
      make("a", { href: "/", "data-close": true }, "← Board"),
      page ? "" : make("a", { href: "/precinct/" + encodeURIComponent(precinctId), "data-full": true }, "Full page"));
    byId("panel-words").scrollIntoView?.({ block: "nearest" });
    const s = board.standings.get(precinctId);
    const wanted = Math.max(1, Math.min(10, Math.ceil((s ? s.shortfall : 60) / 15)));
    const number = make("input", { type: "number", min: 1, max: 50, value: wanted, id: "callers-wanted", inputmode: "numeric", "aria-label": "How many callers" });
    const send = make("button", { type: "button", "data-action": "dispatch", "data-for": precinctId, class: "main" }, "Send " + wanted + " callers");
    number.addEventListener("input", () => {
      send.dataset.callers = number.value;
      send.textContent = "Send " + number.value + (number.value === "1" ? " caller" : " callers");
    });
    send.dataset.callers = String(wanted);
    const note = make("input", { type: "text", maxlength: 500, id: "note-text", placeholder: "Polls opened late…", "aria-label": "Note for this precinct" });
    byId("panel-actions").replaceChildren(
      make("div", {}, number, send),
      make("div", {}, note, make("button", { type: "button", "data-action": "note", "data-for": precinctId }, "Add note")));
    panel.ask(precinctId);
  };

  panel.act = async function (button) {
    const action = button.dataset.action;
    const precinctId = button.dataset.for || beluga.board.selected;
    // The key stays with the button until an answer came, so that pressing again is the same deed.
    button.dataset.key = button.dataset.key || crypto.randomUUID();
    const body = { key: button.dataset.key, action, precinct_id: precinctId };
    if (button.dataset.target) body.target = button.dataset.target;
    if (action === "dispatch") body.callers_wanted = Number(button.dataset.callers);
    if (action === "note") body.text = byId("note-text").value;
    button.disabled = true;
    let words;
    let done = false;
    try {
      const reply = await fetch("/actions", {
        method: "POST", headers: { "Content-Type": "application/json", "X-CSRF": beluga.board.boot.csrf },
        body: JSON.stringify(body), signal: AbortSignal.timeout(12000),
      });
      if (reply.status === 401) return beluga.board.signedOut();
      const answer = await reply.json();
      done = Boolean(answer.done);
      if (done || reply.status === 400 || reply.status === 422) delete button.dataset.key;
      words = done ? SAID[action](beluga.board.info.get(precinctId)?.name || precinctId, body) : answer.message;
    } catch {
      words = "The war room does not answer. Nothing is known to be done; press again.";
    } finally {
      button.disabled = false;
    }
    beluga.board.say(words, !done);
    if (!done) return;
    if (action === "note") byId("note-text").value = "";
    if (action === "dispatch") beluga.board.fetchDesk();
    panel.changed(precinctId);
  };

  const SAID = {
    dispatch: (name, b) => b.callers_wanted + (b.callers_wanted === 1 ? " caller" : " callers") + " sent to " + name + ".",
    accept: (name) => "Report accepted for " + name + ".",
    reject: (name) => "Report rejected for " + name + ".",
    note: (name) => "Note added to " + name + ".",
  };
  dark.addEventListener("change", () => beluga.board && beluga.board.selected && panel.ask(beluga.board.selected));
})();
