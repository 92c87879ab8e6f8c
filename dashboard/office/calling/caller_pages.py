"""`/office/callers`: phone banks with their links, captains, callers at work; the call desk's rules beneath.

A captain's link is shown when it is asked for and not before: whoever reads over a shoulder has it.
"""

from typing import Any
from urllib.parse import quote

import flask

from dashboard.accounts.sign_in import csrf_token, needs_role
from dashboard.bridge.async_bridge import AsyncBridge
from dashboard.clients.service_clients import ServiceClients
from dashboard.languages import tr
from dashboard.office.calling.call_desk import NOT_DONE, OF_ALL, OfficeCallDesk, failure, told
from dashboard.office.forms import form_checked, who_asks
from dashboard.office.record import OfficeRecord
from dashboard.settings import DashboardSettings
from election.access.accounts import WAR_ROOM


class CallerPages:
    """The page and its forms; leads see callers of their counties, and may take one off."""

    def __init__(
        self, bridge: AsyncBridge, settings: DashboardSettings, services: ServiceClients, record: OfficeRecord
    ) -> None:
        self._desk, self._settings, self._record = OfficeCallDesk(bridge, services), settings, record

    def add_to(self, server: flask.Flask) -> None:
        """Adds the routes."""
        some, of_all = needs_role(*WAR_ROOM), needs_role(*OF_ALL)
        server.get("/office/callers")(some(self.callers_page))
        server.post("/office/callers/banks")(of_all(form_checked(told(self._page, self.open_bank))))
        server.post("/office/callers/bar")(some(form_checked(told(self._page, self.bar_caller))))
        server.post("/office/callers/links")(of_all(form_checked(told(self._page, self.change_link))))

    def callers_page(self) -> Any:
        """Phone banks, and who calls."""
        return self._page()

    def _page(self, problem: str = "", status: int = 200, **shown: Any) -> Any:
        who = who_asks()
        floor: dict[str, Any] = {}
        banks: list[dict[str, Any]] = []
        try:
            floor = self._desk.ask("GET", "/floor")
            if who.role in OF_ALL:
                banks = self._desk.ask("GET", "/phone-banks")["phone_banks"]
        except NOT_DONE as error:
            words, answered = failure(error)
            problem, status = problem or words, status if problem else answered
        page = flask.render_template(
            "office_callers.html", csrf=csrf_token(), problem=problem, of_all=who.role in OF_ALL,
            callers=floor.get("callers", []), banks=banks, form=flask.request.form,
            base=self._settings.public_url.rstrip("/"),
            **({"done": "", "link": ""} | shown),
        )  # fmt: skip
        return flask.make_response(page, status)

    def open_bank(self) -> Any:
        """Opens a phone bank whose volunteers sign themselves up."""
        form = flask.request.form
        name, most, hours = form.get("name", "").strip()[:80], form.get("callers", ""), form.get("hours", "")
        if not name or not most.isdecimal() or not 1 <= int(most) <= 10_000 or not hours.isdecimal():
            return self._page(
                tr("A phone bank has a name, 1 to 10,000 callers, and ends within 48 hours."), 400
            )
        if not 1 <= int(hours) <= 48:
            return self._page(tr("A phone bank ends within 48 hours."), 400)
        body = {"name": name, "most_callers": int(most), "hours": float(hours)}
        made = self._desk.ask("POST", "/phone-banks", body)
        return self._page(done=tr("{name} is open: its code is {code}", name=name, code=made["code"]))

    def bar_caller(self) -> Any:
        """Takes a caller's link away, or gives it back."""
        caller, barred = flask.request.form.get("caller", "")[:200], flask.request.form.get("off") == "yes"
        self._desk.ask("PUT", f"/floor/{quote(caller, safe='')}", {"barred": barred})
        done = tr("{caller} may call again", caller=caller)
        if barred:
            done = tr("{caller} calls no more", caller=caller)
        return self._page(done=done)

    def change_link(self) -> Any:
        """Shows the good link of a caller or captain, or ends every one there is."""
        form = flask.request.form
        kind = "captain" if form.get("kind") == "captain" else "caller"
        subject = form.get("subject", "")[:200]
        if form.get("what") == "end":
            self._desk.ask("POST", "/links/end", {"kind": kind, "subjects": [subject]})
            return self._page(
                done=tr("Links of {subject} have ended; the next one shown is good", subject=subject)
            )
        made = self._desk.ask("POST", "/links", {"kind": kind, "subject": subject})
        self._record.note(who_asks(), f"{kind} link shown", f"{kind}:{subject}", {})
        return self._page(done=tr("The link of {subject}", subject=subject), link=made["path"])
