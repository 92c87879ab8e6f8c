"""The election in PostgreSQL: save what a folder said, load it again, and keep every roster.

Saving replaces the election as a whole inside the caller's transaction. Check-ins, calls and the roll refer
to precincts and watchers by id and are untouched by it.
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import replace
from sys import intern
from typing import Any

import asyncpg
import orjson

from election.domain.day import CurvePoint, Election, ElectionDay, Method, PastVotes, Precinct, Watcher
from election.domain.ids import PrecinctId, WatcherId
from election.domain.official import OfficialSource, source_of
from election.domain.roster import dump_roster_content, load_roster, version_of
from election.errors import ElectionError

CHANGED_CHANNEL = "beluga_election"  # NOTIFY with the roster's version; it only wakes
SAVE_SECONDS = 300.0  # 180,000 precincts with shapes on a slow disk
_LOCK = 0x62656C02

_PRECINCT_COLUMNS = (
    "precinct_id", "position", "name", "registered", "county", "group_name", "site_id", "aliases",
    "expected_votes", "already_voted", "opens", "closes", "timezone", "lat", "lon", "geometry",
)  # fmt: skip

_STAGE_PRECINCTS = """
create temporary table precincts_incoming (like precincts) on commit drop;
alter table precincts_incoming alter column geometry type text;
"""

_NAMES = ", ".join(_PRECINCT_COLUMNS)
_UPSERT_PRECINCTS = f"""
insert into precincts ({_NAMES})
select {_NAMES.replace("geometry", "geometry::jsonb")} from precincts_incoming
on conflict (precinct_id) do update set
    {", ".join(f"{c} = excluded.{c}" for c in _PRECINCT_COLUMNS[1:])}
"""  # noqa: S608

_DROP_PRECINCTS = """
delete from precincts p
where not exists (select from precincts_incoming i where i.precinct_id = p.precinct_id)
"""

_ADDED = tuple(c for c in _PRECINCT_COLUMNS if c not in ("position", "geometry"))
_SAVE_PRECINCT = f"""
insert into precincts (position, {", ".join(_ADDED)})
values (
    (select coalesce(max(position), -1) + 1 from precincts),
    {", ".join(f"${number}" for number in range(1, len(_ADDED) + 1))}
)
on conflict (precinct_id) do update set
    {", ".join(f"{c} = excluded.{c}" for c in _ADDED[1:])}
"""  # noqa: S608

_SAVE_DAY = """
insert into election (only_row, name, date, timezone, opens, closes, languages, roster_version, kind,
    official)
values (true, $1, $2, $3, $4, $5, $6, $7, $8, $9::text::jsonb)
on conflict (only_row) do update set
    name = excluded.name, date = excluded.date, timezone = excluded.timezone, opens = excluded.opens,
    closes = excluded.closes, languages = excluded.languages, roster_version = excluded.roster_version,
    kind = excluded.kind, official = excluded.official,
    imported_at = now()
"""

_SAVE_ROSTER = "insert into rosters (version, content) values ($1, $2) on conflict do nothing"

_PAST = ("precinct_id", "election", "method", "votes", "registered", "kind")
_CURVE = ("scope", "election", "local_time", "share")
_WATCHER = (
    "watcher_id", "name", "phone", "language", "precinct_ids", "backup_phone", "coordinator",
    "shift_start", "shift_end",
)  # fmt: skip
_SAVE_WATCHER = f"""
insert into watchers ({", ".join(_WATCHER)})
values ({", ".join(f"${number}" for number in range(1, len(_WATCHER) + 1))})
on conflict (watcher_id) do update set
    {", ".join(f"{c} = excluded.{c}" for c in _WATCHER if c not in ("watcher_id", "precinct_ids"))}
