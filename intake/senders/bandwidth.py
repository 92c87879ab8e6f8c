"""Bandwidth's Messaging API v2: JSON out and back; reports come to `/sms/bandwidth/status`, where the
application's settings there name that address (it is not sent along with a text).

Shapes and codes: dev.bandwidth.com, "Create message", "Message callbacks" and its error codes. It promises no
idempotency: an order whose answer is lost is never repeated.
"""

from datetime import UTC, datetime, timedelta
from typing import Any

import aiohttp
import orjson

from intake.senders.http import Http
from intake.senders.protocol import Delivery, Order, RefusalCodes, TextRefusedError, UncertainError
from intake.settings import IntakeSettings

_CODES = RefusalCodes(
    wrong_number=frozenset(
        {"4404", "4406", "4408", "4720", "4721"}
    ),  # forbidden, unallocated, invalid, deactivated
    opted_out=frozenset({"4775"}),  # the user's opt-out
)
_STATES = {"message-sending": "sent", "message-delivered": "delivered", "message-failed": "undelivered"}


class BandwidthSender:
    name = "bandwidth"
    idempotent = False

    def __init__(self, account: str, login: str, application: str, url: str) -> None:
        """`login` is USER:PASSWORD of the API."""
        user, _, password = login.partition(":")
        self._url = f"{url.rstrip('/')}/api/v2/users/{account}/messages"
        self._headers = {
            "Authorization": aiohttp.encode_basic_auth(user, password),
            "Content-Type": "application/json",
        }
        self._application = application
        self._http = Http()

    async def send(self, order: Order) -> str:
        expires = datetime.now(UTC) + timedelta(
            seconds=order.valid_seconds
        )  # Bandwidth's clock is the real one
        body = orjson.dumps(
            {
                "applicationId": self._application,
                "from": order.number,
                "to": [order.phone],
                "text": order.body,
                "tag": order.key,
                "expiration": expires.isoformat(timespec="seconds").replace("+00:00", "Z"),
            }
        )
        status, answer = await self._http.post(self._url, data=body, headers=self._headers)
        if 200 <= status < 300:
            if not answer.get("id"):
                raise UncertainError("no id in the answer")
            return str(answer["id"])
        if status in (401, 403, 404):
            raise TextRefusedError("account", str(status))
        fields = _fields(answer.get("fieldErrors"))
        if fields & {"from", "applicationId"}:
            raise TextRefusedError("account", str(status))
        raise TextRefusedError("wrong_number" if "to" in fields else "refused", str(status))

    async def close(self) -> None:
        await self._http.close()


def _fields(errors: object) -> set[str]:
    """The names of the fields that were refused; `to[0]` is `to`."""
    found = errors if isinstance(errors, list) else []
    return {str(e.get("fieldName") or "").partition("[")[0] for e in found if isinstance(e, dict)}


def delivery_of(event: Any) -> Delivery | None:
    """What a status event says; None for any other."""
    if not isinstance(event, dict):
        return None
    message, state = event.get("message"), _STATES.get(str(event.get("type")))
    its_id = message.get("id") if isinstance(message, dict) else None
    if not its_id or state is None:
        return None
    code = str(event.get("errorCode") or "")
    return Delivery(str(its_id), state, _CODES.reason(code) if code else "")


def sender(settings: IntakeSettings) -> BandwidthSender | None:
    """Bandwidth as configured; None without account, login and application."""
    login = settings.bandwidth_api_login.get_secret_value()
    if not (settings.bandwidth_account and ":" in login and settings.bandwidth_application):
        return None
    return BandwidthSender(
        settings.bandwidth_account, login, settings.bandwidth_application, settings.bandwidth_api_url
    )
