"""Faults: each a class with setup, inject and heal. `FAULTS` names them all."""

from chaos.faults.connections import ConnectionsExhausted
from chaos.faults.containers import (
    ContainersCut,
    ContainersFrozen,
    ContainersOff,
    SynchronousWaitsCancelled,
)
from chaos.faults.database import DatabaseLost, RowsRefused
from chaos.faults.deploy import BadDeploy, BadMigration
from chaos.faults.disk import DiskFull, JournalTorn, SyncFault
from chaos.faults.front import Certificate
from chaos.faults.headquarters import HeadquartersCut
from chaos.faults.hosts import JournalLost
from chaos.faults.keepers import PatroniFrozen
from chaos.faults.links import LinksVoid
from chaos.faults.names import NamesUnresolved
from chaos.faults.network import Cut
from chaos.faults.pressure import Pressure
from chaos.faults.processes import Frozen, HeldDown, Killed, Spinning
from chaos.faults.protocol import Fault, UnavailableError
from chaos.faults.provider import ProviderSilent
from chaos.faults.timekeeping import ClockMoved

FAULTS: dict[str, type[Fault]] = {
    fault.name: fault
    for fault in (
        Killed, HeldDown, Frozen, DiskFull, SyncFault, ConnectionsExhausted, Pressure, ClockMoved, Cut,
        ProviderSilent, LinksVoid, Certificate, NamesUnresolved, BadDeploy, BadMigration, JournalLost,
        HeadquartersCut, DatabaseLost, ContainersFrozen, ContainersOff, ContainersCut, PatroniFrozen,
        SynchronousWaitsCancelled, JournalTorn, RowsRefused, Spinning,
    )
}  # fmt: skip

__all__ = ["FAULTS", "Fault", "UnavailableError"]
