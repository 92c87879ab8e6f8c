"""Every check of the preflight passes where all is well, and has a test that makes it fail."""

import asyncio
import json
import os
import ssl
import subprocess
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from pathlib import Path

import pytest
from aiohttp import web
from typer.testing import CliRunner

from beluga.backup.backup import Backup, backups, note_proven, proven_lately
from beluga.commands import app
from beluga.load.sender import TextSender
from beluga.readiness import people, public_path
from beluga.readiness import preflight as checks
from beluga.readiness.capacity import need
from beluga.readiness.examination import about, capacity, look_behind
from beluga.readiness.finding import PAGES, PreflightFinding
from beluga.readiness.preflight import DatabaseState
from beluga.stack.ports import free_port
from deploy.public_paths import INSIDE
from election.domain.day import Election
from election.domain.ids import PrecinctId
from election.domain.roster import roster_of
from election.postgres.database import connect
from intake.outbound_settings import OurNumber
from intake.outbox.phone_check import Attendance
from tests.intake.running import GENERIC_SECRET, TWILIO_TOKEN, IntakeProcess, an_election, import_election

SECRETS = {"generic_secret": GENERIC_SECRET, "twilio_auth_token": TWILIO_TOKEN}
ROOT = Path(__file__).parents[3]
SOUND = DatabaseState(3, (), True, "on", 1)


def make_certificate(folder: Path, days: int) -> ssl.SSLContext:
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
         "-days", str(days), "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1",
         "-keyout", "key.pem", "-out", "cert.pem"], cwd=folder, check=True, capture_output=True,
    )  # fmt: skip
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "cert.pem", folder / "key.pem")
    return context


@asynccontextmanager
async def serving(
    handler: Callable[[web.Request], Awaitable[web.StreamResponse]], tls: ssl.SSLContext | None = None
) -> AsyncIterator[int]:
    application = web.Application()
    application.router.add_route("*", "/{path:.*}", handler)
    runner = web.AppRunner(application, access_log=None)
    await runner.setup()
    port = free_port()
    await web.TCPSite(runner, "127.0.0.1", port, ssl_context=tls).start()
    yield port
    await runner.cleanup()


async def hello(_: web.Request) -> web.Response:
    return web.Response(text="hello")


def test_dns() -> None:
    assert public_path.dns("https://localhost").passed
    finding = public_path.dns("https://no-such-name.invalid")
    assert not finding.passed and "record" in finding.remedy


@pytest.mark.parametrize(
    ("days", "believed", "ahead", "passed", "word"),
    [
        (60, True, 1, True, "good until"),
        (15, True, 1, True, "good until"),
        (13, True, 1, False, "good until"),
        (60, False, 1, False, "not believed"),
        (5, True, 1, False, "good until"),  # not two weeks ahead
        (30, True, 40, False, "good until"),  # not through the day after
    ],
)
async def test_certificate(
    tmp_path: Path, days: int, believed: bool, ahead: int, passed: bool, word: str
) -> None:
    server = make_certificate(tmp_path, days)
    trust = ssl.create_default_context(cafile=str(tmp_path / "cert.pem")) if believed else None
    async with serving(hello, server) as port:
        until = datetime.now(UTC) + timedelta(days=ahead)
        found = await asyncio.to_thread(public_path.certificate, f"https://localhost:{port}", until, trust)
    assert found.passed is passed and word in found.said
    assert found.passed or found.remedy


def test_a_public_address_without_tls_or_without_anybody() -> None:
    assert not public_path.certificate("http://localhost", datetime.now(UTC)).passed
    assert not public_path.certificate(f"https://localhost:{free_port()}", datetime.now(UTC)).passed


async def test_redirect(tmp_path: Path) -> None:
    where = {"to": ""}

    async def away(request: web.Request) -> web.Response:
        raise web.HTTPMovedPermanently(f"{where['to']}{request.path}")

    async def ask(port: int) -> PreflightFinding:
        return await asyncio.to_thread(public_path.redirect, "https://localhost", port, trust)

    server = make_certificate(tmp_path, 90)
    trust = ssl.create_default_context(cafile=str(tmp_path / "cert.pem"))
    async with serving(away) as port, serving(hello, server) as https:
        where["to"] = f"https://localhost:{https}"
        assert (await ask(port)).passed
        where["to"] = f"https://localhost:{free_port()}"  # where nobody listens
        found = await ask(port)
        assert not found.passed and "does not answer" in found.said and "served" in found.remedy
    async with serving(away, server) as ring, serving(away) as port:
        where["to"] = f"https://localhost:{ring}"  # to itself, for ever
        assert "and so on" in (await ask(port)).said
    async with serving(hello) as port:
        found = await ask(port)
        assert not found.passed and "answers 200" in found.said
    assert not (await ask(free_port())).passed


