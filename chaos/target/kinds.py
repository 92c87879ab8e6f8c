"""Which kind of target lives in a folder: one machine's stack, or a cluster."""

from pathlib import Path

from chaos.target.cluster import ClusterTarget
from chaos.target.containers import FILE
from chaos.target.target import Target


def at(state: Path) -> Target:
    """The target of this folder, running or not."""
    return ClusterTarget(state) if (state / FILE).exists() else Target(state)


def target_of(state: Path) -> Target:
    """The rehearsal that runs there. Raises `NoTargetError`."""
    return ClusterTarget(state.absolute()) if (state / FILE).exists() else Target.of_state(state)
