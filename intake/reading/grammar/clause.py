"""One report of a text, as its words say it; and the question where they could say two things."""

from dataclasses import dataclass

from election.domain.checkin import Kind
from election.domain.ids import PrecinctId
from intake.errors import IntakeError

EMERGENCY_NUMBERS = frozenset({911, 112, 999})  # a cry for help, or a count: asked


class Ask(IntakeError):  # noqa: N818 - a turn of the conversation, not an error
    """The text could be read two ways. `question` is a catalogue key; `guess` the text that would confirm."""

    def __init__(
        self,
        question: str,
        guess: str | None = None,
        *,
        ids: tuple[PrecinctId, ...] = (),
        choice: int | None = None,
    ) -> None:
        """`ids`: the place that was named without a number. `choice`: what may be a roll number instead."""
        super().__init__(question)
        self.question = question
        self.guess = guess
        self.ids = ids
        self.choice = choice


@dataclass(slots=True)
class Clause:
    """One report of a text. `ids`: the precincts its words may name; none: the sender's own."""

    kind: Kind
    start: int
    ids: tuple[PrecinctId, ...] = ()
    votes: int | None = None
    clock: tuple[int, int, int, str] | None = None
    rolls: tuple[int, ...] = ()
    minutes: int | None = None
    people: int | None = None
    text: str | None = None
    bare: bool = False  # the number and nothing else
    corrects: bool = False  # "no, 421": the right number, of a count or of a question


def wording(clause: Clause) -> str:
    """The shortest text that says the same: what a question offers to confirm."""
    match clause.kind:
        case Kind.COUNT:
            words = str(clause.votes)
        case Kind.FIX | Kind.FINAL:
            words = f"{clause.kind.upper()} {clause.votes}"
        case Kind.LINE:
            amounts = [f"{clause.people} people"] if clause.people is not None else []
            amounts += [f"{clause.minutes} min"] if clause.minutes is not None else []
            words = f"LINE {' '.join(amounts)}"
        case Kind.VOTERS:
            words = "V " + " ".join(map(str, clause.rolls))
        case _:
            words = clause.kind.upper()
    if clause.clock and clause.votes is not None:
        hour, minute, _, half = clause.clock
        words += f" at {hour}:{minute:02d}{half and half + 'm'}"
    return f"{clause.ids[0]} {words}" if clause.ids else words


def wordings(clauses: list[Clause]) -> str | None:
    """The shortest text that says all of them; None where there are none."""
    return ", ".join(map(wording, clauses)) or None
