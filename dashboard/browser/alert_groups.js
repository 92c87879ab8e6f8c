// Alerts as matters: one line a precinct (or a county's network) that nobody has acknowledged, by county. Values in,
// values out; alerts.js draws them.

/** @import {Alert} from "./alerts.js" */
/** @typedef {{key: string, precinctId: string, county: string, first: Alert, ids: string[], words: string, since: string}} Matter */

/** Open alerts that nobody has acknowledged, one matter a precinct, the heaviest first. Several of one precinct (behind,
 * and a line) are one matter: whoever looks after it looks after all of it.
 * @param {Alert[]} alerts as the war room lists them, the heaviest first @param {(a: Alert) => boolean} inView @returns {Matter[]} */
export function mattersOf(alerts, inView) {
  /** @type {Map<string, Matter>} */
  const found = new Map();
  for (const a of alerts) {
    if (a.acknowledged_by || a.cleared_at || !inView(a)) continue;
    const key = a.precinct_id ? "precinct:" + a.precinct_id : a.kind + ":" + a.county + ":" + (a.kind === "quiet" ? "" : a.id); // an incident without a place is a matter of its own
    const known = found.get(key);
    if (!known) found.set(key, { key, precinctId: a.precinct_id || "", county: a.county, first: a, ids: [a.id], words: a.reason, since: a.raised_at });
    else {
      known.ids.push(a.id);
      known.words += "; " + a.reason;
      if (a.raised_at < known.since) known.since = a.raised_at;
    }
  }
  return [...found.values()];
}

/** By county, the county of the heaviest matter first. @param {Matter[]} matters @returns {[string, Matter[]][]} */
export function byCounty(matters) {
  /** @type {Map<string, Matter[]>} */
  const found = new Map();
  for (const m of matters) found.set(m.county, [...(found.get(m.county) || []), m]);
  return [...found];
}

const STANDING = ["lagging", "doubtful"]; // kinds that say in which state a precinct was
/** Whether the precinct is in another state by now: its alert is over only after a while. @param {Matter} m @param {string} state */
export const eased = (m, state) => m.ids.length === 1 && STANDING.includes(m.first.kind) && m.first.kind !== state;
