"""`/office/watchers`: poll watchers found, added, corrected, moved, taken away; by leads in their counties.

A move is the log's decision, as from the board: the watcher is told by text, and a recount knows it.
"""

from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import quote
from uuid import uuid4

import asyncpg
import flask

from dashboard.accounts.sign_in import WarRoomUser, csrf_token, needs_role
from dashboard.bridge.async_bridge import AsyncBridge
from dashboard.clients.service_clients import ServiceClientError, ServiceClients
from dashboard.languages import noted, tr
from dashboard.map.places import Gazetteer, MapPlaces
from dashboard.office.forms import NOT_ANSWERED, form_checked, who_asks
from dashboard.office.people.watcher_form import WatcherFormError, new_watcher_of, watcher_of
from dashboard.office.record import OfficeRecord
from election.access.accounts import WAR_ROOM
from election.domain.checkin import Kind
from election.domain.day import Watcher
from election.postgres.election_store import PhoneTakenError, change_watchers
from election.wire.intake import Decision

SHOWN = 100
FILTERS = (
    ("", noted("All")),
    ("wrong", noted("Wrong numbers")),
    ("unwatched", noted("Precincts without a watcher")),
)
_AWAY = noted("The database does not answer: nothing was changed. Try again in a minute.")
_TAKEN = noted("Another watcher has this phone: a text from it would be either’s.")


