"""Delivery reports as they arrive: from a verified webhook to what it tells. Pure."""

from collections.abc import Callable, Sequence
from urllib.parse import parse_qsl, urlsplit

import orjson

from intake.providers import BY_GET, Webhook
from intake.senders import bandwidth, plivo, telnyx, twilio, vonage
from intake.senders.protocol import Delivery


def _fields(webhook: Webhook) -> dict[str, str]:
    words = webhook.body.decode() or urlsplit(webhook.url).query
    return dict(parse_qsl(words, keep_blank_values=True, max_num_fields=300))


def _twilio(webhook: Webhook) -> Sequence[Delivery | None]:
    return [twilio.delivery_of(_fields(webhook))]


def _telnyx(webhook: Webhook) -> Sequence[Delivery | None]:
    event = orjson.loads(webhook.body)
    return [telnyx.delivery_of(event) if isinstance(event, dict) else None]


def _vonage(webhook: Webhook) -> Sequence[Delivery | None]:
    if webhook.body.lstrip()[:1] != b"{":
        return [vonage.delivery_of(_fields(webhook))]
    return [vonage.delivery_of(orjson.loads(webhook.body))]


def _plivo(webhook: Webhook) -> Sequence[Delivery | None]:
    return [plivo.delivery_of(_fields(webhook))]


def _bandwidth(webhook: Webhook) -> Sequence[Delivery | None]:
    events = orjson.loads(webhook.body)
    return [bandwidth.delivery_of(event) for event in events] if isinstance(events, list) else []


# provider -> the reports of a webhook whose signature was verified. Raises `ValueError` on nonsense.
RECEIPTS: dict[str, Callable[[Webhook], Sequence[Delivery | None]]] = {
    "twilio": _twilio,
    "telnyx": _telnyx,
    "vonage": _vonage,
    "plivo": _plivo,
    "bandwidth": _bandwidth,
}

# (method, provider) of every address for reports
RECEIPT_ROUTES = tuple(
    (method, name) for name in RECEIPTS for method in (("POST", "GET") if name in BY_GET else ("POST",))
)
