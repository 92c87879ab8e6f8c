"""Providers of texts, one file each. docs/providers.md shows how to add one."""

from collections.abc import Callable

from intake.providers import bandwidth, generic, plivo, telnyx, twilio, vonage
from intake.providers.protocol import (
    Incoming,
    IngestResult,
    MalformedError,
    Provider,
    Webhook,
    WebhookRefusedError,
)
from intake.settings import IntakeSettings

# name -> the provider as configured, or None where it is not: then its webhook refuses everything.
PROVIDERS: dict[str, Callable[[IntakeSettings], Provider | None]] = {
    "twilio": twilio.provider,
    "telnyx": telnyx.provider,
    "vonage": vonage.provider,
    "plivo": plivo.provider,
    "bandwidth": bandwidth.provider,
    "generic": generic.provider,
}

# These may be told to send the signed parameters in a query instead.
BY_GET = frozenset({"vonage"})

__all__ = [
    "BY_GET",
    "PROVIDERS",
    "Incoming",
    "IngestResult",
    "MalformedError",
    "Provider",
    "Webhook",
    "WebhookRefusedError",
]
