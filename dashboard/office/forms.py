"""What the office's plain forms share: who sends one, its token, and how values are shown in it."""

from collections.abc import Callable
from datetime import date, time
from functools import wraps
from typing import Any, TypeVar, cast

import flask

from dashboard.accounts.sign_in import WarRoomUser, csrf_right, person
from dashboard.accounts.sign_in_pages import page_of
from election.postgres.database import UNREACHABLE

# The database is away, or says nothing in time.
NOT_ANSWERED: tuple[type[BaseException], ...] = (*UNREACHABLE, TimeoutError)
View = TypeVar("View", bound=Callable[..., Any])


def who_asks() -> WarRoomUser:
    """Who sent this. Answers 401 to strangers."""
    who = person()
    if who is None:
        flask.abort(401)
    return who


def form_checked(view: View) -> View:
    """Only with this session's token in the form's field `csrf`; others get 403 and the page's address."""

    @wraps(view)
    def guarded(*args: Any, **kwargs: Any) -> Any:
        if not csrf_right(flask.request.form.get("csrf")):
            return flask.render_template("office_stale.html", path=page_of(flask.request.path)), 403
        return view(*args, **kwargs)

    return cast("View", guarded)


def shown_time(value: object) -> str:
    """A day's field as its form shows it."""
    if isinstance(value, time):
        return f"{value:%H:%M}"
    return value.isoformat() if isinstance(value, date) else str(value)
