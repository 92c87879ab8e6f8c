// Reports on their way: on the device's disk before any network call, sent one at a time, removed only after
// the server has said that it holds them. Sending twice is harmless: each has a UUID of its own.
// One queue for the watcher's form, the hotline's desk and the caller's page; each says where its reports go.
// A report that is still being written (a batch of strike-offs) is kept from its first word, and sent once it is closed.

/**
 * What waits.
 * @typedef {object} Entry
 * @property {string} id
 * @property {Record<string, unknown>} report  what is sent
 * @property {string} [address]  where it is put; without, below the queue's path by its id
 * @property {string} [label]  how the page calls it
 * @property {number | null} [number]  the count in it
 * @property {boolean} [counts]  whether `number` is the last count of its place
 * @property {boolean} [confirms]  whether it is a yes to the count that waits at its place
 * @property {string} [ask]  which question it answers
 * @property {string} [answer]  in the words typed
 * @property {ArrayBuffer} [photo]  a JPEG, which is what is sent then
 * @property {boolean} [open]  still being written: kept, and not sent until it is closed
 */
/** As kept. @typedef {Entry & {watcher: string, token: string, saved: number, refused?: number}} Kept */
/** `held`: a count waits for a yes. @typedef {{id?: string, reply?: string, asks?: boolean, held?: boolean, [more: string]: unknown}} Receipt */
/** What arrived last from a place: the count that stands, and the one that waits for a yes.
 * @typedef {{place: string, number?: number, at?: number, held?: {number: number, at: number}}} Last */
/** What an answer that is no receipt means. @typedef {"later" | "ended" | "refused"} Verdict */
/**
 * @typedef {object} Options
 * @property {string} [name]  of the storage, the lock and the channel between tabs
 * @property {string} [path]  below which reports are put
 * @property {boolean} [tokenKept]  whether the key is stored with a report, to send it when the page has another
 * @property {boolean} [refusedKept]  whether a refused report stays to be looked at
 * @property {(receipt: Receipt) => boolean} [taken]  whether the server says that it holds the report
 * @property {(status: number) => Verdict} [verdict]
 */

const LONGEST = 300; // s between two attempts
const PATIENCE = 20000; // ms for one answer
const PHOTO_PATIENCE = 28000; // the server waits for half a body for 30 s
// Sending the same again cannot help. (Not 403 or 404: a proxy in trouble says those, too.)
const FINAL = new Set([409, 413, 422]);

/** Milliseconds to wait after so many failures in a row: 2ⁿ s, at most 5 minutes. @param {number} failures */
export function pauseAfter(failures) {
  return Math.min(2 ** failures, LONGEST) * 1000;
}

/** What a watcher's report is answered. @param {number} status @returns {Verdict} */
export function verdictOnReport(status) {
  return status === 401 ? "ended" : FINAL.has(status) ? "refused" : "later";
}

/** The last count of a place after an answer; null: as it was. What is asked about is not counted: it waits for a yes,
 * and what was refused leaves nothing.
 * @param {Last | undefined} before @param {Pick<Kept, "number" | "counts" | "confirms" | "saved">} entry @param {Receipt} receipt
 * @returns {Omit<Last, "place"> | null} */
export function lastAfter(before, entry, receipt) {
  const stands = before?.number === undefined ? {} : { number: before.number, at: before.at };
  if (entry.confirms) return receipt.asks ? null : before?.held ? { ...before.held } : stands;
  if (entry.number === undefined || entry.number === null || !entry.counts) return null;
  const { number, saved: at } = entry;
  if (receipt.held) return { ...stands, held: { number, at } };
  return receipt.asks ? stands : { number, at };
}

/** A random UUID, also where the page is not served securely. @returns {string} */
export function newId() {
  if (crypto.randomUUID) return crypto.randomUUID();
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6] & 0x0f) | 0x40;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  return hex.replace(/(.{8})(.{4})(.{4})(.{4})(.{12})/, "$1-$2-$3-$4-$5");
}

