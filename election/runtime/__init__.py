"""What each process needs to run: settings, clock, logs and metrics, small files, turns of the event loop."""

import sys


def _load_structlog() -> None:
    """structlog without the painter of tracebacks for terminals that it loads wherever that is installed.

    Services write JSON: a tenth of their start and 3 MB of each would be for nothing. Commands that draw
    tables load it themselves.
    """
    if "structlog" in sys.modules or "rich" in sys.modules:
        return
    sys.modules["rich"] = None  # type: ignore[assignment]
    try:
        import structlog  # noqa: F401
    finally:
        del sys.modules["rich"]


_load_structlog()
