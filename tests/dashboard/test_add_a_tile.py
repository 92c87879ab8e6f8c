"""docs/how-to/add-a-tile.md is true: its code, put where it says, is a tile of the board and draws."""

import re
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import flask
import pytest
from dash import Dash
from pydantic import SecretStr

import dashboard.tiles
from dashboard.accounts.sign_in import WarRoomUser
from dashboard.app import build
from dashboard.clients.feed import WarRoomView
from dashboard.settings import DashboardSettings
from election.access.accounts import Role

PAGE = Path(__file__).parents[2] / "docs/how-to/add-a-tile.md"
FEED = cast(
    "WarRoomView",
    SimpleNamespace(
        aggregates={
            "all": {"coverage": 0.5},
            "county:Kent": {"coverage": 0.25},
            "county:Sussex": {"coverage": 0.8},
        }
    ),
)


@pytest.fixture
def written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The page's code in a folder of tiles."""
    [code] = re.findall(r"^```python\n(.*?)^```$", PAGE.read_text(), re.MULTILINE | re.DOTALL)
    file = tmp_path / "coverage.py"
    file.write_text(code)
    monkeypatch.setattr(dashboard.tiles, "__path__", [str(tmp_path)])
    monkeypatch.delitem(__import__("sys").modules, "dashboard.tiles.coverage", raising=False)
    return file


def test_the_code_is_thirty_lines(written: Path) -> None:
    lines = [line for line in written.read_text().splitlines() if line.strip()]
    assert len(lines) <= 30


def test_the_tile_draws_what_a_person_may_see(written: Path) -> None:
    [module] = dashboard.tiles.own_tiles()
    app = Dash("tile")
    module.add_to(app, FEED)
    draw: Any = app.callback_map["coverage-chart.figure"]["callback"].__wrapped__
    for counties, shown in ((None, {"Kent": 25, "Sussex": 80}), (("Kent",), {"Kent": 25})):
        with app.server.app_context():
            flask.g.person = WarRoomUser("lee", Role.LEAD, counties)
            bars = draw(1).data[0]
            assert dict(zip(bars.x, bars.y, strict=True)) == shown


def test_the_board_has_the_tile(written: Path, tmp_path: Path) -> None:
    room = build(DashboardSettings(secret=SecretStr("s" * 40), state=tmp_path / "state", database_url=""))
    try:
        with room.server.test_request_context("/"):
            page = room.app.index().get_data(as_text=True)
        assert '<section id="coverage" class="tile"' in page
    finally:
        room.stop()
