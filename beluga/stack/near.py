"""Unknown names, and the known ones that may have been meant. Pure."""

from collections.abc import Collection, Iterable
from difflib import get_close_matches

SHOWN = 10


def unknown_of(kind: str, named: Iterable[str], known: Collection[str], *, few: bool = False) -> str:
    """What to say of those of `named` that are not `known`; empty where all are.

    `few`: there are so few of the kind that where nothing is like it, all are named.

    >>> unknown_of("county", ["Nroth", "South"], {"North", "South"})
    'no such county: Nroth (did you mean North?)'
    >>> unknown_of("county", ["South"], {"North", "South"})
    ''
    """
    missing = sorted(set(named) - set(known))
    if not missing:
        return ""
    said = ", ".join(f"{name}{_near(name, known, few)}" for name in missing[:SHOWN])
    more = f" and {len(missing) - SHOWN:,} more" if len(missing) > SHOWN else ""
    return f"no such {kind}: {said}{more}"


def _near(name: str, known: Collection[str], few: bool) -> str:
    by_folded = {each.casefold(): each for each in sorted(known)}
    close = [by_folded[found] for found in get_close_matches(name.casefold(), by_folded, 3)]
    if close:
        return f" (did you mean {' or '.join(close)}?)"
    if not known:
        return " (there is none at all)"
    if not few:
        return ""
    some = ", ".join(sorted(known)[:SHOWN])
    return f" (there {'are' if len(known) > 1 else 'is'} {some}{', …' if len(known) > SHOWN else ''})"
