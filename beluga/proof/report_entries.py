"""Rows of a report file as entries of the log. Pure."""

from typing import TYPE_CHECKING

from election.domain.checkin import Channel, CheckIn, Kind
from election.domain.ids import check_in_id, message_id

if TYPE_CHECKING:
    from election.domain.day import Precinct
    from election.folder.reports import ReportRow


def check_in_of(report: "ReportRow", precinct: "Precinct") -> CheckIn:
    """A row of a report file as the entry that its text would be. Equal rows are one entry (law L3)."""
    words = (
        report.precinct_id, report.observed_at.isoformat(), report.received_at.isoformat(), str(report.votes),
        report.kind.value, report.source, report.note,
    )  # fmt: skip
    held = precinct.why_held(report.votes) if report.kind is not Kind.FIX else None
    key = message_id("csv", "\0".join(words))  # all but the line number
    return CheckIn(
        check_in_id=check_in_id(key, 0),
        message_id=key,
        part=0,
        kind=report.kind,
        channel=Channel.CSV,
        precinct_id=report.precinct_id,
        watcher_id=None,
        sender=report.source or "csv",
        observed_at=report.observed_at,
        sent_at=report.received_at,
        received_at=report.received_at,
        votes=report.votes,
        detail={"held": held} if held else {},
    )
