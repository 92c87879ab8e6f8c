"""SMS segments of a text: 160 septets of GSM-7 in one (153 in each of several), or 70 (67) UCS-2 units."""

_BASIC = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_EXTENDED = frozenset("^{}\\[~]|€\f")  # two septets each
_CARRIED = _BASIC | _EXTENDED
SHORT = 80  # characters of the usual answer: ASCII of that length fits even if each sign counts twice
# Letters that GSM-7 lacks and that read well without their mark.
_PLAIN = str.maketrans("áíóúÁÍÓÚâêîôûãõç’“”–—", 'aiouAIOUaeiouaoc\'""--')


def is_gsm7(text: str) -> bool:
    """Whether GSM-7 can carry the text as it is."""
    return _CARRIED.issuperset(text)


def units(text: str) -> int:
    """Septets (GSM-7) or UTF-16 code units (UCS-2) of the text."""
    if is_gsm7(text):
        return len(text) + (0 if _EXTENDED.isdisjoint(text) else sum(char in _EXTENDED for char in text))
    return len(text.encode("utf-16-be", "surrogatepass")) // 2


def segments(text: str) -> int:
    """How many segments a provider sends and bills for the text; 0 for none."""
    single, joined = (160, 153) if is_gsm7(text) else (70, 67)
    count = units(text)
    return 0 if not count else 1 if count <= single else -(-count // joined)


def plain(text: str) -> str:
    """The text without marks that would cost a second segment, where that alone makes it GSM-7."""
    if text.isascii():
        return text
    bare = text.translate(_PLAIN)
    return bare if is_gsm7(bare) else text


def fits(text: str) -> bool:
    """One GSM-7 segment, or at most two of UCS-2."""
    if len(text) <= SHORT and text.isascii():
        return True
    return segments(text) <= (1 if is_gsm7(text) else 2)
