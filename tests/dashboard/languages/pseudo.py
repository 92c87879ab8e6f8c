"""A language that is English in brackets: what stands on a page outside of them is in no catalogue."""

from pathlib import Path

from babel.messages.pofile import normalize

from dashboard.languages.messages import messages

CODE = "el"  # a language whose days and months have no Latin letter
HEAD = r"""msgid ""
msgstr ""
"Language: el\n"
"Content-Type: text/plain; charset=utf-8\n"
"Plural-Forms: nplurals=2; plural=(n != 1);\n"

"""

# In the page: words of Latin letters outside the brackets, in text and in what is read out or hinted at; and
# how many sentences stand in brackets.
FIND_WORDS = r"""(known) => {
  const skipped = "script, style, template, code, kbd, pre, bdi, noscript, .secret, [lang]:not(html), q,"
    + "._dash-loading,"
    + "#panel-log .sender, #panel-log .why";
  const found = new Set();
  let said = 0;
  const look = (text) => {
    let depth = 0, outside = "";
    for (const c of text) {
      if (c === "⟦") { depth += 1; said += 1; }
      if (!depth) outside += c;
      if (c === "⟧") { depth -= 1; outside += " "; }
    }
    for (const words of known) if (words.includes(" ")) outside = outside.replaceAll(words, "");
    for (const word of outside.match(/[A-Za-z]{2,}/g) || [])
      if (!known.includes(word)) found.add(word + " in: " + text.trim().slice(0, 60));
  };
  const walker = document.createTreeWalker(document.documentElement, NodeFilter.SHOW_TEXT);
  for (let node = walker.nextNode(); node; node = walker.nextNode())
    if (!node.parentElement.closest(skipped)) look(node.textContent);
  for (const name of ["aria-label", "title", "placeholder", "alt"])
    for (const element of document.querySelectorAll("[" + name + "]"))
      if (!element.closest(skipped)) look(element.getAttribute(name));
  return said ? [...found] : ["nothing is said"];
}"""


def write_pseudo(folder: Path) -> Path:
    """Writes the language into this folder, each sentence in brackets; returns its file."""
    lines = [HEAD]
    for message in messages():
        lines.append(f"msgid {normalize(message.english)}")
        if message.more is None:
            lines.append(f"msgstr {normalize(f'⟦{message.english}⟧')}\n")
        else:
            forms = enumerate((message.english, message.more))
            lines.append(f"msgid_plural {normalize(message.more)}")
            lines.append("\n".join(f"msgstr[{n}] {normalize(f'⟦{form}⟧')}" for n, form in forms) + "\n")
    path = folder / f"{CODE}.po"
    path.write_text("\n".join(lines), "utf-8")
    return path
