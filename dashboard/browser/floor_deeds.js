// The call floor: buttons in its tables, and the forms that move callers, show who waits and change the script.
// What the page says is drawn in Python (dashboard/pages/call_floor.py), anew after each deed.
import { component } from "./component.js";
import { byId, make, targetOf } from "./elements.js";
import { tr } from "./language.js";

/** @typedef {{key: string, action: string, precinct_id: string, to?: string, callers?: number, language?: string, lines?: string[]}} Deed */
/** id, name, callers wanted. @typedef {[string, string, number]} Choice */

const MOVES = { staff: tr("staff see to it"), call: tr("called again when due"), retry: tr("tried again after a rest"), watch: tr("a strike-off tells") };
const LANGUAGES = { en: "English", es: "español", zh: "中文", vi: "Tiếng Việt" };

/** What was done. @type {Record<string, (name: string, deed: Deed, answer: any) => string>} */
const SAID = {
  pause: (name) => tr("Calling for {name} rests. Calls under way are finished.", { name }),
  go_on: (name) => tr("Calling for {name} goes on.", { name }),
  recall: (name) => tr("Nobody calls for {name} any more.", { name }),
  move: (name, deed, answer) => answer.left ? tr("Moved. {name} keeps {left}.", { name, left: answer.left }) : tr("Moved. Nobody is left at {name}: calling there rests until you let it go on.", { name }),
  script: () => tr("Changed. Callers read it with their next voter."),
};

/** @param {string} words @param {boolean} [bad] */
function say(words, bad) {
  const notice = byId("floor-notice");
  notice.textContent = words;
  notice.className = bad ? "problem" : "";
}

/** Has Dash draw the page anew, or show something. @param {string} id @param {object} props */
const tell = (id, props) =>
  /** @type {{dash_clientside?: {set_props?(id: string, props: object): void}}} */ (/** @type {unknown} */ (window)).dash_clientside?.set_props?.(id, props);

/** @param {HTMLButtonElement} pressed @param {string} name @param {Omit<Deed, "key">} deed */
async function act(pressed, name, deed) {
  const key = (pressed.dataset.key ||= crypto.randomUUID()); // the same deed until an answer came
  pressed.disabled = true;
  let answer;
  try {
    const reply = await fetch("/actions", {
      method: "POST", headers: { "Content-Type": "application/json", "X-CSRF": document.body.dataset.csrf || "" },
      body: JSON.stringify({ key, ...deed }), signal: AbortSignal.timeout(12000),
    });
    if (reply.status === 401) { location.assign("/login"); return; }
    answer = await reply.json();
    if (answer.done || reply.status < 500) delete pressed.dataset.key;
  } catch {
    answer = { message: tr("The war room does not answer. Nothing is known to be done; press again.") };
  }
  pressed.disabled = false;
  say(answer.done ? SAID[deed.action](name, { key, ...deed }, answer.answer || {}) : answer.message || tr("That was not done."), !answer.done);
  if (answer.done) tell("minute", { minute: Date.now() });
}

/** What stands hidden on the page as JSON. @param {string} id @param {string} name @returns {any} */
const kept = (id, name) => JSON.parse(document.getElementById(id)?.dataset[name] || "null");

/** @param {string} id @param {string} label @param {HTMLElement} field */
const labelled = (id, label, field) => make("p", { class: "field" }, make("label", { for: id }, label), field);
/** @param {string} words @param {(pressed: HTMLButtonElement) => void} press @param {string} [name] */
function button(words, press, name) {
  const made = make("button", { type: "button", class: "main", "aria-label": name || null }, words);
  made.addEventListener("click", () => press(made));
  return made;
}

/** Choices as they are when somebody looks: the page is drawn anew meanwhile.
 * @param {string} id @param {string} first @param {() => Choice[]} choices */
