"""Identifiers: `NewType`s so that a checker tells a watcher from a precinct; plain values at run time."""

import hashlib
from typing import NewType
from uuid import UUID, SafeUUID

PrecinctId = NewType("PrecinctId", str)
WatcherId = NewType("WatcherId", str)
VoterId = NewType("VoterId", str)
CallerId = NewType("CallerId", str)
MessageId = NewType("MessageId", UUID)
CheckInId = NewType("CheckInId", UUID)


def message_id(provider: str, provider_message_id: str) -> MessageId:
    """The id of a raw message: a function of its key, so that a redelivery has the same one."""
    return MessageId(_uuid(hashlib.sha256(f"{provider}\0{provider_message_id}".encode()).digest()))


def check_in_id(message: MessageId, part: int) -> CheckInId:
    """The id of the `part`-th check-in (from 0) read out of a message: the same at every reading of it."""
    return CheckInId(_uuid(hashlib.sha256(message.int.to_bytes(16) + part.to_bytes(4)).digest()))


_new = UUID.__new__
_set = object.__setattr__


def _uuid(digest: bytes) -> UUID:
    """`UUID(bytes=digest[:16])`, past its constructor, which takes longer than the digest."""
    made = _new(UUID)
    _set(made, "int", int.from_bytes(digest[:16]))
    _set(made, "is_safe", SafeUUID.unknown)
    return made
