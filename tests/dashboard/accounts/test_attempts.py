"""Guessing is slow; nobody can lock the war room out."""

from dashboard.accounts.attempts import PER_ADDRESS, PER_HALFWAY, PER_LOGIN, REMEMBERED, WINDOW, Attempts


def test_a_login_waits_after_its_failures_and_is_free_again_after_the_window() -> None:
    attempts = Attempts()
    for i in range(PER_LOGIN):
        assert attempts.wait("ada", "10.0.0.1", i) == 0
        attempts.failed("ada", "10.0.0.1", i)
    assert attempts.wait("ada", "10.0.0.1", PER_LOGIN) == WINDOW - PER_LOGIN
    assert attempts.wait("ada", "10.0.0.1", WINDOW + PER_LOGIN) == 0


def test_failures_elsewhere_do_not_lock_a_login_out() -> None:
    attempts = Attempts()
    for i in range(1_000):
        attempts.failed("ada", f"10.0.{i // 250}.{i % 250}", i / 100)
    assert attempts.wait("ada", "192.0.2.1", 10) == 0


def test_an_address_that_guesses_at_everybody_waits() -> None:
    attempts = Attempts()
    for i in range(PER_ADDRESS):
        attempts.failed(f"login{i}", "10.0.0.1", 0)
    assert attempts.wait("ada", "10.0.0.1", 1) == WINDOW - 1
    assert attempts.wait("ada", "10.0.0.2", 1) == 0


def test_a_stranger_at_the_same_address_locks_out_no_known_browser_and_is_not_helped_by_one() -> None:
    attempts = Attempts()
    for i in range(PER_ADDRESS):
        attempts.failed("ada", "10.0.0.1", i / 10)
    assert attempts.wait("ada", "10.0.0.1", 5) > 0
    assert attempts.wait("ada", "10.0.0.1", 5, browser="ada's own") == 0
    for _ in range(PER_LOGIN):  # a thief at that machine guesses no faster than elsewhere
        attempts.failed("ada", "10.0.0.1", 5, browser="ada's own")
    assert attempts.wait("ada", "10.0.0.1", 6, browser="ada's own") == WINDOW - 1


def test_all_addresses_of_one_household_are_one() -> None:
    attempts = Attempts()
    for i in range(PER_LOGIN):
        attempts.failed("ada", f"2001:db8:0:7::{i:x}", i)
    assert attempts.wait("ada", "2001:db8:0:7:ffff::1", PER_LOGIN) == WINDOW - PER_LOGIN
    assert attempts.wait("ada", "2001:db8:0:8::1", PER_LOGIN) == 0


def test_a_half_way_session_has_few_codes_and_another_its_own() -> None:
    attempts = Attempts()
    for i in range(PER_HALFWAY):
        assert not attempts.codes_spent("one", i)
        attempts.wrong_code("one", i)
    assert attempts.codes_spent("one", PER_HALFWAY)
    assert not attempts.codes_spent("other", PER_HALFWAY)
    assert not attempts.codes_spent("one", WINDOW + PER_HALFWAY)


def test_success_forgets_the_login_s_failures() -> None:
    attempts = Attempts()
    for _ in range(PER_LOGIN):
        attempts.failed("ada", "10.0.0.1", 0)
    attempts.succeeded("ada", "10.0.0.1")
    assert attempts.wait("ada", "10.0.0.1", 1) == 0


def test_memory_is_bounded() -> None:
    attempts = Attempts()
    for i in range(REMEMBERED * 2):
        attempts.failed(f"login{i}", f"address{i}", 0)
    assert len(attempts._failures) <= REMEMBERED
