"""Staff's part of the API: phone banks, who is on, views, trials of scripts, lists for dialers and sheets."""

from dataclasses import asdict
from datetime import timedelta
from uuid import UUID

from aiohttp import web

from callers.api.answers import answer, body, problem
from callers.api.captain_links import captain_path
from callers.api.identity import staff_of
from callers.api.keys import TOKENS, service_of
from callers.api.openapi import Route
from callers.api.permission import deciding, for_all, of_caller, of_list, of_precinct, sees
from callers.lists.dialer_lists import TooManyListedError, UnknownListError, as_csv
from callers.people.phone_banks import Bank
from callers.queue.next_moves import by_outcome, promises
from callers.scripts.ab_test import Rule
from callers.scripts.ab_tests import TrialRunsError
from callers.service.list_paces import list_paces
from callers.service.volunteers import canvassers, drivers
from election.access.links import numbers
from election.wire import callers as wire


def _bank(request: web.Request, bank: Bank, number: int = 0) -> wire.PhoneBankView:
    return wire.PhoneBankView(
        code=bank.code, name=bank.name, most_callers=bank.most_callers, joined=bank.joined,
        ends_at=bank.ends_at, join_path=f"/c/join/{bank.code}",
        captain_path=captain_path(request.app[TOKENS], staff_of(request), bank.code, number),
        role=bank.role,
    )  # fmt: skip


async def get_banks(request: web.Request) -> web.Response:
    """Phone banks, with the links of their volunteers and captains."""
    for_all(staff_of(request))
    service = service_of(request)
    banks = await service.banks.opened()
    good = await numbers(service.pool, "captain", [bank.code for bank in banks])
    return answer(wire.PhoneBanks(phone_banks=[_bank(request, bank, good[bank.code]) for bank in banks]))


async def post_bank(request: web.Request) -> web.Response:
    """Opens a phone bank whose volunteers sign themselves up."""
    account = for_all(staff_of(request)).account
    order = await body(request, wire.PhoneBankOrder)
    service = service_of(request)
    now = service.time.now()
    ends_at = now + timedelta(hours=order.hours)
    bank = await service.banks.open(order.name, order.most_callers, ends_at, account, now, order.role)
    return answer(_bank(request, bank), 201)


def _minutes(time: timedelta | None) -> float | None:
    return None if time is None else round(time.total_seconds() / 60, 1)


async def get_floor(request: web.Request) -> web.Response:
    """Who calls, how fast, who idles, in the account's counties; no voter."""
    who, service = staff_of(request), service_of(request)
    now = service.time.now()
    lines = [
        wire.CallerAtWork(
            caller_id=one.caller_id, name=one.name, languages=list(one.languages),
            precinct_id=one.precinct_id, minutes_on_call=_minutes(one.on_a_call),
            minutes_idle=_minutes(one.idle), calls=one.calls, calls_last_hour=one.last_hour,
            answered=one.answered, abusive=one.abusive, barred=one.barred, phone_bank=one.bank,
            joined_from=one.joined_from, shown=one.shown, unreported=one.unreported,
            given_back=one.given_back, odd=one.odd,
            why_idle=service.idle.why(one.caller_id, one.idle, barred=one.barred),
        )
        for one in await service.people.on_duty(now)
        if sees(who, service, one.precinct_id)
    ]  # fmt: skip
    everywhere = who.counties is None  # banks and budgets know no county
    sign_ups = await service.people.sign_ups(now) if everywhere else []
    moves = [m for m in await service.next_moves.counted(now) if sees(who, service, m.precinct_id)]
    return answer(
        wire.FloorView(
            callers=lines,
            waiting=len(service.long_poll),
            outcomes=dict(await service.people.outcomes(now, lambda precinct: sees(who, service, precinct))),
            sign_ups=[wire.SignUps(**asdict(one)) for one in sign_ups],
            held_back=service.metrics.refusals() if everywhere else {},
            promises=[
                wire.PromiseCount(
                    precinct_id=precinct, precinct=service.places.name(precinct), hour=hour,
                    open=opened, kept=kept, broken=broken,
                )
                for (precinct, hour), (opened, kept, broken) in promises(moves).items()
            ],
            hours=[
                wire.CallHour(**hour, precinct=service.places.name(hour["precinct_id"]))
                for hour in await service.call_hours.by_hour(now)
                if sees(who, service, hour["precinct_id"])
            ],
            precincts=[
                wire.DispatchPace(precinct_id=p, precinct=service.places.name(p), pace=pace)
                for p, pace in (await list_paces(service, now)).items()
                if sees(who, service, p)
            ],
            canvassers=await canvassers(service, lambda precinct: sees(who, service, precinct), now),
            drivers=await drivers(service, lambda precinct: sees(who, service, precinct), now),
            next_moves=[
                wire.NextMoveCount(outcome=outcome, move=move, open=opened, kept=kept, broken=broken)
                for (outcome, move), (opened, kept, broken) in by_outcome(moves).items()
            ],
        )
    )  # fmt: skip


