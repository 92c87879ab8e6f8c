"""The photos that a message names: a function of what arrived, so that a recount finds the same. Pure.

Providers put a picture's address into the webhook. Nothing here is trusted to be fetched: see `hosts.py`.
"""

from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs

import orjson

MOST_PHOTOS = 10  # of one message, as many as a provider carries


def _twilio(raw: bytes) -> list[str]:
    if b"NumMedia=" not in raw or b"NumMedia=0" in raw:
        return []
    return _numbered(raw, "MediaUrl")


def _plivo(raw: bytes) -> list[str]:
    return _numbered(raw, "Media") if b"Media0=" in raw else []


def _numbered(raw: bytes, name: str) -> list[str]:
    fields = parse_qs(raw.decode("utf-8", "replace"), max_num_fields=300)
    found = (fields.get(f"{name}{number}", [""])[0] for number in range(MOST_PHOTOS))
    return [url for url in found if url]


def _telnyx(raw: bytes) -> list[str]:
    if b'"media"' not in raw:
        return []
    media = _at(orjson.loads(raw), "data", "payload", "media")
    return [url for one in _list(media) if isinstance(url := _at(one, "url"), str)]


def _bandwidth(raw: bytes) -> list[str]:
    if b'"media"' not in raw:
        return []
    events = _list(orjson.loads(raw))
    media = _at(events[0], "message", "media") if len(events) == 1 else None
    return [url for url in _list(media) if isinstance(url, str) and not url.endswith((".smil", ".txt"))]


def _at(data: Any, *path: str) -> Any:
    for key in path:
        data = data.get(key) if isinstance(data, dict) else None
    return data


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


_READERS: dict[str, Callable[[bytes], list[str]]] = {
    "twilio": _twilio, "plivo": _plivo, "telnyx": _telnyx, "bandwidth": _bandwidth,
}  # fmt: skip


def photo_urls(provider: str, raw: bytes) -> list[str]:
    """Where the photos of a text lie at its provider, in order; none of a provider that carries none."""
    reader = _READERS.get(provider)
    if reader is None:
        return []
    try:
        return reader(raw)[:MOST_PHOTOS]
    except ValueError:
        return []
