"""What a fault is.

A fault is data (so that it can be written to disk before it is injected, and healed by another process after
ours has died) and three verbs. `heal` may be called at any time, any number of times, also when the fault was
never injected. What `inject` learns and `heal` needs goes into `found`, which is written to disk too.
"""

from collections.abc import Mapping
from typing import Any, ClassVar

from chaos.errors import ChaosError
from chaos.target.target import Target


class UnavailableError(ChaosError):
    """This fault cannot be injected here. The message says what it needs."""


class Fault:
    """Base of all faults. `arguments` and `found` hold JSON values only."""

    name: ClassVar[str]
    trace: ClassVar[str]  # what shows that it happened, in words
    needs: ClassVar[tuple[str, ...]] = ()  # for people: root, a C compiler …

    def __init__(self, target: Target, arguments: Mapping[str, Any], found: Mapping[str, Any] | None = None):
        self.target = target
        self.arguments = dict(arguments)
        self.found: dict[str, Any] = dict(found or {})

    @property
    def cuts(self) -> tuple[str, ...]:
        """What is away while the fault lasts: intake, database, tally … The checker of the board asks."""
        return ()

    def setup(self) -> None:
        """Looks whether it can work here, and notes in `found` what heal will need. Changes nothing else.

        Raises `UnavailableError`.
        """

    def inject(self) -> None:
        raise NotImplementedError

    def happened(self) -> bool:
        """Whether its trace is there to be seen now, while it lasts. What cannot be seen has not happened."""
        raise NotImplementedError

    def heal(self) -> None:
        """Idempotent."""
