// The fold of the feed's messages (docs/feed.md) and the age of what it holds: the browser's twin of
// election/feed_client/view.py, held to it by the same recorded vectors. Values in, values out; no page, no socket.

/** @import {Aggregate, CallProposal, Calls, Delta, Desks, Dispatch, DispatchEnd, Incident, Message, PrecinctInfo,
 *    ReachedTurnout, Snapshot, Standing} from "feed-messages" */
/** @typedef {Calls & {at: Map<string, Dispatch>, offers: Map<string, CallProposal>, over: Map<string, DispatchEnd>,
 *    hindered: Map<string, string>, heard: Map<string, ReachedTurnout>}} CallsByPrecinct */

export const BEHIND_SECONDS = 60; // by which the tally may lack what the database stores, and still be followed
export const BEHIND_NOTED = 5; // less is the pace of the tally's own reading, and is not shown

/** Columns to rows by precinct. @template T @param {Record<string, any[]>} columns @returns {Map<string, T>} */
export function rowsOf(columns) {
  const names = Object.keys(columns);
  const found = new Map();
  (columns.precinct_id || []).forEach((id, i) => {
    /** @type {Record<string, any>} */
    const row = {};
    for (const name of names) row[name] = columns[name][i];
    found.set(id, row);
  });
  return found;
}

/** The rows that messages carry: of the live feed, or of a past minute. */
export class FeedRows {
  /** @type {Map<string, PrecinctInfo>} */
  info = new Map();
  /** @type {Map<string, Standing>} */
  standings = new Map();
  /** By scope. @type {Map<string, Aggregate>} */
  aggregates = new Map();
  /** By check-in. @type {Map<string, Incident>} */
  incidents = new Map();
  /** @type {Desks | null} */
  desks = null;
  /** @type {CallsByPrecinct | null} */
  calls = null;

  /** Takes a snapshot's content in place of what was there. @param {Snapshot} m */
  replace(m) {
    this.info = rowsOf(m.precincts);
    this.standings = rowsOf(m.standings);
    this.aggregates = new Map(m.aggregates.map((a) => [a.scope, a]));
    this.incidents = new Map(m.incidents.map((i) => [i.check_in_id, i]));
    this.#others(m);
  }

  /** Replaces the rows that a delta names. @param {Delta} m */
  change(m) {
    for (const s of m.standings) this.standings.set(s.precinct_id, s);
    for (const a of m.aggregates) this.aggregates.set(a.scope, a);
    for (const i of m.incidents) this.incidents.set(i.check_in_id, i);
    this.#others(m);
  }

  /** @param {Snapshot | Delta} m */
  #others(m) {
    if (m.desks) this.desks = m.desks;
    if (m.calls) this.calls = {
      ...m.calls,
      at: new Map(m.calls.dispatches.map((d) => [d.precinct_id, d])),
      offers: new Map(m.calls.proposals.map((p) => [p.precinct_id, p])),
      over: new Map((m.calls.ended || []).map((e) => [e.precinct_id, e])),
      heard: new Map((m.calls.reached || []).map((r) => [r.precinct_id, r])),
      hindered: new Map((m.calls.obstacles || []).map((o) => [o.precinct_id, o.reason])),
    };
  }
}

/** The feed's last state and how old it is. `rows` is null where a page needs none of the rows. */
export class FeedView {
  /** @param {{rows?: FeedRows | null, monotonic?: () => number}} [given] `monotonic` in seconds */
  constructor({ rows = null, monotonic = () => performance.now() / 1000 } = {}) {
    this.rows = rows;
    this.monotonic = monotonic;
    /** Of the connection there is; null: no snapshot yet. @type {number | null} */
    this.seq = null;
    /** Where a new connection may go on, of the numbering of `engine`. @type {number | null} */
    this.since = null;
    /** @type {string | null} */
    this.engine = null;
    /** The stack's time of the last message, epoch seconds. @type {number | null} */
    this.at = null;
    this.storedBehind = 0; // real seconds since the tally last had everything the database stores
    /** @type {number | null} */
    this.last = null; // when the last message came, once there was a snapshot
  }

  /** Seconds since the last message; null before the first snapshot. */
  silence() {
    return this.last === null ? null : this.monotonic() - this.last;
  }

  /** Seconds for which what is held may have been out of date; null before the first snapshot. */
  age() {
    const silence = this.silence();
    return silence === null ? null : silence + this.storedBehind;
  }

  /** `storedBehind` where it is worth saying, else 0. */
  behindNoted() {
    return this.storedBehind > BEHIND_NOTED ? this.storedBehind : 0;
  }

  /** The age as pages show it. */
  shownAge() {
    const silence = this.silence();
    return silence === null ? null : silence + this.behindNoted();
  }

  /** Whether the last message is at most so old, and the tally was at most `behind` its database then.
   * @param {number} seconds @param {number} [behind] */
  fresh(seconds, behind = BEHIND_SECONDS) {
    const silence = this.silence();
    return silence !== null && silence <= seconds && this.storedBehind <= behind;
  }

  /** The connection is gone: rows stay and grow old; the next hello says whether numbers go on. */
  lost() {
    this.since = this.seq ?? this.since;
    this.seq = null;
  }

  /** Puts one message in; false where a number is missing and a new connection is needed.
   * @param {Message} message @returns {boolean} */
  apply(message) {
    switch (message.type) {
      case "hello":
        if (message.engine !== this.engine) this.seq = this.since = null;
        else this.seq ??= this.since;
        this.engine = message.engine;
        return true;
      case "snapshot":
        this.rows?.replace(message);
        this.seq = message.seq;
        break;
      case "delta":
        if (this.seq === null || message.seq > this.seq + 1) return false;
        if (message.seq > this.seq) {
          this.rows?.change(message);
          this.seq = message.seq;
        }
        break;
      case "beat":
        this.storedBehind = message.stored_behind || 0;
        if (this.seq !== null && message.seq > this.seq) return false;
        break;
    }
    if (this.seq !== null) {
      this.last = this.monotonic();
      this.at = message.at ?? this.at;
    }
    return true;
  }
}
