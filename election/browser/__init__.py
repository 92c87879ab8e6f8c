"""Browser modules that several rooms serve: the feed's client and the offline queue.

Each room serves them beside its own modules, flat, so that `./queue.js` means the same file in all of them.
"""

from functools import cache
from importlib import resources


@cache
def modules() -> dict[str, bytes]:
    """The content of each module, by name."""
    folder = resources.files(__package__)
    return {f.name: f.read_bytes() for f in sorted(folder.iterdir(), key=str) if f.name.endswith(".js")}
