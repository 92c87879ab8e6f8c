"""What is well in the stack and what is not, each with the runbook that says what to do. Pure.

Each part is judged by itself: what cannot be asked is said to be unknown, and hides nothing else.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from dashboard.languages import coded, noted, noted_all, tr

DEPTH = 1_000  # acknowledged texts that wait for the database: the alert's own number
LEAST_FREE = 2 << 30  # bytes: a day of journal and log
OLD_FEED = 15.0  # seconds
BEHIND = 10.0  # seconds: the alert's own number
OLD_OUTBOX = 600.0  # seconds that a text of ours waits though it may go out
BACKUP_HOURS = 26.0
_WAITING, _OLDEST = "beluga_intake_outbox_depth", "beluga_intake_outbox_oldest_seconds"
_DOWN = {"intake": "intake-down.md", "tally": "tally-down.md", "callers": "callers-down.md"}
# Parts, as a line begins.
_DATABASE, _STANDBY, _BACKUP, _JOURNAL, _OUTBOX, _FEED, _DISK, _ALERTS, _PREFLIGHT = noted_all(
    "database", "standby", "backup", "journal", "outbox", "feed", "disk", "alerts", "preflight"
)
_SERVICES = noted_all("intake", "tally", "callers")
_DOES = {
    "intake": noted("answers and takes texts"), "tally": noted("answers and compares them"),
    "callers": noted("answers and gives callers their voters"),
}  # fmt: skip


class Health(StrEnum):
    """How a part does."""

    WELL = "well"
    LOOK = "look"
    BAD = "bad"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class HealthLine:
    """One part: how it does, in words, and where it says what to do."""

    part: str
    health: Health
    said: str
    runbook: str = ""


@dataclass(frozen=True, slots=True)
class ServiceState:
    """What a service answered. `ready`: its parts, None where it said nothing."""

    name: str
    alive: bool
    ready: Mapping[str, bool] | None = None
    metrics: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class DatabaseAnswer:
    """What the database said. `hosts` as configured; `backup_hours` None: none is noted."""

    milliseconds: float
    hosts: int = 1
    synchronous: int = 0
    backup_hours: float | None = None
    open_alerts: Mapping[str, int] = field(default_factory=dict)


def service_line(state: ServiceState) -> HealthLine:
    """One service."""
    if not state.alive:
        return HealthLine(state.name, Health.BAD, tr("does not answer"), _DOWN[state.name])
    missing = [part for part, there in (state.ready or {}).items() if not there]
    if state.ready is None or missing:
        said = tr("answers, and waits for {missing}", missing=", ".join(missing) or tr("its parts"))
        return HealthLine(state.name, Health.LOOK, said, _DOWN[state.name])
    return HealthLine(state.name, Health.WELL, tr(_DOES[state.name]))


def database_lines(answer: DatabaseAnswer | None) -> list[HealthLine]:
    """The database, its standby and its backup."""
    if answer is None:
        said = tr("does not answer: texts are taken all the same, and boards show what was known")
        return [HealthLine(_DATABASE, Health.BAD, said, "database-away.md")]
    lines = [
        HealthLine(
            _DATABASE,
            Health.WELL,
            tr("answers in {n} ms", n=f"{answer.milliseconds:.0f}"),
        )
    ]
    if answer.hosts > 1:
        lines.append(
            HealthLine(_STANDBY, Health.WELL,
                       tr("{n} in step with every commit", n=answer.synchronous))
            if answer.synchronous
            else HealthLine(_STANDBY, Health.BAD, tr("none is in step: one disk holds what is acknowledged"),
                            "cluster-database.md")
        )  # fmt: skip
    if answer.backup_hours is not None:
        well = answer.backup_hours <= BACKUP_HOURS
        said = tr("the newest is {n} h old", n=f"{answer.backup_hours:.0f}")
        lines.append(
            HealthLine(_BACKUP, Health.WELL if well else Health.LOOK, said, "" if well else "night-before.md")
        )
    else:
        lines.append(
            HealthLine(_BACKUP, Health.LOOK, tr("none is noted: beluga backup now"), "night-before.md")
        )
    return lines


def intake_lines(intake: ServiceState) -> list[HealthLine]:
    """The journal and the outbox, by intake's own numbers."""
    said = intake.metrics
    if "beluga_intake_journal_depth" not in said:
        return [
            HealthLine(_JOURNAL, Health.UNKNOWN, tr("intake alone knows, and does not say"), _DOWN["intake"])
        ]
    depth = said["beluga_intake_journal_depth"]
    lines = [
        HealthLine(_JOURNAL, Health.LOOK,
                   tr("{n} acknowledged texts wait for the database", n=f"{depth:,.0f}"), "database-away.md")
        if depth > DEPTH
        else HealthLine(_JOURNAL, Health.WELL,
                        tr("{n} texts wait for the database", n=f"{depth:,.0f}"))
    ]  # fmt: skip
    if said.get("beluga_intake_journal_torn"):
        lines.append(HealthLine(_JOURNAL, Health.BAD, tr("a record of it is torn"), "journal-torn.md"))
    if said.get("beluga_intake_local_only"):
        lines.append(HealthLine(_JOURNAL, Health.BAD, tr("one disk alone holds texts"), "database-away.md"))
    waiting, oldest = said.get(_WAITING, 0.0), said.get(_OLDEST, 0.0)
    late = waiting and oldest > OLD_OUTBOX
    words = tr("{n} texts wait to go out", n=f"{waiting:,.0f}")
    words += tr(", the oldest {n} min", n=f"{oldest / 60:.0f}") if waiting else ""
    runbook = "provider-silent.md" if late else ""
    lines.append(HealthLine(_OUTBOX, Health.LOOK if late else Health.WELL, words, runbook))
    return lines