"""  # noqa: S608


async def save_election(connection: asyncpg.Connection, election: Election) -> str:
    """Makes `election` the one in the database and returns its roster's version.

    Call it within a transaction: either all of it is there afterwards, or nothing has changed.
    """
    content = dump_roster_content(election.day, election.precincts, election.watchers)
    version = load_roster(content).version
    await connection.execute("select pg_advisory_xact_lock($1)", _LOCK)
    await _save_precincts(connection, election)
    # These have no identity that others refer to, and unique phones may have swapped owners: replace them.
    await connection.execute(
        "delete from past_votes; delete from curve_points; delete from watchers", timeout=SAVE_SECONDS
    )
    await _copy(
        connection, "past_votes", _PAST,
        (
            (v.precinct_id, v.election, v.method.value, v.votes, v.registered, v.kind)
            for v in election.history
        ),
    )  # fmt: skip
    await _copy(
        connection, "curve_points", _CURVE, ((c.scope, c.election, c.time, c.share) for c in election.curve)
    )
    await _copy(
        connection, "watchers", _WATCHER,
        (
            (
                w.watcher_id, w.name, w.phone, w.language, w.precinct_ids, w.backup_phone, w.coordinator,
                w.shift_start, w.shift_end,
            )
            for w in election.watchers
        ),
    )  # fmt: skip
    day = election.day
    await connection.execute(_SAVE_ROSTER, version, content.decode())
    await connection.execute(
        _SAVE_DAY, day.name, day.date, day.timezone, day.opens, day.closes, day.languages, version, day.kind,
        _json(election.official.as_row() if election.official else None),
    )  # fmt: skip
    await connection.execute("select pg_notify($1, $2)", CHANGED_CHANNEL, version)
    return version


async def _save_precincts(connection: asyncpg.Connection, election: Election) -> None:
    await connection.execute(_STAGE_PRECINCTS)
    await _copy(
        connection, "precincts_incoming", _PRECINCT_COLUMNS,
        (
            (
                p.precinct_id, position, p.name, p.registered, p.county, p.group, p.site_id, p.aliases,
                p.expected_votes, p.already_voted, p.opens, p.closes, p.timezone, p.lat, p.lon,
                _json(election.geometry.get(p.precinct_id)),
            )
            for position, p in enumerate(election.precincts)
        ),
    )  # fmt: skip
    await connection.execute(_UPSERT_PRECINCTS, timeout=SAVE_SECONDS)
    await connection.execute(_DROP_PRECINCTS, timeout=SAVE_SECONDS)
    await connection.execute("drop table precincts_incoming")  # a second save in the same transaction


def _json(value: dict[str, Any] | None) -> str | None:
    return orjson.dumps(value).decode() if value is not None else None


async def _copy(connection: asyncpg.Connection, table: str, columns: tuple[str, ...], rows: Any) -> None:
    await connection.copy_records_to_table(table, columns=columns, records=rows, timeout=SAVE_SECONDS)


# By name: a column that a migration adds under a running service then changes no prepared statement.
_DAY = "select name, date, timezone, opens, closes, languages, kind, roster_version, official from election"
_WATCHERS = (
    "select watcher_id, name, phone, language, precinct_ids, backup_phone, coordinator, shift_start,"
    " shift_end from watchers"
)


async def load_election(connection: asyncpg.Connection, *, shapes: bool = True) -> Election | None:
    """The election in the database, as of one moment; None where none has been imported.

    `shapes`: with the precincts' geometry, which weighs more than all the rest.
    """
    if connection.is_in_transaction():
        return await _load(connection, shapes)
    async with connection.transaction(isolation="repeatable_read", readonly=True):
        return await _load(connection, shapes)


async def _load(connection: asyncpg.Connection, shapes: bool) -> Election | None:
    names = _NAMES if shapes else _NAMES.replace("geometry", "null as geometry")
    day = await connection.fetchrow(_DAY)
    if day is None:
        return None
    places = await connection.fetch(
        f"select {names} from precincts order by position",  # noqa: S608
        timeout=SAVE_SECONDS,
    )
    past = await connection.fetch(
        "select precinct_id, election, votes, method, registered, kind from past_votes"
        ' order by precinct_id collate "C", election collate "C", method collate "C"'
    )
    curve = await connection.fetch(
        "select scope, local_time, share, election from curve_points"
        ' order by scope collate "C", election collate "C", local_time'
    )
    watchers = await connection.fetch(f'{_WATCHERS} order by watcher_id collate "C"')
    return Election(
        day=_day(day),
        precincts=tuple(_precinct(p) for p in places),
        history=tuple(
            PastVotes(
                v["precinct_id"],
                v["election"],
                v["votes"],
                Method(v["method"]),
                v["registered"],
                intern(v["kind"]),
            )
            for v in past
        ),
        curve=tuple(CurvePoint(*c) for c in curve),
        watchers=tuple(_watcher(w) for w in watchers),
        geometry={PrecinctId(p["precinct_id"]): p["geometry"] for p in places if p["geometry"] is not None},
        official=source_of(day["official"]) if day["official"] is not None else None,
    )


async def official_source(connection: asyncpg.Connection) -> OfficialSource | None:
    """The official second source of counts; None where there is none."""
    row = await connection.fetchval("select official from election")
    return None if row is None else source_of(row)


def _day(row: Any) -> ElectionDay:
    return ElectionDay(
        row["name"],
        row["date"],
        row["timezone"],
        row["opens"],
        row["closes"],
        tuple(row["languages"]),
        row["kind"],
    )


def _precinct(row: Any) -> Precinct:
    return Precinct(
        precinct_id=PrecinctId(row["precinct_id"]),
        name=row["name"],
        registered=row["registered"],
        county=intern(row["county"]),  # shared by thousands
        group=intern(row["group_name"]),
        site_id=intern(row["site_id"]),
        aliases=tuple(row["aliases"]),
        expected_votes=row["expected_votes"],
        already_voted=row["already_voted"],
        opens=row["opens"],
        closes=row["closes"],
        timezone=row["timezone"],
        lat=row["lat"],
        lon=row["lon"],
    )


def _watcher(row: Any) -> Watcher:
    return Watcher(
        watcher_id=WatcherId(row["watcher_id"]),
        name=row["name"],
        phone=row["phone"],
        language=row["language"],
        precinct_ids=tuple(PrecinctId(p) for p in row["precinct_ids"]),
        backup_phone=row["backup_phone"],
        coordinator=row["coordinator"],
        shift_start=row["shift_start"],
        shift_end=row["shift_end"],
    )


async def move_watchers(connection: asyncpg.Connection, posts: Mapping[str, Sequence[str]]) -> str | None:
    """Puts a roster in force: `posts` names precincts by watcher id; other watchers have those imported.

    Returns its version, or None where that roster is in force already. Ids that the election does not have
    are left out. Call it within a transaction, as `save_election`; it waits for an import under way.
    """
    await connection.execute("select pg_advisory_xact_lock($1)", _LOCK)
    day = await connection.fetchrow(_DAY)
    if day is None:
        return None
    places = await connection.fetch(
        f"select {_NAMES.removesuffix(', geometry')} from precincts order by position",  # noqa: S608
        timeout=SAVE_SECONDS,
    )
    rows = await connection.fetch(_WATCHERS)

    def made() -> tuple[str, str]:
        precincts = tuple(_precinct(p) for p in places)
        known = {p.precinct_id for p in precincts}
        watchers = []
        for watcher in map(_watcher, rows):
            post = tuple(PrecinctId(p) for p in posts.get(watcher.watcher_id, ()) if p in known)
            watchers.append(replace(watcher, precinct_ids=post) if post else watcher)
        content = dump_roster_content(_day(day), precincts, tuple(watchers))
        return version_of(content), content.decode()

    version, content = await asyncio.to_thread(made)  # a large roster takes a while
    if version == day["roster_version"]:
        return None
    await _put_in_force(connection, version, content)
    return version


class PhoneTakenError(ElectionError):
    """Another watcher has this phone; a text from it would be either's."""

    def __init__(self, watcher_id: str) -> None:
        super().__init__(self.__doc__)
        self.watcher_id = watcher_id


