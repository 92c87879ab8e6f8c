"""Who may use the war room's routes (`election/access/routes.py`). A route that is not here fails a test.

Watchers and callers have accounts only in name: neither can sign in, and a session of theirs opens nothing.
The board's layout, scripts and styles are the same for everybody who is signed in.
"""

from election.access.routes import Route, admins, anybody, health, of_all, own, war_room

_SESSION = "session"
_KEY = "a key of the API"

ROUTES: tuple[Route, ...] = (
    anybody("GET", "/login", "the page to sign in"),
    anybody("POST", "/login", "signs in", 400, "password, and the page's own token"),
    anybody("GET", "/first", "the first account's page, where there never was one", 403, "the link of `up`"),
    anybody("POST", "/first", "makes the first account", 403, "the link of `up`"),
    war_room("POST", "/logout", "signs out", _SESSION, 303),
    war_room("POST", "/logout-everywhere", "ends all sessions of the account", _SESSION, 303),
    war_room("GET", "/", "the board", _SESSION),
    war_room("GET", "/<path:path>", "a page", _SESSION),
    war_room("GET", "/script/<version>/<name>", "the pages' modules", _SESSION),
    war_room("GET", "/static/<path:filename>", "nothing: there are no such files", _SESSION, 404),
    war_room("GET", "/assets/<path:filename>", "styles", _SESSION),
    war_room(
        "GET",
        "/_dash-component-suites/<string:package_name>/<path:fingerprinted_path>",
        "Dash's own scripts",
        _SESSION,
    ),
    war_room("GET", "/_dash-layout", "where a page stands", _SESSION),
    war_room("GET", "/_dash-dependencies", "what fills pages", _SESSION),
    own("POST", "/_dash-update-component", "a page, and what changes in it", _SESSION),
    war_room("GET", "/_reload-hash", "nothing: no reloading here", _SESSION),
    war_room("GET", "/_favicon.ico", "the icon", _SESSION),
    own("GET", "/boot", "what a board begins with", _SESSION),
    war_room("GET", "/feed-token", "a feed token of the own counties", _SESSION),
    own("GET", "/shapes/counties", "counties on the map", _SESSION),
    own("GET", "/shapes/precincts", "precincts on the map", _SESSION),
    war_room("GET", "/shapes/precincts/<path:county>", "a county's precincts", _SESSION, elsewhere=403),
    own("GET", "/people", "who watches in a precinct", _SESSION),
    war_room("POST", "/phones", "whom to call there, with numbers", _SESSION, elsewhere=403),
    own("GET", "/watched", "precincts with a watcher", _SESSION),
    own("GET", "/watchers", "watchers found by name", _SESSION),
    war_room("GET", "/hotline", "on to the hotline, as oneself", _SESSION, 303),
    war_room("POST", "/actions", "a decision, or callers sent", _SESSION, elsewhere=403),
    war_room("GET", "/desk/<name>", "a desk's frame", _SESSION),
    own("GET", "/desks", "how much waits at each desk", _SESSION),
    own("GET", "/desks/<name>", "what waits at a desk", _SESSION),
    war_room(
        "POST",
        "/desks/<name>/<path:item>/<any(take,release,finish):what>",
        "takes, gives back or decides an item",
        _SESSION,
        elsewhere=404,
    ),
    war_room(
        "GET", "/desks/<name>/<path:item>/thread", "all said with whom it is about", _SESSION, elsewhere=404
    ),
    war_room("GET", "/threads/<path:watcher>", "all said with a watcher", _SESSION, elsewhere=404),
    war_room(
        "GET", "/photos/precinct/<path:precinct>", "which photos came from there", _SESSION, elsewhere=404
    ),
    war_room("GET", "/photos/<message>/<int:number>", "a photo that came", _SESSION, elsewhere=404),
    war_room("GET", "/photos/<message>/<int:number>/small", "its thumbnail", _SESSION, elsewhere=404),
    own("GET", "/rollcall", "whose phones are proven", _SESSION),
    own("POST", "/rollcall/<any(invite,remind):what>", "texts those not proven", _SESSION),
    own("GET", "/alerts", "what turned", _SESSION),
    own("POST", "/alerts/acknowledge", "somebody looks after it", _SESSION),
    own("GET", "/snapshot", "the board on paper, now", _SESSION),
    own("GET", "/debrief", "what the day came to", _SESSION),
    of_all("GET", "/snapshots", "kept pages of the whole board", _SESSION),
    of_all("GET", "/snapshots/<name>", "such a page", _SESSION),
    own("GET", "/replay", "the day so far; with `at` the board of a past minute", _SESSION),
    own("GET", "/office/watchers", "watchers, and precincts without one", _SESSION),
    war_room("POST", "/office/watchers", "adds a watcher", _SESSION, 303, 400),
    war_room("GET", "/office/watchers/<watcher_id>", "a watcher's form", _SESSION, elsewhere=404),
    war_room("POST", "/office/watchers/<watcher_id>", "corrects a watcher", _SESSION, 303, 404),
    war_room("POST", "/office/watchers/<watcher_id>/remove", "takes a watcher away", _SESSION, 303, 404),
    own("GET", "/office/links", "who holds a link", _SESSION),
    war_room("POST", "/office/links/cards", "gives links, as cards", _SESSION, elsewhere=404),
    war_room("POST", "/office/links/revoke", "ends links", _SESSION, 303, 404),
    admins("GET", "/office/accounts", "who may sign in", _SESSION),
    admins("POST", "/office/accounts", "makes an account", _SESSION),
    admins(
        "POST",
        "/office/accounts/<login>/<any(reset,role,disable,codes,nocodes,signout):what>",
        "resets, changes or closes an account",
        _SESSION,
    ),
    anybody("GET", "/api/v1/standings", "how precincts stand", 401, _KEY),
    anybody("GET", "/api/v1/calls", "where callers were sent", 401, _KEY),
    anybody("PUT", "/api/v1/check-ins/<report_id>", "a report", 401, _KEY),
    anybody("POST", "/api/v1/lists/<list_id>/outcomes", "the outcomes of a list", 401, _KEY),
    admins("GET", "/office/keys", "keys of the API", _SESSION),
    admins("POST", "/office/keys", "makes a key", _SESSION),
    admins("POST", "/office/keys/<key_id>/revoke", "ends a key", _SESSION, 400),
    admins("GET", "/office/webhooks", "where outcomes are told", _SESSION),
    admins("POST", "/office/webhooks", "begins telling", _SESSION, 400),
    admins(
        "POST", "/office/webhooks/<uuid:webhook_id>/<any(test,end):what>", "tests or ends it", _SESSION, 400
    ),
    admins("GET", "/office", "what is done, and still to do", _SESSION),
    admins("POST", "/office/preflight", "runs the preflight", _SESSION, 409),
    admins("GET", "/office/setup", "from a county's files to an election", _SESSION),
    admins("GET", "/office/setup/progress", "how far the work is", _SESSION),
    admins("POST", "/office/setup/files", "gives files, small and whole", _SESSION, 303),
    admins("PUT", "/office/setup/files/<name>", "gives a piece of a file", _SESSION),
    admins("POST", "/office/setup/remove", "takes a given file away", _SESSION, 303),
    admins("POST", "/office/setup/look", "looks through the files", _SESSION, 409),
    admins("POST", "/office/setup/import", "imports what was looked at", _SESSION, 303),
    admins("GET", "/audit", "who did what", _SESSION),
    admins("GET", "/audit.csv", "who did what", _SESSION),
    *health(),
)
