// Our components' React half, with as much of React as it uses: elements are adopted, not drawn again.
import assert from "node:assert/strict";
import { before, beforeEach, test } from "node:test";

import { needsPage, openPage, settle } from "./page.mjs";

let parts;
before(async () => {
  if (needsPage.skip) return;
  openPage("<!doctype html><body></body>");
  parts = await import("../../dashboard/components/component.js");
});

// Draws a part once, as Dash does: its elements, then what it does after them; `gone` takes it away.
function draw(type, props) {
  const root = document.createElement("div"), after = [], ends = [], states = [];
  document.body.append(root);
  let turn = 0, refs = 0;
  const kept = [];
  Object.assign(window, {
    React: {
      Fragment: "fragment",
      createElement: (name, given, ...inside) => ({ name, given, inside }),
      useState: (first) => { const n = turn; turn += 1; if (!(n in states)) states[n] = typeof first === "function" ? first() : first; return [states[n], (value) => { states[n] = value; }]; },
      useRef: (current) => { refs += 1; return (kept[refs] ??= { current }); },
      useLayoutEffect: (act) => { after.push(act); }, useEffect: (act) => { after.push(act); },
    },
    ReactDOM: { createPortal: (children, into) => ({ name: "portal", children, into }) },
  });
  const render = () => { turn = refs = 0; return window.dashboard[type](props); };
  const put = (into, node) => {
    if (!node) return;
    if (node instanceof window.Node) into.append(node);
    else if (node.name === "fragment") node.inside.forEach((each) => put(into, each));
    else if (node.name === "portal") node.into.append(node.children);
    else {
      const element = document.createElement(node.name);
      if (node.given?.ref) node.given.ref.current = element;
      if (node.given?.className) element.className = node.given.className;
      into.append(element);
      node.inside.forEach((each) => put(element, each));
    }
  };
  put(root, render());
  for (const act of after.splice(0)) { const end = act(); if (end) ends.push(end); }
  const again = render(); // what stands in the part's body comes once there is one
  put(root, again?.inside?.[1]);
  return { root, gone: () => { root.remove(); for (const end of ends) end(); } };
}

beforeEach(() => { if (!needsPage.skip) document.body.replaceChildren(); });

const put = (html) => document.body.replaceChildren(...new window.DOMParser().parseFromString(html, "text/html").body.childNodes);
const frame = (id) => { const section = document.createElement("section"); section.id = id; section.append(document.createElement("div")); section.firstChild.setAttribute("data-body", ""); return section; };

test("elements that stand already are moved, with what their module made of them, and mounted once", needsPage, () => {
  const mounts = [];
  parts.component("Listing", (element, props) => { mounts.push(props); element.append("rows"); });
  put(`<div id="first"><section id="listing" data-part="Listing" data-props='{"rows":3}'><div class="scroll"></div></section></div>`);
  const stood = document.getElementById("listing");
  parts.mountAll();
  const { root } = draw("Listing", { element: "listing", rows: 3, frame: frame("listing") });
  assert.equal(root.querySelector("#listing"), stood);
  assert.equal(document.querySelectorAll("#listing").length, 1);
  assert.ok(stood.textContent.includes("rows"));
  assert.deepEqual(mounts, [{ rows: 3 }]);
});

test("a part that a callback brings is drawn from its frame, mounted with its props and ended when it goes", needsPage, () => {
  const told = [];
  parts.component("Late", (element, props) => { told.push(["mount", element.id, props.rows]); return { end: () => told.push(["end"]) }; });
  const { gone } = draw("Late", { element: "late", rows: 5, frame: frame("late"), setProps() {} });
  assert.deepEqual(told, [["mount", "late", 5]]);
  gone();
  assert.deepEqual(told.at(-1), ["end"]);
});

test("what Dash draws in a part stands in its body", needsPage, () => {
  put(`<div id="first"><section id="mine" data-part="Tile" data-props="{}"><div data-body></div></section></div>`);
  const child = document.createElement("p");
  const { root } = draw("Tile", { element: "mine", children: child });
  assert.equal(root.querySelector("#mine [data-body]").firstChild, child);
});

test("a list keeps how far it was scrolled, also where the browser cannot move an element whole", needsPage, () => {
  draw("Takeover", {}); // the page before this one
  put("<div id='first'><section><div class='scroll'></div></section></div><div id='to'></div>");
  const section = document.querySelector("section"), list = document.querySelector(".scroll");
  list.scrollTop = 70;
  parts.moveInto(section, document.getElementById("to"));
  assert.equal(document.querySelector("#to section"), section);
  list.scrollTop = 0; // as a browser does to what leaves its place
  draw("Takeover", {});
  assert.equal(list.scrollTop, 70);
});

test("Dash finds a half of every part, the same each time, and when it has all the first HTML goes", needsPage, async () => {
  assert.equal(window.dashboard.Anything, window.dashboard.Anything);
  let taken = false;
  parts.taken.then(() => { taken = true; });
  put("<div id='first'>stood</div>");
  draw("Takeover", {});
  await settle();
  assert.equal(document.getElementById("first"), null);
  assert.ok(taken);
});

test("a table that Python drew is put in whole", needsPage, () => {
  window.React = { createElement: (name, given) => ({ name, given }) };
  const drawn = window.dashboard.PlainTable({ markup: "<table></table>" });
  assert.equal(drawn.given.dangerouslySetInnerHTML.__html, "<table></table>");
});
