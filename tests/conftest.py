"""Fixtures for all tests: a real PostgreSQL, a fresh database a test, and the shared example data."""

import asyncio
import gc
import os
import secrets
import shutil
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import asyncpg
import pytest
import pytest_asyncio
import structlog
from hypothesis import settings

from beluga.stack import postgres as postgres_module
from beluga.stack.ports import free_port
from beluga.stack.postgres import EmbeddedPostgres
from election.postgres.database import connect
from election.postgres.migrate import migrate
from tests import preloaded
from tests.order import longest_first

# As `tally` sets it for itself: a test that brings numpy in before would spend twice the processor time.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

# No test asks anybody outside: reading all authorities of the world is a tenth of what a start costs.
os.environ.setdefault("SSL_CERT_FILE", os.devnull)

# Services that tests start would each compile all they import: more than half of what their start costs.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)

# The same examples in every run; `make test-long` looks for new ones: what it finds becomes an `@example`.
settings.register_profile("same", derandomize=True, database=None)
if not os.environ.get("BELUGA_REHEARSE"):
    settings.load_profile("same")


MEMORY, ROOM = Path("/dev/shm"), 8 << 30  # bytes: four workers' databases and their logs, and as much again

# What is imported and collected stays to the end: no search for garbage ever goes through it.
gc.disable()


def pytest_configure(config: pytest.Config) -> None:
    # `TESTS_FORKED=0` starts each service as an operator does: a third more processor time.
    wanted = os.environ.get("TESTS_FORKED", "1") == "1"
    if wanted and "PYTEST_XDIST_WORKER" not in os.environ:  # workers ask who was begun for all of them
        forking = preloaded.begun()
        forking.__enter__()
        config.add_cleanup(lambda: forking.__exit__(None, None, None))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    longest_first(items, Path(__file__).parent)


def pytest_collection_finish() -> None:
    gc.freeze()
    gc.enable()


SHARED = Path(__file__).resolve().parent.parent.parent / "shared"


def _configure_logs(*args: Any, **given: Any) -> None:
    """`structlog.configure`, with which no logger keeps a configuration: here many services share it."""
    _structlog_configure(*args, **given | {"cache_logger_on_first_use": False})


_structlog_configure = structlog.configure
structlog.configure = _configure_logs


@pytest.fixture(scope="module", autouse=True)
def _process_as_it_was() -> Iterator[None]:
    """What a module or command sets up for its process (logs, environment), the next does not find."""
    configured, environment = structlog.get_config(), dict(os.environ)
    yield
    structlog.configure(**configured)
    for name in os.environ.keys() - environment.keys():
        del os.environ[name]
    os.environ.update(environment)


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of example data; tests that need it are skipped where it is absent."""
    if not (SHARED / "data").exists():
        pytest.skip("the shared example data is not beside this checkout")
    return SHARED


@pytest.fixture(scope="session", autouse=True)
def _no_databases_left(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """As root, stacks in pytest's private folders keep their databases elsewhere; these go, too."""
    yield
    ours = tmp_path_factory.getbasetemp()
    for whose in postgres_module.SHARED.glob(f"postgres-*/{postgres_module.WHOSE}"):
        if Path(whose.read_text(encoding="utf-8")).is_relative_to(ours):
            shutil.rmtree(whose.parent, ignore_errors=True)


def _database_home(factory: pytest.TempPathFactory) -> Path:
    """A folder in memory where there is plenty: copying a database costs a tenth there of a disk's time."""
    if MEMORY.is_dir() and os.access(MEMORY, os.W_OK) and shutil.disk_usage(MEMORY).free > ROOM:
        home = MEMORY / f"beluga-test-postgres-{secrets.token_hex(6)}"
        home.mkdir()
        home.chmod(0o711)  # as root another account runs the database
        return home
    return factory.mktemp("postgres")


@pytest.fixture(scope="session")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedPostgres]:
    """One embedded PostgreSQL for the whole run."""
    home = _database_home(tmp_path_factory)
    server = EmbeddedPostgres(home, free_port(), secrets.token_hex(8))
    server.start()
    asyncio.run(_make_template(server))
    yield server
    server.stop()
    shutil.rmtree(server.home, ignore_errors=True)
    shutil.rmtree(home, ignore_errors=True)


async def _make_template(server: EmbeddedPostgres) -> None:
    admin = await asyncpg.connect(server.url_of("postgres"))
    # It survives a kill as ever; only with the machine itself would something be lost.
    await admin.execute("alter system set fsync = off")
    await admin.execute("alter system set full_page_writes = off")
    await admin.execute("select pg_reload_conf()")
    await admin.execute("create database template_beluga")
    await admin.close()
    connection = await connect(server.url_of("template_beluga"))
    await migrate(connection)
    await connection.close()


@pytest.fixture(scope="module")
def module_database_url(postgres: EmbeddedPostgres) -> Iterator[str]:
    """The URL of a migrated database that a module's tests share: for those that do not mind each other."""
    name = f"test_{secrets.token_hex(6)}"

    async def admin(statement: str) -> None:
        connection = await asyncpg.connect(postgres.url_of("postgres"))
        await connection.execute(statement)
        await connection.close()

    asyncio.run(admin(f"create database {name} template template_beluga strategy file_copy"))
    yield postgres.url_of(name)
    asyncio.run(admin(f"drop database {name} with (force)"))


@pytest_asyncio.fixture
async def database_url(postgres: EmbeddedPostgres) -> AsyncIterator[str]:
    """The URL of a fresh, migrated database of this test's own."""
    name = f"test_{secrets.token_hex(6)}"
    admin = await asyncpg.connect(postgres.url_of("postgres"))
    # files copied: half of what it costs to write every page to the log
    await admin.execute(f"create database {name} template template_beluga strategy file_copy")
    yield postgres.url_of(name)
    await admin.execute(f"drop database {name} with (force)")
    await admin.close()
