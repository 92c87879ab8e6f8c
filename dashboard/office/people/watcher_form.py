"""A watcher as a form of the office gives one; the rules are those of `watchers.csv`."""

import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass

from dashboard.errors import DashboardError
from dashboard.languages import tr
from dashboard.map.places import MapPlaces
from election.domain.day import Watcher
from election.domain.ids import PrecinctId, WatcherId
from election.domain.phones import e164
from election.folder.cells import language_of, split_list, time_of
from election.folder.day_file import DEFAULT_REGION

_ID = re.compile(r"[\w.-]{1,64}")
LONGEST = 120  # characters of a name


class WatcherFormError(DashboardError):
    """A form that makes no watcher; the message says what to correct."""


@dataclass(frozen=True, slots=True)
class WatcherForm:
    """The watcher of a form, and the precincts it names."""

    watcher: Watcher
    precincts: tuple[str, ...]


def watcher_of(
    form: Mapping[str, str], here: MapPlaces, counties: tuple[str, ...] | None, watcher_id: str = ""
) -> WatcherForm:
    """Reads a form. `counties`: the asker's own, None for all. Raises `WatcherFormError`."""
    name = " ".join(form.get("name", "").split())[:LONGEST]
    if not name:
        raise WatcherFormError(tr("A watcher needs a name."))
    phone = _phone(form, "phone")
    if phone is None:
        raise WatcherFormError(
            tr("A watcher needs a whole phone number: with area code, or + and country code.")
        )
    spoken = form.get("language", "").strip() or here.day.languages[0]
    language = language_of(spoken)
    if language is None:
        raise WatcherFormError(
            tr("{words} is no language: write a code such as en or es.", words=spoken[:40])
        )
    start, end = (time_of(form.get(f"shift_{each}", "").strip()) for each in ("start", "end"))
    if start and end and end <= start:
        raise WatcherFormError(tr("The shift ends before it starts."))
    precincts = precincts_of(form.get("precincts", ""), here, counties)
    watcher = Watcher(
        WatcherId(watcher_id or f"w{secrets.token_hex(4)}"), name, phone, language,
        tuple(map(PrecinctId, precincts)), _phone(form, "backup_phone"),
        form.get("coordinator", "").strip()[:LONGEST] or None, start, end,
    )  # fmt: skip
    return WatcherForm(watcher, precincts)


def new_watcher_of(form: Mapping[str, str], here: MapPlaces, counties: tuple[str, ...] | None) -> WatcherForm:
    """Reads a form for a watcher who is not there yet; an id is made where none is given."""
    watcher_id = form.get("watcher_id", "").strip()
    if watcher_id and not _ID.fullmatch(watcher_id):
        raise WatcherFormError(tr("An id has letters, digits, dots and dashes only, 64 at most."))
    if any(w.watcher_id == watcher_id for w in here.watchers):
        raise WatcherFormError(tr("There is a watcher {id} already.", id=watcher_id))
    return watcher_of(form, here, counties, watcher_id)


def precincts_of(text: str, here: MapPlaces, counties: tuple[str, ...] | None) -> tuple[str, ...]:
    """Precincts named in a field, by id, several parted by `;`. Raises `WatcherFormError`."""
    found = split_list(text.strip())
    for precinct_id in found:
        precinct = here.precincts.get(precinct_id)
        if precinct is None or (counties is not None and precinct.county not in counties):
            raise WatcherFormError(
                tr(
                    "There is no precinct {id} here; part several with ;",
                    id=precinct_id[:40],
                )
            )
    if not found and counties is not None:
        raise WatcherFormError(tr("Name a precinct of your counties."))
    return found


def _phone(form: Mapping[str, str], name: str) -> str | None:
    text = form.get(name, "").strip()
    found = e164(text, DEFAULT_REGION) if text else None
    if text and found is None:
        raise WatcherFormError(tr("That is no whole phone number: with area code, or + and country code."))
    return found