async def test_private_paths_do_not_exist_from_outside() -> None:
    open_paths = {"/metrics", "/standings"}

    async def proxy(request: web.Request) -> web.Response:
        return web.Response(status=200 if request.path in open_paths else 404)

    async with serving(proxy) as port:
        url = f"http://127.0.0.1:{port}"
        found = await asyncio.to_thread(public_path.private_paths, url)
        assert not found.passed and "/metrics (200), /standings (200)" in found.said
        open_paths.clear()
        assert (await asyncio.to_thread(public_path.private_paths, url)).passed
    assert not (await asyncio.to_thread(public_path.private_paths, url)).passed


def test_the_private_paths_asked_for_are_private() -> None:
    inside = {path for paths in INSIDE.values() for path in paths}
    assert set(public_path.PRIVATE) <= inside


def test_precincts_that_nobody_watches_are_told_by_what_they_are_worth() -> None:
    whole = an_election()
    assert people.watched(whole).passed
    first = whole.precincts[0]
    some = [
        replace(first, precinct_id=PrecinctId(f"P{i}"), expected_votes=100.0 * i, site_id="")
        for i in range(1, 11)
    ]
    some[1] = replace(some[1], site_id="S")
    some[2] = replace(some[2], site_id="S")  # who watches P3 stands where P2 votes
    watcher = whole.watchers[0]

    def found(*watched: str) -> PreflightFinding:
        return people.watched(
            replace(
                whole,
                precincts=tuple(some),
                watchers=(replace(watcher, precinct_ids=tuple(map(PrecinctId, watched))),),
            )
        )

    few = found("P3")
    assert not few.passed
    assert "8 of 10 precincts have no watcher; most telling: P10 (1,000 votes), P9 (900 votes)" in few.said
    most = found(*(f"P{i}" for i in range(3, 11)))
    assert most.passed and "1 of 10" in most.said and "P1 (100 votes)" in most.said


def test_phones_that_never_reached_us() -> None:
    watcher = an_election().watchers[0]
    known = [Attendance(watcher, (), datetime.now(UTC)) for _ in range(9)]
    assert people.phones([*known, Attendance(watcher, ())]).passed
    found = people.phones([*known[:5], *[Attendance(watcher, (), wrong_number=True)] * 5])
    assert not found.passed and "5 of 10" in found.said and watcher.watcher_id in found.said
    assert not people.phones([]).passed


def test_numbers_to_send_from() -> None:
    def ours(*providers: str, preset: str = "toll_free") -> list[OurNumber]:
        return [OurNumber.model_validate({"number": "+12155550100", "provider": p, "preset": preset})
                for p in providers]  # fmt: skip

    assert people.numbers(ours("twilio", "telnyx"), 60).passed
    assert "no number" in people.numbers([], 60).said
    assert "twilio's" in people.numbers(ours("twilio", "twilio"), 60).said
    slow = people.numbers(ours("twilio", "telnyx", preset="10dlc"), 900)
    assert not slow.passed and "12 minutes" in slow.said


def test_a_rehearsal_of_this_week(tmp_path: Path) -> None:
    def run(name: str, *results: str) -> None:
        (tmp_path / name).mkdir()
        content = {"experiments": [{"result": result} for result in results]}
        (tmp_path / name / "run.json").write_text(json.dumps(content))
        os.utime(tmp_path / name / "run.json", (now - 60 * (9 - int(name)),) * 2)

    now = datetime.now(UTC).timestamp()
    assert not checks.rehearsed(tmp_path).passed
    run("1", "pass", "skipped")
    assert checks.rehearsed(tmp_path).passed
    assert not checks.rehearsed(tmp_path, datetime.now(UTC) + timedelta(days=8)).passed
    run("2", "pass", "unknown")
    assert "1 of 2" in checks.rehearsed(tmp_path).said and not checks.rehearsed(tmp_path).passed
    run("3", "skipped")
    assert not checks.rehearsed(tmp_path).passed
    (tmp_path / "3" / "run.json").write_text("{")
    assert "cannot be read" in checks.rehearsed(tmp_path).said


