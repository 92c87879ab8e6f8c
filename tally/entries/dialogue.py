"""Answers and the questions they belong to: a function of the set of one sender's entries. Pure.

A question is an entry of its own: what could be read two ways (QUESTION, with the readings it offers), a
count that waits (`held`), or a count that intake asked about because of what the tally said just then
(ASKED). An answer belongs to the sender's latest open question before it by sending time, at most `LONGEST`
older. What is asked, counted, corrected or withdrawn after a question closes it. So neither the order in
which entries arrive nor their repetition matters (law L3), as with FIX and UNDO.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from election.domain.checkin import COUNTED, Kind
from tally.entries.entries import Entry, id_bytes

LONGEST = 30 * 60.0  # seconds between a question and its answer; a later yes may mean anything
HANDED_OVER = "handed_over"  # intake gave the text to the unread desk
TALK = frozenset({Kind.QUESTION, Kind.CONFIRM, Kind.DENY, Kind.HELP, Kind.ASKED})
_OFFERED = {
    kind.value: kind
    for kind in (Kind.COUNT, Kind.FINAL, Kind.FIX, Kind.UNDO, Kind.LINE, Kind.VOTERS, Kind.INCIDENT)
}
PlaceOf = Callable[[str], int]


def denies(e: Entry) -> bool:
    """Whether an entry says no. "Wrong number" may be the count's, in an answer, or the phone's."""
    return e.kind is Kind.DENY or (e.kind is Kind.UNREAD and bool(e.detail.get("denies")))


@dataclass(frozen=True, slots=True)
class DialogueAnswers:
    """What answers come to. `derived`: entries that stand because of them, each at its place.

    `asked`, `confirmed`: counts whose sender was asked, and said yes. `withdrawn`: counts denied or corrected
    in an answer, and why in words. `counts`: corrections of what had not been counted: counts by themselves.
    """

    derived: tuple[Entry, ...] = ()
    asked: frozenset[bytes] = frozenset()
    confirmed: frozenset[bytes] = frozenset()
    withdrawn: Mapping[bytes, str] = field(default_factory=dict)
    counts: frozenset[bytes] = frozenset()


NO_ANSWERS = DialogueAnswers()


@dataclass(frozen=True, slots=True)
class _Open:
    """The question that an answer would belong to. `target`: the count it is about, if it is about one."""

    entry: Entry
    question: str
    offers: tuple[dict[str, Any], ...] = ()
    target: bytes = b""
    votes: int | None = None
    place: int = -1


def _asked_in(e: Entry) -> _Open:
    offers = e.detail.get("offers") or ()
    return _Open(e, str(e.detail.get("question") or ""), tuple(o for o in offers if isinstance(o, dict)))


def _order(e: Entry) -> tuple[float, bool, bytes]:
    """By sending; what intake asked about a count stands behind it."""
    return (e.sent, e.kind is Kind.ASKED, e.id)


def answers_of(entries: Iterable[Entry], place_of: PlaceOf) -> DialogueAnswers:
    """What one sender's questions, answers and counts come to."""
    found = _Conversation(place_of)
    for e in sorted(entries, key=_order):
        found.take(e)
    return DialogueAnswers(
        tuple(found.derived), frozenset(found.asked), frozenset(found.confirmed), found.withdrawn,
        frozenset(found.counts),
    )  # fmt: skip


def together(parts: Iterable[DialogueAnswers]) -> DialogueAnswers:
    """The answers of several senders."""
    every = list(parts)
    if len(every) == 1:
        return every[0]
    withdrawn: dict[bytes, str] = {}
    for part in every:
        withdrawn.update(part.withdrawn)
    return DialogueAnswers(
        tuple(e for part in every for e in part.derived),
        frozenset().union(*(part.asked for part in every)),
        frozenset().union(*(part.confirmed for part in every)),
        withdrawn,
        frozenset().union(*(part.counts for part in every)),
    )


