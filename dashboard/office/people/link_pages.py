"""`/office/links`: watchers' personal links by county: cards to print, links ended; by leads in theirs."""

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

import asyncpg
import flask
import segno

from dashboard.accounts.sign_in import WarRoomUser, csrf_token, needs_role
from dashboard.bridge.async_bridge import AsyncBridge
from dashboard.bridge.security_headers import intake_url
from dashboard.languages import noted, tr
from dashboard.map.places import Gazetteer, MapPlaces
from dashboard.office.forms import NOT_ANSWERED, form_checked, who_asks
from dashboard.office.record import OfficeRecord
from dashboard.settings import DashboardSettings
from election.access import watcher_links
from election.access.accounts import WAR_ROOM
from election.access.telemetry import say_refused
from election.access.tokens import Tokens
from election.access.watcher_links import LinkNumbers
from election.domain.day import Watcher

MOST_CARDS = 1_000  # on one page
NO_COUNTY = "(none)"
_AWAY = noted("The database does not answer: nothing was changed. Try again in a minute.")


@dataclass(frozen=True, slots=True)
class LinkCard:
    """One watcher's card, with its code as a drawing."""

    name: str
    places: tuple[str, ...]
    link: str
    code: str


class LinkPages:
    """Who holds a link, and the cards."""

    def __init__(
        self,
        bridge: AsyncBridge,
        settings: DashboardSettings,
        tokens: Tokens,
        gazetteer: Gazetteer,
        record: OfficeRecord,
    ) -> None:
        self._bridge, self._settings, self._tokens = bridge, settings, tokens
        self._gazetteer, self._record = gazetteer, record

    def add_to(self, server: flask.Flask) -> None:
        """Adds the routes; leads get no further than their counties."""
        staff = needs_role(*WAR_ROOM)
        server.get("/office/links")(staff(self.links_page))
        server.post("/office/links/cards")(staff(form_checked(self.print_cards)))
        server.post("/office/links/revoke")(staff(form_checked(self.revoke_links)))

    def links_page(self) -> Any:
        """Watchers with their links, of one county at a time."""
        return self._page()

    def _page(self, problem: str = "", status: int = 200) -> Any:
        who, here = who_asks(), self._gazetteer.places
        counties = sorted({p.county or NO_COUNTY for p in here.seen_by(who.counties)}) if here else []
        county = flask.request.values.get("county", "")[:200]
        county = county if county in counties else next(iter(counties), "")
        given: dict[str, LinkNumbers] = {}
        try:
            given = self._run(watcher_links.given)
        except NOT_ANSWERED:
            problem, status = problem or _AWAY, 503
        page = flask.render_template(
            "office_links.html", csrf=csrf_token(), problem=problem, counties=counties, county=county,
            people=[(w, given.get(w.watcher_id)) for w in self._people(who, here, county)],
            done=flask.request.args.get("done", "")[:200],
        )  # fmt: skip
        return flask.make_response(page, status)

    def print_cards(self) -> Any:
        """Cards with a code each, for the printer; whoever had no link is given one."""
        people = self._chosen()
        if not people:
            return self._page(tr("Choose watchers first."), 400)
        if len(people) > MOST_CARDS:
            return self._page(tr("At most {n} cards on one page: choose fewer.", n=MOST_CARDS), 400)
        ids = [w.watcher_id for w in people]
        anew = flask.request.form.get("new") == "yes"
        make = watcher_links.reissue if anew else watcher_links.issue
        try:
            numbers: dict[str, int] = self._run(lambda c: make(c, ids))
        except NOT_ANSWERED:
            return self._page(_AWAY, 503)
        action = "links reissued" if anew else "links issued"
        self._record.note(who_asks(), action, "links", {"watchers": len(ids), "first": ids[:20]})
        number = "".join(c for c in flask.request.form.get("number", "")[:40] if c in "+-() ." or c.isdigit())
        here = self._gazetteer.places
        assert here is not None
        return flask.render_template(
            "office_cards.html", cards=[self._card(w, here, numbers[w.watcher_id]) for w in people],
            rehearsal=self._settings.rehearsal, number=number.strip(), election=here.day.name,
        )  # fmt: skip

    def _card(self, watcher: Watcher, here: MapPlaces, number: int) -> LinkCard:
        base = intake_url(self._settings, flask.request.host)
        link = watcher_links.link_of(base, self._tokens, watcher.watcher_id, number)
        posts = (here.precincts[p] for p in watcher.precinct_ids if p in here.precincts)
        code = segno.make(link, error="m", micro=False).svg_inline(scale=3, border=4, omitsize=True)
        return LinkCard(watcher.name, tuple(p.name or str(p.precinct_id) for p in posts), link, code)

    def revoke_links(self) -> Any:
        """Ends every link of the watchers chosen, within seconds; they can still text."""
        people = self._chosen()
        if not people:
            return self._page(tr("Choose watchers first."), 400)
        ids = [w.watcher_id for w in people]
        try:
            self._run(lambda c: watcher_links.revoke(c, ids))
        except NOT_ANSWERED:
            return self._page(_AWAY, 503)
        self._record.note(who_asks(), "links revoked", "links", {"watchers": len(ids), "first": ids[:20]})
        return flask.redirect(f"/office/links?{urlencode({'done': tr('Links ended')})}", 303)

    def _chosen(self) -> list[Watcher]:
        """The watchers ticked, or of the county named. Answers 404 where one is not the asker's."""
        who, here, form = who_asks(), self._gazetteer.places, flask.request.form
        named = set(form.getlist("watcher"))
        if here is None:
            return []
        if not named:
            return self._people(who, here, form.get("county", "")) if form.get("whole") == "yes" else []
        found = [w for w in here.watchers if w.watcher_id in named and here.may_reach(w, who.counties)]
        if len(found) < len(named):
            say_refused(who.login, "links", "county")
            flask.abort(404)
        return sorted(found, key=lambda w: w.name)

    @staticmethod
    def _people(who: WarRoomUser, here: MapPlaces | None, county: str) -> list[Watcher]:
        if here is None:
            return []
        wanted = "" if county == NO_COUNTY else county
        if not who.may_see(wanted):
            return []
        found = [w for w in here.watchers if here.may_reach(w, (wanted,))]
        return sorted(found, key=lambda w: w.name)

    def _run(self, act: Any) -> Any:
        async def work() -> Any:
            async with self._bridge.connection() as held:
                connection: asyncpg.Connection = held
                return await act(connection)

        return self._bridge.run(work())
