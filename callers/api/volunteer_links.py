"""Volunteers' personal links: one page a role."""

from urllib.parse import quote

from election.access.links import Role, numbered
from election.access.tokens import Tokens

PAGES: dict[Role, str] = {"caller": "/c", "driver": "/c/ride", "canvasser": "/c/doors"}


def volunteer_path(tokens: Tokens, role: Role, volunteer_id: str, number: int = 0) -> str:
    """A volunteer's own page. The link is good until it is ended, or staff bar them."""
    return f"{PAGES[role]}/{quote(tokens.sign(role, {'c': volunteer_id} | numbered(number)))}"
