"""Copied keys: somebody has a cookie, tokens and an open feed of an account, and goes on using them."""

import base64
import json
import re
import threading
import time
import urllib.error
import urllib.request
import zlib
from collections.abc import Callable
from dataclasses import dataclass, field
from http.cookiejar import CookieJar
from urllib.parse import parse_qs, urlencode, urlsplit

from websockets.exceptions import ConnectionClosed, InvalidStatus, WebSocketException
from websockets.sync.client import ClientConnection, connect

from chaos.judge.history import EventHistory, Op
from chaos.target.target import Target

ENDED = 4401  # the feed's close code for access that was taken away (docs/feed.md)
EVERY_SECONDS = 0.5  # how often each key is tried
_CSRF = re.compile(r'name="csrf" value="([^"]+)"')
_REFUSED = frozenset({401, 403})


class _Stay(urllib.request.HTTPRedirectHandler):
    """Where an answer leads is what we want to know."""

    def redirect_request(self, *_: object, **__: object) -> None:
        return None


@dataclass
class CopiedKeys:
    """`get_in`, then `start`; `still_open` says which keys were good at their last use."""

    target: Target
    history: EventHistory
    login: str
    password: str
    keys: dict[str, Callable[[], int]] = field(default_factory=dict)  # each gives a status
    last: dict[str, int] = field(default_factory=dict)
    feed: ClientConnection | None = None
    closed: int | None = None  # the open feed's close code, once it was closed
    _stop: threading.Event = field(default_factory=threading.Event)
    _threads: list[threading.Thread] = field(default_factory=list)

    def get_in(self) -> list[str]:
        """Signs in and copies every key; their names. Raises `OSError` where one is not good."""
        room, jar = self.target.url("dashboard"), CookieJar()
        browser = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(jar), _Stay())
        page = browser.open(f"{room}/login", timeout=10).read().decode()
        found = _CSRF.search(page)
        if found is None:
            raise OSError("the sign-in page has no form")
        form = {"csrf": found[1], "next": "/", "login": self.login, "password": self.password}
        _location(browser, f"{room}/login", urlencode(form).encode())
        cookie = "; ".join(f"{c.name}={c.value}" for c in jar)
        token = parse_qs(urlsplit(_location(browser, f"{room}/hotline")).query)["token"][0]
        claims = {"account": self.login, "role": "staff", "counties": None, "epoch": self._epoch(browser)}
        bearer = {"Authorization": f"Bearer {self.target.tokens.sign('service', claims)}"}
        self._key("the war room's session", f"{room}/feed-token", {"Cookie": cookie})
        hotline = self.target.url("intake")
        self._key("the hotline's cookie", f"{hotline}/hotline/places", {"Cookie": f"beluga_hotline={token}"})
        self._key("the desks", f"{hotline}/desks", bearer)
        self._key("the tally", f"{self.target.url('tally')}/silent", bearer)
        self._key("the call desk", f"{self.target.url('callers')}/dispatches", bearer)
        captain = self.target.tokens.sign("captain", claims | {"bank": ""})
        self._key("the captain's page", f"{self.target.url('callers')}/c/captain/{captain}", {})
        address = f"{self.target.url('feed')}/?token={self.target.tokens.sign('feed', claims)}"
        self.keys["the feed"] = lambda: _feed(address, self.target)
        self.feed = connect(address, open_timeout=10, max_size=None, ssl=self.target.tls)
        self.last = {name: use() for name, use in self.keys.items()}
        if shut := {name: status for name, status in self.last.items() if status in _REFUSED}:
            raise OSError(f"not let in: {shut}")
        return list(self.keys)

    def _epoch(self, browser: urllib.request.OpenerDirector) -> int:
        """Of the account: in the token that the war room gives a page, which anybody may read."""
        answer = json.load(browser.open(f"{self.target.url('dashboard')}/feed-token", timeout=10))
        packed = answer["token"].lstrip(".").split(".")[0]
        content = base64.urlsafe_b64decode(packed + "=" * (-len(packed) % 4))
        if answer["token"].startswith("."):
            content = zlib.decompress(content)
        return int(json.loads(content)["epoch"])

    def _key(self, name: str, url: str, headers: dict[str, str]) -> None:
        request = urllib.request.Request(url, headers=headers)  # noqa: S310 (as given by the stack)
        opener = urllib.request.build_opener(_Stay())

        def use() -> int:
            try:
                with opener.open(request, timeout=5) as answer:
                    return int(answer.status)
            except urllib.error.HTTPError as error:
                return error.code
            except OSError:
                return 0  # no answer: neither let in nor refused

        self.keys[name] = use

    def start(self) -> None:
        """Uses every key again and again, and listens to the feed that is open."""
        self._threads = [threading.Thread(target=work, daemon=True) for work in (self._use, self._listen)]
        for thread in self._threads:
            thread.start()

    def _use(self) -> None:
        while not self._stop.wait(EVERY_SECONDS):
            for name, use in self.keys.items():
                self.last[name] = use()

    def _listen(self) -> None:
        assert self.feed is not None
        while not self._stop.is_set():
            try:
                self.feed.recv(timeout=EVERY_SECONDS)
            except TimeoutError:
                continue
            except ConnectionClosed as error:
                self.closed = error.rcvd.code if error.rcvd else 0
                return

    def still_open(self) -> list[str]:
        """Keys that were not refused at their last use; the feed that was open counts until it was closed."""
        found = [name for name, status in self.last.items() if status not in _REFUSED]
        return found if self.closed == ENDED else [*found, "the open feed"]

    def ended_within(self, seconds: float) -> bool:
        """Waits until none is good any longer; notes how long that took."""
        began = time.monotonic()
        while (still := self.still_open()) and time.monotonic() < began + seconds:
            time.sleep(0.02)
        took = time.monotonic() - began
        self.history.record(Op.NOTE, said=f"after {took:.1f} s still good: {', '.join(still) or 'no key'}")
        return not still

    def stop(self) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join(10)
        if self.feed is not None:
            self.feed.close()


def _location(browser: urllib.request.OpenerDirector, url: str, form: bytes | None = None) -> str:
    """Where an answer leads. Raises `OSError` where it leads nowhere."""
    try:
        browser.open(url, form, timeout=10).close()
    except urllib.error.HTTPError as error:
        if error.code in (302, 303):
            return str(error.headers["Location"])
        raise
    raise OSError(f"{url} led nowhere")


def _feed(address: str, target: Target) -> int:
    try:
        with connect(address, open_timeout=5, close_timeout=1, max_size=None, ssl=target.tls):
            return 101
    except InvalidStatus as error:
        return error.response.status_code
    except (OSError, WebSocketException):
        return 0
