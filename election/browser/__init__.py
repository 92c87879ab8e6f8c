"""What the pages of several rooms share: the feed's client, the offline queue, what seals, the colours.

Each room serves the modules beside its own, flat, so that `./queue.js` means the same file in all of them.
"""

from functools import cache
from importlib import resources


@cache
def modules() -> dict[str, bytes]:
    """The content of each module, by name."""
    folder = resources.files(__package__)
    return {f.name: f.read_bytes() for f in sorted(folder.iterdir(), key=str) if f.name.endswith(".js")}


def with_tokens(style: bytes) -> bytes:
    """A style sheet that uses the colours of `tokens.css`, as it is served: in one file with them."""
    return (resources.files(__package__) / "tokens.css").read_bytes() + style
