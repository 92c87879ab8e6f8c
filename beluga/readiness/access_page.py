"""docs/access.md, made from what services declare of their routes: `python -m beluga.readiness.access_page FILE`."""

import sys
from collections.abc import Sequence
from pathlib import Path

from callers.access import ROUTES as CALLERS
from dashboard.access import ROUTES as DASHBOARD
from election.access.routes import Route, Who
from intake.access import ROUTES as INTAKE
from tally.access import ROUTES as TALLY

# ruff: noqa: E501 - the page is wider than code

SERVICES: dict[str, Sequence[Route]] = {
    "intake": INTAKE,
    "tally": TALLY,
    "callers": CALLERS,
    "dashboard": DASHBOARD,
}
_HEAD = """\
# Who may do what

Made from the services' `access.py` by `make access`; do not edit. `tests/security` holds it to the code: a route that
is not declared fails, and every cell is tried on running services, reads and writes.

The object of a route (a precinct, a report, a list) lies in one county: *lead here* is a lead of that county, *lead
elsewhere* of another. *Expired* is what opens the route, too old or taken away. Watchers, callers, drivers, canvassers
and captains come with the link they hold; a captain's is of one phone bank and opens no other. Tokens and sessions forged with the role
of a watcher or a caller are tried as well and open nothing. A cell is the answer's status: 200 and its kind did what
was asked, 303 leads on, 101 opens the feed, 401 asks for something to show, 400, 403, 404 and 422 refuse. **own**: the
answer shows, and the request changes, only what lies in the asker's counties.

What decides is what a request would *do*. A hotline report's text may name another precinct, a decision another
county's report; a watcher may stand in two counties, a building be of two. Intake works the effects out before it
journals anything (`intake/door/permission.py`, `intake/door/door.py`) and refuses where one of them is not the asker's, or where
that cannot be told because the list of precincts or the database is away. Watchers' own texts and forms do not pass
there, and staff and admins are not asked.
"""


def page() -> str:
    """The whole page."""
    return "\n".join([_HEAD, *(_service(name, routes) for name, routes in SERVICES.items())])


def _service(name: str, routes: Sequence[Route]) -> str:
    lines = [
        f"## {name}",
        "",
        f"| route | what | opened by | {' | '.join(Who)} |",
        f"|---|---|---|{'---|' * len(Who)}",
    ]
    for route in routes:
        cells = " | ".join(str(route.answers[who]).replace(" own", " **own**") for who in Who)
        path = route.path.replace("|", "\\|")
        lines.append(f"| `{route.method} {path}` | {route.what} | {route.by} | {cells} |")
    return "\n".join([*lines, ""])


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(page(), encoding="utf-8")