async def get_next_moves(request: web.Request) -> web.Response:
    """Voters who wait for a next move, in the account's counties; the look is audited."""
    who, service = deciding(staff_of(request)), service_of(request)
    try:
        move = wire.NextMove(request.query.get("move", ""))
    except ValueError:
        move = wire.NextMove.NONE
    if move is wire.NextMove.NONE:
        return problem(400, "malformed", "Name a move: call, retry, staff or watch.")
    now = service.time.now()
    rows = await service.next_moves.waiting(move, who.account, now, lambda p: sees(who, service, p))
    lines = [
        wire.NextMoveLine(**row, state=service.next_moves.state(row["precinct_id"], now)) for row in rows
    ]
    return answer(wire.NextMoveList(moves=lines))


async def put_caller(request: web.Request) -> web.Response:
    """Takes a caller's link away, or gives it back."""
    who = deciding(staff_of(request))
    order = await body(request, wire.BarOrder)
    service, caller_id = service_of(request), request.match_info["caller_id"]
    account = (await of_caller(who, service, caller_id)).account
    if not await service.links.bar(caller_id, account, barred=order.barred):
        return problem(404, "unknown_caller", "There is no such caller.")
    return web.Response(status=204)


async def get_views(request: web.Request) -> web.Response:
    """Who was shown a voter, or whom a caller was shown, in the account's counties; the look is audited."""
    who = deciding(staff_of(request))
    voter, caller = request.query.get("voter", ""), request.query.get("caller", "")
    if not voter and not caller:
        return problem(400, "malformed", "Name a voter or a caller.")
    service = service_of(request)
    rows = await service.people.viewed(who.account, service.time.now(), voter_id=voter, caller_id=caller)
    seen = [dict(row) for row in rows if sees(who, service, row["precinct_id"])]
    return answer(wire.Views(views=[wire.View.model_validate(row) for row in seen]))


async def get_trial(request: web.Request) -> web.Response:
    """How the scripts do: the live trial, else the last one."""
    for_all(staff_of(request))
    shown = await service_of(request).trials.latest()
    if shown is None:
        return problem(404, "no_trial", "No trial of scripts has been started.")
    variants = [
        wire.VariantView(
            variant=t.variant, calls=t.calls, answers=t.answers, promises=t.successes, rate=t.rate,
            low=t.interval()[0], high=t.interval()[1],
        )
        for t in shown.tallies
    ]  # fmt: skip
    return answer(
        wire.TrialView(
            over=shown.over, winner=shown.winner, sentence=shown.sentence, started_at=shown.started_at,
            alpha=shown.rule.alpha, spread=shown.rule.spread, most_answers=shown.rule.most_answers,
            variants=variants,
        )
    )  # fmt: skip


async def post_trial(request: web.Request) -> web.Response:
    """Starts a trial of scripts; its rule for stopping is in the order."""
    account = for_all(staff_of(request)).account
    order = await body(request, wire.ScriptTrialOrder)
    service = service_of(request)
    rule = Rule(order.alpha, order.spread, order.most_answers)
    try:
        await service.trials.start(order.variants, rule, account, service.time.now())
        await service.read_scripts()
    except TrialRunsError:
        return problem(409, "trial_runs", "A trial runs already; end it first.")
    except ValueError as error:
        return problem(400, "malformed", str(error))
    return await get_trial(request)


async def delete_trial(request: web.Request) -> web.Response:
    """Ends the live trial undecided."""
    account = for_all(staff_of(request)).account
    service = service_of(request)
    if not await service.trials.end(account, service.time.now()):
        return problem(404, "no_trial", "No trial runs.")
    return web.Response(status=204)


