"""Our Dash components: a Python class each, whose browser half is a module (docs/how-to/add-a-tile.md)."""

from dashboard.components.frame import (
    AlertLine,
    FloorDeeds,
    MinuteClock,
    NoticeBar,
    PageAddress,
    PrecinctPanel,
    ReplayBar,
    Takeover,
    TopBar,
    ViewTabs,
)
from dashboard.components.part import Part, PlainTable, Value
from dashboard.components.tiles import (
    IncidentList,
    PrecinctMap,
    SilentList,
    Tile,
    TodayTile,
    UnreadList,
    Worklist,
)

__all__ = [
    "AlertLine",
    "FloorDeeds",
    "IncidentList",
    "MinuteClock",
    "NoticeBar",
    "PageAddress",
    "Part",
    "PlainTable",
    "PrecinctMap",
    "PrecinctPanel",
    "ReplayBar",
    "SilentList",
    "Takeover",
    "Tile",
    "TodayTile",
    "TopBar",
    "UnreadList",
    "Value",
    "ViewTabs",
    "Worklist",
]
