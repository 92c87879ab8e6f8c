"""Browser modules of pages and components, and how they are served, with the ground floor's beside them."""

import hashlib
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import flask

from election.browser import modules

FOLDERS = (
    Path(__file__).parent,
    Path(__file__).parents[1] / "components",
)  # served as one, names are told apart
KEPT_SECONDS = 31_536_000  # a year: the modules' address changes with their content
_IMPORTED = re.compile(r"""^(?:import|export) (?:[^;]*? from )?"\./([^"]+)";""", re.MULTILINE)


class Scripts:
    """The pages' modules, below an address of all their content."""

    def __init__(self, content: Mapping[str, bytes]) -> None:
        self.content = content
        total = hashlib.sha256()
        for name, text in sorted(content.items()):
            total.update(name.encode() + b"\0" + text)
        self.version = total.hexdigest()[:16]

    @classmethod
    def read(cls) -> "Scripts":
        ours = {file.name: file.read_bytes() for folder in FOLDERS for file in folder.glob("*.js")}
        return cls({**modules(), **ours})

    def address(self, name: str) -> str:
        """Where a page finds the module. Raises `KeyError` where there is none."""
        self.content[name]
        return f"/script/{self.version}/{name}"

    def needed_by(self, name: str) -> list[str]:
        """Addresses of all modules that this one imports, directly or not, in a fixed order."""
        found: dict[str, None] = {}
        ahead = [name]
        while ahead:
            for other in _IMPORTED.findall(self.content[ahead.pop()].decode()):
                if other not in found:
                    found[other] = None
                    ahead.append(other)
        return sorted(self.address(other) for other in found)


def add_scripts(server: flask.Flask, scripts: Scripts) -> None:
    """Serves the modules. Asked for another version (during an update) it gives its own, kept by nobody."""

    @server.get("/script/<version>/<name>")
    def module(version: str, name: str) -> Any:
        content = scripts.content.get(name)
        if content is None:
            flask.abort(404)
        response = flask.make_response(content)
        response.mimetype = "text/javascript"
        kept = version == scripts.version
        response.headers["Cache-Control"] = (
            f"private, max-age={KEPT_SECONDS}, immutable" if kept else "no-store"
        )
        return response