class _Conversation:
    """One sender's entries on their way, oldest sending first."""

    def __init__(self, place_of: PlaceOf) -> None:
        self._place_of = place_of
        self._open: _Open | None = None
        self.derived: list[Entry] = []
        self.asked: set[bytes] = set()
        self.confirmed: set[bytes] = set()
        self.withdrawn: dict[bytes, str] = {}
        self.counts: set[bytes] = set()

    def take(self, e: Entry) -> None:
        question = self._open
        if question is not None and e.sent - question.entry.sent > LONGEST:
            question = self._open = None
        if e.kind is Kind.QUESTION:
            self._asks(e, question)
        elif e.kind is Kind.ASKED and e.detail.get("question") == HANDED_OVER:
            return  # to a person; the question stays open
        elif e.kind is Kind.ASKED:
            target = id_bytes(e.detail.get("of"))
            votes = e.detail.get("votes")
            place = self._place_of(str(e.detail.get("precinct_id") or ""))
            self.asked.add(target)
            self._open = _Open(e, "asked", target=target, votes=votes, place=place)
        elif e.kind in COUNTED or e.kind is Kind.UNDO:
            self._counts(e, question)
        elif question is not None:
            self._answers(e, question)

    def _asks(self, e: Entry, before: _Open | None) -> None:
        now = _asked_in(e)
        if before is not None:
            if now.question == "place_only" and before.question == "which_precinct" and e.precinct >= 0:
                if self._derive(e, before, e.precinct):
                    return
            elif (
                now.question == "which_precinct"
                and before.question == "place_only"
                and self._derive(e, now, before.entry.precinct)
            ):
                return
        self._open = now

    def _counts(self, e: Entry, question: _Open | None) -> None:
        self._open = None
        if question is not None and e.kind is not Kind.UNDO:
            corrects = e.kind is Kind.FIX and bool(e.detail.get("corrects"))
            if question.target and e.kind is not Kind.FIX:
                if e.votes != question.votes and e.precinct == question.place:
                    self.withdrawn[question.target] = f"{e.votes} in the answer"
            elif corrects and not question.target:
                self.counts.add(e.id)
        if e.detail.get("held") and e.kind in (Kind.COUNT, Kind.FINAL):
            self.asked.add(e.id)
            self._open = _Open(e, "held", target=e.id, votes=e.votes, place=e.precinct)

    def _answers(self, e: Entry, question: _Open) -> None:
        choice, roll = e.detail.get("choice"), question.entry.detail.get("roll")
        if denies(e):
            if question.target:
                self.withdrawn[question.target] = "denied by its sender"
            self._open = None
        elif e.kind is Kind.HELP and question.question == "emergency":
            words = {"kind": Kind.INCIDENT.value, "text": str(question.entry.detail.get("guess") or "")}
            help_at = tuple({**words, "precinct_id": offer.get("precinct_id")} for offer in question.offers)
            self._derive(e, replace(question, offers=help_at), -1)
        elif e.kind is not Kind.CONFIRM:
            return
        elif roll is not None and choice == "roll":
            rolls = [
                {"kind": Kind.VOTERS.value, "precinct_id": offer.get("precinct_id"), "roll_numbers": [roll]}
                for offer in question.offers
            ]
            self._derive(e, replace(question, offers=tuple(rolls)), -1)
        elif choice is None or (roll is not None and choice == "count"):
            if roll is not None and choice is None:
                return  # yes to "a count or a roll number?"
            if question.target:
                self.confirmed.add(question.target)
                self._open = None
            elif question.offers:
                self._derive(e, question, -1)

    def _derive(self, answer: Entry, question: _Open, place: int) -> bool:
        """The entries that the question offered, at `place` where one is named; whether there are any."""
        made = 0
        for offer in question.offers:
            kind = _OFFERED.get(str(offer.get("kind")))
            where = place if place >= 0 else self._place_of(str(offer.get("precinct_id") or ""))
            if kind is None or where < 0:
                continue
            self.derived.append(_derived(answer, question.entry, kind, offer, where, made))
            made += 1
        if made:
            self._open = None
        return made > 0


def _derived(  # noqa: PLR0917
    answer: Entry, question: Entry, kind: Kind, offer: Mapping[str, Any], place: int, n: int
) -> Entry:
    number = int.from_bytes(answer.id, "big") ^ n
    detail = {k: offer[k] for k in ("minutes", "people", "roll_numbers", "text") if k in offer}
    votes = offer.get("votes")
    return Entry(
        id=number.to_bytes(16, "big"),
        kind=kind,
        sender=answer.sender,
        observed=_moment(offer.get("observed_at"), min(question.observed, answer.observed)),
        sent=answer.sent,
        received=max(answer.received, question.received),
        votes=votes if isinstance(votes, int) else None,
        unknown=answer.unknown,
        detail={**detail, "answers": question.id.hex()},
        precinct=place,
        channel=answer.channel,
    )


def _moment(said: object, otherwise: float) -> float:
    try:
        return datetime.fromisoformat(str(said)).timestamp() if said else otherwise
    except ValueError:
        return otherwise


def places_in(e: Entry, place_of: PlaceOf) -> set[int]:
    """The places that an entry of a conversation may change, by itself."""
    found = {e.precinct} if e.kind is Kind.QUESTION else set[int]()
    if e.kind is Kind.ASKED:
        found.add(place_of(str(e.detail.get("precinct_id") or "")))
    for offer in e.detail.get("offers") or ():
        if isinstance(offer, dict):
            found.add(place_of(str(offer.get("precinct_id") or "")))
    return {place for place in found if place >= 0}
