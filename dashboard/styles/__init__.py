"""Style sheets: a file for each part of a page, named as its module is, served as one sheet a page.

Rules stand in layers: a part's win over the base's whatever their selectors weigh, a wall's over all. A page
asks for one sheet: a file each would be a question each before the first paint.
"""

import hashlib
from pathlib import Path
from typing import Any

import flask

from dashboard.browser import served

LAYERS = "@layer tokens, base, part, wall;\n"
_EVERYWHERE = ("tokens", "base")
_NOT_THE_BOARD = (*_EVERYWHERE, "large")
SHEETS = {
    "board": (
        *_EVERYWHERE, "header", "notice", "tabs", "tiles", "alerts", "replay", "tour", "state", "rows",
        "worklist", "map", "today", "panel", "thread", "own_tiles", "kiosk",
    ),
    "page": (*_NOT_THE_BOARD, "checks", "page", "chart", "floor"),
    "desk": (*_NOT_THE_BOARD, "thread", "desk", "silent_desk"),
    "office": (*_NOT_THE_BOARD, "plain", "checks", "office", "sheet"),
    "sign_in": (*_NOT_THE_BOARD, "plain", "sign_in"),
}  # fmt: skip


class StyleSheets:
    """The pages' sheets, below an address of all their content."""

    def __init__(self, content: dict[str, bytes]) -> None:
        self.content = content
        self.version = hashlib.sha256(b"\0".join(content[name] for name in sorted(content))).hexdigest()[:16]

    @classmethod
    def read(cls) -> "StyleSheets":
        here = Path(__file__).parent
        return cls(
            {
                name: (LAYERS + "".join((here / f"{part}.css").read_text("utf-8") for part in parts)).encode()
                for name, parts in SHEETS.items()
            }
        )

    def address(self, name: str) -> str:
        """Where a page finds a sheet. Raises `KeyError` where there is none."""
        self.content[name]
        return f"/style/{self.version}/{name}.css"


def add_styles(server: flask.Flask, styles: StyleSheets) -> None:
    """Serves the sheets, and tells templates where they are. Open to everyone: the sign-in page has one, too.

    Asked for another version (during an update) it gives its own, kept by nobody.
    """
    server.jinja_env.globals["style"] = styles.address

    @server.get("/style/<version>/<name>.css")
    def sheet(version: str, name: str) -> Any:
        content = styles.content.get(name)
        if content is None:
            flask.abort(404)
        return served(content, "text/css", "public" if version == styles.version else "")
