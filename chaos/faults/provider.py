"""A provider that delivers nothing: its texts wait with it, and all come once it is back."""

from pathlib import Path

from chaos.faults.protocol import Fault


def hold_file(state: Path, provider: str) -> Path:
    """While this file exists the load of that provider waits, and says so in it (`chaos.load.surge`)."""
    return state / f"chaos-provider-{provider}-silent"


class ProviderSilent(Fault):
    """`provider` (generic, twilio, form) delivers nothing until healed."""

    name = "provider_silent"
    trace = "a text of its load has waited at the file that holds it back"

    @property
    def file(self) -> Path:
        return hold_file(self.target.state, str(self.arguments.get("provider", "generic")))

    def inject(self) -> None:
        self.file.touch()

    def happened(self) -> bool:
        return self.file.exists() and self.file.stat().st_size > 0

    def heal(self) -> None:
        self.file.unlink(missing_ok=True)
