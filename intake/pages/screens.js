// The form's screens: pure functions from words and values to elements. Nothing here keeps or sends anything.

/** @import {Kept} from "./queue.js" */
/** Words of the page's language, by key. @typedef {Record<string, string>} Words */
/** @typedef {{id: string, name: string, registered?: number, timezone?: string}} Precinct */
/** @typedef {{name: string, kind: string, asks: boolean, numeric: boolean, votes: boolean}} Question */
/** Words' key, address. @typedef {[string, string][]} Links */

/**
 * An element; a child that is null or false is left out. Text is always text.
 * @template {keyof HTMLElementTagNameMap} K
 * @param {K} tag
 * @param {Record<string, unknown>} [attributes]  "onclick" and its like are listeners
 * @param {...(string | Node | null | undefined | false)} children
 * @returns {HTMLElementTagNameMap[K]}
 */
export function el(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) element.addEventListener(name.slice(2), /** @type {EventListener} */ (value));
    else if (value === true) element.setAttribute(name, "");
    else if (value !== false && value !== undefined) element.setAttribute(name, String(value));
  }
  for (const child of children) if (child !== null && child !== undefined && child !== false) element.append(child);
  return element;
}

/** The words of a key with its {fields} filled in.
 * @param {Words} words @param {string} key @param {Record<string, string | number>} [fields] */
export function filled(words, key, fields = {}) {
  return (words[key] || "").replace(/\{(\w+)\}/g, (whole, name) => String(fields[name] ?? whole));
}

const ZEROS = [0x30, 0x660, 0x6f0, 0x966, 0x9e6, 0xe50, 0xff10]; // of the scripts that keypads offer

/** The whole number somebody typed, in any script's digits, grouped by threes or not; null where it is none.
 * @param {string} text @returns {number | null} */
export function numberIn(text) {
  let plain = "";
  for (const char of text.trim()) {
    const code = char.codePointAt(0) ?? 0;
    const zero = ZEROS.find((z) => code >= z && code <= z + 9);
    plain += zero === undefined ? char : code - zero;
  }
  if (/^\d{1,3}(?:,\d{3})+$|^\d{1,3}(?:\.\d{3})+$|^\d{1,3}(?: \d{3})+$/.test(plain))
    plain = plain.replace(/[,. ]/g, "");
  return /^\d{1,7}$/.test(plain) && Number(plain) <= 1000000 ? Number(plain) : null;
}

/** @type {Words} */
const COMMANDS = { line: "LINE ", problem: "! ", voters: "V ", fix: "FIX ", final: "FINAL " };

/** The report as a text that the reader of texts understands alike. `place` is "" where the sender has but one.
 * @param {string} ask @param {string} answer @param {string} place @param {string} time */
export function asText(ask, answer, place, time) {
  if (ask === "ready") return "READY";
  const timed = time && (ask === "count" || ask === "final"); // a fix keeps the time of what it mends
  return (place ? place + " " : "") + (COMMANDS[ask] || "") + answer + (timed ? ` at ${time}` : "");
}

/** Where to text it. Without a known number the phone asks for one. @param {string} number @param {string} text */
export function textLink(number, text) {
  return `sms:${number}?body=${encodeURIComponent(text)}`;
}

/** @param {Precinct | null} precinct @param {Words} words */
function heading(precinct, words) {
  if (!precinct) return [el("h1", {}, words.your_place)];
  return [el("h1", {}, precinct.name || precinct.id), el("p", { class: "quiet" }, precinct.id)];
}

/** Which of several places. @param {Words} words @param {Precinct[]} precincts @param {(place: string, ask: string) => string} hrefOf */
export function chooseScreen(words, precincts, hrefOf) {
  return [
    el("h1", {}, words.choose),
    ...precincts.map((p) => el("a", { class: "choice", href: hrefOf(p.id, "") }, p.name || p.id)),
  ];
}

/** Where a photo is added to a report. `onphoto` resolves to whether the phone could read it.
 * @param {Words} words @param {(file: File) => Promise<boolean>} onphoto */
export function photoField(words, onphoto) {
  const said = el("span", {}, words.photo_add);
  const field = el("input", { type: "file", id: "photo", accept: "image/*", onchange: async () => {
    const file = field.files?.[0];
    if (file) said.textContent = (await onphoto(file)) ? words.photo_added + " ✓" : words.photo_none;
  } });
  return el("label", { class: "photo", for: "photo" }, said, field);
}

