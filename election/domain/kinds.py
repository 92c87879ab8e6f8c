"""Kinds of elections, read from their names where nothing else says so.

A run-off is expected from run-offs, a referendum from referendums: between kinds turnout differs by a third,
within one by less. Words are those of lists of results in several languages; the first kind that matches
wins, so that a run-off for president is a run-off.
"""

import re
import unicodedata
from enum import StrEnum


class ElectionKind(StrEnum):
    """What sort of election it is, as far as turnout goes."""

    RUNOFF = "runoff"
    PRIMARY = "primary"
    REFERENDUM = "referendum"
    EUROPEAN = "european"
    SPECIAL = "special"
    MUNICIPAL = "municipal"
    REGIONAL = "regional"
    GENERAL = "general"
    UNKNOWN = ""


_WORDS = {
    ElectionKind.RUNOFF: r"run\W?offs?|ballottaggio|second round|2nd round|segunda vuelta|segundo turno"
    r"|turul 2|stichwahl|second tour",
    ElectionKind.PRIMARY: r"primary|primaries|primarias?|primarie|caucus\w*",
    ElectionKind.REFERENDUM: r"referend\w*|plebiscit\w*|ballot (?:question|measure)s?|votation\w*|consulta",
    ElectionKind.EUROPEAN: r"europ\w*",
    ElectionKind.SPECIAL: r"special|by\W?election|partiel\w*|suppletive",
    ElectionKind.MUNICIPAL: r"municip\w*|mayor\w*|local\w*|city|council|comunali|kommunal\w*"
    r"|off\W?year|school",
    ElectionKind.REGIONAL: r"region\w*|provinc\w*|landtag\w*|autonom\w*|gubernat\w*|governor",
    ElectionKind.GENERAL: r"general\w*|president\w*|parliament\w*|legislativ\w*|politiche|camera|senat\w*"
    r"|national\w*|midterm\w*|congress\w*|bundestag\w*|deput\w*|federal",
}
_PATTERNS = {kind: re.compile(rf"\b(?:{words})\b") for kind, words in _WORDS.items()}


def kind_of(name: str, given: str = "") -> ElectionKind:
    """The kind that is `given`, or else that the election's name says; `UNKNOWN` where neither does."""
    for text in (given, name):
        plain = unicodedata.normalize("NFKD", text.lower()).encode("ascii", "ignore").decode()
        plain = plain.replace("_", " ")
        for kind, pattern in _PATTERNS.items():
            if pattern.search(plain):
                return kind
    return ElectionKind.UNKNOWN
