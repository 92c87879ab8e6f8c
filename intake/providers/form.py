"""Urlencoded forms and JSON bodies as providers send them: read strictly, within bounds."""

from typing import Any
from urllib.parse import parse_qsl

import orjson

from intake.providers.protocol import MalformedError

MOST_FIELDS = 300  # providers send some twenty, and three more a picture


def fields_of(text: bytes) -> list[tuple[str, str]]:
    """Names and values of a form or a query, in order. Raises `MalformedError`."""
    try:
        words = text.decode("ascii") if text.isascii() else text.decode()
        return parse_qsl(
            words, keep_blank_values=True, encoding="utf-8", errors="strict", max_num_fields=MOST_FIELDS
        )
    except UnicodeDecodeError:
        raise MalformedError("send the form as UTF-8") from None
    except ValueError as error:
        raise MalformedError(f"send an urlencoded form: {error}") from None


def json_of(body: bytes) -> Any:
    """The JSON of a body. Raises `MalformedError`."""
    try:
        return orjson.loads(body)
    except ValueError as error:
        raise MalformedError(f"send JSON in UTF-8: {error}") from None


def text_at(data: Any, *path: str) -> str:
    """The text at a path of keys; "" where there is none."""
    for key in path:
        data = data.get(key) if isinstance(data, dict) else None
    return data if isinstance(data, str) else ""


def phone(digits: str) -> str:
    """A number that a provider sends without its plus sign, with it."""
    return f"+{digits}" if digits.isascii() and digits.isdigit() and 8 <= len(digits) <= 15 else digits
