"""Judges a history. Each checker looks at one invariant and says true, false or unknown; the worst wins.

After Jepsen's set-full: an acknowledged check-in is *stable* (in the final read), *lost* (read once, gone
from the final one) or *never read*; an attempt without an answer is indeterminate and may be found once or
not at all; a refused one must not be found. A history without acknowledgements proves nothing, and a pass is
never given for lack of evidence.

I1 every acknowledged check-in is in the tally exactly once    I2 nothing is there that was never sent
I3 acknowledgements are quick, and never long away             I4 the tally equals a recount from raw texts
I5 the board's age is true                                     I6 the alert fired, the runbook's steps worked
"""

import math
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from chaos.judge.history import Event, Op, of

Valid = bool | None  # None: unknown


@dataclass(frozen=True, slots=True)
class CheckVerdict:
    """What a checker found. `figures` are for the report."""

    name: str
    valid: Valid
    why: str
    figures: dict[str, Any] = field(default_factory=dict)

    @property
    def word(self) -> str:
        return {True: "kept", False: "BROKEN", None: "unknown"}[self.valid]


@dataclass(frozen=True, slots=True)
class Budget:
    """What an experiment allows. Seconds; `alert` None: no alert is promised."""

    p99: float = 1.0
    gap: float = 1.0
    board: float = 3.0  # how far the board may understate its age
    alert: str | None = None
    runbook: str | None = None


LATE_SECONDS = 0.25  # by which the load may be late without being asked about it
FRESH_SECONDS = 2.0  # a board that claims no more has recovered

Checker = Callable[[Sequence[Event]], CheckVerdict]


def worst(verdicts: Iterable[Valid]) -> Valid:
    """False before unknown before true; nothing at all is unknown."""
    seen = list(verdicts)
    if False in seen:
        return False
    return None if None in seen or not seen else True


def acked_once(events: Sequence[Event]) -> CheckVerdict:
    """I1."""
    acked = {e.key for e in of(events, Op.ACK)}
    finals = _final_reads(events)
    figures: dict[str, Any] = {"acknowledged": len(acked)}
    name = "I1 counted exactly once"
    if not acked:
        return CheckVerdict(name, None, "nothing was acknowledged: nothing is proven", figures)
    if not {"stored", "tallied"} <= finals.keys():
        return CheckVerdict(name, None, "there is no final read of both the database and the tally", figures)
    lost, never, twice = set[str](), set[str](), set[str]()
    for what, counts in finals.items():
        once_seen = {k for e in of(events, Op.READ) if e.detail["what"] == what for k in e.detail["keys"]}
        missing = acked - counts.keys()
        lost |= missing & once_seen
        never |= missing - once_seen
        twice |= {key for key, n in counts.items() if n > 1}
        figures[what] = len(acked & counts.keys())
    figures |= {"lost": len(lost), "never_read": len(never), "duplicated": len(twice)}
    figures["stable"] = len(acked - lost - never)
    if lost or never or twice:
        what = f"lost {len(lost)}, never read {len(never)}, duplicated {len(twice)}"
        return CheckVerdict(name, False, f"{what}: {_some(lost | never | twice)}", figures)
    return CheckVerdict(
        name, True, f"{len(acked)} acknowledged, each counted once; lost 0, duplicated 0", figures
    )


def nothing_invented(events: Sequence[Event]) -> CheckVerdict:
    """I2."""
    name = "I2 nothing invented"
    finals = _final_reads(events)
    if not finals:
        return CheckVerdict(name, None, "there is no final read")
    sent = {e.key for e in of(events, Op.SEND)}
    before = {key for e in of(events, Op.BEFORE) for key in e.detail["keys"]}
    perhaps = {e.key for e in of(events, Op.ACK, Op.FAIL, Op.TIMEOUT)}
    refused = {e.key for e in of(events, Op.REFUSE)} - perhaps
    phantoms, forged = set[str](), set[str]()
    for counts in finals.values():
        phantoms |= counts.keys() - sent - before
        forged |= (counts.keys() & refused) - before
    foreign = sum(int(e.detail.get("foreign", 0)) for e in of(events, Op.READ) if e.detail.get("final"))
    figures = {
        "sent": len(sent),
        "refused": len(refused),
        "phantoms": len(phantoms) + foreign,
        "forged": len(forged),
    }
    if phantoms or forged or foreign:
        why = f"{len(phantoms) + foreign} never sent, {len(forged)} refused and counted all the same"
        return CheckVerdict(name, False, f"{why}: {_some(phantoms | forged)}", figures)
    if not sent:
        return CheckVerdict(name, None, "nothing was sent: nothing is proven", figures)
    return CheckVerdict(
        name, True, f"{len(sent)} sent, {len(refused)} refused; nothing else was counted", figures
    )


