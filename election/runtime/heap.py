"""Memory that large work has used, given back: the C library keeps what is freed for itself.

Loading its own modules leaves each service 2 to 5 MB of it. A refit of 180,000 precincts needs for seconds
as much again as the tally holds for good; without this the service weighs half as much again between refits.

And memory that forks are to share, settled: a page into which one of them writes is a page copied.
"""

import asyncio
import ctypes
import gc
import sys
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
_STARTED_SECONDS = 30.0  # after which a service has read what it serves


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


def give_back_once_started() -> None:
    """Does so half a minute from now, within the running event loop: to start has used some megabytes."""
    loop = asyncio.get_running_loop()
    loop.call_later(_STARTED_SECONDS, lambda: loop.run_in_executor(None, give_back))


def settle_before_forks() -> None:
    """Sees that whoever is forked from here on writes as little as may be into what is loaded.

    The garbage collector leaves it alone; Python forgets which attributes it looked up, whose names it would
    let go of one by one; and what is new goes into pages of its own, since the gaps between what lives are
    shut. On the four services' start this saves 14 MB of copies.
    """
    gc.freeze()
    give_back()
    for forget in ("_clear_internal_caches", "_clear_type_cache"):  # since Python 3.13, and before
        if hasattr(sys, forget):
            getattr(sys, forget)()
            break
    _shut_gaps()
    _fill_pools()


_MOST_GAP, _LEAST_GAP = 1 << 16, 24  # bytes


class _HeapFigures(ctypes.Structure):
    """The C library's `struct mallinfo2`: of its ten figures the last two, what is free, and what of it is at
    the end.
    """

    _fields_ = (("others", ctypes.c_size_t * 8), ("free", ctypes.c_size_t), ("at_end", ctypes.c_size_t))


def _shut_gaps() -> None:
    """Takes, for good, what is free between blocks of the C library's heap; nothing without glibc."""
    library = ctypes.CDLL(None)
    try:
        figures, end_of_heap, take = library.mallinfo2, library.sbrk, library.malloc
    except AttributeError:
        return
    figures.restype, end_of_heap.restype, take.restype = _HeapFigures, ctypes.c_void_p, ctypes.c_void_p
    take.argtypes = [ctypes.c_size_t]
    found = figures()
    after_all = end_of_heap(0) - found.at_end - _LEAST_GAP
    left, size = found.free, _MOST_GAP
    while size >= _LEAST_GAP and left > 0:
        block = take(size)
        if block and block < after_all:
            left -= size
        else:
            size = size * 3 // 4


_LARGEST_BLOCK, _STEP = 512, 16  # bytes: Python has pools of its own for each step up to it
_POOL, _POOL_HEAD = 1 << 14, 48  # bytes of a pool, and those before its first block
_IN_TURN = 4  # blocks one after another from a pool's beginning: it is a new one
_MOST_TAKEN = 4 << 20  # bytes: there are 400 kB where this allocator is the one we know


def _fill_pools() -> None:
    """Takes, for good, the free blocks of Python's pools."""
    take = ctypes.pythonapi.PyObject_Malloc
    take.restype, take.argtypes = ctypes.c_void_p, [ctypes.c_size_t]
    left = _MOST_TAKEN
    for size in range(_LARGEST_BLOCK, 0, -_STEP):
        before = in_turn = 0
        while in_turn < _IN_TURN and left > 0:
            block = take(size) or 0
            begins, follows = block % _POOL == _POOL_HEAD, bool(in_turn) and block == before + size
            in_turn = 1 if begins else in_turn + 1 if follows else 0
            before, left = block, left - size
