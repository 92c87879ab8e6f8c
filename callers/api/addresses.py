"""Addresses of callers as they are counted and kept: keyed fingerprints of networks (IPv6: the /64)."""

import hashlib
import hmac

from aiohttp import web

from election.access.addresses import Proxies, network_of

_CHARACTERS = 10  # of 16: a million networks hardly share one


class Addresses:
    """Equal addresses have equal fingerprints, at every service; nobody without the secret reads one back."""

    def __init__(self, trusted_proxies: str, secret: str) -> None:
        self._proxies = Proxies(trusted_proxies)
        self._key = hashlib.sha256(b"beluga callers' addresses " + secret.encode()).digest()

    def of(self, request: web.Request) -> str:
        """The fingerprint of the network a request comes from."""
        forwarded = request.headers.get("X-Forwarded-For", "")
        return self.fingerprint(self._proxies.client(request.remote or "", forwarded))

    def fingerprint(self, address: str) -> str:
        digest = hmac.digest(self._key, network_of(address).encode(), "sha256")
        return digest.hex()[:_CHARACTERS]
