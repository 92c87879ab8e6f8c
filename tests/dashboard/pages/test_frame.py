"""The page around a layout: Dash's private names are where we look, and no layout writes into the frame."""

from collections.abc import Iterator
from typing import Any

import dash
import pytest
from pydantic import SecretStr

from dashboard.app import WarRoom, build
from dashboard.pages.frame import WarRoomDash, container, filled
from dashboard.settings import DashboardSettings

PAGES = {
    "board",
    "precinct",
    "desk",
    "replay",
    "call-floor",
    "calibration",
    "rides",
    "health",
    "audit",
    "not_found_404",
}


@pytest.fixture(scope="module")
def room(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WarRoom]:
    state = tmp_path_factory.mktemp("frame")
    built = build(DashboardSettings(secret=SecretStr("s" * 40), state=state, database_url=""))
    yield built
    built.stop()


def test_every_page_is_one_of_dashs(room: WarRoom) -> None:
    assert set(dash.page_registry) == PAGES


def parts(layout: Any) -> dict[str, Any]:
    return {part.id: part for part in layout.children}


@pytest.mark.parametrize(
    ("referer", "known"),
    [("http://localhost/floor?x=1&x=2", True), ("http://elsewhere/floor", False), ("", False), (":", False)],
)
def test_dash_is_given_the_page_that_asks_and_else_asks_for_it(
    room: WarRoom, referer: str, known: bool
) -> None:
    with room.server.test_request_context("/_dash-layout", headers={"Referer": referer}):
        found = parts(container())
    assert set(found) == {"_pages_location", "_pages_content", "_pages_store"}
    assert found["_pages_location"].known is known
    assert (found["_pages_content"].children is not None) is known


def test_dash_pages_answers_with_a_layout_where_it_is_asked(room: WarRoom) -> None:
    app: WarRoomDash = room.app
    with room.server.test_request_context("/"):
        for ready in room.server.before_request_funcs[None]:
            if "router" in ready.__qualname__:
                ready()
    [update] = [key for key in app.callback_map if "_pages_content" in key]
    assert update == ".._pages_content.children..._pages_store.data.."
    hashes = app.csp_hashes()
    assert len(hashes) == len(set(hashes)) == 2  # Dash's start, and what Pages adds with the first request


def test_what_a_layout_says_is_never_a_mark_of_the_frame() -> None:
    names = ("lang", "metas", "title", "early", "css", "marks", "app_entry", "entry", "config")
    names = (*names, "scripts", "renderer")
    page = filled(dict.fromkeys(names, "") | {"first": "<p>{%config%}</p>", "config": "secret"})
    assert "<p>{%config%}</p>" in page
    assert page.count("secret") == 1
