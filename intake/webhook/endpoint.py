"""`POST /sms/{provider}`: texts from the providers. Nothing unsigned is read, journalled or counted.

Requests come the short way (intake/webhook/fast_path.py) or through aiohttp; both end in `_Webhook.take`.
"""

import asyncio
import time
from collections.abc import Mapping, Sequence
from functools import partial
from math import ceil
from time import monotonic, perf_counter

from aiohttp import web

from election.access.addresses import Proxies, network_of
from election.domain.checkin import Channel
from intake.journal.writer import JournalUnavailableError
from intake.providers import (
    BY_GET,
    PROVIDERS,
    Incoming,
    IngestResult,
    MalformedError,
    Provider,
    Webhook,
    WebhookRefusedError,
)
from intake.reading.text_parts import part_key
from intake.receive.pipeline import IngestPipeline
from intake.receive.rate_limits import MOST_HELD_FOR_PROXIES, PROXIED_WAIT, TURNED_AWAY, RefusalPacer, Sources
from intake.settings import IntakeSettings
from intake.webhook.fast_path import Answer, RawHandler

FORBIDDEN = (
    b"The signature is missing or wrong. Check the secret, and that BELUGA_PUBLIC_URL is the URL signed.\n"
)
TRY_AGAIN = b"Not taken: it cannot be stored now. Send it again.\n"
NOT_NOW = b"Too much from this network was refused. Come back later; what is signed is looked at then.\n"
TOO_LARGE = b"The body is too large for a text.\n"
SIGNS = ("signature", "authorization")  # in the names of headers that providers sign by
MOST_TEXTS = 100  # in one webhook; providers that send lists send one at a time
PLAIN = "text/plain; charset=utf-8"


def add_webhooks(
    app: web.Application, settings: IntakeSettings, pipeline: IngestPipeline, sources: Sources
) -> dict[str, RawHandler]:
    """One fixed route a provider, found without a pattern; the same by path, for the short way."""
    refusals = Refusals(Proxies(settings.trusted_proxies), sources)
    raw_handlers: dict[str, RawHandler] = {}
    for name, configured in PROVIDERS.items():
        webhook = _Webhook(name, configured(settings), settings.public_url.rstrip("/"), pipeline, refusals)
        raw_handlers[f"/sms/{name}"] = webhook.take
        app.router.add_post(f"/sms/{name}", webhook.post)
        if name in BY_GET:
            app.router.add_get(f"/sms/{name}", webhook.post, allow_head=False)
    return raw_handlers


def _claims_signature(headers: Mapping[str, str]) -> bool:
    """Whether a request says that it is signed; Vonage's says so in its body, and counts as others do."""
    return any(sign in name.lower() for name in headers for sign in SIGNS)


class Refusals:
    """Who sent a request, whether it is looked at, and when a refusal is answered."""

    def __init__(self, proxies: Proxies, sources: Sources) -> None:
        self._proxies = proxies
        self._sources = sources
        self._direct = RefusalPacer()
        self._proxied = RefusalPacer(longest=PROXIED_WAIT, most=MOST_HELD_FOR_PROXIES)

    def source(self, peer: str, headers: Mapping[str, str]) -> str:
        """The address, or the /64, that a request is from."""
        return network_of(self._proxies.client(peer, headers.get("X-Forwarded-For") or ""))

    def signed(self, source: str) -> None:
        """Rightly."""
        self._sources.signed(source, monotonic())

    def put_off(self, source: str, headers: Mapping[str, str]) -> int:
        """Seconds after which it may come again; 0: it is looked at now."""
        now = monotonic()
        if not self._sources.worn_out(source, now):
            return 0
        return ceil(self._sources.put_off(source, now, _claims_signature(headers)))

    def refuse(self, source: str, peer: str, answer: "partial[None]") -> None:
        """Counts it, and answers in its turn; with too many of them the connection is not kept."""
        now = monotonic()
        self._sources.refused(source, now)
        direct = source == network_of(peer)
        if direct and self._sources.worn_out(source, now):
            answer = partial(answer, last=True)  # the next one must be let in again
        (self._direct if direct else self._proxied).refuse(answer)

    def turn_away(self, source: str, peer: str, answer: "partial[None]") -> None:
        """Answers what is not looked at: in its turn, and for the last time on this connection."""
        direct = source == network_of(peer)
        (self._direct if direct else self._proxied).refuse(partial(answer, last=direct))


