// Rolls on this phone: as sealed as they came, with the numbers alone beside them. The key of the names stays in this
// tab's session: who has the phone's disk, a backup of it, or the page after the link has ended, has noise.

import { canSeal, done, unsealed } from "./sealing.js";

/** @import {Row} from "./roll.js" */
/** @typedef {{precinct_id: string, voters: number, names: boolean, version: string, struck: string[], key: string, gone_in_seconds: number}} RollState */
/** A roll as kept. `plain`: its numbers alone, as JSON: read from the disk sooner than rows. `sealed`: with names, nonce first. `path`: of the link that brought it. `sent`: what this phone said
 * lately, which the server's next list may not have yet.
 * @typedef {{id: string, path: string, precinct: string, version: string, plain: string, sealed?: ArrayBuffer,
 *   struck: string[], goneAt: number, sent: {at: number, struck: string[], unstruck: string[]}[]}} KeptRoll */

const NAME = "beluga-rolls";
const PATIENCE = 10000; // ms for an answer
const SETTLED = 600_000; // ms after which the server's list is believed, though it never had what this phone sent
const DAY = 86_400_000; // ms; a timer counts no longer than 24 days
const GONE = new Set([401, 404, 410]); // link ended, precinct taken away, polls closed an hour ago

const REFUSED = "refused-"; // before the version of a roll whose names were fetched too often: numbers alone

/** Whether names were refused to this link. @param {KeptRoll} kept */
export const wasRefused = (kept) => kept.version.startsWith(REFUSED);

/** Whose a link is, without when it was signed: the same one printed again fetches nothing anew. @param {string} path */
export const ownerOf = (path) => path.split(".")[0]?.replace(/^\/w\/$/, path) ?? path;

/** @param {string} path @param {string} precinct */
const idOf = (path, precinct) => `${ownerOf(path)} ${precinct}`;

/** @param {string} address */
function got(address) {
  return fetch(address, {
    cache: "no-store", redirect: "error", signal: AbortSignal.timeout ? AbortSignal.timeout(PATIENCE) : undefined,
  });
}

export class RollStore {
  /** @param {string} path  of the watcher's link @returns {Promise<RollStore>} */
  static async open(path) {
    const opening = indexedDB.open(NAME, 1);
    opening.onupgradeneeded = () => opening.result.createObjectStore("rolls", { keyPath: "id" });
    return new RollStore(await done(opening), path);
  }

  /** @param {IDBDatabase} database @param {string} path */
  constructor(database, path) {
    this.database = database;
    this.path = path;
    /** Until the first roll's time is over. @type {ReturnType<typeof setTimeout> | undefined} */
    this.timer = undefined;
    /** What is being asked, by roll. @type {Map<string, Promise<"here" | "gone" | "away">>} */
    this.syncing = new Map();
  }

  /** @param {string} precinct */
  #id(precinct) { return idOf(this.path, precinct); }

