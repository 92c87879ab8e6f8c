"""`/office/setup`: the way from a county's files to a checked and imported election, for admins."""

import asyncio
from collections.abc import Mapping
from functools import cache
from typing import Any
from zoneinfo import available_timezones

import flask

from dashboard.accounts.sign_in import WarRoomUser, csrf_checked, csrf_token, needs_role
from dashboard.bridge.async_bridge import AsyncBridge
from dashboard.browser import Scripts
from dashboard.languages import adopting_words, code_words, noted, tr
from dashboard.map.places import Gazetteer
from dashboard.office.command_runs import CommandRuns, RunBusyError
from dashboard.office.files.set_up import DAY_FIELDS, AdoptionReport, SetUp
from dashboard.office.files.uploads import UploadRefusedError
from dashboard.office.forms import form_checked, shown_time, who_asks
from dashboard.office.record import OfficeRecord
from election.access.accounts import Role

MODULE = "office_files.js"
WAITED = 4.0  # seconds that a page waits for a small county, before it says that it is under way
REVIEWED = 200  # doubtful ballots of one page
SHOWN = 12  # refusals and drops of a file; the command line's report has them all
KINDS = (
    "registration", "polling places", "turnout", "results, long", "results, wide", "history", "voters",
    "early ballots", "early totals", "watchers", "callers", "shapes",
)  # fmt: skip


class SetUpPages:
    """The page and what its forms send."""

    def __init__(  # noqa: PLR0917
        self,
        bridge: AsyncBridge,
        set_up: SetUp,
        runs: CommandRuns,
        gazetteer: Gazetteer,
        record: OfficeRecord,
        scripts: Scripts,
    ) -> None:
        self._bridge, self._set_up, self._runs = bridge, set_up, runs
        self._gazetteer, self._record = gazetteer, record
        self._scripts = scripts

    def add_to(self, server: flask.Flask) -> None:
        """Adds the routes, for admins only."""
        admins = needs_role(Role.ADMIN)
        server.get("/office/setup")(admins(self.set_up_page))
        server.get("/office/setup/progress")(admins(self.set_up_progress))
        server.post("/office/setup/files")(admins(form_checked(self.give_files)))
        server.put("/office/setup/files/<name>")(admins(csrf_checked(self.give_piece)))
        server.post("/office/setup/remove")(admins(form_checked(self.remove_file)))
        server.post("/office/setup/look")(admins(form_checked(self.look)))
        server.post("/office/setup/review")(admins(form_checked(self.review_ballots)))
        server.post("/office/setup/import")(admins(form_checked(self.import_election)))

    def set_up_page(self) -> Any:
        """The page, at whatever step it stands."""
        return self._page()

    def _page(self, problem: str = "", status: int = 200) -> Any:
        here, last = self._gazetteer.places, self._runs.last
        look = self._set_up.last_look()
        day, doubtful = self._set_up.day(), self._set_up.review.doubtful()
        if here is not None:
            known = {k: shown_time(getattr(here.day, k)) for k in DAY_FIELDS}
            day = known | day
        failed = last.failed if last is not None and last.done else ""
        page = flask.render_template(
            "office_setup.html", csrf=csrf_token(), script=self._scripts.address(MODULE),
            needed=self._scripts.needed_by(MODULE),
            here=here, day=day, zones=zones(), files=self._set_up.uploads.files(), look=look,
            reports=_shown(look), answers={(a["file"], a["key"]): a["value"] for a in self._set_up.answers()},
            running=self._runs.progress(), problems=_told(problem or failed), available=self._runs.available,
            imported=self._set_up.last_import(), kinds=KINDS, shown=SHOWN,
            doubtful=doubtful[:REVIEWED], doubts=len(doubtful), told=adopting_words, code=code_words,
            first=_first,
        )  # fmt: skip
        return flask.make_response(page, status)

    def set_up_progress(self) -> Any:
        """How far the work in hand is."""
        told = self._runs.progress()
        return flask.jsonify(told | {"doing": adopting_words(told["doing"])} if "doing" in told else told)

    def give_files(self) -> Any:
        """Small files by a plain form, whole; a browser with scripts sends pieces instead."""
        try:
            for file in flask.request.files.getlist("files"):
                content = file.read()
                self._set_up.uploads.take(file.filename or "", content, 0, len(content))
                self._record.note(who_asks(), "file given", f"file:{file.filename}", {"bytes": len(content)})
        except UploadRefusedError as error:
            return self._page(f"{file.filename or 'The file'} {error.words}", 400)
        return flask.redirect("/office/setup", 303)

    def give_piece(self, name: str) -> Any:
        """A piece of a file, from byte `at` of `of`."""
        try:
            at, size = int(flask.request.args["at"]), int(flask.request.args["of"])
            whole = self._set_up.uploads.take(name, flask.request.get_data(), at, size)
        except UploadRefusedError as error:
            return flask.jsonify(done=False, message=error.words, kept=error.kept), 409
        except (KeyError, ValueError):
            return flask.jsonify(done=False, message=tr("That piece cannot be read.")), 400
        if whole:
            self._record.note(who_asks(), "file given", f"file:{name}", {"bytes": size})
        return flask.jsonify(done=whole)

    def remove_file(self) -> Any:
        """Takes a file away again."""
        name = flask.request.form.get("name", "")
        try:
            removed = self._set_up.uploads.remove(name)
        except UploadRefusedError:
            removed = False
        if removed:
            self._record.note(who_asks(), "file removed", f"file:{name}", {})
        return flask.redirect("/office/setup#files", 303)

    def look(self) -> Any:
        """Keeps what was said of the day and of the files, and looks through them."""
        if not self._runs.available:
            return self._page(tr("Files are adopted by the command line here: beluga adopt."), 409)
        if self._runs.under_way is not None:
            return self._page(
                tr("{title} is under way; wait until it is done.", title=tr(self._runs.under_way.title)), 409
            )
        who, form = who_asks(), flask.request.form
        here = self._gazetteer.places
        self._set_up.say_day(_changed(form, here.day if here is not None else None))
        self._set_up.answer(given_answers(form, self._set_up.last_look()))
        names = [f.name for f in self._set_up.uploads.files()]
        return self._begin(noted("Looking through the files"), self._looked(who, names), "#found")

    def _looked(self, who: WarRoomUser, names: list[str]) -> Any:
        async def work() -> None:
            await self._set_up.look(await self._mark())
            await self._record.noted(who, "files looked through", "election", {"files": names[:50]})

        return work

    def review_ballots(self) -> Any:
        """Whether doubtful ballots are those voters'; files that are given are looked through again."""
        if self._runs.under_way is not None:
            return self._page(
                tr("{title} is under way; wait until it is done.", title=tr(self._runs.under_way.title)), 409
            )
        form, who = flask.request.form, who_asks()
        said = {
            (form.get(f"ballot:{n}", ""), form.get(f"voter:{n}", "")): form[f"decide:{n}"]
            for n in range(REVIEWED)
            if form.get(f"decide:{n}")
        }
        new = self._set_up.review.decide(said)
        counts = {word: sum(v == word for v in said.values()) for word in ("yes", "no")}
        if new:
            self._record.note(who, "doubtful ballots decided", "election", counts)
        names = [f.name for f in self._set_up.uploads.files()]
        if not new or not names or not self._runs.available:
            return flask.redirect("/office/setup#review", 303)
        return self._begin(noted("Looking through the files"), self._looked(who, names), "#found")

    def import_election(self) -> Any:
        """Imports what the last look found good."""
        who, confirm = who_asks(), flask.request.form.get("confirm", "").strip()
        look, here = self._set_up.last_look(), self._gazetteer.places
        if look is not None and look.must_confirm and here is not None and confirm != here.day.name:
            return self._page(
                tr("Nothing was changed: type the name exactly, {name}.", name=here.day.name), 409
            )

        async def work() -> None:
            said = await self._set_up.import_draft(confirm, who.login, await self._mark())
            await self._record.noted(who, "election imported", "election", {"said": said[:10]})

        return self._begin(noted("The import"), work, "#imported")

    def _begin(self, title: str, work: Any, place: str) -> Any:
        try:
            self._runs.begin(title, work, WAITED)
        except RunBusyError as error:
            return self._page(f"{error}.", 409)
        return flask.redirect(f"/office/setup{place}", 303)

    async def _mark(self) -> str:
        """Another for each import and each change of the roster; empty without an election."""
        async with asyncio.timeout(5), self._bridge.connection() as connection:
            return await connection.fetchval("select imported_at || roster_version from election") or ""


