"""The rides desk: who needs a ride, from where, by when; those without a driver first."""

from datetime import datetime, time
from typing import Any
from urllib.parse import urlencode
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

import flask
from dash import Dash, Input, Output, html, no_update
from dash.development.base_component import Component
from pydantic import ValidationError

from dashboard.accounts.sign_in import WarRoomUser, csrf_token, needs_role, person
from dashboard.bridge.async_bridge import AsyncBridge
from dashboard.clients.service_clients import ServiceClientError, ServiceClients
from dashboard.components import MinuteClock
from dashboard.components.part import marks
from dashboard.languages import noted, noted_all, retold, tr, trn
from dashboard.map.places import Gazetteer
from dashboard.office.forms import form_checked, who_asks
from dashboard.pages.frame import WarRoomPage
from dashboard.pages.plain import plain_page, table
from election.access.accounts import WAR_ROOM
from election.wire.rides import DriverLine, RideAct, RideDecision, RideLine, RideList, RideOrder, RideState

HEADS = noted_all("By##which hour", "Voter", "From", "To", "Needs", "Stands", "Driver", "Texted last", "")
DRIVERS = noted_all("Driver", "Seats", "Wheelchair", "Now", "Brought today", "Texted last")
_MARKS = {0: "", 1: "◆ ", 2: "▼ "}
_STANDS = {
    RideState.WANTED: noted("no driver"), RideState.CLAIMED: noted("driver on the way"),
    RideState.PICKED_UP: noted("in the car"), RideState.BROUGHT: noted("at the polls"),
    RideState.RETURNED: noted("home again"), RideState.CLOSED: noted("over"),
    RideState.CANCELLED: noted("called off"),
}  # fmt: skip
_HOME = {
    RideState.WANTED: noted("way home: no driver"), RideState.CLAIMED: noted("way home: driver on the way"),
    RideState.PICKED_UP: noted("way home: in the car"),
}  # fmt: skip
_OVER = frozenset({RideState.RETURNED, RideState.CLOSED, RideState.CANCELLED})
_COUNTED = (
    ("wanted", noted("{n} want a driver")), ("claimed", noted("{n} have one")),
    ("picked_up", noted("{n} in a car")), ("brought", noted("{n} at the polls")),
    ("returned", noted("{n} home again")), ("closed", noted("{n} closed")),
    ("cancelled", noted("{n} called off")),
)  # fmt: skip


