"""A waitress connection on which half a request has come is closed after a while, however it trickles.

Waitress waits for two minutes from the last byte, so a byte a minute holds a connection for ever.
"""

from time import monotonic

from waitress.channel import HTTPChannel

from election.runtime.whole_requests import HALF_SENT_SECONDS


class HttpChannel(HTTPChannel):  # type: ignore[misc]
    """Ended `HALF_SENT_SECONDS` after a request began and is not whole; at first also without any."""

    def __init__(self, *arguments: object, **more: object) -> None:
        self._began: float | None = monotonic()  # None: no request is on its way
        super().__init__(*arguments, **more)

    def received(self, data: bytes) -> bool:
        """Notes when the request on its way began."""
        before = self.request
        taken: bool = super().received(data)
        if self.request is None:
            self._began = None
        elif self.request is not before:
            self._began = monotonic()
        return taken

    def readable(self) -> bool:
        """Asked before each look at the sockets, at least once a second."""
        if self._began is not None and monotonic() - self._began > HALF_SENT_SECONDS:
            self.will_close = True
        return bool(super().readable())
