"""Providers of texts, one file each. To add one: write its file after intake/providers/protocol.py, name it
in `PROVIDERS`, give its secret a field in intake/settings.py and its vectors a test in
tests/intake/test_providers.py.
"""

from collections.abc import Callable

from intake.providers import generic, twilio
from intake.providers.protocol import Incoming, MalformedError, Outcome, Provider, RefusedError, Webhook
from intake.settings import IntakeSettings

# name -> the provider as configured, or None where it is not: then its webhook refuses everything.
PROVIDERS: dict[str, Callable[[IntakeSettings], Provider | None]] = {
    "twilio": twilio.provider,
    "generic": generic.provider,
}

__all__ = ["PROVIDERS", "Incoming", "MalformedError", "Outcome", "Provider", "RefusedError", "Webhook"]
