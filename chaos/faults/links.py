"""Every watcher's link is void at once, as when a secret was changed or a sheet of links leaked."""

import re
import subprocess

from chaos.faults.protocol import Fault, UnavailableError

SECONDS = 60.0


class LinksVoid(Fault):
    """All links given out before are revoked. Only new ones help: healing gives nothing back."""

    name = "links_void"
    trace = "the command says how many links it revoked, and it is not none"

    def inject(self) -> None:
        done = subprocess.run(
            self.target.commands.beluga("links", "revoke", "--all"), capture_output=True, text=True,
            env=self.target.commands.variables(), timeout=SECONDS, check=False,
        )  # fmt: skip
        if done.returncode:
            raise UnavailableError(f"links cannot be revoked: {done.stderr.strip()[-200:]}")

        self.found["said"] = done.stdout.strip()

    def happened(self) -> bool:
        return any(int(n) > 0 for n in re.findall(r"\d+", self.found.get("said", "")))

    def heal(self) -> None:
        """The runbook's new links are the way out; there is nothing to take away."""
