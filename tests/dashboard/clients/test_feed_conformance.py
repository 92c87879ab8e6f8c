"""The browser's feed module does with the recorded messages what the services' view does: in a real browser,
over a real connection (tests/election/feed_client/vectors.json; without one: tests/browser/feed.test.mjs).
"""

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from playwright.async_api import Browser

from election.browser import modules

VECTORS = json.loads(
    (Path(__file__).parents[2] / "election" / "feed_client" / "vectors.json").read_text(encoding="utf-8")
)
PAGE = """<!doctype html><meta charset="utf-8"><script type="module">
import { connectFeed } from "/feed_connection.js";
import { FeedView } from "/feed_view.js";
window.said = [];
const note = (name) => (m) =>
  window.said.push({ name, seq: m?.seq ?? null, behind: m?.stored_behind ?? null });
connectFeed(new FeedView(), {
  hello: note("hello"), snapshot: note("snapshot"), delta: note("delta"), beat: note("beat"),
  live: () => {}, lost: (words) => window.said.push({ name: "lost", words }), signedOut: () => {},
});
</script>"""


class Site:
    """Serves the page, and speaks one vector's messages to the first connection; later ones hear nothing."""

    def __init__(self, messages: list[dict[str, Any]]) -> None:
        self._messages = messages
        self.connected: list[dict[str, str]] = []
        self._app = web.Application()
        self._app.router.add_get("/", lambda _: self._answer(PAGE, "text/html"))
        self._app.router.add_get("/{name:.+[.]js}", self._module)
        self._app.router.add_get("/feed-token", self._token)
        self._app.router.add_get("/feed", self._feed)
        self._runner = web.AppRunner(self._app)

    async def __aenter__(self) -> "Site":
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0, shutdown_timeout=0.1)
        await site.start()
        self.port = self._runner.addresses[0][1]
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._runner.cleanup()

    async def _answer(self, text: str, kind: str) -> web.Response:
        return web.Response(text=text, content_type=kind)

    async def _module(self, request: web.Request) -> web.Response:
        return await self._answer(modules()[request.match_info["name"]].decode(), "text/javascript")

    async def _token(self, _: web.Request) -> web.Response:
        return web.json_response({"url": f"ws://127.0.0.1:{self.port}/feed", "token": "t"})

    async def _feed(self, request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        self.connected.append(dict(request.query))
        if len(self.connected) == 1:
            for message in self._messages:
                if socket.closed:
                    break
                await socket.send_str(json.dumps(message))
        async for _ in socket:
            pass
        return socket


def expected(steps: list[dict[str, Any]]) -> list[tuple[str, int | None]]:
    """(handler, seq) for each message; what was heard already calls none, what leaves a gap says `lost`."""
    found: list[tuple[str, int | None]] = []
    seq = None
    for step in steps:
        message = step["message"]
        number = message.get("seq")
        if not step["accepted"]:
            return [*found, ("lost", None)]
        if message["type"] != "delta" or (seq is not None and number > seq):
            found.append((message["type"], number))
        seq = number if message["type"] in ("snapshot", "delta") else seq
    return found


SPOKEN = [v for v in VECTORS if all("message" in step for step in v["steps"])]


@pytest.mark.parametrize("vector", SPOKEN, ids=[v["name"] for v in SPOKEN])
@pytest.mark.asyncio(loop_scope="module")
async def test_the_page_takes_the_recorded_messages_alike(browser: Browser, vector: dict[str, Any]) -> None:
    steps = vector["steps"]
    wanted = expected(steps)
    async with Site([step["message"] for step in steps]) as site:
        page = await browser.new_page()
        try:
            await page.goto(f"http://127.0.0.1:{site.port}/")
            await page.wait_for_function(f"window.said?.length >= {len(wanted)}", timeout=20_000)
            said = (await page.evaluate("window.said"))[: len(wanted)]
            assert [(one["name"], one.get("seq")) for one in said] == wanted
            beats = [s["message"] for s in steps if s["message"]["type"] == "beat" and s["accepted"]]
            behind = [beat["stored_behind"] for beat in beats]
            assert [one["behind"] for one in said if one["name"] == "beat"] == behind
            if wanted[-1][0] == "lost":
                async with asyncio.timeout(20):
                    while len(site.connected) < 2:
                        await asyncio.sleep(0.05)
                assert "since" in site.connected[1], "it asks for what was missed"
        finally:
            await page.close()
