"""Who is at the other end of a request: the client's address behind proxies, and what to count it by."""

from functools import lru_cache
from ipaddress import IPv6Address, IPv6Network, ip_address, ip_network

MOST_HOPS = 8  # of X-Forwarded-For that are looked at
MOST_REMEMBERED = 50_000  # addresses
_HOUSEHOLD_BITS = 64  # of an IPv6 address: a provider gives each customer all addresses that share them


class Proxies:
    """Whose word about the client's address is believed: networks such as `127.0.0.1` or `10.0.0.0/8`."""

    def __init__(self, networks: str) -> None:
        self._networks = [
            ip_network(word.strip(), strict=False) for word in networks.split(",") if word.strip()
        ]
        self._known: dict[str, bool] = {}

    def trusted(self, address: str) -> bool:
        """Whether it is one of ours."""
        known = self._known.get(address)
        if known is None:
            if len(self._known) > MOST_REMEMBERED:
                self._known.clear()
            known = self._known[address] = self._look(address)
        return known

    def _look(self, address: str) -> bool:
        try:
            parsed = ip_address(address)
        except ValueError:
            return False
        if isinstance(parsed, IPv6Address) and parsed.ipv4_mapped:
            parsed = parsed.ipv4_mapped
        return any(parsed in network for network in self._networks)

    def client(self, peer: str, forwarded: str) -> str:
        """The nearest address that is no proxy of ours; `forwarded` is `X-Forwarded-For`."""
        address = peer
        if not forwarded or not self.trusted(peer):
            return address[:64]
        for hop in reversed([hop.strip() for hop in forwarded.rsplit(",", MOST_HOPS)[-MOST_HOPS:]]):
            if not self.trusted(address):
                break
            address = hop or address
        return address[:64]


@lru_cache(maxsize=4_096)
def network_of(address: str) -> str:
    """What to count an address by: an IPv4 address itself, an IPv6 address's /64.

    A host with one IPv6 address has 2^64 of them: counted singly, each request could come from another.
    Anything that is no address is counted as it is written.
    """
    try:
        parsed = ip_address(address.partition("%")[0])
    except ValueError:
        return address[:64]
    if not isinstance(parsed, IPv6Address):
        return str(parsed)
    if parsed.ipv4_mapped is not None:
        return str(parsed.ipv4_mapped)
    return str(IPv6Network((parsed, _HOUSEHOLD_BITS), strict=False))
