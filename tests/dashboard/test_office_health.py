"""What the health page makes of answers, and of silence."""

from pathlib import Path

from dashboard.office.health.health import (
    DatabaseAnswer,
    Health,
    ServiceState,
    alert_lines,
    database_lines,
    disk_line,
    feed_lines,
    intake_lines,
    service_line,
    steps_of,
    worst,
)

RUNBOOKS = Path(__file__).parents[2] / "runbooks"
OUTBOX = "beluga_intake_outbox"
WELL = ServiceState(
    "intake", True, {"journal": True},
    {"beluga_intake_journal_depth": 3, f"{OUTBOX}_depth": 2, f"{OUTBOX}_oldest_seconds": 60},
)  # fmt: skip
TALLY = ServiceState("tally", True, {"log": True}, {"beluga_feed_viewers": 4})


def test_a_well_stack_is_well() -> None:
    answer = DatabaseAnswer(2.0, hosts=2, synchronous=1, backup_hours=3.0)
    lines = [
        service_line(WELL), *database_lines(answer), *intake_lines(WELL), *feed_lines(1.0, 0.0, TALLY),
        disk_line(9 << 30, 20 << 30), *alert_lines(answer),
    ]  # fmt: skip
    assert worst(lines) is Health.WELL
    assert "4 listen" in " ".join(line.said for line in lines)


def test_what_is_silent_hides_nothing_else() -> None:
    silent = ServiceState("intake", False)
    assert service_line(silent).health is Health.BAD
    assert [line.health for line in intake_lines(silent)] == [Health.UNKNOWN]
    assert [line.health for line in database_lines(None)] == [Health.BAD]
    assert alert_lines(None)[0].health is Health.UNKNOWN
    assert feed_lines(None, 0.0, ServiceState("tally", False))[0].health is Health.BAD


def test_each_fault_is_told_with_a_runbook_that_says_what_to_do() -> None:
    torn = {
        "beluga_intake_journal_depth": 5_000,
        "beluga_intake_journal_torn": 1,
        "beluga_intake_local_only": 1,
    }
    old = {f"{OUTBOX}_depth": 3, f"{OUTBOX}_oldest_seconds": 900}
    lines = [
        *(service_line(ServiceState(name, False)) for name in ("intake", "tally", "callers")),
        service_line(ServiceState("tally", True, {"log": False})),
        *intake_lines(ServiceState("intake", True, {}, torn | old)), *database_lines(None),
        *database_lines(DatabaseAnswer(1.0, hosts=3, backup_hours=99)), *database_lines(DatabaseAnswer(1.0)),
        *feed_lines(60.0, 0.0, TALLY), *feed_lines(1.0, 60.0, TALLY), disk_line(1, 2),
    ]  # fmt: skip
    wrong = [line for line in lines if line.health is not Health.WELL]
    assert len(wrong) == 15
    for line in wrong:
        assert steps_of((RUNBOOKS / line.runbook).read_text()), line
