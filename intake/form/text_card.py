"""The printed card: what a watcher can text, in one language a page; each example is read as it says."""

from collections.abc import Sequence
from html import escape
from importlib import resources

from election.domain.checkin import Kind
from intake.languages.catalogues import Catalogue

# The lines of the card in the order of the day, and what their examples are read as.
LINES = {
    "ready": Kind.READY,
    "here": Kind.HERE,
    "count": Kind.COUNT,
    "fix": Kind.FIX,
    "undo": Kind.UNDO,
    "voters": Kind.VOTERS,
    "line": Kind.LINE,
    "incident": Kind.INCIDENT,
    "yes": Kind.CONFIRM,
    "no": Kind.DENY,
    "away": Kind.AWAY,
    "final": Kind.FINAL,
    "help": Kind.HELP,
    "stop": Kind.STOP,
}


def text_card(election: str, number: str, catalogues: Sequence[Catalogue]) -> str:
    """A page of its own for the printer; `number`: ours, as watchers see it ("": left to be written in)."""
    style = (resources.files("intake.pages") / "paper.css").read_text(encoding="utf-8")
    sides = "".join(_side(election, number, catalogue) for catalogue in catalogues)
    return f"""<!doctype html><html lang="en"><head><meta charset="utf-8">
<meta name="robots" content="noindex"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>{escape(election)}</title>
<style>{style}</style></head><body><main>{sides}</main></body></html>"""


def _side(election: str, number: str, catalogue: Catalogue) -> str:
    words = {key: escape(text) for key, text in catalogue.card.items()}
    lines = "".join(
        f"<tr><th scope=row>{words[line]}</th><td><strong>{words[f'{line}_example']}</strong></td></tr>"
        for line in LINES
    )
    return f"""<section class="sheet card" lang="{escape(catalogue.language)}"><h1>{words["title"]}</h1>
<p>{escape(election)} · <strong>{escape(number) or "_" * 16}</strong></p><p>{words["lead"]}</p>
<table>{lines}</table><p><strong>{words["danger"]}</strong></p></section>"""
