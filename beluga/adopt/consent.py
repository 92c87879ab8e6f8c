"""Whether an import over an election that is there may go on: it is shown, and where it costs much, asked."""

from collections.abc import Callable
from shlex import quote

from beluga.adopt.import_plan import ImportPlan
from beluga.errors import BelugaError


class NotAgreedError(BelugaError):
    """The import is not to be. The message says why, and what to do; nothing was changed."""


class AskedError(BelugaError):
    """Somebody must say that this is meant. `name` is what they must type."""

    def __init__(self, plan: ImportPlan) -> None:
        super().__init__("; ".join(plan.why_ask()))
        self.name = plan.name
        self.plan = plan


class Consent:
    """Called with the plan within the transaction that is to carry it out; raises where it may not.

    `confirm` is the name of the election that is there, given beforehand. Without it, and where it is needed,
    `AskedError` is raised: nothing is held while somebody thinks. Say `given()` and call it again: the plan
    must be the one that was shown.
    """

    def __init__(
        self, confirm: str, *, dry_run: bool, remove_reporting: bool, say: Callable[[str], None]
    ) -> None:
        self._confirm = confirm
        self._dry_run = dry_run
        self._remove_reporting = remove_reporting
        self._say = say
        self._shown: ImportPlan | None = None

    def __call__(self, plan: ImportPlan) -> None:
        if self._shown is not None:
            if plan != self._shown:
                raise NotAgreedError(
                    "the election, its check-ins or the folder changed while you were asked; nothing was "
                    "changed: look again with the same command"
                )
            self._judge(plan)
            return
        for line in list(plan.lines()) or ["nothing differs from what is there"]:
            self._say(line)
        if self._dry_run:
            self._foretell(plan)
            return
        self._shown = plan
        self._judge(plan)

    def given(self) -> None:
        """Somebody has typed the name of what they were shown."""
        self._confirm = self._shown.name if self._shown else ""

    def _judge(self, plan: ImportPlan) -> None:
        if plan.reporting and not self._remove_reporting:
            why = _reporting(plan)
            raise NotAgreedError(f"{why}; nothing was changed. If you mean it: --remove-reporting")
        if plan.why_ask() and self._confirm != plan.name:
            if self._confirm:
                raise NotAgreedError(
                    f"{'; '.join(plan.why_ask())}; and the election that is there is not {self._confirm!r}. "
                    f"Nothing was changed; if you mean it: --confirm {quote(plan.name)}"
                )
            raise AskedError(plan)

    def _foretell(self, plan: ImportPlan) -> None:
        if plan.reporting:
            self._say(f"would be refused without --remove-reporting: {_reporting(plan)}")
        for why in plan.why_ask():
            self._say(f"would ask for --confirm {quote(plan.name)}: {why}")


def _reporting(plan: ImportPlan) -> str:
    some = ", ".join(plan.reporting[:10]) + (", …" if len(plan.reporting) > 10 else "")
    return f"{len(plan.reporting):,} precincts that would go have check-ins today ({some})"
