"""Who is at the other end of a request: read from a signed token, in the same way by every service.

A token of purpose `service`, `feed` or `staff` carries the claims below. One made for a person names the
account and its epoch, so that it ends when the account changes (`Admission`); one that our own services and
commands make for themselves is marked `machine`, and no account stands behind it.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from election.access.tokens import BadTokenError, Tokens


class AccessEndedError(BadTokenError):
    """The token was good once; the account behind it has been closed or changed since."""


@dataclass(frozen=True, slots=True)
class Identity:
    """An account, or one of our own machines. `counties`: all it may see and change; None: everything.

    `session`: the war room's session in which a token was made; it ends with that.
    """

    account: str
    role: str
    counties: frozenset[str] | None = None
    epoch: int = 0
    machine: bool = False
    session: str = ""

    def may_see(self, county: str) -> bool:
        return self.counties is None or county in self.counties

    def claims(self) -> dict[str, Any]:
        """What a token carries."""
        claims: dict[str, Any] = {
            "account": self.account,
            "role": self.role,
            "counties": None if self.counties is None else sorted(self.counties),
            "epoch": self.epoch,
        }
        if self.machine:
            claims["machine"] = True
        if self.session:
            claims["session"] = self.session
        return claims


def machine(name: str, role: str = "service") -> Identity:
    """One of our own services or commands, acting for itself."""
    return Identity(name, role, machine=True)


def identity_of(claims: Any) -> Identity:
    """The identity that a token's claims describe; claims without an epoch count as epoch 0.

    A lead's claims must name counties, since none at all means every county. A name that no login can have is
    one of our own machines': theirs were not marked at first. Raises `BadTokenError`.
    """
    try:
        account, role, counties = str(claims["account"])[:100], str(claims["role"]), claims.get("counties")
        epoch = int(claims.get("epoch", 0))
        own = claims.get("machine") is True or role == "service" or " " in account
        session = str(claims.get("session", ""))[:64]
        scope = None if counties is None else frozenset(map(str, _listed(counties)))
    except (KeyError, TypeError, ValueError, AttributeError):
        raise BadTokenError("the token does not say whose it is") from None
    if role == "lead" and not scope:
        raise BadTokenError("a lead's token names no county")
    return Identity(account, role, scope, epoch, own, session)


def _listed(counties: Any) -> Iterable[Any]:
    if not isinstance(counties, list | tuple):
        raise TypeError("counties: not a list")
    return counties


def _nobody_ended(_: Identity) -> bool:
    return True


def _uncounted(_: Identity) -> None:
    pass


class Admission:
    """Signs and reads identities. `still_open` tells whether an identity's access has not been taken away;
    `refused` is called with each identity that comes all the same.
    """

    def __init__(
        self,
        tokens: Tokens,
        still_open: Callable[[Identity], bool] = _nobody_ended,
        refused: Callable[[Identity], None] = _uncounted,
    ) -> None:
        self.tokens = tokens
        self._still_open = still_open
        self._refused = refused

    def sign(self, purpose: str, identity: Identity) -> str:
        """A token of this purpose for an identity."""
        return self.tokens.sign(purpose, identity.claims())

    def read(self, purpose: str, token: str, max_age: int) -> Identity:
        """The identity; `max_age` in seconds of real time. Raises `BadTokenError`, `AccessEndedError`."""
        return self.checked(identity_of(self.tokens.read(purpose, token, max_age=max_age)))

    def checked(self, identity: Identity) -> Identity:
        """The identity, if its access still stands. Raises `AccessEndedError`."""
        if not self.stands(identity):
            self._refused(identity)
            raise AccessEndedError("this access has ended")
        return identity

    def stands(self, identity: Identity) -> bool:
        """Whether an identity that was admitted would still be."""
        return identity.machine or self._still_open(identity)


def bearer(header: str) -> str:
    """The token of an `Authorization` header; "" where it holds none."""
    scheme, _, token = header.partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""
