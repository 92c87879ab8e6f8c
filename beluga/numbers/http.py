"""Requests to a provider's API: JSON back, or the provider's own reason why not."""

from collections.abc import Mapping, Sequence
from typing import Any

import aiohttp
import orjson

from beluga.numbers.provider import ProviderRefusedError

ANSWER_SECONDS = 20.0  # real
LARGEST_ANSWER = 4 << 20  # bytes
MOST_PAGES = 50


class ProviderHttp:
    """One account's way to its API. Follows no redirects: credentials go where they were meant to."""

    def __init__(self, name: str, headers: Mapping[str, str]) -> None:
        self._name = name
        self._headers = dict(headers)
        self._session: aiohttp.ClientSession | None = None

    async def ask(self, method: str, url: str, *, absent: bool = False, **request: Any) -> dict[str, Any]:
        """The JSON object of an answer. `absent`: 404 is an answer, too, and is then `{}`.

        Raises `ProviderRefusedError`.
        """
        if self._session is None:
            self._session = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=ANSWER_SECONDS))
        try:
            async with self._session.request(
                method, url, headers=self._headers, allow_redirects=False, **request
            ) as response:
                status, content = response.status, await response.content.read(LARGEST_ANSWER)
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise ProviderRefusedError(
                f"{self._name} cannot be reached ({type(error).__name__}); try again, nothing was changed"
            ) from None
        if absent and status == 404:
            return {}
        try:
            answer = orjson.loads(content) if content else {}
        except orjson.JSONDecodeError:
            answer = None
        if not 200 <= status < 300:
            raise ProviderRefusedError(f"{self._name} says {status}: {reason(answer) or 'no reason given'}")
        if not isinstance(answer, dict):
            raise ProviderRefusedError(f"{self._name} answered with what is no JSON object")
        return answer

    async def close(self) -> None:
        if self._session is not None:
            await self._session.close()
            self._session = None


def reason(answer: object) -> str:
    """A refusal in the provider's words: Twilio's `message`, Telnyx's `errors`."""
    if not isinstance(answer, dict):
        return ""
    errors = answer.get("errors")
    if isinstance(errors, list) and errors and isinstance(errors[0], dict):
        first = errors[0]
        words = [str(first[key]) for key in ("code", "title", "detail") if first.get(key)]
        return ": ".join(words)
    code = f" ({answer['code']})" if answer.get("code") else ""
    return f"{answer.get('message') or ''}{code}"


def objects(answer: Mapping[str, Any], key: str) -> Sequence[dict[str, Any]]:
    """The list of objects under `key`, without whatever is none."""
    found = answer.get(key)
    return [each for each in found if isinstance(each, dict)] if isinstance(found, list) else []
