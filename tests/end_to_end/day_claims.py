"""What every page claims on a whole day, held against the database while the day's clock stands still.

The facts are made anew from the database: its log is tallied from nothing, and calling is counted in SQL.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import asyncpg
from playwright.async_api import Page

from dashboard.day.day_figure import COUNTED, EXPECTED, SEEN
from election.domain.day import Election
from election.log.check_in_log import Position, read_after
from election.postgres.database import connect
from election.postgres.election_store import load_election
from tally.board.board_json import aggregates_of, incidents_of, rows_of
from tally.ledger.desk_queue import desks_of
from tally.projection.projection import MINUTE, Tally
from tests.dashboard.running import until

OPEN = {"open", "acknowledged", "assigned"}
BATCH = 20_000
UNREACHED = ["no_answer", "left_message", "someone_else", "wrong_number", "moved"]
PROMISED = ["will_vote", "will_vote_at"]
Row = Mapping[str, Any]


@dataclass(frozen=True)
class DayFacts:
    """The day by the database, as of a moment at which it stands still."""

    at: float
    zone: ZoneInfo
    election: Election
    total: Row
    counties: dict[str, Row]
    rows: list[Row]
    incidents: list[Row]
    desks: Row
    calling: dict[str, Any] = field(default_factory=dict)

    def count(self, *states: str) -> int:
        return sum(self.shown(s) in states for s in self.rows)

    @staticmethod
    def shown(s: Row) -> str:
        return "ahead" if s["state"] == "on_pace" and s["gap"] > 0.05 else str(s["state"])

    @property
    def over(self) -> bool:
        return bool(self.total["closed"] >= self.total["precincts"])

    @property
    def open_incidents(self) -> int:
        return sum(i["status"] in OPEN for i in self.incidents)

    @property
    def silent(self) -> list[str]:
        return [s["precinct_id"] for s in self.rows if s["state"] == "silent"]

    @property
    def unwatched(self) -> set[str]:
        watched = {p for w in self.election.watchers for p in w.precinct_ids}
        return {p.precinct_id for p in self.election.precincts} - watched

    @property
    def worklist(self) -> list[Row]:
        if self.over:
            short = [s for s in self.rows if s["state"] == "closed" and s["final_in"] and s["shortfall"] >= 1]
            return sorted(short, key=lambda s: (-s["shortfall"], s["precinct_id"]))
        behind = [s for s in self.rows if s["state"] in ("lagging", "watch")]
        return sorted(
            behind, key=lambda s: (-s["p_lagging"] * s["shortfall"], -s["shortfall"], s["precinct_id"])
        )

    def name(self, precinct_id: str) -> str:
        return next(p.name for p in self.election.precincts if p.precinct_id == precinct_id)


async def facts(url: str, at: float, *, rehearsal: bool) -> DayFacts:
    """Reads the database and tallies it from nothing."""
    connection = await connect(url, patient=True)
    try:
        election = await load_election(connection)
        assert election is not None
        tally, position = Tally(election), Position()
        while True:
            found, position = await read_after(connection, position, BATCH)
            if not found:
                break
            tally.add(c for c in found if c.rehearsal == rehearsal)
        minute = at // MINUTE * MINUTE
        projection, state = tally.start(minute)
        tally.update(projection, state, tally.ledger.touched_between(minute, at), at)
        projection.as_of = at
        aggregates = {a["scope"]: a for a in aggregates_of(tally, projection, state)}
        schema = "rehearsal" if rehearsal else "public"
        await connection.execute(f"set search_path = {schema}, public")
        return DayFacts(
            at, ZoneInfo(election.day.timezone), election, aggregates.pop("all"),
            {scope[7:]: row for scope, row in aggregates.items()}, rows_of(projection), incidents_of(tally),
            desks_of(tally.ledger.desk_queue.groups(), None),
            await _calling(connection, datetime.fromtimestamp(at, UTC), rehearsal),
        )  # fmt: skip
    finally:
        await connection.close()


async def _calling(connection: asyncpg.Connection, at: datetime, rehearsal: bool) -> dict[str, Any]:
    since = at - timedelta(hours=14)
    made = await connection.fetchrow(
        "select count(*) as calls, count(*) filter (where outcome <> all($2::text[])) as reached,"
        " count(*) filter (where outcome = any($3::text[])) as promised,"
        " count(*) filter (where caller_id like 'door:%') as doors"
        " from calls where at > $1 and undone_at is null",
        since, UNREACHED, PROMISED,
    )  # fmt: skip
    live = await connection.fetch(
        "select d.precinct_id, d.hold, (select count(*) from leases l where l.precinct_id = d.precinct_id and"
        " l.ended_at is null and l.expires_at > $1 and l.door_id is null"
        " and l.caller_id not like 'list:%') as calling,"
        " (select count(*) from calls c where c.precinct_id = d.precinct_id and c.at >= d.started_at and"
        " c.undone_at is null) as calls from dispatches d where ended_at is null",
        at,
    )
    on_a_call = await connection.fetchval(
        "select count(*) from leases where ended_at is null and door_id is null"
        " and caller_id not like 'list:%' and granted_at > $1",
        since,
    )
    worked = await connection.fetchval(
        "select count(*) from (select caller_id from leases where granted_at > $1 union"
        " select caller_id from calls where at > $1 and undone_at is null) w join callers using (caller_id)",
        since,
    )
    alerts = await connection.fetchval(
        "select count(*) from public.alerts"
        " where rehearsal = $1 and cleared_at is null and acknowledged_at is null",
        rehearsal,
    )
    return {
        **dict(made), "live": {r["precinct_id"]: dict(r) for r in live}, "on_a_call": on_a_call,
        "worked": worked, "alerts": alerts,
    }  # fmt: skip


def whole(n: float) -> str:
    return f"{int(n + 0.5):,}"  # as a browser rounds


def percent(share: float) -> str:
    return f"{int(100 * share + 0.5)} %"


@dataclass(frozen=True, slots=True)
class DayClaim:
    """What stands somewhere on a page (`said`: JavaScript that gives its words), and what is so."""

    name: str
    said: str
    so: Callable[[DayFacts], Any]


def text(where: str) -> str:
    return f"document.querySelector({where!r})?.textContent.trim() ?? null"


def number(where: str) -> str:
    return f"parseInt((document.querySelector({where!r})?.textContent ?? '').replace(/[^0-9]/g, '') || '-1')"


def rows_in(where: str) -> str:
    return f"document.querySelectorAll({where!r}).length"


def table_sum(label: str, column: int) -> str:
    cells = f"[...document.querySelectorAll(\"[aria-label='{label}'] tbody tr\")]"
    n = f"parseInt(tr.children[{column}].textContent.replace(/,/g, '') || 0)"
    return f"{cells}.reduce((n, tr) => n + {n}, 0)"


STATES = ("lagging", "watch", "on_pace", "ahead", "silent", "doubtful", "closed")


def _reporting(f: DayFacts) -> str:
    t = f.total
    if f.over:
        return f"{whole(t['finals'])} of {whole(t['precincts'])} finals in"
    return f"{percent(1 - t['silent'] / (t['precincts'] - t['closed']))} heard lately"


def _against(f: DayFacts) -> str:
    gap = f.total["projected_final"] / f.total["expected_final"] - 1
    if abs(gap) < 0.005:
        return "as expected"
    return f"{percent(abs(gap))} {'under' if gap < 0 else 'over'} {whole(f.total['expected_final'])} expected"


def _band(f: DayFacts) -> str:
    return f"80 %: {whole(f.total['lo80'])} – {whole(f.total['hi80'])}"


def _counted(f: DayFacts) -> str:
    t = f.total
    return (
        f"{whole(t['counted'])} votes counted at {whole(t['reporting'])} of {whole(t['precincts'])} precincts"
        f"; {whole(t['expected_counted'])} were expected of the same by those counts"
    )


def _waiting(f: DayFacts) -> int:
    desks = sum(f.desks[name] for name in ("unread", "unknown", "held"))
    return int(desks + f.total["silent"] + f.open_incidents)


def _unwatched(f: DayFacts) -> str | None:
    n = len(f.unwatched & set(f.silent))
    return f"{n} precincts have no watcher" if n > 1 else f"{n} precinct has no watcher" if n else None


def _first(f: DayFacts, name: str) -> Any:
    return f.worklist[0][name] if f.worklist else None


BOARD = (
    DayClaim("heard, or finals in", text("#top-reporting"), _reporting),
    DayClaim(
        "behind, or missing", number("#top-behind"),
        lambda f: f.total["precincts"] - f.total["finals"] if f.over else f.total["lagging"],
    ),
    DayClaim(
        "silent, or never counted", number("#top-silent"),
        lambda f: f.total["precincts"] - f.total["reporting"] if f.over else f.total["silent"],
    ),
    DayClaim("incidents in the header", number("#top-incidents"), lambda f: f.open_incidents),
    DayClaim("waiting at the desks", number("#top-waiting"), lambda f: _waiting(f) or -1),
    DayClaim("how many to do", number("#work-count"), lambda f: len(f.worklist)),
    *(
        DayClaim(f"{state} in the legend", number(f"#legend [data-filter={state}] .number"),
                 lambda f, state=state: f.count(state))
        for state in STATES
    ),
    DayClaim(
        "projected, or counted", number("#today [data-is=projected]"),
        lambda f: f.total["counted"] if f.over else f.total["projected_final"],
    ),
    DayClaim(
        "its band", text("#today [data-is=band]"),
        lambda f: None if f.over or f.total["caveat"] else _band(f),
    ),
    DayClaim(
        "against expected", text("#today [data-is=against]"),
        lambda f: None if f.over or f.total["caveat"] else _against(f),
    ),
    DayClaim(
        "counted beside its own", text("#today [data-is=counted]"),
        lambda f: None if f.over else _counted(f),
    ),
    DayClaim(
        "coverage", text("#today [data-is=coverage]"),
        lambda f: "" if f.over else f"{percent(f.total['coverage'])} of the expected votes freshly reported",
    ),
    DayClaim("caveat", text("#today [data-is=caveat]"), lambda f: "" if f.over else f.total["caveat"]),
    DayClaim(
        "silent, or finals missing", number("#silent-count"),
        lambda f: f.total["precincts"] - f.total["finals"] if f.over else len(f.silent),
    ),
    DayClaim("nobody watches", text("#silent .divide"), lambda f: None if f.over else _unwatched(f)),
    DayClaim("incidents listed", number("#incidents-count"), lambda f: f.open_incidents),
    DayClaim("unread", number("#unread-count"), lambda f: f.desks["unread"]),
    DayClaim(
        "first to do", text("#work [data-row] .name"),
        lambda f: f.name(_first(f, "precinct_id")) if f.worklist else None,
    ),
    DayClaim(
        "its missing votes", number("#work [data-row] td:nth-of-type(1)"),
        lambda f: _first(f, "shortfall") if f.worklist else -1,
    ),
    DayClaim(
        "how sure", text("#work [data-row] td:nth-of-type(2)"),
        lambda f: None if not f.worklist else "" if f.over else percent(_first(f, "p_lagging")),
    ),
)  # fmt: skip


def calls_told(calling: dict[str, Any]) -> str:
    """The day's calls as the floor tells them."""
    doors = f" ({calling['doors']:,} of them at doors)" if calling["doors"] else ""
    return f"{calling['calls']:,} calls{doors}, {calling['reached']:,} reached, {calling['promised']:,}"


