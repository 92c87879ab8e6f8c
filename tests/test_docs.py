"""Links of the pages lead somewhere, the index names every page, and the tree is drawn as it is."""

import re
import subprocess
from functools import cache
from pathlib import Path

from election.domain.checkin import Kind
from intake.reading.reader import readings_of
from tests.intake.sample import ONE, sample_roster, sms
from tests.vocabulary import ROOMS

ROOT = Path(__file__).parents[1]
_LINK = re.compile(r"\]\(([^)\s]+)\)")
_FENCE = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)
_NOT_IN_ANCHORS = re.compile(r"[^\w\- ]")


@cache
def _pages() -> tuple[Path, ...]:
    named = subprocess.run(["git", "ls-files", "*.md"], cwd=ROOT, capture_output=True, text=True, check=True)
    return tuple(path for name in named.stdout.split() if (path := ROOT / name).exists())


@cache
def _anchors(page: Path) -> frozenset[str]:
    headings = re.findall(r"^#+ (.+)$", _FENCE.sub("", page.read_text()), re.MULTILINE)
    return frozenset(_NOT_IN_ANCHORS.sub("", heading.lower()).replace(" ", "-") for heading in headings)


def _dead(page: Path) -> list[str]:
    found = []
    for link in _LINK.findall(_FENCE.sub("", page.read_text())):
        path, _, anchor = link.partition("#")
        if "://" in link or link.startswith("mailto:"):
            continue
        target = (page.parent / path).resolve() if path else page
        if not target.exists() or (anchor and target.suffix == ".md" and anchor not in _anchors(target)):
            found.append(link)
    return found


def test_links_between_pages_lead_somewhere() -> None:
    assert {str(page.relative_to(ROOT)): dead for page in _pages() if (dead := _dead(page))} == {}


def test_the_index_names_every_page() -> None:
    index = ROOT / "docs/README.md"
    named = {(index.parent / link.partition("#")[0]).resolve() for link in _LINK.findall(index.read_text())}
    decisions = ROOT / "docs/decisions"
    pages = [page for page in _pages() if page.is_relative_to(index.parent) and page.parent != decisions]
    assert [str(page.relative_to(ROOT)) for page in pages if page not in named | {index}] == []


def test_the_tree_is_drawn_as_it_is() -> None:
    page = (ROOT / "docs/architecture.md").read_text()
    drawn = page.partition("## Where it stands")[2].partition("```\n")[2].partition("```")[0]
    for room in ROOMS:
        there = {each.parent.name for each in (ROOT / room).glob("*/__init__.py")}
        lines = drawn.partition(f"{room}/\n")[2].splitlines()
        ours = lines[: next((n for n, line in enumerate(lines) if not line.startswith(" ")), len(lines))]
        assert {name.rstrip("/") for name in re.findall(r"\w+/", "\n".join(ours))} == there, room


def test_the_first_change_still_has_something_to_mend() -> None:
    assert '"412 electors"' in (ROOT / "docs/tutorial/first-change.md").read_text()
    assert [each.kind for each in readings_of(sms("412 electors", ONE), sample_roster())] == [Kind.QUESTION]
