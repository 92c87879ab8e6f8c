"""Three steps to a silent precinct, each in its time, and none after a word."""

import random
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta

import asyncpg
import orjson

from election.domain.day import Watcher
from election.domain.roster import Roster
from election.postgres.database import connect
from election.postgres.leadership import Candidate
from election.runtime.clock import FixedClock
from election.wire.desks import CATEGORIES, OTHER
from intake.outbox.reminders import OutboxReminder, Reminders, next_nudges, next_step, parsed
from intake.reading.incidents import category_of, threads
from intake.receive.plausibility import intake_view
from intake.replies.purposes import QuietHours, Text
from intake.roster.snapshot import Rosters
from tests.intake.sample import sample_roster

NOW = datetime(2026, 11, 3, 17, 0, tzinfo=UTC)  # noon in New York
INTERVAL = timedelta(minutes=20)
QUIET = QuietHours(time(21), time(8))


def a_roster(backup: str | None = "+12675550101", coordinator: str | None = "+12675550200") -> Roster:
    roster = sample_roster()
    watchers = {
        k: replace(w, backup_phone=backup, coordinator=coordinator) if k == "w1" else w
        for k, w in roster.watchers.items()
    }
    return replace(roster, watchers=watchers)


def reminders(tmp_path, roster: Roster, last_word: int | None, state: str = "silent", **more) -> Reminders:
    feed = intake_view(lambda: 0.0)
    row = {"precinct_id": "31-07", "state": state, "last_votes": 5, "last_observed_at": last_word,
           "last_received_at": last_word, "expected_now": 9.0, "held": 0, "reason": ""}  # fmt: skip
    columns = {k: [v] for k, v in row.items()}
    feed.apply(orjson.dumps({"type": "snapshot", "seq": 1, "standings": columns, "precincts": {}}))
    rosters = Rosters(tmp_path)
    rosters.current = roster
    return Reminders(feed, rosters, FixedClock(NOW), interval=INTERVAL, quiet=QUIET, **more)


def made_of(texts: list[Text], state: str = "sent") -> list[OutboxReminder]:
    rows = [
        {"key": t.key, "precinct_id": t.precinct_id, "made_at": t.made_at, "state": state,
         "watcher_id": t.watcher_id}
        for t in texts
    ]  # fmt: skip
    return parsed(rows)  # type: ignore[arg-type]


def test_watcher_then_backup_then_coordinator_then_nobody(tmp_path) -> None:
    roster, last = a_roster(), int(NOW.timestamp()) - 7200
    work = reminders(tmp_path, roster, last)
    made: list[OutboxReminder] = []
    phones = []
    for minutes in (0, 10, 20, 30, 40, 60, 120):
        texts, answered = work.plan(roster, made, NOW + timedelta(minutes=minutes))
        made += made_of(texts)
        phones += [(minutes, t.phone) for t in texts]
        assert not answered
    assert phones == [(0, "+12675550001"), (20, "+12675550101"), (40, "+12675550200")]


def test_a_step_that_reaches_nobody_is_passed_over() -> None:
    roster = a_roster(backup=None)
    found = next_nudges(
        roster.precincts["31-07"], [roster.watchers["w1"]], {1: NOW}, NOW + INTERVAL, INTERVAL, "US"
    )
    assert [(n.step, n.phone) for n in found] == [(3, "+12675550200")]
    named = a_roster(backup=None, coordinator="Ms Lee at the office")
    assert not next_nudges(
        named.precincts["31-07"], [named.watchers["w1"]], {1: NOW}, NOW + INTERVAL, INTERVAL, "US"
    ), "a coordinator without a phone is called by hand"


def test_the_step_that_follows_is_told_with_its_time_and_none_where_nobody_is_left() -> None:
    roster = a_roster(backup=None)
    precinct, watchers = roster.precincts["31-07"], [roster.watchers["w1"]]
    opens = precinct.opens_at(roster.day)

    def after(steps: dict[int, datetime], people: list[Watcher] = watchers) -> tuple[int, datetime] | None:
        return next_step(precinct, people, steps, opens, INTERVAL, "US")

    assert after({}) == (1, opens + timedelta(minutes=45))
    assert after({1: NOW}) == (3, NOW + INTERVAL)  # no backup phone: the coordinator is next
    assert after({1: NOW, 3: NOW + INTERVAL}) is None
    assert after({}, []) is None
    assert next_step(precinct, watchers, {}, opens, timedelta(0), "US") is None  # reminders are off


def test_any_word_ends_the_steps_and_takes_back_what_waits(tmp_path) -> None:
    roster, last = a_roster(), int(NOW.timestamp()) - 7200
    texts, _ = reminders(tmp_path, roster, last).plan(roster, [], NOW)
    waiting = made_of(texts, "waiting")
    later = NOW + timedelta(minutes=5)
    spoke = reminders(tmp_path, roster, int(later.timestamp()), state="on_pace")
    assert spoke.plan(roster, waiting, later) == ([], [waiting[0].key])
    # Silent again after that word: another silence, and step one again.
    again = reminders(tmp_path, roster, int(later.timestamp()))
    texts, answered = again.plan(roster, waiting, later + timedelta(hours=1))
    assert [t.phone for t in texts] == ["+12675550001"]
    assert answered == [waiting[0].key]


def test_nobody_is_reminded_before_the_first_hour_or_after_close(tmp_path) -> None:
    roster = a_roster()
    work = reminders(tmp_path, roster, None)
    opens = roster.precincts["31-07"].opens_at(roster.day)
    closes = roster.precincts["31-07"].closes_at(roster.day)
    assert work.plan(roster, [], opens + timedelta(minutes=10))[0] == []
    assert work.plan(roster, [], opens + timedelta(hours=3))[0]
    assert work.plan(roster, [], closes)[0] == []


