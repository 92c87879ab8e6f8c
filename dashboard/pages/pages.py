"""All pages of the war room, in the order in which their addresses are tried."""

from typing import Any

from dash import html
from dash.development.base_component import Component

from dashboard.bridge.async_bridge import AsyncBridge
from dashboard.clients.feed import WarRoomView
from dashboard.clients.service_clients import ServiceClients
from dashboard.day.day_record import DayRecord
from dashboard.debrief.page import DebriefPage
from dashboard.languages import noted, tr
from dashboard.map.places import Gazetteer
from dashboard.office.health.health_answers import HealthAnswers
from dashboard.pages.board import board_pages
from dashboard.pages.calibration import CalibrationPage
from dashboard.pages.call_floor import CallFloorPage
from dashboard.pages.desk import desk_page
from dashboard.pages.frame import NOT_FOUND, Layout, WarRoomDash, WarRoomPage, not_found
from dashboard.pages.health import HealthPage
from dashboard.pages.plain import plain_page
from dashboard.pages.replay import ReplayPage
from dashboard.pages.rides import RidesPage
from dashboard.tiles import own_tiles


def add_pages(  # noqa: PLR0917
    app: WarRoomDash,
    gazetteer: Gazetteer,
    feed: WarRoomView,
    record: DayRecord,
    bridge: AsyncBridge,
    service_clients: ServiceClients,
    debrief: DebriefPage,
    audit: Layout,
    health: HealthAnswers,
    rides: RidesPage,
) -> None:
    """Adds every page, with its callbacks, and the one of unknown addresses."""
    drawn = (
        ReplayPage(gazetteer, feed, record),
        CallFloorPage(gazetteer, feed, bridge, service_clients),
        rides,
        HealthPage(health),
        CalibrationPage(debrief),
    )
    for page in drawn:
        page.add_to(app)
    for module in own_tiles():
        module.add_to(app, feed)
    app.add_pages(
        [
            *board_pages(gazetteer),
            desk_page(),
            *(page.page() for page in drawn),
            WarRoomPage(
                "audit", noted("Audit trail"), lambda **q: plain_page("/audit", *audit(**q)), path="/audit"
            ),
            WarRoomPage(NOT_FOUND, noted("No such page"), nothing_here),
        ]
    )


def nothing_here(**_: Any) -> Component:
    """The page of an address that names nothing."""
    not_found()
    words = tr("There is no such page. The address may be mistyped, or from an earlier version.")
    return plain_page("", html.H1(tr("No such page")), html.P(words))
