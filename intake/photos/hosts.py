"""Where a provider's photos may be fetched, and with which credentials. Pure.

The address of a photo comes out of a text, signed or not: nobody may make us ask any other host for them
(server-side request forgery). So the host must be the provider's API as configured, or one of the hosts to
which that provider redirects; redirects are judged like first addresses; credentials go to the API alone.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import SplitResult, urlsplit

from election.access.outward import plain_parts

# Beside its API: where each provider keeps media, as exact hosts with the beginning of the path.
_ELSEWHERE: Mapping[str, tuple[tuple[str, str], ...]] = {
    "twilio": (
        ("mms.twiliocdn.com", "/"),
        ("media.twiliocdn.com", "/"),
        ("s3-external-1.amazonaws.com", "/media.twiliocdn.com/"),
    ),
    "telnyx": (("media.telnyx.com", "/"), ("us-central-1.telnyxcloudstorage.com", "/")),
    "plivo": (("media.plivo.com", "/"),),
    "bandwidth": (),
}


@dataclass(frozen=True, slots=True)
class PhotoHost:
    """One provider's. `api`: its API's URL as configured; `login`: (user, password) for it."""

    provider: str
    api: str
    login: tuple[str, str] | None = None

    def allows(self, url: str) -> bool:
        """Whether the address may be asked."""
        parts = plain_parts(url)
        if parts is None:
            return False
        if self._is_api(parts):
            return True
        if parts.scheme != "https" or parts.port not in (None, 443):
            return False
        path = parts.path or "/"
        clean = "/.." not in path and "%2e" not in path.lower()
        return clean and any(
            parts.hostname == host and path.startswith(begins)
            for host, begins in _ELSEWHERE.get(self.provider, ())
        )

    def login_for(self, url: str) -> tuple[str, str] | None:
        """The credentials to send along: to the API alone."""
        parts = plain_parts(url)
        return self.login if parts is not None and self._is_api(parts) else None

    def _is_api(self, parts: SplitResult) -> bool:
        api = urlsplit(self.api)
        return (parts.scheme, parts.hostname, _port(parts)) == (api.scheme, api.hostname, _port(api))


def _port(parts: SplitResult) -> int:
    return parts.port or (443 if parts.scheme == "https" else 80)
