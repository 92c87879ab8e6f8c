// Makes the caller's page better where it runs: consent is asked before dialling without leaving the page,
// the lease is kept alive, and an outcome survives a dead spot (kept on the phone, sent until answered).
"use strict";
(() => {
  const token = decodeURIComponent(location.pathname.split("/")[2] || "");
  const home = `/c/${encodeURIComponent(token)}`;
  const waiting = `beluga-outcomes-${token.slice(-12)}`; // on this phone only; holds ids, no voter
  const headers = { Authorization: `Bearer ${token}`, "Content-Type": "application/json" };
  const main = document.querySelector("main");
  const notice = document.getElementById("notice");
  const call = document.getElementById("call");
  const lease = main && main.dataset.lease;

  const ask = (method, path, body) =>
    fetch(path, { method, headers, body: body && JSON.stringify(body), cache: "no-store", signal: AbortSignal.timeout(8000) });
  const say = (text) => { if (notice) { notice.textContent = text; notice.hidden = !text; } };
  const stop = (message) => {
    say(message || main.dataset.stop);
    if (call) { call.setAttribute("aria-disabled", "true"); call.removeAttribute("href"); }
  };
  // whom to call, in the places that wait for it; text only, whatever a name holds
  const show = (voter) => {
    document.getElementById("name").textContent = voter.name;
    document.getElementById("number").textContent = voter.phone;
    document.getElementById("script").replaceChildren(...voter.script.map((line) => {
      const p = document.createElement("p");
      p.textContent = line;
      return p;
    }));
    for (const id of ["number", "called"]) document.getElementById(id).hidden = false;
    const before = document.getElementById("before");
    if (before) before.remove();
  };

  // --- outcomes kept until answered
  const kept = () => { try { return JSON.parse(localStorage.getItem(waiting) || "[]"); } catch { return []; } };
  const keep = (list) => localStorage.setItem(waiting, JSON.stringify(list));
  let pause = 1, sending = false;
  const send = async () => {
    if (sending) return;
    sending = true;
    try {
      for (let list = kept(); list.length; list = kept()) {
        const { lease_id, ...report } = list[0];
        const answer = await ask("PUT", `/api/outcomes/${lease_id}`, report);
        if (answer.status >= 500 || answer.status === 429 || answer.status === 401) throw new Error("later");
        keep(kept().filter((item) => item.outcome_id !== report.outcome_id));
        pause = 1;
        if (lease_id === lease) location.replace(`${home}?done=${report.outcome}&lease=${lease_id}`);
      }
    } catch {
      if (kept().some((item) => item.lease_id === lease) && main.dataset.saved) say(main.dataset.saved);
      setTimeout(send, pause * 1000 * (0.5 + Math.random() / 2));
      pause = Math.min(pause * 2, 300);
    } finally { sending = false; }
  };
  addEventListener("online", () => { pause = 1; send(); });
  document.addEventListener("visibilitychange", () => { if (!document.hidden) { pause = 1; send(); } });

  for (const form of document.querySelectorAll("form.outcome")) form.addEventListener("submit", (event) => {
    const outcome = event.submitter && event.submitter.value;
    if (!outcome) return;
    event.preventDefault();
    document.querySelectorAll("form.outcome button").forEach((button) => { button.disabled = true; });
    const report = { lease_id: form.lease_id.value, outcome_id: form.outcome_id.value, outcome };
    for (const name of ["call_back_local", "language"]) if (form[name] && form[name].value) report[name] = form[name].value;
    keep([...kept().filter((item) => item.lease_id !== report.lease_id), report]);
    send();
  });

  // --- dialling: consent at this very moment
  if (call) call.addEventListener("click", async (event) => {
    event.preventDefault();
    if (call.getAttribute("aria-disabled") === "true") return;
    try {
      const answer = await ask("POST", "/api/dial", { lease_id: lease });
      if (!answer.ok && answer.status !== 429) throw new Error("later");
      const still = await answer.json();
      if (still.reason === "unreported") return location.replace(home); // it asks what came of those
      if (still.reason === "too_fast") return say(still.message);
      if (!still.live) return stop(still.message);
      say("");
      if (still.voter) show(still.voter);
      location.href = `tel:${still.phone}`;
    } catch { say(main.dataset.offline); }
  });

  // --- the lease is kept alive while the page is open; a voter who has voted meanwhile is taken off it
  if (lease && main.dataset.beat) setInterval(async () => {
    try {
      const answer = await ask("POST", "/api/heartbeat", { lease_id: lease });
      if (!answer.ok) return;
      const still = await answer.json();
      if (!still.live) stop(still.message);
    } catch { /* the next beat tries again; dialling asks anyway */ }
  }, Number(main.dataset.beat) * 1000);

  // --- undo, for ten seconds
  const undo = document.getElementById("undo");
  if (undo) {
    let left = Number(undo.dataset.seconds);
    const tick = () => {
      document.getElementById("left").textContent = left > 0 ? `(${left})` : "";
      if (left-- <= 0) { undo.hidden = true; clearInterval(timer); }
    };
    const timer = setInterval(tick, 1000);
    tick();
  }

  // --- nothing to call: one request waits at the service until there is work
  const waits = document.getElementById("waiting");
  const wait = async () => {
    const began = Date.now();
    try {
      const answer = await fetch("/api/lease", { method: "POST", headers: { ...headers, Prefer: "wait=300" }, cache: "no-store", signal: AbortSignal.timeout(330000) });
      if (answer.status === 401) return location.reload();
      if ((await answer.json()).voter) return location.replace(home);
    } catch { /* no connection: again below */ }
    const rest = Date.now() - began < 5000 ? 20000 : 1000; // never in a hurry, whatever answers
    setTimeout(wait, rest * (0.5 + Math.random()));
  };
  if (waits) { waits.hidden = false; wait(); }
  send();
})();