  /** What is kept of a precinct's roll; nothing once its time is over. @param {string} precinct
   * @returns {Promise<KeptRoll | undefined>} */
  async kept(precinct) {
    /** @type {KeptRoll | undefined} */
    const kept = await done(this.database.transaction("rolls").objectStore("rolls").get(this.#id(precinct)));
    if (!kept || kept.goneAt > Date.now()) return kept;
    await this.sweep();
    return undefined;
  }

  /** The numbers of a kept roll. @param {KeptRoll} kept @returns {Row[]} */
  numbers(kept) { return JSON.parse(kept.plain); }

  /** The names of a kept roll where this tab has the key; null: numbers alone. @param {KeptRoll} kept
   * @returns {Promise<Row[] | null>} */
  async names(kept) {
    const key = sessionStorage.getItem(kept.id);
    if (!kept.sealed || !key) return null;
    return unsealed(kept.sealed, key).catch(() => null);
  }

  /** @param {(rolls: IDBObjectStore) => void} work @returns {Promise<void>} */
  #write(work) {
    return new Promise((resolve, reject) => {
      const transaction = this.database.transaction("rolls", "readwrite");
      transaction.oncomplete = () => resolve();
      transaction.onerror = transaction.onabort = () => reject(transaction.error);
      work(transaction.objectStore("rolls"));
    });
  }

  /** Asks of every roll on this phone, by the link that brought it, whether it may still be here: on opening any page of
   * the form, that of an ended link too, and on coming back. */
  async check() {
    await this.sweep();
    /** @type {KeptRoll[]} */
    const all = await done(this.database.transaction("rolls").objectStore("rolls").getAll());
    for (const roll of all) await this.sync(roll.precinct, roll.path);
  }

  /** Changes what is kept of a roll, if it is still there. @param {string} id @param {(kept: KeptRoll) => KeptRoll} change */
  #change(id, change) {
    return this.#write((rolls) => {
      const before = rolls.get(id);
      before.onsuccess = () => { if (before.result) rolls.put(change(before.result)); };
    });
  }

  /** Removes rolls and their keys: of a link, or of one of its precincts. @param {string} path @param {string} [precinct] */
  wipe(path, precinct) {
    return this.#remove((roll) => ownerOf(roll.path) === ownerOf(path) && (precinct === undefined || roll.precinct === precinct));
  }

  /** Removes every roll on this phone whose time is over, whoever's link brought it; and looks again when the next one's
   * is, while this page is open. */
  async sweep() {
    let next = Infinity;
    await this.#remove((roll) => {
      if (roll.goneAt <= Date.now()) return true;
      next = Math.min(next, roll.goneAt);
      return false;
    });
    clearTimeout(this.timer);
    if (next < Infinity) this.timer = setTimeout(() => this.sweep(), Math.min(next - Date.now(), DAY));
  }

  /** @param {(roll: KeptRoll) => boolean} which */
  #remove(which) {
    return this.#write((rolls) => {
      const all = rolls.getAll();
      all.onsuccess = () => {
        for (const roll of /** @type {KeptRoll[]} */ (all.result)) {
          if (!which(roll)) continue;
          rolls.delete(roll.id);
          sessionStorage.removeItem(roll.id);
        }
      };
    });
  }

  /** What this phone said, so that it stands until the server's list has it. @param {string} precinct
   * @param {{struck?: string[], unstruck?: string[]}} report */
  said(precinct, { struck = [], unstruck = [] }) {
    return this.#change(this.#id(precinct), (kept) => ({ ...kept, sent: [...kept.sent, { at: Date.now(), struck, unstruck }] }));
  }

  /** Asks what is struck off, and fetches the roll where it is new. "gone": nothing of it is left on this phone.
   * Never rejects for want of a connection.
   * @param {string} precinct @param {string} [path] @returns {Promise<"here" | "gone" | "away">} */
  sync(precinct, path = this.path) {
    const id = idOf(path, precinct);
    const running = this.syncing.get(id) ?? this.#sync(id, path, precinct).finally(() => this.syncing.delete(id));
    this.syncing.set(id, running); // a second wish joins the first: a link has few downloads
    return running;
  }

  /** @param {string} id @param {string} path @param {string} precinct @returns {Promise<"here" | "gone" | "away">} */
  async #sync(id, path, precinct) {
    const asked = `?precinct=${encodeURIComponent(precinct)}`;
    try {
      const answer = await got(`${path}/roll/state${asked}`);
      if (!answer.ok) return this.#not(answer, path, precinct);
      /** @type {RollState} */
      const state = await answer.json();
      const goneAt = Date.now() + state.gone_in_seconds * 1000;
      if (state.key) sessionStorage.setItem(id, state.key);
      else sessionStorage.removeItem(id);
      /** @type {KeptRoll | undefined} */
      const before = await done(this.database.transaction("rolls").objectStore("rolls").get(id));
      if (before && [state.version, REFUSED + state.version].includes(before.version)) {
        const listed = new Set(state.struck);
        // Once listed it is the server's: what another watcher takes back then is gone here, too.
        const sent = before.sent.filter((each) => each.at > Date.now() - SETTLED
          && !(each.struck.every((number) => listed.has(number)) && !each.unstruck.some((number) => listed.has(number))));
        await this.#change(id, (kept) => ({ ...kept, path, struck: state.struck, goneAt, sent }));
        await this.sweep();
        return "here";
      }
      const secure = canSeal(); // on a plain address nothing can be sealed: numbers alone
      let roll = await got(`${path}/roll${asked}${state.names && secure ? "" : "&names=0"}`);
      const refused = roll.status === 403;
      if (refused) roll = await got(`${path}/roll${asked}&names=0`);
      if (!roll.ok) return this.#not(roll, path, precinct);
      const sealed = roll.headers.get("Content-Type")?.startsWith("application/octet-stream") ? await roll.arrayBuffer() : undefined;
      /** @type {Row[]} */
      const rows = sealed ? await unsealed(sealed, state.key) : await roll.json();
      /** @type {KeptRoll} */
      const fresh = {
        id, path, precinct, version: (refused ? REFUSED : "") + state.version, sealed, struck: state.struck, goneAt,
        plain: JSON.stringify(rows.map(([number, , , early]) => [number, "", "", early])), sent: before?.sent ?? [],
      };
      await this.#write((rolls) => rolls.put(fresh));
      await this.sweep();
      return "here";
    } catch {
      return "away";
    }
  }

  /** @param {Response} answer @param {string} path @param {string} precinct @returns {Promise<"gone" | "away">} */
  async #not(answer, path, precinct) {
    const ours = answer.headers.get("Content-Type")?.startsWith("application/json"); // not a proxy's page
    if (!ours || !GONE.has(answer.status)) return "away";
    await this.wipe(path, answer.status === 401 ? undefined : precinct);
    return "gone";
  }
}
