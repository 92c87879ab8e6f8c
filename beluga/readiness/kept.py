"""The preflight's last result, kept in the state folder, and what has broken: passed before, fails now.

A check that broke stays broken until it passes again, so that a run in between does not hush it; one that has
never passed is no news. The war room tells of it (`beluga_preflight_broken`,
dashboard/office/health/preflight.py).
"""

from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from pathlib import Path

import orjson

from beluga.readiness.finding import PreflightFinding
from beluga.stack.stack import write_private

FILE = "preflight.json"


@dataclass(frozen=True, slots=True)
class KeptPreflight:
    """A result. `at`: epoch seconds; `passed`: by check; `broken`: check -> what it says now."""

    at: float
    passed: dict[str, bool] = field(default_factory=dict)
    broken: dict[str, str] = field(default_factory=dict)


def compared(before: KeptPreflight | None, findings: Iterable[PreflightFinding], at: float) -> KeptPreflight:
    """What is kept of these findings, after those of `before`. Several of one check count as one."""
    passed: dict[str, bool] = {}
    said: dict[str, str] = {}
    for finding in findings:
        passed[finding.check] = passed.get(finding.check, True) and finding.passed
        if not finding.passed:
            said.setdefault(finding.check, finding.said)
    was_well = before.passed if before else {}
    was_broken = before.broken if before else {}
    broken = {check: words for check, words in said.items() if was_well.get(check) or check in was_broken}
    return KeptPreflight(at, passed, broken)


def read_kept(state: Path) -> KeptPreflight | None:
    """What was kept last; None where there is nothing, or nothing that can be read."""
    try:
        return KeptPreflight(**orjson.loads((state / FILE).read_bytes()))
    except (OSError, ValueError, TypeError):
        return None


def keep(state: Path, findings: Iterable[PreflightFinding], at: float) -> KeptPreflight:
    """Keeps these findings in the place of the last. Raises `OSError`."""
    kept = compared(read_kept(state), findings, at)
    write_private(state / FILE, orjson.dumps(asdict(kept), option=orjson.OPT_INDENT_2))
    return kept
