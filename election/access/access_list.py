"""What is open now: accounts with their epochs, and the links and sessions that were ended.

Theory of operation. Every token that speaks for a person names an account and its epoch. PostgreSQL raises
the epoch at every change of an account (`0070_pre_access.sql`) and says so; each service then reads the list
again, and every `POLL_SECONDS` in any case. The list lies on disk in the service's folder, so that who is out
stays out while the database is away, and through a restart then. Before anything is known every signed token
is good: a lost file refuses no request, and where no account was ever made none can have been closed.
"""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import asyncpg
import orjson
import structlog

from election.access.identity import Identity
from election.postgres.pg_watch import watch
from election.runtime.atomic_file import replace_file
from election.runtime.private_files import private_folder

CHANNEL = "beluga_access"  # NOTIFY by triggers on the tables; it only wakes
POLL_SECONDS = 2.0  # access ends within five even where a notification is lost
FILE = "access.json"  # in the service's folder

# One statement, so that all of it is of one moment.
_NOW = """
select
  (select coalesce(jsonb_object_agg(login, jsonb_build_object(
      'epoch', epoch, 'role', role, 'counties', counties, 'disabled', disabled)), '{}') from accounts)
      as accounts,
  exists (select from former_accounts) as former,
  (select coalesce(jsonb_object_agg(kind || ':' || subject, ended_through), '{}') from ended_links) as links,
  (select coalesce(jsonb_agg(session_id order by session_id), '[]') from ended_sessions where until > now())
      as sessions,
  (select coalesce(jsonb_agg(caller_id order by caller_id), '[]') from callers where barred) as barred
"""

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class AccountStanding:
    """An account as others must know it."""

    epoch: int
    role: str
    counties: frozenset[str]
    disabled: bool = False

    def admits(self, identity: Identity) -> bool:
        """Whether the identity is this account as it is now. A link of before may name no role."""
        if self.disabled or identity.epoch != self.epoch or identity.role not in ("", self.role):
            return False
        return self.role != "lead" or (identity.counties is not None and identity.counties <= self.counties)

    def row(self) -> dict[str, Any]:
        counties = sorted(self.counties)
        return {"epoch": self.epoch, "role": self.role, "counties": counties, "disabled": self.disabled}


@dataclass(frozen=True, slots=True)
class Access:
    """What is open at one moment. `links`: kind and subject, to the highest number that is no longer good."""

    accounts: Mapping[str, AccountStanding] | None = None  # None: there never was one
    links: Mapping[str, int] = field(default_factory=dict)
    sessions: frozenset[str] = frozenset()  # ended ones
    barred: frozenset[str] = frozenset()  # callers and other volunteers

    def rows(self) -> dict[str, Any]:
        """What is kept on disk; `access_of` reads it."""
        return {
            "accounts": {login: one.row() for login, one in (self.accounts or {}).items()},
            "former": self.accounts is not None,
            "links": dict(self.links),
            "sessions": sorted(self.sessions),
            "barred": sorted(self.barred),
        }


def access_of(rows: Mapping[str, Any]) -> Access:
    """Reads what the database or the file says. Raises `ValueError`."""
    try:
        accounts = {str(login): _standing(one) for login, one in rows["accounts"].items()}
        links = {str(link): int(number) for link, number in rows["links"].items()}
        ended, barred = frozenset(map(str, rows["sessions"])), frozenset(map(str, rows["barred"]))
        return Access(accounts if accounts or rows["former"] else None, links, ended, barred)
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"not a list of open access: {error!r}") from None


def _standing(row: Mapping[str, Any]) -> AccountStanding:
    counties = frozenset(map(str, row["counties"]))
    return AccountStanding(int(row["epoch"]), str(row["role"]), counties, bool(row["disabled"]))


class AccessList:
    """Judges identities and links: from memory, from disk after a restart, following the database."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / FILE
        self._known: Access | None = None
        self._kept: Access | None = None  # what is on disk
        self._unkept = False  # the disk did not take it
        self.on_change: list[Callable[[], None]] = []  # called, in the loop that follows, after every change

    @property
    def known(self) -> bool:
        """Whether anything is known yet."""
        return self._known is not None

    def still_open(self, identity: Identity) -> bool:
        """Whether this identity's access stands. Our own machines have no account."""
        known = self._known
        if known is None or identity.machine:
            return True
        if identity.session in known.sessions:
            return False
        if known.accounts is None:
            return True
        account = known.accounts.get(identity.account)
        return account is not None and account.admits(identity)

    def link_stands(self, kind: str, subject: str, number: int) -> bool:
        """Whether a link that is no account's is still good; one made before links had numbers has 0."""
        return self._known is None or number > self._known.links.get(f"{kind}:{subject}", -1)

    def volunteer_stands(self, role: str, volunteer_id: str, number: int) -> bool:
        """Whether a caller's, driver's or canvasser's link is good, and they are not barred."""
        barred = self._known is not None and volunteer_id in self._known.barred
        return not barred and self.link_stands(role, volunteer_id, number)

    def learn(self, login: str, standing: AccountStanding) -> None:
        """An account just read from the database, ahead of the next look at all of them."""
        if self._known is not None:
            accounts = {**(self._known.accounts or {}), login: standing}
            self._known = Access(accounts, self._known.links, self._known.sessions, self._known.barred)

    def load(self) -> None:
        """Loads the last known state from disk; a torn or missing file is no error."""
        try:
            if self._path.parent.exists():
                private_folder(self._path.parent)
            self._known = self._kept = access_of(orjson.loads(self._path.read_bytes()))
        except FileNotFoundError:
            pass
        except (OSError, ValueError) as error:
            log.error("access_list_torn", error=str(error), remedy="it is fetched again from the database")

    async def adopt(self, now: Access) -> None:
        """Puts a state in force at once, and then on disk."""
        if now != self._known:
            self._known = now
            for call in self.on_change:
                call()
        if now == self._kept:
            return
        try:
            await asyncio.to_thread(replace_file, self._path, orjson.dumps(now.rows()))
            self._kept, self._unkept = now, False
        except OSError as error:  # in force all the same, until a restart; the next look tries again
            if not self._unkept:
                log.error(
                    "access_list_not_kept", error=str(error), remedy="make the service's folder writable"
                )
            self._unkept = True

    async def follow(self, url: str) -> None:
        """Keeps up with the database for ever; being without one is no error."""
        await watch(url, CHANNEL, access_now, self.adopt, "access list", POLL_SECONDS)


async def access_now(connection: asyncpg.Connection) -> Access:
    """What is open at this moment. Raises `ValueError`, or what a query may raise."""
    row = await connection.fetchrow(_NOW)
    return access_of(dict(row or {}))
