"""On a rehearsed stack's PYTHONPATH: the service that a control file names ends as soon as it starts; and one
that is sent SIGUSR1 goes round in circles for as long as another control file is there.
"""

import os
import signal
import sys
from pathlib import Path


def _bad() -> str:
    try:
        return Path(os.environ.get("CHAOS_BAD_DEPLOY", "")).read_text().strip()
    except OSError:
        return ""


if sys.orig_argv[1:3] == ["-m", _bad()]:
    print("ImportError: this version does not start (a rehearsed bad deploy)", file=sys.stderr)
    sys.stderr.flush()
    os._exit(1)


def _spin(*_: object) -> None:
    """Where its event loop was: it holds its port and its connections, and answers no request."""
    while Path(os.environ["CHAOS_SPIN"]).exists():
        sum(range(100_000))


if os.environ.get("CHAOS_SPIN"):
    signal.signal(signal.SIGUSR1, _spin)
