"""What every service counts of access that was taken away."""

from prometheus_client import CollectorRegistry, Counter


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

    def account(self) -> None:
        self._refused.labels("account").inc()

    def link(self, kind: str) -> None:
        self._refused.labels(kind).inc()
