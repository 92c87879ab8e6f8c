"""What every service says in its log of who asks for what is not theirs, and counts of access that was taken
away and is used all the same.
"""

from time import monotonic

import structlog
from prometheus_client import CollectorRegistry, Counter

from election.access.identity import Identity

LOG_SECONDS = 1.0  # between lines about one account: somebody who hammers must not fill the log

log = structlog.get_logger()

_say_again: dict[str, float] = {}  # by account; accounts are of signed tokens


def say_refused(account: str, what: str, reason: str) -> None:
    """Says that somebody who is known may not do this, a line a second for each account at most.

    `what` names a room, a desk or a kind of deed: never a token, a phone or words.
    """
    now = monotonic()
    if now >= _say_again.get(account, 0.0):
        _say_again[account] = now + LOG_SECONDS
        log.warning("not_allowed", account=account, what=what, reason=reason)


class AccessTelemetry:
    """Counts requests of accounts, and by links that are no account's (captain, caller)."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._refused = Counter(
            "beluga_access_refused",
            "Requests with a session, token or link that had been good and was ended.",
            ["what"],
            registry=registry,
        )
        for what in ("account", "captain", "caller"):
            self._refused.labels(what)  # from 0, so that the first one is an increase
        self._log_again: dict[str, float] = {}  # keys are of signed tokens: as many as there were accounts

    def account(self, identity: Identity) -> None:
        self._count("account", identity.account)

    def link(self, kind: str, subject: str) -> None:
        """`kind`: captain or caller; `subject` as in `ended_links`."""
        self._count(kind, subject)

    def _count(self, what: str, whose: str) -> None:
        self._refused.labels(what).inc()
        now, key = monotonic(), f"{what}:{whose}"
        if now >= self._log_again.get(key, 0.0):
            self._log_again[key] = now + LOG_SECONDS
            log.warning("ended_access_used", what=what, whose=whose)
