// The map's data as a table, for the keyboard, for those who do not see or point, and for looking things up:
// counties, or the precincts of the view; sorted by any column, found by any word. Rows are kept while it repaints.
(function () {
  "use strict";
  const beluga = (window.beluga = window.beluga || {});
  const { make, setText, whole, percent, span } = new Proxy({}, { get: (_, name) => (...a) => beluga[name](...a) });
  const byId = (id) => document.getElementById(id);

  const MOST = 400; // rows shown at once; the search finds the others, and the CSV has all
  const ORDER = ["lagging", "watch", "doubtful", "silent", "on_pace", "ahead", "closed"];
  const known = (value, words) => (value === null || value === undefined ? "–" : words(value));

  // title, what it is sorted by, what a cell says; numbers are sorted from the largest down first.
  const PRECINCT = [
    ["Precinct", (s, i) => i?.name || s.precinct_id],
    ["State", (s) => ORDER.indexOf(beluga.stateOf(s)), (s) => beluga.badge(beluga.stateOf(s))],
    ["Missing", (s) => s.shortfall, (s) => whole(s.shortfall)],
    ["Sure", (s) => s.p_lagging, (s) => percent(s.p_lagging)],
    ["Last count", (s) => s.last_votes ?? -1, (s) => known(s.last_votes, whole)],
    ["Ago", (s) => s.last_observed_at ?? Infinity, (s) => known(s.last_observed_at, (t) => span(beluga.now() - t))],
    ["Projected", (s) => s.projected_final, (s) => whole(s.projected_final)],
  ];
  const COUNTY = [
    ["County", (a) => a.scope],
    ["Behind", (a) => a.lagging, (a) => whole(a.lagging)], ["Silent", (a) => a.silent, (a) => whole(a.silent)],
    ["Coverage", (a) => a.coverage, (a) => percent(a.coverage)], ["Projected", (a) => (a.caveat ? -1 : a.projected_final), (a) => (a.caveat ? "not known" : whole(a.projected_final))],
  ];

  const chosen = { column: 0, down: false, words: "" };
  let shape = null; // which columns the table was built for

  function build(holder, columns) {
    const search = make("input", { type: "search", placeholder: "Find…", "aria-label": "Find in this table", value: chosen.words });
    search.addEventListener("input", () => { chosen.words = search.value.toLowerCase(); tiles.table(beluga.board); });
    const heads = columns.map(([title], i) => {
      const sort = make("button", { type: "button" }, title);
      sort.addEventListener("click", () => {
        chosen.down = chosen.column === i ? !chosen.down : i > 1;
        chosen.column = i;
        tiles.table(beluga.board);
      });
      return make("th", { scope: "col", class: i > 1 || (i && columns === COUNTY) ? "number" : null }, sort);
    });
    holder.replaceChildren(make("p", { class: "find" }, search, make("span", { class: "found" })),
      make("table", { class: "rows" }, make("thead", {}, make("tr", {}, ...heads)), make("tbody", {})));
    shape = columns;
  }

  function row(board, counties, item) {
    const link = counties
      ? [make("a", { href: "/?county=" + encodeURIComponent(item.id), "data-county": item.id, class: "name" }, item.id || "No county")]
      : beluga.place(item.id, board.info.get(item.id));
    return make("tr", {}, make("th", { scope: "row" }, ...link), ...shape.slice(1).map((_, i) => make("td", { class: i || counties ? "number" : null })));
  }

  const tiles = (beluga.tiles = beluga.tiles || {});
  tiles.table = function (board) {
    const holder = byId("map-table");
    if (holder.hidden || !board.view) return;
    const counties = board.view.kind === "counties";
    const columns = counties ? COUNTY : PRECINCT;
    if (shape !== columns) {
      Object.assign(chosen, { column: 0, down: false, words: "" });
      build(holder, columns);
    }
    const by = columns[chosen.column][1];
    const items = [];
    for (const id of board.viewIds()) {
      const value = counties ? board.aggregates.get("county:" + id) : board.standings.get(id);
      const info = counties ? null : board.info.get(id);
      if (!value || (board.filter && !counties && beluga.stateOf(value) !== board.filter)) continue;
      if (chosen.words && !(id + " " + (info?.name || "")).toLowerCase().includes(chosen.words)) continue;
      items.push({ key: id, id, value, rank: by(value, info) });
    }
    const turn = chosen.down ? -1 : 1;
    items.sort((a, b) => turn * (typeof a.rank === "string" ? a.rank.localeCompare(b.rank, "en", { numeric: true }) : a.rank - b.rank) || (a.id < b.id ? -1 : 1));
    holder.querySelectorAll("th[scope=col]").forEach((th, i) => {
      if (i === chosen.column) th.setAttribute("aria-sort", chosen.down ? "descending" : "ascending");
      else th.removeAttribute("aria-sort");
    });
    setText(holder.querySelector(".found"), items.length > MOST ? MOST + " of " + whole(items.length) + " shown" : whole(items.length));
    beluga.keyed(holder.querySelector("tbody"), items.slice(0, MOST), (item) => row(board, counties, item), (tr, item) => {
      columns.slice(1).forEach(([, , say], i) => {
        const cell = tr.children[i + 1];
        const words = say(item.value);
        if (typeof words === "string") { if (cell.textContent !== words) cell.textContent = words; }
        else if (cell.textContent !== words.textContent) cell.replaceChildren(words);
      });
    });
  };
})();
