"""What a check of the preflight found."""

from dataclasses import asdict, dataclass
from typing import Any

_CHECKS = "docs/how-to/before-the-day.md"
# Where there is more to read about a check than its line in that table says.
PAGES = {
    "dns": "runbooks/address-wrong.md",
    "tls": "runbooks/address-wrong.md",
    "redirect": "runbooks/address-wrong.md",
    "private": "docs/security.md",
    "webhook": "runbooks/webhooks-refused.md",
    "clock": "runbooks/clocks-wrong.md",
    "disk": "runbooks/intake-cannot-store.md",
    "database": "runbooks/database-away.md",
    "watchers": "docs/how-to/place-watchers.md",
    "phones": "docs/outbound.md",
    "registration": "docs/how-to/a-telephone-number.md",
    "numbers": "docs/providers.md",
}


@dataclass(frozen=True, slots=True)
class PreflightFinding:
    """One line of the preflight. `remedy` is empty where all is well."""

    check: str
    passed: bool
    said: str
    remedy: str = ""

    @property
    def page(self) -> str:
        """What to read where it fails; a path in the documentation."""
        return PAGES.get(self.check, _CHECKS)

    def as_json(self) -> dict[str, Any]:
        return asdict(self) | ({} if self.passed else {"page": self.page})

    def line(self) -> str:
        mark = "pass" if self.passed else "FAIL"
        more = f"\n      -> {self.remedy} ({self.page})" if self.remedy else ""
        return f"{mark}  {self.check:<12} {self.said}{more}"


def fine(check: str, said: str) -> PreflightFinding:
    """All is well."""
    return PreflightFinding(check, True, said)


def bad(check: str, said: str, remedy: str) -> PreflightFinding:
    """Something is wrong, and what to do."""
    return PreflightFinding(check, False, said, remedy)
