"""Which precincts, callers and lists an account may see and change: a lead those of own counties alone.

What touches every county (limits, trials of scripts, phone banks and their captains' links) is for accounts
that no county limits.
"""

import orjson
from aiohttp import web

from callers.service.calling_service import CallingService
from election.access.identity import Identity
from election.access.telemetry import say_refused

OF_ALL = frozenset({"staff", "admin"})
_ELSEWHERE = "There is no such precinct in your counties."


def _no(who: Identity, answer: type[web.HTTPClientError], reason: str, message: str) -> web.HTTPClientError:
    say_refused(who.account, "callers", reason)
    said = orjson.dumps({"reason": reason, "message": message}).decode()
    return answer(text=said, content_type="application/json")


def deciding(who: Identity) -> Identity:
    """The account of a person or a command: our services look and decide nothing. Answers 403."""
    if who.role == "service":
        raise _no(who, web.HTTPForbidden, "role", "A service may look, not decide.")
    return who


def for_all(who: Identity) -> Identity:
    """The account, where no county limits it. Answers 403."""
    if who.role not in OF_ALL or who.counties is not None:
        raise _no(who, web.HTTPForbidden, "role", "This touches every county: staff and admins only.")
    return who


def sees(who: Identity, service: CallingService, precinct_id: str) -> bool:
    """Whether a precinct lies in the account's counties."""
    return who.counties is None or who.may_see(service.places.county(precinct_id))


def of_precinct(who: Identity, service: CallingService, precinct_id: str) -> Identity:
    """The account, where it may send callers there. Answers 403, alike for unknown and others' precincts."""
    if not sees(deciding(who), service, precinct_id):
        raise _no(who, web.HTTPForbidden, "county", _ELSEWHERE)
    return who


async def of_caller(who: Identity, service: CallingService, caller_id: str) -> Identity:
    """The account, where a caller calls for its counties alone. Answers 404, alike for unknown and others'.

    A caller's counties are their own, and those whose voters they were shown lately.
    """
    if deciding(who).counties is not None:
        own, precincts = await service.people.grounds(caller_id, service.time.now())
        counties = own | {service.places.county(p) for p in precincts}
        if not counties or not all(map(who.may_see, counties)):
            raise _no(who, web.HTTPNotFound, "unknown_caller", "There is no such caller in your counties.")
    return who


def of_list(who: Identity, service: CallingService, precinct_id: str | None) -> Identity:
    """The account, where a list's precinct is its own. Answers 404, alike for unknown and others' lists."""
    if not sees(deciding(who), service, precinct_id or ""):
        raise _no(who, web.HTTPNotFound, "unknown_list", "There is no such list in your counties.")
    return who
