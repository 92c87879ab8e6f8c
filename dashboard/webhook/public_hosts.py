"""Resolves names to public addresses alone: what is connected to is what was judged."""

import socket

from aiohttp.abc import AbstractResolver, ResolveResult
from aiohttp.resolver import ThreadedResolver

from dashboard.errors import DashboardError
from election.access.outward import is_public


class AddressRefusedError(DashboardError, OSError):
    """A name leads to a private network."""


class PublicHosts(AbstractResolver):
    """A resolver that knows no host of which any address is private: whoever may name one may name others."""

    def __init__(self, inner: AbstractResolver | None = None) -> None:
        self._inner = inner or ThreadedResolver()

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        """Addresses of a host. Raises `AddressRefusedError` where one of them is not public."""
        found = await self._inner.resolve(host, port, family)
        if not all(is_public(each["host"]) for each in found):
            raise AddressRefusedError
        return found

    async def close(self) -> None:
        """Ends the resolver within."""
        await self._inner.close()
