"""Phone numbers to E.164, as libphonenumber reads them, at the speed that a million voters need.

The library takes some 60 µs a number. Plain digits whose reading needs no judgement (a possible length, no
prefix that might have to go) are settled here in one; everything else goes to the library. A property test
holds the two together.
"""

import re
from dataclasses import dataclass
from functools import cache, lru_cache

import phonenumbers
from phonenumbers import COUNTRY_CODE_TO_REGION_CODE, PhoneMetadata

LONGEST_SENDER = 64

_E164 = re.compile(r"\+[1-9][0-9]{6,14}")
_PUNCTUATION = str.maketrans("", "", " -().\u00a0\u2010\u2011\u2013")


@dataclass(frozen=True, slots=True)
class _Plan:
    """What a country's numbering says: possible lengths and prefixes of its national numbers."""

    code: str
    lengths: frozenset[int]
    prefix: re.Pattern[str] | None  # what a national number may be dialled with
    plain_prefix: str  # the same where it is only digits, else empty
    abroad: re.Pattern[str] | None  # how one dials out of the country


@cache
def _plan(region: str) -> _Plan | None:
    data = PhoneMetadata.metadata_for_region(region, None)
    if data is None or not data.general_desc or data.country_code is None:
        return None
    prefix = data.national_prefix_for_parsing
    plain = prefix if prefix and prefix.isdigit() and not data.national_prefix_transform_rule else ""
    return _Plan(
        str(data.country_code),
        frozenset(data.general_desc.possible_length),
        re.compile(prefix) if prefix else None,
        plain,
        re.compile(data.international_prefix) if data.international_prefix else None,
    )


def known_region(region: str) -> bool:
    """Whether phone numbers can be read as dialled there (ISO 3166, two capital letters)."""
    return region in phonenumbers.SUPPORTED_REGIONS


def e164(text: str, region: str) -> str | None:
    """`text` as +CC…; None where it is no complete phone number (or carries an extension)."""
    digits = text.translate(_PUNCTUATION)
    if digits.isascii() and 7 <= len(digits) <= 16:
        quick = None
        if digits[0] == "+" and digits[1:].isdecimal():
            quick = _international(digits[1:])
        elif digits.isdecimal():
            quick = _national(digits, region)
        if quick:
            return quick
    return by_library(text, region)


def normal_phone(sender: str, region: str) -> str:
    """The sender of a text as +CC…: also local numbers, and without their extension.

    Short codes and names stay as they are, but never look like `form:` or `staff:`.
    """
    if _E164.fullmatch(sender):
        return sender
    return _normal(sender[:LONGEST_SENDER], region)


def by_library(text: str, region: str, *, lenient: bool = False) -> str | None:
    """As `e164`, asking libphonenumber alone. `lenient`: local numbers and extensions will do, too."""
    try:
        number = phonenumbers.parse(text, region)
    except phonenumbers.NumberParseException:
        return None
    possible = phonenumbers.is_possible_number_with_reason(number)
    accepted = [phonenumbers.ValidationResult.IS_POSSIBLE]
    if lenient:
        accepted.append(phonenumbers.ValidationResult.IS_POSSIBLE_LOCAL_ONLY)
    if possible not in accepted or (number.extension and not lenient):
        return None
    return str(phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164))


@lru_cache(maxsize=4096)
def _normal(sender: str, region: str) -> str:
    phone = by_library(sender, region, lenient=True)
    if phone is None and (dialled := sender.strip()).startswith("00"):  # as some gateways write `+`
        phone = by_library(f"+{dialled.removeprefix('00')}", region)
    return phone or sender.strip().replace("\0", "").replace(":", " ")


def _international(digits: str) -> str | None:
    for size in (1, 2, 3):
        regions = COUNTRY_CODE_TO_REGION_CODE.get(int(digits[:size]))
        if regions and digits[0] != "0":
            plan = _plan(regions[0])
            rest = digits[size:]
            if plan and len(rest) in plan.lengths and not (plan.prefix and plan.prefix.match(rest)):
                return "+" + digits
            return None
    return None


def _national(digits: str, region: str) -> str | None:
    plan = _plan(region)
    if plan is None or (plan.abroad and plan.abroad.match(digits)):
        return None
    if plan.code == "1" and len(digits) == 11 and digits[0] == "1" and digits[1] not in "01":
        return "+" + digits
    if digits.startswith(plan.code):
        return None
    if len(digits) in plan.lengths:
        if not (plan.prefix and plan.prefix.match(digits)):
            return f"+{plan.code}{digits}"
    elif plan.plain_prefix and digits.startswith(plan.plain_prefix):
        rest = digits[len(plan.plain_prefix) :]
        if len(rest) in plan.lengths and rest[0] != plan.plain_prefix[0]:
            return f"+{plan.code}{rest}"
    return None