_HEADS = "[...document.querySelectorAll('h2')].map((h) => h.textContent)"
_TODAY = "document.querySelector('#floor-told').textContent.match(/today (.*?) promised/)[1]"
FLOOR = (
    DayClaim("on a call", "parseInt(document.querySelector('#floor-told').textContent)",
             lambda f: f.calling["on_a_call"]),
    DayClaim("calls, at doors, reached, promised", _TODAY, lambda f: calls_told(f.calling)),
    DayClaim("precincts called", rows_in("[aria-label='Precincts being called'] tbody tr"),
             lambda f: len(f.calling["live"])),
    DayClaim("calling there", table_sum("Precincts being called", 1),
             lambda f: sum(d["calling"] for d in f.calling["live"].values())),
    DayClaim("calls there", table_sum("Precincts being called", 3),
             lambda f: sum(d["calls"] for d in f.calling["live"].values())),
    DayClaim("callers today", f"parseInt({_HEADS}.find((h) => h.startsWith('Callers')).match(/[0-9,]+/)[0])",
             lambda f: f.calling["worked"]),
    DayClaim("calls by the hour", table_sum("By precinct and hour", 2), lambda f: f.calling["calls"]),
)  # fmt: skip


def told(pattern: str) -> str:
    """A number in the words below the day's chart."""
    found = f"document.querySelector('#day-words').textContent.match(/{pattern}/)[1]"
    return f"parseInt({found}.replace(/,/g, ''))"


