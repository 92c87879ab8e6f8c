"""The pages' modules: one address of all their content, and every module that a page imports named in it."""

import re
from pathlib import Path

import dashboard
from dashboard.board.shell import ENTRY, page
from dashboard.browser import Scripts
from election.browser import modules

BROWSER = Path(dashboard.__file__).parent / "browser"


def test_a_page_names_every_module_that_it_imports() -> None:
    scripts = Scripts.read()
    needed = {
        address.rsplit("/", 1)[1] for entry in (ENTRY, "desk.js") for address in scripts.needed_by(entry)
    }
    unused = set(scripts.content) - needed - {ENTRY, "desk.js", "queue.js"}
    assert unused == set(), "no page imports these"
    named = re.findall(r'<link rel="modulepreload" href="([^"]+)">', page(scripts))
    assert sorted(named) == sorted([scripts.address(ENTRY), *scripts.needed_by(ENTRY)])


def test_every_import_of_a_module_is_found() -> None:
    scripts = Scripts.read()
    for name, text in scripts.content.items():
        code = [line for line in text.decode().splitlines() if not line.startswith(("/**", " *"))]
        written = set(re.findall(r'from "\./([^"]+)"', "\n".join(code)))
        direct = {a.rsplit("/", 1)[1] for a in scripts.needed_by(name)}
        assert written <= direct | {name}, name


def test_the_address_changes_with_any_module() -> None:
    scripts = Scripts.read()
    assert set(scripts.content) == {file.name for file in BROWSER.glob("*.js")} | set(modules())
    assert Scripts({**scripts.content, "words.js": b""}).version != scripts.version
    assert Scripts(scripts.content).version == scripts.version
