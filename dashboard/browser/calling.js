// What the board says of calling in a precinct: what is true now and why, or an offer and what it brings.
// Values in, words out; tiles.js and panel.js draw them.
import { retold, tr, trn } from "./language.js";
import { hhmm, whole } from "./words.js";

/** @import {CallProposal, Dispatch, DispatchEnd, ReachedCheck, ReachedTurnout, Standing} from "feed-messages" */
/** @typedef {{at: Map<string, Dispatch>, offers: Map<string, CallProposal>, over?: Map<string, DispatchEnd>, hindered?: Map<string, string>, heard?: Map<string, ReachedTurnout>}} CallDesk */
/** `offer`: a button is shown. @typedef {{words: string, title: string, offer: CallProposal | null}} Calling */

/** @param {number} n */
export const callersOf = (n) => trn("{n} caller", "{n} callers", n, { n: whole(n) });
/** @param {number} n */
const callsOf = (n) => trn("{n} call", "{n} calls", n, { n: whole(n) });
/** @param {number} n */
const promisesOf = (n) => trn("{n} promise", "{n} promises", n, { n: whole(n) });

/** Why nobody is sent where no call desk has said anything. @type {Partial<Record<Standing["state"], string>>} */
const UNCALLED = {
  silent: tr("not while it is silent"),
  doubtful: tr("not while its counts are in doubt"),
  closed: tr("polls closed"),
};

/** @param {Dispatch} sent */
function running(sent) {
  if (sent.hold) return tr("resting: {why}", { why: retold(sent.hold) });
  const calling = sent.calling ?? sent.callers_now;
  const left = sent.remaining ?? sent.reachable ?? null;
  const parts = [left === null ? tr("{n} calling", { n: whole(calling) }) : tr("{n} calling, {left} left", { n: whole(calling), left: whole(left) })];
  if (!calling && sent.why_idle) parts.push(retold(sent.why_idle));
  if (sent.promises) parts.push(promisesOf(sent.promises));
  return parts.join(" · ");
}

/** @param {DispatchEnd} over */
function ended(over) {
  const parts = [retold(over.reason.split(":")[0]) + " " + hhmm(over.ended_at)];
  if (over.calls) parts.push(callsOf(over.calls));
  if (over.promises) parts.push(promisesOf(over.promises));
  return parts.join(" · ");
}

/** @param {Standing} s @param {CallDesk | null} calls @returns {Calling} */
export function callingAt(s, calls) {
  const id = s.precinct_id;
  const sent = calls?.at.get(id);
  if (sent) {
    const by = sent.started_by === "callers" ? tr("by itself since {at}", { at: hhmm(sent.started_at) }) : tr("sent by {by} since {at}", { by: sent.started_by, at: hhmm(sent.started_at) });
    return { words: running(sent), title: [by, retold(sent.reason)].filter(Boolean).join(" · "), offer: null };
  }
  const over = calls?.over?.get(id);
  const past = over ? ended(over) : "";
  const offer = calls?.offers.get(id);
  if (offer) return { words: brings(offer), title: [retold(offer.sentence), past].filter(Boolean).join(" · "), offer };
  const why = UNCALLED[s.state] || retold(calls?.hindered?.get(id) || "");
  return { words: past || why, title: past && why ? why : "", offer: null };
}

/** @param {CallProposal} offer */
export function brings(offer) {
  const n = Math.max(1, Math.round(offer.votes)), fields = { n: whole(n), reachable: whole(offer.reachable) };
  return offer.votes ? trn("about {n} vote by close, {reachable} reachable", "about {n} votes by close, {reachable} reachable", n, fields) : tr("{reachable} reachable", fields);
}

/** What people reached in a silent precinct say of its turnout, beside the tally: nobody counts with it.
 * @param {ReachedTurnout} heard @param {ReachedCheck | null | undefined} check */
export function heardWords(heard, check) {
  const said = tr("Of {reached} households reached by callers {voted} said they have voted: about {votes} votes by {at} (80 %: {low} to {high}). Not part of the tally.", {
    reached: whole(heard.reached), voted: whole(heard.voted), votes: whole(heard.votes), at: hhmm(heard.at), low: whole(heard.lo80), high: whole(heard.hi80),
  });
  return said + " " + relied(check);
}

/** @param {ReachedCheck | null | undefined} check */
function relied(check) {
  if (!check?.precincts) return tr("No precinct has both this and a count to compare.");
  const numbers = { inside: whole(check.inside), precincts: whole(check.precincts) };
  return check.calibrated ? tr("Where there is a count, too, it lay within such an interval in {inside} of {precincts} precincts.", numbers)
    : tr("Where there is a count, too, it lay within such an interval in {inside} of {precincts} precincts: not enough to rely on.", numbers);
}
