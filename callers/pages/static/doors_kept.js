// A walk list on this phone, so that the page opens again without a connection: sealed, with the key in this tab's session
// alone, as the watcher's form keeps a roll. Who has the disk, a backup of it or another tab has noise. It is gone when the
// doors are over, the link has ended, or another list has come.

import { canSeal, done, newKey, sealed, unsealed } from "./sealing.js";

/** @import {Door} from "./doors.js" */
/** What stands on the page: its content as HTML, and the doors with until when. @typedef {{content: string, doors: Door[]}} WalkList */
/** @typedef {{path: string, sealed: ArrayBuffer, goneAt: number}} Sealed */

const NAME = "beluga-walk-lists";

export class DoorsKept {
  /** @param {string} path  of the canvasser's page @returns {Promise<DoorsKept>} */
  static async open(path) {
    const opening = indexedDB.open(NAME, 1);
    opening.onupgradeneeded = () => opening.result.createObjectStore("lists", { keyPath: "path" });
    const kept = new DoorsKept(await done(opening), path);
    await kept.#sweep();
    return kept;
  }

  /** @param {IDBDatabase} database @param {string} path */
  constructor(database, path) {
    this.database = database;
    this.path = path;
    this.name = `walk ${path}`;
    this.last = "";
  }

  /** @param {IDBTransactionMode} mode */
  #lists(mode) { return this.database.transaction("lists", mode).objectStore("lists"); }

  /** Lists of any link whose doors are over. */
  async #sweep() {
    for (const one of /** @type {Sealed[]} */ (await done(this.#lists("readonly").getAll())))
      if (one.goneAt <= Date.now()) await done(this.#lists("readwrite").delete(one.path));
  }

  /** Keeps what stands on the page; without a door, nothing. @param {WalkList} list */
  async keep(list) {
    if (!list.doors.length) return this.forget();
    const text = JSON.stringify(list);
    if (text === this.last || !canSeal()) return undefined;
    this.last = text;
    const key = sessionStorage.getItem(this.name) ?? newKey();
    sessionStorage.setItem(this.name, key);
    const content = await sealed(text, key);
    return done(this.#lists("readwrite").put({ path: this.path, sealed: content, goneAt: Math.max(...list.doors.map((door) => door.until)) }));
  }

  /** What was kept by this very tab; null: nothing that may still be shown. @returns {Promise<WalkList | null>} */
  async read() {
    const key = sessionStorage.getItem(this.name);
    /** @type {Sealed | undefined} */
    const kept = await done(this.#lists("readonly").get(this.path));
    if (!key || !kept || kept.goneAt <= Date.now()) return null;
    return unsealed(kept.sealed, key).catch(() => null);
  }

  async forget() {
    this.last = "";
    sessionStorage.removeItem(this.name);
    await done(this.#lists("readwrite").delete(this.path));
  }
}
