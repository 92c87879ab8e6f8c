"""The load: the same for a seed, bounded, signed as documented, and honest about waiting."""

import asyncio
import hmac
import json
import threading
from hashlib import sha256

import pytest
from aiohttp import web

from chaos.faults.provider import ProviderSilent
from chaos.judge.checker import latencies, longest_gap
from chaos.judge.history import EventHistory, Op, of
from chaos.load.routes import Form, Gateway, TwilioRoute, signed
from chaos.load.surge import Load, LoadWatcher, Mix, RunningLoad
from chaos.target.target import Target

WATCHERS = [LoadWatcher(f"+1215555{n:04}", f"12-{n:02}") for n in range(5)]
SECRET = "the modem's secret"


def a_load(**changes: object) -> Load:
    return Load(**({"rate": 100.0, "seconds": 1.0, "watchers": WATCHERS} | changes))  # type: ignore[arg-type]


def test_a_seed_repeats_the_plan_and_another_does_not() -> None:
    assert a_load(seed=3).plan() == a_load(seed=3).plan()
    assert a_load(seed=3).plan() != a_load(seed=4).plan()


def test_the_load_is_bounded() -> None:
    for changes in (
        {"rate": 5_000.0},
        {"seconds": 1e6},
        {"rate": 2_000.0, "seconds": 60.0},
        {"watchers": []},
    ):
        with pytest.raises(ValueError):
            a_load(**changes)


def test_the_mix_is_as_asked() -> None:
    plan = a_load(seconds=10.0, mix=Mix(duplicated=0.5, forged=0.1, replayed=0.1, poison=0.05)).plan()
    keys = {p.key for p in plan}
    kinds = [p.kind for p in plan]
    assert len(keys) == 1000
    assert 300 < len(plan) - len(keys) < 500, "half of those not refused come twice"
    assert 60 < kinds.count("forged") < 140
    assert 60 < kinds.count("replayed") < 140
    assert kinds.count("poison") > 20
    assert [p.due for p in plan] == sorted(p.due for p in plan)


def test_shuffled_is_out_of_order() -> None:
    keys = [p.key for p in a_load(mix=Mix(shuffled=True)).plan()]
    assert len(set(keys)) == 100
    assert keys != [f"surge-1-{n}" for n in range(100)]


def test_the_signature_is_the_documented_one() -> None:
    headers = signed(SECRET, b"{}", 17)
    assert headers["X-Beluga-Signature"] == (
        "sha256=" + hmac.new(SECRET.encode(), b"17.{}", sha256).hexdigest()
    )


def test_what_twilio_sends_is_what_its_own_library_signs() -> None:
    from urllib.parse import parse_qsl

    from twilio.request_validator import RequestValidator

    planned = a_load().plan()[0]
    sent = TwilioRoute("http://127.0.0.1:1", SECRET, "https://ours.example").request(planned)
    fields = dict(parse_qsl(sent.body.decode(), keep_blank_values=True))
    oracle = RequestValidator(SECRET)
    said = sent.headers["X-Twilio-Signature"]
    assert oracle.validate("https://ours.example/sms/twilio", fields, said)
    assert not oracle.validate("http://ours.example/sms/twilio", fields, said)


def test_the_form_sends_counts_under_a_key_of_its_own_and_keeps_what_a_void_link_refuses() -> None:
    route = Form("http://127.0.0.1:1", lambda: {"w1": "good"})
    planned = a_load(mix=Mix(counts=True)).plan()[0]._replace(watcher="w1")
    sent = route.request(planned)
    assert sent.url.endswith(route.key(planned.key))
    assert sent.headers["Authorization"] == "Bearer good"
    place, votes = planned.words.split()
    assert json.loads(sent.body) == {"kind": "count", "precinct_id": place, "votes": int(votes)}
    assert route.tries_again(401)
    assert not Gateway("", SECRET).tries_again(401)


async def test_a_silent_provider_delivers_late_what_it_held(tmp_path) -> None:
    seen: list[str] = []

    async def take(request: web.Request) -> web.Response:
        seen.append(json.loads(await request.read())["id"])
        return web.json_response({"duplicate": False})

    app = web.Application()
    app.router.add_post("/sms/generic", take)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    (tmp_path / "run.json").write_text("{}")
    silent = ProviderSilent(Target(tmp_path), {})
    silent.inject()
    assert not silent.happened(), "nobody has had to wait yet"
    history = EventHistory()
    route = Gateway(f"http://127.0.0.1:{runner.addresses[0][1]}", SECRET)
    surge = RunningLoad(a_load(rate=50.0, seconds=0.4), route, history, hold=silent.file).start()
    await asyncio.sleep(0.6)
    assert seen == []
    assert silent.happened()
    silent.heal()
    assert not silent.happened()
    await asyncio.to_thread(surge.wait)
    await runner.cleanup()
    assert len(seen) == 20
    assert min(latencies(history.events)) > 0.1


async def test_latency_counts_from_when_a_text_was_due() -> None:
    """A server that stalls for half a second in the middle: everybody due meanwhile has waited."""
    seen: list[str] = []
    refused: list[str] = []
    history = EventHistory()

    async def take(request: web.Request) -> web.Response:
        body = await request.read()
        key = json.loads(body)["id"]
        if (
            signed(SECRET, body, int(request.headers["X-Beluga-Timestamp"]))["X-Beluga-Signature"]
            != (request.headers["X-Beluga-Signature"])
        ):
            refused.append(key)
            return web.Response(status=403)
        if len(seen) == 20:
            await asyncio.sleep(0)
            threading.Event().wait(0.5)  # the whole server stands still
        seen.append(key)
        if len(seen) % 10 == 0:
            return web.Response(status=503)
        return web.json_response({"duplicate": seen.count(key) > 1})

    app = web.Application()
    app.router.add_post("/sms/generic", take)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    port = runner.addresses[0][1]
    route = Gateway(f"http://127.0.0.1:{port}", SECRET)
    surge = RunningLoad(a_load(mix=Mix(forged=0.1)), route, history, patience=10)
    await asyncio.to_thread(surge.start().wait)
    await runner.cleanup()
    acked = {e.key for e in of(history.events, Op.ACK)}
    rejected = {e.key for e in of(history.events, Op.REFUSE)}
    assert surge.given_up == 0
    assert rejected == set(refused)
    assert len(acked) + len(rejected) == 100
    assert any(of(history.events, Op.FAIL)), "refusals for now are on record, and sent again"
    assert longest_gap(history.events)[0] > 0.4
    assert sum(wait > 0.1 for wait in latencies(history.events)) > 20
