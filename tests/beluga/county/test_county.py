"""The made-up county: the same for a seed, good to import, with phones from the range kept for fiction."""

import re
from collections import Counter
from itertools import pairwise
from pathlib import Path

from beluga.county.county import make_county, write_county
from beluga.county.ground_truth import ground_truth
from beluga.load.simulated_day import simulated_day
from election.folder import read_election
from intake.reading.reader import readings_of

FICTION = re.compile(r"\+1[2-9]\d\d5550?1\d\d")


def test_the_same_seed_writes_the_same_files(tmp_path: Path) -> None:
    write_county(tmp_path / "a", 3, 40)
    write_county(tmp_path / "b", 3, 40)
    write_county(tmp_path / "c", 4, 40)
    names = sorted(p.name for p in (tmp_path / "a").iterdir())
    assert all((tmp_path / "a" / n).read_bytes() == (tmp_path / "b" / n).read_bytes() for n in names)
    assert (tmp_path / "a/precincts.csv").read_bytes() != (tmp_path / "c/precincts.csv").read_bytes()


def test_it_reads_back_as_it_was_made(tmp_path: Path) -> None:
    county = write_county(tmp_path, 1, 60)
    election = read_election(tmp_path)
    assert election.precincts == county.election.precincts
    assert {w.watcher_id: w for w in election.watchers} == {w.watcher_id: w for w in county.election.watchers}
    assert election.geometry.keys() == {p.precinct_id for p in election.precincts}


def test_every_phone_is_fictional_and_no_watcher_shares_one() -> None:
    county = make_county(2, 60)
    watchers = [p for w in county.election.watchers for p in (w.phone, w.backup_phone) if p]
    assert all(FICTION.fullmatch(p) for p in [*watchers, *(v.phone for v in county.voters)])
    assert max(Counter(watchers).values()) == 1
    assert len({p.name for p in county.election.precincts}) == 60


def test_neighbours_share_their_border_exactly() -> None:
    county = make_county(1, 40)
    edges: Counter[frozenset[tuple[float, float]]] = Counter()
    for shape in county.election.geometry.values():
        ring = [tuple(point) for point in shape["coordinates"][0]]
        assert ring[0] == ring[-1]
        edges.update(frozenset(edge) for edge in pairwise(ring))
    assert set(edges.values()) <= {1, 2}
    assert sum(1 for n in edges.values() if n == 2) > len(edges) / 2


def test_a_day_has_laggards_and_silence_and_ends_at_its_counts() -> None:
    county = make_county(1, 400)
    day = ground_truth(county, 1)
    assert (day.counts[:, 1:] >= day.counts[:, :-1]).all(), "counts never fall"
    finals = day.counts[:, -1]
    expected = [p.expected_votes for p in county.election.precincts]
    relative = finals / expected / (finals.sum() / sum(expected))
    assert relative[day.lagging].mean() < 0.8 < relative[~day.lagging].mean()
    assert 5 < sum(h < 13 for h in day.silent_from) < 60
    texts = simulated_day(county, day, 1)
    assert texts == simulated_day(county, day, 1)
    assert {t.provider for t in texts} == {"generic", "twilio"}
    assert any(t.body.startswith("FIX ") for t in texts)
    assert any(t.body.startswith("V ") for t in texts)


def test_nearly_all_of_what_its_watchers_text_can_be_read() -> None:
    from election.domain.checkin import Channel, Kind, Message
    from election.domain.roster import roster_of

    county = make_county(1, 40)
    roster = roster_of(county.election)
    kinds: Counter[Kind] = Counter()
    for n, text in enumerate(simulated_day(county, ground_truth(county, 1), 1)):
        message = Message(
            text.message_id, text.provider, text.key, Channel.SMS, text.phone, text.body, b"", text.at,
            text.at, roster.version, "j", n,
        )  # fmt: skip
        kinds.update(r.kind for r in readings_of(message, roster))
    assert kinds[Kind.COUNT] > 0.5 * sum(kinds.values())
    assert kinds[Kind.UNREAD] + kinds[Kind.QUESTION] < 0.06 * sum(kinds.values())
    assert kinds[Kind.FIX] and kinds[Kind.VOTERS] and kinds[Kind.LINE] and kinds[Kind.FINAL]
