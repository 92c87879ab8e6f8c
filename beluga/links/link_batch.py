"""Watchers' personal links as the command line gives them out: chosen, issued, revoked, printed, texted.

All of it happens in the transaction that the caller holds; each deed is recorded in the audit log.
"""

import re
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

import asyncpg

from beluga.stack.failures import CommandRefusedError
from beluga.stack.near import unknown_of
from beluga.stack.stack import write_private
from election.access import accounts, audit
from election.access import watcher_links as links
from election.access.tokens import Tokens
from election.domain.day import Watcher
from election.domain.roster import Roster
from intake.form.link_sheet import Card, link_sheet
from intake.languages.catalogues import load_catalogues
from intake.outbox import store as outbox_store
from intake.replies.purposes import Purpose, QuietHours, Text, keyed, window, zone_of
from intake.replies.segments import plain
from intake.replies.wording import catalogue_for


class GivenLink(NamedTuple):
    """A watcher's good link, and its number."""

    number: int
    link: str


@dataclass(frozen=True)
class LinkBatch:
    """The links of `people`, in a transaction of `connection`."""

    connection: asyncpg.Connection
    roster: Roster
    people: list[Watcher]
    tokens: Tokens
    public_url: str
    now: datetime
    rehearsal: bool

    async def issue(self, *, new: bool) -> dict[str, GivenLink]:
        """Each watcher's good link, in the order of `people`; `new`: those they hold end."""
        make = links.reissue if new else links.issue
        numbers = await make(self.connection, [w.watcher_id for w in self.people])
        await self._record("links reissued" if new else "links issued")
        return {
            w.watcher_id: GivenLink(
                number := numbers[w.watcher_id],
                links.link_of(self.public_url, self.tokens, w.watcher_id, number),
            )
            for w in self.people
        }

    async def revoke(self) -> int:
        """Ends every link of them; returns of how many."""
        await links.revoke(self.connection, [w.watcher_id for w in self.people])
        await self._record("links revoked")
        return len(self.people)

    async def sheets(self, out: Path, counties: Collection[str], *, new: bool) -> list[Path]:
        """Writes a page of QR codes a county into the folder `out`; no `counties`: of all."""
        found = await self.issue(new=new)
        cards: dict[str, list[Card]] = {}
        for w in sorted(self.people, key=lambda w: w.name):
            posts = [self.roster.precincts[p] for p in w.precinct_ids if p in self.roster.precincts]
            places = tuple(p.name or p.precinct_id for p in posts)
            card = Card(w.name or w.watcher_id, places, found[w.watcher_id].link)
            for name in dict.fromkeys(p.county for p in posts) or [""]:
                if not counties or name in counties:
                    cards.setdefault(name, []).append(card)
        out.mkdir(parents=True, exist_ok=True)
        written: list[Path] = []
        for name, those in sorted(cards.items()):
            path = out / f"links-{_file_name(name)}.html"
            title = f"{name or self.roster.day.name}: poll watchers' links"
            write_private(path, link_sheet(title, those, rehearsal=self.rehearsal).encode())
            written.append(path)
        return written

    async def text(self, quiet: QuietHours, *, new: bool) -> tuple[int, int]:
        """Puts their links into the outbox: (texts made, texts wanted)."""
        found = await self.issue(new=new)
        texts = [self._text_of(w, found[w.watcher_id], quiet) for w in self.people]
        return len(await outbox_store.enqueue(self.connection, texts)), len(texts)

    async def operator(self, login: str) -> str:
        """A link that opens the hotline for an account. Raises `CommandRefusedError`."""
        everyone = await accounts.read_all(self.connection)
        account = next((a for a in everyone if a.login == login.lower()), None)
        if account is None or account.disabled or account.role not in accounts.WAR_ROOM:
            raise CommandRefusedError(f"{login} may not work in the war room; see: beluga user list")
        token = self.tokens.sign("staff", account.identity.claims())
        subject = f"account:{account.login}"
        await audit.record(self.connection, self.now, "command line", "hotline link", subject)
        return f"{self.public_url}/hotline?token={token}"

    def _text_of(self, watcher: Watcher, issued: GivenLink, quiet: QuietHours) -> Text:
        catalogue = catalogue_for(watcher, self.roster)
        template = catalogue.form.get("text_link") or load_catalogues()["en"].form["text_link"]
        label = catalogue.outbound["rehearsal"] if self.rehearsal else ""
        return Text(
            keyed("link", watcher.watcher_id, issued.number, rehearsal=self.rehearsal),
            Purpose.ROLL_CALL,
            watcher.phone,
            plain(label + template.format(link=issued.link)),
            self.now,
            window(Purpose.ROLL_CALL, self.now, zone_of(watcher, self.roster), quiet),
            watcher.watcher_id,
            rehearsal=self.rehearsal,
        )

    async def _record(self, action: str) -> None:
        named = [w.watcher_id for w in self.people]
        detail = {"watchers": len(named), "first": named[:20]}
        await audit.record(self.connection, self.now, "command line", action, "links", detail)


def chosen(
    roster: Roster, watchers: Collection[str], counties: Collection[str], *, everybody: bool
) -> list[Watcher]:
    """The watchers named, and those with a precinct in one of the counties. Raises `CommandRefusedError`."""
    if unknown := unknown_of("watcher", watchers, roster.watchers):
        raise CommandRefusedError(f"{unknown}; nothing was changed")
    if unknown := unknown_of("county", counties, {p.county for p in roster.precincts.values()}, few=True):
        raise CommandRefusedError(unknown)
    if not (watchers or counties or everybody):
        raise CommandRefusedError("name watchers, or a --county, or --all")
    wanted = set(watchers)
    return [
        w
        for w in roster.watchers.values()
        if everybody
        or w.watcher_id in wanted
        or any(roster.precincts[p].county in counties for p in w.precinct_ids if p in roster.precincts)
    ]


def _file_name(county: str) -> str:
    return re.sub(r"[^\w-]+", "-", county).strip("-") or "all"
