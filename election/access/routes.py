"""How routes say who may use them: a service's `access.py` declares each of its routes with these words.

A route's object (a precinct, a report, a list) lies in one county; "lead here" is a lead of it, "lead
elsewhere" of another. A person of another kind comes with what they hold: a watcher's, caller's, driver's,
canvasser's or captain's link. `docs/access.md` is made from the declarations, and tests/security tries every
cell on running services.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class Who(StrEnum):
    """Who asks; the columns of the page."""

    NOBODY = "none"
    EXPIRED = "expired token"  # of the kind that opens the route: too old, or taken away
    WATCHER = "watcher"
    CALLER = "caller"
    DRIVER = "driver"
    CANVASSER = "canvasser"
    CAPTAIN = "captain"
    ELSEWHERE = "lead elsewhere"
    HERE = "lead here"
    STAFF = "staff"
    ADMIN = "admin"


WAR_ROOM = (Who.ELSEWHERE, Who.HERE, Who.STAFF, Who.ADMIN)


@dataclass(frozen=True, slots=True)
class RouteAnswer:
    """A status. `own`: it shows, or does, only what lies in the asker's own counties."""

    status: int
    own: bool = False

    def __str__(self) -> str:
        return f"{self.status} own" if self.own else str(self.status)


@dataclass(frozen=True, slots=True)
class Route:
    """A route and its answers. `path` as the service's router writes it; `by`: what it is opened with."""

    method: str
    path: str
    what: str
    by: str
    answers: Mapping[Who, RouteAnswer]


def _route(  # noqa: PLR0917
    method: str, path: str, what: str, by: str, otherwise: int, answers: Mapping[Who, RouteAnswer]
) -> Route:
    return Route(method, path, what, by, {who: answers.get(who, RouteAnswer(otherwise)) for who in Who})


def anybody(method: str, path: str, what: str, status: int = 200, by: str = "nothing") -> Route:
    """The same answer for everybody: it shows no county's data, or the request itself opens it."""
    return _route(method, path, what, by, status, {})


def only(  # noqa: PLR0917
    holder: Who, method: str, path: str, what: str, by: str, good: int = 200, otherwise: int = 401
) -> Route:
    """For holders of this kind of link: it names its holder, and opens what is theirs."""
    return _route(method, path, what, by, otherwise, {holder: RouteAnswer(good)})


def war_room(  # noqa: PLR0917
    method: str, path: str, what: str, by: str, good: int = 200, elsewhere: RouteAnswer | int | None = None
) -> Route:
    """For leads, staff and admins; `elsewhere`: a lead of another county's answer."""
    other = elsewhere if isinstance(elsewhere, RouteAnswer) else RouteAnswer(elsewhere or good)
    answers = {who: RouteAnswer(good) for who in WAR_ROOM} | {Who.ELSEWHERE: other}
    return _route(method, path, what, by, 401, answers)


def own(method: str, path: str, what: str, by: str, good: int = 200) -> Route:
    """For leads, staff and admins; each lead is shown, and changes, own counties alone."""
    return war_room(method, path, what, by, good, RouteAnswer(good, own=True))


def of_all(method: str, path: str, what: str, by: str, good: int = 200) -> Route:
    """For staff and admins: it touches every county."""
    leads = {Who.ELSEWHERE: RouteAnswer(403), Who.HERE: RouteAnswer(403)}
    return _route(method, path, what, by, 401, leads | {w: RouteAnswer(good) for w in (Who.STAFF, Who.ADMIN)})


def admins(method: str, path: str, what: str, by: str, good: int = 200) -> Route:
    """For admins."""
    others = {who: RouteAnswer(403) for who in WAR_ROOM}
    return _route(method, path, what, by, 401, others | {Who.ADMIN: RouteAnswer(good)})


def health() -> tuple[Route, ...]:
    """What machines ask of every service; no proxy of ours lets it be asked from outside."""
    return (
        anybody("GET", "/healthz", "the process lives"),
        anybody("GET", "/readyz", "each part by name"),
        anybody("GET", "/metrics", "counters, without names or phones"),
    )
