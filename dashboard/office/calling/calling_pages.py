"""`/office/calling`: limits, scripts and their trials, lists out and in; the call desk's own rules beneath.

The call desk audits what is done there. Lists name voters: who may have one is decided by it, not here.
"""

from datetime import datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import flask

from dashboard.accounts.sign_in import csrf_token, needs_role
from dashboard.bridge.async_bridge import AsyncBridge
from dashboard.clients.service_clients import ServiceClientError, ServiceClients
from dashboard.languages import refusal_words, tr
from dashboard.map.places import Gazetteer
from dashboard.office.calling.call_desk import NOT_DONE, OF_ALL, OfficeCallDesk, failure, told
from dashboard.office.calling.calling_forms import (
    LIMITS,
    VARIANTS,
    CallingFormError,
    limits_of,
    list_of,
    trial_of,
)
from dashboard.office.forms import form_checked, who_asks
from election.access.accounts import WAR_ROOM


class CallingPages:
    """The page and its forms; leads have lists alone."""

    def __init__(self, bridge: AsyncBridge, gazetteer: Gazetteer, services: ServiceClients) -> None:
        self._bridge, self._gazetteer, self._services = bridge, gazetteer, services
        self._desk = OfficeCallDesk(bridge, services)

    def add_to(self, server: flask.Flask) -> None:
        """Adds the routes."""
        some, of_all = needs_role(*WAR_ROOM), needs_role(*OF_ALL)
        server.get("/office/calling")(some(self.calling_page))
        server.post("/office/calling/limits")(of_all(form_checked(told(self._page, self.set_limits))))
        server.post("/office/calling/trial")(of_all(form_checked(told(self._page, self.start_trial))))
        server.post("/office/calling/trial/end")(of_all(form_checked(told(self._page, self.end_trial))))
        server.post("/office/calling/lists")(some(form_checked(told(self._page, self.make_list))))
        server.get("/office/calling/lists/<uuid:list_id>.csv")(some(self.show_list))
        server.post("/office/calling/lists/outcomes")(
            some(form_checked(told(self._page, self.take_outcomes)))
        )

    def calling_page(self) -> Any:
        """What may start by itself, how scripts do, lists."""
        return self._page()

    def _page(self, problem: str = "", status: int = 200, **shown: Any) -> Any:
        who, here = who_asks(), self._gazetteer.places
        limits: dict[str, Any] = {}
        trial: dict[str, Any] = {}
        if who.role in OF_ALL:
            try:
                limits = self._desk.ask("GET", "/dispatch-limits")
                trial = self._trial()
            except NOT_DONE as error:
                words, answered = failure(error)
                problem, status = problem or words, status if problem else answered
        page = flask.render_template(
            "office_calling.html", csrf=csrf_token(), problem=problem, of_all=who.role in OF_ALL,
            limits=limits, words=LIMITS, trial=trial, variants=VARIANTS, form=flask.request.form,
            languages=here.day.languages if here else ("en",), refused=refusal_words,
            **({"done": "", "made": {}, "problems": []} | shown),
        )  # fmt: skip
        return flask.make_response(page, status)

    def _trial(self) -> dict[str, Any]:
        """The live trial or the last one; empty where there never was one."""
        try:
            return self._desk.ask("GET", "/trials")
        except ServiceClientError as error:
            if error.status == 404:
                return {}
            raise

    def set_limits(self) -> Any:
        """What may start without staff, on every service within seconds."""
        self._desk.ask("PUT", "/dispatch-limits", limits_of(flask.request.form))
        return self._page(done=tr("The limits hold from now on"))

    def start_trial(self) -> Any:
        """Two or three scripts against each other."""
        here = self._gazetteer.places
        self._desk.ask(
            "POST", "/trials", trial_of(flask.request.form, here.day.languages[0] if here else "en")
        )
        return flask.redirect("/office/calling#scripts", 303)

    def end_trial(self) -> Any:
        """Ends the trial undecided."""
        self._desk.ask("DELETE", "/trials")
        return flask.redirect("/office/calling#scripts", 303)

    def make_list(self) -> Any:
        """Sets voters aside for a dialer; the file is fetched by the link that follows."""
        made, here = self._desk.ask("POST", "/lists", list_of(flask.request.form)), self._gazetteer.places
        until = datetime.fromisoformat(made["until"]).astimezone(
            ZoneInfo(here.day.timezone if here else "UTC")
        )
        said = tr(
            "{lines} voters are set aside until {until}", lines=made["lines"], until=f"{until:%Y-%m-%d %H:%M}"
        )
        return self._page(made=made, done=said)

    def show_list(self, list_id: UUID) -> Any:
        """The list as CSV: whoever may still be called."""
        try:
            content = self._bridge.run(self._services.call_desk.call_list(who_asks(), f"/lists/{list_id}"))
        except NOT_DONE as error:
            return self._page(*failure(error))
        headers = {"Content-Disposition": f"attachment; filename=list-{str(list_id)[:8]}.csv"}
        return flask.Response(content, content_type="text/csv; charset=utf-8", headers=headers)

    def take_outcomes(self) -> Any:
        """The outcomes of a list, from the file that came back."""
        try:
            list_id = UUID(flask.request.form.get("list", "").strip())
        except ValueError:
            raise CallingFormError(tr("Say which list: its number stands where it was made.")) from None
        file = flask.request.files.get("file")
        content = file.read().decode("utf-8-sig", "replace") if file else ""
        if not content.strip():
            raise CallingFormError(tr("Choose the file with the outcomes."))
        taken = self._bridge.run(self._services.call_desk.list_outcomes(who_asks(), list_id, content))
        words = tr(
            "{recorded} outcomes recorded, {repeated} known already",
            recorded=taken["recorded"],
            repeated=taken["repeated"],
        )
        return self._page(done=words, problems=taken["problems"][:100])
