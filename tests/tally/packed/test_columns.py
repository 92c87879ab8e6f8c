"""Packed columns say what lists and dicts would."""

from datetime import time

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from election.domain.day import Watcher
from election.domain.ids import PrecinctId, WatcherId
from tally.ledger.watcher_assignments import WatcherAssignment, WatcherAssignments
from tally.packed.columns import DictionaryColumn, Index, Names, SparseColumn, Texts

words = st.lists(st.text(max_size=4), max_size=40)


@given(words, words, words)
def test_names_are_found_where_they_were_added(first: list[str], later: list[str], others: list[str]) -> None:
    names, known = Names(first), dict.fromkeys(first)
    for name in later:
        known.setdefault(name)
        assert names[names.add(name)] == name
    places = {name: i for i, name in enumerate(known)}
    assert list(names) == list(known) and dict(Index(names)) == places
    for name in (*known, *others):
        assert names.find(name) == places.get(name, -1)
        assert (name in names) == (name in places)
        assert Index(names).get(name) == places.get(name)


def test_a_hundred_thousand_names_find_room() -> None:
    names, grown = Names(f"p{i}" for i in range(100_000)), Names()
    for i in range(2_000):
        assert grown.add(f"w{i}") == i
    assert [names.find(f"p{i}") for i in (0, 77_777, 99_999, 100_000)] == [0, 77_777, 99_999, -1]
    assert [grown.find(f"w{i}") for i in (0, 1_999, 2_000)] == [0, 1_999, -1]


@given(words, st.lists(st.none() | st.floats(-90, 90), max_size=40), st.data())
def test_columns_give_all_or_some(texts: list[str], numbers: list[float | None], data: st.DataObject) -> None:
    for values, column in ((texts, Texts(texts)), (numbers, SparseColumn(numbers))):
        some = data.draw(st.lists(st.integers(0, len(values) - 1), max_size=5)) if values else []
        assert column.tolist() == values == [column[i] for i in range(len(values))]
        assert column.taken(np.array(some, dtype=np.intp)) == [values[i] for i in some]
    wanted = frozenset(texts[:2])
    assert Texts(texts).among(wanted).tolist() == [t in wanted for t in texts]


def test_posts_know_who_watches_where_and_when() -> None:
    def watcher(name: str, *places: str, start: time | None = None) -> Watcher:
        return Watcher(WatcherId(name), "", "+1", "en", tuple(map(PrecinctId, places)), shift_start=start)

    early = time(7)
    posts = WatcherAssignments(
        (watcher("w1", "B", start=early), watcher("w2"), watcher("w3", "A", "gone", "B")), {"A": 0, "B": 1}
    )
    assert posts.of("w1") == [1] and posts.of("w2") == [] and posts.of("nobody") == []
    assert posts.of("w3") == [0, -1, 1]
    assert posts.at(1) == [WatcherAssignment("w1", early, None), WatcherAssignment("w3", None, None)]
    assert list(posts.everywhere()) == [(1, "w1"), (0, "w3"), (-1, "w3"), (1, "w3")]


@given(st.lists(st.integers(-1, 4), max_size=20), st.lists(st.integers(-1, 4), max_size=20))
def test_few_numbers_are_compared_and_given_back(values: list[int], others: list[int]) -> None:
    few = DictionaryColumn(np.array(values, dtype=np.int64))
    assert few.tolist() == values == [few[i] for i in range(len(few))]
    assert few.taken(np.arange(len(values))[::-1]) == values[::-1]
    assert few.same(DictionaryColumn(np.array(others, dtype=np.int64))) == (values == others)
