"""Urlencoded forms and JSON bodies as providers send them: read strictly, within bounds."""

import re
from hashlib import sha256
from typing import Any
from urllib.parse import parse_qsl

import orjson

from intake.providers.protocol import MalformedError, WebhookRefusedError

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


def require_form(its_id: str, form: re.Pattern[str], say: str) -> str:
    """The id of a message, where it has this provider's form. Raises `MalformedError`, which says `say`."""
    if not form.fullmatch(its_id):
        raise MalformedError(say)
    return its_id


def require_one_id(signed: str, named: re.Pattern[str]) -> None:
    """Raises `WebhookRefusedError` where a signed text can be cut so that it names different messages.

    Some providers sign names and values one behind the other, without a mark between them: whoever has seen
    one signature may cut the same text elsewhere. The pattern is a name with an id of a fixed form, so an id
    that is read from any cut stands in the text just like that; where there is one only, every cut is the
    same message, and is counted once.
    """
    if len(set(named.findall(signed))) > 1:
        raise WebhookRefusedError("ambiguous_signature")


def sender_of(given: str, its_id: str, *, bare: bool = False) -> str:
    """Who sent a text, in the one spelling that a roster's phones have; names and short codes stay.

    Gateways write `whatsapp:+1…`, 00 for the plus sign, spaces, or Mexico's former +52 1 of mobiles. `bare`:
    this provider leaves the plus sign out. Without a sender each text has one of its own, made of letters
    only, so that staff see it and no two of them are taken for one person's.
    """
    if _IN_ORDER.fullmatch(given):  # as nearly all come
        return given
    sender = given.strip()
    if not sender:
        letters = sha256(its_id.encode("utf-8", "replace")).hexdigest()[:12].translate(_LETTERS)
        return f"{NO_SENDER} {letters}"
    scheme, _, rest = sender.partition(":")
    if rest and scheme.lower() in _SCHEMES:
        sender = rest.strip()
    digits = _BETWEEN_DIGITS.sub("", sender)
    if _ABROAD.fullmatch(digits):
        sender = f"+{digits[2:]}"
    elif digits.startswith("+") and digits[1:].isdigit() and digits.isascii():
        sender = digits
    elif bare and _BARE.fullmatch(digits):
        sender = f"+{digits}"
    return f"+52{sender[4:]}" if _FORMER_MEXICAN.fullmatch(sender) else sender


NO_SENDER = "no sender"
_IN_ORDER = re.compile(r"\+(?!521[0-9]{10}\Z)[1-9][0-9]{6,14}")
_LETTERS = str.maketrans("0123456789", "ghijklmnop")
_SCHEMES = frozenset({"whatsapp", "sms", "mms", "rcs", "tel"})
_BETWEEN_DIGITS = re.compile(r"[\s().-]+")
_ABROAD = re.compile(r"00[1-9][0-9]{6,13}")
_BARE = re.compile(r"[0-9]{8,15}")
_FORMER_MEXICAN = re.compile(r"\+521[0-9]{10}")
