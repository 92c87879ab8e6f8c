"""What a watcher is answered: what was understood, and how to undo it, in the watcher's language.

One GSM-7 segment where the language allows, two of UCS-2 elsewhere; a long incident or list is cut, never
the way to undo it.
"""

from collections.abc import Mapping
from datetime import datetime

from election.domain.checkin import COUNTED, Kind, Message, Reading
from election.domain.day import Watcher
from election.domain.ids import PrecinctId
from election.domain.roster import Roster
from intake.languages.catalogues import Catalogue, load_catalogues
from intake.reading.reader import watcher_of
from intake.replies.inquiries import LookUp, inquiry_answer
from intake.replies.segments import SHORT, fits, plain

# precinct -> (the last accepted count or None, the cumulative count expected there by now or None,
# and what is expected since that last count, or None)
Hints = Mapping[PrecinctId, tuple[int | None, float | None, float | None]]

NEVER_FITS = 320  # characters: more of one field than two segments hold, whatever stands beside it
FAR_ABOVE_PACE = 10.0  # times the expected count: a typing slip, more likely than a rush
_SILENT = frozenset({Kind.NOTED})  # kept, and not answered: no loop with another machine
_UNDISPUTED = frozenset({Kind.LINE, Kind.VOTERS, Kind.HERE, Kind.AWAY})  # never doubted, held or asked back
_RISE = 100  # votes more than the last count: below this a rise may come by a look too late
_ANSWERED_BY_WORDS = frozenset({"emergency", "voted"})  # the question names its answers
_SMALL = 20  # votes: below this ten times the pace happens by chance just after opening


def catalogue_for(watcher: Watcher | None, roster: Roster) -> Catalogue:
    """The watcher's language, else the election's first that we speak, else English."""
    catalogues = load_catalogues()
    if watcher and (known := catalogues.get(watcher.language)):
        return known
    for language in (watcher.language if watcher else "", *roster.day.languages):
        known = catalogues.get(language) or catalogues.get(language.replace("_", "-").split("-")[0].lower())
        if known:
            return known
    return catalogues["en"]


def doubt_about(reading: Reading, hints: Hints | None) -> str | None:
    """Why a count looks wrong beside what is known of its precinct.

    `below_last`, `above_pace`, `above_last` (a rise far beyond what is expected since then) or None.
    """
    if not hints or reading.kind not in COUNTED or reading.votes is None or reading.precinct_id is None:
        return None
    last, expected, since = hints.get(reading.precinct_id, (None, None, None))
    if reading.kind is Kind.FIX:  # it mends the last one, and may well be lower
        last = None
    if last is not None and reading.votes < last:
        return "below_last"
    if expected and reading.votes > max(_SMALL, FAR_ABOVE_PACE * expected):
        return "above_pace"
    if last is not None and since is not None and reading.votes - last > max(_RISE, FAR_ABOVE_PACE * since):
        return "above_last"
    return None


def refused_above(reading: Reading, roster: Roster) -> int | None:
    """The most votes that may be counted there, where this number is more and nobody is asked about it: the
    tally will not count it. None where it may stand, or waits for a yes.
    """
    if reading.kind not in COUNTED or reading.votes is None or reading.held:
        return None
    place = roster.place(reading.precinct_id)
    most = place.most_votes() if place else None
    return most if most is not None and reading.votes > most else None


def reply_to(
    readings: list[Reading],
    message: Message,
    roster: Roster,
    hints: Hints | None = None,
    look_up: LookUp | None = None,
) -> str:
    """The answer to a message. Empty for STOP (the provider answers, we fall silent) and staff entries.

    `look_up`: what the tally says of a precinct now, for those who ask.
    """
    catalogue = catalogue_for(watcher_of(message, roster), roster)
    if (
        len(readings) == 1 and _is_plain(readings[0], hints) and refused_above(readings[0], roster) is None
    ):  # what most watchers are answered all day
        return plain(_plainly(readings[0], catalogue.replies))
    return plain(_Writer(catalogue, roster, message, hints, look_up).answer(readings))


def handed_over_reply(watcher: Watcher, roster: Roster) -> str:
    """What a watcher is told after the second question in a row."""
    return plain(catalogue_for(watcher, roster).replies["handed_over"])


def alarm_reply(watcher: Watcher, roster: Roster) -> str:
    """What a watcher is told whose HELP is an alarm."""
    return plain(catalogue_for(watcher, roster).replies["alarm"])


def _is_plain(reading: Reading, hints: Hints | None) -> bool:
    """Whether it is a count that nothing is to be asked or said about."""
    return (
        reading.kind is Kind.COUNT
        and not reading.unknown_sender
        and not reading.held
        and reading.precinct_id is not None
        and doubt_about(reading, hints) is None
    )