async def change_watchers(
    connection: asyncpg.Connection, saved: Sequence[Watcher], removed: Sequence[str] = ()
) -> str | None:
    """Adds or corrects watchers and takes others away; returns the new roster's version, None without one.

    Where somebody who is there already watches stays as it is: moves are the log's (`move_watchers`), of
    this watcher too. Raises `PhoneTakenError`. Call it within a transaction, as `save_election`.
    """
    await connection.execute("select pg_advisory_xact_lock($1)", _LOCK)
    content = await current_roster(connection)
    if content is None:
        return None
    roster = await asyncio.to_thread(load_roster, content)
    watchers = {str(key): w for key, w in roster.watchers.items() if str(key) not in removed}
    for watcher in saved:
        for other in watchers.values():
            theirs = {other.phone, other.backup_phone}
            if other.watcher_id != watcher.watcher_id and theirs & {watcher.phone, watcher.backup_phone} - {
                None
            }:
                raise PhoneTakenError(other.watcher_id)
        there = watchers.get(watcher.watcher_id)
        posts = there.precinct_ids if there is not None else watcher.precinct_ids
        watchers[watcher.watcher_id] = replace(watcher, precinct_ids=posts)
    await connection.execute("delete from watchers where watcher_id = any($1::text[])", list(removed))
    await connection.executemany(_SAVE_WATCHER, [[getattr(w, column) for column in _WATCHER] for w in saved])
    fresh = dump_roster_content(roster.day, tuple(roster.precincts.values()), tuple(watchers.values()))
    version = version_of(fresh)
    await _put_in_force(connection, version, fresh.decode())
    return version


