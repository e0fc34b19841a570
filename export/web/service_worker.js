/**
 * Keeps the page and what it has loaded, so that it works without a network, and adds the headers
 * that threads need where the host does not send them.
 */

// The exporter writes a checksum of all files here: a new export replaces the old one's cache.
const VERSION = "unversioned";
const CACHE = `hinet-web-${VERSION}`;

self.addEventListener("install", event => event.waitUntil(install()));
self.addEventListener("activate", event => event.waitUntil(activate()));
self.addEventListener("fetch", event => {
  const {request} = event;
  if (request.method === "GET" && new URL(request.url).origin === location.origin) {
    event.respondWith(answer(event));
  }
});

async function install() {
  const cache = await caches.open(CACHE);
  const {page} = await (await fetch("models.json", {cache: "no-cache"})).json();
  await cache.addAll(["./", "models.json", ...page].map(url => new Request(url, {cache: "no-cache"})));
  await self.skipWaiting();
}

async function activate() {
  const old = (await caches.keys()).filter(name => name.startsWith("hinet-web-") && name !== CACHE);
  await Promise.all(old.map(name => caches.delete(name)));
  await self.clients.claim();
}

async function answer(event) {
  const {request} = event;
  const cache = await caches.open(CACHE);
  const kept = await cache.match(request, {ignoreSearch: request.mode === "navigate"});
  if (kept) return isolated(kept);
  const response = await fetch(request);
  // Beside the answer, so that a model shows how far it is; a full disk keeps nothing from the page.
  if (response.status === 200) event.waitUntil(cache.put(request, response.clone()).catch(() => {}));
  return isolated(response);
}

function isolated(response) {
  if (!response.status || response.redirected) return response;
  const headers = new Headers(response.headers);
  headers.set("Cross-Origin-Opener-Policy", "same-origin");
  headers.set("Cross-Origin-Embedder-Policy", "require-corp");
  return new Response(response.body, {status: response.status, statusText: response.statusText, headers});
}
