"""The war room put together: Flask, Dash on it, and the background loop beside them."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass

import flask
from prometheus_client import CollectorRegistry

from dashboard.accounts.audit_log import AuditLog
from dashboard.accounts.sign_in import Accounts
from dashboard.accounts.sign_in_pages import SignInPages
from dashboard.alerts.alerts import Alerts, add_alerts
from dashboard.board.actions import add_actions
from dashboard.board.replay import add_replay
from dashboard.board.routes import BoardData, add_health
from dashboard.board.snapshots import Snapshots, add_snapshots
from dashboard.bridge.async_bridge import AsyncBridge
from dashboard.bridge.gzip import add_gzip
from dashboard.bridge.malformed import add_malformed
from dashboard.bridge.security_headers import add_security_headers
from dashboard.browser import Scripts, add_scripts
from dashboard.clients.feed import war_room_view
from dashboard.clients.service_clients import ServiceClients
from dashboard.components.part import declare_nodes
from dashboard.day.day_record import DayRecord
from dashboard.debrief.page import DebriefPage
from dashboard.desks.desks import DeskPages
from dashboard.desks.threads import ThreadPages
from dashboard.languages import add_languages, languages
from dashboard.map.places import Gazetteer
from dashboard.office.audit import AuditPage
from dashboard.office.health.health_answers import HealthAnswers
from dashboard.office.health.preflight import KeptPreflights
from dashboard.office.pages import add_office
from dashboard.pages.frame import WarRoomDash
from dashboard.pages.pages import add_pages
from dashboard.pages.rides import RidesPage
from dashboard.precinct.panel import add_panel
from dashboard.settings import DashboardSettings
from dashboard.styles import StyleSheets, add_styles
from dashboard.webhook.telling import WebhookSender, keep_telling
from election.access.access_list import AccessList
from election.access.identity import Admission
from election.access.sessions import EndedSessions
from election.access.telemetry import AccessTelemetry
from election.access.tokens import Tokens
from election.feed_client.connection import follow_feed
from election.postgres.service_settings import keep_told
from election.runtime.clock import open_clock

BODY_LIMIT = 256 * 1024  # bytes of one request
LONGEST_TOKEN = 24 * 3600  # seconds that what was signed in a session may live after it: the feed's


@dataclass
class WarRoom:
    """The WSGI application, Dash on it, and what runs beside it."""

    server: flask.Flask
    bridge: AsyncBridge
    app: WarRoomDash

    def stop(self) -> None:
        self.bridge.stop()


def build(settings: DashboardSettings, well: Callable[[], bool] = lambda: True) -> WarRoom:
    """The war room, its background loop running; `well`: whether its threads take requests.

    Raises `ValueError` where the secret is missing.
    """
    tokens = Tokens(settings.secret.get_secret_value())
    clock = open_clock(settings.clock_file)
    folder = settings.state / "dashboard"
    bridge = AsyncBridge(settings.database_url)
    audit_log = AuditLog(bridge, clock, folder)
    registry = CollectorRegistry()
    access = AccessList(folder)
    admission = Admission(tokens, access.still_open, AccessTelemetry(registry).account)
    lifetime = max(settings.session_hours * 3600, LONGEST_TOKEN)
    ended = EndedSessions(folder, bridge.connection, lifetime)
    ended.load()
    if settings.database_url:
        access.load()
    known = Accounts(bridge, access, ended, admission)
    service_clients = ServiceClients(bridge, settings, tokens)
    feed = war_room_view()
    gazetteer = Gazetteer(bridge, folder, feed.roster_changed)
    alerts = Alerts(bridge, settings, feed, service_clients, clock)
    day_record = DayRecord(feed, folder)
    snapshots = Snapshots(settings, feed, gazetteer, clock, folder / "snapshots")

    server = flask.Flask("dashboard")
    server.config.update(
        SECRET_KEY=hashlib.sha256(
            b"beluga.session." + settings.secret.get_secret_value().encode()
        ).hexdigest(),
        SESSION_COOKIE_NAME="beluga",
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_SECURE=settings.cookie_secure,
        # Set at sign-in alone: an answer under way would else bring a session back that was just ended.
        SESSION_REFRESH_EACH_REQUEST=False,
        MAX_CONTENT_LENGTH=BODY_LIMIT,
    )
    found = languages(settings.languages)
    add_languages(server, found)
    # Ours come before Dash's: its catch-all would otherwise answer first, and without asking who it is.
    add_gzip(server)

    def signed_out(login: str) -> None:
        bridge.run(audit_log.record(login, "signed out everywhere", f"account:{login}", {}))

    SignInPages(settings, known, signed_out).add_to(server)
    registry.register(KeptPreflights(settings.state))
    add_health(server, registry, lambda: {"election": gazetteer.places is not None}, well)
    BoardData(settings, gazetteer, tokens, lambda *deed: bridge.run(audit_log.record(*deed))).add_to(server)
    add_actions(server, bridge, service_clients, gazetteer, audit_log)
    scripts = Scripts.read(found)
    styles = StyleSheets.read()

    def page() -> flask.Response:
        return app.index()

    DeskPages(bridge, service_clients, gazetteer, audit_log, page).add_to(server)
    ring = add_office(
        server, bridge, settings, tokens, gazetteer, service_clients, audit_log, scripts, feed, clock
    )
    ThreadPages(bridge, service_clients, gazetteer).add_to(server)
    add_alerts(server, bridge, alerts, audit_log)
    add_snapshots(server, snapshots)
    debrief = DebriefPage(settings, bridge, feed, service_clients, gazetteer, clock)
    debrief.add_to(server)
    add_scripts(server, scripts)
    add_styles(server, styles)
    add_replay(server, bridge, service_clients, page)
    server.add_url_rule("/audit", "audit_trail", page)
    declare_nodes()
    app = WarRoomDash(server, scripts, styles)
    audit = AuditPage(bridge, gazetteer, audit_log)
    audit.add_to(server)
    health = HealthAnswers(bridge, settings, feed)
    rides = RidesPage(bridge, service_clients, gazetteer)
    rides.add_routes(server)
    add_pages(app, gazetteer, feed, day_record, bridge, service_clients, debrief, audit.parts, health, rides)
    add_panel(app, bridge, service_clients, gazetteer, clock)
    add_malformed(server, lambda: app.callback_map)
    add_security_headers(server, settings, app.csp_hashes)  # Dash Pages adds a script with the first request

    bridge.start()
    following = follow_feed(feed, settings.feed_url, tokens, "war room", role="staff")
    for work in (
        gazetteer.watch(),
        known.follow(),
        audit_log.flush(),
        following,
        alerts.run(),
        snapshots.run(),
        day_record.run(),
    ):
        bridge.keep(work)
    if settings.database_url:
        bridge.keep(access.follow(settings.database_url))
        bridge.keep(ended.keep_telling())
        bridge.keep(keep_told(settings.database_url, "war room", settings))
        bridge.keep(ring.follow(settings.database_url))
        bridge.keep(ring.keep_noting(bridge))
        if not settings.rehearsal:  # what happens in a rehearsal is nobody's business outside
            bridge.keep(keep_telling(WebhookSender(bridge.connection, settings.secret.get_secret_value())))
    return WarRoom(server, bridge, app)
