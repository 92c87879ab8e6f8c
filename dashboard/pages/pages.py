"""All pages of the war room, in the order in which their addresses are tried."""

from dash import html
from dash.development.base_component import Component

from dashboard.map.places import Gazetteer
from dashboard.pages.board import board_pages
from dashboard.pages.frame import NOT_FOUND, WarRoomPage, not_found, page_of


def all_pages(gazetteer: Gazetteer) -> list[WarRoomPage]:
    """Every page, and the one of unknown addresses."""
    return [*board_pages(gazetteer), WarRoomPage(NOT_FOUND, "No such page", nothing_here)]


def nothing_here(**_: str) -> Component:
    """The page of an address that names nothing."""
    not_found()
    words = "There is no such page. The address may be mistyped, or from an earlier version."
    return page_of(html.Main([html.H1("No such page"), html.P(words), html.P(html.A("← Board", href="/"))]))
