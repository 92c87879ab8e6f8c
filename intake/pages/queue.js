// Reports on their way: on the phone's disk before any network call, sent one at a time, removed only after
// the server has said that it holds them. Sending twice is harmless: each has a UUID of its own.

const LONGEST = 300; // s between two attempts
const PATIENCE = 20000; // ms for one answer
// Sending the same again cannot help. (Not 403 or 404: a proxy in trouble says those, too.)
const FINAL = new Set([409, 413, 422]);

/** Milliseconds to wait after so many failures in a row: 2ⁿ s, at most 5 minutes. */
export function pauseAfter(failures) {
  return Math.min(2 ** failures, LONGEST) * 1000;
}

/** A random UUID, also where the page is not served securely. */
export function newId() {
  if (crypto.randomUUID) return crypto.randomUUID();
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6] & 0x0f) | 0x40;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  return hex.replace(/(.{8})(.{4})(.{4})(.{4})(.{12})/, "$1-$2-$3-$4-$5");
}

function done(request) {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
    request.onblocked = () => reject(new Error("blocked"));
  });
}

/** `change`: what waits has changed; `sent`: {entry, receipt}; `later`: an attempt failed. */
export class Queue extends EventTarget {
  /** Opens the phone's storage. Rejects where the phone refuses to keep anything. `token` "": a cookie signs. */
  static async open(watcher, token, { name = "beluga", path = "/checkins/" } = {}) {
    const opening = indexedDB.open(name, 1);
    opening.onupgradeneeded = () => {
      opening.result.createObjectStore("reports", { keyPath: "id" });
      opening.result.createObjectStore("last", { keyPath: "place" });
    };
    const database = await done(opening);
    const queue = new Queue(database, watcher, token, name, path);
    await queue.#write("last", (store) => store.put({ place: "", probe: Date.now() }));
    return queue;
  }

  constructor(database, watcher, token, name, path) {
    super();
    this.name = name;
    this.path = path;
    this.database = database;
    this.watcher = watcher;
    this.token = token;
    this.linkEnded = false;
    this.failures = 0;
    this.timer = 0;
    this.passing = null;
    this.tabs = "BroadcastChannel" in self ? new BroadcastChannel(name) : null;
    if (this.tabs) this.tabs.onmessage = () => this.dispatchEvent(new Event("change"));
  }

  /** What waits, oldest first. */
  async waiting() {
    const store = this.database.transaction("reports").objectStore("reports");
    return (await done(store.getAll())).sort((a, b) => a.saved - b.saved);
  }

  /** The last count that arrived from this phone at a place: {number, at}, or undefined. */
  async last(place) {
    return done(this.database.transaction("last").objectStore("last").get(place));
  }

  /** Keeps a report; resolves once it is on disk. */
  async add(entry) {
    await this.#write("reports", (store) =>
      store.add({ ...entry, watcher: this.watcher, token: this.token, saved: Date.now() }));
    this.#changed();
  }

  /** Tries to send everything now. Calls while it runs join the running pass. */
  send() {
    clearTimeout(this.timer);
    this.passing ??= this.#alone(() => this.#pass()).finally(() => { this.passing = null; });
    return this.passing;
  }

  #alone(work) { // one tab at a time sends; the others hear what happened
    if (!navigator.locks) return work();
    return navigator.locks.request(this.name, work);
  }

  async #pass() {
    const ended = new Set();
    const tried = new Set();
    for (;;) {
      const next = (await this.waiting()).find((e) => !e.refused && !tried.has(e.id));
      if (!next) break;
      tried.add(next.id);
      // A watcher with a new link sends what was saved under the old one, too.
      const token = next.watcher === this.watcher && this.token ? this.token : next.token;
      if (ended.has(token)) continue;
      const outcome = await this.#put(next, token);
      if (outcome === "ended") ended.add(token);
      else if (outcome === "later") { this.#retry(); return; }
    }
    this.failures = 0;
    this.linkEnded = ended.size > 0;
    if (this.linkEnded) this.#changed();
  }

  async #put(entry, token) {
    let answer, receipt;
    try {
      const headers = { "Content-Type": "application/json" };
      if (token) headers.Authorization = `Bearer ${token}`;
      answer = await fetch(this.path + entry.id, {
        method: "PUT",
        body: JSON.stringify(entry.report),
        headers,
        redirect: "error", // a hotel's sign-in page is no answer
        cache: "no-store",
        credentials: token ? "omit" : "same-origin",
        signal: AbortSignal.timeout ? AbortSignal.timeout(PATIENCE) : undefined,
      });
      receipt = answer.ok ? await answer.json() : null;
    } catch {
      return "later";
    }
    if (receipt && receipt.id) {
      await this.#write("reports", (store) => store.delete(entry.id));
      if (entry.number !== undefined && entry.counts)
        await this.#write("last", (store) =>
          store.put({ place: entry.report.precinct_id, number: entry.number, at: entry.saved }));
      this.failures = 0;
      this.#changed();
      this.dispatchEvent(new CustomEvent("sent", { detail: { entry, receipt } }));
      return "sent";
    }
    if (answer.status === 401) return "ended";
    if (!FINAL.has(answer.status)) return "later";
    await this.#write("reports", (store) => store.put({ ...entry, refused: answer.status }));
    this.#changed();
    return "refused";
  }

  #retry() {
    this.timer = setTimeout(() => this.send(), pauseAfter(this.failures));
    this.failures += 1;
    this.dispatchEvent(new Event("later"));
  }

  #write(name, work) {
    return new Promise((resolve, reject) => {
      const options = name === "reports" ? { durability: "strict" } : undefined;
      const transaction = this.database.transaction(name, "readwrite", options);
      transaction.oncomplete = () => resolve();
      transaction.onerror = transaction.onabort = () => reject(transaction.error);
      work(transaction.objectStore(name));
    });
  }

  #changed() {
    this.dispatchEvent(new Event("change"));
    this.tabs?.postMessage("change");
  }
}
