"""Writes `deploy/public.map`: which paths the proxy lets in, and to whom; everything else it does not know.

    make public-paths        # after a route was added, renamed or removed

Every path that a service serves is public, except those in `INSIDE`, each with its reason. So a new route is
either written into the map or named here, and `tests/deploy/test_public_paths.py` fails until one of the two
is done. The services are asked for their routes as they serve them; nothing is read from a list.
"""

import asyncio
import os
import re
import secrets
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import structlog

ROOT = Path(__file__).resolve().parent.parent
MAP = ROOT / "deploy" / "public.map"

# What only our own services or the operator's tools ask for, over the inside network.
_WATCHING = {
    "/healthz": "for who watches over us",
    "/readyz": "for who watches over us",
    "/metrics": "for who watches over us",
}
_DOCUMENT = {"/openapi.json": "names the routes between services, too"}
INSIDE: dict[str, dict[str, str]] = {
    "intake": _WATCHING | _DOCUMENT | {
        "/decisions/{key}": "the war room decides, for who signed in there",
        "/desks": "the war room's desks ask", "/desks/{desk}": "the war room's desks ask",
        "/desks/{desk}/{item}/take": "the war room's desks ask",
        "/desks/{desk}/{item}/release": "the war room's desks ask",
        "/desks/{desk}/{item}/finish": "the war room's desks ask",
        "/desks/{desk}/{item}/thread": "the war room's desks ask",
        "/threads/{watcher}": "the war room asks", "/precincts/{precinct}/photos": "the war room asks",
        "/photos/{message}/{number}": "the war room asks",
        "/photos/{message}/{number}/small": "the war room asks",
        "/rollcall": "the war room asks", "/rollcall/{what}": "the war room asks",
    },
    "tally": _WATCHING | _DOCUMENT | {
        "/standings": "the war room asks", "/standings.csv": "the operator's tools ask",
        "/as-of": "the war room's replay asks", "/precincts/{precinct_id}": "the war room asks",
        "/incidents": "the war room asks", "/silent": "the war room asks",
        "/check-ins/ids": "a rehearsal's witness asks",
    },
    "callers": _WATCHING | _DOCUMENT | {
        "/dispatches/history": "the war room's debrief asks",
        "/dispatches": "the war room sends callers", "/dispatches/{precinct_id}": "the war room stops them",
        "/dispatch-limits": "the war room sets them", "/phone-banks": "the war room makes them",
        "/roll": "intake passes it on", "/roll/state": "intake passes it on",
        "/links": "the operator's tools make them", "/links/end": "the operator's tools end them",
        "/floor": "the tally asks", "/floor/{caller_id}": "the war room bars callers",
        "/rides": "the war room's rides desk asks", "/rides/{ride_id}": "the war room decides",
        "/views": "the tally asks", "/next-moves": "staff look", "/trials": "the war room tries scripts",
        "/lists": "the operator's tools make them", "/lists/{list_id}": "the operator's tools fill them",
    },
    "dashboard": _WATCHING | {"/{path…}": "Dash answers any path with its page; ours are PAGES"},
}  # fmt: skip
# Paths that the board's own script gives its page (dashboard/browser/address.js): Dash answers them.
PAGES = {"/precinct/{precinct_id}", "/rides"}
# Two services have a page of this path; who gets it is said in deploy/haproxy.cfg.
SHARED = {"/hotline": "intake"}
FEED = ("/feed", "/feed/")

_HEAD = """\
# Paths from outside and who answers them; made by `make public-paths` from what the services serve.
# A path that is not here does not exist outside (deploy/haproxy.cfg).
"""


def routes() -> dict[str, set[str]]:
    """The paths that each service serves, with variable parts in braces: {what}, and {path…} over slashes."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger("critical"))
    with tempfile.TemporaryDirectory() as folder:
        os.environ |= {
            "BELUGA_SECRET": secrets.token_hex(32),
            "BELUGA_VOTERS_KEY": secrets.token_hex(32),
            "BELUGA_STATE": folder,
            "BELUGA_DATABASE_URL": "",
        }
        served = asyncio.run(_served())
        served["dashboard"] = set(_dashboard()) | PAGES
    return served


async def _served() -> dict[str, set[str]]:
    from aiohttp import web

    from beluga.stack.ports import free_port
    from callers.app import make_app
    from callers.settings import CallersSettings
    from intake.app import Intake
    from intake.settings import IntakeSettings
    from tally.app import Service
    from tally.settings import TallySettings

    def of(app: web.Application) -> set[str]:
        return {resource.canonical for resource in app.router.resources()}

    intake = Intake(IntakeSettings(intake_port=free_port(), feed_url=""))
    await intake.start()
    tally = Service(TallySettings())
    try:
        assert intake._runner is not None
        return {
            "intake": of(intake._runner.app),
            "tally": of(tally.application),
            "callers": of(make_app(CallersSettings(), structlog.get_logger())),
        }
    finally:
        await intake.stop()


def _dashboard() -> Iterator[str]:
    from dashboard.app import build
    from dashboard.settings import DashboardSettings

    room = build(DashboardSettings())
    try:
        for rule in room.server.url_map.iter_rules():
            path = re.sub(r"<path:(\w+)>", r"{\1…}", rule.rule)
            path = re.sub(r"<(?:[^<>:]+:)?(\w+)>", r"{\1}", path)
            yield path
    finally:
        room.stop()


def pattern(path: str) -> str:
    """As HAProxy compares it with a path in its plain form (no dot segments, no empty ones)."""
    parts = re.split(r"(\{[^{}]*\})", path)
    made = [
        re.escape(part) if not part.startswith("{") else ".+" if "…" in part else "[^/]+" for part in parts
    ]
    return f"^{''.join(made)}$"


def public(served: dict[str, set[str]]) -> dict[str, str]:
    """Patterns of the public paths and who answers each."""
    found: dict[str, str] = {pattern(path): "feed" for path in FEED}
    for service, paths in served.items():
        for path in sorted(paths - set(INSIDE[service])):
            if SHARED.get(path, service) != service:
                continue
            made = pattern(path)
            assert found.get(made, service) == service, f"{path}: {service} and {found[made]} both serve it"
            found[made] = service
    return found


def text(found: dict[str, str]) -> str:
    """The map. Webhooks stand first: they are most of what comes."""
    ordered = sorted(found.items(), key=lambda each: (not each[0].startswith("^/sms/"), each[1], each[0]))
    return _HEAD + "".join(f"{made} {service}\n" for made, service in ordered)


if __name__ == "__main__":
    sys.path.insert(0, str(ROOT))
    MAP.write_text(text(public(routes())), encoding="utf-8")