def test_a_rehearsals_reminder_is_labelled_and_has_a_key_of_its_own(tmp_path) -> None:
    roster, last = a_roster(), int(NOW.timestamp()) - 7200
    (drill,) = reminders(tmp_path, roster, last, rehearsal=True).plan(roster, [], NOW)[0]
    (day,) = reminders(tmp_path, roster, last).plan(roster, [], NOW)[0]
    assert drill.key != day.key
    assert drill.body.startswith("REHEARSAL")
    assert drill.rehearsal


def test_incidents_are_sorted_by_words_of_every_language() -> None:
    said = {
        "machine 2 is down": "machine",
        "el escáner no funciona": "machine",
        "机器坏了": "machine",
        "máy quét bị hỏng": "machine",
        "we ran out of paper ballots": "ballots",
        "faltan boletas": "ballots",
        "Voter turned away, machine was fine": "voter_turned_away",
        "a man with a gun near the scanner": "safety",
        "doors locked, no key": "late_opening",
        "chưa mở cửa": "late_opening",
        "long line around the block": "line",
        "somebody lost a glove": OTHER,
        "": OTHER,
    }
    assert {text: category_of(text) for text in said} == said
    assert set(said.values()) == {*CATEGORIES}


def test_threads_do_not_depend_on_order() -> None:
    from election.domain.checkin import Channel, CheckIn, Kind
    from election.domain.ids import check_in_id, message_id

    def entry(n: int, kind: Kind, minute: int, **detail) -> CheckIn:
        its_id, at = message_id("t", str(n)), NOW + timedelta(minutes=minute)
        return CheckIn(
            check_in_id(its_id, 0),
            its_id,
            0,
            kind,
            Channel.SMS,
            "31-07",
            "w1",
            "+1",
            at,
            at,
            at,
            detail=detail,
        )

    entries = [
        entry(1, Kind.INCIDENT, 0, incident=1, text="machine down"),
        entry(2, Kind.INCIDENT, 20, incident=2, text="still"),
        entry(3, Kind.INCIDENT, 45, incident=3, text="technician came"),
        entry(4, Kind.RESOLVE, 50, incident=1, status="resolved"),
        entry(5, Kind.INCIDENT, 55, incident=5, text="down again"),
        entry(6, Kind.INCIDENT, 200, incident=6, text="fight"),
    ]
    expected = [(1, 2, "resolved"), (5, 0, "open"), (6, 0, "open")]
    for seed in range(20):
        random.Random(seed).shuffle(entries)
        found = [(t.number, len(t.followed_by), t.status) for t in threads(entries, timedelta(minutes=30))]
        assert found == expected


def test_a_senders_word_that_it_is_fixed_ends_what_the_tally_ends_by_it() -> None:
    from election.domain.checkin import Channel, CheckIn, Kind
    from election.domain.ids import check_in_id, message_id

    def entry(n: int, kind: Kind, minute: int, sender: str = "+1", **detail) -> CheckIn:
        its_id, at = message_id("t", str(n)), NOW + timedelta(minutes=minute)
        return CheckIn(
            check_in_id(its_id, 0), its_id, 0, kind, Channel.SMS, "31-07", None, sender, at, at, at,
            detail=detail,
        )  # fmt: skip

    log = [
        entry(1, Kind.INCIDENT, 0, incident=1, text="machine down", matter="machine"),
        entry(2, Kind.INCIDENT, 100, incident=2, text="a gun", matter=None),
        entry(3, Kind.INCIDENT, 200, incident=3, text="no paper", matter="ballots"),
        entry(4, Kind.RESOLVED, 300, text="printer fixed", matter="machine"),
        entry(5, Kind.RESOLVED, 310, sender="+2", text="paper came", matter="ballots"),
    ]
    window = timedelta(minutes=30)
    assert [t.status for t in threads(log, window)] == ["resolved", "open", "open"]
    again = entry(6, Kind.INCIDENT, 320, incident=6, text="down again", matter="machine")
    staff = entry(7, Kind.RESOLVE, 10, incident=1, status="acknowledged")
    assert [t.status for t in threads([again, *log], window)] == ["resolved", "open", "open", "open"]
    assert [t.status for t in threads([staff, *log], window)] == ["acknowledged", "open", "open"]
    elsewhere = replace(entry(9, Kind.INCIDENT, 0, incident=1, text="machine down"), precinct_id="31-08")
    assert [t.number for t in threads([elsewhere, *log], window)] == [1, 2, 3]  # one text about two places
    unsaid = entry(8, Kind.RESOLVED, 330, text="all good now", matter="any")
    assert [t.status for t in threads([*log, unsaid], window)] == ["resolved", "open", "resolved"]


async def test_nobody_is_reminded_by_a_tally_that_is_far_behind_its_database(
    tmp_path, database_url: str
) -> None:
    work = reminders(tmp_path, a_roster(), int(NOW.timestamp()) - 7200)
    candidate = Candidate(database_url, "outbox")
    term = await candidate.step()
    assert term
    connection: asyncpg.Connection = await connect(database_url)
    made = "select count(*) from outbox"
    assert work._feed.apply(orjson.dumps({"type": "beat", "seq": 1, "stored_behind": 600.0}))
    await work(connection, term)
    assert await connection.fetchval(made) == 0
    assert work._feed.apply(orjson.dumps({"type": "beat", "seq": 1, "stored_behind": 0.2}))
    await work(connection, term)
    assert await connection.fetchval(made) == 1
    connection.terminate()
    await candidate.resign()
