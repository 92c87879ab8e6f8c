"""What an election needs: machines, disk, connections, texts. Arithmetic on measured constants alone.

Every constant names the command that measured it (docs/scale.md); measure again on your own machines.
"""

from dataclasses import dataclass
from math import ceil


@dataclass(frozen=True, slots=True)
class Constant:
    """A measured figure, its unit, and the command that measured it."""

    value: float
    unit: str
    measured_by: str


# 146-224 µs of processor time an ack, by what else the machine does
ACKS_PER_CORE = Constant(4_500, "durable acks/s of one whole core", "python -m bench.intake_acks")
TABLE_BYTES = Constant(1_041, "bytes of tables and indexes a text", "python -m bench.storage")
LOG_BYTES = Constant(1_552, "bytes of write-ahead log a text", "python -m bench.storage")
JOURNAL_BYTES = Constant(571, "bytes of intake's journal a text", "python -m bench.storage")
FEED_MICROSECONDS = Constant(
    23, "µs of processor time a viewer and message", "python -m bench.feed --viewers 300"
)
LEASES_PER_SECOND = Constant(
    1_346, "leases/s with outcomes, one database, a busy machine", "python -m bench.leases --leases 200000"
)
CALLERS_HELD = Constant(5_000, "callers of one process, waiting for work", "python -m bench.idle_callers")
CHECK_INS_FOLLOWED = Constant(
    70_000, "check-ins/s from a restart to every standing", "python -m bench.follow"
)
STACK_MIB = Constant(
    520, "MiB of the whole stack, everybody there, 1,000 precincts", "python -m bench.small_machine"
)

# What people do; assumptions, not measurements.
TEXTS_PER_WATCHER = 14  # a report an hour, and the close
PEAK_SHARE = 0.10  # of a day's texts in the busiest five minutes (the close, and on the hour)
PEAK_SECONDS = 300.0
CALLS_PER_CALLER_HOUR = 20
MESSAGES_PER_VIEWER = 5.0  # a second, while reports pour in; a beat a second otherwise
FEED_SHARE = 0.15  # of a tally's core for viewers; the rest counts, and bears everybody coming back at once
HEADROOM = 3.0  # peak load over what is offered on average in its five minutes
SEGMENTS_PER_REPLY = 1.1
REPLY_SHARE = 1.0  # every text is answered until the budget says otherwise
PRECINCT_KIB = 20  # in all processes together: roster, standings, shape; a tally's part is 1.4
MACHINE_SHARE = 0.75  # of a machine's memory for the stack; files are read from the rest
SERVICE_SHARE = 0.25  # of a core's texts and leases, where all services and the database share it
MACHINES = ((1, 1), (2, 4), (4, 16))  # virtual cores and GB that are for hire everywhere
CARRIER_TEXTS_PER_SECOND = {"10DLC, lowest": 75 / 60, "toll-free": 25.0, "short code": 100.0}
# Each process; one of them asks the primary for a sign of life (election.postgres.connection_watch)
CONNECTIONS = {"intake": 4, "tally": 6, "callers": 13, "dashboard": 7}


@dataclass(frozen=True, slots=True)
class CapacityNeed:
    """What an election of this size needs."""

    texts_a_day: int
    texts_a_second: float  # at the peak, with headroom
    intake_cores: int
    tally_processes: int
    callers_processes: int
    database_connections: int
    disk_bytes: int
    leases_a_second: float
    replies_a_day: float
    clear_replies_seconds: dict[str, float]  # how long a carrier takes for the peak's replies
    restart_seconds: float

    @property
    def machines(self) -> int:
        """Two-core machines for the services, two of everything; databases apart."""
        cores = self.intake_cores + self.tally_processes + self.callers_processes + 2
        return max(2, ceil(cores / 2))


def one_machine(found: CapacityNeed, precincts: int, viewers: int) -> tuple[int, int] | None:
    """Cores and GB of the smallest machine that bears it all with `beluga install`; None where none does."""
    memory = STACK_MIB.value + precincts * PRECINCT_KIB / 1024
    feed = viewers * MESSAGES_PER_VIEWER * FEED_MICROSECONDS.value / 1e6
    for cores, gigabytes in MACHINES:
        # intake, tally and the callers' service are one process each: none has more than a core
        part = 1.0 if cores > 2 else SERVICE_SHARE * cores
        if (
            memory <= gigabytes * 1024 * MACHINE_SHARE
            and found.texts_a_second <= ACKS_PER_CORE.value * part
            and found.leases_a_second <= LEASES_PER_SECOND.value * part
            and feed <= FEED_SHARE * part * 2
        ):
            return cores, gigabytes
    return None


def need(watchers: int, precincts: int, callers: int, viewers: int) -> CapacityNeed:
    """Resources for these numbers of people and places. All counts are at least 0."""
    texts = max(watchers, precincts) * TEXTS_PER_WATCHER
    peak = texts * PEAK_SHARE / PEAK_SECONDS * HEADROOM
    intake = max(2, ceil(peak / ACKS_PER_CORE.value))
    feed = viewers * MESSAGES_PER_VIEWER * FEED_MICROSECONDS.value / 1e6
    tally = max(2, ceil(feed / FEED_SHARE) + 1)
    leases = callers * CALLS_PER_CALLER_HOUR / 3600
    desks = max(2, ceil(leases / (LEASES_PER_SECOND.value / 2)), ceil(callers / CALLERS_HELD.value))
    connections = (
        intake * CONNECTIONS["intake"]
        + tally * CONNECTIONS["tally"]
        + desks * CONNECTIONS["callers"]
        + 2 * CONNECTIONS["dashboard"]
    )
    burst = texts * PEAK_SHARE * REPLY_SHARE * SEGMENTS_PER_REPLY
    return CapacityNeed(
        texts_a_day=texts,
        texts_a_second=peak,
        intake_cores=intake,
        tally_processes=tally,
        callers_processes=desks,
        database_connections=connections,
        # tables, log, journal, and the tables again in a base backup
        disk_bytes=round(texts * (2 * TABLE_BYTES.value + LOG_BYTES.value + JOURNAL_BYTES.value)),
        leases_a_second=leases,
        replies_a_day=texts * REPLY_SHARE * SEGMENTS_PER_REPLY,
        clear_replies_seconds={name: burst / rate for name, rate in CARRIER_TEXTS_PER_SECOND.items()},
        restart_seconds=texts / CHECK_INS_FOLLOWED.value,
    )
