"""Whose word about a client's address the war room takes: a proxy's of ours; there may be several."""

from collections.abc import Callable, Iterable
from typing import Any

from waitress.proxy_headers import proxy_headers_middleware

from election.access.addresses import Proxies

Application = Callable[[dict[str, Any], Any], Iterable[bytes]]
HEADERS = {"x-forwarded-for", "x-forwarded-proto", "x-forwarded-host"}


def behind_proxies(application: Application, trusted: str) -> Application:
    """The application, told by our proxies who asks; what anybody else says of himself it does not see.

    waitress itself believes one address, or everybody.
    """
    proxies = Proxies(trusted)
    told: Application = proxy_headers_middleware(
        application, trusted_proxy="*", trusted_proxy_count=1, trusted_proxy_headers=HEADERS
    )
    untold: Application = proxy_headers_middleware(application)

    def answer(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        ours = proxies.trusted(environ["REMOTE_ADDR"])
        return (told if ours else untold)(environ, start_response)

    return answer
