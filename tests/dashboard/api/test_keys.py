"""Keys judged in memory: their secret, their end, their rate; what one does is counted."""

import asyncio
from datetime import UTC, datetime

import asyncpg
import pytest

from dashboard.api.keys import ApiKeys
from election.access import api_keys
from election.access.api_keys import ApiKey, ApiKeyError, parts_of
from election.access.identity import identity_of
from election.postgres.database import connect


class Time:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def a_key(a_minute: int = 60, **more: object) -> tuple[ApiKey, str]:
    text = "beluga_" + "a" * 12 + "_" + "s" * 43
    values: dict[str, object] = {
        "key_id": "a" * 12, "name": "glue", "scopes": frozenset({"calls"}), "counties": (),
        "a_minute": a_minute, "secret_hash": api_keys._hash("s" * 43), "made_by": "ada",
        "made_at": datetime(2026, 11, 3, tzinfo=UTC), **more,
    }  # fmt: skip
    return ApiKey(**values), text  # type: ignore[arg-type]


def ring_of(*keys: ApiKey, time: Time | None = None) -> ApiKeys:
    ring = ApiKeys(time or Time())
    asyncio.run(ring.adopt(keys))
    return ring


def test_before_keys_are_known_none_is_judged_and_then_only_its_own_secret_opens() -> None:
    key, text = a_key()
    assert not ApiKeys().known
    ring = ring_of(key)
    assert ring.known and ring.find(text) is key
    for wrong in ("", text[:-1], text[:-1] + "t", text.replace("aaaa", "bbbb"), text + "s", "s" * 43):
        assert ring.find(wrong) is None
    ended, _ = a_key(revoked_by="ada", revoked_at=datetime(2026, 11, 3, tzinfo=UTC))
    assert ring_of(ended).find(text) is None


def test_a_quarter_of_a_minutes_requests_come_at_once_and_the_rest_evenly() -> None:
    time = Time()
    key, _ = a_key(a_minute=60)
    ring = ring_of(key, time=time)
    assert [ring.wait(key) for _ in range(15)] == [0.0] * 15
    assert ring.wait(key) == pytest.approx(1.0)
    time.now += 0.5
    assert ring.wait(key) == pytest.approx(0.5)
    time.now += 0.5
    assert ring.wait(key) == 0.0
    taken = 0
    for _ in range(600):
        time.now += 0.1
        taken += ring.wait(key) == 0.0
    assert taken == 60
    one, _ = a_key(a_minute=1)
    assert ring_of(one).wait(one) == 0.0


def test_reading_is_told_once_an_hour() -> None:
    time = Time()
    key, _ = a_key()
    ring = ring_of(key, time=time)
    assert [ring.first_read(key, "calls"), ring.first_read(key, "calls")] == [True, False]
    assert ring.first_read(key, "standings")
    time.now += 3600
    assert ring.first_read(key, "calls")


def test_a_key_is_no_login_and_one_of_counties_says_so_in_its_token() -> None:
    for counties, role in (((), "staff"), (("Kent",), "lead")):
        identity = a_key(counties=counties)[0].identity
        assert identity_of(identity.claims()) == identity
        assert (identity.role, identity.machine, identity.account) == (role, True, "key glue")
        assert identity.counties == (frozenset(counties) or None)


async def test_a_key_is_kept_as_a_fingerprint_and_ends_once(module_database_url: str) -> None:
    connection = await connect(module_database_url)
    try:
        text = await api_keys.make(connection, " my  glue ", ["calls", "calls"], [], 60, "ada")
        kept = str(await connection.fetch("select * from api_keys"))
        assert parts_of(text)[1] not in kept
        for name, scopes, rate in (
            ("my glue", ["calls"], 60), ("", ["calls"], 60), ("x" * 61, ["calls"], 60),
            ("<b>", ["calls"], 60),
            ("y", [], 60), ("y", ["all"], 60), ("y", ["calls"], 0), ("y", ["calls"], 6001),
        ):  # fmt: skip
            with pytest.raises(ApiKeyError):
                await api_keys.make(connection, name, scopes, [], rate, "ada")
        ring = ApiKeys()
        await ring.adopt(await api_keys.read_all(connection))
        key = ring.find(text)
        assert key is not None and key.name == "my glue"
        ring.wait(key)
        await ring.note(connection)
        await ring.note(connection)
        assert [k.uses for k in await api_keys.read_all(connection)] == [1]
        assert await api_keys.revoke(connection, key.key_id, "ada") == "my glue"
        with pytest.raises(ApiKeyError):
            await api_keys.revoke(connection, key.key_id, "ada")
        await ring.adopt(await api_keys.read_all(connection))
        assert ring.find(text) is None
        await api_keys.make(connection, "my glue", ["calls"], [], 60, "ada")  # the name is free again
        with pytest.raises(asyncpg.CheckViolationError):
            await connection.execute("update api_keys set secret_hash = 'x'")
    finally:
        await connection.close()
