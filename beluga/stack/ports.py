"""Free ports of 127.0.0.1 for what we start ourselves: kept until they are listened on.

A port asked of the kernel (`bind` to 0) comes from the range it gives to clients, so that any connection
made before our server listens may take it, and two processes may be told the same one. Ours lie below that
range, and each is claimed by a name in Linux's abstract socket namespace, which ends with its process.
"""

import secrets
import socket
from collections import deque

SINGLE = range(20_000, 32_000)
BASES = range(11_000, 20_000, 10)  # a stack takes the ports above its base

_claims: deque[socket.socket] = deque(maxlen=200)  # the oldest are let go: they listen by now, or never will


def free_port() -> int:
    """A port that nobody listens on and no other process of ours was told of."""
    while True:
        port = SINGLE[secrets.randbelow(len(SINGLE))]  # no seed of a test makes two choose alike
        if _claim(port) and _free(port):
            return port


def free_port_base() -> int:
    """A base whose ten ports are free now, for a stack."""
    while True:
        base = BASES[secrets.randbelow(len(BASES))]
        if _claim(base) and all(_free(port) for port in range(base, base + 10)):
            return base


def _claim(port: int) -> bool:
    claim = socket.socket(socket.AF_UNIX)
    try:
        claim.bind(f"\0beluga-port-{port}")
    except OSError:
        claim.close()
        return False
    _claims.append(claim)
    return True


def _free(port: int) -> bool:
    with socket.socket() as probe:
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True