/**
 * One question. `onanswer` takes what was typed and returns what is wrong with it; `onlook` says what it would be.
 * @param {{words: Words, precinct: Precinct | null, question: Question, links: Links, typed?: string,
 *   last?: {number: string, time: string}, held?: {number: string, time: string, onyes: () => void}, onlook: (typed: string) => {button: string, read: string, doubt: string},
 *   onanswer: (typed: string) => string, onphoto?: (file: File) => Promise<boolean>}} given
 */
export function askScreen({ words, precinct, question, last, held, links, typed, onlook, onanswer, onphoto }) {
  const field = question.numeric
    ? el("input", { id: "answer", name: "answer", inputmode: "numeric", maxlength: "12", autocomplete: "off",
        enterkeyhint: "send", "aria-describedby": "read doubt" })
    : el("textarea", { id: "answer", name: "answer", maxlength: "1500", rows: "3", autocomplete: "off",
        "aria-describedby": "hint doubt" });
  const button = el("button", { type: "submit" }, words.send);
  const read = el("p", { id: "read", class: "read" });
  const doubt = el("p", { id: "doubt", class: "alert", role: "status", hidden: true });
  const hint = words["hint_" + question.name];
  const look = () => {
    const seen = onlook(field.value);
    button.textContent = seen.button;
    read.textContent = seen.read;
    doubt.textContent = seen.doubt;
    doubt.hidden = !seen.doubt;
  };
  /** @param {Event} event */
  const submit = (event) => {
    event.preventDefault();
    const wrong = onanswer(question.asks ? field.value : "");
    if (!wrong) return;
    doubt.textContent = wrong;
    doubt.hidden = false;
    field.setAttribute("aria-invalid", "true");
    field.focus();
  };
  field.value = typed || "";
  field.addEventListener("input", () => { field.removeAttribute("aria-invalid"); look(); });
  if (question.asks) look();
  else button.textContent = words.say_ready;
  return [
    ...heading(precinct, words),
    el("form", { onsubmit: submit, novalidate: true },
      question.asks ? el("label", { for: "answer" }, words["ask_" + question.name])
        : el("p", { class: "ask" }, words["ask_" + question.name]),
      question.asks && field,
      question.asks && hint ? el("p", { id: "hint", class: "quiet" }, hint) : null,
      question.asks && question.numeric ? read : null, doubt, onphoto ? photoField(words, onphoto) : null, button),
    last ? el("p", { class: "quiet" }, filled(words, "last", last)) : null,
    held ? el("p", { class: "alert" }, filled(words, "held", { number: held.number, time: held.time })) : null,
    held ? el("button", { type: "button", class: "second", onclick: held.onyes }, words.yes_right) : null,
    el("nav", { "aria-label": words.more }, ...links.map(([name, href]) => el("a", { href }, words[name]))),
  ];
}

/** What became of a report. `heading` and `said` are ready words.
 * @param {{words: Words, heading: string, said: string, text?: string, links: Links, onyes?: () => void}} given `onyes`: a
 *   count waits for it */
export function outcomeScreen({ words, heading: head, said, text, links, onyes }) {
  return [
    el("h1", { tabindex: "-1" }, head),
    el("p", { class: "done", role: "status" }, said),
    onyes ? el("button", { type: "button", onclick: onyes }, words.yes_right) : null,
    text ? el("a", { class: "choice second", href: text }, words.by_text) : null,
    ...links.map(([name, href], i) => el("a", { class: i ? "choice second" : "choice", href }, words[name])),
  ];
}

/** What has not been sent, large, each with its way by text.
 * @param {{words: Words, waiting: Kept[], ended: boolean, textOf: (entry: Kept) => string, onretry: () => void}} given */
export function waitingBox({ words, waiting, ended, textOf, onretry }) {
  if (!waiting.length) return [];
  return [
    el("h2", {}, filled(words, "not_sent", { count: waiting.length })),
    ended ? el("p", { role: "alert" }, words.link_ended) : null,
    el("ul", {}, ...waiting.map((entry) =>
      el("li", {}, el("span", {}, entry.label, entry.refused ? el("em", {}, words.not_taken) : null),
        entry.photo || (entry.report.unstruck && !entry.answer) ? null : el("a", { class: "text", href: textOf(entry) }, words.by_text)))),
    ended ? null : el("button", { type: "button", class: "second", onclick: onretry }, words.try_now),
  ];
}
