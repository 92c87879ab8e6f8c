// Files given to the set-up page: dropped or chosen, sent in pieces, with how far it is. Without scripts the page's plain
// form takes small files whole.
import { byId } from "./elements.js";
import { tr } from "./language.js";

const PIECE = 192 * 1024; // bytes; a request may have 256 KB
const LOOK_MS = 700; // between two looks at work under way

const csrf = document.querySelector(/** @type {"meta"} */ ("meta[name=csrf]"))?.content || "";

/** @param {string} words */
function say(words) {
  byId("sending").textContent = words;
}

/**
 * Sends one file, from where an earlier try ended.
 * @param {File} file
 * @param {string} which
 */
async function send(file, which) {
  let at = 0;
  for (let tries = 0; at < file.size;) {
    say(`${which}${file.name}: ${Math.round((at / file.size) * 100)} %`);
    const address = `/office/setup/files/${encodeURIComponent(file.name)}?at=${at}&of=${file.size}`;
    const body = file.slice(at, at + PIECE);
    const answer = await fetch(address, { method: "PUT", headers: { "X-CSRF": csrf, "Content-Type": "application/octet-stream" }, body });
    if (answer.ok) {
      at += PIECE;
      tries = 0;
      continue;
    }
    const said = await answer.json().catch(() => ({}));
    if (answer.status === 409 && said.kept && tries < 3) {
      at = said.kept;
      tries += 1;
      continue;
    }
    throw new Error(`${file.name} ${said.message || tr("was not taken ({status})", { status: answer.status })}`);
  }
}

/** @param {File[]} files */
async function sendAll(files) {
  let number = 0;
  for (const file of files) {
    number += 1;
    if (file.size) await send(file, files.length > 1 ? tr("{n} of {all}", { n: number, all: files.length }) + " · " : "");
  }
  location.assign("/office/setup");
  location.reload();
}

/** @param {Iterable<File>} files */
function give(files) {
  const all = [...files];
  if (all.length) sendAll(all).catch((/** @type {Error} */ problem) => say(problem.message));
}

const form = /** @type {HTMLFormElement} */ (byId("give"));
const chosen = /** @type {HTMLInputElement} */ (byId("chosen"));
form.addEventListener("submit", (event) => {
  event.preventDefault();
  give(chosen.files || []);
});
form.addEventListener("dragover", (event) => {
  event.preventDefault();
  form.classList.add("over");
});
form.addEventListener("dragleave", () => form.classList.remove("over"));
form.addEventListener("drop", (event) => {
  event.preventDefault();
  form.classList.remove("over");
  give(event.dataTransfer?.files || []);
});

/** Looks how far the work is, and shows the page anew when it is done. */
async function follow() {
  const answer = await fetch("/office/setup/progress").catch(() => null);
  const told = answer?.ok ? await answer.json() : { running: true };
  if (!told.running) {
    location.reload();
    return;
  }
  if (told.title) {
    byId("doing").textContent = `${told.doing || tr("at work")}, ${told.seconds} s`;
    const bar = document.querySelector("progress");
    if (bar && typeof told.share === "number") bar.value = told.share;
  }
  setTimeout(follow, LOOK_MS);
}
if (document.querySelector("[data-running]")) setTimeout(follow, LOOK_MS);
