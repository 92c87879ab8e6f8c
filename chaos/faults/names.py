"""Names do not resolve: every service's getaddrinfo fails, as when the machine's DNS server is away."""

from pathlib import Path

from chaos.faults.protocol import Fault, UnavailableError
from chaos.faults.shim import NAMES


class NamesUnresolved(Fault):
    """getaddrinfo of a name (not of an address) answers EAI_AGAIN in every process of the stack."""

    name = "names_unresolved"
    trace = "the shim says that it left a name unresolved"
    needs = ("a C compiler",)

    def setup(self) -> None:
        if not NAMES.heeded_by(self.target.pid("intake")):
            raise UnavailableError("intake was started without the shim (it needs a C compiler)")

    def inject(self) -> None:
        self._hurt.unlink(missing_ok=True)
        NAMES.file(self.target.state).touch()

    @property
    def _hurt(self) -> Path:
        return Path(f"{NAMES.file(self.target.state)}.hurt")

    def happened(self) -> bool:
        return self._hurt.exists()

    def heal(self) -> None:
        NAMES.file(self.target.state).unlink(missing_ok=True)
