"""What is written is what was read."""

from pathlib import Path

import pytest
from hypothesis import given, settings

from election.domain.day import Election
from election.folder import (
    Findings,
    VoterFile,
    examine,
    read_election,
    stream_voters,
    write_callers,
    write_election,
)
from election.folder.headings import FILES
from tests.election.elections import callers, elections, voters


@settings(max_examples=40, deadline=None)
@given(elections())
def test_a_written_election_reads_the_same(
    tmp_path_factory: pytest.TempPathFactory, election: Election
) -> None:
    folder = tmp_path_factory.mktemp("folder")
    write_election(folder, election)
    assert read_election(folder) == election


@settings(max_examples=20, deadline=None)
@given(
    elections().flatmap(lambda e: voters([p.precinct_id for p in e.precincts]).map(lambda v: (e, v))), callers
)
def test_written_voters_and_callers_read_the_same(
    tmp_path_factory: pytest.TempPathFactory, pair: tuple, people: tuple
) -> None:
    folder = tmp_path_factory.mktemp("folder")
    election, roll = pair
    write_election(folder, election)
    write_callers(folder, people)
    with VoterFile(folder) as file:
        for voter in roll:
            file.add(voter)
    findings = Findings()
    examined = examine(folder, findings)
    assert list(stream_voters(folder / "voters.csv", "US", examined.known, findings)) == roll
    assert examined.callers == people
    assert not findings.total


def test_a_file_with_nothing_to_say_goes(tmp_path: Path, shared: Path) -> None:
    election = read_election(shared / "data" / "sample_county")
    (tmp_path / "curve.csv").write_text("scope,time,share\nall,08:00,.1\n")
    assert write_election(tmp_path, election) == ["election.toml", "precincts.csv", "watchers.csv"]
    assert not (tmp_path / "curve.csv").exists()


def test_every_file_column_and_synonym_is_documented() -> None:
    page = (Path(__file__).resolve().parents[3] / "docs" / "election-folder.md").read_text(encoding="utf-8")
    for file, columns in FILES.items():
        assert f"`{file}`" in page
        for column in columns:
            assert f"| `{column.name}`" in page, f"{file}: {column.name}"
            for synonym in column.synonyms:
                assert synonym in page, f"{file}: {column.name}: {synonym}"
