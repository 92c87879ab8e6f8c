// The walk list's service worker: opens the canvasser's page without a connection. It keeps the page's frame, of which it
// takes off all that names anybody; what stood in it the page itself keeps sealed (doors_kept.js). It answers GET alone.
const walkScope = /** @type {ServiceWorkerGlobalScope} */ (/** @type {unknown} */ (self));
const KEPT = "beluga-doors";
const WALK_PATIENCE = 4000; // ms: a page that the phone already has is better than a blank screen
const WALK_FILES = ["desk.css", "doors.js", "doors_kept.js", "queue.js", "sealing.js"];

walkScope.addEventListener("install", (event) => {
  event.waitUntil(caches.open(KEPT).then((cache) => cache.addAll(WALK_FILES.map((name) => `/c/assets/${name}`))).then(() => walkScope.skipWaiting()));
});

walkScope.addEventListener("activate", (event) => { event.waitUntil(walkScope.clients.claim()); });

walkScope.addEventListener("fetch", (event) => {
  const url = new URL(event.request.url);
  if (event.request.method !== "GET" || url.origin !== walkScope.location.origin) return;
  if (url.pathname.startsWith("/c/assets/")) event.respondWith(kept(event.request, url.pathname, (answer) => answer));
  else if (/^\/c\/doors\/[^/]+$/.test(url.pathname) && event.request.mode === "navigate") event.respondWith(kept(event.request, url.pathname, frame));
});

/** The page without its content. @param {Response} answer */
async function frame(answer) {
  const text = await answer.text();
  return new Response(text.replace(/(<main[^>]*>)[\s\S]*<\/main>/, "$1</main>"), { headers: answer.headers });
}

/** From the network where it answers in time, so that a link which has ended shows at once.
 * @param {Request} request @param {string} path @param {(answer: Response) => Response | Promise<Response>} keep */
async function kept(request, path, keep) {
  const cache = await caches.open(KEPT);
  const before = await cache.match(path);
  try {
    const answer = await fetch(request, { signal: before && AbortSignal.timeout ? AbortSignal.timeout(WALK_PATIENCE) : undefined });
    if (answer.status >= 500 && before) return before;
    if (answer.ok && !answer.redirected) await cache.put(path, await keep(answer.clone()));
    else if (answer.status === 401) await cache.delete(path);
    return answer;
  } catch (error) {
    if (before) return before;
    throw error;
  }
}
