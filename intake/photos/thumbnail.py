"""Whether bytes are a picture that we show, and a small copy of it."""

from io import BytesIO

from PIL import Image, ImageOps, UnidentifiedImageError

from election.domain.pictures import picture_type
from intake.errors import IntakeError

MOST_PIXELS = 60_000_000  # the largest phones take 50 millions; a bomb unpacks to thousands of millions
SMALL = (640, 640)
QUALITY = 80
_FORMATS = ("JPEG", "PNG", "GIF", "WEBP")


class NoPictureError(IntakeError):
    """Not a JPEG, PNG, GIF or WebP that can be shown. The message says why."""


def thumbnail(content: bytes) -> bytes:
    """A JPEG of at most 640 by 640, upright, without what else the file says. Raises `NoPictureError`."""
    if picture_type(content) is None:
        raise NoPictureError("it is no JPEG, PNG, GIF or WebP")
    try:
        with Image.open(BytesIO(content), formats=_FORMATS) as picture:
            if picture.width * picture.height > MOST_PIXELS:
                raise NoPictureError("it has too many pixels")
            picture.draft("RGB", SMALL)  # a JPEG is decoded at an eighth of its size where that will do
            upright = ImageOps.exif_transpose(picture)
            upright.thumbnail(SMALL)
            out = BytesIO()
            upright.convert("RGB").save(out, "JPEG", quality=QUALITY)
            return out.getvalue()
    except NoPictureError:
        raise
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError, UnidentifiedImageError):
        raise NoPictureError("it is broken") from None
