"""Who may use the callers' routes (`election/access/routes.py`). A route that is not here fails a test."""

from election.access.routes import Route, Who, anybody, health, of_all, only, own, war_room

_LINK = "the caller's link"
_DRIVER = "the driver's link"
_CANVASSER = "the canvasser's link"
_WATCHER = "the watcher's link"
_CAPTAIN = "a phone bank's captain's link"
_BEARER = "service token"
_CODE = "the phone bank's code"

ROUTES: tuple[Route, ...] = (
    only(Who.CALLER, "POST", "/api/lease", "the caller's next voter", _LINK),
    only(Who.CALLER, "POST", "/api/dial", "a voter on the caller's own lease", _LINK),
    only(Who.CALLER, "POST", "/api/heartbeat", "the caller's own lease goes on", _LINK),
    only(Who.CALLER, "POST", "/api/release", "gives the caller's own lease back", _LINK, 204),
    only(Who.CALLER, "PUT", "/api/outcomes/{lease_id}", "what came of the caller's own call", _LINK),
    only(Who.CALLER, "DELETE", "/api/outcomes/{lease_id}", "takes it back", _LINK),
    only(Who.DRIVER, "POST", "/api/rides/next", "the driver's own ride, or one offered", _DRIVER),
    only(Who.DRIVER, "PUT", "/api/rides/{ride_id}/acts/{act_id}", "acts on the driver's own ride", _DRIVER),
    only(Who.CANVASSER, "POST", "/api/doors/next", "doors of a walk list, for them alone", _CANVASSER),
    only(Who.CANVASSER, "POST", "/api/doors/held", "the canvasser's own doors", _CANVASSER),
    only(Who.CANVASSER, "POST", "/api/doors/knock", "the same, right before a visit", _CANVASSER),
    only(Who.CANVASSER, "PUT", "/api/doors/outcomes/{lease_id}", "what came of the own visit", _CANVASSER),
    only(Who.CANVASSER, "POST", "/api/doors/{door_id}/give_back", "gives an own door back", _CANVASSER, 204),
    own("GET", "/rides", "rides with names and addresses", _BEARER),
    war_room("POST", "/rides", "asks for a ride for a voter", _BEARER, 201, elsewhere=403),
    war_room("POST", "/rides/{ride_id}", "decides about a ride", _BEARER, elsewhere=404),
    own("GET", "/dispatches", "precincts open for calling", _BEARER),
    own("GET", "/dispatches/history", "the day's dispatches and what came of them", _BEARER),
    war_room("POST", "/dispatches", "sends callers to a precinct", _BEARER, 201, elsewhere=403),
    war_room("DELETE", "/dispatches/{precinct_id}", "stops calling there", _BEARER, 204, elsewhere=403),
    war_room(
        "PUT", "/dispatches/{precinct_id}/pause", "lets calling there rest", _BEARER, 204, elsewhere=403
    ),
    of_all("GET", "/script", "what callers say", _BEARER),
    of_all("PUT", "/script", "changes it", _BEARER),
    of_all("GET", "/dispatch-limits", "what starts without staff", _BEARER),
    of_all("PUT", "/dispatch-limits", "sets it", _BEARER),
    of_all("GET", "/phone-banks", "phone banks with their links", _BEARER),
    of_all("POST", "/phone-banks", "opens a phone bank", _BEARER, 201),
    of_all("POST", "/links", "the good link of a caller or captain", _BEARER, 201),
    of_all("POST", "/links/end", "ends links of callers or captains", _BEARER),
    own("GET", "/floor", "who calls and how fast", _BEARER),
    war_room("PUT", "/floor/{caller_id}", "takes a caller's link away", _BEARER, 204, elsewhere=404),
    own("GET", "/views", "who was shown a voter", _BEARER),
    own("GET", "/next-moves", "voters (ids) who wait for a ride, an answer, a call", _BEARER),
    of_all("GET", "/trials", "how scripts do", _BEARER),
    of_all("POST", "/trials", "starts a trial of scripts", _BEARER),
    of_all("DELETE", "/trials", "ends it", _BEARER, 204),
    war_room("POST", "/lists", "voters of a precinct for a dialer", _BEARER, 201, elsewhere=403),
    war_room("GET", "/lists/{list_id}", "such a list", _BEARER, elsewhere=404),
    war_room("POST", "/lists/{list_id}", "its outcomes", _BEARER, elsewhere=404),
    # The exception to *names only on a lease* (docs/callers.md).
    only(Who.WATCHER, "GET", "/roll", "the same for intake to pass on: the own precinct's roll", _WATCHER),
    only(Who.WATCHER, "GET", "/roll/state", "what is struck off there", _WATCHER),
    anybody("GET", "/openapi.json", "this API's description"),
    only(Who.CALLER, "GET", "/c/{token}", "the caller's own page", _LINK),
    only(Who.CALLER, "POST", "/c/{token}/next", "the caller's next voter", _LINK, 303),
    only(Who.CALLER, "POST", "/c/{token}/outcome", "what came of the caller's own call", _LINK, 303),
    only(Who.CALLER, "POST", "/c/{token}/languages", "what the caller speaks", _LINK, 303),
    only(Who.CALLER, "POST", "/c/{token}/undo", "takes the last outcome back", _LINK, 303),
    only(Who.CALLER, "POST", "/c/{token}/pause", "gives the voter back", _LINK, 303),
    only(Who.CALLER, "GET", "/c/{token}/dial/{lease_id}", "a voter on the caller's own lease", _LINK, 303),
    only(Who.CALLER, "POST", "/c/{token}/dial/{lease_id}", "the same, by a form", _LINK, 303),
    anybody("GET", "/c/assets/{name}", "style sheet and script"),
    anybody("GET", "/c/join", "the form to sign up"),
    anybody("GET", "/c/join/{code}", "the form to sign up"),
    anybody("POST", "/c/join", "signs a volunteer up", 303, _CODE),
    only(Who.DRIVER, "GET", "/c/ride/{token}", "the driver's own page", _DRIVER),
    only(Who.DRIVER, "POST", "/c/ride/{token}/next", "looks for a ride, for them alone", _DRIVER, 303),
    only(Who.DRIVER, "POST", "/c/ride/{token}/act", "acts on the driver's own ride", _DRIVER, 303),
    anybody("GET", "/c/doors/worker.js", "the walk list's service worker"),
    only(Who.CANVASSER, "GET", "/c/doors/{token}", "the canvasser's own page", _CANVASSER),
    only(Who.CANVASSER, "POST", "/c/doors/{token}/next", "doors, for them alone", _CANVASSER, 303),
    only(Who.CANVASSER, "POST", "/c/doors/{token}/outcome", "what came of the own visit", _CANVASSER, 303),
    only(Who.CANVASSER, "POST", "/c/doors/{token}/give_back", "gives an own door back", _CANVASSER, 303),
    only(Who.CAPTAIN, "GET", "/c/captain/{token}", "the own phone bank's callers", _CAPTAIN),
    only(Who.CAPTAIN, "POST", "/c/captain/{token}/bar", "bars a caller of the own bank", _CAPTAIN, 303),
    # Sheets name voters: staff's own link to this page makes them, a phone bank's captain's does not.
    only(Who.CAPTAIN, "POST", "/c/captain/{token}/lists", "a printed call sheet", _CAPTAIN, 403),
    only(Who.CAPTAIN, "GET", "/c/captain/{token}/lists/{list_id}", "such a sheet", _CAPTAIN, 403),
    only(Who.CAPTAIN, "GET", "/c/captain/{token}/walk", "a printed walk sheet", _CAPTAIN, 403),
    *health(),
)
