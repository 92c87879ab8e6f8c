"""What the HTTP senders share: one connection pool, and telling "not taken" from "nobody knows"."""

from typing import Any

import aiohttp
import orjson

from intake.senders.protocol import ProviderUnavailableError, UncertainError

ANSWER_SECONDS = 15.0  # real; both providers answer within two as a rule
CONNECT_SECONDS = 5.0
LARGEST_ANSWER = 1 << 20  # bytes
CONNECTIONS = 50


class Http:
    """Posts one request for each text. Follows no redirects, and no proxies named in the environment."""

    def __init__(self) -> None:
        self._session: aiohttp.ClientSession | None = None

    def _open(self) -> aiohttp.ClientSession:
        if self._session is None:
            self._session = aiohttp.ClientSession(
                timeout=aiohttp.ClientTimeout(total=ANSWER_SECONDS, sock_connect=CONNECT_SECONDS),
                connector=aiohttp.TCPConnector(limit=CONNECTIONS),
            )
        return self._session

    async def post(self, url: str, **request: Any) -> tuple[int, dict[str, Any]]:
        """(status, JSON object) of the answer. Raises `ProviderUnavailableError` or `UncertainError`."""
        try:
            async with self._open().post(url, allow_redirects=False, **request) as response:
                status, content = response.status, await response.content.read(LARGEST_ANSWER)
        except aiohttp.ClientConnectorError as error:  # no connection: nothing was said
            raise ProviderUnavailableError(type(error).__name__) from None
        except aiohttp.ConnectionTimeoutError as error:
            raise ProviderUnavailableError(type(error).__name__) from None
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise UncertainError(type(error).__name__) from None
        if status in (429, 503):
            raise ProviderUnavailableError(str(status))
        if status >= 500:
            raise UncertainError(str(status))
        try:
            answer = orjson.loads(content)
        except orjson.JSONDecodeError:
            answer = None
        if not isinstance(answer, dict):
            if 200 <= status < 300:
                raise UncertainError("unreadable answer") from None
            answer = {}
        return status, answer

    async def close(self) -> None:
        if self._session is not None:
            await self._session.close()
            self._session = None
