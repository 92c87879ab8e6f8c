"""Addresses that we ask of our own accord though somebody else named them: plain ones, of public hosts.

Nobody may make us ask a neighbour, the machine itself or a cloud's metadata (server-side request forgery). A
name is judged by what it resolves to, at the moment of connecting: `public` for each address.
"""

from ipaddress import IPv4Address, IPv6Address, ip_address
from urllib.parse import SplitResult, urlsplit

LONGEST = 2_000
_HIDDEN = frozenset("\\\t\r\n ")  # what some readers of addresses skip, and others do not


def plain_parts(url: str) -> SplitResult | None:
    """The parts of a plain absolute address; None of anything odd."""
    if not url.isascii() or not _HIDDEN.isdisjoint(url) or len(url) > LONGEST:
        return None
    try:
        parts = urlsplit(url)
        odd = parts.username is not None or parts.password is not None or parts.port == 0
    except ValueError:
        return None
    return None if odd or parts.scheme not in ("https", "http") or not parts.hostname else parts


def is_public(address: str) -> bool:
    """Whether a numeric address is one of the internet at large: not private, local, reserved, or shared."""
    try:
        parsed = ip_address(address.partition("%")[0])
    except ValueError:
        return False
    inner = _inside(parsed)
    return parsed.is_global and not parsed.is_multicast and (inner is None or is_public(str(inner)))


def _inside(parsed: IPv4Address | IPv6Address) -> IPv4Address | None:
    """The IPv4 address that an IPv6 one leads to: mapped, 6to4, Teredo, NAT64."""
    if isinstance(parsed, IPv4Address):
        return None
    if parsed.teredo is not None:
        return parsed.teredo[1]
    if int(parsed) >> 32 == 0x0064_FF9B << 64:
        return IPv4Address(int(parsed) & 0xFFFF_FFFF)
    return parsed.ipv4_mapped or parsed.sixtofour


def numeric(host: str) -> bool:
    """Whether a host is written as an address, in whatever notation a resolver may take for one."""
    last = host.rstrip(".").rpartition(".")[2]
    return ":" in host or last.isdigit() or last.lower().startswith("0x")
