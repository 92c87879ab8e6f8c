"""Reading stored messages again: what reads differently with the present grammar, roster and ties. Pure."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from election.domain.checkin import Channel, CheckIn, Kind, Message
from election.domain.ids import MessageId
from election.domain.roster import Roster
from intake.reading.corrections import REVERSIBLE, Rereading, rereading_of
from intake.reading.reader import check_ins_of, readings_of

# What the sender's identity decides, and what a message of another time cannot tell.
_PASSING = ("incident", "reread")


@dataclass(frozen=True, slots=True)
class Difference:
    """A message whose standing entries are not what it reads as now."""

    message: Message
    standing: tuple[CheckIn, ...]
    now: tuple[CheckIn, ...]

    @property
    def reversible(self) -> bool:
        """Whether a decision can put it right: FIX, UNDO and strike-offs cannot be taken back."""
        return all(entry.kind in REVERSIBLE for entry in self.standing)

    def decision(self, why: str) -> Rereading:
        return rereading_of(self.message, list(self.standing), list(self.now), why)


def with_ties(roster: Roster, entries: Iterable[CheckIn]) -> Roster:
    """The roster with the phones that staff tied to watchers; a phone on the roster stays whose it is."""
    ties: dict[str, str] = {}
    for entry in sorted((e for e in entries if e.kind is Kind.TIE), key=lambda e: e.sort_key):
        ties[str(entry.detail.get("phone", ""))] = str(entry.detail.get("watcher_id", ""))
    tied = {phone: roster.watchers[whose] for phone, whose in ties.items() if whose in roster.watchers}
    return replace(roster, by_phone=tied | roster.by_phone)


def standing_entries(entries: Iterable[CheckIn]) -> dict[MessageId, list[CheckIn]]:
    """What stands of each message: its first reading, or the newest correction of it."""
    original: dict[MessageId, list[CheckIn]] = defaultdict(list)
    corrected: dict[str, list[CheckIn]] = defaultdict(list)
    gone: set[str] = set()
    for entry in entries:
        if entry.kind is Kind.REREAD:
            gone |= {str(i) for i in entry.detail.get("supersedes", ())}
        elif "reread" in entry.detail and entry.channel is not Channel.STAFF:
            corrected[str(entry.detail["reread"])].append(entry)
        elif entry.channel is not Channel.STAFF:
            original[entry.message_id].append(entry)
    found = {}
    for message_id, first in original.items():
        found[message_id] = sorted(
            (e for e in (*first, *corrected.get(str(message_id), ())) if str(e.check_in_id) not in gone),
            key=lambda e: (e.message_id.bytes, e.part),
        )
    return found


def difference(message: Message, standing: list[CheckIn], roster: Roster) -> Difference | None:
    """How the message reads now, where that is not what stands; None where it is, or nobody can read it."""
    if message.channel is Channel.STAFF:
        return None
    now = check_ins_of(message, readings_of(message, roster), roster)
    if [_meaning(e) for e in now] == [_meaning(e) for e in standing]:
        return None
    if all(e.kind is Kind.UNREAD for e in now) and not standing:
        return None
    return Difference(message, tuple(standing), tuple(now))


def read_as(message: Message, words: str, standing: list[CheckIn], roster: Roster) -> Difference:
    """The message as if its sender had texted `words`, sent at the same time."""
    said = message._replace(body=words, channel=Channel.SMS)
    if message.sender.startswith("form:"):
        watcher = roster.watchers.get(message.sender.removeprefix("form:"))
        roster = replace(roster, by_phone=roster.by_phone | ({message.sender: watcher} if watcher else {}))
    now = check_ins_of(said, readings_of(said, roster), roster)
    return Difference(message, tuple(standing), tuple(replace(e, channel=message.channel) for e in now))


def _meaning(entry: CheckIn) -> tuple[Any, ...]:
    detail: Mapping[str, Any] = {k: v for k, v in entry.detail.items() if k not in _PASSING}
    return (entry.kind, entry.precinct_id, entry.watcher_id, entry.votes, entry.observed_at, detail)
