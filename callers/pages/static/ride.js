// Makes the driver's page better where it runs: what was pressed survives a dead spot (kept on the phone, sent until
// answered, in the order in which it was pressed), and a page without a ride looks for one by itself.
import { Queue } from "./queue.js";

/** @import {Entry, Verdict} from "./queue.js" */

/** What an act is answered: 409 says why it cannot be done, and sending it again cannot help.
 * @param {number} status @returns {Verdict} */
export const verdictOnAct = (status) => (status >= 500 || status === 429 || status === 401 ? "later" : "refused");

/** An act as the queue keeps it; ids alone, no voter. @param {string} ride @param {string} act @param {string} id @param {Date} at @returns {Entry} */
export function entryOf(ride, act, id, at) {
  return { id, report: { act, said_at: at.toISOString() }, address: `/api/rides/${ride}/acts/${id}` };
}

/** What a driver without a connection may press after what was pressed. (Nobody drives whom they cannot see: a ride is
 * taken with one.) @param {string} act @param {boolean} home  whether the voter is to be taken home @returns {string} */
export const followedBy = (act, home) => (act === "pick_up" ? "bring" : act === "bring" && home ? "return" : "");

/** @param {Document | Element} page */
export function begin(page) {
  const token = decodeURIComponent(location.pathname.split("/")[3] || "");
  const home = `/c/ride/${encodeURIComponent(token)}`;
  const main = page.querySelector("main");
  const notice = document.getElementById("notice");
  /** @param {string | undefined} text */
  const say = (text) => { if (notice) { notice.textContent = text ?? ""; notice.hidden = !text; } };

  const opening = Queue.open("driver", token, {
    name: `beluga-rides-${token.slice(-12)}`, tokenKept: false, refusedKept: false, verdict: verdictOnAct,
    taken: () => true,
  }).then((queue) => {
    const over = async () => { if (!(await queue.waiting()).length) location.replace(home); };
    queue.addEventListener("sent", over);
    queue.addEventListener("refused", over);
    queue.addEventListener("later", () => say(main?.dataset.saved));
    queue.keepSending();
    return queue;
  });
  opening.catch(() => {}); // no storage: the form goes the plain way, below

  for (const form of /** @type {NodeListOf<HTMLFormElement>} */ (page.querySelectorAll("form.act"))) form.addEventListener("submit", async (event) => {
    const act = /** @type {HTMLButtonElement | null} */ (event.submitter)?.value;
    if (!act) return;
    event.preventDefault();
    for (const button of /** @type {NodeListOf<HTMLButtonElement>} */ (page.querySelectorAll("form.act button"))) button.disabled = true;
    /** @param {string} name */
    const value = (name) => /** @type {HTMLInputElement | null} */ (form.elements.namedItem(name))?.value ?? "";
    try {
      const queue = await opening;
      await queue.add(entryOf(value("ride_id"), act, value("act_id"), new Date()));
      await queue.send();
      const next = followedBy(act, main?.dataset.home === "1");
      const id = /** @type {HTMLInputElement | null} */ (form.elements.namedItem("act_id"));
      const button = form.querySelector("button");
      if (next && id && button && (await queue.waiting()).length) {
        id.value = crypto.randomUUID();
        button.value = next;
        button.textContent = main?.dataset[next] ?? next;
        button.disabled = false;
      }
    } catch {
      form.append(Object.assign(document.createElement("input"), { type: "hidden", name: "act", value: act }));
      form.submit();
    }
  });

  // The driver is there: a claim lasts longer, and what became of the ride meanwhile is shown.
  const look = async () => {
    if (document.hidden) return;
    try {
      const answer = await fetch("/api/rides/next", { method: "POST", headers: { Authorization: `Bearer ${token}` }, cache: "no-store", signal: AbortSignal.timeout(8000) });
      if (!answer.ok) return;
      const found = await answer.json();
      if ((found.ride?.ride_id ?? "") !== (main?.dataset.ride ?? "")) location.replace(home);
    } catch { /* no connection: again in half a minute */ }
  };
  if (main?.dataset.look) setInterval(look, Number(main.dataset.look) * 1000);
}

if (location.pathname.startsWith("/c/ride/")) begin(document);
