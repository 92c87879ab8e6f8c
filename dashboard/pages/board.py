"""The board's layout: what stands where. What each part shows, and how, is in `dashboard/components`."""

from typing import Any

from dash import html
from dash.development.base_component import Component

from dashboard.components import (
    AlertLine,
    IncidentList,
    MinuteClock,
    NoticeBar,
    PrecinctMap,
    PrecinctPanel,
    ReplayBar,
    SilentList,
    TodayTile,
    TopBar,
    UnreadList,
    ViewTabs,
    Worklist,
)
from dashboard.components.markup import markup
from dashboard.languages import noted, tr
from dashboard.map.places import Gazetteer
from dashboard.pages.frame import BOARD, WarRoomPage, not_found, page_of
from dashboard.precinct.panel import panel_parts
from dashboard.tiles import own_tiles

TABS = {
    "work": noted("To do"),
    "map": noted("Map"),
    "today": noted("Today"),
    "silent": noted("Silent"),
    "incidents": noted("Incidents"),
    "unread": noted("Unread"),
}


def board_layout(**_: Any) -> Component:
    """The board, live or (with `?at=`) as it was at a past minute; a precinct opens beside its list."""
    own = [module.tile() for module in own_tiles()]
    tiles = [
        PrecinctMap(),
        TodayTile(),
        Worklist(rows=60),
        SilentList(rows=60),
        IncidentList(rows=60),
        UnreadList(),
        *([html.Div(own, id="own-tiles", disable_n_clicks=True)] if own else []),
        PrecinctPanel(panel_parts()),
    ]
    return page_of(
        TopBar(),
        NoticeBar(),
        ReplayBar(),
        AlertLine(),
        ViewTabs({element: tr(word) for element, word in TABS.items()}),
        html.Main(tiles, id="board", disable_n_clicks=True),
        MinuteClock(),
    )


def board_pages(gazetteer: Gazetteer) -> list[WarRoomPage]:
    """The board, and a precinct's own page, which is the board with that precinct over all of it."""

    def precinct_layout(precinct_id: str = "", **_: Any) -> Component:
        if gazetteer.places is not None and precinct_id not in gazetteer.places.precincts:
            not_found()
        return board_layout()

    title = noted("Beluga war room")
    return [
        WarRoomPage("board", title, board_layout, path="/", style=BOARD),
        WarRoomPage("precinct", title, precinct_layout, path_template="/precinct/<precinct_id>", style=BOARD),
    ]


if __name__ == "__main__":
    print(markup(board_layout()))  # for tests of the browser's half (tests/browser)
