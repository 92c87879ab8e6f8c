"""Vonage's SMS API: a form out, JSON back; delivery receipts come to `/sms/vonage/status`.

Every answer is a 200 with a status a message (developer.vonage.com, "Troubleshooting SMS", "Delivery
receipts"). It promises no idempotency: an order whose answer is lost is never repeated.
"""

from collections.abc import Mapping
from typing import Any

from intake.senders.http import Http
from intake.senders.protocol import (
    Delivery,
    Order,
    ProviderUnavailableError,
    RefusalCodes,
    TextRefusedError,
    UncertainError,
)
from intake.settings import IntakeSettings

LONGEST_VALIDITY = 604_800  # seconds, Vonage's limits
SHORTEST_VALIDITY = 20

_THROTTLED = frozenset({"1", "10"})
_INTERNAL = frozenset({"5"})
_CODES = RefusalCodes(
    wrong_number=frozenset({"6", "33"}),  # an unrecognised prefix, deactivated
    opted_out=frozenset({"7"}),  # barred
    account=frozenset(
        {"2", "4", "8", "9", "11", "14", "15", "29"}
    ),  # credentials, credit, our number, a trial's
)
_STATES = {
    "accepted": "sent",
    "buffered": "sent",
    "delivered": "delivered",
    "expired": "undelivered",
    "failed": "undelivered",
    "rejected": "undelivered",
}
_RECEIPT_CODES = RefusalCodes(
    wrong_number=frozenset({"3", "9", "11", "12"}),  # absent for good, illegal, unroutable, unreachable
    opted_out=frozenset({"4"}),  # barred by the user
)


class VonageSender:
    name = "vonage"
    idempotent = False

    def __init__(self, api_key: str, api_secret: str, url: str, status_url: str) -> None:
        self._url = f"{url.rstrip('/')}/sms/json"
        self._login = {"api_key": api_key, "api_secret": api_secret}
        self._status_url = status_url
        self._http = Http()

    async def send(self, order: Order) -> str:
        validity = int(min(max(order.valid_seconds, SHORTEST_VALIDITY), LONGEST_VALIDITY))
        form = self._login | {
            "from": order.number.removeprefix("+"),
            "to": order.phone.removeprefix("+"),
            "text": order.body,
            "type": "text" if order.body.isascii() else "unicode",
            "ttl": str(validity * 1000),
            "callback": self._status_url,
            "client-ref": order.key[:100],
        }
        status, answer = await self._http.post(self._url, data=form)
        if not 200 <= status < 300:
            raise TextRefusedError("account" if status in (401, 403) else "refused", str(status))
        messages = answer.get("messages")
        first = messages[0] if isinstance(messages, list) and messages else None
        if not isinstance(first, dict):
            raise UncertainError("no message in the answer")
        code = str(first.get("status", ""))
        if code == "0":
            if not first.get("message-id"):
                raise UncertainError("no id in the answer")
            return str(first["message-id"])  # a long text has an id a part: the first one stands for it
        if code in _THROTTLED:
            raise ProviderUnavailableError(code)
        if code in _INTERNAL or not code:
            raise UncertainError(code or "no status in the answer")
        raise TextRefusedError(_CODES.reason(code), code)

    async def close(self) -> None:
        await self._http.close()


def delivery_of(fields: Mapping[str, Any]) -> Delivery | None:
    """What a delivery receipt says; None where it says nothing that we keep."""
    its_id, state = fields.get("messageId"), _STATES.get(str(fields.get("status") or "").lower())
    if not its_id or state is None:
        return None
    code = str(fields.get("err-code") or "")
    if state != "undelivered" or code in ("", "0"):
        return Delivery(str(its_id), state)
    return Delivery(str(its_id), state, _RECEIPT_CODES.reason(code))


def sender(settings: IntakeSettings) -> VonageSender | None:
    """Vonage as configured; None without an API key and secret."""
    secret = settings.vonage_api_secret.get_secret_value()
    if not settings.vonage_api_key or not secret:
        return None
    status_url = f"{settings.public_url.rstrip('/')}/sms/vonage/status"
    return VonageSender(settings.vonage_api_key, secret, settings.vonage_api_url, status_url)
