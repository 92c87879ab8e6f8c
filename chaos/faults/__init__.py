"""Faults: each a class with setup, inject and heal. `FAULTS` names them all."""

from chaos.faults.connections import ConnectionsExhausted
from chaos.faults.disk import DiskFull, SyncFault
from chaos.faults.network import Cut
from chaos.faults.pressure import Pressure
from chaos.faults.processes import Frozen, HeldDown, Killed
from chaos.faults.protocol import Fault, UnavailableError
from chaos.faults.timekeeping import ClockMoved

FAULTS: dict[str, type[Fault]] = {
    fault.name: fault
    for fault in (
        Killed, HeldDown, Frozen, DiskFull, SyncFault, ConnectionsExhausted, Pressure, ClockMoved, Cut,
    )
}  # fmt: skip

__all__ = ["FAULTS", "Fault", "UnavailableError"]