def quick(budget: Budget) -> Checker:
    """I3. Latency counts from when a text was due, so that a stalled generator hides no wait.

    A budget broken by the generator's own lateness alone (a machine too busy to judge) is neither kept nor
    broken.
    """

    def check(events: Sequence[Event]) -> CheckVerdict:
        name = "I3 acknowledged in time"
        waits = latencies(events)
        if not waits:
            return CheckVerdict(name, None, "nothing was acknowledged: nothing is proven")
        p99 = percentile(waits, 0.99)
        gap, at = longest_gap(events)
        figures = {
            "p50": round(percentile(waits, 0.5), 4),
            "p99": round(p99, 4),
            "gap": round(gap, 3),
            "gap_at": round(at, 2),
        }
        said = f"p99 {p99:.3f} s (at most {budget.p99:g}), longest gap {gap:.2f} s (at most {budget.gap:g})"
        kept = p99 <= budget.p99 and gap <= budget.gap
        punctual = [_as_sent(e) for e in events]
        first = [e for e in of(events, Op.SEND) if e.detail.get("attempt", 1) == 1]
        late = max((e.at - float(e.detail.get("due", e.at)) for e in first), default=0.0)
        figures["sender_late"] = round(late, 2)
        if not kept and late > LATE_SECONDS:
            sent_p99, (sent_gap, _) = percentile(latencies(punctual), 0.99), longest_gap(punctual)
            if sent_p99 <= budget.p99 and sent_gap <= budget.gap:
                return CheckVerdict(name, None, f"{said}; the sender itself was {late:.1f} s late", figures)
        return CheckVerdict(name, kept, said, figures)

    return check


def _as_sent(event: Event) -> Event:
    """As if a text had been due when it was sent: then a late sender is not blamed on the stack."""
    if event.op is not Op.SEND:
        return event
    return Event(event.at, event.op, event.key, event.detail | {"due": event.at})


def recounted(events: Sequence[Event]) -> CheckVerdict:
    """I4: the last recount counts."""
    name = "I4 equals the recount"
    found = list(of(events, Op.RECOUNT))
    if not found:
        return CheckVerdict(name, None, "nobody recounted")
    last = found[-1].detail
    return CheckVerdict(name, last["proven"], str(last.get("said", "")))


def honest_board(budget: Budget) -> Checker:
    """I5: what the board says of its age may be above the truth, and below it by the budget only."""

    def check(events: Sequence[Event]) -> CheckVerdict:
        name = "I5 the board's age is true"
        samples = [(e.at, float(e.detail["claimed"]), float(e.detail["true"])) for e in of(events, Op.BOARD)]
        if not samples:
            return CheckVerdict(name, None, "nobody looked at the board")
        worst_at, lie = max(((at, true - claimed) for at, claimed, true in samples), key=lambda s: s[1])
        figures = {
            "samples": len(samples),
            "understated": round(max(lie, 0.0), 2),
            "oldest": round(max(s[2] for s in samples), 1),
        }
        if lie > budget.board:
            why = f"at {worst_at:.1f} s it understated its age by {lie:.1f} s"
            return CheckVerdict(name, False, why, figures)
        return CheckVerdict(
            name, True, f"{len(samples)} looks, understated by at most {max(lie, 0):.1f} s", figures
        )

    return check


def alerted(budget: Budget) -> Checker:
    """I6. An experiment that promises no alert keeps it if its runbook's steps worked, if any."""

    def check(events: Sequence[Event]) -> CheckVerdict:
        name = "I6 alert and runbook"
        faults = [e.at for e in of(events, Op.FAULT)]
        fired = [e.at for e in of(events, Op.ALERT) if e.key == budget.alert and e.detail.get("firing")]
        steps = list(of(events, Op.STEP))
        failed = [e for e in steps if e.detail.get("status") != 0]
        if budget.alert and not faults:
            return CheckVerdict(name, None, "no fault was injected: the alert had nothing to say")
        if budget.alert and not any(at >= faults[0] for at in fired):
            return CheckVerdict(name, False, f"the alert {budget.alert} stayed silent")
        if failed:
            wrong = failed[0]
            return CheckVerdict(
                name, False, f"{wrong.key}: a step failed ({wrong.detail.get('status')}): "
                f"{wrong.detail.get('command')}"
            )  # fmt: skip
        if budget.runbook and not steps:
            return CheckVerdict(name, None, f"the runbook {budget.runbook} was not followed")
        if not budget.alert and not steps:
            return CheckVerdict(name, True, "no alert is promised here")
        seconds = min((at for at in fired if at >= faults[0]), default=0.0) - faults[0] if fired else None
        said = f"{budget.alert} after {seconds:.1f} s; " if seconds is not None else ""
        figures = {"alert_seconds": seconds and round(seconds, 2), "steps": len(steps)}
        return CheckVerdict(name, True, f"{said}{len(steps)} steps of the runbook worked", figures)

    return check


def happened(events: Sequence[Event]) -> CheckVerdict:
    """Whether each fault left its trace: what was kept while nothing was broken proves nothing."""
    name = "F every fault happened"
    faults = list(of(events, Op.FAULT))
    if not faults:
        return CheckVerdict(name, None, "no fault was injected: nothing is proven")
    without = [fault.key for fault in faults if not (_traced(fault, events) or _load_hurt(fault, events))]
    figures = {"faults": len(faults), "traces": len(faults) - len(without)}
    if without:
        return CheckVerdict(name, None, f"no trace of {_some(without)}: nothing is proven", figures)
    return CheckVerdict(name, True, f"{len(faults)} faults, each left its trace", figures)


