// Lets Node find what each room serves from one folder: "./queue.js" of a page is election/browser's where the
// page's own folder has none. `node --import ./tools/rooms.mjs --test`
import { existsSync } from "node:fs";
import { register } from "node:module";
import { fileURLToPath } from "node:url";
import { isMainThread } from "node:worker_threads";

const SHARED = new URL("../election/browser/", import.meta.url);

/** Node's hook (it runs in a thread of its own, and loads this file there). */
export function resolve(specifier, context, next) {
  if (specifier.startsWith("./") && context.parentURL?.startsWith("file:")) {
    const shared = new URL(specifier, SHARED);
    if (!existsSync(fileURLToPath(new URL(specifier, context.parentURL))) && existsSync(fileURLToPath(shared)))
      return next(shared.href, context);
  }
  return next(specifier, context);
}

if (isMainThread) register(import.meta.url);