async def test_webhook_round_trip_with_a_real_intake(tmp_path: Path) -> None:
    intake = IntakeProcess(tmp_path / "state", "")
    intake.more = {"BELUGA_PUBLIC_URL": intake.url}
    await intake.running()
    try:
        async with TextSender(intake.url, intake.url, SECRETS, patience=3) as sender:
            assert (await public_path.webhook(sender, intake.url)).passed
        wrong = SECRETS | {"generic_secret": "another"}
        async with TextSender(intake.url, intake.url, wrong, patience=0.1) as sender:
            found = await public_path.webhook(sender, intake.url)
            assert not found.passed and "403" in found.said
        # the proxy's name is not what providers sign
        async with TextSender(intake.url, "https://other.example", SECRETS, patience=0.1) as sender:
            found = await public_path.webhook(sender, intake.url)
            assert not found.passed and "twilio" in found.said and "BELUGA_PUBLIC_URL" in found.remedy
    finally:
        intake.end()


async def test_a_webhook_that_takes_unsigned_texts_fails() -> None:
    async def takes_all(_: web.Request) -> web.Response:
        return web.json_response({"reply": ""})

    async with serving(takes_all) as port:
        url = f"http://127.0.0.1:{port}"
        async with TextSender(url, url, SECRETS, patience=1) as sender:
            found = await public_path.webhook(sender, url)
    assert not found.passed and "unsigned" in found.said


async def test_clock() -> None:
    async def late(_: web.Request) -> web.Response:
        return web.Response(headers={"Date": "Tue, 03 Nov 2026 12:00:00 GMT"})

    async with serving(hello) as port:
        url = f"http://127.0.0.1:{port}"
        assert (await asyncio.to_thread(checks.clock, url, None, 0.2)).passed
        assert not (await asyncio.to_thread(checks.clock, url, None, -60.0)).passed
    async with serving(late) as port:
        found = await asyncio.to_thread(checks.clock, f"http://127.0.0.1:{port}")
        assert not found.passed and "chrony" in found.remedy


def test_disk_and_ballast(tmp_path: Path) -> None:
    found = checks.disk(tmp_path, least_free=1)
    assert not found.passed and "ballast" in found.said
    (tmp_path / "intake/journal").mkdir(parents=True)
    (tmp_path / "intake/journal/ballast").write_bytes(os.urandom(10_000))
    assert checks.disk(tmp_path, least_free=1).passed
    found = checks.disk(tmp_path, least_free=1 << 60)
    assert not found.passed and "free" in found.remedy


@pytest.mark.parametrize(
    ("state", "word"),
    [
        (None, "cannot be reached"),
        (replace(SOUND, pending=("0099_pre_x",)), "0099_pre_x"),
        (replace(SOUND, fsync=False), "can be lost"),
        (replace(SOUND, synchronous_commit="off"), "can be lost"),
        (replace(SOUND, synchronous=0), "no synchronous standby"),
        (replace(SOUND, sees_standbys=False), "may not see"),
        (replace(SOUND, archive_failing=True), "archiving fails"),
    ],
)
def test_a_database_that_could_lose_something(state: DatabaseState | None, word: str) -> None:
    found = checks.database(state, "nobody")
    assert not found.passed and word in found.said and found.remedy


def test_a_sound_database() -> None:
    assert checks.database(SOUND).passed
    assert checks.database(replace(SOUND, hosts=1, synchronous=0)).passed


@pytest.mark.parametrize(
    ("age", "proven", "passed"),
    [(3, None, True), (3, True, True), (None, None, False), (40, None, False), (3, False, False)],
)
def test_backup(age: float | None, proven: bool | None, passed: bool) -> None:
    assert checks.backup(age, proven).passed is passed


def later(election: Election, days: int = 7) -> Election:
    return replace(election, day=replace(election.day, date=datetime.now(UTC).date() + timedelta(days=days)))