def _plainly(reading: Reading, replies: Mapping[str, str]) -> str:
    """The same as `_Writer` would say of one plain count, without its detours."""
    what = _count_at(reading, replies)
    return _fill(replies["counted_one"], {"what": what, "votes": str(reading.votes)})


def _count_at(reading: Reading, replies: Mapping[str, str]) -> str:
    place = replies["at"].format(votes=reading.votes, precinct=reading.precinct_id)
    return place + _time(reading) if reading.observed_at else place


def _time(reading: Reading) -> str:
    return f" ({_clock(reading.observed_at)})" if reading.observed_at else ""


def _fill(template: str, texts: dict[str, str]) -> str:
    """The template with its fields. Where it grows too long, the longest field is cut and shows it."""
    answer = template.format_map(texts)
    if len(answer) <= SHORT and answer.isascii():
        return answer
    for name, said in texts.items():
        if len(said) > NEVER_FITS:  # at once, not by steps: the time would grow with its square
            texts[name] = said[:NEVER_FITS].rstrip(" ,;") + ".."
    answer = template.format_map(texts)
    while not fits(plain(answer)):
        name = max(texts, key=lambda field: len(texts[field]), default="")
        if not name or len(texts[name]) < 8:
            break
        texts[name] = texts[name].rstrip(".")[:-4].rstrip(" ,;") + ".."
        answer = template.format_map(texts)
    return answer


