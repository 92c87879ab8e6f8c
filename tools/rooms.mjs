// Lets Node find what each room serves from one folder: "./queue.js" of a page is election/browser's where the
// page's own folder has none. `node --import ./tools/rooms.mjs --test`
import { existsSync } from "node:fs";
import { register } from "node:module";
import { fileURLToPath } from "node:url";
import { isMainThread } from "node:worker_threads";

// The ground floor's, and the war room's two folders, which are served as one.
const SHARED = ["../election/browser/", "../dashboard/browser/", "../dashboard/components/"].map((folder) => new URL(folder, import.meta.url));

/** Node's hook (it runs in a thread of its own, and loads this file there). */
export function resolve(specifier, context, next) {
  if (specifier.startsWith("./") && context.parentURL?.startsWith("file:")) {
    const shared = SHARED.map((folder) => new URL(specifier, folder)).find((file) => existsSync(fileURLToPath(file)));
    if (shared && !existsSync(fileURLToPath(new URL(specifier, context.parentURL)))) return next(shared.href, context);
  }
  return next(specifier, context);
}

if (isMainThread) register(import.meta.url);
