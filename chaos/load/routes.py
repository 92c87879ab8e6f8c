"""The ways by which a text reaches intake: two providers' signed webhooks, and the watcher's form.

A route turns a planned delivery into a request, and says under which key the database will hold it.
"""

import base64
import hmac
import json
import re
import ssl
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import sha1, sha256
from typing import NamedTuple, Protocol
from urllib.parse import urlencode
from uuid import NAMESPACE_URL, uuid5

STALE_SECONDS = 3_600  # how old a replayed signature is; intake believes five minutes
NUMBER = "+12155550100"  # the campaign's, reserved for fiction
_COUNT = re.compile(r"^(\S+) (\d+)$")


class Planned(NamedTuple):
    """One delivery. `due` in seconds after the load begins; `sent_at` is stack time, epoch seconds."""

    due: float
    key: str
    phone: str
    words: str
    sent_at: float
    kind: str = "text"  # text, forged, replayed or poison
    watcher: str = ""


class Request(NamedTuple):
    method: str
    url: str
    body: bytes
    headers: Mapping[str, str]


class DeliveryRoute(Protocol):
    """One way in. `name` is the provider's, as intake knows it."""

    name: str
    tls: ssl.SSLContext | None

    def key(self, key: str) -> str:
        """The provider's message id of a planned key."""
        ...

    def request(self, planned: Planned) -> Request: ...

    def tries_again(self, status: int) -> bool:
        """Whether a sender by this route tries again after this status."""
        ...


@dataclass(slots=True)
class Gateway:
    """The generic webhook: HMAC-SHA256 over `TIMESTAMP.BODY` (docs/providers.md)."""

    url: str
    secret: str
    tls: ssl.SSLContext | None = None
    name: str = "generic"

    def key(self, key: str) -> str:
        return key

    def request(self, planned: Planned) -> Request:
        sent_at = datetime.fromtimestamp(planned.sent_at, UTC).isoformat()
        said = {"id": planned.key, "from": planned.phone, "text": planned.words, "sent_at": sent_at}
        body = json.dumps(said).encode()
        secret = "not the " + self.secret if planned.kind == "forged" else self.secret
        at = int(time.time()) - (STALE_SECONDS if planned.kind == "replayed" else 0)
        return Request("POST", f"{self.url}/sms/generic", body, signed(secret, body, at))

    def tries_again(self, status: int) -> bool:
        return status >= 500


@dataclass(slots=True)
class TwilioRoute:
    """Twilio's form, signed over `signed_url`: the address that the number is configured with."""

    url: str
    secret: str
    signed_url: str
    tls: ssl.SSLContext | None = None
    name: str = "twilio"

    def key(self, key: str) -> str:
        return f"SM{sha256(key.encode()).hexdigest()[:32]}"

    def request(self, planned: Planned) -> Request:
        fields = {
            "Body": planned.words, "From": planned.phone, "MessageSid": self.key(planned.key),
            "NumMedia": "0", "To": NUMBER,
        }  # fmt: skip
        said = f"{self.signed_url}/sms/twilio" + "".join(
            name + value for name, value in sorted(fields.items())
        )
        secret = "not the " + self.secret if planned.kind == "forged" else self.secret
        mac = hmac.new(secret.encode(), said.encode(), sha1).digest()
        headers = {
            "Content-Type": "application/x-www-form-urlencoded",
            "X-Twilio-Signature": base64.b64encode(mac).decode(),
        }
        return Request("POST", f"{self.url}/sms/twilio", urlencode(fields).encode(), headers)

    def tries_again(self, status: int) -> bool:
        return status >= 500


@dataclass(slots=True)
class Form:
    """The watcher's form as its page's script sends it. `links` gives each watcher's token at any time."""

    url: str
    links: Callable[[], Mapping[str, str]] = field(repr=False)
    tls: ssl.SSLContext | None = None
    name: str = "form"

    def key(self, key: str) -> str:
        return str(uuid5(NAMESPACE_URL, key))

    def request(self, planned: Planned) -> Request:
        found = _COUNT.match(planned.words)
        assert found is not None
        body = json.dumps({"kind": "count", "precinct_id": found[1], "votes": int(found[2])}).encode()
        token = self.links().get(planned.watcher, "none")
        headers = {"Content-Type": "application/json", "Authorization": f"Bearer {token}"}
        return Request("PUT", f"{self.url}/checkins/{self.key(planned.key)}", body, headers)

    def tries_again(self, status: int) -> bool:
        return status >= 500 or status == 401  # the page keeps its queue until it has a good link


def signed(secret: str, body: bytes, timestamp: int) -> dict[str, str]:
    """Headers of the generic webhook: HMAC-SHA256 over `TIMESTAMP.BODY` (docs/architecture.md)."""
    mac = hmac.new(secret.encode(), f"{timestamp}.".encode() + body, sha256).hexdigest()
    return {
        "Content-Type": "application/json",
        "X-Beluga-Timestamp": str(timestamp),
        "X-Beluga-Signature": f"sha256={mac}",
    }