def drawn(trace: int) -> str:
    """The last value of a trace of the day's chart."""
    return f"(document.querySelector('#day-chart .js-plotly-plot')?.data[{trace}].y ?? []).at(-1) ?? null"


DAY = (
    DayClaim("counted in words", told("Counted: ([0-9,]+)"), lambda f: f.total["counted"]),
    DayClaim("expected of the same", told("where ([0-9,]+)"), lambda f: f.total["expected_counted"]),
    DayClaim("counted, drawn", drawn(COUNTED), lambda f: f.total["counted"]),
    DayClaim("voted by now, drawn", drawn(SEEN),
             lambda f: None if f.total["caveat"] else f.total["estimated_now"]),
    DayClaim("expected by now, drawn", drawn(EXPECTED), lambda f: f.total["expected_now"]),
)  # fmt: skip
DESKS: tuple[tuple[str, Callable[[DayFacts], int]], ...] = (
    ("unread", lambda f: f.desks["unread"]),
    ("unknown", lambda f: f.desks["unknown"]),
    ("held", lambda f: f.desks["held"]),
    ("silent", lambda f: 0 if f.over else len(f.silent)),
    ("incidents", lambda f: f.open_incidents),
)
OF_SOME_HOURS = {"its band", "against expected", "counted beside its own", "nobody watches"}
Facts = Callable[[], Awaitable[DayFacts]]
TRIES = 3  # a text or a call may come while we look: the database is asked again


