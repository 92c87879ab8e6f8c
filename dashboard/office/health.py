"""What is well in the stack and what is not, each with the runbook that says what to do. Pure.

Each part is judged by itself: what cannot be asked is said to be unknown, and hides nothing else.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

DEPTH = 1_000  # acknowledged texts that wait for the database: the alert's own number
LEAST_FREE = 2 << 30  # bytes: a day of journal and log
OLD_FEED = 15.0  # seconds
BEHIND = 10.0  # seconds: the alert's own number
OLD_OUTBOX = 600.0  # seconds that a text of ours waits though it may go out
BACKUP_HOURS = 26.0
_WAITING, _OLDEST = "beluga_intake_outbox_depth", "beluga_intake_outbox_oldest_seconds"
_DOWN = {"intake": "intake-down.md", "tally": "tally-down.md", "callers": "callers-down.md"}
_DOES = {
    "intake": "takes texts", "tally": "compares them", "callers": "gives callers their voters",
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
        return HealthLine(state.name, Health.BAD, "does not answer", _DOWN[state.name])
    missing = [part for part, there in (state.ready or {}).items() if not there]
    if state.ready is None or missing:
        said = f"answers, and waits for {', '.join(missing) or 'its parts'}"
        return HealthLine(state.name, Health.LOOK, said, _DOWN[state.name])
    return HealthLine(state.name, Health.WELL, f"answers and {_DOES[state.name]}")


def database_lines(answer: DatabaseAnswer | None) -> list[HealthLine]:
    """The database, its standby and its backup."""
    if answer is None:
        said = "does not answer: texts are taken all the same, and boards show what was known"
        return [HealthLine("database", Health.BAD, said, "database-away.md")]
    lines = [HealthLine("database", Health.WELL, f"answers in {answer.milliseconds:.0f} ms")]
    if answer.hosts > 1:
        lines.append(
            HealthLine("standby", Health.WELL, f"{answer.synchronous} in step with every commit")
            if answer.synchronous
            else HealthLine("standby", Health.BAD, "none is in step: one disk holds what is acknowledged",
                            "cluster-database.md")
        )  # fmt: skip
    if answer.backup_hours is not None:
        well = answer.backup_hours <= BACKUP_HOURS
        said = f"the newest is {answer.backup_hours:.0f} h old"
        lines.append(
            HealthLine(
                "backup", Health.WELL if well else Health.LOOK, said, "" if well else "night-before.md"
            )
        )
    else:
        lines.append(HealthLine("backup", Health.LOOK, "none is noted: beluga backup now", "night-before.md"))
    return lines


def intake_lines(intake: ServiceState) -> list[HealthLine]:
    """The journal and the outbox, by intake's own numbers."""
    said = intake.metrics
    if "beluga_intake_journal_depth" not in said:
        return [
            HealthLine("journal", Health.UNKNOWN, "intake alone knows, and does not say", _DOWN["intake"])
        ]
    depth = said["beluga_intake_journal_depth"]
    lines = [
        HealthLine("journal", Health.LOOK, f"{depth:,.0f} acknowledged texts wait for the database",
                   "database-away.md")
        if depth > DEPTH
        else HealthLine("journal", Health.WELL, f"{depth:,.0f} texts wait for the database")
    ]  # fmt: skip
    if said.get("beluga_intake_journal_torn"):
        lines.append(HealthLine("journal", Health.BAD, "a record of it is torn", "journal-torn.md"))
    if said.get("beluga_intake_local_only"):
        lines.append(HealthLine("journal", Health.BAD, "one disk alone holds texts", "database-away.md"))
    waiting, oldest = said.get(_WAITING, 0.0), said.get(_OLDEST, 0.0)
    late = waiting and oldest > OLD_OUTBOX
    words = f"{waiting:,.0f} texts wait to go out"
    words += f", the oldest {oldest / 60:.0f} min" if waiting else ""
    runbook = "provider-silent.md" if late else ""
    lines.append(HealthLine("outbox", Health.LOOK if late else Health.WELL, words, runbook))
    return lines


def feed_lines(age: float | None, behind: float, tally: ServiceState) -> list[HealthLine]:
    """The board's feed: how old it is, how far behind the log, who looks on."""
    viewers = tally.metrics.get("beluga_feed_viewers")
    looks = f", {viewers:.0f} listen" if viewers is not None else ""
    if age is None or age > OLD_FEED:
        said = "no word of the tally" + (f" for {age:.0f} s" if age is not None else "")
        return [HealthLine("feed", Health.BAD, said, "tally-down.md")]
    if behind > BEHIND:
        said = f"{behind:.0f} s behind what is stored{looks}"
        return [HealthLine("feed", Health.LOOK, said, "tally-down.md")]
    return [HealthLine("feed", Health.WELL, f"{age:.0f} s old{looks}")]


def disk_line(free: int, total: int) -> HealthLine:
    """The disk of the state folder."""
    said = f"{free / 1e9:,.1f} of {total / 1e9:,.0f} GB free"
    if free < LEAST_FREE:
        return HealthLine("disk", Health.BAD, said, "intake-cannot-store.md")
    return HealthLine("disk", Health.WELL, said)


def preflight_lines(kept: tuple[float, dict[str, str]] | None, now: float) -> list[HealthLine]:
    """The last preflight that was kept, and what of it has broken; none where none was."""
    if kept is None:
        return []
    at, broken = kept
    if broken:
        said = "; ".join(f"{check}: {words}" for check, words in broken.items())
        return [
            HealthLine("preflight", Health.BAD, f"passed before, fails now: {said}", "preflight-broke.md")
        ]
    return [HealthLine("preflight", Health.WELL, f"{(now - at) / 3600:,.0f} h ago nothing had broken")]


def alert_lines(answer: DatabaseAnswer | None) -> list[HealthLine]:
    """Open alerts of the board, by kind."""
    if answer is None:
        return [HealthLine("alerts", Health.UNKNOWN, "are kept in the database")]
    if not answer.open_alerts:
        return [HealthLine("alerts", Health.WELL, "none is open")]
    kinds = ", ".join(f"{count} {kind}" for kind, count in sorted(answer.open_alerts.items()))
    return [HealthLine("alerts", Health.LOOK, f"open: {kinds}")]


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
