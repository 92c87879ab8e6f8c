"""Forms of the calling page as the call desk's orders: limits, scripts of a trial, lists. Pure."""

import re
from collections.abc import Mapping
from typing import Any

from dashboard.errors import DashboardError
from dashboard.languages import noted, tr
from election.wire.callers import DispatchLimits

_LANGUAGE = re.compile(r"\[([a-z]{2,3})\]")
_VARIANT = re.compile(r"[A-Za-z0-9][A-Za-z0-9 _-]{0,39}")
VARIANTS = ("a", "b", "c")  # as many as the form has room for
# What each limit says to people.
LIMITS = {
    "automatic": noted("precincts that are behind open by themselves"),
    "least_probability": noted("how sure it must be that one is behind, 0 to 1"),
    "least_missing": noted("votes missing, at least"),
    "most_precincts": noted("precincts open by themselves at once, at most"),
    "most_callers": noted("callers in one precinct by themselves, at most"),
    "line_minutes": noted("a wait of so many minutes holds calling there"),
    "line_people": noted("so many people in line hold calling there"),
}


class CallingFormError(DashboardError):
    """A form that makes no order; the message says what to correct."""


def limits_of(form: Mapping[str, str]) -> dict[str, Any]:
    """The limits that a form gives. Raises `CallingFormError`."""
    given: dict[str, Any] = {"automatic": form.get("automatic") == "yes"}
    for name, words in LIMITS.items():
        if name != "automatic":
            try:
                given[name] = float(form.get(name, ""))
            except ValueError:
                raise CallingFormError(tr("Write a number: {words}.", words=tr(words))) from None
    try:
        return DispatchLimits.model_validate(given).model_dump()
    except ValueError:
        raise CallingFormError(
            tr("A limit is out of its range: shares from 0 to 1, whole numbers for the others, not below 0.")
        ) from None


def trial_of(form: Mapping[str, str], language: str) -> dict[str, Any]:
    """The trial that a form gives; `language`: of lines above which no `[xx]` stands.

    Raises `CallingFormError`.
    """
    variants: dict[str, dict[str, list[str]]] = {}
    for each in VARIANTS:
        name, text = form.get(f"name_{each}", "").strip(), form.get(f"script_{each}", "").strip()
        if not name and not text:
            continue
        if not _VARIANT.fullmatch(name) or name in variants:
            raise CallingFormError(tr("Give each script a name of its own: letters and digits, 40 at most."))
        variants[name] = script_of(text, language)
    if len(variants) < 2:
        raise CallingFormError(tr("A trial compares two scripts at least."))
    return {"variants": variants}


def script_of(text: str, language: str) -> dict[str, list[str]]:
    """Lines by language: `[es]` on a line of its own begins another. Raises `CallingFormError`."""
    script: dict[str, list[str]] = {}
    for line in map(str.strip, text.splitlines()):
        if found := _LANGUAGE.fullmatch(line):
            language = found[1]
        elif line:
            script.setdefault(language, []).append(line[:400])
    if not script or any(len(lines) > 8 for lines in script.values()):
        raise CallingFormError(tr("A script has one to eight lines in each language."))
    return script


def list_of(form: Mapping[str, str]) -> dict[str, Any]:
    """The order for a list of voters. Raises `CallingFormError`."""
    lines, hours = form.get("lines", "100").strip(), form.get("hours", "2").strip()
    try:
        order = {
            "precinct_id": form.get("precinct", "").strip()[:64], "lines": int(lines), "hours": float(hours),
        }  # fmt: skip
    except ValueError:
        raise CallingFormError(tr("Write how many lines, and for how many hours, in digits.")) from None
    if not order["precinct_id"] or not 1 <= int(lines) <= 1_000 or not 0 < float(hours) <= 14:
        raise CallingFormError(
            tr("A list has a precinct, 1 to 1,000 lines, and is good for 14 hours at most.")
        )
    return order
