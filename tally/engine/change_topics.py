"""Topics of the desks that an entry of the log may have changed. Values only.

The feed says that something changed, and the pages that show it ask for it with their own rights; what
changes beside the log (who has taken what, alerts, texts, who watches where) tables tell (`CHANNEL`).
"""

from collections.abc import Iterable

from election.domain.checkin import CheckIn, Kind
from tally.entries.dialogue import HANDED_OVER

CHANNEL = "beluga_war_room"  # its payload is one of `ALL`
ALL = frozenset(
    {"alerts", "roster", "unread", "unknown", "held", "silent", "incidents", "rollcall", "outbox"}
)

_BY_KIND: dict[Kind, frozenset[str]] = {
    Kind.UNREAD: frozenset({"unread"}),
    Kind.INCIDENT: frozenset({"incidents"}),
    Kind.RESOLVE: frozenset({"unread", "unknown", "held", "incidents"}),
    Kind.REREAD: frozenset({"unread", "unknown", "held", "incidents"}),
    Kind.ACCEPT: frozenset({"held"}),
    Kind.REJECT: frozenset({"held"}),
    Kind.TIE: frozenset({"unknown", "rollcall"}),
    Kind.READY: frozenset({"rollcall"}),
    Kind.STOP: frozenset({"rollcall"}),
    Kind.START: frozenset({"rollcall"}),
}
_NONE: frozenset[str] = frozenset()
_BY_DETAIL = {"unknown_sender": "unknown", "held": "held"}


def news_of(check_ins: Iterable[CheckIn]) -> set[str]:
    """The desks that these entries may have changed: rather one too many. A held count that its sender
    confirms is seen in `Desks.held`, a silence in the standings."""
    found: set[str] = set()
    for check_in in check_ins:
        found |= _BY_KIND.get(check_in.kind, _NONE)
        if check_in.detail:
            if check_in.kind is Kind.ASKED and check_in.detail.get("question") == HANDED_OVER:
                found.add("unread")
            found.update(desk for name, desk in _BY_DETAIL.items() if name in check_in.detail)
    return found
