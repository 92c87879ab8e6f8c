"""From a precinct's entries to its view: corrections, withdrawals, decisions, ties. Pure.

The order in which entries arrived is not known here: senders' counts are taken in the order sent, everything
else by `Entry.sort_key`.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from operator import attrgetter
from typing import Any

from election.domain.checkin import COUNTED, Kind
from tally.entries.dialogue import NO_ANSWERS, DialogueAnswers
from tally.entries.entries import (
    FOREVER,
    OPEN,
    DecidedCount,
    Entry,
    OpenIncident,
    PrecinctView,
    Report,
    Verdict,
    incident_number,
)
from tally.entries.strikes import Order, standing_strikes

by_sort_key = attrgetter("sort_key")
_by_sending = attrgetter("sending")
ONCE = 90.0  # seconds within which the same words under another id are a redelivery, not a second wish


@dataclass(frozen=True, slots=True)
class Context:
    """Facts that a precinct's view needs from outside it; each as known at the time asked."""

    decided: Callable[[bytes], Entry | None]  # the last accept or reject of a count
    reread: Callable[[bytes], Entry | None]  # the decision that read an entry's message otherwise
    tie: Callable[[str], Entry | None]  # the last tie of a phone
    home: Callable[[Entry], int | None]  # the only precinct of the watcher a tie names
    incident: Callable[[Entry], OpenIncident | None]  # None: another entry reported it first
    answers: DialogueAnswers = NO_ANSWERS  # of the senders who were asked something here


def resolved(
    position: int, entries: Iterable[Entry], hours: tuple[float, float], context: Context
) -> PrecinctView:
    """View of one precinct's entries, all received by the time asked."""
    struck: list[tuple[Order, Mapping[str, Any]]] = []
    settled: list[DecidedCount] = []
    told: list[Entry] = []
    posts: dict[str, tuple[tuple[float, bytes], bool]] = {}
    line: Entry | None = None
    last_received: float | None = None
    last_count: float | None = None
    by_sender: dict[str, list[Entry]] = {}
    answers = context.answers
    for e in (*entries, *(d for d in answers.derived if d.precinct == position)):
        sender = e.sender
        if e.unknown:
            tie = context.tie(e.sender)
            if tie is None:
                if e.kind in COUNTED and e.votes is not None:
                    settled.append(
                        DecidedCount(_report(e, e.sender), Verdict.QUARANTINED, "from a phone nobody knows")
                    )
                continue
            if e.precinct < 0 and context.home(tie) != position:
                continue
            sender = str(tie.detail.get("watcher_id") or e.sender)
        last_received = e.received if last_received is None else max(last_received, e.received)
        kind = e.kind
        if kind in COUNTED:
            last_count = e.received if last_count is None else max(last_count, e.received)
        if again := context.reread(e.id):
            if kind in COUNTED and e.votes is not None:
                words = f"its message was read again by {again.sender}"
                settled.append(DecidedCount(_report(e, sender), Verdict.SUPERSEDED, words))
            continue
        if kind in COUNTED or kind is Kind.UNDO:
            by_sender.setdefault(sender, []).append(e)
        elif kind is Kind.VOTERS:
            struck.append((e.sort_key, e.detail))
        elif kind is Kind.LINE:
            if line is None or e.sort_key > line.sort_key:
                line = e
        elif kind is Kind.INCIDENT:
            told.append(e)
        elif kind in (Kind.HERE, Kind.AWAY):
            mark = (e.sending, kind is Kind.HERE)
            if sender not in posts or mark > posts[sender]:
                posts[sender] = mark
    incidents = [found for e in told_once(told) if (found := context.incident(e))]
    live: list[Report] = []
    for sender, sent in by_sender.items():
        kept, out = _corrected(sender, sorted(sent, key=_by_sending) if len(sent) > 1 else sent, answers)
        live += kept
        settled += out
    live, out = _decided(live, context.decided)
    settled += out
    live.sort(key=by_sort_key)
    settled.sort(key=lambda s: s.report.sort_key)
    incidents.sort(key=lambda i: i.number)
    detail = line.detail if line is not None else {}
    return PrecinctView(
        position=position,
        live=tuple(live),
        decided=tuple(settled),
        struck_off=standing_strikes(struck),
        line_minutes=detail.get("minutes"),
        line_people=detail.get("people"),
        line_at=line.observed if line is not None else None,
        incidents=tuple(i for i in incidents if i.status in OPEN),
        on_post=sum(here for _, here in posts.values()),
        last_received=last_received,
        last_count_received=last_count,
        opens=hours[0],
        closes=hours[1],
    )