class RidesPage:
    """The page `/rides`, drawn anew each minute, and what its forms do."""

    def __init__(self, bridge: AsyncBridge, service_clients: ServiceClients, gazetteer: Gazetteer) -> None:
        self._bridge, self._services, self._gazetteer = bridge, service_clients, gazetteer

    def page(self) -> WarRoomPage:
        """The page, for Dash's registry."""
        return WarRoomPage("rides", noted("Rides"), self.layout, path="/rides")

    def layout(self, said: str = "", done: str = "", rider: str = "", **_: Any) -> Component:
        """Rides that are not over, the drivers, and the forms to look for a rider and to ask for a ride."""
        words, style = (said, "problem") if said else (done, "about")
        notice = html.P(words[:300], className=style, role="status") if words else None
        drawn = html.Div(self.drawn(), id="rides", disable_n_clicks=True)
        found = html.Div(self.found(rider[:100]), id="riders", disable_n_clicks=True) if rider else None
        title = html.H1(tr("Rides"))
        return plain_page("/rides", title, notice, _search(rider), found, drawn, _order_form(), MinuteClock())

    def add_to(self, app: Dash) -> None:
        """Adds the callback that draws it anew."""

        @app.callback(Output("rides", "children"), Input("minute", "minute"), prevent_initial_call=True)
        def draw(_: int | None) -> Any:
            return no_update if person() is None else self.drawn()

    def add_routes(self, server: flask.Flask) -> None:
        """Adds what the forms are sent to, for people of the war room only."""
        staff = needs_role(*WAR_ROOM)
        server.post("/rides/order")(staff(form_checked(self.order)))
        server.post("/rides/<uuid:ride>/<any(assign,release,cancel):what>")(staff(form_checked(self.decide)))

    def drawn(self) -> list[Any]:
        """What the page says now, to whoever asks."""
        who = person()
        if who is None:
            return []
        try:
            found = RideList.model_validate(
                self._bridge.run(self._services.call_desk.ask(who, "GET", "/rides"))
            )
        except (ServiceClientError, TimeoutError):
            return [
                html.P(
                    tr("The call desk does not answer: who needs a ride is not known."), className="problem"
                )
            ]
        return rides_drawn(found, self._zone())

    def found(self, rider: str) -> list[Any]:
        """The day's rides of riders by this name, over or not."""
        who = person()
        if who is None:
            return []
        try:
            path = f"/rides?{urlencode({'rider': rider})}"
            answer = RideList.model_validate(self._bridge.run(self._services.call_desk.ask(who, "GET", path)))
        except (ServiceClientError, TimeoutError):
            return [
                html.P(
                    tr("The call desk does not answer: who needs a ride is not known."), className="problem"
                )
            ]
        rows = [_row(one, [], self._zone()) for one in answer.rides]
        nobody = html.P(tr("No ride of today is of anybody named {rider}.", rider=rider), className="empty")
        return [table(tr("Riders named {rider}", rider=rider), HEADS, rows) if rows else nobody]

    def _zone(self) -> ZoneInfo:
        places = self._gazetteer.places
        return ZoneInfo(places.day.timezone if places else "UTC")

    def order(self) -> Any:
        """Asks for a ride on a voter's behalf."""
        form = flask.request.form
        try:
            by_when = self._today(form.get("by", "").strip())
            order = RideOrder(
                ride_id=uuid4(), voter_id=form.get("voter", "").strip(), pickup=form.get("from", "").strip(),
                by_when=by_when, seats=int(form.get("seats", "1")),
                wheelchair="wheelchair" in form.getlist("with"), return_trip=form.get("home", "yes") == "yes",
            )  # fmt: skip
        except (ValidationError, ValueError):
            return _back(
                tr("Check the form: a voter's id, hours and minutes such as 15:30, and 1 to 12 seats.")
            )
        return self._do(who_asks(), "/rides", order.model_dump(mode="json"), tr("Asked for."))

    def _today(self, clock: str) -> datetime | None:
        """An hour of the election day. Raises `ValueError`."""
        places = self._gazetteer.places
        if not clock or places is None:
            return None
        return datetime.combine(places.day.date, time.fromisoformat(clock), self._zone())

    def decide(self, ride: UUID, what: str) -> Any:
        """Assigns a ride, takes it from its driver, or calls it off."""
        driver = flask.request.form.get("driver", "")[:200] if what == "assign" else ""
        if what == "assign" and not driver:
            return _back(tr("Choose a driver first."))
        order = RideDecision(act_id=uuid4(), act=RideAct(what), driver_id=driver)
        return self._do(who_asks(), f"/rides/{ride}", order.model_dump(mode="json"), tr("Done."))

    def _do(self, who: WarRoomUser, path: str, body: dict[str, Any], done: str) -> Any:
        try:
            self._bridge.run(self._services.call_desk.ask(who, "POST", path, body))
        except ServiceClientError as error:
            if error.status in (403, 404):
                return tr("{words} Go back and look again.", words=error.words), error.status
            return _back(error.words)
        except TimeoutError:
            return _back(tr("No answer in time. It may or may not have been done; look before trying again."))
        return _back(done, "done")


def rides_drawn(found: RideList, zone: ZoneInfo) -> list[Any]:
    """Rides that are not over, and the drivers."""
    counted = " · ".join(
        tr(words, n=f"{found.counts[key]:,}") for key, words in _COUNTED if found.counts.get(key)
    )
    rows = [_row(one, found.drivers, zone) for one in found.rides]
    drivers = [
        [
            d.name, str(d.seats), tr("yes") if d.wheelchair else "", tr("driving") if d.busy else tr("free"),
            f"{d.brought:,}", d.said,
        ]
        for d in found.drivers
    ]  # fmt: skip
    none = tr("No driver has signed up: open a bank for drivers (`beluga callers bank NAME --drivers`).")
    return [
        html.P(counted or tr("Nobody has asked for a ride today.")),
        table(tr("Rides"), HEADS, rows, typed=True)
        if rows
        else html.P(tr("No ride is open."), className="empty"),
        html.H2(tr("Drivers")),
        table(tr("Drivers"), DRIVERS, drivers, (1, 4)) if drivers else html.P(none),
    ]


