"""Watchers' links: numbered, revoked in bulk, and revoked still when the database is away."""

import asyncio
import csv
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from click.testing import Result
from typer.testing import CliRunner

from beluga.cli import links as link_commands
from election.access.tokens import BadTokenError, Tokens
from election.access.watcher_links import issue, reissue, revoke, token_of
from election.postgres.database import connect
from election.runtime.clock import FileClock
from intake.replies.segments import plain, segments
from intake.roster.links import Links, RevokedLinkError
from tests.intake.running import SECRET, an_election, import_election

TOKENS = Tokens(SECRET)


def test_a_link_is_good_while_its_number_is_above_what_was_revoked(tmp_path: Path) -> None:
    links = Links(tmp_path, TOKENS)
    links.load()  # nothing on disk yet
    assert links.watcher_of(token_of(TOKENS, "w1", 0)) == "w1"
    for bad in ("", "forged", TOKENS.sign("caller", {"w": "w1"}), TOKENS.sign("watcher", ["w1"]),
                TOKENS.sign("watcher", {"w": "w1", "n": "x"}), token_of(TOKENS, "w1", 0) + "x"):  # fmt: skip
        with pytest.raises(BadTokenError):
            links.watcher_of(bad)


async def test_what_was_revoked_outlives_a_restart_without_a_database(tmp_path: Path) -> None:
    await Links(tmp_path, TOKENS).adopt({"w1": 1})
    links = Links(tmp_path, TOKENS)
    links.load()
    for number in (0, 1):
        with pytest.raises(RevokedLinkError):
            links.watcher_of(token_of(TOKENS, "w1", number))
    assert links.watcher_of(token_of(TOKENS, "w1", 2)) == "w1"
    assert links.watcher_of(token_of(TOKENS, "w2", 0)) == "w2"
    for torn in (b'{"w1"', b"[]", b'{"w1": "x"}'):
        (tmp_path / "revoked-links.json").write_bytes(torn)
        links = Links(tmp_path, TOKENS)
        links.load()
        assert links.watcher_of(token_of(TOKENS, "w1", 0)) == "w1"  # a watcher never waits for us


async def test_issue_reissue_and_revoke_in_any_order(database_url: str) -> None:
    connection = await connect(database_url)
    assert await issue(connection, ["w1", "w2", "w1"]) == {"w1": 0, "w2": 0}
    assert await reissue(connection, ["w1", "w3"]) == {"w1": 1, "w3": 1}
    assert await issue(connection, ["w1", "w2", "w3"]) == {"w1": 1, "w2": 0, "w3": 1}
    await revoke(connection, ["w1", "w4"])
    await revoke(connection, ["w1"])
    assert await issue(connection, ["w1", "w4"]) == {"w1": 2, "w4": 1}
    assert await reissue(connection, ["w1"]) == {"w1": 3}
    rows = await connection.fetch("select watcher_id, issued, revoked_through from watcher_links order by 1")
    assert [tuple(row) for row in rows] == [("w1", 3, 2), ("w2", 0, -1), ("w3", 1, 0), ("w4", 1, 0)]
    await connection.close()


def test_the_commands_issue_print_and_text_links(
    database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    election = an_election(3)
    precincts = [replace(p, county="North <1>" if n else "South") for n, p in enumerate(election.precincts)]
    asyncio.run(import_election(database_url, replace(election, precincts=tuple(precincts))))
    clock = tmp_path / "clock"
    FileClock(clock).set(datetime(2026, 11, 2, 17, tzinfo=UTC), 1.0)  # noon: no quiet hours
    for name, value in {
        "DATABASE_URL": database_url, "SECRET": SECRET, "STATE": str(tmp_path), "CLOCK_FILE": str(clock),
        "PUBLIC_URL": "https://t.example",
    }.items():  # fmt: skip
        monkeypatch.setenv(f"BELUGA_{name}", value)

    def beluga(*words: str) -> Result:
        return CliRunner().invoke(link_commands.app, words)

    printed = beluga("issue", "--all")
    assert printed.exit_code == 0, printed.output
    rows = dict(list(csv.reader(printed.stdout.splitlines()))[1:])
    assert list(rows) == ["w1", "w2", "w3"]
    links = Links(tmp_path, TOKENS)
    prefix = "https://t.example/w/"
    assert {links.watcher_of(link.removeprefix(prefix)) for link in rows.values()} == set(rows)
    assert beluga("issue", "w1", "w9").stderr == "no such watcher: w9; nothing was changed\n"
    assert beluga("issue").exit_code == 1
    assert "no such county" in beluga("revoke", "--county", "Nowhere").stderr
    printed = beluga("sheet", "--out", str(tmp_path / "sheets"), "--new")
    assert printed.exit_code == 0, printed.output
    pages = [Path(line) for line in printed.stdout.split()]
    assert [page.name for page in pages] == ["links-North-1.html", "links-South.html"]
    assert pages[0].stat().st_mode & 0o77 == 0  # links are keys
    text = pages[0].read_text()
    assert text.count('class="code"') == text.count("<svg") == 2
    assert "North &lt;1&gt;" in text
    assert beluga("revoke", "--county", "South").stdout.startswith("links of 2 watchers ended")
    for said in ("2 links in the outbox (0 had", "0 links in the outbox (2 had"):
        assert beluga("text", "w1", "w2").stdout.startswith(said)
    assert "may not work in the war room" in beluga("operator", "nobody").stderr

    async def stored() -> None:
        connection = await connect(database_url)
        sql = "select watcher_id, issued, revoked_through from watcher_links order by 1"
        found = [tuple(row) for row in await connection.fetch(sql)]
        assert found == [("w1", 2, 1), ("w2", 1, 0), ("w3", 1, 1)]
        texts = await connection.fetch("select body from outbox order by watcher_id")
        for row, words, number in zip(texts, ("Report how many", "Informe aqui"), (2, 1), strict=True):
            assert row["body"].startswith(words)
            token = row["body"].rpartition("/w/")[2]
            assert TOKENS.read("watcher", token)["n"] == number
            assert segments(plain(row["body"])) == 1
        actions = await connection.fetch("select distinct action from audit order by 1")
        assert [r["action"] for r in actions] == ["links issued", "links reissued", "links revoked"]
        await connection.close()

    asyncio.run(stored())