/** @template T @param {IDBRequest<T>} request @returns {Promise<T>} */
function done(request) {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
    if ("onblocked" in request) request.onblocked = () => reject(new Error("blocked"));
  });
}

/** `change`: what waits has changed; `sent`: {entry, receipt}; `refused`: {entry, status}; `later`: an attempt failed. */
export class Queue extends EventTarget {
  /** Open reports begun here: one that is gone has been sent, and is not written again. @type {Set<string>} */
  #begun = new Set();

  /**
   * Opens the device's storage. Rejects where it refuses to keep anything.
   * @param {string} watcher  who reports
   * @param {string} token  "": a cookie signs
   * @param {Options} [options]
   */
  static async open(watcher, token, options = {}) {
    const name = options.name ?? "beluga";
    const opening = indexedDB.open(name, 1);
    opening.onupgradeneeded = () => {
      opening.result.createObjectStore("reports", { keyPath: "id" });
      opening.result.createObjectStore("last", { keyPath: "place" });
    };
    const queue = new Queue(await done(opening), watcher, token, { ...options, name });
    await queue.#write("last", (store) => store.put({ place: "", probe: Date.now() }));
    return queue;
  }

  /** @param {IDBDatabase} database @param {string} watcher @param {string} token @param {Options & {name: string}} options */
  constructor(database, watcher, token, options) {
    super();
    this.name = options.name;
    this.path = options.path ?? "/checkins/";
    this.tokenKept = options.tokenKept ?? true;
    this.refusedKept = options.refusedKept ?? true;
    this.taken = options.taken ?? ((/** @type {Receipt} */ receipt) => Boolean(receipt.id));
    this.verdict = options.verdict ?? verdictOnReport;
    this.database = database;
    this.watcher = watcher;
    this.token = token;
    this.linkEnded = false;
    this.failures = 0;
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    this.timer = undefined;
    /** The running pass. @type {Promise<void> | null} */
    this.passing = null;
    this.tabs = "BroadcastChannel" in globalThis ? new BroadcastChannel(this.name) : null;
    if (this.tabs) this.tabs.onmessage = () => this.dispatchEvent(new Event("change"));
  }

  /** What waits, oldest first. @returns {Promise<Kept[]>} */
  async waiting() {
    const store = this.database.transaction("reports").objectStore("reports");
    return (await done(store.getAll())).sort((a, b) => a.saved - b.saved);
  }

  /** The last count that was taken from this device at a place, and one that waits. @param {string} place
   * @returns {Promise<Last | undefined>} */
  async last(place) {
    return done(this.database.transaction("last").objectStore("last").get(place));
  }

