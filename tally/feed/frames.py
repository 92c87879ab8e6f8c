"""Messages of the feed as WebSocket frames, made once for all viewers of a scope; deflated where agreed."""

import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from websockets.frames import Frame, Opcode

FRAGMENT = 65_536  # bytes of a snapshot in flight to one viewer
COMPRESS_ABOVE = 1_024  # bytes
SNAPSHOT_LEVEL, DELTA_LEVEL = 3, 1  # zlib's: a snapshot is made seldom, a delta up to five times a second
RSV1 = 0x40  # marks a deflated message in its first frame


@dataclass(frozen=True, slots=True)
class FramedSnapshot:
    """A large one is kept deflated only: plain, it weighs ten times as much, and few ask for it."""

    seq: int
    frames: Sequence[bytes]
    deflated: bytes = b""  # what the frames carry, where they are packed


class PlainFrames(list[bytes]):
    """A snapshot's plain frames, shared by all who are being sent them, and gone with the last of these."""

    __slots__ = ("__weakref__",)


@dataclass(frozen=True, slots=True)
class FramedMessage:
    """A message, framed once; `packed` is for viewers who agreed to compression."""

    plain: bytes
    packed: bytes

    @property
    def size(self) -> int:
        return len(self.plain) + (len(self.packed) if self.packed is not self.plain else 0)

    def of(self, packs: bool) -> bytes:
        """The frame for a viewer who takes deflated messages, or not."""
        return self.packed if packs else self.plain


def text_frame(message: bytes) -> bytes:
    """One WebSocket frame that carries a whole text message, uncompressed."""
    return bytes(Frame(Opcode.TEXT, message).serialize(mask=False))


def frames_of(message: bytes, packed: bool = False) -> list[bytes]:
    """A text message as fragments (RFC 6455, 5.4); `packed` marks it as deflated (RFC 7692)."""
    parts = [message[i : i + FRAGMENT] for i in range(0, len(message), FRAGMENT)]
    frames = [
        bytearray(
            Frame(Opcode.TEXT if i == 0 else Opcode.CONT, part, fin=i == len(parts) - 1).serialize(mask=False)
        )
        for i, part in enumerate(parts)
    ]
    if packed:
        frames[0][0] |= RSV1
    return [bytes(frame) for frame in frames]


def framed(message: bytes, packs: bool = False) -> FramedMessage:
    """One frame, and a deflated one where somebody takes it and it is worth while."""
    plain = text_frame(message)
    if not packs or len(message) <= COMPRESS_ABOVE:
        return FramedMessage(plain, plain)
    packed = bytearray(Frame(Opcode.TEXT, _deflate(message, DELTA_LEVEL)).serialize(mask=False))
    packed[0] |= RSV1
    return FramedMessage(plain, bytes(packed))


def written(snapshot: Callable[[], bytes]) -> tuple[bytes, bytes]:
    """A snapshot's bytes, and deflated where that is worth while."""
    message = snapshot()
    return message, _deflate(message) if len(message) > COMPRESS_ABOVE else b""


def inflate(packed: bytes) -> bytes:
    """The message that a deflated one carries."""
    return zlib.decompressobj(-15).decompress(packed + b"\x00\x00\xff\xff")


def _deflate(message: bytes, level: int = SNAPSHOT_LEVEL) -> bytes:
    packer = zlib.compressobj(level=level, wbits=-15)
    return (packer.compress(message) + packer.flush(zlib.Z_SYNC_FLUSH))[:-4]
