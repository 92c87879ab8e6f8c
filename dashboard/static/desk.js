// One desk: a queue on the left, the item in hand on the right. Intake says who has what; a person takes an item
// before working on it, so that two people never do the same one.
(function () {
  "use strict";
  const make = (...a) => beluga.make(...a);
  const byId = (id) => document.getElementById(id);
  const desk = document.body.dataset.desk;
  const csrf = document.querySelector("meta[name=csrf]").content;

  const GATHER_MS = desk === "silent" ? 1000 : 250; // what changes together is asked for once; jittered, so that all desks do not ask at once
  const REST_MS = 2000; // between two looks, however much changes
  const INTAKE_DEAF_S = 4; // intake hears from the feed who is silent; it beats each second
  const FAILED_MS = 5000; // an unanswered question is asked again: the feed does not say it twice
  const ICONS = { unread: "?", unknown: "☎", held: "○", silent: "◌", incidents: "!", outbox: "✉", rollcall: "☎" };
  // Of a text of ours: what became of it, and why.
  const FATES = { undelivered: "came back", failed: "was not taken", unknown: "may or may not have arrived" };
  const WHY = { wrong_number: "The number is wrong, or is no mobile phone.", opted_out: "The provider holds this phone for opted out.", account: "Our account with the provider does not allow it: look at the outbox's settings.", refused: "The provider refused it.", leader_lost: "We stopped in the middle of sending." };
  const ROLL = { "not invited": "Not invited yet.", invited: "Invited by text; no READY has come.", "wrong number": "Our texts do not reach this number: ask for the right one and mend the roster.", "opted out": "Texted STOP. Ask them to text START, or to use the form." };
  const PURPOSES = { question: "question", opt_out: "opt-out", reply: "reply", reassigned: "reassignment", reminder: "reminder", roll_call: "roll call", thanks: "thank-you" };

  let me = "";
  let items = [];
  let next = null;
  let pages = 1;
  let selected = null; // id
  let hand = null; // {id, until}: what this person has taken
  let lookedAt = null;
  let timer = 0;
  let looking = false;
  let wanted = new Set(); // what changed and has not been asked for: names of desks
  let rested = 0; // performance.now() before which no look begins by itself
  let lostSince = null; // the stack's time; null: the feed speaks
  let heard = null; // the stack's time of the feed's last word
  let behind = 0; // seconds by which the tally lacks what the database stores
  let ahead = 0; // ms by which the war room's clock is before this device's: takes end by it

  const item = (id) => items.find((i) => i.id === id);
  const element = (id) => document.querySelector("#queue [data-id='" + CSS.escape(id) + "']");

  // ---- talking to the war room ----------------------------------------------------------------------------

  async function ask(path, body) {
    const post = body !== undefined;
    let reply;
    try {
      reply = await fetch(path, {
        method: post ? "POST" : "GET", signal: AbortSignal.timeout(12000),
        headers: { Accept: "application/json", "X-CSRF": csrf, ...(post ? { "Content-Type": "application/json" } : {}) },
        body: post ? JSON.stringify(body) : undefined,
      });
    } catch {
      throw new Error("The war room does not answer. Nothing is known to be done; try again.");
    }
    if (reply.status === 401) { signedOut(); throw new Error(""); }
    const at = Date.parse(reply.headers.get("Date"));
    if (at) ahead = at - Date.now();
    const answer = await reply.json().catch(() => ({ message: "The war room answered with something unreadable." }));
    if (!reply.ok) throw Object.assign(new Error(answer.message || "That was refused."), { status: reply.status });
    return answer;
  }

  const signedOut = () => say("", true, make("a", { href: "/login?next=" + encodeURIComponent(location.pathname) }, "Your session has ended. Sign in again"));

  function say(words, bad, more) {
    const notice = byId("notice");
    const stale = !words && !more && lostSince !== null;
    notice.className = stale ? "stale-notice" : !words && !more ? "" : bad ? "bad" : "good";
    if (stale) words = "STALE since " + beluga.hhmmss(lostSince) + " · Feed lost. Showing the last state; reconnecting.";
    notice.replaceChildren(words, ...(more ? [more] : []));
  }

  // Asks for the counts, and for the list where it is this desk that changed. Never twice at once.
  async function lookAtWanted() {
    clearTimeout(timer);
    timer = 0;
    if (looking) return; // it goes on with what is wanted when it is done
    looking = true;
    const asked = wanted;
    let deaf = false;
    wanted = new Set();
    try {
      const counts = ask("/desks");
      counts.catch(() => {}); // told below, where it is waited for
      if (asked.has(desk)) {
        if (desk === "rollcall") paintRollCall(await ask("/rollcall"));
        deaf = await lookAtQueue();
      }
      paintCounts(await counts);
      lookedAt = performance.now();
      rested = lookedAt + (deaf ? FAILED_MS : REST_MS);
      if (deaf) wanted.add(desk);
      if (byId("notice").dataset.away) { delete byId("notice").dataset.away; say(""); }
    } catch (error) {
      if (error.message) {
        byId("notice").dataset.away = "1";
        say(error.message + (lookedAt ? " Showing the last state." : ""), true);
        wanted.add(desk);
        rested = performance.now() + FAILED_MS;
      }
    }
    looking = false;
    if (wanted.size) soon();
    tick();
  }
  function look() {
    wanted.add(desk);
    return lookAtWanted();
  }
  // Whether intake itself does not hear the feed, so that its list is old.
  async function lookAtQueue() {
    const found = [];
    let deaf = false;
    let after = "";
    for (let page = 0; page < pages; page += 1) {
      const answer = await ask("/desks/" + desk + (after ? "?after=" + encodeURIComponent(after) : ""));
      byId("rehearsal").hidden = !answer.rehearsal;
      deaf = desk === "silent" && !((answer.feed_age_seconds ?? Infinity) < INTAKE_DEAF_S);
      if (desk === "outbox" && !after) paintOutbox(answer.outbox);
      found.push(...answer.items);
      next = after = answer.next;
      if (!after) break;
    }
    // Where somebody watches, somebody can be called: those first, the longest silence first among them, as on the board.
    if (desk === "silent") found.sort((a, b) => (b.people.length > 0) - (a.people.length > 0) || Date.parse(a.at) - Date.parse(b.at));
    items = found;
    paintQueue();
    return deaf;
  }
  function soon() {
    if (!timer && !looking && !document.hidden) timer = setTimeout(lookAtWanted, Math.max(GATHER_MS * (1 + Math.random()), rested - performance.now()));
  }
  function changed(...desks) {
    for (const name of desks) wanted.add(name);
    if (wanted.size) soon();
  }

  function paintCounts(answer) {
    byId("rehearsal").hidden = !answer.rehearsal;
    for (const [name, count] of Object.entries(answer.waiting || {})) {
      const at = document.querySelector("[data-count=" + name + "]");
      if (at) at.textContent = count >= 1000 ? "1000+" : String(count);
    }
  }

  // ---- the queue ----------------------------------------------------------------------------------------------

  function paintQueue() {
    const list = document.querySelector("#queue ol");
    if (!item(selected)) selected = items.length ? items[0].id : null;
    const focused = list.contains(document.activeElement);
    list.replaceChildren(...items.map(row));
    if (focused) element(selected)?.firstChild.focus(); // a repaint must not take the keyboard away
    const empty = document.querySelector("#queue .empty");
    empty.hidden = items.length > 0;
    empty.textContent = "Nothing waits here.";
    byId("more").hidden = !next;
    if (hand && !item(hand.id)) hand = null;
    paintWork();
  }

  // The outbox as it was when we asked; the list below is kept up by the feed, this is not.
  function paintOutbox(o) {
    const summary = byId("summary");
    summary.hidden = !o;
    if (!o) return; // a lead's: the outbox is everybody's
    const several = (n, what) => n + " " + what + (n === 1 ? "" : "s");
    const waiting = Object.entries(o.waiting).map(([purpose, n]) => several(n, PURPOSES[purpose] || purpose));
    const settled = ["delivered", "sent", "undelivered", "failed", "unknown", "expired", "silenced"].filter((s) => o.settled[s]).map((s) => beluga.whole(o.settled[s]) + " " + ({ expired: "too late", silenced: "held back after STOP" }[s] || s));
    summary.replaceChildren(
      ...(o.numbers ? [] : [make("p", { class: "loud" }, "There is no number to send from: texts wait until BELUGA_OUTBOUND_NUMBERS names one.")]),
      make("p", {}, make("b", {}, "At " + beluga.hhmm(Date.parse(o.at) / 1000) + " "), waiting.length ? "waiting: " + waiting.join(", ") + (o.oldest ? "; the oldest for " + beluga.span((Date.parse(o.at) - Date.parse(o.oldest)) / 1000) : "") + "." : "nothing waits."),
      make("p", { class: "dim" }, settled.length ? "Last day: " + settled.join(" · ") : "No text of ours in the last day."));
  }

  function row(i) {
    const title = desk === "silent" ? i.place || i.id : desk === "outbox" || desk === "rollcall" ? whoOf(i) : i.text || (i.votes === null ? i.kind : String(i.votes));
    const line = make("li", { "data-id": i.id, class: (i.id === selected ? "selected " : "") + (i.taken_by ? "taken" : "") },
      make("button", { type: "button", "aria-current": i.id === selected ? "true" : null },
        make("span", { class: "icon", "aria-hidden": "true" }, i.number ? "#" + i.number : ICONS[desk]), make("b", {}, title), make("span", { class: "since" }),
        make("span", { class: "where" }, [desk === "silent" ? i.precinct_id + " · " + (i.people[0]?.name || "nobody watches") : i.place, i.steps.length ? "texted " + i.steps.length + "×" : "", desk === "outbox" ? "" : i.phone, i.category && i.category.replaceAll("_", " "), desk === "outbox" ? PURPOSES[i.kind] + " " + FATES[i.status] : i.status, i.messages > 1 ? i.messages + " texts" : ""].filter(Boolean).join(" · ")),
        i.taken_by ? make("span", { class: "by" }, i.taken_by === me ? "yours" : i.taken_by + " has it") : null));
    return line;
  }

  function select(id, focus) {
    if (!id) return;
    selected = id;
    for (const li of document.querySelectorAll("#queue li")) {
      li.classList.toggle("selected", li.dataset.id === id);
      if (li.dataset.id === id) li.firstChild.setAttribute("aria-current", "true"); else li.firstChild.removeAttribute("aria-current");
    }
    if (focus) element(id)?.firstChild.focus();
    paintWork();
  }

  function step(by) {
    const at = items.findIndex((i) => i.id === selected);
    const to = items[Math.max(0, Math.min(items.length - 1, at + by))];
    if (to) select(to.id, true);
  }

  // ---- the item in hand -------------------------------------------------------------------------------------

  let painted = "";
  function paintWork() {
    const i = item(selected);
    const mine = Boolean(i && hand && hand.id === i.id);
    const key = i ? [i.id, mine, i.taken_by, i.text, i.status, i.category, i.steps.length, i.history.length].join("|") : "none";
    if (key === painted) return; // a repaint must not take a half-typed word away
    painted = key;
    const work = byId("work");
    if (!i) { work.replaceChildren(); return; }
    work.replaceChildren(...heading(i), people(i), ...(mine ? doing(i) : [taking(i)]));
  }

  function heading(i) {
    const where = [desk === "silent" ? "" : i.place, i.precinct_id, i.county].filter(Boolean).join(" · ");
    const at = i.at ? Date.parse(i.at) / 1000 : null;
    return [
      make("h2", {}, desk === "silent" ? i.place || i.id : desk === "outbox" || desk === "rollcall" ? whoOf(i) : desk === "held" ? beluga.whole(i.votes) + " held" : desk === "incidents" ? "#" + i.number + " " + (i.category || "").replaceAll("_", " ") : i.phone || "Nobody could read this"),
      desk === "outbox" ? make("p", { class: "loud" }, "Our " + PURPOSES[i.kind] + " " + FATES[i.status] + ".") : null,
      desk === "incidents" && i.history.length ? course(i) : i.text ? make("q", {}, i.text) : null,
      make("p", { class: "dim" }, where, where && at ? " · " : "", at ? beluga.hhmm(at) + " · " : "", at ? make("span", { "data-ago": String(at) }) : "", i.channel ? " · " + i.channel : ""),
      desk === "rollcall" ? make("p", {}, ROLL[i.status] || i.status) : null,
      i.why ? make("p", {}, desk === "outbox" ? WHY[i.why] || i.why : i.why) : null,
      i.steps.length ? make("ul", { class: "steps" }, ...i.steps.map((s) => make("li", {}, "Step " + s.step + ": " + s.to + " texted at " + beluga.hhmm(Date.parse(s.at) / 1000) + " · " + s.state))) : null,
    ].filter(Boolean);
  }

  const hopeless = (i) => i.why === "wrong_number" || i.why === "opted_out"; // the same words would not arrive again
  const whoOf = (i) => {
    const one = (i.people || []).find((p) => p.phone === i.phone) || (i.watcher_id && (i.people || [])[0]);
    return one ? one.name + (one.as === "watcher" ? "" : " · " + one.as) : i.phone;
  };

  // Everything said of an incident, in order: the watcher's texts, and what staff made of it.
  const course = (i) => make("ol", { class: "course" }, ...i.history.map((s) => make("li", {},
    make("time", {}, beluga.hhmm(Date.parse(s.at) / 1000)), s.by ? make("span", {}, make("b", {}, s.by), " · " + s.status + (s.category ? " · " + s.category.replaceAll("_", " ") : "") + (s.text ? ": " + s.text : "")) : make("q", {}, s.text))));

  const people = (i) => make("ul", { class: "people" }, ...(desk === "silent" && !(i.people || []).length ? [make("li", {}, "Nobody watches here.")] : []), ...(i.people || []).map((p) =>
    make("li", {}, make("span", {}, p.name + " · " + p.as), p.phone ? make("a", { href: "tel:" + p.phone, class: "call", "aria-label": "Call " + p.name + ", " + p.as }, "call") : null,
      p.phone ? make("a", { href: "sms:" + p.phone, class: "call", "aria-label": "Text " + p.name + ", " + p.as }, "text") : null)),
    ...(i.phone && i.phone.startsWith("+") && !(i.people || []).some((p) => p.phone === i.phone) ? [make("li", {}, make("span", {}, i.phone), make("a", { href: "tel:" + i.phone, class: "call", "aria-label": "Call this phone" }, "call"))] : []));

  const button = (key, words, press, main) => {
    const made = make("button", { type: "button", "data-key": key, class: main ? "main" : null }, words, " ", make("kbd", {}, key));
    made.addEventListener("click", press);
    return made;
  };
  const field = (id, label, attributes) => make("p", { class: "field" }, make("label", { for: id }, label), make("input", { id, type: "text", autocomplete: "off", ...attributes }));

  function taking(i) {
    if (i.taken_by && i.taken_by !== me) return make("p", { class: "actions" }, i.taken_by + " is working on this one.");
    return make("p", { class: "actions" }, button("t", "Take it", () => take(i.id), true));
  }

  const categories = (i) => make("p", { class: "field" }, make("label", { for: "category" }, "What it is about"),
    make("select", { id: "category" }, ...document.body.dataset.categories.split(" ").map((c) => make("option", { value: c, selected: c === i.category ? "" : null }, c.replaceAll("_", " ")))));

  function doing(i) {
    const finish = (outcome, more) => () => finishWith(i.id, { outcome, ...more?.() });
    const note = () => ({ note: byId("note")?.value.trim() || "" });
    const back = button("u", "Put back", () => putBack());
    const actions = (...buttons) => make("p", { class: "actions" }, ...buttons, back);
    const given = (status) => finish("status", () => ({ status, ...note(), ...(byId("category").value === i.category ? {} : { category: byId("category").value }) }));
    const held = make("p", { class: "dim" }, "In your hands alone. Put it back if you cannot finish it.");
    switch (desk) {
      case "unread": {
        const words = field("words", "What it should have said, as a text", { placeholder: "12-03 412", maxlength: 160 });
        return [words, actions(button("c", "Count it so", finish("read_as", () => ({ text: byId("words").value })), true), button("x", "Nothing to count", finish("dismiss"))), held];
      }
      case "unknown": {
        const search = field("search", "Whose phone is it?", { placeholder: "name, precinct or watcher id", maxlength: 100, role: "searchbox" });
        const found = make("ul", { id: "found" });
        search.lastChild.addEventListener("input", () => findWatchers(i.id, search.lastChild, found));
        return [search, found, actions(button("x", "Nothing to count", finish("dismiss"))), held];
      }
      case "held":
        return [field("note", "Note (optional)", { maxlength: 500 }), actions(button("a", "Accept " + beluga.whole(i.votes), finish("accept", note), true), button("r", "Reject " + beluga.whole(i.votes), finish("reject", note))), held];
      case "incidents":
        return [field("note", "Note, or to whom it is given", { maxlength: 500 }), categories(i),
          actions(button("a", "Acknowledge", given("acknowledged")), button("g", "Assigned", given("assigned")), button("c", "Only the category", given(i.status)), button("d", "Resolved", given("resolved"), true)), held];
      case "outbox":
        return [field("note", "What you found out (optional)", { placeholder: "reached by phone", maxlength: 500 }), actions(button("s", "Send it again", finish("again", note), !hopeless(i)), button("d", "Done", finish("dismiss", note), hopeless(i))), held];
      default:
        return [field("note", "What you found out", { placeholder: desk === "rollcall" ? "reached, texts READY tonight" : "reached the watcher, phone was off", maxlength: 500 }), actions(button("d", "Note it", finish("dismiss", note), true)), held];
    }
  }

  let finding = 0;
  async function findWatchers(id, input, list) {
    const turn = (finding += 1);
    const q = input.value.trim();
    if (q.length < 2) { list.replaceChildren(); return; }
    await new Promise((done) => setTimeout(done, 200));
    if (turn !== finding) return;
    let found;
    try { found = await ask("/watchers?q=" + encodeURIComponent(q)); } catch (error) { say(error.message, true); return; }
    if (turn !== finding) return;
    list.replaceChildren(...(found.length ? found.map((w) => {
      const choose = make("button", { type: "button" }, "It is " + w.name + "’s · " + w.places.slice(0, 2).join(", "));
      choose.addEventListener("click", () => finishWith(id, { outcome: "tie", watcher_id: w.id }));
      return make("li", {}, choose);
    }) : [make("li", { class: "dim" }, "No such watcher.")]));
  }

  // ---- taking, putting back, finishing --------------------------------------------------------------------------

  const path = (id, what) => "/desks/" + desk + "/" + encodeURIComponent(id) + "/" + what;

  async function take(id) {
    try {
      if (hand && hand.id !== id) await putBack();
      const { answer } = await ask(path(id, "take"), {});
      hand = { id, until: answer.taken_until };
      const i = item(id);
      if (i) i.taken_by = me;
      say("");
    } catch (error) {
      say(error.message, true);
      return look();
    }
    paintQueue();
    const first = document.querySelector("#work input, #work .actions button");
    if (first) first.focus();
  }

  async function putBack() {
    if (!hand) return;
    const { id } = hand;
    hand = null;
    const i = item(id);
    if (i) i.taken_by = "";
    paintQueue();
    element(id)?.firstChild.focus();
    try { await ask(path(id, "release"), {}); } catch (error) { say(error.message, true); }
  }

  const keys = new Map(); // a deed keeps its key until it was answered, so that pressing again is the same deed
  async function finishWith(id, wanted) {
    const deed = JSON.stringify([id, wanted]);
    if (!keys.has(deed)) keys.set(deed, crypto.randomUUID());
    for (const b of document.querySelectorAll("#work button")) b.disabled = true;
    try {
      await ask(path(id, "finish"), { key: keys.get(deed), ...wanted });
    } catch (error) {
      say(error.message, true);
      if (error.status === 409) { hand = null; painted = ""; return look(); }
      return;
    } finally {
      for (const b of document.querySelectorAll("#work button")) b.disabled = false;
    }
    keys.delete(deed);
    hand = null;
    painted = "";
    const at = items.findIndex((i) => i.id === id);
    const gone = !["silent", "rollcall"].includes(desk) && !(wanted.outcome === "status" && wanted.status !== "resolved");
    if (gone) items.splice(at, 1);
    else if (items[at]) items[at].taken_by = "";
    selected = (items[gone ? at : at + 1] || items[items.length - 1] || {}).id || null;
    say("Done. " + (items.length && gone ? "The next one is below." : ""), false);
    paintQueue();
    if (selected) element(selected)?.firstChild.focus();
    changed(desk);
  }

  // ---- the roll call ---------------------------------------------------------------------------------------------

  let called = "";
  const COUNTIES = ["county", "watchers", "proven", "invited", "wrong_number", "opted_out"];
  function paintRollCall(answer) {
    const key = JSON.stringify(answer);
    if (key === called) return;
    called = key;
    const send = (what) => async () => {
      try {
        const { answer: made } = await ask("/rollcall/" + what, {});
        say(made.made === 1 ? "1 text is on its way." : made.made + " texts are on their way.", false);
        changed(desk);
      } catch (error) { say(error.message, true); }
    };
    const file = make("button", { type: "button", class: "csv", "aria-label": "Save the counties as CSV" }, "CSV");
    file.addEventListener("click", () => beluga.csv.download(fileName("rollcall-counties"), beluga.csv.text(COUNTIES, answer.counties.map((c) => COUNTIES.map((k) => c[k])))));
    byId("summary").hidden = false;
    byId("summary").replaceChildren(
      make("h2", {}, beluga.whole(answer.proven) + " of " + beluga.whole(answer.watchers) + " phones proven"),
      make("p", { class: "dim" }, beluga.whole(answer.unproven) + " to reach (listed here), " + beluga.whole(answer.wrong_number) + " wrong numbers, " + beluga.whole(answer.opted_out) + " opted out."),
      make("p", { class: "actions" }, button("i", "Invite everybody not yet invited", send("invite"), true), button("m", "Remind those who have not answered", send("remind"))),
      make("details", {}, make("summary", {}, "By county"), make("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": "Roll call by county" }, file, make("table", {},
        make("thead", {}, make("tr", {}, ...["County", "Watchers", "Proven", "Invited", "Wrong number", "Opted out"].map((t, n) => make("th", { scope: "col", class: n ? "number" : null }, t)))),
        make("tbody", {}, ...answer.counties.map((c) => make("tr", {}, make("th", { scope: "row" }, c.county || "No county"), ...COUNTIES.slice(1).map((k) => make("td", { class: "number" }, beluga.whole(c[k]))))))))));
  }

  // ---- ages, hands, beginning -----------------------------------------------------------------------------------

  function tick() {
    const now = beluga.now();
    for (const span of document.querySelectorAll("[data-ago]")) span.textContent = beluga.span(now - Number(span.dataset.ago)) + " ago";
    for (const li of document.querySelectorAll("#queue li[data-id]")) {
      const i = item(li.dataset.id);
      if (i && i.at) li.querySelector(".since").textContent = beluga.span(now - Date.parse(i.at) / 1000);
    }
    endedTakes();
    // What the feed has not called changed is as young as the feed's last word.
    const at = lookedAt === null || wanted.size || lostSince !== null || !beluga.heardAt ? lookedAt : Math.max(lookedAt, beluga.heardAt);
    const age = byId("age");
    age.textContent = at === null ? "" : beluga.span((performance.now() - at) / 1000) + " old" + (lostSince !== null ? " · STALE since " + beluga.hhmmss(lostSince) : behind > 5 ? " · database " + beluga.span(behind) + " behind" : "");
    age.classList.toggle("old", lostSince !== null || (at !== null && performance.now() - at > 20000));
  }

  // A take that ends by itself is no news to anybody: the page looks when it does, once.
  const ended = new Set();
  function endedTakes() {
    for (const i of items) {
      const key = i.id + i.taken_until;
      if (!i.taken_by || !i.taken_until || ended.has(key) || Date.now() + ahead < Date.parse(i.taken_until) + 1000) continue;
      ended.add(key);
      changed(desk);
    }
  }

  // ---- what the feed says -----------------------------------------------------------------------------------------

  const news = beluga.deskNews(desk);
  const feed = {
    hello(m) { if (m.timezone) beluga.setZone(m.timezone); },
    snapshot(m) { heard = m.at; changed(...news.snapshot(m)); },
    delta(m) { heard = m.at; changed(...news.delta(m)); },
    beat(m) { heard = m.at; behind = m.stored_behind; },
    live() {
      if (lostSince === null) return;
      lostSince = null;
      document.body.classList.remove("stale");
      if (byId("notice").className === "stale-notice") say("");
      changed(desk); // whatever was said meanwhile
    },
    lost() {
      if (lostSince !== null) return;
      lostSince = heard ?? beluga.now();
      document.body.classList.add("stale");
      say("");
      tick();
    },
    signedOut(ended) { ended ? location.replace("/login?next=" + encodeURIComponent(location.pathname)) : signedOut(); },
  };

  // All of the queue as a file, not only what is shown.
  const COLUMNS = ["id", "at", "precinct_id", "place", "county", "watcher_id", "phone", "channel", "kind", "text", "votes", "why", "messages", "number", "category", "status", "taken_by"];
  const fileName = (table) => table + "-" + new Date(beluga.now() * 1000).toISOString().slice(0, 16).replace(":", "") + "Z.csv";
  async function saveCsv() {
    try {
      const rows = [];
      for (let after = ""; after !== null; ) {
        const answer = await ask("/desks/" + desk + (after ? "?after=" + encodeURIComponent(after) : ""));
        rows.push(...answer.items.map((i) => COLUMNS.map((k) => i[k] ?? "")));
        after = answer.next || null;
      }
      beluga.csv.download(fileName(desk), beluga.csv.text(COLUMNS, rows));
    } catch (error) { if (error.message) say(error.message, true); }
  }
  byId("csv").addEventListener("click", saveCsv);

  document.addEventListener("click", (event) => {
    const li = event.target.closest("#queue li[data-id]");
    if (li) select(li.dataset.id);
    if (event.target.id === "more") { pages += 1; look(); }
  });
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.target.matches("input, select")) {
      if (event.key === "Escape") { event.target.blur(); element(selected)?.firstChild.focus(); }
      if (event.key === "Enter") { document.querySelector("#work .main:not(:disabled), #found button")?.click(); event.preventDefault(); }
      return;
    }
    if (event.key === "j" || event.key === "ArrowDown") { step(1); event.preventDefault(); }
    else if (event.key === "k" || event.key === "ArrowUp") { step(-1); event.preventDefault(); }
    else if (event.key === "Enter" && selected && event.target.closest("#queue")) { event.preventDefault(); document.querySelector("#work [data-key=t]")?.click(); }
    else document.querySelector(":is(#work, #summary) [data-key='" + CSS.escape(event.key) + "']:not(:disabled)")?.click();
  });
  // Whoever leaves the page leaves nothing in hand.
  window.addEventListener("pagehide", () => {
    if (hand) fetch(path(hand.id, "release"), { method: "POST", keepalive: true, headers: { "X-CSRF": csrf, "Content-Type": "application/json" }, body: "{}" });
  });
  document.addEventListener("visibilitychange", () => { if (!document.hidden) look(); });

  async function begin() {
    try {
      const boot = await ask("/boot");
      me = boot.login;
      beluga.setZone(boot.timezone);
    } catch (error) { say(error.message, true); }
    await look();
    beluga.connectFeed(feed);
    setInterval(tick, 1000); // ages
  }
  begin();
})();
