"""Who may use intake's routes (`election/access/routes.py`). A route that is not here fails a test."""

from election.access.routes import Route, Who, anybody, health, only, own, war_room
from intake.outbox.receipts import RECEIPT_ROUTES
from intake.providers import BY_GET, PROVIDERS

_LINK = "the watcher's link"
_BEARER = "service token"
_COOKIE = "hotline cookie"
_SIGNED = "the provider's signature"

ROUTES: tuple[Route, ...] = (
    *(anybody("POST", f"/sms/{name}", "a text comes in", 403, _SIGNED) for name in PROVIDERS),
    *(anybody("GET", f"/sms/{name}", "a text comes in", 403, _SIGNED) for name in sorted(BY_GET)),
    *(
        anybody(method, f"/sms/{name}/status", "what became of a text", 403, _SIGNED)
        for method, name in RECEIPT_ROUTES
    ),
    anybody("GET", "/w/worker.js", "the form's service worker"),
    anybody("GET", "/w/-/{version}/{name}", "scripts, styles and icons"),
    only(Who.WATCHER, "GET", "/w/{token}", "the watcher's own form", _LINK, otherwise=403),
    only(Who.WATCHER, "POST", "/w/{token}", "reports as the watcher", _LINK, otherwise=403),
    only(Who.WATCHER, "GET", "/w/{token}/manifest.json", "the form as an app", _LINK, otherwise=403),
    # The exception to *names only on a lease*: the callers' service decides and counts (docs/form.md).
    only(
        Who.WATCHER,
        "GET",
        "/w/{token}/roll",
        "the own precinct's roll: numbers; names where the operator allows them, sealed, six times a link "
        "and day (`BELUGA_ROLL_DOWNLOADS`), each audited; more page somebody (`RollsHarvested`)",
        _LINK,
    ),
    only(Who.WATCHER, "GET", "/w/{token}/roll/state", "what is struck off there", _LINK),
    only(Who.WATCHER, "PUT", "/checkins/{key}", "reports as the watcher", _LINK),
    only(Who.WATCHER, "PUT", "/checkins/{key}/photos/{photo}", "a photo with a report", _LINK),
    war_room("GET", "/hotline", "the operator's desk", _COOKIE),
    own("GET", "/hotline/places", "precincts with their watchers", _COOKIE),
    war_room("PUT", "/hotline/reports/{key}", "a report by telephone", _COOKIE, elsewhere=422),
    war_room("GET", "/hotline/upload", "the page for files", _COOKIE),
    own("POST", "/hotline/upload", "a file of reports, line by line", _COOKIE),
    war_room("GET", "/paper/sheet", "a precinct's tally sheet", _COOKIE, elsewhere=404),
    own("GET", "/hotline/grid", "a paper sheet's boxes", _COOKIE),
    war_room("POST", "/hotline/grid", "a paper sheet keyed in", _COOKIE, elsewhere=404),
    war_room("PUT", "/decisions/{key}", "a decision about a report", _BEARER, elsewhere=403),
    own("GET", "/desks", "how much waits at each desk", _BEARER),
    own("GET", "/desks/{desk}", "what waits at a desk", _BEARER),
    war_room("POST", "/desks/{desk}/{item}/take", "takes an item", _BEARER, elsewhere=404),
    war_room("POST", "/desks/{desk}/{item}/release", "gives an item back", _BEARER, 204, elsewhere=404),
    war_room("POST", "/desks/{desk}/{item}/finish", "decides an item", _BEARER, elsewhere=404),
    war_room("GET", "/desks/{desk}/{item}/thread", "all said with whom it is about", _BEARER, elsewhere=404),
    war_room("GET", "/threads/{watcher}", "all said with a watcher", _BEARER, elsewhere=404),
    war_room("GET", "/precincts/{precinct}/photos", "which photos came from there", _BEARER, elsewhere=404),
    war_room("GET", "/photos/{message}/{number}", "a photo that came", _BEARER, elsewhere=404),
    war_room("GET", "/photos/{message}/{number}/small", "its thumbnail", _BEARER, elsewhere=404),
    own("GET", "/rollcall", "whose phones are proven", _BEARER),
    own("POST", "/rollcall/{what:invite|remind}", "texts those not proven", _BEARER),
    anybody("GET", "/openapi.json", "this API's description"),
    *health(),
)
