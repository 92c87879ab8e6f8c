"""What the pages load: scripts, styles, icons. Served under one version, the hash of them all.

A page names its files by that version, so that they may be kept for ever. A service in the middle of an
update may be asked for another version: it gives its own file, to be kept by nobody.
"""

from functools import cache
from hashlib import sha256
from importlib import resources

from aiohttp import web

from election.browser import modules, with_tokens

SHARED = ("queue.js", "sealing.js")  # of what the pages of several rooms share
ON_SCREEN = ("form.css", "hotline.css")  # paper has colours of its own
BASE = "/w/-"  # below the scope of the form's service worker
_TYPES = {
    ".css": "text/css",
    ".js": "text/javascript",
    ".svg": "image/svg+xml",
    ".png": "image/png",
}
_FOREVER = {"Cache-Control": "public, max-age=31536000, immutable", "X-Content-Type-Options": "nosniff"}
_NEVER = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}

# No inline script or style, and nothing from any other host.
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "manifest-src 'self'; worker-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
PAGE_HEADERS = {
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",  # a personal link is a key
    "X-Content-Type-Options": "nosniff",
    "X-Robots-Tag": "noindex",
    "Content-Security-Policy": POLICY,
}


@cache
def files() -> dict[str, bytes]:
    """Every file that a page may load, by name: those of this folder, and what all pages share."""
    folder = resources.files(__package__)
    found = {f.name: f.read_bytes() for f in folder.iterdir() if f.name.endswith(tuple(_TYPES))}
    styles = {name: with_tokens(found[name]) for name in ON_SCREEN}
    return dict(sorted({**found, **styles, **{name: modules()[name] for name in SHARED}}.items()))


@cache
def version() -> str:
    """Changes whenever any of the files does."""
    total = sha256()
    for name, content in files().items():
        total.update(name.encode() + b"\0" + content)
    return total.hexdigest()[:12]


def address(name: str) -> str:
    """Where a page finds the file. Raises `KeyError` where there is none."""
    files()[name]
    return f"{BASE}/{version()}/{name}"


def add_pages(app: web.Application) -> None:
    """The routes of the files and of the service worker, which must lie above what it serves."""

    async def show(request: web.Request) -> web.Response:
        name = request.match_info["name"]
        content = files().get(name)
        if content is None:
            return web.Response(status=404, text="There is no such file.\n", headers=_NEVER)
        headers = _FOREVER if request.match_info["version"] == version() else _NEVER
        return web.Response(body=content, content_type=_TYPES["." + name.rpartition(".")[2]], headers=headers)

    worker = files()["worker.js"].replace(b"{version}", version().encode())

    async def show_worker(_: web.Request) -> web.Response:
        return web.Response(body=worker, content_type="text/javascript", headers=_NEVER)

    app.router.add_get("/w/worker.js", show_worker)
    app.router.add_get(BASE + "/{version}/{name}", show)