@cache
def zones() -> list[str]:
    """Time zones as places are called."""
    left_out = ("Etc/", "posix/", "right/", "SystemV/", "US/")
    return sorted(z for z in available_timezones() if "/" in z and not z.startswith(left_out))


def given_answers(form: Mapping[str, str], look: AdoptionReport | None) -> list[dict[str, str]]:
    """The answers and corrections of a form, by the report that it was made from.

    Fields are named `answer:N:KEY` for the Nth file; what was left as it was shown is no answer.
    """
    found: list[dict[str, str]] = []
    for number, each in enumerate(look.report.get("files", ()) if look is not None else ()):
        name = f"{each['file']}: {each['sheet']}" if each["sheet"] else each["file"]
        for field, value in form.items():
            prefix, _, key = field.partition(f":{number}:")
            if prefix != "answer" or not key or not value.strip():
                continue
            shown = each["kind"] if key == "kind" else each["mapping"].get(key.removeprefix("column:"), "")
            if value.strip() != shown:
                found.append({"file": name, "key": key[:100], "value": value.strip()[:300]})
    return found


def _changed(form: Mapping[str, str], day: Any) -> dict[str, str]:
    """What of the day was said otherwise than the election that is there says it."""
    return {
        k: form[k]
        for k in DAY_FIELDS
        if form.get(k, "").strip() and (day is None or form[k].strip() != shown_time(getattr(day, k)))
    }


def _told(problem: str) -> list[str]:
    """Why something was not done, a line each, whether this request or work in the background says it."""
    return [adopting_words(tr(line)) for line in problem.splitlines()]


def _first(choices: list[str], likely: str) -> list[str]:
    """The choices, the likely one before the others."""
    return sorted(choices, key=lambda choice: choice != likely)


def _shown(look: AdoptionReport | None) -> list[dict[str, Any]]:
    return list(look.report.get("files", ())) if look is not None else []
