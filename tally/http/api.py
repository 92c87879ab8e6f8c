"""The tally's JSON API: figures of a minute, a precinct in detail, incidents, who is silent.

Needs a bearer token: a service's, or a viewer's feed token, whose counties limit what is seen.
"""

import csv
import io
import math
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import asyncpg
import orjson
from aiohttp import web

from election.access.identity import Admission, bearer
from election.access.tokens import BadTokenError
from election.domain.checkin import COUNTED, CheckIn, Kind
from election.domain.ids import CheckInId
from election.domain.sent_words import words_of
from election.log.check_in_log import read_place
from election.postgres.database import UNREACHABLE
from tally.board.board_json import incidents_of, info_of, rows_of
from tally.board.edition import Counties, ViewScope, encode
from tally.engine.service import Engine
from tally.entries.entries import FOREVER
from tally.feed.server import TOKEN_AGE, view_scope_of
from tally.model.fit.day_fit import DayFit
from tally.model.past.curve import part_of_day, share_at
from tally.projection.projection import Tally
from tally.standing.columns import Projection
from tally.standing.rounding import Row

SERVICE_AGE = 300  # seconds of real time a service token lasts
CURVE_MINUTES = 15
JSON = "application/json"
_ANNOTATIONS = frozenset(
    {Kind.NOTE, Kind.HOURS, Kind.ACCEPT, Kind.REJECT, Kind.RESOLVE, Kind.ASSIGN, Kind.TIE}
)


def add_api(
    app: web.Application, engine: Engine, admission: Admission, pool: Callable[[], asyncpg.Pool | None]
) -> None:
    """Adds the routes. `pool` gives the database's pool, or None while it is away."""
    api = _Api(engine, admission, pool)
    app.router.add_get("/standings", api.standings)
    app.router.add_get("/as-of", api.as_of)
    app.router.add_get("/standings.csv", api.standings_csv)
    app.router.add_get("/precincts/{precinct_id}", api.precinct)
    app.router.add_get("/incidents", api.incidents)
    app.router.add_get("/silent", api.silent)


