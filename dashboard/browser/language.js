// Words in the person's language. The English sentence is its own key (dashboard/languages/README.md).
import { catalogue } from "./catalogue.js";

/** How numbers and days are written. */
export const { locale } = catalogue;
/** @typedef {Record<string, unknown>} Fields */

const rules = new Intl.PluralRules(catalogue.language);

/** @param {string} sentence @param {Fields} fields */
const filled = (sentence, fields) => sentence.replace(/\{(\w+)\}/g, (place, name) => String(fields[name] ?? place));

/** The sentence in the person's language, its {places} filled in. @param {string} english @param {Fields} [fields] */
export const tr = (english, fields = {}) => filled(catalogue.texts[english] ?? english.split("##")[0], fields);

/** A sentence that counts: {n} is the number, unless a field says how it is written.
 * @param {string} one @param {string} more @param {number} number @param {Fields} [fields] */
export function trn(one, more, number, fields = {}) {
  const forms = catalogue.forms[one];
  const form = forms ? forms[catalogue.categories[rules.select(number)] ?? forms.length - 1] : number === 1 ? one : more;
  return filled(form, { n: number, ...fields });
}

/** A sentence of a table that `tr` says later: the catalogue must have it. @param {string} english */
export const noted = (english) => english;

// ---- sentences that other services worded in English (dashboard/languages/other_services.py) ---------------------

const SEPARATORS = ["; ", ", "];
const TOLD_INSIDE = ["why"]; // a place that holds such a sentence itself
const MOST_KEPT = 2000;
/** Each template's words and places, parted; and what it says. @type {[string[], string][]} */
const templates = Object.entries(catalogue.templates).map(([english, told]) => [english.split(/\{(\w+)\}/), told]);
/** What was told already: a board says the same again and again. @type {Map<string, string>} */
const kept = new Map();

/** What stands in the places of a sentence; null where these parts do not make it. @param {string[]} parts @param {string} sentence */
function placesOf(parts, sentence) {
  if (!sentence.startsWith(parts[0])) return null;
  /** @type {Record<string, string>} */
  const found = {};
  let rest = sentence.slice(parts[0].length);
  for (let i = 1; i < parts.length; i += 2) {
    const words = parts[i + 1], end = i + 2 === parts.length ? rest.length - words.length : rest.indexOf(words);
    if (end < 0 || !rest.startsWith(words, end)) return null;
    found[parts[i]] = rest.slice(0, end);
    rest = rest.slice(end + words.length);
  }
  return rest ? null : found;
}

/** @param {string} sentence @param {number} depth @returns {string} */
function told(sentence, depth) {
  for (const [parts, words] of templates) {
    const fields = placesOf(parts, sentence);
    if (!fields || Object.values(fields).some((each) => each.includes(SEPARATORS[0]))) continue;
    for (const name of TOLD_INSIDE) if (name in fields) fields[name] = told(fields[name], depth);
    return filled(words, fields);
  }
  return depth === SEPARATORS.length ? sentence : sentence.split(SEPARATORS[depth]).map((part) => told(part, depth + 1)).join(SEPARATORS[depth]);
}

/** Another service's sentence in the person's language; as it came where nobody has its template. @param {string} sentence */
export function retold(sentence) {
  if (!templates.length || !sentence) return sentence;
  let words = kept.get(sentence);
  if (words === undefined) {
    if (kept.size >= MOST_KEPT) kept.clear();
    kept.set(sentence, (words = told(sentence, 0)));
  }
  return words;
}
