// Alerts: one line for the most urgent that nobody has acknowledged, the rest behind it. Asked for when the feed
// says that they changed (raised, over, acknowledged by anybody), never on a timer of its own.
(function () {
  "use strict";
  const beluga = (window.beluga = window.beluga || {});
  const byId = (id) => document.getElementById(id);
  const make = (...a) => beluga.make(...a);

  const GATHER_MS = 700; // longer than the war room keeps its list (LISTED_SECONDS)
  const FAILED_MS = 8000; // the feed does not say it twice
  const SPREAD_MS = 1500; // so that 500 boards do not ask at once
  const MOST_LISTED = 30;
  const MARKS = { incident: "!", line: "‖", quiet: "◌" };

  let timer = 0;
  let asking = false;
  let again = false; // something changed while we were asking
  const alerts = (beluga.alerts = { list: [] });

  alerts.soon = function (wait = GATHER_MS) {
    if (asking) again = true;
    else if (!timer) timer = setTimeout(look, wait + Math.random() * SPREAD_MS);
  };

  async function look() {
    timer = 0;
    asking = true;
    again = false;
    try {
      const reply = await fetch("/alerts", { headers: { Accept: "application/json" }, signal: AbortSignal.timeout(8000) });
      if (reply.ok) {
        take((await reply.json()).alerts);
      } else if (reply.status >= 500) throw new Error();
    } catch { setTimeout(() => alerts.soon(0), FAILED_MS); } finally { asking = false; }
    if (again) alerts.soon();
  }

  // Who has said that they look after a precinct, by acknowledging its alert: {by, at}. The latest holds.
  const owners = new Map();
  alerts.owner = (precinctId) => owners.get(precinctId);

  function take(list) {
    alerts.list = list;
    owners.clear();
    for (const a of list)
      if (a.precinct_id && a.acknowledged_by && !a.cleared_at && !(owners.get(a.precinct_id)?.at > a.acknowledged_at)) owners.set(a.precinct_id, { by: a.acknowledged_by, at: a.acknowledged_at });
    paint();
    beluga.board.soon(["work"], []);
  }

  function line(a) {
    const name = a.precinct_id ? beluga.board.info.get(a.precinct_id)?.name || a.precinct_id : a.county;
    const where = a.precinct_id ? make("a", { href: "/precinct/" + encodeURIComponent(a.precinct_id), "data-precinct": a.precinct_id, class: "name" }, name)
      : make("a", { href: "/?county=" + encodeURIComponent(a.county), "data-county": a.county, class: "name" }, name);
    const seen = make("button", { type: "button", "aria-label": "Acknowledge: " + name + ". " + a.reason }, "Acknowledge");
    seen.addEventListener("click", () => acknowledge([a.id]));
    const mark = a.kind in beluga.STATES ? beluga.badge(a.kind) : make("span", { class: "state", "aria-hidden": "true" }, MARKS[a.kind] || "!");
    return [mark, where, make("span", { class: "why" }, a.reason), make("span", { class: "since number", "data-ago": Date.parse(a.raised_at) / 1000 }), seen];
  }

  function paint() {
    const holder = byId("alerts");
    const due = alerts.list.filter((a) => !a.acknowledged_by && !a.cleared_at && (!a.precinct_id || beluga.board.inView(a.precinct_id)));
    const key = due.map((a) => a.id).join();
    if (holder.dataset.key === key) return;
    holder.dataset.key = key;
    const open = Boolean(holder.querySelector("details")?.open);
    holder.hidden = !due.length;
    if (!due.length) { holder.replaceChildren(); return; }
    const all = make("button", { type: "button" }, "Acknowledge all " + due.length);
    all.addEventListener("click", () => acknowledge(due.map((a) => a.id)));
    const more = due.length < 2 ? null : make("details", {}, make("summary", {}, due.length - 1 + " more"),
      make("div", { class: "more" }, make("ul", {}, ...due.slice(1, MOST_LISTED).map((a) => make("li", {}, ...line(a)))),
        make("p", { class: "actions" }, due.length > MOST_LISTED ? make("span", {}, due.length - MOST_LISTED + " not shown") : null, beluga.csv.button("alerts"), all)));
    if (more) more.open = open;
    holder.replaceChildren(...[make("p", { class: "first" }, ...line(due[0])), more].filter(Boolean));
    beluga.board.tick();
  }
  alerts.paint = () => { delete byId("alerts").dataset.key; paint(); };

  async function acknowledge(ids) {
    const answer = await beluga.board.post("/alerts/acknowledge", { ids });
    if (answer.signedOut) return;
    if (!answer.done) { beluga.board.say(answer.message, true); return; }
    take(answer.alerts);
    const others = answer.others || [];
    if (others.length) beluga.board.say(others.join(" "), false);
  }
})();
