"""`/office`: from "no election" to "ready", line by line, each with the page where it is seen to."""

import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import flask
import orjson

from dashboard.accounts.sign_in import WarRoomUser, csrf_token, needs_role
from dashboard.bridge.async_bridge import AsyncBridge
from dashboard.clients.service_clients import ServiceClientError, ServiceClients
from dashboard.languages import code_words, coded, finding_words, noted, tr
from dashboard.map.places import Gazetteer, MapPlaces
from dashboard.office.command_runs import CommandRuns, RunBusyError
from dashboard.office.forms import NOT_ANSWERED, form_checked, who_asks
from dashboard.office.record import OfficeRecord
from election.access import accounts
from election.access.accounts import WAR_ROOM, Account, Role
from election.runtime.atomic_file import replace_file
from election.runtime.private_files import private_folder

WAITED = 6.0  # seconds that the page waits for the preflight before it says that it is under way
NAMED = 3  # precincts without a watcher that a line names
# Where each of the preflight's checks is seen to, as far as a page of ours does it.
_SEEN_TO = {
    "watchers": "/office/watchers?only=unwatched", "coverage": "/office/watchers?only=unwatched",
    "phones": "/desk/rollcall", "hours": "/office/setup", "database": "/health",
    "backup": "/health", "disk": "/health",
}  # fmt: skip
PREFLIGHT = noted("The preflight")


@dataclass(frozen=True, slots=True)
class ChecklistLine:
    """One thing to be done, or done. `where`: the page for it."""

    what: str
    done: bool
    said: str
    where: str = ""
    remedy: str = ""


def election_lines(here: MapPlaces | None) -> list[ChecklistLine]:
    """The election, and who watches it."""
    if here is None:
        return [ChecklistLine(noted("election"), False, tr("none has been imported"), "/office/setup")]
    day, precincts = here.day, here.precincts.values()
    said = tr(
        "{name}, {date}, {opens} to {closes}, {precincts} precincts",
        name=day.name,
        date=day.date,
        opens=f"{day.opens:%H:%M}",
        closes=f"{day.closes:%H:%M}",
        precincts=f"{len(here.precincts):,}",
    )
    bare = [p for p in precincts if p.precinct_id not in here.watchers_of]
    bare.sort(key=lambda p: -(p.expected_votes or p.registered))
    named = ", ".join(f"{p.name} ({p.precinct_id})" for p in bare[:NAMED])
    watched = tr(
        "{watched} of {all} precincts have a watcher",
        watched=f"{len(here.precincts) - len(bare):,}",
        all=f"{len(here.precincts):,}",
    )
    watched += tr("; without one, the largest first: {named}", named=named) if bare else ""
    return [
        ChecklistLine(noted("election"), True, said, "/office/setup"),
        ChecklistLine(noted("watchers"), not bare, watched, "/office/watchers?only=unwatched"),
        ChecklistLine(noted("languages"), True, ", ".join(day.languages), "/office/setup"),
    ]


def account_line(known: list[Account] | None) -> ChecklistLine:
    """Who can sign in."""
    if known is None:
        return ChecklistLine(noted("accounts"), False, tr("the database does not answer"), "/health")
    there = [a for a in known if a.role in WAR_ROOM and not a.disabled]
    counts = ", ".join(
        f"{sum(a.role is role for a in there)} {coded(role.value)}"
        for role in (Role.ADMIN, Role.STAFF, Role.LEAD)
    )
    alone = sum(a.role is Role.ADMIN for a in there) < 2
    said = tr(
        "{counts}; {n} with one-time codes",
        counts=counts,
        n=sum(bool(a.totp_secret) for a in there),
    )
    remedy = tr("a second admin, for when the first sleeps") if alone else ""
    return ChecklistLine(noted("accounts"), not alone, said, "/office/accounts", remedy)


def roll_call_line(answer: dict[str, Any] | None) -> ChecklistLine:
    """Whose phones are proven."""
    if answer is None:
        return ChecklistLine(noted("roll call"), False, tr("intake does not answer"), "/health")
    proven, all_of = int(answer.get("proven", 0)), int(answer.get("watchers", 0))
    wrong = len(answer.get("wrong_number", ()))
    said = tr("{proven} of {all} watchers have answered", proven=f"{proven:,}", all=f"{all_of:,}") + (
        tr(", {n} numbers are wrong", n=f"{wrong:,}") if wrong else ""
    )
    return ChecklistLine(noted("roll call"), proven == all_of and all_of > 0, said, "/desk/rollcall")


