"""Questions and answers by sender, and what they come to at each place."""

from collections import defaultdict
from collections.abc import Iterator

from tally.entries.dialogue import NO_ANSWERS, DialogueAnswers, answers_of, places_in, together
from tally.entries.entries import Entry
from tally.ledger.entry_store import EntryStore
from tally.ledger.places import PlaceIndex


class Conversations:
    """What senders were asked, and what they answered. A function of the set of entries."""

    def __init__(self, places: PlaceIndex, store: EntryStore) -> None:
        self._places, self._store = places, store
        self._rows: dict[str, list[int]] = defaultdict(list)  # sender -> rows of questions and answers
        self._places_of: dict[str, set[int]] = defaultdict(set)  # sender -> places they may change
        self._senders: dict[int, set[str]] = defaultdict(set)  # the same by place

    def add(self, row: int, e: Entry, sender: str, place: int = -1) -> set[int]:
        """File a question or an answer; returns the places that the sender's answers may change."""
        self._rows[sender].append(row)
        mine = self._places_of[sender]
        for named in places_in(e, self._place) | ({place} if place >= 0 else set()):
            mine.add(named)
            self._senders[named].add(sender)
        return set(mine)

    def answers(self, place: int, as_of: float) -> DialogueAnswers:
        """What the answers of those who were asked something here come to."""
        senders = self._senders.get(place)
        if not senders:
            return NO_ANSWERS
        return together(answers_of(self._said_by(s, as_of), self._place) for s in sorted(senders))

    def said_at(self, place: int, as_of: float) -> Iterator[Entry]:
        """Entries that `answers` here may depend on."""
        for sender in self._senders.get(place, ()):
            yield from self._said_by(sender, as_of)

    def changed(self, after: float, until: float) -> set[int]:
        """Places of senders with a question or an answer received in (after, until]."""
        received, found = self._store.received, set[int]()
        for sender, rows in self._rows.items():
            if any(after < received[row] <= until for row in rows):
                found |= self._places_of[sender]
        return found

    def _said_by(self, sender: str, as_of: float) -> Iterator[Entry]:
        """A sender's questions and answers, and the counts where those may act; each once."""
        store, mine = self._store, set(self._rows[sender])
        code = store.code(sender)
        for place in self._places_of[sender]:
            mine.update(row for row in store.rows_at(place) if store.sender[row] == code)
        for row in mine:
            if store.received[row] <= as_of:
                yield store.entry(row)

    def _place(self, name: str) -> int:
        """The place of a precinct or polling site, or -1."""
        if not name:
            return -1
        position = self._places.index.get(name, -1)
        return position if position >= 0 else self._places.site(name)
