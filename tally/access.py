"""Who may use the tally's routes and its feed (`election/access/routes.py`). One not here fails a test."""

from election.access.routes import Route, anybody, health, of_all, own, war_room

_BEARER = "service or feed token"
FEED = "/feed"  # on the feed's own port, which looks at the token and not at the path

ROUTES: tuple[Route, ...] = (
    own("GET", "/standings", "every precinct's standing", _BEARER),
    own("GET", "/as-of", "the board of a past minute", _BEARER),
    own("GET", "/standings.csv", "every precinct's standing", _BEARER),
    war_room("GET", "/precincts/{precinct_id}", "a precinct's reports and curve", _BEARER, elsewhere=404),
    own("GET", "/incidents", "open problems", _BEARER),
    own("GET", "/silent", "precincts without a word", _BEARER),
    of_all("GET", "/check-ins/ids", "the id of every check-in", "service token"),
    anybody("GET", "/openapi.json", "this API's description"),
    own("GET", FEED, "the board as it changes (WebSocket)", "feed token", 101),
    *health(),
)
