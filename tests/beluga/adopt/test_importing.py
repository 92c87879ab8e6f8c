"""A folder goes into the database whole or not at all, and comes out the same."""

import asyncio
import os
import secrets
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import asyncpg
import pytest
from hypothesis import given, settings

from beluga.adopt.importing import NothingImportedError, UnpreparedDatabaseError, export_folder, import_folder
from beluga.stack.postgres import EmbeddedPostgres
from callers.voters.voter_file import read_callers, read_voters
from election.domain.day import Caller, Election, Voter
from election.folder import Findings, FolderError, VoterFile, read_election, write_callers, write_election
from election.postgres.database import connect
from election.postgres.election_store import load_election
from tests.election.elections import callers, elections, voters

ROOT = Path(__file__).resolve().parents[3]
VOTERS = "voter_id,precinct_id,roll_number,name,phone\n"


def beluga(*words: str | Path, url: str = "", state: Path | None = None) -> subprocess.CompletedProcess[str]:
    env = {k: v for k, v in os.environ.items() if not k.startswith("BELUGA_")}
    env |= {"BELUGA_DATABASE_URL": url} if url else {}
    env |= {"BELUGA_STATE": str(state)} if state else {}
    command = [sys.executable, "-m", "beluga", *map(str, words)]
    return subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT, env=env, timeout=60)


async def all_voters(connection: asyncpg.Connection) -> list[Voter]:
    async with connection.transaction():
        return [v async for v in read_voters(connection)]


@pytest.fixture
def county(tmp_path: Path, shared: Path) -> Path:
    write_election(tmp_path / "county", read_election(shared / "data" / "sample_county"))
    (tmp_path / "county" / "voters.csv").write_text(VOTERS + "v1,12-01,1,N,2155550199\nv2,12-01,2,M,\n")
    return tmp_path / "county"


async def test_importing_again_updates_and_leaves_the_calls(database_url: str, county: Path) -> None:
    connection = await connect(database_url)
    await import_folder(connection, county, Findings())
    await connection.execute(
        "insert into leases (lease_id, voter_id, phone, precinct_id, caller_id, granted_at, expires_at)"
        " values ($1, 'v1', '+12155550199', '12-01', 'c', $2, $3)",
        uuid4(), datetime(2026, 11, 3, 15, tzinfo=UTC), datetime(2026, 11, 3, 16, tzinfo=UTC),
    )  # fmt: skip
    # roll numbers swap, one voter is new, one has gone
    (county / "voters.csv").write_text(VOTERS + "v3,12-01,1,Q,\nv1,12-01,2,N,2155550199\n")
    counts = await import_folder(connection, county, Findings())
    assert counts.voters == 2
    assert [(v.voter_id, v.roll_number) for v in await all_voters(connection)] == [("v3", "1"), ("v1", "2")]
    assert await connection.fetchval("select count(*) from leases where voter_id = 'v1'") == 1
    (county / "voters.csv").unlink()
    assert (await import_folder(connection, county, Findings())).voters is None
    assert len(await all_voters(connection)) == 2
    await connection.close()


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("voters.csv", VOTERS + "v1,12-01,1,Changed,\nv1,12-01,2,M,\n"),
        ("voters.csv", VOTERS + "v9,12-01,1,Changed,\nv8,99,2,M,\n"),
        ("watchers.csv", "watcher_id,name,phone,precinct_ids\nw1,W,12,12-01\n"),
        ("callers.csv", "caller_id\n"),
    ],
)
async def test_one_bad_line_and_nothing_changes(
    database_url: str, county: Path, name: str, content: str
) -> None:
    connection = await connect(database_url)
    await import_folder(connection, county, Findings())
    before = await load_election(connection), await all_voters(connection)
    toml = (county / "election.toml").read_text()
    (county / "election.toml").write_text(toml.replace("Sample", "Changed"))
    (county / name).write_text(content)
    with pytest.raises(FolderError):
        await import_folder(connection, county, Findings())
    assert (await load_election(connection), await all_voters(connection)) == before
    await connection.close()


async def test_a_first_import_names_the_lines_of_repeated_voters(database_url: str, county: Path) -> None:
    connection = await connect(database_url)
    (county / "voters.csv").write_text(VOTERS + "v1,12-01,1,N,\nv1,12-01,2,M,\nv3,12-01,1,Q,\n")
    with pytest.raises(FolderError) as caught:
        await import_folder(connection, county, Findings())
    assert str(caught.value).splitlines() == [
        "voters.csv:3: voter_id: this id is on line 2 too, keep one",
        "voters.csv:4: roll_number: this precinct's roll number is on line 2 too, keep one",
    ]
    assert await load_election(connection) is None
    assert await all_voters(connection) == []
    await connection.close()


async def test_a_barred_caller_stays_barred(database_url: str, county: Path) -> None:
    connection = await connect(database_url)
    both = [Caller("a", "A", "", ("en",)), Caller("b", "B", "", ("en", "es"), ("Sample",), False)]  # type: ignore[arg-type]
    write_callers(county, both)
    await import_folder(connection, county, Findings())
    assert list(await read_callers(connection)) == both
    await connection.execute("update callers set barred = true where caller_id = 'a'")
    for people in ([], both):
        write_callers(county, people)
        await import_folder(connection, county, Findings())
    rows = await connection.fetch("select caller_id, barred from callers order by caller_id")
    assert [tuple(r) for r in rows] == [("a", True), ("b", False)]
    await connection.close()


