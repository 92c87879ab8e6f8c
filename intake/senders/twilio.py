"""Twilio's Messages API, for SMS and WhatsApp: a form out, JSON back; reports come to `/sms/twilio/status`.

It has no idempotency key: an order whose answer is lost is never repeated.
"""

from collections.abc import Mapping
from typing import Any

import aiohttp
import orjson

from intake.replies.send_rate import WHATSAPP
from intake.senders.http import Http
from intake.senders.protocol import Delivery, Order, RefusalCodes, TextRefusedError, UncertainError
from intake.settings import IntakeSettings

LONGEST_VALIDITY = 36_000  # seconds, Twilio's limit
SHORTEST_VALIDITY = 5

# Twilio's error codes that say something about the phone; https://www.twilio.com/docs/api/errors
_CODES = RefusalCodes(
    wrong_number=frozenset({"21211", "21214", "21217", "21401", "21407", "21421", "21612", "21614", "30003",
                            "30005", "30006", "63003", "63024"}),
    opted_out=frozenset({"21610", "30004"}),
    account=frozenset({"20003", "20005", "21606", "21608", "21603", "63007"}),
    window=frozenset({"63016"}),
)  # fmt: skip
_STATES = {
    "sent": "sent",
    "delivered": "delivered",
    "read": "delivered",
    "undelivered": "undelivered",
    "failed": "failed",
}


class TwilioSender:
    name = "twilio"
    idempotent = False

    def __init__(self, account_sid: str, auth_token: str, url: str, status_url: str) -> None:
        self._url = f"{url.rstrip('/')}/2010-04-01/Accounts/{account_sid}/Messages.json"
        self._headers = {"Authorization": aiohttp.encode_basic_auth(account_sid, auth_token)}
        self._status_url = status_url
        self._http = Http()

    async def send(self, order: Order) -> str:
        validity = int(min(max(order.valid_seconds, SHORTEST_VALIDITY), LONGEST_VALIDITY))
        form = {"To": order.phone, "From": order.number, "StatusCallback": self._status_url}
        if order.number.startswith(WHATSAPP):  # which knows no end of validity
            form["To"] = f"{WHATSAPP}{order.phone}"
        else:
            form["ValidityPeriod"] = str(validity)
        if order.template:
            words = " ".join(order.body.split())  # a variable of a template has no line breaks
            form |= {"ContentSid": order.template, "ContentVariables": orjson.dumps({"1": words}).decode()}
        else:
            form["Body"] = order.body
        status, answer = await self._http.post(self._url, data=form, headers=self._headers)
        if 200 <= status < 300:
            if not answer.get("sid"):
                raise UncertainError("no sid in the answer")
            return str(answer["sid"])
        code = str(answer.get("code") or status)
        raise TextRefusedError(
            "account" if status in (401, 403) and code not in _CODES.opted_out else _CODES.reason(code), code
        )

    async def close(self) -> None:
        await self._http.close()


def delivery_of(fields: Mapping[str, Any]) -> Delivery | None:
    """What a status callback says; None where it says nothing that we keep."""
    its_id = fields.get("MessageSid") or fields.get("SmsSid")
    state = _STATES.get(str(fields.get("MessageStatus") or fields.get("SmsStatus") or ""))
    if not its_id or state is None:
        return None
    code = str(fields.get("ErrorCode") or "")
    return Delivery(str(its_id), state, _CODES.reason(code) if code else "")


def sender(settings: IntakeSettings) -> TwilioSender | None:
    """Twilio as configured; None without an account."""
    token = settings.twilio_auth_token.get_secret_value()
    if not settings.twilio_account_sid or not token:
        return None
    status_url = f"{settings.public_url.rstrip('/')}/sms/twilio/status"
    return TwilioSender(settings.twilio_account_sid, token, settings.twilio_api_url, status_url)
