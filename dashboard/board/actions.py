"""What staff do from the board: decisions into the log, callers to a precinct. Done or refused, all audited.

Every request carries a key made by the page, so that pressing a button again after a lost answer is one deed.
"""

from collections.abc import Awaitable, Callable
from datetime import datetime, time, timedelta
from typing import Any
from uuid import UUID

import flask

from dashboard.accounts.audit_log import AuditLog
from dashboard.accounts.sign_in import WarRoomUser, csrf_right, person
from dashboard.bridge.async_bridge import AsyncBridge
from dashboard.clients.service_clients import ServiceClientError, ServiceClients
from dashboard.errors import DashboardError
from dashboard.languages import tr
from dashboard.map.places import Gazetteer, MapPlaces
from election.access.accounts import Role
from election.access.telemetry import say_refused
from election.domain.checkin import Kind
from election.domain.day import Precinct
from election.wire.callers import DispatchOrder, ScriptOrder
from election.wire.intake import Decision

LONGEST_NOTE = 500  # characters
LONGEST_SCRIPT = 2_000
MOST_CALLERS = 50
LATEST_CLOSE = time(6)  # an earlier hour before opening means the night after
_RECORDED = (
    "target",
    "text",
    "callers_wanted",
    "closes",
    "watcher_id",
    "to",
    "callers",
    "language",
    "lines",
)  # what the audit log keeps of a request


class ActionRefusedError(DashboardError):
    """The request cannot be done as asked; the message says why."""


def _text(asked: dict[str, Any], name: str, longest: int = LONGEST_NOTE) -> str:
    value = asked.get(name)
    if not isinstance(value, str) or not value.strip():
        raise ActionRefusedError(tr("Please fill in the {name}.", name=name))
    if len(value) > longest:
        raise ActionRefusedError(tr("At most {most} characters, please.", most=longest))
    return value.strip()


def _target(asked: dict[str, Any]) -> dict[str, Any]:
    try:
        return {"target": str(UUID(str(asked.get("target"))))}
    except ValueError:
        raise ActionRefusedError(tr("That report is not known.")) from None


def _hours(asked: dict[str, Any], _: WarRoomUser, places: MapPlaces, precinct: Precinct) -> dict[str, Any]:
    """The closing time in full: the hour given is the precinct's own, after midnight where before opening."""
    try:
        closes = time.fromisoformat(str(asked.get("closes")))
    except ValueError:
        raise ActionRefusedError(
            tr("Please give the closing time as hours and minutes, such as 21:00.")
        ) from None
    zone, opens = precinct.zone(places.day), precinct.opens_at(places.day)
    at = datetime.combine(places.day.date, closes.replace(tzinfo=None), zone)
    if at <= opens:
        if closes >= LATEST_CLOSE:
            raise ActionRefusedError(
                tr(
                    "Polls here open at {at}; they cannot close before.",
                    at=f"{opens.astimezone(zone):%H:%M}",
                )
            )
        at += timedelta(days=1)
    return {"closes_at": at.isoformat()}


def _assign(asked: dict[str, Any], who: WarRoomUser, places: MapPlaces, precinct: Precinct) -> dict[str, Any]:
    watcher_id = str(asked.get("watcher_id") or "")
    watcher = next((w for w in places.watchers if str(w.watcher_id) == watcher_id), None)
    if watcher is None or not places.may_reach(watcher, who.counties):
        raise ActionRefusedError(tr("That watcher is not known here."))
    return {"watcher_id": watcher_id, "precinct_ids": [precinct.precinct_id]}


# What each decision needs beside the precinct.
_DECISIONS: dict[
    str, tuple[Kind, Callable[[dict[str, Any], WarRoomUser, MapPlaces, Precinct], dict[str, Any]]]
] = {
    "accept": (Kind.ACCEPT, lambda asked, *_: _target(asked)),
    "reject": (Kind.REJECT, lambda asked, *_: _target(asked)),
    "note": (Kind.NOTE, lambda asked, *_: {"text": _text(asked, "text")}),
    "hours": (Kind.HOURS, _hours),
    "assign": (Kind.ASSIGN, _assign),
}


def add_actions(
    server: flask.Flask,
    bridge: AsyncBridge,
    service_clients: ServiceClients,
    gazetteer: Gazetteer,
    audit_log: AuditLog,
) -> None:
    """Adds `POST /actions`."""

    @server.post("/actions")
    def act() -> Any:
        who = person()
        asked = flask.request.get_json(silent=True)
        if who is None or not csrf_right(flask.request.headers.get("X-CSRF")):
            return _told(tr("This page was open too long. Reload it and try again."), 403)
        try:
            if not isinstance(asked, dict):
                raise ActionRefusedError(tr("That request cannot be read."))
            key = UUID(str(asked.get("key")))
            action, precinct_id = str(asked.get("action")), str(asked.get("precinct_id"))
            if action == "script":
                subject, work = "scripts", _script(who, asked, service_clients)
            else:
                places, precinct = _in_scope(who, precinct_id, gazetteer)
                subject = f"precinct:{precinct_id}"
                work = _work(who, key, action, places, precinct, asked, service_clients)
        except ValueError:
            return _told(tr("That request cannot be read."), 400)
        except ActionRefusedError as error:
            return _told(str(error), 400)
        except PermissionError as error:
            say_refused(who.login, "actions", "county")
            return _told(str(error), 403)
        detail = {name: asked[name] for name in _RECORDED if name in asked}
        try:
            answer = bridge.run(work())
        except ServiceClientError as error:
            _record(bridge, audit_log, who, f"{action} refused", subject, detail | {"why": error.words})
            return _told(error.words, error.status)
        except TimeoutError:
            _record(bridge, audit_log, who, f"{action} unanswered", subject, detail)
            return _told(
                tr("No answer in time. It may or may not have been done; look before trying again."), 504
            )
        _record(bridge, audit_log, who, action, subject, detail)
        return flask.jsonify(done=True, answer=answer)