def _back(said: str, how: str = "said") -> Any:
    return flask.redirect(f"/rides?{urlencode({how: said})}", 303)


def _row(one: RideLine, drivers: list[DriverLine], zone: ZoneInfo) -> list[Any]:
    needs = [trn("{n} seat", "{n} seats", one.seats)]
    needs += [tr("wheelchair")] if one.wheelchair else []
    needs += [tr("and home")] if one.return_trip and not one.home else []
    stands = tr(_HOME.get(one.state, _STANDS[one.state]) if one.home else _STANDS[one.state])
    if one.state is RideState.WANTED and one.driver:
        stands = tr("offered to {driver}", driver=one.driver)
    said = retold(one.why)
    why = html.Div(f"{_MARKS[one.level]}{said}", className="problem") if one.level == 2 else said
    by = "" if one.home else f"{one.by_when.astimezone(zone):%H:%M}"
    to = tr("home from {place}", place=one.polling_place) if one.home else one.polling_place
    taken = one.driver if one.state is not RideState.WANTED else ""
    return [
        by,
        one.name or one.voter_id,
        one.address or tr("no address: ask"),
        to,
        ", ".join(needs),
        [stands, " · " if why and one.level < 2 else "", why],
        taken,
        one.said,
        _acts(one, drivers),
    ]


def _acts(one: RideLine, drivers: list[DriverLine]) -> list[Component]:
    """What staff may do to a ride: one small form each."""
    found: list[Component] = []
    if one.state in _OVER:
        return found
    if one.state in (RideState.WANTED, RideState.CLAIMED):
        free = [
            d for d in drivers
            if not d.busy and d.seats >= one.seats and (d.wheelchair or not one.wheelchair)
        ]  # fmt: skip
        options = [html.Option(tr("Driver…"), value="")]
        options += [html.Option(f"{d.name} ({d.seats})", value=d.driver_id) for d in free]
        choice = html.Select(
            options, name="driver", **marks(aria_label=tr("Driver for {name}", name=one.name))
        )
        found.append(_form(one, "assign", tr("Assign"), choice))
    if one.driver_id and one.state is not RideState.WANTED:
        found.append(_form(one, "release", tr("Take from driver")))
    found.append(_form(one, "cancel", tr("Call off")))
    return found


def _form(one: RideLine, what: str, words: str, *inside: Component) -> Component:
    press = html.Button(
        words, type="submit", name="csrf", value=csrf_token(), **marks(aria_label=f"{words}: {one.name}")
    )
    return html.Form([*inside, press], action=f"/rides/{one.ride_id}/{what}", method="post")


def _search(rider: str) -> Component:
    """Looks for a rider by name: who calls to ask where their ride is."""
    field = html.Textarea(rider[:100], id="rider", name="rider", rows=1, maxLength=100)
    words = html.Label(tr("Rider's name, or its beginning"), htmlFor="rider")
    return html.Form([words, field, html.Button(tr("Look"), type="submit")], action="/rides", method="get")


def _order_form() -> Component:
    """Dash has no field of one line without its larger library: fields are areas of one row."""

    def line(name: str, words: str) -> list[Component]:
        return [
            html.Label(words, htmlFor=f"ride-{name}"),
            html.Textarea(id=f"ride-{name}", name=name, rows=1, maxLength=200),
        ]

    def choice(name: str, words: str, options: dict[str, str]) -> list[Component]:
        shown = [html.Option(text, value=value) for value, text in options.items()]
        return [html.Label(words, htmlFor=f"ride-{name}"), html.Select(shown, id=f"ride-{name}", name=name)]

    seats = {str(n): str(n) for n in range(1, 13)}
    return html.Details(
        [
            html.Summary(tr("Ask for a ride")),
            html.Form(
                [
                    *line("voter", tr("Voter's id on the roll")),
                    *line("from", tr("From (empty: the roll's address)")),
                    *line("by", tr("At the polls by, such as 15:30 (empty: the close)")),
                    *choice("seats", tr("Seats"), seats),
                    *choice("with", tr("With"), {"": "–", "wheelchair": tr("a wheelchair")}),
                    *choice("home", tr("And home again"), {"yes": tr("yes"), "no": tr("no")}),
                    html.Button(tr("Ask for a ride"), type="submit", name="csrf", value=csrf_token()),
                ],
                action="/rides/order",
                method="post",
                className="order",
            ),
        ]
    )
