// What the board says of calling in a precinct: what is true now and why, or an offer and what it brings.
// Values in, words out; tiles.js and panel.js draw them.
import { hhmm, whole } from "./words.js";

/** @import {CallProposal, Dispatch, DispatchEnd, ReachedCheck, ReachedTurnout, Standing} from "feed-messages" */
/** @typedef {{at: Map<string, Dispatch>, offers: Map<string, CallProposal>, over?: Map<string, DispatchEnd>, hindered?: Map<string, string>, heard?: Map<string, ReachedTurnout>}} CallDesk */
/** `offer`: a button is shown. @typedef {{words: string, title: string, offer: CallProposal | null}} Calling */

/** @param {number} n @param {string} one @param {string} [more] */
export const count = (n, one, more = one + "s") => whole(n) + " " + (n === 1 ? one : more);

/** Why nobody is sent where no call desk has said anything. @type {Partial<Record<Standing["state"], string>>} */
const UNCALLED = {
  silent: "not while it is silent",
  doubtful: "not while its counts are in doubt",
  closed: "polls closed",
};

/** @param {Dispatch} sent */
function running(sent) {
  if (sent.hold) return "resting: " + sent.hold;
  const calling = sent.calling ?? sent.callers_now;
  const left = sent.remaining ?? sent.reachable ?? null;
  const parts = [whole(calling) + " calling" + (left === null ? "" : ", " + whole(left) + " left")];
  if (!calling && sent.why_idle) parts.push(sent.why_idle);
  if (sent.promises) parts.push(count(sent.promises, "promise"));
  return parts.join(" · ");
}

/** @param {DispatchEnd} over */
function ended(over) {
  const parts = [over.reason.split(":")[0] + " " + hhmm(over.ended_at)];
  if (over.calls) parts.push(count(over.calls, "call"));
  if (over.promises) parts.push(count(over.promises, "promise"));
  return parts.join(" · ");
}

/** @param {Standing} s @param {CallDesk | null} calls @returns {Calling} */
export function callingAt(s, calls) {
  const id = s.precinct_id;
  const sent = calls?.at.get(id);
  if (sent) {
    const by = (sent.started_by === "callers" ? "by itself" : "sent by " + sent.started_by) + " since " + hhmm(sent.started_at);
    return { words: running(sent), title: [by, sent.reason].filter(Boolean).join(" · "), offer: null };
  }
  const over = calls?.over?.get(id);
  const past = over ? ended(over) : "";
  const offer = calls?.offers.get(id);
  if (offer) return { words: brings(offer), title: [offer.sentence, past].filter(Boolean).join(" · "), offer };
  const why = UNCALLED[s.state] || calls?.hindered?.get(id) || "";
  return { words: past || why, title: past && why ? why : "", offer: null };
}

/** @param {CallProposal} offer */
export function brings(offer) {
  const votes = offer.votes ? "about " + count(Math.max(1, Math.round(offer.votes)), "vote") + " by close, " : "";
  return votes + whole(offer.reachable) + " reachable";
}

/** What people reached in a silent precinct say of its turnout, beside the tally: nobody counts with it.
 * @param {ReachedTurnout} heard @param {ReachedCheck | null | undefined} check */
export function heardWords(heard, check) {
  const said = "Of " + count(heard.reached, "household") + " reached by callers " + whole(heard.voted) + " said they have voted: about "
    + count(heard.votes, "vote") + " by " + hhmm(heard.at) + " (80 %: " + whole(heard.lo80) + " to " + whole(heard.hi80) + "). Not part of the tally. ";
  if (!check?.precincts) return said + "No precinct has both this and a count to compare.";
  return said + "Where there is a count, too, it lay within such an interval in " + whole(check.inside) + " of " + count(check.precincts, "precinct")
    + (check.calibrated ? "." : ": too few to rely on.");
}