def preflight_lines(findings: list[dict[str, Any]]) -> list[ChecklistLine]:
    """What the last preflight found."""
    return [
        ChecklistLine(
            code_words(str(f["check"])), bool(f["passed"]), finding_words(str(f["said"])),
            _SEEN_TO.get(str(f["check"]), ""), finding_words(str(f.get("remedy", ""))),
        )
        for f in findings
    ]  # fmt: skip


def findings_in(text: str) -> list[dict[str, Any]]:
    """The JSON list in what the preflight printed; empty where there is none."""
    begin, end = text.find("[\n"), text.rfind("]")
    try:
        found = orjson.loads(text[begin : end + 1]) if begin >= 0 else []
    except orjson.JSONDecodeError:
        return []
    return [f for f in found if isinstance(f, dict) and {"check", "passed", "said"} <= f.keys()]


class ChecklistPage:
    """The page, and its preflight."""

    def __init__(  # noqa: PLR0917
        self,
        bridge: AsyncBridge,
        folder: Path,
        runs: CommandRuns,
        gazetteer: Gazetteer,
        services: ServiceClients,
        record: OfficeRecord,
    ) -> None:
        self._bridge, self._folder, self._runs = bridge, folder, runs
        self._gazetteer, self._services, self._record = gazetteer, services, record

    def add_to(self, server: flask.Flask) -> None:
        """Adds the routes, for admins only."""
        admins = needs_role(Role.ADMIN)
        server.get("/office")(admins(self.checklist))
        server.post("/office/preflight")(admins(form_checked(self.run_preflight)))

    def checklist(self) -> Any:
        """What is done, and what is still to do."""
        return self._page()

    def _page(self, problem: str = "", status: int = 200) -> Any:
        kept = self._kept()
        lines = [*election_lines(self._gazetteer.places), account_line(self._accounts())]
        if self._gazetteer.places is not None:
            lines.append(roll_call_line(self._roll_call(who_asks())))
        last = self._runs.last
        page = flask.render_template(
            "office_checklist.html", csrf=csrf_token(), lines=lines, problem=problem,
            preflight=preflight_lines(kept["findings"]) if kept else [],
            age_minutes=round((time.time() - kept["at"]) / 60) if kept else 0,
            running=self._runs.progress(), available=self._runs.available,
            failed=last.failed if last is not None and last.done and last.title == PREFLIGHT else "",
        )  # fmt: skip
        return flask.make_response(page, status)

    def run_preflight(self) -> Any:
        """Runs `beluga preflight`, as the command line does; it leaves two READY texts of nobody's phone."""
        if not self._runs.available:
            return self._page(tr("The preflight is run by the command line here: beluga preflight."), 409)
        who, local = who_asks(), flask.request.form.get("local") == "yes"

        async def work() -> None:
            done = await self._runs.command("preflight", "--json", *(["--local"] if local else []))
            private_folder(self._folder)
            findings = findings_in(done.text)
            kept = {"at": time.time(), "findings": findings}
            replace_file(self._folder / "preflight.json", orjson.dumps(kept))
            failed = [f["check"] for f in findings if not f["passed"]]
            await self._record.noted(who, "preflight", "stack", {"failed": failed})

        try:
            self._runs.begin(PREFLIGHT, work, WAITED)
        except RunBusyError as error:
            return self._page(f"{error}.", 409)
        return flask.redirect("/office#preflight", 303)

    def _kept(self) -> dict[str, Any] | None:
        try:
            kept = orjson.loads((self._folder / "preflight.json").read_bytes())
        except (OSError, orjson.JSONDecodeError):
            return None
        return kept if isinstance(kept, dict) and {"at", "findings"} <= kept.keys() else None

    def _accounts(self) -> list[Account] | None:
        async def ask() -> list[Account]:
            async with self._bridge.connection() as connection:
                return await accounts.read_all(connection)

        try:
            return self._bridge.run(ask(), timeout=3)
        except NOT_ANSWERED:
            return None

    def _roll_call(self, who: WarRoomUser) -> dict[str, Any] | None:
        try:
            return self._bridge.run(self._services.intake.ask(who, "GET", "/rollcall"), timeout=3)
        except (ServiceClientError, TimeoutError):
            return None
