"""The accounts that the settings name, and which of their numbers are ours."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from beluga.numbers.provider import HeldNumber, NumbersProvider, ProviderRefusedError, Registration
from beluga.numbers.telnyx import TelnyxNumbers
from beluga.numbers.twilio import TwilioNumbers
from intake.settings import IntakeSettings

ASKED = ("twilio", "telnyx")  # whose accounts can be asked
NO_ACCOUNT = (
    "no account is set up: set BELUGA_TWILIO_ACCOUNT_SID and BELUGA_TWILIO_AUTH_TOKEN,"
    " or BELUGA_TELNYX_API_KEY"
)


@asynccontextmanager
async def accounts(settings: IntakeSettings, only: str = "") -> AsyncIterator[list[NumbersProvider]]:
    """Every account that is set up, or the one named `only`. Raises `ProviderRefusedError` for none."""
    found: list[NumbersProvider] = []
    token = settings.twilio_auth_token.get_secret_value()
    if settings.twilio_account_sid and token:
        found.append(TwilioNumbers(settings.twilio_account_sid, token, settings.twilio_api_url))
    if key := settings.telnyx_api_key.get_secret_value():
        found.append(TelnyxNumbers(key, settings.telnyx_api_url))
    wanted = [each for each in found if not only or each.name == only]
    try:
        if not wanted:
            raise ProviderRefusedError(f"{only}: {NO_ACCOUNT}" if only else NO_ACCOUNT)
        yield wanted
    finally:
        for each in found:
            await each.close()


def hook_at(public_url: str, provider: str) -> str:
    """Where a provider brings texts to."""
    return f"{public_url.rstrip('/')}/sms/{provider}"


def answers_here(provider: str, number: HeldNumber, public_url: str) -> bool:
    """Whether a number's texts come to this installation."""
    return number.texts and bool(public_url) and number.answers_at == hook_at(public_url, provider)


async def listed(settings: IntakeSettings, only: str = "") -> list[tuple[str, HeldNumber, Registration]]:
    """Every number held, with its provider's name and how far carriers know it.

    Raises `ProviderRefusedError`.
    """
    async with accounts(settings, only) as found:
        return [
            (account.name, number, await account.registration(number))
            for account in found
            for number in await account.held()
        ]
