"""The captain's personal link."""

from dataclasses import replace
from urllib.parse import quote

from election.access.identity import Identity
from election.access.links import numbered
from election.access.tokens import Tokens


def captain_path(tokens: Tokens, maker: Identity, bank: str, number: int) -> str:
    """A captain's link. It ends with the account that made it, and with this number of the bank's links.

    Not with the session it was made in: the captain works on when staff go home.
    """
    claims = replace(maker, session="").claims()
    token = tokens.sign("captain", claims | {"bank": bank} | numbered(number))
    return f"/c/captain/{quote(token)}"
