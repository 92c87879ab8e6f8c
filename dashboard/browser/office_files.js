// Files given to the set-up page: dropped or chosen, sent in pieces, with how far it is. Without scripts the page's plain
// form takes small files whole.
import { byId } from "./elements.js";
import { tr } from "./language.js";

const PIECE = 192 * 1024; // bytes; a request may have 256 KB
const LOOK_MS = 700; // between two looks at work under way

const csrf = document.querySelector(/** @type {"meta"} */ ("meta[name=csrf]"))?.content || "";

const SAID = "beluga.office.said"; // what is said of the files once the page has come anew
const TYPED = "beluga.office.day"; // what was typed of the day and not sent yet: files that come and go show the page anew

/** @param {string} words */
function say(words) {
  byId("sending").textContent = words;
}

/** That nothing more can be sent now. */
class StoppedError extends Error {}

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
    const headers = { "X-CSRF": csrf, "Content-Type": "application/octet-stream" };
    const answer = await fetch(address, { method: "PUT", headers, body }).catch(() => null);
    if (!answer) throw new StoppedError(tr("The war room does not answer. Nothing is known to be done; try again."));
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
    if (answer.status === 401 || answer.status === 403) throw new StoppedError(said.message);
    throw new Error(`${file.name} ${said.message || tr("was not taken ({status})", { status: answer.status })}`);
  }
}

/** Sends them all; one that is not taken holds up no other. @param {File[]} files */
async function sendAll(files) {
  /** @type {string[]} */
  const problems = [];
  for (const [number, file] of files.entries()) {
    const which = files.length > 1 ? tr("{n} of {all}", { n: number + 1, all: files.length }) + " · " : "";
    if (!file.size) problems.push(tr("{name} is empty", { name: file.name }));
    else await send(file, which).catch((/** @type {Error} */ problem) => {
      if (problem instanceof StoppedError) throw problem;
      problems.push(problem.message);
    });
  }
  if (problems.length) sessionStorage.setItem(SAID, problems.join("; "));
  location.assign("/office/setup");
  location.reload();
}

let sending = false;
/** @param {Iterable<File>} files */
function give(files) {
  const all = [...files];
  if (!all.length || sending) return;
  sending = true;
  sendAll(all).catch((/** @type {Error} */ problem) => say(problem.message)).finally(() => { sending = false; });
}

const day = /** @type {HTMLInputElement[]} */ ([...document.querySelectorAll("#day input")]);
/** @type {Record<string, string>} */
const typed = JSON.parse(sessionStorage.getItem(TYPED) || "{}");
for (const field of day) field.value = typed[field.id] || field.value;
addEventListener("pagehide", () => {
  const unsent = day.filter((field) => field.value !== field.defaultValue).map((field) => [field.id, field.value]);
  sessionStorage.setItem(TYPED, JSON.stringify(Object.fromEntries(unsent)));
});
day[0]?.form?.addEventListener("submit", () => { for (const field of day) field.defaultValue = field.value; });
say(sessionStorage.getItem(SAID) || "");
sessionStorage.removeItem(SAID);

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
