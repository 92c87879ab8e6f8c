// The roll's screen: find a voter, tap to strike off, tap to take it back. Taps are kept at once, as a batch in the
// form's own queue that is closed (and so sent) some seconds after the last of them, or when the page is left.
import { newId } from "./queue.js";
import { Roll, MOST_IN_BATCH, asWords, countOf, standing, tapped } from "./roll.js";
import { wasRefused } from "./roll_store.js";
import { el, filled } from "./screens.js";

/** @import {Entry, Kept, Queue} from "./queue.js" */
/** @import {Batch, Row} from "./roll.js" */
/** @import {KeptRoll, RollStore} from "./roll_store.js" */
/** @import {Links, Precinct, Words} from "./screens.js" */
/**
 * @typedef {object} Given
 * @property {Queue} queue
 * @property {RollStore} store
 * @property {Words} words
 * @property {(number: number) => string} grouped
 * @property {(place: string) => string} time  now, there
 * @property {() => string | undefined} observed  now as a report says it
 * @property {(elements: Node[], focus?: string) => number} show  returns which screen it is
 * @property {() => number} shown  which screen is there now
 * @property {() => unknown} leave  the roll is gone from this phone: shows what there is without it
 */

const BATCH = 10000; // ms after the last tap: time to see a slip
const LOOK = 30000; // ms between looks at what others struck off, while somebody looks at the screen

export class StrikeOff {
  /** @param {Given} given */
  constructor(given) {
    this.given = given;
    /** @type {Batch & {id: string, place: string}} */
    this.batch = { id: "", place: "", struck: [], unstruck: [] };
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    this.timer = undefined;
    /** One tap is kept after the other. @type {Promise<void>} */
    this.writing = Promise.resolve();
    given.queue.addEventListener("sent", (event) => {
      const { entry } = /** @type {CustomEvent<{entry: Kept}>} */ (event).detail;
      if (isBatch(entry)) given.store.said(String(entry.report.precinct_id), entry.report);
    });
  }

  /** Shows the roll of a precinct; false where there is none to show. @param {Precinct} precinct @param {Links} links
   * @returns {Promise<boolean>} */
  async open(precinct, links) {
    const { store, words, show, shown } = this.given;
    const mine = show([el("h1", {}, precinct.name || precinct.id), el("p", { class: "quiet", role: "status" }, words.roll_coming)]);
    let kept = await store.kept(precinct.id);
    const known = Boolean(kept);
    if (!kept) {
      await store.sync(precinct.id);
      kept = await store.kept(precinct.id);
    }
    if (mine !== shown()) return true;
    if (!kept) return false;
    await this.#draw(precinct, links, kept);
    if (known) this.#look(precinct, links);
    return true;
  }

  /** Closes the batch, so that it is sent. */
  async close() {
    clearTimeout(this.timer);
    await this.writing;
    this.batch = { id: "", place: "", struck: [], unstruck: [] };
    await this.given.queue.close();
    await this.given.queue.send();
  }