class WatcherPages:
    """The list, and a watcher's own page."""

    def __init__(
        self, bridge: AsyncBridge, gazetteer: Gazetteer, services: ServiceClients, record: OfficeRecord
    ) -> None:
        self._bridge, self._gazetteer, self._services, self._record = bridge, gazetteer, services, record

    def add_to(self, server: flask.Flask) -> None:
        """Adds the routes; leads get no further than their counties."""
        some = needs_role(*WAR_ROOM)
        server.get("/office/watchers")(some(self.watchers_page))
        server.post("/office/watchers")(some(form_checked(self.add_watcher)))
        server.get("/office/watchers/<watcher_id>")(some(self.watcher_page))
        server.post("/office/watchers/<watcher_id>")(some(form_checked(self.save_watcher)))
        server.post("/office/watchers/<watcher_id>/remove")(some(form_checked(self.remove_watcher)))

    def watchers_page(self) -> Any:
        """Watchers by name, id, phone or precinct; precincts that nobody watches."""
        return self._list()

    def _list(self, problem: str = "", status: int = 200) -> Any:
        who, here, asked = who_asks(), self._gazetteer.places, flask.request.args
        only, words = asked.get("only", ""), asked.get("q", "")[:100].casefold().split()
        wrong, bare, found = None, [], []
        if here is not None:
            wrong, problem = self._wrong(who, problem) if only == "wrong" else (None, problem)
            found = [
                w for w in here.watchers
                if here.may_reach(w, who.counties) and matches(w, here, words)
                and (wrong is None or w.watcher_id in wrong)
            ]  # fmt: skip
            bare = [p for p in here.seen_by(who.counties) if p.precinct_id not in here.watchers_of]
            bare.sort(key=lambda p: -(p.expected_votes or p.registered))
        page = flask.render_template(
            "office_watchers.html", csrf=csrf_token(), problem=problem, here=here, filters=FILTERS, only=only,
            q=asked.get("q", ""), found=sorted(found, key=lambda w: w.name)[:SHOWN], total=len(found),
            bare=bare[:SHOWN], bare_total=len(bare), form=flask.request.form,
            precinct=asked.get("precinct", ""), done=asked.get("done", "")[:200],
        )  # fmt: skip
        return flask.make_response(page, status)

    def _wrong(self, who: WarRoomUser, problem: str) -> tuple[set[str], str]:
        """Whom our texts do not reach; intake knows."""
        try:
            answer = self._bridge.run(self._services.intake.ask(who, "GET", "/rollcall"))
            return set(answer.get("wrong_number", ())), problem
        except (ServiceClientError, TimeoutError):
            return set(), tr("Intake does not answer, and it alone knows whose numbers are wrong.")

    def watcher_page(self, watcher_id: str) -> Any:
        """One watcher's form. It shows the number, as the list does not: that is audited."""
        watcher = self._known(watcher_id)
        self._record.note(who_asks(), "phones seen", f"watcher:{watcher_id}", {"people": 1})
        return self._one(watcher)

    def _one(self, watcher: Watcher, problem: str = "", status: int = 200) -> Any:
        page = flask.render_template(
            "office_watcher.html", csrf=csrf_token(), problem=problem, watcher=watcher,
            form=flask.request.form, done=flask.request.args.get("done", "")[:200],
        )  # fmt: skip
        return flask.make_response(page, status)

    def _known(self, watcher_id: str) -> Watcher:
        """The watcher, where the asker may see them. Answers 404 otherwise, whether there is one or not."""
        here, who = self._gazetteer.places, who_asks()
        found = next((w for w in here.watchers if w.watcher_id == watcher_id), None) if here else None
        if here is None or found is None or not here.may_reach(found, who.counties):
            flask.abort(404)
        return found

    def add_watcher(self) -> Any:
        """Puts a new watcher on the roster."""
        who, here = who_asks(), self._gazetteer.places
        if here is None:
            return self._list(tr("No election has been imported yet."), 409)
        try:
            given = new_watcher_of(flask.request.form, here, who.counties)
            self.change(lambda c: change_watchers(c, [given.watcher]))
        except (WatcherFormError, PhoneTakenError) as error:
            return self._list(_TAKEN if isinstance(error, PhoneTakenError) else str(error), 400)
        except NOT_ANSWERED:
            return self._list(_AWAY, 503)
        detail = {"precincts": list(given.precincts)}
        self._record.note(who, "watcher added", f"watcher:{given.watcher.watcher_id}", detail)
        return flask.redirect(
            f"/office/watchers?done={quote(tr('{name} is on the roster', name=given.watcher.name))}", 303
        )

    def save_watcher(self, watcher_id: str) -> Any:
        """Corrects a watcher, and moves them where the form names other precincts."""
        watcher, who, here = self._known(watcher_id), who_asks(), self._gazetteer.places
        assert here is not None
        try:
            given = watcher_of(flask.request.form, here, self.limits(watcher, who, here), watcher_id)
            self.change(lambda c: change_watchers(c, [given.watcher]))
        except (WatcherFormError, PhoneTakenError) as error:
            return self._one(watcher, _TAKEN if isinstance(error, PhoneTakenError) else str(error), 400)
        except NOT_ANSWERED:
            return self._one(watcher, _AWAY, 503)
        changed = [f for f in Watcher.__slots__ if getattr(watcher, f) != getattr(given.watcher, f)]
        self._record.note(who, "watcher corrected", f"watcher:{watcher_id}", {"changed": changed})
        if set(given.precincts) != set(watcher.precinct_ids) and given.precincts:
            try:
                self.move(who, watcher_id, given.precincts)
            except ServiceClientError as error:
                return self._one(
                    watcher, tr("Corrected, but not moved: {words}", words=error.words), error.status
                )
            except TimeoutError:
                return self._one(
                    watcher, tr("Corrected; whether they are moved is not known. Look again."), 504
                )
        return flask.redirect(f"/office/watchers/{quote(watcher_id, safe='')}?done={quote(tr('Saved'))}", 303)

    @staticmethod
    def limits(watcher: Watcher, who: WarRoomUser, here: MapPlaces) -> tuple[str, ...] | None:
        """A lead's counties, and those where this watcher is already, so that what stands may stay."""
        if who.counties is None:
            return None
        stands = {here.precincts[p].county for p in watcher.precinct_ids if p in here.precincts}
        return tuple({*who.counties, *stands})

    def move(self, who: WarRoomUser, watcher_id: str, precincts: tuple[str, ...]) -> None:
        """Decides in the log where a watcher stands; they are told by text."""
        detail = {"watcher_id": watcher_id, "precinct_ids": list(precincts)}
        decision = Decision(kind=Kind.ASSIGN, account=who.login, precinct_id=precincts[0], detail=detail)
        self._bridge.run(self._services.intake.decide(who, uuid4(), decision))
        self._record.note(who, "assign", f"precinct:{precincts[0]}", {"watcher_id": watcher_id})

    def remove_watcher(self, watcher_id: str) -> Any:
        """Takes a watcher off the roster; their texts come in as a stranger's from then on."""
        watcher, who = self._known(watcher_id), who_asks()
        try:
            self.change(lambda c: change_watchers(c, [], [watcher_id]))
        except NOT_ANSWERED:
            return self._one(watcher, _AWAY, 503)
        self._record.note(who, "watcher removed", f"watcher:{watcher_id}", {})
        return flask.redirect(f"/office/watchers?done={quote(watcher.name)}+is+off+the+roster", 303)

    def change(self, act: Callable[[asyncpg.Connection], Awaitable[Any]]) -> None:
        """Changes the roster in force, in one transaction."""

        async def work() -> None:
            async with self._bridge.connection() as connection, connection.transaction():
                await act(connection)

        self._bridge.run(work())
        self._gazetteer.look_now()


def matches(watcher: Watcher, here: MapPlaces, words: list[str]) -> bool:
    """Whether all words are in what is known of a watcher and their places."""
    posts = [here.precincts[p] for p in watcher.precinct_ids if p in here.precincts]
    places = " ".join(f"{p.precinct_id} {p.name} {p.county}" for p in posts)
    text = f"{watcher.name} {watcher.watcher_id} {watcher.phone} {watcher.language} {places}".casefold()
    return all(word in text for word in words)
