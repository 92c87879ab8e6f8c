"""Preflight checks of the public path: each looks at it from outside, as a watcher or a provider would.

A check never raises for what it was made to find. It takes the names of what it looks at, so that a test can
break it.
"""

import socket
import ssl
import time
from datetime import UTC, datetime, timedelta
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from urllib.parse import urljoin, urlsplit

import aiohttp

from beluga.load.sender import TextSender, WatcherText
from beluga.readiness.finding import PreflightFinding, bad, fine

NETWORK_SECONDS = 5.0
CERTIFICATE_DAYS = 14  # time enough to renew by hand
MOST_HOPS = 5  # redirects
# One of each kind that deploy/public_paths.py keeps inside: watching, the API document, each service's own.
PRIVATE = (
    "/metrics", "/readyz", "/openapi.json", "/desks", "/rollcall", "/standings", "/check-ins/ids", "/floor",
    "/dispatch-limits", "/lists",
)  # fmt: skip
# By provider, in the form of its own ids; what chaos/judge/observer.py knows our texts by is their beginning
DIAGNOSTIC_KEYS = {"generic": "preflight-{}", "twilio": "SM" + "0" * 16 + "{:016x}"}
DIAGNOSTIC_PHONE = "+12015550199"  # reserved for fiction: nobody's, and on nobody's roster


def dns(url: str) -> PreflightFinding:
    """Whether the public name has an address."""
    host = urlsplit(url).hostname or ""
    try:
        found = sorted({str(entry[4][0]) for entry in socket.getaddrinfo(host, None)})
    except OSError as error:
        return bad(
            "dns", f"{host} has no address ({error})", "add an A or AAAA record for it, and wait for it"
        )
    return fine("dns", f"{host} is {', '.join(found)}")


def certificate(url: str, until: datetime, trust: ssl.SSLContext | None = None) -> PreflightFinding:
    """Whether a stranger's phone believes the certificate, through `until` and two weeks ahead."""
    parts = urlsplit(url)
    if parts.scheme != "https":
        return bad(
            "tls", f"{url} is not https", "put a TLS proxy in front and set BELUGA_PUBLIC_URL to https://…"
        )
    host, port = parts.hostname or "", parts.port or 443
    context = trust or ssl.create_default_context()
    try:
        with (
            socket.create_connection((host, port), NETWORK_SECONDS) as plain,
            context.wrap_socket(plain, server_hostname=host) as secured,
        ):
            found = secured.getpeercert() or {}
    except ssl.SSLError as error:
        return bad(
            "tls", f"the certificate is not believed: {error.reason}", "install one from a known authority"
        )
    except OSError as error:
        return bad("tls", f"{host}:{port} does not answer: {error}", "start the proxy; open the port")
    expires = datetime.fromtimestamp(ssl.cert_time_to_seconds(str(found["notAfter"])), UTC)
    needed = max(until + timedelta(days=1), datetime.now(UTC) + timedelta(days=CERTIFICATE_DAYS))
    said = f"the certificate is good until {expires:%Y-%m-%d %H:%M} UTC"
    if expires < needed:
        return bad("tls", said, f"renew it: it must last past {needed:%Y-%m-%d}")
    return fine("tls", said)


def redirect(url: str, http_port: int = 80, trust: ssl.SSLContext | None = None) -> PreflightFinding:
    """Whether http sends people on to https, and whether somebody answers where it ends."""
    host = urlsplit(url).hostname or ""
    where, said = f"http://{host}:{http_port}/w/preflight", f"http://{host}:{http_port}"
    for hop in range(MOST_HOPS):
        try:
            status, onward = _asked(where, trust)
        except (OSError, HTTPException) as error:
            remedy = "let the proxy listen there" if not hop else "redirect to the address that is served"
            return bad("redirect", f"{said} does not answer: {error}", remedy)
        if not hop and (status not in (301, 308) or not onward.startswith("https://")):
            return bad("redirect", f"{said} answers {status}", "redirect all of http to https (301)")
        if not onward:
            if status >= 500:
                return bad("redirect", f"{said}, which answers {status}", "start what the proxy leads to")
            return fine("redirect", said)
        where = urljoin(where, onward)
        said += f" leads to {urlsplit(where).scheme}://{urlsplit(where).netloc}"
    return bad("redirect", f"{said} and so on", f"redirect once: {MOST_HOPS} times were not enough")


def _asked(url: str, trust: ssl.SSLContext | None) -> tuple[int, str]:
    """(status, where to go on; empty: nowhere) of a GET. Raises `OSError` and `HTTPException`."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    connection = (
        HTTPSConnection(host, parts.port, timeout=NETWORK_SECONDS, context=trust)
        if parts.scheme == "https"
        else HTTPConnection(host, parts.port, timeout=NETWORK_SECONDS)
    )
    try:
        connection.request("GET", parts.path or "/")
        answer = connection.getresponse()
        return answer.status, (answer.getheader("Location") or "") if 300 <= answer.status < 400 else ""
    finally:
        connection.close()


def private_paths(url: str, trust: ssl.SSLContext | None = None) -> PreflightFinding:
    """Whether what only our own services may ask for does not exist from outside."""
    seen = []
    for path in PRIVATE:
        try:
            status, _ = _asked(f"{url}{path}", trust)
        except (OSError, HTTPException) as error:
            return bad("private", f"{url}{path} was not answered: {error}", "start the proxy; open the port")
        if status != 404:
            seen.append(f"{path} ({status})")
    if seen:
        return bad(
            "private", f"from outside one can ask for {', '.join(seen)}",
            "let the proxy pass the paths of deploy/public.map and no other (docs/security.md)",
        )  # fmt: skip
    return fine("private", f"{len(PRIVATE)} private paths do not exist from outside")


async def webhook(sender: TextSender, url: str, tls: ssl.SSLContext | None = None) -> PreflightFinding:
    """Whether a signed text is taken and an unsigned one refused, on the URL that providers sign.

    Leaves one READY from a phone number reserved for fiction.
    """
    texts = [
        WatcherText(key.format(time.time_ns()), datetime.now(UTC), DIAGNOSTIC_PHONE, "READY", provider)
        for provider, key in DIAGNOSTIC_KEYS.items()
    ]
    for text in texts:
        if await sender.send(text) is None:
            why = ", ".join(sender.record.refusals)
            return bad(
                "webhook",
                f"a signed text to /sms/{text.provider} was answered {why}",
                "403: the secret differs, or BELUGA_PUBLIC_URL is not this URL; 5xx: see intake's log",
            )
    timeout = aiohttp.ClientTimeout(total=NETWORK_SECONDS)
    async with aiohttp.ClientSession(timeout=timeout) as session:
        for provider in ("generic", "twilio"):
            try:
                async with session.post(f"{url}/sms/{provider}", data=b"Body=412", ssl=tls or True) as answer:
                    status = answer.status
            except (aiohttp.ClientError, TimeoutError) as error:
                return bad(
                    "webhook", f"an unsigned text was not answered: {type(error).__name__}", "see above"
                )
            if status != 403:
                return bad(
                    "webhook",
                    f"an unsigned text to /sms/{provider} was answered {status}",
                    "stop: anybody can text",
                )
    slowest = max(sender.record.seconds) * 1000
    return fine("webhook", f"signed texts are taken ({slowest:.0f} ms), unsigned ones refused")
