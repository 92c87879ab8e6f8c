"""Whose phone gets which roll: the own precinct's, names where allowed, few times, until an hour after."""

import base64
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import asyncpg
import orjson
import pytest
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from callers.dispatch.places import Place
from callers.lists.rolls import (
    ClosedRollError,
    EndedLinkError,
    NoRollError,
    RollBudgetError,
    RollLink,
    Rolls,
)
from callers.service.database_clock import DatabaseClock
from callers.voters.encryption import Encryption
from callers.voters.strike_offs import StrikeOffs, apply
from callers.voters.voter_file import save_voters
from chaos.judge.alerts import holds, read_rules
from election.access.watcher_links import revoke
from election.domain.checkin import Channel, CheckIn, Kind
from election.domain.day import Voter
from election.domain.ids import PrecinctId, VoterId, check_in_id, message_id
from tests.callers.conftest import CLOSES, NOON, ZONE, add_election
from tests.callers.service_process import SECRET

ROOT = Path(__file__).parents[3]
RULES, DEPLOYED = ROOT / "chaos/alerts.yml", ROOT / "deploy/prometheus/alerts.yml"
HOUR = timedelta(hours=1)
ANN = RollLink("w1", 0)


class SetClock:
    """A clock that stands where a test puts it."""

    def __init__(self) -> None:
        self.at, self.speed = NOON, 1.0

    def now(self) -> Any:
        return self.at


@pytest.fixture
async def roll_of(
    pool: asyncpg.Pool, connection: asyncpg.Connection
) -> Callable[..., tuple[Rolls, SetClock]]:
    """Two precincts; w1 watches a, w2 watches b. Voters are sealed at rest."""
    await add_election(connection, ["a", "b"])
    await connection.executemany(
        "insert into watchers (watcher_id, name, phone, language, precinct_ids)"
        " values ($1, $1, $2, 'en', $3)",
        [("w1", "+12155550101", ["a"]), ("w2", "+12155550102", ["b"])],
    )
    encryption = Encryption("k" * 32)
    voters = [
        Voter(
            VoterId(f"{p}/{n}"), PrecinctId(p), number, f"Name {p}{n}", f"+121555501{n:02}",
            address=f"{n} Elm Street",
        )
        for p in "ab"
        for n, number in enumerate(("1", "2", "17", "18/1", ""))
    ]  # fmt: skip
    async with connection.transaction():
        await save_voters(connection, voters, encryption)

    def made(*, names: bool = True, downloads: int = 2) -> tuple[Rolls, SetClock]:
        clock = SetClock()
        opens = CLOSES - 13 * HOUR
        rolls = Rolls(
            pool, encryption, DatabaseClock(clock),
            lambda p: Place(p, p, ZONE, CLOSES, opens_at=opens) if p in "ab" else None,
            SECRET, names=names, downloads=downloads,
        )  # fmt: skip
        return rolls, clock

    return made


async def test_names_come_sealed_for_one_link_and_are_audited(
    roll_of: Callable[..., tuple[Rolls, SetClock]], connection: asyncpg.Connection
) -> None:
    rolls, _ = roll_of()
    state = await rolls.state(ANN, "a")
    assert (state.voters, state.names, state.struck) == (4, True, [])
    assert state.gone_in_seconds == (CLOSES + HOUR - NOON).total_seconds()
    sealed = await rolls.sealed(ANN, "a")
    assert sealed is not None
    assert b"Elm" not in sealed
    rows = orjson.loads(AESGCM(base64.b64decode(state.key)).decrypt(sealed[:12], sealed[12:], None))
    assert rows[2] == ["17", "Name a2", "2 Elm Street", False]
    assert [r[0] for r in rows] == ["1", "2", "17", "18/1"], "who has no number cannot be struck off"
    newer = await rolls.state(RollLink("w1", 1), "a")
    with pytest.raises(InvalidTag):
        AESGCM(base64.b64decode(newer.key)).decrypt(sealed[:12], sealed[12:], None)
    (deed,) = await connection.fetch("select account, action, subject, detail from audit")
    assert tuple(deed) == (
        "watcher:w1", "roll shown", "precinct:a", {"voters": 4, "link": 0, "download": 1},
    )  # fmt: skip


