"""Parts of one long text, as a network that does not join them hands them over. Pure.

A part is kept as a message of its own, and what it is part of stands in its key, so that reading it again
(law L4) gives what was read before: nothing. The whole text is a message of its own, too; its key is a
function of its parts, and it carries their keys.
"""

import re
from collections.abc import Iterable
from hashlib import sha256
from typing import NamedTuple

PART, WHOLE = "part:", "whole:"
MOST_PARTS = 20  # of one text; networks join at most ten
LONGEST_REF = 40
_KEY = re.compile(r"part:([^:]{1,40}):(\d{1,2})/(\d{1,2}):")


class TextPart(NamedTuple):
    """The `number`th (from 1) of the `of` parts that share a sender's `ref`."""

    ref: str
    number: int
    of: int


def part(ref: str, number: str, of: str) -> TextPart | None:
    """The part that a provider's words describe; None where the text is whole, or they make no sense."""
    if not (ref and len(ref) <= LONGEST_REF and ":" not in ref):
        return None
    if not all(n.isascii() and n.isdigit() and len(n) <= 2 for n in (number, of)):
        return None
    found = TextPart(ref, int(number), int(of))
    return found if 1 <= found.number <= found.of <= MOST_PARTS and found.of > 1 else None


def part_key(found: TextPart, its_id: str) -> str:
    """A part's message id: the provider's own, behind what it is part of."""
    return f"{PART}{found.ref}:{found.number}/{found.of}:{its_id}"


def part_of(key: str) -> TextPart | None:
    """What a message id says; None where it is a whole text's."""
    if not key.startswith(PART) or (found := _KEY.match(key)) is None:
        return None
    return TextPart(found[1], int(found[2]), int(found[3]))


def whole_key(keys: Iterable[str]) -> str:
    """The message id of the text that these parts make up, in whatever order they came."""
    return WHOLE + sha256("\n".join(sorted(keys)).encode()).hexdigest()[:32]
