// The stack's time by this device's clock: a rehearsal's may run fast, this device's may be an hour off.

const clock = { now: Date.now() / 1000, at: performance.now(), speed: 1 };
/** @type {number | null} */
let frozen = null; // a replayed minute

/** Sets the clock by what the feed says. @param {{now: number, speed?: number} | undefined} told */
export function setClock(told) {
  if (!told) return;
  clock.now = told.now;
  clock.speed = told.speed ?? clock.speed;
  clock.at = performance.now();
}

/** Now, epoch seconds, whatever minute is shown. */
export const liveNow = () => clock.now + ((performance.now() - clock.at) / 1000) * clock.speed;

/** Stops at a past minute; null: goes on. @param {number | null} at */
export const freeze = (at) => { frozen = at; };

/** The minute shown: now, or a replayed one; epoch seconds. */
export const now = () => frozen ?? liveNow();
