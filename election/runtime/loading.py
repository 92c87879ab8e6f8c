"""A quicker start: what a program's modules load is no garbage, and structlog does without rich.

A quarter of the processor time of a service's start, which after a crash is time in which nobody is served.
Pass through `loading()` before anything else of ours is imported: structlog is what comes first everywhere.
"""

import gc
import sys
from collections.abc import Iterator
from contextlib import contextmanager

_RICH = "rich"  # only colours tracebacks on a terminal, which no log of ours asks for


@contextmanager
def loading() -> Iterator[None]:
    """Within it modules are imported: nobody looks for garbage among what is all kept."""
    collected = gc.isenabled()
    gc.disable()
    try:
        _load_structlog()
        yield
    finally:
        if collected:
            gc.enable()


def _load_structlog() -> None:
    """Loads structlog as if rich were missing; whoever wants rich afterwards finds it."""
    if "structlog" in sys.modules or _RICH in sys.modules:
        return
    sys.modules[_RICH] = None  # type: ignore[assignment]  # Python's sign for a module that is not there
    try:
        import structlog  # noqa: F401
    finally:
        del sys.modules[_RICH]
