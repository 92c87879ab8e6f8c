"""The war room put together: Flask, Dash on it, and the background loop beside them."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass

import flask
from dash import Dash
from prometheus_client import CollectorRegistry

from dashboard.actions import add_actions
from dashboard.alerts import Alerts, add_alerts
from dashboard.audit import add_audit
from dashboard.background import Background
from dashboard.desks import add_desks
from dashboard.feed import war_room_view
from dashboard.guards import add_guards
from dashboard.malformed import add_malformed
from dashboard.neighbours import Neighbours
from dashboard.pages import add_health, add_pages
from dashboard.panel import add_panel
from dashboard.places import Gazetteer
from dashboard.replay import add_replay
from dashboard.settings import DashboardSettings
from dashboard.shell import Script, add_script, layout, page
from dashboard.sign_in import Accounts, add_sign_in
from dashboard.snapshots import Snapshots, add_snapshots
from dashboard.squeeze import add_squeeze
from dashboard.trail import Trail
from election.access.access_list import AccessList
from election.access.identity import Admission
from election.access.sessions import EndedSessions
from election.access.telemetry import AccessTelemetry
from election.clock import open_clock
from election.feed_client.connection import follow_feed
from election.tokens import Tokens

BODY_LIMIT = 256 * 1024  # bytes of one request
LONGEST_TOKEN = 24 * 3600  # seconds that what was signed in a session may live after it: the feed's


@dataclass
class WarRoom:
    """The WSGI application and what runs beside it."""

    server: flask.Flask
    background: Background

    def stop(self) -> None:
        self.background.stop()


def build(settings: DashboardSettings, well: Callable[[], bool] = lambda: True) -> WarRoom:
    """The war room, its background loop running; `well`: whether its threads take requests.

    Raises `ValueError` where the secret is missing.
    """
    tokens = Tokens(settings.secret.get_secret_value())
    clock = open_clock(settings.clock_file)
    folder = settings.state / "dashboard"
    background = Background(settings.database_url)
    trail = Trail(background, clock, folder)
    registry = CollectorRegistry()
    access = AccessList(folder)
    admission = Admission(tokens, access.still_open, AccessTelemetry(registry).account)
    lifetime = max(settings.session_hours * 3600, LONGEST_TOKEN)
    ended = EndedSessions(folder, background.connection, lifetime)
    ended.load()
    if settings.database_url:
        access.load()
    known = Accounts(background, access, ended, admission)
    neighbours = Neighbours(background, settings, tokens)
    hearing = war_room_view()
    gazetteer = Gazetteer(background, folder, hearing.roster_changed)
    alerts = Alerts(background, settings, hearing, neighbours, clock)
    snapshots = Snapshots(settings, hearing, gazetteer, clock, folder / "snapshots")

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
    # Ours come before Dash's: its catch-all would otherwise answer first, and without asking who it is.
    add_squeeze(server)

    def signed_out(login: str) -> None:
        background.run(trail.record(login, "signed out everywhere", f"account:{login}", {}))

    add_sign_in(server, settings, known, signed_out)
    add_health(server, registry, lambda: {"election": gazetteer.places is not None}, well)
    add_pages(server, settings, gazetteer, tokens)
    add_audit(server, background, gazetteer, trail)
    add_actions(server, background, neighbours, gazetteer, trail)
    add_desks(server, background, neighbours, gazetteer, trail)
    add_alerts(server, background, alerts, trail)
    add_snapshots(server, snapshots)
    add_replay(server, background, neighbours)
    script = Script.read()
    add_script(server, script)
    app = Dash(
        "dashboard",
        server=server,  # type: ignore[arg-type]
        title="Beluga war room",
        update_title="",
        index_string=page(script),
        assets_ignore=r"\.js$",  # the board's own come as one script
        meta_tags=[{"name": "viewport", "content": "width=device-width, initial-scale=1"}],
        serve_locally=True,
        compress=False,
    )
    app.layout = layout
    add_panel(app, background, neighbours, gazetteer, clock)
    add_malformed(server, lambda: app.callback_map)
    hashes = list(app.csp_hashes())
    add_guards(server, settings, lambda: hashes)

    background.start()
    following = follow_feed(hearing, settings.feed_url, tokens, "war room", role="staff")
    for work in (gazetteer.watch(), known.follow(), trail.flush(), following, alerts.run(), snapshots.run()):
        background.keep(work)
    if settings.database_url:
        background.keep(access.follow(settings.database_url))
        background.keep(ended.keep_telling())
    return WarRoom(server, background)
