// Makes the canvasser's page better where it runs. A walk goes on without a connection: the doors stand on the page and,
// sealed, beside it (doors_kept.js), what is pressed is kept on the phone (ids, no voter) and sent until answered. A door
// whose lease is over is another canvasser's, so it is taken off the page, connection or not.
import { DoorsKept } from "./doors_kept.js";
import { newId, Queue } from "./queue.js";

/** @import {Entry, Kept, Verdict} from "./queue.js" */
/** A door as the page holds it: until when (ms), and its people by lease, with why they are not visited.
 * @typedef {{id: string, until: number, people: Record<string, string>}} Door */
/** @typedef {{doors: {door_id: string, left_seconds: number, people: {lease_id: string, gone: string}[]}[]}} Answer */

/** What an outcome is answered: sent again it cannot fare better. @param {number} status @returns {Verdict} */
export const verdictOnVisit = (status) => (status >= 500 || status === 429 || status === 401 ? "later" : "refused");

/** A visit's outcome as the queue keeps it; a later one of the same person takes its place while it waits.
 * @param {string} lease @param {Record<string, unknown> & {outcome_id: string}} report @returns {Entry} */
export const entryOf = (lease, report) => ({ id: report.outcome_id, report, address: `/api/doors/outcomes/${lease}` });

/** The list after a word of the service: doors it no longer names are gone, and people stand as it says. What was told
 * here and has not been sent stands as told. @param {Door[]} doors @param {Answer} answer @param {number} now
 * @param {Record<string, string>} told  outcomes by lease @returns {Door[]} */
export function heard(doors, answer, now, told) {
  const said = new Map(answer.doors.map((door) => [door.door_id, door]));
  return doors.flatMap((door) => {
    const word = said.get(door.id);
    if (!word) return [];
    const people = Object.fromEntries(word.people.map((one) => [one.lease_id, told[one.lease_id] ?? one.gone]));
    return [{ id: door.id, until: now + word.left_seconds * 1000, people }];
  });
}

/** The doors that may still be walked to: not those whose lease is over, nor those with nobody left to visit.
 * @param {Door[]} doors @param {number} now @returns {Door[]} */
export const standing = (doors, now) =>
  doors.filter((door) => door.until > now && Object.values(door.people).some((gone) => !gone));

/** Opens the page: a frame without content, as it comes without a connection, gets what this tab has kept.
 * @param {Document | Element} page */
export async function open(page) {
  const main = page.querySelector("main");
  const keeping = DoorsKept.open(location.pathname);
  if (main && !main.childElementCount) {
    const list = await keeping.then((kept) => kept.read()).catch(() => null);
    addEventListener("online", () => location.reload());
    if (!list) {
      main.append(Object.assign(document.createElement("p"), { role: "alert", textContent: main.dataset.away ?? "" }));
      return;
    }
    const content = new DOMParser().parseFromString(list.content, "text/html").querySelector("main");
    main.append(...(content?.childNodes ?? []));
    begin(page, keeping, list.doors);
  } else begin(page, keeping);
  try {
    await navigator.serviceWorker.register("/c/doors/worker.js");
    await navigator.serviceWorker.ready;
    document.documentElement.dataset.offline = "ready";
  } catch { /* the page works without it while there is a connection */ }
}

