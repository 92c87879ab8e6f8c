"""What intake counts. Names and labels carry no phone number and no words."""

from collections.abc import Callable
from time import monotonic

import structlog
from prometheus_client import CollectorRegistry, Counter, Gauge

from intake.metrics.ack_times import Counts, Times

ACK_BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)  # seconds
LOG_SECONDS = 1.0  # between lines about the same refusal: a flood must not fill the log

log = structlog.get_logger()


class Telemetry:
    """Intake's metrics in a registry of their own."""

    def __init__(self) -> None:
        self.registry = registry = CollectorRegistry()
        self._acknowledged = Counts(
            "beluga_intake_acknowledged", "Messages made durable and acknowledged.", "provider"
        )
        self._duplicates = Counts(
            "beluga_intake_duplicates", "Redeliveries acknowledged without storing them again.", "provider"
        )
        registry.register(self._acknowledged)
        registry.register(self._duplicates)
        self.refused = Counter(
            "beluga_intake_refused", "Requests refused, by reason.", ["provider", "reason"], registry=registry
        )
        self.ack_seconds = Times(
            "beluga_intake_ack_seconds", "From the request's arrival to its answer.", ACK_BUCKETS
        )
        registry.register(self.ack_seconds)
        self.drained = Counter("beluga_intake_drained", "Messages appended to PostgreSQL.", registry=registry)
        self.quarantined = Counter(
            "beluga_intake_quarantined", "Messages PostgreSQL could not take as read.", registry=registry
        )
        self._depth = Gauge(
            "beluga_intake_journal_depth", "Acknowledged messages PostgreSQL may not have yet.",
            registry=registry,
        )  # fmt: skip
        self._local_only = Gauge(
            "beluga_intake_local_only", "The same while PostgreSQL is away: this disk alone holds them.",
            registry=registry,
        )  # fmt: skip
        self._torn = Gauge(
            "beluga_intake_journal_torn", "Journal files that cannot be read.", registry=registry
        )

        self.unanswered = Counter(
            "beluga_intake_unanswered", "Texts kept but not answered: their phone sends too many.",
            registry=registry,
        )  # fmt: skip
        self.incredible_times = Counter(
            "beluga_intake_incredible_times",
            "Sending times too old or ahead to be believed.",
            registry=registry,
        )
        self.late_texts = Counter(
            "beluga_intake_late_texts", "Texts that took more than an hour to arrive.", registry=registry
        )
        self.garbled_texts = Counter(
            "beluga_intake_garbled_texts",
            "Texts with a NUL, which no phone sends; stored without it, the raw bytes as they came.",
            registry=registry,
        )
        self.acknowledged_local_only = Counter(
            "beluga_intake_acknowledged_local_only",
            "Acknowledged after the journal alone although a replica is asked for.", registry=registry,
        )  # fmt: skip
        self.commit_seconds = Gauge(
            "beluga_intake_commit_seconds", "The journal's slowest commit since the last look.",
            registry=registry,
        )  # fmt: skip
        self._log_again: dict[tuple[str, str], float] = {}

    def refuse(self, provider: str, reason: str) -> None:
        """Counts a refused request, and says so in the log, at most once a second for each reason."""
        self.refused.labels(provider, reason).inc()
        now = monotonic()
        if now >= self._log_again.get((provider, reason), 0.0):
            self._log_again[provider, reason] = now + LOG_SECONDS
            log.warning("request_refused", provider=provider, reason=reason)

    def acknowledge(self, provider: str, duplicate: bool, *, local_only: bool = False) -> None:
        """Counts one acknowledgement."""
        self._acknowledged.add(provider)
        if duplicate:
            self._duplicates.add(provider)
        if local_only:
            self.acknowledged_local_only.inc()

    def watch(
        self,
        depth: Callable[[], float],
        local_only: Callable[[], float],
        torn: Callable[[], float],
        commit_seconds: Callable[[], float],
    ) -> None:
        """These are asked for when somebody looks."""
        self.commit_seconds.set_function(commit_seconds)
        self._depth.set_function(depth)
        self._local_only.set_function(local_only)
        self._torn.set_function(torn)