def _traced(fault: Event, events: Sequence[Event]) -> bool:
    """Whether a trace came before the next fault of its name, whose trace proves nothing for this one."""
    again = min(
        (e.at for e in of(events, Op.FAULT) if e.key == fault.key and e.at > fault.at), default=math.inf
    )
    return any(e.key == fault.key and fault.at <= e.at < again for e in of(events, Op.TRACE))


def _load_hurt(fault: Event, events: Sequence[Event]) -> bool:
    """Whether a load that is itself the fault came as it was meant: refused where forged or replayed,
    delivered again where duplicated, and at least half as often as it should be.
    """
    mix = fault.detail.get("arguments") or {}
    if "rate" not in mix:
        return False
    since = [e for e in events if e.at >= fault.at]
    sent = {e.key for e in of(since, Op.SEND)}
    refused = any(of(since, Op.REFUSE)) or not (
        mix.get("forged") or mix.get("replayed") or mix.get("signed_url")
    )
    again = any(e.detail.get("duplicate") for e in of(since, Op.ACK)) or not mix.get("duplicated")
    return refused and again and len(sent) >= mix["rate"] * mix["seconds"] / 2


def judge(events: Sequence[Event], budget: Budget) -> list[CheckVerdict]:
    """All six, in order."""
    checkers: tuple[Checker, ...] = (
        acked_once, nothing_invented, quick(budget), recounted, honest_board(budget), alerted(budget),
    )  # fmt: skip
    return [check(events) for check in checkers]


def latencies(events: Iterable[Event]) -> list[float]:
    """Seconds from when each acknowledged text was first due to its first acknowledgement."""
    due: dict[str, float] = {}
    waits: dict[str, float] = {}
    for e in events:
        if e.op is Op.SEND:
            due.setdefault(e.key, float(e.detail.get("due", e.at)))
        elif e.op is Op.ACK and e.key in due and e.key not in waits:
            waits[e.key] = max(0.0, e.at - due[e.key])
    return list(waits.values())


def longest_gap(events: Sequence[Event]) -> tuple[float, float]:
    """The longest time in which a text waited and none was acknowledged, and its beginning.

    A text that was never acknowledged waits until the last word about any text.
    """
    first_due: dict[str, float] = {}
    done: dict[str, float] = {}
    last = 0.0
    for e in events:
        if e.op is Op.SEND:
            first_due.setdefault(e.key, float(e.detail.get("due", e.at)))
            last = max(last, e.at)
        elif e.op in (Op.ACK, Op.REFUSE):
            done.setdefault(e.key, e.at)
            last = max(last, e.at)
        elif e.op in (Op.FAIL, Op.TIMEOUT):
            last = max(last, e.at)
    # Sweep over dues and answers: a gap runs from the later of (last answer, first due) while anyone waits.
    marks = sorted(
        [(at, 0, key) for key, at in first_due.items()]
        + [(at, 1, key) for key, at in done.items() if key in first_due]
    )
    waiting = 0
    began: float | None = None
    longest, longest_at = 0.0, 0.0
    for at, answered, _ in marks:
        if answered:
            if began is not None and at - began > longest:
                longest, longest_at = at - began, began
            waiting -= 1
            began = at if waiting else None
        else:
            waiting += 1
            began = at if began is None else began
    if waiting and began is not None and last - began > longest:
        longest, longest_at = last - began, began
    return longest, longest_at


def recovery(events: Sequence[Event]) -> float | None:
    """Seconds from the end of the last fault until texts were acknowledged again and the board was fresh.

    None where there was no fault, or where it did not recover while anybody looked.
    """
    ends = [e.at for e in of(events, Op.HEAL)]
    ends += [e.at for e in of(events, Op.FAULT) if e.key.startswith("killed")]
    if not ends:
        return None
    healed = max(ends)
    acked = next((e.at for e in of(events, Op.ACK) if e.at >= healed), None)
    fresh = next(
        (
            e.at
            for e in of(events, Op.BOARD)
            if e.at >= healed and float(e.detail["claimed"]) <= FRESH_SECONDS
        ),
        None,
    )
    return None if acked is None or fresh is None else max(acked, fresh) - healed


def percentile(values: Sequence[float], share: float) -> float:
    """The smallest value that at least `share` of them do not exceed; infinite where there are none."""
    if not values:
        return math.inf
    return sorted(values)[max(0, math.ceil(share * len(values)) - 1)]


def _final_reads(events: Sequence[Event]) -> dict[str, Counter[str]]:
    """The last read marked final of each source."""
    return {
        str(e.detail["what"]): Counter(e.detail["keys"]) for e in of(events, Op.READ) if e.detail.get("final")
    }


def _some(keys: Iterable[str]) -> str:
    ordered = sorted(keys)
    return ", ".join(ordered[:3]) + (f" and {len(ordered) - 3} more" if len(ordered) > 3 else "")
