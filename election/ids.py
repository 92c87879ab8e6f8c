"""Identifiers: `NewType`s so that a checker tells a watcher from a precinct; plain values at run time."""

import hashlib
from typing import NewType
from uuid import UUID

PrecinctId = NewType("PrecinctId", str)
WatcherId = NewType("WatcherId", str)
VoterId = NewType("VoterId", str)
CallerId = NewType("CallerId", str)
MessageId = NewType("MessageId", UUID)
CheckInId = NewType("CheckInId", UUID)


def message_id(provider: str, provider_message_id: str) -> MessageId:
    """The id of a raw message: a function of its key, so that a redelivery has the same one."""
    digest = hashlib.sha256(f"{provider}\0{provider_message_id}".encode()).digest()
    return MessageId(UUID(bytes=digest[:16]))


def check_in_id(message: MessageId, part: int) -> CheckInId:
    """The id of the `part`-th check-in (from 0) read out of a message: the same at every reading of it."""
    digest = hashlib.sha256(message.bytes + part.to_bytes(4, "big")).digest()
    return CheckInId(UUID(bytes=digest[:16]))
