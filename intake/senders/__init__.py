"""Providers that carry texts out, one file each. To add one: write its file after intake/senders/protocol.py,
name it in `SENDERS`, give its secret a field in intake/settings.py, and name it in the conformance test
tests/intake/senders/test_sender_conformance.py.
"""

from collections.abc import Callable

from intake.senders import bandwidth, file, plivo, telnyx, twilio, vonage
from intake.senders.protocol import (
    Delivery,
    Order,
    ProviderUnavailableError,
    Sender,
    TextRefusedError,
    UncertainError,
)
from intake.settings import IntakeSettings

# name -> the sender as configured, or None where it is not.
SENDERS: dict[str, Callable[[IntakeSettings], Sender | None]] = {
    "bandwidth": bandwidth.sender,
    "file": file.sender,
    "plivo": plivo.sender,
    "telnyx": telnyx.sender,
    "twilio": twilio.sender,
    "vonage": vonage.sender,
}

__all__ = [
    "SENDERS",
    "Delivery",
    "Order",
    "ProviderUnavailableError",
    "Sender",
    "TextRefusedError",
    "UncertainError",
]