class _Webhook:
    def __init__(
        self,
        name: str,
        provider: Provider | None,
        public_url: str,
        pipeline: IngestPipeline,
        refusals: Refusals,
    ) -> None:
        self._name = name
        self._provider = provider
        self._public_url = public_url
        self._pipeline = pipeline
        self._refusals = refusals
        self._ack_seconds = pipeline.telemetry.ack_seconds

    def take(self, path: str, headers: Mapping[str, str], body: bytes, peer: str, answer: Answer) -> None:
        """Verifies, journals, then answers. `path` is as sent, with its query."""
        provider = self._provider
        refusals = self._refusals
        source = refusals.source(peer, headers)
        if seconds := refusals.put_off(source, headers):
            self._turn_away(seconds, source, peer, headers, answer)
            return
        if provider is None:
            words = f"No secret is configured for {self._name}.\n".encode()
            self._refuse("not_configured", source, peer, answer, words)
            return
        started = perf_counter()
        try:
            texts = provider.receive(Webhook(self._public_url + path, headers, body, time.time()))
            refusals.signed(source)
            if len(texts) > MOST_TEXTS:
                raise MalformedError(f"send at most {MOST_TEXTS} texts at a time")
            if len(texts) == 1:
                self._begin(texts[0], body, partial(self._one, answer, started))
                return
            _Several(self, provider, texts, body, answer)
        except WebhookRefusedError as error:
            self._refuse(error.reason, source, peer, answer, FORBIDDEN)
        except MalformedError as error:
            self._pipeline.telemetry.refuse(self._name, "malformed")
            answer(400, PLAIN, f"{error}\n".encode("utf-8", "replace"))
        except JournalUnavailableError:
            self.unavailable(answer)

    def _begin(self, text: Incoming, raw: bytes, on_durable: "partial[None]") -> None:
        self._pipeline.submit(
            self._name,
            part_key(text.part, text.provider_message_id) if text.part else text.provider_message_id,
            Channel.SMS,
            text.sender,
            body=text.text,
            raw=raw,
            sent_at=text.sent_at,
            on_durable=on_durable,
        )

    def _one(self, answer: Answer, started: float, outcome: IngestResult | JournalUnavailableError) -> None:
        if isinstance(outcome, IngestResult):
            assert self._provider
            content_type, words = self._provider.answer((outcome,))
            answer(200, content_type, words)
            self._ack_seconds.observe(perf_counter() - started)
        else:
            self.unavailable(answer)

    def unavailable(self, answer: Answer) -> None:
        """Never a 4xx: some providers would drop the text for good."""
        self._pipeline.telemetry.refuse(self._name, "not_durable")
        answer(503, PLAIN, TRY_AGAIN, 1)

    def _refuse(self, reason: str, source: str, peer: str, answer: Answer, words: bytes) -> None:
        self._pipeline.telemetry.refuse(self._name, reason)
        self._refusals.refuse(source, peer, partial(answer, 403, PLAIN, words))

    def _turn_away(
        self, seconds: int, source: str, peer: str, headers: Mapping[str, str], answer: Answer
    ) -> None:
        """What says that it is signed may be a provider's, who comes again after a 503, not after a 4xx."""
        self._pipeline.telemetry.refuse(self._name, TURNED_AWAY)
        status = 503 if _claims_signature(headers) else 429
        self._refusals.turn_away(source, peer, partial(answer, status, PLAIN, NOT_NOW, seconds))

    async def post(self, request: web.Request) -> web.Response:
        """The same through aiohttp."""
        try:
            raw = await request.read()
        except web.HTTPRequestEntityTooLarge:
            self._pipeline.telemetry.refuse(self._name, "too_large")
            return web.Response(status=413, body=TOO_LARGE, headers={"Content-Type": PLAIN})
        future: asyncio.Future[web.Response] = asyncio.get_running_loop().create_future()

        def answer(
            status: int, content_type: str, body: bytes, retry_after: int = 0, last: bool = False
        ) -> None:
            headers = {"Content-Type": content_type} | (
                {"Retry-After": str(retry_after)} if retry_after else {}
            )
            if not future.done():
                response = web.Response(status=status, body=body, headers=headers)
                if last:
                    response.force_close()
                future.set_result(response)

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
        self._outcomes: list[IngestResult | JournalUnavailableError | None] = [None] * len(texts)
        for number, text in enumerate(texts):
            try:
                webhook._begin(text, raw, partial(self._heard, number))
            except JournalUnavailableError as error:
                self._outcomes[number] = error
        self._finish()

    def _heard(self, number: int, outcome: IngestResult | JournalUnavailableError) -> None:
        self._outcomes[number] = outcome
        self._finish()

    def _finish(self) -> None:
        taken = [outcome for outcome in self._outcomes if isinstance(outcome, IngestResult)]
        if any(outcome is None for outcome in self._outcomes):
            return
        if len(taken) < len(self._outcomes):
            self._webhook.unavailable(self._answer)  # all again, under the same keys
        else:
            self._answer(200, *self._provider.answer(taken))
