"""`POST /sms/{provider}`: texts from the providers. Nothing unsigned is read, journalled or counted.

Requests come the short way (intake/front.py) or through aiohttp; both end in `_Webhook.take`.
"""

import asyncio
import time
from collections.abc import Mapping, Sequence
from functools import partial
from time import perf_counter

from aiohttp import web

from election.checkin import Channel
from intake.front import Answer, Taker
from intake.journal import JournalUnavailableError
from intake.limits import Doorkeeper
from intake.providers import PROVIDERS, Incoming, MalformedError, Outcome, Provider, RefusedError, Webhook
from intake.reception import Reception
from intake.settings import IntakeSettings

FORBIDDEN = (
    b"The signature is missing or wrong. Check the secret, and that BELUGA_PUBLIC_URL is the URL signed.\n"
)
TRY_AGAIN = b"Not taken: it cannot be stored now. Send it again.\n"
TOO_LARGE = b"The body is too large for a text.\n"
MOST_TEXTS = 100  # in one webhook; providers that send lists send one at a time
PLAIN = "text/plain; charset=utf-8"


def add_webhooks(
    app: web.Application, settings: IntakeSettings, reception: Reception, doorkeeper: Doorkeeper
) -> dict[str, Taker]:
    """One fixed route a provider, found without a pattern; the same by path, for the short way."""
    takers: dict[str, Taker] = {}
    for name, configured in PROVIDERS.items():
        webhook = _Webhook(name, configured(settings), settings.public_url.rstrip("/"), reception, doorkeeper)
        takers[f"/sms/{name}"] = webhook.take
        app.router.add_post(f"/sms/{name}", webhook.post)
    return takers


class _Webhook:
    def __init__(
        self,
        name: str,
        provider: Provider | None,
        public_url: str,
        reception: Reception,
        doorkeeper: Doorkeeper,
    ) -> None:
        self._name = name
        self._provider = provider
        self._public_url = public_url
        self._reception = reception
        self._doorkeeper = doorkeeper
        self._ack_seconds = reception.telemetry.ack_seconds

    def take(self, path: str, headers: Mapping[str, str], body: bytes, peer: str, answer: Answer) -> None:
        """Verifies, journals, then answers. `path` is as sent, with its query."""
        provider = self._provider
        if provider is None:
            self._refuse("not_configured", answer, f"No secret is configured for {self._name}.\n".encode())
            return
        started = perf_counter()
        try:
            texts = provider.receive(Webhook(self._public_url + path, headers, body, time.time()))
            if len(texts) > MOST_TEXTS:
                raise MalformedError(f"send at most {MOST_TEXTS} texts at a time")
            if len(texts) == 1:
                self._begin(texts[0], body, partial(self._one, answer, started))
                return
            _Several(self, provider, texts, body, answer)
        except RefusedError as error:
            self._refuse(error.reason, answer, FORBIDDEN)
        except MalformedError as error:
            self._reception.telemetry.refuse(self._name, "malformed")
            answer(400, PLAIN, f"{error}\n".encode("utf-8", "replace"))
        except JournalUnavailableError:
            self.unavailable(answer)

    def _begin(self, text: Incoming, raw: bytes, heard: "partial[None]") -> None:
        self._reception.begin(
            self._name,
            text.provider_message_id,
            Channel.SMS,
            text.sender,
            body=text.text,
            raw=raw,
            sent_at=text.sent_at,
            heard=heard,
        )

    def _one(self, answer: Answer, started: float, outcome: Outcome | JournalUnavailableError) -> None:
        if isinstance(outcome, Outcome):
            assert self._provider
            content_type, words = self._provider.answer((outcome,))
            answer(200, content_type, words)
            self._ack_seconds.observe(perf_counter() - started)
        else:
            self.unavailable(answer)

    def unavailable(self, answer: Answer) -> None:
        """Never a 4xx: some providers would drop the text for good."""
        self._reception.telemetry.refuse(self._name, "not_durable")
        answer(503, PLAIN, TRY_AGAIN, 1)

    def _refuse(self, reason: str, answer: Answer, words: bytes) -> None:
        self._reception.telemetry.refuse(self._name, reason)
        self._doorkeeper.refuse(partial(answer, 403, PLAIN, words))

    async def post(self, request: web.Request) -> web.Response:
        """The same through aiohttp."""
        try:
            raw = await request.read()
        except web.HTTPRequestEntityTooLarge:
            self._reception.telemetry.refuse(self._name, "too_large")
            return web.Response(status=413, body=TOO_LARGE, headers={"Content-Type": PLAIN})
        future: asyncio.Future[web.Response] = asyncio.get_running_loop().create_future()

        def answer(status: int, content_type: str, body: bytes, retry_after: int = 0) -> None:
            headers = {"Content-Type": content_type} | (
                {"Retry-After": str(retry_after)} if retry_after else {}
            )
            if not future.done():
                future.set_result(web.Response(status=status, body=body, headers=headers))

        self.take(request.raw_path, request.headers, raw, request.remote or "", answer)
        return await future


class _Several:
    """A webhook of no texts, or of several: answered when each of them is durable."""

    def __init__(
        self, webhook: _Webhook, provider: Provider, texts: Sequence[Incoming], raw: bytes, answer: Answer
    ) -> None:
        self._webhook = webhook
        self._provider = provider
        self._answer = answer
        self._outcomes: list[Outcome | JournalUnavailableError | None] = [None] * len(texts)
        for number, text in enumerate(texts):
            try:
                webhook._begin(text, raw, partial(self._heard, number))
            except JournalUnavailableError as error:
                self._outcomes[number] = error
        self._finish()

    def _heard(self, number: int, outcome: Outcome | JournalUnavailableError) -> None:
        self._outcomes[number] = outcome
        self._finish()

    def _finish(self) -> None:
        taken = [outcome for outcome in self._outcomes if isinstance(outcome, Outcome)]
        if any(outcome is None for outcome in self._outcomes):
            return
        if len(taken) < len(self._outcomes):
            self._webhook.unavailable(self._answer)  # all again, under the same keys
        else:
            self._answer(200, *self._provider.answer(taken))
