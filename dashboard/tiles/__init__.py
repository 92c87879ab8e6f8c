"""A campaign's own tiles: every module here is one, and stands on the board (docs/how-to/add-a-tile.md).

A module has `tile()`, which makes the component, and `add_to(app, feed)`, which adds its callbacks.
"""

import importlib
import pkgutil
from typing import Protocol, cast

from dash import Dash
from dash.development.base_component import Component

from dashboard.clients.feed import WarRoomView


class TileModule(Protocol):
    """What a module of this folder has."""

    def tile(self) -> Component: ...

    def add_to(self, app: Dash, feed: WarRoomView) -> None: ...


def own_tiles() -> list[TileModule]:
    """The modules here, by name."""
    names = sorted(found.name for found in pkgutil.iter_modules(__path__))
    return [cast("TileModule", importlib.import_module(f"{__name__}.{name}")) for name in names]
