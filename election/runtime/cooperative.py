"""Long lists a piece at a time, so that other tasks of the event loop have their turn in between."""

import asyncio
from collections.abc import Iterator
from itertools import islice
from typing import TypeVar

T = TypeVar("T")


def slices(rows: Iterator[T], size: int) -> Iterator[list[T]]:
    """The rows, at most `size` at a time."""
    while some := list(islice(rows, size)):
        yield some


async def in_turns(steps: Iterator[bool]) -> bool:
    """Takes every step, with a turn for others after each. False at the first that fails, else True."""
    for done in steps:
        if not done:
            return False
        await asyncio.sleep(0)
    return True
