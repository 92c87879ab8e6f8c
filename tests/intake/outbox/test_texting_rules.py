"""When a text may go out, and how fast a number may send."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from intake.replies.purposes import ANSWERS, PRIORITY, Purpose, QuietHours, window, worded
from intake.replies.segments import fits
from intake.replies.send_rate import PRESETS, REST_SECONDS, TRIES, Number, TokenBucket, first_awake
from tests.intake.sample import sample_roster

ZONE = ZoneInfo("America/New_York")
QUIET = QuietHours(time(21), time(8))
MOMENTS = st.integers(0, 14 * 86_400).map(lambda s: datetime(2026, 10, 25, tzinfo=UTC) + timedelta(seconds=s))


def local(hour: int, minute: int = 0, day: int = 3) -> datetime:
    return datetime(2026, 11, day, hour, minute, tzinfo=ZONE).astimezone(UTC)


@given(st.sampled_from(Purpose), MOMENTS)
def test_a_text_never_crosses_midnight_nor_begins_in_quiet_hours(purpose, now) -> None:
    found = window(purpose, now, ZONE, QUIET)
    assert found.opens >= now
    assert found.opens < found.closes
    last = found.closes - timedelta(microseconds=1)
    assert found.opens.astimezone(ZONE).date() == last.astimezone(ZONE).date()
    if purpose not in ANSWERS:
        assert not QUIET.holds(found.opens, ZONE)
        assert not QUIET.holds(last, ZONE)
    else:
        assert found.opens == now


def test_a_reminder_made_late_on_election_day_is_dead_before_the_next_morning() -> None:
    found = window(Purpose.REMINDER, local(20, 55), ZONE, QUIET)
    assert found.closes == local(21)
    found = window(Purpose.QUESTION, local(23, 58), ZONE, QUIET)
    assert found.closes == local(0, day=4)


def test_an_invitation_made_at_night_waits_for_the_morning() -> None:
    found = window(Purpose.ROLL_CALL, local(22, day=1), ZONE, QUIET)
    assert found.opens == local(8, day=2)


def test_quiet_hours_may_lie_within_a_day() -> None:
    noon = QuietHours(time(12), time(14))
    assert noon.holds(local(13), ZONE)
    assert not noon.holds(local(14), ZONE)
    assert noon.over(local(13), ZONE) == local(14)


def test_questions_go_before_reminders_before_thanks() -> None:
    order = sorted(Purpose, key=PRIORITY.__getitem__)
    assert order[:2] == [Purpose.QUESTION, Purpose.OPT_OUT]
    assert order.index(Purpose.REMINDER) < order.index(Purpose.THANKS)


@pytest.mark.parametrize("preset", ["10dlc", "toll_free", "short_code"])
@given(costs=st.lists(st.integers(1, 4), min_size=50, max_size=200))
def test_a_number_never_sends_faster_than_its_preset(preset, costs) -> None:
    rate, burst = PRESETS[preset]
    bucket, now, spent = TokenBucket(rate, burst), 1.0, 0.0
    for cost in costs:
        while bucket.refill(now) < 1:
            now += max(bucket.wait(), 1e-6)
        bucket.spend(cost)
        spent += cost
        assert spent <= burst + rate * (now - 1.0) + max(costs) + 1e-6


def test_a_failing_number_rests_and_the_next_steps_in() -> None:
    first, second = (Number(n, "file", TokenBucket(1, 1)) for n in ("+1", "+2"))
    assert first_awake([first, second], 0) is first
    assert [first.failed(1) for _ in range(TRIES)] == [False] * (TRIES - 1) + [True]
    assert first_awake([first, second], 2) is second
    assert first_awake([first, second], 1 + REST_SECONDS) is first
    assert first.failed(1 + REST_SECONDS), "after its rest one failure is enough"
    first.succeeded()
    assert not first.failed(999)


@pytest.mark.parametrize("language", ["en", "es", "zh", "vi"])
def test_every_text_of_ours_fits_and_a_rehearsals_says_so(language) -> None:
    roster = sample_roster()
    watcher = next(w for w in roster.watchers.values() if w.language == language)
    from intake.languages.catalogues import load_catalogues

    english, catalogue = load_catalogues()["en"], load_catalogues()[language]
    assert set(catalogue.outbound) == set(english.outbound)
    assert set(catalogue.incidents) == set(english.incidents)
    for template in set(english.outbound) - {"rehearsal"}:
        said = worded(
            template, watcher, roster, rehearsal=True,
            precinct=", ".join(roster.precincts), since="10:05", watcher="Maria de los Ángeles", date="3.11.",
            reason="61 behind its peers at 14:05, 93 % sure",
        )  # fmt: skip
        assert fits(said), (template, said)
        assert said.startswith(catalogue.outbound["rehearsal"].strip()[:4])
