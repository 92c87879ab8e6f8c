"""What is public comes in, and nothing else: each path of each service, in every spelling, at a HAProxy."""

import posixpath
import re
from collections.abc import Iterator
from urllib.parse import quote, unquote

import pytest

from deploy.public_paths import FEED, INSIDE, MAP, SHARED, pattern, public, routes, text
from intake.hotline.operators import COOKIE
from tests.deploy.proxies import MISSING, ROOT, Behind, Proxy, running

needs_haproxy = pytest.mark.skipif(bool(MISSING), reason=MISSING or "it can run here")
TOKEN = "eyJ3-_~.x:y@1"
NAME = "St.%20Mary's%20%C3%A9,%20A%26B"  # as a page writes a county


@pytest.fixture(scope="module")
def served() -> dict[str, set[str]]:
    return routes()


@pytest.fixture(scope="module")
def behind() -> Iterator[Behind]:
    made = Behind()
    made.start()
    yield made
    made.stop()


@pytest.fixture(scope="module")
def proxy(tmp_path_factory: pytest.TempPathFactory, behind: Behind) -> Iterator[Proxy]:
    with running(tmp_path_factory.mktemp("proxy"), behind.ports) as found:
        yield found


def test_every_route_is_public_or_named_with_a_reason(served: dict[str, set[str]]) -> None:
    """A new route: `make public-paths` where it is public, else a line in INSIDE (deploy/public_paths.py)."""
    assert text(public(served)) == MAP.read_text(encoding="utf-8")


def test_what_is_named_as_inside_is_served(served: dict[str, set[str]]) -> None:
    """A route that was renamed would else be public under its new name without a word."""
    for service, paths in INSIDE.items():
        assert set(paths) <= served[service], set(paths) - served[service]
        assert all(paths.values())
    assert set(INSIDE) == set(served)


def test_every_page_of_the_board_is_among_them() -> None:
    """A page whose path only its script knows is found as the script writes it."""
    board = ROOT / "dashboard/browser"
    script = "".join(file.read_text(encoding="utf-8") for file in board.glob("*.js"))
    written = set(re.findall(r"""["'`](/[a-z]+/)["'`$]""", script))
    known = map_of()
    assert "/precinct/" in written
    assert [path for path in written if not any(each.startswith(f"^{path}") for each in known)] == []


def examples(served: dict[str, set[str]]) -> list[tuple[str, str]]:
    """Service and path of everything public, with something in its variable parts."""
    found = [("feed", path) for path in FEED]
    for service, paths in served.items():
        for path in sorted(paths - set(INSIDE[service])):
            if SHARED.get(path, service) == service:
                for word in (TOKEN, NAME):
                    filled = re.sub(r"\{[^{}]*…\}", f"a/{word}/b", path)
                    found.append((service, re.sub(r"\{[^{}]*\}", word, filled)))
    return found


@needs_haproxy
def test_everything_public_arrives_as_it_was_sent(
    proxy: Proxy, behind: Behind, served: dict[str, set[str]]
) -> None:
    for service, path in examples(served):
        behind.arrived.clear()
        query = "?token=x&a=%2F..%2F" if path == "/hotline" else "?a=%2F..%2F"
        assert proxy.say(path + query) == 200, path
        arrived = path if service != "feed" else "/"
        assert behind.arrived == [(service, arrived + query)], path


DOORS = ("/w", "/c/x", "/sms/generic", "/assets", "/assets/x", "/_dash-component-suites/a", "/login", "/feed")
UPS = ("..", "%2e%2e", ".%2e", "%2E.", "..;", "..%2f..", "..%5c..", "%252e%252e", "..\\..")


def forms(path: str, turn: int) -> Iterator[str]:
    """Ways to write a path that somebody behind a proxy might read as that path.

    Each way up is behind one public door; with as many turns as there are doors, behind every one.
    """
    yield path
    yield f"{path}/"
    yield f"/{path}"
    yield path.replace("/", "//")
    yield path.replace("/", "/./")
    yield f"{path}/."
    yield f"{path}//"
    yield f"{path}?x=1"
    yield f"{path};x=1"
    yield f"/;x=1{path}"
    yield f"{path}#x"
    for end in ("%00", "%20", "%0a", "%3f", "%23", "%2f", "%5c", "%25", ".", "\\"):
        yield path + end
    yield path.upper()
    yield path.title()
    yield f"/%{ord(path[1]):x}{path[2:]}"
    yield f"/%{ord(path[1]):X}{path[2:]}"
    yield "/" + "".join(f"%{ord(c):x}" for c in path[1:])
    yield f"/%25{ord(path[1]):x}{path[2:]}"
    yield f"/{quote(path, safe='')}"
    yield f"/{quote(path[1:], safe='')}"
    yield f"%2f{path[1:]}"
    yield f"\\{path[1:]}"
    yield f"/\\{path[1:]}"
    for place, up in enumerate(UPS):
        door = DOORS[(turn + place) % len(DOORS)]
        depth = door.count("/")
        yield door + f"/{up}" * depth + path
        yield door + f"/{up}" * (depth + 1) + path
    for host in (
        "http://localhost",
        "https://localhost",
        "http://evil.example",
        "http://localhost:80",
        "//localhost",
    ):
        yield host + path
        yield f"{host}/{path}"
        yield f"{host}/w/..{path}"
        yield f"{host}/%{ord(path[1]):x}{path[2:]}"


