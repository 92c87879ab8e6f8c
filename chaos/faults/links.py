"""Every watcher's link is void at once, as when a secret was changed or a sheet of links leaked."""

import subprocess

from chaos.faults.protocol import Fault, UnavailableError

SECONDS = 60.0


class LinksVoid(Fault):
    """All links given out before are revoked. Only new ones help: healing gives nothing back."""

    name = "links_void"

    def inject(self) -> None:
        done = subprocess.run(
            self.target.beluga("links", "revoke", "--all"), capture_output=True, text=True, check=False,
            env=self.target.environment() | self.target.names(), timeout=SECONDS,
        )  # fmt: skip
        if done.returncode:
            raise UnavailableError(f"links cannot be revoked: {done.stderr.strip()[-200:]}")

    def heal(self) -> None:
        """The runbook's new links are the way out; there is nothing to take away."""
