"""The four services as processes on one real database, with something of each kind in the county of Kent.

Nothing here belongs to pytest: `make security` may start it, too.
"""

import asyncio
import hashlib
import json
import os
import re
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from datetime import time as wall
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import aiohttp
import asyncpg
import flask
from flask.sessions import SecureCookieSessionInterface
from itsdangerous import URLSafeTimedSerializer

from beluga.stack.ports import free_port
from election.access import accounts
from election.access import watcher_links as links
from election.access.accounts import Role
from election.access.routes import Who
from election.access.tokens import Tokens
from election.domain.day import Election, ElectionDay, Precinct, Watcher
from election.domain.ids import PrecinctId, WatcherId, check_in_id, message_id
from election.postgres.database import connect
from election.postgres.election_store import save_election
from election.runtime.clock import FileClock
from tests.intake.photos.provider import jpeg
from tests.intake.running import GENERIC_SECRET, SECRET, a_text, metric
from tests.preloaded import Process, started

NOON = datetime(2026, 11, 3, 17, tzinfo=UTC)  # 12:00 in New York
PASSWORD = "correct horse battery"
LONG_AGO = 3 * 86_400  # seconds; older than any token may be
UNREAD = 24  # texts of Kent that nobody can read: an item for each cell that deals with one
# What of Kent would show in an answer: places, people, phones, words.
KENT = ("K-01", "K-02", "Kent", "wat-kent", "+12155550101", "trouble at the hall")
PEOPLE = {
    Who.ELSEWHERE: ("sue", Role.LEAD, ("Sussex",)),
    Who.HERE: ("ken", Role.LEAD, ("Kent",)),
    Who.STAFF: ("ann", Role.STAFF, ()),
    Who.ADMIN: ("ada", Role.ADMIN, ()),
}
OWN_PRECINCT = {Who.ELSEWHERE: "S-01"}  # everybody else names Kent's

_LEASED = """
insert into leases
    (lease_id, voter_id, phone, precinct_id, caller_id, granted_at, expires_at, ended_at, ended_by)
values ($1, $2, $3, $4, $5, $6, $7, $7, 'outcome')
"""
_ASKED_FOR_A_RIDE = """
insert into calls (outcome_id, lease_id, voter_id, phone, precinct_id, caller_id, outcome, at,
                   rest_until, whole_phone, next_move)
select lease_id, lease_id, voter_id, phone, precinct_id, caller_id, 'needs_ride', ended_at,
       'infinity', false, 'staff'
from leases where ended_by = 'outcome'
"""
_ALERT = """
insert into alerts (alert_id, rehearsal, kind, subject, precinct_id, county, reason, raised_at)
values ($1, false, 'lagging', 'K-01', 'K-01', 'Kent', 'trouble at the hall', $2)
"""
_DRIVERS = """
insert into callers (caller_id, name, barred, role)
values ('d-kent', 'Driver one', false, 'driver'), ('d-barred', 'Driver two', true, 'driver');
insert into callers (caller_id, name, barred, role)
values ('v-kent', 'Canvasser one', false, 'canvasser'), ('v-barred', 'Canvasser two', true, 'canvasser');
insert into drivers (caller_id, seats) values ('d-kent', 4), ('d-barred', 4)
"""
# Behind doors alone: nobody calls who has no phone.
_HOUSES = """
insert into voters (voter_id, precinct_id, roll_number, name, phone, address)
select 'K-01/d' || n, 'K-01', '', 'Neighbour ' || n, '', n || ' Elm Street' from generate_series(1, 12) n
"""
_RIDE = """
insert into rides (ride_id, voter_id, phone, precinct_id, asked_by, wanted_at, since)
select $1, voter_id, phone, precinct_id, 'ann', $2, $2 from voters where voter_id = $3
"""
# All that a write could leave behind, and nothing that services change by themselves.
_LEFT = """
select json_build_object(
    'messages', (select count(*) from messages where provider <> 'generic'),
    'open', (select json_agg(precinct_id || coalesce(callers_wanted, 0) order by 1) from
             (select precinct_id, callers_wanted from dispatches where ended_at is null order by 1) d),
    'barred', (select json_agg(caller_id order by caller_id) from callers where barred),
    'callers', (select count(*) from callers), 'banks', (select count(*) from phone_banks),
    'trials', (select json_agg(ended_at is null) from script_trials),
    'lists', (select count(*) from call_lists), 'limits', (select json_agg(l) from dispatch_limits l),
    'accounts', (select json_agg(login || epoch order by login) from accounts),
    'watchers', (select json_agg(w order by watcher_id) from watchers w),
    'watcher_links', (select json_agg(l order by watcher_id) from watcher_links l),
    'rides', (select json_agg(state order by ride_id) from rides where asked_by not like 'c-%'),
    'taken', (select count(*) from desk_takes), 'calls', (select count(*) from calls),
    'acknowledged', (select count(*) from alerts where acknowledged_by is not null),
    'invited', (select count(*) from outbox where purpose = 'roll_call' and watcher_id = 'wat-kent'))
"""


