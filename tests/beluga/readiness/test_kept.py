"""What passed in the preflight before and fails now is told until it passes again."""

from pathlib import Path

from beluga.readiness.finding import PreflightFinding, bad, fine
from beluga.readiness.kept import FILE, keep
from dashboard.office.health.health import Health, preflight_lines
from dashboard.office.health.preflight import KeptPreflights, last_kept


def a_run(disk: bool, tls: bool) -> list[PreflightFinding]:
    """`people` is looked at twice, and never well."""
    return [
        fine("disk", "room") if disk else bad("disk", "full", "make room"),
        fine("tls", "good") if tls else bad("tls", "expired", "renew it"),
        fine("people", "some"), bad("people", "unwatched", "find watchers"),
    ]  # fmt: skip


def test_what_broke_is_told_until_it_is_mended(tmp_path: Path) -> None:
    assert keep(tmp_path, a_run(disk=True, tls=False), 1.0).broken == {}, "the first is no news"
    assert keep(tmp_path, a_run(disk=False, tls=False), 2.0).broken == {"disk": "full"}
    assert keep(tmp_path, a_run(disk=False, tls=True), 3.0).broken == {"disk": "full"}, "and not hushed"
    assert keep(tmp_path, a_run(disk=True, tls=False), 4.0).broken == {"tls": "expired"}
    assert keep(tmp_path, a_run(disk=True, tls=True), 5.0).broken == {}


def test_the_war_room_tells_of_it(tmp_path: Path) -> None:
    assert list(KeptPreflights(tmp_path).collect()) == []
    assert preflight_lines(last_kept(tmp_path / FILE), 0.0) == []
    keep(tmp_path, a_run(disk=True, tls=True), 7_200.0)
    assert preflight_lines(last_kept(tmp_path / FILE), 10_800.0)[0].health is Health.WELL
    keep(tmp_path, a_run(disk=False, tls=True), 7_200.0)
    figures = {m.name: m.samples[0].value for m in KeptPreflights(tmp_path).collect()}
    assert figures == {"beluga_preflight_broken": 1.0, "beluga_preflight_kept_timestamp_seconds": 7_200.0}
    (line,) = preflight_lines(last_kept(tmp_path / FILE), 0.0)
    assert line.health is Health.BAD and "disk: full" in line.said


def test_a_damaged_file_is_as_none(tmp_path: Path) -> None:
    for damaged in ("", "{}", "[1]", '{"at": "x"}'):
        (tmp_path / FILE).write_text(damaged)
        assert last_kept(tmp_path / FILE) is None
        keep(tmp_path, a_run(disk=True, tls=True), 1.0)