async def test_a_link_opens_its_own_precinct_until_it_is_revoked_or_the_day_is_over(
    roll_of: Callable[..., tuple[Rolls, SetClock]], connection: asyncpg.Connection
) -> None:
    rolls, clock = roll_of()
    for precinct in ("b", "nowhere"):
        with pytest.raises(NoRollError):
            await rolls.sealed(ANN, precinct)
    with pytest.raises(EndedLinkError):
        await rolls.state(RollLink("nobody", 0), "a")
    clock.at = CLOSES - 26 * HOUR
    early = await rolls.state(ANN, "a")
    assert (early.names, early.key) == (False, ""), "names go out the evening before, not weeks"
    assert await rolls.sealed(ANN, "a") is None
    clock.at = CLOSES + HOUR - timedelta(seconds=1)
    assert (await rolls.state(ANN, "a")).gone_in_seconds == 1
    clock.at = CLOSES + HOUR
    with pytest.raises(ClosedRollError):
        await rolls.state(ANN, "a")
    clock.at = NOON
    await revoke(connection, ["w1"])
    for ask in (rolls.state, rolls.sealed, rolls.numbers):
        with pytest.raises(EndedLinkError):
            await ask(ANN, "a")
    assert await connection.fetchval("select count(*) from rolls_shown") == 0


async def test_a_link_has_few_downloads_and_numbers_have_no_budget(
    roll_of: Callable[..., tuple[Rolls, SetClock]],
) -> None:
    rolls, clock = roll_of()
    for _ in range(2):
        assert await rolls.sealed(ANN, "a")
    with pytest.raises(RollBudgetError):
        await rolls.sealed(ANN, "a")
    again, _ = roll_of()  # another service, or after a restart
    with pytest.raises(RollBudgetError):
        await again.sealed(ANN, "a")
    assert await rolls.sealed(RollLink("w1", 1), "a"), "a new link begins anew"
    for path in (RULES, DEPLOYED):
        (rule,) = (r for r in read_rules(path) if r.name == "RollsHarvested")
        refused = "beluga_callers_held_back_total"
        before, after = (
            {refused: [({"budget": "rolls"}, n), ({"budget": "joins"}, 9 * n)]} for n in (0.0, 3.0)
        )
        assert not holds(rule.expr, [(0.0, before), (5.0, before)])
        assert holds(rule.expr, [(0.0, before), (5.0, after)]), path
    plain = orjson.loads(await rolls.numbers(ANN, "a"))
    assert plain[0] == ["1", "", "", False]
    clock.at = NOON + 5 * HOUR
    with pytest.raises(RollBudgetError):
        await rolls.sealed(ANN, "a")


async def test_without_the_operators_leave_there_are_numbers_alone(
    roll_of: Callable[..., tuple[Rolls, SetClock]], connection: asyncpg.Connection
) -> None:
    rolls, _ = roll_of(names=False)
    state = await rolls.state(ANN, "a")
    assert (state.names, state.key) == (False, "")
    assert state.version.startswith("numbers-")
    assert await rolls.sealed(ANN, "a") is None
    assert await connection.fetchval("select count(*) from rolls_shown") == 0


def struck(n: int, minutes: int, **detail: Any) -> CheckIn:
    at, its = NOON + timedelta(minutes=minutes), message_id("form", str(n))
    return CheckIn(
        check_in_id=check_in_id(its, 0), message_id=its, part=0, kind=Kind.VOTERS, channel=Channel.FORM,
        precinct_id=PrecinctId("a"), watcher_id=None, sender="form:w1", observed_at=at, sent_at=at,
        received_at=at, detail=detail,
    )  # fmt: skip


async def test_two_watchers_see_each_others_strikes_and_a_slip_taken_back_in_whatever_order(
    roll_of: Callable[..., tuple[Rolls, SetClock]], connection: asyncpg.Connection
) -> None:
    words = [
        struck(1, 0, roll_numbers=[1, 17], roll_texts=["18/1"]), struck(2, 2, unstruck=[17, "18/1"]),
        struck(3, 4, roll_numbers=[17]), struck(4, 6, unstruck=[2]), struck(5, 5, roll_numbers=[2, 2]),
    ]  # fmt: skip
    for order in (words, words[::-1], [*words[2:], *words[:2], *words]):
        for each in order:
            await apply(connection, StrikeOffs(), [each], NOON)
        await apply(connection, StrikeOffs(), list(order), NOON)  # a service starts, and reads it all again
        rolls, _ = roll_of()
        assert (await rolls.state(ANN, "a")).struck == ["1", "17"]
        gone = await connection.fetch("select voter_id from voter_standings where never = 'voted' order by 1")
        assert [r[0] for r in gone] == ["a/0", "a/2"], "who was struck off by a slip may be called again"
        await connection.execute("truncate strike_offs, withdrawn_strikes")