class _Writer:
    def __init__(
        self,
        catalogue: Catalogue,
        roster: Roster,
        message: Message,
        hints: Hints | None,
        look_up: LookUp | None,
    ) -> None:
        self.replies = catalogue.replies
        self.roster = roster
        self.message = message
        self.hints = hints
        self.look_up = look_up

    def answer(self, readings: list[Reading]) -> str:
        if len(readings) == 1 and readings[0].kind in _UNDISPUTED and not readings[0].unknown_sender:
            return self._said(readings[0], readings)
        kinds = {reading.kind for reading in readings}
        if not readings or Kind.STOP in kinds or kinds <= _SILENT:
            return ""
        incident = next((reading for reading in readings if reading.kind == Kind.INCIDENT), None)
        question = next((reading for reading in readings if reading.kind == Kind.QUESTION), None)
        if question:
            return self._question(question)
        if any(reading.unknown_sender for reading in readings) and not kinds & {Kind.HELP, Kind.START}:
            return self._unknown(readings)
        for reading in readings:
            doubted = self._doubted(reading)
            if doubted:
                return doubted
        if incident:
            return self._incident(incident, readings)
        counted = [reading for reading in readings if reading.kind in COUNTED]
        if counted:
            return self._counted(counted, readings)
        return self._said(readings[0], readings)

    def _said(self, first: Reading, readings: list[Reading]) -> str:
        """The answer to what is neither counted nor asked about; `first` gives it its kind."""
        where = ", ".join(dict.fromkeys(str(r.precinct_id) for r in readings if r.precinct_id))
        match first.kind:
            case Kind.VOTERS:
                return self._voters(first)
            case Kind.LINE:
                return self._fill("line", precinct=where, amount=self._amount(first))
            case Kind.HERE | Kind.AWAY:
                return self._fill(first.kind.value, precinct=where)
            case Kind.UNDO:
                return self._fill("undone", precinct=where)
            case Kind.READY:
                watcher = watcher_of(self.message, self.roster)
                posts = ", ".join(watcher.precinct_ids) if watcher else ""
                return self._fill("ready", precinct=posts) if posts else self._fill("ready_anywhere")
            case Kind.HELP if first.detail.get("about"):
                key, fields = inquiry_answer(first, self.message, self.roster, self.replies, self.look_up)
                return self._fill(key, **fields)
            case Kind.RESOLVED:
                return self._fill("resolved", precinct=where or "-")
            case Kind.UNREAD if first.detail.get("denies"):
                return self._fill("deny")
            case Kind.CONFIRM | Kind.DENY:
                return self._fill("confirm" if first.kind is Kind.CONFIRM else "deny")
            case Kind.UNREAD if first.detail.get("stranger"):
                return self._fill("stranger")
            case Kind.UNREAD if first.detail.get("photos"):
                return self._fill("photo")
            case Kind.HELP | Kind.START | Kind.UNREAD:
                return self._fill(first.kind.value)
            case _:
                return ""

    def _fill(self, key: str, /, **fields: object) -> str:
        return _fill(self.replies[key], {name: str(value) for name, value in fields.items()})

    def _what(self, readings: list[Reading]) -> str:
        said: list[str] = []
        for reading in readings:
            if reading.votes is not None:
                bare = f"{reading.votes}{_time(reading)}"
                said.append(_count_at(reading, self.replies) if reading.precinct_id else bare)
            elif reading.kind == Kind.LINE:
                said.append(f"LINE {self._amount(reading)}")
            elif reading.kind == Kind.VOTERS:
                said.append("V " + _rolls(reading.roll_numbers))
            elif reading.kind == Kind.INCIDENT:
                said.append(f"! {reading.text}")
        return ", ".join(said)

    def _amount(self, reading: Reading) -> str:
        said: list[str] = []
        if reading.minutes is not None:
            said.append(self.replies["minutes"].format(minutes=reading.minutes))
        if reading.people is not None:
            said.append(self.replies["people"].format(people=reading.people))
        return ", ".join(said)

    def _counted(self, counted: list[Reading], readings: list[Reading]) -> str:
        what = self._what(counted + [reading for reading in readings if reading not in counted])
        first = counted[0]
        if first.kind == Kind.FIX:
            return self._fill("fixed", what=what)
        if first.kind == Kind.FINAL:
            return self._fill("final", what=what)
        if len(counted) == 1:
            return self._fill("counted_one", what=what, votes=first.votes)
        return self._fill("counted", what=what)

    def _doubted(self, reading: Reading) -> str | None:
        precinct = self.roster.place(reading.precinct_id)
        if reading.held and precinct:
            registered = precinct.registered
            return self._fill(
                "held", votes=reading.votes, precinct=precinct.precinct_id, registered=registered
            )
        if (most := refused_above(reading, self.roster)) is not None:
            return self._fill("refused_roll", votes=reading.votes, precinct=reading.precinct_id, most=most)
        doubt = doubt_about(reading, self.hints)
        if doubt and self.hints and reading.precinct_id:
            last = self.hints[reading.precinct_id][0]
            return self._fill(doubt, votes=reading.votes, precinct=reading.precinct_id, last=last)
        return None

    def _incident(self, incident: Reading, readings: list[Reading]) -> str:
        others = [reading for reading in readings if reading.kind != Kind.INCIDENT]
        where = ", ".join(
            dict.fromkeys(str(r.precinct_id) for r in readings if r.kind == Kind.INCIDENT and r.precinct_id)
        )
        words = incident.text or ""
        if others:
            words = f"{words} + {self._what(others)}"
        number = incident.detail.get("incident", self.message.journal_seq)
        return self._fill("incident", incident=number, precinct=where or "-", text=words)

    def _voters(self, reading: Reading) -> str:
        texts, back = reading.detail.get("roll_texts", ()), reading.detail.get("unstruck", ())
        number = len(reading.roll_numbers) + len(texts)
        if back:
            taken = ", ".join(map(str, back))
            return self._fill("unstruck", precinct=reading.precinct_id, number=number, rolls=taken)
        rolls = ", ".join([*filter(None, [_rolls(reading.roll_numbers)]), *texts])
        if self.look_up and reading.precinct_id:
            wrong = self.look_up(reading.precinct_id).not_on_roll(reading.roll_numbers)
            if (
                wrong
            ):  # kept all the same: our roll may be older than theirs, and a number on no roll strikes nobody
                rest = number - len(wrong)
                said = _rolls(tuple(wrong))
                return self._fill("not_on_roll", rolls=said, precinct=reading.precinct_id, number=rest)
        return self._fill("voters", number=number, precinct=reading.precinct_id, rolls=rolls)

    def _unknown(self, readings: list[Reading]) -> str:
        what = self._what(readings)
        return self._fill("unknown_sender", what=what) if what else self._fill("unknown_plain")

    def _question(self, reading: Reading) -> str:
        asked = self.replies.get(f"question.{reading.question}", self.replies["unread"])
        if reading.guess and reading.question not in _ANSWERED_BY_WORDS:
            answer = f"{asked} {self.replies['guess'].format(guess=reading.guess)}"
            if fits(plain(answer)):
                return answer
        return asked


def _clock(at: datetime) -> str:
    return f"{at:%H:%M:%S}" if at.second else f"{at:%H:%M}"


def _rolls(numbers: tuple[int, ...]) -> str:
    """Roll numbers with runs drawn together: 17, 23, 45-48."""
    runs: list[list[int]] = []
    for number in numbers:
        if runs and number == runs[-1][-1] + 1:
            runs[-1].append(number)
        else:
            runs.append([number])
    return ", ".join(str(run[0]) if len(run) == 1 else f"{run[0]}-{run[-1]}" for run in runs)
