// What the feed says has changed at the desks, as names of desks. Pure but for what it remembers of who is silent.

/** @import {Delta, Snapshot} from "feed-messages" */

/** @param {string} desk whose list is shown; the others need only know when their number may be another */
export function deskNews(desk) {
  /** By precinct: what the list would show otherwise. @type {Map<string, string>} */
  const silent = new Map();
  /** Whether the desk's list is another. @param {string} id @param {string} state @param {number | null} at @param {string} reason */
  function turned(id, state, at, reason) {
    const now = state !== "silent" ? undefined : desk === "silent" ? at + reason : "";
    const same = silent.get(id) === now;
    if (now === undefined) silent.delete(id);
    else silent.set(id, now);
    return !same;
  }
  return {
    /** @param {Snapshot} m */
    snapshot(m) {
      silent.clear();
      const s = m.standings;
      (s.precinct_id || []).forEach((id, n) => turned(id, s.state[n], s.last_received_at[n], s.reason[n]));
      return [desk];
    },
    /** @param {Delta} m */
    delta(m) {
      const found = new Set(m.news || []);
      found.delete("alerts"); // the board's
      if (found.delete("roster")) found.add(desk); // its items name watchers
      if (m.desks) found.add("held"); // a held count leaves when its sender has sent another
      const changes = m.standings.filter((s) => turned(s.precinct_id, s.state, s.last_received_at, s.reason));
      if (changes.length) found.add("silent");
      return [...found];
    },
  };
}
