// Words in the person's language. The English sentence is its own key (dashboard/languages/README.md).
import { catalogue } from "./catalogue.js";

/** How numbers and days are written. */
export const { locale } = catalogue;
/** @typedef {Record<string, unknown>} Fields */

const rules = new Intl.PluralRules(catalogue.language);

/** @param {string} sentence @param {Fields} fields */
const filled = (sentence, fields) => sentence.replace(/\{(\w+)\}/g, (place, name) => String(fields[name] ?? place));

/** The sentence in the person's language, its {places} filled in. @param {string} english @param {Fields} [fields] */
export const tr = (english, fields = {}) => filled(catalogue.texts[english] ?? english, fields);

/** A sentence that counts: {n} is the number, unless a field says how it is written.
 * @param {string} one @param {string} more @param {number} number @param {Fields} [fields] */
export function trn(one, more, number, fields = {}) {
  const forms = catalogue.forms[one];
  const form = forms ? forms[catalogue.categories[rules.select(number)] ?? forms.length - 1] : number === 1 ? one : more;
  return filled(form, { n: number, ...fields });
}

/** A sentence of a table that `tr` says later: the catalogue must have it. @param {string} english */
export const noted = (english) => english;
