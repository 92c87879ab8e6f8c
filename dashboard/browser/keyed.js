// Lists whose rows are kept by key, so that a repaint moves and rewrites them instead of making them anew: the
// keyboard, a selection and a half-read line stay where they are.

/** @type {WeakMap<Element, Map<string, HTMLElement>>} */
const kept = new WeakMap();

/**
 * @template {{key: string}} T
 * @template {HTMLElement} E
 * @param {Element} parent
 * @param {T[]} rows  each key once
 * @param {(row: T) => E} build
 * @param {(element: E, row: T) => void} update
 */
export function keyed(parent, rows, build, update) {
  const old = /** @type {Map<string, E>} */ (kept.get(parent) || new Map());
  /** @type {Map<string, E>} */
  const fresh = new Map();
  let before = parent.firstChild;
  for (const row of rows) {
    const element = old.get(row.key) || build(row);
    old.delete(row.key);
    update(element, row);
    fresh.set(row.key, element);
    if (element === before) before = before.nextSibling;
    else parent.insertBefore(element, before);
  }
  for (const element of old.values()) element.remove();
  kept.set(parent, fresh);
}
