"""Telnyx's Messages API v2: JSON out and back; delivery reports come to `/sms/telnyx/status`.

It promises no idempotency for messages: an order whose answer is lost is never repeated.
"""

from collections.abc import Mapping
from typing import Any

import orjson

from intake.senders.http import Http
from intake.senders.protocol import Delivery, Order, RefusalCodes, TextRefusedError, UncertainError
from intake.settings import IntakeSettings

_CODES = RefusalCodes(
    wrong_number=frozenset(
        {"40001", "40006", "40009", "40310", "40321"}
    ),  # not routable, unreachable, invalid
    opted_out=frozenset({"40300"}),  # blocked due to STOP
)
_STATES = {
    "sent": "sent",
    "delivered": "delivered",
    "delivery_unconfirmed": "sent",
    "sending_failed": "failed",
    "delivery_failed": "undelivered",
    "expired": "undelivered",
}


class TelnyxSender:
    name = "telnyx"
    idempotent = False

    def __init__(self, api_key: str, url: str, status_url: str) -> None:
        self._url = f"{url.rstrip('/')}/v2/messages"
        self._headers = {"Authorization": f"Bearer {api_key}", "Content-Type": "application/json"}
        self._status_url = status_url
        self._http = Http()

    async def send(self, order: Order) -> str:
        body = orjson.dumps(
            {
                "from": order.number,
                "to": order.phone,
                "text": order.body,
                "type": "SMS",
                "webhook_url": self._status_url,
            }
        )
        status, answer = await self._http.post(self._url, data=body, headers=self._headers)
        if 200 <= status < 300:
            data = answer.get("data")
            its_id = data.get("id") if isinstance(data, dict) else None
            if not its_id:
                raise UncertainError("no id in the answer")
            return str(its_id)
        code = _code(answer.get("errors")) or str(status)
        raise TextRefusedError("account" if status == 401 else _CODES.reason(code), code)

    async def close(self) -> None:
        await self._http.close()


def _code(errors: object) -> str:
    first = errors[0] if isinstance(errors, list) and errors else None
    return str(first.get("code") or "") if isinstance(first, dict) else ""


def delivery_of(event: Mapping[str, Any]) -> Delivery | None:
    """What a `message.sent` or `message.finalized` event says; None for any other."""
    data = event.get("data")
    if not isinstance(data, dict) or data.get("event_type") not in ("message.sent", "message.finalized"):
        return None
    payload = data.get("payload")
    if not isinstance(payload, dict):
        return None
    to = payload.get("to")
    first = to[0] if isinstance(to, list) and to and isinstance(to[0], dict) else {}
    state = _STATES.get(str(first.get("status")))
    if not payload.get("id") or state is None:
        return None
    code = _code(payload.get("errors"))
    return Delivery(str(payload["id"]), state, _CODES.reason(code) if code else "")


def sender(settings: IntakeSettings) -> TelnyxSender | None:
    """Telnyx as configured; None without an API key."""
    key = settings.telnyx_api_key.get_secret_value()
    if not key:
        return None
    status_url = f"{settings.public_url.rstrip('/')}/sms/telnyx/status"
    return TelnyxSender(key, settings.telnyx_api_url, status_url)
