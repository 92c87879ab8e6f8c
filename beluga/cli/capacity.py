"""`beluga capacity`: what an election needs, from measured constants, each with its command."""

from typing import Annotated

import typer

from beluga.readiness import capacity as sizes
from beluga.readiness.capacity import Constant, need, one_machine

MOST_CONNECTIONS = 200  # max_connections in deploy/patroni.yml
SPARE_CONNECTIONS = 20  # replication, backups, the operator, and a service that starts beside its predecessor
Count = Annotated[int, typer.Option(min=0, max=10_000_000)]


def capacity(watchers: Count = 400, precincts: Count = 400, callers: Count = 20, viewers: Count = 20) -> None:
    """Print machines, disk, connections, texts and what drives the cost for an election of this size."""
    found = need(watchers, precincts, callers, viewers)
    replies = ", ".join(
        f"{name} {seconds / 60:.0f} min" for name, seconds in found.clear_replies_seconds.items()
    )
    more = ""
    if found.database_connections > MOST_CONNECTIONS - SPARE_CONNECTIONS:
        more = ": raise max_connections in deploy/patroni.yml, or a database for each region"
    one = one_machine(found, precincts, viewers)
    vm = "none of 4 cores and 16 GB bears it: see the machines below"
    if one is not None:
        cores, gigabytes = one
        vm = f"a VM of {gigabytes} GB and {cores} core{'s' if cores > 1 else ''} will do (beluga install)"
    rows = [
        ("one machine", vm),
        ("texts a day", f"{found.texts_a_day:,}"),
        ("texts/s at the peak", f"{found.texts_a_second:.1f}"),
        ("disk", f"{found.disk_bytes / 1e9:.1f} GB a day, on each database and intake"),
        ("several machines", "so that the loss of any one is borne (docs/cluster.md):"),
        ("intake", f"{found.intake_cores} processes (at least two)"),
        (
            "tally and feed",
            f"{found.tally_processes} processes; a restart reads {found.restart_seconds:.0f} s",
        ),
        ("callers", f"{found.callers_processes} processes; {found.leases_a_second:.1f} leases/s"),
        ("database connections", f"{found.database_connections} of {MOST_CONNECTIONS}{more}"),
        ("machines of two cores", f"{found.machines} for services, 3 for databases, 1 or 2 for the proxy"),
        ("replies a day", f"{found.replies_a_day:,.0f} segments: the main cost that grows with watchers"),
        ("the peak's replies take", replies),
    ]
    for name, value in rows:
        print(f"{name:<24} {value}")
    print(
        "\nmeasured (2 cores, docs/scale.md); the rest follows by arithmetic in beluga/readiness/capacity.py"
    )
    for name, constant in vars(sizes).items():
        if isinstance(constant, Constant):
            words = name.lower().replace("_", " ")
            print(f"{words:<24} {constant.value:,.0f} {constant.unit}: {constant.measured_by}")
