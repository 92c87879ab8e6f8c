"""The captain's page `/c/captain/{token}`: who is on, how fast, who idles, which script works."""

from collections.abc import Mapping
from datetime import timedelta
from html import escape
from urllib.parse import quote

import asyncpg
from aiohttp import web

from callers.api.keys import ACCESS, ADMISSION, ENDED, TOKENS, service_of
from callers.pages.caller import page
from callers.people.people import AddressSignUps, OnDuty
from callers.people.phone_banks import Bank
from callers.queue.next_moves import MoveTally, by_outcome, promises
from callers.scripts.ab_tests import TrialStatus
from callers.scripts.wording import local
from callers.scripts.wording import words as page_words
from callers.service.calling_service import CallingService
from callers.service.idle import IdleReasons
from callers.service.list_paces import list_paces
from election.access.identity import identity_of
from election.access.tokens import BadTokenError
from election.wire.callers import ListPace, NextMove

_DAY_SECONDS = 86_400  # real; a captain's link is good for a day
_IDLE = timedelta(minutes=10)  # then it stands out
_LOOK_SECONDS = 15
_MOVES = {
    NextMove.CALL: "called again when due", NextMove.RETRY: "tried again after a rest",
    NextMove.STAFF: "staff see to it", NextMove.WATCH: "a strike-off tells",
}  # fmt: skip
_PRINT = 4  # characters of an address's fingerprint: enough to tell one hall from another
_NAMED = 8


def _minutes(time: timedelta | None) -> str:
    return "" if time is None else f"{max(0, int(time.total_seconds() // 60))} min"


def _row(one: OnDuty, base: str, why: str) -> str:
    idle = ' class="n alert"' if one.idle and one.idle > _IDLE else ' class="n"'
    odd = " alert" if one.odd else ""
    verb, value = ("Let in", "0") if one.barred else ("Take off", "1")
    return f"""<tr><th scope="row">{escape(one.name)}</th><td>{escape(", ".join(one.languages))}</td>
<td>{escape(one.precinct_id)}</td><td class="n">{_minutes(one.on_a_call)}</td>
<td{idle}>{_minutes(one.idle)}</td><td>{escape(why)}</td>
<td class="n">{one.last_hour}</td><td class="n">{one.calls}</td>
<td class="n">{one.answered}</td><td class="n{" alert" if one.abusive else ""}">{one.abusive or ""}</td>
<td class="n">{one.shown}</td><td class="n{odd}">{one.unreported or ""}</td>
<td class="n{odd}">{one.given_back or ""}</td><td>{escape(one.joined_from[:_PRINT])}</td>
<td><form method="post" action="{base}/bar">
<input type="hidden" name="caller" value="{escape(one.caller_id)}">
<button class="quiet" name="barred" value="{value}" aria-label="{verb} {escape(one.name)}">{verb}</button>
</form></td></tr>"""


def _table(people: list[OnDuty], base: str, idle: IdleReasons) -> str:
    head = "".join(
        f'<th scope="col"{" class=n" if n else ""}>{word}</th>'
        for word, n in (("Caller", 0), ("Speaks", 0), ("Precinct", 0), ("On a call", 1), ("Idle", 1),
                        ("Why", 0), ("Last hour", 1), ("Today", 1), ("Answered", 1), ("Abuse", 1),
                        ("Shown", 1),
                        ("Not told", 1), ("Given back", 1), ("From", 0), ("Link", 0))
    )  # fmt: skip
    rows = "".join(_row(one, base, idle.why(one.caller_id, one.idle, barred=one.barred)) for one in people)
    return f"""<div class="scroll" tabindex="0" role="region" aria-label="Callers"><table>
<caption>Callers today</caption><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table></div>"""


def _odd(people: list[OnDuty]) -> str:
    """Who should be looked at, in a sentence; empty where nobody."""
    odd = [one.name for one in people if one.odd and not one.barred]
    if not odd:
        return ""
    names = ", ".join(odd[:_NAMED]) + (f" and {len(odd) - _NAMED} more" if len(odd) > _NAMED else "")
    return (
        f'<p class="alert">Odd: {escape(names)}. Many voters shown and nothing told, or given back. '
        "Ask them, and take the link off where nobody answers for it.</p>"
    )


