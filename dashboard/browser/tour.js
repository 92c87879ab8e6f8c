// The first visit in five sentences. Never in the way: a card in the corner, gone for good once closed.
import { make } from "./elements.js";
import { tr } from "./language.js";

const SEEN = "beluga.tour";

const SENTENCES = [
  ["work", tr("Work this list from the top: the precincts most likely behind, with the most votes at stake.")],
  ["silent", tr("Silent is not behind: call these watchers before you believe anything about their precincts.")],
  ["top-live", tr("Every tile says how old it is; when the feed is lost the board greys and says since when.")],
  ["map", tr("Click the map, or the words above it, to see one county or one state; the address keeps what you chose.")],
  ["top", tr("Desks hold what waits for a person; under your name are the replay, the printed page and the hotline.")],
];

const remembered = () => { try { return localStorage.getItem(SEEN); } catch { return "1"; } };
const remember = () => { try { localStorage.setItem(SEEN, "1"); } catch { /* shown again next time */ } };

export function beginTour() {
  if (!remembered() && !document.documentElement.classList.contains("kiosk")) showTour();
}

export function showTour() {
  document.getElementById("tour")?.remove();
  let at = 0;
  const words = make("p", { role: "status" });
  const count = make("span", { class: "count" });
  const next = make("button", { type: "button", class: "main" }, tr("Next"));
  const skip = make("button", { type: "button" }, tr("Close"));
  const card = make("aside", { id: "tour", "aria-label": tr("The board in five sentences") }, words, make("p", { class: "actions" }, count, skip, next));
  const light = () => { for (const e of document.querySelectorAll(".lit")) e.classList.remove("lit"); };
  const close = () => { light(); card.remove(); remember(); };
  const show = () => {
    light();
    const [id, sentence] = SENTENCES[at];
    document.getElementById(id)?.classList.add("lit");
    words.textContent = sentence;
    count.textContent = tr("{n} of {all}", { n: at + 1, all: SENTENCES.length });
    next.textContent = at + 1 < SENTENCES.length ? tr("Next") : tr("Done");
  };
  next.addEventListener("click", () => { at += 1; if (at < SENTENCES.length) show(); else close(); });
  skip.addEventListener("click", close);
  card.addEventListener("keydown", (event) => { if (event.key === "Escape") { close(); event.stopPropagation(); } });
  show();
  document.body.append(card);
}