class _Api:
    def __init__(self, engine: Engine, admission: Admission, pool: Callable[[], asyncpg.Pool | None]) -> None:
        self._engine = engine
        self._admission = admission
        self._pool = pool

    def _counties(self, request: web.Request) -> Counties:
        return self._view_scope(request).counties

    def _view_scope(self, request: web.Request) -> ViewScope:
        """Scope of the request's token. Raises 401."""
        token = bearer(request.headers.get("Authorization", ""))
        for purpose, age in (("service", SERVICE_AGE), ("feed", TOKEN_AGE)):
            try:
                return view_scope_of(self._admission.read(purpose, token, age))
            except BadTokenError:
                continue
        raise web.HTTPUnauthorized(
            text='{"error": "send Authorization: Bearer TOKEN"}', content_type=JSON,
            headers={"WWW-Authenticate": "Bearer"},
        )  # fmt: skip

    def _past(self, request: web.Request) -> float | None:
        """The past time asked for as `at`, if any. Raises 400."""
        at = _as_of(request, "at")
        if at is not None and at > self._engine.clock.now().timestamp():
            raise _bad("at: this minute is still to come")
        return at

    async def _columns(self, request: web.Request) -> Row:
        counties = self._counties(request)
        body = await self._engine.standings(_as_of(request), counties)
        if body is None:
            raise _not_yet()
        found: Row = orjson.loads(body)
        return found

    async def standings(self, request: web.Request) -> web.Response:
        counties = self._counties(request)
        body = await self._engine.standings(_as_of(request), counties)
        if body is None:
            raise _not_yet()
        return web.Response(body=body, content_type=JSON)

    async def as_of(self, request: web.Request) -> web.Response:
        view_scope = self._view_scope(request)
        at = self._past(request)
        if at is None:
            raise _bad("at: name a time, such as 2026-11-03T15:04:00Z")
        body = await self._engine.history.board(at, view_scope)
        if body is None:
            raise _not_yet()
        answer = web.Response(body=body, content_type=JSON, headers={"Cache-Control": "no-store"})
        answer.enable_compression()
        return answer

    async def standings_csv(self, request: web.Request) -> web.Response:
        columns = (await self._columns(request))["standings"]
        names = ["precinct_id", *(n for n in columns if n != "precinct_id")]
        out = io.StringIO()
        writer = csv.writer(out, lineterminator="\n")
        writer.writerow(names)
        writer.writerows(zip(*(columns[name] for name in names), strict=True))
        named = {"Content-Disposition": "attachment; filename=standings.csv"}
        return web.Response(text=out.getvalue(), content_type="text/csv", headers=named)

    async def incidents(self, request: web.Request) -> web.Response:
        counties = self._counties(request)
        rows = await self._engine.ask(lambda tally, _, __: incidents_of(tally))
        edition = self._engine.publisher.edition
        if rows is None or edition is None:
            raise _not_yet()
        seen = [i for i in rows if edition.sees(counties, i["precinct_id"])]
        return web.Response(body=encode({"incidents": seen}), content_type=JSON)

    async def silent(self, request: web.Request) -> web.Response:
        counties = self._counties(request)
        rows = await self._engine.ask(lambda tally, projection, _: _silent(tally, projection))
        edition = self._engine.publisher.edition
        if rows is None or edition is None:
            raise _not_yet()
        seen = [r for r in rows if edition.sees(counties, r["precinct_id"])]
        return web.Response(body=encode({"precincts": seen}), content_type=JSON)

    async def precinct(self, request: web.Request) -> web.Response:
        counties = self._counties(request)
        precinct_id = request.match_info["precinct_id"]
        edition = self._engine.publisher.edition
        if edition is None:
            raise _not_yet()
        if not edition.sees(counties, precinct_id, known=True):
            raise web.HTTPNotFound(text='{"error": "no such precinct"}', content_type=JSON)
        at = self._past(request)
        if at is None:
            found = await self._engine.ask(lambda tally, p, state: detail_of(tally, p, state, precinct_id))
        else:
            found = await self._engine.history.ask(
                at, lambda tally, p, state: detail_of(tally, p, state, precinct_id, p.minute)
            )
        if found is None:
            raise _not_yet()
        entries = await self._entries(precinct_id, [UUID(r["check_in_id"]) for r in found["reports"]])
        if entries is not None and at is not None:
            minute = found["as_of"]
            entries = [(c, body) for c, body in entries if c.received_at.timestamp() <= minute]
        words = {str(c.check_in_id): words_of(c.channel, body) for c, body in entries or ()}
        senders = {str(c.check_in_id): c for c, _ in entries or ()}
        for report in found["reports"]:
            check_in = senders.get(report["check_in_id"])
            report["words"] = words.get(report["check_in_id"])
            report["channel"] = check_in.channel.value if check_in else None
        found["annotations"] = [_annotation(c, body) for c, body in entries or () if c.kind in _ANNOTATIONS]
        found["log"] = [
            _annotation(c, body) for c, body in entries or () if c.kind not in COUNTED | _ANNOTATIONS
        ]
        found["words_available"] = entries is not None  # the database holds them, and may be away
        return web.Response(body=encode(found), content_type=JSON)

    async def _entries(self, precinct_id: str, also: list[UUID]) -> list[tuple[CheckIn, str]] | None:
        pool = self._pool()
        if pool is None:
            return None
        try:
            async with pool.acquire(timeout=2) as held:
                connection: Any = held  # a proxy of one
                return await read_place(connection, precinct_id, [CheckInId(i) for i in also])
        except UNREACHABLE:
            return None


def _not_yet() -> web.HTTPServiceUnavailable:
    return web.HTTPServiceUnavailable(
        text='{"error": "the tally has no election yet, or is still reading the log"}', content_type=JSON,
        headers={"Retry-After": "2"},
    )  # fmt: skip


def _bad(words: str) -> web.HTTPBadRequest:
    return web.HTTPBadRequest(body=encode({"error": words}), content_type=JSON)


def _as_of(request: web.Request, name: str = "as_of") -> float | None:
    """A time asked for: ISO 8601 with an offset, or epoch seconds. Raises 400."""
    text = request.query.get(name)
    if text is None:
        return None
    if text.isascii() and text.isdigit() and len(text) <= 11:
        return float(text)
    try:
        at = datetime.fromisoformat(text.replace(" ", "+"))  # a plus sign that was not quoted
    except ValueError:
        at = None
    if at is None or at.tzinfo is None:
        raise _bad(f"{name}: give ISO 8601 with an offset, such as 2026-11-03T15:00:00Z")
    return at.timestamp()


def _silent(tally: Tally, projection: Projection) -> list[Row]:
    states = projection.columns["state"]
    positions = [p for p, state in enumerate(states) if state == "silent"]
    watchers: dict[int, list[str]] = {}
    for position, watcher_id in tally.posts.everywhere():
        watchers.setdefault(position, []).append(watcher_id)
    return [
        {
            "precinct_id": row["precinct_id"],
            "county": tally.places["county"][p],
            "last_received_at": row["last_received_at"],
            "reason": row["reason"],
            "expected_final": row["expected_final"],
            "on_post": row["on_post"],
            "watchers": watchers.get(p, []),
        }
        for p, row in zip(positions, rows_of(projection, positions), strict=True)
    ]