def election() -> Election:
    """K-01 in Kent and S-01 in Sussex, each with a watcher; K-02 and S-02 never say a word."""
    watched = (("K-01", "Hall in Kent", "Kent"), ("S-01", "Hall in Sussex", "Sussex"))
    places = (*watched, ("K-02", "Annex in Kent", "Kent"), ("S-02", "Annex in Sussex", "Sussex"))
    return Election(
        ElectionDay("Sample", date(2026, 11, 3), "America/New_York", wall(7), wall(20)),
        tuple(Precinct(PrecinctId(p), n, 1800, county=c, expected_votes=400.0) for p, n, c in places),
        watchers=tuple(
            Watcher(
                WatcherId(f"wat-{c.lower()}"), f"Watcher of {c}", f"+121555501{n:02}", "en", (PrecinctId(p),)
            )
            for n, (p, _, c) in enumerate(watched, 1)
        ),
    )  # fmt: skip


def aged(purpose: str, value: Any, seconds: int = LONG_AGO, secret: str = SECRET) -> str:
    """A token signed so many seconds ago."""

    class Then(URLSafeTimedSerializer):
        def make_signer(self, salt: Any = None) -> Any:
            signer = super().make_signer(salt)
            signer.get_timestamp = lambda: int(time.time()) - seconds  # type: ignore[attr-defined]
            return signer

    return str(Then(secret, salt=f"beluga.{purpose}").dumps(value))


@dataclass
class Got:
    """An answer."""

    status: int
    text: str
    headers: dict[str, str] = field(default_factory=dict)


