"""docs/security.md names tests that exist and pages that exist, and answers every requirement once."""

import ast
import re
import tomllib
from functools import cache
from pathlib import Path

import pytest
import yaml

from election.access.passwords import OURS

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs/security.md"
LIST = "OWASP ASVS 5.0.0"

# Levels 1 and 2 of ASVS 5.0.0: section, and its numbers with their levels.
_ASVS = """
1.1: 1=2 2=2
1.2: 1=1 2=1 3=1 4=1 5=1 6=2 7=2 8=2 9=2
1.3: 1=1 2=1 3=2 4=2 5=2 6=2 7=2 8=2 9=2 10=2 11=2
1.4: 1=2 2=2 3=2
1.5: 1=1 2=2
2.1: 1=1 2=2 3=2
2.2: 1=1 2=1 3=2
2.3: 1=1 2=2 3=2 4=2
2.4: 1=2
5.1: 1=2
5.2: 1=1 2=1 3=2
5.3: 1=1 2=1
5.4: 1=2 2=2 3=2
6.1: 1=1 2=2 3=2
6.2: 1=1 2=1 3=1 4=1 5=1 6=1 7=1 8=1 9=2 10=2 11=2 12=2
6.3: 1=1 2=1 3=2 4=2
6.4: 1=1 2=1 3=2 4=2
6.5: 1=2 2=2 3=2 4=2 5=2
6.6: 1=2 2=2 3=2
6.8: 1=2 2=2 3=2 4=2
7.1: 1=2 2=2 3=2
7.2: 1=1 2=1 3=1 4=1
7.3: 1=2 2=2
7.4: 1=1 2=1 3=2 4=2 5=2
7.5: 1=2 2=2
7.6: 1=2 2=2
8.1: 1=1 2=2
8.2: 1=1 2=1 3=2
8.3: 1=1
8.4: 1=2
9.1: 1=1 2=1 3=1
9.2: 1=1 2=2 3=2 4=2
12.1: 1=1 2=2 3=2
12.2: 1=1 2=1
12.3: 1=2 2=2 3=2 4=2
16.1: 1=2
16.2: 1=2 2=2 3=2 4=2 5=2
16.3: 1=2 2=2 3=2 4=2
16.4: 1=2 2=2 3=2
16.5: 1=2 2=2 3=2
"""
REQUIRED = [
    (f"{section}.{number}", level)
    for section, numbers in (line.split(": ") for line in _ASVS.strip().splitlines())
    for number, level in (pair.split("=") for pair in numbers.split())
]
_TEST = re.compile(r"(tests/[\w/]+\.py)(?:::(\w+))?")
_LINK = re.compile(r"\]\(([^)\s]+)\)")
_CODE = re.compile(
    r"`((?:election|intake|tally|callers|dashboard|beluga|deploy|chaos)/[\w./-]+|pyproject\.toml)`"
)
_ALERT = re.compile(r"`([A-Z][a-z]+(?:[A-Z][a-z]+)+)`")


def page() -> str:
    return PAGE.read_text(encoding="utf-8")


def rows() -> list[list[str]]:
    """The requirements' rows: number, level, what is asked, what holds it."""
    cells = [[cell.strip() for cell in line.strip("|").split(" | ")] for line in page().splitlines()]
    return [row for row in cells if re.fullmatch(r"\d+\.\d+\.\d+", row[0])]


@cache
def functions(file: str) -> set[str]:
    tree = ast.parse((ROOT / file).read_text(encoding="utf-8"))
    return {node.name for node in tree.body if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)}


@cache
def anchors(file: Path) -> set[str]:
    """As they are made of headings, where Markdown is shown."""
    heads = re.findall(r"^#+ (.+)$", file.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", head.lower()).replace(" ", "-") for head in heads}


def test_every_requirement_is_answered_once() -> None:
    assert [(number, level) for number, level, *_ in rows()] == REQUIRED
    assert LIST in page() and "CC BY-SA 4.0" in page()


def test_every_answer_says_what_holds_it_or_why_not() -> None:
    bare = [
        row[0] for row in rows()
        if not re.search(r"::test_|\*does not apply\*|\*\*not met\*\*|\]\(|`[\w/.]+", row[3], re.IGNORECASE)
    ]  # fmt: skip
    assert bare == []


def test_every_test_it_names_exists() -> None:
    named = set(_TEST.findall(page()))
    assert len(named) > 100
    assert {f for f, _ in named if not (ROOT / f).is_file()} == set()
    assert [f"{f}::{name}" for f, name in sorted(named) if name and name not in functions(f)] == []


def test_every_place_in_the_code_exists() -> None:
    places = set(_CODE.findall(page()))
    assert len(places) > 20
    assert [place for place in sorted(places) if not (ROOT / place).exists()] == []


@pytest.mark.parametrize("name", ["docs/security.md", "SECURITY.md"])
def test_every_link_leads_somewhere(name: str) -> None:
    file, dead = ROOT / name, []
    for link in _LINK.findall(file.read_text(encoding="utf-8")):
        path, _, anchor = link.partition("#")
        if "://" in link:
            continue
        target = (file.parent / path).resolve() if path else file
        if not target.exists() or (anchor and anchor not in anchors(target)):
            dead.append(link)
    assert dead == []


def test_the_alerts_it_names_exist() -> None:
    known: set[str] = set()
    for rules in ("chaos/alerts.yml", "deploy/prometheus/alerts.yml"):
        groups = yaml.safe_load((ROOT / rules).read_text(encoding="utf-8"))["groups"]
        known |= {rule["alert"] for group in groups for rule in group["rules"]}
    named = set(_ALERT.findall(page())) - {"HttpOnly", "SecretStr"}
    assert named
    assert named <= known


def test_what_is_not_met_is_in_the_summary() -> None:
    """An officer who reads the end alone misses nothing."""
    summary = page().partition("## Not met, in short")[2]
    told = set(re.findall(r"\d+\.\d+\.\d+", summary))
    unmet = {row[0] for row in rows() if re.search(r"\*\*not met\*\*", row[3], re.IGNORECASE)}
    assert unmet == told


def test_the_words_that_count_as_nothing_are_named() -> None:
    listed = page().partition("**Words that count as nothing in a password**")[2].partition(": ")[2]
    listed = listed.partition(". What is left")[0]
    assert tuple(word.strip() for word in listed.replace("\n", " ").split(",")) == OURS


def test_reporting_is_found_from_the_front_page() -> None:
    assert "(SECURITY.md)" in (ROOT / "README.md").read_text(encoding="utf-8")
    said = (ROOT / "SECURITY.md").read_text(encoding="utf-8")
    assert "private vulnerability reporting" in said
    assert re.search(r"[\w.]+@[\w.]+\.\w", said) is None  # nobody's own address
    version = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]
    assert version.startswith("0.")  # SECURITY.md says that there are no releases yet
