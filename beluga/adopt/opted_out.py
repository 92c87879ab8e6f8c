"""Who asked on an early day to be left alone is left alone on the day itself.

An early day's stack has a log of its own, and consent is kept where it was said. So what was said there comes
home into the folder with the counts: voters are marked, watchers are named, for a person to see to.
"""

import shutil
import tempfile
from collections.abc import Container
from dataclasses import dataclass, replace
from pathlib import Path

import asyncpg

from election.domain.day import Watcher
from election.folder import Examined, Findings, VoterFile, stream_voters

# Of each phone the last word counts, as everywhere: START after STOP takes it back.
_STOPPED = """
select sender from (
    select distinct on (sender) sender, kind from check_ins
    where kind in ('stop', 'start') order by sender, sent_at desc, seq desc
) as last_word
where kind = 'stop'
"""


@dataclass(frozen=True, slots=True)
class OptOuts:
    """What came home: how many voters were marked, and which watchers asked for no more texts."""

    voters: int
    watchers: tuple[str, ...]


async def phones_stopped(connection: asyncpg.Connection) -> frozenset[str]:
    """Phones (E.164) whose last word to this stack was STOP."""
    return frozenset(row["sender"] for row in await connection.fetch(_STOPPED))


def keep_opt_outs(folder: Path, examined: Examined, phones: Container[str]) -> OptOuts:
    """Marks the folder's voters with these phones as not to be called; twice is once.

    A roll with faults is left as it is: raises `FolderError` with them.
    """
    watchers = tuple(w.watcher_id for w in examined.election.watchers if _has(w, phones))
    path = folder / "voters.csv"
    if not path.exists():
        return OptOuts(0, watchers)
    findings, marked = Findings(), 0
    scratch = Path(tempfile.mkdtemp(prefix=".opted-out-", dir=folder))
    try:
        with VoterFile(scratch, births=True) as file:
            for voter in stream_voters(path, examined.region, examined.known, findings):
                stops = voter.phone in phones and not voter.do_not_call
                marked += stops
                file.add(replace(voter, do_not_call=True) if stops else voter)
        findings.raise_if_any()
        if marked:
            shutil.copymode(path, scratch / "voters.csv")
            (scratch / "voters.csv").replace(path)
    finally:
        shutil.rmtree(scratch)
    return OptOuts(marked, watchers)


def _has(watcher: Watcher, phones: Container[str]) -> bool:
    return watcher.phone in phones or (watcher.backup_phone or watcher.phone) in phones
