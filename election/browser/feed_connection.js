// The feed's connection: hello, one snapshot, then numbered deltas and beats. Nothing here knows the page.
// A gap in the numbering, a silence or a lost connection ends in the same way: connect anew, ask for what was missed.
import { setClock } from "./stack_clock.js";

/** @import {Beat, Delta, Hello, Message, Snapshot} from "feed-messages" */
/** @import {FeedView} from "./feed_view.js" */

/**
 * What a page does with the feed. `signedOut(ended)`: the war room no longer knows us; `ended`: the feed showed us out.
 * @typedef {object} FeedHandlers
 * @property {(message: Hello) => void} hello
 * @property {(message: Snapshot) => void} snapshot
 * @property {(message: Delta) => void} delta  called for news alone, not for what was had already
 * @property {(message: Beat) => void} beat
 * @property {() => void} live
 * @property {(words: string) => void} lost
 * @property {(ended: boolean) => void} signedOut
 */
/** @typedef {{url: string, token: string}} FeedAddress */

const SILENCE_MS = 4000; // the tally beats every second; four missed beats are a dead feed
const ENDED = 4401; // close code: this access was taken away
const BACKOFF_MS = [300, 10000]; // first and longest pause, jittered so that 500 boards do not return at once

/**
 * Keeps `view` current and tells the handlers.
 * @param {FeedView} view
 * @param {FeedHandlers} handlers
 * @param {FeedAddress | null} [given] where the page has them already; for the first connection alone
 */
export function connectFeed(view, handlers, given = null) {
  let pause = BACKOFF_MS[0];
  /** @type {WebSocket | null} */
  let socket = null;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let watchdog;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;
  let ended = false; // the feed showed us out; the war room says whether we may come back

  /** @param {string} words */
  function retry(words) {
    clearTimeout(watchdog);
    clearTimeout(timer);
    if (socket) {
      const old = socket;
      socket = null;
      old.onclose = old.onerror = old.onmessage = null;
      old.close();
    }
    view.lost();
    handlers.lost(words);
    timer = setTimeout(open, pause * (0.5 + Math.random()));
    pause = Math.min(pause * 2, BACKOFF_MS[1]);
  }

  function live() {
    pause = BACKOFF_MS[0];
    ended = false;
    handlers.live();
  }

  async function open() {
    /** @type {FeedAddress | null} */
    let answer = given;
    given = null;
    if (!answer) try {
      const reply = await fetch("/feed-token", { headers: { Accept: "application/json" }, signal: AbortSignal.timeout(5000) });
      if (reply.status === 401) return handlers.signedOut(ended);
      if (!reply.ok) throw new Error(String(reply.status));
      answer = /** @type {FeedAddress} */ (await reply.json());
    } catch {
      return retry("no answer from the war room");
    }
    const url = new URL(answer.url);
    url.searchParams.set("token", answer.token);
    if (view.since !== null && view.engine !== null) { // what was missed follows, instead of everything
      url.searchParams.set("engine", view.engine);
      url.searchParams.set("since", String(view.since));
    }
    try {
      socket = new WebSocket(url);
    } catch {
      return retry("feed address refused");
    }
    watchdog = setTimeout(() => retry("no answer from the feed"), SILENCE_MS);
    socket.onclose = (event) => {
      ended ||= event.code === ENDED;
      retry("connection closed");
    };
    socket.onmessage = (event) => take(JSON.parse(event.data));
  }

  /** @param {Message} message */
  function take(message) {
    clearTimeout(watchdog);
    watchdog = setTimeout(() => retry("nothing heard"), SILENCE_MS);
    const before = view.seq;
    if (!view.apply(message)) return retry("a message is missing");
    switch (message.type) {
      case "hello":
        setClock(message.clock);
        handlers.hello(message);
        break;
      case "snapshot":
        setClock(message.clock);
        handlers.snapshot(message);
        live();
        break;
      case "delta":
        if (view.seq === before) break; // had already
        handlers.delta(message);
        live();
        break;
      case "beat":
        setClock({ now: message.at, speed: message.speed });
        handlers.beat(message);
        if (view.seq !== null) live();
        break;
    }
  }

  // A phone wakes up, a network returns: do not sit out the pause.
  const hurry = () => {
    if (!socket && !document.hidden) {
      clearTimeout(timer);
      pause = BACKOFF_MS[0];
      open();
    }
  };
  window.addEventListener("online", hurry);
  document.addEventListener("visibilitychange", hurry);
  open();
}