def _sign_ups(found: list[AddressSignUps]) -> str:
    """Sign-ups by address: a hall shares one, and so does somebody who pretends to be many."""
    if not found:
        return ""
    rows = "".join(
        f"""<tr><th scope="row">{escape(one.address[:_PRINT])}</th><td class="n">{one.callers}</td>
<td class="n">{one.barred or ""}</td><td class="n">{one.shown}</td>
<td class="n">{_minutes(one.last_at - one.first_at)}</td></tr>"""
        for one in found
    )
    return f"""<div class="scroll" tabindex="0" role="region" aria-label="Sign-ups by address"><table>
<caption>Sign-ups by address (a mark; the address itself is not kept)</caption><thead><tr>
<th scope="col">From</th><th scope="col" class="n">Callers</th><th scope="col" class="n">Taken off</th>
<th scope="col" class="n">Shown</th><th scope="col" class="n">Within</th></tr></thead>
<tbody>{rows}</tbody></table></div>"""


def _promises(found: list[MoveTally], service: CallingService) -> str:
    """Who said that they will vote, by precinct and hour, and what came of it; then every other next move."""
    if not found:
        return ""
    rows = ""
    for (precinct, hour), (opened, kept, broken) in promises(found).items():
        at = local(hour, service.places.zone(precinct) or "UTC")
        rows += f"""<tr><th scope="row">{escape(service.places.name(precinct))}</th><td>{at}</td>
<td class="n">{opened}</td><td class="n">{kept}</td><td class="n">{broken}</td></tr>"""
    words = page_words("en")
    moves = "".join(
        f"""<tr><th scope="row">{escape(words[outcome.value])}</th><td>{_MOVES[move]}</td>
<td class="n">{opened}</td><td class="n">{kept}</td><td class="n">{broken}</td></tr>"""
        for (outcome, move), (opened, kept, broken) in by_outcome(found).items()
    )
    heads = "".join(f'<th scope="col" class="n">{word}</th>' for word in ("Open", "Kept", "Broken"))
    return f"""<div class="scroll" tabindex="0" role="region" aria-label="Promises"><table>
<caption>Promises: kept once struck off, broken where not by an hour before the close</caption>
<thead><tr><th scope="col">Precinct</th><th scope="col">Said from</th>{heads}</tr></thead>
<tbody>{rows}</tbody></table></div>
<div class="scroll" tabindex="0" role="region" aria-label="Next moves"><table>
<caption>Next moves, by what the voter said last</caption>
<thead><tr><th scope="col">Said</th><th scope="col">Next</th>{heads}</tr></thead>
<tbody>{moves}</tbody></table></div>"""


def _hours(rows: list[asyncpg.Record], paces: Mapping[str, ListPace], service: CallingService) -> str:
    """The bank's calls by precinct and hour; beside the precinct how far its whole list will be."""
    if not rows:
        return ""
    lines = ""
    for r in rows:
        precinct = r["precinct_id"]
        pace = paces.get(precinct)
        ahead = "" if pace is None or pace.by_close is None else f"{pace.by_close:.0%}"
        at = local(r["hour"], service.places.zone(precinct) or "UTC")
        lines += f"""<tr><th scope="row">{escape(service.places.name(precinct))}</th><td>{at}</td>
<td class="n">{r["calls"]}</td><td class="n">{r["reached"]}</td><td class="n">{r["promised"]}</td>
<td class="n">{"" if pace is None or pace.left is None else pace.left}</td><td class="n">{ahead}</td></tr>"""
    heads = "".join(
        f'<th scope="col" class="n">{word}</th>'
        for word in ("Calls", "Reached", "Promised", "Left", "Reached by close")
    )
    return f"""<div class="scroll" tabindex="0" role="region" aria-label="Calls by the hour"><table>
<caption>Calls by the hour. Reached by close: of the list, at the pace of all who call there</caption>
<thead><tr><th scope="col">Precinct</th><th scope="col">From</th>{heads}</tr></thead>
<tbody>{lines}</tbody></table></div>"""


def _trial(shown: TrialStatus | None) -> str:
    if shown is None:
        return ""
    rows = ""
    for one in shown.tallies:
        low, high = one.interval()
        rows += f"""<tr><th scope="row">{escape(one.variant)}</th><td class="n">{one.calls}</td>
<td class="n">{one.answers}</td><td class="n">{one.successes}</td><td class="n">{one.rate:.0%}</td>
<td class="n">{low:.0%}–{high:.0%}</td></tr>"""
    rule = shown.rule
    stated = (
        f"Stated before the first call: ends when a variant is ahead with at most {rule.alpha:.0%} chance of "
        f"error however often one looks, or after {rule.most_answers} answers each."
    )
    return f"""<div class="scroll" tabindex="0" role="region" aria-label="Scripts"><table>
<caption>Scripts: {escape(shown.sentence)}</caption><thead><tr><th scope="col">Script</th>
<th scope="col" class="n">Calls</th><th scope="col" class="n">Answers</th>
<th scope="col" class="n">Promises</th><th scope="col" class="n">Rate</th>
<th scope="col" class="n">95 %</th></tr></thead><tbody>{rows}</tbody></table></div>
<p class="progress">{stated}</p>"""


