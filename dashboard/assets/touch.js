// The map under the hand: moved by dragging, magnified by wheel, two fingers or buttons; hovering tells what is there.
(function () {
  "use strict";
  const beluga = (window.beluga = window.beluga || {});
  const board = beluga.board;
  const map = beluga.map;
  const byId = (id) => document.getElementById(id);
  const make = (...a) => beluga.make(...a);

  const MOST = 40; // times larger than the whole
  const STEP = 1.6; // of the buttons
  const STILL = 4; // pixels: less is a click, not a drag
  const NAME_PX = 13, HALO_PX = 3;

  let whole = null; // x, y, width, height on the sheet
  let seen = null;
  let size = { width: 0, height: 0 }; // of the map on the screen, pixels
  let large = 1;
  let placing = 0;

  map.lookAt = function (box) {
    whole = box;
    seen = [...box];
    place();
  };

  const unit = () => Math.max(seen[2] / size.width, seen[3] / size.height); // of the sheet in a pixel

  function place() {
    placing = 0;
    if (!seen || !size.width || !size.height) return;
    map.svg.setAttribute("viewBox", seen.join(" "));
    const one = unit() * large;
    map.patterns[0].setAttribute("patternTransform", "rotate(45) scale(" + one + ")");
    map.patterns[1].setAttribute("patternTransform", "scale(" + one + ")");
    map.names.style.fontSize = NAME_PX * one + "px";
    map.names.style.strokeWidth = HALO_PX * one;
  }
  const soon = () => { if (!placing) placing = requestAnimationFrame(place); };

  // The sheet's point under a point of the map (pixels from its corner).
  const under = (x, y) => [seen[0] + seen[2] / 2 + (x - size.width / 2) * unit(), seen[1] + seen[3] / 2 + (y - size.height / 2) * unit()];

  function moveBy(dx, dy) {
    for (const [i, by] of [[0, dx], [1, dy]]) {
      const middle = seen[i] + seen[i + 2] / 2 - by * unit();
      seen[i] = Math.max(whole[i], Math.min(whole[i] + whole[i + 2], middle)) - seen[i + 2] / 2;
    }
    soon();
  }

  // `times` larger around a point of the map, which stays where it is.
  function magnify(times, x = size.width / 2, y = size.height / 2) {
    if (!seen || !size.width) return;
    const wanted = Math.max(whole[2] / MOST, Math.min(whole[2], seen[2] / times));
    if (wanted === whole[2]) seen = [...whole];
    else {
      const [sx, sy] = under(x, y);
      const by = wanted / seen[2];
      seen = [0, 0, wanted, seen[3] * by];
      const [nx, ny] = under(x, y);
      seen[0] = sx - nx;
      seen[1] = sy - ny;
      moveBy(0, 0);
    }
    soon();
  }

  board.watchMap = function () {
    const holder = byId("map-body");
    map.build(holder);
    const svg = map.svg;
    const button = (words, label, act) => {
      const b = make("button", { type: "button", "aria-label": label, title: label }, words);
      b.addEventListener("click", act);
      return b;
    };
    holder.append(make("div", { class: "zoom" }, button("+", "Magnify the map", () => magnify(STEP)), button("−", "Reduce the map", () => magnify(1 / STEP)), button("⤢", "The whole map", () => { if (whole) map.lookAt(whole); })));
    new ResizeObserver(([entry]) => {
      size = svg.getBoundingClientRect(); // as the pointer counts, which on a very large screen is enlarged (board.css)
      large = size.width / (entry.contentRect.width || 1);
      place();
    }).observe(svg);

    const at = (event) => { const box = svg.getBoundingClientRect(); return [event.clientX - box.left, event.clientY - box.top]; };
    svg.addEventListener("wheel", (event) => {
      event.preventDefault();
      magnify(Math.exp(-event.deltaY * (event.deltaMode ? 0.03 : 0.0015)), ...at(event));
    }, { passive: false });

    const fingers = new Map(); // pointer id → its last place
    let dragged = false;
    svg.addEventListener("pointerdown", (event) => {
      if (event.button) return;
      if (!fingers.size) dragged = false;
      fingers.set(event.pointerId, { first: at(event), last: at(event) });
    });
    svg.addEventListener("pointermove", (event) => {
      const finger = fingers.get(event.pointerId);
      if (!finger) { if (event.pointerType === "mouse") hover(event); return; }
      if (!seen || !size.width) return;
      const [x, y] = at(event);
      if (!dragged) {
        if (Math.hypot(x - finger.first[0], y - finger.first[1]) < STILL) return;
        dragged = true;
        tip.hidden = true;
        svg.setPointerCapture(event.pointerId);
      }
      const other = [...fingers.values()].find((f) => f !== finger);
      if (other) { // the middle moves half as far as the finger that moved
        const far = ([ax, ay]) => Math.hypot(ax - other.last[0], ay - other.last[1]) || 1;
        moveBy((x - finger.last[0]) / 2, (y - finger.last[1]) / 2);
        magnify(far([x, y]) / far(finger.last), (x + other.last[0]) / 2, (y + other.last[1]) / 2);
      } else moveBy(x - finger.last[0], y - finger.last[1]);
      finger.last = [x, y];
    });
    for (const name of ["pointerup", "pointercancel"]) svg.addEventListener(name, (event) => fingers.delete(event.pointerId));
    svg.addEventListener("lostpointercapture", (event) => fingers.delete(event.pointerId));
    svg.addEventListener("click", (event) => { if (dragged) { event.stopPropagation(); dragged = false; } }, true);

    const tip = make("div", { id: "tip", hidden: true });
    document.body.append(tip);
    svg.addEventListener("pointerleave", () => { tip.hidden = true; });
    const hover = (event) => {
      const { precinct, county } = event.target.dataset;
      if (precinct === undefined && county === undefined) tip.hidden = true;
      else showTip(tip, precinct ?? county, county !== undefined, event);
    };
  };

  function showTip(tip, id, isCounty, mouse) {
    const lines = [];
    if (isCounty) {
      const a = board.aggregates.get("county:" + id);
      lines.push(make("b", {}, id || "No county"));
      if (a) lines.push(make("span", {}, beluga.whole(a.lagging) + " behind · " + beluga.whole(a.silent) + " silent of " + beluga.whole(a.precincts)), make("span", {}, beluga.percent(a.coverage) + " coverage · " + (a.caveat ? a.instead : "projected " + beluga.whole(a.projected_final))));
    } else {
      const s = board.standings.get(id);
      lines.push(make("b", {}, board.info.get(id)?.name || id));
      if (s) lines.push(beluga.badge(beluga.stateOf(s)), make("span", {}, (s.reason ? s.reason + " " : "") + (s.last_votes === null || s.last_votes === undefined ? "No count yet." : "Last count " + beluga.whole(s.last_votes) + " at " + beluga.hhmm(s.last_observed_at) + ".")));
    }
    tip.replaceChildren(...lines);
    tip.hidden = false;
    const x = Math.min(mouse.clientX + 14, innerWidth - tip.offsetWidth - 8);
    const y = Math.min(mouse.clientY + 14, innerHeight - tip.offsetHeight - 8);
    tip.style.transform = "translate(" + x + "px," + y + "px)";
  }
})();
