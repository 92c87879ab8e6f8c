"""Who may do what: each route is declared, the page is what the declarations make, and every cell holds."""

from collections.abc import Callable
from pathlib import Path

import pytest
from aiohttp import web
from pydantic import SecretStr

from beluga.readiness.access_page import SERVICES, page
from callers.app import make_app
from callers.settings import CallersSettings
from dashboard.app import build
from dashboard.settings import DashboardSettings
from election.access.routes import Route, Who
from election.runtime.clock import SystemClock
from election.runtime.telemetry import configure_logs
from intake.app import Intake
from intake.settings import IntakeSettings
from tally.access import FEED
from tally.app import Service
from tally.settings import TallySettings
from tests.intake.running import SECRET
from tests.security.matrix import PROBES, tried

ROOT = Path(__file__).parents[2]


def declared(service: str) -> set[tuple[str, str]]:
    return {(route.method, route.path) for route in SERVICES[service]}


def routed(app: web.Application) -> set[tuple[str, str]]:
    return {
        (route.method, _as_written(route.resource.canonical, route.resource))
        for route in app.router.routes()
        if route.resource is not None and route.method != "HEAD"
    }


def _as_written(canonical: str, resource: web.AbstractResource) -> str:
    """The path with its patterns, which the router's canonical form leaves out."""
    written = getattr(resource, "_orig_path", canonical)
    return str(written)


async def test_every_route_of_intake_is_declared(tmp_path: Path) -> None:
    intake = Intake(
        IntakeSettings(state=tmp_path, secret=SecretStr(SECRET), intake_port=0, journal_ballast_mib=0)
    )
    await intake.start()
    try:
        assert intake._runner
        assert routed(intake._runner.app) == declared("intake")
    finally:
        await intake.stop()


async def test_every_route_of_the_callers_is_declared(tmp_path: Path) -> None:
    settings = CallersSettings(state=tmp_path, secret=SecretStr(SECRET))
    assert routed(make_app(settings, configure_logs("callers", settings))) == declared("callers")


async def test_every_route_of_the_tally_is_declared() -> None:
    service = Service(TallySettings(secret=SecretStr(SECRET)), SystemClock())
    assert routed(service.application) | {("GET", FEED)} == declared("tally")


async def test_every_route_of_the_dashboard_is_declared(tmp_path: Path) -> None:
    room = build(DashboardSettings(secret=SecretStr(SECRET), state=tmp_path, database_url=""))
    try:
        found = {
            (method, rule.rule)
            for rule in room.server.url_map.iter_rules()
            for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
        }
    finally:
        room.stop()
    assert found == declared("dashboard")


def test_the_page_is_what_the_declarations_make() -> None:
    assert (ROOT / "docs" / "access.md").read_text("utf-8") == page(), "run: make access"


def test_every_route_answers_everybody_and_no_probe_is_left_over() -> None:
    routes: list[tuple[str, Route]] = [(s, r) for s, found in SERVICES.items() for r in found]
    assert all(set(route.answers) == set(Who) for _, route in routes)
    known = {(service, route.method, route.path) for service, route in routes}
    assert set(PROBES) <= known
    needs = {key for key in known if "{" in key[2].replace("{token}", "") or "<" in key[2]}
    assert needs <= set(PROBES), "say in tests/security/matrix.py what is asked for"


@pytest.mark.timeout(600)
async def test_every_cell_holds_on_running_services(
    database_url: str, tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    found = await tried(tmp_path, database_url)
    record_property("counts", f"{len(found)} cells tried, {sum(bool(r.wrong) for r in found)} wrong")
    wrong = [f"{r.method} {r.path} ({r.who}): {r.expected}, got {r.got}: {r.wrong}" for r in found if r.wrong]
    assert not wrong, "\n".join(wrong)
    cells = {(r.service, r.method, r.path, r.who) for r in found}
    every = {(s, r.method, r.path, w) for s, routes in SERVICES.items() for r in routes for w in Who}
    assert every <= cells
