"""Asking for the published file: only where it has changed, only on the public net, only so large."""

import asyncio
import socket
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Any
from urllib.parse import urljoin, urlsplit

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult

from election.folder.official_file import LOOPBACK, unfit
from intake.official.published import OfficialUnreadError

FETCH_SECONDS = 30.0  # real, for all hops
CONNECT_SECONDS = 10.0
MOST_BYTES = 16 << 20
MOST_HOPS = 3
AGENT = "Beluga election turnout (conditional requests; see the address in our documents)"
_MOVED = frozenset({301, 302, 303, 307, 308})


@dataclass(slots=True)
class Published:
    """What the address last said of its file, to ask for changes alone."""

    etag: str = ""
    modified: str = ""


class PublicAddresses(AbstractResolver):
    """Names to public addresses alone, at the moment of connecting: nobody may turn us on our own network."""

    def __init__(self, *, loopback: bool) -> None:
        self._loopback = loopback

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        loop = asyncio.get_running_loop()
        found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM, family=family)
        results: list[ResolveResult] = []
        for kind, _, protocol, _, where in found:
            address = str(where[0])
            if not fit_address(address, loopback=self._loopback):
                raise OfficialUnreadError(f"{host} is at {address}, which is no public address")
            results.append(ResolveResult(
                hostname=host, host=address, port=port, family=kind, proto=protocol,
                flags=socket.AI_NUMERICHOST,
            ))  # fmt: skip
        return results

    async def close(self) -> None:
        """Nothing is kept."""


def fit_address(address: str, *, loopback: bool) -> bool:
    """Whether a numeric address may be connected to: a public one, or in a rehearsal this machine."""
    parsed = ip_address(address.partition("%")[0])
    mapped = getattr(parsed, "ipv4_mapped", None)
    parsed = mapped or parsed
    if loopback:
        return parsed.is_loopback
    return parsed.is_global and not parsed.is_multicast


class OfficialClient:
    """Asks one address. `loopback`: a rehearsal, which asks this machine and nobody else."""

    def __init__(self, *, loopback: bool, most_bytes: int = MOST_BYTES) -> None:
        self._loopback, self._most_bytes = loopback, most_bytes
        self._session: aiohttp.ClientSession | None = None

    def asks(self, address: str) -> bool:
        """Whether it is one to ask at all: a rehearsal troubles no real office."""
        return not self._loopback or urlsplit(address).hostname in LOOPBACK

    async def changed(self, address: str, last: Published) -> bytes | None:
        """The file where it has changed since, None where it has not; `last` is brought up to date.

        Raises `OfficialUnreadError`.
        """
        if self._session is None:
            connector = aiohttp.TCPConnector(resolver=PublicAddresses(loopback=self._loopback), limit=1)
            timeout = aiohttp.ClientTimeout(total=FETCH_SECONDS, sock_connect=CONNECT_SECONDS)
            self._session = aiohttp.ClientSession(
                connector=connector, timeout=timeout, cookie_jar=aiohttp.DummyCookieJar()
            )
        try:
            async with asyncio.timeout(FETCH_SECONDS):
                for _ in range(MOST_HOPS + 1):
                    self._check(address)
                    moved, content = await self._hop(self._session, address, last)
                    if not moved:
                        return content
                    address = urljoin(address, moved)
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise OfficialUnreadError(type(error).__name__) from None
        raise OfficialUnreadError("it moves on and on")

    def _check(self, address: str) -> None:
        if why := unfit(address):
            raise OfficialUnreadError(f"its address {why}")
        host = urlsplit(address).hostname or ""
        if host in LOOPBACK and not self._loopback:
            raise OfficialUnreadError("its address is this machine's, which only a rehearsal asks")
        try:
            literal = fit_address(host, loopback=self._loopback)
        except ValueError:
            return  # a name: `PublicAddresses` looks at where it leads
        if not literal:
            raise OfficialUnreadError("its address is none of the public net's")

    async def _hop(
        self, session: aiohttp.ClientSession, address: str, last: Published
    ) -> tuple[str, bytes | None]:
        """(where it has moved, None) or ("", the file, or None where it has not changed)."""
        headers = {"User-Agent": AGENT, "Accept": "text/csv, application/json;q=0.9, */*;q=0.1"}
        headers |= {"If-None-Match": last.etag} if last.etag else {}
        headers |= {"If-Modified-Since": last.modified} if last.modified else {}
        async with session.get(address, headers=headers, allow_redirects=False) as answer:
            if answer.status in _MOVED and answer.headers.get("Location"):
                return answer.headers["Location"], None
            if answer.status == 304:
                return "", None
            if answer.status != 200:
                raise OfficialUnreadError(f"it answered {answer.status}")
            content = await self._content(answer)
            last.etag = answer.headers.get("ETag", "")[:200]
            last.modified = answer.headers.get("Last-Modified", "")[:60]
            return "", content

    async def _content(self, answer: Any) -> bytes:
        content = bytearray()
        async for chunk in answer.content.iter_chunked(1 << 16):
            content += chunk
            if len(content) > self._most_bytes:
                raise OfficialUnreadError(f"it is larger than {self._most_bytes >> 10} KiB")
        return bytes(content)

    async def close(self) -> None:
        """Ends the connections."""
        if self._session is not None:
            await self._session.close()
            self._session = None
