"""What experiments do: providers of `type: python` for our own runner and for `chaos run` alike."""

import subprocess
import sys
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
from typing import Any

from chaos.faults.front import TlsFront
from chaos.faults.headquarters import Headquarters
from chaos.judge.history import Op
from chaos.judge.observer import VIEWER
from chaos.load.keys import CopiedKeys
from chaos.session.session import current

# Actions that are themselves the fault, and what shows that they were.
TRACES = {
    "take_away": "the command closed the account",
    "reconnect_storm": "viewers were served a snapshot",
    "flood": "unsigned requests were answered",
    "guess_codes": "guesses were refused",
}


def _leave_trace(action: str, label: str) -> None:
    current().history.record(Op.TRACE, label, said=TRACES[action])


def load(
    rate: float,
    seconds: float,
    route: str = "generic",
    signed_url: str = "",
    *,
    hurts: bool = False,
    **mix: Any,
) -> str:
    """Begins a load of `rate` texts a second for `seconds`; `mix` as in `chaos.load.surge.Mix`.

    `route`: generic, twilio (signed over `signed_url`), form, or front (through the TLS front). `hurts`: it
    is itself the fault.
    """
    current().load(float(rate), float(seconds), route, signed_url, hurts=hurts, **mix)
    return f"{rate}/s for {seconds} s by {route}"


def open_front() -> str:
    """Puts a TLS front before intake, whose certificate can be hurt; its address."""
    session = current()
    session.front = session.front or TlsFront(session.target).start()
    return session.front.url


def open_headquarters() -> str:
    """From now on the board is looked at from headquarters, whose line can be cut."""
    session = current()
    session.headquarters = session.headquarters or Headquarters(session.target).start()
    session.board.look_from(session.headquarters.url("feed"))
    return session.headquarters.url("feed")


def beluga(*, words: list[str]) -> str:
    """Runs one of our commands; what it prints."""
    return current().beluga(*words)


def copy_keys(login: str = "rehearsed") -> str:
    """Makes an account, signs in with it, and copies every key it is given: they are used again and again."""
    session = current()
    known = [line.split("\t")[0] for line in session.beluga("user", "list").splitlines()]
    said = session.beluga("user", "reset" if login in known else "add", login)
    keys = CopiedKeys(session.target, session.history, login, said.rsplit(" ", 1)[-1].strip())
    names = keys.get_in()
    session.keys = keys
    keys.start()
    return f"{login} gets in by {', '.join(names)}"


def take_away(login: str = "rehearsed") -> str:
    """Closes the account whose keys were copied."""
    session = current()
    session.history.record(Op.FAULT, "copied keys", cuts=[], number="copied-keys", arguments={"login": login})
    session.beluga("user", "disable", login)
    _leave_trace("take_away", "copied keys")
    return login


def lose_keys() -> str:
    """End the use of the copied keys."""
    session = current()
    if session.keys is not None:
        session.keys.stop()
        session.keys = None
        session.history.record(Op.HEAL, "copied keys")
    return "no key is used any longer"


def wait_for_load() -> int:
    """Until every load begun has been answered; how many texts were given up."""
    surges = current().surges
    for surge in surges:
        surge.wait()
    return sum(surge.given_up for surge in surges)


def end_load() -> int:
    """No new texts; those under way are seen through; how many were given up."""
    surges = current().surges
    for surge in surges:
        surge.end()
    for surge in surges:
        surge.wait()
    return sum(surge.given_up for surge in surges)


def inject(fault: str, label: str = "", **arguments: Any) -> str:
    """Injects a fault of `chaos.faults.FAULTS`; `heal` takes it away under the same label."""
    current().inject(fault, label or fault, arguments)
    return label or fault


def heal(label: str) -> str:
    """Takes a fault away; harmless where it is gone already."""
    current().heal(label)
    return label


def fault_for(fault: str, seconds: float, **arguments: Any) -> str:
    """Injects, waits, heals."""
    session = current()
    session.inject(fault, fault, arguments)
    try:
        session.pause(float(seconds))
    finally:
        session.heal(fault)
    return fault


def kill_often(service: str, times: int, pause: float = 1.0) -> int:
    """`kill -9`, again and again, each time once the service is back."""
    session = current()
    for n in range(int(times)):
        deadline = time.monotonic() + 60
        while session.target.pid(service) is None and time.monotonic() < deadline:
            time.sleep(0.02)
        session.inject("killed", f"killed {service} {n + 1}", {"service": service})
        session.pause(float(pause))
    return int(times)


