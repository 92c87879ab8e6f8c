"""The short way takes, reads and refuses what aiohttp's own server does: a seeded share of `make fuzz`."""

import pytest

from intake.webhook import fast_path as front
from tests.fuzz.requests import Case, Court, compare

PLAIN = b"POST /sms/generic HTTP/1.1\r\nHost: b\r\nContent-Length: 1\r\n\r\nx"


async def test_mutated_requests_are_judged_alike() -> None:
    found = await compare(3_000, seed=15)
    assert found["short"] > 300  # the front answered many by itself,
    assert found["taken"] > 2 * found["short"]  # aiohttp others,
    assert found["refused"] > 1_000  # and refused many


@pytest.mark.parametrize("slip", ["repeated", "largest", "nul"])
async def test_a_slip_of_the_front_would_be_found(slip: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Headers twice, a head too large, a NUL: were the front to take them, the comparison would say so."""
    if slip == "repeated":
        monkeypatch.setattr(front.Headers, "repeated", False, raising=False)
        monkeypatch.setattr(front.Headers, "__init__", _last_counts)
    elif slip == "largest":
        monkeypatch.setattr(front, "LARGEST_HEAD", 1 << 20)
    else:
        monkeypatch.setattr(
            front, "_HEAD", front.re.compile(front._HEAD.pattern.replace(b"\\t -~", b"\\0\\t -~"))
        )
    with pytest.raises(AssertionError, match="of seed 15"):
        await compare(6_000, seed=15)


def _last_counts(self: front.Headers, lines: bytes) -> None:
    pairs = [line.partition(":") for line in lines[:-2].decode("ascii").split("\r\n")]
    self._values = {name.lower(): value.strip(" \t") for name, _, value in pairs}


async def test_a_plain_request_takes_the_short_way() -> None:
    court = await Court().start()
    for whole, short in ((PLAIN, 1), (PLAIN.replace(b"1.1", b"1.0"), 1), (PLAIN + PLAIN, 1), (PLAIN, 2)):
        alone, own = await court.judged(Case((whole,)))
        assert alone.taken == own.taken
        assert court.short == short
    await court.stop()