/** @param {Document | Element} page @param {Promise<DoorsKept>} [keeping] @param {Door[]} [kept]  as this tab had them */
export function begin(page, keeping, kept) {
  const token = decodeURIComponent(location.pathname.split("/")[3] || "");
  const home = `/c/doors/${encodeURIComponent(token)}`;
  const main = page.querySelector("main");
  const data = main?.dataset ?? {};
  /** @param {string} id */
  const byId = (id) => document.getElementById(id);
  /** @param {string | undefined} text */
  const say = (text) => { const notice = byId("notice"); if (notice) { notice.textContent = text ?? ""; notice.hidden = !text; } };
  /** @type {Record<string, string>} */
  const told = {};
  /** @type {Door[]} */
  let doors = kept ?? [.../** @type {NodeListOf<HTMLElement>} */ (page.querySelectorAll("section[data-door]"))].map((section) => ({
    id: section.dataset.door ?? "",
    until: Date.now() + Number(section.dataset.left) * 1000,
    people: Object.fromEntries([.../** @type {NodeListOf<HTMLElement>} */ (section.querySelectorAll("li[data-lease]"))]
      .map((line) => [line.dataset.lease ?? "", line.classList.contains("gone") ? "gone" : ""])),
  }));

  /** Takes off the page what is no longer this canvasser's, and marks who is not visited. @param {boolean} [said]  a
   * door that is done was done here */
  const draw = (said) => {
    const now = Date.now();
    const left = standing(doors, now);
    for (const section of /** @type {NodeListOf<HTMLElement>} */ (page.querySelectorAll("section[data-door]"))) {
      const door = left.find((one) => one.id === section.dataset.door);
      if (!door) {
        if (section.contains(byId("chosen"))) { hide(); if (!said) say(data.over); }
        section.remove();
        continue;
      }
      for (const line of /** @type {NodeListOf<HTMLElement>} */ (section.querySelectorAll("li[data-lease]"))) {
        if (!door.people[line.dataset.lease ?? ""] || line.classList.contains("gone")) continue;
        if (line.id === "chosen") { hide(); if (!said) say(data.over); }
        const name = line.querySelector("button")?.textContent ?? "";
        line.className = "gone";
        line.replaceChildren(Object.assign(document.createElement("s"), { textContent: name }));
      }
    }
    doors = left;
    keep();
    if (!left.length && byId("doors")) look();
  };
  const keep = () => keeping?.then((store) => store.keep({ content: main ? new XMLSerializer().serializeToString(main) : "", doors })).catch(() => {});
  const hide = () => {
    const forms = byId("said");
    if (forms) forms.hidden = true;
    byId("who")?.replaceChildren();
    byId("chosen")?.removeAttribute("id");
  };

  /** Asks the service; false where it cannot be reached. @param {string} what */
  const ask = async (what) => {
    try {
      const answer = await fetch(`/api/doors/${what}`, { method: "POST", headers: { Authorization: `Bearer ${token}` }, cache: "no-store", signal: AbortSignal.timeout(5000) });
      if (answer.status === 401) { doors = []; draw(); return true; } // the link has ended: nothing of it stays
      if (!answer.ok) return false;
      const found = /** @type {Answer} */ (await answer.json());
      doors = heard(doors, found, Date.now(), told);
      draw();
      return true;
    } catch { return false; }
  };
  let asking = false;
  /** What became of the doors meanwhile; where none is left, the page says why. */
  const look = async () => {
    if (document.hidden || asking) return;
    asking = true;
    const reached = await ask("held");
    asking = false;
    if (reached && !doors.length && !(await opening.then((queue) => queue.waiting(), () => [])).length) location.replace(home);
  };

  const opening = Queue.open("canvasser", token, {
    name: `beluga-doors-${token.slice(-12)}`, tokenKept: false, refusedKept: false, verdict: verdictOnVisit,
    taken: () => true,
  }).then(async (queue) => {
    for (const kept of await queue.waiting()) note(kept);
    draw(true);
    /** @param {Event} event */
    const over = (event) => {
      say("");
      if (event.type === "refused") delete told[leaseOf(/** @type {CustomEvent<{entry: Kept}>} */ (event).detail.entry)];
      look();
    };
    queue.addEventListener("sent", over);
    queue.addEventListener("refused", over);
    queue.addEventListener("later", () => say(data.saved));
    document.addEventListener("visibilitychange", () => { if (!document.hidden) draw(); });
    queue.keepSending();
    return queue;
  });
  opening.catch(() => {}); // no storage: the form goes the plain way, below
  /** @param {Entry} entry */
  const leaseOf = (entry) => (entry.address ?? "").split("/").pop() ?? "";
  /** Marks who has been told of. @param {Entry} entry */
  const note = (entry) => {
    const lease = leaseOf(entry);
    told[lease] = String(entry.report.outcome);
    for (const door of doors) if (lease in door.people) door.people[lease] = told[lease];
  };

  // --- somebody is chosen: consent at this very moment, where there is a connection
  for (const form of /** @type {NodeListOf<HTMLFormElement>} */ (page.querySelectorAll("form.person"))) form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const line = form.closest("li");
    const lease = line?.dataset.lease ?? "";
    hide();
    say("");
    if (!line) return;
    line.id = "chosen";
    await ask("knock");
    if (!line.isConnected || line.id !== "chosen") return;
    for (const one of /** @type {NodeListOf<HTMLFormElement>} */ (page.querySelectorAll("form.outcome"))) {
      one.reset();
      for (const [field, value] of [["lease_id", lease], ["outcome_id", newId()]]) {
        const input = /** @type {HTMLInputElement | null} */ (one.elements.namedItem(field));
        if (input) input.value = value;
      }
    }
    byId("who")?.replaceChildren((data.who ?? "{name}").replace("{name}", form.querySelector("button")?.textContent ?? ""));
    const forms = byId("said");
    if (forms) forms.hidden = false;
    byId("who")?.focus();
  });

  for (const form of /** @type {NodeListOf<HTMLFormElement>} */ (page.querySelectorAll("form.outcome"))) form.addEventListener("submit", async (event) => {
    const outcome = /** @type {HTMLButtonElement | null} */ (event.submitter)?.value;
    if (!outcome) return;
    event.preventDefault();
    /** @param {string} name */
    const value = (name) => /** @type {HTMLInputElement | null} */ (form.elements.namedItem(name))?.value || undefined;
    /** @param {string} name */
    const ticked = (name) => /** @type {HTMLInputElement | null} */ (form.elements.namedItem(name))?.checked || undefined;
    try {
      const queue = await opening;
      const entry = entryOf(value("lease_id") ?? "", {
        outcome_id: value("outcome_id") ?? newId(), outcome,
        call_back_local: value("call_back_local"), language: value("language"), said_local: value("said_local"),
        need: value("need"), line_minutes: value("line_minutes"), seats: value("seats"),
        wheelchair: ticked("wheelchair"), texts: ticked("texts"),
      });
      await queue.add(entry);
      note(entry);
      draw(true);
      hide();
      await queue.send();
    } catch {
      form.append(Object.assign(document.createElement("input"), { type: "hidden", name: "outcome", value: outcome }));
      form.submit();
    }
  });

  if (kept) { hide(); say(data.away); }
  else if (doors.length) keep();
  else keeping?.then((store) => store.forget()).catch(() => {});
  if (data.look) {
    setInterval(look, Number(data.look) * 1000);
    setInterval(() => draw(), 5000);
  }
}

if (location.pathname.startsWith("/c/doors/")) open(document);
