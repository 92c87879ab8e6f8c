"""Phones that voters and drivers agreed to be texted on: what comes from them is no watcher's.

It is kept in the log as everything is, and read as ever, but nobody is asked who they are and it waits at no
desk of unknown phones: staff read it at the rides desk. A watcher's phone stays a watcher's.
"""

import asyncpg

from election.postgres.pg_watch import watch

CHANNEL = "beluga_agreed"  # notified when the callers' service has put down a text
_PHONES = "select distinct phone from agreed_texts"


class AgreedPhones:
    """Those known by now; while the database is away the last known."""

    def __init__(self) -> None:
        self._phones: frozenset[str] = frozenset()

    def __contains__(self, phone: object) -> bool:
        return phone in self._phones

    async def follow(self, url: str) -> None:
        """Keeps up for ever."""

        async def adopt(rows: list[asyncpg.Record]) -> None:
            self._phones = frozenset(row["phone"] for row in rows)

        await watch(url, CHANNEL, lambda connection: connection.fetch(_PHONES), adopt, "agreed phones")
