"""The database's disk is lost, so that only a backup and the journals bring it back
(runbooks/region-lost.md); or it refuses some rows.
"""

import asyncio
import contextlib
import os
import subprocess
import time
from pathlib import Path

import asyncpg

from chaos.faults.protocol import Fault, UnavailableError
from chaos.target.target import Target

STOP_SECONDS = 90.0
READY_SECONDS = 90.0


class DatabaseLost(Fault):
    """Everything stops, and the database's folder is moved out of reach.

    Healing lays the old folder back where nothing has been restored, and starts the stack.
    """

    name = "database_lost"
    trace = "its folder is out of reach, and nothing runs"

    @property
    def cuts(self) -> tuple[str, ...]:
        return ("database", "tally", "intake")

    def setup(self) -> None:
        async def where() -> str:
            connection = await asyncpg.connect(self.target.database_url, timeout=5)
            try:
                return str(await connection.fetchval("show data_directory"))
            finally:
                await connection.close()

        if self.target.pid("postgres") is None:
            raise UnavailableError("the database is no process of this stack")
        self.found["data"] = asyncio.run(where())
        environment = self.target.commands.environment()
        kept = ("LD_PRELOAD", "PYTHONPATH", "BELUGA_JOURNAL_BALLAST_MIB")
        self.found["environment"] = {
            name: value for name, value in environment.items() if name in kept or name.startswith("CHAOS_")
        }
        self.found["names"] = self.target.commands.names()

    def inject(self) -> None:
        subprocess.run(
            self.target.commands.beluga("down"), env=self.target.commands.variables(), check=True,
            capture_output=True, timeout=STOP_SECONDS,
        )  # fmt: skip
        data = Path(self.found["data"])
        data.rename(data.with_name(f"{data.name}-lost"))

    def happened(self) -> bool:
        data = Path(self.found["data"])
        return data.with_name(f"{data.name}-lost").exists() and not (data / "PG_VERSION").exists()

    def heal(self) -> None:
        if "data" not in self.found or _runs(self.target):
            return
        data = Path(self.found["data"])
        lost = data.with_name(f"{data.name}-lost")
        if lost.exists() and not (data / "PG_VERSION").exists():
            lost.rename(data)
        with (self.target.state / "logs" / "beluga.log").open("ab") as log:
            subprocess.Popen(
                self.target.commands.beluga("up", *self.found["names"]["BELUGA_UP"].split()),
                env=os.environ | self.found["environment"] | self.found["names"], stdout=log, stderr=log,
                stdin=subprocess.DEVNULL, start_new_session=True,
            )  # fmt: skip
        deadline = time.monotonic() + READY_SECONDS
        while not _runs(self.target) and time.monotonic() < deadline:
            time.sleep(0.2)


class RowsRefused(Fault):
    """A constraint that should not be there refuses every check-in of a `kind`."""

    name = "rows_refused"
    trace = "the constraint stands in the database"
    needs = ("a database login that owns the tables",)
    _CONSTRAINT = "chaos_rows_refused"

    async def _run(self, statement: str) -> object:
        connection = await asyncpg.connect(self.target.database_url, timeout=5)
        try:
            return await connection.fetchval(statement)
        finally:
            await connection.close()

    def setup(self) -> None:
        if not str(self.arguments["kind"]).isalpha():
            raise UnavailableError("kind: one word")
        self.found["kind"] = self.arguments["kind"]

    def inject(self) -> None:
        condition = f"check (kind <> '{self.found['kind']}') not valid"
        asyncio.run(self._run(f"alter table check_ins add constraint {self._CONSTRAINT} {condition}"))

    def happened(self) -> bool:
        asked = f"select 1 from pg_constraint where conname = '{self._CONSTRAINT}'"  # noqa: S608
        return asyncio.run(self._run(asked)) == 1

    def heal(self) -> None:
        if "kind" in self.found:
            asyncio.run(self._run(f"alter table check_ins drop constraint if exists {self._CONSTRAINT}"))


def _runs(target: Target) -> bool:
    with contextlib.suppress(OSError, ValueError):
        return bool(target.run().get("ready"))
    return False
