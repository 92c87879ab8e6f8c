"""A provider that delivers nothing: its texts wait with it, and all come once it is back."""

from pathlib import Path

from chaos.faults.protocol import Fault


def hold_file(state: Path, provider: str) -> Path:
    """While this file exists the load of that provider waits (`chaos.load.surge`)."""
    return state / f"chaos-provider-{provider}-silent"


class ProviderSilent(Fault):
    """`provider` (generic, twilio, form) delivers nothing until healed."""

    name = "provider_silent"
    trace = "the file that holds its load back is there"

    @property
    def file(self) -> Path:
        return hold_file(self.target.state, str(self.arguments.get("provider", "generic")))

    def inject(self) -> None:
        self.file.touch()

    def happened(self) -> bool:
        return self.file.exists()

    def heal(self) -> None:
        self.file.unlink(missing_ok=True)
