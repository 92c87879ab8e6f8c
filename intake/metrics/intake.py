"""What intake counts. Names and labels carry no phone number and no words."""

import asyncio
from collections import deque
from collections.abc import Callable
from time import monotonic

import structlog
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

ACK_BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)  # seconds
LOG_SECONDS = 1.0  # between lines about the same refusal: a flood must not fill the log
REFRESH_SECONDS = 1.0  # how old another worker's gauges may be
COMMIT_WINDOW_SECONDS = 15.0  # a slow commit is shown this long: no shorter than Prometheus' pause

log = structlog.get_logger()


class Telemetry:
    """Intake's metrics in a registry of their own.

    Gauges are set rather than asked for, since several workers' figures meet in files.
    """

    def __init__(self) -> None:
        self.registry = registry = CollectorRegistry()
        self._acknowledged = Counter(
            "beluga_intake_acknowledged", "Messages made durable and acknowledged.", ["provider"],
            registry=registry,
        )  # fmt: skip
        self._duplicates = Counter(
            "beluga_intake_duplicates", "Redeliveries acknowledged without storing them again.", ["provider"],
            registry=registry,
        )  # fmt: skip
        self._acknowledged_by: dict[str, Counter] = {}  # `labels` costs as much as the counting
        self.refused = Counter(
            "beluga_intake_refused", "Requests refused, by reason.", ["provider", "reason"], registry=registry
        )
        self.ack_seconds = Histogram(
            "beluga_intake_ack_seconds", "From the request's arrival to its answer.", buckets=ACK_BUCKETS,
            registry=registry,
        )  # fmt: skip
        self.drained = Counter("beluga_intake_drained", "Messages appended to PostgreSQL.", registry=registry)
        self.quarantined = Counter(
            "beluga_intake_quarantined", "Messages PostgreSQL could not take as read.", registry=registry
        )
        self._depth = Gauge(
            "beluga_intake_journal_depth", "Acknowledged messages PostgreSQL may not have yet.",
            registry=registry, multiprocess_mode="livesum",
        )  # fmt: skip
        self._local_only = Gauge(
            "beluga_intake_local_only", "The same while PostgreSQL is away: this disk alone holds them.",
            registry=registry, multiprocess_mode="livesum",
        )  # fmt: skip
        self._torn = Gauge(
            "beluga_intake_journal_torn", "Journal files that cannot be read.",
            registry=registry, multiprocess_mode="livesum",
        )  # fmt: skip
        self.serving = Gauge(
            "beluga_intake_workers_counted", "Workers whose counts are in these sums.",
            registry=registry, multiprocess_mode="livesum",
        )  # fmt: skip
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
        self._commit_seconds = Gauge(
            "beluga_intake_commit_seconds", "The journal's slowest commit of the last quarter of a minute.",
            registry=registry, multiprocess_mode="livemax",
        )  # fmt: skip
        self._commits: deque[tuple[float, float]] = deque()  # (when asked, slowest since it was asked before)
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
        by = self._acknowledged_by.get(provider)
        if by is None:
            by = self._acknowledged_by[provider] = self._acknowledged.labels(provider)
        by.inc()
        if duplicate:
            self._duplicates.labels(provider).inc()
        if local_only:
            self.acknowledged_local_only.inc()

    def set_state(
        self, depth: int, local_only: int, torn: int, slowest_commit: float, now: float | None = None
    ) -> None:
        """Sets the journal's gauges. `slowest_commit`: seconds, of those since the call before this one."""
        self._depth.set(depth)
        self._local_only.set(local_only)
        self._torn.set(torn)
        now = monotonic() if now is None else now
        self._commits.append((now, slowest_commit))
        while self._commits[0][0] < now - COMMIT_WINDOW_SECONDS:
            self._commits.popleft()
        self._commit_seconds.set(max(seconds for _, seconds in self._commits))


async def keep_fresh(set_state: Callable[[], None]) -> None:
    """Sets the gauges again and again, for the worker that will be asked."""
    while True:
        set_state()
        await asyncio.sleep(REFRESH_SECONDS)