def feed_lines(age: float | None, behind: float, tally: ServiceState) -> list[HealthLine]:
    """The board's feed: how old it is, how far behind the log, who looks on."""
    viewers = tally.metrics.get("beluga_feed_viewers")
    looks = tr(", {n} listen", n=f"{viewers:.0f}") if viewers is not None else ""
    if age is None or age > OLD_FEED:
        said = tr("no word of the tally")
        if age is not None:
            said = tr("no word of the tally for {n} s", n=f"{age:.0f}")
        return [HealthLine(_FEED, Health.BAD, said, "tally-down.md")]
    if behind > BEHIND:
        said = tr("{n} s behind what is stored", n=f"{behind:.0f}") + looks
        return [HealthLine(_FEED, Health.LOOK, said, "tally-down.md")]
    return [HealthLine(_FEED, Health.WELL, tr("{n} s old", n=f"{age:.0f}") + looks)]


def disk_line(free: int, total: int) -> HealthLine:
    """The disk of the state folder."""
    said = tr(
        "{free} of {total} GB free", free=f"{free / 1000000000.0:,.1f}", total=f"{total / 1000000000.0:,.0f}"
    )
    if free < LEAST_FREE:
        return HealthLine(_DISK, Health.BAD, said, "intake-cannot-store.md")
    return HealthLine(_DISK, Health.WELL, said)


def preflight_lines(kept: tuple[float, dict[str, str]] | None, now: float) -> list[HealthLine]:
    """The last preflight that was kept, and what of it has broken; none where none was."""
    if kept is None:
        return []
    at, broken = kept
    if broken:
        what = "; ".join(f"{check}: {words}" for check, words in broken.items())
        said = tr("passed before, fails now: {what}", what=what)
        return [HealthLine(_PREFLIGHT, Health.BAD, said, "preflight-broke.md")]
    said = tr("{hours} h ago nothing had broken", hours=f"{(now - at) / 3600:,.0f}")
    return [HealthLine(_PREFLIGHT, Health.WELL, said)]


def alert_lines(answer: DatabaseAnswer | None) -> list[HealthLine]:
    """Open alerts of the board, by kind."""
    if answer is None:
        return [HealthLine(_ALERTS, Health.UNKNOWN, tr("are kept in the database"))]
    if not answer.open_alerts:
        return [HealthLine(_ALERTS, Health.WELL, tr("none is open"))]
    kinds = ", ".join(f"{count} {coded(kind)}" for kind, count in sorted(answer.open_alerts.items()))
    return [HealthLine(_ALERTS, Health.LOOK, tr("open: {kinds}", kinds=kinds))]


def worst(lines: Sequence[HealthLine]) -> Health:
    """The whole is as well as its worst part."""
    for health in (Health.BAD, Health.UNKNOWN, Health.LOOK):
        if any(line.health is health for line in lines):
            return health
    return Health.WELL


def steps_of(runbook: str) -> str:
    """What a runbook says to do: its part "Act", as it is written; all of it where it is steps alone."""
    _, there, act = runbook.partition("\n## Act\n")
    return (act.partition("\n## ")[0] if there else runbook.partition("\n")[2]).strip()