class Looks:
    """Looks at pages and compares; `untrue` is what was false however often it was looked at."""

    def __init__(self, page: Page, ask: Facts) -> None:
        self._page, self._ask = page, ask
        self.looked = 0
        self.untrue: list[str] = []

    async def holds(self, name: str, said: str, so_of: Callable[[DayFacts], Any]) -> None:
        """One claim. What is None by the facts is claimed at some hours alone."""
        found: Any = None
        so: Any = None
        for turn in range(TRIES):
            so = so_of(await self._ask())
            if so is None and name.split(" ", 1)[1] in OF_SOME_HOURS:
                return
            for _ in range(12):
                found = await self._page.evaluate(said)
                if _same(found, so):
                    self.looked += 1
                    return
                await self._page.wait_for_timeout(250)
            if turn < TRIES - 1:
                await self._page.reload()
                await self._page.wait_for_timeout(1500)
        self.looked += 1
        self.untrue.append(f"{name}: the page says {found!r}, the database {so!r}")


def _same(found: Any, so: Any) -> bool:
    numbers = isinstance(found, int | float) and isinstance(so, int | float)
    return found == so or (numbers and abs(found - so) < 0.51)


async def untruths(page: Page, url: str, ask: Facts) -> tuple[int, list[str]]:
    """How many claims were looked at, and those that are false."""
    looks = Looks(page, ask)
    for path, claims in (("/", BOARD), ("/floor", FLOOR), ("/replay", DAY)):
        await page.goto(url + path)
        if path == "/":
            await until(page, "window.beluga?.board?.ready", 60)
        if path == "/replay":
            await page.wait_for_selector("#day-chart .main-svg", timeout=60_000)
        for claim in claims:
            await looks.holds(f"{path} {claim.name}", claim.said, claim.so)
    for desk, so_of in DESKS:
        await page.goto(f"{url}/desk/{desk}")
        await looks.holds(f"/desk/{desk} waiting", rows_in("#queue li"), lambda f, so=so_of: min(so(f), 100))
    facts_now = await ask()
    if facts_now.worklist:
        worst = facts_now.worklist[0]
        await page.goto(f"{url}/precinct/{worst['precinct_id']}")
        await page.wait_for_selector("#panel .sentence")
        votes = f"{worst['last_votes']:,}"
        last = f"{votes} counted" if facts_now.over else f"last count {votes}"
        sentence = f"document.querySelector('#panel .sentence').textContent.includes({last!r})"
        await looks.holds(f"/precinct {last}", sentence, lambda _: True)
    await page.goto(f"{url}/debrief")
    await looks.holds(
        "/debrief finals", "document.body.innerText.match(/([0-9,]+ of [0-9,]+ finals) in/)?.[1]",
        lambda f: f"{f.total['finals']:,} of {f.total['precincts']:,} finals",
    )  # fmt: skip
    return looks.looked, looks.untrue
