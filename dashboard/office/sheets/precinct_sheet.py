"""`/office/precincts`: precincts corrected in place, pasted and added; each change can be taken back.

Each row stands or falls by itself; those that stand are saved together, so that the roster changes once.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

import flask

from dashboard.accounts.sign_in import WarRoomUser, csrf_token, needs_role
from dashboard.bridge.async_bridge import AsyncBridge
from dashboard.browser import Scripts
from dashboard.languages import noted, tr, trn
from dashboard.map.places import Gazetteer, MapPlaces
from dashboard.office.files.set_up_pages import zones
from dashboard.office.forms import NOT_ANSWERED, form_checked, who_asks
from dashboard.office.record import OfficeRecord
from dashboard.office.sheets.precinct_form import (
    COLUMNS,
    FIELDS,
    CountsByPlace,
    PrecinctFormError,
    added,
    cells_of,
    corrected,
    refuse_late,
    spoken_names,
)
from dashboard.office.sheets.sheet_rows import EMPTY, SHOWN, SheetRow, rows_sent
from election.access import audit
from election.access.accounts import WAR_ROOM, Role
from election.access.audit import Deed
from election.domain.day import Precinct
from election.log.votes_there import referred_to, votes_there
from election.postgres.election_store import change_precincts
from election.runtime.clock import Clock

MODULE = "sheet.js"
TODAY = timedelta(hours=24)  # a day's counting passes midnight
TAKEN_BACK = 10  # changes of late that are offered to be taken back
_SOUGHT = 200  # newest changes among which they are looked for
CORRECTED, ADDED, TAKEN_AWAY = "precinct corrected", "precinct added", "precinct taken away"
_AWAY = noted("The database does not answer: nothing was changed. Try again in a minute.")
_NONE = noted("No election has been imported yet.")


class PrecinctSheet:
    """The page, its form, and the way back."""

    def __init__(
        self,
        bridge: AsyncBridge,
        gazetteer: Gazetteer,
        record: OfficeRecord,
        scripts: Scripts,
        clock: Clock,
        *,
        rehearsal: bool,
    ) -> None:
        self._bridge, self._gazetteer, self._record, self._scripts = bridge, gazetteer, record, scripts
        self._clock, self._rehearsal = clock, rehearsal

    def add_to(self, server: flask.Flask) -> None:
        """Adds the routes; leads get no further than their counties."""
        some = needs_role(*WAR_ROOM)
        server.get("/office/precincts")(some(self.precincts_page))
        server.post("/office/precincts")(some(form_checked(self.save_precincts)))
        server.post("/office/precincts/undo")(some(form_checked(self.take_back)))

    def precincts_page(self) -> Any:
        """Precincts found, and empty rows for new ones."""
        return self._page([])

    def _page(self, failed: list[SheetRow], said: str = "", problem: str = "", status: int = 200) -> Any:
        who, here, asked = who_asks(), self._gazetteer.places, flask.request.args
        words = asked.get("q", "")[:100].casefold().split()
        wrong = {row.row_id for row in failed}
        found = [
            p
            for p in (here.seen_by(who.counties) if here is not None else ())
            if matches(p, words) and p.precinct_id not in wrong
        ]
        rows = [*failed, *(SheetRow(str(p.precinct_id), cells_of(p)) for p in found[:SHOWN])]
        if who.role is Role.ADMIN:
            rows += [SheetRow() for _ in range(EMPTY)]
        page = flask.render_template(
            "office_precincts.html", csrf=csrf_token(), here=here, q=asked.get("q", ""), total=len(found),
            rows=rows, names=dict(COLUMNS), titles=[(name, tr(title)) for name, title in COLUMNS],
            said=said or asked.get("done", "")[:200], failed=len(failed), problem=problem, zones=zones(),
            counties=who.counties or (here.counties if here is not None and who.counties is None else ()),
            deeds=self._deeds(who, here)[:TAKEN_BACK], admin=who.role is Role.ADMIN,
            script=self._scripts.address(MODULE), needed=self._scripts.needed_by(MODULE),
        )  # fmt: skip
        return flask.make_response(page, status)

    def _deeds(self, who: WarRoomUser, here: MapPlaces | None) -> list[Deed]:
        """What of late may be taken back, the newest first: of each precinct its newest change alone."""

        async def read() -> list[Deed]:
            async with self._bridge.connection() as connection:
                return await audit.of_actions(connection, [CORRECTED, ADDED, TAKEN_AWAY], _SOUGHT)

        try:
            newest = {deed.subject: deed for deed in reversed(self._bridge.run(read(), timeout=3))}
        except NOT_ANSWERED:
            return []
        seen = (
            {f"precinct:{p.precinct_id}" for p in here.seen_by(who.counties)} if here is not None else set()
        )
        deeds = [d for d in newest.values() if d.action != TAKEN_AWAY and d.subject in seen]
        return sorted(deeds, key=lambda deed: deed.at, reverse=True)

    def save_precincts(self) -> Any:
        """Saves each changed row that can be; the others come back with what is wrong."""
        rows = rows_sent(flask.request.form, FIELDS)
        saved, answer = self._save(rows)
        if answer is not None:
            return answer
        said, failed = trn("{n} row saved", "{n} rows saved", saved), [row for row in rows if row.problem]
        if failed:
            return self._page(failed, said, status=400)
        return flask.redirect(
            flask.url_for("precincts_page", q=flask.request.args.get("q", ""), done=said), 303
        )

    def _save(self, rows: list[SheetRow]) -> tuple[int, Any]:
        """Saves what can be; how many, and the page to answer with where nothing could be."""
        who = who_asks()
        try:
            self._gazetteer.look_now()
            here = self._gazetteer.places
            if here is None:
                return 0, self._page([], problem=tr(_NONE), status=409)
            seen = self._bridge.run(self._seen(rows, here))
            now = self._clock.now()
            good = decided(rows, here, who, seen, now)
            anew = [(row, p) for row, p in good if here.precincts.get(row.row_id) != p]
            if anew:
                self._change([precinct for _, precinct in anew])
        except NOT_ANSWERED:
            return 0, self._page(rows, problem=tr(_AWAY), status=503)
        for row, precinct in anew:
            self._note(who, row, here.precincts.get(row.row_id), precinct)
        return len(good), None

    async def _seen(self, rows: Iterable[SheetRow], here: MapPlaces) -> CountsByPlace:
        """What was counted today where a row would change something."""
        places = {row.row_id for row in rows} | {row.typed["site_id"] for row in rows}
        places |= {here.precincts[row.row_id].site_id for row in rows if row.row_id in here.precincts}
        since = self._clock.now() - TODAY
        async with self._bridge.connection() as connection:
            found = await votes_there(connection, sorted(places - {""}), since, rehearsal=self._rehearsal)
        return CountsByPlace(found)

    def _change(self, saved: list[Precinct], removed: tuple[str, ...] = ()) -> None:
        async def work() -> None:
            async with self._bridge.connection() as connection, connection.transaction():
                await change_precincts(connection, saved, removed)

        self._bridge.run(work())
        self._gazetteer.look_now()

    def _note(self, who: WarRoomUser, row: SheetRow, before: Precinct | None, after: Precinct) -> None:
        now, subject = cells_of(after), f"precinct:{after.precinct_id}"
        if before is None:
            self._record.note(who, ADDED, subject, {"now": {k: v for k, v in now.items() if v}})
            return
        stood = cells_of(before)
        differs = [name for name in row.changed if stood[name] != now[name]]
        detail = {"was": {n: stood[n] for n in differs}, "now": {n: now[n] for n in differs}}
        self._record.note(who, CORRECTED, subject, detail)

    def take_back(self) -> Any:
        """Undoes a change of late, by the same rules: where it still stands as it was made."""
        who, asked = who_asks(), flask.request.form
        deed = next(
            (
                d
                for d in self._deeds(who, self._gazetteer.places)
                if (d.subject, d.at.isoformat()) == (asked.get("subject"), asked.get("at"))
            ),
            None,
        )
        if deed is None:
            return self._page(
                [], problem=tr("That was changed again since: look at what stands now."), status=409
            )
        precinct_id = deed.subject.removeprefix("precinct:")
        if deed.action == ADDED:
            return self._remove(who, precinct_id)
        now, was = deed.detail["now"], deed.detail["was"]
        here = self._gazetteer.places
        stands = cells_of(here.precincts[precinct_id]) if here is not None else {}
        row = SheetRow(precinct_id, stands, stands | was)
        if any(stands.get(name) != text for name, text in now.items()):
            return self._page(
                [], problem=tr("That was changed again since: look at what stands now."), status=409
            )
        _, answer = self._save([row])
        if answer is not None:
            return answer
        if row.problem:
            return self._page([], problem=row.problem, status=400)
        return _done(tr("{id} is as it was", id=precinct_id))

    def _remove(self, who: WarRoomUser, precinct_id: str) -> Any:
        """Takes a precinct away again that was added by mistake, where nothing goes by it."""
        if who.role is not Role.ADMIN:
            flask.abort(403)

        async def referred() -> bool:
            async with self._bridge.connection() as connection:
                return await referred_to(connection, precinct_id)

        try:
            here = self._gazetteer.places
            watched = here is not None and precinct_id in here.watchers_of
            if watched or self._bridge.run(referred()):
                words = tr("{id} stays: check-ins, watchers or past results go by it.", id=precinct_id)
                return self._page([], problem=words, status=409)
            self._change([], (precinct_id,))
        except NOT_ANSWERED:
            return self._page([], problem=tr(_AWAY), status=503)
        self._record.note(who, TAKEN_AWAY, f"precinct:{precinct_id}", {})
        return _done(tr("{id} is gone again", id=precinct_id))


def _done(said: str) -> Any:
    return flask.redirect(flask.url_for("precincts_page", done=said), 303)


def matches(precinct: Precinct, words: list[str]) -> bool:
    """Whether all words are in what a precinct is called."""
    names = (precinct.precinct_id, precinct.name, precinct.county, precinct.site_id, *precinct.aliases)
    text = " ".join(names).casefold()
    return all(word in text for word in words)


def decided(
    rows: Iterable[SheetRow], here: MapPlaces, who: WarRoomUser, seen: CountsByPlace, now: datetime
) -> list[tuple[SheetRow, Precinct]]:
    """The rows that can be saved, with their precincts; the others say why they cannot."""
    admin, spoken, found = who.role is Role.ADMIN, spoken_names(here), []
    taken: set[str] = set()
    for row in rows:
        try:
            after = _one(row, here, who, seen, now) if row.row_id else added(row, here, spoken, admin=admin)
        except PrecinctFormError as error:
            row.problem = str(error)
            continue
        if after.precinct_id in taken:
            row.problem = tr("{id} is in another row too; choose another.", id=after.precinct_id)
            continue
        taken.add(after.precinct_id)
        found.append((row, after))
    return found


def _one(row: SheetRow, here: MapPlaces, who: WarRoomUser, seen: CountsByPlace, now: datetime) -> Precinct:
    before = here.precincts.get(row.row_id)
    if before is None or (who.counties is not None and before.county not in who.counties):
        raise PrecinctFormError(tr("There is no such precinct any more."))
    after = corrected(row, before, here, who.counties, admin=who.role is Role.ADMIN)
    refuse_late(before, after, here.day, seen, now)
    return after