def _in_scope(who: WarRoomUser, precinct_id: str, gazetteer: Gazetteer) -> tuple[MapPlaces, Precinct]:
    places = gazetteer.places
    precinct = places.precincts.get(precinct_id) if places else None
    if places is None or precinct is None:
        raise ActionRefusedError(tr("That precinct is not known."))
    if not who.may_see(precinct.county):
        raise PermissionError(tr("That precinct is outside your counties."))
    return places, precinct


def _work(  # noqa: PLR0917
    who: WarRoomUser,
    key: UUID,
    action: str,
    places: MapPlaces,
    precinct: Precinct,
    asked: dict[str, Any],
    service_clients: ServiceClients,
) -> Callable[[], Any]:
    precinct_id = precinct.precinct_id
    if action == "dispatch":
        order = DispatchOrder(precinct_id=precinct_id, callers_wanted=_callers(asked, "callers_wanted"))
        return lambda: service_clients.call_desk.dispatch(who, order)
    if action == "recall":
        return lambda: service_clients.call_desk.recall(who, precinct_id)
    if action in ("pause", "go_on"):
        return lambda: service_clients.call_desk.pause(who, precinct_id, paused=action == "pause")
    if action == "move":
        to = str(asked.get("to") or "")
        there = places.precincts.get(to)
        if there is None or to == precinct_id:
            raise ActionRefusedError(tr("Choose another precinct that callers are to go to."))
        if not who.may_see(there.county):
            raise PermissionError(tr("That precinct is outside your counties."))
        count = _callers(asked, "callers")
        return lambda: _move(who, precinct_id, to, count, service_clients)
    if action not in _DECISIONS:
        raise ActionRefusedError(tr("That action is not known."))
    kind, detail_of = _DECISIONS[action]
    detail = detail_of(asked, who, places, precinct)
    decision = Decision(kind=kind, account=who.login, precinct_id=precinct_id, detail=detail)
    work: Callable[[], Awaitable[Any]] = lambda: service_clients.intake.decide(who, key, decision)  # noqa: E731
    return work


def _callers(asked: dict[str, Any], name: str) -> int:
    wanted = asked.get(name)
    if isinstance(wanted, bool) or not isinstance(wanted, int) or not 1 <= wanted <= MOST_CALLERS:
        raise ActionRefusedError(tr("Between 1 and {most} callers, please.", most=MOST_CALLERS))
    return wanted


async def _move(
    who: WarRoomUser, precinct_id: str, to: str, count: int, service_clients: ServiceClients
) -> dict[str, Any]:
    """Orders callers to one precinct, then so many fewer to the other: a refusal of the first moves nobody.

    Where nobody would be left, calling there rests until staff let it go on.
    """
    sent = {d["precinct_id"]: d for d in await service_clients.call_desk.dispatches(who)}
    wanted = {p: int(d["callers_wanted"] or d["callers_allocated"] or 0) for p, d in sent.items()}
    if precinct_id not in sent:
        raise ServiceClientError(tr("Nobody calls there: there are no callers to move."), 409)
    there = DispatchOrder(precinct_id=to, callers_wanted=wanted.get(to, 0) + count)
    await service_clients.call_desk.dispatch(who, there)
    left = wanted[precinct_id] - count
    if left > 0:
        await service_clients.call_desk.dispatch(
            who, DispatchOrder(precinct_id=precinct_id, callers_wanted=left)
        )
    else:
        await service_clients.call_desk.pause(who, precinct_id, paused=True)
    return {"left": max(left, 0), "there": there.callers_wanted}


def _script(who: WarRoomUser, asked: dict[str, Any], service_clients: ServiceClients) -> Callable[[], Any]:
    """What callers say in one language from now on."""
    if who.counties is not None or who.role is Role.LEAD:
        raise PermissionError(tr("The script is everybody's: staff of all counties change it."))
    lines = asked.get("lines")
    language = str(asked.get("language") or "")
    if not isinstance(lines, list) or not language:
        raise ActionRefusedError(tr("Please say which language, and the lines."))
    texts = [line.strip() for line in map(str, lines) if line.strip()]
    if not texts or sum(map(len, texts)) > LONGEST_SCRIPT:
        raise ActionRefusedError(tr("Between one line and {most} characters, please.", most=LONGEST_SCRIPT))
    order = ScriptOrder(lines={language[:8]: texts})
    return lambda: service_clients.call_desk.change_script(who, order)


def _record(  # noqa: PLR0917
    bridge: AsyncBridge,
    audit_log: AuditLog,
    who: WarRoomUser,
    action: str,
    subject: str,
    detail: dict[str, Any],
) -> None:
    bridge.run(audit_log.record(who.login, action, subject, detail))


def _told(words: str, status: int) -> Any:
    return flask.jsonify(done=False, message=words), status
