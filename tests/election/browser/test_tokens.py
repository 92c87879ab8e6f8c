"""Colours of the pages on phones and at the hotline stand once: in tokens.css."""

import re
from pathlib import Path

import pytest

import callers.pages
import election.browser
import intake.pages
import intake.pages.files

TOKENS = (Path(election.browser.__file__).parent / "tokens.css").read_text()
STYLES = [
    Path(intake.pages.__file__).parent / "form.css",
    Path(intake.pages.__file__).parent / "hotline.css",
    Path(callers.pages.__file__).parent / "static" / "desk.css",
]


@pytest.mark.parametrize("path", STYLES, ids=lambda path: path.stem)
def test_a_page_uses_the_colours_there_are_and_has_none_of_its_own(path: Path) -> None:
    style = path.read_text()
    assert re.findall(r"#[0-9a-f]{3,8}\b(?=[;} ])(?![^{}]*\{)", style) == []
    assert set(re.findall(r"var\((--[\w-]+)\)", style)) <= set(re.findall(r"(--[\w-]+):", TOKENS))
    assert re.findall(r"--[\w-]+:", style) == []


def test_a_style_is_served_with_the_colours_before_it() -> None:
    served = intake.pages.files.files()["form.css"].decode()
    assert served == TOKENS + STYLES[0].read_text()
