// Our Dash components in the browser. A part's first elements are here before Dash is (dashboard/components/markup.py);
// its module is mounted on them at once. When Dash draws the part, those very elements move to their place in Dash's
// tree: nothing is drawn twice, and what a person scrolled, typed or chose stays.

/** @typedef {Record<string, any>} Props */
/** @typedef {{update?(props: Props): void, end?(): void}} Mounted  what a mounted part does when its props change, or it goes */
/** @typedef {(element: HTMLElement, props: Props) => Mounted | void} Mount */
/** React, as Dash ships it. @typedef {{createElement: Function, Fragment: unknown, useEffect: Function, useLayoutEffect: Function, useRef: Function, useState: Function}} ReactLike */
/** @typedef {{React: ReactLike, ReactDOM: {createPortal(children: unknown, into: Element): unknown}}} WithReact */

const UNTOLD = new Set(["children", "frame", "setProps", "id"]);
/** By the part's type. @type {Map<string, Mount>} */
const mounts = new Map();
/** @type {WeakMap<Element, Mounted>} */
const mounted = new WeakMap();
/** By the part's type: Dash takes another function for another component. @type {Map<string, Function>} */
const halves = new Map();

/** What the part's module does with its elements. @param {string} type @param {Mount} mount */
export const component = (type, mount) => { mounts.set(type, mount); };

/** A part that Dash alone can draw: nothing of it stands before. @param {string} type @param {(props: Props) => unknown} draw */
export const drawnByDash = (type, draw) => { halves.set(type, draw); };

export const react = () => /** @type {WithReact} */ (/** @type {unknown} */ (window));

/** Mounts every part that the page's first HTML holds. @param {ParentNode} [within] */
export function mountAll(within = document) {
  for (const element of /** @type {NodeListOf<HTMLElement>} */ (within.querySelectorAll("[data-part]")))
    begin(element.dataset.part ?? "", element, JSON.parse(element.dataset.props || "{}"));
}

/** @param {string} type @param {HTMLElement} element @param {Props} props @returns {Mounted} */
function begin(type, element, props) {
  let found = mounted.get(element);
  if (!found) mounted.set(element, (found = mounts.get(type)?.(element, props) || {}));
  return found;
}

/** @param {Props} props */
const told = (props) => Object.fromEntries(Object.entries(props).filter(([name]) => !UNTOLD.has(name)));

/** The part's elements in the page's first HTML, if they stand there. @param {string} id @returns {HTMLElement | null} */
const firstOf = (id) => (id ? document.querySelector("#first [id='" + CSS.escape(id) + "']") : null);

/** How far things were scrolled before the first part moved; asked once: each move makes an answer dear. @type {[Element, number, number][] | null} */
let scrolled = null;

/** Moves an element with all that is in it: what has the focus, and how far things are scrolled, stays.
 * @param {HTMLElement} element @param {HTMLElement} into */
export function moveInto(element, into) {
  const focused = /** @type {HTMLElement | null} */ (document.activeElement);
  scrolled ??= [...document.querySelectorAll("#first .scroll")].filter((e) => e.scrollTop || e.scrollLeft).map((e) => [e, e.scrollTop, e.scrollLeft]);
  const holder = /** @type {HTMLElement & {moveBefore?(node: Node, before: Node | null): void}} */ (into);
  if (holder.moveBefore) holder.moveBefore(element, null);
  else into.append(element);
  if (focused && focused !== document.activeElement && element.contains(focused)) focused.focus({ preventScroll: true });
}

/** Scrolls back what moving has scrolled, when all parts have moved. */
function scrollBack() {
  for (const [e, top, left] of scrolled ?? []) { e.scrollTop = top; e.scrollLeft = left; }
  scrolled = null;
}

/** The React half of a part. @param {string} type */
function halfOf(type) {
  /** @param {Props} props */
  return function Part(props) {
    const { createElement, Fragment, useEffect, useLayoutEffect, useRef, useState } = react().React;
    const slot = useRef(null);
    /** @type {{current: Mounted | null}} */
    const held = useRef(null);
    const [waiting] = useState(() => firstOf(props.element));
    const [body, setBody] = useState(null);
    useLayoutEffect(() => {
      if (waiting) moveInto(waiting, slot.current);
      const element = slot.current.firstElementChild;
      if (!element) return undefined;
      const half = (held.current = begin(type, element, told(props)));
      setBody(element.querySelector("[data-body]"));
      return () => { held.current = null; mounted.delete(element); half.end?.(); };
    }, []);
    const first = useRef(true);
    useEffect(() => {
      if (first.current) first.current = false;
      else held.current?.update?.(told(props));
    }, [props]);
    return createElement(Fragment, null,
      createElement("div", { className: "slot", ref: slot }, waiting ? null : props.frame),
      body && props.children ? react().ReactDOM.createPortal(props.children, body) : null);
  };
}

// Where Dash looks for our components. Whatever part a page has, there is a half of it.
Object.assign(window, { dashboard: new Proxy({}, {
  get: (_, type) => {
    if (typeof type !== "string") return undefined;
    if (!halves.has(type)) halves.set(type, halfOf(type));
    return halves.get(type);
  },
}) });

/** @type {() => void} */
let arrived = () => {};
/** Settles when Dash has drawn the page and the first HTML is gone. @type {Promise<void>} */
export const taken = new Promise((done) => { arrived = done; });

drawnByDash("Takeover", () => {
  react().React.useLayoutEffect(() => {
    scrollBack();
    document.getElementById("first")?.remove();
    arrived();
  }, []);
  return null;
});
drawnByDash("PlainTable", ({ markup }) => react().React.createElement("div", { className: "slot", dangerouslySetInnerHTML: { __html: markup } }));
drawnByDash("Value", () => null);
drawnByDash("PageAddress", ({ known, setProps }) => {
  react().React.useEffect(() => { if (!known) setProps({ pathname: location.pathname, search: location.search }); }, []);
  return null;
});