def detail_of(
    tally: Tally, projection: Projection, state: DayFit, precinct_id: str, as_of: float = FOREVER
) -> Row:
    """Contents of the precinct's page, words and annotations apart; `as_of`: as known then."""
    position = tally.ledger.index[precinct_id]
    view = tally.ledger.view(position, as_of)
    judged = tally.judged(projection, state, position)
    counts = [(r, "accepted", "") for r in judged.accepted]
    counts += [(s.report, s.verdict.value, s.reason) for s in judged.decided]
    counts.sort(key=lambda item: item[0].sort_key, reverse=True)
    row, posts = rows_of(projection, [position])[0], tally.posts.at(position)
    return {
        "as_of": projection.as_of,
        "info": info_of(tally, position, as_of),
        "standing": row,
        "curve": _curve(tally, state, position, row, as_of),
        "reports": [
            {
                "check_in_id": str(UUID(bytes=r.check_in_id)),
                "kind": r.kind.value,
                "votes": r.votes,
                "whole_site": r.whole,
                "share": judged.shares.get(r.check_in_id),  # of a whole site's: this precinct's votes
                "observed_at": int(r.observed),
                "received_at": int(r.received),
                "sender": shown_sender(r.sender),
                "verdict": verdict,
                "reason": reason,
            }
            for r, verdict, reason in counts
        ],
        "incidents": [i for i in incidents_of(tally, as_of) if i["precinct_id"] == precinct_id],
        "line": {"minutes": view.line_minutes, "people": view.line_people, "at": view.line_at},
        "watchers": [w.watcher_id for w in posts],
        "shifts": [
            {"watcher_id": w.watcher_id, "start": str(w.shift_start or ""), "end": str(w.shift_end or "")}
            for w in posts
        ],
    }


def _curve(tally: Tally, state: DayFit, position: int, row: Row, as_of: float) -> list[Row]:
    """Cumulative in-person votes every quarter of an hour: the band in which a precinct like this one runs
    today (its peers' level), and from the last accepted count on the projection with its own band.
    """
    inputs = tally.inputs
    opens, closes = tally.ledger.hours.of(position, as_of)
    planned = tally.ledger.hours.of(position, -math.inf)
    curve = inputs.curves.table[inputs.curves.of[position]].tolist()
    level = math.log(inputs.expected[position]) + state.peer_level
    last_at, last_votes = row["last_observed_at"], row["last_votes"]

    def share(at: float) -> float:
        return share_at(curve, part_of_day(at, opens, closes, *planned))

    done = share(last_at) if last_at is not None else 0.0
    points = []
    steps = math.ceil((closes - opens) / (60 * CURVE_MINUTES))
    for step in range(steps + 1):
        at = min(opens + step * 60 * CURVE_MINUTES, closes)
        f = share(at)
        middle = math.exp(level) * f
        own = float(inputs.precinct_sd[position]) ** 2
        sd = math.sqrt(own + float(inputs.tilt_variance[position]) * (1 - f) ** 1.5)
        point: Row = {"at": int(at), "expected": round(float(inputs.expected[position]) * f, 1)}
        for name, z in (("lo80", -1.2816), ("hi80", 1.2816), ("lo95", -1.96), ("hi95", 1.96)):
            point[name] = round(middle * math.exp(z * sd), 1)
        if last_at is not None and at >= last_at:
            rest = (f - done) / (1 - done) if done < 1 else 1.0
            for name, final in (("projected", "projected_final"), ("projected_lo80", "lo80"),
                                ("projected_hi80", "hi80")):  # fmt: skip
                point[name] = round(last_votes + max(0.0, row[final] - last_votes) * rest, 1)
        points.append(point)
    return points


def shown_sender(sender: str) -> str:
    """A watcher's id as it is; of a phone only its last digits."""
    return f"phone …{sender[-2:]}" if sender.startswith("+") else sender


def _annotation(check_in: CheckIn, body: str) -> Row:
    staff = check_in.sender.startswith("staff:")
    return {
        "check_in_id": str(check_in.check_in_id),
        "kind": check_in.kind.value,
        "at": int(check_in.observed_at.astimezone(UTC).timestamp()),
        "by": check_in.sender if staff else shown_sender(check_in.watcher_id or check_in.sender),
        "detail": _shown(check_in.detail),
        "words": None if staff else words_of(check_in.channel, body),
    }


def _shown(detail: dict[str, Any]) -> dict[str, Any]:
    return {k: shown_sender(str(v)) if k == "phone" else v for k, v in detail.items()}
