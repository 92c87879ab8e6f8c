"""A provider of photos on the loopback: media behind its login, with every bad habit on request."""

import base64
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from io import BytesIO

from aiohttp import web
from PIL import Image

ACCOUNT, TOKEN = "AC" + "0" * 32, "a token of Twilio's"
_LOGIN = "Basic " + base64.b64encode(f"{ACCOUNT}:{TOKEN}".encode()).decode()


def jpeg(width: int = 900, height: int = 600, colour: str = "navy") -> bytes:
    out = BytesIO()
    Image.new("RGB", (width, height), colour).save(out, "JPEG")
    return out.getvalue()


@dataclass
class FakeProvider:
    """`media`: (status, headers, body) by name; `asked`: every path with whether it knew the login."""

    port: int = 0
    media: dict[str, tuple[int, dict[str, str], bytes]] = field(default_factory=dict)
    asked: list[tuple[str, bool]] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def address(self, name: str) -> str:
        return f"{self.url}/2010-04-01/Accounts/{ACCOUNT}/Media/{name}"

    def put(self, name: str, body: bytes, kind: str = "image/jpeg", status: int = 200, **headers: str) -> str:
        self.media[name] = (status, {"Content-Type": kind} | headers, body)
        return self.address(name)

    async def answer(self, request: web.Request) -> web.Response:
        known = request.headers.get("Authorization") == _LOGIN
        name = request.path.rpartition("/")[2]
        self.asked.append((name, known))
        if not known:
            return web.Response(status=401)
        status, headers, body = self.media.get(name, (404, {}, b""))
        return web.Response(status=status, headers=headers, body=body)


@asynccontextmanager
async def fake_provider() -> AsyncIterator[FakeProvider]:
    provider = FakeProvider()
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", provider.answer)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    provider.port = runner.addresses[0][1]
    try:
        yield provider
    finally:
        await runner.cleanup()