async def change_precincts(
    connection: asyncpg.Connection, saved: Sequence[Precinct], removed: Sequence[str] = ()
) -> str | None:
    """Adds or corrects precincts and takes others away; returns the new roster's version, None without one.

    In the table and in the roster in force at once. Shapes, places in the list and what refers to a precinct
    stay: an id never changes. The election counts as imported anew. Call it within a transaction, as
    `save_election`.
    """
    await connection.execute("select pg_advisory_xact_lock($1)", _LOCK)
    content = await current_roster(connection)
    if content is None:
        return None
    roster = await asyncio.to_thread(load_roster, content)
    known = {str(key): p for key, p in roster.precincts.items() if str(key) not in removed}
    known |= {str(p.precinct_id): p for p in saved}
    await connection.execute("delete from precincts where precinct_id = any($1::text[])", list(removed))
    await connection.executemany(
        _SAVE_PRECINCT,
        [
            (
                p.precinct_id, p.name, p.registered, p.county, p.group, p.site_id, p.aliases,
                p.expected_votes, p.already_voted, p.opens, p.closes, p.timezone, p.lat, p.lon,
            )
            for p in saved
        ],
    )  # fmt: skip
    fresh = dump_roster_content(roster.day, tuple(known.values()), tuple(roster.watchers.values()))
    version = version_of(fresh)
    await connection.execute("update election set imported_at = clock_timestamp()")
    await _put_in_force(connection, version, fresh.decode())
    return version


async def _put_in_force(connection: asyncpg.Connection, version: str, content: str) -> None:
    await connection.execute(_SAVE_ROSTER, version, content)
    await connection.execute("update election set roster_version = $1", version)
    await connection.execute("select pg_notify($1, $2)", CHANGED_CHANNEL, version)


async def current_roster(connection: asyncpg.Connection) -> bytes | None:
    """The content of the roster in force, as `election.domain.roster.load_roster` reads it."""
    return _bytes(
        await connection.fetchval(
            "select content from rosters join election on rosters.version = election.roster_version"
        )
    )


async def roster(connection: asyncpg.Connection, version: str) -> bytes | None:
    """The content of a roster that was ever in force; None where there never was such a version."""
    return _bytes(await connection.fetchval("select content from rosters where version = $1", version))


def _bytes(content: str | None) -> bytes | None:
    return content.encode() if content is not None else None