def bank_of(request: web.Request) -> tuple[str, str]:
    """The captain's account and phone bank (empty: all). Answers 401 for a link that is not good."""
    app = request.app
    try:
        value = app[TOKENS].read("captain", request.match_info["token"], max_age=_DAY_SECONDS)
        bank, number = str(value["bank"]), int(value.get("n", 0))
        maker = app[ADMISSION].checked(identity_of({"role": ""} | value))  # the first links named no role
        if not app[ACCESS].link_stands("captain", bank, number):
            app[ENDED].link("captain", bank)
            raise BadTokenError("this link was ended")
        return maker.account, bank
    except (BadTokenError, KeyError, TypeError, ValueError, AttributeError):
        raise web.HTTPUnauthorized(text="This link is no longer good. Ask staff for a new one.") from None


async def _content(service: CallingService, bank: str, base: str) -> str:
    now = service.time.now()
    people = await service.people.on_duty(now, bank)
    on = sum(one.on_a_call is not None for one in people)
    idle = sum(one.idle is not None and one.idle > _IDLE for one in people)
    hour = sum(one.last_hour for one in people)
    banks = [b for b in await service.banks.opened() if bank in ("", b.code) and b.ends_at > now]
    joined = await service.people.sign_ups(now, bank)
    moves = await service.next_moves.counted(now, bank)
    hours, paces = await service.call_hours.by_hour(now, bank), await list_paces(service, now)
    return f"""<main class="wide"><h1>Phone bank</h1>
<p>{on} on a call · {len(people)} today · {idle} idle over 10 min · calls in the last hour: {hour} ·
pages waiting for work: {len(service.long_poll)}</p>{_odd(people)}{"".join(map(_code, banks))}
{_table(people, base, service.idle)}{_hours(hours, paces, service)}{_promises(moves, service)}
{_sign_ups(joined)}
{sheets_form(base) if not bank else ""}
{_trial(await service.trials.latest())}</main>"""


def sheets_form(base: str) -> str:
    """Asks for a printed sheet."""
    return f"""<form class="row" method="post" action="{base}/lists">
<label for="precinct">Call sheet for precinct</label>
<input id="precinct" name="precinct" required maxlength="64"><label for="lines">lines</label>
<input id="lines" name="lines" type="number" value="30" min="1" max="200" required>
<button>Make a sheet</button></form>
<form class="row" action="{base}/walk"><label for="doors">Walk sheet for precinct</label>
<input id="doors" name="precinct" required maxlength="64"><button>Show the doors</button></form>"""


def _code(bank: Bank) -> str:
    return (
        f"<p>{escape(bank.name)}: join at <code>/c/join/{escape(bank.code)}</code>, "
        f"{bank.joined} of {bank.most_callers} have.</p>"
    )


async def show(request: web.Request) -> web.Response:
    """Who is on, rates, idle; looks again every quarter of a minute."""
    _, bank = bank_of(request)
    base = f"/c/captain/{quote(request.match_info['token'])}"
    response = page("en", await _content(service_of(request), bank, base))
    response.headers["Refresh"] = str(_LOOK_SECONDS)
    return response


async def bar(request: web.Request) -> web.Response:
    """Takes a caller's link away, or gives it back."""
    account, bank = bank_of(request)
    form = await request.post()
    caller, service = str(form.get("caller", "")), service_of(request)
    mine = {one.caller_id for one in await service.people.on_duty(service.time.now(), bank)}
    if caller not in mine:
        raise web.HTTPNotFound(text="There is no such caller at your phone bank.")
    await service.links.bar(caller, account, barred=form.get("barred") == "1")
    raise web.HTTPSeeOther(f"/c/captain/{quote(request.match_info['token'])}")


def add_captain(app: web.Application) -> None:
    """Adds the page."""
    app.router.add_get("/c/captain/{token}", show)
    app.router.add_post("/c/captain/{token}/bar", bar)
