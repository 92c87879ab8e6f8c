"""Which kinds of picture are shown: by their first bytes, whatever anybody calls them. Pure."""

_KINDS = (
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
)


def picture_type(content: bytes) -> str | None:
    """The media type of a JPEG, PNG, GIF or WebP; None of anything else (an SVG is a program)."""
    for first, kind in _KINDS:
        if content.startswith(first):
            return kind
    return "image/webp" if content[:4] == b"RIFF" and content[8:12] == b"WEBP" else None
