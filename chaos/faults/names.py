"""Names do not resolve: every service's getaddrinfo fails, as when the machine's DNS server is away."""

from pathlib import Path

from chaos.faults.protocol import Fault, UnavailableError

CONTROL = "names-fault"  # the control file's name, in the state folder
CONTROL_VARIABLE = "CHAOS_NAMES_FAULT"


class NamesUnresolved(Fault):
    """getaddrinfo of a name (not of an address) answers EAI_AGAIN in every process of the stack."""

    name = "names_unresolved"
    needs = ("a C compiler",)

    @property
    def control(self) -> Path:
        return self.target.state / CONTROL

    def setup(self) -> None:
        pid = self.target.pid("intake")
        environment = Path(f"/proc/{pid}/environ").read_bytes() if pid else b""
        if CONTROL_VARIABLE.encode() not in environment:
            raise UnavailableError("intake was started without the shim (it needs a C compiler)")

    def inject(self) -> None:
        self.control.touch()

    def heal(self) -> None:
        self.control.unlink(missing_ok=True)
