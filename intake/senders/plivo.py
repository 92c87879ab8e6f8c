"""Plivo's Message API: JSON out and back; delivery reports come to `/sms/plivo/status`.

Shapes and codes: plivo.com/docs/messaging/api/messages and its error codes. It promises no idempotency: an
order whose answer is lost is never repeated. Refusals carry words, not codes; STOP is told in the report.
"""

import re
from collections.abc import Mapping
from typing import Any

import aiohttp
import orjson

from intake.senders.http import Http
from intake.senders.protocol import Delivery, Order, RefusalCodes, TextRefusedError, UncertainError
from intake.settings import IntakeSettings

_CODES = RefusalCodes(
    wrong_number=frozenset({"50", "70", "90"}),  # invalid, unavailable for good, no route
    opted_out=frozenset({"200"}),  # blocked by STOP
    account=frozenset({"40"}),  # our number
)
_ABOUT_THE_PHONE = re.compile(r"\b(dst|destination)\b", re.IGNORECASE)
_ABOUT_OUR_NUMBER = re.compile(r"\b(src|source)\b", re.IGNORECASE)
_STATES = {"sent": "sent", "delivered": "delivered", "undelivered": "undelivered", "failed": "failed"}


class PlivoSender:
    name = "plivo"
    idempotent = False

    def __init__(self, auth_id: str, auth_token: str, url: str, status_url: str) -> None:
        self._url = f"{url.rstrip('/')}/v1/Account/{auth_id}/Message/"
        self._headers = {
            "Authorization": aiohttp.encode_basic_auth(auth_id, auth_token),
            "Content-Type": "application/json",
        }
        self._status_url = status_url
        self._http = Http()

    async def send(self, order: Order) -> str:
        body = orjson.dumps(
            {
                "src": order.number,
                "dst": order.phone,
                "text": order.body,
                "type": "sms",
                "url": self._status_url,
                "method": "POST",
            }
        )
        status, answer = await self._http.post(self._url, data=body, headers=self._headers)
        if 200 <= status < 300:
            ids = answer.get("message_uuid")
            its_id = ids[0] if isinstance(ids, list) and ids else ids
            if not isinstance(its_id, str) or not its_id:
                raise UncertainError("no message_uuid in the answer")
            return its_id
        if status in (401, 403):
            raise TextRefusedError("account", str(status))
        words = str(answer.get("error") or "")
        if _ABOUT_OUR_NUMBER.search(words):
            raise TextRefusedError("account", str(status))
        raise TextRefusedError("wrong_number" if _ABOUT_THE_PHONE.search(words) else "refused", str(status))

    async def close(self) -> None:
        await self._http.close()


def delivery_of(fields: Mapping[str, Any]) -> Delivery | None:
    """What a delivery report says; None where it says nothing that we keep."""
    its_id, state = fields.get("MessageUUID"), _STATES.get(str(fields.get("Status") or "").lower())
    if not its_id or state is None:
        return None
    code = str(fields.get("ErrorCode") or "")
    return Delivery(str(its_id), state, _CODES.reason(code) if code.strip("0") else "")


def sender(settings: IntakeSettings) -> PlivoSender | None:
    """Plivo as configured; None without an auth id and token."""
    token = settings.plivo_auth_token.get_secret_value()
    if not settings.plivo_auth_id or not token:
        return None
    status_url = f"{settings.public_url.rstrip('/')}/sms/plivo/status"
    return PlivoSender(settings.plivo_auth_id, token, settings.plivo_api_url, status_url)
