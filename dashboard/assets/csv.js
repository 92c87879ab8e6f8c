// Every table as a file: made in the page, so that it holds what is shown (filters, a replayed minute, a lost feed).
(function () {
  "use strict";
  const beluga = (window.beluga = window.beluga || {});
  const csv = (beluga.csv = {});

  const iso = (t) => (t === null || t === undefined ? "" : typeof t === "number" ? new Date(t * 1000).toISOString().slice(0, 19) + "Z" : t);
  const precinct = (board, id) => [id, board.info.get(id)?.name || "", board.info.get(id)?.county || ""];
  const PRECINCT = ["precinct_id", "precinct", "county"];
  const STANDING = ["state", "shortfall", "p_lagging", "last_votes", "last_observed_at", "expected_now", "expected_final", "projected_final", "lo80", "hi80", "lo95", "hi95", "reports", "held", "line_minutes", "incidents"];
  const standing = (s) => STANDING.map((name) => (name.endsWith("_at") ? iso(s[name]) : s[name] ?? ""));

  const TABLES = {
    work: (board) => [[...PRECINCT, ...STANDING, "callers"], beluga.tiles.workList(board).map((s) => [...precinct(board, s.precinct_id), ...standing(s), board.calls?.at.get(s.precinct_id)?.callers_now ?? ""])],
    map: (board) => board.view?.kind === "counties"
      ? [["county", "precincts", "reporting", "silent", "lagging", "coverage", "counted", "expected_final", "projected_final", "lo80", "hi80", "caveat", "instead"],
        board.viewIds().map((c) => board.aggregates.get("county:" + c)).filter(Boolean).map((a) => [a.scope.slice(7), a.precincts, a.reporting, a.silent, a.lagging, a.coverage, a.counted, a.expected_final, a.projected_final, a.lo80, a.hi80, a.caveat || "", a.instead || ""])]
      : [[...PRECINCT, ...STANDING], (board.view ? board.viewIds() : []).map((id) => board.standings.get(id)).filter(Boolean).map((s) => [...precinct(board, s.precinct_id), ...standing(s)])],
    silent: (board) => [[...PRECINCT, "last_word", "expected_final", "watched"], beluga.tiles.silentList(board).map((s) => [...precinct(board, s.precinct_id), iso(s.last_received_at), s.expected_final, board.watched ? (board.watched.has(s.precinct_id) ? "yes" : "no") : ""])],
    incidents: (board) => [["number", ...PRECINCT, "at", "status", "text"], beluga.tiles.incidentList(board).map((i) => [i.number, ...precinct(board, i.precinct_id), iso(i.at), i.status, i.text])],
    unread: (board) => [[...PRECINCT, "at", "watcher_id", "channel", "text"], (board.desks?.messages || []).map((m) => [...precinct(board, m.precinct_id), iso(m.at), m.watcher_id || "", m.channel || "", m.text])],
    alerts: () => [["raised_at", "kind", "precinct_id", "county", "reason", "acknowledged_by", "acknowledged_at", "cleared_at"], beluga.alerts.list.map((a) => [a.raised_at, a.kind, a.precinct_id || "", a.county, a.reason, a.acknowledged_by || "", a.acknowledged_at || "", a.cleared_at || ""])],
  };

  // A cell that begins like a formula would be one in a spreadsheet; the words come from strangers' phones.
  const cell = (value) => {
    let text = String(value ?? "");
    if (typeof value === "string" && /^[=+\-@\t\r]/.test(text)) text = "'" + text;
    return /[",\n\r]/.test(text) ? '"' + text.replaceAll('"', '""') + '"' : text;
  };
  csv.text = (columns, rows) => [columns, ...rows].map((row) => row.map(cell).join(",") + "\r\n").join("");

  csv.download = function (name, text) {
    const link = beluga.make("a", { href: URL.createObjectURL(new Blob(["\ufeff" + text], { type: "text/csv;charset=utf-8" })), download: name, hidden: true });
    document.body.append(link);
    link.click();
    link.remove();
    setTimeout(() => URL.revokeObjectURL(link.href), 10000);
  };

  // The stack's minute is part of the name, so that files of one day sort.
  csv.save = function (table) {
    const at = new Date(beluga.now() * 1000).toISOString().slice(0, 16).replace(":", "");
    csv.download(table + "-" + at + "Z.csv", csv.text(...TABLES[table](beluga.board)));
  };

  const TITLES = { work: "worklist", map: "map's data", silent: "silent precincts", incidents: "incidents", unread: "unread texts", alerts: "alerts" };
  csv.button = (table) => beluga.make("button", { type: "button", class: "csv", "data-csv": table, "aria-label": "Save the " + TITLES[table] + " as CSV" }, "CSV");

  // A tile's tools: these and the export. Made anew only when they changed, so that the keyboard stays where it is.
  csv.tools = function (table, tools = []) {
    const holder = document.getElementById(table + "-tools");
    const key = tools.map((t) => t.textContent).join("|");
    if (holder.belugaKey === key) return;
    holder.belugaKey = key;
    holder.replaceChildren(...tools, csv.button(table));
  };
})();