def with_site(view: PrecinctView, site: PrecinctView) -> PrecinctView:
    """A precinct's view with what was counted of its whole polling site.

    Whichever of the two was looked at last speaks for the precinct; the other's counts cannot be compared
    with it one by one (a site's number is shared out by expectation) and are settled.
    """
    heard = [v for v in (view.last_received, site.last_received) if v is not None]
    counted = [v for v in (view.last_count_received, site.last_count_received) if v is not None]
    whole = tuple(replace(r, whole=True) for r in site.live)
    by_site = bool(whole) and (not view.live or whole[-1].sort_key > view.live[-1].sort_key)
    live, other = (whole, view.live) if by_site else (view.live, whole)
    words = f"the {'whole polling site' if by_site else 'precinct itself'} was counted later"
    settled = [*view.decided, *(replace(s, report=replace(s.report, whole=True)) for s in site.decided),
               *(DecidedCount(r, Verdict.SUPERSEDED, words) for r in other)]  # fmt: skip
    settled.sort(key=lambda s: s.report.sort_key)
    return replace(view, live=live, decided=tuple(settled), last_received=max(heard, default=None),
                   last_count_received=max(counted, default=None))  # fmt: skip


def incident_of(
    e: Entry, ids: Sequence[str], resolves: Mapping[int, Sequence[Entry]], as_of: float
) -> OpenIncident:
    """An incident with the status that decisions received by `as_of` gave it."""
    number = incident_number(e.id, e.detail)
    status = "open"
    for decision in sorted(resolves.get(number, ()), key=by_sort_key):
        if decision.received <= as_of:
            status = str(decision.detail.get("status") or "resolved")
    where = ids[e.precinct] if e.precinct >= 0 else None
    return OpenIncident(number, e.id, where, str(e.detail.get("text") or ""), e.observed, status)


def _decided(
    live: list[Report], decided: Callable[[bytes], Entry | None]
) -> tuple[list[Report], list[DecidedCount]]:
    kept: list[Report] = []
    out: list[DecidedCount] = []
    for report in live:
        decision = decided(report.check_in_id)
        if decision is None:
            kept.append(report)
        elif decision.kind is Kind.REJECT:
            out.append(DecidedCount(report, Verdict.REJECTED, f"rejected by {decision.sender}"))
        else:
            kept.append(replace(report, accepted_by_staff=True))
    return kept, out


def _report(e: Entry, sender: str, answers: DialogueAnswers = NO_ANSWERS) -> Report:
    assert e.votes is not None  # callers look first
    confirmed = e.id in answers.confirmed or "answers" in e.detail
    asked = (bool(e.detail.get("held")) or e.id in answers.asked) and not confirmed
    return Report(
        e.id, e.observed, e.received, e.sent, e.votes, sender, e.kind, asked,
        confirmed=confirmed, channel=e.channel,
    )  # fmt: skip


def _corrected(
    sender: str, sent: Sequence[Entry], answers: DialogueAnswers = NO_ANSWERS
) -> tuple[list[Report], list[DecidedCount]]:
    """One sender's counts in the order sent, with FIX and UNDO applied to the latest live one.

    A confirmation (the same number again from a later look) also clears the question on the first. The same
    correction within `ONCE` is a repetition: it acts once.
    """
    live: list[Report] = []
    out: list[DecidedCount] = []
    acted: dict[tuple[Kind, int | None], float] = {}
    for e in sent:
        fixes = e.kind is Kind.FIX and e.id not in answers.counts
        if e.kind is Kind.UNDO or fixes:
            again = (e.kind, e.votes)
            if e.sent - acted.get(again, -FOREVER) <= ONCE:
                if e.votes is not None:
                    report = _report(e, sender)
                    out.append(DecidedCount(report, Verdict.SUPERSEDED, "the same correction, sent twice"))
                continue
            acted[again] = e.sent
        if e.kind is Kind.UNDO:
            if live:
                out.append(DecidedCount(live.pop(), Verdict.WITHDRAWN, "withdrawn by its sender"))
            continue
        if e.votes is None:
            continue
        report = _report(e, sender, answers)
        if e.id in answers.withdrawn:
            out.append(DecidedCount(report, Verdict.WITHDRAWN, answers.withdrawn[e.id]))
            continue
        if fixes:
            observed = e.observed
            if live:
                old = live.pop()
                out.append(DecidedCount(old, Verdict.SUPERSEDED, f"corrected to {e.votes}"))
                if e.observed == e.sent:  # no time of its own
                    observed = old.observed
            live.append(replace(report, observed=observed, asked=False))
            continue
        same = bool(live) and live[-1].votes == report.votes and report.sent - live[-1].sent > ONCE
        if same and (live[-1].asked or report.asked):
            live.append(replace(live.pop(), asked=False))
            report = replace(report, asked=False)
        live.append(report)
    return live, out


def told_once(incidents: Iterable[Entry]) -> list[Entry]:
    """Incidents without those that repeat the same words of the same sender within `ONCE`."""
    kept: list[Entry] = []
    last: dict[tuple[str, int, str], float] = {}
    for e in sorted(incidents, key=_by_sending):
        words = (e.sender, e.precinct, str(e.detail.get("text") or "").casefold())
        if e.sent - last.get(words, -FOREVER) > ONCE:
            kept.append(e)
            last[words] = e.sent
    return kept