def pause(seconds: float) -> float:
    """Lets time pass."""
    current().pause(float(seconds))
    return seconds


def follow_runbook(page: str, part: str, stranger: bool = False) -> bool:
    """Runs a part of a runbook as it is printed; `stranger` as in `act_by_runbook`."""
    return current().follow_runbook(page, part, stranger=stranger)


def act_by_runbook(page: str, part: str = "Act", stranger: bool = False) -> bool:
    """Runs a part of a runbook that mends what is broken: in the short form, too.

    `stranger`: as somebody else than the operator, with this page and the stack's folder alone.
    """
    return current().follow_runbook(page, part, stranger=stranger)


def reconnect_storm(viewers: int, times: int) -> int:
    """Opens feed connections, drops them all at once, opens them again; how many got a snapshot."""
    import asyncio

    return asyncio.run(_storm(min(int(viewers), 1_000), min(int(times), 20)))


async def _storm(viewers: int, times: int) -> int:
    import asyncio
    import json

    from websockets.asyncio.client import connect
    from websockets.exceptions import WebSocketException

    session = current()
    token = session.target.tokens.sign("feed", VIEWER | {"account": "storm"})
    url = f"{session.target.url('feed')}/?token={token}"

    async def view(everybody: asyncio.Barrier) -> bool:
        fine = False
        try:
            async with connect(
                url, open_timeout=30, max_size=None, compression=None, ssl=session.target.tls
            ) as feed:
                async with asyncio.timeout(30):
                    while json.loads(await feed.recv()).get("type") != "snapshot":
                        pass
                fine = True
                await everybody.wait()
        except (OSError, TimeoutError, WebSocketException, asyncio.BrokenBarrierError) as error:
            session.history.record(Op.NOTE, said=f"a viewer was not served: {type(error).__name__}")
            await everybody.abort()
        return fine

    served = 0
    for n in range(times):
        session.history.record(Op.FAULT, f"storm {n + 1}", cuts=[], number=f"storm{n}", arguments={})
        everybody = asyncio.Barrier(viewers)
        came = sum(await asyncio.gather(*(view(everybody) for _ in range(viewers))))
        served += came
        if came:
            _leave_trace("reconnect_storm", f"storm {n + 1}")
        session.history.record(Op.HEAL, f"storm {n + 1}")
    return served


def flood(connections: int, seconds: float, source: str = "127.0.0.66") -> int:
    """Unsigned webhooks from another address of this machine (`chaos.load.flooding`); how many were
    answered.
    """
    session = current()
    history, url = session.history, session.target.url("intake")
    command = [sys.executable, "-m", "chaos.load.flooding", url, str(connections), str(seconds), source]
    history.record(Op.FAULT, "flood", cuts=[], number="flood", arguments={"connections": connections})
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True)
    history.record(Op.HEAL, "flood")
    if int(done.stdout):
        _leave_trace("flood", "flood")
    history.record(Op.NOTE, said=f"{done.stdout.strip()} answers to unsigned requests")
    return int(done.stdout)


def guess_codes(tries: int) -> int:
    """Tries join codes at the phone bank's door, as somebody would who wants callers' links; how many were
    looked at (the others were refused unseen).
    """
    session = current()
    url, looked_at, refused = f"{session.target.url('callers')}/c/join", 0, 0
    session.history.record(Op.FAULT, "guesses", cuts=[], number="guesses", arguments={"tries": tries})
    for n in range(min(int(tries), 500)):
        form = urllib.parse.urlencode({"code": f"guess{n:03}", "name": "A guest", "speaks": "en"}).encode()
        try:
            urllib.request.urlopen(urllib.request.Request(url, form), timeout=5).close()  # noqa: S310
        except urllib.error.HTTPError as error:
            looked_at += error.code == 403
            refused += 1
            error.close()
        except OSError as error:
            session.history.record(Op.NOTE, said=f"a guess had no answer: {type(error).__name__}")
    session.history.record(Op.HEAL, "guesses")
    if refused:
        _leave_trace("guess_codes", "guesses")
    return looked_at


def heal_all() -> str:
    """Takes every fault away."""
    current().heal_all()
    return "healed"


def in_background(func: str, **arguments: Any) -> str:
    """Another action of this module, beside what follows."""
    threading.Thread(target=globals()[func], kwargs=arguments, daemon=True).start()
    return func
