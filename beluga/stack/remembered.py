"""What a stack keeps of how it was started, for the next start and for the commands beside it.

<state>/stack.json, mode 0600: the port base, and the address people reach it at. `--port-base` and
`BELUGA_PUBLIC_URL` win and are kept; `BELUGA_PUBLIC_URL` set to nothing forgets the address.
"""

import os
from dataclasses import asdict, dataclass
from pathlib import Path

import orjson

from beluga.stack.failures import CommandRefusedError
from beluga.stack.stack import DEFAULT_PORT_BASE, write_private

FILE = "stack.json"


@dataclass(frozen=True, slots=True)
class RememberedStart:
    """How a stack was last started. `public_url` is empty where none was named."""

    port_base: int = DEFAULT_PORT_BASE
    public_url: str = ""


def remembered(state: Path) -> RememberedStart:
    """What `state` keeps, and the environment over it. Raises `CommandRefusedError` for a damaged file."""
    path = state / FILE
    try:
        kept = RememberedStart(**orjson.loads(path.read_bytes()))
        kept = RememberedStart(int(kept.port_base), str(kept.public_url))
    except (FileNotFoundError, NotADirectoryError):
        kept = RememberedStart()
    except (ValueError, TypeError):
        raise CommandRefusedError(f"{path} is damaged; remove it, and start with --port-base N") from None
    return RememberedStart(kept.port_base, os.environ.get("BELUGA_PUBLIC_URL", kept.public_url).rstrip("/"))


def remember(state: Path, what: RememberedStart) -> None:
    """Keeps it for the next start."""
    write_private(state / FILE, orjson.dumps(asdict(what), option=orjson.OPT_INDENT_2))
