"""Delivery reports of providers: what became of a text that was handed over to them."""

from collections.abc import Callable
from time import time
from typing import Any

import asyncpg
from aiohttp import web

from election.postgres.database import UNREACHABLE
from election.runtime.clock import Clock
from intake.outbox import store
from intake.outbox.metrics import OutboxTelemetry
from intake.outbox.receipts import RECEIPT_ROUTES, RECEIPTS
from intake.providers import PROVIDERS, MalformedError, Webhook, WebhookRefusedError
from intake.settings import IntakeSettings

AWAY: tuple[type[BaseException], ...] = (*UNREACHABLE, asyncpg.PostgresError)


class DeliveryReports:
    """The routes. `acquire` lends a connection; `refuse` counts a refusal by provider and reason."""

    def __init__(
        self,
        settings: IntakeSettings,
        clock: Clock,
        telemetry: OutboxTelemetry,
        acquire: Callable[[], Any],
        refuse: Callable[[str, str], None],
    ) -> None:
        self._settings = settings
        self._clock = clock
        self._telemetry = telemetry
        self._acquire = acquire
        self._refuse = refuse

    def add_to(self, app: web.Application) -> None:
        """Adds a route for each provider that reports."""
        for method, name in RECEIPT_ROUTES:
            app.router.add_route(method, f"/sms/{name}/status", self._receipt(name))

    def _receipt(self, name: str) -> Any:
        provider = PROVIDERS[name](self._settings) if name in PROVIDERS else None
        public_url = self._settings.public_url.rstrip("/")

        async def post(request: web.Request) -> web.Response:
            if provider is None:
                self._refuse(name, "not_configured")
                return web.Response(status=403, text=f"No secret is configured for {name}.\n")
            body = await request.read()
            try:
                webhook = Webhook(public_url + request.raw_path, request.headers, body, time())
                if provider.receive(webhook):
                    raise MalformedError  # a watcher's text: taking it here would lose it
                told = [delivery for delivery in RECEIPTS[name](webhook) if delivery is not None]
            except WebhookRefusedError as error:
                self._refuse(name, error.reason)
                return web.Response(status=403, text="The signature is missing or wrong.\n")
            except (MalformedError, ValueError):
                self._refuse(name, "malformed")
                words = f"This is no delivery report; texts go to /sms/{name}.\n"
                return web.Response(status=400, text=words)
            for delivery in told:
                try:
                    async with self._acquire() as connection:
                        known = await store.deliver(connection, name, delivery, self._clock.now())
                except AWAY:
                    return web.Response(status=503, text="Send it again.\n", headers={"Retry-After": "5"})
                if known:
                    self._telemetry.delivered.labels(name, delivery.state).inc()
            return web.Response(status=204)

        return post
