"""What the JSON calls (`/checkins`, `/decisions`) share: reading a body, keeping it, answering."""

from datetime import datetime
from typing import Any

import orjson
from aiohttp import web
from pydantic import ValidationError

from election.domain.checkin import Channel
from election.wire.intake import Receipt
from intake.journal.writer import JournalUnavailableError
from intake.providers import IngestResult
from intake.receive.pipeline import IngestPipeline

TRY_AGAIN = "Not taken: it cannot be stored now. Send it again."


def bearer(request: web.Request) -> str:
    """The token of the `Authorization` header; "" without one."""
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""


async def body_of(request: web.Request, pipeline: IngestPipeline, provider: str) -> bytes | web.Response:
    """The request's body, or the answer that it is too large."""
    try:
        return await request.read()
    except web.HTTPRequestEntityTooLarge:
        return refuse(pipeline, provider, 413, "too_large", "The body is too large.")


async def kept(
    pipeline: IngestPipeline,
    provider: str,
    key: str,
    channel: Channel,
    *,
    sender: str,
    body: str,
    raw: bytes,
    sent_at: datetime | None = None,
) -> IngestResult | web.Response:
    """Makes a report durable, or gives the answer that it could not be."""
    try:
        return await pipeline.submit_and_wait(
            provider, key, channel, sender, body=body, raw=raw, sent_at=sent_at
        )
    except JournalUnavailableError:
        return refuse(pipeline, provider, 503, "not_durable", TRY_AGAIN)


def receipt(pipeline: IngestPipeline, provider: str, outcome: IngestResult, body: str) -> web.Response:
    """The answer to a report that is durable; 409 where its key had been used for something else."""
    if outcome.duplicate and outcome.message.body != body:
        return refuse(
            pipeline,
            provider,
            409,
            "key_reused",
            "This id was used for another report; send it under a new one.",
        )
    answer = Receipt(id=outcome.message.message_id, duplicate=outcome.duplicate, reply=outcome.reply)
    return web.Response(body=answer.model_dump_json().encode(), content_type="application/json")


def refuse(pipeline: IngestPipeline, provider: str, status: int, reason: str, words: str) -> web.Response:
    """An answer that says what to do; counted by its reason."""
    pipeline.telemetry.refuse(provider, reason)
    headers = {"Retry-After": "1"} if status == 503 else None
    return web.Response(
        status=status, body=orjson.dumps({"error": words}), content_type="application/json", headers=headers
    )


def canonical(value: Any) -> str:
    """JSON that is the same for the same content, without the NUL that PostgreSQL's JSON cannot hold."""
    return orjson.dumps(_without_nul(value), option=orjson.OPT_SORT_KEYS).decode()


def what_is_wrong(error: ValidationError) -> str:
    """The first thing wrong with a body, and where."""
    what = error.errors()[0]
    return f"{'.'.join(str(part) for part in what['loc']) or 'body'}: {what['msg']}"


def _without_nul(value: Any) -> Any:
    if isinstance(value, str):
        return value.replace("\0", "\ufffd")
    if isinstance(value, dict):
        return {_without_nul(k): _without_nul(v) for k, v in value.items()}
    if isinstance(value, list):
        return [_without_nul(v) for v in value]
    return value
