"""What each service was started with, told to the database at each start, for whoever looks in the office.

Told beside the service's work, once: no service waits for it, and none needs it. Of a secret, and of an
address that may hold one, it is told whether it is set.
"""

import asyncio
import getpass
import os
import socket
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlsplit

import asyncpg
from pydantic import SecretStr
from pydantic_settings import BaseSettings

from election.postgres.database import UNREACHABLE, connect, pauses

_TELL = """
insert into service_settings (service, host, name, value, since, changed_by)
select $1, $2, n, v, now(), $5 from unnest($3::text[], $4::text[]) as told (n, v)
on conflict (service, host, name) do update
set was = service_settings.value, value = excluded.value, since = excluded.since,
    changed_by = excluded.changed_by
where service_settings.value <> excluded.value
"""
_FORGET = "delete from service_settings where service = $1 and host = $2 and not name = any($3::text[])"
_READ = """
select service, host, name, value, since, was, changed_by from service_settings
order by service, name, host
"""
_LONGEST = 500  # characters of a value


@dataclass(frozen=True, slots=True)
class ServiceSetting:
    """One setting of one service on one host. `was` is None where it never had another value."""

    service: str
    host: str
    name: str
    value: str
    since: datetime
    was: str | None
    changed_by: str


def shown_value(value: object) -> str:
    """A setting's value for people; of a secret, or an address with a login, whether it is set."""
    if isinstance(value, SecretStr):
        return "set, not shown" if value.get_secret_value() else "not set"
    text = str(value) if value not in (None, "") else ""
    if "://" in text:
        parts = urlsplit(text.split(",")[0])
        if "@" in text or parts.username or parts.password or parts.query:
            return "set, not shown"
    return text or "not set"


def shown_settings(settings: BaseSettings) -> dict[str, str]:
    """Every setting by its name in the environment, fit to be shown."""
    fields = type(settings).model_fields
    return {f"BELUGA_{name.upper()}": shown_value(getattr(settings, name)) for name in sorted(fields)}


async def tell(
    connection: asyncpg.Connection, service: str, told: Mapping[str, str], *, host: str, by: str
) -> None:
    """Writes what has changed since the last start; what is as it was keeps its time."""
    names = list(told)
    values = [told[name][:_LONGEST] for name in names]
    async with connection.transaction():
        await connection.execute(_FORGET, service, host, names)
        await connection.execute(_TELL, service, host, names, values, by)


async def read_all(connection: asyncpg.Connection) -> list[ServiceSetting]:
    """What every service was last started with."""
    return [ServiceSetting(**row) for row in await connection.fetch(_READ)]


async def keep_told(url: str, service: str, settings: BaseSettings) -> None:
    """Tells it when the database is reached, and then rests: a service's task does not end."""
    rest = pauses()
    host = socket.gethostname()
    while True:
        try:
            connection = await connect(url)
        except UNREACHABLE:
            await rest.wait()
            continue
        try:
            with suppress(asyncpg.UndefinedTableError):  # a database that is yet to be migrated
                await tell(connection, service, shown_settings(settings), host=host, by=f"{_user()}@{host}")
            break
        except UNREACHABLE:
            await rest.wait()
        finally:
            connection.terminate()
    await asyncio.Event().wait()


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container's user without a name
        return str(os.getuid())
