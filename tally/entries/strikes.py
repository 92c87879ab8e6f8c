"""Which numbers of a roll are struck off: of each the latest word, struck or taken back. Pure."""

from collections.abc import Iterable, Mapping
from typing import Any

Order = tuple[float, float, bytes]  # `Entry.sort_key`
RollNumber = int | str  # `18/1` is a number of a roll, too


def said_struck(detail: Mapping[str, Any]) -> set[RollNumber]:
    """The numbers that an entry of kind `voters` strikes off."""
    return {*map(int, detail.get("roll_numbers", ())), *map(str, detail.get("roll_texts", ()))}


def taken_back(detail: Mapping[str, Any]) -> set[RollNumber]:
    """The numbers whose strike-off such an entry takes back."""
    return {n if isinstance(n, int) else str(n) for n in detail.get("unstruck", ())}


def standing_strikes(words: Iterable[tuple[Order, Mapping[str, Any]]]) -> frozenset[RollNumber]:
    """The numbers whose latest word is that they are struck off; the order in which words come is nothing."""
    last: dict[RollNumber, tuple[Order, bool]] = {}
    for order, detail in words:
        said = [(number, True) for number in said_struck(detail)]
        said += [(number, False) for number in taken_back(detail)]
        for number, struck in said:
            if number not in last or (order, struck) > last[number]:
                last[number] = (order, struck)
    return frozenset(number for number, (_, struck) in last.items() if struck)
