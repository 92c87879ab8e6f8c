// Everything said with one watcher: texts both ways, form, calls, notes, photos; at the desks and in a precinct's panel.
import { make } from "./elements.js";
import { tr } from "./language.js";
import { coded, hhmm } from "./words.js";

/** @typedef {{message_id: string, number: number, state: string, why: string}} Photo */
/**
 * One thing said (election/wire/threads.py).
 * @typedef {object} Turn
 * @property {string} id
 * @property {string} at
 * @property {"in" | "out" | "staff"} way
 * @property {string} by
 * @property {string} channel
 * @property {string} text
 * @property {string[]} kinds
 * @property {string[]} precinct_ids
 * @property {string} purpose
 * @property {string} state
 * @property {string} why
 * @property {Photo[]} photos
 */
/** @typedef {{watcher_id: string | null, language: string, turns: Turn[], more: boolean, answers: {key: string, label: string, text: string}[], unanswerable: string}} WatcherThread */

export const LONGEST_ANSWER = 480; // characters, as intake takes them
/** @type {Record<string, string>} */
const CHANNELS = { sms: tr("text"), form: tr("form"), hotline: tr("by telephone"), csv: tr("from a file"), outbox: tr("our text"), answer: tr("our answer") };
const seconds = (/** @type {string} */ at) => Date.parse(at) / 1000;

/** @param {string} path @returns {Promise<any>} */
async function asked(path) {
  let reply;
  try {
    reply = await fetch(path, { headers: { Accept: "application/json" }, signal: AbortSignal.timeout(8000) });
  } catch {
    throw new Error(tr("The war room does not answer."));
  }
  const answer = await reply.json().catch(() => ({}));
  if (!reply.ok) throw Object.assign(new Error(answer.message || tr("It cannot be shown now.")), { status: reply.status });
  return answer;
}

/** A photo, small, with the way to all of it; or why there is none. @param {Photo} photo @param {string} when */
export function photoOf(photo, when) {
  const address = "/photos/" + encodeURIComponent(photo.message_id) + "/" + photo.number;
  if (photo.state === "coming") return make("span", { class: "photo none" }, tr("Photo on its way."));
  if (photo.state !== "kept") return make("span", { class: "photo none" }, photo.state === "purged" ? tr("Photo purged.") : tr("Photo not shown: {why}.", { why: photo.why || coded(photo.state) }));
  return make("a", { class: "photo", href: address, target: "_blank", rel: "noopener" },
    make("img", { src: address + "/small", alt: tr("Photo of {when}", { when }), loading: "lazy" }));
}

/** @param {Turn} turn */
function turnOf(turn) {
  const when = hhmm(seconds(turn.at));
  const about = [turn.way === "staff" ? turn.by || "intake" : CHANNELS[turn.channel] || turn.channel,
    turn.way === "out" ? [turn.purpose !== "reply" && coded(turn.purpose), turn.state !== "answered" && coded(turn.state)].filter(Boolean).join(", ") : turn.kinds.map(coded).join(", "),
    turn.precinct_ids.join(", "), turn.way === "in" ? "" : turn.why].filter(Boolean).join(" · ");
  return make("li", { class: turn.way },
    make("time", {}, when), turn.text ? make(turn.way === "staff" ? "span" : "q", {}, turn.text) : null,
    ...turn.photos.map((photo) => photoOf(photo, when)), make("small", {}, about));
}

/** The thread as a list, newest last. @param {WatcherThread} thread */
export function threadOf(thread) {
  return make("div", { class: "thread" },
    thread.more ? make("p", { class: "dim" }, tr("There was more before.")) : null,
    thread.turns.length ? make("ol", {}, ...thread.turns.map(turnOf)) : make("p", { class: "dim" }, tr("Nothing has been said yet.")));
}

/** Asks for a thread and shows it. @param {HTMLElement} holder @param {string} path @returns {Promise<WatcherThread | null>} */
export async function showThread(holder, path) {
  holder.dataset.path = path;
  try {
    const thread = /** @type {WatcherThread} */ (await asked(path));
    if (holder.dataset.path !== path) return null;
    const list = threadOf(thread);
    holder.replaceChildren(make("h3", {}, tr("All that was said")), list);
    list.scrollTop = list.scrollHeight;
    return thread;
  } catch (error) {
    const unknown = error instanceof Error && "status" in error && error.status === 404; // nobody one could text
    if (holder.dataset.path === path) holder.replaceChildren(unknown ? "" : make("p", { class: "dim", role: "alert" }, error instanceof Error ? error.message : ""));
    return null;
  }
}

/** The field in which staff answer; `said` fills what is at hand. @param {(text: string) => void} send */
export function answerField(send) {
  const field = make("input", { id: "answer", type: "text", maxlength: LONGEST_ANSWER, autocomplete: "off", placeholder: tr("free words, or one at hand") });
  const choose = make("select", { id: "answers", "aria-label": tr("Answers at hand"), hidden: true });
  const button = make("button", { type: "button", id: "send-answer" }, tr("Text this answer"));
  const why = make("p", { class: "dim", hidden: true });
  const answer = () => { if (field.value.trim()) send(field.value.trim()); else field.focus(); };
  choose.addEventListener("change", () => { field.value = choose.value; field.focus(); });
  button.addEventListener("click", answer);
  field.addEventListener("keydown", (event) => {
    if (event.key !== "Enter") return;
    event.preventDefault();
    event.stopPropagation(); // Enter elsewhere presses the desk's main button
    answer();
  });
  return {
    element: make("div", { class: "field answering" }, make("label", { for: "answer" }, tr("Answer by text")), choose, field, why, make("p", { class: "actions" }, button)),
    /** @param {WatcherThread | null} thread */
    fill(thread) {
      if (!thread) return;
      choose.replaceChildren(make("option", { value: "" }, tr("An answer at hand…")), ...thread.answers.map((a) => make("option", { value: a.text }, a.label)));
      choose.hidden = !thread.answers.length;
      why.textContent = thread.unanswerable;
      why.hidden = !thread.unanswerable;
      button.disabled = field.disabled = choose.disabled = Boolean(thread.unanswerable);
    },
  };
}

/** A precinct's photos and its watchers' threads, asked for when somebody opens them. @param {string} precinctId */
export function threadsHere(precinctId) {
  const photos = make("p", { class: "photos" });
  const threads = make("div", {});
  const details = make("details", { id: "panel-threads" }, make("summary", {}, tr("Texts and photos")), photos, threads);
  details.addEventListener("toggle", async () => {
    if (!details.open) return;
    try {
      const here = await asked("/photos/precinct/" + encodeURIComponent(precinctId));
      photos.replaceChildren(.../** @type {Photo[]} */ (here.photos).map((photo) => photoOf(photo, precinctId)));
      const watchers = /** @type {{id: string, name: string}[]} */ (here.watchers);
      threads.replaceChildren(...watchers.map((w) => {
        const holder = make("section", { "aria-label": tr("All that was said with {name}", { name: w.name }) });
        showThread(holder, "/threads/" + encodeURIComponent(w.id)).then(() => holder.querySelector("h3")?.replaceChildren(w.name));
        return holder;
      }));
      if (!watchers.length) threads.replaceChildren(make("p", { class: "dim" }, tr("Nobody watches here.")));
    } catch (error) {
      threads.replaceChildren(make("p", { class: "dim", role: "alert" }, error instanceof Error ? error.message : ""));
    }
  });
  return details;
}
