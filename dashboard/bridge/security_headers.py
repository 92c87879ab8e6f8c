"""Headers that keep the pages to themselves: Content-Security-Policy and its neighbours."""

from collections.abc import Callable, Sequence
from urllib.parse import urlsplit

import flask

from dashboard.settings import DashboardSettings

# What a browser may keep: its address changes with its content, or it says itself how long.
_KEPT = ("/assets/", "/script/", "/style/", "/_dash-component-suites/", "/shapes/", "/watched")


def content_security_policy(script_hashes: Sequence[str], feed: str) -> str:
    """The policy the board runs under. `feed` is the feed's origin (`wss://host:port`).

    Scripts: our own files, and the one inline script Dash needs, by hash. Styles: inline ones too, because
    plotly.js and React set them on elements. Nothing from, and nothing to, any other host.
    """
    rules = {
        "default-src": "'none'",
        "script-src": " ".join(["'self'", *script_hashes]),
        "style-src": "'self' 'unsafe-inline'",
        "img-src": "'self' data: blob:",
        "font-src": "'self' data:",
        "connect-src": f"'self' {feed}",
        "form-action": "'self'",
        "frame-ancestors": "'none'",
        "base-uri": "'none'",
        "manifest-src": "'self'",
    }
    return "; ".join(f"{name} {value}" for name, value in rules.items())


def feed_url(settings: DashboardSettings, host: str, secure: bool) -> str:
    """Where a page at `host` (as the browser wrote it) finds the feed."""
    if settings.feed_public_url:
        return settings.feed_public_url
    name = urlsplit(f"//{host}").hostname or "localhost"
    name = f"[{name}]" if ":" in name else name
    return f"{'wss' if secure else 'ws'}://{name}:{settings.feed_port}/"


def intake_url(settings: DashboardSettings, host: str) -> str:
    """Where a person at `host` finds intake's pages."""
    inside = urlsplit(settings.public_url or settings.intake_url)
    if inside.hostname not in ("127.0.0.1", "localhost", "::1"):
        return inside.geturl().rstrip("/")
    name = urlsplit(f"//{host}").hostname or "localhost"
    return f"{inside.scheme}://{f'[{name}]' if ':' in name else name}:{inside.port}"


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


def add_security_headers(
    server: flask.Flask, settings: DashboardSettings, script_hashes: Callable[[], Sequence[str]]
) -> None:
    """Adds the headers to every answer."""

    @server.after_request
    def guard(response: flask.Response) -> flask.Response:
        feed = _origin(feed_url(settings, flask.request.host, flask.request.is_secure))
        headers = response.headers
        stricter = flask.g.get("content_policy")  # a photo's
        headers["Content-Security-Policy"] = stricter or content_security_policy(script_hashes(), feed)
        headers["X-Content-Type-Options"] = "nosniff"
        headers["X-Frame-Options"] = "DENY"
        headers["Referrer-Policy"] = "same-origin"
        headers["Permissions-Policy"] = "camera=(), geolocation=(), microphone=()"
        headers["Cross-Origin-Opener-Policy"] = "same-origin"
        if flask.request.is_secure:
            headers["Strict-Transport-Security"] = "max-age=31536000"
        if not flask.request.path.startswith(_KEPT):
            headers["Cache-Control"] = "no-store"
        return response
