"""Browser modules of pages and components, and how they are served, with the ground floor's beside them."""

import hashlib
import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import flask

from dashboard.languages import ENGLISH, LanguageCatalogue, Languages, spoken, templates_for
from election.browser import modules

FOLDERS = (
    Path(__file__).parent,
    Path(__file__).parents[1] / "components",
)  # served as one, names are told apart
CATALOGUE = "catalogue.js"  # of which each language has its own
KEPT_SECONDS = 31_536_000  # a year: the modules' address changes with their content
_IMPORTED = re.compile(r"""^(?:import|export) (?:[^;]*? from )?"\./([^"]+)";""", re.MULTILINE)


class Scripts:
    """The pages' modules, below an address of all their content, which each language has its own of."""

    def __init__(self, content: Mapping[str, bytes], catalogues: Mapping[str, bytes] | None = None) -> None:
        """`catalogues`: the module `CATALOGUE` by language, where it is another than English's."""
        self.content = content
        self.catalogues = dict(catalogues or {})
        total = hashlib.sha256()
        for name, text in sorted([*content.items(), *self.catalogues.items()]):
            total.update(name.encode() + b"\0" + text)
        self.version = total.hexdigest()[:16]

    @classmethod
    def read(cls, languages: Languages | None = None) -> "Scripts":
        """All modules, and the words of these languages for them."""
        ours = {file.name: file.read_bytes() for folder in FOLDERS for file in folder.glob("*.js")}
        said = b"\n".join(ours.values()).decode()
        others = {code: each for code, each in (languages or {}).items() if code != ENGLISH.language}
        return cls({**modules(), **ours}, {code: catalogue_of(each, said) for code, each in others.items()})

    @property
    def folder(self) -> str:
        """Of the address, for who asks: by it every module finds its catalogue."""
        language = spoken().language
        return f"{self.version}-{language}" if language in self.catalogues else self.version

    def found(self, folder: str, name: str) -> bytes | None:
        """A module at an address; None where there is none. An older version's address gives ours."""
        if name == CATALOGUE:
            return self.catalogues.get(folder.partition("-")[2], self.content[CATALOGUE])
        return self.content.get(name)

    def address(self, name: str) -> str:
        """Where a page finds the module. Raises `KeyError` where there is none."""
        self.content[name]
        return f"/script/{self.folder}/{name}"

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


def catalogue_of(words: LanguageCatalogue, said: str) -> bytes:
    """A language's module `CATALOGUE`: the sentences that stand in `said`, which is all modules' text."""

    def used(sentences: Mapping[str, Any]) -> dict[str, Any]:
        return {key: value for key, value in sentences.items() if json.dumps(key, ensure_ascii=False) in said}

    content = {
        "language": words.language, "locale": words.locale, "texts": used(words.texts),
        "forms": used(words.forms), "categories": words.categories(),
        "templates": templates_for(words.texts),
    }  # fmt: skip
    return f"export const catalogue = {json.dumps(content, ensure_ascii=False)};\n".encode()


def served(content: bytes, mimetype: str, kept_by: str) -> flask.Response:
    """A file below an address of its content: kept for ever by a `private` or `public` cache, or by none."""
    response = flask.make_response(content)
    response.mimetype = mimetype
    response.headers["Cache-Control"] = (
        f"{kept_by}, max-age={KEPT_SECONDS}, immutable" if kept_by else "no-store"
    )
    return response


def add_scripts(server: flask.Flask, scripts: Scripts) -> None:
    """Serves the modules. Asked for another version (during an update) it gives its own, kept by nobody."""

    @server.get("/script/<version>/<name>")
    def module(version: str, name: str) -> Any:
        content = scripts.found(version, name)
        if content is None:
            flask.abort(404)
        own = version.partition("-")[0] == scripts.version
        return served(content, "text/javascript", "private" if own else "")
