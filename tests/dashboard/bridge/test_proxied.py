"""Whose word about the client's address is taken, where several proxies are ours."""

from typing import Any

import pytest

from dashboard.bridge.proxied import behind_proxies

CLIENT = "203.0.113.9"
OURS = "10.0.0.11,10.0.0.12,10.0.1.0/24"


def seen(trusted: str, peer: str) -> tuple[str, str, bool]:
    """What the application sees of a request that a peer passes on for the client."""
    found: list[dict[str, Any]] = []

    def application(environ: dict[str, Any], _: object) -> list[bytes]:
        found.append(dict(environ))
        return []

    environ = {
        "REMOTE_ADDR": peer, "REMOTE_HOST": peer, "wsgi.url_scheme": "http", "HTTP_X_FORWARDED_FOR": CLIENT,
        "HTTP_X_FORWARDED_PROTO": "https", "SERVER_NAME": "x", "SERVER_PORT": "80", "HTTP_HOST": "x",
    }  # fmt: skip
    behind_proxies(application, trusted)(environ, None)
    (one,) = found
    return one["REMOTE_ADDR"], one["wsgi.url_scheme"], "HTTP_X_FORWARDED_FOR" in one


@pytest.mark.parametrize("peer", ["10.0.0.11", "10.0.0.12", "10.0.1.7"])
def test_each_proxy_of_ours_is_believed(peer: str) -> None:
    assert seen(OURS, peer)[:2] == (CLIENT, "https")


@pytest.mark.parametrize(("trusted", "peer"), [(OURS, "10.0.0.13"), ("", "127.0.0.1"), ("10.0.0.11", CLIENT)])
def test_nobody_else_is_and_what_he_says_is_not_seen(trusted: str, peer: str) -> None:
    assert seen(trusted, peer) == (peer, "http", False)
