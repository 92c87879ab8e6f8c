"""Dialogues for `beluga read`: turns taken in one after the other, with the tally of those before at hand."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from election.domain.checkin import Channel, CheckIn, Kind, Message
from election.domain.day import Election
from election.domain.ids import message_id
from election.domain.roster import Roster
from intake.reading.reader import check_ins_of, readings_of, watcher_of
from intake.receive.asking import PhoneDialogues, alarm, asked_about, handed_over
from intake.receive.plausibility import LatestStanding, hint_of
from intake.replies.wording import alarm_reply, handed_over_reply, reply_to
from tally.board.board_json import rows_of
from tally.projection.projection import Tally

APART, APART_IN_A_MINUTE = timedelta(seconds=60), timedelta(seconds=20)


class Dialogue:
    """One dialogue with an election of its own: what is answered, and what stands in the tally at the end."""

    def __init__(self, name: str, election: Election, roster: Roster, at: datetime) -> None:
        self._name, self._election, self._roster, self.at = name, election, roster, at
        self._tally = Tally(election)
        self.entries: list[CheckIn] = []
        self._turns = 0
        self._questions = PhoneDialogues()

    def take(self, phone: str, text: str) -> dict[str, Any]:
        """One text: its readings, and the reply."""
        message = self._message("read", f"{self._name}:{self._turns}", Channel.SMS, phone, text)
        self._turns += 1
        readings = readings_of(message, self._roster)
        hints = self._hints(message, readings)
        entries = check_ins_of(message, readings, self._roster)
        draft = asked_about(message, readings, self._roster, hints) if hints else None
        watcher = watcher_of(message, self._roster)
        said, reply = readings, ""
        if watcher:
            turn = self._questions.turn(message, readings)
            said = turn.said
            if turn.part is not None:
                draft = handed_over(message, turn.part, watcher.watcher_id)
                reply = handed_over_reply(watcher, self._roster)
            if turn.alarm:
                draft, reply = alarm(message), alarm_reply(watcher, self._roster)
        if draft:
            asked = self._message(
                draft.provider, draft.provider_message_id, draft.channel, draft.sender, draft.body
            )
            entries += check_ins_of(asked, readings_of(asked, self._roster), self._roster)
        self.take_in(entries)
        return {
            "readings": readings,
            "reply": reply or reply_to(said, message, self._roster, hints),
        }

    def take_in(self, entries: list[CheckIn]) -> None:
        """The tally counts these entries, too."""
        self.entries += entries
        self._tally.add(entries)

    def _message(self, provider: str, key: str, channel: Channel, sender: str, body: str) -> Message:
        return Message(
            message_id=message_id(provider, key), provider=provider, provider_message_id=key, channel=channel,
            sender=sender, body=body, raw=body.encode("utf-8", "replace"), received_at=self.at,
            sent_at=self.at, roster_version=self._roster.version, journal_seq=self._turns + 1,
        )  # fmt: skip

    def _hints(self, message: Message, readings: list[Any]) -> dict[Any, Any]:
        """What intake would know of the places counted, from the tally of the turns so far."""
        if not any(r.votes is not None and r.precinct_id for r in readings):
            return {}
        now = message.sent_at.timestamp()
        rows = {row["precinct_id"]: row for row in rows_of(self._tally.project(now))}
        found = {}
        for reading in readings:
            row, precinct = rows.get(reading.precinct_id), self._roster.place(reading.precinct_id)
            if row is None or precinct is None or reading.votes is None:
                continue
            place = LatestStanding(
                **{name: row[name] for name in LatestStanding.__dataclass_fields__ if name in row}
            )
            opened = precinct.opens_at(self._roster.day).timestamp()
            looked = (reading.observed_at or message.sent_at).timestamp()
            found[reading.precinct_id] = hint_of(place, looked, opened)
        return found

    def outcome(self) -> dict[str, Any]:
        """What stands in the tally after all turns."""
        ledger = self._tally.ledger
        counted, struck = {}, {}
        for position, precinct in enumerate(self._election.precincts):
            view = ledger.view(position)
            if view.live:
                counted[precinct.precinct_id] = view.live[-1].votes
            if view.struck_off:
                struck[precinct.precinct_id] = sorted(view.struck_off, key=lambda n: (isinstance(n, str), n))
        return {
            "counted": counted,
            "struck": struck,
            "away": self._last_said(Kind.AWAY, Kind.HERE, "watcher_id"),
            "incidents": sum(
                i.status not in ("resolved", "closed", "reread") for i in ledger.incidents.known()
            ),
            "stopped": self._last_said(Kind.STOP, Kind.START, "sender"),
        }

    def _last_said(self, kind: Kind, other: Kind, name: str) -> list[str]:
        """Of whom the last of two kinds is the first."""
        last: dict[str, Kind] = {}
        for e in sorted(self.entries, key=lambda e: e.sent_at):
            if e.kind in (kind, other) and getattr(e, name):
                last[str(getattr(e, name))] = e.kind
        return sorted(who for who, said in last.items() if said is kind)


def outcomes(
    rows: Iterator[dict[str, Any]], election: Election, roster: Roster, at: datetime
) -> Iterator[dict[str, Any]]:
    """Each dialogue's turns and what stands at its end."""
    for row in rows:
        yield outcome_of(Dialogue(str(row.get("name", "")), election, roster, at), row)


def outcome_of(dialogue: Dialogue, row: dict[str, Any]) -> dict[str, Any]:
    """One dialogue's turns and what stands at its end."""
    apart = APART_IN_A_MINUTE if row.get("same_minute") else APART
    turns = []
    for phone, text in row["turns"]:
        turns.append(dialogue.take(phone, text))
        dialogue.at += apart
    return {"turns": turns, **dialogue.outcome()}