@dataclass
class House:
    """Addresses, tokens and what there is. Made by `house()`."""

    folder: Path
    database_url: str
    web: aiohttp.ClientSession
    ports: dict[str, int]
    tokens: Tokens = field(default_factory=lambda: Tokens(SECRET))
    processes: list[Process] = field(default_factory=list)
    cookies: dict[Who, str] = field(default_factory=dict)
    csrf: dict[Who, str] = field(default_factory=dict)
    unread: list[str] = field(default_factory=list)
    photo: UUID = field(default_factory=uuid4)  # Kent's, from the form
    count: UUID = field(default_factory=uuid4)  # Kent's check-in that decisions are about
    alert: UUID = field(default_factory=uuid4)
    bank: str = ""
    list_id: str = ""
    ride: UUID = field(default_factory=uuid4)  # of Kent, without a driver
    frame: str = ""  # the board's page, which names its scripts
    looking: asyncpg.Connection | None = None  # at what was done: one for all the looks
    forged: dict[Who, str] = field(default_factory=dict)  # sessions that nobody gave them

    def url(self, service: str) -> str:
        return f"http://127.0.0.1:{self.ports[service]}"

    # ------------------------------------------------------------------ asking

    async def ask(self, service: str, method: str, path: str, **more: Any) -> Got:
        """One request; redirects are answers."""
        async with self.web.request(
            method, self.url(service) + path, allow_redirects=False, **more
        ) as answer:  # fmt: skip
            text = (await answer.read()).decode("utf-8", "replace")
            return Got(answer.status, text, dict(answer.headers))

    async def listen(self, path: str) -> Got:
        """The feed's first two messages."""
        try:
            async with self.web.ws_connect(
                f"ws://127.0.0.1:{self.ports['feed']}{path}", max_msg_size=0
            ) as feed:
                return Got(101, "".join([await feed.receive_str() for _ in range(2)]))
        except aiohttp.WSServerHandshakeError as error:
            return Got(error.status, "")

    async def staff(self, service: str, method: str, path: str, **more: Any) -> Any:
        """What staff are answered, as JSON."""
        got = await self.ask(service, method, path, headers=self.bearer(self.token(Who.STAFF)), **more)
        assert got.status < 300, (path, got)
        return json.loads(got.text) if got.text else None

    # ------------------------------------------------------------------ what they hold

    def claims(self, who: Who) -> dict[str, Any]:
        login, role, counties = PEOPLE[who]
        return {"account": login, "role": role.value, "counties": list(counties) or None, "epoch": 0}

    def token(self, who: Who, purpose: str = "service") -> str:
        """What this person would show; who holds a link shows it, whatever they are asked for."""
        match who:
            case Who.NOBODY:
                return ""
            case Who.WATCHER:
                return self.tokens.sign("watcher", {"w": "wat-kent"})
            case Who.CALLER:
                return self.tokens.sign("caller", {"c": "c-kent"})
            case Who.DRIVER:
                return self.tokens.sign("driver", {"c": "d-kent"})
            case Who.CANVASSER:
                return self.tokens.sign("canvasser", {"c": "v-kent"})
            case Who.CAPTAIN:
                return self.tokens.sign("captain", {"account": "ann", "bank": self.bank})
            case Who.EXPIRED:
                return aged(purpose, self.claims(Who.ADMIN))
            case _:
                return self.tokens.sign(purpose, self.claims(who))

    def expired(self, kind: str) -> str:
        """A link of this kind that was taken away, or is too old."""
        match kind:
            case "watcher":
                return self.tokens.sign("watcher", {"w": "wat-sussex"})  # revoked
            case "caller":
                return self.tokens.sign("caller", {"c": "c-barred"})
            case "driver":
                return self.tokens.sign("driver", {"c": "d-barred"})
            case "canvasser":
                return self.tokens.sign("canvasser", {"c": "v-barred"})
            case _:
                return aged("captain", {"account": "ann", "bank": self.bank})

    @staticmethod
    def bearer(token: str) -> dict[str, str]:
        return {"Authorization": f"Bearer {token}"} if token else {}

    def session(self, who: Who) -> dict[str, str]:
        """A signed-in person's cookie; of others the best they could forge."""
        if who in self.cookies:
            return {"Cookie": f"beluga={self.cookies[who]}", "X-CSRF": self.csrf[who]}
        if who is Who.NOBODY:
            return {}
        if who is Who.CAPTAIN:
            return {"Cookie": f"beluga={self.token(who)}"}
        if who not in self.forged:
            changed = {"login": who.value, "role": who.value}
            old = who is Who.EXPIRED
            self.forged[who] = (
                self.resigned(Who.ADMIN, LONG_AGO) if old else self.resigned(Who.STAFF, 0, **changed)
            )
        csrf = self.csrf[Who.ADMIN if who is Who.EXPIRED else Who.STAFF]
        return {"Cookie": f"beluga={self.forged[who]}", "X-CSRF": csrf}

    def resigned(self, who: Who, seconds: int, **changes: Any) -> str:
        """The session of a person, signed again: so many seconds ago, or with other values in it."""
        app = flask.Flask("forger")
        app.secret_key = _session_key(SECRET)
        signing = SecureCookieSessionInterface().get_signing_serializer(app)
        assert signing is not None
        value = signing.loads(self.cookies[who]) | changes
        if seconds:
            made = signing.make_signer

            def then(salt: Any = None) -> Any:
                signer = made(salt)
                signer.get_timestamp = lambda: int(time.time()) - seconds  # type: ignore[attr-defined]
                return signer

            signing.make_signer = then  # type: ignore[method-assign]
        return str(signing.dumps(value))

    # ------------------------------------------------------------------ what was done

    async def left(self) -> dict[str, Any]:
        """What writes have left behind, once the journal is drained."""
        async with asyncio.timeout(60):
            while await metric(self.web, self.url("intake"), "beluga_intake_journal_depth"):
                await asyncio.sleep(0.05)
        assert self.looking
        found = await self.looking.fetchval(_LEFT)
        return dict(found if isinstance(found, dict) else json.loads(found))

    async def voter(self) -> str:
        """The lease that the caller holds, a new one where they hold none."""
        got = await self.ask("callers", "POST", "/api/lease", headers=self.bearer(self.token(Who.CALLER)))
        voter = json.loads(got.text)["voter"]
        assert voter, got.text
        return str(voter["lease_id"])

    async def driven(self) -> str:
        """The ride that the driver has, or is offered."""
        got = await self.ask(
            "callers", "POST", "/api/rides/next", headers=self.bearer(self.token(Who.DRIVER))
        )
        ride = json.loads(got.text)["ride"]
        assert ride, got.text
        return str(ride["ride_id"])

    async def visited(self) -> str:
        """A voter behind a door that the canvasser holds."""
        got = await self.ask(
            "callers", "POST", "/api/doors/next", json={"precinct_id": "K-01"},
            headers=self.bearer(self.token(Who.CANVASSER)),
        )  # fmt: skip
        people = (one for door in json.loads(got.text)["doors"] for one in door["people"])
        return next(str(one["lease_id"]) for one in people if not one["gone"])

    # ------------------------------------------------------------------ starting

    async def start(self) -> None:
        await self._fill()
        self.looking = await connect(self.database_url)
        FileClock(self.folder / "clock").set(NOON, 1.0)
        for service in ("tally", "intake", "callers", "dashboard"):
            self._run(service)
        for service in ("tally", "intake", "callers", "dashboard"):
            await self._until(service, "/readyz", {})
        await self._use()

    async def stop(self) -> None:
        if self.looking:
            await self.looking.close()
        for process in self.processes:
            process.terminate()
        for process in self.processes:
            process.wait(20)

    def _run(self, service: str) -> None:
        state = self.folder / service
        state.mkdir(exist_ok=True)
        environment = os.environ | {
            "BELUGA_DATABASE_URL": self.database_url, "BELUGA_SECRET": SECRET, "BELUGA_STATE": str(state),
            "BELUGA_GENERIC_SECRET": GENERIC_SECRET, "BELUGA_CLOCK_FILE": str(self.folder / "clock"),
            "BELUGA_FEED_URL": f"ws://127.0.0.1:{self.ports['feed']}", "BELUGA_JOURNAL_BALLAST_MIB": "0",
            "BELUGA_OUTBOUND_QUIET": "00:00-00:00", "BELUGA_POLL_SECONDS": "0.2",
            **{f"BELUGA_{name.upper()}_PORT": str(port) for name, port in self.ports.items()},
            **{f"BELUGA_{name.upper()}_URL": self.url(name) for name in self.ports if name != "feed"},
        }  # fmt: skip
        with (self.folder / f"{service}.log").open("ab") as log:
            self.processes.append(started(service, environment, log))

    async def _until(self, service: str, path: str, headers: dict[str, str], words: str = "") -> Got:
        async with asyncio.timeout(120):
            while True:
                try:
                    got = await self.ask(service, "GET", path, headers=headers)
                    if got.status == 200 and words in got.text:
                        return got
                except aiohttp.ClientError:
                    pass
                await asyncio.sleep(0.1)

    async def _fill(self) -> None:
        """What lies in the database before anybody is started."""
        connection = await connect(self.database_url)
        async with connection.transaction():
            await save_election(connection, election())
        for login, role, counties in PEOPLE.values():
            await accounts.add(connection, login, role, PASSWORD, counties)
        await connection.executemany(
            "insert into callers (caller_id, name, barred, counties, elsewhere) values ($1, $2, $3, $4, $5)",
            [
                ("c-kent", "Caller one", False, ["Kent"], False), ("c-bank", "Caller two", False, [], True),
                ("c-off", "Caller three", False, ["Kent"], False), ("c-barred", "Caller", True, [], True),
            ],
        )  # fmt: skip
        await connection.execute(_DRIVERS)
        voters = [
            (f"{p}/{n}", p, str(n), f"Voter {n}", f"+1215556{k}{n:03}", 60)
            for k, p in enumerate(("K-01", "S-01"), 1)
            for n in range(40)
        ]
        await connection.copy_records_to_table(
            "voters", records=voters,
            columns=["voter_id", "precinct_id", "roll_number", "name", "phone", "support"],
        )  # fmt: skip
        await connection.execute(_HOUSES)
        for ride, minutes, voter in ((self.ride, 3, "K-01/38"), (uuid4(), 5, "K-01/39")):
            await connection.execute(_RIDE, ride, NOON - timedelta(minutes=minutes), voter)
        for caller, precinct in (("c-kent", "K-01"), ("c-bank", "S-01")):
            shown = NOON - timedelta(minutes=30)
            await connection.execute(
                _LEASED, uuid4(), f"{precinct}/0", "+12155550199", precinct, caller, shown,
                shown + timedelta(minutes=5),
            )  # fmt: skip
        await connection.execute(_ASKED_FOR_A_RIDE)
        await connection.execute(_ALERT, self.alert, NOON - timedelta(minutes=5))
        await links.revoke(connection, ["wat-sussex"])
        await connection.close()

    async def _use(self) -> None:
        """What comes in through the services themselves."""
        await self._until("intake", "/hotline/places", self._hotline(Who.STAFF), "K-01")
        texts = [
            "190",
            "9999",
            "! trouble at the hall",
            *(f"mumble mumble {'hm' * n}zzz" for n in range(UNREAD)),
        ]
        for n, words in enumerate(texts):
            body, headers = a_text(f"k{n}", words, "+12155550101")
            got = await self.ask("intake", "POST", "/sms/generic", data=body, headers=headers)
            assert got.status == 200, got
        self.count = check_in_id(message_id("generic", "k0"), 0)
        headers = self.bearer(self.token(Who.WATCHER))
        path = f"/checkins/{uuid4()}/photos/{self.photo}?precinct=K-01"
        got = await self.ask("intake", "PUT", path, data=jpeg(), headers=headers)
        assert got.status == 200, got
        await self.left()
        page = await self.staff("intake", "GET", "/desks/unread?limit=100")
        self.unread = [item["id"] for item in page["items"]]
        assert len(self.unread) == UNREAD
        bearer = self.bearer(self.token(Who.STAFF))
        await self._until("tally", "/incidents", bearer, "trouble at the hall")
        await self._until("tally", "/standings.csv", bearer, "K-01")
        for precinct in ("K-01", "S-01"):
            await self.opened(precinct)
        bank = {"name": "Union hall", "most_callers": 500, "hours": 8}
        self.bank = (await self.staff("callers", "POST", "/phone-banks", json=bank))["code"]
        connection = await connect(self.database_url)
        await connection.execute("update callers set phone_bank = $1 where caller_id = 'c-bank'", self.bank)
        await connection.close()
        order = {"precinct_id": "K-01", "lines": 1}
        self.list_id = (await self.staff("callers", "POST", "/lists", json=order))["list_id"]
        await self.trial(True)
        for who in PEOPLE:
            await self._sign_in(who)
        session = self.session(Who.STAFF)
        await self._until("dashboard", "/snapshot", session, "trouble at the hall")
        await self._until("dashboard", "/snapshots", session, "Z.html")
        await self._until("dashboard", "/alerts", session, "trouble at the hall")
        self.frame = (await self.ask("dashboard", "GET", "/", headers=session)).text

    async def opened(self, precinct: str) -> None:
        """Callers may call there; a service that has just begun may not know the precinct yet."""
        async with asyncio.timeout(60):
            while True:
                got = await self.ask(
                    "callers", "POST", "/dispatches", json={"precinct_id": precinct},
                    headers=self.bearer(self.token(Who.STAFF)),
                )  # fmt: skip
                if got.status == 201:
                    return
                await asyncio.sleep(0.1)

    async def trial(self, running: bool) -> None:
        """A trial of scripts runs, or does not."""
        headers = self.bearer(self.token(Who.STAFF))
        await self.ask("callers", "DELETE", "/trials", headers=headers)
        if running:
            await self.staff("callers", "POST", "/trials", json=TRIAL)

    def _hotline(self, who: Who) -> dict[str, str]:
        return {"Cookie": f"beluga_hotline={self.token(who, 'staff')}"}

    async def _sign_in(self, who: Who) -> None:
        login = PEOPLE[who][0]
        jar = aiohttp.CookieJar(unsafe=True)
        async with aiohttp.ClientSession(self.url("dashboard"), cookie_jar=jar) as browser:
            async with browser.get("/login") as page:
                csrf = re.search(r'name="csrf" value="([^"]+)"', await page.text())
            assert csrf
            form = {"csrf": csrf[1], "next": "/", "login": login, "password": PASSWORD}
            async with browser.post("/login", data=form, allow_redirects=False) as answer:
                assert answer.status == 303, await answer.text()
            async with browser.get("/boot") as boot:
                self.csrf[who] = str((await boot.json())["csrf"])
            self.cookies[who] = next(c.value for c in jar if c.key == "beluga")


_LINES = ["Hello {name}, this is {caller}.", "Will you vote today?"]
TRIAL = {"variants": {"one": {"en": _LINES}, "two": {"en": _LINES}}, "most_answers": 100}


def _session_key(secret: str) -> str:
    """As `dashboard.app.build` makes it."""
    return hashlib.sha256(b"beluga.session." + secret.encode()).hexdigest()


@asynccontextmanager
async def house(folder: Path, database_url: str) -> AsyncIterator[House]:
    """The services, filled and running, on a fresh, migrated database."""
    ports = {name: free_port() for name in ("intake", "tally", "callers", "dashboard", "feed")}
    async with aiohttp.ClientSession(
        cookie_jar=aiohttp.DummyCookieJar(), timeout=aiohttp.ClientTimeout(20)
    ) as web:
        made = House(folder, database_url, web, ports)
        try:
            await made.start()
            yield made
        finally:
            await made.stop()
