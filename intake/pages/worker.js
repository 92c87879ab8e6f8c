// The form's service worker: opens the form without a connection. It answers GET alone; reports are the page's.
// Pages come from the network where it answers in time, so that a revoked link or a new precinct shows at once.
const scope = /** @type {ServiceWorkerGlobalScope} */ (/** @type {unknown} */ (self));
const VERSION = "{version}";
const FILES = "beluga-files-" + VERSION;
const PAGES = "beluga-pages";
const PATIENCE = 4000; // ms: a page that the phone already has is better than a blank screen
const WANTED = ["form.css", "form.js", "photo.js", "queue.js", "roll.js", "roll_store.js", "screens.js", "sealing.js", "strike_off.js", "icon.svg", "icon-192.png"];

scope.addEventListener("install", (event) => {
  const addresses = WANTED.map((name) => `/w/-/${VERSION}/${name}`);
  event.waitUntil(caches.open(FILES).then((cache) => cache.addAll(addresses)).then(() => scope.skipWaiting()));
});

scope.addEventListener("activate", (event) => {
  event.waitUntil((async () => {
    // The version before stays: a page kept from then still names its files.
    const versions = (await caches.keys()).filter((name) => name.startsWith("beluga-files-"));
    const old = versions.filter((name) => name !== FILES).slice(0, -1);
    await Promise.all(old.map((name) => caches.delete(name)));
    await scope.clients.claim();
  })());
});

scope.addEventListener("fetch", (event) => {
  const url = new URL(event.request.url);
  if (event.request.method !== "GET" || url.origin !== scope.location.origin) return;
  if (url.pathname.startsWith("/w/-/")) event.respondWith(file(event.request));
  else if (/^\/w\/[^/]+(\/manifest\.json)?$/.test(url.pathname) && url.pathname !== "/w/worker.js")
    event.respondWith(page(event.request, url.pathname));
});

/** @param {Request} request */
async function file(request) {
  return (await caches.match(request)) || fetch(request);
}

/** @param {Request} request @param {string} path */
async function page(request, path) {
  const kept = await caches.match(path);
  try {
    const signal = kept && AbortSignal.timeout ? AbortSignal.timeout(PATIENCE) : undefined;
    const answer = await fetch(request, { signal });
    if (answer.status >= 500 && kept) return kept;
    const cache = await caches.open(PAGES);
    if (answer.ok && !answer.redirected) await cache.put(path, answer.clone());
    else if (answer.status === 403) await cache.delete(path);
    return answer;
  } catch (error) {
    if (kept) return kept;
    throw error;
  }
}
