"""A small made-up election for the grammar's tests, and one message at a time."""

from datetime import UTC, date, datetime, time

from election.domain.checkin import Channel, Message
from election.domain.day import Election, ElectionDay, Precinct, Watcher
from election.domain.ids import PrecinctId, WatcherId, message_id
from election.domain.roster import Roster, roster_of

SENT = datetime(2026, 11, 3, 15, 20, tzinfo=UTC)  # 10:20 in New York
ONE, ES, TWO, ZH, VI, NOBODY = (f"+1267555{n:04}" for n in (1, 2, 3, 4, 5, 99))


def _precinct(precinct_id: str, name: str, registered: int, site: str, *aliases: str) -> Precinct:
    return Precinct(PrecinctId(precinct_id), name, registered, site_id=site, aliases=aliases)


def _watcher(number: int, phone: str, language: str, *precincts: str) -> Watcher:
    ids = tuple(map(PrecinctId, precincts))
    return Watcher(WatcherId(f"w{number}"), "Maria Lopez", phone, language, ids)


def sample_roster() -> Roster:
    day = ElectionDay(
        "Test", date(2026, 11, 3), "America/New_York", time(7), time(20), ("en", "es", "zh", "vi")
    )
    precincts = (
        _precinct("31-07", "Jefferson School", 1500, "A"),
        _precinct("31-08", "Jefferson School annex", 1300, "A"),
        _precinct("31-09", "Engine House 4", 1800, "S-44", "engine"),
        _precinct("31-10", "Engine House 4 rear", 900, "S-44"),
        _precinct("5-12", "Harbor Hall", 1200, "C"),
        _precinct("5-13", "Shared Church", 1400, "Trinity Hall"),
        _precinct("5-14", "Shared Church", 1400, "Trinity Hall"),
        _precinct("AB-0007", "ŞCOALA „Vasile Goldiş”", 1000, "E"),
        _precinct("17", "Number House", 800, "F"),
    )
    watchers = (
        _watcher(1, ONE, "en", "31-07"),
        _watcher(2, ES, "es", "31-08"),
        _watcher(3, TWO, "en", "31-09", "31-10"),
        _watcher(4, ZH, "zh", "5-12"),
        _watcher(5, VI, "vi", "5-13"),
    )
    return roster_of(Election(day, precincts, watchers=watchers))


def sms(text: str, sender: str = ONE, sent_at: datetime = SENT, channel: Channel = Channel.SMS) -> Message:
    return Message(
        message_id=message_id("test", text),
        provider="test",
        provider_message_id=text,
        channel=channel,
        sender=sender,
        body=text,
        raw=text.encode("utf-8", "replace"),
        received_at=sent_at,
        sent_at=sent_at,
        roster_version="",
        journal_seq=41,
    )
