"""Reminding silent precincts in three steps: the watcher, their backup phone, their coordinator.

Theory of operation. The plan is a pure function of what the tally says of a precinct, of the texts already
made for this silence, and of the time. A *silence* is named by the last word before it; any word from the
precinct begins another one, so the steps of the old one end by themselves, and those still waiting are
cancelled. Nobody is reminded on the strength of an old feed: then the silence may be ours (law L5).
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import asyncpg
import structlog

from election.domain.day import Precinct, Watcher
from election.domain.phones import normal_phone
from election.domain.roster import Roster
from election.postgres.leadership import Term
from election.runtime.clock import Clock
from intake.outbox import store
from intake.receive.plausibility import IntakeView, LatestStanding
from intake.replies.purposes import Purpose, QuietHours, Text, keyed, mark_of, window, worded
from intake.roster.snapshot import Rosters

FEED_SECONDS = 15.0  # real; with an older word nobody is reminded
BEHIND_SECONDS = 30.0  # the tally lacks what was stored since: reports may lie in a journal
FIRST_AFTER_OPENING = timedelta(minutes=45)  # the first counts come with the first quiet moment
STEPS = ("watcher", "backup", "coordinator")

_MADE = """
select key, precinct_id, made_at, state, watcher_id from outbox
where purpose = 'reminder' and rehearsal = $1 and made_at > $2 order by made_at, key
"""
_CANCEL = """
update outbox set state = 'cancelled', settled_at = $2, reason = 'answered'
where key = any($1::text[]) and state = 'waiting'
"""

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class OutboxReminder:
    """A reminder in the outbox. `silence` names what it reminded of, `step` counts from 1."""

    key: str
    precinct_id: str
    silence: int
    step: int
    at: datetime
    state: str
    watcher_id: str | None = None


@dataclass(frozen=True, slots=True)
class Nudge:
    """What to do next: text `phone` in the words of `template`."""

    step: int
    phone: str
    template: str
    to: Watcher | None


def silence_of(place: LatestStanding, precinct: Precinct, roster: Roster) -> int:
    """The last word before this silence (epoch seconds); the opening where there was none."""
    return place.last_received_at or int(precinct.opens_at(roster.day).timestamp())


def next_nudges(  # noqa: PLR0917
    precinct: Precinct,
    watchers: Sequence[Watcher],
    steps_at: dict[int, datetime],
    now: datetime,
    interval: timedelta,
    region: str,
) -> list[Nudge]:
    """The texts of the next step that is due; `steps_at`: when each earlier step of this silence was made.

    A step that reaches nobody (no backup phone) is passed over at once.
    """
    if steps_at and now < max(steps_at.values()) + interval:
        return []
    for step in range(max(steps_at, default=0) + 1, len(STEPS) + 1):
        found = _nudges(step, watchers, region)
        if found:
            return found
    return []


def next_step(  # noqa: PLR0917
    precinct: Precinct,
    watchers: Sequence[Watcher],
    steps_at: dict[int, datetime],
    opens: datetime,
    interval: timedelta,
    region: str,
) -> tuple[int, datetime] | None:
    """The step that follows by itself, and from when; None where nobody is left to be texted."""
    last = max(steps_at, default=0)
    due = max(steps_at.values()) + interval if steps_at else opens + FIRST_AFTER_OPENING
    found = next_nudges(precinct, watchers, steps_at, due, interval, region) if interval else []
    return (found[0].step, due) if found and found[0].step > last else None


def _nudges(step: int, watchers: Sequence[Watcher], region: str) -> list[Nudge]:
    if step == 1:
        return [Nudge(1, w.phone, "reminder", w) for w in watchers]
    if step == 2:
        return [Nudge(2, w.backup_phone, "reminder_backup", w) for w in watchers if w.backup_phone]
    phones = (normal_phone(w.coordinator, region) for w in watchers if w.coordinator)
    return [
        Nudge(3, phone, "reminder_coordinator", None)
        for phone in dict.fromkeys(phones)
        if phone.startswith("+")
    ]


def parsed(rows: Iterable[asyncpg.Record]) -> list[OutboxReminder]:
    """Reminders by what their keys say."""
    found = []
    for row in rows:
        parts = row["key"].removeprefix("rehearsal:").split(":")
        if parts[0] == "reminder" and len(parts) >= 4 and parts[-3].isdigit() and parts[-2].isdigit():
            found.append(
                OutboxReminder(
                    row["key"], row["precinct_id"], int(parts[-3]), int(parts[-2]), row["made_at"],
                    row["state"], row["watcher_id"],
                )
            )  # fmt: skip
    return found


async def made_since(
    connection: asyncpg.Connection, since: datetime, *, rehearsal: bool
) -> list[OutboxReminder]:
    """The reminders made since then, in order."""
    return parsed(await connection.fetch(_MADE, rehearsal, since))


class Reminders:
    """A chore of the outbox's leader."""

    def __init__(
        self,
        feed: IntakeView,
        rosters: Rosters,
        clock: Clock,
        *,
        interval: timedelta,
        quiet: QuietHours,
        region: str = "US",
        rehearsal: bool = False,
    ) -> None:
        self._feed = feed
        self._rosters = rosters
        self._clock = clock
        self._interval = interval
        self._quiet = quiet
        self._region = region
        self._rehearsal = rehearsal

    async def __call__(self, connection: asyncpg.Connection, term: Term) -> None:
        """One round: cancels what was answered, and makes what is due."""
        roster, feed, now = self._rosters.current, self._feed, self._clock.now()
        if not self._interval or roster is None or not feed.fresh(FEED_SECONDS, behind=BEHIND_SECONDS):
            return
        if feed.rehearsal not in (None, self._rehearsal):
            return
        made = await made_since(connection, now - timedelta(days=1), rehearsal=self._rehearsal)
        texts, answered = self.plan(roster, made, now)
        if texts or answered:
            async with connection.transaction():
                await term.fence(connection)
                await connection.execute(_CANCEL, answered, now)
                new = await store.enqueue(connection, texts)
            log.info("reminders_made", made=len(new), answered=len(answered))

    def plan(
        self, roster: Roster, made: Sequence[OutboxReminder], now: datetime
    ) -> tuple[list[Text], list[str]]:
        """(texts to make, keys of waiting ones to cancel)."""
        places = self._feed.standings
        steps: dict[tuple[str, int], dict[int, datetime]] = defaultdict(dict)
        answered = []
        for one in made:
            steps[one.precinct_id, one.silence][one.step] = one.at
            place, precinct = places.get(one.precinct_id), roster.precincts.get(one.precinct_id)
            going_on = (
                place is not None
                and precinct is not None
                and place.silent
                and silence_of(place, precinct, roster) == one.silence
            )
            if one.state == "waiting" and not going_on:
                answered.append(one.key)
        silent = {p for p, place in places.items() if place.silent and p in roster.precincts}
        watchers: dict[str, list[Watcher]] = defaultdict(list)
        for watcher in roster.watchers.values() if silent else ():
            for precinct_id in watcher.precinct_ids:
                if precinct_id in silent:
                    watchers[precinct_id].append(watcher)
        texts = []
        for where in sorted(watchers):
            precinct, place = roster.precincts[where], places[where]
            opens, closes = precinct.opens_at(roster.day), precinct.closes_at(roster.day)
            if not opens + FIRST_AFTER_OPENING <= now < closes:
                continue
            silence = silence_of(place, precinct, roster)
            known = steps[where, silence]
            for nudge in next_nudges(precinct, watchers[where], known, now, self._interval, self._region):
                texts.append(self._text(nudge, precinct, watchers[where], silence, roster, now))
        return texts, answered

    def _text(  # noqa: PLR0917
        self, nudge: Nudge, precinct: Precinct, watchers: Sequence[Watcher], silence: int, roster: Roster,
        now: datetime,
    ) -> Text:  # fmt: skip
        zone = precinct.zone(roster.day)
        since = datetime.fromtimestamp(silence, UTC).astimezone(zone)
        body = worded(
            nudge.template, nudge.to, roster, rehearsal=self._rehearsal, precinct=precinct.precinct_id,
            since=f"{since:%H:%M}", watcher=", ".join(w.name for w in watchers),
        )  # fmt: skip
        key = keyed(
            "reminder",
            precinct.precinct_id,
            silence,
            nudge.step,
            mark_of(nudge.phone),
            rehearsal=self._rehearsal,
        )
        return Text(
            key, Purpose.REMINDER, nudge.phone, body, now, window(Purpose.REMINDER, now, zone, self._quiet),
            nudge.to.watcher_id if nudge.to else None, precinct.precinct_id, self._rehearsal,
        )  # fmt: skip