  /** Who is struck off now, as far as this phone knows. @param {KeptRoll} kept */
  async #struck(kept) {
    const waiting = (await this.given.queue.waiting()).filter((e) => isBatch(e) && e.report.precinct_id === kept.precinct);
    return standing(kept.struck, [...kept.sent, ...waiting.map((e) => /** @type {Partial<Batch>} */ (e.report))]);
  }

  /** @param {Precinct} precinct @param {Links} links @param {KeptRoll} kept @param {string} [typed] */
  async #draw(precinct, links, kept, typed = "") {
    const { store, queue, words, grouped, show, shown } = this.given;
    const was = shown();
    const names = await store.names(kept);
    const roll = new Roll(names ?? store.numbers(kept));
    let struck = await this.#struck(kept);
    const last = await queue.last(precinct.id);
    if (was !== shown()) return;
    const said = el("p", { class: "read", role: "status" });
    const list = el("ul", { class: "roll" });
    const more = el("p", { class: "quiet", role: "status" });
    const count = () => {
      const fields = { struck: grouped(countOf(roll, struck)), all: grouped(roll.rows.length), counted: grouped(last?.number ?? 0) };
      said.textContent = filled(words, last?.number === undefined ? "roll_said_struck" : "roll_said", fields);
    };
    const find = () => {
      const { found, more: left } = roll.find(field.value);
      list.replaceChildren(...found.map((row) => voterLine(row, struck.has(row[0]), words, tap)));
      more.textContent = !found.length ? words.roll_none : left ? filled(words, "roll_more", { number: grouped(left) }) : "";
    };
    /** @param {Row} row @param {HTMLElement} button */
    const tap = (row, button) => {
      const before = struck.has(row[0]);
      if (before) struck.delete(row[0]); else struck.add(row[0]);
      button.setAttribute("aria-pressed", String(!before));
      count();
      this.#keep(precinct, row[0], before).catch(() => { said.textContent = words.no_storage; });
    };
    const label = roll.named ? words.roll_find : words.roll_find_number;
    const field = el("input", { id: "answer", type: "search", autocomplete: "off", value: typed, oninput: find,
      inputmode: roll.named ? "text" : "numeric", onfocus: () => field.select() });
    const note = wasRefused(kept) ? words.roll_many : kept.sealed && !names ? words.roll_locked : words.roll_hint;
    count();
    find();
    const mine = show([
      el("h1", {}, precinct.name || precinct.id), said,
      el("label", { for: "answer" }, label), field, el("p", { class: "quiet" }, note), list, more,
      el("nav", { "aria-label": words.more }, ...links.map(([name, href]) => el("a", { href }, words[name]))),
    ], "#answer");
    this.refresh = async () => {
      const now = await store.kept(precinct.id);
      if (mine !== shown()) return;
      if (!now || now.version !== kept.version || Boolean(await store.names(now)) !== Boolean(names)) {
        if (now) await this.#draw(precinct, links, now, field.value);
        else this.given.leave();
        return;
      }
      struck = await this.#struck(now);
      count();
      for (const button of list.querySelectorAll("button")) button.setAttribute("aria-pressed", String(struck.has(button.value)));
    };
    setTimeout(() => this.#look(precinct, links, mine), LOOK);
  }

  /** What others struck off meanwhile, and again after a while. @param {Precinct} precinct @param {Links} links
   * @param {number} [mine] */
  async #look(precinct, links, mine = this.given.shown()) {
    const { store, shown } = this.given;
    if (mine !== shown()) return;
    if (document.visibilityState !== "hidden") {
      await store.sync(precinct.id);
      if (mine === shown()) await this.refresh?.();
    }
    if (mine === shown()) setTimeout(() => this.#look(precinct, links, mine), LOOK);
  }

  /** Keeps a tap in the open batch. @param {Precinct} precinct @param {string} number @param {boolean} isStruck */
  #keep(precinct, number, isStruck) {
    clearTimeout(this.timer);
    const kept = this.writing.then(async () => {
      if (this.batch.place !== precinct.id) await this.#begin(precinct.id);
      const words = tapped(this.batch, number, isStruck);
      const written = await this.#write(precinct, words);
      if (!written) { // closed and sent by another tab
        await this.#begin(precinct.id);
        await this.#write(precinct, tapped(this.batch, number, isStruck));
      }
    });
    this.writing = kept.catch(() => {});
    const full = this.batch.struck.length + this.batch.unstruck.length >= MOST_IN_BATCH;
    this.timer = setTimeout(() => this.close(), full ? 0 : BATCH);
    return kept;
  }

  /** @param {string} place */
  async #begin(place) {
    if (this.batch.id && this.batch.place !== place) await this.given.queue.close();
    this.batch = { id: newId(), place, struck: [], unstruck: [] };
  }

  /** @param {Precinct} precinct @param {Batch} said */
  async #write(precinct, said) {
    const { queue, words, grouped, time, observed } = this.given;
    const { struck, unstruck } = said;
    const empty = !struck.length && !unstruck.length;
    const key = unstruck.length ? "roll_batch_back" : "roll_batch";
    const label = filled(words, key, { struck: grouped(struck.length), number: grouped(unstruck.length) });
    /** @type {Entry} */
    const entry = {
      id: this.batch.id, ask: "voters", answer: asWords(said), label: `${precinct.name || precinct.id} · ${label} · ${time(precinct.id)}`,
      report: {
        kind: "voters", precinct_id: precinct.id, observed_at: observed(),
        struck: struck.length ? struck : undefined, unstruck: unstruck.length ? unstruck : undefined,
        text: asWords(said) || undefined, // for an intake of before there were rolls, in the middle of an update
      },
    };
    const written = await queue.draft(entry, empty);
    if (written) this.batch = empty ? { id: "", place: "", struck: [], unstruck: [] } : { ...this.batch, struck, unstruck };
    return written;
  }
}

/** Whether a report is a batch of the roll. @param {Entry} entry */
function isBatch(entry) {
  return entry.report.kind === "voters" && Boolean(entry.report.struck || entry.report.unstruck);
}

/** @param {Row} row @param {boolean} struck @param {Words} words @param {(row: Row, button: HTMLElement) => void} ontap */
function voterLine(row, struck, words, ontap) {
  const [number, name, street, early] = row;
  const button = el("button", { type: "button", value: number, "aria-pressed": String(struck), onclick: () => ontap(row, button) },
    el("b", {}, number), name && el("span", {}, name), street && el("small", {}, street), early && el("em", {}, words.roll_early));
  return el("li", {}, button);
}
