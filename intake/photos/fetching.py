"""Fetching one photo from its provider: only there, only a picture, only so large, only so long."""

from urllib.parse import urljoin

import aiohttp

from intake.errors import IntakeError
from intake.photos.hosts import PhotoHost

FETCH_SECONDS = 20.0  # real, for all hops of one photo
CONNECT_SECONDS = 5.0
MOST_HOPS = 3  # Twilio's is one
_MOVED = frozenset({301, 302, 303, 307, 308})
_LATER = frozenset({404, 408, 425, 429})  # not there yet, or too fast: asked again


class PhotoRefusedError(IntakeError):
    """The photo will not be fetched, now or later. The message says why, for people."""


class PhotoUnavailableError(IntakeError):
    """The photo cannot be fetched now; later it may."""


class PhotoClient:
    """Fetches from the hosts that are named, and from no other."""

    def __init__(self, hosts: dict[str, PhotoHost], most_bytes: int) -> None:
        self._hosts = hosts
        self._most_bytes = most_bytes
        self._session: aiohttp.ClientSession | None = None

    async def photo(self, provider: str, url: str) -> bytes:
        """The photo's bytes. Raises `PhotoRefusedError` or `PhotoUnavailableError`."""
        host = self._hosts.get(provider)
        if host is None:
            raise PhotoRefusedError(f"no credentials of {provider} are configured")
        if self._session is None:
            timeout = aiohttp.ClientTimeout(total=FETCH_SECONDS, sock_connect=CONNECT_SECONDS)
            self._session = aiohttp.ClientSession(timeout=timeout, cookie_jar=aiohttp.DummyCookieJar())
        try:
            for _ in range(MOST_HOPS + 1):
                if not host.allows(url):
                    raise PhotoRefusedError(f"its address is none of {provider}'s")
                moved, content = await self._hop(self._session, host, url)
                if not moved:
                    return content
                url = urljoin(url, moved)
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise PhotoUnavailableError(type(error).__name__) from None
        raise PhotoRefusedError("it moves on and on")

    async def _hop(self, session: aiohttp.ClientSession, host: PhotoHost, url: str) -> tuple[str, bytes]:
        """(where it has moved, nothing) or ("", its bytes)."""
        login = host.login_for(url)
        headers = {"Authorization": aiohttp.encode_basic_auth(*login)} if login else {}
        async with session.get(url, headers=headers, allow_redirects=False) as answer:
            if answer.status in _MOVED and answer.headers.get("Location"):
                return answer.headers["Location"], b""
            if answer.status >= 500 or answer.status in _LATER:
                raise PhotoUnavailableError(str(answer.status))
            if answer.status != 200:
                raise PhotoRefusedError(f"the provider answered {answer.status}")
            if not answer.content_type.startswith("image/"):
                raise PhotoRefusedError(f"it is no picture but {answer.content_type[:60]}")
            content = bytearray()
            async for chunk in answer.content.iter_chunked(1 << 16):
                content += chunk
                if len(content) > self._most_bytes:
                    raise PhotoRefusedError(f"it is larger than {self._most_bytes >> 20} MiB")
            return "", bytes(content)

    async def close(self) -> None:
        """Ends the connections."""
        if self._session is not None:
            await self._session.close()
            self._session = None