  /** Keeps a report, and what belongs to it; resolves once all of it is on disk. One with an address takes the place
   * of what waits for the same. @param {Entry} entry @param {Entry[]} more */
  async add(entry, more = []) {
    const token = this.tokenKept ? this.token : "";
    const kept = [entry, ...more].map((each) => ({ ...each, watcher: this.watcher, token, saved: Date.now() }));
    const others = entry.address ? (await this.waiting()).filter((e) => e.address === entry.address) : [];
    await this.#write("reports", (store) => {
      for (const other of others) store.delete(other.id);
      for (const each of kept) store.add(each);
    });
    this.#changed();
  }

  /** Keeps an open report as it is written so far; false where it was closed meanwhile, by another tab, say, and is
   * left as it is. One without a word left is taken away. @param {Entry} entry @param {boolean} [empty]
   * @returns {Promise<boolean>} */
  async draft(entry, empty = false) {
    let written = true;
    await this.#write("reports", (store) => {
      const before = store.get(entry.id);
      before.onsuccess = () => {
        /** @type {Kept | undefined} */
        const kept = before.result;
        if (kept ? !kept.open : this.#begun.has(entry.id)) { written = false; return; }
        this.#begun.add(entry.id);
        const token = this.tokenKept ? this.token : "";
        if (empty) store.delete(entry.id);
        else store.put({ ...entry, open: true, watcher: this.watcher, token, saved: kept?.saved ?? Date.now() });
      };
    });
    this.#changed();
    return written;
  }

  /** Closes every report that is still being written, so that it is sent. Resolves once that is on disk. */
  async close() {
    await this.#write("reports", (store) => {
      const all = store.getAll();
      all.onsuccess = () => {
        for (const { open, ...kept } of /** @type {Kept[]} */ (all.result)) if (open) store.put(kept);
      };
    });
    this.#changed();
  }

  /** Sends now, when the connection comes back, and when somebody looks at the page again. */
  keepSending() {
    const send = () => { this.failures = 0; this.send(); };
    addEventListener("online", send);
    document.addEventListener("visibilitychange", () => { if (!document.hidden) send(); });
    send();
  }

  /** Tries to send everything now. Calls while it runs join the running pass. @returns {Promise<void>} */
  send() {
    clearTimeout(this.timer);
    this.passing ??= this.#alone(() => this.#pass()).finally(() => { this.passing = null; });
    return this.passing;
  }

  /** One tab at a time sends; the others hear what happened. @param {() => Promise<void>} work @returns {Promise<void>} */
  async #alone(work) {
    if (!globalThis.navigator?.locks) return work();
    return navigator.locks.request(this.name, work);
  }

  async #pass() {
    const ended = new Set();
    const tried = new Set();
    for (;;) {
      const left = (await this.waiting()).filter((e) => !e.open && !e.refused && !tried.has(e.id));
      const next = left.find((e) => !e.photo) ?? left[0]; // what is small first: no photo holds a count up
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

  /** @param {Kept} entry @param {string} token @returns {Promise<"sent" | Verdict>} */
  async #put(entry, token) {
    let answer;
    /** @type {Receipt | null} */
    let receipt;
    try {
      answer = await fetch(entry.address ?? this.path + entry.id, {
        method: "PUT",
        body: entry.photo ?? JSON.stringify(entry.report),
        headers: { "Content-Type": entry.photo ? "image/jpeg" : "application/json", ...(token ? { Authorization: `Bearer ${token}` } : {}) },
        redirect: "error", // a hotel's sign-in page is no answer
        cache: "no-store",
        credentials: token ? "omit" : "same-origin",
        signal: AbortSignal.timeout ? AbortSignal.timeout(entry.photo ? PHOTO_PATIENCE : PATIENCE) : undefined,
      });
      receipt = answer.ok ? await answer.json() : null;
    } catch {
      return "later";
    }
    if (receipt && this.taken(receipt)) {
      await this.#write("reports", (store) => store.delete(entry.id));
      const place = String(entry.report.precinct_id);
      const now = entry.counts || entry.confirms ? lastAfter(await this.last(place), entry, receipt) : null;
      if (now) await this.#write("last", (store) => store.put({ ...now, place }));
      this.failures = 0;
      this.#changed();
      this.dispatchEvent(new CustomEvent("sent", { detail: { entry, receipt } }));
      return "sent";
    }
    const verdict = answer.ok ? "later" : this.verdict(answer.status);
    if (verdict !== "refused") return verdict;
    await this.#write("reports", (store) =>
      this.refusedKept ? store.put({ ...entry, refused: answer.status }) : store.delete(entry.id));
    this.#changed();
    this.dispatchEvent(new CustomEvent("refused", { detail: { entry, status: answer.status } }));
    return "refused";
  }

  #retry() {
    // Jittered: what an outage held back does not return all at once.
    this.timer = setTimeout(() => this.send(), pauseAfter(this.failures) * (0.5 + Math.random() / 2));
    this.failures += 1;
    this.dispatchEvent(new Event("later"));
  }

  /** @param {"reports" | "last"} name @param {(store: IDBObjectStore) => unknown} work @returns {Promise<void>} */
  #write(name, work) {
    return new Promise((resolve, reject) => {
      const transaction = name === "reports"
        ? this.database.transaction(name, "readwrite", { durability: "strict" })
        : this.database.transaction(name, "readwrite");
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
