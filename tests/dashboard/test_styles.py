"""Style sheets: a file a part, each in its layer and in a sheet; no rule is for what no page has."""

import re
from pathlib import Path

import pytest

import dashboard
from dashboard.styles import SHEETS, StyleSheets

ROOM = Path(dashboard.__file__).parent
FILES = {file.stem: file.read_text("utf-8") for file in sorted((ROOM / "styles").glob("*.css"))}
LAYERS = {"tokens": "tokens", "base": "base", "kiosk": "wall"}
CODE = "\n".join(
    file.read_text("utf-8")
    for pattern in ("*.py", "*.js", "*.html")
    for file in sorted(ROOM.rglob(pattern))
    if file.parent.name != "styles"
)
DASHS = {
    "_dash-loading",
    "react-entry-point",
    "js-plotly-plot",
    "dash-graph",
}  # Dash's and plotly's own names
BUILT = {"stale-notice", "problem-notice", "done-notice"}


def bare(style: str) -> str:
    return re.sub(r"/\*.*?\*/", "", style, flags=re.DOTALL)


def selectors(style: str) -> list[str]:
    return re.findall(r"[^{};]+(?=\{)", bare(style))


@pytest.mark.parametrize("name", FILES)
def test_each_file_is_one_layer_of_its_own_and_part_of_a_sheet(name: str) -> None:
    style = bare(FILES[name]).strip()
    assert style.startswith(f"@layer {LAYERS.get(name, 'part')} {{")
    assert (style.count("{"), style.count("@layer")) == (style.count("}"), 1)
    assert any(name in parts for parts in SHEETS.values())


@pytest.mark.parametrize("name", FILES)
def test_colours_stand_in_the_tokens_alone(name: str) -> None:
    colours = set(
        re.findall(r"#[0-9a-f]{3,8}\b(?=[;\s])", " ".join(re.findall(r"\{([^{}]*)\}", bare(FILES[name]))))
    )
    assert name == "tokens" or colours <= {"#fff", "#1d6fa5"}, "of buttons, and the ground of a QR code"


@pytest.mark.parametrize("name", FILES)
def test_no_rule_is_for_what_no_page_has(name: str) -> None:
    named = {
        n for s in selectors(FILES[name]) if "@" not in s for n in re.findall(r"[.#]([A-Za-z_][\w-]*)", s)
    }
    assert {n for n in named - DASHS if not re.search(rf"(?<![\w-]){re.escape(n)}(?![\w-])", CODE)} == set()


def test_a_sheet_says_its_layers_first_and_its_address_follows_its_content() -> None:
    styles = StyleSheets.read()
    assert set(styles.content) == set(SHEETS)
    assert all(sheet.startswith(b"@layer tokens, base, part, wall;") for sheet in styles.content.values())
    other = StyleSheets(styles.content | {"board": b""})
    assert styles.address("board") != other.address("board")
    with pytest.raises(KeyError):
        styles.address("nothing")