def test_opting_out(monkeypatch: pytest.MonkeyPatch) -> None:
    roster = roster_of(later(an_election()))
    assert checks.opt_out(roster).passed
    monkeypatch.setattr(checks, "STOPS", ("STOP", "412"))
    assert "does not opt out" in checks.opt_out(roster).said
    monkeypatch.setattr(checks, "STOPS", ("STOP",))
    monkeypatch.setattr(checks, "TALKS", ("STOP",))
    assert not checks.opt_out(roster).passed


def test_hours() -> None:
    ahead = later(an_election())
    assert checks.hours(ahead, "09:00", "20:30").passed
    assert "no election" in checks.hours(None, "09:00", "20:30").said
    assert "was over" in checks.hours(later(ahead, -3), "09:00", "20:30").said
    assert not checks.hours(ahead, "20:30", "09:00").passed
    turned = replace(ahead, precincts=(replace(ahead.precincts[0], opens=time(21), closes=time(8)),))
    assert "closes before it opens" in checks.hours(turned, "09:00", "20:30").said


def test_capacity(tmp_path: Path) -> None:
    assert capacity(an_election(), tmp_path).passed
    assert need(34_000, 20_000, 7_000, 800).texts_a_second > need(400, 400, 20, 20).texts_a_second
    many = replace(an_election(), watchers=an_election().watchers * 2_000_000)
    found = capacity(many, tmp_path, cores=1)
    assert not found.passed and "cores" in found.said


async def test_what_stands_behind_is_looked_at(
    database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await import_election(database_url, later(an_election()))
    monkeypatch.setenv("BELUGA_DATABASE_URL", database_url)
    unsynced = (await look_behind(tmp_path)).database
    assert unsynced is not None and not checks.database(unsynced).passed, "as these tests' server runs"
    connection = await connect(database_url)
    await connection.execute("alter system set fsync = on")
    await connection.fetchval("select pg_reload_conf()")
    try:
        while await connection.fetchval("select setting from pg_settings where name = 'fsync'") != "on":
            await asyncio.sleep(0.01)
        behind = await look_behind(tmp_path)
    finally:
        await connection.execute("alter system set fsync = off")
        await connection.fetchval("select pg_reload_conf()")
        await connection.close()
    assert behind.database is not None and checks.database(behind.database).passed
    assert behind.ahead is not None and abs(behind.ahead) < 5
    assert all(f.passed for f in about(behind.election, tmp_path))
    monkeypatch.setenv("BELUGA_DATABASE_URL", f"postgresql://nobody@127.0.0.1:{free_port()}/x")
    away = await look_behind(tmp_path)
    assert not checks.database(away.database, away.why).passed


def test_the_command_fails_with_remedies(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BELUGA_DATABASE_URL", f"postgresql://nobody@127.0.0.1:{free_port()}/x")
    monkeypatch.setenv("BELUGA_PUBLIC_URL", f"http://127.0.0.1:{free_port()}")
    result = CliRunner().invoke(app, ["preflight", "--state", str(tmp_path), "--local"])
    assert result.exit_code == 1
    assert "FAIL  database" in result.output and "-> " in result.output and "checks failed" in result.output
    told = CliRunner().invoke(app, ["preflight", "--state", str(tmp_path), "--local", "--json"])
    assert told.exit_code == 1
    found = {line["check"]: line for line in json.loads(told.stdout)}
    assert found["database"]["passed"] is False and found["database"]["remedy"]
    assert (
        found["database"]["page"] == "runbooks/database-away.md" and f"({PAGES['database']})" in result.output
    )
    outside = CliRunner().invoke(app, ["preflight", "--state", str(tmp_path), "--json"])
    asked = {line["check"] for line in json.loads(outside.stdout)}
    assert asked - set(found) == {"dns", "tls", "redirect", "private"}


def test_each_check_has_a_page_that_is_there() -> None:
    table = (ROOT / "docs/how-to/before-the-day.md").read_text()
    assert all(f"| `{check}` |" in table and (ROOT / page).is_file() for check, page in PAGES.items())


def test_a_backup_is_proven_for_a_week(tmp_path: Path) -> None:
    made = Backup(tmp_path / "backups/20261101T030000Z", datetime.now(UTC))
    made.folder.mkdir(parents=True)
    assert not proven_lately(tmp_path / "backups")
    note_proven(made)
    assert proven_lately(tmp_path / "backups") and backups(tmp_path / "backups")[0].folder == made.folder
    assert not proven_lately(tmp_path / "backups", datetime.now(UTC).timestamp() + 8 * 86_400)
