"""What the outbox counts. Labels carry no phone number and no words."""

from datetime import datetime

from prometheus_client import CollectorRegistry, Counter, Gauge

from intake.outbox.store import PURPOSES


class OutboxTelemetry:
    """The outbox's metrics in intake's registry. Depth and age are the leader's to tell; others show 0."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.settled = Counter(
            "beluga_intake_outbox_settled",
            "Texts that left the outbox, by state (sent, failed, unknown, expired, silenced) and purpose.",
            ["state", "purpose"],
            registry=registry,
        )
        self.delivered = Counter(
            "beluga_intake_outbox_receipts", "What providers told later, by state.", ["provider", "state"],
            registry=registry,
        )  # fmt: skip
        self.rests = Counter(
            "beluga_intake_outbox_rests", "Times that a number was rested after failures.", ["provider"],
            registry=registry,
        )  # fmt: skip
        self._depth = Gauge(
            "beluga_intake_outbox_depth", "Texts that wait, by purpose.", ["purpose"],
            registry=registry, multiprocess_mode="livesum",
        )  # fmt: skip
        self._oldest = Gauge(
            "beluga_intake_outbox_oldest_seconds", "Age of the oldest waiting text (stack time).",
            registry=registry, multiprocess_mode="livemax",
        )  # fmt: skip
        self.waiting({}, None)

    def waiting(self, depth: dict[str, tuple[int, datetime]], now: datetime | None) -> None:
        """Notes what waits now."""
        for purpose in PURPOSES:
            self._depth.labels(purpose).set(depth.get(purpose, (0, None))[0])
        oldest = min((at for _, at in depth.values()), default=None)
        self._oldest.set((now - oldest).total_seconds() if now and oldest else 0.0)
