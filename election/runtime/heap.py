"""Memory that large work has used, given back: the C library keeps what is freed for itself.

Loading its own modules leaves each service 2 to 5 MB of it. A refit of 180,000 precincts needs for seconds
as much again as the tally holds for good; without this the service weighs half as much again between refits.
"""

import ctypes
from collections.abc import Callable

# mallopt's numbers, and what they are set to
_MMAP_THRESHOLD, _LARGE = -3, 4 << 20  # bytes: from here on pages of their own, which no neighbour holds
_ARENA_MAX, _ARENAS = -8, 2  # else each thread has an arena of its own, to leave half empty


def _library(name: str) -> Callable[..., int] | None:
    try:
        found: Callable[..., int] = getattr(ctypes.CDLL(None), name)
    except (OSError, AttributeError):  # not glibc: its allocator has its own ways
        return None
    return found


_TRIM = _library("malloc_trim")


def keep_together() -> None:
    """Has the C library scatter less. Call it before there are threads."""
    set_ = _library("mallopt")
    if set_ is not None:
        set_(_MMAP_THRESHOLD, _LARGE)
        set_(_ARENA_MAX, _ARENAS)


def give_back() -> None:
    """Returns free pages to the system where the C library can. Other threads run on meanwhile."""
    if _TRIM is not None:
        _TRIM(0)
