"""The rides desk as it is drawn: what a tired person reads, and what each press is sent to."""

import re
from datetime import timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import flask

from dashboard.components.markup import markup
from dashboard.pages.rides import rides_drawn
from election.wire.rides import DriverLine, RideLine, RideList, RideState
from tests.callers.conftest import NOON, ZONE

DRIVERS = [
    DriverLine(driver_id="ana", name="Ana", seats=4, wheelchair=False, busy=False, brought=2, said="here"),
    DriverLine(driver_id="ben", name="Ben", seats=4, wheelchair=True, busy=True, brought=0),
    DriverLine(driver_id="cy", name="Cy", seats=1, wheelchair=True, busy=False, brought=0),
]


def line(state: RideState, **more: object) -> RideLine:
    known = {
        "ride_id": UUID(int=1), "voter_id": "a/0", "name": "Rosa <b>", "precinct_id": "a",
        "polling_place": "Wells Hall", "address": "9 Elm Street", "by_when": NOON + timedelta(minutes=30),
        "seats": 1, "wheelchair": False, "return_trip": True, "home": False, "state": state, "driver_id": "",
        "driver": "", "wanted_at": NOON, "since": NOON, "level": 0, "why": "",
    }  # fmt: skip
    return RideLine.model_validate(known | more)


def drawn(*rides: RideLine, drivers: list[DriverLine] = DRIVERS) -> str:
    app = flask.Flask("test")
    app.secret_key = "x"
    with app.test_request_context("/rides"):
        return markup(
            rides_drawn(RideList(rides=list(rides), drivers=drivers, counts={"wanted": 1}), ZoneInfo(ZONE))
        )


def test_an_urgent_ride_says_why_and_who_could_drive() -> None:
    page = drawn(line(RideState.WANTED, level=2, why="waits 50 min for a driver, due in 30 min", seats=2))
    assert "1 want a driver" in page and "▼ waits 50 min" in page and "12:30" in page
    assert "Rosa &lt;b&gt;" in page and "<b>" not in page
    assert re.findall(r'<option value="(\w+)"', page) == ["ana"], "free, and with two seats"
    assert f'action="/rides/{UUID(int=1)}/assign"' in page and f'action="/rides/{UUID(int=1)}/cancel"' in page
    assert "/release" not in page
    assert page.count('name="csrf"') == 2 and 'method="post"' in page


def test_who_sits_in_a_car_is_taken_from_its_driver_and_assigned_to_nobody() -> None:
    page = drawn(line(RideState.PICKED_UP, driver_id="ben", driver="Ben"))
    assert "in the car" in page and "/release" in page and "/assign" not in page


def test_the_way_home_is_told_apart_and_without_drivers_it_says_what_to_do() -> None:
    page = drawn(line(RideState.WANTED, home=True, wheelchair=True))
    assert "way home: no driver" in page and "home from Wells Hall" in page and "12:30" not in page
    assert re.findall(r'<option value="(\w+)"', page) == ["cy"]
    assert "open a bank for drivers" in drawn(drivers=[])
