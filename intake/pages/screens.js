// The form's screens: pure functions from words and values to elements. Nothing here keeps or sends anything.

/** An element; a child that is null or false is left out. Text is always text. */
export function el(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (value === true) element.setAttribute(name, "");
    else if (value !== false && value !== undefined) element.setAttribute(name, value);
  }
  element.append(...children.filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

/** The words of a key with its {fields} filled in. */
export function filled(words, key, fields = {}) {
  return (words[key] || "").replace(/\{(\w+)\}/g, (whole, name) => fields[name] ?? whole);
}

const ZEROS = [0x30, 0x660, 0x6f0, 0x966, 0x9e6, 0xe50, 0xff10]; // of the scripts that keypads offer

/** The whole number somebody typed, in any script's digits, grouped by threes or not; null where it is none. */
export function numberIn(text) {
  let plain = "";
  for (const char of text.trim()) {
    const zero = ZEROS.find((z) => char.codePointAt(0) >= z && char.codePointAt(0) <= z + 9);
    plain += zero === undefined ? char : char.codePointAt(0) - zero;
  }
  if (/^\d{1,3}(?:,\d{3})+$|^\d{1,3}(?:\.\d{3})+$|^\d{1,3}(?: \d{3})+$/.test(plain))
    plain = plain.replace(/[,. ]/g, "");
  return /^\d{1,7}$/.test(plain) && Number(plain) <= 1000000 ? Number(plain) : null;
}

const COMMANDS = { line: "LINE ", problem: "! ", voters: "V ", fix: "FIX ", final: "FINAL " };

/** The report as a text that the reader of texts understands alike. `place` is "" where the sender has but one. */
export function asText(ask, answer, place, time) {
  if (ask === "ready") return "READY";
  const timed = time && (ask === "count" || ask === "final"); // a fix keeps the time of what it mends
  return (place ? place + " " : "") + (COMMANDS[ask] || "") + answer + (timed ? ` at ${time}` : "");
}

/** Where to text it. Without a known number the phone asks for one. */
export function textLink(number, text) {
  return `sms:${number}?body=${encodeURIComponent(text)}`;
}

function heading(precinct, words) {
  if (!precinct) return [el("h1", {}, words.your_place)];
  return [el("h1", {}, precinct.name || precinct.id), el("p", { class: "quiet" }, precinct.id)];
}

/** Which of several places. */
export function chooseScreen(words, precincts, hrefOf) {
  return [
    el("h1", {}, words.choose),
    ...precincts.map((p) => el("a", { class: "choice", href: hrefOf(p.id, "") }, p.name || p.id)),
  ];
}

/** One question. `onanswer(typed)` hears the form; `onlook(typed)` gives {button, read, doubt} for what is typed. */
export function askScreen({ words, precinct, question, last, links, typed, onlook, onanswer }) {
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
      question.asks && question.numeric ? read : null, doubt, button),
    last ? el("p", { class: "quiet" }, filled(words, "last", last)) : null,
    el("nav", { "aria-label": words.more }, ...links.map(([name, href]) => el("a", { href }, words[name]))),
  ];
}

/** What became of a report. `heading` and `said` are ready words. */
export function outcomeScreen({ words, heading: head, said, text, links }) {
  return [
    el("h1", { tabindex: "-1" }, head),
    el("p", { class: "done", role: "status" }, said),
    text ? el("a", { class: "choice second", href: text }, words.by_text) : null,
    ...links.map(([name, href], i) => el("a", { class: i ? "choice second" : "choice", href }, words[name])),
  ];
}

/** What has not been sent, large, each with its way by text. */
export function waitingBox({ words, waiting, ended, textOf, onretry }) {
  if (!waiting.length) return [];
  return [
    el("h2", {}, filled(words, "not_sent", { count: waiting.length })),
    ended ? el("p", { role: "alert" }, words.link_ended) : null,
    el("ul", {}, ...waiting.map((entry) =>
      el("li", {}, el("span", {}, entry.label, entry.refused ? el("em", {}, words.not_taken) : null),
        el("a", { class: "text", href: textOf(entry) }, words.by_text)))),
    ended ? null : el("button", { type: "button", class: "second", onclick: onretry }, words.try_now),
  ];
}
