"""Preflight checks of who will report, and of what they are answered by."""

from collections.abc import Sequence

from beluga.numbers.accounts import answers_here
from beluga.numbers.provider import HeldNumber, Registration
from beluga.readiness.finding import PreflightFinding, bad, fine
from election.domain.day import Election
from intake.outbound_settings import OurNumber
from intake.outbox.phone_check import Attendance
from intake.replies.send_rate import PRESETS
from tally.projection.watcher_plan import plan_watchers, unwatched

NAMED = 5  # precincts or watchers told by name
LEAST_WATCHED = 0.9  # share of the expected votes whose precincts have somebody
LEAST_PROVEN = 0.9  # share of the watchers whose phone has reached us


def watched(election: Election) -> PreflightFinding:
    """Whether somebody watches, and where one more would tell most: ORCA's volunteers stayed at home."""
    without = [election.precincts[i] for i in unwatched(election)]
    worth = {p.precinct_id: float(p.expected_votes or p.registered or 0) for p in election.precincts}
    total = sum(worth.values()) or 1.0
    share = 1.0 - sum(worth[p.precinct_id] for p in without) / total
    if not without:
        return fine("watchers", f"all {len(election.precincts)} precincts have a watcher")
    first = [p for visit in plan_watchers(election, NAMED).visits for p in visit.precinct_ids][:NAMED]
    names = ", ".join(f"{p} ({worth[p]:,.0f} votes)" for p in first)
    said = f"{len(without)} of {len(election.precincts)} precincts have no watcher; most telling: {names}"
    if share < LEAST_WATCHED:
        return bad("watchers", f"{said}; {share:.0%} of the expected votes are watched",
                   "beluga watchers plan; add lines to watchers.csv; beluga import")  # fmt: skip
    return fine("watchers", said)


def phones(people: Sequence[Attendance]) -> PreflightFinding:
    """Whether the watchers' phones have been shown to reach us."""
    if not people:
        return bad("phones", "there are no watchers", "fill watchers.csv; beluga import")
    proven = sum(a.proven_at is not None for a in people)
    wrong = [a.watcher.watcher_id for a in people if a.wrong_number][:NAMED]
    said = f"{proven} of {len(people)} watchers' phones have reached us"
    if wrong:
        said += f"; wrong numbers: {', '.join(wrong)}"
    if proven < LEAST_PROVEN * len(people):
        return bad("phones", said, "beluga rollcall invite; then beluga rollcall status, and call the rest")
    return fine("phones", said)


def numbers(ours: Sequence[OurNumber], texts_a_minute: float) -> PreflightFinding:
    """Whether we can answer and remind at all, by a second way too, and how long the peak's texts take."""
    if not ours:
        return bad("numbers", "there is no number to send from: nobody is answered or reminded",
                   "set BELUGA_OUTBOUND_NUMBERS (docs/providers.md)")  # fmt: skip
    rate = ours[0].rate or PRESETS[ours[0].preset][0]
    said = f"{len(ours)} numbers, the first {ours[0].preset} at {rate:g} segments/s"
    if len({number.provider for number in ours}) < 2:
        return bad("numbers", f"{said}; all are {ours[0].provider}'s: nobody is answered while it is away",
                   "add one of a second provider to BELUGA_OUTBOUND_NUMBERS (docs/providers.md)")  # fmt: skip
    late = texts_a_minute / (60 * rate)
    if late > 5:
        return bad("numbers", f"{said}; a minute of the peak needs {late:.0f} minutes to be answered",
                   "take a toll-free number or a short code as the first one")  # fmt: skip
    return fine("numbers", said)


def registered(
    ours: Sequence[OurNumber], known: Sequence[tuple[str, HeldNumber, Registration]], public_url: str
) -> PreflightFinding:
    """Whether the numbers we send from are held, answer here, and are let through by carriers.

    `known`: what the accounts hold (`beluga.numbers.accounts.listed`).
    """
    wrong = []
    for each in ours:
        found = [(p, n, r) for p, n, r in known if (p, n.number) == (each.provider, each.number)]
        if not found:
            wrong.append(f"{each.number} is not held at {each.provider}")
        for provider, number, registration in found:
            if not answers_here(provider, number, public_url):
                wrong.append(f"texts to {each.number} go to {number.answers_at or 'nowhere'}")
            if registration.state != "ready":
                wrong.append(f"{each.number}: {registration.said}")
    if wrong:
        return bad("registration", "; ".join(wrong), "beluga numbers list; beluga numbers point")
    return fine("registration", f"{len(ours)} numbers answer here, and carriers know them")
