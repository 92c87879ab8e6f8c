"""What tally and call desk say in English is known by its template, and told in another language."""

from collections.abc import Iterator
from typing import Any

import flask
import numpy as np
import pytest

from callers.dispatch.decisions import NOT_LISTED, USED_UP, long_line, obstacle, paused
from callers.rules.limits import Limits
from dashboard.alerts import conditions
from dashboard.languages import add_languages, languages, retold
from dashboard.languages.other_services import TEMPLATES
from election.wire.feed import PrecinctState
from tally.model.counts.gate import WORDS
from tally.standing.reasons import PEOPLE, ROW, SHARED, Sentences, Sort
from tests.dashboard.languages.pseudo import CODE, write_pseudo
from tests.dashboard.running import make_election, standing_of


@pytest.fixture(autouse=True)
def in_brackets(tmp_path: Any) -> Iterator[None]:
    """Who asks reads the language of brackets."""
    write_pseudo(tmp_path)
    server = flask.Flask("words")
    server.secret_key = "k"
    add_languages(server, languages(tmp_path))
    with server.test_request_context(headers={"Accept-Language": CODE}):
        yield


def outside(sentence: str) -> str:
    """What of it stands outside of brackets."""
    said, depth = "", 0
    for sign in sentence:
        depth += (sign == "⟦") - (sign == "⟧")
        said += sign if not depth and sign != "⟧" else ""
    return said.replace("; ", "").replace(", ", "").strip()


SORTS = [sort for sort in Sort if sort not in (Sort.ONLY_HELD, Sort.HELD, Sort.VERBATIM)]


@pytest.mark.parametrize("sort", SORTS, ids=lambda sort: sort.name)
@pytest.mark.parametrize(("flags", "line", "incidents"), [(0, 0, 0), (0, 70, 1), (PEOPLE | SHARED, 90, 2)])
def test_why_a_precinct_is_in_its_state(sort: Sort, flags: int, line: int, incidents: int) -> None:
    row = np.array([(sort, flags, 93, 845, 4, 412, 84, line, incidents)], ROW)
    (sentence,) = Sentences(row).tolist()
    assert outside(retold(sentence)) == "", sentence


@pytest.mark.parametrize("words", WORDS.values())
def test_what_the_gate_says_of_a_count(words: str) -> None:
    assert outside(retold(words)) == ""
    held = Sentences(np.array([(Sort.ONLY_HELD, 0, 0, 0, 0, 0, 0, 0, 0)], ROW), {0: words}).tolist()[0]
    assert outside(retold(held)) == ""
    assert words not in retold(held).replace(f"⟦{words}⟧", "")


def test_why_nobody_calls() -> None:
    precinct = make_election(1).precincts[0]
    found = [paused("sam"), USED_UP.split(":")[0], NOT_LISTED]
    for changes in ({"incidents": 1}, {"incidents": 3}, {"state": PrecinctState.DOUBTFUL}):
        found.append(obstacle(standing_of(0, precinct, **changes), Limits()))
    found += [
        long_line(standing_of(0, precinct, **{name: 300}), Limits())
        for name in ("line_minutes", "line_people")
    ]
    assert all(found)
    assert {sentence: outside(retold(sentence)) for sentence in found} == dict.fromkeys(found, "")


def test_what_alerts_say_is_among_the_templates() -> None:
    said = [value for name, value in vars(conditions).items() if name.isupper() and isinstance(value, str)]
    assert len(said) >= 6
    assert set(said) <= set(TEMPLATES)


def test_what_no_template_makes_stays_as_it_came() -> None:
    assert retold("the moon is full, and so are we; really") == "the moon is full, and so are we; really"
    assert retold("") == ""
