"""One-time codes: the RFC's own examples, a drifting phone, and no code twice."""

import base64

import pytest

from election.access import totp

SECRET = base64.b32encode(b"12345678901234567890").decode()  # RFC 6238, appendix B


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [(59, "287082"), (1111111109, "081804"), (1234567890, "005924"), (20000000000, "353130")],
)
def test_the_codes_of_the_rfc(seconds: int, expected: str) -> None:
    assert totp.code(SECRET, seconds // totp.STEP_SECONDS) == expected


def test_a_code_counts_once_and_a_phone_may_be_half_a_minute_off() -> None:
    now = 1_793_725_200.0
    step = int(now // totp.STEP_SECONDS)
    for drift in (-1, 0, 1):
        given = totp.code(SECRET, step + drift)
        assert totp.step_of(SECRET, f" {given[:3]} {given[3:]} ", now, after=0) == step + drift
        assert totp.step_of(SECRET, given, now, after=step + drift) is None
    assert totp.step_of(SECRET, totp.code(SECRET, step - 2), now, after=0) is None
    assert totp.step_of(SECRET, "", now, after=0) is None
    assert totp.step_of(SECRET, "１２３４５６", now, after=0) is None


def test_an_app_can_read_the_address() -> None:
    link = totp.address(totp.new_secret(), "ann lee", "Beluga")
    assert link.startswith("otpauth://totp/Beluga%3Aann%20lee?secret=")
