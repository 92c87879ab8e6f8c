"""What a check of the preflight found."""

from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class PreflightFinding:
    """One line of the preflight. `remedy` is empty where all is well."""

    check: str
    passed: bool
    said: str
    remedy: str = ""

    def as_json(self) -> dict[str, Any]:
        return asdict(self)

    def line(self) -> str:
        mark = "pass" if self.passed else "FAIL"
        return f"{mark}  {self.check:<12} {self.said}" + (f"\n      -> {self.remedy}" if self.remedy else "")


def fine(check: str, said: str) -> PreflightFinding:
    """All is well."""
    return PreflightFinding(check, True, said)


def bad(check: str, said: str, remedy: str) -> PreflightFinding:
    """Something is wrong, and what to do."""
    return PreflightFinding(check, False, said, remedy)
