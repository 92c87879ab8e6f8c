// The feed's client: hello, one snapshot, then numbered deltas and beats. Nothing here knows the page.
// A gap in the numbering, a silence or a lost connection ends in the same way: connect anew, ask for what was missed.
(function () {
  "use strict";
  const beluga = (window.beluga = window.beluga || {});

  const SILENCE_MS = 4000; // the tally beats every second; four missed beats are a dead feed
  const ENDED = 4401; // close code: this access was taken away
  const BACKOFF_MS = [300, 10000]; // first and longest pause, jittered so that 500 boards do not return at once

  // The stack's time by this device's clock: a rehearsal's may run fast, this device's may be an hour off.
  const clock = { now: Date.now() / 1000, at: performance.now(), speed: 1 };
  beluga.liveNow = () => clock.now + ((performance.now() - clock.at) / 1000) * clock.speed;
  let frozen = null; // a replayed minute
  beluga.freeze = (at) => { frozen = at; };
  beluga.now = () => frozen ?? beluga.liveNow();
  function setClock(c) {
    if (!c) return;
    clock.now = c.now;
    clock.speed = c.speed;
    clock.at = performance.now();
  }

  // handlers: snapshot(message), delta(message), beat(message), hello(message), live(), lost(words), signedOut(ended)
  // `given`: where the feed is and a token, where the page has them already; for the first connection alone.
  beluga.connectFeed = function (handlers, given = null) {
    let pause = BACKOFF_MS[0];
    let socket = null;
    let engine = null; // whose numbering `seq` belongs to
    let seq = null;
    let watchdog = 0;
    let timer = 0;
    let ended = false; // the feed showed us out; the war room says whether we may come back

    function retry(words) {
      clearTimeout(watchdog);
      clearTimeout(timer);
      if (socket) {
        const old = socket;
        socket = null;
        old.onclose = old.onerror = old.onmessage = null;
        old.close();
      }
      handlers.lost(words);
      timer = setTimeout(open, pause * (0.5 + Math.random()));
      pause = Math.min(pause * 2, BACKOFF_MS[1]);
    }

    function live() {
      pause = BACKOFF_MS[0];
      ended = false;
      handlers.live();
    }

    function heard() {
      clearTimeout(watchdog);
      watchdog = setTimeout(() => retry("nothing heard"), SILENCE_MS);
      beluga.heardAt = performance.now();
    }

    async function open() {
      let answer = given;
      given = null;
      if (!answer) try {
        const reply = await fetch("/feed-token", { headers: { Accept: "application/json" }, signal: AbortSignal.timeout(5000) });
        if (reply.status === 401) return handlers.signedOut(ended);
        if (!reply.ok) throw new Error(String(reply.status));
        answer = await reply.json();
      } catch {
        return retry("no answer from the war room");
      }
      const url = new URL(answer.url);
      url.searchParams.set("token", answer.token);
      if (seq !== null) { // what was missed follows, instead of everything
        url.searchParams.set("engine", engine);
        url.searchParams.set("since", seq);
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

    function take(message) {
      heard();
      switch (message.type) {
        case "hello":
          setClock(message.clock);
          if (message.engine !== engine) seq = null;
          engine = message.engine;
          handlers.hello(message);
          break;
        case "snapshot":
          setClock(message.clock);
          seq = beluga.seq = message.seq;
          handlers.snapshot(message);
          live();
          break;
        case "delta":
          if (seq === null) break;
          if (message.seq <= seq) break;
          if (message.seq !== seq + 1) return retry("a message is missing");
          seq = beluga.seq = message.seq;
          handlers.delta(message);
          live();
          break;
        case "beat":
          if (seq !== null && message.seq > seq) return retry("a message is missing");
          setClock({ now: message.at, speed: message.speed ?? clock.speed });
          handlers.beat(message);
          if (seq !== null) live();
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
  };
})();
