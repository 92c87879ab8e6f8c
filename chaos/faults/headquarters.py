"""Headquarters: where the boards hang. Its viewers reach the stack through one line, which can be cut.

The line is a pair of proxies in the rehearsal's own process; without it there is nothing to heal.
"""

import urllib.error
import urllib.request
from urllib.parse import urlsplit

from chaos.faults.protocol import Fault, UnavailableError
from chaos.faults.proxy import Proxy, Toxic
from chaos.target.target import Target

SERVICES = ("feed", "dashboard")
_open: list["Headquarters"] = []


class Headquarters:
    """`url(service)` is where the war room's browsers find it."""

    def __init__(self, target: Target) -> None:
        self._proxies: dict[str, Proxy] = {}
        for service in SERVICES:
            parts = urlsplit(target.url(service))
            self._proxies[service] = Proxy(parts.hostname or "", parts.port or 80)

    def start(self) -> "Headquarters":
        for proxy in self._proxies.values():
            proxy.start()
        _open.append(self)
        return self

    def stop(self) -> None:
        """May be called again."""
        if self in _open:
            _open.remove(self)
        for proxy in self._proxies.values():
            proxy.stop()

    def url(self, service: str) -> str:
        scheme = "ws" if service == "feed" else "http"
        return f"{scheme}://127.0.0.1:{self._proxies[service].port}"

    def cut(self) -> None:
        """Nothing passes any more, and connections are not closed."""
        for proxy in self._proxies.values():
            for stream in ("upstream", "downstream"):
                proxy.add(f"cut {stream}", Toxic("timeout", stream))

    def silent(self) -> bool:
        """Whether a question through the line to the war room has no answer."""
        try:
            urllib.request.urlopen(f"{self.url('dashboard')}/healthz", timeout=1).close()  # noqa: S310
        except urllib.error.HTTPError:
            return False
        except OSError:
            return True
        return False

    def mend(self) -> None:
        for proxy in self._proxies.values():
            proxy.remove()


class HeadquartersCut(Fault):
    """The line of headquarters is dead; everything else goes on."""

    name = "headquarters_cut"
    trace = "a connection through the line is accepted and nothing comes back"

    def setup(self) -> None:
        if not _open:
            raise UnavailableError("no headquarters were opened (action open_headquarters)")

    def inject(self) -> None:
        for headquarters in _open:
            headquarters.cut()

    def happened(self) -> bool:
        return bool(_open) and all(headquarters.silent() for headquarters in _open)

    def heal(self) -> None:
        for headquarters in _open:
            headquarters.mend()
