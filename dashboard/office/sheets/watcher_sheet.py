"""`/office/sheet`: many watchers at once, as in a spreadsheet: corrected in place, pasted, added.

Each row stands or falls by itself, by the rules of the single form.
"""

from typing import Any

import flask

from dashboard.accounts.sign_in import WarRoomUser, csrf_token, needs_role
from dashboard.browser import Scripts
from dashboard.clients.service_clients import ServiceClientError
from dashboard.languages import tr, trn
from dashboard.map.places import Gazetteer, MapPlaces
from dashboard.office.forms import NOT_ANSWERED, form_checked, who_asks
from dashboard.office.people.watcher_form import WatcherFormError, new_watcher_of, watcher_of
from dashboard.office.people.watcher_pages import WatcherPages, matches
from dashboard.office.record import OfficeRecord
from dashboard.office.sheets.sheet_rows import EMPTY, SHOWN, SheetRow, rows_sent
from election.access.accounts import WAR_ROOM
from election.domain.day import Watcher
from election.postgres.election_store import PhoneTakenError, change_watchers

MODULE = "sheet.js"
FIELDS = ("name", "phone", "precincts", "language", "coordinator", "shift_start", "shift_end")


def cells_of(watcher: Watcher) -> dict[str, str]:
    """A watcher as the sheet has them. Of the phone only the end: it is written anew, or left."""
    return {
        "name": watcher.name,
        "phone": f"… {watcher.phone[-4:]}",
        "precincts": ";".join(watcher.precinct_ids),
        "language": watcher.language,
        "coordinator": watcher.coordinator or "",
        "shift_start": f"{watcher.shift_start:%H:%M}" if watcher.shift_start else "",
        "shift_end": f"{watcher.shift_end:%H:%M}" if watcher.shift_end else "",
    }


def merged(row: SheetRow, watcher: Watcher) -> dict[str, str]:
    """The single form's fields: what was changed in the row, over what holds now."""
    now = cells_of(watcher) | {"phone": watcher.phone, "backup_phone": watcher.backup_phone or ""}
    return now | {name: row.typed[name] for name in row.changed}


class WatcherSheet:
    """The page and its form; what a row does is what the watcher's own page does."""

    def __init__(
        self, desk: WatcherPages, gazetteer: Gazetteer, record: OfficeRecord, scripts: Scripts
    ) -> None:
        self._desk, self._gazetteer, self._record, self._scripts = desk, gazetteer, record, scripts

    def add_to(self, server: flask.Flask) -> None:
        """Adds the routes; leads get no further than their counties."""
        some = needs_role(*WAR_ROOM)
        server.get("/office/sheet")(some(self.sheet_page))
        server.post("/office/sheet")(some(form_checked(self.save_sheet)))

    def sheet_page(self) -> Any:
        """Watchers found, and empty rows for new ones."""
        return self._page([])

    def _page(self, failed: list[SheetRow], said: str = "", status: int = 200) -> Any:
        who, here, asked = who_asks(), self._gazetteer.places, flask.request.args
        words = asked.get("q", "")[:100].casefold().split()
        found: list[Watcher] = []
        if here is not None:
            wrong = {row.row_id for row in failed}
            found = [
                w for w in here.watchers
                if here.may_reach(w, who.counties) and matches(w, here, words) and w.watcher_id not in wrong
            ]  # fmt: skip
        known = [
            SheetRow(str(w.watcher_id), cells_of(w)) for w in sorted(found, key=lambda w: w.name)[:SHOWN]
        ]
        page = flask.render_template(
            "office_sheet.html", csrf=csrf_token(), here=here, q=asked.get("q", ""), total=len(found),
            rows=[*failed, *known, *(SheetRow() for _ in range(EMPTY))],
            said=said or asked.get("done", "")[:200], failed=len(failed),
            script=self._scripts.address(MODULE), needed=self._scripts.needed_by(MODULE),
        )  # fmt: skip
        return flask.make_response(page, status)

    def save_sheet(self) -> Any:
        """Saves each changed row that can be; the others come back with what is wrong."""
        who, here = who_asks(), self._gazetteer.places
        if here is None:
            return self._page([], tr("No election has been imported yet."), 409)
        saved, failed = 0, []
        for row in rows_sent(flask.request.form, FIELDS):
            row.problem = self._saved(row, who, here)
            saved += not row.problem
            failed += [row] if row.problem else []
        said = trn("{n} row saved", "{n} rows saved", saved)
        if failed:
            return self._page(failed, said, 400)
        return flask.redirect(flask.url_for("sheet_page", q=flask.request.args.get("q", ""), done=said), 303)

    def _saved(self, row: SheetRow, who: WarRoomUser, here: MapPlaces) -> str:
        """Saves one row; the words for why not, where it cannot be."""
        watcher = next((w for w in here.watchers if w.watcher_id == row.row_id), None)
        if row.row_id and (watcher is None or not here.may_reach(watcher, who.counties)):
            return tr("There is no such watcher any more.")
        try:
            if watcher is None:
                given = new_watcher_of(row.typed, here, who.counties)
            else:
                limits = self._desk.limits(watcher, who, here)
                given = watcher_of(merged(row, watcher), here, limits, row.row_id)
            self._desk.change(lambda c: change_watchers(c, [given.watcher]))
        except PhoneTakenError:
            return tr("Another watcher has this phone: a text from it would be either’s.")
        except WatcherFormError as error:
            return str(error)
        except NOT_ANSWERED:
            return tr("The database does not answer: nothing was changed. Try again in a minute.")
        subject = f"watcher:{given.watcher.watcher_id}"
        if watcher is None:
            self._record.note(who, "watcher added", subject, {"precincts": list(given.precincts)})
            return ""
        self._record.note(who, "watcher corrected", subject, {"changed": row.changed})
        if (
            "precincts" in row.changed
            and given.precincts
            and set(given.precincts) != set(watcher.precinct_ids)
        ):
            try:
                self._desk.move(who, row.row_id, given.precincts)
            except ServiceClientError as error:
                return tr("Corrected, but not moved: {why}", why=error.words)
            except TimeoutError:
                return tr("Corrected; whether they are moved is not known. Look again.")
        return ""
