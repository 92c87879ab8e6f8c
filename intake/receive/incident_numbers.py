"""Which incident a sender's follow-up text belongs to, for the reply."""

from collections import OrderedDict
from datetime import datetime, timedelta

from election.domain.checkin import Channel, Kind, Message, Reading
from intake.reading.incidents import OPEN

MOST_INCIDENTS = 10_000  # remembered for their follow-ups; the oldest are forgotten


class IncidentNumbers:
    """Finds the number of the incident that a follow-up text belongs to. Best effort, in memory.

    The desk works the same out from the log; after a restart the first follow-up may be answered with its
    own number.
    """

    def __init__(self, window: timedelta) -> None:
        self._window = window
        self._open: OrderedDict[tuple[str, str], tuple[int, datetime]] = OrderedDict()
        self._numbered: OrderedDict[bytes, int] = OrderedDict()  # a redelivery is answered the same

    def numbered(self, message: Message, readings: list[Reading]) -> list[Reading]:
        """The readings with the number that the reply should name."""
        if message.channel is Channel.STAFF:
            for reading in readings:
                if reading.kind is Kind.RESOLVE and reading.detail.get("status") not in OPEN:
                    self._close(reading.detail.get("incident"))
            return readings
        for reading in readings:
            if reading.kind is Kind.INCIDENT:
                break
        else:
            return readings
        return [
            r._replace(detail={**r.detail, "incident": self._number(message, r)})
            if r.kind is Kind.INCIDENT
            else r
            for r in readings
        ]

    def _number(self, message: Message, reading: Reading) -> int:
        known = self._numbered.get(message.message_id.bytes)
        if known is not None:
            return known
        key = (message.sender, str(reading.precinct_id or ""))
        number, last = self._open.pop(key, (message.journal_seq, message.sent_at))
        if message.sent_at - last > self._window:
            number = message.journal_seq
        self._open[key] = (number, max(last, message.sent_at))
        self._numbered[message.message_id.bytes] = number
        while len(self._open) > MOST_INCIDENTS:
            self._open.popitem(last=False)
        while len(self._numbered) > MOST_INCIDENTS:
            self._numbered.popitem(last=False)
        return number

    def _close(self, number: object) -> None:
        for key in [k for k, (n, _) in self._open.items() if n == number]:
            del self._open[key]
