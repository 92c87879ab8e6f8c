// Makes the caller's page better where it runs: consent is asked before dialling without leaving the page,
// the lease is kept alive, and an outcome survives a dead spot (kept on the phone, sent until answered).
import { Queue } from "./queue.js";

/** @import {Entry, Kept, Verdict} from "./queue.js" */
/** @typedef {{lease_id: string, outcome_id: string, outcome: string, call_back_local?: string, language?: string, said_local?: string, need?: string, line_minutes?: string, seats?: string, wheelchair?: boolean, texts?: boolean}} Report */
/** @typedef {{live: boolean, reason?: string, message: string, phone?: string, voter?: {name: string, phone: string, script: string[], said_before?: string}}} LeaseStatus */

/** What an outcome is answered: of a lease that has ended nothing more is wanted. @param {number} status @returns {Verdict} */
export const verdictOnOutcome = (status) => (status >= 500 || status === 429 || status === 401 ? "later" : "refused");

/** An outcome as the queue keeps it; a later one of the same lease takes its place. @param {Report} told @returns {Entry} */
export function entryOf({ lease_id: lease, ...report }) {
  return { id: report.outcome_id, report, address: `/api/outcomes/${lease}` };
}

/** The outcomes' queue on this phone; holds ids, no voter and no key. @param {string} token */
export async function openOutcomes(token) {
  const name = `beluga-outcomes-${token.slice(-12)}`;
  const queue = await Queue.open("caller", token, {
    name, tokenKept: false, refusedKept: false, verdict: verdictOnOutcome, taken: () => true,
  });
  // Pages of before kept them as one text.
  const before = localStorage.getItem(name);
  if (before) {
    for (const told of /** @type {Report[]} */ (JSON.parse(before))) await queue.add(entryOf(told));
    localStorage.removeItem(name);
  }
  return queue;
}

/** @param {string} id */
const byId = (id) => document.getElementById(id);

/** @param {Document | Element} page */
export function begin(page) {
  const token = decodeURIComponent(location.pathname.split("/")[2] || "");
  const home = `/c/${encodeURIComponent(token)}`;
  const headers = { Authorization: `Bearer ${token}`, "Content-Type": "application/json" };
  const main = page.querySelector("main");
  const data = main?.dataset ?? {};
  const notice = byId("notice");
  const call = byId("call");
  const lease = data.lease;

  /** @param {string} method @param {string} path @param {object} body */
  const ask = (method, path, body) =>
    fetch(path, { method, headers, body: JSON.stringify(body), cache: "no-store", signal: AbortSignal.timeout(8000) });
  /** @param {string | undefined} text */
  const say = (text) => { if (notice) { notice.textContent = text ?? ""; notice.hidden = !text; } };
  /** @param {string} message */
  const stop = (message) => {
    say(message || data.stop);
    if (call) { call.setAttribute("aria-disabled", "true"); call.removeAttribute("href"); }
  };
  /** Whom to call, in the places that wait for it; text only, whatever a name holds. @param {NonNullable<LeaseStatus["voter"]>} voter */
  const show = (voter) => {
    const lines = voter.script.map((line) => Object.assign(document.createElement("p"), { textContent: line }));
    byId("name")?.replaceChildren(voter.name);
    byId("number")?.replaceChildren(voter.phone);
    byId("script")?.replaceChildren(...lines);
    for (const id of ["number", "called"]) byId(id)?.removeAttribute("hidden");
    byId("before")?.remove();
    const earlier = byId("earlier");
    if (earlier && voter.said_before) { earlier.textContent = voter.said_before; earlier.hidden = false; }
  };

  // --- outcomes kept until answered
  const opening = openOutcomes(token).then((queue) => {
    /** @param {Event} event */
    const over = (event) => {
      const { entry } = /** @type {CustomEvent<{entry: Kept}>} */ (event).detail;
      if (entry.address === `/api/outcomes/${lease}`) location.replace(`${home}?done=${entry.report.outcome}&lease=${lease}`);
    };
    queue.addEventListener("sent", over);
    queue.addEventListener("refused", over);
    queue.addEventListener("later", async () => {
      if (data.saved && (await queue.waiting()).some((e) => e.address === `/api/outcomes/${lease}`)) say(data.saved);
    });
    queue.keepSending();
    return queue;
  });
  opening.catch(() => {}); // no storage: the form goes the plain way, below

  for (const form of /** @type {NodeListOf<HTMLFormElement>} */ (page.querySelectorAll("form.outcome"))) form.addEventListener("submit", async (event) => {
    const outcome = /** @type {HTMLButtonElement | null} */ (event.submitter)?.value;
    if (!outcome) return;
    event.preventDefault();
    for (const button of /** @type {NodeListOf<HTMLButtonElement>} */ (page.querySelectorAll("form.outcome button"))) button.disabled = true;
    /** @param {string} name */
    const value = (name) => /** @type {HTMLInputElement | null} */ (form.elements.namedItem(name))?.value || undefined;
    /** @param {string} name */
    const ticked = (name) => /** @type {HTMLInputElement | null} */ (form.elements.namedItem(name))?.checked || undefined;
    try {
      const queue = await opening;
      await queue.add(entryOf({
        lease_id: value("lease_id") ?? "", outcome_id: value("outcome_id") ?? "", outcome,
        call_back_local: value("call_back_local"), language: value("language"), said_local: value("said_local"),
        need: value("need"), line_minutes: value("line_minutes"), seats: value("seats"),
        wheelchair: ticked("wheelchair"), texts: ticked("texts"),
      }));
      await queue.send();
    } catch {
      form.append(Object.assign(document.createElement("input"), { type: "hidden", name: "outcome", value: outcome }));
      form.submit();
    }
  });

  // --- dialling: consent at this very moment
  call?.addEventListener("click", async (event) => {
    event.preventDefault();
    if (call.getAttribute("aria-disabled") === "true") return;
    try {
      const answer = await ask("POST", "/api/dial", { lease_id: lease });
      if (!answer.ok && answer.status !== 429) throw new Error("later");
      const still = /** @type {LeaseStatus} */ (await answer.json());
      if (still.reason === "unreported") return location.replace(home); // it asks what came of those
      if (still.reason === "too_fast") return say(still.message);
      if (!still.live) return stop(still.message);
      say("");
      if (still.voter) show(still.voter);
      location.href = `tel:${still.phone}`;
    } catch { say(data.offline); }
  });

  // --- the lease is kept alive while the page is open; a voter who has voted meanwhile is taken off it
  if (lease && data.beat) setInterval(async () => {
    try {
      const answer = await ask("POST", "/api/heartbeat", { lease_id: lease });
      if (!answer.ok) return;
      const still = /** @type {LeaseStatus} */ (await answer.json());
      if (!still.live) stop(still.message);
    } catch { /* the next beat tries again; dialling asks anyway */ }
  }, Number(data.beat) * 1000);

  // --- undo, for ten seconds
  const undo = byId("undo");
  if (undo) {
    let left = Number(undo.dataset.seconds);
    const tick = () => {
      byId("left")?.replaceChildren(left > 0 ? `(${left})` : "");
      if (left-- <= 0) { undo.hidden = true; clearInterval(timer); }
    };
    const timer = setInterval(tick, 1000);
    tick();
  }

  // --- nothing to call: one request waits at the service until there is work
  const waits = byId("waiting");
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
}

if (location.pathname.startsWith("/c/")) begin(document);
