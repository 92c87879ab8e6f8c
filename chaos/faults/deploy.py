"""A bad deploy: a service that ends as soon as it starts; and a migration that fails half-way."""

import asyncio
import os
import signal
from pathlib import Path

import asyncpg

from chaos.faults.processes import birth
from chaos.faults.protocol import Fault, UnavailableError
from chaos.faults.shim import DEPLOY
from chaos.target.target import alive

DEPLOYED = Path(__file__).with_name("deployed")  # on the stack's PYTHONPATH; see its sitecustomize.py


class BadDeploy(Fault):
    """`service` is replaced by a version that ends at its start; healing rolls it back."""

    name = "bad_deploy"
    trace = "the process of the version before is gone"

    @property
    def cuts(self) -> tuple[str, ...]:
        return (str(self.arguments["service"]),)

    def setup(self) -> None:
        if not DEPLOY.heeded_by(self.target.pid(str(self.arguments["service"]))):
            raise UnavailableError(
                "this stack was not started by a rehearsal: its code is not ours to change"
            )

    def happened(self) -> bool:
        pid, born = self.found.get("victim") or (0, 0)
        return bool(pid) and (not alive(pid) or birth(pid) != born)

    def inject(self) -> None:
        DEPLOY.file(self.target.state).write_text(str(self.arguments["service"]))
        pid = self.target.pid(str(self.arguments["service"]))
        self.found["victim"] = [pid, birth(pid)] if pid is not None else None
        if pid is not None:
            os.kill(pid, signal.SIGTERM)

    def heal(self) -> None:
        DEPLOY.file(self.target.state).unlink(missing_ok=True)


class BadMigration(Fault):
    """The database forgets that it had its first migration: applying it again fails in the middle."""

    name = "bad_migration"
    trace = "the database no longer knows of that migration"
    needs = ("a database login that owns the tables",)

    async def _run(self, statement: str, *values: object) -> str | None:
        connection = await asyncpg.connect(self.target.database_url, timeout=5)
        try:
            found: str | None = await connection.fetchval(statement, *values)
            return found
        finally:
            await connection.close()

    def setup(self) -> None:
        found = asyncio.run(self._run("select min(name) from migrations"))
        if not found:
            raise UnavailableError("this database has no migrations")
        self.found["migration"] = found

    def inject(self) -> None:
        asyncio.run(self._run("delete from migrations where name = $1", self.found["migration"]))

    def happened(self) -> bool:
        asked = "select name from migrations where name = $1"
        return "migration" in self.found and asyncio.run(self._run(asked, self.found["migration"])) is None

    def heal(self) -> None:
        if "migration" in self.found:
            asyncio.run(
                self._run(
                    "insert into migrations (name) values ($1) on conflict do nothing",
                    self.found["migration"],
                )
            )
