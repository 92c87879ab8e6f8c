"""Somebody with a phone bank's code pretends to be many, and takes as many voters' phones as they are given.

    found = await harvest("http://127.0.0.1:8403", "abcdefgh", sign_ups=60, rounds=5)

Against any callers' service that runs: what `make security` prints, and what tests hold to.
"""

import asyncio
import re
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

import aiohttp

_TOKEN = re.compile(r"/c/([\w.~%-]{1,500})$")
_TIMEOUT = aiohttp.ClientTimeout(total=30)


@dataclass
class Harvest:
    """What it brought. `phones`: different numbers; `unasked`: voters named before anybody pressed *Call*."""

    sign_ups: int = 0
    joined: int = 0
    leases: int = 0
    dials: int = 0
    refused: int = 0  # dials that a budget held back
    unasked: int = 0
    seconds: float = 0.0
    reasons: Counter[str] = field(default_factory=Counter)  # of answers without a voter or a phone
    phones: set[str] = field(default_factory=set, repr=False)

    @property
    def row(self) -> dict[str, int | float]:
        """Counts, for a table."""
        return {
            "sign-ups": self.sign_ups, "joined": self.joined, "leases": self.leases, "dials": self.dials,
            "held back": self.refused, "named before Call": self.unasked, "phones taken": len(self.phones),
            "seconds": round(self.seconds, 1),
        }  # fmt: skip


async def harvest(
    url: str, code: str, *, sign_ups: int = 60, rounds: int = 5, outcome: str = "", forwarded: str = ""
) -> Harvest:
    """Signs up, then all ask, dial and release, so many times; with `outcome` they report that instead.

    `forwarded`: the address it claims to come from, where `url` is behind a trusted proxy.
    """
    found = Harvest(sign_ups=sign_ups)
    headers = {"X-Forwarded-For": forwarded} if forwarded else {}
    async with aiohttp.ClientSession(timeout=_TIMEOUT, headers=headers) as session:
        tokens = [token for n in range(sign_ups) if (token := await sign_up(session, url, code, f"V {n}"))]
        found.joined = len(tokens)
        began = time.monotonic()
        await asyncio.gather(*(_take(session, url, t, found, rounds, outcome) for t in tokens))
        found.seconds = time.monotonic() - began
    return found


async def sign_up(session: aiohttp.ClientSession, url: str, code: str, name: str) -> str:
    """The link's token of a new caller; empty where the service takes none."""
    form = {"code": code, "name": name, "contact": "", "speaks": "en"}
    async with session.post(f"{url}/c/join", data=form, allow_redirects=False) as answer:
        at = _TOKEN.search(answer.headers.get("Location", "")) if answer.status == 303 else None
    return at[1] if at else ""


async def ask(
    session: aiohttp.ClientSession, url: str, token: str, path: str, said: object, method: str = "POST"
) -> dict[str, Any]:
    """The answer of the callers' API, empty where it has none."""
    headers = {"Authorization": f"Bearer {token}"}
    async with session.request(method, url + path, json=said, headers=headers) as answer:
        content = await answer.read()
        return await answer.json() if content else {}


async def _take(
    session: aiohttp.ClientSession, url: str, token: str, found: Harvest, rounds: int, outcome: str
) -> None:
    for _ in range(rounds):
        answer = await ask(session, url, token, "/api/lease", {})
        voter = answer.get("voter")
        found.leases += 1
        if voter is None:
            found.reasons[f"lease: {answer.get('reason')}"] += 1
            continue
        if voter.get("phone") or voter.get("name"):
            found.unasked += not voter.get("shown")
            found.phones |= {voter["phone"]} - {""}
        lease = {"lease_id": voter["lease_id"]}
        shown = await ask(session, url, token, "/api/dial", lease)
        found.dials += 1
        found.phones |= {shown.get("phone", "")} - {""}
        found.reasons[f"dial: {shown.get('reason')}"] += not shown.get("phone")
        found.refused += shown.get("reason") in ("too_fast", "unreported")
        if outcome and shown.get("live"):
            report = {"outcome_id": str(uuid4()), "outcome": outcome}
            await ask(session, url, token, f"/api/outcomes/{lease['lease_id']}", report, "PUT")
        else:
            await ask(session, url, token, "/api/release", lease)
