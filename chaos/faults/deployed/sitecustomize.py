"""On a rehearsed stack's PYTHONPATH: the service that a control file names ends as soon as it starts."""

import os
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
