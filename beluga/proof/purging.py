"""The purge after the election: everything or nothing, with a certificate begun before it."""

import getpass
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from shlex import quote
from typing import Any
from uuid import uuid4

import asyncpg

from beluga.proof.certificate import DRAFT, PurgeCertificate, read
from beluga.stack.failures import CommandRefusedError
from callers.voters.purging import KEPT, Purged, purge, purged
from election.access.tokens import BadTokenError, Tokens
from election.postgres.database import UNREACHABLE, connect
from intake.photos.shelf import PhotoShelf

LOST: tuple[type[BaseException], ...] = (*UNREACHABLE, asyncpg.PostgresError)
CLOSE_SECONDS = 5.0
# What the command cannot reach: whoever signs the certificate must see to it.
NOT_COVERED = (
    "backups and archived WAL made before: delete them (docs/cluster.md), or let them expire",
    "the audit of staff's deeds, which names voters and callers looked up by their ids alone",
    "the log of watchers' texts (messages, check_ins) and intake's journals: they prove the count",
    "photos on other hosts that keep a journal: run the same there, with that host's --state",
    "files exported or imported by people: election folders, lists for dialers, printed sheets",
)


async def purge_all(url: str, confirm: str, path: Path, tokens: Tokens, shelf: PhotoShelf) -> dict[str, Any]:
    """Removes it all, and returns the words of the signed certificate. `shelf`: this host's photos.

    Whatever fails, either nothing or everything was removed.
    """
    connection = await connect(url, patient=True)
    try:
        name = await connection.fetchval("select name from election")
        if name is None:
            raise CommandRefusedError(
                "there is no election here, nothing was removed; see BELUGA_DATABASE_URL, --state"
            )
        if confirm != name:
            raise CommandRefusedError(
                f"nothing was removed; to remove it all: beluga purge --confirm {quote(name)}"
            )
        system = await connection.fetchval("select system_identifier::text from pg_control_system()")
        paper = _begun(path, name, system)
        done = await _emptied(connection, paper)
        try:
            photos = shelf.purge(datetime.now(UTC))
        except OSError as error:
            raise CommandRefusedError(
                f"the database is purged, but photos are left in {shelf.folder} ({error}): "
                "mend that, and run the same again"
            ) from None
        words = {key: value for key, value in paper.words.items() if key != DRAFT} | {
            "at": done.at.isoformat(), "removed": done.removed, "left": done.left, "kept": list(KEPT),
            "photos": photos, "not_covered": list(NOT_COVERED),
        }  # fmt: skip
        try:
            paper.finish(words | {"signature": tokens.sign("purge", words)})
        except OSError as error:
            raise CommandRefusedError(
                f"all was removed, but {path} is not signed ({error}): mend that, and run the same again"
            ) from None
        return words
    finally:
        await connection.close(timeout=CLOSE_SECONDS)


def _begun(path: Path, name: str, system: str) -> PurgeCertificate:
    """A draft at its place before anything is removed: one that this purge has left, or a new one."""
    paper = PurgeCertificate.found(path)
    if paper is None:
        about = {"election": name, "by": getpass.getuser(), "database": system, "purge": str(uuid4())}
        return PurgeCertificate.begin(path, about)
    if (paper.words.get("election"), paper.words.get("database")) != (name, system):
        raise CommandRefusedError(
            f"{path} was begun for another election or database; name another with --certificate"
        )
    paper.reserve()
    return paper


async def _emptied(connection: asyncpg.Connection, paper: PurgeCertificate) -> Purged:
    """What this very purge has removed, now or before it was interrupted."""
    number = str(paper.words.get("purge"))
    try:
        done = await purged(connection, number)
        return done or await purge(connection, "command line", datetime.now(UTC), number)
    except LOST as error:
        with suppress(*LOST):
            if await purged(connection, number) is None:
                paper.give_up()
                raise CommandRefusedError(f"nothing was removed: {error}; see the database's log") from None
        raise CommandRefusedError(
            f"the database was lost in the middle ({error}): either nothing was removed or all. Run the same "
            "again: it finds out, and goes on"
        ) from None


def check_certificate(path: Path, tokens: Tokens) -> None:
    """Raises `CommandRefusedError` where a certificate is not ours, or not finished."""
    words = read(path)
    if DRAFT in words:
        raise CommandRefusedError(f"{path} is a certificate that was {words[DRAFT]}")
    signature = str(words.pop("signature", ""))
    try:
        good = tokens.read("purge", signature) == words
    except BadTokenError:
        good = False
    if not good:
        raise CommandRefusedError(
            f"{path} is NOT ours, or was changed: it proves nothing; see your other copy"
        )