function choice(id, first, choices) {
  const select = make("select", { id, required: true });
  const fill = () => {
    const was = select.value;
    select.replaceChildren(make("option", { value: "" }, first), ...choices().map(([value, name, wanted]) => make("option", { value, "data-name": name }, name + (wanted ? " · " + wanted : ""))));
    select.value = [...select.options].some((o) => o.value === was) ? was : "";
  };
  fill();
  select.addEventListener("focus", fill);
  select.addEventListener("pointerdown", fill);
  return select;
}

function moveForm() {
  const open = () => /** @type {Choice[]} */ (kept("floor-options", "open") || []);
  const from = choice("move-from", tr("from …"), open);
  const to = choice("move-to", tr("to …"), () => [...open(), .../** @type {Choice[]} */ (kept("floor-options", "offered") || [])].filter(([id]) => id !== from.value));
  const number = make("input", { type: "number", id: "move-callers", min: 1, max: 50, value: 1, inputmode: "numeric" });
  const name = () => from.selectedOptions[0]?.dataset.name || from.value;
  return make("details", {}, make("summary", {}, tr("Move callers")),
    make("div", { class: "deed" }, labelled("move-callers", tr("Callers"), number), labelled("move-from", tr("From"), from), labelled("move-to", tr("To"), to),
      button(tr("Move"), (pressed) => {
        if (!from.value || !to.value) { say(tr("Choose where from and where to."), true); return; }
        act(pressed, name(), { action: "move", precinct_id: from.value, to: to.value, callers: Number(number.value) });
      })));
}

function waitingForm() {
  const move = make("select", { id: "waiting-move" }, ...Object.entries(MOVES).map(([value, words]) => make("option", { value }, words)));
  let round = 0;
  return make("details", {}, make("summary", {}, tr("Who waits for what")),
    make("div", { class: "deed" }, labelled("waiting-move", tr("What follows"), move), button(tr("Show"), () => tell("floor-asked", { data: { move: move.value, round: (round += 1) } })),
      make("p", { class: "about" }, tr("By voter id; the look goes into the audit trail."))));
}

function scriptForm() {
  const language = make("select", { id: "script-language" }, ...Object.entries(LANGUAGES).map(([value, words]) => make("option", { value, lang: value }, words)));
  const text = make("textarea", { id: "script-lines", rows: 6, maxlength: 2000 });
  const about = make("p", { class: "about" });
  const show = () => {
    const now = kept("floor-script", "script");
    text.value = (now?.lines?.[language.value] || []).join("\n");
    about.textContent = tr("One line each, eight at most; {name}, {caller}, {place} and {closes} are filled in.") + " " + (!now ? tr("The call desk does not answer.") : now.trial ? tr("Several scripts are tried: end that first.") : now.said ? tr("Now: {said}.", { said: now.said }) : tr("Now: our own."));
  };
  language.addEventListener("change", show);
  const form = make("details", {}, make("summary", {}, tr("Change the script")),
    make("div", { class: "deed" }, labelled("script-language", tr("Language"), language), labelled("script-lines", tr("What callers say"), text),
      button(tr("Change"), (pressed) => act(pressed, "", { action: "script", precinct_id: "", language: language.value, lines: text.value.split("\n") })), about));
  form.addEventListener("toggle", () => { if (form.open) show(); });
  return form;
}

component("FloorDeeds", (element, props) => {
  element.replaceChildren(moveForm(), waitingForm(), ...(props.may_script ? [scriptForm()] : []));
});

document.addEventListener("click", (event) => {
  const pressed = /** @type {HTMLButtonElement | null} */ (targetOf(event).closest("button[data-action]"));
  const { action = "", for: id = "", name = "" } = pressed?.dataset ?? {};
  if (!pressed || !id) return;
  if (action === "recall" && !pressed.dataset.sure) { // asked twice: it does not start itself again
    pressed.dataset.sure = "1";
    pressed.textContent = tr("Stop: sure?");
    setTimeout(() => { delete pressed.dataset.sure; pressed.textContent = tr("Stop"); }, 5000);
    return;
  }
  act(pressed, name, { action, precinct_id: id });
});

