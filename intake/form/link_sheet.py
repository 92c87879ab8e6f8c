"""Watchers' links for the printer: one card each with a QR code, to be handed over in person."""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from importlib import resources

import segno


@dataclass(frozen=True, slots=True)
class Card:
    """One watcher's card."""

    watcher: str  # the name, for whoever hands the card over
    places: tuple[str, ...]
    link: str


def link_sheet(title: str, cards: Sequence[Card], *, rehearsal: bool = False) -> str:
    """A page for one county, whole in itself: it is opened from a disk and printed, never served."""
    style = (resources.files("intake.pages") / "paper.css").read_text(encoding="utf-8")
    label = '<p class="rehearsal">REHEARSAL</p>' if rehearsal else ""
    return f"""<!doctype html><html lang="en"><head><meta charset="utf-8">
<meta name="robots" content="noindex"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>{escape(title)}</title><style>{style}</style></head><body><main><h1>{escape(title)}</h1>{label}
<p class="no-print">Each code opens that watcher's own form: give every card to its watcher alone. A lost
card is made worthless with <code>beluga links issue --new WATCHER</code>.</p>
<div class="codes">{"".join(_card(card) for card in cards)}</div></main></body></html>"""


def _card(card: Card) -> str:
    code = segno.make(card.link, error="m", micro=False).svg_inline(scale=4, border=4, omitsize=True)
    return (
        f'<div class="code">{code}<p><strong>{escape(card.watcher)}</strong><br>'
        f"{escape(', '.join(card.places))}</p><p>{escape(card.link)}</p></div>"
    )
