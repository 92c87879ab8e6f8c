"""The office's pages put together: set-up, people, health; one line in the war room's `app.py`."""

import flask

from dashboard.accounts.audit_log import AuditLog
from dashboard.accounts.sign_in import person
from dashboard.api.calls import ApiCalls
from dashboard.api.keys import ApiKeys
from dashboard.bridge.async_bridge import AsyncBridge
from dashboard.browser import Scripts
from dashboard.clients.feed import WarRoomView
from dashboard.clients.service_clients import ServiceClients
from dashboard.languages import noted
from dashboard.map.places import Gazetteer
from dashboard.office.calling.caller_pages import CallerPages
from dashboard.office.calling.calling_pages import CallingPages
from dashboard.office.checklist import ChecklistPage
from dashboard.office.command_runs import CommandRuns
from dashboard.office.files.set_up import SetUp
from dashboard.office.files.set_up_pages import SetUpPages
from dashboard.office.first_account import FirstAccountPage
from dashboard.office.people.account_pages import AccountPages
from dashboard.office.people.link_pages import LinkPages
from dashboard.office.people.watcher_pages import WatcherPages
from dashboard.office.programs.key_pages import KeyPages
from dashboard.office.programs.webhook_pages import WebhookPages
from dashboard.office.record import OfficeRecord
from dashboard.office.settings_pages import SettingsPages
from dashboard.office.sheets.precinct_sheet import PrecinctSheet
from dashboard.office.sheets.watcher_sheet import WatcherSheet
from dashboard.settings import DashboardSettings
from election.access.accounts import Role
from election.access.tokens import Tokens
from election.runtime.clock import Clock

# Where, called what, and for admins alone or for everybody of the war room.
PAGES = (
    ("/office", noted("Checklist"), True),
    ("/office/setup", noted("Set-up"), True),
    ("/office/watchers", noted("Watchers"), False),
    ("/office/precincts", noted("Precincts"), False),
    ("/office/links", noted("Links"), False),
    ("/office/callers", noted("Callers"), False),
    ("/office/calling", noted("Calling"), False),
    ("/health", noted("Health"), False),
    ("/office/accounts", noted("Accounts"), True),
    ("/office/settings", noted("Settings"), True),
    ("/office/keys", noted("API keys"), True),
    ("/office/webhooks", noted("Webhooks"), True),
    ("/audit", noted("Audit"), True),
)


def add_office(  # noqa: PLR0917
    server: flask.Flask,
    bridge: AsyncBridge,
    settings: DashboardSettings,
    tokens: Tokens,
    gazetteer: Gazetteer,
    services: ServiceClients,
    audit_log: AuditLog,
    scripts: Scripts,
    feed: WarRoomView,
    clock: Clock,
) -> ApiKeys:
    """Adds every page of the office, and the API; its keys are to be kept current."""
    ring = ApiKeys()
    folder = settings.state / "dashboard" / "office"
    record = OfficeRecord(bridge, audit_log)
    runs = CommandRuns(bridge, settings.office_command, folder / "progress.json")

    @server.context_processor
    def office_pages() -> dict[str, object]:
        who = person()
        admin = who is not None and who.role is Role.ADMIN
        shown = [(path, title) for path, title, alone in PAGES if admin or not alone]
        return {"office_pages": shown, "sent_once": scripts.address("sent_once.js")}

    desk = WatcherPages(bridge, gazetteer, services, record)
    desk.add_to(server)
    WatcherSheet(desk, gazetteer, record, scripts).add_to(server)
    PrecinctSheet(bridge, gazetteer, record, scripts, clock, rehearsal=settings.rehearsal).add_to(server)
    LinkPages(bridge, settings, tokens, gazetteer, record).add_to(server)
    AccountPages(bridge, gazetteer, record).add_to(server)
    ChecklistPage(bridge, folder, runs, gazetteer, services, record).add_to(server)
    FirstAccountPage(bridge, tokens, audit_log).add_to(server)
    SetUpPages(bridge, SetUp(folder, runs), runs, gazetteer, record, scripts).add_to(server)
    CallerPages(bridge, settings, services, record).add_to(server)
    CallingPages(bridge, gazetteer, services).add_to(server)
    SettingsPages(bridge, settings).add_to(server)
    WebhookPages(bridge, settings, record).add_to(server)
    KeyPages(bridge, gazetteer, record, ring).add_to(server)
    ApiCalls(bridge, ring, feed, services, lambda *deed: bridge.run(audit_log.record(*deed))).add_to(server)
    return ring
