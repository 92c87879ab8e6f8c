// Elements of a page. Text only ever enters as text, never as markup.

/** The element with this id, which the page has from its beginning. @param {string} id @returns {HTMLElement} */
export const byId = (id) => /** @type {HTMLElement} */ (document.getElementById(id));

/** A form's field with this id. @param {string} id */
export const fieldOf = (id) => /** @type {HTMLInputElement} */ (document.getElementById(id));

/** What an event happened in. @param {Event} event */
export const targetOf = (event) => /** @type {HTMLElement} */ (event.target);

/** @typedef {string | Node | null | undefined | false} Inside */

/**
 * make("td", {class: "number"}, "84", other element, …)
 * @template {keyof HTMLElementTagNameMap} K
 * @param {K} name
 * @param {Record<string, unknown>} [attributes]  false, null and undefined are left out; true has no value
 * @param {...Inside} inside
 * @returns {HTMLElementTagNameMap[K]}
 */
export function make(name, attributes, ...inside) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes || {})) {
    if (value === false || value === null || value === undefined) continue;
    element.setAttribute(key, value === true ? "" : String(value));
  }
  for (const each of inside) if (each !== null && each !== undefined && each !== false) element.append(each);
  return element;
}

/**
 * As `make`, of SVG.
 * @template {keyof SVGElementTagNameMap} K
 * @param {K} name
 * @param {Record<string, unknown>} [attributes]
 * @param {...(string | Node)} inside
 * @returns {SVGElementTagNameMap[K]}
 */
export function svg(name, attributes = {}, ...inside) {
  const element = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, String(value));
  element.append(...inside);
  return element;
}

/** @type {MediaQueryList | undefined} */
let still;

const RESTED_MS = 5000; // what changes more often than this is not marked: on a fast day it would stay grey
/** When an element's words changed last. @type {WeakMap<Element, number>} */
const changedAt = new WeakMap();
/** Writes a text that changes before somebody's eyes. @param {Element} element @param {string} text */
export function setText(element, text) {
  if (element.textContent === text) return;
  const first = element.textContent === "", now = performance.now();
  const calm = now - (changedAt.get(element) ?? -RESTED_MS) >= RESTED_MS;
  changedAt.set(element, now);
  element.textContent = text;
  still ??= matchMedia("(prefers-reduced-motion: reduce)");
  if (!first && calm && !still.matches && element.animate) element.animate([{ opacity: 0.4 }, { opacity: 1 }], 300);
}

/** A colour or size of the style sheet. @param {string} name */
export const css = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
