"""`/office/keys`: keys of the API for an operator's own programs, made and ended by admins."""

from typing import Any

import asyncpg
import flask

from dashboard.accounts.sign_in import csrf_token, needs_role
from dashboard.api.keys import ApiKeys
from dashboard.bridge.async_bridge import AsyncBridge
from dashboard.languages import noted, refusal_words, tr
from dashboard.map.places import Gazetteer
from dashboard.office.forms import NOT_ANSWERED, form_checked, who_asks
from dashboard.office.record import OfficeRecord
from election.access import api_keys
from election.access.accounts import Role
from election.access.api_keys import A_MINUTE, MOST_A_MINUTE, ApiKey, ApiKeyError, ApiScope

_AWAY = noted("The database does not answer: nothing was changed. Try again in a minute.")
OPENS = {
    ApiScope.STANDINGS: noted("read standings"),
    ApiScope.CALLS: noted("read calls"),
    ApiScope.CHECK_INS: noted("send check-ins"),
    ApiScope.OUTCOMES: noted("send outcomes of lists"),
}


class KeyPages:
    """The list of keys, and what is done to them."""

    def __init__(
        self, bridge: AsyncBridge, gazetteer: Gazetteer, record: OfficeRecord, ring: ApiKeys
    ) -> None:
        self._bridge, self._gazetteer, self._record, self._ring = bridge, gazetteer, record, ring

    def add_to(self, server: flask.Flask) -> None:
        """Adds the routes, for admins only."""
        admins = needs_role(Role.ADMIN)
        server.get("/office/keys")(admins(self.keys_page))
        server.post("/office/keys")(admins(form_checked(self.make_key)))
        server.post("/office/keys/<key_id>/revoke")(admins(form_checked(self.revoke_key)))

    def keys_page(self) -> Any:
        """Every key there is and was; none of the secrets."""
        return self._page()

    def _page(self, problem: str = "", status: int = 200, **shown: str) -> Any:
        try:
            found: list[ApiKey] = self._bridge.run(self._read())
        except NOT_ANSWERED:
            found, problem, status = [], problem or _AWAY, 503
        here = self._gazetteer.places
        page = flask.render_template(
            "office_keys.html", csrf=csrf_token(), problem=problem, keys=found, opens=OPENS,
            counties=[c for c in here.counties if c] if here else [], usual=A_MINUTE, most=MOST_A_MINUTE,
            **({"secret": "", "done": ""} | shown),
        )  # fmt: skip
        return flask.make_response(page, status)

    async def _read(self) -> list[ApiKey]:
        async with self._bridge.connection() as connection:
            await self._ring.note(connection)
            found = await api_keys.read_all(connection)
            await self._ring.adopt(found)  # a key just made is good at once, one just ended is not
        return found

    def make_key(self) -> Any:
        """Makes a key, which is shown this once."""
        form, who = flask.request.form, who_asks()
        name, scopes = form.get("name", "")[:200], form.getlist("scopes")
        counties, here = form.getlist("counties"), self._gazetteer.places
        if set(counties) - set(here.counties if here else ()):
            return self._page(tr("There is no such county here."), 400)
        rate = form.get("a_minute", "")[:6] or str(A_MINUTE)
        a_minute = int(rate) if rate.isascii() and rate.isdigit() else 0

        async def make(connection: asyncpg.Connection) -> str:
            return await api_keys.make(connection, name, scopes, counties, a_minute, who.login)

        try:
            secret = self._run(make)
        except ApiKeyError as error:
            return self._page(refusal_words(str(error)), 400)
        except NOT_ANSWERED:
            return self._page(_AWAY, 503)
        name = " ".join(name.split())
        detail = {"scopes": sorted(scopes), "counties": sorted(counties), "a_minute": a_minute}
        self._record.note(who, "api key made", f"key:{name}", detail)
        return self._page(secret=secret, done=tr("The key {name} is made", name=name))

    def revoke_key(self, key_id: str) -> Any:
        """Ends a key, in every war room within seconds."""
        who = who_asks()
        try:
            name = self._run(lambda c: api_keys.revoke(c, key_id[:40], who.login))
        except ApiKeyError as error:
            return self._page(refusal_words(str(error)), 400)
        except NOT_ANSWERED:
            return self._page(_AWAY, 503)
        self._record.note(who, "api key revoked", f"key:{name}", {})
        return self._page(done=tr("The key {name} opens nothing any more", name=name))

    def _run(self, act: Any) -> str:
        async def work() -> str:
            async with self._bridge.connection() as connection, connection.transaction():
                return str(await act(connection))

        return self._bridge.run(work())