async def get_script(request: web.Request) -> web.Response:
    """What callers say now, by language."""
    for_all(staff_of(request))
    service = service_of(request)
    await service.read_scripts()
    lines, said = service.trials.read_now(), await service.trials.said()
    return answer(wire.ScriptView(lines=lines, trial=service.trials.trying, said=said))


async def put_script(request: web.Request) -> web.Response:
    """Changes what callers say from the next voter on."""
    account = for_all(staff_of(request)).account
    order = await body(request, wire.ScriptOrder)
    service = service_of(request)
    try:
        await service.trials.change(order.lines, account, service.time.now())
    except TrialRunsError:
        return problem(409, "trial_runs", "A trial of scripts runs; end it first.")
    except ValueError as error:
        return problem(400, "malformed", str(error))
    return await get_script(request)


async def post_list(request: web.Request) -> web.Response:
    """Sets voters of an open precinct aside for a dialer or a sheet."""
    who = deciding(staff_of(request))
    order = await body(request, wire.ListOrder)
    service = service_of(request)
    account = of_precinct(who, service, order.precinct_id).account
    try:
        made = await service.lists.make(
            order.precinct_id,
            order.lines,
            kind=order.kind,
            good_for=timedelta(hours=order.hours),
            account=account,
            now=service.time.now(),
        )
    except TooManyListedError as error:
        service.metrics.held_back.labels("lists").inc()
        return problem(429, "too_many", str(error))
    path = f"/lists/{made.list_id}"
    view = wire.ListView(
        list_id=made.list_id, precinct_id=made.precinct_id, lines=len(made.lines), until=made.until,
        csv_path=path,
    )  # fmt: skip
    return answer(view, 201)


def _list_id(request: web.Request) -> UUID:
    try:
        return UUID(request.match_info["list_id"])
    except ValueError:
        raise UnknownListError from None


async def get_list(request: web.Request) -> web.Response:
    """The list as CSV: who may still be called. Who has voted or said no meanwhile is off it."""
    who, service = deciding(staff_of(request)), service_of(request)
    try:
        list_id = _list_id(request)
        account = of_list(who, service, await service.lists.precinct_of(list_id)).account
        found = await service.lists.show(list_id, account, service.time.now())
    except UnknownListError:
        return problem(404, "unknown_list", "There is no such list.")
    headers = {"Cache-Control": "no-store", "Content-Disposition": "attachment; filename=list.csv"}
    return web.Response(text=as_csv(found), content_type="text/csv", headers=headers)


async def post_outcomes(request: web.Request) -> web.Response:
    """Takes the outcomes of a list back, as CSV."""
    who, service = deciding(staff_of(request)), service_of(request)
    try:
        list_id = _list_id(request)
        of_list(who, service, await service.lists.precinct_of(list_id))
        taken = await service.lists.take_outcomes(list_id, await request.text(), service.time.now())
    except UnknownListError:
        return problem(404, "unknown_list", "There is no such list.")
    problems = [wire.LineProblem(line=line, problem=words) for line, words in taken.problems]
    return answer(wire.RecordedOutcomes(recorded=taken.recorded, repeated=taken.repeated, problems=problems))


ROUTES: list[Route] = [
    ("GET", "/phone-banks", get_banks, None, wire.PhoneBanks),
    ("POST", "/phone-banks", post_bank, wire.PhoneBankOrder, wire.PhoneBankView),
    ("GET", "/floor", get_floor, None, wire.FloorView),
    ("PUT", "/floor/{caller_id}", put_caller, wire.BarOrder, None),
    ("GET", "/views", get_views, None, wire.Views),
    ("GET", "/next-moves", get_next_moves, None, wire.NextMoveList),
    ("GET", "/trials", get_trial, None, wire.TrialView),
    ("POST", "/trials", post_trial, wire.ScriptTrialOrder, wire.TrialView),
    ("DELETE", "/trials", delete_trial, None, None),
    ("GET", "/script", get_script, None, wire.ScriptView),
    ("PUT", "/script", put_script, wire.ScriptOrder, wire.ScriptView),
    ("POST", "/lists", post_list, wire.ListOrder, wire.ListView),
    ("GET", "/lists/{list_id}", get_list, None, None),
    ("POST", "/lists/{list_id}", post_outcomes, None, wire.RecordedOutcomes),
]
