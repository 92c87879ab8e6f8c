"""What deserves an alert, and why. Pure: what the feed said in, conditions out.

A condition holds or it does not; its key names it. One that holds and has no open alert raises one; one that
has held no more for a while clears it. So an alert is raised once however often a state flaps, whoever looks,
and after a restart it is not sent again.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from dashboard.languages import filled

Row = Mapping[str, Any]

CALM = timedelta(minutes=10)  # stack time a condition must be gone before its alert is over
LONG_LINE_MINUTES = 60
LONG_LINE_PEOPLE = 150
QUIET_PART = 0.5  # of a county's precincts that had counted, silent now: a network, not turnout
QUIET_LEAST = 5  # such precincts; fewer are single watchers
OPEN = frozenset({"open", "acknowledged", "assigned"})

# What alerts say, in English as they are kept; who looks is told in their own language
# (`dashboard.languages.other_services`).
LAGGING = "{missing} votes behind its peers, {sure} % sure"
DOUBTFUL = "reports disagree or wait for a decision"
LONG_LINE, FULL_LINE = "a line of {minutes} min", "{people} people in line"
QUIET = "{gone} of {counted} precincts that had counted fell silent: look at the network"
INCIDENT = "incident #{number}: {text}"


@dataclass(frozen=True, slots=True)
class Condition:
    """What matters. `kind`: lagging, doubtful, line, incident, quiet, ride. `weight`: votes at stake."""

    kind: str
    subject: str  # a precinct, an incident's id or a county
    precinct_id: str | None
    county: str
    reason: str
    weight: float = 0.0

    @property
    def key(self) -> tuple[str, str]:
        return self.kind, self.subject


def conditions(
    precincts: Mapping[str, Row],
    standings: Mapping[str, Row],
    incidents: Mapping[str, Row],
    calls: Row | None = None,
) -> dict[tuple[str, str], Condition]:
    """All that hold now. `calls`: the call desk as it last answered."""
    found = [
        condition
        for precinct_id, standing in standings.items()
        for condition in _of_precinct(precinct_id, standing, _county(precincts, precinct_id))
    ]
    for incident in incidents.values():
        if incident["status"] in OPEN:
            where = incident.get("precinct_id")
            reason = filled(INCIDENT, {"number": incident["number"], "text": _short(incident["text"])})
            county = _county(precincts, where)
            found.append(Condition("incident", str(incident["check_in_id"]), where, county, reason))
    found += _quiet(precincts, standings)
    for ride in (calls or {}).get("rides", ()):
        where, words = ride["precinct_id"], ride["sentence"]
        found.append(Condition("ride", where, where, _county(precincts, where), words, float(ride["rides"])))
    return {condition.key: condition for condition in found}


def _of_precinct(precinct_id: str, s: Row, county: str) -> Iterable[Condition]:
    stake = float(s["p_lagging"]) * float(s["shortfall"])
    if s["state"] == "lagging":
        sure = f"{100 * s['p_lagging']:.0f}"
        reason = filled(LAGGING, {"missing": f"{s['shortfall']:,.0f}", "sure": sure})
        yield Condition("lagging", precinct_id, precinct_id, county, reason, stake)
    if s["state"] == "doubtful":
        reason = s.get("reason") or DOUBTFUL
        yield Condition("doubtful", precinct_id, precinct_id, county, reason.rstrip("."), stake)
    if s["state"] != "closed":
        minutes, people = s.get("line_minutes") or 0, s.get("line_people") or 0
        if minutes >= LONG_LINE_MINUTES or people >= LONG_LINE_PEOPLE:
            long = minutes >= LONG_LINE_MINUTES
            reason = (
                filled(LONG_LINE, {"minutes": minutes}) if long else filled(FULL_LINE, {"people": people})
            )
            yield Condition("line", precinct_id, precinct_id, county, reason, stake)


def _quiet(precincts: Mapping[str, Row], standings: Mapping[str, Row]) -> Iterable[Condition]:
    counted: dict[str, int] = {}
    silent: dict[str, int] = {}
    for precinct_id, s in standings.items():
        if s["reports"]:
            county = _county(precincts, precinct_id)
            counted[county] = counted.get(county, 0) + 1
            silent[county] = silent.get(county, 0) + (s["state"] == "silent")
    for county, gone in silent.items():
        if gone >= QUIET_LEAST and gone >= QUIET_PART * counted[county]:
            reason = filled(QUIET, {"gone": gone, "counted": counted[county]})
            yield Condition("quiet", county, None, county, reason)


def _county(precincts: Mapping[str, Row], precinct_id: object) -> str:
    return str((precincts.get(str(precinct_id)) or {}).get("county") or "")


def _short(text: str, longest: int = 80) -> str:
    line = " ".join(text.split())
    return line if len(line) <= longest else line[: longest - 1] + "…"


@dataclass(frozen=True, slots=True)
class Turn:
    """What one look changes: conditions to raise, keys of open alerts that are over, and new words."""

    raised: tuple[Condition, ...]
    over: tuple[tuple[str, str], ...]
    reworded: tuple[Condition, ...] = ()  # open ones that say something else by now


class Watch:
    """Remembers since when each open alert's condition is gone."""

    def __init__(self) -> None:
        self._gone: dict[tuple[str, str], datetime] = {}

    def look(
        self,
        holding: Mapping[tuple[str, str], Condition],
        opened: Iterable[tuple[str, str]],
        now: datetime,
        said: Mapping[tuple[str, str], str] | None = None,
    ) -> Turn:
        """Compares what holds with the alerts that are open. The heaviest is raised first.

        `said`: what the open ones say.
        """
        opened = set(opened)
        fresh = [c for key, c in holding.items() if key not in opened]
        fresh.sort(key=lambda c: (-c.weight, c.key))
        self._gone = {key: self._gone.get(key, now) for key in opened if key not in holding}
        over = sorted(key for key, since in self._gone.items() if now - since >= CALM)
        reworded = [
            holding[key]
            for key, words in (said or {}).items()
            if key in holding and holding[key].reason != words
        ]
        return Turn(tuple(fresh), tuple(over), tuple(reworded))
