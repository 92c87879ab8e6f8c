"""The pages' modules: one address of all their content, and every module that a page imports named in it."""

import re
from pathlib import Path

import dashboard
from dashboard.browser import Scripts
from dashboard.pages.frame import BOARD_MODULE, PLAIN_MODULE, early_tags
from election.browser import modules

FOLDERS = [Path(dashboard.__file__).parent / name for name in ("browser", "components")]


def test_a_page_names_every_module_that_it_imports() -> None:
    scripts = Scripts.read()
    entries = (
        BOARD_MODULE,
        PLAIN_MODULE,
        "desk.js",
        "floor.js",
        "office_files.js",
        "sheet.js",
        "sent_once.js",
    )
    needed = {address.rsplit("/", 1)[1] for entry in entries for address in scripts.needed_by(entry)}
    other_rooms = {"queue.js", "sealing.js"}  # shared by the rooms on phones
    assert set(scripts.content) - needed - {*entries} - other_rooms == set(), "no page imports these"
    named = re.findall(r'<link rel="modulepreload" href="([^"]+)">', early_tags(scripts, BOARD_MODULE))
    assert sorted(named) == sorted([scripts.address(BOARD_MODULE), *scripts.needed_by(BOARD_MODULE)])


def test_no_two_folders_have_a_module_of_one_name() -> None:
    names = [file.name for folder in FOLDERS for file in folder.glob("*.js")] + list(modules())
    assert len(set(names)) == len(names)


def test_every_import_of_a_module_is_found() -> None:
    scripts = Scripts.read()
    for name, text in scripts.content.items():
        code = [line for line in text.decode().splitlines() if not line.startswith(("/**", " *"))]
        written = set(re.findall(r'from "\./([^"]+)"', "\n".join(code)))
        direct = {a.rsplit("/", 1)[1] for a in scripts.needed_by(name)}
        assert written <= direct | {name}, name


def test_the_address_changes_with_any_module() -> None:
    scripts = Scripts.read()
    assert set(scripts.content) == {file.name for folder in FOLDERS for file in folder.glob("*.js")} | set(
        modules()
    )
    assert Scripts({**scripts.content, "words.js": b""}).version != scripts.version
    assert Scripts(scripts.content).version == scripts.version
