"""`POST /sms/{provider}`: texts from the providers. Nothing unsigned is read, journalled or counted."""

import time
from collections.abc import Awaitable, Callable
from time import perf_counter

from aiohttp import web

from election.checkin import Channel
from intake.journal import JournalUnavailableError
from intake.providers import PROVIDERS, MalformedError, Provider, RefusedError, Webhook
from intake.reception import Reception
from intake.settings import IntakeSettings

FORBIDDEN = (
    "The signature is missing or wrong. Check the secret, and that BELUGA_PUBLIC_URL is the URL signed.\n"
)
TRY_AGAIN = "Not taken: the journal cannot store it now. Send it again.\n"


def add_webhooks(app: web.Application, settings: IntakeSettings, reception: Reception) -> None:
    """One fixed route a provider: found without a pattern."""
    for name, configured in PROVIDERS.items():
        provider = configured(settings)
        handler = _Webhook(provider, settings.public_url.rstrip("/"), reception).post if provider else None
        app.router.add_post(f"/sms/{name}", handler or _unconfigured(name, reception))


class _Webhook:
    def __init__(self, provider: Provider, public_url: str, reception: Reception) -> None:
        self._provider = provider
        self._public_url = public_url
        self._reception = reception

    async def post(self, request: web.Request) -> web.Response:
        started = perf_counter()
        provider, telemetry = self._provider, self._reception.telemetry
        try:
            body = await request.read()
            webhook = Webhook(self._public_url + request.raw_path, request.headers, body, time.time())
            outcomes = [
                await self._reception.take(
                    provider.name,
                    text.provider_message_id,
                    Channel.SMS,
                    text.sender,
                    body=text.text,
                    raw=body,
                    sent_at=text.sent_at,
                )
                for text in provider.receive(webhook)
            ]
        except RefusedError as error:
            telemetry.refuse(provider.name, error.reason)
            return web.Response(status=403, text=FORBIDDEN)
        except MalformedError as error:
            telemetry.refuse(provider.name, "malformed")
            return web.Response(status=400, text=f"{error}\n")
        except web.HTTPRequestEntityTooLarge:
            telemetry.refuse(provider.name, "too_large")
            return web.Response(status=413, text="The body is too large for a text.\n")
        except JournalUnavailableError:
            telemetry.refuse(provider.name, "not_durable")
            return web.Response(status=503, text=TRY_AGAIN, headers={"Retry-After": "1"})
        content_type, answer = provider.answer(outcomes)
        telemetry.ack_seconds.observe(perf_counter() - started)
        return web.Response(body=answer, content_type=content_type)


def _unconfigured(name: str, reception: Reception) -> Callable[[web.Request], Awaitable[web.Response]]:
    async def post(_: web.Request) -> web.Response:
        reception.telemetry.refuse(name, "not_configured")
        return web.Response(status=403, text=f"No secret is configured for {name}.\n")

    return post
