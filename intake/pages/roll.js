// A precinct's roll: found in, struck off, taken back. Pure; what keeps and sends is beside it (strike_off.js).

/** As the server writes one: number, name, address, voted early. @typedef {[string, string, string, boolean]} Row */
/** A batch as it is reported. @typedef {{struck: string[], unstruck: string[]}} Batch */

export const MOST_SHOWN = 60; // voters at once: more than a thumb scrolls through, and quickly drawn
export const MOST_IN_BATCH = 50;

/** Without accents, marks and case, words set apart by one blank. @param {string} text */
export function folded(text) {
  return ` ${text.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase().replace(/[^\p{L}\p{N}]+/gu, " ").trim()}`;
}

export class Roll {
  /** @param {Row[]} rows  in the roll's order */
  constructor(rows) {
    this.rows = rows;
    this.named = rows.some((row) => row[1]);
    /** Each voter's words, made when they are first looked for: opening waits for nothing. @type {string[] | null} */
    this.words = null;
    this.numbers = new Set(rows.map((row) => row[0]));
  }

  /** Who has a word of the name or street that begins so (all that are typed), or the number; names first, then streets.
   * @param {string} typed @returns {{found: Row[], more: number}} */
  find(typed) {
    const text = typed.trim();
    if (!text) return { found: this.rows.slice(0, MOST_SHOWN), more: Math.max(0, this.rows.length - MOST_SHOWN) };
    /** @type {[Row[], Row[], Row[]]} */
    const found = [[], [], []];
    const numeric = /^\d/.test(text);
    const wanted = folded(text).trim().split(" ");
    this.words ??= this.rows.map((row) => `${folded(row[1])}\n${folded(row[2])}`);
    this.rows.forEach((row, at) => {
      const words = /** @type {string[]} */ (this.words)[at] ?? "";
      if (numeric && row[0].startsWith(text)) found[row[0] === text ? 0 : 1].push(row);
      else if (this.named && wanted.every((word) => words.includes(` ${word}`)))
        found[words.slice(0, words.indexOf("\n")).includes(` ${wanted[0]}`) ? 1 : 2].push(row);
    });
    const all = found.flat();
    return { found: all.slice(0, MOST_SHOWN), more: Math.max(0, all.length - MOST_SHOWN) };
  }
}

/** A batch after a tap on a number: struck off, or what was struck off taken back. What the same batch said of it is
 * withdrawn instead: nobody has heard of it yet.
 * @param {Batch} batch @param {string} number @param {boolean} isStruck  before the tap @returns {Batch} */
export function tapped(batch, number, isStruck) {
  const struck = batch.struck.filter((each) => each !== number);
  const unstruck = batch.unstruck.filter((each) => each !== number);
  const known = struck.length < batch.struck.length || unstruck.length < batch.unstruck.length;
  if (!known) (isStruck ? unstruck : struck).push(number);
  return { struck, unstruck };
}

/** Who is struck off: as the server said, and what this phone has said since, in its order.
 * @param {Iterable<string>} known @param {Partial<Batch>[]} batches @returns {Set<string>} */
export function standing(known, batches) {
  const struck = new Set(known);
  for (const batch of batches) {
    for (const number of batch.struck ?? []) struck.add(number);
    for (const number of batch.unstruck ?? []) struck.delete(number);
  }
  return struck;
}

/** How many of the roll are struck off. @param {Roll} roll @param {Set<string>} struck */
export function countOf(roll, struck) {
  let count = 0;
  for (const number of struck) if (roll.numbers.has(number)) count += 1;
  return count;
}

/** A batch as a text's words, which only strike off, and only whole numbers. @param {Batch} batch */
export const asWords = (batch) => batch.struck.filter((number) => /^\d+$/.test(number)).join(" ");
