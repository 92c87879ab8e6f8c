"""What a table is, from its headings, its first rows and, where those leave it open, its name."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from beluga.adopt.mapping.fields import UNNAMED, mapped
from beluga.adopt.mapping.kind_rules import kind_of
from beluga.adopt.mapping.vocabulary import columns_of
from election.folder.headings import FILES, folded

KINDS = (
    "registration",
    "polling places",
    "turnout",
    "results, long",
    "results, wide",
    "history",
    "voters",
    "early ballots",
    "early totals",
    "early record",
    "watchers",
    "callers",
    "shapes",
    "curve",
    "reports",
    "election",
)


@dataclass(frozen=True, slots=True)
class Recognised:
    """`columns`: field to place. `reason` for people. `unsure`: what must be answered first, else empty."""

    kind: str
    columns: dict[str, int] = field(default_factory=dict)
    reason: str = ""
    unsure: str = ""


def recognise(headings: Sequence[str], sample: Sequence[Sequence[str]], name: str) -> Recognised:
    """The likeliest kind. Kind is empty where there is none."""
    kind, reason, unsure = kind_of(headings, sample, name)
    if not kind:
        return Recognised("", reason=reason)
    if kind == "early record":
        return Recognised(kind, {}, reason)
    if kind in ("history", "curve", "reports"):
        columns = columns_of(
            headings, {c.name: (folded(c.name), *map(folded, c.synonyms)) for c in FILES[f"{kind}.csv"]}
        )
        return Recognised(kind, columns, reason, unsure)
    columns = mapped(kind, headings, sample)
    place = columns.get("precinct_id")
    if not unsure and place is not None and UNNAMED.fullmatch(headings[place]) and "registered" in columns:
        unsure = "the column of precincts has no heading: are these precincts?"
    return Recognised(kind, columns, reason, unsure)