def readings(target: str) -> set[str]:
    """What the most generous reader could take an arrived target for."""
    path = re.sub(r"^[a-z]+://[^/]*", "", target).partition("?")[0].partition("#")[0]
    found = {path}
    for _ in range(3):
        found |= {unquote(each) for each in found}
        found |= {each.replace("\\", "/") for each in found}
        found |= {re.sub(r";[^/]*", "", each) for each in found}
    found |= {re.sub("//+", "/", each) for each in found}
    found |= {posixpath.normpath(each) for each in found if each}
    found |= {each.rstrip("/") for each in found} | {each.lower() for each in found}
    return {each.strip("\x00 \n.") for each in found}


@needs_haproxy
def test_nothing_inside_is_reached_however_it_is_written(proxy: Proxy, behind: Behind) -> None:
    """Also where one service's inside path is another's public one (`/desks`): it reaches that other."""
    paths_tried = tried = 0
    inside = {
        service: [re.compile(pattern(each)) for each in paths if "…" not in each]
        for service, paths in INSIDE.items()
    }
    for service, paths in INSIDE.items():
        for path in paths:
            if "…" in path:
                continue  # Dash's own answer to anything: what is not in the map is tried below
            filled = re.sub(r"\{[^{}]*\}", "x1", path)
            paths_tried += 1
            for form in forms(filled, paths_tried):
                behind.arrived.clear()
                status = proxy.say(form)
                tried += 1
                assert bool(behind.arrived) == (status == 200), (form, status)
                for reached, target in behind.arrived:
                    bad = [
                        r for r in readings(target) if any(each.match(r) for each in inside.get(reached, []))
                    ]
                    assert not bad, (form, reached, target, bad)
            behind.arrived.clear()
            public_elsewhere = any(re.match(p, filled) for p in map_of())
            assert proxy.say(filled) == (200 if public_elsewhere else 404), (service, filled)
    assert paths_tried > len(DOORS) and tried > 2_000


def map_of() -> list[str]:
    return [line.split()[0] for line in MAP.read_text().splitlines() if not line.startswith("#")]


@needs_haproxy
@pytest.mark.parametrize(
    "target",
    ["/metrics", "//metrics", "/%6detrics", "/no/such/page", "/.git/config", "/login/", "/Login", "/w", "/w/",
     "/w/a/b", "/sms", "/sms/", "/sms/other", "/c/x/other", "/form/x", "/hotline/other", "/paper", "/static",
     "/assets/", "/assets/../metrics", "/assets/%2e%2e/metrics", "/%2fmetrics", "*", "", "x"],
)  # fmt: skip
def test_what_is_not_in_the_map_does_not_exist(proxy: Proxy, behind: Behind, target: str) -> None:
    behind.arrived.clear()
    assert proxy.say(target) in (400, 404)
    assert behind.arrived == []


@needs_haproxy
@pytest.mark.parametrize("method", ["CONNECT", "TRACE", "OPTIONS", "PRI", "BREW"])
def test_no_method_opens_another_way(proxy: Proxy, behind: Behind, method: str) -> None:
    behind.arrived.clear()
    for target in ("/metrics", "localhost:8401", "intake1:8401", "http://intake1:8401/metrics"):
        proxy.say(target, method)
    assert behind.arrived == []


@needs_haproxy
def test_an_address_with_a_host_is_read_as_its_path(proxy: Proxy, behind: Behind) -> None:
    behind.arrived.clear()
    assert proxy.say("http://localhost/w/abc?x=1") == 200
    assert behind.arrived == [("intake", "/w/abc?x=1")]


@needs_haproxy
@pytest.mark.parametrize(
    ("query", "cookie", "service"),
    [("", "", "dashboard"), ("?token=abc", "", "intake"), ("", f"{COOKIE}=abc", "intake"),
     ("", "beluga=abc", "dashboard"), ("?tokens=abc", f"x{COOKIE}=abc", "dashboard")],
)  # fmt: skip
def test_the_war_room_signs_in_at_the_hotline_who_has_no_session_there(
    proxy: Proxy, behind: Behind, query: str, cookie: str, service: str
) -> None:
    behind.arrived.clear()
    assert proxy.ask("8443", f"/hotline{query}", headers={"Cookie": cookie}).status == 200
    assert behind.arrived == [(service, f"/hotline{query}")]
