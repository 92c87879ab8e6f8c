"""What the callers' service counts."""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from callers.dispatch.feed import CallersView

BUDGETS = ("unreported", "caller", "bank", "address", "joins", "codes", "lists", "rolls")


class Metrics:
    """Counts only: no voter, phone or caller in any label."""

    def __init__(self, registry: CollectorRegistry, feed: CallersView) -> None:
        self.leases = Counter(
            "beluga_callers_leases", "Lease requests by result", ["result"], registry=registry
        )
        self.lease_seconds = Histogram(
            "beluga_callers_lease_seconds", "Time to grant a lease", registry=registry,
            buckets=(0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5),
        )  # fmt: skip
        self.outcomes = Counter(
            "beluga_callers_outcomes", "Outcomes recorded", ["outcome"], registry=registry
        )
        self.undone = Counter("beluga_callers_undone", "Outcomes undone", registry=registry)
        self.refused = Counter(
            "beluga_callers_dials_refused",
            "Consent gone between lease and dial",
            ["reason"],
            registry=registry,
        )
        self.shown = Counter("beluga_callers_shown", "Voters shown to callers", registry=registry)
        self.held_back = Counter(
            "beluga_callers_held_back",
            "Refused, because a budget is spent: voters not shown (unreported, caller, bank, address), "
            "sign-ups and wrong join codes of one address (joins, codes), voters not listed (lists), "
            "rolls whose names one link has had too often (rolls)",
            ["budget"],
            registry=registry,
        )
        for budget in BUDGETS:
            self.held_back.labels(budget)
        self.expired = Counter("beluga_callers_expired", "Leases that ran out", registry=registry)
        self.revoked = Counter("beluga_callers_revoked", "Leases ended by the log", registry=registry)
        self.strike_offs = Counter("beluga_callers_strike_offs", "Strike-offs heard", registry=registry)
        self.dispatches = Gauge("beluga_callers_dispatches", "Precincts open for calling", registry=registry)
        self.waiting = Gauge("beluga_callers_waiting", "Callers waiting for work", registry=registry)
        self.changes = Counter(
            "beluga_callers_dispatch_changes",
            "Dispatches started, ended, held",
            ["change"],
            registry=registry,
        )
        self.ride_changes = Counter(
            "beluga_callers_ride_changes",
            "Rides asked for, and ended or given back by what was heard",
            registry=registry,
        )
        self.ride_acts = Counter(
            "beluga_callers_ride_acts", "What drivers did", ["act", "result"], registry=registry
        )
        self.connections_free = Gauge(
            "beluga_callers_database_connections_free",
            "Connections that PostgreSQL has left, those it keeps for its owner included.",
            registry=registry,
        )
        Gauge(
            "beluga_callers_feed_age_seconds", "Age of the standings; -1 before the first", registry=registry
        ).set_function(lambda: -1.0 if feed.age() is None else feed.age() or 0.0)

    def refusals(self) -> dict[str, int]:
        """What has been held back since the start, by budget."""
        return {
            sample.labels["budget"]: int(sample.value)
            for metric in self.held_back.collect()
            for sample in metric.samples
            if sample.name.endswith("_total") and sample.value
        }
