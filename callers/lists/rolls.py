"""A precinct's roll for its own watcher's phone: who may have it, until when, and how often.

Theory of operation (docs/decisions/0031-rolls-on-phones.md). A watcher's link opens the rolls of their
own precincts and nothing else. Numbers name nobody and go to whoever watches there. Names and addresses
go only where the operator allows it (`BELUGA_ROLL_NAMES`), from twelve hours before the polls open until
an hour after they close, sealed for that link and precinct: intake passes on what it does not open, and
the phone keeps it as it came. The key goes out with each look at the strike-offs; who is given it no
more (link revoked, precinct taken away, day over) holds noise. Each download is a row and a line of the
audit, and a link has few.
"""

import asyncio
import base64
import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import cast
from uuid import uuid4

import asyncpg
import orjson
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from callers.dispatch.places import Place
from callers.errors import CallersError
from callers.queries.statements import statements
from callers.voters.encryption import Encryption
from election.access.audit import record
from election.runtime.clock import Clock
from election.wire.callers import RollState

BEFORE_OPENING = timedelta(hours=12)  # names are fetched at home, where there is a signal
AFTER_CLOSING = timedelta(hours=1)
BUDGET = timedelta(hours=24)  # in which a link has so many downloads
_VERSION_SECONDS, _STRUCK_SECONDS = 30.0, 3.0  # real; watchers of one place ask for the same
_NONCE_BYTES = 12
_SQL = statements("rolls")


class NoRollError(CallersError):
    """There is no roll of that precinct for this link."""


class ClosedRollError(CallersError):
    """The polls have been closed for an hour: the roll is gone."""


class RollBudgetError(CallersError):
    """This link has fetched the names there as often as it may."""


class EndedLinkError(CallersError):
    """The watcher's link is no longer good."""


@dataclass(frozen=True, slots=True)
class RollLink:
    """A watcher's link, as its signature says."""

    watcher_id: str
    number: int


class Rolls:
    """Rolls, and what is struck off there, for watchers' links."""

    def __init__(
        self,
        pool: asyncpg.Pool,
        encryption: Encryption,
        at: Clock,
        place: Callable[[str], Place | None],
        secret: str,
        *,
        names: bool,
        downloads: int,
    ) -> None:
        self._pool = pool
        self._encryption = encryption
        self._at = at
        self._place = place
        self._secret = secret
        self._names = names
        self._downloads = downloads
        self._versions: dict[str, tuple[float, int, str]] = {}
        self._struck: dict[str, tuple[float, list[str]]] = {}

    async def state(self, link: RollLink, precinct_id: str) -> RollState:
        """What is struck off there, which roll is in force, and the key that opens it.

        Raises `EndedLinkError`, `NoRollError`, `ClosedRollError`.
        """
        place = await self._own(link, precinct_id)
        voters, version = await self._version(precinct_id)
        if not voters:
            raise NoRollError
        names = self._names_now(place)
        left = place.closes_at + AFTER_CLOSING - self._at.now()
        return RollState(
            precinct_id=precinct_id,
            voters=voters,
            names=names,
            version=f"{'names' if names else 'numbers'}-{version}",
            struck=await self._struck_off(precinct_id),
            key=base64.b64encode(self._key(link, precinct_id)).decode() if names else "",
            gone_in_seconds=left.total_seconds() / max(1.0, self._at.speed),
        )

    async def numbers(self, link: RollLink, precinct_id: str) -> bytes:
        """The roll without names, as JSON. Raises as `state` does."""
        await self._own(link, precinct_id)
        rows = await self._pool.fetch(_SQL["roll"], precinct_id)
        if not rows:
            raise NoRollError
        return orjson.dumps([[r["roll_number"], "", "", r["voted"]] for r in rows])

    async def sealed(self, link: RollLink, precinct_id: str) -> bytes | None:
        """The roll with names, sealed; audited. None where names are not (now) to be had.

        Raises as `state` does, and `RollBudgetError`.
        """
        place = await self._own(link, precinct_id)
        if not self._names_now(place):
            return None
        now = self._at.now()
        async with self._pool.acquire() as proxy, proxy.transaction():
            connection = cast(asyncpg.Connection, proxy)
            await connection.execute(_SQL["own_link"], link.watcher_id, link.number)
            taken = await connection.fetchval(
                _SQL["shown_lately"], link.watcher_id, link.number, precinct_id, now - BUDGET
            )
            if taken >= self._downloads:
                raise RollBudgetError
            rows = await connection.fetch(_SQL["roll"], precinct_id)
            if not rows:
                raise NoRollError
            await connection.execute(
                _SQL["shown"], uuid4(), link.watcher_id, link.number, precinct_id, len(rows), now
            )
            detail = {"voters": len(rows), "link": link.number, "download": taken + 1}
            await record(
                connection, now, f"watcher:{link.watcher_id}", "roll shown", f"precinct:{precinct_id}", detail
            )
        return await asyncio.to_thread(self._seal, self._key(link, precinct_id), rows)

    def struck_anew(self) -> None:
        """The log has brought strike-offs: what is remembered of them is old."""
        self._struck.clear()

    async def _own(self, link: RollLink, precinct_id: str) -> Place:
        row = await self._pool.fetchrow(_SQL["watcher"], link.watcher_id)
        if row is None or link.number <= row["revoked_through"]:
            raise EndedLinkError
        place = self._place(precinct_id)
        if place is None or precinct_id not in row["precinct_ids"]:
            raise NoRollError
        if self._at.now() >= place.closes_at + AFTER_CLOSING:
            raise ClosedRollError
        return place

    def _names_now(self, place: Place) -> bool:
        early = place.opens_at is not None and self._at.now() < place.opens_at - BEFORE_OPENING
        return self._names and not early

    def _key(self, link: RollLink, precinct_id: str) -> bytes:
        """The key of one link's roll of one precinct. Another link, another key."""
        whose = orjson.dumps(["beluga roll", link.watcher_id, link.number, precinct_id])
        return HKDF(algorithm=hashes.SHA256(), length=32, salt=None, info=whose).derive(self._secret.encode())

    def _seal(self, key: bytes, rows: list[asyncpg.Record]) -> bytes:
        lines = []
        for r in rows:
            person = self._encryption.person(r["voter_id"], r["name"], "", r["sealed"], r["address"])
            lines.append([r["roll_number"], person.name, person.address, r["voted"]])
        nonce = os.urandom(_NONCE_BYTES)
        return nonce + AESGCM(key).encrypt(nonce, orjson.dumps(lines), None)

    async def _version(self, precinct_id: str) -> tuple[int, str]:
        known = self._versions.get(precinct_id)
        if known is None or time.monotonic() - known[0] > _VERSION_SECONDS:
            row = await self._pool.fetchrow(_SQL["version"], precinct_id)
            assert row is not None  # an aggregate
            known = (time.monotonic(), row["voters"], row["version"] or "")
            self._versions[precinct_id] = known
        return known[1], known[2]

    async def _struck_off(self, precinct_id: str) -> list[str]:
        known = self._struck.get(precinct_id)
        if known is None or time.monotonic() - known[0] > _STRUCK_SECONDS:
            rows = await self._pool.fetch(_SQL["struck"], precinct_id)
            known = (time.monotonic(), [r["roll_number"] for r in rows])
            self._struck[precinct_id] = known
        return known[1]
