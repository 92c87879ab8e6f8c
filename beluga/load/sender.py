"""Sends texts to intake as a provider does: signed, with an id of its own, again and again until accepted.

The sender keeps its own record of what was acknowledged; the laws are checked against that record and not
against anything the stack says of itself.
"""

import asyncio
import base64
import hmac
import ssl
import time
from collections.abc import AsyncIterable, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha1, sha256
from urllib.parse import urlencode

import aiohttp
import orjson

from election.domain.ids import MessageId, message_id

CONNECTIONS = 64
REQUEST_SECONDS = 15.0  # what Twilio waits for an answer
FIRST_PAUSE_SECONDS = 0.1
LONGEST_PAUSE_SECONDS = 2.0


@dataclass(frozen=True, slots=True)
class WatcherText:
    """One text. `at` is when it is sent, in stack time; `sent_at` what the provider says of that."""

    key: str  # the provider's message id
    at: datetime
    phone: str
    body: str
    provider: str = "generic"
    sent_at: datetime | None = None

    @property
    def message_id(self) -> MessageId:
        return message_id(self.provider, self.key)


@dataclass(slots=True)
class Record:
    """What happened to the texts sent. Seconds are real ones, of the answer that acknowledged."""

    acknowledged: set[MessageId] = field(default_factory=set)
    seconds: list[float] = field(default_factory=list)
    refusals: dict[str, int] = field(default_factory=dict)  # status or error -> how often; sent again after
    given_up: list[str] = field(default_factory=list)  # keys never acknowledged
    replies: int = 0  # acknowledgements that carried words for the watcher

    @property
    def failures(self) -> int:
        return sum(self.refusals.values())

    def percentile(self, share: float) -> float:
        """Milliseconds within which this share of acknowledgements came; 0 where there were none."""
        ordered = sorted(self.seconds)
        return ordered[min(len(ordered) - 1, int(share * len(ordered)))] * 1000 if ordered else 0.0

    def summary(self, seconds: float) -> str:
        """One line of figures: how fast, how late, how many attempts were not acknowledged."""
        count = len(self.seconds)
        return (
            f"{count:,} acknowledged in {seconds:.1f} s: {count / max(seconds, 1e-9):,.0f}/s, "
            f"p50 {self.percentile(0.5):.0f} ms, p99 {self.percentile(0.99):.0f} ms, "
            f"{self.failures} attempts refused {self.refusals or ''}, {len(self.given_up)} given up"
        )


class TextSender:
    """Use as an async context manager. `patience` is how long, in seconds, a text is tried again.

    `tls` says whose certificates are believed where `intake_url` is https; None: the usual authorities.
    """

    def __init__(
        self,
        intake_url: str,
        public_url: str,
        secrets: dict[str, str],
        patience: float = 120.0,
        tls: ssl.SSLContext | None = None,
    ):
        self._tls = tls
        self._intake_url = intake_url
        self._public_url = public_url
        self._generic = hmac.new(secrets["generic_secret"].encode(), digestmod=sha256)
        self._twilio = hmac.new(secrets["twilio_auth_token"].encode(), digestmod=sha1)
        self._patience = patience
        self._session: aiohttp.ClientSession | None = None
        self.record = Record()

    async def __aenter__(self) -> "TextSender":
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=CONNECTIONS * 2, force_close=False, ssl=self._tls or True),
            timeout=aiohttp.ClientTimeout(total=REQUEST_SECONDS),
            auto_decompress=False,
            cookie_jar=aiohttp.DummyCookieJar(),
        )
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._session is not None
        await self._session.close()

    async def send(self, text: WatcherText) -> str | None:
        """The reply once acknowledged; None when patience ran out (see `record.given_up`)."""
        give_up_at = time.monotonic() + self._patience
        pause = FIRST_PAUSE_SECONDS
        while True:
            began = time.monotonic()
            refusal, reply = await self._attempt(text)
            if refusal is None:
                self.record.seconds.append(time.monotonic() - began)
                self.record.acknowledged.add(text.message_id)
                self.record.replies += bool(reply)
                return reply
            self.record.refusals[refusal] = self.record.refusals.get(refusal, 0) + 1
            if time.monotonic() + pause > give_up_at:
                self.record.given_up.append(text.key)
                return None
            await asyncio.sleep(pause)
            pause = min(pause * 2, LONGEST_PAUSE_SECONDS)

    async def send_all(
        self, texts: Iterable[WatcherText] | AsyncIterable[WatcherText], at_once: int = CONNECTIONS
    ) -> None:
        """Sends them in order, at most `at_once` under way at a time; returns when all are done with."""
        queue: asyncio.Queue[WatcherText | None] = asyncio.Queue(at_once * 2)

        async def work() -> None:
            while (text := await queue.get()) is not None:
                await self.send(text)

        async with asyncio.TaskGroup() as group:
            for _ in range(at_once):
                group.create_task(work())
            if isinstance(texts, AsyncIterable):
                async for text in texts:
                    await queue.put(text)
            else:
                for text in texts:
                    await queue.put(text)
            for _ in range(at_once):
                await queue.put(None)

    async def _attempt(self, text: WatcherText) -> tuple[str | None, str]:
        """(why it was not acknowledged or None, the reply)."""
        assert self._session is not None
        body, headers = self._generic_request(text) if text.provider == "generic" else self._form(text)
        url = f"{self._intake_url}/sms/{text.provider}"
        try:
            async with self._session.post(url, data=body, headers=headers) as answer:
                content = await answer.read()
                if answer.status != 200:
                    return str(answer.status), ""
        except (aiohttp.ClientError, OSError, TimeoutError) as error:
            return type(error).__name__, ""
        if text.provider == "generic":
            return None, str(orjson.loads(content).get("reply") or "")
        return None, content.decode() if b"<Message>" in content else ""

    def _generic_request(self, text: WatcherText) -> tuple[bytes, dict[str, str]]:
        """Signed anew at every attempt: a signature is fresh for five minutes of real time."""
        fields = {"id": text.key, "from": text.phone, "text": text.body}
        if text.sent_at is not None:
            fields["sent_at"] = text.sent_at.isoformat()
        body = orjson.dumps(fields)
        timestamp = str(int(time.time()))
        mac = self._generic.copy()
        mac.update(timestamp.encode() + b"." + body)
        return body, {
            "Content-Type": "application/json",
            "X-Beluga-Timestamp": timestamp,
            "X-Beluga-Signature": f"sha256={mac.hexdigest()}",
        }

    def _form(self, text: WatcherText) -> tuple[bytes, dict[str, str]]:
        fields = {
            "AccountSid": "AC" + "0" * 32,
            "ApiVersion": "2010-04-01",
            "Body": text.body,
            "From": text.phone,
            "MessageSid": text.key,
            "NumMedia": "0",
            "To": "+12155550100",
        }
        signed = f"{self._public_url}/sms/twilio" + "".join(n + v for n, v in sorted(fields.items()))
        mac = self._twilio.copy()
        mac.update(signed.encode())
        return urlencode(fields).encode(), {
            "Content-Type": "application/x-www-form-urlencoded",
            "X-Twilio-Signature": base64.b64encode(mac.digest()).decode(),
        }
