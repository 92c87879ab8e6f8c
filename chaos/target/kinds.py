"""Which kind of target lives in a folder: one machine's stack, or a cluster in containers or on hosts."""

from pathlib import Path

from chaos.target import containers, hosts
from chaos.target.cluster import ClusterTarget
from chaos.target.hosts import HostsTarget
from chaos.target.target import Target


def at(state: Path) -> Target:
    """The target of this folder, running or not."""
    return _cluster(state) or Target(state)


def target_of(state: Path) -> Target:
    """The rehearsal that runs there. Raises `NoTargetError`."""
    return _cluster(state.absolute()) or Target.of_state(state)


def _cluster(state: Path) -> ClusterTarget | None:
    if (state / hosts.FILE).exists():
        return HostsTarget(state)
    return ClusterTarget(state) if (state / containers.FILE).exists() else None