@pytest.fixture(scope="module")
def databases(postgres: EmbeddedPostgres) -> Iterator[tuple[str, str]]:
    names = [f"importing_{secrets.token_hex(6)}" for _ in range(2)]

    async def say(words: str) -> None:
        admin = await asyncpg.connect(postgres.url_of("postgres"))
        for name in names:
            await admin.execute(words.format(name))
        await admin.close()

    asyncio.run(say("create database {} template template_beluga strategy file_copy"))
    yield postgres.url_of(names[0]), postgres.url_of(names[1])
    asyncio.run(say("drop database {} with (force)"))


@settings(max_examples=8, deadline=None)
@given(
    elections().flatmap(lambda e: voters([p.precinct_id for p in e.precincts]).map(lambda v: (e, v))), callers
)
def test_import_export_import_is_identical(
    databases: tuple[str, str],
    tmp_path_factory: pytest.TempPathFactory,
    pair: tuple[Election, list[Voter]],
    people: tuple[Caller, ...],
) -> None:
    first, second = tmp_path_factory.mktemp("first"), tmp_path_factory.mktemp("second")
    write_election(first, pair[0])
    write_callers(first, people)
    with VoterFile(first) as file:
        for voter in pair[1]:
            file.add(voter)

    async def run() -> None:
        one, two = [await connect(url) for url in databases]
        await import_folder(one, first, Findings())
        await export_folder(one, second)
        for connection in (one, two):  # the second import changes nothing, or fills another database
            if not people:
                write_callers(second, people)
            if not pair[1]:
                (second / "voters.csv").write_text(VOTERS)
            await import_folder(connection, second, Findings())
            assert await load_election(connection) == pair[0]
            assert {v.voter_id: v for v in await all_voters(connection)} == {v.voter_id: v for v in pair[1]}
            assert await read_callers(connection) == people
        await asyncio.gather(one.close(), two.close())

    asyncio.run(run())


async def test_a_database_without_migrations_says_so(postgres: EmbeddedPostgres, county: Path) -> None:
    connection = await connect(postgres.url_of("postgres"))
    with pytest.raises(UnpreparedDatabaseError, match="beluga migrate"):
        await import_folder(connection, county, Findings())
    await connection.close()


async def test_nothing_to_export(database_url: str, tmp_path: Path) -> None:
    connection = await connect(database_url)
    with pytest.raises(NothingImportedError):
        await export_folder(connection, tmp_path / "out")
    assert not (tmp_path / "out").exists()
    await connection.close()


async def test_the_commands(database_url: str, county: Path, tmp_path: Path) -> None:
    good = await asyncio.to_thread(beluga, "check", county)
    assert (good.returncode, good.stdout) == (
        0,
        f"{county} is good: 6 precincts, 5 watchers, 2 voters\n",
    )
    loaded = await asyncio.to_thread(beluga, "import", county, url=database_url)
    assert loaded.returncode == 0, loaded.stderr
    assert loaded.stdout.startswith("imported 6 precincts, 5 watchers, 2 voters (roster ")
    out = tmp_path / "out"
    for status in (0, 1):  # a second time there is something to lose
        written = await asyncio.to_thread(beluga, "export", out, url=database_url)
        assert written.returncode == status, written.stderr
    assert "--overwrite" in written.stderr
    assert read_election(out) == read_election(county)
    (county / "precincts.csv").write_text("precinct_id,name,registered\n1,A,x\n")
    for command in ("check", "import"):
        bad = await asyncio.to_thread(beluga, command, county, url=database_url)
        assert bad.returncode == 1
        assert "precincts.csv:2: registered: 'x' is not a whole number" in bad.stdout
        assert "Traceback" not in bad.stderr


def test_importing_without_a_stack_says_to_start_one(tmp_path: Path, county: Path) -> None:
    refused = beluga("import", county, state=tmp_path / "nowhere")
    assert refused.returncode == 1
    assert "beluga up" in refused.stderr
    gone = beluga("import", county, url="postgresql://nobody@127.0.0.1:1/none")
    assert gone.returncode == 1
    assert "does not answer" in gone.stderr


def test_maryland_converts_and_its_central_counts_are_refused(shared: Path, tmp_path: Path) -> None:
    source = shared / "data" / "maryland_2014" / "turnout_by_precinct.csv"
    script = ROOT / "docs" / "examples" / "maryland_2014.py"

    def convert(folder: Path, *options: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, script, source, folder, *options]
        return subprocess.run(command, capture_output=True, text=True, check=True)

    converted = convert(tmp_path / "good")
    left_out = converted.stderr.splitlines()
    assert len(left_out) == 106
    assert "has none, left out" in left_out[0]
    election = read_election(tmp_path / "good")
    assert (len(election.precincts), len(election.history)) == (1_986, 3 * 1_986)

    convert(tmp_path / "all", "--keep-empty")
    refused = beluga("check", tmp_path / "all", "--limit", "200")
    lines = [line for line in refused.stdout.splitlines() if ": there are no registered voters, " in line]
    assert refused.returncode == 1
    assert len(lines) == len(set(lines)) == 106
