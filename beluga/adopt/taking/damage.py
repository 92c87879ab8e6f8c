"""Precinct ids that a spreadsheet has damaged: restored where that is certain, else refused and explained."""

import re
from typing import NamedTuple

# As a spreadsheet writes them; MAR-01 may be a county's own way to call a precinct of Marion.
_MONTHS = "Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Sept|Oct|Nov|Dec"
_DATE = re.compile(
    rf"\d{{1,2}}-({_MONTHS})(-\d{{2,4}})?|({_MONTHS})-\d{{1,4}}|\d{{4}}-\d\d-\d\d( \d\d:\d\d:\d\d)?"
    r"|\d{1,2}/\d{1,2}/\d{2,4}"
)
_POWER = re.compile(r"\d+(?:[.,]\d+)?[eE]\+\d+|\d+[.,]\d+[eE]-?\d+")  # 12E4 may be a precinct
_ERROR = re.compile(r"#(REF|N/?A|VALUE|NAME|DIV/0|NULL|NUM|SPILL|CALC|ERROR)[!?]?|#+|Err:\d+", re.IGNORECASE)
_FORMULA = re.compile(r"=\s*\"(.*)\"|=T\(\"(.*)\"\)", re.DOTALL)
_MARKED = re.compile(r"(\w[^*†‡§]*[^*†‡§\s])\s*[*†‡§]{1,3}")
_POINT = re.compile(r"(\d+)\.0+")


class Mended(NamedTuple):
    """`text` is the id; where `refusal` says something there is none, and `remedy` says what to do."""

    text: str
    refusal: str = ""
    remedy: str = ""
    restored: str = ""


def mended(text: str) -> Mended:
    """An id as it was before the spreadsheet."""
    if text.isalnum() and not (text[0].isdigit() and "e" in text.lower()):
        return Mended(text)
    if found := _FORMULA.fullmatch(text):
        return Mended((found[1] or found[2] or "").strip(), restored='taken out of a spreadsheet\'s ="…"')
    if text.startswith("'") and len(text) > 1 and "'" not in text[1:]:
        return Mended(text[1:].strip(), restored="a spreadsheet's leading apostrophe was taken off")
    if _ERROR.fullmatch(text):
        return Mended(
            text,
            "a spreadsheet's formula failed in this cell",
            "look in the county's original for the id, and export that column as text",
        )
    if _POWER.fullmatch(text):
        return Mended(
            text,
            "a spreadsheet has rounded this id to a power of ten",
            "take it from the county's original; format the column as text before opening it",
        )
    if _DATE.fullmatch(text):
        return Mended(
            text,
            "a spreadsheet has made a date of this id",
            "take it from the county's original (5-1 becomes 1-May); format the column as text first",
        )
    if found := _MARKED.fullmatch(text):
        return Mended(found[1], restored="the mark of a footnote was taken off")
    if found := _POINT.fullmatch(text):
        return Mended(found[1], restored="a spreadsheet's trailing .0 was taken off")
    return Mended(text)


def without_point(text: str) -> str:
    """Digits without the `.0` that a spreadsheet adds to a number."""
    found = _POINT.fullmatch(text)
    return found[1] if found else text


def formula_text(text: str) -> str:
    """The text within ="…", where a cell is that."""
    found = _FORMULA.fullmatch(text) if text.startswith("=") else None
    return (found[1] or found[2] or "").strip() if found else text
